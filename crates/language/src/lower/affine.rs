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
        let Some(slope) = self.terms.get(&Quantity::Prediction) else { return result };
        for (event, slope) in indicator::split(slope, given, scope) {
            // A mean of what is nothing outside of some event is the sum inside over the count of all.
            let part = aggregate == Aggregate::Mean && event != *given;
            let aggregate = if part { Aggregate::Sum } else { aggregate };
            for (coefficient, factor) in slope.split_columns() {
                let coefficient = if part { coefficient.div(Data::count(given.clone())) } else { coefficient };
                result.insert(Quantity::Aggregate { event: event.clone(), aggregate, factor }, coefficient);
            }
        }
        result
    }
}
