//! The use cases, each written once: a function on a spec and data, with options, and a result that has all that a front end
//! shows.
//!
//! ```text
//! arguments ─cli, python→ Case + options ─task→ result: numbers, report, verdict ─→ printed, or handed to Python
//!                                            └→ Refused ─told→ diagnostics, in the words of the front end
//! ```
//!
//! | task | of the command line | of Python |
//! | --- | --- | --- |
//! | [`check`] | `fairc check --data` | `Program.check` |
//! | [`audit()`] | `fairc audit` | `Program.audit` |
//! | [`project()`], [`solve`] | `fairc project` | `Program.project`, `Problem.project`, layers |
//! | [`decide()`], [`decide_by`] | `fairc decide`, `fairc decide --thresholds` | `Program.decide`, `Thresholds`, `FairDecider` |
//! | [`freeze`], [`apply`] | `fairc freeze`, `fairc project --frozen` | `Program.freeze`, `Program.apply`, `FairProjector` |
//! | [`sql`], [`audit_sums`], [`project_table`], [`freeze_sums`], [`decide_sums`] | `fairc sql` | `fairc.warehouse` |
//! | [`Stream`] | `fairc stream` | `Stream` |
//! | [`init()`] | `fairc init` | |
//! | [`price()`] | `fairc price` | `Program.price` |
//! | [`impact()`] | `fairc impact` | `impact` |
//!
//! A front end reads arguments and tables, and prints or hands over results. It decides nothing: which rows take part, what is
//! refused, what counts as a pass and the words for all of it are decided here or below.

mod applicants;
mod audit;
mod check;
mod decide;
mod decide_sums;
mod deciding;
mod draws;
mod impact;
mod init;
mod kept;
mod low_memory;
mod lumped;
mod price;
mod project;
mod reading;
mod redundancy;
mod refused;
mod rule;
mod shifts;
mod stream;
mod warehouse;

use crate::bind::{BindError, BoundRow, Encoded, Offenders, Params, Place, SHOWN};
use crate::language::program::Program;
use crate::report::is_decision;
use crate::source::{Conflict, Failure, Fault, Front, Spec};

pub use applicants::{Applicants, Reading, impact_columns};
pub use audit::{AuditOptions, Audited, Origin, audit, audit_sums, replicates};
pub use check::{Checked, check};
pub use decide::{chances_by, chances_sql, decide, decide_by, lost_by_freezing, thresholds_json, thresholds_sql};
pub use decide_sums::{DecideSums, DecidedSums, decide_sums};
pub use deciding::{DecideOptions, Decided};
pub use draws::Draws;
pub use impact::{ImpactOptions, Threshold, impact};
pub use init::{Drafted, DraftedColumn, InitOptions, init};
pub use kept::{read_shifts, read_state, read_thresholds, unusable};
pub use low_memory::{Reads, project_low_memory};
pub use price::{MOST_VALUES, PriceOptions, Priced, STEPS, Sweeping, price};
pub use project::{ProjectOptions, Projected, Solvable, project, report_of, settle, solve};
pub use reading::{Use, columns_of, not_empty, prediction_column};
pub use redundancy::warnings as redundancy_warnings;
pub use refused::{Kind, Refused};
pub use shifts::{Shifts, apply, freeze, left_out};
pub use stream::{Named, Stream, StreamOptions, differs, not_held};
pub use warehouse::{Answered, Asked, ProjectedTable, Question, freeze_sums, project_table, sql};

/// A spec, and the names of the front end in which its user is spoken to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub spec: &'a Spec,
    pub program: &'a Program,
    pub front: &'a Front,
}

impl Context<'_> {
    /// What is wrong when the spec meets data, in words.
    ///
    /// # Errors
    /// What is no fault of them.
    pub fn faults(&self, errors: &[BindError]) -> Result<Vec<Fault>, Failure> {
        crate::source::faults(errors, self.spec, self.program, self.front)
    }

    /// E0801: the rows that no predictions satisfy together; `place` says of which batch.
    pub fn infeasible(&self, conflict: &Conflict, rows: &[BoundRow], place: &str) -> Fault {
        crate::source::infeasible(conflict, rows, place, self.spec, self.program, self.front)
    }
}

/// A spec with data in codes, and predictions.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub context: Context<'a>,
    pub encoded: &'a Encoded,
    pub params: &'a Params,
    /// What messages call the table.
    pub table: &'a str,
    /// The params that were set.
    pub settings: &'a [(String, f64)],
    /// The header of the predictions; empty where a task needs none.
    pub column: &'a str,
    pub predictions: &'a [f64],
}

/// `eps = 0.01`, for reports.
fn in_words(settings: &[(String, f64)]) -> Vec<String> {
    settings.iter().map(|(name, value)| format!("{name} = {value}")).collect()
}

impl Case<'_> {
    /// `eps = 0.01`, for reports.
    fn settings_in_words(&self) -> Vec<String> {
        in_words(self.settings)
    }

    /// Fails unless there is a finite prediction for each of some samples. Every task that needs predictions asks.
    ///
    /// # Errors
    /// There are no samples, another number of predictions, or some that are not finite.
    pub fn ready(&self) -> Result<(), Refused> {
        not_empty(self.encoded, self.table)?;
        let (found, expected) = (self.predictions.len(), self.encoded.n());
        if found != expected {
            let message = format!("there are {found} predictions, and `{}` has {expected} samples", self.table);
            return Err(Failure::new(message, "hand over one prediction for each sample").into());
        }
        match self.offenders(|value| value.is_finite()) {
            Some(at) => Err(vec![BindError::Prediction { at: Box::new(at) }].into()),
            None => Ok(()),
        }
    }

    /// Fails unless each prediction is 0 or 1, where the spec predicts decisions.
    fn decided(&self) -> Result<(), Refused> {
        let prediction = &self.context.program.prediction;
        match self.offenders(|value| !prediction.decision || is_decision(value)) {
            Some(at) => Err(vec![BindError::Decision { at: Box::new(at), name: prediction.name.clone() }].into()),
            None => Ok(()),
        }
    }

    /// The predictions that are not as they should be.
    fn offenders(&self, good: impl Fn(f64) -> bool) -> Option<Offenders> {
        let bad = || self.predictions.iter().enumerate().filter(|(_, value)| !good(**value));
        let place = |(row, value): (usize, &f64)| Place { file: None, line: None, row, value: value.to_string() };
        let first: Vec<Place> = bad().take(SHOWN).map(place).collect();
        let (file, column) = (self.table.to_owned(), self.column.to_owned());
        (!first.is_empty()).then(|| Offenders { file, column, count: bad().count() as u64, first })
    }
}

impl Context<'_> {
    /// Fails if the spec predicts decisions: what moves predictions would make shares of them.
    ///
    /// # Errors
    /// It does.
    pub fn moves_predictions(&self) -> Result<(), Failure> {
        let prediction = &self.program.prediction;
        if !prediction.decision {
            return Ok(());
        }
        let name = &prediction.name;
        let message = format!("`{name}` is decided 0 or 1, and moved predictions would be neither");
        let help =
            format!("decide with {}; to move scores, declare `predict {name}: real in [0, 1]`", self.front.decides);
        Err(Failure::new(message, help))
    }
}
