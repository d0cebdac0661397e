//! What the rewrites look things up in: the checked tree, and the values of the binders at hand.

use std::cell::Cell;

use crate::hir::{BinderId, ColumnId, GroupId, GroupLevel, Hir, LevelIndex, Value};
use crate::program::{ColumnType, Level, Universe};
use crate::span::{Sources, Span};

use super::error::{Finding, Kind};

/// One instance of a constraint.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub hir: &'a Hir,
    pub sources: &'a Sources,
    pub universe: &'a Universe,
    pub tables: &'a Tables,
    pub work: &'a Work,
    /// The value of each binder, as an index into its values; `None` out of scope.
    pub binders: &'a [Option<usize>],
}

/// Where each level of a column or group stands.
pub(super) struct Tables {
    columns: Vec<LevelIndex>,
    groups: Vec<LevelIndex>,
}

impl Tables {
    pub fn of(hir: &Hir) -> Tables {
        let of_column = |column: &crate::hir::Column| match &column.ty {
            ColumnType::Categorical(levels) => {
                LevelIndex::new(levels.iter().map(|level| (level.text.as_str(), level.number)))
            }
            ColumnType::Real(_) | ColumnType::Int(_) => LevelIndex::default(),
        };
        let of_group =
            |group: &crate::hir::Group| LevelIndex::new(group.levels.iter().map(|level| (level.text.as_str(), None)));
        Tables {
            columns: hir.columns.iter().map(of_column).collect(),
            groups: hir.groups.iter().map(of_group).collect(),
        }
    }
}

/// The most parts of expressions that all rows of a spec may be made from; see docs/language.md.
const MOST_PARTS: usize = 50_000_000;

/// Counts the parts of expressions that are gone through, over the whole spec.
#[derive(Default)]
pub(super) struct Work(Cell<usize>);

impl Work {
    pub fn spend(&self, parts: usize, span: Span) -> Result<(), Finding> {
        self.0.set(self.0.get().saturating_add(parts));
        if self.0.get() <= MOST_PARTS {
            return Ok(());
        }
        Err(Finding::new(Kind::TooLarge { limit: MOST_PARTS, unit: "parts of expressions" }, span))
    }
}

impl<'a> Scope<'a> {
    /// The value that a binder in scope stands for.
    pub fn value(&self, binder: BinderId) -> &'a Value {
        match self.binders[binder.0] {
            Some(index) => &self.hir[binder].values[index],
            None => unreachable!("`{}` is read outside of its quantifier", self.hir[binder].name),
        }
    }

    pub fn header(&self, column: ColumnId) -> &'a str {
        &self.hir[column].header
    }

    /// The levels of a categorical column.
    pub fn levels(&self, column: ColumnId) -> &'a [Level] {
        match &self.hir[column].ty {
            ColumnType::Categorical(levels) => levels,
            ColumnType::Real(_) | ColumnType::Int(_) => {
                unreachable!("`{}` has no levels", self.hir[column].name)
            }
        }
    }

    /// The level of a column that a value stands for.
    pub fn level_of(&self, column: ColumnId, value: &Value) -> Option<&'a Level> {
        let place = self.tables.columns[column.0].find(&value.text, value.number)?;
        Some(&self.levels(column)[place])
    }

    /// The level of a group that a value stands for.
    pub fn group_level_of(&self, group: GroupId, value: &Value) -> Option<&'a GroupLevel> {
        let place = self.tables.groups[group.0].find(&value.text, None)?;
        Some(&self.hir[group].levels[place])
    }
}
