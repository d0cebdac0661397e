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

    /// Whether the other lies in this one.
    pub fn contains(self, inner: Span) -> bool {
        self.source == inner.source && self.start <= inner.start && inner.end <= self.end
    }

    /// Whether a place is in here; behind the last letter counts.
    pub fn touches(self, source: SourceId, offset: usize) -> bool {
        let range = self.range();
        self.source == source && range.start <= offset && offset <= range.end
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
    /// For each text how many characters begin before each block of [`BLOCK`] bytes: a line may be very long.
    blocks: Vec<Vec<u32>>,
}

/// Bytes of text between two counts of characters.
const BLOCK: usize = 1 << 10;

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
        let mut characters = 0;
        let block = |block: &[u8]| {
            let before = characters;
            characters += block.iter().filter(|byte| begins(**byte)).count() as u32;
            before
        };
        self.blocks.push(text.as_bytes().chunks(BLOCK).map(block).collect());
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
        let mark = usize::from(start == 0 && end > 0 && text.starts_with('\u{feff}'));
        let before = self.characters(id, end).saturating_sub(self.characters(id, start) + mark);
        LineColumn { line: line.max(1), column: before + 1 }
    }

    /// How many characters begin before a byte.
    fn characters(&self, id: SourceId, offset: usize) -> usize {
        let Some(source) = self.get(id) else { return 0 };
        let block = offset / BLOCK;
        let known = self.blocks.get(id.0 as usize).and_then(|blocks| blocks.get(block)).copied();
        let from = if known.is_some() { block * BLOCK } else { 0 };
        let rest = source.text.as_bytes().get(from..offset).unwrap_or_default();
        known.unwrap_or(0) as usize + rest.iter().filter(|byte| begins(**byte)).count()
    }

    /// The bytes of the line `line` (from 1), its end included; `None` beyond the last line.
    pub fn line_range(&self, id: SourceId, line: usize) -> Option<std::ops::Range<usize>> {
        let (source, starts) = (self.get(id)?, self.lines.get(id.0 as usize)?);
        let start = *starts.get(line.checked_sub(1)?)? as usize;
        let end = starts.get(line).map_or(source.text.len(), |&next| next as usize);
        Some(start..end)
    }
}

/// Whether a byte of UTF-8 is the first of a character.
fn begins(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// The source text under a span, on one line, shortened where long.
pub fn quote(sources: &Sources, span: Span) -> String {
    one_line(sources.text(span))
}

/// A text on one line, shortened where long.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut short = String::new();
    let mut room = LONGEST;
    for word in text.split_whitespace() {
        let blank = if short.is_empty() { "" } else { " " };
        for c in blank.chars().chain(word.chars()) {
            if room == 0 {
                short.push('…');
                return short;
            }
            short.push(c);
            room -= 1;
        }
    }
    short
}
