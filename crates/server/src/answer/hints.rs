//! How many rows constraints come to, beside them.

use fairc_language::query::{describe, rows};
use fairc_language::words::counted;
use gen_lsp_types::{InlayHint, InlayHintParams, Label, Position, Tooltip};

use super::markdown;
use crate::analysis::ROOT;
use crate::refusal::Answer;
use crate::session::Session;

pub fn rows(session: &mut Session<'_>, params: InlayHintParams) -> Answer<Option<Vec<InlayHint>>> {
    let Some(analysis) = session.analysis(&params.text_document.uri) else { return Ok(None) };
    let here = rows::of(&analysis.compilation).into_iter().filter(|rows| rows.declaration.source == ROOT);
    let hints = here.map(|rows| {
        let position: Position = analysis.range(rows.heading).end;
        InlayHint {
            position,
            label: Label::String(counted(rows.names.len(), "row")),
            kind: None,
            text_edits: None,
            tooltip: Some(Tooltip::MarkupContent(markdown(describe::rows_words(&rows)))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        }
    });
    let asked = params.range;
    Ok(Some(hints.filter(|hint| asked.start <= hint.position && hint.position <= asked.end).collect()))
}
