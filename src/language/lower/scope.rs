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
    pub fn levels(&self, column: ColumnId) -> &'a [crate::language::program::Level] {
        match &self.hir[column].ty {
            ColumnType::Categorical(levels) => levels,
            ColumnType::Real(_) | ColumnType::Int(_) => {
                unreachable!("`{}` has no levels", self.hir[column].name)
            }
        }
    }
}
