//! Held, violated or not checked: what became of each promise, and of all of them.
//!
//! ```text
//! RowSummary ─of_row→ a comparison ─judge→ a promise: violated if one of them is, held if one is made
//!                                   ─all→   the spec:  violated if a promise is, else not checked if one is, else held
//! ```

use serde::{Deserialize, Serialize};

/// The answer to a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    #[serde(rename = "held")]
    Held,
    #[serde(rename = "violated")]
    Violated,
    /// No comparison of it could be made.
    #[serde(rename = "not checked")]
    NotChecked,
    /// It is for training, and these are no data for training.
    #[serde(rename = "not applicable")]
    NotApplicable,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Violated => "violated",
            Verdict::NotChecked => "not checked",
            Verdict::NotApplicable => "not applicable",
        }
    }

    /// The verdict on several: what does not apply does not count, and nothing checked is not a pass.
    pub fn all(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        let mut all = None;
        for verdict in verdicts {
            all = match (all, verdict) {
                (Some(Verdict::Violated), _) | (_, Verdict::Violated) => Some(Verdict::Violated),
                (Some(Verdict::NotChecked), _) | (_, Verdict::NotChecked) => Some(Verdict::NotChecked),
                (_, Verdict::Held) => Some(Verdict::Held),
                (known, Verdict::NotApplicable) => known,
            };
        }
        all.unwrap_or(Verdict::NotChecked)
    }
}

/// What keeps several from being held: one that is violated, or else one that was not checked.
pub(super) fn shortfall(verdicts: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    let known: Vec<Verdict> = verdicts.collect();
    [Verdict::Violated, Verdict::NotChecked].into_iter().find(|verdict| known.contains(verdict))
}

/// Comparisons of a promise, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparisons {
    pub made: usize,
    pub not_made: usize,
}

/// What counts as rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tolerance {
    /// What the sums that were made can be wrong by.
    #[default]
    Rounding,
    /// So much of the largest number in the row.
    Relative(f64),
}

impl Tolerance {
    /// The share of the largest number, where that was asked for.
    pub fn relative(self) -> Option<f64> {
        match self {
            Tolerance::Rounding => None,
            Tolerance::Relative(share) => Some(share),
        }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Tolerance::Rounding => "a limit missed by no more than rounding counts as met".to_owned(),
            Tolerance::Relative(share) => {
                format!(
                    "differences of up to {} times the largest number in a row count as rounding",
                    super::number::plain(share)
                )
            }
        }
    }
}

/// Before or after a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_checked_is_not_a_pass() {
        use Verdict::{Held, NotApplicable, NotChecked, Violated};
        for (all, whole) in [
            (&[][..], NotChecked),
            (&[Held, Held], Held),
            (&[Held, NotApplicable], Held),
            (&[NotApplicable, NotApplicable], NotChecked),
            (&[Held, NotChecked], NotChecked),
            (&[NotChecked, Violated, Held], Violated),
        ] {
            assert_eq!(Verdict::all(all.iter().copied()), whole, "{all:?}");
            assert_eq!(Verdict::all(all.iter().rev().copied()), whole, "{all:?}");
        }
    }
}
