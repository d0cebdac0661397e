//! The language wing, from the outside: one module for each stage, the standard library and the documents.

mod example;
mod library;
mod pages;
mod syntax;
