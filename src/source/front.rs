//! What a front end calls the things that messages speak of.

use crate::bind::Method;
use crate::runtime::online::Memory;
use crate::runtime::online::state::Kind;

/// The names of options, arguments and functions: rooms below say what is wrong and what would mend it, and only the front end
/// knows how its user asks for that.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// Takes the point of least violation where no predictions satisfy a spec.
    pub relax: &'static str,
    /// Draws what is neither 0 nor 1.
    pub randomize: &'static str,
    /// Reads tables as text, so that it can be told how that is written; else they come as numbers and levels.
    pub reads_text: bool,
    /// Reads values without the spaces around them, and numbers with a decimal comma.
    pub trim: &'static str,
    pub decimal_comma: &'static str,
    /// Answers batch by batch.
    pub stream: &'static str,
    /// Lists all diagnostics.
    pub all_diagnostics: &'static str,
    /// Makes a failure of promises that were not enforced.
    pub require_all: &'static str,
    /// Names the column of predictions: the argument, and with any and with a certain column.
    pub predictions: &'static str,
    pub any_predictions: &'static str,
    pub these_predictions: fn(&str) -> String,
    /// Sets a param.
    pub setting: fn(&str, f64) -> String,
    /// Applies fixed shifts.
    pub apply_shifts: &'static str,
    /// Makes decisions by thresholds.
    pub apply_thresholds: &'static str,
    /// What texts of a kind are written by.
    pub writer: fn(Kind) -> &'static str,
    /// How a stream was told to answer, and what to remember.
    pub method: fn(Method) -> String,
    pub memory: fn(Memory) -> String,
}
