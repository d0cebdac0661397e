//! From single entries, as records and other programs have them, to terms coded by cells.

use std::collections::HashMap;

use super::{ConvexProblem, ConvexTerms, MOST_BREAKPOINTS, sign};
use crate::problem::{ProblemError, ProblemParts, RowsByCell};
use crate::project::{Gradient, ProjectError, Projection, Sample};

/// Terms `b |ŷ_sample − at|` of rows, one by one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConvexEntries {
    /// The row of each entry.
    pub rows: Vec<usize>,
    /// Its sample.
    pub samples: Vec<usize>,
    /// `b`, not negative.
    pub values: Vec<f64>,
    /// `c`, finite.
    pub at: Vec<f64>,
}

/// A sparse matrix in row form, as [`crate::Problem::from_csr`] takes it.
#[derive(Debug, Clone, Copy)]
pub struct MatrixByRows<'a> {
    /// Length rows + 1, ascending from 0.
    pub indptr: &'a [usize],
    /// Column of each entry.
    pub indices: &'a [usize],
    /// Value of each entry.
    pub values: &'a [f64],
}

/// What makes two samples be of one cell: coefficients, and terms by the rank of their breakpoints.
type Key = (Vec<(u32, u64)>, Vec<(u32, u32, u64)>);

impl ConvexProblem {
    /// From ordinary sparse matrices. `parts` has sides, box, weights, penalties and names; its cells, factors and dictionary are made
    /// here.
    ///
    /// # Errors
    /// As [`ConvexProblem::new`], and indices that do not fit.
    pub fn from_entries(
        n: usize,
        matrix: MatrixByRows<'_>,
        entries: &ConvexEntries,
        parts: ProblemParts,
    ) -> Result<ConvexProblem, ProblemError> {
        let rows = parts.lower.len();
        let MatrixByRows { indptr, indices, values } = matrix;
        crate::problem::check_csr(n, indptr, indices, values, rows)?;
        entries.check(n, rows)?;
        let ranks = entries.ranks(n)?;
        let mut keys: Vec<Key> = vec![Key::default(); n];
        for row in 0..rows {
            for entry in indptr[row]..indptr[row + 1] {
                keys[indices[entry]].0.push((row as u32, values[entry].to_bits()));
            }
        }
        for (entry, &sample) in entries.samples.iter().enumerate() {
            let value = entries.values[entry].to_bits();
            keys[sample].1.push((ranks.of[entry], entries.rows[entry] as u32, value));
        }
        keys.iter_mut().for_each(|key| key.1.sort_unstable());
        let mut known: HashMap<&Key, u32> = HashMap::new();
        let (mut cell, mut firsts) = (Vec::with_capacity(n), Vec::new());
        for key in &keys {
            let next = firsts.len() as u32;
            let id = *known.entry(key).or_insert(next);
            if id == next {
                firsts.push(key);
            }
            cell.push(id);
        }
        let affine = firsts.iter().map(|key| key.0.iter().map(|&(row, value)| (row, f64::from_bits(value))));
        let terms = ranks.at.into_iter().enumerate().map(|(rank, at)| {
            let own = |key: &&Key| {
                let of_rank = key.1.iter().filter(|entry| entry.0 as usize == rank);
                of_rank.map(|&(_, row, value)| (row, f64::from_bits(value))).collect::<Vec<_>>()
            };
            ConvexTerms { at, dictionary: vec![RowsByCell::from_cells(firsts.iter().map(own))] }
        });
        let terms = terms.collect();
        let dictionary = vec![RowsByCell::from_cells(affine)];
        let cells = firsts.len();
        ConvexProblem::new(ProblemParts { cell, cells, factors: Vec::new(), dictionary, ..parts }, terms)
    }
}

/// For other programs.
impl ConvexProblem {
    /// The terms one by one, ascending by breakpoints' lists, rows and samples. Those with `b = 0` are left out.
    pub fn entries(&self) -> ConvexEntries {
        let width = self.width();
        let mut entries = ConvexEntries::default();
        let mut slots = Vec::new();
        for layer in &self.layers {
            for row in 0..self.rows() {
                if layer.rows.row(row).next().is_none() {
                    continue;
                }
                slots.clear();
                slots.resize(layer.used.len(), 0.0);
                layer.rows.row(row).for_each(|(slot, value)| slots[slot] = value);
                for (sample, &cell) in self.affine.cell().iter().enumerate() {
                    let slot = cell as usize * width;
                    let b: f64 = (0..width).map(|f| slots[slot + f] * self.factor(f, sample)).sum();
                    if b != 0.0 {
                        entries.rows.push(row);
                        entries.samples.push(sample);
                        entries.values.push(b);
                        entries.at.push(layer.at[sample]);
                    }
                }
            }
        }
        entries
    }
}

/// Derivatives entry by entry.
impl ConvexProblem {
    /// The gradient of `vᵀ ŷ` with respect to the `c` of each entry, where the problem was made of these entries. Entries of one
    /// sample with one breakpoint move it together in [`ConvexProblem::breakpoint_gradient`]; here each moves by itself, and a
    /// prediction that is held there goes with the one that pulls more than all others, if there is one.
    ///
    /// # Errors
    /// As [`ConvexProblem::breakpoint_gradient`].
    pub fn entry_gradient<T: Sample>(
        &self,
        entries: &ConvexEntries,
        projection: &Projection<T>,
        gradient: &Gradient<T>,
        v: &[T],
    ) -> Result<Vec<f64>, ProjectError> {
        let by_rank = self.breakpoint_gradient(projection, gradient, v)?;
        let Ok(ranks) = entries.ranks(self.n()) else { return Err(ProjectError::NoDerivative) };
        let pull = |entry: usize| projection.multipliers[entries.rows[entry]] * entries.values[entry];
        let mut pulls = vec![vec![0.0; self.n()]; by_rank.len()];
        for (entry, &sample) in entries.samples.iter().enumerate() {
            pulls[ranks.of[entry] as usize][sample] += pull(entry);
        }
        let side = |row: usize| gradient.lower[row] + gradient.upper[row];
        let one = |entry: usize| {
            let (rank, sample, row) = (ranks.of[entry] as usize, entries.samples[entry], entries.rows[entry]);
            let step = projection.y[sample].widen() - entries.at[entry];
            let (own, all) = (pull(entry), pulls[rank][sample]);
            match step == 0.0 && all > 0.0 {
                true if 2.0 * own > all => by_rank[rank][sample],
                true => 0.0,
                false => sign(step) * entries.values[entry] * side(row),
            }
        };
        Ok((0..entries.rows.len()).map(one).collect())
    }
}

/// The breakpoints of each sample, ascending.
struct Ranks {
    /// The rank of each entry among the breakpoints of its sample.
    of: Vec<u32>,
    /// For each rank the breakpoint of each sample; of samples with fewer the last one, or 0.
    at: Vec<Vec<f64>>,
}

impl ConvexEntries {
    fn check(&self, n: usize, rows: usize) -> Result<(), ProblemError> {
        let count = self.rows.len();
        for (what, found) in [("samples", self.samples.len()), ("b", self.values.len()), ("c", self.at.len())] {
            if found != count {
                return Err(ProblemError::Length { what, found, expected: count });
            }
        }
        for (what, list, limit) in [("rows", &self.rows, rows), ("samples", &self.samples, n)] {
            if let Some(index) = list.iter().position(|value| *value >= limit) {
                return Err(ProblemError::Index { what, index, value: list[index], limit });
            }
        }
        for (what, list) in [("b", &self.values), ("c", &self.at)] {
            if let Some(index) = list.iter().position(|value| !value.is_finite()) {
                return Err(ProblemError::NotFinite { what, index, value: list[index], expected: "finite" });
            }
        }
        Ok(())
    }

    fn ranks(&self, n: usize) -> Result<Ranks, ProblemError> {
        let mut own: Vec<Vec<f64>> = vec![Vec::new(); n];
        self.samples.iter().zip(&self.at).for_each(|(&sample, &at)| own[sample].push(at + 0.0));
        for list in &mut own {
            list.sort_by(f64::total_cmp);
            list.dedup();
        }
        let most = own.iter().map(Vec::len).max().unwrap_or(0);
        if most > MOST_BREAKPOINTS {
            return Err(ProblemError::Breakpoints { found: most, most: MOST_BREAKPOINTS });
        }
        let rank = |(&sample, &at): (&usize, &f64)| own[sample].partition_point(|other| *other < at) as u32;
        let of = self.samples.iter().zip(&self.at).map(rank).collect();
        let at_rank = |rank: usize| own.iter().map(move |list| list.get(rank).or(list.last()).copied().unwrap_or(0.0));
        Ok(Ranks { of, at: (0..most).map(|rank| at_rank(rank).collect()).collect() })
    }
}
