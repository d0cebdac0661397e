//! `price`: tables, JSON, the picture, and what ends with which exit code.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{folder, run, text_of, transcript};

const PARITY: [&str; 4] = ["price", "tests/fixtures/cli/parity.fair", "--data", "tests/fixtures/cli/people.csv"];

fn json(arguments: &[&str]) -> Value {
    let done = run(&[&PARITY[..], arguments, &["--format", "json"]].concat());
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", done.stdout, done.stderr))
}

#[test]
fn prices_are_told() {
    assert_snapshot!(transcript("price @/parity.fair --data @/people.csv --sweep eps=0,0.05,0.1,0.2"));
    assert_snapshot!(transcript("price @/odds.fair --data @/people.csv --sweep eps=0..0.2/4"));
    assert_snapshot!(transcript("price @/odds.fair --data @/people.csv --sweep eps=0.1 --all"));
    assert_snapshot!(transcript("price @/parity.fair --data @/people.csv"));
}

#[test]
fn what_decisions_gain_is_told() {
    assert_snapshot!(transcript("price @/parity.fair --data @/people.csv --decide --sweep eps=0,0.05,0.5"));
    assert_snapshot!(transcript(
        "price @/tables.fair --data @/people.csv --decide --cutoff 0.4 --sweep tol[male]=0,0.1"
    ));
    let value = json(&["--decide", "--sweep", "eps=0,0.05,0.1,0.5"]);
    let of = |place: usize, name: &str| value["sweeps"][0]["values"][place]["decided"][name].as_f64().unwrap();
    let all = value["by_cutoff"]["gain"].as_f64().unwrap();
    for place in 0..4 {
        assert!((of(place, "share_kept") - of(place, "gain") / all).abs() < 1e-12);
        assert!(of(place, "gain_whole") <= of(place, "gain") + 1e-12);
        assert!(place == 0 || of(place, "gain") >= of(place - 1, "gain") - 1e-12, "more room gains no less");
    }
    let (folder, command) = (folder(&[]), [&PARITY[..], &["--decide", "--sweep", "eps=0,0.5", "--plot"]].concat());
    let svg = folder.path().join("price.svg");
    assert_eq!(run(&[&command[..], &[text_of(&svg)]].concat()).code, 0);
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.contains("who is selected") && svg.contains("by the cutoff alone"), "{svg}");
    assert_eq!(run(&[&PARITY[..], &["--cutoff", "0.4"]].concat()).code, 2, "a cutoff is for decisions");
}

#[test]
fn mistakes_are_told() {
    assert_snapshot!(transcript("price @/parity.fair --data @/people.csv --sweep esp=0.1"));
    assert_snapshot!(transcript("price @/parity.fair --data @/people.csv --sweep eps=0,2"));
    assert_snapshot!(transcript("price @/parity.fair --data @/people.csv --sweep eps=0..x"));
    assert_snapshot!(transcript("price @/soft.fair --data @/people.csv"));
}

#[test]
fn values_that_nothing_satisfies_are_shown() {
    let folder = folder(&["people.csv"]);
    let (spec, data) = (folder.path().join("floor.fair"), folder.path().join("people.csv"));
    let text = "column sex: {female, male}\npredict score: real in [0, 1]\nparam most = 0.5 in [0, 1]\n\
                constraint cap: E[score] <= most\nconstraint floor: forall s in sex: E[score | sex == s] >= 0.4\n";
    fs::write(&spec, text).unwrap();
    let base = ["price", text_of(&spec), "--data", text_of(&data), "--sweep"];
    let done = run(&[&base[..], &["most=0.3,0.5"]].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("infeasible: no predictions within their bounds satisfy"), "{}", done.stdout);
    assert_eq!(run(&[&base[..], &["most=0.3"]].concat()).code, 1);
    let done = run(&[&base[..], &["most=0.3,0.5", "--format", "json"]].concat());
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    let values = &value["sweeps"][0]["values"];
    assert_eq!((values[0]["status"].as_str(), values[1]["status"].as_str()), (Some("infeasible"), Some("optimal")));
    assert_eq!(values[0]["conflict"].as_array().map(Vec::len), Some(3), "{value}");
    assert!(values[0]["distance"].is_null() && values[0]["rows"][0]["before"].is_number());
}

#[test]
fn json_has_the_shadow_price() {
    let value = json(&["--sweep", "eps=0.0499,0.05,0.0501"]);
    let sweep = &value["sweeps"][0];
    assert_eq!((sweep["param"].as_str(), sweep["reach"].as_str()), (Some("eps"), Some("sides")));
    let half = |place: usize| {
        let distance = sweep["values"][place]["distance"].as_f64().unwrap();
        0.5 * distance * distance
    };
    let (slope, middle) = ((half(0) - half(2)) / 0.0002, &sweep["values"][1]);
    let price = middle["price"].as_f64().unwrap();
    assert!((slope - price).abs() < 1e-6 * price, "{slope} {price}");
    assert!((middle["rows"][0]["multiplier"].as_f64().unwrap().abs() - price).abs() < 1e-6 * price);
    // As `project` has it.
    let projected = run(&["project", PARITY[1], "--data", PARITY[3], "--set", "eps=0.05", "--format", "json"]);
    let projected: Value = serde_json::from_str(&projected.stdout).unwrap();
    assert!((projected["distance"].as_f64().unwrap() - middle["distance"].as_f64().unwrap()).abs() < 1e-12);
    let changes: Vec<f64> =
        middle["groups"].as_array().unwrap().iter().map(|group| group["mean_change"].as_f64().unwrap()).collect();
    let before = middle["rows"][0]["before"].as_f64().unwrap();
    let after = middle["rows"][0]["after"].as_f64().unwrap();
    assert!((changes[0] - changes[1] - (after - before)).abs() < 1e-12, "{changes:?}");
}

#[test]
fn pictures_are_whole_svg_files() {
    let folder = folder(&[]);
    let path = folder.path().join("price.svg");
    let done = run(&[&PARITY[..], &["--plot", text_of(&path)]].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
    let svg = fs::read_to_string(&path).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    let words =
        ["how far 12 predictions move", "who moves", "limit", "now: eps = 0.02", "mean change of score", "price"];
    for word in words {
        assert!(svg.contains(word), "{word}");
    }
    assert!(svg.contains("sex == &quot;female&quot;"), "names are escaped: {svg}");
    let missing = folder.path().join("no/price.svg");
    assert_eq!(run(&[&PARITY[..], &["--plot", text_of(&missing)]].concat()).code, 2);
}

/// A bound of single samples that is needed for a conflict is named with the rows.
#[test]
fn conflicts_name_the_bounds_that_are_in_them() {
    let folder = super::support::folder(&[]);
    let (spec, data) = (folder.path().join("spec.fair"), folder.path().join("data.csv"));
    let text = "column sex: {f, m}\npredict score: real in [0, 1]\nparam eps = 0.4 in [0, 1]\n\
                constraint tight: E[score | sex == f] >= eps\nconstraint cap: each where sex == f: score <= 0.5\n";
    std::fs::write(&spec, text).unwrap();
    std::fs::write(&data, "sex,score\nf,0.4\nf,0.8\nm,0.5\n").unwrap();
    let [spec, data] = [&spec, &data].map(|path| super::support::text_of(path));
    let done = super::support::run(&["price", spec, "--data", data, "--sweep", "eps=0.4,0.6", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let points = value["sweeps"][0]["values"].as_array().unwrap();
    let conflict = points.iter().find(|point| point["value"] == 0.6).map(|point| point["conflict"].clone());
    assert_eq!(conflict, Some(serde_json::json!(["tight", "cap"])), "{}", done.stdout);
}

#[test]
fn the_present_value_is_always_shown_and_lines_that_say_the_same_are_one() {
    let done = run(&[&PARITY[..], &["--sweep", "eps=0,0.2,0.3,0.4"]].concat());
    let first = done.stdout.lines().next().unwrap();
    assert_eq!(first, "eps = 0.02: 12 of 12 predictions move, by 0.0756 on average; none from 0.2 on");
    let told = super::support::squeezed(&done.stdout);
    assert!(told.contains(" now=0.02 100% 0.0756 ") && told.contains(" 0.2 .. 0.4 0% 0 "), "{told}");
    // What was asked for decides, and is in the answer as JSON, alone.
    let value = json(&["--sweep", "eps=0,0.2"]);
    assert_eq!(value["sweeps"][0]["values"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_page_shows_what_the_text_says() {
    let folder = folder(&[]);
    let path = folder.path().join("price.html");
    for (more, words) in [
        (&["--sweep", "eps=0,0.2"][..], ["mean move of score", "cost saved per unit"]),
        (&["--decide", "--sweep", "eps=0,0.2"], ["gain of decisions", "by the cutoff alone"]),
    ] {
        let done = run(&[&PARITY[..], more, &["--html", text_of(&path)]].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        let page = fs::read_to_string(&path).unwrap();
        let first = done.stdout.lines().next().unwrap();
        let charts = page.matches("<figure>").count();
        assert!(page.contains(first) && charts == 3 && page.contains("now=0.02"), "{charts} {first}\n{page}");
        assert!(words.iter().all(|words| page.to_lowercase().contains(words)), "{page}");
    }
}

/// The decisions that are counted are those that `decide` makes.
#[test]
fn decisions_are_counted_as_they_are_made() {
    let found = json(&["--decide", "--sweep", "eps=0,0.05,0.2"]);
    for value in found["sweeps"][0]["values"].as_array().unwrap() {
        let set = format!("eps={}", value["value"]);
        let more = ["--set", &set, "--format", "json"];
        let decided = run(&[&["decide"][..], &PARITY[1..], &more[..]].concat());
        let decided: Value = serde_json::from_str(&decided.stdout).unwrap();
        let of = &value["decided"];
        assert_eq!(of["selected_whole"], decided["selected_after"], "{set}: {of}");
        assert_eq!(of["became_1_whole"], decided["became_1"], "{set}: {of}");
        assert_eq!(of["became_0_whole"], decided["became_0"], "{set}: {of}");
    }
}

/// One value has axes that tell apart and the line that the caption speaks of; what is left out is told.
#[test]
fn a_page_of_one_value_is_whole() {
    let folder = folder(&[]);
    let path = |name: &str| text_of(&folder.path().join(name)).to_owned();
    let spec = "column g: {a, b, c, d, e, f}\npredict s: real in [0, 1]\nparam eps = 5% in [0, 1]\n\
                constraint near (min_count = 3, when_empty = skip): forall x in g: |E[s | g == x] - E[s]| <= eps\n";
    fs::write(path("s.fair"), spec).unwrap();
    let line =
        |k: u32| format!("{},{:.2}\n", ["a", "b", "c", "d", "e"][(k % 5) as usize], f64::from(k * 29 % 100) / 100.0);
    fs::write(path("d.csv"), format!("g,s\n{}f,0.5\n", (0..60).map(line).collect::<String>())).unwrap();
    let command =
        ["price", &path("s.fair"), "--data", &path("d.csv"), "--sweep", "eps=0.05", "--html", &path("p.html")];
    for more in [&[][..], &["--decide"]] {
        let done = run(&[&command[..], more].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        let page = fs::read_to_string(path("p.html")).unwrap();
        assert_eq!(page.matches("<line class=\"limit\"").count(), page.matches("Dashed: ").count(), "{page}");
        assert!(page.contains("1 row takes no part") && page.contains("near[x=f]"), "{page}");
        assert!(page.contains("more groups (<code>--all</code> shows them)"), "{page}");
        for chart in page.split("<figure>").skip(1) {
            let marks: Vec<&str> =
                chart.split("text-anchor=\"end\">").skip(1).map(|it| it.split('<').next().unwrap()).collect();
            let mut apart = marks.clone();
            apart.dedup();
            assert!(marks.len() > 1 && apart == marks && marks.iter().all(|mark| mark.len() <= 7), "{marks:?}");
        }
    }
}
