//! Formulas and events as expressions.

use super::{CODED, SEEN, Warehouse};
use crate::bind::columns::ColumnKind;
use crate::bind::error::{BEYOND_WHOLE, BindError};
use crate::bind::formula::Formula;
use crate::bind::shape::{Part, Shape};
use crate::language::program::Function as Named;
use crate::sql::{Expression, Function, Operator};

/// Powers that are written as products.
const MOST_POWER: f64 = 8.0;

/// What the leaves of a formula are; none for one that cannot be there.
pub(super) type Leaf<'a> = dyn Fn(&Formula) -> Option<Expression> + 'a;

/// The value of a formula, null where it is undefined; `what` says where it stands.
pub(super) fn value(formula: &Formula, leaf: &Leaf<'_>, what: &str) -> Result<Expression, BindError> {
    let part = |formula: &Formula| value(formula, leaf, what);
    match formula {
        Formula::Number(number) => Ok(Expression::Double(*number)),
        Formula::Param(_) | Formula::Column(_) | Formula::Total(_) => {
            leaf(formula).ok_or_else(|| BindError::Internal { what: format!("{what} reads what is not known there") })
        }
        Formula::Sum(constant, terms) => {
            let mut sum: Option<Expression> = None;
            for (coefficient, term) in terms {
                let term = Expression::Double(*coefficient).times(part(term)?);
                sum = Some(match sum {
                    Some(sum) => Expression::binary(Operator::Add, sum, term),
                    None => term,
                });
            }
            let constant = Expression::Double(*constant);
            Ok(match sum {
                Some(sum) => Expression::binary(Operator::Add, sum, constant),
                None => constant,
            })
        }
        Formula::Product(factors) => product(factors, leaf, what),
        Formula::Call(Named::Abs, arguments) => match arguments.as_slice() {
            [only] => Ok(Expression::call(Function::Abs, part(only)?)),
            _ => Err(no_sql("abs", what)),
        },
        Formula::Call(function @ (Named::Max | Named::Min), arguments) => {
            let operator = if *function == Named::Max { Operator::Greater } else { Operator::Less };
            let arguments = arguments.iter().map(part).collect::<Result<Vec<_>, BindError>>()?;
            let chosen = arguments.into_iter().reduce(|a, b| {
                // Engines differ in what the largest of a number and a null is, and of a number and NaN.
                let unknown = Expression::Or(vec![undefined(&a), undefined(&b)]);
                let more = Expression::binary(operator, a.clone(), b.clone());
                Expression::Case(vec![(unknown, Expression::Null), (more, a)], Some(Box::new(b)))
            });
            chosen.ok_or_else(|| no_sql(function.name(), what))
        }
        Formula::Call(function @ (Named::Exp | Named::Log | Named::Sqrt | Named::Power), _) => {
            Err(no_sql(function.name(), what))
        }
    }
}

/// Whether a value is null or NaN, which some engines have as the largest number.
fn undefined(value: &Expression) -> Expression {
    match value {
        // Columns of numbers have null in place of NaN.
        Expression::Column(..) | Expression::Double(_) => value.clone().is_null(),
        _ => Expression::Or(vec![value.clone().is_null(), Expression::call(Function::IsNan, value.clone())]),
    }
}

/// The threshold that a value with this code equals, where doubles no longer tell whole numbers apart.
pub(super) fn alike(code: i128, thresholds: &[f64]) -> Option<f64> {
    // The code of a number that equals a threshold is odd.
    let equal = usize::try_from(code).ok().filter(|code| code % 2 == 1);
    equal.and_then(|code| thresholds.get(code / 2)).copied().filter(|threshold| threshold.abs() >= BEYOND_WHOLE)
}

fn no_sql(function: &str, what: &str) -> BindError {
    BindError::NoSql { what: format!("`{function}` in {what}"), stored: false }
}

fn product(factors: &[(Formula, f64)], leaf: &Leaf<'_>, what: &str) -> Result<Expression, BindError> {
    let (mut above, mut below): (Vec<Expression>, Vec<Expression>) = (Vec::new(), Vec::new());
    for (factor, exponent) in factors {
        let size = exponent.abs();
        if size.fract() != 0.0 || size > MOST_POWER {
            return Err(no_sql(&format!("^ {exponent}"), what));
        }
        let value = value(factor, leaf, what)?;
        let list = if *exponent < 0.0 { &mut below } else { &mut above };
        list.extend(std::iter::repeat_n(value, size as usize));
    }
    let multiplied = |list: Vec<Expression>| list.into_iter().reduce(Expression::times);
    let above = multiplied(above).unwrap_or(Expression::Double(1.0));
    let Some(below) = multiplied(below) else { return Ok(above) };
    let zero = || Expression::Double(0.0);
    let infinite = vec![
        (undefined(&above), Expression::Null),
        (Expression::binary(Operator::Greater, above.clone(), zero()), Expression::Double(f64::INFINITY)),
        (Expression::binary(Operator::Less, above.clone(), zero()), Expression::Double(f64::NEG_INFINITY)),
    ];
    // Engines differ in what a quotient by 0 is.
    let is_zero = Expression::equal(below.clone(), zero());
    Ok(Expression::choose(
        is_zero,
        Expression::Case(infinite, None),
        Expression::binary(Operator::Divide, above, below),
    ))
}

/// An event, over the codes of `coded`.
pub(super) fn condition(shape: &Shape) -> Expression {
    match shape {
        Shape::All => Expression::And(Vec::new()),
        Shape::Never => Expression::Or(Vec::new()),
        Shape::Codes { part, chosen } => {
            let code = || Expression::column(CODED, format!("p{part}"));
            let runs = chosen.runs().map(|(first, last)| match first == last {
                true => Expression::equal(code(), Expression::Int(first.into())),
                false => Expression::And(vec![
                    Expression::binary(Operator::GreaterEqual, code(), Expression::Int(first.into())),
                    Expression::binary(Operator::LessEqual, code(), Expression::Int(last.into())),
                ]),
            });
            Expression::Or(runs.collect())
        }
        Shape::Not(shape) => Expression::Not(Box::new(condition(shape))),
        Shape::And(shapes) => Expression::And(shapes.iter().map(condition).collect()),
        Shape::Or(shapes) => Expression::Or(shapes.iter().map(condition).collect()),
    }
}

impl Warehouse<'_> {
    /// The number of a column in a row of `seen`.
    pub(super) fn sample_leaf(&self, leaf: &Formula) -> Option<Expression> {
        let Formula::Column(index) = leaf else { return None };
        match &self.encoded.plan.columns.get(*index)?.kind {
            ColumnKind::Number { .. } => Some(Expression::column(SEEN, format!("v{index}"))),
            ColumnKind::Levels(levels) => {
                let code = || Expression::column(SEEN, format!("l{index}"));
                let numbers = (0..).zip(levels).filter_map(|(place, level)| {
                    Some((Expression::equal(code(), Expression::Int(place)), Expression::Double(level.number?)))
                });
                Some(Expression::Case(numbers.collect(), None))
            }
        }
    }

    /// The code of a part in a row of `seen`.
    pub(super) fn part(&self, part: &Part) -> Result<Expression, BindError> {
        match part {
            Part::Level { column, levels } => {
                let code = || Expression::column(SEEN, format!("l{column}"));
                let none = Expression::binary(Operator::Less, code(), Expression::Int(0));
                Ok(Expression::choose(none, Expression::Int(*levels as i128), code()))
            }
            Part::Place { value, thresholds } => {
                let value = self.sample_value(value, "a condition")?;
                let none = 2 * thresholds.len() as i128 + 1;
                let mut branches = vec![(undefined(&value), Expression::Int(none))];
                for (place, threshold) in (0..).zip(thresholds) {
                    let compare =
                        |operator| Expression::binary(operator, value.clone(), Expression::Double(*threshold));
                    branches.push((compare(Operator::Less), Expression::Int(2 * place)));
                    branches.push((compare(Operator::Equal), Expression::Int(2 * place + 1)));
                }
                Ok(Expression::Case(branches, Some(Box::new(Expression::Int(2 * thresholds.len() as i128)))))
            }
        }
    }

    /// The columns of `coded`: `p0` the codes of parts, `f0` the factors, and what `seen` has.
    pub(super) fn codes(&self) -> Result<Vec<(String, Expression)>, BindError> {
        let plan = &self.encoded.plan;
        let mut columns = Vec::new();
        for (index, part) in plan.parts.iter().enumerate() {
            columns.push((format!("p{index}"), self.part(part)?));
        }
        for (index, factor) in plan.factors.iter().enumerate() {
            columns.push((format!("f{index}"), self.sample_value(&factor.formula, &format!("`{}`", factor.text))?));
        }
        let mut kept = |name: String| columns.push((name.clone(), Expression::column(SEEN, name)));
        for (index, column) in plan.columns.iter().enumerate() {
            match column.kind {
                ColumnKind::Levels(_) => ["l", "r"].iter().for_each(|kind| kept(format!("{kind}{index}"))),
                ColumnKind::Number { .. } => ["v", "q"].iter().for_each(|kind| kept(format!("{kind}{index}"))),
            }
        }
        if self.is_weighted() {
            ["w", "y"].iter().for_each(|name| kept((*name).to_owned()));
        }
        ["z", "e"].iter().for_each(|name| kept((*name).to_owned()));
        Ok(columns)
    }
}
