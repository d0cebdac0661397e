//! The lines of one declaration.

use super::super::scan::{Scan, Token};
use super::spacing::{Break, Gap, Spacing};
use super::{Line, width};

const MAX_WIDTH: usize = 100;

/// A token of the output.
struct Piece<'t> {
    text: &'t str,
    gap: Gap,
    /// Comments, or a line break that stays, stand in front of it.
    starts_line: bool,
}

/// Lays out the declaration with these tokens; the comments before the first and behind the last are not its concern.
pub(super) fn declaration(text: &str, scan: &Scan, tokens: std::ops::Range<usize>) -> Vec<Line> {
    let mut page = Page::default();
    let mut run: Vec<Piece> = Vec::new();
    let mut spacing = Spacing::default();
    for index in tokens.clone() {
        let Some(gap) = spacing.step(text, &scan.tokens, index) else { continue };
        let Some(token) = scan.tokens.get(index) else { continue };
        let comments = if index == tokens.start { &[] } else { scan.comments_before(index) };
        let starts_line = !comments.is_empty() || (gap.breaks == Break::Body && token.first_on_line);
        if starts_line {
            page.write(&run);
            run.clear();
        }
        for comment in comments {
            page.comment(comment.text(text), comment.own_line, gap.indent);
        }
        if !is_spare_comma(text, scan, index, &tokens) {
            run.push(Piece { text: token.text(text), gap, starts_line });
        }
    }
    page.write(&run);
    page.lines
}

/// The comma of `{a, b, }`.
fn is_spare_comma(text: &str, scan: &Scan, index: usize, tokens: &std::ops::Range<usize>) -> bool {
    let word = |token: Option<&Token>| token.map_or("", |token| token.text(text));
    let commented = !scan.comments_before(index).is_empty() || !scan.comments_before(index + 1).is_empty();
    let spare = word(scan.tokens.get(index)) == "," && word(scan.tokens.get(index + 1)) == "}";
    spare && !commented && index + 1 < tokens.end
}

/// The lines so far.
#[derive(Default)]
struct Page {
    lines: Vec<Line>,
    /// The width of the last line.
    column: usize,
    /// The next token begins a line.
    at_start: bool,
}

impl Page {
    /// Writes a run of tokens that has no forced line break inside.
    fn write(&mut self, run: &[Piece]) {
        if run.first().is_some_and(|first| first.starts_line) || self.lines.is_empty() {
            self.at_start = true;
        }
        self.fill(run, None);
    }

    /// Writes pieces on the current line as far as they fit, breaking at the outermost places first. `level` is the
    /// level of breaks that the caller has tried.
    fn fill(&mut self, pieces: &[Piece], level: Option<usize>) {
        let next = pieces.iter().skip(1).filter_map(|piece| break_level(piece)).filter(|it| Some(*it) > level).min();
        let (Some(next), false) = (next, self.fits(pieces)) else { return self.append(pieces) };
        let mut start = 0;
        while start < pieces.len() {
            let rest = pieces.get(start..).unwrap_or(&[]);
            let length =
                rest.iter().skip(1).position(|piece| break_level(piece) == Some(next)).map_or(rest.len(), |at| at + 1);
            let part = rest.get(..length).unwrap_or(rest);
            if start > 0 && !self.fits(part) {
                self.at_start = true;
            }
            self.fill(part, Some(next));
            start += length;
        }
    }

    fn fits(&self, pieces: &[Piece]) -> bool {
        let (mut column, mut at_start) = (self.column, self.at_start);
        pieces.iter().all(|piece| {
            column = after(column, std::mem::take(&mut at_start), piece);
            column <= MAX_WIDTH
        })
    }

    fn append(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let starts = std::mem::take(&mut self.at_start);
            self.column = after(self.column, starts, piece);
            if starts {
                self.lines.push(Line { code: " ".repeat(piece.gap.indent), comment: None });
            }
            if let Some(line) = self.lines.last_mut() {
                if piece.gap.space && !starts {
                    line.code.push(' ');
                }
                line.code.push_str(piece.text);
            }
        }
    }

    fn comment(&mut self, words: &str, own_line: bool, indent: usize) {
        match self.lines.last_mut().filter(|_| !own_line) {
            Some(line) => line.comment = Some(words.to_owned()),
            None => self.lines.push(Line { code: " ".repeat(indent), comment: Some(words.to_owned()) }),
        }
        self.at_start = true;
    }
}

/// The column behind a piece.
fn after(column: usize, at_start: bool, piece: &Piece) -> usize {
    let before = if at_start { piece.gap.indent } else { column + usize::from(piece.gap.space) };
    before + width(piece.text)
}

/// Bodies break first.
fn break_level(piece: &Piece) -> Option<usize> {
    match piece.gap.breaks {
        Break::Never => None,
        Break::Body => Some(0),
        Break::At(level) => Some(1 + level),
    }
}
