//! Answers to requests, a file for each kind: they translate between the protocol and what the compiler says.

pub mod actions;
pub mod completion;
pub mod folding;
pub mod formatting;
pub mod hints;
pub mod hover;
pub mod navigation;
pub mod rename;
pub mod signature;
pub mod symbols;
pub mod tokens;
mod uses;

use std::rc::Rc;

use gen_lsp_types::{MarkupContent, MarkupKind, Position, Uri};

use crate::analysis::Analysis;
use crate::session::Session;

/// What came of a document, and the byte at a position.
fn at(session: &mut Session<'_>, uri: &Uri, position: Position) -> Option<(Rc<Analysis>, usize)> {
    let analysis = session.analysis(uri)?;
    let offset = analysis.offset(position);
    Some((analysis, offset))
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}
