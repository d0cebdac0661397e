//! The kinds of samples that events can tell apart, without data: one sample of each.
//!
//! A categorical column has one value per level (and none, where it is nullable). Of a numeric column that is compared
//! with numbers alone, the numbers, what lies between them, and beyond the outermost are all there is to tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::bind::Real;
use crate::language::program::{Column, ColumnType, Comparison, Data, Event, Level, Values};

/// More kinds than these are not enumerated.
const MOST: usize = 1 << 14;

/// Why the kinds of samples are not enumerated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlisted {
    #[error("column `{0}` is not declared")]
    NotDeclared(String),
    #[error("the events tell more than {MOST} kinds of samples apart")]
    TooMany,
    /// Too many to look at with each event.
    #[error("the events tell too many kinds of samples apart")]
    TooManyLooks,
    #[error("an event compares several columns with each other")]
    SeveralColumns,
    #[error("an event compares more than a column with a number")]
    NoColumn,
    /// With a count, a sum or a mean, or with a param that has no value.
    #[error("an event compares a column with what only the data tell")]
    OnlyData,
}

/// One value of a column.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    number: f64,
    level: Option<String>,
}

/// Values of the params of a spec, by name.
pub type Settings = BTreeMap<String, f64>;

/// The kinds of samples that can be told apart: one for each combination of the columns' values.
#[derive(Debug, Clone)]
pub struct Kinds {
    columns: Vec<(String, Vec<Cell>)>,
    pub total: usize,
}

/// The values of one sample in the columns that are read.
#[derive(Debug, Clone)]
pub struct Sample<'a>(Vec<(&'a str, &'a Cell)>);

/// A sample with the params of the spec whose event or number is asked about.
pub struct Kind<'a> {
    sample: &'a Sample<'a>,
    params: &'a Settings,
}

impl Sample<'_> {
    pub fn with<'b>(&'b self, params: &'b Settings) -> Kind<'b> {
        Kind { sample: self, params }
    }

    fn cell(&self, header: &str) -> Option<&Cell> {
        self.0.iter().find(|(known, _)| *known == header).map(|(_, cell)| *cell)
    }

    pub fn number(&self, header: &str) -> f64 {
        self.cell(header).map_or(f64::NAN, |cell| cell.number)
    }

    pub fn level(&self, header: &str) -> Option<&str> {
        self.cell(header)?.level.as_deref()
    }

    /// The event of samples of this kind, for words.
    pub fn event(&self) -> Event {
        let value = |(header, cell): &(&str, &Cell)| {
            let column = (*header).to_owned();
            match &cell.level {
                Some(level) => Event::Levels { column, levels: vec![level.clone()], other: false },
                None if cell.number.is_nan() => Event::Levels { column, levels: Vec::new(), other: true },
                None => {
                    let (left, right) = (Data::Column(column), Data::Number(cell.number));
                    Event::Compare { left, op: Comparison::Equal, right }
                }
            }
        };
        match &self.0[..] {
            [] => Event::All,
            [only] => value(only),
            several => Event::And(several.iter().map(value).collect()),
        }
    }
}

impl Values for Kind<'_> {
    fn param(&self, name: &str) -> f64 {
        self.params.get(name).copied().unwrap_or(f64::NAN)
    }

    fn column(&self, header: &str) -> f64 {
        self.sample.number(header)
    }

    fn level(&self, header: &str) -> Option<&str> {
        self.sample.level(header)
    }

    fn total(&self, _: &Data, _: &Event) -> f64 {
        f64::NAN
    }
}

/// Params alone: what a coefficient or a side may read here.
pub struct Constants<'a>(pub &'a Settings);

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

impl Kinds {
    /// What the events tell apart, and a few values of the columns that are read as `numbers`. Each event stands with the
    /// params of its spec.
    ///
    /// # Errors
    /// Why the kinds are not enumerated.
    pub fn of(
        events: &[(&Event, &Settings)],
        numbers: &BTreeSet<&str>,
        columns: &BTreeMap<String, &Column>,
    ) -> Result<Kinds, Unlisted> {
        let mut read: BTreeSet<String> = numbers.iter().map(|header| (*header).to_owned()).collect();
        let mut cuts: BTreeMap<String, BTreeSet<Real>> = BTreeMap::new();
        for (event, params) in events {
            walk(event, params, &mut read, &mut cuts)?;
        }
        let mut kinds = Kinds { columns: Vec::new(), total: 1 };
        for header in read {
            let Some(column) = columns.get(&header) else { return Err(Unlisted::NotDeclared(header)) };
            let values = values(column, cuts.get(&header), numbers.contains(header.as_str()));
            kinds.total = kinds.total.saturating_mul(values.len());
            if kinds.total > MOST {
                return Err(Unlisted::TooMany);
            }
            kinds.columns.push((header, values));
        }
        Ok(kinds)
    }

    pub fn sample(&self, kind: usize) -> Sample<'_> {
        let mut rest = kind;
        let mut cells = Vec::with_capacity(self.columns.len());
        for (header, values) in &self.columns {
            cells.extend(values.get(rest % values.len().max(1)).map(|cell| (header.as_str(), cell)));
            rest /= values.len().max(1);
        }
        Sample(cells)
    }

    /// The kinds in each event, ascending.
    pub fn members(&self, events: &[(&Event, &Settings)]) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); events.len()];
        for kind in 0..self.total {
            let sample = self.sample(kind);
            for ((event, params), members) in events.iter().zip(&mut members) {
                if event.holds(&sample.with(params)) {
                    members.push(kind);
                }
            }
        }
        members
    }
}

/// Collects the columns that an event reads, and the numbers that they are compared with.
fn walk(
    event: &Event,
    params: &Settings,
    read: &mut BTreeSet<String>,
    cuts: &mut BTreeMap<String, BTreeSet<Real>>,
) -> Result<(), Unlisted> {
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
                    _several => return Err(Unlisted::SeveralColumns),
                },
                Data::Number(_) => return Ok(()),
                Data::Param(_) | Data::Total { .. } | Data::Sum { .. } | Data::Product(_) | Data::Call(..) => {
                    return Err(Unlisted::NoColumn);
                }
            };
            let cut = right.evaluate(&Constants(params)) / scale;
            if !cut.is_finite() {
                return Err(Unlisted::OnlyData);
            }
            read.insert(header.clone());
            cuts.entry(header.clone()).or_default().insert(Real(cut));
        }
        Event::Not(inner) => walk(inner, params, read, cuts)?,
        Event::And(parts) | Event::Or(parts) => {
            parts.iter().try_for_each(|part| walk(part, params, read, cuts))?;
        }
    }
    Ok(())
}

/// One value of each kind; where it is read as a number, also others of the same kind.
fn values(column: &Column, cuts: Option<&BTreeSet<Real>>, number: bool) -> Vec<Cell> {
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
            if found.len() < 2 {
                found.extend([0.0, 1.0]);
            }
            found.retain(|value| range.contains(*value) && !(whole && value.fract() != 0.0));
            found.sort_by(f64::total_cmp);
            found.dedup_by(|a, b| a == b || (!number && signature(*a, &cuts) == signature(*b, &cuts)));
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
