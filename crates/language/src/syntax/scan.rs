//! A first, cheap pass over the text: tokens and comments, without judging them.
//!
//! The grammar (`grammar/fair.pest`) says what a declaration may look like. This pass serves what a grammar is bad at:
//! finding where the next declaration begins after a mistake, refusing text that is nested too deeply before anything
//! recurses ([`super::outline`]), naming the token at which an error stands, and keeping the comments for the
//! formatter. It never fails: text that is no token becomes a [`TokenKind::Broken`].

/// A piece of text that is not white space or a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    /// Byte offsets into the text.
    pub start: usize,
    pub end: usize,
    /// Nothing but white space and comments stands before it on its line.
    pub first_on_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or a reserved word.
    Word,
    /// A name in backticks.
    Quoted,
    Number,
    /// A string in double quotes.
    Text,
    /// An operator, a bracket or another mark.
    Symbol,
    Broken(Broken),
}

/// What is wrong with a token that the grammar knows nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Backticks or quotes that do not close on their line.
    Unclosed,
    /// Two backticks with nothing between them.
    EmptyName,
    /// `'male'`, `“male”`.
    SingleQuotes,
    /// `.5`, `12abc`, `1e`.
    Number,
    /// A word with letters outside ASCII.
    Word,
    /// A mark that the language does not have: `&&`, `≤`, `@`.
    Symbol,
}

/// A `#` comment, without its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub start: usize,
    pub end: usize,
    /// Nothing but white space stands before it on its line.
    pub own_line: bool,
    /// The number of tokens before it.
    pub before: usize,
}

impl Comment {
    /// `##` on a line of its own, but not a `###` rule.
    pub fn is_doc(&self, text: &str) -> bool {
        let text = self.text(text);
        self.own_line && text.starts_with("##") && !text.starts_with("###")
    }

    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

impl Token {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// All tokens and comments of a text, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    pub tokens: Vec<Token>,
    pub comments: Vec<Comment>,
}

impl Scan {
    /// The comments between the token at `index` and the one before it.
    pub fn comments_before(&self, index: usize) -> &[Comment] {
        let start = self.comments.partition_point(|comment| comment.before < index);
        let end = self.comments.partition_point(|comment| comment.before <= index);
        self.comments.get(start..end).unwrap_or(&[])
    }
}

/// Symbols of more than one character, longest first; wrong ones that have a right counterpart are listed too, so that
/// an error underlines the whole of them. `||` is not among them: `E[|a|| b]` has two bars side by side.
const LONG_SYMBOLS: [&str; 12] = ["+/-", "==", "!=", "<=", ">=", "**", "..", "<>", "=>", "=<", "&&", ":="];

/// Single characters that are symbols of the language.
const SYMBOLS: &str = "()[]{}|,:?=<>+-*/^";

/// The tokens of a file, whose first character may be a byte order mark.
pub(super) fn scan(text: &str) -> Scan {
    scan_from(text, if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

/// The tokens of a part of a file, in which such a mark is a character like others.
pub(super) fn scan_part(text: &str) -> Scan {
    scan_from(text, 0)
}

fn scan_from(text: &str, start: usize) -> Scan {
    let mut scan = Scan::default();
    let mut at = start;
    let mut fresh_line = true;
    let mut code_on_line = false;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        match first {
            '\n' => {
                (fresh_line, code_on_line) = (true, false);
                at += 1;
            }
            ' ' | '\t' | '\r' => at += 1,
            '#' => {
                let line = text[at..].find('\n').map_or(&text[at..], |length| &text[at..at + length]);
                let end = at + line.trim_end().len();
                scan.comments.push(Comment { start: at, end, own_line: !code_on_line, before: scan.tokens.len() });
                at += line.len();
            }
            _ => {
                let (kind, length) = token(&text[at..], first);
                scan.tokens.push(Token { kind, start: at, end: at + length, first_on_line: fresh_line });
                (fresh_line, code_on_line) = (false, true);
                at += length;
            }
        }
    }
    scan
}

/// The kind and length of the token at the start of `rest`; the length is never 0.
fn token(rest: &str, first: char) -> (TokenKind, usize) {
    match first {
        '`' => {
            let (kind, length) = delimited(rest, '`', TokenKind::Quoted);
            if length == 2 && kind == TokenKind::Quoted {
                return (TokenKind::Broken(Broken::EmptyName), length);
            }
            (kind, length)
        }
        '"' => delimited(rest, '"', TokenKind::Text),
        '\'' => delimited(rest, '\'', TokenKind::Broken(Broken::SingleQuotes)),
        _ if is_quote(first) => in_quotes(rest, first),
        '0'..='9' => number(rest),
        '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
            (TokenKind::Broken(Broken::Number), 1 + number(&rest[1..]).1)
        }
        _ if is_word_char(first) => {
            let length = word_length(rest);
            let kind = if rest[..length].is_ascii() { TokenKind::Word } else { TokenKind::Broken(Broken::Word) };
            (kind, length)
        }
        _ => symbol(rest, first),
    }
}

/// A token that begins with `mark` and ends with the next one on the same line.
fn delimited(rest: &str, mark: char, kind: TokenKind) -> (TokenKind, usize) {
    match rest[1..].find([mark, '\n', '\r']) {
        Some(inside) if rest[1 + inside..].starts_with(mark) => (kind, inside + 2),
        Some(_) | None => (TokenKind::Broken(Broken::Unclosed), 1),
    }
}

/// Quotation marks, those of word processors included.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}' | '\u{ab}' | '\u{bb}')
}

/// `“male”`.
fn in_quotes(rest: &str, first: char) -> (TokenKind, usize) {
    let start = first.len_utf8();
    let inside = rest[start..].find(|c: char| is_quote(c) || matches!(c, '\n' | '\r'));
    match inside.and_then(|inside| Some((inside, rest[start + inside..].chars().next()?))) {
        Some((inside, close)) if is_quote(close) => {
            (TokenKind::Broken(Broken::SingleQuotes), start + inside + close.len_utf8())
        }
        Some(_) | None => (TokenKind::Broken(Broken::Symbol), start),
    }
}

fn symbol(rest: &str, first: char) -> (TokenKind, usize) {
    if let Some(long) = LONG_SYMBOLS.iter().find(|long| rest.starts_with(**long)) {
        let known = !matches!(*long, "<>" | "=>" | "=<" | "&&" | ":=");
        return (if known { TokenKind::Symbol } else { TokenKind::Broken(Broken::Symbol) }, long.len());
    }
    let kind = if SYMBOLS.contains(first) { TokenKind::Symbol } else { TokenKind::Broken(Broken::Symbol) };
    (kind, first.len_utf8())
}

/// The number at the start of `rest`, which starts with a digit; the same language as `number` in the grammar.
fn number(rest: &str) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let digits = |mut at: usize| {
        while matches!(byte(at), b'0'..=b'9' | b'_') {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if byte(end) == b'.' {
        let after = byte(end + 1);
        if after.is_ascii_digit() {
            end = digits(end + 1);
        } else if after.is_ascii_alphabetic() || after == b'_' {
            return (TokenKind::Broken(Broken::Number), end + 1 + word_length(&rest[end + 1..]));
        } else if after != b'.' {
            end += 1;
        }
    }
    if matches!(byte(end), b'e' | b'E') {
        let mut at = end + 1;
        if matches!(byte(at), b'+' | b'-') {
            at += 1;
        }
        while byte(at) == b'_' {
            at += 1;
        }
        if byte(at).is_ascii_digit() {
            end = digits(at);
        }
    }
    if byte(end) == b'%' {
        end += 1;
    }
    // What runs on without a space belongs to it: `12abc`, `0.5.3`.
    let second_point = usize::from(byte(end) == b'.' && byte(end + 1).is_ascii_digit());
    let tail = second_point + word_length(&rest[end + second_point..]);
    if tail > 0 { (TokenKind::Broken(Broken::Number), end + tail) } else { (TokenKind::Number, end) }
}

/// Letters outside ASCII count, so that a word with one is one bad word; see `word_end` in the grammar.
fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && c.is_alphanumeric())
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !is_word_char(c)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use pest::Parser;
    use proptest::prelude::*;

    use super::super::{FairParser, Rule};
    use super::{TokenKind, scan};

    /// The kind of the token that is the whole text.
    fn whole(text: &str) -> Option<TokenKind> {
        match scan(text).tokens.as_slice() {
            [only] if only.start == 0 && only.end == text.len() => Some(only.kind),
            _ => None,
        }
    }

    fn grammar_takes(rule: Rule, text: &str) -> bool {
        FairParser::parse(rule, text).is_ok_and(|pairs| pairs.as_str().len() == text.len())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]

        #[test]
        fn numbers_are_those_of_the_grammar(text in "[0-9][0-9._eE+%x-]{0,8}") {
            prop_assert_eq!(whole(&text) == Some(TokenKind::Number), grammar_takes(Rule::number, &text));
        }

        #[test]
        fn names_are_those_of_the_grammar(text in "[a-cE_é`0-1 ]{1,6}") {
            let is_name = matches!(whole(&text), Some(TokenKind::Word | TokenKind::Quoted));
            prop_assert_eq!(is_name, grammar_takes(Rule::name, &text));
        }

        #[test]
        fn tokens_and_comments_cover_everything_but_white_space(text in "[a-c0-1#`\"'|+*/<>=!.%& \n\r]{0,40}") {
            let scan = scan(&text);
            let mut bytes = text.clone().into_bytes();
            let tokens = scan.tokens.iter().map(|token| token.start..token.end);
            for range in tokens.chain(scan.comments.iter().map(|comment| comment.start..comment.end)) {
                bytes[range].fill(b' ');
            }
            prop_assert!(bytes.iter().all(u8::is_ascii_whitespace));
        }
    }
}
