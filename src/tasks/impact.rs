//! How often is each category selected, beside the others? Needs no spec: a table, its decisions or scores, and the columns of
//! the categories.

use std::collections::HashMap;

use super::columns_of;
use crate::data::{Batch, Place, Value};
use crate::language::words::counted;
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

/// More categories in a column are no categories.
const MOST_CATEGORIES: usize = 200;
/// Nor are more in a table of several columns.
const MOST_CELLS: usize = 2_000;

/// The applicants: a score for each, and their categories.
#[derive(Clone, Debug, Default)]
pub struct Applicants {
    table: String,
    column: String,
    scores: Vec<f64>,
    by: Vec<Coded>,
    /// Of each column, the codes of its values.
    codes: Vec<HashMap<String, u32>>,
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
) -> Result<Vec<&'a str>, Failure> {
    let named: Vec<&str> = std::iter::once(prediction).chain(by.iter().map(String::as_str)).collect();
    for (place, name) in named.iter().enumerate() {
        if !known.iter().any(|column| column == name) {
            let message = format!("`{table}` has no column `{name}`");
            return Err(Failure::new(message, columns_of(known, Some(name))));
        }
        if named.iter().take(place).any(|other| other == name) {
            return Err(Failure::new(format!("the column `{name}` is named twice"), "name each column once"));
        }
    }
    Ok(named)
}

impl Applicants {
    /// None yet; `columns` are those of [`impact_columns`].
    pub fn of(table: &str, columns: &[&str]) -> Applicants {
        let (prediction, by) = columns.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let coded = |name: &&str| Coded { name: (*name).to_owned(), ..Coded::default() };
        Applicants {
            table: table.to_owned(),
            column: prediction.to_owned(),
            scores: Vec::new(),
            by: by.iter().map(coded).collect(),
            codes: vec![HashMap::new(); by.len()],
        }
    }

    /// Reads those of a batch of the columns; values in `unknown` say that a category is not known.
    ///
    /// # Errors
    /// What cannot be read, scores that are no numbers, and columns of too many values.
    pub fn read(&mut self, batch: &Batch, unknown: &[String]) -> Result<(), Failure> {
        let scores = batch.column(0)?;
        for row in 0..batch.rows() {
            let value = scores.value(row);
            let found = score(value).ok_or_else(|| no_score(&self.table, &self.column, value, batch.place(row)))?;
            self.scores.push(found);
        }
        for (place, (column, codes)) in self.by.iter_mut().zip(&mut self.codes).enumerate() {
            let values = batch.column(place + 1)?;
            for row in 0..batch.rows() {
                column.codes.push(code(values.value(row), unknown, codes, &mut column.values));
            }
            if column.values.len() > MOST_CATEGORIES {
                let message = format!("`{}` has more than {MOST_CATEGORIES} different values", column.name);
                return Err(Failure::new(message, "name a column of categories, such as `sex` or `race`"));
            }
        }
        Ok(())
    }
}

fn score(value: Value<'_>) -> Option<f64> {
    value.number().ok().flatten().filter(|number| number.is_finite())
}

fn no_score(table: &str, column: &str, value: Value<'_>, place: Place) -> Failure {
    let what = match value {
        Value::Null => "is missing".to_owned(),
        value => format!("is `{value}`, which is no number"),
    };
    let help =
        "decisions are 0 or 1 (`true` and `false` will do), scores are numbers; leave out people who were not judged";
    Failure::new(format!("`{column}` {what} in {place} of `{table}`"), help)
}

fn code(
    value: Value<'_>,
    unknown: &[String],
    codes: &mut HashMap<String, u32>,
    values: &mut Vec<String>,
) -> Option<u32> {
    let text = value.to_string();
    if value.is_null() || text.is_empty() || unknown.contains(&text) {
        return None;
    }
    if let Some(&code) = codes.get(&text) {
        return Some(code);
    }
    let code = u32::try_from(values.len()).ok()?;
    values.push(text.clone());
    codes.insert(text, code);
    Some(code)
}

/// The tables: by each column, and by all of them together.
///
/// # Errors
/// A column of scores without a threshold, or more categories than a table can show.
pub fn impact(applicants: &Applicants, options: &ImpactOptions, front: &Front) -> Result<Impact, Failure> {
    if applicants.scores.is_empty() {
        return Err(Failure::new(format!("`{}` has no rows", applicants.table), "a header alone is no data"));
    }
    let cut = cut(applicants, options.threshold, front)?;
    let selected: Vec<bool> = applicants.scores.iter().map(|&score| is_selected(score, cut)).collect();
    let single = applicants.by.iter().map(|column| vec![column]);
    let all: Vec<&Coded> = applicants.by.iter().collect();
    let sets: Vec<Vec<&Coded>> = single.chain((all.len() > 1).then_some(all)).collect();
    let tables: Vec<CategoryTable> =
        sets.iter().map(|columns| CategoryTable::count(columns, &selected, options.min_share)).collect();
    if let Some(large) = tables.iter().find(|table| table.categories.len() > MOST_CELLS) {
        let cells = counted(large.categories.len(), "category");
        let message = format!("{} make {cells}, and a table shows {MOST_CELLS}", large.columns.join(" and "));
        return Err(Failure::new(message, "name fewer columns"));
    }
    let reached = options.least.and_then(|least| reached(&tables, least));
    Ok(Impact {
        title: options.title.clone(),
        date: options.date.clone(),
        data: applicants.table.clone(),
        column: applicants.column.clone(),
        cut,
        applicants: selected.len(),
        selected: selected.iter().filter(|&&chosen| chosen).count(),
        min_share: options.min_share.number(),
        tables,
        reached,
        least: options.least.map(Share::number),
        hints: applicants.by.iter().flat_map(|column| hints(column, front)).collect(),
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
            hints.push(format!("`{value}` is a category of `{}` here; {apart} counts it apart.", column.name));
        }
        if let Some(other) = alike.insert(plain, value) {
            let words = "differ by case or spaces alone, and are two categories.";
            hints.push(format!("`{other}` and `{value}` of `{}` {words}", column.name));
        }
    }
    hints
}

fn is_selected(score: f64, cut: Cut) -> bool {
    match cut {
        Cut::Decisions => score == 1.0,
        Cut::AtLeast(cut) => score >= cut,
        Cut::AboveMedian(median) => score > median,
    }
}

fn cut(applicants: &Applicants, threshold: Option<Threshold>, front: &Front) -> Result<Cut, Failure> {
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
