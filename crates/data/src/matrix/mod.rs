//! The numbers of a problem in files that other programs read: JSON, NumPy `.npz`, MatrixMarket `.mtx` and safetensors;
//! as a quadratic program for solvers, MPS and LP.
//!
//! ```text
//! l ≤ A ŷ ≤ u      m rows, n samples; A in compressed sparse rows:
//! lo ≤ ŷ ≤ hi      row r holds values[k] in column indices[k] for k in indptr[r]..indptr[r + 1]
//! ```
//!
//! Two vectors are written only where there is something to say: `soft`, if a row is soft, and `z`, if it is given.

mod auxiliaries;
mod json;
mod lp;
mod market;
mod mps;
mod names;
mod npz;
mod quadratic;
mod safetensors;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::atomic::write_atomically;
use super::error::DataError;

/// The numbers of a problem, borrowed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers<'a> {
    /// Where each row begins in `indices` and `values`; one more than there are rows.
    pub indptr: &'a [usize],
    /// The sample of each value, ascending within a row.
    pub indices: &'a [usize],
    /// The values of the matrix.
    pub values: &'a [f64],
    /// Lower side of each row; may be -inf.
    pub l: &'a [f64],
    /// Upper side of each row; may be inf.
    pub u: &'a [f64],
    /// Lower bound of each prediction; may be -inf.
    pub lo: &'a [f64],
    /// Upper bound of each prediction; may be inf.
    pub hi: &'a [f64],
    /// Weight of each sample.
    pub w: &'a [f64],
    /// Name of each row.
    pub names: &'a [String],
    /// For each row the largest multiplier, infinite for hard rows; none where all are hard.
    pub soft: Option<&'a [f64]>,
    /// The predictions to project, if they are wanted.
    pub z: Option<&'a [f64]>,
    /// Terms `b |ŷ − c|` of rows, if there are any.
    pub distances: Option<Distances<'a>>,
    /// How many of the last columns are no predictions, but stand for distances of these.
    pub auxiliaries: usize,
}

/// Terms `b |ŷ − c|` of rows, an entry each.
#[derive(Debug, Clone, Copy)]
pub struct Distances<'a> {
    /// The row of each entry.
    pub rows: &'a [usize],
    /// Its sample.
    pub samples: &'a [usize],
    /// `b`, above 0.
    pub b: &'a [f64],
    /// `c`.
    pub c: &'a [f64],
}

/// How [`write_numbers`] stores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatrixFormat {
    /// One JSON object; infinite sides are `null`.
    Json,
    /// A NumPy archive, which `scipy.sparse.load_npz` opens too.
    Npz,
    /// MatrixMarket: one file for the matrix, and one each for the vectors.
    Market,
    /// The quadratic program of the projection in free-format MPS; a feasibility problem without predictions.
    Mps,
    /// The same in CPLEX's LP format.
    Lp,
    /// Arrays that are mapped into memory, names in the metadata.
    Safetensors,
}

impl MatrixFormat {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Json, Self::Npz, Self::Market, Self::Mps, Self::Lp, Self::Safetensors];

    /// The name by which a user asks for the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Npz => "npz",
            Self::Market => "mtx",
            Self::Mps => "mps",
            Self::Lp => "lp",
            Self::Safetensors => "safetensors",
        }
    }

    /// Whether it has a form for rows with terms in distances.
    pub fn takes_distances(self) -> bool {
        match self {
            Self::Json | Self::Mps | Self::Lp => true,
            Self::Npz | Self::Market | Self::Safetensors => false,
        }
    }
}

impl fmt::Display for MatrixFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for MatrixFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| format!("unknown format `{text}`; the formats are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// The files that [`write_numbers`] may write.
pub fn files_of(format: MatrixFormat, path: &Path) -> Vec<PathBuf> {
    match format {
        MatrixFormat::Market => market::files(path),
        MatrixFormat::Json | MatrixFormat::Npz | MatrixFormat::Mps | MatrixFormat::Lp | MatrixFormat::Safetensors => {
            vec![path.to_path_buf()]
        }
    }
}

/// Writes the numbers to `path`, atomically, and returns the files written. `-` is standard output, except for
/// MatrixMarket, which is several files: `x.mtx`, and beside it `x.l.mtx`, `x.u.mtx`, `x.lo.mtx`, `x.hi.mtx`,
/// `x.w.mtx`.
///
/// # Errors
/// [`DataError::MatrixShape`] if the lengths do not fit together, [`DataError::SeveralFiles`] or
/// [`DataError::Write`].
pub fn write_numbers(numbers: &Numbers<'_>, format: MatrixFormat, path: &Path) -> Result<Vec<PathBuf>, DataError> {
    numbers.check()?;
    if numbers.distances.is_some() && !format.takes_distances() {
        return Err(DataError::NoDistances { format: format.name() });
    }
    let failed = |source| DataError::Write { file: path.display().to_string(), source };
    match format {
        MatrixFormat::Json => write_atomically(path, |out| json::write(numbers, out).map_err(failed))?,
        MatrixFormat::Npz => write_atomically(path, |out| npz::write(numbers, out).map_err(failed))?,
        MatrixFormat::Market => return market::write(numbers, path),
        MatrixFormat::Mps => {
            let linear = auxiliaries::linear(numbers);
            write_atomically(path, |out| mps::write(&linear.numbers(numbers), out).map_err(failed))?;
        }
        MatrixFormat::Lp => {
            let linear = auxiliaries::linear(numbers);
            write_atomically(path, |out| lp::write(&linear.numbers(numbers), out).map_err(failed))?;
        }
        MatrixFormat::Safetensors => write_atomically(path, |out| safetensors::write(numbers, out).map_err(failed))?,
    }
    Ok(vec![path.to_path_buf()])
}

impl Numbers<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.l.len()
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.w.len()
    }

    fn check(&self) -> Result<(), DataError> {
        let (rows, samples, entries) = (self.rows(), self.samples(), self.values.len());
        let lengths = [
            ("the length of indptr", self.indptr.len(), rows + 1),
            ("the length of indices", self.indices.len(), entries),
            ("the length of u", self.u.len(), rows),
            ("the length of lo", self.lo.len(), samples),
            ("the length of hi", self.hi.len(), samples),
            ("the length of names", self.names.len(), rows),
            ("the first of indptr", self.indptr.first().copied().unwrap_or(0), 0),
            ("the length of soft", self.soft.map_or(rows, <[f64]>::len), rows),
            ("the length of z", self.z.map_or(samples, <[f64]>::len), samples),
            ("the largest row of a distance", self.distances.map_or(0, |it| beyond(it.rows, rows)), 0),
            ("the largest sample of a distance", self.distances.map_or(0, |it| beyond(it.samples, samples)), 0),
            ("the last of indptr", self.indptr.last().copied().unwrap_or(0), entries),
        ];
        if let Some(&(what, found, expected)) = lengths.iter().find(|(_, found, expected)| found != expected) {
            return Err(DataError::MatrixShape { what, expected, found });
        }
        let steps = self.indptr.iter().zip(self.indptr.iter().skip(1));
        if let Some((&before, &after)) = steps.clone().find(|(before, after)| before > after) {
            return Err(DataError::MatrixShape { what: "a step of indptr", expected: before, found: after });
        }
        if let Some(&found) = self.indices.iter().find(|&&index| index >= samples) {
            return Err(DataError::MatrixShape { what: "an index", expected: samples.saturating_sub(1), found });
        }
        let pairs = (0..rows).flat_map(|row| self.row(row).zip(self.row(row).skip(1)));
        match pairs.map(|((before, _), (after, _))| (before, after)).find(|(before, after)| before >= after) {
            Some((before, found)) => {
                Err(DataError::MatrixShape { what: "an index after a smaller one", expected: before + 1, found })
            }
            None => Ok(()),
        }
    }
}

/// How many indices are too large.
fn beyond(indices: &[usize], limit: usize) -> usize {
    indices.iter().filter(|index| **index >= limit).count()
}

#[cfg(test)]
mod tests;
