//! One thing has one name: the words that the glossary has retired are in no page, no help and no message.

use std::fs;
use std::path::Path;

use super::example::{documents, root};

const HEADING: &str = "## Words that are not used";

/// The retired words, from the left column of the table.
fn retired() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let (_, table) = page.split_once(HEADING).expect("the glossary lists them");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let words = rows.skip(1).filter(|cell| !cell.starts_with("---")).flat_map(|cell| cell.split(", "));
    words.map(str::to_lowercase).collect()
}

/// The first line with one of these words in it, as a word of its own or the beginning of one.
fn found<'a>(text: &'a str, words: &[String]) -> Option<(usize, &'a str)> {
    let has = |line: &str, word: &String| {
        let line = line.to_lowercase();
        line.match_indices(word.as_str()).any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric()))
    };
    text.lines().enumerate().find(|(_, line)| words.iter().any(|word| has(line, word))).map(|(at, line)| (at + 1, line))
}

#[test]
fn retired_words_are_nowhere() {
    let words = retired();
    assert!(words.len() > 5, "{words:?}");
    let mut texts = documents();
    texts.push(("python/README.md".to_owned(), fs::read_to_string(root().join("python/README.md")).unwrap()));
    texts.extend(snapshots(&root().join("tests")));
    let told = texts.iter().filter_map(|(path, text)| {
        let own = path == "docs/glossary.md";
        let text = if own { text.split_once(HEADING).map_or(text.as_str(), |(before, _)| before) } else { text };
        found(text, &words).map(|(line, text)| format!("{path}:{line}: {text}"))
    });
    let told: Vec<String> = told.collect();
    assert!(told.is_empty(), "docs/glossary.md says what to write:\n{}", told.join("\n"));
}

/// What the programs print: the snapshots in a folder and in those below it.
fn snapshots(folder: &Path) -> Vec<(String, String)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => snapshots(&path),
            Some(extension) if extension == "snap" => {
                vec![(path.display().to_string(), fs::read_to_string(&path).unwrap())]
            }
            _ => Vec::new(),
        })
        .collect()
}
