//! Means of what bends, and rows about pairs: the layer's values and derivatives, and a training with them.

use std::fs;

use fairc::bind::{Params, Samples};
use fairc::torch::FairLayer;
use tch::{Kind, Tensor};

use crate::place::Place;
use crate::support::{COLUMNS, People, Random, compile, encoded, noise};

const N: usize = 80;

#[test]
fn means_of_what_bends_hold_and_have_derivatives() {
    let spec =
        format!("{COLUMNS}constraint near: E[|score - income| | sex == f] <= 0.2\nuse demographic_parity(sex, 0.05)");
    let (program, people) = (compile(&spec), People::random(N, 3));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let layer = FairLayer::new(&program, &data, Params::defaults(&program));
    let weights = noise(N as i64, 1);
    let value = |z: &Tensor| (layer.forward(z, &Samples::All).unwrap().y * &weights).sum(Kind::Double);
    let z = Tensor::from_slice(&people.z).set_requires_grad(true);
    let fair = Vec::<f64>::try_from(layer.forward(&z, &Samples::All).unwrap().y.detach()).unwrap();
    let (mut sum, mut count) = (0.0, 0.0);
    for ((y, income), sex) in fair.iter().zip(&people.income).zip(&people.sex) {
        if *sex == "f" {
            (sum, count) = (sum + (y - income).abs(), count + 1.0);
        }
    }
    assert!(sum / count <= 0.2 + 1e-12 && sum / count >= 0.2 - 1e-9, "{}", sum / count);
    value(&z).backward();
    for seed in 10..20 {
        let along = noise(N as i64, seed);
        let at = |step: f64| value(&(z.detach() + &along * step)).double_value(&[]);
        let expected = (at(1e-6) - at(-1e-6)) / 2e-6;
        let found = (z.grad() * &along).sum(Kind::Double).double_value(&[]);
        assert!((found - expected).abs() <= 1e-6, "{seed}: {found} {expected}");
    }
}

#[test]
fn a_network_is_trained_with_bends_and_pairs() {
    let place = Place::new();
    let spec = "column id: key\ncolumn sex: {f, m}\nlabel hired: {0, 1}\npredict score: real in [0, 1]\n\
                relation near from \"pairs.csv\": (i, j) by id, distance: real in [0, 1]\n\
                constraint close: each (i, j) in near: |score[i] - score[j]| <= distance\n\
                constraint few: E[max(score - 0.4, 0)] <= 0.1\n";
    let mut random = Random(4);
    let mut people = "id,sex,skill,hired\n".to_owned();
    let mut pairs = "i,j,distance\n".to_owned();
    for person in 0..90 {
        let (skill, sex) = (random.uniform(), ["f", "m"][random.below(2)]);
        people += &format!("p{person},{sex},{skill:.3},{}\n", u8::from(random.uniform() < skill));
        if person > 0 {
            pairs += &format!("p{},p{person},{:.3}\n", person - 1, 0.05 * random.uniform());
        }
    }
    for (name, text) in [("spec.fair", spec), ("data.csv", &people), ("pairs.csv", &pairs)] {
        fs::write(place.path(name), text).unwrap();
    }
    place.good(
        "train spec.fair --data data.csv --target hired --model mlp:8 --drop id --batch 90 --epochs 3 -q -o model",
    );
    let metrics = place.json("model/metrics.json");
    assert!(metrics["violation"].as_f64().unwrap() <= 1e-9, "{metrics}");
    for part in ["train", "valid", "test"] {
        assert_eq!(metrics[part]["gap"]["violated"], 0, "{part}: {metrics}");
    }
}
