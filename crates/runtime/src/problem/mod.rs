//! The numbers of one batch: a matrix coded by a dictionary of cells, two-sided rows, and a box.
//!
//! Each sample `i` lies in one cell, and its column of `A` is a combination of a few dictionary columns:
//!
//! ```text
//!            samples (n, large)                          cells (K, small)      per sample
//!        ┌ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┐                      ┌───────────┐
//!   rows │ A[:, i] is never stored │  =   Σ over f of   C_f │  m × K    │ [:, cell(i)]  ·  φ_f(i)
//!        └ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┘                      └───────────┘
//!                                                         sparse, by cell       φ_0 = 1
//! ```
//!
//! So memory is `n` cell ids and the factors, whatever the number of rows. Samples are kept grouped by cell, which
//! turns every pass of the solver into straight loops:
//!
//! ```text
//!   sample order   2 0 1 0 2 2 1        cell of each sample
//!   grouped order  0 0│1 1│2 2 2        start = [0, 2, 4, 7]; the order within a cell is kept
//! ```

mod build;
mod check;
mod csr;
mod generators;
mod grouping;
mod levels;
mod magnitude;
mod on_cells;
mod parts;
mod rows;
mod shared;
mod sum;

pub use check::ProblemError;
pub use csr::{Csc, Csr};
pub use generators::{Generator, generators};
pub use magnitude::{ROUNDING, RowValues};
pub use parts::{Bounds, ProblemParts, RowsByCell};
pub use sum::Sum;

pub(crate) use build::check_terms;
pub(crate) use csr::check_csr;
pub(crate) use grouping::Grouping;
pub use grouping::count_into;
pub(crate) use levels::{Level, LevelKind};
pub(crate) use on_cells::OnCells;
pub(crate) use rows::SlotRows;

/// A checked problem: `l ≤ A ŷ ≤ u`, `lo ≤ ŷ ≤ hi`, weights `w`.
///
/// Made by [`Problem::new`] from dictionary-coded parts or by [`Problem::from_csr`] from an ordinary sparse matrix.
/// All numbers were checked there: sides and bounds are ordered and not NaN, weights are finite and not negative.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(crate) grouping: Grouping,
    /// The factors with a non-empty dictionary, in grouped order.
    pub(crate) factors: Vec<Factor>,
    /// Per row, the coefficients over slots (`slot = cell · factors + factor`).
    pub(crate) rows: SlotRows,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// In grouped order where per sample.
    pub(crate) bounds: Bounds,
    /// In grouped order.
    pub(crate) weights: Option<Vec<f64>>,
    /// Per row the cap of the multiplier, infinite for hard rows.
    pub(crate) soft: Vec<f64>,
    pub(crate) names: Vec<String>,
    /// Whether squares of coefficients may overflow, or vanish.
    pub(crate) extreme: bool,
    /// What all rows are held near, if they are many and of this kind; else empty.
    pub(crate) levels: Vec<Level>,
}

/// A factor `φ_f`: the constant one, or one number per sample in grouped order.
#[derive(Debug, Clone)]
pub(crate) enum Factor {
    One,
    Data(Vec<f64>),
}

impl Problem {
    /// Number of samples.
    pub fn n(&self) -> usize {
        self.grouping.samples()
    }

    /// Number of rows of `A`.
    pub fn rows(&self) -> usize {
        self.lower.len()
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.grouping.cells()
    }

    /// Row names; empty if none were given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of a row, or `row J` where it has none.
    pub fn row_name(&self, row: usize) -> String {
        self.names.get(row).cloned().unwrap_or_else(|| format!("row {row}"))
    }

    /// Lower sides `l`, one per row, `-inf` where absent.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// Upper sides `u`, one per row, `+inf` where absent.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    /// Per row the penalty weight that caps its multiplier; infinite for hard rows.
    pub fn soft(&self) -> &[f64] {
        &self.soft
    }

    /// The box, in sample order (copied, since it is kept grouped by cell).
    pub fn bounds(&self) -> Bounds {
        match &self.bounds {
            Bounds::Uniform { lo, hi } => Bounds::Uniform { lo: *lo, hi: *hi },
            Bounds::PerSample { lo, hi } => {
                Bounds::PerSample { lo: self.grouping.ungroup(lo), hi: self.grouping.ungroup(hi) }
            }
        }
    }

    /// The middle of the box, in sample order: the other end where one is infinite, 0 where both are.
    pub fn middle(&self) -> Vec<f64> {
        let between = |lo: f64, hi: f64| match (lo.is_finite(), hi.is_finite()) {
            (true, true) => lo / 2.0 + hi / 2.0,
            (true, false) => lo,
            (false, true) => hi,
            (false, false) => 0.0,
        };
        match self.bounds() {
            Bounds::Uniform { lo, hi } => vec![between(lo, hi); self.n()],
            Bounds::PerSample { lo, hi } => lo.iter().zip(&hi).map(|(&lo, &hi)| between(lo, hi)).collect(),
        }
    }

    /// The weights in sample order (copied), or `None` if all are one.
    pub fn weights(&self) -> Option<Vec<f64>> {
        self.weights.as_ref().map(|w| self.grouping.ungroup(w))
    }

    /// Cell of each sample.
    pub fn cell(&self) -> &[u32] {
        self.grouping.cell()
    }

    /// Replaces the sides of the rows, for instance by those of another tolerance, and keeps all else.
    ///
    /// # Errors
    /// If the lengths differ from [`Problem::rows`], a side is NaN, or `l > u`.
    pub fn set_sides(&mut self, lower: &[f64], upper: &[f64]) -> Result<(), ProblemError> {
        check::sides(lower, upper, self.rows())?;
        self.lower.copy_from_slice(lower);
        self.upper.copy_from_slice(upper);
        Ok(())
    }

    /// `Σ φ²/w` and `Σ |φ|` of a factor over the samples of a cell.
    pub(crate) fn moments(&self, cell: usize, factor: &Factor) -> (f64, f64) {
        let range = self.grouping.range(cell);
        match factor {
            Factor::One => match &self.weights {
                None => (range.len() as f64, range.len() as f64),
                Some(weights) => {
                    let free = weights[range.clone()].iter().filter(|w| **w > 0.0);
                    (free.map(|w| 1.0 / w).sum(), range.len() as f64)
                }
            },
            Factor::Data(phi) => {
                let weight = |place: usize| self.weights.as_ref().map_or(1.0, |weights| weights[place]);
                let free = range.clone().filter(|&place| weight(place) > 0.0);
                let square = free.map(|place| phi[place] * phi[place] / weight(place)).sum();
                (square, phi[range].iter().map(|phi| phi.abs()).sum())
            }
        }
    }

    /// The cell of a place in grouped order.
    pub(crate) fn cell_at(&self, place: usize) -> usize {
        self.grouping.cell_at(place)
    }

    pub(crate) fn width(&self) -> usize {
        self.factors.len()
    }

    pub(crate) fn slots(&self) -> usize {
        self.cells() * self.factors.len()
    }

    /// Whether slots have few samples each: then a sample of the samples says little about their sums.
    pub(crate) fn has_small_slots(&self) -> bool {
        self.n() <= 4 * self.slots()
    }
}
