//! Orientation.
//!
//! From: a row whose first term (in canonical order) may have a negative coefficient. To: the same row with a positive
//! one. Why equivalent: both sides are multiplied by -1 and exchanged. `a - b <= t` and `b - a <= t` so get the same
//! left side and can be merged. Reports turn the row back to the way its author wrote it. A row with distances is convex as it
//! stands and its negative is not, so it stays.

use crate::program::Data;

use super::affine::Quantity;
use super::sides::Sided;

pub(super) fn orient(row: Sided) -> Sided {
    let negative = row.terms.values().next().is_some_and(is_negative);
    if !negative || row.terms.keys().any(|quantity| matches!(quantity, Quantity::Bent { .. })) {
        return row;
    }
    Sided {
        terms: row.terms.into_iter().map(|(quantity, coefficient)| (quantity, coefficient.neg())).collect(),
        lower: row.upper.map(Data::neg),
        upper: row.lower.map(Data::neg),
        reversed: !row.reversed,
    }
}

/// Whether the first number in the expression is negative.
fn is_negative(data: &Data) -> bool {
    match data {
        Data::Number(value) => *value < 0.0,
        Data::Sum { terms, constant } => terms.first().map_or(*constant < 0.0, |(coefficient, _)| *coefficient < 0.0),
        Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..) => false,
    }
}
