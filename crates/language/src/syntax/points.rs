//! The parser of one declaration, which takes `i.level` in rows about pairs alone. Elsewhere a point between names is a habit of
//! another language, `df.sex`, and the mistakes of the text have words for it.

use pest::Parser;
use pest::error::Error;
use pest::iterators::Pairs;

use super::scan::{TokenKind, scan_part};
use super::{FairParser, Rule};

/// Parses the text of a declaration.
pub(super) fn declaration(text: &str) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    if let Some(at) = stray_point(text) {
        // What is expected in its place, by the grammar itself.
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        FairParser::parse(Rule::declaration, &format!("{before}\u{1}{after}"))?;
    }
    Ok(FairParser::parse(Rule::declaration, text)?)
}

/// The first point between names, unless the declaration is about pairs.
fn stray_point(text: &str) -> Option<usize> {
    if !text.contains('.') {
        return None;
    }
    let tokens = scan_part(text).tokens;
    let about_pairs = tokens.windows(2).any(|pair| match pair {
        [each, open] => each.text(text) == "each" && open.text(text) == "(",
        _ => false,
    });
    let is_name = |kind: TokenKind| matches!(kind, TokenKind::Word | TokenKind::Quoted);
    let stray = tokens.windows(3).find_map(|three| match three {
        [of, point, name] if point.text(text) == "." && is_name(of.kind) && is_name(name.kind) => Some(point.start),
        _ => None,
    });
    stray.filter(|_| !about_pairs)
}
