//! Mistakes in what is listed by level in braces, and in what pairs are made of.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError, shortened};
use super::scan::TokenKind;

impl Place<'_, '_> {
    pub fn listed(&self) -> Option<SyntaxError> {
        self.by_level().or_else(|| self.second_domain())
    }

    /// `group g = {white, black}`, and conditions of one level that a comma joins.
    fn by_level(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        let first = failure.chunk().first().map_or("", |token| token.text(failure.text));
        let in_braces = self.nesting.innermost().is_some_and(|open| open.mark == '{' && self.nesting.brackets() == 1);
        if !in_braces
            || !matches!(first, "group" | "param")
            || !failure.expects(Rule::colon)
            || failure.expects_operator()
        {
            return None;
        }
        let previous = self.previous()?;
        match self.word {
            "," | "}" => {
                let level = shortened(previous.text(failure.text).trim_matches('`'));
                let kind = Mistake::LevelAlone { level, event: first == "group" };
                Some(SyntaxError::new(kind, failure.span(previous)))
            }
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" if first == "group" => {
                let comma = failure.token(self.index.checked_sub(2)?)?;
                let joined = comma.text(failure.text) == "," && previous.kind != TokenKind::Symbol;
                joined.then(|| SyntaxError::new(Mistake::CommaBeforeCondition, failure.span(comma)))
            }
            "=" | ":=" | "=>" | "->" => {
                let (found, instead) = (self.word.to_owned(), ":".to_owned());
                let help = "a `:` stands between a level and what it is given";
                Some(SyntaxError::new(Mistake::Instead { found, instead, close: None, help, sure: true }, self.span()))
            }
            _ => None,
        }
    }

    /// `pairs(sex, race)`.
    fn second_domain(&self) -> Option<SyntaxError> {
        let failure = self.failure;
        if self.word != "," || !failure.expects(Rule::close_paren) {
            return None;
        }
        let open = self.nesting.innermost().filter(|open| open.mark == '(')?;
        let head = failure.token(open.token.checked_sub(1)?)?.text(failure.text);
        let word = ["pairs", "adjacent"].into_iter().find(|word| *word == head)?;
        let mut last = self.token;
        let mut depth = 0_usize;
        for index in self.index + 1..failure.tokens.end {
            let token = failure.token(index)?;
            match token.text(failure.text) {
                "(" | "{" => depth += 1,
                ")" | "}" if depth > 0 => depth -= 1,
                ")" | ":" => break,
                _ => {}
            }
            last = token;
        }
        let span = self.span().to(failure.span(last));
        Some(SyntaxError::new(Mistake::SecondDomain { word }, span))
    }
}
