//! The projection of samples that stay on their device: only sums by cell cross to the host.
//!
//! For one shift `t` per cell the projection is `ŷ = clip(z − t[cell])`, so all that the dual needs of the samples is how
//! many of a cell are at each bound, and count and sum of the free ones. Samples of a cell between two cuts are therefore
//! as good as one sample: their mean, with their number as its weight and coefficient. So
//!
//! ```text
//! cuts ─device: count and sum of z between cuts, by cell→ a small problem ─host: runtime→ μ, t = Cᵀ μ
//!   ▲                                                                                     │
//!   └──────────────── new cuts lo + t and hi + t, until t stays what it is ───────────────┘
//! ```
//!
//! The small problem is exact once no cut of its own solution falls between samples that it lumps together. Every round
//! divides a lump or ends, so there are finitely many; in practice as many as Newton steps. Then the numbers are rounded
//! on the device, their sums checked on the host, and sides drawn in where a row misses by rounding.
//!
//! This holds for rows on cells alone. Factors, weights or bounds that differ from sample to sample go through the host.

use tch::{Kind, Tensor};

use super::derivative::{ActiveSet, Derivative, Directions, Linear};
use super::error::LayerError;
use super::solver::{Scalar, Solved, refuse_unsolved};
use crate::runtime::problem::{Bounds, Problem, ProblemParts, RowsByCell};
use crate::runtime::project::{Certificate, ProjectError, Projection, Settings, Tangent, project};

/// Rounds of cuts before it is called unfinished.
const ROUNDS: usize = 60;
/// A shift that moves by less, relative to its size and the bounds', stays what it is.
const STILL: f64 = 1e-14;
/// Times that sides are drawn in for rounding.
const MARGINS: usize = 8;
/// Roundings that sums by cell may have lost, relative to the row's size.
const SLACK: f64 = 16.0;

/// The bounds of a problem whose rows see the cells of samples alone; `None` for any other.
pub(super) fn by_cell(problem: &Problem) -> Option<(f64, f64)> {
    let constant = (0..problem.factors()).all(|f| problem.factor(f).is_none());
    match problem.bounds() {
        Bounds::Uniform { lo, hi } if constant && problem.weights().is_none() => Some((lo, hi)),
        Bounds::Uniform { .. } | Bounds::PerSample { .. } => None,
    }
}

/// Projects a flat tensor of samples where it is; `bounds` are those that [`by_cell`] gave.
///
/// # Errors
/// As the layer's.
pub(super) fn solve<T: Scalar>(
    problem: &Problem,
    bounds: (f64, f64),
    z: &Tensor,
    settings: &Settings,
    with_gradient: bool,
) -> Result<(Solved, Derivative), LayerError> {
    refuse_infinite(z)?;
    let mut lumps = Lumps::new(problem, T::inward(bounds.0, bounds.1), z)?;
    let mut sides = Sides::new(problem);
    let mut rounds = 0;
    loop {
        let found = lumps.settle(&sides, settings)?;
        let y = lumps.output(&found.shift)?;
        let sums = lumps.sums(&y)?;
        rounds += 1;
        if !(settings.exact_rows && rounds <= MARGINS && sides.draw_in::<T>(problem, &sums)) {
            return lumps.finish(found, y, &sums, with_gradient);
        }
    }
}

fn refuse_infinite(z: &Tensor) -> Result<(), LayerError> {
    let wild = z.f_isfinite()?.f_logical_not()?;
    if wild.f_any()?.f_int64_value(&[])? == 0 {
        return Ok(());
    }
    let place = wild.f_to_kind(Kind::Int64)?.f_argmax(None, false)?.f_int64_value(&[])?;
    let (value, index) = (z.f_double_value(&[place])?, usize::try_from(place).unwrap_or(0));
    Err(ProjectError::NotFinite { what: "z", index, value }.into())
}

/// The rows on the returned numbers.
struct RowSums {
    activity: Vec<f64>,
    /// `Σ |coefficient · ŷ|`, which rounding errors are relative to.
    size: Vec<f64>,
}

/// The sides, drawn in for rounding.
struct Sides {
    lower: Vec<f64>,
    upper: Vec<f64>,
    margin: Vec<f64>,
}

impl Sides {
    fn new(problem: &Problem) -> Sides {
        let (lower, upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        Sides { margin: vec![0.0; lower.len()], lower, upper }
    }

    /// Draws in the sides that a row misses, or could; false if none does or none has room.
    fn draw_in<T: Scalar>(&mut self, problem: &Problem, sums: &RowSums) -> bool {
        let mut again = false;
        for row in 0..self.margin.len() {
            let at = |values: &[f64]| values.get(row).copied().unwrap_or(f64::NAN);
            let (l, u, size) = (at(problem.lower()), at(problem.upper()), at(&sums.size));
            let slack = SLACK * f64::EPSILON * size;
            let over = (at(&sums.activity) - u).max(l - at(&sums.activity)) + slack;
            let most = (2.0 * T::ROUNDING * size + 8.0 * slack).min(0.45 * (u - l));
            let Some(margin) = self.margin.get_mut(row) else { continue };
            if over > 0.0 && *margin < most && at(problem.soft()) == f64::INFINITY {
                *margin = (2.0 * *margin).max(*margin + 2.0 * over).min(most);
                if let (Some(lower), Some(upper)) = (self.lower.get_mut(row), self.upper.get_mut(row)) {
                    (*lower, *upper) = (l + *margin, u - *margin);
                }
                again = true;
            }
        }
        again
    }
}

/// Samples by cell and by the cuts that they lie between.
struct Lumps<'a> {
    problem: &'a Problem,
    rows: RowsByCell,
    /// In double precision.
    z: Tensor,
    kind: Kind,
    cell: Tensor,
    /// The bounds, as numbers of the samples' type.
    interval: (f64, f64),
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

impl<'a> Lumps<'a> {
    fn new(problem: &'a Problem, interval: (f64, f64), z: &Tensor) -> Result<Lumps<'a>, LayerError> {
        let cell: Vec<i64> = problem.cell().iter().map(|&cell| i64::from(cell)).collect();
        let mut lumps = Lumps {
            problem,
            rows: problem.dictionary(0),
            z: z.f_detach()?.f_to_kind(Kind::Double)?,
            kind: z.kind(),
            cell: Tensor::f_from_slice(&cell)?.f_to_device(z.device())?,
            interval,
            cuts: vec![Vec::new(); problem.cells()],
        };
        lumps.cut(&vec![0.0; problem.cells()]);
        Ok(lumps)
    }

    /// Cuts every cell where its samples meet their bounds.
    fn cut(&mut self, shift: &[f64]) {
        let (lo, hi) = self.interval;
        for (cuts, t) in self.cuts.iter_mut().zip(shift) {
            cuts.extend([lo + t, hi + t].into_iter().filter(|cut| cut.is_finite()));
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
        }
    }

    /// The shifts that solve the problem with these sides.
    fn settle(&mut self, sides: &Sides, settings: &Settings) -> Result<Found, LayerError> {
        let inner = Settings { exact_rows: false, warm_start: None, ..settings.clone() };
        let (lo, hi) = self.interval;
        let mut last: Option<Vec<f64>> = None;
        for _ in 0..ROUNDS {
            let (problem, means) = self.small_problem(sides)?;
            let projection = project(&problem, &means, &inner)?;
            refuse_unsolved(&projection, self.problem)?;
            let shift = self.shift(&projection.multipliers);
            let still =
                |(a, b): (&f64, &f64)| (a - b).abs() <= STILL * (b.abs() + lo.abs().min(1.0) + hi.abs().min(1.0));
            if last.as_ref().is_some_and(|last| last.iter().zip(&shift).all(still)) {
                return Ok(Found { problem, projection, shift });
            }
            self.cut(&shift);
            last = Some(shift);
        }
        Err(LayerError::Unfinished { violation: f64::NAN })
    }

    /// One sample for each lump: its mean, with its number as weight and coefficient.
    fn small_problem(&self, sides: &Sides) -> Result<(Problem, Vec<f64>), LayerError> {
        let most = self.cuts.iter().map(Vec::len).max().unwrap_or(0);
        let padded =
            self.cuts.iter().flat_map(|cuts| cuts.iter().copied().chain(std::iter::repeat(f64::INFINITY)).take(most));
        let cuts = self.tensor(&padded.collect::<Vec<_>>())?.f_reshape([self.cuts.len() as i64, most as i64])?;
        let above = self.z.f_unsqueeze(1)?.f_gt_tensor(&cuts.f_index_select(0, &self.cell)?)?;
        let place = above.f_sum_dim_intlist([1].as_slice(), false, Kind::Int64)?;
        let lumps = self.cuts.len() * (most + 1);
        let place = self.cell.f_mul_scalar(most as i64 + 1)?.f_add(&place)?;
        let counts = self.add_up(&self.z.f_ones_like()?, &place, lumps)?;
        let sums = self.add_up(&self.z, &place, lumps)?;
        let mut parts = ProblemParts {
            cells: self.cuts.len(),
            dictionary: vec![RowsByCell::empty(self.cuts.len()), self.rows.clone()],
            lower: sides.lower.clone(),
            upper: sides.upper.clone(),
            bounds: Bounds::Uniform { lo: self.interval.0, hi: self.interval.1 },
            soft: self.problem.soft().to_vec(),
            names: self.problem.names().to_vec(),
            ..ProblemParts::default()
        };
        let (mut means, mut numbers) = (Vec::new(), Vec::new());
        for (lump, (&count, &sum)) in counts.iter().zip(&sums).enumerate().filter(|(_, (count, _))| **count > 0.0) {
            parts.cell.push((lump / (most + 1)) as u32);
            numbers.push(count);
            means.push(sum / count);
        }
        parts.factors = vec![numbers.clone()];
        parts.weights = Some(numbers);
        Ok((Problem::new(parts)?, means))
    }

    /// Sums over the samples by place, on the host.
    fn add_up(&self, values: &Tensor, place: &Tensor, places: usize) -> Result<Vec<f64>, LayerError> {
        let zeros = Tensor::f_zeros([places as i64], (Kind::Double, self.z.device()))?;
        let sums = zeros.f_index_add(0, place, values)?;
        let mut host = vec![0.0; places];
        sums.f_copy_data(&mut host, places)?;
        Ok(host)
    }

    /// `Cᵀ μ`.
    fn shift(&self, multipliers: &[f64]) -> Vec<f64> {
        let of = |cell: usize| {
            self.rows.cell(cell).map(|(row, c)| c * multipliers.get(row as usize).copied().unwrap_or(0.0)).sum()
        };
        (0..self.cuts.len()).map(of).collect()
    }

    /// `clip(z − t)`, rounded to the samples' type.
    fn output(&self, shift: &[f64]) -> Result<Tensor, LayerError> {
        let shifted = self.z.f_sub(&self.tensor(shift)?.f_index_select(0, &self.cell)?)?;
        Ok(shifted.f_clamp(self.interval.0, self.interval.1)?.f_to_kind(self.kind)?)
    }

    fn sums(&self, y: &Tensor) -> Result<RowSums, LayerError> {
        let y = y.f_to_kind(Kind::Double)?;
        let values = self.add_up(&y, &self.cell, self.cuts.len())?;
        let sizes = self.add_up(&y.f_abs()?, &self.cell, self.cuts.len())?;
        let rows = self.problem.rows();
        let mut sums = RowSums { activity: vec![0.0; rows], size: vec![0.0; rows] };
        for (cell, (value, size)) in values.iter().zip(&sizes).enumerate() {
            for (row, c) in self.rows.cell(cell) {
                let row = row as usize;
                if let (Some(activity), Some(total)) = (sums.activity.get_mut(row), sums.size.get_mut(row)) {
                    *activity += c * value;
                    *total += (c * size).abs();
                }
            }
        }
        Ok(sums)
    }

    /// The result as tensors on the device.
    fn finish(
        &self,
        found: Found,
        y: Tensor,
        sums: &RowSums,
        with_gradient: bool,
    ) -> Result<(Solved, Derivative), LayerError> {
        let (lo, hi) = self.interval;
        let free = y.f_gt(lo)?.f_logical_and(&y.f_lt(hi)?)?.f_to_kind(self.kind)?;
        let Tangent { rows, factor } = found.projection.tangent(&found.problem)?;
        let directions = if with_gradient && !rows.is_empty() {
            let factor = self.tensor(&factor)?.f_reshape([rows.len() as i64, -1])?.f_to_kind(self.kind)?;
            let rows = factor.f_index_select(1, &self.cell)?.f_mul(&free)?;
            Some(Directions { back: rows.f_neg()?.f_tr()?, rows })
        } else {
            None
        };
        let sides = self.problem.lower().iter().zip(self.problem.upper()).zip(self.problem.soft());
        let beyond = sums.activity.iter().zip(sides).filter(|(_, (_, soft))| **soft == f64::INFINITY);
        let row_violation = beyond.map(|(a, ((l, u), _))| (l - a).max(a - u)).fold(0.0, f64::max);
        let Projection { status, multipliers, active, certificate, .. } = found.projection;
        let certificate = Certificate { row_violation, bound_violation: 0.0, ..certificate };
        let count = free.f_sum(Kind::Int64)?.f_int64_value(&[])?;
        let solved = Solved { y, free: usize::try_from(count).unwrap_or(0), status, multipliers, active, certificate };
        Ok((solved, Derivative::Device(Linear { set: ActiveSet { free, rows }, directions })))
    }

    fn tensor(&self, values: &[f64]) -> Result<Tensor, LayerError> {
        Ok(Tensor::f_from_slice(values)?.f_to_device(self.z.device())?)
    }
}
