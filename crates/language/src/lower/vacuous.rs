//! Promises that promise nothing, or far too much: what the bounds of the prediction say about the rows of a constraint
//! with its params at their defaults.
//!
//! Interval arithmetic (Moore, Kearfott and Cloud 2009, *Introduction to Interval Analysis*, chapters 5 and 10). Every
//! mean of predictions in `[p, q]` lies in `[p, q]`, whatever the data, so
//!
//! * a row whose left side cannot leave its sides constrains nothing;
//! * rows over several means are *propagated*: each bounds every mean in it by the ranges of the others, again and again.
//!   `a >= 1.2 b` and `b >= 1.2 a` shrink [0, 1] to nothing but 0: only a prediction that is 0 for everyone is left.
//!
//! Ranges are never too narrow, so nothing is said that does not hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::hir::Hir;
use crate::interval::Interval;
use crate::program::{Aggregate, ColumnType, Data, Function};
use crate::span::{Sources, Span, quote};

use super::affine::Quantity;
use super::draft::Draft;
use super::error::{Finding, Kind};

/// Propagation ends when a mean is known to this width.
const POINT: f64 = 1e-9;
const MOST_ROWS: usize = 500;
/// The most steps (a term of a row, once) of propagation.
const MOST_STEPS: usize = 40_000;

/// What there is to say about the rows of one constraint, with its place.
pub(super) fn noticed(drafts: &[Draft], body: Span, hir: &Hir, sources: &Sources) -> Option<Finding> {
    let text = quote(sources, body);
    // Where there is no prediction, or a param that cannot have its value, that is the mistake.
    let sound = |name: &str| {
        hir.param_named(name).is_none_or(|param| param.value.is_finite() && param.range.contains(param.value))
    };
    if drafts.is_empty() || hir.prediction.is_none() || !drafts.iter().flat_map(params).all(sound) {
        return None;
    }
    if drafts.iter().all(|draft| draft.row.terms.is_empty()) {
        return Some(Finding::new(Kind::DataAlone { text }, body));
    }
    if drafts.iter().all(|draft| always(draft, hir)) {
        let params: BTreeSet<&str> = drafts.iter().flat_map(params).collect();
        return Some(Finding::new(holds_always(text, &params, hir), body));
    }
    // Of very many rows some are enough: fewer rows leave more predictions.
    let rows: Vec<Means> = drafts.iter().take(MOST_ROWS).filter_map(|draft| means(draft, hir)).collect();
    let outcome = propagate(&rows, bounds(hir)?);
    let only = match outcome {
        Outcome::Open => return None,
        Outcome::Nothing => None,
        Outcome::Only(value) => Some(value),
    };
    Some(Finding::new(Kind::Absurd { text, only }, body))
}

fn holds_always(text: String, params: &BTreeSet<&str>, hir: &Hir) -> Kind {
    let mut places: Vec<_> = params.iter().filter_map(|name| hir.param_places.get(*name)).collect();
    places.sort();
    let params: Vec<_> = places.into_iter().map(|place| &hir[*place]).collect();
    if params.is_empty() {
        return Kind::Implied { text };
    }
    let percent = params.iter().find(|param| !param.percent && param.value > 1.0 && param.value <= 100.0);
    let percent = percent.map(|param| (param.name.clone(), param.value));
    Kind::ImpliedAtDefaults {
        text,
        params: params.iter().map(|param| (param.name.clone(), param.value)).collect(),
        percent,
    }
}

/// The bounds of the prediction.
fn bounds(hir: &Hir) -> Option<Interval> {
    hir.prediction.as_ref().map(|prediction| prediction.range)
}

fn params(draft: &Draft) -> BTreeSet<&str> {
    let data = draft.row.terms.values().chain(&draft.row.lower).chain(&draft.row.upper);
    data.flat_map(Data::params).collect()
}

/// Whether the row holds for all predictions within their bounds.
fn always(draft: &Draft, hir: &Hir) -> bool {
    let left = draft.row.terms.iter().fold(Interval::point(0.0), |sum, (quantity, coefficient)| {
        sum + quantity_range(quantity, hir).multiply(range(coefficient, hir))
    });
    let lower = draft.row.lower.as_ref().map(|side| range(side, hir).upper);
    let upper = draft.row.upper.as_ref().map(|side| range(side, hir).lower);
    let holds = |finite: f64, inside: bool| finite.is_finite() && inside;
    lower.is_none_or(|lower| holds(left.lower, lower <= left.lower))
        && upper.is_none_or(|upper| holds(left.upper, left.upper <= upper))
}

fn quantity_range(quantity: &Quantity, hir: &Hir) -> Interval {
    let prediction = bounds(hir).unwrap_or(Interval::ALL);
    match quantity {
        Quantity::Prediction | Quantity::Second => prediction,
        Quantity::Distance { at } => (prediction + range(at, hir).negate()).abs(),
        Quantity::Aggregate { aggregate, factor, .. } | Quantity::Bent { aggregate, factor, .. } => {
            let of_sample = match quantity {
                Quantity::Bent { at, .. } => (prediction + range(at, hir).negate()).abs(),
                Quantity::Prediction | Quantity::Second | Quantity::Distance { .. } | Quantity::Aggregate { .. } => {
                    prediction
                }
            };
            let value = of_sample.multiply(range(factor, hir));
            match aggregate {
                Aggregate::Mean => value,
                Aggregate::Sum => value.total(),
            }
        }
    }
}

/// The values of a data expression with the params at their defaults, whatever the data.
pub(super) fn range(data: &Data, hir: &Hir) -> Interval {
    match data {
        Data::Number(value) => Interval::point(*value),
        Data::Param(name) => hir.param_named(name).map_or(Interval::ALL, |param| Interval::point(param.value)),
        Data::Column(header) => column_range(header, hir),
        // A weighted sum, which may be empty.
        Data::Total { value, .. } => range(value, hir).total(),
        Data::Sum { constant, terms } => terms.iter().fold(Interval::point(*constant), |sum, (coefficient, term)| {
            sum + range(term, hir).multiply(Interval::point(*coefficient))
        }),
        Data::Product(factors) => factors.iter().fold(Interval::point(1.0), |product, (factor, exponent)| {
            product.multiply(power(range(factor, hir), *exponent))
        }),
        Data::Call(function, arguments) => called(*function, arguments.iter().map(|argument| range(argument, hir))),
    }
}

fn power(base: Interval, exponent: f64) -> Interval {
    if exponent == 1.0 {
        base
    } else if exponent == -1.0 {
        Interval::point(1.0).divide(base)
    } else if base.is_non_negative() {
        Interval::NON_NEGATIVE
    } else {
        Interval::ALL
    }
}

fn called(function: Function, mut arguments: impl Iterator<Item = Interval>) -> Interval {
    let first = arguments.next().unwrap_or(Interval::ALL);
    match function {
        Function::Abs => first.abs(),
        Function::Exp => first.map_increasing(f64::exp),
        Function::Log => first.map_increasing(f64::ln),
        Function::Sqrt => first.map_increasing(f64::sqrt),
        Function::Max => arguments.fold(first, Interval::max),
        Function::Min => arguments.fold(first, Interval::min),
        Function::Power => Interval::ALL,
    }
}

fn column_range(header: &str, hir: &Hir) -> Interval {
    match hir.columns.iter().find(|column| column.header == header).map(|column| &column.ty) {
        Some(ColumnType::Real(range) | ColumnType::Int(range)) => *range,
        Some(ColumnType::Categorical(levels)) => Interval::hull(levels.iter().filter_map(|level| level.number)),
        None => Interval::ALL,
    }
}

/// `lower <= Σ coefficient · mean <= upper` over two or more means of the prediction itself, in numbers.
struct Means<'d> {
    terms: Vec<(&'d Quantity, f64)>,
    side: Interval,
}

fn means<'d>(draft: &'d Draft, hir: &Hir) -> Option<Means<'d>> {
    let number = |data: &Data| {
        let range = range(data, hir);
        (range.lower == range.upper && range.lower.is_finite()).then_some(range.lower)
    };
    let mut terms = Vec::new();
    for (quantity, coefficient) in &draft.row.terms {
        match quantity {
            Quantity::Aggregate { aggregate: Aggregate::Mean, factor, .. } if factor.is_one() => {
                terms.push((quantity, number(coefficient)?));
            }
            Quantity::Aggregate { .. }
            | Quantity::Prediction
            | Quantity::Second
            | Quantity::Distance { .. }
            | Quantity::Bent { .. } => {
                return None;
            }
        }
    }
    let side = |side: &Option<Data>, none: f64| side.as_ref().map_or(Some(none), number);
    let lower = side(&draft.row.lower, f64::NEG_INFINITY)?;
    let upper = side(&draft.row.upper, f64::INFINITY)?;
    // A bound on one mean says what its author meant.
    (terms.len() > 1).then_some(Means { terms, side: Interval { lower, upper } })
}

enum Outcome {
    Open,
    /// No means within the bounds satisfy all rows.
    Nothing,
    /// A mean can only be this end of the bounds, so each of its predictions is.
    Only(f64),
}

fn propagate<'d>(rows: &[Means<'d>], bounds: Interval) -> Outcome {
    let scale = bounds.upper - bounds.lower;
    if rows.is_empty() || !scale.is_finite() || scale <= 0.0 {
        return Outcome::Open;
    }
    let (mut places, mut known) = (BTreeMap::new(), Vec::new());
    let rows: Vec<(Vec<(usize, Interval)>, Interval)> = rows
        .iter()
        .map(|row| {
            let term = |(quantity, coefficient): &(&'d Quantity, f64)| {
                let place = *places.entry(*quantity).or_insert_with(|| {
                    known.push(bounds);
                    known.len() - 1
                });
                (place, Interval::point(*coefficient))
            };
            (row.terms.iter().map(term).collect(), row.side)
        })
        .collect();
    let mut steps = 0;
    loop {
        let mut gained = false;
        for (terms, side) in &rows {
            steps += terms.len();
            // What the terms behind each come to.
            let mut behind = vec![Interval::point(0.0); terms.len() + 1];
            for (index, (place, coefficient)) in terms.iter().enumerate().rev() {
                behind[index] = behind[index + 1] + known[*place].multiply(*coefficient);
            }
            let mut before = Interval::point(0.0);
            for ((place, coefficient), behind) in terms.iter().zip(&behind[1..]) {
                let mean = known[*place];
                let allowed = (*side + (before + *behind).negate()).divide(*coefficient);
                let next = Interval { lower: mean.lower.max(allowed.lower), upper: mean.upper.min(allowed.upper) };
                if next.lower > next.upper + POINT * scale {
                    return Outcome::Nothing;
                }
                if next.lower <= next.upper {
                    gained |= (mean.upper - mean.lower) - (next.upper - next.lower) > POINT * scale * 1e-3;
                    known[*place] = next;
                }
                before = before + known[*place].multiply(*coefficient);
            }
        }
        if !gained || steps > MOST_STEPS {
            break;
        }
    }
    let ends = known.iter().filter(|mean| mean.upper - mean.lower <= POINT * scale);
    let near = |value: f64, end: f64| (value - end).abs() <= POINT * scale;
    let end = |mean: &Interval| [bounds.lower, bounds.upper].into_iter().find(|end| near(mean.lower, *end));
    ends.filter_map(end).next().map_or(Outcome::Open, Outcome::Only)
}
