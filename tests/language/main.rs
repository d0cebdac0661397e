//! The language wing, from the outside: one module for each stage, the standard library and the documents.

mod artefact;
mod by_level;
mod check;
mod editors;
mod example;
mod examples;
mod fingerprint;
mod helps;
mod hostile;
mod library;
#[cfg(feature = "data")]
mod library_rows;
mod lower;
mod metrics;
mod mistakes;
mod mistakes_of_folds;
mod names;
mod pages;
mod raw;
mod robustness;
mod support;
mod syntax;
#[cfg(feature = "cli")]
mod transcripts;
mod words;
#[cfg(feature = "analyze")]
mod written_out;
