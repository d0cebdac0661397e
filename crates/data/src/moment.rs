//! Decimals, dates and times as text: all digits of the one, ISO 8601 for the others.

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{as_date, as_datetime, as_datetime_with_timezone, as_time};
use arrow_array::timezone::Tz;
use arrow_array::types::{
    ArrowPrimitiveType, ArrowTemporalType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::{DataType, TimeUnit};

/// The text of each value; none if one has none, as a day beyond the years that can be written, or if values of this type
/// are neither decimals nor moments.
pub(super) fn formatted(array: &ArrayRef) -> Option<StringArray> {
    use DataType as T;
    match array.data_type() {
        T::Decimal32(..) => Some(decimals::<Decimal32Type>(array)),
        T::Decimal64(..) => Some(decimals::<Decimal64Type>(array)),
        T::Decimal128(..) => Some(decimals::<Decimal128Type>(array)),
        T::Decimal256(..) => Some(decimals::<Decimal256Type>(array)),
        T::Date32 => texts::<Date32Type>(array, |day| Some(as_date::<Date32Type>(day.into())?.to_string())),
        T::Date64 => texts::<Date64Type>(array, |moment| Some(format!("{:?}", as_datetime::<Date64Type>(moment)?))),
        T::Time32(TimeUnit::Second) => times::<Time32SecondType>(array),
        T::Time32(_) => times::<Time32MillisecondType>(array),
        T::Time64(TimeUnit::Nanosecond) => times::<Time64NanosecondType>(array),
        T::Time64(_) => times::<Time64MicrosecondType>(array),
        T::Timestamp(unit, zone) => {
            let zone = zone.as_deref();
            match unit {
                TimeUnit::Second => stamps::<TimestampSecondType>(array, zone),
                TimeUnit::Millisecond => stamps::<TimestampMillisecondType>(array, zone),
                TimeUnit::Microsecond => stamps::<TimestampMicrosecondType>(array, zone),
                TimeUnit::Nanosecond => stamps::<TimestampNanosecondType>(array, zone),
            }
        }
        _ => None,
    }
}

fn decimals<T: DecimalType>(array: &ArrayRef) -> StringArray {
    let array = array.as_primitive::<T>();
    (0..array.len()).map(|row| array.is_valid(row).then(|| array.value_as_string(row))).collect()
}

fn texts<T: ArrowPrimitiveType>(array: &ArrayRef, text: impl Fn(T::Native) -> Option<String>) -> Option<StringArray> {
    // The outer option: whether the value has a text. The inner one: whether there is a value.
    array.as_primitive::<T>().iter().map(|value| value.map_or(Some(None), |value| text(value).map(Some))).collect()
}

fn times<T: ArrowTemporalType>(array: &ArrayRef) -> Option<StringArray>
where
    i64: From<T::Native>,
{
    texts::<T>(array, |moment| Some(format!("{:?}", as_time::<T>(moment.into())?)))
}

/// Moments with a zone that is an offset are written with it; those with a named zone in UTC, which is the same moment.
fn stamps<T: ArrowTemporalType<Native = i64>>(array: &ArrayRef, zone: Option<&str>) -> Option<StringArray> {
    let Some(zone) = zone else {
        return texts::<T>(array, |moment| Some(format!("{:?}", as_datetime::<T>(moment)?)));
    };
    let zone: Tz = zone.parse().or_else(|_| "+00:00".parse()).ok()?;
    texts::<T>(array, |moment| {
        let text = as_datetime_with_timezone::<T>(moment, zone)?.to_rfc3339();
        Some(text.strip_suffix("+00:00").map_or(text.clone(), |utc| format!("{utc}Z")))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        Date32Array, Date64Array, Decimal128Array, Time32MillisecondArray, Time64NanosecondArray,
        TimestampMicrosecondArray, TimestampSecondArray,
    };

    use super::*;

    fn text(array: impl Array + 'static) -> Option<String> {
        let array: ArrayRef = Arc::new(array);
        formatted(&array).map(|texts| texts.value(0).to_owned())
    }

    #[test]
    fn moments_are_written_in_iso_8601() {
        assert_eq!(text(Date32Array::from(vec![-1])).as_deref(), Some("1969-12-31"));
        assert_eq!(text(Date64Array::from(vec![86_400_000])).as_deref(), Some("1970-01-02T00:00:00"));
        assert_eq!(text(Time32MillisecondArray::from(vec![3_723_500])).as_deref(), Some("01:02:03.500"));
        assert_eq!(text(Time64NanosecondArray::from(vec![1])).as_deref(), Some("00:00:00.000000001"));
        let stamp = || TimestampMicrosecondArray::from(vec![1_600_000_000_250_000]);
        assert_eq!(text(stamp()).as_deref(), Some("2020-09-13T12:26:40.250"));
        assert_eq!(text(stamp().with_timezone("+02:00")).as_deref(), Some("2020-09-13T14:26:40.250+02:00"));
        assert_eq!(text(stamp().with_timezone("UTC")).as_deref(), Some("2020-09-13T12:26:40.250Z"));
        assert_eq!(text(stamp().with_timezone("Europe/Berlin")).as_deref(), Some("2020-09-13T12:26:40.250Z"));
        assert_eq!(text(TimestampSecondArray::from(vec![i64::MAX])), None);
    }

    #[test]
    fn decimals_keep_their_digits() {
        let decimals = Decimal128Array::from(vec![-150]).with_precision_and_scale(5, 2);
        assert_eq!(decimals.ok().and_then(text).as_deref(), Some("-1.50"));
    }
}
