//! Places in a text: byte offsets here, lines and units of the client's choice in the protocol.

use std::ops::Range as Bytes;

use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// The units in which a client counts along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    /// The first one that a client offers and we have; UTF-16 is what all clients know.
    pub fn chosen(offered: &[PositionEncodingKind]) -> Encoding {
        let known = offered.iter().find_map(|kind| match kind {
            PositionEncodingKind::UTF8 => Some(Encoding::Utf8),
            PositionEncodingKind::UTF16 => Some(Encoding::Utf16),
            PositionEncodingKind::UTF32 => Some(Encoding::Utf32),
            PositionEncodingKind::Custom(_) => None,
        });
        known.unwrap_or(Encoding::Utf16)
    }

    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    /// The length of a text in these units.
    pub fn length(self, text: &str) -> usize {
        text.chars().map(|c| self.units(c)).sum()
    }
}

/// Where the lines of a text begin. A line ends with `\n`, `\r\n` or `\r`, as the protocol has it.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// One for each block of the text: a line may be as long as the text, and has many places.
    marks: Vec<Mark>,
}

/// Bytes between marks.
const BLOCK: usize = 512;

/// What stands before the first character at the start of a block, or behind it.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    offset: usize,
    utf16: usize,
    characters: usize,
}

impl Lines {
    pub fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Lines { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect(), marks: marks(text) }
    }

    /// The units before an offset, which is that of a character.
    fn units_before(&self, text: &str, offset: usize, encoding: Encoding) -> usize {
        let mark = self.marks.get(offset / BLOCK).copied().unwrap_or_default();
        let before = match encoding {
            Encoding::Utf8 => return offset,
            Encoding::Utf16 => mark.utf16,
            Encoding::Utf32 => mark.characters,
        };
        before + encoding.length(text.get(mark.offset..offset).unwrap_or_default())
    }

    /// The line of an offset, from 0.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = |offset| self.units_before(text, offset, encoding);
        let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: clamp(line), character: clamp(before(offset) - before(start)) }
    }

    pub fn range(&self, text: &str, bytes: Bytes<usize>, encoding: Encoding) -> Range {
        Range {
            start: self.position(text, bytes.start, encoding),
            end: self.position(text, bytes.end.max(bytes.start), encoding),
        }
    }

    /// The offset of a position. Behind the end of a line it is the end of the line, behind the last line that of the text;
    /// inside of a character its beginning.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let code = text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let mut left = position.character as usize;
        for (at, c) in code.char_indices() {
            let units = encoding.units(c);
            if left < units {
                return start + at;
            }
            left -= units;
        }
        start + code.len()
    }
}

fn marks(text: &str) -> Vec<Mark> {
    let mut marks = vec![Mark::default()];
    let mut here = Mark::default();
    for c in text.chars() {
        here.offset += c.len_utf8();
        here.utf16 += c.len_utf16();
        here.characters += 1;
        // A character has four bytes at most, and a block more.
        if here.offset >= marks.len() * BLOCK {
            marks.push(here);
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_in_every_encoding() {
        let text = "aé\r\n𝒳b\n\rü\n";
        let lines = Lines::of(text);
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (at, c) in text.char_indices().filter(|(_, c)| !matches!(c, '\n')) {
                let position = lines.position(text, at, encoding);
                assert_eq!(lines.offset(text, position, encoding), at, "{c:?} {encoding:?}");
            }
        }
        let at = |encoding| lines.position(text, text.find('b').unwrap_or_default(), encoding);
        assert_eq!(at(Encoding::Utf8), Position { line: 1, character: 4 });
        assert_eq!(at(Encoding::Utf16), Position { line: 1, character: 2 });
        assert_eq!(at(Encoding::Utf32), Position { line: 1, character: 1 });
    }

    /// Marks along a long line change nothing, whatever stands at the ends of their blocks.
    #[test]
    fn places_in_long_lines_come_back() {
        for pattern in ["a", "é", "𝒳", "aé𝒳", "𝒳ab\né"] {
            let text = pattern.repeat(3 * BLOCK / pattern.len() + 5);
            let lines = Lines::of(&text);
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                for (at, c) in text.char_indices() {
                    let start = text.get(..at).unwrap_or_default().rfind('\n').map_or(0, |end| end + 1);
                    let along = encoding.length(text.get(start..at).unwrap_or_default());
                    let position = lines.position(&text, at, encoding);
                    assert_eq!(position.character as usize, along, "{pattern:?} {at} {encoding:?}");
                    assert!(c == '\n' || lines.offset(&text, position, encoding) == at);
                }
            }
        }
    }

    #[test]
    fn places_outside_are_the_nearest_inside() {
        let text = "ab\ncd";
        let lines = Lines::of(text);
        let offset = |line, character| lines.offset(text, Position { line, character }, Encoding::Utf16);
        assert_eq!((offset(0, 9), offset(1, 9), offset(7, 0)), (2, 5, 5));
        // The second half of a character is its beginning.
        let text = "𝒳";
        assert_eq!(Lines::of(text).offset(text, Position { line: 0, character: 1 }, Encoding::Utf16), 0);
    }
}
