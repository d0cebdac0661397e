//! Errors of the library as Python exceptions, with the diagnostics that the command line prints.

use fairc::bind::{BindError, BoundRow};
use fairc::language::diagnostic::human::Look;
use fairc::language::diagnostic::json::Entry;
use fairc::runtime::project::{Infeasibility, ProjectError, Status};
use fairc::spec::{self, Failure, Spec};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Serialize;

use crate::program::Shared;

/// How diagnostics are drawn: exceptions are read in terminals, notebooks and logs alike.
pub const LOOK: Look = Look { color: false, unicode: false, width: 100 };

/// The exceptions of `fairc/_errors.py`.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Compile,
    Data,
    Infeasible,
    Solve,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Kind::Compile => "CompileError",
            Kind::Data => "DataError",
            Kind::Infeasible => "InfeasibleError",
            Kind::Solve => "SolveError",
        }
    }
}

/// What is no diagnostic, in the form of one.
#[derive(Serialize)]
struct Plain<'a> {
    code: Option<&'a str>,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    labels: [(); 0],
}

fn raise(py: Python<'_>, kind: Kind, diagnostics: &impl Serialize, rendered: &str) -> PyErr {
    let made = serde_json::to_string(diagnostics)
        .map_err(|error| PyValueError::new_err(error.to_string()))
        .and_then(|json| py.import("fairc._errors")?.getattr(kind.class())?.call1((json, rendered)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// Something that has no code.
pub fn plain(py: Python<'_>, kind: Kind, message: &str, help: Option<&str>) -> PyErr {
    let diagnostics = [Plain { code: None, severity: "error", message, help, labels: [] }];
    let help = help.map_or_else(String::new, |help| format!("\n  help: {help}"));
    raise(py, kind, &diagnostics, &format!("{message}{help}"))
}

/// A file that cannot be read.
pub fn failure(py: Python<'_>, kind: Kind, failure: &Failure) -> PyErr {
    plain(py, kind, &failure.message, failure.help.as_deref())
}

/// A spec that is not valid.
pub fn invalid(py: Python<'_>, spec: &Spec) -> PyErr {
    let rendered = format!("{}{}", spec.rendered(LOOK), spec.summary(0));
    raise(py, Kind::Compile, &spec.entries(), &rendered)
}

/// What is wrong when a spec meets data.
pub fn unbound(py: Python<'_>, errors: &[BindError], shared: &Shared) -> PyErr {
    match spec::faults(errors, &shared.spec, &shared.program) {
        Ok(faults) => {
            let entries: Vec<Entry> = faults.iter().map(|fault| fault.entry(&shared.spec)).collect();
            let texts: Vec<String> = faults.iter().map(|fault| fault.rendered(&shared.spec, LOOK)).collect();
            raise(py, Kind::Data, &entries, texts.join("\n").trim_end())
        }
        Err(found) => failure(py, Kind::Data, &found),
    }
}

/// Rows that no predictions satisfy.
pub fn infeasible(py: Python<'_>, proof: &Infeasibility, rows: &[BoundRow], shared: &Shared) -> PyErr {
    let conflict = spec::Conflict { sides: spec::sides_of(proof), each: Vec::new() };
    let mut fault = spec::infeasible(&conflict, rows, "", &shared.spec, &shared.program);
    fault.diagnostic.help = Some(
        "loosen one of them, for example by a larger tolerance, make one `soft`, or take the point of least violation \
         with `on_infeasible=\"relax\"`"
            .to_owned(),
    );
    let rendered = fault.rendered(&shared.spec, LOOK);
    raise(py, Kind::Infeasible, &[fault.entry(&shared.spec)], rendered.trim_end())
}

/// Numbers that cannot be projected.
pub fn unsolved(py: Python<'_>, error: &ProjectError) -> PyErr {
    plain(py, Kind::Solve, &error.to_string(), None)
}

/// Fails unless there is a point that is the projection, or that of least violation where that was asked for.
pub fn check_status(
    py: Python<'_>,
    status: &Status,
    violation: f64,
    rows: &[BoundRow],
    shared: &Shared,
) -> PyResult<()> {
    match status {
        Status::Optimal | Status::Relaxed(_) => Ok(()),
        Status::Infeasible(proof) => Err(infeasible(py, proof, rows, shared)),
        Status::IterationLimit => {
            let message = format!("the projection was not solved to the end; rows are violated by up to {violation:e}");
            Err(plain(py, Kind::Solve, &message, Some("scale the numbers of the spec to similar sizes")))
        }
    }
}
