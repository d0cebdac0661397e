//! `fairc decide`: what is decided holds, is the same again, and is the same elsewhere.

use std::fs;
use std::path::Path;

use super::random::Random;
use super::support::{command, squeezed};

const SPEC: &str = "column sex: {female, male}?\ncolumn race: {a, b, c}\ncolumn age: real in [0, 99]?\nparam eps = 0.03 in [0, 1]\n\
                    predict hire: real in [0, 1] from score\n\
                    constraint rates: |E[hire | sex == female] - E[hire | sex == male]| <= eps\n\
                    constraint races: forall r in race: E[hire | race == r] >= 80% * E[hire]\n\
                    constraint old: E[hire | age >= 60] >= E[hire] - 0.1\n\
                    constraint budget: Sum[hire] <= 60\n";

pub fn run(path: &Path, words: &str) -> (i32, String, String) {
    let arguments: Vec<&str> = words.split(' ').collect();
    let output = command(&arguments).current_dir(path).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// People with a number each, some of them without a sex, of another one, or without an age, and with many equal scores.
fn people(n: usize, seed: u64) -> Vec<String> {
    let mut random = Random(seed);
    let person = |id: usize| {
        let sex = ["female", "female", "male", "male", "", "other"][random.below(6)];
        let race = ["a", "a", "b", "c"][random.below(4)];
        let age = if random.chance(0.1) { String::new() } else { (18 + random.below(60)).to_string() };
        let score = (random.uniform() * 0.8 + if sex == "male" { 0.2 } else { 0.0 }) * 50.0;
        let score = if random.chance(0.7) { score.round() / 50.0 } else { score / 50.0 };
        format!("p{id},{sex},{race},{age},{score}")
    };
    (0..n).map(person).collect()
}

const HEADER: &str = "id,sex,race,age,score";

pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spec.fair"), SPEC).unwrap();
    write(folder.path(), "people.csv", &people(300, 5));
    write(folder.path(), "others.csv", &people(200, 6));
    folder
}

fn write(path: &Path, name: &str, people: &[String]) {
    fs::write(path.join(name), format!("{HEADER}\n{}\n", people.join("\n"))).unwrap();
}

/// By the number of the person, the last column of a file.
pub fn decisions(path: &Path, name: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(path.join(name)).unwrap();
    let fields = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[0].to_owned(), fields[fields.len() - 1].to_owned())
    };
    text.lines().skip(1).map(fields).collect()
}

#[test]
fn what_is_decided_holds() {
    let folder = folder();
    let path = folder.path();
    let (code, out, error) = run(path, "decide spec.fair --data people.csv -o out.csv");
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.contains("impact") || out.contains("selected, impact ratio"), "{out}");
    assert!(
        out.contains("all 6 rows hold") && out.contains("wrote out.csv with the new column `hire_decision`"),
        "{out}"
    );
    assert!(decisions(path, "out.csv").iter().all(|(_, decision)| ["0", "1"].contains(&decision.as_str())));
    // The copy is faithful, and the audit says the same.
    let (before, after) =
        (fs::read_to_string(path.join("people.csv")).unwrap(), fs::read_to_string(path.join("out.csv")).unwrap());
    let same = before.lines().zip(after.lines()).all(|(before, after)| after.starts_with(&format!("{before},")));
    assert!(same && before.lines().count() == after.lines().count());
    let (code, out, _) = run(path, "audit spec.fair --data out.csv --pred hire_decision");
    assert_eq!(code, 0, "{out}");
    // Without rows that press, the cutoff decides.
    fs::write(path.join("free.fair"), SPEC.replace("<= 60", "<= 1000").replace("80%", "0%").replace("- 0.1", "- 1"))
        .unwrap();
    let (code, out, _) = run(path, "decide free.fair --data people.csv --set eps=1 --cutoff 0.6 -o free.csv");
    assert!(
        code == 0
            && squeezed(&out)
                .contains("as much as by the cutoff alone; no decisions of 0 and 1 within the rows gain more"),
        "{out}"
    );
    for (line, (_, decision)) in before.lines().skip(1).zip(decisions(path, "free.csv")) {
        let score: f64 = line.rsplit(',').next().unwrap().parse().unwrap();
        assert_eq!(decision, if score >= 0.6 { "1" } else { "0" }, "{line}");
    }
}

#[test]
fn draws_are_of_persons_and_not_of_rows() {
    let folder = folder();
    let path = folder.path();
    let mut turned = people(300, 5);
    turned.reverse();
    write(path, "turned.csv", &turned);
    let (code, out, error) =
        run(path, "decide spec.fair --data people.csv --randomize 7 --key id -o a.csv --freeze t.json");
    assert!(code == 0 && out.contains("drawn with seed 7: in expectation all rows hold"), "{out}{error}");
    // The same chances in another order.
    let turned = "decide spec.fair --data turned.csv --thresholds t.json --randomize 7 --key id -o b.csv";
    assert_eq!(run(path, turned).0, 0);
    assert_eq!(
        run(path, "decide spec.fair --data people.csv --thresholds t.json --randomize 7 --key id -o c.csv").0,
        0
    );
    let (a, mut b, c) = (decisions(path, "a.csv"), decisions(path, "b.csv"), decisions(path, "c.csv"));
    b.reverse();
    assert!(a == b && a == c);
}

#[test]
fn gains_of_a_column_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("spec.fair"), "predict hire: real in [0, 1] from score\nconstraint most: Sum[hire] <= 2\n")
        .unwrap();
    fs::write(path.join("few.csv"), "score,worth\n0.9,1\n0.1,5\n0.2,-3\n0.8,4\n").unwrap();
    let (code, _, error) = run(path, "decide spec.fair --data few.csv --gain worth -o out.csv");
    assert_eq!(code, 0, "{error}");
    let found: Vec<String> = decisions(path, "out.csv").into_iter().map(|(_, decision)| decision).collect();
    assert_eq!(found, ["0", "1", "0", "1"]);
    fs::write(path.join("gap.csv"), "score,worth\n0.9,1\n0.1,\n").unwrap();
    let (code, _, error) = run(path, "decide spec.fair --data gap.csv --gain worth");
    assert!(code == 2 && error.contains("`worth` is `` on line 3, which is no gain"), "{error}");
}

#[test]
fn what_cannot_be_decided_is_refused() {
    let folder = folder();
    let path = folder.path();
    let refused = |words: &str, code: i32, says: &str| {
        let (found, out, error) = run(path, words);
        assert!(found == code && error.contains(says), "{words}: {found} {out}{error}");
    };
    fs::write(path.join("wide.fair"), "predict score: real in [0, 10]\nconstraint c: E[score] <= 5\n").unwrap();
    refused("decide wide.fair --data people.csv", 2, "`score` is declared in [0, 10], and decisions are 0 or 1");
    refused("decide spec.fair --data people.csv --gain worth", 2, "no column `worth`, which `--gain` names");
    refused("decide spec.fair --data people.csv --randomize 1 --key ids", 2, "no column `ids`, which `--key` names");
    refused("decide spec.fair --data people.csv --key id", 2, "--randomize");
    refused("decide spec.fair --data people.csv --cutoff nan", 2, "a cutoff of NaN is none to compare scores with");
    refused("decide spec.fair --data people.csv --freeze t.txt", 2, "cannot tell the format of `t.txt`");
    refused("decide spec.fair --data people.csv --name score -o out.csv", 2, "already has a column `score`");
    for command in ["decide", "project"] {
        let words = format!("{command} spec.fair --data people.csv --name race --replace -o out.csv");
        refused(&words, 2, "write over the column `race`, which the spec");
    }
    refused("project spec.fair --data people.csv --name= -o out.csv", 2, "a value is required for '--name <NAME>'");
    fs::write(path.join("no.fair"), format!("{SPEC}constraint many: E[hire | race == a] >= 0.9\n")).unwrap();
    refused("decide no.fair --data people.csv", 1, "E0801");
    let (code, out, error) = run(path, "decide no.fair --data people.csv --on-infeasible relax");
    assert!(code == 0 && out.contains("no decisions of 0 and 1 keep all rows: these come closest"), "{out}{error}");
    // Thirds of a sum that is odd: between 0 and 1 it can be kept.
    fs::write(
        path.join("half.fair"),
        "column race: {a, b, c}\npredict hire: real in [0, 1] from score\n\
                                       constraint half: Sum[hire | race == a] == 7.5\n",
    )
    .unwrap();
    refused("decide half.fair --data people.csv -o out.csv", 1, "keep all rows: the nearest miss `half` by 0.5");
    assert!(!path.join("out.csv").exists());
    let (code, out, _) = run(path, "decide half.fair --data people.csv -o out.csv --on-infeasible relax");
    assert!(code == 0 && out.contains("these come closest") && path.join("out.csv").exists(), "{out}");
    let (code, ..) = run(path, "decide half.fair --data people.csv --randomize 3");
    assert_eq!(code, 0);
    fs::write(path.join("each.fair"), format!("{SPEC}constraint e: each where race == c: 0.2 <= hire <= 0.8\n"))
        .unwrap();
    refused("decide each.fair --data people.csv", 2, "may be decided from 0.2 to 0.8, where there is neither 0 nor 1");
    refused(
        "decide each.fair --data people.csv --randomize 1 --freeze t.sql",
        2,
        "`each` constraints bound single predictions",
    );
    assert_eq!(run(path, "decide spec.fair --data people.csv --freeze t.json").0, 0);
    refused(
        "decide spec.fair --data people.csv --thresholds t.json --set eps=0.1",
        2,
        "the thresholds were fitted with `eps` = 0.03",
    );
    refused("decide no.fair --data people.csv --thresholds t.json", 2, "belongs to a spec with the fingerprint");
    fs::write(
        path.join("cov.fair"),
        "column age: real in [0, 99]?\npredict hire: real in [0, 1] from score\n\
                                      constraint c: |Cov[hire, age | age >= 0]| <= 0.01\n",
    )
    .unwrap();
    refused("decide cov.fair --data people.csv --freeze t.json", 2, "there are no thresholds");
    assert_eq!(run(path, "decide cov.fair --data people.csv").0, 0);
}

#[test]
fn the_page_shows_scores_and_thresholds() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "column g: {a, b}\npredict d: real in [0, 1] from score\n\
                constraint near: |E[d | g == a] - E[d | g == b]| <= 0.1\n";
    fs::write(folder.path().join("spec.fair"), spec).unwrap();
    let lines = (0..60).map(|k| format!("{},{}\n", if k % 3 == 0 { "a" } else { "b" }, f64::from(k) / 60.0));
    fs::write(folder.path().join("people.csv"), format!("g,score\n{}", lines.collect::<String>())).unwrap();
    let (code, _, error) = run(folder.path(), "decide spec.fair --data people.csv --html page.html");
    assert!(code == 0 && error.contains("wrote page.html"), "{code} {error}");
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 3, "a bar for the promise, and a picture for each group");
    assert_eq!(page.matches("class=\"mean\"").count(), 2, "a threshold in each");
    assert!(page.contains("aria-label=\"score g == &quot;a&quot;: decided 1 where score"), "{page}");
    assert!(page.contains("<h2 id=\"groups\">") && page.contains("Whoever reaches it is decided 1"), "{page}");
}

#[test]
fn a_row_of_fixed_decisions_alone_is_missed_and_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "column g: {a, b}\npredict d: real in [0, 1] from score\n\
                constraint some: E[d | g == b] == 0.25\nconstraint none: each where g == b: d <= 0\n";
    fs::write(folder.path().join("spec.fair"), spec).unwrap();
    fs::write(folder.path().join("people.csv"), "g,score\na,0.9\na,0.2\nb,0.7\nb,0.8\n").unwrap();
    let (code, _, error) = run(folder.path(), "decide spec.fair --data people.csv");
    assert!(code == 1 && error.contains("E0801"), "{code} {error}");
    let (_, shown, error) = run(folder.path(), "decide spec.fair --data people.csv --on-infeasible relax -o out.csv");
    assert!(shown.contains("no decisions of 0 and 1 keep all rows"), "{shown}{error}");
    let written = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert!(written.ends_with("a,0.9,1\na,0.2,0\nb,0.7,0\nb,0.8,0\n"), "{written}");
}

const LABELS: &str = "column sex: {female, male}\nlabel repaid: {0, 1}\npredict hire: real in [0, 1] from score\n\
                      constraint chance: |E[hire | sex == female, repaid == 1] - E[hire | sex == male, repaid == 1]| <= 0.02\n\
                      constraint right: Sum[hire | repaid == 1] >= 0.6 * Sum[hire]\n";

/// People with a label; the last column is the score.
fn labelled(n: usize, seed: u64) -> Vec<(String, String, String)> {
    let mut random = Random(seed);
    let person = |_| {
        let sex = if random.chance(0.5) { "female" } else { "male" };
        let score = (random.uniform() * 0.8 + if sex == "male" { 0.2 } else { 0.0 }).clamp(0.0, 1.0);
        let repaid = if random.chance(score) { "1" } else { "0" };
        (sex.to_owned(), repaid.to_owned(), ((score * 200.0).round() / 200.0).to_string())
    };
    (0..n).map(person).collect()
}

#[test]
fn rules_look_at_no_label() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("spec.fair"), LABELS).unwrap();
    let people = labelled(400, 3);
    let lines = |with: bool| -> String {
        let line = |(sex, repaid, score): &(String, String, String)| {
            if with { format!("{sex},{repaid},{score}\n") } else { format!("{sex},{score}\n") }
        };
        let head = if with { "sex,repaid,score\n" } else { "sex,score\n" };
        format!("{head}{}", people.iter().map(line).collect::<String>())
    };
    fs::write(path.join("people.csv"), lines(true)).unwrap();
    fs::write(path.join("new.csv"), lines(false)).unwrap();
    let (code, out, error) = run(path, "decide spec.fair --data people.csv -o out.csv --freeze t.json");
    assert_eq!(code, 0, "{out}{error}");
    assert!(
        out.contains("decisions are made by thresholds that look at no label") && out.contains("all 2 rows hold"),
        "{out}"
    );
    // People of one sex and score are decided alike, whatever their label.
    let text = fs::read_to_string(path.join("out.csv")).unwrap();
    let mut known = std::collections::HashMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let decision = known.entry((fields[0].to_owned(), fields[2].to_owned())).or_insert(fields[3].to_owned());
        assert_eq!(decision, fields[3], "{line}");
    }
    assert_eq!(run(path, "audit spec.fair --data out.csv --pred hire_decision").0, 0);
    // The same thresholds decide the same people without labels, here and as SQL.
    let (code, out, error) = run(path, "decide spec.fair --data new.csv --thresholds t.json -o by.csv");
    assert!(code == 0 && out.contains("sex: selected, impact ratio"), "{out}{error}");
    let by = fs::read_to_string(path.join("by.csv")).unwrap();
    let last = |text: &str| -> Vec<String> {
        text.lines().skip(1).filter_map(|line| line.rsplit(',').next().map(str::to_owned)).collect()
    };
    assert_eq!(last(&text), last(&by));
    // Of the best rule some are drawn; the frozen rule has their chances, and its SQL a column of draws.
    let drawn = "decide spec.fair --data people.csv --randomize 4 --freeze d.json";
    let (code, out, error) = run(path, drawn);
    assert!(code == 0 && out.contains("drawn with seed 4: in expectation all rows hold"), "{out}{error}");
    assert!(out.contains(" on: chance ") && out.contains("chance that a draw misses a row"), "{out}");
    assert_eq!(run(path, "decide spec.fair --data people.csv --randomize 4 --freeze d.sql").0, 0);
    assert!(fs::read_to_string(path.join("d.sql")).unwrap().contains("CASE WHEN \"draw\" < "));
    let (_, out, _) = run(path, "--format json decide spec.fair --data people.csv --randomize 4");
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["decided"]["missed_in_expectation"], 0);
    let misses = answer["misses"].as_array().unwrap();
    assert!(
        misses.iter().any(|miss| miss["chance"].as_f64().is_some_and(|chance| chance > 0.0) && miss["exact"] == true)
    );
    assert!(answer["groups"][0]["gain_after"].is_number());
}

#[test]
fn a_rule_that_must_draw_says_so_and_one_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let head = "column g: {a, b}\nlabel y: {0, 1}\npredict d: real in [0, 1] from score\n";
    let table = "g,y,score\na,1,0.9\na,0,0.8\na,1,0.3\nb,1,0.7\nb,0,0.6\n";
    fs::write(path.join("people.csv"), table).unwrap();
    fs::write(path.join("half.fair"), format!("{head}constraint half: E[d | g == a, y == 1] == 0.25\n")).unwrap();
    let (code, out, _) = run(path, "decide half.fair --data people.csv");
    assert!(code == 0 && out.contains("no thresholds without draws keep all rows"), "{out}");
    // Only who looks at labels can take the two of `a` who succeed, and not the one between.
    fs::write(
        path.join("no.fair"),
        format!(
            "{head}constraint all: Sum[d | g == a, y == 1] >= 2\nconstraint none: Sum[d | g == a, y == 0] <= 0.5\n"
        ),
    )
    .unwrap();
    let (code, _, error) = run(path, "decide no.fair --data people.csv");
    assert!(
        code == 2 && error.contains("no thresholds that look at no label satisfy `none`, `all` together"),
        "{code} {error}"
    );
    let (code, out, error) = run(path, "decide no.fair --data people.csv --on-infeasible relax");
    assert!(code == 0 && out.contains("these come closest"), "{out}{error}");
    // A bound of `each` by a label is told, and not kept.
    fs::write(path.join("each.fair"), format!("{head}constraint e: each where y == 1: d >= 1\n")).unwrap();
    let (code, out, error) = run(path, "decide each.fair --data people.csv --require-all");
    assert!(code == 1 && format!("{out}{error}").contains("which a rule cannot read"), "{code} {out}{error}");
}

const DECIDED: &str = "column sex: {female, male}\npredict hired: {0, 1}\nparam eps = 0.1 in [0, 1]\n\
                       constraint rates: |E[hired | sex == female] - E[hired | sex == male]| <= eps\n";

fn audited(spec: &str, values: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spec.fair"), spec).unwrap();
    let people = values.iter().enumerate().map(|(row, value)| {
        let sex = if row % 2 == 0 { "female" } else { "male" };
        format!("{sex},{value}\n")
    });
    fs::write(folder.path().join("people.csv"), format!("sex,hired\n{}", people.collect::<String>())).unwrap();
    folder
}

#[test]
fn audits_of_decisions_speak_of_decisions() {
    let scores = DECIDED.replace("{0, 1}", "real in [0, 1]");
    let decisions = ["1", "1", "0", "1", "0", "1", "0", "0"];
    for spec in [DECIDED, &scores] {
        let folder = audited(spec, &decisions);
        let (code, text, _) = run(folder.path(), "audit spec.fair --data people.csv --html report.html");
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("8 samples, decisions `hired`") && text.contains("sex: selected\n"), "{text}");
        assert!(text.contains("samples  selected    rate  impact ratio\n"), "{text}");
        let of =
            |group: &str| text.lines().find(|line| line.trim_start().starts_with(group)).unwrap_or_default().to_owned();
        let words = |line: String| line.split_whitespace().take(5).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(of("female")), ["female", "4", "1", "0.2500", "0.3333"], "{text}");
        assert_eq!(words(of("male")), ["male", "4", "3", "0.7500", "1.0000"], "{text}");
        let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
        assert!(page.contains("Selection rate") && page.contains("Impact ratio"), "{page}");
        assert!(!page.contains("Score distributions") && !page.contains("Mean <code>"), "{page}");
        let (_, markdown, _) = run(folder.path(), "audit spec.fair --data people.csv --format markdown");
        assert!(markdown.contains("| selected | selection rate | 95% interval | impact ratio |"), "{markdown}");
        let (_, json, _) = run(folder.path(), "audit spec.fair --data people.csv --format json");
        let facts: serde_json::Value = serde_json::from_str(&json).unwrap();
        let woman = &facts["partitions"][0]["groups"][0];
        assert_eq!((facts["decisions"].as_bool(), woman["selected"].as_u64()), (Some(true), Some(1)));
        assert_eq!((woman["selection_rate"].as_f64(), woman["impact_ratio"].as_f64()), (Some(0.25), Some(0.25 / 0.75)));
        assert!(woman["histogram"].is_null() && facts["histogram_edges"].as_array().unwrap().is_empty());
    }
    // One number in between, and numbers that are no shares, are scores.
    let wide = DECIDED.replace("{0, 1}", "real in [0, 2]");
    for (spec, last) in [(&scores, "0.5"), (&wide, "0")] {
        let folder = audited(spec, &["1", "1", "0", "1", "0", "1", "0", last]);
        let (_, text, _) = run(folder.path(), "audit spec.fair --data people.csv");
        assert!(text.contains("predictions `hired`") && !text.contains("selected"), "{text}");
    }
}

#[test]
fn weighted_decisions_have_weighted_rates() {
    let spec = format!("weight w\n{DECIDED}");
    let folder = audited(&spec, &[]);
    let people = "sex,hired,w\nfemale,1,3\nfemale,0,1\nfemale,1,0\nmale,1,1\nmale,0,1\n";
    fs::write(folder.path().join("people.csv"), people).unwrap();
    let (_, text, _) = run(folder.path(), "audit spec.fair --data people.csv");
    assert!(text.contains("rate by weight"), "{text}");
    let line = text.lines().find(|line| line.trim_start().starts_with("female")).unwrap_or_default();
    assert_eq!(line.split_whitespace().take(5).collect::<Vec<_>>(), ["female", "2", "1", "0.7500", "1.0000"], "{text}");
}

#[test]
fn values_that_are_no_decisions_are_refused() {
    let folder = audited(DECIDED, &["1", "0", "0.25", "1", "2", "0"]);
    let (code, _, stderr) = run(folder.path(), "audit spec.fair --data people.csv");
    assert_eq!(code, 1, "{stderr}");
    assert!(
        stderr.contains("E0707") && stderr.contains("row 3") && stderr.contains("the decision `hired` is 0.25"),
        "{stderr}"
    );
    assert!(stderr.contains("predict hired: real in [0, 1]"), "{stderr}");
    // To decide, the same column is one of scores.
    let folder = audited(DECIDED, &["1", "0", "0.25", "1", "0.75", "0"]);
    let (code, text, _) = run(folder.path(), "decide spec.fair --data people.csv --set eps=0.5 -o decided.csv");
    assert_eq!(code, 0, "{text}");
}

#[test]
fn decisions_are_not_moved() {
    let folder = audited(DECIDED, &["1", "0", "0", "1"]);
    for command in ["project", "freeze -o shifts.json", "price", "stream -o out.csv"] {
        let (code, _, stderr) = run(folder.path(), &format!("{command} spec.fair --data people.csv"));
        assert_ne!(code, 0, "{command}");
        assert!(stderr.contains("`hired` is decided 0 or 1"), "{command}: {stderr}");
        assert!(
            stderr.contains("`fairc decide`") && stderr.contains("predict hired: real in [0, 1]"),
            "{command}: {stderr}"
        );
    }
}

#[test]
fn decisions_are_compiled() {
    let folder = audited(DECIDED, &["1", "0", "0", "1"]);
    let path = folder.path();
    fs::write(path.join("scores.fair"), DECIDED.replace("{0, 1}", "real in [0, 1]")).unwrap();
    fs::write(path.join("turned.fair"), DECIDED.replace("{0, 1}", "{1, 0}")).unwrap();
    for name in ["spec", "scores", "turned"] {
        assert_eq!(run(path, &format!("compile {name}.fair -o {name}.fairc")).0, 0);
    }
    let field = |name: &str, field: &str| {
        let text = fs::read_to_string(path.join(format!("{name}.fairc"))).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()[field].clone()
    };
    assert_eq!((field("spec", "fairc"), field("scores", "fairc")), (3.into(), 2.into()));
    assert_ne!(field("spec", "fingerprint"), field("scores", "fingerprint"));
    assert_eq!(field("spec", "fingerprint"), field("turned", "fingerprint"));
    assert_eq!(run(path, "fmt --check spec.fair").0, 0);
    // What was compiled refuses the same.
    assert!(run(path, "project spec.fairc --data people.csv").2.contains("`hired` is decided 0 or 1"));
    assert!(run(path, "audit spec.fairc --data people.csv").1.contains("decisions `hired`"));
    for wrong in ["{0, 1, 2}", "{no, yes}", "{0, 1}?", "{1}", "int in [0, 1]"] {
        fs::write(path.join("wrong.fair"), DECIDED.replace("{0, 1}", wrong)).unwrap();
        let (code, stdout, stderr) = run(path, "check wrong.fair");
        assert!(code == 1 && (stdout + &stderr).contains("E0303"), "{wrong}: {stderr}");
    }
}

/// The search once gave a sample limits that cross, and ended in a panic.
#[test]
fn equal_rates_of_few_weighted_samples_are_searched_to_the_end() {
    let spec = "tests/fixtures/cli/equal_rates.fair";
    let words = "--data tests/fixtures/cli/equal_rates.csv --pred score --cutoff 0.3 --format json";
    let (code, answer, problem) = run(Path::new("."), &format!("decide {spec} {words}"));
    assert_eq!(code, 0, "{problem}");
    let value: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&value["status"], &value["ok"]), (&"whole".into(), &true.into()), "{value}");
    // HiGHS's integer program gains as much.
    assert!((value["gain_after"].as_f64().unwrap() - 12.989).abs() <= 1e-9, "{}", value["gain_after"]);
}

/// Thresholds of which only some of those who are equal to them are decided 1, beside bounds of single decisions.
#[test]
fn samples_equal_to_a_threshold_are_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let spec = "column sex: {female, male}\npredict score: real in [0, 1]\n\
                constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.5\n\
                constraint floor: each where sex == female: score >= raw(score)\n";
    fs::write(path.join("spec.fair"), spec).unwrap();
    fs::write(path.join("people.csv"), "sex,score\nfemale,0.2\nfemale,0.4\nmale,0.9\nmale,0.5\n").unwrap();
    let (code, out, error) = run(path, "decide spec.fair --data people.csv --freeze t.json");
    assert_eq!(code, 0, "{error}");
    let told = squeezed(&out);
    assert!(told.contains("satisfies it is decided 1, and whoever is equal to it with the chance beside it"), "{out}");
    assert!(told.contains("score > 0.5 1 equal: chance 0.6000"), "{out}");
    let (_, out, _) = run(path, "decide spec.fair --data people.csv --thresholds t.json");
    let told = squeezed(&out);
    assert!(
        told.contains("equal to a threshold where only some are to be decided 1; without draws, all of a group"),
        "{out}"
    );
}
