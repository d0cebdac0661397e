//! How often is each category selected, beside the others? Needs no spec: a table, its decisions or scores, and the columns of
//! the categories.

use std::collections::HashMap;

use super::applicants::Applicants;
use crate::report::impact::{CategoryTable, Coded, Cut, Impact, Share};
use crate::source::{Failure, Front};

/// What counts as selected, and what is shown.
#[derive(Clone, Debug)]
pub struct ImpactOptions {
    /// How scores become selections; by default a column of 0 and 1 is taken for decisions, and nothing else is.
    pub threshold: Option<Threshold>,
    /// Categories with a smaller share of the applicants are not compared.
    pub min_share: Share,
    /// What every ratio should reach.
    pub least: Option<Share>,
    pub title: Option<String>,
    pub date: Option<String>,
}

/// Where scores are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// Selected are scores of this or more.
    At(f64),
    /// Selected are scores above the median of all applicants, as Local Law 144 has it for scores.
    Median,
}

/// More categories in a table of several columns are no table.
const MOST_CELLS: usize = 2_000;

/// The tables: by each column, and by all of them together.
///
/// # Errors
/// A column of scores without a threshold, or more categories than a table can show.
pub fn impact(applicants: &Applicants, options: &ImpactOptions, front: &Front) -> Result<Impact, Failure> {
    applicants.refuse(front)?;
    let cut = cut(applicants, options.threshold, front)?;
    let selected: Vec<bool> = applicants.scores.iter().map(|&score| is_selected(score, &cut)).collect();
    let single = applicants.by.iter().map(|column| vec![column]);
    let all: Vec<&Coded> = applicants.by.iter().collect();
    let sets: Vec<Vec<&Coded>> = single.chain((all.len() > 1).then_some(all)).collect();
    let tables: Vec<CategoryTable> =
        sets.iter().map(|columns| CategoryTable::count(columns, &selected, options.min_share)).collect();
    if let Some(large) = tables.iter().find(|table| table.categories.len() > MOST_CELLS) {
        let cells = large.categories.len();
        let message =
            format!("{} make {cells} categories, and a table shows {MOST_CELLS}", large.columns.join(" and "));
        return Err(Failure::new(message, "name fewer columns"));
    }
    let reached = options.least.and_then(|least| reached(&tables, least));
    let hints = applicants.by.iter().flat_map(|column| hints(column, front));
    Ok(Impact {
        title: options.title.clone(),
        date: options.date.clone(),
        data: applicants.table.clone(),
        column: applicants.column.clone(),
        cut,
        applicants: selected.len(),
        selected: selected.iter().filter(|&&chosen| chosen).count(),
        not_selected: applicants.not_selected(),
        left_out: applicants.empty,
        min_share: options.min_share.number(),
        tables,
        reached,
        least: options.least.map(Share::number),
        hints: hints.chain(applicants.nearly_selected()).collect(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// No, where a table says so; yes, where every table that can be asked does; none, where one cannot.
fn reached(tables: &[CategoryTable], least: Share) -> Option<bool> {
    let answers: Vec<Option<bool>> = tables.iter().map(|table| table.reaches(least)).collect();
    match answers.contains(&Some(false)) {
        true => Some(false),
        false => answers.into_iter().collect::<Option<Vec<bool>>>().map(|_| true),
    }
}

/// What people write where a category is not known.
const SAID_UNKNOWN: [&str; 12] = [
    "unknown",
    "n/a",
    "na",
    "none",
    "null",
    "not given",
    "not specified",
    "not disclosed",
    "declined",
    "decline to answer",
    "prefer not to say",
    "?",
];

/// Values that may be meant as unknown, and those that may be meant as one.
fn hints(column: &Coded, front: &Front) -> Vec<String> {
    let mut hints = Vec::new();
    let mut alike: HashMap<String, &str> = HashMap::new();
    for value in &column.values {
        let plain = value.trim().to_lowercase();
        if SAID_UNKNOWN.contains(&plain.as_str()) {
            let apart = (front.text_option)("unknown", value);
            hints.push(format!("`{value}` is a category of `{}` here; {apart} counts it as unknown.", column.name));
        }
        if let Some(other) = alike.insert(plain, value) {
            let words = "differ by case or spaces alone, and are two categories.";
            hints.push(format!("`{other}` and `{value}` of `{}` {words}", column.name));
        }
    }
    hints
}

fn is_selected(score: f64, cut: &Cut) -> bool {
    match *cut {
        Cut::Decisions | Cut::Named(_) => score == 1.0,
        Cut::AtLeast(cut) => score >= cut,
        Cut::AboveMedian(median) => score > median,
    }
}

fn cut(applicants: &Applicants, threshold: Option<Threshold>, front: &Front) -> Result<Cut, Failure> {
    if !applicants.reading.selected.is_empty() {
        return match threshold {
            None => Ok(Cut::Named(applicants.reading.selected.clone())),
            Some(_) => {
                let message = format!("a threshold is for scores, and {} for decisions", front.selected);
                Err(Failure::new(message, "give one of the two"))
            }
        };
    }
    match threshold {
        Some(Threshold::At(cut)) => Ok(Cut::AtLeast(cut)),
        Some(Threshold::Median) => Ok(Cut::AboveMedian(median(&applicants.scores))),
        None => match applicants.scores.iter().find(|&&score| score != 0.0 && score != 1.0) {
            None => Ok(Cut::Decisions),
            Some(score) => {
                let message = format!("`{}` holds scores such as {score}, not decisions", applicants.column);
                let options = [(front.option)("threshold", &0.5), (front.text_option)("threshold", "median")];
                Err(Failure::new(message, format!("say who is selected: {}", options.join(", or "))))
            }
        },
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => at(half - 1).midpoint(at(half)),
        _ => at(half),
    }
}
