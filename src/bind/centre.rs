//! Centring: rows in which a mean cancels, written about that mean.
//!
//! ```text
//! E[t·ŷ | e] − E[t | e]·E[ŷ | e]       →  E[(t − m)·ŷ | e]         with m = E[t | e]
//! E[t² | e] − E[t | e]²                →  E[(t − m)² | e]
//! ```
//!
//! The canonical form has covariances as differences of means, which cancel to nothing where `t` is large beside its spread:
//! epoch milliseconds are 10¹² with a spread of 10⁴. So for each *atom* of a row, a column or an expression of samples that
//! is no polynomial, `t = (t − m) + m` is put in and multiplied out. Where like terms in `m` then cancel, the row does not
//! depend on where `t` lies, and it is bound in the new form; all other rows are bound as they stand. `m` is a mean of the
//! data, so the deviations themselves add up to zero, and a term of one deviation alone falls away.

use std::collections::{BTreeMap, BTreeSet};

use crate::language::program::{Aggregate, Data, Event, Function, Program, Row};

use super::real::Real;

/// Atoms of one row that are tried.
const MOST_ATOMS: usize = 8;
/// Terms that one expression may grow to; a larger one stays as it is.
const MOST_TERMS: usize = 1 << 10;
/// Powers that are multiplied out.
const MOST_POWER: f64 = 8.0;

/// `φ · Π (a − E[a | event])^p` of a sample, atoms ascending.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Central {
    pub rest: Data,
    pub powers: Vec<(Data, u32)>,
    pub event: Event,
}

/// A factor of a term of a [`Polynomial`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leaf {
    /// A param, or a total about nothing.
    Plain(Data),
    /// The total of central products.
    Total(Central),
    Call(Function, Vec<Polynomial>),
    /// A sum to a power that is not multiplied out.
    Base(Polynomial),
}

/// Leaves with their exponents, ascending; the empty product is 1.
type Product = Vec<(Leaf, Real)>;

/// `Σ coefficient · product`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Polynomial(BTreeMap<Product, Real>);

impl Polynomial {
    fn number(value: f64) -> Polynomial {
        Polynomial(if value == 0.0 { BTreeMap::new() } else { BTreeMap::from([(Vec::new(), Real(value))]) })
    }

    fn leaf(leaf: Leaf, exponent: f64) -> Polynomial {
        Polynomial(BTreeMap::from([(vec![(leaf, Real(exponent))], Real(1.0))]))
    }

    /// Coefficients and what they multiply.
    pub(super) fn terms(&self) -> impl Iterator<Item = (f64, &[(Leaf, Real)])> {
        self.0.iter().map(|(product, coefficient)| (coefficient.0, product.as_slice()))
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}

/// A term of a row about means: `coefficient · agg[rest · Π (a − m)^p · ŷ | event]`.
#[derive(Clone, Debug)]
pub(super) struct CentralTerm {
    pub aggregate: Aggregate,
    pub of: Central,
    pub coefficient: Polynomial,
}

/// What a row is centred about: see the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Centres {
    atoms: BTreeSet<Data>,
    /// The events that have samples wherever the row takes part. In another there may be no mean.
    events: BTreeSet<Event>,
}

impl Centres {
    /// Of a row with these sides; none for most rows.
    pub(super) fn of(program: &Program, row: &Row, sides: &[&Data]) -> Centres {
        let means = row.terms.iter().filter(|term| term.aggregate == Aggregate::Mean).map(|term| term.event);
        let events = row.reads.iter().copied().chain(means).map(|id| program[id].clone()).chain([Event::All]).collect();
        Centres { atoms: atoms(program, row, sides, &events), events }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }
}

/// The atoms whose means cancel.
fn atoms(program: &Program, row: &Row, sides: &[&Data], events: &BTreeSet<Event>) -> BTreeSet<Data> {
    let coefficients = row.terms.iter().map(|term| &term.coefficient);
    let all: Vec<&Data> = coefficients.chain(sides.iter().copied()).collect();
    let mut candidates = BTreeSet::new();
    for data in &all {
        data.visit(&mut |node| {
            if let Data::Total { value, .. } = node
                && !value.is_one()
            {
                candidates.extend(factors(value).into_iter().map(|(atom, _)| atom));
            }
        });
    }
    if candidates.is_empty() || candidates.len() > MOST_ATOMS {
        return BTreeSet::new();
    }
    let cancels = |chosen: &[&Data]| {
        let chosen = chosen.iter().map(|&atom| atom.clone()).collect();
        let mut centring = Centring { atoms: &chosen, events, cancelled: 0 };
        let terms = centring.terms(program, row).is_some();
        let sides = sides.iter().all(|side| centring.data(side).is_some());
        if terms && sides { centring.cancelled } else { 0 }
    };
    let before = cancels(&[]);
    let mut found: BTreeSet<Data> = candidates.iter().filter(|atom| cancels(&[atom]) > before).cloned().collect();
    // A product may cancel where neither factor does alone, as in `Cov[score, t * u]`.
    let single: Vec<&Data> = candidates.iter().filter(|atom| !found.contains(*atom)).collect();
    let mut pairs = BTreeSet::new();
    for (place, first) in single.iter().enumerate() {
        for second in single.iter().skip(place + 1) {
            if cancels(&[first, second]) > before {
                pairs.extend([(*first).clone(), (*second).clone()]);
            }
        }
    }
    found.append(&mut pairs);
    found
}

/// A per-sample product as powers of atoms, ascending.
fn factors(value: &Data) -> Vec<(Data, u32)> {
    match value {
        Data::Product(factors) => {
            let atom = |(factor, exponent): &(Data, f64)| match exponent.fract() == 0.0
                && (1.0..=MOST_POWER).contains(exponent)
            {
                true => (factor.clone(), *exponent as u32),
                false => (Data::Product(vec![(factor.clone(), *exponent)]), 1),
            };
            factors.iter().map(atom).collect()
        }
        Data::Number(_) => Vec::new(),
        Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Sum { .. } | Data::Call(..) => {
            vec![(value.clone(), 1)]
        }
    }
}

/// Puts in deviations for atoms. Anything too large gives none.
pub(super) struct Centring<'a> {
    atoms: &'a BTreeSet<Data>,
    events: &'a BTreeSet<Event>,
    /// Like terms that cancelled.
    cancelled: usize,
}

impl<'a> Centring<'a> {
    pub(super) fn new(centres: &'a Centres) -> Centring<'a> {
        Centring { atoms: &centres.atoms, events: &centres.events, cancelled: 0 }
    }

    /// The terms of a row, in canonical order.
    pub(super) fn terms(&mut self, program: &Program, row: &Row) -> Option<Vec<CentralTerm>> {
        let mut terms: BTreeMap<(Central, Aggregate), Polynomial> = BTreeMap::new();
        for term in &row.terms {
            let coefficient = self.data(&term.coefficient)?;
            for (central, mean) in self.expanded(&term.factor, &program[term.event])? {
                let more = self.multiply(&coefficient, &mean)?;
                let known = terms.remove(&(central.clone(), term.aggregate)).unwrap_or_default();
                terms.insert((central, term.aggregate), self.add(known, more));
            }
        }
        let terms = terms.into_iter().filter(|(_, coefficient)| !coefficient.is_zero());
        Some(terms.map(|((of, aggregate), coefficient)| CentralTerm { aggregate, of, coefficient }).collect())
    }

    /// An expression that is free of columns outside of aggregates.
    pub(super) fn data(&mut self, data: &Data) -> Option<Polynomial> {
        Some(match data {
            Data::Number(value) => Polynomial::number(*value),
            Data::Param(_) => Polynomial::leaf(Leaf::Plain(data.clone()), 1.0),
            Data::Column(_) => return None,
            Data::Total { value, event } => self.total(value, event)?,
            Data::Sum { constant, terms } => {
                let mut sum = Polynomial::number(*constant);
                for (coefficient, term) in terms {
                    let term = self.data(term)?;
                    let term = self.multiply(&Polynomial::number(*coefficient), &term)?;
                    sum = self.add(sum, term);
                }
                sum
            }
            Data::Product(factors) => {
                let mut product = Polynomial::number(1.0);
                for (factor, exponent) in factors {
                    let factor = self.data(factor)?;
                    let power = self.power(factor, *exponent)?;
                    product = self.multiply(&product, &power)?;
                }
                product
            }
            Data::Call(function, arguments) => {
                let arguments: Option<Vec<Polynomial>> = arguments.iter().map(|a| self.data(a)).collect();
                Polynomial::leaf(Leaf::Call(*function, arguments?), 1.0)
            }
        })
    }

    fn total(&mut self, value: &Data, event: &Event) -> Option<Polynomial> {
        let mut sum = Polynomial::default();
        for (central, mean) in self.expanded(value, event)? {
            let total = match central.powers.as_slice() {
                [] => Polynomial::leaf(Leaf::Plain(Data::total(central.rest, event.clone())), 1.0),
                // Deviations add up to zero.
                [(_, 1)] if central.rest.is_one() => continue,
                _ => Polynomial::leaf(Leaf::Total(central), 1.0),
            };
            let more = self.multiply(&total, &mean)?;
            sum = self.add(sum, more);
        }
        Some(sum)
    }

    /// A per-sample factor as `Σ central product · means`.
    fn expanded(&mut self, factor: &Data, event: &Event) -> Option<Vec<(Central, Polynomial)>> {
        let (chosen, others): (Vec<_>, Vec<_>) = factors(factor).into_iter().partition(|(a, _)| self.atoms.contains(a));
        let plain = |rest| Central { rest, powers: Vec::new(), event: event.clone() };
        if chosen.is_empty() || !self.events.contains(event) {
            return Some(vec![(plain(factor.clone()), Polynomial::number(1.0))]);
        }
        let powers = others.into_iter().map(|(atom, power)| atom.pow(Data::number(f64::from(power))));
        let mut all = vec![(plain(Data::product(powers)), Polynomial::number(1.0))];
        for (atom, power) in chosen {
            let mean = self.mean(&atom, event)?;
            let mut next = Vec::with_capacity(all.len() * (power as usize + 1));
            for (central, coefficient) in all {
                for kept in 0..=power {
                    let mean = self.power(mean.clone(), f64::from(power - kept))?;
                    let mean = self.multiply(&mean, &Polynomial::number(choose(power, kept)))?;
                    let mut central = central.clone();
                    if kept > 0 {
                        central.powers.push((atom.clone(), kept));
                    }
                    next.push((central, self.multiply(&coefficient, &mean)?));
                }
            }
            all = next;
        }
        all.iter_mut().for_each(|(central, _)| central.powers.sort());
        Some(all)
    }

    /// The mean of an atom over an event; that of a sum is the sum of the means of its parts.
    fn mean(&mut self, atom: &Data, event: &Event) -> Option<Polynomial> {
        let count = Polynomial::leaf(Leaf::Plain(Data::count(event.clone())), -1.0);
        let total = match Data::total(atom.clone(), event.clone()) {
            whole @ Data::Total { .. } => Polynomial::leaf(Leaf::Plain(whole), 1.0),
            parts => self.data(&parts)?,
        };
        self.multiply(&total, &count)
    }

    fn add(&mut self, mut sum: Polynomial, more: Polynomial) -> Polynomial {
        for (product, coefficient) in more.0 {
            self.include(&mut sum, product, coefficient.0);
        }
        sum
    }

    fn include(&mut self, sum: &mut Polynomial, product: Product, coefficient: f64) {
        let Some(known) = sum.0.get_mut(&product) else {
            sum.0.insert(product, Real(coefficient));
            return;
        };
        let new = known.0 + coefficient;
        if new.abs() <= 8.0 * f64::EPSILON * known.0.abs().max(coefficient.abs()) {
            sum.0.remove(&product);
            self.cancelled += 1;
        } else {
            *known = Real(new);
        }
    }

    fn multiply(&mut self, a: &Polynomial, b: &Polynomial) -> Option<Polynomial> {
        if a.0.len().saturating_mul(b.0.len()) > MOST_TERMS {
            return None;
        }
        let mut product = Polynomial::default();
        for (left, x) in &a.0 {
            for (right, y) in &b.0 {
                let coefficient = x.0 * y.0;
                if !coefficient.is_finite() {
                    return None;
                }
                self.include(&mut product, times(left, right), coefficient);
            }
        }
        Some(product)
    }

    fn power(&mut self, base: Polynomial, exponent: f64) -> Option<Polynomial> {
        if exponent.fract() == 0.0 && (0.0..=MOST_POWER).contains(&exponent) {
            let mut product = Polynomial::number(1.0);
            for _ in 0..exponent as usize {
                product = self.multiply(&product, &base)?;
            }
            return Some(product);
        }
        let mut terms = base.0.iter();
        if let (Some((product, coefficient)), None) = (terms.next(), terms.next())
            && (exponent.fract() == 0.0 || (coefficient.0 == 1.0 && matches!(product.as_slice(), [(_, Real(1.0))])))
        {
            let coefficient = coefficient.0.powf(exponent);
            let product = product.iter().map(|(leaf, own)| (leaf.clone(), Real(own.0 * exponent))).collect();
            return coefficient.is_finite().then(|| Polynomial(BTreeMap::from([(product, Real(coefficient))])));
        }
        Some(Polynomial::leaf(Leaf::Base(base), exponent))
    }
}

/// The product of two products: exponents of equal leaves add up.
fn times(left: &[(Leaf, Real)], right: &[(Leaf, Real)]) -> Product {
    let mut exponents: BTreeMap<&Leaf, f64> = BTreeMap::new();
    for (leaf, exponent) in left.iter().chain(right) {
        *exponents.entry(leaf).or_insert(0.0) += exponent.0;
    }
    let left = exponents.into_iter().filter(|(_, exponent)| *exponent != 0.0);
    left.map(|(leaf, exponent)| (leaf.clone(), Real(exponent))).collect()
}

/// `n` over `k`.
pub(super) fn choose(n: u32, k: u32) -> f64 {
    (0..k).fold(1.0, |product, i| product * f64::from(n - i) / f64::from(i + 1))
}
