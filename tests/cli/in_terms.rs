//! Numbers stand in the terms in which promises are written, and green is for what was checked in whole.

use std::fs;

use super::support::squeezed;
use super::verdicts::{Case, json, promise};

/// `g,y,s` of `n` people: every third has no label, and every seventh is in `b`.
fn people(n: usize) -> String {
    let line = |k: usize| {
        let group = if k.is_multiple_of(7) { "b" } else { "a" };
        let label = ["1", "0", ""][k % 3];
        format!("{group},{label},{:.2},w{}\n", f64::from(u8::try_from(k * 37 % 101).unwrap()) / 100.0, k % 2)
    };
    "g,y,s,week\n".to_owned() + &(0..n).map(line).collect::<String>()
}

const HEAD: &str = "column g: {a, b}\nlabel y: {0, 1}?\npredict s: real in [0, 1]\n";

/// The sums that a formula is made of, over one group, read by hand.
fn sums(data: &str, group: &str) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for line in data.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let s: f64 = fields[2].parse().unwrap();
        if fields[0] == group && !fields[1].is_empty() {
            let y: f64 = fields[1].parse().unwrap();
            let terms = [s, s * y, 1.0, y];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
    }
    sums
}

#[test]
fn rates_of_error_are_shown_as_such() {
    let data = people(210);
    let uses = "use precision_floor(g, y, 30%) as prec (enforce = train)\n\
                use false_omission_ceiling(g, y, 40%) as fom (enforce = train)\n\
                use f1_floor(g, y, 45%) as f1 (enforce = train)\n\
                use treatment_equality(g, y, 0.5, 2) as te (enforce = train)\n";
    let case = Case::new(&format!("{HEAD}{uses}"), &data);
    let facts = case.facts();
    let rows = facts["rows"].as_array().unwrap();
    let shown = |name: &str| &rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}"))["shown"];
    for group in ["a", "b"] {
        let [all, right, known, good] = sums(&data, group);
        for (name, value, side, limit) in [
            ("prec", right / all, "lower", 0.3),
            ("fom", (good - right) / (known - all), "upper", 0.4),
            ("f1", 2.0 * right / (all + good), "lower", 0.45),
        ] {
            let shown = shown(&format!("{name}[a={group}]"));
            assert_eq!(shown["unit"], "ratio", "{shown}");
            assert!((shown["value"].as_f64().unwrap() - value).abs() < 1e-9, "{name} {group}: {shown}, {value}");
            assert_eq!(shown[side].as_f64(), Some(limit), "{shown}");
        }
        let (negatives, positives) = (good - right, all - right);
        for (side, limit) in [("lower", 0.5), ("upper", 2.0)] {
            let name = format!("te[a={group}].{}", if side == "lower" { 1 } else { 2 });
            let shown = shown(&name);
            assert!((shown["value"].as_f64().unwrap() - negatives / positives).abs() < 1e-9, "{shown}");
            assert_eq!(shown[side].as_f64(), Some(limit), "{shown}");
        }
    }
    let text = squeezed(&case.audit(&["--all"]).stdout);
    assert!(text.contains("allowed at most 0.400") && text.contains("needs at least 0.300"), "{text}");
}

#[test]
fn residuals_are_shown_as_such() {
    let data = people(210);
    let spec =
        format!("{HEAD}constraint res (enforce = train): forall x in g: |E[y - s | g == x, y in {{0, 1}}]| <= 0.02\n");
    let case = Case::new(&spec, &data);
    let facts = case.facts();
    for (row, group) in facts["rows"].as_array().unwrap().iter().zip(["a", "b"]) {
        let [all, _, known, good] = sums(&data, group);
        let shown = &row["shown"];
        assert!((shown["value"].as_f64().unwrap() - (good - all) / known).abs() < 1e-9, "{shown}");
        assert_eq!((shown["lower"].as_f64(), shown["upper"].as_f64()), (Some(-0.02), Some(0.02)), "{shown}");
        assert!(shown["who"].as_str().is_some_and(|who| who.contains("E[y | ") && who.contains("E[s | ")), "{shown}");
    }
    let text = squeezed(&case.audit(&[]).stdout);
    assert!(text.contains("limit -0.02 .. 0.02"), "{text}");
    let projected = squeezed(&case.run("project", &["-q"]).stdout);
    assert!(projected.contains("-0.02 .. 0.02"), "{projected}");
}

/// A factor that is a param, and the values of a column.
#[test]
fn ratios_by_a_param_and_by_weeks_are_ratios() {
    let spec =
        format!("{HEAD}param eps = 20% in [0, 1]\nconstraint near: E[s | g == b] >= (1 - eps) * E[s | g == a]\n");
    let case = Case::new(&spec, &people(210));
    let facts = json(&case.audit(&["--format", "json", "--group-by", "week", "--set", "eps=0.1"]));
    let shown = &facts["rows"][0]["shown"];
    assert_eq!((shown["unit"].as_str(), shown["lower"].as_f64()), (Some("ratio"), Some(0.9)), "{shown}");
    for week in facts["group_by"]["values"].as_array().unwrap() {
        let row = &week["rows"][0]["shown"];
        assert_eq!((row["unit"].as_str(), row["lower"].as_f64()), (Some("ratio"), Some(0.9)), "{row}");
        assert!(row["value"].as_f64().is_some_and(|ratio| ratio > 0.3), "{row}");
    }
    let text = squeezed(&case.audit(&["--group-by", "week"]).stdout);
    assert!(text.contains(">= 0.8"), "{text}");
}

#[test]
fn groups_under_thirty_are_marked_everywhere() {
    let spec = "column g: {a, b, c}\npredict s: real in [0, 1]\nuse ratio_parity(g, 80%) as r\n";
    let one = "c,,0.00,w0\n";
    let half: String = (0..80).map(|k| format!("b,,{:.2},w0\n", 0.3 + f64::from(k % 3) / 100.0)).collect();
    let whole: String = (0..80).map(|k| format!("a,,{:.2},w0\n", 0.6 + f64::from(k % 3) / 100.0)).collect();
    let case = Case::new(spec, &format!("g,y,s,week\n{whole}{half}{one}"));
    let facts = case.facts();
    let worst = promise(&facts, "r")["worst"].as_u64().unwrap() as usize;
    let rows = facts["rows"].as_array().unwrap();
    assert_eq!((rows[worst]["verdict"].as_str(), rows[worst]["small"].as_bool()), (Some("violated"), Some(false)));
    assert!(rows.iter().any(|row| row["small"] == true && row["samples"] == 1));
    let lines = case.audit(&["--all"]).stdout;
    assert!(lines.lines().any(|line| line.contains("g == \"c\"") && line.ends_with("small")), "{lines}");
    let page = case.path("page.html");
    case.audit(&["--html", &page]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("small: 1 sample") && page.contains(", small groups aside: "), "{page}");
    assert!(case.audit(&["--format", "markdown"]).stdout.contains("small: 1 sample"));
    let lines = case.run("project", &["-q", "--all"]).stdout;
    assert!(lines.contains("g == \"c\" (1, small)"), "{lines}");
}

/// Samples in no level are no pass in green, whatever page or terminal.
#[test]
fn green_is_for_what_was_checked_in_whole() {
    let spec = |null: &str| {
        format!("column g: {{a, b}}{null}\npredict s: real in [0, 1]\nuse demographic_parity(g, 100%) as p\n")
    };
    let data = people(210);
    for (null, data, tone) in [("?", data.replace("\nb,", "\n,"), "answer warn"), ("", data.clone(), "answer good")] {
        let data = if null.is_empty() { data } else { format!("{data}b,,0.5,w0\n") };
        let case = Case::new(&spec(null), &data);
        for command in ["audit", "project", "stream", "decide"] {
            let page = case.path("page.html");
            let done = case.run(command, &["-q", "--html", &page]);
            assert_eq!(done.code, 0, "{command}: {}{}", done.stdout, done.stderr);
            let text = fs::read_to_string(&page).unwrap();
            assert!(text.contains(&format!("<p class=\"{tone}\">")), "{command}: {text}");
            assert!(done.stdout.starts_with("Met: the promise is held"), "{command}: {}", done.stdout);
            assert_eq!(
                done.stdout.lines().next().unwrap().contains("in no level"),
                !null.is_empty(),
                "{}",
                done.stdout
            );
        }
    }
}

#[test]
fn a_check_says_what_an_audit_would_refuse() {
    let spec = "column g: {a, b}\npredict score: real in [0, 1]\nuse demographic_parity(g, 5%) as p\n";
    let case = Case::new(spec, "g,score\na,0.5\nb,\na,\n");
    let checked = case.run("check", &[]);
    let text = squeezed(&checked.stdout);
    assert!(
        text.contains("audit and project would refuse these data") && text.contains("`score` is missing"),
        "{text}"
    );
    assert_eq!(case.audit(&[]).code, 1);
    let found = json(&case.run("check", &["--format", "json"]));
    assert_eq!(found["specs"][0]["data"]["predictions"].as_array().map(Vec::len), Some(1), "{found}");
    let case = Case::new(spec, "g,scores\na,0.5\nb,0.4\n");
    let text = squeezed(&case.run("check", &[]).stdout);
    assert!(
        text.contains("has no column `score`, which the spec predicts: audit and project need `--pred scores`"),
        "{text}"
    );
    let case = Case::new(spec, "g,score\na,0.5\nb,0.4\n");
    assert!(!case.run("check", &[]).stdout.contains("audit"));
}

#[test]
fn what_is_left_out_is_named() {
    let spec = "column g: {a, b}?\nweight w\npredict s: real in [0, 1]\nuse demographic_parity(g, 100%) as p\n";
    let case = Case::new(spec, "g,w,s\na,1,0.5\nb,0,0.4\nb,2,0.4\nN/A,1,0.3\nN/A,1,0.2\nnone,0,0.1\n,1,0.4\n");
    let text = squeezed(&case.audit(&[]).stdout);
    assert!(text.contains("2 samples of weight 0 count in no mean"), "{text}");
    assert!(text.contains("3 undeclared: `N/A` (2) `none` (1)"), "{text}");
}

/// What an error advises works.
#[test]
fn errors_have_fixes_that_work() {
    let residual = "column g: {a, b}\nlabel y: {0, 1}?\npredict s: real in [0, 1]\n\
                    constraint r (enforce = train): E[y - s | g == a] <= 1\n";
    let data = "g,y,s\na,1,0.5\na,,0.5\nb,0,0.4\n";
    let refused = Case::new(residual, data).audit(&[]);
    let text = squeezed(&format!("{}{}", refused.stdout, refused.stderr));
    assert!(refused.code == 1 && text.contains("add `y in {0, 1}` after the bar"), "{text}");
    assert_eq!(Case::new(&residual.replace("g == a]", "g == a, y in {0, 1}]"), data).audit(&[]).code, 0);

    let decided = "column g: {a, b}\npredict s: {0, 1}\nuse demographic_parity(g, 100%) as p\n";
    let case = Case::new(decided, "g,s\na,yes\nb,no\n");
    let refused = case.audit(&[]);
    let text = squeezed(&format!("{}{}", refused.stdout, refused.stderr));
    assert!(text.contains("`fairc impact` and `--selected yes`"), "{text}");

    let spec = "column g: {a, b}\ncolumn x: real?\npredict s: real in [0, 1]\nconstraint c: E[s | g == a, x > 1] <= 1\n\
                constraint d: E[s | x > 2] <= 0.9\n";
    let case = Case::new(spec, "g,x,s\na,5,0.4\nb,unknown,0.5\n");
    let refused = case.audit(&[]);
    let text = squeezed(&format!("{}{}", refused.stdout, refused.stderr));
    assert!(text.contains("read it as a null with `--null unknown`"), "{text}");
    assert_eq!(case.audit(&["--null", "unknown"]).code, 0);

    let spaced = Case::new(
        "column g: {a, b}\npredict score: real in [0, 1]\nuse demographic_parity(g, 100%) as p\n",
        "g, score\na,0.4\nb,0.5\n",
    );
    let refused = spaced.audit(&[]);
    let text = squeezed(&format!("{}{}", refused.stdout, refused.stderr));
    assert!(text.contains("`--pred ' score'`"), "{text}");
    assert_eq!(spaced.audit(&["--pred", " score"]).code, 0);
}
