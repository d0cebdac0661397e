//! The rows that pricing looks at first.

/// Which rows are looked at for the next one to enter: with thousands of rows, looking at all of them costs more than
/// entering one.
#[derive(Debug, Default, Clone)]
pub(super) struct Candidates {
    /// One over the tolerance of each row.
    pub(super) inverse: Vec<f64>,
    /// The most violated rows when all were last looked at.
    pub(super) rows: Vec<usize>,
    /// The largest violation then, in units of its tolerance.
    pub(super) best: f64,
}

impl Candidates {
    /// For a model with these tolerances.
    pub(super) fn start(&mut self, tolerance: &[f64]) {
        self.inverse.clear();
        self.inverse.extend(tolerance.iter().map(|t| (1.0 / t).min(f64::MAX)));
        self.rows.clear();
    }
}
