//! What is said of arguments and files that cannot be meant: each names what is wrong, and what would be right.

use std::fs;
use std::path::Path;

use super::support::{Done, folder, run_with, squeezed};

const SPEC: &str =
    "column sex: {f, m}\npredict score: real in [0, 1]\nparam eps = 0.5 in [0, 1]\nuse demographic_parity(sex, eps)\n";
const DATA: &str = "sex,score,y\nf,0.1,1\nm,0.9,0\nf,0.2,1\n";
const PROBLEM: &str = r#"{"z":[1],"A":{"indptr":[0],"indices":[],"values":[]},"l":[],"u":[]}"#;

/// A folder with a spec, data, a folder and a problem.
fn room() -> tempfile::TempDir {
    let room = folder(&[]);
    for (name, text) in [("spec.fair", SPEC), ("data.csv", DATA), ("bom.jsonl", &format!("\u{feff}{PROBLEM}\n"))] {
        fs::write(room.path().join(name), text).unwrap();
    }
    fs::create_dir(room.path().join("d")).unwrap();
    room
}

/// Runs a command, in which `@` is the folder and `SPEC` a spec with data.
fn at(room: &Path, line: &str) -> Done {
    let line = line.replace("SPEC", "@/spec.fair --data @/data.csv");
    let words: Vec<String> = line.split(' ').map(|word| word.replace('@', room.to_str().unwrap())).collect();
    run_with(&words.iter().map(String::as_str).collect::<Vec<_>>(), Some(b""))
}

/// The command ends with 2 and says all of this.
fn refused(room: &Path, line: &str, said: &[&str]) {
    let done = at(room, line);
    assert_eq!(done.code, 2, "{line}: {}{}", done.stdout, done.stderr);
    let stderr = squeezed(&done.stderr);
    for words in said {
        assert!(stderr.contains(words), "{line}: {words}: {stderr}");
    }
}

#[test]
fn outputs_without_a_known_extension_name_their_own_option() {
    let room = room();
    for command in ["project SPEC", "decide SPEC", "project SPEC --low-memory"] {
        refused(
            room.path(),
            &format!("{command} -o @/fair.xyz"),
            &["unknown extension `.xyz`", "`--output-format csv`"],
        );
        refused(room.path(), &format!("{command} -o @/fair.csv.gz"), &["outputs are not packed"]);
    }
    refused(room.path(), "audit @/spec.fair --data @/bom.xyz", &["there is no such file"]);
    refused(room.path(), "price SPEC --plot @/x.png", &["the picture is SVG"]);
}

#[test]
fn folders_are_named_as_such() {
    let room = room();
    let outputs = [
        "project SPEC -o @/d",
        "audit SPEC --html @/d",
        "audit SPEC --card @/d",
        "compile @/spec.fair -o @/d",
        "stream SPEC -o @/d",
        "export SPEC --to json -o @/d",
        "init --data @/data.csv -o @/d",
        "price SPEC --plot @/d",
        "freeze SPEC --to json -o @/d",
    ];
    for line in outputs {
        refused(room.path(), line, &["cannot write `", "it is a folder", "name a file in it"]);
    }
    let inputs =
        ["solve @/d", "verify @/d @/d", "check @/d", "fmt @/d", "project SPEC --frozen @/d", "stream SPEC --state @/d"];
    for line in inputs {
        refused(room.path(), line, &["cannot read", "it is a folder"]);
    }
    refused(room.path(), "audit @/spec.fair --data @/d --data-format csv", &["cannot read", "it is a folder"]);
    refused(room.path(), "project SPEC -o @/none/x.csv", &["there is no such folder", "make the folder"]);
    for (root, why) in [("@/none", "there is no such folder"), ("@/data.csv", "it is a file")] {
        refused(room.path(), &format!("check @/spec.fair --import-root {root}"), &["imports cannot be in", why]);
    }
    assert_eq!(at(room.path(), "check @/spec.fair --import-root @").code, 0);
}

#[test]
fn a_missing_file_has_one_wording() {
    let room = room();
    let lines = [
        "solve @/none",
        "verify @/none @/none",
        "check @/none",
        "fmt @/none",
        "audit @/spec.fair --data @/none.csv",
        "stream @/spec.fair --data @/none.csv",
        "project SPEC --frozen @/none",
        "sql @/spec.fair --table t --types @/none",
    ];
    for line in lines {
        refused(room.path(), line, &["cannot read `", "`: there is no such file", "check the spelling"]);
    }
}

#[test]
fn standard_input_is_read_once() {
    let room = room();
    for line in ["check - -", "diff - -", "verify - -", "fmt - -", "check - --data -", "audit - --data -", "stream -"] {
        refused(room.path(), line, &["standard input is named twice"]);
    }
    refused(room.path(), "demo -", &["`-` is not a folder"]);
}

#[test]
fn numbers_say_what_is_expected() {
    let room = room();
    refused(room.path(), "decide SPEC --cutoff 50%", &["expected a number, which for 50% is 0.5"]);
    refused(room.path(), "audit SPEC --rows -1", &["expected a whole number from 0 on"]);
    refused(room.path(), "decide SPEC --randomize x", &["expected a whole number from 0 on"]);
    refused(room.path(), "project SPEC --batch 0", &["expected a whole number from 1 on"]);
    refused(room.path(), "audit SPEC --bootstrap 100001", &["expected a whole number from 0 to 100000"]);
}

#[test]
fn formats_are_those_of_the_command() {
    let room = room();
    refused(
        room.path(),
        "impact --data @/data.csv --pred y --by sex --format sarif",
        &["`impact` does not print sarif", "human, json or markdown; `audit` prints sarif"],
    );
    refused(
        room.path(),
        "check @/spec.fair --format markdown",
        &["`check` does not print markdown", "human or json; `audit` and `impact`"],
    );
    let help = at(room.path(), "stream --help").stdout;
    assert!(help.contains("csv, tsv or jsonl") && !help.contains("parquet") && !help.contains("arrow or"), "{help}");
    let help = at(room.path(), "audit --help").stdout;
    assert!(help.contains("parquet"), "{help}");
}

#[test]
fn no_option_is_ignored() {
    let room = room();
    refused(room.path(), "audit SPEC --raw nope", &["has no column `nope`, which `--raw` names"]);
    refused(room.path(), "stream SPEC --step 3", &["`--mode primal-dual`"]);
    assert_eq!(at(room.path(), "stream SPEC --mode primal-dual --step 3").code, 0);
    for command in ["project SPEC", "check @/spec.fair", "stream SPEC", "audit SPEC"] {
        refused(
            room.path(),
            &format!("{command} --set eps=0.1 --set eps=0.2"),
            &["`eps` is set twice, to 0.1 and to 0.2"],
        );
    }
    let note = at(room.path(), "audit SPEC --raw y");
    assert!(note.stderr.contains("no row reads `raw(..)`"), "{}", note.stderr);
    let note = at(room.path(), "impact --data @/data.csv --pred y --by sex --unknown Male,m");
    assert_eq!((note.code, note.stderr.lines().count()), (0, 1), "{}", note.stderr);
    assert!(note.stderr.contains("no category is `Male`"), "{}", note.stderr);
}

#[test]
fn texts_that_are_no_specs_are_named() {
    let room = room();
    let told = |name: &str, bytes: &[u8], said: &str| {
        fs::write(room.path().join(name), bytes).unwrap();
        let done = at(room.path(), &format!("check @/{name}"));
        assert_eq!(done.code, 1, "{name}: {}", done.stdout);
        assert!(done.stdout.starts_with("1 error in ") && done.stdout.contains(said), "{name}: {}", done.stdout);
    };
    told("long.fair", " ".repeat((8 << 20) + 1).as_bytes(), "E0104");
    told("mac.fair", SPEC.replace('\n', "\r").as_bytes(), "carriage returns alone");
    let wide = |order: fn(u16) -> [u8; 2]| SPEC.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    told("le.fair", &wide(u16::to_le_bytes), "the file is UTF-16 text");
    told("be.fair", &wide(u16::to_be_bytes), "the file is UTF-16 text");
    told("mark.fair", &[&b"\xFF\xFE"[..], &wide(u16::to_le_bytes)].concat(), "the file is UTF-16 text");
    told("import.fair", b"import \"le.fair\"\n", "it is UTF-16 text");
    told("top.fair", b"predict p: real\nqwertz uiop\n", "`let`, `relation`");
}

#[test]
fn marks_at_the_beginning_and_the_end_are_seen() {
    let room = room();
    let done = at(room.path(), "solve @/bom.jsonl");
    assert!(done.code == 0 && done.stdout.contains("optimal"), "{}{}", done.stdout, done.stderr);
    fs::write(room.path().join("answers.jsonl"), format!("\u{feff}{}", done.stdout)).unwrap();
    assert_eq!(at(room.path(), "verify @/bom.jsonl @/answers.jsonl").code, 0);
    fs::write(room.path().join("spec.fair"), SPEC.trim_end()).unwrap();
    let done = at(room.path(), "fmt --check @/spec.fair");
    assert!(done.code == 1 && done.stdout.contains("\n\\ No newline at end of file\n+use"), "{}", done.stdout);
}
