//! The local model of rows that hold means near a common level (see [`crate::problem::Level`]), solved along the level.
//!
//! With the set of free samples fixed, the mean of a cell is `q = q₀ − h (κ − κ₀) + h p (σ − σ₀)` where `κ` is the multiplier that
//! holds it, `σ` what all of them pull the level by, `h` its curvature, and `₀` marks where the model starts. For a level `m` each cell is
//! where it would be without `κ`, or at the end of its interval around `m`. What is left is to find the level, where multipliers and `σ`
//! balance; for pairs, where the level is free, there is no `σ`. Both are roots of monotone functions of straight pieces.
//!
//! A cell without free samples stays where it is: it bounds the level, and takes what is left of the balance.

use crate::problem::{Level, LevelKind};
use crate::project::sides::Sides;

/// Most evaluations for a root.
const MOST: usize = 100;
/// A balance within this share of its terms is zero, and above this one it is not.
const BALANCED: f64 = f64::EPSILON;
const CLEAR: f64 = 1e-12;

/// A cell of a level in the local model.
#[derive(Debug, Default, Clone, Copy)]
struct Cell {
    /// `q₀` and `κ₀`.
    mean: f64,
    known: f64,
    /// `h` and `1/h`; both are 0 where no sample is free.
    curvature: f64,
    inverse: f64,
    /// Its part of the level.
    share: f64,
    /// The interval around the level.
    lower: f64,
    upper: f64,
    /// Its multiplier at the level.
    multiplier: f64,
}

impl Cell {
    fn set_curvature(&mut self, curvature: f64) {
        (self.curvature, self.inverse) = (curvature, if curvature == 0.0 { 0.0 } else { 1.0 / curvature });
    }

    /// The mean without its multiplier, where the pull has changed by so much.
    fn free(&self, change: f64) -> f64 {
        self.mean + self.curvature * (self.known + self.share * change)
    }
}

/// Buffers of the method.
#[derive(Debug, Default, Clone)]
pub(super) struct Levels {
    cells: Vec<Cell>,
    /// `σ₀`.
    pull: f64,
    above: Vec<(usize, f64)>,
    below: Vec<(usize, f64)>,
}

/// A function at one place, its slope there, and the size of the terms that were added up.
struct Value {
    value: f64,
    slope: f64,
    size: f64,
}

impl Levels {
    /// Finds the multipliers of the rows of a level, into `target`; none if the level has no end.
    pub(super) fn solve(
        &mut self,
        level: &Level,
        sums: (&[f64], &[f64]),
        multipliers: &[f64],
        sides: &Sides,
        target: &mut [f64],
    ) -> Option<()> {
        self.load(level, sums, multipliers, sides);
        self.settle(level)?;
        self.unload(level, target);
        Some(())
    }

    /// The cells of a level at these multipliers.
    fn load(&mut self, level: &Level, (sums, gram): (&[f64], &[f64]), multipliers: &[f64], sides: &Sides) {
        self.cells.clear();
        self.cells.extend(level.slots.iter().zip(&level.scale).map(|(&slot, &scale)| {
            let mean = scale * sums[slot as usize];
            let mut cell = Cell { mean, lower: f64::NEG_INFINITY, upper: f64::INFINITY, ..Cell::default() };
            cell.set_curvature(scale * scale * gram[slot as usize]);
            cell
        }));
        self.pull = 0.0;
        match &level.kind {
            LevelKind::Pairs(table) => {
                let mut rows = table.iter();
                let band = rows.clone().next().map_or(0.0, |(row, _)| sides.upper[*row as usize]);
                for j in 1..self.cells.len() {
                    for (i, (row, rises)) in (0..j).zip(&mut rows) {
                        let mu = multipliers[*row as usize];
                        if mu != 0.0 {
                            let mu = if *rises { mu } else { -mu };
                            self.cells[j].known += mu;
                            self.cells[i].known -= mu;
                        }
                    }
                }
                self.cells.iter_mut().for_each(|cell| (cell.lower, cell.upper) = (-0.5 * band, 0.5 * band));
            }
            LevelKind::Shares { share, row } => {
                for ((cell, &share), row) in self.cells.iter_mut().zip(share).zip(row) {
                    cell.share = share;
                    if let Some(row) = row.map(|row| row as usize) {
                        (cell.known, cell.lower, cell.upper) = (multipliers[row], sides.lower[row], sides.upper[row]);
                        self.pull += cell.known;
                    }
                }
            }
        }
    }

    /// The levels that cells without free samples allow.
    fn ends(&self) -> (f64, f64) {
        let fixed = self.cells.iter().filter(|cell| cell.curvature == 0.0);
        fixed.fold((f64::NEG_INFINITY, f64::INFINITY), |(low, high), cell| {
            (low.max(cell.mean - cell.upper), high.min(cell.mean - cell.lower))
        })
    }

    /// At the start, where no level fits all cells that are at their bounds: as if their samples were free, which brings
    /// them off the bounds, or soon shows that nothing does.
    fn free_all(&mut self, level: &Level) {
        let is_start = self.cells.iter().all(|cell| cell.known == 0.0);
        for (cell, scale) in self.cells.iter_mut().zip(&level.scale) {
            if is_start && cell.curvature == 0.0 && cell.upper < f64::INFINITY {
                cell.set_curvature(*scale);
            }
        }
    }

    /// Finds the level, and the multipliers there.
    fn settle(&mut self, level: &Level) -> Option<()> {
        let is_free = matches!(level.kind, LevelKind::Pairs(_));
        let (mut low, mut high) = self.ends();
        if low > high {
            self.free_all(level);
            (low, high) = self.ends();
        }
        if low > high {
            return None;
        }
        let (mut sum, mut weight, mut moves) = (0.0, 0.0, false);
        for cell in &self.cells {
            let part = if is_free { 1.0 } else { cell.share };
            (sum, weight) = (sum + part * cell.mean, weight + part);
            moves |= cell.curvature * cell.share > 0.0;
        }
        if !is_free && !moves {
            // Nothing moves the level.
            balance(&mut self.cells, sum, (self.pull, 0.0), is_free);
            return (low..=high).contains(&sum).then_some(());
        }
        let (cells, pull, mut change) = (&mut self.cells, self.pull, 0.0);
        // Of pairs any mean will do; else the level is where it is.
        let start = if is_free { sum / weight } else { sum };
        let (mut rate, mut last) = (0.0, start);
        let level = root(start.clamp(low, high), (low, high), |level| {
            if !is_free {
                change = change_at(cells, level, change + rate * (level - last))?;
            }
            let (left, now) = balance(cells, level, (pull, change), is_free);
            (rate, last) = (now, level);
            Some(left)
        })?;
        let (left, rate) = balance(cells, level, (pull, change), is_free);
        if (level == low || level == high) && left.value.abs() > CLEAR * left.size {
            // At an end of what cells without free samples allow, one of these takes what is left.
            let at_end = |cell: &&mut Cell| {
                let end = if level == low { cell.mean - cell.upper } else { cell.mean - cell.lower };
                cell.curvature == 0.0 && end == level
            };
            cells.iter_mut().find(at_end)?.multiplier = -left.value;
        } else if left.slope < 0.0 {
            // The level as a float leaves less than a spacing to go, which would gather in one cell.
            rise(cells, -left.value / left.slope, rate);
        }
        cells.iter().all(|cell| cell.multiplier.is_finite()).then_some(())
    }

    /// Writes the multipliers of the rows.
    fn unload(&mut self, level: &Level, target: &mut [f64]) {
        match &level.kind {
            LevelKind::Shares { row, .. } => {
                for (cell, row) in self.cells.iter().zip(row) {
                    if let Some(row) = row {
                        target[*row as usize] = cell.multiplier;
                    }
                }
            }
            LevelKind::Pairs(table) => self.unload_pairs(table, target),
        }
    }

    /// What cells at the upper end push, those at the lower end take: in their order, each two that meet by their row.
    fn unload_pairs(&mut self, table: &[(u32, bool)], target: &mut [f64]) {
        self.above.clear();
        self.below.clear();
        for (place, cell) in self.cells.iter().enumerate() {
            if cell.multiplier > 0.0 {
                self.above.push((place, cell.multiplier));
            } else if cell.multiplier < 0.0 {
                self.below.push((place, -cell.multiplier));
            }
        }
        let (mut i, mut j) = (0, 0);
        while let (Some((a, push)), Some((b, take))) = (self.above.get_mut(i), self.below.get_mut(j)) {
            let flow = push.min(*take);
            let (low, high) = (*a.min(b), *a.max(b));
            let (row, rises) = table[high * (high - 1) / 2 + low];
            target[row as usize] = if rises == (high == *a) { flow } else { -flow };
            (*push, *take) = (*push - flow, *take - flow);
            i += usize::from(*push <= 0.0);
            j += usize::from(*take <= 0.0);
        }
    }
}

/// What the multipliers at a level do not balance, where the pull has changed: positive if the level has to rise, so it falls as the
/// level rises. With it, how fast the pull changes as the level rises.
fn balance(cells: &mut [Cell], level: f64, (pull, change): (f64, f64), is_free: bool) -> (Value, f64) {
    let (mut value, mut size, mut inverse) = (0.0, pull.abs() + change.abs(), 0.0);
    let (mut held, mut moved) = (0.0, 0.0);
    for cell in cells.iter_mut() {
        cell.multiplier = 0.0;
        if cell.curvature == 0.0 {
            continue;
        }
        let free = cell.free(change);
        let end = match (free > level + cell.upper, free < level + cell.lower) {
            (true, _) => level + cell.upper,
            (_, true) => level + cell.lower,
            (false, false) => {
                moved += cell.share * cell.share * cell.curvature;
                continue;
            }
        };
        cell.multiplier = cell.known + ((cell.mean - end) * cell.inverse + cell.share * change);
        (value, size) =
            (value + cell.multiplier, size + cell.known.abs() + (cell.mean.abs() + end.abs()) * cell.inverse);
        (inverse, held) = (inverse + cell.inverse, held + cell.share);
    }
    let rate = if is_free || moved == 0.0 { 0.0 } else { (1.0 - held) / moved };
    (Value { value: value - pull - change, slope: -inverse - (1.0 - held) * rate, size }, rate)
}

/// Lets the level rise by less than a spacing: multipliers of cells that are held follow.
fn rise(cells: &mut [Cell], by: f64, rate: f64) {
    for cell in cells.iter_mut().filter(|cell| cell.multiplier != 0.0) {
        cell.multiplier += (cell.share * rate - cell.inverse) * by;
    }
}

/// The change of the pull at which the cells' parts add up to the level, near `start`; none if there is none.
fn change_at(cells: &[Cell], level: f64, start: f64) -> Option<f64> {
    root(start, (f64::NEG_INFINITY, f64::INFINITY), |change| {
        let (mut sum, mut size, mut slope) = (-level, level.abs(), 0.0);
        for cell in cells {
            let free = cell.free(change);
            let within = free.max(level + cell.lower).min(level + cell.upper);
            let at = if cell.curvature == 0.0 { free } else { within };
            slope += if at == free { cell.share * cell.curvature * cell.share } else { 0.0 };
            (sum, size) = (sum + cell.share * at, size + cell.share * at.abs());
        }
        // Falls, as the balance does.
        Some(Value { value: -sum, slope: -slope, size })
    })
}

/// A root of a falling function of straight pieces between two ends, or the end that is nearest to one; none where it has none.
fn root(start: f64, (mut low, mut high): (f64, f64), mut value: impl FnMut(f64) -> Option<Value>) -> Option<f64> {
    let (ends, mut at) = ((low, high), start);
    let mut stride = 1e-3 * (1.0 + start.abs());
    for _ in 0..MOST {
        let Value { value, slope, size } = value(at)?;
        if value.abs() <= BALANCED * size {
            return Some(at);
        }
        if (value > 0.0 && at == ends.1) || (value < 0.0 && at == ends.0) {
            return Some(at);
        }
        if value > 0.0 {
            low = at
        } else {
            high = at
        }
        let step = if slope < 0.0 { at - value / slope } else { f64::NAN };
        let next = if step > low && step < high {
            step
        } else if step >= high && high == ends.1 {
            high
        } else if step <= low && low == ends.0 {
            low
        } else if low.is_finite() && high.is_finite() {
            0.5 * (low + high)
        } else {
            stride *= 4.0;
            (at + stride.copysign(value)).clamp(low, high)
        };
        // Between neighbouring floats there is nothing.
        let is_new_end = (next == ends.0 || next == ends.1) && next != at;
        if (next == low || next == high) && !is_new_end {
            return next.is_finite().then_some(next);
        }
        at = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root of a falling function of two pieces, with and without ends.
    #[test]
    fn roots_are_found_or_the_nearest_end_is() {
        let bent = |slope: f64| {
            move |x: f64| {
                let (value, slope) = if x < 1.0 { (4.0 - x, -1.0) } else { (3.0 + slope * (x - 1.0), slope) };
                Some(Value { value, slope, size: 4.0 })
            }
        };
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        for start in [-1e6, 0.0, 1.0, 2.5, 1e9] {
            let found = root(start, all, bent(-2.0)).expect("a root");
            assert!((found - 2.5).abs() < 1e-12, "{start}: {found}");
        }
        assert_eq!(root(0.0, (-3.0, 2.0), bent(-2.0)), Some(2.0));
        assert_eq!(root(7.0, (4.0, 9.0), bent(-2.0)), Some(4.0));
        // A piece that does not fall, and then no root at all.
        assert_eq!(root(3.0, (-10.0, 10.0), bent(0.0)), Some(10.0));
        assert_eq!(root(3.0, all, bent(0.0)), None);
        assert_eq!(root(0.0, all, |_| None), None);
    }

    /// Three cells within a band of 0.2: what is above and below comes in, and the multipliers balance.
    #[test]
    fn multipliers_balance_at_the_level() {
        let cell = |mean, curvature| {
            let mut cell = Cell { mean, lower: -0.1, upper: 0.1, ..Cell::default() };
            cell.set_curvature(curvature);
            cell
        };
        let level = Level { slots: vec![0, 1, 2], scale: vec![1.0; 3], kind: LevelKind::Pairs(vec![(0, true); 3]) };
        let mut levels = Levels { cells: vec![cell(0.9, 2.0), cell(0.5, 1.0), cell(0.1, 1.0)], ..Levels::default() };
        levels.settle(&level).expect("a level");
        let at = |cell: &Cell| cell.mean - cell.curvature * cell.multiplier;
        let means: Vec<f64> = levels.cells.iter().map(at).collect();
        let sum: f64 = levels.cells.iter().map(|cell| cell.multiplier).sum();
        assert!(sum.abs() < 1e-15, "{sum}");
        assert!((means[0] - means[2] - 0.2).abs() < 1e-15 && means[1] == 0.5, "{means:?}");
        // A cell that cannot move bounds the level, and takes what is left.
        levels.cells = vec![cell(0.9, 0.0), cell(0.5, 1.0), cell(0.1, 1.0)];
        levels.settle(&level).expect("a level");
        let multipliers: Vec<f64> = levels.cells.iter().map(|cell| cell.multiplier).collect();
        assert!((multipliers[1] + 0.2).abs() < 1e-15 && (multipliers[2] + 0.6).abs() < 1e-15, "{multipliers:?}");
        assert!((multipliers[0] - 0.8).abs() < 1e-15, "{multipliers:?}");
        // Two of them too far apart: no level, once multipliers show that this is not the start.
        levels.cells = vec![cell(0.9, 0.0), Cell { known: 1.0, ..cell(0.5, 0.0) }, cell(0.1, 1.0)];
        assert_eq!(levels.settle(&level), None);
    }
}
