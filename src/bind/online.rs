//! A spec and a stream of batches to answers: encode, bind with all that was answered before, answer, record.

use serde::{Deserialize, Serialize};

use super::bound::{BoundRow, BoundSampleRow, RowStatus};
use super::cells::CellKey;
use super::encoded::Encoded;
use super::error::BindError;
use super::params::Params;
use super::plan::EncodeOptions;
use super::plan::Left;
use super::stream::StreamEncoder;
use super::tally::Samples;
use super::unplaced::Unplaced;
use crate::data::Batch;
use crate::language::program::Program;
use crate::runtime::online::{
    Answer, Hard, Memory, Multiplier, OnlineError, Pool, Pooled, PrimalDual, PrimalDualState, Smooth,
};

/// How batches are answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every answer keeps the pooled rows where it can.
    Hard,
    /// One multiplier a row steers the pooled rows.
    Smooth { gain: f64 },
    /// A price on the largest gap of each batch.
    PrimalDual { step: f64 },
}

/// All that is kept between batches. With it, and the same spec, params and data, a stream goes on as if it had never
/// been interrupted, to the bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineState {
    pub method: Method,
    /// Params by name.
    pub params: Vec<(String, f64)>,
    /// The rows that take no part, since the stream has no label for them or they are for training.
    pub left_out: Vec<usize>,
    pub samples: u64,
    pub batches: u64,
    /// Batches whose answers leave a row outside of its sides.
    pub behind: u64,
    /// The first sample from which on no answer left a row outside, counted from 1.
    pub held_since: Option<u64>,
    /// By row of the program, the batches in which it moved predictions.
    pub moved_by: Vec<u64>,
    cells: Vec<CellKey>,
    pool: Pool,
    /// By per-sample row of the program, the samples that it bounded: those of weight 0, which no pool counts, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bounded: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    smooth: Option<Smooth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    primal_dual: Option<PrimalDualState>,
}

/// Where a row of the program stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RowReading {
    pub row: usize,
    /// What became of it, with the counts over all answers.
    pub status: RowStatus,
    /// The pooled quantity, NaN where the row takes no part, and its sides.
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// The sides that each origin of the row asks for.
    pub own: Vec<(f64, f64)>,
    /// The sum of the sizes of all that the value and its sides are summed from: what rounding is relative to.
    pub magnitude: f64,
    /// The same for predictions of size 1, or more.
    pub mass: f64,
    /// Batches in which it moved predictions.
    pub moved: u64,
    /// Of the smooth method.
    pub multiplier: Option<Multiplier>,
}

impl RowReading {
    /// By how much the value is outside of its sides; below zero inside.
    pub fn excess(&self) -> f64 {
        (self.value - self.upper).max(self.lower - self.value)
    }
}

/// Why a stream cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Spec and data do not fit together.
    #[error("the batch cannot be bound")]
    Bind(Vec<BindError>),
    /// The numbers cannot be answered.
    #[error(transparent)]
    Online(#[from] OnlineError),
    /// A state made with other settings.
    #[error("the state was made with other settings")]
    Differs(Difference),
}

/// A setting of a state that is not that of the stream which should go on from it: as saved, and as given.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    Method(Method, Method),
    Memory(Memory, Memory),
    Param(String, f64, f64),
    /// How many rows take no part, since the stream has no label for them.
    LeftOut(usize, usize),
    /// How many sums are kept: by another version.
    Sums(usize, usize),
}

impl From<Vec<BindError>> for StreamError {
    fn from(errors: Vec<BindError>) -> Self {
        StreamError::Bind(errors)
    }
}

/// A stream with its encoder, its state and its solvers.
pub struct Online {
    params: Params,
    encoder: StreamEncoder,
    state: OnlineState,
    hard: Hard,
    primal_dual: Option<PrimalDual>,
    answer: Answer,
    /// The weights of the samples answered last.
    weight: Option<Vec<f64>>,
    left: Vec<(usize, Left)>,
    left_samples: Vec<(usize, Left)>,
}

/// What a stream is about: the spec with its params, and the table.
#[derive(Clone, Copy)]
pub struct StreamSpec<'a> {
    pub program: &'a Program,
    pub params: &'a Params,
    /// What messages call the table.
    pub file: &'a str,
    /// Its columns.
    pub headers: &'a [String],
    pub options: &'a EncodeOptions,
}

impl Online {
    /// Starts a stream, or goes on from a state.
    ///
    /// # Errors
    /// Columns that are missing, settings that make no sense, and a state that was made with others.
    pub fn new(
        spec: StreamSpec<'_>,
        method: Method,
        memory: Memory,
        state: Option<OnlineState>,
    ) -> Result<Online, StreamError> {
        let StreamSpec { program, params, file, headers, options } = spec;
        let known = state.as_ref().map(|state| state.cells.clone()).unwrap_or_default();
        let encoder = StreamEncoder::new(program, params, file, headers, options, known)?;
        let nothing = encoder.empty();
        let fresh = OnlineState {
            method,
            params: params.iter(program).map(|(name, value)| (name.to_owned(), value)).collect(),
            left_out: nothing.left_out().iter().map(|(row, _)| *row).collect(),
            samples: 0,
            batches: 0,
            behind: 0,
            held_since: None,
            moved_by: vec![0; program.rows.len()],
            cells: Vec::new(),
            pool: Pool::new(memory)?,
            bounded: Vec::new(),
            smooth: match method {
                Method::Smooth { gain } => Some(Smooth::new(gain)?),
                Method::Hard | Method::PrimalDual { .. } => None,
            },
            primal_dual: match method {
                Method::PrimalDual { step } => Some(PrimalDual::new(step)?.state),
                Method::Hard | Method::Smooth { .. } => None,
            },
        };
        let state = match state {
            None => fresh,
            Some(state) => {
                state.same_settings(&fresh)?;
                state.same_sums(encoder.sums())?;
                state
            }
        };
        Ok(Online {
            params: params.clone(),
            primal_dual: state.primal_dual.map(PrimalDual::resume),
            hard: Hard::default(),
            answer: Answer::default(),
            weight: None,
            left: nothing.left_out().to_vec(),
            left_samples: nothing.left_out_samples().to_vec(),
            encoder,
            state,
        })
    }

    /// The columns to read.
    pub fn headers(&self) -> &[String] {
        self.encoder.headers()
    }

    /// The samples of this run that are in no level, by column.
    pub fn unplaced(&self) -> Vec<Unplaced> {
        self.encoder.unplaced()
    }

    /// The rows of the program that take no part in this stream, by index.
    pub fn left_out(&self) -> &[(usize, Left)] {
        &self.left
    }

    /// The per-sample rows of the program that take no part in this stream, by index.
    pub fn left_out_samples(&self) -> &[(usize, Left)] {
        &self.left_samples
    }

    /// Answers a batch whose columns are those of [`Online::headers`]. Returns the raw predictions and the answer.
    ///
    /// # Errors
    /// What is wrong with the batch; the state is then that of an unknown part of it, and must not be saved.
    pub fn answer(&mut self, batch: &Batch) -> Result<(Vec<f64>, &Answer), StreamError> {
        let encoded = self.encoder.encode(batch)?;
        let z = encoded.prediction().unwrap_or_default().to_vec();
        self.answer_encoded(&encoded, &z)?;
        Ok((z, &self.answer))
    }

    /// As [`Online::answer`], with raw predictions that the batch does not hold: one for each of its samples.
    ///
    /// # Errors
    /// As [`Online::answer`].
    pub fn answer_scores(&mut self, batch: &Batch, z: &[f64]) -> Result<&Answer, StreamError> {
        let encoded = self.encoder.encode(batch)?;
        self.answer_encoded(&encoded, z)
    }

    /// The answers to the batch before, and the weights of its samples if there are any.
    pub fn answered(&self) -> (&[f64], Option<&[f64]>) {
        (&self.answer.y, self.weight.as_deref())
    }

    fn answer_encoded(&mut self, encoded: &Encoded, z: &[f64]) -> Result<&Answer, StreamError> {
        self.weight = encoded.weight().map(<[f64]>::to_vec);
        // Samples of weight zero are in no sum, and take no room.
        let counted = self.weight.as_ref().map_or(z.len(), |weight| weight.iter().filter(|w| **w > 0.0).count());
        self.state.pool.make_room(counted);
        let (moved_by, bounded) = match &mut self.primal_dual {
            Some(primal_dual) => {
                let mut bound = encoded.bind(&self.params, &Samples::All)?;
                primal_dual.answer(&mut bound.problem, z, &mut self.answer)?;
                self.state.primal_dual = Some(primal_dual.state);
                (bound.rows, bound.sample_rows)
            }
            None => {
                let bound = encoded.bind_pooled(&self.params, &self.state.pool)?;
                match &mut self.state.smooth {
                    Some(smooth) => smooth.answer(&bound.pooled, z, &mut self.answer)?,
                    None => self.hard.answer(&bound.pooled, z, &mut self.answer)?,
                }
                (bound.rows, bound.sample_rows)
            }
        };
        encoded.record(&self.answer.y, &mut self.state.pool);
        self.count(z.len() as u64, &moved_by, &bounded);
        Ok(&self.answer)
    }

    fn count(&mut self, samples: u64, rows: &[BoundRow], sample_rows: &[BoundSampleRow]) {
        for (row, count) in rows.iter().zip(&mut self.state.moved_by) {
            if let RowStatus::Kept(index) = row.status {
                *count += u64::from(self.answer.multipliers.get(index).is_some_and(|mu| *mu != 0.0));
            }
        }
        self.state.bounded.resize(sample_rows.len(), 0);
        for (row, count) in sample_rows.iter().zip(&mut self.state.bounded) {
            if let BoundSampleRow::Applied { samples } = row {
                *count += *samples as u64;
            }
        }
        let state = &mut self.state;
        let held = self.answer.outside.is_empty();
        state.held_since = if held { state.held_since.or(Some(state.samples + 1)) } else { None };
        state.behind += u64::from(!held && samples > 0);
        state.samples += samples;
        state.batches += 1;
    }

    /// The state, to be saved.
    pub fn state(&mut self) -> &OnlineState {
        if self.state.cells.len() < self.encoder.cells().len() {
            self.state.cells = self.encoder.cells().to_vec();
        }
        &self.state
    }

    /// The certificate of the primal-dual algorithm.
    pub fn primal_dual(&self) -> Option<&PrimalDualState> {
        self.state.primal_dual.as_ref()
    }

    /// What became of each per-sample row over all answers.
    ///
    /// # Errors
    /// Counts that the spec does not allow.
    pub fn sample_readings(&self) -> Result<Vec<BoundSampleRow>, StreamError> {
        let mut rows = self.encoder.empty().bind_pooled(&self.params, &self.state.pool)?.sample_rows;
        for (row, &bounded) in rows.iter_mut().zip(&self.state.bounded) {
            if bounded > 0 {
                *row = BoundSampleRow::Applied { samples: bounded as usize };
            }
        }
        Ok(rows)
    }

    /// Where each row stands with all that was answered, or is remembered.
    ///
    /// # Errors
    /// Counts that the spec does not allow.
    pub fn readings(&self) -> Result<Vec<RowReading>, StreamError> {
        let bound = self.encoder.empty().bind_pooled(&self.params, &self.state.pool)?;
        let reading = |(row, bound_row): (usize, &BoundRow)| {
            let Pooled { before, size, mass, .. } = &bound.pooled;
            let (value, size, mass) = match bound_row.status {
                RowStatus::Kept(index) => (before[index], size[index], mass[index]),
                RowStatus::Skipped(_) | RowStatus::Left(_) => (f64::NAN, 0.0, 0.0),
            };
            RowReading {
                row,
                status: bound_row.status.clone(),
                value,
                lower: bound_row.lower,
                upper: bound_row.upper,
                own: bound_row.own.clone(),
                magnitude: size.max(bound_row.side_size),
                mass,
                moved: self.state.moved_by[row],
                multiplier: self.state.smooth.as_ref().and_then(|smooth| smooth.rows().get(row).copied()),
            }
        };
        Ok(bound.rows.iter().enumerate().map(reading).collect())
    }
}

impl OnlineState {
    /// Fails at the first setting that differs.
    fn same_settings(&self, given: &OnlineState) -> Result<(), StreamError> {
        let differs = |difference| Err(StreamError::Differs(difference));
        if self.method != given.method {
            return differs(Difference::Method(self.method, given.method));
        }
        let (saved, wanted) = (self.pool.memory(), given.pool.memory());
        if saved != wanted {
            return differs(Difference::Memory(saved, wanted));
        }
        for ((name, saved), (_, value)) in self.params.iter().zip(&given.params) {
            if saved != value {
                return differs(Difference::Param(name.clone(), *saved, *value));
            }
        }
        if self.left_out != given.left_out || self.moved_by.len() != given.moved_by.len() {
            return differs(Difference::LeftOut(self.left_out.len(), given.left_out.len()));
        }
        Ok(())
    }
}

impl OnlineState {
    /// Fails if the pool keeps other sums than so many, as those of another version of the plan.
    fn same_sums(&self, expected: usize) -> Result<(), StreamError> {
        let answered = self.pool.cells().iter().filter(|cell| cell.samples > 0.0);
        let other = answered.map(|cell| cell.factors.len()).find(|found| *found != expected);
        other.map_or(Ok(()), |found| Err(StreamError::Differs(Difference::Sums(found, expected))))
    }
}
