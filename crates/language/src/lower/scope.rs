//! What the rewrites look things up in: the checked tree, and the values of the binders at hand.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::hir::{BinderId, ColumnId, GroupId, Hir, LevelIndex, LevelRef, ParamId, TableId, Value};
use crate::program::{Column, ColumnType, Event, Level, Universe};
use crate::span::{Sources, Span};
use crate::words::product_text;

use super::error::{Finding, Kind};
use super::marks::Indicators;

/// What all scopes of a spec share.
pub(super) struct Ground {
    universe: Universe,
    tables: Tables,
    work: Work,
    indicators: Indicators,
}

impl Ground {
    pub fn of(hir: &Hir) -> Ground {
        let declared: Vec<Column> = hir.columns.iter().map(column).collect();
        let (universe, tables) = (Universe::new(&declared), Tables::of(hir));
        Ground { universe, tables, work: Work::default(), indicators: Indicators::default() }
    }

    /// Where no binder has a value.
    pub fn outside<'a>(&'a self, hir: &'a Hir, sources: &'a Sources) -> Scope<'a> {
        let Ground { universe, tables, work, indicators } = self;
        Scope { hir, sources, universe, tables, work, indicators, binders: &[], fold: None }
    }
}

/// A declared column, as the program keeps it.
pub(super) fn column(column: &crate::hir::Column) -> Column {
    Column {
        header: column.header.clone(),
        name: column.name.clone(),
        label: column.label,
        ty: column.ty.clone(),
        nullable: column.nullable,
    }
}

/// One instance of a constraint.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub hir: &'a Hir,
    pub sources: &'a Sources,
    pub universe: &'a Universe,
    pub tables: &'a Tables,
    pub work: &'a Work,
    pub indicators: &'a Indicators,
    /// The value of each binder, as an index into its values; `None` out of scope.
    pub binders: &'a [Option<usize>],
    /// The values of the binders of the fold at hand, which stand before those of the statement.
    pub fold: Option<&'a Bound<'a>>,
}

/// The binders of a fold at one of its elements.
#[derive(Clone, Copy)]
pub(super) struct Bound<'a> {
    pub values: &'a [(BinderId, usize)],
    pub outer: Option<&'a Bound<'a>>,
}

/// Where each level of a column, group or table of params stands.
pub(super) struct Tables {
    columns: Vec<LevelIndex>,
    groups: Vec<LevelIndex>,
    params: Vec<LevelIndex>,
    /// The events of levels of groups, which no binder changes, once asked for.
    events: RefCell<HashMap<(GroupId, usize), Event>>,
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
        let of_table = |table: &crate::hir::Table| {
            LevelIndex::new(table.levels.iter().map(|level| (level.text.as_str(), level.number)))
        };
        Tables {
            columns: hir.columns.iter().map(of_column).collect(),
            groups: hir.groups.iter().map(of_group).collect(),
            params: hir.tables.iter().map(of_table).collect(),
            events: RefCell::default(),
        }
    }

    pub fn known_event(&self, group: GroupId, level: usize) -> Option<Event> {
        self.events.borrow().get(&(group, level)).cloned()
    }

    pub fn keep_event(&self, group: GroupId, level: usize, event: Event) {
        self.events.borrow_mut().insert((group, level), event);
    }
}

/// The most parts of expressions that all rows of a spec may be made from; see docs/language.md.
const MOST_PARTS: usize = 50_000_000;

pub(super) fn too_much(span: Span) -> Finding {
    Finding::new(Kind::TooLarge { limit: MOST_PARTS, unit: "parts of expressions" }, span)
}

/// Counts the parts of expressions that are gone through, over the whole spec.
#[derive(Default)]
pub(super) struct Work {
    spent: Cell<usize>,
    /// What is wrong with an expression that had to be given some value.
    failed: RefCell<Option<Finding>>,
}

impl Work {
    pub fn spend(&self, parts: usize, span: Span) -> Result<(), Finding> {
        self.spent.set(self.spent.get().saturating_add(parts));
        if self.spent.get() <= MOST_PARTS {
            return Ok(());
        }
        Err(too_much(span))
    }

    /// Whether so many parts can still be gone through.
    pub fn affords(&self, parts: usize) -> bool {
        self.spent.get().saturating_add(parts) <= MOST_PARTS
    }

    /// Notes the first mistake where a value is needed to go on.
    pub fn fail(&self, finding: Finding) {
        self.failed.borrow_mut().get_or_insert(finding);
    }

    pub fn take_failed(&self) -> Option<Finding> {
        self.failed.take()
    }
}

impl<'a> Scope<'a> {
    /// The value that a binder in scope stands for.
    pub fn value(&self, binder: BinderId) -> &'a Value {
        let mut fold = self.fold;
        while let Some(bound) = fold {
            if let Some((_, index)) = bound.values.iter().find(|(id, _)| *id == binder) {
                return &self.hir[binder].values[*index];
            }
            fold = bound.outer;
        }
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
    pub fn group_level_of(&self, group: GroupId, value: &Value) -> Option<usize> {
        self.tables.groups[group.0].find(&value.text, None)
    }

    /// The param of a table for the levels that stand there, one for each of its domains.
    pub fn param_of(&self, table: TableId, at: &'a [LevelRef]) -> ParamId {
        let value = |level: &'a LevelRef| match level {
            LevelRef::Binder(binder) => self.value(*binder),
            LevelRef::Level(value) => value,
        };
        let known = &self.hir[table];
        let found = match at {
            [only] => {
                let value = value(only);
                self.tables.params[table.0].find(&value.text, value.number)
            }
            several => {
                let texts = several.iter().zip(&known.products);
                let text = product_text(texts.map(|(level, product)| (*product, value(level).text.as_str())));
                self.tables.params[table.0].find(&text, None)
            }
        };
        match found {
            Some(level) => known.param(level),
            None => unreachable!("there is no such level of `{}`", known.name),
        }
    }
}
