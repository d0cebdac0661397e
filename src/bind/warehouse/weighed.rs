//! Projections of rows that weigh predictions by what differs within cells: queries of moments, and the table with moved predictions.
//!
//! ```text
//! coded → centred: z, w, and b0, b1, .. that rows weigh by (deviations from the middles of cells, mostly)
//!       → pushed:  x = z − Σ t·b, with the shifts of the cell of the row
//!       → fair:    y = x within the bounds, and the side on which x is
//!       → moments by codes and side
//! ```

use super::cells::coded;
use super::lines::{Lines, Value};
use super::sums::{Summed, Weights};
use super::{CODED, Warehouse};
use crate::bind::error::BindError;
use crate::bind::measure::Basis;
use crate::runtime::remote::Moments;
use crate::sql::{Expression, Function, Operator, Query, Select};

const CENTRED: &str = "centred";
const PUSHED: &str = "pushed";
const FAIR: &str = "fair";

type Columns = Vec<(String, Expression)>;
type Parts = Vec<(&'static str, Vec<Select>)>;

fn own(part: &'static str, name: impl Into<String>) -> (String, Expression) {
    let name = name.into();
    (name.clone(), Expression::column(part, name))
}

impl Warehouse<'_> {
    /// Whether a row weighs predictions by what differs within cells.
    pub fn weighs(&self) -> bool {
        let mut terms = self.encoded.plan.rows.iter().flat_map(|row| &row.terms);
        terms.any(|term| self.encoded.differs_within_cells(term))
    }

    /// What rows weigh a prediction by in a row of `coded`; null where it has no value.
    fn weighed_by(&self, summed: &Summed, basis: &Basis) -> Expression {
        let factor = basis.factor.map(|factor| {
            let factor = coded(format!("f{factor}"));
            Expression::Case(vec![(Expression::call(Function::IsFinite, factor.clone()), factor)], None)
        });
        let powers = basis.powers.iter().flat_map(|&(atom, power)| std::iter::repeat_n(atom, power as usize));
        let powers = powers.map(|atom| self.deviation(summed, atom));
        factor.into_iter().chain(powers).reduce(Expression::times).unwrap_or(Expression::Double(1.0))
    }

    /// The shifted prediction in a row of `centred`.
    fn pushed(&self, summed: &Summed, shifts: &[f64], factors: usize) -> Expression {
        let term = |(f, t): (usize, &f64)| {
            let by = Expression::column(CENTRED, format!("b{f}"));
            Expression::Double(*t).times(by)
        };
        let branch = |(cell, shift): (usize, &[f64])| {
            let terms = shift.iter().enumerate().filter(|(_, t)| **t != 0.0).map(term);
            let sum = terms.reduce(|a, b| Expression::binary(Operator::Add, a, b))?;
            Some((self.in_cell(summed, cell), sum))
        };
        let mut branches: Vec<(Expression, Expression)> =
            shifts.chunks(factors.max(1)).enumerate().filter_map(branch).collect();
        if self.is_weighted() {
            // What has no weight is in no sum, and stays where it is.
            let weightless = Expression::equal(coded("w"), Expression::Double(0.0));
            branches.insert(0, (weightless, Expression::Double(0.0)));
        }
        let moved = Expression::Case(branches, Some(Box::new(Expression::Double(0.0))));
        Expression::binary(Operator::Subtract, Expression::column(CENTRED, "z"), of_part(&moved, CENTRED))
    }

    /// `centred` and `pushed` behind `coded`; `kept` are more columns of `coded` to keep.
    fn shifted_parts(
        &self,
        mut parts: Parts,
        kept: &Columns,
        (summed, weights, shifts): (&Summed, &Weights, &[f64]),
    ) -> Parts {
        let codes: Vec<String> = self.code_names();
        let by = |(f, basis): (usize, &Basis)| (format!("b{f}"), self.weighed_by(summed, basis));
        let mut centred: Columns = codes.iter().map(|name| own(CODED, name.clone())).collect();
        centred.extend([own(CODED, "z")].into_iter().chain(self.is_weighted().then(|| own(CODED, "w"))));
        centred.extend(weights.0.iter().enumerate().map(by));
        centred.extend(kept.iter().cloned());
        let names: Vec<String> = centred.iter().map(|(name, _)| name.clone()).collect();
        parts.push((CENTRED, vec![Select::of(CODED, centred)]));
        let mut pushed: Columns = names.into_iter().map(|name| own(CENTRED, name)).collect();
        pushed.push(("x".to_owned(), self.pushed(summed, shifts, weights.0.len())));
        parts.push((PUSHED, vec![Select::of(CENTRED, pushed)]));
        parts
    }

    /// The columns of `coded` that tell the cell of a row.
    fn code_names(&self) -> Vec<String> {
        let parts = self.encoded.plan.parts.iter().enumerate();
        let name = |(index, part)| match self.grouped(index, part) {
            Expression::Column(_, name) => Some(name),
            _ => None,
        };
        let mut names: Vec<String> = parts.filter_map(name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Moments by codes and side (0 at the lower bound, 1 free, 2 at the upper bound), of the predictions with these shifts.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn moments(&self, summed: &Summed, weights: &Weights, shifts: &[f64]) -> Result<Query, Vec<BindError>> {
        let parts = self.coded().map_err(|error| vec![error])?;
        let mut parts = self.shifted_parts(parts, &Columns::new(), (summed, weights, shifts));
        let x = || Expression::column(PUSHED, "x");
        let by = (0..weights.0.len()).map(|f| format!("b{f}"));
        let kept = self.code_names().into_iter().chain(["z".to_owned()]).chain(self.is_weighted().then(|| "w".into()));
        let mut fair: Columns = kept.chain(by).map(|name| own(PUSHED, name)).collect();
        fair.push(("y".to_owned(), self.within_bounds(x())));
        let (lower, upper) = (self.program.prediction.lower, self.program.prediction.upper);
        let sides = [(Operator::LessEqual, lower, 0), (Operator::GreaterEqual, upper, 2)].into_iter();
        let sides = sides.filter(|(_, bound, _)| bound.is_finite()).map(|(operator, bound, side)| {
            (Expression::binary(operator, x(), Expression::Double(bound)), Expression::Int(side))
        });
        fair.push(("side".to_owned(), Expression::Case(sides.collect(), Some(Box::new(Expression::Int(1))))));
        let counts = self.counts().map(|condition| of_part(&condition, PUSHED));
        parts.push((FAIR, vec![Select { condition: counts, ..Select::of(PUSHED, fair) }]));
        let codes = self.encoded.plan.parts.iter().enumerate();
        let code = |(index, part)| (format!("p{index}"), of_part(&self.grouped(index, part), FAIR));
        let mut columns: Columns = codes.map(code).collect();
        columns.push(own(FAIR, "side"));
        let group = columns.iter().map(|(_, key)| key.clone()).collect();
        columns.extend(self.moment_sums(weights.0.len()));
        self.limited(Query { parts, answer: Select { group, ..Select::of(FAIR, columns) } })
    }

    /// `n` rows, `w` their weight, `z` and `q` sums of predictions and their squares; of what rows weigh by: `a` alone, `g` with
    /// the prediction, `y` with the new one and `s` the size of that, and `m` products of two.
    fn moment_sums(&self, factors: usize) -> Columns {
        let column = |name: &str| Expression::column(FAIR, name);
        let by = |f: usize| Expression::column(FAIR, format!("b{f}"));
        let weighed = |value: Expression| if self.is_weighted() { column("w").times(value) } else { value };
        let sum =
            |value: Expression| Expression::call(Function::OrZero, Expression::call(Function::Sum, weighed(value)));
        let mut columns = vec![
            ("n".to_owned(), Expression::Call(Function::Rows, Vec::new())),
            ("w".to_owned(), sum(Expression::Double(1.0))),
            ("z".to_owned(), sum(column("z"))),
            ("q".to_owned(), sum(column("z").times(column("z")))),
        ];
        for f in 0..factors {
            let fair = || by(f).times(column("y"));
            columns.push((format!("a{f}"), sum(by(f))));
            columns.push((format!("g{f}"), sum(by(f).times(column("z")))));
            columns.push((format!("y{f}"), sum(fair())));
            columns.push((format!("s{f}"), sum(Expression::call(Function::Abs, fair()))));
            columns.extend((0..=f).map(|g| (format!("m{f}_{g}"), sum(by(f).times(by(g))))));
        }
        columns
    }

    /// Takes the answer to [`Warehouse::moments`].
    ///
    /// # Errors
    /// An answer that is none.
    pub fn read_moments(
        &self,
        (summed, weights): (&Summed, &Weights),
        names: &[String],
        lines: &[Vec<Value>],
    ) -> Result<Vec<[Moments; 3]>, BindError> {
        let lines = Lines::new(names, lines);
        let codes = self.line_codes(&lines)?;
        let k = weights.0.len();
        let mut cells = vec![[(); 3].map(|()| Moments::none(k)); summed.encoded().cells().max(1)];
        for (line, codes) in lines.lines.iter().zip(&codes) {
            let (cell, side) = (summed.cell_of(codes)?, lines.count(line, "side")?);
            let Some(sums) = cells.get_mut(cell).and_then(|sides| sides.get_mut(side)) else {
                return Err(BindError::Answer { what: "groups that were not there before".to_owned() });
            };
            let number = |name: &str| lines.number(line, name);
            sums.samples += lines.count(line, "n")? as f64;
            sums.weight += number("w")?;
            sums.sum += number("z")?;
            sums.square += number("q")?;
            for f in 0..k {
                let lists =
                    [("a", &mut sums.alone), ("g", &mut sums.with), ("y", &mut sums.fair), ("s", &mut sums.size)];
                for (name, list) in lists {
                    let number = number(&format!("{name}{f}"))?;
                    list.iter_mut().skip(f).take(1).for_each(|slot| *slot += number);
                }
                for g in 0..=f {
                    let number = number(&format!("m{f}_{g}"))?;
                    sums.products.iter_mut().skip(f * (f + 1) / 2 + g).take(1).for_each(|slot| *slot += number);
                }
            }
        }
        Ok(cells)
    }

    /// The table with one column more: the predictions with these shifts, within their bounds.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn moved_weighed(
        &self,
        summed: &Summed,
        weights: &Weights,
        shifts: &[f64],
        column: &str,
    ) -> Result<Query, Vec<BindError>> {
        let (parts, kept) = self.keeping()?;
        let parts = self.shifted_parts(parts, &kept, (summed, weights, shifts));
        let fair = self.within_bounds(Expression::column(PUSHED, "x"));
        self.with_new(parts, PUSHED, (column, fair))
    }
}

/// The same expression about the columns of a later part, which has them under the same names.
fn of_part(expression: &Expression, part: &'static str) -> Expression {
    let of = |expression: &Expression| of_part(expression, part);
    let boxed = |expression: &Expression| Box::new(of_part(expression, part));
    match expression {
        Expression::Column(_, name) => Expression::column(part, name.clone()),
        Expression::Null | Expression::Double(_) | Expression::Int(_) | Expression::Text(_) | Expression::Digits(_) => {
            expression.clone()
        }
        Expression::Binary(operator, left, right) => Expression::Binary(*operator, boxed(left), boxed(right)),
        Expression::And(all) => Expression::And(all.iter().map(of).collect()),
        Expression::Or(all) => Expression::Or(all.iter().map(of).collect()),
        Expression::Not(inner) => Expression::Not(boxed(inner)),
        Expression::IsNull(inner) => Expression::IsNull(boxed(inner)),
        Expression::Case(branches, other) => {
            let branches = branches.iter().map(|(condition, then)| (of(condition), of(then))).collect();
            Expression::Case(branches, other.as_deref().map(boxed))
        }
        Expression::Call(function, arguments) => Expression::Call(*function, arguments.iter().map(of).collect()),
    }
}
