//! `fairc predict` batch by batch, with and without a state, and by per-group offsets.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::place::{Place, TRAIN, numbers, table};
use crate::support::Random;

fn trained() -> Place {
    let place = Place::new();
    place.good(&format!("{TRAIN} --epochs 3 -o model"));
    place
}

/// The mean of women minus that of men.
fn gap(path: &Path) -> f64 {
    let (sex, fair) = numbers(path, "score_fair");
    let mean = |group: &str| {
        let of: Vec<f64> = sex.iter().zip(&fair).filter(|(s, _)| *s == group).map(|(_, y)| *y).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    mean("f") - mean("m")
}

#[test]
fn a_stream_of_new_data_is_scored_and_answered() {
    let place = trained();
    for (batch, smooth) in [("1", ""), ("8", ""), ("8", "--smooth")] {
        let online = format!("--mode online --batch {batch} {smooth}");
        let done = place.good(&format!("predict model --data new.csv {online} -o fair.csv"));
        assert!(
            done.stdout.contains("wrote fair.csv with the new columns `score` and `score_fair`"),
            "{}",
            done.stdout
        );
        let limit = if smooth.is_empty() { 0.02 + 1e-12 } else { 0.05 };
        let gap = gap(&place.path("fair.csv"));
        assert!(gap.abs() <= limit, "{online}: {gap}");
        // It is `fairc stream` on the scores of the network, to the bit.
        let text = fs::read_to_string(place.path("fair.csv")).unwrap();
        let scored = text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n");
        fs::write(place.path("scored.csv"), scored.collect::<String>()).unwrap();
        let rest = format!("--batch {batch} {smooth} -o streamed.csv");
        place.good(&format!("stream model/spec.fairc --data scored.csv {rest}"));
        assert_eq!(fs::read_to_string(place.path("streamed.csv")).unwrap(), text, "{online}");
        // And the scores are those that the network gives them all at once, up to the order of its sums.
        place.good("predict model --data new.csv -o whole.csv");
        let (own, whole) = (numbers(&place.path("fair.csv"), "score").1, numbers(&place.path("whole.csv"), "score").1);
        assert!(own.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-6), "{online}");
    }
}

#[test]
fn an_output_of_no_known_format_is_told_before_the_data_are_read() {
    let place = trained();
    // Of the data the header alone can be read.
    let header = fs::read_to_string(place.path("new.csv")).unwrap().lines().next().unwrap().to_owned();
    fs::write(place.path("wrong.csv"), header + "\nno,numbers,here,at,all,of,them\n").unwrap();
    let output = place.command("predict model --data wrong.csv -o fair.tables").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("fair.tables") && !told.contains("wrong.csv"), "{told}");
}

#[test]
fn a_stream_reads_json_lines_from_a_pipe() {
    let place = trained();
    let line = |sex: &str, skill: &str| format!(r#"{{"sex":"{sex}","skill":{skill},"town":"ax","empty":1}}"#);
    let lines = [line("f", "0.5"), format!("[{},{}]", line("m", "null"), line("f", "0.25")), line("m", "0.75")];
    fs::write(place.path("new.jsonl"), lines.join("\n")).unwrap();
    let mut command = place.command("predict model --data - --data-format jsonl --mode online -o - -q");
    let output = command.stdin(fs::File::open(place.path("new.jsonl")).unwrap()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3, "{text}");
    for answer in [&answers[0], &answers[1][0], &answers[1][1], &answers[2]] {
        for name in ["score", "score_fair"] {
            let score = answer[name].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&score), "{answer}");
        }
    }
}

#[test]
fn a_stream_that_is_killed_goes_on_to_the_same_bytes() {
    let place = trained();
    fs::write(place.path("many.csv"), table(4000, 5, false)).unwrap();
    let predict = |name: &str| {
        format!("predict model --data many.csv --mode online --batch 2 --state {name}.json -o {name}.csv -q")
    };
    place.good(&predict("whole"));
    let answered = || fs::read(place.path("killed.csv")).map_or(0, |text| text.iter().filter(|b| **b == b'\n').count());
    let (mut random, mut killed) = (Random(7), 0);
    for kill in 0..6 {
        let mut command = place.command(&predict("killed"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Somewhere in the next stretch of the answers, however fast the machine is.
        let least = kill * 600 + random.below(500);
        while answered() < least && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(killed >= 3, "only {killed} runs were killed on the way");
    place.good(&predict("killed"));
    let bytes = |name: &str| fs::read(place.path(name)).unwrap();
    assert!(bytes("whole.csv") == bytes("killed.csv"), "the answers differ");
    assert!(bytes("whole.json") == bytes("killed.json"), "the states differ");
}

#[test]
fn a_state_belongs_to_its_model() {
    let place = trained();
    let predict = "predict model --data new.csv --mode online --state s.json -o fair.csv";
    place.good(predict);
    place.good(&format!("{TRAIN} --epochs 1 --seed 5 -o other"));
    let other = predict.replace("predict model", "predict other");
    place.bad(&other, &["the state was made with the model", "--append"]);
    place.bad(&format!("{predict} --batch 4"), &["`--batch` 1", "this is 4"]);
    fs::copy(place.path("fair.csv"), place.path("copy.csv")).unwrap();
    place.bad(
        "stream model/spec.fairc --data copy.csv --pred score --name x --state s.json -o fair.csv",
        &["the state was made with"],
    );
    // Data that follow may be answered by another model, under the same pooled rows.
    fs::write(place.path("next.csv"), table(200, 9, false)).unwrap();
    place.good(&other.replace("new.csv", "next.csv --append"));
    let (_, fair) = numbers(&place.path("fair.csv"), "score_fair");
    assert_eq!(fair.len(), 501);
    assert!(gap(&place.path("fair.csv")).abs() <= 0.02 + 1e-12);
}

#[test]
fn fixed_shifts_are_the_same_for_a_person_whoever_else_is_there() {
    let place = trained();
    place.good("predict model --data new.csv -o scored.csv");
    place.good("freeze model/spec.fairc --data scored.csv --pred score -o shifts.json");
    let frozen = "predict model --mode frozen --shifts shifts.json";
    let done = place.good(&format!("{frozen} --data new.csv -o fair.csv"));
    assert!(done.stdout.contains("301 predictions by per-group offsets"), "{}", done.stdout);
    // On the reference data they are the projection, which the layer gives in single precision.
    let (sex, fair) = numbers(&place.path("fair.csv"), "score_fair");
    let layer = numbers(&place.path("scored.csv"), "score_fair").1;
    assert!(fair.iter().zip(&layer).all(|(a, b)| (a - b).abs() < 1e-6));
    // On others every member of a group moves by the same.
    let own = numbers(&place.path("fair.csv"), "score").1;
    for group in ["f", "m"] {
        let moves: BTreeSet<i64> = (sex.iter().zip(own.iter().zip(&fair)))
            .filter(|(s, (_, y))| *s == group && **y > 0.0 && **y < 1.0)
            .map(|(_, (z, y))| ((y - z) * 1e9).round() as i64)
            .collect();
        assert_eq!(moves.len(), 1, "{group}: {moves:?}");
    }
    let text = fs::read_to_string(place.path("new.csv")).unwrap();
    let few: Vec<&str> = text.lines().take(6).collect();
    fs::write(place.path("few.csv"), few.join("\n")).unwrap();
    place.good(&format!("{frozen} --data few.csv -o few_fair.csv"));
    let few = numbers(&place.path("few_fair.csv"), "score_fair").1;
    assert!(few.len() == 5 && few.iter().zip(&fair).all(|(a, b)| (a - b).abs() < 1e-6));
    let json = place.good(&format!("{frozen} --data few.csv --format json"));
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["n"].as_u64(), json["left_out"].as_u64()), (Some(5), Some(1)));
    place.bad(&format!("{frozen} --data new.csv --set eps=0.1"), &["fitted with `eps` = 0.02", "--set eps=0.02"]);
    place.bad(
        &format!("{frozen} --data new.csv").replace("shifts.json", "nowhere.json"),
        &["cannot read `nowhere.json`"],
    );
    fs::write(
        place.path("other.fair"),
        "column sex: {f, m}\npredict score: real in [0, 1]\nconstraint c: E[score] == 30%",
    )
    .unwrap();
    place.good("freeze other.fair --data scored.csv --pred score -o other.json");
    place.bad(
        &format!("{frozen} --data new.csv").replace("shifts.json", "other.json"),
        &["cannot use the shifts", "spec"],
    );
}

#[test]
fn arguments_of_other_modes_are_refused() {
    let place = trained();
    place.bad("predict model --data new.csv --state s.json", &["`--state` is for `--mode online`"]);
    place.bad("predict model --data new.csv --shifts s.json", &["`--shifts` is for `--mode frozen`"]);
    place.bad("predict model --data new.csv --mode online --shifts s.json", &["`--shifts` is for `--mode frozen`"]);
    place.bad("predict model --data new.csv --mode frozen", &["needs the shifts", "fairc freeze"]);
    place.bad("predict model --data new.csv --mode frozen --shifts s.json --batch 4", &["`--batch` is not for"]);
    place.bad("predict model --data new.csv --mode frozen --shifts s.json --smooth", &["`--smooth` is for"]);
    place.bad("predict model --data new.csv --mode online --replace", &["`--replace` is not for `--mode online`"]);
    let new = fs::read_to_string(place.path("new.csv")).unwrap();
    fs::write(place.path("less.csv"), new.replacen("skill", "talent", 1)).unwrap();
    place.bad("predict model --data less.csv --mode online", &["`skill`", "talent"]);
    fs::write(place.path("text.csv"), new.replacen("\nf,0", "\nf,many0", 1)).unwrap();
    place.bad("predict model --data text.csv --mode online", &["column `skill`", "is not a finite number"]);
    fs::write(place.path("twice.csv"), new.replacen("empty", "score", 1)).unwrap();
    place.bad("predict model --data twice.csv --mode online", &["already has a column `score`"]);
    fs::write(place.path("towns.csv"), new.replace(",ax,", ",zz,")).unwrap();
    let done = place.good("predict model --data towns.csv --mode online");
    assert!(done.stderr.contains("`town`") && done.stderr.contains("training did not have"), "{}", done.stderr);
}
