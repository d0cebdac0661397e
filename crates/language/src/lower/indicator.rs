//! Indicators, out of the canonical form.
//!
//! From: `E[[a]·e | b]`, where `[a]` is 1 in the event and 0 outside of it. To: `Sum[e | a, b] / N[b]`. Why equivalent: a
//! product with an indicator is nothing outside of its event, so summing over the event is all there is to it; the mean is
//! the sum over the count of `b`, as ever. So `e` is read where the event holds, and nowhere else.
//!
//! What is no product, `|[a] - e|` or a condition that reads `[a]`, is taken case by case: once for samples in the event,
//! with 1, and once for the others, with 0.
//!
//! While a per-sample expression is put together, an indicator stands in it as a mark, a column that no data have (`marks`).
//! No row reads one.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{Comparison, Data, Event};

use super::marks::is_mark;
use super::scope::Scope;

/// The most indicators of an expression that is taken case by case.
pub(super) const MOST_CASES: usize = 6;

/// The indicators that an expression reads.
pub(super) fn headers(data: &Data) -> BTreeSet<String> {
    data.sample_columns().into_iter().filter(|header| is_mark(header)).map(str::to_owned).collect()
}

/// `E[value | given]`.
pub(super) fn mean(value: Data, given: Event, scope: Scope<'_>) -> Data {
    if headers(&value).is_empty() {
        return Data::mean(value, given);
    }
    let part = |(event, value): (Event, Data)| match event == given {
        true => Data::mean(value, given.clone()),
        false => Data::total(value, event).div(Data::count(given.clone())),
    };
    Data::sum(split(&value, &given, scope).into_iter().map(part))
}

/// `Sum[value | given]`.
pub(super) fn total(value: Data, given: Event, scope: Scope<'_>) -> Data {
    if headers(&value).is_empty() {
        return Data::total(value, given);
    }
    Data::sum(split(&value, &given, scope).into_iter().map(|(event, value)| Data::total(value, event)))
}

/// A per-sample value over the samples of an event, as `Σ value · [event]` with events in it and values free of indicators.
pub(super) fn split(value: &Data, within: &Event, scope: Scope<'_>) -> Vec<(Event, Data)> {
    if headers(value).is_empty() {
        return vec![(within.clone(), value.clone())];
    }
    let mut parts: BTreeMap<Event, Vec<Data>> = BTreeMap::new();
    for (coefficient, factor) in value.split_columns() {
        let factors = match factor {
            Data::Product(factors) => factors,
            other => vec![(other, 1.0)],
        };
        let (mut events, mut plain, mut read) = (vec![within.clone()], vec![coefficient], Vec::new());
        for (factor, exponent) in factors {
            let own = match &factor {
                // Powers of 0 and 1 are what they are.
                Data::Column(header) if exponent > 0.0 => scope.indicators.event(header),
                _ => None,
            };
            let inside = headers(&factor);
            match own {
                Some(event) => events.push(event),
                None if inside.is_empty() => plain.push(factor.pow(Data::number(exponent))),
                None => read.push((factor.pow(Data::number(exponent)), inside)),
            }
        }
        let within = Event::and(events, scope.universe);
        let inside = read.iter().flat_map(|(_, inside)| inside.iter().cloned()).collect();
        for (event, known) in cases(&inside, &within, scope) {
            let read = read.iter().map(|(factor, _)| with(factor, &known));
            parts.entry(event).or_default().push(Data::product(plain.iter().cloned().chain(read)));
        }
    }
    let parts = parts.into_iter().map(|(event, values)| (event, Data::sum(values)));
    parts.filter(|(_, value)| !value.is_zero()).collect()
}

/// Which indicators are 1, by header.
pub(super) type Known = BTreeMap<String, bool>;

/// The samples of an event by what these indicators are for them.
pub(super) fn cases(indicators: &BTreeSet<String>, within: &Event, scope: Scope<'_>) -> Vec<(Event, Known)> {
    let mut cases = vec![(within.clone(), Known::new())];
    if indicators.len() > MOST_CASES {
        scope.indicators.overflow();
        return cases;
    }
    for header in indicators {
        let Some(event) = scope.indicators.event(header) else { continue };
        let mut next = Vec::with_capacity(2 * cases.len());
        for (case, known) in cases {
            for (holds, event) in [(true, event.clone()), (false, event.clone().not(scope.universe))] {
                let mut known = known.clone();
                known.insert(header.clone(), holds);
                next.push((Event::and([case.clone(), event], scope.universe), known));
            }
        }
        next.retain(|(case, _)| *case != Event::Never);
        cases = next;
    }
    cases
}

/// The expression with indicators replaced by what they are.
pub(super) fn with(data: &Data, known: &Known) -> Data {
    match data {
        Data::Column(header) => match known.get(header) {
            Some(holds) => Data::number(f64::from(u8::from(*holds))),
            None => data.clone(),
        },
        Data::Number(_) | Data::Param(_) | Data::Total { .. } => data.clone(),
        Data::Sum { constant, terms } => {
            let terms = terms.iter().map(|(coefficient, term)| with(term, known).scale(*coefficient));
            Data::sum(terms.chain([Data::number(*constant)]))
        }
        Data::Product(factors) => {
            Data::product(factors.iter().map(|(factor, power)| with(factor, known).pow(Data::number(*power))))
        }
        Data::Call(function, arguments) => {
            Data::call(*function, arguments.iter().map(|argument| with(argument, known)).collect())
        }
    }
}

/// `left op right` where the sides may read indicators.
pub(super) fn compare(left: Data, op: Comparison, right: Data, scope: Scope<'_>) -> Event {
    let mut inside = headers(&left);
    inside.extend(headers(&right));
    if inside.len() > MOST_CASES {
        scope.indicators.overflow();
        return Event::Never;
    }
    let inside: Vec<String> = inside.into_iter().collect();
    decided(&inside, (left, op, right), scope)
}

/// The comparison as a decision over one indicator after the other.
fn decided(inside: &[String], (left, op, right): (Data, Comparison, Data), scope: Scope<'_>) -> Event {
    let Some((header, rest)) = inside.split_first() else {
        return Event::compare(left, op, right, scope.universe);
    };
    let Some(event) = scope.indicators.event(header) else { return Event::Never };
    let branch = |holds: bool| {
        let known = Known::from([(header.clone(), holds)]);
        decided(rest, (with(&left, &known), op, with(&right, &known)), scope)
    };
    let (inside, outside) = (branch(true), branch(false));
    let other = event.clone().not(scope.universe);
    match (inside, outside) {
        (inside, outside) if inside == outside => inside,
        (Event::All, outside) => Event::or([event, outside], scope.universe),
        (inside, Event::All) => Event::or([other, inside], scope.universe),
        (inside, outside) => {
            let inside = Event::and([event, inside], scope.universe);
            Event::or([inside, Event::and([other, outside], scope.universe)], scope.universe)
        }
    }
}
