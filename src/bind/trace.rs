//! The rows of a batch in numbers that a caller brings: what binding computes in `f64`, once more in tensors that carry
//! derivatives with respect to params and labels.
//!
//! Which samples are in which event, and which rows take part, is as it was bound: events are not differentiable.

use crate::language::program::{Aggregate, Function};

use super::binder::About;
use super::bound::{Bound, RowStatus};
use super::columns::PlannedColumn;
use super::encoded::{Encoded, FactorValues};
use super::formula::{Arithmetic, Formula, Leaves};
use super::measure::Measure;
use super::params::Params;
use super::plan::{At, PlannedRow, PlannedTerm, Split};
use super::tally::{Samples, Tally};

/// Numbers with derivatives. A number is one for the batch or one for each sample; operations on both kinds act on each
/// sample.
pub trait Tracked: Arithmetic {
    /// A constant for each sample.
    fn samples(&self, values: &[f64]) -> Self::Number;
    /// The same number once more.
    fn copy(&self, value: &Self::Number) -> Self::Number;
    /// The sum over the samples, one number for the batch.
    fn sum(&self, value: &Self::Number) -> Self::Number;
    /// The param at this place of the program; `None` for a constant.
    fn param(&self, index: usize) -> Option<Self::Number>;
    /// The column or label with this header, one number for each sample of the batch; `None` for constants.
    fn column(&self, header: &str) -> Option<Self::Number>;
}

/// `lower ≤ Σ_i coefficients_i ŷ_i ≤ upper`.
#[derive(Clone, Debug)]
pub struct TracedRow<N> {
    /// One for each sample.
    pub coefficients: N,
    pub lower: Option<N>,
    pub upper: Option<N>,
}

/// Why a row cannot be traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// An expression of samples reads a tracked column and another one, whose values were not kept.
    #[error("`{factor}` reads `{missing}` beside a tracked column; track `{missing}` too")]
    Untracked { factor: String, missing: String },
    /// An event or an expression of samples reads the param: the encoding has fixed it.
    #[error("param `{name}` is read for each sample, where it has no derivative; only sides and coefficients do")]
    Fixed { name: String },
    /// A tracked number bounds single predictions.
    #[error("`{row}` bounds single predictions by a tracked param or column; derivatives go through rows alone")]
    Each { row: String },
}

impl Encoded {
    /// The rows of the problem at the given places (as [`RowStatus::Kept`]), in the caller's numbers.
    ///
    /// `bound` is [`Encoded::bind`]'s result for the same samples, `params` are the values of untracked params.
    ///
    /// # Errors
    /// See [`TraceError`].
    pub fn trace<T: Tracked>(
        &self,
        bound: &Bound,
        params: &Params,
        samples: &Samples,
        rows: &[usize],
        numbers: &T,
    ) -> Result<Vec<TracedRow<T::Number>>, TraceError> {
        for (index, name, _) in &self.plan.fixed {
            if numbers.param(*index).is_some() {
                return Err(TraceError::Fixed { name: name.clone() });
            }
        }
        let tally = Tally::new(self, samples);
        let about = About::new(self, &tally, samples);
        let tracer = Tracer::new(self, (&tally, &about), samples, params, numbers)?;
        tracer.refuse_tracked_bounds()?;
        tracer.rows(bound, rows)
    }
}

pub(super) struct Tracer<'a, T: Tracked> {
    encoded: &'a Encoded,
    tally: &'a Tally,
    about: &'a About,
    samples: &'a Samples<'a>,
    params: &'a [f64],
    numbers: &'a T,
    totals: Vec<T::Number>,
}

impl<'a, T: Tracked> Tracer<'a, T> {
    pub(super) fn new(
        encoded: &'a Encoded,
        (tally, about): (&'a Tally, &'a About),
        samples: &'a Samples<'a>,
        params: &'a Params,
        numbers: &'a T,
    ) -> Result<Self, TraceError> {
        let (params, totals) = (params.values(), Vec::new());
        let mut tracer = Tracer { encoded, tally, about, samples, params, numbers, totals };
        tracer.totals = (encoded.plan.totals.iter())
            .map(|(of, event)| Ok(numbers.sum(&tracer.measure(of, *event)?)))
            .collect::<Result<_, TraceError>>()?;
        Ok(tracer)
    }

    /// The rows of the problem at these places.
    pub(super) fn rows(&self, bound: &Bound, places: &[usize]) -> Result<Vec<TracedRow<T::Number>>, TraceError> {
        places.iter().filter_map(|&place| self.planned(bound, place)).map(|row| self.row(row)).collect()
    }

    /// The terms in distances of a row of the problem: what each distance is from, and its coefficient on each sample.
    pub(super) fn distances(&self, bound: &Bound, place: usize) -> Result<Vec<(At, T::Number)>, TraceError> {
        let terms = self.planned(bound, place).into_iter().flat_map(|row| &row.terms);
        terms.filter_map(|term| Some((term.at?, term))).map(|(at, term)| Ok((at, self.term(term)?))).collect()
    }

    /// What a distance is from, for each sample.
    pub(super) fn point(&self, At(factor): At) -> Result<T::Number, TraceError> {
        factor.map_or_else(|| Ok(self.numbers.samples(&vec![1.0; self.tally.cell.len()])), |factor| self.factor(factor))
    }

    fn planned(&self, bound: &Bound, place: usize) -> Option<&'a PlannedRow> {
        let kept = RowStatus::Kept(place);
        let row = bound.rows.iter().position(|row| row.status == kept)?;
        self.encoded.plan.rows.iter().find(|planned| planned.row == row)
    }

    /// `Σ coefficient · φ` for each sample.
    pub(super) fn line(&self, split: &Split) -> Result<T::Number, TraceError> {
        let numbers = self.numbers;
        let mut line = numbers.samples(&vec![0.0; self.tally.cell.len()]);
        for (coefficient, factor) in split {
            let scale = coefficient.evaluate(self);
            let term = match factor {
                Some(factor) => numbers.multiply(scale, self.factor(*factor)?),
                None => scale,
            };
            line = numbers.add(line, term);
        }
        Ok(line)
    }

    fn row(&self, row: &PlannedRow) -> Result<TracedRow<T::Number>, TraceError> {
        let numbers = self.numbers;
        let mut coefficients = numbers.samples(&vec![0.0; self.tally.cell.len()]);
        for term in row.terms.iter().filter(|term| term.at.is_none()) {
            coefficients = numbers.add(coefficients, self.term(term)?);
        }
        let side = |formula: &Option<Formula>| formula.as_ref().map(|side| side.evaluate(self));
        Ok(TracedRow { coefficients, lower: side(&row.lower), upper: side(&row.upper) })
    }

    /// What a term multiplies each sample's prediction, or distance, by.
    fn term(&self, term: &PlannedTerm) -> Result<T::Number, TraceError> {
        let numbers = self.numbers;
        let measure = self.measure(&term.of, term.event)?;
        let mut scale = term.coefficient.evaluate(self);
        if term.aggregate == Aggregate::Mean {
            scale = numbers.divide(scale, numbers.number(self.tally.over(term.event, &self.tally.weights)));
        }
        Ok(numbers.multiply(scale, measure))
    }

    /// `w·φ` on the samples of an event, 0 elsewhere.
    fn measure(&self, of: &Measure, event: usize) -> Result<T::Number, TraceError> {
        let mut inside = vec![false; self.tally.origin.len()];
        for &cell in self.tally.members(event) {
            inside[cell as usize] = true;
        }
        let weight = |i: usize| self.tally.weight.as_ref().map_or(1.0, |weight| weight[i]);
        let within = |i: usize, cell: u32| if inside[cell as usize] { weight(i) } else { 0.0 };
        let within: Vec<f64> = self.tally.cell.iter().enumerate().map(|(i, &cell)| within(i, cell)).collect();
        let numbers = self.numbers;
        let mut measure = numbers.samples(&within);
        if let Some(factor) = of.factor {
            measure = numbers.multiply(self.factor(factor)?, measure);
        }
        for &(atom, power) in &of.powers {
            let deviation = self.deviation(atom, event, &within)?;
            for _ in 0..power {
                measure = numbers.multiply(numbers.copy(&deviation), measure);
            }
        }
        Ok(measure)
    }

    /// A factor less its mean over an event of which `within` has the weights. The mean moves with the factor, so it is
    /// tracked too; what is large of it is a constant, and taken off first.
    fn deviation(&self, factor: usize, event: usize, within: &[f64]) -> Result<T::Number, TraceError> {
        let numbers = self.numbers;
        let base = self.about.centres[&(factor, event)].base;
        let from_base = numbers.add(self.factor(factor)?, numbers.number(-base));
        let weighed = numbers.multiply(numbers.copy(&from_base), numbers.samples(within));
        let weight = numbers.number(self.tally.over(event, &self.tally.weights));
        let mean = numbers.divide(numbers.sum(&weighed), weight);
        Ok(numbers.add(from_base, numbers.multiply(numbers.number(-1.0), mean)))
    }

    fn factor(&self, index: usize) -> Result<T::Number, TraceError> {
        let planned = &self.encoded.plan.factors[index];
        let headers = planned.columns.iter().map(|&column| &self.encoded.plan.columns[column]);
        let (tracked, others): (Vec<_>, Vec<_>) =
            headers.partition(|column| self.numbers.column(&column.header).is_some());
        if tracked.is_empty() {
            let values = match &self.encoded.factors[index] {
                FactorValues::BySample(values) => self.samples.gather(values),
                FactorValues::ByCell(values) => {
                    let cell = self.samples.gather(&self.encoded.cell);
                    cell.iter().map(|&cell| values[cell as usize]).collect()
                }
            };
            return Ok(self.numbers.samples(&values));
        }
        let unknown = |column: &&PlannedColumn| self.encoded.input(&column.header).is_none();
        match others.into_iter().find(unknown) {
            Some(other) => Err(TraceError::Untracked { factor: planned.text.clone(), missing: other.header.clone() }),
            None => Ok(planned.formula.evaluate(self)),
        }
    }

    /// Bounds of single predictions have no place in the derivative; better said than silently left out.
    fn refuse_tracked_bounds(&self) -> Result<(), TraceError> {
        let plan = &self.encoded.plan;
        for row in &plan.sample_rows {
            let splits: [Option<&Split>; 3] = [Some(&row.coefficient), row.lower.as_ref(), row.upper.as_ref()];
            for (coefficient, factor) in splits.into_iter().flatten().flatten() {
                let tracked_column = factor.is_some_and(|factor| self.is_tracked(factor));
                if tracked_column || self.reads_tracked(coefficient) {
                    return Err(TraceError::Each { row: row.name.clone() });
                }
            }
        }
        Ok(())
    }

    /// Whether a factor reads a tracked column.
    fn is_tracked(&self, factor: usize) -> bool {
        let plan = &self.encoded.plan;
        let mut columns = plan.factors[factor].columns.iter().map(|&column| &plan.columns[column]);
        columns.any(|column| self.numbers.column(&column.header).is_some())
    }

    fn reads_tracked(&self, formula: &Formula) -> bool {
        let mut found = false;
        formula.visit_leaves(&mut |leaf| match leaf {
            Formula::Param(index) => found |= self.numbers.param(*index).is_some(),
            Formula::Total(index) => {
                let of = &self.encoded.plan.totals[*index].0;
                let mut factors = of.factor.into_iter().chain(of.powers.iter().map(|(atom, _)| *atom));
                found |= factors.any(|factor| self.is_tracked(factor));
            }
            _ => {}
        });
        found
    }
}

impl<T: Tracked> Arithmetic for Tracer<'_, T> {
    type Number = T::Number;

    fn number(&self, value: f64) -> T::Number {
        self.numbers.number(value)
    }

    fn add(&self, a: T::Number, b: T::Number) -> T::Number {
        self.numbers.add(a, b)
    }

    fn multiply(&self, a: T::Number, b: T::Number) -> T::Number {
        self.numbers.multiply(a, b)
    }

    fn divide(&self, a: T::Number, b: T::Number) -> T::Number {
        self.numbers.divide(a, b)
    }

    fn power(&self, base: T::Number, exponent: f64) -> T::Number {
        self.numbers.power(base, exponent)
    }

    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = T::Number>) -> T::Number {
        self.numbers.call(function, arguments)
    }
}

impl<T: Tracked> Leaves for Tracer<'_, T> {
    fn param(&self, index: usize) -> T::Number {
        let constant = || self.numbers.number(self.params[index]);
        self.numbers.param(index).unwrap_or_else(constant)
    }

    fn column(&self, index: usize) -> T::Number {
        // A factor that is evaluated reads tracked columns, and those that were kept beside them; any other is refused before.
        let header = &self.encoded.plan.columns[index].header;
        let kept = || match self.encoded.input(header) {
            Some(values) => self.numbers.samples(values),
            None => self.numbers.number(f64::NAN),
        };
        self.numbers.column(header).unwrap_or_else(kept)
    }

    fn total(&self, index: usize) -> T::Number {
        self.numbers.copy(&self.totals[index])
    }
}
