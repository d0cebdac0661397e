//! The rows of a table as applicants: whether each is selected, or a score, and their categories.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::columns_of;
use crate::data::{Batch, Place, Value, header_hint};
use crate::language::words::{listed, nearest};
use crate::report::impact::{Coded, OtherDecision};
use crate::source::{Failure, Front};

/// More categories in a column are no categories, and more decisions no decisions.
const MOST_VALUES: usize = 200;
/// How many values a message lists.
const MOST_LISTED: usize = 8;

/// How a table is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Values that say that a category is not known.
    pub unknown: Vec<String>,
    /// The decisions that count as selected; without them decisions are 0 and 1, or scores.
    pub selected: Vec<String>,
    /// Leaves out rows without a decision.
    pub skip_empty: bool,
}

/// The applicants: a score for each, and their categories.
#[derive(Clone, Debug, Default)]
pub struct Applicants {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) reading: Reading,
    pub(super) scores: Vec<f64>,
    pub(super) by: Vec<Coded>,
    /// Rows without a decision.
    pub(super) empty: usize,
    /// Those of the texts for unknown categories that some row has.
    met: BTreeSet<String>,
    /// Of each column, the codes of its values.
    codes: Vec<HashMap<String, u32>>,
    /// Decisions that are words, and how many have each.
    words: BTreeMap<String, usize>,
    first_word: Option<(String, Place)>,
    first_empty: Option<Place>,
}

/// Which columns are read: that of the decisions or scores first.
///
/// # Errors
/// The table has no such column, or one is named twice.
pub fn impact_columns<'a>(
    table: &str,
    known: &[String],
    prediction: &'a str,
    by: &'a [String],
    front: &Front,
) -> Result<Vec<&'a str>, Failure> {
    let named: Vec<&str> = std::iter::once(prediction).chain(by.iter().map(String::as_str)).collect();
    for (place, name) in named.iter().enumerate() {
        if !known.iter().any(|column| column == name) {
            let message = format!("`{table}` has no column `{name}`");
            let hint = header_hint(known).filter(|_| front.reads_text);
            return Err(Failure::new(message, hint.unwrap_or_else(|| columns_of(known, Some(name)))));
        }
        if named.iter().take(place).any(|other| other == name) {
            return Err(Failure::new(format!("the column `{name}` is named twice"), "name each column once"));
        }
    }
    Ok(named)
}

impl Applicants {
    /// None yet; `columns` are those of [`impact_columns`].
    pub fn of(table: &str, columns: &[&str], reading: Reading) -> Applicants {
        let (prediction, by) = columns.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let coded = |name: &&str| Coded { name: (*name).to_owned(), ..Coded::default() };
        Applicants {
            table: table.to_owned(),
            column: prediction.to_owned(),
            reading,
            by: by.iter().map(coded).collect(),
            codes: vec![HashMap::new(); by.len()],
            ..Applicants::default()
        }
    }

    /// The texts for unknown categories that no row has.
    pub fn unmet(&self) -> impl Iterator<Item = &str> {
        self.reading.unknown.iter().filter(|text| !self.met.contains(*text)).map(String::as_str)
    }

    /// Reads those of a batch of the columns. Decisions that are words or empty are noted, for `refuse` to name all.
    ///
    /// # Errors
    /// What cannot be read, and columns of too many values.
    pub fn read(&mut self, batch: &Batch) -> Result<(), Failure> {
        let scores = batch.column(0)?;
        let mut kept = Vec::with_capacity(batch.rows());
        for row in 0..batch.rows() {
            if let Some(score) = self.score(scores.value(row), batch.place(row)) {
                self.scores.push(score);
                kept.push(row);
            }
        }
        for (place, (column, codes)) in self.by.iter_mut().zip(&mut self.codes).enumerate() {
            let values = batch.column(place + 1)?;
            for &row in &kept {
                let text = values.value(row).to_string();
                let unknown = self.reading.unknown.contains(&text);
                if unknown && !self.met.contains(&text) {
                    self.met.insert(text.clone());
                }
                let known = !(unknown || values.value(row).is_null() || text.is_empty());
                column.codes.push(if known { code(text, codes, &mut column.values) } else { None });
            }
            if column.values.len() > MOST_VALUES {
                let message = format!("`{}` has more than {MOST_VALUES} different values", column.name);
                return Err(Failure::new(message, "name a column of categories, such as `sex` or `race`"));
            }
        }
        Ok(())
    }

    /// The score of a row, or 1 and 0 for words that count as selected and others; none where there is neither.
    fn score(&mut self, value: Value<'_>, place: Place) -> Option<f64> {
        if is_empty(value) {
            self.empty += 1;
            self.first_empty.get_or_insert(place);
            return None;
        }
        let number = value.number().ok().flatten().filter(|number| number.is_finite());
        if self.reading.selected.is_empty() && number.is_some() {
            return number;
        }
        let text = value.to_string();
        let selected = self.reading.selected.contains(&text);
        self.first_word.get_or_insert_with(|| (text.clone(), place));
        if selected || self.words.len() <= MOST_VALUES {
            *self.words.entry(text).or_default() += 1;
        }
        (!self.reading.selected.is_empty()).then_some(f64::from(u8::from(selected)))
    }

    /// Whether the applicants can be counted.
    ///
    /// # Errors
    /// No rows, decisions that are words or empty where nothing says what these mean, and a word that no row has.
    pub(super) fn refuse(&self, front: &Front) -> Result<(), Failure> {
        if self.scores.is_empty() && self.empty == 0 && self.words.is_empty() {
            return Err(Failure::new(format!("`{}` has no rows", self.table), "a header alone is no data"));
        }
        if let Some((word, place)) = self.first_word.as_ref().filter(|_| self.reading.selected.is_empty()) {
            return Err(self.no_number(word, *place, front));
        }
        if let Some(place) = self.first_empty.filter(|_| !self.reading.skip_empty) {
            let (empty, rows) = (self.empty, self.empty + self.scores.len());
            let message =
                format!("`{}` is empty in {empty} of {rows} rows, first in {place} of `{}`", self.column, self.table);
            let help =
                format!("leave out people who were not judged with {}; the report says how many", front.skip_empty);
            return Err(Failure::new(message, help));
        }
        if let Some(missing) = self.reading.selected.iter().find(|name| !self.words.contains_key(*name)) {
            let near = nearest(missing, self.words.keys().map(String::as_str));
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let help = format!("{near}`{}` holds {}", self.column, listed(self.words.keys(), MOST_LISTED));
            return Err(Failure::new(format!("no row of `{}` has `{missing}` in `{}`", self.table, self.column), help));
        }
        match self.scores.is_empty() {
            true => Err(Failure::new(
                format!("`{}` is empty in every row of `{}`", self.column, self.table),
                "name the column of the decisions",
            )),
            false => Ok(()),
        }
    }

    /// Words alone are decisions; among numbers, one is a slip.
    fn no_number(&self, word: &str, place: Place, front: &Front) -> Failure {
        if !self.scores.is_empty() {
            let message = format!("`{}` is `{word}`, which is no number, in {place} of `{}`", self.column, self.table);
            let help = "decisions are 0 or 1 (`true` and `false` will do), or words alone; scores are numbers";
            return Failure::new(message, help);
        }
        let message = format!("`{}` holds {}, not 0 and 1", self.column, listed(self.words.keys(), MOST_LISTED));
        Failure::new(message, format!("say which of them count as selected, with {}", front.selected))
    }

    /// The decisions that do not count as selected, where words say which do: those that most have first.
    pub(super) fn not_selected(&self) -> Vec<OtherDecision> {
        if self.reading.selected.is_empty() {
            return Vec::new();
        }
        let others = self.words.iter().filter(|(word, _)| !self.reading.selected.contains(word));
        let other = |(word, &applicants): (&String, &usize)| OtherDecision { decision: word.clone(), applicants };
        let mut others: Vec<OtherDecision> = others.map(other).collect();
        others.sort_by_key(|other| std::cmp::Reverse(other.applicants));
        others
    }

    /// Decisions that differ from one that counts as selected by case or spaces alone.
    pub(super) fn nearly_selected(&self) -> Vec<String> {
        let plain = |text: &str| text.trim().to_lowercase();
        let others = self.words.keys().filter(|word| !self.reading.selected.contains(word));
        let near = others.filter_map(|word| {
            let chosen = self.reading.selected.iter().find(|chosen| plain(chosen) == plain(word))?;
            let words = "by case or spaces alone, and does not count as selected.";
            Some(format!("`{word}` of `{}` differs from `{chosen}` {words}", self.column))
        });
        near.collect()
    }
}

/// Frames of Python write a missing number as NaN.
fn is_empty(value: Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::Float(number) => number.is_nan(),
        Value::Single(number) => number.is_nan(),
        Value::Bool(_) | Value::Int(_) | Value::Decimal(..) => false,
    }
}

fn code(text: String, codes: &mut HashMap<String, u32>, values: &mut Vec<String>) -> Option<u32> {
    if let Some(&code) = codes.get(&text) {
        return Some(code);
    }
    let code = u32::try_from(values.len()).ok()?;
    values.push(text.clone());
    codes.insert(text, code);
    Some(code)
}
