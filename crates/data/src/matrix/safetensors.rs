//! safetensors: a header in JSON, then the arrays as they lie in memory, for PyTorch, JAX and Rust.
//!
//! | tensor | type | |
//! | --- | --- | --- |
//! | `indptr`, `indices` | int64 | compressed sparse rows |
//! | `values` | float64 | the values of the matrix |
//! | `l`, `u`, `lo`, `hi`, `w` | float64 | infinite where unbounded |
//! | `soft`, `z` | float64 | only where there are soft rows, or predictions were asked for |
//!
//! The names of the rows are a JSON list under `names` in the metadata. The arrays are streamed: the library's own
//! writers hold the file, or all tensors as bytes, in memory.

use std::collections::HashMap;
use std::io::{self, Write};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::Numbers;

/// Of integers and doubles alike.
const BYTES: usize = 8;

pub(super) fn write(numbers: &Numbers<'_>, out: &mut impl Write) -> io::Result<()> {
    let Numbers { indptr, indices, values, l, u, lo, hi, w, names, soft, z, distances: _, auxiliaries: _ } = *numbers;
    let mut floats = vec![("values", values), ("l", l), ("u", u), ("lo", lo), ("hi", hi), ("w", w)];
    floats.extend([("soft", soft), ("z", z)].into_iter().filter_map(|(name, vector)| Some((name, vector?))));
    let integers = [("indptr", indptr), ("indices", indices)];

    let mut end = 0;
    let mut info = |name: &str, dtype: Dtype, length: usize| {
        let start = end;
        end += BYTES * length;
        (name.to_owned(), TensorInfo { dtype, shape: vec![length], data_offsets: (start, end) })
    };
    let mut tensors: Vec<(String, TensorInfo)> =
        floats.iter().map(|(name, values)| info(name, Dtype::F64, values.len())).collect();
    tensors.extend(integers.iter().map(|(name, values)| info(name, Dtype::I64, values.len())));
    // One key alone: the order of several would differ from run to run.
    let metadata = HashMap::from([("names".to_owned(), serde_json::to_string(names)?)]);
    let metadata = Metadata::new(Some(metadata), tensors).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&metadata)?;
    // Arrays begin at a multiple of their alignment.
    header.resize(header.len().next_multiple_of(BYTES), b' ');

    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    for (_, values) in floats {
        values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))?;
    }
    for (_, values) in integers {
        values.iter().try_for_each(|&value| out.write_all(&(value as i64).to_le_bytes()))?;
    }
    Ok(())
}
