//! The JSON form: `{"n", "m", "names", "A": {"indptr", "indices", "values"}, "l", "u", "lo", "hi", "w"}`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Distances, Numbers};

#[derive(Serialize)]
struct Document<'a> {
    n: usize,
    m: usize,
    names: &'a [String],
    #[serde(rename = "A")]
    matrix: Rows<'a>,
    l: &'a [f64],
    u: &'a [f64],
    lo: &'a [f64],
    hi: &'a [f64],
    w: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    soft: Option<&'a [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    z: Option<&'a [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convex: Option<Terms<'a>>,
}

#[derive(Serialize)]
struct Terms<'a> {
    rows: &'a [usize],
    samples: &'a [usize],
    b: &'a [f64],
    c: &'a [f64],
}

#[derive(Serialize)]
struct Rows<'a> {
    indptr: &'a [usize],
    indices: &'a [usize],
    values: &'a [f64],
}

/// Writes one line. Finite numbers read back as the same doubles, others are `null`.
pub(super) fn write(numbers: &Numbers<'_>, out: &mut impl Write) -> io::Result<()> {
    let Numbers { indptr, indices, values, l, u, lo, hi, w, names, soft, z, distances, auxiliaries: _ } = *numbers;
    let convex = distances.map(|Distances { rows, samples, b, c }| Terms { rows, samples, b, c });
    let (n, m, matrix) = (numbers.samples(), numbers.rows(), Rows { indptr, indices, values });
    serde_json::to_writer(&mut *out, &Document { n, m, names, matrix, l, u, lo, hi, w, soft, z, convex })?;
    out.write_all(b"\n")
}
