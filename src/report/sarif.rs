//! The facts as SARIF 2.1.0 (OASIS standard, 27 March 2020): one result for each row that is violated, at the
//! constraint in the spec that asks for it, so that a code host shows it there.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::facts::{Facts, Place, Promise, SliceFacts, finding};
use super::number::short;
use super::verdict::Verdict;
use crate::language::words::counted;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The rule of predictions outside their declared bounds.
const BOUNDS: &str = "prediction-bounds";

/// The log.
pub fn sarif(facts: &Facts) -> Value {
    let ids = ids(facts);
    let mut rules: Vec<Value> = facts
        .promises
        .iter()
        .zip(&ids)
        .map(|(promise, id)| {
            let full = if promise.doc.is_empty() { &promise.text } else { &promise.doc };
            json!({
                "id": id,
                "name": promise.constraint,
                "shortDescription": { "text": message(&promise.words) },
                "fullDescription": { "text": message(full) },
                "defaultConfiguration": { "level": if promise.soft { "warning" } else { "error" } },
            })
        })
        .collect();
    rules.push(json!({
        "id": BOUNDS,
        "shortDescription": { "text": "Predictions lie within their bounds" },
        "defaultConfiguration": { "level": "error" },
    }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "fairc", "version": facts.version, "semanticVersion": facts.version, "rules": rules } },
            "invocations": [{ "executionSuccessful": true, "exitCode": if facts.accepted { 0 } else { 1 } }],
            "artifacts": [
                { "location": { "uri": uri(&facts.spec) }, "roles": ["analysisTarget"] },
                { "location": { "uri": uri(&facts.data.file) }, "length": facts.data.bytes, "hashes": { "blake3": facts.data.blake3 } },
            ],
            "columnKind": "unicodeCodePoints",
            "results": results(facts, &ids),
            "properties": { "fairc": facts },
        }],
    })
}

/// The ids of the rules: the names of the constraints, told apart from each other and from the rule of the bounds.
fn ids(facts: &Facts) -> Vec<String> {
    let mut taken = HashSet::from([BOUNDS.to_owned()]);
    let id = |promise: &Promise| {
        let numbered = (2..).map(|number| format!("{}#{number}", promise.constraint));
        let id = std::iter::once(promise.constraint.clone()).chain(numbered).find(|id| !taken.contains(id));
        let id = id.unwrap_or_default();
        taken.insert(id.clone());
        id
    };
    facts.promises.iter().map(id).collect()
}

/// Plain text of a message: viewers make links of `[text](target)`, and read `{0}` as a placeholder (SARIF 2.1.0, 3.11).
fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            '{' | '}' => {
                out.push(c);
                out.push(c);
            }
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    // A link needs the two brackets side by side, whatever a viewer makes of the escapes.
    out.replace("](", "] (")
}

fn results(facts: &Facts, ids: &[String]) -> Vec<Value> {
    let mut results: Vec<Value> = Vec::new();
    for (index, (promise, id)) in facts.promises.iter().zip(ids).enumerate() {
        let rule = (id.as_str(), index);
        let rows = promise.rows.iter().filter_map(|&index| facts.rows.get(index));
        let violated = rows.filter(|row| row.verdict == Verdict::Violated);
        results.extend(violated.map(|row| {
            let words = format!("`{}` is violated: {}", row.row.name, finding(row, &facts.prediction, facts.decisions));
            result(rule, &row.place, level(row.soft), &words, &row.row.name)
        }));
        results.extend(promised(facts, promise, rule));
    }
    if facts.outside_declared > 0 {
        let count = counted(facts.outside_declared, "prediction");
        let words = format!("{count} outside the declared bounds");
        results.push(json!({
            "ruleId": BOUNDS,
            "ruleIndex": facts.promises.len(),
            "level": "error",
            "message": { "text": words },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&facts.data.file) } } }],
        }));
    }
    let slices = facts.group_by.iter().flat_map(|slices| slices.values.iter().map(move |slice| (slices, slice)));
    for (slices, slice) in slices {
        results.extend(sliced(facts, ids, &slices.column, slice));
    }
    results
}

/// What is to be said of a promise beside its rows: bounds of single predictions that are broken, and that it was not checked.
fn promised(facts: &Facts, promise: &Promise, rule: (&str, usize)) -> Option<Value> {
    let name = &promise.constraint;
    let broken = promise.each.iter().filter_map(|&index| facts.each.get(index)).any(|each| each.outside > 0);
    let (level, words) = match promise.verdict {
        Verdict::Violated if broken => {
            ("error", format!("`{name}` is violated: {}", promise.finding.as_deref().unwrap_or_default()))
        }
        Verdict::NotChecked => ("warning", format!("`{name}` is {}", promise.answer)),
        Verdict::Held | Verdict::Violated | Verdict::NotApplicable => return None,
    };
    Some(result(rule, &promise.place, level, &words, &format!("{name}\n{}", promise.verdict.word())))
}

fn level(soft: bool) -> &'static str {
    if soft { "warning" } else { "error" }
}

/// The rows and the bounds of single predictions that are violated for one value of the column.
fn sliced(facts: &Facts, ids: &[String], column: &str, slice: &SliceFacts) -> Vec<Value> {
    let mut results = Vec::new();
    let place = format!("`{column}` is `{}` ({})", slice.label(), counted(slice.n, "sample"));
    let mut tell = |(promise, id): (usize, &String), soft: bool, name: &str, words: &str| {
        let Some(of) = facts.promises.get(promise) else { return };
        let identity = format!("{name}\n{column}\n{}", slice.label());
        let words = format!("`{name}` is violated where {place}: {words}");
        results.push(result((id, promise), &of.place, level(soft), &words, &identity));
    };
    for (rule, promise) in ids.iter().enumerate().zip(&facts.promises) {
        let rows = promise.rows.iter().filter_map(|&index| slice.rows.get(index));
        for found in rows.filter(|found| found.verdict == Verdict::Violated) {
            let value = found.value.map_or_else(String::new, short);
            let excess = found.room.map_or_else(String::new, |room| short(-room));
            let words = format!("the value is {value}, the limit is missed by {excess}");
            tell(rule, promise.soft, &found.name, &words);
        }
        let each = promise.each.iter().filter_map(|&index| slice.each.get(index));
        for found in each.filter(|found| found.verdict == Verdict::Violated) {
            let [all, outside, excess] = found.numbers();
            tell(rule, false, &found.name, &format!("{outside} of {all} predictions outside, by {excess} at most"));
        }
    }
    results
}

fn result((id, index): (&str, usize), place: &Place, level: &str, words: &str, identity: &str) -> Value {
    json!({
        "ruleId": id,
        "ruleIndex": index,
        "level": level,
        "message": { "text": message(words) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": region(place),
        } }],
        "partialFingerprints": { "faircRow/v1": blake3::hash(identity.as_bytes()).to_hex().as_str() },
    })
}

fn region(place: &Place) -> Value {
    let mut region = json!({
        "startLine": place.line.max(1),
        "byteOffset": place.start,
        "byteLength": place.end.saturating_sub(place.start),
    });
    let columns = [("startColumn", place.column), ("endLine", place.end_line), ("endColumn", place.end_column)];
    if let Some(object) = region.as_object_mut() {
        object.extend(columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
        object.extend(place.source.iter().map(|source| ("snippet".to_owned(), json!({ "text": source }))));
    }
    region
}

/// A path as a URI reference (RFC 3986): what is not plain is percent-encoded; an absolute path is a file's.
fn uri(path: &str) -> String {
    let path = path.trim_start_matches("./").replace('\\', "/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded: String = path
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::{message, uri};

    #[test]
    fn a_level_is_no_link_and_no_placeholder() {
        let text = message("`[click](https://evil.example)` {0}");
        assert!(!text.contains("](") && text.contains("{{0}}"), "{text}");
    }

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./a b/ü.fair"), "a%20b/%C3%BC.fair");
        assert_eq!(uri("/data/a.csv"), "file:///data/a.csv");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
