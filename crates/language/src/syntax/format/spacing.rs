//! The space between two tokens, and where a line may break.

use super::super::outline::{Bar, Nesting, is_reserved};
use super::super::scan::{Token, TokenKind};

const INDENT: usize = 4;

/// Deeper brackets are not indented further.
const MAX_INDENTS: usize = 6;

/// What stands in front of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub space: bool,
    pub breaks: Break,
    /// How far a line is indented that begins behind it.
    pub indent: usize,
}

/// Whether a line may end in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Never,
    /// Where it is too long, and nothing of a lower level is left to break: outer brackets come before inner ones, and
    /// loose operators before tight ones.
    At(usize),
    /// Behind the `:` or `=` that a body follows: where the user broke it too.
    Body,
}

/// What the tokens so far say about the next.
#[derive(Debug, Default)]
pub(super) struct Spacing<'t> {
    nesting: Nesting,
    keyword: &'t str,
    /// The last token, and whether it binds tightly to the next: an opening bracket or bar, a sign.
    previous: Option<(Token, &'t str)>,
    tight: bool,
    /// The body of a constraint, metric, event or group has begun.
    in_body: bool,
    /// Tokens so far.
    count: usize,
}

impl<'t> Spacing<'t> {
    /// The gap in front of the token at `index`, which is taken into account for the next.
    pub fn step(&mut self, text: &'t str, tokens: &[Token], index: usize) -> Option<Gap> {
        let token = *tokens.get(index)?;
        let word = token.text(text);
        let operand = self.nesting.wants_operand();
        let bar = (word == "|").then(|| self.nesting.bar());
        let gap = match self.previous {
            None => Gap { space: false, breaks: Break::Never, indent: 0 },
            Some((previous, before)) => {
                let space = self.space(token.kind, word, (bar, operand), previous, before);
                let breaks = self.breaks(word, bar, operand, before);
                self.in_body |= breaks == Break::Body;
                Gap { space, breaks, indent: self.indent(word, bar) }
            }
        };
        if self.count == 0 {
            self.keyword = word;
        }
        self.tight = match word {
            "(" | "[" | "{" | "^" | "**" | ".." | "." => true,
            "-" | "+" => operand,
            "|" => bar == Some(Bar::Opens),
            _ => false,
        };
        self.nesting.push(text, tokens, index);
        self.previous = Some((token, word));
        self.count += 1;
        Some(gap)
    }

    fn space(
        &self,
        kind: TokenKind,
        word: &str,
        (bar, operand): (Option<Bar>, bool),
        previous: Token,
        before: &str,
    ) -> bool {
        match word {
            ")" | "]" | "}" | "," | ":" | "?" => false,
            "|" if bar == Some(Bar::Closes) => false,
            // `1.` and `..` would read as `1` and `...`.
            ".." => previous.kind == TokenKind::Number && before.ends_with('.'),
            "^" | "**" | "." => false,
            "(" => {
                let calls = match previous.kind {
                    TokenKind::Word => !is_reserved(before) || before == "pairs",
                    TokenKind::Quoted => true,
                    TokenKind::Number | TokenKind::Text | TokenKind::Symbol | TokenKind::Broken(_) => false,
                };
                if calls { self.opens_options() } else { !self.tight }
            }
            // In the place of an operand it is an indicator's.
            "[" => kind != TokenKind::Symbol || is_reserved(before) || (operand && !self.tight),
            _ => !self.tight,
        }
    }

    /// The next `(` begins the options of a constraint or `use`, and not arguments.
    fn opens_options(&self) -> bool {
        self.nesting.is_flat()
            && match self.keyword {
                "constraint" => self.count == 2,
                "use" => self.count > 2,
                _ => false,
            }
    }

    fn indent(&self, word: &str, bar: Option<Bar>) -> usize {
        // A closing bracket stands with what is around it.
        let closes = matches!(word, ")" | "]" | "}") || bar == Some(Bar::Closes);
        let depth = self.nesting.brackets().saturating_sub(usize::from(closes)) + usize::from(self.in_body);
        INDENT * depth.clamp(1, MAX_INDENTS)
    }

    fn breaks(&self, word: &str, bar: Option<Bar>, operand: bool, before: &str) -> Break {
        let body = match before {
            ":" => matches!(self.keyword, "constraint" | "metric"),
            "=" => matches!(self.keyword, "metric" | "event" | "group" | "let"),
            _ => false,
        };
        if body && self.nesting.is_flat() {
            return Break::Body;
        }
        let tightness = match word {
            // A closing bracket stays with what it closes, also where the comma before it is dropped.
            ")" | "]" | "}" => None,
            _ if before == "," => Some(1),
            "where" | "as" => Some(0),
            "|" => (bar == Some(Bar::Condition)).then_some(0),
            "or" => Some(2),
            "and" => Some(3),
            "==" | "!=" | "<" | "<=" | ">" | ">=" => Some(4),
            "+/-" => Some(5),
            "+" | "-" if !operand => Some(6),
            "*" | "/" => Some(7),
            _ => None,
        };
        tightness.map_or(Break::Never, |tightness| Break::At(8 * self.nesting.brackets() + tightness))
    }
}
