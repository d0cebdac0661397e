//! What each token is, by what its name stands for.

use std::ops::Range;

use super::symbols::{DefinitionKind, Index};
use super::vocabulary;
use crate::span::SourceId;
use crate::syntax::{Piece, PieceKind, is_reserved, pieces};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenClass {
    Keyword,
    Comment,
    /// A `##` comment.
    Doc,
    Number,
    Text,
    Operator,
    /// An aggregate, a fold or a function.
    Function,
    /// A name that a definition has.
    Name(DefinitionKind),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub range: Range<usize>,
    pub class: TokenClass,
    /// Its declaration stands here.
    pub declares: bool,
}

/// The tokens of a file that are more than plain text, in order.
pub fn tokens(index: &Index, source: SourceId, text: &str) -> Vec<Token> {
    let references = index.in_source(source);
    let pieces = pieces(text);
    let class = |at: usize, piece: &Piece| {
        let known = references.partition_point(|reference| reference.span.range().start < piece.range.start);
        let known = references.get(known).filter(|reference| reference.span.range() == piece.range);
        if let Some(definition) = known.and_then(|reference| index.get(reference.definition)) {
            return Some((
                TokenClass::Name(definition.kind),
                definition.span.range() == piece.range && definition.span.source == source,
            ));
        }
        Some((plain(piece, pieces.get(at + 1), text)?, false))
    };
    let tokens = pieces.iter().enumerate().filter_map(|(at, piece)| {
        let (class, declares) = class(at, piece)?;
        Some(Token { range: piece.range.clone(), class, declares })
    });
    tokens.collect()
}

fn plain(piece: &Piece, next: Option<&Piece>, text: &str) -> Option<TokenClass> {
    let word = piece.text(text);
    match piece.kind {
        PieceKind::Comment => Some(TokenClass::Comment),
        PieceKind::Doc => Some(TokenClass::Doc),
        PieceKind::Number => Some(TokenClass::Number),
        PieceKind::Text => Some(TokenClass::Text),
        PieceKind::Symbol if word.chars().all(|c| "=!<>+-*/^|?.".contains(c)) => Some(TokenClass::Operator),
        PieceKind::Word if is_reserved(word) || matches!(word, "let" | "otherwise" | "relation" | "by") => {
            Some(TokenClass::Keyword)
        }
        PieceKind::Word => {
            let opens = next.map_or("", |next| next.text(text));
            let aggregate = opens == "[" && vocabulary::AGGREGATES.iter().any(|known| known.word == word);
            let function = opens == "(" && vocabulary::FUNCTIONS.iter().any(|known| known.word == word);
            (aggregate || function).then_some(TokenClass::Function)
        }
        PieceKind::Symbol | PieceKind::Quoted | PieceKind::Broken => None,
    }
}
