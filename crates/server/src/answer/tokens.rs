//! Semantic tokens: names in the colour of what they stand for.

use fairc_language::query::DefinitionKind;
use fairc_language::query::highlight::{TokenClass, tokens};
use gen_lsp_types as lsp;

use crate::analysis::ROOT;
use crate::refusal::Answer;
use crate::session::Session;

/// The types of the protocol that are used, in the order of their numbers.
const TYPES: [&str; 14] = [
    "keyword",
    "comment",
    "number",
    "string",
    "operator",
    "function",
    "property",
    "variable",
    "parameter",
    "event",
    "enum",
    "enumMember",
    "class",
    "struct",
];
const MODIFIERS: [&str; 4] = ["declaration", "readonly", "defaultLibrary", "documentation"];

pub fn legend() -> lsp::SemanticTokensLegend {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    lsp::SemanticTokensLegend { token_types: owned(&TYPES), token_modifiers: owned(&MODIFIERS) }
}

pub fn full(session: &mut Session<'_>, params: lsp::SemanticTokensParams) -> Answer<Option<lsp::SemanticTokens>> {
    let Some(analysis) = session.analysis(&params.text_document.uri) else { return Ok(None) };
    let text = analysis.text(ROOT);
    let mut before = lsp::Position::default();
    let mut data = Vec::new();
    for token in tokens(&analysis.index, ROOT, text) {
        let length = session.encoding.length(text.get(token.range.clone()).unwrap_or_default());
        let start = analysis.range(analysis.span(token.range)).start;
        let same_line = start.line == before.line;
        let (name, modifiers) = shown(token.class);
        let modifiers = if token.declares { [modifiers, &["declaration"]].concat() } else { modifiers.to_vec() };
        data.push(lsp::SemanticToken {
            delta_line: start.line - before.line,
            delta_start: if same_line { start.character - before.character } else { start.character },
            length: u32::try_from(length).unwrap_or(u32::MAX),
            token_type: number(&TYPES, name).unwrap_or_default(),
            token_modifiers_bitset: modifiers
                .iter()
                .filter_map(|name| number(&MODIFIERS, name))
                .map(|bit| 1 << bit)
                .sum(),
        });
        before = start;
    }
    Ok(Some(lsp::SemanticTokens { result_id: None, data }))
}

fn number(names: &[&str], name: &str) -> Option<u32> {
    names.iter().position(|known| *known == name).and_then(|at| u32::try_from(at).ok())
}

fn shown(class: TokenClass) -> (&'static str, &'static [&'static str]) {
    match class {
        TokenClass::Keyword => ("keyword", &[]),
        TokenClass::Comment => ("comment", &[]),
        TokenClass::Doc => ("comment", &["documentation"]),
        TokenClass::Number => ("number", &[]),
        TokenClass::Text => ("string", &[]),
        TokenClass::Operator => ("operator", &[]),
        TokenClass::Function => ("function", &["defaultLibrary"]),
        TokenClass::Name(kind) => match kind {
            DefinitionKind::Column | DefinitionKind::Label | DefinitionKind::Weight => ("property", &["readonly"]),
            DefinitionKind::Prediction => ("variable", &[]),
            DefinitionKind::Param | DefinitionKind::Let => ("variable", &["readonly"]),
            DefinitionKind::Event => ("event", &[]),
            DefinitionKind::Relation => ("struct", &[]),
            DefinitionKind::Group => ("enum", &[]),
            DefinitionKind::Constraint | DefinitionKind::Alias => ("class", &[]),
            DefinitionKind::Metric => ("function", &[]),
            DefinitionKind::Parameter | DefinitionKind::Binder => ("parameter", &[]),
            DefinitionKind::Level => ("enumMember", &[]),
        },
    }
}
