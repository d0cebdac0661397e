//! Samples that nothing tells apart, in the order of their rows.
//!
//! Equal columns of equal gain can be exchanged. The simplex method leaves them as it found them; here those that come first
//! get what there is, so that the answer follows from the data and at most one of them is in between.

use std::collections::HashMap;

use super::lp::Lp;
use super::simplex::{At, ReducedCosts, Simplex, ZERO};

/// Spreads the values `d` of equal columns at their threshold again.
pub(super) fn in_row_order(simplex: &Simplex<'_>, d: &mut [f64]) {
    let lp = simplex.lp;
    let mut reduced = ReducedCosts::new(lp);
    for cell in 0..lp.cells() {
        reduced.enter(lp, cell, &simplex.multipliers);
        let at_threshold = |&column: &usize| {
            let (r, size) = reduced.of(lp, column, simplex.cost[column]);
            lp.lo[column] < lp.hi[column] && (r.abs() <= ZERO * size || simplex.at[column] == At::Basic)
        };
        let mut classes: HashMap<Vec<u64>, Vec<usize>> = HashMap::new();
        for column in lp.columns(cell).filter(at_threshold) {
            classes.entry(lp.key(column)).or_default().push(column);
        }
        for columns in classes.into_values().filter(|columns| columns.len() > 1) {
            spread(lp, &columns, d);
        }
    }
}

/// The same for whole decisions, wherever they come from.
pub(super) fn whole_in_row_order(lp: &Lp, d: &mut [f64]) {
    for cell in 0..lp.cells() {
        let columns = || lp.columns(cell).filter(|&column| column < d.len() && lp.lo[column] < lp.hi[column]);
        // Columns of one gain that are decided both ways lie between these.
        let taken = columns().filter(|&column| d[column] > lp.lo[column]);
        let least = taken.fold(f64::INFINITY, |least, column| least.min(lp.cost[column]));
        let refused = columns().filter(|&column| d[column] < lp.hi[column]);
        let most = refused.fold(f64::NEG_INFINITY, |most, column| most.max(lp.cost[column]));
        let mut classes: HashMap<Vec<u64>, Vec<usize>> = HashMap::new();
        for column in columns().filter(|&column| least <= lp.cost[column] && lp.cost[column] <= most) {
            classes.entry(lp.key(column)).or_default().push(column);
        }
        for columns in classes.into_values().filter(|columns| columns.len() > 1) {
            spread(lp, &columns, d);
        }
    }
}

fn spread(lp: &Lp, columns: &[usize], d: &mut [f64]) {
    let Some(&first) = columns.first() else { return };
    let (lo, hi) = (lp.lo[first], lp.hi[first]);
    let whole = columns.iter().filter(|&&column| d[column] == hi).count();
    // Those in between, which are few: the rest is whole numbers of columns.
    let mut rest: f64 =
        columns.iter().filter(|&&column| d[column] != hi && d[column] != lo).map(|&column| d[column] - lo).sum();
    let mut full = whole;
    while rest >= hi - lo {
        rest -= hi - lo;
        full += 1;
    }
    for (place, &column) in columns.iter().enumerate() {
        d[column] = match place {
            place if place < full => hi,
            place if place == full => lo + rest,
            _ => lo,
        };
    }
}
