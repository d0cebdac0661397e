//! Diagnostics that nobody asked for: sent whenever a document, or something that it imports, has changed.

use gen_lsp_types::{PublishDiagnosticsParams, Uri};
use lsp_server::Notification;

use crate::diagnostics;
use crate::refusal::guarded;
use crate::session::Session;

/// The diagnostics of one document of which the client does not know.
pub fn untold(session: &mut Session<'_>) -> Option<Notification> {
    let (uri, version) = session.untold()?;
    let analysis = guarded(|| session.analysis(&uri)).flatten().filter(|_| !session.is_library(&uri));
    let diagnostics = analysis.map_or_else(Vec::new, |analysis| diagnostics::of(&analysis, session));
    Some(publish(PublishDiagnosticsParams { uri, version: Some(version), diagnostics }))
}

/// A closed document has none.
pub fn closed(uri: Uri) -> Notification {
    publish(PublishDiagnosticsParams { uri, version: None, diagnostics: Vec::new() })
}

fn publish(params: PublishDiagnosticsParams) -> Notification {
    Notification::new("textDocument/publishDiagnostics".to_owned(), params)
}
