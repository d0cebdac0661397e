//! What is kept, as text: versioned JSON that says what it belongs to and whether it is whole.
//!
//! ```text
//! {"fairc_state": 2, "fingerprint": "…", "checksum": "…", "state": {…}}
//! ```
//!
//! Numbers are written so that the same bits are read back. The fingerprint is that of whatever the content belongs to.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

/// What a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The state of a stream.
    State,
    /// Per-group offsets.
    Shifts,
    /// Thresholds of decisions.
    Thresholds,
}

impl Kind {
    /// The version that is written, and the only one that is read.
    pub const fn version(self) -> u64 {
        match self {
            // 2: the columns of the data and a hash of the output.
            Kind::State => 2,
            Kind::Shifts | Kind::Thresholds => 1,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::State => "state",
            Kind::Shifts => "shifts",
            Kind::Thresholds => "thresholds",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Kind::State => "the state of a stream",
            Kind::Shifts => "per-group offsets",
            Kind::Thresholds => "thresholds of decisions",
        }
    }
}

/// Why a text is nothing to go on from.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// No JSON, or JSON without a version.
    #[error("not {}: {reason}", .kind.noun())]
    NotOurs { kind: Kind, reason: String },
    #[error("written in version {found} of the format, and this `fairc` reads version {}", .kind.version())]
    Version { kind: Kind, found: u64 },
    /// The content was changed, or cut off.
    #[error("damaged: {reason}")]
    Damaged { reason: String },
    #[error("it belongs to a spec with the fingerprint `{found}`, and this one has `{expected}`")]
    OtherSpec { found: String, expected: String },
}

impl StateError {
    /// What the user can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            StateError::NotOurs { .. } => "check the name of the file",
            StateError::Version { .. } => "use the `fairc` that wrote it, or make it again",
            StateError::Damaged { .. } => "take it from a backup, or make it again; it is not meant to be edited",
            StateError::OtherSpec { .. } => "use the spec that it belongs to, or make it again",
        }
    }
}

/// The text of a content.
///
/// # Errors
/// It cannot be written as JSON.
pub fn write<T: Serialize>(kind: Kind, fingerprint: &str, content: &T) -> Result<String, StateError> {
    let content = serde_json::to_string(content).map_err(|error| StateError::Damaged { reason: error.to_string() })?;
    let (word, version, checksum) = (kind.word(), kind.version(), checksum(fingerprint, &content));
    let fingerprint = Value::from(fingerprint);
    Ok(format!(
        "{{\"fairc_{word}\":{version},\"fingerprint\":{fingerprint},\"checksum\":\"{checksum}\",\"{word}\":{content}}}\n"
    ))
}

/// The content of a text.
///
/// # Errors
/// Another version, a spec with another fingerprint, or a text that is damaged or something else.
pub fn read<T: DeserializeOwned>(kind: Kind, text: &str, fingerprint: &str) -> Result<T, StateError> {
    let not_ours = |reason: String| StateError::NotOurs { kind, reason };
    let damaged = |reason: &str| StateError::Damaged { reason: reason.to_owned() };
    let mut fields: Value = serde_json::from_str(text).map_err(|error| not_ours(error.to_string()))?;
    let key = format!("fairc_{}", kind.word());
    let version = fields.get(&key).and_then(Value::as_u64).ok_or_else(|| not_ours(format!("it has no `{key}`")))?;
    if version != kind.version() {
        return Err(StateError::Version { kind, found: version });
    }
    let field = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let (stated, of) = (field("checksum"), field("fingerprint"));
    let (Some(stated), Some(of)) = (stated, of) else { return Err(damaged("it has no checksum or no fingerprint")) };
    let content = fields.get_mut(kind.word()).map(Value::take).ok_or_else(|| damaged("it has no content"))?;
    // Written again the content is the same text: keys keep their order, and numbers their shortest form.
    let found = checksum(&of, &content.to_string());
    if found != stated {
        let reason = format!("the content has the checksum `{found:.12}`, and the file says `{stated:.12}`");
        return Err(damaged(&reason));
    }
    if of != fingerprint {
        return Err(StateError::OtherSpec { found: of, expected: fingerprint.to_owned() });
    }
    serde_json::from_value(content).map_err(|error| damaged(&error.to_string()))
}

/// BLAKE3 of the fingerprint and the compact JSON of the content.
fn checksum(fingerprint: &str, content: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(fingerprint.as_bytes());
    hasher.update(content.as_bytes());
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bits_come_back() {
        let state = vec![0.1 + 0.2, 1e-300, -0.0, 1.0 / 3.0, f64::MAX, 3.0];
        let text = write(Kind::State, "abc", &state).unwrap();
        let back: Vec<f64> = read(Kind::State, &text, "abc").unwrap();
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&state), bits(&back));
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let text = write(Kind::State, "abc", &7).unwrap();
        let error = |text: &str| read::<i32>(Kind::State, text, "abc").unwrap_err();
        assert_eq!(read::<i32>(Kind::State, &text, "abc"), Ok(7));
        assert!(matches!(read::<i32>(Kind::State, &text, "abd"), Err(StateError::OtherSpec { .. })));
        assert!(matches!(read::<i32>(Kind::Shifts, &text, "abc"), Err(StateError::NotOurs { .. })));
        assert!(matches!(error(&text.replace(":7}", ":8}")), StateError::Damaged { .. }));
        assert!(matches!(error(&text.replace(":2,", ":1,")), StateError::Version { found: 1, .. }));
        assert!(matches!(error("{}"), StateError::NotOurs { .. }));
        assert!(matches!(error(&text[..text.len() - 3]), StateError::NotOurs { .. }));
        assert!(matches!(read::<String>(Kind::State, &text, "abc"), Err(StateError::Damaged { .. })));
    }
}
