//! The price against finite differences, and against projections from nothing.

use super::*;
use crate::bind::{EncodeOptions, encode};
use crate::data::{Format, Source};
use crate::language::span;
use crate::language::syntax::import::NoImports;
use crate::runtime::project::project;

const HEADER: &str = "
    column sex: {female, male}
    column age: real in [0, 100]
    weight w from age
    predict score: real in [0, 1]
    param eps = 0.02 in [0, 1]
    param r = 0.8 in [0, 1]
    param old = 40 in [0, 100]
";
const PARITY: &str = "constraint parity: |E[score | sex == female] - E[score | sex == male]| <= eps\n";

fn program(body: &str) -> Program {
    let text = format!("{HEADER}{body}");
    let compilation = crate::compile(span::Source { name: "spec.fair".into(), text: text.into() }, &NoImports);
    let errors: Vec<_> = compilation.diagnostics.iter().filter(|it| it.is_error()).map(|it| &it.message).collect();
    compilation.program.unwrap_or_else(|| panic!("{errors:#?}"))
}

/// 200 people; men score higher, the old more so.
fn table() -> Source {
    let mut state = 7_u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    let mut csv = "sex,age,score\n".to_owned();
    for _ in 0..200 {
        let (man, age) = (draw() < 0.5, 18.0 + (70.0 * draw()).floor());
        let score = (0.35 + 0.2 * f64::from(u8::from(man)) + age / 500.0 + 0.5 * (draw() - 0.5)).clamp(0.0, 1.0);
        csv += &format!("{},{age},{score}\n", if man { "male" } else { "female" });
    }
    Source::from_stream("data.csv", csv.as_bytes(), Format::Csv).unwrap()
}

/// Prices a param at each value.
fn priced(body: &str, param: &str, values: &[f64]) -> (Reach, Vec<Point>) {
    let (program, source) = (program(body), table());
    let options = EncodeOptions { prediction: Some("score".to_owned()), ..EncodeOptions::default() };
    let again = |params: &Params| encode(&program, params, &source, &options, &mut |_, _| {});
    let params = Params::defaults(&program);
    let encoded = again(&params).unwrap();
    let place = program.params.iter().position(|it| it.name == param).unwrap();
    let mut sweep = ParamSweep::new(&program, &encoded, &params, place, encoded.prediction().unwrap(), &again);
    let points: Vec<Point> = values.iter().map(|&value| sweep.at(value).unwrap()).collect();
    // The same as a projection of a new batch from nothing.
    for point in &points {
        let params = Params::resolve(&program, &[(param.to_owned(), point.value)]).unwrap();
        let encoded = again(&params).unwrap();
        let Ok(bound) = encoded.bind(&params, &Samples::All) else { continue };
        let projection = project(&bound.problem, encoded.prediction().unwrap(), &Settings::default()).unwrap();
        match point.movement {
            None => assert!(matches!(projection.status, Status::Infeasible(_))),
            Some(movement) => {
                assert!((half_square(&movement) - projection.objective).abs() <= 1e-9 * projection.objective.max(1.0));
                let multipliers = point.rows.iter().flatten().filter_map(|row| row.multiplier);
                // The price has the sign of the direction in which the constraint is written.
                let equal = |a: f64, b: f64| (a.abs() - b.abs()).abs() <= 1e-6 * b.abs();
                multipliers.zip(&projection.multipliers).for_each(|(a, b)| assert!(equal(a, *b), "{a} is not {b}"));
            }
        }
    }
    (sweep.reach(), points)
}

fn half_square(movement: &Movement) -> f64 {
    0.5 * movement.distance() * movement.distance()
}

fn grid(to: f64) -> Vec<f64> {
    crate::analyze::between(0.0, to, 40)
}

#[test]
fn the_price_is_the_slope_of_half_the_squared_distance() {
    let bodies = [
        PARITY.to_owned(),
        format!("{PARITY}constraint level: E[score | age >= 60] <= 0.5 + 2 * eps\n"),
        "constraint cov: |Cov[score, age]| <= 10 * eps\nconstraint soft (soft = 50): E[score] <= 0.4 + eps\n"
            .to_owned(),
    ];
    for body in &bodies {
        for value in [0.0005, 0.01, 0.03, 0.07] {
            let h = 1e-4;
            let (reach, points) = priced(body, "eps", &[value - h, value, value + h]);
            assert_eq!(reach, Reach::Sides);
            let [left, middle, right] = &points[..] else { panic!() };
            let price = middle.price.unwrap();
            // A soft row pays for giving way too: that is part of what the multipliers are the slope of.
            let soft = |point: &Point| {
                let row = point.rows.iter().flatten().find(|row| row.multiplier == Some(50.0));
                row.map_or(0.0, |row| 50.0 * (row.after.unwrap() - row.upper))
            };
            let cost = |point: &Point| half_square(&point.movement.unwrap()) + soft(point);
            let (falls_left, falls_right) = ((cost(left) - cost(middle)) / h, (cost(middle) - cost(right)) / h);
            // V is convex, so the slope lies between those of the two sides.
            let slack = 1e-7 * falls_left.abs().max(1.0);
            assert!(falls_right - slack <= price && price <= falls_left + slack, "{falls_right} {price} {falls_left}");
            assert!(falls_left - falls_right <= 0.05 * price.abs() + slack, "{falls_right} {price} {falls_left}");
        }
    }
}

#[test]
fn one_row_has_its_multiplier_as_price() {
    let (_, points) = priced(PARITY, "eps", &[0.01]);
    let row = points[0].rows[0].unwrap();
    assert!(row.active && (points[0].price.unwrap() - row.multiplier.unwrap().abs()).abs() < 1e-6);
    assert!((row.after.unwrap().abs() - 0.01).abs() < 1e-12 && row.before.abs() > 0.1);
    let changes: Vec<f64> = points[0].changes.iter().flatten().copied().collect();
    assert!(changes.len() == 2 && changes[0] * changes[1] < 0.0, "the groups move towards each other: {changes:?}");
}

#[test]
fn distance_falls_and_is_convex() {
    let body = format!("{PARITY}constraint all: forall s in sex: |E[score | sex == s, age >= 60] - E[score]| <= eps\n");
    let (_, points) = priced(&body, "eps", &grid(0.4));
    let distances: Vec<f64> = points.iter().map(|point| point.movement.unwrap().distance()).collect();
    let squares: Vec<f64> = points.iter().map(|point| half_square(&point.movement.unwrap())).collect();
    assert!(distances[0] > 0.1 && distances[40] == 0.0);
    for values in [&distances, &squares] {
        assert!(values.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{values:?}");
        assert!(values.windows(3).all(|three| three[0] + three[2] >= 2.0 * three[1] - 1e-9), "{values:?}");
    }
    assert!(points[40].price == Some(0.0) && points[40].rows.iter().flatten().all(|row| !row.active));
}

#[test]
fn params_of_coefficients_and_events_are_bound_and_encoded_anew() {
    let ratio = "constraint ratio: E[score | sex == female] / E[score | sex == male] >= r\n";
    let (reach, points) = priced(ratio, "r", &[0.5, 0.9, 1.0]);
    assert!(reach == Reach::Matrix && points[0].movement.unwrap().moved == 0 && points[2].movement.unwrap().moved > 0);
    let event = "constraint old: E[score | age >= old] - E[score | age < old] <= 0\n";
    let (reach, points) = priced(event, "old", &[30.0, 50.0]);
    assert!(reach == Reach::Encoding && points.iter().all(|point| point.movement.unwrap().moved > 0));
    assert_eq!(priced(PARITY, "old", &[30.0]).0, Reach::Nothing);
}

#[test]
fn values_that_nothing_satisfies_are_shown_as_such() {
    let body = "constraint low: E[score | sex == female] <= eps\nconstraint high: E[score | sex == female] >= 0.3\n";
    let (_, points) = priced(body, "eps", &[0.1, 0.29, 0.31]);
    let ended: Vec<&Ended> = points.iter().map(|point| &point.ended).collect();
    // Rows with equal left sides are one row, whose sides cross.
    assert!(matches!(ended[..], [Ended::Infeasible(..), Ended::Infeasible(..), Ended::Optimal]), "{ended:?}");
    let body = "constraint low: E[score] <= eps\nconstraint high: forall s in sex: E[score | sex == s] >= 0.3\n";
    let (_, points) = priced(body, "eps", &[0.1, 0.31]);
    assert!(matches!(&points[0].ended, Ended::Infeasible(rows, _) if rows.len() == 3), "{:?}", points[0].ended);
    assert!(points[0].movement.is_none() && points[1].ended == Ended::Optimal);
}

#[test]
fn the_default_span_ends_where_nothing_moves() {
    let (program, source) = (program(PARITY), table());
    let options = EncodeOptions { prediction: Some("score".to_owned()), ..EncodeOptions::default() };
    let again = |params: &Params| encode(&program, params, &source, &options, &mut |_, _| {});
    let params = Params::defaults(&program);
    let encoded = again(&params).unwrap();
    let mut sweep = ParamSweep::new(&program, &encoded, &params, 0, encoded.prediction().unwrap(), &again);
    let values = crate::analyze::sensible(&mut sweep, 20).unwrap();
    let gap = sweep.at(values[0]).unwrap().rows[0].unwrap().before.abs();
    let last = *values.last().unwrap();
    assert!(values[0] == 0.0 && (10..=21).contains(&values.len()), "{values:?}");
    assert!(gap <= last && last < gap + (values[1] - values[0]), "{gap} {values:?}");
}
