//! Queries of a projection: sums between cuts, and the table with moved predictions.

use std::collections::BTreeMap;

use super::cells::coded;
use super::lines::{Lines, Value};
use super::lumps::{Lump, Lumps};
use super::sums::Summed;
use super::{CODED, SEEN, Warehouse};
use crate::bind::error::BindError;
use crate::runtime::remote::Cuts;
use crate::sql::{Expression, Function, Operator, Query, Select};

/// Equal buckets between the bounds of the prediction, in the first scan.
pub(super) const BUCKETS: usize = 512;
const MOVED: &str = "moved";

type Parts = Vec<(&'static str, Vec<Select>)>;
type Columns = Vec<(String, Expression)>;

impl Warehouse<'_> {
    /// For each row of which sums by cell do not tell all, in words that it weighs predictions by what differs within cells.
    pub fn beyond_cells(&self) -> Vec<String> {
        let rows = &self.encoded.plan.rows;
        let differing = rows.iter().filter_map(|row| {
            let term = row.terms.iter().find(|term| self.encoded.differs_within_cells(term))?;
            Some(self.encoded.says_weighed(row, term))
        });
        differing.collect()
    }

    /// The equal bucket of a prediction; one for all where a bound is infinite.
    pub(super) fn bucket(&self) -> Expression {
        let (lo, hi) = (self.program.prediction.lower, self.program.prediction.upper);
        if !(lo.is_finite() && hi.is_finite() && hi > lo) {
            return Expression::Int(0);
        }
        let z = || coded("z");
        let compare = |operator, bound| Expression::binary(operator, z(), Expression::Double(bound));
        let above = Expression::binary(Operator::Subtract, z(), Expression::Double(lo));
        let place = above.times(Expression::Double(BUCKETS as f64 / (hi - lo)));
        let branches = vec![
            (compare(Operator::LessEqual, lo), Expression::Int(-1)),
            (compare(Operator::GreaterEqual, hi), Expression::Int(BUCKETS as i128)),
        ];
        Expression::Case(branches, Some(Box::new(Expression::call(Function::Floor, place))))
    }

    /// Whether a row of `coded` has the codes of a cell.
    pub(super) fn in_cell(&self, summed: &Summed, cell: usize) -> Expression {
        let parts = &self.encoded.plan.parts;
        let tuples = summed.tuples.iter().filter(|(_, own)| **own == cell);
        let has = |codes: &Vec<i128>| {
            let equal = |((index, part), code): ((usize, &_), &i128)| {
                Expression::equal(self.grouped(index, part), Expression::Int(*code))
            };
            Expression::And(parts.iter().enumerate().zip(codes).map(equal).collect())
        };
        Expression::Or(tuples.map(|(codes, _)| has(codes)).collect())
    }

    /// The sums between cuts, by codes and by how many cuts are not above.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn between(&self, summed: &Summed, cuts: &Cuts) -> Result<Query, Vec<BindError>> {
        let bucket = |cell: usize| {
            let own = cuts.values.get(cell * cuts.each..(cell + 1) * cuts.each).unwrap_or_default();
            let finite = own.iter().filter(|cut| cut.is_finite());
            let branches = (0..).zip(finite.clone()).map(|(place, cut)| {
                let below = Expression::binary(Operator::Less, coded("z"), Expression::Double(*cut));
                (below, Expression::Int(place))
            });
            Expression::Case(branches.collect(), Some(Box::new(Expression::Int(finite.count() as i128))))
        };
        let cells = (0..summed.encoded().cells()).map(|cell| (self.in_cell(summed, cell), bucket(cell)));
        let bucket = Expression::Case(cells.collect(), None);
        self.grouped_by(Some(bucket), Vec::new())
    }

    /// Takes the answer to [`Warehouse::between`].
    ///
    /// # Errors
    /// An answer that is none.
    pub fn read_between(&self, summed: &Summed, names: &[String], lines: &[Vec<Value>]) -> Result<Lumps, BindError> {
        let lines = Lines::new(names, lines);
        let codes = self.line_codes(&lines)?;
        let mut lumps = Lumps::default();
        for (line, codes) in lines.lines.iter().zip(&codes) {
            if lines.number(line, "n")? == 0.0 {
                continue;
            }
            lumps.add(summed.cell_of(codes)?, Lump::read(&lines, line, self.is_weighted())?);
        }
        Ok(lumps)
    }

    /// `seen` and `coded` with all columns of the table, under names that no other has, and these columns of `coded`.
    pub(super) fn keeping(&self) -> Result<(Parts, Columns), Vec<BindError>> {
        let mut parts = self.coded().map_err(|error| vec![error])?;
        let named = |from: &'static str| {
            let own = move |(index, (name, _)): (usize, &(String, _))| {
                let kept = format!("t{index}");
                let own = if from == super::TABLE { name.clone() } else { kept.clone() };
                (kept, Expression::column(from, own))
            };
            self.table.columns.iter().enumerate().map(own).collect::<Vec<_>>()
        };
        for (part, selects) in &mut parts {
            let from = if *part == SEEN { super::TABLE } else { SEEN };
            selects.iter_mut().for_each(|select| select.columns.extend(named(from)));
        }
        Ok((parts, named(CODED)))
    }

    /// The table with one column more: the predictions with the shifts of their cells, within their bounds.
    ///
    /// # Errors
    /// What has no SQL.
    pub fn moved(&self, summed: &Summed, shifts: &[f64], column: &str) -> Result<Query, Vec<BindError>> {
        let (mut parts, mut columns) = self.keeping()?;
        let mut alike: BTreeMap<u64, Vec<Expression>> = BTreeMap::new();
        for (cell, shift) in shifts.iter().enumerate().filter(|(_, shift)| **shift != 0.0) {
            alike.entry(shift.to_bits()).or_default().push(self.in_cell(summed, cell));
        }
        let branches = alike.into_iter();
        let mut branches: Vec<(Expression, Expression)> =
            branches.map(|(shift, cells)| (Expression::Or(cells), Expression::Double(f64::from_bits(shift)))).collect();
        if self.is_weighted() {
            // What has no weight is in no sum, and stays where it is.
            let weightless = Expression::equal(coded("w"), Expression::Double(0.0));
            branches.insert(0, (weightless, Expression::Double(0.0)));
        }
        let shift = Expression::Case(branches, Some(Box::new(Expression::Double(0.0))));
        columns.push(("x".to_owned(), Expression::binary(Operator::Subtract, coded("z"), shift)));
        parts.push((MOVED, vec![Select::of(CODED, columns)]));
        let fair = self.within_bounds(Expression::column(MOVED, "x"));
        self.with_new(parts, MOVED, (column, fair))
    }

    /// All columns of the table under their own names, from a part that has them as [`Warehouse::keeping`] calls them, and a new one.
    pub(super) fn with_new(
        &self,
        parts: Parts,
        from: &'static str,
        (column, value): (&str, Expression),
    ) -> Result<Query, Vec<BindError>> {
        let own = self.table.columns.iter().enumerate();
        let own = own.map(|(index, (name, _))| (name.clone(), Expression::column(from, format!("t{index}"))));
        let columns = own.chain([(column.to_owned(), value)]).collect();
        self.limited(Query { parts, answer: Select::of(from, columns) })
    }
}
