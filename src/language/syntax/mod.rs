//! From text to the syntax tree, and from text to well-formed text.
//!
//! ```text
//! text ─scan→ tokens ─outline→ one chunk per declaration ─pest→ pairs ─build→ ast::File
//!                                        └─ a chunk that does not parse ─diagnose→ SyntaxError
//! ```
//!
//! Each declaration is parsed by itself, so a mistake in one costs that one only, and gives one error.

pub mod ast;
mod build;
pub mod error;
mod expression;
pub mod import;
mod outline;
mod scan;

use std::cell::RefCell;

use pest::Parser;
use pest::error::InputLocation;
use pest_derive::Parser;

use self::build::Builder;
use self::error::{NotUtf8, SyntaxError};
use self::outline::{Chunk, MAX_DEPTH, outline};
use self::scan::{Scan, Token, scan};
use crate::language::span::{SourceId, Span};

#[derive(Parser)]
#[grammar = "grammar/fair.pest"]
struct FairParser;

/// What came of a text: the declarations that are well formed, and the mistakes in the others, both in source order.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub file: ast::File,
    pub errors: Vec<SyntaxError>,
}

/// Parses a file. Never panics, and takes time linear in the text.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    let scan = scan(text);
    let mut parsed = Parsed { file: ast::File { items: Vec::new() }, errors: Vec::new() };
    for chunk in outline(text, &scan) {
        match parse_chunk(source, text, &scan, &chunk) {
            Ok(item) => parsed.file.items.push(item),
            Err(errors) => parsed.errors.extend(errors),
        }
    }
    parsed
}

fn parse_chunk(source: SourceId, text: &str, scan: &Scan, chunk: &Chunk) -> Result<ast::Item, Vec<SyntaxError>> {
    let tokens = scan.tokens.get(chunk.tokens.clone()).unwrap_or(&[]);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return Err(Vec::new()) };
    // What lies deeper than the limit is not handed on; a mistake before that place is reported instead of the depth.
    let deep = chunk.too_deep.and_then(|index| scan.tokens.get(index));
    let piece = text.get(first.start..deep.map_or(last.end, |token| token.start)).unwrap_or("");
    let too_deep = |deep: &Token| vec![SyntaxError::TooDeep { limit: MAX_DEPTH, span: span(source, deep) }];
    match (FairParser::parse(Rule::declaration, piece), deep) {
        (Ok(mut pairs), None) => {
            let builder = Builder { source, offset: first.start, errors: RefCell::default() };
            match (pairs.next().and_then(|declaration| builder.item(declaration)), builder.errors.into_inner()) {
                (Some(kind), errors) if errors.is_empty() => {
                    let doc = doc(text, scan, chunk.tokens.start);
                    Ok(ast::Item { doc, span: span(source, first).to(span(source, last)), kind })
                }
                (_, errors) => Err(errors),
            }
        }
        (Ok(_), Some(deep)) => Err(too_deep(deep)),
        (Err(failure), deep) => {
            let at = first.start
                + match failure.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
            match deep.filter(|deep| text.get(at..deep.start).is_none_or(|rest| rest.trim().is_empty())) {
                Some(deep) => Err(too_deep(deep)),
                None => Err(vec![SyntaxError::Unexpected {
                    found: "this".to_owned(),
                    expected: "something else".to_owned(),
                    span: Span::new(source, at, at),
                }]),
            }
        }
    }
}

fn span(source: SourceId, token: &Token) -> Span {
    Span::new(source, token.start, token.end)
}

/// The doc comment in front of the token at `index`.
fn doc(text: &str, scan: &Scan, index: usize) -> String {
    let first = scan.comments.partition_point(|comment| comment.before < index);
    let lines = scan.comments[first..]
        .iter()
        .take_while(|comment| comment.before == index)
        .filter(|comment| comment.is_doc(text))
        .map(|comment| {
            let line = comment.text(text).trim_start_matches('#');
            line.strip_prefix(' ').unwrap_or(line)
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads bytes as UTF-8; a byte order mark at the beginning is left out.
pub fn decode(bytes: &[u8]) -> Result<&str, NotUtf8> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| NotUtf8 { offset: error.valid_up_to() })
}
