//! A program and a table that stays in a database: what binding asks of samples, as SQL, and the sums that come back.
//!
//! ```text
//! Program + names and types of columns ─Warehouse::new→ plan ─cells→ one SELECT .. GROUP BY code, code, ..
//!                                                              └audit→ one SELECT with a line for each comparison
//! sums by codes ─read→ Summed: cells, counts, weights, Σ w·φ, Σ w·φ·ŷ ─bind→ rows and sides, as of samples in memory
//! ```
//!
//! The query gives each row the codes that `shape` describes; what these mean is decided here, by the same plan that encodes
//! tables in memory. Columns are read as `crate::data::Column` reads them; types for which SQL would do otherwise are
//! refused.

mod cells;
mod centred;
mod codes;
mod columns;
mod file;
mod kept;
mod level;
mod levels;
mod lines;
mod lumps;
mod moves;
mod read;
mod sums;
#[cfg(test)]
mod tests;
mod verdicts;
mod weighed;

use super::encode::Encoder;
use super::encoded::Encoded;
use super::error::BindError;
use super::formula::Formula;
use super::params::Params;
use super::plan::EncodeOptions;
use crate::language::program::Program;
use crate::sql::{Dialect, Expression, Query, Relation, Select};

pub use file::{Between, FileSums, MovedBatch};
pub use level::{Exception, Level, Rule, Window};
pub use lines::Value;
pub use lumps::Lumps;

pub use sums::{Summed, SummedRows, Weights};

/// How a database stores a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    Text,
    Integer,
    Single,
    Double,
    Decimal,
    Boolean,
    Date,
    /// Something else, under the name that the database has for it.
    Other(String),
}

impl Stored {
    /// Of the name of a type, as databases and Ibis write them: `BIGINT`, `character varying(20)`, `!float64`.
    pub fn named(name: &str) -> Stored {
        let plain = name.trim().trim_start_matches('!').to_lowercase();
        let word = plain.split(['(', '[', ' ']).next().unwrap_or_default();
        match word {
            _ if plain.contains('[') => Stored::Other(name.to_owned()),
            "text" | "varchar" | "char" | "character" | "bpchar" | "string" | "uuid" | "enum" | "name" => Stored::Text,
            "int" | "integer" | "bigint" | "smallint" | "tinyint" | "hugeint" | "int2" | "int4" | "int8" | "int16"
            | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64" | "ubigint" | "uinteger" | "usmallint"
            | "utinyint" => Stored::Integer,
            "real" | "float" | "float4" | "float32" => Stored::Single,
            "double" | "float8" | "float64" => Stored::Double,
            "decimal" | "numeric" => Stored::Decimal,
            "boolean" | "bool" => Stored::Boolean,
            "date" => Stored::Date,
            _ => Stored::Other(name.to_owned()),
        }
    }
}

/// A table in a database.
#[derive(Clone, Debug)]
pub struct Table {
    /// What messages call it.
    pub name: String,
    pub relation: Relation,
    pub dialect: Dialect,
    /// Its columns and how they are stored.
    pub columns: Vec<(String, Stored)>,
}

impl Table {
    fn stored(&self, header: &str) -> Option<&Stored> {
        self.columns.iter().find(|(name, _)| name == header).map(|(_, stored)| stored)
    }
}

/// A program prepared for a table in a database.
pub struct Warehouse<'a> {
    program: &'a Program,
    params: &'a Params,
    table: &'a Table,
    /// Of no samples: the plan.
    encoded: Encoded,
    /// The column of the predictions.
    prediction: String,
}

/// What a part of the queries is called.
const TABLE: &str = "t";
const SEEN: &str = "seen";
const CODED: &str = "coded";
const TOTALS: &str = "totals";
const LINES: &str = "lines";

impl<'a> Warehouse<'a> {
    /// Prepares a program for a table; `options` name the column of the predictions.
    ///
    /// # Errors
    /// Columns that are missing, and whatever of the program has no SQL.
    pub fn new(
        program: &'a Program,
        params: &'a Params,
        table: &'a Table,
        options: &EncodeOptions,
    ) -> Result<Warehouse<'a>, Vec<BindError>> {
        let known: Vec<String> = table.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut encoded = Encoder::new(program, params, &table.name, &known, options)?.finish()?;
        encoded.is_affine()?;
        encoded.weight = program.weight.as_ref().map(|_| Vec::new());
        let prediction = options.prediction.clone().unwrap_or_else(|| program.prediction.header.clone());
        let warehouse = Warehouse { program, params, table, encoded, prediction };
        let errors = warehouse.refusals();
        if errors.is_empty() { Ok(warehouse) } else { Err(errors) }
    }

    /// The same for audits: as [`Encoded::judging`].
    pub fn judging(self) -> Self {
        Warehouse { encoded: self.encoded.judging(None), ..self }
    }

    /// Rows that sums by cell do not tell of.
    fn refusals(&self) -> Vec<BindError> {
        let plan = &self.encoded.plan;
        let each = plan.sample_rows.iter().map(|row| format!("row `{}` bounds single predictions", row.name));
        let mut all: Vec<String> = each.collect();
        if plan.raw.is_some() {
            all.push("a row that reads the raw predictions".to_owned());
        }
        all.dedup();
        all.into_iter().map(|what| BindError::NoSql { what, stored: false }).collect()
    }

    fn dialect(&self) -> Dialect {
        self.table.dialect
    }

    fn is_weighted(&self) -> bool {
        self.encoded.weight.is_some()
    }

    /// The events of the plan as conditions on codes.
    fn event(&self, event: usize) -> Expression {
        codes::condition(&self.encoded.plan.shapes[event])
    }

    /// `seen`: each column as codes and numbers; `coded`: the codes of all parts, prediction and weight.
    fn coded(&self) -> Result<Vec<(&'static str, Vec<Select>)>, BindError> {
        let seen = Select {
            columns: self.seen()?,
            from: self.table.relation.clone(),
            name: TABLE,
            condition: None,
            group: Vec::new(),
        };
        let coded = Select {
            columns: self.codes()?,
            from: Relation::Part(SEEN),
            name: SEEN,
            condition: None,
            group: Vec::new(),
        };
        Ok(vec![(SEEN, vec![seen]), (CODED, vec![coded])])
    }

    /// The number that a formula of samples has in a row of `seen`.
    fn sample_value(&self, formula: &Formula, what: &str) -> Result<Expression, BindError> {
        codes::value(formula, &|leaf| self.sample_leaf(leaf), what)
    }

    fn limited(&self, query: Query) -> Result<Query, Vec<BindError>> {
        let selects = query.parts.iter().flat_map(|(_, selects)| selects).chain([&query.answer]);
        let widest = selects.map(|select| select.columns.len()).max().unwrap_or(0);
        if widest > self.dialect().most_columns() {
            let what = format!("a spec that needs {widest} sums at a time, more columns than {} has,", self.dialect());
            return Err(vec![BindError::NoSql { what, stored: false }]);
        }
        Ok(query)
    }
}
