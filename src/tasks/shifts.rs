//! Per-group offsets: fitted once on reference data, then the same for every member of a group.

use serde_json::Value;

use super::project::Answers;
use super::{Case, Context, Projected, Refused, kept, solve};
use crate::bind::{Encoded, Frozen, Samples};
use crate::runtime::online::state::{self, Kind};
use crate::runtime::project::{OnInfeasible, Projection, Side, Status};
use crate::source::Failure;

/// Shifts that were fitted.
pub struct Shifts {
    pub frozen: Frozen,
    /// What has to be told beside them: the rows that take no part, and that not all others hold.
    pub notes: Vec<String>,
}

/// Fits shifts on data that were read for that ([`super::Use::Shifts`]).
///
/// # Errors
/// As of a projection, and rows whose effect is not the same for all members of a group.
pub fn freeze(case: &Case<'_>, on_infeasible: OnInfeasible) -> Result<Shifts, Refused> {
    case.context.moves_predictions()?;
    case.ready()?;
    let Case { context, encoded, params, .. } = *case;
    let program = context.program;
    let bound = encoded.bind(params, &Samples::All)?;
    let found = solve(&context, encoded, params, &Samples::All, &bound, case.predictions, on_infeasible)?;
    let frozen = encoded.freeze(program, params, &bound, &found.multipliers, case.column)?;
    Ok(Shifts::of(&context, encoded, &found.status, frozen))
}

/// The rows that take no part in what is fitted for use elsewhere, in words.
pub fn left_out(encoded: &Encoded, context: &Context<'_>) -> Vec<String> {
    let program = context.program;
    let rows = encoded.left_out().iter().filter_map(|(row, _)| program.rows.get(*row)).map(|row| &row.origins);
    let samples = encoded.left_out_samples().iter();
    let samples = samples.filter_map(|(row, _)| program.sample_rows.get(*row)).map(|row| &row.origins);
    let names = rows.chain(samples).filter_map(|origins| origins.first()).map(|origin| &origin.name);
    names.map(|name| format!("`{name}` reads a label or is for training only, so it takes no part")).collect()
}

impl Shifts {
    pub(super) fn of(context: &Context<'_>, encoded: &Encoded, status: &Status, frozen: Frozen) -> Shifts {
        let relaxed = matches!(status, Status::Relaxed(_));
        let relaxed = relaxed.then(|| "no predictions satisfy all rows: these shifts come closest".to_owned());
        Shifts { notes: left_out(encoded, context).into_iter().chain(relaxed).collect(), frozen }
    }

    /// As JSON, one field a line; what is checked is the content, not its layout.
    ///
    /// # Errors
    /// They cannot be written as JSON.
    pub fn json(&self, context: &Context<'_>) -> Result<String, Refused> {
        let fingerprint = context.program.fingerprint().to_string();
        let failed = |reason: String| Refused::Failed(Failure::new(reason, ""));
        let text = state::write(Kind::Shifts, &fingerprint, &self.frozen).map_err(|error| failed(error.to_string()))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        Ok(format!("{value:#}\n"))
    }

    /// As one SQL expression.
    ///
    /// # Errors
    /// The spec bounds single predictions.
    pub fn sql(&self, context: &Context<'_>) -> Result<String, Refused> {
        kept::no_bounds_of_each(context, context.front.apply_shifts)?;
        let head = kept::sql_head(context, "per-group offsets", &self.frozen.params, self.frozen.samples);
        Ok(format!("{head}{}", self.frozen.sql()))
    }
}

/// The predictions with the shifts of their groups, within their bounds, and what the rows come to. The data were read for that
/// ([`super::Use::Shifts`]).
///
/// # Errors
/// Shifts that were fitted with other params, or tell other groups apart.
pub fn apply<'a>(case: &Case<'a>, frozen: &Frozen, most: usize) -> Result<Projected<'a>, Refused> {
    case.context.moves_predictions()?;
    case.ready()?;
    let Case { context, encoded, params, predictions, .. } = *case;
    kept::same_params(&context, "shifts", &frozen.params, params)?;
    let bound = encoded.bind(params, &Samples::All)?;
    let bounds = bound.problem.bounds();
    let mut shifted = Projection::default();
    shifted.y = encoded.shifted(frozen, predictions, &|sample| bounds.at(sample)).map_err(|error| vec![error])?;
    // No projection: nothing presses on a row.
    let rows = bound.problem.rows();
    shifted.status = Status::Optimal;
    (shifted.multipliers, shifted.active) = (vec![0.0; rows], vec![Side::Inactive; rows]);
    let mut answers = Answers::new(case, None, most);
    answers.enter(&bound, &Samples::All, predictions, shifted, "")?;
    answers.done.report.status = "frozen";
    Ok(answers.done)
}
