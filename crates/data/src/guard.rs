//! Decoders that panic on some damaged files. This is caught here, in silence, and becomes an error like the others.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::error::DataError;

thread_local! {
    /// Whether this thread is inside a decoder, whose panics are told as errors and not as such.
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder of the format `label`; a panic becomes an error. The reader is not used after one, so no broken state is
/// seen.
pub(crate) fn guard<T>(name: &str, label: &'static str, decode: impl FnOnce() -> T) -> Result<T, DataError> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !DECODING.try_with(Cell::get).unwrap_or(false) {
                others(panic);
            }
        }));
    });
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(outer);
    let message = || "its data are damaged".to_owned();
    result.map_err(|_| DataError::Damaged { file: name.to_owned(), format: label, message: message() })
}
