//! The bytes of a text table: unpacked, in UTF-8, and of the format that they are said to be.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;

use super::dialect::{Dialect, Encoding};
use super::error::DataError;

/// What may stand before a text in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text that is read from its beginning.
pub(super) type Text = Box<dyn Read + Send>;

/// Whether gzip is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// No: the name of the file says that it is plain.
    Plain,
    /// Yes: it ends in `.gz`.
    Gzip,
    /// Streams have no name.
    Either,
}

/// What a text is taken for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// What sentences call its format.
    pub label: &'static str,
    /// What separates its fields, if something does.
    pub delimiter: Option<u8>,
    /// Tells by the first bytes of a file if it is of one of the formats that can be read.
    pub recognise: fn(&[u8]) -> Option<Known>,
}

/// A format that can be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// What sentences call it.
    pub label: &'static str,
    /// The name by which a user asks for it.
    pub name: &'static str,
}

const GZIP: &[u8] = b"\x1f\x8b";
/// Bytes that are looked at.
pub(super) const HEAD: usize = 512;

/// What files begin with that cannot be read as they are, and what people call them.
const OTHERS: &[(&[u8], &str)] = &[
    (GZIP, "gzip"),
    (b"PK\x03\x04", "a ZIP archive, such as an Excel workbook"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind (.xls)"),
    (b"%PDF-", "PDF"),
    #[cfg(not(feature = "columnar"))]
    (b"PAR1", "Parquet"),
    #[cfg(not(feature = "columnar"))]
    (b"ARROW1", "Arrow IPC"),
    #[cfg(not(feature = "columnar"))]
    (b"\xff\xff\xff\xff", "streamed Arrow IPC"),
];

/// Looks at the beginning of a stream, and unpacks and decodes what follows.
///
/// # Errors
/// [`DataError::OtherFormat`] if it is something else.
pub(super) fn open(
    input: impl Read + Send + 'static,
    name: &str,
    expected: Expected,
    packing: Packing,
    dialect: &Dialect,
) -> Result<Text, DataError> {
    let (head, input) = peek(Box::new(input), name)?;
    let (head, input): (Vec<u8>, Text) = match (head.starts_with(GZIP), packing) {
        (true, Packing::Gzip | Packing::Either) => peek(Box::new(Unpacked::new(input)), name)?,
        (false, Packing::Gzip) if !head.is_empty() => {
            let (found, known) = found_by(&head, expected).unwrap_or(("plain text", None));
            return Err(DataError::OtherFormat { file: name.to_owned(), expected: "gzip", found, known });
        }
        _ => (head, input),
    };
    let encoding = dialect.encoding;
    match other_format(&head, expected).filter(|&(found, _)| found != "UTF-16" || encoding != Encoding::Utf16) {
        Some((found, known)) => {
            Err(DataError::OtherFormat { file: name.to_owned(), expected: expected.label, found, known })
        }
        None if encoding == Encoding::Utf8 => Ok(input),
        None => Ok(Box::new(Decoder { input, encoding, bytes: Vec::new(), text: Vec::new(), given: 0, big: None })),
    }
}

/// One read from a stream: more may not have come yet.
fn peek(mut input: Text, name: &str) -> Result<(Vec<u8>, Text), DataError> {
    let mut head = vec![0; HEAD];
    let count = loop {
        match input.read(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other.map_err(|source| DataError::Read { file: name.to_owned(), source })?,
        }
    };
    head.truncate(count);
    Ok((head.clone(), Box::new(Cursor::new(head).chain(input))))
}

/// What a file is called, and its name if it can be read.
pub(super) type Found = (&'static str, Option<&'static str>);

/// What the first bytes of a file say that it is, if they do.
fn found_by(head: &[u8], expected: Expected) -> Option<Found> {
    let other = |(magic, name): &(&[u8], &'static str)| head.starts_with(magic).then_some((*name, None));
    match (expected.recognise)(head) {
        Some(known) => (known.label != expected.label).then_some((known.label, Some(known.name))),
        None => OTHERS.iter().find_map(other),
    }
}

/// What the first bytes of a file say that it is, if not what is expected.
pub(super) fn other_format(head: &[u8], expected: Expected) -> Option<Found> {
    let utf16 = || {
        // Without a byte order mark: every other byte of ASCII text is 0, and the ones between are not. Blank lines before it may be left out of
        // copies.
        let blank = head.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let head = &head[blank..];
        let every =
            |first: usize, zero: bool| head.iter().skip(first).step_by(2).take(8).all(|&byte| (byte == 0) == zero);
        let is_utf16 = head.len() >= 4 && [0, 1].into_iter().any(|first| every(first, true) && every(1 - first, false));
        is_utf16.then_some(("UTF-16", None))
    };
    found_by(head, expected).or_else(utf16).or_else(|| Some((markup(head)?, None)))
}

/// Whether a file is a page, as one gets where a download asks for a login.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    let begins = |with: &str| text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()));
    let page = ["<!doctype html", "<html", "<head", "<table"].into_iter().any(begins);
    if page { Some("HTML") } else { begins("<?xml").then_some("XML") }
}

/// What gzip unpacks: one member after the other, and zeros behind the last, as tapes and blocks of fixed length leave them.
struct Unpacked(Option<GzDecoder<BufReader<Text>>>);

impl Unpacked {
    fn new(input: Text) -> Unpacked {
        Unpacked(Some(GzDecoder::new(BufReader::new(input))))
    }
}

impl Read for Unpacked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.0.take().map(GzDecoder::into_inner) else { break };
            if skip_zeros(&mut rest)? {
                self.0 = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Whether something comes behind zeros; an error if that is not gzip.
fn skip_zeros(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        match bytes.get(zeros) {
            None if zeros == 0 => return Ok(false),
            None => input.consume(zeros),
            Some(&byte) if GZIP.first() == Some(&byte) => {
                input.consume(zeros);
                return Ok(true);
            }
            Some(_) => return Err(invalid("something that is not gzip follows the packed data")),
        }
    }
}

/// Characters of another encoding as UTF-8.
struct Decoder {
    input: Text,
    encoding: Encoding,
    /// Bytes that are not decoded yet: at most a part of a character once `text` is filled.
    bytes: Vec<u8>,
    text: Vec<u8>,
    /// Bytes of `text` that have been handed out.
    given: usize,
    /// Of UTF-16, whether the first byte of two is the higher one; none before the first.
    big: Option<bool>,
}

/// Bytes that are decoded at once.
const PIECE: usize = 1 << 16;

impl Read for Decoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            let before = self.bytes.len();
            self.bytes.resize(before + PIECE, 0);
            let read = self.input.read(self.bytes.get_mut(before..).unwrap_or_default());
            self.bytes.truncate(before + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                return if self.bytes.is_empty() { Ok(0) } else { Err(invalid("the last character is cut")) };
            }
            match self.encoding {
                Encoding::Utf8 => self.text.append(&mut self.bytes),
                Encoding::Latin1 => self.decode_bytes(char::from),
                Encoding::Windows1252 => self.decode_bytes(windows_1252),
                Encoding::Utf16 => self.decode_units()?,
            }
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.given += count;
        Ok(count)
    }
}

impl Decoder {
    fn decode_bytes(&mut self, decode: impl Fn(u8) -> char) {
        let mut buffer = [0; 4];
        for byte in self.bytes.drain(..) {
            self.text.extend_from_slice(decode(byte).encode_utf8(&mut buffer).as_bytes());
        }
    }

    fn decode_units(&mut self) -> io::Result<()> {
        if self.big.is_none() && self.bytes.len() >= 2 {
            let marked = self.bytes.starts_with(b"\xfe\xff") || self.bytes.starts_with(b"\xff\xfe");
            // Without a mark the first character tells: the higher byte of an ASCII one is 0.
            self.big = Some(self.bytes.starts_with(if marked { b"\xfe" } else { b"\0" }));
            if marked {
                self.bytes.drain(..2);
            }
        }
        let pairs = self.bytes.as_chunks::<2>().0;
        let big = self.big == Some(true);
        let unit = |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
        // The second half of the last character may not have come yet.
        let cut = pairs.last().is_some_and(|pair| (0xd800..0xdc00).contains(&unit(pair)));
        let count = pairs.len() - usize::from(cut);
        let mut buffer = [0; 4];
        for character in char::decode_utf16(pairs.iter().take(count).map(unit)) {
            let character = match character.map_err(|_| invalid("half a character of UTF-16"))? {
                '\0' => return Err(invalid("the text has the character U+0000; is it UTF-32?")),
                character => character,
            };
            self.text.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        self.bytes.drain(..2 * count);
        Ok(())
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Bytes 0x80 to 0x9f; five of them are undefined and stay control characters, as browsers read them.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    byte.checked_sub(0x80).and_then(|place| HIGH.get(usize::from(place))).copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;

    fn decoded(bytes: &[u8], encoding: Encoding) -> Result<String, String> {
        /// A byte at a time: characters are cut everywhere.
        struct Slow(Vec<u8>, usize);
        impl Read for Slow {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let Some(byte) = self.0.get(self.1) else { return Ok(0) };
                out[0] = *byte;
                self.1 += 1;
                Ok(1)
            }
        }
        let dialect = Dialect { encoding, ..Dialect::default() };
        let slow = Slow(bytes.to_vec(), 0);
        let mut text = String::new();
        let mut input =
            open(slow, "f", Format::Csv.expected(), Packing::Plain, &dialect).map_err(|error| error.to_string())?;
        input.read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    #[test]
    fn characters_are_decoded() {
        assert_eq!(decoded(b"a\xe9\x80", Encoding::Latin1), Ok("aé\u{80}".to_owned()));
        assert_eq!(decoded(b"a\xe9\x80", Encoding::Windows1252), Ok("aé€".to_owned()));
        let units: Vec<u16> = "aé€😀".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(decoded(&[b"\xff\xfe", &little[..]].concat(), Encoding::Utf16), Ok("aé€😀".to_owned()));
        assert_eq!(decoded(&[b"\xfe\xff", &big[..]].concat(), Encoding::Utf16), Ok("aé€😀".to_owned()));
        assert_eq!(decoded(&little, Encoding::Utf16), Ok("aé€😀".to_owned()));
        assert_eq!(decoded(&big, Encoding::Utf16), Ok("aé€😀".to_owned()));
        assert!(decoded(&little[..9], Encoding::Utf16).is_err());
    }

    #[test]
    fn other_formats_are_named() {
        let found = |head: &[u8]| match open(
            Cursor::new(head.to_vec()),
            "f",
            Format::Csv.expected(),
            Packing::Plain,
            &Dialect::default(),
        ) {
            Err(DataError::OtherFormat { found, .. }) => found,
            _ => "",
        };
        assert_eq!(found(b"\x1f\x8b\x08"), "gzip");
        assert_eq!(found(b"\xff\xfea\0"), "UTF-16");
        assert_eq!(found(b"a\0,\0b\0\n\0"), "UTF-16");
        assert_eq!(found(b"\0a\0,\0b\0\n"), "UTF-16");
        assert_eq!(found(b"\n\n\0a\0,\0b\0\n"), "UTF-16");
        assert_eq!(found(b"\x03\0\0\0\0\0\n"), "", "zeros alone say nothing");
        assert_eq!(found(b" [\n{\"a\": 1}]"), "JSON Lines");
        assert_eq!(
            (found(b"\n<!doctype HTML>"), found(b"<HTML lang"), found(b"<?xml v"), found(b"<h,b\n")),
            ("HTML", "HTML", "XML", "")
        );
        assert!(found(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0").contains(".xls"));
        assert_eq!((found(b"a,b\n"), found(b""), found(b"{a,b\n"), found(b"{\"a\",b\n")), ("", "", "", ""));
    }

    #[test]
    fn gzip_is_read_to_its_end() {
        use std::io::Write;
        let packed = |text: &str| {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            out.write_all(text.as_bytes()).unwrap();
            out.finish().unwrap()
        };
        let unpacked = |bytes: &[u8]| {
            let mut text = String::new();
            let read = Unpacked::new(Box::new(Cursor::new(bytes.to_vec()))).read_to_string(&mut text);
            read.map(|_| text).map_err(|error| error.to_string())
        };
        let (one, two) = (packed("a,b\n"), packed("1,2\n"));
        let both = Ok("a,b\n1,2\n".to_owned());
        assert_eq!(unpacked(&[&one[..], &two].concat()), both);
        assert_eq!(unpacked(&[&one[..], &[0; 3], &two, &[0; 20_000]].concat()), both);
        assert!(unpacked(&[&one[..], b"x"].concat()).is_err_and(|error| error.contains("not gzip")));
        for end in 1..one.len() {
            assert!(unpacked(&one[..end]).is_err(), "{end}");
            assert!(unpacked(&[&one[..], &two[..end]].concat()).is_err(), "{end}");
        }
    }
}
