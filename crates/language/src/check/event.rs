//! Events: predicates over one sample (or, in a `where`, over binders alone).

use crate::diagnostic::Fix;
use crate::hir::{ColumnId, Event, GroupId};
use crate::program::text::name as written;
use crate::program::{ColumnType, Comparison};
use crate::span::{Span, one_line};
use crate::syntax::ast;

use super::name::Found;
use super::place::Reads;
use super::{Checker, Env, Finding, Kind, Progress, Symbol};

impl<'a> Checker<'a> {
    /// A comma list: all must hold. All terms are checked even when one fails.
    pub(super) fn condition(&mut self, condition: &'a ast::Condition, env: &Env<'a>, reads: Reads) -> Option<Event> {
        let events: Vec<_> = condition.terms.iter().map(|term| self.event(term, env, reads)).collect();
        all_of(events)
    }

    /// The condition behind a bar, or every sample.
    pub(super) fn given(&mut self, condition: Option<&'a ast::Condition>, env: &Env<'a>) -> Option<Event> {
        match condition {
            Some(condition) => self.condition(condition, env, Reads::Data),
            None => Some(Event::All),
        }
    }

    pub(super) fn event(&mut self, expr: &'a ast::Expr, env: &Env<'a>, reads: Reads) -> Option<Event> {
        self.spend(1, expr.span)?;
        match &expr.kind {
            ast::ExprKind::Paren(inner) => self.event(inner, env, reads),
            ast::ExprKind::And(terms) => all_of(self.joined_events(terms, "and", env, reads)),
            ast::ExprKind::Or(terms) => {
                let events = self.joined_events(terms, "or", env, reads);
                Some(Event::Or(events.into_iter().collect::<Option<_>>()?))
            }
            ast::ExprKind::Not(inner) => Some(Event::Not(Box::new(self.event(inner, env, reads)?))),
            ast::ExprKind::Compare(first, rest) => self.comparison(expr.span, first, rest, env, reads),
            ast::ExprKind::In { value, levels, negated } => {
                let event = self.membership(expr.span, value, levels, env, reads)?;
                Some(if *negated { Event::Not(Box::new(event)) } else { event })
            }
            ast::ExprKind::Name(name) => self.event_name(name, env, reads),
            ast::ExprKind::Error => None,
            ast::ExprKind::Number { .. }
            | ast::ExprKind::Negate(_)
            | ast::ExprKind::Sum(..)
            | ast::ExprKind::Product(..)
            | ast::ExprKind::Power(..)
            | ast::ExprKind::PlusMinus(..)
            | ast::ExprKind::Abs(_)
            | ast::ExprKind::Call { .. }
            | ast::ExprKind::Index { .. }
            | ast::ExprKind::Aggregate(_)
            | ast::ExprKind::Indicator(_)
            | ast::ExprKind::Fold(_) => self.number_as_event(expr, env),
        }
    }

    /// The terms of an `and` or `or`. All are checked even when one fails.
    fn joined_events(
        &mut self,
        terms: &'a [ast::Expr],
        word: &'static str,
        env: &Env<'a>,
        reads: Reads,
    ) -> Vec<Option<Event>> {
        let event = |(place, term): (usize, &'a ast::Expr)| match self.compared_before(terms, place) {
            Some(instead) => self.comparison_cut_short(term, instead, word),
            None => self.event(term, env, reads),
        };
        terms.iter().enumerate().map(event).collect()
    }

    /// For the `40` of `age > 30 or 40` what is meant: `age > 40`.
    fn compared_before(&self, terms: &[ast::Expr], place: usize) -> Option<String> {
        let text = self.sources.text(literal(terms.get(place)?)?.span);
        let compare = |term: &ast::Expr| {
            let ast::ExprKind::Compare(first, rest) = &term.bare().kind else { return None };
            let [(op, second)] = rest.as_slice() else { return None };
            let symbol = comparison(*op).symbol();
            match (literal(first), literal(second)) {
                (None, Some(_)) => Some(format!("{} {symbol} {text}", self.sources.text(first.span))),
                (Some(_), None) => Some(format!("{text} {symbol} {}", self.sources.text(second.span))),
                (None, None) | (Some(_), Some(_)) => None,
            }
        };
        terms.iter().take(place).rev().find_map(compare)
    }

    fn comparison_cut_short(&mut self, term: &'a ast::Expr, instead: String, word: &'static str) -> Option<Event> {
        let hint = Some(format!("`{word}` joins whole comparisons: write `{}`", one_line(&instead)));
        let (text, found, expected) = (self.text(term.span), "a number".to_string(), "an event".to_string());
        let fix = self.call.is_none().then(|| Fix::one(term.span, instead, false));
        self.report(Finding::new(Kind::WrongKind { text, found, expected, hint }, term.span).mended(fix));
        None
    }

    /// A number where an event belongs; if it reads the prediction, that is the graver mistake.
    fn number_as_event(&mut self, expr: &'a ast::Expr, env: &Env<'a>) -> Option<Event> {
        if let Some(prediction) = self.prediction_in(expr, env) {
            return self.prediction_in_event(expr.span, prediction, false);
        }
        if let ast::ExprKind::Call { function, .. } = &expr.kind
            && self.broken.contains(function.text.as_str())
        {
            return None;
        }
        if let ast::ExprKind::Indicator(condition) = &expr.kind {
            let inside = self.sources.text(condition.span).to_string();
            let hint = Some(format!("leave out the brackets: `{}`", self.text(condition.span)));
            let (text, found, expected) = (self.text(expr.span), "a number".to_string(), "an event".to_string());
            let kind = Kind::WrongKind { text, found, expected, hint };
            self.report(Finding::new(kind, expr.span).mended(Some(Fix::one(expr.span, inside, true))));
            return None;
        }
        // What is wrong with it by itself comes first.
        if matches!(expr.kind, ast::ExprKind::Call { .. } | ast::ExprKind::Index { .. }) {
            let known = self.findings.len();
            if self.number(expr, env, Reads::Data.place()).is_none() && self.findings.len() > known {
                return None;
            }
        }
        let text = self.text(expr.span);
        let hint = match literal(expr) {
            Some(_) => format!("compare a column with it: `column >= {text}`"),
            None => format!("compare it with something: `{text} >= 0`"),
        };
        self.wrong_kind(expr.span, "a number", "an event", Some(hint));
        None
    }

    pub(super) fn prediction_in_event<T>(&mut self, span: Span, prediction: String, threshold: bool) -> Option<T> {
        let text = self.text(span);
        self.refuse(Kind::PredictionInEvent { text, prediction, threshold }, span)
    }

    /// `a op b`, or a chain of them, which all must hold.
    fn comparison(
        &mut self,
        span: Span,
        first: &'a ast::Expr,
        rest: &'a [(ast::Comparison, ast::Expr)],
        env: &Env<'a>,
        reads: Reads,
    ) -> Option<Event> {
        let operands = std::iter::once(first).chain(rest.iter().map(|(_, operand)| operand));
        for operand in operands {
            if let Some(prediction) = self.prediction_in(operand, env) {
                return self.prediction_in_event(span, prediction, true);
            }
        }
        let mut events = Vec::new();
        let mut left = first;
        for (op, right) in rest {
            let pair = left.span.to(right.span);
            let known = self.findings.len();
            events.push(self.compare(pair, left, comparison(*op), right, env, reads));
            if matches!(events.last(), Some(None)) {
                self.levels_of_unknown(known, left, right);
                // The next pair shares an operand with this one.
                return None;
            }
            left = right;
        }
        all_of(events)
    }

    /// A name that nothing declares and that is compared with another name has levels: the advice is to declare these.
    fn levels_of_unknown(&mut self, known: usize, left: &ast::Expr, right: &ast::Expr) {
        let (ast::ExprKind::Name(column), ast::ExprKind::Name(level)) = (&left.bare().kind, &right.bare().kind) else {
            return;
        };
        for finding in self.findings.iter_mut().skip(known).filter(|finding| finding.span == column.span) {
            if let Kind::UnknownName { similar: None, hint: hint @ None, .. } = &mut finding.kind {
                let (column, level) = (written(&column.text), written(&level.text));
                *hint = Some(format!("declare it with its levels, for example `column {column}: {{{level}, ..}}`"));
            }
        }
    }

    fn event_name(&mut self, name: &'a ast::Name, env: &Env<'a>, reads: Reads) -> Option<Event> {
        if let Some(index) = self.named(name, env) {
            let hint = Some(format!("compare it with something: `{} >= 0`", name.text));
            if self.sound_let(index, name.span) {
                self.wrong_kind(name.span, "a name for a number", "an event", hint);
            }
            return None;
        }
        match self.look_up(name, env) {
            Found::Symbol(Symbol::Event(_)) if reads == Reads::Binders => {
                self.refuse(Kind::WhereReadsData { text: name.text.clone() }, name.span)
            }
            Found::Symbol(Symbol::Event(index)) => {
                self.of_one_sample(Symbol::Event(index), name)?;
                let (event, columns) = self.resolve_event(index, name.span)?;
                self.spend(event.nodes(), name.span)?;
                self.mentions.extend(columns.into_iter().map(|column| (column, name.span)));
                Some(event)
            }
            Found::Symbol(Symbol::Prediction) => self.prediction_in_event(name.span, name.text.clone(), false),
            Found::Symbol(symbol) => {
                let (found, hint) = self.describe(symbol, &name.text);
                self.wrong_kind(name.span, &found, "an event", hint);
                None
            }
            Found::Argument(argument, env) => self.event(argument, &env, reads),
            Found::Open { kind: None | Some(ast::Accepts::Event), .. } => Some(Event::All),
            Found::Open { kind: Some(kind), .. } => {
                let hint = Some(format!("compare it with something: `{} == ..`", name.text));
                self.wrong_kind(name.span, super::kind::open_kind(kind), "an event", hint);
                None
            }
            Found::Level(..) => {
                let hint = Some(format!("compare a column with it: `column == {}`", name.text));
                self.wrong_kind(name.span, "a level", "an event", hint);
                None
            }
            Found::Binder(_) => {
                let hint = Some(format!("compare a column with it: `column == {}`", name.text));
                self.wrong_kind(name.span, "a binder", "an event", hint);
                None
            }
            Found::Broken => None,
            Found::Nothing => self.unknown_name(name, "event", env),
        }
    }

    /// What a symbol is, in words, and how it could become an event.
    pub(super) fn describe(&self, symbol: Symbol, name: &str) -> (String, Option<String>) {
        match symbol {
            Symbol::Column(id) => {
                let column = self.hir.columns.get(id.0);
                let what = if column.is_some_and(|column| column.label) { "label" } else { "column" };
                match column.map(|column| &column.ty) {
                    Some(ColumnType::Categorical(levels)) => {
                        // Of a yes and a no, the yes is what is asked for.
                        let yes = levels.iter().find(|level| level.number == Some(1.0)).or(levels.first());
                        let level = yes.map_or("..", |level| level.text.as_str());
                        (format!("a categorical {what}"), Some(format!("compare it with a level: `{name} == {level}`")))
                    }
                    Some(ColumnType::Real(range) | ColumnType::Int(range)) => {
                        let cut = range.inner();
                        (format!("a numeric {what}"), Some(format!("compare it with a number: `{name} >= {cut}`")))
                    }
                    None => (format!("a numeric {what}"), None),
                }
            }
            Symbol::Prediction => ("the prediction".into(), None),
            Symbol::Weight => ("the weight".into(), Some("leave it out: every aggregate is weighted by itself".into())),
            Symbol::Param(_) => ("a param".into(), None),
            Symbol::Table(index) => ("a table of params".into(), self.table_hint(index)),
            Symbol::Let(_) => ("a name for an expression".into(), None),
            Symbol::Event(_) => ("an event".into(), Some(format!("its share is `P[{name}]`, its size `N[{name}]`"))),
            Symbol::Key(_) => ("a key".into(), Some("a key names samples, and has no value of its own".into())),
            Symbol::Relation(_) => {
                ("a relation".into(), Some(format!("constrain its pairs: `each (i, j) in {}: ..`", written(name))))
            }
            Symbol::Group(_) => ("a group".into(), Some(format!("take one of its levels: `{name} == ..`"))),
        }
    }

    /// The checked event of a declaration, with the columns that it reads; checked on first use.
    pub(super) fn resolve_event(&mut self, index: usize, mention: Span) -> Option<(Event, Vec<ColumnId>)> {
        let declaration = self.events.get_mut(index)?;
        let event = declaration.event;
        match std::mem::replace(&mut declaration.progress, Progress::Running) {
            Progress::Done(result) => {
                declaration.progress = Progress::Done(result.clone());
                result
            }
            Progress::Running => self.definition_cycle(&event.name, mention),
            Progress::Waiting => {
                let result = self.declared(&event.name, |checker| {
                    let result = checker.condition(&event.condition, &Env::default(), Reads::Data)?;
                    checker.limited(&event.name, std::iter::once(&result), MOST_PARTS)?;
                    Some(result)
                });
                if let Some(declaration) = self.events.get_mut(index) {
                    declaration.progress = Progress::Done(result.clone());
                }
                result
            }
        }
    }

    /// The mention that leads back to a definition being checked.
    pub(super) fn definition_cycle<T>(&mut self, name: &ast::Name, mention: Span) -> Option<T> {
        let level_of = self.column_with_level(&name.text);
        let kind = Kind::DefinitionCycle { name: name.text.clone(), level_of };
        self.report(Finding::new(kind, mention).with(name.span, "defined here"));
        None
    }

    /// Checks a definition on its own: its mentions are returned, not added to those of the place that refers to it.
    pub(super) fn declared<T>(
        &mut self,
        name: &ast::Name,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(T, Vec<ColumnId>)> {
        if self.definitions == MOST_DEFINITIONS {
            let what = format!("`{}`", name.text);
            let unit = "definitions that refer to each other";
            return self.refuse(Kind::TooLarge { what, limit: MOST_DEFINITIONS, unit }, name.span);
        }
        self.definitions += 1;
        let outer = std::mem::take(&mut self.mentions);
        let call = self.call.take();
        let result = check(self);
        self.call = call;
        self.definitions -= 1;
        let mut columns: Vec<ColumnId> =
            std::mem::replace(&mut self.mentions, outer).into_iter().map(|(column, _)| column).collect();
        columns.sort();
        columns.dedup();
        Some((result?, columns))
    }

    /// Refuses a definition whose events, written out, are too large: named events may double at every step.
    pub(super) fn limited<'e>(
        &mut self,
        name: &ast::Name,
        events: impl Iterator<Item = &'e Event>,
        most: usize,
    ) -> Option<()> {
        let (mut parts, mut depth) = (0_usize, 0_usize);
        for event in events {
            let size = size(event);
            parts += size.0;
            depth = depth.max(size.1);
        }
        let what = format!("`{}`", name.text);
        if parts > most {
            return self.refuse(Kind::TooLarge { what, limit: most, unit: "comparisons" }, name.span);
        }
        if depth > DEEPEST {
            return self.refuse(Kind::TooLarge { what, limit: DEEPEST, unit: "levels of nesting" }, name.span);
        }
        Some(())
    }

    /// Notes that a group is read here.
    pub(super) fn mention_group(&mut self, group: GroupId, span: Span) {
        let reads = self.hir.groups.get(group.0).map(|group| group.reads.clone()).unwrap_or_default();
        self.mentions.extend(reads.into_iter().map(|column| (column, span)));
    }
}

/// The most parts of an event, with all names in it written out.
const MOST_PARTS: usize = 2_000;
/// How deep the events of a definition may nest, and how far definitions may lead on.
const DEEPEST: usize = 100;
const MOST_DEFINITIONS: usize = 100;

/// How many parts an event has, and how deep they nest.
fn size(event: &Event) -> (usize, usize) {
    match event {
        Event::And(events) | Event::Or(events) => events
            .iter()
            .map(size)
            .fold((1, 1), |total, inner| (total.0.saturating_add(inner.0), total.1.max(inner.1 + 1))),
        Event::Not(inner) => {
            let (parts, depth) = size(inner);
            (parts.saturating_add(1), depth + 1)
        }
        Event::Case { cases, place } => cases
            .iter()
            .take(place + 1)
            .map(|case| size(&case.event))
            .fold((1, 1), |total, inner| (total.0.saturating_add(inner.0), total.1.max(inner.1 + 1))),
        Event::All
        | Event::Levels { .. }
        | Event::LevelOf { .. }
        | Event::Group { .. }
        | Event::GroupOf { .. }
        | Event::SameLevel { .. }
        | Event::Compare { .. } => (1, 1),
    }
}

/// All must hold; `None` if one of them has an error.
pub(super) fn all_of(events: Vec<Option<Event>>) -> Option<Event> {
    let mut events: Vec<Event> = events.into_iter().collect::<Option<_>>()?;
    if events.len() == 1 { events.pop() } else { Some(Event::And(events)) }
}

pub(super) fn comparison(op: ast::Comparison) -> Comparison {
    match op {
        ast::Comparison::Equal => Comparison::Equal,
        ast::Comparison::NotEqual => Comparison::NotEqual,
        ast::Comparison::Less => Comparison::Less,
        ast::Comparison::LessEqual => Comparison::LessEqual,
        ast::Comparison::Greater => Comparison::Greater,
        ast::Comparison::GreaterEqual => Comparison::GreaterEqual,
    }
}

/// The expression if it is a number, signs and parentheses aside.
fn literal(expr: &ast::Expr) -> Option<&ast::Expr> {
    match &expr.bare().kind {
        ast::ExprKind::Number { .. } => Some(expr),
        ast::ExprKind::Negate(inner) => literal(inner).map(|_| expr),
        _ => None,
    }
}
