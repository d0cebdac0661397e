//! The answer in one line, the same in every format, and its colour.

use super::judged::{Judged, together};
use super::number::{many, whole};
use super::table::Paint;
use super::unplaced;
use super::verdict::{Comparisons, Verdict};
use crate::bind::Unplaced;

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
    /// Samples in no level, in words.
    pub unplaced: Option<String>,
    /// What became of parts of the data by themselves: held only where every comparison of each was made.
    pub parts: Verdict,
}

/// How an answer is coloured, on pages and at terminals alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All that was promised is held, every comparison was made, of every sample, and the data settle it.
    Good,
    /// Held as far as it was checked, or not checked.
    Careful,
    Bad,
}

impl Headline {
    pub fn of(verdict: Verdict, promises: &[Judged<'_>], outside: usize, unplaced: &[Unplaced]) -> Headline {
        Headline {
            verdict,
            promises: promises.iter().map(|promise| promise.verdict).collect(),
            inconclusive: 0,
            comparisons: together(promises),
            outside,
            unplaced: unplaced::briefly(unplaced),
            parts: Verdict::Held,
        }
    }

    /// The one rule of colours.
    pub fn tone(&self) -> Tone {
        let whole = self.comparisons.not_made == 0 && self.inconclusive == 0 && self.unplaced.is_none();
        match self.verdict {
            Verdict::Violated => Tone::Bad,
            Verdict::NotChecked | Verdict::NotApplicable => Tone::Careful,
            Verdict::Held => match self.parts {
                Verdict::Violated => Tone::Bad,
                Verdict::Held if whole => Tone::Good,
                Verdict::Held | Verdict::NotChecked | Verdict::NotApplicable => Tone::Careful,
            },
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
        parts.extend(self.unplaced.clone().filter(|_| self.verdict == Verdict::Held));
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
                "Not checked: the promise is enforced in training only".to_owned()
            }
            Verdict::NotChecked | Verdict::NotApplicable if all == 0 => {
                format!("Not checked: all {} promises are enforced in training only", self.promises.len())
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
        let painted = match self.tone() {
            Tone::Good => paint.good(&words),
            Tone::Bad => paint.bad(&words),
            Tone::Careful => paint.careful(&words),
        };
        format!("{painted}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Headline {
        let comparisons = Comparisons { made: 2, not_made: 0 };
        let (verdict, promises) = (Verdict::Held, vec![Verdict::Held]);
        Headline { verdict, promises, inconclusive: 0, comparisons, outside: 0, unplaced: None, parts: Verdict::Held }
    }

    #[test]
    fn green_is_for_what_was_checked_in_whole() {
        assert_eq!((held().tone(), held().words().as_str()), (Tone::Good, "Met: the promise is held"));
        let not_made = Headline { comparisons: Comparisons { made: 2, not_made: 1 }, ..held() };
        let unplaced = unplaced::briefly(&[Unplaced { column: "sex".to_owned(), null: 3, ..Unplaced::default() }]);
        let unplaced = Headline { unplaced, ..held() };
        assert_eq!(unplaced.words(), "Met: the promise is held; 3 samples in no level of `sex`");
        let parts = Headline { parts: Verdict::NotChecked, ..held() };
        for careful in [Headline { inconclusive: 1, ..held() }, not_made, unplaced, parts] {
            assert_eq!(careful.tone(), Tone::Careful, "{}", careful.words());
        }
        assert_eq!(Headline { parts: Verdict::Violated, ..held() }.tone(), Tone::Bad);
        assert_eq!(Headline { verdict: Verdict::Violated, ..held() }.tone(), Tone::Bad);
        assert_eq!(Headline { verdict: Verdict::NotChecked, ..held() }.tone(), Tone::Careful);
    }

    #[test]
    fn promises_for_training_are_told_as_such() {
        let idle = |count| Headline {
            verdict: Verdict::NotChecked,
            promises: vec![Verdict::NotApplicable; count],
            comparisons: Comparisons { made: 0, not_made: count },
            ..held()
        };
        assert_eq!(idle(1).words(), "Not checked: the promise is enforced in training only");
        assert_eq!(idle(3).words(), "Not checked: all 3 promises are enforced in training only");
    }
}
