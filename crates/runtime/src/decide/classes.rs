//! A part of a program by classes: equal columns side by side and counted, with what is branched on as rows.

use std::collections::{HashMap, hash_map};
use std::ops::Range;

use super::lp::{Entry, Lp};
use super::thin::{self, Form};

/// A part of a program whose equal columns lie side by side.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    pub lp: Lp,
    /// The columns of the whole program.
    pub order: Vec<u32>,
    pub groups: Vec<Group>,
    /// Cells of several groups, whose values a row without sides adds up too.
    pub cells: Vec<Group>,
    /// Sums that take few values; each is a row without sides.
    pub forms: Vec<Form>,
    /// No whole numbers satisfy the rows, as one such sum shows.
    pub empty: bool,
}

/// Columns of equal coefficients; of several, a row without sides adds the values up.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub columns: Range<usize>,
    pub row: Option<usize>,
}

impl Lp {
    /// As [`Lp::part`], with equal columns side by side and counted; those from `samples` on stay alone.
    pub fn classes(&self, kept: &[u32], samples: usize, at: impl Fn(usize) -> f64) -> Classes {
        let part = self.part(kept, at);
        let factors = |column: usize| part.factors.iter().map(move |phi| phi[column]);
        let (mut order, mut groups): (Vec<usize>, Vec<Group>) = (Vec::with_capacity(kept.len()), Vec::new());
        let (mut start, mut entries, mut indptr) = (vec![0], Vec::new(), vec![0]);
        let (mut rows, mut cells) = (part.rows(), Vec::new());
        for alike in part.cells_alike(|column| kept[column] as usize >= samples) {
            let Some(&cell) = alike.first() else { continue };
            let mut columns: Vec<usize> = alike.iter().flat_map(|&cell| part.columns(cell)).collect();
            let differ = |&a: &usize, &b: &usize| {
                let pairs = factors(a).zip(factors(b)).map(|(a, b)| a.total_cmp(&b));
                pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            };
            columns.sort_by(differ);
            let several = columns.chunk_by(|a, b| differ(a, b).is_eq()).nth(1).is_some();
            let counted = several.then_some(rows);
            if several {
                cells.push(Group { columns: order.len()..order.len() + columns.len(), row: counted });
                rows += 1;
            }
            for class in columns.chunk_by(|a, b| differ(a, b).is_eq()) {
                let begin = order.len();
                order.extend(class);
                entries.extend_from_slice(part.entries(cell));
                entries.extend(counted.map(|row| Entry { row: row as u32, factor: 0, value: 1.0 }));
                let row = (class.len() > 1).then_some(rows);
                if let Some(row) = row {
                    entries.push(Entry { row: row as u32, factor: 0, value: 1.0 });
                    rows += 1;
                }
                start.push(order.len());
                indptr.push(entries.len());
                groups.push(Group { columns: begin..order.len(), row });
            }
        }
        let pick = |values: &[f64]| order.iter().map(|&column| values[column]).collect::<Vec<f64>>();
        let counted = rows - part.rows();
        let side = |sides: &[f64], none: f64| sides.iter().copied().chain(vec![none; counted]).collect();
        let lp = Lp {
            lower: side(&part.lower, f64::NEG_INFINITY),
            upper: side(&part.upper, f64::INFINITY),
            cost: pick(&part.cost),
            lo: pick(&part.lo),
            hi: pick(&part.hi),
            factors: part.factors.iter().map(|phi| pick(phi)).collect(),
            start,
            entries,
            indptr,
        };
        let order: Vec<u32> = order.iter().map(|&column| kept[column]).collect();
        let of_samples: Vec<bool> =
            (0..lp.cells()).map(|cell| lp.columns(cell).all(|column| (order[column] as usize) < samples)).collect();
        let forms = thin::forms(&lp, &of_samples);
        let (forms, empty) = (forms.clone().unwrap_or_default(), forms.is_none());
        Classes { lp: lp.with_forms(&forms), order, groups, cells, forms, empty }
    }

    /// With a row without sides behind the others for each form.
    fn with_forms(mut self, forms: &[Form]) -> Lp {
        let mut own: Vec<Vec<Entry>> = vec![Vec::new(); self.cells()];
        for Form { row, scale, cells, .. } in forms {
            for &(cell, times) in cells {
                own[cell].push(Entry { row: *row as u32, factor: 0, value: times * scale });
            }
            self.lower.push(f64::NEG_INFINITY);
            self.upper.push(f64::INFINITY);
        }
        let (mut entries, mut indptr) = (Vec::with_capacity(self.entries.len()), vec![0]);
        for (cell, own) in own.into_iter().enumerate() {
            entries.extend_from_slice(self.entries(cell));
            entries.extend(own);
            indptr.push(entries.len());
        }
        (self.entries, self.indptr) = (entries, indptr);
        self
    }

    /// Cells that have columns, those of equal coefficients together unless they are `alone`.
    fn cells_alike(&self, alone: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
        let mut places: HashMap<Vec<(u32, u32, u64)>, usize> = HashMap::new();
        let mut out: Vec<Vec<usize>> = Vec::new();
        for cell in (0..self.cells()).filter(|&cell| !self.columns(cell).is_empty()) {
            if alone(self.columns(cell).start) {
                out.push(vec![cell]);
                continue;
            }
            let entries = self.entries(cell).iter().filter(|entry| entry.value != 0.0);
            let mut key: Vec<_> = entries.map(|entry| (entry.row, entry.factor, entry.value.to_bits())).collect();
            key.sort_unstable();
            match places.entry(key) {
                hash_map::Entry::Occupied(place) => out[*place.get()].push(cell),
                hash_map::Entry::Vacant(place) => {
                    place.insert(out.len());
                    out.push(vec![cell]);
                }
            }
        }
        out
    }
}
