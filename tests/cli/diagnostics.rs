//! Every diagnostic as people see it, beside its source.

use std::fs;
use std::path::Path;

use insta::{assert_snapshot, glob};

use super::support::{root, run};

fn relative(path: &Path) -> String {
    let path = path.canonicalize().unwrap();
    path.strip_prefix(root().canonicalize().unwrap()).unwrap().to_str().unwrap().to_owned()
}

fn code_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?.to_owned();
    let code: String = stem.chars().take(5).collect();
    (code.len() == 5 && code[1..].bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// The file `E0401_words.fair` gives E0401 and nothing else.
#[test]
fn specs() {
    glob!("../fixtures/diagnostics/*.fair", |path| {
        let name = relative(path);
        let done = run(&["check", &name]);
        if let Some(code) = code_of(path) {
            let json: serde_json::Value =
                serde_json::from_str(&run(&["check", &name, "--format", "json"]).stdout).unwrap();
            let found = json["diagnostics"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap());
            assert_eq!(found.collect::<Vec<_>>(), [code.as_str()], "{name}");
            assert_eq!(done.code, i32::from(code.starts_with('E')), "{name}");
        }
        assert!(done.stderr.is_empty(), "{}", done.stderr);
        assert_snapshot!(format!("{}\n========\n{}", fs::read_to_string(path).unwrap().trim_end(), done.stdout));
    });
}

/// The file `E0702.fair` gives E0702 on `E0702.csv`, and `E0601.fairc` by itself.
#[test]
fn data_and_compiled_specs() {
    glob!("../fixtures/data_errors/*.fair*", |path| {
        let (name, code) = (relative(path), code_of(path).unwrap());
        let data = relative(path).replace(".fair", ".csv");
        let arguments = match code.as_str() {
            "E0707" => vec!["audit", &name, "--data", &data],
            compiled if compiled.starts_with("E06") => vec!["check", &name],
            _ => vec!["check", &name, "--data", &data],
        };
        let done = run(&arguments);
        let json = run(&[&arguments[..], &["--format", "json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let found = json["diagnostics"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), [code.as_str()], "{name}");
        assert_eq!(done.code, 1, "{name}");
        let labels = serde_json::to_string_pretty(&json["diagnostics"][0]["labels"]).unwrap();
        let spec = fs::read_to_string(path).unwrap();
        let transcript = done.transcript(&arguments);
        assert_snapshot!(format!("{}\n========\n{transcript}========\nlabels {labels}", spec.trim_end()));
    });
}

#[test]
fn every_code_has_a_fixture() {
    let mut covered = std::collections::BTreeSet::new();
    for folder in ["tests/fixtures/diagnostics", "tests/fixtures/data_errors"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            covered.extend(code_of(&entry.unwrap().path()));
        }
    }
    // A file too long for the compiler, and one that is no text.
    covered.extend(["E0104".to_owned(), "E0105".to_owned()]);
    let codes = fairc::language::explain::PAGES.iter().map(|page| page.code.to_owned());
    assert_eq!(covered, codes.collect());
}

#[test]
fn terminals_that_show_unicode_get_it() {
    let path = "tests/fixtures/diagnostics/E0202_across_files.fair";
    assert_snapshot!(run(&["check", path, "--symbols", "unicode"]).stdout);
}
