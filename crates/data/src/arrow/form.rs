//! The two forms that the blocks of Arrow IPC are stored in.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Schema};

/// Whether a footer says where the blocks are, or they follow one another to an end mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    File,
    Stream,
}

impl Form {
    /// What sentences call it.
    pub fn label(self) -> &'static str {
        match self {
            Form::File => "Arrow IPC",
            Form::Stream => "streamed Arrow IPC",
        }
    }

    /// What it begins with.
    pub fn begins(self) -> &'static [u8] {
        match self {
            Form::File => b"ARROW1",
            Form::Stream => &[0xff; 4],
        }
    }
}

/// A table being written.
pub(super) enum Writer<W: Write> {
    File(FileWriter<W>),
    Stream(StreamWriter<W>),
}

impl<W: Write> Writer<W> {
    /// Begins a table of these columns, with buffers packed so.
    pub fn open(form: Form, out: W, schema: &Schema, packing: Option<CompressionType>) -> Result<Self, ArrowError> {
        let options = IpcWriteOptions::default().try_with_compression(packing)?;
        match form {
            Form::File => FileWriter::try_new_with_options(out, schema, options).map(Self::File),
            Form::Stream => StreamWriter::try_new_with_options(out, schema, options).map(Self::Stream),
        }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        }
    }

    /// Adds a pair beside those of the schema; streams have no place for one.
    pub fn note(&mut self, key: &str, value: &str) {
        match self {
            Self::File(writer) => writer.write_metadata(key, value),
            Self::Stream(_) => {}
        }
    }

    pub fn finish(&mut self) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.finish(),
            Self::Stream(writer) => writer.finish(),
        }
    }
}
