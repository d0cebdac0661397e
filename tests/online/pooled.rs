//! The pooled quantity is what an auditor adds up: exactly at its limit or inside, with any batch size.

use fairc::bind::{Encoded, Method, Params, RowStatus, Samples, encode};
use fairc::data::{Format, Source};
use fairc::runtime::online::{Memory, Smooth};

use crate::support::{COLUMNS, Done, column, options, people, program, stream};

const PAIRS: &str = "constraint towns: forall (a, b) in pairs(town): \
                     |E[score | town == a] - E[score | town == b]| <= eps\n";

fn spec(rows: &str) -> String {
    format!("{COLUMNS}{rows}")
}

/// An answer as a whole number of 2^-100, which it is if it is 0 or not tiny.
fn units(y: f64) -> i128 {
    let scaled = y * (1_u128 << 100) as f64;
    assert_eq!(scaled.fract(), 0.0, "{y}");
    scaled as i128
}

/// Whether all pairs of towns are within `eps` in exact arithmetic.
fn exactly_held(towns: &[&str], y: &[f64], eps: f64) -> bool {
    let names = ["north", "south", "O'Neil"];
    let sums: Vec<(i128, i128)> = names
        .iter()
        .map(|name| {
            let members = towns.iter().zip(y).filter(|(town, _)| *town == name);
            members.fold((0, 0), |(count, sum), (_, y)| (count + 1, sum + units(*y)))
        })
        .collect();
    let pairs = [(0, 1), (0, 2), (1, 2)];
    pairs.iter().all(|&(a, b): &(usize, usize)| {
        let ((na, sa), (nb, sb)) = (sums[a], sums[b]);
        na == 0 || nb == 0 || (sa * nb - sb * na).abs() <= units(eps) * na * nb
    })
}

#[test]
fn hard_keeps_the_rows_exactly_from_the_first_moment_it_can() {
    let csv = people(700, 7);
    let towns = column(&csv, "town");
    for size in [1, 3, 8, 32] {
        let Done { y, batches, .. } = stream(&spec(PAIRS), &csv, Method::Hard, Memory::All, size);
        let mut reached = None;
        for (answered, outside) in batches {
            let held = exactly_held(&towns[..answered], &y[..answered], 0.02);
            assert_eq!(held, outside == 0, "{answered} samples, batches of {size}: told {outside} rows outside");
            if held && answered >= 20 {
                reached.get_or_insert(answered);
            }
            assert!(held || reached.is_none(), "{answered} samples, batches of {size}: lost again");
        }
        assert!(reached.is_some_and(|first| first < 200), "batches of {size}: {reached:?}");
        assert!(y.iter().all(|y| (0.0..=1.0).contains(y)));
    }
}

#[test]
fn smooth_ends_near_its_limit_and_moves_single_scores_less() {
    let csv = people(20_000, 3);
    let towns = column(&csv, "town");
    let smooth = Method::Smooth { gain: Smooth::GAIN };
    let largest = |done: &Done, from: usize| {
        let moves = done.y.iter().zip(&done.z).skip(from).map(|(y, z)| (y - z).abs());
        moves.fold(0.0, f64::max)
    };
    for size in [1, 8] {
        let hard = stream(&spec(PAIRS), &csv, Method::Hard, Memory::All, size);
        let done = stream(&spec(PAIRS), &csv, smooth, Memory::All, size);
        for reading in done.online.readings().unwrap() {
            let bound = reading.multiplier.unwrap().bound;
            assert!(reading.excess() <= bound + 1e-12, "{} above its bound {bound}", reading.excess());
            assert!(reading.value.abs() <= 1.05 * 0.02, "{size}: {}", reading.value);
        }
        // The first answers, in which a group has a sample or two, may be moved far by either.
        let (smooth, hard) = (largest(&done, 200), largest(&hard, 200));
        assert!(smooth < hard, "batches of {size}: {smooth} {hard}");
    }
    // All members of a group that are answered together and not clipped get the same shift.
    let done = stream(&spec(PAIRS), &csv, smooth, Memory::All, 50);
    let last = done.y.len() - 50..done.y.len();
    for name in ["north", "south", "O'Neil"] {
        let members = last.clone().filter(|&i| towns[i] == name && done.y[i] > 0.0 && done.y[i] < 1.0);
        let shifts: Vec<f64> = members.map(|i| done.y[i] - done.z[i]).collect();
        assert!(shifts.iter().all(|shift| (shift - shifts[0]).abs() < 1e-12), "{name}: {shifts:?}");
    }
}

#[test]
fn a_window_holds_for_the_newest_samples() {
    let csv = people(600, 11);
    let towns = column(&csv, "town");
    let Done { y, batches, .. } = stream(&spec(PAIRS), &csv, Method::Hard, Memory::Window(90), 3);
    for (answered, outside) in batches.into_iter().filter(|(answered, _)| *answered >= 90) {
        let held = exactly_held(&towns[answered - 90..answered], &y[answered - 90..answered], 0.02);
        assert_eq!(held, outside == 0, "{answered} samples");
    }
}

/// All answers bound as one batch: what an auditor sees.
fn audited(text: &str, csv: &str, y: &[f64]) -> (Encoded, Vec<(RowStatus, f64)>) {
    let program = program(text);
    let params = Params::resolve(&program, &[]).unwrap();
    let source = Source::from_stream("people", csv.as_bytes(), Format::Csv).unwrap();
    let encoded = encode(&program, &params, &source, &options(), &mut |_, _| {}).unwrap_or_else(|e| panic!("{e:?}"));
    let bound = encoded.bind(&params, &Samples::All).unwrap();
    let values = bound.problem.activity(y).unwrap();
    let rows = bound.rows.iter().map(|row| match row.status {
        RowStatus::Kept(index) => (row.status.clone(), values[index]),
        _ => (row.status.clone(), f64::NAN),
    });
    let rows = rows.collect();
    (encoded, rows)
}

#[test]
fn the_pooled_rows_are_those_of_all_answers() {
    let csv = people(300, 5);
    let kinds = [
        "constraint mean: |E[score | sex == f] - E[score | sex == m]| <= eps\n",
        "constraint age_free: |Cov[score, age]| <= 0.01\n",
        "constraint odds: forall c in income: |E[score | sex == f, income == c] - E[score | sex == m, income == c]| <= eps\n",
        "constraint ratio: forall (a, b) in town * town where a != b: E[score | town == a] / E[score | town == b] >= 80%\n",
        "constraint residual: forall a in town: |E[income - score | town == a]| <= 0.05\n",
        "constraint cost: E[age * score | sex == f] <= 20\nconstraint budget: E[score] == 40% +/- 1%\n",
        "constraint base: |E[score | sex == f] - P[income == 1 | sex == f]| <= eps\n",
        "constraint both: |E[score | sex == f] - E[score]| <= 0.01\nconstraint few (min_count = 5): \
         |E[score | town == north, age >= 60] - E[score | age < 60]| <= 0.05\n",
    ];
    for (place, rows) in kinds.iter().enumerate() {
        for weight in ["", "weight w\n"] {
            for (method, size) in [(Method::Hard, 1), (Method::Hard, 7), (Method::Smooth { gain: 0.5 }, 1)] {
                let text = format!("{COLUMNS}{weight}{rows}");
                let done = stream(&text, &csv, method, Memory::All, size);
                let (_, rows) = audited(&text, &csv, &done.y);
                for (reading, (status, value)) in done.online.readings().unwrap().iter().zip(rows) {
                    let both = (matches!(reading.status, RowStatus::Kept(_)), matches!(status, RowStatus::Kept(_)));
                    assert_eq!(both.0, both.1, "{place} {reading:?}");
                    let close = (reading.value - value).abs() <= 1e-12 * value.abs().max(1.0);
                    assert!(
                        close || !both.0,
                        "{place}, weighted {}: {} and {value}",
                        !weight.is_empty(),
                        reading.value
                    );
                    if method == Method::Hard && both.0 {
                        assert!(reading.excess() <= 1e-9 * reading.value.abs().max(1.0), "{place}: {reading:?}");
                    }
                }
            }
        }
    }
}

/// A rare group that a decay has made lighter than one sample is not empty: its row is enforced from its first sample on.
#[test]
fn decay_leaves_no_group_out() {
    let text = "column town: {a, b}\npredict score: real in [0, 1]\n\
                constraint c: |E[score | town == a] - E[score | town == b]| <= 0.1\n";
    let row = |i: usize| if i.is_multiple_of(40) { "b,0.2\n" } else { "a,0.8\n" };
    for (memory, samples) in [(0.97, 2000), (0.5, 200)] {
        let csv = format!("town,score\n{}", (0..samples).map(row).collect::<String>());
        let done = stream(text, &csv, Method::Hard, Memory::Decay(memory), 1);
        let [reading] = &done.online.readings().unwrap()[..] else { panic!("one row") };
        assert!(matches!(reading.status, RowStatus::Kept(_)), "{memory}: {reading:?}");
        // All samples since the first of each group keep the row.
        assert!(done.batches[2..].iter().all(|(_, outside)| *outside == 0), "{memory}: {:?}", done.batches);
        assert!(done.y[50..].iter().zip(&done.z[50..]).any(|(y, z)| y != z));
    }
}

/// A group that nobody has been in for so long that its weight is no number any more is forgotten, and the stream goes on.
#[test]
fn decay_forgets_in_the_end() {
    let text = "column town: {a, b}\npredict score: real in [0, 1]\n\
                constraint c: |E[score | town == a] - E[score | town == b]| <= 0.1\n";
    let csv = format!("town,score\nb,0.2\n{}", "a,0.8\n".repeat(1200));
    let done = stream(text, &csv, Method::Hard, Memory::Decay(0.5), 1);
    let [reading] = &done.online.readings().unwrap()[..] else { panic!("one row") };
    assert!(matches!(reading.status, RowStatus::Skipped(_)), "{reading:?}");
    assert!(done.y[600] != done.z[600] && done.y[1200] == done.z[1200]);
}

/// Samples without weight are in no sum, so they push none out of a window.
#[test]
fn a_window_counts_samples_with_a_weight() {
    let text = "weight w\npredict score: real in [0, 1]\nconstraint c: E[score] <= 1\n";
    let csv = "w,score\n1,0.1\n1,0.4\n1,0.7\n0,0.9\n0,0.9\n0,0.9\n";
    let done = stream(text, csv, Method::Hard, Memory::Window(3), 1);
    let [reading] = &done.online.readings().unwrap()[..] else { panic!("one row") };
    assert!((reading.value - 0.4).abs() < 1e-12, "{reading:?}");
}

#[test]
fn primal_dual_does_nothing_where_there_is_no_gap() {
    let csv = people(50, 2);
    let done = stream(&spec(PAIRS), &csv, Method::PrimalDual { step: 0.1 }, Memory::All, 1);
    assert_eq!(done.y, done.z);
    assert_eq!(done.online.primal_dual().unwrap().batches, 0);
}
