//! One column of a batch, read as numbers or text whatever its Arrow type.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, RunEndIndexType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, LargeStringArray, RunArray, StringArray,
    StringViewArray, UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::moment::formatted;

/// A column of a batch.
///
/// | stored as | as a number | as text |
/// | --- | --- | --- |
/// | text | parsed, see [`parse_number`]; `true`, `True` and `TRUE` are 1, `false`.. 0 | itself |
/// | integer, float | itself | shortest that reads back as the same value |
/// | boolean | 1 and 0 | `true` and `false` |
/// | decimal | nearest double | all its digits |
/// | date, time | not a number | ISO 8601 |
/// | dictionary | as its values | as its values |
#[derive(Debug, Clone)]
pub struct Column {
    pub(super) kind: Kind,
    rows: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Text(StringArray),
    LargeText(LargeStringArray),
    TextView(StringViewArray),
    Int(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array),
    Single(Float32Array),
    Bool(BooleanArray),
    Decimal { text: StringArray, number: Float64Array },
    Dictionary { keys: Vec<usize>, nulls: Option<NullBuffer>, values: Box<Column> },
    Null,
}

/// One value of a column. It displays as its text; a null as nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// Text; of CSV every value is text.
    Text(&'a str),
    /// A boolean.
    Bool(bool),
    /// An integer of any width.
    Int(i128),
    /// A double.
    Float(f64),
    /// A single-precision float.
    Single(f32),
    /// A decimal, as its digits and as the nearest double.
    Decimal(&'a str, f64),
}

/// Reads text as a number: what Rust reads, so `1`, `-0.5`, `+1e-3`, `.5`, `5.`, and in any case `nan`, `inf` and
/// `infinity` with or without sign. No space, no digit grouping, no decimal comma, no `%`.
///
/// Whether NaN and infinity are welcome is for the caller to judge.
#[inline]
pub fn parse_number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// A boolean as programs write it: `true`, Python's `True`, and R's and databases' `TRUE`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A double that displays as the shortest text that reads back as the same double: `0.1`, `1`, `1e-7`, `NaN`, `inf`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shortest(pub f64);

impl fmt::Display for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, magnitude) = (self.0, self.0.abs());
        if value == 0.0 || !magnitude.is_finite() || (1e-5..1e16).contains(&magnitude) {
            write!(f, "{value}")
        } else {
            write!(f, "{value:e}")
        }
    }
}

impl Value<'_> {
    /// The value as a number, with `Ok(None)` for a null.
    ///
    /// # Errors
    /// The value itself, if it is text that is no number.
    #[inline]
    pub fn number(self) -> Result<Option<f64>, Self> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => match parse_number(text) {
                None => boolean(text).map(|value| Some(f64::from(u8::from(value)))).ok_or(self),
                number => Ok(number),
            },
            Self::Bool(value) => Ok(Some(f64::from(u8::from(value)))),
            Self::Int(value) => Ok(Some(value as f64)),
            Self::Float(value) => Ok(Some(value)),
            Self::Single(value) => Ok(Some(f64::from(value))),
            Self::Decimal(_, value) => Ok(Some(value)),
        }
    }

    /// Whether there is no value.
    pub fn is_null(self) -> bool {
        self == Self::Null
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) | Self::Decimal(text, _) => f.write_str(text),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{}", Shortest(*value)),
            Self::Single(value) => write!(f, "{value}"),
        }
    }
}

impl Column {
    /// Reads an Arrow array as a column. Integers and booleans of any width, floats, decimals, text, dates and
    /// times, dictionaries of these, and all-null arrays are columns.
    ///
    /// # Errors
    /// What the array holds, in plain words (`lists`), if it is none of these.
    pub fn new(array: &ArrayRef) -> Result<Self, String> {
        use DataType as T;
        let kind = match array.data_type() {
            T::Null => Kind::Null,
            T::Utf8 => Kind::Text(array.as_string::<i32>().clone()),
            T::LargeUtf8 => Kind::LargeText(array.as_string::<i64>().clone()),
            T::Utf8View => Kind::TextView(array.as_string_view().clone()),
            T::Boolean => Kind::Bool(array.as_boolean().clone()),
            T::Int8 => Kind::Int(array.as_primitive::<Int8Type>().unary(i64::from)),
            T::Int16 => Kind::Int(array.as_primitive::<Int16Type>().unary(i64::from)),
            T::Int32 => Kind::Int(array.as_primitive::<Int32Type>().unary(i64::from)),
            T::Int64 => Kind::Int(array.as_primitive::<Int64Type>().clone()),
            T::UInt8 => Kind::Unsigned(array.as_primitive::<UInt8Type>().unary(u64::from)),
            T::UInt16 => Kind::Unsigned(array.as_primitive::<UInt16Type>().unary(u64::from)),
            T::UInt32 => Kind::Unsigned(array.as_primitive::<UInt32Type>().unary(u64::from)),
            T::UInt64 => Kind::Unsigned(array.as_primitive::<UInt64Type>().clone()),
            T::Float16 => Kind::Single(array.as_primitive::<Float16Type>().unary(|value| value.to_f32())),
            T::Float32 => Kind::Single(array.as_primitive::<Float32Type>().clone()),
            T::Float64 => Kind::Float(array.as_primitive::<Float64Type>().clone()),
            T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => {
                let text = as_written(array)?;
                let number = text.iter().map(|text| text.and_then(parse_number)).collect();
                Kind::Decimal { text, number }
            }
            T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) | T::Timestamp(..) => Kind::Text(as_written(array)?),
            T::Binary => Kind::Text(utf8(array.as_binary::<i32>().iter(), array)?),
            T::LargeBinary => Kind::Text(utf8(array.as_binary::<i64>().iter(), array)?),
            T::BinaryView => Kind::Text(utf8(array.as_binary_view().iter(), array)?),
            T::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let values = Self::new(dictionary.values())?;
                let keys = if values.rows == 0 { vec![0; array.len()] } else { dictionary.normalized_keys() };
                Kind::Dictionary { keys, nulls: array.logical_nulls(), values: Box::new(values) }
            }
            T::RunEndEncoded(ends, _) => match ends.data_type() {
                T::Int16 => runs(array.as_run::<Int16Type>())?,
                T::Int32 => runs(array.as_run::<Int32Type>())?,
                _ => runs(array.as_run::<Int64Type>())?,
            },
            other => return Err(describe_type(other)),
        };
        Ok(Self { kind, rows: array.len() })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the column stores text (and not numbers or booleans), itself or in a dictionary.
    pub fn is_text(&self) -> bool {
        match &self.kind {
            Kind::Text(_) | Kind::LargeText(_) | Kind::TextView(_) => true,
            Kind::Dictionary { values, .. } => values.is_text(),
            _ => false,
        }
    }

    /// One value; a null beyond the last row.
    pub fn value(&self, row: usize) -> Value<'_> {
        fn at<A: Array, T>(array: &A, row: usize, get: impl Fn(&A, usize) -> T) -> Option<T> {
            (row < array.len() && array.is_valid(row)).then(|| get(array, row))
        }
        let value = match &self.kind {
            Kind::Text(array) => at(array, row, |_, row| Value::Text(array.value(row))),
            Kind::LargeText(array) => at(array, row, |_, row| Value::Text(array.value(row))),
            Kind::TextView(array) => at(array, row, |_, row| Value::Text(array.value(row))),
            Kind::Int(array) => at(array, row, |array, row| Value::Int(array.value(row).into())),
            Kind::Unsigned(array) => at(array, row, |array, row| Value::Int(array.value(row).into())),
            Kind::Float(array) => at(array, row, |array, row| Value::Float(array.value(row))),
            Kind::Single(array) => at(array, row, |array, row| Value::Single(array.value(row))),
            Kind::Bool(array) => at(array, row, |array, row| Value::Bool(array.value(row))),
            Kind::Decimal { text, number } => {
                at(number, row, |number, row| Value::Decimal(text.value(row), number.value(row)))
            }
            Kind::Dictionary { keys, nulls, values } => match keys.get(row) {
                Some(&key) if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) => Some(values.value(key)),
                _ => None,
            },
            Kind::Null => None,
        };
        value.unwrap_or(Value::Null)
    }

    /// Appends the numbers of a column of floats without nulls; false, and nothing is done, for any other.
    pub fn floats(&self, out: &mut Vec<f64>) -> bool {
        match &self.kind {
            Kind::Float(array) if array.null_count() == 0 => out.extend_from_slice(array.values()),
            Kind::Single(array) if array.null_count() == 0 => out.extend(array.values().iter().map(|&v| f64::from(v))),
            _ => return false,
        }
        true
    }

    /// Calls `visit` for every row with its number, `Ok(None)` for a null, or the value that is no number.
    ///
    /// Nothing is allocated per row, and the value of a dictionary is parsed once.
    pub fn visit_numbers(&self, mut visit: impl FnMut(usize, Result<Option<f64>, Value<'_>>)) {
        fn texts<'a>(
            texts: impl Iterator<Item = Option<&'a str>>,
            mut visit: impl FnMut(usize, Result<Option<f64>, Value<'_>>),
        ) {
            for (row, text) in texts.enumerate() {
                visit(row, text.map_or(Ok(None), |text| Value::Text(text).number()));
            }
        }
        fn numbers(
            numbers: impl Iterator<Item = Option<f64>>,
            mut visit: impl FnMut(usize, Result<Option<f64>, Value<'_>>),
        ) {
            for (row, number) in numbers.enumerate() {
                visit(row, Ok(number));
            }
        }
        match &self.kind {
            Kind::Text(array) => texts(array.iter(), visit),
            Kind::LargeText(array) => texts(array.iter(), visit),
            Kind::TextView(array) => texts(array.iter(), visit),
            Kind::Int(array) => numbers(array.iter().map(|value| value.map(|value| value as f64)), visit),
            Kind::Unsigned(array) => numbers(array.iter().map(|value| value.map(|value| value as f64)), visit),
            Kind::Float(array) | Kind::Decimal { number: array, .. } => numbers(array.iter(), visit),
            Kind::Single(array) => numbers(array.iter().map(|value| value.map(f64::from)), visit),
            Kind::Bool(array) => {
                numbers(array.iter().map(|value| value.map(|value| f64::from(u8::from(value)))), visit)
            }
            Kind::Null => numbers(std::iter::repeat_n(None, self.rows), visit),
            Kind::Dictionary { keys, nulls, values } => {
                let parsed: Vec<_> = (0..values.rows).map(|key| values.value(key).number()).collect();
                for (row, &key) in keys.iter().enumerate() {
                    let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                    visit(row, if null { Ok(None) } else { parsed.get(key).copied().unwrap_or(Ok(None)) });
                }
            }
        }
    }
}

/// Runs as a dictionary whose keys are their places.
fn runs<R: RunEndIndexType>(array: &RunArray<R>) -> Result<Kind, String> {
    let keys = (0..array.len()).map(|row| array.get_physical_index(row)).collect();
    Ok(Kind::Dictionary { keys, nulls: None, values: Box::new(Column::new(array.values())?) })
}

/// Bytes that are text.
fn utf8<'a>(bytes: impl Iterator<Item = Option<&'a [u8]>>, array: &ArrayRef) -> Result<StringArray, String> {
    let text = |bytes: Option<&'a [u8]>| bytes.map(std::str::from_utf8).transpose();
    bytes.map(text).collect::<Result<_, _>>().map_err(|_| describe_type(array.data_type()))
}

/// Moments and decimals as text; an error tells their type.
fn as_written(array: &ArrayRef) -> Result<StringArray, String> {
    formatted(array).ok_or_else(|| describe_type(array.data_type()))
}

/// What values of a type are, for people.
pub(super) fn describe_type(kind: &DataType) -> String {
    use DataType as T;
    match kind {
        T::List(_) | T::LargeList(_) | T::FixedSizeList(..) | T::ListView(_) | T::LargeListView(_) => "lists".into(),
        T::Struct(_) | T::Union(..) => "records".into(),
        T::Map(..) => "maps".into(),
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => "raw bytes".into(),
        T::Interval(_) | T::Duration(_) => "spans of time".into(),
        T::Dictionary(_, values) => describe_type(values),
        other => format!("values of type {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        BinaryArray, Date32Array, Decimal128Array, DictionaryArray, Int8Array, Int32Array, ListArray, NullArray,
        UInt64Array,
    };

    use super::*;

    fn column(array: impl Array + 'static) -> Column {
        let array: ArrayRef = Arc::new(array);
        Column::new(&array).unwrap()
    }

    fn numbers(column: &Column) -> Vec<Result<Option<f64>, String>> {
        let mut out = Vec::new();
        column.visit_numbers(|row, number| {
            assert_eq!(row, out.len());
            assert_eq!(format!("{number:?}"), format!("{:?}", column.value(row).number()));
            out.push(number.map_err(|value| value.to_string()));
        });
        assert_eq!(out.len(), column.rows());
        out
    }

    fn texts(column: &Column) -> Vec<String> {
        (0..column.rows()).map(|row| column.value(row).to_string()).collect()
    }

    #[test]
    fn text_is_parsed() {
        let values = vec![Some("1"), None, Some("-2.5e1"), Some(" 3"), Some("inf"), Some("4,5"), Some("")];
        let bad = |text: &str| Err(text.to_owned());
        let expected =
            [Ok(Some(1.0)), Ok(None), Ok(Some(-25.0)), bad(" 3"), Ok(Some(f64::INFINITY)), bad("4,5"), bad("")];
        assert_eq!(numbers(&column(StringArray::from(values.clone()))), expected);
        assert_eq!(numbers(&column(LargeStringArray::from(values.clone()))), expected);
        assert_eq!(numbers(&column(StringViewArray::from(values.clone()))), expected);
        let dictionary: DictionaryArray<Int8Type> = values.into_iter().collect();
        assert_eq!(numbers(&column(dictionary)), expected);
    }

    #[test]
    fn stored_numbers_are_shown_shortest() {
        assert_eq!(texts(&column(Int8Array::from(vec![Some(-7), None]))), ["-7", ""]);
        assert_eq!(texts(&column(UInt64Array::from(vec![u64::MAX]))), ["18446744073709551615"]);
        assert_eq!(texts(&column(Float32Array::from(vec![0.1, 1e10]))), ["0.1", "10000000000"]);
        assert_eq!(
            texts(&column(Float64Array::from(vec![0.1, 1.0, 1e-7, -2.5e300]))),
            ["0.1", "1", "1e-7", "-2.5e300"]
        );
        let decimals = Decimal128Array::from(vec![150, -1]).with_precision_and_scale(5, 2).unwrap();
        assert_eq!(texts(&column(decimals.clone())), ["1.50", "-0.01"]);
        assert_eq!(numbers(&column(decimals)), [Ok(Some(1.5)), Ok(Some(-0.01))]);
        assert_eq!(numbers(&column(BooleanArray::from(vec![true, false]))), [Ok(Some(1.0)), Ok(Some(0.0))]);
        assert_eq!(numbers(&column(NullArray::new(2))), [Ok(None), Ok(None)]);
        let dates = column(Date32Array::from(vec![0]));
        assert_eq!(numbers(&dates), [Err("1970-01-01".to_owned())]);
    }

    #[test]
    fn floats_without_nulls_are_taken_whole() {
        let mut out = vec![7.0];
        assert!(column(Float64Array::from(vec![0.1, f64::INFINITY])).floats(&mut out));
        assert!(column(Float32Array::from(vec![0.5])).floats(&mut out));
        assert!(!column(Float64Array::from(vec![Some(1.0), None])).floats(&mut out));
        assert!(!column(Int8Array::from(vec![1])).floats(&mut out));
        assert_eq!(out, [7.0, 0.1, f64::INFINITY, 0.5]);
    }

    #[test]
    fn runs_are_read_row_by_row() {
        let ends = Int32Array::from(vec![2, 3, 6]);
        let values = Int8Array::from(vec![Some(4), None, Some(5)]);
        let runs = RunArray::try_new(&ends, &values).unwrap();
        let (four, five) = (Ok(Some(4.0)), Ok(Some(5.0)));
        let expected = [four.clone(), four.clone(), Ok(None), five.clone(), five.clone(), five.clone()];
        assert_eq!(numbers(&column(runs.clone())), expected);
        assert_eq!(numbers(&column(runs.slice(1, 3))), [four, Ok(None), five]);
    }

    #[test]
    fn bytes_are_text_if_they_are_utf_8() {
        assert_eq!(texts(&column(BinaryArray::from(vec![b"ab".as_slice(), b""]))), ["ab", ""]);
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![[255_u8].as_slice()]));
        assert_eq!(Column::new(&bytes).unwrap_err(), "raw bytes");
    }

    #[test]
    fn dictionaries_without_values_are_nulls() {
        let none: DictionaryArray<Int8Type> = [None::<&str>, None].into_iter().collect();
        assert_eq!(numbers(&column(none)), [Ok(None), Ok(None)]);
    }

    #[test]
    fn rows_beyond_the_last_are_null() {
        assert!(column(Int8Array::from(vec![1])).value(1).is_null());
    }

    #[test]
    fn lists_are_no_column() {
        let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>([Some([Some(1.0)])]));
        assert_eq!(Column::new(&list).unwrap_err(), "lists");
    }
}
