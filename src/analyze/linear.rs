//! Linear programs over a few bounded variables, by the simplex method (good_lp with microlp).

use good_lp::{Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, constraint, variable};

/// `lower ≤ Σ coefficient · x ≤ upper`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    pub entries: Vec<(usize, f64)>,
    pub lower: f64,
    pub upper: f64,
}

/// Variables with intervals, and lines that they satisfy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linear {
    pub intervals: Vec<(f64, f64)>,
    pub lines: Vec<Line>,
}

/// What optimising came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Optimal {
        value: f64,
        x: Vec<f64>,
    },
    Infeasible,
    Unbounded,
    /// The solver gave up.
    Undecided,
}

impl Line {
    /// The largest coefficient: what sides are relative to.
    pub fn size(&self) -> f64 {
        self.entries.iter().fold(0.0, |most, (_, value)| value.abs().max(most))
    }

    pub fn value(&self, x: &[f64]) -> f64 {
        self.entries.iter().map(|&(place, value)| value * x.get(place).copied().unwrap_or(0.0)).sum()
    }
}

/// The simplex method may run for ever on variables without a lower bound: such a one is the difference of two.
struct Parts(Variable, Option<Variable>);

impl Parts {
    fn add(variables: &mut ProblemVariables, (lo, hi): (f64, f64)) -> Self {
        match lo == f64::NEG_INFINITY {
            true => Parts(variables.add(variable().min(0.0)), Some(variables.add(variable().min(0.0)))),
            false => Parts(variables.add(variable().min(lo).max(hi)), None),
        }
    }

    fn times(&self, factor: f64) -> Expression {
        let Parts(up, down) = self;
        down.map_or(factor * *up, |down| factor * *up - factor * down)
    }

    fn value(&self, solution: &impl Solution) -> f64 {
        let Parts(up, down) = self;
        solution.value(*up) - down.map_or(0.0, |down| solution.value(down))
    }
}

impl Linear {
    /// The point that makes `objective` largest.
    pub fn maximise(&self, objective: &[(usize, f64)]) -> Answer {
        let mut variables = ProblemVariables::new();
        let names: Vec<Parts> = self.intervals.iter().map(|&interval| Parts::add(&mut variables, interval)).collect();
        let sum = |entries: &[(usize, f64)], scale: f64| -> Expression {
            entries.iter().filter_map(|&(place, value)| Some(names.get(place)?.times(value / scale))).sum()
        };
        let size = objective.iter().fold(0.0_f64, |most, (_, value)| most.max(value.abs())).max(f64::MIN_POSITIVE);
        let mut model = variables.maximise(sum(objective, size)).using(good_lp::microlp);
        for (parts, &(_, hi)) in
            names.iter().zip(&self.intervals).filter(|(parts, (_, hi))| parts.1.is_some() && *hi < f64::INFINITY)
        {
            model.add_constraint(constraint!(parts.times(1.0) <= hi));
        }
        for line in &self.lines {
            let size = line.size();
            if size == 0.0 {
                if line.lower > 0.0 || line.upper < 0.0 {
                    return Answer::Infeasible;
                }
                continue;
            }
            let (lower, upper) = (line.lower / size, line.upper / size);
            if lower == upper {
                model.add_constraint(constraint!(sum(&line.entries, size) == lower));
                continue;
            }
            if lower > f64::NEG_INFINITY {
                model.add_constraint(constraint!(sum(&line.entries, size) >= lower));
            }
            if upper < f64::INFINITY {
                model.add_constraint(constraint!(sum(&line.entries, size) <= upper));
            }
        }
        match model.solve() {
            Ok(solution) => {
                let x: Vec<f64> = names.iter().map(|parts| parts.value(&solution)).collect();
                let value = objective.iter().map(|&(place, value)| value * x.get(place).copied().unwrap_or(0.0)).sum();
                Answer::Optimal { value, x }
            }
            Err(ResolutionError::Infeasible) => Answer::Infeasible,
            Err(ResolutionError::Unbounded) => Answer::Unbounded,
            Err(_) => Answer::Undecided,
        }
    }

    pub fn minimise(&self, objective: &[(usize, f64)]) -> Answer {
        let turned: Vec<(usize, f64)> = objective.iter().map(|&(place, value)| (place, -value)).collect();
        match self.maximise(&turned) {
            Answer::Optimal { value, x } => Answer::Optimal { value: -value, x },
            other => other,
        }
    }

    /// The least `t ≥ 0` by which all lines must give way, in units of their largest coefficients, and where.
    pub fn least_violation(&self) -> Option<(f64, Vec<f64>)> {
        let give = self.intervals.len();
        let mut elastic = Linear { intervals: self.intervals.clone(), lines: Vec::new() };
        elastic.intervals.push((0.0, f64::INFINITY));
        for line in &self.lines {
            let size = line.size().max(f64::MIN_POSITIVE);
            for (sign, side) in [(1.0, line.upper), (-1.0, -line.lower)] {
                if side < f64::INFINITY {
                    let mut entries: Vec<(usize, f64)> =
                        line.entries.iter().map(|&(place, value)| (place, sign * value)).collect();
                    entries.push((give, -size));
                    elastic.lines.push(Line { entries, lower: f64::NEG_INFINITY, upper: side });
                }
            }
        }
        match elastic.minimise(&[(give, 1.0)]) {
            Answer::Optimal { value, x } => Some((value, x)),
            Answer::Infeasible | Answer::Unbounded | Answer::Undecided => None,
        }
    }

    /// Whether some point satisfies all lines, up to rounding; none where the solver gave up.
    pub fn is_feasible(&self) -> Option<bool> {
        self.least_violation().map(|(violation, _)| violation <= ROUNDING)
    }
}

/// What counts as rounding, relative to the largest coefficient of a line.
pub const ROUNDING: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    fn line(entries: &[(usize, f64)], lower: f64, upper: f64) -> Line {
        Line { entries: entries.to_vec(), lower, upper }
    }

    #[test]
    fn a_corner_is_found() {
        let program = Linear {
            intervals: vec![(0.0, 1.0), (0.0, 1.0)],
            lines: vec![line(&[(0, 1.0), (1, -1.0)], -0.25, 0.25), line(&[(0, 1.0)], f64::NEG_INFINITY, 0.5)],
        };
        let Answer::Optimal { value, x } = program.maximise(&[(1, 2.0)]) else { panic!("it has an optimum") };
        assert!((value - 1.5).abs() < 1e-12 && (x[1] - 0.75).abs() < 1e-12, "{value} at {x:?}");
        assert_eq!(program.is_feasible(), Some(true));
    }

    #[test]
    fn violation_is_measured() {
        let program = Linear {
            intervals: vec![(0.0, 1.0)],
            lines: vec![line(&[(0, 2.0)], 1.0, f64::INFINITY), line(&[(0, 2.0)], f64::NEG_INFINITY, 0.5)],
        };
        // 2x ≥ 1 − 2t and 2x ≤ 0.5 + 2t: t = 1/8.
        let (violation, _) = program.least_violation().unwrap();
        assert!((violation - 0.125).abs() < 1e-12);
        assert_eq!(program.maximise(&[(0, 1.0)]), Answer::Infeasible);
    }

    #[test]
    fn variables_without_bounds_are_no_trouble() {
        let free = (f64::NEG_INFINITY, f64::INFINITY);
        let below = |entries: &[(usize, f64)], most: f64| line(entries, f64::NEG_INFINITY, most);
        let program = Linear {
            intervals: vec![free, free, (f64::NEG_INFINITY, -3.0)],
            lines: vec![below(&[(0, 1.0)], 0.5), below(&[(1, 1.0)], 0.5), line(&[(0, 1.0), (2, 1.0)], -4.0, -4.0)],
        };
        let Answer::Optimal { value, .. } = program.maximise(&[(0, 0.5), (1, 0.5)]) else {
            panic!("it has an optimum")
        };
        assert!((value - 0.5).abs() < 1e-12, "{value}");
        let Answer::Optimal { value, .. } = program.minimise(&[(0, 1.0)]) else { panic!("it has an optimum") };
        assert!((value + 1.0).abs() < 1e-12, "{value}");
        assert_eq!(program.minimise(&[(1, 1.0)]), Answer::Unbounded);
    }

    #[test]
    fn without_bounds_the_optimum_may_be_infinite() {
        let program = Linear { intervals: vec![(0.0, f64::INFINITY)], lines: Vec::new() };
        assert_eq!(program.maximise(&[(0, 1.0)]), Answer::Unbounded);
    }
}
