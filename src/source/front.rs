//! What the front ends call the things that messages speak of: rooms below say what is wrong and what would mend it, and only
//! the table here knows how the user of the command line, or of the Python package, asks for that.

use crate::bind::Method;
use crate::runtime::online::Memory;
use crate::runtime::online::state::Kind;

/// A name a line: what it means, and what the two front ends call it.
macro_rules! names {
    ($($(#[$meaning:meta])+ $name:ident: $kind:ty = $command_line:expr, $python:expr;)+) => {
        /// The names of options, arguments and functions of a front end.
        #[derive(Clone, Copy, Debug)]
        pub struct Front {
            $($(#[$meaning])+ pub $name: $kind,)+
        }

        pub const COMMAND_LINE: Front = Front { $($name: $command_line,)+ };
        pub const PYTHON: Front = Front { $($name: $python,)+ };
    };
}

names! {
    /// Takes the point of least violation where no predictions satisfy a spec.
    relax: &'static str = "`--on-infeasible relax`", "`on_infeasible=\"relax\"`";
    /// Draws what is neither 0 nor 1.
    randomize: &'static str = "`--randomize 1`", "`randomize=1`";
    /// Reads tables as text, so that it can be told how that is written; else they come as numbers, texts and levels.
    reads_text: bool = true, false;
    /// Reads values without the spaces around them.
    trim: &'static str = "`--trim`", "";
    /// Reads numbers with a decimal comma.
    decimal_comma: &'static str = "`--decimal ,`", "";
    /// Answers batch by batch.
    stream: &'static str = "`fairc stream`", "`fairc.Stream`";
    /// Lists all diagnostics.
    all_diagnostics: &'static str = "`--format json`", "`error.diagnostics`";
    /// Makes a failure of promises that were not enforced.
    require_all: &'static str = "`--require-all`", "`require_all=True`";
    /// Names the column of predictions.
    predictions: &'static str = "`--pred`", "`predictions`";
    /// The same with a column.
    any_predictions: &'static str = "`--pred COL`", "`predictions=\"COL\"`";
    /// The same with this column.
    these_predictions: fn(&str) -> String =
        |column| format!("`--pred {}`", typed(column)), |column| format!("`predictions={column:?}`");
    /// Sets a param.
    setting: fn(&str, f64) -> String =
        |name, value| format!("`--set {name}={value}`"), |name, value| format!("`params={{{name:?}: {value}}}`");
    /// Gives the table of a relation.
    relation: fn(&str) -> String =
        |name| format!("`--relation {name}=FILE`"), |name| format!("`relations={{{name:?}: ..}}`");
    /// Gives tables of relations.
    relations: &'static str = "`--relation`", "`relations`";
    /// Gives an option a number.
    option: fn(&str, &dyn std::fmt::Display) -> String =
        |name, value| format!("`--{name} {value}`"), |name, value| format!("`{name}={value}`");
    /// Gives an option a text.
    text_option: fn(&str, &str) -> String =
        |name, value| match value.contains(|c: char| !c.is_ascii_alphanumeric()) {
            true => format!("`--{name} {value:?}`"),
            false => format!("`--{name} {value}`"),
        },
        |name, value| format!("`{name}={value:?}`");
    /// Compares selection rates.
    impact: &'static str = "`fairc impact`", "`fairc.impact`";
    /// Names decisions that count as selected.
    selected: &'static str = "`--selected`", "`selected`";
    /// Leaves out rows without a decision.
    skip_empty: &'static str = "`--skip-empty`", "`skip_empty=True`";
    /// Gives what decisions gain.
    gains: &'static str = "`--gain COL`", "`gain=..`";
    /// Decides by scores.
    decides: &'static str = "`fairc decide`", "`Program.decide`";
    /// Applies per-group offsets.
    apply_shifts: &'static str = "`fairc project --frozen OFFSETS.json`", "`Program.apply`";
    /// Makes decisions by thresholds.
    apply_thresholds: &'static str = "`fairc decide --thresholds FILE.json`", "`Thresholds.apply`";
    /// Writes thresholds.
    writes_thresholds: &'static str = "`fairc decide --freeze`", "`Thresholds.to_json`";
    /// Writes the state of a stream.
    writes_state: &'static str = "`fairc stream --state`", "`Stream.state`";
    /// Writes per-group offsets.
    writes_shifts: &'static str = "`fairc freeze`", "`Program.freeze`";
    /// Answers a stream so that the pooled rows hold.
    hard: &'static str = "`pooled`", "`hard`";
    /// Lets multipliers steer the pooled rows of a stream.
    smooth: &'static str = "`pooled --smooth`", "`smooth`";
    /// How far they go with a batch.
    gain: &'static str = "gain", "step";
    /// Puts a price on the gaps of a stream's batches.
    primal_dual: &'static str = "`primal-dual`", "`primal_dual`";
}

/// A word as a shell takes it: in quotes where it has more than letters, digits and a few marks.
pub fn typed(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl Front {
    /// What texts of a kind are written by.
    pub fn writer(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::State => self.writes_state,
            Kind::Shifts => self.writes_shifts,
            Kind::Thresholds => self.writes_thresholds,
        }
    }

    /// How a stream was told to answer.
    pub fn method(&self, method: Method) -> String {
        match method {
            Method::Hard => self.hard.to_owned(),
            Method::Smooth { gain } => format!("{} with {} {gain}", self.smooth, self.gain),
            Method::PrimalDual { step } => format!("{} with step {step}", self.primal_dual),
        }
    }

    /// What a stream was told to remember.
    pub fn memory(&self, memory: Memory) -> String {
        match memory {
            Memory::All => "all samples".to_owned(),
            Memory::Window(length) => (self.option)("window", &length),
            Memory::Decay(decay) => (self.option)("decay", &decay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_typed_as_they_are_shown() {
        let shown = |name| (COMMAND_LINE.these_predictions)(name);
        assert_eq!(shown("score"), "`--pred score`");
        assert_eq!(shown(" score"), "`--pred ' score'`");
        assert_eq!(shown("it's $1"), r"`--pred 'it'\''s $1'`");
    }
}
