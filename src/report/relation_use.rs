//! What became of the pairs of a relation: how many rows are about, and how many were left out, and why.

use serde::Serialize;

use crate::bind::{Bound, Encoded};
use crate::language::words::counted;

/// The pairs of one relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelationUse {
    pub relation: String,
    /// Lines of its table.
    pub lines: usize,
    /// Pairs of which both samples were in one batch.
    pub pairs: usize,
    /// Those of which both samples are in the data, and not in one batch.
    pub apart: usize,
    /// Those with a key that the data do not have.
    pub absent: usize,
    /// Those of a sample with itself.
    pub same: usize,
    /// Those with a sample of weight 0.
    pub weightless: usize,
}

impl RelationUse {
    /// Enters a batch.
    pub(super) fn enter(known: &mut Vec<RelationUse>, bound: &Bound, encoded: &Encoded) {
        for (relation, pairs, left) in encoded.pairs_left() {
            let inside = bound.pairs.iter().find(|bound| bound.relation == relation).map_or(0, |bound| bound.pairs);
            match known.iter_mut().find(|known| known.relation == relation) {
                Some(known) => {
                    known.pairs += inside;
                    known.apart = known.apart.saturating_sub(inside);
                }
                None => known.push(RelationUse {
                    relation: relation.to_owned(),
                    lines: pairs + left.absent + left.same + left.weightless,
                    pairs: inside,
                    apart: pairs.saturating_sub(inside),
                    absent: left.absent,
                    same: left.same,
                    weightless: left.weightless,
                }),
            }
        }
    }

    /// `near: 38 pairs; 3 left out: 2 with a key that the data do not have, 1 of a sample with itself`.
    pub(super) fn line(&self) -> String {
        let kinds = [
            (self.absent, "with a key that the data do not have"),
            (self.same, "of a sample with itself"),
            (self.weightless, "with a sample of weight 0"),
            (self.apart, "with samples in different batches"),
        ];
        let left: usize = kinds.iter().map(|(count, _)| count).sum();
        let pairs = format!("`{}`: {}", self.relation, counted(self.pairs, "pair"));
        if left == 0 {
            return pairs;
        }
        let kinds: Vec<String> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
        format!("{pairs}; {left} left out: {}", kinds.join(", "))
    }
}

/// A line for each relation, behind an empty one.
pub(super) fn relations_text(relations: &[RelationUse]) -> Option<String> {
    let lines: String = relations.iter().map(|relation| format!("  {}\n", relation.line())).collect();
    (!relations.is_empty()).then(|| format!("\n{lines}"))
}
