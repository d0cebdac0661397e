//! What derivatives need room for.

use super::gradient::levels::LevelRows;
use super::lanes::Totals;
use super::local::Local;

/// Buffers of derivatives, kept between calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers<T> {
    pub(super) local: Local,
    pub(super) levels: LevelRows,
    pub(super) shift: Vec<f64>,
    pub(super) moment: Vec<f64>,
    pub(super) partial: Vec<Totals>,
    pub(super) back: Vec<f64>,
    pub(super) right: Vec<f64>,
    pub(super) rows: Vec<usize>,
    pub(super) q: Vec<f64>,
    pub(super) y: Vec<T>,
    pub(super) v: Vec<T>,
    pub(super) weights: Vec<f64>,
    pub(super) next: Vec<u32>,
}
