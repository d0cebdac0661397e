//! Derivatives of the layer against finite differences, against the runtime's, and of second order.

use fairc::bind::{Params, Samples};
use fairc::runtime::{Settings, Status, project};
use fairc::torch::{FairLayer, LayerError, Tracks};
use tch::{Kind, Tensor};

use crate::support::{People, Random, compile, encoded, specs};

const N: usize = 40;
const STEP: f64 = 1e-6;

/// `Σ c_i ŷ_i + ½ Σ d_i ŷ_i²`, and its parts.
struct Objective {
    linear: Tensor,
    square: Tensor,
}

impl Objective {
    fn random(n: usize, seed: u64) -> Objective {
        let mut random = Random(seed);
        let mut draw = || Tensor::from_slice(&(0..n).map(|_| 2.0 * random.uniform() - 1.0).collect::<Vec<f64>>());
        Objective { linear: draw(), square: draw() }
    }

    fn of(&self, y: &Tensor) -> Tensor {
        (&self.linear * y + &self.square * y * y * 0.5).sum(Kind::Double)
    }
}

/// The objective and the active set, and gradients with respect to `z`, `eps` and the labels if asked for.
struct Point {
    value: f64,
    active: String,
    z: Vec<f64>,
    eps: f64,
    income: Vec<f64>,
}

fn tracked(tensor: Tensor) -> Tensor {
    tensor.set_requires_grad(true)
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(tensor.detach().reshape([-1])).unwrap()
}

fn point(spec: &str, people: &People, eps: f64, objective: &Objective) -> Point {
    let program = compile(spec);
    let params = Params::resolve(&program, &[("eps".into(), eps)]).unwrap();
    let data = encoded(&program, &people.csv(), &params);
    let layer = FairLayer::new(&program, &data, params);
    let z = tracked(Tensor::from_slice(&people.z));
    let eps = tracked(Tensor::from(eps));
    let income = tracked(Tensor::from_slice(&people.income));
    let reads_label = program.columns.iter().any(|column| column.header == "income");
    let mut tracks = Tracks::default().param("eps", &eps);
    if reads_label {
        tracks = tracks.column("income", &income);
    }
    let fair = layer.forward_tracked(&z, &Samples::All, &tracks).unwrap();
    let value = objective.of(&fair.y);
    value.backward();
    let gradient = |tensor: &Tensor| if tensor.grad().defined() { numbers(&tensor.grad()) } else { vec![0.0; N] };
    let free: Vec<bool> = numbers(&fair.y).iter().map(|&y| y > 0.0 && y < 1.0).collect();
    Point {
        value: value.double_value(&[]),
        active: format!("{:?} {free:?}", fair.active),
        z: gradient(&z),
        eps: gradient(&eps)[0],
        income: gradient(&income),
    }
}

/// Compares with central differences wherever the active set is the same on both sides.
fn check(name: &str, what: &str, gradient: f64, sides: [&Point; 2], compared: &mut usize) {
    if sides[0].active != sides[1].active {
        return;
    }
    let difference = (sides[0].value - sides[1].value) / (2.0 * STEP);
    let error = (difference - gradient).abs();
    assert!(error <= 2e-6 * gradient.abs().max(1.0), "{name}: {what} is {gradient}, difference {difference}");
    *compared += 1;
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for (name, spec) in specs() {
        let people = People::random(N, 7);
        let objective = Objective::random(N, 11);
        let at = point(&spec, &people, 0.02, &objective);
        assert!(at.active.contains("Lower") || at.active.contains("pper") || at.active.contains("Both"), "{name}");
        let mut compared = 0;
        for i in 0..N {
            let moved = |step: f64| {
                let mut moved = people.clone();
                moved.z[i] += step;
                point(&spec, &moved, 0.02, &objective)
            };
            check(name, &format!("z[{i}]"), at.z[i], [&moved(STEP), &moved(-STEP)], &mut compared);
            let moved = |step: f64| {
                let mut moved = people.clone();
                moved.income[i] += step;
                point(&spec, &moved, 0.02, &objective)
            };
            check(name, &format!("income[{i}]"), at.income[i], [&moved(STEP), &moved(-STEP)], &mut compared);
        }
        let moved = |step: f64| point(&spec, &people, 0.02 + step, &objective);
        check(name, "eps", at.eps, [&moved(STEP), &moved(-STEP)], &mut compared);
        assert!(compared > 2 * N - 8, "{name}: only {compared} comparisons");
    }
}

#[test]
fn gradients_are_those_of_the_runtime() {
    for (name, spec) in specs() {
        for seed in 0..5 {
            let (program, people) = (compile(&spec), People::random(N, 100 + seed));
            let params = Params::defaults(&program);
            let data = encoded(&program, &people.csv(), &params);
            let v: Vec<f64> = numbers(&Objective::random(N, seed).linear);
            let z = tracked(Tensor::from_slice(&people.z));
            let layer = FairLayer::new(&program, &data, params.clone());
            let fair = layer.forward(&z, &Samples::All).unwrap();
            (&fair.y * Tensor::from_slice(&v)).sum(Kind::Double).backward();
            let bound = data.bind(&params, &Samples::All).unwrap();
            let projection = project(&bound.problem, &people.z, &Settings::default()).unwrap();
            let expected = projection.vjp(&bound.problem, &v).unwrap();
            assert_eq!(numbers(&fair.y), projection.y, "{name}: the values are the runtime's own");
            for (found, expected) in numbers(&z.grad()).iter().zip(&expected.z) {
                assert!((found - expected).abs() < 1e-11, "{name}: {found} {expected}");
            }
        }
    }
}

#[test]
fn the_same_gradient_with_and_without_tracks() {
    for (name, spec) in specs() {
        let (program, people) = (compile(&spec), People::random(N, 3));
        let data = encoded(&program, &people.csv(), &Params::defaults(&program));
        let layer = FairLayer::new(&program, &data, Params::defaults(&program));
        let eps = Tensor::from(0.02);
        let gradient = |tracks: Tracks, layer: &FairLayer| {
            let z = tracked(Tensor::from_slice(&people.z));
            let fair = layer.forward_tracked(&z, &Samples::All, &tracks).unwrap();
            (&fair.y * &fair.y).sum(Kind::Double).backward();
            (numbers(&fair.y), numbers(&z.grad()))
        };
        let plain = gradient(Tracks::default(), &layer);
        let other = gradient(Tracks::default().param("eps", &eps), &layer);
        assert_eq!(plain.0, other.0, "{name}");
        assert!(plain.1.iter().zip(&other.1).all(|(a, b)| (a - b).abs() < 1e-10), "{name}");
    }
}

/// `∂/∂x (g(x)·v)` by a second backward pass against differences of `g`, over `z` and the labels.
#[test]
fn second_derivatives_are_those_of_differences_of_gradients() {
    for (name, spec) in specs().into_iter().filter(|(name, _)| ["parity", "residual", "label factor"].contains(name)) {
        let people = People::random(N, 21);
        let objective = Objective::random(N, 5);
        let v = Objective::random(N, 6).linear;
        let program = compile(&spec);
        let params = Params::defaults(&program);
        let data = encoded(&program, &people.csv(), &params);
        let reads_label = program.columns.iter().any(|column| column.header == "income");
        let z = tracked(Tensor::from_slice(&people.z));
        let income = tracked(Tensor::from_slice(&people.income));
        let tracks = if reads_label { Tracks::default().column("income", &income) } else { Tracks::default() };
        let layer = FairLayer::new(&program, &data, params.clone());
        let fair = layer.forward_tracked(&z, &Samples::All, &tracks).unwrap();
        let gradient = Tensor::run_backward(&[objective.of(&fair.y)], &[&z], true, true);
        let inner = (&gradient[0] * &v).sum(Kind::Double);
        let inputs: Vec<&Tensor> = if reads_label { vec![&z, &income] } else { vec![&z] };
        let second: Vec<Vec<f64>> = Tensor::run_backward(&[inner], &inputs, false, false).iter().map(numbers).collect();
        let v = numbers(&v);
        let along = |people: &People| {
            let at = point(&spec, people, 0.02, &objective);
            (at.z.iter().zip(&v).map(|(g, v)| g * v).sum::<f64>(), at.active)
        };
        let mut compared = 0;
        for i in 0..N {
            for (which, second) in second.iter().enumerate() {
                let moved = |step: f64| {
                    let mut moved = people.clone();
                    if which == 0 {
                        moved.z[i] += step
                    } else {
                        moved.income[i] += step
                    }
                    along(&moved)
                };
                let (up, down) = (moved(STEP), moved(-STEP));
                if up.1 == down.1 {
                    let difference = (up.0 - down.0) / (2.0 * STEP);
                    let error = (second[i] - difference).abs();
                    assert!(error < 2e-6 * difference.abs().max(1.0), "{name}: {} {difference}", second[i]);
                    compared += 1;
                }
            }
        }
        assert!(compared > N / 2, "{name}: {compared}");
    }
}

#[test]
fn what_cannot_be_tracked_is_refused() {
    let spec = "column age: real in [0, 100]\nlabel income: real in [0, 1]\npredict score: real in [0, 1]\n\
                param eps = 0.02 in [0, 1]\nparam cap = 0.5 in [0, 1]\nparam old = 40 in [0, 100]\n\
                constraint r: |E[income * age * score | age > old]| <= eps\nconstraint c: each: score <= cap";
    let (program, people) = (compile(spec), People::random(N, 4));
    let params = Params::defaults(&program);
    let data = encoded(&program, &people.csv(), &params);
    let layer = FairLayer::new(&program, &data, params);
    let z = Tensor::from_slice(&people.z);
    let income = Tensor::from_slice(&people.income);
    let refused = |tracks: Tracks| layer.forward_tracked(&z, &Samples::All, &tracks).unwrap_err().to_string();
    let half = Tensor::from(0.5);
    assert!(refused(Tracks::default().param("old", &Tensor::from(40.0))).contains("`old` is read for each sample"));
    assert!(refused(Tracks::default().param("cap", &half)).contains("`c` bounds single predictions"));
    assert!(refused(Tracks::default().param("nope", &half)).contains("nope"));
    assert!(refused(Tracks::default().param("eps", &Tensor::from(2.0))).contains('2'));
    assert!(refused(Tracks::default().column("income", &income)).contains("track `age` too"));
    assert!(refused(Tracks::default().column("incom", &income)).contains("no column or label"));
    assert!(refused(Tracks::default().column("income", &half)).contains("one number for each sample"));
}

#[test]
fn other_labels_than_the_data_have_are_refused() {
    let (_, spec) = specs().into_iter().find(|(name, _)| *name == "residual").unwrap();
    let (program, people) = (compile(&spec), People::random(N, 4));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let other = Tensor::from_slice(&vec![0.0; N]);
    let tracks = Tracks::default().column("income", &other);
    let error = layer.forward_tracked(&Tensor::from_slice(&people.z), &Samples::All, &tracks).unwrap_err();
    assert!(matches!(error, LayerError::Differs { .. }), "{error}");
}

#[test]
fn statuses_are_passed_on() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(N, 4));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    assert_eq!(layer.forward(&Tensor::from_slice(&people.z), &Samples::All).unwrap().status, Status::Optimal);
}

/// Rows that read raw output move with it.
#[test]
fn gradients_go_through_rows_of_raw_output() {
    const HEADER: &str = "column sex: {f, m}\ncolumn age: real in [0, 100]\nweight w\npredict score: real in [0, 1]\n";
    for body in [
        "constraint c: E[score | sex == f] >= E[raw(score) | sex == f] + 0.05",
        "constraint c: E[raw(score) * score | sex == m] - E[raw(score) * score | sex == f] <= 0.02",
        "constraint c: E[raw(score) * age * score | sex == m] <= 10 * E[score | sex == f]",
        "constraint c: |Cov[score, raw(score)]| <= 0.5 * Var[raw(score)]",
        "constraint c: each where sex == f: score >= raw(score) + 0.05\nconstraint d: E[score] == 0.4",
    ] {
        let people = People::random(N, 5);
        let program = compile(&format!("{HEADER}{body}\n"));
        let params = Params::resolve(&program, &[]).unwrap();
        let raw = fairc::bind::Raw::ByBatch;
        let options = fairc::bind::EncodeOptions { raw, ..fairc::bind::EncodeOptions::default() };
        let data = crate::support::encoded_with(&program, &people.csv(), &params, &options);
        let layer = FairLayer::new(&program, &data, params);
        let objective = Objective::random(N, 3);
        let at = |z: &[f64]| {
            let fair = layer.forward(&Tensor::from_slice(z), &Samples::All).unwrap();
            objective.of(&fair.y).double_value(&[])
        };
        let z = tracked(Tensor::from_slice(&people.z));
        objective.of(&layer.forward(&z, &Samples::All).unwrap().y).backward();
        let gradient = numbers(&z.grad());
        let mut compared = 0;
        for sample in 0..N {
            let slope = |step: f64| {
                let moved = |by: f64| {
                    let mut z = people.z.clone();
                    z[sample] += by;
                    at(&z)
                };
                (moved(step) - moved(-step)) / (2.0 * step)
            };
            let (coarse, fine) = (slope(2.0 * STEP), slope(STEP));
            if (coarse - fine).abs() < 1e-6 {
                compared += 1;
                assert!((gradient[sample] - fine).abs() < 1e-5, "{body}: sample {sample}: {} {fine}", gradient[sample]);
            }
        }
        assert!(compared > N / 2, "{body}: {compared}");
    }
}
