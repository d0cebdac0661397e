//! What each constraint alone asks for, of rows that several have in common.
//!
//! Rows with equal left sides are one row for whoever solves them, with the tightest of the sides. Whoever judges, prices or
//! blames goes by the *promised rows*: a row as one constraint asks for it, by its own sides and in the direction in which
//! its author wrote it.

use std::collections::BTreeSet;

use super::{Data, Origin, Program, Row, SampleRow, Term};

/// A row as one of the constraints that gave it asks for it: places in [`Program::rows`] and in the origins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromisedRow {
    pub row: usize,
    pub origin: usize,
}

/// Turns numbers of a row to the direction in which its author wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Direction {
    pub reversed: bool,
}

impl Direction {
    /// A value, a coefficient or a multiplier of the row.
    pub fn number(self, value: f64) -> f64 {
        // No negative zero.
        if self.reversed { -value + 0.0 } else { value }
    }

    /// Lower and upper side.
    pub fn sides(self, lower: f64, upper: f64) -> (f64, f64) {
        if self.reversed { (self.number(upper), self.number(lower)) } else { (lower, upper) }
    }

    /// Whether a side is the upper one, for the author.
    pub fn is_upper(self, upper: bool) -> bool {
        upper != self.reversed
    }

    /// The terms of a row with the signs and in the order for people: the first is not negative, if any is.
    pub fn terms(self, terms: &[Term]) -> Vec<(usize, Term)> {
        let turn = |(place, term): (usize, &Term)| {
            let mut term = term.clone();
            if self.reversed {
                term.coefficient = term.coefficient.neg();
            }
            (place, term)
        };
        let mut turned: Vec<(usize, Term)> = terms.iter().enumerate().map(turn).collect();
        if self.reversed {
            let negative = |term: &Term| term.coefficient.as_number().is_some_and(|value| value < 0.0);
            turned.sort_by_key(|(_, term)| negative(term));
        }
        turned
    }
}

impl Origin {
    pub fn direction(&self) -> Direction {
        Direction { reversed: self.reversed }
    }

    /// Whether its sides leave those of another origin of the same row nothing to add. Numbers compare; other expressions
    /// only where they are equal.
    pub fn covers(&self, other: &Origin) -> bool {
        let within = |tight: &Option<Data>, loose: &Option<Data>, upper: bool| match (tight, loose) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(tight), Some(loose)) => match (tight.as_number(), loose.as_number()) {
                (Some(a), Some(b)) if upper => a <= b,
                (Some(a), Some(b)) => a >= b,
                (_, _) => tight == loose,
            },
        };
        within(&self.lower, &other.lower, false) && within(&self.upper, &other.upper, true)
    }
}

impl Program {
    /// What the constraints ask for, row by row in their order.
    pub fn promised_rows(&self) -> Vec<PromisedRow> {
        of_rows(self.rows.iter().map(|row| row.origins.as_slice()))
    }

    /// The same of the per-sample rows.
    pub fn promised_sample_rows(&self) -> Vec<PromisedRow> {
        of_rows(self.sample_rows.iter().map(|row| row.origins.as_slice()))
    }

    /// The same with a row of its own for each promise, in the order of [`Program::promised_rows`], with the sides and the name
    /// of that promise alone: for questions about what single constraints ask for.
    pub fn by_promise(&self) -> Program {
        let row = |promised: PromisedRow| {
            let (row, origin) = (self.rows.get(promised.row)?, self.origin(promised)?);
            Some(row.of(row.terms.clone(), (origin.lower.clone(), origin.upper.clone()), origin))
        };
        let sample_row = |promised: PromisedRow| {
            let (row, origin) = (self.sample_rows.get(promised.row)?, self.sample_origin(promised)?);
            Some(row.of(row.coefficient.clone(), (origin.lower.clone(), origin.upper.clone()), origin))
        };
        Program {
            prediction: self.prediction.clone(),
            weight: self.weight.clone(),
            columns: self.columns.clone(),
            params: self.params.clone(),
            rows: self.promised_rows().into_iter().filter_map(row).collect(),
            sample_rows: self.promised_sample_rows().into_iter().filter_map(sample_row).collect(),
            events: self.events.clone(),
            partitions: self.partitions.clone(),
            relations: self.relations.clone(),
        }
    }

    pub fn origin(&self, promised: PromisedRow) -> Option<&Origin> {
        self.rows.get(promised.row).and_then(|row| row.origins.get(promised.origin))
    }

    pub fn sample_origin(&self, promised: PromisedRow) -> Option<&Origin> {
        self.sample_rows.get(promised.row).and_then(|row| row.origins.get(promised.origin))
    }

    /// A row as one constraint asks for it.
    pub fn promised(&self, promised: PromisedRow) -> Option<Row> {
        let (row, origin) = (self.rows.get(promised.row)?, self.origin(promised)?);
        let terms = origin.direction().terms(&row.terms).into_iter().map(|(_, term)| term).collect();
        Some(row.of(terms, turned_sides(origin), origin))
    }

    /// A per-sample row as one constraint asks for it.
    pub fn promised_sample(&self, promised: PromisedRow) -> Option<SampleRow> {
        let (row, origin) = (self.sample_rows.get(promised.row)?, self.sample_origin(promised)?);
        let turn = |data: &Data| if origin.reversed { data.clone().neg() } else { data.clone() };
        let pairs = row.pairs.as_ref().map(|pairs| super::Pairs { second: turn(&pairs.second), ..pairs.clone() });
        Some(SampleRow { pairs, ..row.of(turn(&row.coefficient), turned_sides(origin), origin) })
    }
}

type Sides = (Option<Data>, Option<Data>);

impl Row {
    /// The row of one of its origins alone. The others are not copied: a row may have very many.
    fn of(&self, terms: Vec<Term>, (lower, upper): Sides, origin: &Origin) -> Row {
        Row {
            terms,
            lower,
            upper,
            options: self.options,
            reads: self.reads.clone(),
            labels: self.labels.clone(),
            origins: vec![origin.clone()],
        }
    }
}

impl SampleRow {
    /// The row of one of its origins alone.
    fn of(&self, coefficient: Data, (lower, upper): Sides, origin: &Origin) -> SampleRow {
        SampleRow {
            event: self.event,
            coefficient,
            pairs: self.pairs.clone(),
            lower,
            upper,
            options: self.options,
            reads: self.reads.clone(),
            labels: self.labels.clone(),
            origins: vec![origin.clone()],
        }
    }
}

fn turned_sides(origin: &Origin) -> Sides {
    let (lower, upper) = (origin.lower.clone(), origin.upper.clone());
    if origin.reversed { (upper.map(Data::neg), lower.map(Data::neg)) } else { (lower, upper) }
}

/// `|a - b| <= t` over ordered pairs says the same twice: one constraint is asked once about a row with the same sides.
fn of_rows<'a>(rows: impl Iterator<Item = &'a [Origin]>) -> Vec<PromisedRow> {
    let mut all = Vec::new();
    for (row, origins) in rows.enumerate() {
        let mut known = BTreeSet::new();
        for (index, origin) in origins.iter().enumerate() {
            let Origin { constraint, file, start, end, lower, upper, .. } = origin;
            if known.insert((constraint, file, start, end, lower, upper)) {
                all.push(PromisedRow { row, origin: index });
            }
        }
    }
    all
}
