//! Selection rates and impact ratios by category: the tables that New York City's Local Law 144 asks for, and the four-fifths
//! rule of the US Uniform Guidelines reads.
//!
//! Everything is counted in integers, and a ratio is compared with a limit as a fraction.

mod csv;
mod larger;
mod markdown;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use super::number::{many, precise, whole};
use crate::language::words::counted;

pub use csv::csv;
pub use larger::{Larger, LargerRatio, SmallHighest};
pub use markdown::markdown;
pub use text::text;

/// A share of a whole as it was written, such as `2%`: a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    numerator: u64,
    denominator: u64,
}

/// Four fifths, below which the Uniform Guidelines see adverse impact.
pub const FOUR_FIFTHS: Share = Share { numerator: 4, denominator: 5 };
/// What share of the applicants a category needs, by Local Law 144, so that it must not be left out of the ratios.
pub const MIN_SHARE: Share = Share { numerator: 1, denominator: 50 };

/// Of fewer people a rate or a mean says little.
pub const SMALL: usize = 30;

/// What is said of a text that is no share.
pub const NO_SHARE: &str = "a share is a number from 0 to 1, or a percentage: `0.02` or `2%`";

impl Share {
    /// Reads `2%`, `0.02` or `1`: a number from 0 to 1 with at most nine decimals.
    pub fn parse(text: &str) -> Option<Share> {
        let (digits, mut denominator) = match text.trim().strip_suffix('%') {
            Some(digits) => (digits.trim_end(), 100_u64),
            None => (text.trim(), 1),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{decimals}");
        let plain =
            !all.is_empty() && all.len() <= 12 && decimals.len() <= 9 && all.bytes().all(|b| b.is_ascii_digit());
        let numerator = all.parse().ok().filter(|_| plain)?;
        for _ in decimals.bytes() {
            denominator *= 10;
        }
        (numerator <= denominator).then_some(Share { numerator, denominator })
    }

    pub fn number(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Whether `part / whole` is less than this; no part of nothing is.
    pub(in crate::report) fn exceeds(self, part: u128, whole: u128) -> bool {
        part * u128::from(self.denominator) < whole * u128::from(self.numerator)
    }
}

/// How a score becomes a selection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Cut {
    /// The column holds decisions, 0 or 1.
    Decisions,
    /// Selected are these values.
    Named(Vec<String>),
    /// Selected are scores of this or more.
    AtLeast(f64),
    /// Selected are scores above the median of all applicants.
    AboveMedian(f64),
}

/// A decision that does not count as selected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherDecision {
    pub decision: String,
    pub applicants: usize,
}

/// Applicants of one category of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Category {
    /// A value for each column of the table.
    pub values: Vec<String>,
    pub applicants: usize,
    pub selected: usize,
    /// Selected among the applicants.
    pub rate: f64,
    /// Of the applicants whose category is known.
    pub share: f64,
    /// The rate, divided by the highest of the table; none for categories that are left out, or where nobody is selected.
    pub impact_ratio: Option<f64>,
    pub mark: Mark,
    /// Whether it has fewer than [`SMALL`] applicants.
    pub small: bool,
}

/// What is to be said of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    None,
    /// The rate to which the others are compared.
    Highest,
    /// Its ratio is below four fifths.
    BelowFourFifths,
    /// Too small a share of the applicants to be compared, and to be compared with.
    UnderMinShare,
}

impl Mark {
    fn words(self, min_share: f64) -> String {
        match self {
            Mark::None => String::new(),
            Mark::Highest => "highest rate".to_owned(),
            Mark::BelowFourFifths => "below four fifths".to_owned(),
            Mark::UnderMinShare => format!("under {}, not compared", percent(min_share)),
        }
    }
}

/// Categories by one column, or by several together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryTable {
    pub columns: Vec<String>,
    /// Those with most applicants first.
    pub categories: Vec<Category>,
    /// Applicants without a value in one of the columns, who are in no category, and how many of them are selected.
    pub unknown: usize,
    pub unknown_selected: usize,
    /// The smallest ratio of the table.
    pub least_ratio: Option<f64>,
    /// The category of the highest rate, where it is small.
    pub small_highest: Option<SmallHighest>,
}

/// The tables, and what they were made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impact {
    pub title: Option<String>,
    pub date: Option<String>,
    pub data: String,
    /// The column of decisions or scores.
    pub column: String,
    pub cut: Cut,
    pub applicants: usize,
    pub selected: usize,
    /// Where words say who is selected, the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_selected: Vec<OtherDecision>,
    /// Rows without a decision, which are in no table.
    pub left_out: usize,
    pub min_share: f64,
    pub tables: Vec<CategoryTable>,
    /// Whether every ratio reaches the limit that was asked for; none if none was, or nothing could be compared.
    pub reached: Option<bool>,
    /// That limit.
    pub least: Option<f64>,
    /// What is odd about the values of categories.
    pub hints: Vec<String>,
    pub version: &'static str,
}

/// One column of categories: the values that occur, and for each applicant the place of theirs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coded {
    pub name: String,
    pub values: Vec<String>,
    pub codes: Vec<Option<u32>>,
}

impl CategoryTable {
    /// Counts the applicants by the columns; `selected` has an entry for each.
    pub fn count(columns: &[&Coded], selected: &[bool], min_share: Share) -> CategoryTable {
        let mut counts: BTreeMap<Vec<u32>, (usize, usize)> = BTreeMap::new();
        let (mut unknown, mut unknown_selected) = (0, 0);
        for (row, &chosen) in selected.iter().enumerate() {
            let key: Option<Vec<u32>> = columns.iter().map(|column| column.codes.get(row).copied().flatten()).collect();
            let (all, picked) = match key {
                Some(key) => {
                    let (all, picked) = counts.entry(key).or_default();
                    (all, picked)
                }
                None => (&mut unknown, &mut unknown_selected),
            };
            *all += 1;
            *picked += usize::from(chosen);
        }
        let known: usize = counts.values().map(|(all, _)| all).sum();
        let is_small = |all: usize| min_share.exceeds(all as u128, known as u128);
        let best = counts.values().copied().filter(|(all, _)| !is_small(*all)).fold((1, 0), higher);
        let category = |(key, (applicants, picked)): (Vec<u32>, (usize, usize))| {
            let value = |(column, code): (&&Coded, u32)| column.values.get(code as usize).cloned().unwrap_or_default();
            // k/n beside K/N: the ratio is kN / nK.
            let (part, whole) = (picked as u128 * best.0 as u128, applicants as u128 * best.1 as u128);
            let compared = !is_small(applicants) && whole > 0;
            let mark = match compared {
                _ if is_small(applicants) => Mark::UnderMinShare,
                true if part == whole => Mark::Highest,
                true if FOUR_FIFTHS.exceeds(part, whole) => Mark::BelowFourFifths,
                _ => Mark::None,
            };
            Category {
                values: columns.iter().zip(key).map(value).collect(),
                applicants,
                selected: picked,
                rate: picked as f64 / applicants as f64,
                share: applicants as f64 / known as f64,
                impact_ratio: compared.then(|| part as f64 / whole as f64),
                mark,
                small: applicants < SMALL,
            }
        };
        let mut categories: Vec<Category> = counts.into_iter().map(category).collect();
        categories.sort_by(|a, b| b.applicants.cmp(&a.applicants).then_with(|| a.values.cmp(&b.values)));
        let least_ratio = categories.iter().filter_map(|category| category.impact_ratio).min_by(f64::total_cmp);
        let columns = columns.iter().map(|column| column.name.clone()).collect();
        let small_highest = larger::small_highest(&categories);
        CategoryTable { columns, categories, unknown, unknown_selected, least_ratio, small_highest }
    }

    /// Whether every ratio is at least this; none where nothing is compared. Two categories make a comparison.
    pub fn reaches(&self, least: Share) -> Option<bool> {
        let compared: Vec<&Category> = self.categories.iter().filter(|it| it.impact_ratio.is_some()).collect();
        let best = compared.iter().find(|category| category.mark == Mark::Highest)?;
        let (all, picked) = (best.applicants as u128, best.selected as u128);
        let short = |it: &&&Category| least.exceeds(it.selected as u128 * all, it.applicants as u128 * picked);
        (compared.len() > 1).then(|| !compared.iter().any(|category| short(&category)))
    }

    /// `sex and race`.
    pub(super) fn name(&self) -> String {
        self.columns.join(" and ")
    }
}

/// The one of two counts with the higher rate.
fn higher(best: (usize, usize), other: (usize, usize)) -> (usize, usize) {
    if other.1 as u128 * best.0 as u128 > best.1 as u128 * other.0 as u128 { other } else { best }
}

impl Impact {
    /// What counts as selected, in words.
    fn selected_means(&self) -> String {
        match &self.cut {
            Cut::Decisions => format!("`{}` is 1", self.column),
            Cut::Named(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                format!("`{}` is {}", self.column, names.join(" or "))
            }
            Cut::AtLeast(cut) => format!("`{}` is {cut} or more", self.column),
            Cut::AboveMedian(cut) => format!("`{}` is above its median, {}", self.column, precise(*cut)),
        }
    }

    /// `2%`.
    fn min_share_words(&self) -> String {
        percent(self.min_share)
    }

    /// What a reader has to know.
    pub(super) fn notes(&self) -> Vec<String> {
        let min_share = self.min_share_words();
        let mut notes = vec![
            format!("Selected means that {}.", self.selected_means()),
            "The impact ratio of a category is its selection rate, divided by the highest selection rate of the table.".to_owned(),
            "The US Uniform Guidelines regard a ratio under four fifths (0.80) as evidence of adverse impact; Local Law 144 sets no limit.".to_owned(),
            format!("Categories with under {min_share} of a table's applicants have no ratio, and no other is compared with them."),
        ];
        notes.splice(1..1, self.not_selected_words());
        let unknown = self.tables.iter().map(|table| table.unknown).max().unwrap_or(0);
        if self.left_out > 0 {
            let rows = counted(self.left_out, "row");
            notes.push(format!("{rows} without a decision left out: their `{}` is empty.", self.column));
        }
        if self.tables.iter().flat_map(|table| &table.categories).any(|category| category.small) {
            notes.push(format!(
                "Small marks categories of fewer than {SMALL} applicants, whose rates can differ much by chance."
            ));
        }
        if unknown > 0 {
            notes.push("Applicants of unknown category are in no rate; their number is under the table.".to_owned());
        }
        notes.extend(self.hints.iter().cloned());
        notes
    }

    /// `Not selected: `Reject` (12), `Withdrawn` (3).`
    fn not_selected_words(&self) -> Option<String> {
        const MOST: usize = 8;
        let one = |other: &OtherDecision| format!("`{}` ({})", other.decision, whole(other.applicants));
        let mut told: Vec<String> = self.not_selected.iter().take(MOST).map(one).collect();
        let more = self.not_selected.len().saturating_sub(MOST);
        told.extend((more > 0).then(|| format!("and {more} more")));
        (!told.is_empty()).then(|| format!("Not selected: {}.", told.join(", ")))
    }

    /// `8 of 20 applicants are selected, 40.0%`.
    pub(super) fn headline(&self) -> String {
        let rate = percent(self.selected as f64 / self.applicants as f64);
        format!("{} of {} selected, {rate}", whole(self.selected), many(self.applicants, "applicant"))
    }

    /// Whether the limit is reached, in words.
    pub(super) fn verdict(&self) -> Option<String> {
        let least = self.least?;
        Some(match self.reached {
            Some(true) => format!("every impact ratio is {least} or more"),
            Some(false) => format!("an impact ratio is less than {least}"),
            None => "nothing can be compared".to_owned(),
        })
    }
}

impl CategoryTable {
    /// `2 of unknown category, 1 of them selected`.
    pub(super) fn unknown_words(&self) -> Option<String> {
        let (unknown, selected) = (self.unknown, self.unknown_selected);
        (unknown > 0).then(|| format!("{} of unknown category, of whom {} selected", whole(unknown), whole(selected)))
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.1}", 100.0 * share);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// A rate, with one decimal always, so that they stand under each other.
fn rate(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A ratio, written so that none seems to reach what it does not.
fn ratio(category: &Category) -> String {
    let Some(ratio) = category.impact_ratio else { return "–".to_owned() };
    let most = match category.mark {
        Mark::BelowFourFifths => FOUR_FIFTHS.number(),
        Mark::None => 1.0,
        Mark::Highest | Mark::UnderMinShare => f64::INFINITY,
    };
    decimals(ratio, most)
}

/// Two decimals, or as many as it takes to show a number that is less than the limit as less.
fn decimals(ratio: f64, most: f64) -> String {
    let texts = [2, 4, 6, 12].map(|decimals| format!("{ratio:.decimals$}"));
    let honest = |text: &&String| text.parse::<f64>().is_ok_and(|shown| shown < most);
    texts.iter().find(honest).cloned().unwrap_or_else(|| ratio.to_string())
}

/// Stands for a table without lines.
pub(super) const NOBODY: &str = "nobody is in a known category";

/// The heads of the columns of a table.
pub(super) fn heads(table: &CategoryTable) -> Vec<String> {
    let numbers = ["applicants", "selected", "selection rate", "impact ratio", "note"].map(str::to_owned);
    table.columns.iter().cloned().chain(numbers).collect()
}

/// A line of a table.
pub(super) fn cells(category: &Category, min_share: f64) -> Vec<String> {
    let Category { values, applicants, selected, .. } = category;
    let numbers = [whole(*applicants), whole(*selected), rate(category.rate), ratio(category)];
    values.iter().cloned().chain(numbers).chain([category.note(category.mark.words(min_share))]).collect()
}

impl Category {
    /// The words for its mark, and that it is small.
    fn note(&self, mark: String) -> String {
        match (self.small, mark.is_empty()) {
            (false, _) => mark,
            (true, true) => "small".to_owned(),
            (true, false) => format!("{mark}, small"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(name: &str, values: &[&str], codes: &[Option<u32>]) -> Coded {
        Coded { name: name.to_owned(), values: values.iter().map(|&v| v.to_owned()).collect(), codes: codes.to_vec() }
    }

    #[test]
    fn shares_are_read_as_fractions() {
        let of = |text: &str| Share::parse(text).map(|share| (share.numerator, share.denominator));
        assert_eq!(of("2%"), Some((2, 100)));
        assert_eq!(of("0.02"), Some((2, 100)));
        assert_eq!(of("2.5 %"), Some((25, 1000)));
        assert_eq!(of("1"), Some((1, 1)));
        for wrong in ["", "%", "-1", "101%", "1.1", "2e-2", "NaN", "0.0000000001", ".%"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn exactly_four_fifths_is_not_below() {
        // 4 of 10 beside 5 of 10, and 3 of 10.
        let codes: Vec<Option<u32>> = (0..30).map(|row| Some(row / 10)).collect();
        let selected: Vec<bool> = (0..30).map(|row| row % 10 < [4, 5, 3][row / 10]).collect();
        let table = CategoryTable::count(&[&coded("g", &["a", "b", "c"], &codes)], &selected, MIN_SHARE);
        let marks: Vec<Mark> = table.categories.iter().map(|category| category.mark).collect();
        assert_eq!(marks, [Mark::None, Mark::Highest, Mark::BelowFourFifths]);
        assert_eq!(table.categories[0].impact_ratio, Some(0.8));
        assert_eq!(table.reaches(FOUR_FIFTHS), Some(false));
        assert_eq!(table.reaches(Share::parse("60%").unwrap()), Some(true));
    }

    #[test]
    fn a_ratio_does_not_seem_to_reach_what_it_does_not() {
        let shown = |ratio: f64, mark: Mark| {
            let (values, applicants, selected) = (Vec::new(), 1, 1);
            super::ratio(&Category {
                values,
                applicants,
                selected,
                rate: 1.0,
                share: 1.0,
                impact_ratio: Some(ratio),
                mark,
                small: true,
            })
        };
        assert_eq!(shown(2.0 / 3.0, Mark::BelowFourFifths), "0.67");
        assert_eq!(shown(0.7996, Mark::BelowFourFifths), "0.7996");
        assert_eq!(shown(0.79999, Mark::BelowFourFifths), "0.799990");
        assert_eq!(shown(0.8, Mark::None), "0.80");
        assert_eq!(shown(0.999, Mark::None), "0.9990");
        assert_eq!(shown(1.0, Mark::Highest), "1.00");
    }

    #[test]
    fn nothing_to_compare_is_no_pass() {
        let nobody = [false; 4];
        let two = coded("g", &["a", "b"], &[Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(CategoryTable::count(&[&two], &nobody, MIN_SHARE).reaches(FOUR_FIFTHS), None);
        let one = coded("g", &["a"], &[Some(0); 4]);
        assert_eq!(CategoryTable::count(&[&one], &[true; 4], MIN_SHARE).reaches(FOUR_FIFTHS), None);
        let none = coded("g", &[], &[None; 4]);
        let table = CategoryTable::count(&[&none], &[true; 4], MIN_SHARE);
        assert_eq!((table.reaches(FOUR_FIFTHS), table.unknown, table.unknown_selected), (None, 4, 4));
    }

    #[test]
    fn small_categories_are_shown_and_not_compared() {
        let codes: Vec<Option<u32>> = (0..100).map(|row| Some(u32::from(row >= 99) + u32::from(row >= 60))).collect();
        let selected: Vec<bool> = (0..100).map(|row| row % 2 == 1).collect();
        let table = CategoryTable::count(&[&coded("g", &["a", "b", "c"], &codes)], &selected, MIN_SHARE);
        let small = table.categories.iter().find(|category| category.values == ["c"]).unwrap();
        assert_eq!((small.mark, small.impact_ratio, small.rate), (Mark::UnderMinShare, None, 1.0));
        assert_eq!(table.reaches(FOUR_FIFTHS), Some(true));
    }
}
