//! Diagnostics that nobody asked for: sent whenever a document, or something that it imports, has changed.

use gen_lsp_types::{Diagnostic, PublishDiagnosticsParams, Uri};
use lsp_server::Notification;

use crate::diagnostics;
use crate::refusal::guarded;
use crate::session::Session;

/// The diagnostics of one document of which the client does not know.
pub fn untold(session: &mut Session<'_>) -> Option<Notification> {
    let (uri, version) = session.untold()?;
    let diagnostics = match guarded(|| found(session, &uri)) {
        Some(diagnostics) => diagnostics,
        // None at all would say that the spec is well.
        None => vec![diagnostics::fault()],
    };
    Some(publish(PublishDiagnosticsParams { uri, version: Some(version), diagnostics }))
}

fn found(session: &mut Session<'_>, uri: &Uri) -> Vec<Diagnostic> {
    if session.is_library(uri) {
        return Vec::new();
    }
    session.analysis(uri).map_or_else(Vec::new, |analysis| diagnostics::of(&analysis, session))
}

/// A closed document has none.
pub fn closed(uri: Uri) -> Notification {
    publish(PublishDiagnosticsParams { uri, version: None, diagnostics: Vec::new() })
}

fn publish(params: PublishDiagnosticsParams) -> Notification {
    Notification::new("textDocument/publishDiagnostics".to_owned(), params)
}
