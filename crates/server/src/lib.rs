//! The language server: what the compiler knows of a spec, in the words of the Language Server Protocol.
//!
//! ```text
//! client ⇄ transport ─run→ Session ─┬ notifications change Documents ─check→ Analysis ─→ diagnostics
//!                                    └ requests ─dispatch→ a file each in `answer` ─→ responses
//! ```
//!
//! Nothing is decided here. What a name stands for, what is wrong, what may stand at a place: `fairc-language` says it
//! (its room `query`). Files are the business of a [`Host`].

mod analysis;
mod answer;
mod capabilities;
mod diagnostics;
mod dispatch;
mod document;
mod host;
mod position;
mod publish;
mod refusal;
mod run;
mod session;
mod transport;
mod uri;

pub use host::{Checked, Host, Open};
pub use run::Ended;
pub use transport::serve;

#[cfg(test)]
mod tests;
