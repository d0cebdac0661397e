//! The rows of a batch in numbers that a caller brings: what binding computes in `f64`, once more in tensors that carry
//! derivatives with respect to params and labels.
//!
//! Which samples are in which event, and which rows take part, is as it was bound: events are not differentiable.

use crate::language::program::{Aggregate, Function};

use super::bound::{Bound, RowStatus};
use super::encode::{Encoded, FactorValues};
use super::formula::{Arithmetic, Formula, Leaves};
use super::params::Params;
use super::plan::{PlannedRow, Split};
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
        let mut tracer =
            Tracer { encoded: self, tally: &tally, samples, params: params.values(), numbers, totals: Vec::new() };
        tracer.refuse_tracked_bounds()?;
        tracer.totals = (self.plan.totals.iter())
            .map(|&(factor, event)| Ok(numbers.sum(&tracer.measure(factor, event)?)))
            .collect::<Result<_, TraceError>>()?;
        let planned = |place: &usize| {
            let kept = RowStatus::Kept(*place);
            let row = bound.rows.iter().position(|row| row.status == kept)?;
            self.plan.rows.iter().find(|planned| planned.row == row)
        };
        rows.iter().filter_map(planned).map(|row| tracer.row(row)).collect()
    }
}

struct Tracer<'a, T: Tracked> {
    encoded: &'a Encoded,
    tally: &'a Tally,
    samples: &'a Samples<'a>,
    params: &'a [f64],
    numbers: &'a T,
    totals: Vec<T::Number>,
}

impl<T: Tracked> Tracer<'_, T> {
    fn row(&self, row: &PlannedRow) -> Result<TracedRow<T::Number>, TraceError> {
        let numbers = self.numbers;
        let mut coefficients = numbers.samples(&vec![0.0; self.tally.cell.len()]);
        for term in &row.terms {
            let measure = self.measure(term.factor, term.event)?;
            let mut scale = term.coefficient.evaluate(self);
            if term.aggregate == Aggregate::Mean {
                scale = numbers.divide(scale, numbers.number(self.tally.over(term.event, &self.tally.weights)));
            }
            coefficients = numbers.add(coefficients, numbers.multiply(scale, measure));
        }
        let side = |formula: &Option<Formula>| formula.as_ref().map(|side| side.evaluate(self));
        Ok(TracedRow { coefficients, lower: side(&row.lower), upper: side(&row.upper) })
    }

    /// `w·φ` on the samples of an event, 0 elsewhere.
    fn measure(&self, factor: Option<usize>, event: usize) -> Result<T::Number, TraceError> {
        let mut inside = vec![false; self.tally.origin.len()];
        for &cell in self.tally.members(event) {
            if let Some(slot) = inside.get_mut(cell as usize) {
                *slot = true;
            }
        }
        let weight = |i: usize| self.tally.weight.as_ref().map_or(1.0, |w| w.get(i).copied().unwrap_or(1.0));
        let within = |i: usize, cell: u32| if inside.get(cell as usize) == Some(&true) { weight(i) } else { 0.0 };
        let measure: Vec<f64> = self.tally.cell.iter().enumerate().map(|(i, &cell)| within(i, cell)).collect();
        let constant = self.numbers.samples(&measure);
        match factor {
            None => Ok(constant),
            Some(factor) => Ok(self.numbers.multiply(self.factor(factor)?, constant)),
        }
    }

    fn factor(&self, index: usize) -> Result<T::Number, TraceError> {
        let nothing = || self.numbers.number(f64::NAN);
        let Some(planned) = self.encoded.plan.factors.get(index) else { return Ok(nothing()) };
        let headers = planned.columns.iter().filter_map(|&column| self.encoded.plan.columns.get(column));
        let (tracked, others): (Vec<_>, Vec<_>) =
            headers.partition(|column| self.numbers.column(&column.header).is_some());
        if tracked.is_empty() {
            let values = match self.encoded.factors.get(index) {
                Some(FactorValues::BySample(values)) => self.samples.gather(values),
                Some(FactorValues::ByCell(values)) => {
                    let cell = self.samples.gather(&self.encoded.cell);
                    cell.iter().map(|&cell| values.get(cell as usize).copied().unwrap_or(f64::NAN)).collect()
                }
                None => return Ok(nothing()),
            };
            return Ok(self.numbers.samples(&values));
        }
        match others.first() {
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
                let columns = factor.and_then(|factor| plan.factors.get(factor)).map_or(&[][..], |f| &f.columns);
                let tracked_column = columns
                    .iter()
                    .filter_map(|&column| plan.columns.get(column))
                    .any(|column| self.numbers.column(&column.header).is_some());
                if tracked_column || self.reads_tracked(coefficient) {
                    return Err(TraceError::Each { row: row.name.clone() });
                }
            }
        }
        Ok(())
    }

    fn reads_tracked(&self, formula: &Formula) -> bool {
        let mut found = false;
        formula.visit_leaves(&mut |leaf| match leaf {
            Formula::Param(index) => found |= self.numbers.param(*index).is_some(),
            Formula::Total(index) => {
                let factor = self.encoded.plan.totals.get(*index).and_then(|(factor, _)| *factor);
                let columns = factor.and_then(|f| self.encoded.plan.factors.get(f)).map_or(&[][..], |f| &f.columns);
                let headers = columns.iter().filter_map(|&column| self.encoded.plan.columns.get(column));
                found |= headers.into_iter().any(|column| self.numbers.column(&column.header).is_some());
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
        let constant = || self.numbers.number(self.params.get(index).copied().unwrap_or(f64::NAN));
        self.numbers.param(index).unwrap_or_else(constant)
    }

    fn column(&self, index: usize) -> T::Number {
        let column = self.encoded.plan.columns.get(index).and_then(|column| self.numbers.column(&column.header));
        column.unwrap_or_else(|| self.numbers.number(f64::NAN))
    }

    fn total(&self, index: usize) -> T::Number {
        self.totals.get(index).map_or_else(|| self.numbers.number(f64::NAN), |total| self.numbers.copy(total))
    }
}
