//! Problems and answers as JSON lines: the format of `fairc solve`, read here by itself.

use serde::Deserialize;
use serde_json::Value;

/// Why a line is no problem or answer that can be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

fn unreadable<T>(message: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable(message.into()))
}

/// A term `b |y - c|`: sample, `b` and `c`.
pub type Distance = (usize, f64, f64);

/// Minimise `sum w (y - z)^2` over `l <= A y <= u`, `lo <= y <= hi`; a soft row may be missed at a price.
#[derive(Clone, Debug)]
pub struct Problem {
    pub id: Option<Value>,
    pub z: Vec<f64>,
    pub weights: Vec<f64>,
    /// Lower and upper bound of each sample; infinite for none.
    pub bounds: Vec<(f64, f64)>,
    /// The entries of each row: sample and coefficient.
    pub rows: Vec<Vec<(usize, f64)>>,
    /// The terms `b |y - c|` of each row. A row with such terms has no lower side.
    pub distances: Vec<Vec<Distance>>,
    /// Lower and upper side of each row; infinite for none.
    pub sides: Vec<(f64, f64)>,
    /// The price of a unit of violation of half the objective; infinite for a hard row.
    pub soft: Vec<f64>,
}

/// What was claimed of a problem.
#[derive(Clone, Debug)]
pub struct Answer {
    pub id: Option<Value>,
    pub status: String,
    pub y: Vec<f64>,
    pub multipliers: Vec<f64>,
    pub objective: Option<f64>,
    /// Of an infeasible problem: the combination of rows that proves it.
    pub combination: Vec<f64>,
}

#[derive(Deserialize)]
struct ProblemLine {
    id: Option<Value>,
    z: Vec<f64>,
    w: Option<Vec<f64>>,
    lo: Option<Side>,
    hi: Option<Side>,
    #[serde(rename = "A")]
    matrix: Compressed,
    l: Vec<Option<f64>>,
    u: Vec<Option<f64>>,
    soft: Option<Vec<Option<f64>>>,
    convex: Option<Terms>,
}

/// Terms `b |y - c|`, an entry each.
#[derive(Deserialize)]
struct Terms {
    rows: Vec<usize>,
    samples: Vec<usize>,
    b: Vec<f64>,
    c: Vec<f64>,
}

#[derive(Deserialize)]
struct Compressed {
    indptr: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Side {
    Same(f64),
    Each(Vec<Option<f64>>),
}

#[derive(Deserialize)]
struct AnswerLine {
    id: Option<Value>,
    status: Option<String>,
    error: Option<Value>,
    yhat: Option<Vec<f64>>,
    mu: Option<Vec<f64>>,
    objective: Option<f64>,
    rows: Option<Vec<f64>>,
}

impl Problem {
    /// Reads a line of `fairc solve`'s input.
    ///
    /// # Errors
    /// If it is no JSON object of that form, or its lengths do not fit together.
    pub fn parse(line: &str) -> Result<Problem, Unreadable> {
        let line: ProblemLine =
            serde_json::from_str(line).map_err(|error| Unreadable(format!("the problem: {error}")))?;
        let (n, m) = (line.z.len(), line.l.len());
        let side = |side: Option<Side>, none: f64| match side {
            None => vec![none; n],
            Some(Side::Same(value)) => vec![value; n],
            Some(Side::Each(values)) => values.into_iter().map(|value| value.unwrap_or(none)).collect(),
        };
        let (low, high) = (side(line.lo, f64::NEG_INFINITY), side(line.hi, f64::INFINITY));
        let weights = line.w.unwrap_or_else(|| vec![1.0; n]);
        let soft = line.soft.unwrap_or_else(|| vec![None; m]);
        if [low.len(), high.len(), weights.len()] != [n; 3] || [line.u.len(), soft.len()] != [m; 2] {
            return unreadable(format!("the problem: `lo`, `hi` and `w` need {n} numbers, `u` and `soft` need {m}"));
        }
        if weights.iter().any(|w| *w < 0.0) {
            return unreadable("the problem: a weight is negative");
        }
        let or = |value: Option<f64>, none: f64| value.unwrap_or(none);
        let distances = line.convex.map_or_else(|| Ok(vec![Vec::new(); m]), |terms| terms.by_row(n, m))?;
        if let Some(row) = distances.iter().zip(&line.l).position(|(terms, l)| !terms.is_empty() && l.is_some()) {
            return unreadable(format!(
                "the problem: row {row} has `convex` terms and a lower side, which is not convex"
            ));
        }
        Ok(Problem {
            id: line.id,
            rows: line.matrix.rows(n, m)?,
            distances,
            z: line.z,
            weights,
            bounds: low.into_iter().zip(high).collect(),
            sides: line
                .l
                .into_iter()
                .zip(line.u)
                .map(|(l, u)| (or(l, f64::NEG_INFINITY), or(u, f64::INFINITY)))
                .collect(),
            soft: soft.into_iter().map(|price| or(price, f64::INFINITY)).collect(),
        })
    }
}

impl Terms {
    fn by_row(&self, n: usize, m: usize) -> Result<Vec<Vec<Distance>>, Unreadable> {
        let Terms { rows, samples, b, c } = self;
        let fits = [samples.len(), b.len(), c.len()] == [rows.len(); 3]
            && rows.iter().all(|row| *row < m)
            && samples.iter().all(|sample| *sample < n)
            && b.iter().all(|b| *b >= 0.0);
        if !fits {
            return unreadable(format!(
                "the problem: `convex` needs as many `samples`, `b` and `c` as `rows`, of {m} rows and {n} samples, and no `b` below 0"
            ));
        }
        let mut by_row = vec![Vec::new(); m];
        for (entry, row) in rows.iter().enumerate() {
            by_row[*row].push((samples[entry], b[entry], c[entry]));
        }
        Ok(by_row)
    }
}

impl Compressed {
    fn rows(&self, n: usize, m: usize) -> Result<Vec<Vec<(usize, f64)>>, Unreadable> {
        let ends = &self.indptr;
        let fits = ends.len() == m + 1
            && ends.first() == Some(&0)
            && ends.last() == Some(&self.indices.len())
            && self.indices.len() == self.values.len()
            && ends.is_sorted()
            && self.indices.iter().all(|index| *index < n);
        if !fits {
            return unreadable(format!("the problem: `A` is no matrix of {m} rows over {n} samples"));
        }
        let entries: Vec<(usize, f64)> = self.indices.iter().copied().zip(self.values.iter().copied()).collect();
        Ok(ends.windows(2).map(|pair| entries[pair[0]..pair[1]].to_vec()).collect())
    }
}

impl Answer {
    /// Reads a line of `fairc solve`'s output.
    ///
    /// # Errors
    /// If it is no JSON object of that form.
    pub fn parse(line: &str) -> Result<Answer, Unreadable> {
        let line: AnswerLine =
            serde_json::from_str(line).map_err(|error| Unreadable(format!("the answer: {error}")))?;
        let status = match (line.status, line.error) {
            (Some(status), _) => status,
            (None, Some(_)) => "error".to_owned(),
            (None, None) => return unreadable("the answer: it has no `status`"),
        };
        Ok(Answer {
            id: line.id,
            status,
            y: line.yhat.unwrap_or_default(),
            multipliers: line.mu.unwrap_or_default(),
            objective: line.objective,
            combination: line.rows.unwrap_or_default(),
        })
    }
}
