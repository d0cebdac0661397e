//! What one spec may cost to check: counted before it is spent, so that no text can fill the memory, the stack or the day.

use std::cell::Cell;
use std::collections::HashMap;

use crate::hir::{BinderId, ColumnId};
use crate::program::ColumnType;
use crate::span::Span;
use crate::syntax::ast;
use crate::words::nearest;

use super::{Checker, Kind};

/// The most expressions that are looked at, with metrics, events and groups written out at each mention.
const MOST_NODES: usize = 5_000_000;
/// The most factors that may nest: a product of many is a tree as deep as it is long.
const MOST_FACTORS: usize = 500;
/// The most binders of one statement.
const MOST_BINDERS: usize = 256;
/// How far metrics may use each other.
pub(super) const MOST_METRICS: usize = 50;
/// The most names that are compared with misspelt ones: beyond, nothing is suggested.
const MOST_COMPARED: usize = 1_000_000;
/// A longer word is no slip of the pen.
const LONGEST_SLIP: usize = 64;

/// What has been spent.
#[derive(Debug, Default)]
pub(super) struct Effort {
    nodes: usize,
    told: bool,
    factors: usize,
    compared: Cell<usize>,
    /// The first column that has each level, once that was asked for.
    owners: Option<HashMap<String, ColumnId>>,
}

impl<'a> Checker<'a> {
    /// Counts work; `None` once a spec has had its share, which is reported once.
    pub(super) fn spend(&mut self, nodes: usize, span: Span) -> Option<()> {
        self.effort.nodes = self.effort.nodes.saturating_add(nodes);
        if self.effort.nodes <= MOST_NODES {
            return Some(());
        }
        if !std::mem::replace(&mut self.effort.told, true) {
            let (what, unit) = ("the spec".to_string(), "expressions");
            return self.refuse(Kind::TooLarge { what, limit: MOST_NODES, unit }, span);
        }
        None
    }

    /// Runs `check` on the factors of a product, unless there are too many of them.
    pub(super) fn factors<T>(
        &mut self,
        count: usize,
        span: Span,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.effort.factors.saturating_add(count) > MOST_FACTORS {
            let what = format!("`{}`", self.text(span));
            return self.refuse(Kind::TooLarge { what, limit: MOST_FACTORS, unit: "factors" }, span);
        }
        self.effort.factors += count;
        let result = check(self);
        self.effort.factors -= count;
        result
    }

    /// Refuses a statement with more binders than anyone needs.
    pub(super) fn few_binders(&mut self, quantifiers: &[ast::Quantifier]) -> Option<()> {
        let mut places = 0_usize;
        for quantifier in quantifiers {
            places = places.saturating_add(quantifier.binders.len().max(width(&quantifier.domain)));
            if places > MOST_BINDERS {
                let what = "this statement".to_string();
                return self.refuse(Kind::TooLarge { what, limit: MOST_BINDERS, unit: "binders" }, quantifier.span);
            }
        }
        Some(())
    }

    /// The known name that a misspelt one is closest to, as long as the search is worth its time.
    pub(super) fn suggest<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
        if self.effort.compared.get() > MOST_COMPARED || name.len() > LONGEST_SLIP {
            return None;
        }
        let compared = &self.effort.compared;
        nearest(name, known.into_iter().inspect(|_| compared.set(compared.get() + 1))).map(str::to_owned)
    }

    /// The first categorical column that has this level.
    pub(super) fn owner(&mut self, level: &str) -> Option<ColumnId> {
        let columns = &self.hir.columns;
        let owners = self.effort.owners.get_or_insert_with(|| {
            let mut owners = HashMap::new();
            for (index, column) in columns.iter().enumerate() {
                if let ColumnType::Categorical(levels) = &column.ty {
                    for level in levels {
                        owners.entry(level.text.clone()).or_insert(ColumnId(index));
                    }
                }
            }
            owners
        });
        owners.get(level).copied()
    }

    /// Whether every value of the binder is a number.
    pub(super) fn is_number(&self, binder: BinderId) -> bool {
        self.numeric_binders.get(binder.0).copied().unwrap_or(false)
    }
}

/// How many values an element of the domain has.
fn width(domain: &ast::Domain) -> usize {
    match &domain.kind {
        ast::DomainKind::Name(_) | ast::DomainKind::Set(_) | ast::DomainKind::Range(..) => 1,
        ast::DomainKind::Pairs(inner) | ast::DomainKind::Adjacent(inner) => width(inner).saturating_mul(2),
        ast::DomainKind::Product(factors) => factors.iter().fold(0, |sum, factor| sum.saturating_add(width(factor))),
    }
}
