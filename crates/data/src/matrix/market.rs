//! MatrixMarket: coordinates for the matrix, arrays for the vectors, names in comments.
//!
//! The format holds one matrix a file and has no place for sides and bounds, so these stand in files beside it.
//! Infinity is written `inf`, which SciPy and C's `strtod` read.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Numbers;
use super::names::one_line;
use crate::atomic::{STANDARD_STREAM, Together};
use crate::column::Shortest;
use crate::error::DataError;

/// The files that an export may write.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    let vectors = ["l", "u", "lo", "hi", "w", "soft", "z"].map(|name| companion(path, name));
    std::iter::once(path.to_path_buf()).chain(vectors).collect()
}

/// Writes all files beside their places, and then puts the vectors in place before the matrix, so that whoever sees the matrix
/// finds the vectors too.
pub(super) fn write(numbers: &Numbers<'_>, path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if path == Path::new(STANDARD_STREAM) {
        return Err(DataError::SeveralFiles { format: "mtx" });
    }
    let mut files = Together::default();
    let vectors = [("l", numbers.l), ("u", numbers.u), ("lo", numbers.lo), ("hi", numbers.hi), ("w", numbers.w)];
    let optional = [("soft", numbers.soft), ("z", numbers.z)];
    let optional = optional.into_iter().filter_map(|(name, vector)| Some((name, vector?)));
    for (name, vector) in vectors.into_iter().chain(optional) {
        files.write(&companion(path, name), |out| write_vector(vector, out))?;
    }
    files.write(path, |out| write_matrix(numbers, out))?;
    let mut placed = files.finish()?;
    placed.rotate_right(1);
    Ok(placed)
}

/// `x.mtx` → `x.lo.mtx`.
fn companion(path: &Path, name: &str) -> PathBuf {
    let stem = if path.extension().is_some_and(|extension| extension == "mtx") {
        path.with_extension("")
    } else {
        path.to_path_buf()
    };
    let mut file = stem.into_os_string();
    file.push(format!(".{name}.mtx"));
    file.into()
}

fn write_matrix(numbers: &Numbers<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "%%MatrixMarket matrix coordinate real general")?;
    for (row, name) in numbers.names.iter().enumerate() {
        writeln!(out, "% row {}: {}", row + 1, one_line(name))?;
    }
    writeln!(out, "{} {} {}", numbers.rows(), numbers.samples(), numbers.values.len())?;
    for row in 0..numbers.rows() {
        for (index, value) in numbers.row(row) {
            writeln!(out, "{} {} {}", row + 1, index + 1, Shortest(value))?;
        }
    }
    Ok(())
}

fn write_vector(vector: &[f64], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "%%MatrixMarket matrix array real general")?;
    writeln!(out, "{} 1", vector.len())?;
    vector.iter().try_for_each(|&value| writeln!(out, "{}", Shortest(value)))
}
