//! Errors of the library as Python exceptions, with the diagnostics that the command line prints.

use fairc::language::diagnostic::human::Look;
use fairc::language::diagnostic::json::Entry;
use fairc::runtime::project::ProjectError;
use fairc::source::{Failure, PYTHON, Spec};
use fairc::tasks::{self, Context, Refused};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Serialize;

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
    let rendered = format!("{}{}", spec.rendered(LOOK, &PYTHON), spec.summary(0));
    raise(py, Kind::Compile, &spec.entries(), &rendered)
}

/// Why a task has no result, in the words of this front end.
pub fn refused(py: Python<'_>, refused: impl Into<Refused>, context: &Context<'_>) -> PyErr {
    let refused = refused.into();
    let kind = match refused.kind() {
        tasks::Kind::Data => Kind::Data,
        tasks::Kind::Infeasible => Kind::Infeasible,
        tasks::Kind::Numbers => Kind::Solve,
    };
    match refused.told(context) {
        Ok(faults) => {
            let entries: Vec<Entry> = faults.iter().map(|fault| fault.entry(context.spec)).collect();
            let texts: Vec<String> = faults.iter().map(|fault| fault.rendered(context.spec, LOOK)).collect();
            raise(py, kind, &entries, texts.join("\n").trim_end())
        }
        Err(found) => failure(py, kind, &found),
    }
}

/// Numbers that cannot be projected.
pub fn unsolved(py: Python<'_>, error: &ProjectError) -> PyErr {
    plain(py, Kind::Solve, &error.to_string(), None)
}
