//! `each` constraints: bounds of single predictions.

use crate::data::Shortest;
use crate::language::program::PromisedRow;
use crate::runtime::problem::Bounds;

use super::binder::{About, Binder, Matrix};
use super::bound::{Bound, BoundSampleRow};
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::formula::Scope;
use super::limits::ordered;
use super::offenders::describe_place;
use super::params::Params;
use super::plan::{PlannedSampleRow, Split};
use super::rounding::OF_BOUNDS;
use super::tally::{Samples, Tally};

/// The bounds of the predictions of a batch, and what became of each per-sample row.
pub(super) fn bounds(
    binder: &mut Binder,
    samples: &Samples,
    of_pairs: Vec<(usize, BoundSampleRow)>,
) -> (Bounds, Vec<BoundSampleRow>) {
    let plan = &binder.encoded.plan;
    let (lo, hi) = plan.bounds;
    let mut rows: Vec<(usize, BoundSampleRow)> =
        plan.left_samples.iter().map(|(index, left)| (*index, BoundSampleRow::Left(left.clone()))).collect();
    let mut bounds = Bounds::Uniform { lo, hi };
    // Most specs have no such rows, and every batch is bound.
    let by_cell = match plan.sample_rows.is_empty() {
        true => ByCell::default(),
        false => ByCell::of(&binder.tally.cell, binder.tally.origin.len()),
    };
    for row in &plan.sample_rows {
        let least = row.options.min_count.max(1);
        // An event without samples asks for nothing; it matters only where that is an error.
        // Samples of weight 0 are bounded like others. Of a stream, those that were answered before count too.
        let tally = binder.tally;
        let here = |event: usize| tally.members(event).iter().map(|&cell| by_cell.cell(cell).len()).sum::<usize>();
        let count = |event: usize| tally.count(event).max(here(event));
        let own = binder.too_small([(row.event, least)].into_iter(), &count, row.options.when_empty, &row.name);
        let needs = row.reads.iter().map(|&event| (event, least));
        let status = match own.or_else(|| binder.first_empty(needs, row.options.when_empty, &row.name)) {
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
        if rows.last().is_none_or(|(known, _)| *known != row.row) {
            rows.push((row.row, status));
        }
    }
    rows.extend(of_pairs);
    rows.sort_by_key(|(index, _)| *index);
    (bounds, rows.into_iter().map(|(_, row)| row).collect())
}

/// The samples of each cell, so that a row costs what it holds and not the whole batch.
#[derive(Default)]
pub(super) struct ByCell {
    starts: Vec<usize>,
    samples: Vec<usize>,
}

impl ByCell {
    pub(super) fn of(cells: &[u32], count: usize) -> ByCell {
        let mut starts = vec![0_usize; count + 1];
        cells.iter().for_each(|&cell| starts[cell as usize + 1] += 1);
        for cell in 0..count {
            starts[cell + 1] += starts[cell];
        }
        let (mut next, mut samples) = (starts.clone(), vec![0; cells.len()]);
        for (sample, &cell) in cells.iter().enumerate() {
            let place = &mut next[cell as usize];
            samples[*place] = sample;
            *place += 1;
        }
        ByCell { starts, samples }
    }

    pub(super) fn cell(&self, cell: u32) -> &[usize] {
        &self.samples[self.starts[cell as usize]..self.starts[cell as usize + 1]]
    }
}

/// `Σ coefficient · φ` with the coefficients of this batch.
pub(super) struct Line<'a>(Vec<(f64, Option<&'a FactorValues>)>);

impl Line<'_> {
    pub(super) fn value(&self, cell: usize, sample: usize) -> f64 {
        self.terms(cell, sample).sum()
    }

    /// The sum of the sizes of the terms: its rounding errors are relative to that.
    fn size(&self, cell: usize, sample: usize) -> f64 {
        self.terms(cell, sample).map(f64::abs).sum()
    }

    fn terms(&self, cell: usize, sample: usize) -> impl Iterator<Item = f64> {
        self.0.iter().map(move |(coefficient, factor)| match factor {
            None => *coefficient,
            Some(FactorValues::ByCell(values)) => coefficient * values[cell],
            Some(FactorValues::BySample(values)) => coefficient * values[sample],
        })
    }
}

/// What a row asks of one sample: `lower ≤ factor · y ≤ upper`.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub factor: f64,
    pub lower: f64,
    pub upper: f64,
    /// The sizes of the terms of the factor, and of those sides that are finite.
    sizes: (f64, f64),
}

impl Asked {
    /// How far beyond an end of its interval a prediction may lie that is off by rounding; `share` is of the largest number in the row, among
    /// them the row of a prediction of the size of the bounds.
    fn rounding(&self, share: f64, end: f64, size: f64) -> f64 {
        let largest = self.sizes.1.max(self.sizes.0 * end.abs().max(size));
        let rounding = share * largest / self.factor.abs();
        if rounding.is_finite() { rounding } else { 0.0 }
    }
}

pub(super) fn line<'a>(binder: &mut Binder<'a>, split: &Split, row: &PlannedSampleRow) -> Option<Line<'a>> {
    let encoded = binder.encoded;
    let terms = split.iter().map(|(coefficient, factor)| {
        let value = binder.finite(coefficient, &row.name, &row.text)?;
        Some((value, encoded.factor(*factor)))
    });
    terms.collect::<Option<Vec<_>>>().map(Line)
}

/// A side, if there is one; `None` if it has no finite value.
pub(super) fn side<'a>(
    binder: &mut Binder<'a>,
    split: Option<&Split>,
    row: &PlannedSampleRow,
) -> Option<Option<Line<'a>>> {
    split.map_or(Some(None), |split| line(binder, split, row).map(Some))
}

/// What a row allows one prediction.
enum Allowed {
    Between(f64, f64),
    /// No finite number: `lower ≤ factor · y ≤ upper` has no solution.
    Nothing {
        factor: f64,
        lower: f64,
        upper: f64,
    },
    /// A coefficient or side is no number for this sample.
    Undefined,
}

/// Tightens the bounds of the samples of a row's event; the number of these samples. Where predictions are only judged, bounds
/// that contradict each other are for the verdict.
fn apply(
    binder: &mut Binder,
    row: &PlannedSampleRow,
    samples: &Samples,
    by_cell: &ByCell,
    (lo, hi): (&mut [f64], &mut [f64]),
) -> usize {
    let plan = &binder.encoded.plan;
    let lenient = plan.judging;
    let (share, size) = if lenient { plan.rounding(OF_BOUNDS) } else { (0.0, 0.0) };
    let (mut crossed, mut hopeless, mut undefined) = (None, None, false);
    let mut tighten = |i: usize, sample: usize, asked: Asked| match interval(&asked) {
        Allowed::Between(below, above) => {
            let (below, above) =
                (below - asked.rounding(share, below, size), above + asked.rounding(share, above, size));
            match ordered(lo[i].max(below), hi[i].min(above)) {
                Some((new_lo, new_hi)) => (lo[i], hi[i]) = (new_lo, new_hi),
                None => first(&mut crossed, (sample, lo[i].max(below), hi[i].min(above)), |known| known.0),
            }
        }
        Allowed::Nothing { factor, lower, upper } => {
            first(&mut hopeless, (sample, factor, lower, upper), |known| known.0);
        }
        Allowed::Undefined => undefined = true,
    };
    let count = each_sample(binder, row, samples, by_cell, &mut tighten);
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
    let contradictions = crossed.into_iter().chain(hopeless).filter(|_| !lenient);
    let errors = contradictions.chain(undefined).collect::<Vec<_>>();
    binder.errors.extend(errors);
    count
}

/// Keeps what is said of the first sample.
fn first<T>(known: &mut Option<T>, new: T, sample: impl Fn(&T) -> usize) {
    if known.as_ref().is_none_or(|known| sample(&new) < sample(known)) {
        *known = Some(new);
    }
}

/// Shows the samples of a row's event: place in the batch, index of the sample, and coefficient and sides of the row there. The
/// number of these samples; those without weight are bounded too.
pub(super) fn each_sample(
    binder: &mut Binder,
    row: &PlannedSampleRow,
    samples: &Samples,
    by_cell: &ByCell,
    look: &mut dyn FnMut(usize, usize, Asked),
) -> usize {
    let Some(coefficient) = line(binder, &row.coefficient, row) else { return 0 };
    // A side without a finite value has been reported.
    let Some(lower) = side(binder, row.lower.as_ref(), row) else { return 0 };
    let Some(upper) = side(binder, row.upper.as_ref(), row) else { return 0 };
    let mut count = 0;
    let members = binder.tally.members(row.event).iter();
    for (cell, i) in members.flat_map(|&cell| by_cell.cell(cell).iter().map(move |&i| (cell, i))) {
        count += 1;
        let old = binder.tally.origin[cell as usize] as usize;
        let sample = samples.sample(i);
        let value = |line: &Option<Line>, none: f64| line.as_ref().map_or(none, |line| line.value(old, sample));
        let sizes = lower.iter().chain(&upper).map(|line| line.size(old, sample)).filter(|size| size.is_finite());
        look(
            i,
            sample,
            Asked {
                factor: coefficient.value(old, sample),
                lower: value(&lower, f64::NEG_INFINITY),
                upper: value(&upper, f64::INFINITY),
                sizes: (coefficient.size(old, sample), sizes.fold(0.0, f64::max)),
            },
        );
    }
    count
}

/// How predictions stand to a per-sample row as one constraint asks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleReading {
    pub promised: PromisedRow,
    /// How many predictions it bounds.
    pub samples: usize,
    /// How many of them lie outside, and by how much at most.
    pub outside: usize,
    pub excess: f64,
}

impl Encoded {
    /// How the predictions `y` of a batch stand to each per-sample row that takes part in it, by constraint.
    pub fn sample_readings(&self, bound: &Bound, params: &Params, samples: &Samples, y: &[f64]) -> Vec<SampleReading> {
        let pairs = self.pair_readings(params, samples, y);
        if self.plan.sample_rows.is_empty() {
            return pairs;
        }
        let tally = Tally::new(self, samples);
        let by_cell = ByCell::of(&tally.cell, tally.origin.len());
        let about = About::new(self, &tally, samples);
        let totals = self.totals(&tally, &about, samples);
        let scope = Scope { params: params.values(), totals: &totals, ..Scope::default() };
        let mut binder = Binder {
            encoded: self,
            tally: &tally,
            about: &about,
            scope,
            errors: Vec::new(),
            matrix: Matrix::new(self),
        };
        let applied =
            |row: &&PlannedSampleRow| matches!(bound.sample_rows.get(row.row), Some(BoundSampleRow::Applied { .. }));
        let (share, size) = self.plan.rounding(OF_BOUNDS);
        let mut read = |row: &PlannedSampleRow| {
            let (mut outside, mut most) = (0, 0.0_f64);
            let promised = row.promised();
            let samples = each_sample(&mut binder, row, samples, &by_cell, &mut |i, _, asked| {
                let value = y.get(i).copied().unwrap_or(f64::NAN);
                let (excess, rounding) = match interval(&asked) {
                    Allowed::Between(below, above) => {
                        let end = if value < below { below } else { above };
                        ((below - value).max(value - above), asked.rounding(share, end, size))
                    }
                    Allowed::Nothing { .. } | Allowed::Undefined => (f64::INFINITY, 0.0),
                };
                // Bounds that cross by no more than rounding leave a point between them, which keeps both.
                let (lo, hi) = bound.problem.bounds().at(i);
                let pinned = lo == hi && value == lo;
                let crossed = pinned && excess <= 1e-12 * value.abs().max(1.0);
                if excess.is_nan() || excess > rounding && !crossed {
                    outside += 1;
                    most = most.max(excess);
                }
            });
            SampleReading { promised, samples, outside, excess: most }
        };
        self.plan.sample_rows.iter().filter(applied).map(&mut read).chain(pairs).collect()
    }
}

/// `at least 3`, `at most 3`, or both.
pub(super) fn asked(lower: f64, upper: f64) -> String {
    let side = |words: &str, side: f64| side.is_finite().then(|| format!("{words} {}", Shortest(side)));
    let sides = [side("at least", lower), side("at most", upper)];
    sides.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// The predictions `y` with `lower ≤ factor · y ≤ upper`.
fn interval(asked: &Asked) -> Allowed {
    let Asked { factor, lower, upper, .. } = *asked;
    if !factor.is_finite() || lower.is_nan() || upper.is_nan() {
        return Allowed::Undefined;
    }
    let (below, above) = match factor {
        factor if factor > 0.0 => (lower / factor, upper / factor),
        factor if factor < 0.0 => (upper / factor, lower / factor),
        _ if lower <= 0.0 && 0.0 <= upper => (f64::NEG_INFINITY, f64::INFINITY),
        _ => (f64::INFINITY, f64::NEG_INFINITY),
    };
    match below < f64::INFINITY && above > f64::NEG_INFINITY {
        true => Allowed::Between(below, above),
        false => Allowed::Nothing { factor, lower, upper },
    }
}
