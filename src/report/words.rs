//! Pieces of prose.

/// The first sentence of a doc comment, on one line, without the mark at its end.
pub fn first_sentence(doc: &str) -> String {
    let lines = doc.lines().skip_while(|line| line.trim().is_empty());
    let paragraph = lines.take_while(|line| !line.trim().is_empty() && !line.starts_with("  "));
    let text = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
    let sentence = text.split_once(". ").map_or(text.as_str(), |(sentence, _)| sentence);
    sentence.trim_end_matches([':', '.']).to_owned()
}

/// Lines of at most `width` columns, each behind `indent`; a longer word has a line of its own.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let room = width.saturating_sub(indent.len());
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_may_span_lines() {
        assert_eq!(first_sentence("\nOne two\nthree:\n\n    x <= y\n"), "One two three");
        assert_eq!(first_sentence("At once. And more."), "At once");
        assert_eq!(first_sentence("Formula:\n    a <= b\nSource: c"), "Formula");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrapped("aa bb cc", "  ", 7), "  aa bb\n  cc\n");
    }
}
