//! What the checker says, and why an answer is not proved.

use std::fmt;

/// What the checker says of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The point is allowed and the closest. `violation` is the largest of a row or bound, `gap` the duality gap; both as they
    /// are, in the units of the row and of the objective.
    Optimal {
        violation: f64,
        gap: f64,
    },
    /// No point satisfies the hard rows; `margin` is by how much the combination of rows proves it. At samples that lack a bound it may
    /// cancel to a rounding only. Then the proof holds for points that are less than `within` from zero there.
    Infeasible {
        margin: f64,
        within: Option<f64>,
    },
    Refused(Refusal),
}

/// The first thing that is wrong with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The answer is of another problem.
    Lengths {
        what: &'static str,
        found: usize,
        expected: usize,
    },
    /// The status claims nothing that could be proved.
    NoClaim {
        status: String,
    },
    Row {
        row: usize,
        value: f64,
        lower: f64,
        upper: f64,
    },
    Bound {
        sample: usize,
        value: f64,
        lower: f64,
        upper: f64,
    },
    /// With these multipliers the sample belongs elsewhere: `slope` is the derivative that should be zero, or point outwards.
    Sample {
        sample: usize,
        value: f64,
        slope: f64,
    },
    /// The row does not stand on the side that its multiplier pushes from.
    Multiplier {
        row: usize,
        multiplier: f64,
        value: f64,
    },
    Price {
        row: usize,
        multiplier: f64,
        most: f64,
    },
    Objective {
        claimed: f64,
        found: f64,
    },
    Gap {
        gap: f64,
    },
    /// The combination of rows proves nothing.
    Combination {
        margin: f64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Lengths { what, found, expected } => {
                write!(f, "`{what}` has {found} numbers, and {expected} are needed")
            }
            Refusal::NoClaim { status } => write!(f, "status `{status}` claims nothing that can be proved"),
            Refusal::Row { row, value, lower, upper } => {
                write!(f, "row {row} is {value:e}, outside [{lower:e}, {upper:e}]")
            }
            Refusal::Bound { sample, value, lower, upper } => {
                write!(f, "sample {sample} is {value:e}, outside [{lower:e}, {upper:e}]")
            }
            Refusal::Sample { sample, value, slope } => {
                write!(f, "sample {sample} is {value:e}, where the Lagrangian still has the slope {slope:e}")
            }
            Refusal::Multiplier { row, multiplier, value } => {
                write!(
                    f,
                    "row {row} has the multiplier {multiplier:e} and the value {value:e}, which is not on that side"
                )
            }
            Refusal::Price { row, multiplier, most } => {
                write!(f, "row {row} has the multiplier {multiplier:e}, and its price allows {most:e} at most")
            }
            Refusal::Objective { claimed, found } => write!(f, "the objective is {found:e}, not {claimed:e}"),
            Refusal::Gap { gap } => write!(f, "the duality gap is {gap:e}"),
            Refusal::Combination { margin } => {
                write!(f, "the combination of rows proves nothing: its margin is {margin:e}")
            }
        }
    }
}

/// Refuses numbers that are too few or too many.
pub fn lengths(what: &'static str, found: &[f64], expected: usize) -> Result<(), Refusal> {
    match found.len() == expected {
        true => Ok(()),
        false => Err(Refusal::Lengths { what, found: found.len(), expected }),
    }
}
