//! What a caller hands over: plain vectors, not yet checked.

/// The parts of a problem with the matrix coded by a dictionary of cells:
/// `A[:, i] = Σ_f C_f[:, cell(i)] · φ_f(i)`, with `φ_0 = 1`.
#[derive(Debug, Clone, Default)]
pub struct ProblemParts {
    /// Cell id of each sample, each below `cells`; length `n`.
    pub cell: Vec<u32>,
    /// Number of cells; cells without samples are allowed.
    pub cells: usize,
    /// `φ_1, φ_2, ..`, each of length `n`; `φ_0` is one everywhere and not stored.
    pub factors: Vec<Vec<f64>>,
    /// `C_0, C_1, ..`, one more than `factors`, each rows × cells.
    pub dictionary: Vec<RowsByCell>,
    /// Lower side of each row, `-inf` for none.
    pub lower: Vec<f64>,
    /// Upper side of each row, `+inf` for none.
    pub upper: Vec<f64>,
    /// The box of the predictions.
    pub bounds: Bounds,
    /// `wᵢ ≥ 0`, `None` for all one. A sample of weight zero must have an empty column of `A`; its `ŷ` is
    /// its `z`, clipped.
    pub weights: Option<Vec<f64>>,
    /// Per row infinity (hard) or the exact-penalty weight that caps the multiplier; empty for all hard.
    pub soft: Vec<f64>,
    /// Per row a name; empty for none.
    pub names: Vec<String>,
}

/// The interval of each prediction; infinite ends are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum Bounds {
    /// The same interval for all samples.
    Uniform {
        /// Least value.
        lo: f64,
        /// Largest value.
        hi: f64,
    },
    /// An interval for each sample.
    PerSample {
        /// Least values, length `n`.
        lo: Vec<f64>,
        /// Largest values, length `n`.
        hi: Vec<f64>,
    },
}

impl Bounds {
    /// The interval of a sample; without ends beyond the last one.
    pub fn at(&self, sample: usize) -> (f64, f64) {
        let end = |values: &[f64], none: f64| values.get(sample).copied().unwrap_or(none);
        match self {
            Bounds::Uniform { lo, hi } => (*lo, *hi),
            Bounds::PerSample { lo, hi } => (end(lo, f64::NEG_INFINITY), end(hi, f64::INFINITY)),
        }
    }
}

impl Default for Bounds {
    /// No bounds.
    fn default() -> Self {
        Bounds::Uniform { lo: f64::NEG_INFINITY, hi: f64::INFINITY }
    }
}

/// One dictionary `C_f`: rows × cells, compressed by cell (CSC).
///
/// ```text
///   cell        0          1      2
///   indptr   [  0,         2,     3,   5 ]
///   rows     [  0    2  |  1   |  0   1  ]
///   values   [  .5  -1  |  .25 | -1   1  ]
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowsByCell {
    indptr: Vec<usize>,
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl RowsByCell {
    /// A dictionary without coefficients.
    pub fn empty(cells: usize) -> Self {
        RowsByCell { indptr: vec![0; cells + 1], rows: Vec::new(), values: Vec::new() }
    }

    /// From `(row, coefficient)` lists, one per cell.
    pub fn from_cells<I>(cells: impl IntoIterator<Item = I>) -> Self
    where
        I: IntoIterator<Item = (u32, f64)>,
    {
        let mut out = RowsByCell { indptr: vec![0], rows: Vec::new(), values: Vec::new() };
        for cell in cells {
            for (row, value) in cell {
                out.rows.push(row);
                out.values.push(value);
            }
            out.indptr.push(out.rows.len());
        }
        out
    }

    /// From `(row, cell, coefficient)` triplets in any order; repeated places are added up by the problem.
    /// Triplets whose cell is not below `cells` are an error of the caller and panic in debug builds only.
    pub fn from_triplets(cells: usize, triplets: &[(u32, u32, f64)]) -> Self {
        let mut indptr = vec![0_usize; cells + 1];
        for &(_, cell, _) in triplets {
            debug_assert!((cell as usize) < cells);
            if let Some(count) = indptr.get_mut(cell as usize + 1) {
                *count += 1;
            }
        }
        for cell in 0..cells {
            indptr[cell + 1] += indptr[cell];
        }
        let mut next = indptr.clone();
        let total = indptr[cells];
        let (mut rows, mut values) = (vec![0; total], vec![0.0; total]);
        for &(row, cell, value) in triplets {
            if (cell as usize) < cells {
                let place = next[cell as usize];
                (rows[place], values[place]) = (row, value);
                next[cell as usize] += 1;
            }
        }
        RowsByCell { indptr, rows, values }
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.indptr.len().saturating_sub(1)
    }

    /// Number of stored coefficients.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if no coefficient is stored.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The `(row, coefficient)` pairs of a cell; none for a cell that does not exist.
    pub fn cell(&self, cell: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let begin = self.indptr.get(cell).copied().unwrap_or(0);
        let end = self.indptr.get(cell + 1).copied().unwrap_or(begin);
        self.rows[begin..end].iter().copied().zip(self.values[begin..end].iter().copied())
    }
}
