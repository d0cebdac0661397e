//! The fairness layer: raw output in, fair output out, gradients through.
//!
//! ```text
//! z ──────▶ runtime ──────▶ ŷ          values:       the runtime's own numbers
//! ∂/∂z ◀─── runtime ◀─── ∂/∂ŷ          derivatives:  D − W⁻¹ Qᵀ Q, one node of libtorch's graph
//! ```
//!
//! Rows and bounds hold as the runtime promises. The derivative with respect to `z` is the projector `D − W⁻¹ Qᵀ Q` (Amos &
//! Kolter 2017 for a quadratic program; here in closed form, see [`crate::runtime::project::Tangent`]), constant as long as
//! the active set is, so second derivatives are those of what stands around the layer. The solved batch lives in the node until the
//! graph has gone backward, see [`super::derivative`]. With tracked params or labels all is written out with the rows as
//! tensors, see [`super::tracked`].

use std::borrow::Cow;
use std::sync::Arc;

use tch::{Device, Kind, Tensor};

use super::derivative::Derivative;
use super::device;
use super::error::LayerError;
use super::solver::{Solved, Solver};
use super::tracked::{Batch, Tracks, tracked_output};
use crate::bind::{Bound, Encoded, Params, Samples};
use crate::language::program::Program;
use crate::runtime::project::{Certificate, Settings, Side, Status};

/// A batch on a GPU that is smaller than this is solved sooner on the host, copies there and back included.
const WORTH_A_GPU: usize = 1 << 18;

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
    pub bound: Arc<Bound>,
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

    /// Solves on sums by cell although the samples are on the host, as it does for large batches on a GPU.
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
    pub fn forward(&self, z: &Tensor, samples: &Samples) -> Result<Fair, LayerError> {
        self.forward_tracked(z, samples, &Tracks::default())
    }

    /// As [`FairLayer::forward`], with derivatives with respect to tracked params and labels too.
    ///
    /// # Errors
    /// As [`FairLayer::forward`], and for what cannot be tracked.
    pub fn forward_tracked(&self, z: &Tensor, samples: &Samples, tracks: &Tracks) -> Result<Fair, LayerError> {
        let own = self.with_raw(z, samples)?;
        let (encoded, samples) = own.as_ref().map_or((self.encoded, samples), |own| (&**own, &Samples::All));
        let (program, owned) = (self.program, own.as_ref().filter(|_| !tracks.is_empty()).map(|_| tracks.with_raw(z)));
        let tracks = owned.as_ref().unwrap_or(tracks);
        let params = match tracks.is_empty() {
            true => Cow::Borrowed(&self.params),
            false => Cow::Owned(tracks.params_over(program, &self.params)?),
        };
        // Derivatives with respect to what is tracked are written out with rows as tensors, which rows that bend are not.
        let bound = match tracks.is_empty() {
            true => encoded.bind_convex(&params, samples),
            false => encoded.bind(&params, samples),
        };
        let bound = Arc::new(bound.map_err(LayerError::Bind)?);
        let n = bound.problem.n();
        if z.numel() != n {
            return Err(LayerError::Shape { found: z.size(), expected: n });
        }
        let with_gradient = z.requires_grad() || !tracks.is_empty();
        let raw = own.as_ref().map(|own| (own.clone(), params.clone().into_owned()));
        let (solved, derivative) = self.solve(&bound, z, with_gradient, raw)?;
        let y = if !tracks.is_empty() {
            let flat = z.f_reshape([-1])?;
            let batch = Batch { program, encoded, bound: &bound, params: &params, samples, tracks };
            tracked_output(&batch, &solved, &derivative.active_set(&flat)?, &flat)?.f_reshape(z.size())?
        } else if with_gradient {
            derivative.attach(&solved.y, z)?
        } else {
            solved.y.f_reshape(z.size())?
        };
        let Solved { free, status, multipliers, active, certificate, .. } = solved;
        Ok(Fair { y, bound, status, free, multipliers, active, certificate })
    }

    /// The batch as data of its own, where rows read the output as it is handed in.
    fn with_raw(&self, z: &Tensor, samples: &Samples) -> Result<Option<Arc<Encoded>>, LayerError> {
        if !self.encoded.wants_raw() {
            return Ok(None);
        }
        let n = z.numel();
        let mut values = vec![0.0; n];
        z.f_detach()?.f_to_kind(Kind::Double)?.f_reshape([-1])?.f_copy_data(&mut values, n)?;
        Ok(Some(Arc::new(self.encoded.with_raw(samples, &values).map_err(LayerError::Bind)?)))
    }

    /// On the host; on the device for samples that are there, where the rows allow it.
    fn solve(
        &self,
        bound: &Arc<Bound>,
        z: &Tensor,
        with_gradient: bool,
        raw: Option<(Arc<Encoded>, Params)>,
    ) -> Result<(Solved, Derivative), LayerError> {
        let (problem, settings) = (&bound.problem, &self.settings);
        // Sums do not know how rows move with raw predictions.
        let large = z.device() != Device::Cpu && z.numel() >= WORTH_A_GPU;
        let on_device = raw.is_none() && (self.on_device || large);
        // Where samples have breakpoints or rows of their own there is little to add up.
        let by_cell = bound.convex.is_none() && bound.pair_rows.is_empty() && device::is_by_cell(problem);
        let flat = || z.f_reshape([-1]);
        match (z.kind(), on_device && by_cell) {
            (Kind::Float, true) => device::solve::<f32>(problem, &flat()?, settings, with_gradient),
            (Kind::Double, true) => device::solve::<f64>(problem, &flat()?, settings, with_gradient),
            (Kind::Float, false) => {
                let (solved, solution) = self.single.solve(bound, z, settings)?;
                Ok((solved, Derivative::Single(solution.with_raw(raw))))
            }
            (Kind::Double, false) => {
                let (solved, solution) = self.double.solve(bound, z, settings)?;
                Ok((solved, Derivative::Double(solution.with_raw(raw))))
            }
            (other, _) => Err(LayerError::Kind(other)),
        }
    }
}
