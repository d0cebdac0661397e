//! A table for a program: a value of each of its columns for some samples, drawn by the bytes of the program.

use std::collections::BTreeMap;

use fairc::language::program::{ColumnType, Program};

/// A value of a column for one sample.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Number(f64),
    Level { text: String, number: Option<f64> },
}

/// One sample.
#[derive(Clone, Debug)]
pub struct Row {
    pub values: BTreeMap<String, Value>,
    pub weight: f64,
    pub prediction: f64,
}

/// splitmix64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % limit.max(1) as u64) as usize
    }

    /// An eighth within these ends where there is one, so that sums are exact; else one of the ends.
    pub fn eighth(&mut self, lower: f64, upper: f64) -> f64 {
        let lower = if lower.is_finite() { lower } else { upper.min(4.0) - 4.0 };
        let upper = if upper.is_finite() { upper } else { lower.max(-4.0) + 4.0 };
        let steps = ((upper - lower) * 8.0).floor().clamp(0.0, 64.0);
        let value = ((lower * 8.0).ceil() + self.below(steps as usize + 1) as f64) / 8.0;
        if (lower..=upper).contains(&value) { value } else { lower }
    }
}

/// A table of so many samples.
pub fn rows(program: &Program, random: &mut Random, count: usize) -> Vec<Row> {
    let mut row = || {
        let mut values = BTreeMap::new();
        for column in program.data_columns() {
            let value = match &column.ty {
                _ if column.nullable && random.below(6) == 0 => Value::Null,
                ColumnType::Categorical(levels) => match levels.get(random.below(levels.len())) {
                    Some(level) => Value::Level { text: level.text.clone(), number: level.number },
                    None => Value::Null,
                },
                ColumnType::Real(range) => Value::Number(random.eighth(range.lower, range.upper)),
                ColumnType::Int(range) => Value::Number(random.eighth(range.lower, range.upper).round()),
            };
            values.insert(column.header.clone(), value);
        }
        let weight = [1.0, 1.0, 0.5, 2.0, 0.0][random.below(5)];
        let prediction = random.eighth(program.prediction.lower, program.prediction.upper);
        Row { values, weight, prediction }
    };
    (0..count).map(|_| row()).collect()
}

/// The name of the column of predictions, which no spec has.
pub const PREDICTION: &str = "fuzz `prediction`";

/// The table as a CSV.
pub fn csv(program: &Program, rows: &[Row]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let headers: Vec<&str> = program.data_columns().map(|column| column.header.as_str()).collect();
    let weight = program.weight.as_ref().map(|weight| weight.header.as_str()).filter(|name| !headers.contains(name));
    let names = headers.iter().copied().chain(weight).chain([PREDICTION]);
    let mut text = names.map(quoted).collect::<Vec<_>>().join(",");
    for row in rows {
        let cell = |header: &&str| match row.values.get(*header) {
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Level { text, .. }) => quoted(text),
            Some(Value::Null) | None => String::new(),
        };
        let own = headers.iter().map(cell).chain(weight.map(|_| row.weight.to_string()));
        let line: Vec<String> = own.chain([row.prediction.to_string()]).collect();
        text = format!("{text}\n{}", line.join(","));
    }
    text + "\n"
}
