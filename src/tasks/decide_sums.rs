//! Decisions of samples that stay in a database.
//!
//! ```text
//! buckets ─→ levels ─decide→ thresholds ─→ windows around them ─asked→ narrower levels, at last single scores
//!              ▲                                                            │
//!              └────────────── until all scores near thresholds are single ◀┘
//! single scores near thresholds, the rest decided ─decide, decide_whole→ rules by cell ─→ the table
//! ```
//!
//! Scores near thresholds cross, each with how often it occurs; whose they are does not. The search for whole decisions looks at
//! no others in memory either.

use super::decide::{alike, lost_by_thresholds, none_found, probabilities};
use super::deciding::{no_thresholds, unfinished};
use super::reading::no_rows;
use super::refused::undecided;
use super::warehouse::{Answered, Asked};
use super::{Context, Refused};
use crate::bind::{
    Bound, BoundRow, Exception, Level, Params, Rule, Samples, Summed, Table, Thresholds, Warehouse, Window,
};
use crate::runtime::decide::{DecideStatus, Decisions, Elsewhere, Whole, decide, decide_whole, missed};
use crate::runtime::problem::{Problem, Sum};
use crate::source::{Conflict, Failure};

/// Rounds of narrower levels before it is called unfinished.
const ROUNDS: usize = 12;
/// Single scores are asked for once so few samples are near thresholds.
const FEW: usize = 200_000;
/// More scores than this are not taken in.
const MOST: usize = 1 << 22;
/// Samples on each side of a threshold that are told apart: as many as a search for whole decisions looks at.
const NEAR: usize = 600;
/// The same in each cell, of many.
const LEAST_NEAR: usize = 8;

/// How samples in a database are decided.
pub struct DecideSums<'a> {
    /// Where no row presses, scores of at least this are decided 1.
    pub cutoff: f64,
    /// What the column with the decisions is called.
    pub column: &'a str,
    /// The column by which samples are told apart that nothing else tells apart.
    pub key: Option<&'a str>,
    /// Thresholds are wanted too.
    pub freeze: bool,
}

/// Decisions in a database.
pub struct DecidedSums {
    pub bound: Bound,
    /// The query that gives the table with them.
    pub query: String,
    /// `Σ w (z − cutoff) d`, and what no decisions gain more than.
    pub gain: f64,
    pub most: f64,
    /// Samples of positive weight that are decided 1.
    pub selected: usize,
    /// Samples that the best shares of a decision left in between.
    pub between: usize,
    /// Where they are wanted: the thresholds, with what is lost by them alone, or why there are none.
    pub thresholds: Option<Result<(Thresholds, Option<String>), Failure>>,
}

/// The whole decisions of samples of the largest gain within the rows. `summed` was read with buckets, and `ask` runs a query.
///
/// # Errors
/// Rows that need more than sums by cell or that read labels, no decisions satisfy them, and whatever `ask` fails with.
pub fn decide_sums<E: From<Refused>>(
    asked: &Asked<'_>,
    warehouse: &Warehouse<'_>,
    table: &Table,
    summed: &Summed,
    options: &DecideSums<'_>,
    mut ask: impl FnMut(&str) -> Result<Answered, E>,
) -> Result<DecidedSums, E> {
    let context = &asked.context;
    fits(asked, warehouse, summed, options)?;
    let (bound, _) = summed.bind(asked.params).map_err(Refused::from)?;
    let elsewhere = Elsewhere::new(&bound.problem).map_err(undecided)?;
    let solver = Solver { context, params: asked.params, bound: &bound, elsewhere, summed, cutoff: options.cutoff };
    let mut levels = sorted(summed.levels());
    for _ in 0..ROUNDS {
        let best = solver.best(&levels)?;
        let near = solver.near(&levels, &best);
        let Blurred { windows, samples, divisible } = blurred(&levels, &near);
        if windows.is_empty() {
            let found = solver.whole(&levels, &near, &best)?;
            let rules = rules(&levels, &found.taken, summed.encoded().cells())?;
            if options.key.is_none() && rules.iter().any(|rule| rule.divided().next().is_some()) {
                return Err(Refused::from(needs_key(&rules)).into());
            }
            let query = warehouse.decided(summed, &rules, options.cutoff, options.column, options.key);
            let query = query.map_err(Refused::from)?.text(table.dialect);
            let thresholds = options.freeze.then(|| solver.thresholds(asked, &levels, &found)).transpose()?;
            let Found { gain, most, between, .. } = found;
            let selected = found.taken.iter().sum();
            return Ok(DecidedSums { bound, query, gain, most, selected, between, thresholds });
        }
        let narrow = divisible > FEW;
        if !narrow && samples > MOST {
            return Err(Refused::from(too_many(samples)).into());
        }
        let query = if narrow { warehouse.narrower(summed, &windows) } else { warehouse.scores(summed, &windows) };
        let (names, lines) = ask(&query.map_err(Refused::from)?.text(table.dialect))?;
        let read = if narrow {
            warehouse.read_narrower(summed, &names, &lines)
        } else {
            warehouse.read_scores(summed, &names, &lines)
        };
        let read = read.map_err(|error| Refused::from(vec![error]))?;
        let within = |level: &Level| {
            let inside = |window: &&Window| window.low <= level.low && level.high <= window.high;
            windows.iter().filter(|window| window.cell == level.cell).any(|window| inside(&window))
        };
        levels.retain(|level| !within(level));
        levels.extend(read);
        levels = sorted(levels);
    }
    let message = "the thresholds of decisions were not found in a dozen queries";
    Err(Refused::from(Failure::new(message, "decide a copy of the table in memory: `Program.decide`")).into())
}

fn fits(
    asked: &Asked<'_>,
    warehouse: &Warehouse<'_>,
    summed: &Summed,
    options: &DecideSums<'_>,
) -> Result<(), Refused> {
    let context = &asked.context;
    probabilities(context, options.cutoff)?;
    if let Some(weighed) = warehouse.beyond_cells().into_iter().next() {
        let message = format!("{weighed}, and decisions in a database are by group");
        return Err(Failure::new(message, "decide a copy of the table in memory: `Program.decide`").into());
    }
    if summed.n == 0 {
        return Err(no_rows(asked.table).into());
    }
    if summed.encoded().reads_labels(context.program) {
        let message = "a row reads a label, and rules that look at no label are not fitted in a database";
        let help = "fit them in memory on a sample of the rows, with `freeze=True`, and apply `Thresholds.to_sql` here";
        return Err(Failure::new(message, help).into());
    }
    Ok(())
}

fn needs_key(rules: &[Rule]) -> Failure {
    let mut divided = rules.iter().flat_map(Rule::divided);
    let example = divided.next().map(|one| format!("{} of {} with the score {}", one.taken, one.samples, one.score));
    let message = format!(
        "some samples of a group have the same score, and not all are decided alike: {}",
        example.unwrap_or_default()
    );
    Failure::new(message, "name a column that tells them apart, whose first are taken: `key=\"id\"`")
}

fn too_many(samples: usize) -> Failure {
    let message = format!("{samples} samples are near thresholds and have weights of their own, too many to take in");
    Failure::new(message, "round the weights or the scores in a view, so that more samples are alike")
}

/// By cell and score.
fn sorted(mut levels: Vec<Level>) -> Vec<Level> {
    levels.sort_by(|a, b| a.cell.cmp(&b.cell).then(a.low.total_cmp(&b.low)).then(a.unit.total_cmp(&b.unit)));
    levels
}

/// Levels near thresholds that are not single scores yet.
struct Blurred {
    windows: Vec<Window>,
    /// How many samples are in them, and in those of several scores.
    samples: usize,
    divisible: usize,
}

fn blurred(levels: &[Level], near: &[bool]) -> Blurred {
    let mut windows: Vec<Window> = Vec::new();
    let (mut samples, mut divisible) = (0, 0);
    for (level, _) in levels.iter().zip(near).filter(|(level, near)| **near && !level.exact) {
        samples += level.samples;
        divisible += if level.low < level.high { level.samples } else { 0 };
        match windows.last_mut() {
            Some(window) if window.cell == level.cell => window.high = window.high.max(level.high),
            _ => windows.push(Window { cell: level.cell, low: level.low, high: level.high }),
        }
    }
    Blurred { windows, samples, divisible }
}

/// Decisions by level.
struct Found {
    /// How many samples are decided 1.
    taken: Vec<usize>,
    /// The share of samples that the best decisions have as 1.
    shares: Vec<f64>,
    multipliers: Vec<f64>,
    gain: f64,
    most: f64,
    between: usize,
}

struct Solver<'a> {
    context: &'a Context<'a>,
    params: &'a Params,
    bound: &'a Bound,
    elsewhere: Elsewhere<'a>,
    summed: &'a Summed,
    cutoff: f64,
}

impl Solver<'_> {
    /// The best decisions where each level is one sample.
    fn best(&self, levels: &[Level]) -> Result<Decisions, Refused> {
        let problem = self.problem(levels.iter().map(|level| (level.cell, level.weight)), &[])?;
        let gain: Vec<f64> = levels.iter().map(|level| level.mean() - self.cutoff).collect();
        self.solved(&problem, &gain)
    }

    fn problem(&self, samples: impl Iterator<Item = (usize, f64)>, taken: &[f64]) -> Result<Problem, Refused> {
        let (cell, weights) = samples.map(|(cell, weight)| (cell as u32, weight)).unzip();
        Ok(self.elsewhere.problem(cell, weights, taken)?)
    }

    fn solved(&self, problem: &Problem, gain: &[f64]) -> Result<Decisions, Refused> {
        let found = decide(problem, gain).map_err(undecided)?;
        match &found.status {
            DecideStatus::Optimal => Ok(found),
            DecideStatus::Unfinished => Err(unfinished(&found)),
            DecideStatus::Infeasible(proof) => {
                let conflict = Conflict::of(proof, self.summed.encoded(), self.params, &Samples::All);
                let fault = self.context.infeasible(&conflict, &self.bound.rows, "");
                Err(Refused::Infeasible(Box::new(fault)))
            }
        }
    }

    /// Which levels are near the threshold of their cell, or hold it.
    fn near(&self, levels: &[Level], best: &Decisions) -> Vec<bool> {
        let shifts = self.elsewhere.shifts(&best.multipliers);
        let mut near = vec![false; levels.len()];
        let share = self.share();
        let mut begin = 0;
        while let Some(first) = levels.get(begin) {
            let own = &levels[begin..];
            let own = &own[..own.partition_point(|level| level.cell == first.cell)];
            let threshold = self.cutoff + shifts.get(first.cell).copied().unwrap_or(0.0);
            let below = own.partition_point(|level| level.high < threshold);
            let (mut above, mut beneath) = (0, 0);
            for (place, level) in own.iter().enumerate().skip(below) {
                near[begin + place] = true;
                above += if level.low > threshold { level.samples } else { 0 };
                if above >= share {
                    break;
                }
            }
            for (place, level) in own.iter().enumerate().take(below).rev() {
                near[begin + place] = true;
                beneath += level.samples;
                if beneath >= share {
                    break;
                }
            }
            begin += own.len();
        }
        near
    }

    fn share(&self) -> usize {
        (NEAR / self.bound.problem.cells().max(1)).max(LEAST_NEAR)
    }

    /// Whole decisions near the best ones: of single scores those that are in doubt are samples, and all else is decided.
    fn whole(&self, levels: &[Level], near: &[bool], best: &Decisions) -> Result<Found, Refused> {
        let most = 2 * self.share() + 2;
        let mut sums = vec![0.0; self.bound.problem.cells()];
        let mut weights = vec![Sum::default(); sums.len()];
        let mut decided = Sum::default();
        let (mut samples, mut gain, mut taken) = (Vec::new(), Vec::new(), Vec::with_capacity(levels.len()));
        for (place, ((level, near), share)) in levels.iter().zip(near).zip(&best.decisions).enumerate() {
            let one = level.unit;
            let shown = if *near { level.samples.min(most) } else { 0 };
            let about = share * level.samples as f64;
            let fixed = match *near {
                true => (about as usize).saturating_sub(most / 2).min(level.samples - shown),
                false => about.round() as usize,
            };
            taken.push(fixed);
            let (weight, sum) = if level.exact {
                (one * fixed as f64, one * fixed as f64 * level.low)
            } else {
                (level.weight * share.round(), level.sum * share.round())
            };
            weights.get_mut(level.cell).into_iter().for_each(|sum| sum.add(weight));
            decided.add(sum);
            decided.add_product(-self.cutoff, weight);
            samples.extend(std::iter::repeat_n((place, level.cell, one), shown));
            gain.extend(std::iter::repeat_n(level.mean() - self.cutoff, shown));
        }
        sums.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum = weight.value());
        let problem = self.problem(samples.iter().map(|(_, cell, weight)| (*cell, *weight)), &sums)?;
        let best = self.solved(&problem, &gain)?;
        let mut shares: Vec<f64> = taken.iter().map(|taken| *taken as f64).collect();
        samples.iter().zip(&best.decisions).for_each(|((place, ..), share)| shares[*place] += share);
        let level = shares.iter_mut().zip(levels);
        level.for_each(|(share, level)| *share /= level.samples.max(1) as f64);
        let whole = match decide_whole(&problem, &gain, &best).map_err(undecided)? {
            Whole::Found(whole) => whole,
            Whole::Missed { misses, proven, .. } => return Err(self.missed(&misses, proven)),
            Whole::NoneWithin { .. } | Whole::Infeasible(_) => return Err(self.missed(&[], true)),
        };
        samples.iter().zip(&whole.decisions).for_each(|((place, ..), one)| taken[*place] += *one as usize);
        let decided = decided.value();
        Ok(Found {
            taken,
            shares,
            multipliers: best.multipliers,
            gain: decided + whole.gain,
            most: decided + whole.bound,
            between: best.between.len(),
        })
    }

    fn missed(&self, misses: &[(usize, f64)], proven: bool) -> Refused {
        let rows: &[BoundRow] = &self.bound.rows;
        let help = "allow a little more, or draw in memory: `Program.decide(.., randomize=1)`";
        Failure::new(none_found(self.context, rows, misses, proven), help).into()
    }

    fn thresholds(
        &self,
        asked: &Asked<'_>,
        levels: &[Level],
        found: &Found,
    ) -> Result<Result<(Thresholds, Option<String>), Failure>, Refused> {
        let program = self.context.program;
        let visible = self.summed.encoded().visible(program, self.params)?;
        let shared: Vec<(Level, f64)> = levels.iter().cloned().zip(found.shares.iter().copied()).collect();
        let of = (self.bound, found.multipliers.as_slice());
        let told = (asked.column, self.cutoff);
        let thresholds = match self.summed.thresholds((program, self.params), &visible, of, told, &shared) {
            Ok(thresholds) => thresholds,
            Err(errors) => return Ok(Err(no_thresholds(&errors))),
        };
        let values = levels.iter().map(|level| (level.cell as u32, level.mean()));
        let chances = visible.chances(&thresholds, values).map_err(|error| vec![error])?;
        let tied = levels.iter().zip(&chances).filter(|(_, chance)| **chance > 0.0 && **chance < 1.0);
        let tied = tied.map(|(level, _)| level.samples).sum();
        let problem = self.problem(levels.iter().map(|level| (level.cell, level.weight)), &[])?;
        let missed = missed(&problem, &alike(&chances)).map_err(undecided)?.len();
        Ok(Ok((thresholds, lost_by_thresholds(missed, tied))))
    }
}

/// By cell, from which score on all are decided 1, and who else.
fn rules(levels: &[Level], taken: &[usize], cells: usize) -> Result<Vec<Rule>, Refused> {
    let mut rules: Vec<Rule> =
        (0..cells).map(|cell| Rule { cell, from: f64::INFINITY, exceptions: Vec::new() }).collect();
    let mut whole = vec![true; cells];
    let (mut end, all) = (levels.len(), levels);
    while let Some(last) = end.checked_sub(1).and_then(|last| all.get(last)) {
        // Those with the same score, whatever they weigh.
        let same = |level: &&Level| level.cell == last.cell && level.low == last.low;
        let begin = end - all[..end].iter().rev().take_while(same).count().max(1);
        let group = all[begin..end].iter().zip(&taken[begin..end]);
        let (Some(rule), Some(whole)) = (rules.get_mut(last.cell), whole.get_mut(last.cell)) else { break };
        *whole &= group.clone().all(|(level, taken)| *taken == level.samples);
        if *whole {
            rule.from = last.low;
        } else {
            for (level, taken) in group.filter(|(_, taken)| **taken > 0) {
                if !level.exact {
                    let what = "scores that are not told apart are decided both ways".to_owned();
                    return Err(vec![crate::bind::BindError::Internal { what }].into());
                }
                let (score, weight, samples) = (level.low, level.unit, level.samples);
                let is_twice = |other: &Exception| other.score == score && other.weight == weight;
                if rule.exceptions.iter().rev().take(end - begin).any(is_twice) {
                    let what = "equal scores of a cell are decided apart".to_owned();
                    return Err(vec![crate::bind::BindError::Internal { what }].into());
                }
                rule.exceptions.push(Exception { score, weight, samples, taken: *taken });
            }
        }
        end = begin;
    }
    Ok(rules)
}
