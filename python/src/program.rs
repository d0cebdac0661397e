//! A compiled spec.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fairc::bind::{EncodeOptions, Encoded, Encoder, PairTable, Raw};
use fairc::data::Dialect;
use fairc::language::program::Names;
use fairc::report::Watch;
use fairc::source::{GivenPairs, PYTHON, Spec, give_pairs};
use fairc::tasks::{Refused, Use, chances_sql, prediction_column, read_thresholds, thresholds_sql};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::arrays::{self, Broken, Numbers, Stream};
use crate::encoded::PyEncoded;
use crate::errors::{self, Kind, LOOK};

use crate::shared::{Shared, overrides, purpose};

#[pyclass(frozen, module = "fairc._fairc", name = "Program")]
pub struct PyProgram {
    pub shared: Arc<Shared>,
}

/// A table of pairs: an Arrow stream or vectors by name, the number of rows of these, and the names of all columns.
type GivenTable<'py> = (Bound<'py, PyAny>, Option<usize>, Option<Vec<String>>);

/// The name of a column, or a number for each sample.
fn raw(values: &Bound<'_, PyAny>) -> PyResult<Raw> {
    match values.extract::<String>() {
        Ok(column) => Ok(Raw::Column(column)),
        Err(_) => Ok(Raw::Values(Numbers::new(values)?.wide().into())),
    }
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

#[pymethods]
impl PyProgram {
    /// Reads and compiles a file.
    #[staticmethod]
    fn read(py: Python<'_>, path: &str) -> PyResult<PyProgram> {
        let spec = py.detach(|| Spec::read(Path::new(path)));
        PyProgram::valid(py, spec.map_err(|failure| errors::failure(py, Kind::Compile, &failure))?)
    }

    /// Compiles a text; imports are taken from `folder`.
    #[staticmethod]
    fn text(py: Python<'_>, text: &str, name: &str, folder: &str) -> PyResult<PyProgram> {
        let path = Path::new(folder).join(name);
        PyProgram::valid(py, py.detach(|| Spec::of_text(&path, name, text)))
    }

    #[getter]
    fn name(&self) -> &str {
        &self.shared.spec.name
    }

    #[getter]
    fn fingerprint(&self) -> String {
        self.shared.program.fingerprint().to_string()
    }

    /// `ok: 1 constraint, 1 row, ..`.
    #[getter]
    fn summary(&self) -> String {
        self.shared.spec.summary(0)
    }

    /// Warnings, for people and as JSON.
    #[getter]
    fn warnings(&self) -> (String, String) {
        let entries = serde_json::to_string(&self.shared.spec.entries()).unwrap_or_default();
        (self.shared.spec.rendered(LOOK, &PYTHON), entries)
    }

    /// The text of a `.fairc`.
    fn artefact(&self) -> String {
        self.shared.program.to_artefact()
    }

    /// The canonical rows, as `fairc compile --emit rows` prints them.
    fn rows_text(&self) -> String {
        self.shared.program.rows_text()
    }

    /// Thresholds as one SQL expression: of decisions, or of the `chances` of these.
    fn thresholds_sql(&self, py: Python<'_>, thresholds: &str, chances: bool) -> PyResult<String> {
        let context = self.shared.context();
        let write = if chances { chances_sql } else { thresholds_sql };
        let read = read_thresholds(&context, "the thresholds", thresholds);
        let text = read.and_then(|thresholds| write(&context, &thresholds));
        text.map_err(|failure| errors::failure(py, Kind::Data, &failure))
    }

    /// Fails unless a text has thresholds of this spec; gives them as JSON without what they are kept in.
    fn thresholds(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        let read = read_thresholds(&self.shared.context(), "the thresholds", text);
        let thresholds = read.map_err(|failure| errors::failure(py, Kind::Data, &failure))?;
        serde_json::to_string(&thresholds).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// What the program declares and demands, as JSON.
    fn facts(&self) -> String {
        let program = &self.shared.program;
        let names = Names::of(program);
        let rows = program.rows.iter().map(|row| {
            let origins = row.origins.iter().map(|origin| origin.name.as_str()).collect::<Vec<_>>();
            let doc = row.origins.first().map_or("", |origin| &origin.doc);
            json!({ "name": origins.first(), "names": origins, "text": program.row_text(row, &names), "doc": doc,
                "needs": row.labels, "soft": row.options.soft, "min_count": row.options.min_count, "each": false })
        });
        let each = program.sample_rows.iter().map(|row| {
            let origins = row.origins.iter().map(|origin| origin.name.as_str()).collect::<Vec<_>>();
            let doc = row.origins.first().map_or("", |origin| &origin.doc);
            json!({ "name": origins.first(), "names": origins, "text": program.sample_row_text(row, &names), "doc": doc,
                "needs": row.labels, "soft": row.options.soft, "min_count": row.options.min_count, "each": true })
        });
        let params = program.params.iter().map(|param| {
            json!({ "name": param.name, "value": param.value, "lower": finite(param.range.lower),
                "upper": finite(param.range.upper) })
        });
        let columns = program.data_columns().map(|column| {
            let levels = match &column.ty {
                fairc::language::program::ColumnType::Categorical(levels) => {
                    levels.iter().map(|level| level.number.map_or(json!(level.text), |number| json!(number))).collect()
                }
                _ => Value::Null,
            };
            json!({ "header": column.header, "name": column.name, "label": column.label, "levels": levels,
                "nullable": column.nullable })
        });
        let relations = program.relations.iter().map(|relation| {
            json!({ "name": relation.name, "file": relation.file, "key": relation.key,
                "columns": PairTable::headers_of(program, relation), "reads": PairTable::data_headers_of(program, relation) })
        });
        let prediction = &program.prediction;
        json!({
            "rows": rows.chain(each).collect::<Vec<_>>(),
            "params": params.collect::<Vec<_>>(),
            "columns": columns.collect::<Vec<_>>(),
            "relations": relations.collect::<Vec<_>>(),
            "raw": program.reads_raw(),
            "weight": program.weight.as_ref().map(|weight| &weight.header),
            "prediction": { "name": prediction.name, "header": prediction.header, "lower": finite(prediction.lower),
                "upper": finite(prediction.upper), "decision": prediction.decision },
        })
        .to_string()
    }

    /// The values of all params, with some of them replaced.
    #[pyo3(signature = (values=None))]
    fn params(&self, py: Python<'_>, values: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<(String, f64)>> {
        let params = self.shared.params(py, &overrides(values)?)?;
        Ok(params.iter(&self.shared.program).map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Encodes a table: `columns` by name, or an Arrow stream, and the number of rows of `columns`. `usage` is what for:
    /// `batches`, `check`, `audit`, `decide` or `shifts`; the predictions are in the column `prediction`, or with `predicted` in the one
    /// that the spec predicts. `raw` are the predictions as they were handed in, where they are in no such column: the name of
    /// another, or a vector. `relations` are tables of pairs: by name a path, or a name, data and rows, as of the table itself.
    #[pyo3(signature = (table, data, rows=None, *, known=None, usage="batches", purpose="training", labels=true,
        prediction=None, predicted=false, raw=None, params=None, relations=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn encode(
        &self,
        py: Python<'_>,
        table: &str,
        data: &Bound<'_, PyAny>,
        rows: Option<usize>,
        known: Option<Vec<String>>,
        usage: &str,
        purpose: &str,
        labels: bool,
        prediction: Option<&str>,
        predicted: bool,
        raw: Option<&Bound<'_, PyAny>>,
        params: Option<&Bound<'_, PyDict>>,
        relations: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyEncoded> {
        let shared = &self.shared;
        let params = shared.params(py, &overrides(params)?)?;
        let grouped = ["audit", "decide"].contains(&usage);
        let watch = if grouped { fairc::source::watch(&shared.spec, &shared.program) } else { Watch::default() };
        let raw = raw.map(self::raw).transpose()?;
        let pairs = self.pairs(py, relations)?;
        let unknown = Raw::Unknown;
        let usage = match usage {
            "batches" => Use::Project(self::purpose(purpose)?),
            "check" => Use::Check,
            "audit" => Use::Audit(&watch, raw.as_ref().unwrap_or(&unknown)),
            "decide" => Use::Decide(&watch),
            "shifts" => Use::Shifts,
            other => return Err(PyValueError::new_err(format!("there is no use {other:?} of a table"))),
        };
        let usual = Dialect::default();
        let options = |known: &[String]| {
            let wanted = prediction.is_some() || predicted;
            let column = || prediction_column(prediction, &shared.program, &PYTHON, table, known, None);
            let column = wanted.then(column).transpose();
            let column = column.map_err(|failure| errors::failure(py, Kind::Data, &failure))?;
            let options = usage.options(column);
            let without_labels = options.without_labels || !labels;
            let raw = raw.clone().unwrap_or_else(|| options.raw.clone());
            let mut options = EncodeOptions { without_labels, raw, ..options };
            let given = py.detach(|| give_pairs(&mut options, pairs, &usual, &shared.spec, &shared.program, &PYTHON));
            given.map_err(|error| errors::refused(py, Refused::from(error), &shared.context()))?;
            PyResult::Ok(options)
        };
        let encoded = match (rows, data.cast::<PyDict>()) {
            (Some(rows), Ok(columns)) => {
                let known = known.map_or_else(|| columns.keys().extract(), Ok)?;
                let encoder = shared.encoder(py, &params, table, &known, &options(&known)?)?;
                self.encode_columns(py, encoder, table, columns, rows)?
            }
            _ => {
                let stream = Stream::new(data)?;
                let known = known.unwrap_or_else(|| stream.headers());
                let encoder = shared.encoder(py, &params, table, &known, &options(&known)?)?;
                self.encode_stream(py, encoder, table, stream)?
            }
        };
        Ok(PyEncoded { shared: shared.clone(), encoded: Arc::new(encoded), watch, table: table.to_owned() })
    }
}

impl PyProgram {
    /// The tables of relations that were handed over.
    fn pairs(&self, py: Python<'_>, given: Option<&Bound<'_, PyDict>>) -> PyResult<BTreeMap<String, GivenPairs>> {
        let given = given.into_iter().flatten().map(|(name, pairs)| {
            let name: String = name.extract()?;
            let pairs = match pairs.extract::<String>() {
                Ok(path) => GivenPairs::File(path.into()),
                Err(_) => GivenPairs::Table(self.pair_table(py, &name, &pairs.extract()?)?),
            };
            Ok((name, pairs))
        });
        given.collect()
    }

    /// The table of a relation, as far as rows read it; of a relation that is not there nothing is read.
    fn pair_table(&self, py: Python<'_>, name: &str, given: &GivenTable<'_>) -> PyResult<PairTable> {
        let (data, rows, known) = given;
        let relation = self.shared.program.relation(name);
        let headers = relation.map_or_else(Vec::new, |it| PairTable::headers_of(&self.shared.program, it));
        let table = |batches| PairTable { name: name.to_owned(), headers: headers.clone(), batches };
        if headers.is_empty() {
            return Ok(table(Vec::new()));
        }
        let has = |known: &[String]| {
            PairTable::has(&headers, name, known).map_err(|errors| errors::refused(py, errors, &self.shared.context()))
        };
        if let (Some(rows), Ok(columns)) = (rows, data.cast::<PyDict>()) {
            has(&known.clone().map_or_else(|| columns.keys().extract(), Ok)?)?;
            return Ok(table(vec![arrays::columns(name, columns, *rows, &headers)?]));
        }
        let stream = Stream::new(data)?;
        has(&stream.headers())?;
        let mut batches = Vec::new();
        let read = py.detach(|| {
            stream.each(name, &headers, |batch| {
                batches.push(batch.clone());
                Ok::<(), std::convert::Infallible>(())
            })
        });
        match read {
            Ok(()) => Ok(table(batches)),
            Err(Broken::Stream(reason)) => Err(self.unread(py, name, &reason)),
            Err(Broken::Refused(never)) => match never {},
        }
    }

    /// A stream of Arrow batches that broke off.
    fn unread(&self, py: Python<'_>, table: &str, reason: &str) -> PyErr {
        errors::plain(py, Kind::Data, &format!("`{table}` could not be read: {reason}"), None)
    }

    fn encode_columns(
        &self,
        py: Python<'_>,
        mut encoder: Encoder,
        table: &str,
        columns: &Bound<'_, PyDict>,
        rows: usize,
    ) -> PyResult<Encoded> {
        let headers = encoder.headers().to_vec();
        let batch = arrays::columns(table, columns, rows, &headers)?;
        let encoded = py.detach(move || {
            encoder.push(&batch).map_err(|error| vec![error])?;
            encoder.finish()
        });
        encoded.map_err(|errors| errors::refused(py, errors, &self.shared.context()))
    }

    fn encode_stream(&self, py: Python<'_>, mut encoder: Encoder, table: &str, stream: Stream) -> PyResult<Encoded> {
        let headers = encoder.headers().to_vec();
        let encoded = py.detach(move || {
            stream.each(table, &headers, |batch| encoder.push(batch))?;
            Ok(encoder.finish())
        });
        let errors = match encoded {
            Ok(Ok(encoded)) => return Ok(encoded),
            Ok(Err(errors)) => errors,
            Err(Broken::Refused(error)) => vec![error],
            Err(Broken::Stream(reason)) => {
                return Err(self.unread(py, table, &reason));
            }
        };
        Err(errors::refused(py, errors, &self.shared.context()))
    }

    fn valid(py: Python<'_>, spec: Spec) -> PyResult<PyProgram> {
        match spec.program().cloned() {
            Some(program) => Ok(PyProgram { shared: Arc::new(Shared { spec, program }) }),
            None => Err(errors::invalid(py, &spec)),
        }
    }
}
