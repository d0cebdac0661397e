//! What pandas notes of a table in its schema, for files that carry it.

use serde_json::{Value, json};

/// The note with columns of numbers added: without them pandas would guess their type.
pub(crate) fn with_pandas(text: &str, added: &[(usize, &str)]) -> String {
    json_with(text, |facts| with_columns(facts, added))
}

/// A text of JSON after a change; as it was if it is none, or not of the form that the change needs.
pub(crate) fn json_with(text: &str, change: impl FnOnce(&mut Value) -> Option<()>) -> String {
    let Ok(mut facts) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    match change(&mut facts) {
        Some(()) => facts.to_string(),
        None => text.to_owned(),
    }
}

/// Puts an entry into a list in place of one that has the same name.
pub(crate) fn put(list: &mut Vec<Value>, key: &str, entry: Value) {
    match list.iter_mut().find(|old| old.get(key) == entry.get(key)) {
        Some(old) => *old = entry,
        None => list.push(entry),
    }
}

fn with_columns(facts: &mut Value, added: &[(usize, &str)]) -> Option<()> {
    let columns = facts.get_mut("columns")?.as_array_mut()?;
    for (_, name) in added {
        let entry = json!({
            "name": name, "field_name": name, "pandas_type": "float64", "numpy_type": "float64", "metadata": null
        });
        put(columns, "field_name", entry);
    }
    // Names that are numbers or dates would be converted back, which the new one cannot be.
    for names in facts.get_mut("column_indexes").and_then(Value::as_array_mut).into_iter().flatten() {
        let kind = names.get("pandas_type").and_then(Value::as_str);
        let is_text = kind.is_none_or(|kind| ["unicode", "string", "mixed", "empty"].contains(&kind));
        if let Some(names) = names.as_object_mut().filter(|_| !is_text) {
            names.insert("pandas_type".to_owned(), "unicode".into());
            names.insert("numpy_type".to_owned(), "object".into());
            names.insert("metadata".to_owned(), json!({ "encoding": "UTF-8" }));
        }
    }
    Some(())
}
