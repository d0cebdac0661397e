//! From parts to a checked problem.

use super::{
    Bounds, Factor, Grouping, Problem, ProblemError, ProblemParts, RowsByCell, SlotRows, check,
    levels::{levels, shared},
};

impl Problem {
    /// Checks the parts and groups the samples by cell.
    ///
    /// # Errors
    /// Wrong lengths, NaN or infinite numbers, empty intervals, negative weights, indices that point outside, and
    /// samples of weight zero with a coefficient, each with its index and value.
    pub fn new(parts: ProblemParts) -> Result<Problem, ProblemError> {
        let (n, rows) = (parts.cell.len(), parts.lower.len());
        check_shape(&parts)?;
        check::sides(&parts.lower, &parts.upper, rows)?;
        for factor in &parts.factors {
            check::length("factors", factor.len(), n)?;
            check::finite("factors", factor)?;
        }
        check_bounds(&parts.bounds, n)?;
        if let Some(weights) = &parts.weights {
            check::weights(weights, n)?;
            check_weightless(&parts, weights)?;
        }
        let soft = if parts.soft.is_empty() { vec![f64::INFINITY; rows] } else { parts.soft };
        check::soft(&soft, rows)?;
        if !parts.names.is_empty() {
            check::length("names", parts.names.len(), rows)?;
        }

        let grouping = Grouping::new(parts.cell, parts.cells);
        let mut factors = Vec::new();
        let mut used = Vec::new();
        for (f, dictionary) in parts.dictionary.into_iter().enumerate() {
            if dictionary.is_empty() {
                continue;
            }
            match f.checked_sub(1).and_then(|g| parts.factors.get(g)) {
                None => factors.push(Factor::One),
                Some(phi) => factors.push(Factor::Data(grouping.group(phi))),
            }
            used.push(dictionary);
        }
        let mut slots = SlotRows::new(rows, parts.cells, &used);
        let extreme = slots.are_extreme(&peaks(&factors, &grouping));
        let is_plain = matches!(factors[..], [Factor::One]) && !extreme;
        let levels = if is_plain { levels(&slots, rows, parts.cells) } else { Vec::new() };
        slots.share(shared(&slots, rows, &levels));
        Ok(Problem {
            rows: slots,
            extreme,
            levels,
            factors,
            lower: parts.lower,
            upper: parts.upper,
            bounds: group_bounds(parts.bounds, &grouping),
            weights: parts.weights.map(|w| grouping.group(&w)),
            soft,
            names: parts.names,
            grouping,
        })
    }
}

/// Per slot the largest size of its factor.
fn peaks(factors: &[Factor], grouping: &Grouping) -> Vec<f64> {
    let peak = |factor: &Factor, cell| match factor {
        Factor::One => 1.0,
        Factor::Data(phi) => phi[grouping.range(cell)].iter().fold(0.0_f64, |most, phi| most.max(phi.abs())),
    };
    (0..grouping.cells()).flat_map(|cell| factors.iter().map(move |factor| peak(factor, cell))).collect()
}

fn check_shape(parts: &ProblemParts) -> Result<(), ProblemError> {
    let (n, rows) = (parts.cell.len(), parts.lower.len());
    if u32::try_from(n).is_err() {
        return Err(ProblemError::TooMany { n });
    }
    let limit = parts.cells;
    // One pass that vectorises; the place is looked up only when something is wrong.
    let largest = parts.cell.iter().fold(0, |m, &c| m.max(c)) as usize;
    if largest >= limit
        && let Some(index) = parts.cell.iter().position(|&c| c as usize >= limit)
    {
        return Err(ProblemError::Index { what: "cell", index, value: parts.cell[index] as usize, limit });
    }
    check::length("dictionary", parts.dictionary.len(), parts.factors.len() + 1)?;
    for dictionary in &parts.dictionary {
        check_dictionary(dictionary, parts.cells, rows)?;
    }
    Ok(())
}

/// Checks the numbers of terms `b |ŷ − c|`: `shape` is samples, rows, cells and factors, the constant one included.
pub(crate) fn check_terms(
    at: &[f64],
    dictionary: &[RowsByCell],
    (n, rows, cells, width): (usize, usize, usize, usize),
) -> Result<(), ProblemError> {
    check::length("at", at.len(), n)?;
    check::finite("at", at)?;
    check::length("dictionary of convex terms", dictionary.len(), width)?;
    dictionary.iter().try_for_each(|dictionary| check_dictionary(dictionary, cells, rows))
}

fn check_dictionary(dictionary: &RowsByCell, cells: usize, rows: usize) -> Result<(), ProblemError> {
    check::length("dictionary cells", dictionary.cells(), cells)?;
    let mut index = 0;
    for cell in 0..cells {
        for (row, value) in dictionary.cell(cell) {
            if row as usize >= rows {
                return Err(ProblemError::Index { what: "dictionary rows", index, value: row as usize, limit: rows });
            }
            if !value.is_finite() {
                return Err(ProblemError::NotFinite { what: "dictionary values", index, value, expected: "finite" });
            }
            index += 1;
        }
    }
    Ok(())
}

fn check_bounds(bounds: &Bounds, n: usize) -> Result<(), ProblemError> {
    match bounds {
        Bounds::Uniform { lo, hi } => check::interval(0, *lo, *hi),
        Bounds::PerSample { lo, hi } => {
            check::length("lo", lo.len(), n)?;
            check::length("hi", hi.len(), n)?;
            lo.iter().zip(hi).enumerate().try_for_each(|(i, (&lo, &hi))| check::interval(i, lo, hi))
        }
    }
}

/// A sample of weight zero may have no coefficient, else its projection is not unique.
fn check_weightless(parts: &ProblemParts, weights: &[f64]) -> Result<(), ProblemError> {
    for (index, _) in weights.iter().enumerate().filter(|(_, w)| **w == 0.0) {
        let cell = parts.cell[index] as usize;
        for (f, dictionary) in parts.dictionary.iter().enumerate() {
            let phi = f.checked_sub(1).and_then(|g| parts.factors.get(g)).map_or(1.0, |phi| phi[index]);
            if phi == 0.0 {
                continue;
            }
            if let Some((row, _)) = dictionary.cell(cell).find(|(_, value)| *value != 0.0) {
                return Err(ProblemError::WeightlessSample { index, row: row as usize });
            }
        }
    }
    Ok(())
}

fn group_bounds(bounds: Bounds, grouping: &Grouping) -> Bounds {
    match bounds {
        Bounds::Uniform { .. } => bounds,
        Bounds::PerSample { lo, hi } => Bounds::PerSample { lo: grouping.group(&lo), hi: grouping.group(&hi) },
    }
}
