//! A column of a database as numbers and as levels, as `crate::data` reads the column of a file.

use super::{Stored, TABLE, Warehouse};
use crate::bind::columns::{ColumnKind, PlannedColumn};
use crate::bind::error::{BEYOND_WHOLE, BindError};
use crate::data::{Level as DataLevel, LevelCoder, Shortest, Value};
use crate::language::program::{Interval, Level, beyond_doubles};
use crate::sql::{Dialect, Expression, Function, Operator};

/// The code of a null.
pub(super) const NULL: i128 = -1;
/// The code of a value that is no level.
pub(super) const UNKNOWN: i128 = -2;
/// Of a number in text with too many digits to say which level it is.
pub(super) const LONG: i128 = -3;
/// Text of at most so many characters that is a number is told from others by its nearest double.
const DIGITS: usize = 16;

/// What is wrong with a value that should be a number.
pub(super) const IS_NULL: i128 = 1;
pub(super) const IS_OUTSIDE: i128 = 2;
pub(super) const IS_NO_NUMBER: i128 = 3;

impl Warehouse<'_> {
    /// The columns of `seen`: `l0` codes of levels, `v0` numbers, `q0` what is wrong with them, `r0` as stored, by column of the
    /// plan; `w` the weight, `y` what is wrong with it, and `z` the prediction.
    pub(super) fn seen(&self) -> Result<Vec<(String, Expression)>, BindError> {
        let mut columns = Vec::new();
        for (index, planned) in self.encoded.plan.columns.iter().enumerate() {
            let stored = self.stored(&planned.header);
            let column = Expression::column(TABLE, &planned.header);
            match &planned.kind {
                ColumnKind::Levels(levels) => {
                    columns.push((format!("l{index}"), self.level(planned, levels, stored)?));
                    columns.push((format!("r{index}"), column));
                }
                ColumnKind::Number { range, whole } => {
                    let number = self.number(&column, &planned.header, stored)?;
                    let fault =
                        self.fault(&column, &number, *range, *whole && *stored != Stored::Integer, planned.nullable);
                    let own = Expression::call(Function::IsNan, number.clone());
                    let value = match self.dialect().has_nan() {
                        true => Expression::choose(own, Expression::Null, number),
                        false => number,
                    };
                    columns.push((format!("v{index}"), value));
                    columns.push((format!("q{index}"), fault));
                }
            }
        }
        if let Some(weight) = &self.program.weight {
            let column = Expression::column(TABLE, &weight.header);
            let number = self.number(&column, &weight.header, self.stored(&weight.header))?;
            let range = Interval { lower: 0.0, upper: f64::INFINITY };
            columns.push(("y".to_owned(), self.fault(&column, &number, range, false, false)));
            columns.push(("w".to_owned(), number));
        }
        let column = Expression::column(TABLE, &self.prediction);
        let number = self.number(&column, &self.prediction, self.stored(&self.prediction))?;
        let range = Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY };
        columns.push(("e".to_owned(), self.fault(&column, &number, range, false, false)));
        columns.push(("z".to_owned(), number));
        Ok(columns)
    }

    /// How a column is stored; those that are missing have been reported.
    fn stored(&self, header: &str) -> &Stored {
        self.table.stored(header).unwrap_or(&Stored::Double)
    }

    fn number(&self, column: &Expression, header: &str, stored: &Stored) -> Result<Expression, BindError> {
        let column = column.clone();
        Ok(match stored {
            Stored::Integer | Stored::Single | Stored::Double => Expression::call(Function::ToDouble, column),
            Stored::Decimal => Expression::call(Function::DecimalToDouble, column),
            Stored::Boolean if self.dialect() == Dialect::Sqlite => Expression::call(Function::ToDouble, column),
            Stored::Boolean => {
                let no = Expression::Not(Box::new(column.clone()));
                let branches = vec![(column, Expression::Double(1.0)), (no, Expression::Double(0.0))];
                Expression::Case(branches, None)
            }
            Stored::Text | Stored::Date | Stored::Other(_) => {
                let what = format!("`{header}`, a number that is stored as {},", kind(stored));
                return Err(BindError::NoSql { what, stored: true });
            }
        })
    }

    /// 0 for a number that is as declared, or what is wrong with it.
    fn fault(
        &self,
        column: &Expression,
        number: &Expression,
        range: Interval,
        whole: bool,
        nullable: bool,
    ) -> Expression {
        let code = |code: i128| Expression::Int(code);
        let allowed = |fault: i128| code(if nullable { 0 } else { fault });
        let compare = |operator, bound| Expression::binary(operator, number.clone(), Expression::Double(bound));
        let mut branches = vec![(column.clone().is_null(), allowed(IS_NULL))];
        if self.dialect().types_values() {
            let stored = Expression::call(Function::IsNumber, column.clone());
            branches.push((Expression::Not(Box::new(stored)), code(IS_NO_NUMBER)));
        }
        if self.dialect().has_nan() {
            branches.push((Expression::call(Function::IsNan, number.clone()), allowed(IS_NO_NUMBER)));
        }
        let mut fine = vec![Expression::call(Function::IsFinite, number.clone())];
        if range.lower.is_finite() {
            fine.push(compare(Operator::GreaterEqual, range.lower));
        }
        if range.upper.is_finite() {
            fine.push(compare(Operator::LessEqual, range.upper));
        }
        if whole {
            fine.push(Expression::call(Function::IsWhole, number.clone()));
            fine.push(Expression::And(vec![
                compare(Operator::Less, BEYOND_WHOLE),
                compare(Operator::Greater, -BEYOND_WHOLE),
            ]));
        }
        branches.push((Expression::And(fine).fails(), code(IS_OUTSIDE)));
        Expression::Case(branches, Some(Box::new(code(0))))
    }

    /// The code of the level of a column, or that of null or of a value that is none.
    fn level(&self, planned: &PlannedColumn, levels: &[Level], stored: &Stored) -> Result<Expression, BindError> {
        let column = Expression::column(TABLE, &planned.header);
        let known: Vec<DataLevel> =
            levels.iter().map(|level| DataLevel { text: level.text.clone(), number: level.number }).collect();
        let mut found =
            Found { coder: LevelCoder::new(&known), branches: vec![(column.clone().is_null(), Expression::Int(NULL))] };
        match stored {
            Stored::Text => found.texts(levels, &Expression::call(Function::ToText, column)),
            Stored::Integer => found.integers(levels, &column, self.dialect()),
            Stored::Decimal if self.dialect() == Dialect::Sqlite => found.doubles(levels, &column),
            Stored::Double => found.doubles(levels, &column),
            Stored::Single if self.dialect() == Dialect::Sqlite => found.doubles(levels, &column),
            Stored::Single => found.singles(levels, &Expression::call(Function::ToDouble, column)),
            Stored::Boolean => found.booleans(&column, self.dialect()),
            Stored::Decimal => found.decimals(levels, &column, &planned.header)?,
            Stored::Date if self.dialect() != Dialect::Sqlite => {
                found.dates(levels, &Expression::call(Function::DateText, column));
            }
            Stored::Date | Stored::Other(_) => {
                let what = format!("`{}`, which is stored as {},", planned.header, kind(stored));
                return Err(BindError::NoSql { what, stored: true });
            }
        }
        Ok(Expression::Case(found.branches, Some(Box::new(Expression::Int(UNKNOWN)))))
    }
}

/// The branches that give values their codes, by what the coder of files says of each value.
struct Found {
    coder: LevelCoder,
    branches: Vec<(Expression, Expression)>,
}

impl Found {
    /// Values that equal `literal`, which the coder knows as `value`.
    fn add(&mut self, column: &Expression, literal: Expression, value: Value<'_>) {
        self.add_where(Expression::equal(column.clone(), literal), value);
    }

    fn add_where(&mut self, condition: Expression, value: Value<'_>) {
        let Some(code) = self.coder.code(value).level() else { return };
        if !self.branches.iter().any(|(known, _)| *known == condition) {
            self.branches.push((condition, Expression::Int(code as i128)));
        }
    }

    /// The text of a level; text that is the same number; and the spellings of booleans.
    fn texts(&mut self, levels: &[Level], column: &Expression) {
        let spellings = ["true", "True", "TRUE", "false", "False", "FALSE"];
        for text in levels.iter().map(|level| level.text.as_str()).chain(spellings) {
            self.add(column, Expression::Text(text.to_owned()), Value::Text(text));
        }
        let numbers: Vec<(&Level, f64)> = levels.iter().filter_map(|level| Some((level, level.number?))).collect();
        if numbers.is_empty() {
            return;
        }
        let is_number = Expression::call(Function::LooksNumeric, column.clone());
        let length = Expression::call(Function::Length, column.clone());
        let long = Expression::binary(Operator::Greater, length, Expression::Int(DIGITS as i128));
        self.branches.push((Expression::And(vec![is_number.clone(), long]), Expression::Int(LONG)));
        // An engine may look at the number of a text before it looks whether it has one.
        let number =
            Expression::choose(is_number, Expression::call(Function::ToDouble, column.clone()), Expression::Null);
        for (level, value) in numbers {
            if level.text.len() <= DIGITS {
                self.add_where(Expression::equal(number.clone(), Expression::Double(value)), Value::Text(&level.text));
            }
        }
    }

    fn integers(&mut self, levels: &[Level], column: &Expression, dialect: Dialect) {
        for level in levels {
            let whole = level.number.filter(|number| number.fract() == 0.0);
            let whole = whole.map(|number| beyond_doubles(&level.text, number).unwrap_or(number as i128));
            let named = level.text.parse::<i128>().ok();
            for value in whole.into_iter().chain(named) {
                if dialect.has_wide_integers() || i64::try_from(value).is_ok() {
                    self.add(column, Expression::Int(value), Value::Int(value));
                }
            }
        }
    }

    fn doubles(&mut self, levels: &[Level], column: &Expression) {
        let column = Expression::call(Function::ToDouble, column.clone());
        for level in levels {
            let named = level.text.parse::<f64>().ok().filter(|value| Shortest(*value).to_string() == level.text);
            for value in level.number.into_iter().chain(named).filter(|value| value.is_finite()) {
                self.add(&column, Expression::Double(value), Value::Float(value));
            }
        }
    }

    fn singles(&mut self, levels: &[Level], column: &Expression) {
        for level in levels {
            let nearest = level.number.map(|number| number as f32);
            let named = level.text.parse::<f32>().ok();
            for value in nearest.into_iter().chain(named).filter(|value| value.is_finite()) {
                self.add(column, Expression::Double(f64::from(value)), Value::Single(value));
            }
        }
    }

    fn booleans(&mut self, column: &Expression, dialect: Dialect) {
        for value in [true, false] {
            let condition = match (dialect, value) {
                (Dialect::Sqlite, _) => Expression::equal(column.clone(), Expression::Int(i128::from(value))),
                (_, true) => column.clone(),
                (_, false) => Expression::Not(Box::new(column.clone())),
            };
            self.add_where(condition, Value::Bool(value));
        }
    }

    fn decimals(&mut self, levels: &[Level], column: &Expression, header: &str) -> Result<(), BindError> {
        for level in levels {
            let Some(number) = level.number else {
                if level.text.parse::<f64>().is_err() {
                    continue;
                }
                let what = format!("the text `{}` as a level of `{header}`, which is stored as decimals,", level.text);
                return Err(BindError::NoSql { what, stored: true });
            };
            let bare = level.text.strip_prefix('-').unwrap_or(&level.text);
            let plain = bare.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let digits = if plain { level.text.clone() } else { format!("{number}") };
            self.add(column, Expression::Digits(digits.clone()), Value::Decimal(&digits, number));
        }
        Ok(())
    }

    fn dates(&mut self, levels: &[Level], column: &Expression) {
        for level in levels {
            self.add(column, Expression::Text(level.text.clone()), Value::Text(&level.text));
        }
    }
}

/// For messages.
fn kind(stored: &Stored) -> String {
    match stored {
        Stored::Text => "text".to_owned(),
        Stored::Date => "a date".to_owned(),
        Stored::Other(name) => format!("`{name}`"),
        Stored::Integer | Stored::Single | Stored::Double | Stored::Decimal => "a number".to_owned(),
        Stored::Boolean => "a boolean".to_owned(),
    }
}
