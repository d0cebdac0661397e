//! Distances as linear rows: a column `t` of its own for each `|y − c|`, which is at least that.
//!
//! ```text
//! Σ a y + Σ b |y − c| ≤ u      ⟶      Σ a y + Σ b t ≤ u,      y − t ≤ c,      y + t ≥ c
//! ```
//!
//! *Why the two are equal.* Every `b` is above 0 and such a row has no lower side, so a `t` above its distance gains nothing; for
//! any `y` the distances themselves are allowed `t`.

use std::collections::BTreeMap;

use super::Numbers;

/// The numbers of a problem without distances; empty where there were none.
#[derive(Default)]
pub(super) struct Linear {
    indptr: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<f64>,
    l: Vec<f64>,
    u: Vec<f64>,
    lo: Vec<f64>,
    hi: Vec<f64>,
    w: Vec<f64>,
    names: Vec<String>,
    soft: Option<Vec<f64>>,
    z: Option<Vec<f64>>,
    auxiliaries: usize,
}

/// Writes distances as columns and rows.
pub(super) fn linear(numbers: &Numbers<'_>) -> Linear {
    let Some(distances) = numbers.distances else { return Linear::default() };
    let samples = numbers.samples();
    // One column for each point of a sample, whichever rows read it.
    let mut columns: BTreeMap<(usize, u64), usize> = BTreeMap::new();
    let mut by_row: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); numbers.rows()];
    let mut apart: Vec<(usize, f64)> = Vec::new();
    let entries = distances.rows.iter().zip(distances.samples).zip(distances.b.iter().zip(distances.c));
    for ((&row, &sample), (&b, &c)) in entries {
        // 0 and -0 are one point.
        let key = (sample, (c + 0.0).to_bits());
        let column = *columns.entry(key).or_insert_with(|| {
            apart.push((sample, c));
            samples + apart.len() - 1
        });
        if let Some(own) = by_row.get_mut(row) {
            *own.entry(column).or_default() += b;
        }
    }
    let mut linear = Linear { indptr: vec![0], auxiliaries: apart.len(), ..Linear::default() };
    for (row, own) in by_row.iter().enumerate() {
        let entries = numbers.row(row).chain(own.iter().map(|(&column, &b)| (column, b)));
        entries.for_each(|(column, value)| linear.add(column, value));
        linear.indptr.push(linear.indices.len());
    }
    linear.l.extend(numbers.l);
    linear.u.extend(numbers.u);
    linear.names.extend(numbers.names.iter().cloned());
    for (index, &(sample, c)) in apart.iter().enumerate() {
        for (word, sign) in [("above", 1.0), ("below", -1.0)] {
            linear.add(sample, sign);
            linear.add(samples + index, -1.0);
            linear.indptr.push(linear.indices.len());
            linear.l.push(f64::NEG_INFINITY);
            linear.u.push(sign * c);
            linear.names.push(format!("t{}_{word}", index + 1));
        }
    }
    let with = |values: &[f64], more: f64| -> Vec<f64> {
        values.iter().copied().chain(std::iter::repeat_n(more, apart.len())).collect()
    };
    linear.lo = with(numbers.lo, 0.0);
    linear.hi = with(numbers.hi, f64::INFINITY);
    linear.w = with(numbers.w, 0.0);
    linear.z = numbers.z.map(|z| with(z, 0.0));
    linear.soft = numbers.soft.map(|soft| {
        let hard = std::iter::repeat_n(f64::INFINITY, linear.l.len() - soft.len());
        soft.iter().copied().chain(hard).collect()
    });
    linear
}

impl Linear {
    fn add(&mut self, column: usize, value: f64) {
        self.indices.push(column);
        self.values.push(value);
    }

    /// The numbers: these, or where there was nothing to do those that were given.
    pub(super) fn numbers<'a>(&'a self, given: &Numbers<'a>) -> Numbers<'a> {
        if given.distances.is_none() {
            return *given;
        }
        Numbers {
            indptr: &self.indptr,
            indices: &self.indices,
            values: &self.values,
            l: &self.l,
            u: &self.u,
            lo: &self.lo,
            hi: &self.hi,
            w: &self.w,
            names: &self.names,
            soft: self.soft.as_deref(),
            z: self.z.as_deref(),
            distances: None,
            auxiliaries: self.auxiliaries,
        }
    }
}
