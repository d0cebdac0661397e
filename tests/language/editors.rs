//! The grammars for editors know the words and marks of the language, and no others.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fairc::language::query::vocabulary as words;

type Words = BTreeSet<String>;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The texts in quotes.
fn quoted(text: &str, mark: char) -> Words {
    text.split(mark).skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the grammar of the language looks for: its words and marks, without what it only looks ahead to.
fn grammar() -> Words {
    let text = read("grammar/fair.pest");
    let mut found = Words::new();
    let mut marks = false;
    for line in text.lines() {
        marks = if line.starts_with("// ----") { line.contains("operators and punctuation") } else { marks };
        let Some((name, body)) = line.split_once('=').map(|(name, body)| (name.trim(), body)) else { continue };
        let word = name.starts_with("kw_") || matches!(name, "infinity" | "aggregate_kind" | "fold_kind");
        let soft =
            ["word_number", "word_level", "word_of", "word_adjacent", "word_otherwise", "word_key"].contains(&name);
        if marks || word || soft {
            found.extend(quoted(&without_lookahead(body), '"'));
        }
    }
    assert!(found.len() > 60, "{found:?}");
    found
}

/// Without `!"a"`, `!("a" | "b")` and `&(..)`.
fn without_lookahead(body: &str) -> String {
    let (mut out, mut rest) = (String::new(), body);
    while let Some(at) = rest.find(['!', '&', '"']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let literal = |text: &str| 2 + text[1..].find('"').expect("quotes close");
        if from.starts_with('"') {
            let (text, after) = from.split_at(literal(from));
            (out, rest) = (out + text, after);
            continue;
        }
        let ahead = &from[1..];
        let length = if ahead.starts_with('"') { literal(ahead) } else { group(ahead) };
        rest = &ahead[length..];
    }
    out + rest
}

/// The length of a group in parentheses.
fn group(text: &str) -> usize {
    let (mut depth, mut inside) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => inside = !inside,
            '(' if !inside => depth += 1,
            ')' if !inside => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// The groups `(a|b)` of plain texts in the patterns of a TextMate grammar.
fn alternatives(patterns: &serde_json::Value, found: &mut Words) {
    match patterns {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "match") {
                    Some(pattern) => groups(pattern, found),
                    None => alternatives(value, found),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| alternatives(value, found)),
        _ => {}
    }
}

fn groups(pattern: &str, found: &mut Words) {
    let mut characters = pattern.chars().peekable();
    let mut open: Option<Vec<String>> = None;
    let mut plain = true;
    while let Some(c) = characters.next() {
        let escaped = c == '\\';
        let c = if escaped { characters.next().unwrap_or_default() } else { c };
        match (&mut open, c) {
            (_, '(') if !escaped => {
                plain = characters.peek() != Some(&'?');
                open = Some(vec![String::new()]);
            }
            (Some(texts), ')') if !escaped => {
                found.extend(std::mem::take(texts).into_iter().filter(|_| plain));
                open = None;
            }
            (Some(texts), '|') if !escaped => texts.push(String::new()),
            (Some(texts), c) => {
                plain &= escaped && !c.is_alphanumeric() || !escaped && !"[]*+?.^$".contains(c);
                texts.last_mut().expect("there is one").push(c);
            }
            (None, _) => {}
        }
    }
}

#[test]
fn tree_sitter_has_the_words_and_marks_of_the_language() {
    let text = read("editors/tree-sitter-fair/grammar.js");
    let rules = text.split("rules: {").nth(1).expect("it has rules");
    let code: String = rules.lines().filter(|line| !line.trim().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code: String = code
        .split("field('")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('\'').unwrap().1 })
        .collect();
    // The comma of lists and their braces stand above the rules.
    let above =
        quoted(text.split("module.exports").next().unwrap_or_default().split("*/").nth(1).unwrap_or_default(), '\'');
    let known: Words = quoted(&code, '\'').union(&above).cloned().collect();
    assert_eq!(grammar(), known);
    let painted = quoted(&read("editors/tree-sitter-fair/queries/highlights.scm"), '"');
    assert_eq!(painted.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    // These are painted by what they are part of.
    let parts = ["E", "Sum", "N", "P", "Cov", "Var", "max", "min", "sum", "mean", "inf", "otherwise", "?"];
    let missing: Vec<&String> = known.difference(&painted).filter(|word| !parts.contains(&word.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn textmate_has_the_words_and_marks_of_the_language() {
    let mut known = Words::new();
    alternatives(&serde_json::from_str(&read("editors/vscode/fair.tmLanguage.json")).unwrap(), &mut known);
    let language = grammar();
    assert_eq!(language.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    let functions: Words = words::FUNCTIONS.iter().map(|word| word.word.to_owned()).collect();
    let unknown = known.difference(&language).filter(|word| !functions.contains(*word));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&String>::new());
}

/// The pages colour words only; marks they leave as they are.
#[test]
fn pages_have_the_words_of_the_language() {
    let text = read("docs/theme/fair.js");
    let lists = text.split("const words = {").nth(1).and_then(|rest| rest.split("};").next()).expect("it has lists");
    let known: Words = quoted(lists, '"').iter().flat_map(|list| list.split(' ')).map(str::to_owned).collect();
    let language: Words = grammar().into_iter().filter(|word| word.chars().all(char::is_alphabetic)).collect();
    assert_eq!(language.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    let functions: Words = words::FUNCTIONS.iter().map(|word| word.word.to_owned()).collect();
    let unknown = known.difference(&language).filter(|word| !functions.contains(*word));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn completion_has_the_words_of_the_language() {
    let lists = [
        words::DECLARATIONS,
        words::WORDS,
        words::TYPES,
        words::KINDS,
        words::DOMAINS,
        words::AGGREGATES,
        words::FUNCTIONS,
    ];
    let known: Words = lists.into_iter().flatten().map(|word| word.word.to_owned()).collect();
    let language = grammar();
    let written = language.iter().filter(|word| word.chars().all(char::is_alphabetic));
    let missing: Vec<&String> = written.filter(|word| !known.contains(*word)).collect();
    // Part of the forms of others.
    assert_eq!(missing, ["inf", "of", "otherwise"]);
}

#[test]
fn functions_and_options_are_those_of_the_checker() {
    let spec = |rest: &str| format!("column x: real in [1, 2]\npredict score: real in [0, 1]\n{rest}\n");
    let codes = |text: &str| {
        let source = fairc::language::span::Source { name: "a.fair".into(), text: text.into() };
        let found = fairc::language::compile(source, &fairc::language::syntax::import::NoImports).diagnostics;
        found.iter().map(|found| found.code.0).collect::<Vec<_>>()
    };
    for function in words::FUNCTIONS {
        let call = match function.word {
            "max" | "min" => format!("E[{}(x, 1)]", function.word),
            "sum" | "mean" => format!("{}(a in {{1, 2}}: a)", function.word),
            "raw" => "E[raw(score)]".to_owned(),
            "bins" => continue,
            word => format!("E[{word}(x)]"),
        };
        let found = codes(&spec(&format!("constraint c: E[score] <= {call}")));
        assert!(found.iter().all(|code| code.starts_with('W')), "{call}: {found:?}");
    }
    for option in words::OPTIONS {
        let value = words::values(option.word).first().copied().unwrap_or("3");
        let found = codes(&spec(&format!("constraint c ({} = {value}): E[score | x >= 1.5] <= 0.5", option.word)));
        assert_eq!(found, Vec::<&str>::new(), "{}", option.word);
    }
}
