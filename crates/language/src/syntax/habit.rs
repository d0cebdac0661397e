//! Habits of other languages, and marks left out: mistakes of which it is known what was meant.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError, shortened};
use super::outline::is_aggregate;
use super::outline::{Bar, is_declaration_keyword, is_reserved};
use super::scan::{Token, TokenKind};

/// Names of aggregates elsewhere.
pub(crate) const AGGREGATES: [(&str, &[&str]); 6] = [
    ("E", &["e", "mean", "avg", "average", "expectation", "expect", "expected"]),
    ("Sum", &["sum", "total"]),
    ("N", &["n", "count", "len", "size"]),
    ("P", &["p", "pr", "prob", "probability", "share", "rate"]),
    ("Cov", &["cov", "covariance"]),
    ("Var", &["var", "variance"]),
];

/// The aggregate that is called so elsewhere.
pub(crate) fn aggregate(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    AGGREGATES.iter().find(|(_, names)| names.contains(&lower.as_str())).map(|(aggregate, _)| *aggregate)
}

/// A type of this or another language.
pub(super) fn is_type(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "real"
            | "int"
            | "float"
            | "double"
            | "number"
            | "numeric"
            | "decimal"
            | "f64"
            | "float64"
            | "integer"
            | "long"
            | "i64"
            | "int64"
            | "bool"
            | "boolean"
            | "binary"
            | "string"
            | "str"
            | "text"
            | "category"
            | "categorical"
            | "enum"
            | "factor"
            | "varchar"
            | "char"
            | "date"
            | "datetime"
            | "timestamp"
            | "probability"
            | "bigint"
            | "smallint"
    )
}

impl Place<'_, '_> {
    /// The mistake, if the text here is one of those.
    pub fn habit(&self) -> Option<SyntaxError> {
        if self.index == self.failure.tokens.start {
            return None;
        }
        self.listed()
            .or_else(|| self.definition())
            .or_else(|| self.statement())
            .or_else(|| self.ty())
            .or_else(|| self.bracket())
            .or_else(|| self.expression())
            .or_else(|| self.path())
    }

    fn instead(&self, instead: &str, help: &'static str) -> Option<SyntaxError> {
        self.instead_of(self.token, instead, None, help)
    }

    fn instead_of(
        &self,
        token: &Token,
        instead: &str,
        close: Option<&'static str>,
        help: &'static str,
    ) -> Option<SyntaxError> {
        let found = shortened(token.text(self.failure.text));
        Some(SyntaxError::new(
            Mistake::Instead { found, instead: instead.to_owned(), close, help, sure: true },
            self.failure.span(token),
        ))
    }

    fn missing(&self, what: &'static str, after: &'static str) -> Option<SyntaxError> {
        Some(SyntaxError::new(Mistake::Missing { what, after, found: self.found() }, self.span()))
    }

    fn text_of(&self, token: Option<&Token>) -> &str {
        token.map_or("", |token| token.text(self.failure.text))
    }

    fn first_word(&self) -> &str {
        self.text_of(self.failure.chunk().first())
    }

    /// The token may begin a value.
    fn begins_value(&self) -> bool {
        match self.token.kind {
            TokenKind::Word => !is_declaration_keyword(self.word) && !matches!(self.word, "from" | "as" | "in"),
            TokenKind::Quoted | TokenKind::Number => true,
            TokenKind::Symbol => matches!(self.word, "|" | "(" | "-" | "{"),
            TokenKind::Text | TokenKind::Broken(_) => false,
        }
    }

    /// The `=` of definitions and the `:` of constraints and columns.
    fn definition(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        let (defines, ends) = (failure.expects(Rule::define), failure.expects(Rule::colon));
        let list = failure.expects(Rule::comma) || failure.expects(Rule::close_paren);
        if self.word == ":=" && failure.at > self.token.start {
            return self.instead(":", "a `:` ends the name or the quantifier");
        }
        if failure.expects_operator() {
            return None;
        }
        if defines && !ends && !list {
            return match self.word {
                ":" | "==" | ":=" | "is" | "<" => self.instead("=", "`=` gives a name its meaning"),
                _ if self.begins_value() && !self.token.first_on_line => self.missing("=", "the name"),
                _ => None,
            };
        }
        if !ends || list {
            return None;
        }
        match self.word {
            "=" | "==" | ":=" | ";" | "," => self.instead(":", "a `:` ends the name or the quantifier"),
            "in" if matches!(self.first_word(), "predict" | "column" | "label") => self.missing(": real", "the name"),
            _ => None,
        }
    }

    /// `forall` and `each`.
    fn statement(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        if self.previous_word() == "each" && failure.expects(Rule::colon) {
            let colon =
                failure.chunk().iter().any(|token| token.start > self.token.start && self.text_of(Some(token)) == ":");
            return match self.word {
                "if" | "when" | "with" => self.instead("where", "a condition of `each` stands after `where`"),
                _ if colon && self.begins_value() && self.text_of(self.next()) != ":" => {
                    self.missing("where", "`each`")
                }
                _ => None,
            };
        }
        if self.word == "," && failure.expects(Rule::kw_in) && !failure.expects_operator() {
            return self.bare_binders();
        }
        if failure.expects(Rule::kw_in) && !failure.expects_operator() {
            let help = "`in` stands before the values or the range";
            return match self.word {
                "of" | "from" | ":" | "=" | "over" if !failure.expects(Rule::colon) => self.instead("in", help),
                "[" => self.missing("in", "the type or value"),
                "{" | "pairs" => self.missing("in", "the binders"),
                _ if self.token.kind == TokenKind::Word && self.first_word() == "constraint" => {
                    self.missing("in", "the binders").filter(|_| self.begins_value())
                }
                _ => None,
            };
        }
        self.forall()
    }

    /// `for a in race:`.
    fn forall(&self) -> Option<SyntaxError> {
        let previous = self.previous()?;
        let before = self.index.checked_sub(2).and_then(|index| self.failure.token(index));
        let begins = matches!(self.text_of(before), ":" | "=");
        let word = previous.text(self.failure.text);
        if !begins || !matches!(word, "for" | "foreach" | "every" | "for_all" | "forAll" | "all") {
            return None;
        }
        let help = "write `forall a in D: ..` in front of the comparison";
        if word == "for" && self.word == "all" {
            let span = self.failure.span(previous).to(self.span());
            let (found, instead) = ("for all".to_owned(), "forall".to_owned());
            return Some(SyntaxError::new(Mistake::Instead { found, instead, close: None, help, sure: true }, span));
        }
        self.failure.expects_operator().then(|| self.instead_of(previous, "forall", None, help))?
    }

    /// `forall a, b in ..`.
    fn bare_binders(&self) -> Option<SyntaxError> {
        let first = self.previous().filter(|token| token.kind == TokenKind::Word)?;
        let mut last = first;
        let mut index = self.index;
        loop {
            let (comma, name) = (self.failure.token(index)?, self.failure.token(index + 1)?);
            if self.text_of(Some(comma)) != "," {
                break;
            }
            if name.kind != TokenKind::Word || is_reserved(self.text_of(Some(name))) {
                return None;
            }
            last = name;
            index += 2;
        }
        let follows = self.failure.token(index).filter(|_| index < self.failure.tokens.end);
        // Two levels of one column are a pair of them.
        let domain = self.failure.token(index + 1).filter(|_| self.text_of(self.failure.token(index + 2)) == ":");
        if let Some(domain) = domain.filter(|domain| domain.kind == TokenKind::Word && index == self.index + 2) {
            let binders = format!("({}, {})", self.text_of(Some(first)), self.text_of(Some(last)));
            let instead = format!("{binders} in pairs({})", self.text_of(Some(domain)));
            let (found, help) = (binders, "several binders stand in parentheses, and run over pairs of levels");
            let kind = Mistake::Instead { found, instead, close: None, help, sure: false };
            let span = self.failure.span(first).to(self.failure.span(domain));
            return (self.text_of(follows) == "in").then(|| SyntaxError::new(kind, span));
        }
        (self.text_of(follows) == "in")
            .then(|| SyntaxError::new(Mistake::BareBinders, self.failure.span(first).to(self.failure.span(last))))
    }

    /// The types of other languages.
    fn ty(&self) -> Option<SyntaxError> {
        if !self.failure.expects(Rule::kw_real) {
            return None;
        }
        let help = "a type is `{..}`, `real` or `int`, with a range `in [0, 1]` if it has one";
        let word = self.word.to_lowercase();
        match word.as_str() {
            "real" | "int" => self.instead(&word, "words of the language are written in small letters"),
            "probability" | "probabilities" => self.instead("real in [0, 1]", help),
            "bigint" | "smallint" => self.instead("int", help),
            "float" | "double" | "number" | "numeric" | "decimal" | "f64" | "float64" => self.instead("real", help),
            "integer" | "long" | "i64" | "int64" => self.instead("int", help),
            "bool" | "boolean" | "binary" => self.instead("{0, 1}", "levels are listed in braces"),
            "[" => self.instead_of(self.token, "{", Some("}"), "levels are listed in braces"),
            "(" => self.instead_of(self.token, "{", Some("}"), "levels are listed in braces"),
            "date" | "datetime" | "timestamp" | "time" => Some(SyntaxError::new(
                Mistake::ForeignWord {
                    found: self.word.to_owned(),
                    instead: "store dates as numbers, `column year: int`, or list those that there are: ``{`2024-01-01`, ..}``",
                },
                self.span(),
            )),
            "string" | "str" | "text" | "category" | "categorical" | "enum" | "factor" | "varchar" | "char" => {
                Some(SyntaxError::new(
                    Mistake::ForeignWord {
                        found: self.word.to_owned(),
                        instead: "list the levels, as in `column sex: {female, male}`",
                    },
                    self.span(),
                ))
            }
            _ => None,
        }
    }

    /// Brackets of the wrong kind.
    fn bracket(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        let round = Some(")");
        match self.word {
            "(" if failure.expects(Rule::range) || failure.expects(Rule::open_bracket) => {
                self.instead_of(self.token, "[", Some("]"), "a range is written `[0, 1]`")
            }
            "(" if self.previous_word() == "in" && failure.expects(Rule::open_brace) => {
                Some(SyntaxError::new(Mistake::SquareSet { mark: '(' }, self.span()))
            }
            "[" | "{" if failure.expects_operator() || is_aggregate(self.previous_word()) => None,
            "[" | "{" if self.previous_word() == "pairs" => self.instead_of(self.token, "(", round, "write `pairs(D)`"),
            "[" | "{" if failure.expects(Rule::open_paren) && !matches!(self.first_word(), "column" | "label") => {
                self.instead_of(self.token, "(", round, "arguments and options stand in parentheses")
            }
            "{" | "[" if failure.expects(Rule::open_paren) && self.first_word() == "constraint" => None,
            "[" if failure.expects(Rule::colon) => {
                self.instead_of(self.token, ": {", Some("}"), "levels are listed in braces, after a colon")
            }
            _ => None,
        }
    }

    fn expression(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        if self.word == "," {
            return self.digit_comma();
        }
        let listed = failure.expects(Rule::comma) && failure.expects(Rule::close_paren);
        if listed && self.word == ";" {
            return self.instead(",", "a comma separates arguments");
        }
        if failure.expects(Rule::kw_as) && self.token.kind == TokenKind::Word && !self.token.first_on_line {
            return self.missing("as", "the arguments");
        }
        if !failure.expects_operator() {
            return None;
        }
        let previous = self.previous()?;
        if previous.kind == TokenKind::Number && !self.token.first_on_line {
            let name = matches!(self.token.kind, TokenKind::Word | TokenKind::Quoted)
                && !is_reserved(self.word)
                && super::confusion::WORDS.iter().all(|(foreign, _)| *foreign != self.word);
            let bar = self.word == "|" && matches!(self.nesting.bar(), Bar::Stray);
            if (name && !failure.expects(Rule::colon)) || bar || self.word == "(" {
                let factor = previous.text(failure.text).to_owned();
                return Some(SyntaxError::new(
                    Mistake::MissingTimes { factor: shortened(&factor) },
                    failure.span(previous),
                ));
            }
        }
        if matches!(self.word.to_lowercase().as_str(), "if" | "given" | "when" | "where" | "for") {
            let open = self.nesting.innermost().filter(|open| open.mark == '(');
            let head = open.and_then(|open| failure.token(open.token.checked_sub(1)?));
            if let Some(head) = head
                && let Some(instead) = aggregate(self.text_of(Some(head))).filter(|_| self.word != "for")
            {
                let found = self.text_of(Some(head)).to_owned();
                let kind = Mistake::ForeignAggregate { found, instead, round: true };
                return Some(SyntaxError::new(kind, failure.span(head)));
            }
        }
        if listed && self.begins_value() && !self.token.first_on_line && !matches!(self.word, "(" | "-" | "|") {
            return self.missing(",", "an argument");
        }
        if matches!(self.word.to_lowercase().as_str(), "if" | "given" | "when" | "where" | ";" | ":")
            && self.nesting.bar() == Bar::Condition
        {
            let in_condition = failure.expects(Rule::bar);
            return in_condition.then(|| self.instead("|", "a condition stands after a bar, `E[x | a == b]`"))?;
        }
        if self.word == "[" && previous.kind == TokenKind::Word {
            let found = previous.text(failure.text).to_owned();
            let instead = aggregate(&found)?;
            return Some(SyntaxError::new(
                Mistake::ForeignAggregate { found, instead, round: false },
                failure.span(previous),
            ));
        }
        if self.word == "|" && self.nesting.bar() == Bar::Stray {
            let open = self.nesting.innermost().filter(|open| open.mark == '(')?;
            let head = failure.token(open.token.checked_sub(1)?).filter(|head| head.kind == TokenKind::Word)?;
            let found = head.text(failure.text).to_owned();
            let instead = aggregate(&found).filter(|_| !is_aggregate(&found))?;
            return Some(SyntaxError::new(
                Mistake::ForeignAggregate { found, instead, round: true },
                failure.span(head),
            ));
        }
        None
    }

    /// `1,000` and `0,05`.
    fn digit_comma(&self) -> Option<SyntaxError> {
        let (before, after) = (self.previous()?, self.next()?);
        let joined = before.end == self.token.start && self.token.end == after.start;
        let numbers = before.kind == TokenKind::Number && after.kind == TokenKind::Number;
        if !joined || !numbers || self.failure.expects(Rule::comma) {
            return None;
        }
        let digits = |token: &Token| token.text(self.failure.text).to_owned();
        let is_thousand = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (mut instead, mut last) = (digits(before), after);
        if instead.starts_with('0') || !is_thousand(&digits(after)) {
            instead = format!("{instead}.{}", digits(after));
        } else {
            instead.push_str(&digits(after));
            let mut index = self.index + 2;
            while let (Some(comma), Some(more)) = (self.failure.token(index), self.failure.token(index + 1))
                && comma.text(self.failure.text) == ","
                && comma.start == last.end
                && more.start == comma.end
                && is_thousand(&digits(more))
            {
                instead.push_str(&digits(more));
                (last, index) = (more, index + 2);
            }
        }
        let span = self.failure.span(before).to(self.failure.span(last));
        Some(SyntaxError::new(Mistake::DigitComma { instead }, span))
    }

    /// The path of an import.
    fn path(&self) -> Option<SyntaxError> {
        if !self.failure.expects(Rule::string) {
            return None;
        }
        let span = self.span().to(self.failure.span(self.failure.chunk().last()?));
        let found = self.failure.text.get(span.range())?;
        let instead = format!("\"{}\"", found.trim_matches(|c| super::scan::is_quote(c) || c == '`').trim());
        // A word alone may be meant for a metric.
        let (sure, help) = match found.contains(['.', '/']) {
            true => (true, "the path of an import stands in double quotes"),
            false => (false, "the path of a file stands in double quotes; the metrics of the library need no import"),
        };
        let found = shortened(found.trim_matches('`'));
        (instead.len() < 200 && !instead.contains('\n') && !found.contains('"'))
            .then_some(SyntaxError::new(Mistake::Instead { found, instead, close: None, help, sure }, span))
    }
}
