//! Words about a place.

use fairc_language::query::describe;
use gen_lsp_types::{Contents, Hover, HoverParams};

use super::{at as place, markdown};
use crate::analysis::ROOT;
use crate::refusal::Answer;
use crate::session::Session;

pub fn at(session: &mut Session<'_>, params: HoverParams) -> Answer<Option<Hover>> {
    let of = params.text_document_position_params;
    let Some((analysis, offset)) = place(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let found = describe::at(&analysis.compilation, &analysis.index, ROOT, offset);
    Ok(found.map(|found| Hover {
        contents: Contents::MarkupContent(markdown(found.text)),
        range: Some(analysis.range(found.span)),
    }))
}
