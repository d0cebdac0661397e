//! Tables that stay in a database: the queries that tell of them.

use super::Context;
use crate::bind::{BindError, Params, Raw, Table, Warehouse};
use crate::report::Watch;
use crate::tasks::Use;

/// A spec with a table in a database and its predictions.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub context: Context<'a>,
    pub params: &'a Params,
    /// What messages call the table.
    pub table: &'a str,
    /// The column of the predictions.
    pub column: &'a str,
    /// The params that were set.
    pub settings: &'a [(String, f64)],
}

/// What a database is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A line for each comparison, with its verdict.
    Audit,
    /// A line for each combination of codes, with counts, weights and sums.
    Cells,
    /// What is wrong with the values.
    Checks,
}

impl Asked<'_> {
    /// The program, prepared for the table.
    ///
    /// # Errors
    /// Columns that are missing, and what has no SQL.
    pub fn of<'t>(&'t self, table: &'t Table, watch: &Watch) -> Result<Warehouse<'t>, Vec<BindError>> {
        let options = Use::Audit(watch, &Raw::Unknown).options(Some(self.column.to_owned()));
        Warehouse::new(self.context.program, self.params, table, &options)
    }
}

/// A query about a table, in its dialect.
///
/// # Errors
/// As of [`Asked::of`].
pub fn sql(asked: &Asked<'_>, table: &Table, question: Question) -> Result<String, Vec<BindError>> {
    let warehouse = asked.of(table, &Watch::default())?;
    let query = match question {
        Question::Audit => warehouse.audit()?,
        Question::Cells => warehouse.cells(&[])?,
        Question::Checks => warehouse.checks()?,
    };
    Ok(query.text(table.dialect))
}
