//! `--group-by COL`: the samples of each value of a column.

use crate::cli::dataset::Dataset;
use crate::cli::stop::Stop;
use crate::report::{MOST_VALUES, Slicer, Slicing};

/// The samples of each value.
pub(super) fn read(column: &str, dataset: &Dataset) -> Result<Slicing, Stop> {
    let mut slicer = Slicer::default();
    dataset.visit_column(column, "--group-by", |batch, values| {
        for row in 0..batch.rows() {
            let value = values.value(row);
            let text = value.to_string();
            if !slicer.enter(Some(text.as_str()).filter(|_| !value.is_null())) {
                let message = format!("`{column}` has more than {MOST_VALUES} different values");
                let help = "group by a column of few values, such as a week or a model version";
                return Err(Stop::failed(message, help));
            }
        }
        Ok(())
    })?;
    Ok(slicer.finish(column))
}
