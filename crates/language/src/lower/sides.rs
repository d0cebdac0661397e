//! Constants to the sides.
//!
//! From: `Σ c·agg + constant <= 0` (or `== 0`). To: `Σ c·agg <= -constant`. Why equivalent: the constant is data, so
//! it moves to the other side. Which way round the author wrote the terms is kept, for reports.

use std::collections::BTreeMap;

use crate::hir::{Relation, RelationKind};
use crate::program::Data;

use super::affine::{Affine, Quantity};
use super::error::Finding;
use super::pieces::{combine, pieces};
use super::scope::Scope;

/// `lower <= terms <= upper`; a side that is not there is infinite.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sided {
    pub terms: BTreeMap<Quantity, Data>,
    pub lower: Option<Data>,
    pub upper: Option<Data>,
    /// The author wrote the negative of these terms.
    pub reversed: bool,
}

/// The rows of one comparison.
pub(super) fn sides(relation: &Relation, scope: Scope<'_>) -> Result<Vec<Sided>, Finding> {
    let left = pieces(&relation.left, false, scope)?;
    let right = pieces(&relation.right, true, scope)?;
    let differences = combine(left, right, relation.span, scope)?;
    let reversed = is_reversed(relation);
    let row = |affine: Affine| {
        let limit = affine.constant.neg();
        let lower = (relation.kind == RelationKind::Equal).then(|| limit.clone());
        Sided { terms: affine.terms, lower, upper: Some(limit), reversed }
    };
    Ok(differences.into_iter().map(|difference| row(difference.clear())).collect())
}

/// Whether the author would read the difference of the sides the other way round: `0.3 <= E[a]` is about `E[a]`, and
/// `E[a] >= E[b]`, which is checked as `E[b] <= E[a]`, about `E[a] - E[b]`.
fn is_reversed(relation: &Relation) -> bool {
    match (relation.left.is_constant(), relation.right.is_constant()) {
        (true, false) => true,
        (false, true) => false,
        (true, true) | (false, false) => {
            let (left, right) = (relation.left.span, relation.right.span);
            left.source == right.source && right.start < left.start
        }
    }
}
