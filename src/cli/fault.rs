//! What is wrong when a spec meets data, as diagnostics.

use super::console::Console;
use super::input::{Content, Spec};
use super::stop::{Failure, Stop};
use crate::bind::BindError;
use crate::language::diagnostic::human::{Look, render_with};
use crate::language::diagnostic::json::{ColumnPlace, Entry, Place};
use crate::language::diagnostic::{Code, Diagnostic, Label};
use crate::language::program::{Origin, Program};
use crate::language::span::{Sources, Span};
use crate::language::syntax::ast;
use crate::report::counted;

/// A diagnostic whose place may be in a table.
#[derive(Clone, Debug)]
pub struct Fault {
    pub diagnostic: Diagnostic,
    /// Places that no label can point to.
    pub places: Vec<Place>,
}

impl Fault {
    pub fn entry(&self, spec: &Spec) -> Entry {
        let nothing = Sources::default();
        let mut entry = Entry::new(&self.diagnostic, spec.sources().unwrap_or(&nothing));
        entry.labels.extend(self.places.iter().cloned());
        entry
    }

    pub fn rendered(&self, spec: &Spec, look: Look) -> String {
        let nothing = Sources::default();
        // Places in tables are part of the message.
        let noted = self.places.iter().filter(|place| place.column.is_none());
        let note = |place: &Place| match place.line {
            Some(line) => format!("{}:{line}: {}", place.file, place.label),
            None => format!("{}: {}", place.file, place.label),
        };
        let notes: Vec<String> = noted.map(note).collect();
        render_with(&self.diagnostic, &notes, spec.sources().unwrap_or(&nothing), look)
    }
}

/// The faults of spec and data; what is no fault of them stops the command.
pub fn faults(errors: &[BindError], spec: &Spec, program: &Program) -> Result<Vec<Fault>, Stop> {
    errors.iter().map(|error| fault(error, spec, program)).collect()
}

/// Why data could not be made ready.
#[derive(Debug)]
pub enum Trouble {
    Faults(Vec<BindError>),
    Stop(Stop),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Trouble::Stop(stop)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Stop(failure.into())
    }
}

impl Trouble {
    /// Tells the faults, for a command that cannot go on.
    pub fn told(self, spec: &Spec, program: &Program, console: &Console) -> Stop {
        match self {
            Trouble::Faults(errors) => refuse(&errors, spec, program, console),
            Trouble::Stop(stop) => stop,
        }
    }
}

/// Tells the faults and ends the command with no.
pub fn refuse(errors: &[BindError], spec: &Spec, program: &Program, console: &Console) -> Stop {
    match faults(errors, spec, program) {
        Ok(faults) => tell(&faults, spec, console),
        Err(stop) => stop,
    }
}

/// Says what the faults are: on standard error for people, on standard output for programs.
pub fn tell(faults: &[Fault], spec: &Spec, console: &Console) -> Stop {
    if console.is_json() {
        let entries: Vec<Entry> = faults.iter().map(|fault| fault.entry(spec)).collect();
        if let Err(stop) = console.json(&serde_json::json!({ "ok": false, "diagnostics": entries })) {
            return stop;
        }
    }
    let texts: Vec<String> = faults.iter().map(|fault| fault.rendered(spec, console.err_look())).collect();
    console.say(&format!("{}\n{}\n", texts.join("\n"), counted(faults.len(), "error")));
    Stop::Refused
}

fn fault(error: &BindError, spec: &Spec, program: &Program) -> Result<Fault, Stop> {
    let code = match error {
        // Arguments, not data.
        BindError::UnknownParam { .. } => None,
        BindError::Data(_) => None,
        other => other.code(),
    };
    let Some(code) = code else {
        return Err(Stop::Failed(Failure::new(error.to_string(), error.help())));
    };
    let mut fault = Fault {
        diagnostic: Diagnostic {
            code: Code(code),
            message: error.to_string(),
            help: Some(error.help()),
            labels: Vec::new(),
        },
        places: Vec::new(),
    };
    match error {
        BindError::ParamOutOfRange { name, .. } => fault.diagnostic.labels.extend(declaration(name, spec)),
        BindError::ColumnMissing { file, header, .. } => {
            fault.places.push(Place { line: None, ..table_place(file, header, "", "no such column") })
        }
        BindError::EmptyEvent { row, .. }
        | BindError::CrossedSides { row, .. }
        | BindError::CrossedBounds { row, .. }
        | BindError::Undefined { row, .. } => at_row(&mut fault, row, "this row", spec, program),
        other => {
            if let Some(at) = other.offenders() {
                fault.places.extend(
                    at.first
                        .iter()
                        .map(|place| Place { line: place.line, ..table_place(&at.file, &at.column, &place.value, "") }),
                );
            }
        }
    }
    Ok(fault)
}

fn table_place(file: &str, column: &str, text: &str, label: &str) -> Place {
    Place {
        file: file.to_owned(),
        start: None,
        end: None,
        line: None,
        column: Some(ColumnPlace::Name(column.to_owned())),
        text: text.to_owned(),
        label: label.to_owned(),
    }
}

/// Points at the constraint that gave a row: in its source where that was read, else by what the artefact says.
pub fn at_row(fault: &mut Fault, row: &str, words: &str, spec: &Spec, program: &Program) {
    let origins = program.rows.iter().map(|row| &row.origins);
    let origins = origins.chain(program.sample_rows.iter().map(|row| &row.origins)).flatten();
    let Some(origin) = origins.into_iter().find(|origin| origin.name == row) else { return };
    match constraint_span(origin, spec) {
        Some(span) => {
            let label = Label { span, text: words.to_owned() };
            // Rows of one constraint share its place: the first is told whole, the others by name.
            match fault.diagnostic.labels.iter_mut().find(|other| other.span == span) {
                Some(known) => known.text.push_str(&format!(", likewise `{row}`")),
                None => fault.diagnostic.labels.push(label),
            }
        }
        None => fault.places.push(Place {
            file: origin.file.clone(),
            start: Some(origin.start),
            end: Some(origin.end),
            line: Some(u64::from(origin.line)),
            column: None,
            text: origin.text.clone(),
            label: words.to_owned(),
        }),
    }
}

/// The comparison as written.
fn constraint_span(origin: &Origin, spec: &Spec) -> Option<Span> {
    let Content::Source(compilation) = &spec.content else { return None };
    let same = compilation.hir.constraints.iter().find(|constraint| constraint.name == origin.constraint)?;
    Some(same.body_span)
}

/// Where a param is declared: its range, if it has one.
fn declaration(name: &str, spec: &Spec) -> Option<Label> {
    let Content::Source(compilation) = &spec.content else { return None };
    let items = compilation.files.iter().flat_map(|(_, parsed)| &parsed.file.items);
    let mut params = items.filter_map(|item| match &item.kind {
        ast::ItemKind::Param(param) if param.name.text == name => Some(param),
        _ => None,
    });
    let param = params.next()?;
    let span = param.range.as_ref().map_or(param.name.span, |range| range.span);
    Some(Label { span, text: "the declared range".to_owned() })
}
