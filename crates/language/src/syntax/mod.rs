//! From text to the syntax tree, and from text to well-formed text.
//!
//! ```text
//! text ─scan→ tokens ─outline→ one chunk per declaration ─pest→ pairs ─build→ ast::File
//!                                        └─ a chunk that does not parse ─diagnose→ SyntaxError
//! ```
//!
//! Each declaration is parsed by itself, so a mistake in one costs that one only. Where its fix is known it is assumed and
//! reading goes on (`recover`); of what cannot be read, the name that it introduces is kept.

pub mod ast;
mod build;
mod by_level;
mod children;
mod confusion;
mod diagnose;
pub mod error;
mod expected;
mod expression;
mod fold;
mod format;
mod habit;
pub mod import;
mod interval;
mod listed;
mod metric;
mod notation;
mod notice;
mod operator;
mod outline;
mod patch;
mod phrase;
mod pieces;
mod points;
mod recover;
mod repair;
mod restriction;
mod scan;
mod slip;
mod tree;

use std::cell::RefCell;

use pest::error::{ErrorVariant, InputLocation};
use pest_derive::Parser;

use self::build::Builder;
use self::diagnose::{Failure, diagnose};
use self::error::{Mistake, NotUtf8, SyntaxError};
pub use self::format::format;
pub use self::notice::Notice;
use self::outline::{Chunk, MAX_DEPTH, outline};
pub use self::pieces::{Piece, PieceKind, declarations, is_reserved, pieces};
use self::scan::{Scan, Token, TokenKind, scan};
pub use self::tree::tree;
use crate::diagnostic::Diagnostic;
use crate::span::{SourceId, Span};

#[derive(Parser)]
#[grammar = "grammar/fair.pest"]
struct FairParser;

/// The longest text that is read, in bytes: a hundred times what people write, and little enough that the tokens of
/// anything fit into memory.
pub const MAX_LENGTH: usize = 8 << 20;

/// A name as the language writes it, in backticks if need be; none if it cannot be written.
pub fn written(name: &str) -> Option<String> {
    if error::is_plain_name(name) {
        return Some(name.to_owned());
    }
    (!name.is_empty() && !name.contains(['`', '\n', '\r'])).then(|| format!("`{name}`"))
}

/// What came of a text: the declarations that are well formed, and the mistakes in the others, both in source order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    pub file: ast::File,
    pub errors: Vec<SyntaxError>,
    pub notices: Vec<Notice>,
}

impl Parsed {
    pub fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.errors.iter().map(SyntaxError::diagnostic).chain(self.notices.iter().map(Notice::diagnostic))
    }
}

/// Parses a file. Never panics, and takes time linear in the text.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    if let Some(mistake) = unreadable(text) {
        parsed.errors.push(SyntaxError::new(mistake, Span::new(source, 0, 0)));
        // What it declares is not known, so that nothing is missing.
        parsed.file.broken.push(ast::Broken { keyword: "", name: None });
        return parsed;
    }
    let scan = scan(text);
    for chunk in outline(text, &scan) {
        match parse_chunk(source, text, &scan, &chunk) {
            Ok(item) => parsed.file.items.push(item),
            Err(errors) => recover::recover(source, text, &scan, &chunk, errors, &mut parsed),
        }
    }
    recover::one_reserved_name(text, &mut parsed);
    recover::one_habit(&mut parsed);
    recover::one_import(text, &mut parsed);
    parsed.notices = notice::notices(source, text, &scan);
    parsed
}

/// Why a text is not read at all.
fn unreadable(text: &str) -> Option<Mistake> {
    if text.len() > MAX_LENGTH {
        return Some(Mistake::TooLong { limit: MAX_LENGTH });
    }
    (text.trim_end().contains('\r') && !text.contains('\n')).then_some(Mistake::LineEnds)
}

fn parse_chunk(source: SourceId, text: &str, scan: &Scan, chunk: &Chunk) -> Result<ast::Item, Vec<SyntaxError>> {
    let tokens = scan.tokens.get(chunk.tokens.clone()).unwrap_or(&[]);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return Err(Vec::new()) };
    // What lies deeper than the limit is not handed on; a mistake before that place is reported instead of the depth.
    let deep = chunk.too_deep.and_then(|index| scan.tokens.get(index));
    let end = deep.map_or(last.end, |token| token.start);
    let failure = |at: usize, expected: Vec<Rule>| match deep {
        Some(deep) if text.get(at..deep.start).is_none_or(|rest| rest.trim().is_empty()) => {
            vec![SyntaxError::new(Mistake::TooDeep { limit: MAX_DEPTH }, span(source, deep))]
        }
        Some(_) | None => {
            let last = chunk.tokens.end == scan.tokens.len();
            vec![diagnose(&Failure { source, text, scan, tokens: chunk.tokens.clone(), last, at, expected })]
        }
    };
    match points::declaration(text.get(first.start..end).unwrap_or("")) {
        Ok(mut pairs) if deep.is_none() => {
            let builder = Builder { source, offset: first.start, patch: None, errors: RefCell::default() };
            match (pairs.next().and_then(|declaration| builder.item(declaration)), builder.errors.into_inner()) {
                (Some(kind), errors) if errors.is_empty() => {
                    let doc = doc(text, scan, chunk.tokens.start);
                    Ok(ast::Item { doc, span: span(source, first).to(span(source, last)), kind })
                }
                (_, errors) if errors.is_empty() => Err(failure(first.start, Vec::new())),
                (_, errors) => Err(errors),
            }
        }
        Ok(_) => Err(failure(end, Vec::new())),
        Err(error) => {
            let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
            let expected = match error.variant {
                ErrorVariant::ParsingError { positives, .. } => positives,
                ErrorVariant::CustomError { .. } => Vec::new(),
            };
            Err(failure(first.start + at, expected))
        }
    }
}

fn span(source: SourceId, token: &Token) -> Span {
    Span::new(source, token.start, token.end)
}

/// The doc comment in front of the token at `index`.
fn doc(text: &str, scan: &Scan, index: usize) -> String {
    let comments = scan.comments_before(index).iter().filter(|comment| comment.is_doc(text));
    let lines = comments.map(|comment| {
        let line = comment.text(text).trim_start_matches('#');
        line.strip_prefix(' ').unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads bytes as UTF-8; a byte order mark at the beginning is left out.
pub fn decode(bytes: &[u8]) -> Result<&str, NotUtf8> {
    NotUtf8::or_text(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
}

#[cfg(test)]
mod tests {
    use super::decode;
    use super::error::NotUtf8;

    #[test]
    fn bytes_are_text_or_an_error_with_its_place() {
        assert_eq!(decode(b"column a: real"), Ok("column a: real"));
        assert_eq!(decode(b"\xEF\xBB\xBFcolumn"), Ok("column"));
        assert_eq!(decode(b"column \xFF").map_err(|error| (error.offset, error.code())), Err((7, "E0105")));
        assert_eq!(decode(b""), Ok(""));
        assert_eq!(decode(b"a\0"), Ok("a\0"), "one zero is a character");
        for bytes in [&b"a\0=\0b\0"[..], b"\0a\0=\0b", b"\xFF\xFEa\0", b"\xFE\xFF\0a", b"a\0\x44\x04b\0"] {
            assert_eq!(decode(bytes), Err(NotUtf8 { offset: 0, utf16: true }), "{bytes:?}");
        }
    }
}
