//! The one layout that every file is given.
//!
//! The formatter works on tokens, not on the tree: it decides the white space between them and nothing else (but for a
//! comma before a closing brace, which it drops), so it cannot change what a file means, and comments keep their
//! place. Rules:
//!
//! - A declaration starts its own line; of blank lines between two, one is kept.
//! - A line break behind the `:` of a constraint, `forall` or `each`, and behind the `=` of a metric, event or group,
//!   stays where the user put it; all others go. What then exceeds 100 columns is broken at those places, then at
//!   operators and commas, the outermost and loosest first. A continued line is indented by 4 columns for the body and
//!   for each bracket around it.
//! - Comments at the ends of lines are aligned within a block without blank lines.
//!
//! Every decision depends only on the tokens, the comments and the line breaks that stay, all of which the output has
//! in common with the input: formatting twice is formatting once.

mod layout;
mod spacing;

use super::error::SyntaxError;
use super::outline::outline;
use super::scan::{Scan, scan};
use crate::span::SourceId;

/// One line of output.
#[derive(Clone, Debug, Default)]
struct Line {
    code: String,
    /// Behind the code, or all of the line.
    comment: Option<String>,
}

/// The text in canonical layout, or what keeps it from being parsed.
pub fn format(source: SourceId, text: &str) -> Result<String, Vec<SyntaxError>> {
    let errors = super::parse(source, text).errors;
    if !errors.is_empty() {
        return Err(errors);
    }
    let scan = scan(text);
    let mut lines = Lines { text, scan: &scan, done: Vec::new(), end: 0 };
    for chunk in outline(text, &scan) {
        lines.between(chunk.tokens.start);
        lines.separate(scan.tokens.get(chunk.tokens.start).map_or(0, |token| token.start));
        lines.done.extend(layout::declaration(text, &scan, chunk.tokens.clone()));
        lines.end = chunk.tokens.end.checked_sub(1).and_then(|last| scan.tokens.get(last)).map_or(0, |token| token.end);
    }
    lines.between(scan.tokens.len());
    Ok(join(&lines.done))
}

struct Lines<'t> {
    text: &'t str,
    scan: &'t Scan,
    done: Vec<Line>,
    /// The end, in the input, of what has been written.
    end: usize,
}

impl Lines<'_> {
    /// Writes the comments before the token at `index`, which begins a declaration or is the end of the file.
    fn between(&mut self, index: usize) {
        for comment in self.scan.comments_before(index) {
            let words = comment.text(self.text).to_owned();
            match self.done.last_mut().filter(|_| !comment.own_line) {
                Some(line) => line.comment = Some(words),
                None => {
                    self.separate(comment.start);
                    self.done.push(Line { code: String::new(), comment: Some(words) });
                }
            }
            self.end = comment.end;
        }
    }

    /// Keeps one of the blank lines in front of the input's `start`.
    fn separate(&mut self, start: usize) {
        let gap = self.text.get(self.end..start).unwrap_or("");
        if !self.done.is_empty() && gap.bytes().filter(|&byte| byte == b'\n').count() > 1 {
            self.done.push(Line::default());
        }
    }
}

/// Lines longer than this do not push their neighbours' comments to the right.
const MAX_ALIGNED: usize = 60;

/// Puts the lines together, aligning the comments of each block of lines with code.
fn join(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut column = 0;
    let mut in_block = false;
    for (index, line) in lines.iter().enumerate() {
        let has_code = !line.code.is_empty();
        if has_code && !in_block {
            let block = lines.iter().skip(index).take_while(|line| !line.code.is_empty());
            let widths = block.filter(|line| line.comment.is_some()).map(|line| width(&line.code));
            column = widths.filter(|width| *width <= MAX_ALIGNED).max().unwrap_or(0);
        }
        in_block = has_code;
        text.push_str(&line.code);
        if let Some(comment) = &line.comment {
            if !line.code.trim().is_empty() {
                let padding = column.saturating_sub(width(&line.code)) + 2;
                text.extend(std::iter::repeat_n(' ', padding));
            }
            text.push_str(comment);
        }
        text.push('\n');
    }
    text
}

/// The columns that a text takes, one for each character.
fn width(text: &str) -> usize {
    text.chars().count()
}
