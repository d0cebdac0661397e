//! The parameters of the metric that is being called.

use fairc_language::query::signature::{metric, site};
use gen_lsp_types as lsp;

use super::{at, markdown};
use crate::analysis::ROOT;
use crate::refusal::Answer;
use crate::session::Session;

pub fn help(session: &mut Session<'_>, params: lsp::SignatureHelpParams) -> Answer<Option<lsp::SignatureHelp>> {
    let of = params.text_document_position_params;
    let Some((analysis, offset)) = at(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let Some(site) = site(analysis.text(ROOT), offset) else { return Ok(None) };
    let Some(metric) = metric(&analysis.compilation, &site.metric) else { return Ok(None) };
    let encoding = session.encoding;
    let units = |bytes: usize| encoding.length(metric.label.get(..bytes).unwrap_or_default());
    let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let parameters = metric.parameters.iter().map(|range| lsp::ParameterInformation {
        label: lsp::ParameterInformationLabel::Tuple((clamp(units(range.start)), clamp(units(range.end)))),
        documentation: None,
    });
    let active = metric.active(&site).map(|place| lsp::ActiveParameter::Int(clamp(place)));
    let signature = lsp::SignatureInformation {
        label: metric.label.clone(),
        documentation: Some(lsp::Documentation::MarkupContent(markdown(metric.doc.clone()))),
        parameters: Some(parameters.collect()),
        active_parameter: active,
    };
    Ok(Some(lsp::SignatureHelp { signatures: vec![signature], active_signature: Some(0), active_parameter: active }))
}
