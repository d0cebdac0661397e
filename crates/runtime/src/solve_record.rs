//! One problem in, one answer out, as JSON lines: the solver for those who have a matrix and no specification.
//!
//! A line of input is an object with
//!
//! | field | content |
//! | --- | --- |
//! | `id` | anything; comes back |
//! | `n`, `m` | numbers of samples and rows (may be left out) |
//! | `z` | the point to project, length `n` |
//! | `A` | rows compressed: `{"indptr": [m + 1], "indices": [..], "values": [..]}` |
//! | `l`, `u` | sides, `null` for none |
//! | `lo`, `hi` | box: an array, one number for all, or absent; `null` for none |
//! | `w` | weights, absent for all one |
//! | `soft` | per row a cap of the multiplier, `null` for a hard row (may be left out) |
//! | `names` | names of the rows (may be left out) |
//! | `convex` | terms `b |ŷ − c|` of rows: `{"rows": [..], "samples": [..], "b": [..], "c": [..]}`, an entry each; `b` is not negative, and such rows have no `l` |
//! | `vjp` | `{"v": [..]}`: asks for derivatives of `vᵀ ŷ` |
//!
//! and a line of output is
//! `{"id", "ok", "schema", "status", "yhat", "mu", "objective", "active", "certificate", "vjp": {"z", "b", "lower", "upper", "w"}}`.
//! **Signs and scale** are those of the objective `Σ w (ŷ − z)²` without a half:
//! `2 w (ŷ − z) + Aᵀ mu + nu = 0`, with `mu > 0` on upper sides. `vjp.b` is the derivative by the active side: by `u`
//! on an upper side, by `l` on a lower one, by both moved together for an equality, 0 for inactive rows. Where there are convex
//! terms, `Aᵀ mu` has a subgradient of each, and `vjp.c` is the derivative by their `c`, one for each entry.
//! For `status` `infeasible`, `rows` is a combination `f` with `min over the box of fᵀ A y > max over [l, u] of fᵀ c`,
//! `margin` is the difference and `conflict` names the rows. A line that cannot be read gives
//! `{"id", "ok": false, "schema", "error": {"kind", "message"}}` in its place; `schema` is the version of these fields.

use std::io::{self, BufRead, Read, Write};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::convex::{ConvexEntries, ConvexProblem, MatrixByRows};
use super::problem::{Bounds, Problem, ProblemError, ProblemParts};
use super::project::{Gradient, Infeasibility, ProjectError, Projection, Projector, Settings, Side, Status};

/// Version of the fields of an answer.
const SCHEMA: u32 = 1;

/// What [`solve_lines`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Lines answered, blank ones not counted.
    pub lines: usize,
    /// Lines answered with an error.
    pub errors: usize,
    /// Lines whose problem is infeasible.
    pub infeasible: usize,
    /// Lines whose problem was not solved to the end.
    pub unfinished: usize,
}

/// Answers each line of `input` with one line of `output`, in order, and goes on after errors. Blank lines are
/// skipped.
///
/// # Errors
/// Only those of reading and writing.
pub fn solve_lines(input: impl BufRead, mut output: impl Write, settings: &Settings) -> io::Result<Summary> {
    let mut solver = Projector::new();
    let mut summary = Summary::default();
    let mut input = input;
    let mut line = Vec::new();
    skip_mark(&mut input)?;
    while read_line(&mut input, &mut line)? {
        let answer = match std::str::from_utf8(&line) {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => answer(text, settings, &mut solver),
            Err(error) => Answer::error(None, "encoding", &error.to_string()),
        };
        summary.lines += 1;
        match answer.ended {
            AnswerEnd::Error => summary.errors += 1,
            AnswerEnd::Infeasible => summary.infeasible += 1,
            AnswerEnd::Unfinished => summary.unfinished += 1,
            AnswerEnd::Solved => {}
        }
        serde_json::to_writer(&mut output, &answer.value)?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(summary)
}

/// The longest line that is read: more than a problem of ten million samples needs, less than would fill the memory.
const LONGEST_LINE: u64 = 1 << 30;

/// Passes over a byte order mark.
fn skip_mark(input: &mut impl BufRead) -> io::Result<()> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if input.fill_buf()?.starts_with(MARK) {
        input.consume(MARK.len());
    }
    Ok(())
}

/// Reads the next line without its end; false at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if input.take(LONGEST_LINE).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == LONGEST_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 1 GiB"));
    }
    Ok(true)
}

/// Answers one line.
pub fn solve_line(line: &str, settings: &Settings) -> String {
    answer(line, settings, &mut Projector::new()).value.to_string()
}

#[derive(Deserialize)]
struct Record {
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    n: Option<usize>,
    m: Option<usize>,
    z: Vec<f64>,
    w: Option<Vec<f64>>,
    lo: Option<BoxSide>,
    hi: Option<BoxSide>,
    #[serde(rename = "A")]
    matrix: Matrix,
    l: Vec<Option<f64>>,
    u: Vec<Option<f64>>,
    soft: Option<Vec<Option<f64>>>,
    names: Option<Vec<String>>,
    convex: Option<Terms>,
    vjp: Option<Cotangent>,
}

/// Terms `b |ŷ − c|`, an entry each.
#[derive(Deserialize)]
struct Terms {
    rows: Vec<usize>,
    samples: Vec<usize>,
    b: Vec<f64>,
    c: Vec<f64>,
}

#[derive(Deserialize)]
struct Matrix {
    indptr: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Cotangent {
    v: Option<Vec<f64>>,
}

/// One side of the box.
#[derive(Deserialize)]
#[serde(untagged)]
enum BoxSide {
    All(f64),
    Each(Vec<Option<f64>>),
}

enum AnswerEnd {
    Solved,
    Infeasible,
    Unfinished,
    Error,
}

struct Answer {
    value: Value,
    ended: AnswerEnd,
}

impl Answer {
    fn error(id: Option<Value>, kind: &str, message: &str) -> Self {
        let mut value = head(id, false);
        value.insert("error".into(), json!({ "kind": kind, "message": message }));
        Answer { value: Value::Object(value), ended: AnswerEnd::Error }
    }
}

/// What every answer begins with.
fn head(id: Option<Value>, ok: bool) -> Map<String, Value> {
    let mut value = Map::new();
    if let Some(id) = id {
        value.insert("id".into(), id);
    }
    value.insert("ok".into(), ok.into());
    value.insert("schema".into(), SCHEMA.into());
    value
}

fn answer(line: &str, settings: &Settings, solver: &mut Projector<f64>) -> Answer {
    let mut record: Record = match serde_json::from_str(line) {
        Ok(record) => record,
        Err(error) => return unreadable(line, &error),
    };
    let id = record.id.take();
    match solve(record, settings, solver) {
        Ok((mut fields, ended)) => {
            let mut value = head(id, true);
            value.append(&mut fields);
            Answer { value: Value::Object(value), ended }
        }
        Err((kind, message)) => Answer::error(id, kind, &message),
    }
}

/// What is wrong with a line that is no record.
fn unreadable(line: &str, error: &serde_json::Error) -> Answer {
    let value: Value = match serde_json::from_str(line) {
        Ok(value) => value,
        Err(error) => return Answer::error(None, "json", &error.to_string()),
    };
    // Of a field that stands twice only the line itself tells.
    let message = Record::deserialize(&value).err().map_or_else(|| error.to_string(), |error| error.to_string());
    Answer::error(value.get("id").cloned(), "record", &message)
}

/// A field that is there, if it is null too.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

type Failure = (&'static str, String);

fn solve(
    record: Record,
    settings: &Settings,
    solver: &mut Projector<f64>,
) -> Result<(Map<String, Value>, AnswerEnd), Failure> {
    let cotangent = record.vjp.as_ref().and_then(|vjp| vjp.v.clone());
    let (problem, z) = problem(record)?;
    let mut projection = Projection::default();
    problem.project_into(solver, &z, settings, &mut projection).map_err(|error| ("input", error.to_string()))?;
    let mut fields = Map::new();
    let ended = match &projection.status {
        Status::Infeasible(proof) => {
            fields.insert("status".into(), "infeasible".into());
            insert_proof(&problem, proof, &mut fields);
            return Ok((fields, AnswerEnd::Infeasible));
        }
        Status::Optimal => {
            fields.insert("status".into(), "optimal".into());
            AnswerEnd::Solved
        }
        Status::IterationLimit => {
            fields.insert("status".into(), "iteration_limit".into());
            AnswerEnd::Unfinished
        }
        Status::Relaxed(proof) => {
            fields.insert("status".into(), "relaxed".into());
            insert_proof(&problem, proof, &mut fields);
            AnswerEnd::Infeasible
        }
    };
    insert_point(&projection, &mut fields);
    if let Some(v) = cotangent {
        match problem.vjp(&projection, &v) {
            Ok((gradient, c)) => {
                let b: Vec<f64> = gradient.lower.iter().zip(&gradient.upper).map(|(l, u)| l + u).collect();
                let (lower, upper) = (gradient.lower, gradient.upper);
                let mut vjp = json!({ "z": gradient.z, "b": b, "lower": lower, "upper": upper, "w": gradient.weights });
                if let Some(c) = c {
                    vjp["c"] = json!(c);
                }
                fields.insert("vjp".into(), vjp);
            }
            Err(super::project::ProjectError::NoDerivative) => {}
            Err(error) => return Err(("input", error.to_string())),
        }
    }
    Ok((fields, ended))
}

/// The point, multipliers and objective, in the scale without a half.
fn insert_point(projection: &Projection<f64>, fields: &mut Map<String, Value>) {
    let mu: Vec<f64> = projection.multipliers.iter().map(|mu| 2.0 * mu).collect();
    let active: Vec<i8> = projection.active.iter().map(|side| side_code(*side)).collect();
    fields.insert("yhat".into(), json!(projection.y));
    fields.insert("mu".into(), json!(mu));
    fields.insert("objective".into(), json!(2.0 * projection.objective));
    fields.insert("active".into(), json!(active));
    let certificate = &projection.certificate;
    fields.insert(
        "certificate".into(),
        json!({
            "row_violation": certificate.row_violation,
            "relative_row_violation": certificate.relative_row_violation,
            "bound_violation": certificate.bound_violation,
            "stationarity": 2.0 * certificate.stationarity,
            "duality_gap": 2.0 * certificate.duality_gap,
        }),
    );
}

fn side_code(side: Side) -> i8 {
    match side {
        Side::Inactive => 0,
        Side::Upper | Side::AboveUpper => 1,
        Side::Lower | Side::BelowLower => -1,
        Side::Both => 2,
    }
}

/// A problem with convex rows, or one without.
enum Solvable {
    Affine(Box<Problem>),
    Convex(Box<ConvexProblem>, ConvexEntries),
}

impl Solvable {
    fn row_name(&self, row: usize) -> String {
        match self {
            Solvable::Affine(problem) => problem.row_name(row),
            Solvable::Convex(problem, _) => problem.affine().row_name(row),
        }
    }

    fn project_into(
        &self,
        solver: &mut Projector<f64>,
        z: &[f64],
        settings: &Settings,
        out: &mut Projection<f64>,
    ) -> Result<(), ProjectError> {
        match self {
            Solvable::Affine(problem) => solver.project_into(problem, z, settings, out),
            Solvable::Convex(problem, _) => {
                *out = problem.project_with(solver, z, settings)?;
                Ok(())
            }
        }
    }

    /// The gradient, and that by the breakpoint of each entry.
    fn vjp(&self, found: &Projection<f64>, v: &[f64]) -> Result<(Gradient<f64>, Option<Vec<f64>>), ProjectError> {
        match self {
            Solvable::Affine(problem) => Ok((found.vjp(problem, v)?, None)),
            Solvable::Convex(problem, entries) => {
                let gradient = problem.vjp(found, v)?;
                let at = problem.entry_gradient(entries, found, &gradient, v)?;
                Ok((gradient, Some(at)))
            }
        }
    }
}

fn insert_proof(problem: &Solvable, proof: &Infeasibility, fields: &mut Map<String, Value>) {
    let conflict: Vec<String> = proof.rows.iter().map(|&row| problem.row_name(row)).collect();
    fields.insert("rows".into(), json!(proof.combination));
    fields.insert("margin".into(), json!(proof.margin));
    fields.insert("conflict".into(), json!(conflict));
}

fn problem(record: Record) -> Result<(Solvable, Vec<f64>), Failure> {
    let (n, m) = (record.z.len(), record.l.len());
    for (what, said, found) in [("n", record.n, n), ("m", record.m, m)] {
        if said.is_some_and(|said| said != found) {
            let said = said.unwrap_or(found);
            return Err(("record", format!("`{what}` is {said}, but the arrays have length {found}")));
        }
    }
    let bounds =
        Bounds::PerSample { lo: box_side(record.lo, n, f64::NEG_INFINITY), hi: box_side(record.hi, n, f64::INFINITY) };
    let Matrix { indptr, indices, values } = record.matrix;
    let (lower, upper) = (or_infinite(record.l, f64::NEG_INFINITY), or_infinite(record.u, f64::INFINITY));
    let soft = record.soft.map(|soft| or_infinite(soft, f64::INFINITY));
    let input = |error: ProblemError| ("input", error.to_string());
    if let Some(Terms { rows, samples, b, c }) = record.convex {
        let entries = ConvexEntries { rows, samples, values: b, at: c };
        let matrix = MatrixByRows { indptr: &indptr, indices: &indices, values: &values };
        let (soft, names) = (soft.unwrap_or_default(), record.names.unwrap_or_default());
        let parts = ProblemParts { lower, upper, bounds, weights: record.w, soft, names, ..ProblemParts::default() };
        let made = ConvexProblem::from_entries(n, matrix, &entries, parts).map_err(input)?;
        return Ok((Solvable::Convex(Box::new(made), entries), record.z));
    }
    let mut problem =
        Problem::from_csr(n, &indptr, &indices, &values, lower, upper, bounds, record.w).map_err(input)?;
    if let Some(names) = record.names {
        problem = problem.with_names(names).map_err(input)?;
    }
    if let Some(soft) = soft {
        problem = problem.with_soft(soft).map_err(input)?;
    }
    Ok((Solvable::Affine(Box::new(problem)), record.z))
}

fn or_infinite(values: Vec<Option<f64>>, infinite: f64) -> Vec<f64> {
    values.into_iter().map(|value| value.unwrap_or(infinite)).collect()
}

fn box_side(side: Option<BoxSide>, n: usize, infinite: f64) -> Vec<f64> {
    match side {
        None => vec![infinite; n],
        Some(BoxSide::All(value)) => vec![value; n],
        Some(BoxSide::Each(values)) => or_infinite(values, infinite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_stands_twice_is_refused() {
        let answer = |line: &str| -> Value {
            serde_json::from_str(&solve_line(line, &Settings::default())).expect("an answer is JSON")
        };
        let rest = r#""A":{"indptr":[0,1],"indices":[0],"values":[1]},"l":[null],"u":[0.5]"#;
        let once = answer(&format!(r#"{{"id":null,"z":[1],"w":[2],{rest}}}"#));
        assert!(once["ok"] == true && once.get("id") == Some(&Value::Null), "{once}");
        let twice = answer(&format!(r#"{{"id":7,"z":[1],"w":[2],"w":[3],{rest}}}"#));
        assert!(twice["ok"] == false && twice["id"] == 7 && twice["error"]["kind"] == "record", "{twice}");
        assert!(twice["error"]["message"].as_str().is_some_and(|told| told.contains("duplicate field `w`")), "{twice}");
    }
}
