//! Thousands of sparse rows over thousands of samples, such as `|ŷ_i − ŷ_j| ≤ d_ij` on lists of neighbours.
//!
//! The dense basis of the local model would be as large as the set of active rows. Here the augmented Lagrangian of all
//! constraints, box included, is minimised by semismooth Newton steps in the samples (Li, Sun, Toh 2018, 2020):
//!
//! ```text
//! ψ(y) = ½ (y − z)ᵀ W (y − z) + σ/2 dist²(A y + μ/σ, [l, u]) + ½ Σ τ_i dist²(y_i + ν_i/τ_i, [lo_i, hi_i])
//! (W + σ A_Jᵀ A_J + T_B) d = −∇ψ,     μ ← σ (A y + μ/σ − Π(A y + μ/σ)),     ν alike
//! ```
//!
//! with rows scaled to length one, `J` and `B` the constraints in violation. The matrix is positive definite whatever
//! the rank of the rows; faer's sparse Cholesky factors it. With the active
//! sets settled and `σ` large, each update of the multipliers cuts the error by a large factor.
//!
//! It starts from where an interior-point method ends ([`interior`]), which takes a score of factorisations whatever the
//! rows are, and is rarely needed then: after each update a polish ([`polish`]) is tried, which holds active sets, ends at
//! rounding level, and mends the sets. The dual evaluation of the outer solver checks the result and gives the point.

mod chains;
mod derivative;
mod halves;
mod interior;
mod polish;

pub(super) use self::derivative::solve_active;
use self::interior::{Interior, Reached};
use crate::problem::{Bounds, Problem};
use crate::project::farkas;
use crate::project::newton::{Ended, Newton};
use crate::project::passes::factor_at;
use crate::project::pattern::{Normal, Prepared, Rows};
use crate::project::sample::Sample;

/// Both more rows and more slots than this, and the dense basis would be large.
const LARGE: usize = 700;
/// Most samples and most rows of a problem that this method is tried on when the other has failed.
const SMALL: usize = 1000;
/// Most products in the normal matrix.
const PRODUCTS: usize = 40_000_000;
const OUTER: usize = 80;
const INNER: usize = 60;
const LARGEST: f64 = 1e8;
/// Accuracy of the first minimisation; each one after is four times as accurate.
const EARLY: f64 = 1e-2;
/// How much larger `σ` is for multipliers that are nearly right.
const WARM: f64 = 1e4;
/// How much larger it is where active rows are held.
const HOLD: f64 = 2.5e6;
/// How accurate the interior-point method is where polishes are tried.
const STAGES: [f64; 4] = [1e-10, 1e-13, 1e-16, 1e-19];
/// Most changes of the sets that a polish there may make.
const MENDS: usize = 6;
/// Most updates of the multipliers from where it ends, and their first accuracy.
const NEAR_STEPS: usize = 8;
const NEAR_ACCURACY: f64 = 1e-6;
/// Weight of a sample that does not move, relative to the others.
const HEAVY: f64 = 1e18;

/// The matrix in grouped order, where the sparse method should be used: many rows and slots, few samples a slot.
pub(crate) fn rows_if_large(problem: &Problem) -> Option<Rows> {
    if is_large(problem) { rows(problem) } else { None }
}

/// Whether there are many rows and slots, and few samples a slot.
pub(crate) fn is_large(problem: &Problem) -> bool {
    problem.rows().min(problem.slots()) > LARGE && problem.has_small_slots()
}

/// The matrix in grouped order, where the problem is so small that a second method costs little.
pub(crate) fn rows_if_small(problem: &Problem) -> Option<Rows> {
    if problem.n() > SMALL || problem.rows() > SMALL { None } else { rows(problem) }
}

/// The matrix in grouped order; `None` if its normal matrix would be too large.
fn rows(problem: &Problem) -> Option<Rows> {
    let width = problem.width();
    let mut rows = Rows { indptr: vec![0], ..Rows::default() };
    for row in 0..problem.rows() {
        for (slot, value) in problem.rows.row(row) {
            for place in problem.grouping.range(slot / width) {
                rows.indices.push(place as u32);
                rows.values.push(value * factor_at(problem, slot % width, place));
            }
        }
        rows.indptr.push(rows.indices.len());
    }
    rows.keep_long_apart();
    (rows.products() <= PRODUCTS).then_some(rows)
}

/// All that the iteration holds.
struct Lagrangian<'a> {
    problem: &'a Problem,
    rows: Rows,
    /// One over the length of each row.
    unit: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    cap: Vec<f64>,
    z: Vec<f64>,
    w: Vec<f64>,
    sigma: f64,
    /// Multipliers of the scaled rows and of the box.
    mu: Vec<f64>,
    nu: Vec<f64>,
    /// Their updates at the present point.
    next_mu: Vec<f64>,
    next_nu: Vec<f64>,
    y: Vec<f64>,
    gradient: Vec<f64>,
    active: Vec<f64>,
    diagonal: Vec<f64>,
    /// Of each row, the side that a polish holds it at: 1 upper, −1 lower, 0 none.
    held: Vec<i8>,
}

/// Runs from the multipliers of `newton` and leaves the new ones there, evaluated.
pub(crate) fn run<T: Sample>(newton: &mut Newton, problem: &Problem, z: &[T], prepared: Prepared) -> Ended {
    let Prepared { rows, unit, mut active } = prepared;
    let mut state = Lagrangian::new(newton, problem, z, rows, unit);
    let ended = state.solve(newton, &mut active, z);
    let Lagrangian { rows, unit, .. } = state;
    newton.prepared = Some(Box::new(Prepared { rows, unit, active }));
    ended
}

/// How the interior-point method and its polishes ended.
enum Approach {
    Ended(Ended),
    /// The state is near the solution.
    Near,
    /// The state is as it was.
    Failed,
}

impl<'a> Lagrangian<'a> {
    fn new<T: Sample>(newton: &Newton, problem: &'a Problem, z: &[T], rows: Rows, unit: Vec<f64>) -> Self {
        let n = problem.n();
        let w: Vec<f64> = (0..n)
            .map(|i| problem.weights.as_ref().map_or(1.0, |w| w[i]))
            // A sample of weight zero is in no row: any weight gives its clipped `z`.
            .map(|w| if w > 0.0 { w } else { 1.0 })
            .collect();
        let mu = newton.multipliers.iter().zip(&unit).map(|(mu, unit)| mu / unit).collect();
        let mean = w.iter().sum::<f64>() / n.max(1) as f64;
        let scaled = |sides: &[f64]| sides.iter().zip(&unit).map(|(s, u)| s * u).collect();
        Lagrangian {
            lower: scaled(&newton.sides.lower),
            upper: scaled(&newton.sides.upper),
            cap: newton.sides.cap.iter().zip(&unit).map(|(cap, unit)| cap / unit).collect(),
            y: z.iter().map(|z| z.widen()).collect(),
            z: z.iter().map(|z| z.widen()).collect(),
            nu: vec![0.0; n],
            next_mu: vec![0.0; unit.len()],
            next_nu: vec![0.0; n],
            gradient: vec![0.0; n],
            active: vec![0.0; unit.len()],
            diagonal: vec![0.0; n],
            held: vec![0; unit.len()],
            sigma: 4.0 * mean,
            problem,
            rows,
            unit,
            w,
            mu,
        }
    }

    fn interval(&self, i: usize) -> (f64, f64) {
        match &self.problem.bounds {
            Bounds::Uniform { lo, hi } => (*lo, *hi),
            Bounds::PerSample { lo, hi } => (lo[i], hi[i]),
        }
    }

    /// Whether a sample cannot move.
    fn is_fixed(&self, i: usize) -> bool {
        let (lo, hi) = self.interval(i);
        lo == hi
    }

    /// From the multipliers of `newton`, by the first method that gets there.
    fn solve<T: Sample>(&mut self, newton: &mut Newton, active: &mut Normal, z: &[T]) -> Ended {
        let (sigma, start) = (self.sigma, newton.multipliers.clone());
        self.sigma = HOLD * sigma;
        // Near enough, the active rows are known: no more than the end of the method is needed.
        if start.iter().any(|m| *m != 0.0)
            && let Some(ended) = self.polish(newton, active, z, 1)
        {
            return ended;
        }
        if let Some(ended) = self.order(newton, active, z) {
            return ended;
        }
        let near = match self.approach(newton, active, z) {
            Approach::Ended(ended) => return ended,
            Approach::Near => {
                self.sigma = WARM * sigma;
                self.iterate(newton, active, z, NEAR_STEPS, NEAR_ACCURACY)
            }
            Approach::Failed => None,
        };
        if let Some(ended) = near {
            return ended;
        }
        // From where the solve began, with σ that grows from little.
        newton.multipliers = start;
        let (rows, unit) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.unit));
        *self = Lagrangian::new(newton, self.problem, z, rows, unit);
        self.iterate(newton, active, z, OUTER, EARLY).unwrap_or(Ended::Limit)
    }

    /// Minimises ψ from the present point until the gradient is below `accuracy` times its scale: early on there is
    /// no need for more.
    fn minimise(&mut self, normal: &mut Normal, accuracy: f64) {
        let scale = self.z.iter().zip(&self.w).fold(f64::MIN_POSITIVE, |m, (z, w)| m.max((z * w).abs()));
        for _ in 0..INNER {
            let value = self.update();
            let size = self.gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
            // Multipliers are σ times a difference of sums: that much of them is noise.
            let enough = (8.0 * f64::EPSILON * self.sigma.max(1.0)).max(accuracy) * scale;
            let factors = |normal: &mut Normal| {
                normal.analyse(&self.rows, self.y.len(), |j| self.active[j] > 0.0)
                    && normal.factor(&self.rows, &self.diagonal, &self.active)
            };
            if size <= enough || !factors(normal) {
                return;
            }
            let mut step: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
            normal.solve_well(&self.rows, &self.diagonal, &self.active, &mut step);
            let slope: f64 = step.iter().zip(&self.gradient).map(|(d, g)| d * g).sum();
            let from = self.y.clone();
            let mut length = 1.0;
            loop {
                for ((y, from), d) in self.y.iter_mut().zip(&from).zip(&step) {
                    *y = from + length * d;
                }
                let next = self.update();
                // Below the rounding of the value the full step is the best there is.
                if next <= value + 1e-4 * length * slope || length < 1e-8 || -slope <= 1e-13 * value.abs() {
                    break;
                }
                length *= 0.5;
            }
            let size_after = self.gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
            if size <= 1e-11 * scale && size_after >= 0.5 * size {
                return;
            }
        }
    }

    /// ψ, its gradient, the updated multipliers and the weights of the Newton matrix at `y`.
    fn update(&mut self) -> f64 {
        let mut value = 0.0;
        for i in 0..self.y.len() {
            let (lo, hi) = self.interval(i);
            let tau = self.sigma * self.w[i];
            let shifted = self.y[i] + self.nu[i] / tau;
            let beyond = shifted - shifted.max(lo).min(hi);
            let step = self.y[i] - self.z[i];
            self.next_nu[i] = tau * beyond;
            self.gradient[i] = self.w[i] * step + tau * beyond;
            self.diagonal[i] = self.w[i] + if beyond != 0.0 || lo == hi { tau } else { 0.0 };
            value += 0.5 * self.w[i] * step * step + 0.5 * tau * beyond * beyond;
        }
        for j in 0..self.rows.count() {
            let shifted = self.rows.dot(j, &self.y) + self.mu[j] / self.sigma;
            let beyond = shifted - shifted.max(self.lower[j]).min(self.upper[j]);
            let multiplier = (self.sigma * beyond).clamp(-self.cap[j], self.cap[j]);
            let capped = multiplier != self.sigma * beyond;
            self.next_mu[j] = multiplier;
            let inside = beyond == 0.0 && self.lower[j] < self.upper[j];
            self.active[j] = if inside || capped { 0.0 } else { self.sigma };
            value += if capped {
                self.cap[j] * (beyond.abs() - 0.5 * self.cap[j] / self.sigma)
            } else {
                0.5 * self.sigma * beyond * beyond
            };
            self.rows.add(j, multiplier, &mut self.gradient);
        }
        value
    }

    /// At most `steps` updates of the multipliers; the first minimisation has the given accuracy.
    fn iterate<T: Sample>(
        &mut self,
        newton: &mut Newton,
        normal: &mut Normal,
        z: &[T],
        steps: usize,
        accuracy: f64,
    ) -> Option<Ended> {
        for outer in 0..steps {
            let before = self.mu.clone();
            self.minimise(normal, accuracy * 0.25_f64.powi(outer as i32));
            std::mem::swap(&mut self.mu, &mut self.next_mu);
            std::mem::swap(&mut self.nu, &mut self.next_nu);
            if let Some(ended) = self.polish(newton, normal, z, 0) {
                return Some(ended);
            }
            if outer > 8
                && let Some(ray) = self.ray(&before)
            {
                return Some(Ended::Infeasible(ray));
            }
            self.sigma = (4.0 * self.sigma).min(LARGEST);
        }
        None
    }

    /// Where the rows are chains, their multipliers are known at once.
    fn order<T: Sample>(&mut self, newton: &mut Newton, normal: &mut Normal, z: &[T]) -> Option<Ended> {
        let known = chains::multipliers(self)?;
        newton.refine(self.problem);
        for (j, known) in known.iter().enumerate() {
            (newton.multipliers[j], newton.rest[j]) = (known.high, known.low);
            self.mu[j] = known.high / self.unit[j];
        }
        newton.evaluate::<T, false>(self.problem, z);
        let residual = newton.residual();
        if newton.is_acceptable(residual) {
            return Some(Ended::Converged);
        }
        self.polish(newton, normal, z, 1)
    }

    /// The interior-point method, with a polish wherever it is accurate enough for one.
    fn approach<T: Sample>(&mut self, newton: &mut Newton, active: &mut Normal, z: &[T]) -> Approach {
        let mut whole = Normal::default();
        let Some(mut interior) = Interior::new(self, &mut whole) else { return Approach::Failed };
        let mut near = false;
        for accuracy in STAGES {
            match interior.advance(self, &mut whole, accuracy) {
                Reached::Target => {
                    near = true;
                    interior.write(self);
                    if let Some(ended) = self.polish(newton, active, z, MENDS) {
                        return Approach::Ended(ended);
                    }
                }
                Reached::Growing => {
                    if let Some(proof) = farkas::proof_from(self.problem, &interior.multipliers(&self.unit)) {
                        return Approach::Ended(Ended::Infeasible(proof));
                    }
                }
                Reached::Stuck => break,
            }
        }
        if near { Approach::Near } else { Approach::Failed }
    }

    /// The growth of the multipliers, if it proves that no point satisfies the rows.
    fn ray(&self, before: &[f64]) -> Option<Vec<f64>> {
        let mut ray: Vec<f64> =
            self.mu.iter().zip(before).zip(&self.unit).map(|((mu, old), unit)| (mu - old) * unit).collect();
        let largest = ray.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
        ray.iter_mut().filter(|f| f.abs() <= 1e-9 * largest).for_each(|f| *f = 0.0);
        farkas::proof_from(self.problem, &ray)
    }
}
