//! Does every prediction that satisfies one spec satisfy another, on given data? Linear programming answers for each side
//! of each row: its largest value under the premises is within the limit, with dual multipliers as proof (Farkas' lemma
//! in the form of weak duality), or the maximiser is a counterexample.

use super::feasibility::RowSide;
use super::linear::{Answer, Line, Linear, ROUNDING};

/// Whether a side of a row follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Implied(Proof),
    /// Values of the variables that satisfy the premises and break the side, and the value reached.
    Broken {
        x: Vec<f64>,
        value: f64,
    },
    Undecided,
}

/// `Σ multiplier · premise` and the box prove that the side is at most `bound`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proof {
    /// Positive, on the sides in use.
    pub multipliers: Vec<(RowSide, f64)>,
    /// The bounds of predictions are used too.
    pub uses_bounds: bool,
    pub bound: f64,
    /// Nothing satisfies the premises.
    pub vacuous: bool,
}

/// A side of a line, turned so that it reads `Σ entries ≤ limit`.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    pub entries: Vec<(usize, f64)>,
    pub limit: f64,
}

/// The sides of a line that are there, and which of them is the upper.
pub fn claims(line: &Line) -> Vec<(bool, Claim)> {
    let turned = |sign: f64, limit: f64| Claim {
        entries: line.entries.iter().map(|&(place, value)| (place, sign * value)).collect(),
        limit,
    };
    let upper = (line.upper < f64::INFINITY).then(|| (true, turned(1.0, line.upper)));
    let lower = (line.lower > f64::NEG_INFINITY).then(|| (false, turned(-1.0, -line.lower)));
    upper.into_iter().chain(lower).collect()
}

impl Claim {
    /// How much each of so many variables counts in it.
    pub fn influences(&self, variables: usize) -> Vec<f64> {
        let mut influences = vec![0.0; variables];
        for (place, value) in &self.entries {
            if let Some(influence) = influences.get_mut(*place) {
                *influence += value.abs();
            }
        }
        influences
    }

    pub fn size(&self) -> f64 {
        self.entries.iter().fold(self.limit.abs(), |most, (_, value)| most.max(value.abs()))
    }

    pub fn value(&self, x: &[f64]) -> f64 {
        self.entries.iter().map(|&(place, value)| value * x.get(place).copied().unwrap_or(0.0)).sum()
    }

    pub fn line(&self) -> Line {
        Line { entries: self.entries.clone(), lower: f64::NEG_INFINITY, upper: self.limit }
    }

    pub fn is_broken_by(&self, value: f64) -> bool {
        value > self.limit + 10.0 * ROUNDING * self.size()
    }
}

/// Whether the claim follows from the lines and intervals of the premises.
pub fn follows(premises: &Linear, claim: &Claim) -> Verdict {
    match premises.maximise(&claim.entries) {
        Answer::Optimal { value, x } if claim.is_broken_by(value) => Verdict::Broken { x, value },
        Answer::Optimal { value, .. } => Verdict::Implied(prove(premises, claim, value)),
        Answer::Infeasible => Verdict::Implied(Proof { vacuous: true, bound: f64::NEG_INFINITY, ..Proof::default() }),
        Answer::Unbounded => break_anyhow(premises, claim),
        Answer::Undecided => Verdict::Undecided,
    }
}

/// A point that breaks a claim whose value has no bound: any beyond the limit.
fn break_anyhow(premises: &Linear, claim: &Claim) -> Verdict {
    let beyond = claim.limit + claim.size();
    let mut bounded = premises.clone();
    bounded.lines.push(Line { entries: claim.entries.clone(), lower: beyond, upper: f64::INFINITY });
    match bounded.maximise(&[]) {
        Answer::Optimal { x, .. } => Verdict::Broken { value: claim.value(&x), x },
        Answer::Infeasible | Answer::Unbounded | Answer::Undecided => Verdict::Undecided,
    }
}

/// The dual program: multipliers `λ ≥ 0` of the sides and `ν ≥ 0` of the intervals with `Σ λ a + ν = claim`, at least
/// cost.
fn prove(premises: &Linear, claim: &Claim, value: f64) -> Proof {
    let mut dual = Linear::default();
    let mut costs: Vec<(usize, f64)> = Vec::new();
    let mut sides: Vec<Option<RowSide>> = Vec::new();
    let mut balance = vec![Line { entries: Vec::new(), lower: 0.0, upper: 0.0 }; premises.intervals.len()];
    for &(place, value) in &claim.entries {
        if let Some(line) = balance.get_mut(place) {
            (line.lower, line.upper) = (line.lower + value, line.upper + value);
        }
    }
    let mut multiplier = |entries: &[(usize, f64)], sign: f64, cost: f64, side: Option<RowSide>| {
        let variable = sides.len();
        sides.push(side);
        dual.intervals.push((0.0, f64::INFINITY));
        costs.push((variable, cost));
        for &(place, value) in entries {
            if let Some(line) = balance.get_mut(place) {
                line.entries.push((variable, sign * value));
            }
        }
    };
    for (row, line) in premises.lines.iter().enumerate() {
        if line.upper < f64::INFINITY {
            multiplier(&line.entries, 1.0, line.upper, Some(RowSide { row, upper: true }));
        }
        if line.lower > f64::NEG_INFINITY {
            multiplier(&line.entries, -1.0, -line.lower, Some(RowSide { row, upper: false }));
        }
    }
    for (place, &(lo, hi)) in premises.intervals.iter().enumerate() {
        if hi < f64::INFINITY {
            multiplier(&[(place, 1.0)], 1.0, hi, None);
        }
        if lo > f64::NEG_INFINITY {
            multiplier(&[(place, 1.0)], -1.0, -lo, None);
        }
    }
    dual.lines = balance;
    let Answer::Optimal { value: bound, x } = dual.minimise(&costs) else {
        return Proof { bound: value, ..Proof::default() };
    };
    let used = |x: f64| x > 1e-9;
    let multipliers = sides.iter().zip(&x).filter(|(_, x)| used(**x));
    Proof {
        multipliers: multipliers.clone().filter_map(|(side, x)| Some(((*side)?, *x))).collect(),
        uses_bounds: multipliers.clone().any(|(side, _)| side.is_none()),
        bound,
        vacuous: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(entries: &[(usize, f64)], lower: f64, upper: f64) -> Line {
        Line { entries: entries.to_vec(), lower, upper }
    }

    #[test]
    fn a_chain_of_gaps_bounds_the_whole() {
        let premises = Linear {
            intervals: vec![(0.0, 1.0); 3],
            lines: vec![line(&[(0, 1.0), (1, -1.0)], -0.1, 0.1), line(&[(1, 1.0), (2, -1.0)], -0.1, 0.1)],
        };
        let whole = Claim { entries: vec![(0, 1.0), (2, -1.0)], limit: 0.2 };
        let Verdict::Implied(proof) = follows(&premises, &whole) else { panic!("it follows") };
        let upper = |row| RowSide { row, upper: true };
        assert_eq!(proof.multipliers, [(upper(0), 1.0), (upper(1), 1.0)]);
        assert!((proof.bound - 0.2).abs() < 1e-12 && !proof.uses_bounds);
        let tighter = Claim { limit: 0.15, ..whole };
        let Verdict::Broken { x, value } = follows(&premises, &tighter) else { panic!("it breaks") };
        assert!((value - 0.2).abs() < 1e-9 && (tighter.value(&x) - value).abs() < 1e-12);
    }

    #[test]
    fn without_bounds_a_point_beyond_is_found() {
        let premises = Linear { intervals: vec![(f64::NEG_INFINITY, f64::INFINITY)], lines: Vec::new() };
        let claim = Claim { entries: vec![(0, 1.0)], limit: 5.0 };
        assert!(matches!(follows(&premises, &claim), Verdict::Broken { value, .. } if value > 5.0));
    }
}
