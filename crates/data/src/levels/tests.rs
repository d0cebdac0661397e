//! Which values are which levels.

use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
    StringArray, StringViewArray, UInt64Array,
};

use super::coder::KEPT;
use super::*;
use crate::column::Column;

const NULL: i32 = -1;
const UNKNOWN: i32 = -2;

fn codes(levels: &[Level], array: impl Array + 'static) -> Vec<i32> {
    let array: ArrayRef = Arc::new(array);
    let column = Column::new(&array).unwrap();
    let mut coder = LevelCoder::new(levels);
    let mut codes = Vec::new();
    for _ in 0..2 {
        codes.clear(); // the second time from the values seen
        coder.encode(&column, &mut codes);
    }
    codes
        .into_iter()
        .map(|code| match code {
            Code::NULL => NULL,
            Code::UNKNOWN => UNKNOWN,
            code => code.level().unwrap() as i32,
        })
        .collect()
}

fn names() -> Vec<Level> {
    vec![Level::name("female"), Level::name("male")]
}

fn digits() -> Vec<Level> {
    vec![Level::number("0", 0.0), Level::number("1", 1.0)]
}

#[test]
fn names_match_exactly() {
    let values = vec![Some("male"), None, Some("female"), Some("Male"), Some("male "), Some("")];
    let expected = [1, NULL, 0, UNKNOWN, UNKNOWN, UNKNOWN];
    assert_eq!(codes(&names(), StringArray::from(values.clone())), expected);
    assert_eq!(codes(&names(), StringViewArray::from(values.clone())), expected);
    let dictionary: DictionaryArray<Int8Type> = values.into_iter().collect();
    assert_eq!(codes(&names(), dictionary), expected);
}

#[test]
fn numbers_match_as_numbers() {
    let texts = StringArray::from(vec!["1", "1.0", "01", "-0", "2", "true", "1 ", "1e0"]);
    assert_eq!(codes(&digits(), texts), [1, 1, 1, 0, UNKNOWN, 1, UNKNOWN, 1]);
    assert_eq!(
        codes(&digits(), Float64Array::from(vec![Some(1.0), Some(-0.0), None, Some(0.5)])),
        [1, 0, NULL, UNKNOWN]
    );
    assert_eq!(codes(&digits(), Int64Array::from(vec![0, 1, 2])), [0, 1, UNKNOWN]);
    assert_eq!(codes(&digits(), Float64Array::from(vec![f64::NAN])), [UNKNOWN]);
    assert_eq!(codes(&names(), Int64Array::from(vec![0])), [UNKNOWN]);
    let quoted = [Level::name("7"), Level::name("0.1")];
    assert_eq!(codes(&quoted, Int64Array::from(vec![7, 8])), [0, UNKNOWN]);
    assert_eq!(codes(&quoted, Float32Array::from(vec![0.1, 7.0])), [1, 0]);
    assert_eq!(codes(&quoted, StringArray::from(vec!["7.0"])), [UNKNOWN]);
}

#[test]
fn long_numbers_are_told_apart_by_all_their_digits() {
    let level = |text: &str| Level::number(text, text.parse().unwrap());
    let levels = [
        level("9007199254740992"),
        level("9007199254740993"),
        level("0.1"),
        level("-123456789012345678901234567890"),
        level("1e20"),
    ];
    let texts = vec!["9007199254740993", "9007199254740993.0", "9007199254740994", "0.10", "0.10000000000000000001"];
    assert_eq!(codes(&levels, StringArray::from(texts)), [1, 1, UNKNOWN, 2, UNKNOWN]);
    let long = vec!["-123456789012345678901234567890", "-123456789012345678901234567891", "100000000000000000000"];
    assert_eq!(codes(&levels, StringArray::from(long)), [3, UNKNOWN, 4]);
    let ints = vec![9_007_199_254_740_992, 9_007_199_254_740_993, 9_007_199_254_740_994, 0];
    assert_eq!(codes(&levels, Int64Array::from(ints)), [0, 1, UNKNOWN, UNKNOWN]);
    let unsigned = UInt64Array::from(vec![9_007_199_254_740_993, u64::MAX]);
    assert_eq!(codes(&levels, unsigned), [1, UNKNOWN]);
    // A double is one number, whatever was rounded to it.
    assert_eq!(codes(&levels, Float64Array::from(vec![9_007_199_254_740_992.0, 0.1, 1e20])), [0, 2, 4]);
    assert_eq!(codes(&[level("9007199254740993")], Float64Array::from(vec![9_007_199_254_740_992.0])), [UNKNOWN]);
    let decimals = Decimal128Array::from(vec![900_719_925_474_099_300, 10, 11]).with_precision_and_scale(30, 2);
    assert_eq!(codes(&levels, decimals.unwrap()), [1, 2, UNKNOWN]);
}

#[test]
fn few_distinct_numbers_are_coded_like_many() {
    let levels: Vec<Level> = (0..9).map(|i| Level::number(i.to_string(), f64::from(i))).collect();
    for distinct in 1..9 {
        // The last value appears late, and one that is no level later still.
        let mut numbers: Vec<i64> = (0..3000).map(|i| i % distinct.max(2) / 2).collect();
        numbers.extend([distinct, 99, 0]);
        let expected: Vec<i32> = numbers.iter().map(|&n| if n == 99 { UNKNOWN } else { n as i32 }).collect();
        assert_eq!(codes(&levels, Int64Array::from(numbers.clone())), expected, "{distinct}");
        let with_null: Vec<Option<f64>> = numbers.iter().map(|&n| Some(n as f64)).chain([None]).collect();
        let expected: Vec<i32> = expected.into_iter().chain([NULL]).collect();
        assert_eq!(codes(&levels, Float64Array::from(with_null)), expected, "{distinct}");
    }
}

#[test]
fn booleans_match_words_or_digits() {
    let values = || BooleanArray::from(vec![Some(true), Some(false), None]);
    assert_eq!(codes(&digits(), values()), [1, 0, NULL]);
    let words = [Level::name("true"), Level::name("false")];
    assert_eq!(codes(&words, values()), [0, 1, NULL]);
    let spelled = || StringArray::from(vec!["true", "True", "TRUE", "FALSE", "tRUE"]);
    assert_eq!(codes(&words, spelled()), [0, 0, 0, 1, UNKNOWN]);
    assert_eq!(codes(&digits(), spelled()), [1, 1, 1, 0, UNKNOWN]);
    let shouted = [Level::name("FALSE"), Level::name("TRUE"), Level::name("True")];
    assert_eq!(codes(&shouted, spelled()), [2, 2, 1, 0, UNKNOWN]);
    assert_eq!(codes(&shouted, values()), [2, 0, NULL]);
    assert_eq!(codes(&names(), values()), [UNKNOWN, UNKNOWN, NULL]);
}

#[test]
fn more_values_than_are_kept() {
    let texts: Vec<String> = (0..3 * KEPT).map(|value| format!("v{value}")).collect();
    let levels = [Level::name(format!("v{}", 3 * KEPT - 1)), Level::number("1", 1.0)];
    let mut expected = vec![UNKNOWN; texts.len()];
    *expected.last_mut().unwrap() = 0;
    assert_eq!(codes(&levels, StringArray::from(texts)), expected);
}

#[test]
fn the_first_of_equal_levels_counts() {
    let levels = [Level::number("1", 1.0), Level::number("1.0", 1.0)];
    assert_eq!(codes(&levels, StringArray::from(vec!["1", "1.00"])), [0, 0]);
    assert_eq!(codes(&[], StringArray::from(vec!["1"])), [UNKNOWN]);
}
