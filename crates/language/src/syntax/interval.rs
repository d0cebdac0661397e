//! Intervals in other notations: `x in [0.2, 0.3]`, `x in 0.2..0.3`, `x between 0.2 and 0.3`.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError};
use super::outline::is_aggregate;
use super::scan::TokenKind;

impl Place<'_, '_> {
    /// The first token of the operand that ends with this one.
    fn operand_before(&self, last: usize) -> Option<usize> {
        let open = match self.text_at(last) {
            ")" => "(",
            "]" => "[",
            _ if self.is_name(last) || self.at(last)?.kind == TokenKind::Number => return Some(last),
            _ => return None,
        };
        let mut depth = 0_usize;
        let first = (self.failure.tokens.start..=last).rev().find(|&index| {
            let text = self.text_at(index);
            depth = if matches!(text, ")" | "]" | "}") { depth + 1 } else { depth };
            depth = if matches!(text, "(" | "[" | "{") { depth.saturating_sub(1) } else { depth };
            depth == 0
        });
        let first = first.filter(|&first| self.text_at(first) == open)?;
        let head = first.checked_sub(1).filter(|&head| self.is_name(head));
        if open == "[" { head } else { head.or(Some(first)) }
    }

    /// `x in [0.2, 0.3]`, `x in 0.2..0.3` and `x between 0.2 and 0.3`.
    pub(super) fn interval(&self) -> Option<SyntaxError> {
        if self.keyword_of_declaration() == "metric" && self.failure.expects(Rule::range) {
            return None;
        }
        let between = self.word.eq_ignore_ascii_case("between") && self.failure.expects_operator();
        let within = self.index.checked_sub(1).is_some_and(|before| self.text_at(before) == "in");
        let wants_set = within && !self.failure.expects(Rule::range) && !self.failure.expects(Rule::domain);
        if !between && !wants_set {
            return None;
        }
        let word = if between { self.index } else { self.index - 1 };
        let bracket = matches!(self.word, "[" | "(");
        let low = if between || bracket { self.index + 1 } else { self.index };
        // Names may be ends too, where they cannot be levels.
        let of_mean = bracket && word.checked_sub(1).is_some_and(|before| self.text_at(before) == "]");
        let end_of = |at: usize| {
            let name = if matches!(self.text_at(at), "-" | "+") { at + 1 } else { at };
            self.number_from(at).or_else(|| Some(name).filter(|&name| of_mean && self.is_name(name)))
        };
        let low_end = end_of(low)?;
        let joins: &[&str] = if between {
            &["and", ","]
        } else if bracket {
            &[","]
        } else {
            &[".."]
        };
        let high = Some(low_end + 2).filter(|_| joins.contains(&self.text_at(low_end + 1)))?;
        let high_end = end_of(high)?;
        let last = if bracket { high_end + 1 } else { high_end };
        if bracket && !matches!(self.text_at(last), "]" | ")") {
            return None;
        }
        let first = self.operand_before(word.checked_sub(1)?)?;
        let joined = first.checked_sub(1).is_some_and(|before| matches!(self.text_at(before), "+" | "-" | "*" | "/"));
        let body = (self.failure.tokens.start..first).rev().find(|&at| self.text_at(at) == ":").map(|colon| colon + 1);
        let first = match body.filter(|_| joined && self.nesting.is_flat()) {
            Some(body) if self.keyword_of_declaration() == "constraint" => body,
            _ => first,
        };
        let (low, high) = (self.written(low, low_end)?, self.written(high, high_end)?);
        let before = first.checked_sub(1).map_or("", |before| self.text_at(before));
        if matches!(before, "<=" | ">=" | "==" | "<" | ">" | "+" | "-" | "*" | "/" | "not" | "forall") {
            return None;
        }
        let chain = format!("{low} <= {} <= {high}", self.written(first, word - 1)?);
        let help = "an interval is a chain of comparisons, `0.2 <= x <= 0.3`; braces list levels, `x in {a, b}`";
        let mut mistake = self.rather(first, last, chain, help)?;
        // Two numbers may be meant, where they are no limits of a mean.
        if let Mistake::Instead { sure, .. } = &mut mistake.kind {
            *sure = between || !bracket || is_aggregate(self.text_at(first));
        }
        Some(mistake)
    }
}
