//! The names by which messages speak of this front end's arguments and functions.

use fairc::bind::Method;
use fairc::runtime::online::Memory;
use fairc::runtime::online::state::Kind;
use fairc::source::Front;

pub const PYTHON: Front = Front {
    relax: "`on_infeasible=\"relax\"`",
    randomize: "`randomize=1`",
    // Tables come as numbers, texts and levels.
    reads_text: false,
    trim: "",
    decimal_comma: "",
    stream: "`fairc.Stream`",
    all_diagnostics: "`error.diagnostics`",
    require_all: "`require_all=True`",
    predictions: "`predictions`",
    any_predictions: "`predictions=\"COL\"`",
    these_predictions: |column| format!("`predictions={column:?}`"),
    setting: |name, value| format!("`params={{{name:?}: {value}}}`"),
    apply_shifts: "`Program.apply`",
    apply_thresholds: "`fairc decide --thresholds FILE.json`",
    writer: |kind| match kind {
        Kind::State => "`Stream.state`",
        Kind::Shifts => "`Program.freeze`",
        Kind::Thresholds => "`fairc decide --freeze`",
    },
    method: |method| match method {
        Method::Hard => "`hard`".to_owned(),
        Method::Smooth { gain } => format!("`smooth` with step {gain}"),
        Method::PrimalDual { step } => format!("`primal_dual` with step {step}"),
    },
    memory: |memory| match memory {
        Memory::All => "all samples".to_owned(),
        Memory::Window(length) => format!("`window={length}`"),
        Memory::Decay(decay) => format!("`decay={decay}`"),
    },
};
