//! Which share of batches of a size can meet a spec: some are drawn, at random and spread over the cells.

use crate::bind::{BindError, Encoded, Params, RowStatus, Samples};
use crate::runtime::project::{ProjectError, Projection, Projector, Settings, Status};

/// Drawn of each kind.
pub const DRAWN: usize = 200;

/// What came of the batches of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Share {
    pub drawn: usize,
    pub feasible: usize,
    /// Batches in which some row was skipped for want of samples.
    pub with_skips: usize,
}

/// Draws batches of `size` with `seed`.
///
/// # Errors
/// What binding or projecting a batch says.
pub fn share(encoded: &Encoded, params: &Params, size: usize, stratified: bool, seed: u64) -> Result<Share, Failure> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut order: Vec<u32> = (0..encoded.n() as u32).collect();
    let size = size.min(order.len()).max(1);
    let mut share = Share::default();
    let mut projector = Projector::<f64>::new();
    let mut projection = Projection::default();
    let mut batch = Vec::with_capacity(size);
    for _ in 0..DRAWN {
        draw(&mut order, encoded, size, stratified, &mut random, &mut batch);
        let bound = encoded.bind(params, &Samples::Rows(&batch)).map_err(Failure::Bind)?;
        let start = bound.problem.middle();
        projector
            .project_into(&bound.problem, &start, &Settings::default(), &mut projection)
            .map_err(Failure::Project)?;
        share.drawn += 1;
        share.feasible += usize::from(projection.status == Status::Optimal);
        share.with_skips += usize::from(bound.rows.iter().any(|row| matches!(row.status, RowStatus::Skipped(_))));
    }
    Ok(share)
}

/// Why batches could not be tried.
#[derive(Debug)]
pub enum Failure {
    Bind(Vec<BindError>),
    Project(ProjectError),
}

/// A batch: the first of a shuffle, or every n-th of a shuffle sorted by cell, which gives every cell its share.
fn draw(
    order: &mut [u32],
    encoded: &Encoded,
    size: usize,
    stratified: bool,
    random: &mut fastrand::Rng,
    batch: &mut Vec<u32>,
) {
    batch.clear();
    let n = order.len();
    if !stratified {
        for place in 0..size {
            order.swap(place, random.usize(place..n));
        }
        batch.extend_from_slice(&order[..size]);
        return;
    }
    random.shuffle(order);
    order.sort_by_key(|&sample| encoded.cell().get(sample as usize).copied());
    let (step, offset) = (n as f64 / size as f64, random.f64());
    let places = (0..size).map(|place| (((place as f64 + offset) * step) as usize).min(n - 1));
    batch.extend(places.map(|place| order[place]));
}
