//! Does one spec imply another on all data? Only the means of events are known, and how events lie in each other.
//!
//! ```text
//! programs ─atoms→ events as sets of cells ─hulls→ mean of an event ∈ [least, largest] mean of the events it consists of
//! ```
//!
//! A mean over an event is a weighted mean over the parts of any partition of it, with weights that depend on the data. So
//! it lies in the hull of the means of its parts, and where the events form a tree, any values that satisfy this occur on
//! some data. The hull is a union of polyhedra (`M ≤ M₁ or M ≤ M₂ or ..`); a claim is proved by cases, one linear program
//! each, and a case is only opened where the solution of the last one leaves the hull. Where events overlap, the parts of
//! one are no partition: then the cases come from the kinds of samples (`Weights`).

use super::implication::{Claim, Proof, Verdict, follows};
use super::linear::{Line, Linear, ROUNDING};
use super::weights::Weights;

/// An event and the events that it consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct Hull {
    pub whole: usize,
    pub parts: Vec<usize>,
}

/// Events as sets of cells; cells are what the events of both programs can tell apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Per event, ascending cells.
    pub members: Vec<Vec<usize>>,
}

/// The hulls of a family, and what they leave open.
#[derive(Debug, Clone, PartialEq)]
pub struct Hulls {
    pub hulls: Vec<Hull>,
    /// Cells of the remainders: each is a variable of its own behind the events.
    pub remainders: Vec<Vec<usize>>,
    /// The events form a tree: values within the hulls occur on some data.
    pub exact: bool,
}

impl Family {
    /// For each event the largest events within it, and the remainder as one more part.
    pub fn hulls(&self) -> Hulls {
        let events = self.members.len();
        let within = |a: usize, b: usize| {
            let (a, b) = (&self.members[a], &self.members[b]);
            !a.is_empty() && a.len() < b.len() && a.iter().all(|cell| b.binary_search(cell).is_ok())
        };
        let mut found = Hulls { hulls: Vec::new(), remainders: Vec::new(), exact: true };
        for whole in 0..events {
            let inner: Vec<usize> = (0..events).filter(|&part| within(part, whole)).collect();
            let largest = |&part: &usize| !inner.iter().any(|&other| within(part, other));
            let mut parts: Vec<usize> = inner.iter().copied().filter(largest).collect();
            let mut covered: Vec<usize> = parts.iter().flat_map(|&part| self.members[part].iter().copied()).collect();
            covered.sort_unstable();
            let overlap = covered.windows(2).any(|pair| pair[0] == pair[1]);
            if parts.is_empty() {
                continue;
            }
            if overlap {
                // No partition: the mean over the whole may lie outside those of its parts, if what they share does.
                found.exact = false;
                continue;
            }
            let rest: Vec<usize> =
                self.members[whole].iter().copied().filter(|cell| covered.binary_search(cell).is_err()).collect();
            if !rest.is_empty() {
                parts.push(events + found.remainders.len());
                found.remainders.push(rest);
            }
            found.hulls.push(Hull { whole, parts });
        }
        let crossing = |a: &Vec<usize>, b: &Vec<usize>| {
            let common = a.iter().filter(|cell| b.binary_search(cell).is_ok()).count();
            common > 0 && common < a.len() && common < b.len()
        };
        let members = &self.members;
        found.exact &= !members.iter().enumerate().any(|(i, a)| members[i + 1..].iter().any(|b| crossing(a, b)));
        found
    }
}

/// What is known of the means of events, without data.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    pub hulls: Hulls,
    /// The kinds of samples, where they could be enumerated.
    pub weights: Option<Weights>,
    /// Most cases of one proof.
    pub most_cases: usize,
}

/// What came of a proof by cases.
#[derive(Debug, Clone, PartialEq)]
pub struct ByCases {
    /// Broken by means that the hulls allow: they occur on some data if the hulls are exact.
    pub verdict: Verdict,
    pub cases: usize,
}

/// The least share of an event in data that are to show that means occur.
const PRESENT: f64 = 1e-4;

/// Whether the claim follows from the premises and the structure. The variables are the means of the events, then of the
/// remainders, then whatever else the premises speak of.
pub fn follows_by_cases(premises: &Linear, structure: &Structure, claim: &Claim) -> ByCases {
    let mut open: Vec<Vec<Line>> = vec![Vec::new()];
    let mut proof = Proof { bound: f64::NEG_INFINITY, vacuous: true, ..Proof::default() };
    let mut cases = 0;
    while let Some(chosen) = open.pop() {
        if cases + open.len() > structure.most_cases {
            return ByCases { verdict: Verdict::Undecided, cases };
        }
        let mut case = premises.clone();
        case.lines.extend(chosen.iter().cloned());
        match follows(&case, claim) {
            Verdict::Implied(found) => {
                cases += 1;
                merge(&mut proof, found, premises.lines.len());
            }
            Verdict::Undecided => return ByCases { verdict: Verdict::Undecided, cases },
            Verdict::Broken { x, value } => match structure.branches(&x) {
                None => return ByCases { verdict: Verdict::Broken { x, value }, cases: cases + 1 },
                Some(lines) => {
                    open.extend(lines.into_iter().map(|line| chosen.iter().cloned().chain([line]).collect()));
                }
            },
        }
    }
    ByCases { verdict: Verdict::Implied(proof), cases }
}

impl Structure {
    /// Lines of which one holds on any data, and none at these means; none where the means may occur.
    fn branches(&self, x: &[f64]) -> Option<Vec<Line>> {
        if let Some((hull, above)) = outside(&self.hulls, x) {
            let sign = if above { 1.0 } else { -1.0 };
            let line = |&part: &usize| {
                let entries = vec![(hull.whole, sign), (part, -sign)];
                Line { entries, lower: f64::NEG_INFINITY, upper: 0.0 }
            };
            return Some(hull.parts.iter().map(line).collect());
        }
        let weights = self.weights.as_ref().filter(|_| !self.hulls.exact)?;
        if weights.shares(x, PRESENT).is_some() {
            return None;
        }
        weights.cases(x)
    }
}

/// A hull that the means leave, the farthest, and whether the whole lies above its parts.
fn outside<'a>(hulls: &'a Hulls, x: &[f64]) -> Option<(&'a Hull, bool)> {
    let mean = |place: usize| x.get(place).copied().unwrap_or(0.0);
    let mut worst: Option<(f64, &Hull, bool)> = None;
    for hull in &hulls.hulls {
        let parts = hull.parts.iter().map(|&part| mean(part));
        let (least, largest) =
            parts.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| (lo.min(value), hi.max(value)));
        for (excess, above) in [(mean(hull.whole) - largest, true), (least - mean(hull.whole), false)] {
            if excess > 10.0 * ROUNDING && worst.is_none_or(|(most, ..)| excess > most) {
                worst = Some((excess, hull, above));
            }
        }
    }
    worst.map(|(_, hull, above)| (hull, above))
}

/// Joins the proof of one more case: the largest multiplier of each premise (the lines after them are the case's own).
fn merge(proof: &mut Proof, case: Proof, premises: usize) {
    proof.bound = proof.bound.max(case.bound);
    proof.uses_bounds |= case.uses_bounds;
    proof.vacuous &= case.vacuous;
    for (side, multiplier) in case.multipliers.into_iter().filter(|(side, _)| side.row < premises) {
        match proof.multipliers.iter_mut().find(|(known, _)| *known == side) {
            Some((_, most)) => *most = most.max(multiplier),
            None => proof.multipliers.push((side, multiplier)),
        }
    }
    proof.multipliers.sort_by_key(|(side, _)| *side);
}

#[cfg(test)]
mod tests {
    use super::super::weights::Mean;
    use super::*;

    /// Events 0, 1, 2 are the groups, event 3 is all.
    fn groups() -> Structure {
        structure(&[&[0], &[1], &[2], &[0, 1, 2]])
    }

    fn structure(events: &[&[usize]]) -> Structure {
        let hulls = Family { members: events.iter().map(|event| event.to_vec()).collect() }.hulls();
        let mean = |(variable, event): (usize, &&[usize])| Mean {
            variable,
            kinds: event.iter().map(|kind| (*kind, None)).collect(),
        };
        let weights = Weights { means: events.iter().enumerate().map(mean).collect(), boxes: vec![(0.0, 1.0); 3] };
        Structure { hulls, weights: Some(weights), most_cases: 4000 }
    }

    fn gap(a: usize, b: usize, limit: f64) -> Line {
        Line { entries: vec![(a, 1.0), (b, -1.0)], lower: -limit, upper: limit }
    }

    #[test]
    fn pairwise_implies_to_overall_and_not_the_reverse() {
        let known = groups();
        assert!(known.hulls.exact && known.hulls.remainders.is_empty());
        let unit = vec![(0.0, 1.0); 4];
        let pairs = Linear { intervals: unit.clone(), lines: vec![gap(0, 1, 0.1), gap(0, 2, 0.1), gap(1, 2, 0.1)] };
        let claim = Claim { entries: vec![(0, 1.0), (3, -1.0)], limit: 0.1 };
        let found = follows_by_cases(&pairs, &known, &claim);
        assert!(matches!(&found.verdict, Verdict::Implied(proof) if (proof.bound - 0.1).abs() < 1e-9), "{found:?}");
        let overall = Linear { intervals: unit, lines: vec![gap(0, 3, 0.1), gap(1, 3, 0.1), gap(2, 3, 0.1)] };
        let claim = Claim { entries: vec![(0, 1.0), (1, -1.0)], limit: 0.1 };
        let found = follows_by_cases(&overall, &known, &claim);
        let Verdict::Broken { x, value } = found.verdict else { panic!("it breaks") };
        assert!((value - 0.2).abs() < 1e-9 && outside(&known.hulls, &x).is_none());
    }

    #[test]
    fn a_gap_and_a_floor_of_the_mean_bound_the_ratio() {
        // |a − b| ≤ 0.02 and the mean at least 0.2: b − 0.9 a ≥ 0.
        let known = structure(&[&[0], &[1], &[0, 1]]);
        let mut premises = Linear { intervals: vec![(0.0, 1.0); 3], lines: vec![gap(0, 1, 0.02)] };
        premises.lines.push(Line { entries: vec![(2, 1.0)], lower: 0.2, upper: f64::INFINITY });
        let ratio = |least: f64| Claim { entries: vec![(0, least), (1, -1.0)], limit: 0.0 };
        assert!(matches!(follows_by_cases(&premises, &known, &ratio(0.9)).verdict, Verdict::Implied(_)));
        assert!(matches!(follows_by_cases(&premises, &known, &ratio(0.91)).verdict, Verdict::Broken { .. }));
    }

    #[test]
    fn what_groups_leave_over_is_a_part_too() {
        let hulls = Family { members: vec![vec![0], vec![0, 1]] }.hulls();
        assert_eq!(hulls.hulls, [Hull { whole: 1, parts: vec![0, 2] }]);
        assert_eq!(hulls.remainders, [vec![1]]);
        let crossing = Family { members: vec![vec![0, 1], vec![1, 2]] };
        assert!(!crossing.hulls().exact);
    }
    #[test]
    fn the_mean_of_overlapping_events_may_lie_below_theirs() {
        // Means of 0.5 in both halves: what they share may be 1 and the rest 0.
        let known = structure(&[&[0, 1], &[1, 2], &[0, 1, 2]]);
        let mut premises = Linear { intervals: vec![(0.0, 1.0); 3], lines: Vec::new() };
        premises.lines.extend([0, 1].map(|half| Line { entries: vec![(half, 1.0)], lower: 0.5, upper: 0.5 }));
        let above = |least: f64| Claim { entries: vec![(2, -1.0)], limit: -least };
        let found = follows_by_cases(&premises, &known, &above(0.5));
        assert!(matches!(found.verdict, Verdict::Broken { .. }), "{found:?}");
        // The least is 1/3, with as many in the middle as on either side.
        let found = follows_by_cases(&premises, &known, &above(0.33));
        assert!(matches!(found.verdict, Verdict::Implied(_)), "{found:?}");
        let found = follows_by_cases(&premises, &known, &above(0.34));
        assert!(matches!(found.verdict, Verdict::Broken { .. }), "{found:?}");
    }
}
