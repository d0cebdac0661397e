//! The values that a data expression can take, as far as params decide them.

use crate::hir::Hir;
use crate::interval::Interval;
use crate::program::Data;

/// From the declared ranges of the params; everything for what the data decide.
pub(super) fn range(data: &Data, hir: &Hir) -> Interval {
    match data {
        Data::Number(value) => Interval::point(*value),
        Data::Param(name) => hir.param_named(name).map_or(Interval::ALL, |param| param.range),
        Data::Sum { constant, terms } => terms.iter().fold(Interval::point(*constant), |sum, (coefficient, term)| {
            sum + range(term, hir).multiply(Interval::point(*coefficient))
        }),
        Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..) => Interval::ALL,
    }
}
