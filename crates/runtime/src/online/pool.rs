//! Running sums over all samples that were answered, by cell: what a pooled row needs of the past.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::OnlineError;
use crate::problem::Sum;

/// Samples and weights of a cell that have decayed to less count for nothing: their mean would soon be a quotient of zeros.
const FORGOTTEN: f64 = 1e-200;

/// How far back the pool remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// To the first sample.
    #[default]
    All,
    /// The newest so many samples, those of the batch included.
    Window(usize),
    /// Each sample multiplies what all earlier ones count by this number `d`, so about `1/(1 − d)` samples count.
    Decay(f64),
}

impl Memory {
    /// # Errors
    /// A window of no samples, or a decay outside of (0, 1).
    pub fn check(self) -> Result<Memory, OnlineError> {
        match self {
            Memory::Window(0) => {
                Err(OnlineError::Setting { what: "window", value: 0.0, expected: "at least one sample" })
            }
            Memory::Decay(decay) if !(decay > 0.0 && decay < 1.0) => {
                Err(OnlineError::Setting { what: "decay", value: decay, expected: "a number between 0 and 1" })
            }
            fine => Ok(fine),
        }
    }
}

/// Sums over the answered samples of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CellSums {
    /// How many samples of positive weight; with a decay, how many count.
    pub samples: f64,
    /// `Σ w`.
    pub weight: Sum,
    /// `Σ w·ŷ`.
    pub answer: Sum,
    /// `Σ w·|ŷ|`.
    pub size: Sum,
    /// For each factor `φ`: `Σ w·φ`, `Σ w·φ·ŷ`, `Σ w·φ²` and `Σ w·|φ·ŷ|`.
    pub factors: Vec<[Sum; 4]>,
}

/// A sample that a window has to forget one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Remembered {
    cell: u32,
    weight: f64,
    answer: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    factors: Vec<f64>,
}

/// A batch that was answered; all arrays have one entry per sample.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    pub cell: &'a [u32],
    /// `None` for all one.
    pub weight: Option<&'a [f64]>,
    /// The factors, in the order of [`CellSums::factors`].
    pub factors: &'a [&'a [f64]],
    pub y: &'a [f64],
}

/// The running sums, and what is needed to forget.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    memory: Memory,
    cells: Vec<CellSums>,
    /// Oldest first; empty unless there is a window.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    window: VecDeque<Remembered>,
    /// Samples forgotten since the sums were last added up again.
    #[serde(default)]
    forgotten: usize,
}

impl Pool {
    /// An empty pool.
    ///
    /// # Errors
    /// As [`Memory::check`].
    pub fn new(memory: Memory) -> Result<Pool, OnlineError> {
        Ok(Pool { memory: memory.check()?, ..Pool::default() })
    }

    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// The sums of each cell that was ever answered.
    pub fn cells(&self) -> &[CellSums] {
        &self.cells
    }

    /// Forgets what a batch leaves no room for of which `n` samples have a weight. To be called once, before the batch is bound.
    pub fn make_room(&mut self, n: usize) {
        match self.memory {
            Memory::All => {}
            Memory::Decay(decay) => {
                let factor = decay.powf(n as f64);
                for cell in &mut self.cells {
                    cell.samples *= factor;
                    let rest = cell.factors.iter_mut().flatten();
                    let own = [&mut cell.weight, &mut cell.answer, &mut cell.size];
                    own.into_iter().chain(rest).for_each(|sum| sum.scale(factor));
                    if cell.samples < FORGOTTEN || cell.weight.value() < FORGOTTEN {
                        *cell = CellSums::default();
                    }
                }
            }
            Memory::Window(length) => {
                while self.window.len() + n > length {
                    let Some(oldest) = self.window.pop_front() else { break };
                    add(&mut self.cells, &oldest, -1.0);
                    self.forgotten += 1;
                }
                // Taking off what was added leaves rounding behind; now and then the sums are made again.
                if self.forgotten >= length.max(64) {
                    self.cells.iter_mut().for_each(|cell| *cell = CellSums::default());
                    self.window.iter().for_each(|sample| add(&mut self.cells, sample, 1.0));
                    self.forgotten = 0;
                }
            }
        }
    }

    /// Adds a batch with its answers. Samples of weight zero leave no trace.
    pub fn add(&mut self, batch: &Answered<'_>) {
        for (i, (&cell, &answer)) in batch.cell.iter().zip(batch.y).enumerate() {
            let weight = batch.weight.and_then(|weight| weight.get(i)).copied().unwrap_or(1.0);
            if weight <= 0.0 {
                continue;
            }
            let factors = batch.factors.iter().map(|factor| factor.get(i).copied().unwrap_or(0.0)).collect();
            let sample = Remembered { cell, weight, answer, factors };
            add(&mut self.cells, &sample, 1.0);
            if matches!(self.memory, Memory::Window(_)) {
                self.window.push_back(sample);
            }
        }
    }
}

/// Adds a sample to the sums, or takes it off (`sign` −1).
fn add(cells: &mut Vec<CellSums>, sample: &Remembered, sign: f64) {
    let place = sample.cell as usize;
    if place >= cells.len() {
        cells.resize_with(place + 1, CellSums::default);
    }
    let Some(sums) = cells.get_mut(place) else { return };
    sums.samples += sign;
    sums.weight.add(sign * sample.weight);
    sums.answer.add(sign * (sample.weight * sample.answer));
    sums.size.add(sign * (sample.weight * sample.answer.abs()));
    if sums.factors.len() < sample.factors.len() {
        sums.factors.resize(sample.factors.len(), [Sum::default(); 4]);
    }
    for ([with, answer, square, size], phi) in sums.factors.iter_mut().zip(&sample.factors) {
        with.add_product(sign * sample.weight, *phi);
        answer.add(sign * (sample.weight * phi * sample.answer));
        square.add(sign * (sample.weight * phi * phi));
        size.add(sign * (sample.weight * (phi * sample.answer).abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch<'a>(cell: &'a [u32], y: &'a [f64]) -> Answered<'a> {
        Answered { cell, weight: None, factors: &[], y }
    }

    #[test]
    fn a_window_holds_exactly_the_newest_samples() {
        let mut pool = Pool::new(Memory::Window(100)).unwrap();
        let values: Vec<f64> = (0..5000).map(|i| (f64::from(i) * 0.618).fract() * 1e3).collect();
        for (i, y) in values.iter().enumerate() {
            pool.make_room(1);
            pool.add(&batch(&[(i % 3) as u32], &[*y]));
        }
        for cell in 0..3 {
            let newest = values.iter().enumerate().skip(4900).filter(|(i, _)| i % 3 == cell);
            let (count, sum) = newest.fold((0.0, 0.0), |(count, sum), (_, y)| (count + 1.0, sum + y));
            let sums = &pool.cells()[cell];
            assert_eq!(sums.samples, count);
            assert!((sums.answer.value() - sum).abs() < 1e-9, "{} {sum}", sums.answer.value());
        }
    }

    #[test]
    fn decay_counts_a_geometric_series() {
        let mut pool = Pool::new(Memory::Decay(0.5)).unwrap();
        for _ in 0..3 {
            pool.make_room(1);
            pool.add(&batch(&[0], &[2.0]));
        }
        assert_eq!(pool.cells()[0].samples, 1.75);
        assert_eq!(pool.cells()[0].answer.value(), 3.5);
        assert!(Pool::new(Memory::Decay(1.0)).is_err() && Pool::new(Memory::Window(0)).is_err());
    }

    #[test]
    fn samples_without_weight_leave_no_trace() {
        let mut pool = Pool::default();
        pool.add(&Answered { cell: &[0, 0], weight: Some(&[0.0, 2.0]), factors: &[&[5.0, 3.0]], y: &[9.0, 0.5] });
        let sums = &pool.cells()[0];
        assert_eq!((sums.samples, sums.weight.value(), sums.answer.value()), (1.0, 2.0, 1.0));
        assert_eq!(sums.factors[0].map(Sum::value), [6.0, 3.0, 18.0, 3.0]);
    }
}
