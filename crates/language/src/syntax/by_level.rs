//! From pest's pairs to the tree: what is listed by level in braces, and reading a table at a level.

use pest::iterators::Pair;

use super::Rule;
use super::ast::{Case, Cases, Entry, Expr, ExprKind, Group, GroupValue, Param, ParamValue, Table};
use super::build::{Builder, Children, optional};

impl Builder<'_> {
    pub fn param(&self, mut children: Children) -> Option<Param> {
        let name = self.name(children.next()?);
        let first = children.next()?;
        let value = match first.as_rule() {
            Rule::table_domain => {
                let domains = self.list(first, |pair| Some(self.name(pair)))?;
                let table = children.next()?;
                let span = self.span(&table);
                ParamValue::Table(Table { domains, entries: self.list(table, |pair| self.entry(pair))?, span })
            }
            _ => ParamValue::One(self.bound(first)?),
        };
        Some(Param { name, value, range: optional(children.next(), |pair| self.range(pair))? })
    }

    pub fn group(&self, mut children: Children) -> Option<Group> {
        let name = self.name(children.next()?);
        let value = children.next()?;
        let value = match value.as_rule() {
            Rule::cases => {
                let span = self.span(&value);
                GroupValue::Cases(Cases { cases: self.list(value, |pair| self.case(pair))?, span })
            }
            _ => GroupValue::Expr(self.expr(value)?),
        };
        Some(Group { name, value })
    }

    fn list<T>(&self, pair: Pair<Rule>, build: impl Fn(Pair<Rule>) -> Option<T>) -> Option<Vec<T>> {
        let mut children = Children::of(pair);
        std::iter::from_fn(|| children.next()).map(build).collect()
    }

    fn entry(&self, pair: Pair<Rule>) -> Option<Entry> {
        let mut children = Children::of(pair);
        let first = children.next()?;
        let mut key_span = self.span(&first);
        let level = match first.as_rule() {
            Rule::word_otherwise => None,
            _ => {
                let mut parts = vec![self.level(first)?];
                while children.next_if(Rule::times).is_some() {
                    parts.push(self.level(children.next()?)?);
                }
                key_span = parts.first()?.span.to(parts.last()?.span);
                Some(parts)
            }
        };
        let value = self.bound(children.next()?)?;
        Some(Entry { level, key_span, span: key_span.to(value.span), value })
    }

    fn case(&self, pair: Pair<Rule>) -> Option<Case> {
        let mut children = Children::of(pair);
        let level = self.level(children.next()?)?;
        let event = children.next()?;
        let (event, end) = match event.as_rule() {
            Rule::word_otherwise => (None, self.span(&event)),
            _ => {
                let event = self.expr(event)?;
                let end = event.span;
                (Some(event), end)
            }
        };
        Some(Case { span: level.span.to(end), level, event })
    }

    /// `tol[a]`, `tol[a, b]`.
    pub fn index(&self, pair: Pair<Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        let table = self.name(children.next()?);
        let levels = std::iter::from_fn(|| children.next()).map(|pair| self.expr(pair)).collect::<Option<_>>()?;
        Some(Expr { kind: ExprKind::Index { table, levels }, span })
    }
}
