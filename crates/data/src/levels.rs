//! From the values of a categorical column to small integers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};

use super::column::{Column, Kind, Value, boolean, parse_number};

/// One level of a categorical column, as declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its text.
    pub text: String,
    /// Its number, if it was written as one.
    pub number: Option<f64>,
}

impl Level {
    /// A level that is a name.
    pub fn name(text: impl Into<String>) -> Self {
        Self { text: text.into(), number: None }
    }

    /// A level that is a number; `text` is how it was written.
    pub fn number(text: impl Into<String>, number: f64) -> Self {
        Self { text: text.into(), number: Some(number) }
    }
}

/// What a value is among the levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(u32);

impl Code {
    /// The value is null.
    pub const NULL: Self = Self(u32::MAX);
    /// The value is no level.
    pub const UNKNOWN: Self = Self(u32::MAX - 1);

    /// Position of the level in the list, if it is one.
    #[inline]
    pub fn level(self) -> Option<usize> {
        (self.0 < Self::UNKNOWN.0).then_some(self.0 as usize)
    }

    fn of_level(position: usize) -> Self {
        u32::try_from(position).ok().filter(|&code| code < Self::UNKNOWN.0).map_or(Self::UNKNOWN, Self)
    }
}

/// Finds the level of each value.
///
/// Text is a level if it is the level's text, or if both are numbers and equal: `1.0`, `01` and `1` are all the
/// level `1`. A stored number is the level that is this number, or else whose text is its shortest text. Numbers are equal
/// if all their digits are, however many, but for stored floats, of which a level is that whose nearest double they are. A
/// boolean, stored
/// or written `true`, `True` or `TRUE`, is the level of one of these names, or else the level 1 or 0. Otherwise white space
/// and case count.
///
/// Distinct values that have been looked up are kept, so that a column costs one small hash per row.
#[derive(Debug, Clone)]
pub struct LevelCoder {
    /// Levels and other values seen, by their bytes.
    texts: HashMap<Box<[u8]>, Code, Mixer>,
    /// Levels that are numbers, by the bits of the nearest double.
    numbers: HashMap<u64, Vec<Numbered>, Mixer>,
    /// How many values beside the levels `texts` may still take.
    room: usize,
}

/// A level that is a number.
#[derive(Debug, Clone)]
struct Numbered {
    code: Code,
    /// Its digits; none where the text is no plain decimal.
    decimal: Option<Decimal>,
    /// Its value, if it is a whole number.
    whole: Option<i128>,
}

/// Values kept beside the levels. A column with more distinct values than this is still right, but slower.
const KEPT: usize = 1 << 12;

/// Distinct stored numbers that are told apart by comparing with all of them.
const FEW: usize = 4;
/// Numbers between two looks at whether they are few.
const PIECE: usize = 1 << 10;

impl LevelCoder {
    /// A coder for these levels; of equal levels the first counts.
    pub fn new(levels: &[Level]) -> Self {
        let mut coder = Self { texts: HashMap::default(), numbers: HashMap::default(), room: KEPT };
        for (position, level) in levels.iter().enumerate() {
            let code = Code::of_level(position);
            coder.texts.entry(level.text.as_bytes().into()).or_insert(code);
            if let Some(number) = level.number {
                let decimal = Decimal::parse(&level.text);
                let whole = decimal.as_ref().and_then(Decimal::whole);
                coder.numbers.entry(bits(number)).or_default().push(Numbered { code, decimal, whole });
            }
        }
        coder
    }

    /// The code of one value.
    pub fn code(&mut self, value: Value<'_>) -> Code {
        match value {
            Value::Null => Code::NULL,
            Value::Text(text) => self.code_text(text),
            Value::Bool(value) => {
                let spellings = if value { ["true", "True", "TRUE"] } else { ["false", "False", "FALSE"] };
                let known = spellings.iter().filter_map(|text| self.texts.get(text.as_bytes()).copied());
                let named = known.into_iter().find(|code| code.level().is_some());
                named.unwrap_or_else(|| self.find_float(f64::from(u8::from(value))))
            }
            Value::Int(number) => self.or_text(self.find_int(number), value),
            Value::Float(number) => self.or_text(self.find_float(number), value),
            Value::Single(number) => self.or_text(self.find_float(number.into()), value),
            Value::Decimal(text, number) => self.or_text(self.find_text(text, number), value),
        }
    }

    /// The code that was found, or else that of the level with the value's text.
    fn or_text(&self, code: Code, value: Value<'_>) -> Code {
        match code {
            Code::UNKNOWN => self.texts.get(value.to_string().as_bytes()).copied().unwrap_or(Code::UNKNOWN),
            code => code,
        }
    }

    /// Appends the code of every row of a column to `codes`.
    pub fn encode(&mut self, column: &Column, codes: &mut Vec<Code>) {
        codes.reserve(column.rows());
        match &column.kind {
            Kind::Text(array) => codes.extend(array.iter().map(|text| self.code_option(text))),
            Kind::LargeText(array) => codes.extend(array.iter().map(|text| self.code_option(text))),
            Kind::TextView(array) => codes.extend(array.iter().map(|text| self.code_option(text))),
            Kind::Dictionary { keys, nulls, values } => {
                let known: Vec<Code> = (0..values.rows()).map(|key| self.code(values.value(key))).collect();
                codes.extend(keys.iter().enumerate().map(|(row, &key)| {
                    let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                    if null { Code::NULL } else { known.get(key).copied().unwrap_or(Code::NULL) }
                }));
            }
            Kind::Float(array) => self.encode_array(array, Value::Float, codes),
            Kind::Single(array) => self.encode_array(array, Value::Single, codes),
            Kind::Int(array) => self.encode_array(array, |value| Value::Int(value.into()), codes),
            Kind::Unsigned(array) => self.encode_array(array, |value| Value::Int(value.into()), codes),
            Kind::Bool(array) => self.encode_numbers(array.iter(), Value::Bool, codes),
            Kind::Decimal { .. } | Kind::Null => self.encode_values(column, codes),
        }
    }

    fn encode_array<A: ArrowPrimitiveType>(
        &mut self,
        array: &PrimitiveArray<A>,
        value: impl Fn(A::Native) -> Value<'static>,
        codes: &mut Vec<Code>,
    ) {
        if array.null_count() > 0 || !self.encode_few(array.values(), &value, codes) {
            self.encode_numbers(array.iter(), value, codes);
        }
    }

    /// A column of [`FEW`] values, in loops that vectorise; false, and nothing is done, for one of more.
    fn encode_few<N: Copy + PartialEq>(
        &mut self,
        numbers: &[N],
        value: impl Fn(N) -> Value<'static>,
        codes: &mut Vec<Code>,
    ) -> bool {
        let Some(&first) = numbers.first() else { return true };
        // What is not known yet stands as the first once more.
        let start = (first, self.code(value(first)));
        let mut known = [start; FEW];
        let mut count = 1;
        for piece in numbers.chunks(PIECE) {
            while let Some(new) = unknown(&known, piece) {
                let Some(slot) = known.get_mut(count) else { return false };
                *slot = (new, self.code(value(new)));
                count += 1;
            }
        }
        let code =
            |number: &N| known.iter().fold(start.1, |code, known| if *number == known.0 { known.1 } else { code });
        codes.extend(numbers.iter().map(code));
        true
    }

    /// Stored numbers: two values often make up most of a column, in no order that a processor could guess.
    fn encode_numbers<N: Copy + PartialEq>(
        &mut self,
        numbers: impl Iterator<Item = Option<N>>,
        value: impl Fn(N) -> Value<'static>,
        codes: &mut Vec<Code>,
    ) {
        let mut known: Option<[(N, Code); 2]> = None;
        codes.extend(numbers.map(|number| {
            let Some(number) = number else { return Code::NULL };
            if let Some([first, second]) = known
                && (number == first.0) | (number == second.0)
            {
                return if number == first.0 { first.1 } else { second.1 };
            }
            let found = (number, self.code(value(number)));
            known = Some([found, known.map_or(found, |[last, _]| last)]);
            found.1
        }));
    }

    /// The same value often stands in many rows on end.
    fn encode_values(&mut self, column: &Column, codes: &mut Vec<Code>) {
        let mut last = (Value::Null, Code::NULL);
        for row in 0..column.rows() {
            let value = column.value(row);
            if value != last.0 {
                last = (value, self.code(value));
            }
            codes.push(last.1);
        }
    }

    #[inline]
    fn code_option(&mut self, text: Option<&str>) -> Code {
        text.map_or(Code::NULL, |text| self.code_text(text))
    }

    #[inline]
    fn code_text(&mut self, text: &str) -> Code {
        match self.texts.get(text.as_bytes()) {
            Some(&code) => code,
            None => self.learn(text),
        }
    }

    #[cold]
    fn learn(&mut self, text: &str) -> Code {
        let number = if self.numbers.is_empty() { None } else { parse_number(text) };
        let code = match (number, boolean(text)) {
            (_, Some(value)) => self.code(Value::Bool(value)),
            (Some(number), None) => self.find_text(text, number),
            (None, None) => Code::UNKNOWN,
        };
        if self.room > 0 {
            self.room -= 1;
            self.texts.insert(text.as_bytes().into(), code);
        }
        code
    }

    /// The level that is a number, of those with the same nearest double.
    fn find(&self, nearest: f64, is: impl Fn(&Numbered) -> bool) -> Code {
        let level = self.numbers.get(&bits(nearest)).and_then(|levels| levels.iter().find(|level| is(level)));
        level.map_or(Code::UNKNOWN, |level| level.code)
    }

    fn find_int(&self, number: i128) -> Code {
        self.find(number as f64, |level| level.whole.is_none_or(|whole| whole == number) && level.is_whole())
    }

    fn find_float(&self, number: f64) -> Code {
        // Doubles this large are whole numbers, and several whole numbers may have the same nearest double.
        const LAST: f64 = 9_007_199_254_740_992.0;
        self.find(number, |level| number.abs() < LAST || level.whole.is_none_or(|whole| whole == number as i128))
    }

    /// Of the digits `text`, whose nearest double is `number`.
    fn find_text(&self, text: &str, number: f64) -> Code {
        let decimal = Decimal::parse(text);
        self.find(number, |level| match (&level.decimal, &decimal) {
            (Some(level), Some(decimal)) => level == decimal,
            // `inf`, say.
            (None, _) | (_, None) => true,
        })
    }
}

impl Numbered {
    /// Whether it may be a whole number; more digits than fit are not told apart.
    fn is_whole(&self) -> bool {
        self.decimal.as_ref().is_none_or(|decimal| decimal.exponent >= 0)
    }
}

/// A decimal number, digit by digit: `±digits · 10^exponent`, without zeros at either end of the digits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Of text like `-12.50`, `1e6` or `20%`.
    fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (rest, percent) = rest.strip_suffix('%').map_or((rest, 0), |rest| (rest, -2));
        let (mantissa, power) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Decimal { negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let places = i64::try_from(fraction.len()).ok()?;
        let exponent = power.checked_add(percent)?.checked_sub(places)?.checked_add(zeros)?;
        Some(Decimal { negative, digits: digits.trim_start_matches('0').to_owned(), exponent })
    }

    /// Its value, if it is a whole number that fits.
    fn whole(&self) -> Option<i128> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let digits: i128 = self.digits.parse().ok()?;
        let size = digits.checked_mul(10_i128.checked_pow(u32::try_from(self.exponent).ok()?)?)?;
        Some(if self.negative { -size } else { size })
    }
}

/// The first number of a piece that is not among those known.
fn unknown<N: Copy + PartialEq>(known: &[(N, Code); FEW], piece: &[N]) -> Option<N> {
    let is_known = |number: &N| known.iter().fold(false, |any, known| any | (known.0 == *number));
    let all = piece.iter().fold(true, |all, number| all & is_known(number));
    if all { None } else { piece.iter().find(|number| !is_known(number)).copied() }
}

/// Equal numbers have equal bits, but for the two zeros.
fn bits(number: f64) -> u64 {
    if number == 0.0 { 0 } else { number.to_bits() }
}

type Mixer = BuildHasherDefault<Mix>;

/// A multiplicative hash for the short keys above. The maps are small, so it need not withstand an adversary.
#[derive(Debug, Clone, Copy, Default)]
struct Mix(u64);

impl Mix {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for Mix {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = 0;
        for &byte in rest {
            last = last << 8 | u64::from(byte);
        }
        self.add(last);
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.add(word as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::{
        Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
        StringArray, StringViewArray, UInt64Array,
    };

    use super::*;

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
        let texts =
            vec!["9007199254740993", "9007199254740993.0", "9007199254740994", "0.10", "0.10000000000000000001"];
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
}
