//! Sums of a table that is read several times, batch by batch: what a database tells of its tables, of files larger than memory.
//!
//! ```text
//! read 1  first → Σ by cell, and by equal buckets of predictions     read 2  again → Σ by cell between cuts
//! last    moved → ŷ = clip(z − shift[cell]) of each batch, and Σ of these
//! ```
//!
//! Cells keep their numbers from batch to batch and from read to read, so that what stays in memory grows with cells alone.

use super::lumps::{Lump, Lumps};
use super::moves::BUCKETS;
use super::sums::{FactorSums, Summed, Sums};
use crate::bind::encoded::Encoded;
use crate::bind::error::BindError;
use crate::bind::params::Params;
use crate::bind::plan::EncodeOptions;
use crate::bind::spread::BatchShare;
use crate::bind::stream::StreamEncoder;
use crate::bind::tally::Samples;
use crate::bind::unplaced::Unplaced;
use crate::data::Batch;
use crate::language::program::Program;
use crate::runtime::problem::Sum;
use crate::runtime::remote::Cuts;

/// Sums over the samples of a cell: all of them; `Σ w·z`, `Σ w·|z|`; `Σ w·ŷ`, `Σ w·|ŷ|`; and those that batches share.
#[derive(Clone, Debug, Default)]
struct CellSums {
    all: usize,
    selected: usize,
    before: (Sum, f64),
    after: (Sum, f64),
    shared: Vec<Sum>,
}

/// Samples of a cell with predictions next to each other.
#[derive(Clone, Debug)]
struct Gathered {
    samples: usize,
    weight: Sum,
    sum: Sum,
    size: f64,
    low: f64,
    high: f64,
}

/// By cell and by place.
type Places = Vec<Vec<Option<Gathered>>>;

/// What is known of a table after it was read.
pub struct FileSums<'a> {
    program: &'a Program,
    encoder: StreamEncoder,
    cells: Vec<CellSums>,
    buckets: Places,
    unplaced: Vec<Unplaced>,
    n: usize,
    outside: (usize, f64),
    ends: (f64, f64),
}

/// The samples of a batch: `z` before, `y` after, and their weights, if the spec declares any.
pub struct MovedBatch {
    pub z: Vec<f64>,
    pub y: Vec<f64>,
    pub weight: Option<Vec<f64>>,
}

impl<'a> FileSums<'a> {
    /// Of a table with these headers.
    ///
    /// # Errors
    /// Columns that are missing, and what needs all samples at a time.
    pub fn new(
        program: &'a Program,
        params: &Params,
        file: &str,
        known: &[String],
        options: &EncodeOptions,
    ) -> Result<FileSums<'a>, Vec<BindError>> {
        let encoder = StreamEncoder::new(program, params, file, known, options, Vec::new())?;
        Ok(FileSums {
            program,
            encoder,
            cells: Vec::new(),
            buckets: Vec::new(),
            unplaced: Vec::new(),
            n: 0,
            outside: (0, 0.0),
            ends: (f64::INFINITY, f64::NEG_INFINITY),
        })
    }

    /// The columns to read.
    pub fn headers(&self) -> &[String] {
        self.encoder.headers()
    }

    /// What sums by cell do not tell all of, if a row takes part that is so.
    pub fn needs_samples(&self) -> Option<String> {
        self.encoder.empty().needs_samples()
    }

    fn taken(&mut self, batch: &Batch) -> Result<(Encoded, BatchShare), Vec<BindError>> {
        let encoded = self.encoder.encode(batch)?;
        let part = encoded.part(&Samples::All, self.encoder.shared()).map_err(|error| vec![error])?;
        let part = part.ok_or_else(|| vec![BindError::OtherCells])?;
        Ok((encoded, part))
    }

    /// Takes in a batch of the first read.
    ///
    /// # Errors
    /// Whatever is wrong with its values.
    pub fn first(&mut self, batch: &Batch) -> Result<(), Vec<BindError>> {
        let (encoded, part) = self.taken(batch)?;
        let cells = self.encoder.cells().len();
        self.cells.resize(cells, CellSums::default());
        let width = part.sums.len() / cells.max(1);
        for (sums, own) in self.cells.iter_mut().zip(part.sums.chunks(width.max(1))) {
            sums.shared.resize(width, Sum::default());
            sums.shared.iter_mut().zip(own).for_each(|(sum, own)| sum.add(*own));
        }
        let (lo, hi) = (self.program.prediction.lower, self.program.prediction.upper);
        let z = encoded.prediction().unwrap_or_default();
        self.n += z.len();
        for (place, (&z, &cell)) in z.iter().zip(&part.cell).enumerate() {
            let excess = (lo - z).max(z - hi);
            if excess > 0.0 {
                self.outside = (self.outside.0 + 1, self.outside.1.max(excess));
            }
            self.ends = (self.ends.0.min(z), self.ends.1.max(z));
            let Some(sums) = self.cells.get_mut(cell as usize) else { continue };
            sums.all += 1;
            let weight = weight_of(&part, place);
            if weight > 0.0 {
                sums.selected += usize::from(z > 0.5);
                sums.before.0.add_product(weight, z);
                sums.before.1 += weight * z.abs();
                gather(&mut self.buckets, cell as usize, bucket(z, (lo, hi)), weight, z);
            }
        }
        self.unplaced = self.encoder.unplaced();
        Ok(())
    }

    /// Takes in a batch of another read, with the predictions of each cell cut at these places.
    ///
    /// # Errors
    /// Whatever is wrong with its values, and groups that were not there before.
    pub fn again(&mut self, batch: &Batch, cuts: &Cuts, into: &mut Between) -> Result<(), Vec<BindError>> {
        let (encoded, part) = self.taken(batch)?;
        self.same_cells()?;
        let z = encoded.prediction().unwrap_or_default();
        for (place, (&z, &cell)) in z.iter().zip(&part.cell).enumerate() {
            let weight = weight_of(&part, place);
            if weight > 0.0 {
                let cell = cell as usize;
                let own = cuts.values.get(cell * cuts.each..(cell + 1) * cuts.each).unwrap_or_default();
                gather(&mut into.0, cell, own.partition_point(|cut| *cut <= z), weight, z);
            }
        }
        Ok(())
    }

    /// The predictions of a batch with the shifts of their cells, within their bounds. What has no weight is in no sum, and stays.
    ///
    /// # Errors
    /// As of [`FileSums::again`].
    pub fn moved(&mut self, batch: &Batch, shifts: &[f64]) -> Result<MovedBatch, Vec<BindError>> {
        let (encoded, part) = self.taken(batch)?;
        self.same_cells()?;
        let (lo, hi) = (self.program.prediction.lower, self.program.prediction.upper);
        let z = encoded.prediction().unwrap_or_default().to_vec();
        let mut y = Vec::with_capacity(z.len());
        for (place, (&z, &cell)) in z.iter().zip(&part.cell).enumerate() {
            let weight = weight_of(&part, place);
            let shift = shifts.get(cell as usize).copied().unwrap_or(0.0);
            let moved = (if weight > 0.0 { z - shift } else { z }).max(lo).min(hi);
            if let Some(sums) = self.cells.get_mut(cell as usize).filter(|_| weight > 0.0) {
                sums.after.0.add_product(weight, moved);
                sums.after.1 += weight * moved.abs();
            }
            y.push(moved);
        }
        Ok(MovedBatch { z, y, weight: part.weight })
    }

    fn same_cells(&self) -> Result<(), Vec<BindError>> {
        match self.encoder.cells().len() == self.cells.len() {
            true => Ok(()),
            false => Err(vec![BindError::Answer { what: "groups that were not there before".to_owned() }]),
        }
    }

    /// The sums of the first read, with the predictions as they were; or with those that [`FileSums::moved`] made.
    pub fn summed(&self, moved: bool) -> Summed {
        let encoded = self.encoder.empty().without_samples(self.encoder.shared());
        let column = |place: usize| -> Vec<Sum> {
            self.cells.iter().map(|cell| cell.shared.get(place).copied().unwrap_or_default()).collect()
        };
        let side = |cell: &CellSums| if moved { cell.after } else { cell.before };
        let mut sums = Sums {
            all: self.cells.iter().map(|cell| cell.all).collect(),
            samples: column(0).into_iter().map(|count| count.value() as usize).collect(),
            weights: column(1),
            scores: self.cells.iter().map(|cell| side(cell).0).collect(),
            sizes: self.cells.iter().map(|cell| side(cell).1).collect(),
            selected: self.cells.iter().map(|cell| cell.selected).collect(),
            ..Sums::default()
        };
        for (place, basis) in encoded.plan.bases.iter().enumerate() {
            // Rows read none of these with predictions; what is compared with may read them alone.
            let alone = FactorSums { alone: column(2 + place), ..FactorSums::default() };
            match basis.factor.filter(|_| basis.powers.is_empty()) {
                Some(factor) => drop(sums.factors.insert(factor, alone)),
                None => drop(sums.products.insert(basis.clone(), alone)),
            }
        }
        let mut encoded = encoded;
        encoded.unplaced = self.unplaced.clone();
        let lumps = lumps(&self.buckets);
        Summed::of_file(encoded, sums, (self.n, self.outside, self.ends), lumps)
    }
}

/// Samples between cuts.
#[derive(Default)]
pub struct Between(Places);

impl Between {
    pub fn lumps(&self) -> Lumps {
        lumps(&self.0)
    }
}

fn weight_of(part: &BatchShare, place: usize) -> f64 {
    part.weight.as_ref().map_or(1.0, |weight| weight.get(place).copied().unwrap_or(0.0))
}

/// The equal bucket of a prediction between its bounds; one for all where a bound is infinite.
fn bucket(z: f64, (lo, hi): (f64, f64)) -> usize {
    match lo.is_finite() && hi.is_finite() && hi > lo {
        false => 0,
        true if z <= lo => 0,
        true if z >= hi => BUCKETS + 1,
        true => 1 + (((z - lo) * (BUCKETS as f64 / (hi - lo))) as usize).min(BUCKETS - 1),
    }
}

fn gather(places: &mut Places, cell: usize, place: usize, weight: f64, z: f64) {
    if places.len() <= cell {
        places.resize(cell + 1, Vec::new());
    }
    let Some(own) = places.get_mut(cell) else { return };
    if own.len() <= place {
        own.resize(place + 1, None);
    }
    let nothing = || Gathered {
        samples: 0,
        weight: Sum::default(),
        sum: Sum::default(),
        size: 0.0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };
    let Some(slot) = own.get_mut(place) else { return };
    let gathered = slot.get_or_insert_with(nothing);
    gathered.samples += 1;
    gathered.weight.add(weight);
    gathered.sum.add_product(weight, z);
    gathered.size += weight * z.abs();
    (gathered.low, gathered.high) = (gathered.low.min(z), gathered.high.max(z));
}

fn lumps(places: &Places) -> Lumps {
    let mut lumps = Lumps::default();
    for (cell, own) in places.iter().enumerate() {
        for Gathered { samples, weight, sum, size, low, high } in own.iter().flatten() {
            let (weight, sum) = (weight.value(), sum.value());
            lumps.add(cell, Lump { samples: *samples as f64, weight, sum, size: *size, low: *low, high: *high });
        }
    }
    lumps
}
