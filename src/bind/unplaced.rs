//! Samples that are in no level of a column: null, or a value that is not declared, which a column with `?` may have; and those in
//! no level of a group made of events or bins, of which none holds. Samples too that have no value of a column of numbers that a
//! condition reads: no comparison with it holds for them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The samples of a table that are in no level of a column or group, or have no number where a condition reads one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// Or the group.
    pub column: String,
    pub null: usize,
    pub undeclared: usize,
    /// Of a group: none of its events or bins holds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub no_event: usize,
    /// Of a column of numbers that conditions read: it has no value.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub no_value: usize,
    /// Undeclared values that differ from a level by case or outer space alone.
    pub near: Vec<NearMiss>,
    /// All others, those of most samples first, where they are few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<UndeclaredValue>,
}

/// A value that is no declared level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndeclaredValue {
    pub value: String,
    pub samples: usize,
}

/// An undeclared value that may have been meant as a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    pub value: String,
    pub level: String,
    pub samples: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Unplaced {
    pub(super) fn of_group(name: &str, no_event: usize) -> Unplaced {
        Unplaced { column: name.to_owned(), no_event, ..Unplaced::default() }
    }

    pub(super) fn of_numbers(header: &str, no_value: usize) -> Unplaced {
        Unplaced { column: header.to_owned(), no_value, ..Unplaced::default() }
    }

    /// All of them.
    pub fn samples(&self) -> usize {
        self.null + self.undeclared + self.no_event + self.no_value
    }

    /// Those of two parts of a table.
    pub fn together(first: &[Unplaced], second: &[Unplaced]) -> Vec<Unplaced> {
        let mut all = first.to_vec();
        for more in second {
            let Some(known) = all.iter_mut().find(|known| known.column == more.column) else {
                all.push(more.clone());
                continue;
            };
            known.values = known.joined(more);
            known.null += more.null;
            known.undeclared += more.undeclared;
            known.no_event += more.no_event;
            known.no_value += more.no_value;
            for miss in &more.near {
                let same = |known: &&mut NearMiss| (&known.level, &known.value) == (&miss.level, &miss.value);
                match known.near.iter_mut().find(same) {
                    Some(known) => known.samples += miss.samples,
                    None => known.near.push(miss.clone()),
                }
            }
            known.near.sort_by(|a, b| (&a.level, &a.value).cmp(&(&b.level, &b.value)));
        }
        all
    }

    /// The values of two parts; none where they are too many, or those of a part were.
    fn joined(&self, more: &Unplaced) -> Vec<UndeclaredValue> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for part in [self, more] {
            let near = part.near.iter().map(|miss| miss.samples).sum::<usize>();
            if part.values.is_empty() && part.undeclared > near {
                return Vec::new();
            }
            part.values.iter().for_each(|one| *counts.entry(&one.value).or_default() += one.samples);
        }
        few(counts.into_iter().map(|(value, samples)| UndeclaredValue { value: value.to_owned(), samples }).collect())
    }
}

/// The values in order; none of too many.
fn few(mut values: Vec<UndeclaredValue>) -> Vec<UndeclaredValue> {
    const MOST: usize = 64;
    values.sort_by(|a, b| b.samples.cmp(&a.samples).then_with(|| a.value.cmp(&b.value)));
    if values.len() > MOST { Vec::new() } else { values }
}

/// Counts them, batch by batch.
#[derive(Debug, Default)]
pub(super) struct Counter {
    null: usize,
    undeclared: usize,
    /// Undeclared values seen, and the level that each is near to.
    seen: HashMap<String, (Option<usize>, usize)>,
}

impl Counter {
    /// More different values are not kept: no list of levels is that long by mistake.
    const MOST: usize = 4096;

    pub(super) fn null(&mut self) {
        self.null += 1;
    }

    pub(super) fn undeclared(&mut self, value: String, levels: &[String]) {
        self.undeclared += 1;
        if let Some((_, samples)) = self.seen.get_mut(&value) {
            *samples += 1;
        } else if self.seen.len() < Counter::MOST {
            let folded = fold(&value);
            let near = levels.iter().position(|level| fold(level) == folded);
            self.seen.insert(value, (near, 1));
        }
    }

    /// None if every sample is in a level.
    pub(super) fn finish(&self, column: &str, levels: &[String]) -> Option<Unplaced> {
        if self.null + self.undeclared == 0 {
            return None;
        }
        let near = self.seen.iter().filter_map(|(value, (near, samples))| {
            let level = levels.get((*near)?)?.clone();
            Some(NearMiss { value: value.clone(), level, samples: *samples })
        });
        let mut near: Vec<NearMiss> = near.collect();
        near.sort_by(|a, b| (&a.level, &a.value).cmp(&(&b.level, &b.value)));
        let others = self.seen.iter().filter(|(_, (near, _))| near.is_none());
        let values = others.map(|(value, (_, samples))| UndeclaredValue { value: value.clone(), samples: *samples });
        let values = if self.seen.len() < Counter::MOST { few(values.collect()) } else { Vec::new() };
        let (null, undeclared) = (self.null, self.undeclared);
        Some(Unplaced { column: column.to_owned(), null, undeclared, near, values, ..Unplaced::default() })
    }
}

/// Without case and outer space.
pub(super) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
