//! The mistakes that parsing finds, one variant for each kind.
//!
//! A message says what was found and what was expected; the help says how to put it right. Several variants share a
//! code: `E0101` is any text that the grammar does not allow, however much is known about the reason.

use thiserror::Error;

use crate::diagnostic::{Code, Diagnostic, Fix, Label};
use crate::span::Span;

#[derive(Clone, Debug, PartialEq, Error)]
pub enum SyntaxError {
    /// Returned where a token does not fit and nothing more particular is known about it.
    #[error("expected {expected}, found {found}")]
    Unexpected { found: String, expected: String, help: String, span: Span },
    /// Returned for text between declarations, and for a declaration whose keyword is misspelt.
    #[error("expected a declaration, found {found}")]
    UnknownDeclaration { found: String, suggestion: Option<&'static str>, span: Span },
    /// Returned where a reserved word stands in the place of a name.
    #[error("`{word}` is a reserved word and cannot be a name")]
    Reserved { word: String, span: Span },
    /// Returned for `=` between two values.
    #[error("`=` does not compare")]
    SingleEquals { span: Span },
    /// Returned for the operators of other languages and of mathematics.
    #[error("there is no operator `{found}`")]
    ForeignOperator { found: String, instead: &'static str, span: Span },
    /// Returned for `'male'` and `"male"` where a name or level belongs.
    #[error("a name is not written in quotes")]
    QuotedName { text: String, span: Span },
    /// Returned for `in [a, b]` and `in (a, b)`.
    #[error("expected a set in braces, found `{mark}`")]
    SquareSet { mark: char, span: Span },
    /// Returned for words of other languages: `if`, `for`, `AND`.
    #[error("there is no `{found}`")]
    ForeignWord { found: String, instead: &'static str, span: Span },
    /// Returned where a colon is left out, before the text that should follow it.
    #[error("expected `:` after {after}, found {found}")]
    MissingColon { after: &'static str, found: String, span: Span },
    /// Returned where a mark or word is left out, before the text that should follow it.
    #[error("expected `{what}` after {after}, found {found}")]
    Missing { what: &'static str, after: &'static str, found: String, span: Span },
    /// Returned where one mark, word or bracket stands for another; with a bracket, `close` ends the right one.
    #[error("expected `{instead}`, found `{found}`")]
    Instead { found: String, instead: String, close: Option<&'static str>, help: &'static str, span: Span },
    /// Returned for `forall a, b in`.
    #[error("several binders stand in parentheses")]
    BareBinders { span: Span },
    /// Returned for `2|x|`, `2(x)` and `2 E[x]`.
    #[error("`{factor}` multiplies nothing")]
    MissingTimes { factor: String, span: Span },
    /// Returned for `1,000` and `0,05`.
    #[error("a number has no comma")]
    DigitComma { instead: String, span: Span },
    /// Returned for `mean[..]`, `count[..]` and their kin.
    #[error("there is no aggregate `{found}`")]
    ForeignAggregate { found: String, instead: &'static str, round: bool, span: Span },
    /// Returned for a bracket or bar that nothing closes.
    #[error("expected `{close}`, found {found}")]
    Unclosed { close: char, found: String, open: Span, span: Span },
    /// Returned for a closing bracket or bar without an opening one.
    #[error("`{mark}` closes nothing")]
    NeverOpened { mark: String, span: Span },
    /// Returned for a second bar inside an aggregate.
    #[error("this aggregate already has a condition")]
    SecondCondition { span: Span },
    /// Returned for `E(score | ..)`.
    #[error("`{name}` takes square brackets")]
    RoundAggregate { name: String, span: Span },
    /// Returned for backticks and quotes that do not close on their line.
    #[error("this {mark} is not closed on its line")]
    UnclosedQuote { mark: char, span: Span },
    /// Returned for two backticks with nothing between them.
    #[error("a name cannot be empty")]
    EmptyName { span: Span },
    /// Returned for `.5`, `12abc`, `1e` and the like.
    #[error("`{text}` is not a number")]
    BadNumber { text: String, span: Span },
    /// Returned for a `%` that does not stand directly behind a number.
    #[error("`%` belongs directly behind a number")]
    StrayPercent { span: Span },
    /// Returned for `hours-per-week` and `âge` without backticks.
    #[error("the name `{text}` needs backticks")]
    BadName { text: String, span: Span },
    /// Returned for a character that means nothing in the language.
    #[error("unknown character {found}")]
    BadCharacter { found: String, span: Span },
    /// Returned where `forall .. in` is followed by an expression that lists no values.
    #[error("expected values for `forall` to run over, found `{found}`")]
    NotADomain { found: String, span: Span },
    /// Returned for an end of `a..b` that is no number.
    #[error("`{found}` cannot be an end of a range")]
    NotARangeEnd { found: String, span: Span },
    /// Returned when brackets or right-binding operators go deeper than the limit.
    #[error("this is nested more than {limit} levels deep")]
    TooDeep { limit: usize, span: Span },
    /// Returned for a literal that no 64-bit floating point number comes near.
    #[error("the number `{text}` is out of range")]
    NumberOutOfRange { text: String, span: Span },
    /// Returned for a file that is too long to be a specification.
    #[error("the file is longer than {limit} bytes")]
    TooLong { limit: usize, span: Span },
}

impl SyntaxError {
    pub fn code(&self) -> &'static str {
        use SyntaxError::*;
        match self {
            TooDeep { .. } => "E0102",
            NumberOutOfRange { .. } => "E0103",
            TooLong { .. } => "E0104",
            Unexpected { .. } | UnknownDeclaration { .. } | Reserved { .. } | SingleEquals { .. } => "E0101",
            ForeignOperator { .. }
            | QuotedName { .. }
            | SquareSet { .. }
            | ForeignWord { .. }
            | MissingColon { .. } => "E0101",
            Missing { .. } | Instead { .. } | BareBinders { .. } => "E0101",
            MissingTimes { .. } | DigitComma { .. } | ForeignAggregate { .. } => "E0101",
            Unclosed { .. } | NeverOpened { .. } | SecondCondition { .. } | RoundAggregate { .. } => "E0101",
            UnclosedQuote { .. } | EmptyName { .. } | BadNumber { .. } | StrayPercent { .. } => "E0101",
            BadName { .. } | BadCharacter { .. } | NotADomain { .. } | NotARangeEnd { .. } => "E0101",
        }
    }

    /// The text at fault; empty where something is missing at the end of a declaration.
    pub fn span(&self) -> Span {
        use SyntaxError::*;
        match self {
            Unexpected { span, .. }
            | UnknownDeclaration { span, .. }
            | Reserved { span, .. }
            | SingleEquals { span }
            | ForeignOperator { span, .. }
            | QuotedName { span, .. }
            | SquareSet { span, .. }
            | Missing { span, .. }
            | Instead { span, .. }
            | BareBinders { span }
            | MissingTimes { span, .. }
            | DigitComma { span, .. }
            | ForeignAggregate { span, .. }
            | ForeignWord { span, .. }
            | MissingColon { span, .. }
            | Unclosed { span, .. }
            | NeverOpened { span, .. }
            | SecondCondition { span }
            | RoundAggregate { span, .. }
            | UnclosedQuote { span, .. }
            | EmptyName { span }
            | BadNumber { span, .. }
            | StrayPercent { span }
            | BadName { span, .. }
            | BadCharacter { span, .. }
            | NotADomain { span, .. }
            | NotARangeEnd { span, .. }
            | TooDeep { span, .. }
            | NumberOutOfRange { span, .. }
            | TooLong { span, .. } => *span,
        }
    }

    fn span_mut(&mut self) -> &mut Span {
        use SyntaxError::*;
        match self {
            Unexpected { span, .. }
            | UnknownDeclaration { span, .. }
            | Reserved { span, .. }
            | SingleEquals { span }
            | ForeignOperator { span, .. }
            | QuotedName { span, .. }
            | SquareSet { span, .. }
            | Missing { span, .. }
            | Instead { span, .. }
            | BareBinders { span }
            | MissingTimes { span, .. }
            | DigitComma { span, .. }
            | ForeignAggregate { span, .. }
            | ForeignWord { span, .. }
            | MissingColon { span, .. }
            | Unclosed { span, .. }
            | NeverOpened { span, .. }
            | SecondCondition { span }
            | RoundAggregate { span, .. }
            | UnclosedQuote { span, .. }
            | EmptyName { span }
            | BadNumber { span, .. }
            | StrayPercent { span }
            | BadName { span, .. }
            | BadCharacter { span, .. }
            | NotADomain { span, .. }
            | NotARangeEnd { span, .. }
            | TooDeep { span, .. }
            | NumberOutOfRange { span, .. }
            | TooLong { span, .. } => span,
        }
    }

    /// The same mistake with its places taken elsewhere.
    pub(super) fn moved(mut self, place: impl Fn(Span) -> Span) -> SyntaxError {
        if let SyntaxError::Unclosed { open, .. } = &mut self {
            *open = place(*open);
        }
        let span = self.span_mut();
        *span = place(*span);
        self
    }

    /// Another place that explains the mistake, and what to say about it.
    pub fn related(&self) -> Option<(Span, &'static str)> {
        match self {
            SyntaxError::Unclosed { open, .. } => Some((*open, "opened here")),
            _ => None,
        }
    }

    /// The words at the underlined place.
    fn label(&self) -> &'static str {
        use SyntaxError::*;
        match self {
            Unexpected { .. } => "does not fit here",
            UnknownDeclaration { .. } => "no declaration",
            Reserved { .. } => "reserved",
            SingleEquals { .. } => "gives a meaning",
            ForeignOperator { .. } => "no such operator",
            QuotedName { .. } => "in quotes",
            SquareSet { .. } | RoundAggregate { .. } => "the wrong bracket",
            ForeignWord { .. } => "no such word",
            Missing { .. } => "something is missing before this",
            Instead { .. } => "stands for something else",
            BareBinders { .. } => "without parentheses",
            MissingTimes { .. } => "no operator behind it",
            DigitComma { .. } => "a comma in it",
            ForeignAggregate { .. } => "no such aggregate",
            MissingColon { .. } => "`:` is missing before this",
            Unclosed { .. } => "should be closed before this",
            NeverOpened { .. } => "never opened",
            SecondCondition { .. } => "a second condition",
            UnclosedQuote { .. } => "opened here",
            EmptyName { .. } => "empty",
            BadNumber { .. } => "no number",
            StrayPercent { .. } => "stands alone",
            BadName { .. } => "no bare name",
            BadCharacter { .. } => "unknown",
            NotADomain { .. } => "no list of values",
            NotARangeEnd { .. } => "no whole number",
            TooDeep { .. } => "too deep",
            NumberOutOfRange { .. } => "out of range",
            TooLong { .. } => "too long",
        }
    }

    pub fn message(&self) -> String {
        self.to_string()
    }

    /// With the fix, if one is known.
    pub fn diagnostic(&self, fix: Option<Fix>) -> Diagnostic {
        let mut labels = vec![Label { span: self.span(), text: self.label().to_owned() }];
        labels.extend(self.related().map(|(span, text)| Label { span, text: text.to_owned() }));
        Diagnostic { code: Code(self.code()), message: self.message(), help: Some(self.help()), labels, fix }
    }

    /// How to put it right.
    pub fn help(&self) -> String {
        use SyntaxError::*;
        match self {
            Unexpected { help, .. } => help.clone(),
            UnknownDeclaration { suggestion: Some(keyword), .. } => format!("did you mean `{keyword}`?"),
            UnknownDeclaration { suggestion: None, .. } => {
                let keywords = super::outline::DECLARATION_KEYWORDS.map(|keyword| format!("`{keyword}`"));
                format!("a declaration begins with one of {}", keywords.join(", "))
            }
            Reserved { word, .. } => format!("to use it as a name all the same, write `` `{word}` `` in backticks"),
            SingleEquals { .. } => "write `==` to compare; `=` gives a name its meaning".to_owned(),
            ForeignOperator { instead, .. } => format!("write {instead}"),
            QuotedName { text, .. } => match text.as_str() {
                "" => "write the name without quotes".to_owned(),
                plain if is_plain_name(plain) => format!("write `{plain}` without the quotes"),
                other => format!("write `` `{other}` `` in backticks"),
            },
            SquareSet { .. } => {
                "levels are listed in braces, `in {a, b}`; an interval is a chain, `0 <= x <= 1`".to_owned()
            }
            ForeignWord { instead, .. } => (*instead).to_owned(),
            MissingColon { .. } => "write a `:` before this".to_owned(),
            Missing { what, .. } => format!("write `{what}` before this"),
            Instead { help, .. } => (*help).to_owned(),
            BareBinders { .. } => "write `forall (a, b) in ..`".to_owned(),
            MissingTimes { factor, .. } => format!("write the product with its mark: `{factor} * ..`"),
            DigitComma { instead, .. } => format!("write `{instead}`"),
            ForeignAggregate { found, instead, .. } => format!(
                "write `{instead}[..]` for `{found}[..]`: the aggregates are `E`, `Sum`, `N`, `P`, `Cov` and `Var`"
            ),
            Unclosed { close: '|', .. } => "bars come in pairs, `|x|`: add the closing one".to_owned(),
            Unclosed { close, .. } => format!("add `{close}` where the bracket ends"),
            NeverOpened { mark, .. } if mark == "|" => {
                "bars come in pairs, `|x|`, and a condition's bar stands in square brackets, `E[x | a == b]`".to_owned()
            }
            NeverOpened { mark, .. } => {
                format!("remove it, or open a bracket before it: no open bracket ends with `{mark}`")
            }
            SecondCondition { .. } => "join conditions with a comma or `and`".to_owned(),
            RoundAggregate { name, .. } => format!("write `{name}[.. | ..]`"),
            UnclosedQuote { mark, .. } => format!("add the closing {mark}"),
            EmptyName { .. } => "write the name between the backticks".to_owned(),
            BadNumber { text, .. } if text.starts_with('.') => format!("write `0{text}`"),
            BadNumber { .. } => {
                "numbers look like `12`, `1_000`, `0.5`, `1e-3` or `5%`; a name that begins with a digit \
                                 needs backticks"
                    .to_owned()
            }
            StrayPercent { .. } => "write `5%` for 0.05, without a space".to_owned(),
            BadName { text, .. } => {
                format!("write `` `{text}` ``: bare names have only letters a to z, digits and `_`")
            }
            BadCharacter { found, .. } if found == "`;`" => {
                "remove it: nothing separates declarations, and `and` or a comma joins conditions".to_owned()
            }
            BadCharacter { .. } => "remove it; in a name it needs backticks".to_owned(),
            NotADomain { .. } => "`forall` runs over a column, label or group, `{a, b}`, `1..5`, `pairs(race)`, or a \
                                  product of these such as `race * sex`"
                .to_owned(),
            NotARangeEnd { .. } => "a range runs from one number to another, `1..5`; a product of ranges needs \
                                    parentheses, `(1..3) * (1..5)`"
                .to_owned(),
            TooDeep { .. } => "take parts out into an `event` or a `metric`".to_owned(),
            NumberOutOfRange { .. } => "numbers go from about 5e-324 to 1.8e308; `inf` is infinite".to_owned(),
            TooLong { .. } => "split it, and bring the parts together with `import`".to_owned(),
        }
    }
}

/// A name that needs no backticks.
pub(super) fn is_plain_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !super::outline::is_reserved(text)
}

/// The beginning of a text: a message is no place for a kilobyte of the user's.
pub(super) fn shortened(text: &str) -> String {
    const LIMIT: usize = 40;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Returned for a file whose bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the file is not UTF-8 text: byte {offset} belongs to no character")]
pub struct NotUtf8 {
    /// The offset of the first byte at fault, a byte order mark not counted.
    pub offset: usize,
}

impl NotUtf8 {
    pub fn code(&self) -> &'static str {
        "E0105"
    }

    /// How to put it right.
    pub fn help(&self) -> String {
        "save the file as UTF-8".to_owned()
    }
}
