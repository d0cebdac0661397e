//! A relaxation of what programs ask: rows as inequalities between what is the same for all data, which is means of events,
//! and what only the data tell.
//!
//! The mean of the prediction over an event is a variable. Whatever else a row reads that is not known without data (a
//! base rate, a sum, a covariance) is a variable too: of most of them nothing is known but that equal expressions have
//! equal values, which is enough for much; of means of columns also their range.

use std::collections::{BTreeMap, BTreeSet};

use super::implication::Claim;
use super::kinds::{Constants, Kinds, Settings, Unlisted};
use super::linear::Linear;
use super::structure::{Family, Hulls, Structure};
use super::weights::{Mean, Weights};
use crate::language::program::{
    Aggregate, Column, ColumnType, Data, Enforce, Event, EventId, Function, Program, Row, SampleRow,
};

/// A program with the values of its params; those that are not given may have any value of their range.
#[derive(Clone, Copy, Debug)]
pub struct Spec<'a> {
    pub program: &'a Program,
    pub params: &'a Settings,
}

/// What only the data tell: the expression, and the values of the params that it reads.
#[derive(Clone, Debug, PartialEq)]
enum Unknown {
    Value(Data, Vec<f64>),
    Term(Data, Aggregate, Data, Event, Vec<f64>),
}

/// What keeps two programs from being compared without data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Different {
    #[error("the two specs declare `{header}` differently")]
    Column { header: String },
    #[error("the two specs weight samples differently")]
    Weights,
}

/// A side of a row: whether it is the upper, and what it says.
pub type Half = (bool, Claim);

/// One or two programs without data: their variables, in which rows are linear.
#[derive(Debug)]
pub struct Relaxation<'a> {
    specs: Vec<Spec<'a>>,
    columns: BTreeMap<String, &'a Column>,
    /// One for each variable that is the mean over an event; remainders have none.
    pub events: Vec<Event>,
    family: Family,
    hulls: Hulls,
    /// Per program and event, its variable.
    places: Vec<Vec<usize>>,
    unknowns: Vec<(Unknown, (f64, f64))>,
    /// The kinds of samples, or why they could not be enumerated.
    pub kinds: Result<Kinds, Unlisted>,
    /// Of those that no row can tell apart, one.
    pub chosen: Vec<usize>,
}

impl<'a> Relaxation<'a> {
    /// # Errors
    /// If the programs declare a column differently, or weight samples differently.
    pub fn new(specs: &[Spec<'a>], most: usize) -> Result<Relaxation<'a>, Different> {
        let columns = shared_columns(specs)?;
        let weight = |spec: &Spec<'a>| spec.program.weight.as_ref().map(|weight| weight.header.as_str());
        if specs.windows(2).any(|pair| weight(&pair[0]) != weight(&pair[1])) {
            return Err(Different::Weights);
        }
        let mut listed: Vec<(&Event, &Settings)> = Vec::new();
        for spec in specs {
            listed.extend(spec.program.events.iter().map(|event| (event, spec.params)));
        }
        let own = listed.len();
        let mut numbers = BTreeSet::new();
        for spec in specs {
            for data in numbers_of(spec.program) {
                numbers.extend(data.columns_read());
                listed.extend(data.events().into_iter().map(|event| (event, spec.params)));
            }
        }
        let kinds = Kinds::of(&listed, &numbers, &columns).and_then(|kinds| match kinds.total * listed.len() > most {
            true => Err(Unlisted::TooManyLooks),
            false => Ok(kinds),
        });
        let sets = kinds.as_ref().map(|kinds| kinds.members(&listed)).unwrap_or_default();
        let chosen = match &kinds {
            Ok(kinds) => representatives(kinds, &sets, &numbers),
            Err(_) => Vec::new(),
        };
        let mut relaxation = Relaxation {
            specs: specs.to_vec(),
            columns,
            events: Vec::new(),
            family: Family { members: Vec::new() },
            hulls: Hulls { hulls: Vec::new(), remainders: Vec::new(), exact: false },
            places: Vec::new(),
            unknowns: Vec::new(),
            kinds,
            chosen,
        };
        relaxation.place(&listed[..own], &sets);
        Ok(relaxation)
    }

    /// A variable for each event; one for all that have the same samples.
    fn place(&mut self, listed: &[(&Event, &Settings)], sets: &[Vec<usize>]) {
        let enumerated = self.kinds.is_ok();
        let mut variables = Vec::new();
        for (index, (event, _)) in listed.iter().enumerate() {
            let set = sets.get(index).map_or_else(Vec::new, |set| self.chosen_of(set));
            let known = match enumerated {
                true => self.family.members.iter().position(|other| *other == set),
                false => self.events.iter().position(|other| other == *event),
            };
            variables.push(known.unwrap_or_else(|| {
                self.family.members.push(set);
                self.events.push((*event).clone());
                self.events.len() - 1
            }));
        }
        let mut variables = variables.into_iter();
        let counts = self.specs.iter().map(|spec| spec.program.events.len());
        self.places = counts.map(|count| variables.by_ref().take(count).collect()).collect();
        if enumerated {
            self.hulls = self.family.hulls();
        }
    }

    /// The places among the chosen kinds of those in a set.
    fn chosen_of(&self, set: &[usize]) -> Vec<usize> {
        let chosen = self.chosen.iter().enumerate();
        chosen.filter(|(_, kind)| set.binary_search(kind).is_ok()).map(|(place, _)| place).collect()
    }

    /// The sides of a row of a program.
    pub fn halves(&mut self, spec: usize, row: &Row) -> Vec<Half> {
        let Some(&Spec { program, params }) = self.specs.get(spec) else { return Vec::new() };
        let mut entries: Vec<(usize, f64)> = Vec::new();
        for term in &row.terms {
            let value = term.coefficient.evaluate(&Constants(params));
            let plain = term.aggregate == Aggregate::Mean && term.factor.is_one() && value.is_finite();
            match (plain, program.event(term.event)) {
                (true, _) => {
                    let place = self.places.get(spec).and_then(|places| places.get(term.event.0 as usize));
                    add(&mut entries, place.copied().unwrap_or(usize::MAX), value);
                }
                (false, Some(event)) => {
                    let (scale, rest) = scaled(&term.coefficient);
                    let read = read_params([&rest, &term.factor], Some(event), params);
                    let unknown = Unknown::Term(rest, term.aggregate, term.factor.clone(), event.clone(), read);
                    let place = self.unknown(unknown, (f64::NEG_INFINITY, f64::INFINITY));
                    add(&mut entries, place, scale);
                }
                (false, None) => {}
            }
        }
        let mut halves = Vec::new();
        for (upper, side, extremum) in [(true, &row.upper, Function::Min), (false, &row.lower, Function::Max)] {
            let Some(side) = side else { continue };
            let parts = match side {
                Data::Call(function, parts) if *function == extremum => parts.as_slice(),
                whole => std::slice::from_ref(whole),
            };
            let sign = if upper { 1.0 } else { -1.0 };
            for part in parts {
                let (constant, unknown) = self.affine(spec, part);
                let mut claim = Claim {
                    entries: entries.iter().map(|&(place, value)| (place, sign * value)).collect(),
                    limit: sign * constant,
                };
                unknown.into_iter().for_each(|(place, value)| add(&mut claim.entries, place, -sign * value));
                claim.entries.retain(|(_, value)| *value != 0.0);
                if claim.limit < f64::INFINITY {
                    halves.push((upper, claim));
                }
            }
        }
        halves
    }

    /// A number as a constant and multiples of variables.
    fn affine(&mut self, spec: usize, data: &Data) -> (f64, Vec<(usize, f64)>) {
        let Some(&Spec { params, .. }) = self.specs.get(spec) else { return (0.0, Vec::new()) };
        let value = data.evaluate(&Constants(params));
        if !value.is_nan() {
            return (value, Vec::new());
        }
        let mut sum = (0.0, Vec::new());
        let single = [(1.0, data.clone())];
        let terms = match data {
            Data::Sum { constant, terms } => {
                sum.0 = *constant;
                terms.as_slice()
            }
            _ => &single,
        };
        for (scale, monomial) in terms {
            let value = monomial.evaluate(&Constants(params));
            if !value.is_nan() {
                sum.0 += scale * value;
                continue;
            }
            // `eps · rate` where `eps` is known.
            let (mut scale, mut rest) = (*scale, monomial.clone());
            if let Data::Product(factors) = monomial {
                let number = |(factor, power): &(Data, f64)| {
                    let value = Data::Product(vec![(factor.clone(), *power)]).evaluate(&Constants(params));
                    value.is_finite().then_some(value)
                };
                scale *= factors.iter().filter_map(number).product::<f64>();
                let kept: Vec<(Data, f64)> =
                    factors.iter().filter(|factor| number(factor).is_none()).cloned().collect();
                rest = match &kept[..] {
                    [(only, 1.0)] => only.clone(),
                    _ => Data::Product(kept),
                };
            }
            let range = self.range(spec, &rest);
            let read = read_params([&rest], None, params);
            let place = self.unknown(Unknown::Value(rest, read), range);
            add(&mut sum.1, place, scale);
        }
        sum
    }

    /// The places among the chosen kinds of those in an event, where kinds are known.
    pub fn members(&self, spec: usize, event: EventId) -> Option<Vec<usize>> {
        let place = *self.places.get(spec)?.get(event.0 as usize)?;
        self.kinds.as_ref().ok().and_then(|_| self.family.members.get(place).cloned())
    }

    /// What is known of a number without data.
    fn range(&self, spec: usize, data: &Data) -> (f64, f64) {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        let Some(Spec { program, .. }) = self.specs.get(spec) else { return all };
        match data {
            Data::Param(name) => program.param(name).map_or(all, |param| (param.range.lower, param.range.upper)),
            Data::Product(_) => match mean_of(data) {
                Some((Data::Column(header), _)) => self.columns.get(header).map_or(all, |column| column_range(column)),
                Some(_) | None => all,
            },
            _ => all,
        }
    }

    fn unknown(&mut self, unknown: Unknown, range: (f64, f64)) -> usize {
        let known = self.unknowns.iter().position(|(other, _)| *other == unknown);
        let place = known.unwrap_or_else(|| {
            self.unknowns.push((unknown, range));
            self.unknowns.len() - 1
        });
        self.events.len() + self.hulls.remainders.len() + place
    }

    /// Whether rows read what only the data tell.
    pub fn has_unknowns(&self) -> bool {
        !self.unknowns.is_empty()
    }

    /// The intervals of all variables, where the first program bounds predictions.
    pub fn intervals(&self) -> Vec<(f64, f64)> {
        let kinds = self.boxes();
        let bounds = self.specs.first().map(|spec| &spec.program.prediction);
        let bounds = bounds.map_or((f64::NEG_INFINITY, f64::INFINITY), |bounds| (bounds.lower, bounds.upper));
        let sets = self.family.members.iter().chain(&self.hulls.remainders);
        let mean = |set: &Vec<usize>| {
            let boxes = set.iter().filter_map(|kind| kinds.get(*kind));
            let hull = |(lo, hi): (f64, f64), (least, most): &(f64, f64)| (lo.min(*least), hi.max(*most));
            if set.is_empty() { bounds } else { boxes.fold((f64::INFINITY, f64::NEG_INFINITY), hull) }
        };
        sets.map(mean).chain(self.unknowns.iter().map(|(_, range)| *range)).collect()
    }

    /// What bounds and per-sample rows of the first program allow the predictions of each chosen kind.
    pub fn boxes(&self) -> Vec<(f64, f64)> {
        let (Some(spec), Some(places)) = (self.specs.first(), self.places.first()) else { return Vec::new() };
        let bounds = &spec.program.prediction;
        let mut boxes = vec![(bounds.lower, bounds.upper); self.chosen.len()];
        // A row that reads events takes no part in data that lack one of them.
        // Rows about pairs bound no single prediction.
        let always = |row: &&SampleRow| {
            let all_data = row.reads.is_empty() && row.options.min_count <= 1;
            all_data && row.options.soft.is_none() && row.pairs.is_none()
        };
        for row in spec.program.sample_rows.iter().filter(always) {
            let Some((lower, upper)) = sample_bounds(row, spec.params) else { continue };
            let set = places.get(row.event.0 as usize).and_then(|&place| self.family.members.get(place));
            for &kind in set.into_iter().flatten() {
                if let Some((lo, hi)) = boxes.get_mut(kind) {
                    (*lo, *hi) = (lo.max(lower), hi.min(upper));
                }
            }
        }
        boxes
    }

    /// What is known of the means of events; call it when all rows have been read.
    pub fn structure(&self, most_cases: usize) -> Structure {
        let weights = self.kinds.as_ref().ok().map(|kinds| {
            let events = self.family.members.iter().enumerate();
            let mut means: Vec<Mean> = events
                .filter(|(_, set)| !set.is_empty())
                .map(|(variable, set)| Mean { variable, kinds: set.iter().map(|kind| (*kind, None)).collect() })
                .collect();
            let base = self.events.len() + self.hulls.remainders.len();
            for (place, (unknown, _)) in self.unknowns.iter().enumerate() {
                means.extend(self.known_mean(kinds, unknown).map(|kinds| Mean { variable: base + place, kinds }));
            }
            Weights { means, boxes: self.boxes() }
        });
        Structure { hulls: self.hulls.clone(), weights, most_cases }
    }

    /// The kinds in the event of a mean of a column of levels, with their values; of other columns not all are known.
    fn known_mean(&self, kinds: &Kinds, unknown: &Unknown) -> Option<Vec<(usize, Option<f64>)>> {
        let Unknown::Value(data, _) = unknown else { return None };
        let (Data::Column(header), event) = mean_of(data).filter(|(_, event)| event.params().is_empty())? else {
            return None;
        };
        let closed = |column: &&Column| matches!(column.ty, ColumnType::Categorical(_)) && !column.nullable;
        self.columns.get(header).copied().filter(closed)?;
        let none = Settings::new();
        let samples = self.chosen.iter().enumerate().map(|(place, kind)| (place, kinds.sample(*kind)));
        let within = samples.filter(|(_, sample)| event.holds(&sample.with(&none)));
        let kinds: Vec<_> = within.map(|(place, sample)| (place, Some(sample.number(header)))).collect();
        (!kinds.is_empty()).then_some(kinds)
    }

    /// The lines of the premises and the rows that they come from.
    pub fn premises(&mut self, rows: impl Iterator<Item = usize>) -> (Linear, Vec<(usize, bool)>) {
        let (mut linear, mut origins) = (Linear::default(), Vec::new());
        let Some(spec) = self.specs.first().copied() else { return (linear, origins) };
        for index in rows {
            let Some(row) = spec.program.rows.get(index) else { continue };
            for (upper, claim) in self.halves(0, row) {
                origins.push((index, upper));
                linear.lines.push(claim.line());
            }
        }
        linear.intervals = self.intervals();
        (linear, origins)
    }
}

/// One kind for each that events and numbers tell apart.
fn representatives(kinds: &Kinds, sets: &[Vec<usize>], numbers: &BTreeSet<&str>) -> Vec<usize> {
    let mut signatures: Vec<Vec<u64>> = vec![Vec::new(); kinds.total];
    for (index, set) in sets.iter().enumerate() {
        for kind in set {
            signatures[*kind].push(index as u64);
        }
    }
    let mut seen = BTreeSet::new();
    let signatures = signatures.into_iter().enumerate();
    let new = signatures.filter(|(kind, events)| {
        let sample = kinds.sample(*kind);
        let values: Vec<u64> = numbers.iter().map(|header| sample.number(header).to_bits()).collect();
        seen.insert((events.clone(), values))
    });
    new.map(|(kind, _)| kind).collect()
}

/// The data expressions of a program.
fn numbers_of(program: &Program) -> Vec<&Data> {
    let mut numbers: Vec<&Data> = Vec::new();
    for row in &program.rows {
        numbers.extend(row.terms.iter().flat_map(|term| [&term.coefficient, &term.factor]));
        numbers.extend(row.lower.iter().chain(&row.upper));
    }
    for row in program.sample_rows.iter().filter(|row| row.pairs.is_none()) {
        numbers.extend([&row.coefficient].into_iter().chain(&row.lower).chain(&row.upper));
    }
    numbers.retain(|data| data.as_number().is_none());
    numbers
}

/// The columns of the programs, which must agree on those that they share.
fn shared_columns<'a>(specs: &[Spec<'a>]) -> Result<BTreeMap<String, &'a Column>, Different> {
    let mut columns: BTreeMap<String, &Column> = BTreeMap::new();
    for column in specs.iter().flat_map(|spec| &spec.program.columns) {
        match columns.get(&column.header) {
            Some(known) if known.ty != column.ty || known.nullable != column.nullable => {
                return Err(Different::Column { header: column.header.clone() });
            }
            Some(_) => {}
            None => {
                columns.insert(column.header.clone(), column);
            }
        }
    }
    Ok(columns)
}

/// The bounds of a per-sample row, if they are the same for all samples and data.
pub fn sample_bounds(row: &SampleRow, params: &Settings) -> Option<(f64, f64)> {
    let scale = row.coefficient.evaluate(&Constants(params));
    let side = |side: &Option<Data>, none: f64| side.as_ref().map_or(none, |side| side.evaluate(&Constants(params)));
    let (a, b) = (side(&row.lower, f64::NEG_INFINITY) / scale, side(&row.upper, f64::INFINITY) / scale);
    (!a.is_nan() && !b.is_nan() && scale != 0.0).then(|| (a.min(b), a.max(b)))
}

/// Whether a row is in force wherever another of its program is: it does not give way, and asks for no more samples,
/// labels or training than the other.
pub fn holds_beside(premise: &Row, row: &Row) -> bool {
    let enforced = premise.options.enforce == Enforce::Always || row.options.enforce == Enforce::Train;
    let known = premise.labels.iter().all(|label| row.labels.contains(label));
    let enough =
        premise.options.min_count <= row.options.min_count && premise.reads.iter().all(|id| row.reads.contains(id));
    premise.options.soft.is_none() && enforced && known && (premise.options.min_count <= 1 || enough)
}

/// `Total(value, event) / Total(1, event)`.
fn mean_of(data: &Data) -> Option<(&Data, &Event)> {
    let Data::Product(factors) = data else { return None };
    let power = |wanted: f64| factors.iter().find(|(_, power)| *power == wanted).map(|(factor, _)| factor);
    match (factors.len(), power(1.0)?, power(-1.0)?) {
        (2, Data::Total { value, event }, Data::Total { value: one, event: whole })
            if one.is_one() && event == whole =>
        {
            Some((value, event))
        }
        _ => None,
    }
}

fn column_range(column: &Column) -> (f64, f64) {
    match &column.ty {
        ColumnType::Real(range) | ColumnType::Int(range) => (range.lower, range.upper),
        ColumnType::Categorical(levels) => {
            let numbers = levels.iter().map(|level| level.number.unwrap_or(f64::NAN));
            let hull = |(lo, hi): (f64, f64), value: f64| (value.min(lo), value.max(hi));
            numbers.fold((f64::INFINITY, f64::NEG_INFINITY), hull)
        }
    }
}

/// A number pulled out of a coefficient.
fn scaled(coefficient: &Data) -> (f64, Data) {
    match coefficient {
        Data::Number(value) => (*value, Data::Number(1.0)),
        Data::Sum { constant: 0.0, terms } => match &terms[..] {
            [(scale, monomial)] => (*scale, monomial.clone()),
            _ => (1.0, coefficient.clone()),
        },
        other => (1.0, other.clone()),
    }
}

/// The values of the params that expressions read; those of equal names may differ between two programs.
fn read_params<const N: usize>(data: [&Data; N], event: Option<&Event>, params: &Settings) -> Vec<f64> {
    let mut names: BTreeSet<&str> = data.iter().flat_map(|data| data.params()).collect();
    names.extend(event.into_iter().flat_map(Event::params));
    names.into_iter().filter_map(|name| params.get(name).copied()).collect()
}

fn add(entries: &mut Vec<(usize, f64)>, place: usize, value: f64) {
    match entries.iter_mut().find(|(known, _)| *known == place) {
        Some((_, sum)) => *sum += value,
        None => entries.push((place, value)),
    }
}
