//! fairc
#![forbid(unsafe_code)]

#[cfg(feature = "data")]
pub mod bind;
#[cfg(feature = "data")]
pub mod data;
pub mod language;
pub mod runtime;
