//! The mistakes that parsing finds, one variant for each kind.
//!
//! A message says what was found and what was expected; the help says how to put it right. Several variants share a
//! code: `E0101` is any text that the grammar does not allow, however much is known about the reason.

use thiserror::Error;

use crate::diagnostic::{self, kinds};
use crate::words::listed;

/// A mistake and the text at fault, which is empty where something is missing at the end of a declaration.
pub type SyntaxError = diagnostic::Finding<Mistake>;

kinds! {
    pub enum Mistake {
        /// Returned where a token does not fit and nothing more particular is known about it.
        #[error("expected {expected}, found {found}")]
        Unexpected { found: String, expected: String, help: String } => "E0101",
            label: "does not fit here",
            help: help.clone();

        /// Returned for text between declarations, and for a declaration whose keyword is misspelt.
        #[error("expected a declaration, found {found}")]
        UnknownDeclaration { found: String, suggestion: Option<&'static str> } => "E0101",
            label: "no declaration",
            help: match suggestion {
                Some(keyword) => format!("did you mean `{keyword}`?"),
                None => format!("a declaration begins with one of {}", listed(super::outline::beginnings(), usize::MAX)),
            };

        /// Returned where a reserved word stands in the place of a name.
        #[error("`{word}` is a reserved word and cannot be a name")]
        Reserved { word: String } => "E0101",
            label: "reserved",
            help: format!("to use it as a name all the same, write `` `{word}` `` in backticks");

        /// Returned for `=` between two values.
        #[error("`=` does not compare")]
        SingleEquals => "E0101",
            label: "gives a meaning",
            help: "write `==` to compare; `=` gives a name its meaning";

        /// Returned for the operators of other languages and of mathematics.
        #[error("there is no operator `{found}`")]
        ForeignOperator { found: String, instead: &'static str } => "E0101",
            label: "no such operator",
            help: format!("write {instead}");

        /// Returned for `'male'` and `"male"` where a name or level belongs.
        #[error("a name is not written in quotes")]
        QuotedName { text: String } => "E0101",
            label: "in quotes",
            help: match text.as_str() {
                "" => "write the name without quotes".to_owned(),
                plain if is_plain_name(plain) => format!("write `{plain}` without the quotes"),
                other => format!("write `` `{other}` `` in backticks"),
            };

        /// Returned for `in [a, b]` and `in (a, b)`.
        #[error("expected a set in braces, found `{mark}`")]
        SquareSet { mark: char } => "E0101",
            label: "the wrong bracket",
            help: "levels are listed in braces, `in {a, b}`; an interval is a chain, `0 <= x <= 1`";

        /// Returned for words of other languages: `if`, `for`, `AND`.
        #[error("there is no `{}`", clipped(.found, 120))]
        ForeignWord { found: String, instead: &'static str } => "E0101",
            label: "no such word",
            help: *instead;

        /// Returned where a colon is left out, before the text that should follow it.
        #[error("expected `:` after {after}, found {found}")]
        MissingColon { after: &'static str, found: String } => "E0101",
            label: "`:` is missing before this",
            help: "write a `:` before this";

        /// Returned where a mark or word is left out, before the text that should follow it.
        #[error("expected `{what}` after {after}, found {found}")]
        Missing { what: &'static str, after: &'static str, found: String } => "E0101",
            label: "something is missing before this",
            help: format!("write `{what}` before this");

        /// Returned where one mark, word or bracket stands for another; with a bracket, `close` ends the right one.
        #[error("expected `{}`, found `{}`", clipped(&crate::span::one_line(.instead), 120), clipped(&crate::span::one_line(.found), 120))]
        Instead { found: String, instead: String, close: Option<&'static str>, help: &'static str, sure: bool } => "E0101",
            label: "stands for something else",
            help: *help;

        /// Returned for words and marks that do not belong where everything else is well.
        #[error("`{}` does not belong here", clipped(.found, 120))]
        Superfluous { found: String, help: &'static str } => "E0101",
            label: "too much",
            help: format!("remove it: {help}");

        /// Returned for brackets around what stands without them.
        #[error("`{}` does not belong here", clipped(.found, 120))]
        NeedlessBrackets { found: String, help: &'static str } => "E0101",
            label: "too much",
            help: format!("remove it and the bracket that closes it: {help}");

        /// Returned for `column a, b: real`.
        #[error("a `{keyword}` declares one name")]
        OneName { keyword: String, name: String } => "E0101",
            label: "a second name",
            help: format!("write another `{keyword}` for `{name}`");

        /// Returned for a declaration that begins without its keyword; `text` is to stand before it.
        #[error("a declaration begins with its keyword, found {found}")]
        NoKeyword { found: String, keyword: &'static str, text: String } => "E0101",
            label: format!("`{keyword}` is missing before this"),
            help: format!("write `{}` before this", clipped(text.trim_end(), 120));

        /// Returned for options behind the statement of a constraint.
        #[error("the options of a constraint stand after its name")]
        OptionsBehind { options: String } => "E0101",
            label: "options",
            help: format!("write them in front of the `:`, as in `constraint parity {options}: ..`");

        /// Returned for `forall r:`.
        #[error("`forall {binders}` does not say what to run over")]
        NoDomain { binders: String } => "E0101",
            label: "`in` and a list of values are missing before this",
            help: format!(
                "write `forall {binders} in ..:` with a column, a label or a group, `{{a, b}}`, `1..5` or `pairs(race)`; `each:` \
                 runs over the samples"
            );

        /// Returned for a level in the braces of a group or of a table of params with nothing behind it.
        #[error("the level `{level}` has no {}", if *event { "event" } else { "value" })]
        LevelAlone { level: String, event: bool } => "E0101",
            label: "nothing after it",
            help: match event {
                true => "write the event of each level, `{yes: race != white, no: otherwise}`; levels of a column are `column \
                         sex: {female, male}`",
                false => "write the value of each level, `{white: 2%, otherwise: 5%}`",
            };

        /// Returned for `{yes: a == b, c == d}`.
        #[error("a comma begins the next level")]
        CommaBeforeCondition => "E0101",
            label: "no level follows",
            help: "join the conditions of one level with `and`";

        /// Returned for `pairs(sex, race)`.
        #[error("`{word}` takes one domain")]
        SecondDomain { word: &'static str } => "E0101",
            label: "one too many",
            help: "keep one, and give the other a `forall` of its own";

        /// Returned for `forall a, b in`.
        #[error("several binders stand in parentheses")]
        BareBinders => "E0101",
            label: "without parentheses",
            help: "write `forall (a, b) in ..`";

        /// Returned for `from common import parity`.
        #[error("a file is imported as a whole")]
        FromImport { module: String } => "E0101",
            label: "an import of some of it",
            help: format!("write `import \"{module}.fair\"`; the metrics of the library need no import");

        /// Returned for `max(race: ..)`.
        #[error("`{fold}` has no name for what it runs over")]
        FoldBinder { fold: &'static str, binder: String } => "E0101",
            label: "a name is missing before this",
            help: format!("write `{fold}({binder} in ..: ..)`, and use `{binder}` in the value");

        /// Returned for `max(a in race)`.
        #[error("`{fold}` has no value")]
        FoldValue { fold: &'static str, over: String } => "E0101",
            label: "expected `:` and a value before this",
            help: format!("write the value after a colon: `{fold}({over}: ..)`");

        /// Returned for `max(for a in race: ..)`.
        #[error("`{word}` is too much in `{fold}(..)`")]
        FoldWord { word: String, fold: &'static str } => "E0101",
            label: "not needed",
            help: format!("write `{fold}(a in D: ..)`");

        /// Returned for `max(e for a in race)`.
        #[error("what `{fold}` runs over stands before the value")]
        FoldOrder { fold: &'static str, instead: String } => "E0101",
            label: "the other way round",
            help: format!("write `{fold}({})`", shortened(instead));

        /// Returned for `2|x|`, `2(x)` and `2 E[x]`.
        #[error("`{factor}` multiplies nothing")]
        MissingTimes { factor: String } => "E0101",
            label: "no operator after it",
            help: format!("write the product with its mark: `{factor} * ..`");

        /// Returned for `1,000` and `0,05`.
        #[error("a number has no comma")]
        DigitComma { instead: String } => "E0101",
            label: "a comma in it",
            help: format!("write `{instead}`");

        /// Returned for `mean[..]`, `count[..]` and their kin.
        #[error("there is no aggregate `{}`", clipped(.found, 120))]
        ForeignAggregate { found: String, instead: &'static str, round: bool } => "E0101",
            label: "no such aggregate",
            help: format!(
                "write `{instead}[..]` for `{found}[..]`: the aggregates are `E`, `Sum`, `N`, `P`, `Cov` and `Var`"
            );

        /// Returned for a bracket or bar that nothing closes; the place where it was opened is related.
        #[error("expected `{close}`, found {found}")]
        Unclosed { close: char, found: String } => "E0101",
            label: "should be closed before this",
            help: match close {
                '|' => "bars come in pairs, `|x|`: add the closing one".to_owned(),
                close => format!("add `{close}` where the bracket ends"),
            };

        /// Returned for a closing bracket or bar without an opening one.
        #[error("`{mark}` closes nothing")]
        NeverOpened { mark: String } => "E0101",
            label: "never opened",
            help: match mark.as_str() {
                "|" => {
                    "bars come in pairs, `|x|`, and a condition's bar stands in square brackets, `E[x | a == b]`".to_owned()
                }
                mark => format!("remove it, or open a bracket before it: no open bracket ends with `{mark}`"),
            };

        /// Returned for a second bar inside an aggregate.
        #[error("this aggregate already has a condition")]
        SecondCondition => "E0101",
            label: "a second condition",
            help: "join conditions with a comma or `and`";

        /// Returned for `E(score | ..)`.
        #[error("`{name}` takes square brackets")]
        RoundAggregate { name: String } => "E0101",
            label: "the wrong bracket",
            help: format!("write `{name}[.. | ..]`");

        /// Returned for backticks and quotes that do not close on their line.
        #[error("this {mark} is not closed on its line")]
        UnclosedQuote { mark: char } => "E0101",
            label: "opened here",
            help: format!("add the closing {mark}");

        /// Returned for two backticks with nothing between them.
        #[error("a name cannot be empty")]
        EmptyName => "E0101",
            label: "empty",
            help: "write the name between the backticks";

        /// Returned for `.5`, `12abc`, `1e` and the like.
        #[error("`{text}` is not a number")]
        BadNumber { text: String } => "E0101",
            label: "no number",
            help: match text.starts_with('.') {
                true => format!("write `0{text}`"),
                false if text.ends_with("percent") || text.ends_with("pct") => {
                    format!("write `{}%`", text.trim_end_matches(char::is_alphabetic))
                }
                false => "numbers look like `12`, `1_000`, `0.5`, `1e-3` or `5%`; a name that begins with a digit needs \
                          backticks"
                    .to_owned(),
            };

        /// Returned for a `%` that does not stand directly behind a number.
        #[error("`%` belongs directly after a number")]
        StrayPercent => "E0101",
            label: "stands alone",
            help: "write `5%` for 0.05, without a space";

        /// Returned for `hours-per-week` and `âge` without backticks.
        #[error("the name `{text}` needs backticks")]
        BadName { text: String } => "E0101",
            label: "no bare name",
            help: format!("write `` `{text}` ``: bare names have only letters a to z, digits and `_`");

        /// Returned for a character that means nothing in the language.
        #[error("unknown character {found}")]
        BadCharacter { found: String } => "E0101",
            label: "unknown",
            help: match found.as_str() {
                "`;`" => "remove it: nothing separates declarations, and `and` or a comma joins conditions",
                _ => "remove it; in a name it needs backticks",
            };

        /// Returned where `forall .. in` is followed by an expression that lists no values.
        #[error("expected values for `forall` to run over, found `{found}`")]
        NotADomain { found: String } => "E0101",
            label: "no list of values",
            help: "`forall` runs over a column, label or group, `{a, b}`, `1..5`, `pairs(race)`, `adjacent(band)`, or a product \
                   of these such as `race * sex`";

        /// Returned for an end of `a..b` that is no number.
        #[error("`{found}` cannot be an end of a range")]
        NotARangeEnd { found: String } => "E0101",
            label: "no whole number",
            help: "a range runs from one number to another, `1..5`; a product of ranges needs parentheses, \
                   `(1..3) * (1..5)`";

        /// Returned for a file of several lines that line feeds do not end; to this language it is one line.
        #[error("the lines of the file end with carriage returns alone")]
        LineEnds => "E0101",
            label: "no line feed in the file",
            help: "save it with the line ends of Unix (LF) or Windows (CR LF)";

        /// Returned when brackets or right-binding operators go deeper than the limit.
        #[error("this is nested more than {limit} levels deep")]
        TooDeep { limit: usize } => "E0102",
            label: "too deep",
            help: "take parts out into an `event` or a `metric`";

        /// Returned for a literal that no 64-bit floating point number comes near.
        #[error("the number `{text}` is out of range")]
        NumberOutOfRange { text: String } => "E0103",
            label: "out of range",
            help: "numbers go from about 5e-324 to 1.8e308; `inf` is infinite";

        /// Returned for a file that is too long to be a specification.
        #[error("the file is longer than {limit} bytes")]
        TooLong { limit: usize } => "E0104",
            label: "too long",
            help: "split it, and bring the parts together with `import`";
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
    clipped(text, 40)
}

/// At most so many characters.
fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Returned for a file whose bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}", if *.utf16 { "the file is UTF-16 text, not UTF-8".to_owned() } else { format!("the file is not UTF-8 text: byte {offset} belongs to no character") })]
pub struct NotUtf8 {
    /// The offset of the first byte at fault, a byte order mark not counted.
    pub offset: usize,
    /// Whether it seems to be UTF-16.
    pub utf16: bool,
}

impl NotUtf8 {
    /// Bytes as text, or what is wrong with them; of UTF-16 without a byte order mark much is UTF-8 too.
    pub fn or_text(bytes: &[u8]) -> Result<&str, NotUtf8> {
        if is_utf16(bytes) {
            return Err(NotUtf8 { offset: 0, utf16: true });
        }
        std::str::from_utf8(bytes).map_err(|error| NotUtf8 { offset: error.valid_up_to(), utf16: false })
    }

    pub fn code(&self) -> &'static str {
        "E0105"
    }

    /// How to put it right.
    pub fn help(&self) -> String {
        "save the file as UTF-8".to_owned()
    }
}

/// Whether bytes begin with the mark of UTF-16, or have zeros in most of the even places and in none of the odd ones, or the other way round.
fn is_utf16(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 512;
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return true;
    }
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let zeros = |place: usize| head.iter().skip(place).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    (even == 0 || odd == 0) && even + odd > 1.max(head.len() / 4)
}
