//! Tests of the language through its public interface: the examples of the documentation and the standard library.

mod example;
mod library;
mod pages;
