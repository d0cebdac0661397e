//! What is wrong, as the client shows it.

use fairc_language::diagnostic::{Diagnostic, Label, Severity};
use fairc_language::span::{SourceId, Span};
use gen_lsp_types as lsp;

use crate::analysis::{Analysis, ROOT};
use crate::refusal::FAULT;
use crate::session::Session;

/// What a diagnostic says it is from.
pub const SOURCE: &str = "fairc";

/// All diagnostics of a document.
pub fn of(analysis: &Analysis, session: &Session<'_>) -> Vec<lsp::Diagnostic> {
    analysis.diagnostics.iter().map(|found| diagnostic(found, analysis, session)).collect()
}

/// What stands in a document whose check met a fault of ours.
pub fn fault() -> lsp::Diagnostic {
    lsp::Diagnostic {
        range: lsp::Range::default(),
        severity: Some(lsp::DiagnosticSeverity::Error),
        code: None,
        code_description: None,
        source: Some(SOURCE.to_owned()),
        message: lsp::Message::String(FAULT.to_owned()),
        tags: None,
        related_information: None,
        data: None,
    }
}

/// A diagnostic of another file stands at the import that leads there.
pub fn diagnostic(found: &Diagnostic, analysis: &Analysis, session: &Session<'_>) -> lsp::Diagnostic {
    let first = found.labels.first();
    let here = first.is_none_or(|label| label.span.source == ROOT);
    let place = match first {
        Some(label) if here => label.span,
        Some(label) => analysis.compilation.import_of(label.span.source).unwrap_or_default(),
        None => Span::default(),
    };
    let related = found.labels.iter().skip(usize::from(here)).filter_map(|label| related(label, analysis, session));
    let related: Vec<lsp::DiagnosticRelatedInformation> = related.collect();
    lsp::Diagnostic {
        range: analysis.range(place),
        severity: Some(match found.severity() {
            Severity::Error => lsp::DiagnosticSeverity::Error,
            Severity::Warning => lsp::DiagnosticSeverity::Warning,
        }),
        code: Some(lsp::Code::String(found.code.0.to_owned())),
        code_description: None,
        source: Some(SOURCE.to_owned()),
        message: lsp::Message::String(message(found, here, first, analysis)),
        tags: (found.code.0 == "W0101").then(|| vec![lsp::DiagnosticTag::Unnecessary]),
        related_information: Some(related).filter(|related| !related.is_empty()),
        data: None,
    }
}

/// The message, the words at the place, and the help, a line each.
fn message(found: &Diagnostic, here: bool, first: Option<&Label>, analysis: &Analysis) -> String {
    let mut text = match first {
        Some(label) if !here => {
            format!("in `{}`: {}", analysis.compilation.sources.name(label.span.source), found.message)
        }
        Some(_) | None => found.message.clone(),
    };
    if let Some(label) = first.filter(|label| here && !label.text.is_empty()) {
        text.push_str(&format!("\n{}", label.text));
    }
    if let Some(help) = &found.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    text
}

fn related(label: &Label, analysis: &Analysis, session: &Session<'_>) -> Option<lsp::DiagnosticRelatedInformation> {
    let location = location(label.span, analysis, session)?;
    Some(lsp::DiagnosticRelatedInformation { location, message: label.text.clone() })
}

/// A place of any source; none where it is in a file of the library that cannot be shown.
pub fn location(span: Span, analysis: &Analysis, session: &Session<'_>) -> Option<lsp::Location> {
    Some(lsp::Location { uri: uri(span.source, analysis, session)?, range: analysis.range(span) })
}

fn uri(source: SourceId, analysis: &Analysis, session: &Session<'_>) -> Option<lsp::Uri> {
    let path = match analysis.library(source) {
        Some(metric) => session.host.library(metric, analysis.text(source))?,
        None => analysis.compilation.sources.name(source).into(),
    };
    Some(session.uri(&path))
}
