//! A level among many, by its name or its number.

use std::collections::HashMap;

/// Finds a level among many: by value where both are numbers, else by text; of several the first.
#[derive(Clone, Debug, Default)]
pub struct LevelIndex {
    by_number: HashMap<(u64, Option<i128>), usize>,
    /// Of levels that are no numbers.
    words: HashMap<String, usize>,
    /// Of all levels.
    by_text: HashMap<String, usize>,
}

impl LevelIndex {
    pub fn new<'l>(levels: impl IntoIterator<Item = (&'l str, Option<f64>)>) -> LevelIndex {
        let mut index = LevelIndex::default();
        for (place, (text, number)) in levels.into_iter().enumerate() {
            match number {
                Some(number) => index.by_number.entry(bits(text, number)).or_insert(place),
                None => index.words.entry(text.to_owned()).or_insert(place),
            };
            index.by_text.entry(text.to_owned()).or_insert(place);
        }
        index
    }

    pub fn find(&self, text: &str, number: Option<f64>) -> Option<usize> {
        let Some(number) = number else { return self.by_text.get(text).copied() };
        let found = [self.by_number.get(&bits(text, number)), self.words.get(text)];
        found.into_iter().flatten().min().copied()
    }
}

/// Equal for equal numbers, the two zeros included; whole numbers beyond 2⁵³ with all their digits.
fn bits(text: &str, number: f64) -> (u64, Option<i128>) {
    ((number + 0.0).to_bits(), crate::program::beyond_doubles(text, number))
}
