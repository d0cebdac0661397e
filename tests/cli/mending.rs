//! `check --fix` and `--diff`, what imports may read, and what reaches a terminal.

use std::fs;

use super::support::{folder, run, text_of};

const BROKEN: &str = "\
# sizes are given in percent
column sex {female, male}
predict score: real in [0, 1]
param eps = .02 in [0, 1]

constraint parity: |E(score | sex = 'female') - E[score | sex == male]| ≤ eps
";

const MENDED: &str = "\
# sizes are given in percent
column sex: {female, male}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]

constraint parity: |E[score | sex == female] - E[score | sex == male]| <= eps
";

#[test]
fn sure_edits_are_shown_and_made() {
    let folder = folder(&[]);
    let path = folder.path().join("spec.fair");
    fs::write(&path, BROKEN).unwrap();
    let shown = run(&["check", "--diff", text_of(&path)]);
    assert_eq!(shown.code, 1);
    assert!(shown.stdout.contains("-column sex {female, male}\n+column sex: {female, male}\n"), "{}", shown.stdout);
    assert_eq!(fs::read_to_string(&path).unwrap(), BROKEN);
    let made = run(&["check", "--fix", text_of(&path)]);
    assert_eq!((made.code, fs::read_to_string(&path).unwrap().as_str()), (0, MENDED), "{}", made.stdout);
    assert!(made.stderr.contains("mistakes mended"), "{}", made.stderr);
    // Nothing is left to mend.
    let again = run(&["check", "--fix", "--diff", text_of(&path)]);
    assert_eq!((again.code, again.stderr.as_str()), (0, ""), "{}", again.stdout);
}

/// An editor that applies what is offered comes to the mended text; where one mistake hides the fix of another, in a second round.
#[test]
fn edits_of_json_are_byte_ranges() {
    let folder = folder(&[]);
    let path = folder.path().join("spec.fair");
    let mut text = BROKEN.to_owned();
    for _ in 0..2 {
        fs::write(&path, &text).unwrap();
        let json: serde_json::Value =
            serde_json::from_str(&run(&["check", "--format", "json", text_of(&path)]).stdout).unwrap();
        let mut edits: Vec<(usize, usize, String)> = Vec::new();
        for found in json["diagnostics"].as_array().unwrap() {
            let Some(offered) = found["edits"].as_array() else { continue };
            assert_eq!(found["sure"], true, "{found}");
            for edit in offered {
                let at = |key: &str| edit[key].as_u64().unwrap() as usize;
                edits.push((at("start"), at("end"), edit["text"].as_str().unwrap().to_owned()));
            }
        }
        edits.sort();
        edits.iter().rev().for_each(|(start, end, new)| text.replace_range(start..end, new));
    }
    assert_eq!(text, MENDED);
}

/// Each edit fits the text by itself, whatever else is wrong there: an editor offers them one by one.
#[test]
fn a_declaration_without_its_keyword_is_mended_once() {
    let folder = folder(&[]);
    let path = folder.path().join("spec.fair");
    for value in ["not old", "old and age < 90", "age in {1}", "age >= 3", "(age >= 3)"] {
        let text = format!(
            "column age: real in [0, 100]\npredict score: real in [0, 1]\nevent old = age >= 60\nyoung = {value}\n\
             constraint c: E[score | young] >= 0.2\n"
        );
        fs::write(&path, &text).unwrap();
        let done = run(&["check", "--format", "json", text_of(&path)]);
        let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        let found = json["diagnostics"].as_array().unwrap();
        let edits = found.iter().flat_map(|found| found["edits"].as_array().cloned().unwrap_or_default());
        let edits: Vec<serde_json::Value> = edits.collect();
        assert!(edits.len() == 1 && edits[0]["text"] == "event ", "{value}: {edits:?}");
        assert_eq!(edits[0]["start"], edits[0]["end"], "{value}");
    }
}

#[test]
fn imports_stay_in_the_folder_of_the_spec() {
    let folder = folder(&[]);
    let inner = folder.path().join("specs");
    fs::create_dir(&inner).unwrap();
    fs::write(folder.path().join("outside.fair"), "column sex: {female, male}\n").unwrap();
    fs::write(folder.path().join("secret"), "token = 123456\n").unwrap();
    fs::write(inner.join("secret"), "token = 123456\n").unwrap();
    let spec = |import: &str| {
        let path = inner.join("spec.fair");
        let text = format!("import \"{import}\"\npredict s: real in [0, 1]\nconstraint c: E[s] <= 0.5\n");
        fs::write(&path, text).unwrap();
        path
    };
    for import in ["../outside.fair", "../nothing.fair", "/etc/passwd", "-", "/dev/stdin", "secret", "../secret"] {
        let done = run(&["check", text_of(&spec(import))]);
        assert_eq!(done.code, 1, "{import}: {}", done.stdout);
        assert!(done.stdout.contains("E0206") && !done.stdout.contains("123456"), "{import}: {}", done.stdout);
    }
    let outside = |import: &str| {
        run(&["check", text_of(&spec(import))]).stdout.replace(import.trim_start_matches("../"), "").replace(import, "")
    };
    assert_eq!(outside("../outside.fair"), outside("../nothing.fair"), "not even that a file exists is told");
    let path = spec("../outside.fair");
    assert_eq!(run(&["check", "--import-root", text_of(folder.path()), text_of(&path)]).code, 0);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("outside.fair"), inner.join("link.fair")).unwrap();
        assert_eq!(run(&["check", text_of(&spec("link.fair"))]).code, 1);
    }
}

#[test]
fn values_of_data_cannot_steer_a_terminal() {
    let folder = folder(&[]);
    let (spec, data) = (folder.path().join("spec.fair"), folder.path().join("data.csv"));
    fs::write(&spec, "column g: {a, b}\npredict s: real in [0, 1]\nuse demographic_parity(g, 0.1)\n").unwrap();
    fs::write(
        &data,
        "g,s,week\na,0.5,w\u{1b}]0;TITLE\u{7}\nb,0.9,w\u{1b}]0;TITLE\u{7}\na,0.1,\u{202e}x\nb,0.1,\u{202e}x\n",
    )
    .unwrap();
    let arguments = ["audit", text_of(&spec), "--data", text_of(&data), "--group-by", "week"];
    for color in ["never", "always"] {
        let done = run(&[&arguments[..], &["--color", color]].concat());
        for text in [done.stdout, done.stderr] {
            assert!(!text.contains(['\u{7}', '\u{202e}']) && !text.contains("\u{1b}]"), "{text:?}");
        }
    }
}
