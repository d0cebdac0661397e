//! The rows of a batch as JSON objects, one on each line.

use std::io::{self, Write};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Fields};

use crate::column::{Column, Value};

/// The values of a column, or of a part of one.
enum Values {
    Plain(Column),
    /// The elements of row `i` are those of `ranges[i]`.
    Lists {
        ranges: Vec<(usize, usize)>,
        elements: Box<Values>,
        array: ArrayRef,
    },
    Records {
        members: Members,
        array: ArrayRef,
    },
}

/// The keys of an object, as they are written, with their values.
struct Members(Vec<(Vec<u8>, Values)>);

/// Writes every row of a batch; no value is left out, nulls are written.
///
/// # Errors
/// The inner error: a column and what it holds, where that has no place in JSON.
pub(super) fn write_objects(out: &mut dyn Write, batch: &RecordBatch) -> io::Result<Result<(), (String, String)>> {
    let schema = batch.schema();
    let mut members = Vec::with_capacity(batch.num_columns());
    for (array, field) in batch.columns().iter().zip(schema.fields()) {
        match Values::new(array) {
            Ok(values) => members.push((key(field.name())?, values)),
            Err(found) => return Ok(Err((field.name().clone(), found))),
        }
    }
    let members = Members(members);
    let mut line = Vec::new();
    for row in 0..batch.num_rows() {
        line.clear();
        members.write(row, &mut line)?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(Ok(()))
}

fn key(name: &str) -> io::Result<Vec<u8>> {
    let mut key = serde_json::to_vec(name)?;
    key.push(b':');
    Ok(key)
}

impl Members {
    fn new(fields: &Fields, columns: &[ArrayRef]) -> Result<Self, String> {
        let member = |(field, array): (&std::sync::Arc<arrow_schema::Field>, &ArrayRef)| {
            let key = key(field.name()).map_err(|error| error.to_string())?;
            Ok((key, Values::new(array)?))
        };
        fields.iter().zip(columns).map(member).collect::<Result<_, String>>().map(Self)
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) -> io::Result<()> {
        out.push(b'{');
        for (index, (key, values)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            values.write(row, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

impl Values {
    fn new(array: &ArrayRef) -> Result<Self, String> {
        fn lists<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> Vec<(usize, usize)> {
            offsets.windows(2).map(|pair| (pair[0].as_usize(), pair[1].as_usize())).collect()
        }
        let (ranges, elements) = match array.data_type() {
            DataType::List(_) => {
                let array = array.as_list::<i32>();
                (lists(array.offsets()), array.values().clone())
            }
            DataType::LargeList(_) => {
                let array = array.as_list::<i64>();
                (lists(array.offsets()), array.values().clone())
            }
            DataType::FixedSizeList(..) => {
                let array = array.as_fixed_size_list();
                let range = |row| {
                    let start = array.value_offset_at(row);
                    (start, start + usize::try_from(array.value_length()).unwrap_or(0))
                };
                ((0..array.len()).map(range).collect(), array.values().clone())
            }
            DataType::Struct(fields) => {
                let members = Members::new(fields, array.as_struct().columns())?;
                return Ok(Self::Records { members, array: array.clone() });
            }
            _ => return Column::new(array).map(Self::Plain),
        };
        Ok(Self::Lists { ranges, elements: Box::new(Self::new(&elements)?), array: array.clone() })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Plain(column) => write_value(column.value(row), out),
            Self::Lists { array, .. } | Self::Records { array, .. } if array.is_null(row) => {
                out.extend_from_slice(b"null");
                Ok(())
            }
            Self::Records { members, .. } => members.write(row, out),
            Self::Lists { ranges, elements, .. } => {
                out.push(b'[');
                let (start, end) = ranges.get(row).copied().unwrap_or_default();
                for place in start..end {
                    if place > start {
                        out.push(b',');
                    }
                    elements.write(place, out)?;
                }
                out.push(b']');
                Ok(())
            }
        }
    }
}

/// Numbers that JSON cannot write are nulls.
fn write_value(value: Value<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    match value {
        Value::Text(text) => Ok(serde_json::to_writer(out, text)?),
        Value::Float(number) => Ok(serde_json::to_writer(out, &number)?),
        // The digits of all other texts: where two are as short, the JSON library may take others.
        Value::Single(number) => Ok(serde_json::to_writer(out, &number.to_string().parse().unwrap_or(f64::NAN))?),
        Value::Null => out.write_all(b"null"),
        Value::Bool(_) | Value::Int(_) | Value::Decimal(..) => write!(out, "{value}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{FixedSizeListBuilder, Int32Builder};
    use arrow_array::types::Float64Type;
    use arrow_array::{BooleanArray, Decimal128Array, Float32Array, ListArray, MapArray, StringArray, StructArray};
    use arrow_schema::Field;

    use super::*;

    fn lines(columns: Vec<(&str, ArrayRef)>) -> String {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
        let mut out = Vec::new();
        write_objects(&mut out, &batch).unwrap().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_keep_their_types() {
        let decimals = Decimal128Array::from(vec![Some(150), None]).with_precision_and_scale(5, 2).unwrap();
        let text = lines(vec![
            ("a\"", Arc::new(StringArray::from(vec!["x\ny", "é"]))),
            ("f", Arc::new(Float32Array::from(vec![-15_809_865.0 / 4.0, f32::INFINITY]))),
            ("b", Arc::new(BooleanArray::from(vec![Some(true), None]))),
            ("d", Arc::new(decimals)),
        ]);
        assert_eq!(
            text,
            "{\"a\\\"\":\"x\\ny\",\"f\":-3952466.3,\"b\":true,\"d\":1.50}\n{\"a\\\"\":\"é\",\"f\":null,\"b\":null,\"d\":null}\n"
        );
    }

    #[test]
    fn lists_and_records_are_written_whole() {
        let lists = [Some(vec![Some(1.0), None]), None, Some(vec![]), Some(vec![Some(0.5)])];
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists));
        let mut pairs = FixedSizeListBuilder::new(Int32Builder::new(), 2);
        for start in [0, 2, 4, 6] {
            pairs.values().append_slice(&[start, start + 1]);
            pairs.append(start != 2);
        }
        let pairs: ArrayRef = Arc::new(pairs.finish());
        let field = |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
        let record: ArrayRef =
            Arc::new(StructArray::from(vec![(field("l", &lists), lists.clone()), (field("p", &pairs), pairs)]));
        let sliced = |array: &ArrayRef| array.slice(1, 3);
        let text = lines(vec![("r", sliced(&record)), ("l", sliced(&lists))]);
        let expected = [
            r#"{"r":{"l":null,"p":null},"l":null}"#,
            r#"{"r":{"l":[],"p":[4,5]},"l":[]}"#,
            r#"{"r":{"l":[0.5],"p":[6,7]},"l":[0.5]}"#,
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn maps_are_refused() {
        let keys = ["k"];
        let values: ArrayRef = Arc::new(Float32Array::from(vec![1.0]));
        let map = MapArray::new_from_strings(keys.into_iter(), values.as_ref(), &[0, 1]).unwrap();
        let batch = RecordBatch::try_from_iter([("m", Arc::new(map) as ArrayRef)]).unwrap();
        let refused = write_objects(&mut Vec::new(), &batch).unwrap();
        assert_eq!(refused, Err(("m".to_owned(), "maps".to_owned())));
    }
}
