//! The pages of `project` and `stream`: they say what JSON says, and JSON says what the written table says.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{FIXTURES, folder, run, text_of};

const GERMAN: &str = "examples/german_credit";

/// The page and the JSON of a command that has both.
fn both(arguments: &str, folder: &Path) -> (String, Value) {
    let page = folder.join("page.html");
    let words: Vec<&str> = arguments.split_whitespace().chain(["--format", "json", "--html", text_of(&page)]).collect();
    let done = run(&words);
    assert_eq!(done.code, 0, "{arguments}: {}{}", done.stdout, done.stderr);
    let json = done.stdout.lines().last().unwrap_or_default();
    (fs::read_to_string(page).unwrap(), serde_json::from_str(json).unwrap())
}

/// As text stands in markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// What every page has: the answer before all else, pictures in words, nothing from elsewhere.
fn well_made(page: &str, first: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    let main = page.split_once("<main>").unwrap().1;
    assert!(main.starts_with("<p class=\"answer "), "{}", &main[..200]);
    assert!(main.split_once("</p>").unwrap().0.contains(first), "{}", &main[..300]);
    for svg in page.split("<svg ").skip(1) {
        let tag = svg.split_once('>').unwrap().0;
        assert!(
            tag.contains("role=\"img\"") && tag.contains("aria-label=\"") && !tag.contains("aria-label=\"\""),
            "{tag}"
        );
    }
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is there twice");
    for foreign in ["<script", "<img", "http:", "https:", "NaN", " inf"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_projection_as_a_page() {
    let folder = folder(&[]);
    for spec in ["parity", "four_fifths", "odds", "intersectional"] {
        let arguments = format!("project {GERMAN}/{spec}.fair --data {GERMAN}/german_credit.csv");
        let (page, json) = both(&arguments, folder.path());
        well_made(&page, "Met:");
        for promise in json["promises"].as_array().unwrap() {
            assert!(
                promise["sentence"].as_str().is_some_and(|text| text.contains(" = ") || text.contains("80%")),
                "{promise}"
            );
        }
        let rows = json["rows"].as_array().unwrap();
        for row in rows.iter().filter(|row| row["before"].is_number()) {
            // In the unit of the promise, before and after, with all digits.
            for shown in [&row["shown"], &row["shown_after"]] {
                assert!(page.contains(&format!("value=\"{}\"", shown["value"])), "{spec}: {shown}");
            }
            assert_eq!(row["verdict"], "held", "{row}");
            let group = &row["groups"][0];
            assert!(page.contains(&format!("value=\"{}\"", group["mean_after"])), "{spec}: {group}");
        }
        let worst = rows.iter().find(|row| row["verdict_before"] == "violated").unwrap();
        let now = worst["shown_after"]["sentence"].as_str().unwrap();
        assert!(now.contains("; "), "{now}");
        let drawn = page.matches("class=\"was\"").count();
        assert!(
            drawn >= 2
                && drawn == page.matches("r=\"4.5\"").count() - drawn + json["promises"].as_array().unwrap().len()
        );
    }
    let (page, _) = both(&format!("project {GERMAN}/parity.fair --data {GERMAN}/german_credit.csv"), folder.path());
    for words in [
        "Before: female 0.080 lower than male.",
        "Now: female 0.020 lower than male; allowed 0.020.",
        "within eps = 0.02",
        "Every comparison of every promise holds",
        "female and male: -0.080 before, -0.020 after; allowed -0.020 to 0.020",
    ] {
        assert!(page.contains(&escaped(words)), "{words}");
    }
}

#[test]
fn a_page_says_what_was_not_enforced() {
    let folder = folder(&[]);
    let arguments = format!("project {GERMAN}/intersectional.fair --data {GERMAN}/german_credit.csv");
    let (page, _) = both(&arguments, folder.path());
    let main = page.split_once("<main>").unwrap().1;
    assert!(main.starts_with("<p class=\"answer warn\">"), "held, and not all of it was compared");
    assert!(page.contains("1 of 8 comparisons not made: groups under 50"));
    // By batches: each comparison in its worst batch.
    let (page, json) =
        both(&format!("project {GERMAN}/parity.fair --data {GERMAN}/german_credit.csv --batch 250"), folder.path());
    well_made(&page, "Met:");
    assert!(
        page.contains("in batches of 250")
            && page.contains("in its worst batch")
            && json["rows"][0]["shown"]["unit"] == "value"
    );
    // Of a table larger than memory too.
    let arguments = format!("project {GERMAN}/parity.fair --data {GERMAN}/german_credit.csv --low-memory");
    let (page, _) = both(&arguments, folder.path());
    assert!(page.contains("Now: female 0.020 lower than male; allowed 0.020."));
}

/// Offsets and relaxed answers are no projections that satisfy the spec, and their pages do not say so.
#[test]
fn a_page_claims_no_more_than_was_done() {
    let folder = folder(&[]);
    let offsets = folder.path().join("offsets.json");
    let data = format!("--data {GERMAN}/german_credit.csv");
    let freeze = format!("freeze {GERMAN}/parity.fair {data} --pred score --set eps=0.05 -o {}", text_of(&offsets));
    assert_eq!(run(&freeze.split(' ').collect::<Vec<_>>()).code, 0);
    let other = folder.path().join("other.csv");
    let text = fs::read_to_string(super::support::root().join(GERMAN).join("german_credit.csv")).unwrap();
    let half: String = text.lines().take(500).map(|line| format!("{line}\n")).collect();
    fs::write(&other, half).unwrap();
    let apply = format!(
        "project {GERMAN}/parity.fair --data {} --set eps=0.05 --frozen {}",
        text_of(&other),
        text_of(&offsets)
    );
    let (page, json) = both(&apply, folder.path());
    assert!(page.contains("<h1>Per-group offsets: ") && page.contains("nothing was projected"), "{json}");
    assert!(!page.contains("as little as it takes"));
    let relaxed =
        "project tests/fixtures/cli/infeasible.fair --data tests/fixtures/cli/people.csv --on-infeasible relax";
    let (page, json) = both(relaxed, folder.path());
    assert_eq!(json["verdict"], "violated");
    well_made(&page, "Not met:");
    assert!(
        page.contains("least total violation") && !page.contains("promise holds") && page.contains("class=\"wrong\"")
    );
}

#[test]
fn a_page_is_a_file_and_only_of_an_answer() {
    let folder = folder(&[]);
    let page = folder.path().join("page.html");
    let data = ["--data", "tests/fixtures/cli/people.csv", "--html"];
    for command in ["project", "stream", "price", "decide"] {
        let spec = format!("{FIXTURES}/parity.fair");
        let done = run(&[&[command, &spec][..], &data, &["-"]].concat());
        assert!(
            done.code == 2 && done.stderr.contains("the page is written to a file: name one"),
            "{command}: {}",
            done.stderr
        );
    }
    let spec = format!("{FIXTURES}/infeasible.fair");
    let done = run(&[&["project", &spec][..], &data, &[text_of(&page)]].concat());
    assert!(done.code == 1 && !page.exists(), "{}", done.stderr);
}

/// The rows of a written table, by the names of their columns.
fn column(text: &str, name: &str) -> Vec<String> {
    let mut lines = text.lines();
    let place = lines.next().unwrap().split(',').position(|head| head == name).unwrap();
    lines.map(|line| line.split(',').nth(place).unwrap().to_owned()).collect()
}

/// The pooled values over time are those of the answers that were written, added up here.
#[test]
fn a_stream_over_time() {
    let folder = folder(&[]);
    let out = folder.path().join("out.csv");
    let arguments =
        format!("stream {GERMAN}/parity.fair --data {GERMAN}/german_credit.csv --batch 3 -o {}", text_of(&out));
    let (page, json) = both(&arguments, folder.path());
    well_made(&page, "Met: the promise is held");
    let written = fs::read_to_string(&out).unwrap();
    let (sex, fair) = (column(&written, "sex"), column(&written, "score_fair"));
    let mean = |samples: usize, level: &str| {
        let of = sex.iter().zip(&fair).take(samples).filter(|(sex, _)| *sex == level);
        let of: Vec<f64> = of.map(|(_, score)| score.parse::<f64>().unwrap()).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    let moments = json["over_time"].as_array().unwrap();
    assert!((65..=129).contains(&moments.len()), "{}", moments.len());
    assert_eq!(moments.last().unwrap()["samples"], 1000);
    for moment in moments {
        let (samples, row) = (moment["samples"].as_u64().unwrap() as usize, &moment["rows"][0]);
        let gap = mean(samples, "female") - mean(samples, "male");
        if row["value"].is_null() {
            assert!(gap.is_nan() && row["verdict"] == "not checked", "{moment}");
            continue;
        }
        let value = row["value"].as_f64().unwrap();
        assert!((value - gap).abs() < 1e-12, "{samples}: {value} and {gap}");
        assert_eq!(row["verdict"] == "held", gap.abs() <= 0.02 + 1e-12, "{moment}");
        assert!(page.contains(&format!("{} ({})", short(value), row["verdict"].as_str().unwrap())), "{moment}");
    }
    assert_eq!(json["rows"][0]["pooled"], moments.last().unwrap()["rows"][0]["value"]);
    assert!(page.contains("parity over time: from") && page.contains("Where each row stood"));
}

/// Four decimals, as a report has them.
fn short(value: f64) -> String {
    match value.abs() {
        size if size < 1e-4 && value != 0.0 => format!("{value:.2e}"),
        size if size < 1e-3 && value != 0.0 => format!("{value:.6}"),
        _ if value == 0.0 => "0".to_owned(),
        _ => format!("{value:.4}"),
    }
}

/// A stream that was stopped and goes on has the same moments as one that was not.
#[test]
fn moments_outlast_a_restart() {
    let folder = folder(&[]);
    let path = |name: &str| folder.path().join(name);
    let all = fs::read_to_string(super::support::root().join(GERMAN).join("german_credit.csv")).unwrap();
    let part: String = all.lines().take(401).map(|line| format!("{line}\n")).collect();
    let data = path("data.csv");
    let command = |state: &str, out: &str| {
        format!(
            "stream {GERMAN}/parity.fair --data {} --batch 2 --state {} -o {}",
            text_of(&data),
            text_of(&path(state)),
            text_of(&path(out))
        )
    };
    fs::write(&data, part).unwrap();
    let (_, first) = both(&command("a.json", "a.csv"), folder.path());
    assert_eq!(first["over_time"].as_array().unwrap().last().unwrap()["samples"], 400);
    fs::write(&data, &all).unwrap();
    let (page, resumed) = both(&command("a.json", "a.csv"), folder.path());
    let (whole_page, whole) = both(&command("b.json", "b.csv"), folder.path());
    assert_eq!(resumed["over_time"], whole["over_time"]);
    assert_eq!(page, whole_page);
    assert_eq!(fs::read(path("a.json")).unwrap(), fs::read(path("b.json")).unwrap());
    // Nobody asked for moments, and there are none.
    let done = run(&[
        "stream",
        &format!("{GERMAN}/parity.fair"),
        "--data",
        text_of(&data),
        "--state",
        text_of(&path("c.json")),
    ]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!fs::read_to_string(path("c.json")).unwrap().contains("over_time"));
}
