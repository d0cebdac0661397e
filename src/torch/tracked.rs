//! Derivatives with respect to params and labels.
//!
//! With the free samples `F` and the active rows `A` (independent ones) held fixed, the projection is
//!
//! ```text
//! ŷ_F = z_F − W⁻¹ (A_Fᵀ μ + K_Fᵀ ν),      A ŷ = b,      M μ = A_F (z_F − W⁻¹ K_Fᵀ ν) + A_C ŷ_C − b,    M = A_F W⁻¹ A_Fᵀ
//! ```
//!
//! with clipped samples `C` at their bounds and soft rows `K` at their caps `ν`. Written in tensors, with `A`, `b` and
//! `K` as functions of params and labels, autograd gives exact derivatives of any order where the active set is stable.
//! The values are corrected to the runtime's: `ŷ + (closed − detach(closed))`.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use super::error::LayerError;
use super::solver::ActiveSet;
use super::solver::Solved;
use crate::bind::{Arithmetic, Bound, Encoded, Params, Samples, TracedRow, Tracked};
use crate::language::program::{Function, Program, RAW};
use crate::runtime::problem::Problem;
use crate::runtime::project::Side;

/// Params and labels that carry derivatives.
#[derive(Debug, Default)]
pub struct Tracks {
    params: BTreeMap<String, Tensor>,
    columns: BTreeMap<String, Tensor>,
}

impl Tracks {
    /// Tracks a param: one number, whose value replaces that of the layer's params.
    #[must_use]
    pub fn param(mut self, name: &str, value: &Tensor) -> Self {
        self.params.insert(name.to_owned(), value.shallow_clone());
        self
    }

    /// Tracks a label or column by its header: one number for each sample of the batch, equal to the encoded data.
    #[must_use]
    pub fn column(mut self, header: &str, values: &Tensor) -> Self {
        self.columns.insert(header.to_owned(), values.shallow_clone());
        self
    }

    /// Whether nothing is tracked.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty() && self.columns.is_empty()
    }

    /// With the raw output too, which rows read.
    pub(super) fn with_raw(&self, z: &Tensor) -> Tracks {
        let all = |tensors: &BTreeMap<String, Tensor>| {
            tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
        };
        Tracks { params: all(&self.params), columns: all(&self.columns) }.column(RAW, z)
    }

    /// The params with the tracked values in place.
    pub(super) fn params_over(&self, program: &Program, params: &Params) -> Result<Params, LayerError> {
        let mut params = params.clone();
        for (name, value) in &self.params {
            if value.numel() != 1 {
                let what = "a tracked param is one number";
                return Err(LayerError::Tracked { name: name.clone(), what });
            }
            let value = value.f_double_value(&[])?;
            params.set(program, name, value).map_err(|error| LayerError::Bind(vec![error]))?;
        }
        Ok(params)
    }
}

/// The fair output with derivatives with respect to `z`, params and labels; `z` is flat.
pub(super) fn tracked_output(
    batch: &Batch<'_>,
    solved: &Solved,
    set: &ActiveSet,
    z: &Tensor,
) -> Result<Tensor, LayerError> {
    let numbers = Numbers::new(batch, z)?;
    let problem = &batch.bound.problem;
    let capped: Vec<usize> = (solved.active.iter().enumerate())
        .filter(|(_, side)| matches!(side, Side::BelowLower | Side::AboveUpper))
        .map(|(row, _)| row)
        .collect();
    let trace = |rows: &[usize]| batch.encoded.trace(batch.bound, batch.params, batch.samples, rows, &numbers);
    let (rows, soft) = (trace(&set.rows)?, trace(&capped)?);
    let exact = solved.y.f_to_kind(Kind::Double)?;
    let free = set.free.f_to_kind(Kind::Double)?;
    let inverse = match problem.weights() {
        None => free.shallow_clone(),
        Some(weights) => {
            let inverse: Vec<f64> = weights.iter().map(|&w| if w > 0.0 { 1.0 / w } else { 0.0 }).collect();
            free.f_mul(&numbers.tensor(&inverse)?)?
        }
    };
    // z without what soft rows at their caps take away.
    let mut raw = z.f_to_kind(Kind::Double)?;
    for (row, place) in soft.iter().zip(&capped) {
        let cap = solved.multipliers.get(*place).copied().unwrap_or(0.0);
        raw = raw.f_sub(&row.coefficients.f_mul(&inverse)?.f_mul_scalar(cap)?)?;
    }
    let mut closed = raw.f_mul(&free)?;
    if !rows.is_empty() {
        let sides = sides(&rows, &set.rows, solved, problem)?;
        let lines: Vec<&Tensor> = rows.iter().map(|row| &row.coefficients).collect();
        let a = Tensor::f_stack(&lines, 0)?;
        let a_free = a.f_mul(&free)?;
        let a_inverse = a.f_mul(&inverse)?;
        let clipped = exact.f_sub(&exact.f_mul(&free)?)?;
        let right = a_free.f_mv(&raw)?.f_add(&a.f_mv(&clipped)?)?.f_sub(&sides)?;
        let m = a_inverse.f_mm(&a_free.f_tr()?)?;
        let mu = Tensor::f_linalg_solve(&m, &right, true)?;
        closed = closed.f_sub(&a_inverse.f_tr()?.f_mv(&mu)?)?;
    }
    let moved = closed.f_sub(&closed.f_detach()?)?.f_to_kind(z.kind())?;
    Ok(solved.y.f_add(&moved)?)
}

/// A batch as it was bound, and what is tracked on it.
pub(super) struct Batch<'a> {
    pub program: &'a Program,
    pub encoded: &'a Encoded,
    pub bound: &'a Bound,
    pub params: &'a Params,
    pub samples: &'a Samples<'a>,
    pub tracks: &'a Tracks,
}

/// The sides on which the active rows lie, as tensors; they must be those of the problem.
fn sides(
    rows: &[TracedRow<Tensor>],
    places: &[usize],
    solved: &Solved,
    problem: &Problem,
) -> Result<Tensor, LayerError> {
    const SAME: f64 = 1e-6;
    let mut sides = Vec::with_capacity(rows.len());
    for (row, &place) in rows.iter().zip(places) {
        let lower = solved.active.get(place) == Some(&Side::Lower);
        let (side, known) = if lower { (&row.lower, problem.lower()) } else { (&row.upper, problem.upper()) };
        let known = known.get(place).copied().unwrap_or(f64::NAN);
        let differs = || LayerError::Differs { row: problem.row_name(place) };
        let side = side.as_ref().ok_or_else(differs)?;
        let value = side.f_double_value(&[])?;
        // NaN is not the same.
        let same = (value - known).abs() <= SAME * known.abs().max(1.0);
        if !same {
            return Err(differs());
        }
        sides.push(side.shallow_clone());
    }
    Ok(Tensor::f_stack(&sides, 0)?)
}

/// Tensors of kind Double as the numbers of a trace: scalars for the batch, vectors for its samples.
struct Numbers {
    params: Vec<Option<Tensor>>,
    columns: BTreeMap<String, Tensor>,
    device: tch::Device,
}

impl Numbers {
    fn new(batch: &Batch<'_>, z: &Tensor) -> Result<Numbers, LayerError> {
        let (device, tracks) = (z.device(), batch.tracks);
        let double = |tensor: &Tensor, shape: &[i64]| -> Result<Tensor, LayerError> {
            Ok(tensor.f_to_device(device)?.f_to_kind(Kind::Double)?.f_reshape(shape)?)
        };
        let find = |name: &str| tracks.params.get(name).map(|tensor| double(tensor, &[])).transpose();
        let params = batch.program.params.iter().map(|param| find(&param.name)).collect::<Result<_, _>>()?;
        let mut columns = BTreeMap::new();
        for (header, tensor) in &tracks.columns {
            let fault = |what| LayerError::Tracked { name: header.clone(), what };
            if batch.program.column(header).is_none() {
                return Err(fault("the spec's rows read no column or label with this header"));
            }
            if tensor.numel() != batch.bound.problem.n() {
                return Err(fault("a tracked column has one number for each sample of the batch"));
            }
            columns.insert(header.clone(), double(tensor, &[-1])?);
        }
        Ok(Numbers { params, columns, device })
    }

    fn tensor(&self, values: &[f64]) -> Result<Tensor, LayerError> {
        Ok(Tensor::f_from_slice(values)?.f_to_device(self.device)?)
    }
}

impl Arithmetic for Numbers {
    type Number = Tensor;

    fn number(&self, value: f64) -> Tensor {
        Tensor::from(value).to_device(self.device)
    }

    fn add(&self, a: Tensor, b: Tensor) -> Tensor {
        a + b
    }

    fn multiply(&self, a: Tensor, b: Tensor) -> Tensor {
        a * b
    }

    fn divide(&self, a: Tensor, b: Tensor) -> Tensor {
        a / b
    }

    fn power(&self, base: Tensor, exponent: f64) -> Tensor {
        if exponent == 1.0 { base } else { base.pow_tensor_scalar(exponent) }
    }

    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        let mut next = || arguments.next().unwrap_or_else(|| self.number(f64::NAN));
        match function {
            Function::Abs => next().abs(),
            Function::Exp => next().exp(),
            Function::Log => next().log(),
            Function::Sqrt => next().sqrt(),
            Function::Power => {
                let base = next();
                base.pow(&next())
            }
            Function::Max => {
                let first = next();
                arguments.fold(first, |most, other| most.maximum(&other))
            }
            Function::Min => {
                let first = next();
                arguments.fold(first, |least, other| least.minimum(&other))
            }
        }
    }
}

impl Tracked for Numbers {
    fn samples(&self, values: &[f64]) -> Tensor {
        Tensor::from_slice(values).to_device(self.device)
    }

    fn copy(&self, value: &Tensor) -> Tensor {
        value.shallow_clone()
    }

    fn sum(&self, value: &Tensor) -> Tensor {
        value.sum(Kind::Double)
    }

    fn param(&self, index: usize) -> Option<Tensor> {
        self.params.get(index).and_then(|param| param.as_ref().map(Tensor::shallow_clone))
    }

    fn column(&self, header: &str) -> Option<Tensor> {
        self.columns.get(header).map(Tensor::shallow_clone)
    }
}
