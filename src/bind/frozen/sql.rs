//! Per-group offsets, and thresholds, as one `CASE` expression of standard SQL.

use std::collections::BTreeSet;

use super::{Condition, End, Frozen, FrozenCell, LevelValue, Step, Thresholds};
use crate::data::Shortest;
use crate::sql::Dialect;

/// The column with a number from 0 to below 1 for each row, where a rule draws between thresholds.
pub const DRAW: &str = "draw";

impl Frozen {
    /// The expression, to be used in place of the column of predictions. Columns are named as in the data, quoted; rows
    /// that no cell describes give `NULL`. Cells with the same shift share a branch.
    pub fn sql(&self) -> String {
        by_cell(self.cells.iter().map(|cell| (cell, self.bounded(cell.add))))
    }

    /// The shifted prediction within its bounds.
    fn bounded(&self, add: f64) -> String {
        let column = Dialect::identifier(&self.prediction);
        let shifted = match add {
            0.0 => column,
            add if add < 0.0 => format!("{column} - {}", number(-add)),
            add => format!("{column} + {}", number(add)),
        };
        let below = self.lower.map(number).map(|bound| format!(" WHEN {shifted} < {bound} THEN {bound}"));
        let above = self.upper.map(number);
        let above = above.map(|bound| format!(" WHEN {shifted} > {bound} AND {} THEN {bound}", known(&shifted)));
        let sides = below.unwrap_or_default() + &above.unwrap_or_default();
        if sides.is_empty() { shifted } else { format!("CASE{sides} ELSE {shifted} END") }
    }
}

impl Thresholds {
    /// The decisions as an expression: 1 or 0, `NULL` where the column is null or no cell describes the row. Those exactly at a
    /// threshold are decided alike, as most of them were. Between several thresholds of a cell the column `DRAW` decides.
    pub fn sql(&self) -> String {
        let column = Dialect::identifier(&self.column);
        by_cell(self.cells.iter().map(|cell| {
            let (above, below) = if cell.takes_ties() { (">=", "<") } else { (">", "<=") };
            let threshold = double(cell.threshold);
            let mut drawn = String::new();
            for step in cell.steps.iter().rev() {
                let (from, chance, draw) = (double(step.from), double(step.chance), Dialect::identifier(DRAW));
                let draw = format!("CASE WHEN {draw} < {chance} THEN 1 WHEN {draw} >= {chance} THEN 0 END");
                drawn.push_str(&format!(" WHEN {column} >= {from} AND {column} < {threshold} THEN {draw}"));
            }
            let known = known(&column);
            let decision = format!(
                "CASE WHEN {column} {above} {threshold} AND {known} THEN 1{drawn} WHEN {column} {below} {threshold} THEN 0 END"
            );
            (&cell.cell, decision)
        }))
    }

    /// The same for the chance of a decision of 1, which is a share for those exactly at a threshold or between several.
    pub fn chances_sql(&self) -> String {
        let column = Dialect::identifier(&self.column);
        by_cell(self.cells.iter().map(|cell| {
            let (threshold, share, known) = (double(cell.threshold), double(cell.share), known(&column));
            let step = |step: &Step| {
                let (from, chance) = (double(step.from), double(step.chance));
                format!(" WHEN {column} >= {from} AND {column} < {threshold} THEN {chance}")
            };
            let steps: String = cell.steps.iter().rev().map(step).collect();
            let chance = format!(
                "CASE WHEN {column} = {threshold} THEN {share} WHEN {column} > {threshold} AND {known} THEN 1e0{steps} \
                 WHEN {column} < {threshold} THEN 0e0 END"
            );
            (&cell.cell, chance)
        }))
    }
}

/// That it is a number: NaN is above all numbers in some databases, and it decides nothing.
fn known(column: &str) -> String {
    format!("{column} <= {}", double(f64::MAX))
}

/// One expression for each cell; cells with the same share a branch.
fn by_cell<'a>(cells: impl Iterator<Item = (&'a FrozenCell, String)>) -> String {
    let mut branches: Vec<(String, Vec<&FrozenCell>)> = Vec::new();
    for (cell, value) in cells {
        match branches.iter_mut().find(|(known, _)| *known == value) {
            Some((_, cells)) => cells.push(cell),
            None => branches.push((value, vec![cell])),
        }
    }
    let all = branches.iter().flat_map(|(_, cells)| cells).flat_map(|cell| &cell.alternatives);
    let texts = columns_of_texts(all.flatten());
    let mut text = String::from("CASE\n");
    for (value, cells) in branches {
        let lists = cells.iter().flat_map(|cell| &cell.alternatives);
        let lists: Vec<String> = lists.map(|list| conjunction(list, &texts)).collect();
        let when = match lists.as_slice() {
            [only] => only.clone(),
            several => several.iter().map(|list| format!("({list})")).collect::<Vec<_>>().join(" OR "),
        };
        text.push_str(&format!("  WHEN {when} THEN {value}\n"));
    }
    text.push_str("END\n");
    text
}

/// The columns with a level that is no number: they hold texts, and numbers among their levels are texts too.
fn columns_of_texts<'a>(conditions: impl Iterator<Item = &'a Condition>) -> BTreeSet<&'a str> {
    let levels = conditions.filter_map(|condition| match condition {
        Condition::In { column, values } | Condition::NotIn { column, values } => Some((column.as_str(), values)),
        Condition::Between { .. } | Condition::Null { .. } => None,
    });
    let is_text = |level: &LevelValue| matches!(level, LevelValue::Text(text) if text.parse::<f64>().is_err());
    levels.filter(|(_, values)| values.iter().any(is_text)).map(|(column, _)| column).collect()
}

fn conjunction(list: &[Condition], texts: &BTreeSet<&str>) -> String {
    match list {
        [] => "1 = 1".to_owned(),
        several => several.iter().map(|one| condition(one, texts)).collect::<Vec<_>>().join(" AND "),
    }
}

fn condition(condition: &Condition, texts: &BTreeSet<&str>) -> String {
    let listed = |column: &str, values: &[LevelValue]| -> Vec<String> {
        values.iter().flat_map(|level| literals(level, texts.contains(column))).collect()
    };
    match condition {
        Condition::In { column, values } => match listed(column, values).as_slice() {
            [] => "1 = 0".to_owned(),
            [only] => format!("{} = {only}", Dialect::identifier(column)),
            several => format!("{} IN ({})", Dialect::identifier(column), several.join(", ")),
        },
        Condition::NotIn { column, values } => {
            let listed = listed(column, values);
            let column = Dialect::identifier(column);
            match listed.as_slice() {
                [] => format!("({column} IS NULL OR {column} IS NOT NULL)"),
                several => format!("({column} IS NULL OR {column} NOT IN ({}))", several.join(", ")),
            }
        }
        Condition::Null { column } => format!("{} IS NULL", Dialect::identifier(column)),
        Condition::Between { column, from, to } => {
            let column = Dialect::identifier(column);
            let end = |end: &End, open: &str, closed: &str| {
                format!("{column} {} {}", if end.closed { closed } else { open }, number(end.value))
            };
            let ends = from.iter().map(|from| end(from, ">", ">=")).chain(to.iter().map(|to| end(to, "<", "<=")));
            let largest = to.is_none().then(|| known(&column));
            ends.chain(largest).collect::<Vec<String>>().join(" AND ")
        }
    }
}

/// How a level may stand in a column: of a column of texts a number stands as one, with a point or without.
fn literals(level: &LevelValue, in_texts: bool) -> Vec<String> {
    let text = |value: &str| Dialect::standard_text(value);
    match level {
        LevelValue::Whole(value) if in_texts => vec![text(&value.to_string())],
        LevelValue::Whole(value) => vec![value.to_string()],
        LevelValue::Number(value) if in_texts => {
            let mut written = vec![Shortest(*value).to_string(), number(*value)];
            written.dedup();
            written.iter().map(|value| text(value)).collect()
        }
        LevelValue::Number(value) => vec![number(*value)],
        LevelValue::Text(value) => vec![text(value)],
    }
}

/// A number that is no integer for SQL, so that no division or sum is one of integers; it reads back to the same bits.
fn number(value: f64) -> String {
    let text = Shortest(value).to_string();
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

/// A number that every database reads as a double, and not as a decimal that it would round otherwise.
fn double(value: f64) -> String {
    format!("{value:e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_escaped() {
        let text = Condition::In { column: "a\"b".to_owned(), values: vec![LevelValue::Text("O'Neil".to_owned())] };
        let condition = |one: &Condition| condition(one, &columns_of_texts([one].into_iter()));
        assert_eq!(condition(&text), "\"a\"\"b\" = 'O''Neil'");
        let mixed = [LevelValue::Number(1.0), LevelValue::Number(0.5), LevelValue::Text("3+".to_owned())];
        let mixed = Condition::NotIn { column: "a".to_owned(), values: mixed.to_vec() };
        assert_eq!(condition(&mixed), "(\"a\" IS NULL OR \"a\" NOT IN ('1', '1.0', '0.5', '3+'))");
        let end = |value| Some(End { value, closed: true });
        let between = |from, to| condition(&Condition::Between { column: "a".to_owned(), from, to });
        let largest = "\"a\" <= 1.7976931348623157e308";
        assert_eq!(between(end(1.0), end(2.0)), "\"a\" >= 1.0 AND \"a\" <= 2.0");
        assert_eq!(
            [between(end(1.0), None), between(None, None)],
            [format!("\"a\" >= 1.0 AND {largest}"), largest.to_owned()]
        );
        assert_eq!([number(0.5), number(3.0), number(1e-7)], ["0.5", "3.0", "1e-7"]);
    }
}
