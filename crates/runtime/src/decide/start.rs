//! Where the simplex method starts: at a basis found on the samples near their thresholds.
//!
//! The projection of `t·g` onto the rows is the solution of the linear program for all `t` above some number (Mangasarian &
//! Meyer 1979), and close to it for those below. So its multipliers over `t` tell most samples which side of their
//! threshold they are on; the rest are a small program. What comes of it is only where the method starts on all samples.

use super::dual::Ended;
use super::lp::{Lp, Scales};
use super::simplex::{At, ReducedCosts, Simplex, Variable};

/// Fewer columns than this are solved at once.
const FEW: usize = 4000;
/// Share of the columns that the small program has.
const SHARE: usize = 32;
/// Share of the columns that are a sample of all.
const SAMPLED: usize = 64;
/// From so many columns on, a sample of them tells where to start.
pub(super) const MANY: usize = 50_000;
/// How much larger it gets where it has no solution.
const WIDER: usize = 8;
/// Most steps on it, by rows.
const STEPS: usize = 40;

/// The multipliers of the problem as they are for the scaled program.
pub(super) fn scaled(multipliers: &[f64], scales: &Scales) -> Vec<f64> {
    multipliers.iter().zip(&scales.rows).map(|(value, scale)| value * scales.gain / scale).collect()
}

/// The simplex method, ready to go on with all columns.
pub(super) fn start<'a>(lp: &'a Lp, cost: Vec<f64>, near: Option<&[f64]>) -> Simplex<'a> {
    let mut kept = FEW.max(lp.len() / SHARE);
    while let Some(near) = near.filter(|_| kept < lp.len()) {
        if let Some((basic, at)) = on_part(lp, &cost, near, kept)
            && let Some(found) = Simplex::from_basis(lp, cost.clone(), basic, at)
        {
            return found;
        }
        kept = kept.saturating_mul(WIDER);
    }
    Simplex::new(lp, cost)
}

/// The multipliers of a sample of the columns; none where the program of these was not solved.
pub(super) fn of_sample(lp: &Lp, cost: &[f64]) -> Option<Vec<f64>> {
    let sample = lp.sampled(cost, FEW.max(lp.len() / SAMPLED));
    let mut simplex = Simplex::new(&sample, sample.cost.clone());
    (simplex.dual(STEPS * (lp.rows() + 10)) == Ended::Optimal).then(|| {
        simplex.set_multipliers();
        simplex.multipliers
    })
}

/// How far columns are from their thresholds.
pub(super) struct Distances {
    /// Reduced costs by the size of the coefficients; infinite where there are none, since nothing is decided there.
    pub far: Vec<f64>,
    /// What a column costs at least, if it goes to its other bound.
    pub worth: Vec<f64>,
    /// Where the multipliers want each column.
    pub at: Vec<At>,
}

impl Distances {
    pub fn new(lp: &Lp, cost: &[f64], multipliers: &[f64]) -> Distances {
        let none = vec![f64::INFINITY; lp.len()];
        let mut out = Distances { far: none.clone(), worth: none, at: vec![At::Lo; lp.len()] };
        let mut reduced = ReducedCosts::new(lp);
        let mut unit = vec![0.0; lp.width()];
        for cell in 0..lp.cells() {
            reduced.enter(lp, cell, multipliers);
            unit.fill(0.0);
            for entry in lp.entries(cell) {
                unit[entry.factor as usize] += entry.value.abs();
            }
            for column in lp.columns(cell) {
                let (r, _) = reduced.of(lp, column, cost[column]);
                let size = lp.dot_size(column, &unit);
                if size > 0.0 {
                    out.far[column] = r.abs() / size;
                    out.worth[column] = r.abs() * (lp.hi[column] - lp.lo[column]);
                }
                out.at[column] = if r >= 0.0 { At::Hi } else { At::Lo };
            }
        }
        out
    }
}

/// The basis of the program of those columns whose reduced costs are the nearest to zero.
fn on_part(lp: &Lp, cost: &[f64], multipliers: &[f64], kept: usize) -> Option<(Vec<Variable>, Vec<At>)> {
    let Distances { far, mut at, .. } = Distances::new(lp, cost, multipliers);
    let mut order: Vec<u32> = (0..lp.len() as u32).collect();
    order.select_nth_unstable_by(kept, |&a, &b| far[a as usize].total_cmp(&far[b as usize]).then(a.cmp(&b)));
    order.truncate(kept);
    order.sort_unstable();
    let part = lp.part(&order, |column| if at[column] == At::Hi { lp.hi[column] } else { lp.lo[column] });
    let mut small = Simplex::new(&part, order.iter().map(|&column| cost[column as usize]).collect());
    if small.dual(STEPS * (lp.rows() + 10)) != Ended::Optimal {
        return None;
    }
    let whole = |variable: Variable| match variable.checked_sub(part.len()) {
        None => order[variable] as usize,
        Some(row) => lp.len() + row,
    };
    at.extend(&small.at[part.len()..]);
    order.iter().zip(&small.at).for_each(|(&column, &own)| at[column as usize] = own);
    Some((small.basic.iter().map(|&variable| whole(variable)).collect(), at))
}
