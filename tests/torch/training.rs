//! `fairc train` and `fairc predict` from the outside.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::place::{Place, SPEC, TRAIN, numbers, table};
use crate::support::Random;

#[test]
fn a_trained_network_predicts_fairly() {
    let place = Place::new();
    let done = place.good(&format!("{TRAIN} --epochs 6 -o model"));
    for word in ["train", "valid", "test", "gap", "ms a step"] {
        assert!(done.stdout.contains(word), "{}", done.stdout);
    }
    let fits = |text: &str| text.lines().all(|line| line.chars().count() <= 80);
    assert!(fits(&done.stdout), "{}", done.stdout);
    for name in ["model.json", "spec.fairc", "weights.safetensors", "history.jsonl", "history.svg", "scores.svg"] {
        assert!(place.path("model").join(name).is_file(), "{name}");
    }
    let metrics = place.json("model/metrics.json");
    for part in ["train", "valid", "test"] {
        let gap = &metrics[part]["gap"];
        assert_eq!(gap["violated"], 0, "{part}");
        assert!(gap["excess"].as_f64().unwrap() <= 0.0, "{part}: {gap}");
    }
    assert_eq!(metrics["violation"].as_f64(), Some(0.0));
    assert_eq!(metrics["outside"].as_f64(), Some(0.0));

    let done = place.good("predict model --data new.csv -o fair.csv");
    assert!(done.stdout.contains("1 row left out") && fits(&done.stdout), "{}", done.stdout);
    let (sex, fair) = numbers(&place.path("fair.csv"), "score_fair");
    assert_eq!(fair.len(), 301);
    let mean = |group: &str| {
        let of: Vec<f64> = sex.iter().zip(&fair).filter(|(s, _)| *s == group).map(|(_, y)| *y).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    assert!((mean("f") - mean("m")).abs() <= 0.02 + 1e-9);
    let own = numbers(&place.path("fair.csv"), "score").1;
    assert!(own.iter().zip(&fair).any(|(a, b)| a != b));

    let json = place.good("predict model --data new.csv --batch 50 --set eps=0.1 --format json");
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["batches"].as_u64(), json["after"]["violated"].as_u64()), (Some(7), Some(0)));
}

/// The tensors and the history, without times.
fn result(place: &Place, folder: &str) -> (Vec<u8>, Vec<Value>) {
    let history = fs::read_to_string(place.path(folder).join("history.jsonl")).unwrap();
    let records = history.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["train"]["seconds"] = Value::Null;
        record
    });
    (fs::read(place.path(folder).join("weights.safetensors")).unwrap(), records.collect())
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bits() {
    let kills: u32 = std::env::var("FAIRC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let place = Place::new();
    let train = format!("{TRAIN} --epochs 40 --checkpoint-every 2 --patience 0 --plateau 3");
    place.good(&format!("{train} -o whole"));
    let mut random = Random(99);
    let mut ended = 0;
    for _ in 0..kills {
        let mut child =
            place.command(&format!("{train} -o killed")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(30 + random.below(500) as u64));
        ended += u32::from(child.try_wait().unwrap().is_some());
        // SIGKILL on Unix.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(ended < kills, "every run ended before it was killed");
    place.good(&format!("{train} -o killed"));
    assert_eq!(result(&place, "whole"), result(&place, "killed"));
    // Once more: a finished run stays as it is.
    place.good(&format!("{train} -o killed"));
    assert_eq!(result(&place, "whole"), result(&place, "killed"));
    // And another seed is another run.
    place.good(&format!("{train} -o other --seed 1"));
    assert_ne!(result(&place, "whole").0, result(&place, "other").0);
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let place = Place::new();
    let train = format!("{TRAIN} --epochs 2 -o model");
    place.good(&train);
    place.bad(
        &format!("{train} --lr 0.02").replace("--lr 0.01 ", ""),
        &["belongs to another run", "optimiser", "--restart"],
    );
    place.bad(&format!("{train} --set eps=0.5"), &["another run", "params"]);
    place.good(&format!("{train} --set eps=0.5 --restart"));
    fs::write(place.path("data.csv"), table(601, 1, true)).unwrap();
    place.bad(&train, &["another run"]);
    place.good(&format!("{train} --restart"));
    fs::write(place.path("spec.fair"), SPEC.replace("0.2\n", "0.3\n")).unwrap();
    place.bad(&train, &["another run", "spec (fingerprint)"]);
    let path = place.path("model/checkpoint.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    place.bad(&train, &["damaged", "bytes have changed", "--restart"]);
    fs::write(&path, b"nonsense").unwrap();
    place.bad(&train, &["damaged"]);
}

#[test]
fn other_modes_compare() {
    let place = Place::new();
    let metrics = |mode: &str, folder: &str| {
        place.good(&format!("{TRAIN} --epochs 4 --mode {mode} -o {folder}"));
        place.json(&format!("{folder}/metrics.json"))
    };
    let gap = |metrics: &Value| metrics["test"]["gap"]["excess"].as_f64().unwrap();
    let none = metrics("none", "none");
    assert!(gap(&none) > 0.01);
    assert!(none["violation"].is_null(), "nothing was projected in training");
    let after = metrics("project-after", "after");
    assert!(gap(&after) <= 0.0);
    assert_eq!(none["test"]["raw_loss"], after["test"]["raw_loss"], "the same network");
    assert!(gap(&metrics("penalty=5", "penalty")) < gap(&none));
}

#[test]
fn where_there_is_no_validation_part_none_is_named() {
    let place = Place::new();
    let done = place.good(&format!("{} --epochs 2 --valid 0 -o whole", TRAIN.replace(" -q", "")));
    assert!(done.stderr.contains(", after the epoch ") && !done.stderr.contains("validation"), "{}", done.stderr);
    let picture = fs::read_to_string(place.path("whole/history.svg")).unwrap();
    assert!(picture.contains("worst row on the training part") && !picture.contains("validation"));
}

/// Pay between 12 and 17, which a network without a sigmoid is far from when it begins.
#[test]
fn a_network_that_cannot_learn_is_told_so_once() {
    let place = Place::new();
    let mut random = Random(4);
    let mut rows = "sex,skill,pay\n".to_owned();
    for _ in 0..300 {
        let (man, skill) = (random.uniform() < 0.6, random.uniform());
        rows += &format!("{},{skill:.3},{:.3}\n", if man { "m" } else { "f" }, 12.0 + 5.0 * skill);
    }
    fs::write(place.path("pay.csv"), rows).unwrap();
    let spec = "column sex: {f, m}\npredict pay: real in [10, 20]\nuse demographic_parity(sex, 0.1)";
    fs::write(place.path("pay.fair"), spec).unwrap();
    let train = "train pay.fair --data pay.csv --target pay --loss mse --model mlp:8 --batch 64 --lr 0.1 --epochs 40";
    let free = |folder: &str| -> Vec<u64> {
        let history = fs::read_to_string(place.path(folder).join("history.jsonl")).unwrap();
        let of = |line: &str| serde_json::from_str::<Value>(line).unwrap()["train"]["free"].as_u64().unwrap();
        history.lines().map(of).collect()
    };
    let done = place.good(&format!("{train} -o stuck"));
    assert_eq!(done.stderr.matches("learned nothing").count(), 1, "{}", done.stderr);
    assert!(done.stderr.contains("in epoch 1 ") && done.stderr.contains("`--own-loss 0.5`"), "{}", done.stderr);
    assert!(free("stuck").iter().all(|&free| free == 0));
    let done = place.good(&format!("{train} --own-loss 0.5 -o pulled"));
    assert!(!done.stderr.contains("learned nothing"), "{}", done.stderr);
    assert!(*free("pulled").last().unwrap() > 0);
    let loss = |folder: &str| place.json(&format!("{folder}/metrics.json"))["test"]["loss"].as_f64().unwrap();
    assert!(loss("pulled") < 0.2 * loss("stuck"), "{} {}", loss("pulled"), loss("stuck"));
}

#[test]
fn a_sweep_trains_once_for_each_value() {
    let place = Place::new();
    let done =
        place.good(&format!("{TRAIN} --epochs 2 --sweep eps=0.01,0.1 -o sweep --sampling plain --optimiser sgd"));
    assert!(done.stdout.contains("0.01") && done.stdout.contains("0.1"), "{}", done.stdout);
    assert!(fs::read_to_string(place.path("sweep/sweep.svg")).unwrap().contains("eps = 0.01"));
    let runs = place.json("sweep/sweep.json");
    let gap = |index: usize| runs["runs"][index]["metrics"]["test"]["gap"]["value"].as_f64().unwrap();
    assert!(gap(0) <= 0.01 && gap(1) <= 0.1);
    assert!(place.path("sweep/eps=0.1/model.json").is_file());
}

#[test]
fn mistakes_are_told() {
    let place = Place::new();
    place.bad("train spec.fair --data data.csv --target hire -o m", &["no column `hire`"]);
    place.bad("train spec.fair --data data.csv --target town -o m", &["line 2", "`town`", "between 0 and 1"]);
    place.bad(&format!("{TRAIN} -o m --drop nope"), &["no column `nope`"]);
    place.bad(&format!("{TRAIN} -o m --drop sex,skill,town"), &["no column is left"]);
    place.bad(&format!("{TRAIN} -o m --features hired"), &["is the target"]);
    place.bad("train spec.fair --data data.csv --target hired -o m --model cnn", &["`cnn` is no model"]);
    place.bad(&format!("{TRAIN} -o m --mode maybe"), &["`maybe` is no mode"]);
    place.bad(&format!("{TRAIN} -o m --valid 0.6 --test 0.5"), &["leave nothing for training"]);
    place.bad(&format!("{TRAIN} -o m --sweep tol=0.1"), &["tol"]);
    place.bad(&format!("{TRAIN} -o m --device gpu"), &["`gpu` is no device"]);
    fs::write(place.path("wide.fair"), SPEC.replace("[0, 1]\nparam", "[0, 2]\nparam")).unwrap();
    place.bad("train wide.fair --data data.csv --target hired -o m", &["--loss mse"]);
    fs::write(place.path("decided.fair"), SPEC.replace("score: real in [0, 1]", "score: {0, 1}")).unwrap();
    place.bad("train decided.fair --data data.csv --target hired -o m", &["decided 0 or 1", "`fairc decide`"]);
    fs::write(place.path("hard.fair"), SPEC.replace("<= 0.2", "<= 0.000001\nconstraint no: E[score] == 2%")).unwrap();
    place.bad("train hard.fair --data data.csv --target hired -o m", &["epoch 0, batch 0", "relax"]);
    place.bad("predict nowhere --data new.csv", &["there is no such file"]);
}

#[test]
fn new_data_may_differ_from_those_of_training() {
    let place = Place::new();
    place.good(&format!("{TRAIN} --epochs 2 -o model"));
    let new = fs::read_to_string(place.path("new.csv")).unwrap();
    fs::write(place.path("towns.csv"), new.replace(",ax,", ",zz,")).unwrap();
    let done = place.good("predict model --data towns.csv");
    assert!(done.stderr.contains("`town`") && done.stderr.contains("training did not have"), "{}", done.stderr);
    fs::write(place.path("text.csv"), new.replacen("\nf,0", "\nf,many0", 1)).unwrap();
    place.bad("predict model --data text.csv", &["column `skill`", "is not a finite number"]);
    fs::write(place.path("less.csv"), new.replacen("skill", "talent", 1)).unwrap();
    place.bad("predict model --data less.csv", &["skill"]);
    fs::write(place.path("sexes.csv"), new.replacen("\nf,", "\nx,", 1)).unwrap();
    place.bad("predict model --data sexes.csv", &["E0702"]);
    let text = fs::read_to_string(place.path("model/model.json")).unwrap();
    fs::write(place.path("model/model.json"), text.replacen("\"version\": 1", "\"version\": 9", 1)).unwrap();
    place.bad("predict model --data new.csv", &["version 9"]);
}
