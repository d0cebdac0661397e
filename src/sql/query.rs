//! Queries.

use super::dialect::Dialect;
use super::expression::Expression;

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// A table by its name, behind those of its catalogue and schema.
    Table(Vec<String>),
    /// A query that the caller wrote.
    Query(String),
    /// An earlier part of the query.
    Part(&'static str),
}

/// `SELECT columns FROM from AS name GROUP BY group`.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// Expressions, and what they are called.
    pub columns: Vec<(String, Expression)>,
    pub from: Relation,
    pub name: &'static str,
    pub condition: Option<Expression>,
    pub group: Vec<Expression>,
}

/// Selects that read what those before them give; the lines of several selects of a part follow one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub parts: Vec<(&'static str, Vec<Select>)>,
    pub answer: Select,
}

impl Relation {
    fn text(&self, dialect: Dialect) -> String {
        match self {
            Relation::Table(names) => {
                let names: Vec<String> = names.iter().map(|name| dialect.name_of(name)).collect();
                names.join(".")
            }
            Relation::Query(text) => format!("({text})"),
            Relation::Part(name) => dialect.name_of(name),
        }
    }
}

impl Select {
    /// From an earlier part, all of its rows.
    pub fn of(part: &'static str, columns: Vec<(String, Expression)>) -> Select {
        Select { columns, from: Relation::Part(part), name: part, condition: None, group: Vec::new() }
    }

    fn text(&self, dialect: Dialect) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(name, expression)| format!("{} AS {}", expression.text(dialect), dialect.name_of(name)))
            .collect();
        let mut text =
            format!("SELECT\n  {}\nFROM {} AS {}", columns.join(",\n  "), self.from.text(dialect), self.name);
        if let Some(condition) = &self.condition {
            text.push_str(&format!("\nWHERE {}", condition.text(dialect)));
        }
        if !self.group.is_empty() {
            let group: Vec<String> = self.group.iter().map(|expression| expression.text(dialect)).collect();
            text.push_str(&format!("\nGROUP BY {}", group.join(", ")));
        }
        text
    }
}

impl Query {
    /// As the dialect writes it, without a semicolon.
    pub fn text(&self, dialect: Dialect) -> String {
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|(name, selects)| {
                let lines: Vec<String> = selects.iter().map(|select| select.text(dialect)).collect();
                format!("{} AS (\n{}\n)", dialect.name_of(name), lines.join("\nUNION ALL\n"))
            })
            .collect();
        let with = if parts.is_empty() { String::new() } else { format!("WITH {}\n", parts.join(", ")) };
        with + &self.answer.text(dialect)
    }
}
