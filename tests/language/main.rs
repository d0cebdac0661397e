//! The language wing, from the outside: one module for each stage.

mod check;
mod fingerprint;
mod robustness;
mod support;
mod syntax;
