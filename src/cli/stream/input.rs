//! The data of a stream, and which columns they have.
//!
//! JSON Lines have no header, and a key may come up late. A file is looked through for the columns that the spec reads and the
//! first line lacks. A pipe cannot be: there a column that may be null counts as there, and a label that may not is left out
//! as in any data without it; a line that has it all the same stops the stream.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::cli::stop::Stop;
use crate::data::{DataError, Format, TableStream, is_standard_input};
use crate::language::program::Program;

/// Opens the data of a stream, of which the columns of the program and `more` will be read.
pub fn open(data: &Path, format: Option<Format>, program: &Program, more: &[String]) -> Result<TableStream, Stop> {
    let (mut table, whole) = if is_standard_input(data) {
        let input: Box<dyn Read> = Box::new(io::stdin());
        (TableStream::open("standard input", input, format.unwrap_or(Format::Csv))?, redirected())
    } else {
        let name = data.display().to_string();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => DataError::NotFound { file: name.clone() },
            _ => DataError::Read { file: name.clone(), source },
        };
        let meta = fs::metadata(data).map_err(failed)?;
        if meta.is_dir() {
            return Err(DataError::Directory { file: name }.into());
        }
        // A pipe, or what was handed over as a descriptor, needs no extension.
        let named = meta.is_file() && !data.starts_with("/dev");
        let format = match format {
            Some(format) => format,
            None if named => Format::of_path(data)?,
            None => Format::of_path(data).unwrap_or(Format::Csv),
        };
        let file = File::open(data).map_err(failed)?;
        let whole = if meta.is_file() { Some(File::open(data).map_err(failed)?) } else { None };
        (TableStream::open(&name, Box::new(file), format)?, whole)
    };
    let columns = program.columns.iter().map(|column| column.header.as_str());
    let own = [Some(program.prediction.header.as_str()), program.weight.as_ref().map(|weight| weight.header.as_str())];
    match whole {
        Some(whole) => {
            let wanted: Vec<&str> = columns.chain(own.into_iter().flatten()).chain(more.iter().map(String::as_str)).collect();
            table.look_through(&wanted, Box::new(whole));
        }
        None => {
            let of = |wanted: &dyn Fn(bool, bool) -> bool| -> Vec<&str> {
                let columns = program.columns.iter().filter(|column| wanted(column.label, column.nullable));
                columns.map(|column| column.header.as_str()).collect()
            };
            table.expect(&of(&|_, nullable| nullable));
            if table.begins_empty() {
                // Not even the first line tells: what has to be there is, or its absence is an error of each line.
                table.expect(&of(&|label, _| !label));
                table.expect(&own.into_iter().flatten().chain(more.iter().map(String::as_str)).collect::<Vec<_>>());
            }
            table.bar(&of(&|label, nullable| label && !nullable));
        }
    }
    Ok(table)
}

/// Standard input from its beginning, if it is a file.
#[cfg(target_os = "linux")]
fn redirected() -> Option<File> {
    let path = Path::new("/proc/self/fd/0");
    let file = fs::metadata(path).is_ok_and(|meta| meta.is_file());
    file.then(|| File::open(path).ok()).flatten()
}

/// Standard input from its beginning, if it is a file.
#[cfg(not(target_os = "linux"))]
fn redirected() -> Option<File> {
    None
}
