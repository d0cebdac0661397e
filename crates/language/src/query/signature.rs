//! Metrics as they are called: parameters, and which of them is being written.

use std::ops::Range;

use crate::compile::Compilation;
use crate::library;
use crate::span::SourceId;
use crate::syntax::ast::{Accepts, Item, ItemKind, Metric, Parameter};
use crate::syntax::{Piece, declarations, parse, pieces};

/// A metric, as a person reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    pub name: String,
    /// `demographic_parity(attr: group, tol: number >= 0)`.
    pub label: String,
    /// The bytes of each parameter in the label.
    pub parameters: Vec<Range<usize>>,
    pub doc: String,
    pub metric: Metric,
}

impl Signature {
    fn of(item: &Item, text: &str) -> Option<Signature> {
        let ItemKind::Metric(metric) = &item.kind else { return None };
        let mut label = format!("{}(", metric.name.text);
        let mut parameters = Vec::new();
        for (at, parameter) in metric.parameters.iter().enumerate() {
            label.push_str(if at > 0 { ", " } else { "" });
            let start = label.len();
            label.push_str(&written(parameter, text));
            parameters.push(start..label.len());
        }
        label.push(')');
        Some(Signature {
            name: metric.name.text.clone(),
            label,
            parameters,
            doc: item.doc.clone(),
            metric: metric.clone(),
        })
    }

    /// The place of the parameter of this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.metric.parameters.iter().position(|parameter| parameter.name.text == name)
    }

    /// The place of the parameter that is being written.
    pub fn active(&self, site: &Site) -> Option<usize> {
        let place = match &site.passed.last()?.named {
            Some(name) => self.place(name),
            None => site.passed.len().checked_sub(1),
        };
        place.filter(|place| *place < self.metric.parameters.len())
    }

    /// What may be passed for the parameter at this place.
    pub fn accepts(&self, place: usize) -> Option<&Accepts> {
        self.metric.parameters.get(place)?.kind.as_ref().map(|kind| &kind.kind)
    }
}

/// A parameter as it is declared, on one line.
fn written(parameter: &Parameter, text: &str) -> String {
    let end = parameter.kind.as_ref().map_or(parameter.name.span.end, |kind| kind.span.end);
    let end = parameter.default.as_ref().map_or(end, |default| default.span.end);
    let declared = text.get(parameter.name.span.start as usize..end as usize).unwrap_or(&parameter.name.text);
    declared.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The metric of a name: the user's, or else that of the library.
pub fn metric(compilation: &Compilation, name: &str) -> Option<Signature> {
    for (source, parsed) in &compilation.files {
        let text = compilation.sources.get(*source).map_or("", |source| &source.text);
        let named = |item: &&Item| item.kind.name().is_some_and(|known| known.text == name);
        if let Some(found) = parsed.file.items.iter().filter(named).find_map(|item| Signature::of(item, text)) {
            return Some(found);
        }
    }
    standard(name)
}

/// A metric of the library.
pub fn standard(name: &str) -> Option<Signature> {
    let text = library::find(name)?;
    parse(SourceId::default(), text).file.items.iter().find_map(|item| Signature::of(item, text))
}

/// The metrics that can be used: the user's, then those of the library.
pub fn metrics(compilation: &Compilation) -> Vec<Signature> {
    let mut found: Vec<Signature> = Vec::new();
    for (source, parsed) in &compilation.files {
        let text = compilation.sources.get(*source).map_or("", |source| &source.text);
        found.extend(parsed.file.items.iter().filter_map(|item| Signature::of(item, text)));
    }
    let known: Vec<&str> = found.iter().map(|metric| metric.name.as_str()).collect();
    let others: Vec<Signature> = library::names().filter(|name| !known.contains(name)).filter_map(standard).collect();
    found.extend(others);
    found
}

/// The call that is being written at a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub metric: String,
    /// The arguments up to the place, the one that is being written among them.
    pub passed: Vec<Passed>,
}

/// An argument as far as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The parameter that it is for, where that is written.
    pub named: Option<String>,
    /// Its first piece.
    pub first: String,
}

impl Site {
    /// The first piece of what is passed for a parameter.
    pub fn first_of(&self, place: usize, name: &str) -> Option<&str> {
        let named = self.passed.iter().find(|passed| passed.named.as_deref() == Some(name));
        let placed = || self.passed.get(place).filter(|passed| passed.named.is_none());
        named.or_else(placed).map(|passed| passed.first.as_str())
    }
}

/// The innermost call of a metric around a place.
pub fn site(text: &str, offset: usize) -> Option<Site> {
    let start = declarations(text).into_iter().take_while(|range| range.start <= offset).last()?.start;
    let pieces = pieces(text);
    let before: Vec<&Piece> = pieces
        .iter()
        .filter(|piece| !piece.is_comment() && piece.range.start >= start && piece.range.end <= offset)
        .collect();
    site_of(&before.iter().map(|piece| piece.text(text)).collect::<Vec<_>>())
}

/// The innermost call of a metric that is open behind the words of a declaration.
pub(super) fn site_of(words: &[&str]) -> Option<Site> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let (mut open, mut depth) = (None, 0_usize);
    for at in (0..words.len()).rev() {
        match word(at) {
            ")" | "]" | "}" => depth += 1,
            "(" if depth == 0 => {
                open = Some(at);
                break;
            }
            "(" | "[" | "{" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let open = open?;
    let name = open.checked_sub(1)?;
    if word(name.checked_sub(1)?) != "use" {
        return None;
    }
    let plain = |at: usize| word(at).trim_matches('`').to_owned();
    let argument = |at: usize| Passed { named: None, first: plain(at) };
    let (mut passed, mut depth) = (vec![argument(open + 1)], 0_usize);
    for at in open + 1..words.len() {
        match word(at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 => passed.push(argument(at + 1)),
            "=" if depth == 0 => {
                if let Some(last) = passed.last_mut() {
                    *last = Passed { named: Some(plain(at - 1)), first: plain(at + 1) };
                }
            }
            _ => {}
        }
    }
    Some(Site { metric: plain(name), passed })
}
