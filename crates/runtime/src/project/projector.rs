//! The reusable solver: buffers that outlive a batch.

use super::buffers::Buffers;
use super::newton::Newton;
use super::output::Measures;
use super::sample::Sample;

/// Solves one problem after another without allocating once its buffers have grown.
#[derive(Debug, Clone, Default)]
pub struct Projector<T: Sample = f64> {
    /// `z` in grouped order.
    pub(crate) z: Vec<T>,
    pub(crate) next: Vec<u32>,
    pub(crate) newton: Newton,
    pub(crate) margin: Vec<f64>,
    /// The multipliers before a margin was widened.
    pub(crate) before: Vec<f64>,
    pub(crate) before_rest: Vec<f64>,
    /// What a unit of each row's violation counts, where rows were scaled; else empty.
    pub(crate) units: Vec<f64>,
    /// The spacing near zero of the numbers that are returned, if more than that of their type.
    pub(crate) spacing: f64,
    pub(crate) measures: Vec<Measures>,
    pub(crate) gradient: Buffers<T>,
}

impl<T: Sample> Projector<T> {
    /// A solver with empty buffers.
    pub fn new() -> Self {
        Projector::default()
    }
}
