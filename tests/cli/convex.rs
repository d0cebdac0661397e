//! Means of what bends, through every command: taken, or refused by the name of the row.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::{run, text_of};

const SPEC: &str = "column g: {a, b}
column x: real in [0, 1]
predict score: real in [0, 1]
constraint near: E[|score - x| | g == a] <= 0.125
constraint high: E[max(score - 0.75, 0) | g == b] <= 0.05
constraint low: E[min(score, 0.5)] >= 0.25
";
const DATA: &str = "g,x,score\na,0.5,0.9\na,0.25,0.75\nb,0.5,0.95\nb,0.5,0.8\na,0.5,0.5\nb,0.25,0.0\n";

enum Wants {
    /// It reads no rows of a spec, or not those of data.
    Nothing,
    /// It does its work.
    Taken,
    /// It names the row.
    Refused,
}
use Wants::{Nothing, Refused, Taken};

/// `%` is a folder with the spec, the data and what belongs to them.
const CALLS: &[(&str, Wants, &str)] = &[
    ("init", Nothing, ""),
    ("check", Taken, "%/bend.fair --data %/bend.csv"),
    ("check", Refused, "%/bend.fair --data %/bend.csv --batch 2"),
    ("compile", Taken, "%/bend.fair --emit rows"),
    ("compile", Taken, "%/bend.fair --emit hir"),
    ("fmt", Nothing, ""),
    ("explain", Nothing, ""),
    ("std", Nothing, ""),
    ("imply", Refused, "%/bend.fair %/bend.fair"),
    ("imply", Refused, "%/bend.fair %/mean.fair --data %/bend.csv"),
    ("imply", Refused, "%/mean.fair %/bend.fair"),
    ("diff", Taken, "%/bend.fair %/bend.fair"),
    ("demo", Nothing, ""),
    ("impact", Nothing, ""),
    ("project", Taken, "%/bend.fair --data %/bend.csv"),
    ("decide", Refused, "%/bend.fair --data %/bend.csv"),
    ("audit", Taken, "%/bend.fair --data %/kept.csv"),
    ("export", Taken, "%/bend.fair --data %/bend.csv --to json -o -"),
    ("export", Taken, "%/bend.fair --data %/bend.csv --pred score --to lp -o -"),
    ("export", Taken, "%/bend.fair --data %/bend.csv --pred score --to mps -o -"),
    ("export", Refused, "%/bend.fair --data %/bend.csv --to npz -o %/out.npz"),
    ("price", Taken, "%/param.fair --data %/bend.csv --sweep eps=0.1,0.2"),
    ("price", Refused, "%/param.fair --data %/bend.csv --sweep eps=0.1,0.2 --decide"),
    ("freeze", Refused, "%/bend.fair --data %/bend.csv --to json -o -"),
    ("stream", Refused, "%/bend.fair --data %/bend.csv"),
    ("sql", Refused, "%/bend.fair --table people --dialect duckdb"),
    ("solve", Nothing, ""),
    ("verify", Nothing, ""),
    ("lsp", Nothing, ""),
    ("completions", Nothing, ""),
    ("man", Nothing, ""),
    ("train", Nothing, ""),
    ("predict", Nothing, ""),
];

#[test]
fn every_command_takes_a_row_that_bends_or_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("bend.fair", SPEC);
    write("bend.csv", DATA);
    write("kept.csv", "g,x,score\na,0.5,0.6\nb,0.5,0.4\n");
    write("mean.fair", "predict score: real in [0, 1]\nconstraint c: E[score] <= 0.9\n");
    let param = "column x: real in [0, 1]\npredict score: real in [0, 1]\nparam eps = 0.1 in [0, 1]\n";
    write("param.fair", &format!("{param}constraint near: E[|score - x|] <= eps\n"));
    let mut wrong = Vec::new();
    for (command, wants, words) in CALLS {
        let words = words.replace('%', text_of(folder.path()));
        let arguments: Vec<&str> = [*command].into_iter().chain(words.split_whitespace()).collect();
        let done = match wants {
            Nothing => continue,
            Taken | Refused => run(&arguments),
        };
        let named =
            ["near", "high", "low"].iter().any(|row| done.stderr.contains(&format!("`{row}` is the mean of a bend")));
        let as_wanted = match wants {
            Nothing => true,
            Taken => done.code == 0,
            Refused => done.code != 0 && named,
        };
        if !as_wanted {
            wrong.push(format!("{arguments:?}: exit code {}\n{}{}", done.code, done.stdout, done.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let known: BTreeSet<&str> = CALLS.iter().map(|(command, ..)| *command).collect();
    let missing: Vec<String> =
        fairc::cli::commands().into_iter().filter(|command| !known.contains(command.as_str())).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}

/// The projection keeps its rows when they are summed from what was written, and an audit says so.
#[test]
fn projected_predictions_keep_means_of_bends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("bend.fair"), SPEC).expect("a file");
    std::fs::write(path("bend.csv"), DATA).expect("a file");
    let (spec, data, fair) = (path("bend.fair"), path("bend.csv"), path("fair.csv"));
    let done = run(&["project", text_of(&spec), "--data", text_of(&data), "-o", text_of(&fair)]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let text = std::fs::read_to_string(&fair).expect("a file");
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let of = |group: &str| -> Vec<(f64, f64)> {
        rows.iter().filter(|row| row[0] == group).map(|row| (number(row[1]), number(row[3]))).collect()
    };
    let near: f64 = of("a").iter().map(|(x, y)| (y - x).abs()).sum::<f64>() / 3.0;
    let high: f64 = of("b").iter().map(|(_, y)| (y - 0.75).max(0.0)).sum::<f64>() / 3.0;
    assert!((near - 0.125).abs() < 1e-12, "{near}");
    assert!((high - 0.05).abs() < 1e-12, "{high}");
    let audit = ["audit", text_of(&spec), "--data", text_of(&fair), "--pred", "score_fair", "--format", "json"];
    let done = run(&audit);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let answer: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(answer["ok"], true);
    let before = run(&["audit", text_of(&spec), "--data", text_of(&data)]);
    assert_eq!(before.code, 1, "{}", before.stdout);
    assert!(before.stdout.contains("abs(score - x)"), "{}", before.stdout);
}
