//! The column that `project` and `decide` add to the data: where it is written, and what is said of that.

use std::path::Path;

use serde_json::Value;

use super::console::Console;
use super::stop::{Failure, Stop};
use crate::data::{Added, Format, OnExisting, Output, STANDARD_STREAM, Source, Values, write_with_columns};
use crate::language::program::Program;
use crate::report::fit;

/// A column, and the file that has it with the data; without a file it is only spoken of.
pub struct NewColumn<'a> {
    pub name: String,
    pub output: Option<&'a Path>,
    /// Where the extension of the file does not tell it.
    pub format: Option<Format>,
    /// Takes the place of a column of this name.
    pub replace: bool,
}

impl NewColumn<'_> {
    /// Fails if the data to be written have the column already, and it is not to be replaced or the spec tells groups by it, or if the output
    /// cannot be written for what is there. Asked before the work is done, not after.
    pub fn refuse_existing(&self, source: &Source, program: &Program) -> Result<(), Failure> {
        let NewColumn { name, output, replace, .. } = self;
        if output.is_some() && *replace && program.data_columns().any(|column| column.header == *name) {
            let message = format!("`--replace` would write over the column `{name}`, which the spec reads");
            return Err(Failure::new(message, "choose another with `--name`"));
        }
        if output.is_some() && !replace && source.columns().contains(name) {
            let message = format!("`{}` already has a column `{name}`", source.name());
            return Err(Failure::new(message, "choose another with `--name`, or replace it with `--replace`"));
        }
        self.as_output().map_or(Ok(()), |output| output.refuse_existing(source)).map_err(Failure::from)
    }

    fn as_output(&self) -> Option<Output<'_>> {
        let existing = if self.replace { OnExisting::Replace } else { OnExisting::Refuse };
        Some(Output { format: self.format, existing, ..Output::new(self.output?) })
    }

    /// Writes the data with the column, if there is a file for them.
    pub fn write<'v>(&self, source: &Source, values: impl Into<Values<'v>>, console: &Console) -> Result<(), Stop> {
        let Some(output) = self.as_output() else { return Ok(()) };
        let bar = console.bar("writing", source.size());
        let output = Output { progress: Some(&|bytes| bar.set_position(bytes)), ..output };
        let added = [Added { name: &self.name, values: values.into() }];
        let written = write_with_columns(source, &added, &output);
        bar.finish_and_clear();
        Ok(written?)
    }

    /// Shows a report, as JSON or for people, with what was `written`, and behind that `more` fields or `lines`. It goes to
    /// standard output unless the data do.
    pub fn show(
        &self,
        written: bool,
        json: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
        (more, lines): (Vec<(&str, Value)>, &str),
        console: &Console,
    ) -> Result<(), Stop> {
        let busy = self.output == Some(Path::new(STANDARD_STREAM));
        let file = self.output.filter(|_| written && !busy);
        if console.is_json() {
            let mut value = json();
            if let Some(fields) = value.as_object_mut() {
                if let Some(output) = file {
                    fields.insert("output".into(), output.display().to_string().into());
                    fields.insert("column".into(), self.name.as_str().into());
                }
                more.into_iter().for_each(|(name, value)| drop(fields.insert(name.to_owned(), value)));
            }
            if busy {
                console.answer_beside();
            }
            return console.json(&value);
        }
        let mut text = text();
        if let Some(output) = file {
            text.push_str(&format!("\nwrote {} with the new column `{}`\n", output.display(), self.name));
        }
        text.push_str(lines);
        if busy {
            console.report_beside(&text);
            Ok(())
        } else {
            console.report(&fit(&text, console.out_look().width))
        }
    }

    /// Says that nothing was asked to be written.
    pub fn note_unwritten(&self, console: &Console) {
        if self.output.is_none() && !console.is_json() {
            console.note(&format!("nothing written; `-o OUT` writes the data with the column `{}`", self.name));
        }
    }
}
