//! Replicates against batches in which samples are repeated, and against the theory of means.

use super::super::resample::counts;
use super::*;

const SPEC: &str = "
column sex: {female, male}
column age: real in [0, 120]
label hired: {0, 1}
weight w
predict score: real in [0, 1]
param eps = 0.05 in [0, 1]
constraint parity: |E[score | sex == female] - E[score | sex == male]| <= eps
constraint residual: forall s in sex: |E[hired - score | sex == s]| <= eps
constraint independent: |Cov[score, age]| <= 0.01
constraint total: Sum[score | sex == male] <= 0.4 * N[sex == male]
constraint never (min_count = 10000): E[score | sex == male] <= 0.1
";

fn rows(n: usize) -> String {
    let mut csv = "sex,age,hired,w,score\n".to_owned();
    for i in 0..n {
        let sex = if i % 3 == 0 { "female" } else { "male" };
        let (age, hired, weight) = (20 + (i * 7) % 50, (i * 5 / 3) % 2, 1 + i % 4);
        let score = ((i * 37) % 100) as f64 / 100.0;
        csv.push_str(&format!("{sex},{age},{hired},{weight},{score}\n"));
    }
    csv
}

fn options() -> EncodeOptions {
    EncodeOptions { prediction: Some("score".to_owned()), ..EncodeOptions::default() }
}

#[test]
fn a_replicate_is_the_batch_with_repeated_samples() {
    let program = program(SPEC);
    let params = Params::defaults(&program);
    let encoded = encoded_as(&program, &rows(5000), &options()).unwrap();
    let y = encoded.prediction().unwrap().to_vec();
    let all: Vec<u32> = (0..encoded.cells() as u32).collect();
    let how = Resampling { replicates: 3, seed: 11 };
    let replicates = encoded.resample(&params, &Samples::All, &y, &[all], how);
    for index in 0..how.replicates {
        let counts = counts(encoded.n(), how.seed, index as u64);
        let repeated = |(row, count): (u32, &f64)| std::iter::repeat_n(row, *count as usize);
        let samples: Vec<u32> = (0..).zip(&counts).flat_map(repeated).collect();
        let bound = encoded.bind(&params, &Samples::Rows(&samples)).unwrap();
        let own: Vec<f64> = samples.iter().map(|&row| y[row as usize]).collect();
        let values = bound.problem.activity(&own).unwrap();
        let mut compared = 0;
        for (row, series) in bound.rows.iter().zip(&replicates.rows) {
            let RowStatus::Kept(place) = row.status else {
                continue;
            };
            let Some(value) = series.values.get(index) else { continue };
            let room = (values[place] - row.lower).min(row.upper - values[place]);
            let size = values[place].abs().max(1.0);
            assert!((value - values[place]).abs() <= 1e-10 * size, "{value} {}", values[place]);
            assert!((series.rooms[0][index] - room).abs() <= 1e-10 * size, "{} {room}", series.rooms[0][index]);
            compared += 1;
        }
        assert_eq!(compared, 5);
        let weight = |row: u32| encoded.weight().unwrap()[row as usize];
        let total: f64 = samples.iter().map(|&row| weight(row)).sum();
        let mean = samples.iter().map(|&row| weight(row) * y[row as usize]).sum::<f64>() / total;
        assert!((replicates.means[0][index] - mean).abs() < 1e-12);
    }
}

#[test]
fn rows_that_take_no_part_have_no_values_and_seeds_decide() {
    let program = program(SPEC);
    let params = Params::defaults(&program);
    let encoded = encoded_as(&program, &rows(90), &options()).unwrap();
    let y = encoded.prediction().unwrap().to_vec();
    let draw = |seed| encoded.resample(&params, &Samples::All, &y, &[], Resampling { replicates: 20, seed });
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let never = program.rows.iter().position(|row| row.origins[0].constraint == "never").unwrap();
    assert!(draw(1).rows[never].values.is_empty());
}

/// A part of the data resampled is that part as data of its own.
#[test]
fn some_samples_are_resampled_as_if_they_were_all() {
    let program = program(SPEC);
    let params = Params::defaults(&program);
    let options = options();
    let encoded = encoded_as(&program, &rows(300), &options).unwrap();
    let y = encoded.prediction().unwrap().to_vec();
    let how = Resampling { replicates: 30, seed: 5 };
    // Every second sample, then the first of them.
    let even: Vec<u32> = (0..300).step_by(2).collect();
    let text = rows(300);
    let lines: Vec<&str> = text.lines().collect();
    let kept: Vec<&str> = lines.iter().take(1).chain(lines[1..].iter().step_by(2)).copied().collect();
    let apart = encoded_as(&program, &kept.join("\n"), &options).unwrap();
    let own = apart.prediction().unwrap().to_vec();
    let found = encoded.resample(&params, &Samples::Rows(&even), &y, &[], how);
    let expected = apart.resample(&params, &Samples::All, &own, &[], how);
    let mut compared = 0;
    for (found, expected) in found.rows.iter().zip(&expected.rows) {
        assert_eq!(found.values.len(), expected.values.len());
        for (a, b) in found
            .values
            .iter()
            .zip(&expected.values)
            .chain(found.rooms.iter().flatten().zip(expected.rooms.iter().flatten()))
        {
            assert!((a - b).abs() <= 1e-10 * b.abs().max(1.0) || (a.is_nan() && b.is_nan()), "{a} {b}");
            compared += 1;
        }
    }
    assert!(compared >= 300, "{compared}");
    let range = encoded.resample(&params, &Samples::Range(0..100), &y, &[], how);
    let listed: Vec<u32> = (0..100).collect();
    assert_eq!(range, encoded.resample(&params, &Samples::Rows(&listed), &y, &[], how));
}

/// The standard error of a mean is `√(Σ w²(y - ȳ)²) / Σ w` to first order.
#[test]
fn the_spread_of_means_is_their_standard_error() {
    let program = program(SPEC);
    let encoded = encoded_as(&program, &rows(400), &options()).unwrap();
    let y = encoded.prediction().unwrap().to_vec();
    let all: Vec<u32> = (0..encoded.cells() as u32).collect();
    let how = Resampling { replicates: 4000, seed: 3 };
    let means = encoded.resample(&Params::defaults(&program), &Samples::All, &y, &[all], how).means.remove(0);
    let average = means.iter().sum::<f64>() / means.len() as f64;
    let spread = (means.iter().map(|mean| (mean - average).powi(2)).sum::<f64>() / means.len() as f64).sqrt();
    let weight = encoded.weight().unwrap();
    let total: f64 = weight.iter().sum();
    let mean = weight.iter().zip(&y).map(|(w, y)| w * y).sum::<f64>() / total;
    let error = weight.iter().zip(&y).map(|(w, y)| (w * (y - mean)).powi(2)).sum::<f64>().sqrt() / total;
    // The spread of 4000 replicates is known to 1.1%; what is left is of second order.
    assert!((spread / error - 1.0).abs() < 0.05, "{spread} {error}");
}

#[test]
fn watched_events_are_told_apart() {
    let text = "column sex: {female, male}\ncolumn race: {a, b}?\npredict score: real in [0, 1]\n\
                constraint c: E[score | sex == female] <= 0.5\nconstraint d: E[score | race == a] <= 0.9\n";
    let program = program(text);
    let universe = crate::language::program::Universe::new(&program.columns);
    let levels = |level: &str| crate::language::program::Event::levels("race", [level], &universe);
    let options = EncodeOptions { watch: vec![levels("a"), levels("b")], ..EncodeOptions::default() };
    let csv = "sex,race\nfemale,a\nmale,b\nmale,\nfemale,zebra\nfemale,b\n";
    let encoded = encoded_as(&program, csv, &options).unwrap();
    let inside =
        |cells: &Vec<u32>| encoded.cell().iter().map(|cell| u8::from(cells.contains(cell))).collect::<Vec<u8>>();
    let watched = encoded.watched();
    assert_eq!(watched.iter().map(inside).collect::<Vec<_>>(), [[1, 0, 0, 0, 0], [0, 1, 0, 0, 1]]);
}
