//! What a rule can see of samples: the cells that are left once labels are unknown.
//!
//! ```text
//! rows that read labels ─→ their events for each answer that labels may give ─┐
//! rows that do not      ─→ their events                                      ─┴─→ a plan without labels → visible cells
//! ```
//!
//! Samples of one visible cell have no difference that such a plan tells. The cells that data were encoded with tell more apart:
//! each lies in one visible cell.

use std::collections::BTreeMap;

use super::cells::{CellKey, Identity};
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::params::Params;
use super::plan::{EncodeOptions, Plan, Purpose, Raw};
use crate::language::program::{ColumnType, Data, Event, Program, Row, Universe};

/// More questions to labels than this in one event are not answered in all combinations.
const MOST_ASKED: usize = 6;

/// The visible cells of encoded data.
pub struct VisibleCells {
    pub(super) plan: Plan,
    /// The visible cell of each cell of the data.
    of_cell: Vec<u32>,
    pub(super) identities: Vec<Identity>,
    /// By place among the events and factors of the plan, their place in that of the data.
    pub(super) events: Vec<usize>,
    pub(super) factors: Vec<usize>,
}

impl VisibleCells {
    /// How many there are with samples.
    pub fn count(&self) -> usize {
        self.identities.len()
    }

    /// The visible cell of each cell of the data.
    pub(super) fn of_cells(&self) -> &[u32] {
        &self.of_cell
    }

    /// The visible cell of each sample.
    pub fn of_samples(&self, encoded: &Encoded) -> Vec<u32> {
        encoded.cell().iter().map(|&cell| self.of_cell[cell as usize]).collect()
    }
}

impl Encoded {
    /// The visible cells of data that were encoded with [`EncodeOptions::visible`].
    ///
    /// # Errors
    /// The program has forms that cannot be bound.
    pub fn visible(&self, program: &Program, params: &Params) -> Result<VisibleCells, Vec<BindError>> {
        let internal = |what: &str| vec![BindError::Internal { what: what.to_owned() }];
        let known = program.columns.iter().filter(|column| !column.label).map(|column| column.header.clone());
        let raw = if self.plan.raw.is_some() { Raw::Column(String::new()) } else { Raw::Unknown };
        let options = EncodeOptions { purpose: Purpose::Inference, visible: true, raw, ..EncodeOptions::default() };
        let plan = Plan::new(program, params, &known.collect::<Vec<_>>(), &options)?;
        let places: BTreeMap<&Event, usize> = self.plan.events.iter().zip(0..).collect();
        let place = |event: &Event| places.get(event).copied();
        let events: Option<Vec<usize>> = plan.events.iter().map(place).collect();
        let events = events.ok_or_else(|| internal("an event that is visible is not told apart"))?;
        let factor = |data: &Data| self.plan.factors.iter().position(|own| own.data == *data);
        let factors: Option<Vec<usize>> = plan.factors.iter().map(|own| factor(&own.data)).collect();
        let factors = factors.ok_or_else(|| internal("a factor that is visible is not known"))?;
        let mut found: BTreeMap<Identity, u32> = BTreeMap::new();
        let mut of_cell = Vec::with_capacity(self.cells());
        for cell in 0..self.cells() {
            let inside = (0_u32..).zip(&events).filter(|(_, full)| self.events[cell].get(**full));
            let inside: Vec<u32> = inside.map(|(event, _)| event).collect();
            let value = |(own, full): (&super::plan::Factor, &usize)| match &self.factors[*full] {
                FactorValues::ByCell(values) if own.by_cell => {
                    let needed = own.needed.iter().any(|event| inside.contains(&(*event as u32)));
                    Some(if needed { values[cell] + 0.0 } else { 0.0 })
                }
                FactorValues::ByCell(_) | FactorValues::BySample(_) => None,
            };
            let values = plan.factors.iter().zip(&factors).filter_map(value).collect();
            let identity = CellKey { events: inside, values, references: Vec::new() }.identity();
            let next = found.len() as u32;
            of_cell.push(*found.entry(identity).or_insert(next));
        }
        let mut identities: Vec<(Identity, u32)> = found.into_iter().collect();
        identities.sort_by_key(|(_, place)| *place);
        let identities = identities.into_iter().map(|(identity, _)| identity).collect();
        Ok(VisibleCells { plan, of_cell, identities, events, factors })
    }

    /// Whether a row that takes part reads a label, so that a rule cannot tell all that it counts.
    pub fn reads_labels(&self, program: &Program) -> bool {
        self.plan.rows.iter().any(|row| program.rows.get(row.row).is_some_and(|row| !labels(program, row).is_empty()))
    }
}

/// The labels that a row reads, in an event, a factor or a number.
fn labels<'a>(program: &Program, row: &'a Row) -> Vec<&'a str> {
    let is_label = |header: &&String| program.column(header).is_some_and(|column| column.label);
    row.labels.iter().filter(is_label).map(String::as_str).collect()
}

/// The events by which samples of a row that reads labels differ, where labels are unknown; none for a row that reads none.
pub(super) fn visible_events(program: &Program, row: &Row) -> Vec<Event> {
    if labels(program, row).is_empty() {
        return Vec::new();
    }
    let universe = Universe::new(&program.columns);
    let mut found = Vec::new();
    for term in &row.terms {
        if let Some(event) = program.event(term.event) {
            found.extend(answered(program, event, &universe));
        }
        for column in term.factor.columns_read().into_iter().filter_map(|header| program.column(header)) {
            if let (ColumnType::Categorical(levels), false) = (&column.ty, column.label) {
                found.extend(levels.iter().map(|level| Event::levels(&column.header, [&level.text], &universe)));
            }
        }
    }
    found.retain(|event| !matches!(event, Event::All | Event::Never));
    found
}

/// An event for each combination of answers that labels may give to what it asks of them.
fn answered(program: &Program, event: &Event, universe: &Universe) -> Vec<Event> {
    let reads_label = |event: &Event| {
        let columns = event.columns_read();
        columns.iter().any(|header| program.column(header).is_some_and(|column| column.label))
    };
    let (mut asked, mut seen): (Vec<&Event>, Vec<&Event>) = (Vec::new(), Vec::new());
    event.visit(&mut |part| {
        if let Event::Levels { .. } | Event::Compare { .. } = part {
            let list = if reads_label(part) { &mut asked } else { &mut seen };
            if !list.contains(&part) {
                list.push(part);
            }
        }
    });
    if asked.len() > MOST_ASKED {
        return seen.into_iter().cloned().collect();
    }
    let answers = 0..1_u32 << asked.len();
    answers
        .map(|answers| {
            let answer = |part: &Event| {
                let place = asked.iter().position(|asked| *asked == part)?;
                Some(if answers >> place & 1 == 1 { Event::All } else { Event::Never })
            };
            with_answers(event, &answer, universe)
        })
        .collect()
}

fn with_answers(event: &Event, answer: &dyn Fn(&Event) -> Option<Event>, universe: &Universe) -> Event {
    let all =
        |events: &[Event]| -> Vec<Event> { events.iter().map(|event| with_answers(event, answer, universe)).collect() };
    match event {
        Event::All | Event::Never => event.clone(),
        Event::Levels { .. } | Event::Compare { .. } => answer(event).unwrap_or_else(|| event.clone()),
        Event::Not(inner) => with_answers(inner, answer, universe).not(universe),
        Event::And(events) => Event::and(all(events), universe),
        Event::Or(events) => Event::or(all(events), universe),
    }
}
