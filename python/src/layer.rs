//! Forward and backward of a batch, for automatic differentiation.
//!
//! There are two ways. [`PyLayer::solve`] hands the solution over, to whom keeps it for the backward pass. For operators of
//! torch, which are functions of numbers alone, [`PyLayer::forward`] and [`PyLayer::derivative`] take the raw predictions,
//! the data of the batch and the values of params: the last few solutions are kept, together with what they are solutions
//! of; one is taken only if these numbers are equal, and otherwise found again, which gives the same bits. So a
//! differentiator may drop, repeat or reorder calls as it likes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use fairc::bind::{Params, Reach, Samples};
use fairc::runtime::project::{Projector, Sample, Settings};
use fairc::tasks::{Solvable, settle};
use numpy::{Element, PyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{Numbers, Vector, contiguous, shaped};
use crate::batches::{Batches, Data, Trouble, locked};
use crate::encoded::PyEncoded;
use crate::errors;
use crate::program::PyProgram;
use crate::shared::{on_infeasible, purpose};
use crate::solution::{Found, PySolution, Solved, applied, wrong_type};
use crate::sums::PyPart;

/// Solutions kept: forward passes that may be waiting for their backward pass.
const KEPT: usize = 4;

/// A solution and what it is the solution of.
struct Kept<T: Sample> {
    z: Vec<T>,
    data: Data,
    params: Arc<Params>,
    found: Arc<Solved<T>>,
}

/// What a layer keeps for predictions of one type.
#[derive(Default)]
struct Own<T: Sample> {
    /// Solutions that a backward pass may ask for.
    memo: Mutex<VecDeque<Kept<T>>>,
    /// Solvers that are not at work; as many as there were batches at a time.
    projectors: Mutex<Vec<Projector<T>>>,
}

/// What differs between the two types.
trait Kind: Sample + Element {
    fn own(layer: &PyLayer) -> &Own<Self>;
    fn found(solved: Arc<Solved<Self>>) -> Found;
}

impl Kind for f32 {
    fn own(layer: &PyLayer) -> &Own<f32> {
        &layer.single
    }

    fn found(solved: Arc<Solved<f32>>) -> Found {
        Found::Single(solved)
    }
}

impl Kind for f64 {
    fn own(layer: &PyLayer) -> &Own<f64> {
        &layer.double
    }

    fn found(solved: Arc<Solved<f64>>) -> Found {
        Found::Double(solved)
    }
}

#[pyclass(frozen, module = "fairc._fairc", name = "Layer")]
pub struct PyLayer {
    batches: Arc<Batches>,
    single: Own<f32>,
    double: Own<f64>,
}

#[pymethods]
impl PyLayer {
    /// A layer over an encoded table, or over batches with these columns.
    #[new]
    #[pyo3(signature = (program, encoded, headers, purpose="training", on_infeasible="error"))]
    fn new(
        py: Python<'_>,
        program: &PyProgram,
        encoded: Option<&PyEncoded>,
        headers: Vec<String>,
        purpose: &str,
        on_infeasible: &str,
    ) -> PyResult<PyLayer> {
        let context = program.shared.context();
        context.moves_predictions().map_err(|failure| errors::failure(py, errors::Kind::Data, &failure))?;
        let encoded = encoded.map(|encoded| encoded.encoded.clone());
        let settings = Settings { on_infeasible: self::on_infeasible(on_infeasible)?, ..Settings::default() };
        let batches = Batches::new(program.shared.clone(), encoded, headers, self::purpose(purpose)?, settings);
        Ok(PyLayer { batches: Arc::new(batches), single: Own::default(), double: Own::default() })
    }

    /// `ŷ` of raw predictions, and the solution; `tracked` are the places of the params to be differentiated.
    fn solve<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyAny>,
        data: Vec<Bound<'py, PyAny>>,
        params: Vec<f64>,
        tracked: Vec<usize>,
    ) -> PyResult<(Bound<'py, PyAny>, PySolution)> {
        let data = self.batches.data(data)?;
        match Numbers::new(z)? {
            Numbers::Single(z) => self.answer(py, &z, &data, &params, &tracked),
            Numbers::Double(z) => self.answer(py, &z, &data, &params, &tracked),
        }
    }

    /// `ŷ` of raw predictions; `remember` keeps the solution for a backward pass.
    fn forward<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyAny>,
        data: Vec<Bound<'py, PyAny>>,
        params: Vec<f64>,
        remember: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data = self.batches.data(data)?;
        match Numbers::new(z)? {
            Numbers::Single(z) => self.remembered(py, &contiguous(&z), data, &params, remember),
            Numbers::Double(z) => self.remembered(py, &contiguous(&z), data, &params, remember),
        }
    }

    /// `Jᵀ v`, or `J v` where `transposed`.
    fn derivative<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyAny>,
        data: Vec<Bound<'py, PyAny>>,
        params: Vec<f64>,
        v: &Bound<'py, PyAny>,
        transposed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data = self.batches.data(data)?;
        match (Numbers::new(z)?, Numbers::new(v)?) {
            (Numbers::Single(z), Numbers::Single(v)) => {
                self.differentiated(py, &contiguous(&z), &data, &params, &v, transposed)
            }
            (Numbers::Double(z), Numbers::Double(v)) => {
                self.differentiated(py, &contiguous(&z), &data, &params, &v, transposed)
            }
            _ => Err(wrong_type()),
        }
    }

    /// The part of a batch of which others are elsewhere: `n` samples.
    fn part(&self, py: Python<'_>, data: Vec<Bound<'_, PyAny>>, n: usize, params: Vec<f64>) -> PyResult<PyPart> {
        let (data, params) = (self.batches.data(data)?, self.batches.params(py, &params)?);
        PyPart::new(py, self.batches.clone(), data, n, params)
    }

    /// How the last forward pass ended, as JSON; none before the first.
    fn last(&self) -> Option<String> {
        self.batches.last()
    }
}

impl PyLayer {
    fn answer<'py, T: Kind>(
        &self,
        py: Python<'py>,
        z: &Vector<'py, T>,
        data: &Data,
        params: &[f64],
        tracked: &[usize],
    ) -> PyResult<(Bound<'py, PyAny>, PySolution)> {
        let params = self.batches.params(py, params)?;
        let solved = self.solved(py, &contiguous(z), data, &params, tracked)?;
        let y = shaped(py, solved.projection.y.clone(), z);
        Ok((y, PySolution { found: T::found(solved) }))
    }

    fn remembered<'py, T: Kind>(
        &self,
        py: Python<'py>,
        z: &[T],
        data: Data,
        params: &[f64],
        remember: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = self.batches.params(py, params)?;
        let found = self.solved(py, z, &data, &params, &[])?;
        let y = PyArray1::from_slice(py, &found.projection.y).into_any();
        if remember {
            let mut memo = locked(&T::own(self).memo);
            memo.push_front(Kept { z: z.to_vec(), data, params, found });
            memo.truncate(KEPT);
        }
        Ok(y)
    }

    fn differentiated<'py, T: Kind>(
        &self,
        py: Python<'py>,
        z: &[T],
        data: &Data,
        params: &[f64],
        v: &Vector<'py, T>,
        transposed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = self.batches.params(py, params)?;
        let kept = py.detach(|| {
            let memo = locked(&T::own(self).memo);
            let same = |kept: &&Kept<T>| *kept.params == *params && kept.z == z && kept.data == *data;
            memo.iter().find(same).map(|kept| kept.found.clone())
        });
        let found = match kept {
            Some(found) => found,
            None => self.solved(py, z, data, &params, &[])?,
        };
        applied(py, &found, v, transposed)
    }

    /// Solves without the interpreter's lock, and fails unless there is a point.
    fn solved<T: Kind>(
        &self,
        py: Python<'_>,
        z: &[T],
        data: &Data,
        params: &Params,
        tracked: &[usize],
    ) -> PyResult<Arc<Solved<T>>> {
        let solved = py.detach(|| self.project(z, data, params, tracked));
        let solved = Arc::new(solved.map_err(|trouble| self.batches.raised(py, trouble))?);
        self.batches.keep(solved.clone());
        Ok(solved)
    }

    fn project<T: Kind>(&self, z: &[T], data: &Data, params: &Params, tracked: &[usize]) -> Result<Solved<T>, Trouble> {
        let encoded = self.batches.encoded(data, z.len(), params)?;
        let samples = match data {
            Data::Rows(rows) => Samples::Rows(rows),
            Data::Columns(_) => Samples::All,
        };
        let own = match encoded.wants_raw() {
            true => {
                let wide: Vec<f64> = z.iter().map(|z| z.widen()).collect();
                Some(Arc::new(encoded.with_raw(&samples, &wide)?))
            }
            false => None,
        };
        let (encoded, samples) = own.clone().map_or((encoded, samples), |own| (own, Samples::All));
        let bound = encoded.bind_convex(params, &samples)?;
        let slopes = match tracked.iter().find(|&&param| encoded.reach(param) > Reach::Sides) {
            Some(&param) => return Err(self.not_differentiable(param)),
            None if tracked.is_empty() => Vec::new(),
            None => {
                let sides = encoded.sides(&bound, &samples);
                tracked.iter().map(|&param| sides.slopes(params, param)).collect()
            }
        };
        let projectors = &T::own(self).projectors;
        let mut projector = locked(projectors).pop().unwrap_or_default();
        let ended = bound.project(&mut projector, z, &self.batches.settings);
        locked(projectors).push(projector);
        let projection = ended?;
        let batch = Solvable { rows: &bound.rows, encoded: Some((&encoded, params, &samples)) };
        let violation = projection.certificate.row_violation;
        settle(&self.batches.shared.context(), &projection.status, violation, &batch)?;
        let raw = own.map(|own| (own, params.clone()));
        Ok(Solved { bound, projection, slopes, raw })
    }

    fn not_differentiable(&self, param: usize) -> Trouble {
        let name = self.batches.shared.program.params.get(param).map_or("?", |param| &param.name);
        Trouble::Batch(PyValueError::new_err(format!(
            "param `{name}` enters events, coefficients or the bounds of single predictions, and has derivatives in the \
             limits of rows alone; hand over its value without a gradient (`.detach()`)"
        )))
    }
}
