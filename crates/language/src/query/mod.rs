//! What editors ask of a compiled spec: what a name stands for and where it is used, what an expression is, what may stand
//! at a place.
//!
//! ```text
//! Compilation ─resolve→ Index: definitions, references
//!      ├ describe    the words for a name, an expression, a constraint
//!      ├ expression  the smallest checked expression around a place
//!      ├ complete    what may stand at a place, from the tokens before it
//!      ├ signature   the parameters of a metric, and which of them is being written
//!      ├ highlight   what each token is
//!      ├ vocabulary  the words of the language
//!      └ rows        how many rows a declaration comes to
//! ```
//!
//! Specs that do not compile are asked about most, so everything here works on what could be read.

pub mod complete;
pub mod describe;
pub mod expression;
pub mod highlight;
mod resolve;
pub mod rows;
pub mod signature;
mod symbols;
pub mod vocabulary;

pub use self::symbols::{Definition, DefinitionId, DefinitionKind, Header, Index, Reference};

#[cfg(test)]
mod tests;
