//! Notations from elsewhere: LaTeX, spreadsheets, indicators and sets in other brackets, brackets that do not fit.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError, shortened};
use super::outline::{is_aggregate, is_reserved};
use super::scan::TokenKind;
use crate::words::FUNCTIONS;

/// Commands of LaTeX, and how they are written here; of others it is only said that there are none.
const COMMANDS: [(&str, &str); 29] = [
    ("le", "<="),
    ("leq", "<="),
    ("leqslant", "<="),
    ("ge", ">="),
    ("geq", ">="),
    ("geqslant", ">="),
    ("ne", "!="),
    ("neq", "!="),
    ("in", "in"),
    ("forall", "forall"),
    ("mid", "|"),
    ("vert", "|"),
    ("lvert", "|"),
    ("rvert", "|"),
    ("cdot", "*"),
    ("times", "*"),
    ("land", "and"),
    ("wedge", "and"),
    ("lor", "or"),
    ("vee", "or"),
    ("lnot", "not"),
    ("neg", "not"),
    ("pm", "+/-"),
    ("infty", "inf"),
    ("quad", ""),
    ("left", ""),
    ("right", ""),
    ("E", "E"),
    ("Pr", "P"),
];
/// Indicators elsewhere, as the name in front of the bracket.
const INDICATORS: [&str; 7] = ["1", "I", "𝟙", "𝟏", "1_", "ind", "indicator"];
/// What people call a table of data.
const FRAMES: [&str; 7] = ["df", "data", "d", "frame", "X", "table", "samples"];

const CALLED: &str = "what a function is of stands in parentheses";

impl Place<'_, '_> {
    /// The mistake, if the text around here is such a notation.
    pub fn notation(&self) -> Option<SyntaxError> {
        if self.index == self.failure.tokens.start {
            return None;
        }
        self.latex()
            .or_else(|| self.grouped_by())
            .or_else(|| self.capital_quantifier())
            .or_else(|| self.square_call())
            .or_else(|| self.bare_call())
            .or_else(|| self.indicator())
            .or_else(|| self.frame())
            .or_else(|| self.set_of_levels())
            .or_else(|| self.doubled_word())
            .or_else(|| self.comparing_word())
            .or_else(|| self.choice())
            .or_else(|| self.levels_in_braces())
            .or_else(|| self.table_entry())
            .or_else(|| self.range_of_type())
            .or_else(|| self.statistic())
            .or_else(|| self.wrong_closing())
    }

    /// `predict score: [0, 1]`, `column sex in {female, male}`, `param eps = 3% in (0, 1)`.
    fn range_of_type(&self) -> Option<SyntaxError> {
        let declares = self.keyword_of_declaration();
        if declares == "predict" && self.word == "[" && self.failure.expects(Rule::kw_real) {
            let close = self.closing_of(self.index)?;
            let text = format!("real in {}", self.written(self.index, close)?);
            return self.rather(self.index, close, text, "a type is `real` or `{0, 1}`, with a range `in [0, 1]`");
        }
        let typed = matches!(declares, "column" | "label" | "predict") && self.index == self.failure.tokens.start + 2;
        if typed && self.word == "in" && self.failure.expects(Rule::colon) {
            let text = if self.text_at(self.index + 1) == "{" { ":" } else { ": real in" };
            return self.rather(self.index, self.index, text.to_owned(), "the type stands after a colon");
        }
        let range = declares == "param" && self.word == "(" && self.failure.expects(Rule::open_bracket);
        range.then(|| self.rebracketed(self.index, self.index, ("[", "]"), "a range is written `[0, 1]`"))?
    }

    /// `median(score | sex == female)`.
    fn statistic(&self) -> Option<SyntaxError> {
        let open = self.nesting.innermost().filter(|open| open.mark == '(' && self.word == "|")?.token;
        let head = open.checked_sub(1)?;
        self.no_such(head, head, crate::words::other_statistic(self.text_at(head))?)
    }

    fn no_such(&self, first: usize, last: usize, instead: &'static str) -> Option<SyntaxError> {
        let span = self.failure.span(self.at(first)?).to(self.failure.span(self.at(last)?));
        let found = shortened(self.written(first, last)?);
        Some(SyntaxError::new(Mistake::ForeignWord { found, instead }, span))
    }

    /// Other brackets from these tokens to the one that closes them.
    fn rebracketed(
        &self,
        first: usize,
        open: usize,
        (instead, close): (&str, &'static str),
        help: &'static str,
    ) -> Option<SyntaxError> {
        let span = self.failure.span(self.at(first)?).to(self.failure.span(self.at(open)?));
        let (found, instead) = (self.written(first, open)?.to_owned(), instead.to_owned());
        Some(SyntaxError::new(Mistake::Instead { found, instead, close: Some(close), help, sure: true }, span))
    }

    /// `\leq`, `\forall`, `\frac{..}{..}`.
    fn latex(&self) -> Option<SyntaxError> {
        let command = self.at(self.index + 1)?;
        if self.word != "\\" || command.start != self.token.end {
            return None;
        }
        let (name, last) = (self.text_at(self.index + 1), self.index + 1);
        let help = "a spec is plain text: `<=`, `>=`, `!=`, `in`, `|..|`, `a / b`, `max(r in race: ..)`";
        if name == "|" {
            return self.rather(self.index, last, "|".to_owned(), help);
        }
        let known = COMMANDS.iter().find(|(command, _)| *command == name);
        if let Some((_, instead)) = known {
            return if instead.is_empty() {
                self.superfluous(self.index, last, help)
            } else {
                self.rather(self.index, last, (*instead).to_owned(), help)
            };
        }
        if matches!(name, "mathbb" | "mathrm" | "operatorname" | "text")
            && self.text_at(last + 1) == "{"
            && self.is_name(last + 2)
            && self.text_at(last + 3) == "}"
        {
            return self.rather(self.index, last + 3, self.text_at(last + 2).to_owned(), help);
        }
        let letter = matches!(name, "epsilon" | "varepsilon" | "delta" | "tau" | "alpha" | "beta" | "gamma" | "lambda");
        if letter {
            // Which of the params is meant is for the author to say.
            return self.rather(self.index, last, name.to_owned(), help);
        }
        self.no_such(
            self.index,
            last,
            "formulas are plain text: `a / b`, `sqrt(a)`, `max(r in race: E[score | race == r])`",
        )
    }

    /// `E[score] group by sex`.
    fn grouped_by(&self) -> Option<SyntaxError> {
        let by = self.text_at(self.index + 1);
        let grouped = self.word.eq_ignore_ascii_case("group") && by.eq_ignore_ascii_case("by");
        let instead = "run over the levels in front of the comparison: `forall a in sex: E[score | sex == a] <= 0.5`";
        (grouped && self.failure.expects_operator()).then(|| self.no_such(self.index, self.index + 1, instead))?
    }

    /// `Forall r in`, `FORALL r IN`, `for each r in`.
    fn capital_quantifier(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let begins = matches!(self.text_at(before.checked_sub(1)?), ":" | "=");
        let word = self.text_at(before);
        let help = "write `forall a in D: ..` in front of the comparison";
        if begins && word == "for" && self.word == "each" && self.text_at(self.index + 2).eq_ignore_ascii_case("in") {
            return self.rather(before, self.index, "forall".to_owned(), help);
        }
        let capital = word != "forall" && word.eq_ignore_ascii_case("forall") && self.is_name(self.index);
        (begins && capital).then(|| self.rather(before, before, "forall".to_owned(), help))?
    }

    /// `max{a, b}`, `abs[a]`.
    fn square_call(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let function = FUNCTIONS.contains(&self.text_at(before)) && matches!(self.word, "[" | "{");
        if !function || !self.failure.expects_operator() || self.text_at(self.index + 2) == "in" {
            return None;
        }
        self.rebracketed(self.index, self.index, ("(", ")"), "the arguments of a function stand in parentheses")
    }

    /// `max r in race: e <= c`, `abs e <= c`.
    fn bare_call(&self) -> Option<SyntaxError> {
        let head = self.index.checked_sub(1)?;
        let function = FUNCTIONS.contains(&self.text_at(head)) || matches!(self.text_at(head), "sum" | "mean");
        let value = self.is_name(self.index) || matches!(self.word, "E" | "over");
        if !function || !value || !self.failure.expects_operator() || self.text_at(head) == "bins" {
            return None;
        }
        let first = if self.word == "over" { self.index + 1 } else { self.index };
        let mut depth = 0_usize;
        let mut end = first;
        while self.at(end).is_some() {
            match self.text_at(end) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" | "<=" | ">=" | "==" | "<" | ">" if depth == 0 => break,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            end += 1;
        }
        let last = end.checked_sub(1).filter(|&last| last >= first)?;
        // `exp a + b` may be meant either way.
        let sum = (first + 1..last).any(|at| matches!(self.text_at(at), "+" | "-") && self.text_at(first + 1) != "in");
        let mut mistake =
            self.rather(head, last, format!("{}({})", self.text_at(head), self.written(first, last)?), CALLED)?;
        if let Mistake::Instead { sure, .. } = &mut mistake.kind {
            *sure = !sum;
        }
        Some(mistake)
    }

    /// `1[sex == female]`, `I[..]`, `1{..}`, `{sex == female}` as a factor.
    fn indicator(&self) -> Option<SyntaxError> {
        let help = "an event in square brackets is the number 0 or 1: `[sex == female]`";
        let letter = match self.word {
            "𝔼" => "E",
            "ℙ" => "P",
            _ => "",
        };
        if !letter.is_empty() && self.text_at(self.index + 1) == "[" {
            let help = "aggregates are written in plain letters: `E[score | sex == female]`";
            return self.rather(self.index, self.index, letter.to_owned(), help);
        }
        if matches!(self.word, "𝟙" | "𝟏") && matches!(self.text_at(self.index + 1), "[" | "{" | "(") {
            return self.rebracketed(self.index, self.index + 1, ("[", "]"), help);
        }
        if !matches!(self.word, "[" | "{" | "(") || !self.holds_an_event(self.index) {
            return None;
        }
        let head = self.index.checked_sub(1).filter(|&head| INDICATORS.contains(&self.text_at(head)));
        if let Some(head) = head.filter(|_| self.failure.expects_operator()) {
            return self.rebracketed(head, self.index, ("[", "]"), help);
        }
        let factor =
            self.index.checked_sub(1).is_some_and(|before| matches!(self.text_at(before), "*" | "[" | "+" | "-"));
        let own = self.word == "{" && factor && self.failure.expects_operand();
        own.then(|| self.rebracketed(self.index, self.index, ("[", "]"), help))?
    }

    /// Between this bracket and the one that closes it stands a comparison, and no comma or bar.
    fn holds_an_event(&self, open: usize) -> bool {
        let Some(close) = self.closing_of(open) else { return false };
        let inside = || (open + 1..close).map(|index| self.text_at(index));
        inside().any(|text| matches!(text, "==" | "!=" | "<" | "<=" | ">" | ">=" | "=" | "in"))
            && !inside().any(|text| matches!(text, "," | "|" | ":"))
    }

    /// `df["sex"]`.
    fn frame(&self) -> Option<SyntaxError> {
        let owner = self.index.checked_sub(1)?;
        let quoted = self.is_text(self.index + 1);
        if self.word != "[" || !FRAMES.contains(&self.text_at(owner)) || !quoted || self.text_at(self.index + 2) != "]"
        {
            return None;
        }
        let column = super::written(self.text_at(self.index + 1).trim_matches(super::scan::is_quote))?;
        self.rather(owner, self.index + 2, column, "columns are called by their names alone")
    }

    /// `race in white, black`, `race == {white, black}`, `{white; black}`, `{white black}`.
    fn set_of_levels(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let help = "levels are listed in braces, `race in {white, black}`";
        let level = |at: usize| self.is_name(at) || self.at(at).is_some_and(|token| token.kind == TokenKind::Number);
        let binds = self.failure.expects(Rule::domain) || self.failure.expects(Rule::range);
        if self.text_at(before) == "in" && !binds && level(self.index) && self.text_at(self.index + 1) != ".." {
            let mut last = self.index;
            while self.text_at(last + 1) == "," && level(last + 2) && matches!(self.text_at(last + 3), "," | "]" | ")")
            {
                last += 2;
            }
            let ends = matches!(self.text_at(last + 1), "]" | ")" | "," | "and" | "or" | "");
            let set = format!("{{{}}}", self.written(self.index, last)?);
            return ends.then(|| self.rather(self.index, last, set, help))?;
        }
        if self.word == "{" && matches!(self.text_at(before), "==" | "!=" | "=") && self.failure.expects_operand() {
            let plain = self.closing_of(self.index).filter(|&close| close > self.index + 1);
            let listed = (self.index + 1..plain?).all(|at| level(at) || self.text_at(at) == ",");
            let word = if self.text_at(before) == "!=" { "not in" } else { "in" };
            return listed.then(|| self.rather(before, before, word.to_owned(), help))?;
        }
        let open = self.nesting.innermost().filter(|open| open.mark == '{');
        if open.is_none() || !self.failure.expects(Rule::comma) {
            return None;
        }
        if self.word == ";" {
            return self.rather(self.index, self.index, ",".to_owned(), "a comma separates levels");
        }
        // Two words of a type may be one level.
        let of_group = self.keyword_of_declaration() == "group";
        let next = level(self.index) && (!of_group || self.text_at(self.index + 1) == ":");
        let typed = matches!(self.keyword_of_declaration(), "column" | "label" | "predict");
        let missing = Mistake::Missing { what: ",", after: "a level", found: self.found() };
        (next && !typed && !self.token.first_on_line).then(|| SyntaxError::new(missing, self.span()))
    }

    /// `a and and b`, `[and a`, `a and]`.
    fn doubled_word(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let joins = |text: &str| matches!(text, "and" | "or");
        let help = "`and` and `or` stand between two conditions";
        if !self.failure.expects_operand() {
            return None;
        }
        let compared = matches!(self.text_at(self.index + 1), "==" | "!=" | "<=" | ">=" | "<" | ">" | "in");
        let opened = joins(self.text_at(before)) || matches!(self.text_at(before), "|" | "(" | "," | "where");
        if joins(self.word) && opened && !compared {
            return self.superfluous(self.index, self.index, help);
        }
        let closes = matches!(self.word, ")" | "]" | ":") && joins(self.text_at(before));
        closes.then(|| self.superfluous(before, before, help))?
    }

    /// `race eq white`, `age gt 40`, `sex == female but ..`.
    fn comparing_word(&self) -> Option<SyntaxError> {
        let help = "values are compared with `==`, `!=`, `<`, `<=`, `>` and `>=`";
        let before = self.index.checked_sub(1)?;
        let bare = self.text_at(before) == "not"
            && self.is_name(self.index)
            && before.checked_sub(1).is_some_and(|at| self.is_name(at));
        if bare && self.failure.expects(Rule::kw_in) && !self.failure.expects_operand() {
            return self.rather(before, before, "!=".to_owned(), help);
        }
        let instead = match self.word {
            "eq" => "==",
            "ne" | "neq" => "!=",
            "ge" | "gte" => ">=",
            "le" | "lte" => "<=",
            "gt" | "above" | "over" | "exceeds" => ">",
            "lt" | "below" | "under" => "<",
            "but" | "plus" | "also" if self.nesting.innermost().is_some_and(|open| open.mark == '[') => {
                return self.failure.expects_operator().then(|| {
                    self.rather(self.index, self.index, "and".to_owned(), "conditions are joined by `and`")
                })?;
            }
            _ => return None,
        };
        // `less than` and its kin have rules of their own.
        let fits = self.failure.expects_operator() && self.text_at(self.index + 1) != "than";
        fits.then(|| self.rather(self.index, self.index, instead.to_owned(), help))?
    }

    /// `a ? b : c`, `a if b else c`, `case when .. then`.
    fn choice(&self) -> Option<SyntaxError> {
        let instead = "there is no choice between values: multiply with an event in brackets, which is 0 or 1, as in \
                       `E[score * [sex == female]]`, or name levels by events, `group g = {yes: age < 30, no: otherwise}`";
        if self.word == "?" && self.failure.expects_operator() {
            return self.no_such(self.index, self.index, instead);
        }
        let case = self.index.checked_sub(1).filter(|&case| self.text_at(case).eq_ignore_ascii_case("case"));
        if let Some(case) = case.filter(|_| self.word.eq_ignore_ascii_case("when")) {
            return self.no_such(case, self.index, instead);
        }
        let rest = || (self.index + 1..self.failure.tokens.end).map(|index| self.text_at(index));
        let otherwise = self.word == "if" && rest().any(|text| matches!(text, "else" | "then"));
        otherwise.then(|| self.no_such(self.index, self.index, instead))?
    }

    /// Tables of params and groups by events in other brackets, or the other way round.
    fn levels_in_braces(&self) -> Option<SyntaxError> {
        let help = "levels and what they are given stand in braces: `{white: 2%, otherwise: 3%}`";
        let declares = self.keyword_of_declaration();
        if declares == "param" && self.failure.expects(Rule::table) {
            let entries = self.text_at(self.index + 2) == ":" || self.text_at(self.index + 1) == "otherwise";
            if matches!(self.word, "(" | "[") && entries {
                return self.rebracketed(self.index, self.index, ("{", "}"), help);
            }
            let alone = self.number_from(self.index).filter(|&last| matches!(self.text_at(last + 1), "" | "in"));
            if let Some(last) = alone {
                let text = format!("{{otherwise: {}}}", self.written(self.index, last)?);
                return self.rather(self.index, last, text, help);
            }
        }
        let open = self.failure.tokens.start + 2;
        if declares == "param" && self.index == open && self.word == "(" {
            let close = self.closing_of(open).filter(|close| self.text_at(close + 1) == "=")?;
            let table = self.text_at(close + 2) == "{" && close > open + 1;
            let help = "what a table is about stands in square brackets: `param tol[race] = {..}`";
            return table.then(|| self.rebracketed(open, open, ("[", "]"), help))?;
        }
        if declares != "group" {
            return None;
        }
        let innermost = self.nesting.innermost()?;
        let first = self.word == ":" && self.index == innermost.token + 2;
        if first && matches!(innermost.mark, '(' | '[') && self.text_at(innermost.token.checked_sub(1)?) == "=" {
            return self.rebracketed(innermost.token, innermost.token, ("{", "}"), help);
        }
        // `{race != white: yes, ..}`.
        let level = (innermost.token..self.index).rev().find(|&at| matches!(self.text_at(at), "{" | ","))? + 1;
        let colon = (self.index..self.failure.tokens.end).find(|&at| matches!(self.text_at(at), ":" | "," | "}"))?;
        let turned = innermost.mark == '{' && self.text_at(colon) == ":" && self.failure.expects(Rule::colon);
        if !turned
            || level + 1 != self.index
            || !self.is_name(colon + 1)
            || !matches!(self.text_at(colon + 2), "," | "}")
        {
            return None;
        }
        let text = format!("{}: {}", self.text_at(colon + 1), self.written(level, colon - 1)?);
        self.rather(level, colon + 1, text, "the level stands first, and its event after the colon")
    }

    /// `tol{white}`, `tol[white][female]`, `tol["white"]`.
    fn table_entry(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let help = "the value for a level stands in square brackets: `tol[white]`, `tol[white, female]`";
        let ends = self.failure.expects_operator() || self.failure.expects(Rule::define);
        let table = (self.failure.tokens.start..before).rev().find(|&at| self.text_at(at) == "[");
        let named = table.is_some_and(|open| open.checked_sub(1).is_some_and(|head| self.is_name(head)));
        if self.word == "[" && self.text_at(before) == "]" && ends && named && self.is_name(self.index + 1) {
            return self.rather(before, self.index, ", ".to_owned(), help);
        }
        let head = self.text_at(before);
        if !self.is_name(before) || !self.failure.expects_operator() || is_reserved(head) || is_aggregate(head) {
            return None;
        }
        let single = self.text_at(self.index + 2);
        if self.word == "{" && self.is_name(self.index + 1) && single == "}" {
            return self.rebracketed(self.index, self.index, ("[", "]"), help);
        }
        let quoted = self.at(self.index + 1).filter(|_| self.is_text(self.index + 1))?;
        let level = quoted.text(self.failure.text).trim_matches(super::scan::is_quote).to_owned();
        (self.word == "[" && single == "]")
            .then(|| SyntaxError::new(Mistake::QuotedName { text: level }, self.failure.span(quoted)))
    }

    /// `E[score | sex == female)`: a bracket that closes nothing, in the place of the one that is open.
    fn wrong_closing(&self) -> Option<SyntaxError> {
        let innermost = self.nesting.innermost()?;
        let close = match innermost.mark {
            '(' => ")",
            '[' => "]",
            '{' => "}",
            _ => return None,
        };
        let open = match self.word {
            ")" => '(',
            "]" => '[',
            "}" => '{',
            _ => return None,
        };
        if self.word == close || self.nesting.encloses(open) || self.failure.expects_operand() {
            return None;
        }
        self.rather(self.index, self.index, close.to_owned(), "a bracket is closed by its own kind")
    }
}
