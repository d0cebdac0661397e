//! The sides of rows in a batch.

use super::error::BindError;
use super::formula::{Formula, Scope};
use super::plan::{OwnSides, PlannedRow};

/// An interval, closed where its ends cross by no more than rounding.
pub(super) fn ordered(lower: f64, upper: f64) -> Option<(f64, f64)> {
    if lower <= upper {
        return Some((lower, upper));
    }
    let middle = lower / 2.0 + upper / 2.0;
    let close = lower - upper <= 1e-12 * lower.abs().max(upper.abs()).max(1.0);
    (close && middle.is_finite()).then_some((middle, middle))
}

/// The sides of a row in a batch.
pub(super) fn sides_of(row: &PlannedRow, scope: &Scope) -> Result<(f64, f64), BindError> {
    let side = |side: &Option<Formula>, none: f64| match side {
        Some(formula) => finite(formula, scope, &row.name, &row.text),
        None => Ok(none),
    };
    let own = &row.own;
    let (lower, upper) = (side(&row.lower, f64::NEG_INFINITY)?, side(&row.upper, f64::INFINITY)?);
    ordered(lower, upper).ok_or_else(|| {
        let (row, text) = (row.name.clone(), row.text.clone());
        let of = |wanted: &dyn Fn(f64, f64) -> bool| {
            let asks = |own: &&OwnSides| {
                let value = |side: &Option<Formula>, none| side.as_ref().map_or(none, |side| side.value(scope));
                wanted(value(&own.lower, f64::NEG_INFINITY), value(&own.upper, f64::INFINITY))
            };
            own.iter().find(asks).map(|own| own.name.clone())
        };
        let (below, above) = (of(&|own, _| own == lower), of(&|_, own| own == upper));
        let both = below.zip(above).filter(|(below, above)| below != above);
        match both {
            Some((row, other)) => BindError::CrossedRows { row, other, lower, upper },
            None => BindError::CrossedSides { row, text, lower, upper },
        }
    })
}

/// The sides that each origin of a row asks for; `whole` are those of the row where they do not cross, which are its
/// only origin's.
pub(super) fn own_sides(
    row: &PlannedRow,
    whole: Option<(f64, f64)>,
    scope: &Scope,
) -> Result<Vec<(f64, f64)>, BindError> {
    let sides = |lower: &Option<Formula>, upper: &Option<Formula>, name: &str, text: &str| {
        let side = |side: &Option<Formula>, none: f64| match side {
            Some(formula) => finite(formula, scope, name, text),
            None => Ok(none),
        };
        Ok((side(lower, f64::NEG_INFINITY)?, side(upper, f64::INFINITY)?))
    };
    match (&row.own[..], whole) {
        ([], Some(whole)) => Ok(vec![whole]),
        ([], None) => Ok(vec![sides(&row.lower, &row.upper, &row.name, &row.text)?]),
        (several, _) => several.iter().map(|own| sides(&own.lower, &own.upper, &own.name, &own.text)).collect(),
    }
}

/// The value of a coefficient or side.
pub(super) fn finite(formula: &Formula, scope: &Scope, row: &str, text: &str) -> Result<f64, BindError> {
    let value = formula.value(scope);
    let undefined = || BindError::Undefined { row: row.to_owned(), text: text.to_owned() };
    value.is_finite().then_some(value).ok_or_else(undefined)
}
