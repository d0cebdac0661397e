//! Events that no sample can be in, and events that every sample is in, by what is declared of their columns.
//!
//! Comparisons of one expression with numbers leave it a range, within the declared one; where nothing is left of it, no
//! sample satisfies them all. An event holds for all where its negation holds for none. Nothing is said of events that read
//! params, whose values may change, nor that all samples are in an event that a null would be out of.

use std::collections::BTreeMap;

use crate::hir::{self, Expr, ExprKind, Hir};
use crate::program::{ColumnType, Comparison, Data, Event};
use crate::span::Span;

use super::event::event;
use super::scope::Scope;
use super::vacuous;

/// Whether it is plain that no sample is in the event.
pub(super) fn holds_for_none(event: &Event, hir: &Hir) -> bool {
    match event {
        Event::Never => true,
        Event::All | Event::Levels { .. } | Event::Not(_) => false,
        Event::Compare { .. } => contradict(std::iter::once(event), hir),
        Event::And(parts) => parts.iter().any(|part| holds_for_none(part, hir)) || contradict(parts.iter(), hir),
        Event::Or(parts) => parts.iter().all(|part| holds_for_none(part, hir)),
    }
}

/// Whether it is plain that every sample is in the event.
pub(super) fn holds_for_all(event: &Event, hir: &Hir) -> bool {
    match event {
        Event::All => true,
        Event::Never | Event::Levels { .. } => false,
        Event::Compare { .. } => none_is_left(std::slice::from_ref(event), hir),
        Event::Not(inner) => holds_for_none(inner, hir),
        Event::And(parts) => parts.iter().all(|part| holds_for_all(part, hir)),
        Event::Or(parts) => parts.iter().any(|part| holds_for_all(part, hir)) || none_is_left(parts, hir),
    }
}

/// Whether the negations of the comparisons among these events contradict each other.
fn none_is_left(events: &[Event], hir: &Hir) -> bool {
    let nullable = |header: &str| hir.columns.iter().any(|column| column.header == header && column.nullable);
    let negation = |event: &Event| match event {
        Event::Compare { left, op, right } if !event.columns_read().into_iter().any(nullable) => {
            Some(Event::Compare { left: left.clone(), op: op.negated(), right: right.clone() })
        }
        _ => None,
    };
    let negations: Vec<Event> = events.iter().filter_map(negation).collect();
    contradict(negations.iter(), hir)
}

/// Whether no sample satisfies all comparisons among these events.
fn contradict<'e>(events: impl Iterator<Item = &'e Event>, hir: &Hir) -> bool {
    let mut left_over: BTreeMap<&Data, Values> = BTreeMap::new();
    for event in events {
        if let Event::Compare { left, op, right } = event
            && let Some(number) = right.as_number()
            && event.params().is_empty()
        {
            left_over.entry(left).or_insert_with(|| Values::of(left, hir)).keep(*op, number);
        }
    }
    left_over.values().any(Values::is_empty)
}

/// The values of an expression that are left.
struct Values {
    lower: f64,
    upper: f64,
    /// The ends themselves are left out.
    lower_open: bool,
    upper_open: bool,
    /// Whole numbers.
    whole: bool,
}

impl Values {
    fn of(data: &Data, hir: &Hir) -> Values {
        let range = vacuous::range(data, hir);
        let whole = match data {
            Data::Column(header) => {
                hir.columns.iter().any(|column| column.header == *header && matches!(column.ty, ColumnType::Int(_)))
            }
            _ => false,
        };
        Values { lower: range.lower, upper: range.upper, lower_open: false, upper_open: false, whole }
    }

    fn keep(&mut self, op: Comparison, number: f64) {
        match op {
            Comparison::Less => self.end_at(number, true),
            Comparison::LessEqual => self.end_at(number, false),
            Comparison::Greater => self.begin_at(number, true),
            Comparison::GreaterEqual => self.begin_at(number, false),
            Comparison::Equal => {
                self.begin_at(number, false);
                self.end_at(number, false);
            }
            Comparison::NotEqual => {
                self.lower_open |= self.lower == number;
                self.upper_open |= self.upper == number;
            }
        }
    }

    fn begin_at(&mut self, number: f64, open: bool) {
        if number > self.lower || (number == self.lower && open) {
            (self.lower, self.lower_open) = (number, open);
        }
    }

    fn end_at(&mut self, number: f64, open: bool) {
        if number < self.upper || (number == self.upper && open) {
            (self.upper, self.upper_open) = (number, open);
        }
    }

    fn is_empty(&self) -> bool {
        let Values { mut lower, mut upper, lower_open, upper_open, whole } = *self;
        if whole {
            lower = if lower_open { lower.floor() + 1.0 } else { lower.ceil() };
            upper = if upper_open { upper.ceil() - 1.0 } else { upper.floor() };
            return lower > upper;
        }
        lower > upper || (lower == upper && (lower_open || upper_open))
    }
}

/// The conditions of aggregates that hold for every sample in all instances of a constraint so far, by where they stand.
#[derive(Default)]
pub(super) struct Certain {
    instances: usize,
    places: Vec<Span>,
}

impl Certain {
    /// Goes through one more instance. Elements of folds are left out.
    pub fn see(&mut self, relations: &[hir::Relation], scope: Scope<'_>) {
        self.instances += 1;
        if self.instances > 1 && self.places.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for relation in relations {
            conditions(&relation.left, scope, &mut found);
            conditions(&relation.right, scope, &mut found);
        }
        match self.instances {
            1 => self.places = found,
            _ => self.places.retain(|place| found.contains(place)),
        }
    }

    pub fn first(&self) -> Option<Span> {
        self.places.first().copied()
    }
}

/// Whether the event reads levels of a group, whose conditions are looked at where it is declared.
fn of_a_group(event: &hir::Event) -> bool {
    match event {
        hir::Event::Case { .. } | hir::Event::Group { .. } | hir::Event::GroupOf { .. } => true,
        hir::Event::Not(inner) => of_a_group(inner),
        hir::Event::And(parts) | hir::Event::Or(parts) => parts.iter().any(of_a_group),
        hir::Event::All
        | hir::Event::Levels { .. }
        | hir::Event::LevelOf { .. }
        | hir::Event::SameLevel { .. }
        | hir::Event::Compare { .. } => false,
    }
}

fn conditions(expr: &Expr, scope: Scope<'_>, found: &mut Vec<Span>) {
    match &expr.kind {
        ExprKind::Mean { event: given, value } | ExprKind::Sum { event: given, value } => {
            if *given != hir::Event::All && !of_a_group(given) && holds_for_all(&event(given, scope), scope.hir) {
                found.push(expr.span);
            }
            conditions(value, scope, found);
        }
        ExprKind::Negate(inner) => conditions(inner, scope, found),
        ExprKind::Add(terms) | ExprKind::Call(_, terms) => terms.iter().for_each(|term| conditions(term, scope, found)),
        ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
            conditions(left, scope, found);
            conditions(right, scope, found);
        }
        ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::ParamOf { .. }
        | ExprKind::Binder(_)
        | ExprKind::Column(_)
        | ExprKind::Prediction
        | ExprKind::SecondPrediction
        | ExprKind::Indicator(_)
        | ExprKind::Count { .. }
        | ExprKind::Probability { .. }
        | ExprKind::Covariance { .. }
        | ExprKind::Variance { .. }
        | ExprKind::Fold { .. } => {}
    }
}
