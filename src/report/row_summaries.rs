//! The summaries of all promised rows of a program over one batch or many: rows as one constraint asks for them, by its own
//! sides and in the direction in which its author wrote them.

use super::facts::conditions;
use super::number::finite;
use super::reading::Reading;
use super::relation_use::RelationUse;
use super::row_summary::{EachJson, Group, RowSummary};
use super::verdict::{Verdict, When};
use crate::analyze::{Constants, Settings};
use crate::bind::{Bound, BoundSampleRow, Encoded, Params, RowPrice, RowStatus, Samples, SummedRows, size_of_bounds};
use crate::language::program::text::distance_text;
use crate::language::program::{Data, Direction, Names, Origin, Program, PromisedRow, Term};
use crate::runtime::problem::RowValues;
use crate::runtime::project::{Projection, Side};

/// The promised rows of a program, and its promised per-sample rows, in their order.
pub struct RowSummaries<'a> {
    pub program: &'a Program,
    /// The params of the last batch.
    constants: Settings,
    names: Names<'a>,
    promised: Vec<PromisedRow>,
    pub rows: Vec<RowSummary>,
    promised_samples: Vec<PromisedRow>,
    pub sample_rows: Vec<RowSummary>,
    /// What became of the pairs of each relation.
    pub relations: Vec<RelationUse>,
    pub batches: usize,
}

/// The bound batch that is entered, with the values of its terms.
pub struct Entry<'b> {
    pub bound: &'b Bound,
    pub rows: &'b RowValues,
    pub bounds: &'b [f64],
    pub terms: &'b [Vec<f64>],
}

impl<'a> RowSummaries<'a> {
    pub fn new(program: &'a Program) -> RowSummaries<'a> {
        let (promised, promised_samples) = (program.promised_rows(), program.promised_sample_rows());
        RowSummaries {
            program,
            constants: Settings::new(),
            names: Names::of(program),
            rows: promised
                .iter()
                .map(|promised| {
                    let origin = program.origin(*promised);
                    let (counted, centred) = (origin.is_some_and(is_counted), origin.is_some_and(is_centred));
                    RowSummary { counted, centred, ..RowSummary::default() }
                })
                .collect(),
            promised,
            sample_rows: promised_samples
                .iter()
                .map(|promised| {
                    let row = program.sample_rows.get(promised.row);
                    let of_pairs = row.is_some_and(|row| row.pairs.is_some());
                    RowSummary { of_pairs, ..RowSummary::default() }
                })
                .collect(),
            relations: Vec::new(),
            promised_samples,
            batches: 0,
        }
    }

    /// The rows by which promises are judged, in the order of `rows`.
    pub fn promised(&self) -> &[PromisedRow] {
        &self.promised
    }

    /// Enters a batch with its predictions; `params` are those that it was bound with.
    ///
    /// # Errors
    /// If the predictions are not as many as the samples of the batch.
    pub fn enter(
        &mut self,
        bound: &Bound,
        encoded: &Encoded,
        params: &Params,
        samples: &Samples<'_>,
        predictions: &[f64],
    ) -> Result<(), crate::runtime::problem::ProblemError> {
        let rows = bound.row_values(predictions)?;
        let bounds = self.bounded(bound);
        let terms = encoded.term_values(samples, predictions);
        self.constants = settings(self.program, params);
        self.enter_rows(&Entry { bound, rows: &rows, bounds: &bounds, terms: &terms });
        RelationUse::enter(&mut self.relations, bound, encoded);
        for reading in encoded.sample_readings(bound, params, samples, predictions) {
            if let Some(summary) = self.sample_summary(reading.promised) {
                summary.outside = more(summary.outside, (reading.outside, reading.excess));
            }
        }
        Ok(())
    }

    /// Enters a batch of which sums by cell are known.
    pub fn enter_sums(&mut self, bound: &Bound, params: &Params, sums: &SummedRows) {
        self.constants = settings(self.program, params);
        let bounds = self.bounds_of(sums);
        self.enter_rows(&Entry { bound, rows: &sums.rows, bounds: &bounds, terms: &sums.terms });
    }

    /// Enters what the rows of a batch come to, and what became of them.
    fn enter_rows(&mut self, entry: &Entry<'_>) {
        let bound = entry.bound;
        let batch = self.batches;
        self.batches += 1;
        for (index, promised) in self.promised.clone().into_iter().enumerate() {
            let centred = self.rows.get(index).is_some_and(|summary| summary.centred);
            let reading = read(self.program, (promised, centred), entry, batch);
            let worse = reading.is_some_and(|new| {
                self.rows.get(index).and_then(|summary| summary.before).is_none_or(|old| new.excess() > old.excess())
            });
            let groups = if worse { self.groups(promised, entry) } else { Vec::new() };
            let Some(summary) = self.rows.get_mut(index) else { continue };
            if worse {
                (summary.before, summary.groups) = (reading, groups);
            }
            summary.kept += usize::from(reading.is_some());
            match bound.rows.get(promised.row).map(|row| &row.status) {
                Some(RowStatus::Skipped(skip)) => summary.skip(skip),
                Some(RowStatus::Left(left)) => {
                    summary.leave(left, self.program.rows.get(promised.row).map(|row| row.options.enforce));
                }
                Some(RowStatus::Kept(_)) | None => {}
            }
        }
        for (summary, promised) in self.sample_rows.iter_mut().zip(&self.promised_samples) {
            match bound.sample_rows.get(promised.row) {
                Some(BoundSampleRow::Applied { samples }) => summary.kept += samples,
                Some(BoundSampleRow::Skipped(skip)) => summary.skip(skip),
                Some(BoundSampleRow::Left(left)) => {
                    summary.leave(left, self.program.sample_rows.get(promised.row).map(|row| row.options.enforce));
                }
                None => {}
            }
        }
    }

    /// The magnitude of each row of the problem for predictions of the size of their bounds.
    fn bounded(&self, bound: &Bound) -> Vec<f64> {
        let affine = |size| bound.problem.magnitude_of(size);
        let all = |size| bound.convex.as_ref().map_or_else(|| affine(size), |convex| convex.magnitude_of(size));
        size_of_bounds(self.program).map(all).unwrap_or_default()
    }

    fn sample_summary(&mut self, promised: PromisedRow) -> Option<&mut RowSummary> {
        let place = self.promised_samples.binary_search(&promised).ok()?;
        self.sample_rows.get_mut(place)
    }

    /// Enters what a stream came to: a reading, or what became of the row, for each promised row, and what became of each
    /// per-sample row, whose bounds all answers keep.
    pub(super) fn enter_readings(
        &mut self,
        rows: &[(Option<Reading>, RowStatus)],
        sample_rows: &[BoundSampleRow],
        samples: usize,
    ) {
        for ((summary, promised), (reading, status)) in self.rows.iter_mut().zip(&self.promised).zip(rows) {
            (summary.before, summary.after) = (*reading, *reading);
            summary.kept += usize::from(reading.is_some());
            match status {
                RowStatus::Skipped(skip) => summary.skip(skip),
                RowStatus::Left(left) => {
                    summary.leave(left, self.program.rows.get(promised.row).map(|row| row.options.enforce));
                }
                RowStatus::Kept(_) => {}
            }
        }
        for (summary, promised) in self.sample_rows.iter_mut().zip(&self.promised_samples) {
            match sample_rows.get(promised.row) {
                Some(BoundSampleRow::Applied { .. }) => summary.kept += samples,
                Some(BoundSampleRow::Skipped(skip)) => summary.skip(skip),
                Some(BoundSampleRow::Left(left)) => {
                    summary.leave(left, self.program.sample_rows.get(promised.row).map(|row| row.options.enforce));
                }
                None => {}
            }
        }
    }

    /// Enters what the projection of the batch entered last came to.
    ///
    /// # Errors
    /// If the projection is of another batch.
    pub fn enter_projection(
        &mut self,
        bound: &Bound,
        encoded: &Encoded,
        params: &Params,
        samples: &Samples<'_>,
        projection: &Projection<f64>,
    ) -> Result<(), crate::runtime::problem::ProblemError> {
        let rows = bound.row_values(&projection.y)?;
        let bounds = self.bounded(bound);
        let terms = encoded.term_values(samples, &projection.y);
        self.enter_moved(&Entry { bound, rows: &rows, bounds: &bounds, terms: &terms }, projection);
        for reading in encoded.sample_readings(bound, params, samples, &projection.y) {
            if let Some(summary) = self.sample_summary(reading.promised) {
                summary.outside_after = more(summary.outside_after, (reading.outside, reading.excess));
            }
        }
        Ok(())
    }

    /// The same of a batch of which sums by cell are known; of the projection multipliers and active sides count.
    pub fn enter_moved_sums(&mut self, bound: &Bound, sums: &SummedRows, projection: &Projection<f64>) {
        let bounds = self.bounds_of(sums);
        self.enter_moved(&Entry { bound, rows: &sums.rows, bounds: &bounds, terms: &sums.terms }, projection);
    }

    fn bounds_of(&self, sums: &SummedRows) -> Vec<f64> {
        let size = size_of_bounds(self.program);
        size.map(|size| sums.units.iter().map(|unit| size * unit).collect()).unwrap_or_default()
    }

    fn enter_moved(&mut self, entry: &Entry<'_>, projection: &Projection<f64>) {
        let (bound, terms) = (entry.bound, entry.terms);
        let batch = self.batches.saturating_sub(1);
        for (&promised, summary) in self.promised.iter().zip(&mut self.rows) {
            let Some(reading) = read(self.program, (promised, summary.centred), entry, batch) else { continue };
            if summary.after.is_none_or(|old| reading.excess() > old.excess()) {
                summary.after = Some(reading);
            }
            if summary.before.is_some_and(|before| before.batch == batch) {
                let after = terms.get(promised.row).map_or(&[][..], Vec::as_slice);
                summary.groups.iter_mut().for_each(|group| group.after = after.get(group.term).copied());
            }
            let Some(price) = priced(self.program, promised, bound, projection) else { continue };
            if summary.multiplier.is_none_or(|old| price.multiplier.abs() > old.abs()) {
                summary.multiplier = Some(price.multiplier);
            }
            summary.active |= price.active;
        }
    }

    /// The groups in the direction in which the row was written.
    fn groups(&self, promised: PromisedRow, entry: &Entry<'_>) -> Vec<Group> {
        let Some(row) = self.program.rows.get(promised.row) else { return Vec::new() };
        let terms = entry.terms.get(promised.row).map_or(&[][..], Vec::as_slice);
        let group = |(place, term): (usize, Term)| {
            let count = entry.bound.events.get(term.event.0 as usize).copied().flatten();
            let prediction = &self.program.prediction.name;
            Some(Group {
                term: place,
                event: self.program.event_text(term.event, &self.names),
                conditions: self
                    .program
                    .event(term.event)
                    .map(|event| conditions(event, self.program, &self.names))
                    .unwrap_or_default(),
                what: {
                    let of = match &term.at {
                        None => prediction.clone(),
                        Some(at) => distance_text(prediction, at, &self.names),
                    };
                    match term.factor.is_one() {
                        true => of,
                        false => format!("{} * {of}", term.factor.text(&self.names)),
                    }
                },
                aggregate: term.aggregate,
                coefficient: finite(term.coefficient.evaluate(&Constants(&self.constants))),
                samples: count.map_or(0, |count| count.samples),
                weight: count.map_or(0.0, |count| count.weight),
                value: *terms.get(place)?,
                after: None,
            })
        };
        self.direction(promised).terms(&row.terms).into_iter().filter_map(group).collect()
    }

    fn direction(&self, promised: PromisedRow) -> Direction {
        self.program.origin(promised).map_or_else(Direction::default, Origin::direction)
    }

    /// What a row compares, without its limits.
    pub fn compared(&self, index: usize) -> String {
        let row = self.promised.get(index).and_then(|promised| self.program.promised(*promised));
        row.map_or_else(String::new, |row| self.program.terms_text(&row.terms, &self.names))
    }

    /// What a promise is about where data stand on both of its sides: `E[y] - E[s]` of `|E[y - s]| <= t`.
    pub fn written(&self, index: usize) -> Option<String> {
        let origin = self.origin(index)?;
        let centre = centre(origin)?;
        let less = if origin.direction().is_upper(true) { centre.neg() } else { centre };
        let (compared, less) = (self.compared(index), less.text(&self.names));
        Some(match (compared.strip_prefix('-'), less.strip_prefix('-')) {
            (Some(compared), _) => format!("{less} - {compared}"),
            (None, Some(less)) => format!("{compared} - {less}"),
            (None, None) => format!("{compared} + {less}"),
        })
    }

    /// A per-sample row in the words of the spec.
    pub fn sample_row_text(&self, index: usize) -> String {
        let row = self.promised_samples.get(index).and_then(|promised| self.program.promised_sample(*promised));
        row.map_or_else(String::new, |row| self.program.sample_row_text(&row, &self.names))
    }

    /// The constraint that asks for a row.
    pub fn origin(&self, index: usize) -> Option<&'a Origin> {
        self.program.origin(*self.promised.get(index)?)
    }

    pub fn sample_origin(&self, index: usize) -> Option<&'a Origin> {
        self.program.sample_origin(*self.promised_samples.get(index)?)
    }

    /// The event of a group of a row.
    pub fn event_of(&self, index: usize, group: usize) -> Option<&'a crate::language::program::Event> {
        let term = self.rows.get(index)?.groups.get(group)?.term;
        let row = self.program.rows.get(self.promised.get(index)?.row)?;
        self.program.event(row.terms.get(term)?.event)
    }

    pub fn constraint(&self, index: usize) -> &'a str {
        self.origin(index).map_or("", |origin| &origin.constraint)
    }

    /// The per-sample rows for JSON.
    pub fn each(&self, when: When) -> Vec<EachJson> {
        let rows = self.sample_rows.iter().enumerate();
        rows.map(|(index, row)| EachJson {
            name: self.sample_row_name(index).to_owned(),
            text: self.sample_row_text(index),
            predictions: if row.of_pairs { 0 } else { row.kept },
            pairs: row.of_pairs.then_some(row.kept),
            outside: if when == When::After { row.outside_after.0 } else { row.outside.0 },
            excess: if when == When::After { row.outside_after.1 } else { row.outside.1 },
            verdict: Verdict::of_each(row, when),
            skipped: row.reason.clone(),
        })
        .collect()
    }

    pub fn name(&self, index: usize) -> &'a str {
        self.origin(index).map_or("", |origin| &origin.name)
    }

    pub fn sample_row_name(&self, index: usize) -> &'a str {
        self.sample_origin(index).map_or("", |origin| &origin.name)
    }

    pub fn is_soft(&self, index: usize) -> bool {
        let row = self.promised.get(index).and_then(|promised| self.program.rows.get(promised.row));
        row.is_some_and(|row| row.options.soft.is_some())
    }
}

fn read(
    program: &Program,
    (promised, centred): (PromisedRow, bool),
    entry: &Entry<'_>,
    batch: usize,
) -> Option<Reading> {
    let (row, direction) = (program.rows.get(promised.row)?, program.origin(promised)?.direction());
    let bound = entry.bound.rows.get(promised.row)?;
    let place = bound.kept()?;
    let value = direction.number(*entry.rows.values.get(place)?);
    let (lower, upper) = bound.sides_of(promised.origin);
    let (lower, upper) = direction.sides(lower, upper);
    let terms = row.terms.iter().zip(entry.terms.get(promised.row)?);
    let sizes = terms.map(|(term, value)| term.coefficient.as_number().unwrap_or(1.0) * value);
    // Of a sample in the events of several terms the coefficients may cancel, which are rounded before they do.
    let summed = if bound.about_means { 0.0 } else { sizes.clone().map(f64::abs).sum() };
    let sides = [lower, upper].into_iter().filter(|side| side.is_finite());
    let size = sizes.chain(sides).fold(0.0_f64, |largest, number| largest.max(number.abs()));
    let magnitude = entry.rows.magnitudes.get(place).copied().unwrap_or(f64::INFINITY).max(summed).max(bound.side_size);
    let bounds = entry.bounds.get(place).copied().unwrap_or(0.0);
    let centre = centre_of(centred, lower, upper);
    Some(Reading { value, lower, upper, centre, size, magnitude, bounds, batch })
}

/// Whether a side is a sum or a count of the data.
fn is_counted(origin: &Origin) -> bool {
    origin.lower.iter().chain(&origin.upper).any(Data::reads_totals)
}

/// What data add to both sides of a promise.
fn centre(origin: &Origin) -> Option<Data> {
    let (lower, upper) = origin.lower.clone().zip(origin.upper.clone())?;
    let centre = lower.add(upper).scale(0.5);
    let constant = match &centre {
        Data::Number(_) => true,
        Data::Sum { constant, .. } => *constant != 0.0,
        Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..) => false,
    };
    (!constant && centre.params().is_empty()).then_some(centre)
}

/// Whether there is such a thing.
pub(super) fn is_centred(origin: &Origin) -> bool {
    centre(origin).is_some()
}

/// The same as a number, beside the sides of a batch.
pub(super) fn centre_of(centred: bool, lower: f64, upper: f64) -> f64 {
    if centred { (lower + upper) / 2.0 } else { 0.0 }
}

/// The params as they are for a batch.
fn settings(program: &Program, params: &Params) -> Settings {
    program.params.iter().zip(params.values()).map(|(param, value)| (param.name.clone(), *value)).collect()
}

fn more((count, most): (usize, f64), (new, excess): (usize, f64)) -> (usize, f64) {
    (count + new, most.max(excess))
}

/// None where the row takes no part.
fn priced(program: &Program, promised: PromisedRow, bound: &Bound, projection: &Projection<f64>) -> Option<RowPrice> {
    let row = bound.rows.get(promised.row)?;
    let place = row.kept()?;
    let multiplier = projection.multipliers.get(place).copied().unwrap_or(0.0);
    let side = projection.active.get(place).copied().unwrap_or(Side::Inactive);
    let direction = program.origin(promised)?.direction();
    Some(row.price(promised.origin, direction, multiplier, side != Side::Inactive))
}
