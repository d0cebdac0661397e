//! Deviations of factors from their means, and sums of their products.
//!
//! A row about means (see `centre`) reads `(a − m_e)^p` with the mean `m_e` of an event. Events overlap, cells do not, so
//! what is kept of a sample is its deviation from a number of its cell:
//!
//! ```text
//! a_i − m_e = d_i + (r_k − m_e)       d_i = a_i − r_k, with the reference r_k of the cell k of sample i
//! ```
//!
//! The reference is a value that occurs in the cell, so both parts are small where the spread within the event is, and no
//! digit is lost however large `a` is. Powers of the sum are multiplied out: `d_i` enters sums by cell, as factors do, and
//! `r_k − m_e` their coefficients. References that are agreed upon make sums of different batches or processes add up.

use std::collections::BTreeMap;

use super::centre::choose;
use super::encoded::{Encoded, FactorValues};
use super::measure::{Basis, Measure};
use super::tally::{Samples, Tally, difference};
use crate::runtime::problem::Sum;

/// The deviations of the atoms of a plan in a batch.
#[derive(Debug, Default)]
pub(super) struct Deviations {
    /// By factor of the plan.
    atoms: BTreeMap<usize, Atom>,
}

#[derive(Debug)]
struct Atom {
    /// By cell of the tally.
    reference: Vec<f64>,
    /// By sample of the batch; none where the factor is constant in cells, and so its own reference.
    deviations: Option<Vec<f64>>,
}

/// Where an atom lies in an event.
#[derive(Clone, Debug)]
pub(super) struct Centre {
    /// The mean is the sum of both; the first is a value that occurs.
    pub base: f64,
    pub offset: f64,
    /// `r_k − m_e` for each cell of the event.
    around: Vec<f64>,
}

/// By atom and event.
pub(super) type Centres = BTreeMap<(usize, usize), Centre>;

/// `Σ_k coefficients[k] · basis` over the cells of an event.
pub(super) type Expansion = Vec<(Basis, Vec<f64>)>;

impl Deviations {
    /// `references` gives those that were agreed upon, by place among the atoms and by encoded cell.
    pub(super) fn new(encoded: &Encoded, tally: &Tally, samples: &Samples) -> Deviations {
        Deviations::from(encoded, tally, samples, encoded.references.as_deref())
    }

    /// As [`Deviations::new`], with references by place among the atoms and by encoded cell.
    pub(super) fn from(
        encoded: &Encoded,
        tally: &Tally,
        samples: &Samples,
        references: Option<&[Vec<f64>]>,
    ) -> Deviations {
        let atom = |(place, &factor): (usize, &usize)| {
            let atom = match &encoded.factors[factor] {
                FactorValues::ByCell(values) => {
                    Atom { reference: tally.origin.iter().map(|&old| values[old as usize]).collect(), deviations: None }
                }
                FactorValues::BySample(values) => {
                    let reference = match references {
                        Some(known) => tally.origin.iter().map(|&old| known[place][old as usize]).collect(),
                        None => central_values(tally, samples, values),
                    };
                    let cells = tally.cell.iter().enumerate();
                    let deviations =
                        cells.map(|(i, &cell)| values[samples.sample(i)] - reference[cell as usize]).collect();
                    Atom { reference, deviations: Some(deviations) }
                }
            };
            (factor, atom)
        };
        Deviations { atoms: encoded.plan.atoms.iter().enumerate().map(atom).collect() }
    }

    /// `Σ w·d` of an atom by cell, with all that rounding would lose.
    pub(super) fn sums(&self, encoded: &Encoded, tally: &Tally, samples: &Samples, atom: usize) -> Vec<Sum> {
        match &encoded.factors[atom] {
            FactorValues::ByCell(_) => vec![Sum::default(); tally.origin.len()],
            FactorValues::BySample(values) => {
                tally.around_references(values, &self.atoms[&atom].reference, samples, &Basis::deviation(atom))
            }
        }
    }

    /// The references of an atom, by cell of the tally.
    pub(super) fn reference(&self, atom: usize) -> &[f64] {
        &self.atoms[&atom].reference
    }

    /// The means of atoms over the events in which the plan needs them; `sums` gives `Σ w·d` of an atom by cell. Means are
    /// made of twice the digits: what is subtracted from a number next to it must be right beyond the last of them.
    pub(super) fn centres(
        &self,
        encoded: &Encoded,
        tally: &Tally,
        weights: &[Sum],
        sums: &mut dyn FnMut(usize) -> Vec<Sum>,
    ) -> Centres {
        let mut known: BTreeMap<usize, Option<Vec<Sum>>> = BTreeMap::new();
        let centre = |&(factor, event): &(usize, usize)| {
            let atom = &self.atoms[&factor];
            let of_atom = known.entry(factor).or_insert_with(|| atom.deviations.as_ref().map(|_| sums(factor)));
            let members = tally.members(event);
            let mut weighed = members.iter().map(|&cell| cell as usize).filter(|&cell| weights[cell].value() > 0.0);
            let base = weighed.clone().next().map_or(0.0, |cell| atom.reference[cell]);
            let (mut sum, mut weight) = (Sum::default(), Sum::default());
            for cell in weighed.by_ref() {
                let [from_base, rest] = difference(atom.reference[cell], base);
                let [cell_weight, lost] = weights[cell].into();
                sum.add_product(cell_weight, from_base);
                sum.add(cell_weight * rest + lost * from_base);
                of_atom.iter().for_each(|sums| sum.merge(sums[cell]));
                weight.merge(weights[cell]);
            }
            let [offset, rest] = quotient(sum, weight);
            let around = |&cell: &u32| {
                let [from_base, first] = difference(atom.reference[cell as usize], base);
                let [around, second] = difference(from_base, offset);
                around + (first + second - rest)
            };
            ((factor, event), Centre { base, offset, around: members.iter().map(around).collect() })
        };
        encoded.plan.centres.iter().map(centre).collect()
    }

    /// A measure about means as products of deviations from references, with coefficients by cell of the event.
    pub(super) fn expand(
        &self,
        encoded: &Encoded,
        tally: &Tally,
        centres: &Centres,
        measure: &Measure,
        event: usize,
    ) -> Expansion {
        let members = tally.members(event);
        let (factor, first) = match measure.factor.map(|factor| (factor, &encoded.factors[factor])) {
            None => (None, vec![1.0; members.len()]),
            Some((factor, FactorValues::BySample(_))) => (Some(factor), vec![1.0; members.len()]),
            Some((_, FactorValues::ByCell(values))) => {
                (None, members.iter().map(|&cell| values[tally.origin[cell as usize] as usize]).collect())
            }
        };
        let mut all = vec![(Basis { factor, powers: Vec::new() }, first)];
        for &(atom, power) in &measure.powers {
            let around = &centres[&(atom, event)].around;
            let kept = if self.atoms[&atom].deviations.is_some() { 0..=power } else { 0..=0 };
            let mut next = Vec::with_capacity(all.len() * (power as usize + 1));
            for (basis, coefficients) in &all {
                for kept in kept.clone() {
                    let mut basis = basis.clone();
                    if kept > 0 {
                        basis.powers.push((atom, kept));
                    }
                    let times = choose(power, kept);
                    let scaled = coefficients.iter().zip(around);
                    let scaled = scaled.map(|(c, around)| c * times * around.powi((power - kept) as i32));
                    next.push((basis, scaled.collect()));
                }
            }
            all = next;
        }
        all
    }

    /// The numbers of the samples of a batch, without their weights.
    pub(super) fn values(&self, encoded: &Encoded, samples: &Samples, basis: &Basis, n: usize) -> Vec<f64> {
        let mut values = match basis.factor.map(|factor| &encoded.factors[factor]) {
            Some(FactorValues::BySample(values)) => samples.gather(values),
            Some(FactorValues::ByCell(_)) | None => vec![1.0; n],
        };
        for (atom, power) in &basis.powers {
            let deviations = self.atoms[atom].deviations.iter().flatten();
            match power {
                1 => values.iter_mut().zip(deviations).for_each(|(value, d)| *value *= d),
                2 => values.iter_mut().zip(deviations).for_each(|(value, d)| *value *= d * d),
                power => values.iter_mut().zip(deviations).for_each(|(value, d)| *value *= d.powi(*power as i32)),
            }
        }
        values
    }
}

impl Tally {
    /// `Σ w` of a product of deviations by cell, over earlier samples of a stream too.
    pub(super) fn deviations_by_cell(
        &self,
        encoded: &Encoded,
        deviations: &Deviations,
        samples: &Samples,
        basis: &Basis,
    ) -> Vec<f64> {
        if basis.is_one() {
            return self.weights.clone();
        }
        let values = deviations.values(encoded, samples, basis, self.cell.len());
        let mut sums = self.sums(|i| values[i]);
        let past = self.past.get(basis);
        sums.iter_mut().zip(past.into_iter().flatten()).for_each(|(sum, past)| *sum += past.value());
        sums
    }
}

/// The quotient of two sums, and what its rounding loses; 0 for a denominator of 0.
fn quotient(sum: Sum, by: Sum) -> [f64; 2] {
    let (quotient, [over, over_lost], [under, under_lost]) = (sum.value() / by.value(), sum.into(), by.into());
    if !quotient.is_finite() {
        return [if by.value() == 0.0 { 0.0 } else { quotient }, 0.0];
    }
    let rest = (-quotient).mul_add(under, over) + (over_lost - quotient * under_lost);
    let rest = rest / by.value();
    [quotient, if rest.is_finite() { rest } else { 0.0 }]
}

/// By cell, the value of its heaviest sample, of the first among equals: most deviations from it are small.
fn central_values(tally: &Tally, samples: &Samples, values: &[f64]) -> Vec<f64> {
    let mut found: Vec<Option<(f64, f64)>> = vec![None; tally.origin.len()];
    let mut missing = found.len();
    for (i, &cell) in tally.cell.iter().enumerate() {
        if missing == 0 && tally.weight.is_none() {
            break;
        }
        let weight = tally.weight.as_ref().map_or(1.0, |weight| weight[i]);
        let slot = &mut found[cell as usize];
        missing -= usize::from(slot.is_none());
        if slot.is_none_or(|(heaviest, _)| weight > heaviest) {
            *slot = Some((weight, values[samples.sample(i)]));
        }
    }
    // A cell without samples, as those of a stream that are not in this batch, has no deviations.
    found.into_iter().map(|value| value.map_or(0.0, |(_, value)| value)).collect()
}
