//! Any line is a problem with an answer that is proved in exact arithmetic, or is refused with a reason.
//!
//! A text is taken as the line itself; other bytes are numbers of a small problem, so that more of them are problems.

#![no_main]

use fairc_runtime::project::{OnInfeasible, Settings};
use fairc_runtime::solve_record::solve_line;
use fairc_verify::{Answer, Problem, Verdict, verify};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// How far an answer may be off, as `fairc verify` has it by default.
const TOLERANCE: f64 = 1e-9;
/// Numbers of a problem of which the largest is more than so many times the smallest, or 1, make rows that no double satisfies as well:
/// of such a problem it is enough that it has an answer.
const USUAL: f64 = 1e3;
/// Most steps towards that: such numbers take many.
const FEW: usize = 20;
/// Rows and bounds that have no point left when they are drawn in by so much hold at few points, which doubles may not reach: multipliers
/// that come near grow without end, and their digits are missing in the predictions.
const ROOM: f64 = 1e-6;

/// Bytes as numbers; zeros when they have come to an end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// From 0 to `limit`, that excluded.
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    /// A number on a grid, where ties are; now and then of another size.
    fn number(&mut self) -> f64 {
        let byte = self.byte();
        let grid = f64::from(byte as i8 >> 2) / 8.0;
        match byte & 3 {
            0 | 1 => grid,
            2 => f64::from(self.byte() as i8) / 255.0 + grid,
            _ => grid * 10_f64.powi(i32::from(self.byte() as i8) / 16),
        }
    }

    fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.number()).collect()
    }

    /// A number, or none.
    fn end(&mut self) -> Option<f64> {
        if self.below(3) == 0 { None } else { Some(self.number()) }
    }
}

/// A problem of at most 8 samples and 5 rows.
fn line(bytes: &[u8]) -> String {
    let mut bytes = Bytes(bytes);
    let flags = bytes.byte();
    let (n, m) = (bytes.below(9), bytes.below(6));
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for _ in 0..m {
        let in_row = bytes.byte();
        for sample in (0..n).filter(|sample| in_row >> sample & 1 == 1) {
            indices.push(sample);
            values.push(bytes.number());
        }
        indptr.push(indices.len());
        let (first, second) = (bytes.end(), bytes.end());
        let swapped = matches!((first, second), (Some(first), Some(second)) if first > second);
        lower.push(if swapped { second } else { first });
        upper.push(if swapped { first } else { second });
    }
    let mut problem = json!({ "z": bytes.numbers(n), "A": { "indptr": indptr, "indices": indices, "values": values },
        "l": lower, "u": upper });
    let mut set = |key: &str, value: Value| problem[key] = value;
    if flags & 1 == 1 {
        set("lo", json!(0.0));
        set("hi", json!(1.0));
    }
    if flags & 2 == 2 {
        set("w", json!(bytes.numbers(n).iter().map(|weight| weight.abs()).collect::<Vec<_>>()));
    }
    if flags & 4 == 4 {
        set("soft", json!((0..m).map(|_| bytes.end().map(f64::abs)).collect::<Vec<_>>()));
    }
    if flags & 8 == 8 {
        set("vjp", json!({ "v": bytes.numbers(n) }));
    }
    if flags & 16 == 16 && n > 0 && m > 0 {
        let count = 1 + bytes.below(6);
        let rows: Vec<usize> = (0..count).map(|_| bytes.below(m)).collect();
        let samples: Vec<usize> = (0..count).map(|_| bytes.below(n)).collect();
        let b: Vec<f64> = bytes.numbers(count).iter().map(|b| b.abs()).collect();
        let lower: Vec<Option<f64>> =
            lower.iter().enumerate().map(|(row, side)| side.filter(|_| !rows.contains(&row))).collect();
        // Points count as 1 at most in what is allowed for rounding, so they are not far from it; and rows that hold nothing would have any.
        let c: Vec<f64> = bytes.numbers(count).iter().map(|c| c.clamp(-2.0, 2.0)).collect();
        let none = |row: usize| rows.contains(&row).then_some(0.0);
        let upper: Vec<Option<f64>> = upper.iter().enumerate().map(|(row, side)| side.or(none(row))).collect();
        set("l", json!(lower));
        set("u", json!(upper));
        set("convex", json!({ "rows": rows, "samples": samples, "b": b, "c": c }));
    }
    problem.to_string()
}

/// By how much numbers that are added up or compared differ in size: predictions and the box, times coefficients and weights.
fn spread(problem: &Problem) -> f64 {
    let largest = |numbers: &[f64]| numbers.iter().filter(|x| x.is_finite()).fold(1.0_f64, |most, x| most.max(x.abs()));
    let range = |numbers: &[f64]| {
        let sizes = numbers.iter().map(|x| x.abs()).filter(|x| *x > 0.0 && x.is_finite());
        let (least, most) = sizes.fold((f64::INFINITY, 0.0_f64), |(least, most), x| (least.min(x), most.max(x)));
        if most > 0.0 { most / least } else { 1.0 }
    };
    let mut points = problem.z.clone();
    points.extend(problem.bounds.iter().flat_map(|(lo, hi)| [*lo, *hi]));
    points.extend(problem.distances.iter().flatten().map(|(_, _, c)| *c));
    let own = problem.rows.iter().flatten().map(|(_, a)| *a);
    let coefficients: Vec<f64> = own.chain(problem.distances.iter().flatten().map(|(_, b, _)| *b)).collect();
    let sides: Vec<f64> = problem.sides.iter().flat_map(|(lower, upper)| [*lower, *upper]).collect();
    let coefficients = range(&coefficients).max(largest(&coefficients));
    largest(&points) * coefficients * range(&problem.weights) * largest(&sides)
}

/// Whether inequalities and bounds of a problem have a point left when they are drawn in.
fn has_room(line: &str, settings: &Settings) -> bool {
    let mut problem: Value = serde_json::from_str(line).expect("a line that was solved is JSON");
    for (lower, upper) in [("l", "u"), ("lo", "hi")] {
        draw_in(&mut problem, lower, upper);
    }
    let answer: Value = serde_json::from_str(&solve_line(&problem.to_string(), settings)).expect("an answer is JSON");
    answer["status"] == "optimal"
}

/// Draws intervals in, each side by its share; those of one point stay.
fn draw_in(problem: &mut Value, lower: &str, upper: &str) {
    let sides = |key: &str| match &problem[key] {
        Value::Array(sides) => sides.iter().map(Value::as_f64).collect(),
        side => vec![side.as_f64()],
    };
    let (mut low, mut high): (Vec<Option<f64>>, Vec<Option<f64>>) = (sides(lower), sides(upper));
    for (low, high) in low.iter_mut().zip(&mut high).filter(|(low, high)| low.is_none() || low != high) {
        *low = low.map(|side| side + ROOM * side.abs().max(1.0));
        *high = high.map(|side| side - ROOM * side.abs().max(1.0));
    }
    for (key, sides) in [(lower, low), (upper, high)] {
        match problem.get(key) {
            Some(Value::Array(_)) => problem[key] = json!(sides),
            Some(Value::Number(_)) => problem[key] = json!(sides[0]),
            _ => {}
        }
    }
}

fn check(line: &str) {
    let problem = Problem::parse(line);
    let usual = problem.as_ref().is_ok_and(|problem| spread(problem) <= USUAL);
    let settings = match usual {
        true => Settings::default(),
        false => Settings { max_steps: FEW, ..Settings::default() },
    };
    let text = solve_line(line, &settings);
    let answer: Value = serde_json::from_str(&text).expect("an answer is JSON");
    if answer["ok"] != true {
        let told = |key: &str| answer["error"][key].as_str().is_some_and(|text| !text.is_empty());
        assert!(told("kind") && told("message"), "{text}");
        return;
    }
    let problem = problem.expect("what was solved can be read");
    let claimed = Answer::parse(&text).expect("an answer can be read");
    // The last says itself that it proves nothing.
    if !usual || claimed.status == "iteration_limit" {
        return;
    }
    let infeasible = match verify(&problem, &claimed, TOLERANCE) {
        Verdict::Refused(_) if !has_room(line, &settings) => return,
        Verdict::Refused(why) => panic!("{why}\n{line}\n{text}"),
        Verdict::Infeasible { .. } => true,
        Verdict::Optimal { .. } => false,
    };
    // What no point satisfies is relaxed, and what a point satisfies is not.
    let relax = Settings { on_infeasible: OnInfeasible::Relax, ..settings };
    let relaxed: Value = serde_json::from_str(&solve_line(line, &relax)).expect("an answer is JSON");
    assert_eq!(relaxed["status"] == "optimal", !infeasible, "{line}\n{relaxed}");
}

fuzz_target!(|data: &[u8]| {
    match std::str::from_utf8(data) {
        Ok(text) if text.trim_start().starts_with('{') => check(text),
        _ => check(&line(data)),
    }
});
