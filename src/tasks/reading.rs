//! How data are read for a task: which rows take part, and where the predictions are.

use std::sync::Arc;

use crate::bind::{EncodeOptions, Encoded, Purpose, Raw, Relations};
use crate::language::program::Program;
use crate::language::words::{listed, nearest};
use crate::report::Watch;
use crate::source::{Failure, Front};

/// What data are read for.
#[derive(Clone, Copy)]
pub enum Use<'a> {
    /// A check without predictions.
    Check,
    /// An audit that shows these groups, with the predictions as they were handed in before something changed them.
    Audit(&'a Watch, &'a Raw),
    /// A projection, or its price.
    Project(Purpose),
    /// Decisions, and thresholds for them, with a report on these groups. Rows that read labels take part where the data have
    /// these, and what is decided looks at none.
    Decide(&'a Watch),
    /// Per-group offsets are fitted here and applied elsewhere: rows that read labels are left out, since labels are unknown where
    /// shifts are applied, and so are rows for training.
    Shifts,
    /// Answers batch by batch.
    Stream,
}

impl Use<'_> {
    /// Whether rows about pairs of samples can be had, whose tables are then to be given.
    ///
    /// # Errors
    /// Why not.
    pub fn takes_pairs(self) -> Result<(), &'static str> {
        match self {
            Use::Check | Use::Audit(..) | Use::Project(_) => Ok(()),
            Use::Decide(_) => Err("a rule decides on each sample by itself"),
            Use::Shifts => Err("per-group offsets move each sample by its group alone"),
            Use::Stream => Err("a stream answers a sample before the others are known"),
        }
    }

    /// How to encode; `prediction` is the header of the predictions, if they are in the table.
    pub fn options(self, prediction: Option<String>) -> EncodeOptions {
        // What is handed in here is what comes out changed.
        let raw = prediction.clone().map_or(Raw::ByBatch, Raw::Column);
        let relations = match self.takes_pairs() {
            Ok(()) => Relations::Given(Arc::default()),
            Err(why) => Relations::Refused(why),
        };
        let usual = EncodeOptions { prediction, raw, relations, ..EncodeOptions::default() };
        match self {
            Use::Check => EncodeOptions { raw: Raw::Unknown, ..usual },
            Use::Audit(watch, raw) => EncodeOptions { watch: watch.events(), raw: raw.clone(), ..usual },
            Use::Project(purpose) => EncodeOptions { purpose, ..usual },
            Use::Decide(watch) => {
                EncodeOptions { purpose: Purpose::Inference, visible: true, watch: watch.events(), ..usual }
            }
            Use::Shifts => EncodeOptions { purpose: Purpose::Inference, without_labels: true, ..usual },
            Use::Stream => EncodeOptions { purpose: Purpose::Inference, ..usual },
        }
    }
}

/// Fails if a table has no samples: nothing can be said of none.
///
/// # Errors
/// There are none.
pub fn not_empty(encoded: &Encoded, table: &str) -> Result<(), Failure> {
    match encoded.n() {
        0 => Err(no_rows(table)),
        _ => Ok(()),
    }
}

/// That a table has no samples.
pub(super) fn no_rows(table: &str) -> Failure {
    Failure::new(format!("`{table}` has no rows"), "a header alone is no data")
}

/// The column of predictions: the one that was named, by default that which the spec predicts. `hint` says what is probably
/// wrong with the table if it is missing.
///
/// # Errors
/// The table has no such column.
pub fn prediction_column(
    named: Option<&str>,
    program: &Program,
    front: &Front,
    table: &str,
    columns: &[String],
    hint: Option<String>,
) -> Result<String, Failure> {
    let header = named.unwrap_or(&program.prediction.header);
    if columns.iter().any(|column| column == header) {
        return Ok(header.to_owned());
    }
    let near = nearest(header, columns.iter().map(String::as_str));
    let help = match (hint.filter(|_| front.reads_text), named, near) {
        (_, Some(_), Some(near)) => format!("did you mean `{near}`?"),
        (_, None, Some(near)) => format!("did you mean `{near}`? Then give {}", (front.these_predictions)(near)),
        (Some(hint), ..) => hint,
        (None, Some(_), None) => columns_of(columns, None),
        (None, None, None) => {
            format!("name the column with the predictions: {}; {}", front.any_predictions, columns_of(columns, None))
        }
    };
    let why = if named.is_some() { format!("{} names", front.predictions) } else { "the spec predicts".to_owned() };
    Err(Failure::new(format!("`{table}` has no column `{header}`, which {why}"), help))
}

/// What columns there are, or which may have been meant.
pub fn columns_of(columns: &[String], wanted: Option<&str>) -> String {
    const MOST: usize = 20;
    if let Some(near) = wanted.and_then(|wanted| nearest(wanted, columns.iter().map(String::as_str))) {
        return format!("did you mean `{near}`?");
    }
    format!("the columns are {}", listed(columns, MOST))
}
