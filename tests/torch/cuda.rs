//! What the host finds, on a GPU. Where libtorch finds none, these say that they were not run.

use fairc::bind::{Params, Samples};
use fairc::torch::FairLayer;
use serde_json::Value;
use tch::{Cuda, Device, Kind, Tensor};

use crate::place::{Place, TRAIN, numbers};
use crate::support::{People, compile, encoded, specs};

/// The GPU, or a line that says that there is none.
fn gpu(test: &str) -> Option<Device> {
    if Cuda::is_available() {
        return Some(Device::Cuda(0));
    }
    eprintln!("not run: {test} (libtorch finds no CUDA device)");
    None
}

fn host(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).reshape([-1])).unwrap()
}

#[test]
fn values_and_gradients_are_those_of_the_host() {
    let Some(gpu) = gpu("values and gradients of the layer") else { return };
    for (name, spec) in specs() {
        let program = compile(&spec);
        let params = Params::defaults(&program);
        for seed in 0..12 {
            let people = People::random(60 + 40 * seed as usize, 50 + seed);
            let data = encoded(&program, &people.csv(), &params);
            let run = |device: Device, kind: Kind, sums: bool| {
                let layer = FairLayer::new(&program, &data, params.clone());
                let layer = if sums { layer.on_device() } else { layer };
                let z = Tensor::from_slice(&people.z).to_kind(kind).to_device(device).set_requires_grad(true);
                let fair = layer.forward(&z, &Samples::All).unwrap();
                assert_eq!((fair.y.device(), fair.y.kind()), (device, kind), "{name}");
                (&fair.y * &fair.y).sum(Kind::Double).backward();
                (host(&fair.y), host(&z.grad()), fair.certificate.row_violation)
            };
            for (kind, tolerance) in [(Kind::Double, 1e-11), (Kind::Float, 3e-6)] {
                let here = run(Device::Cpu, kind, false);
                // As small batches are solved, and as large ones.
                for sums in [false, true] {
                    let there = run(gpu, kind, sums);
                    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance);
                    assert!(near(&here.0, &there.0), "{name} {seed} {kind:?} {sums}: values");
                    assert!(near(&here.1, &there.1), "{name} {seed} {kind:?} {sums}: gradients");
                    assert!(name == "equality" || there.2 == 0.0, "{name} {seed} {kind:?} {sums}: {}", there.2);
                    assert!(there.0.iter().all(|y| (0.0..=1.0).contains(y)), "{name}");
                }
            }
        }
    }
}

#[test]
fn the_command_trains_there() {
    let Some(_) = gpu("training by the command") else { return };
    let place = Place::new();
    let train = |device: &str, out: &str| place.good(&format!("{TRAIN} --epochs 4 --device {device} -o {out}"));
    train("cpu", "here");
    train("cuda:0", "there");
    place.bad(&format!("{TRAIN} --epochs 1 --device cuda:64 -o far"), &["`cuda:64` is not there"]);
    assert!(!place.path("far").exists(), "nothing is begun on a GPU that is not there");
    let (here, there) = (place.json("here/metrics.json"), place.json("there/metrics.json"));
    for part in ["train", "valid", "test"] {
        assert_eq!(there[part]["gap"]["violated"], 0, "{part}: {}", there[part]);
        let loss = |found: &Value| found[part]["loss"].as_f64().unwrap();
        // The same start and the same batches, summed in another order.
        assert!((loss(&here) - loss(&there)).abs() <= 1e-3, "{part}: {} {}", here[part], there[part]);
    }
    assert_eq!(there["violation"].as_f64(), Some(0.0));
    place.good("predict there --data new.csv -o there.csv");
    place.good("predict here --data new.csv -o here.csv");
    let fair = |name: &str| numbers(&place.path(name), "score_fair").1;
    let apart = fair("here.csv").iter().zip(fair("there.csv")).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart <= 0.02, "{apart}");
}

#[test]
fn large_batches_give_the_same_bits_every_time() {
    let Some(gpu) = gpu("batches of 300,000 samples") else { return };
    let (_, spec) = specs().remove(1);
    let (program, people) = (compile(&spec), People::random(300_000, 9));
    let params = Params::defaults(&program);
    let data = encoded(&program, &people.csv(), &params);
    let layer = FairLayer::new(&program, &data, params);
    let z = Tensor::from_slice(&people.z).to_device(gpu);
    let expected = host(&layer.forward(&z.to_device(Device::Cpu), &Samples::All).unwrap().y);
    let found = host(&layer.forward(&z, &Samples::All).unwrap().y);
    let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart <= 1e-12, "{apart}");
    for _ in 0..3 {
        assert_eq!(host(&layer.forward(&z, &Samples::All).unwrap().y), found);
    }
}
