//! Scores near the thresholds of decisions, and the table with the decisions.
//!
//! Samples of a cell whose scores lie next to each other are a *level*. Buckets give wide levels to start from. Near a threshold these
//! are replaced by narrower ones, and at last by exact ones: one for each score that occurs, with how many samples have it.

use std::collections::BTreeMap;

use super::cells::coded;
use super::level::{Exception, Level, Rule, Window};
use super::lines::{Lines, Value};
use super::moves::BUCKETS;
use super::sums::Summed;
use super::{CODED, Warehouse};
use crate::bind::Real;
use crate::bind::error::BindError;
use crate::sql::{Expression, Function, Operator, Query, Select};

const DECIDED: &str = "decided";
const RANKED: &str = "ranked";

impl Summed {
    /// The buckets that were asked for, as levels.
    pub fn levels(&self) -> Vec<Level> {
        let exact = self.encoded().weight().is_none();
        self.lumps().levels(exact)
    }

    /// The cell of each line, by its codes.
    pub(super) fn cell_of(&self, codes: &[i128]) -> Result<usize, BindError> {
        let cell = self.tuples.get(codes).copied();
        cell.ok_or_else(|| BindError::Answer { what: "groups that were not there before".to_owned() })
    }
}

impl Warehouse<'_> {
    fn inside(&self, summed: &Summed, window: &Window) -> Expression {
        Expression::And(vec![
            self.in_cell(summed, window.cell),
            scored(Operator::GreaterEqual, window.low),
            scored(Operator::LessEqual, window.high),
        ])
    }

    /// How often each score, and each weight, occurs in the windows.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn scores(&self, summed: &Summed, windows: &[Window]) -> Result<Query, Vec<BindError>> {
        let parts = self.encoded.plan.parts.iter().enumerate();
        let mut columns: Vec<(String, Expression)> =
            parts.map(|(index, part)| (format!("p{index}"), self.grouped(index, part))).collect();
        columns.push(("v".to_owned(), coded("z")));
        columns.extend(self.is_weighted().then(|| ("u".to_owned(), coded("w"))));
        let group = columns.iter().map(|(_, key)| key.clone()).collect();
        columns.push(("n".to_owned(), Expression::Call(Function::Rows, Vec::new())));
        let inside = Expression::Or(windows.iter().map(|window| self.inside(summed, window)).collect());
        let condition = Some(Expression::And(self.counts().into_iter().chain([inside]).collect()));
        let parts = self.coded().map_err(|error| vec![error])?;
        self.limited(Query { parts, answer: Select { condition, group, ..Select::of(CODED, columns) } })
    }

    /// Takes the answer to [`Warehouse::scores`].
    ///
    /// # Errors
    /// An answer that is none.
    pub fn read_scores(
        &self,
        summed: &Summed,
        names: &[String],
        lines: &[Vec<Value>],
    ) -> Result<Vec<Level>, BindError> {
        let lines = Lines::new(names, lines);
        let codes = self.line_codes(&lines)?;
        // Several codes may be of one cell, and the two zeros are one score.
        let mut found: BTreeMap<(usize, Real, Real), usize> = BTreeMap::new();
        for (line, codes) in lines.lines.iter().zip(&codes) {
            let weight = if self.is_weighted() { lines.number(line, "u")? } else { 1.0 };
            let key = (summed.cell_of(codes)?, Real(lines.number(line, "v")? + 0.0), Real(weight));
            *found.entry(key).or_default() += lines.count(line, "n")?;
        }
        let level = |((cell, Real(score), Real(weight)), samples): ((usize, Real, Real), usize)| {
            let unit = weight;
            let weight = unit * samples as f64;
            Level { cell, low: score, high: score, samples, weight, unit, sum: weight * score, exact: true }
        };
        Ok(found.into_iter().map(level).collect())
    }

    /// Counts and sums by equal buckets of each window.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn narrower(&self, summed: &Summed, windows: &[Window]) -> Result<Query, Vec<BindError>> {
        let bucket = |window: &Window| {
            let scale = BUCKETS as f64 / (window.high - window.low);
            let above = Expression::binary(Operator::Subtract, coded("z"), Expression::Double(window.low));
            let place = Expression::call(Function::Floor, above.times(Expression::Double(scale)));
            let place = if scale.is_finite() { place } else { Expression::Double(0.0) };
            (self.in_cell(summed, window.cell), place)
        };
        let bucket = Expression::Case(windows.iter().map(bucket).collect(), None);
        let inside = Expression::Or(windows.iter().map(|window| self.inside(summed, window)).collect());
        self.grouped_where(Some(bucket), Vec::new(), Some(inside))
    }

    /// Takes the answer to [`Warehouse::narrower`].
    ///
    /// # Errors
    /// An answer that is none.
    pub fn read_narrower(
        &self,
        summed: &Summed,
        names: &[String],
        lines: &[Vec<Value>],
    ) -> Result<Vec<Level>, BindError> {
        Ok(self.read_between(summed, names, lines)?.levels(!self.is_weighted()))
    }

    /// The table with one column more: decisions by the rules of cells; samples without weight are decided by the cutoff. Which of
    /// those with the same score and weight are decided 1 the column `key` says: the first.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn decided(
        &self,
        summed: &Summed,
        rules: &[Rule],
        cutoff: f64,
        column: &str,
        key: Option<&str>,
    ) -> Result<Query, Vec<BindError>> {
        let (mut parts, mut columns) = self.keeping()?;
        let mut branches: Vec<(Expression, Expression)> = rules.iter().map(|rule| self.rule(summed, rule)).collect();
        if self.is_weighted() {
            let weightless = Expression::equal(coded("w"), Expression::Double(0.0));
            branches.insert(0, (weightless, taken(scored(Operator::GreaterEqual, cutoff))));
        }
        let divided: Vec<(&Rule, &Exception)> =
            rules.iter().flat_map(|rule| rule.divided().map(move |exception| (rule, exception))).collect();
        let place = divided.iter().zip(0..).map(|((rule, exception), place)| {
            (Expression::And(vec![self.in_cell(summed, rule.cell), self.is(exception)]), Expression::Int(place))
        });
        columns.push(("d".to_owned(), Expression::Case(branches, Some(Box::new(Expression::Int(0))))));
        columns.push(("m".to_owned(), Expression::Case(place.collect(), None)));
        parts.push((DECIDED, vec![Select::of(CODED, columns)]));
        let mut answered = DECIDED;
        if !divided.is_empty() {
            parts.push((RANKED, self.ranked(&divided, key)?));
            answered = RANKED;
        }
        self.with_new(parts, answered, (column, Expression::column(answered, "d")))
    }

    /// What a rule decides, but for exceptions of which some are decided 1.
    fn rule(&self, summed: &Summed, rule: &Rule) -> (Expression, Expression) {
        let from = rule.from.is_finite().then(|| scored(Operator::GreaterEqual, rule.from));
        let whole = rule.exceptions.iter().filter(|one| one.taken == one.samples).map(|one| self.is(one));
        (self.in_cell(summed, rule.cell), taken(Expression::Or(from.into_iter().chain(whole).collect())))
    }

    /// Whether a row of `coded` has the score and the weight.
    fn is(&self, exception: &Exception) -> Expression {
        let weight = Expression::equal(coded("w"), Expression::Double(exception.weight));
        let weight = self.is_weighted().then_some(weight);
        Expression::And(weight.into_iter().chain([scored(Operator::Equal, exception.score)]).collect())
    }

    /// The rows of `decided`: those that are alike, of which some are decided 1, in the order of the key.
    fn ranked(&self, divided: &[(&Rule, &Exception)], key: Option<&str>) -> Result<Vec<Select>, Vec<BindError>> {
        let place = self.table.columns.iter().position(|(name, _)| Some(name.as_str()) == key);
        let place = place
            .ok_or_else(|| vec![BindError::Internal { what: "there is no key to tell samples apart".to_owned() }])?;
        let column = |name: String| Expression::column(DECIDED, name);
        let (m, d) = (column("m".to_owned()), column("d".to_owned()));
        let rank = Expression::Call(Function::Rank, vec![m.clone(), column(format!("t{place}"))]);
        let first = divided.iter().zip(0..).map(|((_, exception), place)| {
            let most = Expression::Int(exception.taken as i128);
            let within = Expression::binary(Operator::LessEqual, rank.clone(), most);
            (Expression::equal(m.clone(), Expression::Int(place)), taken(within))
        });
        let first = Expression::Case(first.collect(), None);
        let with = |decision: Expression, condition: Expression| {
            let kept = (0..self.table.columns.len()).map(|index| format!("t{index}"));
            let kept = kept.map(|name| (name.clone(), column(name)));
            let columns = kept.chain([("d".to_owned(), decision)]).collect();
            Select { condition: Some(condition), ..Select::of(DECIDED, columns) }
        };
        let alone = m.clone().is_null();
        Ok(vec![with(d, alone.clone()), with(first, Expression::Not(Box::new(alone)))])
    }
}

/// The prediction of a row of `coded`, compared with a score.
pub(super) fn scored(operator: Operator, score: f64) -> Expression {
    Expression::binary(operator, coded("z"), Expression::Double(score))
}

/// 1 where a condition holds, else 0.
pub(super) fn taken(condition: Expression) -> Expression {
    Expression::choose(condition, Expression::Int(1), Expression::Int(0))
}
