//! What other languages and people write where the checker looks names up: functions of spreadsheets, other statistics,
//! events as numbers, columns that are called or indexed, members of tables.

use crate::diagnostic::Fix;
use crate::program::text::name as written;
use crate::span::{Span, one_line};
use crate::syntax::ast;
use crate::words::other_statistic;

use super::name::{Found, RAW_CALL};
use super::place::Place;
use super::{Checker, Env, Finding, Kind, Symbol};

const CONDITIONAL: &str = "means and sums within a group are `E[score | sex == female]` and `Sum[score | sex == female]`, and a \
                           number of samples is `N[sex == female]`";
const CHOICE: &str = "there is no choice between values: multiply with an event in brackets, which is 0 or 1, as in \
                      `E[score * [sex == female]]`";

/// What to write for a function of another language.
fn instead_of(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        "averageif" | "averageifs" | "sumif" | "sumifs" | "countif" | "countifs" | "tapply" | "aggregate"
        | "groupby" | "group_by" => Some(CONDITIONAL),
        "if" | "ifelse" | "if_else" | "iif" | "iff" | "np_where" | "case" | "case_when" | "switch" => Some(CHOICE),
        _ => other_statistic(name),
    }
}

impl<'a> Checker<'a> {
    /// Tells a function or statistic that the language does not have.
    pub(super) fn of_elsewhere(&mut self, name: &ast::Name) -> bool {
        let Some(hint) = instead_of(&name.text) else { return false };
        self.report(Finding::new(Kind::Elsewhere { name: name.text.clone(), hint }, name.span));
        true
    }

    /// `raw[score]` and `raw` alone.
    pub(super) fn raw_without_call(&mut self, span: Span, name: &ast::Name) -> bool {
        if name.text != RAW_CALL || self.hir.prediction.is_none() {
            return false;
        }
        let instead = self.raw_call();
        let fix = self.call.is_none().then(|| Fix::one(span, instead.clone(), true));
        self.report(Finding::new(Kind::RawCall { instead }, span).mended(fix));
        true
    }

    /// `sex(female)`, `old()`: a declared name as a function.
    pub(super) fn called_column(&mut self, span: Span, name: &ast::Name, arguments: &[ast::Expr]) -> bool {
        let Some((symbol, _)) = self.names.get(name.text.as_str()).copied() else { return false };
        self.used.insert(symbol);
        let (found, _) = self.describe(symbol, &name.text);
        let compared = match (symbol, arguments) {
            (Symbol::Column(_) | Symbol::Group(_), [level]) => {
                Some(format!("{} == {}", self.sources.text(name.span), self.sources.text(level.span)))
            }
            (Symbol::Column(_) | Symbol::Group(_) | Symbol::Table(_), _) => None,
            (_, []) => Some(self.sources.text(name.span).to_string()),
            _ => None,
        };
        let hint = compared.as_deref().map(|instead| format!("write `{}`", one_line(instead)));
        let fix = compared.filter(|_| self.call.is_none()).map(|instead| Fix::one(span, instead, false));
        let kind = Kind::WrongKind { text: name.text.clone(), found, expected: "a function".into(), hint };
        self.report(Finding::new(kind, name.span).mended(fix));
        true
    }

    /// An event where a number is needed: its share, or where samples have values of their own the number 0 or 1.
    pub(super) fn event_as_number(&mut self, span: Span, place: Place) {
        let text = self.text(span);
        let hint = match place {
            Place::Inside | Place::Each | Place::Event => {
                format!("in square brackets it is the number 0 or 1: `[{text}]`")
            }
            Place::Batch | Place::Where => format!("its share is `P[{text}]`, its size `N[{text}]`"),
        };
        let inside = format!("[{}]", self.sources.text(span));
        let fix = matches!(place, Place::Inside | Place::Each | Place::Event) && self.call.is_none();
        let kind = Kind::WrongKind { text, found: "an event".into(), expected: "a number".into(), hint: Some(hint) };
        self.report(Finding::new(kind, span).mended(fix.then(|| Fix::one(span, inside, false))));
    }

    /// `old == 1`, `old == true`: an event holds or does not, and is compared with nothing.
    pub(super) fn event_compared(
        &mut self,
        span: Span,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        env: &Env<'a>,
    ) -> bool {
        let ast::ExprKind::Name(name) = &left.bare().kind else { return false };
        let holds = match &right.bare().kind {
            ast::ExprKind::Number { value, .. } if *value == 1.0 => true,
            ast::ExprKind::Number { value, .. } if *value == 0.0 => false,
            ast::ExprKind::Name(word) => match word.text.to_lowercase().as_str() {
                "true" | "yes" => true,
                "false" | "no" => false,
                _ => return false,
            },
            _ => return false,
        };
        let operator =
            self.sources.text(Span { start: left.span.end, end: right.span.start, ..span }).trim().to_string();
        if !matches!(operator.as_str(), "==" | "=")
            || !matches!(self.look_up(name, env), Found::Symbol(Symbol::Event(_)))
        {
            return false;
        }
        let event = self.sources.text(name.span);
        let instead = if holds { event.to_string() } else { format!("not {event}") };
        let hint = Some(format!("it holds for a sample or does not: write `{instead}`"));
        let fix = self.call.is_none().then(|| Fix::one(span, instead, true));
        let kind = Kind::WrongKind {
            text: name.text.clone(),
            found: "an event".into(),
            expected: "a number or a level".into(),
            hint,
        };
        self.report(Finding::new(kind, name.span).mended(fix));
        true
    }

    /// `df.sex`, `sex.female`, `tol.a`: what is meant by a name with a point in it.
    pub(super) fn member_name(&mut self, name: &ast::Name, env: &Env<'a>) -> Option<String> {
        let (owner, member) = name.text.split_once('.')?;
        let symbol = self.names.get(owner).map(|(symbol, _)| *symbol);
        if let Some(symbol) = symbol {
            self.used.insert(symbol);
        }
        match symbol {
            Some(Symbol::Column(column)) if self.is_categorical(column) && self.owner(member) == Some(column) => {
                Some(format!("{} == {}", written(owner), written(member)))
            }
            Some(Symbol::Group(_)) => Some(format!("{} == {}", written(owner), written(member))),
            Some(Symbol::Table(_)) => Some(format!("{}[{}]", written(owner), written(member))),
            Some(Symbol::Prediction) if member == RAW_CALL => Some(self.raw_call()),
            Some(_) => None,
            None => {
                let last = name.text.rsplit('.').next()?;
                let known = self.names.contains_key(last) || env.binders.iter().any(|(text, _)| *text == last);
                known.then(|| written(last))
            }
        }
    }

    /// `race == white, black` and `race != white or black`: levels behind a comparison with another one are its list.
    pub(super) fn listed_behind(&mut self, name: &ast::Name) -> bool {
        let Some(file) = self.sources.get(name.span.source).map(|file| file.text.clone()) else { return false };
        let (start, end) = (name.span.start as usize, name.span.end as usize);
        let Some(before) = file.get(..start) else { return false };
        let Some(compared) = compared_before(before) else { return false };
        let column = match self.names.get(compared.column) {
            Some((Symbol::Column(column), _)) if self.is_categorical(*column) => *column,
            _ => return false,
        };
        if self.owner(&name.text) != Some(column) || self.owner(compared.level) != Some(column) {
            return false;
        }
        let (mut levels, mut last) = (vec![compared.level, name.text.as_str()], end);
        while let Some((level, at)) = file.get(last..).and_then(|rest| next_listed(rest, compared.joins)) {
            if self.owner(level) != Some(column) {
                break;
            }
            self.unknown.insert(level.to_string());
            levels.push(level);
            last += at;
        }
        let levels: Vec<String> = levels.into_iter().map(written).collect();
        let word = if compared.differs { "not in" } else { "in" };
        let instead = format!("{} {word} {{{}}}", written(compared.column), levels.join(", "));
        let fix = Fix::one(Span::new(name.span.source, compared.at, last), instead.clone(), false);
        let kind = Kind::WrongKind {
            text: name.text.clone(),
            found: format!("a level of `{}`", compared.column),
            expected: "an event".into(),
            hint: Some(format!("several levels are a list: `{}`", one_line(&instead))),
        };
        self.report(Finding::new(kind, name.span).mended(self.call.is_none().then_some(fix)));
        true
    }
}

/// `race == white,` in front of a further level.
struct Compared<'t> {
    column: &'t str,
    differs: bool,
    level: &'t str,
    /// What stands between the levels.
    joins: &'t str,
    /// Where it begins.
    at: usize,
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The last word of a text, and what stands before it.
fn last_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let start = text.trim_end_matches(is_word_char).len();
    text.split_at_checked(start).filter(|(_, word)| !word.is_empty())
}

fn compared_before(text: &str) -> Option<Compared<'_>> {
    let text = text.trim_end();
    let (text, joins) = match text.strip_suffix(',') {
        Some(rest) => (rest, ","),
        None => last_word(text).filter(|(_, word)| matches!(*word, "or" | "and"))?,
    };
    let (text, level) = last_word(text)?;
    let text = text.trim_end();
    let (text, differs) = match (text.strip_suffix("=="), text.strip_suffix("!=")) {
        (Some(text), _) => (text, false),
        (_, Some(text)) => (text, true),
        (None, None) => return None,
    };
    let (before, column) = last_word(text)?;
    Some(Compared { column, differs, level, joins, at: before.len() })
}

/// The next level of a list, and where it ends.
fn next_listed<'t>(text: &'t str, joins: &str) -> Option<(&'t str, usize)> {
    let rest = text.trim_start();
    let rest = rest.strip_prefix(joins)?;
    let rest = if joins == "," { rest } else { rest.strip_prefix(' ')? };
    let word = rest.trim_start();
    let length = word.find(|c| !is_word_char(c)).unwrap_or(word.len());
    let level = word.get(..length).filter(|level| !level.is_empty())?;
    // Another comparison begins here.
    let behind = word.get(length..)?.trim_start();
    let compares = ["==", "!=", "<", ">", "in ", "not "].iter().any(|mark| behind.starts_with(mark));
    (!compares).then_some((level, text.len() - word.len() + length))
}
