//! The language wing, from the outside: one module for each stage.

mod syntax;
