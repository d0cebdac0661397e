//! How long a change of a long spec takes; printed, not judged: `cargo test --release -p fairc-server latency -- --nocapture`.

use std::fmt::Write;
use std::time::Instant;

use serde_json::json;

use super::{Editor, Memory, SPEC};

/// A spec of a thousand lines.
fn long() -> String {
    let mut text = String::from("predict score: real in [0, 1]\nparam eps = 5% in [0, 1]\n");
    for at in 0..40 {
        let _ = writeln!(text, "column g{at}: {{a, b, c}}\ncolumn x{at}: real in [0, {}]", at + 1);
        let _ = writeln!(text, "event e{at} = x{at} >= {at} and g{at} == a");
    }
    let mut at = 0;
    while text.lines().count() < 1_000 {
        let (one, other) = (at % 40, (at * 7 + 3) % 40);
        let _ = writeln!(text, "## The gap number {at}.\nconstraint c{at}:");
        let _ =
            writeln!(text, "    |E[score | g{one} == a, g{other} == b] - E[score | g{one} == b]| <= eps + {at}/10000");
        let _ = writeln!(text, "use demographic_parity(g{one}, {}%) as u{at}", 3 + at % 9);
        at += 1;
    }
    text
}

#[test]
fn a_change_of_a_thousand_lines() {
    const CHANGES: usize = 21;
    let memory = Memory::default();
    let mut editor = Editor::new(&memory, &long());
    let mut times = Vec::new();
    for version in 0..CHANGES {
        let place = json!({"line": 500, "character": 0});
        let change = json!({"range": {"start": place, "end": place}, "text": "# x\n"});
        let params = json!({"textDocument": {"uri": SPEC, "version": version}, "contentChanges": [change]});
        let before = Instant::now();
        editor.tell("textDocument/didChange", params);
        let told = crate::publish::untold(&mut editor.session).expect("it has changed").params;
        times.push(before.elapsed());
        let errors = told["diagnostics"].as_array().into_iter().flatten().filter(|found| found["severity"] == 1);
        assert_eq!(errors.count(), 0);
    }
    times.sort();
    println!("from a change to its diagnostics, median of {CHANGES}: {:?}", times[CHANGES / 2]);
}
