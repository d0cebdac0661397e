//! A linear program in columns: maximise `Σ c d` over `l ≤ A d ≤ u`, `lo ≤ d ≤ hi`.
//!
//! ```text
//! a column = Σ over the entries of its cell of value · φ_factor(column) in row        φ_0 = 1
//! ```
//!
//! Columns of a cell lie side by side. Those behind the samples are what soft rows give way by. Rows are scaled by
//! powers of two to coefficients of about 1, and gains to about 1, so that one tolerance does for all.

use std::ops::Range;

use crate::problem::{Bounds, Factor, Problem};

/// A coefficient that the columns of a cell share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub row: u32,
    pub factor: u32,
    pub value: f64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Lp {
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    pub cost: Vec<f64>,
    pub lo: Vec<f64>,
    pub hi: Vec<f64>,
    /// `φ_1, φ_2, ..`, one number per column.
    pub factors: Vec<Vec<f64>>,
    /// Where the columns of each cell begin, and at the end their number.
    pub start: Vec<usize>,
    pub entries: Vec<Entry>,
    /// Where the entries of each cell begin.
    pub indptr: Vec<usize>,
}

/// A column of a program that is not made of samples; its least value is 0.
pub(super) struct Column {
    pub cost: f64,
    pub hi: f64,
    pub entries: Vec<Entry>,
}

/// The powers of two that a problem was scaled by.
#[derive(Clone, Debug, Default)]
pub(super) struct Scales {
    pub rows: Vec<f64>,
    pub gain: f64,
}

impl Scales {
    /// Powers of two that bring the coefficients of each row, and gains, to about 1; `costs` are `w g`.
    pub fn of(problem: &Problem, costs: &[f64]) -> Scales {
        Scales { rows: row_scales(problem), gain: power(costs.iter().fold(0.0, |m, c| f64::max(m, c.abs()))) }
    }
}

impl Lp {
    /// The program of a problem; `costs` are `w g` in grouped order.
    pub fn new(problem: &Problem, costs: &[f64]) -> (Lp, Scales) {
        let scales = Scales::of(problem, costs);
        let side = |sides: &[f64]| sides.iter().zip(&scales.rows).map(|(side, scale)| side * scale).collect();
        let (lo, hi) = match &problem.bounds {
            Bounds::Uniform { lo, hi } => (vec![*lo; problem.n()], vec![*hi; problem.n()]),
            Bounds::PerSample { lo, hi } => (lo.clone(), hi.clone()),
        };
        let mut lp = Lp {
            lower: side(&problem.lower),
            upper: side(&problem.upper),
            cost: costs.iter().map(|cost| cost * scales.gain).collect(),
            lo,
            hi,
            start: (0..problem.cells()).map(|cell| problem.grouping.range(cell).start).chain([problem.n()]).collect(),
            ..Lp::default()
        };
        let data = problem.factors.iter().filter_map(|factor| match factor {
            Factor::One => None,
            Factor::Data(phi) => Some(phi.clone()),
        });
        lp.factors = data.collect();
        lp.enter_rows(problem, &scales.rows);
        lp.enter_penalties(problem, &scales);
        (lp, scales)
    }

    /// A program of columns that share nothing.
    pub fn of_columns(lower: Vec<f64>, upper: Vec<f64>, columns: impl Iterator<Item = Column>) -> Lp {
        let mut lp = Lp { lower, upper, start: vec![0], indptr: vec![0], ..Lp::default() };
        for column in columns {
            lp.cost.push(column.cost);
            lp.lo.push(0.0);
            lp.hi.push(column.hi);
            lp.start.push(lp.cost.len());
            lp.entries.extend(column.entries);
            lp.indptr.push(lp.entries.len());
        }
        lp
    }

    fn enter_rows(&mut self, problem: &Problem, scales: &[f64]) {
        // The place of each factor, where the constant one is the first whether there is one or not.
        let mut next = 0;
        let place = problem.factors.iter().map(|factor| match factor {
            Factor::One => 0,
            Factor::Data(_) => {
                next += 1;
                next
            }
        });
        let place: Vec<u32> = place.collect();
        let width = problem.width().max(1);
        let mut by_cell: Vec<Vec<Entry>> = vec![Vec::new(); problem.cells()];
        for (row, scale) in scales.iter().enumerate() {
            for (slot, value) in problem.rows.row(row) {
                let factor = place[slot % width];
                by_cell[slot / width].push(Entry { row: row as u32, factor, value: value * scale });
            }
        }
        self.indptr = vec![0];
        for entries in by_cell {
            self.entries.extend(entries);
            self.indptr.push(self.entries.len());
        }
    }

    /// Columns by which soft rows give way, at a price: up to what the box can make of them.
    fn enter_penalties(&mut self, problem: &Problem, scales: &Scales) {
        let soft: Vec<usize> = (0..problem.rows()).filter(|&row| problem.soft[row] < f64::INFINITY).collect();
        if soft.is_empty() {
            return;
        }
        let range = self.row_ranges();
        for row in soft {
            let price = -problem.soft[row] * scales.gain / scales.rows[row];
            let (least, most) = range[row];
            for (value, way) in [(-1.0, most - self.upper[row]), (1.0, self.lower[row] - least)] {
                if way > 0.0 && way.is_finite() {
                    self.cost.push(price);
                    self.lo.push(0.0);
                    // A little more than enough: what is rounded must not bind.
                    self.hi.push(2.0 * way);
                    self.factors.iter_mut().for_each(|phi| phi.push(0.0));
                    self.start.push(self.cost.len());
                    self.entries.push(Entry { row: row as u32, factor: 0, value });
                    self.indptr.push(self.entries.len());
                }
            }
        }
    }

    /// The least and the largest value that the box allows each row.
    fn row_ranges(&self) -> Vec<(f64, f64)> {
        let mut range = vec![(0.0, 0.0); self.rows()];
        for cell in 0..self.cells() {
            for column in self.columns(cell) {
                for entry in self.entries(cell) {
                    let a = entry.value * self.factor(entry.factor, column);
                    let (x, y) = (a * self.lo[column], a * self.hi[column]);
                    let (least, most) = &mut range[entry.row as usize];
                    *least += x.min(y);
                    *most += x.max(y);
                }
            }
        }
        range
    }

    /// The program of some columns, in ascending order, with the others fixed at `at`.
    pub fn part(&self, kept: &[u32], at: impl Fn(usize) -> f64) -> Lp {
        let pick = |values: &[f64]| kept.iter().map(|&column| values[column as usize]).collect::<Vec<f64>>();
        let mut sums = Sums::new(self);
        let mut start = Vec::with_capacity(self.start.len());
        let mut seen = 0;
        for cell in 0..self.cells() {
            start.push(seen);
            for column in self.columns(cell) {
                if kept.get(seen).is_some_and(|&next| next as usize == column) {
                    seen += 1;
                } else {
                    sums.add(self, cell, column, at(column));
                }
            }
        }
        start.push(seen);
        let fixed = sums.rows(self);
        let less = |sides: &[f64]| sides.iter().zip(&fixed).map(|(side, fixed)| side - fixed).collect();
        Lp {
            lower: less(&self.lower),
            upper: less(&self.upper),
            cost: pick(&self.cost),
            lo: pick(&self.lo),
            hi: pick(&self.hi),
            factors: self.factors.iter().map(|phi| pick(phi)).collect(),
            start,
            entries: self.entries.clone(),
            indptr: self.indptr.clone(),
        }
    }

    /// The program of every so-manieth column of each cell, in place of all of them: about as many as `kept` in all.
    pub fn sampled(&self, cost: &[f64], kept: usize) -> Lp {
        let share = kept as f64 / self.len().max(1) as f64;
        let (mut columns, mut times) = (Vec::with_capacity(kept), Vec::new());
        let (mut start, mut entries) = (vec![0], Vec::with_capacity(self.entries.len()));
        for cell in 0..self.cells() {
            let all = self.columns(cell);
            let own = ((all.len() as f64 * share).ceil() as usize).min(all.len());
            let each = all.len() as f64 / own.max(1) as f64;
            columns.extend((0..own).map(|place| all.start + ((place as f64 + 0.5) * each) as usize));
            times.extend(vec![each; own]);
            entries.extend(self.entries(cell).iter().map(|entry| Entry { value: entry.value * each, ..*entry }));
            start.push(columns.len());
        }
        let pick = |values: &[f64]| columns.iter().map(|&column| values[column]).collect::<Vec<f64>>();
        Lp {
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            cost: columns.iter().zip(&times).map(|(&column, times)| cost[column] * times).collect(),
            lo: pick(&self.lo),
            hi: pick(&self.hi),
            factors: self.factors.iter().map(|phi| pick(phi)).collect(),
            start,
            entries,
            indptr: self.indptr.clone(),
        }
    }

    pub fn rows(&self) -> usize {
        self.lower.len()
    }

    pub fn len(&self) -> usize {
        self.cost.len()
    }

    pub fn cells(&self) -> usize {
        self.start.len().saturating_sub(1)
    }

    pub fn columns(&self, cell: usize) -> Range<usize> {
        self.start[cell]..self.start[cell + 1]
    }

    pub fn cell_of(&self, column: usize) -> usize {
        self.start.partition_point(|&start| start <= column).saturating_sub(1)
    }

    pub fn entries(&self, cell: usize) -> &[Entry] {
        &self.entries[self.indptr[cell]..self.indptr[cell + 1]]
    }

    /// Numbers by factor of one cell, or by slot of all.
    pub fn width(&self) -> usize {
        self.factors.len() + 1
    }

    #[inline]
    pub fn factor(&self, factor: u32, column: usize) -> f64 {
        if factor == 0 { 1.0 } else { self.factors[factor as usize - 1][column] }
    }

    /// By factor, `Σ value · along[row]` over the entries of a cell, and the same of sizes.
    pub fn shift(&self, cell: usize, along: &[f64], out: &mut [f64], size: &mut [f64]) {
        out.fill(0.0);
        size.fill(0.0);
        for entry in self.entries(cell) {
            let term = entry.value * along[entry.row as usize];
            out[entry.factor as usize] += term;
            size[entry.factor as usize] += term.abs();
        }
    }

    /// `Σ φ_f(column) · shift_f`.
    #[inline]
    pub fn dot(&self, column: usize, shift: &[f64]) -> f64 {
        let mut sum = shift[0];
        for (phi, shift) in self.factors.iter().zip(&shift[1..]) {
            sum += phi[column] * shift;
        }
        sum
    }

    /// `Σ |φ_f(column)| · size_f`.
    #[inline]
    pub fn dot_size(&self, column: usize, size: &[f64]) -> f64 {
        let mut sum = size[0];
        for (phi, size) in self.factors.iter().zip(&size[1..]) {
            sum += phi[column].abs() * size;
        }
        sum
    }

    /// A column, one number per row.
    pub fn column(&self, column: usize, out: &mut [f64]) {
        out.fill(0.0);
        let cell = self.cell_of(column);
        for entry in self.entries(cell) {
            out[entry.row as usize] += entry.value * self.factor(entry.factor, column);
        }
    }

    /// Per row the size of its largest coefficient in columns before `end`.
    pub fn peaks(&self, end: usize) -> Vec<f64> {
        let mut peaks = vec![0.0; self.rows()];
        for cell in (0..self.cells()).filter(|&cell| self.columns(cell).start < self.columns(cell).end.min(end)) {
            for entry in self.entries(cell) {
                let sizes = || self.columns(cell).map(|column| self.factor(entry.factor, column).abs());
                let largest = if entry.factor == 0 { 1.0 } else { sizes().fold(0.0, f64::max) };
                let peak = &mut peaks[entry.row as usize];
                *peak = f64::max(*peak, entry.value.abs() * largest);
            }
        }
        peaks
    }

    /// About how many numbers a step of the simplex method looks at.
    pub fn work(&self) -> usize {
        8 * self.rows().pow(2) + 10 * self.len() + 6 * self.entries.len()
    }

    /// What tells a column from others of its cell.
    pub fn key(&self, column: usize) -> Vec<u64> {
        let numbers = [self.cost[column], self.lo[column], self.hi[column]];
        numbers
            .into_iter()
            .chain(self.factors.iter().map(|phi| phi[column]))
            .map(|value| (value + 0.0).to_bits())
            .collect()
    }
}

/// Sums of columns by slot, from which their rows follow.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    slots: Vec<crate::problem::Sum>,
}

impl Sums {
    pub fn new(lp: &Lp) -> Sums {
        Sums { slots: vec![crate::problem::Sum::default(); lp.cells() * lp.width()] }
    }

    /// Adds a column times a value.
    #[inline]
    pub fn add(&mut self, lp: &Lp, cell: usize, column: usize, value: f64) {
        if value == 0.0 {
            return;
        }
        let slots = &mut self.slots[cell * lp.width()..(cell + 1) * lp.width()];
        for (factor, sum) in slots.iter_mut().enumerate() {
            sum.add(lp.factor(factor as u32, column) * value);
        }
    }

    /// The sums over rows.
    pub fn rows(&self, lp: &Lp) -> Vec<f64> {
        let mut rows = vec![crate::problem::Sum::default(); lp.rows()];
        for (cell, sums) in self.slots.chunks_exact(lp.width()).enumerate() {
            for entry in lp.entries(cell) {
                rows[entry.row as usize].add_product(entry.value, sums[entry.factor as usize].value());
            }
        }
        rows.into_iter().map(|sum| sum.value()).collect()
    }
}

/// Per row a power of two that makes its largest coefficient about 1.
fn row_scales(problem: &Problem) -> Vec<f64> {
    let width = problem.width().max(1);
    let peak = |slot: usize| match &problem.factors[slot % width] {
        Factor::One => 1.0,
        Factor::Data(phi) => {
            phi[problem.grouping.range(slot / width)].iter().fold(0.0, |m, phi| f64::max(m, phi.abs()))
        }
    };
    let peaks: Vec<f64> = (0..problem.slots()).map(peak).collect();
    let largest = |row| problem.rows.row(row).fold(0.0, |m, (slot, value)| f64::max(m, value.abs() * peaks[slot]));
    (0..problem.rows()).map(|row| power(largest(row))).collect()
}

/// A power of two that brings a size to about 1; 1 for none.
fn power(size: f64) -> f64 {
    if size > 0.0 && size.is_finite() {
        2.0_f64.powi(-(size.log2().round().clamp(-1000.0, 1000.0) as i32))
    } else {
        1.0
    }
}
