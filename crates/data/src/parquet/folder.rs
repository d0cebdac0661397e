//! A folder of Parquet files, read as one table: the rows of its files, in the order of their names.
//!
//! Engines that write in parts leave such folders. What they put beside the parts begins with `_` or `.` and is passed over. A folder that
//! does not say plainly which rows its table has is refused: a verdict on some of them would be wrong.
//!
//! Of the files names and sizes are kept alone; each is opened when its turn comes, so that memory does not grow with their number.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, FieldRef, Schema, SchemaRef};

use super::Parquet;
use crate::batch::{Limits, Lines, Part, ReadBatches};
use crate::dialect::Dialect;
use crate::error::DataError;
use crate::no_table::NoTable;
use crate::table::{Stored, Table};
use crate::table_format::{OpenTable, TableFormat};
use crate::text::{Expected, Packing};
use crate::write::{Plan, converted};

/// What a look at a folder tells.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Its files.
    parts: Arc<[Table]>,
    /// The types of the columns. A column may have nulls if it may in some file.
    schema: SchemaRef,
}

impl Folder {
    /// Looks at a folder and at the footers of its files; `name` is what errors call it. Its columns are those of the first file.
    pub fn open(name: &str, path: &Path, dialect: &Arc<Dialect>, expected: Expected) -> Result<Folder, DataError> {
        let mut parts: Vec<Table> = Vec::new();
        let mut known: Option<SchemaRef> = None;
        for file in list(name, path)? {
            let at = path.join(&file);
            let shown = Path::new(name).join(&file).display().to_string();
            let size = fs::metadata(&at).map_err(|source| DataError::Read { file: shown.clone(), source })?.len();
            if size == 0 {
                return Err(DataError::Empty { file: shown });
            }
            let (stored, dialect) = (Stored::At(at), dialect.clone());
            let columns = parts.first().map_or_else(|| Arc::from([]), |first| first.columns.clone());
            let table = Table { name: shown, stored, size, columns, dialect, packing: Packing::Plain, expected };
            let (table, _, schema) = opened(table)?;
            known = Some(match (known, parts.first()) {
                (Some(known), Some(first)) => {
                    refuse_difference((name, &first.name, &known), (&table.name, &schema))?;
                    with_nulls_of(&known, &schema)
                }
                _ => schema,
            });
            parts.push(table);
        }
        let none = || DataError::Folder { folder: name.to_owned(), why: NoTable::NoFiles.into() };
        Ok(Folder { schema: known.ok_or_else(none)?, parts: parts.into() })
    }
}

/// The table with the columns that its footer names.
fn opened(mut table: Table) -> Result<(Table, Arc<dyn OpenTable>, SchemaRef), DataError> {
    let found = Parquet.inspect(&table)?;
    if *table.columns != *found.columns {
        table.columns = found.columns.into();
    }
    let schema = found.open.schema().unwrap_or_else(|| Arc::new(Schema::empty()));
    Ok((table, found.open, schema))
}

/// The names of the Parquet files in a folder, in order.
fn list(folder: &str, path: &Path) -> Result<Vec<OsString>, DataError> {
    let failed = |source: io::Error| DataError::Read { file: folder.to_owned(), source };
    let refused = |why: NoTable| Err(DataError::Folder { folder: folder.to_owned(), why: why.into() });
    let entries = fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.file_name()));
    let mut all: Vec<OsString> = entries.collect::<Result<_, _>>().map_err(failed)?;
    all.sort();
    // What a folder is that has one of these says more than what else is in it.
    for (known, log) in [("_delta_log", true), (".hoodie", true), ("_temporary", false)] {
        if all.iter().any(|name| name == known) {
            let name = known.to_owned();
            return refused(if log { NoTable::Log { name } } else { NoTable::Unfinished { name } });
        }
    }
    let (mut files, mut foreign) = (Vec::new(), Vec::new());
    for file in all {
        let name = file.to_string_lossy().into_owned();
        if name.starts_with(['_', '.']) {
            continue;
        }
        let at = path.join(&file);
        let extension = at.extension().map(|end| end.to_string_lossy().to_lowercase());
        if fs::metadata(&at).map_err(failed)?.is_dir() {
            return refused(NoTable::Folder { name });
        } else if extension.is_some_and(|end| Parquet.extensions().contains(&end.as_str())) {
            files.push(file);
        } else {
            foreign.push(name);
        }
    }
    if let Some((first, more)) = foreign.split_first() {
        return refused(NoTable::Foreign { name: first.clone(), more: more.len() });
    }
    Ok(files)
}

/// Fails if the columns of two files differ, and names the first that does.
fn refuse_difference(
    (folder, first, expected): (&str, &str, &Schema),
    (file, found): (&str, &Schema),
) -> Result<(), DataError> {
    let (known, own) = (expected.fields(), found.fields());
    let same = |a: &Field, b: &Field| a.name() == b.name() && a.data_type() == b.data_type();
    let place = (0..known.len().max(own.len())).find(|&place| match (known.get(place), own.get(place)) {
        (Some(known), Some(own)) => !same(known, own),
        _ => true,
    });
    let Some(place) = place else { return Ok(()) };
    let describe = |field: Option<&FieldRef>| match field {
        Some(field) => format!("a column `{}` of type {} in place {}", field.name(), field.data_type(), place + 1),
        None => format!("no column in place {}", place + 1),
    };
    let (found, expected) = (describe(own.get(place)), describe(known.get(place)));
    let why = NoTable::Differs { file: file.to_owned(), found, first: first.to_owned(), expected };
    Err(DataError::Folder { folder: folder.to_owned(), why: why.into() })
}

fn with_nulls_of(known: &SchemaRef, other: &Schema) -> SchemaRef {
    let both = known.fields().iter().zip(other.fields());
    let fields: Vec<FieldRef> = both
        .map(|(known, other)| match other.is_nullable() && !known.is_nullable() {
            true => Arc::new(Field::clone(known).with_nullable(true)),
            false => known.clone(),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, known.metadata().clone()))
}

impl OpenTable for Folder {
    fn read(&self, table: &Table, columns: &[usize], limits: Limits) -> Result<Box<dyn ReadBatches>, DataError> {
        let failed = |error| DataError::Read { file: table.name.clone(), source: io::Error::other(error) };
        Ok(Box::new(Reader {
            folder: table.name.clone(),
            parts: self.parts.clone(),
            whole: self.schema.clone(),
            schema: Arc::new(self.schema.project(columns).map_err(failed)?),
            columns: columns.to_vec(),
            limits,
            current: None,
            file: Arc::from(""),
            next: 0,
            first_row: 0,
            rows: 0,
            bytes: 0,
        }))
    }

    /// One file of the rows of all.
    fn copy(&self, plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
        converted(plan, self, &Parquet, out)
    }

    fn schema(&self) -> Option<SchemaRef> {
        Some(self.schema.clone())
    }

    fn parts(&self) -> &[Table] {
        &self.parts
    }
}

/// Reads the files one after another.
struct Reader {
    folder: String,
    parts: Arc<[Table]>,
    /// The columns of the files, and those that are read.
    whole: SchemaRef,
    schema: SchemaRef,
    columns: Vec<usize>,
    limits: Limits,
    current: Option<Box<dyn ReadBatches>>,
    /// What errors call the present file.
    file: Arc<str>,
    /// The file that comes next.
    next: usize,
    /// Rows in the files before the present one, and up to here.
    first_row: usize,
    rows: usize,
    /// Bytes of the files before the present one.
    bytes: u64,
}

impl Reader {
    /// Opens the next file; false if there is none. A file may have changed since the folder was opened.
    fn advance(&mut self) -> Result<bool, DataError> {
        let Some(part) = self.parts.get(self.next) else { return Ok(false) };
        let (table, open, schema) = opened(part.clone())?;
        let first = self.parts.first().map_or("", |first| first.name.as_str());
        refuse_difference((&self.folder, first, &self.whole), (&table.name, &schema))?;
        self.current = Some(open.read(&table, &self.columns, self.limits)?);
        self.file = Arc::from(table.name);
        (self.next, self.first_row) = (self.next + 1, self.rows);
        Ok(true)
    }
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        loop {
            let Some(current) = self.current.as_mut() else {
                if self.advance()? {
                    continue;
                }
                return Ok(None);
            };
            let Some(part) = current.next_batch()? else {
                self.current = None;
                self.bytes += self.parts.get(self.next - 1).map_or(0, |part| part.size);
                continue;
            };
            let options = RecordBatchOptions::new().with_row_count(Some(part.columns.num_rows()));
            let columns = part.columns.columns().to_vec();
            let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
                .map_err(|error| DataError::Read { file: self.folder.clone(), source: io::Error::other(error) })?;
            self.rows += columns.num_rows();
            let lines = Lines::OfPart { file: self.file.clone(), first: part.first_row };
            return Ok(Some(Part { columns, first_row: self.first_row + part.first_row, lines }));
        }
    }

    fn bytes_read(&self) -> u64 {
        self.bytes + self.current.as_ref().map_or(0, |current| current.bytes_read())
    }
}
