//! A spec alone: what is wrong with it, and what it comes to.

use std::ops::Range;

use fairc::analyze::redundant;
use fairc::language::diagnostic::json::Entry;
use fairc::language::diagnostic::{Diagnostic, Severity};
use fairc::language::query::Index;
use fairc::language::query::highlight::{TokenClass, tokens};
use fairc::language::span::SourceId;
use fairc::report::{ProgramRow, program_rows};
use fairc::source::{Content, Spec};
use fairc::tasks::redundancy_warnings;
use serde::Serialize;

use super::compiled;
use super::utf16::Places;

/// What `check` gives.
#[derive(Serialize)]
struct Checked {
    ok: bool,
    /// The last line of `fairc check`.
    summary: String,
    fingerprint: Option<String>,
    /// As `fairc check --format json` prints them.
    diagnostics: Vec<Entry>,
    /// Where each of these is to be underlined, and what mends it.
    marks: Vec<Mark>,
    rows: Vec<ProgramRow>,
    params: Vec<Param>,
    /// What each part of the text is: from, to and a word for it.
    tokens: Vec<(usize, usize, &'static str)>,
}

/// A param with the value that it has if none is set.
#[derive(Serialize)]
struct Param {
    name: String,
    value: f64,
}

/// A diagnostic in the text of the spec, counted in units of UTF-16.
#[derive(Serialize)]
struct Mark {
    from: usize,
    to: usize,
    /// What is said at the place itself.
    label: String,
    /// The other places.
    related: Vec<Related>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
    /// The fix in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

#[derive(Serialize)]
struct Related {
    from: usize,
    to: usize,
    label: String,
}

#[derive(Serialize)]
struct Change {
    from: usize,
    to: usize,
    insert: String,
}

pub fn json(text: &str) -> String {
    serde_json::to_string(&checked(text)).unwrap_or_default()
}

fn checked(text: &str) -> Checked {
    let spec = compiled(text);
    let places = Places::of(text);
    let implied = spec.program().map_or_else(Vec::new, |program| {
        let promises = program.by_promise();
        redundancy_warnings(&redundant::without_data(&promises), false, &spec, &promises)
    });
    let found = spec.diagnostics().iter().chain(implied.iter().map(|fault| &fault.diagnostic));
    let mut diagnostics = spec.entries();
    diagnostics.extend(implied.iter().map(|fault| fault.entry(&spec)));
    Checked {
        ok: spec.count(Severity::Error) == 0,
        summary: spec.summary(implied.len()),
        fingerprint: spec.program().map(|program| program.fingerprint().to_string()),
        marks: found.map(|one| mark(one, &spec, &places)).collect(),
        diagnostics,
        rows: spec.program().map_or_else(Vec::new, program_rows),
        params: spec.program().map_or_else(Vec::new, |program| {
            program.params.iter().map(|param| Param { name: param.name.clone(), value: param.value }).collect()
        }),
        tokens: painted(&spec, text, &places),
    }
}

fn mark(found: &Diagnostic, spec: &Spec, places: &Places) -> Mark {
    // Others are in the standard library.
    let mut here = found.labels.iter().filter(|label| label.span.source == SourceId::default());
    let place = |range: Range<usize>| (places.at(range.start), places.at(range.end));
    let (from, to) = here.next().map_or((0, 0), |label| place(label.span.range()));
    let edits = found.fix.iter().flat_map(|fix| &fix.edits);
    let changes = edits.map(|edit| {
        let (from, to) = place(edit.span.range());
        Change { from, to, insert: edit.text.clone() }
    });
    Mark {
        from,
        to,
        label: found.labels.first().map_or_else(String::new, |label| label.text.clone()),
        related: here
            .map(|label| {
                let (from, to) = place(label.span.range());
                Related { from, to, label: label.text.clone() }
            })
            .collect(),
        changes: changes.collect(),
        title: found.fix.as_ref().zip(spec.sources()).map(|(fix, sources)| fix.title(sources)),
    }
}

fn painted(spec: &Spec, text: &str, places: &Places) -> Vec<(usize, usize, &'static str)> {
    let Content::Source(compilation) = &spec.content else { return Vec::new() };
    let index = Index::of(compilation);
    let all = tokens(&index, SourceId::default(), text).into_iter();
    all.map(|token| (places.at(token.range.start), places.at(token.range.end), class(token.class))).collect()
}

fn class(class: TokenClass) -> &'static str {
    match class {
        TokenClass::Keyword => "keyword",
        TokenClass::Comment => "comment",
        TokenClass::Doc => "doc",
        TokenClass::Number => "number",
        TokenClass::Text => "text",
        TokenClass::Operator => "operator",
        TokenClass::Function => "function",
        TokenClass::Name(_) => "name",
    }
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn places_and_fixes_are_in_units_of_utf16() {
        let text = "# 😀\npredict score: real in [0, 1]\nconstraint c: E[scor] <= 0.5\n";
        let found = checked(text);
        let units: Vec<u16> = text.encode_utf16().collect();
        let mark = found.marks.first().unwrap();
        assert_eq!(String::from_utf16(&units[mark.from..mark.to]).unwrap(), "scor");
        let change = mark.changes.first().unwrap();
        assert_eq!((change.insert.as_str(), change.from, change.to), ("score", mark.from, mark.to));
        assert_eq!(mark.title.as_deref(), Some("Replace `scor` by `score`"));
        let (from, to, class) = found.tokens[1];
        assert_eq!((String::from_utf16(&units[from..to]).unwrap().as_str(), class), ("predict", "keyword"));
        assert!(!found.ok && found.rows.is_empty() && found.summary == "1 error in spec.fair", "{}", found.summary);
    }

    #[test]
    fn a_valid_spec_has_rows_and_a_fingerprint() {
        let found =
            checked("column a: {x, y}\npredict s: real in [0, 1]\nparam eps = 1%\nuse demographic_parity(a, eps)\n");
        assert!(found.ok && found.rows.len() == 1 && found.fingerprint.is_some(), "{}", found.summary);
        assert_eq!(found.params.first().map(|param| param.value), Some(0.01));
    }
}
