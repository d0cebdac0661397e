//! Aggregates of data inside functions of samples, which no row can hold.
//!
//! `E[(age - E[age]) * score]` is a row: the aggregate is a coefficient. In `E[|age - E[age]| * score]` it decides over every
//! sample by itself.

use crate::program::Data;

use super::affine::Quantity;
use super::sides::Sided;

/// Whether a factor of a row, or of an aggregate of its data, reads an aggregate. Under `each` the numbers of a row have factors of
/// samples too.
pub(super) fn is_nested(row: &Sided) -> bool {
    let factors = row.terms.keys().flat_map(Quantity::of_samples);
    let mut numbers = row.terms.values().chain(&row.lower).chain(&row.upper);
    factors.clone().any(Data::reads_totals)
        || numbers.any(|data| {
            let split = data.reads_columns() && data.reads_totals();
            split && data.split_columns().iter().any(|(_, factor)| factor.reads_totals()) || holds_nested(data)
        })
}

/// Whether an aggregate of an aggregate is left.
fn holds_nested(data: &Data) -> bool {
    let mut found = false;
    data.visit(&mut |node| found |= matches!(node, Data::Total { value, .. } if value.reads_totals()));
    found
}
