//! Folds, `max(a in race: e)`, as other languages write them.

use super::Rule;
use super::diagnose::Place;
use super::error::{Mistake, SyntaxError, shortened};
use super::outline::is_reserved;
use super::scan::{Token, TokenKind};

/// The folds, and what they are called elsewhere.
const FOLDS: [(&str, &[&str]); 4] = [
    ("max", &["Max", "MAX", "maximum"]),
    ("min", &["Min", "MIN", "minimum"]),
    ("sum", &["Sum", "SUM", "total"]),
    ("mean", &["Mean", "MEAN", "E", "avg", "average"]),
];

/// The fold of this name here.
fn fold(word: &str) -> Option<&'static str> {
    FOLDS.iter().map(|(fold, _)| *fold).find(|fold| *fold == word)
}

/// The fold of this name here or elsewhere.
fn fold_anywhere(word: &str) -> Option<&'static str> {
    fold(word).or_else(|| FOLDS.iter().find(|(_, names)| names.contains(&word)).map(|(fold, _)| *fold))
}

impl Place<'_, '_> {
    /// The mistake, if the text here is a fold on the way to being one.
    pub fn fold(&self) -> Option<SyntaxError> {
        self.square_fold().or_else(|| {
            let open = self.nesting.innermost().filter(|open| open.mark == '(')?.token;
            let head = self.failure.token(open.checked_sub(1)?)?;
            let name = head.text(self.failure.text);
            let fold = fold_anywhere(name)?;
            let inside = Inside { place: self, open, head, name, fold };
            inside.foreign_head().or_else(|| {
                let own = name == fold;
                own.then(|| inside.mistake())?
            })
        })
    }

    fn word_at(&self, index: usize) -> &str {
        let token = self.failure.token(index).filter(|_| index < self.failure.tokens.end);
        token.map_or("", |token| token.text(self.failure.text))
    }

    /// `max[a in race: e]`.
    fn square_fold(&self) -> Option<SyntaxError> {
        let fold = fold(self.previous_word()).filter(|_| self.word == "[")?;
        let names = self.word_at(self.index + 2) == "in" || self.word_at(self.index + 1) == "(";
        let help = "a fold has round brackets: `max(a in race: ..)`";
        let instead = Mistake::Instead { found: "[".into(), instead: "(".into(), close: Some(")"), help, sure: true };
        (names && !fold.is_empty()).then(|| SyntaxError::new(instead, self.span()))
    }
}

/// A place inside of the parentheses of a fold.
struct Inside<'p, 'f, 't> {
    place: &'p Place<'f, 't>,
    /// The index of the open parenthesis.
    open: usize,
    head: &'p Token,
    name: &'p str,
    fold: &'static str,
}

impl Inside<'_, '_, '_> {
    fn is_name(&self, index: usize) -> bool {
        self.place.failure.token(index).is_some_and(|token| match token.kind {
            TokenKind::Word => !is_reserved(self.place.word_at(index)),
            TokenKind::Quoted => true,
            TokenKind::Number | TokenKind::Text | TokenKind::Symbol | TokenKind::Broken(_) => false,
        })
    }

    /// `avg(a in race: e)`.
    fn foreign_head(&self) -> Option<SyntaxError> {
        let over = self.is_name(self.open + 1) && self.place.word_at(self.open + 2) == "in";
        let set = self.place.index == self.open + 3 && self.place.word != "{";
        let help = "folds are `max`, `min`, `sum` and `mean`";
        let (found, instead) = (self.name.to_owned(), self.fold.to_owned());
        let mistake = Mistake::Instead { found, instead, close: None, help, sure: true };
        (over && set && self.name != self.fold).then(|| SyntaxError::new(mistake, self.place.failure.span(self.head)))
    }

    fn mistake(&self) -> Option<SyntaxError> {
        self.extra_word()
            .or_else(|| self.comprehension())
            .or_else(|| self.bare_binders())
            .or_else(|| self.no_binder())
            .or_else(|| self.no_value())
    }

    /// `max(for a in race: e)`, `max(forall a in race: e)`.
    fn extra_word(&self) -> Option<SyntaxError> {
        let first = self.open + 1;
        let word = self.place.word_at(first);
        let here = self.place.index == first || self.place.index == first + 1;
        let extra = here && matches!(word, "for" | "forall" | "each" | "over" | "all") && self.is_name(first + 1);
        let mistake = Mistake::FoldWord { word: word.to_owned(), fold: self.fold };
        extra.then(|| Some(SyntaxError::new(mistake, self.place.failure.span(self.place.failure.token(first)?))))?
    }

    /// `max(E[score | race == a] for a in race)`.
    fn comprehension(&self) -> Option<SyntaxError> {
        let (place, failure) = (self.place, self.place.failure);
        if place.word != "for" || !failure.expects_operator() || place.index <= self.open + 1 {
            return None;
        }
        let (mut depth, mut end) = (0_usize, place.index);
        while let Some(token) = failure.token(end).filter(|_| end < failure.tokens.end) {
            match token.text(failure.text) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" if depth == 0 => break,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            end += 1;
        }
        let (first, last) = (failure.token(self.open + 1)?, failure.token(end.checked_sub(1)?)?);
        let value = failure.text.get(first.start..place.previous()?.end)?;
        let over = failure.text.get(place.next()?.start..last.end)?;
        let over =
            over.split_once(" if ").map_or(over.to_owned(), |(over, condition)| format!("{over} where {condition}"));
        let span = failure.span(first).to(failure.span(last));
        Some(SyntaxError::new(Mistake::FoldOrder { fold: self.fold, instead: format!("{over}: {value}") }, span))
    }

    /// `max(a, b in pairs(race): e)`.
    fn bare_binders(&self) -> Option<SyntaxError> {
        let (place, failure) = (self.place, self.place.failure);
        if place.previous_word() != "in" || place.word == "{" {
            return None;
        }
        let last = place.index.checked_sub(2)?;
        let alternate = (self.open + 1..=last).all(|index| match (index - self.open) % 2 {
            1 => self.is_name(index),
            _ => place.word_at(index) == ",",
        });
        let several = alternate && last > self.open + 1 && (last - self.open) % 2 == 1;
        let span = failure.span(failure.token(self.open + 1)?).to(failure.span(failure.token(last)?));
        several.then(|| SyntaxError::new(Mistake::BareBinders, span))
    }

    /// `max(race: e)`, `max({white, black}: e)`, `max(a: race, e)`.
    fn no_binder(&self) -> Option<SyntaxError> {
        let (place, failure) = (self.place, self.place.failure);
        let first = self.open + 1;
        let named = place.word == ":" && place.index == first + 1 && self.is_name(first);
        if named && self.is_name(place.index + 1) && matches!(place.word_at(place.index + 2), "," | ":" | "where") {
            let help = "`in` stands before the values that a fold runs over";
            if place.word_at(place.index + 2) == "," {
                let domain = place.word_at(place.index + 1);
                let span = failure.span(failure.token(first)?).to(failure.span(failure.token(place.index + 2)?));
                let found = format!("{}: {domain},", place.word_at(first));
                let instead = format!("{} in {domain}:", place.word_at(first));
                let mistake = Mistake::Instead { found, instead, close: None, help, sure: true };
                return Some(SyntaxError::new(mistake, span));
            }
            let mistake = Mistake::Instead { found: ":".into(), instead: "in".into(), close: None, help, sure: true };
            return Some(SyntaxError::new(mistake, place.span()));
        }
        let listed = place.index == first && matches!(place.word, "{" | "pairs");
        if !named && !listed {
            return None;
        }
        let domain = failure.token(first)?;
        let over = if named { domain.text(failure.text) } else { "" };
        let binder = match place.word {
            "pairs" => "(a, b)".to_owned(),
            _ => self.compared_with(over).unwrap_or_else(|| "a".to_owned()),
        };
        let mistake = Mistake::FoldBinder { fold: self.fold, binder };
        Some(SyntaxError::new(mistake, failure.span(domain)))
    }

    /// The short name that the value compares the domain with: it was meant for the binder.
    fn compared_with(&self, domain: &str) -> Option<String> {
        let all = self.open + 1..self.place.failure.tokens.end;
        let name = all.clone().find_map(|index| {
            let compares = self.place.word_at(index) == domain && self.place.word_at(index + 1) == "==";
            Some(self.place.word_at(index + 2)).filter(|name| compares && name.len() <= 2 && self.is_name(index + 2))
        });
        name.map(str::to_owned)
    }

    /// `max(a in race)`, `max(a in race e)`.
    fn no_value(&self) -> Option<SyntaxError> {
        let (place, failure) = (self.place, self.place.failure);
        if !failure.expects(Rule::colon) {
            return None;
        }
        if place.word == ")" {
            let over = failure.token(self.open + 1)?.start..place.token.start;
            let over = shortened(failure.text.get(over)?.trim());
            return Some(SyntaxError::new(Mistake::FoldValue { fold: self.fold, over }, place.span()));
        }
        let begins = match place.token.kind {
            TokenKind::Word | TokenKind::Quoted | TokenKind::Number => !is_reserved(place.word),
            TokenKind::Symbol => matches!(place.word, "|" | "(" | "["),
            TokenKind::Text | TokenKind::Broken(_) => false,
        };
        let after = "what the fold runs over";
        begins.then(|| SyntaxError::new(Mistake::MissingColon { after, found: place.found() }, place.span()))
    }
}
