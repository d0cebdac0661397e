//! What is said of a place: a name, a word of the language, an expression, a constraint.

use super::rows::{self, Rows};
use super::symbols::{Definition, DefinitionKind, Index};
use super::{expression, signature, vocabulary};
use crate::compile::Compilation;
use crate::hir::{Component, Curvature, Expr, Shape, Value};
use crate::interval::Interval;
use crate::span::{SourceId, Span, one_line};
use crate::syntax::{Piece, PieceKind, pieces};
use crate::words::counted;

/// Words about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What they are about.
    pub span: Span,
    /// In Markdown.
    pub text: String,
}

/// How many rows are listed by name.
const MOST_ROWS: usize = 8;
/// How many lines of a declaration are shown.
const MOST_LINES: usize = 12;

/// What can be said of a place of a file.
pub fn at(compilation: &Compilation, index: &Index, source: SourceId, offset: usize) -> Option<Description> {
    if let Some(reference) = index.at(source, offset) {
        let definition = index.get(reference.definition)?;
        let mut text = definition_words(compilation, index, definition);
        if let Some(expr) = expression::at(&compilation.hir, source, offset).filter(|expr| expr.span == reference.span)
        {
            text.push_str(&format!("\n\n{}", expression_words(expr)));
        }
        return Some(Description { span: reference.span, text });
    }
    let text = compilation.sources.get(source).map_or("", |source| &source.text);
    let all = pieces(text);
    let touches = |piece: &&Piece| piece.range.start <= offset && offset <= piece.range.end;
    // A word rather than the mark behind it.
    let is_word = |piece: &&Piece| touches(piece) && piece.kind == PieceKind::Word;
    let piece = all.iter().find(is_word).or_else(|| all.iter().find(touches));
    if piece.is_some_and(Piece::is_comment) {
        return None;
    }
    let word = piece.map_or("", |piece| piece.text(text));
    let span = piece.map(|piece| Span::new(source, piece.range.start, piece.range.end));
    if let (Some(metric), Some(span)) = (signature::standard(word), span) {
        return Some(Description { span, text: metric_words(&metric) });
    }
    if let Some(expr) = expression::at(&compilation.hir, source, offset) {
        let known = vocabulary::about(word).map_or(String::new(), |word| format!("\n\n{}", word.about));
        let quoted = one_line(compilation.sources.text(expr.span));
        return Some(Description {
            span: expr.span,
            text: format!("```fair\n{quoted}\n```\n{}{known}", expression_words(expr)),
        });
    }
    let word = vocabulary::about(word)?;
    Some(Description { span: span?, text: format!("`{}`: {}", word.word, word.about) })
}

fn definition_words(compilation: &Compilation, index: &Index, definition: &Definition) -> String {
    let mut text = match definition.kind {
        DefinitionKind::Metric => match signature::metric(compilation, &definition.name) {
            Some(metric) => return metric_words(&metric),
            None => String::new(),
        },
        DefinitionKind::Level => {
            let owner = definition.owner.and_then(|owner| index.get(owner));
            let owner = owner.map_or(String::new(), |owner| format!(" of the {} `{}`", owner.kind.word(), owner.name));
            format!("level `{}`{owner}", definition.name)
        }
        DefinitionKind::Binder => {
            let values = binder_values(compilation, definition).map_or(String::new(), |values| {
                let texts: Vec<String> =
                    values.iter().take(MOST_ROWS).map(|value| format!("`{}`", value.text)).collect();
                let more = if values.len() > MOST_ROWS { ", .." } else { "" };
                format!("\n\n{}: {}{more}", counted(values.len(), "value"), texts.join(", "))
            });
            let quantifier = one_line(compilation.sources.text(definition.declaration));
            format!("binder `{}` of\n```fair\n{quantifier}\n```{values}", definition.name)
        }
        DefinitionKind::Parameter => {
            let owner = definition.owner.and_then(|owner| index.get(owner)).map_or("", |owner| &owner.name);
            let declared = one_line(compilation.sources.text(definition.declaration));
            format!("parameter of `{owner}`\n```fair\n{declared}\n```")
        }
        DefinitionKind::Column
        | DefinitionKind::Label
        | DefinitionKind::Weight
        | DefinitionKind::Prediction
        | DefinitionKind::Param
        | DefinitionKind::Let
        | DefinitionKind::Event
        | DefinitionKind::Group
        | DefinitionKind::Relation
        | DefinitionKind::Constraint
        | DefinitionKind::Alias => declared(compilation, definition.declaration),
    };
    if matches!(definition.kind, DefinitionKind::Constraint | DefinitionKind::Alias) {
        let rows = rows::of(compilation).into_iter().find(|rows| rows.declaration == definition.declaration);
        text.push_str(&rows.map_or(String::new(), |rows| format!("\n\n{}", rows_words(&rows))));
    }
    if let Some(group) = compilation
        .hir
        .groups
        .iter()
        .find(|group| group.name == definition.name && definition.kind == DefinitionKind::Group)
    {
        let levels: Vec<String> =
            group.levels.iter().take(MOST_ROWS).map(|level| format!("`{}`", level.text)).collect();
        let more = if group.levels.len() > MOST_ROWS { ", .." } else { "" };
        text.push_str(&format!("\n\n{}: {}{more}", counted(group.levels.len(), "level"), levels.join(", ")));
    }
    if !definition.doc.is_empty() {
        text.push_str(&format!("\n\n{}", definition.doc));
    }
    text
}

/// What the binder of a `forall` stands for; of a metric's that depends on the use, and is not said.
fn binder_values<'c>(compilation: &'c Compilation, definition: &Definition) -> Option<&'c [Value]> {
    let constraints = compilation.hir.constraints.iter().filter(|it| it.span.contains(definition.declaration));
    let quantifier = constraints.flat_map(|it| &it.quantifiers).find(|it| it.span == definition.declaration)?;
    let ids = quantifier.components.iter().flat_map(|component| match component {
        Component::Single(one) => vec![*one],
        Component::Pairs(first, second) | Component::Adjacent(first, second) => vec![*first, *second],
    });
    let mut binders = ids.map(|id| &compilation.hir[id]);
    binders.find(|binder| binder.name == definition.name).map(|binder| &*binder.values)
}

/// A declaration as it is written.
fn declared(compilation: &Compilation, span: Span) -> String {
    let lines: Vec<&str> = compilation.sources.text(span).lines().collect();
    let more = if lines.len() > MOST_LINES { "\n.." } else { "" };
    let shown = lines.get(..lines.len().min(MOST_LINES)).unwrap_or_default().join("\n");
    format!("```fair\n{shown}{more}\n```")
}

fn metric_words(metric: &signature::Signature) -> String {
    format!("```fair\nmetric {}\n```\n{}", metric.label, metric.doc)
}

/// `3 rows: ..`.
pub fn rows_words(rows: &Rows) -> String {
    let names: Vec<String> = rows.names.iter().take(MOST_ROWS).map(|name| format!("`{name}`")).collect();
    let more = if rows.names.len() > MOST_ROWS { ", .." } else { "" };
    match names.is_empty() {
        true => counted(0, "row"),
        false => format!("{}: {}{more}", counted(rows.names.len(), "row"), names.join(", ")),
    }
}

/// Shape, dependence on the prediction, and range.
pub fn expression_words(expr: &Expr) -> String {
    let shape = match expr.shape {
        Some(Shape::Aggregate) => "one value for the batch, ",
        Some(Shape::Sample) => "one value per sample, ",
        None => "a number, ",
    };
    let curvature = match expr.curvature {
        Curvature::Constant => "free of the prediction",
        Curvature::Affine => "affine in the prediction",
        Curvature::Piecewise => "piecewise linear in the prediction",
    };
    let range = if expr.range == Interval::ALL {
        String::new()
    } else {
        format!(", in [{}, {}]", expr.range.lower, expr.range.upper)
    };
    format!("{shape}{curvature}{range}")
}
