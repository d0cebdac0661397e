//! How many lengths a page of texts in a delta encoding says that it has, looked at before the decoder makes room for them.
//!
//! The decoder believes the head of the lengths, up to 2⁶⁴ of them in a page of a few bytes, and memory that cannot be had ends the
//! process. So where a page is in such an encoding its heads are read first: there are no more lengths than the page has values.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

/// Fails if a page of a column says that it has more lengths than values.
pub(super) fn check(file: &File, chunk: &ColumnChunkMetaData, rows: i64) -> Result<(), ParquetError> {
    let rows = usize::try_from(rows).map_err(|_| wrong("a count of rows is wrong"))?;
    let mut pages = SerializedPageReader::new(Arc::new(file.try_clone()?), chunk, rows, None)?;
    while let Some(page) = pages.get_next_page()? {
        let most = u64::from(page.num_values());
        let (bytes, encoding) = match &page {
            Page::DataPage { buf, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let described = chunk.column_descr();
                let levels =
                    [(rep_level_encoding, described.max_rep_level()), (def_level_encoding, described.max_def_level())];
                let mut values = levels.into_iter().filter(|(_, highest)| *highest > 0);
                (values.try_fold(&buf[..], |rest, level| behind(rest, most, level)), *encoding)
            }
            Page::DataPageV2 { buf, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                (buf.get(levels..), *encoding)
            }
            Page::DictionaryPage { .. } => continue,
        };
        let lists = match encoding {
            Encoding::DELTA_BYTE_ARRAY => 2,
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            _ => continue,
        };
        let mut rest = bytes.ok_or_else(|| wrong("the levels of a page are longer than the page"))?;
        let mut known = None;
        for list in 1..=lists {
            let found = lengths(rest, most, list == lists).ok_or_else(|| wrong("the lengths in a page are cut off"))?;
            let (count, behind) = found?;
            if *known.get_or_insert(count) != count {
                return Err(wrong("the texts of a page have more beginnings than ends, or fewer"));
            }
            rest = behind;
        }
    }
    Ok(())
}

/// What follows the levels of so many values: these begin with their length, but in an encoding long given up.
fn behind<'a>(bytes: &'a [u8], values: u64, (encoding, highest): (&Encoding, i16)) -> Option<&'a [u8]> {
    #[allow(deprecated, reason = "files may have it")]
    if *encoding == Encoding::BIT_PACKED {
        let bits = u64::from(i16::BITS - highest.leading_zeros());
        return bytes.get(usize::try_from((values * bits).div_ceil(8)).ok()?..);
    }
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)
}

/// How many lengths a list has, and what follows it unless it is the last; none if it is cut off.
fn lengths(bytes: &[u8], most: u64, is_last: bool) -> Option<Result<(u64, &[u8]), ParquetError>> {
    let mut rest = bytes;
    let mut number = || unsigned(&mut rest).ok();
    let (block, parts, count) = (number()?, number()?, number()?);
    number()?;
    if count > most {
        return Some(Err(wrong(&format!("a page of {most} values says that it has {count} lengths"))));
    }
    if is_last {
        return Some(Ok((count, rest)));
    }
    let each = block.checked_div(parts).filter(|each| *each > 0)?;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        unsigned(&mut rest).ok()?;
        let (widths, values) = rest.split_at_checked(usize::try_from(parts).ok()?)?;
        rest = values;
        for width in widths {
            if left == 0 {
                break;
            }
            let bytes = each.checked_mul(u64::from(*width))?.div_ceil(8);
            rest = rest.get(usize::try_from(bytes).ok()?..)?;
            left = left.saturating_sub(each);
        }
    }
    Some(Ok((count, rest)))
}

/// A number in groups of seven bits.
pub(super) fn unsigned(input: &mut impl Read) -> Result<u64, ParquetError> {
    let (mut value, mut byte) = (0, [0]);
    for shift in (0..64).step_by(7) {
        input.read_exact(&mut byte).map_err(|_| wrong("the head of a page is damaged"))?;
        value |= u64::from(byte[0] & 127) << shift;
        if byte[0] < 128 {
            return Ok(value);
        }
    }
    Err(wrong("the head of a page is damaged"))
}

pub(super) fn wrong(message: &str) -> ParquetError {
    ParquetError::General(message.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;
    use parquet::file::properties::{WriterProperties, WriterVersion};

    use super::*;
    use crate::tests::Room;

    fn written(
        room: &Room,
        texts: &[Option<String>],
        encoding: Encoding,
        version: WriterVersion,
    ) -> std::path::PathBuf {
        let column: ArrayRef = Arc::new(texts.iter().cloned().collect::<StringArray>());
        let batch = RecordBatch::try_from_iter_with_nullable([("t", column, true)]).unwrap();
        let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding);
        let properties = properties.set_writer_version(version).set_data_page_row_count_limit(700).build();
        let path = room.path("texts.parquet");
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }

    fn checked(path: &std::path::Path) -> Result<(), String> {
        let file = File::open(path).unwrap();
        let metadata = ArrowReaderMetadata::load(&file, Default::default()).unwrap();
        let group = metadata.metadata().row_group(0);
        check(&file, group.column(0), group.num_rows()).map_err(|error| error.to_string())
    }

    /// What writers write passes, of any length; a count of lengths that is too high does not reach the decoder.
    #[test]
    fn pages_have_no_more_lengths_than_values() {
        let room = Room::new();
        let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
        for (encoding, version) in [Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY]
            .into_iter()
            .flat_map(|encoding| versions.map(|version| (encoding, version)))
        {
            for count in [1, 2, 31, 32, 33, 100, 128, 129, 160, 161, 2500] {
                let text = |i: usize| (i % 7 != 3).then(|| "x".repeat(i * i % 90) + &i.to_string());
                let texts: Vec<Option<String>> = (0..count).map(text).collect();
                checked(&written(&room, &texts, encoding, version)).unwrap();
            }
            let texts: Vec<Option<String>> = (0..100).map(|i| Some(i.to_string())).collect();
            let path = written(&room, &texts, encoding, version);
            let mut bytes = fs::read(&path).unwrap();
            // Blocks of 128 in four parts, of 100 lengths.
            let heads: Vec<usize> = (0..bytes.len() - 4).filter(|&at| bytes[at..at + 4] == [0x80, 1, 4, 100]).collect();
            assert!(!heads.is_empty());
            for at in heads {
                bytes[at + 3] = 127;
                fs::write(&path, &bytes).unwrap();
                let why = checked(&path).unwrap_err();
                assert!(why.contains("a page of 100 values says that it has 127 lengths"), "{why}");
                bytes[at + 3] = 100;
            }
        }
    }
}
