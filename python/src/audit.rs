//! Audits: the reports of `fairc audit`, of arrays.

use fairc::bind::Encoded;
use fairc::report::impact::{NO_SHARE, Share};
use fairc::report::{About, PlainText, Watch, card, cyclonedx, markdown, page, sarif};
use fairc::source::Failure;
use fairc::tasks::{AuditOptions, Audited, Case, Origin, Refused, audit};

/// What Python sees of an audit: the verdict in words, whether it is a pass, and the report in each format, name and text.
pub type Reported = (&'static str, bool, Vec<(String, String)>);

/// What the head of reports says, from the keywords of Python.
pub fn about(words: &mut std::collections::HashMap<String, String>) -> About {
    let mut word = |name: &str| words.remove(name);
    About {
        title: word("title"),
        model: word("model"),
        model_version: word("model_version"),
        period: word("period"),
        population: word("population"),
        auditor: word("auditor"),
    }
}

/// The groups of a report, with those that others are compared with.
///
/// # Errors
/// A group that the report does not show, and a share that is none.
pub fn compared(watch: &Watch, references: &[(String, String)], min_share: Option<f64>) -> Result<Watch, Failure> {
    let share = |value: f64| Share::parse(&value.to_string()).ok_or_else(|| Failure::new(NO_SHARE, ""));
    let mut watch = watch.clone();
    let chosen = watch.compare_with(references, min_share.map(share).transpose()?);
    chosen.map_err(|none| Failure::new(none.message, none.help))?;
    Ok(watch)
}

/// Audits, and reports in these formats.
pub fn reported(
    case: Case<'_>,
    options: AuditOptions,
    watch: &Watch,
    formats: Vec<String>,
) -> Result<Reported, Refused> {
    let audited = audit(case, options)?;
    reports(&audited, watch, || origin(case.encoded, case.predictions), formats)
}

/// The verdict, and reports in these formats.
pub fn reports(
    audited: &Audited<'_>,
    watch: &Watch,
    origin: impl FnOnce() -> Origin,
    formats: Vec<String>,
) -> Result<Reported, Refused> {
    let wanted = formats.iter().any(|format| format != "text");
    let facts = wanted.then(|| audited.facts(watch, origin()));
    let mut reports = Vec::new();
    for format in formats {
        let text = match (format.as_str(), &facts) {
            ("text", _) => audited.text(watch, &PlainText),
            ("json", Some(facts)) => serde_json::to_string(facts).unwrap_or_default(),
            ("html", Some(facts)) => page(facts),
            ("markdown", Some(facts)) => markdown(facts),
            ("sarif", Some(facts)) => serde_json::to_string(&sarif(facts)).unwrap_or_default(),
            ("card", Some(facts)) => card(facts),
            ("cyclonedx", Some(facts)) => serde_json::to_string(&cyclonedx(facts)).unwrap_or_default(),
            (other, _) => {
                let help = "the formats are text, json, html, markdown, sarif, card and cyclonedx";
                return Err(Failure::new(format!("there is no format {other:?}"), help).into());
            }
        };
        reports.push((format, text));
    }
    Ok((audited.verdict().word(), audited.accepted(), reports))
}

/// BLAKE3 of what a table in memory was audited as: cells, weights and predictions, little-endian; and its length.
fn origin(encoded: &Encoded, predictions: &[f64]) -> Origin {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0;
    let mut add = |part: &[u8]| {
        bytes += part.len() as u64;
        hasher.update(part);
    };
    encoded.cell().iter().for_each(|cell| add(&cell.to_le_bytes()));
    let weights = encoded.weight().unwrap_or_default();
    weights.iter().chain(predictions).for_each(|value| add(&value.to_le_bytes()));
    Origin { hash: hasher.finalize().to_hex().to_string(), bytes }
}
