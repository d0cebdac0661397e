//! All cells that samples can be in, and what describes them.
//!
//! Every combination of codes (see `shape`) is tried once. Those with the same events and values are one cell, and their
//! codes are written as few boxes: codes of a part whose rest is the same go together, part by part, as in a decision
//! diagram.

use std::collections::BTreeMap;

use super::{Condition, End, FrozenCell, LevelValue};
use crate::bind::cells::{CellKey, Identity, Tuple};
use crate::bind::columns::ColumnKind;
use crate::bind::error::BindError;
use crate::bind::formula::Formula;
use crate::bind::plan::Plan;
use crate::bind::shape::Part;
use crate::language::program::{Level, beyond_doubles};

/// More combinations of codes make no table.
const MOST: usize = 1 << 16;

/// A cell while it is being collected.
struct Cell {
    shift: f64,
    key: CellKey,
    codes: Vec<Vec<u32>>,
}

/// The cells of a plan with their shifts, and how many samples are in each.
pub(super) fn table(
    plan: &Plan,
    shift: &dyn Fn(&Tuple) -> f64,
    counts: &BTreeMap<Identity, usize>,
    prediction: &str,
) -> Result<Vec<FrozenCell>, Vec<BindError>> {
    let allowed = all_allowed(plan);
    let tuples = tuples(plan, &allowed)?;
    let mut cells: BTreeMap<Identity, Cell> = BTreeMap::new();
    for (codes, tuple, key) in tuples {
        let cell = cells.entry(key.identity());
        cell.or_insert_with(|| Cell { shift: shift(&tuple), key, codes: Vec::new() }).codes.push(codes);
    }
    let cells = cells.into_iter();
    let samples = |identity: &Identity| counts.get(identity).copied().unwrap_or(0);
    cells.map(|(identity, cell)| frozen((plan, prediction), &allowed, samples(&identity), cell)).collect()
}

/// The cells that samples can be in, each as boxes: by part the codes of which one holds; none where all that samples have will do.
pub(in crate::bind) fn boxes_of(plan: &Plan) -> Result<BTreeMap<Identity, Vec<CodeBox>>, Vec<BindError>> {
    let allowed = all_allowed(plan);
    let mut cells: BTreeMap<Identity, Vec<Vec<u32>>> = BTreeMap::new();
    for (codes, _, key) in tuples(plan, &allowed)? {
        cells.entry(key.identity()).or_default().push(codes);
    }
    let restricted = |chosen: Vec<Vec<u32>>| {
        let parts = chosen.into_iter().zip(&allowed);
        parts.map(|(chosen, allowed)| Some(chosen).filter(|chosen| chosen.len() < allowed.len())).collect()
    };
    let cell = |(identity, codes): (Identity, Vec<Vec<u32>>)| {
        let rests: Vec<&[u32]> = codes.iter().map(Vec::as_slice).collect();
        (identity, boxes(&rests, &allowed).into_iter().map(restricted).collect())
    };
    Ok(cells.into_iter().map(cell).collect())
}

/// By part, the codes of which one holds; none where all will do.
pub(in crate::bind) type CodeBox = Vec<Option<Vec<u32>>>;

fn all_allowed(plan: &Plan) -> Vec<Vec<u32>> {
    plan.parts.iter().map(|part| allowed(part, plan)).collect()
}

/// A combination of codes, and what it comes to.
type Combination = (Vec<u32>, Tuple, CellKey);

/// All combinations of codes that samples can have.
fn tuples(plan: &Plan, allowed: &[Vec<u32>]) -> Result<Vec<Combination>, Vec<BindError>> {
    let combinations = allowed.iter().try_fold(1_usize, |product, codes| product.checked_mul(codes.len()));
    if combinations.is_none_or(|combinations| combinations > MOST) {
        let what = format!("the events tell more than {MOST} groups apart, too many for a table");
        return Err(vec![BindError::NotFrozen { what }]);
    }
    let mut all = Vec::new();
    for codes in product(allowed) {
        let columns: Vec<Vec<u32>> = codes.iter().map(|&code| vec![code]).collect();
        let tuple = Tuple::new(plan, &columns, 0, &|column, code| plan.level_number(column, code));
        // Such a sample is refused when it is read.
        if !tuple.undefined.is_empty() {
            continue;
        }
        let constant = tuple.values.iter().zip(&plan.factors).filter(|(_, factor)| factor.by_cell);
        let values: Vec<f64> = constant.map(|(value, _)| value + 0.0).collect();
        let events = tuple.events.iter().map(|event| event as u32).collect();
        let key = CellKey { events, values, references: Vec::new() };
        all.push((codes, tuple, key));
    }
    Ok(all)
}

fn frozen(
    (plan, prediction): (&Plan, &str),
    allowed: &[Vec<u32>],
    samples: usize,
    cell: Cell,
) -> Result<FrozenCell, Vec<BindError>> {
    let rests: Vec<&[u32]> = cell.codes.iter().map(Vec::as_slice).collect();
    let mut alternatives = Vec::new();
    for chosen in boxes(&rests, allowed) {
        let parts = plan.parts.iter().zip(allowed).zip(chosen);
        let restricted = parts.filter(|((_, allowed), chosen)| chosen.len() < allowed.len());
        // Each part may need several conditions, of which one has to hold: alternatives multiply.
        let mut lists: Vec<Vec<Condition>> = vec![Vec::new()];
        for ((part, _), chosen) in restricted {
            let choices = conditions(part, &chosen, plan, prediction).map_err(|error| vec![error])?;
            lists = lists
                .iter()
                .flat_map(|list| {
                    choices.iter().map(|choice| list.iter().cloned().chain([choice.clone()]).collect::<Vec<_>>())
                })
                .collect();
        }
        alternatives.extend(lists);
    }
    Ok(FrozenCell {
        when: words(&alternatives),
        add: -cell.shift + 0.0,
        samples,
        events: cell.key.events,
        values: cell.key.values,
        alternatives,
    })
}

/// The codes of a part that samples can have.
fn allowed(part: &Part, plan: &Plan) -> Vec<u32> {
    let nullable = match part {
        Part::Level { column, .. } | Part::Place { value: Formula::Column(column), .. } => {
            plan.columns[*column].nullable
        }
        Part::Place { .. } => true,
    };
    let last = u32::from(!nullable);
    (0..(part.codes() as u32).saturating_sub(last)).collect()
}

/// All combinations, the last part fastest.
fn product(allowed: &[Vec<u32>]) -> Vec<Vec<u32>> {
    allowed.iter().fold(vec![Vec::new()], |tuples, codes| {
        let extend = |tuple: &Vec<u32>| -> Vec<Vec<u32>> {
            codes.iter().map(|&code| tuple.iter().copied().chain([code]).collect()).collect()
        };
        tuples.iter().flat_map(extend).collect()
    })
}

/// Boxes of codes that make up a set of tuples.
fn boxes(tuples: &[&[u32]], allowed: &[Vec<u32>]) -> Vec<Vec<Vec<u32>>> {
    let Some((_, rest)) = allowed.split_first() else { return vec![Vec::new()] };
    let mut by_code: BTreeMap<u32, Vec<&[u32]>> = BTreeMap::new();
    for (code, tail) in tuples.iter().filter_map(|tuple| tuple.split_first()) {
        by_code.entry(*code).or_default().push(tail);
    }
    let mut by_rest: BTreeMap<Vec<&[u32]>, Vec<u32>> = BTreeMap::new();
    by_code.into_iter().for_each(|(code, tails)| by_rest.entry(tails).or_default().push(code));
    let inner = by_rest.into_iter().flat_map(|(tails, codes)| {
        let behind = boxes(&tails, rest);
        behind.into_iter().map(move |list| [codes.clone()].into_iter().chain(list).collect::<Vec<_>>())
    });
    inner.collect()
}

/// Conditions of which one holds exactly if a part has one of these codes.
fn conditions(part: &Part, chosen: &[u32], plan: &Plan, prediction: &str) -> Result<Vec<Condition>, BindError> {
    // Before a shift is added, the predictions are raw.
    let header = |column: usize| match plan.raw == Some(column) {
        true => prediction.to_owned(),
        false => plan.columns[column].header.clone(),
    };
    match part {
        Part::Level { column, levels } => {
            let none = *levels as u32;
            let ColumnKind::Levels(declared) = &plan.columns[*column].kind else {
                return Err(BindError::Internal { what: format!("`{}` has no levels", header(*column)) });
            };
            let with_none = chosen.contains(&none);
            let picked = (0..).zip(declared).filter(|(code, _)| chosen.contains(code) != with_none);
            let values: Vec<LevelValue> = picked.map(|(_, level)| level_value(level)).collect();
            let column = header(*column);
            Ok(vec![if with_none { Condition::NotIn { column, values } } else { Condition::In { column, values } }])
        }
        Part::Place { value: Formula::Column(column), thresholds } => {
            Ok(intervals(&header(*column), thresholds, chosen))
        }
        Part::Place { .. } => Err(BindError::NotFrozen {
            what: "an event compares something other than a column with a number".to_owned(),
        }),
    }
}

fn level_value(level: &Level) -> LevelValue {
    let Some(number) = level.number else { return LevelValue::Text(level.text.clone()) };
    match beyond_doubles(&level.text, number).map(i64::try_from) {
        Some(Ok(whole)) => LevelValue::Whole(whole),
        // Digits that no number has room for are compared as text.
        Some(Err(_)) => LevelValue::Text(level.text.clone()),
        None => LevelValue::Number(number),
    }
}

/// The intervals of runs of codes: below the first threshold, equal to it, between, and so on; null at the end.
fn intervals(column: &str, thresholds: &[f64], chosen: &[u32]) -> Vec<Condition> {
    let null = 2 * thresholds.len() as u32 + 1;
    let mut found = Vec::new();
    let mut codes = chosen.iter().copied().filter(|&code| code < null).peekable();
    while let Some(first) = codes.next() {
        let mut last = first;
        while let Some(next) = codes.next_if_eq(&(last + 1)) {
            last = next;
        }
        // Odd codes are thresholds themselves.
        let threshold = |place: u32| thresholds.get(place as usize).copied();
        let from = match first {
            0 => None,
            code if code % 2 == 1 => threshold(code / 2).map(|value| End { value, closed: true }),
            code => threshold(code / 2 - 1).map(|value| End { value, closed: false }),
        };
        let to = match last {
            code if code % 2 == 1 => threshold(code / 2).map(|value| End { value, closed: true }),
            code => threshold(code / 2).map(|value| End { value, closed: false }),
        };
        found.push(Condition::Between { column: column.to_owned(), from, to });
    }
    if chosen.contains(&null) {
        found.push(Condition::Null { column: column.to_owned() });
    }
    found
}

/// `sex == "female" and age >= 25`, alternatives joined by `or`.
fn words(alternatives: &[Vec<Condition>]) -> String {
    let one = |list: &Vec<Condition>| list.iter().map(condition_words).collect::<Vec<_>>().join(" and ");
    match alternatives {
        [only] if only.is_empty() => "all".to_owned(),
        several => several.iter().map(one).collect::<Vec<_>>().join(" or "),
    }
}

fn condition_words(condition: &Condition) -> String {
    let listed = |values: &[LevelValue]| values.iter().map(level_words).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::In { column, values } => match values.as_slice() {
            [only] => format!("{column} == {}", level_words(only)),
            several => format!("{column} in {{{}}}", listed(several)),
        },
        Condition::NotIn { column, values } => format!("not {column} in {{{}}}", listed(values)),
        Condition::Null { column } => format!("{column} is null"),
        Condition::Between { column, from, to } => match (from, to) {
            (Some(from), Some(to)) if from.value == to.value => format!("{column} == {}", from.value),
            (from, to) => {
                let above = from.map(|end| format!("{column} {} {}", if end.closed { ">=" } else { ">" }, end.value));
                let below = to.map(|end| format!("{column} {} {}", if end.closed { "<=" } else { "<" }, end.value));
                let parts: Vec<String> = above.into_iter().chain(below).collect();
                if parts.is_empty() { format!("{column} is a number") } else { parts.join(" and ") }
            }
        },
    }
}

fn level_words(level: &LevelValue) -> String {
    match level {
        LevelValue::Whole(value) => value.to_string(),
        LevelValue::Number(value) => value.to_string(),
        LevelValue::Text(text) => format!("{text:?}"),
    }
}
