//! Phrases of Python, SQL, R and of people: arrows of assignment, indexing, generators, types in other words.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError};
use super::habit::aggregate;
use super::outline::is_aggregate;
use super::outline::is_reserved;
use super::scan::TokenKind;
use crate::words::{FUNCTIONS, is_null};

/// What to do about nulls.
const NO_NULL: &str = "a null has no name: no comparison holds for it, so `age >= 0` leaves nulls out and `not (age >= 0)` \
                                  takes them alone; for levels write `race not in {white, black}`";

impl Place<'_, '_> {
    /// The mistake, if the text around here is one of those phrases.
    pub fn phrase(&self) -> Option<SyntaxError> {
        if self.index == self.failure.tokens.start {
            return None;
        }
        self.words()
            .or_else(|| self.braced_body())
            .or_else(|| self.event_with_parameters())
            .or_else(|| self.metric_without_parameters())
            .or_else(|| self.open_range())
            .or_else(|| self.trailing_comma())
            .or_else(|| self.python_import())
            .or_else(|| self.assignment())
            .or_else(|| self.comment())
            .or_else(|| self.member())
            .or_else(|| self.indexing())
            .or_else(|| self.generator())
            .or_else(|| self.steps())
            .or_else(|| self.product_of_groups())
            .or_else(|| self.capitals())
            .or_else(|| self.behind_type())
            .or_else(|| self.several_names())
            .or_else(|| self.no_parameters())
            .or_else(|| self.brackets_too_many())
            .or_else(|| self.in_words())
            .or_else(|| self.other_declaration())
            .or_else(|| self.indexed())
            .or_else(|| self.condition_arrow())
    }

    /// `constraint c { E[score] <= 0.5 }`.
    fn braced_body(&self) -> Option<SyntaxError> {
        let (open, last) = (self.failure.tokens.start + 2, self.failure.tokens.end.checked_sub(1)?);
        let early = self.index == open && self.word == "{" && self.keyword_of_declaration() == "constraint";
        if !early || self.closing_of(open) != Some(last) || super::slip::OPTIONS.contains(&self.text_at(open + 1)) {
            return None;
        }
        let body = self.written(open + 1, last.checked_sub(1)?)?;
        self.rather(open, last, format!(": {body}"), "a comparison stands after a `:`, without braces")
    }

    /// `event old(a) = age > a`.
    fn event_with_parameters(&self) -> Option<SyntaxError> {
        let open = self.failure.tokens.start + 2;
        let declares = matches!(self.keyword_of_declaration(), "event" | "group" | "let" | "param");
        if self.index != open || self.word != "(" || !declares {
            return None;
        }
        let close = self.closing_of(open).filter(|close| self.text_at(close + 1) == "=")?;
        let span = self.failure.span(self.at(open)?).to(self.failure.span(self.at(close)?));
        let found = format!("({})", self.written(open + 1, close.checked_sub(1)?).filter(|_| close > open + 1)?);
        let instead = "only metrics have parameters: write the condition out where it is needed, or read a `param`, whose value \
                       can be set";
        Some(SyntaxError::new(Mistake::ForeignWord { found, instead }, span))
    }

    /// `metric gap = ..`.
    fn metric_without_parameters(&self) -> Option<SyntaxError> {
        let open = self.failure.tokens.start + 2;
        let bare = self.index == open && matches!(self.word, "=" | ":") && self.keyword_of_declaration() == "metric";
        let missing = Mistake::Missing { what: "()", after: "the name", found: self.found() };
        bare.then(|| SyntaxError::new(missing, self.span()))
    }

    /// `]0, 1[`, `[0, 1[` and `]0, 1]`: intervals without their ends.
    fn open_range(&self) -> Option<SyntaxError> {
        let around = |open: usize| -> Option<(usize, usize, usize, usize)> {
            let low = self.number_from(open + 1)?;
            let comma = Some(low + 1).filter(|&at| self.text_at(at) == ",")?;
            let high = self.number_from(comma + 1)?;
            Some((low, comma, high, high + 1))
        };
        let opens = |at: usize| at.checked_sub(1).is_some_and(|before| self.text_at(before) == "in");
        let first = (0..=6).filter_map(|back| self.index.checked_sub(back)).find(|&at| opens(at))?;
        let (low, comma, high, close) = around(first)?;
        let turned = self.text_at(first) == "]" || self.text_at(first) == "[" && self.text_at(close) == "[";
        if !turned || !matches!(self.text_at(close), "[" | "]") {
            return None;
        }
        let text = format!("[{}, {}]", self.written(first + 1, low)?, self.written(comma + 1, high)?);
        self.rather(first, close, text, "a range has its ends in it, and is written `[0, 1]`")
    }

    /// `m(sex, 5%,)`.
    fn trailing_comma(&self) -> Option<SyntaxError> {
        let comma = self.index.checked_sub(1).filter(|&at| self.text_at(at) == ",")?;
        let closes = matches!(self.word, ")" | "]") && self.failure.expects_operand();
        closes.then(|| self.superfluous(comma, comma, "no comma stands before a bracket that closes"))?
    }

    /// `from common import parity`, whose `import` begins the next declaration.
    fn python_import(&self) -> Option<SyntaxError> {
        let module = self.index + 1;
        let alone = self.word == "from" && self.token.first_on_line && module + 1 == self.failure.tokens.end;
        let span = self.span().to(self.failure.span(self.at(module)?));
        let name = self.text_at(module).to_owned();
        (alone && self.is_name(module)).then(|| SyntaxError::new(Mistake::FromImport { module: name }, span))
    }

    /// `constraint parity: use m(..)` and `metric m(..) = constraint c: ..`.
    fn other_declaration(&self) -> Option<SyntaxError> {
        let start = self.failure.tokens.start;
        let head = self.keyword_of_declaration();
        if head == "constraint" && self.word == "use" && self.index == start + 3 && self.text_at(start + 2) == ":" {
            let last = self.failure.tokens.end - 1;
            let text = format!("{} as {}", self.written(self.index, last)?, self.text_at(start + 1));
            return self.rather(start, last, text, "a metric makes a constraint by itself: `use m(sex, 5%) as parity`");
        }
        let called =
            head == "constraint" && self.index == start + 2 && self.word == "=" && self.text_at(start + 4) == "(";
        if called && self.is_name(start + 3) && self.closing_of(start + 4) == self.failure.tokens.end.checked_sub(1) {
            let last = self.failure.tokens.end - 1;
            let text = format!("use {} as {}", self.written(start + 3, last)?, self.text_at(start + 1));
            return self.rather(start, last, text, "a metric makes a constraint by itself: `use m(sex, 5%) as parity`");
        }
        let body = head == "metric" && self.word == "constraint" && self.previous_word() == "=";
        let colon = (self.index..self.index + 3).find(|&at| self.text_at(at) == ":")?;
        body.then(|| self.superfluous(self.index, colon, "the body of a metric is the comparison itself"))?
    }

    /// `constraint c[r in race]:`.
    fn indexed(&self) -> Option<SyntaxError> {
        let open = self.failure.tokens.start + 2;
        let early = self.index == open || self.index == open + 2;
        if self.keyword_of_declaration() != "constraint" || !early || !matches!(self.text_at(open), "[" | "{" | "(") {
            return None;
        }
        let close = self.closing_of(open)?;
        let quantifies = self.text_at(open + 2) == "in" && self.is_name(open + 1) && self.text_at(close + 1) == ":";
        let text = format!(": forall {}:", self.written(open + 1, close.checked_sub(1)?)?);
        let help = "a quantifier stands after the `:`: `constraint c: forall r in race: ..`";
        quantifies.then(|| self.rather(open, close + 1, text, help))?
    }

    /// `each age < 18 -> score <= 0.5`.
    fn condition_arrow(&self) -> Option<SyntaxError> {
        let arrow = (self.index + 1..self.failure.tokens.end).find(|&at| self.joined(at, ["-", ">"]))?;
        let colon = (self.index..arrow).any(|at| self.text_at(at) == ":");
        let text = format!("where {}:", self.written(self.index, arrow - 1)?);
        let help = "a condition of `each` stands after `where`: `each where age < 18: score <= 0.5`";
        (self.previous_word() == "each" && !colon).then(|| self.rather(self.index, arrow + 1, text, help))?
    }

    /// A text in quotes of either kind.
    pub fn is_text(&self, index: usize) -> bool {
        let is_text = |kind| matches!(kind, TokenKind::Text | TokenKind::Broken(super::scan::Broken::SingleQuotes));
        self.at(index).is_some_and(|token| is_text(token.kind))
    }

    /// Whether these are two neighbours without a blank between them.
    fn joined(&self, first: usize, marks: [&str; 2]) -> bool {
        let pair = self.at(first).zip(self.at(first + 1));
        pair.is_some_and(|(a, b)| a.end == b.start)
            && self.text_at(first) == marks[0]
            && self.text_at(first + 1) == marks[1]
    }

    /// `param tol <- 0.05`.
    fn assignment(&self) -> Option<SyntaxError> {
        let first = [Some(self.index), self.index.checked_sub(1)]
            .into_iter()
            .flatten()
            .find(|&at| self.joined(at, ["<", "-"]))?;
        let early = first <= self.failure.tokens.start + 2;
        let (instead, help) = match self.keyword_of_declaration() {
            "constraint" => (":", "a `:` ends the name or the quantifier"),
            _ => ("=", "`=` gives a name its meaning"),
        };
        early.then(|| self.rather(first, first + 1, instead.to_owned(), help))?
    }

    /// `-- a comment` on a line of its own.
    fn comment(&self) -> Option<SyntaxError> {
        if !self.token.first_on_line || !self.joined(self.index, ["-", "-"]) {
            return None;
        }
        let span = self.span().to(self.failure.span(self.at(self.index + 1)?));
        let instead = "`#` to begin a comment";
        Some(SyntaxError::new(Mistake::ForeignOperator { found: "--".to_owned(), instead }, span))
    }

    /// `np.abs(..)`, `score.mean()` and `race.levels`.
    fn member(&self) -> Option<SyntaxError> {
        let dot = [Some(self.index), self.index.checked_sub(1), self.index.checked_sub(2)];
        let dot = dot.into_iter().flatten().find(|&at| self.text_at(at) == ".")?;
        let owner = dot.checked_sub(1).filter(|&owner| self.is_name(owner))?;
        let (word, call) = (self.text_at(dot + 1), self.text_at(dot + 2) == "(");
        if self.text_at(owner) == "is" && matches!(word, "na" | "nan" | "null") {
            let span = self.failure.span(self.at(owner)?).to(self.failure.span(self.at(dot + 1)?));
            let found = format!("is.{word}");
            return Some(SyntaxError::new(Mistake::ForeignWord { found, instead: NO_NULL }, span));
        }
        if call && (FUNCTIONS.contains(&word) || self.keyword_of_declaration() == "use") {
            return self.rather(
                owner,
                dot + 1,
                word.to_owned(),
                "functions and metrics have no module before their names",
            );
        }
        if let Some(instead) = aggregate(word).filter(|_| call && self.text_at(dot + 3) == ")") {
            let help = "aggregates stand in front: `E[score | sex == female]`";
            return self.rather(owner, dot + 3, format!("{instead}[{}]", self.text_at(owner)), help);
        }
        let listed = matches!(word, "levels" | "values" | "unique" | "categories");
        let end = if call && self.text_at(dot + 3) == ")" { dot + 3 } else { dot + 1 };
        listed.then(|| self.superfluous(dot, end, "`forall` runs over a column itself, `forall r in race:`"))?
    }

    /// The token that closes the bracket here.
    pub(super) fn closing_of(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (open..self.failure.tokens.end).find(|&index| {
            match self.text_at(index) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
    }

    /// `score[sex == female].mean()`, `mean(score[sex == female])`.
    fn indexing(&self) -> Option<SyntaxError> {
        let name = self.index.checked_sub(1).filter(|&name| self.is_name(name))?;
        let value = self.text_at(name);
        if self.word != "[" || !self.failure.expects_operator() || is_aggregate(value) || aggregate(value).is_some() {
            return None;
        }
        let close = self.closing_of(self.index)?;
        let condition = self.written(self.index + 1, close.checked_sub(1)?)?;
        let help = "a condition stands after a bar: `E[score | sex == female]`";
        let method = (self.text_at(close + 1) == ".").then(|| aggregate(self.text_at(close + 2))).flatten();
        if let Some(instead) = method.filter(|_| self.text_at(close + 3) == "(" && self.text_at(close + 4) == ")") {
            return self.rather(name, close + 4, format!("{instead}[{value} | {condition}]"), help);
        }
        let head = name.checked_sub(2).filter(|_| self.text_at(name - 1) == "(" && self.text_at(close + 1) == ")");
        if let Some(head) = head
            && let Some(instead) =
                aggregate(self.text_at(head)).or_else(|| is_aggregate(self.text_at(head)).then_some("E"))
        {
            return self.rather(head, close + 1, format!("{instead}[{value} | {condition}]"), help);
        }
        let span = self.failure.span(self.at(name)?).to(self.failure.span(self.at(close)?));
        let found = format!("{value}[..]");
        let instead = crate::words::other_statistic(value).unwrap_or(help);
        Some(SyntaxError::new(Mistake::ForeignWord { found, instead }, span))
    }

    /// `E[..] <= 0.5 for r in race`, with or without brackets and an `all` around it.
    fn generator(&self) -> Option<SyntaxError> {
        let behind = self.index.checked_sub(1)?;
        let word = [self.index, behind].into_iter().find(|&at| matches!(self.text_at(at), "for" | "forall"))?;
        let (start, last) = (self.failure.tokens.start, self.failure.tokens.end.checked_sub(1)?);
        let colon = (start..word).find(|&index| self.text_at(index) == ":")?;
        if self.keyword_of_declaration() != "constraint" || word <= colon + 1 {
            return None;
        }
        let (first, last) = match (self.text_at(colon + 1), self.text_at(colon + 2), self.text_at(last)) {
            ("[" | "(", _, "]" | ")") => (colon + 2, last - 1),
            ("all", "(" | "[", ")" | "]") => (colon + 3, last - 1),
            _ => (colon + 1, last),
        };
        if !(word + 2..=last).any(|index| self.text_at(index) == "in") || (word..last).any(|at| self.text_at(at) == ":")
        {
            return None;
        }
        let balanced = (word..=last).all(|index| !matches!(self.text_at(index), ")" | "]" | "}" | "<=" | ">=" | "=="));
        if !balanced {
            return None;
        }
        let (body, domain) = (self.written(first, word.checked_sub(1)?)?, self.written(word + 1, last)?);
        let help = "a quantifier stands in front: `forall r in race: E[score | race == r] <= 0.5`";
        self.rather(colon + 1, self.failure.tokens.end - 1, format!("forall {domain}: {body}"), help)
    }

    /// `forall k in 1:5:`.
    fn steps(&self) -> Option<SyntaxError> {
        let first = self.index.checked_sub(3)?;
        let number = |at: usize| self.at(at).is_some_and(|token| token.kind == TokenKind::Number);
        let range = self.word == ":" && self.text_at(first + 1) == ":" && number(first) && number(first + 2);
        let runs = range && first.checked_sub(1).is_some_and(|before| self.text_at(before) == "in");
        let text = format!("{}..{}", self.text_at(first), self.text_at(first + 2));
        runs.then(|| self.rather(first, first + 2, text, "whole numbers from one to another are `1..5`"))?
    }

    /// `group both = sex, race`, `sex x race`, `(sex, race)`.
    fn product_of_groups(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let mark = matches!(self.word, "," | "x" | "X" | "×" | "&");
        if self.keyword_of_declaration() != "group" || !mark || !self.is_name(before) || !self.is_name(self.index + 1) {
            return None;
        }
        if self.nesting.encloses('{') {
            return None;
        }
        let within = self
            .nesting
            .innermost()
            .is_some_and(|open| open.token.checked_sub(1).is_some_and(|head| self.is_name(head)));
        let text = format!("{} * {}", self.text_at(before), self.text_at(self.index + 1));
        let help = "a group of all combinations is a product, `sex * race`";
        (!within).then(|| self.rather(before, self.index + 1, text, help))?
    }

    /// `WHERE`, `BETWEEN`, `NOT IN`: words of the language in capitals.
    fn capitals(&self) -> Option<SyntaxError> {
        let lower = self.word.to_lowercase();
        let capital = self.token.kind == TokenKind::Word && lower != self.word;
        let known = is_reserved(&lower) && !matches!(self.word, "AND" | "OR" | "NOT" | "IN")
            || self.word == "IN" && self.failure.expects(Rule::kw_in);
        let wants = self.failure.expects(Rule::kw_real)
            || self.failure.expects(Rule::infinity)
            || self.failure.expects_operator()
            || known && self.word == "IN";
        let number = self.failure.expects(Rule::infinity) || self.failure.expects(Rule::number);
        if number && matches!(lower.as_str(), "inf" | "infinity" | "oo") && self.word != "inf" {
            return self.rather(self.index, self.index, "inf".to_owned(), "an end that is infinite is `inf` or `-inf`");
        }
        (capital && known && wants && lower != "where").then(|| {
            self.rather(self.index, self.index, lower.clone(), "words of the language are written in small letters")
        })?
    }

    /// `int not null`, `{x, y} nullable`, `as "Column B"`, `from Column B`, `real >= 0`.
    fn behind_type(&self) -> Option<SyntaxError> {
        let declares = matches!(self.keyword_of_declaration(), "column" | "label" | "predict" | "weight");
        if !declares {
            return None;
        }
        if self.failure.expects(Rule::nullable) {
            let help = "a `?` after the type allows nulls, and without it there are none";
            return match (self.word.to_lowercase().as_str(), self.text_at(self.index + 1).to_lowercase().as_str()) {
                ("not", "null") => self.superfluous(self.index, self.index + 1, help),
                ("required", _) => self.superfluous(self.index, self.index, help),
                ("null" | "nullable" | "optional" | "na", _) => {
                    self.rather(self.index, self.index, "?".to_owned(), help)
                }
                ("as" | "=" | "header", _) if self.is_text(self.index + 1) => {
                    let header = self.text_at(self.index + 1).trim_matches(super::scan::is_quote).trim();
                    let text = format!("from {}", super::written(header)?);
                    self.rather(self.index, self.index + 1, text, "`from` names the header in the data")
                }
                ("as" | "=" | "header", _) if self.at(self.index + 1).is_some() => {
                    self.rather(self.index, self.index, "from".to_owned(), "`from` names the header in the data")
                }
                (">=" | ">" | "<=" | "<", _) => {
                    let number = self.number_from(self.index + 1)?;
                    self.at(number + 1).is_none().then_some(())?;
                    let end = self.written(self.index + 1, number)?;
                    let range = if self.word.starts_with('>') {
                        format!("in [{end}, inf]")
                    } else {
                        format!("in [-inf, {end}]")
                    };
                    self.rather(self.index, number, range, "a range stands after `in`: `real in [0, inf]`")
                }
                _ => None,
            };
        }
        let before = self.index.checked_sub(2)?;
        let header = self.text_at(before) == "from" && self.failure.expects(Rule::EOI) && !self.token.first_on_line;
        let text = format!("`{}`", self.written(before + 1, self.index)?);
        (header && self.token.kind == TokenKind::Word)
            .then(|| self.rather(before + 1, self.index, text, "a header of several words stands in backticks"))?
    }

    /// `column age, height: real`, `param a = 1, b = 2`.
    fn several_names(&self) -> Option<SyntaxError> {
        let keyword = self.keyword_of_declaration();
        let declares = matches!(keyword, "column" | "label" | "param" | "event" | "predict" | "weight");
        let open = self.nesting.innermost().is_some();
        (self.word == "," && declares && !open && self.is_name(self.index + 1) && !self.failure.expects_operator())
            .then(|| {
                let (keyword, name) = (keyword.to_owned(), self.text_at(self.index + 1).to_owned());
                Some(SyntaxError::new(Mistake::OneName { keyword, name }, self.span()))
            })?
    }

    /// `constraint c():` and `constraint c(eps):`.
    fn no_parameters(&self) -> Option<SyntaxError> {
        let open = self.failure.tokens.start + 2;
        let option = super::slip::OPTIONS.contains(&self.text_at(open + 1));
        let list = !option
            && self.text_at(open) == "("
            && self.word == ")"
            && (self.index == open + 1 || self.index == open + 2);
        (list && self.keyword_of_declaration() == "constraint").then(|| {
            self.superfluous(
                open,
                self.index,
                "a constraint has no parameters, a metric has; options look like `(min_count = 30)`",
            )
        })?
    }

    /// `bins(age, [25, 45])`, `constraint c: { .. }`.
    fn brackets_too_many(&self) -> Option<SyntaxError> {
        let before = self.previous_word();
        let bins = before == ","
            && self
                .nesting
                .innermost()
                .is_some_and(|open| open.token.checked_sub(1).is_some_and(|head| self.text_at(head) == "bins"));
        let body = self.word == "{" && before == ":" && self.keyword_of_declaration() == "constraint";
        let help = if bins {
            "cut points stand side by side, `bins(age, 25, 45)`"
        } else {
            "nothing stands around a comparison"
        };
        let wrong = matches!(self.word, "[" | "{") && (bins || body) && self.failure.expects_operand();
        let found = self.word.to_owned();
        wrong.then(|| SyntaxError::new(Mistake::NeedlessBrackets { found, help }, self.span()))
    }

    /// `at least 0.3`, `80% of E[..]`, `no more than`.
    fn in_words(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let number = self.at(before).is_some_and(|token| token.kind == TokenKind::Number);
        if self.word == "~" && self.failure.expects_operator() {
            let instead = "a mean within a group is `E[score | sex == female]`, and `not` stands before a condition";
            return Some(SyntaxError::new(Mistake::ForeignWord { found: "~".to_owned(), instead }, self.span()));
        }
        if matches!(self.word, "named" | "called")
            && self.keyword_of_declaration() == "use"
            && self.failure.expects(Rule::kw_as)
        {
            return self.rather(self.index, self.index, "as".to_owned(), "`as` gives a `use` its name");
        }
        if self.word == "of" && number && self.failure.expects_operator() {
            return self.rather(
                self.index,
                self.index,
                "*".to_owned(),
                "a share of something is a product: `80% * E[score]`",
            );
        }
        let (first, said) = match (self.text_at(before), self.word) {
            ("is", _) => (before, self.index),
            (_, "is") => (self.index, self.index + 1),
            _ => (self.index, self.index),
        };
        let (sign, last) = match [self.text_at(said), self.text_at(said + 1), self.text_at(said + 2)] {
            ["at", "least", _] => (">=", said + 1),
            ["at", "most", _] => ("<=", said + 1),
            ["no" | "not", "more" | "greater", "than"] => ("<=", said + 2),
            ["no" | "not", "less", "than"] => (">=", said + 2),
            ["less" | "below" | "under", "than", _] => ("<=", said + 1),
            ["greater" | "more", "than", _] => (">=", said + 1),
            ["equals", ..] => ("==", said),
            _ => return None,
        };
        let fits = self.failure.expects_operator() || first == before;
        fits.then(|| self.rather(first, last, sign.to_owned(), "values are compared with `<=`, `>=` and `==`"))?
    }

    /// `30 percent`, `is not`, `is null`.
    fn words(&self) -> Option<SyntaxError> {
        if !self.failure.expects_operator() && self.previous_word() != "is" {
            return None;
        }
        let before = self.index.checked_sub(1)?;
        let is_number = self.at(before).is_some_and(|token| token.kind == TokenKind::Number);
        if is_number && matches!(self.word, "percent" | "pct" | "per" | "percentage" | "pc") {
            let last =
                if self.word == "per" && self.text_at(self.index + 1) == "cent" { self.index + 1 } else { self.index };
            let whole = self.word != "per" || last > self.index;
            let number = format!("{}%", self.text_at(before));
            return whole
                .then(|| self.rather(before, last, number, "percent is a mark after the number: `5%` is 0.05"))?;
        }
        let is = [self.index, before].into_iter().find(|&at| matches!(self.text_at(at), "is" | "IS"))?;
        let not = matches!(self.text_at(is + 1), "not" | "NOT");
        let last = if not { is + 1 } else { is };
        // `none` may be a level, and `NO_NULL` is told of it where it is not.
        if is_null(self.text_at(last + 1)) && self.text_at(last + 1) != "none" {
            let instead = NO_NULL;
            let span = self.failure.span(self.at(is)?).to(self.failure.span(self.at(last + 1)?));
            let found = self.written(is, last + 1)?.to_owned();
            return Some(SyntaxError::new(Mistake::ForeignWord { found, instead }, span));
        }
        not.then(|| self.rather(is, last, "!=".to_owned(), "levels are compared with `==` and `!=`"))?
    }
}
