//! Where the blocks of a stream are: each says how long it is, so one is found behind the other.
//!
//! ```text
//! mark, length │ schema │ mark, length │ block │ .. │ mark, zero
//! ```
//!
//! A stream that ends without its mark may have lost rows, and so may one with something behind it, such as a second stream.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::{Block, Message, MessageHeader, root_as_message};
use arrow_schema::ArrowError;

use super::footer::{CONTINUATION, Footer, LONGEST_HEAD, check_blocks, known_schema, look, wrong};
use super::form::Form;
use crate::error::DataError;
use crate::table::Table;

/// The mark and the length before a head.
const PREFIX: u64 = 8;

pub(super) fn read_blocks(table: &Table) -> Result<Footer, DataError> {
    look(table, Form::Stream, walk)
}

fn walk(file: &mut File, length: u64) -> Result<Footer, ArrowError> {
    let first = read_head(file, 0, length)?.ok_or_else(|| wrong("it has no schema"))?;
    let message = parse(&first)?;
    let schema = message.header_as_schema().ok_or_else(|| wrong("it does not begin with a schema"))?;
    let mut known = Footer {
        form: Form::Stream,
        schema: known_schema(schema)?,
        version: message.version(),
        dictionaries: Vec::new(),
        batches: Vec::new(),
        compression: None,
        pairs: Default::default(),
    };
    let mut at = end_of(0, &first, &message, length)?;
    while let Some(head) = read_head(file, at, length)? {
        let message = parse(&head)?;
        let size = PREFIX.saturating_add(head.len() as u64);
        let offset = i64::try_from(at).map_err(|_| cut())?;
        let block = Block::new(offset, i32::try_from(size).map_err(|_| cut())?, message.bodyLength());
        match message.header_type() {
            MessageHeader::DictionaryBatch => known.dictionaries.push(block),
            MessageHeader::RecordBatch => known.batches.push(block),
            _ => return Err(wrong("it has something other than rows")),
        }
        at = end_of(at, &head, &message, length)?;
    }
    if at.checked_add(PREFIX) != Some(length) {
        return Err(wrong("something follows its end"));
    }
    check_blocks(file, length, &mut known)?;
    Ok(known)
}

/// The head at a place without its mark and length; none at the end mark.
fn read_head(file: &mut File, at: u64, length: u64) -> Result<Option<Vec<u8>>, ArrowError> {
    let left = length.checked_sub(at).and_then(|left| left.checked_sub(PREFIX)).ok_or_else(cut)?;
    let (mut mark, mut size) = ([0; 4], [0; 4]);
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut mark)?;
    file.read_exact(&mut size)?;
    if mark != CONTINUATION {
        return Err(wrong("a block does not begin as one"));
    }
    let size = i32::from_le_bytes(size);
    if size == 0 {
        return Ok(None);
    }
    if i64::from(size) > LONGEST_HEAD {
        return Err(wrong("the head of a block is damaged"));
    }
    let size = usize::try_from(size).map_err(|_| wrong("the head of a block is damaged"))?;
    if size as u64 > left {
        return Err(cut());
    }
    let mut head = vec![0; size];
    file.read_exact(&mut head)?;
    Ok(Some(head))
}

fn parse(head: &[u8]) -> Result<Message<'_>, ArrowError> {
    root_as_message(head).map_err(|_| wrong("the head of a block is damaged"))
}

/// Where the next message begins.
fn end_of(at: u64, head: &[u8], message: &Message<'_>, length: u64) -> Result<u64, ArrowError> {
    let body = u64::try_from(message.bodyLength()).map_err(|_| wrong("the head of a block is damaged"))?;
    let end = at.checked_add(PREFIX).and_then(|end| end.checked_add(head.len() as u64));
    end.and_then(|end| end.checked_add(body)).filter(|end| *end <= length).ok_or_else(cut)
}

fn cut() -> ArrowError {
    wrong("it is cut off")
}
