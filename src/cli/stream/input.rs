//! The data of a stream, and which columns they have.
//!
//! JSON Lines have no header, and a key may come up late. A file is looked through for the columns that the spec reads and the
//! first line lacks. A pipe cannot be: there a column that may be null counts as there, and a label that may not is left out
//! as in any data without it; a line that has it all the same stops the stream.

use std::path::Path;

use crate::cli::form::Form;
use crate::cli::stop::Stop;
use crate::data::TableStream;
use crate::language::program::Program;

/// Opens the data of a stream, of which the columns of the program and `more` will be read.
pub fn open(form: &Form, data: &Path, program: &Program, more: &[String]) -> Result<TableStream, Stop> {
    let mut table = form.stream(data)?;
    if table.has_header() {
        return Ok(table);
    }
    let columns = |wanted: &dyn Fn(bool, bool) -> bool| -> Vec<&str> {
        let columns = program.data_columns().filter(|column| wanted(column.label, column.nullable));
        columns.map(|column| column.header.as_str()).collect()
    };
    let weight = program.weight.as_ref().map(|weight| weight.header.as_str());
    let own = [Some(program.prediction.header.as_str()), weight].into_iter().flatten();
    let own: Vec<&str> = own.chain(more.iter().map(String::as_str)).collect();
    match form.stream_again(data) {
        Some(whole) => {
            let wanted = [columns(&|_, _| true), own.clone()].concat();
            table.look_through(&wanted, whole);
            if table.begins_empty() && table.columns().is_empty() {
                // No line has an object: nothing is answered, as in a table of a header alone.
                table.expect(&columns(&|label, _| !label));
                table.expect(&own);
            }
        }
        None => {
            table.expect(&columns(&|_, nullable| nullable));
            if table.begins_empty() {
                // Not even the first line tells. What has to be there is, or each line without it is an error.
                table.expect(&columns(&|label, _| !label));
                table.expect(&own);
            }
            table.bar(&columns(&|label, nullable| label && !nullable));
        }
    }
    Ok(table)
}
