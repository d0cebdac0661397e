//! What comes out of the layer: exact rows, bounds, shapes, kinds, and errors that say what is wrong.

use fairc::bind::{Params, Samples};
use fairc::runtime::{OnInfeasible, Settings, Status};
use fairc::torch::{FairLayer, LayerError};
use tch::{Device, Kind, Tensor};

use crate::support::{Answer, People, compile, encoded, specs};

/// A number with at most 60 binary places, exactly, in units of `2^-60`.
fn fixed(value: f64) -> i128 {
    let scaled = value * 60_f64.exp2();
    assert_eq!(scaled, scaled.trunc(), "{value}");
    scaled as i128
}

#[test]
fn rows_hold_exactly_on_single_precision_output() {
    let spec = "column sex: {f, m}\npredict score: real in [0, 1]\nparam eps = 0.02 in [0, 1]\n\
                use demographic_parity(sex, eps)";
    let program = compile(spec);
    let params = Params::defaults(&program);
    for seed in 0..40 {
        let people = People::random(257 + 13 * seed as usize, seed);
        let data = encoded(&program, &people.csv(), &params);
        let layer = FairLayer::new(&program, &data, params.clone());
        let z = Tensor::from_slice(&people.z).to_kind(Kind::Float).set_requires_grad(true);
        let fair = layer.forward(&z, &Samples::All).unwrap();
        let y = Vec::<f32>::try_from(fair.y.detach()).unwrap();
        assert!(y.iter().all(|y| (0.0..=1.0).contains(y)), "seed {seed}: outside its bounds");
        let (mut sums, mut counts) = ([0_i128; 2], [0_i128; 2]);
        for (y, sex) in y.iter().zip(&people.sex) {
            let group = usize::from(*sex == "m");
            sums[group] += fixed(f64::from(*y));
            counts[group] += 1;
        }
        let gap = (sums[0] * counts[1] - sums[1] * counts[0]).abs();
        assert!(gap <= fixed(0.02) * counts[0] * counts[1], "seed {seed}");
        // And it is the limit that was reached.
        assert!(gap as f64 >= 0.0199 * 60_f64.exp2() * (counts[0] * counts[1]) as f64, "seed {seed}");
    }
}

/// The path of samples that are not on the host, on samples that are.
#[test]
fn sums_by_cell_give_the_same_numbers() {
    for (name, spec) in specs() {
        let program = compile(&spec);
        let params = Params::defaults(&program);
        for seed in 0..12 {
            let people = People::random(60 + 40 * seed as usize, 50 + seed);
            let data = encoded(&program, &people.csv(), &params);
            for (kind, tolerance) in [(Kind::Double, 1e-11), (Kind::Float, 3e-6)] {
                let layer = || FairLayer::new(&program, &data, params.clone());
                let host = Answer::of(&layer(), &people, kind, Device::Cpu);
                let sums = Answer::of(&layer().on_device(), &people, kind, Device::Cpu);
                host.agrees(&sums, name, &format!("{seed} {kind:?}"), tolerance);
            }
        }
    }
}

#[test]
fn output_keeps_shape_and_kind() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(30, 1));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    for kind in [Kind::Float, Kind::Double] {
        for shape in [vec![30], vec![30, 1]] {
            let z = Tensor::from_slice(&people.z).to_kind(kind).reshape(&shape[..]);
            let fair = layer.forward(&z, &Samples::All).unwrap();
            assert_eq!((fair.y.size(), fair.y.kind()), (shape, kind));
            assert!(!fair.y.requires_grad());
        }
    }
    let part = layer.forward(&Tensor::from_slice(&people.z[..3]), &Samples::Rows(&[5, 2, 29])).unwrap();
    assert_eq!(part.y.size(), [3]);
}

#[test]
fn bad_output_is_refused() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(30, 1));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let refused = |z: &Tensor, samples: &Samples| layer.forward(z, samples).unwrap_err().to_string();
    let z = Tensor::from_slice(&people.z);
    assert!(refused(&z, &Samples::Range(0..5)).contains("[30] for 5 samples"));
    assert!(refused(&z.to_kind(Kind::Int64), &Samples::All).contains("Int64"));
    assert!(refused(&z.to_kind(Kind::Half), &Samples::All).contains("Half"));
    let error = refused(&(&z / 0.0), &Samples::All);
    assert!(error.contains("`z[0]` is") && error.contains("finite"), "{error}");
    assert!(refused(&z, &Samples::Rows(&[99])).contains("99"));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program)).on_device();
    let wild = Tensor::from_slice(&(0..30).map(|i| if i == 7 { f64::NAN } else { 0.5 }).collect::<Vec<_>>());
    let error = layer.forward(&wild, &Samples::All).unwrap_err().to_string();
    assert!(error.contains("`z[7]` is NaN"), "{error}");
}

#[test]
fn infeasible_batches_name_the_rows_or_relax() {
    let spec = "column sex: {f, m}\npredict score: real in [0, 1]\nconstraint high: E[score | sex == f] >= 0.9\n\
                constraint low: E[score] <= 0.1";
    let (program, people) = (compile(spec), People::random(30, 1));
    let params = Params::defaults(&program);
    let data = encoded(&program, &people.csv(), &params);
    let z = Tensor::from_slice(&people.z).set_requires_grad(true);
    let error = FairLayer::new(&program, &data, params.clone()).forward(&z, &Samples::All).unwrap_err();
    assert!(matches!(&error, LayerError::Infeasible { rows } if rows.len() == 2), "{error}");
    let settings = Settings { on_infeasible: OnInfeasible::Relax, ..Settings::default() };
    let fair = FairLayer::new(&program, &data, params).with_settings(settings).forward(&z, &Samples::All).unwrap();
    assert!(matches!(fair.status, Status::Relaxed(_)));
    fair.y.sum(Kind::Double).backward();
    assert!(z.grad().isfinite().all().int64_value(&[]) == 1);
}

#[test]
fn batches_without_a_group_and_without_samples_pass_through() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(30, 1));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let men: Vec<u32> = (0..30).filter(|&i| people.sex[i as usize] == "m").collect();
    let z = Tensor::from_slice(&vec![0.25; men.len()]).set_requires_grad(true);
    let fair = layer.forward(&z, &Samples::Rows(&men)).unwrap();
    assert_eq!(Vec::<f64>::try_from(fair.y.detach()).unwrap(), vec![0.25; men.len()]);
    assert_eq!(fair.multipliers.len(), 0);
    let none = layer.forward(&Tensor::from_slice::<f32>(&[]), &Samples::Rows(&[])).unwrap();
    assert_eq!(none.y.size(), [0]);
}
