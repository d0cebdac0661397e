//! Decisions of the largest gain within rows: a linear program, solved exactly.
//!
//! ```text
//! maximise Σ wᵢ gᵢ dᵢ   subject to   l ≤ A d ≤ u,   loᵢ ≤ dᵢ ≤ hiᵢ
//! ```
//!
//! With multipliers `λ` of the rows, a sample is decided by the sign of `wᵢ gᵢ − (Aᵀ λ)ᵢ`: where nothing but its cell tells
//! a sample's column from others, that is a threshold on the gain for each cell. A basic solution has at most as many samples
//! in between as rows are active. A soft row may be violated at its price: the penalty is taken off the gain. [`decide_whole`]
//! makes 0 and 1 of it.
//!
//! | module | job |
//! | --- | --- |
//! | `lp`, `inverse`, `simplex` | the program in columns, the inverse of a basis, and a basis with its numbers |
//! | `classes` | a part of the program with equal columns counted together |
//! | `dual` | the dual simplex method with long steps |
//! | `start` | a basis to start with, from the projection of large gains |
//! | `ties` | samples that nothing tells apart, in row order |
//! | `whole`, `branch` | decisions of 0 or 1 within the rows, by branch and bound near the thresholds |
//! | `steps` | the values that rows can have where decisions are whole |
//! | `thin` | sums of samples that take few values within the rows, to branch on |
//! | `blind` | thresholds by what is visible, where rows read labels |
//! | `chance` | the chance that a draw misses a row |
//! | `elsewhere` | samples of which those far from their thresholds are known by sums |
//! | `draw` | chances drawn so that anyone can draw them again |
//! | `solve`, `decisions` | one solve from start to end, and what it returns |

mod blind;
mod branch;
mod chance;
mod classes;
mod decisions;
mod draw;
mod dual;
mod elsewhere;
mod inverse;
mod lp;
mod simplex;
mod solve;
mod start;
mod steps;
mod thin;
mod ties;
mod whole;

pub use blind::{BlindDecisions, Cut, SingleThresholds, Visible, decide_blind, single_thresholds};
pub use chance::{AskedRow, MissChance, miss_chances};
pub use decisions::{DecideError, DecideStatus, Decisions, GainCertificate};
pub use draw::drawn;
pub use elsewhere::Elsewhere;
pub use solve::{MOST_ROWS, decide};
pub use whole::{Whole, WholeDecisions, decide_whole, missed, nearest_whole, priced, soft_cost};
