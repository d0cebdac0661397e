//! Rows about means in a plan: what is summed over samples, and the formulas of what multiplies it.

use std::collections::BTreeSet;

use super::centre::{Central, CentralTerm, Centres, Centring, Leaf, Polynomial};
use super::error::BindError;
use super::formula::Formula;
use super::measure::{Basis, Measure};
use super::plan::{Plan, PlannedTerm};
use super::planner::{BatchNames, Planner};
use crate::language::program::Data;

impl Plan {
    /// The atoms, their centres, and what differs within cells.
    pub(super) fn find_bases(&mut self) {
        let (mut atoms, mut centres, mut bases) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let terms = self.rows.iter().flat_map(|row| &row.terms).map(|term| (&term.of, term.event));
        for (of, event) in self.totals.iter().map(|(of, event)| (of, *event)).chain(terms) {
            let factor = of.factor.filter(|&factor| !self.factors[factor].by_cell);
            if of.powers.is_empty() && factor.is_none() {
                continue;
            }
            let mut all = vec![Basis::plain(factor)];
            for &(atom, power) in &of.powers {
                atoms.insert(atom);
                centres.insert((atom, event));
                if self.factors[atom].by_cell {
                    continue;
                }
                bases.insert(Basis::deviation(atom));
                let raised = |basis: &Basis| {
                    let basis = basis.clone();
                    (1..=power).map(move |power| {
                        let powers = basis.powers.iter().copied().chain([(atom, power)]).collect();
                        Basis { factor: basis.factor, powers }
                    })
                };
                let more: Vec<Basis> = all.iter().flat_map(raised).collect();
                all.extend(more);
            }
            bases.extend(all.into_iter().filter(|basis| !basis.is_one()));
        }
        self.atoms = atoms.into_iter().collect();
        self.centres = centres.into_iter().collect();
        self.bases = bases.into_iter().collect();
    }
}

impl Planner<'_> {
    /// A coefficient or side of the row with this name.
    pub(super) fn formula(&mut self, data: &Data, row: &str) -> Result<Formula, BindError> {
        Formula::of(data, &mut BatchNames(self)).map_err(|reason| reason.told(row, "an aggregate inside an aggregate"))
    }

    /// A side of a row that is bound about these means.
    pub(super) fn side(&mut self, data: &Data, centres: &Centres, row: &str) -> Result<Formula, BindError> {
        let central = if centres.is_empty() { None } else { Centring::new(centres).data(data) };
        match central {
            Some(central) => self.polynomial(&central, row),
            None => self.formula(data, row),
        }
    }

    /// A term about means.
    pub(super) fn central_term(&mut self, term: &CentralTerm, row: &str) -> Result<PlannedTerm, BindError> {
        let coefficient = self.polynomial(&term.coefficient, row)?;
        let (of, event) = self.measure(&term.of);
        Ok(PlannedTerm { coefficient, aggregate: term.aggregate, of, event, at: None })
    }

    fn measure(&mut self, central: &Central) -> (Measure, usize) {
        let event = self.event(&central.event);
        let factor = self.factor(&central.rest, event);
        let powers = central.powers.iter().filter_map(|(atom, power)| Some((self.factor(atom, event)?, *power)));
        let mut powers: Vec<(usize, u32)> = powers.collect();
        powers.sort_unstable();
        (Measure { factor, powers }, event)
    }

    fn polynomial(&mut self, polynomial: &Polynomial, row: &str) -> Result<Formula, BindError> {
        let (mut constant, mut terms) = (0.0, Vec::new());
        for (coefficient, product) in polynomial.terms() {
            let leaves = product.iter().map(|(leaf, exponent)| Ok((self.leaf(leaf, row)?, exponent.0)));
            let leaves: Vec<(Formula, f64)> = leaves.collect::<Result<_, BindError>>()?;
            match leaves.is_empty() {
                true => constant = coefficient,
                false => terms.push((coefficient, Formula::Product(leaves))),
            }
        }
        Ok(Formula::Sum(constant, terms))
    }

    fn leaf(&mut self, leaf: &Leaf, row: &str) -> Result<Formula, BindError> {
        match leaf {
            Leaf::Plain(data) => self.formula(data, row),
            Leaf::Total(central) => {
                let (of, event) = self.measure(central);
                Ok(self.total(of, event))
            }
            Leaf::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.polynomial(argument, row));
                Ok(Formula::Call(*function, arguments.collect::<Result<_, _>>()?))
            }
            Leaf::Base(base) => self.polynomial(base, row),
        }
    }
}
