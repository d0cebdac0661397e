//! Diagnostics for people: the source with the place underlined, drawn by miette.
//!
//! Labels in the file of the first label are drawn into one snippet; labels in other files follow as notes, each with
//! a snippet of its own.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents, ThemeCharacters, ThemeStyles,
};

use super::hidden::{harmless, steers};
use super::{Diagnostic, Label, Severity};
use crate::span::{SourceId, Sources};

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub color: bool,
    /// Lines and arrows from Unicode; else from ASCII.
    pub unicode: bool,
    /// Columns to wrap words at.
    pub width: usize,
}

/// A label that is longer is underlined up to here, so that a snippet stays a snippet.
const LONGEST_LABEL: usize = 2000;
/// This much of a very long line is shown on each side of a label.
const LINE_CONTEXT: usize = 200;

/// Columns that miette puts before a message and before a help.
const MESSAGE_INDENT: usize = 4;
const HELP_INDENT: usize = 8;

/// The diagnostic as text that ends in a line end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, look: Look) -> String {
    render_with(diagnostic, &[], sources, look)
}

/// The same with further lines on places that are in no source.
pub fn render_with(diagnostic: &Diagnostic, notes: &[String], sources: &Sources, look: Look) -> String {
    let handler = handler(look);
    let home = diagnostic.labels.first().map(|label| label.span.source);
    let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
        diagnostic.labels.iter().partition(|label| Some(label.span.source) == home);
    let severity = match diagnostic.severity() {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
    };
    let main = Drawn {
        code: Some(format!("{}[{}]", diagnostic.severity().word(), diagnostic.code.0)),
        message: fill(&harmless(&diagnostic.message), look.width, MESSAGE_INDENT),
        help: diagnostic.help.as_deref().map(|help| fill(&harmless(help), look.width, HELP_INDENT)),
        severity,
        snippet: home.map(|home| Snippet::new(sources, home, &here)),
    };
    let mut out = String::new();
    draw(&handler, &main, &mut out);
    for label in elsewhere {
        let note = Drawn {
            code: None,
            message: harmless(&format!("{} in {}", label.text, sources.name(label.span.source))),
            help: None,
            severity: miette::Severity::Advice,
            snippet: Some(Snippet::new(sources, label.span.source, &[&Label { text: String::new(), ..label.clone() }])),
        };
        draw(&handler, &note, &mut out);
    }
    notes.iter().for_each(|note| out.push_str(&format!("  {}\n", harmless(note))));
    out.push_str(&format!("  for more: fairc explain {}\n", diagnostic.code.0));
    out
}

fn handler(look: Look) -> GraphicalReportHandler {
    let characters = if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(look.width)
        .with_wrap_lines(false)
        .with_links(false)
        .without_syntax_highlighting()
}

/// Writing to a string fails only if miette refuses the diagnostic; its message is still told then.
fn draw(handler: &GraphicalReportHandler, drawn: &Drawn<'_>, out: &mut String) {
    let mut text = String::new();
    match handler.render_report(&mut text, drawn) {
        Ok(()) => text.lines().for_each(|line| {
            out.push_str(line.trim_end());
            out.push('\n');
        }),
        Err(fmt::Error) => {
            out.push_str(&drawn.message);
            out.push('\n');
        }
    }
}

/// Breaks text into lines at blanks; what stands in backticks stays together where it fits on a line.
fn fill(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut lines: Vec<String> = Vec::new();
    let mut put = |piece: &str| match lines.last_mut() {
        Some(line) if line.chars().count() + 1 + piece.chars().count() <= room => {
            line.push(' ');
            line.push_str(piece);
        }
        Some(_) | None => lines.push(piece.to_owned()),
    };
    let mut quoted = false;
    let pieces = text.split(|c: char| {
        quoted ^= c == '`';
        c == ' ' && !quoted
    });
    for piece in pieces {
        if piece.chars().count() <= room {
            put(piece);
        } else {
            piece.split(' ').for_each(&mut put);
        }
    }
    lines.join("\n")
}

/// What miette is asked to draw.
#[derive(Debug)]
struct Drawn<'a> {
    code: Option<String>,
    message: String,
    help: Option<String>,
    severity: miette::Severity,
    snippet: Option<Snippet<'a>>,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.snippet.as_ref().map(|snippet| Box::new(snippet.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }
}

/// A source and the labels in it. Lines are found by index, not by reading the text from its beginning, and of a very
/// long line only the part around the labels is handed on.
#[derive(Debug)]
struct Snippet<'a> {
    sources: &'a Sources,
    id: SourceId,
    /// The text, with characters that steer a terminal replaced by as many bytes that do not.
    text: std::borrow::Cow<'a, str>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Snippet<'a> {
    fn new(sources: &'a Sources, id: SourceId, labels: &[&Label]) -> Snippet<'a> {
        let mut text = masked(sources.get(id).map_or("", |source| &source.text));
        if !text.ends_with('\n') {
            text.to_mut().push('\n');
        }
        let labels = labels.iter().enumerate().map(|(index, label)| {
            let start = floor(&text, label.span.start as usize);
            let end = floor(&text, (label.span.end as usize).min(start + LONGEST_LABEL)).max(start);
            let words = Some(harmless(&label.text)).filter(|words| !words.is_empty());
            let place = SourceSpan::new(start.into(), end - start);
            match index {
                0 => LabeledSpan::new_primary_with_span(words, place),
                _ => LabeledSpan::new_with_span(words, place),
            }
        });
        let labels = labels.collect();
        Snippet { sources, id, text, labels }
    }
}

impl SourceCode for Snippet<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let line_of = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            self.sources.line_column(self.id, offset).line
        };
        // A span that ends with a line ends on that line.
        let last = line_of(if end > start { end - 1 } else { end }) + lines_after;
        let first_line = line_of(start).saturating_sub(lines_before).max(1);
        let line = |line: usize| self.sources.line_range(self.id, line);
        let whole = line(first_line).map_or(start, |range| range.start);
        let whole_end = (1..=last).rev().find_map(line).map_or(end, |range| range.end);
        // Without context miette asks where the span is: its column counts.
        let from = if lines_before == 0 { start } else { whole.max(start.saturating_sub(LINE_CONTEXT)) };
        let mut to = if lines_after == 0 { end } else { whole_end.min(end + LINE_CONTEXT) };
        if lines_after > 0 && to + 1 == self.text.len() {
            // The line end that was added, so that a label behind the last character has a place.
            to += 1;
        }
        let (from, to) = (floor(&self.text, from), floor(&self.text, to).max(floor(&self.text, end)));
        let at = self.sources.line_column(self.id, u32::try_from(from).unwrap_or(u32::MAX));
        let contents = self.text.get(from..to).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.sources.name(self.id).to_owned(),
            contents.as_bytes(),
            SourceSpan::new(from.into(), to - from),
            at.line - 1,
            at.column - 1,
            contents.lines().count().max(1),
        )))
    }
}

/// The nearest character boundary at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Replaces each character that steers a terminal by question marks of the same length in bytes.
fn masked(text: &str) -> std::borrow::Cow<'_, str> {
    let bad = |c: char| steers(c) && !matches!(c, '\n' | '\r' | '\t');
    // Each diagnostic looks at the whole text of its file, which mostly has nothing else.
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    if text.bytes().all(plain) || !text.contains(bad) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if bad(c) {
            out.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_not_broken() {
        assert_eq!(fill("take `E[a | b]` or c", 24, 4), "take `E[a | b]` or c");
        assert_eq!(fill("instead take `E[a | b]` or c", 24, 4), "instead take\n`E[a | b]` or c");
        assert_eq!(fill("`a b c d e f g h i j k l m`", 24, 4), "`a b c d e f g h i j\nk l m`");
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(masked("a\u{1b}\u{202e}b\n"), "a????b\n");
    }
}
