//! Do predictions satisfy a spec?

use std::collections::BTreeSet;

use super::reading::no_rows;
use super::warehouse::Asked;
use super::{Case, Context, Refused, in_words};
use crate::bind::{BindError, Encoded, Offenders, Params, Place, Resampling, Samples, Summed};
use crate::language::program::{Event, EventId, Prediction};
use crate::report::{
    About, Audit, Evidence, Facts, Judged, Paint, RowSummaries, Selected, SliceFacts, SlicesFacts, Slicing, Tolerance,
    Verdict, Watch, is_decision, slices_in_words, slices_text,
};
use crate::source::{Failure, outside, places};

/// How predictions are judged, and what is shown besides.
#[derive(Default)]
pub struct AuditOptions {
    /// How far beyond a limit counts as rounding, relative to the largest number in the row; by default what rounding can
    /// have made of the sums.
    pub tolerance: Option<f64>,
    /// For the intervals of reports; none for no intervals.
    pub resampling: Option<Resampling>,
    /// Audit also these samples by themselves.
    pub slicing: Option<Slicing>,
    /// What could not be checked counts as a pass.
    pub allow_unchecked: bool,
    pub date: Option<String>,
    /// The head of reports.
    pub about: About,
    /// Show at most so many rows.
    pub most: usize,
}

/// More replicates say no more.
pub const MOST_REPLICATES: usize = 100_000;

impl AuditOptions {
    fn check(&self) -> Result<(), Failure> {
        if self.tolerance.is_some_and(|tolerance| !tolerance.is_finite() || tolerance < 0.0) {
            return Err(Failure::new("a tolerance is a number of 0 or more", ""));
        }
        match self.resampling {
            Some(Resampling { replicates, .. }) if replicates > MOST_REPLICATES => {
                Err(Failure::new(format!("{replicates} replicates, and at most {MOST_REPLICATES} are drawn"), ""))
            }
            _ => Ok(()),
        }
    }
}

/// Where the data come from: BLAKE3 and size in bytes.
pub struct Origin {
    pub hash: String,
    pub bytes: u64,
}

/// What an audit came to.
pub struct Audited<'a> {
    context: Context<'a>,
    params: &'a Params,
    /// The data as they were judged.
    encoded: Encoded,
    predictions: Judged<'a>,
    audit: Audit<'a>,
    slices: Option<SlicesFacts>,
    options: AuditOptions,
}

/// How often to draw for data of `n` samples: as asked for, by default 1000 times, and less often for large data.
pub fn replicates(asked: Option<usize>, seed: u64, n: usize) -> Option<Resampling> {
    const USUAL: usize = 1000;
    const LEAST: usize = 200;
    /// Draws that take about a second.
    const DRAWS: usize = 400_000_000;
    let usual = (DRAWS / n.max(1)).clamp(LEAST, USUAL);
    let replicates = asked.unwrap_or(usual);
    (replicates > 0).then_some(Resampling { replicates, seed })
}

/// Audits predictions.
///
/// # Errors
/// Data that do not fit the spec. Constraints that contradict each other are no error: each is judged by itself.
pub fn audit<'a>(case: Case<'a>, mut options: AuditOptions) -> Result<Audited<'a>, Refused> {
    case.ready()?;
    case.decided()?;
    options.check()?;
    let encoded = case.encoded.clone().judging(options.tolerance);
    let tolerance = options.tolerance.map_or(Tolerance::Rounding, Tolerance::Relative);
    let (summaries, outside) = entered(&case, &encoded, &Samples::All)?;
    let slicing = options.slicing.take();
    let slices = slicing.map(|slicing| sliced(&case, &encoded, slicing, tolerance, options.resampling)).transpose()?;
    let audit = Audit {
        spec: &case.context.spec.name,
        data: case.table,
        prediction: case.column,
        settings: case.settings_in_words(),
        n: encoded.n(),
        summaries,
        outside,
        weighted: encoded.weight().is_some(),
        weightless: encoded.weight().map(|weights| weights.iter().filter(|weight| **weight == 0.0).count()),
        decisions: are_decisions(&case.context.program.prediction, case.predictions),
        tolerance,
        unplaced: encoded.unplaced().to_vec(),
        most: options.most,
    };
    let (context, params, predictions) = (case.context, case.params, Judged::Samples(case.predictions));
    Ok(Audited { context, params, encoded, predictions, audit, slices, options })
}

/// Audits predictions of which sums by cell are known. There are no intervals and no slices, for which samples are needed.
///
/// # Errors
/// As of [`audit`].
pub fn audit_sums<'a>(asked: &Asked<'a>, summed: &'a Summed, options: AuditOptions) -> Result<Audited<'a>, Refused> {
    options.check()?;
    let Asked { context, params, table, column, settings } = *asked;
    if summed.n == 0 {
        return Err(no_rows(table).into());
    }
    let prediction = &context.program.prediction;
    if prediction.decision && !summed.decided {
        let first = vec![Place { file: None, line: None, row: Place::NOWHERE, value: "a number between".to_owned() }];
        let at = Offenders { file: table.to_owned(), column: column.to_owned(), count: summed.undecided, first };
        return Err(vec![BindError::Decision { at: Box::new(at), name: prediction.name.clone() }].into());
    }
    let (bound, rows) = summed.bind(params)?;
    let mut summaries = RowSummaries::new(context.program);
    summaries.enter_sums(&bound, params, &rows);
    let shares = (prediction.lower, prediction.upper) == (0.0, 1.0);
    let audit = Audit {
        spec: &context.spec.name,
        data: table,
        prediction: column,
        settings: in_words(settings),
        n: summed.n,
        summaries,
        outside: summed.outside,
        weighted: summed.encoded().weight().is_some(),
        weightless: None,
        decisions: prediction.decision || shares && summed.decided,
        tolerance: options.tolerance.map_or(Tolerance::Rounding, Tolerance::Relative),
        unplaced: summed.unplaced().to_vec(),
        most: options.most,
    };
    let (encoded, predictions) = (summed.encoded().clone(), Judged::Sums(summed));
    let options = AuditOptions { resampling: None, slicing: None, ..options };
    Ok(Audited { context, params, encoded, predictions, audit, slices: None, options })
}

/// Whether predictions are decisions: declared so, or probabilities of nothing but 0 and 1.
fn are_decisions(prediction: &Prediction, predictions: &[f64]) -> bool {
    let shares = (prediction.lower, prediction.upper) == (0.0, 1.0);
    prediction.decision || shares && predictions.iter().all(|&value| is_decision(value))
}

impl Audited<'_> {
    /// On all promises, by the slices too.
    pub fn verdict(&self) -> Verdict {
        Verdict::all([self.audit.verdict()].into_iter().chain(self.slices.as_ref().map(SlicesFacts::verdict)))
    }

    /// Whether this is a pass.
    pub fn accepted(&self) -> bool {
        match self.verdict() {
            Verdict::Held => true,
            Verdict::Violated => false,
            Verdict::NotChecked | Verdict::NotApplicable => self.options.allow_unchecked,
        }
    }

    /// The report for people; `watch` is that with which the data were encoded.
    pub fn text(&self, watch: &Watch, paint: &dyn Paint) -> String {
        let selected = || Selected::of(&self.encoded, watch, self.predictions).text(paint);
        let selected = if self.audit.decisions { selected() } else { String::new() };
        let more = self.slices.as_ref().map_or_else(String::new, |slices| format!("; {}", slices_in_words(slices)));
        let parts = self.slices.as_ref().map_or(Verdict::Held, SlicesFacts::checked);
        let mut text = self.audit.text(&selected, (parts, &more), paint);
        text.extend(self.slices.as_ref().map(|slices| slices_text(slices, self.audit.most, paint)));
        text
    }

    /// All facts, for the other formats; `watch` is that with which the data were encoded.
    pub fn facts(&self, watch: &Watch, origin: Origin) -> Facts {
        let evidence = Evidence {
            encoded: &self.encoded,
            params: self.params,
            predictions: self.predictions,
            data_hash: origin.hash,
            data_bytes: origin.bytes,
            watch,
            places: places(self.context.spec, self.context.program),
            resampling: self.options.resampling,
            slices: self.slices.clone(),
            date: self.options.date.clone(),
            about: self.options.about.clone(),
            allow_unchecked: self.options.allow_unchecked,
        };
        Facts::gather(&self.audit, evidence)
    }
}

/// What the rows come to for some of the samples, and the predictions of these outside their bounds.
fn entered<'a>(
    case: &Case<'a>,
    encoded: &Encoded,
    samples: &Samples<'_>,
) -> Result<(RowSummaries<'a>, (usize, f64)), Refused> {
    let bound = encoded.bind_convex(case.params, samples)?;
    let all = case.predictions;
    let own: Vec<f64>;
    let predictions = match samples {
        Samples::All => all,
        Samples::Range(range) => all.get(range.clone()).unwrap_or_default(),
        Samples::Rows(rows) => {
            own = rows.iter().filter_map(|&row| all.get(row as usize).copied()).collect();
            &own
        }
    };
    let mut summaries = RowSummaries::new(case.context.program);
    summaries.enter(&bound, encoded, case.params, samples, predictions)?;
    Ok((summaries, outside(&bound.problem, predictions)))
}

/// The audit for each value of a column. Rows that need samples which a value does not have are skipped there.
fn sliced(
    case: &Case<'_>,
    encoded: &Encoded,
    slicing: Slicing,
    tolerance: Tolerance,
    resampling: Option<Resampling>,
) -> Result<SlicesFacts, Refused> {
    let encoded = encoded.clone().skipping_empty();
    let program = case.context.program;
    // What ratios compare, of which the means are drawn.
    let one_sided = program.rows.iter().filter(|row| row.lower.is_some() != row.upper.is_some());
    let read: BTreeSet<EventId> = one_sided.flat_map(|row| row.terms.iter().map(|term| term.event)).collect();
    let cells = |event: &Event| {
        let inside = encoded.cells_in(program, event)?;
        Some((0_u32..).zip(inside).filter(|(_, inside)| *inside).map(|(cell, _)| cell).collect::<Vec<u32>>())
    };
    let events = read.into_iter().filter_map(|id| program.event(id));
    let (events, cells): (Vec<&Event>, Vec<_>) = events.filter_map(|event| Some((event, cells(event)?))).unzip();
    let slice = |(value, rows): (Option<String>, Vec<u32>)| {
        let samples = Samples::Rows(&rows);
        let (summaries, outside) = entered(case, &encoded, &samples)?;
        let draw = |how| encoded.resample(case.params, &samples, case.predictions, &cells, how);
        let replicates = resampling.map(draw).unwrap_or_default();
        Ok(SliceFacts::new(value, rows.len(), &summaries, outside.0, tolerance, (&replicates, &events)))
    };
    let values = slicing.slices.into_iter().map(slice).collect::<Result<Vec<_>, Refused>>()?;
    Ok(SlicesFacts { column: slicing.column, order: slicing.order, values })
}
