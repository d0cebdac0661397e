//! The work of binding a batch, row by row.

use std::collections::BTreeMap;

use crate::language::program::{Aggregate, WhenEmpty};
use crate::runtime::convex::ConvexTerms;
use crate::runtime::problem::{Bounds, ProblemParts, RowsByCell};

use super::bound::{BoundRow, RowStatus, Skip};
use super::deviation::{Centres, Deviations};
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::formula::{Formula, Scope};
use super::limits::{self, own_sides, sides_of};
use super::measure::Basis;
use super::plan::{At, Left, PlannedRow, PlannedTerm};
use super::tally::{Samples, Tally};

/// What rows about means need: deviations, and what they are about.
#[derive(Debug, Default)]
pub(super) struct About {
    pub deviations: Deviations,
    pub centres: Centres,
}

impl About {
    pub(super) fn new(encoded: &Encoded, tally: &Tally, samples: &Samples) -> About {
        if encoded.plan.atoms.is_empty() {
            return About::default();
        }
        let deviations = Deviations::new(encoded, tally, samples);
        let mut sums = |atom: usize| deviations.sums(encoded, tally, samples, atom);
        let centres = deviations.centres(encoded, tally, &tally.whole_weights, &mut sums);
        About { deviations, centres }
    }
}

/// The work on one batch.
pub(super) struct Binder<'a> {
    pub encoded: &'a Encoded,
    pub tally: &'a Tally,
    pub about: &'a About,
    pub scope: Scope<'a>,
    pub errors: Vec<BindError>,
    pub matrix: Matrix,
}

impl Binder<'_> {
    pub(super) fn rows(&mut self) -> Vec<BoundRow> {
        let plan = &self.encoded.plan;
        let nothing = |status| BoundRow {
            status,
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
            own: Vec::new(),
            side_size: 0.0,
            about_means: false,
        };
        let left = |(index, left): &(usize, Left)| (*index, nothing(RowStatus::Left(left.clone())));
        let mut rows: Vec<(usize, BoundRow)> = plan.left.iter().map(left).collect();
        for row in &plan.rows {
            let empty = self.first_empty(row.needs(), row.options.when_empty, &row.name);
            rows.push((
                row.row,
                match empty {
                    Some(skip) => nothing(RowStatus::Skipped(skip)),
                    // The row has an error, so there will be no rows.
                    None => self.keep(row).unwrap_or_else(|| nothing(RowStatus::Kept(usize::MAX))),
                },
            ));
        }
        rows.sort_by_key(|(index, _)| *index);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The first event with fewer samples than a row needs; an error too, where the row says so.
    pub(super) fn first_empty(
        &mut self,
        needs: impl Iterator<Item = (usize, u64)>,
        when: WhenEmpty,
        row: &str,
    ) -> Option<Skip> {
        let tally = self.tally;
        self.too_small(needs, &|event| tally.count(event), when, row)
    }

    /// The same of samples that are counted otherwise.
    pub(super) fn too_small(
        &mut self,
        mut needs: impl Iterator<Item = (usize, u64)>,
        count: &dyn Fn(usize) -> usize,
        when: WhenEmpty,
        row: &str,
    ) -> Option<Skip> {
        let (event, least) = needs.find(|&(event, least)| (count(event) as u64) < least)?;
        let samples = count(event);
        let text = self.encoded.plan.event_texts[event].clone();
        match when {
            WhenEmpty::Skip => {}
            WhenEmpty::Error => {
                self.errors.push(BindError::EmptyEvent { row: row.to_owned(), event: text.clone(), samples, least });
            }
        }
        Some(Skip { pairs_of: None, event: text, samples, least })
    }

    /// Adds a row to the problem; none if it has an error.
    fn keep(&mut self, row: &PlannedRow) -> Option<BoundRow> {
        let index = self.matrix.lower.len();
        for term in &row.terms {
            let scale = self.scale(term, row)?;
            if scale != 0.0 {
                let Binder { encoded, tally, about, .. } = *self;
                match term.of.powers.is_empty() {
                    true if let Some(at) = term.at => {
                        self.matrix.add_distance(encoded, tally, (index as u32, at), scale, term.of.factor, term.event);
                    }
                    true => self.matrix.add(encoded, tally, index as u32, scale, term.of.factor, term.event),
                    false => self.matrix.add_about(encoded, tally, about, index as u32, scale, term),
                }
            }
        }
        let (lower, upper) = match sides_of(row, &self.scope) {
            Err(BindError::CrossedSides { .. } | BindError::CrossedRows { .. }) if self.encoded.plan.judging => {
                let crossed = own_sides(row, None, &self.scope).map_err(|error| self.errors.push(error)).ok()?;
                return Some(self.push(row, (f64::NEG_INFINITY, f64::INFINITY), crossed));
            }
            sides => sides.map_err(|error| self.errors.push(error)).ok()?,
        };
        let own = own_sides(row, Some((lower, upper)), &self.scope).map_err(|error| self.errors.push(error)).ok()?;
        Some(self.push(row, (lower, upper), own))
    }

    fn push(&mut self, row: &PlannedRow, (lower, upper): (f64, f64), own: Vec<(f64, f64)>) -> BoundRow {
        let index = self.matrix.lower.len();
        self.matrix.lower.push(lower);
        self.matrix.upper.push(upper);
        self.matrix.soft.push(row.options.soft.unwrap_or(f64::INFINITY));
        self.matrix.names.push(row.name.clone());
        let sizes = row.lower.iter().chain(&row.upper).map(|side| side.size(&self.scope));
        // A size that is no number says nothing of the rounding.
        let side_size = sizes.filter(|size| size.is_finite()).fold(0.0, f64::max);
        BoundRow { status: RowStatus::Kept(index), lower, upper, own, side_size, about_means: row.written.is_some() }
    }

    /// What `w·φ·ŷ` of a sample of the term's event counts in the row.
    pub(super) fn scale(&mut self, term: &PlannedTerm, row: &PlannedRow) -> Option<f64> {
        let coefficient = self.finite(&term.coefficient, &row.name, &row.text)?;
        let weight = match term.aggregate {
            Aggregate::Mean => self.tally.over(term.event, &self.tally.weights),
            Aggregate::Sum => 1.0,
        };
        let scale = coefficient / weight;
        if weight.is_finite() && scale.is_finite() {
            return Some(scale);
        }
        self.errors.push(BindError::Undefined { row: row.name.clone(), text: row.text.clone() });
        None
    }

    /// The value of a coefficient or side.
    pub(super) fn finite(&mut self, formula: &Formula, row: &str, text: &str) -> Option<f64> {
        limits::finite(formula, &self.scope, row, text).map_err(|error| self.errors.push(error)).ok()
    }
}

/// An entry of distances: its factor of the problem, and row, cell and coefficient.
type Distance = (usize, (u32, u32, f64));

/// The rows of the problem, while they are being collected.
pub(super) struct Matrix {
    /// For each factor of the problem, `(row, cell, coefficient)`: first the constant, then weights if there are any,
    /// then the factors that differ within cells.
    pub triplets: Vec<Vec<(u32, u32, f64)>>,
    /// What is behind each factor of the problem but the constant; 1 for the weights alone.
    pub factors: Vec<Basis>,
    /// By what they are from: entries of distances of predictions, each with its factor of the problem.
    distances: BTreeMap<At, Vec<Distance>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    soft: Vec<f64>,
    names: Vec<String>,
}

impl Matrix {
    pub(super) fn new(encoded: &Encoded) -> Matrix {
        let weighted = encoded.weight.is_some();
        Matrix {
            triplets: vec![Vec::new(); 1 + usize::from(weighted)],
            factors: if weighted { vec![Basis::default()] } else { Vec::new() },
            distances: BTreeMap::new(),
            lower: Vec::new(),
            upper: Vec::new(),
            soft: Vec::new(),
            names: Vec::new(),
        }
    }

    fn add(&mut self, encoded: &Encoded, tally: &Tally, row: u32, scale: f64, factor: Option<usize>, event: usize) {
        let (slot, entries) = self.entries(encoded, tally, (row, scale), factor, event);
        self.triplets[slot].extend(entries);
    }

    /// The same for distances of predictions.
    fn add_distance(
        &mut self,
        encoded: &Encoded,
        tally: &Tally,
        (row, at): (u32, At),
        scale: f64,
        factor: Option<usize>,
        event: usize,
    ) {
        let (slot, entries) = self.entries(encoded, tally, (row, scale), factor, event);
        self.distances.entry(at).or_default().extend(entries.into_iter().map(|entry| (slot, entry)));
    }

    /// The place of a factor among those of the problem, and `(row, cell, coefficient)` of a term with it.
    fn entries(
        &mut self,
        encoded: &Encoded,
        tally: &Tally,
        (row, scale): (u32, f64),
        factor: Option<usize>,
        event: usize,
    ) -> (usize, Vec<(u32, u32, f64)>) {
        let by_cell = match factor.map(|factor| &encoded.factors[factor]) {
            Some(FactorValues::ByCell(values)) => Some(values),
            Some(FactorValues::BySample(_)) | None => None,
        };
        let slot = self.slot(encoded, Basis::plain(factor.filter(|_| by_cell.is_none())));
        let mut entries = Vec::new();
        for &cell in tally.members(event) {
            let value = by_cell.map_or(1.0, |values| values[tally.origin[cell as usize] as usize]);
            if value != 0.0 {
                entries.push((row, cell, scale * value));
            }
        }
        (slot, entries)
    }

    /// A term about means.
    fn add_about(&mut self, encoded: &Encoded, tally: &Tally, about: &About, row: u32, scale: f64, term: &PlannedTerm) {
        let About { deviations, centres } = about;
        for (basis, coefficients) in deviations.expand(encoded, tally, centres, &term.of, term.event) {
            let slot = self.slot(encoded, basis);
            let entries = tally.members(term.event).iter().zip(coefficients).filter(|(_, value)| *value != 0.0);
            self.triplets[slot].extend(entries.map(|(&cell, value)| (row, cell, scale * value)));
        }
    }

    /// The place among the factors of the problem.
    fn slot(&mut self, encoded: &Encoded, basis: Basis) -> usize {
        if basis.is_one() {
            return usize::from(encoded.weight.is_some());
        }
        let known = self.factors.iter().position(|other| *other == basis);
        known.unwrap_or_else(|| {
            self.factors.push(basis);
            self.triplets.push(Vec::new());
            self.factors.len() - 1
        }) + 1
    }

    /// What each list of [`Matrix::convex_terms`] is the distance from.
    pub(super) fn points(&self) -> Vec<At> {
        self.distances.keys().copied().collect()
    }

    /// The terms in distances of predictions, one list for each breakpoint of a sample.
    pub(super) fn convex_terms(&self, encoded: &Encoded, tally: &Tally, samples: &Samples) -> Vec<ConvexTerms> {
        let cells = tally.origin.len().max(1);
        let terms = |(at, entries): (&At, &Vec<Distance>)| {
            let mut triplets: Vec<Vec<(u32, u32, f64)>> = vec![Vec::new(); self.triplets.len()];
            let mut used = vec![false; cells];
            for &(slot, entry) in entries {
                triplets[slot].push(entry);
                used[entry.1 as usize] = true;
            }
            let mut values = encoded.batch_values(at.0, tally, samples);
            // Where no row reads it there need not be a number.
            values
                .iter_mut()
                .zip(&tally.cell)
                .filter(|(_, cell)| !used[**cell as usize])
                .for_each(|(value, _)| *value = 0.0);
            let dictionary = triplets.iter().map(|triplets| RowsByCell::from_triplets(cells, triplets)).collect();
            ConvexTerms { at: values, dictionary }
        };
        self.distances.iter().map(terms).collect()
    }

    pub(super) fn into_parts(
        self,
        encoded: &Encoded,
        tally: Tally,
        deviations: &Deviations,
        samples: &Samples,
        bounds: Bounds,
    ) -> ProblemParts {
        // A problem has at least one cell, even if it has no samples.
        let cells = tally.origin.len().max(1);
        let factor = |basis: &Basis| -> Vec<f64> {
            if basis.is_one() {
                return tally.weight.clone().unwrap_or_default();
            }
            let values = deviations.values(encoded, samples, basis, tally.cell.len());
            match &tally.weight {
                Some(weight) => values.iter().zip(weight).map(|(value, weight)| value * weight).collect(),
                None => values,
            }
        };
        ProblemParts {
            cells,
            factors: self.factors.iter().map(factor).collect(),
            dictionary: self.triplets.iter().map(|triplets| RowsByCell::from_triplets(cells, triplets)).collect(),
            lower: self.lower,
            upper: self.upper,
            bounds,
            soft: self.soft,
            names: self.names,
            cell: tally.cell,
            weights: tally.weight,
        }
    }
}
