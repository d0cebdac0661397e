//! What a spec asks of data, before anyone trains with it.
//!
//! `price` follows the projection over the values of a param: how far predictions have to move, and what a little more
//! room would save.

mod movement;
mod price;
mod span;

pub use movement::Movement;
pub use price::{EncodeAgain, Ended, Point, PriceError, Pricer, RowPoint};
pub use span::{between, sensible};
