//! Rows about the pairs of a batch.
//!
//! Each sample of such a pair has a cell of its own, so that the matrix is as sparse as the pairs.

use std::collections::BTreeMap;

use crate::language::program::PromisedRow;
use crate::runtime::convex::ConvexTerms;
use crate::runtime::problem::{ProblemParts, RowsByCell};

use super::binder::{About, Binder, Matrix};
use super::bound::{BoundPairs, BoundSampleRow, Skip};
use super::encoded::{Encoded, EncodedPairs, PairsLeft};
use super::error::BindError;
use super::formula::Scope;
use super::offenders::describe_place;
use super::params::Params;
use super::plan::PlannedSampleRow;
use super::rounding::OF_PAIRS;
use super::sample_rows::{ByCell, SampleReading, asked, line, side};
use super::sides::Reach;
use super::tally::{Samples, Tally};

impl Encoded {
    /// The pairs that take no part in any batch, by relation: how many there are besides, and how many of these.
    pub fn pairs_left(&self) -> impl Iterator<Item = (&str, usize, PairsLeft)> {
        self.pairs.iter().map(|pairs| (pairs.relation.as_str(), pairs.pairs.len(), pairs.left))
    }

    /// The same data, with the tables of pairs changed.
    pub(super) fn change_pairs(mut self, change: impl Fn(Encoded) -> Encoded) -> Encoded {
        let change_one = |mut pairs: EncodedPairs| {
            *pairs.encoded = change((*pairs.encoded).clone());
            pairs
        };
        self.pairs = self.pairs.into_iter().map(change_one).collect();
        self
    }

    /// The params that the tables of pairs were encoded with: place, name, value.
    pub(super) fn fixed_in_pairs(&self) -> impl Iterator<Item = &(usize, String, f64)> {
        self.pairs.iter().flat_map(|pairs| &pairs.encoded.plan.fixed)
    }

    /// Whether the numbers of rows about pairs read a param.
    pub(super) fn pairs_read(&self, param: usize) -> bool {
        self.pairs.iter().any(|pairs| pairs.encoded.reach(param) != Reach::Nothing)
    }

    /// Whether rows are about pairs of samples.
    pub fn has_pairs(&self) -> bool {
        !self.pairs.is_empty()
    }
}

/// The rows about pairs of a batch.
#[derive(Default)]
pub(super) struct PairRows {
    /// The entries of each row: places in the batch, with their coefficients.
    entries: Vec<[(u32, f64); 2]>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    names: Vec<String>,
    pub(super) promised: Vec<PromisedRow>,
}

/// The numbers of a row for one pair.
struct Numbers {
    /// Places in the batch.
    samples: [u32; 2],
    coefficients: [f64; 2],
    lower: f64,
    upper: f64,
}

/// The places of the samples of a batch, in which a sample may stand more than once.
struct Places(Option<Vec<(u32, u32)>>);

impl Places {
    fn of(samples: &Samples<'_>, n: usize) -> Places {
        Places(match samples {
            Samples::All => None,
            Samples::Range(_) | Samples::Rows(_) => {
                let places = samples.count(n) as u32;
                let mut all: Vec<(u32, u32)> =
                    (0..places).map(|place| (samples.sample(place as usize) as u32, place)).collect();
                all.sort_unstable();
                Some(all)
            }
        })
    }

    fn each(&self, sample: u32, mut see: impl FnMut(u32)) {
        match &self.0 {
            None => see(sample),
            Some(all) => {
                let start = all.partition_point(|&(known, _)| known < sample);
                let rest = all.get(start..).unwrap_or_default();
                rest.iter().take_while(|(known, _)| *known == sample).for_each(|&(_, place)| see(place));
            }
        }
    }
}

/// One relation of a batch: the pairs inside, as rows of its table, and the places of their samples.
struct Inside {
    pairs: Vec<u32>,
    places: Vec<[u32; 2]>,
}

/// Is shown a row, a pair, its numbers there, and the errors so far.
type SeeRow<'a> = dyn FnMut(&PlannedSampleRow, u32, Numbers, &mut Vec<BindError>) + 'a;

impl EncodedPairs {
    fn inside(&self, places: &Places) -> Inside {
        let mut inside = Inside { pairs: Vec::new(), places: Vec::new() };
        for (pair, &(first, second)) in (0..).zip(&*self.pairs) {
            places.each(first, |a| {
                places.each(second, |b| {
                    inside.pairs.push(pair);
                    inside.places.push([a, b]);
                });
            });
        }
        inside
    }

    fn name(&self, row: &str, pair: u32) -> String {
        let key = |sample: u32| self.keys.get(sample as usize).map_or("?", |key| key);
        let (first, second) = self.pairs.get(pair as usize).copied().unwrap_or_default();
        format!("{row}({}, {})", key(first), key(second))
    }

    /// Shows the numbers of each row about its pairs inside a batch, and what became of the row.
    fn each_row(
        &self,
        params: &Params,
        inside: &Inside,
        errors: &mut Vec<BindError>,
        see: &mut SeeRow<'_>,
    ) -> Vec<(usize, BoundSampleRow)> {
        let (encoded, samples) = (&*self.encoded, Samples::Rows(&inside.pairs));
        let tally = Tally::new(encoded, &samples);
        let by_cell = ByCell::of(&tally.cell, tally.origin.len());
        let about = About::default();
        let scope = Scope { params: params.values(), totals: &[], ..Scope::default() };
        let (found, matrix) = (Vec::new(), Matrix::new(encoded));
        let mut binder = Binder { encoded, tally: &tally, about: &about, scope, errors: found, matrix };
        let mut rows: Vec<(usize, BoundSampleRow)> = Vec::new();
        for row in &encoded.plan.sample_rows {
            let least = row.options.min_count.max(1);
            let needs = [(row.event, least)].into_iter();
            let skip = binder.first_empty(needs, row.options.when_empty, &row.name);
            let status = match skip {
                Some(skip) => BoundSampleRow::Skipped(Skip { pairs_of: Some(self.relation.clone()), ..skip }),
                None => {
                    let mut count = 0;
                    for_each_pair(&mut binder, row, &by_cell, inside, &mut |pair, numbers| {
                        count += 1;
                        see(row, pair, numbers, errors);
                    });
                    BoundSampleRow::Applied { samples: count }
                }
            };
            if rows.last().is_none_or(|(known, _)| *known != row.row) {
                rows.push((row.row, status));
            }
        }
        errors.append(&mut binder.errors);
        rows
    }
}

fn for_each_pair(
    binder: &mut Binder<'_>,
    row: &PlannedSampleRow,
    by_cell: &ByCell,
    inside: &Inside,
    see: &mut dyn FnMut(u32, Numbers),
) {
    let Some(second) = &row.second else { return };
    let (Some(first), Some(second)) = (line(binder, &row.coefficient, row), line(binder, second, row)) else { return };
    // A side without a finite value has been reported.
    let Some(lower) = side(binder, row.lower.as_ref(), row) else { return };
    let Some(upper) = side(binder, row.upper.as_ref(), row) else { return };
    let tally = binder.tally;
    let of_cell = |&cell: &u32| by_cell.cell(cell).iter().map(move |&i| (i, tally.origin[cell as usize] as usize));
    let mut all: Vec<(usize, usize)> = tally.members(row.event).iter().flat_map(of_cell).collect();
    all.sort_unstable();
    for (i, cell) in all {
        let pair = inside.pairs[i];
        let value = |line: &super::sample_rows::Line<'_>| line.value(cell, pair as usize);
        let numbers = Numbers {
            samples: inside.places[i],
            coefficients: [value(&first), value(&second)],
            lower: lower.as_ref().map_or(f64::NEG_INFINITY, value),
            upper: upper.as_ref().map_or(f64::INFINITY, value),
        };
        see(pair, numbers);
    }
}

impl Encoded {
    /// The rows about pairs of a batch, what became of each such row of the program, and how many pairs of each relation are
    /// inside.
    pub(super) fn pair_rows(
        &self,
        params: &Params,
        samples: &Samples<'_>,
        errors: &mut Vec<BindError>,
    ) -> (PairRows, Vec<(usize, BoundSampleRow)>, Vec<BoundPairs>) {
        let (mut rows, mut became, mut counts) = (PairRows::default(), Vec::new(), Vec::new());
        if self.pairs.is_empty() {
            return (rows, became, counts);
        }
        let (places, judging) = (Places::of(samples, self.n()), self.plan.judging);
        for pairs in &self.pairs {
            let inside = pairs.inside(&places);
            counts.push(BoundPairs { relation: pairs.relation.clone(), pairs: inside.pairs.len() });
            became.extend(pairs.each_row(
                params,
                &inside,
                errors,
                &mut |row, pair, numbers, errors| match numbers.sound(row, judging, || {
                    let encoded = &pairs.encoded;
                    describe_place(encoded.file(), encoded.line(pair as usize), pair as usize)
                }) {
                    Ok(true) => rows.push(numbers, pairs.name(&row.name, pair), row.promised()),
                    Ok(false) => {}
                    Err(error) => errors.push(error),
                },
            ));
        }
        (rows, became, counts)
    }

    /// How the predictions of a batch stand to the rows about its pairs.
    pub(super) fn pair_readings(&self, params: &Params, samples: &Samples<'_>, y: &[f64]) -> Vec<SampleReading> {
        let mut readings: Vec<SampleReading> = Vec::new();
        if self.pairs.is_empty() {
            return readings;
        }
        let places = Places::of(samples, self.n());
        let (share, size) = self.plan.rounding(OF_PAIRS);
        for pairs in &self.pairs {
            let inside = pairs.inside(&places);
            pairs.each_row(params, &inside, &mut Vec::new(), &mut |row, _, numbers, _| {
                let promised = row.promised();
                if readings.last().is_none_or(|last| last.promised != promised) {
                    readings.push(SampleReading { promised, samples: 0, outside: 0, excess: 0.0 });
                }
                let Some(reading) = readings.last_mut() else { return };
                reading.samples += 1;
                let excess = numbers.excess(y, size, share);
                if excess > 0.0 {
                    reading.outside += 1;
                    reading.excess = reading.excess.max(excess);
                }
            });
        }
        readings
    }
}

impl Numbers {
    /// Whether the row says something of the predictions; an error where none satisfy it.
    fn sound(&self, row: &PlannedSampleRow, judging: bool, at: impl Fn() -> String) -> Result<bool, BindError> {
        let Numbers { coefficients, lower, upper, .. } = *self;
        let name = || row.name.clone();
        if coefficients.iter().any(|it| !it.is_finite()) || lower.is_nan() || upper.is_nan() {
            return Err(BindError::Undefined { row: name(), text: row.text.clone() });
        }
        if lower > upper {
            let crossed = BindError::CrossedBounds { row: name(), at: at(), sample: 0, lower, upper };
            return if judging { Ok(false) } else { Err(crossed) };
        }
        if coefficients == [0.0; 2] {
            let nothing = lower > 0.0 || upper < 0.0;
            let asked = asked(lower, upper);
            let hopeless = BindError::NoPrediction { row: name(), at: at(), sample: 0, factor: 0.0, asked };
            return if nothing && !judging { Err(hopeless) } else { Ok(false) };
        }
        Ok(lower > f64::NEG_INFINITY || upper < f64::INFINITY)
    }

    /// By how much the row is violated beyond what counts as rounding, that share of its largest number; infinite where it has no value.
    fn excess(&self, y: &[f64], bounds: f64, share: f64) -> f64 {
        let at = |sample: u32| y.get(sample as usize).copied().unwrap_or(f64::NAN);
        let [first, second] = [0, 1].map(|side| self.coefficients[side] * at(self.samples[side]));
        let value = first + second;
        let excess = (self.lower - value).max(value - self.upper);
        let sides = [self.lower, self.upper].into_iter().filter(|side| side.is_finite());
        let size = sides.fold(first.abs() + second.abs(), |size, side| size.max(side.abs()));
        // As of other rows: predictions near 0 may be the rest of numbers of the size of their bounds.
        let [a, b] = self.coefficients.map(f64::abs);
        let rounding = share * size.max(bounds * (a + b));
        match excess.is_nan() {
            true => f64::INFINITY,
            false if excess <= rounding => 0.0,
            false => excess,
        }
    }
}

impl PairRows {
    fn push(&mut self, numbers: Numbers, name: String, promised: PromisedRow) {
        let Numbers { samples, coefficients, lower, upper } = numbers;
        self.entries.push([(samples[0], coefficients[0]), (samples[1], coefficients[1])]);
        self.lower.push(lower);
        self.upper.push(upper);
        self.names.push(name);
        self.promised.push(promised);
    }

    /// Adds the rows to a problem: each sample in one of them gets a cell of its own, in the terms in distances too.
    pub(super) fn add_to(self, mut parts: ProblemParts, terms: &mut [ConvexTerms]) -> ProblemParts {
        if self.entries.is_empty() {
            return parts;
        }
        let first = parts.lower.len();
        let mut of_sample: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
        for (row, entries) in self.entries.iter().enumerate() {
            for &(sample, coefficient) in entries.iter().filter(|(_, coefficient)| *coefficient != 0.0) {
                of_sample.entry(sample).or_default().push(((first + row) as u32, coefficient));
            }
        }
        let old: Vec<u32> = of_sample.keys().filter_map(|&sample| parts.cell.get(sample as usize).copied()).collect();
        for (cell, &sample) in (parts.cells as u32..).zip(of_sample.keys()) {
            if let Some(slot) = parts.cell.get_mut(sample as usize) {
                *slot = cell;
            }
        }
        for (factor, dictionary) in parts.dictionary.iter_mut().enumerate() {
            let known = |cell: u32| dictionary.cell(cell as usize).collect::<Vec<_>>();
            let kept = (0..parts.cells as u32).map(known);
            let own = of_sample.values().zip(&old).map(|(entries, &cell)| {
                let mut all = known(cell);
                all.extend(entries.iter().filter(|_| factor == 0));
                all
            });
            *dictionary = RowsByCell::from_cells(kept.chain(own).collect::<Vec<_>>());
        }
        for dictionary in terms.iter_mut().flat_map(|term| &mut term.dictionary) {
            let all = (0..parts.cells as u32).chain(old.iter().copied());
            *dictionary = RowsByCell::from_cells(all.map(|cell| dictionary.cell(cell as usize).collect::<Vec<_>>()));
        }
        parts.cells += of_sample.len();
        parts.lower.extend(self.lower);
        parts.upper.extend(self.upper);
        parts.soft.resize(parts.lower.len(), f64::INFINITY);
        parts.names.extend(self.names);
        parts
    }
}
