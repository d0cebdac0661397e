//! The layer's own node: its derivatives against finite differences, of second order too, and several batches at once.

use std::sync::Arc;
use std::thread;

use fairc::bind::{Params, Samples};
use fairc::torch::{FairLayer, numbers};
use tch::nn::Module;
use tch::{Device, Kind, Tensor, nn};

use crate::support::{People, compile, encoded, noise, specs};

const N: usize = 40;
const STEP: f64 = 1e-6;

/// A curved function of fair predictions.
fn objective(y: &Tensor) -> Tensor {
    let weights = noise(N as i64, 11).to_kind(y.kind()).reshape(y.size());
    (&weights * y + y * y * (&weights + 0.3)).sum(y.kind())
}

fn near(a: &Tensor, b: &Tensor, tolerance: f64) -> bool {
    let (a, b) = (numbers(a).unwrap(), numbers(b).unwrap());
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= tolerance)
}

#[test]
fn shapes_kinds_and_devices_give_the_same_gradients() {
    for (name, spec) in specs() {
        let program = compile(&spec);
        let params = Params::defaults(&program);
        for seed in 0..4 {
            let people = People::random(N, 200 + seed);
            let data = encoded(&program, &people.csv(), &params);
            let gradient = |kind: Kind, shape: &[i64], on_device: bool| {
                let layer = FairLayer::new(&program, &data, params.clone());
                let layer = if on_device { layer.on_device() } else { layer };
                let z = Tensor::from_slice(&people.z).to_kind(kind).reshape(shape).set_requires_grad(true);
                let fair = layer.forward(&z, &Samples::All).unwrap();
                assert_eq!((fair.y.size(), fair.y.kind()), (z.size(), kind), "{name}");
                objective(&fair.y).backward();
                assert_eq!(z.grad().size(), z.size(), "{name}");
                z.grad()
            };
            let reference = gradient(Kind::Double, &[-1], false);
            for (kind, tolerance) in [(Kind::Double, 1e-11), (Kind::Float, 3e-6)] {
                for (shape, on_device) in [(&[-1][..], false), (&[-1, 1], false), (&[-1], true), (&[-1, 1], true)] {
                    let found = gradient(kind, shape, on_device);
                    assert!(near(&found, &reference, tolerance), "{name} {seed} {kind:?} {shape:?} {on_device}");
                }
            }
        }
    }
}

/// First derivatives of the objective, and second ones along a vector, against differences of what is one order lower.
#[test]
fn derivatives_are_those_of_differences() {
    let along = noise(N as i64, 6);
    for on_device in [false, true] {
        for (name, spec) in specs() {
            let (program, people) = (compile(&spec), People::random(N, 7));
            let data = encoded(&program, &people.csv(), &Params::defaults(&program));
            let layer = FairLayer::new(&program, &data, Params::defaults(&program));
            let layer = if on_device { layer.on_device() } else { layer };
            // The value, the derivative along the vector, the first and second gradients, and the active set.
            let at = |z: &[f64]| {
                let z = Tensor::from_slice(z).set_requires_grad(true);
                let fair = layer.forward(&z, &Samples::All).unwrap();
                let value = objective(&fair.y);
                let first = Tensor::run_backward(&[&value], &[&z], true, true).remove(0);
                let slope = (&first * &along).sum(Kind::Double);
                let second = Tensor::run_backward(&[&slope], &[&z], false, false).remove(0);
                let gradients = [numbers(&first).unwrap(), numbers(&second).unwrap()];
                (
                    [value.double_value(&[]), slope.double_value(&[])],
                    gradients,
                    format!("{:?} {}", fair.active, fair.free),
                )
            };
            let (_, gradients, _) = at(&people.z);
            let mut compared = 0;
            for i in 0..N {
                let moved = |step: f64| {
                    let mut z = people.z.clone();
                    z[i] += step;
                    at(&z)
                };
                let (up, down) = (moved(STEP), moved(-STEP));
                if up.2 == down.2 {
                    for (order, found) in gradients.iter().map(|gradient| gradient[i]).enumerate() {
                        let difference = (up.0[order] - down.0[order]) / (2.0 * STEP);
                        assert!((difference - found).abs() <= 2e-6, "{name}: {order} z[{i}] {found} {difference}");
                    }
                    compared += 1;
                }
            }
            assert!(compared > N - 4, "{name}: only {compared} comparisons");
            assert!(gradients[1].iter().any(|g| g.abs() > 0.01), "{name}: the second derivative is nothing");
        }
    }
}

/// A network that is taught by the fair predictions and by its own, in one pass.
#[test]
fn losses_of_both_outputs_add_up() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(N, 5));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let store = nn::VarStore::new(Device::Cpu);
    let model = nn::linear(store.root(), 3, 1, nn::LinearConfig::default());
    let x = noise(3 * N as i64, 3).to_kind(Kind::Float).reshape([-1, 3]);
    let gradient = |of: &dyn Fn(&Tensor, &Tensor) -> Tensor| {
        let z = model.forward(&x) * 0.3 + 0.5;
        let fair = layer.forward(&z, &Samples::All).unwrap();
        let mut ws = Tensor::run_backward(&[of(&fair.y, &z)], &[&model.ws], false, false);
        numbers(&ws.remove(0)).unwrap()
    };
    let own = |z: &Tensor| z.square().sum(Kind::Float) * 0.5;
    let both = gradient(&|y, z| objective(y) + own(z));
    let (fair, raw) = (gradient(&|y, _| objective(y)), gradient(&|_, z| own(z)));
    for ((both, fair), raw) in both.iter().zip(&fair).zip(&raw) {
        assert!((both - fair - raw).abs() <= 2e-6 * both.abs().max(1.0), "{both} {fair} {raw}");
    }
    assert!(fair.iter().any(|g| g.abs() > 0.01), "{fair:?}");
}

#[test]
fn batches_wait_for_their_gradients_in_any_order_and_leave_nothing() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(N, 5));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let parts: Vec<Vec<u32>> = (0..3).map(|k| (0..N as u32).filter(|i| i % 3 == k).collect()).collect();
    let mut solved = |part: &Vec<u32>| {
        let z: Vec<f64> = part.iter().map(|&i| people.z[i as usize]).collect();
        let z = Tensor::from_slice(&z).set_requires_grad(true);
        let fair = layer.forward(&z, &Samples::Rows(part)).unwrap();
        (z, fair)
    };
    let backward = |(z, fair): &(Tensor, fairc::torch::Fair)| {
        (&fair.y * &fair.y).sum(Kind::Double).backward();
        numbers(&z.grad()).unwrap()
    };
    let alone: Vec<Vec<f64>> = parts.iter().map(|part| backward(&solved(part))).collect();
    let together: Vec<_> = parts.iter().map(&mut solved).collect();
    assert!(together.iter().all(|(_, fair)| Arc::strong_count(&fair.bound) == 2), "the node holds on to its batch");
    for (batch, alone) in together.iter().zip(&alone).rev() {
        assert_eq!(&backward(batch), alone);
        assert_eq!(Arc::strong_count(&batch.1.bound), 1, "the batch outlives its graph");
    }
    // From other threads, at once.
    let together: Vec<_> = parts.iter().map(solved).collect();
    let losses: Vec<Tensor> = together.iter().map(|(_, fair)| (&fair.y * &fair.y).sum(Kind::Double)).collect();
    let threads: Vec<_> = losses.into_iter().map(|loss| thread::spawn(move || loss.backward())).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for ((z, _), alone) in together.iter().zip(&alone) {
        assert_eq!(&numbers(&z.grad()).unwrap(), alone);
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_refused_with_its_place() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(N, 5));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let z = Tensor::from_slice(&people.z).set_requires_grad(true);
    let fair = layer.forward(&z, &Samples::All).unwrap();
    let wild = Tensor::from_slice(&(0..N).map(|i| if i == 7 { f64::INFINITY } else { 1.0 }).collect::<Vec<_>>());
    let error = (&fair.y * wild).sum(Kind::Double).f_backward().unwrap_err().to_string();
    assert!(error.contains("sample 7") && error.contains("inf"), "{error}");
    assert!(!z.grad().defined());
    assert!(layer.forward(&z, &Samples::Range(0..3)).unwrap_err().to_string().contains("[40] for 3 samples"));
    let without = tch::no_grad(|| layer.forward(&z, &Samples::All).unwrap());
    assert!(!without.y.requires_grad());
}
