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
use super::cells::Bits;
use super::encode::{Encoded, FactorValues};
use super::error::BindError;
use super::params::Params;
use super::stream::CellKey;
use super::tally::{Samples, Tally};

/// Cells in the order in which they were seen first: the same for all batches of a stream, and for all processes of a group.
#[derive(Clone, Debug, Default)]
pub struct SharedCells {
    keys: Vec<CellKey>,
    places: HashMap<(Vec<u32>, Vec<u64>), u32>,
}

/// The part of a batch that a process holds, in shared cells.
#[derive(Clone, Debug)]
pub struct Part {
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
        for key in keys {
            self.place_or_add(key);
        }
    }

    /// A number of the cells in their order, which others have only by chance: for processes to see that they agree.
    pub fn stamp(&self) -> u32 {
        let mut hasher = blake3::Hasher::new();
        for CellKey { events, values } in &self.keys {
            hasher.update(&events.len().to_le_bytes());
            for event in events {
                hasher.update(&event.to_le_bytes());
            }
            for value in values {
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
        self.keys.iter().map(|key| key.values.get(place).copied().unwrap_or(0.0)).collect()
    }

    /// The number of a cell.
    fn place(&self, key: &CellKey) -> Option<u32> {
        self.places.get(&key.identity()).copied()
    }
}

impl Encoded {
    /// Whether the rows that take part see the cells of samples alone: no factor that differs within cells, and no
    /// bounds of single predictions.
    pub fn is_by_cell(&self) -> bool {
        let differs = |factor: &usize| matches!(self.factors.get(*factor), Some(FactorValues::BySample(_)));
        let mut factors = self.plan.rows.iter().flat_map(|row| &row.terms).filter_map(|term| term.factor);
        self.plan.sample_rows.is_empty() && !factors.any(|factor| differs(&factor))
    }

    /// What the cells of these samples are known by, in any process that encodes for the same program.
    ///
    /// # Errors
    /// Samples that are not there.
    pub fn cell_keys(&self, samples: &Samples) -> Result<Vec<CellKey>, BindError> {
        samples.check(self.n())?;
        let occurring = Tally::new(self, samples).origin;
        Ok(occurring.into_iter().map(|cell| self.cell_key(cell as usize)).collect())
    }

    fn cell_key(&self, cell: usize) -> CellKey {
        let events = self.events.get(cell).into_iter().flat_map(Bits::iter).map(|event| event as u32).collect();
        let value = |factor: &FactorValues| match factor {
            FactorValues::ByCell(values) => Some(values.get(cell).copied().unwrap_or(0.0) + 0.0),
            FactorValues::BySample(_) => None,
        };
        CellKey { events, values: self.factors.iter().filter_map(value).collect() }
    }

    /// A part of a batch in shared cells; none if they lack a cell of it.
    ///
    /// # Errors
    /// Samples that are not there.
    pub fn part(&self, samples: &Samples, cells: &SharedCells) -> Result<Option<Part>, BindError> {
        samples.check(self.n())?;
        let mut tally = Tally::new(self, samples);
        let shared = tally.origin.iter().map(|&cell| cells.place(&self.cell_key(cell as usize)));
        let Some(shared) = shared.collect::<Option<Vec<u32>>>() else { return Ok(None) };
        let factors: Vec<Vec<f64>> =
            self.pooled_factors().map(|factor| tally.data_by_cell(self, factor, samples)).collect();
        let width = 2 + factors.len();
        let mut sums = vec![0.0; width * cells.len()];
        for (own, &place) in shared.iter().enumerate() {
            let at = |values: &[f64]| values.get(own).copied().unwrap_or(0.0);
            let count = tally.samples.get(own).map_or(0.0, |&count| count as f64);
            let numbers = [count, at(&tally.weights)].into_iter().chain(factors.iter().map(|values| at(values)));
            let slots = sums.iter_mut().skip(place as usize * width);
            slots.zip(numbers).for_each(|(slot, number)| *slot = number);
        }
        tally.cell.iter_mut().for_each(|cell| *cell = shared.get(*cell as usize).copied().unwrap_or(0));
        Ok(Some(Part { cell: tally.cell, weight: tally.weight, sums }))
    }

    /// What each of these samples adds to the [`Part::sums`] of its cell: a column for each number of a cell.
    ///
    /// # Errors
    /// Samples that are not there.
    pub fn part_columns(&self, samples: &Samples) -> Result<Vec<Vec<f64>>, BindError> {
        samples.check(self.n())?;
        let Tally { cell, weight, .. } = Tally::new(self, samples);
        let weight = weight.unwrap_or_else(|| vec![1.0; cell.len()]);
        let count: Vec<f64> = weight.iter().map(|&weight| f64::from(u8::from(weight > 0.0))).collect();
        let factor = |factor: usize| match self.factors.get(factor) {
            Some(FactorValues::BySample(values)) => {
                samples.gather(values).iter().zip(&weight).map(|(value, weight)| value * weight).collect()
            }
            Some(FactorValues::ByCell(_)) | None => Vec::new(),
        };
        let factors: Vec<Vec<f64>> = self.pooled_factors().map(factor).collect();
        Ok([count, weight].into_iter().chain(factors).collect())
    }

    /// Binds a batch of which the [`Part::sums`] are added up over all processes. The problem has no samples, as they are
    /// elsewhere; of this encoding only the plan counts.
    ///
    /// # Errors
    /// As [`Encoded::bind`].
    pub fn bind_sums(&self, params: &Params, cells: &SharedCells, sums: &[f64]) -> Result<Bound, Vec<BindError>> {
        let all = self.without_samples(cells);
        let width = 2 + all.pooled_factors().count();
        let column = |place: usize| sums.iter().skip(place).step_by(width).copied().collect::<Vec<f64>>();
        let mut past = vec![Vec::new(); all.factors.len()];
        for (place, factor) in all.pooled_factors().enumerate() {
            if let Some(slot) = past.get_mut(factor) {
                *slot = column(2 + place);
            }
        }
        let counts = column(0).into_iter().map(|count| count as usize).collect();
        let tally = Tally::elsewhere(&all, counts, column(1), past);
        all.bind_tally(params, &Samples::All, tally, &mut |_| {})
    }

    /// The same plan over shared cells.
    fn without_samples(&self, cells: &SharedCells) -> Encoded {
        let mut places = 0..;
        let factors = self.factors.iter().map(|factor| match factor {
            FactorValues::BySample(_) => FactorValues::BySample(Vec::new()),
            FactorValues::ByCell(_) => FactorValues::ByCell(cells.values(places.next().unwrap_or(usize::MAX))),
        });
        Encoded {
            factors: factors.collect(),
            events: cells.events(self.plan.shapes.len()),
            cell: Vec::new(),
            weight: self.weight.as_ref().map(|_| Vec::new()),
            prediction: None,
            lines: Default::default(),
            file: self.file.clone(),
            plan: self.plan.clone(),
            unplaced: Vec::new(),
        }
    }
}
