//! Many rows that hold means near a level: all pairs of groups, each group with the mean of all, each with one of them. The
//! independent checker proves each answer, so these protect the method along the level, and what it leaves to the general one.

use fairc::runtime::project::Settings;
use fairc::runtime::solve_record::solve_line;
use fairc_verify::{Answer, Problem, Verdict, verify};
use serde_json::json;

use crate::support::Random;

/// Rows as lists of samples with their coefficients, and their sides.
#[derive(Default)]
struct Rows {
    rows: Vec<Vec<(usize, f64)>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Rows {
    /// `mean(a) − mean(b)` within `side`, of either sign.
    fn compare(&mut self, a: &[usize], b: &[usize], side: f64, turned: bool) {
        let sign = if turned { -1.0 } else { 1.0 };
        let mut row: Vec<(usize, f64)> = Vec::new();
        for (samples, part) in [(a, sign / a.len() as f64), (b, -sign / b.len() as f64)] {
            for &sample in samples {
                match row.iter_mut().find(|(known, _)| *known == sample) {
                    Some((_, value)) => *value += part,
                    None => row.push((sample, part)),
                }
            }
        }
        row.sort_by_key(|(sample, _)| *sample);
        self.rows.push(row);
        self.lower.push(-side);
        self.upper.push(side);
    }

    /// One of the kinds of rows for groups, `all` with those that are in no group.
    fn hold(&mut self, random: &mut Random, kind: usize, groups: &[Vec<usize>], all: &[usize], side: f64) {
        for (a, group) in groups.iter().enumerate() {
            match kind {
                0 => groups[..a].iter().for_each(|other| self.compare(group, other, side, random.chance(0.3))),
                1 => self.compare(group, all, if random.chance(0.2) { 0.5 * side } else { side }, false),
                _ if a > 0 => self.compare(group, &groups[0], side, false),
                _ => {}
            }
        }
    }
}

/// A problem as a line: groups of few samples, many of them at their bounds; some with two sets of rows that share no sample.
fn line(random: &mut Random) -> String {
    let (mut rows, mut n, mut apart) = (Rows::default(), 0, (0..0, 0..0));
    let side = [0.0, 0.001, 0.01, 0.05, 0.2][random.below(5)];
    for _ in 0..1 + random.below(2) {
        let start = n;
        let groups: Vec<Vec<usize>> = (0..4 + random.below(8))
            .map(|_| {
                let samples = if random.chance(0.05) { 30 } else { 1 + random.below(5) };
                n += samples;
                (n - samples..n).collect()
            })
            .collect();
        n += random.below(5);
        let samples = |group: &Vec<usize>| group[0]..group[0] + group.len();
        apart = (samples(&groups[0]), samples(&groups[1]));
        let kind = random.below(3);
        rows.hold(random, kind, &groups, &(start..n).collect::<Vec<_>>(), side);
    }
    let on_grid = random.chance(0.3);
    let z = |random: &mut Random| {
        let z = random.between(-0.4, 1.4);
        if on_grid { (10.0 * z).round() / 10.0 } else { z }
    };
    let z: Vec<f64> = (0..n).map(|_| z(random)).collect();
    let (mut lo, mut hi) = (vec![0.0; n], vec![1.0; n]);
    if random.chance(0.1) {
        // The last set has a group that cannot come down to another.
        lo[apart.0.clone()].fill(0.9);
        hi[apart.1].fill(0.5);
    }
    let weights: Vec<f64> = (0..n).map(|_| if on_grid { 1.0 } else { random.between(0.2, 3.0) }).collect();
    let mut indptr = vec![0];
    let entries: Vec<(usize, f64)> = rows.rows.concat();
    rows.rows.iter().for_each(|row| indptr.push(indptr[indptr.len() - 1] + row.len()));
    let (indices, values): (Vec<usize>, Vec<f64>) = entries.into_iter().unzip();
    json!({ "z": z, "w": weights, "lo": lo, "hi": hi, "l": rows.lower, "u": rows.upper,
        "A": { "indptr": indptr, "indices": indices, "values": values } })
    .to_string()
}

#[test]
fn answers_are_proved() {
    let mut random = Random(19);
    let mut found = [0, 0];
    for number in 0..600 {
        let line = line(&mut random);
        let text = solve_line(&line, &Settings::default());
        let problem = Problem::parse(&line).expect("a problem");
        match verify(&problem, &Answer::parse(&text).expect("an answer"), 1e-9) {
            Verdict::Optimal { .. } => found[0] += 1,
            Verdict::Infeasible { .. } => found[1] += 1,
            Verdict::Refused(refusal) => panic!("{number}: {refusal}\n{line}\n{text}"),
        }
    }
    assert!(found.iter().all(|count| *count > 10), "{found:?}");
}
