//! Copies of a folder file by file, into a folder of the same names.

use std::path::Path;

use super::{Output, Plan};
use crate::error::DataError;
use crate::new_folder::NewFolder;
use crate::source::Source;
use crate::table::Table;
use crate::table_format::Inspected;
use crate::write::plan::Added;

/// Writes each file of a folder with its share of the added columns.
pub(super) fn copy(source: &Source, added: &[Added<'_>], output: &Output<'_>) -> Result<(), DataError> {
    let whole = Plan::new(source.table(), added, output.existing, output.path, output.progress)?;
    let new = NewFolder::begin(output.path)?;
    let (mut rows, mut bytes) = (0, 0);
    for part in source.opened().parts() {
        let Some(name) = part.path().and_then(Path::file_name) else { continue };
        let progress = |read: u64| whole.report(bytes + read);
        let Inspected { columns, open } = source.format().table_format().inspect(part)?;
        let part = Table { columns: columns.into(), ..part.clone() };
        let plan = Plan::new(&part, added, output.existing, output.path, Some(&progress))?.starting_at(rows);
        rows += new.write(name, |out| open.copy(&plan, out))?;
        bytes += part.size;
    }
    whole.check_rows(rows)?;
    new.finish()
}
