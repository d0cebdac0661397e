//! From the values of a categorical column to small integers.

mod coder;
mod decimal;
mod encode;
mod hash;

pub use coder::{Code, Level, LevelCoder};

#[cfg(test)]
mod tests;
