//! What became of a program that was bound to a batch.

use std::collections::BTreeMap;

use crate::language::program::{Direction, PromisedRow};
use crate::runtime::convex::ConvexProblem;
use crate::runtime::problem::{Problem, ProblemError, RowValues};
use crate::runtime::project::{Gradient, ProjectError, Projection, Projector, Sample, Settings};

use super::plan::{At, Left};

/// A batch, ready to be projected.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The rows; where [`Bound::convex`] has them, without their absolute values.
    pub problem: Problem,
    /// All rows, where some have absolute values of predictions. Only [`super::Encoded::bind_convex`] makes it.
    pub convex: Option<Box<ConvexProblem>>,
    /// What each list of its terms is the distance from.
    pub(super) points: Vec<At>,
    /// One for each row of the program, in its order.
    pub rows: Vec<BoundRow>,
    /// One for each per-sample row of the program, in its order.
    pub sample_rows: Vec<BoundSampleRow>,
    /// One for each relation that rows are about.
    pub pairs: Vec<BoundPairs>,
    /// The last rows of the problem, which are about pairs: what constraints ask for them.
    pub pair_rows: Vec<PromisedRow>,
    /// One for each event of the program; none for those that only rows read which are left out.
    pub events: Vec<Option<EventCount>>,
}

impl Bound {
    /// What all rows come to for predictions `y`.
    ///
    /// # Errors
    /// `y` has another length than there are samples.
    pub fn row_values(&self, y: &[f64]) -> Result<RowValues, ProblemError> {
        match &self.convex {
            Some(convex) => convex.row_values(y),
            None => self.problem.row_values(y),
        }
    }

    /// The projection of `z` onto all rows.
    ///
    /// # Errors
    /// As [`crate::runtime::project::project`].
    pub fn project<T: Sample>(
        &self,
        projector: &mut Projector<T>,
        z: &[T],
        settings: &Settings,
    ) -> Result<Projection<T>, ProjectError> {
        if let Some(convex) = &self.convex {
            return convex.project_with(projector, z, settings);
        }
        let mut found = Projection::default();
        projector.project_into(&self.problem, z, settings, &mut found)?;
        Ok(found)
    }

    /// The gradient of `vᵀ ŷ` with respect to `z`, the sides and the weights.
    ///
    /// # Errors
    /// As [`Projection::vjp`].
    pub fn vjp<T: Sample>(
        &self,
        projector: &mut Projector<T>,
        projection: &Projection<T>,
        v: &[T],
        out: &mut Gradient<T>,
    ) -> Result<(), ProjectError> {
        match &self.convex {
            Some(convex) => *out = convex.vjp(projection, v)?,
            None => projector.vjp_into(&self.problem, projection, v, out)?,
        }
        Ok(())
    }

    /// How `ŷ` moves as `z` moves by `v`, into the `z` of a gradient.
    ///
    /// # Errors
    /// As [`Bound::vjp`].
    pub fn jvp<T: Sample>(
        &self,
        projector: &mut Projector<T>,
        projection: &Projection<T>,
        v: &[T],
        out: &mut Gradient<T>,
    ) -> Result<(), ProjectError> {
        match &self.convex {
            Some(convex) => out.z = convex.jvp(projection, v)?,
            None => projector.jvp_into(&self.problem, projection, v, out)?,
        }
        Ok(())
    }

    /// The rows about pairs among some rows of the problem: what constraints ask for them, each with the names of its rows.
    pub fn pairs_among(&self, rows: impl Iterator<Item = usize>) -> Vec<(PromisedRow, Vec<String>)> {
        let first = self.problem.rows() - self.pair_rows.len();
        let mut found: BTreeMap<PromisedRow, Vec<String>> = BTreeMap::new();
        for row in rows {
            let Some(promised) = row.checked_sub(first).and_then(|place| self.pair_rows.get(place)) else { continue };
            let names = found.entry(*promised).or_default();
            let name = self.problem.row_name(row);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        found.into_iter().collect()
    }

    /// Replaces the sides of the rows that are not about pairs.
    ///
    /// # Errors
    /// As [`Problem::set_sides`].
    pub fn set_sides(&mut self, lower: &[f64], upper: &[f64]) -> Result<(), ProblemError> {
        let with_pairs = |own: &[f64], all: &[f64]| -> Vec<f64> {
            own.iter().chain(all.iter().skip(all.len() - self.pair_rows.len())).copied().collect()
        };
        let lower = with_pairs(lower, self.problem.lower());
        let upper = with_pairs(upper, self.problem.upper());
        self.problem.set_sides(&lower, &upper)?;
        self.convex.as_mut().map_or(Ok(()), |convex| convex.set_sides(&lower, &upper))
    }
}

/// What became of a row of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundRow {
    pub status: RowStatus,
    /// The sides on this batch; infinite where there is none or the row takes no part.
    pub lower: f64,
    pub upper: f64,
    /// The sides that each origin of the row asks for, in their order; none where it takes no part.
    pub own: Vec<(f64, f64)>,
    /// The size of the sums that its sides are made of: their rounding errors are relative to it.
    pub side_size: f64,
    /// Its terms are written about means, so that those of the program say nothing of how it is summed.
    pub about_means: bool,
}

impl BoundRow {
    /// The sides that an origin of the row asks for.
    pub fn sides_of(&self, origin: usize) -> (f64, f64) {
        self.own.get(origin).copied().unwrap_or((self.lower, self.upper))
    }

    /// What one origin of the row costs: the multiplier belongs to the constraint whose side is reached, to the first where
    /// several ask for the same.
    pub fn price(&self, origin: usize, direction: Direction, multiplier: f64, active: bool) -> RowPrice {
        let upper = |own: &(f64, f64)| own.1 == self.upper && self.upper.is_finite();
        let lower = |own: &(f64, f64)| own.0 == self.lower && self.lower.is_finite();
        let reached = |own: &(f64, f64)| match multiplier {
            above if above > 0.0 => upper(own),
            below if below < 0.0 => lower(own),
            _ => upper(own) || lower(own),
        };
        let own = self.own.get(origin).is_none_or(reached);
        let first = self.own.iter().position(reached).unwrap_or(0) == origin;
        RowPrice { multiplier: if first { direction.number(multiplier) } else { 0.0 }, active: active && own }
    }

    /// The origin whose side is that of the row: the first, where several ask for the same.
    pub fn blamed(&self, upper: bool) -> usize {
        let reached = |own: &(f64, f64)| if upper { own.1 == self.upper } else { own.0 == self.lower };
        self.own.iter().position(reached).unwrap_or(0)
    }

    /// Its place among the rows of the problem, if it takes part.
    pub fn kept(&self) -> Option<usize> {
        match self.status {
            RowStatus::Kept(place) => Some(place),
            RowStatus::Skipped(_) | RowStatus::Left(_) => None,
        }
    }
}

/// What one constraint costs by its side of a row, in the direction in which it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowPrice {
    pub multiplier: f64,
    pub active: bool,
}

/// Whose side is that of a row of the problem, and the sides there as written; none if there is no such row.
pub fn blamed(rows: &[BoundRow], place: usize, upper: bool) -> Option<(PromisedRow, (f64, f64))> {
    let (row, bound) = rows.iter().enumerate().find(|(_, row)| row.kept() == Some(place))?;
    let origin = bound.blamed(upper);
    Some((PromisedRow { row, origin }, bound.sides_of(origin)))
}

#[derive(Debug, Clone, PartialEq)]
pub enum RowStatus {
    /// A row of the problem, by index.
    Kept(usize),
    Skipped(Skip),
    Left(Left),
}

/// The pairs of a relation in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundPairs {
    pub relation: String,
    /// Those of which both samples are in the batch.
    pub pairs: usize,
}

/// An event with too few samples for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// It is one of pairs of this relation.
    pub pairs_of: Option<String>,
    /// As text, in the names of the spec.
    pub event: String,
    pub samples: usize,
    /// How many the row asks for.
    pub least: u64,
}

/// What became of a per-sample row of the program.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundSampleRow {
    /// It bounds so many predictions.
    Applied {
        samples: usize,
    },
    Skipped(Skip),
    Left(Left),
}

/// The size of an event in a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventCount {
    /// Samples of positive weight.
    pub samples: usize,
    /// Their weight; their number where no weight is declared.
    pub weight: f64,
}
