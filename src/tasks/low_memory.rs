//! A projection of a table that is larger than memory.
//!
//! The table is read two or three times for sums by group, as a database is asked for them, and once more for the predictions.

use super::lumped::project_lumps;
use super::project::Projected;
use super::reading::no_rows;
use super::warehouse::Asked;
use super::{Refused, in_words};
use crate::bind::{Between, BindError, EncodeOptions, FileSums};
use crate::data::{Batch, DataError, Source};
use crate::report::{Batching, Movement, ProjectReport, RowSummaries, Tolerance, param_facts};
use crate::runtime::project::{OnInfeasible, Projection};
use crate::source::{Failure, status_word};

/// A table, and what is told of each read.
pub struct Reads<'r> {
    pub source: &'r Source,
    /// What is done, and the bytes that were read of all.
    pub progress: &'r mut dyn FnMut(&'static str, u64, u64),
}

impl Reads<'_> {
    fn each(
        &mut self,
        headers: &[String],
        what: &'static str,
        mut visit: impl FnMut(&Batch) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let failed = |error: DataError| Refused::from(vec![BindError::from(error)]);
        let mut batches = self.source.read(headers).map_err(failed)?;
        while let Some(batch) = batches.next() {
            visit(&batch.map_err(failed)?)?;
            (self.progress)(what, batches.bytes_read(), batches.total_bytes());
        }
        Ok(())
    }
}

fn needs_samples(what: &str) -> Refused {
    let message = format!("{what} needs the samples themselves, and only sums by group are kept");
    Failure::new(message, "project all of the table in memory, or leave the constraint out").into()
}

/// What is summed, unless a row needs the samples themselves.
fn sums_of<'a>(asked: &Asked<'a>, options: &EncodeOptions, source: &Source) -> Result<FileSums<'a>, Refused> {
    let sums = FileSums::new(asked.context.program, asked.params, asked.table, source.columns(), options);
    let sums = sums.map_err(|errors| match errors.as_slice() {
        [BindError::MovingBound { row } | BindError::ConvexRow { row }] => needs_samples(&format!("row `{row}`")),
        _ => errors.into(),
    })?;
    match sums.needs_samples() {
        Some(what) => Err(needs_samples(&what)),
        None => Ok(sums),
    }
}

/// Projects the predictions of a table of which only sums by group are kept; `keep` takes the new ones, batch by batch.
///
/// # Errors
/// Data that do not fit the spec, rows that need the samples themselves, that no predictions satisfy the rows, and whatever `keep` fails
/// with.
pub fn project_low_memory<'a>(
    asked: &Asked<'a>,
    options: &EncodeOptions,
    on_infeasible: OnInfeasible,
    most: usize,
    reads: &mut Reads<'_>,
    keep: &mut dyn FnMut(&[f64]) -> Result<(), Refused>,
) -> Result<Projected<'a>, Refused> {
    let Asked { context, params, table, column, settings } = *asked;
    context.moves_predictions()?;
    let mut sums = sums_of(asked, options, reads.source)?;
    let headers = sums.headers().to_vec();
    reads.each(&headers, "reading", |batch| Ok(sums.first(batch)?))?;
    let before = sums.summed(false);
    if before.n == 0 {
        return Err(no_rows(table).into());
    }
    let (bound, rows) = before.bind(params)?;
    let mut summaries = RowSummaries::new(context.program);
    summaries.enter_sums(&bound, params, &rows);

    let found = project_lumps(&context, &bound, before.lumps().clone(), on_infeasible, "reads", |cuts| {
        let mut between = Between::default();
        reads.each(&headers, "summing", |batch| Ok(sums.again(batch, cuts, &mut between)?))?;
        Ok::<_, Refused>(between.lumps())
    })?;

    let mut movement = Movement::default();
    reads.each(&headers, "moving", |batch| {
        let moved = sums.moved(batch, &found.shift)?;
        movement.enter(&moved.z, &moved.y, moved.weight.as_deref());
        keep(&moved.y)
    })?;
    let (_, rows) = sums.summed(true).bind(params)?;
    let status = status_word(&found.status);
    let mut projection = Projection::<f64>::default();
    (projection.multipliers, projection.active) = (found.multipliers, found.active);
    summaries.enter_moved_sums(&bound, &rows, &projection);
    let report = ProjectReport {
        spec: &context.spec.name,
        data: table,
        prediction: column,
        settings: in_words(settings),
        params: param_facts(context.program, params),
        summaries,
        decisions: false,
        n: before.n,
        movement,
        outside: before.outside,
        batching: Batching::Whole,
        tolerance: Tolerance::Rounding,
        outside_after: 0,
        unplaced: before.unplaced().to_vec(),
        status,
        most,
    };
    Ok(Projected { report, y: Vec::new(), infeasible: None, unfinished: 0 })
}
