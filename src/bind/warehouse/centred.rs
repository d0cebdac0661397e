//! Rows about means (`Cov`, `Var`): sums of deviations, which a second scan is asked for.
//!
//! ```text
//! scan 1   Σ w, Σ w·a by cell → r, a number near the middle of each cell
//! scan 2   Σ w·Π d^p, Σ w·Π d^p·ŷ by cell, with d = a − r → the centres of events and the rows, as of samples in memory
//! ```
//!
//! Whatever `r` is the rows are the same, but for rounding: `d` is as small as the spread is, so that the sums lose no digit to
//! numbers that are large.

use super::cells::coded;
use super::lines::{Lines, Value};
use super::sums::{FactorSums, Summed};
use super::{CODED, Warehouse};
use crate::bind::encoded::FactorValues;
use crate::bind::error::BindError;
use crate::bind::measure::Basis;
use crate::runtime::problem::Sum;
use crate::sql::{Expression, Function, Operator, Query, Select};

const CENTRED: &str = "centred";

impl Warehouse<'_> {
    /// Rows that one query does not tell of, since their sums are about means that another gives.
    pub(super) fn without_means(&self) -> Result<(), Vec<BindError>> {
        let central = self.encoded.plan.rows.iter().filter(|row| row.written.is_some());
        let what = |name: &str| format!("row `{name}` compares deviations from means (as `Cov` and `Var` do)");
        let errors: Vec<BindError> =
            central.map(|row| BindError::NoSql { what: what(&row.name), stored: false }).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn differs(&self, factor: usize) -> bool {
        matches!(self.encoded.factors.get(factor), Some(FactorValues::BySample(_)))
    }

    /// The products of deviations that rows need sums of.
    fn products(&self) -> impl Iterator<Item = (usize, &Basis)> {
        let bases = self.encoded.plan.bases.iter().enumerate();
        bases.filter(|(_, basis)| !basis.powers.is_empty() && basis.powers.iter().all(|(atom, _)| self.differs(*atom)))
    }

    /// The sums of deviations by codes, if a row needs some.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn deviations(&self, summed: &Summed) -> Result<Option<Query>, Vec<BindError>> {
        if self.products().next().is_none() {
            return Ok(None);
        }
        let mut parts = self.coded().map_err(|error| vec![error])?;
        let mut columns: Vec<(String, Expression)> = Vec::new();
        for (index, part) in self.encoded.plan.parts.iter().enumerate() {
            columns.push((format!("p{index}"), self.grouped(index, part)));
        }
        let atoms = self.encoded.plan.atoms.iter().copied().filter(|&atom| self.differs(atom));
        columns.extend(atoms.map(|atom| (format!("d{atom}"), self.deviation(summed, atom))));
        let factors = (0..self.encoded.plan.factors.len()).map(|index| format!("f{index}"));
        let kept = ["z"].into_iter().chain(self.is_weighted().then_some("w")).map(str::to_owned).chain(factors);
        columns.extend(kept.map(|name| (name.clone(), coded(name))));
        parts.push((CENTRED, vec![Select::of(CODED, columns)]));
        let own = |name: String| Expression::column(CENTRED, name);
        let group: Vec<(String, Expression)> =
            (0..self.encoded.plan.parts.len()).map(|index| (format!("p{index}"), own(format!("p{index}")))).collect();
        let keys = group.iter().map(|(_, key)| key.clone()).collect();
        let mut answer = group;
        answer.push(("n".to_owned(), Expression::Call(Function::Rows, Vec::new())));
        for (place, basis) in self.products() {
            answer.extend(self.sums_of(place, basis));
        }
        self.limited(Query { parts, answer: Select { group: keys, ..Select::of(CENTRED, answer) } }).map(Some)
    }

    /// A factor less the reference of the cell of its row.
    pub(super) fn deviation(&self, summed: &Summed, atom: usize) -> Expression {
        let references = summed.middles(atom);
        let reference = |(cell, reference): (usize, f64)| (self.in_cell(summed, cell), Expression::Double(reference));
        let reference = Expression::Case(references.into_iter().enumerate().map(reference).collect(), None);
        let factor = || coded(format!("f{atom}"));
        let known = Expression::call(Function::IsFinite, factor());
        let less = Expression::binary(Operator::Subtract, factor(), reference);
        Expression::Case(vec![(known, less)], None)
    }

    /// As of factors that differ within cells: `f` the sum, `g` with the prediction, `h` and `i` their sizes; `u` rows of positive weight
    /// without a value.
    fn sums_of(&self, place: usize, basis: &Basis) -> Vec<(String, Expression)> {
        let own = |name: String| Expression::column(CENTRED, name);
        let powers =
            basis.powers.iter().flat_map(|&(atom, power)| std::iter::repeat_n(format!("d{atom}"), power as usize));
        let factors = basis.factor.map(|factor| format!("f{factor}")).into_iter().chain(powers);
        let product = factors.map(own).reduce(Expression::times).unwrap_or(Expression::Double(1.0));
        let with = product.clone().times(own("z".to_owned()));
        let size = |value: Expression| Expression::call(Function::Abs, value);
        let weighed = |value: Expression| match self.is_weighted() {
            true => own("w".to_owned()).times(value),
            false => value,
        };
        let sum = |value: Expression| Expression::call(Function::Sum, weighed(value));
        let counts = self
            .is_weighted()
            .then(|| Expression::binary(Operator::Greater, own("w".to_owned()), Expression::Double(0.0)));
        let known = counts.into_iter().chain([Expression::Not(Box::new(product.clone().is_null()))]).collect();
        vec![
            (format!("f{place}"), sum(product.clone())),
            (format!("g{place}"), sum(with.clone())),
            (format!("h{place}"), sum(size(with))),
            (format!("i{place}"), sum(size(product))),
            (format!("u{place}"), Expression::call(Function::Count, Expression::And(known))),
        ]
    }

    /// Takes the answer to [`Warehouse::deviations`].
    ///
    /// # Errors
    /// An answer that is none.
    pub fn read_deviations(
        &self,
        summed: &mut Summed,
        names: &[String],
        lines: &[Vec<Value>],
    ) -> Result<(), BindError> {
        let lines = Lines::new(names, lines);
        let codes = self.line_codes(&lines)?;
        let cells = summed.encoded().cells();
        for (place, basis) in self.products() {
            let mut sums = FactorSums::nothing(cells);
            for (line, codes) in lines.lines.iter().zip(&codes) {
                if lines.count(line, "n")? == 0 {
                    continue;
                }
                let cell = summed.cell_of(codes)?;
                let known = lines.count(line, &format!("u{place}"))?;
                let number = |kind: &str| lines.over(line, &format!("{kind}{place}"), known);
                let (alone, with) = (number("f")?, number("g")?);
                let slots = [&mut sums.alone, &mut sums.with].map(|list| list.get_mut(cell));
                slots.into_iter().flatten().zip([alone, with]).for_each(|(slot, number)| slot.add(number));
                let slots = [&mut sums.size, &mut sums.own_size].map(|list| list.get_mut(cell));
                slots
                    .into_iter()
                    .flatten()
                    .zip([number("h")?, number("i")?])
                    .for_each(|(slot, number)| *slot += number);
            }
            summed.sums.products.insert(basis.clone(), sums);
        }
        let middles = self.encoded.plan.atoms.iter().map(|&atom| match self.differs(atom) {
            true => summed.middles(atom),
            false => vec![0.0; cells],
        });
        let middles = middles.collect();
        summed.encoded.references = Some(middles);
        Ok(())
    }
}

impl FactorSums {
    fn nothing(cells: usize) -> FactorSums {
        FactorSums {
            alone: vec![Sum::default(); cells],
            with: vec![Sum::default(); cells],
            size: vec![0.0; cells],
            own_size: vec![0.0; cells],
        }
    }
}

impl Summed {
    /// A number near the middle of a factor, by cell.
    fn middles(&self, factor: usize) -> Vec<f64> {
        let sums = self.sums.factors.get(&factor);
        let middle = |cell: usize| {
            let sum = sums.and_then(|sums| sums.alone.get(cell)).map_or(0.0, |sum| sum.value());
            let weight = self.sums.weights.get(cell).map_or(0.0, |weight| weight.value());
            Some(sum / weight).filter(|middle| middle.is_finite()).unwrap_or(0.0)
        };
        (0..self.encoded.cells()).map(middle).collect()
    }
}
