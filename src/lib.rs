//! **fairc**: a small language and a compiler for group-fairness constraints on model predictions, with a runtime that
//! makes any network's predictions satisfy them exactly and lets gradients flow through.
//!
//! ```text
//! source.fair ─syntax→ Ast ─check→ Hir ─lower→ Program ─bind(data)→ Problem ─project→ Projection
//!             grammar/      names, shapes,      canonical rows       A, l, u, box       ŷ, multipliers,
//!             fair.pest     signs, affinity     over events          of this batch      certificate, vjp
//! ```
//!
//! Two wings that do not know each other, and the bridge between them. [`language`] turns text into a
//! [`Program`](language::program::Program); `runtime` turns numbers into numbers; `bind` joins a Program to data and
//! hands the runtime a Problem. [`compile`] walks the first wing from end to end.

#[cfg(feature = "analyze")]
pub mod analyze;
#[cfg(feature = "data")]
pub mod bind;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "analyze")]
pub mod report;
#[cfg(feature = "spec")]
pub mod source;
#[cfg(feature = "data")]
pub mod sql;
#[cfg(feature = "spec")]
pub mod tasks;
#[cfg(feature = "torch")]
pub mod torch;

#[cfg(feature = "data")]
pub use fairc_data as data;
pub use fairc_language as language;
pub use fairc_language::{Compilation, compile};
pub use fairc_runtime as runtime;
