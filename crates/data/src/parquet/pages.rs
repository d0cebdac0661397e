//! What a file says about its sizes, looked at before the decoder believes it.
//!
//! The decoder makes room for as many bytes as the head of a page says, up to 2 GiB for each of a few bytes. So the heads
//! of the pages that will be decoded are read first; they are small, and one stands before each page of about a mebibyte.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use parquet::arrow::ProjectionMask;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::delta::{self, unsigned, wrong};
use crate::bounds::check_rows;

/// A longer page is not decoded. Writers make pages of about a mebibyte, beyond that only for single long values.
const LONGEST_PAGE: i64 = 1 << 28;
/// Nesting of the structures in the head of a page.
const DEEPEST: u32 = 8;
/// DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY in the heads of pages.
const DELTA: [i64; 2] = [6, 7];
/// Bytes of the head of a page; it holds the smallest and the largest value.
const LONGEST_HEAD: i64 = 1 << 24;

/// Fails if chunks lie outside the file, or if counts of rows contradict each other.
pub(super) fn check_footer(metadata: &ParquetMetaData, length: u64) -> Result<(), ParquetError> {
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        let counted = Some(group.num_rows()).filter(|&rows| rows >= 0);
        rows = counted.and_then(|own| rows.checked_add(own)).ok_or_else(|| wrong("a count of rows is wrong"))?;
        for chunk in group.columns() {
            let start = start_of(chunk);
            let end = start.checked_add(chunk.compressed_size()).and_then(|end| u64::try_from(end).ok());
            if start < 0 || chunk.compressed_size() < 0 || end.is_none_or(|end| end > length) {
                return Err(wrong("a column lies outside the file"));
            }
            if chunk.column_descr().max_rep_level() == 0 && chunk.num_values() != group.num_rows() {
                return Err(wrong("columns differ in length"));
            }
        }
    }
    check_rows(u64::try_from(rows).unwrap_or(u64::MAX), length).map_err(|message| wrong(&message))?;
    match metadata.file_metadata().num_rows() == rows {
        true => Ok(()),
        false => Err(wrong("its counts of rows contradict each other")),
    }
}

/// Where the first page of a column stands.
fn start_of(chunk: &ColumnChunkMetaData) -> i64 {
    chunk.dictionary_page_offset().filter(|&start| start > 0).unwrap_or(chunk.data_page_offset())
}

/// Fails if a page of these columns is longer than what is decoded.
pub(super) fn check(file: &File, metadata: &ParquetMetaData, mask: &ProjectionMask) -> Result<(), ParquetError> {
    let mut input = BufReader::with_capacity(1 << 10, file.try_clone()?);
    for group in metadata.row_groups() {
        for (_, chunk) in group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
            let start = start_of(chunk);
            let end = start.saturating_add(chunk.compressed_size());
            if check_chunk(&mut input, start, end, chunk.num_values())? {
                delta::check(file, chunk, group.num_rows())?;
            }
        }
    }
    input.seek(SeekFrom::Start(0))?;
    Ok(())
}

/// Whether a page of the chunk holds texts in a delta encoding, which have lengths to be looked at.
fn check_chunk(input: &mut BufReader<File>, start: i64, end: i64, values: i64) -> Result<bool, ParquetError> {
    let offset = |at: i64| u64::try_from(at).map_err(|_| wrong("a column lies outside the file"));
    let (mut at, mut seen, mut delta) = (start, 0, false);
    input.seek(SeekFrom::Start(offset(at)?))?;
    // The decoder reads on behind the last value, so these heads are checked too.
    while at < end {
        let longest = LONGEST_HEAD.min(end - at);
        let mut head = Head { input: input.by_ref().take(longest.cast_unsigned()), page: Page::default() };
        head.read()?;
        let size = longest.saturating_sub_unsigned(head.input.limit());
        let page = head.page;
        if page.long > LONGEST_PAGE {
            let (mebibytes, most) = (page.long >> 20, LONGEST_PAGE >> 20);
            return Err(wrong(&format!("a page says that it has {mebibytes} MiB; {most} can be read")));
        }
        if page.short < 0 || page.long < 0 || page.values < 0 {
            return Err(wrong("the size of a page is negative"));
        }
        if page.short > end - at - size {
            return Err(wrong("a page is longer than its column"));
        }
        if page.values > values - seen {
            return Err(wrong("its pages have more values than its columns"));
        }
        delta |= DELTA.contains(&page.encoding);
        seen += page.values;
        at = at.saturating_add(size).saturating_add(page.short);
        input.seek_relative(page.short)?;
    }
    Ok(delta)
}

/// What the head of a page says: its bytes packed and unpacked, and its values and their encoding if these are data.
#[derive(Clone, Copy, Debug, Default)]
struct Page {
    long: i64,
    short: i64,
    values: i64,
    encoding: i64,
}

/// The head of a page in Thrift's compact protocol; all but a few numbers is skipped.
struct Head<R> {
    input: R,
    page: Page,
}

impl<R: BufRead> Head<R> {
    /// PageHeader: 2 and 3 are the sizes, 5 and 8 the heads of data pages, of which 1 is the number of values, and 2 or 4 the encoding.
    fn read(&mut self) -> Result<(), ParquetError> {
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (2, 5) => self.page.long = self.number()?,
                (3, 5) => self.page.short = self.number()?,
                (5 | 8, 12) => {
                    let mut inner = 0;
                    while let Some(kind) = self.field(&mut inner)? {
                        match (inner, kind) {
                            (1, 5) => self.page.values = self.number()?,
                            (2, 5) if id == 5 => self.page.encoding = self.number()?,
                            (4, 5) if id == 8 => self.page.encoding = self.number()?,
                            // The decoder goes by the number of a field alone.
                            (1..=4, kind) if kind != 5 => return Err(wrong("the head of a page is damaged")),
                            (_, kind) => self.skip(kind, 0)?,
                        }
                    }
                }
                (2 | 3 | 5 | 8, _) => return Err(wrong("the head of a page is damaged")),
                (_, kind) => self.skip(kind, 0)?,
            }
        }
        Ok(())
    }

    /// The type of the next field, and its number; none at the end of a structure.
    fn field(&mut self, id: &mut i64) -> Result<Option<u8>, ParquetError> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *id = match byte >> 4 {
            0 => self.number()?,
            step => id.saturating_add(i64::from(step)),
        };
        Ok(Some(byte & 15))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Result<(), ParquetError> {
        if depth > DEEPEST {
            return Err(wrong("the head of a page is damaged"));
        }
        match kind {
            1 | 2 => Ok(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.number().map(|_| ()),
            7 => self.pass(8),
            8 => unsigned(&mut self.input).and_then(|length| self.pass(length)),
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { unsigned(&mut self.input)? } else { u64::from(head >> 4) };
                // Booleans in lists have a byte each; nothing is shorter than that, so the head bounds the count.
                (0..count).try_for_each(|_| match head & 15 {
                    1 | 2 => self.pass(1),
                    kind => self.skip(kind, depth + 1),
                })
            }
            12 => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(wrong("the head of a page is damaged")),
        }
    }

    fn byte(&mut self) -> Result<u8, ParquetError> {
        let mut byte = [0];
        self.input.read_exact(&mut byte).map_err(|_| wrong("the head of a page is damaged"))?;
        Ok(byte[0])
    }

    fn pass(&mut self, count: u64) -> Result<(), ParquetError> {
        let passed = std::io::copy(&mut self.input.by_ref().take(count), &mut std::io::sink())?;
        if passed == count { Ok(()) } else { Err(wrong("the head of a page is damaged")) }
    }

    /// A number in zigzag order.
    fn number(&mut self) -> Result<i64, ParquetError> {
        let value = unsigned(&mut self.input)?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_what_is_unknown_is_skipped() {
        // A data page: type 0, 2^31 - 1 bytes unpacked, 5 packed; its head with 3 values, encodings, and statistics in
        // which a text of two bytes stands; a list of three numbers in a field that does not exist.
        let bytes = [
            0x15, 0x00, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0x0a, 0x2c, 0x15, 0x06, 0x15, 0x00, 0x15, 0x06, 0x15,
            0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x00, 0x00, 0x79, 0x35, 0x02, 0x04, 0x06, 0x00, 0xff,
        ];
        let mut head = Head { input: &bytes[..], page: Page::default() };
        head.read().unwrap();
        assert_eq!((head.page.long, head.page.short, head.page.values), ((1 << 31) - 1, 5, 3));
        assert_eq!(head.input, [0xff]);
        for cut in 0..bytes.len() - 1 {
            assert!(Head { input: &bytes[..cut], page: Page::default() }.read().is_err());
        }
        // The number of values, or what holds it, of another type.
        for (at, byte) in [(11, 0x17), (10, 0x25)] {
            let mut other = bytes;
            other[at] = byte;
            assert!(Head { input: &other[..], page: Page::default() }.read().is_err(), "{at}");
        }
        let nested = [0x1c; 99];
        assert!(Head { input: &nested[..], page: Page::default() }.read().is_err());
    }
}
