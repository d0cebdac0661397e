//! Places as pages count them: in units of UTF-16.

/// Byte offsets of a text to UTF-16 offsets.
pub struct Places {
    /// `(byte, unit)` behind each character that is not one unit for one byte.
    jumps: Vec<(usize, usize)>,
    length: usize,
}

impl Places {
    pub fn of(text: &str) -> Places {
        let mut unit = 0;
        let mut jumps = Vec::new();
        for (byte, c) in text.char_indices() {
            unit += c.len_utf16();
            if c.len_utf8() != 1 {
                jumps.push((byte + c.len_utf8(), unit));
            }
        }
        Places { jumps, length: text.len() }
    }

    /// An offset beyond the end is the end; inside a character, that character's end.
    pub fn at(&self, byte: usize) -> usize {
        let byte = byte.min(self.length);
        let known = self.jumps.partition_point(|&(behind, _)| behind <= byte);
        let (behind, unit) = known.checked_sub(1).and_then(|last| self.jumps.get(last)).copied().unwrap_or_default();
        unit + (byte - behind)
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn places_are_those_of_utf16() {
        let text = "aä€😀b😀";
        let places = Places::of(text);
        for (byte, _) in text.char_indices().chain([(text.len(), ' ')]) {
            assert_eq!(places.at(byte), text[..byte].encode_utf16().count(), "{byte}");
        }
        assert_eq!(places.at(1000), text.encode_utf16().count());
        assert_eq!(Places::of("").at(3), 0);
    }
}
