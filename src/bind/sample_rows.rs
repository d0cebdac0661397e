//! `each` constraints: bounds of single predictions.

use crate::data::Shortest;
use crate::runtime::problem::Bounds;

use super::bound::{Binder, BoundSampleRow, ordered};
use super::encode::FactorValues;
use super::error::{BindError, describe_place};
use super::plan::{PlannedSampleRow, Split};
use super::tally::Samples;

/// The bounds of the predictions of a batch, and what became of each per-sample row.
pub(super) fn bounds(binder: &mut Binder, samples: &Samples) -> (Bounds, Vec<BoundSampleRow>) {
    let plan = &binder.encoded.plan;
    let (lo, hi) = plan.bounds;
    let mut rows: Vec<(usize, BoundSampleRow)> =
        plan.left_samples.iter().map(|(index, left)| (*index, BoundSampleRow::Left(left.clone()))).collect();
    let mut bounds = Bounds::Uniform { lo, hi };
    for row in &plan.sample_rows {
        let least = row.options.min_count.max(1);
        // An event without samples asks for nothing; it matters only where that is an error.
        let status = match binder.first_empty(&[row.event], least, row.options.when_empty, &row.name) {
            Some(skip) => BoundSampleRow::Skipped(skip),
            None => {
                if let Bounds::Uniform { lo, hi } = bounds {
                    let n = binder.tally.cell.len();
                    bounds = Bounds::PerSample { lo: vec![lo; n], hi: vec![hi; n] };
                }
                let count = match &mut bounds {
                    Bounds::PerSample { lo, hi } => apply(binder, row, samples, lo, hi),
                    Bounds::Uniform { .. } => 0,
                };
                BoundSampleRow::Applied { samples: count }
            }
        };
        rows.push((row.row, status));
    }
    rows.sort_by_key(|(index, _)| *index);
    (bounds, rows.into_iter().map(|(_, row)| row).collect())
}

/// `Σ coefficient · φ` with the coefficients of this batch.
struct Line<'a>(Vec<(f64, Option<&'a FactorValues>)>);

impl Line<'_> {
    fn value(&self, cell: usize, sample: usize) -> f64 {
        let term = |(coefficient, factor): &(f64, Option<&FactorValues>)| match factor {
            None => *coefficient,
            Some(FactorValues::ByCell(values)) => coefficient * values[cell],
            Some(FactorValues::BySample(values)) => coefficient * values[sample],
        };
        self.0.iter().map(term).sum()
    }
}

fn line<'a>(binder: &mut Binder<'a>, split: &Split, row: &PlannedSampleRow) -> Option<Line<'a>> {
    let encoded = binder.encoded;
    let terms = split.iter().map(|(coefficient, factor)| {
        let value = binder.finite(coefficient, &row.name, &row.text)?;
        Some((value, encoded.factor(*factor)))
    });
    terms.collect::<Option<Vec<_>>>().map(Line)
}

/// A side, if there is one; `None` if it has no finite value.
fn side<'a>(binder: &mut Binder<'a>, split: Option<&Split>, row: &PlannedSampleRow) -> Option<Option<Line<'a>>> {
    split.map_or(Some(None), |split| line(binder, split, row).map(Some))
}

/// Tightens the bounds of the samples of a row's event; the number of these samples.
fn apply(binder: &mut Binder, row: &PlannedSampleRow, samples: &Samples, lo: &mut [f64], hi: &mut [f64]) -> usize {
    let Some(coefficient) = line(binder, &row.coefficient, row) else { return 0 };
    // A side without a finite value has been reported.
    let Some(lower) = side(binder, row.lower.as_ref(), row) else { return 0 };
    let Some(upper) = side(binder, row.upper.as_ref(), row) else { return 0 };
    let mut inside = vec![false; binder.tally.origin.len()];
    for &cell in binder.tally.members(row.event) {
        inside[cell as usize] = true;
    }
    let mut count = 0;
    let (mut crossed, mut hopeless, mut undefined) = (None, None, false);
    for (i, ((&cell, lo), hi)) in binder.tally.cell.iter().zip(lo).zip(hi).enumerate() {
        let weightless = binder.tally.weight.as_ref().is_some_and(|weight| weight[i] == 0.0);
        if weightless || !inside[cell as usize] {
            continue;
        }
        count += 1;
        let old = binder.tally.origin[cell as usize] as usize;
        let sample = samples.sample(i);
        let value = |line: &Option<Line>, none: f64| line.as_ref().map_or(none, |line| line.value(old, sample));
        let (l, u) = (value(&lower, f64::NEG_INFINITY), value(&upper, f64::INFINITY));
        let factor = coefficient.value(old, sample);
        if factor.is_nan() || factor.is_infinite() || l.is_nan() || u.is_nan() {
            undefined = true;
        } else if let Some((below, above)) = interval(factor, l, u) {
            match ordered(lo.max(below), hi.min(above)) {
                Some((new_lo, new_hi)) => (*lo, *hi) = (new_lo, new_hi),
                None => {
                    crossed.get_or_insert((sample, lo.max(below), hi.min(above)));
                }
            }
        } else {
            hopeless.get_or_insert((sample, factor, l, u));
        }
    }
    let name = || row.name.clone();
    let at = |sample| describe_place(binder.encoded.file(), binder.encoded.line(sample), sample);
    let crossed = crossed.map(|(sample, lower, upper)| BindError::CrossedBounds {
        row: name(),
        at: at(sample),
        sample,
        lower,
        upper,
    });
    let hopeless = hopeless.map(|(sample, factor, lower, upper)| {
        let asked = asked(lower, upper);
        BindError::NoPrediction { row: name(), at: at(sample), sample, factor, asked }
    });
    let undefined = undefined.then(|| BindError::Undefined { row: name(), text: row.text.clone() });
    let errors = crossed.into_iter().chain(hopeless).chain(undefined).collect::<Vec<_>>();
    binder.errors.extend(errors);
    count
}

/// `at least 3`, `at most 3`, or both.
fn asked(lower: f64, upper: f64) -> String {
    let side = |words: &str, side: f64| side.is_finite().then(|| format!("{words} {}", Shortest(side)));
    let sides = [side("at least", lower), side("at most", upper)];
    sides.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// The predictions `y` with `lower ≤ coefficient · y ≤ upper`; none if no finite number is one.
fn interval(coefficient: f64, lower: f64, upper: f64) -> Option<(f64, f64)> {
    if coefficient == 0.0 {
        return (lower <= 0.0 && 0.0 <= upper).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let (below, above) = match coefficient > 0.0 {
        true => (lower / coefficient, upper / coefficient),
        false => (upper / coefficient, lower / coefficient),
    };
    (below < f64::INFINITY && above > f64::NEG_INFINITY).then_some((below, above))
}
