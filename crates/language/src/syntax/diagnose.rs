//! From a failed parse to the mistake that a person made.
//!
//! The grammar tells where it stopped and which rules it would have taken there. This module looks at the token in that
//! place and at the brackets around it, asks whether it is one of the mistakes that have a name, and otherwise says
//! what was expected.

use super::Rule;
use super::confusion;
use super::error::{Mistake, SyntaxError, shortened};
use super::expected;
use super::outline::{Bar, Nesting, is_aggregate, is_declaration_keyword, is_reserved};
use super::scan::{Broken, Scan, Token, TokenKind};
use crate::span::{SourceId, Span};

/// A declaration that did not parse.
pub(super) struct Failure<'t> {
    pub source: SourceId,
    pub text: &'t str,
    pub scan: &'t Scan,
    /// The tokens of the declaration.
    pub tokens: std::ops::Range<usize>,
    /// No declaration follows.
    pub last: bool,
    /// Where the grammar stopped.
    pub at: usize,
    /// What it would have taken there.
    pub expected: Vec<Rule>,
}

/// The mistake behind a failed parse.
pub(super) fn diagnose(failure: &Failure) -> SyntaxError {
    let Failure { scan, tokens, at, .. } = failure;
    let index = tokens.start + failure.chunk().partition_point(|token| token.end <= *at);
    let mut nesting = Nesting::default();
    for earlier in tokens.start..index {
        nesting.push(failure.text, &scan.tokens, earlier);
    }
    let Some(token) = scan.tokens.get(index).filter(|_| index < tokens.end) else {
        return failure.at_end(&nesting);
    };
    // A word or number ends where no letter follows, and the grammar takes any foreign character for one.
    let behind = scan.tokens.get(index + 1).filter(|next| index + 1 < tokens.end && next.start == token.end);
    let foreign = behind.filter(|next| {
        next.kind == TokenKind::Broken(Broken::Symbol)
            && !next.text(failure.text).is_ascii()
            && !matches!(token.kind, TokenKind::Broken(_))
    });
    let (index, token) = foreign.map_or((index, token), |next| {
        nesting.push(failure.text, &scan.tokens, index);
        (index + 1, next)
    });
    let place = Place { failure, index, token, word: token.text(failure.text), nesting };
    let known = place
        .restriction()
        .or_else(|| place.notation())
        .or_else(|| place.slip())
        .or_else(|| place.phrase())
        .or_else(|| place.habit())
        .or_else(|| place.broken())
        .or_else(|| place.declaration());
    known.or_else(|| place.named()).unwrap_or_else(|| place.unexpected())
}

impl Failure<'_> {
    pub fn chunk(&self) -> &[Token] {
        self.scan.tokens.get(self.tokens.clone()).unwrap_or(&[])
    }

    pub fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    pub fn expects_operand(&self) -> bool {
        expected::is_operand(&self.expected)
    }

    pub fn expects_operator(&self) -> bool {
        self.expects(Rule::equal)
    }

    pub fn span(&self, token: &Token) -> Span {
        Span::new(self.source, token.start, token.end)
    }

    /// The place of a token of the text.
    pub fn span_of(&self, index: usize) -> Span {
        self.token(index).map_or(Span::new(self.source, self.at, self.at), |token| self.span(token))
    }

    pub fn token(&self, index: usize) -> Option<&Token> {
        self.scan.tokens.get(index)
    }

    /// The declaration breaks off.
    fn at_end(&self, nesting: &Nesting) -> SyntaxError {
        let end = self.chunk().last().map_or(self.at, |token| token.end);
        let found = if self.last { "the end of the file" } else { "the next declaration" };
        let span = Span::new(self.source, end, end);
        if !self.expects_operand()
            && let Some(error) = self.unclosed(nesting, found, span)
        {
            return error;
        }
        self.generic(found.to_owned(), span)
    }

    /// The innermost open bracket is not closed where it should be.
    fn unclosed(&self, nesting: &Nesting, found: &str, span: Span) -> Option<SyntaxError> {
        let innermost = nesting.innermost()?;
        let open = self.token(innermost.token)?;
        let before = innermost.token.checked_sub(1).and_then(|index| self.token(index));
        if let Some(before) = before.filter(|before| before.text(self.text) == "|" && before.end == open.start)
            && innermost.mark == '|'
        {
            // The first bar of `a || b` ended or began something, and the second was left over.
            let span = self.span(before).to(self.span(open));
            return Some(SyntaxError::new(Mistake::ForeignOperator { found: "||".to_owned(), instead: "`or`" }, span));
        }
        let close = closing(innermost.mark);
        Some(
            SyntaxError::new(Mistake::Unclosed { close, found: found.to_owned() }, span)
                .with(self.span(open), "opened here"),
        )
    }

    fn generic(&self, found: String, span: Span) -> SyntaxError {
        let keyword = self.chunk().first().map_or("", |token| token.text(self.text));
        SyntaxError::new(
            Mistake::Unexpected {
                found,
                expected: expected::in_words(&self.expected),
                help: expected::help(&self.expected, keyword).to_owned(),
            },
            span,
        )
    }
}

/// The token at which the grammar stopped, and what is open there.
pub(super) struct Place<'f, 't> {
    pub failure: &'f Failure<'t>,
    pub index: usize,
    pub token: &'f Token,
    pub word: &'t str,
    pub nesting: Nesting,
}

impl Place<'_, '_> {
    pub fn span(&self) -> Span {
        self.failure.span(self.token)
    }

    /// The token before, if it belongs to this declaration.
    pub fn previous(&self) -> Option<&Token> {
        self.index
            .checked_sub(1)
            .filter(|&index| index >= self.failure.tokens.start)
            .and_then(|at| self.failure.token(at))
    }

    pub fn next(&self) -> Option<&Token> {
        Some(self.index + 1).filter(|&index| index < self.failure.tokens.end).and_then(|at| self.failure.token(at))
    }

    pub fn previous_word(&self) -> &str {
        self.previous().map_or("", |token| token.text(self.failure.text))
    }

    /// The token in words, for `found`.
    pub fn found(&self) -> String {
        match self.token.kind {
            TokenKind::Quoted => format!("`{}`", shortened(self.word.trim_matches('`'))),
            TokenKind::Text => format!("the string {}", shortened(self.word)),
            _ => format!("`{}`", shortened(self.word)),
        }
    }

    fn foreign(&self, operator: &str, span: Span) -> Option<SyntaxError> {
        let &(found, instead) = confusion::OPERATORS.iter().find(|(foreign, _)| *foreign == operator)?;
        Some(SyntaxError::new(Mistake::ForeignOperator { found: found.to_owned(), instead }, span))
    }

    /// The token is none of the language.
    fn broken(&self) -> Option<SyntaxError> {
        let (span, text) = (self.span(), shortened(self.word));
        let TokenKind::Broken(broken) = self.token.kind else { return None };
        Some(match broken {
            Broken::Unclosed if self.word == "'" => SyntaxError::new(Mistake::QuotedName { text: String::new() }, span),
            Broken::Unclosed => {
                SyntaxError::new(Mistake::UnclosedQuote { mark: self.word.chars().next().unwrap_or('`') }, span)
            }
            Broken::EmptyName => SyntaxError::new(Mistake::EmptyName, span),
            Broken::SingleQuotes => SyntaxError::new(
                Mistake::QuotedName { text: text.trim_matches(super::scan::is_quote).to_owned() },
                span,
            ),
            Broken::Number => SyntaxError::new(Mistake::BadNumber { text }, span),
            Broken::Word => SyntaxError::new(Mistake::BadName { text }, span),
            Broken::Symbol if self.word == "." && self.joined_name().is_some() => self.joined_name()?,
            Broken::Symbol if self.word == "%" => SyntaxError::new(Mistake::StrayPercent, span),
            Broken::Symbol => self
                .foreign(self.word, span)
                .unwrap_or(SyntaxError::new(Mistake::BadCharacter { found: character(self.word) }, span)),
        })
    }

    /// The token begins what should be a declaration.
    fn declaration(&self) -> Option<SyntaxError> {
        if self.index != self.failure.tokens.start {
            return None;
        }
        if let Some(operator) = self.with_neighbour() {
            return Some(operator);
        }
        let suggestion = (self.token.kind == TokenKind::Word).then(|| confusion::closest_keyword(self.word)).flatten();
        Some(SyntaxError::new(Mistake::UnknownDeclaration { found: self.found(), suggestion }, self.span()))
    }

    /// The mistakes that have a name.
    fn named(&self) -> Option<SyntaxError> {
        match self.token.kind {
            TokenKind::Symbol => self.symbol().or_else(|| self.missing_colon()),
            TokenKind::Text if self.wants_name() || self.wants_level() || self.failure.expects_operand() => {
                let text = shortened(self.word.trim_matches('"'));
                Some(SyntaxError::new(Mistake::QuotedName { text }, self.span()))
            }
            TokenKind::Word => self.reserved().or_else(|| self.stray_word()).or_else(|| self.missing_colon()),
            TokenKind::Quoted | TokenKind::Number | TokenKind::Text => self.missing_colon(),
            TokenKind::Broken(_) => None,
        }
    }

    fn symbol(&self) -> Option<SyntaxError> {
        let (failure, span) = (self.failure, self.span());
        match self.word {
            "=" | "/" | "*" if self.with_neighbour().is_some() => self.with_neighbour(),
            "=" if failure.expects_operator() => Some(SyntaxError::new(Mistake::SingleEquals, span)),
            "-" if !failure.expects_operator() => self.joined_name(),
            "[" if self.previous_word() == "in" && !failure.expects(Rule::range) => {
                Some(SyntaxError::new(Mistake::SquareSet { mark: '[' }, span))
            }
            "{" if is_aggregate(self.previous_word()) => {
                let head = self.previous()?;
                let name = self.previous_word().to_owned();
                Some(SyntaxError::new(Mistake::RoundAggregate { name }, failure.span(head)))
            }
            "|" => self.bar(),
            ")" | "]" | "}" => self.closing(),
            // No bracket holds a colon.
            ":" if !failure.expects_operand() => failure.unclosed(&self.nesting, "`:`", span),
            _ => None,
        }
    }

    /// An operator of another language, of which this token is one half.
    fn with_neighbour(&self) -> Option<SyntaxError> {
        let (text, span) = (self.failure.text, self.span());
        [
            self.previous().map(|before| self.failure.span(before).to(span)),
            self.next().map(|after| span.to(self.failure.span(after))),
        ]
        .into_iter()
        .flatten()
        .find_map(|both| self.foreign(text.get(both.range())?, both))
    }

    /// `hours-per-week` and `a.b`: words that marks join without a space.
    fn joined_name(&self) -> Option<SyntaxError> {
        let tokens = self.failure.chunk();
        let here = self.index.checked_sub(self.failure.tokens.start)?;
        let joined =
            |pair: &&[Token]| matches!(pair, [a, b] if a.end == b.start && is_part_of_name(a, b, self.failure.text));
        let (before, after) = (tokens.get(..=here)?, tokens.get(here..)?);
        let first = here - before.windows(2).rev().take_while(joined).count();
        let last = here + after.windows(2).take_while(joined).count();
        if first == here || last == here {
            return None;
        }
        let span = self.failure.span(tokens.get(first)?).to(self.failure.span(tokens.get(last)?));
        Some(SyntaxError::new(Mistake::BadName { text: shortened(self.failure.text.get(span.range())?) }, span))
    }

    fn bar(&self) -> Option<SyntaxError> {
        let (failure, span) = (self.failure, self.span());
        if self.failure.expects_operand() || self.failure.expects(Rule::domain) {
            return None;
        }
        let twin = [self.previous(), self.next()].into_iter().flatten().find(|twin| {
            twin.text(failure.text) == "|" && (twin.end == self.token.start || twin.start == self.token.end)
        });
        if let Some(twin) = twin {
            let twin = failure.span(twin);
            let span = Span { start: twin.start.min(span.start), end: twin.end.max(span.end), ..span };
            return self.foreign("||", span);
        }
        match self.nesting.bar() {
            // The bar of an absolute value around the brackets: these should have been closed.
            Bar::Condition if self.nesting.is_within_bars() => failure.unclosed(&self.nesting, "`|`", span),
            Bar::Condition => Some(SyntaxError::new(Mistake::SecondCondition, span)),
            Bar::Stray if failure.expects_operator() => {
                self.round_aggregate().or(Some(SyntaxError::new(Mistake::NeverOpened { mark: "|".to_owned() }, span)))
            }
            Bar::Stray | Bar::Opens | Bar::Closes => None,
        }
    }

    /// `E(score | ..)`: the word before the open parenthesis is an aggregate's.
    fn round_aggregate(&self) -> Option<SyntaxError> {
        let open = self.nesting.innermost().filter(|open| open.mark == '(')?;
        let head = self.failure.token(open.token.checked_sub(1)?)?;
        let name = head.text(self.failure.text);
        is_aggregate(name)
            .then(|| SyntaxError::new(Mistake::RoundAggregate { name: name.to_owned() }, self.failure.span(head)))
    }

    fn closing(&self) -> Option<SyntaxError> {
        let Some(innermost) = self.nesting.innermost() else {
            return Some(SyntaxError::new(Mistake::NeverOpened { mark: self.word.to_owned() }, self.span()));
        };
        if self.word.starts_with(closing(innermost.mark)) {
            return None;
        }
        if !self.failure.expects_operand() || innermost.mark == '|' {
            return self.failure.unclosed(&self.nesting, &self.found(), self.span());
        }
        None
    }

    /// In the braces of a table of params, or of a group by events.
    fn wants_level(&self) -> bool {
        self.failure.expects(Rule::entry) || self.failure.expects(Rule::case)
    }

    fn wants_name(&self) -> bool {
        self.failure.expects(Rule::name) || self.failure.expects(Rule::level)
    }

    fn reserved(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        if !is_reserved(self.word) {
            return None;
        }
        // Between operands a joining word is out of place, rather than a bad name.
        let joins = matches!(self.word, "and" | "or" | "not" | "in" | "where" | "from" | "as");
        let wants_name = self.wants_name();
        let compared = self
            .next()
            .is_some_and(|next| matches!(next.text(failure.text), "==" | "!=" | "<=" | ">=" | "<" | ">" | "in"));
        if joins && compared && failure.expects_operand() && self.word != "not" {
            return Some(SyntaxError::new(Mistake::Reserved { word: self.word.to_owned() }, self.span()));
        }
        let misused =
            if joins { wants_name && !failure.expects_operand() } else { wants_name || failure.expects_operand() };
        (misused && self.word != "inf" || wants_name && !failure.expects_operand())
            .then(|| SyntaxError::new(Mistake::Reserved { word: self.word.to_owned() }, self.span()))
    }

    fn stray_word(&self) -> Option<SyntaxError> {
        let ends = self.failure.expects(Rule::EOI);
        match self.word {
            "in" if self.failure.expects(Rule::close_paren) && !self.failure.expects_operator() => {
                self.failure.unclosed(&self.nesting, "`in`", self.span())
            }
            _ if self.failure.expects_operator() && self.foreign_word().is_some() => self.foreign_word(),
            word if ends && self.token.first_on_line && !is_reserved(word) => Some(SyntaxError::new(
                Mistake::UnknownDeclaration {
                    found: self.found(),
                    suggestion: Some(confusion::closest_keyword(word)?),
                },
                self.span(),
            )),
            _ => None,
        }
    }

    /// The token, or the one before it, is a word of another language.
    fn foreign_word(&self) -> Option<SyntaxError> {
        [Some(self.token), self.previous()].into_iter().flatten().find_map(|token| {
            let word = token.text(self.failure.text);
            let (_, instead) = confusion::WORDS.iter().find(|(foreign, _)| *foreign == word)?;
            Some(SyntaxError::new(Mistake::ForeignWord { found: word.to_owned(), instead }, self.failure.span(token)))
        })
    }

    /// Something follows that belongs behind a colon.
    fn missing_colon(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        let continues = match self.token.kind {
            TokenKind::Symbol => matches!(self.word, "|" | "{" | "-" | "("),
            TokenKind::Word => !is_declaration_keyword(self.word) && !matches!(self.word, "from" | "as"),
            TokenKind::Quoted | TokenKind::Number => true,
            TokenKind::Text | TokenKind::Broken(_) => false,
        };
        if !failure.expects(Rule::colon) || !continues {
            return None;
        }
        let words = failure.chunk().iter().take(self.index - failure.tokens.start);
        let after =
            match words.rev().map(|token| token.text(failure.text)).find(|word| matches!(*word, "forall" | "each")) {
                Some("forall") => "the values of `forall`",
                Some(_) => "`each`",
                None => "the name",
            };
        Some(SyntaxError::new(Mistake::MissingColon { after, found: self.found() }, self.span()))
    }

    fn unexpected(&self) -> SyntaxError {
        self.failure.generic(self.found(), self.span())
    }
}

/// Two tokens that a user may have meant as part of one name: one is a `-` or `.`, and the other a word or number.
fn is_part_of_name(a: &Token, b: &Token, text: &str) -> bool {
    let is_mark = |token: &Token| matches!(token.text(text), "-" | ".");
    let is_word = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::Number);
    (is_mark(a) && is_word(b)) || (is_word(a) && is_mark(b))
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        other => other,
    }
}

/// A character as people know it.
fn character(text: &str) -> String {
    match text.chars().next() {
        Some('\u{a0}') => "U+00A0 (a space that does not break)".to_owned(),
        Some(c) if c.is_control() || c.is_whitespace() || ('\u{200b}'..='\u{200f}').contains(&c) || c == '\u{feff}' => {
            format!("U+{:04X}", u32::from(c))
        }
        Some('`') | None => "a backtick".to_owned(),
        Some(c) => format!("`{c}`"),
    }
}
