//! Random well-formed declarations, each with the tree that it must give.
//!
//! Text and tree are made side by side from the precedence table, without the parser, so that they check it. Choices are
//! read from a list of bytes, which a property test can shorten.

/// A source of choices; 0 for ever when it runs out, and every choice 0 ends the text soon.
pub struct Choices<'b> {
    bytes: &'b [u8],
    depth: usize,
}

/// A text, and the tree it means.
pub struct Sample {
    pub text: String,
    pub tree: String,
}

fn sample(text: impl Into<String>, tree: impl Into<String>) -> Sample {
    Sample { text: text.into(), tree: tree.into() }
}

/// What may stand behind the name of a parameter, and its tree.
const KINDS: [(&str, &str); 10] = [
    ("", ""),
    (": group", " group"),
    (": label { 0 , `1` }", " label {0 `1`}"),
    (": column", " column"),
    (": event", " event"),
    (": level of b", " (level-of b)"),
    (": number", " number"),
    (": number in [ -1 , inf ] = 2", " number [-1 inf] (default 2)"),
    (": number > 0", " number [0 inf open]"),
    ("= 5", " (default 5)"),
];

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Choices { bytes, depth: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number below `count`.
    fn pick(&mut self, count: usize) -> usize {
        let Some((&first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(first) % count
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.pick(list.len())]
    }

    pub fn declaration(&mut self) -> Sample {
        let name = self.name();
        match self.pick(11) {
            0 => {
                let condition = self.condition();
                sample(format!("event {name} = {}", condition.text), format!("(event {name} {})", condition.tree))
            }
            1 => self.typed("column", &name),
            2 => self.typed("label", &name),
            3 => self.typed("predict", &name),
            4 => {
                let from = self.from();
                sample(format!("weight {name} {}", from.text), format!("(weight {name}{})", from.tree))
            }
            5 => {
                let range = self.range();
                if self.pick(2) == 1 {
                    let text =
                        format!("param {name} [ a ] = {{ b : -1 , c * `2` : 5% , otherwise : 0 , }} {}", range.text);
                    let tree = "(b -1) (c*`2` 0.05) (otherwise 0)";
                    return sample(text, format!("(param-table {name} a {tree}{})", spaced(&range.tree)));
                }
                let text = format!("param {name} = -2.5 {}", range.text);
                sample(text, format!("(param {name} -2.5{})", spaced(&range.tree)))
            }
            6 => {
                if self.pick(3) == 1 {
                    let (first, second) = (self.any(), self.any());
                    let text =
                        format!("group {name} = {{ a : {} , -1 : {} , b : otherwise }}", first.text, second.text);
                    let tree = format!("(a {}) (-1 {}) (b otherwise)", first.tree, second.tree);
                    return sample(text, format!("(group {name} {tree})"));
                }
                let value = self.product();
                sample(format!("group {name} = {}", value.text), format!("(group {name} {})", value.tree))
            }
            7 => {
                let (options, body) = (self.options(), self.statement());
                let text = format!("constraint {name} {} : {}", options.text, body.text);
                sample(text, format!("(constraint {name}{}{})", options.tree, body.tree))
            }
            8 => {
                let (other, body) = (self.name(), self.statement());
                let (kind, kind_tree) = KINDS[self.pick(KINDS.len())];
                let text = format!("metric {name} ( {other} {kind} , b ) = {}", body.text);
                let other = if kind_tree.is_empty() { other.to_string() } else { format!("({other}{kind_tree})") };
                sample(text, format!("(metric {name} ({other} b){})", body.tree))
            }
            9 => {
                let (first, second, options) = (self.any(), self.any(), self.options());
                let (alias, tree) = if self.pick(2) == 1 { ("as b", " (as b)") } else { ("", "") };
                let text = format!("use {name} ( {} , {} ) {alias} {}", first.text, second.text, options.text);
                sample(text, format!("(use {name} ({} {}){tree}{})", first.tree, second.tree, options.tree))
            }
            _ => sample("import \"a#b.fair\"", "(import \"a#b.fair\")"),
        }
    }

    fn typed(&mut self, keyword: &str, name: &str) -> Sample {
        let ty = match self.pick(4) {
            0 => sample("real", "real"),
            1 => sample("{ a , -1 , `b-c` , }", "{a -1 `b-c`}"),
            other => {
                let word = if other == 2 { "real" } else { "int" };
                let range = self.range();
                let tree = if range.tree.is_empty() { word.to_owned() } else { format!("({word} {})", range.tree) };
                sample(format!("{word} {}", range.text), tree)
            }
        };
        let (mark, tree) = if self.pick(2) == 1 { ("?", " ?") } else { ("", "") };
        let from = self.from();
        let text = format!("{keyword} {name} : {} {mark} {}", ty.text, from.text);
        sample(text, format!("({keyword} {name} {}{tree}{})", ty.tree, from.tree))
    }

    fn from(&mut self) -> Sample {
        if self.pick(2) == 0 {
            return sample("", "");
        }
        let name = self.name();
        sample(format!("from {name}"), format!(" (from {name})"))
    }

    fn range(&mut self) -> Sample {
        match self.pick(3) {
            0 => sample("", ""),
            1 => sample("in [ 0 , 1 ]", "[0 1]"),
            _ => sample("in [ - inf , +5% ]", "[-inf 0.05]"),
        }
    }

    fn options(&mut self) -> Sample {
        if self.pick(3) != 1 {
            return sample("", "");
        }
        let value = self.any();
        let text = format!("( min_count = {} , when_empty = skip )", value.text);
        sample(text, format!(" (option min_count {}) (option when_empty skip)", value.tree))
    }

    fn statement(&mut self) -> Sample {
        let (mut text, mut tree) = (String::new(), String::new());
        for _ in 0..self.pick(3) {
            let (domain, filter) = (self.domain(), self.filter());
            let (binders, names) = if self.pick(2) == 1 { ("( r , s )", "r s") } else { ("r", "r") };
            text += &format!("forall {binders} in {} {} : ", domain.text, filter.text);
            let wrapped = if filter.tree.is_empty() { String::new() } else { format!(" (where {})", filter.tree) };
            tree += &format!(" (forall ({names}) {}{wrapped})", domain.tree);
        }
        if self.pick(4) == 1 {
            let filter = self.filter();
            text += &format!("each {} : ", filter.text);
            tree += &format!(" (each{})", spaced(&filter.tree));
        }
        let body = self.any();
        sample(text + &body.text, format!("{tree} {}", body.tree))
    }

    fn filter(&mut self) -> Sample {
        if self.pick(3) != 1 {
            return sample("", "");
        }
        let condition = self.condition();
        sample(format!("where {}", condition.text), condition.tree)
    }

    fn domain(&mut self) -> Sample {
        self.depth += 1;
        let choice = if self.depth > 4 { 0 } else { self.pick(6) };
        let made = match choice {
            1 => sample("{ a , 2 }", "{a 2}"),
            2 => {
                let (first, last) = (self.range_end(), self.range_end());
                sample(format!("{} .. {}", first.text, last.text), format!("(range {} {})", first.tree, last.tree))
            }
            3 => {
                let inner = self.domain();
                let word = self.one_of(&["pairs", "adjacent"]);
                sample(format!("{word} ( {} )", inner.text), format!("({word} {})", inner.tree))
            }
            4 => {
                let (first, second) = (self.domain(), self.domain());
                let text = format!("( {} ) * ( {} ) * c", first.text, second.text);
                sample(text, format!("(product {} {} c)", first.tree, second.tree))
            }
            _ => {
                let name = self.name();
                sample(name.clone(), name)
            }
        };
        self.depth -= 1;
        made
    }

    fn range_end(&mut self) -> Sample {
        match self.pick(4) {
            0 => sample("1", "1"),
            1 => sample("- k + 1", "(sum (neg k) + 1)"),
            2 => sample("2 * ( n - 1 )", "(product 2 * (paren (sum n - 1)))"),
            _ => sample("f ( n , 1. )", "(call f n 1.=1)"),
        }
    }

    pub fn condition(&mut self) -> Sample {
        let first = self.any();
        if self.pick(3) != 1 {
            return first;
        }
        let second = self.any();
        sample(format!("{} , {}", first.text, second.text), format!("(all {} {})", first.tree, second.tree))
    }

    /// Any expression.
    fn any(&mut self) -> Sample {
        self.list("or", Self::conjunction)
    }

    fn conjunction(&mut self) -> Sample {
        self.list("and", Self::negation)
    }

    /// One operand, or several joined by `word`.
    fn list(&mut self, word: &str, operand: fn(&mut Self) -> Sample) -> Sample {
        let first = operand(self);
        let count = if self.deep() { 0 } else { self.pick(8).saturating_sub(5) };
        if count == 0 {
            return first;
        }
        let mut made = sample(first.text, format!("({word} {}", first.tree));
        for _ in 0..count {
            let next = operand(self);
            made.text += &format!(" {word} {}", next.text);
            made.tree += &format!(" {}", next.tree);
        }
        made.tree.push(')');
        made
    }

    fn negation(&mut self) -> Sample {
        if self.pick(6) != 1 {
            return self.comparison();
        }
        let inner = self.negation();
        sample(format!("not {}", inner.text), format!("(not {})", inner.tree))
    }

    fn comparison(&mut self) -> Sample {
        match self.pick(5) {
            0 => self.tolerance(),
            1 => {
                let value = self.tolerance();
                let (words, head) = if self.pick(2) == 1 { ("not in", "not-in") } else { ("in", "in") };
                sample(format!("{} {words} {{ a , -2 }}", value.text), format!("({head} {} {{a -2}})", value.tree))
            }
            _ => self.chain("compare", &["==", "!=", "<", "<=", ">", ">="], Self::tolerance),
        }
    }

    fn tolerance(&mut self) -> Sample {
        let first = self.sum();
        if self.pick(6) != 1 {
            return first;
        }
        let second = self.sum();
        sample(format!("{} +/- {}", first.text, second.text), format!("(+/- {} {})", first.tree, second.tree))
    }

    fn sum(&mut self) -> Sample {
        self.chain("sum", &["+", "-"], Self::product)
    }

    fn product(&mut self) -> Sample {
        self.chain("product", &["*", "/"], Self::minus)
    }

    /// One operand, or a chain of several in one node.
    fn chain(&mut self, head: &str, operators: &[&'static str], operand: fn(&mut Self) -> Sample) -> Sample {
        let first = operand(self);
        let count = if self.deep() { 0 } else { self.pick(6).saturating_sub(3) };
        if count == 0 {
            return first;
        }
        let mut made = sample(first.text, format!("({head} {}", first.tree));
        for _ in 0..count {
            let (operator, next) = (self.one_of(operators), operand(self));
            made.text += &format!(" {operator} {}", next.text);
            made.tree += &format!(" {operator} {}", next.tree);
        }
        made.tree.push(')');
        made
    }

    fn minus(&mut self) -> Sample {
        if self.pick(6) != 1 {
            return self.power();
        }
        let inner = self.minus();
        sample(format!("- {}", inner.text), format!("(neg {})", inner.tree))
    }

    fn power(&mut self) -> Sample {
        let base = self.primary();
        if self.deep() || self.pick(6) != 1 {
            return base;
        }
        let operator = self.one_of(&["^", "**"]);
        let exponent = self.minus();
        sample(format!("{} {operator} {}", base.text, exponent.text), format!("(^ {} {})", base.tree, exponent.tree))
    }

    fn deep(&self) -> bool {
        self.depth > 5 || self.bytes.is_empty()
    }

    fn primary(&mut self) -> Sample {
        let choice = if self.deep() { 0 } else { self.pick(9) };
        self.depth += 1;
        let made = match choice {
            1 => sample("1_000", "1_000=1000"),
            2 => sample("80%", "80%=0.8"),
            3 if self.pick(3) == 1 => sample("a [ b * -1 ]", "(at a (product b * (neg 1)))"),
            3 => sample("1e-3", "1e-3=0.001"),
            4 => {
                let inner = self.any();
                sample(format!("( {} )", inner.text), format!("(paren {})", inner.tree))
            }
            5 => {
                let inner = self.any();
                sample(format!("| {} |", inner.text), format!("(abs {})", inner.tree))
            }
            6 => {
                let (first, second) = (self.any(), self.any());
                let text = format!("max ( {} , {} )", first.text, second.text);
                sample(text, format!("(call max {} {})", first.tree, second.tree))
            }
            7 => {
                let (head, value) = (self.one_of(&["E", "Sum", "N", "P", "Cov", "Var"]), self.any());
                sample(format!("{head} [ {} ]", value.text), format!("({head} {})", value.tree))
            }
            8 => {
                let (value, condition) = (self.any(), self.condition());
                let text = format!("E [ {} | {} ]", value.text, condition.text);
                sample(text, format!("(E {} | {})", value.tree, condition.tree))
            }
            _ => {
                let name = self.name();
                sample(name.clone(), name)
            }
        };
        self.depth -= 1;
        made
    }

    fn name(&mut self) -> String {
        self.one_of(&["a", "score", "`hours-per-week`", "E", "min", "`or`", "x_1", "skip", "`#`", "N"]).to_owned()
    }

    /// The tokens of a sample with other white space and comments between them.
    pub fn spread(&mut self, text: &str) -> String {
        let mut spread = String::new();
        for token in text.split_whitespace() {
            spread.push_str(token);
            spread.push_str(self.one_of(&[" ", "  ", "\n", " # why\n", "\t", "\r\n", "\n## not a doc `\n", "\n\n\n"]));
        }
        spread
    }
}

fn spaced(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text}") }
}
