//! What rows of a program come to for some predictions, from the meaning of its expressions, sample by sample: no code of the binder.

use fairc::language::program::{Aggregate, Data, Event, Program, Row, SampleRow, Values};

use crate::table::{self, Value};

/// One sample before all others.
#[derive(Clone, Copy)]
pub struct Meaning<'a> {
    pub program: &'a Program,
    pub rows: &'a [table::Row],
    pub own: &'a table::Row,
}

impl<'a> Meaning<'a> {
    fn weight(&self) -> f64 {
        if self.program.weight.is_some() { self.own.weight } else { 1.0 }
    }

    fn of(&self, own: &'a table::Row) -> Meaning<'a> {
        Meaning { own, ..*self }
    }

    fn members<'b>(&'b self, event: &'b Event) -> impl Iterator<Item = (usize, Meaning<'a>)> + 'b {
        let all = self.rows.iter().enumerate().map(|(place, row)| (place, self.of(row)));
        all.filter(|(_, own)| own.weight() > 0.0 && event.holds(own))
    }
}

impl Values for Meaning<'_> {
    fn param(&self, name: &str) -> f64 {
        self.program.param(name).map_or(f64::NAN, |param| param.value)
    }

    fn column(&self, header: &str) -> f64 {
        match self.own.values.get(header) {
            Some(Value::Number(number)) => *number,
            Some(Value::Level { number, .. }) => number.unwrap_or(f64::NAN),
            Some(Value::Null) | None => f64::NAN,
        }
    }

    fn level(&self, header: &str) -> Option<&str> {
        match self.own.values.get(header) {
            Some(Value::Level { text, .. }) => Some(text),
            Some(Value::Number(_) | Value::Null) | None => None,
        }
    }

    fn total(&self, value: &Data, event: &Event) -> f64 {
        self.members(event).map(|(_, own)| own.weight() * value.evaluate(&own)).sum()
    }
}

/// A row at some predictions: its value, its sides, and the size of all that is added up.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    pub size: f64,
}

impl Reading {
    /// Whether it lies within its sides, but for rounding. What is not finite says nothing.
    pub fn holds(&self) -> bool {
        let room = 1e-9 * (1.0 + self.size + finite(self.lower).abs().max(finite(self.upper).abs()));
        !room.is_finite() || !(self.value < self.lower - room || self.value > self.upper + room)
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// What a row comes to for predictions `y`.
pub fn reading(meaning: &Meaning<'_>, row: &Row, y: &[f64]) -> Reading {
    let (mut value, mut size) = (0.0, 0.0);
    for term in &row.terms {
        let Some(event) = meaning.program.event(term.event) else { continue };
        let (mut sum, mut sizes, mut weight) = (0.0, 0.0, 0.0);
        for (place, own) in meaning.members(event) {
            let prediction = match &term.at {
                None => y[place],
                Some(at) => (y[place] - at.evaluate(&own)).abs(),
            };
            let part = own.weight() * term.factor.evaluate(&own) * prediction;
            (sum, sizes, weight) = (sum + part, sizes + part.abs(), weight + own.weight());
        }
        let scale = match term.aggregate {
            Aggregate::Mean => weight,
            Aggregate::Sum => 1.0,
        };
        let coefficient = term.coefficient.evaluate(meaning) / scale;
        (value, size) = (value + coefficient * sum, size + (coefficient * sizes).abs());
    }
    let side = |side: &Option<Data>, none: f64| side.as_ref().map_or(none, |side| side.evaluate(meaning));
    let (lower, upper) = (side(&row.lower, f64::NEG_INFINITY), side(&row.upper, f64::INFINITY));
    Reading { value, lower, upper, size }
}

/// What a row about single predictions comes to for one of them; none if it is not about it.
pub fn sample_reading(meaning: &Meaning<'_>, row: &SampleRow, y: f64) -> Option<Reading> {
    if !meaning.program.event(row.event)?.holds(meaning) {
        return None;
    }
    let coefficient = row.coefficient.evaluate(meaning);
    let side = |side: &Option<Data>, none: f64| side.as_ref().map_or(none, |side| side.evaluate(meaning));
    let (lower, upper) = (side(&row.lower, f64::NEG_INFINITY), side(&row.upper, f64::INFINITY));
    Some(Reading { value: coefficient * y, lower, upper, size: (coefficient * y).abs() })
}
