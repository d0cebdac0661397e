//! Expressions and queries of SQL as trees, written in the dialect of an engine.
//!
//! Every name and every text goes through [`Dialect`], which quotes it, so that no name or level of a spec can
//! end a literal. This room knows no spec and no data.

mod dialect;
mod expression;
mod query;

pub use dialect::Dialect;
pub use expression::{Expression, Function, Operator};
pub use query::{Query, Relation, Select};
