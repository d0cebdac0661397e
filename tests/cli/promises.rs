//! Each promise is told: in slices, under analyses, and where the only row that reads a column takes no part.

use std::fs;

use serde_json::Value;

use super::support::{folder, run, text_of};
use super::verdicts::{Case, json};

const EACH: &str = "column g: {a, b}\ncolumn v: int\npredict s: real in [0, 1]\n\
                    constraint cap: each where g == a: s <= 0.5\nconstraint mean: E[s] <= 0.9\n";

#[test]
fn slices_list_bounds_of_single_predictions_in_every_format() {
    let case = Case::new(EACH, "g,v,s\na,1,0.4\nb,1,0.9\na,2,0.7\na,2,0.3\nb,3,0.1\n");
    let by = |format: &str| case.audit(&["--group-by", "v", "--format", format]);
    let text = by("human").stdout;
    let table = text.split_once("by `v`").unwrap().1.split_once("  cap\n").unwrap().1;
    let lines: Vec<Vec<&str>> = table.lines().skip(1).take(3).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["1", "1", "0", "-", "held"], "{text}");
    assert_eq!(lines[1], ["2", "2", "1", "0.2000", "violated"], "{text}");
    assert_eq!(lines[2][..6], ["3", "-", "-", "-", "not", "checked:"], "{text}");
    assert!(text.contains("`2`: 1 prediction outside the bounds"), "{text}");
    let facts = json(&by("json"));
    let slices = facts["group_by"]["values"].as_array().unwrap();
    let each: Vec<&Value> = slices.iter().map(|slice| &slice["each"][0]).collect();
    let verdicts: Vec<&str> = each.iter().map(|each| each["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["held", "violated", "not checked"]);
    assert_eq!((&each[1]["name"], &each[1]["outside"], &each[1]["predictions"]), (&"cap".into(), &1.into(), &2.into()));
    let markdown = by("markdown").stdout;
    assert!(
        markdown.contains("| bound of each prediction | predictions | outside | by at most | verdict |"),
        "{markdown}"
    );
    assert!(markdown.contains("| 3 | 1 | 0.2000 | violated |"), "{markdown}");
    assert!(markdown.contains("### cap by v") && markdown.contains("| 2 | 2 | 1 | 0.2000 | violated |"), "{markdown}");
    // No table without lines.
    let lines: Vec<&str> = markdown.lines().collect();
    let headless = lines.windows(2).any(|pair| pair[0].starts_with("| ---") && !pair[1].starts_with('|'));
    assert!(!headless, "{markdown}");
    let sarif: Value = serde_json::from_str(&by("sarif").stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let told: Vec<&str> = results.iter().map(|result| result["message"]["text"].as_str().unwrap()).collect();
    assert!(told.iter().any(|text| text.contains("`cap` is violated where `v` is `2`")), "{told:?}");
    let page = case.path("p.html");
    assert_eq!(case.audit(&["--group-by", "v", "--html", &page]).code, 1);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("Bounds of cap") && page.contains("cap for each value of v"), "{page}");
}

#[test]
fn slices_tell_large_whole_numbers_apart_and_order_them() {
    let (low, high) = ("9007199254740992", "9007199254740993");
    let case =
        Case::new(EACH, &format!("g,v,s\na,{high},0.4\na,{low},0.4\na,{high},0.9\na,-{high},0.1\na,-{low},0.1\n"));
    let facts = json(&case.audit(&["--group-by", "v", "--format", "json"]));
    let values = facts["group_by"]["values"].as_array().unwrap();
    let found: Vec<(&str, u64)> =
        values.iter().map(|slice| (slice["value"].as_str().unwrap(), slice["n"].as_u64().unwrap())).collect();
    let (minus_low, minus_high) = (format!("-{low}"), format!("-{high}"));
    assert_eq!(found, [(&*minus_high, 1), (&*minus_low, 1), (low, 1), (high, 2)]);
}

/// A column that only rows without a part read: for want of samples, of a label, or since they are for training.
#[test]
fn samples_in_no_level_are_told_where_no_row_takes_part() {
    let spec = |options: &str, event: &str, mark: &str| {
        format!(
            "column g: {{a, b}}{mark}\nlabel y: {{0, 1}}\npredict s: real in [0, 1]\n\
             constraint c{options}: E[s | g == a{event}] <= 0.9\nconstraint d: E[s] <= 0.95\n"
        )
    };
    let (plain, labelled) = ("g,s\nA,0.2\n,0.3\na ,0.4\nb,0.5\n", "g,y,s\nA,1,0.2\n,1,0.3\na ,0,0.4\nb,1,0.5\n");
    for (spec, table, unread) in [
        (spec(" (min_count = 9)", "", "?"), plain, false),
        (spec("", ", y == 1", "?"), plain, false),
        (spec(" (enforce = train)", ", y == 1", "?"), plain, false),
        (spec(" (enforce = train)", ", y == 1", "?"), labelled, true),
        // A closed column too: nothing is refused where nothing is read.
        (spec("", ", y == 1", ""), plain, false),
    ] {
        let case = Case::new(&spec, table);
        for command in ["audit", "project", "stream", "check"] {
            let inference = if unread && command == "project" { &["--inference"][..] } else { &[] };
            let text = case.run(command, &[&["-q"], inference].concat()).stdout;
            assert!(text.contains("`g`: 3 samples in no level (1 null, 2 undeclared)"), "{command}\n{spec}\n{text}");
            assert!(text.contains("`A` is no level, did you mean `a`? (1 sample)"), "{command}\n{text}");
            let found = json(&case.run(command, &[&["-q", "--format", "json"], inference].concat()));
            let unplaced = match command {
                "check" => &found["specs"][0]["data"]["unplaced"][0],
                _ => &found["unplaced"][0],
            };
            assert_eq!((&unplaced["null"], &unplaced["undeclared"]), (&1.into(), &2.into()), "{command} {found}");
            assert_eq!(unplaced["near"].as_array().map(Vec::len), Some(2), "{command} {found}");
        }
        let markdown = case.audit(&["--format", "markdown"]).stdout;
        assert!(markdown.contains("`g` is unknown for 3 of "), "{markdown}");
        let page = case.path("p.html");
        case.audit(&["--html", &page]);
        assert!(fs::read_to_string(page).unwrap().contains("</code> is unknown for 3 of "));
    }
}

/// A null is in no bin.
#[test]
fn nulls_of_a_column_in_bins_are_counted() {
    let spec = "column age: int in [0, 120]?\npredict s: real in [0, 1]\ngroup band = bins(age, 30, 45)\n\
                constraint c: forall b in band: E[s | band == b] <= 0.9\n";
    let case = Case::new(spec, "age,s\n20,0.2\n,0.3\n40,0.4\n50,0.5\n");
    for command in ["audit", "project", "check"] {
        let text = case.run(command, &["-q"]).stdout;
        assert!(text.contains("`band`: 1 sample in no level (no event or bin of it holds)"), "{command}\n{text}");
    }
    let closed = spec.replace('?', "");
    let case = Case::new(&closed, "age,s\n20,0.2\n40,0.4\n50,0.5\n");
    assert!(!case.run("audit", &["-q"]).stdout.contains("in no level"));
}

#[test]
fn a_stream_that_goes_on_counts_all_samples_in_no_level() {
    let spec = "column g: {a, b}?\npredict s: real in [0, 1]\nconstraint c: E[s | g == a] <= 0.9\n";
    let case = Case::new(spec, "g,s\nA,0.2\n,0.3\na,0.4\n");
    let (state, more) = (case.path("state.json"), case.path("more.csv"));
    let first = json(&case.run("stream", &["-q", "--state", &state, "--format", "json"]));
    assert_eq!(first["unplaced"][0]["near"][0]["samples"], 1, "{first}");
    fs::write(&more, "g,s\nA,0.2\nB,0.3\nz,0.4\n").unwrap();
    let spec = case.path("s.fair");
    let arguments = ["stream", "-q", &spec, "--data", &more, "--state", &state, "--append", "--format", "json"];
    let second = json(&run(&arguments));
    let found = &second["unplaced"][0];
    assert_eq!((&found["null"], &found["undeclared"]), (&1.into(), &4.into()), "{second}");
    let near: Vec<(&str, u64)> = found["near"]
        .as_array()
        .unwrap()
        .iter()
        .map(|miss| (miss["value"].as_str().unwrap(), miss["samples"].as_u64().unwrap()))
        .collect();
    assert_eq!(near, [("A", 2), ("B", 1)]);
}

/// `enforce = train` without its label: every command gives the same reason, and calls it not applicable.
#[test]
fn training_without_its_label_is_not_applicable_for_the_same_reason() {
    let spec = "label y: {0, 1}\npredict s: real in [0, 1]\nconstraint c (enforce = train): E[s | y == 1] <= 0.9\n\
                constraint d: E[s] <= 0.95\n";
    let case = Case::new(spec, "s\n0.2\n0.3\n");
    for (command, more) in [("audit", &[][..]), ("project", &[]), ("project", &["--inference"]), ("stream", &[])] {
        let done = case.run(command, &[&["-q"], more].concat());
        let line = "`c`: not applicable: needs the label `y`, which is not in the data";
        assert!(done.stdout.contains(line), "{command}\n{}", done.stdout);
        assert!(!done.stdout.contains("in training only"), "{command}\n{}", done.stdout);
    }
}

/// Two specs in a folder.
fn imply(premise: &str, claim: &str, data: Option<&str>) -> Value {
    let folder = folder(&[]);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        text_of(&path).to_owned()
    };
    let head = "column g: {a, b}\npredict s: real in [0, 1]\n";
    let (a, b) = (write("a.fair", &format!("{head}{premise}")), write("b.fair", &format!("{head}{claim}")));
    let mut arguments = vec!["imply", &a, &b, "-q", "--format", "json"];
    let data = data.map(|data| write("d.csv", data));
    data.iter().for_each(|data| arguments.extend(["--data", data]));
    json(&run(&arguments))
}

#[test]
fn implications_name_each_promise_by_its_own_sides() {
    // One row for the solver in either spec.
    let premise = "constraint loose: E[s | g == a] <= 0.7\nconstraint tight: E[s | g == a] <= 0.4\nconstraint floor: E[s | g == a] >= 0.2\n";
    let claim = "constraint no: E[s | g == a] <= 0.3\nconstraint yes: E[s | g == a] <= 0.5\nconstraint low: 0.1 <= E[s | g == a]\n";
    for data in [None, Some("g,s\na,0.1\na,0.3\nb,0.5\n")] {
        let found = imply(premise, claim, data);
        let row = |name: &str| {
            let rows = found["rows"].as_array().unwrap();
            rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {found}"))
        };
        assert_eq!(found["implied"], false);
        assert_eq!((&row("no")["verdict"], &row("no")["limit"]), (&"broken".into(), &0.3.into()), "{found}");
        assert_eq!((&row("yes")["verdict"], &row("yes")["limit"]), (&"implied".into(), &0.5.into()), "{found}");
        assert_eq!(
            (&row("yes")["proof"][0]["row"], &row("yes")["proof"][0]["side"]),
            (&"tight".into(), &"upper".into())
        );
        assert_eq!(
            (&row("low")["verdict"], &row("low")["proof"][0]["row"]),
            (&"implied".into(), &"floor".into()),
            "{found}"
        );
        assert_eq!(row("yes")["text"], "E[s | g == \"a\"] <= 0.5");
    }
}

#[test]
fn implications_name_bounds_of_single_predictions() {
    let premise = "constraint one: each where g == a: s <= 0.6\n";
    let claim = "constraint yes: each where g == a: s <= 0.7\nconstraint no: each where g == a: s <= 0.4\n";
    for data in [None, Some("g,s\nb,0.5\na,0.3\n")] {
        let found = imply(premise, claim, data);
        let rows: Vec<&Value> =
            found["rows"].as_array().unwrap().iter().filter(|row| row["verdict"] != "implied").collect();
        let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!((names, &rows[0]["verdict"]), (vec!["no"], &"broken".into()), "{found}");
    }
    // Nothing to look at is no proof.
    let claim = "constraint few (min_count = 9): each where g == a: s <= 0.4\n";
    assert_eq!(imply(premise, claim, Some("g,s\nb,0.5\na,0.3\n"))["implied"], Value::Null);
}

#[test]
fn differences_show_options_and_names() {
    let folder = folder(&[]);
    let head = "predict s: real in [0, 1]\n";
    let (old, new) = (folder.path().join("old.fair"), folder.path().join("new.fair"));
    fs::write(&old, format!("{head}constraint cap: E[s] <= 0.5\n")).unwrap();
    fs::write(&new, format!("{head}constraint limit (soft = 3): E[s] <= 0.5\n")).unwrap();
    let diff = |a, b| run(&["diff", "-q", text_of(a), text_of(b)]).stdout;
    let told = "rows: 1 looser\nlooser: limit (was cap)\n  - E[s] <= 0.5\n  + E[s] <= 0.5 (soft = 3)\n";
    assert_eq!(diff(&old, &new), told);
    assert!(diff(&new, &old).starts_with("rows: 1 tighter\ntighter: cap (was limit)\n"));
    fs::write(&new, "label s2: {0, 1}\npredict s: real in [0, 1]\nconstraint cap: E[s] <= 0.5\nconstraint b: E[s | s2 == 1] <= 0.4\n").unwrap();
    fs::write(&old, "column s2: {0, 1}\npredict s: real in [0, 1]\nconstraint cap: E[s] <= 0.5\nconstraint b: E[s | s2 == 1] <= 0.4\n").unwrap();
    let told = diff(&old, &new);
    assert!(told.contains("\nlooser: b\n") && told.contains("column `s2` is declared differently"), "{told}");
}
