//! What a file says of its columns and blocks, looked at before the decoder believes it.
//!
//! The decoder makes room for as many bytes as a footer or the head of a block says. So all heads are read first: they are
//! small, and blocks are long.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, CompressionType, MetadataVersion, RecordBatch, Schema, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};

use super::form::Form;
use crate::bounds::check_rows;
use crate::error::DataError;
use crate::guard::guard;
use crate::table::Table;

/// What Feather of the first version begins with, which has nothing to do with Arrow IPC.
const FIRST_FEATHER: &[u8] = b"FEA1";
/// Length of the footer, and the mark behind it.
const TAIL: u64 = 10;
/// Bytes of the head of a block; it says the places of the buffers.
pub(super) const LONGEST_HEAD: i64 = 1 << 26;
/// Marks the length of a head as one of four bytes.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// What stands at the end of a file, and in the heads of its blocks. Of a stream, what was found on the way through it.
#[derive(Debug, Clone)]
pub(super) struct Footer {
    pub form: Form,
    pub schema: SchemaRef,
    pub version: MetadataVersion,
    pub dictionaries: Vec<Block>,
    pub batches: Vec<Block>,
    /// How the first batch is packed.
    pub compression: Option<CompressionType>,
    /// Pairs that stand beside those of the schema.
    pub pairs: HashMap<String, String>,
}

impl Footer {
    /// The blocks as they are to be decoded, and whether each is a dictionary. One of a stream may take the place of another
    /// from there on; in a file all hold from the start.
    pub fn in_order(&self) -> Vec<(Block, bool)> {
        let dictionaries = self.dictionaries.iter().map(|block| (*block, true));
        let mut blocks: Vec<_> = dictionaries.chain(self.batches.iter().map(|block| (*block, false))).collect();
        match self.form {
            Form::File => {}
            Form::Stream => blocks.sort_by_key(|(block, _)| block.offset()),
        }
        blocks
    }
}

pub(super) fn read_footer(table: &Table) -> Result<Footer, DataError> {
    look(table, Form::File, parse)
}

/// What `parse` finds in a table that begins as one in this form.
pub(super) fn look(
    table: &Table,
    form: Form,
    parse: fn(&mut File, u64) -> Result<Footer, ArrowError>,
) -> Result<Footer, DataError> {
    let mut file = table.file()?;
    let failed = |source| DataError::Read { file: table.name.clone(), source };
    let mut head = Vec::new();
    (&mut file).take(512).read_to_end(&mut head).map_err(failed)?;
    if !head.starts_with(form.begins()) {
        return Err(foreign(table, &head, form));
    }
    let found = guard(&table.name, form.label(), || parse(&mut file, table.size))?;
    found.map_err(|error| damaged(&table.name, form, &error))
}

/// A table that does not begin as one of Arrow IPC in this form.
fn foreign(table: &Table, head: &[u8], form: Form) -> DataError {
    let file = table.name.clone();
    let known = (table.expected.recognise)(head).map(|known| (known.label, Some(known.name)));
    let first_feather = || head.starts_with(FIRST_FEATHER).then_some(("the first version of Feather", None));
    let begins = match form {
        Form::File => "it does not begin with `ARROW1`",
        Form::Stream => "it does not begin as one",
    };
    match known.or_else(first_feather) {
        Some((found, known)) => DataError::OtherFormat { file, expected: form.label(), found, known },
        None => DataError::Damaged { file, format: form.label(), message: begins.to_owned() },
    }
}

fn parse(file: &mut File, length: u64) -> Result<Footer, ArrowError> {
    let cut = || wrong("it is cut off");
    let end = length.checked_sub(TAIL).ok_or_else(cut)?;
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    let size = read_footer_length(tail).map_err(|_| cut())?;
    let start = end.checked_sub(size as u64).ok_or_else(cut)?;
    let mut bytes = vec![0; size];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    let footer = root_as_footer(&bytes).map_err(|_| wrong("its footer is damaged"))?;
    let schema = footer.schema().ok_or_else(|| wrong("it has no schema"))?;
    let pairs = footer.custom_metadata().into_iter().flatten();
    let mut known = Footer {
        form: Form::File,
        schema: known_schema(schema)?,
        version: footer.version(),
        dictionaries: footer.dictionaries().into_iter().flatten().copied().collect(),
        batches: footer.recordBatches().into_iter().flatten().copied().collect(),
        compression: None,
        pairs: pairs.filter_map(|pair| Some((pair.key()?.to_owned(), pair.value()?.to_owned()))).collect(),
    };
    check_blocks(file, length, &mut known)?;
    Ok(known)
}

/// The columns and their types.
pub(super) fn known_schema(schema: Schema<'_>) -> Result<SchemaRef, ArrowError> {
    if !schema.endianness().equals_to_target_endianness() {
        return Err(wrong("its bytes are in the order of another kind of machine"));
    }
    Ok(try_fb_to_schema(schema)?.into())
}

/// Fails if blocks lie outside the file or are counted twice, or if what their heads say cannot be.
pub(super) fn check_blocks(file: &mut File, length: u64, footer: &mut Footer) -> Result<(), ArrowError> {
    let (mut total, mut rows) = (0_u64, 0_u64);
    for (number, block) in footer.dictionaries.iter().chain(&footer.batches).enumerate() {
        let size = size_of(block).filter(|_| i64::from(block.metaDataLength()) <= LONGEST_HEAD);
        let end = size.zip(u64::try_from(block.offset()).ok()).and_then(|(size, start)| start.checked_add(size));
        total = size.and_then(|size| total.checked_add(size)).unwrap_or(u64::MAX);
        if end.is_none_or(|end| end > length) || total > length {
            return Err(wrong("a block lies outside the file"));
        }
        let mut head = vec![0; usize::try_from(block.metaDataLength()).unwrap_or(0)];
        file.seek(SeekFrom::Start(u64::try_from(block.offset()).unwrap_or(0)))?;
        file.read_exact(&mut head)?;
        let counted = with_batch(&head, |batch| {
            if number == footer.dictionaries.len() {
                footer.compression = batch.compression().map(|packed| packed.codec());
            }
            check_batch(&batch, block, length)
        })?;
        if number >= footer.dictionaries.len() {
            rows = rows.saturating_add(counted);
        }
    }
    check_rows(rows, length).map_err(ArrowError::IpcError)
}

/// The bytes of a block, head and body.
pub(super) fn size_of(block: &Block) -> Option<u64> {
    let head = u64::try_from(block.metaDataLength()).ok().filter(|&head| head >= 8)?;
    head.checked_add(u64::try_from(block.bodyLength()).ok()?)
}

/// Calls `look` with what the head of a block says of its batch, that of the values of a dictionary included.
pub(super) fn with_batch<T>(
    head: &[u8],
    look: impl FnOnce(RecordBatch<'_>) -> Result<T, ArrowError>,
) -> Result<T, ArrowError> {
    let start = if head.starts_with(&CONTINUATION) { 8 } else { 4 };
    let damaged = || wrong("the head of a block is damaged");
    let message = root_as_message(head.get(start..).unwrap_or_default()).map_err(|_| damaged())?;
    let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    look(message.header_as_record_batch().or(dictionary).ok_or_else(damaged)?)
}

/// The rows of a batch.
fn check_batch(batch: &RecordBatch<'_>, block: &Block, length: u64) -> Result<u64, ArrowError> {
    let rows = |count: i64| {
        let rows = u64::try_from(count).map_err(|_| wrong("a count of rows is wrong"))?;
        check_rows(rows, length).map(|()| rows).map_err(ArrowError::IpcError)
    };
    for node in batch.nodes().into_iter().flatten() {
        rows(node.length())?;
        if node.null_count() < 0 || node.null_count() > node.length() {
            return Err(wrong("a count of nulls is wrong"));
        }
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let end = buffer.offset().checked_add(buffer.length());
        if buffer.offset() < 0 || buffer.length() < 0 || end.is_none_or(|end| end > block.bodyLength()) {
            return Err(wrong("a buffer lies outside its block"));
        }
    }
    rows(batch.length())
}

pub(super) fn wrong(message: &str) -> ArrowError {
    ArrowError::IpcError(message.to_owned())
}

pub(super) fn damaged(name: &str, form: Form, error: &ArrowError) -> DataError {
    DataError::Damaged { file: name.to_owned(), format: form.label(), message: plain(error) }
}

/// The decoder's words without its prefixes.
pub(super) fn plain(error: &ArrowError) -> String {
    let message = error.to_string();
    let short = message.split_once(" error: ").map_or(message.as_str(), |(_, rest)| rest);
    short.trim_end_matches('.').to_owned()
}
