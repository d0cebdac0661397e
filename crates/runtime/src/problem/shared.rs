//! Rows that are one common row but for a slot of their own each, as means of groups less the mean of all are: what they come to, and
//! what their multipliers push, follows from the common row at the cost of one row for all.

use super::rows::SlotRows;
use super::{Level, LevelKind};

/// Rows of fewer slots than this are as fast by themselves.
const LEAST_SLOTS: usize = 8;

/// The common row, and the rows that differ from it.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    /// A coefficient for each of these slots.
    slots: Vec<u32>,
    common: Vec<f64>,
    rows: Vec<Own>,
}

/// A row: its own slot, its coefficient there, and that of the common row.
#[derive(Debug, Clone, Copy)]
struct Own {
    row: u32,
    slot: u32,
    value: f64,
    common: f64,
}

impl Shared {
    /// The shared form of all rows, if they are those of levels and the coefficients are the same to the last bit; else none.
    pub(super) fn of_levels(rows: &SlotRows, count: usize, levels: &[Level]) -> Vec<Shared> {
        let shared: Option<Vec<Shared>> = levels.iter().map(|level| Shared::of_level(rows, level)).collect();
        let shared = shared.unwrap_or_default();
        let held: usize = shared.iter().map(|shared| shared.rows.len()).sum();
        if held == count { shared } else { Vec::new() }
    }

    fn of_level(rows: &SlotRows, level: &Level) -> Option<Shared> {
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
        found.map(|rows| Shared { slots: level.slots.clone(), common, rows })
    }

    /// Calls `each` with each row, `Σ C s` and `Σ |C| size`.
    pub(super) fn measure(&self, sums: &[f64], sizes: &[f64], each: &mut impl FnMut(usize, f64, f64)) {
        let (mut all, mut size) = (0.0, 0.0);
        for (&slot, &common) in self.slots.iter().zip(&self.common) {
            all += common * sums[slot as usize];
            size += common.abs() * sizes[slot as usize];
        }
        for own in &self.rows {
            let (sum, own_size) = (sums[own.slot as usize], sizes[own.slot as usize]);
            let more = (own.value.abs() - own.common.abs()) * own_size;
            each(own.row as usize, all + (own.value * sum - own.common * sum), (size + more).max(0.0));
        }
    }

    /// Adds `Cᵀ μ` to `out`.
    pub(super) fn add_shift(&self, multipliers: &[f64], out: &mut [f64]) {
        let total: f64 = self.rows.iter().map(|own| multipliers[own.row as usize]).sum();
        if total != 0.0 {
            self.slots.iter().zip(&self.common).for_each(|(&slot, common)| out[slot as usize] += common * total);
        }
        for own in &self.rows {
            let mu = multipliers[own.row as usize];
            out[own.slot as usize] += own.value * mu - own.common * mu;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RowsByCell, levels::levels};
    use super::*;

    const SIZES: [f64; 10] = [3.0, 7.0, 1.0, 4.0, 9.0, 2.0, 5.0, 6.0, 1.0, 8.0];

    /// Means of cells less the mean of all, with `change` added to one coefficient of the third row; the last cell has no row.
    fn rows(change: f64) -> SlotRows {
        let all: f64 = SIZES.iter().sum();
        let column = |cell: usize| -> Vec<(u32, f64)> {
            let own = |row: usize| if row == cell { 1.0 / SIZES[cell] } else { 0.0 };
            let more = |row: usize| if (row, cell) == (2, 5) { change } else { 0.0 };
            (0..9).map(|row| (row as u32, own(row) - 1.0 / all + more(row))).collect()
        };
        SlotRows::new(9, 10, &[RowsByCell::from_cells((0..10).map(column).collect::<Vec<_>>())])
    }

    /// The shared form gives what the rows give one by one, and is there only where coefficients are the same to the last bit.
    #[test]
    fn shared_rows_come_to_what_they_come_to_alone() {
        let alone = rows(0.0);
        let found = levels(&alone, 9, 10);
        let shared = Shared::of_levels(&alone, 9, &found);
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
        let almost = rows(1e-17);
        let found = levels(&almost, 9, 10);
        assert_eq!(found.len(), 1);
        assert!(Shared::of_levels(&almost, 9, &found).is_empty());
    }
}
