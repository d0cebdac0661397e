//! The kinds of samples that events can tell apart, without data: one sample of each.
//!
//! A categorical column has one value per level (and none, where it is nullable). Of a numeric column that is compared
//! with numbers alone, the numbers, what lies between them, and beyond the outermost are all there is to tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::language::program::{Column, ColumnType, Comparison, Data, Event, Level, Values};

/// More kinds than these are not enumerated.
const MOST: usize = 1 << 14;

/// One value of a column.
#[derive(Debug, Clone, Default)]
struct Cell {
    number: f64,
    level: Option<String>,
}

/// A sample, with the params of the spec whose event is asked about.
struct Kind<'a> {
    cells: &'a BTreeMap<&'a str, &'a Cell>,
    params: &'a BTreeMap<String, f64>,
}

impl Values for Kind<'_> {
    fn param(&self, name: &str) -> f64 {
        self.params.get(name).copied().unwrap_or(f64::NAN)
    }

    fn column(&self, header: &str) -> f64 {
        self.cells.get(header).map_or(f64::NAN, |cell| cell.number)
    }

    fn level(&self, header: &str) -> Option<&str> {
        self.cells.get(header)?.level.as_deref()
    }

    fn total(&self, _: &Data, _: &Event) -> f64 {
        f64::NAN
    }
}

/// Params alone: what a coefficient or a side may read here.
pub struct Constants<'a>(pub &'a BTreeMap<String, f64>);

impl Values for Constants<'_> {
    fn param(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }

    fn column(&self, _: &str) -> f64 {
        f64::NAN
    }

    fn level(&self, _: &str) -> Option<&str> {
        None
    }

    fn total(&self, _: &Data, _: &Event) -> f64 {
        f64::NAN
    }
}

/// For each event the kinds of samples in it, ascending, and how many kinds there are. Each event stands with the params
/// of its spec.
///
/// # Errors
/// Why the kinds cannot be enumerated, in words.
pub fn members(
    events: &[(&Event, &BTreeMap<String, f64>)],
    columns: &BTreeMap<String, &Column>,
) -> Result<(Vec<Vec<usize>>, usize), String> {
    let mut read: BTreeSet<String> = BTreeSet::new();
    let mut cuts: BTreeMap<String, BTreeSet<Cut>> = BTreeMap::new();
    for (event, params) in events {
        walk(event, params, &mut read, &mut cuts)?;
    }
    let mut choices: Vec<(&str, Vec<Cell>)> = Vec::new();
    let mut total = 1_usize;
    for header in &read {
        let Some(column) = columns.get(header) else { return Err(format!("column `{header}` is not declared")) };
        let values = values(column, cuts.get(header));
        total = total.saturating_mul(values.len());
        if total > MOST {
            return Err(format!("the events tell more than {MOST} kinds of samples apart"));
        }
        choices.push((header, values));
    }
    let mut members = vec![Vec::new(); events.len()];
    for kind in 0..total {
        let mut rest = kind;
        let mut cells = BTreeMap::new();
        for (header, values) in &choices {
            if let Some(cell) = values.get(rest % values.len()) {
                cells.insert(*header, cell);
            }
            rest /= values.len();
        }
        for ((event, params), members) in events.iter().zip(&mut members) {
            if event.holds(&Kind { cells: &cells, params }) {
                members.push(kind);
            }
        }
    }
    Ok((members, total))
}

/// A number that orders.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cut(f64);

impl Eq for Cut {}

impl PartialOrd for Cut {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cut {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Collects the columns that an event reads, and the numbers that they are compared with.
fn walk(
    event: &Event,
    params: &BTreeMap<String, f64>,
    read: &mut BTreeSet<String>,
    cuts: &mut BTreeMap<String, BTreeSet<Cut>>,
) -> Result<(), String> {
    match event {
        Event::All | Event::Never => {}
        Event::Levels { column, .. } => {
            read.insert(column.clone());
        }
        Event::Compare { left, op: _, right } => {
            let (scale, header) = match left {
                Data::Column(header) => (1.0, header),
                Data::Sum { constant, terms } if *constant == 0.0 => match &terms[..] {
                    [(scale, Data::Column(header))] => (*scale, header),
                    _several => return Err("an event compares several columns with each other".to_owned()),
                },
                Data::Number(_) => return Ok(()),
                Data::Param(_) | Data::Total { .. } | Data::Sum { .. } | Data::Product(_) | Data::Call(..) => {
                    return Err("an event compares more than a column with a number".to_owned());
                }
            };
            let cut = right.evaluate(&Constants(params)) / scale;
            if !cut.is_finite() {
                return Err("an event compares a column with what only the data tell".to_owned());
            }
            read.insert(header.clone());
            cuts.entry(header.clone()).or_default().insert(Cut(cut));
        }
        Event::Not(inner) => walk(inner, params, read, cuts)?,
        Event::And(parts) | Event::Or(parts) => {
            parts.iter().try_for_each(|part| walk(part, params, read, cuts))?;
        }
    }
    Ok(())
}

/// One value of each kind.
fn values(column: &Column, cuts: Option<&BTreeSet<Cut>>) -> Vec<Cell> {
    let level = |level: &Level| Cell { number: level.number.unwrap_or(f64::NAN), level: Some(level.text.clone()) };
    let mut values: Vec<Cell> = match &column.ty {
        ColumnType::Categorical(levels) => levels.iter().map(level).collect(),
        ColumnType::Real(range) | ColumnType::Int(range) => {
            let whole = matches!(column.ty, ColumnType::Int(_));
            let cuts: Vec<f64> = cuts.into_iter().flatten().map(|cut| cut.0).collect();
            let mut found: Vec<f64> = Vec::new();
            for (place, &cut) in cuts.iter().enumerate() {
                let next = cuts.get(place + 1).copied();
                found.extend([cut - 1.0, cut, next.map_or(cut + 1.0, |next| cut + 0.5 * (next - cut))]);
                if whole {
                    found.extend([cut.floor(), cut.ceil(), cut.floor() + 1.0, cut.ceil() - 1.0]);
                }
            }
            found.extend([range.lower, range.upper].into_iter().filter(|end| end.is_finite()));
            found.extend(found.is_empty().then_some(0.0));
            found.retain(|value| range.contains(*value) && !(whole && value.fract() != 0.0));
            found.sort_by(f64::total_cmp);
            found.dedup_by_key(|value| signature(*value, &cuts));
            found.into_iter().map(|number| Cell { number, level: None }).collect()
        }
    };
    if column.nullable || values.is_empty() {
        values.push(Cell { number: f64::NAN, level: None });
    }
    values
}

/// What comparisons with the cuts can tell of a value.
fn signature(value: f64, cuts: &[f64]) -> Vec<bool> {
    let ops = [Comparison::Less, Comparison::Equal];
    cuts.iter().flat_map(|cut| ops.map(|op| op.holds(value, *cut))).collect()
}
