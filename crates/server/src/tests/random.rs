//! Edits at random: nothing crashes, and what is told is what a fresh check of the same text says.

use fairc_language::diagnostic::Severity;
use gen_lsp_types::Uri;
use serde_json::json;

use super::{Editor, Memory, SPEC};
use crate::host::Host;

const PIECES: [&str; 40] = [
    "E[",
    "score",
    " | ",
    "sex == ",
    "female",
    "]",
    " <= ",
    "eps",
    "constraint c: ",
    "\n",
    "forall a in ",
    "race",
    ": ",
    "use ",
    "demographic_parity(",
    ")",
    "{",
    "}",
    "column ",
    "metric m(attr: group) = ",
    "|",
    "`",
    "\"",
    "# ",
    "## ",
    "é",
    "𝒳",
    "\r\n",
    "0.5",
    "%",
    " and ",
    "not ",
    "group g = ",
    "bins(age, 25)",
    "import \"x.fair\"",
    "(",
    "where ",
    "tol[",
    "=",
    ",",
];

const START: &str = "column sex: {female, male}\ncolumn race: {white, black}\ncolumn age: real in [0, 120]\n\
    predict score: real in [0, 1]\nparam eps = 5% in [0, 1]\nparam tol[race] = {white: 2%, otherwise: 5%}\n\
    constraint c: forall (a, b) in pairs(race): |E[score | race == a] - E[score | race == b]| <= eps\n\
    use demographic_parity(sex, eps) as parity\n";

const METHODS: [&str; 8] = [
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/signatureHelp",
    "textDocument/documentHighlight",
    "textDocument/prepareRename",
    "textDocument/documentSymbol",
    "textDocument/semanticTokens/full",
];

/// How many edits are made; more where `FAIRC_EDITS` says so.
fn edits() -> usize {
    std::env::var("FAIRC_EDITS").ok().and_then(|number| number.parse().ok()).unwrap_or(10_000)
}

#[test]
fn random_edits() {
    let mut random = fastrand::Rng::with_seed(7);
    let memory = Memory::default();
    let mut editor = Editor::new(&memory, START);
    let mut mirror = START.to_owned();
    for version in 0..edits() {
        if mirror.len() > 1_500 || mirror.is_empty() || version % 200 == 0 {
            mirror = START.to_owned();
            editor.tell(
                "textDocument/didChange",
                json!({"textDocument": {"uri": SPEC, "version": version}, "contentChanges": [{"text": START}]}),
            );
        }
        // Between `\r` and `\n` there is no position.
        let inside = |at: &usize| mirror[..*at].ends_with('\r') && mirror[*at..].starts_with('\n');
        let all = mirror.char_indices().map(|(at, _)| at).chain([mirror.len()]);
        let places: Vec<usize> = all.filter(|at| !inside(at)).collect();
        let start = random.usize(0..places.len());
        let end = (start + random.usize(0..6)).min(places.len() - 1);
        let (start, end) = (places[start], if random.bool() { places[start] } else { places[end] });
        let new = if random.u8(0..4) == 0 { "" } else { PIECES[random.usize(0..PIECES.len())] };
        let (from, to) = (position(&mirror, start), position(&mirror, end));
        mirror.replace_range(start..end, new);
        let change = json!({"range": {"start": from, "end": to}, "text": new});
        editor.tell(
            "textDocument/didChange",
            json!({"textDocument": {"uri": SPEC, "version": version}, "contentChanges": [change]}),
        );
        assert_eq!(editor.text(SPEC), mirror, "edit {version}");
        if version % 4 == 0 {
            compare(&mut editor, &memory, &mirror, version);
        }
        let cursor = json!({"textDocument": {"uri": SPEC}, "position": position(&mirror, start)});
        let answer = editor.ask(METHODS[version % METHODS.len()], cursor);
        let refused = answer["refused"].as_str().unwrap_or_default();
        assert!(!refused.contains("internal error"), "edit {version}: {mirror:?}");
    }
}

/// What the client is told is what a check of the text says, one for one.
fn compare(editor: &mut Editor<'_>, memory: &Memory, text: &str, version: usize) {
    let told = crate::publish::untold(&mut editor.session).expect("a changed document is told of").params;
    let fresh = memory.check(std::path::Path::new("/specs/spec.fair"), text, &[]);
    let analysis = editor.session.analysis(&Uri::from(SPEC)).expect("it is open");
    let code = |found: &fairc_language::diagnostic::Diagnostic| {
        let place = found.labels.first().map(|label| label.span).unwrap_or_default();
        let severity = if found.severity() == Severity::Error { 1 } else { 2 };
        (found.code.0.to_owned(), severity, serde_json::to_value(analysis.range(place)).unwrap_or_default())
    };
    let wanted: Vec<_> = fresh.diagnostics.iter().map(code).collect();
    let found: Vec<_> = told["diagnostics"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|found| {
            (
                found["code"].as_str().unwrap_or_default().to_owned(),
                found["severity"].as_u64().unwrap_or_default(),
                found["range"].clone(),
            )
        })
        .collect();
    assert_eq!(found, wanted, "edit {version}: {text:?}");
}

/// In UTF-16; a line ends as the protocol has it.
fn position(text: &str, offset: usize) -> serde_json::Value {
    let before = &text[..offset];
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    let starts: Vec<usize> = (0..offset).filter(|at| ends(*at)).map(|at| at + 1).collect();
    let start = starts.last().copied().unwrap_or(0);
    json!({"line": starts.len(), "character": before[start..].encode_utf16().count()})
}
