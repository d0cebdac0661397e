//! Relations: pairs of samples, from a table of their own.
//!
//! A row about pairs reads columns of the first sample, of the second, and of the pair. In the canonical form they are columns
//! whose headers say so; no table has them, since no name in a spec has a backtick.

use serde::{Deserialize, Serialize};

use super::data::Data;
use super::{Program, SampleRow};

/// A table of pairs of samples, which are named by their keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    pub name: String,
    /// Where its table is, from the folder of the spec. No part of the fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The header of the keys in the data.
    pub key: String,
    /// The headers, in its table, of the keys of the first and of the second sample.
    pub first: String,
    pub second: String,
}

/// What makes a row under `each` one about pairs: `lower ≤ coefficient · ŷ_first + second · ŷ_second ≤ upper`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pairs {
    /// The name of the relation.
    pub relation: String,
    /// The coefficient of the second sample.
    pub second: Data,
}

/// Whose column it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    First,
    Second,
    Pair,
}

/// The column of one of the samples of a pair, or of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairColumn<'a> {
    pub relation: &'a str,
    pub owner: Owner,
    /// The header in the data, of a column of the pair in the table of the relation.
    pub header: &'a str,
}

impl<'a> PairColumn<'a> {
    /// The header that stands for it: ``"`near`.first.`level`"``.
    pub fn canonical(&self) -> String {
        let owner = match self.owner {
            Owner::First => "first",
            Owner::Second => "second",
            Owner::Pair => "pair",
        };
        format!("`{}`.{owner}.`{}`", self.relation, self.header)
    }

    /// What a header stands for, if it stands for such a column.
    pub fn of(header: &'a str) -> Option<PairColumn<'a>> {
        let (relation, rest) = header.strip_prefix('`')?.split_once("`.")?;
        let (owner, rest) = rest.split_once(".`")?;
        let owner = match owner {
            "first" => Owner::First,
            "second" => Owner::Second,
            "pair" => Owner::Pair,
            _ => return None,
        };
        Some(PairColumn { relation, owner, header: rest.strip_suffix('`')? })
    }
}

impl Program {
    /// The relation of this name.
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        let place = self.relations.binary_search_by(|relation| relation.name.as_str().cmp(name)).ok()?;
        self.relations.get(place)
    }

    /// The rows under `each` that are about pairs, with their places.
    pub fn pair_rows(&self) -> impl Iterator<Item = (usize, &SampleRow, &Pairs)> {
        let rows = self.sample_rows.iter().enumerate();
        rows.filter_map(|(place, row)| Some((place, row, row.pairs.as_ref()?)))
    }
}
