//! Fixtures of the syntax stage: each file in `tests/fixtures/syntax` has a snapshot of its tree and of the formatter's
//! output, and each file in `tests/fixtures/syntax/errors` one of its errors.

mod fuzz;
mod limits;
mod properties;
mod samples;
mod spans;

use std::fmt::Write;

use fairc::language::diagnostic::Explained;
use fairc::language::span::{SourceId, Sources, Span};
use fairc::language::syntax::{self, Parsed, tree};

/// The errors as a person would see them, without the frames of the real renderer.
fn render(text: &str, parsed: &Parsed) -> String {
    let mut sources = Sources::default();
    let id = sources.add("fixture.fair", text);
    let place = |span: Span| {
        let at = sources.line_column(id, span.start);
        format!("{}:{} `{}`", at.line, at.column, sources.text(span))
    };
    let mut out = String::new();
    for error in &parsed.errors {
        let _ = writeln!(out, "{} {}", error.kind.code().0, place(error.span));
        let _ = writeln!(out, "    {}", error.kind);
        for (span, words) in &error.related {
            let _ = writeln!(out, "    {words}: {}", place(*span));
        }
        let _ = writeln!(out, "    help: {}", error.kind.help().unwrap_or_default());
    }
    out
}

#[test]
fn valid_files() {
    insta::glob!("../../fixtures/syntax", "*.fair", |path| {
        let text = std::fs::read_to_string(path).expect("the fixture is readable");
        let parsed = syntax::parse(SourceId(0), &text);
        assert_eq!(render(&text, &parsed), "");
        insta::assert_snapshot!("tree", tree(&parsed.file));
        let formatted = syntax::format(SourceId(0), &text).expect("a file that parses can be formatted");
        assert_eq!(tree(&syntax::parse(SourceId(0), &formatted).file), tree(&parsed.file));
        assert_eq!(syntax::format(SourceId(0), &formatted).as_ref(), Ok(&formatted));
        insta::assert_snapshot!("formatted", formatted);
    });
}

#[test]
fn files_with_mistakes() {
    insta::glob!("../../fixtures/syntax/errors", "*.fair", |path| {
        let text = std::fs::read_to_string(path).expect("the fixture is readable");
        let parsed = syntax::parse(SourceId(0), &text);
        assert!(!parsed.errors.is_empty());
        let out = format!("{}{}", tree(&parsed.file), render(&text, &parsed));
        insta::assert_snapshot!("errors", out);
    });
}

#[test]
fn the_library_and_the_examples_keep_their_meaning() {
    for folder in ["../../../crates/language/src/library", "../../../examples"] {
        insta::glob!(folder, "**/*.fair", |path| {
            let text = std::fs::read_to_string(path).expect("the file is readable");
            assert_eq!(render(&text, &syntax::parse(SourceId(0), &text)), "");
            check_any(&text);
        });
    }
}

/// What must hold for any text: spans lie in it, errors can be shown, and what parses can be formatted.
fn check_any(text: &str) {
    let parsed = syntax::parse(SourceId(0), text);
    for error in &parsed.errors {
        let span = error.span;
        assert!(text.get(span.range()).is_some(), "the span {span:?} does not lie in the text");
        let words = format!("{} {} {:?}", error.kind.code().0, error.kind, error.kind.help());
        assert!(!words.contains('\n') && words.len() < 1000, "{words:?}");
    }
    for item in &parsed.file.items {
        assert!(text.get(item.span.range()).is_some());
    }
    match syntax::format(SourceId(0), text) {
        Ok(formatted) => {
            assert!(parsed.errors.is_empty());
            let again = syntax::parse(SourceId(0), &formatted);
            assert_eq!(again.errors, []);
            assert_eq!(tree(&again.file), tree(&parsed.file), "from {text:?} to {formatted:?}");
            assert_eq!(syntax::format(SourceId(0), &formatted).as_ref(), Ok(&formatted), "{text:?}");
            assert_eq!(comments(&formatted), comments(text), "from {text:?} to {formatted:?}");
        }
        Err(errors) => assert_eq!(errors, parsed.errors),
    }
}

/// The comments of a text that parses, in order: a `#` in backticks or quotes begins none.
fn comments(text: &str) -> Vec<&str> {
    let comment = |line| {
        let mut quote = None;
        for (at, c) in str::char_indices(line) {
            match (quote, c) {
                (None, '#') => return Some(line[at..].trim_end()),
                (None, '`' | '"') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                (None | Some(_), _) => {}
            }
        }
        None
    };
    text.split('\n').filter_map(comment).collect()
}
