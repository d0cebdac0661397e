//! Affine forms `Σ coefficient · quantity + constant`, and the aggregates that make them.
//!
//! From: `E[a·ŷ + b | event]` with per-sample data `a` and `b`. To: `Σ c·E[φ·ŷ | event] + E[b | event]`, one term for
//! each product of columns `φ` in `a`. Why equivalent: expectation is linear, and what is free of columns is the same
//! for every sample. The same for `Sum`.

use std::collections::BTreeMap;

use crate::program::{Aggregate, Data, Event};

use super::indicator;
use super::scope::Scope;

/// What a coefficient multiplies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quantity {
    /// `ŷ` of the sample at hand: inside aggregates and under `each`.
    Prediction,
    /// `ŷ` of the second sample of the pair at hand, of which the other is the first.
    Second,
    /// `E[factor·ŷ | event]` or `Sum[factor·ŷ | event]`.
    Aggregate { event: Event, aggregate: Aggregate, factor: Data },
    /// `|ŷ − at|` of the sample at hand: inside aggregates.
    Distance { at: Data },
    /// `E[factor·|ŷ − at| | event]`, or the sum; its coefficient and factor are not negative.
    Bent { event: Event, aggregate: Aggregate, factor: Data, at: Data },
}

impl Quantity {
    /// The event that it is taken over.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Quantity::Aggregate { event, .. } | Quantity::Bent { event, .. } => Some(event),
            Quantity::Prediction | Quantity::Second | Quantity::Distance { .. } => None,
        }
    }

    /// What differs from sample to sample.
    pub fn of_samples(&self) -> impl Iterator<Item = &Data> + Clone {
        let (factor, at) = match self {
            Quantity::Aggregate { factor, .. } => (Some(factor), None),
            Quantity::Bent { factor, at, .. } => (Some(factor), Some(at)),
            Quantity::Distance { at } => (None, Some(at)),
            Quantity::Prediction | Quantity::Second => (None, None),
        };
        factor.into_iter().chain(at)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Affine {
    /// No coefficient is zero.
    pub terms: BTreeMap<Quantity, Data>,
    pub constant: Data,
}

impl Affine {
    pub fn constant(constant: Data) -> Self {
        Affine { terms: BTreeMap::new(), constant }
    }

    pub fn prediction(whose: Quantity) -> Self {
        Affine { terms: BTreeMap::from([(whose, Data::one())]), constant: Data::zero() }
    }

    /// `|slope·ŷ + rest|` of the sample at hand, where `slope` has one sign for all samples.
    pub fn distance(slope: Data, negative: bool, rest: Data) -> Self {
        let at = rest.neg().div(slope.clone());
        let coefficient = if negative { slope.neg() } else { slope };
        Affine { terms: BTreeMap::from([(Quantity::Distance { at }, coefficient)]), constant: Data::zero() }
    }

    /// What the prediction of the sample at hand is multiplied by.
    pub fn slope(&self) -> Data {
        self.terms.get(&Quantity::Prediction).cloned().unwrap_or_else(Data::zero)
    }

    pub fn add(mut self, other: Affine) -> Self {
        for (quantity, coefficient) in other.terms {
            self.insert(quantity, coefficient);
        }
        self.constant = self.constant.add(other.constant);
        self
    }

    fn insert(&mut self, quantity: Quantity, coefficient: Data) {
        let known = self.terms.remove(&quantity).unwrap_or_else(Data::zero);
        let sum = known.add(coefficient);
        if !sum.is_zero() {
            self.terms.insert(quantity, sum);
        }
    }

    pub fn scale(self, factor: Data) -> Self {
        if factor.is_zero() {
            return Affine::constant(Data::zero());
        }
        let scaled = |(quantity, coefficient): (Quantity, Data)| (quantity, coefficient.mul(factor.clone()));
        Affine {
            terms: self.terms.into_iter().map(scaled).filter(|(_, coefficient)| !coefficient.is_zero()).collect(),
            constant: self.constant.mul(factor.clone()),
        }
    }

    pub fn negate(self) -> Self {
        Affine {
            terms: self.terms.into_iter().map(|(quantity, coefficient)| (quantity, coefficient.neg())).collect(),
            constant: self.constant.neg(),
        }
    }

    /// The mean of this per-sample form over an event.
    pub fn mean(self, event: &Event, scope: Scope<'_>) -> Self {
        let constant = indicator::mean(self.constant.clone(), event.clone(), scope);
        self.aggregate(Aggregate::Mean, event, constant, scope)
    }

    /// The sum of this per-sample form over an event.
    pub fn total(self, event: &Event, scope: Scope<'_>) -> Self {
        let constant = indicator::total(self.constant.clone(), event.clone(), scope);
        self.aggregate(Aggregate::Sum, event, constant, scope)
    }

    fn aggregate(self, aggregate: Aggregate, given: &Event, constant: Data, scope: Scope<'_>) -> Self {
        let mut result = Affine::constant(constant);
        for (quantity, slope) in &self.terms {
            let Quantity::Distance { at } = quantity else {
                result.spread(slope, None, (aggregate, given, given), scope);
                continue;
            };
            for (event, known) in indicator::cases(&indicator::headers(at), given, scope) {
                let (slope, at) = (indicator::with(slope, &known), indicator::with(at, &known));
                result.spread(&slope, Some(&at), (aggregate, given, &event), scope);
            }
        }
        result
    }

    /// Adds `slope·ŷ`, or `slope·|ŷ − at|`, over the part `within` of an event.
    fn spread(
        &mut self,
        slope: &Data,
        at: Option<&Data>,
        (aggregate, given, within): (Aggregate, &Event, &Event),
        scope: Scope<'_>,
    ) {
        for (event, slope) in indicator::split(slope, within, scope) {
            // A mean of what is nothing outside of some event is the sum inside over the count of all.
            let part = aggregate == Aggregate::Mean && event != *given;
            let aggregate = if part { Aggregate::Sum } else { aggregate };
            for (coefficient, factor) in slope.split_columns() {
                let coefficient = if part { coefficient.div(Data::count(given.clone())) } else { coefficient };
                let event = event.clone();
                let quantity = match at {
                    None => Quantity::Aggregate { event, aggregate, factor },
                    Some(at) => Quantity::Bent { event, aggregate, factor, at: at.clone() },
                };
                self.insert(quantity, coefficient);
            }
        }
    }
}
