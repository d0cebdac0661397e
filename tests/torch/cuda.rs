//! What the host finds, on a GPU. Where libtorch finds none, these say that they were not run.

use fairc::bind::{Params, Samples};
use fairc::torch::FairLayer;
use serde_json::Value;
use tch::{Cuda, Device, Kind, Tensor};

use crate::place::{Place, TRAIN, numbers};
use crate::support::{Answer, People, compile, encoded, numbers_of, specs};

/// The GPU, or a line that says that there is none.
fn gpu(test: &str) -> Option<Device> {
    if Cuda::is_available() {
        return Some(Device::Cuda(0));
    }
    eprintln!("not run: {test} (libtorch finds no CUDA device)");
    None
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
            for (kind, tolerance) in [(Kind::Double, 1e-11), (Kind::Float, 3e-6)] {
                let layer = || FairLayer::new(&program, &data, params.clone());
                let here = Answer::of(&layer(), &people, kind, Device::Cpu);
                // As small batches are solved, and as large ones.
                for (told, layer) in [("small", layer()), ("large", layer().on_device())] {
                    let there = Answer::of(&layer, &people, kind, gpu);
                    here.agrees(&there, name, &format!("{seed} {kind:?} {told}"), tolerance);
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
    let expected = numbers_of(&layer.forward(&z.to_device(Device::Cpu), &Samples::All).unwrap().y);
    let found = numbers_of(&layer.forward(&z, &Samples::All).unwrap().y);
    let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart <= 1e-12, "{apart}");
    for _ in 0..3 {
        assert_eq!(numbers_of(&layer.forward(&z, &Samples::All).unwrap().y), found);
    }
}
