//! Rules that look at no label: thresholds by group, against all choices of them.

use fairc::runtime::Problem;
use fairc::runtime::decide::{DecideStatus, SingleThresholds, Visible, decide_blind, missed, single_thresholds};

use crate::support::{Random, decisions_of, gains};

/// Rows over pairs of group and label, of which a rule sees the group.
fn with_labels(random: &mut Random) -> (Problem, Vec<f64>, Vec<u32>) {
    let (n, groups) = (1 + random.below(9), 1 + random.below(3));
    let group: Vec<u32> = (0..n).map(|_| random.below(groups) as u32).collect();
    let cell = group.iter().map(|group| 2 * group + u32::from(random.chance(0.5))).collect();
    let mut by_cell = vec![Vec::new(); 2 * groups];
    let mut sides = Vec::new();
    for row in 0..1 + random.below(3) as u32 {
        by_cell.iter_mut().for_each(|list| list.push((row, [-1.0, 0.0, 0.5, 1.0][random.below(4)] / n as f64)));
        let middle = random.between(-0.3, 0.4);
        sides.push((middle - 0.3 * random.uniform(), middle + 0.3 * random.uniform()));
    }
    let gain = gains(random, n);
    (decisions_of(cell, by_cell, &sides), gain, group)
}

#[test]
fn thresholds_without_draws_are_the_best_of_all_choices() {
    let (mut found, mut none, mut infeasible) = (0, 0, 0);
    for number in 0..600 {
        let (problem, gain, group) = with_labels(&mut Random(number));
        let visible = Visible { cell: &group, cells: 3, value: &gain };
        let fitted = decide_blind(&problem, &gain, &visible).expect("finite numbers");
        // One threshold for each group: a value of it, or none.
        let mut values = gain.clone();
        values.push(f64::INFINITY);
        let taken = |choice: &[f64; 3]| -> Vec<f64> {
            gain.iter().zip(&group).map(|(gain, group)| f64::from(u8::from(*gain >= choice[*group as usize]))).collect()
        };
        let mut best = f64::NEG_INFINITY;
        for choice in values.iter().flat_map(|a| values.iter().map(move |b| (a, b))) {
            for &third in &values {
                let d = taken(&[*choice.0, *choice.1, third]);
                if missed(&problem, &d).is_ok_and(|missed| missed.is_empty()) {
                    best = best.max(d.iter().zip(&gain).map(|(d, g)| d * g).sum());
                }
            }
        }
        if matches!(fitted.found.status, DecideStatus::Infeasible(_)) {
            infeasible += 1;
            assert_eq!(best, f64::NEG_INFINITY, "case {number}");
            continue;
        }
        let DecideStatus::Optimal = fitted.found.status else { panic!("case {number}: {fitted:?}") };
        let certificate = fitted.found.certificate;
        assert!(certificate.gap().abs() < 1e-12 && best <= certificate.dual + 1e-12, "case {number}: {certificate:?}");
        assert!(missed(&problem, &fitted.found.decisions).is_ok_and(|missed| missed.is_empty()), "case {number}");
        match single_thresholds(&problem, &gain, &visible, &fitted).expect("finite numbers") {
            SingleThresholds::Found { whole, .. } => {
                found += 1;
                assert!((whole.gain - best).abs() < 1e-9 && (whole.bound - best).abs() < 1e-9, "case {number}: {best}");
            }
            SingleThresholds::None { proven } => {
                none += 1;
                assert!(best == f64::NEG_INFINITY && proven, "case {number}: {best}");
            }
        }
    }
    assert!(found > 200 && none > 20 && infeasible > 20, "{found} found, {none} without, {infeasible} infeasible");
}
