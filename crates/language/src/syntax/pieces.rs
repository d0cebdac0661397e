//! The tokens and comments of a text for whoever is no parser: highlighting, folding, what may stand at a place.

use std::ops::Range;

use super::outline::outline;
use super::scan::{Comment, Token, TokenKind, scan};

/// A token or a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    /// Bytes of the text.
    pub range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A name or a reserved word.
    Word,
    /// A name in backticks.
    Quoted,
    Number,
    /// In double quotes.
    Text,
    Symbol,
    /// No token of the language.
    Broken,
    Comment,
    /// A `##` comment on a line of its own.
    Doc,
}

impl Piece {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.range.clone()).unwrap_or("")
    }

    pub fn is_comment(&self) -> bool {
        matches!(self.kind, PieceKind::Comment | PieceKind::Doc)
    }
}

/// All of them, in order.
pub fn pieces(text: &str) -> Vec<Piece> {
    let scan = scan(text);
    let tokens = scan.tokens.iter().map(|token| Piece { kind: kind(token), range: token.start..token.end });
    let mut all: Vec<Piece> = tokens.chain(scan.comments.iter().map(|comment| remark(comment, text))).collect();
    all.sort_by_key(|piece| piece.range.start);
    all
}

/// The bytes of each declaration, readable or not.
pub fn declarations(text: &str) -> Vec<Range<usize>> {
    let scan = scan(text);
    let bytes = |tokens: Range<usize>| {
        let tokens = scan.tokens.get(tokens).unwrap_or_default();
        Some(tokens.first()?.start..tokens.last()?.end)
    };
    outline(text, &scan).into_iter().filter_map(|chunk| bytes(chunk.tokens)).collect()
}

/// Whether a word is reserved: no name, except in backticks.
pub fn is_reserved(word: &str) -> bool {
    super::outline::is_reserved(word)
}

fn kind(token: &Token) -> PieceKind {
    match token.kind {
        TokenKind::Word => PieceKind::Word,
        TokenKind::Quoted => PieceKind::Quoted,
        TokenKind::Number => PieceKind::Number,
        TokenKind::Text => PieceKind::Text,
        TokenKind::Symbol => PieceKind::Symbol,
        TokenKind::Broken(_) => PieceKind::Broken,
    }
}

fn remark(comment: &Comment, text: &str) -> Piece {
    let kind = if comment.is_doc(text) { PieceKind::Doc } else { PieceKind::Comment };
    Piece { kind, range: comment.start..comment.end }
}
