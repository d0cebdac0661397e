//! The level of a value.

use std::collections::HashMap;

use super::decimal::Decimal;
use super::hash::Mixer;
use crate::column::{Value, boolean, parse_number};

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
/// boolean, stored or
/// written `true`, `True` or `TRUE`, is the level of one of these names, or else the level 1 or 0. Otherwise white space
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
pub(super) const KEPT: usize = 1 << 12;

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

    #[inline]
    pub(super) fn code_option(&mut self, text: Option<&str>) -> Code {
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

/// Equal numbers have equal bits, but for the two zeros.
fn bits(number: f64) -> u64 {
    if number == 0.0 { 0 } else { number.to_bits() }
}
