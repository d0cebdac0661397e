//! The language wing: text to [`program::Program`]. Pure: no I/O (imports come through a loader), no solver.

pub mod check;
mod compile;
pub mod diagnostic;
pub mod explain;
pub mod hir;
pub mod interval;
pub mod library;
pub mod lower;
pub mod program;
pub mod query;
pub mod span;
pub mod syntax;
pub mod words;

pub use compile::{Compilation, compile};

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
