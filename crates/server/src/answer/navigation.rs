//! From a name to its declaration and its uses.

use fairc_language::query::signature::standard;
use fairc_language::span::Span;
use fairc_language::syntax::pieces;
use gen_lsp_types as lsp;

use super::at;
use super::uses::{named, uses};
use crate::analysis::{Analysis, ROOT};
use crate::diagnostics::location;
use crate::position::Lines;
use crate::refusal::Answer;
use crate::session::Session;

pub fn definition(session: &mut Session<'_>, params: lsp::DefinitionParams) -> Answer<Option<lsp::DefinitionResponse>> {
    let of = params.text_document_position_params;
    let one = |location| lsp::DefinitionResponse::Definition(lsp::Definition::Location(location));
    let Some((analysis, offset)) = at(session, &of.text_document.uri, of.position) else { return Ok(None) };
    if let Some(location) = imported(&analysis, offset, session) {
        return Ok(Some(one(location)));
    }
    if let Some(found) = named(session, &of.text_document.uri, of.position) {
        let place = found.definition().and_then(|definition| location(definition.span, &found.analysis, session));
        return Ok(place.map(one));
    }
    Ok(unread_metric(&analysis, offset, session).map(one))
}

/// The file that an import names.
fn imported(analysis: &Analysis, offset: usize, session: &Session<'_>) -> Option<lsp::Location> {
    let (_, source) = analysis.compilation.imports.iter().find(|(span, _)| span.touches(ROOT, offset))?;
    location(Span::new(*source, 0, 0), analysis, session)
}

/// A metric of the library in a declaration that could not be read.
fn unread_metric(analysis: &Analysis, offset: usize, session: &Session<'_>) -> Option<lsp::Location> {
    let text = analysis.text(ROOT);
    let piece = pieces(text).into_iter().find(|piece| piece.range.start <= offset && offset <= piece.range.end)?;
    let metric = standard(piece.text(text))?;
    let library = fairc_language::library::find(&metric.name)?;
    let uri = session.uri(&session.host.library(&metric.name, library)?);
    let range = Lines::of(library).range(library, metric.metric.name.span.range(), session.encoding);
    Some(lsp::Location { uri, range })
}

pub fn references(session: &mut Session<'_>, params: lsp::ReferenceParams) -> Answer<Option<Vec<lsp::Location>>> {
    let of = params.text_document_position_params;
    let Some(found) = named(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let Some(uses) = uses(session, &found) else { return Ok(None) };
    let Some(definition) = found.definition() else { return Ok(None) };
    let declared = std::path::PathBuf::from(found.analysis.compilation.sources.name(definition.span.source));
    let mut locations = Vec::new();
    for (path, places) in &uses.places {
        let lines = Lines::of(&places.text);
        let metric = path.to_str().and_then(fairc_language::library::metric_of).filter(|_| places.library);
        let shown = match metric {
            Some(metric) => session.host.library(metric, &places.text),
            None => Some(path.clone()),
        };
        let Some(shown) = shown else { continue };
        let wanted = |bytes: &&std::ops::Range<usize>| {
            params.context.include_declaration || declared != *path || **bytes != definition.span.range()
        };
        locations.extend(places.bytes.iter().filter(wanted).map(|bytes| lsp::Location {
            uri: session.uri(&shown),
            range: lines.range(&places.text, bytes.clone(), session.encoding),
        }));
    }
    Ok(Some(locations))
}

/// The places of a name in the document itself.
pub fn highlights(
    session: &mut Session<'_>,
    params: lsp::DocumentHighlightParams,
) -> Answer<Option<Vec<lsp::DocumentHighlight>>> {
    let of = params.text_document_position_params;
    let Some((analysis, offset)) = at(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let Some(reference) = analysis.index.at(ROOT, offset) else { return Ok(None) };
    let places = analysis.index.places(reference.definition).filter(|span| span.source == ROOT);
    Ok(Some(places.map(|span| lsp::DocumentHighlight { range: analysis.range(span), kind: None }).collect()))
}
