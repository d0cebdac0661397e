//! Absolute value to two sides.
//!
//! From: `|e|` with `e` affine, where a convex expression is wanted. To: the larger of `e` and `-e`. Why equivalent:
//! that is the absolute value; `|e| <= t` becomes `e <= t` and `-e <= t`, which orientation and merging join into the
//! one row `-t <= e <= t`.

use crate::hir::Expr;

use super::error::Finding;
use super::pieces::{Pieces, pieces};
use super::scope::Scope;

pub(super) fn absolute(inner: &Expr, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let mut all = pieces(inner, false, scope)?;
    all.extend(pieces(inner, true, scope)?);
    Ok(all)
}
