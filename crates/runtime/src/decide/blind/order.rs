//! The samples of each visible cell in the order of their values.
//!
//! ```text
//! value      0.9   0.8 0.8   0.7   0.4        equal values are one group
//! position  0    1         2     3     4       a threshold is a position: all groups before it are taken
//! ```

use super::{Cut, Visible};
use crate::decide::solve::interval;
use crate::problem::{Factor, Problem, Sum};

/// What does not depend on thresholds: samples at the lower end of their interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    pub gain: f64,
    pub size: f64,
    pub rows: Vec<f64>,
}

/// Samples of equal value, by their last place and what they have in common.
#[derive(Clone, Copy, Debug)]
struct Group {
    end: usize,
    value: f64,
    /// Gains do not speak against it.
    wanted: bool,
}

/// What samples gain and count from the lower to the upper end of their interval, by cell and then by descending value.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    cost: Vec<f64>,
    /// The cell of the problem.
    cell: Vec<u32>,
    phi: Vec<Vec<f64>>,
    sample: Vec<u32>,
    groups: Vec<Group>,
    /// Where the groups of each visible cell begin, and at the end their number.
    start: Vec<usize>,
    /// By slot of the problem, the rows that read it.
    by_slot: Vec<Vec<(u32, f64)>>,
    pub base: Base,
}

/// The best threshold of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    pub value: f64,
    pub size: f64,
    pub position: usize,
}

/// The thresholds that a cell may have, by position, both ends included.
pub(super) type Limits = Vec<(usize, usize)>;

impl Order {
    pub fn new(problem: &Problem, costs: &[f64], gain: &[f64], visible: &Visible<'_>) -> Order {
        let n = problem.n();
        let place: Vec<u32> = {
            let samples: Vec<u32> = problem.grouping.group(&(0..n as u32).collect::<Vec<_>>());
            let mut place = vec![0; n];
            samples.iter().enumerate().for_each(|(at, &sample)| place[sample as usize] = at as u32);
            place
        };
        let range = |sample: u32| interval(problem, place[sample as usize] as usize);
        let mut sample: Vec<u32> = (0..n as u32).filter(|&sample| range(sample).0 < range(sample).1).collect();
        let key = |sample: u32| (visible.cell[sample as usize], visible.value[sample as usize] + 0.0);
        sample.sort_by(|&a, &b| {
            let ((cell, value), (other, than)) = (key(a), key(b));
            cell.cmp(&other).then(than.total_cmp(&value)).then(a.cmp(&b))
        });
        let (mut groups, mut start): (Vec<Group>, Vec<usize>) = (Vec::new(), vec![0]);
        let mut last = None;
        for (at, &own) in sample.iter().enumerate() {
            let (cell, value) = key(own);
            while start.len() <= cell as usize {
                start.push(groups.len());
            }
            if last != Some((cell, value)) {
                groups.push(Group { end: at, value, wanted: true });
                last = Some((cell, value));
            }
            if let Some(group) = groups.last_mut() {
                group.end = at + 1;
                group.wanted &= gain[own as usize] >= 0.0;
            }
        }
        start.resize(visible.cells + 1, groups.len());
        let width = |own: u32| range(own).1 - range(own).0;
        let at = |own: u32| place[own as usize] as usize;
        let phi = problem.factors.iter().map(|factor| match factor {
            Factor::One => sample.iter().map(|&own| width(own)).collect(),
            Factor::Data(phi) => sample.iter().map(|&own| phi[at(own)] * width(own)).collect(),
        });
        let lowest: Vec<f64> = (0..n as u32).map(|sample| range(sample).0).collect();
        let mut base = Base { rows: problem.activity(&lowest).unwrap_or_default(), ..Base::default() };
        let mut sum = Sum::default();
        for own in 0..n as u32 {
            sum.add_product(costs[at(own)], lowest[own as usize]);
            base.size += (costs[at(own)] * lowest[own as usize]).abs();
        }
        base.gain = sum.value();
        let mut by_slot = vec![Vec::new(); problem.slots()];
        for row in 0..problem.rows() {
            problem.rows.row(row).for_each(|(slot, value)| by_slot[slot].push((row as u32, value)));
        }
        Order {
            cost: sample.iter().map(|&own| costs[at(own)] * width(own)).collect(),
            cell: sample.iter().map(|&own| problem.cell()[own as usize]).collect(),
            phi: phi.collect(),
            sample,
            groups,
            start,
            by_slot,
            base,
        }
    }

    pub fn cells(&self) -> usize {
        self.start.len() - 1
    }

    pub fn len(&self) -> usize {
        self.cost.len()
    }

    /// The thresholds of these cuts, and those up to so many samples off.
    pub fn near(&self, cuts: &[Vec<Cut>], samples: usize) -> Limits {
        let of_cell = |cell: usize| {
            let (groups, first) = (self.groups(cell), self.first(cell));
            let end = |position: usize| position.checked_sub(1).map_or(first, |last| groups[last].end);
            let at = |cut: &Cut| groups.partition_point(|group| group.value >= cut.taken);
            let positions = cuts.get(cell).into_iter().flatten().map(at);
            let (least, most) = positions.fold((groups.len(), 0), |(a, b), at| (a.min(at), b.max(at)));
            let (low, high) = (end(least.min(most)).saturating_sub(samples), end(most).saturating_add(samples));
            (
                groups.partition_point(|group| group.end <= low.max(first)),
                groups.partition_point(|group| group.end <= high),
            )
        };
        (0..self.cells()).map(of_cell).collect()
    }

    fn groups(&self, cell: usize) -> &[Group] {
        &self.groups[self.start[cell]..self.start[cell + 1]]
    }

    /// Where the samples of a cell begin.
    fn first(&self, cell: usize) -> usize {
        self.start[cell].checked_sub(1).map_or(0, |before| self.groups[before].end)
    }

    /// All thresholds.
    pub fn limits(&self) -> Limits {
        (0..self.cells()).map(|cell| (0, self.groups(cell).len())).collect()
    }

    /// The best threshold of each cell, by gains (or by none) less what the multipliers charge.
    pub fn best(&self, problem: &Problem, multipliers: &[f64], gains: bool, limits: &Limits) -> Vec<Best> {
        let width = self.phi.len();
        let mut shift = vec![0.0; problem.slots()];
        problem.rows.shift_into(multipliers, &mut shift);
        let of_cell = |cell: usize| {
            let (least, most) = limits[cell];
            let (mut sum, mut size) = (Sum::default(), 0.0);
            let mut best = Best { value: f64::NEG_INFINITY, size: 0.0, position: least };
            if least == 0 {
                best.value = 0.0;
            }
            let mut from = self.first(cell);
            for (place, group) in self.groups(cell).iter().take(most).enumerate() {
                let (mut own, mut more) = (0.0, 0.0);
                for at in from..group.end {
                    let slot = self.cell[at] as usize * width;
                    let mut t = 0.0;
                    for (phi, shift) in self.phi.iter().zip(&shift[slot..]) {
                        t += phi[at] * shift;
                    }
                    let cost = if gains { self.cost[at] } else { 0.0 };
                    own += cost - t;
                    more += cost.abs() + t.abs();
                }
                from = group.end;
                sum.add(own);
                size += more;
                let value = sum.value();
                if place + 1 >= least && (value > best.value || (value == best.value && group.wanted)) {
                    (best.value, best.position) = (value, place + 1);
                }
            }
            Best { size, ..best }
        };
        (0..self.cells()).map(of_cell).collect()
    }

    /// What all before a position gain, and what they count in rows.
    pub fn sums(&self, cell: usize, position: usize) -> (f64, Vec<(u32, f64)>) {
        let width = self.phi.len();
        let end = position.checked_sub(1).map_or(self.first(cell), |last| self.groups(cell)[last].end);
        let mut gain = Sum::default();
        let mut slots: std::collections::BTreeMap<u32, Vec<Sum>> = std::collections::BTreeMap::new();
        for at in self.first(cell)..end {
            gain.add(self.cost[at]);
            let sums = slots.entry(self.cell[at]).or_insert_with(|| vec![Sum::default(); width]);
            sums.iter_mut().zip(&self.phi).for_each(|(sum, phi)| sum.add(phi[at]));
        }
        let mut rows: std::collections::BTreeMap<u32, Sum> = std::collections::BTreeMap::new();
        for (cell, sums) in slots {
            for (factor, sum) in sums.into_iter().enumerate() {
                for &(row, value) in &self.by_slot[cell as usize * width + factor] {
                    rows.entry(row).or_default().add_product(value, sum.value());
                }
            }
        }
        (gain.value(), rows.into_iter().map(|(row, sum)| (row, sum.value())).collect())
    }

    /// The same samples with those that no limit parts decided: before all limits, or behind them. Positions count from the least.
    pub fn within(&self, limits: &Limits) -> Order {
        let mut part = Order {
            phi: vec![Vec::new(); self.phi.len()],
            by_slot: self.by_slot.clone(),
            base: self.base.clone(),
            start: vec![0],
            ..Order::default()
        };
        let mut rows: Vec<Sum> = self.base.rows.iter().map(|&row| Sum::from(row)).collect();
        let mut gain = Sum::from(self.base.gain);
        for (cell, &(least, most)) in limits.iter().enumerate() {
            let (own, counted) = self.sums(cell, least);
            gain.add(own);
            counted.into_iter().for_each(|(row, value)| rows[row as usize].add(value));
            let groups = self.groups(cell);
            let mut from = least.checked_sub(1).map_or(self.first(cell), |last| groups[last].end);
            for group in groups.iter().take(most).skip(least) {
                part.cost.extend_from_slice(&self.cost[from..group.end]);
                part.cell.extend_from_slice(&self.cell[from..group.end]);
                part.sample.extend_from_slice(&self.sample[from..group.end]);
                part.phi
                    .iter_mut()
                    .zip(&self.phi)
                    .for_each(|(part, phi)| part.extend_from_slice(&phi[from..group.end]));
                part.groups.push(Group { end: part.cost.len(), ..*group });
                from = group.end;
            }
            part.start.push(part.groups.len());
        }
        part.base.rows = rows.into_iter().map(Sum::value).collect();
        part.base.gain = gain.value();
        part
    }

    /// Shares of positions as thresholds, the strictest first.
    pub fn cuts(&self, shares: &[Vec<(usize, f64)>]) -> Vec<Vec<Cut>> {
        let of_cell = |(cell, shares): (usize, &Vec<(usize, f64)>)| {
            let groups = self.groups(cell);
            let cut = |&(position, share): &(usize, f64)| Cut {
                refused: groups.get(position).map_or(f64::NEG_INFINITY, |group| group.value),
                taken: position.checked_sub(1).map_or(f64::INFINITY, |last| groups[last].value),
                share,
            };
            if groups.is_empty() { Vec::new() } else { shares.iter().map(cut).collect() }
        };
        shares.iter().enumerate().map(of_cell).collect()
    }

    /// For each sample of the problem its place from the lower to the upper end of its interval.
    pub fn chances(&self, problem: &Problem, shares: &[Vec<(usize, f64)>]) -> Vec<f64> {
        let grouped: Vec<f64> = (0..problem.n()).map(|place| interval(problem, place).0).collect();
        let highest: Vec<f64> = (0..problem.n()).map(|place| interval(problem, place).1).collect();
        let (mut d, highest) = (problem.grouping.ungroup(&grouped), problem.grouping.ungroup(&highest));
        for (cell, shares) in shares.iter().enumerate() {
            let mut from = self.first(cell);
            for (place, group) in self.groups(cell).iter().enumerate() {
                let taking = shares.iter().filter(|(position, _)| *position > place);
                let all = shares.iter().all(|(position, share)| *position > place || *share == 0.0);
                let chance: f64 = if all { 1.0 } else { taking.map(|(_, share)| share).sum() };
                for &sample in &self.sample[from..group.end] {
                    let (lo, hi) = (d[sample as usize], highest[sample as usize]);
                    d[sample as usize] = if chance >= 1.0 { hi } else { lo + (hi - lo) * chance };
                }
                from = group.end;
            }
        }
        d
    }
}
