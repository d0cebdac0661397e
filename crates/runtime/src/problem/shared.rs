//! Rows that are one common row but for a slot of their own each, as means of groups less the mean of all are: what they come to, and
//! what their multipliers push, follows from the common row at the cost of one row for all.

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
pub(super) struct Own {
    pub(super) row: u32,
    pub(super) slot: u32,
    pub(super) value: f64,
    pub(super) common: f64,
}

impl Shared {
    pub(super) fn new(slots: Vec<u32>, common: Vec<f64>, rows: Vec<Own>) -> Self {
        Shared { slots, common, rows }
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
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
