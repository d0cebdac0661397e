//! Multipliers fitted once on reference data, as an offset for each cell.
//!
//! The projection of the reference data is `ŷ = clip(z − W⁻¹ Aᵀ μ)`, and where the rows have no factors that differ
//! within cells the shift is the same for every sample of a cell:
//!
//! ```text
//! shift(cell) = Σ_j μ_j Σ_k [cell in event_k] · c_jk φ_k(cell) / W_k
//! ```
//!
//! It is known for every cell, those without a reference sample too. Applied to new data, a score depends on nobody else;
//! how well the rows hold then depends on how alike the data are. On the reference data the answer is the projection.

mod cells;
mod sql;
mod thresholds;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) use cells::{CodeBox, boxes_of};
pub(super) use thresholds::DecidedSample;
pub use thresholds::{Spread, Step, ThresholdCell, Thresholds};

use super::binder::{About, Binder, Matrix};
use super::bound::{Bound, RowStatus};
use super::cells::{CellKey, Identity, Tuple};
use super::deviation::Centres;
use super::encoded::Encoded;
use super::error::BindError;
use super::formula::Scope;
use super::measure::Measure;
use super::params::Params;
use super::plan::{Plan, PlannedRow, PlannedTerm};
use super::tally::{Samples, Tally};
use super::visible::VisibleCells;
use crate::language::program::Program;

/// Shifts of all cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// The column that the shifts are for.
    pub prediction: String,
    pub params: Vec<(String, f64)>,
    /// Bounds of the prediction, `null` for none.
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// Reference samples.
    pub samples: usize,
    /// The events that cells are told apart by, as text.
    pub events: Vec<String>,
    pub cells: Vec<FrozenCell>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrozenCell {
    /// In words of the spec.
    pub when: String,
    /// What is added to a prediction, before it is brought within its bounds.
    pub add: f64,
    /// Reference samples in it.
    pub samples: usize,
    /// The events that it lies in, by place.
    events: Vec<u32>,
    /// Values of the factors that are constant in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<f64>,
    /// The same as `when`, for programs: alternatives, each a list of conditions that hold together.
    alternatives: Vec<Vec<Condition>>,
}

/// One condition on a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The value is one of these.
    In {
        column: String,
        values: Vec<LevelValue>,
    },
    /// The value is null, or none of these.
    NotIn {
        column: String,
        values: Vec<LevelValue>,
    },
    /// The value lies in an interval.
    Between {
        column: String,
        from: Option<End>,
        to: Option<End>,
    },
    Null {
        column: String,
    },
}

/// A level: by its number where it was declared as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LevelValue {
    /// A whole number that doubles do not tell from the next.
    Whole(i64),
    Number(f64),
    Text(String),
}

/// The end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    pub value: f64,
    /// Whether the end itself is inside.
    pub closed: bool,
}

impl Encoded {
    /// Freezes the projection of these data: `multipliers` are those of the rows of `bound`, which binds all samples.
    ///
    /// # Errors
    /// Rows with factors that differ within cells, events that no table of cells can tell apart, and too many cells.
    pub fn freeze(
        &self,
        program: &Program,
        params: &Params,
        bound: &Bound,
        multipliers: &[f64],
        prediction: &str,
    ) -> Result<Frozen, Vec<BindError>> {
        let tally = Tally::new(self, &Samples::All);
        self.freeze_tally((program, params), (&tally, self.n()), (bound, multipliers), prediction)
    }

    /// The same of so many samples that are tallied.
    pub(super) fn freeze_tally(
        &self,
        (program, params): (&Program, &Params),
        (tally, samples): (&Tally, usize),
        (bound, multipliers): (&Bound, &[f64]),
        prediction: &str,
    ) -> Result<Frozen, Vec<BindError>> {
        let about = About::new(self, tally, &Samples::All);
        let shifts = self.event_shifts(params, tally, &about, bound, multipliers)?;
        let occurring = tally.origin.iter().zip(&tally.samples);
        let counts = occurring.map(|(index, count)| (self.key(*index as usize).identity(), *count)).collect();
        let shift = |tuple: &Tuple| {
            let of = |shift: &&EventShift| tuple.events.get(shift.event);
            shifts.iter().filter(of).map(|shift| shift.at(&tuple.values, &about.centres)).sum()
        };
        let cells = cells::table(&self.plan, &shift, &counts, prediction)?;
        Ok(Frozen::of((program, params), &self.plan, cells, samples, prediction))
    }

    /// As [`Encoded::freeze`], of the visible cells alone. Without multipliers there is no shift.
    ///
    /// # Errors
    /// As of [`Encoded::freeze`].
    pub fn freeze_visible(
        &self,
        program: &Program,
        params: &Params,
        visible: &VisibleCells,
        multipliers: Option<(&Bound, &[f64])>,
        prediction: &str,
    ) -> Result<Frozen, Vec<BindError>> {
        let tally = Tally::new(self, &Samples::All);
        let mut counts = vec![0; self.cells()];
        self.cell.iter().for_each(|&cell| counts[cell as usize] += 1);
        self.freeze_visible_tally((program, params), visible, (&tally, &counts), multipliers, prediction)
    }

    /// The same of samples that are tallied; with how many there are in each cell, those without weight too.
    pub(super) fn freeze_visible_tally(
        &self,
        (program, params): (&Program, &Params),
        visible: &VisibleCells,
        (tally, by_cell): (&Tally, &[usize]),
        multipliers: Option<(&Bound, &[f64])>,
        prediction: &str,
    ) -> Result<Frozen, Vec<BindError>> {
        let about = About::new(self, tally, &Samples::All);
        let shifts = match multipliers {
            Some((bound, multipliers)) => self.event_shifts(params, tally, &about, bound, multipliers)?,
            None => Vec::new(),
        };
        let mut counts = BTreeMap::new();
        for (cell, count) in visible.of_cells().iter().zip(by_cell).filter(|(_, count)| **count > 0) {
            *counts.entry(visible.identities[*cell as usize].clone()).or_insert(0) += count;
        }
        let shift = |tuple: &Tuple| {
            let mut values = vec![0.0; self.plan.factors.len()];
            visible.factors.iter().zip(&tuple.values).for_each(|(&full, value)| values[full] = *value);
            let inside: Vec<usize> = tuple.events.iter().map(|event| visible.events[event]).collect();
            let of = |shift: &&EventShift| inside.contains(&shift.event);
            shifts.iter().filter(of).map(|shift| shift.at(&values, &about.centres)).sum()
        };
        let cells = cells::table(&visible.plan, &shift, &counts, prediction)?;
        Ok(Frozen::of((program, params), &visible.plan, cells, by_cell.iter().sum(), prediction))
    }

    /// `Σ_j μ_j c_jk / W_k` for each event and factor.
    fn event_shifts(
        &self,
        params: &Params,
        tally: &Tally,
        about: &About,
        bound: &Bound,
        multipliers: &[f64],
    ) -> Result<Vec<EventShift>, Vec<BindError>> {
        let totals = self.totals(tally, about, &Samples::All);
        let scope = Scope { params: params.values(), totals: &totals, ..Scope::default() };
        let mut binder = Binder { encoded: self, tally, about, scope, errors: Vec::new(), matrix: Matrix::new(self) };
        let mut shifts: Vec<EventShift> = Vec::new();
        for row in &self.plan.rows {
            let Some(RowStatus::Kept(index)) = bound.rows.get(row.row).map(|row| &row.status) else { continue };
            let Some(&multiplier) = multipliers.get(*index) else {
                let what = format!("there are {} multipliers, none for row `{}`", multipliers.len(), row.name);
                return Err(vec![BindError::NotFrozen { what }]);
            };
            for term in &row.terms {
                let Some(scale) = binder.scale(term, row) else { continue };
                if self.differs_within_cells(term) {
                    binder.errors.push(BindError::NotFrozen { what: self.says_weighed(row, term) });
                    continue;
                }
                let add = multiplier * scale;
                match shifts.iter_mut().find(|shift| shift.event == term.event && shift.of == term.of) {
                    Some(shift) => shift.shift += add,
                    None => shifts.push(EventShift { event: term.event, of: term.of.clone(), shift: add }),
                }
            }
        }
        if binder.errors.is_empty() { Ok(shifts) } else { Err(binder.errors) }
    }

    /// That a term weighs predictions by what differs within cells.
    pub(super) fn says_weighed(&self, row: &PlannedRow, term: &PlannedTerm) -> String {
        let factors = term.of.factor.into_iter().chain(term.of.powers.iter().map(|(atom, _)| *atom));
        let texts: Vec<&str> = factors.map(|factor| self.plan.factors[factor].text.as_str()).collect();
        format!("row `{}` weighs predictions by `{}`, which differs within groups", row.name, texts.join(" * "))
    }

    /// The predictions `z` with the shifts of their cells, brought within `bounds` (lower and upper, one pair per sample).
    ///
    /// # Errors
    /// The shifts belong to other events, as those of other params do.
    pub fn shifted(
        &self,
        frozen: &Frozen,
        z: &[f64],
        bounds: &dyn Fn(usize) -> (f64, f64),
    ) -> Result<Vec<f64>, BindError> {
        if frozen.events != self.plan.event_texts {
            let what = "the shifts tell groups apart by other events than these data".to_owned();
            return Err(BindError::NotFrozen { what });
        }
        let known: std::collections::HashMap<Identity, f64> =
            frozen.cells.iter().map(|cell| (cell.key().identity(), cell.add)).collect();
        let add: Vec<Option<f64>> =
            (0..self.cells()).map(|cell| known.get(&self.key(cell).identity()).copied()).collect();
        let shifted = self.cell().iter().zip(z).enumerate().map(|(sample, (&cell, z))| {
            let add = add[cell as usize]
                .ok_or_else(|| BindError::NotFrozen { what: "a sample is in no cell of the table".to_owned() })?;
            let (lower, upper) = bounds(sample);
            Ok((z + add).max(lower).min(upper))
        });
        shifted.collect()
    }
}

impl Frozen {
    fn of(
        (program, params): (&Program, &Params),
        plan: &Plan,
        cells: Vec<FrozenCell>,
        samples: usize,
        prediction: &str,
    ) -> Frozen {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        Frozen {
            prediction: prediction.to_owned(),
            params: params.iter(program).map(|(name, value)| (name.to_owned(), value)).collect(),
            lower: finite(program.prediction.lower),
            upper: finite(program.prediction.upper),
            samples,
            events: plan.event_texts.clone(),
            cells,
        }
    }
}

impl FrozenCell {
    pub(super) fn key(&self) -> CellKey {
        CellKey { events: self.events.clone(), values: self.values.clone(), references: Vec::new() }
    }
}

/// What an event adds to the shift of its samples: a multiple of a measure that is constant in cells.
#[derive(Clone, Debug)]
struct EventShift {
    event: usize,
    of: Measure,
    shift: f64,
}

impl EventShift {
    /// What it adds in a cell where the factors have these values.
    fn at(&self, values: &[f64], centres: &Centres) -> f64 {
        let factor = self.of.factor.map_or(1.0, |factor| values[factor]);
        let powers = self.of.powers.iter().map(|&(atom, power)| {
            let centre = &centres[&(atom, self.event)];
            ((values[atom] - centre.base) - centre.offset).powi(power as i32)
        });
        self.shift * factor * powers.product::<f64>()
    }
}
