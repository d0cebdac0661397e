//! `--group-by COL`: the audit for each value of a column.

use super::{Refused, entered};
use crate::bind::{Resampling, Samples};
use crate::cli::dataset::{Dataset, columns_of};
use crate::cli::stop::Stop;
use crate::language::program::Program;
use crate::report::{MOST_VALUES, SliceFacts, Slicer, SlicesFacts, Slicing, Tolerance};

/// The audit for each value. Rows that need samples which a value does not have are skipped there.
pub(super) fn audit(
    column: &str,
    dataset: &Dataset,
    program: &Program,
    tolerance: Tolerance,
    resampling: Option<Resampling>,
) -> Result<SlicesFacts, Refused> {
    let slicing = read(column, dataset)?;
    let encoded = dataset.encoded.clone().skipping_empty();
    let slice = |(value, rows): (Option<String>, Vec<u32>)| {
        let samples = Samples::Rows(&rows);
        let (summaries, outside) = entered(dataset, &encoded, &samples, program)?;
        let draw = |how| encoded.resample(&dataset.params, &samples, dataset.predictions(), &[], how);
        let replicates = resampling.map(draw).unwrap_or_default();
        Ok(SliceFacts::new(value, rows.len(), &summaries, outside.0, tolerance, &replicates))
    };
    let values = slicing.slices.into_iter().map(slice).collect::<Result<Vec<_>, Refused>>()?;
    Ok(SlicesFacts { column: slicing.column, order: slicing.order, values })
}

/// The samples of each value.
fn read(column: &str, dataset: &Dataset) -> Result<Slicing, Stop> {
    let source = &dataset.source;
    if !source.columns().iter().any(|known| known == column) {
        let message = format!("`{}` has no column `{column}`, which `--group-by` names", source.name());
        return Err(Stop::failed(message, columns_of(source.columns(), Some(column))));
    }
    let mut slicer = Slicer::default();
    for batch in source.read(&[column])? {
        let batch = batch?;
        let values = batch.column(0)?;
        for row in 0..batch.rows() {
            let value = values.value(row);
            let text = value.to_string();
            if !slicer.enter(Some(text.as_str()).filter(|_| !value.is_null())) {
                let message = format!("`{column}` has more than {MOST_VALUES} different values");
                return Err(Stop::failed(
                    message,
                    "group by a column of few values, such as a week or a model version",
                ));
            }
        }
    }
    Ok(slicer.finish(column))
}
