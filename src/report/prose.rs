//! A page of Markdown for a terminal: paragraphs, lists and tables as wide as it is, code as it stands.

use super::table::{Align, Table};
use super::words::wrapped;

/// The page in lines of at most `width` columns; code and long words may be wider. Links to other pages, which lead nowhere here,
/// are their words alone.
pub fn prose(markdown: &str, width: usize) -> String {
    let mut page = Page { out: String::new(), block: Vec::new(), width };
    let mut code = false;
    for line in markdown.lines() {
        let fence = line.trim_start().starts_with("```");
        if code || fence || line.starts_with("    ") || line.starts_with('#') || line.trim().is_empty() {
            page.end();
            page.out.push_str(line);
            page.out.push('\n');
            code ^= fence;
            continue;
        }
        let own = |line: &str| line.starts_with("- ") || line.starts_with('|');
        let table = |line: &str| line.starts_with('|');
        let before = page.block.first().copied().unwrap_or_default();
        if line.starts_with("- ")
            || table(line) != table(before)
            || own(before) && !table(before) && !line.starts_with(' ')
        {
            page.end();
        }
        page.block.push(line);
    }
    page.end();
    page.out
}

/// What is written so far, and the lines of the paragraph, item or table that is read.
struct Page<'a> {
    out: String,
    block: Vec<&'a str>,
    width: usize,
}

impl Page<'_> {
    fn end(&mut self) {
        let block = std::mem::take(&mut self.block);
        let Some(first) = block.first() else { return };
        let shown = if first.starts_with('|') {
            table(&block, self.width)
        } else if let Some(item) = first.strip_prefix("- ") {
            let text: Vec<&str> = std::iter::once(item).chain(block.iter().skip(1).copied()).collect();
            wrapped(&unlinked(&text.join(" ")), "  ", self.width).replacen("  ", "- ", 1)
        } else {
            wrapped(&unlinked(&block.join(" ")), "", self.width)
        };
        self.out.push_str(&shown);
    }
}

/// `[words](page.md#place)` as `words`.
fn unlinked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (words, after))) = next_link(rest) {
        out.push_str(before);
        out.push_str(words);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What stands before a link to a page, its words, and the rest.
fn next_link(text: &str) -> Option<(&str, (&str, &str))> {
    for (middle, _) in text.match_indices("](") {
        let (head, tail) = (text.get(..middle)?, text.get(middle + 2..)?);
        let (target, after) = tail.split_once(')')?;
        let (before, words) = head.rsplit_once('[')?;
        if target.split('#').next().is_some_and(|page| page.ends_with(".md")) {
            return Some((before, (words, after)));
        }
    }
    None
}

/// A table without its frame.
fn table(lines: &[&str], width: usize) -> String {
    let mut table = Table::default();
    let rule = |line: &&&str| line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    for line in lines.iter().filter(|line| !rule(line)) {
        // A bar behind a backslash is one of the text.
        let cells = line.replace("\\|", "\u{1}");
        let cells = cells.trim().trim_matches('|').split('|');
        table.cells(cells.map(|cell| cell.trim().replace('\u{1}', "|")).collect::<Vec<String>>());
    }
    let columns = lines.first().map_or(0, |line| line.matches('|').count());
    table.render("  ", width, &vec![Align::Left; columns], |_, cell| cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_and_code_is_not() {
        let page = "# Title\n\nOne two\nthree four.\n- an item\n  goes on\n- two\n\n```fair\nconstraint long_name: x\n```\n\n\
                    | a | b |\n| --- | --- |\n| `x \\| y` | z |\n";
        let set = "# Title\n\nOne two three\nfour.\n- an item\n  goes on\n- two\n\n```fair\nconstraint long_name: x\n```\n\n  \
                   a        b\n  `x | y`  z\n";
        assert_eq!(prose(page, 13), set);
        assert_eq!(
            prose("See [a `b`\nc](../x.md#y) and [E1](E1.md), `E[s](t)`.\n", 40),
            "See a `b` c and E1, `E[s](t)`.\n"
        );
        assert_eq!(prose("One two\nthree.\n\n- an item\n  goes on\n", 40), "One two three.\n\n- an item goes on\n");
    }
}
