//! `fairc check --fix` and `--diff`: the edits of diagnostics, made or shown.

use std::path::Path;

use super::console::Console;
use super::input::{Spec, name_of, read_text};
use super::stop::Stop;
use super::unified::diff;
use crate::data::{STANDARD_STREAM, write_text};
use crate::language::diagnostic::mend_sure;
use crate::language::words::counted;

/// Shows what the sure edits would change, and makes them if `write` says so. Only the spec itself is changed, no import;
/// the file is written whole or not at all.
pub fn run(path: &Path, show: bool, write: bool, console: &Console) -> Result<(), Stop> {
    let name = name_of(path);
    let Ok(text) = read_text(path)? else { return Ok(()) };
    if Spec::is_compiled(path, &text) {
        return Ok(());
    }
    if path == Path::new(STANDARD_STREAM) {
        return Err(Stop::failed("standard input cannot be mended in place", "name a file"));
    }
    let (mended, made) = mended(path, &name, &text);
    if made == 0 {
        return Ok(());
    }
    if show && !console.is_json() {
        console.print(&super::format::colored(&diff(&name, "mended", &text, &mended), console))?;
    }
    if write {
        write_text(path, &mended)?;
        console.note(&format!("{} mended in {name}", counted(made, "mistake")));
    }
    Ok(())
}

/// The text after all sure edits, and how many mistakes these mend.
fn mended(path: &Path, name: &str, text: &str) -> (String, usize) {
    mend_sure(text, |text| Spec::of_text(path, name, text).diagnostics().to_vec())
}
