//! Domains: what a `forall` runs over.

use std::sync::Arc;

use crate::diagnostic::Fix;
use crate::hir::{Binder, BinderId, Component, Event, Quantifier, Value};
use crate::program::Comparison;
use crate::span::Span;
use crate::syntax::ast;
use crate::words::counted;

use super::category::Category;
use super::name::Found;
use super::place::{Place, Reads};
use super::{Checker, Env, Finding, Kind, Symbol};

/// The largest domain, and the largest group.
pub(super) const LARGEST: usize = 100_000;

/// One component of a domain: how many binders it takes, and the values of each.
pub(super) struct Part {
    taken: Taken,
    values: Arc<[Value]>,
    /// What the values are of, where that has a name.
    domain: Option<String>,
    /// The values are those of a parameter, and not known yet.
    open: bool,
}

/// How the values of a component are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Alone,
    InPairs,
    /// Each with the next.
    Adjacent,
}

impl Part {
    fn of(values: impl Into<Arc<[Value]>>) -> Self {
        Part { taken: Taken::Alone, values: values.into(), domain: None, open: false }
    }
}

impl<'a> Checker<'a> {
    /// Checks a quantifier and brings its binders into scope.
    pub(super) fn quantifier(&mut self, quantifier: &'a ast::Quantifier, env: &mut Env<'a>) -> Option<Quantifier> {
        self.top_domain = Some(quantifier.domain.span);
        let parts = self.domain(&quantifier.domain, env);
        let binders = |part: &Part| if part.taken == Taken::Alone { 1 } else { 2 };
        let places = parts.as_ref().map(|parts| parts.iter().map(binders).sum::<usize>());
        if let Some(places) = places.filter(|places| *places != quantifier.binders.len()) {
            self.binder_count(quantifier, places);
            self.poison_binders(quantifier, env);
            return None;
        }
        let Some(parts) = parts else {
            self.poison_binders(quantifier, env);
            return None;
        };
        let outer = env.clone();
        let mut components = Vec::new();
        let mut names = quantifier.binders.iter();
        for part in parts {
            let first = self.bind_name(names.next()?, &part, env);
            components.push(match part.taken {
                Taken::Alone => Component::Single(first),
                Taken::InPairs => Component::Pairs(first, self.bind_name(names.next()?, &part, env)),
                Taken::Adjacent => Component::Adjacent(first, self.bind_name(names.next()?, &part, env)),
            });
        }
        let condition = match &quantifier.condition {
            Some(condition) => Some(self.condition(condition, env, Reads::Binders)?),
            None => None,
        };
        let condition = match components.first() {
            Some(Component::Single(binder)) => match (self.range_ends(&quantifier.domain, *binder, &outer)?, condition)
            {
                (Some(ends), Some(condition)) => Some(Event::And(vec![ends, condition])),
                (ends, condition) => ends.or(condition),
            },
            Some(Component::Pairs(..) | Component::Adjacent(..)) | None => condition,
        };
        Some(Quantifier { components, condition, span: quantifier.span, domain_span: quantifier.domain.span })
    }

    fn binder_count(&mut self, quantifier: &'a ast::Quantifier, places: usize) {
        let first = quantifier.binders.first().map_or(quantifier.span, |binder| binder.span);
        let last = quantifier.binders.last().map_or(quantifier.span, |binder| binder.span);
        let mut combinations = None;
        let pair = places == 1 && quantifier.binders.len() == 2;
        let instead = match &quantifier.domain.kind {
            ast::DomainKind::Name(name) if pair => Some(format!("pairs({})", self.sources.text(name.span))),
            ast::DomainKind::Product(factors) if places == factors.len() && quantifier.binders.len() == 1 => {
                combinations = Some(format!("write a binder for each: `forall {} in ..`", binders_for(places)));
                None
            }
            _ => None,
        };
        let fix = instead.clone().filter(|_| self.call.is_none());
        let fix = fix.map(|instead| Fix::one(quantifier.domain.span, instead, false));
        let kind = Kind::BinderCount {
            binders: counted(quantifier.binders.len(), "binder"),
            values: if places == 1 { "single values".into() } else { format!("tuples of {places} values") },
            instead: instead.map(|instead| format!("pairs of levels are `{instead}`")).or(combinations),
        };
        let finding = Finding::new(kind, first.to(last)).with(quantifier.domain.span, "the domain").mended(fix);
        self.report(finding);
    }

    /// After an error in the domain, the binders are known but nothing is said of them.
    fn poison_binders(&mut self, quantifier: &'a ast::Quantifier, env: &mut Env<'a>) {
        for name in &quantifier.binders {
            if self.broken.insert(&name.text) {
                self.poisoned.push(&name.text);
            }
            env.binders.retain(|(text, _)| *text != name.text);
        }
    }

    fn bind_name(&mut self, name: &'a ast::Name, part: &Part, env: &mut Env<'a>) -> BinderId {
        let taken = env.binders.iter().any(|(text, _)| *text == name.text);
        let hides = env.call.is_none() && self.names.contains_key(name.text.as_str());
        if taken || hides {
            let kind = Kind::DuplicateName { what: "binder", name: name.text.clone() };
            let mut finding = Finding::new(kind, name.span);
            if let Some((_, first)) = self.names.get(name.text.as_str()).filter(|_| hides) {
                finding = finding.with(*first, "the declaration that it would hide");
            }
            self.report(finding);
        }
        let id = BinderId(self.hir.binders.len());
        self.numeric_binders.push(part.values.iter().all(|value| value.number.is_some()));
        self.hir.binders.push(Binder { name: name.text.clone(), values: part.values.clone() });
        if part.open {
            self.open_binders.insert(id);
        }
        if let Some(domain) = &part.domain {
            self.domains.insert(id, domain.clone());
        }
        env.binders.push((&name.text, id));
        id
    }

    fn domain(&mut self, domain: &'a ast::Domain, env: &Env<'a>) -> Option<Vec<Part>> {
        match &domain.kind {
            ast::DomainKind::Name(name) => Some(vec![self.domain_name(name, env)?]),
            ast::DomainKind::Set(levels) => {
                if levels.is_empty() {
                    let reason = "write at least one value between the braces".into();
                    return self.refuse(Kind::EmptyDomain { reason }, domain.span);
                }
                self.unique_levels(levels)?;
                self.set_of_domain(domain, levels)?;
                self.spend(levels.len(), domain.span)?;
                let value =
                    |level: &ast::Level| Value { text: level.text.clone(), number: level.number, span: level.span };
                Some(vec![Part::of(levels.iter().map(value).collect::<Vec<_>>())])
            }
            ast::DomainKind::Range(first, last) => {
                Some(vec![Part::of(self.domain_range(domain.span, first, last, env)?)])
            }
            ast::DomainKind::Pairs(inner) => self.domain_pairs(domain.span, inner, env),
            ast::DomainKind::Adjacent(inner) => self.domain_adjacent(domain.span, inner, env),
            ast::DomainKind::Product(factors) => {
                let parts: Vec<_> = factors.iter().map(|factor| self.domain(factor, env)).collect();
                Some(parts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
            }
        }
    }

    /// `forall r in {race}`: the braces hold what is to be run over.
    fn set_of_domain(&mut self, domain: &'a ast::Domain, levels: &'a [ast::Level]) -> Option<()> {
        let [ast::Level { text, number: None, span }] = levels else { return Some(()) };
        let runs = match self.names.get(text.as_str()) {
            Some((Symbol::Column(column), _)) => self.is_categorical(*column),
            Some((Symbol::Group(_), _)) => true,
            _ => false,
        };
        if !runs || self.owner(text).is_some() {
            return Some(());
        }
        if let Some((symbol, _)) = self.names.get(text.as_str()) {
            self.used.insert(*symbol);
        }
        let kind = Kind::WrongKind {
            text: self.text(domain.span),
            found: format!("a list with the one level `{text}`"),
            expected: "the levels to run over".into(),
            hint: Some(format!("leave out the braces: `{text}` has levels of its own")),
        };
        let fix = Fix::one(domain.span, self.sources.text(*span).to_string(), true);
        self.report(Finding::new(kind, domain.span).mended(Some(fix)));
        None
    }

    fn domain_pairs(&mut self, span: Span, inner: &'a ast::Domain, env: &Env<'a>) -> Option<Vec<Part>> {
        let hint = "name the product first, `group g = a * b`, and take `pairs(g)`";
        let part = self.domain_of_two(span, inner, env, ("pairs", hint))?;
        Some(vec![Part { taken: Taken::InPairs, ..part }])
    }

    /// `adjacent(D)`: a product of groups has no order of its own.
    fn domain_adjacent(&mut self, span: Span, inner: &'a ast::Domain, env: &Env<'a>) -> Option<Vec<Part>> {
        let hint = "run over the neighbours of one and the levels of the other: `forall (a, b) in adjacent(band): forall r \
                    in race: ..`";
        if let ast::DomainKind::Name(name) = &inner.kind
            && self.is_product(name, env)
        {
            self.wrong_kind(
                inner.span,
                "a product of groups, whose levels have no order",
                "one order",
                Some(hint.into()),
            );
            return None;
        }
        let part = self.domain_of_two(span, inner, env, ("adjacent", hint))?;
        Some(vec![Part { taken: Taken::Adjacent, ..part }])
    }

    /// The domain of single values, two at least, that pairs are made of.
    fn domain_of_two(
        &mut self,
        span: Span,
        inner: &'a ast::Domain,
        env: &Env<'a>,
        (word, hint): (&str, &str),
    ) -> Option<Part> {
        let mut parts = self.domain(inner, env)?;
        if parts.len() != 1 || parts.iter().any(|part| part.taken != Taken::Alone) {
            self.wrong_kind(inner.span, "a domain of tuples", "a domain of single values", Some(hint.to_string()));
            return None;
        }
        let part = parts.pop()?;
        if part.values.len() < 2 && !part.open {
            let reason = format!("`{word}` needs a domain of at least two values");
            return self.refuse(Kind::EmptyDomain { reason }, span);
        }
        Some(part)
    }

    /// Whether the name, past the parameters of metrics, is a group that is a product.
    fn is_product(&mut self, name: &'a ast::Name, env: &Env<'a>) -> bool {
        match self.look_up(name, env) {
            Found::Symbol(Symbol::Group(index)) => {
                let group = self.resolve_group(index, name.span).and_then(|group| self.hir.groups.get(group.0));
                group.is_some_and(|group| group.levels.iter().any(|level| level.product))
            }
            Found::Argument(argument, env) => match &argument.bare().kind {
                ast::ExprKind::Name(name) => self.is_product(name, &env),
                _ => false,
            },
            Found::Symbol(_)
            | Found::Binder(_)
            | Found::Level(..)
            | Found::Open { .. }
            | Found::Broken
            | Found::Nothing => false,
        }
    }

    pub(super) fn domain_name(&mut self, name: &'a ast::Name, env: &Env<'a>) -> Option<Part> {
        if let Some(index) = self.named(name, env) {
            return self.named_domain(index, name);
        }
        match self.look_up(name, env) {
            Found::Symbol(Symbol::Column(column)) if self.is_categorical(column) => {
                Some(self.part_of(Category::Column(column)))
            }
            Found::Symbol(Symbol::Group(index)) => {
                let group = self.resolve_group(index, name.span)?;
                Some(self.part_of(Category::Group(group)))
            }
            Found::Open { kind: None | Some(ast::Accepts::Group(_) | ast::Accepts::Label(_)), .. } => {
                Some(Part { open: true, ..Part::of(Vec::new()) })
            }
            Found::Open { kind: Some(kind), .. } => {
                let hint = Some(format!("declare it as a group: `{}: group`", name.text));
                let found = super::kind::open_kind(kind);
                self.wrong_kind(name.span, found, "a categorical column, a label or a group", hint);
                None
            }
            Found::Level(..) => {
                self.wrong_kind(name.span, "a level", "a categorical column, a label or a group", None);
                None
            }
            Found::Symbol(symbol) => {
                let (found, _) = self.describe(symbol, &name.text);
                let hint = match symbol {
                    Symbol::Relation(_) => {
                        Some(format!("pairs of samples stand under `each`: `each (i, j) in {}: ..`", name.text))
                    }
                    Symbol::Column(_) => {
                        Some(format!("cut it into bins: `group g = bins({}, ..)` and run over `g`", name.text))
                    }
                    Symbol::Prediction
                    | Symbol::Weight
                    | Symbol::Param(_)
                    | Symbol::Table(_)
                    | Symbol::Let(_)
                    | Symbol::Event(_)
                    | Symbol::Key(_)
                    | Symbol::Group(_) => {
                        Some("run over a categorical column, a label, a group, `{..}` or `a..b`".to_string())
                    }
                };
                self.wrong_kind(name.span, &found, "a categorical column, a label or a group", hint);
                None
            }
            Found::Argument(argument, env) => match &argument.bare().kind {
                ast::ExprKind::Name(name) => self.domain_name(name, &env),
                _ => {
                    self.wrong_kind(argument.span, "an expression", "a categorical column, a label or a group", None);
                    None
                }
            },
            Found::Binder(_) => {
                self.wrong_kind(name.span, "a binder", "a categorical column, a label or a group", None);
                None
            }
            Found::Broken => None,
            Found::Nothing => self.unknown_name(name, "domain", env),
        }
    }

    fn part_of(&mut self, category: Category) -> Part {
        let values = self.category_levels(category).values.clone();
        Part { domain: Some(self.category_name(category)), ..Part::of(values) }
    }

    /// `a..b`, both ends included.
    fn domain_range(
        &mut self,
        span: Span,
        first: &'a ast::Expr,
        last: &'a ast::Expr,
        env: &Env<'a>,
    ) -> Option<Arc<[Value]>> {
        let (low, above) = self.whole_number(first, env)?;
        let (below, high) = self.whole_number(last, env)?;
        if (low < above || below < high) && self.top_domain != Some(span) {
            let hint = Some("give it a `forall` of its own: `forall j in i..3: ..`".to_string());
            self.wrong_kind(span, "a range that depends on a binder", "a range of numbers", hint);
            return None;
        }
        if low > high {
            let reason = format!("a range runs upwards: write `{}..{}`", self.text(last.span), self.text(first.span));
            return self.refuse(Kind::EmptyDomain { reason }, span);
        }
        if high - low >= LARGEST as f64 {
            let what = format!("`{}`", self.text(span));
            return self.refuse(Kind::TooLarge { what, limit: LARGEST, unit: "values" }, span);
        }
        self.spend((high - low) as usize, span)?;
        let value = |k: i64| Value { text: k.to_string(), number: Some(k as f64), span };
        Some((low as i64..=high as i64).map(value).collect())
    }

    /// The least and the greatest value of an end of a range, which may be made from binders further out.
    fn whole_number(&mut self, expr: &'a ast::Expr, env: &Env<'a>) -> Option<(f64, f64)> {
        let number = self.number(expr, env, Place::Where)?;
        let crate::interval::Interval { lower, upper } = number.range;
        let whole = |value: f64| value.fract() == 0.0 && value.abs() < 9e15;
        let literal = matches!(number.kind, crate::hir::ExprKind::Number(_));
        if !whole(lower) || !whole(upper) || !(literal || number.of_one_binder().is_some()) {
            let hint = "run over whole numbers and divide: `forall k in 2..8: E[score] <= k / 10`".to_string();
            self.wrong_kind(expr.span, "no whole number", "a whole number", Some(hint));
            return None;
        }
        Some((lower, upper))
    }

    /// What the values of a range have to satisfy beside lying in it: where an end depends on a binder.
    fn range_ends(&mut self, domain: &'a ast::Domain, binder: BinderId, env: &Env<'a>) -> Option<Option<Event>> {
        let ast::DomainKind::Range(first, last) = &domain.kind else { return Some(None) };
        let mut ends = Vec::new();
        for (end, op) in [(first, Comparison::GreaterEqual), (last, Comparison::LessEqual)] {
            let right = self.number(end, env, Place::Where)?;
            if matches!(right.kind, crate::hir::ExprKind::Number(_)) {
                continue;
            }
            let range = crate::interval::Interval::ALL;
            let kind = crate::hir::ExprKind::Binder(binder);
            let curvature = crate::hir::Curvature::Constant;
            let left = crate::hir::Expr { kind, span: domain.span, shape: None, curvature, range };
            ends.push(Event::Compare { left: Box::new(left), op, right: Box::new(right) });
        }
        Some(if ends.is_empty() { None } else { Some(Event::And(ends)) })
    }
}

/// `(a, b, c)`.
fn binders_for(places: usize) -> String {
    let names = ["a", "b", "c", "d", "e"];
    match names.get(..places) {
        Some(names) => format!("({})", names.join(", ")),
        None => "(a, b, ..)".into(),
    }
}
