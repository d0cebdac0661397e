//! Batches that are spread over processes: each holds a part, and binds the whole from sums by cell.
//!
//! ```text
//!   part ─Encoded::cell_keys→ keys ──all processes exchange new ones──→ SharedCells: one numbering
//!   part ─Encoded::part──→ sums by shared cell ──all processes add up──→ bind_sums → Bound, its samples elsewhere
//! ```
//!
//! What is exchanged grows with the cells and not with the samples. It serves programs whose rows see cells alone
//! ([`Encoded::is_by_cell`]), for [`crate::runtime::remote`].

use std::collections::HashMap;
use std::sync::Arc;

use super::bound::Bound;
use super::cells::{Bits, CellKey, Identity};
use super::deviation::Deviations;
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::measure::Basis;
use super::params::Params;
use super::plan::{Plan, PlannedRow, PlannedTerm};
use super::tally::{Samples, Tally};
use crate::runtime::problem::Sum;

/// Cells in the order in which they were seen first: the same for all batches of a stream, and for all processes of a group.
#[derive(Clone, Debug, Default)]
pub struct SharedCells {
    keys: Vec<CellKey>,
    places: HashMap<Identity, u32>,
    /// Cells that have no references yet.
    unreferred: usize,
}

/// The part of a batch that a process holds, in shared cells.
#[derive(Clone, Debug)]
pub struct BatchShare {
    /// The shared cell of each sample.
    pub cell: Vec<u32>,
    /// The weight of each sample, if the spec declares any.
    pub weight: Option<Vec<f64>>,
    /// For each shared cell the number of samples of positive weight, their weight, and `Σ w·φ` of each factor that
    /// differs within cells: to be added up over all processes.
    pub sums: Vec<f64>,
}

impl SharedCells {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Adds those of `keys` that are new, in their order. All processes must add the same ones.
    pub fn add(&mut self, keys: impl IntoIterator<Item = CellKey>) {
        for mut key in keys {
            let references = std::mem::take(&mut key.references);
            let place = self.place_or_add(key);
            self.refer(place, || references);
        }
    }

    /// That these are cells of this plan.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), BindError> {
        let (values, atoms) = (plan.factors.iter().filter(|factor| factor.by_cell).count(), plan.atoms.len());
        let fits = |key: &CellKey| {
            let events = key.events.iter().all(|&event| (event as usize) < plan.shapes.len());
            events && key.values.len() == values && (key.references.is_empty() || key.references.len() == atoms)
        };
        if self.keys.iter().all(fits) { Ok(()) } else { Err(BindError::OtherCells) }
    }

    /// Whether some cell has no references yet.
    pub(super) fn lack_references(&self) -> bool {
        self.unreferred > 0
    }

    /// Gives a cell its references, if it has none.
    pub(super) fn refer(&mut self, place: u32, references: impl FnOnce() -> Vec<f64>) {
        let known = &mut self.keys[place as usize].references;
        if known.is_empty() {
            *known = references();
            self.unreferred -= usize::from(!known.is_empty());
        }
    }

    /// By place among so many atoms and by cell, what deviations are from; 0 in cells that no sample needs yet.
    pub(super) fn references(&self, atoms: usize) -> Vec<Vec<f64>> {
        let reference = |atom: usize| move |key: &CellKey| key.references.get(atom).copied().unwrap_or(0.0);
        (0..atoms).map(|atom| self.keys.iter().map(reference(atom)).collect()).collect()
    }

    /// A number of the cells in their order, which others have only by chance: for processes to see that they agree.
    pub fn stamp(&self) -> u32 {
        let mut hasher = blake3::Hasher::new();
        for CellKey { events, values, references } in &self.keys {
            hasher.update(&events.len().to_le_bytes());
            for event in events {
                hasher.update(&event.to_le_bytes());
            }
            for value in values.iter().chain(references) {
                hasher.update(&value.to_bits().to_le_bytes());
            }
        }
        let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// All of them, in the order of their numbers.
    pub(super) fn keys(&self) -> &[CellKey] {
        &self.keys
    }

    /// The number of a cell, a new one if it is new.
    pub(super) fn place_or_add(&mut self, key: CellKey) -> u32 {
        let next = self.keys.len() as u32;
        let place = *self.places.entry(key.identity()).or_insert(next);
        if place == next {
            self.unreferred += usize::from(key.references.is_empty());
            self.keys.push(key);
        }
        place
    }

    /// By cell, its events, of so many.
    pub(super) fn events(&self, events: usize) -> Arc<[Bits]> {
        self.keys.iter().map(|key| key.bits(events)).collect()
    }

    /// By cell, the value of the factor at this place among those that are constant in cells.
    pub(super) fn values(&self, place: usize) -> Arc<[f64]> {
        self.keys.iter().map(|key| key.values[place]).collect()
    }

    /// The number of a cell.
    fn place(&self, key: &CellKey) -> Option<u32> {
        self.places.get(&key.identity()).copied()
    }
}

impl Encoded {
    /// Whether the rows that take part see the cells of samples alone: no factor that differs within cells, no
    /// bounds of single predictions, and no raw predictions that are still to come.
    pub fn is_by_cell(&self) -> bool {
        if self.wants_raw() {
            return false;
        }
        let mut terms = self.plan.rows.iter().flat_map(|row| &row.terms);
        self.plan.sample_rows.is_empty()
            && self.plan.relations.is_empty()
            && !self.plan.rows.iter().any(PlannedRow::is_convex)
            && !terms.any(|term| self.differs_within_cells(term))
    }

    /// What does not see the cells of samples alone, if a row takes part that is so.
    pub(super) fn needs_samples(&self) -> Option<String> {
        let plan = &self.plan;
        let differing = plan.rows.iter().find(|row| row.terms.iter().any(|term| self.differs_within_cells(term)));
        let each = || plan.sample_rows.first().map(|row| &row.name);
        let named = differing.map(|row| &row.name).or_else(each).map(|name| format!("row `{name}`"));
        let raw = || (!self.is_by_cell() || plan.raw.is_some()).then(|| "what reads the raw predictions".to_owned());
        named.or_else(raw)
    }

    /// Whether what a term weighs predictions by differs within cells.
    pub(super) fn differs_within_cells(&self, term: &PlannedTerm) -> bool {
        let mut factors = term.of.factor.into_iter().chain(term.of.powers.iter().map(|(atom, _)| *atom));
        factors.any(|factor| matches!(self.factors[factor], FactorValues::BySample(_)))
    }

    /// What the cells of these samples are known by, in any process that encodes for the same program.
    ///
    /// # Errors
    /// Samples that are not there.
    pub fn cell_keys(&self, samples: &Samples) -> Result<Vec<CellKey>, BindError> {
        samples.check(self.n())?;
        let tally = Tally::new(self, samples);
        let deviations = Deviations::new(self, &tally, samples);
        let references: Vec<&[f64]> = self.plan.atoms.iter().map(|&atom| deviations.reference(atom)).collect();
        let key = |(own, &cell): (usize, &u32)| CellKey {
            references: references.iter().map(|references| references[own]).collect(),
            ..self.key(cell as usize)
        };
        Ok(tally.origin.iter().enumerate().map(key).collect())
    }

    /// Deviations from the references of shared cells, and the shared cell of each cell of the tally; none if one is not
    /// shared.
    fn shared(&self, tally: &Tally, samples: &Samples, cells: &SharedCells) -> Option<(Deviations, Vec<u32>)> {
        let shared = tally.origin.iter().map(|&cell| cells.place(&self.key(cell as usize)));
        let shared = shared.collect::<Option<Vec<u32>>>()?;
        let mut references = vec![vec![0.0; self.cells()]; self.plan.atoms.len()];
        for (references, known) in references.iter_mut().zip(cells.references(self.plan.atoms.len())) {
            for (&own, &place) in tally.origin.iter().zip(&shared) {
                references[own as usize] = known[place as usize];
            }
        }
        Some((Deviations::from(self, tally, samples, Some(&references)), shared))
    }

    /// A part of a batch in shared cells; none if they lack a cell of it.
    ///
    /// # Errors
    /// Samples that are not there.
    pub fn part(&self, samples: &Samples, cells: &SharedCells) -> Result<Option<BatchShare>, BindError> {
        samples.check(self.n())?;
        cells.check(&self.plan)?;
        let mut tally = Tally::new(self, samples);
        let Some((deviations, shared)) = self.shared(&tally, samples, cells) else { return Ok(None) };
        let sums_of = |basis: &Basis| tally.deviations_by_cell(self, &deviations, samples, basis);
        let factors: Vec<Vec<f64>> = self.plan.bases.iter().map(sums_of).collect();
        let width = 2 + factors.len();
        let mut sums = vec![0.0; width * cells.len()];
        for (own, &place) in shared.iter().enumerate() {
            let (count, weight) = (tally.samples[own] as f64, tally.weights[own]);
            let numbers = [count, weight].into_iter().chain(factors.iter().map(|values| values[own]));
            let slots = sums.iter_mut().skip(place as usize * width);
            slots.zip(numbers).for_each(|(slot, number)| *slot = number);
        }
        tally.cell.iter_mut().for_each(|cell| *cell = shared[*cell as usize]);
        Ok(Some(BatchShare { cell: tally.cell, weight: tally.weight, sums }))
    }

    /// What each of these samples adds to the [`BatchShare::sums`] of its cell: a column for each number of a cell. None if
    /// `cells` lack a cell of these samples.
    ///
    /// # Errors
    /// Samples that are not there.
    pub fn part_columns(&self, samples: &Samples, cells: &SharedCells) -> Result<Option<Vec<Vec<f64>>>, BindError> {
        samples.check(self.n())?;
        cells.check(&self.plan)?;
        let tally = Tally::new(self, samples);
        let Some((deviations, _)) = self.shared(&tally, samples, cells) else { return Ok(None) };
        let n = tally.cell.len();
        let weight = tally.weight.unwrap_or_else(|| vec![1.0; n]);
        let count: Vec<f64> = weight.iter().map(|&weight| f64::from(u8::from(weight > 0.0))).collect();
        let factor = |basis: &Basis| {
            let values = deviations.values(self, samples, basis, n);
            values.iter().zip(&weight).map(|(value, weight)| value * weight).collect()
        };
        let factors: Vec<Vec<f64>> = self.plan.bases.iter().map(factor).collect();
        Ok(Some([count, weight].into_iter().chain(factors).collect()))
    }

    /// Binds a batch of which the [`BatchShare::sums`] are added up over all processes. The problem has no samples, as they are
    /// elsewhere; of this encoding only the plan counts.
    ///
    /// # Errors
    /// As [`Encoded::bind`].
    pub fn bind_sums(&self, params: &Params, cells: &SharedCells, sums: &[f64]) -> Result<Bound, Vec<BindError>> {
        if let Some((relation, ..)) = self.pairs_left().next() {
            let why = "sums over samples that are elsewhere say nothing of pairs";
            return Err(vec![BindError::RelationRefused { relation: relation.to_owned(), why }]);
        }
        cells.check(&self.plan).map_err(|error| vec![error])?;
        let all = self.without_samples(cells);
        let width = 2 + all.plan.bases.len();
        if sums.len() != width * cells.len() {
            return Err(vec![BindError::OtherCells]);
        }
        let column = |place: usize| sums.iter().skip(place).step_by(width).copied().collect::<Vec<f64>>();
        let bases = all.plan.bases.iter().enumerate();
        let past = bases.map(|(place, basis)| (basis.clone(), column(2 + place).into_iter().map(Sum::from).collect()));
        let counts = column(0).into_iter().map(|count| count as usize).collect();
        let tally = Tally::elsewhere(&all, counts, column(1), past.collect());
        all.bind_tally(params, &Samples::All, tally, &mut |_| {})
    }

    /// The same plan over shared cells.
    pub(super) fn without_samples(&self, cells: &SharedCells) -> Encoded {
        let mut places = 0;
        let factors = self.factors.iter().map(|factor| match factor {
            FactorValues::BySample(_) => FactorValues::BySample(Vec::new()),
            FactorValues::ByCell(_) => {
                places += 1;
                FactorValues::ByCell(cells.values(places - 1))
            }
        });
        Encoded {
            factors: factors.collect(),
            events: cells.events(self.plan.shapes.len()),
            references: Some(cells.references(self.plan.atoms.len())),
            cell: Vec::new(),
            weight: self.weight.as_ref().map(|_| Vec::new()),
            prediction: None,
            inputs: Default::default(),
            lines: Default::default(),
            file: self.file.clone(),
            plan: self.plan.clone(),
            unplaced: Vec::new(),
            pairs: Vec::new(),
        }
    }
}
