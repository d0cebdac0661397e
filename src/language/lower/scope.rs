//! What the rewrites look things up in: the checked tree, and the values of the binders at hand.

use crate::language::hir::{BinderId, ColumnId, Hir, Value};
use crate::language::program::{ColumnType, Universe};
use crate::language::span::Sources;

/// One instance of a constraint.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub hir: &'a Hir,
    pub sources: &'a Sources,
    pub universe: &'a Universe,
    /// The value of each binder, as an index into its values; `None` out of scope.
    pub binders: &'a [Option<usize>],
}

impl<'a> Scope<'a> {
    /// The value that a binder stands for.
    pub fn value(&self, binder: BinderId) -> Option<&'a Value> {
        let index = (*self.binders.get(binder.0)?)?;
        self.hir.binders.get(binder.0)?.values.get(index)
    }

    pub fn header(&self, column: ColumnId) -> &'a str {
        self.hir.columns.get(column.0).map_or("", |column| &column.header)
    }

    /// The texts of a categorical column's levels.
    pub fn levels(&self, column: ColumnId) -> &'a [crate::language::program::Level] {
        match self.hir.columns.get(column.0).map(|column| &column.ty) {
            Some(ColumnType::Categorical(levels)) => levels,
            Some(ColumnType::Real(_) | ColumnType::Int(_)) | None => &[],
        }
    }
}
