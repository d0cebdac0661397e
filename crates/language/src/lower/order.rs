//! Canonical order and numbering.
//!
//! From: merged rows over events. To: a [`Program`] whose events are a sorted table and whose rows are sorted. Why
//! equivalent: a conjunction has no order; sorting makes two spellings of one spec the same list.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use crate::hir::Hir;
use crate::program::{
    Column, Data, Event, EventId, Pairs, Param, Prediction, Program, Relation, Row, SampleRow, Term, Weight,
};
use crate::span::{SourceId, Sources};

use super::affine::Quantity;
use super::draft::Draft;

pub(super) fn program(
    hir: &Hir,
    prediction: &crate::hir::Prediction,
    drafts: Vec<Draft>,
    sources: &Sources,
) -> Program {
    let relations = relations(hir, &drafts, sources);
    let events = all_events(&drafts);
    let ids: BTreeMap<&Event, EventId> =
        events.iter().enumerate().map(|(index, event)| (event, EventId(index as u32))).collect();
    let columns = columns(hir, &drafts);
    let (mut rows, mut sample_rows) = (Vec::new(), Vec::new());
    let mut read_ids: HashMap<usize, Vec<EventId>> = HashMap::new();
    for draft in drafts {
        let new = || draft.reads.events().iter().map(|event| ids[event]).collect();
        let reads = read_ids.entry(draft.reads.address()).or_insert_with(new).clone();
        match draft.each.as_ref().map(|event| ids[event]) {
            Some(event) => sample_rows.push(sample_row(hir, draft, event, reads)),
            None => rows.push(row(draft, reads, &ids)),
        }
    }
    Program {
        prediction: Prediction {
            name: prediction.name.clone(),
            header: prediction.header.clone(),
            lower: prediction.range.lower,
            upper: prediction.range.upper,
            decision: prediction.decision,
        },
        weight: hir.weight.as_ref().map(|weight| Weight { name: weight.name.clone(), header: weight.header.clone() }),
        columns,
        params: params(hir),
        rows,
        sample_rows,
        events: events.iter().cloned().collect(),
        partitions: Vec::new(),
        relations,
    }
}

/// The events of all rows; those that rows share are looked at once.
fn all_events(drafts: &[Draft]) -> BTreeSet<Event> {
    let mut events: BTreeSet<Event> = drafts.iter().flat_map(own_events).cloned().collect();
    let mut seen = HashSet::new();
    for draft in drafts {
        if seen.insert(draft.reads.address()) {
            events.extend(draft.reads.events().iter().cloned());
        }
    }
    events
}

/// The events of the terms of a row, and that of its samples.
fn own_events(draft: &Draft) -> impl Iterator<Item = &Event> {
    let conditions = draft.row.terms.keys().filter_map(Quantity::event);
    conditions.chain(&draft.each)
}

/// Every data expression of a row.
pub(super) fn data_of(draft: &Draft) -> impl Iterator<Item = &Data> {
    let factors = draft.row.terms.keys().flat_map(Quantity::of_samples);
    draft.row.terms.values().chain(factors).chain(&draft.row.lower).chain(&draft.row.upper)
}

/// How many parts the expressions and events of a row have.
pub(super) fn parts_of(row: &super::sides::Sided) -> usize {
    let terms = row.terms.iter().map(|(quantity, coefficient)| {
        coefficient.parts()
            + match quantity {
                Quantity::Prediction | Quantity::Second => 1,
                Quantity::Aggregate { .. } | Quantity::Distance { .. } | Quantity::Bent { .. } => {
                    let data = quantity.of_samples().map(Data::parts).sum::<usize>();
                    data + quantity.event().map_or(0, Event::parts)
                }
            }
    });
    terms.sum::<usize>() + row.lower.iter().chain(&row.upper).map(Data::parts).sum::<usize>()
}

/// How deep the expressions and events of a row nest.
pub(super) fn depth_of(draft: &Draft) -> usize {
    let data = data_of(draft).map(Data::depth).max().unwrap_or(0);
    own_events(draft).map(Event::depth).max().unwrap_or(0).max(data).max(draft.reads.depth())
}

/// The headers that a row reads.
pub(super) fn headers_of(draft: &Draft) -> BTreeSet<String> {
    let mut headers = draft.reads.headers().clone();
    for data in data_of(draft) {
        headers.extend(data.columns_read().into_iter().map(str::to_string));
    }
    for event in own_events(draft) {
        headers.extend(event.columns_read().into_iter().map(str::to_string));
    }
    headers
}

fn columns(hir: &Hir, drafts: &[Draft]) -> Vec<Column> {
    let read: BTreeSet<String> = drafts.iter().flat_map(headers_of).collect();
    let mut columns: Vec<Column> =
        hir.columns.iter().filter(|column| read.contains(&column.header)).map(super::scope::column).collect();
    columns.sort_by(|a, b| a.header.cmp(&b.header));
    columns
}

/// The relations that rows are about; where their tables are, from the folder of the main file.
fn relations(hir: &Hir, drafts: &[Draft], sources: &Sources) -> Vec<Relation> {
    let read: BTreeSet<_> = drafts.iter().filter_map(|draft| draft.pairs).collect();
    let folder = |source| Path::new(sources.name(source)).parent().unwrap_or(Path::new(""));
    let main = folder(SourceId(0));
    let mut relations: Vec<Relation> = read
        .into_iter()
        .map(|id| {
            let relation = &hir[id];
            let file = relation.file.as_ref().map(|file| {
                let path = folder(relation.span.source).join(file);
                path.strip_prefix(main).unwrap_or(&path).to_string_lossy().into_owned()
            });
            let [name, key, first, second] = [&relation.name, &relation.key, &relation.first, &relation.second];
            let [name, key, first, second] = [name, key, first, second].map(String::clone);
            Relation { name, file, key, first, second }
        })
        .collect();
    relations.sort_by(|a, b| a.name.cmp(&b.name));
    relations
}

fn params(hir: &Hir) -> Vec<Param> {
    let param = |param: &crate::hir::Param| Param { name: param.name.clone(), value: param.value, range: param.range };
    let mut params: Vec<Param> = hir.params.iter().map(param).collect();
    params.sort_by(|a, b| a.name.cmp(&b.name));
    params
}

fn row(draft: Draft, reads: Vec<EventId>, ids: &BTreeMap<&Event, EventId>) -> Row {
    let id = |event: &Event| ids[event];
    let mut terms = Vec::new();
    for (quantity, coefficient) in draft.row.terms {
        match quantity {
            Quantity::Aggregate { event, aggregate, factor } => {
                terms.push(Term { coefficient, aggregate, factor, event: id(&event), at: None });
            }
            Quantity::Bent { event, aggregate, factor, at } => {
                terms.push(Term { coefficient, aggregate, factor, event: id(&event), at: Some(at) });
            }
            // Those of single samples stand inside of aggregates, and under `each`.
            Quantity::Prediction | Quantity::Second | Quantity::Distance { .. } => {}
        }
    }
    Row {
        terms,
        lower: draft.row.lower,
        upper: draft.row.upper,
        options: draft.options,
        reads,
        labels: draft.labels,
        origins: draft.origins,
    }
}

/// A row under `each`, which is for the samples of `event`.
fn sample_row(hir: &Hir, mut draft: Draft, event: EventId, reads: Vec<EventId>) -> SampleRow {
    let second = draft.row.terms.remove(&Quantity::Second).unwrap_or_else(Data::zero);
    SampleRow {
        pairs: draft.pairs.map(|relation| Pairs { relation: hir[relation].name.clone(), second }),
        event,
        // A condition on data alone has no term.
        coefficient: draft.row.terms.remove(&Quantity::Prediction).unwrap_or_else(Data::zero),
        lower: draft.row.lower,
        upper: draft.row.upper,
        options: draft.options,
        reads,
        labels: draft.labels,
        origins: draft.origins,
    }
}
