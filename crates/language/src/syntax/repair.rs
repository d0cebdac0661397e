//! What to write in the place of a mistake, where that is known.
//!
//! A fix is assumed when reading goes on behind the mistake, offered to the author, and made by `fairc check --fix` where it
//! is sure. It is worked out from the mistake and the text alone.

use std::ops::Range;

use super::error::{Mistake, SyntaxError, is_plain_name};
use super::scan::{Token, TokenKind, scan};
use crate::diagnostic::{Edit, Fix};
use crate::span::Span;

/// The fix of a mistake; its places, as those of the mistake, are in `text`.
pub(super) fn fix(error: &SyntaxError, text: &str) -> Option<Fix> {
    let found = of(error, text)?;
    // One of two words alike may be one too many, whatever else would help.
    let removed = matches!(error.kind, Mistake::Superfluous { .. });
    let single = matches!(error.kind, Mistake::SingleEquals);
    let sure = found.sure && (removed || !Place { text, span: error.span }.is_doubled(single));
    Some(Fix { sure, ..found })
}

fn of(error: &SyntaxError, text: &str) -> Option<Fix> {
    use Mistake::*;
    let span = error.span;
    let place = Place { text, span };
    match &error.kind {
        MissingColon { .. } => Some(place.insert_before(":", true)),
        Missing { what, .. } => Some(place.insert_before(what, true)),
        Instead { instead, close: None, sure, .. } => {
            let before = text.get(..span.start as usize).and_then(|text| text.chars().next_back());
            let joined =
                instead.starts_with(['=', '(']) && before.is_some_and(|c| c.is_alphanumeric() || "_`".contains(c));
            Some(Fix::one(place.span, if joined { format!(" {instead}") } else { place.apart(instead) }, *sure))
        }
        FoldBinder { binder, .. } => {
            let start = Span { end: span.start, ..span };
            Some(Fix::one(start, format!("{binder} in "), false))
        }
        FoldWord { .. } => Some(Fix::one(place.with_blanks(), "", true)),
        FoldOrder { instead, .. } => Some(Fix::one(span, instead.clone(), true)),
        Instead { instead, close: Some(close), .. } => place.brackets(instead, close),
        Superfluous { .. } | FromImport { .. } => Some(place.removed()),
        NeedlessBrackets { .. } => place.brackets("", ""),
        NoKeyword { keyword, text, .. } => {
            let at = Span { end: span.start, ..span };
            Some(Fix::one(at, text.clone(), *keyword != "column" && text.split_whitespace().count() == 1))
        }
        OptionsBehind { options } => place.options_in_front(options),
        SingleEquals => Some(Fix::one(span, "==", true)),
        ForeignOperator { found, .. } if found == "//" || found == "--" => Some(Fix::one(place.span, "#", true)),
        ForeignOperator { instead, .. } | ForeignWord { instead, .. } => {
            let mark = |word: &str| word.chars().count() == 1 || word == "not in";
            let word = instead.split('`').nth(1)?;
            let word =
                Some(word).filter(|word| (mark(word) || !word.contains([' ', '[', '.', '|'])) && *word != "#")?;
            Some(Fix::one(place.span, place.apart(word), true))
        }
        QuotedName { text: name } => {
            let name = place.in_quotes(name)?;
            Some(Fix::one(span, name, true))
        }
        BadName { .. } => {
            let name = text.get(place.span.range())?;
            (!name.contains('`')).then(|| Fix::one(place.span, format!("`{name}`"), true))
        }
        Reserved { word, .. } => Some(Fix::one(place.span, format!("`{word}`"), true)),
        // An interval may be meant as well.
        SquareSet { .. } => place.brackets("{", "}").map(|fix| Fix { sure: false, ..fix }),
        RoundAggregate { name, .. } => {
            let open = place.token_after(place.span.end as usize)?;
            Place { span: place.of(&open), ..place }.brackets("[", "]").filter(|_| !name.is_empty())
        }
        ForeignAggregate { instead, round, .. } => {
            if !*round {
                return Some(Fix::one(place.span, *instead, true));
            }
            let open = place.token_after(place.span.end as usize)?;
            let span = place.span.to(place.of(&open));
            Place { span, ..place }.brackets(&format!("{instead}["), "]")
        }
        BadNumber { text: number, .. } => place.number(number),
        DigitComma { instead, .. } => Some(Fix::one(place.span, instead.clone(), true)),
        StrayPercent => {
            let before = text.get(..span.start as usize)?.trim_end();
            let gap = Span::new(span.source, before.len(), span.start as usize);
            let after_number = before.ends_with(|c: char| c.is_ascii_digit()) && before.len() < span.start as usize;
            after_number.then(|| Fix::one(gap, "", true))
        }
        CommaBeforeCondition => Some(Fix::one(place.span, " and", true)),
        // Which of the two is meant is not known.
        SecondDomain { .. } => Some(Fix::one(place.span, "", false)),
        BareBinders => {
            let edit = |at, text: &str| Edit { span: Span { start: at, end: at, ..span }, text: text.to_owned() };
            Some(Fix { edits: vec![edit(span.start, "("), edit(span.end, ")")], sure: true })
        }
        MissingTimes { .. } => {
            let end = Span { start: span.end, ..span };
            Some(Fix::one(end, if place.blank_behind() { " *" } else { " * " }, true))
        }
        BadCharacter { .. } => Some(Fix::one(place.span, place.seen()?, true)),
        UnknownDeclaration { suggestion: Some(keyword), .. } => {
            let near = strsim::damerau_levenshtein(&text.get(place.span.range())?.to_lowercase(), keyword) <= 2;
            near.then(|| Fix::one(place.span, *keyword, true))
        }
        Unclosed { close, found, .. } if *close != '|' && matches!(found.as_str(), "`)`" | "`]`" | "`}`") => {
            let before = Span { end: span.start, ..span };
            Some(Fix::one(before, close.to_string(), false))
        }
        Unclosed { close, found, .. } if found == "`:`" || *close == '}' => {
            Some(place.insert_before(&close.to_string(), found == "`:`"))
        }
        NeverOpened { mark, .. } if mark != "|" => Some(Fix::one(place.span, "", false)),
        Unexpected { .. }
        | UnknownDeclaration { .. }
        | Unclosed { .. }
        | NeverOpened { .. }
        | SecondCondition
        | NoDomain { .. }
        | OneName { .. }
        | UnclosedQuote { .. }
        | EmptyName
        | LevelAlone { .. }
        | NotADomain { .. }
        | NotARangeEnd { .. }
        | FoldValue { .. }
        | TooDeep { .. }
        | NumberOutOfRange { .. }
        | LineEnds
        | TooLong { .. } => None,
    }
}

#[derive(Clone, Copy)]
struct Place<'t> {
    text: &'t str,
    span: Span,
}

impl Place<'_> {
    fn of(&self, token: &Token) -> Span {
        Span::new(self.span.source, token.start, token.end)
    }

    /// Behind what stands before this place, if that is on the same line, else at it.
    fn insert_before(&self, what: &str, sure: bool) -> Fix {
        let start = self.span.start as usize;
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let code = before.trim_end().len();
        let word = what.starts_with(|c: char| c.is_alphabetic());
        if code <= line || before.get(line..code).is_some_and(|line| line.contains('#')) {
            return Fix::one(Span { end: self.span.start, ..self.span }, format!("{what} "), sure);
        }
        let at = Span::new(self.span.source, code, code);
        let spaced = word || what == "=" || what.starts_with('(');
        let mut text = if spaced { format!(" {what}") } else { what.to_owned() };
        let ends = self.text.get(start..).is_some_and(|text| text.starts_with(':'));
        if code == start && self.span.start < self.span.end && !ends {
            text.push(' ');
        }
        Fix::one(at, text, sure)
    }

    /// Without what stands here, and the blanks before it.
    fn removed(&self) -> Fix {
        let before = self.text.get(..self.span.start as usize).unwrap_or_default();
        let start = before.trim_end_matches([' ', '\t']).len();
        let opens = before.get(..start).is_some_and(|before| before.ends_with(['(', '[', '{']));
        let behind = self.text.get(self.span.end as usize..).unwrap_or_default();
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let end = self.span.end + if opens { blanks as u32 } else { 0 };
        Fix::one(Span { start: start as u32, end, ..self.span }, "", true)
    }

    /// The options here, moved behind the name of the constraint.
    fn options_in_front(&self, options: &str) -> Option<Fix> {
        let tokens = scan(self.text).tokens;
        let (name, next) = (tokens.get(1)?, tokens.get(2)?);
        if next.text(self.text) != ":" {
            return None;
        }
        let behind = Span::new(self.span.source, name.end, name.end);
        let Fix { mut edits, sure } = self.removed();
        edits.insert(0, Edit { span: behind, text: format!(" {options}") });
        Some(Fix { edits, sure })
    }

    /// The word, with blanks where it would run into its neighbours.
    fn apart(&self, word: &str) -> String {
        let range = self.span.range();
        let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '`' | ']' | ')' | '}' | '%');
        let opens = |c: char| c.is_alphanumeric() || matches!(c, '_' | '`' | '[' | '(' | '{' | '|' | '-');
        let before = self.text.get(..range.start).and_then(|text| text.chars().next_back()).is_some_and(joins);
        let after = self.text.get(range.end..).and_then(|text| text.chars().next()).is_some_and(opens);
        let is_word = word.starts_with(|c: char| c.is_alphabetic());
        let blank = |wanted: bool| if wanted && is_word { " " } else { "" };
        format!("{}{word}{}", blank(before), blank(after))
    }

    /// What stands in quotes as a name, level or path.
    fn in_quotes(&self, shown: &str) -> Option<String> {
        let quoted = self.text.get(self.span.range())?;
        let name = quoted.trim_matches(super::scan::is_quote).trim();
        if name.is_empty() || name.contains('`') || shown.is_empty() {
            return None;
        }
        let number = matches!(scan(name).tokens.as_slice(), [only] if only.kind == TokenKind::Number);
        Some(if number || is_plain_name(name) { name.to_owned() } else { format!("`{name}`") })
    }

    /// The bracket here and the one that closes it, exchanged for others.
    fn brackets(&self, open: &str, close: &str) -> Option<Fix> {
        let after = self.span.end as usize;
        let (mut depth, mut end) = (1_usize, None);
        for token in scan(self.text.get(after..)?).tokens {
            match self.text.get(after + token.start..after + token.end)? {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                end = Some(Span::new(self.span.source, after + token.start, after + token.end));
                break;
            }
        }
        let edit = |span, text: &str| Edit { span, text: text.to_owned() };
        Some(Fix { edits: vec![edit(self.span, open), edit(end?, close)], sure: true })
    }

    /// Whether at this place, or beside it on the line, a word stands twice, or with `marks` one comparison behind another.
    fn is_doubled(&self, marks: bool) -> bool {
        let Range { start, end } = self.span.range();
        let before = self.text.get(..start).unwrap_or_default();
        let from = before.rfind('\n').map_or(0, |at| at + 1);
        let to = self.text.get(end..).unwrap_or_default().find('\n').map_or(self.text.len(), |at| end + at);
        let line = self.text.get(from..to).unwrap_or_default();
        let start = before.trim_end().len();
        let ahead = self.text.get(end..to).map_or(0, |rest| rest.len() - rest.trim_start().len());
        let tokens = scan(line).tokens;
        tokens.windows(2).any(|pair| {
            let [a, b] = pair else { return false };
            let touches = from + a.start <= end + ahead && start <= from + b.end;
            let [one, two] = [a, b].map(|token| line.get(token.start..token.end).unwrap_or_default());
            let is_word = matches!(a.kind, TokenKind::Word | TokenKind::Quoted) && one == two;
            let compares = |mark: &str| mark.chars().all(|c| "=<>!".contains(c));
            touches && (is_word || (marks && compares(one) && compares(two)))
        })
    }

    fn token_after(&self, at: usize) -> Option<Token> {
        let token = *scan(self.text.get(at..)?).tokens.first()?;
        Some(Token { start: token.start + at, end: token.end + at, ..token })
    }

    fn number(&self, number: &str) -> Option<Fix> {
        let whole = self.text.get(self.span.range())?;
        let is_number = |text: &str| matches!(scan(text).tokens.as_slice(), [only] if only.kind == TokenKind::Number);
        if number.starts_with('.') && is_number(&format!("0{whole}")) {
            return Some(Fix::one(self.span, format!("0{whole}"), true));
        }
        let percent = ["percent", "pct"].into_iter().find_map(|word| whole.strip_suffix(word));
        if let Some(number) = percent.filter(|number| is_number(number)) {
            return Some(Fix::one(self.span, format!("{number}%"), true));
        }
        // `2score`: a product without its mark.
        let digits = whole.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (factor, name) = whole.split_at(digits);
        let product = is_number(factor) && is_plain_name(name) && !name.starts_with(['e', 'E', 'x', '_']);
        product.then(|| Fix::one(self.span, format!("{factor} * {name}"), false))
    }

    /// This place with the blanks behind it.
    fn with_blanks(&self) -> Span {
        let behind = self.text.get(self.span.end as usize..).unwrap_or_default();
        let blanks = behind.len() - behind.trim_start().len();
        Span::new(self.span.source, self.span.start as usize, self.span.end as usize + blanks)
    }

    fn blank_behind(&self) -> bool {
        self.text.get(self.span.end as usize..).is_some_and(|text| text.starts_with(char::is_whitespace))
    }

    /// A letter follows, and none stands before.
    fn begins_word(&self) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let joined = before.ends_with(is_word) || line.trim().is_empty();
        !joined && self.text.get(end..).is_some_and(|text| text.starts_with(char::is_alphabetic))
    }

    /// What should stand in the place of a character that the language does not have.
    fn seen(&self) -> Option<&'static str> {
        let c = self.text.get(self.span.range())?.chars().next()?;
        let opened = self.text.get(..self.span.start as usize)?.chars().fold(0_i64, |open, c| match c {
            '(' | '[' | '{' => open + 1,
            ')' | ']' | '}' => open - 1,
            _ => open,
        });
        match c {
            ';' if opened > 0 => None,
            ';' => Some(""),
            c if c.is_whitespace() => Some(" "),
            c if crate::diagnostic::hidden::steers(c) => Some(""),
            '$' if self
                .text
                .get(self.span.end as usize..)?
                .chars()
                .next()
                .is_none_or(|c| c.is_alphabetic() || c == '\n') =>
            {
                Some("")
            }
            '@' if self.begins_word() => Some(""),
            _ => None,
        }
    }
}
