//! Expressions.

use super::dialect::Dialect;

/// A number in digits, for engines with regular expressions.
const NUMERIC: &str = "[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?";

/// An expression. What is built of parts is written in parentheses, so that no precedence matters.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Null,
    /// A column of the table or query that is called so.
    Column(&'static str, String),
    Double(f64),
    Int(i128),
    Text(String),
    /// A decimal number by its digits.
    Digits(String),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// All hold; true without any.
    And(Vec<Expression>),
    /// One holds; false without any.
    Or(Vec<Expression>),
    Not(Box<Expression>),
    IsNull(Box<Expression>),
    /// The first branch whose condition holds, or else the last expression, by default null.
    Case(Vec<(Expression, Expression)>, Option<Box<Expression>>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Equal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Operator {
    fn compares(self) -> bool {
        match self {
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => false,
            Operator::Equal | Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => true,
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Equal => "=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Abs,
    /// The nearest double; of a decimal, by its digits.
    ToDouble,
    DecimalToDouble,
    /// Text that compares byte by byte.
    ToText,
    /// Text for people, of any type.
    Shown,
    IsNan,
    /// Neither NaN nor infinite.
    IsFinite,
    /// A whole number.
    IsWhole,
    /// The largest whole number that is not above.
    Floor,
    /// A stored number, where each value has a type of its own.
    IsNumber,
    /// Text that is a number in digits.
    LooksNumeric,
    /// A date as ISO 8601 writes it.
    DateText,
    Length,
    Lower,
    Trim,
    /// The number, or 0 for a null.
    OrZero,
    /// Aggregates.
    Sum,
    Min,
    Max,
    /// Rows in which a condition holds.
    Count,
    Rows,
    /// Which of the rows with the same first argument it is, by the order of the second, from 1.
    Rank,
}

impl Expression {
    pub fn column(table: &'static str, name: impl Into<String>) -> Expression {
        Expression::Column(table, name.into())
    }

    pub fn call(function: Function, argument: Expression) -> Expression {
        Expression::Call(function, vec![argument])
    }

    pub fn binary(operator: Operator, left: Expression, right: Expression) -> Expression {
        Expression::Binary(operator, Box::new(left), Box::new(right))
    }

    pub fn equal(left: Expression, right: Expression) -> Expression {
        Expression::binary(Operator::Equal, left, right)
    }

    pub fn times(self, other: Expression) -> Expression {
        Expression::binary(Operator::Multiply, self, other)
    }

    pub fn is_null(self) -> Expression {
        Expression::IsNull(Box::new(self))
    }

    /// Whether it is false, or unknown.
    pub fn fails(self) -> Expression {
        Expression::Case(vec![(self, Expression::Int(1))], None).is_null()
    }

    /// `CASE WHEN condition THEN then ELSE other END`.
    pub fn choose(condition: Expression, then: Expression, other: Expression) -> Expression {
        Expression::Case(vec![(condition, then)], Some(Box::new(other)))
    }

    /// Whether it is a number that may be either zero, as far as its form tells.
    fn may_be_zero(&self) -> bool {
        match self {
            Expression::Double(value) => *value == 0.0,
            Expression::Null | Expression::Int(_) | Expression::Text(_) | Expression::Digits(_) => false,
            Expression::And(_) | Expression::Or(_) | Expression::Not(_) | Expression::IsNull(_) => false,
            Expression::Column(..) | Expression::Binary(..) | Expression::Case(..) | Expression::Call(..) => true,
        }
    }

    /// As the dialect writes it.
    pub fn text(&self, dialect: Dialect) -> String {
        let mut out = String::new();
        self.write(dialect, &mut out);
        out
    }

    pub(super) fn write(&self, dialect: Dialect, out: &mut String) {
        match self {
            Expression::Null => out.push_str("NULL"),
            Expression::Column(table, name) => {
                out.push_str(table);
                out.push('.');
                out.push_str(&dialect.name_of(name));
            }
            Expression::Double(value) => out.push_str(&dialect.double(*value)),
            Expression::Int(value) if *value < 0 => out.push_str(&format!("({value})")),
            Expression::Int(value) => out.push_str(&value.to_string()),
            Expression::Text(text) => out.push_str(&dialect.text(text)),
            Expression::Digits(digits) => out.push_str(&decimal(digits, dialect)),
            Expression::Binary(operator, left, right) => {
                let zero = operator.compares() && !dialect.has_one_zero();
                let zero = zero && [left, right].iter().all(|part| part.may_be_zero());
                out.push('(');
                side(left, zero, dialect, out);
                out.push_str(&format!(" {} ", operator.symbol()));
                side(right, zero, dialect, out);
                out.push(')');
            }
            Expression::And(parts) => joined(parts, " AND ", "(1 = 1)", dialect, out),
            Expression::Or(parts) => joined(parts, " OR ", "(1 = 0)", dialect, out),
            Expression::Not(part) => around("(NOT ", part, ")", dialect, out),
            Expression::IsNull(part) => around("(", part, " IS NULL)", dialect, out),
            Expression::Case(branches, other) => case(branches, other.as_deref(), dialect, out),
            Expression::Call(function, arguments) => call(*function, arguments, dialect, out),
        }
    }
}

/// A side of a comparison. The negative zero plus 0 is the other one.
fn side(part: &Expression, zero: bool, dialect: Dialect, out: &mut String) {
    match zero && !matches!(part, Expression::Double(_)) {
        true => around("(", part, " + 0e0)", dialect, out),
        false => part.write(dialect, out),
    }
}

/// A decimal number, which is no double.
fn decimal(digits: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite | Dialect::Spark => format!("({digits})"),
        Dialect::Datafusion => {
            let all = digits.bytes().filter(u8::is_ascii_digit).count();
            let after = digits.split_once('.').map_or(0, |(_, after)| after.len());
            format!("CAST('{digits}' AS DECIMAL({}, {after}))", all.max(1))
        }
    }
}

fn around(before: &str, part: &Expression, after: &str, dialect: Dialect, out: &mut String) {
    out.push_str(before);
    part.write(dialect, out);
    out.push_str(after);
}

/// Halves in parentheses: engines count how deep an expression is, and a plain chain is as deep as it is long.
fn joined(parts: &[Expression], word: &str, none: &str, dialect: Dialect, out: &mut String) {
    match parts {
        [] => out.push_str(none),
        [only] => only.write(dialect, out),
        several => {
            let (left, right) = several.split_at(several.len() / 2);
            out.push('(');
            joined(left, word, none, dialect, out);
            out.push_str(word);
            joined(right, word, none, dialect, out);
            out.push(')');
        }
    }
}

fn case(branches: &[(Expression, Expression)], other: Option<&Expression>, dialect: Dialect, out: &mut String) {
    if branches.is_empty() {
        return other.unwrap_or(&Expression::Null).write(dialect, out);
    }
    out.push_str("CASE");
    for (condition, then) in branches {
        around(" WHEN ", condition, "", dialect, out);
        around(" THEN ", then, "", dialect, out);
    }
    if let Some(other) = other {
        around(" ELSE ", other, "", dialect, out);
    }
    out.push_str(" END");
}

fn call(function: Function, arguments: &[Expression], dialect: Dialect, out: &mut String) {
    let text: Vec<String> = arguments.iter().map(|argument| argument.text(dialect)).collect();
    let text = text.join(", ");
    let (double, varchar) = (dialect.double_type(), dialect.text_type());
    let largest = dialect.double(f64::MAX);
    out.push_str(&match (function, dialect) {
        (Function::Rank, _) => {
            let [group, order] =
                [0, 1].map(|place| arguments.get(place).map_or_else(String::new, |one| one.text(dialect)));
            format!("ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY {order})")
        }
        (Function::Abs, _) => format!("abs({text})"),
        // Of the text before a decision whether it is a number these would fail.
        (Function::ToDouble, Dialect::Datafusion) => format!("(TRY_CAST({text} AS {double}) + 0e0)"),
        (Function::ToDouble, Dialect::Spark) => format!("TRY_CAST({text} AS {double})"),
        (Function::ToDouble, _) => format!("CAST({text} AS {double})"),
        // By its digits: a quotient of two doubles may be the neighbour of the nearest one.
        (Function::DecimalToDouble, Dialect::Duckdb | Dialect::Datafusion) => {
            format!("CAST(CAST({text} AS {varchar}) AS {double})")
        }
        (Function::DecimalToDouble, Dialect::Postgres | Dialect::Sqlite | Dialect::Spark) => {
            format!("CAST({text} AS {double})")
        }
        (Function::ToText, Dialect::Duckdb | Dialect::Datafusion | Dialect::Spark) => {
            format!("CAST({text} AS {varchar})")
        }
        (Function::ToText, Dialect::Postgres) => format!("(CAST({text} AS text) COLLATE \"C\")"),
        (Function::ToText, Dialect::Sqlite) => format!("(CAST({text} AS TEXT) COLLATE BINARY)"),
        (Function::Shown, _) => format!("CAST({text} AS {varchar})"),
        (Function::IsNan, Dialect::Duckdb | Dialect::Datafusion | Dialect::Spark) => format!("isnan({text})"),
        (Function::IsNan, Dialect::Postgres) => format!("({text} = CAST('NaN' AS double precision))"),
        (Function::IsNan, Dialect::Sqlite) => "(1 = 0)".to_owned(),
        // NaN is above all numbers; in DataFusion one with a sign is below.
        (Function::IsFinite, Dialect::Duckdb | Dialect::Postgres | Dialect::Datafusion | Dialect::Spark) => {
            format!("({text} BETWEEN {} AND {largest})", dialect.double(f64::MIN))
        }
        (Function::IsFinite, Dialect::Sqlite) => format!("({text} > -9e999 AND {text} < 9e999)"),
        (Function::IsWhole, Dialect::Duckdb | Dialect::Postgres | Dialect::Datafusion | Dialect::Spark) => {
            format!("({text} = floor({text}))")
        }
        (Function::IsWhole, Dialect::Sqlite) => format!("({text} = CAST({text} AS INTEGER))"),
        (Function::Floor, Dialect::Duckdb | Dialect::Postgres | Dialect::Datafusion | Dialect::Spark) => {
            format!("floor({text})")
        }
        // Towards 0: for numbers that are not negative.
        (Function::Floor, Dialect::Sqlite) => format!("CAST({text} AS INTEGER)"),
        (Function::IsNumber, Dialect::Sqlite) => format!("(typeof({text}) IN ('integer', 'real'))"),
        (Function::IsNumber, Dialect::Duckdb | Dialect::Postgres | Dialect::Datafusion | Dialect::Spark) => {
            "(1 = 1)".to_owned()
        }
        (Function::LooksNumeric, Dialect::Duckdb) => format!("regexp_full_match({text}, '{NUMERIC}')"),
        (Function::LooksNumeric, Dialect::Datafusion) => format!("regexp_like({text}, '^{NUMERIC}$')"),
        // A `$` matches before a line break at the end too, so that nothing may follow it; a backslash would depend on settings.
        (Function::LooksNumeric, Dialect::Spark) => format!("({text} RLIKE '^{NUMERIC}(?![^a])$')"),
        (Function::LooksNumeric, Dialect::Postgres) => format!("({text} ~ '^{NUMERIC}$')"),
        // Without patterns: a sign at most, digits, and a point at most.
        (Function::LooksNumeric, Dialect::Sqlite) => {
            let bare = format!("ltrim({text}, '+-')");
            format!(
                "({bare} GLOB '*[0-9]*' AND {bare} NOT GLOB '*[^0-9.]*' AND {bare} NOT GLOB '*.*.*' \
                 AND length({text}) - length({bare}) <= 1)"
            )
        }
        (Function::DateText, Dialect::Postgres) => format!("to_char({text}, 'YYYY-MM-DD')"),
        (Function::DateText, Dialect::Duckdb | Dialect::Sqlite | Dialect::Datafusion | Dialect::Spark) => {
            format!("CAST({text} AS {varchar})")
        }
        (Function::Length, _) => format!("length({text})"),
        (Function::Lower, _) => format!("lower({text})"),
        (Function::Trim, _) => format!("trim({text})"),
        (Function::OrZero, _) => format!("COALESCE({text}, {})", dialect.double(0.0)),
        (Function::Sum, dialect) => format!("{}({text})", dialect.sum()),
        (Function::Min, _) => format!("MIN({text})"),
        (Function::Max, _) => format!("MAX({text})"),
        (Function::Count, _) => format!("COUNT(CASE WHEN {text} THEN 1 END)"),
        (Function::Rows, _) => "COUNT(*)".to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_no_deeper_than_need_be() {
        let parts: Vec<Expression> = (0..4096).map(Expression::Int).collect();
        let (mut depth, mut most) = (0_i32, 0);
        for character in Expression::Or(parts).text(Dialect::Sqlite).chars() {
            depth += i32::from(character == '(') - i32::from(character == ')');
            most = most.max(depth);
        }
        assert_eq!((depth, most), (0, 12));
        assert_eq!(Expression::And(Vec::new()).text(Dialect::Duckdb), "(1 = 1)");
    }
}
