//! Can means occur together on some data? How many samples of each kind there are is not known, and is looked for.
//!
//! ```text
//! mean M_e over an event e:   Σ_{c ∈ e} p_c (M_e − m_c) = 0    with shares p_c ≥ 0 and means lo_c ≤ m_c ≤ hi_c of the kinds c
//! ```
//!
//! For given `M` this is linear in `p_c` and `p_c m_c`: a linear program finds shares, or shows that there are none. In the
//! second case Farkas' lemma gives weights `y_e` of the equations with `Σ_{e ∋ c} y_e (M_e − m) < 0` for every kind `c` in
//! the events with a weight and every `m` that it may have. On no data is that so, since the equations, each times its
//! weight, add up to 0: so for some of these kinds it is not, and a proof may go on by cases, one for each.

use super::linear::{Answer, Line, Linear};

/// More kinds than these are not looked at.
const MOST: usize = 200;
/// How far equations may be off: what a linear program leaves.
const SLACK: f64 = 1e-7;
/// What is left out of the weights, and how far below 0 a sum has to be to count.
const NEGLIGIBLE: f64 = 1e-7;

/// A variable that is a mean over kinds.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    pub variable: usize,
    /// Kinds, each with what is averaged: a known number, or its prediction.
    pub kinds: Vec<(usize, Option<f64>)>,
}

/// The kinds of samples, and which means are over which of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    pub means: Vec<Mean>,
    /// What the bounds allow the predictions of each kind.
    pub boxes: Vec<(f64, f64)>,
}

impl Weights {
    /// Shares of the kinds with which the variables take the values `x`, each event with at least the share `least`.
    pub fn shares(&self, x: &[f64], least: f64) -> Option<Vec<f64>> {
        let kinds = self.boxes.len();
        if kinds > MOST {
            return None;
        }
        // Variables: the shares, then share times mean.
        let mut program = Linear::default();
        program.intervals.extend((0..kinds).map(|_| (0.0, 1.0)));
        program.intervals.extend(self.boxes.iter().map(|&(lo, hi)| (lo.min(0.0), hi.max(0.0))));
        let all = (0..kinds).map(|kind| (kind, 1.0)).collect();
        program.lines.push(Line { entries: all, lower: 1.0, upper: 1.0 });
        for (kind, &(lo, hi)) in self.boxes.iter().enumerate() {
            for (sign, side) in [(1.0, hi), (-1.0, -lo)] {
                if side < f64::INFINITY {
                    let share = (side != 0.0).then_some((kind, -side));
                    let entries = [(kinds + kind, sign)].into_iter().chain(share).collect();
                    program.lines.push(Line { entries, lower: f64::NEG_INFINITY, upper: 0.0 });
                }
            }
        }
        for mean in &self.means {
            let value = x.get(mean.variable).copied()?;
            let mut entries = Vec::with_capacity(2 * mean.kinds.len());
            for &(kind, known) in &mean.kinds {
                let factor = value - known.unwrap_or(0.0);
                entries.extend((factor != 0.0).then_some((kind, factor)));
                entries.extend(known.is_none().then_some((kinds + kind, -1.0)));
            }
            program.lines.push(Line { entries, lower: -SLACK, upper: SLACK });
            let present = mean.kinds.iter().map(|&(kind, _)| (kind, 1.0)).collect();
            program.lines.push(Line { entries: present, lower: least, upper: f64::INFINITY });
        }
        match program.maximise(&[]) {
            Answer::Optimal { x, .. } => Some(x.into_iter().take(kinds).collect()),
            Answer::Infeasible | Answer::Unbounded | Answer::Undecided => None,
        }
    }

    /// Lines of which one holds on any data without empty groups, and none at `x`; none where there is no such
    /// list, or none was found.
    pub fn cases(&self, x: &[f64]) -> Option<Vec<Line>> {
        if self.boxes.len() > MOST {
            return None;
        }
        let weights = self.farkas(x)?;
        let mut found: Vec<Line> = Vec::new();
        for (kind, &(lo, hi)) in self.boxes.iter().enumerate() {
            let mut line = Line { entries: Vec::new(), lower: 0.0, upper: f64::INFINITY };
            let mut sum = 0.0;
            for (mean, &weight) in self.means.iter().zip(&weights) {
                let Some((_, known)) = mean.kinds.iter().find(|(other, _)| *other == kind) else { continue };
                if weight == 0.0 {
                    continue;
                }
                line.entries.push((mean.variable, weight));
                match known {
                    Some(value) => line.lower += weight * value,
                    None => sum += weight,
                }
            }
            if line.entries.is_empty() {
                continue;
            }
            if sum.abs() > 1e-12 {
                // The mean of the kind that makes the sum largest.
                line.lower += sum * if sum > 0.0 { lo } else { hi };
            }
            if line.lower == f64::NEG_INFINITY || line.value(x) > line.lower - NEGLIGIBLE {
                return None;
            }
            if !found.contains(&line) {
                found.push(line);
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// A weight for each mean by which `x` is shown to be impossible: of all means if they leave every kind below 0, else of
    /// some that show it at all.
    fn farkas(&self, x: &[f64]) -> Option<Vec<f64>> {
        let means = self.means.len();
        if let Some(weights) = self.clearly(x, &|_| true) {
            return Some(weights);
        }
        let worth: Vec<(usize, f64)> = (means..2 * means).map(|place| (place, 1.0)).collect();
        let dual = self.dual(x, &|_| true, &|mean| means + mean);
        let Answer::Optimal { x: any, .. } = dual.maximise(&worth) else { return None };
        self.clearly(x, &|mean| any.get(mean).is_some_and(|weight| weight.abs() > NEGLIGIBLE))
    }

    /// The weights of the `used` means that leave every kind as far below 0 as can be.
    fn clearly(&self, x: &[f64], used: &dyn Fn(usize) -> bool) -> Option<Vec<f64>> {
        let means = self.means.len();
        let Answer::Optimal { value, x } = self.dual(x, used, &|_| means).maximise(&[(means, 1.0)]) else {
            return None;
        };
        let weight = |(mean, y): (usize, f64)| if used(mean) && y.abs() > NEGLIGIBLE { y } else { 0.0 };
        (value > NEGLIGIBLE).then(|| x.into_iter().take(means).enumerate().map(weight).collect())
    }

    /// Weights of the `used` means that leave no kind above 0, and how far below: what each mean adds to that is a variable.
    fn dual(&self, x: &[f64], used: &dyn Fn(usize) -> bool, below: &dyn Fn(usize) -> usize) -> Linear {
        let means = self.means.len();
        let mut dual = Linear::default();
        dual.intervals.extend((0..means).map(|_| (-1.0, 1.0)));
        dual.intervals.extend((0..means).map(|_| (0.0, 1.0)));
        for (kind, &(lo, hi)) in self.boxes.iter().enumerate() {
            // Without bounds the weights of predictions must cancel, and any mean will do.
            let free = (lo == f64::NEG_INFINITY && hi == f64::INFINITY).then_some(0.0);
            for end in [lo, hi].into_iter().chain(free) {
                let mut line = Line { entries: Vec::new(), lower: f64::NEG_INFINITY, upper: 0.0 };
                for (place, mean) in self.means.iter().enumerate().filter(|(place, _)| used(*place)) {
                    let Some((_, known)) = mean.kinds.iter().find(|(other, _)| *other == kind) else { continue };
                    match known {
                        None if end.is_infinite() => line.entries.push((place, -end.signum())),
                        Some(_) if end.is_infinite() => {}
                        known => {
                            let value = x.get(mean.variable).copied().unwrap_or(0.0) - known.unwrap_or(end);
                            line.entries.push((place, value));
                            if !line.entries.iter().any(|(other, _)| *other == below(place)) {
                                line.entries.push((below(place), 1.0));
                            }
                        }
                    }
                }
                dual.lines.push(line);
            }
        }
        dual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Young, middle, old; the first two are event 0, the last two event 1, all are event 2.
    fn overlapping() -> Weights {
        let mean = |variable: usize, kinds: &[usize]| Mean {
            variable,
            kinds: kinds.iter().map(|kind| (*kind, None)).collect(),
        };
        Weights { means: vec![mean(0, &[0, 1]), mean(1, &[1, 2]), mean(2, &[0, 1, 2])], boxes: vec![(0.0, 1.0); 3] }
    }

    #[test]
    fn means_that_occur_get_shares() {
        // A middle of 1 between ends of 0 lies in both halves, so the whole may be below both.
        let shares = overlapping().shares(&[0.5, 0.5, 0.4], 0.01).unwrap();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
        assert_eq!(overlapping().shares(&[0.5, 0.5, 0.2], 0.01), None);
    }

    #[test]
    fn means_that_cannot_be_leave_cases() {
        let weights = overlapping();
        let x = [0.5, 0.5, 0.2];
        let cases = weights.cases(&x).unwrap();
        assert!(cases.iter().all(|line| line.value(&x) < line.lower), "{cases:?}");
        // On any data one of them holds.
        for k in 0..2000_u32 {
            let part = |shift: u32| f64::from((k.wrapping_mul(2_654_435_761) >> shift) & 63) / 63.0;
            let (p, m) = ([part(0) + 0.01, part(6) + 0.01, part(12) + 0.01], [part(18), part(22), part(26)]);
            let mean = |kinds: &[usize]| {
                kinds.iter().map(|&c| p[c] * m[c]).sum::<f64>() / kinds.iter().map(|&c| p[c]).sum::<f64>()
            };
            let x = [mean(&[0, 1]), mean(&[1, 2]), mean(&[0, 1, 2])];
            assert!(cases.iter().any(|line| line.value(&x) >= line.lower - 1e-9), "{x:?} {cases:?}");
        }
        assert_eq!(weights.cases(&[0.5, 0.5, 0.4]), None);
    }
}
