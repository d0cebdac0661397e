//! Tables with shifts or thresholds that were fitted before: one query, which needs no other.

use super::cells::coded;
use super::levels::{scored, taken};
use super::{CODED, Warehouse};
use crate::bind::error::BindError;
use crate::bind::frozen::{CodeBox, Frozen, Thresholds, boxes_of};
use crate::sql::{Expression, Operator, Query, Select};

const ANSWERED: &str = "answered";

impl Warehouse<'_> {
    /// The table with one column more: the predictions with per-group offsets, within their bounds; null in rows with values that the spec
    /// does not allow.
    ///
    /// # Errors
    /// Shifts that tell other groups apart, and what has no SQL.
    pub fn shifted(&self, frozen: &Frozen, column: &str) -> Result<Query, Vec<BindError>> {
        self.same_events(&frozen.events, "the shifts tell")?;
        let shifts = frozen.cells.iter().map(|cell| (cell.key().identity(), cell.add));
        let moved =
            |add: f64| self.within_bounds(Expression::binary(Operator::Add, coded("z"), Expression::Double(add)));
        self.with_column(shifts.map(|(identity, add)| (identity, moved(add))).collect(), column)
    }

    /// The table with one column more: decisions by thresholds; null in rows with values that the spec does not allow.
    ///
    /// # Errors
    /// Thresholds that tell other groups apart, or that draw, and what has no SQL.
    pub fn thresholded(&self, thresholds: &Thresholds, column: &str) -> Result<Query, Vec<BindError>> {
        self.same_events(&thresholds.events, "the thresholds tell")?;
        if thresholds.draws() {
            return Err(vec![BindError::NoSql {
                what: "a draw between several thresholds of a group".to_owned(),
                stored: false,
            }]);
        }
        let decided = thresholds.cells.iter().map(|cell| {
            let operator = if cell.takes_ties() { Operator::GreaterEqual } else { Operator::Greater };
            (cell.cell.key().identity(), taken(scored(operator, cell.threshold)))
        });
        self.with_column(decided.collect(), column)
    }

    fn same_events(&self, events: &[String], what: &str) -> Result<(), Vec<BindError>> {
        self.without_means()?;
        if events == self.encoded.plan.event_texts {
            return Ok(());
        }
        let what = format!("{what} groups apart by other events than these data");
        Err(vec![BindError::NotFrozen { what }])
    }

    /// The table with a value for each cell.
    fn with_column(
        &self,
        values: Vec<(crate::bind::cells::Identity, Expression)>,
        column: &str,
    ) -> Result<Query, Vec<BindError>> {
        let boxes = boxes_of(&self.encoded.plan)?;
        let mut branches: Vec<(Vec<Expression>, Expression)> = Vec::new();
        for (identity, value) in values {
            let own = boxes.get(&identity).into_iter().flatten().map(code_box);
            match branches.iter_mut().find(|(_, known)| *known == value) {
                Some((conditions, _)) => conditions.extend(own),
                None => branches.push((own.collect(), value)),
            }
        }
        let branches = branches.into_iter().map(|(conditions, value)| (Expression::Or(conditions), value));
        // A value at fault is none of any cell, whatever its code.
        let faulty = (self.is_faulty(), Expression::Null);
        let value = Expression::Case([faulty].into_iter().chain(branches).collect(), None);
        let (mut parts, mut columns) = self.keeping()?;
        columns.push(("x".to_owned(), value));
        parts.push((ANSWERED, vec![Select::of(CODED, columns)]));
        self.with_new(parts, ANSWERED, (column, Expression::column(ANSWERED, "x")))
    }

    /// A prediction brought within its bounds.
    pub(super) fn within_bounds(&self, value: Expression) -> Expression {
        let (lower, upper) = (self.program.prediction.lower, self.program.prediction.upper);
        let sides = [(Operator::Less, lower), (Operator::Greater, upper)].into_iter();
        let sides = sides.filter(|(_, bound)| bound.is_finite()).map(|(operator, bound)| {
            (Expression::binary(operator, value.clone(), Expression::Double(bound)), Expression::Double(bound))
        });
        Expression::Case(sides.collect(), Some(Box::new(value.clone())))
    }
}

/// Whether a row of `coded` is in a box of codes.
fn code_box(codes: &CodeBox) -> Expression {
    let part = |(part, chosen): (usize, &Option<Vec<u32>>)| {
        let code = || coded(format!("p{part}"));
        let equal = |code_of: &u32| Expression::equal(code(), Expression::Int(i128::from(*code_of)));
        chosen.as_ref().map(|chosen| Expression::Or(chosen.iter().map(equal).collect()))
    };
    Expression::And(codes.iter().enumerate().filter_map(part).collect())
}
