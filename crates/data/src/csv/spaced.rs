//! Records in which spaces and tabs may stand around quotes, which the `csv-core` crate takes for text.

use csv_core::ReadRecordResult;

use super::spans::is_space;

/// Reads records as `csv_core::Reader` does, by the same rules but for the spaces: those before a field are left out, and so
/// are those behind a closing quote.
pub(super) struct Spaced {
    delimiter: u8,
    comment: Option<u8>,
    state: State,
    line: u64,
    /// Bytes of text of the current record.
    length: usize,
}

#[derive(Clone, Copy)]
enum State {
    /// Nothing was read.
    File,
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

impl Spaced {
    pub fn new(delimiter: u8, comment: Option<u8>) -> Self {
        Self { delimiter, comment, state: State::File, line: 1, length: 0 }
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
        if matches!(self.state, State::File) {
            self.state = State::Record;
            read = if input.starts_with(super::records::BYTE_ORDER_MARK) { 3 } else { 0 };
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
        let (state, adds) = match self.state {
            State::File | State::Record if is_end => (State::Record, Adds::Nothing),
            State::File | State::Record if Some(byte) == self.comment => (State::Comment, Adds::Nothing),
            State::Comment if byte == b'\n' => (State::Record, Adds::Nothing),
            State::Comment => (State::Comment, Adds::Nothing),
            State::Quoted if byte == b'"' => (State::Quote, Adds::Nothing),
            State::Quoted => (State::Quoted, Adds::Text),
            State::Quote if byte == b'"' => (State::Quoted, Adds::Text),
            _ if is_end => (State::Record, Adds::End),
            _ if byte == self.delimiter => (State::Field, Adds::End),
            State::Quote | State::Closed if is_space(byte, self.delimiter) => (State::Closed, Adds::Nothing),
            State::File | State::Record | State::Field if is_space(byte, self.delimiter) => {
                (State::Field, Adds::Nothing)
            }
            State::File | State::Record | State::Field if byte == b'"' => (State::Quoted, Adds::Nothing),
            // Text behind a closing quote too, as in `csv_core`: `Records` refuses that.
            _ => (State::Text, Adds::Text),
        };
        self.state = state;
        adds
    }
}
