//! What has levels: columns and groups, their levels by text and by value, and what is no level of them.

use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Fix;
use crate::hir::{ColumnId, GroupId, LevelIndex, Value};
use crate::program::ColumnType;
use crate::span::Span;
use crate::syntax::ast;
use crate::words::{is_null, listed, product_text};

use super::name::Found;
use super::{Checker, Env, Finding, Kind, MOST_LISTED, Symbol};

/// Something that has levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Category {
    Column(ColumnId),
    Group(GroupId),
}

/// The levels of a category.
#[derive(Debug)]
pub(super) struct Levels {
    pub values: Arc<[Value]>,
    pub index: LevelIndex,
    /// All are numbers, and there are some.
    pub numeric: bool,
}

impl Levels {
    fn new(values: Arc<[Value]>) -> Levels {
        let index = index_of(&values);
        let numeric = !values.is_empty() && values.iter().all(|value| value.number.is_some());
        Levels { values, index, numeric }
    }
}

pub(super) fn index_of(values: &[Value]) -> LevelIndex {
    LevelIndex::new(values.iter().map(|value| (value.text.as_str(), value.number)))
}

impl<'a> Checker<'a> {
    /// Whether the name may be a level of this group.
    pub(super) fn group_has(&mut self, group: &'a ast::Name, level: &ast::Name, env: &Env<'a>) -> bool {
        let Found::Symbol(Symbol::Group(index)) = self.look_up(group, env) else { return false };
        // Of a group with a mistake, which has been told, nothing more is known.
        let Some(id) = self.resolve_group(index, group.span) else { return true };
        self.category_levels(Category::Group(id)).index.find(&level.text, None).is_some()
    }

    pub(super) fn is_categorical(&self, column: ColumnId) -> bool {
        matches!(self.hir.columns.get(column.0).map(|column| &column.ty), Some(ColumnType::Categorical(_)))
    }

    /// Whether this is a column of levels that are no numbers, or a group.
    pub(super) fn has_levels(&mut self, expr: &'a ast::Expr, env: &Env<'a>) -> bool {
        let ast::ExprKind::Name(name) = &expr.bare().kind else { return false };
        match self.look_up(name, env) {
            Found::Symbol(Symbol::Column(column)) => {
                let category = Category::Column(column);
                self.is_categorical(column) && !self.category_levels(category).numeric
            }
            Found::Symbol(Symbol::Group(_)) => true,
            Found::Symbol(
                Symbol::Prediction
                | Symbol::Weight
                | Symbol::Param(_)
                | Symbol::Table(_)
                | Symbol::Let(_)
                | Symbol::Event(_)
                | Symbol::Key(_)
                | Symbol::Relation(_),
            )
            | Found::Binder(_)
            | Found::Argument(..)
            | Found::Level(..)
            | Found::Open { .. }
            | Found::Broken
            | Found::Nothing => false,
        }
    }

    /// The levels of a category, listed once.
    pub(super) fn category_levels(&mut self, category: Category) -> Rc<Levels> {
        if let Some(known) = self.levels.get(&category) {
            return known.clone();
        }
        let levels = Rc::new(Levels::new(self.list_levels(category).into()));
        self.levels.insert(category, levels.clone());
        levels
    }

    fn list_levels(&self, category: Category) -> Vec<Value> {
        match category {
            Category::Column(id) => match self.hir.columns.get(id.0).map(|column| (&column.ty, column.span)) {
                Some((ColumnType::Categorical(levels), span)) => {
                    levels.iter().map(|level| Value { text: level.text.clone(), number: level.number, span }).collect()
                }
                Some((ColumnType::Real(_) | ColumnType::Int(_), _)) | None => Vec::new(),
            },
            Category::Group(id) => self.hir.groups.get(id.0).map_or_else(Vec::new, |group| {
                let value = |text: &str| Value { text: text.to_string(), number: None, span: Span::default() };
                group.levels.iter().map(|level| value(&level.text)).collect()
            }),
        }
    }

    pub(super) fn category_name(&self, category: Category) -> String {
        match category {
            Category::Column(id) => self.hir.columns.get(id.0).map(|column| column.name.clone()),
            Category::Group(id) => self.hir.groups.get(id.0).map(|group| group.name.clone()),
        }
        .unwrap_or_default()
    }

    pub(super) fn level_of(&mut self, category: Category, value: &Value) -> Option<usize> {
        let found = self.category_levels(category).index.find(&value.text, value.number);
        match found {
            Some(level) => Some(level),
            None => self.unknown_level(category, value, value.span),
        }
    }

    pub(super) fn unknown_level<T>(&mut self, category: Category, value: &Value, span: Span) -> Option<T> {
        let levels = self.category_levels(category).values.clone();
        let column = self.category_name(category);
        self.no_such_level(value, column, &levels, span)
    }

    pub(super) fn no_such_level<T>(&mut self, value: &Value, column: String, known: &[Value], span: Span) -> Option<T> {
        let similar = self.suggest(&value.text, known.iter().map(|level| level.text.as_str()));
        let levels = listed(known.iter().map(|level| &level.text), MOST_LISTED);
        let fix = similar.as_ref().filter(|_| self.call.is_none() && self.sources.text(span) == value.text);
        let fix = fix.map(|similar| Fix::one(span, crate::program::text::name(similar), false));
        let hint = is_null(&value.text).then(|| null_hint(&column, known));
        let (similar, fix) = if hint.is_some() { (None, None) } else { (similar, fix) };
        let kind = Kind::UnknownLevel { level: value.text.clone(), column, levels, similar, hint };
        self.report(Finding::new(kind, span).mended(fix));
        None
    }
}

/// Every level in braces, where they are few.
pub(super) fn braced(known: &[Value]) -> Option<String> {
    let names = known.iter().map(|level| match level.number {
        Some(_) => level.text.clone(),
        None => crate::program::text::name(&level.text),
    });
    (known.len() <= MOST_LISTED).then(|| format!("{{{}}}", names.collect::<Vec<_>>().join(", ")))
}

fn null_hint(column: &str, known: &[Value]) -> String {
    let column = crate::program::text::name(column);
    let levels = braced(known).unwrap_or_else(|| "{..}".to_string());
    format!(
        "a null is in no level: `{column} not in {levels}` holds for it alone, where `{column}` is declared with `?`"
    )
}

/// The text of a level of a product of two groups.
pub(super) fn combined(left_product: bool, left: &str, right_product: bool, right: &str) -> String {
    product_text([(left_product, left), (right_product, right)])
}
