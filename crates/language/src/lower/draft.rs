//! What lowering makes of a comparison, before rows are merged and their events numbered.

use crate::hir::RelationId;
use crate::program::{Event, Origin, RowOptions};
use crate::span::Span;

use super::reads::Reads;
use super::sides::Sided;

/// A row before the events are numbered.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub row: Sided,
    /// Its place among the rows of its instance, as written; the first one where several were merged.
    pub written: usize,
    /// Set for a row under `each`: the samples that it is for.
    pub each: Option<Event>,
    /// Set for such a row about pairs: the samples are those of this relation.
    pub pairs: Option<RelationId>,
    pub options: RowOptions,
    pub reads: Reads,
    pub labels: Vec<String>,
    pub origins: Vec<Origin>,
    /// Which constraint, and where it stands.
    pub constraint: usize,
    pub span: Span,
}
