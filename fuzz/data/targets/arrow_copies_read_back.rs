//! What is read of a file or a stream of Arrow IPC, and of copies of it, is the same however it is read: see `check_typed`.

#![no_main]

use fairc_data::Format;
use fairc_fuzz_data::check_typed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (format, other) = match bytes.starts_with(&[0xff; 4]) {
        true => (Format::ArrowStream, Format::Arrow),
        false => (Format::Arrow, Format::ArrowStream),
    };
    check_typed(bytes, format, &[Format::Parquet, other]);
});
