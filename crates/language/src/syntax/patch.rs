//! A declaration as it would read with some mistakes mended.
//!
//! Where the fix of a mistake is known it is assumed, and reading goes on. What is then read has places in the mended text;
//! this module takes them back to the text of the author.

use std::ops::Range;

/// A part of a text, and what is to stand in it instead.
pub(super) struct Patch<'t> {
    text: &'t str,
    range: Range<usize>,
    /// In order, apart from each other.
    edits: Vec<(Range<usize>, String)>,
}

impl<'t> Patch<'t> {
    pub fn new(text: &'t str, range: Range<usize>) -> Patch<'t> {
        Patch { text, range, edits: Vec::new() }
    }

    /// The whole text as its author wrote it.
    pub fn author(&self) -> &'t str {
        self.text
    }

    /// The mended text.
    pub fn mended(&self) -> String {
        let mut out = String::new();
        let mut at = self.range.start;
        for (place, text) in &self.edits {
            out.push_str(self.text.get(at..place.start).unwrap_or_default());
            out.push_str(text);
            at = place.end;
        }
        out.push_str(self.text.get(at..self.range.end).unwrap_or_default());
        out
    }

    /// The place in the author's text behind a range of the mended one; all of an edit that it touches.
    pub fn original(&self, mended: Range<usize>) -> Range<usize> {
        let start = self.place(mended.start, false);
        start..self.place(mended.end, true).max(start)
    }

    fn place(&self, offset: usize, end: bool) -> usize {
        // How far the mended text is ahead of the author's.
        let (mut at, mut from) = (self.range.start, 0);
        for (place, text) in &self.edits {
            let until = from + (place.start - at);
            if offset < until || (offset == until && (end || text.is_empty())) {
                break;
            }
            if offset < until + text.len() {
                return if end { place.end } else { place.start };
            }
            (at, from) = (place.end, until + text.len());
        }
        (at + (offset - from)).min(self.range.end)
    }

    /// The place of a range of the author's text in the mended one.
    pub fn mended_range(&self, original: Range<usize>) -> Range<usize> {
        let place = |offset: usize| {
            let (mut at, mut from) = (self.range.start, 0);
            for (place, text) in self.edits.iter().take_while(|(place, _)| place.end <= offset) {
                from += place.start - at + text.len();
                at = place.end;
            }
            from + offset.saturating_sub(at)
        };
        let start = place(original.start);
        start..place(original.end).max(start)
    }

    /// Adds an edit of the author's text; false if it would touch an earlier one.
    pub fn add(&mut self, place: Range<usize>, text: String) -> bool {
        let inside = self.range.start <= place.start && place.end <= self.range.end;
        let apart = |(known, _): &(Range<usize>, String)| known.end < place.start || place.end < known.start;
        if !inside || !self.edits.iter().all(apart) {
            return false;
        }
        let at = self.edits.partition_point(|(known, _)| known.start < place.start);
        self.edits.insert(at, (place, text));
        true
    }

    /// Takes back the edits in these places.
    pub fn take_back(&mut self, places: &[Range<usize>]) {
        self.edits.retain(|(place, _)| !places.contains(place));
    }
}

#[cfg(test)]
mod tests {
    use super::Patch;

    #[test]
    fn places_lead_back_to_the_text_of_the_author() {
        let text = "xx a 0.5 && b yy";
        let mut patch = Patch::new(text, 3..13);
        assert!(patch.add(4..4, " =".to_owned()));
        assert!(patch.add(9..11, "and".to_owned()));
        assert!(!patch.add(10..12, "or".to_owned()));
        assert!(!patch.add(0..1, String::new()));
        let mended = patch.mended();
        assert_eq!(mended, "a = 0.5 and b");
        for word in ["a", "0.5", "and", "b"] {
            let at = mended.find(word).unwrap();
            let back = patch.original(at..at + word.len());
            assert_eq!(&text[back], if word == "and" { "&&" } else { word });
        }
        assert_eq!(patch.original(0..mended.len()), 3..13);
        patch.take_back(std::slice::from_ref(&(9..11)));
        assert_eq!(patch.mended(), "a = 0.5 && b");
    }
}
