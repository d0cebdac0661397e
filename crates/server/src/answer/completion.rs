//! What may stand at a place.

use fairc_language::query::DefinitionKind;
use fairc_language::query::complete::{self, Suggestion, SuggestionKind};
use gen_lsp_types as lsp;

use super::{at, markdown};
use crate::analysis::ROOT;
use crate::refusal::Answer;
use crate::session::Session;

pub fn list(session: &mut Session<'_>, params: lsp::CompletionParams) -> Answer<Option<lsp::CompletionResponse>> {
    let of = params.text_document_position_params;
    let Some((analysis, offset)) = at(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let text = analysis.text(ROOT);
    let (before, behind) = text.split_at_checked(offset).unwrap_or((text, ""));
    let typed = params.context.and_then(|context| context.trigger_character);
    if typed.as_deref() == Some(" ") && !awaits(before) {
        return Ok(None);
    }
    // What is filled in brings its brackets, but not where they are.
    let snippets = session.snippets && !behind.starts_with(['(', '[']);
    let (start, found) = complete::at(&analysis.compilation, &analysis.index, ROOT, offset);
    let range = analysis.range(analysis.span(start..offset));
    let items = found.into_iter().enumerate().map(|(place, found)| item(found, place, range, snippets));
    Ok(Some(lsp::CompletionResponse::CompletionItemList(items.collect())))
}

/// Whether a space is where a name is awaited, so that a list is welcome.
fn awaits(before: &str) -> bool {
    let word = before.split_whitespace().next_back().unwrap_or_default();
    matches!(word, "use" | "in") || word.ends_with("==") || word.ends_with("!=")
}

fn item(found: Suggestion, place: usize, range: lsp::Range, snippets: bool) -> lsp::CompletionItem {
    let snippet = found.snippet.filter(|_| snippets);
    let format = if snippet.is_some() { lsp::InsertTextFormat::Snippet } else { lsp::InsertTextFormat::PlainText };
    let edit = lsp::TextEdit { range, new_text: snippet.unwrap_or_else(|| found.text.clone()) };
    lsp::CompletionItem {
        label: found.label,
        kind: Some(kind(found.kind)),
        detail: Some(found.detail).filter(|detail| !detail.is_empty()),
        documentation: Some(found.doc)
            .filter(|doc| !doc.is_empty())
            .map(|doc| lsp::Documentation::MarkupContent(markdown(doc))),
        sort_text: Some(format!("{place:05}")),
        filter_text: Some(found.text),
        insert_text_format: Some(format),
        text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(edit)),
        ..lsp::CompletionItem::default()
    }
}

fn kind(kind: SuggestionKind) -> lsp::CompletionItemKind {
    match kind {
        SuggestionKind::Keyword => lsp::CompletionItemKind::Keyword,
        SuggestionKind::Function | SuggestionKind::Metric => lsp::CompletionItemKind::Function,
        SuggestionKind::Option => lsp::CompletionItemKind::Property,
        SuggestionKind::Value => lsp::CompletionItemKind::EnumMember,
        SuggestionKind::Name(kind) => match kind {
            DefinitionKind::Column | DefinitionKind::Label | DefinitionKind::Weight => lsp::CompletionItemKind::Field,
            DefinitionKind::Prediction | DefinitionKind::Let | DefinitionKind::Binder | DefinitionKind::Parameter => {
                lsp::CompletionItemKind::Variable
            }
            DefinitionKind::Param => lsp::CompletionItemKind::Constant,
            DefinitionKind::Event => lsp::CompletionItemKind::Event,
            DefinitionKind::Relation => lsp::CompletionItemKind::Struct,
            DefinitionKind::Group => lsp::CompletionItemKind::Enum,
            DefinitionKind::Constraint | DefinitionKind::Alias => lsp::CompletionItemKind::Class,
            DefinitionKind::Metric => lsp::CompletionItemKind::Function,
            DefinitionKind::Level => lsp::CompletionItemKind::EnumMember,
        },
    }
}
