//! The command line as a front end of the tasks.

use crate::language::program::Program;
use crate::source::Spec;
use crate::tasks::Context;

pub use crate::source::COMMAND_LINE;

/// A spec for tasks, which speak to the user of the command line.
pub fn context<'a>(spec: &'a Spec, program: &'a Program) -> Context<'a> {
    Context { spec, program, front: &COMMAND_LINE }
}
