//! A table in codes, and what can be asked of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use fairc::bind::{BindError, Encoded, Params, Samples};
use fairc::language::diagnostic::json::Entry;
use fairc::report::{PlainText, Watch};
use fairc::runtime::project::OnInfeasible;
use fairc::source::{Failure, Fault};
use fairc::tasks::{
    AuditOptions, Case, DecideOptions, Decided, Draws, PriceOptions, Refused, Sweeping, apply, chances_by, check,
    decide, decide_by, freeze, left_out, price, read_shifts, read_thresholds, replicates, thresholds_json,
};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::Numbers;
use crate::audit::{self, Reported};
use crate::errors::{self, LOOK};
use crate::problem::{Asked, Batch, Found, PyProblem, PyProjection};
use crate::shared::{Shared, on_infeasible, overrides, writer};

/// A text, and what has to be told beside it.
type Written = (String, Vec<String>);

/// The name of gains, and a number for each sample.
type Gains<'py> = (String, PyReadonlyArray1<'py, f64>);

fn gains<'a>(given: Option<&'a Gains<'_>>) -> PyResult<Option<(&'a str, &'a [f64])>> {
    given.map(|(name, gain)| Ok((name.as_str(), gain.as_slice()?))).transpose()
}

#[pyclass(frozen, module = "fairc._fairc", name = "Encoded")]
pub struct PyEncoded {
    pub shared: Arc<Shared>,
    pub encoded: Arc<Encoded>,
    pub watch: Watch,
    /// What messages call the table.
    pub table: String,
}

/// Values of params: those that were given, and all.
struct Given {
    settings: Vec<(String, f64)>,
    params: Params,
}

/// Faults as text and as JSON.
type Told = (String, String);

#[pymethods]
impl PyEncoded {
    #[getter]
    fn n(&self) -> usize {
        self.encoded.n()
    }

    #[getter]
    fn cells(&self) -> usize {
        self.encoded.cells()
    }

    /// The cell of each sample.
    fn cell<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        PyArray1::from_slice(py, self.encoded.cell())
    }

    /// The predictions of the table, if a column of them was asked for.
    fn prediction<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.encoded.prediction().map(|values| PyArray1::from_slice(py, values))
    }

    /// Binds all samples, or those at the places `rows`; `raw` are their predictions as they are handed in, where rows read them.
    #[pyo3(signature = (rows=None, params=None, raw=None))]
    fn bind(
        &self,
        py: Python<'_>,
        rows: Option<PyReadonlyArray1<'_, u32>>,
        params: Option<&Bound<'_, PyDict>>,
        raw: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<PyProblem> {
        let rows = rows.map(|rows| rows.as_slice().map(<[u32]>::to_vec)).transpose()?;
        let params = self.given(py, params)?.params;
        let batch = match raw.filter(|_| self.encoded.wants_raw()) {
            Some(raw) => {
                let samples = rows.as_ref().map_or(Samples::All, |rows| Samples::Rows(rows));
                let own = self.encoded.with_raw(&samples, raw.as_slice()?);
                let encoded = Arc::new(own.map_err(|errors| self.raised(py, errors.into()))?);
                let bound =
                    encoded.bind_convex(&params, &Samples::All).map_err(|errors| self.raised(py, errors.into()))?;
                Batch { shared: self.shared.clone(), encoded, params, rows: None, bound }
            }
            None => self.batch(py, rows, params)?,
        };
        Ok(PyProblem { batch: Arc::new(batch) })
    }

    /// Projects predictions for the whole table; `ŷ` is of their type.
    #[pyo3(signature = (z, column, *, params=None, on_infeasible="error", require_all=false))]
    fn project(
        &self,
        py: Python<'_>,
        z: &Bound<'_, PyAny>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        on_infeasible: &str,
        require_all: bool,
    ) -> PyResult<PyProjection> {
        let choice = self::on_infeasible(on_infeasible)?;
        let given = self.given(py, params)?;
        let z = Numbers::new(z)?;
        let predictions = z.wide();
        self.case(&given, column, &predictions).ready().map_err(|refused| self.raised(py, refused))?;
        let batch = Arc::new(self.batch(py, None, given.params)?);
        let found = match &z {
            Numbers::Single(z) => Found::Single(batch.solve(py, z.as_slice()?, choice)?),
            Numbers::Double(z) => Found::Double(batch.solve(py, z.as_slice()?, choice)?),
        };
        let (table, column, settings) = (self.table.clone(), column.to_owned(), given.settings);
        let asked = Some(Asked { table, column, settings, z: predictions });
        let projection = PyProjection { batch, found, asked };
        if require_all {
            let context = self.shared.context();
            let failures = projection.reported(py, |done| done.failures(&context, true))?;
            if let Some(failure) = failures.first() {
                return Err(errors::plain(py, errors::Kind::Data, failure, None));
            }
        }
        Ok(projection)
    }

    /// Whether the spec fits the table and all rows can hold; the report for people and as JSON; errors, and warnings.
    #[pyo3(signature = (*, params=None, batch=None, seed=0))]
    fn check(
        &self,
        py: Python<'_>,
        params: Option<&Bound<'_, PyDict>>,
        batch: Option<usize>,
        seed: u64,
    ) -> PyResult<(bool, Told, Told, Told)> {
        if batch == Some(0) {
            return Err(PyValueError::new_err("`batch` is 0, expected a number of samples"));
        }
        let given = self.given(py, params)?;
        let case = self.case(&given, "", &[]);
        let checked = py.detach(|| check(&case, batch.map(|size| (size, seed))));
        let checked = checked.map_err(|refused| self.raised(py, refused))?;
        let json = serde_json::to_string(&checked.report.json()).unwrap_or_default();
        let report = (checked.report.text(&PlainText), json);
        Ok((checked.ok(), report, self.told(&checked.faults), self.told(&checked.warnings)))
    }

    /// Decisions of 0 or 1 that satisfy the rows and gain the most, or by `thresholds`; the report for people and as JSON; and if
    /// they are to `freeze` the thresholds as JSON, with what has to be told beside them. `gain` is the name of gains and the
    /// numbers, `draws` a seed and the keys of the samples.
    #[pyo3(signature = (z, column, *, params=None, cutoff=0.5, gain=None, draws=None, on_infeasible="error", freeze=false,
        thresholds=None, require_all=false))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn decide<'py>(
        &self,
        py: Python<'py>,
        z: PyReadonlyArray1<'_, f64>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        cutoff: f64,
        gain: Option<Gains<'_>>,
        draws: Option<(u64, Option<Vec<String>>)>,
        on_infeasible: &str,
        freeze: bool,
        thresholds: Option<&str>,
        require_all: bool,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Told, Option<Written>)> {
        let choice = self::on_infeasible(on_infeasible)?;
        let given = self.given(py, params)?;
        let case = self.case(&given, column, z.as_slice()?);
        let gain = gains(gain.as_ref())?;
        let draws = draws.as_ref().map(|(seed, keys)| Draws { seed: *seed, keys: keys.as_deref() });
        let relax = choice == OnInfeasible::Relax;
        let options = DecideOptions { cutoff, gain, draws, relax, watch: &self.watch, most: usize::MAX };
        let done = py.detach(|| match thresholds {
            Some(text) => decide_by(&case, &read_thresholds(&case.context, "the thresholds", text)?, &options),
            None => decide(&case, &options),
        });
        let done = done.map_err(|refused| self.raised(py, refused))?;
        if let Some(failure) = &done.missed {
            return Err(errors::failure(py, errors::Kind::Infeasible, failure));
        }
        if let Some(failure) = done.failures(&case.context, require_all).first() {
            return Err(errors::plain(py, errors::Kind::Data, failure, None));
        }
        let frozen = freeze.then(|| self.frozen(py, &case, &done)).transpose()?;
        let json = serde_json::to_string(&done.report.json()).unwrap_or_default();
        let report = (done.report.text(&PlainText), json);
        Ok((PyArray1::from_vec(py, done.decisions), report, frozen))
    }

    /// The thresholds of the decisions that gain the most, as JSON, and what has to be told beside them. Whether the decisions of
    /// 0 or 1 of these samples keep the rows does not matter to them; `seed` allows draws.
    #[pyo3(signature = (z, column, *, params=None, cutoff=0.5, gain=None, seed=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn thresholds(
        &self,
        py: Python<'_>,
        z: PyReadonlyArray1<'_, f64>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        cutoff: f64,
        gain: Option<Gains<'_>>,
        seed: Option<u64>,
    ) -> PyResult<Written> {
        let given = self.given(py, params)?;
        let case = self.case(&given, column, z.as_slice()?);
        let gain = gains(gain.as_ref())?;
        let draws = seed.map(|seed| Draws { seed, keys: None });
        let options = DecideOptions { cutoff, gain, draws, relax: false, watch: &self.watch, most: usize::MAX };
        let done = py.detach(|| decide(&case, &options)).map_err(|refused| self.raised(py, refused))?;
        self.frozen(py, &case, &done)
    }

    /// The chance of a decision of 1 by thresholds.
    #[pyo3(signature = (thresholds, z, column, *, params=None, gain=None))]
    fn chances<'py>(
        &self,
        py: Python<'py>,
        thresholds: &str,
        z: PyReadonlyArray1<'_, f64>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        gain: Option<Gains<'_>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let given = self.given(py, params)?;
        let case = self.case(&given, column, z.as_slice()?);
        let gain = gains(gain.as_ref())?;
        let options =
            DecideOptions { cutoff: 0.0, gain, draws: None, relax: false, watch: &self.watch, most: usize::MAX };
        let found = py.detach(|| {
            let thresholds = read_thresholds(&case.context, "the thresholds", thresholds)?;
            chances_by(&case, &thresholds, &options)
        });
        Ok(PyArray1::from_vec(py, found.map_err(|refused| self.raised(py, refused))?))
    }

    /// Per-group offsets that make predictions satisfy the rows, as text in a format, and what has to be told beside them.
    #[pyo3(signature = (z, column, *, params=None, to="json", on_infeasible="error"))]
    fn freeze(
        &self,
        py: Python<'_>,
        z: PyReadonlyArray1<'_, f64>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        to: &str,
        on_infeasible: &str,
    ) -> PyResult<Written> {
        let write = writer(to)?;
        let choice = self::on_infeasible(on_infeasible)?;
        let given = self.given(py, params)?;
        let case = self.case(&given, column, z.as_slice()?);
        let shifts = py.detach(|| freeze(&case, choice)).map_err(|refused| self.raised(py, refused))?;
        let text = write(&shifts, &case.context).map_err(|refused| self.raised(py, refused))?;
        Ok((text, shifts.notes))
    }

    /// Predictions with the shifts of their groups, and the report for people and as JSON.
    #[pyo3(signature = (shifts, z, column, *, params=None))]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        shifts: &str,
        z: PyReadonlyArray1<'_, f64>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Told)> {
        let given = self.given(py, params)?;
        let case = self.case(&given, column, z.as_slice()?);
        let done = py.detach(|| {
            let frozen = read_shifts(&case.context, "the shifts", shifts)?;
            apply(&case, &frozen, usize::MAX)
        });
        let done = done.map_err(|refused| self.raised(py, refused))?;
        let json = serde_json::to_string(&done.report.json()).unwrap_or_default();
        let report = (done.report.text(&PlainText), json);
        Ok((PyArray1::from_vec(py, done.y), report))
    }

    /// What a spec costs: whether a value can be met, and the report for people, as JSON and as a picture. `again` encodes the
    /// table with other values of params; decisions with a `cutoff` or gains are priced where `decide` says so.
    #[pyo3(signature = (z, column, again, *, params=None, sweeps=None, decide=false, cutoff=0.5, gain=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn price(
        &self,
        py: Python<'_>,
        z: PyReadonlyArray1<'_, f64>,
        column: &str,
        again: Py<PyAny>,
        params: Option<&Bound<'_, PyDict>>,
        sweeps: Option<Vec<(String, Vec<f64>)>>,
        decide: bool,
        cutoff: f64,
        gain: Option<Gains<'_>>,
    ) -> PyResult<(bool, Told, String)> {
        let sweeps = sweeps.unwrap_or_default().into_iter().map(|(name, values)| Sweeping::new(name, values));
        let sweeps = sweeps.collect::<Result<_, _>>().map_err(PyValueError::new_err)?;
        let given = self.given(py, params)?;
        let z = z.as_slice()?;
        let case = self.case(&given, column, z);
        let gain = gains(gain.as_ref())?;
        let (relax, watch, most) = (false, &self.watch, usize::MAX);
        let decide = decide.then_some(DecideOptions { cutoff, gain, draws: None, relax, watch, most });
        let done = py.detach(|| {
            let raised: RefCell<Option<PyErr>> = RefCell::new(None);
            let encode = |params: &Params| {
                let encoded = Python::attach(|py| self.again(py, &again, params));
                encoded.map_err(|error| {
                    *raised.borrow_mut() = Some(error);
                    Vec::<BindError>::new()
                })
            };
            let priced = price(&case, PriceOptions { sweeps, all: true, decide }, &encode);
            let priced = priced.map(|priced| {
                let json = serde_json::to_string(&priced.report.json()).unwrap_or_default();
                let picture = priced.report.picture().map_err(|error| error.to_string());
                (priced.feasible, (priced.report.text(&PlainText), json), picture)
            });
            (priced, raised.into_inner())
        });
        match done {
            (_, Some(raised)) => Err(raised),
            (Err(refused), None) => Err(self.raised(py, refused)),
            (Ok((feasible, report, picture)), None) => Ok((feasible, report, picture.map_err(PyValueError::new_err)?)),
        }
    }

    /// What an audit of these predictions finds: the verdict, whether it is a pass, and the report in the formats asked for.
    #[pyo3(signature = (predictions, column, *, params=None, tolerance=None, bootstrap=None, seed=1, allow_unchecked=false,
        about=None, date=None, reference=Vec::new(), min_share=None, formats=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn audit(
        &self,
        py: Python<'_>,
        predictions: PyReadonlyArray1<'_, f64>,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        tolerance: Option<f64>,
        bootstrap: Option<usize>,
        seed: u64,
        allow_unchecked: bool,
        about: Option<HashMap<String, String>>,
        date: Option<String>,
        reference: Vec<(String, String)>,
        min_share: Option<f64>,
        formats: Option<Vec<String>>,
    ) -> PyResult<Reported> {
        let given = self.given(py, params)?;
        let watch = audit::compared(&self.watch, &reference, min_share);
        let watch = watch.map_err(|failure| self.raised(py, failure.into()))?;
        let case = self.case(&given, column, predictions.as_slice()?);
        let options = AuditOptions {
            tolerance,
            resampling: replicates(bootstrap, seed, self.encoded.n()),
            allow_unchecked,
            date,
            about: audit::about(&mut about.unwrap_or_default()),
            most: usize::MAX,
            ..AuditOptions::default()
        };
        let found = py.detach(|| audit::reported(case, options, &watch, formats.unwrap_or_default()));
        found.map_err(|refused| self.raised(py, refused))
    }
}

impl PyEncoded {
    /// The thresholds of decisions as JSON, and what has to be told beside them.
    fn frozen(&self, py: Python<'_>, case: &Case<'_>, done: &Decided<'_>) -> PyResult<Written> {
        let failed = |failure: &Failure| errors::failure(py, errors::Kind::Data, failure);
        let thresholds = done.thresholds.as_ref().map_err(failed)?;
        let text = thresholds_json(&case.context, thresholds).map_err(|failure| failed(&failure))?;
        Ok((text, left_out(&self.encoded, &case.context)))
    }

    fn given(&self, py: Python<'_>, params: Option<&Bound<'_, PyDict>>) -> PyResult<Given> {
        let settings = overrides(params)?;
        let params = self.shared.params(py, &settings)?;
        Ok(Given { settings, params })
    }

    /// What tasks are about.
    fn case<'a>(&'a self, given: &'a Given, column: &'a str, predictions: &'a [f64]) -> Case<'a> {
        let Given { settings, params } = given;
        let (context, encoded, table) = (self.shared.context(), &*self.encoded, &*self.table);
        Case { context, encoded, params, table, settings, column, predictions }
    }

    fn batch(&self, py: Python<'_>, rows: Option<Vec<u32>>, params: Params) -> PyResult<Batch> {
        let samples = rows.as_ref().map_or(Samples::All, |rows| Samples::Rows(rows));
        let bound = py.detach(|| self.encoded.bind_convex(&params, &samples));
        let bound = bound.map_err(|errors| self.raised(py, errors.into()))?;
        Ok(Batch { shared: self.shared.clone(), encoded: self.encoded.clone(), params, rows, bound })
    }

    /// The table with other values of params, from Python.
    fn again(&self, py: Python<'_>, again: &Py<PyAny>, params: &Params) -> PyResult<Encoded> {
        let values = PyDict::new(py);
        for (name, value) in params.iter(&self.shared.program) {
            values.set_item(name, value)?;
        }
        let encoded = again.call1(py, (values,))?;
        let encoded = encoded.bind(py).cast::<PyEncoded>().map_err(PyErr::from)?;
        Ok((*encoded.get().encoded).clone())
    }

    fn told(&self, faults: &[Fault]) -> Told {
        let spec = &self.shared.spec;
        let texts: Vec<String> = faults.iter().map(|fault| fault.rendered(spec, LOOK)).collect();
        let entries: Vec<Entry> = faults.iter().map(|fault| fault.entry(spec)).collect();
        (texts.join("\n").trim_end().to_owned(), serde_json::to_string(&entries).unwrap_or_default())
    }

    fn raised(&self, py: Python<'_>, refused: Refused) -> PyErr {
        errors::refused(py, refused, &self.shared.context())
    }
}
