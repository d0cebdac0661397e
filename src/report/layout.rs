//! Layout: text that fits the columns of a terminal. Lines break between words, never in one.

use unicode_width::UnicodeWidthStr;

/// Columns for text that goes to no terminal.
pub const PLAIN_WIDTH: usize = 80;
/// By how much the rest of a line stands in.
pub(super) const HANG: usize = 2;

/// The columns that a text takes, without the escapes that colour it.
pub fn columns(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().width();
    parts.fold(first, |sum, part| sum + part.split_once('m').map_or(part, |(_, rest)| rest).width())
}

/// The text with each line that is too wide broken into several, the later ones further in.
pub fn fit(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        match columns(line) <= width {
            true => out.push_str(line),
            false => out.push_str(&broken(line, width).join("\n")),
        }
        out.push('\n');
    }
    if !text.ends_with('\n') {
        out.pop();
    }
    out
}

/// A line as lines of at most `width` columns, all indented as the first is, and the later ones further. A longer word has a
/// line of its own.
pub(super) fn broken(line: &str, width: usize) -> Vec<String> {
    let inner = line.trim_start();
    let indent = line.len() - inner.len();
    let mut lines: Vec<String> = Vec::new();
    for part in terms(inner) {
        let hang = if lines.is_empty() { 0 } else { HANG };
        match indent + hang + columns(&part) <= width {
            true => enter(&mut lines, &part, indent, width),
            false => part.split(' ').for_each(|word| enter(&mut lines, word, indent, width)),
        }
    }
    lines
}

fn enter(lines: &mut Vec<String>, part: &str, indent: usize, width: usize) {
    match lines.last_mut() {
        Some(last) if columns(last) + 1 + columns(part) <= width => {
            last.push(' ');
            last.push_str(part);
        }
        Some(_) => lines.push(format!("{}{part}", " ".repeat(indent + HANG))),
        None => lines.push(format!("{}{part}", " ".repeat(indent))),
    }
}

/// Code with each line that is too wide broken at blanks outside of quotes, the later ones further in. A longer piece has a line of
/// its own. Code whose quotes cannot be told without knowing its language is left as it is.
pub fn fit_code(code: &str, width: usize) -> String {
    if code.contains('\\') {
        return code.to_owned();
    }
    let mut out = String::with_capacity(code.len());
    for line in code.lines() {
        let inner = line.trim_start();
        let indent = line.len() - inner.len();
        let Some(pieces) = pieces(inner) else { return code.to_owned() };
        let mut lines: Vec<String> = Vec::new();
        if columns(line) <= width {
            lines.push(line.to_owned());
        } else {
            pieces.iter().for_each(|piece| enter(&mut lines, piece, indent, width));
        }
        out.push_str(&lines.join("\n"));
        out.push('\n');
    }
    out
}

/// What stands between blanks; quotes, and all between them, are of one piece. None if a quote ends on another line.
fn pieces(line: &str) -> Option<Vec<String>> {
    let (mut pieces, mut piece, mut open) = (Vec::new(), String::new(), None);
    for letter in line.chars() {
        match open {
            None if letter == ' ' => pieces.push(std::mem::take(&mut piece)),
            None => {
                open = ['\'', '"', '`'].into_iter().find(|quote| *quote == letter);
                piece.push(letter);
            }
            Some(quote) => {
                if letter == quote {
                    open = None;
                }
                piece.push(letter);
            }
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    open.is_none().then_some(pieces)
}

/// The fewest columns that a text can be broken to: between all words, or where words that belong together stay so.
pub(super) fn least(text: &str, together: bool) -> usize {
    let inner = text.trim_start();
    let indent = text.len() - inner.len();
    let sizes: Vec<usize> = match together {
        true => terms(inner).iter().map(|part| columns(part)).collect(),
        false => inner.split_whitespace().map(columns).collect(),
    };
    let first = sizes.first().copied().unwrap_or(0);
    // The first word has no hang before it.
    let rest = sizes.iter().skip(1).copied().max().map_or(0, |rest| rest + HANG);
    indent + first.max(rest)
}

/// Words, those beside an operator as one: `age >= 25`, `-0.02 .. 0.02`, `violated -> held`.
fn terms(text: &str) -> Vec<String> {
    const BETWEEN: [&str; 12] = ["..", "->", "==", "!=", "<=", ">=", "<", ">", "=", "x", "+", "-"];
    let mut parts: Vec<String> = Vec::new();
    let mut open = false;
    for word in text.split_whitespace() {
        let between = BETWEEN.contains(&word);
        match parts.last_mut() {
            Some(last) if open || between && !matches!(word, "+" | "-") => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) | None => parts.push(word.to_owned()),
        }
        open = between;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(fit("aa bb cc\n  dd ee ff gg\n", 8), "aa bb cc\n  dd ee\n    ff\n    gg\n");
        assert_eq!(fit("a long-word-of-its-own b", 8), "a\n  long-word-of-its-own\n  b");
        assert_eq!(fit("", 8), "");
    }

    #[test]
    fn code_breaks_outside_of_quotes() {
        let code = "SELECT 1\n  WHEN \"a b\" = 'it''s a long one' THEN 2 ELSE 3\n";
        assert_eq!(fit_code(code, 14), "SELECT 1\n  WHEN \"a b\" =\n    'it''s a long one'\n    THEN 2\n    ELSE 3\n");
        assert_eq!(fit_code(code, 100), code);
        for code in ["SELECT 'a\\' b' AS c\n", "SELECT 'a\nb' AS a_long_name\n"] {
            assert_eq!(fit_code(code, 10), code);
        }
    }

    #[test]
    fn what_belongs_together_stays() {
        assert_eq!(fit("where age >= 25 and age < 35", 18), "where age >= 25\n  and age < 35");
        assert_eq!(fit("where age_of_all >= 25000", 12), "where\n  age_of_all\n  >= 25000");
    }

    #[test]
    fn colours_take_no_columns() {
        assert_eq!(columns("\u{1b}[1mheld\u{1b}[0m"), 4);
        assert_eq!(columns("日本"), 4);
    }

    #[test]
    fn a_text_is_as_wide_as_its_words_need() {
        assert_eq!((least("aa bbb", false), least("aa == bbb", true), least("  x yy", false)), (5, 9, 6));
    }
}
