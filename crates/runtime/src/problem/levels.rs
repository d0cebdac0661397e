//! Rows that hold means of cells near a common level: each two cells compared, or each with a mean of all or with one of them.
//!
//! Of a cell `c` let `q_c = b_c · Σ ŷ`. Rows `q_a − q_b` for all pairs say that the `q` lie within a band; rows `q_a − Σ p_c q_c`
//! say that each lies near the level `Σ p_c q_c`. What such rows ask for can be found along one number, the level, whatever
//! their number: see `project/local/levels.rs`.

use super::SlotRows;
use super::shared::{Own, Shared};

/// With fewer rows than this the general method is as fast.
const LEAST_ROWS: usize = 8;
/// Rows of fewer slots than this are as fast by themselves as in their shared form.
const LEAST_SLOTS: usize = 8;
/// Coefficients that differ by no more than this share of their size are the same but for rounding. They guide steps alone: what
/// holds is decided with the rows themselves.
const SAME: f64 = 1e-12;

/// Cells whose means are held near one level.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) slots: Vec<u32>,
    /// `b`, per cell.
    pub(crate) scale: Vec<f64>,
    pub(crate) kind: LevelKind,
}

#[derive(Debug, Clone)]
pub(crate) enum LevelKind {
    /// Each two cells are compared. For `i < j` the place `j (j − 1) / 2 + i` has the row, and whether it is `q_j − q_i`.
    Pairs(Vec<(u32, bool)>),
    /// The level is `Σ p q`: `p` per cell, and the row of those that are held near it.
    Shares { share: Vec<f64>, row: Vec<Option<u32>> },
}

/// The levels of all rows, if there are many and all are of this kind; rows that share no cell have levels of their own.
pub(super) fn levels(rows: &SlotRows, count: usize, slots: usize) -> Vec<Level> {
    if count < LEAST_ROWS {
        return Vec::new();
    }
    let groups = connected(rows, count, slots);
    let levels: Option<Vec<Level>> =
        groups.iter().map(|group| pairs(rows, group).or_else(|| shares(rows, group))).collect();
    levels.unwrap_or_default()
}

/// The shared form of all rows, if they are those of levels and their coefficients are the same to the last bit; else none.
pub(super) fn shared(rows: &SlotRows, count: usize, levels: &[Level]) -> Vec<Shared> {
    let shared: Option<Vec<Shared>> = levels.iter().map(|level| shared_of(rows, level)).collect();
    let shared = shared.unwrap_or_default();
    if shared.iter().map(Shared::count).sum::<usize>() == count { shared } else { Vec::new() }
}

fn shared_of(rows: &SlotRows, level: &Level) -> Option<Shared> {
    let LevelKind::Shares { row: held, .. } = &level.kind else { return None };
    let places = || held.iter().enumerate().filter_map(|(place, row)| row.map(|row| (place, row)));
    let ((first_place, first), (_, second)) = (places().next()?, places().nth(1)?);
    if level.slots.len() < LEAST_SLOTS {
        return None;
    }
    let mut common: Vec<f64> = rows.row(first as usize).map(|(_, value)| value).collect();
    // The first row has its own coefficient where the second has the common one.
    *common.get_mut(first_place)? = rows.row(second as usize).nth(first_place)?.1;
    let own = |(place, row): (usize, u32)| {
        let mut value = None;
        let fits =
            rows.row(row as usize).zip(level.slots.iter().zip(&common)).enumerate().all(|(at, (entry, known))| {
                value = if at == place { Some(entry.1) } else { value };
                entry.0 == *known.0 as usize && (at == place || entry.1.to_bits() == known.1.to_bits())
            });
        let whole = fits && rows.row(row as usize).count() == level.slots.len();
        Some(Own { row, slot: level.slots[place], value: value.filter(|_| whole)?, common: common[place] })
    };
    let found: Option<Vec<Own>> = places().map(own).collect();
    found.map(|rows| Shared::new(level.slots.clone(), common, rows))
}

/// Rows that are connected by slots, and these slots.
#[derive(Debug, Default)]
struct Connected {
    rows: Vec<usize>,
    slots: Vec<u32>,
}

impl Connected {
    /// Where a slot is among those of the group.
    fn place(&self, slot: usize) -> Option<usize> {
        self.slots.binary_search(&(slot as u32)).ok()
    }
}

fn connected(rows: &SlotRows, count: usize, slots: usize) -> Vec<Connected> {
    fn root(parent: &mut [u32], mut slot: usize) -> usize {
        while parent[slot] as usize != slot {
            parent[slot] = parent[parent[slot] as usize];
            slot = parent[slot] as usize;
        }
        slot
    }
    let mut parent: Vec<u32> = (0..slots as u32).collect();
    for row in 0..count {
        let mut first = None;
        for (slot, _) in rows.row(row) {
            let own = root(&mut parent, slot);
            let first = *first.get_or_insert(own);
            let (low, high) = (own.min(root(&mut parent, first)), own.max(root(&mut parent, first)));
            parent[high] = low as u32;
        }
    }
    let (mut groups, mut place) = (Vec::<Connected>::new(), vec![usize::MAX; slots]);
    for row in 0..count {
        let Some((slot, _)) = rows.row(row).next() else { continue };
        let own = root(&mut parent, slot);
        if place[own] == usize::MAX {
            place[own] = groups.len();
            groups.push(Connected::default());
        }
        groups[place[own]].rows.push(row);
    }
    for slot in 0..slots {
        let own = root(&mut parent, slot);
        if let Some(group) = groups.get_mut(place[own]) {
            group.slots.push(slot as u32);
        }
    }
    groups
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}

fn pairs(rows: &SlotRows, group: &Connected) -> Option<Level> {
    let cells = group.slots.len();
    if cells < 2 || group.rows.len() != cells * (cells - 1) / 2 {
        return None;
    }
    let mut scale = vec![0.0; cells];
    let mut table = vec![(u32::MAX, false); group.rows.len()];
    for &row in &group.rows {
        let mut entries = rows.row(row);
        let ((first, a), (second, b)) = (entries.next()?, entries.next()?);
        let (i, j) = (group.place(first)?, group.place(second)?);
        let entry = table.get_mut(j * (j - 1) / 2 + i)?;
        if entries.next().is_some() || (a > 0.0) == (b > 0.0) || entry.0 != u32::MAX {
            return None;
        }
        *entry = (row as u32, b > 0.0);
        for (cell, value) in [(i, a.abs()), (j, b.abs())] {
            if scale[cell] == 0.0 {
                scale[cell] = value;
            } else if !same(scale[cell], value) {
                return None;
            }
        }
    }
    Some(Level { slots: group.slots.clone(), scale, kind: LevelKind::Pairs(table) })
}

/// Rows `b_a e_a − d` with a common part `d = p b`.
fn shares(rows: &SlotRows, group: &Connected) -> Option<Level> {
    let (cells, count) = (group.slots.len(), group.rows.len());
    if count < 3 {
        return None;
    }
    if !are_own_or_common(rows, group) {
        return None;
    }
    let mut columns = vec![Vec::new(); cells];
    for &row in &group.rows {
        for (slot, value) in rows.row(row) {
            columns[group.place(slot)?].push((row, value));
        }
    }
    let mut own = vec![None; cells];
    let (mut scale, mut share) = (vec![0.0; cells], vec![0.0; cells]);
    for (cell, column) in columns.iter().enumerate() {
        let (common, special) = common_part(column, count)?;
        let (row, value) = special.unwrap_or((usize::MAX, common));
        // A cell without a row of its own counts with its share of the level alone, at any scale.
        let b = if special.is_some() { value - common } else { -common };
        if b.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
            return None;
        }
        (scale[cell], share[cell]) = (b, -common / b);
        own[cell] = special.map(|_| row as u32);
    }
    let mut held: Vec<u32> = own.iter().filter_map(|row| *row).collect();
    held.sort_unstable();
    held.dedup();
    let fits = held.len() == count && share.iter().all(|share| *share >= 0.0);
    fits.then(|| Level { slots: group.slots.clone(), scale, kind: LevelKind::Shares { share, row: own } })
}

/// Whether each cell stands in one row, or in all: of many sparse rows a look at their entries says that they are another kind.
fn are_own_or_common(rows: &SlotRows, group: &Connected) -> bool {
    let mut entries = vec![0_usize; group.slots.last().map_or(0, |last| *last as usize + 1)];
    for &row in &group.rows {
        rows.row(row).for_each(|(slot, _)| entries[slot] += 1);
    }
    group.slots.iter().all(|&slot| entries[slot as usize] == 1 || entries[slot as usize] == group.rows.len())
}

/// The coefficient of a cell that all rows but one have, and that one with its own.
fn common_part(column: &[(usize, f64)], count: usize) -> Option<(f64, Option<(usize, f64)>)> {
    match column {
        [single] => Some((0.0, Some(*single))),
        [first, second, rest @ ..] if column.len() == count => {
            // Of three the one that differs is alone.
            let third = rest.first()?.1;
            let common = if same(first.1, second.1) || same(first.1, third) { first.1 } else { second.1 };
            let mut others = column.iter().filter(|(_, value)| !same(*value, common));
            let special = others.next().copied();
            others.next().is_none().then_some((common, special))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::RowsByCell;

    const SIZES: [f64; 6] = [3.0, 7.0, 1.0, 4.0, 9.0, 2.0];

    /// Rows over six cells: from dense ones.
    fn slot_rows(rows: &[[f64; 6]]) -> SlotRows {
        let column = |cell: usize| rows.iter().enumerate().map(|(row, values)| (row as u32, values[cell])).collect();
        SlotRows::new(rows.len(), 6, &[RowsByCell::from_cells((0..6).map(column).collect::<Vec<Vec<_>>>())])
    }

    fn found(rows: &[[f64; 6]]) -> Vec<Level> {
        levels(&slot_rows(rows), rows.len(), 6)
    }

    /// The mean of a cell less that of another.
    fn pair(a: usize, b: usize) -> [f64; 6] {
        let mut row = [0.0; 6];
        (row[a], row[b]) = (1.0 / SIZES[a], -1.0 / SIZES[b]);
        row
    }

    /// The mean of a cell less that of all.
    fn near_all(a: usize) -> [f64; 6] {
        let mut row = [-1.0 / SIZES.iter().sum::<f64>(); 6];
        row[a] += 1.0 / SIZES[a];
        row
    }

    #[test]
    fn all_pairs_are_a_level() {
        let mut rows: Vec<[f64; 6]> = (0..5).flat_map(|b| (0..b).map(move |a| pair(a, b))).collect();
        rows[3] = rows[3].map(|value| -value);
        let found = found(&rows);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].slots, [0, 1, 2, 3, 4]);
        for (b, a) in (0..5).flat_map(|b| (0..b).map(move |a| (b, a))) {
            let LevelKind::Pairs(table) = &found[0].kind else { panic!("pairs") };
            let (row, rises) = table[b * (b - 1) / 2 + a];
            assert_eq!(rows[row as usize][b] > 0.0, rises);
            assert!(rows[row as usize][a] != 0.0);
        }
        // A pair that is missing, there twice, or compares sums of another size.
        assert!(super::levels(&slot_rows(&rows[1..]), 9, 6).is_empty());
        let mut twice = rows.clone();
        twice[0] = twice[1];
        assert!(self::found(&twice).is_empty());
        rows[0][0] *= 1.5;
        assert!(self::found(&rows).is_empty());
    }

    #[test]
    fn each_cell_near_the_mean_of_all_is_a_level() {
        // The last cell has no row of its own.
        let rows: Vec<[f64; 6]> = [0, 1, 2, 3, 4, 0, 1, 2].into_iter().map(near_all).collect();
        assert!(found(&rows).is_empty(), "a cell with two rows");
        let rows: Vec<[f64; 6]> = (0..5).map(near_all).collect();
        let groups = connected(&slot_rows(&rows), 5, 6);
        let level = shares(&slot_rows(&rows), &groups[0]).expect("a level");
        let LevelKind::Shares { share, row } = &level.kind else { panic!("shares") };
        assert_eq!(row, &[Some(0), Some(1), Some(2), Some(3), Some(4), None]);
        for cell in 0..5 {
            assert!((level.scale[cell] - 1.0 / SIZES[cell]).abs() < 1e-15);
            assert!((share[cell] - SIZES[cell] / 26.0).abs() < 1e-15);
        }
        assert!((share[5] * level.scale[5] - 1.0 / 26.0).abs() < 1e-15);
    }

    #[test]
    fn each_cell_near_one_of_them_is_a_level() {
        let rows: Vec<[f64; 6]> = [0, 1, 3, 4, 5].into_iter().map(|a| pair(a, 2)).collect();
        let groups = connected(&slot_rows(&rows), 5, 6);
        let level = shares(&slot_rows(&rows), &groups[0]).expect("a level");
        let LevelKind::Shares { share, row } = &level.kind else { panic!("shares") };
        assert_eq!((share[2], row[2], row[3]), (1.0, None, Some(2)));
        assert_eq!(level.scale[2], 1.0);
    }

    #[test]
    fn few_rows_and_mixed_ones_are_not() {
        assert!(found(&[pair(0, 1), pair(0, 2), pair(1, 2)]).is_empty());
        let mut rows: Vec<[f64; 6]> = (0..6).map(near_all).collect();
        rows.extend([pair(0, 1), pair(2, 3)]);
        assert!(found(&rows).is_empty());
    }

    const MORE: [f64; 10] = [3.0, 7.0, 1.0, 4.0, 9.0, 2.0, 5.0, 6.0, 1.0, 8.0];

    /// Means of cells less the mean of all, with `change` added to one coefficient of the third row; the last cell has no row.
    fn near_mean(change: f64) -> SlotRows {
        let all: f64 = MORE.iter().sum();
        let column = |cell: usize| -> Vec<(u32, f64)> {
            let own = |row: usize| if row == cell { 1.0 / MORE[cell] } else { 0.0 };
            let more = |row: usize| if (row, cell) == (2, 5) { change } else { 0.0 };
            (0..9).map(|row| (row as u32, own(row) - 1.0 / all + more(row))).collect()
        };
        SlotRows::new(9, 10, &[RowsByCell::from_cells((0..10).map(column).collect::<Vec<_>>())])
    }

    /// The shared form gives what the rows give one by one, and is there only where coefficients are the same to the last bit.
    #[test]
    fn shared_rows_come_to_what_they_come_to_alone() {
        let alone = near_mean(0.0);
        let found = super::levels(&alone, 9, 10);
        let shared = super::shared(&alone, 9, &found);
        assert_eq!(shared.len(), 1);
        let sums: Vec<f64> = (0..10).map(|i| f64::from(i * i % 11) - 3.0).collect();
        let sizes: Vec<f64> = sums.iter().map(|sum| sum.abs() + 0.5).collect();
        let mut rows_seen = 0;
        shared[0].measure(&sums, &sizes, &mut |row, sum, size| {
            rows_seen += 1;
            assert!((sum - alone.dot(row, &sums)).abs() < 1e-14, "{row}");
            assert!((size - alone.dot_abs(row, &sizes)).abs() < 1e-14, "{row}");
        });
        assert_eq!(rows_seen, 9);
        let multipliers: Vec<f64> = (0..9).map(|i| f64::from(i % 4) - 1.25).collect();
        let (mut known, mut out) = (vec![0.0; 10], vec![0.0; 10]);
        alone.shift_into(&multipliers, &mut known);
        shared[0].add_shift(&multipliers, &mut out);
        assert!(known.iter().zip(&out).all(|(a, b)| (a - b).abs() < 1e-15), "{known:?} {out:?}");

        // By a bit: still a level, and no shared form.
        let almost = near_mean(1e-17);
        let found = super::levels(&almost, 9, 10);
        assert_eq!(found.len(), 1);
        assert!(super::shared(&almost, 9, &found).is_empty());
    }
}
