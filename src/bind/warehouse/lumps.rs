//! Predictions in a database by their sums between cuts, for [`crate::runtime::remote`].
//!
//! Samples of a cell that lie between two cuts are a *lump*: their weight, their sum, and the smallest and the largest of them. A
//! cut that falls in the gap between two lumps needs no new query, so that few scans are enough: one by equal buckets, whose
//! means give multipliers to start from, and one by the cuts of these; another only where a sample lies between these cuts
//! and those of the solution.

use super::level::Level;
use super::lines::{Lines, Value};
use crate::bind::error::BindError;
use crate::runtime::remote::{Cuts, Sums};

/// Samples of a cell between two cuts.
#[derive(Clone, Debug)]
pub(super) struct Lump {
    /// Samples of positive weight.
    pub samples: f64,
    pub weight: f64,
    /// `Σ w·z` and `Σ w·|z|`.
    pub sum: f64,
    pub size: f64,
    pub low: f64,
    pub high: f64,
}

/// The lumps of each cell.
#[derive(Clone, Debug, Default)]
pub struct Lumps {
    by_cell: Vec<Vec<Lump>>,
}

impl Lumps {
    /// The same as levels, of which no two of a cell have a score in common: several codes may be of one cell, and each has lumps of its own.
    /// `exact` where samples of the same score have the same weight.
    pub(super) fn levels(&self, exact: bool) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for (cell, lumps) in self.by_cell.iter().enumerate() {
            let mut lumps: Vec<&Lump> = lumps.iter().collect();
            lumps.sort_by(|a, b| a.low.total_cmp(&b.low));
            for lump in lumps {
                match levels.last_mut().filter(|last| last.cell == cell && lump.low <= last.high) {
                    Some(last) => {
                        last.high = last.high.max(lump.high);
                        last.samples += lump.samples as usize;
                        last.weight += lump.weight;
                        last.sum += lump.sum;
                    }
                    None => levels.push(Level {
                        cell,
                        low: lump.low,
                        high: lump.high,
                        samples: lump.samples as usize,
                        weight: lump.weight,
                        unit: 1.0,
                        sum: lump.sum,
                        exact: false,
                    }),
                }
            }
        }
        for level in &mut levels {
            level.exact = exact && level.low == level.high;
            level.unit = if exact { 1.0 } else { level.weight / level.samples.max(1) as f64 };
        }
        levels
    }

    pub(super) fn add(&mut self, cell: usize, lump: Lump) {
        if self.by_cell.len() <= cell {
            self.by_cell.resize(cell + 1, Vec::new());
        }
        if lump.weight > 0.0 {
            self.by_cell[cell].push(lump);
        }
    }

    /// What [`crate::runtime::remote::Remote::sums`] asks for; none where a cut falls between samples of a lump. With `means` each
    /// lump counts as its mean, whatever falls between.
    pub fn sums(&self, cuts: &Cuts, shift: &[f64], (lo, hi): (f64, f64), means: bool) -> Option<Sums> {
        let cells = shift.len();
        let places = cells * (cuts.each + 1);
        let mut sums = Sums {
            weight: vec![0.0; places],
            sum: vec![0.0; places],
            fair: vec![0.0; cells],
            size: vec![0.0; cells],
            free: vec![0.0; cells],
        };
        for (cell, lumps) in self.by_cell.iter().enumerate() {
            let own = cuts.values.get(cell * cuts.each..(cell + 1) * cuts.each)?;
            let t = *shift.get(cell)?;
            for lump in lumps {
                let mean = lump.sum / lump.weight;
                if !means && own.iter().any(|cut| lump.low < *cut && *cut < lump.high) {
                    return None;
                }
                let inside = if means { mean } else { lump.low };
                let below = own.iter().filter(|cut| **cut <= inside).count();
                let place = cell * (cuts.each + 1) + below;
                *sums.weight.get_mut(place)? += lump.weight;
                *sums.sum.get_mut(place)? += lump.sum;
                let (fair, size, free) = match mean - t {
                    moved if moved <= lo => (lump.weight * lo, lump.weight * lo.abs(), 0.0),
                    moved if moved >= hi => (lump.weight * hi, lump.weight * hi.abs(), 0.0),
                    _ => (lump.sum - t * lump.weight, lump.size + t.abs() * lump.weight, lump.samples),
                };
                *sums.fair.get_mut(cell)? += fair;
                *sums.size.get_mut(cell)? += size;
                *sums.free.get_mut(cell)? += free;
            }
        }
        Some(sums)
    }
}

impl Lump {
    pub(super) fn read(lines: &Lines<'_>, line: &[Value], weighted: bool) -> Result<Lump, BindError> {
        let n = lines.count(line, "n")?;
        let samples = if weighted { lines.count(line, "m")? } else { n };
        let weight = if weighted { lines.over(line, "w", samples)? } else { n as f64 };
        let (sum, size) = (lines.over(line, "z", samples)?, lines.over(line, "a", samples)?);
        let samples = samples as f64;
        Ok(Lump { samples, weight, sum, size, low: lines.number(line, "lo")?, high: lines.number(line, "hi")? })
    }
}
