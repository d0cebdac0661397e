//! From samples with breakpoints to pieces without.

use std::collections::{BTreeMap, HashMap};

use super::{ConvexTerms, Layer, MOST_BREAKPOINTS};
use crate::problem::{Bounds, Problem, ProblemError, ProblemParts, RowsByCell, SlotRows, Sum};
use crate::project::Sample;

/// The pieces of all samples, sample by sample, each sample's ascending.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces {
    /// One number more than samples.
    pub start: Vec<usize>,
    pub lo: Vec<f64>,
    pub hi: Vec<f64>,
}

impl Pieces {
    /// Each sample's value at all of its pieces.
    pub fn spread<V: Copy>(&self, values: &[V]) -> Vec<V> {
        let mut out = Vec::with_capacity(self.lo.len());
        for (ends, &value) in self.start.windows(2).zip(values) {
            out.extend(std::iter::repeat_n(value, ends[1] - ends[0]));
        }
        out
    }

    /// The predictions: of each sample the last piece that is not empty.
    pub fn gather<T: Sample>(&self, t: &[T]) -> Vec<T> {
        let last = |ends: &[usize]| {
            let filled = |k: &usize| t[*k].widen() > T::inward(self.lo[*k], self.hi[*k]).0;
            t[(ends[0] + 1..ends[1]).rev().find(filled).unwrap_or(ends[0])]
        };
        self.start.windows(2).map(last).collect()
    }

    /// The pieces as a prediction fills them.
    pub fn fill<T: Sample>(&self, y: &[T]) -> Vec<T> {
        let mut out = Vec::with_capacity(self.lo.len());
        for (ends, y) in self.start.windows(2).zip(y) {
            out.extend((ends[0]..ends[1]).map(|k| {
                let (lo, hi) = T::inward(self.lo[k], self.hi[k]);
                T::narrow(y.widen().max(lo).min(hi))
            }));
        }
        out
    }
}

/// What a problem in pieces is made of.
pub(super) struct Lifted {
    pub problem: Problem,
    pub pieces: Pieces,
    pub layers: Vec<Layer>,
    pub factors: Vec<Vec<f64>>,
    pub constants: Vec<f64>,
    pub doubt: Vec<f64>,
}

/// Checks the terms: one finite breakpoint for each sample, indices that exist, and no `b` below zero.
pub(super) fn layers(parts: &ProblemParts, terms: Vec<ConvexTerms>) -> Result<Vec<(ConvexTerms, Layer)>, ProblemError> {
    if terms.len() > MOST_BREAKPOINTS {
        return Err(ProblemError::Breakpoints { found: terms.len(), most: MOST_BREAKPOINTS });
    }
    let (n, rows, width) = (parts.cell.len(), parts.lower.len(), parts.factors.len() + 1);
    let mut layers = Vec::with_capacity(terms.len());
    for term in terms {
        crate::problem::check_terms(&term.at, &term.dictionary, (n, rows, parts.cells, width))?;
        let slots = SlotRows::new(rows, parts.cells, &term.dictionary);
        let mut used = vec![false; parts.cells * width];
        for row in 0..rows {
            slots.row(row).for_each(|(slot, _)| used[slot] = true);
        }
        check_signs(parts, &term)?;
        let layer = Layer { at: term.at.clone(), rows: slots, used };
        layers.push((term, layer));
    }
    Ok(layers)
}

/// Fails at a `b` below zero, and at one of a sample without weight.
fn check_signs(parts: &ProblemParts, term: &ConvexTerms) -> Result<(), ProblemError> {
    let mut sum: BTreeMap<u32, f64> = BTreeMap::new();
    for (index, &cell) in parts.cell.iter().enumerate() {
        sum.clear();
        for (f, dictionary) in term.dictionary.iter().enumerate() {
            let phi = f.checked_sub(1).map_or(1.0, |g| parts.factors[g][index]);
            dictionary.cell(cell as usize).for_each(|(row, value)| *sum.entry(row).or_default() += value * phi);
        }
        if let Some((&row, &value)) = sum.iter().find(|(_, value)| **value < 0.0) {
            return Err(ProblemError::Concave { row: row as usize, index, value });
        }
        let weight = parts.weights.as_ref().map_or(1.0, |weights| weights[index]);
        match sum.iter().find(|(_, value)| **value != 0.0) {
            Some((&row, _)) if weight == 0.0 => {
                return Err(ProblemError::WeightlessSample { index, row: row as usize });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The cells of the pieces: that of the sample, and which of its breakpoints lie below.
#[derive(Default)]
struct Cells {
    known: HashMap<(u32, u64), u32>,
    list: Vec<(u32, u64)>,
}

impl Cells {
    fn id(&mut self, cell: u32, below: u64) -> u32 {
        let next = self.list.len() as u32;
        let id = *self.known.entry((cell, below)).or_insert(next);
        if id == next {
            self.list.push((cell, below));
        }
        id
    }
}

/// Cuts the samples into pieces.
pub(super) fn lift(parts: ProblemParts, layers: Vec<(ConvexTerms, Layer)>) -> Result<Lifted, ProblemError> {
    let (n, rows, width) = (parts.cell.len(), parts.lower.len(), parts.factors.len() + 1);
    let has = |layer: &Layer, cell: u32| {
        let slot = cell as usize * width;
        layer.used[slot..slot + width].iter().any(|used| *used)
    };
    let reads: Vec<u64> = (0..parts.cells as u32)
        .map(|cell| layers.iter().enumerate().map(|(d, (_, layer))| u64::from(has(layer, cell)) << d).sum())
        .collect();
    let mut pieces = Pieces { start: vec![0], ..Pieces::default() };
    let (mut cells, mut cell_of, mut sorted) = (Cells::default(), Vec::new(), Vec::new());
    for (i, &cell) in parts.cell.iter().enumerate() {
        let (mut lo, hi) = parts.bounds.at(i);
        sorted.clear();
        let own = (0..layers.len()).filter(|d| reads[cell as usize] >> d & 1 == 1);
        sorted.extend(own.map(|d| (layers[d].1.at[i], d)));
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0_u64;
        for &(at, d) in &sorted {
            if at > lo && at < hi {
                pieces.lo.push(lo);
                pieces.hi.push(at);
                cell_of.push(cells.id(cell, below));
                lo = at;
            }
            // One at the upper end or above it has the sign of a breakpoint that is never reached.
            if at < hi || at <= lo {
                below |= 1 << d;
            }
        }
        pieces.lo.push(lo);
        pieces.hi.push(hi);
        cell_of.push(cells.id(cell, below));
        pieces.start.push(pieces.lo.len());
    }
    let dictionary: Vec<RowsByCell> = (0..width)
        .map(|f| {
            RowsByCell::from_cells(cells.list.iter().map(|&id| column(&parts, &layers, f, id, reads[id.0 as usize])))
        })
        .collect();
    let (constants, doubt) = constants(&parts, &layers, &pieces, &cell_of, &dictionary, rows);
    let bounds = Bounds::PerSample { lo: pieces.lo.clone(), hi: pieces.hi.clone() };
    debug_assert_eq!(pieces.start.len(), n + 1);
    let problem = Problem::new(ProblemParts {
        cell: cell_of,
        cells: cells.list.len(),
        factors: parts.factors.iter().map(|phi| pieces.spread(phi)).collect(),
        dictionary,
        bounds,
        weights: parts.weights.as_ref().map(|weights| pieces.spread(weights)),
        lower: parts.lower,
        upper: parts.upper,
        soft: parts.soft,
        names: parts.names,
    })?;
    let layers = layers.into_iter().map(|(_, layer)| layer).collect();
    Ok(Lifted { problem, pieces, layers, factors: parts.factors, constants, doubt })
}

/// The coefficients of a factor on a piece: those of the cell, and of each term with the sign that it has there.
fn column(
    parts: &ProblemParts,
    layers: &[(ConvexTerms, Layer)],
    f: usize,
    (cell, below): (u32, u64),
    reads: u64,
) -> Vec<(u32, f64)> {
    let mut column: BTreeMap<u32, f64> = BTreeMap::new();
    for (row, value) in parts.dictionary[f].cell(cell as usize) {
        *column.entry(row).or_default() += value;
    }
    for (d, (term, _)) in layers.iter().enumerate().filter(|(d, _)| reads >> d & 1 == 1) {
        let sign = if below >> d & 1 == 1 { 1.0 } else { -1.0 };
        for (row, value) in term.dictionary[f].cell(cell as usize) {
            *column.entry(row).or_default() += sign * value;
        }
    }
    column.into_iter().filter(|(_, value)| *value != 0.0).collect()
}

/// What each row comes to where all pieces are 0, and what that may be wrong by: `Σ ∓b c` with the signs on the first piece of each
/// sample, less `Σ slope · lo` of all others.
fn constants(
    parts: &ProblemParts,
    layers: &[(ConvexTerms, Layer)],
    pieces: &Pieces,
    cell_of: &[u32],
    dictionary: &[RowsByCell],
    rows: usize,
) -> (Vec<f64>, Vec<f64>) {
    let width = parts.factors.len() + 1;
    let mut total = vec![(Sum::default(), 0.0_f64); rows];
    let mut add = |dictionary: &RowsByCell, cell: usize, (sum, size): (f64, f64)| {
        for (row, value) in dictionary.cell(cell) {
            let (all, sizes) = &mut total[row as usize];
            all.add_product(value, sum);
            *sizes += (value * size).abs();
        }
    };
    for (f, slopes) in dictionary.iter().enumerate() {
        let phi = |i: usize| f.checked_sub(1).map_or(1.0, |g| parts.factors[g][i]);
        for (term, layer) in layers {
            let mut sums = vec![(Sum::default(), 0.0_f64); parts.cells];
            for (i, &cell) in parts.cell.iter().enumerate().filter(|(_, cell)| layer.used[**cell as usize * width + f])
            {
                let is_below = layer.at[i] <= parts.bounds.at(i).0;
                let (sum, size) = &mut sums[cell as usize];
                sum.add_product(if is_below { -phi(i) } else { phi(i) }, layer.at[i]);
                *size += (phi(i) * layer.at[i]).abs();
            }
            sums.iter()
                .enumerate()
                .for_each(|(cell, (sum, size))| add(&term.dictionary[f], cell, (sum.value(), *size)));
        }
        let mut sums = vec![(Sum::default(), 0.0_f64); slopes.cells()];
        for (i, ends) in pieces.start.windows(2).enumerate() {
            for k in ends[0] + 1..ends[1] {
                let (sum, size) = &mut sums[cell_of[k] as usize];
                sum.add_product(-phi(i), pieces.lo[k]);
                *size += (phi(i) * pieces.lo[k]).abs();
            }
        }
        sums.iter().enumerate().for_each(|(cell, (sum, size))| add(slopes, cell, (sum.value(), *size)));
    }
    total.into_iter().map(|(sum, size)| (sum.value(), 4.0 * f64::EPSILON * size)).unzip()
}
