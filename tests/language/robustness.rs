//! Any text gives a program or errors: never a panic, never a long wait.
//!
//! `FAIRC_FUZZ_CASES` sets how many inputs are tried, and `FAIRC_FUZZ_SEED` which.

use std::time::{Duration, Instant};

use crate::support::{HEADER, compile};
use fairc::language::span::SourceId;
use fairc::language::syntax;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// What mutations insert: all tokens of the language and some that are none.
const PIECES: &[&str] = &[
    "column ",
    "label ",
    "weight ",
    "predict ",
    "param ",
    "event ",
    "group ",
    "constraint ",
    "metric ",
    "metric m(attr: group, ref: level of attr, y: label {0, 1}, c: column, e: event, t: number >= 0 = 2%) = ",
    "where prediction in [0, 1]",
    "use ",
    "use m({sex, race}, t = 5%)",
    "import ",
    "forall ",
    "each ",
    "where ",
    "in ",
    "from ",
    " and ",
    " or ",
    "not ",
    "as ",
    "real",
    "int",
    "pairs(",
    "adjacent(",
    "otherwise",
    "{yes: race == white, no: otherwise}",
    "tol[race] = {white: 2%, otherwise: 5%}",
    "tol[a]",
    "E[",
    "Sum[",
    "N[",
    "P[",
    "Cov[",
    "Var[",
    "|",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<=",
    ">=",
    "==",
    "!=",
    "<",
    ">",
    "+",
    "-",
    "*",
    "/",
    "^",
    "**",
    "+/-",
    "..",
    ",",
    ":",
    "=",
    "?",
    "%",
    "0",
    "1",
    "-1",
    "0.5",
    "80%",
    "inf",
    "1e308",
    "1e-320",
    "sex",
    "race",
    "age",
    "income",
    "score",
    "eps",
    "prediction",
    "female",
    "white",
    "`",
    "\"",
    "#",
    "##",
    "\n",
    " ",
    "max(",
    "min(",
    "abs(",
    "exp(",
    "log(",
    "sqrt(",
    "bins(",
    "let ",
    "let gain = ",
    "gain",
    "max(a in race: ",
    "sum(k in 1..9: ",
    "mean((a, b) in pairs(race) where a != b: ",
    "raw(score)",
    "raw(",
    "tol[a, b]",
    "param tol[sex, race] = {female * white: 2%, otherwise: 5%}",
    "from common import x",
    "[race == a]",
    "[age >= k]",
    "é",
    "\u{0}",
    "\u{feff}",
    "0..9",
    "1..100000",
];

/// All examples and fixtures with the library, and the blocks of those of mistakes behind the usual header.
fn corpus() -> [Vec<String>; 2] {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut texts, mut mistakes) = (Vec::new(), Vec::new());
    let mut folders = vec![root.join("examples"), root.join("tests/fixtures")];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).expect("it is there").flatten().map(|it| it.path()).collect();
        // The same order everywhere, so that a seed gives the same inputs.
        entries.sort();
        for path in entries {
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            match extension {
                _ if path.is_dir() => folders.push(path),
                // Some are no text.
                "fair" => texts.extend(std::fs::read_to_string(path)),
                "txt" if path.parent().is_some_and(|parent| parent.ends_with("mistakes")) => {
                    let text = std::fs::read_to_string(path).expect("mistakes are text");
                    mistakes.extend(text.split("\n\n").map(|block| format!("{HEADER}{block}\n")));
                }
                _ => {}
            }
        }
    }
    // A long one costs as much as many.
    texts.retain(|text| text.len() < 20_000);
    texts.extend(fairc::language::library::METRICS.iter().map(|(_, text)| (*text).to_string()));
    assert!(texts.len() > 100 && mistakes.len() > 250, "a corpus to mutate");
    [texts, mistakes]
}

fn below(rng: &mut TestRng, limit: usize) -> usize {
    (rng.next_u64() % limit.max(1) as u64) as usize
}

fn mutate(text: &str, rng: &mut TestRng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=below(rng, 6) {
        let at = below(rng, characters.len() + 1);
        let end = (at + below(rng, 12)).min(characters.len());
        match below(rng, 5) {
            0 => drop(characters.drain(at..end)),
            // A chain: a piece over and over.
            4 => {
                let (piece, joint) = (PIECES[below(rng, PIECES.len())], PIECES[below(rng, PIECES.len())]);
                let chain = format!("{piece}{joint}").repeat(below(rng, 400));
                characters.splice(at..at, chain.chars());
            }
            1 => {
                let copy: Vec<char> = characters[at..end].to_vec();
                let to = below(rng, characters.len() + 1);
                characters.splice(to..to, copy);
            }
            2 => {
                let piece = PIECES[below(rng, PIECES.len())];
                characters.splice(at..at, piece.chars());
            }
            _ => {
                let piece = PIECES[below(rng, PIECES.len())];
                characters.splice(at..end, piece.chars());
            }
        }
    }
    characters.into_iter().collect()
}

fn random(rng: &mut TestRng) -> String {
    (0..below(rng, 60)).map(|_| PIECES[below(rng, PIECES.len())]).collect()
}

#[test]
fn any_text_compiles_or_is_refused() {
    let cases: usize = std::env::var("FAIRC_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(3000);
    let seed = std::env::var("FAIRC_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1u8);
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let [texts, mistakes] = corpus();
    let (mut compiled, mut slowest) = (0, (Duration::ZERO, String::new()));
    for case in 0..cases {
        let text = match case % 4 {
            0 => random(&mut rng),
            1 => mutate(&mistakes[below(&mut rng, mistakes.len())], &mut rng),
            _ => mutate(&texts[below(&mut rng, texts.len())], &mut rng),
        };
        let start = Instant::now();
        let compilation = compile(&text);
        let time = start.elapsed();
        if let Ok(formatted) = syntax::format(SourceId(0), &text) {
            let again = syntax::format(SourceId(0), &formatted);
            assert_eq!(again.as_ref(), Ok(&formatted), "formatting twice is formatting once:\n{text}");
        }
        for diagnostic in &compilation.diagnostics {
            assert!(!diagnostic.message.is_empty());
            for label in &diagnostic.labels {
                let source = compilation.sources.get(label.span.source).expect("labels point into sources");
                assert!(source.text.get(label.span.range()).is_some(), "a label outside the text of\n{text}");
            }
        }
        assert_eq!(compilation.is_ok(), !compilation.diagnostics.iter().any(|diagnostic| diagnostic.is_error()));
        compiled += usize::from(compilation.is_ok());
        if time > slowest.0 {
            slowest = (time, text);
        }
    }
    println!("{cases} inputs, {compiled} compiled, slowest {:?}:\n{}", slowest.0, slowest.1);
    assert!(compiled > cases / 400, "some mutations leave a spec whole");
}

fn chain(event: impl Fn(usize) -> String, backwards: bool) -> String {
    let mut lines: Vec<String> = (1..5000).map(event).collect();
    if backwards {
        lines.reverse();
    }
    format!(
        "column age: real\ncolumn one: {{a}}\nevent e0 = age > 1\ngroup g0 = one\npredict p: real in [0, 1]\n\
         constraint c: E[p | e4999] <= 0.5\nconstraint d: forall x in g4999: E[p | g4999 == x] <= 0.5\n{}\n",
        lines.join("\n")
    )
}

/// Definitions that lead on and on, or double at every step, are refused before they fill the memory or the stack.
#[test]
fn long_chains_of_definitions_are_refused() {
    for backwards in [false, true] {
        let doubling = |k: usize| {
            format!("event e{k} = (e{0}, age > {k}) or not (e{0}, age < {k})\ngroup g{k} = g{0} * one", k - 1)
        };
        let nesting = |k: usize| format!("event e{k} = not (e{0} and age > {k})\ngroup g{k} = g{0}", k - 1);
        for text in [chain(doubling, backwards), chain(nesting, backwards)] {
            let compilation = compile(&text);
            assert!(!compilation.is_ok());
            assert!(compilation.diagnostics.iter().any(|diagnostic| diagnostic.code.0 == "E0505"));
        }
    }
}

/// A byte order mark begins a file, once; another is told, and nothing is lost in silence.
#[test]
fn a_second_byte_order_mark_is_told() {
    for (text, errors) in [("\u{feff}", 0), ("\u{feff}\u{feff}", 1), ("\u{feff}\n\u{feff}\n", 1)] {
        let parsed = syntax::parse(SourceId(0), text);
        assert_eq!(parsed.errors.len(), errors, "{text:?}");
    }
}
