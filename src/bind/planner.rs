//! Gathers what the rows of a program read, each thing once.

use std::collections::{BTreeMap, BTreeSet};

use crate::language::program::{
    ColumnType, Data, Enforce, Event, EventId, Names, Partition, Program, PromisedRow, RAW, Row, RowOptions, SampleRow,
};

use super::centre::{Centres, Centring};
use super::columns::{ColumnKind, PlannedColumn};
use super::error::{BindError, unsupported};
use super::formula::{Formula, Resolve, SampleNames, Unresolved};
use super::measure::Measure;
use super::params::Params;
use super::plan::{
    At, EncodeOptions, Factor, Left, OwnSides, Plan, PlannedRelation, PlannedRow, PlannedSampleRow, PlannedTerm,
    Purpose, Raw, Relations, Split,
};
use super::reads::{ReadColumns, pair_row_columns, row_columns, sample_row_columns};
use super::shape::{Part, Shape};
use super::visible::visible_events;

/// Factors of categorical columns refine the cells as long as they have at most this many combinations of levels.
const FINEST: usize = 64;

impl Plan {
    /// Prepares a program for a table with the given headers.
    pub(super) fn new(
        program: &Program,
        params: &Params,
        headers: &[String],
        options: &EncodeOptions,
    ) -> Result<Plan, Vec<BindError>> {
        let mut present: BTreeSet<&str> = headers.iter().map(String::as_str).collect();
        if options.raw != Raw::Unknown {
            present.insert(RAW);
        }
        let mut planner = Planner::new(program, params);
        planner.raw_in_data = options.raw != Raw::ByBatch;
        let mut errors = Vec::new();
        let (rows, left) = planner.choose_rows(&present, options);
        let (relations, mut left_samples) = planner.choose_pair_rows(&present, options);
        errors.extend(relations.iter().filter_map(|planned| planned.refused(&options.relations)));
        let sample_rows = planner.choose_sample_rows(&present, options, &mut left_samples);
        let rows = rows.into_iter().filter_map(|row| planner.row(row).map_err(|e| errors.push(e)).ok()).collect();
        let sample_rows = sample_rows
            .into_iter()
            .filter_map(|promised| planner.sample_row(promised).map_err(|e| errors.push(e)).ok())
            .collect();
        planner.required = planner.headers().into_iter().map(str::to_owned).collect();
        if options.visible {
            let enforced = |row: &&Row| row.options.enforce != Enforce::Train || options.purpose != Purpose::Inference;
            for event in program.rows.iter().filter(enforced).flat_map(|row| visible_events(program, row)) {
                planner.event(&event);
            }
        }
        let watched = options.watch.iter().map(|event| planner.watched(event, &present)).collect();
        let mut plan = planner.finish(&mut errors);
        plan.watched = watched;
        plan.relations = relations;
        (plan.rows, plan.sample_rows, plan.left, plan.left_samples) = (rows, sample_rows, left, left_samples);
        plan.find_bases();
        if options.raw == Raw::ByBatch {
            errors.extend(raw_events(&plan));
        }
        if errors.is_empty() { Ok(plan) } else { Err(errors) }
    }
}

/// Where predictions come with each batch, the cells of samples cannot depend on them.
fn raw_events(plan: &Plan) -> Option<BindError> {
    let raw = plan.raw?;
    let reads = |part: &Part| match part {
        Part::Place { value, .. } => value.has_leaf(|leaf| matches!(leaf, Formula::Column(index) if *index == raw)),
        Part::Level { .. } => false,
    };
    let text = plan.event_texts.iter().find(|text| text.contains("raw("));
    let event = text.cloned().unwrap_or_default();
    plan.parts.iter().any(reads).then_some(BindError::RawEvent { event })
}

/// Gathers what the rows read.
pub(super) struct Planner<'a> {
    program: &'a Program,
    params: &'a Params,
    events: BTreeMap<Event, usize>,
    /// For each event of the program, its place among `events`, once it has one.
    places: Vec<Option<usize>>,
    factors: BTreeMap<Data, usize>,
    needed: Vec<BTreeSet<usize>>,
    totals: BTreeMap<(Measure, usize), usize>,
    /// Columns of levels that only rows which take no part read: their samples in no level are counted all the same.
    counted: BTreeSet<&'a str>,
    /// The columns that rows which take part read.
    required: BTreeSet<String>,
    /// Raw predictions are known when the data are encoded.
    raw_in_data: bool,
}

impl<'a> Planner<'a> {
    fn new(program: &'a Program, params: &'a Params) -> Planner<'a> {
        Planner {
            program,
            params,
            events: BTreeMap::new(),
            places: vec![None; program.events.len()],
            factors: BTreeMap::new(),
            needed: Vec::new(),
            totals: BTreeMap::new(),
            counted: BTreeSet::new(),
            required: BTreeSet::new(),
            raw_in_data: true,
        }
    }

    /// The rows of means that take part, and why the others do not.
    fn choose_rows(&mut self, present: &BTreeSet<&str>, options: &EncodeOptions) -> (Vec<usize>, Vec<(usize, Left)>) {
        let (mut rows, mut left) = (Vec::new(), Vec::new());
        if matches!(options.relations, Relations::Joined(_)) {
            return (rows, left);
        }
        let mut shared = ReadColumns::default();
        for (index, row) in self.program.rows.iter().enumerate() {
            let columns = row_columns(self.program, row, &mut shared);
            match self.reason_to_leave(&columns, row.options, present, options) {
                Some(reason) => {
                    left.push((index, reason));
                    self.count(&columns, present);
                }
                None => rows.push(index),
            }
        }
        (rows, left)
    }

    /// The relations of rows about pairs that take part, and why the other rows about pairs do not.
    fn choose_pair_rows(
        &self,
        present: &BTreeSet<&str>,
        options: &EncodeOptions,
    ) -> (Vec<PlannedRelation>, Vec<(usize, Left)>) {
        let (mut relations, mut left) = (Vec::new(), Vec::new());
        if matches!(options.relations, Relations::Joined(_)) {
            return (relations, left);
        }
        for (index, row) in self.program.sample_rows.iter().enumerate().filter(|(_, row)| row.pairs.is_some()) {
            let columns = pair_row_columns(self.program, row);
            let read = columns.iter().map(|column| column.header).collect();
            match self.reason_to_leave(&read, row.options, present, options) {
                Some(reason) => left.push((index, reason)),
                None => PlannedRelation::add(&mut relations, self.program, index, &columns),
            }
        }
        (relations, left)
    }

    /// The promises about single samples, or about pairs once these are joined, that take part.
    fn choose_sample_rows(
        &mut self,
        present: &BTreeSet<&str>,
        options: &EncodeOptions,
        left: &mut Vec<(usize, Left)>,
    ) -> Vec<PromisedRow> {
        let promised = self.program.promised_sample_rows();
        let joined = matches!(options.relations, Relations::Joined(_));
        let here = |row: &SampleRow| (joined || row.pairs.is_none()) && options.relations.are_of(row);
        let mut chosen = Vec::new();
        for (index, row) in self.program.sample_rows.iter().enumerate().filter(|(_, row)| here(row)) {
            let columns = sample_row_columns(self.program, row);
            let hidden = columns.iter().find(|header| options.visible && self.is_label(header));
            let hidden = hidden.map(|label| Left::LabelHidden { label: (*label).to_owned() });
            match self.reason_to_leave(&columns, row.options, present, options).or(hidden) {
                Some(reason) => {
                    left.push((index, reason));
                    self.count(&columns, present);
                }
                None => chosen.extend(promised.iter().filter(|promised| promised.row == index)),
            }
        }
        chosen
    }

    /// Notes the columns of a row that takes no part.
    fn count(&mut self, columns: &BTreeSet<&'a str>, present: &BTreeSet<&str>) {
        let levels = |header: &&&str| {
            let column = self.program.column(header);
            column.is_some_and(|column| matches!(column.ty, ColumnType::Categorical(_))) && present.contains(**header)
        };
        self.counted.extend(columns.iter().filter(levels));
    }

    fn reason_to_leave(
        &self,
        columns: &BTreeSet<&str>,
        row: RowOptions,
        present: &BTreeSet<&str>,
        options: &EncodeOptions,
    ) -> Option<Left> {
        let absent = columns.iter().find(|header| self.is_label(header) && !present.contains(**header));
        let absent = absent.map(|label| match (*label).to_owned() {
            label if options.without_labels => Left::LabelUnread { label },
            label => Left::LabelAbsent { label },
        });
        let raw = (columns.contains(RAW) && !present.contains(RAW)).then_some(Left::RawAbsent);
        let training = row.enforce == Enforce::Train && options.purpose == Purpose::Inference;
        absent.or_else(|| training.then_some(Left::TrainingOnly)).or(raw)
    }

    pub(super) fn event(&mut self, event: &Event) -> usize {
        if let Some(&known) = self.events.get(event) {
            return known;
        }
        let index = self.events.len();
        self.events.insert(event.clone(), index);
        index
    }

    /// An event to watch; no sample is in one that reads a label, or predictions, which the data do not have.
    fn watched(&mut self, event: &Event, present: &BTreeSet<&str>) -> usize {
        let absent = |header: &&str| (self.is_label(header) || *header == RAW) && !present.contains(header);
        let event = if event.columns_read().iter().any(absent) { &Event::Never } else { event };
        self.event(event)
    }

    fn is_label(&self, header: &str) -> bool {
        self.program.column(header).is_some_and(|column| column.label)
    }

    fn program_event(&mut self, id: EventId) -> usize {
        let (program, index) = (self.program, id.0 as usize);
        if let Some(known) = self.places.get(index).copied().flatten() {
            return known;
        }
        let place = self.event(&program[id]);
        if let Some(known) = self.places.get_mut(index) {
            *known = Some(place);
        }
        place
    }

    /// The factor, needed in an event; none for 1.
    pub(super) fn factor(&mut self, data: &Data, event: usize) -> Option<usize> {
        if data.is_one() {
            return None;
        }
        let next = self.factors.len();
        let index = *self.factors.entry(data.clone()).or_insert(next);
        if index == next {
            self.needed.push(BTreeSet::new());
        }
        self.needed[index].insert(event);
        Some(index)
    }

    pub(super) fn total(&mut self, of: Measure, event: usize) -> Formula {
        let next = self.totals.len();
        Formula::Total(*self.totals.entry((of, event)).or_insert(next))
    }

    fn row(&mut self, index: usize) -> Result<PlannedRow, BindError> {
        let program = self.program;
        let row = &program.rows[index];
        let name = row.origins.first().map_or_else(String::new, |origin| origin.name.clone());
        let own = row.origins.iter().flat_map(|origin| origin.lower.iter().chain(&origin.upper));
        let sides: Vec<&Data> = row.lower.iter().chain(&row.upper).chain(own).collect();
        let centres = if row.is_convex() { Centres::default() } else { Centres::of(program, row, &sides) };
        let mut terms = Vec::with_capacity(row.terms.len());
        for term in &row.terms {
            let coefficient = self.formula(&term.coefficient, &name)?;
            let event = self.program_event(term.event);
            let of = Measure { factor: self.factor(&term.factor, event), powers: Vec::new() };
            let at = term.at.as_ref().map(|at| At(self.factor(at, event)));
            terms.push(PlannedTerm { coefficient, aggregate: term.aggregate, of, event, at });
        }
        let mut written = None;
        if let Some(central) = Centring::new(&centres).terms(program, row).filter(|_| !centres.is_empty()) {
            let central: Result<Vec<PlannedTerm>, BindError> =
                central.iter().map(|term| self.central_term(term, &name)).collect();
            written = Some(std::mem::replace(&mut terms, central?));
        }
        let mut side = |side: &Option<Data>| match side {
            Some(data) => self.side(data, &centres, &name).map(Some),
            None => Ok(None),
        };
        let (lower, upper) = (side(&row.lower)?, side(&row.upper)?);
        let mut own = Vec::new();
        if row.origins.len() > 1 {
            for origin in &row.origins {
                let (lower, upper) = (side(&origin.lower)?, side(&origin.upper)?);
                own.push(OwnSides { name: origin.name.clone(), text: origin.text.clone(), lower, upper });
            }
        }
        let reads = row.reads.iter().map(|&id| self.program_event(id)).collect();
        let text = program.row_text(row, &Names::of(program));
        Ok(PlannedRow { row: index, name, text, terms, written, lower, upper, own, options: row.options, reads })
    }

    fn sample_row(&mut self, promised: PromisedRow) -> Result<PlannedSampleRow, BindError> {
        let program = self.program;
        let missing = || unsupported("?", "a row that does not exist");
        let origin = program.sample_origin(promised).ok_or_else(missing)?;
        let row = program.promised_sample(promised).ok_or_else(missing)?;
        let name = origin.name.clone();
        if row.options.soft.is_some() {
            return Err(unsupported(&name, "`soft` on an `each` constraint"));
        }
        let event = self.program_event(row.event);
        let mut split = |data: &Data| -> Result<Split, BindError> {
            let parts = data.split_columns().into_iter().map(|(coefficient, factor)| {
                let coefficient = self.formula(&coefficient, &name)?;
                Ok((coefficient, self.factor(&factor, event)))
            });
            parts.collect()
        };
        let coefficient = split(&row.coefficient)?;
        let second = row.pairs.as_ref().map(|pairs| split(&pairs.second)).transpose()?;
        let lower = row.lower.as_ref().map(&mut split).transpose()?;
        let upper = row.upper.as_ref().map(&mut split).transpose()?;
        let text = program.sample_row_text(&row, &Names::of(program));
        let reads = row.reads.iter().map(|&id| self.program_event(id)).collect();
        let PromisedRow { row: index, origin } = promised;
        Ok(PlannedSampleRow {
            reads,
            row: index,
            origin,
            name,
            text,
            event,
            second,
            coefficient,
            lower,
            upper,
            options: row.options,
        })
    }

    fn finish(self, errors: &mut Vec<BindError>) -> Plan {
        let columns = self.columns();
        let partitions: Vec<&Partition> = self.program.partitions.iter().filter(|it| self.knows(&it.event)).collect();
        let places: BTreeMap<String, usize> =
            columns.iter().enumerate().map(|(i, column)| (column.header.clone(), i)).collect();
        let mut fixed = vec![false; self.program.params.len()];
        let mut names = SampleNames { program: self.program, params: self.params, columns: &places, fixed: &mut fixed };
        let mut parts = super::shape::Parts::new(&columns);
        let (events, factors) = (in_order(&self.events), in_order(&self.factors));
        let mut factors: Vec<Factor> = factors
            .into_iter()
            .zip(self.needed)
            .map(|(data, needed)| factor(self.program, data, needed, &columns, &mut names, errors))
            .collect();
        for factor in &mut factors {
            factor.by_cell = factor.by_cell && parts.refine(&factor.columns);
        }
        for event in events.iter().copied().chain(partitions.iter().map(|partition| &partition.event)) {
            if let Err(reason) = parts.collect(event, &mut names) {
                let text = event.text(&Names::of(self.program));
                errors.push(reason.told(&text, "an aggregate in the condition of an event"));
            }
        }
        parts.sort();
        // An event that cannot be told has been reported.
        let shapes = events.iter().map(|event| parts.shape(event, &mut names).unwrap_or(Shape::Never)).collect();
        let partitions = partitions
            .into_iter()
            .filter_map(|partition| Some((partition.name.clone(), parts.shape(&partition.event, &mut names)?)))
            .collect();
        let human = Names::of(self.program);
        let program_events = self.program.events.iter().map(|event| self.events.get(event).copied()).collect();
        let valued = self.params.iter(self.program).enumerate().zip(&fixed);
        let fixed_params = valued
            .filter(|(_, fixed)| **fixed)
            .map(|((index, (name, value)), _)| (index, name.to_owned(), value))
            .collect();
        Plan {
            raw: columns.iter().position(|column| column.header == RAW),
            event_texts: events.iter().map(|event| event.text(&human)).collect(),
            parts: parts.finish(),
            columns,
            events: events.into_iter().cloned().collect(),
            shapes,
            program_events,
            partitions,
            watched: Vec::new(),
            factors,
            totals: in_order(&self.totals).into_iter().cloned().collect(),
            atoms: Vec::new(),
            centres: Vec::new(),
            bases: Vec::new(),
            rows: Vec::new(),
            sample_rows: Vec::new(),
            left: Vec::new(),
            left_samples: Vec::new(),
            relations: Vec::new(),
            fixed: fixed_params,
            bounds: (self.program.prediction.lower, self.program.prediction.upper),
            judging: false,
            within: None,
        }
    }

    /// Whether rows that take part read all columns of an event, from the data.
    fn knows(&self, event: &Event) -> bool {
        let known = |header: &str| self.required.contains(header) && (header != RAW || self.raw_in_data);
        event.columns_read().into_iter().all(known)
    }

    /// What events and factors read so far.
    fn headers(&self) -> BTreeSet<&str> {
        let mut headers: BTreeSet<&str> = self.events.keys().flat_map(Event::columns_read).collect();
        headers.extend(self.factors.keys().flat_map(Data::columns_read));
        headers
    }

    /// The columns that events and factors read, and those in which samples are only counted, by header.
    fn columns(&self) -> Vec<PlannedColumn> {
        let mut headers = self.headers();
        headers.extend(&self.counted);
        let declared = headers.into_iter().filter_map(|header| self.program.column(header));
        let planned = declared.map(|column| PlannedColumn {
            header: column.header.clone(),
            name: column.name.clone(),
            // Where no row that takes part reads it there is nothing to refuse.
            nullable: column.nullable || !self.required.contains(&column.header),
            kind: match &column.ty {
                ColumnType::Categorical(levels) => ColumnKind::Levels(levels.clone()),
                ColumnType::Real(range) => ColumnKind::Number { range: *range, whole: false },
                ColumnType::Int(range) => ColumnKind::Number { range: *range, whole: true },
            },
        });
        planned.collect()
    }
}

fn factor(
    program: &Program,
    data: &Data,
    needed: BTreeSet<usize>,
    columns: &[PlannedColumn],
    names: &mut SampleNames,
    errors: &mut Vec<BindError>,
) -> Factor {
    let text = data.text(&Names::of(program));
    let formula = Formula::of(data, names).unwrap_or_else(|reason| {
        errors.push(reason.told(&text, "an aggregate inside a product of columns"));
        Formula::Number(f64::NAN)
    });
    // A header without a column has been reported with the formula.
    let places: Vec<usize> =
        data.sample_columns().into_iter().filter_map(|header| names.columns.get(header).copied()).collect();
    let combinations = places.iter().try_fold(1_usize, |product, &place| match &columns[place].kind {
        ColumnKind::Levels(levels) => product.checked_mul(levels.len() + 1),
        ColumnKind::Number { .. } => None,
    });
    let data = data.clone();
    Factor { data, formula, text, columns: places, by_cell: combinations.is_some_and(|c| c <= FINEST), needed }
}

/// The keys of a map from things to their places, by place.
fn in_order<K>(map: &BTreeMap<K, usize>) -> Vec<&K> {
    let mut list: Vec<(&K, usize)> = map.iter().map(|(key, &place)| (key, place)).collect();
    list.sort_by_key(|&(_, place)| place);
    list.into_iter().map(|(key, _)| key).collect()
}

/// The names of coefficients and sides: one number for the batch.
pub(super) struct BatchNames<'a, 'b>(pub &'a mut Planner<'b>);

impl Resolve for BatchNames<'_, '_> {
    fn param(&mut self, name: &str) -> Result<Formula, Unresolved> {
        self.0.program.param_place(name).map(Formula::Param).ok_or_else(|| Unresolved::Name(name.to_owned()))
    }

    fn column(&mut self, header: &str) -> Result<Formula, Unresolved> {
        // One number for the batch has no samples to read a column of.
        Err(Unresolved::Name(header.to_owned()))
    }

    fn total(&mut self, value: &Data, event: &Event) -> Result<Formula, Unresolved> {
        if value.reads_totals() {
            return Err(Unresolved::Aggregate);
        }
        let event = self.0.event(event);
        let of = Measure { factor: self.0.factor(value, event), powers: Vec::new() };
        Ok(self.0.total(of, event))
    }
}
