//! Groups from events: `group minority = {yes: race != white, no: otherwise}`. A sample is in the first level whose event
//! holds, so that levels never overlap; in `otherwise` if none does.

use std::sync::Arc;

use crate::diagnostic::Fix;
use crate::hir::{Case, Event, GroupLevel};
use crate::span::Span;
use crate::syntax::ast;

use super::place::Reads;
use super::{Checker, Env, Finding, Kind};

/// The most levels of a group from events.
const MOST_CASES: usize = 256;
/// The word for what is left.
pub(super) const OTHERWISE: &str = "otherwise";

/// Words of other languages for what is left.
pub(super) fn is_otherwise(word: &str) -> bool {
    matches!(word, "else" | "ELSE" | "default" | "rest" | "others" | "remaining" | "_")
}

impl<'a> Checker<'a> {
    pub(super) fn case_levels(&mut self, cases: &'a ast::Cases) -> Option<Vec<GroupLevel>> {
        if cases.cases.len() > MOST_CASES {
            let what = "the group".to_string();
            return self.refuse(Kind::TooLarge { what, limit: MOST_CASES, unit: "levels with events" }, cases.span);
        }
        let levels: Vec<ast::Level> = cases.cases.iter().map(|case| case.level.clone()).collect();
        let unique = self.unique_levels(&levels);
        let last = self.otherwise_last(cases.span, cases.cases.iter().map(|case| (case.span, case.event.is_none())));
        let mut made = Some(Vec::new());
        for case in &cases.cases {
            self.level_for_otherwise(case);
            let Some(event) = &case.event else { continue };
            let event = match self.word_for_otherwise(event) {
                true => None,
                false => self.event(event, &Env::default(), Reads::Data),
            };
            let case = event.map(|event| Case { level: case.level.text.clone(), event, span: case.span });
            made = made.zip(case).map(|(mut made, case)| {
                made.push(case);
                made
            });
        }
        let (made, ()) = made.zip(unique.and(last))?;
        let made: Arc<[Case]> = made.into();
        // Of each level all events before it are a part.
        let nodes: usize = made.iter().enumerate().map(|(place, case)| case.event.nodes() * (made.len() - place)).sum();
        self.spend(nodes, cases.span)?;
        let level = |(place, case): (usize, &ast::Case)| GroupLevel {
            text: case.level.text.clone(),
            product: false,
            event: Event::Case { cases: made.clone(), place },
        };
        Some(cases.cases.iter().enumerate().map(level).collect())
    }

    /// `otherwise: no` for `no: otherwise`.
    fn level_for_otherwise(&mut self, case: &'a ast::Case) {
        let bare = self.sources.text(case.level.span) == OTHERWISE;
        if let Some(ast::Expr { kind: ast::ExprKind::Name(name), span }) = case.event.as_ref().filter(|_| bare) {
            let instead = format!("{}: {OTHERWISE}", self.sources.text(*span));
            let fix = Fix::one(case.span, instead.clone(), true);
            self.unknown.insert(name.text.clone());
            self.report(Finding::new(Kind::OtherwiseLevel { instead }, case.level.span).mended(Some(fix)));
        }
    }

    /// `no: else` for `no: otherwise`.
    fn word_for_otherwise(&mut self, event: &'a ast::Expr) -> bool {
        let ast::ExprKind::Name(name) = &event.kind else { return false };
        if !is_otherwise(&name.text) || self.names.contains_key(name.text.as_str()) {
            return false;
        }
        let similar = Some(OTHERWISE.to_string());
        let kind = Kind::UnknownName { expected: "event", name: name.text.clone(), similar, hint: None };
        let fix = Fix::one(event.span, OTHERWISE, true);
        self.report(Finding::new(kind, event.span).mended(Some(fix)));
        true
    }

    /// Refuses an `otherwise` that others follow; the parts stand in braces, each with whether it is one.
    pub(super) fn otherwise_last(&mut self, braces: Span, parts: impl Iterator<Item = (Span, bool)>) -> Option<()> {
        let (spans, is_otherwise): (Vec<Span>, Vec<bool>) = parts.unzip();
        let first = is_otherwise.iter().position(|is| *is).filter(|place| place + 1 < spans.len());
        let Some(first) = first else { return Some(()) };
        let span = *spans.get(first)?;
        let several = is_otherwise.iter().filter(|is| **is).count() > 1;
        let text = |span: &Span| self.sources.text(*span).trim().to_string();
        let others = spans.iter().zip(&is_otherwise).filter(|(_, is)| !**is).map(|(span, _)| text(span));
        let mended = format!("{{{}}}", others.chain([text(&span)]).collect::<Vec<_>>().join(", "));
        let commented = self.sources.text(braces).contains(['#', '\n']);
        let fix = (!commented && !several).then(|| Fix::one(braces, mended, true));
        self.report(Finding::new(Kind::OtherwiseEarly { several }, span).mended(fix));
        None
    }
}
