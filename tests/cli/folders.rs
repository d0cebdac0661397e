//! Folders of Parquet files as data.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{Done, folder, run, squeezed};

const SPEC: &str = "column sex: {f, m}\npredict score: real in [0, 1]\nconstraint k: |E[score | sex == f] - E[score | sex == m]| <= 0.1\n";
const PARTS: [&str; 3] = ["f,0.1\nm,0.9\n", "f,0.25\n", "m,0.75\nf,0.5\nm,1\n"];

/// A command on files of a folder, of which `@` is the path.
fn at(room: &Path, line: &str) -> Done {
    let words: Vec<String> = line.split(' ').map(|word| word.replace('@', &room.display().to_string())).collect();
    run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A room with the parts as a folder of Parquet files and all of it in one CSV file.
fn room(parts: &[&str]) -> tempfile::TempDir {
    let made = folder(&[]);
    let room = made.path();
    fs::create_dir(room.join("people")).unwrap();
    fs::write(room.join("spec.fair"), SPEC).unwrap();
    fs::write(room.join("any.fair"), "predict score: real\nconstraint k: E[score] <= 9\n").unwrap();
    fs::write(room.join("people.csv"), format!("sex,score\n{}", parts.concat())).unwrap();
    for (place, part) in parts.iter().enumerate() {
        fs::write(room.join("part.csv"), format!("sex,score\n{part}")).unwrap();
        let done = at(room, &format!("project @/any.fair --data @/part.csv --name same -o @/people/{place}.parquet"));
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
    fs::write(room.join("people/_SUCCESS"), "").unwrap();
    made
}

#[test]
fn every_command_reads_a_folder_as_the_table_that_it_is() {
    let made = room(&PARTS);
    let room = made.path();
    for command in
        ["audit @/spec.fair", "project @/spec.fair", "decide @/spec.fair", "project @/spec.fair --low-memory"]
    {
        let [one, two] = ["people.csv", "people"].map(|data| {
            let done = at(room, &format!("{command} --data @/{data} --format json"));
            let mut said: Value = serde_json::from_str(&done.stdout).expect(&done.stderr);
            said.as_object_mut().unwrap().remove("data");
            (done.code, said)
        });
        assert_eq!(one, two, "{command}");
    }
    for command in
        ["export @/spec.fair --to json -o @/out", "freeze @/spec.fair --to json -o @/out", "check @/spec.fair"]
    {
        let [one, two] = ["people.csv", "people"].map(|data| {
            let done = at(room, &format!("{command} --data @/{data}"));
            let written = fs::read_to_string(room.join("out")).unwrap_or_default();
            (done.code, done.stdout.replace("people.csv", "people"), written.replace("people.csv", "people"))
        });
        assert_eq!(one, two, "{command}");
    }
    let done = at(room, "stream @/spec.fair --data @/people");
    assert!(done.code == 2 && done.stderr.contains("it is a folder"), "{}", done.stderr);
}

#[test]
fn a_folder_is_written_as_it_is_read() {
    let made = room(&PARTS);
    let room = made.path();
    let column = |data: &str, header: &str| -> Vec<String> {
        let done = at(room, &format!("project @/any.fair --data @/{data} --name twice -o @/read.csv"));
        assert_eq!(done.code, 0, "{}", done.stderr);
        let text = fs::read_to_string(room.join("read.csv")).unwrap();
        let place = text.lines().next().unwrap().split(',').position(|name| name == header).unwrap();
        text.lines().skip(1).map(|line| line.split(',').nth(place).unwrap().to_owned()).collect()
    };
    let done = at(room, "project @/spec.fair --data @/people.csv -o @/whole.csv");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let expected = column("whole.csv", "score_fair");
    for (option, out) in [("", "out"), (" --low-memory", "low/"), ("", "one.parquet"), (" --low-memory", "low.csv")] {
        let done = at(room, &format!("project @/spec.fair --data @/people -o @/{out}{option}"));
        assert!(
            done.code == 0 && squeezed(&done.stdout).contains("with the new column `score_fair`"),
            "{}",
            done.stderr
        );
        let near = |(a, b): (&String, &String)| (a.parse::<f64>().unwrap() - b.parse::<f64>().unwrap()).abs() < 1e-12;
        let written = column(out, "score_fair");
        let equal = if option.is_empty() { written == expected } else { written.iter().zip(&expected).all(near) };
        assert!(equal && written.len() == 6, "{out}: {written:?}");
    }
    assert_eq!(column("out/2.parquet", "score_fair"), expected[3..]);
    let done = at(room, "audit @/spec.fair --data @/low --pred score_fair");
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    // What is there is not touched, nor is anything computed first: the spec that cannot hold is not told.
    let never = "constraint no: E[score | sex == f] >= 0.9\nconstraint other: E[score] <= 0.1\n";
    fs::write(room.join("spec.fair"), format!("{SPEC}{never}")).unwrap();
    for (option, out, says) in [
        ("", "out", "it is there already, with files in it"),
        (" --low-memory", "out", "it is there already, with files in it"),
        ("", "people", "it is there already, with files in it"),
        (" --replace", "out/", "it is there already, with files in it"),
        ("", "spec.fair/", "it is a file"),
        ("", "people/new.parquet", "is in the folder that is the input of `--data` and the output of `-o`"),
        ("", "people/../people/0.parquet", "is in the folder that is the input of `--data`"),
        ("", "people/deeper", "is in the folder that is the input of `--data`"),
    ] {
        let done = at(room, &format!("project @/spec.fair --data @/people -o @/{out}{option}"));
        assert!(done.code == 2 && squeezed(&done.stderr).contains(says), "{out}: {}", done.stderr);
    }
    let html = at(room, "audit @/spec.fair --data @/people --html @/people/page.html");
    assert!(html.code == 2 && html.stderr.contains("name another file"), "{}", html.stderr);
    assert_eq!(fs::read_dir(room.join("people")).unwrap().count(), 4);
    assert_eq!(fs::read_dir(room.join("out")).unwrap().count(), 3);
}

#[test]
fn what_is_wrong_in_a_folder_is_found_there() {
    let made = room(&["f,0.1\n", "m,0.5\nmail,0.5\n", "x,0.5\nf,0.5\ny,1\n"]);
    let room = made.path();
    let name = |part: &str| format!("{}/people/{part}.parquet", room.display());
    for (option, others) in [("", true), (" --low-memory", false)] {
        let done = at(room, &format!("project @/spec.fair --data @/people --format json{option}"));
        let said: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(done.code, 1, "{said}");
        let (fault, message) = (&said["diagnostics"][0], said["diagnostics"][0]["message"].as_str().unwrap());
        assert!(message.starts_with(&format!("`{}` row 2: `sex` is `mail`", name("1"))), "{said}");
        if others {
            let more = format!("3 such values in all, also at row 1 of `{}` (`x`), row 3 (`y`)", name("2"));
            assert!(message.ends_with(&more), "{said}");
            let files: Vec<_> = fault["labels"].as_array().unwrap().iter().map(|place| place["file"].clone()).collect();
            assert_eq!(files, [name("1"), name("2"), name("2")]);
        }
    }
    fs::create_dir(room.join("people/year=2026")).unwrap();
    for command in ["audit", "project", "project --low-memory", "decide"] {
        let done = at(room, &format!("{command} @/spec.fair --data @/people"));
        let said = squeezed(&done.stderr);
        assert!(done.code == 2 && said.contains("it has a folder `year=2026`"), "{said}");
        assert!(said.contains("hive_partitioning = true"), "{said}");
    }
}
