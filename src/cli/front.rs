//! The names by which messages speak of this front end's options and commands.

use crate::bind::Method;
use crate::language::program::Program;
use crate::runtime::online::Memory;
use crate::runtime::online::state::Kind;
use crate::source::{Front, Spec};
use crate::tasks::Context;

pub const COMMAND_LINE: Front = Front {
    relax: "`--on-infeasible relax`",
    randomize: "`--randomize 1`",
    reads_text: true,
    trim: "`--trim`",
    decimal_comma: "`--decimal ,`",
    stream: "`fairc stream`",
    all_diagnostics: "`--format json`",
    require_all: "`--require-all`",
    predictions: "`--pred`",
    any_predictions: "`--pred COL`",
    these_predictions: |column| format!("`--pred {column}`"),
    setting: |name, value| format!("`--set {name}={value}`"),
    apply_shifts: "`fairc project --frozen SHIFTS.json`",
    apply_thresholds: "`fairc decide --thresholds FILE.json`",
    writer: |kind| match kind {
        Kind::State => "`fairc stream --state`",
        Kind::Shifts => "`fairc freeze`",
        Kind::Thresholds => "`fairc decide --freeze`",
    },
    method: |method| match method {
        Method::Hard => "`pooled`".to_owned(),
        Method::Smooth { gain } => format!("`pooled --smooth` with gain {gain}"),
        Method::PrimalDual { step } => format!("`primal-dual` with step {step}"),
    },
    memory: |memory| match memory {
        Memory::All => "all samples".to_owned(),
        Memory::Window(length) => format!("`--window {length}`"),
        Memory::Decay(decay) => format!("`--decay {decay}`"),
    },
};

/// A spec for tasks, which speak to the user of the command line.
pub fn context<'a>(spec: &'a Spec, program: &'a Program) -> Context<'a> {
    Context { spec, program, front: &COMMAND_LINE }
}
