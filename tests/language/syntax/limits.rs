//! Long and deep inputs: linear time, a bounded stack, and `E0102` where nesting goes too deep.

use std::time::{Duration, Instant};

use fairc::language::diagnostic::Explained;
use fairc::language::span::{Source, SourceId};
use fairc::language::syntax::import::NoImports;
use fairc::language::syntax::{MAX_LENGTH, format, parse};

use super::check_any;

/// Work that grows with the square of the length would take hours: this says nothing about speed.
const HANG: Duration = Duration::from_secs(120);
const LENGTH: usize = 1_000_000;

/// Runs on a stack of `kib` KiB.
fn on_stack(kib: usize, run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(kib << 10).spawn(run).expect("a thread can be started");
    thread.join().expect("the stack suffices");
}

fn code(text: &str) -> Option<(&'static str, String)> {
    let parsed = parse(SourceId(0), text);
    parsed.errors.first().map(|error| (error.kind.code().0, text[error.span.range()].to_owned()))
}

/// Sums of as many means as a domain may have are lowered, and looked through for what they promise, in about linear time.
#[test]
fn long_sums_end_quickly() {
    let written: String =
        (0..5000).map(|k| format!("{}E[score | x >= {}]", if k > 0 { " + " } else { "" }, k as f64 / 10.0)).collect();
    for sum in [
        "sum(k in 1..100000: E[score | x >= k])",
        "sum(k in 1..300: sum(l in 1..300: E[score | x >= k + l / 1000]))",
        &written,
    ] {
        let start = Instant::now();
        let text = format!(
            "column x: real in [0, 1000]
predict score: real in [0, 1]
constraint k: {sum} <= 0.5
"
        );
        let compiled = fairc::compile(Source { name: "s.fair".into(), text: text.into() }, &NoImports);
        assert_eq!(compiled.program.map(|program| program.rows.len()), Some(1));
        assert!(start.elapsed() < HANG);
    }
}

#[test]
fn repeated_pieces_end_quickly() {
    let pieces = [
        "(",
        ")",
        "|",
        "-",
        "not ",
        "^",
        "**",
        "1+",
        "+1",
        "-1",
        "*a",
        " and a",
        " or a",
        "<1",
        "forall ",
        "a..",
        "..a",
        ".",
        "..",
        "column ",
        "E[",
        "E[a|",
        "{",
        "[",
        "a in {b} ",
        " in {b}",
        " not in {b}",
        "in ",
        "x=",
        "forall x in a: ",
        "1 +/-",
        "/",
        "#",
        "\"",
        "'",
        "`",
        "`a` ",
        "a ",
        "== not a ",
        "-not ",
        "max(",
        "a,",
        "pairs(",
        "1",
        "a",
        "1_",
        "1.",
        "1e",
        "column a: real ",
        "column a: real\n",
        "colum a: real\n",
        "event x = a == 1\n",
        "# c\n",
        "## d\n",
        "\n",
        "\r",
        "é",
        "\u{feff}",
        "=",
        "!",
        "|a",
        "||a|",
        "(a)",
        "E[a]",
        "E[a|b]+",
        "a ^",
        "^-",
        "2^",
        "each ",
        "each where a: ",
        "where ",
        "&&",
        "\0",
        "event ",
        "weight w\n",
        "metric m(a) = ",
        "import \"a\"\n",
        "f(a) ",
        "-|",
        "(-",
        "a == b\n",
    ];
    let heads = [
        "",
        "constraint c: ",
        "event e = a ",
        "event e = ",
        "constraint c: forall x in ",
        "column c: {",
        "use m(",
        "group g = a",
        "constraint c: |E[a | b] - E[a",
    ];
    on_stack(2048, move || {
        for piece in pieces {
            for head in heads {
                let begin = Instant::now();
                let text = format!("{head}{}", piece.repeat(LENGTH / 10 / piece.len()));
                let parsed = parse(SourceId(0), &text);
                let _ = format(SourceId(0), &text);
                drop(parsed);
                let took = begin.elapsed();
                assert!(took < HANG, "{head:?} and {piece:?} took {took:?}");
            }
        }
    });
}

#[test]
fn a_megabyte_is_parsed_and_formatted() {
    for piece in ["+1", " and a", "*f(a)", " == 1"] {
        let text = format!("event e = a{}", piece.repeat(LENGTH / piece.len()));
        let begin = Instant::now();
        let parsed = parse(SourceId(0), &text);
        assert_eq!(parsed.errors, []);
        drop(parsed);
        let formatted = format(SourceId(0), &text).expect("it parses");
        let longest = formatted.lines().map(str::len).max();
        assert!(longest <= Some(100), "{piece:?} gives a line of {longest:?} columns");
        assert!(begin.elapsed() < HANG, "{piece:?} took {:?}", begin.elapsed());
    }
}

#[test]
fn nesting_is_limited() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("event e = {}a{}", open.repeat(depth), close.repeat(depth));
    let forms = [
        ("(", ")", "("),
        ("E[", "]", "["),
        ("f(", ")", "("),
        ("|", "|", "|"),
        ("-", "", "-"),
        ("not ", "", "not"),
        ("2^", "", "^"),
        ("E[a | ", "]", "["),
        ("a == not ", "", "not"),
    ];
    for (open, close, fault) in forms {
        let (fits, deep) = (nested(open, close, 128), nested(open, close, 129));
        on_stack(1024, move || {
            assert_eq!(code(&fits), None, "{open}");
            check_any(&fits);
            assert_eq!(code(&deep), Some(("E0102", fault.to_owned())), "{open}");
        });
    }
    for (open, close) in [("f(E[|(", ")|])"), ("-(not |2^", "|)")] {
        let depth = 128 / open.chars().filter(|c| "([|-^n".contains(*c)).count();
        let text = nested(open, close, depth);
        on_stack(1024, move || assert_eq!(code(&text), None, "{open}"));
    }
    let domain =
        |depth: usize| format!("constraint c: forall x in {}a{}: b", "pairs(".repeat(depth), ")".repeat(depth));
    on_stack(1024, move || {
        assert_eq!(code(&domain(120)), None);
        assert_eq!(code(&domain(129)), Some(("E0102", "(".to_owned())));
    });
}

#[test]
fn a_mistake_before_the_depth_is_what_is_reported() {
    let text = format!("event e = a = {}", "(".repeat(200));
    assert_eq!(code(&text), Some(("E0101", "=".to_owned())));
}

#[test]
fn chains_that_do_not_nest_have_no_limit() {
    let many = |piece: &str| format!("event e = a{}", piece.repeat(1_000));
    for piece in [" - 1", " * -b", " / (a)", " and not b", " or -b", " < b", " + 2^3"] {
        assert_eq!(code(&many(piece)), None, "{piece}");
    }
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let text = " ".repeat(MAX_LENGTH + 1);
    assert_eq!(code(&text), Some(("E0104", String::new())));
}

#[test]
fn lines_that_end_with_carriage_returns_alone_are_refused() {
    let lines = "# a comment\npredict score: real in [0, 1]\n";
    assert_eq!(code(&lines.replace('\n', "\r")), Some(("E0101", String::new())));
    assert_eq!((code(&lines.replace('\n', "\r\n")), code("predict score: real\r")), (None, None));
}
