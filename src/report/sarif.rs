//! The facts as SARIF 2.1.0 (OASIS standard, 27 March 2020): one result for each row that is violated, at the
//! constraint in the spec that asks for it, so that a code host shows it there.

use serde_json::{Value, json};

use super::facts::{Facts, Place, RowFacts, RowVerdict, SliceFacts, finding};
use super::number::{counted, short};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The rule of predictions outside their bounds; no constraint has this name.
const BOUNDS: &str = "prediction-bounds";

/// The log.
pub fn sarif(facts: &Facts) -> Value {
    let mut rules: Vec<Value> = facts
        .promises
        .iter()
        .map(|promise| {
            json!({
                "id": promise.constraint,
                "shortDescription": { "text": promise.words },
                "fullDescription": { "text": if promise.doc.is_empty() { &promise.text } else { &promise.doc } },
                "defaultConfiguration": { "level": "error" },
            })
        })
        .collect();
    rules.push(json!({
        "id": BOUNDS,
        "shortDescription": { "text": "Predictions lie within their bounds" },
        "defaultConfiguration": { "level": "error" },
    }));
    let passed = facts.passed();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "fairc", "version": facts.version, "semanticVersion": facts.version, "rules": rules } },
            "invocations": [{ "executionSuccessful": true, "exitCode": if passed { 0 } else { 1 } }],
            "artifacts": [
                { "location": { "uri": uri(&facts.spec) }, "roles": ["analysisTarget"] },
                { "location": { "uri": uri(&facts.data.file) }, "length": facts.data.bytes, "hashes": { "blake3": facts.data.blake3 } },
            ],
            "columnKind": "unicodeCodePoints",
            "results": results(facts),
            "properties": { "fairc": facts },
        }],
    })
}

fn results(facts: &Facts) -> Vec<Value> {
    let violated = |row: &&RowFacts| row.verdict == RowVerdict::Violated;
    let mut results: Vec<Value> = facts
        .rows
        .iter()
        .filter(violated)
        .map(|row| {
            let words = format!("`{}` is violated: {}", row.row.name, finding(row, &facts.prediction));
            result(facts, row, &words, &row.row.name)
        })
        .collect();
    if facts.outside_bounds > 0 {
        let count = counted(facts.outside_bounds, "prediction");
        let words = format!("{count} outside the bounds, by {} at most", short(facts.largest_outside));
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
        results.extend(sliced(facts, &slices.column, slice));
    }
    results
}

/// The rows that are violated for one value of the column.
fn sliced(facts: &Facts, column: &str, slice: &SliceFacts) -> Vec<Value> {
    let rows = facts.rows.iter().zip(&slice.rows).filter(|(_, found)| found.verdict == RowVerdict::Violated);
    rows.map(|(row, found)| {
        let value = found.value.map_or_else(String::new, short);
        let excess = found.room.map_or_else(String::new, |room| short(-room));
        let place = format!("`{column}` is `{}` ({})", slice.label(), counted(slice.n, "sample"));
        let words = format!(
            "`{}` is violated where {place}: the value is {value}, the limit is missed by {excess}",
            found.name
        );
        result(facts, row, &words, &format!("{}\n{column}\n{}", found.name, slice.label()))
    })
    .collect()
}

fn result(facts: &Facts, row: &RowFacts, words: &str, identity: &str) -> Value {
    let rule = facts.promises.iter().position(|promise| promise.constraint == row.row.constraint);
    json!({
        "ruleId": row.row.constraint,
        "ruleIndex": rule,
        "level": if row.soft { "warning" } else { "error" },
        "message": { "text": words },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&row.place.file) },
            "region": region(&row.place),
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
    use super::uri;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./a b/ü.fair"), "a%20b/%C3%BC.fair");
        assert_eq!(uri("/data/a.csv"), "file:///data/a.csv");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
