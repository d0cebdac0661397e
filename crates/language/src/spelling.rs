//! A name with letters or marks that need backticks, and that nothing declares, is one mistake: `E[ŷ]`, `df.sex`.

use crate::check::{Finding, Kind};
use crate::diagnostic::Edit;
use crate::span::{SourceId, Sources, Span};
use crate::syntax::Parsed;
use crate::syntax::error::{Mistake, SyntaxError};

/// Leaves of the two findings the one that says what to do about the name; its fix then mends all places of the name.
pub(crate) fn one_unknown_name(files: &mut [(SourceId, Parsed)], findings: &mut [Finding], sources: &Sources) {
    let bad = |error: &SyntaxError| matches!(error.kind, Mistake::BadName { .. });
    if !files.iter().any(|(_, parsed)| parsed.errors.iter().any(bad)) {
        return;
    }
    for finding in findings.iter_mut().filter(|finding| matches!(finding.kind, Kind::UnknownName { .. })) {
        let Some((_, parsed)) = files.iter_mut().find(|(source, _)| *source == finding.span.source) else { continue };
        let name = sources.text(finding.span);
        let same = |error: &SyntaxError| bad(error) && sources.text(error.span) == name;
        if !parsed.errors.iter().any(|error| same(error) && error.span == finding.span) {
            continue;
        }
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut parsed.errors).into_iter().partition(same);
        parsed.errors = kept;
        let Some(fix) = &mut finding.fix else { continue };
        let instead = fix.edits.iter().find(|edit| edit.span == finding.span).map(|edit| edit.text.clone());
        let missing = |span: Span| fix.edits.iter().all(|edit| edit.span != span);
        let places: Vec<Span> = gone.iter().map(|error| error.span).filter(|span| missing(*span)).collect();
        let text = instead.unwrap_or_else(|| format!("`{name}`"));
        fix.edits.extend(places.into_iter().map(|span| Edit { span, text: text.clone() }));
    }
}
