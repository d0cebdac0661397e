//! Audits: the reports of `fairc audit`, of arrays.

use fairc::bind::{BindError, Encoded, Params, Resampling, Samples};
use fairc::report::{Audit, Evidence, Facts, Paint, RowSummaries, Tolerance, Watch, markdown, page, sarif};
use fairc::runtime::problem::ProblemError;
use fairc::spec::{outside, places};
use pyo3::prelude::*;

use crate::errors::{self, Kind};
use crate::program::Shared;

/// What is to be audited.
pub struct Request<'a> {
    pub predictions: &'a [f64],
    pub table: &'a str,
    pub column: &'a str,
    pub settings: Vec<String>,
    pub params: Params,
    pub tolerance: Option<f64>,
    pub bootstrap: usize,
    pub seed: u64,
    pub formats: Vec<String>,
}

/// Why there is no audit.
pub enum Refused {
    Bind(Vec<BindError>),
    Problem(ProblemError),
    Format(String),
}

impl Refused {
    pub fn raised(self, py: Python<'_>, shared: &Shared) -> PyErr {
        match self {
            Refused::Bind(errors) => errors::unbound(py, &errors, shared),
            Refused::Problem(error) => errors::plain(py, Kind::Data, &error.to_string(), None),
            Refused::Format(message) => {
                let help = "the formats are text, json, html, markdown and sarif";
                errors::plain(py, Kind::Data, &message, Some(help))
            }
        }
    }
}

/// Text without colours.
struct Plain;

impl Paint for Plain {
    fn good(&self, text: &str) -> String {
        text.to_owned()
    }
    fn bad(&self, text: &str) -> String {
        text.to_owned()
    }
    fn careful(&self, text: &str) -> String {
        text.to_owned()
    }
    fn strong(&self, text: &str) -> String {
        text.to_owned()
    }
    fn faint(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// The verdict in words, and the report in each format: its name and text.
pub type Reported = (&'static str, Vec<(String, String)>);

/// The verdict, and the report in each format.
pub fn audit(shared: &Shared, encoded: &Encoded, watch: &Watch, request: &Request<'_>) -> Result<Reported, Refused> {
    let (program, predictions) = (&shared.program, request.predictions);
    let encoded = &encoded.clone().judging();
    let bound = encoded.bind(&request.params, &Samples::All).map_err(Refused::Bind)?;
    let mut summaries = RowSummaries::new(program);
    summaries.enter(&bound, encoded, &request.params, &Samples::All, predictions).map_err(Refused::Problem)?;
    let audit = Audit {
        spec: &shared.spec.name,
        data: request.table,
        prediction: request.column,
        settings: request.settings.clone(),
        n: encoded.n(),
        summaries,
        outside: outside(&bound.problem, predictions),
        unplaced: encoded.unplaced().to_vec(),
        weighted: encoded.weight().is_some(),
        tolerance: request.tolerance.map_or(Tolerance::Rounding, Tolerance::Relative),
        most: usize::MAX,
    };
    let facts = request.formats.iter().any(|format| format != "text").then(|| {
        let (data_hash, data_bytes) = hashed(encoded, predictions);
        let resampling =
            (request.bootstrap > 0).then_some(Resampling { replicates: request.bootstrap, seed: request.seed });
        let places = places(&shared.spec, program);
        let params = &request.params;
        let (slices, date) = (None, None);
        let evidence = Evidence {
            encoded,
            params,
            predictions,
            data_hash,
            data_bytes,
            watch,
            places,
            resampling,
            slices,
            date,
            allow_unchecked: false,
        };
        Facts::gather(&audit, evidence)
    });
    let mut reports = Vec::new();
    for format in &request.formats {
        let text = match (format.as_str(), &facts) {
            ("text", _) => audit.text(&Plain),
            ("json", Some(facts)) => serde_json::to_string(facts).unwrap_or_default(),
            ("html", Some(facts)) => page(facts),
            ("markdown", Some(facts)) => markdown(facts),
            ("sarif", Some(facts)) => serde_json::to_string(&sarif(facts)).unwrap_or_default(),
            (other, _) => return Err(Refused::Format(format!("there is no format {other:?}"))),
        };
        reports.push((format.clone(), text));
    }
    Ok((audit.verdict().word(), reports))
}

/// BLAKE3 of what a table in memory was audited as: cells, weights and predictions, little-endian; and its length.
fn hashed(encoded: &Encoded, predictions: &[f64]) -> (String, u64) {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0;
    let mut add = |part: &[u8]| {
        bytes += part.len() as u64;
        hasher.update(part);
    };
    encoded.cell().iter().for_each(|cell| add(&cell.to_le_bytes()));
    let weights = encoded.weight().unwrap_or_default();
    weights.iter().chain(predictions).for_each(|value| add(&value.to_le_bytes()));
    (hasher.finalize().to_hex().to_string(), bytes)
}
