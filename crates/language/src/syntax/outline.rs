//! The outline of a file: where each declaration begins and ends, and whether it is nested too deeply to be parsed.
//!
//! Declaration keywords are reserved, so a keyword nearly always begins a declaration. Where one is misused as a name
//! (`event weight = ..`), the token before it asks for a name and the keyword is not the first of its line.

use super::scan::{Scan, Token, TokenKind};

/// The deepest nesting of brackets, bars and operators that bind to the right.
pub(super) const MAX_DEPTH: usize = 128;

pub(super) const DECLARATION_KEYWORDS: [&str; 11] =
    ["column", "label", "weight", "predict", "param", "event", "group", "constraint", "metric", "use", "import"];

/// All words that begin a declaration: those above, and those that may be names too.
pub(super) fn beginnings() -> Vec<&'static str> {
    DECLARATION_KEYWORDS.into_iter().chain(["let", "relation"]).collect()
}

/// Words that no name may be, except in backticks.
pub(super) fn is_reserved(word: &str) -> bool {
    is_declaration_keyword(word)
        || is_joining_word(word)
        || matches!(word, "real" | "int" | "pairs" | "inf" | "from" | "as")
}

/// The name of an aggregate.
pub(super) fn is_aggregate(word: &str) -> bool {
    matches!(word, "E" | "Sum" | "N" | "P" | "Cov" | "Var")
}

pub(super) fn is_declaration_keyword(word: &str) -> bool {
    DECLARATION_KEYWORDS.contains(&word)
}

/// Words behind which an expression (or the like) must follow.
fn is_joining_word(word: &str) -> bool {
    matches!(word, "forall" | "each" | "where" | "in" | "and" | "or" | "not")
}

/// The tokens of one declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Indices into [`Scan::tokens`]; never empty.
    pub tokens: std::ops::Range<usize>,
    /// The token that goes deeper than [`MAX_DEPTH`].
    pub too_deep: Option<usize>,
}

/// Splits the tokens at the beginnings of declarations; every token is in exactly one chunk.
pub(super) fn outline(text: &str, scan: &Scan) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut nesting = Nesting::default();
    let mut first = 0;
    let mut too_deep = None;
    for index in 0..scan.tokens.len() {
        if index > first && begins_declaration(text, &scan.tokens, index, &nesting) {
            chunks.push(Chunk { tokens: first..index, too_deep });
            (nesting, first, too_deep) = (Nesting::default(), index, None);
        }
        nesting.push(text, &scan.tokens, index);
        if too_deep.is_none() && nesting.depth() > MAX_DEPTH {
            too_deep = Some(index);
        }
    }
    if first < scan.tokens.len() {
        chunks.push(Chunk { tokens: first..scan.tokens.len(), too_deep });
    }
    chunks
}

fn begins_declaration(text: &str, tokens: &[Token], index: usize, nesting: &Nesting) -> bool {
    let (Some(token), Some(previous)) = (tokens.get(index), index.checked_sub(1).and_then(|at| tokens.get(at))) else {
        return true;
    };
    if lacks_keyword(text, tokens, index, nesting) {
        return true;
    }
    if token.kind != TokenKind::Word {
        return false;
    }
    let next = tokens.get(index + 1);
    let names_something = next.is_some_and(|next| {
        matches!(next.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Text)
            && !is_joining_word(next.text(text))
            && !matches!(next.text(text), "from" | "as")
    });
    // `E[score] group by sex` goes on.
    let by = token.text(text) == "group" && next.is_some_and(|next| next.text(text).eq_ignore_ascii_case("by"));
    if by && !token.first_on_line && tokens.get(index + 2).is_none_or(|third| third.text(text) != "=") {
        return false;
    }
    let complete = nesting.is_flat() && !nesting.wants_operand();
    // No reserved word, so it takes a name behind it; two names never stand side by side in an expression.
    let defines = token.first_on_line && complete && next.is_some_and(|next| next.text(text) == "=");
    let names = names_something && !next.is_some_and(|next| next.first_on_line);
    let is_let = token.text(text) == "let" && (names || defines);
    // Nor is this one.
    let file = tokens.get(index + 2).is_some_and(|third| matches!(third.text(text), ":" | "from"));
    let is_relation = token.text(text) == "relation" && names && file;
    if is_let || is_relation || is_declaration_keyword(token.text(text)) {
        if token.text(text) == "use" && nesting.defines_metric(text, tokens, previous) {
            return false;
        }
        let misused_name = index == 1 + nesting.first && is_declaration_keyword(previous.text(text));
        if token.first_on_line {
            return names_something || (complete && !misused_name);
        }
        return complete && names_something && !misused_name;
    }
    // Two words side by side at the start of a line: a declaration whose keyword is misspelt.
    token.first_on_line
        && complete
        && names_something
        && !is_reserved(token.text(text))
        && next.is_some_and(|next| !next.first_on_line && !is_reserved(next.text(text)))
}

/// `parity: E[..` at the start of a line, where what stands before is whole; `E[..` and `|` too, where they cannot go on.
fn lacks_keyword(text: &str, tokens: &[Token], index: usize, nesting: &Nesting) -> bool {
    let (Some(token), Some(next)) = (tokens.get(index), tokens.get(index + 1)) else { return false };
    let first = tokens.get(nesting.first).map_or("", |first| first.text(text));
    let length = index.saturating_sub(nesting.first);
    if !token.first_on_line || !nesting.is_flat() || nesting.wants_operand() || length < 3 {
        return false;
    }
    let behind = tokens.get(index + 2);
    let named = match token.kind {
        TokenKind::Word => !is_reserved(token.text(text)),
        TokenKind::Quoted => true,
        _ => false,
    };
    if named && matches!(next.text(text), ":" | "=") && behind.is_some_and(|behind| !behind.first_on_line) {
        return true;
    }
    let bare =
        matches!(token.text(text), "|" | "forall" | "each") || is_aggregate(token.text(text)) && next.text(text) == "[";
    // A second comparison of a constraint would need an operator before it.
    let compared = || {
        let before = tokens.get(nesting.first..index).unwrap_or_default();
        before.iter().any(|token| matches!(token.text(text), "<=" | ">="))
    };
    bare && token.text(text) != "forall" && matches!(first, "constraint" | "use") && compared()
        || bare && matches!(first, "column" | "label" | "weight" | "predict" | "param" | "import")
}

/// What a bar is, from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    Opens,
    Closes,
    /// `E[score | ..`.
    Condition,
    Stray,
}

/// The brackets, bars and right-binding operators that are open after some tokens of a declaration.
#[derive(Clone, Debug, Default)]
pub(super) struct Nesting {
    /// The index of the declaration's first token.
    first: usize,
    started: bool,
    open: Vec<Open>,
    /// Right-binding operators in progress outside all brackets.
    outside: Chain,
    /// The sum of all chains, the innermost included.
    chained: usize,
    wants_operand: bool,
    /// A closing bracket had no opening one: the parser comes no further, so nothing more is counted.
    broken: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Open {
    /// The index of the opening token.
    pub token: usize,
    pub mark: char,
    chain: Chain,
}

/// Operators whose right side nests, and that are not complete yet.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    /// `-` and `^`, which end at any looser operator.
    tight: usize,
    /// `not`, `in` and `+/-`, which end at `and`, `or` and marks that end an expression.
    loose: usize,
}

impl Nesting {
    pub fn depth(&self) -> usize {
        self.open.len() + self.chained
    }

    /// The number of open brackets and bars.
    pub fn brackets(&self) -> usize {
        self.open.len()
    }

    pub fn is_flat(&self) -> bool {
        self.open.is_empty()
    }

    /// The last token asks for something to follow.
    pub fn wants_operand(&self) -> bool {
        self.wants_operand
    }

    /// The body of a metric comes next, which may be a `use`.
    fn defines_metric(&self, text: &str, tokens: &[Token], previous: &Token) -> bool {
        let is_metric = tokens.get(self.first).is_some_and(|first| first.text(text) == "metric");
        self.is_flat() && is_metric && previous.text(text) == "="
    }

    /// Some open bracket has this mark.
    pub fn encloses(&self, mark: char) -> bool {
        self.open.iter().any(|open| open.mark == mark)
    }

    pub fn innermost(&self) -> Option<&Open> {
        self.open.last()
    }

    /// Some bracket around the innermost one is a bar.
    pub fn is_within_bars(&self) -> bool {
        self.open.iter().any(|open| open.mark == '|')
    }

    /// The role of a bar that comes next.
    pub fn bar(&self) -> Bar {
        match self.open.last().map(|open| open.mark) {
            _ if self.wants_operand => Bar::Opens,
            Some('|') => Bar::Closes,
            Some('[') => Bar::Condition,
            Some(_) | None => Bar::Stray,
        }
    }

    /// Takes the token at `index` into account.
    pub fn push(&mut self, text: &str, tokens: &[Token], index: usize) {
        if !std::mem::replace(&mut self.started, true) {
            self.first = index;
        }
        let Some(token) = tokens.get(index).filter(|_| !self.broken) else { return };
        let word = token.text(text);
        match token.kind {
            TokenKind::Symbol => self.symbol(word, index),
            TokenKind::Word => {
                match word {
                    "not" | "in" => self.bind(|chain| chain.loose += 1),
                    _ if is_joining_word(word) => self.end_chain(true),
                    _ => {}
                }
                self.wants_operand =
                    is_joining_word(word) || is_declaration_keyword(word) || matches!(word, "from" | "as");
            }
            TokenKind::Quoted | TokenKind::Number | TokenKind::Text | TokenKind::Broken(_) => {
                self.wants_operand = false;
            }
        }
    }

    fn symbol(&mut self, symbol: &str, index: usize) {
        match symbol {
            "(" | "[" | "{" => self.open(symbol, index),
            ")" => self.close('('),
            "]" => self.close('['),
            "}" => self.close('{'),
            "|" => match self.bar() {
                Bar::Opens => self.open(symbol, index),
                Bar::Closes => self.close('|'),
                Bar::Condition => {
                    self.end_chain(true);
                    self.wants_operand = true;
                }
                Bar::Stray => self.broken = true,
            },
            "?" => self.wants_operand = false,
            _ => {
                match symbol {
                    "-" if self.wants_operand => self.bind(|chain| chain.tight += 1),
                    "^" | "**" => self.bind(|chain| chain.tight += 1),
                    "+/-" => {
                        self.end_chain(false);
                        self.bind(|chain| chain.loose += 1);
                    }
                    "," | ":" | "=" => self.end_chain(true),
                    _ => self.end_chain(false),
                }
                self.wants_operand = true;
            }
        }
    }

    fn open(&mut self, mark: &str, token: usize) {
        let mark = mark.chars().next().unwrap_or('(');
        self.open.push(Open { token, mark, chain: Chain::default() });
        self.wants_operand = true;
    }

    fn close(&mut self, mark: char) {
        self.wants_operand = false;
        if self.open.last().is_some_and(|open| open.mark == mark) {
            self.end_chain(true);
            self.open.pop();
        } else {
            self.broken = true;
        }
    }

    fn bind(&mut self, add: impl FnOnce(&mut Chain)) {
        add(self.chain());
        self.chained += 1;
    }

    fn end_chain(&mut self, loose_too: bool) {
        let chain = self.chain();
        let mut ended = std::mem::take(&mut chain.tight);
        if loose_too {
            ended += std::mem::take(&mut chain.loose);
        }
        self.chained = self.chained.saturating_sub(ended);
    }

    fn chain(&mut self) -> &mut Chain {
        match self.open.last_mut() {
            Some(open) => &mut open.chain,
            None => &mut self.outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::outline;

    /// The first and last word of each chunk.
    fn chunks(text: &str) -> Vec<String> {
        let scan = scan(text);
        let ends = |chunk: &super::Chunk| {
            let tokens = &scan.tokens[chunk.tokens.clone()];
            format!("{} .. {}", tokens[0].text(text), tokens[tokens.len() - 1].text(text))
        };
        outline(text, &scan).iter().map(ends).collect()
    }

    #[test]
    fn a_keyword_begins_a_declaration_on_any_line() {
        assert_eq!(chunks("column a: real column b: int"), ["column .. real", "column .. int"]);
        assert_eq!(chunks("weight w weight w2\nparam\np = 1"), ["weight .. w", "weight .. w2", "param .. 1"]);
        assert_eq!(chunks("event `event` = x event\nb = c"), ["event .. x", "event .. c"]);
    }

    #[test]
    fn a_keyword_in_the_place_of_a_name_does_not() {
        assert_eq!(chunks("event weight = a == 1"), ["event .. 1"]);
        assert_eq!(chunks("metric m(attr, label) = a <= 1"), ["metric .. 1"]);
        assert_eq!(chunks("event e =\n  weight == 1 and\n  group == a"), ["event .. a"]);
        assert_eq!(chunks("column a: {x,\n  label\n}"), ["column .. }"]);
    }

    #[test]
    fn the_next_declaration_is_found_behind_a_mistake() {
        assert_eq!(chunks("event a = b ==\ncolumn c: real"), ["event .. ==", "column .. real"]);
        assert_eq!(chunks("constraint a: E[b | (c\nevent d = e"), ["constraint .. c", "event .. e"]);
        assert_eq!(chunks("column\nevent d = e"), ["column .. column", "event .. e"]);
        assert_eq!(chunks("event a = b\nlable c: {d}\nevent e = f"), ["event .. b", "lable .. }", "event .. f"]);
        assert_eq!(chunks("column a: `real\ncolumn b: int"), ["column .. real", "column .. int"]);
    }
}
