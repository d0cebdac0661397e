//! `each` constraints: bounds of single predictions.

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
    let by_cell = ByCell::of(&binder.tally.cell, binder.tally.origin.len());
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
                    Bounds::PerSample { lo, hi } => apply(binder, row, samples, &by_cell, (lo, hi)),
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

/// The samples of each cell, so that a row costs what it holds and not the whole batch.
struct ByCell {
    starts: Vec<usize>,
    samples: Vec<usize>,
}

impl ByCell {
    fn of(cells: &[u32], count: usize) -> ByCell {
        let mut starts = vec![0_usize; count + 1];
        for &cell in cells {
            if let Some(after) = starts.get_mut(cell as usize + 1) {
                *after += 1;
            }
        }
        let mut sum = 0;
        starts.iter_mut().for_each(|start| {
            sum += *start;
            *start = sum;
        });
        let (mut next, mut samples) = (starts.clone(), vec![0; cells.len()]);
        for (sample, &cell) in cells.iter().enumerate() {
            if let Some(place) = next.get_mut(cell as usize) {
                if let Some(slot) = samples.get_mut(*place) {
                    *slot = sample;
                }
                *place += 1;
            }
        }
        ByCell { starts, samples }
    }

    fn cell(&self, cell: u32) -> &[usize] {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or(self.samples.len());
        self.samples.get(at(cell as usize)..at(cell as usize + 1)).unwrap_or_default()
    }
}

/// `Σ coefficient · φ` with the coefficients of this batch.
struct Line<'a>(Vec<(f64, Option<&'a FactorValues>)>);

impl Line<'_> {
    fn value(&self, cell: usize, sample: usize) -> f64 {
        let term = |(coefficient, factor): &(f64, Option<&FactorValues>)| match factor {
            None => *coefficient,
            Some(FactorValues::ByCell(values)) => coefficient * values.get(cell).copied().unwrap_or(f64::NAN),
            Some(FactorValues::BySample(values)) => coefficient * values.get(sample).copied().unwrap_or(f64::NAN),
        };
        self.0.iter().map(term).sum()
    }
}

fn line<'a>(binder: &mut Binder<'a>, split: &Split, row: &PlannedSampleRow) -> Option<Line<'a>> {
    let encoded = binder.encoded;
    let terms = split.iter().map(|(coefficient, factor)| {
        let value = binder.finite(coefficient, &row.name, &row.text)?;
        Some((value, factor.and_then(|factor| encoded.factors.get(factor))))
    });
    terms.collect::<Option<Vec<_>>>().map(Line)
}

/// A side, if there is one; `None` if it has no finite value.
fn side<'a>(binder: &mut Binder<'a>, split: Option<&Split>, row: &PlannedSampleRow) -> Option<Option<Line<'a>>> {
    split.map_or(Some(None), |split| line(binder, split, row).map(Some))
}

/// Tightens the bounds of the samples of a row's event; the number of these samples.
fn apply(
    binder: &mut Binder,
    row: &PlannedSampleRow,
    samples: &Samples,
    by_cell: &ByCell,
    (lo, hi): (&mut [f64], &mut [f64]),
) -> usize {
    let Some(coefficient) = line(binder, &row.coefficient, row) else { return 0 };
    // A side without a finite value has been reported.
    let Some(lower) = side(binder, row.lower.as_ref(), row) else { return 0 };
    let Some(upper) = side(binder, row.upper.as_ref(), row) else { return 0 };
    let mut count = 0;
    let mut crossed: Option<(usize, f64, f64)> = None;
    let members = binder.tally.members(row.event).iter();
    for (cell, i) in members.flat_map(|&cell| by_cell.cell(cell).iter().map(move |&i| (cell, i))) {
        let weightless = binder.tally.weight.as_ref().is_some_and(|weight| weight.get(i) == Some(&0.0));
        let (false, Some(lo), Some(hi)) = (weightless, lo.get_mut(i), hi.get_mut(i)) else { continue };
        count += 1;
        let old = binder.tally.origin.get(cell as usize).map_or(0, |&old| old as usize);
        let sample = samples.sample(i);
        let value = |line: &Option<Line>, none: f64| line.as_ref().map_or(none, |line| line.value(old, sample));
        let (l, u) = (value(&lower, f64::NEG_INFINITY), value(&upper, f64::INFINITY));
        let (below, above) = interval(coefficient.value(old, sample), l, u);
        match ordered(lo.max(below), hi.min(above)) {
            Some((new_lo, new_hi)) => (*lo, *hi) = (new_lo, new_hi),
            None => {
                // The first of them is told.
                if crossed.is_none_or(|(known, ..)| sample < known) {
                    crossed = Some((sample, lo.max(below), hi.min(above)));
                }
            }
        }
    }
    if let Some((sample, lower, upper)) = crossed {
        let at = describe_place(binder.encoded.file(), binder.encoded.line(sample), sample);
        binder.errors.push(BindError::CrossedBounds { row: row.name.clone(), at, sample, lower, upper });
    }
    count
}

/// The predictions `y` with `lower ≤ coefficient · y ≤ upper`.
fn interval(coefficient: f64, lower: f64, upper: f64) -> (f64, f64) {
    if coefficient > 0.0 {
        (lower / coefficient, upper / coefficient)
    } else if coefficient < 0.0 {
        (upper / coefficient, lower / coefficient)
    } else if lower <= 0.0 && 0.0 <= upper {
        (f64::NEG_INFINITY, f64::INFINITY)
    } else {
        (f64::INFINITY, f64::NEG_INFINITY)
    }
}
