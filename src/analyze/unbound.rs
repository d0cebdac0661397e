//! Two programs as one linear program over the means of their events, without data.

use std::collections::BTreeMap;

use super::atoms::{Constants, members};
use super::implication::{Claim, claims};
use super::linear::{Line, Linear};
use super::structure::{ByCases, Family, Hulls, follows_by_cases};
use crate::language::program::{Aggregate, Column, Event, Program, Row};

/// A program with the values of its params.
#[derive(Clone, Copy)]
pub struct Spec<'a> {
    pub program: &'a Program,
    pub params: &'a BTreeMap<String, f64>,
}

/// The question: premises and claims over the means of events.
#[derive(Debug)]
pub struct Question {
    pub premises: Linear,
    hulls: Hulls,
    /// Per variable an event of one of the programs, for words; remainders have none.
    pub events: Vec<Event>,
    /// Per row of the claiming program, its sides: whether it is the upper, and the claim.
    pub rows: Vec<Vec<(bool, Claim)>>,
    /// Rows of the premising program that count: soft ones, which give way, do not.
    pub premise_rows: Vec<usize>,
}

impl Question {
    /// Does `premise` imply `claim`?
    ///
    /// # Errors
    /// Why the question needs data, in words.
    pub fn new(premise: Spec<'_>, claim: Spec<'_>) -> Result<Question, String> {
        let columns = shared_columns(premise.program, claim.program)?;
        let both = [premise, claim];
        let mut listed: Vec<(&Event, &BTreeMap<String, f64>)> = Vec::new();
        for spec in both {
            listed.extend(spec.program.events.iter().map(|event| (event, spec.params)));
        }
        let (sets, cells) = members(&listed, &columns)?;
        let mut family = Family { members: Vec::new(), cells };
        let mut events: Vec<Event> = Vec::new();
        let mut variable = Vec::new();
        for (set, (event, _)) in sets.into_iter().zip(&listed) {
            let known = family.members.iter().position(|other| *other == set);
            variable.push(known.unwrap_or_else(|| {
                family.members.push(set);
                events.push((*event).clone());
                family.members.len() - 1
            }));
        }
        let hulls = family.hulls();
        let (ours, theirs) = variable.split_at(premise.program.events.len());
        let boxes = boxes(premise, &family, &hulls, ours)?;
        let hard: Vec<usize> = (0..premise.program.rows.len())
            .filter(|&row| premise.program.rows.get(row).is_some_and(|row| row.options.soft.is_none()))
            .collect();
        let rows = |spec: Spec<'_>, variable: &[usize]| -> Result<Vec<Line>, String> {
            spec.program.rows.iter().map(|row| line(row, spec, variable)).collect()
        };
        let lines = rows(premise, ours)?;
        let premises =
            Linear { intervals: boxes, lines: hard.iter().filter_map(|&row| lines.get(row)).cloned().collect() };
        let rows = rows(claim, theirs)?.iter().map(claims).collect();
        tighter_bounds(premise, claim)?;
        Ok(Question { premises, hulls, events, rows, premise_rows: hard })
    }

    pub fn answer(&self, claim: &Claim) -> ByCases {
        follows_by_cases(&self.premises, &self.hulls, claim)
    }
}

/// The columns of both programs, which must agree on those that they share.
fn shared_columns<'a>(a: &'a Program, b: &'a Program) -> Result<BTreeMap<String, &'a Column>, String> {
    let mut columns: BTreeMap<String, &Column> = BTreeMap::new();
    for column in a.columns.iter().chain(&b.columns) {
        match columns.get(&column.header) {
            Some(known) if known.ty != column.ty || known.nullable != column.nullable => {
                return Err(format!("the two specs declare `{}` differently", column.header));
            }
            Some(_) => {}
            None => {
                columns.insert(column.header.clone(), column);
            }
        }
    }
    Ok(columns)
}

/// A row over the means of events.
fn line(row: &Row, spec: Spec<'_>, variable: &[usize]) -> Result<Line, String> {
    let name = row.origins.first().map_or("", |origin| &origin.name);
    let constants = Constants(spec.params);
    let known = |value: f64, what: &str| match value.is_nan() {
        true => Err(format!("{what} of `{name}` is known only with the data")),
        false => Ok(value),
    };
    let mut line = Line { entries: Vec::new(), lower: f64::NEG_INFINITY, upper: f64::INFINITY };
    for term in &row.terms {
        if term.aggregate == Aggregate::Sum || !term.factor.is_one() {
            return Err(format!("`{name}` weighs samples by what only the data tell"));
        }
        let value = known(term.coefficient.evaluate(&constants), "a coefficient")?;
        let place = variable.get(term.event.0 as usize).copied().unwrap_or(usize::MAX);
        match line.entries.iter_mut().find(|(known, _)| *known == place) {
            Some((_, sum)) => *sum += value,
            None => line.entries.push((place, value)),
        }
    }
    if let Some(lower) = &row.lower {
        line.lower = known(lower.evaluate(&constants), "the lower side")?;
    }
    if let Some(upper) = &row.upper {
        line.upper = known(upper.evaluate(&constants), "the upper side")?;
    }
    Ok(line)
}

/// What bounds and per-sample rows allow the mean of each event and remainder.
fn boxes(spec: Spec<'_>, family: &Family, hulls: &Hulls, variable: &[usize]) -> Result<Vec<(f64, f64)>, String> {
    let prediction = &spec.program.prediction;
    let sets = family.members.iter().chain(&hulls.remainders);
    let mut boxes: Vec<(f64, f64)> = sets.clone().map(|_| (prediction.lower, prediction.upper)).collect();
    for (event, lower, upper) in sample_bounds(spec)? {
        let Some(bounded) = variable.get(event).and_then(|&place| family.members.get(place)) else { continue };
        for (set, (lo, hi)) in sets.clone().zip(&mut boxes) {
            if set.iter().all(|cell| bounded.binary_search(cell).is_ok()) {
                (*lo, *hi) = (lo.max(lower), hi.min(upper));
            }
        }
    }
    Ok(boxes)
}

/// The per-sample rows: event and bounds.
fn sample_bounds(spec: Spec<'_>) -> Result<Vec<(usize, f64, f64)>, String> {
    let constants = Constants(spec.params);
    let bound = |row: &crate::language::program::SampleRow| {
        let name = row.origins.first().map_or("", |origin| &origin.name);
        let scale = row.coefficient.evaluate(&constants);
        let side = |side: &Option<crate::language::program::Data>, none: f64| {
            side.as_ref().map_or(none, |side| side.evaluate(&constants))
        };
        let (a, b) = (side(&row.lower, f64::NEG_INFINITY) / scale, side(&row.upper, f64::INFINITY) / scale);
        if a.is_nan() || b.is_nan() || scale == 0.0 {
            return Err(format!("the bounds of `{name}` are known only with the data"));
        }
        Ok((row.event.0 as usize, a.min(b), a.max(b)))
    };
    spec.program.sample_rows.iter().filter(|row| row.options.soft.is_none()).map(bound).collect()
}

/// Bounds of single predictions follow only from bounds: what the claim asks beyond the premise's needs data.
fn tighter_bounds(premise: Spec<'_>, claim: Spec<'_>) -> Result<(), String> {
    let (ours, theirs) = (&premise.program.prediction, &claim.program.prediction);
    if theirs.lower > ours.lower || theirs.upper < ours.upper {
        return Err(format!(
            "it allows predictions in [{}, {}], and the premise [{}, {}]",
            theirs.lower, theirs.upper, ours.lower, ours.upper
        ));
    }
    let known = sample_bounds(premise)?;
    for (event, lower, upper) in sample_bounds(claim)? {
        let event = claim.program.events.get(event);
        let covered = known.iter().any(|(other, least, greatest)| {
            premise.program.events.get(*other) == event && *least >= lower && *greatest <= upper
        });
        if !covered {
            return Err("it bounds single predictions that the premise does not bound".to_owned());
        }
    }
    Ok(())
}
