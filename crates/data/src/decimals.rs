//! Decimals of damaged files.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, DataType};

/// Fails if a decimal has more digits than its type: whoever writes it in as many bytes as these need would cut it, and readers
/// refuse it.
pub(super) fn check_decimals(batch: &RecordBatch) -> Result<(), ArrowError> {
    batch.columns().iter().try_for_each(|column| check(column))
}

fn check(array: &dyn Array) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::Decimal32(digits, _) => array.as_primitive::<Decimal32Type>().validate_decimal_precision(*digits),
        DataType::Decimal64(digits, _) => array.as_primitive::<Decimal64Type>().validate_decimal_precision(*digits),
        DataType::Decimal128(digits, _) => array.as_primitive::<Decimal128Type>().validate_decimal_precision(*digits),
        DataType::Decimal256(digits, _) => array.as_primitive::<Decimal256Type>().validate_decimal_precision(*digits),
        DataType::Struct(_) => array.as_struct().columns().iter().try_for_each(|column| check(column)),
        DataType::List(_) => check(array.as_list::<i32>().values()),
        DataType::LargeList(_) => check(array.as_list::<i64>().values()),
        DataType::FixedSizeList(..) => check(array.as_fixed_size_list().values()),
        DataType::Map(..) => check(array.as_map().entries()),
        DataType::Dictionary(..) => check(array.as_any_dictionary().values()),
        _ => Ok(()),
    }
}
