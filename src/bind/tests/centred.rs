//! Covariances and variances of data far from 0, against exact integer arithmetic.

use std::fmt::Write as _;

use super::*;
use crate::language::program::EventId;
use crate::runtime::online::{Memory, Pool};

/// Rows whose value is a covariance with the prediction, and rows whose upper side is a statistic of the data; their left
/// sides differ, so that they are not merged.
const SPEC: &str = "
    column sex: {f, m}
    column t: real
    column u: real
    label y: {0, 1}
    column late: {1700000000000, 1700000000001, 1700000000003}
    weight w
    predict score: real in [0, 1]
    constraint cov: Cov[score, t] <= 1e300
    constraint cov_f: Cov[score, t | sex == f] <= 1e300
    constraint corr: Cov[score, t] / sqrt(Var[t]) <= 1e300
    constraint right: Cov[score * y, t] <= 1e300
    constraint levels: Cov[score, late] <= 1e300
    constraint var: E[score] <= Var[t]
    constraint var_m: E[score] <= Var[t | sex == m]
    constraint both: 2 * E[score] <= Cov[t, u]
    constraint span: 3 * E[score] <= Var[t - u]
    constraint late: 5 * E[score] <= Var[late]
";

/// `t`, `u` and `late` are multiples of `unit`, `unit` and 1, the score of 1/64; all else are whole numbers.
#[derive(Clone, Debug)]
struct Sample {
    female: bool,
    t: i128,
    u: i128,
    y: i128,
    late: i128,
    w: i128,
    score: i128,
}

struct Draw {
    unit: f64,
    samples: Vec<Sample>,
}

impl Draw {
    /// `offset` and `spread` in units of `2^exponent`. The sexes lie far from each other.
    fn new(seed: u64, offset: i128, spread: i64, exponent: i32) -> Draw {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut sample = || {
            let female = random.bool();
            let t = offset + i128::from(random.i64(0..=spread)) + if female { 3 * i128::from(spread) } else { 0 };
            Sample {
                female,
                t,
                u: t - i128::from(random.i64(0..=spread.min(1000))),
                y: random.i128(0..=1),
                late: 1_700_000_000_000 + [0, 1, 3][random.usize(0..3)],
                w: random.i128(0..=3),
                score: random.i128(0..=64),
            }
        };
        Draw { unit: 2.0_f64.powi(exponent), samples: (0..40).map(|_| sample()).collect() }
    }

    fn csv(&self, range: std::ops::Range<usize>) -> String {
        let mut out = "sex,t,u,y,late,w\n".to_owned();
        for Sample { female, t, u, y, late, w, .. } in &self.samples[range] {
            let (t, u) = (*t as f64 * self.unit, *u as f64 * self.unit);
            writeln!(out, "{},{t},{u},{y},{late},{w}", if *female { "f" } else { "m" }).unwrap();
        }
        out
    }

    fn scores(&self, range: std::ops::Range<usize>) -> Vec<f64> {
        self.samples[range].iter().map(|sample| sample.score as f64 / 64.0).collect()
    }

    /// The covariance of two whole numbers of each sample, times their units, and its scale: the product of deviations.
    fn cov(
        &self,
        of: impl Fn(&Sample) -> i128,
        with: impl Fn(&Sample) -> i128,
        within: impl Fn(&Sample) -> bool,
        unit: f64,
    ) -> (f64, f64) {
        let sum = |value: &dyn Fn(&Sample) -> i128| -> i128 {
            self.samples.iter().filter(|sample| within(sample)).map(|sample| sample.w * value(sample)).sum()
        };
        let weight = sum(&|_| 1);
        let moment = |a: &dyn Fn(&Sample) -> i128, b: &dyn Fn(&Sample) -> i128| {
            (weight * sum(&|sample| a(sample) * b(sample)) - sum(a) * sum(b)) as f64 / (weight * weight) as f64 * unit
        };
        (moment(&of, &with), (moment(&of, &of).sqrt() * moment(&with, &with).sqrt()).max(f64::MIN_POSITIVE))
    }

    /// The expected value or upper side of each row, by name, and its scale.
    fn expected(&self) -> Vec<(&'static str, f64, f64)> {
        let all = |_: &Sample| true;
        let (unit, square) = (self.unit / 64.0, self.unit * self.unit);
        // Scores and `late` have other units than `t`, which scales by its own; the scale follows.
        let score = |s: &Sample| s.score;
        let named = |name, (value, scale): (f64, f64)| (name, value, scale);
        let (cov, scale) = self.cov(score, |s| s.t, all, unit);
        let (var, _) = self.cov(|s| s.t, |s| s.t, all, square);
        vec![
            ("cov", cov, scale),
            named("cov_f", self.cov(score, |s| s.t, |s| s.female, unit)),
            ("corr", cov / var.sqrt(), scale / var.sqrt()),
            named("right", self.cov(|s| s.score * s.y, |s| s.t, all, unit)),
            named("levels", self.cov(score, |s| s.late, all, 1.0 / 64.0)),
            named("var", self.cov(|s| s.t, |s| s.t, all, square)),
            named("var_m", self.cov(|s| s.t, |s| s.t, |s| !s.female, square)),
            named("both", self.cov(|s| s.t, |s| s.u, all, square)),
            named("span", self.cov(|s| s.t - s.u, |s| s.t - s.u, all, square)),
            named("late", self.cov(|s| s.late, |s| s.late, all, 1.0)),
        ]
    }
}

/// Offsets, spreads and units: near 0, at 10⁹ with a spread down to 10⁻⁶, milliseconds of our time, and large spreads.
const DRAWS: [(i128, i64, i32); 7] = [
    (0, 1_000_000, -20),
    (1_000, 1_000, 0),
    (1_000_000_000, 10, 0),
    (1_000_000_000 << 20, 8, -20),
    (1_700_000_000_000, 14_000, 0),
    (1_700_000_000_000, 1_000_000_000, 0),
    (-1_700_000_000_000, 100, 3),
];

fn compare(program: &Program, rows: &[BoundRow], value: &dyn Fn(usize) -> f64, draw: &Draw, what: &str) {
    for (name, expected, scale) in draw.expected() {
        let row = program.rows.iter().position(|row| row.origins[0].name == name).unwrap();
        let reversed = program.rows[row].upper.is_none();
        let bound = &rows[row];
        let is_statistic = ["cov", "cov_f", "corr", "right", "levels"].contains(&name);
        let found = if is_statistic { value(bound.kept().unwrap()) } else { bound.upper.min(-bound.lower) };
        let found = if reversed { -found } else { found };
        assert!((found - expected).abs() <= 1e-9 * scale, "{what}, {name}: {found} is not {expected} ({scale})");
    }
}

#[test]
fn statistics_do_not_depend_on_where_the_data_lie() {
    let program = program(SPEC);
    let params = Params::defaults(&program);
    for (seed, (offset, spread, exponent)) in (0..70).zip(DRAWS.into_iter().cycle()) {
        let draw = Draw::new(seed, offset, spread, exponent);
        let what = format!("seed {seed}, offset {offset}, spread {spread}");
        let whole = encoded(&program, &draw.csv(0..40));
        let bound = whole.bind(&params, &Samples::All).unwrap();
        let values = bound.problem.activity(&draw.scores(0..40)).unwrap();
        compare(&program, &bound.rows, &|index| values[index], &draw, &what);
        // What is exported is the same matrix.
        let matrix = dense(&bound.problem);
        let scores = draw.scores(0..40);
        let product = |row: usize| matrix[row].iter().zip(&scores).map(|(a, y)| a * y).sum::<f64>();
        compare(&program, &bound.rows, &product, &draw, &what);
        streamed(&program, &draw, &what);
        replicates(&program, &whole, &draw, &what);
    }
}

/// The same rows from running sums over batches.
fn streamed(program: &Program, draw: &Draw, what: &str) {
    let params = Params::defaults(program);
    let headers: Vec<String> = ["sex", "t", "u", "y", "late", "w"].map(str::to_owned).to_vec();
    let options = EncodeOptions::default();
    let mut stream = StreamEncoder::new(program, &params, "data.csv", &headers, &options, Vec::new()).unwrap();
    let mut pool = Pool::new(Memory::All).unwrap();
    for range in [0..1, 1..15, 15..40] {
        let source = table(&draw.csv(range.clone()));
        for batch in source.read(stream.headers()).unwrap() {
            let encoded = stream.encode(&batch.unwrap()).unwrap();
            encoded.record(&draw.scores(range.clone()), &mut pool);
        }
    }
    let bound = stream.empty().bind_pooled(&params, &pool).unwrap();
    compare(program, &bound.rows, &|index| bound.pooled.before[index], draw, &format!("stream of {what}"));
}

/// Replicates of the bootstrap move with the data.
fn replicates(program: &Program, whole: &Encoded, draw: &Draw, what: &str) {
    let least = draw.samples.iter().map(|sample| sample.t).min().unwrap();
    let mut near = draw.samples.clone();
    near.iter_mut().for_each(|sample| (sample.t, sample.u) = (sample.t - least, sample.u - least));
    let near = Draw { unit: draw.unit, samples: near };
    let (params, how) = (Params::defaults(program), Resampling { replicates: 5, seed: 1 });
    let series = |encoded: &Encoded| encoded.resample(&params, &Samples::All, &draw.scores(0..40), &[], how);
    let (far, near) = (series(whole), series(&encoded(program, &near.csv(0..40))));
    for (row, (far, near)) in far.rows.iter().zip(&near.rows).enumerate() {
        let name = &program.rows[row].origins[0].name;
        for (far, near) in far
            .values
            .iter()
            .chain(far.rooms.iter().flatten())
            .zip(near.values.iter().chain(near.rooms.iter().flatten()))
        {
            let close = far == near || (far - near).abs() <= 1e-9 * near.abs().max(draw.unit);
            assert!(close || far.is_nan() && near.is_nan(), "replicates of {what}, {name}: {far} and {near}");
        }
    }
}

/// Sides that read variances, from sums that processes add up.
#[test]
fn parts_of_a_batch_add_up_wherever_the_data_lie() {
    let spec: String =
        SPEC.lines().filter(|line| !line.contains("Cov[score")).map(|line| format!("{line}\n")).collect();
    let program = program(&spec);
    let params = Params::defaults(&program);
    for (seed, (offset, spread, exponent)) in (0..).zip(DRAWS) {
        let draw = Draw::new(seed, offset, spread, exponent);
        let parts = [0..12, 12..13, 13..40].map(|range| encoded(&program, &draw.csv(range)));
        let mut cells = SharedCells::default();
        parts.iter().for_each(|part| cells.add(part.cell_keys(&Samples::All).unwrap()));
        let own = parts.each_ref().map(|part| part.part(&Samples::All, &cells).unwrap().unwrap().sums);
        let sums: Vec<f64> = (0..own[0].len()).map(|i| own.iter().map(|sums| sums[i]).sum()).collect();
        let bound = parts[0].bind_sums(&params, &cells, &sums).unwrap();
        for (name, expected, scale) in draw.expected() {
            let Some(row) = program.rows.iter().position(|row| row.origins[0].name == name) else { continue };
            let found = bound.rows[row].upper;
            assert!((found - expected).abs() <= 1e-9 * scale, "{seed}, {name}: {found} is not {expected}");
        }
    }
}

/// Rows without a statistic are bound as they stand.
#[test]
fn other_rows_are_left_as_they_are() {
    let program = program(
        "column t: real\npredict score: real in [0, 1]\nconstraint a: E[score * t] <= E[t]\n\
         constraint b: Sum[score * t] <= 3 * E[score]\n",
    );
    let encoded = encoded(&program, "t\n1\n5\n");
    assert!(encoded.plan.atoms.is_empty());
    assert_eq!(encoded.events_of(0), [EventId(0)]);
}

/// Per-group offsets of levels far from 0: those of the projection.
#[test]
fn shifts_are_frozen_about_means() {
    let program = program(
        "column late: {1700000000000, 1700000000001, 1700000000003}\npredict score: real in [0, 1]\n\
         constraint flat: |Cov[score, late]| <= 0.01",
    );
    let csv = "late\n1700000000000\n1700000000001\n1700000000003\n1700000000003\n";
    let (encoded, params) = (encoded(&program, csv), Params::defaults(&program));
    let bound = encoded.bind(&params, &Samples::All).unwrap();
    let z = [0.2, 0.4, 0.8, 0.7];
    let found = crate::runtime::project(&bound.problem, &z, &Default::default()).unwrap();
    let frozen = encoded.freeze(&program, &params, &bound, &found.multipliers, "score").unwrap();
    let shifted = encoded.shifted(&frozen, &z, &|_| (0.0, 1.0)).unwrap();
    for (shifted, projected) in shifted.iter().zip(&found.y) {
        assert!((shifted - projected).abs() < 1e-12, "{shifted:?} {projected:?}");
    }
    let values = bound.problem.activity(&shifted).unwrap();
    assert!((values[0].abs() - 0.01).abs() < 1e-9, "{values:?}");
}

/// A number for the batch or for each sample, with its derivative with respect to one sample's `t`.
#[derive(Clone, Debug)]
struct Dual(Vec<[f64; 2]>);

struct Duals<'a> {
    t: &'a [f64],
    moved: usize,
}

impl Duals<'_> {
    fn each(a: &Dual, b: &Dual, of: impl Fn([f64; 2], [f64; 2]) -> [f64; 2]) -> Dual {
        let n = a.0.len().max(b.0.len());
        Dual((0..n).map(|i| of(a.0[i.min(a.0.len() - 1)], b.0[i.min(b.0.len() - 1)])).collect())
    }

    fn map(a: &Dual, value: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) -> Dual {
        Dual(a.0.iter().map(|&[v, d]| [value(v), if d == 0.0 { 0.0 } else { slope(v) * d }]).collect())
    }
}

impl Arithmetic for Duals<'_> {
    type Number = Dual;

    fn number(&self, value: f64) -> Dual {
        Dual(vec![[value, 0.0]])
    }

    fn add(&self, a: Dual, b: Dual) -> Dual {
        Duals::each(&a, &b, |[a, x], [b, y]| [a + b, x + y])
    }

    fn multiply(&self, a: Dual, b: Dual) -> Dual {
        Duals::each(&a, &b, |[a, x], [b, y]| [a * b, x * b + a * y])
    }

    fn divide(&self, a: Dual, b: Dual) -> Dual {
        Duals::each(&a, &b, |[a, x], [b, y]| [a / b, (x - a / b * y) / b])
    }

    fn power(&self, base: Dual, exponent: f64) -> Dual {
        Duals::map(&base, |v| v.powf(exponent), |v| exponent * v.powf(exponent - 1.0))
    }

    fn call(&self, function: crate::language::program::Function, arguments: &mut dyn Iterator<Item = Dual>) -> Dual {
        assert_eq!(function.name(), "sqrt");
        Duals::map(&arguments.next().unwrap(), f64::sqrt, |v| 0.5 / v.sqrt())
    }
}

impl Tracked for Duals<'_> {
    fn samples(&self, values: &[f64]) -> Dual {
        Dual(values.iter().map(|&value| [value, 0.0]).collect())
    }

    fn copy(&self, value: &Dual) -> Dual {
        value.clone()
    }

    fn sum(&self, value: &Dual) -> Dual {
        Dual(vec![value.0.iter().fold([0.0; 2], |[v, d], [w, e]| [v + w, d + e])])
    }

    fn param(&self, _: usize) -> Option<Dual> {
        None
    }

    fn column(&self, header: &str) -> Option<Dual> {
        let own = |(i, &t): (usize, &f64)| [t, f64::from(u8::from(i == self.moved))];
        (header == "t").then(|| Dual(self.t.iter().enumerate().map(own).collect()))
    }
}

/// Derivatives with respect to a column, in milliseconds of our time, against differences.
#[test]
fn derivatives_are_those_of_statistics_about_means() {
    let spec: String = SPEC
        .lines()
        .filter(|line| !["span", "both"].iter().any(|name| line.contains(name)))
        .collect::<Vec<_>>()
        .join("\n");
    let program = program(&spec);
    let params = Params::defaults(&program);
    let draw = Draw::new(5, 1_700_000_000_000, 14_000, 0);
    let at = |moved: usize, by: i128| {
        let mut samples = draw.samples.clone();
        samples[moved].t += by;
        let draw = Draw { unit: draw.unit, samples };
        let encoded = encoded(&program, &draw.csv(0..40));
        let bound = encoded.bind(&params, &Samples::All).unwrap();
        (encoded, bound)
    };
    let t: Vec<f64> = draw.samples.iter().map(|sample| sample.t as f64).collect();
    for moved in 0..5 {
        let ((_, below), (encoded, here), (_, above)) = (at(moved, -1), at(moved, 0), at(moved, 1));
        let rows: Vec<usize> = (0..here.problem.rows()).collect();
        let numbers = Duals { t: &t, moved };
        let traced = encoded.trace(&here, &params, &Samples::All, &rows, &numbers).unwrap();
        let (before, after, matrix) = (dense(&below.problem), dense(&above.problem), dense(&here.problem));
        for (row, traced) in traced.iter().enumerate() {
            let size = matrix[row].iter().fold(0.0_f64, |most, a| most.max(a.abs()));
            for (i, &[value, slope]) in traced.coefficients.0.iter().enumerate() {
                let expected = (after[row][i] - before[row][i]) / 2.0;
                assert!((value - matrix[row][i]).abs() <= 1e-9 * size, "{row}, {i}: {value} is not {}", matrix[row][i]);
                assert!((slope - expected).abs() <= 1e-6 * size / 1e3, "{row}, {i}: {slope} is not {expected}");
            }
            for (side, sides) in [
                (&traced.lower, [below.problem.lower(), here.problem.lower(), above.problem.lower()]),
                (&traced.upper, [below.problem.upper(), here.problem.upper(), above.problem.upper()]),
            ] {
                let (Some(side), [below, here, above]) = (side, sides.map(|sides| sides[row])) else { continue };
                let ([value, slope], expected) = (side.0[0], (above - below) / 2.0);
                assert!((value - here).abs() <= 1e-9 * here.abs(), "{row}: {value} is not {here}");
                assert!(
                    (slope - expected).abs() <= 1e-6 * expected.abs() + 1e-9 * here.abs(),
                    "{row}: {slope} {expected}"
                );
            }
        }
    }
}

/// A mean next to a heavy sample is subtracted from it: what is left must be right although few digits are.
#[test]
fn a_covariance_is_right_beside_heavy_samples() {
    let program = program(
        "column g: {a, b, c}\ncolumn x: real\nweight w\npredict score: real\n\
         constraint cov: Cov[score, x] <= 1\nconstraint m: E[score | g == a] - E[score | g == b] <= 1\n",
    );
    let (params, mut state) = (Params::defaults(&program), 7_u64);
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below) as i128
    };
    for round in 0..400 {
        let n = 2 + draw(5) as usize;
        let samples: Vec<[i128; 4]> = (0..n)
            .map(|_| {
                let (weight, score) = ([1, 1_000_000][draw(2) as usize], [1, 1_000_000][draw(2) as usize] + draw(9));
                [draw(3), draw(1000), weight, score]
            })
            .collect();
        let offset = [0, 1 << 20, 1 << 40][round % 3];
        let lines = samples.iter().map(|[g, x, w, _]| format!("{},{},{w}\n", ["a", "b", "c"][*g as usize], x + offset));
        let scores: Vec<f64> = samples.iter().map(|sample| sample[3] as f64).collect();
        let sum = |of: &dyn Fn(&[i128; 4]) -> i128| samples.iter().map(of).sum::<i128>();
        let (weight, x, y) = (sum(&|s| s[2]), sum(&|s| s[1] * s[2]), sum(&|s| s[2] * s[3]));
        let exact = (weight * sum(&|s| s[1] * s[2] * s[3]) - x * y) as f64 / (weight * weight) as f64;
        let size = sum(&|s| (s[1] * weight - x).abs() * s[2] * s[3]) as f64 / (weight * weight) as f64;
        let csv = ["g,x,w\n".to_owned()].into_iter().chain(lines).collect::<String>();
        let whole = encoded(&program, &csv);
        let bound = whole.bind(&params, &Samples::All).unwrap();
        let row = program.rows.iter().position(|row| row.origins[0].name == "cov").unwrap();
        let values = bound.problem.activity(&scores).unwrap();
        let direction = program.rows[row].origins[0].direction();
        let kept = bound.rows[row].kept().unwrap();
        let (found, allowed) =
            (direction.number(values[kept]), 1e-13 * bound.problem.row_values(&scores).unwrap().magnitudes[kept]);
        assert!((found - exact).abs() <= allowed, "round {round}: {found} is not {exact} ({allowed})\n{csv}");
        // Where each sample is a cell of its own, or the heaviest one is next to the mean, nothing else is allowed for.
        if n == 2 {
            assert!(allowed <= 4e-13 * size, "round {round}: {allowed} for {size}\n{csv}");
        }
        // The same from the sums of a stream.
        let headers: Vec<String> = ["g", "x", "w"].map(str::to_owned).to_vec();
        let options = EncodeOptions::default();
        let mut stream = StreamEncoder::new(&program, &params, "data.csv", &headers, &options, Vec::new()).unwrap();
        let mut pool = Pool::new(Memory::All).unwrap();
        let source = table(&csv);
        for batch in source.read(stream.headers()).unwrap() {
            stream.encode(&batch.unwrap()).unwrap().record(&scores, &mut pool);
        }
        let pooled = stream.empty().bind_pooled(&params, &pool).unwrap();
        let Some(kept) = pooled.rows[row].kept() else { continue };
        let found = direction.number(pooled.pooled.before[kept]);
        let allowed = 1e-13 * pooled.pooled.size[kept];
        assert!((found - exact).abs() <= allowed, "stream, round {round}: {found} is not {exact} ({allowed})\n{csv}");
        assert!(allowed >= 0.99e-13 * size, "{allowed} {size}");
    }
}
