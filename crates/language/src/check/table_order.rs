//! Levels of a table in another order than its domains: `tol[female, white]` of `param tol[race, sex] = {..}`.

use crate::diagnostic::{Edit, Fix};
use crate::span::{Span, one_line};
use crate::syntax::ast;

use super::category::Category;
use super::name::{LevelArgument, level_argument};
use super::{Checker, Env, Finding, Kind};

impl<'a> Checker<'a> {
    /// Tells two levels each of which belongs where the other stands.
    pub(super) fn swapped_levels(
        &mut self,
        span: Span,
        table: &str,
        domains: &[Category],
        levels: &'a [ast::Expr],
        env: &Env<'a>,
    ) -> bool {
        for (second, b) in levels.iter().enumerate() {
            for (first, a) in levels.iter().enumerate().take(second) {
                let (Some(&of_a), Some(&of_b)) = (domains.get(first), domains.get(second)) else { continue };
                let stay = self.fits(of_a, a, env) || self.fits(of_b, b, env);
                if !stay && self.fits(of_b, a, env) && self.fits(of_a, b, env) {
                    self.tell_swapped(span, table, a.span, b.span);
                    return true;
                }
            }
        }
        false
    }

    fn tell_swapped(&mut self, span: Span, table: &str, first: Span, second: Span) {
        let text = |start: u32, end: u32| self.sources.text(Span { start, end, ..span });
        let mended = [
            text(span.start, first.start),
            text(second.start, second.end),
            text(first.end, second.start),
            text(first.start, first.end),
            text(second.end, span.end),
        ];
        let kind = Kind::SwappedArguments {
            first: self.text(first),
            second: self.text(second),
            callee: table.to_string(),
            mended: one_line(&mended.concat()),
        };
        let edit = |span: Span, by: Span| Edit { span, text: self.sources.text(by).to_owned() };
        let fix = Fix { edits: vec![edit(first, second), edit(second, first)], sure: false };
        let fix = self.call.is_none().then_some(fix);
        self.report(Finding::new(kind, first).with(second, "and this").mended(fix));
    }

    /// Whether a level, or every value of a binder, is one of the domain.
    fn fits(&mut self, domain: Category, level: &'a ast::Expr, env: &Env<'a>) -> bool {
        if let ast::ExprKind::Name(name) = &level.bare().kind
            && let Some((_, binder)) = env.binders.iter().rev().find(|(text, _)| *text == name.text)
        {
            let values = self.hir.binders.get(binder.0).map(|binder| binder.values.clone()).unwrap_or_default();
            return !self.open_binders.contains(binder)
                && !values.is_empty()
                && values.iter().all(|value| self.has_level(domain, value));
        }
        match level_argument(level, env) {
            LevelArgument::Level(value, _) => self.has_level(domain, &value),
            LevelArgument::Open | LevelArgument::NotALevel(_) => false,
        }
    }
}
