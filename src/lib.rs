//! fairc

pub mod runtime;
