//! The ratios of a table among its larger categories. Where the highest rate is that of a few applicants, chance may have made
//! it, and with it the ratio of everyone else.

use serde::Serialize;

use super::{Category, CategoryTable, FOUR_FIFTHS, Mark, SMALL, decimals, rate};
use crate::language::words::counted;

/// A sentence lists no more ratios.
const MOST_SHOWN: usize = 12;

/// A category of fewer than [`SMALL`] applicants that has the highest rate, which no larger one shares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SmallHighest {
    pub values: Vec<String>,
    pub applicants: usize,
    /// The comparison among the others; none where fewer than two of them can be compared.
    pub larger: Option<Larger>,
}

/// The larger category of the highest rate, and the ratios to it of the other larger ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Larger {
    pub values: Vec<String>,
    pub applicants: usize,
    pub selected: usize,
    pub rate: f64,
    /// The lowest first.
    pub ratios: Vec<LargerRatio>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LargerRatio {
    pub values: Vec<String>,
    pub impact_ratio: f64,
    pub below_four_fifths: bool,
}

/// None where a larger category has the highest rate, or none has one; the categories are in the order of the table.
pub(super) fn small_highest(categories: &[Category]) -> Option<SmallHighest> {
    let mut highest = categories.iter().filter(|category| category.mark == Mark::Highest);
    let first = highest.next().filter(|first| first.small && highest.all(|other| other.small))?;
    let able = categories.iter().filter(|category| category.impact_ratio.is_some() && !category.small);
    Some(SmallHighest {
        values: first.values.clone(),
        applicants: first.applicants,
        larger: larger(&able.collect::<Vec<_>>()),
    })
}

fn larger(able: &[&Category]) -> Option<Larger> {
    let first = able.first()?;
    let best = able.iter().fold(first, |best, other| match product(other, best) > product(best, other) {
        true => other,
        false => best,
    });
    let ratio = |other: &Category| {
        // k/n beside K/N: the ratio is kN / nK.
        let (part, whole) = (product(other, best), product(best, other));
        LargerRatio {
            values: other.values.clone(),
            impact_ratio: part as f64 / whole as f64,
            below_four_fifths: FOUR_FIFTHS.exceeds(part, whole),
        }
    };
    let others = able.iter().filter(|other| other.values != best.values);
    let mut ratios: Vec<LargerRatio> = others.map(|other| ratio(other)).collect();
    ratios.sort_by(|a, b| a.impact_ratio.total_cmp(&b.impact_ratio));
    (best.selected > 0 && !ratios.is_empty()).then(|| Larger {
        values: best.values.clone(),
        applicants: best.applicants,
        selected: best.selected,
        rate: best.rate,
        ratios,
    })
}

/// Those selected of the one, times the applicants of the other.
fn product(one: &Category, other: &Category) -> u128 {
    one.selected as u128 * other.applicants as u128
}

/// `Female, White`.
fn named(values: &[String]) -> String {
    values.join(", ")
}

impl LargerRatio {
    fn words(&self) -> String {
        let most = match self.below_four_fifths {
            true => FOUR_FIFTHS.number(),
            false if self.impact_ratio < 1.0 => 1.0,
            false => f64::INFINITY,
        };
        let below = if self.below_four_fifths { " (below four fifths)" } else { "" };
        format!("{} {}{below}", named(&self.values), decimals(self.impact_ratio, most))
    }
}

impl CategoryTable {
    /// What is to be said where the highest rate is that of a few applicants.
    pub(in crate::report) fn small_highest_words(&self) -> Option<String> {
        let SmallHighest { values, applicants, larger } = self.small_highest.as_ref()?;
        let few = counted(*applicants, "applicant");
        let start = format!("The highest rate is that of {} with {few}", named(values));
        let Some(Larger { values, applicants, rate: best, ratios, .. }) = larger else {
            return Some(format!("{start}; no two categories of {SMALL} or more can be compared instead."));
        };
        let more = match ratios.len().saturating_sub(MOST_SHOWN) {
            0 => String::new(),
            more => format!("; and {more} higher ones"),
        };
        let ratios = ratios.iter().take(MOST_SHOWN).map(LargerRatio::words).collect::<Vec<_>>().join("; ");
        let among = format!("the highest rate among categories of {SMALL} or more");
        let with = format!("{} ({}, {}), {among}", named(values), counted(*applicants, "applicant"), rate(*best));
        Some(format!("{start}. Compared with {with}, the ratios are: {ratios}{more}."))
    }
}
