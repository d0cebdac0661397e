//! What must hold of every [`Program`], however it came to be: checked after lowering (in tests) and on loading.

use std::collections::BTreeSet;

use super::data::Data;
use super::event::Event;
use super::{ColumnType, EventId, Origin, PairColumn, Pairs, Program, RowOptions};

/// Expressions nested deeper than this are refused: a `.fairc` of them could not be read back.
pub const MAX_DEPTH: usize = 32;

/// What is wrong with a program. `place` names a row by its first origin, or an event or a declaration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("{place} is nested {depth} deep, and at most {MAX_DEPTH} is allowed")]
    TooDeep { place: String, depth: usize },
    #[error("{place} refers to event {id}, and there are {count}")]
    NoSuchEvent { place: String, id: u32, count: usize },
    #[error("{place} refers to the column `{header}`, which is not declared")]
    NoSuchColumn { place: String, header: String },
    #[error("{place} refers to the relation `{name}`, which is not declared")]
    NoSuchRelation { place: String, name: String },
    #[error("{place} refers to the param `{name}`, which is not declared")]
    NoSuchParam { place: String, name: String },
    #[error("{place} comes from no constraint")]
    NoOrigin { place: String },
    #[error("{place} is not in order")]
    NotInOrder { place: &'static str },
    #[error("{place} is not in normal form")]
    NotNormal { place: String },
    #[error("{place} has a number that is not finite")]
    NotFinite { place: String },
    #[error("{place} has a penalty of {soft}, which is not positive")]
    SoftNotPositive { place: String, soft: String },
    #[error("{place} has an empty range")]
    EmptyRange { place: String },
    #[error("{place} has a distance and a lower side, or a distance from an aggregate")]
    NotConvex { place: String },
    #[error("a coefficient or side of {place} reads a column outside of an aggregate")]
    PerSample { place: String },
}

impl Program {
    /// Whether the program keeps the rules of the canonical form; the first broken rule otherwise.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.validate_declarations()?;
        for (i, event) in self.events.iter().enumerate() {
            self.validate_event(event, &format!("event {i}"))?;
        }
        ascending("the list of events", &self.events)?;
        for partition in &self.partitions {
            self.validate_event(&partition.event, &format!("the group `{}`", partition.name))?;
        }
        let groups: Vec<&str> = self.partitions.iter().map(|partition| partition.name.as_str()).collect();
        ascending("the list of groups", &groups)?;
        for row in &self.rows {
            let place = place_of(&row.origins)?;
            validate_options(&row.options, &place)?;
            for term in &row.terms {
                self.validate_aggregate_free(&term.coefficient, &place)?;
                self.validate_data(&term.factor, &place)?;
                self.validate_id(term.event, &place)?;
                if let Some(at) = &term.at {
                    self.validate_data(at, &place)?;
                    if at.reads_totals() || row.lower.is_some() {
                        return Err(Invalid::NotConvex { place });
                    }
                }
            }
            let own = row.origins.iter().flat_map(|origin| origin.lower.iter().chain(&origin.upper));
            for side in row.lower.iter().chain(&row.upper).chain(own) {
                self.validate_aggregate_free(side, &place)?;
            }
            row.reads.iter().try_for_each(|&id| self.validate_id(id, &place))?;
            ascending("the events that a row reads", &row.reads)?;
            self.validate_labels(&row.labels, &place)?;
            let events = row.terms.iter().map(|term| term.event).chain(row.reads.iter().copied());
            let mut read: BTreeSet<&str> = events.flat_map(|id| self[id].columns_read()).collect();
            read.extend(row.terms.iter().flat_map(|term| term.factor.columns_read()));
            validate_owners(&read, None, &place)?;
        }
        for row in &self.sample_rows {
            let place = place_of(&row.origins)?;
            validate_options(&row.options, &place)?;
            self.validate_id(row.event, &place)?;
            row.reads.iter().try_for_each(|&id| self.validate_id(id, &place))?;
            ascending("the events that a row reads", &row.reads)?;
            let own = row.origins.iter().flat_map(|origin| origin.lower.iter().chain(&origin.upper));
            let second = row.pairs.as_ref().map(|pairs| &pairs.second);
            for data in [Some(&row.coefficient), second, row.lower.as_ref(), row.upper.as_ref()]
                .into_iter()
                .flatten()
                .chain(own)
            {
                self.validate_data(data, &place)?;
                validate_owners(&data.columns_read(), row.pairs.as_ref(), &place)?;
            }
            if let Some(name) = row.pairs.as_ref().map(|pairs| &pairs.relation).filter(|it| self.relation(it).is_none())
            {
                return Err(Invalid::NoSuchRelation { place, name: name.clone() });
            }
            validate_owners(&self[row.event].columns_read(), row.pairs.as_ref(), &place)?;
            self.validate_labels(&row.labels, &place)?;
        }
        Ok(())
    }

    fn validate_declarations(&self) -> Result<(), Invalid> {
        let range = |name: &str, lower: f64, upper: f64| match lower <= upper {
            true => Ok(()),
            false => Err(Invalid::EmptyRange { place: format!("`{name}`") }),
        };
        range(&self.prediction.name, self.prediction.lower, self.prediction.upper)?;
        if self.prediction.decision && (self.prediction.lower, self.prediction.upper) != (0.0, 1.0) {
            return Err(Invalid::NotNormal { place: format!("the decision `{}`", self.prediction.name) });
        }
        for column in &self.columns {
            match &column.ty {
                ColumnType::Categorical(levels) => {
                    let distinct: BTreeSet<&str> = levels.iter().map(|level| level.text.as_str()).collect();
                    if distinct.len() < levels.len() || levels.is_empty() {
                        return Err(Invalid::NotNormal { place: format!("the levels of `{}`", column.header) });
                    }
                }
                ColumnType::Real(interval) | ColumnType::Int(interval) => {
                    range(&column.header, interval.lower, interval.upper)?;
                }
            }
        }
        for param in &self.params {
            range(&param.name, param.range.lower, param.range.upper)?;
            if !param.value.is_finite() {
                return Err(Invalid::NotFinite { place: format!("the param `{}`", param.name) });
            }
        }
        let headers: Vec<&str> = self.columns.iter().map(|column| column.header.as_str()).collect();
        ascending("the list of columns", &headers)?;
        let names: Vec<&str> = self.params.iter().map(|param| param.name.as_str()).collect();
        ascending("the list of params", &names)?;
        let relations: Vec<&str> = self.relations.iter().map(|relation| relation.name.as_str()).collect();
        ascending("the list of relations", &relations)
    }

    fn validate_id(&self, id: EventId, place: &str) -> Result<(), Invalid> {
        let count = self.events.len();
        match (id.0 as usize) < count {
            true => Ok(()),
            false => Err(Invalid::NoSuchEvent { place: place.to_owned(), id: id.0, count }),
        }
    }

    fn validate_labels(&self, labels: &[String], place: &str) -> Result<(), Invalid> {
        labels.iter().try_for_each(|label| self.validate_header(label, place))?;
        ascending("the labels of a row", labels)
    }

    fn validate_header(&self, header: &str, place: &str) -> Result<(), Invalid> {
        match self.column(header) {
            Some(_) => Ok(()),
            None => Err(Invalid::NoSuchColumn { place: place.to_owned(), header: header.to_owned() }),
        }
    }

    /// A coefficient or a side of a row: one number for the batch.
    fn validate_aggregate_free(&self, data: &Data, place: &str) -> Result<(), Invalid> {
        self.validate_data(data, place)?;
        match data.reads_columns() {
            false => Ok(()),
            true => Err(Invalid::PerSample { place: place.to_owned() }),
        }
    }

    fn validate_data(&self, data: &Data, place: &str) -> Result<(), Invalid> {
        let depth = data.depth();
        if depth > MAX_DEPTH {
            return Err(Invalid::TooDeep { place: place.to_owned(), depth });
        }
        let mut nodes = Vec::new();
        data.visit(&mut |node| nodes.push(node));
        nodes.into_iter().try_for_each(|node| self.validate_node(node, place))
    }

    fn validate_node(&self, node: &Data, place: &str) -> Result<(), Invalid> {
        let normal = |holds: bool| if holds { Ok(()) } else { Err(Invalid::NotNormal { place: place.to_owned() }) };
        let finite = |values: Vec<f64>| match values.into_iter().all(f64::is_finite) {
            true => Ok(()),
            false => Err(Invalid::NotFinite { place: place.to_owned() }),
        };
        match node {
            Data::Number(value) => finite(vec![*value]),
            Data::Param(name) => match self.param(name) {
                Some(_) => Ok(()),
                None => Err(Invalid::NoSuchParam { place: place.to_owned(), name: name.clone() }),
            },
            Data::Column(header) => self.validate_header(header, place),
            Data::Total { event, .. } => self.validate_event(event, place),
            Data::Sum { constant, terms } => {
                finite(terms.iter().map(|(coefficient, _)| *coefficient).chain([*constant]).collect())?;
                let nested = terms.iter().any(|(c, monomial)| *c == 0.0 || matches!(monomial, Data::Sum { .. }));
                normal(!terms.is_empty() && !nested && terms.is_sorted_by(|(_, a), (_, b)| a <= b))
            }
            Data::Product(factors) => {
                finite(factors.iter().map(|(_, power)| *power).collect())?;
                normal(!factors.is_empty() && factors.is_sorted_by(|(a, _), (b, _)| a <= b))
            }
            Data::Call(function, arguments) => normal(function.takes(arguments.len())),
        }
    }

    fn validate_event(&self, event: &Event, place: &str) -> Result<(), Invalid> {
        let depth = event.depth();
        if depth > MAX_DEPTH {
            return Err(Invalid::TooDeep { place: place.to_owned(), depth });
        }
        let mut parts = Vec::new();
        event.visit(&mut |part| parts.push(part));
        parts.into_iter().try_for_each(|part| self.validate_part(part, place))
    }

    fn validate_part(&self, part: &Event, place: &str) -> Result<(), Invalid> {
        let normal = |holds: bool| if holds { Ok(()) } else { Err(Invalid::NotNormal { place: place.to_owned() }) };
        match part {
            Event::All | Event::Never => Ok(()),
            Event::Levels { column, levels, other } => {
                self.validate_header(column, place)?;
                let declared = match self.column(column).map(|column| &column.ty) {
                    Some(ColumnType::Categorical(declared)) => declared.as_slice(),
                    Some(ColumnType::Real(_) | ColumnType::Int(_)) | None => &[],
                };
                let known = levels.iter().all(|level| declared.iter().any(|own| own.text == *level));
                normal(known && levels.is_sorted_by(|a, b| a < b) && (*other || !levels.is_empty()))
            }
            Event::Compare { left, right, .. } => {
                self.validate_data(left, place)?;
                self.validate_data(right, place)?;
                normal(!right.reads_columns())
            }
            Event::Not(event) => normal(matches!(**event, Event::Compare { .. })),
            Event::And(events) => {
                let flat = !events.iter().any(|event| matches!(event, Event::And(_) | Event::All | Event::Never));
                normal(flat && events.len() > 1 && events.is_sorted_by(|a, b| a < b))
            }
            Event::Or(events) => {
                let flat = !events.iter().any(|event| matches!(event, Event::Or(_) | Event::All | Event::Never));
                normal(flat && events.len() > 1 && events.is_sorted_by(|a, b| a < b))
            }
        }
    }
}

/// Rows about pairs read columns of the pairs of their relation alone, and other rows read none of these.
fn validate_owners(read: &BTreeSet<&str>, pairs: Option<&Pairs>, place: &str) -> Result<(), Invalid> {
    let relation = pairs.map(|pairs| pairs.relation.as_str());
    let foreign = read.iter().find(|header| PairColumn::of(header).map(|column| column.relation) != relation);
    match foreign {
        Some(header) => Err(Invalid::NoSuchColumn { place: place.to_owned(), header: (*header).to_owned() }),
        None => Ok(()),
    }
}

fn place_of(origins: &[Origin]) -> Result<String, Invalid> {
    let first = origins.first().ok_or_else(|| Invalid::NoOrigin { place: "a row".to_owned() })?;
    Ok(format!("row `{}`", first.name))
}

fn validate_options(options: &RowOptions, place: &str) -> Result<(), Invalid> {
    match options.soft {
        Some(soft) if !(soft.is_finite() && soft > 0.0) => {
            Err(Invalid::SoftNotPositive { place: place.to_owned(), soft: soft.to_string() })
        }
        Some(_) | None => Ok(()),
    }
}

fn ascending<T: PartialOrd>(place: &'static str, list: &[T]) -> Result<(), Invalid> {
    if list.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(Invalid::NotInOrder { place }) }
}
