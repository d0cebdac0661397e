//! `--group-by COL`: the samples of each value of a column.

use crate::cli::dataset::Dataset;
use crate::cli::stop::Stop;
use crate::report::{MOST_VALUES, Slicer, Slicing};
use crate::tasks::columns_of;

/// The samples of each value.
pub(super) fn read(column: &str, dataset: &Dataset) -> Result<Slicing, Stop> {
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
