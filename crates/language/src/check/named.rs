//! Names for expressions: `let gain = y - cost * (1 - y)`.
//!
//! A name stands for its expression wherever one may stand, so each use is checked as if it were written out. The
//! definition is checked by itself first, used or not; what a use adds is whether the place wants one value per sample or one
//! for the batch. That is told at the use.

use crate::diagnostic::Fix;
use crate::hir::{Expr, Shape};
use crate::span::Span;
use crate::syntax::ast;

use super::kind::is_event;
use super::name::Found;
use super::place::Place;
use super::{Checker, Env, Finding, Kind, Progress, Symbol};

/// The most parts of a named expression, with the names in it written out.
const MOST_PARTS: usize = 2_000;
/// How deep it may nest then, and how far names may lead on.
const DEEPEST: usize = 128;

pub(super) struct LetDeclaration<'a> {
    named: &'a ast::Let,
    /// The whole declaration.
    span: Span,
    /// Parts and depth, once known; nothing while they are being counted.
    size: Option<Option<(usize, usize)>>,
    /// The shape of its values.
    progress: Progress<Option<Shape>>,
    /// It is free of the prediction.
    of_data: bool,
}

impl<'a> LetDeclaration<'a> {
    pub(super) fn stands_for(&self) -> Found<'a> {
        match self.progress {
            Progress::Done(None) => Found::Broken,
            Progress::Waiting | Progress::Running | Progress::Done(Some(_)) => {
                Found::Argument(&self.named.value, Env::default())
            }
        }
    }
}

/// A name for an expression where it is used.
pub(super) struct LetUse {
    at: Span,
    declaration: Span,
}

impl<'a> Checker<'a> {
    pub(super) fn declare_let(&mut self, named: &'a ast::Let, span: Span) {
        if self.claim(&named.name, Symbol::Let(self.lets.len()), "expression") {
            self.lets.push(LetDeclaration { named, span, size: None, progress: Progress::Waiting, of_data: false });
        }
    }

    /// Refuses names that lead back to themselves, and those that are too large when written out.
    pub(super) fn settle_lets(&mut self) {
        for index in 0..self.lets.len() {
            self.let_size(index, 0, Span::default());
        }
    }

    /// The parts and the depth of a named expression with the names in it written out.
    fn let_size(&mut self, index: usize, outer: usize, mention: Span) -> (usize, usize) {
        let Some(declaration) = self.lets.get_mut(index) else { return (0, 0) };
        let named = declaration.named;
        match declaration.size {
            Some(Some(size)) => return size,
            Some(None) => {
                self.definition_cycle::<()>(&named.name, mention);
                return self.broken_let(index);
            }
            None => declaration.size = Some(None),
        }
        if outer >= DEEPEST {
            return self.large_let(index, DEEPEST, "names that lead to each other");
        }
        let (mut parts, mut deepest) = (0_usize, 0);
        let mut stack = vec![(&named.value, 1)];
        while let Some((expr, depth)) = stack.pop() {
            let mut size = (1, 1);
            if let ast::ExprKind::Name(name) = &expr.kind
                && let Some((Symbol::Let(other), _)) = self.names.get(name.text.as_str()).copied()
            {
                size = self.let_size(other, outer + 1, name.span);
            }
            parts = parts.saturating_add(size.0);
            deepest = deepest.max(depth + size.1);
            stack.extend(expr.children().into_iter().map(|child| (child, depth + 1)));
        }
        if parts > MOST_PARTS {
            return self.large_let(index, MOST_PARTS, "parts");
        }
        if deepest > DEEPEST + 2 {
            return self.large_let(index, DEEPEST, "levels of nesting");
        }
        if let Some(declaration) = self.lets.get_mut(index) {
            declaration.size = Some(Some((parts, deepest)));
        }
        (parts, deepest)
    }

    fn large_let(&mut self, index: usize, limit: usize, unit: &'static str) -> (usize, usize) {
        if let Some(name) = self.lets.get(index).map(|declaration| &declaration.named.name) {
            let kind = Kind::TooLarge { what: format!("`{}`", name.text), limit, unit };
            self.report(Finding::new(kind, name.span));
        }
        self.broken_let(index)
    }

    fn broken_let(&mut self, index: usize) -> (usize, usize) {
        if let Some(declaration) = self.lets.get_mut(index) {
            (declaration.size, declaration.progress) = (Some(Some((0, 0))), Progress::Done(None));
        }
        (0, 0)
    }

    /// Checks every definition, used or not.
    pub(super) fn check_lets(&mut self) {
        for index in 0..self.lets.len() {
            self.let_shape(index, Span::default());
        }
    }

    /// The shape of a named expression; checked on first use. `None` where it has an error, which has been reported.
    fn let_shape(&mut self, index: usize, mention: Span) -> Option<Option<Shape>> {
        let declaration = self.lets.get_mut(index)?;
        let named = declaration.named;
        match std::mem::replace(&mut declaration.progress, Progress::Running) {
            Progress::Done(result) => {
                declaration.progress = Progress::Done(result);
                result
            }
            Progress::Running => self.definition_cycle(&named.name, mention),
            Progress::Waiting => {
                let reported = std::mem::take(&mut self.sample_value_reported);
                let number = self.let_definition(index, named);
                let result = number.as_ref().map(|number| number.shape);
                self.sample_value_reported = reported;
                if let Some(declaration) = self.lets.get_mut(index) {
                    declaration.progress = Progress::Done(result);
                    declaration.of_data = number.is_some_and(|number| number.is_constant());
                }
                result
            }
        }
    }

    /// Whether the definition has no error.
    pub(super) fn sound_let(&mut self, index: usize, mention: Span) -> bool {
        self.let_shape(index, mention).is_some()
    }

    fn let_definition(&mut self, index: usize, named: &'a ast::Let) -> Option<Expr> {
        if is_event(&named.value) {
            let keyword = self.lets.get(index)?.span;
            let keyword = Span { end: keyword.start + 3, ..keyword };
            let hint = format!("name an event by `event {} = ..`", crate::program::text::name(&named.name.text));
            let (text, found) = (self.text(named.value.span), "an event".to_string());
            let kind = Kind::WrongKind { text, found, expected: "a number".into(), hint: Some(hint) };
            // Where the keyword is missing, another finding says so.
            let fix = (self.text(keyword) == "let").then(|| Fix::one(keyword, "event", true));
            self.report(Finding::new(kind, named.value.span).mended(fix));
            return None;
        }
        let for_the_batch = self.has_aggregate(&named.value) && !self.has_sample_value(&named.value);
        let place = if for_the_batch { Place::Batch } else { Place::Each };
        let checked = self.declared(&named.name, |checker| checker.number(&named.value, &Env::default(), place))?;
        Some(checked.0)
    }

    /// Whether an expression of declared names has one value for the batch.
    fn has_aggregate(&self, expr: &'a ast::Expr) -> bool {
        let mut stack = vec![expr];
        while let Some(expr) = stack.pop() {
            match &expr.kind {
                ast::ExprKind::Aggregate(_) => return true,
                ast::ExprKind::Name(name) => {
                    if let Some((Symbol::Let(index), _)) = self.names.get(name.text.as_str())
                        && let Some(known) = self.lets.get(*index)
                        && !matches!(known.progress, Progress::Done(None))
                    {
                        stack.push(&known.named.value);
                    }
                }
                _ => stack.extend(expr.children()),
            }
        }
        false
    }

    /// Whether an expression of declared names reads values of samples outside of its aggregates.
    fn has_sample_value(&self, expr: &'a ast::Expr) -> bool {
        let mut stack = vec![expr];
        while let Some(expr) = stack.pop() {
            match &expr.kind {
                ast::ExprKind::Aggregate(_) => {}
                ast::ExprKind::Name(name) => match self.names.get(name.text.as_str()) {
                    Some((Symbol::Column(_) | Symbol::Prediction | Symbol::Event(_) | Symbol::Group(_), _)) => {
                        return true;
                    }
                    Some((Symbol::Let(index), _)) => {
                        let known = self.lets.get(*index);
                        let sound = known.filter(|known| !matches!(known.progress, Progress::Done(None)));
                        stack.extend(sound.map(|known| &known.named.value));
                    }
                    Some((
                        Symbol::Weight | Symbol::Param(_) | Symbol::Table(_) | Symbol::Key(_) | Symbol::Relation(_),
                        _,
                    ))
                    | None => {}
                },
                ast::ExprKind::Fold(fold) => stack.push(&fold.body),
                _ => stack.extend(expr.children()),
            }
        }
        false
    }

    /// A number that is written by its name.
    pub(super) fn named_number(&mut self, index: usize, name: &'a ast::Name, place: Place) -> Option<Expr> {
        let shape = self.let_shape(index, name.span)?;
        let (named, declaration, of_data) =
            self.lets.get(index).map(|known| (known.named, known.span, known.of_data))?;
        self.let_places.insert(name.span, named.name.span);
        match shape {
            Some(Shape::Sample) => self.per_sample(name, place)?,
            Some(Shape::Aggregate) => self.for_the_batch(name.span, place, of_data)?,
            None => {}
        }
        let mentioned = self.mentions.len();
        self.let_uses.push(LetUse { at: name.span, declaration });
        let number = self.number(&named.value, &Env::default(), place);
        self.let_uses.pop();
        self.mentions.iter_mut().skip(mentioned).for_each(|(_, span)| *span = name.span);
        Some(number?.placed(name.span))
    }

    /// A named expression where a domain belongs.
    pub(super) fn named_domain<T>(&mut self, index: usize, name: &ast::Name) -> Option<T> {
        if self.sound_let(index, name.span) {
            let hint = Some("run over a categorical column, a label, a group, `{..}` or `a..b`".to_string());
            self.wrong_kind(name.span, "a name for a number", "a categorical column, a label or a group", hint);
        }
        None
    }

    /// What is wrong with a named expression only where it is used is told there.
    pub(super) fn told_at_use(&self, mut finding: Finding) -> Finding {
        for used in self.let_uses.iter().rev() {
            if used.declaration.contains(finding.span) {
                let inside = std::mem::replace(&mut finding.span, used.at);
                finding = finding.with(inside, "by its definition");
            }
        }
        match self.let_places.get(&finding.span) {
            Some(declared) if finding.related.is_empty() => finding.with(*declared, "defined here"),
            Some(_) | None => finding,
        }
    }
}
