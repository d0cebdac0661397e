//! Blocks to batches.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_array::RecordBatch;
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::Block;
use arrow_ipc::reader::FileDecoder;
use arrow_schema::ArrowError;

use super::footer::{Footer, damaged, size_of, with_batch, wrong};
use super::form::Form;
use crate::batch::{Lines, Part, ReadBatches};
use crate::decimals::check_decimals;
use crate::error::DataError;
use crate::guard::guard;
use crate::table::Table;

/// A block may unpack to this many bytes, or to [`MOST_PER_BYTE`] of each of its own if these are more.
const LONGEST_BLOCK: i64 = 1 << 30;
const MOST_PER_BYTE: i64 = 1 << 8;

/// The blocks of a file, decoded one after the other.
pub(super) struct Blocks {
    name: String,
    form: Form,
    file: File,
    decoder: FileDecoder,
    blocks: std::vec::IntoIter<(Block, bool)>,
    /// Bytes of the blocks decoded so far.
    pub bytes: u64,
}

impl Blocks {
    /// The columns at these places, which are ascending, or all.
    pub fn open(table: &Table, footer: &Footer, columns: Option<&[usize]>) -> Result<Self, DataError> {
        let mut decoder = FileDecoder::new(footer.schema.clone(), footer.version);
        if let Some(columns) = columns {
            decoder = decoder.with_projection(columns.to_vec());
        }
        let blocks = footer.in_order().into_iter();
        Ok(Self { name: table.name.clone(), form: footer.form, file: table.file()?, decoder, blocks, bytes: 0 })
    }

    /// The rows of the next block that has some.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, DataError> {
        while let Some((block, dictionary)) = self.blocks.next() {
            let (file, decoder) = (&mut self.file, &mut self.decoder);
            let decode = || decode(file, decoder, &block, dictionary);
            let batch = guard(&self.name, self.form.label(), decode)?;
            let batch = batch.map_err(|error| damaged(&self.name, self.form, &error))?;
            self.bytes += size_of(&block).unwrap_or(0);
            if batch.is_some() {
                return Ok(batch);
            }
        }
        Ok(None)
    }
}

/// The rows of a block; none of a dictionary, which the decoder keeps.
fn decode(
    file: &mut File,
    decoder: &mut FileDecoder,
    block: &Block,
    dictionary: bool,
) -> Result<Option<RecordBatch>, ArrowError> {
    let bytes = read_block(file, block)?;
    if dictionary {
        return decoder.read_dictionary(block, &bytes).map(|()| None);
    }
    let batch = decoder.read_record_batch(block, &bytes)?;
    batch.iter().try_for_each(check_decimals)?;
    Ok(batch)
}

/// The bytes of a block, of which the footer made sure that they are there.
fn read_block(file: &mut File, block: &Block) -> Result<Buffer, ArrowError> {
    let size = size_of(block).and_then(|size| usize::try_from(size).ok()).ok_or_else(|| wrong("a block is damaged"))?;
    let mut bytes = MutableBuffer::try_from_len_zeroed(size).map_err(|error| wrong(&error.to_string()))?;
    file.seek(SeekFrom::Start(u64::try_from(block.offset()).unwrap_or(0)))?;
    file.read_exact(&mut bytes)?;
    let (head, body) = bytes.split_at(usize::try_from(block.metaDataLength()).unwrap_or(0).min(size));
    check_packed(head, body)?;
    Ok(bytes.into())
}

/// Fails if packed buffers say that they are longer than what is made room for.
fn check_packed(head: &[u8], body: &[u8]) -> Result<(), ArrowError> {
    with_batch(head, |batch| {
        if batch.compression().is_none() {
            return Ok(());
        }
        let most = LONGEST_BLOCK.max(i64::try_from(body.len()).unwrap_or(i64::MAX).saturating_mul(MOST_PER_BYTE));
        let mut total = 0_i64;
        for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() > 0) {
            let start = usize::try_from(buffer.offset()).unwrap_or(usize::MAX);
            let size = body.get(start..).and_then(|bytes| bytes.first_chunk::<8>());
            // -1: not packed after all.
            let size = size.map_or(0, |bytes| i64::from_le_bytes(*bytes)).max(0);
            total = total.saturating_add(size);
            if size > LONGEST_BLOCK || total > most {
                let mebibytes = size.max(total) >> 20;
                return Err(wrong(&format!("a block says that it has {mebibytes} MiB; write it in smaller batches")));
            }
        }
        Ok(())
    })
}

/// Reads some columns of a file.
pub(super) struct Reader {
    blocks: Blocks,
    /// What is left of the last block.
    rest: Option<RecordBatch>,
    batch_rows: usize,
    next_row: usize,
}

impl Reader {
    /// A reader of the columns at `indices`, which are ascending.
    pub fn new(table: &Table, footer: &Footer, indices: &[usize], batch_rows: usize) -> Result<Self, DataError> {
        Ok(Self { blocks: Blocks::open(table, footer, Some(indices))?, rest: None, batch_rows, next_row: 0 })
    }
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        let whole = loop {
            let next = match self.rest.take() {
                Some(rest) => Some(rest),
                None => self.blocks.next()?,
            };
            match next {
                None => return Ok(None),
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => break batch,
            }
        };
        let rows = whole.num_rows().min(self.batch_rows);
        if whole.num_rows() > rows {
            self.rest = Some(whole.slice(rows, whole.num_rows() - rows));
        }
        let first_row = self.next_row;
        self.next_row += rows;
        Ok(Some(Part { columns: whole.slice(0, rows), first_row, lines: Lines::Absent }))
    }

    fn bytes_read(&self) -> u64 {
        self.blocks.bytes
    }
}
