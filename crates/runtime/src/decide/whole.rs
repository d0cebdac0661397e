//! Decisions of 0 or 1: whole numbers within the rows, counted exactly.
//!
//! All but a few samples of the best decisions are whole already. Those in between, and the samples nearest to their
//! thresholds, are searched by [`branch`](super::branch), with all others left as they are. A sample that is further from its
//! threshold than the answer is from the optimum of all cannot make it better, so the search often proves its answer the best.

use super::branch::{Most, Search, draw_in};
use super::classes::Group;
use super::decisions::{DecideError, DecideStatus, Decisions};
use super::lp::{Lp, Scales};
use super::solve::{costs_of, decide, interval, widest};
use super::start::{Distances, scaled};
use super::{steps, ties};
use crate::problem::{Bounds, Problem, ROUNDING, Sum};
use crate::project::Infeasibility;

/// Samples that are searched at first, and where that finds nothing, with by how much longer.
const SEARCHED: [(usize, usize); 2] = [(160, 1), (600, 2)];
/// Where that finds nothing either, and there are no more samples than this, all of them.
const SEARCHED_WHOLE: usize = 5000;
/// Most programs that are solved for that.
const MOST_NODES: usize = 4000;
/// The same for so many samples that one more or less hardly counts.
const MANY: usize = 20_000;
const MOST_NODES_OF_MANY: usize = 200;
/// The same for so few samples that all of them are searched.
const FEW: usize = 64;
const MOST_NODES_OF_FEW: usize = 40_000;
const WORK_OF_FEW: usize = 3 * WORK;
/// Most numbers that a search looks at: about half a second of it.
const WORK: usize = 400_000_000;
/// What passes a first look, by what counts as rounding.
const FIRST_LOOK: f64 = 4.0;
/// What a unit of a row's violation costs where no whole decisions keep the rows, by the largest gain.
const PRICE: f64 = 1e4;

/// Decisions that are whole numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeDecisions {
    /// A whole number for each sample, in their order.
    pub decisions: Vec<f64>,
    /// `Σ w g d`, less what soft rows cost.
    pub gain: f64,
    /// No whole decisions gain more than this; the gain itself where the answer is shown to be the best.
    pub bound: f64,
    /// Programs that were solved.
    pub nodes: usize,
}

/// What became of the search.
#[derive(Debug, Clone, PartialEq)]
pub enum Whole {
    Found(WholeDecisions),
    /// None that keep the rows were found.
    Missed {
        /// The nearest found.
        nearest: Vec<f64>,
        /// The rows that it violates, and by how much.
        misses: Vec<(usize, f64)>,
        /// All samples were searched to the end, so there are none.
        proven: bool,
    },
    /// The interval of a sample holds no whole number.
    NoneWithin {
        sample: usize,
        lo: f64,
        hi: f64,
    },
    /// The rows have no decisions once intervals end at whole numbers.
    Infeasible(Infeasibility),
}

/// Whole decisions near the best ones, `found` by [`decide`] for the same problem and gains.
///
/// # Errors
/// As of [`decide`].
pub fn decide_whole(problem: &Problem, gain: &[f64], found: &Decisions) -> Result<Whole, DecideError> {
    let mut whole = searched(problem, gain, found)?;
    if let Whole::Found(WholeDecisions { decisions, .. }) = &mut whole {
        *decisions = in_row_order(problem, gain, decisions)?;
    }
    Ok(whole)
}

/// Of samples that nothing tells apart the first rows are decided 1.
fn in_row_order(problem: &Problem, gain: &[f64], decisions: &[f64]) -> Result<Vec<f64>, DecideError> {
    let (lp, _) = Lp::new(problem, &costs_of(problem, gain)?);
    let before = problem.grouping.group(decisions);
    let mut grouped = before.clone();
    ties::whole_in_row_order(&lp, &mut grouped);
    // What counts for no gain is decided by its own.
    let weightless = problem.weights.iter().flatten().enumerate().filter(|(_, weight)| **weight == 0.0);
    weightless.for_each(|(place, _)| grouped[place] = before[place]);
    Ok(problem.grouping.ungroup(&grouped))
}

fn searched(problem: &Problem, gain: &[f64], found: &Decisions) -> Result<Whole, DecideError> {
    let own: (Problem, Decisions);
    let (problem, found) = match whole_box(problem) {
        Err((sample, lo, hi)) => return Ok(Whole::NoneWithin { sample, lo, hi }),
        Ok(None) => (problem, found),
        Ok(Some(tight)) => {
            let found = decide(&tight, gain)?;
            own = (tight, found);
            (&own.0, &own.1)
        }
    };
    if let DecideStatus::Infeasible(proof) = &found.status {
        return Ok(Whole::Infeasible(proof.clone()));
    }
    let costs = costs_of(problem, gain)?;
    let (lp, scales) = Lp::new(problem, &costs);
    let Ok((lower, upper)) = steps::drawn_in(problem, &lp, &scales.rows) else {
        return nearest_of(problem, gain, found, true);
    };
    let tight = Problem { lower, upper, ..problem.clone() };
    let mut proven = false;
    for (kept, times) in SEARCHED {
        let answer = search(&tight, gain, found, kept, times)?;
        if let Some(answer) = answer.found {
            return Ok(Whole::Found(answer));
        }
        if kept >= problem.n() {
            proven = answer.complete;
            break;
        }
    }
    if problem.n() > SEARCHED[0].0
        && let Some(answer) = drawn_in(&tight, gain, found)?
    {
        return Ok(Whole::Found(answer));
    }
    if (SEARCHED[1].0 + 1..=SEARCHED_WHOLE).contains(&problem.n()) {
        let answer = search(&tight, gain, found, problem.n(), 1)?;
        if let Some(answer) = answer.found {
            return Ok(Whole::Found(answer));
        }
        proven = answer.complete;
    }
    if !proven && let Some(answer) = all_alike(problem, gain, found)? {
        return Ok(Whole::Found(answer));
    }
    nearest_of(problem, gain, found, proven)
}

/// All samples decided alike, which often keeps rows that compare groups where nothing better was found.
fn all_alike(problem: &Problem, gain: &[f64], found: &Decisions) -> Result<Option<WholeDecisions>, DecideError> {
    let costs = costs_of(problem, gain)?;
    let mut best: Option<WholeDecisions> = None;
    for take in [false, true] {
        let end = |place: usize| if take { interval(problem, place).1 } else { interval(problem, place).0 };
        let grouped: Vec<f64> = (0..problem.n()).map(end).collect();
        let decisions = problem.grouping.ungroup(&grouped);
        if missed(problem, &decisions)?.is_empty() {
            let gain = gain_of(problem, &costs, &grouped, &decisions);
            let bound = found.certificate.dual.max(gain);
            if best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(WholeDecisions { decisions, gain, bound, nodes: 0 });
            }
        }
    }
    Ok(best)
}

/// The best decisions of all samples within rows that are drawn in, rounded: by one coefficient, and by as much as rounding can
/// take.
fn drawn_in(problem: &Problem, gain: &[f64], found: &Decisions) -> Result<Option<WholeDecisions>, DecideError> {
    let costs = costs_of(problem, gain)?;
    let (lp, scales) = Lp::new(problem, &costs);
    let peaks = lp.peaks(problem.n());
    for times in [1.0, 0.5 * found.between.len().max(4) as f64] {
        let mut tight = problem.clone();
        let by =
            |row: usize| if problem.soft[row] < f64::INFINITY { 0.0 } else { times * peaks[row] / scales.rows[row] };
        draw_in(&mut tight.lower, &mut tight.upper, (0..problem.rows()).map(by));
        let near = decide(&tight, gain)?;
        if near.status != DecideStatus::Optimal {
            return Ok(None);
        }
        let decisions: Vec<f64> = near.decisions.iter().map(|d| d.round() + 0.0).collect();
        if missed(problem, &decisions)?.is_empty() {
            let gain = gain_of(problem, &costs, &problem.grouping.group(&decisions), &decisions);
            return Ok(Some(WholeDecisions { decisions, gain, bound: found.certificate.dual.max(gain), nodes: 0 }));
        }
    }
    Ok(None)
}

/// The hard rows that whole decisions violate, and by how much.
///
/// # Errors
/// There is another number of decisions than of samples.
pub fn missed(problem: &Problem, decisions: &[f64]) -> Result<Vec<(usize, f64)>, DecideError> {
    let (found, expected) = (decisions.len(), problem.n());
    let found =
        problem.row_values(decisions).map_err(|_| DecideError::Length { what: "decisions", found, expected })?;
    let rows = found.values.iter().zip(&found.magnitudes).enumerate();
    let outside = rows.filter(|(row, _)| problem.soft[*row] == f64::INFINITY).map(|(row, (activity, magnitude))| {
        let (l, u) = (problem.lower[row], problem.upper[row]);
        (row, (activity - u).max(l - activity), ROUNDING * sized(*magnitude, l, u))
    });
    Ok(outside.filter(|(_, by, allowed)| by > allowed).map(|(row, by, _)| (row, by)).collect())
}

fn sized(magnitude: f64, l: f64, u: f64) -> f64 {
    [l, u].into_iter().filter(|side| side.is_finite()).fold(magnitude, |m, side| m.max(side.abs()))
}

/// The whole numbers at the ends of an interval; the first is the larger one where there are none in it.
fn inward(lo: f64, hi: f64) -> (f64, f64) {
    (lo.ceil(), hi.floor())
}

/// The problem with intervals that end at whole numbers, or a sample without one; `None` if they do already.
fn whole_box(problem: &Problem) -> Result<Option<Problem>, (usize, f64, f64)> {
    let bounds = match problem.bounds() {
        Bounds::Uniform { lo, hi } if inward(lo, hi) == (lo, hi) => return Ok(None),
        Bounds::Uniform { lo, hi } => match inward(lo, hi) {
            (low, high) if low > high && problem.n() > 0 => return Err((0, lo, hi)),
            (lo, hi) => Bounds::Uniform { lo, hi },
        },
        Bounds::PerSample { lo, hi } => {
            let (low, high): (Vec<f64>, Vec<f64>) = lo.iter().zip(&hi).map(|(&lo, &hi)| inward(lo, hi)).unzip();
            if (&low, &high) == (&lo, &hi) {
                return Ok(None);
            }
            if let Some(sample) = low.iter().zip(&high).position(|(low, high)| low > high) {
                return Err((sample, lo[sample], hi[sample]));
            }
            Bounds::PerSample { lo: problem.grouping.group(&low), hi: problem.grouping.group(&high) }
        }
    };
    let mut tight = problem.clone();
    tight.bounds = bounds;
    Ok(Some(tight))
}

/// The same where some intervals hold no whole number: these stay as they are.
fn whole_where_there_are(problem: &Problem) -> Problem {
    let ends = |place: usize| {
        let (lo, hi) = interval(problem, place);
        let (low, high) = inward(lo, hi);
        if low <= high { (low, high) } else { (lo, hi) }
    };
    let (lo, hi) = (0..problem.n()).map(ends).unzip();
    Problem { bounds: Bounds::PerSample { lo, hi }, ..problem.clone() }
}

/// What a search came to.
struct Answer {
    found: Option<WholeDecisions>,
    complete: bool,
}

/// The columns that are searched: those in between, what soft rows give way by, and in each cell about as many of those decided 1
/// and of those decided 0 that are the nearest to the threshold; of equals the last that was taken, and the first that was not.
fn candidates(lp: &Lp, distances: &Distances, grouped: &[f64], kept: usize) -> Vec<u32> {
    let n = grouped.len();
    if n <= kept {
        return (0..lp.len() as u32).collect();
    }
    let far = |column: u32| distances.far[column as usize];
    let cells = (0..lp.cells()).filter(|&cell| !lp.columns(cell).is_empty()).count();
    let share = (kept / (2 * cells.max(1))).max(2);
    let mut chosen: Vec<u32> = Vec::new();
    for cell in 0..lp.cells() {
        let samples = lp.columns(cell).filter(|&column| column < n && distances.far[column] < f64::INFINITY);
        let (mut taken, mut refused): (Vec<u32>, Vec<u32>) =
            samples.map(|column| column as u32).partition(|&column| grouped[column as usize] > lp.lo[column as usize]);
        nearest(&mut taken, share, |a, b| far(a).total_cmp(&far(b)).then(b.cmp(&a)));
        nearest(&mut refused, share, |a, b| far(a).total_cmp(&far(b)).then(a.cmp(&b)));
        chosen.extend(taken.into_iter().chain(refused));
    }
    nearest(&mut chosen, kept.max(share), |a, b| far(a).total_cmp(&far(b)).then(a.cmp(&b)));
    chosen.extend(n as u32..lp.len() as u32);
    chosen.extend((0..n as u32).filter(|&column| grouped[column as usize].fract() != 0.0));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Keeps the first in an order.
fn nearest(columns: &mut Vec<u32>, kept: usize, order: impl Fn(u32, u32) -> std::cmp::Ordering) {
    if kept < columns.len() {
        columns.select_nth_unstable_by(kept, |&a, &b| order(a, b));
        columns.truncate(kept);
    }
}

/// Searches the samples in between and the `kept` nearest to their thresholds.
fn search(
    problem: &Problem,
    gain: &[f64],
    found: &Decisions,
    kept: usize,
    times: usize,
) -> Result<Answer, DecideError> {
    let n = problem.n();
    let costs = costs_of(problem, gain)?;
    let (lp, scales) = Lp::new(problem, &costs);
    let grouped = problem.grouping.group(&found.decisions);
    let distances = Distances::new(&lp, &lp.cost, &scaled(&found.multipliers, &scales));
    let order = candidates(&lp, &distances, &grouped, kept);
    let mut left = vec![true; n];
    order.iter().filter(|column| (**column as usize) < n).for_each(|column| left[*column as usize] = false);
    let beyond =
        left.iter().zip(&distances.worth).filter(|(left, _)| **left).fold(f64::INFINITY, |m, (_, w)| m.min(*w));
    let classes = lp.classes(&order, n, |column| grouped.get(column).copied().unwrap_or(0.0));
    if classes.empty {
        return Ok(Answer { found: None, complete: true });
    }
    let order = &classes.order;
    let is_sample = |group: &&Group| (order[group.columns.start] as usize) < n;
    let samples: Vec<Group> = classes.groups.iter().filter(is_sample).cloned().collect();
    let (nodes, work) = match n {
        few if few <= FEW => (MOST_NODES_OF_FEW, WORK_OF_FEW),
        many if many > MANY => (MOST_NODES_OF_MANY, WORK),
        _ => (MOST_NODES, WORK),
    };
    let most = Most { nodes: times * nodes, work: times * work };
    let mut allowed = allowed(problem, &scales);
    allowed.resize(classes.lp.rows(), f64::INFINITY);
    let spread = |x: &[f64]| {
        let mut d = grouped.clone();
        order
            .iter()
            .zip(x)
            .filter(|(column, _)| (**column as usize) < n)
            .for_each(|(&column, x)| d[column as usize] = *x);
        d
    };
    let keeps =
        |x: &[f64]| missed(problem, &problem.grouping.ungroup(&spread(x))).is_ok_and(|missed| missed.is_empty());
    let mut search = Search::new(&classes, &samples, allowed, &keeps, most);
    search.run();
    let (nodes, complete) = (search.nodes, search.complete);
    let Some((x, _)) = search.best else { return Ok(Answer { found: None, complete }) };
    let d = spread(&x);
    let decisions = problem.grouping.ungroup(&d);
    let gain = gain_of(problem, &costs, &d, &decisions);
    let rest = order.len() < lp.len();
    let outside = if rest { found.certificate.dual - beyond / scales.gain } else { f64::NEG_INFINITY };
    let inside = if complete { gain } else { found.certificate.dual };
    let found = WholeDecisions { decisions, gain, bound: inside.max(outside).max(gain), nodes };
    Ok(Answer { found: Some(found), complete })
}

/// `Σ w g d`, less what soft rows cost.
pub(super) fn gain_of(problem: &Problem, costs: &[f64], grouped: &[f64], decisions: &[f64]) -> f64 {
    let mut gain = Sum::default();
    costs.iter().zip(grouped).for_each(|(cost, d)| gain.add_product(*cost, *d));
    gain.add(-soft_cost(problem, decisions));
    gain.value()
}

/// What soft rows cost where decisions violate them; 0 for another number of decisions than of samples.
pub fn soft_cost(problem: &Problem, decisions: &[f64]) -> f64 {
    if problem.soft.iter().all(|cap| cap.is_infinite()) {
        return 0.0;
    }
    let mut cost = Sum::default();
    let activity = problem.activity(decisions).unwrap_or_default();
    for (row, activity) in activity.iter().enumerate().filter(|(row, _)| problem.soft[*row] < f64::INFINITY) {
        let outside = (activity - problem.upper[row]).max(problem.lower[row] - activity).max(0.0);
        cost.add_product(problem.soft[row], outside);
    }
    cost.value()
}

/// By how much the scaled rows may be outside at a first look: more than what counts as rounding.
fn allowed(problem: &Problem, scales: &Scales) -> Vec<f64> {
    let magnitude = problem.row_values(&widest(problem)).unwrap_or_default().magnitudes;
    let rows = magnitude.iter().zip(&scales.rows).enumerate();
    rows.map(|(row, (m, scale))| FIRST_LOOK * ROUNDING * scale * sized(*m, problem.lower[row], problem.upper[row]))
        .collect()
}

/// What there is where a search found nothing: the nearest decisions. They may keep the rows after all.
fn nearest_of(problem: &Problem, gain: &[f64], found: &Decisions, proven: bool) -> Result<Whole, DecideError> {
    let nearest = nearest_whole(problem, gain)?;
    let misses = missed(problem, &nearest)?;
    if !misses.is_empty() {
        return Ok(Whole::Missed { nearest, misses, proven });
    }
    let costs = costs_of(problem, gain)?;
    let gain = gain_of(problem, &costs, &problem.grouping.group(&nearest), &nearest);
    Ok(Whole::Found(WholeDecisions { decisions: nearest, gain, bound: found.certificate.dual.max(gain), nodes: 0 }))
}

/// Whole decisions that miss the rows by the least, as far as a search finds them: for rows that no decisions satisfy.
///
/// # Errors
/// As of [`decide`].
pub fn nearest_whole(problem: &Problem, gain: &[f64]) -> Result<Vec<f64>, DecideError> {
    let tight = whole_box(problem).unwrap_or_else(|_| Some(whole_where_there_are(problem)));
    let priced = priced(tight.as_ref().unwrap_or(problem), gain)?;
    let found = decide(&priced, gain)?;
    let nearest = match search(&priced, gain, &found, SEARCHED[0].0, 1)?.found {
        Some(nearest) => nearest.decisions,
        None => found.decisions.iter().map(|d| d.round() + 0.0).collect(),
    };
    in_row_order(problem, gain, &nearest)
}

/// The problem with a high price on violations in place of what is infeasible.
///
/// # Errors
/// As of [`decide`].
pub fn priced(problem: &Problem, gain: &[f64]) -> Result<Problem, DecideError> {
    let largest = costs_of(problem, gain)?.iter().fold(f64::MIN_POSITIVE, |m, cost| m.max(cost.abs()));
    let magnitude = problem.row_values(&widest(problem)).unwrap_or_default().magnitudes;
    let mut priced = problem.clone();
    for (cap, magnitude) in priced.soft.iter_mut().zip(&magnitude) {
        // By the size of a row, so that one sample more or less costs about the same in each. Of a row that reads nothing but
        // samples whose decision is fixed there is no size, and a price without end would make it hard.
        let size = if *magnitude > 0.0 { *magnitude } else { 1.0 };
        *cap = cap.min(PRICE * largest * problem.n() as f64 / size).clamp(f64::MIN_POSITIVE, f64::MAX);
    }
    Ok(priced)
}
