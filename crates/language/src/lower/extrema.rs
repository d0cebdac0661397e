//! Maximum and minimum to rows.
//!
//! From: `max(a, b, ..)` where a convex expression is wanted, or `min(..)` under a minus. To: all of its arguments'
//! pieces. Why equivalent: a maximum is at most zero exactly where every argument is, and `-min(a, b) = max(-a, -b)`.

use crate::hir::Expr;

use super::error::Finding;
use super::pieces::{Pieces, pieces};
use super::scope::Scope;

pub(super) fn extremum(arguments: &[Expr], negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let mut all = Vec::new();
    for argument in arguments {
        all.extend(pieces(argument, negate, scope)?);
    }
    Ok(all)
}
