//! The levels of a column, in loops that suit what it stores.

use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};

use super::coder::{Code, LevelCoder};
use crate::column::{Column, Kind, Value};

/// Distinct stored numbers that are told apart by comparing with all of them.
const FEW: usize = 4;
/// Numbers between two looks at whether they are few.
const PIECE: usize = 1 << 10;

impl LevelCoder {
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
}

/// The first number of a piece that is not among those known.
fn unknown<N: Copy + PartialEq>(known: &[(N, Code); FEW], piece: &[N]) -> Option<N> {
    let is_known = |number: &N| known.iter().fold(false, |any, known| any | (known.0 == *number));
    let all = piece.iter().fold(true, |all, number| all & is_known(number));
    if all { None } else { piece.iter().find(|number| !is_known(number)).copied() }
}
