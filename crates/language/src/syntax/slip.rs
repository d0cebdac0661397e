//! Mistakes over several tokens of which it is known what was meant: an interval as a set, options without parentheses,
//! a type where a param has a value, arrows.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError, shortened};
use super::outline::is_aggregate;
use super::outline::{is_declaration_keyword, is_reserved};
use super::scan::{Token, TokenKind};
use crate::words::nearest;

/// The options of constraints.
pub(super) const OPTIONS: [&str; 4] = ["min_count", "when_empty", "soft", "enforce"];
/// What people call a sample.
const SAMPLES: [&str; 14] = [
    "sample",
    "samples",
    "person",
    "row",
    "rows",
    "individual",
    "instance",
    "record",
    "case",
    "user",
    "applicant",
    "prediction",
    "everyone",
    "one",
];
/// The kinds of parameters, and what else they are called.
const KINDS: [(&str, &[&str]); 5] = [
    ("group", &["groups", "attribute", "attr", "sensitive", "protected", "categorical", "category", "factor", "set"]),
    ("number", &["float", "real", "int", "integer", "numeric", "double", "num", "param", "tolerance", "scalar"]),
    ("label", &["target", "outcome", "labels", "y"]),
    ("column", &["col", "feature", "columns", "variable"]),
    ("event", &["condition", "bool", "boolean", "predicate", "events"]),
];

impl Place<'_, '_> {
    /// The mistake, if the text around here is one of those.
    pub fn slip(&self) -> Option<SyntaxError> {
        if self.index == self.failure.tokens.start {
            return self.keyword();
        }
        self.unnamed()
            .or_else(|| self.fold())
            .or_else(|| self.options())
            .or_else(|| self.arrow())
            .or_else(|| self.interval())
            .or_else(|| self.samples())
            .or_else(|| self.without_domain())
            .or_else(|| self.domains())
            .or_else(|| self.naming())
            .or_else(|| self.typed_param())
            .or_else(|| self.parameter_kind())
            .or_else(|| self.reserved_parameter())
            .or_else(|| self.groups())
    }

    pub(super) fn at(&self, index: usize) -> Option<&Token> {
        self.failure.token(index).filter(|_| self.failure.tokens.contains(&index))
    }

    pub(super) fn text_at(&self, index: usize) -> &str {
        self.at(index).map_or("", |token| token.text(self.failure.text))
    }

    /// The text of these tokens, as written.
    pub(super) fn written(&self, first: usize, last: usize) -> Option<&str> {
        self.failure.text.get(self.at(first)?.start..self.at(last)?.end)
    }

    pub(super) fn keyword_of_declaration(&self) -> &str {
        self.text_at(self.failure.tokens.start)
    }

    /// These tokens stand for something else.
    pub(super) fn rather(&self, first: usize, last: usize, instead: String, help: &'static str) -> Option<SyntaxError> {
        let span = self.failure.span(self.at(first)?).to(self.failure.span(self.at(last)?));
        let found = shortened(&self.written(first, last)?.split_whitespace().collect::<Vec<_>>().join(" "));
        Some(SyntaxError::new(Mistake::Instead { found, instead, close: None, help, sure: true }, span))
    }

    pub(super) fn superfluous(&self, first: usize, last: usize, help: &'static str) -> Option<SyntaxError> {
        let span = self.failure.span(self.at(first)?).to(self.failure.span(self.at(last)?));
        let found = shortened(&self.written(first, last)?.split_whitespace().collect::<Vec<_>>().join(" "));
        Some(SyntaxError::new(Mistake::Superfluous { found, help }, span))
    }

    pub(super) fn is_name(&self, index: usize) -> bool {
        self.at(index).is_some_and(|token| {
            token.kind == TokenKind::Quoted || token.kind == TokenKind::Word && !is_reserved(self.text_at(index))
        })
    }

    /// The last token of a number with its sign that begins here.
    pub(super) fn number_from(&self, index: usize) -> Option<usize> {
        let index = if matches!(self.text_at(index), "-" | "+") { index + 1 } else { index };
        let is_number = |token: &Token| token.kind == TokenKind::Number || token.text(self.failure.text) == "inf";
        self.at(index).filter(|token| is_number(token)).map(|_| index)
    }

    /// A declaration without its keyword: `parity: E[score] <= 0.5`, `tol = 0.05`, `sex: {female, male}`.
    fn keyword(&self) -> Option<SyntaxError> {
        let start = self.index;
        if self.word == "from" && self.is_name(start + 1) && start + 2 == self.failure.tokens.end {
            let span = self.span().to(self.failure.span(self.at(start + 1)?));
            return Some(SyntaxError::new(Mistake::FromImport { module: self.text_at(start + 1).to_owned() }, span));
        }
        let chunk = self.failure.tokens.clone().skip(1).map(|index| self.text_at(index));
        let compares = chunk.clone().any(|text| matches!(text, "<=" | ">=" | "==" | "≤" | "≥" | "<" | ">"));
        let keyword = match (self.text_at(start + 1), self.text_at(start + 2)) {
            _ if is_declaration_keyword(self.word) => return None,
            (":", "{" | "real" | "int" | "float" | "integer" | "bool" | "string") => "column",
            (":" | "(", _) if self.is_name(start) && compares => "constraint",
            ("=", _) if self.number_from(start + 2).is_some() && self.is_name(start) => "param",
            ("=", "bins") if self.is_name(start) => "group",
            ("=", _) if self.is_name(start) && self.is_condition(start + 2) => "event",
            ("=", _) if self.is_name(start) && self.at(start + 2).is_some() && !self.calls(start + 2) => "let",
            ("[", _) if is_aggregate(self.word) && compares => "constraint",
            _ if self.word == "|" && compares => "constraint",
            _ if matches!(self.word, "forall" | "each") && compares => "constraint",
            _ => return None,
        };
        let named = self.is_name(start) && self.text_at(start + 1) != "[";
        let text = if named { format!("{keyword} ") } else { format!("{keyword} {}: ", self.made_up_name(start)) };
        Some(SyntaxError::new(Mistake::NoKeyword { found: self.found(), keyword, text }, self.span()))
    }

    /// Whether a condition begins here, and no number: it compares outside of brackets, or begins as `not a`, `a in ..` or `a and ..` do.
    fn is_condition(&self, start: usize) -> bool {
        // Brackets around all of it say nothing.
        let inner = (start..self.failure.tokens.end).take_while(|&index| self.text_at(index) == "(").count();
        let start = start + inner;
        let mut depth = 0;
        let compares = (start..self.failure.tokens.end).any(|index| {
            match self.text_at(index) {
                "[" | "(" | "{" => depth += 1,
                "]" | ")" | "}" => depth -= 1,
                text => return depth == 0 && matches!(text, "<=" | ">=" | "==" | "≤" | "≥" | "<" | ">" | "!="),
            }
            false
        });
        let begins = self.text_at(start) == "not" || matches!(self.text_at(start + 1), "in" | "not" | "and" | "or");
        compares || begins
    }

    /// A name with parentheses behind it, and nothing else.
    fn calls(&self, index: usize) -> bool {
        self.is_name(index) && self.text_at(index + 1) == "("
    }

    /// `each` or `forall` on a line of its own, behind a declaration that is complete: a constraint without its head.
    fn unnamed(&self) -> Option<SyntaxError> {
        let head = self.keyword_of_declaration();
        let between = self.index.checked_sub(1).and_then(|before| self.at(before)).map(|before| before.end);
        let begins_line = between.and_then(|end| self.failure.text.get(end..self.token.start)?.find('\n')).is_some();
        let mut rest = (self.index..self.failure.tokens.end).map(|index| self.text_at(index));
        let compares = rest.any(|text| matches!(text, "<=" | ">=" | "==" | "≤" | "≥"));
        let own = !matches!(head, "constraint" | "metric" | "let");
        (own && begins_line && compares && matches!(self.word, "each" | "forall")).then(|| {
            let text = format!("constraint {}: ", self.made_up_name(self.index));
            SyntaxError::new(Mistake::NoKeyword { found: self.found(), keyword: "constraint", text }, self.span())
        })
    }

    /// A name for a constraint, of the first words from here on.
    fn made_up_name(&self, start: usize) -> String {
        const MOST: usize = 4;
        let mut words: Vec<&str> = Vec::new();
        for index in start..self.failure.tokens.end {
            let word = self.text_at(index);
            let plain = self.is_name(index) && !word.starts_with('`') && !is_aggregate(word);
            if plain && !words.contains(&word) && words.len() < MOST {
                words.push(word);
            }
        }
        if words.is_empty() { "unnamed".to_owned() } else { words.join("_") }
    }

    /// Options in a wrong place, or without parentheses.
    fn options(&self) -> Option<SyntaxError> {
        let help = "options stand in parentheses, after the name of a constraint or the arguments of a `use`";
        let begins =
            |index: usize| OPTIONS.contains(&self.text_at(index)) && matches!(self.text_at(index + 1), "=" | ":");
        let head = self.keyword_of_declaration();
        let first = [self.index, self.index + 1].into_iter().find(|&index| begins(index))?;
        let mut last = first + 2;
        while self.text_at(last + 1) == "," && begins(last + 2) {
            last += 4;
        }
        self.at(last)?;
        let list = self.written(first, last)?.replace(':', " =").replace("  =", " =");
        // Nothing was read yet but the name.
        if self.failure.expects(Rule::open_paren) && (head == "use" || self.index == self.failure.tokens.start + 2) {
            let opens = matches!(self.word, "," | "with") && first > self.index;
            if self.word == "(" || (first > self.index && !opens) {
                return None;
            }
            return self.rather(self.index, last, format!("({list})"), help);
        }
        let behind = self.failure.expects_operator() && head == "constraint";
        if !behind || !matches!(self.word, "(" | "," | "with") && first != self.index {
            return None;
        }
        let end = if self.word == "(" && self.text_at(last + 1) == ")" { last + 1 } else { last };
        let span = self.span().to(self.failure.span(self.at(end)?));
        Some(SyntaxError::new(Mistake::OptionsBehind { options: format!("({list})") }, span))
    }

    /// `->`, of which the grammar may take the first half for a minus.
    fn arrow(&self) -> Option<SyntaxError> {
        let pairs = [(self.index, self.index + 1), (self.index.checked_sub(1)?, self.index)];
        let is_arrow = |first: usize, second: usize| {
            self.text_at(first) == "-"
                && self.text_at(second) == ">"
                && self.at(first).zip(self.at(second)).is_some_and(|(a, b)| a.end == b.start)
        };
        let (first, second) = pairs.into_iter().find(|(first, second)| is_arrow(*first, *second))?;
        let mut before = (self.failure.tokens.start..first).rev().map(|index| self.text_at(index));
        if self.keyword_of_declaration() == "metric" && !before.clone().any(|text| text == "=") {
            return self.rather(first, second, "=".to_owned(), "`=` gives a name its meaning");
        }
        if let Some("forall" | "each") = before.find(|text| matches!(*text, "forall" | "each" | ":" | "=")) {
            return self.rather(first, second, ":".to_owned(), "a `:` ends the name or the quantifier");
        }
        let instead =
            "for `if .. then` write `each where sex == female: score <= 0.5`, or `E[score | sex == female] <= 0.5`";
        let span = self.failure.span(self.at(first)?).to(self.failure.span(self.at(second)?));
        Some(SyntaxError::new(Mistake::ForeignWord { found: "->".to_owned(), instead }, span))
    }

    /// `each sample:`, `forall sample:`, `for each person:`.
    fn samples(&self) -> Option<SyntaxError> {
        let help = "`each:` runs over the samples by itself, and `each where age < 18:` over some of them";
        let is_sample = |index: usize| SAMPLES.contains(&self.text_at(index));
        let ends = |index: usize| matches!(self.text_at(index), ":" | "where");
        let each = self.index.checked_sub(1).filter(|&before| self.text_at(before) == "each");
        if let Some(each) = each.filter(|_| is_sample(self.index) && ends(self.index + 1)) {
            let first = each.checked_sub(1).filter(|&before| self.text_at(before) == "for").unwrap_or(each);
            return self.rather(first, self.index, "each".to_owned(), help);
        }
        // The grammar stops at `each`, or behind the binder.
        if self.word == "each" && self.previous_word() == "for" {
            let last = if is_sample(self.index + 1) { self.index + 1 } else { self.index };
            return ends(last + 1).then(|| self.rather(self.index - 1, last, "each".to_owned(), help))?;
        }
        let binder = self.index.checked_sub(1)?;
        let quantifier = binder.checked_sub(1)?;
        let all = matches!(self.text_at(quantifier), "forall" | "all" | "every");
        (all && is_sample(binder) && ends(self.index))
            .then(|| self.rather(quantifier, binder, "each".to_owned(), help))?
    }

    /// `forall r:` and `forall pairs(race):`.
    fn without_domain(&self) -> Option<SyntaxError> {
        let wants_in = self.failure.expects(Rule::kw_in) && !self.failure.expects_operator();
        let before = (self.failure.tokens.start..self.index).rev();
        let forall = before.clone().find(|&index| self.text_at(index) == "forall")?;
        let plain = before
            .take_while(|&index| index > forall)
            .all(|index| self.is_name(index) || matches!(self.text_at(index), "(" | ")" | ","));
        if self.word == ":" && wants_in && plain && forall + 1 < self.index {
            let binders = self.written(forall + 1, self.index - 1)?.to_owned();
            return Some(SyntaxError::new(Mistake::NoDomain { binders: shortened(&binders) }, self.span()));
        }
        let runs = self.word == "pairs" && forall + 1 == self.index && self.text_at(self.index + 1) == "(";
        runs.then(|| {
            let (what, after) = ("(a, b) in", "`forall`");
            SyntaxError::new(Mistake::Missing { what, after, found: self.found() }, self.span())
        })
    }

    /// `forall (r, s) in race, race`, `.. in (race, race)`, `.. in race x race`, `forall r in race, s in sex:`.
    fn domains(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let open = (self.failure.tokens.start..self.index)
            .rev()
            .find(|&index| matches!(self.text_at(index), "forall" | ":"))?;
        if self.text_at(open) != "forall" || self.failure.expects(Rule::kw_in) && !self.failure.expects(Rule::times) {
            return None;
        }
        let (behind, then) = (self.index + 1, self.index + 2);
        if !self.is_name(before) || !self.is_name(behind) {
            return None;
        }
        // `pairs(race, sex)` has words of its own.
        if before.checked_sub(2).is_some_and(|head| matches!(self.text_at(head), "pairs" | "adjacent")) {
            return None;
        }
        let (left, right) = (self.text_at(before), self.text_at(behind));
        let next = self.text_at(then);
        let ends = matches!(next, ":" | "where" | ")" | ",");
        match self.word {
            "," if next == "in" => {
                self.rather(before, behind, format!("{left}: forall {right}"), "one quantifier follows another")
            }
            "," if ends && self.failure.expects(Rule::times) && self.text_at(open + 1) != "(" => {
                self.superfluous(self.index, behind, "two levels need two binders, `forall (r, s) in race * race`")
            }
            "," | "x" | "X" | "×" if ends && self.failure.expects(Rule::times) => self.rather(
                before,
                behind,
                format!("{left} * {right}"),
                "all combinations of two domains are their product",
            ),
            _ => None,
        }
    }

    /// Names of more than one word, words in front of names, and constraints without a name.
    fn naming(&self) -> Option<SyntaxError> {
        let start = self.failure.tokens.start;
        let head = self.keyword_of_declaration();
        let ends = |index: usize| matches!(self.text_at(index), ":" | "=" | "(") || self.at(index).is_none();
        let declares = matches!(head, "constraint" | "column" | "label" | "predict" | "event" | "group" | "param");
        if declares && self.index == start + 2 && self.is_name(start + 1) && self.is_name(start + 2) && ends(start + 3)
        {
            let (first, second) = (self.text_at(start + 1), self.text_at(start + 2));
            if matches!(first, "named" | "called" | "name" | "var" | "let") {
                return self.superfluous(start + 1, start + 1, "the name stands directly after the keyword");
            }
            let plain =
                [start + 1, start + 2].iter().all(|&at| self.at(at).is_some_and(|it| it.kind == TokenKind::Word));
            let types = super::habit::is_type(second) || second == "bins";
            return (plain && !types && self.text_at(start + 3) != "(").then(|| {
                self.rather(
                    start + 1,
                    start + 2,
                    format!("{first}_{second}"),
                    "a name is one word, or stands in backticks",
                )
            })?;
        }
        let previous = self.previous_word();
        if head == "use" && self.word == "as" && previous == ")" && self.is_name(self.index + 1) {
            let open = (start..self.index).rev().find(|&index| self.text_at(index) == "(")?;
            let (alias, options) = (self.written(self.index, self.index + 1)?, self.written(open, self.index - 1)?);
            let instead = format!("{alias} {options}");
            return self.rather(open, self.index + 1, instead, "the name of a `use` stands in front of its options");
        }
        if head == "use" && self.failure.expects(Rule::open_paren) && self.is_name(self.index) {
            let alias = self.index.checked_sub(2).is_some_and(|at| self.text_at(at) == "as");
            return (alias && ends(self.index + 1)).then(|| {
                let name = format!("{previous}_{}", self.word);
                self.rather(self.index - 1, self.index, name, "a name is one word, or stands in backticks")
            })?;
        }
        if head != "constraint" {
            return None;
        }
        let missing = |what: &'static str, token: &Token| {
            let found = shortened(token.text(self.failure.text));
            let (after, found) = ("`constraint`", format!("`{found}`"));
            Some(SyntaxError::new(Mistake::Missing { what, after, found }, self.failure.span(token)))
        };
        match self.word {
            ":" if self.index == start + 1 => missing("unnamed", self.token),
            "[" if self.index == start + 2 && is_aggregate(previous) => missing("unnamed:", self.at(start + 1)?),
            "|" | "forall" | "each" if self.index == start + 1 => missing("unnamed:", self.token),
            _ => None,
        }
    }

    /// `param tol: real = 0.1`, `param tol real = 0.1`, `param real tol = 0.1`, `param tol = 0.1: real`.
    fn typed_param(&self) -> Option<SyntaxError> {
        let (start, end) = (self.failure.tokens.start, self.failure.tokens.end);
        if self.keyword_of_declaration() == "let" && self.word == ":" && self.text_at(self.index + 2) == "=" {
            let help = "a name for an expression has no type of its own";
            return self.superfluous(self.index, self.index + 1, help);
        }
        if self.keyword_of_declaration() != "param" {
            return None;
        }
        let help = "a param has a value and perhaps a range, and no type: `param tol = 0.1 in [0, 1]`";
        let is_type = |text: &str| matches!(text, "real" | "int" | "float" | "number" | "double" | "numeric");
        if is_type(self.text_at(start + 1)) && self.is_name(start + 2) && self.index <= start + 2 {
            return self.superfluous(start + 1, start + 1, help);
        }
        let equals = (start..end).find(|&index| self.text_at(index) == "=")?;
        if self.word == ":" && self.index > equals && is_type(self.text_at(self.index + 1)) {
            return self.superfluous(self.index, self.index + 1, help);
        }
        if self.index != start + 2
            || equals <= self.index
            || !matches!(self.word, ":" | "in" | "real" | "int" | "float" | "number")
        {
            return None;
        }
        let last = self.number_from(equals + 1)?;
        let range = (self.index..equals).find(|&index| self.text_at(index) == "in");
        let range =
            range.and_then(|index| self.written(index, equals - 1)).map_or_else(String::new, |text| format!(" {text}"));
        self.rather(self.index, last, format!("= {}{range}", self.written(equals + 1, last)?), help)
    }

    /// `metric m(group attr)`, `metric m(attr: grup)`.
    fn parameter_kind(&self) -> Option<SyntaxError> {
        if self.keyword_of_declaration() != "metric" {
            return None;
        }
        let help = "a parameter is written `attr: group`; the kinds are `group`, `label`, `column`, `number`, `event` and `level of ..`";
        let parameter = |word: &str| {
            let named = |index: &usize| matches!(self.text_at(index + 1), ":" | ",") && self.text_at(*index) == word;
            (self.failure.tokens.start + 3..self.index).find(named).map(|_| format!("level of {word}"))
        };
        let kind_of = |word: &str| {
            let lower = word.to_lowercase();
            let listed = |(kind, others): &&(&'static str, &[&str])| *kind == lower || others.contains(&lower.as_str());
            let known = KINDS.iter().find(listed).map(|(kind, _)| *kind);
            known.or_else(|| nearest(&lower, KINDS.iter().map(|(kind, _)| *kind)))
        };
        let ends = |index: usize| matches!(self.text_at(index), "," | ")" | "=" | "in" | ">=" | "<=" | ">" | "<");
        if self.failure.expects(Rule::word_number) && self.token.kind == TokenKind::Word {
            let kind = parameter(self.word).or_else(|| kind_of(self.word).map(str::to_owned))?;
            return self.rather(self.index, self.index, kind, help);
        }
        if self.previous_word() == "level" && matches!(self.word, "in" | "from") && self.failure.expects(Rule::word_of)
        {
            return self.rather(self.index, self.index, "of".to_owned(), help);
        }
        let first = [self.index, self.index.checked_sub(1)?].into_iter().find(|&first| {
            KINDS.iter().any(|(kind, _)| *kind == self.text_at(first))
                && self.is_name(first + 1)
                && ends(first + 2)
                && first.checked_sub(1).is_some_and(|before| matches!(self.text_at(before), "(" | ","))
        })?;
        let (kind, name) = (self.text_at(first), self.text_at(first + 1));
        self.rather(first, first + 1, format!("{name}: {kind}"), help)
    }

    /// `use m(group = sex)`: a word of the language in the place of a parameter's name.
    fn reserved_parameter(&self) -> Option<SyntaxError> {
        let named = self.text_at(self.index + 1) == "=" && matches!(self.previous_word(), "(" | ",");
        (named && self.keyword_of_declaration() == "use" && is_reserved(self.word)).then(|| {
            let help =
                "no parameter has this name; arguments stand in the order of the parameters, or have their names";
            self.superfluous(self.index, self.index + 1, help)
        })?
    }

    /// `use m([sex, race], 5%)` and `use m((sex, race), 5%)`.
    fn groups(&self) -> Option<SyntaxError> {
        let open = match self.word {
            "[" => self.index,
            "," => self.nesting.innermost()?.token,
            _ => return None,
        };
        let within = open.checked_sub(1).is_some_and(|before| matches!(self.text_at(before), "(" | "," | "="));
        if self.keyword_of_declaration() != "use" || !within || !matches!(self.text_at(open), "[" | "(") {
            return None;
        }
        let (found, instead) = (self.text_at(open).to_owned(), "{".to_owned());
        let help = "several groups stand in braces: `use demographic_parity({sex, race}, 5%)`";
        Some(SyntaxError::new(
            Mistake::Instead { found, instead, close: Some("}"), help, sure: true },
            self.failure.span(self.at(open)?),
        ))
    }
}
