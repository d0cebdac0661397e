//! Quick fixes: the edits that diagnostics bring.

use std::collections::HashMap;

use fairc_language::diagnostic::{Edit, Fix, mend_sure};
use gen_lsp_types as lsp;

use super::formatting::least;
use crate::analysis::Analysis;
use crate::diagnostics;
use crate::refusal::Answer;
use crate::session::Session;

/// The title of the action that makes all fixes that can be meant in one way only.
pub const ALL: &str = "Mend all mistakes that can be meant in one way only";

pub fn all(session: &mut Session<'_>, params: lsp::CodeActionParams) -> Answer<Option<Vec<lsp::CodeActionResponse>>> {
    let uri = params.text_document.uri;
    let Some(analysis) = session.analysis(&uri).filter(|_| !session.is_library(&uri)) else { return Ok(None) };
    let wanted = |kind: &lsp::CodeActionKind| {
        let kind = String::from(kind.clone());
        let asked = params.context.only.as_ref();
        asked.is_none_or(|only| only.iter().any(|only| within(&kind, &String::from(only.clone()))))
    };
    let mut actions = Vec::new();
    if wanted(&lsp::CodeActionKind::QuickFix) {
        actions.extend(fixes(&analysis, session, params.range));
    }
    let sure = analysis.diagnostics.iter().filter_map(|found| found.fix.as_ref()).filter(|fix| fix.sure).count();
    let several = sure > 1 && wanted(&lsp::CodeActionKind::QuickFix);
    let asked = params.context.only.is_some() && wanted(&lsp::CodeActionKind::SourceFixAll);
    if sure > 0 && (several || asked) {
        let kind = if asked { lsp::CodeActionKind::SourceFixAll } else { lsp::CodeActionKind::QuickFix };
        actions.extend(fix_all(session, &uri, kind));
    }
    Ok(Some(actions.into_iter().map(lsp::CodeActionResponse::CodeAction).collect()))
}

/// `quickfix` is within `quickfix` and the empty kind, which is that of all.
fn within(kind: &str, outer: &str) -> bool {
    outer.is_empty() || kind == outer || kind.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// The fixes of the diagnostics in a range.
fn fixes(analysis: &Analysis, session: &Session<'_>, range: lsp::Range) -> Vec<lsp::CodeAction> {
    let mut actions = Vec::new();
    for found in &analysis.diagnostics {
        let Some(fix) = &found.fix else { continue };
        let told = diagnostics::diagnostic(found, analysis, session);
        let apart = told.range.end < range.start || range.end < told.range.start;
        let Some(edit) = edit(fix, analysis, session).filter(|_| !apart) else { continue };
        actions.push(lsp::CodeAction {
            title: fix.title(&analysis.compilation.sources),
            kind: Some(lsp::CodeActionKind::QuickFix),
            diagnostics: Some(vec![told]),
            is_preferred: Some(fix.sure),
            edit: Some(edit),
            ..lsp::CodeAction::default()
        });
    }
    actions
}

/// None where it would change the library.
fn edit(fix: &Fix, analysis: &Analysis, session: &Session<'_>) -> Option<lsp::WorkspaceEdit> {
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for Edit { span, text } in &fix.edits {
        if analysis.library(span.source).is_some() {
            return None;
        }
        let location = diagnostics::location(*span, analysis, session)?;
        changes.entry(location.uri).or_default().push(lsp::TextEdit { range: location.range, new_text: text.clone() });
    }
    Some(lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() })
}

/// All sure fixes at once, and those that show up then.
fn fix_all(session: &mut Session<'_>, uri: &lsp::Uri, kind: lsp::CodeActionKind) -> Option<lsp::CodeAction> {
    let document = session.document(uri)?;
    let (path, open) = (&document.path, session.open());
    let (mended, made) = mend_sure(&document.text, |text| session.host.check(path, text, &open).diagnostics);
    if made == 0 {
        return None;
    }
    let range = |bytes| document.lines.range(&document.text, bytes, session.encoding);
    let changes = HashMap::from([(uri.clone(), vec![least(&document.text, &mended, range)])]);
    Some(lsp::CodeAction {
        title: ALL.to_owned(),
        kind: Some(kind),
        edit: Some(lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() }),
        ..lsp::CodeAction::default()
    })
}
