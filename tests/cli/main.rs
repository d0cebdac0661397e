//! The binary from the outside: arguments in; standard output, standard error, exit code and files out.
//!
//! `cargo insta test --unreferenced reject --test cli` finds snapshots that no test uses any more.

#![cfg(feature = "cli")]

mod alike;
mod analysis;
mod arguments;
mod by_level;
mod commands;
mod convex;
mod data;
mod decisions;
mod demo;
mod diagnostics;
mod ends;
mod exactness;
mod files;
mod folders;
mod formatting;
mod impact;
mod in_terms;
mod init;
mod json;
mod language_server;
mod layout;
mod long;
mod low_memory;
mod mending;
mod pages;
mod price;
mod promises;
#[path = "../common/random.rs"]
mod random;
mod raw;
mod relations;
mod reports;
mod solving;
mod specs;
mod sql;
mod streams;
mod support;
mod thresholds;
mod unlooked;
mod unsaid;
mod verdicts;
mod whole;
mod words;
