//! The fairness layer: raw output in, fair output out, gradients through.
//!
//! ```text
//! z ──────▶ runtime: ŷ, active set        values:       ŷ
//! │                     │                 derivatives:  D − W⁻¹ Qᵀ Q
//! └─▶ (D − W⁻¹ Qᵀ Q) z ◀┘                               D: free samples, Q: see runtime::project::Tangent
//! ```
//!
//! The values are the runtime's own, so rows and bounds hold as it promises: the linear map is there for its derivative
//! alone, and its values are replaced. The derivative with respect to `z` is the projector `D − W⁻¹ Qᵀ Q` (Amos & Kolter
//! 2017 for a quadratic program; here in closed form), constant as long as the active set is, so second derivatives are
//! those of what stands around the layer. With tracked params or labels the same is written out with the rows as tensors,
//! see [`super::tracked`]. A step of training needs less than all this, see [`super::cut`].

use tch::{Device, Kind, Tensor};

use super::cut::Cut;
use super::device;
use super::error::LayerError;
use super::solver::{Derivative, Linear, Solved, Solver};
use super::tracked::{Batch, Tracks, tracked_output};
use crate::bind::{Bound, Encoded, Params, Samples};
use crate::language::program::Program;
use crate::runtime::problem::Problem;
use crate::runtime::project::{Certificate, Settings, Side, Status};

/// Maps raw predictions of a batch to the nearest ones that satisfy a program, differentiably.
#[derive(Debug)]
pub struct FairLayer<'a> {
    program: &'a Program,
    encoded: &'a Encoded,
    params: Params,
    settings: Settings,
    on_device: bool,
    single: Solver<f32>,
    double: Solver<f64>,
}

/// Fair predictions of a batch, and how they were found.
#[derive(Debug)]
pub struct Fair {
    /// In the shape, kind and place of the raw output.
    pub y: Tensor,
    /// The batch as it was bound: rows kept and skipped.
    pub bound: Bound,
    /// `Optimal`, or `Relaxed` where the settings allow it.
    pub status: Status,
    /// How many predictions are free: strictly between their bounds. No gradient passes the others.
    pub free: usize,
    /// One for each row of the problem.
    pub multipliers: Vec<f64>,
    /// Which side of each row is active.
    pub active: Vec<Side>,
    /// Residuals of the returned numbers.
    pub certificate: Certificate,
}

impl<'a> FairLayer<'a> {
    /// A layer for a data set that was encoded for this program with these params.
    pub fn new(program: &'a Program, encoded: &'a Encoded, params: Params) -> Self {
        FairLayer {
            program,
            encoded,
            params,
            settings: Settings::default(),
            on_device: false,
            single: Solver::default(),
            double: Solver::default(),
        }
    }

    /// With other settings of the projection.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Solves on sums by cell although the samples are on the host, as it does for samples that are not.
    #[must_use]
    pub fn on_device(mut self) -> Self {
        self.on_device = true;
        self
    }

    /// The params that batches are bound with.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Replaces the params, for the batches to come.
    pub fn set_params(&mut self, params: Params) {
        self.params = params;
    }

    /// Fair predictions for the raw output `z` of these samples, of shape `[n]` or `[n, 1]`, `f32` or `f64`.
    ///
    /// # Errors
    /// Wrong shape or kind, output that is not finite, a batch that does not bind or that no predictions satisfy.
    pub fn forward(&mut self, z: &Tensor, samples: &Samples) -> Result<Fair, LayerError> {
        self.forward_tracked(z, samples, &Tracks::default())
    }

    /// As [`FairLayer::forward`], with derivatives with respect to tracked params and labels too.
    ///
    /// # Errors
    /// As [`FairLayer::forward`], and for what cannot be tracked.
    pub fn forward_tracked(&mut self, z: &Tensor, samples: &Samples, tracks: &Tracks) -> Result<Fair, LayerError> {
        let (program, encoded) = (self.program, self.encoded);
        let params = tracks.params_over(program, &self.params)?;
        let (bound, flat) = bind(encoded, &params, z, samples)?;
        let with_gradient = z.requires_grad() || !tracks.is_empty();
        let (solved, derivative) = self.solve(&bound.problem, &flat, with_gradient)?;
        let y = if with_gradient {
            let linear = derivative.linear(&bound.problem, &flat)?;
            if tracks.is_empty() {
                attach(&solved.y, &linear, &flat)?
            } else {
                let batch = Batch { program, encoded, bound: &bound, params: &params, samples, tracks };
                tracked_output(&batch, &solved, &linear, &flat)?
            }
        } else {
            solved.y.shallow_clone()
        };
        Fair::new(y, z, bound, solved)
    }

    /// Fair predictions that are cut off from the network: for a step of training, where the gradient of the loss is
    /// carried over the cut by [`Cut::pull_back`]. See [`Cut`] for when this will do.
    ///
    /// # Errors
    /// As [`FairLayer::forward`].
    pub fn cut(&mut self, z: &Tensor, samples: &Samples) -> Result<Cut<'_>, LayerError> {
        let (bound, flat) = bind(self.encoded, &self.params, z, samples)?;
        let (solved, derivative) = self.solve(&bound.problem, &flat, true)?;
        let y = solved.y.shallow_clone();
        let fair = Fair::new(y, z, bound, solved)?;
        Cut::new(fair, flat, derivative)
    }

    /// On the host; on the device for samples that are there, where the rows allow it.
    fn solve(
        &mut self,
        problem: &Problem,
        z: &Tensor,
        with_gradient: bool,
    ) -> Result<(Solved, Derivative<'_>), LayerError> {
        let (on_device, settings) = (self.on_device || z.device() != Device::Cpu, &self.settings);
        match (z.kind(), on_device && device::is_by_cell(problem)) {
            (Kind::Float, true) => device::solve::<f32>(problem, z, settings, with_gradient),
            (Kind::Double, true) => device::solve::<f64>(problem, z, settings, with_gradient),
            (Kind::Float, false) => {
                let solved = self.single.solve(problem, z, settings)?;
                Ok((solved, Derivative::Single(&mut self.single)))
            }
            (Kind::Double, false) => {
                let solved = self.double.solve(problem, z, settings)?;
                Ok((solved, Derivative::Double(&mut self.double)))
            }
            (other, _) => Err(LayerError::Kind(other)),
        }
    }
}

impl Fair {
    /// `y` in the shape of `z`, and how it was found.
    fn new(y: Tensor, z: &Tensor, bound: Bound, solved: Solved) -> Result<Fair, LayerError> {
        let y = if z.dim() == 1 { y } else { y.f_reshape(z.size())? };
        let Solved { free, status, multipliers, active, certificate, .. } = solved;
        Ok(Fair { y, bound, status, free, multipliers, active, certificate })
    }
}

/// The batch as numbers, and its raw output as a flat tensor.
fn bind(encoded: &Encoded, params: &Params, z: &Tensor, samples: &Samples) -> Result<(Bound, Tensor), LayerError> {
    let bound = encoded.bind(params, samples).map_err(LayerError::Bind)?;
    let n = bound.problem.n();
    if z.numel() != n {
        return Err(LayerError::Shape { found: z.size(), expected: n });
    }
    let flat = if z.dim() == 1 { z.shallow_clone() } else { z.f_reshape([-1])? };
    Ok((bound, flat))
}

/// The runtime's numbers with the derivative with respect to `z`. The nodes of the linear map read `z` and constants
/// alone, so that its values can be replaced.
fn attach(y: &Tensor, linear: &Linear, z: &Tensor) -> Result<Tensor, LayerError> {
    let mut moved = z.f_mul(&linear.free)?;
    if let Some(directions) = &linear.directions {
        moved = moved.f_addmv(&directions.back, &directions.rows.f_mv(z)?)?;
    }
    moved.f_set_data(y)?;
    Ok(moved)
}
