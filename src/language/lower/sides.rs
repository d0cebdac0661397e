//! Constants to the sides.
//!
//! From: `Σ c·agg + constant <= 0` (or `== 0`). To: `Σ c·agg <= -constant`. Why equivalent: the constant is data, so
//! it moves to the other side.

use std::collections::BTreeMap;

use crate::language::hir::{Relation, RelationKind};
use crate::language::program::Data;

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
}

/// The rows of one comparison.
pub(super) fn sides(relation: &Relation, scope: Scope<'_>) -> Result<Vec<Sided>, Finding> {
    let left = pieces(&relation.left, false, scope)?;
    let right = pieces(&relation.right, true, scope)?;
    let differences = combine(left, right, relation.span, scope)?;
    let row = |affine: Affine| {
        let limit = affine.constant.neg();
        let lower = (relation.kind == RelationKind::Equal).then(|| limit.clone());
        Sided { terms: affine.terms, lower, upper: Some(limit) }
    };
    Ok(differences.into_iter().map(|difference| row(difference.clear())).collect())
}
