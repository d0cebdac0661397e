//! From codes to cells.
//!
//! Each sample has one code per part. Distinct tuples of codes are numbered as they appear; for each new tuple the
//! events are evaluated once. Tuples with the same events, and the same values of the factors that are constant by cell,
//! are one cell in the end. Cells are in the order of these signatures, which does not depend on the order of the data.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::formula::Scope;
use super::plan::Plan;
use super::shape::Part;

/// The largest product of code counts for which tuples are found in a table instead of a hash map.
const TABLE: u64 = 1 << 20;
const NONE: u32 = u32::MAX;

/// One bit for each event.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn of(flags: impl Iterator<Item = bool>) -> Bits {
        let mut words = Vec::new();
        for (i, flag) in flags.enumerate() {
            if i % 64 == 0 {
                words.push(0);
            }
            if let Some(word) = words.last_mut() {
                *word |= u64::from(flag) << (i % 64);
            }
        }
        Bits(words)
    }

    pub(super) fn get(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The indices of the bits that are set.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(i, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    64 * i + bit
                })
            })
        })
    }
}

/// What makes a cell: the events that it lies in, and the values of the factors that are constant in it. Part of the
/// state of a stream, so that the cells have the same numbers after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellKey {
    pub events: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
    /// What deviations in the cell are from, for each factor whose deviations are read. Whoever meets the cell first
    /// chooses them; they do not tell cells apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<f64>,
}

impl CellKey {
    /// What tells it from other cells.
    pub(super) fn identity(&self) -> Identity {
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup();
        // Equal numbers have equal bits but for the two zeros, and no value is NaN.
        Identity { events, values: self.values.iter().map(|value| (value + 0.0).to_bits()).collect() }
    }

    /// Its events, of so many.
    pub(super) fn bits(&self, events: usize) -> Bits {
        Bits::of((0..events as u32).map(|event| self.events.contains(&event)))
    }
}

/// A cell's events, ascending, and the bits of its values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    events: Vec<u32>,
    values: Vec<u64>,
}

/// One distinct tuple of codes.
#[derive(Clone, Debug)]
pub(super) struct Tuple {
    pub events: Bits,
    /// The factors that a row needs for samples with these codes.
    pub needed: Bits,
    /// The values of the factors that are constant by cell; 0 for one that is not needed.
    pub values: Vec<f64>,
    /// The needed factors that are constant by cell and have no finite value.
    pub undefined: Vec<usize>,
    /// The groups in no level of which such a sample is.
    pub outside: Vec<usize>,
}

/// Codes whose product of counts fits a table or a 64-bit key.
#[derive(Debug)]
struct Group {
    parts: std::ops::Range<usize>,
    strides: Vec<u64>,
    numbers: Numbers,
}

#[derive(Debug)]
enum Numbers {
    Table(Vec<u32>),
    Map(HashMap<(u32, u64), u32>),
}

/// Numbers the distinct tuples of codes.
#[derive(Debug)]
pub(super) struct Tuples {
    groups: Vec<Group>,
    counts: Vec<u32>,
    pub list: Vec<Tuple>,
    keys: Vec<u64>,
}

impl Tuples {
    pub(super) fn new(parts: &[Part]) -> Tuples {
        let mut groups: Vec<Group> = Vec::new();
        let mut start = 0;
        while start < parts.len() || groups.is_empty() {
            let (mut product, mut strides, mut end) = (1_u64, Vec::new(), start);
            while let Some(larger) = parts.get(end).and_then(|part| product.checked_mul(part.codes() as u64)) {
                strides.push(product);
                (product, end) = (larger, end + 1);
            }
            let table = product <= TABLE && groups.is_empty() && end == parts.len();
            let numbers =
                if table { Numbers::Table(vec![NONE; product as usize]) } else { Numbers::Map(HashMap::new()) };
            groups.push(Group { parts: start..end, strides, numbers });
            start = end.max(start + 1);
        }
        Tuples { counts: vec![0; groups.len()], groups, list: Vec::new(), keys: Vec::new() }
    }

    /// The tuple of each sample of a batch, appended to `tuples`; `codes` has one list for each part.
    pub(super) fn number(
        &mut self,
        plan: &Plan,
        codes: &[Vec<u32>],
        rows: usize,
        levels: &dyn Fn(usize, u32) -> f64,
        tuples: &mut Vec<u32>,
    ) {
        let first = tuples.len();
        tuples.resize(first + rows, 0);
        let last = self.groups.len().saturating_sub(1);
        for (g, group) in self.groups.iter_mut().enumerate() {
            self.keys.clear();
            self.keys.resize(rows, 0);
            for (codes, stride) in codes[group.parts.clone()].iter().zip(&group.strides) {
                self.keys.iter_mut().zip(codes).for_each(|(key, &code)| *key += u64::from(code) * stride);
            }
            if let Numbers::Table(table) = &group.numbers
                && all_known(table, &self.keys, &mut tuples[first..])
            {
                continue;
            }
            let (count, list) = (&mut self.counts[g], &mut self.list);
            for (row, (state, &key)) in tuples.iter_mut().skip(first).zip(&self.keys).enumerate() {
                let number = match &mut group.numbers {
                    Numbers::Table(table) => &mut table[key as usize],
                    Numbers::Map(map) => map.entry((*state, key)).or_insert(NONE),
                };
                if *number == NONE {
                    *number = *count;
                    *count += 1;
                    if g == last {
                        list.push(Tuple::new(plan, codes, row, levels));
                    }
                }
                *state = *number;
            }
        }
    }

    /// For each tuple its cell, and for each cell its signature.
    pub(super) fn cells(&self) -> (Vec<u32>, Vec<&Tuple>) {
        let mut cells: BTreeMap<(&Bits, Vec<u64>), Vec<usize>> = BTreeMap::new();
        for (index, tuple) in self.list.iter().enumerate() {
            // Equal numbers have equal bits: a zero is never negative, and an undefined value is an error.
            let values = tuple.values.iter().map(|value| (value + 0.0).to_bits()).collect();
            cells.entry((&tuple.events, values)).or_default().push(index);
        }
        let mut of_tuple = vec![0; self.list.len()];
        let mut signatures = Vec::with_capacity(cells.len());
        for (cell, members) in cells.values().enumerate() {
            signatures.extend(members.first().map(|&index| &self.list[index]));
            for &index in members {
                of_tuple[index] = cell as u32;
            }
        }
        (of_tuple, signatures)
    }
}

/// Looks up the numbers of keys, and whether all have one.
fn all_known(table: &[u32], keys: &[u64], numbers: &mut [u32]) -> bool {
    numbers.iter_mut().zip(keys).fold(true, |all, (number, &key)| {
        *number = table[key as usize];
        all & (*number != NONE)
    })
}

/// The cells of the tuples that were seen.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// The cell of each tuple.
    pub of_tuple: Vec<u32>,
    /// For each cell, the events that it lies in.
    pub events: Arc<[Bits]>,
    /// By factor, its value in each cell; none where it differs within cells.
    pub values: Vec<Option<Arc<[f64]>>>,
}

impl Cells {
    /// Takes in tuples that are new; without any, nothing is done.
    pub(super) fn refresh(&mut self, tuples: &Tuples, plan: &Plan) {
        if self.of_tuple.len() == tuples.list.len() && self.values.len() == plan.factors.len() {
            return;
        }
        let (of_tuple, signatures) = tuples.cells();
        let value = |index: usize| move |tuple: &&Tuple| tuple.values[index];
        let values = plan.factors.iter().enumerate();
        self.values = values
            .map(|(index, factor)| factor.by_cell.then(|| signatures.iter().map(value(index)).collect()))
            .collect();
        self.events = signatures.iter().map(|tuple| tuple.events.clone()).collect();
        self.of_tuple = of_tuple;
    }
}

impl Tuple {
    pub(super) fn new(plan: &Plan, codes: &[Vec<u32>], row: usize, levels: &dyn Fn(usize, u32) -> f64) -> Tuple {
        let own: Vec<u32> = codes.iter().map(|codes| codes[row]).collect();
        let events = Bits::of(plan.shapes.iter().map(|shape| shape.holds(&own)));
        let needed = Bits::of(plan.factors.iter().map(|factor| factor.needed.iter().any(|&event| events.get(event))));
        let mut columns = vec![Vec::new(); plan.columns.len()];
        for (part, &code) in plan.parts.iter().zip(&own) {
            if let Part::Level { column, .. } = part {
                columns[*column] = vec![levels(*column, code)];
            }
        }
        let scope = Scope { columns: &columns, ..Scope::default() };
        let mut undefined = Vec::new();
        let values = plan.factors.iter().enumerate().map(|(index, factor)| {
            if !factor.by_cell || !needed.get(index) {
                return 0.0;
            }
            let value = factor.formula.value(&scope);
            if value.is_finite() {
                value
            } else {
                undefined.push(index);
                0.0
            }
        });
        let values = values.collect();
        let partitions = plan.partitions.iter().enumerate();
        let outside = partitions.filter(|(_, (_, inside))| !inside.holds(&own)).map(|(place, _)| place).collect();
        Tuple { events, needed, values, undefined, outside }
    }
}
