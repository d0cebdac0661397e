//! The projection of samples that are elsewhere, on a device or spread over processes, and tell of themselves by sums.
//!
//! For rows on cells alone the projection shifts each cell by one number, `ŷ = clip(z − t[cell])`, so all that the dual
//! needs of the samples is how many of a cell are at each bound, and weight and sum of the free ones. Samples of a cell
//! between two cuts are therefore as good as one sample: their mean, with their weight as its weight and coefficient. So
//!
//! ```text
//! cuts, t ─elsewhere: weight and sum of z between cuts, by cell→ a small problem ─here: project→ μ, t = Cᵀ μ
//!   ▲                                                                                     │
//!   └───────────────── new cuts lo + t and hi + t, until t stays what it is ──────────────┘
//! ```
//!
//! The small problem is exact once no cut of its own solution falls between samples that it lumps together. Every round
//! divides a lump or ends, so there are finitely many; in practice as many as Newton steps. In each round the samples are
//! shifted too, and rounded where they are: the sums of the last round tell whether a row misses by rounding, and its sides
//! are drawn in by more.
//!
//! This holds for rows on cells alone, where weights of samples may enter the rows as they enter the objective.
//! Other factors need sums of their own in each round ([`project_factors`]); bounds that differ from sample to sample need the samples
//! themselves.

mod factors;
mod margins;

pub use factors::{FactorProjection, Moments, RemoteFactors, project_factors};

use margins::{Margins, RowSums};

use super::problem::{Bounds, OnCells, Problem, ProblemError};
use super::project::{Certificate, ProjectError, Projection, Sample, Settings, Side, Status, Tangent, project};

/// Rounds of cuts before it is called unfinished.
const ROUNDS: usize = 60;
/// A shift that moves by less, relative to its size and the bounds', stays what it is.
const STILL: f64 = 1e-14;
/// Times that sides are drawn in for rounding.
const MARGINS: usize = 8;
/// Roundings that sums by cell may have lost, relative to the row's size.
const SLACK: f64 = 16.0;
/// Share of the largest possible rounding error of `f32` that the first margin covers.
const SHARE: f64 = 0.6;

/// Samples that are elsewhere. Weights `w` are one where there are none; a sample of weight zero has no part in any sum and
/// is not shifted. Where samples are spread over processes, every process must get the same numbers, as all decide by them.
pub trait Remote {
    /// What goes wrong there, and what is found wrong here.
    type Error: From<ProjectError> + From<ProblemError>;

    /// Sums the samples between cuts, makes `ŷ = clip(z − shift[cell])`, rounded to the samples' type, between the `bounds`,
    /// and sums it: once for each round, so that samples far away are asked a few times only.
    ///
    /// # Errors
    /// Whatever keeps the samples from being shifted or summed.
    fn sums(&mut self, cuts: &Cuts, shift: &[f64], bounds: (f64, f64)) -> Result<Sums, Self::Error>;

    /// What to say of samples whose sums are NaN or infinite.
    fn not_finite(&mut self) -> Self::Error;
}

/// Where the samples of each cell are cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Cuts {
    /// How many to a cell.
    pub each: usize,
    /// Cells × `each`, ascending within a cell; cells with fewer cuts have infinite ones behind.
    pub values: Vec<f64>,
}

/// Sums of samples elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// `Σ w` between cuts, at place `cell · (each + 1) + k` for the samples with `k` cuts of their cell below them.
    pub weight: Vec<f64>,
    /// `Σ w·z` between cuts.
    pub sum: Vec<f64>,
    /// `Σ w·ŷ` by cell.
    pub fair: Vec<f64>,
    /// `Σ w·|ŷ|` by cell, which rounding errors are relative to.
    pub size: Vec<f64>,
    /// How many are free, strictly between the bounds, by cell.
    pub free: Vec<f64>,
}

/// A projection of samples elsewhere; what [`Remote::sums`] made last is `ŷ`, unless the status says that there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteProjection {
    pub status: Status,
    /// `t`, by cell.
    pub shift: Vec<f64>,
    /// How many predictions are free.
    pub free: usize,
    /// One for each row.
    pub multipliers: Vec<f64>,
    /// Which side of each row is active.
    pub active: Vec<Side>,
    /// How `ŷ` moves with `z`, with one slot for each cell.
    pub tangent: Tangent,
    /// Residuals of the returned numbers.
    pub certificate: Certificate,
}

/// Projects samples elsewhere onto the rows of `problem`, of which sides and coefficients by cell count, and no samples
/// that it may hold. Its one factor is the constant, or, with weights, they. `T` is the type of the samples. Multipliers to start
/// from spare rounds.
///
/// # Errors
/// As [`project`], [`ProjectError::PerSample`] for rows or bounds that differ from sample to sample, and what the samples
/// answer.
pub fn project_remote<T: Sample, R: Remote>(
    problem: &Problem,
    remote: &mut R,
    settings: &Settings,
) -> Result<RemoteProjection, R::Error> {
    let Bounds::Uniform { lo, hi } = problem.bounds() else { return Err(ProjectError::PerSample.into()) };
    if problem.factors() > 1 {
        return Err(ProjectError::PerSample.into());
    }
    let mut lumped = Lumped::new(problem, T::inward(lo, hi));
    let inner = Settings { exact_rows: false, warm_start: None, ..settings.clone() };
    let mut shift = lumped.shift_of(settings.warm_start.as_deref().unwrap_or_default());
    let mut tries = if settings.exact_rows { 0 } else { MARGINS };
    let mut round = 0;
    loop {
        let cuts = lumped.cuts_at(&shift);
        let sums = remote.sums(&cuts, &shift, lumped.bounds)?;
        lumped.check(&cuts, &sums)?;
        if !sums.sum.iter().all(|sum| sum.is_finite()) {
            return Err(remote.not_finite());
        }
        if round == 0 && settings.exact_rows {
            lumped.first_margins::<T>(&lumped.sizes::<T>(&cuts, &sums, &shift));
        }
        let mut found = lumped.solve::<R::Error>(&cuts, &sums, &inner)?;
        if !found.is_point() && lumped.margins.give_back() {
            tries = MARGINS;
            found = lumped.solve::<R::Error>(&cuts, &sums, &inner)?;
        }
        round += 1;
        if round == ROUNDS && found.is_point() {
            found.projection.status = Status::IterationLimit;
        }
        if !found.is_point() {
            return Ok(found.without_point());
        }
        if lumped.is_still(&shift, &found.shift) {
            let rows = lumped.rows_on(&sums.fair, &lumped.sizes::<T>(&cuts, &sums, &shift));
            tries += 1;
            let drawn_in = tries <= MARGINS && lumped.draw_in::<T>(&rows);
            let closer = drawn_in.then(|| lumped.solve::<R::Error>(&cuts, &sums, &inner)).transpose()?;
            // Where the margins have no room, what was found is the answer.
            match closer.filter(Found::is_point) {
                Some(closer) => found = closer,
                None => return Ok(lumped.finish(found, shift, &sums, &rows)?),
            }
        }
        shift = found.shift;
    }
}

/// Samples by cell and by the cuts that they lie between.
struct Lumped<'a> {
    problem: &'a Problem,
    on_cells: OnCells<'a>,
    bounds: (f64, f64),
    margins: Margins<'a>,
    /// By cell, ascending.
    cuts: Vec<Vec<f64>>,
}

/// The solution of a small problem.
struct Found {
    problem: Problem,
    projection: Projection<f64>,
    /// By cell.
    shift: Vec<f64>,
}

impl Found {
    fn is_point(&self) -> bool {
        matches!(self.projection.status, Status::Optimal | Status::Relaxed(_))
    }

    fn without_point(self) -> RemoteProjection {
        let Projection { status, multipliers, active, certificate, .. } = self.projection;
        let tangent = Tangent::default();
        RemoteProjection { status, shift: self.shift, free: 0, multipliers, active, tangent, certificate }
    }
}

impl<'a> Lumped<'a> {
    fn new(problem: &'a Problem, bounds: (f64, f64)) -> Lumped<'a> {
        let cuts = vec![Vec::new(); problem.cells()];
        Lumped { problem, on_cells: OnCells::new(problem), bounds, margins: Margins::none(problem), cuts }
    }

    /// The cuts so far, and those where the samples of each cell meet their bounds when shifted.
    fn cuts_at(&mut self, shift: &[f64]) -> Cuts {
        let (lo, hi) = self.bounds;
        for (cuts, t) in self.cuts.iter_mut().zip(shift) {
            cuts.extend([lo + t, hi + t].into_iter().filter(|cut| cut.is_finite()));
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
        }
        let each = self.cuts.iter().map(Vec::len).max().unwrap_or(0);
        let mut values = Vec::with_capacity(each * self.cuts.len());
        for cuts in &self.cuts {
            values.extend_from_slice(cuts);
            values.resize(values.len() + each - cuts.len(), f64::INFINITY);
        }
        Cuts { each, values }
    }

    fn check(&self, cuts: &Cuts, sums: &Sums) -> Result<(), ProjectError> {
        let (cells, places) = (self.cuts.len(), self.cuts.len() * (cuts.each + 1));
        let between = [("weight", &sums.weight, places), ("sum", &sums.sum, places)];
        let by_cell = [("fair", &sums.fair, cells), ("size", &sums.size, cells), ("free", &sums.free, cells)];
        let wrong = between.into_iter().chain(by_cell).find(|(_, found, expected)| found.len() != *expected);
        wrong.map_or(Ok(()), |(what, found, expected)| Err(ProjectError::Length { what, found: found.len(), expected }))
    }

    fn is_still(&self, before: &[f64], after: &[f64]) -> bool {
        let least = self.bounds.0.abs().min(1.0) + self.bounds.1.abs().min(1.0);
        before.iter().zip(after).all(|(a, b)| (a - b).abs() <= STILL * (b.abs() + least))
    }

    /// The shifts that solve the problem of the lumps, with the sides as they are.
    fn solve<E>(&self, cuts: &Cuts, sums: &Sums, settings: &Settings) -> Result<Found, E>
    where
        E: From<ProjectError> + From<ProblemError>,
    {
        let (problem, means) = self.small_problem(cuts, sums)?;
        let projection = project(&problem, &means, settings)?;
        Ok(Found { shift: self.shift_of(&projection.multipliers), problem, projection })
    }

    fn shift_of(&self, multipliers: &[f64]) -> Vec<f64> {
        self.on_cells.shift_of(multipliers)
    }

    /// One sample for each lump: its mean, with its weight as weight and coefficient.
    fn small_problem(&self, cuts: &Cuts, sums: &Sums) -> Result<(Problem, Vec<f64>), ProblemError> {
        let (mut cell, mut means, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (lump, (&weight, &sum)) in sums.weight.iter().zip(&sums.sum).enumerate().filter(|(_, (w, _))| **w > 0.0) {
            cell.push((lump / (cuts.each + 1)) as u32);
            weights.push(weight);
            means.push(sum / weight);
        }
        let sides = (self.margins.sides.lower.clone(), self.margins.sides.upper.clone());
        Ok((self.on_cells.with_samples(sides, self.bounds, (cell, weights))?, means))
    }

    /// The rows on sums by cell.
    fn rows_on(&self, values: &[f64], sizes: &[f64]) -> RowSums {
        let rows = self.problem.rows();
        let mut sums = RowSums { activity: vec![0.0; rows], size: vec![0.0; rows] };
        for (cell, (value, size)) in values.iter().zip(sizes).enumerate().take(self.cuts.len()) {
            for (row, c) in self.on_cells.cell(cell) {
                let row = row as usize;
                if let (Some(activity), Some(total)) = (sums.activity.get_mut(row), sums.size.get_mut(row)) {
                    *activity += c * value;
                    *total += (c * size).abs();
                }
            }
        }
        sums
    }

    /// What rounding errors are relative to, by cell: the size of `ŷ`, and that of `z` where it is shifted and much larger, as the
    /// shift then is; in units of the samples' type.
    fn sizes<T: Sample>(&self, cuts: &Cuts, sums: &Sums, shift: &[f64]) -> Vec<f64> {
        let (lo, hi) = self.bounds;
        let lumps = sums.weight.chunks_exact(cuts.each + 1).zip(sums.sum.chunks_exact(cuts.each + 1));
        let by_cell = lumps.zip(&sums.size).zip(shift).map(|(((weights, totals), &fair), t)| {
            let lumps = weights.iter().zip(totals).filter(|(w, _)| **w > 0.0);
            let shifted = lumps.filter(|(w, sum)| (lo..=hi).contains(&(*sum / *w - t)));
            let raw: f64 = shifted.map(|(_, sum)| sum.abs()).sum();
            fair + (raw - fair).max(0.0) * (f64::ROUNDING / T::ROUNDING)
        });
        by_cell.collect()
    }

    /// Margins that are wide enough for most batches.
    fn first_margins<T: Sample>(&mut self, sizes: &[f64]) {
        let unit = 1.5 * SLACK * f64::EPSILON + SHARE * (T::ROUNDING - f64::ROUNDING);
        self.margins.set(self.rows_on(sizes, sizes).size.iter().map(|size| unit * size).collect());
    }

    /// Draws in the sides that a row misses, or could; false if none does or none has room.
    fn draw_in<T: Sample>(&mut self, sums: &RowSums) -> bool {
        let slack = |size: f64| SLACK * f64::EPSILON * size;
        self.margins.draw_in(sums, |size| (slack(size), 2.0 * T::ROUNDING * size + 8.0 * slack(size)))
    }

    fn finish(
        &self,
        found: Found,
        shift: Vec<f64>,
        sums: &Sums,
        rows: &RowSums,
    ) -> Result<RemoteProjection, ProjectError> {
        let tangent = found.projection.tangent(&found.problem)?;
        let row_violation = rows.violation(self.problem);
        let Projection { status, multipliers, active, certificate, .. } = found.projection;
        Ok(RemoteProjection {
            status,
            shift,
            free: sums.free.iter().sum::<f64>() as usize,
            multipliers,
            active,
            tangent,
            certificate: Certificate { row_violation, bound_violation: 0.0, ..certificate },
        })
    }
}
