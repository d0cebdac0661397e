//! What can be wrong when a program meets data.
//!
//! Values at fault are counted in full and shown by the first few places, one error for each column and kind of fault.

use crate::data::{DataError, Shortest, decimal_comma, header_hint};

use crate::language::words::{listed, nearest};
use crate::runtime::problem::ProblemError;

use super::offenders::Offenders;

/// How many names a help lists.
const MOST: usize = 20;

/// Whole numbers from this size on may be the double of a neighbour.
pub(super) const BEYOND_WHOLE: f64 = 9_007_199_254_740_992.0;

pub(super) fn unsupported(row: &str, what: &'static str) -> BindError {
    BindError::Unsupported { row: row.to_owned(), what }
}

/// Why a program could not be bound to data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// A param that the spec does not declare.
    #[error("there is no param `{name}`")]
    UnknownParam { name: String, suggestion: Option<String>, known: Vec<String> },

    /// A param with two values.
    #[error("`{name}` is set twice, to {} and to {}", Shortest(*first), Shortest(*second))]
    SetTwice { name: String, first: f64, second: f64 },

    /// A value that the declaration of the param does not allow.
    #[error("`{name}` is {}, outside its range [{}, {}]", Shortest(*value), Shortest(*lower), Shortest(*upper))]
    ParamOutOfRange { name: String, value: f64, lower: f64, upper: f64 },

    /// A param that decides events or factors was changed after the data were encoded with another value.
    #[error("`{name}` decides which samples are in an event, so it cannot change from {} to {} after the data were encoded", Shortest(*encoded), Shortest(*value))]
    ParamFixed { name: String, encoded: f64, value: f64 },

    /// A column that rows read is not in the data.
    #[error("`{file}` has no column `{header}`{}", declared_as(.name, .header))]
    ColumnMissing { file: String, header: String, name: String, suggestion: Option<String>, known: Vec<String> },

    /// A value of a closed categorical column that is no declared level.
    #[error("{}: `{}` is `{}`, which is no declared level{}", .at.at(), .at.column, .at.value(), .at.others())]
    UnknownLevel { at: Box<Offenders>, levels: Vec<String>, suggestion: Option<String> },

    /// A null in a column that is not nullable.
    #[error("{}: `{}` is null{}", .at.at(), .at.column, .at.others())]
    Null { at: Box<Offenders> },

    /// A null in a nullable column, where a row needs the number.
    #[error("{}: `{}` is null, but a row needs its value in {event}{}", .at.at(), .at.column, .at.others())]
    NullNeeded { at: Box<Offenders>, event: String },

    /// A number outside the declared range.
    #[error("{}: `{}` is {}, and {expected} is declared{}", .at.at(), .at.column, .at.value(), .at.others())]
    OutOfRange { at: Box<Offenders>, expected: String },

    /// A whole number so large that it may be another than the one that an event compares it with.
    #[error("{}: `{}` is {}, which cannot be told from the {:.0} that it is compared with{}", .at.at(), .at.column, .at.value(), threshold, .at.others())]
    Alike { at: Box<Offenders>, threshold: f64 },

    /// An expression of columns that has no finite value for some samples.
    #[error("{}: `{}` is {}, and a row needs a finite value in {event}{}", .at.at(), .at.column, .at.value(), .at.others())]
    NotFinite { at: Box<Offenders>, event: String },

    /// Text where a number belongs.
    #[error("{}: `{}` is `{}`, which is not a number{}", .at.at(), .at.column, .at.value(), .at.others())]
    NotANumber { at: Box<Offenders> },

    /// An event with too few samples, where the constraint says that this is an error.
    #[error("row `{row}` reads an event of {samples} samples, and needs at least {least}: {event}")]
    EmptyEvent { row: String, event: String, samples: usize, least: u64 },

    /// A prediction that is missing, NaN or infinite.
    #[error("{}: the prediction `{}` is {}{}", .at.at(), .at.column, or_missing(.at.value()), .at.others())]
    Prediction { at: Box<Offenders> },

    /// A prediction that is neither 0 nor 1, where the spec predicts decisions.
    #[error("{}: the decision `{}` is {}{}", .at.at(), .at.column, .at.value(), .at.others())]
    Decision { at: Box<Offenders>, name: String },

    /// Sides that no value satisfies, known once the batch is.
    #[error("row `{row}` asks for at least {} and at most {}", Shortest(*lower), Shortest(*upper))]
    CrossedSides { row: String, text: String, lower: f64, upper: f64 },

    /// The same, of two constraints on one quantity.
    #[error("`{row}` asks for at least {}, and `{other}` for at most {} of the same", Shortest(*lower), Shortest(*upper))]
    CrossedRows { row: String, other: String, lower: f64, upper: f64 },

    /// Per-sample constraints that contradict each other or the bounds of the prediction.
    #[error("{at}: row `{row}` leaves no value for the prediction: at least {} and at most {}", Shortest(*lower), Shortest(*upper))]
    CrossedBounds { row: String, at: String, sample: usize, lower: f64, upper: f64 },

    /// A per-sample constraint whose factor is 0 for a sample, or so small that no finite prediction is large enough.
    #[error("{at}: row `{row}` asks for {asked} where its factor is {}, so no prediction will do", Shortest(*factor))]
    NoPrediction { row: String, at: String, sample: usize, factor: f64, asked: String },

    /// A coefficient or side without a finite value.
    #[error("row `{row}`: `{text}` has no finite value on these data")]
    Undefined { row: String, text: String },

    /// A form that cannot be bound (an aggregate inside a product of columns, a soft `each`).
    #[error("row `{row}`: {what} cannot be bound")]
    Unsupported { row: String, what: &'static str },

    /// Predictions that come with each batch decide which samples are in an event.
    #[error("`{event}` reads the raw predictions, which come with each batch: an event cannot depend on them there")]
    RawEvent { event: String },

    /// Rows read the predictions as they were handed in, and a batch is bound without them.
    #[error("rows read the raw predictions, and this batch has none")]
    RawMissing,

    /// A row under `each` that reads an aggregate, in a stream: answers given before would be bounded by another number.
    #[error("`{row}` bounds each prediction by an aggregate, which moves as a stream goes on")]
    MovingBound { row: String },

    /// A row with absolute values of predictions inside of its means, where rows of a matrix are needed.
    #[error(
        "`{row}` is the mean of a bend, `|e|`, `max` or `min` of predictions, and rows here have to be sums of predictions"
    )]
    ConvexRow { row: String },

    /// Raw predictions beside the data, of another number.
    #[error("{found} raw predictions for {rows} samples")]
    RawCount { found: usize, rows: usize },

    /// Rows about pairs of samples where they cannot be had.
    #[error("rows are about the pairs of `{relation}`, and {why}")]
    RelationRefused { relation: String, why: &'static str },

    /// Nobody said where the pairs are.
    #[error("rows are about the pairs of `{relation}`, and no table of them was given")]
    RelationMissing { relation: String },

    /// A sample, or one of a pair, without a key.
    #[error("{}: the key `{}` is null{}", .at.at(), .at.column, .at.others())]
    KeyMissing { at: Box<Offenders> },

    /// Several samples with one key.
    #[error("{}: the key `{}` is `{}`, which another sample has{}", .at.at(), .at.column, .at.value(), .at.others())]
    KeyTwice { at: Box<Offenders> },

    /// What makes per-group offsets impossible, or unfit for these data.
    #[error("cannot freeze: {what}")]
    NotFrozen { what: String },

    /// What cannot be asked of a database; `stored` if it can where a column is stored otherwise.
    #[error("{what} has no SQL")]
    NoSql { what: String, stored: bool },

    /// A database answered something else than was asked.
    #[error("the answer of the database has {what}")]
    Answer { what: String },

    /// A batch names a sample that is not in the encoded data.
    #[error("there is no sample {sample} among {n}")]
    NoSuchSample { sample: usize, n: usize },

    /// More samples than an index can count.
    #[error("{rows} rows; at most {} can be bound", u32::MAX)]
    TooManyRows { rows: usize },

    /// Cells, or sums over them, that another program or other params gave.
    #[error("the cells are those of another spec, or of other params")]
    OtherCells,

    /// Something that holds by construction does not.
    #[error("internal error: {what}")]
    Internal { what: String },

    /// The table could not be read.
    #[error(transparent)]
    Data(#[from] DataError),

    /// The numbers do not make a problem.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// What would mend an error and is not for this room to name: how it is asked for differs from front end to front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Read the table without the spaces around values.
    Trim,
    /// Read numbers with a decimal comma.
    DecimalComma,
    /// Read the header of the table in another way.
    Header,
    /// Answer batch by batch.
    Stream,
}

impl BindError {
    /// A table without a column, with the one of its columns that is spelled nearest. `name` is what the spec calls it.
    pub(super) fn column_missing(file: &str, header: &str, name: &str, known: &[String]) -> BindError {
        let suggestion = nearest(header, known.iter().map(String::as_str)).map(str::to_owned);
        let (file, header, name) = (file.to_owned(), header.to_owned(), name.to_owned());
        BindError::ColumnMissing { file, header, name, suggestion, known: known.to_vec() }
    }

    /// The stable code, with a page of its own; none where the error is no fault of spec or data.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            BindError::UnknownParam { .. } => Some("E0201"),
            BindError::CrossedSides { .. } => Some("E0502"),
            BindError::CrossedRows { .. } => Some("E0801"),
            BindError::ParamOutOfRange { .. } => Some("E0504"),
            BindError::ColumnMissing { .. } => Some("E0701"),
            BindError::UnknownLevel { .. } => Some("E0702"),
            BindError::Null { .. } | BindError::NullNeeded { .. } => Some("E0703"),
            BindError::OutOfRange { .. }
            | BindError::Alike { .. }
            | BindError::NotFinite { .. }
            | BindError::Undefined { .. } => Some("E0704"),
            BindError::NotANumber { .. } => Some("E0705"),
            BindError::EmptyEvent { .. } => Some("E0706"),
            BindError::Prediction { .. } | BindError::Decision { .. } => Some("E0707"),
            BindError::CrossedBounds { .. } | BindError::NoPrediction { .. } => Some("E0801"),
            BindError::RelationRefused { .. } | BindError::RelationMissing { .. } => Some("E0709"),
            BindError::KeyMissing { .. } | BindError::KeyTwice { .. } => Some("E0708"),
            BindError::ParamFixed { .. }
            | BindError::Unsupported { .. }
            | BindError::RawEvent { .. }
            | BindError::RawMissing
            | BindError::MovingBound { .. }
            | BindError::ConvexRow { .. }
            | BindError::RawCount { .. }
            | BindError::NotFrozen { .. }
            | BindError::NoSql { .. }
            | BindError::Answer { .. }
            | BindError::NoSuchSample { .. }
            | BindError::TooManyRows { .. }
            | BindError::OtherCells
            | BindError::Internal { .. }
            | BindError::SetTwice { .. }
            | BindError::Data(_)
            | BindError::Problem(_) => None,
        }
    }

    /// What the user can do about it.
    pub fn help(&self) -> String {
        match self {
            BindError::UnknownParam { name, known, .. } if entries(name, known).next().is_some() => {
                let entries: Vec<&String> = entries(name, known).collect();
                format!("`{name}` is a table: set one of {}", listed(entries, MOST))
            }
            BindError::UnknownParam { suggestion: Some(near), .. } => format!("did you mean `{near}`?"),
            BindError::UnknownParam { known, .. } if known.is_empty() => "the spec declares no params".to_owned(),
            BindError::UnknownParam { known, .. } => format!("the params are {}", listed(known, MOST)),
            BindError::SetTwice { .. } => "keep one of the two".to_owned(),
            BindError::ParamOutOfRange { name, .. } => {
                let declared = name.split('[').next().unwrap_or(name);
                format!("choose a value in its range, or widen the range in `param {declared}`")
            }
            BindError::ParamFixed { .. } => "encode the data again with the new value".to_owned(),
            BindError::ColumnMissing { suggestion: Some(near), .. } => format!("did you mean `{near}`?"),
            BindError::ColumnMissing { known, .. } if known.is_empty() => "there are no columns at all".to_owned(),
            BindError::ColumnMissing { known, name, .. } if name.is_empty() => {
                format!("the columns are {}", listed(known, MOST))
            }
            BindError::ColumnMissing { known, name, .. } => {
                format!(
                    "the columns are {}; name another header after the type: ``column {name}: .. from `HEADER` ``",
                    listed(known, MOST)
                )
            }
            BindError::UnknownLevel { suggestion: Some(near), .. } => format!("did you mean `{near}`?"),
            BindError::UnknownLevel { levels, at, .. } => format!(
                "the levels are {}; declare the value, or write `?` after the levels of `{}` to allow others",
                listed(levels, MOST),
                at.column
            ),
            BindError::Null { at } => {
                format!("fill in the value, or write `?` after the type of `{}` to allow nulls", at.column)
            }
            BindError::NullNeeded { at, .. } => {
                format!(
                    "leave these samples out with a condition that `{}` satisfies only where it has a value",
                    at.column
                )
            }
            BindError::OutOfRange { at, .. } if at.value().parse().is_ok_and(f64::is_infinite) => {
                "leave these rows out, or give each a finite value".to_owned()
            }
            BindError::OutOfRange { at, .. }
                if at.value().parse().is_ok_and(|value: f64| value.abs() >= BEYOND_WHOLE) =>
            {
                format!(
                    "whole numbers from 2^53 on are not told apart as numbers: declare those that a spec names as levels, \
                     or `{}` as `real`",
                    at.column
                )
            }
            BindError::OutOfRange { at, .. } => {
                format!("correct the value, or widen the declared range of `{}`", at.column)
            }
            BindError::Alike { at, .. } => format!(
                "whole numbers from 2^53 on are not told apart as numbers: declare those that the spec names as levels of `{0}`, \
                 or store `{0}` in larger units or less an offset",
                at.column
            ),
            BindError::NotFinite { .. } => "leave these samples out with a condition".to_owned(),
            BindError::NotANumber { at, .. } if at.value().trim_matches([' ', '\t']) != at.value() => {
                "leave out the spaces around the numbers".to_owned()
            }
            BindError::NotANumber { at, .. } if decimal_comma(at.value().as_bytes()).is_some() => {
                "write a decimal point".to_owned()
            }
            BindError::NotANumber { .. } => {
                "write numbers as `0.5`, with a decimal point, without units or separators; an empty field is a null"
                    .to_owned()
            }
            BindError::EmptyEvent { .. } => "use larger batches, or `when_empty = skip`".to_owned(),
            BindError::Prediction { .. } => "leave these rows out, or give each a finite prediction".to_owned(),
            BindError::Decision { name, .. } => {
                format!("`{name}` is declared `{{0, 1}}`: for scores declare `predict {name}: real in [0, 1]`")
            }
            BindError::CrossedSides { text, .. } => format!("on these data no prediction satisfies `{text}`"),
            BindError::CrossedRows { .. } => "loosen one of the two, or make one `soft`".to_owned(),
            BindError::CrossedBounds { .. } => {
                "the `each` constraints and the bounds of the prediction contradict each other for this sample"
                    .to_owned()
            }
            BindError::NoPrediction { .. } => {
                "leave these samples out with `each where`, or compare without the factor".to_owned()
            }
            BindError::Undefined { .. } => {
                "look for a division by zero, the logarithm of a number that is not positive, or weights too large or small to add up"
                    .to_owned()
            }
            BindError::Unsupported { .. } => "write it as several constraints without this form".to_owned(),
            BindError::NoSql { stored: false, .. } => "work on a copy of the table in a file or in memory".to_owned(),
            BindError::NoSql { stored: true, .. } => {
                "work on a copy of the table in a file or in memory, or cast the column in a view".to_owned()
            }
            BindError::Answer { .. } => {
                "hand over all lines that the query gives, by the names of its columns".to_owned()
            }
            BindError::RawEvent { .. } => {
                "compare groups by other columns, or put the predictions in a column of the data and declare that"
                    .to_owned()
            }
            BindError::RawMissing => {
                "hand over the predictions with the data; a penalty in training and predicting online see \
                                      the output of a network only after its rows are made, so train with a layer or \
                                      project afterwards, and project what it predicts"
                    .to_owned()
            }
            BindError::MovingBound { .. } => {
                "put a number or a param in its place, or project all samples at once".to_owned()
            }
            BindError::ConvexRow { .. } => {
                "bound the mean itself, or each sample with `each`, or leave the constraint out here".to_owned()
            }
            BindError::RawCount { .. } => "give one for each sample".to_owned(),
            BindError::RelationRefused { .. } => {
                "project or audit all samples at once, or leave the constraint out of this spec".to_owned()
            }
            BindError::RelationMissing { .. } => "name the table of the pairs".to_owned(),
            BindError::KeyMissing { .. } => "give every sample, and both samples of every pair, a key".to_owned(),
            BindError::KeyTwice { .. } => "a key names one sample: leave the others out, or add to the key".to_owned(),
            BindError::NotFrozen { .. } => {
                "per-group offsets are for rows that compare groups by columns; project each batch".to_owned()
            }
            BindError::NoSuchSample { .. } => "indices count from 0".to_owned(),
            BindError::TooManyRows { .. } => "split the data".to_owned(),
            BindError::OtherCells => "begin again".to_owned(),
            BindError::Internal { .. } => "this is a fault of `fairc`: please report it, with the spec".to_owned(),
            BindError::Data(error) => error.help(),
            BindError::Problem(_) => "the data and the spec do not fit together".to_owned(),
        }
    }

    /// What would mend it besides, if a front end has a name for it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            BindError::ColumnMissing { suggestion: None, known, .. } if header_hint(known).is_some() => {
                Some(Remedy::Header)
            }
            BindError::NotANumber { at } if at.value().trim_matches([' ', '\t']) != at.value() => Some(Remedy::Trim),
            BindError::NotANumber { at } if decimal_comma(at.value().as_bytes()).is_some() => {
                Some(Remedy::DecimalComma)
            }
            BindError::NotFrozen { .. } => Some(Remedy::Stream),
            _ => None,
        }
    }

    /// The values at fault, for errors about values.
    pub fn offenders(&self) -> Option<&Offenders> {
        match self {
            BindError::UnknownLevel { at, .. }
            | BindError::Null { at }
            | BindError::NullNeeded { at, .. }
            | BindError::OutOfRange { at, .. }
            | BindError::Alike { at, .. }
            | BindError::NotFinite { at, .. }
            | BindError::NotANumber { at }
            | BindError::KeyMissing { at }
            | BindError::KeyTwice { at }
            | BindError::Prediction { at }
            | BindError::Decision { at, .. } => Some(at),
            BindError::UnknownParam { .. }
            | BindError::SetTwice { .. }
            | BindError::ParamOutOfRange { .. }
            | BindError::ParamFixed { .. }
            | BindError::ColumnMissing { .. }
            | BindError::EmptyEvent { .. }
            | BindError::CrossedSides { .. }
            | BindError::CrossedRows { .. }
            | BindError::CrossedBounds { .. }
            | BindError::NoPrediction { .. }
            | BindError::Undefined { .. }
            | BindError::Unsupported { .. }
            | BindError::RawEvent { .. }
            | BindError::RawMissing
            | BindError::MovingBound { .. }
            | BindError::ConvexRow { .. }
            | BindError::RawCount { .. }
            | BindError::RelationRefused { .. }
            | BindError::RelationMissing { .. }
            | BindError::NotFrozen { .. }
            | BindError::NoSql { .. }
            | BindError::Answer { .. }
            | BindError::NoSuchSample { .. }
            | BindError::TooManyRows { .. }
            | BindError::OtherCells
            | BindError::Internal { .. }
            | BindError::Data(_)
            | BindError::Problem(_) => None,
        }
    }
}

fn declared_as(name: &str, header: &str) -> String {
    if name == header || name.is_empty() { String::new() } else { format!(" for `{name}`") }
}

fn or_missing(value: &str) -> &str {
    if value.is_empty() { "missing" } else { value }
}

/// The params that are entries of the table.
fn entries<'k>(table: &str, known: &'k [String]) -> impl Iterator<Item = &'k String> {
    known.iter().filter(move |param| param.strip_prefix(table).is_some_and(|rest| rest.starts_with('[')))
}
