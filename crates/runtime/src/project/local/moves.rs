//! Rows that enter the basis and leave it, along the dual path.

use super::{Entered, Local, Place, Side, transpose_times};
use crate::problem::Problem;
use crate::project::fine;
use crate::project::sides::Sides;

impl Local {
    /// Moves the multiplier of a violated row until it is satisfied, dropping and capping others on the way.
    pub(super) fn enter(
        &mut self,
        problem: &Problem,
        sides: &Sides,
        row: usize,
        side: Side,
        down: bool,
        steps: &mut usize,
    ) -> Entered {
        let sign = if down { -1.0 } else { 1.0 };
        let goal = if side == Side::Upper { sides.upper[row] } else { sides.lower[row] };
        let mut violation = sign * (self.activity[row] - goal);
        let from_cap = matches!(self.places[row], Place::Capped(_));
        self.load_row(problem, row);
        loop {
            *steps += 1;
            let square = self.basis.reduce(&self.vector);
            self.combination.clear();
            self.combination.extend_from_slice(&self.basis.coefficients);
            self.basis.solve_upper(&mut self.combination);
            let full = if square > 0.0 { violation / square } else { f64::INFINITY };
            let (blocked, at) = self.blocking(sides, sign);
            let own = if from_cap { self.target[row].abs() } else { sides.cap[row] - self.target[row].abs() };
            let step = full.min(blocked).min(own);
            if step == f64::INFINITY {
                self.set_ray(row, sign);
                return Entered::Ray(violation);
            }
            for (k, &active) in self.active.iter().enumerate() {
                self.target[active] -= sign * step * self.combination[k];
                self.change[active] -= sign * step * self.combination[k];
            }
            self.target[row] += sign * step;
            self.change[row] += sign * step;
            if square > 0.0 {
                self.x.iter_mut().zip(&self.basis.rest).for_each(|(x, v)| *x -= sign * step * v);
                violation -= step * square;
            }
            if step == full {
                self.basis.push_reduced();
                self.active.push(row);
                self.places[row] = Place::Basic(side);
                return Entered::Done;
            }
            if step == own {
                (self.places[row], self.target[row]) = match from_cap {
                    true => (Place::Zero, 0.0),
                    false => (Place::Capped(side), sign * sides.cap[row]),
                };
                self.set_change(row);
                return Entered::Done;
            }
            if let Some(k) = at {
                self.leave(sides, k);
            }
        }
    }

    /// How far the entering multiplier may go before one in the basis changes sign or reaches its cap.
    pub(super) fn blocking(&self, sides: &Sides, sign: f64) -> (f64, Option<usize>) {
        let scale = self.combination.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        let mut best = (f64::INFINITY, None);
        for (k, &row) in self.active.iter().enumerate() {
            let speed = -sign * self.combination[k];
            if speed.abs() <= 1e-13 * scale {
                continue;
            }
            let (mu, cap) = (self.target[row], sides.cap[row]);
            let room = match self.places[row] {
                _ if sides.is_equality(row) => cap - speed.signum() * mu,
                Place::Basic(Side::Upper) if speed < 0.0 => mu.max(0.0),
                Place::Basic(Side::Upper) => cap - mu,
                _ if speed > 0.0 => (-mu).max(0.0),
                _ => cap + mu,
            };
            let step = room / speed.abs();
            if step < best.0 {
                best = (step, Some(k));
            }
        }
        best
    }

    pub(super) fn leave(&mut self, sides: &Sides, k: usize) {
        let row = self.active.remove(k);
        self.basis.remove(k);
        let cap = sides.cap[row];
        if self.target[row].abs() > 0.5 * cap {
            let side = if self.target[row] > 0.0 { Side::Upper } else { Side::Lower };
            self.places[row] = Place::Capped(side);
            self.target[row] = cap.copysign(self.target[row]);
        } else {
            self.places[row] = Place::Zero;
            self.target[row] = 0.0;
        }
        self.set_change(row);
    }

    /// The change of a row whose target is known to the last digit.
    pub(super) fn set_change(&mut self, row: usize) {
        self.change[row] = self.target[row] - self.from.get(row).copied().unwrap_or(0.0);
    }

    pub(super) fn set_ray(&mut self, row: usize, sign: f64) {
        self.ray.clear();
        self.ray.resize(self.target.len(), 0.0);
        self.ray[row] = sign;
        let scale = self.combination.iter().fold(1.0_f64, |m, c| m.max(c.abs()));
        for (&active, &c) in self.active.iter().zip(&self.combination) {
            if c.abs() > 1e-13 * scale {
                self.ray[active] = -sign * c;
            }
        }
    }

    /// Takes out of the ray what it still moves the free samples by: a proof of infeasibility must not move them at all.
    pub(crate) fn refine_ray(&mut self, problem: &Problem) {
        let width = problem.width();
        for _ in 0..2 {
            self.combination.clear();
            self.combination.resize(self.ray.len(), 0.0);
            fine::shift_into(problem, &self.ray, &self.combination, &mut self.pairs);
            self.slots.iter_mut().zip(&self.pairs).for_each(|(slot, pair)| *slot = pair.high);
            for cell in 0..problem.cells() {
                let range = cell * width..(cell + 1) * width;
                let factor = &self.factor[cell * width * width..(cell + 1) * width * width];
                transpose_times(factor, &self.slots[range.clone()], &mut self.vector[range]);
            }
            self.basis.reduce(&self.vector);
            self.combination.clear();
            self.combination.extend_from_slice(&self.basis.coefficients);
            self.basis.solve_upper(&mut self.combination);
            for (&active, &c) in self.active.iter().zip(&self.combination) {
                if self.ray[active] != 0.0 {
                    self.ray[active] -= c;
                }
            }
        }
    }
}
