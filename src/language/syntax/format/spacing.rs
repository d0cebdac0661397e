//! The space between two tokens, and where a line may break.

use super::super::outline::{Bar, Nesting, is_reserved};
use super::super::scan::{Token, TokenKind};

/// What stands in front of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub space: bool,
    /// How many brackets are around it.
    pub depth: usize,
    pub breaks: Break,
}

/// Whether a line may end in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Never,
    /// Where it is too long.
    Operator,
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
            None => Gap { space: false, depth: 0, breaks: Break::Never },
            Some((previous, before)) => {
                let space = self.space(token.kind, word, bar, previous, before);
                Gap { space, depth: self.depth(word, bar), breaks: self.breaks(word, bar, operand, before) }
            }
        };
        if self.count == 0 {
            self.keyword = word;
        }
        self.tight = match word {
            "(" | "[" | "{" | "^" | "**" | ".." => true,
            "-" | "+" => operand,
            "|" => bar == Some(Bar::Opens),
            _ => false,
        };
        self.nesting.push(text, tokens, index);
        self.previous = Some((token, word));
        self.count += 1;
        Some(gap)
    }

    fn space(&self, kind: TokenKind, word: &str, bar: Option<Bar>, previous: Token, before: &str) -> bool {
        match word {
            ")" | "]" | "}" | "," | ":" | "?" => false,
            "|" if bar == Some(Bar::Closes) => false,
            // `1.` and `..` would read as `1` and `...`.
            ".." => previous.kind == TokenKind::Number && before.ends_with('.'),
            "^" | "**" => false,
            "(" => {
                let calls = match previous.kind {
                    TokenKind::Word => !is_reserved(before) || before == "pairs",
                    TokenKind::Quoted => true,
                    TokenKind::Number | TokenKind::Text | TokenKind::Symbol | TokenKind::Broken(_) => false,
                };
                if calls { self.opens_options() } else { !self.tight }
            }
            "[" => kind != TokenKind::Symbol || is_reserved(before),
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

    /// A closing bracket stands with what is around it.
    fn depth(&self, word: &str, bar: Option<Bar>) -> usize {
        let closes = matches!(word, ")" | "]" | "}") || bar == Some(Bar::Closes);
        self.nesting.brackets().saturating_sub(usize::from(closes))
    }

    fn breaks(&self, word: &str, bar: Option<Bar>, operand: bool, before: &str) -> Break {
        let body = match before {
            ":" => matches!(self.keyword, "constraint" | "metric"),
            "=" => matches!(self.keyword, "metric" | "event" | "group"),
            _ => false,
        };
        if body && self.nesting.is_flat() {
            return Break::Body;
        }
        let joins = match word {
            "+" | "-" | "*" | "/" => !operand,
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "+/-" | "and" | "or" | "where" | "as" => true,
            "|" => bar == Some(Bar::Condition),
            _ => false,
        };
        // A closing bracket stays with what it closes, also where the comma before it is dropped.
        let lists = before == "," && !matches!(word, ")" | "]" | "}");
        if joins || lists { Break::Operator } else { Break::Never }
    }
}
