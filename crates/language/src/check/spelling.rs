//! A name with letters or marks that need backticks, and that nothing declares, is one mistake: `E[ŷ]`, `df.sex`.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::Edit;
use crate::span::{SourceId, Sources, Span};
use crate::syntax::Parsed;
use crate::syntax::error::{Mistake, SyntaxError};

use super::{Finding, Kind};

/// Leaves of the two findings the one that says what to do about the name; its fix then mends all places of the name.
pub(crate) fn one_unknown_name(files: &mut [(SourceId, Parsed)], findings: &mut [Finding], sources: &Sources) {
    let bad = |error: &SyntaxError| matches!(error.kind, Mistake::BadName { .. });
    // By file and name, where it stands.
    let mut places: HashMap<(SourceId, &str), Vec<Span>> = HashMap::new();
    for error in files.iter().flat_map(|(_, parsed)| &parsed.errors).filter(|error| bad(error)) {
        places.entry((error.span.source, sources.text(error.span))).or_default().push(error.span);
    }
    if places.is_empty() {
        return;
    }
    let mut told = HashSet::new();
    for finding in findings.iter_mut().filter(|finding| matches!(finding.kind, Kind::UnknownName { .. })) {
        let (source, name) = (finding.span.source, sources.text(finding.span));
        let Some(spans) = places.get(&(source, name)).filter(|spans| spans.contains(&finding.span)) else { continue };
        told.insert((source, name));
        let Some(fix) = &mut finding.fix else { continue };
        let mended: HashSet<Span> = fix.edits.iter().map(|edit| edit.span).collect();
        let instead = fix.edits.iter().find(|edit| edit.span == finding.span).map(|edit| edit.text.clone());
        let text = instead.unwrap_or_else(|| format!("`{name}`"));
        let missing = spans.iter().filter(|span| !mended.contains(*span));
        fix.edits.extend(missing.map(|span| Edit { span: *span, text: text.clone() }));
    }
    for (_, parsed) in files {
        parsed.errors.retain(|error| !bad(error) || !told.contains(&(error.span.source, sources.text(error.span))));
    }
}
