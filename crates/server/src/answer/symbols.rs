//! The declarations of a document as a tree.

use fairc_language::query::{Definition, DefinitionId, DefinitionKind};
use gen_lsp_types as lsp;

use crate::analysis::{Analysis, ROOT};
use crate::refusal::Answer;
use crate::session::Session;

pub fn tree(
    session: &mut Session<'_>,
    params: lsp::DocumentSymbolParams,
) -> Answer<Option<lsp::DocumentSymbolResponse>> {
    let Some(analysis) = session.analysis(&params.text_document.uri) else { return Ok(None) };
    let all = analysis.index.definitions.iter().enumerate();
    let here = all.filter(|(_, definition)| definition.span.source == ROOT && definition.owner.is_none());
    let shown = here.filter(|(_, definition)| definition.kind != DefinitionKind::Binder);
    let symbols = shown.map(|(at, definition)| symbol(DefinitionId(at), definition, &analysis));
    let mut symbols: Vec<lsp::DocumentSymbol> = symbols.chain(uses(&analysis)).collect();
    symbols.sort_by_key(|symbol| symbol.range.start);
    Ok(Some(lsp::DocumentSymbolResponse::DocumentSymbolList(symbols)))
}

#[allow(deprecated)] // The field of that name has to be given.
fn symbol(id: DefinitionId, definition: &Definition, analysis: &Analysis) -> lsp::DocumentSymbol {
    let levels = analysis.index.levels(id).filter_map(|level| Some((level, analysis.index.get(level)?)));
    let children: Vec<lsp::DocumentSymbol> = levels.map(|(id, level)| symbol(id, level, analysis)).collect();
    lsp::DocumentSymbol {
        name: definition.name.clone(),
        detail: Some(definition.kind.word().to_owned()),
        kind: kind(definition.kind),
        tags: None,
        deprecated: None,
        range: analysis.range(definition.declaration),
        selection_range: analysis.range(definition.span),
        children: Some(children).filter(|children| !children.is_empty()),
    }
}

/// Uses of metrics that have no name of their own are called as they are written.
#[allow(deprecated)] // The field of that name has to be given.
fn uses(analysis: &Analysis) -> Vec<lsp::DocumentSymbol> {
    use fairc_language::syntax::ast::ItemKind;
    let items = analysis
        .compilation
        .files
        .iter()
        .filter(|(source, _)| *source == ROOT)
        .flat_map(|(_, parsed)| &parsed.file.items);
    let nameless = items.filter_map(|item| match &item.kind {
        ItemKind::Use(used) if used.alias.is_none() => Some((item.span, used.call.span)),
        _ => None,
    });
    nameless
        .map(|(span, call)| lsp::DocumentSymbol {
            name: fairc_language::span::quote(&analysis.compilation.sources, call),
            detail: Some("use".to_owned()),
            kind: kind(DefinitionKind::Alias),
            tags: None,
            deprecated: None,
            range: analysis.range(span),
            selection_range: analysis.range(call),
            children: None,
        })
        .collect()
}

fn kind(kind: DefinitionKind) -> lsp::SymbolKind {
    match kind {
        DefinitionKind::Column | DefinitionKind::Label | DefinitionKind::Weight => lsp::SymbolKind::Field,
        DefinitionKind::Prediction | DefinitionKind::Let | DefinitionKind::Binder | DefinitionKind::Parameter => {
            lsp::SymbolKind::Variable
        }
        DefinitionKind::Param => lsp::SymbolKind::Constant,
        DefinitionKind::Event => lsp::SymbolKind::Event,
        DefinitionKind::Relation => lsp::SymbolKind::Struct,
        DefinitionKind::Group => lsp::SymbolKind::Enum,
        DefinitionKind::Constraint | DefinitionKind::Alias => lsp::SymbolKind::Class,
        DefinitionKind::Metric => lsp::SymbolKind::Function,
        DefinitionKind::Level => lsp::SymbolKind::EnumMember,
    }
}
