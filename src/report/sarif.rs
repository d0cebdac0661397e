//! The facts as SARIF 2.1.0 (OASIS standard, 27 March 2020): one result for each promise that is violated or was not checked, at
//! its constraint in the spec, so that a code host shows it there.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::facts::{Facts, Place, Promise, SliceFacts};
use super::headline::NOTHING_PROMISED;
use super::number::whole;
use super::summary::capital;
use super::verdict::Verdict;
use crate::language::words::counted;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The rule of predictions outside their declared bounds.
const BOUNDS: &str = "prediction-bounds";
/// Where people read on: the `homepage` of the package, where it has one.
const PAGE: &str = env!("CARGO_PKG_HOMEPAGE");

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
                "help": { "text": message(&help(promise)), "markdown": help_markdown(promise) },
                "properties": { "tags": ["fairness"] },
                "defaultConfiguration": { "level": if promise.soft { "warning" } else { "error" } },
            })
        })
        .collect();
    rules.push(json!({
        "id": BOUNDS,
        "name": "PredictionBounds",
        "shortDescription": { "text": "Predictions lie within their bounds" },
        "fullDescription": { "text": "Every prediction lies within the bounds that the spec declares with `predict`." },
        "help": { "text": "Check that the column holds the predictions, or widen the bounds in the spec." },
        "defaultConfiguration": { "level": "error" },
    }));
    let mut driver = json!({ "name": "fairc", "version": facts.version, "semanticVersion": facts.version });
    if !PAGE.is_empty() {
        driver["informationUri"] = PAGE.into();
        rules.iter_mut().for_each(|rule| rule["helpUri"] = PAGE.into());
    }
    driver["rules"] = rules.into();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            // Runs of one spec follow each other; those of several specs stand side by side.
            "automationDetails": {
                "id": format!("fairc/{}/", uri(&facts.spec)),
                "description": { "text": message(&format!("fairc audit of {} on {}", facts.spec, facts.data.file)) },
            },
            "invocations": [invocation(facts)],
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

/// How the run ended. Where nothing is promised there is no rule whose result could say so.
fn invocation(facts: &Facts) -> Value {
    let mut invocation = json!({ "executionSuccessful": true, "exitCode": if facts.accepted { 0 } else { 1 } });
    if facts.promises.is_empty() {
        let words = format!("Not checked: {NOTHING_PROMISED}");
        invocation["toolExecutionNotifications"] = json!([{ "level": "warning", "message": { "text": words } }]);
    }
    invocation
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

/// What a rule asks for, and what to do where it is broken.
fn help(promise: &Promise) -> String {
    format!(
        "{}. As written: {}. Where it is violated, run `fairc audit` with `--html` to see the groups, and `fairc project` or \
         `fairc decide` for predictions that keep it.",
        capital(&promise.sentence),
        promise.text
    )
}

fn help_markdown(promise: &Promise) -> String {
    let source = promise.place.source.as_deref().unwrap_or(&promise.text);
    format!(
        "{}.\n\n{}\nWhere it is violated, `fairc audit --html` shows the groups; `fairc project` and `fairc decide` make predictions \
         that keep it.",
        capital(&super::markdown::prose(&promise.sentence)),
        super::markdown::fenced(source)
    )
}

fn results(facts: &Facts, ids: &[String]) -> Vec<Value> {
    let mut results: Vec<Value> = Vec::new();
    for (index, (promise, id)) in facts.promises.iter().zip(ids).enumerate() {
        results.extend(promised(facts, promise, (id.as_str(), index)));
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

/// The result of a promise that is violated or was not checked.
fn promised(facts: &Facts, promise: &Promise, rule: (&str, usize)) -> Option<Value> {
    let name = &promise.constraint;
    let (level, words) = match promise.verdict {
        Verdict::Violated => {
            let worst = promise.finding.as_ref().map(|finding| format!(". Worst: {finding}")).unwrap_or_default();
            let open = if promise.settled == Some(false) { " (inconclusive)" } else { "" };
            (level(promise.soft), format!("`{name}` is {}{open}{worst}", promise.answer))
        }
        Verdict::NotChecked => ("warning", format!("`{name}` is {}", promise.answer)),
        Verdict::Held | Verdict::NotApplicable => return None,
    };
    let mut found = result(rule, &promise.place, level, &words, &format!("{name}\n{}", promise.verdict.word()));
    let worst = promise.worst.and_then(|index| facts.rows.get(index)).map(|row| row.row.name.as_str());
    let properties = json!({
        "comparisons": promise.comparisons.made,
        "violated": promise.violated,
        "not_made": promise.comparisons.not_made,
        "settled": promise.settled,
        "worst": worst,
    });
    found["properties"] = properties;
    Some(found)
}

fn level(soft: bool) -> &'static str {
    if soft { "warning" } else { "error" }
}

/// The promises that are violated for one value of the column.
fn sliced(facts: &Facts, ids: &[String], column: &str, slice: &SliceFacts) -> Vec<Value> {
    let place = format!("`{column}` is `{}` ({})", slice.label(), counted(slice.n, "sample"));
    let one = |(rule, (id, promise)): (usize, (&String, &Promise))| {
        let rows = promise.rows.iter().filter_map(|&index| slice.rows.get(index)).map(|row| row.verdict);
        let each = promise.each.iter().filter_map(|&index| slice.each.get(index)).map(|each| each.verdict);
        let all: Vec<Verdict> = rows.chain(each).collect();
        let violated = all.iter().filter(|verdict| **verdict == Verdict::Violated).count();
        if violated == 0 {
            return None;
        }
        let name = &promise.constraint;
        let made = violated + all.iter().filter(|verdict| **verdict == Verdict::Held).count();
        let of = format!("{} of {}", whole(violated), counted(made, "comparison"));
        let words = format!("`{name}` is violated where {place}: in {of}");
        let identity = format!("{name}\n{column}\n{}", slice.label());
        let mut found = result((id, rule), &promise.place, level(promise.soft), &words, &identity);
        found["properties"] = json!({ "comparisons": made, "violated": violated, "not_made": all.len() - made });
        Some(found)
    };
    ids.iter().zip(&facts.promises).enumerate().filter_map(one).collect()
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
