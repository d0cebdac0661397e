//! A page of HTML beside the report of a command.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::stop::Stop;
use crate::data::{STANDARD_STREAM, write_text};

/// The file of a page. The report itself goes to standard output.
pub fn file(text: &str) -> Result<PathBuf, String> {
    match text {
        STANDARD_STREAM => Err("the page is written to a file: name one".to_owned()),
        _ => Ok(PathBuf::from(text)),
    }
}

/// Writes the page, if there is a file for it.
pub fn write(path: Option<&Path>, page: impl FnOnce() -> String, console: &Console) -> Result<(), Stop> {
    let Some(path) = path else { return Ok(()) };
    write_text(path, &page())?;
    console.note(&format!("wrote {}", path.display()));
    Ok(())
}
