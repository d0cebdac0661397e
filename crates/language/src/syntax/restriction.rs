//! Conditions and quantifiers in other places or words: `score <= 0.5 where age < 18`, `forall r in race except white`.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError};
use super::outline::is_aggregate;

const WHERE: &str = "`where` stands after what is run over: `forall r in race where r != white: ..`";
const EACH: &str = "a condition on single samples stands in front: `each where age < 18: score <= 0.5`";

impl Place<'_, '_> {
    /// The mistake, if the text around here restricts or quantifies as others do.
    pub fn restriction(&self) -> Option<SyntaxError> {
        if self.index == self.failure.tokens.start {
            return None;
        }
        self.turned_binder()
            .or_else(|| self.each_in())
            .or_else(|| self.colon_for_in())
            .or_else(|| self.bracketed_binder())
            .or_else(|| self.quantifier_without_word())
            .or_else(|| self.but_some())
            .or_else(|| self.pairs_of())
            .or_else(|| self.each_and_forall())
            .or_else(|| self.condition_in_front())
            .or_else(|| self.condition_behind())
    }

    fn quantifies(&self) -> Option<usize> {
        let ends = |index: &usize| matches!(self.text_at(*index), "forall" | "each" | ":");
        (self.failure.tokens.start..self.index).rev().find(ends)
    }

    /// The next colon, if no aggregate stands before it.
    fn colon_behind(&self, from: usize) -> Option<usize> {
        (from..self.failure.tokens.end)
            .find(|&at| self.text_at(at) == ":" || is_aggregate(self.text_at(at)) && self.text_at(at + 1) == "[")
            .filter(|&at| self.text_at(at) == ":")
    }

    fn compares(&self, mut range: std::ops::Range<usize>) -> bool {
        range.any(|at| matches!(self.text_at(at), "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "=" | "≠"))
    }

    /// `forall race r:`, where `race == r` follows.
    fn turned_binder(&self) -> Option<SyntaxError> {
        let column = self.index.checked_sub(1)?;
        let early = column.checked_sub(1).is_some_and(|forall| self.text_at(forall) == "forall");
        if !early
            || !self.is_name(column)
            || !self.is_name(self.index)
            || !matches!(self.text_at(self.index + 1), ":" | "where")
        {
            return None;
        }
        let (home, binder) = (self.text_at(column), self.text_at(self.index));
        let compared = (self.index..self.failure.tokens.end)
            .any(|at| self.text_at(at) == home && self.text_at(at + 1) == "==" && self.text_at(at + 2) == binder);
        let text = format!("{binder} in {home}");
        compared.then(|| self.rather(column, self.index, text, "`forall r in race:` names the level first"))?
    }

    /// `each a in sex: ..`.
    fn each_in(&self) -> Option<SyntaxError> {
        let each = self.index.checked_sub(1).filter(|&each| self.text_at(each) == "each")?;
        let runs =
            self.is_name(self.index) && self.text_at(self.index + 1) == "in" && self.text_at(self.index + 2) != "{";
        let colon = self.text_at(self.index + 3) == ":" || self.text_at(self.index + 3) == "(";
        (runs && colon).then(|| {
            self.rather(each, each, "forall".to_owned(), "`forall` runs over levels, and `each` over samples")
        })?
    }

    /// `forall r: race:`.
    fn colon_for_in(&self) -> Option<SyntaxError> {
        let forall = self.index.checked_sub(2).is_some_and(|at| self.text_at(at) == "forall");
        let domain = self.is_name(self.index + 1) && matches!(self.text_at(self.index + 2), ":" | "where");
        let colon = self.word == ":" && forall && domain;
        colon.then(|| self.rather(self.index, self.index, "in".to_owned(), "`in` stands before the values"))?
    }

    /// `forall (r in race):`.
    fn bracketed_binder(&self) -> Option<SyntaxError> {
        let open = self.index.checked_sub(2)?;
        let forall = open.checked_sub(1).is_some_and(|at| self.text_at(at) == "forall");
        if self.word != "in" || self.text_at(open) != "(" || !forall {
            return None;
        }
        let help = "nothing stands around a quantifier, `forall r in race:`";
        let kind = Mistake::NeedlessBrackets { found: "(".to_owned(), help };
        self.closing_of(open).map(|_| SyntaxError::new(kind, self.failure.span_of(open)))
    }

    /// `forall r in race: s in sex:` and `forall r in race and s in sex:`.
    fn quantifier_without_word(&self) -> Option<SyntaxError> {
        let help = "every quantifier begins with `forall`";
        let binder = self.index.checked_sub(2)?;
        let second =
            self.text_at(self.index - 1) == "in" && self.is_name(binder) && self.text_at(self.index + 1) == ":";
        if second && self.text_at(binder.checked_sub(1)?) == ":" && self.failure.expects(Rule::open_brace) {
            return self.rather(binder, binder, format!("forall {}", self.text_at(binder)), help);
        }
        let joined = matches!(self.word, "and" | "&" | "&&") && self.failure.expects(Rule::colon);
        let follows = self.is_name(self.index + 1) && self.text_at(self.index + 2) == "in";
        let text = format!(": forall {}", self.text_at(self.index + 1));
        (joined && follows && self.text_at(self.quantifies()?) == "forall")
            .then(|| self.rather(self.index, self.index + 1, text, help))?
    }

    /// `forall r in race except white:`, `.. if r != white:`, `.. such that r != white:`, `.., r != white:`.
    fn but_some(&self) -> Option<SyntaxError> {
        let opened = self.quantifies()?;
        if !self.failure.expects(Rule::colon) || self.text_at(opened) == ":" {
            return None;
        }
        if matches!(self.word, "except" | "but" | "without" | "excluding" | "not") && self.text_at(opened) == "forall" {
            let level = self.index + 1 + usize::from(matches!(self.text_at(self.index + 1), "for" | "in" | "not"));
            let single = self.is_name(opened + 1) && self.is_name(level) && self.text_at(level + 1) == ":";
            let text = format!("where {} != {}", self.text_at(opened + 1), self.text_at(level));
            return single.then(|| self.rather(self.index, level, text, WHERE))?;
        }
        let last = match (self.word, self.text_at(self.index + 1), self.text_at(self.index + 2)) {
            ("if" | "when" | "with" | "given" | "," | ";" | "|" | "and" | "for" | "only", _, _) => self.index,
            ("such" | "so", "that", _) => self.index + 1,
            ("s", ".", "t") => self.index + 2 + usize::from(self.text_at(self.index + 3) == "."),
            ("st", ..) => self.index,
            _ => return None,
        };
        let colon = self.colon_behind(last + 1)?;
        // Another quantifier, which has words of its own.
        let quantifies = self.text_at(last + 2) == "in" && self.text_at(last + 3) != "{" && last + 4 == colon;
        let restricted = (last + 1..colon).any(|at| self.text_at(at) == "where");
        if quantifies || restricted || self.text_at(last + 1) == "forall" {
            return None;
        }
        let help = if self.text_at(opened) == "each" { EACH } else { WHERE };
        self.compares(last + 1..colon).then(|| self.rather(self.index, last, "where".to_owned(), help))?
    }

    /// `in pairs race:`.
    fn pairs_of(&self) -> Option<SyntaxError> {
        let before = self.index.checked_sub(1)?;
        let bare = matches!(self.text_at(before), "pairs" | "adjacent") && self.is_name(self.index);
        let wants = self.failure.expects(Rule::open_paren) || self.failure.expects(Rule::colon);
        let text = format!("{}({})", self.text_at(before), self.word);
        (bare && wants)
            .then(|| self.rather(before, self.index, text, "what pairs are made of stands in parentheses"))?
    }

    /// `each forall r in race: score <= 0.5`.
    fn each_and_forall(&self) -> Option<SyntaxError> {
        let each = self.index.checked_sub(1).filter(|&each| self.text_at(each) == "each")?;
        let colon = self.colon_behind(self.index).filter(|_| self.word == "forall")?;
        let text = format!("{}: each:", self.written(self.index, colon - 1)?);
        self.rather(each, colon, text, "`each` stands after all `forall`")
    }

    /// `if age < 18: score <= 0.5`, `where age < 18: ..`, `constraint c where age < 18: ..`.
    fn condition_in_front(&self) -> Option<SyntaxError> {
        if self.keyword_of_declaration() != "constraint" {
            return None;
        }
        let is_word = |at: usize| matches!(self.text_at(at), "if" | "when" | "where");
        let named = is_word(self.index) && self.index == self.failure.tokens.start + 2;
        let word = [Some(self.index), self.index.checked_sub(1)].into_iter().flatten().find(|&at| is_word(at))?;
        let begins = word.checked_sub(1).is_some_and(|before| self.text_at(before) == ":");
        let colon = self.colon_behind(word + 1).filter(|&colon| self.compares(word + 1..colon))?;
        if !named && !begins || word + 2 > colon || self.text_at(word + 2) == "in" {
            return None;
        }
        let aggregates = (colon..self.failure.tokens.end).any(|at| is_aggregate(self.text_at(at)));
        if aggregates {
            let instead = "a condition on the samples of a mean stands after a bar: `E[score | sex == female]`";
            let kind = Mistake::ForeignWord { found: self.text_at(word).to_owned(), instead };
            return Some(SyntaxError::new(kind, self.failure.span_of(word)));
        }
        let colon_first = if named { ": " } else { "" };
        let text = format!("{colon_first}each where {}:", self.written(word + 1, colon - 1)?);
        self.rather(word, colon, text, EACH)
    }

    /// `score <= 0.5 where age < 18`.
    fn condition_behind(&self) -> Option<SyntaxError> {
        let word = matches!(self.word, "where" | "if" | "when" | "unless");
        let whole = self.nesting.is_flat() && self.failure.expects_operator() && self.failure.expects(Rule::EOI);
        if !word || !whole || self.keyword_of_declaration() != "constraint" {
            return None;
        }
        let last = self.failure.tokens.end - 1;
        let first = (self.failure.tokens.start..self.index).rev().find(|&at| self.text_at(at) == ":")? + 1;
        let each = first.checked_sub(2).filter(|&each| self.text_at(each) == "each");
        let aggregates = (first..self.index).any(|at| is_aggregate(self.text_at(at)));
        if aggregates || self.word == "unless" || !self.compares(self.index + 1..last + 1) {
            let instead = "a condition on the samples of a mean stands after a bar, `E[score | sex == female]`, and one on \
                           single samples in front, `each where age < 18: score <= 0.5`";
            let kind = Mistake::ForeignWord { found: self.word.to_owned(), instead };
            return Some(SyntaxError::new(kind, self.span()));
        }
        let (condition, body) = (self.written(self.index + 1, last)?, self.written(first, self.index - 1)?);
        self.rather(each.unwrap_or(first), last, format!("each where {condition}: {body}"), EACH)
    }
}
