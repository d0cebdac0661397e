//! Specs of the command line: told when they are not valid.

use super::console::Console;
use super::front::COMMAND_LINE;
use super::stop::Stop;
use crate::language::diagnostic::Severity;
use crate::language::program::Program;
use crate::language::words::counted;
pub use crate::source::{Content, LONGEST, Spec, name_of, open_lines, read_text, read_text_within, rows};

impl Spec {
    /// The program, for a command that needs a valid spec: errors are told, warnings counted.
    pub fn valid(&self, console: &Console) -> Result<&Program, Stop> {
        let Some(program) = self.program() else {
            if console.is_json() {
                console.json(&serde_json::json!({ "ok": false, "diagnostics": self.entries() }))?;
            }
            console.say(&format!("{}{}\n", self.rendered(console.err_look(), &COMMAND_LINE), self.summary(0)));
            return Err(Stop::Refused);
        };
        match self.count(Severity::Warning) {
            0 => {}
            warnings => {
                console.note(&format!("{}; see `fairc check {}`", counted(warnings, "warning"), self.name));
            }
        }
        Ok(program)
    }
}
