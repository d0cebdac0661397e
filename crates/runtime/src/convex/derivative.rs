//! Derivatives of the projection onto convex rows: those of the pieces, added up.

use super::{ConvexProblem, sign};
use crate::problem::{Bounds, Factor, Problem};
use crate::project::{Gradient, ProjectError, Projection, Sample, finite};

impl ConvexProblem {
    /// The gradient of `vᵀ ŷ` with respect to `z`, the sides and the weights. A sample that a row holds at a breakpoint does not
    /// move with `z`.
    ///
    /// # Errors
    /// If `v` has the wrong length or is not finite, or there is no optimal (or relaxed) point.
    pub fn vjp<T: Sample>(&self, projection: &Projection<T>, v: &[T]) -> Result<Gradient<T>, ProjectError> {
        for (what, found) in [("v", v.len()), ("y", projection.y.len())] {
            if found != self.n() && !(what == "y" && found == 0) {
                return Err(ProjectError::Length { what, found, expected: self.n() });
            }
        }
        finite("v", v)?;
        let mut filled = Projection { y: self.pieces.fill(&projection.y), ..projection.clone() };
        let freed = self.freed(projection);
        let spread = self.pieces.spread(v);
        let of_pieces = match freed.is_empty() {
            true => filled.vjp(&self.lifted, &spread)?,
            false => {
                let problem = self.with_free(&freed, &mut filled.gram);
                filled.vjp(&problem, &spread)?
            }
        };
        let weights = match of_pieces.weights.is_empty() {
            true => Vec::new(),
            false => self.added(&of_pieces.weights),
        };
        let wide: Vec<f64> = of_pieces.z.iter().map(|z| z.widen()).collect();
        let z = self.added(&wide).into_iter().map(T::narrow).collect();
        Ok(Gradient { z, weights, ..of_pieces })
    }

    /// How `ŷ` moves as `z` moves by `v`: the derivative that [`ConvexProblem::vjp`] is the transpose of.
    ///
    /// # Errors
    /// As [`ConvexProblem::vjp`].
    pub fn jvp<T: Sample>(&self, projection: &Projection<T>, v: &[T]) -> Result<Vec<T>, ProjectError> {
        let weights = self.affine.weights().filter(|weights| weights.len() == v.len());
        let Some(weights) = weights else { return Ok(self.vjp(projection, v)?.z) };
        let scaled = |(v, w): (&T, &f64), up: bool| match (*w > 0.0, up) {
            (false, _) => *v,
            (true, true) => T::narrow(v.widen() * w),
            (true, false) => T::narrow(v.widen() / w),
        };
        let weighed: Vec<T> = v.iter().zip(&weights).map(|pair| scaled(pair, true)).collect();
        let moved = self.vjp(projection, &weighed)?.z;
        Ok(moved.iter().zip(&weights).map(|pair| scaled(pair, false)).collect())
    }

    /// The gradient of `vᵀ ŷ` with respect to the breakpoints: for each list of terms one number a sample. `gradient` is that of
    /// [`ConvexProblem::vjp`] for the same `v`.
    ///
    /// A prediction that a row holds at its breakpoint moves with it; any other lets the row give as much more room as its term
    /// shrinks.
    ///
    /// # Errors
    /// If lengths differ from those of the problem.
    pub fn breakpoint_gradient<T: Sample>(
        &self,
        projection: &Projection<T>,
        gradient: &Gradient<T>,
        v: &[T],
    ) -> Result<Vec<Vec<f64>>, ProjectError> {
        let (n, rows) = (self.n(), self.rows());
        let lengths = [("v", v.len(), n), ("y", projection.y.len(), n), ("upper", gradient.upper.len(), rows)];
        if let Some(&(what, found, expected)) = lengths.iter().find(|(_, found, expected)| found != expected) {
            return Err(ProjectError::Length { what, found, expected });
        }
        let q: Vec<f64> = gradient.lower.iter().zip(&gradient.upper).map(|(l, u)| l + u).collect();
        let room: Vec<Vec<f64>> = self.layers.iter().map(|layer| self.by_sample(layer, &q)).collect();
        let pull: Vec<Vec<f64>> =
            self.layers.iter().map(|layer| self.by_sample(layer, &projection.multipliers)).collect();
        let slope = self.affine_by_sample(&q);
        let bounds = self.affine.bounds();
        let mut out = vec![vec![0.0; n]; self.layers.len()];
        for i in 0..n {
            let (y, (lo, hi)) = (projection.y[i].widen(), bounds.at(i));
            for (d, layer) in self.layers.iter().enumerate() {
                let at = layer.at[i];
                out[d][i] = if y == at && pull[d][i] > 0.0 && at > lo && at < hi {
                    let others = self.layers.iter().enumerate().filter(|(e, _)| *e != d);
                    let others: f64 = others.map(|(e, other)| sign(at - other.at[i]) * room[e][i]).sum();
                    v[i].widen() - slope[i] - others
                } else {
                    sign(y - at) * room[d][i]
                };
            }
        }
        Ok(out)
    }

    /// `Σ_j q_j` times the slope of row `j`, at each sample; at a breakpoint its term counts nothing. `q` has a number for each
    /// row, `y` one for each sample.
    pub fn slopes<T: Sample>(&self, q: &[f64], y: &[T]) -> Vec<f64> {
        let mut slopes = self.affine_by_sample(q);
        for layer in &self.layers {
            let own = self.by_sample(layer, q);
            let steps = y.iter().zip(&layer.at).map(|(y, at)| sign(y.widen() - at));
            slopes.iter_mut().zip(own.iter().zip(steps)).for_each(|(slope, (own, sign))| *slope += sign * own);
        }
        slopes
    }

    /// Pieces whose samples lie at a breakpoint that no active row sees: there they move as elsewhere.
    fn freed<T: Sample>(&self, projection: &Projection<T>) -> Vec<usize> {
        if projection.y.is_empty() || projection.multipliers.len() != self.rows() {
            return Vec::new();
        }
        let mut pull: Option<Vec<Vec<f64>>> = None;
        let mut freed = Vec::new();
        for (i, ends) in self.pieces.start.windows(2).enumerate() {
            let y = projection.y[i].widen();
            let full = |k: &usize| y == T::inward(self.pieces.lo[*k], self.pieces.hi[*k]).1;
            let Some(k) = (ends[0]..ends[1].saturating_sub(1)).find(full) else { continue };
            let of_layer = |layer| self.by_sample(layer, &projection.multipliers);
            let pull = pull.get_or_insert_with(|| self.layers.iter().map(of_layer).collect());
            let here = self.layers.iter().zip(pull).filter(|(layer, _)| layer.at[i] == self.pieces.hi[k]);
            if here.map(|(_, pull)| pull[i]).sum::<f64>() == 0.0 {
                freed.push(k);
            }
        }
        freed
    }

    /// The problem in pieces with these joined to the next ones, and the products of the free samples with theirs.
    fn with_free(&self, freed: &[usize], gram: &mut [f64]) -> Problem {
        let mut hi = self.pieces.hi.clone();
        freed.iter().for_each(|&k| hi[k] = self.pieces.hi[k + 1]);
        let mut problem = self.lifted.clone();
        problem.bounds =
            Bounds::PerSample { lo: problem.grouping.group(&self.pieces.lo), hi: problem.grouping.group(&hi) };
        let width = problem.width();
        let factors: Vec<Option<Vec<f64>>> = problem
            .factors
            .iter()
            .map(|factor| match factor {
                Factor::One => None,
                Factor::Data(phi) => Some(problem.grouping.ungroup(phi)),
            })
            .collect();
        let weights = problem.weights();
        for &k in freed {
            let first = problem.grouping.cell()[k] as usize * width * width;
            let phi = |f: usize| factors[f].as_ref().map_or(1.0, |phi| phi[k]);
            let weight = weights.as_ref().map_or(1.0, |weights| weights[k]);
            for f in 0..width {
                for g in 0..width {
                    if let Some(entry) = gram.get_mut(first + f * width + g).filter(|_| weight > 0.0) {
                        *entry += phi(f) * phi(g) / weight;
                    }
                }
            }
        }
        problem
    }

    /// The sum over its pieces for each sample.
    fn added(&self, of_pieces: &[f64]) -> Vec<f64> {
        self.pieces.start.windows(2).map(|ends| of_pieces[ends[0]..ends[1]].iter().sum()).collect()
    }

    /// `Σ_j numbers_j b_j` at each sample.
    fn by_sample(&self, layer: &super::Layer, numbers: &[f64]) -> Vec<f64> {
        let width = self.width();
        let mut slots = vec![0.0; layer.used.len()];
        layer.rows.shift_into(numbers, &mut slots);
        let at =
            |(i, cell): (usize, &u32)| (0..width).map(|f| slots[*cell as usize * width + f] * self.factor(f, i)).sum();
        self.affine.cell().iter().enumerate().map(at).collect()
    }

    /// `Σ_j numbers_j a_j` at each sample.
    fn affine_by_sample(&self, numbers: &[f64]) -> Vec<f64> {
        let matrix = self.affine.to_csc();
        let column = |i: usize| {
            let entries = matrix.indptr[i]..matrix.indptr[i + 1];
            entries.map(|entry| matrix.values[entry] * numbers[matrix.indices[entry] as usize]).sum()
        };
        (0..self.n()).map(column).collect()
    }
}
