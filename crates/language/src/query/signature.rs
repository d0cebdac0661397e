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
    /// How many arguments stand before.
    pub arguments: usize,
    /// The parameter that the argument is for, where that is written.
    pub named: Option<String>,
    /// The first piece of each argument, where that is a name.
    pub first: Vec<String>,
}

/// The innermost call of a metric around a place.
pub fn site(text: &str, offset: usize) -> Option<Site> {
    let start = declarations(text).into_iter().take_while(|range| range.start <= offset).last()?.start;
    let pieces = pieces(text);
    let before: Vec<&Piece> = pieces
        .iter()
        .filter(|piece| !piece.is_comment() && piece.range.start >= start && piece.range.end <= offset)
        .collect();
    let word = |at: usize| before.get(at).map_or("", |piece| piece.text(text));
    let (mut open, mut depth) = (None, 0_usize);
    for at in (0..before.len()).rev() {
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
    let (mut first, mut named, mut depth) = (vec![word(open + 1).to_owned()], None, 0_usize);
    for at in open + 1..before.len() {
        match word(at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                named = None;
                first.push(word(at + 1).to_owned());
            }
            "=" if depth == 0 => {
                named = Some(word(at - 1).to_owned());
                if let Some(last) = first.last_mut() {
                    *last = word(at + 1).to_owned();
                }
            }
            _ => {}
        }
    }
    let plain = |text: &str| text.trim_matches('`').to_owned();
    let arguments = first.len() - 1;
    Some(Site { metric: plain(word(name)), arguments, named, first: first.iter().map(|text| plain(text)).collect() })
}
