//! Characters that are not seen, and change what is.
//!
//! Names and values come from files that somebody else wrote. On their way to a terminal or a page they pass through
//! [`harmless`]: nothing that they hold can move the cursor, turn the direction of text, or hide.

/// The text with what steers a terminal shown as escapes; line ends and tabs stay.
pub fn harmless(text: &str) -> String {
    if !text.contains(steers_out) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if steers_out(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// As [`harmless`], for a text that holds colours of ours: sequences `ESC [ .. m` stay where `colors` are wanted.
pub fn harmless_but_colors(text: &str, colors: bool) -> String {
    if !colors {
        return harmless(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    out.push_str(&harmless(parts.next().unwrap_or_default()));
    for part in parts {
        let end = part.strip_prefix('[').and_then(|rest| rest.find(|c: char| !c.is_ascii_digit() && c != ';'));
        let is_color = end.is_some_and(|end| part.get(1 + end..).is_some_and(|rest| rest.starts_with('m')));
        out.push_str(if is_color { "\u{1b}" } else { "\\u{1b}" });
        out.push_str(&harmless(part));
    }
    out
}

fn steers_out(c: char) -> bool {
    steers(c) && c != '\n' && c != '\t'
}

/// Control characters, and those that turn the direction of text or have no width.
pub fn steers(c: char) -> bool {
    c.is_control() || has_no_shape(c)
}

/// Characters that turn the direction of text, have no width, or end a line in some programs only.
pub fn has_no_shape(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{202e}\r\u{200b}c\n"), "a\\u{1b}[31mb\\u{202e}\\r\\u{200b}c\n");
        assert_eq!(harmless("plain, and é"), "plain, and é");
    }

    #[test]
    fn colors_stay_where_they_are_wanted() {
        let text = "\u{1b}[1m\u{1b}[32mgood\u{1b}[0m \u{1b}]0;TITLE\u{7}\u{1b}[2J\u{1b}";
        assert_eq!(
            harmless_but_colors(text, true),
            "\u{1b}[1m\u{1b}[32mgood\u{1b}[0m \\u{1b}]0;TITLE\\u{7}\\u{1b}[2J\\u{1b}"
        );
        assert!(!harmless_but_colors(text, false).contains('\u{1b}'));
    }
}
