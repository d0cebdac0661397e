//! The answer in one line, the same in every format.

use super::judged::{Judged, together};
use super::number::{many, whole};
use super::table::Paint;
use super::verdict::{Comparisons, Verdict};

/// Why nothing is judged where no group is promised anything.
pub const NOTHING_PROMISED: &str = "the spec has no constraint";

/// What the line is made of.
#[derive(Clone, Debug)]
pub struct Headline {
    pub verdict: Verdict,
    /// Of each promise.
    pub promises: Vec<Verdict>,
    /// Promises that another sample could reverse.
    pub inconclusive: usize,
    pub comparisons: Comparisons,
    /// Predictions outside their bounds.
    pub outside: usize,
}

impl Headline {
    pub fn of(verdict: Verdict, promises: &[Judged<'_>], outside: usize) -> Headline {
        Headline {
            verdict,
            promises: promises.iter().map(|promise| promise.verdict).collect(),
            inconclusive: 0,
            comparisons: together(promises),
            outside,
        }
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.promises.iter().filter(|promise| **promise == verdict).count()
    }

    /// `Not met: 3 of 4 promises violated; 1 inconclusive; 12 of 33 comparisons not made`.
    pub fn words(&self) -> String {
        let (violated, unchecked) = (self.count(Verdict::Violated), self.count(Verdict::NotChecked));
        let all = self.count(Verdict::Held) + violated + unchecked;
        let mut parts = vec![self.answer()];
        if violated > 0 && unchecked > 0 {
            parts.push(format!("{unchecked} not checked"));
        }
        if self.inconclusive > 0 {
            let one = all == 1;
            parts.push(if one { "inconclusive".to_owned() } else { format!("{} inconclusive", self.inconclusive) });
        }
        match self.count(Verdict::NotApplicable) {
            0 => {}
            _ if all == 0 => {}
            idle => parts.push(format!("{idle} not applicable")),
        }
        let Comparisons { made, not_made } = self.comparisons;
        if not_made > 0 && made > 0 {
            parts.push(format!("{} of {} not made", whole(not_made), many(made + not_made, "comparison")));
        }
        if self.outside > 0 && !self.promises.is_empty() {
            parts.push(format!("{} outside the bounds", many(self.outside, "prediction")));
        }
        parts.join("; ")
    }

    fn answer(&self) -> String {
        let (held, violated) = (self.count(Verdict::Held), self.count(Verdict::Violated));
        let unchecked = self.count(Verdict::NotChecked);
        let all = held + violated + unchecked;
        let promises = many(all, "promise");
        match self.verdict {
            _ if self.promises.is_empty() && self.outside > 0 => {
                "Not met: predictions lie outside their bounds".to_owned()
            }
            _ if self.promises.is_empty() => format!("Not checked: {NOTHING_PROMISED}"),
            Verdict::Held if all == 1 => "Met: the promise is held".to_owned(),
            Verdict::Held => format!("Met: all {promises} held"),
            Verdict::Violated if violated > 0 && all == 1 => "Not met: the promise is violated".to_owned(),
            Verdict::Violated if violated > 0 => format!("Not met: {violated} of {promises} violated"),
            Verdict::Violated => format!("Not met: {held} of {promises} held"),
            Verdict::NotChecked | Verdict::NotApplicable if all == 0 && self.promises.len() == 1 => {
                "Not checked: the promise does not apply to these data".to_owned()
            }
            Verdict::NotChecked | Verdict::NotApplicable if all == 0 => {
                format!("Not checked: none of the {} promises applies to these data", self.promises.len())
            }
            Verdict::NotChecked | Verdict::NotApplicable if all == 1 && held == 0 => {
                "Not checked: the promise could not be checked".to_owned()
            }
            Verdict::NotChecked | Verdict::NotApplicable => {
                format!("Not checked: {unchecked} of {promises}, {held} held")
            }
        }
    }

    /// The line for a terminal, with more behind it.
    pub fn line(&self, more: &str, paint: &dyn Paint) -> String {
        let words = format!("{}{more}", self.words());
        let painted = match self.verdict {
            Verdict::Held => paint.good(&words),
            Verdict::Violated => paint.bad(&words),
            Verdict::NotChecked | Verdict::NotApplicable => paint.careful(&words),
        };
        format!("{painted}\n")
    }
}
