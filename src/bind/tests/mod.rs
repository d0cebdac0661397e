//! Binding against a direct computation, and everything that can be wrong with data.

mod agreement;
mod batches;
mod centred;
mod faults;
mod resample;
mod spread;

use crate::data::{Format, Source};
use crate::language::program::Program;
use crate::language::span;
use crate::language::syntax::import::NoImports;

use super::*;

/// Compiles a spec that is right.
fn program(text: &str) -> Program {
    let compilation = crate::compile(span::Source { name: "spec.fair".into(), text: text.into() }, &NoImports);
    let errors = compilation.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let errors: Vec<_> = errors.map(|error| (error.code.0, &error.message)).collect();
    compilation.program.unwrap_or_else(|| panic!("{errors:#?}"))
}

fn table(csv: &str) -> Source {
    Source::from_stream("data.csv", csv.as_bytes(), Format::Csv).unwrap()
}

fn encoded_as(program: &Program, csv: &str, options: &EncodeOptions) -> Result<Encoded, Vec<BindError>> {
    encode(program, &Params::defaults(program), &table(csv), options, &mut |_, _| {})
}

fn encoded(program: &Program, csv: &str) -> Encoded {
    encoded_as(program, csv, &EncodeOptions::default()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn bound(program: &Program, csv: &str) -> Bound {
    encoded(program, csv).bind(&Params::defaults(program), &Samples::All).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The matrix of a problem, row by row.
fn dense(problem: &crate::runtime::problem::Problem) -> Vec<Vec<f64>> {
    let csr = problem.to_csr();
    let mut rows = vec![vec![0.0; problem.n()]; problem.rows()];
    for (row, entries) in rows.iter_mut().enumerate() {
        for at in csr.indptr[row]..csr.indptr[row + 1] {
            entries[csr.indices[at] as usize] += csr.values[at];
        }
    }
    rows
}
