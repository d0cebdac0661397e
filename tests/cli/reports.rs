//! `audit --html`, `--format json|markdown|sarif`, and `--group-by`: one set of facts, however it is shown.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{Done, FIXTURES, folder, run, text_of, transcript};

const SPEC: &str = "tests/fixtures/cli/report.fair";
const DATA: &str = "tests/fixtures/cli/report.csv";
const BOOTSTRAP: [&str; 2] = ["--bootstrap", "200"];

fn audit(more: &[&str]) -> Done {
    run(&[&["audit", SPEC, "--data", DATA], &BOOTSTRAP[..], more].concat())
}

fn facts(more: &[&str]) -> Value {
    let done = audit(&[more, &["--format", "json"]].concat());
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", done.stdout, done.stderr))
}

fn page(more: &[&str]) -> String {
    let folder = folder(&[]);
    let path = folder.path().join("report.html");
    let done = audit(&[more, &["--html", text_of(&path)]].concat());
    assert_eq!(done.code, 1, "{}", done.stderr);
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_is_the_same_each_time() {
    let one = page(&["--group-by", "week"]);
    assert_eq!(one, page(&["--group-by", "week"]));
    let body = one.split_once("</style>").unwrap().1;
    let lines = body.replace("><", ">\n<");
    assert_snapshot!(lines.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    assert!(page(&["--date", "2025-03-31"]).contains("2025-03-31"));
    assert_ne!(one, page(&["--group-by", "week", "--seed", "2"]));
}

#[test]
fn other_formats_are_told() {
    assert_snapshot!(
        audit(&["--format", "markdown", "--group-by", "week"]).stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION")
    );
    assert_snapshot!(transcript("audit @/report.fair --data @/report.csv --group-by week --rows 3"));
}

/// The numbers of the JSON stand in the page with all of their digits, and rounded in the Markdown.
#[test]
fn all_formats_show_the_same_numbers() {
    let more = ["--group-by", "week"];
    let (json, html, markdown) =
        (facts(&more), page(&more), audit(&[&more[..], &["--format", "markdown"]].concat()).stdout);
    let mut numbers = 0;
    let mut check = |value: &Value, what: &str| {
        let Some(number) = value.as_f64() else { return };
        numbers += 1;
        assert!(html.contains(&format!("value=\"{number}\"")), "{what} {number} is not in the page");
        let size = number.abs();
        if (1e-3..1000.0).contains(&size) {
            let rounded = (3..9).map(|digits| format!("{number:.digits$}"));
            assert!(rounded.into_iter().any(|text| markdown.contains(&text)), "{what} {number} is not in the Markdown");
        }
    };
    for row in json["rows"].as_array().unwrap() {
        let (name, shown) = (row["name"].as_str().unwrap(), &row["shown"]);
        if shown["mirrored"] == true {
            continue;
        }
        check(&shown["value"], name);
        check(&shown["slack"], name);
        check(&shown["interval"]["lower"], name);
        check(&shown["interval"]["upper"], name);
    }
    for group in json["partitions"].as_array().unwrap().iter().flat_map(|table| table["groups"].as_array().unwrap()) {
        let name = group["group"].as_str().unwrap();
        check(&group["mean"], name);
        check(&group["ratio"], name);
        check(&group["mean_interval"]["lower"], name);
    }
    for slice in json["group_by"]["values"].as_array().unwrap() {
        let rows = slice["rows"].as_array().unwrap().iter().zip(json["rows"].as_array().unwrap());
        rows.filter(|(_, whole)| whole["shown"]["mirrored"] != true)
            .for_each(|(row, _)| check(&row["shown"]["value"], "slice"));
    }
    assert!(numbers > 80, "only {numbers} numbers");
    for promise in json["promises"].as_array().unwrap() {
        let name = promise["constraint"].as_str().unwrap();
        assert!(html.contains(name) && markdown.contains(&name.replace('_', "\\_")), "{name}");
    }
    let hash = json["data"]["blake3"].as_str().unwrap();
    assert_eq!(hash, blake3::hash(&fs::read(super::support::root().join(DATA)).unwrap()).to_hex().as_str());
    let print = json["fingerprint"].as_str().unwrap();
    assert!([hash, print].iter().all(|text| html.contains(text) && markdown.contains(text)));
}

/// Means, sizes and ratios against a direct computation.
#[test]
fn groups_are_counted() {
    let json = facts(&[]);
    let text = fs::read_to_string(super::support::root().join(DATA)).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let (mut count, mut weight, mut total) = (0, 0.0, 0.0);
    let mut unknown = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let number = |index: usize| record[index].parse::<f64>().unwrap();
        unknown += usize::from(["", "martian"].contains(&&record[3]));
        if &record[3] == "black" {
            (count, weight, total) = (count + 1, weight + number(6), total + number(6) * number(7));
        }
    }
    let tables = json["partitions"].as_array().unwrap();
    let names: Vec<&str> = tables.iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["race", "<script>sex</script>", "band", "band_race", "race * <script>sex</script> * band"]);
    let race = tables[0]["groups"].as_array().unwrap();
    let find = |name: &str| race.iter().find(|group| group["group"] == name).unwrap();
    let black = find("black");
    assert_eq!(black["samples"], count);
    assert!((black["mean"].as_f64().unwrap() - total / weight).abs() < 1e-12);
    assert_eq!(
        (find("unknown")["samples"].as_u64(), find("unknown")["unknown"].as_bool()),
        (Some(unknown as u64), Some(true))
    );
    let reference = tables[0]["reference"].as_str().unwrap();
    let best = find(reference)["mean"].as_f64().unwrap();
    assert!((black["ratio"].as_f64().unwrap() - total / weight / best).abs() < 1e-12);
    let sum: f64 = black["histogram"].as_array().unwrap().iter().map(|bar| bar.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let shares: f64 = race.iter().map(|group| group["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn text_of_the_user_is_escaped() {
    let html = page(&["--group-by", "week", "--date", "<script>date</script>"]);
    assert!(!html.contains("<script") && !html.contains("<img"), "unescaped");
    assert!(html.contains("&lt;script&gt;sex&lt;/script&gt;") && html.contains("&lt;img src=x"));
    for outside in ["http://", "https://", "src=\"", "url(", "@import", "<link", "<script"] {
        assert!(!html.contains(outside), "the page refers to something else: {outside}");
    }
    let markdown = audit(&["--format", "markdown"]).stdout;
    let outside_fences: String = markdown.split("```").step_by(2).collect();
    assert!(!outside_fences.contains("<script") && !outside_fences.contains("<img"));
}

#[test]
fn tables_and_charts_are_accessible() {
    let html = page(&["--group-by", "week"]);
    assert!(html.contains("<html lang=\"en\">") && html.contains("<title>Fairness audit"));
    assert_eq!(html.matches("<table ").count(), html.matches("<caption>").count());
    // Small pictures stand beside their numbers.
    let beside = html
        .matches("<svg class=\"small\" viewBox=\"0 0 120 18\" width=\"120\" height=\"18\" aria-hidden=\"true\">")
        .count();
    assert_eq!(html.matches("<svg ").count(), beside + html.matches("role=\"img\" aria-label=\"").count());
    assert_eq!(html.matches("<th ").count(), html.matches("<th scope=\"").count());
    assert!(
        html.matches("<h1").count() == 1
            && html.contains("prefers-color-scheme: dark")
            && html.contains("@media print")
    );
}

#[test]
fn sarif_has_what_the_standard_requires() {
    let done = audit(&["--format", "sarif", "--group-by", "week"]);
    assert_eq!(done.code, 1);
    let log: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(run["tool"]["driver"]["name"].is_string() && rules.iter().all(|rule| rule["id"].is_string()));
    let results = run["results"].as_array().unwrap();
    let source = fs::read_to_string(super::support::root().join(SPEC)).unwrap();
    for result in results {
        assert!(result["message"]["text"].as_str().unwrap().len() > 10);
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        if place["artifactLocation"]["uri"] != SPEC {
            continue;
        }
        let region = &place["region"];
        let at = |key: &str| region[key].as_u64().unwrap() as usize;
        let snippet = &source[at("byteOffset")..at("byteOffset") + at("byteLength")];
        assert!(snippet.contains(result["ruleId"].as_str().unwrap()), "{snippet}");
        assert_eq!(source[..at("byteOffset")].matches('\n').count() + 1, at("startLine"));
        assert_eq!(region["snippet"]["text"], snippet);
        assert!(at("startColumn") >= 1 && at("endLine") >= at("startLine"));
    }
    let json = facts(&["--group-by", "week"]);
    let promises = json["promises"].as_array().unwrap();
    let violated = promises.iter().filter(|promise| promise["verdict"] == "violated").count();
    let broken = |slice: &Value, kind: &str, promise: &Value| {
        let places = promise[kind].as_array().unwrap().iter();
        places.into_iter().any(|place| slice[kind][place.as_u64().unwrap() as usize]["verdict"] == "violated")
    };
    let slices = json["group_by"]["values"].as_array().unwrap().iter();
    let slices = slices.flat_map(|slice| promises.iter().map(move |promise| (slice, promise)));
    let sliced =
        slices.filter(|(slice, promise)| broken(slice, "rows", promise) || broken(slice, "each", promise)).count();
    let outside = usize::from(json["outside_bounds"] != 0);
    assert!(violated > 0 && sliced > 0);
    assert_eq!(results.len(), violated + sliced + outside);
    let whole: Vec<&Value> = results.iter().filter(|result| result["properties"]["worst"].is_string()).collect();
    assert!(!whole.is_empty());
    for result in whole {
        let promise = promises.iter().find(|promise| promise["constraint"] == result["ruleId"]).unwrap();
        assert_eq!(result["properties"]["comparisons"], promise["comparisons"]["made"]);
        assert_eq!(result["properties"]["violated"], promise["violated"]);
    }
    assert!(rules.iter().all(|rule| rule["help"]["text"].as_str().unwrap().len() > 20));
    assert_eq!(run["automationDetails"]["id"], format!("fairc/{SPEC}/"));
    // The same facts; how the command ended is no fact of the audit.
    let mut facts = json.as_object().unwrap().clone();
    assert!(facts.remove("ok").is_some() && facts.remove("schema").is_some());
    assert_eq!(run["properties"]["fairc"], serde_json::Value::Object(facts));
}

#[test]
fn slices_are_audits_of_their_own() {
    let json = facts(&["--group-by", "week"]);
    let slices = json["group_by"]["values"].as_array().unwrap();
    let labels: Vec<Option<&str>> = slices.iter().map(|slice| slice["value"].as_str()).collect();
    assert_eq!(labels, [Some("2025-W09"), Some("2025-W10"), Some("2025-W11"), Some("2025-W12"), None]);
    assert_eq!(json["group_by"]["order"], "date");
    // A week without women.
    let parity = slices[2]["rows"].as_array().unwrap().iter().find(|row| row["name"] == "parity").unwrap();
    assert_eq!((parity["verdict"].as_str(), parity["value"].as_f64()), (Some("not checked"), None));
    assert!(parity["skipped"].as_str().unwrap().contains("no samples"));
    // Each is what an audit of its rows alone finds.
    let folder = folder(&[]);
    let text = fs::read_to_string(super::support::root().join(DATA)).unwrap();
    let kept: Vec<&str> =
        text.lines().filter(|line| line.starts_with("week,") || line.starts_with("2025-W10")).collect();
    let path = folder.path().join("week.csv");
    fs::write(&path, kept.join("\n")).unwrap();
    let alone = run(&["audit", SPEC, "--data", text_of(&path), "--format", "json", "--bootstrap", "0"]);
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    let (ours, theirs) = (slices[1]["rows"].as_array().unwrap(), alone["rows"].as_array().unwrap());
    assert_eq!(slices[1]["n"], alone["n"]);
    for (slice, row) in ours.iter().zip(theirs) {
        let numbers = [("value", "before"), ("room", "room"), ("lower", "lower"), ("upper", "upper")];
        for (a, b) in numbers.iter().filter(|_| !slice["value"].is_null()) {
            match (slice[a].as_f64(), row[b].as_f64()) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-12, "{slice} {row}"),
                (a, b) => assert_eq!(a, b),
            }
        }
        assert_eq!(slice["verdict"], row["verdict"]);
    }
    let appeared = facts(&["--group-by", "model"]);
    assert_eq!(appeared["group_by"]["order"], "appearance");
}

#[test]
fn exit_codes_follow_the_verdict() {
    let pass = |more: &[&str]| {
        run(&[
            &[
                "audit",
                "tests/fixtures/cli/parity.fair",
                "--data",
                "tests/fixtures/cli/people.csv",
                "--set",
                "eps=0.18",
            ],
            more,
        ]
        .concat())
        .code
    };
    for format in ["human", "json", "markdown", "sarif"] {
        assert_eq!(pass(&["--format", format]), 0, "{format}");
        assert_eq!(audit(&["--format", format]).code, 1, "{format}");
    }
    // The whole holds, and the part of some value does not.
    assert_eq!(pass(&["--group-by", "hired"]), 1);
    assert_eq!(pass(&["--group-by", "nothing"]), 2);
    let refused = run(&["check", SPEC, "--format", "sarif"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("`audit` prints sarif"), "{}", refused.stderr);
}

#[test]
fn pages_are_written_whole_or_not_at_all() {
    let folder = folder(&["people.csv"]);
    let path = folder.path().join("report.html");
    fs::write(&path, "the old page").unwrap();
    // Bad data: nothing is written.
    let broken = run(&["audit", SPEC, "--data", "tests/fixtures/cli/people.csv", "--html", text_of(&path)]);
    assert_eq!(broken.code, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "the old page");
    assert_eq!(audit(&["--html", text_of(&path)]).code, 1);
    assert!(fs::read_to_string(&path).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing but the page and the data");
    let nowhere = audit(&["--html", text_of(&folder.path().join("no/report.html"))]);
    assert_eq!((nowhere.code, nowhere.stdout.as_str()), (2, ""));
    // Standard output takes one of the two.
    let both = audit(&["--html", "-", "--format", "json"]);
    assert_eq!(both.code, 2);
    let page = audit(&["--html", "-"]);
    assert!(page.stdout.starts_with("<!DOCTYPE html>") && page.stderr.contains("four_fifths"));
}

#[test]
fn compiled_specs_and_absent_labels_make_pages_too() {
    let folder = folder(&[]);
    let (compiled, data) = (folder.path().join("report.fairc"), folder.path().join("unlabelled.csv"));
    assert_eq!(run(&["compile", SPEC, "-o", text_of(&compiled)]).code, 0);
    let text = fs::read_to_string(super::support::root().join(DATA)).unwrap();
    fs::write(&data, text.replacen("hired", "other", 1)).unwrap();
    let done = run(&["audit", text_of(&compiled), "--data", text_of(&data), "--html", "-", "--bootstrap", "50"]);
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stdout.contains("needs the label"), "the reason is told");
    assert!(done.stdout.contains(FIXTURES));
}

/// `--title` and the like fill the head of every format, and params stand in the words of a promise.
#[test]
fn the_head_says_what_was_given() {
    let head = ["--title", "First quarter", "--model", "credit <1>", "--auditor", "A. Person", "--set", "eps=0.04"];
    let (html, json) = (page(&head), facts(&head));
    for words in
        ["First quarter", "credit &lt;1&gt;", "A. Person", "within eps = 0.04", "eps = 0.04 (the spec has 0.05)"]
    {
        assert!(html.contains(words), "{words}");
    }
    assert_eq!(
        (json["about"]["title"].as_str(), json["params"][0]["value"].as_f64()),
        (Some("First quarter"), Some(0.04))
    );
    let markdown = audit(&[&head[..], &["--format", "markdown"]].concat()).stdout;
    assert!(markdown.starts_with("# First quarter\n\nmodel: credit &lt;1&gt;; auditor: A. Person\n"), "{markdown}");
}

/// A page always says what it did not check, and is green only where nothing is open.
#[test]
fn what_was_not_checked_is_told() {
    let folder = folder(&[]);
    let path = folder.path().join("report.html");
    let files = ["--data", "tests/fixtures/cli/people.csv", "--html", text_of(&path)];
    let of = |more: &[&str]| {
        run(&[&["audit", "tests/fixtures/cli/parity.fair"], &files[..], more].concat());
        fs::read_to_string(&path).unwrap()
    };
    let (open, clear) = (of(&["--set", "eps=0.18"]), of(&["--set", "eps=1"]));
    assert!(open.contains("answer warn") && open.contains("inconclusive") && open.contains("Not checked"));
    assert!(clear.contains("answer good") && clear.contains("Not checked"));
}

/// A pair of groups is shown once, as a ratio.
#[test]
fn ratios_are_shown_in_one_direction() {
    let json = facts(&[]);
    let rows = json["rows"].as_array().unwrap();
    let ratios: Vec<&Value> = rows.iter().map(|row| &row["shown"]).filter(|shown| shown["unit"] == "ratio").collect();
    assert!(ratios.len() > 1);
    let (folded, kept): (Vec<&Value>, Vec<&Value>) = ratios.iter().partition(|shown| shown["mirrored"] == true);
    assert_eq!(folded.len(), kept.len());
    assert!(kept.iter().all(|shown| shown["value"].as_f64() <= Some(1.0) && shown["lower"] == 0.8));
    // By the means of the groups, beside the interval of the mean of each.
    for row in rows.iter().filter(|row| row["shown"]["unit"] == "ratio") {
        let mean = |group: usize| row["groups"][group]["mean"].as_f64().unwrap();
        let value = row["shown"]["value"].as_f64().unwrap();
        assert!([mean(0) / mean(1), mean(1) / mean(0)].iter().any(|ratio| (ratio - value).abs() < 1e-12));
        assert_eq!(row["shown"]["slack"].as_f64().unwrap() < 0.0, row["verdict"] == "violated");
    }
}

#[test]
fn the_reference_can_be_chosen() {
    let named = facts(&["--reference", "race=black"]);
    let race = &named["partitions"][0];
    assert_eq!(race["reference"], "black");
    let group = |name: &str| race["groups"].as_array().unwrap().iter().find(|group| group["group"] == name).unwrap();
    let (white, black) = (group("white"), group("black"));
    let ratio = white["mean"].as_f64().unwrap() / black["mean"].as_f64().unwrap();
    assert!((white["ratio"].as_f64().unwrap() - ratio).abs() < 1e-12 && black["ratio"] == 1.0);
    // Nobody is large enough to be marked.
    let none = facts(&["--min-share", "100%"]);
    let groups = none["partitions"].as_array().unwrap().iter().flat_map(|table| table["groups"].as_array().unwrap());
    assert!(groups.into_iter().all(|group| group["below_four_fifths"] == false));
    for (reference, help) in
        [("race=blak", "did you mean `black`"), ("rac=black", "did you mean `race`"), ("race", "COL=LEVEL")]
    {
        let done = audit(&["--reference", reference]);
        assert!(done.code == 2 && done.stderr.contains(help), "{}", done.stderr);
    }
}

#[test]
fn cards_have_the_facts_and_mark_the_gaps() {
    let folder = folder(&[]);
    let (card, cyclonedx) = (folder.path().join("CARD.md"), folder.path().join("model.cdx.json"));
    let files =
        ["--card", text_of(&card), "--cyclonedx", text_of(&cyclonedx), "--model", "credit", "--model-version", "3"];
    assert_eq!(audit(&files).code, 1);
    let json = facts(&files[4..]);
    let card = fs::read_to_string(card).unwrap();
    assert!(card.contains("# Model Card for credit") && card.contains("[More Information Needed]"));
    assert!(card.contains(json["fingerprint"].as_str().unwrap()) && card.contains("Not checked"));
    let document: Value = serde_json::from_str(&fs::read_to_string(cyclonedx).unwrap()).unwrap();
    let model = &document["components"][0];
    assert_eq!((document["specVersion"].as_str(), model["version"].as_str()), (Some("1.5"), Some("3")));
    let assessments = model["modelCard"]["considerations"]["fairnessAssessments"].as_array().unwrap();
    assert_eq!(assessments.len(), json["promises"].as_array().unwrap().len());
}
