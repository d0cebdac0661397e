//! Rows with convex terms: `Σ_i a_i ŷ_i + Σ_i Σ_k b_ik |ŷ_i − c_ik| ≤ u`, all `b ≥ 0`, beside ordinary rows.
//!
//! Such a problem is an ordinary one in more samples, and is solved as that. The breakpoints `c` of a sample cut its interval
//! into pieces, and each piece becomes a sample of its own, with the `z` and the weight of the sample, the piece as its
//! interval, and the slope that each row has there as its coefficient:
//!
//! ```text
//!   row of one sample, slopes −1 and +1 about c          pieces          z      interval     coefficient
//!      \        /                                         t_0          z_i     [lo, c]       a − b
//!       \      /                                          t_1          z_i     [c, hi]       a + b
//!    ────\────/────
//!    lo       c     hi          ŷ = t_0 + (t_1 − c)
//! ```
//!
//! *Why the two are equal.* For multipliers `μ` with `μ_j ≥ 0` on convex rows, a sample minimises a parabola plus a convex piecewise
//! linear function. Its slope rises with `y`, so the minimiser fills the pieces in their order: those below it to their upper
//! end, those above it not at all. Each piece by itself, `clip(z − slope / w)`, does the same. So both problems have one dual
//! function, hence one solution, multipliers, gap and proofs of infeasibility; and of equal sums the one that fills pieces in
//! their order has the least row values, so the least violation is the same as well. `ŷ` is the `t` of the piece that is neither
//! full nor empty, or the breakpoint: no digit is lost by going back.
//!
//! | module | job |
//! | --- | --- |
//! | `lift` | the pieces, their dictionary, and the constants of the rows |
//! | `values` | what rows come to |
//! | `solve` | the projection, rounding and certificate |
//! | `derivative` | derivatives with respect to `z`, sides, weights and breakpoints |
//! | `entries` | from single entries to terms coded by cells |

mod derivative;
mod entries;
mod lift;
mod solve;
mod values;

pub use entries::{ConvexEntries, MatrixByRows};

use super::problem::{Problem, ProblemError, ProblemParts, RowsByCell, SlotRows};
use lift::Pieces;

/// Most breakpoints that one sample may have.
pub const MOST_BREAKPOINTS: usize = 64;

/// Terms `b |ŷ − c|` with one breakpoint for each sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConvexTerms {
    /// `c` of each sample, in sample order; finite.
    pub at: Vec<f64>,
    /// `b`, coded as the matrix is: `b[row, i] = Σ_f B_f[row, cell(i)] · φ_f(i)`, which must not be negative.
    pub dictionary: Vec<RowsByCell>,
}

/// A checked problem with convex rows.
#[derive(Debug, Clone)]
pub struct ConvexProblem {
    /// The rows without their convex terms.
    affine: Problem,
    /// `φ_1, φ_2, ..` in sample order.
    factors: Vec<Vec<f64>>,
    layers: Vec<Layer>,
    /// The problem in pieces, with the sides of the rows less their constants.
    lifted: Problem,
    pieces: Pieces,
    /// What each row comes to where all pieces are 0.
    constants: Vec<f64>,
    /// What the constant may be wrong by.
    doubt: Vec<f64>,
}

/// Terms of one breakpoint for each sample.
#[derive(Debug, Clone)]
struct Layer {
    at: Vec<f64>,
    /// Over slots, `slot = cell · width + factor`, all factors counted.
    rows: SlotRows,
    /// Which slots have an entry.
    used: Vec<bool>,
}

impl ConvexProblem {
    /// Checks parts and terms, and cuts the samples into pieces.
    ///
    /// # Errors
    /// As [`Problem::new`]; breakpoints that are not finite or not one for each sample; a `b` below zero; a row with terms and a
    /// lower side, which would not be convex; a sample without weight in a term; more than [`MOST_BREAKPOINTS`] lists of terms.
    pub fn new(parts: ProblemParts, terms: Vec<ConvexTerms>) -> Result<ConvexProblem, ProblemError> {
        let affine = Problem::new(parts.clone())?;
        let layers = lift::layers(&parts, terms)?;
        let lifted = lift::lift(parts, layers)?;
        let lift::Lifted { problem, pieces, layers, factors, constants, doubt } = lifted;
        let mut made = ConvexProblem { affine, factors, layers, lifted: problem, pieces, constants, doubt };
        let (lower, upper) = (made.affine.lower().to_vec(), made.affine.upper().to_vec());
        made.set_sides(&lower, &upper)?;
        Ok(made)
    }

    /// Number of samples.
    pub fn n(&self) -> usize {
        self.affine.n()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.affine.rows()
    }

    /// The rows without their convex terms: sides, box, weights, names. It is not the problem, only what is affine in it.
    pub fn affine(&self) -> &Problem {
        &self.affine
    }

    /// The same problem in pieces, without convex terms, for other solvers. A sample's prediction is
    /// `t_0 + Σ_k≥1 (t_k − lo_k)` over its pieces, which [`ConvexProblem::pieces`] lists.
    pub fn lifted(&self) -> &Problem {
        &self.lifted
    }

    /// Where the pieces of each sample begin among those of [`ConvexProblem::lifted`]; one number more than samples.
    pub fn pieces(&self) -> &[usize] {
        &self.pieces.start
    }

    /// Whether a row has convex terms.
    pub fn is_convex(&self, row: usize) -> bool {
        self.layers.iter().any(|layer| layer.rows.row(row).next().is_some())
    }

    /// Replaces the sides of the rows, and keeps all else.
    ///
    /// # Errors
    /// As [`Problem::set_sides`], and a lower side of a row with convex terms.
    pub fn set_sides(&mut self, lower: &[f64], upper: &[f64]) -> Result<(), ProblemError> {
        self.affine.set_sides(lower, upper)?;
        if let Some(row) = (0..self.rows()).find(|&row| self.is_convex(row) && lower[row] > f64::NEG_INFINITY) {
            return Err(ProblemError::NotConvex { row, lower: lower[row] });
        }
        let (lower, upper) = self.sides_less(&vec![0.0; self.rows()]);
        self.lifted.set_sides(&lower, &upper)
    }

    /// The sides of the rows in pieces, drawn in by so much.
    fn sides_less(&self, room: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let side = |row: usize| {
            let (l, u, constant) = (self.affine.lower()[row], self.affine.upper()[row], self.constants[row]);
            let (low, high) = (l - constant, u - constant);
            let (inner_low, inner_high) = (low + room[row], high - room[row]);
            match inner_low <= inner_high {
                _ if l == u => (low, high),
                true => (inner_low, inner_high),
                false => (low / 2.0 + high / 2.0, low / 2.0 + high / 2.0),
            }
        };
        (0..self.rows()).map(side).unzip()
    }

    /// `φ_f` of a sample.
    fn factor(&self, factor: usize, sample: usize) -> f64 {
        factor.checked_sub(1).map_or(1.0, |index| self.factors[index][sample])
    }

    /// The number of factors, the constant one included.
    fn width(&self) -> usize {
        self.factors.len() + 1
    }
}

/// −1, 0 or 1.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

#[cfg(test)]
mod tests;
