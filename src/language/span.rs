//! Byte ranges, and the ids of the texts they point into.
//!
//! Every node of every stage carries a [`Span`], so that a diagnostic raised at any stage can underline the text that
//! the user wrote. Offsets are bytes into the UTF-8 text; lines and columns are computed only when something is shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The index of a text in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A half-open byte range `start..end` of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `source`; offsets beyond `u32::MAX` are clamped (sources are limited to 4 GiB).
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { source, start: clamp(start), end: clamp(end) }
    }

    /// The smallest span of `self`'s source that covers both; a span of another source leaves `self` unchanged.
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The byte range, for slicing the source's text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One text: a file, standard input, or a file of the standard library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown in diagnostics, usually the path as the user gave it.
    pub name: String,
    pub text: Arc<str>,
}

/// The texts of one compilation, in the order in which they were read; id 0 is the root file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    list: Vec<Source>,
    /// For each text the offsets at which its lines begin.
    lines: Vec<Vec<u32>>,
}

/// A place as people count it: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    pub line: usize,
    pub column: usize,
}

impl Sources {
    /// Adds a text and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        let after_line_ends = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next);
        self.lines.push(std::iter::once(0).chain(after_line_ends).collect());
        self.list.push(Source { name: name.into(), text });
        id
    }

    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize)
    }

    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.list.iter().enumerate().map(|(i, source)| (SourceId(i as u32), source))
    }

    /// The name of a source, `<unknown>` for an id of another compilation.
    pub fn name(&self, id: SourceId) -> &str {
        self.get(id).map_or("<unknown>", |source| &source.name)
    }

    /// The text under a span; empty if the span does not lie in its source.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|source| source.text.get(span.range())).unwrap_or("")
    }

    /// Line and column of a byte offset; a byte order mark is no column.
    pub fn line_column(&self, id: SourceId, offset: u32) -> LineColumn {
        let text = self.get(id).map_or("", |source| &source.text);
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let starts = self.lines.get(id.0 as usize).map_or(&[][..], Vec::as_slice);
        let line = starts.partition_point(|&start| start as usize <= end);
        let start = line.checked_sub(1).and_then(|index| starts.get(index)).map_or(0, |&start| start as usize);
        let before = text.get(start..end).unwrap_or("");
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        LineColumn { line: line.max(1), column: before.chars().count() + 1 }
    }

    /// The bytes of the line `line` (from 1), its end included; `None` beyond the last line.
    pub fn line_range(&self, id: SourceId, line: usize) -> Option<std::ops::Range<usize>> {
        let (source, starts) = (self.get(id)?, self.lines.get(id.0 as usize)?);
        let start = *starts.get(line.checked_sub(1)?)? as usize;
        let end = starts.get(line).map_or(source.text.len(), |&next| next as usize);
        Some(start..end)
    }
}

/// The source text under a span, on one line, shortened where long.
pub fn quote(sources: &Sources, span: Span) -> String {
    one_line(sources.text(span))
}

/// A text on one line, shortened where long.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 100;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}
