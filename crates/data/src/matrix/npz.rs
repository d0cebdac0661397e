//! A NumPy archive: a zip file without compression, one `.npy` array for each part.
//!
//! | array | type | |
//! | --- | --- | --- |
//! | `indptr`, `indices` | int64 | compressed sparse rows |
//! | `data` | float64 | the values of the matrix |
//! | `shape` | int64 | m, n |
//! | `format` | bytes | `csr`; with the four above this is what `scipy.sparse.load_npz` wants |
//! | `l`, `u`, `lo`, `hi`, `w` | float64 | infinite where unbounded |
//! | `soft`, `z` | float64 | only where there are soft rows, or predictions were asked for |
//! | `names` | text | of the rows |

use std::io::{self, Write};

use rawzip::ZipArchiveWriter;

use super::Numbers;

/// Arrays begin at a multiple of this, so that they can be mapped into memory.
const ALIGNMENT: usize = 64;

pub(super) fn write(numbers: &Numbers<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut archive = Archive(ZipArchiveWriter::new(out));
    archive.integers("indptr", numbers.indptr)?;
    archive.integers("indices", numbers.indices)?;
    archive.floats("data", numbers.values)?;
    archive.integers("shape", &[numbers.rows(), numbers.samples()])?;
    archive.member("format", "|S3", "()", |out| out.write_all(b"csr"))?;
    archive.floats("l", numbers.l)?;
    archive.floats("u", numbers.u)?;
    archive.floats("lo", numbers.lo)?;
    archive.floats("hi", numbers.hi)?;
    archive.floats("w", numbers.w)?;
    for (name, vector) in [("soft", numbers.soft), ("z", numbers.z)] {
        if let Some(vector) = vector {
            archive.floats(name, vector)?;
        }
    }
    archive.texts("names", numbers.names)?;
    archive.0.finish().map(|_| ()).map_err(io::Error::other)
}

struct Archive<W: Write>(ZipArchiveWriter<W>);

impl<W: Write> Archive<W> {
    fn integers(&mut self, name: &str, values: &[usize]) -> io::Result<()> {
        self.member(name, "<i8", &one_dimension(values.len()), |out| {
            values.iter().try_for_each(|&value| out.write_all(&(value as i64).to_le_bytes()))
        })
    }

    fn floats(&mut self, name: &str, values: &[f64]) -> io::Result<()> {
        self.member(name, "<f8", &one_dimension(values.len()), |out| {
            values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))
        })
    }

    /// Text of fixed width: four bytes a character, zeros at the end.
    fn texts(&mut self, name: &str, texts: &[String]) -> io::Result<()> {
        let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
        let kind = format!("<U{width}");
        self.member(name, &kind, &one_dimension(texts.len()), |out| {
            for text in texts {
                let padded = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width);
                for character in padded {
                    out.write_all(&character.to_le_bytes())?;
                }
            }
            Ok(())
        })
    }

    fn member(
        &mut self,
        name: &str,
        kind: &str,
        shape: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = format!("{name}.npy");
        let (mut entry, data) = self.0.new_file(path.as_str()).start().map_err(io::Error::other)?;
        let mut out = io::BufWriter::with_capacity(1 << 16, data.wrap(&mut entry));
        out.write_all(&header(kind, shape))?;
        write(&mut out)?;
        let (_, sums) = out.into_inner()?.finish().map_err(io::Error::other)?;
        entry.finish(sums).map(|_| ()).map_err(io::Error::other)
    }
}

fn one_dimension(length: usize) -> String {
    format!("({length},)")
}

/// The header of an array, version 1.0: magic, length, a Python dictionary padded with spaces, a line end.
fn header(kind: &str, shape: &str) -> Vec<u8> {
    const PREFIX: usize = 10;
    let dictionary = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (PREFIX + dictionary.len() + 1).next_multiple_of(ALIGNMENT) - PREFIX;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16).to_le_bytes());
    header.extend(dictionary.bytes());
    header.resize(PREFIX + length - 1, b' ');
    header.push(b'\n');
    header
}
