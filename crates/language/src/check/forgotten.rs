//! Binders without a `forall`: `|E[score | race == a] - E[score | race == b]| <= eps`.
//!
//! Short names beside a column that has no such level, and that nothing declares, are binders whose quantifier was
//! forgotten. That is one mistake, told once, with the quantifier that is missing.

use crate::diagnostic::Fix;
use crate::program::text::name as written;
use crate::span::Span;
use crate::syntax::ast;

use super::category::Category;
use super::name::Found;
use super::{Checker, Env, Finding, Kind, Passed, Symbol};

/// Longer names are levels that are misspelt or missing.
const LONGEST: usize = 2;

impl<'a> Checker<'a> {
    /// Tells a forgotten quantifier; its binders are known from then on.
    pub(super) fn forgotten_forall(&mut self, body: &'a ast::Statement, env: &Env<'a>) {
        // In a metric it is told where that is written, and not where it is used.
        let checked = |call: &super::Call<'a>| call.passed.iter().all(|passed| matches!(passed, Passed::Standin(_)));
        if env.call.as_deref().is_some_and(|call| !checked(call)) {
            return;
        }
        let mut found: Vec<(&'a ast::Name, &'a ast::Name)> = Vec::new();
        for (column, name) in pairs(&body.body) {
            let known = |this: &mut Self, name| !matches!(this.look_up(name, env), Found::Nothing);
            if name.text.len() <= LONGEST
                && (self.has_levels(column, env) || self.stands_for_a_group(column, env))
                && !known(self, name)
                && self.owner(&name.text).is_none()
                && let ast::ExprKind::Name(column) = &column.bare().kind
                && found.iter().all(|(_, other)| other.text != name.text)
                && !self.group_has(column, name, env)
            {
                found.push((column, name));
            }
        }
        let Some((column, first)) = found.first().copied() else { return };
        let miscounted = |finding: &Finding| {
            matches!(finding.kind, Kind::BinderCount { .. })
                && body.quantifiers.iter().any(|quantifier| quantifier.span.contains(finding.span))
        };
        if self.findings.iter().any(miscounted) || self.nearly_known(column, first, env) {
            // That is what is wrong with them.
            self.poison(found.into_iter().map(|(_, name)| name));
            return;
        }
        if found.iter().any(|(other, _)| other.text != column.text) {
            return;
        }
        let names: Vec<&str> = found.iter().map(|(_, name)| name.text.as_str()).collect();
        let home = self.text(column.span);
        let quantifier = match names.as_slice() {
            [one] => format!("forall {one} in {home}"),
            [one, two] => format!("forall ({one}, {two}) in pairs({home})"),
            several => {
                let product = vec![home.as_str(); several.len()].join(" * ");
                format!("forall ({}) in {product}", several.join(", "))
            }
        };
        let place = body.each.as_ref().map_or(body.body.span, |each| each.span);
        let fix = Fix::one(Span { end: place.start, ..place }, format!("{quantifier}: "), false);
        let kind = Kind::ForgottenForall { name: first.text.clone(), column: column.text.clone(), quantifier };
        self.report(Finding::new(kind, first.span).mended(Some(fix)));
        self.poison(found.into_iter().map(|(_, name)| name));
    }

    fn poison(&mut self, names: impl Iterator<Item = &'a ast::Name>) {
        for name in names {
            if self.broken.insert(&name.text) {
                self.poisoned.push(&name.text);
            }
        }
    }

    /// Tells a binder in other letters, `R` for `r`, and a level cut short, `ye` for `yes`.
    fn nearly_known(&mut self, column: &'a ast::Name, name: &'a ast::Name, env: &Env<'a>) -> bool {
        let binder = env.binders.iter().map(|(text, _)| *text).find(|text| text.eq_ignore_ascii_case(&name.text));
        let similar = match binder {
            Some(binder) => Some(binder.to_string()),
            None => self.level_near(column, name, env),
        };
        let Some(similar) = similar else { return false };
        let fix = self.call.is_none().then(|| Fix::one(name.span, written(&similar), false));
        let (level, column) = (name.text.clone(), column.text.clone());
        let kind = Kind::UnknownLevel { level, column, levels: String::new(), similar: Some(similar), hint: None };
        self.report(Finding::new(kind, name.span).mended(fix));
        true
    }

    /// A level that begins with the name.
    fn level_near(&mut self, column: &'a ast::Name, name: &'a ast::Name, env: &Env<'a>) -> Option<String> {
        let category = match self.look_up(column, env) {
            Found::Symbol(Symbol::Column(column)) if self.is_categorical(column) => Category::Column(column),
            Found::Symbol(Symbol::Group(index)) => Category::Group(self.resolve_group(index, column.span)?),
            _ => return None,
        };
        let values = self.category_levels(category).values.clone();
        let begins =
            |level: &&str| name.text.len() == LONGEST && level.len() == LONGEST + 1 && level.starts_with(&name.text);
        values.iter().map(|value| value.text.as_str()).find(begins).map(str::to_owned)
    }
}

impl<'a> Checker<'a> {
    /// Whether this is a parameter of a metric that takes a group or a label.
    fn stands_for_a_group(&mut self, column: &'a ast::Expr, env: &Env<'a>) -> bool {
        let ast::ExprKind::Name(name) = &column.bare().kind else { return false };
        let parameter = env.passed(&name.text).and_then(|(parameter, _)| parameter.kind.as_ref());
        matches!(parameter.map(|kind| &kind.kind), Some(ast::Accepts::Group(_) | ast::Accepts::Label(_)))
    }
}

/// The sides of all comparisons of two names, either way round.
fn pairs(body: &ast::Expr) -> Vec<(&ast::Expr, &ast::Name)> {
    let mut found = Vec::new();
    let mut stack = vec![body];
    while let Some(expr) = stack.pop() {
        match &expr.kind {
            ast::ExprKind::Compare(first, rest) => {
                let mut left: &ast::Expr = first;
                stack.push(first);
                for (_, right) in rest {
                    for (a, b) in [(left, right), (right, left)] {
                        if let (ast::ExprKind::Name(_), ast::ExprKind::Name(name)) = (&a.bare().kind, &b.bare().kind) {
                            found.push((a, name));
                        }
                    }
                    stack.push(right);
                    left = right;
                }
            }
            ast::ExprKind::Paren(inner)
            | ast::ExprKind::Negate(inner)
            | ast::ExprKind::Not(inner)
            | ast::ExprKind::Abs(inner) => stack.push(inner),
            ast::ExprKind::Sum(first, rest) => {
                stack.push(first);
                stack.extend(rest.iter().map(|(_, term)| term));
            }
            ast::ExprKind::Product(first, rest) => {
                stack.push(first);
                stack.extend(rest.iter().map(|(_, factor)| factor));
            }
            ast::ExprKind::Power(a, b) | ast::ExprKind::PlusMinus(a, b) => stack.extend([&**a, &**b]),
            ast::ExprKind::And(terms) | ast::ExprKind::Or(terms) => stack.extend(terms),
            ast::ExprKind::In { value, .. } => stack.push(value),
            ast::ExprKind::Call { arguments, .. } => stack.extend(arguments),
            ast::ExprKind::Aggregate(aggregate) => {
                stack.extend(&aggregate.arguments);
                stack.extend(aggregate.condition.iter().flat_map(|condition| &condition.terms));
            }
            ast::ExprKind::Indicator(condition) => stack.extend(&condition.terms),
            // What the fold declares is not forgotten.
            ast::ExprKind::Fold(fold) => {
                let own = |name: &ast::Name| fold.over.binders.iter().any(|binder| binder.text == name.text);
                found.extend(pairs(&fold.body).into_iter().filter(|(_, name)| !own(name)));
            }
            ast::ExprKind::Number { .. }
            | ast::ExprKind::Name(_)
            | ast::ExprKind::Index { .. }
            | ast::ExprKind::Error => {}
        }
    }
    found.sort_by_key(|(_, name)| name.span);
    found
}
