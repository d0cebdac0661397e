//! The audit as one query: a line for each comparison of each promise, with its verdict.
//!
//! All sums are made in one line, `totals`; the lines of the answer are arithmetic on these, as `binder` does it.

use std::collections::BTreeSet;

use super::cells::{coded, count};
use super::codes::value;
use super::{CODED, LINES, TOTALS, Warehouse};
use crate::bind::error::BindError;
use crate::bind::formula::Formula;
use crate::bind::plan::{Left, PlannedRow};
use crate::bind::rounding::{OF_BOUNDS, size_of_bounds};
use crate::language::program::{Aggregate, Enforce, WhenEmpty};
use crate::runtime::problem::ROUNDING;
use crate::sql::{Expression, Function, Operator, Query, Relation, Select};

/// A sum that is asked for: of a factor, or of 1, with the prediction, its size, or alone, over an event; `Reach` is the size of a
/// factor alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Total {
    Count(usize),
    Weight(usize),
    Data(usize, usize),
    With(Option<usize>, usize),
    Size(Option<usize>, usize),
    Reach(usize, usize),
    Rows,
    Outside,
    Faults,
}

impl Total {
    fn name(self) -> String {
        let place = |factor: Option<usize>| factor.map_or_else(|| "1".to_owned(), |factor| format!("f{factor}"));
        match self {
            Total::Count(event) => format!("n_{event}"),
            Total::Weight(event) => format!("w_{event}"),
            Total::Data(factor, event) => format!("d_f{factor}_{event}"),
            Total::With(factor, event) => format!("s_{}_{event}", place(factor)),
            Total::Size(factor, event) => format!("a_{}_{event}", place(factor)),
            Total::Reach(factor, event) => format!("b_f{factor}_{event}"),
            Total::Rows => "rows".to_owned(),
            Total::Outside => "outside".to_owned(),
            Total::Faults => "faults".to_owned(),
        }
    }

    fn column(self) -> Expression {
        Expression::column(TOTALS, self.name())
    }
}

fn double(value: f64) -> Expression {
    Expression::call(Function::ToDouble, Expression::Double(value))
}

fn nothing() -> Expression {
    Expression::call(Function::ToDouble, Expression::Null)
}

/// A line of the answer.
struct Line {
    promise: String,
    comparison: String,
    value: Expression,
    lower: Expression,
    upper: Expression,
    samples: Expression,
    /// The sum of the sizes of all that the value is summed from.
    size: Expression,
    /// The same for predictions of the size of their bounds.
    reach: Expression,
    /// The verdict, where it is known without the value.
    known: Expression,
}

impl Warehouse<'_> {
    /// A line for each comparison: `promise`, `comparison`, `value`, `lower`, `upper`, `samples` of the smallest group that it reads,
    /// and `verdict`: `held`, `violated`, `not checked` or `not applicable`; `undefined` where a number has no finite value, and
    /// `empty` where the spec says that an empty group is an error. A line for the bounds of the prediction and one for
    /// values at fault come first.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn audit(&self) -> Result<Query, Vec<BindError>> {
        self.without_means()?;
        let mut wanted = BTreeSet::from([Total::Rows, Total::Outside, Total::Faults]);
        let mut lines = vec![self.faults_line(), self.bounds_line()];
        let mut errors = Vec::new();
        for promised in self.program.promised_rows() {
            match self.line(promised, &mut wanted) {
                Ok(line) => lines.extend(line),
                Err(error) => errors.push(error),
            }
        }
        lines.extend(self.left_samples());
        let mut columns = Vec::new();
        for total in wanted {
            columns.push((total.name(), self.total(total)));
        }
        let parts = self.coded();
        let parts = parts.map_err(|error| errors.push(error)).ok();
        let Some(mut parts) = parts.filter(|_| errors.is_empty()) else { return Err(errors) };
        let select = |columns, from: &'static str| Select {
            columns,
            from: Relation::Part(from),
            name: from,
            condition: None,
            group: Vec::new(),
        };
        parts.push((TOTALS, vec![select(columns, CODED)]));
        parts.push((LINES, lines.into_iter().map(|line| select(line.columns(), TOTALS)).collect()));
        self.limited(Query { parts, answer: select(judged(), LINES) })
    }

    fn line(
        &self,
        promised: crate::language::program::PromisedRow,
        wanted: &mut BTreeSet<Total>,
    ) -> Result<Option<Line>, BindError> {
        let (Some(row), Some(origin)) = (self.program.rows.get(promised.row), self.program.origin(promised)) else {
            return Ok(None);
        };
        let named = (origin.constraint.clone(), origin.name.clone());
        let plan = &self.encoded.plan;
        if let Some((_, left)) = plan.left.iter().find(|(index, _)| *index == promised.row) {
            return Ok(Some(left_line(named, left, row.options.enforce)));
        }
        let planned = plan.rows.iter().find(|planned| planned.row == promised.row);
        let planned =
            planned.ok_or_else(|| BindError::Internal { what: format!("row `{}` is not planned", origin.name) })?;
        self.compared(planned, promised.origin, origin, named, wanted).map(Some)
    }

    fn compared(
        &self,
        row: &PlannedRow,
        place: usize,
        origin: &crate::language::program::Origin,
        (promise, comparison): (String, String),
        wanted: &mut BTreeSet<Total>,
    ) -> Result<Line, BindError> {
        let mut value = double(0.0);
        let (mut size, mut reach) = (double(0.0), double(0.0));
        let bounds = size_of_bounds(self.program).unwrap_or(0.0);
        for term in row.written() {
            let coefficient = self.batch(&term.coefficient, row, wanted)?;
            let mut over = |total: Total| {
                wanted.insert(total);
                total.column()
            };
            let (sum, sizes) =
                (over(Total::With(term.of.factor, term.event)), over(Total::Size(term.of.factor, term.event)));
            let reached =
                over(term.of.factor.map_or(Total::Weight(term.event), |factor| Total::Reach(factor, term.event)));
            let (sum, sizes, reached) = match term.aggregate {
                Aggregate::Sum => (sum, sizes, reached),
                Aggregate::Mean => {
                    let weight = over(Total::Weight(term.event));
                    (quotient(sum, weight.clone()), quotient(sizes, weight.clone()), quotient(reached, weight))
                }
            };
            value = Expression::binary(Operator::Add, value, coefficient.clone().times(sum));
            let coefficient = Expression::call(Function::Abs, coefficient);
            size = Expression::binary(Operator::Add, size, coefficient.clone().times(sizes));
            let reached = coefficient.times(reached).times(Expression::Double(bounds));
            reach = Expression::binary(Operator::Add, reach, reached);
        }
        let own = row.own.get(place);
        let (lower, upper) = own.map_or((&row.lower, &row.upper), |own| (&own.lower, &own.upper));
        let mut side = |side: &Option<Formula>| side.as_ref().map(|side| self.batch(side, row, wanted)).transpose();
        let (lower, upper) = (side(lower)?, side(upper)?);
        let negated = |value: Expression| Expression::Double(-1.0).times(value);
        let (value, lower, upper) = match origin.reversed {
            true => (negated(value), upper.map(negated), lower.map(negated)),
            false => (value, lower, upper),
        };
        let (samples, empty) = self.smallest(row, wanted);
        let skipped = if row.options.when_empty == WhenEmpty::Error { "empty" } else { "not checked" };
        let text = |text: &str| Expression::Text(text.to_owned());
        // A limit that is written has to be a number; one that is not written is no limit.
        let sides = lower.iter().chain(&upper);
        let unknown = sides.map(|side| Expression::call(Function::IsFinite, side.clone()).fails()).collect();
        let known = vec![no_rows(), (empty, text(skipped)), (Expression::Or(unknown), text("undefined"))];
        let shown = |side: Option<Expression>| side.unwrap_or_else(nothing);
        let (lower, upper, known) = (shown(lower), shown(upper), Expression::Case(known, None));
        Ok(Line { promise, comparison, value, lower, upper, samples, size, reach, known })
    }

    /// The samples of the smallest event that a row reads, and whether one has too few.
    fn smallest(&self, row: &PlannedRow, wanted: &mut BTreeSet<Total>) -> (Expression, Expression) {
        let events: BTreeSet<(usize, u64)> = row.needs().collect();
        let mut count = |event: usize| {
            wanted.insert(Total::Count(event));
            Total::Count(event).column()
        };
        let few = events.iter().map(|&(event, least)| {
            Expression::binary(Operator::Less, count(event), Expression::Int(i128::from(least)))
        });
        let few = Expression::Or(few.collect());
        let counts: BTreeSet<usize> = events.iter().map(|(event, _)| *event).collect();
        let smaller = |a: Expression, b: Expression| {
            Expression::choose(Expression::binary(Operator::Less, a.clone(), b.clone()), a, b)
        };
        // A chain of choices doubles in length with each event, so that only those of pairs are made.
        let samples = match counts.iter().copied().collect::<Vec<_>>().as_slice() {
            [] => Expression::Int(0),
            [only] => Total::Count(*only).column(),
            [a, b] => smaller(Total::Count(*a).column(), Total::Count(*b).column()),
            [first, ..] => Total::Count(*first).column(),
        };
        (samples, few)
    }

    /// A coefficient or a side, one number for the table.
    fn batch(
        &self,
        formula: &Formula,
        row: &PlannedRow,
        wanted: &mut BTreeSet<Total>,
    ) -> Result<Expression, BindError> {
        let plan = &self.encoded.plan;
        let of_total = |index: usize| {
            let (measure, event) = plan.totals.get(index)?;
            Some(measure.factor.map_or(Total::Weight(*event), |factor| Total::Data(factor, *event)))
        };
        formula.visit_leaves(&mut |leaf| {
            if let Formula::Total(index) = leaf {
                wanted.extend(of_total(*index));
            }
        });
        let leaf = |leaf: &Formula| match leaf {
            Formula::Param(index) => self.params.values().get(*index).map(|value| double(*value)),
            Formula::Total(index) => of_total(*index).map(Total::column),
            Formula::Number(_) | Formula::Column(_) | Formula::Sum(..) | Formula::Product(_) | Formula::Call(..) => {
                None
            }
        };
        value(formula, &leaf, &format!("row `{}`", row.name))
    }

    /// A sum over the rows of `coded`.
    fn total(&self, total: Total) -> Expression {
        let inside = |event: usize, value: Expression| {
            let value = Expression::Case(vec![(self.event(event), self.weighing(value))], None);
            let sum = Expression::call(Function::Sum, value);
            // A sum of nothing is null; without NaN in the engine, so is one that has no value.
            if self.dialect().has_nan() {
                return Expression::call(Function::OrZero, sum);
            }
            let nothing = Expression::equal(self.samples(event), Expression::Int(0));
            Expression::choose(nothing, Expression::Double(0.0), sum)
        };
        let factor = |factor: Option<usize>| factor.map(|factor| coded(format!("f{factor}")));
        let with = |of: Option<usize>| match factor(of) {
            Some(factor) => factor.times(coded("z")),
            None => coded("z"),
        };
        match total {
            Total::Count(event) => self.samples(event),
            Total::Weight(event) if self.is_weighted() => inside(event, double(1.0)),
            Total::Weight(event) => Expression::call(Function::ToDouble, count(self.event(event))),
            Total::Data(of, event) => inside(event, coded(format!("f{of}"))),
            Total::With(of, event) => inside(event, with(of)),
            Total::Size(of, event) => inside(event, Expression::call(Function::Abs, with(of))),
            Total::Reach(of, event) => inside(event, Expression::call(Function::Abs, coded(format!("f{of}")))),
            Total::Rows => Expression::Call(Function::Rows, Vec::new()),
            Total::Outside => count(self.outside()),
            Total::Faults => count(self.is_faulty()),
        }
    }

    /// The rows of an event that count.
    fn samples(&self, event: usize) -> Expression {
        count(Expression::And(self.counts().into_iter().chain([self.event(event)]).collect()))
    }

    fn faults_line(&self) -> Line {
        counted("(data)", "values at fault", Total::Faults)
    }

    fn bounds_line(&self) -> Line {
        counted("(bounds)", "predictions outside", Total::Outside)
    }

    fn left_samples(&self) -> Vec<Line> {
        let plan = &self.encoded.plan;
        let promised = self.program.promised_sample_rows().into_iter();
        let line = promised.filter_map(|promised| {
            let (_, left) = plan.left_samples.iter().find(|(index, _)| *index == promised.row)?;
            let origin = self.program.sample_origin(promised)?;
            let enforce = self.program.sample_rows.get(promised.row)?.options.enforce;
            Some(left_line((origin.constraint.clone(), origin.name.clone()), left, enforce))
        });
        line.collect()
    }
}

/// Of a table without rows nothing is known.
fn no_rows() -> (Expression, Expression) {
    (Expression::equal(Total::Rows.column(), Expression::Int(0)), Expression::Text("not checked".to_owned()))
}

/// A line of a number that should be 0.
fn counted(promise: &str, comparison: &str, total: Total) -> Line {
    let text = |text: &str| Expression::Text(text.to_owned());
    let is_zero = Expression::equal(total.column(), Expression::Int(0));
    Line {
        promise: promise.to_owned(),
        comparison: comparison.to_owned(),
        value: Expression::call(Function::ToDouble, total.column()),
        lower: nothing(),
        upper: double(0.0),
        samples: total.column(),
        size: double(0.0),
        reach: double(0.0),
        known: Expression::Case(vec![no_rows(), (is_zero, text("held"))], Some(Box::new(text("violated")))),
    }
}

/// Of a row that takes no part, whatever the data.
fn left_line((promise, comparison): (String, String), left: &Left, enforce: Enforce) -> Line {
    let verdict = if left.asks_nothing(enforce) { "not applicable" } else { "not checked" };
    let known = Expression::Text(verdict.to_owned());
    let (value, lower, upper, samples) = (nothing(), nothing(), nothing(), Expression::Int(0));
    Line { promise, comparison, value, lower, upper, samples, size: double(0.0), reach: double(0.0), known }
}

/// The lines with their verdicts; the allowance for rounding is that of an audit of a file.
fn judged() -> Vec<(String, Expression)> {
    let column = |name: &str| Expression::column(LINES, name);
    let text = |text: &str| Expression::Text(text.to_owned());
    let size = |name: &str| Expression::call(Function::OrZero, Expression::call(Function::Abs, column(name)));
    let larger = |a: Expression, b: Expression| {
        Expression::choose(Expression::binary(Operator::Less, a.clone(), b.clone()), b, a)
    };
    let size = [size("lower"), size("upper")].into_iter().fold(column("size"), larger);
    let allowed =
        larger(Expression::Double(ROUNDING).times(size), Expression::Double(OF_BOUNDS).times(column("reach")));
    let beyond = |operator, side: &str, change| {
        Expression::binary(operator, column("value"), Expression::binary(change, column(side), allowed.clone()))
    };
    let outside =
        vec![beyond(Operator::Less, "lower", Operator::Subtract), beyond(Operator::Greater, "upper", Operator::Add)];
    let branches = vec![
        (Expression::Not(Box::new(column("known").is_null())), column("known")),
        (Expression::call(Function::IsFinite, column("value")).fails(), text("undefined")),
        (Expression::Or(outside), text("violated")),
    ];
    let verdict = Expression::Case(branches, Some(Box::new(text("held"))));
    let shown = ["promise", "comparison", "value", "lower", "upper", "samples"];
    let shown = shown.map(|name| (name.to_owned(), column(name)));
    shown.into_iter().chain([("verdict".to_owned(), verdict)]).collect()
}

fn quotient(a: Expression, b: Expression) -> Expression {
    let none = Expression::equal(b.clone(), Expression::Double(0.0));
    Expression::choose(none, Expression::Null, Expression::binary(Operator::Divide, a, b))
}

impl Line {
    fn columns(self) -> Vec<(String, Expression)> {
        let columns = [
            ("promise", Expression::Text(self.promise)),
            ("comparison", Expression::Text(self.comparison)),
            ("value", self.value),
            ("lower", self.lower),
            ("upper", self.upper),
            ("samples", self.samples),
            ("size", self.size),
            ("reach", self.reach),
            ("known", self.known),
        ];
        columns.map(|(name, expression)| (name.to_owned(), expression)).to_vec()
    }
}
