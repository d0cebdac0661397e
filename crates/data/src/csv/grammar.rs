//! Records with comments, or with spaces and tabs around quotes. The `csv-core` crate takes the spaces for text, and does not end a
//! comment at a lone `\r`, as it does a record.

use csv_core::ReadRecordResult;

use super::spans::is_space;
use crate::dialect::Dialect;
use crate::text::BYTE_ORDER_MARK;

/// Reads records as `csv_core::Reader` does, by the same rules but for comments, and for spaces where they are trimmed: those
/// before a field are left out, and so are those behind a closing quote.
pub(super) struct OwnReader {
    delimiter: u8,
    comment: Option<u8>,
    quotes: bool,
    trim: bool,
    state: State,
    /// Whether something was read.
    begun: bool,
    line: u64,
    /// Bytes of text of the current record.
    length: usize,
}

#[derive(Clone, Copy)]
enum State {
    /// Line ends and comments may come.
    Record,
    Comment,
    /// Only spaces were read.
    Field,
    Text,
    Quoted,
    /// A quote stands before, which closes the field if no other follows.
    Quote,
    Closed,
}

/// What a byte adds.
enum Adds {
    Nothing,
    Text,
    /// The end of the field, and perhaps of the record.
    End,
}

impl OwnReader {
    pub fn new(delimiter: u8, dialect: &Dialect) -> Self {
        let &Dialect { comment, quotes, trim, .. } = dialect;
        Self { delimiter, comment, quotes, trim, state: State::Record, begun: false, line: 1, length: 0 }
    }

    /// The line of the next byte: line feeds so far, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// As `csv_core::Reader::read_record`.
    pub fn read_record(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        ends: &mut [usize],
    ) -> (ReadRecordResult, usize, usize, usize) {
        let (mut read, mut wrote, mut ended) = (0, 0, 0);
        if !self.begun {
            self.begun = true;
            read = if input.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        }
        while let Some(&byte) = input.get(read) {
            let (Some(text), Some(end)) = (output.get_mut(wrote), ends.get_mut(ended)) else {
                let full = match wrote == output.len() {
                    true => ReadRecordResult::OutputFull,
                    false => ReadRecordResult::OutputEndsFull,
                };
                return (full, read, wrote, ended);
            };
            read += 1;
            self.line += u64::from(byte == b'\n');
            match self.step(byte) {
                Adds::Nothing => {}
                Adds::Text => {
                    *text = byte;
                    wrote += 1;
                    self.length += 1;
                }
                Adds::End => {
                    *end = self.length;
                    ended += 1;
                    if matches!(self.state, State::Record) {
                        self.length = 0;
                        return (ReadRecordResult::Record, read, wrote, ended);
                    }
                }
            }
        }
        (ReadRecordResult::InputEmpty, read, wrote, ended)
    }

    /// Goes on by one byte.
    fn step(&mut self, byte: u8) -> Adds {
        let is_end = matches!(byte, b'\r' | b'\n');
        let is_quote = self.quotes && byte == b'"';
        let is_space = self.trim && is_space(byte, self.delimiter);
        let (state, adds) = match self.state {
            State::Record if is_end => (State::Record, Adds::Nothing),
            State::Record if Some(byte) == self.comment => (State::Comment, Adds::Nothing),
            State::Comment if is_end => (State::Record, Adds::Nothing),
            State::Comment => (State::Comment, Adds::Nothing),
            State::Quoted if is_quote => (State::Quote, Adds::Nothing),
            State::Quoted => (State::Quoted, Adds::Text),
            State::Quote if is_quote => (State::Quoted, Adds::Text),
            _ if is_end => (State::Record, Adds::End),
            _ if byte == self.delimiter => (State::Field, Adds::End),
            State::Quote | State::Closed if is_space => (State::Closed, Adds::Nothing),
            State::Record | State::Field if is_space => (State::Field, Adds::Nothing),
            State::Record | State::Field if is_quote => (State::Quoted, Adds::Nothing),
            // Text behind a closing quote too, as in `csv_core`: `Records` refuses that.
            _ => (State::Text, Adds::Text),
        };
        self.state = state;
        adds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All records, however the input is cut, and whether the last one is open.
    fn records(text: &str, size: usize, trim: bool) -> (Vec<Vec<String>>, bool) {
        let mut reader = OwnReader::new(b',', &Dialect { comment: Some(b'#'), trim, ..Dialect::default() });
        let (mut records, mut texts, mut stops) = (Vec::new(), Vec::new(), Vec::new());
        for mut input in text.as_bytes().chunks(size) {
            while !input.is_empty() {
                let (mut output, mut ends) = ([0; 3], [0; 2]);
                let (result, read, wrote, ended) = reader.read_record(input, &mut output, &mut ends);
                texts.extend_from_slice(&output[..wrote]);
                stops.extend_from_slice(&ends[..ended]);
                input = &input[read..];
                if matches!(result, ReadRecordResult::Record) {
                    let starts = std::iter::once(0).chain(stops.iter().copied());
                    let field =
                        |(start, end): (usize, &usize)| String::from_utf8_lossy(&texts[start..*end]).into_owned();
                    records.push(starts.zip(&stops).map(field).collect());
                    (texts, stops) = (Vec::new(), Vec::new());
                }
            }
        }
        (records, !texts.is_empty() || !stops.is_empty())
    }

    #[test]
    fn records_are_the_same_however_they_are_cut() {
        let text = "\u{feff}# a \"comment\r\n\r\n  \"x,\"\t, y ,\"\"\n\t\"p\n\"\"q\",\"r,\",\r\"\", z\"z , \n";
        let expected = [vec!["x,", "y ", ""], vec!["p\n\"q", "r,", ""], vec!["", "z\"z ", ""]];
        for size in [3, 4, 5, 100] {
            let (records, open) = records(text, size, true);
            assert_eq!(records, expected, "{size}");
            assert!(!open);
        }
        assert_eq!(records("a,\"b\n", 100, true), (vec![], true));
    }

    #[test]
    fn a_comment_ends_as_records_do() {
        for end in ["\n", "\r", "\r\n"] {
            let text = "#x\na, \"b\"\n#y,\"\n\n#\nc,#\n".replace('\n', end);
            for size in [3, 100] {
                assert_eq!(
                    records(&text, size, false),
                    (vec![vec!["a".to_owned(), " \"b\"".into()], vec!["c".into(), "#".into()]], false)
                );
                assert_eq!(records(&text, size, true).0[0], ["a", "b"]);
            }
        }
    }
}
