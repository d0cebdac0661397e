//! Batches whose samples stay where they are, on a device or spread over processes: only sums by cell come here.
//!
//! ```text
//! Layer.part(data) → Part ─keys→ exchanged → SharedCells
//!                     ├─in_cells→ cell and weight of each sample, sums by cell, to be added up over processes
//!                     └─solve(sums, samples) → factor of the derivative;  samples.sums: see fairc/torch/_sums.py
//! ```

use std::sync::{Arc, Mutex};

use fairc::bind::{Bound as BoundBatch, CellKey, Encoded, Params, Samples, SharedCells};
use fairc::runtime::project::Settings;
use fairc::runtime::remote::{Cuts, Remote, RemoteProjection, Sums, project_remote};
use fairc::tasks::{Solvable, settle};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::batches::{Batches, Data, Trouble, locked};
use crate::shared::Shared;
use crate::solution::{Reported, report};

/// Cells in an order that all processes share.
#[pyclass(frozen, module = "fairc._fairc", name = "SharedCells")]
#[derive(Default)]
pub struct PyCells(Mutex<SharedCells>);

#[pymethods]
impl PyCells {
    #[new]
    fn new() -> PyCells {
        PyCells::default()
    }

    /// How many there are.
    fn count(&self) -> usize {
        locked(&self.0).len()
    }

    /// A number that differs, most likely, from that of other cells or another order.
    fn stamp(&self) -> u32 {
        locked(&self.0).stamp()
    }

    /// Adds cells that [`PyPart::keys`] gave; all processes must add the same ones in the same order.
    fn add(&self, keys: &str) -> PyResult<()> {
        let keys: Vec<CellKey> =
            serde_json::from_str(keys).map_err(|error| PyValueError::new_err(format!("no cells: {error}")))?;
        locked(&self.0).add(keys);
        Ok(())
    }
}

/// The part of a batch that this process holds.
#[pyclass(frozen, module = "fairc._fairc", name = "Part")]
pub struct PyPart {
    encoded: Arc<Encoded>,
    /// Places in the encoded table; none for all.
    rows: Option<Vec<u32>>,
    params: Arc<Params>,
    batches: Arc<Batches>,
}

impl PyPart {
    /// Encodes the part where that has not been done.
    pub fn new(py: Python<'_>, batches: Arc<Batches>, data: Data, n: usize, params: Arc<Params>) -> PyResult<PyPart> {
        let encoded = py.detach(|| batches.encoded(&data, n, &params));
        let encoded = encoded.map_err(|trouble| batches.raised(py, trouble))?;
        let rows = match data {
            Data::Rows(rows) => Some(rows),
            Data::Columns(_) => None,
        };
        Ok(PyPart { encoded, rows, params, batches })
    }

    fn samples(&self) -> Samples<'_> {
        self.rows.as_ref().map_or(Samples::All, |rows| Samples::Rows(rows))
    }

    fn unbound(&self, py: Python<'_>, error: fairc::bind::BindError) -> PyErr {
        self.batches.raised(py, vec![error].into())
    }
}

/// The cell and the weight of each sample, and the sums by cell.
type InCells<'py> = (Bound<'py, PyArray1<i64>>, Option<Bound<'py, PyArray1<f64>>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl PyPart {
    /// Whether the rows that take part see the cells of samples alone, so that sums decide the projection.
    #[getter]
    fn is_by_cell(&self) -> bool {
        self.encoded.is_by_cell()
    }

    /// The cells of this part.
    fn keys(&self, py: Python<'_>) -> PyResult<String> {
        let keys = self.encoded.cell_keys(&self.samples()).map_err(|error| self.unbound(py, error))?;
        serde_json::to_string(&keys).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The shared cell of each sample and its weight, and for each cell the number of samples, their weight and their sums
    /// of data; none if `cells` lacks a cell of this part.
    fn in_cells<'py>(&self, py: Python<'py>, cells: &PyCells) -> PyResult<Option<InCells<'py>>> {
        let part = self.encoded.part(&self.samples(), &locked(&cells.0)).map_err(|error| self.unbound(py, error))?;
        Ok(part.map(|part| {
            let cell = PyArray1::from_iter(py, part.cell.into_iter().map(i64::from));
            let weight = part.weight.map(|weight| PyArray1::from_vec(py, weight));
            (cell, weight, PyArray1::from_vec(py, part.sums))
        }))
    }

    /// What each sample of this part adds to the sums of its cell, samples × numbers; `cells` have all of its cells.
    fn columns<'py>(&self, py: Python<'py>, cells: &PyCells) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let found = py.detach(|| self.encoded.part_columns(&self.samples(), &locked(&cells.0)));
        let found = found.map_err(|error| self.unbound(py, error))?;
        let columns = found.ok_or_else(|| PyValueError::new_err("the shared cells lack a cell of this part"))?;
        let shape = [columns.len(), columns.first().map_or(0, Vec::len)];
        PyArray1::from_vec(py, columns.concat()).reshape(shape)?.transpose()
    }

    /// Projects the batch of `n` samples of which `sums` are those of all processes, with what `samples` answers. The
    /// factor of the derivative, rows × cells.
    fn solve<'py>(
        &self,
        py: Python<'py>,
        cells: &PyCells,
        sums: PyReadonlyArray1<'py, f64>,
        n: usize,
        samples: Py<PyAny>,
        single: bool,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let sums = sums.as_slice()?;
        let solved = py.detach(|| {
            let bound = self.encoded.bind_sums(&self.params, &locked(&cells.0), sums)?;
            let found = solve(&bound, Elsewhere(samples), &self.batches.settings, single)?;
            let batch = Solvable { rows: &bound.rows, encoded: None };
            settle(&self.batches.shared.context(), &found.status, found.certificate.row_violation, &batch)?;
            Ok(SumsSolved { n, bound, found })
        });
        let solved = solved.map_err(|trouble| self.batches.raised(py, trouble))?;
        let found = &solved.found;
        let shape = [found.tangent.rows.len(), found.tangent.factor.len() / found.tangent.rows.len().max(1)];
        let factor = PyArray1::from_slice(py, &found.tangent.factor).reshape(shape)?;
        self.batches.keep(Arc::new(solved));
        Ok(factor)
    }
}

fn solve(
    bound: &BoundBatch,
    mut samples: Elsewhere,
    settings: &Settings,
    single: bool,
) -> Result<RemoteProjection, Trouble> {
    match single {
        true => project_remote::<f32, _>(&bound.problem, &mut samples, settings),
        false => project_remote::<f64, _>(&bound.problem, &mut samples, settings),
    }
}

/// A batch solved by sums.
struct SumsSolved {
    n: usize,
    bound: BoundBatch,
    found: RemoteProjection,
}

impl Reported for SumsSolved {
    fn report(&self, shared: &Shared) -> String {
        let RemoteProjection { status, multipliers, certificate, .. } = &self.found;
        report(status, self.n, multipliers, certificate, &self.bound, shared)
    }
}

/// The samples, as Python knows them.
struct Elsewhere(Py<PyAny>);

impl Remote for Elsewhere {
    type Error = Trouble;

    fn sums(&mut self, cuts: &Cuts, shift: &[f64], (lo, hi): (f64, f64)) -> Result<Sums, Trouble> {
        let (weight, sum, fair, size, free) = Python::attach(|py| {
            let values = PyArray1::from_slice(py, &cuts.values).reshape([shift.len(), cuts.each])?;
            let found = self.0.bind(py).call_method1("sums", (values, PyArray1::from_slice(py, shift), lo, hi))?;
            let [between, by_cell]: [PyReadonlyArray2<'_, f64>; 2] = found.extract()?;
            let [weight, sum] = lines(&between)?;
            let [fair, size, free] = lines(&by_cell)?;
            PyResult::Ok((weight, sum, fair, size, free))
        })?;
        Ok(Sums { weight, sum, fair, size, free })
    }

    fn not_finite(&mut self) -> Trouble {
        let raised = Python::attach(|py| self.0.call_method0(py, "not_finite").err());
        Trouble::Batch(raised.unwrap_or_else(|| PyValueError::new_err("predictions are not finite")))
    }
}

/// The lines of a matrix.
fn lines<const N: usize>(found: &PyReadonlyArray2<'_, f64>) -> PyResult<[Vec<f64>; N]> {
    let lines: Vec<Vec<f64>> = found.as_array().outer_iter().map(|line| line.to_vec()).collect();
    lines.try_into().map_err(|_| PyValueError::new_err(format!("expected {N} lines, found {:?}", found.shape())))
}
