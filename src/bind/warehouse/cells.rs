//! The queries of cells and of checks.

use super::codes::alike;
use super::columns::{IS_NO_NUMBER, IS_NULL, IS_OUTSIDE, LONG, NULL, UNKNOWN};
use super::{CODED, Warehouse};
use crate::bind::columns::ColumnKind;
use crate::bind::encoded::FactorValues;
use crate::bind::error::BindError;
use crate::bind::plan::Factor;
use crate::bind::shape::Part;
use crate::bind::unplaced::fold;
use crate::data::Shortest;
use crate::sql::{Expression, Function, Operator, Query, Relation, Select};

type Columns = Vec<(String, Expression)>;

pub(super) fn coded(name: impl Into<String>) -> Expression {
    Expression::column(CODED, name)
}

pub(super) fn count(condition: Expression) -> Expression {
    Expression::call(Function::Count, condition)
}

fn is(name: String, value: i128) -> Expression {
    Expression::equal(coded(name), Expression::Int(value))
}

impl Warehouse<'_> {
    /// One line for each combination of codes: `p0` the codes, counts, weights and sums, and what is wrong with the values.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn cells(&self) -> Result<Query, Vec<BindError>> {
        self.grouped_by(None, self.details())
    }

    /// The same by equal buckets of predictions too.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn buckets(&self) -> Result<Query, Vec<BindError>> {
        self.grouped_by(Some(self.bucket()), self.details())
    }

    fn details(&self) -> Columns {
        self.of_factors().into_iter().chain(self.faults()).collect()
    }

    /// Counts, weights and sums by codes, and by `b` where it is given.
    pub(super) fn grouped_by(&self, bucket: Option<Expression>, more: Columns) -> Result<Query, Vec<BindError>> {
        self.grouped_where(bucket, more, None)
    }

    /// The same of rows of `coded` for which a condition holds.
    pub(super) fn grouped_where(
        &self,
        bucket: Option<Expression>,
        more: Columns,
        condition: Option<Expression>,
    ) -> Result<Query, Vec<BindError>> {
        let parts = self.encoded.plan.parts.iter().enumerate();
        let mut columns: Columns =
            parts.map(|(index, part)| (format!("p{index}"), self.grouped(index, part))).collect();
        columns.extend(bucket.map(|bucket| ("b".to_owned(), bucket)));
        // A number alone would be the place of a column.
        let keys = columns.iter().map(|(_, key)| key).filter(|key| !matches!(key, Expression::Int(_)));
        let group = keys.cloned().collect();
        columns.extend(self.totals());
        columns.extend(more);
        let parts = self.coded().map_err(|error| vec![error])?;
        let answer = Select { columns, from: Relation::Part(CODED), name: CODED, condition, group };
        self.limited(Query { parts, answer })
    }

    /// What is wrong with the values of the whole table, with an example of each kind, in one line.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn checks(&self) -> Result<Query, Vec<BindError>> {
        let mut columns = vec![("rows".to_owned(), Expression::Call(Function::Rows, Vec::new()))];
        let named = |name: &str, index: usize| self.encoded.plan.columns[index].header.clone() + ": " + name;
        for (index, column) in self.encoded.plan.columns.iter().enumerate() {
            match column.kind {
                ColumnKind::Levels(_) => {
                    let code = format!("l{index}");
                    columns.push((named("null", index), count(is(code.clone(), NULL))));
                    columns.push((named("no level", index), count(is(code.clone(), UNKNOWN))));
                    columns.push((named("no level, for example", index), self.unknown_example(index)));
                    columns.push((named("too long to tell", index), count(is(code, LONG))));
                }
                ColumnKind::Number { .. } => {
                    let null = Expression::And(vec![coded(format!("v{index}")).is_null()]);
                    columns.push((named("null or no number", index), count(null)));
                    columns
                        .push((named("at fault", index), count(Expression::Not(Box::new(is(format!("q{index}"), 0))))));
                    columns.push((named("outside, for example", index), outside_example(index)));
                }
            }
        }
        let faulty = |name: &str| count(Expression::Not(Box::new(is(name.to_owned(), 0))));
        if let Some(weight) = &self.program.weight {
            columns.push((format!("{}: no weight", weight.header), faulty("y")));
        }
        columns.push((format!("{}: no finite number", self.prediction), faulty("e")));
        let undecided =
            self.undecided().map(|undecided| (format!("{}: not 0 or 1", self.prediction), count(undecided)));
        columns.extend(undecided);
        for (index, part) in self.encoded.plan.parts.iter().enumerate() {
            let Part::Place { value, .. } = part else { continue };
            let header = value.first_column().map_or("", |column| self.encoded.plan.columns[column].header.as_str());
            let told = self.beyond_doubles(index, part).into_iter().map(|(threshold, alike)| {
                (format!("{header}: no longer told from {}", Shortest(threshold)), count(alike))
            });
            columns.extend(told);
        }
        let factors = self.encoded.plan.factors.iter().enumerate();
        columns.extend(factors.map(|(index, factor)| {
            (format!("{}: no value where one is needed", factor.text), count(self.missing(index, factor)))
        }));
        let parts = self.coded().map_err(|error| vec![error])?;
        let checks = Select { columns, from: Relation::Part(CODED), name: CODED, condition: None, group: Vec::new() };
        self.limited(Query { parts, answer: checks })
    }

    /// Of levels the code that tells nulls from unknown values.
    pub(super) fn grouped(&self, index: usize, part: &Part) -> Expression {
        match part {
            Part::Level { column, .. } => coded(format!("l{column}")),
            Part::Place { .. } => coded(format!("p{index}")),
        }
    }

    /// The weight of a row, or 1.
    pub(super) fn weighing(&self, value: Expression) -> Expression {
        if self.is_weighted() { coded("w").times(value) } else { value }
    }

    /// Whether a row counts: its weight is positive.
    pub(super) fn counts(&self) -> Option<Expression> {
        self.is_weighted().then(|| Expression::binary(Operator::Greater, coded("w"), Expression::Double(0.0)))
    }

    /// `n` rows, `m` those of positive weight, `w` their weight, `z` the weighted sum of predictions, `a` that of their sizes, `lo`
    /// and `hi` the ends of these, `o` those outside their bounds, `d` those neither 0 nor 1, `s` those of positive weight above 1/2.
    fn totals(&self) -> Columns {
        let z = || coded("z");
        let sum = |value: Expression| Expression::call(Function::Sum, self.weighing(value));
        let counting =
            |condition: Expression| count(Expression::And(self.counts().into_iter().chain([condition]).collect()));
        let compare = |operator, bound| Expression::binary(operator, z(), Expression::Double(bound));
        let named = |name: &str, expression| (name.to_owned(), expression);
        let mut columns = vec![named("n", Expression::Call(Function::Rows, Vec::new()))];
        if let Some(counts) = self.counts() {
            columns.push(named("m", count(counts)));
            columns.push(named("w", Expression::call(Function::Sum, coded("w"))));
        }
        columns.push(named("z", sum(z())));
        columns.push(named("a", sum(Expression::call(Function::Abs, z()))));
        columns.push(named("lo", Expression::call(Function::Min, z())));
        columns.push(named("hi", Expression::call(Function::Max, z())));
        columns.push(named("o", count(self.outside())));
        let decided = [0.0, 1.0].map(|value| compare(Operator::Equal, value)).to_vec();
        columns.push(named("d", count(Expression::Not(Box::new(Expression::Or(decided))))));
        columns.push(named("s", counting(compare(Operator::Greater, 0.5))));
        columns
    }

    /// Whether a prediction is outside the bounds that are declared.
    pub(super) fn outside(&self) -> Expression {
        let bounds =
            [(Operator::Less, self.program.prediction.lower), (Operator::Greater, self.program.prediction.upper)];
        let bounds = bounds.into_iter().filter(|(_, bound)| bound.is_finite());
        let beyond = |(operator, bound)| Expression::binary(operator, coded("z"), Expression::Double(bound));
        Expression::Or(bounds.map(beyond).collect())
    }

    /// Whether a row has a value that the spec does not allow, or no value where rows need one.
    pub(super) fn is_faulty(&self) -> Expression {
        let at_fault = |name: String| Expression::Not(Box::new(is(name, 0)));
        let columns = self.encoded.plan.columns.iter().enumerate();
        let mut faults: Vec<Expression> = columns
            .map(|(index, column)| match column.kind {
                ColumnKind::Levels(_) if column.nullable => is(format!("l{index}"), LONG),
                ColumnKind::Levels(_) => {
                    Expression::binary(Operator::Less, coded(format!("l{index}")), Expression::Int(0))
                }
                ColumnKind::Number { .. } => at_fault(format!("q{index}")),
            })
            .collect();
        faults.extend(self.is_weighted().then(|| at_fault("y".to_owned())));
        faults.push(at_fault("e".to_owned()));
        faults.extend(self.undecided());
        let parts = self.encoded.plan.parts.iter().enumerate();
        faults.extend(parts.flat_map(|(index, part)| self.beyond_doubles(index, part)).map(|(_, alike)| alike));
        let factors = self.encoded.plan.factors.iter().enumerate();
        faults.extend(factors.map(|(index, factor)| self.missing(index, factor)));
        Expression::Or(faults)
    }

    /// Whether a prediction that has to be a decision is none.
    fn undecided(&self) -> Option<Expression> {
        let decided = [0.0, 1.0].map(|value| Expression::equal(coded("z"), Expression::Double(value)));
        let undecided = Expression::Not(Box::new(Expression::Or(decided.to_vec())));
        self.program.prediction.decision.then_some(undecided)
    }

    /// Whether a row needs a factor that has no value there.
    fn missing(&self, index: usize, factor: &Factor) -> Expression {
        let needed = Expression::Or(factor.needed.iter().map(|&event| self.event(event)).collect());
        let missing = Expression::call(Function::IsFinite, coded(format!("f{index}"))).fails();
        Expression::And(self.counts().into_iter().chain([needed, missing]).collect())
    }

    /// The thresholds of a part of which doubles tell no neighbours, and whether a row has one.
    fn beyond_doubles(&self, index: usize, part: &Part) -> Vec<(f64, Expression)> {
        let Part::Place { thresholds, .. } = part else { return Vec::new() };
        let codes = (0..thresholds.len() as i128).map(|place| 2 * place + 1);
        codes.filter_map(|code| Some((alike(code, thresholds)?, is(format!("p{index}"), code)))).collect()
    }

    /// Of each factor that differs within cells: the weighted sums of `f` it, `g` it and the prediction, `h` the size of that, `i` its
    /// own size, and `u` the rows of positive weight in which it has no value.
    fn of_factors(&self) -> Columns {
        let mut columns = Columns::new();
        for (index, values) in self.encoded.factors.iter().enumerate() {
            if matches!(values, FactorValues::ByCell(_)) {
                continue;
            }
            let factor = || coded(format!("f{index}"));
            let sum = |value: Expression| Expression::call(Function::Sum, self.weighing(value));
            let size = |value: Expression| Expression::call(Function::Abs, value);
            columns.push((format!("f{index}"), sum(factor())));
            columns.push((format!("g{index}"), sum(factor().times(coded("z")))));
            columns.push((format!("h{index}"), sum(size(factor().times(coded("z"))))));
            columns.push((format!("i{index}"), sum(size(factor()))));
            let unknown = Expression::And(vec![Expression::call(Function::IsFinite, factor())]).fails();
            let missing = Expression::And(self.counts().into_iter().chain([unknown]).collect());
            columns.push((format!("u{index}"), count(missing)));
        }
        columns
    }

    /// What is wrong with values. By column of the plan: `k0` nulls and `j0` unknown values of levels that are no part of the
    /// codes, `k0` nulls, `j0` numbers outside, `b0` what is no number, `null0` nulls that are allowed where conditions read the column, and `x0` an example. `y` weights and `e` predictions at fault.
    fn faults(&self) -> Columns {
        let mut columns = Columns::new();
        for (index, column) in self.encoded.plan.columns.iter().enumerate() {
            match column.kind {
                ColumnKind::Levels(_) => {
                    if !self.is_part(index) {
                        columns.push((format!("k{index}"), count(is(format!("l{index}"), NULL))));
                        columns.push((format!("j{index}"), count(is(format!("l{index}"), UNKNOWN))));
                        columns.push((format!("b{index}"), count(is(format!("l{index}"), LONG))));
                    }
                    if !column.nullable {
                        columns.push((format!("x{index}"), self.unknown_example(index)));
                    }
                }
                ColumnKind::Number { .. } => {
                    let kinds = [("k", IS_NULL), ("j", IS_OUTSIDE), ("b", IS_NO_NUMBER)];
                    columns.extend(
                        kinds.map(|(name, kind)| (format!("{name}{index}"), count(is(format!("q{index}"), kind)))),
                    );
                    columns.push((format!("x{index}"), outside_example(index)));
                    if self.encoded.plan.counts_missing(index) {
                        let null = Expression::And(vec![coded(format!("v{index}")).is_null()]);
                        columns.push((format!("null{index}"), count(null)));
                    }
                }
            }
        }
        let kinds = [("y", self.is_weighted()), ("e", true)].into_iter().filter(|(_, wanted)| *wanted);
        for (name, _) in kinds {
            columns.push((format!("{name}_null"), count(is(name.to_owned(), IS_NULL))));
            columns.push((format!("{name}_out"), count(is(name.to_owned(), IS_OUTSIDE))));
            columns.push((format!("{name}_bad"), count(is(name.to_owned(), IS_NO_NUMBER))));
        }
        columns
    }

    pub(super) fn is_part(&self, wanted: usize) -> bool {
        let mut parts = self.encoded.plan.parts.iter();
        parts.any(|part| matches!(part, Part::Level { column, .. } if *column == wanted))
    }

    fn unknown_example(&self, index: usize) -> Expression {
        let shown = Expression::call(Function::Shown, coded(format!("r{index}")));
        let value = Expression::Case(vec![(is(format!("l{index}"), UNKNOWN), shown)], None);
        Expression::call(Function::Min, value)
    }

    /// The undeclared values of a column with `?` that differ from a level by case or outer space alone, and how often each
    /// occurs.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn near_misses(&self, column: usize) -> Result<Option<Query>, Vec<BindError>> {
        let Some(planned) = self.encoded.plan.columns.get(column) else { return Ok(None) };
        let ColumnKind::Levels(levels) = &planned.kind else { return Ok(None) };
        let shown = || Expression::call(Function::Shown, coded(format!("r{column}")));
        let folded = Expression::call(Function::Lower, Expression::call(Function::Trim, shown()));
        let like = |text: String| Expression::equal(folded.clone(), Expression::Text(text));
        let near = levels.iter().map(|level| like(fold(&level.text))).collect();
        let near = Expression::And(vec![is(format!("l{column}"), UNKNOWN), Expression::Or(near)]);
        let columns =
            vec![("value".to_owned(), shown()), ("n".to_owned(), Expression::Call(Function::Rows, Vec::new()))];
        let parts = self.coded().map_err(|error| vec![error])?;
        let select =
            Select { columns, from: Relation::Part(CODED), name: CODED, condition: Some(near), group: vec![shown()] };
        Ok(Some(Query { parts, answer: select }))
    }
}

fn outside_example(index: usize) -> Expression {
    let value = Expression::Case(vec![(is(format!("q{index}"), IS_OUTSIDE), coded(format!("v{index}")))], None);
    Expression::call(Function::Min, value)
}
