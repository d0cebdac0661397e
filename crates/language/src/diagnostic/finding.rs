//! What a stage found, before it is put into words: a typed kind, and places.

use std::fmt::Display;

use super::{Code, Diagnostic, Fix, Label, Severity};
use crate::span::Span;

/// A kind of mistake of one stage. Its `Display` is the message: lowercase, no full stop, user input in backticks.
pub trait Explained: Display {
    fn code(&self) -> Code;
    /// The words at the underlined place.
    fn label(&self) -> String;
    /// How to mend it, where something can be said.
    fn help(&self) -> Option<String>;
}

/// What is wrong, where, and the related places.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<K> {
    pub kind: K,
    /// The smallest expression at fault.
    pub span: Span,
    /// Related places, each with a word on it.
    pub related: Vec<(Span, String)>,
    /// Changes of the text that mend it.
    pub fix: Option<Fix>,
}

impl<K: Explained> Finding<K> {
    pub fn new(kind: K, span: Span) -> Self {
        Finding { kind, span, related: Vec::new(), fix: None }
    }

    pub fn with(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push((span, text.into()));
        self
    }

    pub fn mended(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// The same finding with its places taken elsewhere.
    pub fn moved(mut self, place: impl Fn(Span) -> Span) -> Self {
        self.span = place(self.span);
        self.related.iter_mut().for_each(|(span, _)| *span = place(*span));
        self
    }

    pub fn is_error(&self) -> bool {
        self.kind.code().severity() == Severity::Error
    }

    pub fn diagnostic(&self) -> Diagnostic {
        let mut labels = vec![Label { span: self.span, text: self.kind.label() }];
        labels.extend(self.related.iter().map(|(span, text)| Label { span: *span, text: text.clone() }));
        Diagnostic {
            code: self.kind.code(),
            message: self.kind.to_string(),
            help: self.kind.help(),
            labels,
            fix: self.fix.clone(),
        }
    }
}
