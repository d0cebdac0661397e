//! fairc
#![forbid(unsafe_code)]

pub mod language;
