//! The layer cut in two gives the network the gradients that the whole layer gives.

use fairc::bind::{Params, Samples};
use fairc::torch::{FairLayer, LayerError, numbers};
use tch::nn::Module;
use tch::{Device, Kind, Tensor, nn};

use crate::support::{People, Random, compile, encoded, specs};

const N: usize = 40;

fn random(n: usize, seed: u64) -> Tensor {
    let mut random = Random(seed);
    Tensor::from_slice(&(0..n).map(|_| random.between(-1.0, 1.0)).collect::<Vec<f64>>())
}

/// A curved function of fair predictions.
fn objective(y: &Tensor) -> Tensor {
    let weights = random(N, 11).to_kind(y.kind()).reshape(y.size());
    (&weights * y + y * y * (&weights + 0.3)).sum(y.kind())
}

fn near(a: &Tensor, b: &Tensor, tolerance: f64) -> bool {
    let (a, b) = (numbers(a).unwrap(), numbers(b).unwrap());
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= tolerance)
}

#[test]
fn gradients_are_those_of_the_whole_layer() {
    for (name, spec) in specs() {
        let program = compile(&spec);
        let params = Params::defaults(&program);
        for seed in 0..4 {
            let people = People::random(N, 200 + seed);
            let data = encoded(&program, &people.csv(), &params);
            for (kind, tolerance) in [(Kind::Double, 1e-12), (Kind::Float, 1e-6)] {
                for (shape, on_device) in [(&[-1][..], false), (&[-1, 1], false), (&[-1, 1], true)] {
                    let z = || Tensor::from_slice(&people.z).to_kind(kind).reshape(shape).set_requires_grad(true);
                    let layer = || FairLayer::new(&program, &data, params.clone());
                    let mut layer = if on_device { layer().on_device() } else { layer() };
                    let whole = z();
                    let fair = layer.forward(&whole, &Samples::All).unwrap();
                    objective(&fair.y).backward();
                    let in_two = z();
                    let cut = layer.cut(&in_two, &Samples::All).unwrap();
                    assert!(cut.fair.y.is_leaf() && cut.fair.y.size() == in_two.size(), "{name}");
                    assert_eq!(numbers(&cut.fair.y).unwrap(), numbers(&fair.y).unwrap(), "{name}: the same bits");
                    assert_eq!((cut.fair.free, &cut.fair.active), (fair.free, &fair.active), "{name}");
                    objective(&cut.fair.y).backward();
                    cut.pull_back().unwrap();
                    assert!(near(&in_two.grad(), &whole.grad(), tolerance), "{name} {seed} {kind:?} {on_device}");
                }
            }
        }
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    const STEP: f64 = 1e-6;
    for (name, spec) in specs() {
        let (program, people) = (compile(&spec), People::random(N, 7));
        let data = encoded(&program, &people.csv(), &Params::defaults(&program));
        let mut layer = FairLayer::new(&program, &data, Params::defaults(&program));
        let z = Tensor::from_slice(&people.z).set_requires_grad(true);
        let cut = layer.cut(&z, &Samples::All).unwrap();
        objective(&cut.fair.y).backward();
        cut.pull_back().unwrap();
        let gradient = numbers(&z.grad()).unwrap();
        let mut compared = 0;
        for (i, gradient) in gradient.iter().enumerate() {
            let mut moved = |step: f64| {
                let mut z = people.z.clone();
                z[i] += step;
                let fair = layer.forward(&Tensor::from_slice(&z), &Samples::All).unwrap();
                (objective(&fair.y).double_value(&[]), format!("{:?} {}", fair.active, fair.free))
            };
            let (up, down) = (moved(STEP), moved(-STEP));
            if up.1 == down.1 {
                let difference = (up.0 - down.0) / (2.0 * STEP);
                assert!((difference - gradient).abs() <= 2e-6, "{name}: z[{i}] {gradient} {difference}");
                compared += 1;
            }
        }
        assert!(compared > N - 4, "{name}: only {compared} comparisons");
    }
}

/// A network that is taught by the fair predictions and by its own, in one pass.
#[test]
fn a_surrogate_loss_goes_backward_with_other_losses() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(N, 5));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let mut layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let store = nn::VarStore::new(Device::Cpu);
    let model = nn::linear(store.root(), 3, 1, nn::LinearConfig::default());
    let x = random(3 * N, 3).to_kind(Kind::Float).reshape([-1, 3]);
    let z = || model.forward(&x) * 0.3 + 0.5;
    let gradient = || numbers(&model.ws.grad()).unwrap();
    let own = |z: &Tensor| z.square().sum(Kind::Float) * 0.5;

    let output = z();
    (objective(&layer.forward(&output, &Samples::All).unwrap().y) + own(&output)).backward();
    let whole = gradient();
    let _ = model.ws.grad().zero_();
    let output = z();
    let cut = layer.cut(&output, &Samples::All).unwrap();
    objective(&cut.fair.y).backward();
    assert_eq!(gradient(), [0.0; 3], "nothing crosses the cut by itself");
    (cut.surrogate_loss().unwrap() + own(&output)).backward();
    let in_two = gradient();
    assert!(whole.iter().zip(&in_two).all(|(a, b)| (a - b).abs() <= 2e-6 * a.abs().max(1.0)), "{whole:?} {in_two:?}");
    assert!(whole.iter().any(|a| a.abs() > 0.01), "{whole:?}");
}

#[test]
fn what_has_no_gradient_is_refused() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(N, 5));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let mut layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let z = Tensor::from_slice(&people.z).set_requires_grad(true);
    let error = layer.cut(&z, &Samples::All).unwrap().pull_back().unwrap_err();
    assert!(matches!(error, LayerError::NotBackward), "{error}");
    let cut = layer.cut(&z, &Samples::All).unwrap();
    let wild = Tensor::from_slice(&(0..N).map(|i| if i == 7 { f64::INFINITY } else { 1.0 }).collect::<Vec<_>>());
    (&cut.fair.y * wild).sum(Kind::Double).backward();
    let error = cut.pull_back().unwrap_err().to_string();
    assert!(error.contains("sample 7") && error.contains("inf"), "{error}");
    assert!(layer.cut(&z, &Samples::Range(0..3)).unwrap_err().to_string().contains("[40] for 3 samples"));
}
