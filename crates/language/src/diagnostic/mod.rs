//! Diagnostics: what every stage's errors become before anyone sees them.
//!
//! A stage keeps its own typed errors; each can be turned into a [`Diagnostic`], which the command line renders for
//! people (miette, `human`) or as JSON (`json`). Codes are stable and each has a page in `docs/errors/`.

mod finding;
pub mod hidden;
#[cfg(feature = "render")]
pub mod human;
pub mod json;
pub(crate) mod kinds;

pub use finding::{Explained, Finding};
pub(crate) use kinds::kinds;

use std::collections::BTreeSet;

use super::span::{SourceId, Sources, Span, one_line};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

/// A stable code such as `E0401`; errors begin with `E`, warnings with `W`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

impl Code {
    pub fn severity(self) -> Severity {
        if self.0.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// What was found: lowercase, no full stop, user input in backticks.
    pub message: String,
    /// How to mend it, where something can be said.
    pub help: Option<String>,
    /// The first is the smallest expression at fault; the others show related places.
    pub labels: Vec<Label>,
    /// Changes of the text that remove the fault.
    pub fix: Option<Fix>,
}

/// Changes of the text that, made together, remove a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// They do not overlap.
    pub edits: Vec<Edit>,
    /// The author can have meant nothing else, so that it may be made unasked.
    pub sure: bool,
}

/// What stands at `span` becomes `text`; an empty span is a place to insert at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Fix {
    pub fn one(span: Span, text: impl Into<String>, sure: bool) -> Fix {
        Fix { edits: vec![Edit { span, text: text.into() }], sure }
    }

    /// What it does, in words, for a menu or a button.
    pub fn title(&self, sources: &Sources) -> String {
        let Some(first) = self.edits.first() else { return "Mend it".to_owned() };
        let places = match self.edits.len() {
            1 => String::new(),
            more => format!(" (and {} more)", more - 1),
        };
        match (one_line(sources.text(first.span)).as_str(), one_line(&first.text).as_str()) {
            ("", "") => "Change white space".to_owned(),
            ("", new) => format!("Insert `{new}`{places}"),
            (old, "") => format!("Remove `{old}`{places}"),
            (old, new) => format!("Replace `{old}` by `{new}`{places}"),
        }
    }
}

/// The text of a source with fixes made, and how many were; one that touches an earlier one is left out.
pub fn mend<'f>(source: SourceId, text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> (String, usize) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut made = 0;
    for fix in fixes {
        let apart = |edit: &Edit| {
            let (start, end) = (edit.span.start, edit.span.end);
            edit.span.source == source
                && text.get(edit.span.range()).is_some()
                && taken.iter().all(|known| known.span.end < start || end < known.span.start)
        };
        if fix.edits.iter().all(apart) {
            taken.extend(&fix.edits);
            made += 1;
        }
    }
    taken.sort_by_key(|edit| edit.span);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for edit in taken {
        let range = edit.span.range();
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    (out, made)
}

/// The text after all sure fixes that `check` finds, and how many there were. Mending one mistake may show the next; what
/// would bring more errors than it mends is left.
pub fn mend_sure(text: &str, check: impl Fn(&str) -> Vec<Diagnostic>) -> (String, usize) {
    const MOST_ROUNDS: usize = 10;
    let errors = |found: &[Diagnostic]| found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let mut found = check(text);
    let (mut text, mut made) = (text.to_owned(), 0);
    for _ in 0..MOST_ROUNDS {
        let sure = found.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()).filter(|fix| fix.sure);
        let (next, count) = mend(SourceId::default(), &text, sure);
        if count == 0 || next == text {
            break;
        }
        let after = check(&next);
        if errors(&after) > errors(&found) {
            break;
        }
        (text, found, made) = (next, after, made + count);
    }
    (text, made)
}

/// An underlined place and what is said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

/// In source order (then by code), each place and code once. What is always true needs no word on the bounds too, and
/// what holds within the bounds none on the defaults; what follows from an error inside is not told beside it.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let at = |d: &Diagnostic| d.labels.first().map(|label| label.span);
    let trivial: Vec<_> = diagnostics.iter().filter(|d| d.code.0 == "W0105").map(at).collect();
    diagnostics.retain(|d| d.code.0 != "W0102" || !trivial.contains(&at(d)));
    // Of a metric's body the one is said there, and the other where the metric is used.
    let found: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.code.0 == "W0102").collect();
    let used: BTreeSet<Span> = found.iter().flat_map(|d| d.labels.iter().skip(1).map(|label| label.span)).collect();
    let implied: BTreeSet<Span> = found.iter().filter_map(|d| at(d)).collect();
    diagnostics.retain(|d| {
        let place = at(d).unwrap_or_default();
        match d.code.0 {
            "W0102" => !used.contains(&place),
            "W0111" => !used.contains(&place) && !implied.contains(&place),
            _ => true,
        }
    });
    let wrong: Vec<Span> = diagnostics.iter().filter(|d| d.is_error()).filter_map(at).collect();
    let holds = |outer: Span, inner: &Span| {
        outer.source == inner.source && outer.start <= inner.start && inner.end <= outer.end
    };
    diagnostics.retain(|d| {
        let follows = matches!(d.code.0, "W0102" | "W0111" | "E0502" | "E0503");
        let holds = |outer: Span| wrong.iter().any(|error| *error != outer && holds(outer, error));
        !follows || !at(d).is_some_and(holds)
    });
    let place = |d: &Diagnostic| (d.labels.first().map(|label| label.span), d.code);
    diagnostics.sort_by_key(place);
    diagnostics.dedup_by_key(|d| place(d));
}
