//! Tells what is wrong when a spec meets data.

use super::console::Console;
use super::front::COMMAND_LINE;
use super::input::Spec;
use super::stop::{Failure, Stop};
use crate::bind::BindError;
use crate::language::diagnostic::json::Entry;
use crate::language::program::Program;
use crate::language::words::counted;
pub use crate::source::Fault;
use crate::tasks::{Context, Refused};

/// The faults of spec and data; what is no fault of them stops the command.
pub fn faults(errors: &[BindError], spec: &Spec, program: &Program) -> Result<Vec<Fault>, Stop> {
    crate::source::faults(errors, spec, program, &COMMAND_LINE).map_err(Stop::from)
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

/// Tells why a task has no result, and ends the command.
pub fn stop(refused: Refused, context: &Context<'_>, console: &Console) -> Stop {
    match refused.told(context) {
        Ok(faults) => tell(&faults, context.spec, console),
        Err(failure) => failure.into(),
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
