//! What is read of a Parquet file, and of copies of it, is the same however it is read: see `check_typed`.

#![no_main]

use fairc_data::Format;
use fairc_fuzz_data::check_typed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| check_typed(bytes, Format::Parquet, &[Format::Arrow]));
