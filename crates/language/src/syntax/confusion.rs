//! What other languages and mathematics write, and what it is called here.

use super::outline::DECLARATION_KEYWORDS;

/// Operators of other languages and of mathematics, and how they are written here.
pub(super) const OPERATORS: [(&str, &str); 47] = [
    ("&&", "`and`"),
    ("&", "`and`"),
    ("∧", "`and`"),
    ("||", "`or`"),
    ("∨", "`or`"),
    ("!", "`not`"),
    ("¬", "`not`"),
    ("~", "`not`"),
    ("<>", "`!=`"),
    ("≠", "`!=`"),
    ("=>", "`>=`"),
    ("≥", "`>=`"),
    ("=<", "`<=`"),
    ("≤", "`<=`"),
    ("===", "`==`"),
    (":=", "`=`"),
    ("±", "`+/-`"),
    ("×", "`*`"),
    ("·", "`*`"),
    ("÷", "`/`"),
    ("−", "`-`, the sign on the keyboard"),
    ("–", "`-`, the sign on the keyboard"),
    ("—", "`-`, the sign on the keyboard"),
    ("∈", "`in`"),
    ("∀", "`forall`"),
    ("∞", "`inf`"),
    ("//", "`#` to begin a comment"),
    ("/*", "`#` to begin a comment"),
    ("<==", "`<=`"),
    (">==", "`>=`"),
    ("⩽", "`<=`"),
    ("≦", "`<=`"),
    ("⩾", "`>=`"),
    ("≧", "`>=`"),
    ("∉", "`not in`"),
    ("‖", "`|`"),
    ("∣", "`|`"),
    ("：", "`:`"),
    ("，", "`,`"),
    ("（", "`(`"),
    ("）", "`)`"),
    ("［", "`[`"),
    ("］", "`]`"),
    ("= =", "`==`, without a space"),
    ("=!", "`!=`"),
    ("< =", "`<=`, without a space"),
    ("> =", "`>=`, without a space"),
];

/// Words that other languages have in the place of an operator.
pub(super) const WORDS: [(&str, &str); 8] = [
    ("if", "a condition stands after a bar, `E[x | a == b]`, or after `where`"),
    ("given", "a condition stands after a bar, `E[x | a == b]`"),
    ("AND", "write `and`"),
    ("OR", "write `or`"),
    ("NOT", "write `not`"),
    ("IN", "write `in`"),
    ("is", "write `==`"),
    ("for", "write `forall r in race: ..` in front of the comparison"),
];

/// The declaration keyword that a word is probably meant to be.
pub(super) fn closest_keyword(word: &str) -> Option<&'static str> {
    let word: String = word.chars().take(32).flat_map(char::to_lowercase).collect();
    let known = match word.as_str() {
        "const" | "parameter" => Some("param"),
        "feature" | "attribute" | "col" => Some("column"),
        "target" => Some("label"),
        "prediction" | "output" => Some("predict"),
        "rule" | "require" | "subject" | "assert" | "ensure" | "check" => Some("constraint"),
        "include" => Some("import"),
        "define" | "var" | "val" | "dim" | "set" => Some("let"),
        "def" | "fn" | "function" => Some("metric"),
        _ => None,
    };
    known.or_else(|| {
        DECLARATION_KEYWORDS
            .into_iter()
            .map(|keyword| (strsim::damerau_levenshtein(&word, keyword), keyword))
            .filter(|(distance, keyword)| *distance <= 1 + keyword.len() / 5)
            .min()
            .map(|(_, keyword)| keyword)
    })
}
