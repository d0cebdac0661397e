//! What a format is told of a table that it opens.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dialect::Dialect;
use super::error::DataError;
use super::text::{self, Expected, Packing, Text};

/// Where the bytes of a table are.
#[derive(Debug, Clone)]
pub(crate) enum Stored {
    At(PathBuf),
    /// Here; texts alone.
    InMemory(Arc<[u8]>),
    /// In several files, one after another.
    Parts(Arc<[PathBuf]>),
}

/// A file that holds a table: where it is, and how it is written.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// What messages call it.
    pub name: String,
    pub stored: Stored,
    /// In bytes.
    pub size: u64,
    /// The names of its columns; none before they are known.
    pub columns: Arc<[String]>,
    pub dialect: Arc<Dialect>,
    pub packing: Packing,
    pub expected: Expected,
}

impl Table {
    /// Its bytes, from the first.
    pub fn reopen(&self) -> Result<Box<dyn Read + Send>, DataError> {
        match &self.stored {
            Stored::At(_) => Ok(Box::new(self.file()?)),
            Stored::InMemory(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            Stored::Parts(paths) => Ok(Box::new(Chained { paths: paths.clone(), next: 0, file: None })),
        }
    }

    /// Where it is, if it is one file.
    pub fn path(&self) -> Option<&Path> {
        match &self.stored {
            Stored::At(path) => Some(path),
            Stored::InMemory(_) | Stored::Parts(_) => None,
        }
    }

    /// The file that it is, for formats that look into it here and there.
    pub fn file(&self) -> Result<File, DataError> {
        let file = match &self.stored {
            Stored::At(path) => File::open(path),
            Stored::InMemory(_) => Err(ErrorKind::Unsupported.into()),
            Stored::Parts(_) => Err(ErrorKind::Unsupported.into()),
        };
        file.map_err(|source| DataError::Read { file: self.name.clone(), source })
    }

    /// The text of a text format, from its beginning.
    pub fn text(&self) -> Result<Text, DataError> {
        text::open(self.reopen()?, &self.name, self.expected, self.packing, &self.dialect)
    }

    /// The byte between fields.
    pub fn delimiter(&self) -> u8 {
        self.dialect.delimiter(self.expected.delimiter)
    }
}

/// The bytes of several files.
struct Chained {
    paths: Arc<[PathBuf]>,
    next: usize,
    file: Option<File>,
}

impl Read for Chained {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(file) = self.file.as_mut() {
                match file.read(out)? {
                    0 if !out.is_empty() => self.file = None,
                    read => return Ok(read),
                }
            }
            let Some(path) = self.paths.get(self.next) else { return Ok(0) };
            self.file = Some(File::open(path)?);
            self.next += 1;
        }
    }
}

/// Only formats with delimiters have dialects, and one mark has one meaning.
pub(crate) fn check_dialect(file: &str, expected: Expected, dialect: &Dialect) -> Result<(), DataError> {
    let delimiter = dialect.delimiter(expected.delimiter);
    match expected.delimiter {
        None if *dialect != Dialect::default() => {
            Err(DataError::NoDialects { file: file.to_owned(), format: expected.label })
        }
        Some(_) if dialect.comment == Some(delimiter) => {
            Err(DataError::SameMark { file: file.to_owned(), mark: char::from(delimiter) })
        }
        _ => Ok(()),
    }
}

/// Fails if two columns have this name. Others may: nobody asks for them.
pub(crate) fn refuse_duplicate(file: &str, columns: &[String], name: &str) -> Result<(), DataError> {
    let mut places = columns.iter().zip(1..).filter(|(column, _)| *column == name).map(|(_, place)| place);
    match (places.next(), places.next()) {
        (Some(first), Some(second)) => {
            Err(DataError::DuplicateColumn { file: file.to_owned(), column: name.to_owned(), first, second })
        }
        _ => Ok(()),
    }
}
