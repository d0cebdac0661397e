//! `fairc init`: whatever the table, its spec compiles at once and the table binds to it.

use std::fs;
use std::path::Path;

use fairc::language::hir::Hir;
use fairc::language::program::ColumnType;
use fairc::language::span::Source;
use fairc::language::syntax::import::NoImports;
use fairc::language::syntax::written;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::random::Random;
use super::support::{folder, run, run_with, text_of, transcript};

const TABLE: &str = "id,sex,Age Group,income,score,weight,notes,group,joined,member\n";

fn table(rows: usize) -> String {
    let row = |i: usize| {
        let (sex, age) = (["female", "male", ""][i % 3], ["18-25", "26+"][i % 2]);
        let score = f64::from(i as u32 % 10) / 10.0;
        format!(
            "a{i},{sex},{age},{},{score},{},note {i},{},2024-01-{:02},{}\n",
            i % 2,
            1 + i % 70,
            i % 4,
            1 + i % 28,
            i.is_multiple_of(5)
        )
    };
    TABLE.to_owned() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn a_first_spec_is_drafted() {
    assert_snapshot!(transcript("init --data @/people.csv"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("table.csv");
    fs::write(&data, table(120)).unwrap();
    let done = run(&["init", "--data", text_of(&data), "--group", "sex", "weight", "--pred", "score"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_snapshot!(done.stdout.replace(text_of(&data), "table.csv"));
}

#[test]
fn what_is_there_is_not_replaced_without_a_word() {
    let folder = folder(&["people.csv"]);
    let (data, spec) = (folder.path().join("people.csv"), folder.path().join("spec.fair"));
    let arguments = ["init", "--data", text_of(&data), "-o", text_of(&spec)];
    assert_eq!(run(&arguments).code, 0);
    let first = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, "# mine\n").unwrap();
    let again = run(&arguments);
    assert!(again.code == 2 && again.stderr.contains("is there already") && again.stderr.contains("--force"));
    assert_eq!(fs::read_to_string(&spec).unwrap(), "# mine\n");
    assert_eq!(run(&[&arguments[..], &["--force"]].concat()).code, 0);
    assert_eq!(fs::read_to_string(&spec).unwrap(), first);
    let over_data = run(&["init", "--data", text_of(&data), "-o", text_of(&data), "--force"]);
    assert!(over_data.code == 2 && over_data.stderr.contains("the input of `--data`"), "{}", over_data.stderr);
}

#[test]
fn refusals_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("table.csv");
    fs::write(&data, table(120)).unwrap();
    let refused = |words: &[&str]| {
        let done = run(&[&["init", "--data", text_of(&data)], words].concat());
        assert!(done.code == 2 && done.stdout.is_empty(), "{words:?}: {}", done.stdout);
        done.stderr
    };
    let says = |words: &[&str], parts: &[&str]| {
        let said = refused(words);
        assert!(parts.iter().all(|part| said.contains(part)), "{words:?}: {said}");
    };
    says(&["--pred", "scor"], &["has no column `scor`", "did you mean `score`?"]);
    says(&["--pred", "sex"], &["`sex` can be no prediction"]);
    says(&["--weight", "notes"], &["`notes` can be no weight", "50 different values or more"]);
    says(&["--group", "id"], &["`id` can be no group", "50 different values or more"]);
    says(&["--pred", "score", "--label", "score"], &["`score` is named as prediction and as label"]);
    fs::write(&data, TABLE).unwrap();
    says(&[], &["has no rows"]);
    fs::write(&data, "a,b\n1\n").unwrap();
    says(&[], &["line 2"]);
}

#[test]
fn other_forms_are_read() {
    let text = "sex;score\nf;0,5\nm;?\nf;0,25\n";
    let done =
        run_with(&["init", "--data", "-", "--delimiter", ";", "--decimal", ",", "--null", "?"], Some(text.as_bytes()));
    assert!(
        done.stdout.contains("column sex: {f, m}\n") && done.stdout.contains("column score: real in [0.25, 0.5]?"),
        "{}",
        done.stdout
    );
    let lines = "{\"a\": true, \"b\": [1]}\n{\"a\": false, \"c\": 3}\n";
    let done = run_with(&["init", "--data", "-", "--data-format", "jsonl"], Some(lines.as_bytes()));
    assert!(
        done.stdout.contains("column a: {false, true}\n") && done.stdout.contains("column c: {3}?"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("# Not declared:\n#   b: "), "{}", done.stdout);
}

/// The constraints that a draft has in comments, as a reader uncomments them.
fn uncommented(spec: &str) -> String {
    let code = |line: &&str| ["# constraint ", "# use ", "#     "].iter().any(|start| line.starts_with(start));
    spec.lines().map(|line| if code(&line) { &line[2..] } else { line }).map(|line| format!("{line}\n")).collect()
}

/// Constraints that read every column and hold where all predictions are the same.
fn readers(hir: &Hir) -> String {
    let score = written(&hir.prediction.as_ref().unwrap().name).unwrap();
    let mut text = String::new();
    for (place, column) in hir.columns.iter().enumerate() {
        let name = written(&column.name).unwrap();
        let read = match &column.ty {
            ColumnType::Categorical(_) => {
                format!(
                    "constraint read{place}: forall l{place} in {name}: E[{score} | {name} == l{place}] <= E[{score}]\n"
                )
            }
            ColumnType::Real(range) | ColumnType::Int(range)
                if range.lower < range.upper && range.lower.is_finite() =>
            {
                // A number that none equals: from 2^53 on one that does is refused.
                let middle = range.lower / 2.0 + range.upper / 2.0;
                let middle = if middle.abs() < 1e15 { middle } else { middle * 0.999 };
                format!("constraint read{place}: E[{score} | {name} <= {middle:e}] <= E[{score}]\n")
            }
            ColumnType::Real(_) | ColumnType::Int(_) => continue,
        };
        text.push_str(&read);
    }
    text
}

/// Drafts a spec for a table and checks it against the table: as it is, with its comments, and with every column read.
fn drafts(data: &Path, more: &[&str]) -> String {
    let spec = data.with_extension("fair");
    let done = run(&[&["init", "--force", "--data", text_of(data), "-o", text_of(&spec)], more].concat());
    let table = || fs::read_to_string(data).unwrap();
    assert_eq!(done.code, 0, "{}\n{}", done.stderr, table());
    let text = fs::read_to_string(&spec).unwrap();
    let source = Source { name: "spec.fair".into(), text: text.as_str().into() };
    let compilation = fairc::compile(source, &NoImports);
    assert!(compilation.program.is_some(), "{text}");
    let found: Vec<_> = compilation.diagnostics.iter().filter(|found| found.code.0 != "W0121").collect();
    assert!(found.is_empty(), "{found:?}\n{text}");
    assert_eq!(fairc::language::syntax::format(Default::default(), &text).unwrap(), text);
    for spec_text in [text.clone(), uncommented(&text), format!("{text}\n{}", readers(&compilation.hir))] {
        fs::write(&spec, &spec_text).unwrap();
        let done = run(&["check", text_of(&spec), "--data", text_of(data)]);
        assert!(done.code == 0, "{}{}\n{spec_text}\n{}", done.stdout, done.stderr, table());
    }
    text
}

const HEADERS: [&str; 34] = [
    "group",
    "label",
    "in",
    "a b",
    "名前",
    "E",
    "N",
    "score",
    "x`y",
    "",
    "prediction",
    "1",
    "l\nb",
    "ß",
    "_",
    " lead",
    "weight",
    "sex",
    "a",
    "b",
    "parity",
    "let",
    "raw",
    "adjacent",
    "otherwise",
    "#",
    "\u{202e}bidi",
    "y",
    "true",
    "mean",
    "odds",
    "a_2",
    "inf",
    "\"q\"",
];

/// The values of a column of some kind, as text.
fn column(random: &mut Random, rows: usize) -> Vec<Option<Value>> {
    let kind = random.below(18);
    let sparse = random.chance(0.4);
    let texts = [
        "x",
        "y z",
        "ü€",
        "it's \"q\"",
        "`",
        "a\nb",
        "true",
        "forall",
        "1",
        "1.0",
        "01",
        "-0",
        "inf",
        "nan",
        " x",
        "x ",
        "#",
        "\\",
        "{",
        "5%",
        "\u{200b}",
        "1e5",
        "9007199254740993",
        "TRUE",
        "0.1",
    ];
    let some = random.below(texts.len());
    (0..rows)
        .map(|row| {
            if sparse && random.chance(0.2) {
                return None;
            }
            Some(match kind {
                0 => json!(random.below(2)),
                1 => json!(random.below(8)),
                2 => json!(random.below(500) as i64 - 250),
                3 => json!(random.uniform()),
                4 => json!(random.chance(0.5)),
                5 => json!(["True", "FALSE", "true"][random.below(3)]),
                6 => json!(texts[random.below(texts.len())]),
                7 => json!(texts[(some + random.below(3)) % texts.len()]),
                8 => json!(format!("text {row}")),
                9 => json!(format!("2024-{:02}-01", 1 + random.below(12))),
                10 => json!((1_u64 << 53) + random.below(6) as u64),
                11 => json!(u64::MAX - random.below(3) as u64),
                12 => json!(["01", "1", "1.0", "2"][random.below(4)]),
                13 => json!("0.1000000000000000055511151231257827".get(..20 + random.below(10)).unwrap()),
                14 => json!([1e308, -1e308, 5e-324, 0.0, -0.0][random.below(5)]),
                15 => json!("constant"),
                16 => json!(["nan", "0.5", "2"][random.below(3)]),
                _ => return None,
            })
        })
        .collect()
}

#[test]
fn whatever_the_table_its_spec_compiles_and_binds() {
    let folder = tempfile::tempdir().unwrap();
    let cases = std::env::var("FAIRC_TABLES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40);
    for case in 0..cases {
        let mut random = Random(case);
        let rows = [1, 2, 7, 60, 300][random.below(5)];
        let mut headers = HEADERS.to_vec();
        let columns: Vec<(&str, Vec<Option<Value>>)> = (0..1 + random.below(8))
            .map(|_| (headers.swap_remove(random.below(headers.len())), column(&mut random, rows)))
            .collect();
        let data = folder.path().join(if random.chance(0.6) { "t.csv" } else { "t.jsonl" });
        if data.extension().is_some_and(|extension| extension == "csv") {
            write_csv(&data, &columns, rows);
        } else {
            write_json(&data, &columns, rows);
        }
        drafts(&data, &[]);
    }
}

fn write_csv(path: &Path, columns: &[(&str, Vec<Option<Value>>)], rows: usize) {
    // A blank line would be no row.
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Necessary).from_path(path).unwrap();
    writer.write_record(columns.iter().map(|(header, _)| *header).chain(["row"])).unwrap();
    for row in 0..rows {
        let text = |value: &Option<Value>| match value {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        writer.write_record(columns.iter().map(|(_, values)| text(&values[row])).chain([row.to_string()])).unwrap();
    }
    writer.flush().unwrap();
}

fn write_json(path: &Path, columns: &[(&str, Vec<Option<Value>>)], rows: usize) {
    let line = |row: usize| {
        let fields = columns.iter().map(|(header, values)| ((*header).to_owned(), json!(values[row])));
        format!("{}\n", Value::Object(fields.chain([("row".to_owned(), json!(row))]).collect()))
    };
    fs::write(path, (0..rows).map(line).collect::<String>()).unwrap();
}

#[test]
fn groups_of_numbers_are_bins() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..12 {
        let mut random = Random(seed);
        let rows = 1 + random.below(300);
        let scale = [1.0, 1000.0, 1e-3, 1e12][random.below(4)];
        let values: Vec<Option<Value>> = (0..rows)
            .map(|_| (!random.chance(0.1)).then(|| json!((random.uniform() * 100.0 - 50.0).round() * scale)))
            .collect();
        let data = folder.path().join("t.csv");
        write_csv(&data, &[("the amount", values)], rows);
        let done = run(&["init", "--data", text_of(&data), "--group", "the amount"]);
        if done.code == 0 {
            drafts(&data, &["--group", "the amount"]);
        } else {
            assert!(done.stderr.contains("can be no group"), "{}", done.stderr);
        }
    }
}

/// The next command reads the data as this one did.
#[test]
fn the_next_command_has_the_same_options() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| text_of(&folder.path().join(name)).to_owned();
    fs::write(path("d.csv"), "who;score\na;0,5\nN/A;0,25\nb ;0,75\n").unwrap();
    let form = ["--delimiter", ";", "--null", "N/A,not known", "--decimal", ",", "--trim"];
    let done = run(&[&["init", "--data", &path("d.csv"), "-o", &path("s.fair")], &form[..]].concat());
    let text = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let next = text.split_once("next: ").unwrap_or_else(|| panic!("{text}{}", done.stderr)).1;
    assert!(next.ends_with("--delimiter ';' --null 'N/A,not known' --decimal , --trim"), "{next}");
    let checked = run(&[&["check", &path("s.fair"), "--data", &path("d.csv")], &form[..]].concat());
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
}
