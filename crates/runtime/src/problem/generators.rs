//! What the rows can tell apart: the samples of a batch as few generators.
//!
//! The values `A ŷ` that a box allows form a zonotope, the sum of one segment `A[:, i]·[loᵢ, hiᵢ]` a sample. Segments in
//! one direction add up to a segment in that direction, exactly (Ziegler, Lectures on Polytopes, 1995, section 7.3). So
//! samples of one cell whose factors are parallel become one variable, whatever their number.

use std::collections::HashMap;

use super::rows::SlotColumns;
use super::{Bounds, Factor, Problem, ProblemError, check};

/// Samples of parallel columns, as one: `x = Σ tᵢ ŷᵢ / Σ |tᵢ|`, where `tᵢ` is the length of the column of sample `i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    /// Per problem, `(row, coefficient of x)`.
    pub columns: Vec<Vec<(u32, f64)>>,
    /// The interval of `x`; where all lengths are equal, that of the mean of the predictions.
    pub lo: f64,
    pub hi: f64,
    pub samples: usize,
    /// One of the samples.
    pub first: usize,
    /// All lengths are equal: `x` is the mean of the predictions.
    pub is_mean: bool,
}

/// While samples are added up.
struct Draft {
    length: f64,
    lo: f64,
    hi: f64,
    least: f64,
    largest: f64,
    samples: usize,
    first: usize,
    direction: Vec<f64>,
}

/// The generators of problems over the same samples, within the box of the first; `None` if they are more than `most`.
///
/// Samples that no row reads have no generator.
///
/// # Errors
/// If the problems have different numbers of samples.
pub fn generators(problems: &[&Problem], most: usize) -> Result<Option<Vec<Generator>>, ProblemError> {
    let Some(first) = problems.first() else { return Ok(Some(Vec::new())) };
    for other in problems {
        check::length("samples of the other problem", other.n(), first.n())?;
    }
    if let ([problem], Bounds::Uniform { lo, hi }, []) = (problems, &first.bounds, data_factors(first)) {
        return Ok(by_cell(problem, (*lo, *hi), most));
    }
    let bounds = first.bounds();
    let factors: Vec<Vec<Option<Vec<f64>>>> = problems.iter().map(|problem| in_sample_order(problem)).collect();
    let used: Vec<Vec<bool>> = problems.iter().map(|problem| used_slots(problem)).collect();
    let mut drafts: Vec<(Vec<u32>, Draft)> = Vec::new();
    let mut known: HashMap<(Vec<u32>, Vec<u64>), usize> = HashMap::new();
    let (mut cells, mut direction) = (vec![0_u32; problems.len()], Vec::new());
    for sample in 0..first.n() {
        direction.clear();
        for (place, problem) in problems.iter().enumerate() {
            cells[place] = problem.cell()[sample];
            let slot = cells[place] as usize * problem.width();
            for (f, factor) in factors[place].iter().enumerate() {
                let value = factor.as_ref().map_or(1.0, |values| values[sample]);
                direction.push(if used[place][slot + f] { value } else { 0.0 });
            }
        }
        let Some(length) = direction.iter().copied().find(|value| *value != 0.0) else { continue };
        direction.iter_mut().for_each(|value| *value /= length);
        let key = (cells.clone(), direction.iter().map(|value| rounded(*value)).collect());
        let index = *known.entry(key).or_insert(drafts.len());
        if index == drafts.len() {
            if drafts.len() == most {
                return Ok(None);
            }
            drafts.push((cells.clone(), Draft::new(sample, &direction)));
        }
        drafts[index].1.add(length, bounds.at(sample));
    }
    let columns: Vec<SlotColumns> = problems.iter().map(|problem| problem.rows.by_slot(problem.slots())).collect();
    Ok(Some(drafts.iter().map(|(cells, draft)| draft.finish(cells, problems, &columns)).collect()))
}

/// The factors, if they are more than the constant one.
fn data_factors(problem: &Problem) -> &[Factor] {
    match &problem.factors[..] {
        [Factor::One] => &[],
        other => other,
    }
}

/// One generator for each cell, without a look at the samples.
fn by_cell(problem: &Problem, interval: (f64, f64), most: usize) -> Option<Vec<Generator>> {
    let used = used_slots(problem).into_iter().enumerate();
    let cells: Vec<usize> =
        used.filter(|(cell, used)| *used && !problem.grouping.range(*cell).is_empty()).map(|(cell, _)| cell).collect();
    if cells.len() > most {
        return None;
    }
    let (columns, first) = ([problem.rows.by_slot(problem.slots())], first_samples(problem));
    let draft = |cell: usize| {
        let samples = problem.grouping.range(cell).len();
        let mut draft = Draft::new(first[cell], &[1.0]);
        (draft.lo, draft.hi) = (samples as f64 * interval.0, samples as f64 * interval.1);
        (draft.length, draft.samples, draft.least, draft.largest) = (samples as f64, samples, 1.0, 1.0);
        draft.finish(&[cell as u32], &[problem], &columns)
    };
    Some(cells.into_iter().map(draft).collect())
}

/// The first sample of each cell, 0 where there is none.
fn first_samples(problem: &Problem) -> Vec<usize> {
    let mut first = vec![0; problem.cells()];
    problem.cell().iter().enumerate().rev().for_each(|(sample, &cell)| first[cell as usize] = sample);
    first
}

/// Directions that differ by rounding alone are one.
fn rounded(value: f64) -> u64 {
    (value + 0.0).to_bits().wrapping_add(1 << 7) >> 8
}

fn in_sample_order(problem: &Problem) -> Vec<Option<Vec<f64>>> {
    let values = problem.factors.iter().map(|factor| match factor {
        Factor::One => None,
        Factor::Data(phi) => Some(problem.grouping.ungroup(phi)),
    });
    values.collect()
}

/// The slots that a row reads.
fn used_slots(problem: &Problem) -> Vec<bool> {
    let mut used = vec![false; problem.slots()];
    for row in 0..problem.rows() {
        problem.rows.row(row).for_each(|(slot, _)| used[slot] = true);
    }
    used
}

impl Draft {
    fn new(first: usize, direction: &[f64]) -> Draft {
        let direction = direction.to_vec();
        Draft { length: 0.0, lo: 0.0, hi: 0.0, least: f64::INFINITY, largest: 0.0, samples: 0, first, direction }
    }

    fn add(&mut self, length: f64, (lo, hi): (f64, f64)) {
        let (a, b) = (length * lo, length * hi);
        self.lo += a.min(b);
        self.hi += a.max(b);
        self.length += length.abs();
        self.least = self.least.min(length);
        self.largest = self.largest.max(length);
        self.samples += 1;
    }

    fn finish(&self, cells: &[u32], problems: &[&Problem], columns: &[SlotColumns]) -> Generator {
        let mut place = 0;
        let columns = cells.iter().zip(problems).zip(columns).map(|((&cell, problem), columns)| {
            let width = problem.width();
            let direction = &self.direction[place..place + width];
            place += width;
            let mut column: Vec<(u32, f64)> = Vec::new();
            for (f, direction) in direction.iter().enumerate() {
                column.extend(columns.slot(cell as usize * width + f).map(|(row, value)| (row, value * direction)));
            }
            column.sort_by_key(|(row, _)| *row);
            column.dedup_by(|next, sum| {
                let same = next.0 == sum.0;
                sum.1 += if same { next.1 } else { 0.0 };
                same
            });
            column.retain(|(_, value)| *value != 0.0);
            column.iter_mut().for_each(|(_, value)| *value *= self.length);
            column
        });
        Generator {
            columns: columns.collect(),
            lo: self.lo / self.length,
            hi: self.hi / self.length,
            samples: self.samples,
            first: self.first,
            is_mean: self.least == self.largest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ProblemParts, RowsByCell};
    use super::*;

    /// Two cells; the second has a factor.
    fn problem(phi: Vec<f64>) -> Problem {
        Problem::new(ProblemParts {
            cell: vec![0, 1, 0, 1, 1],
            cells: 2,
            factors: vec![phi],
            dictionary: vec![
                RowsByCell::from_cells([vec![(0, 0.5)], vec![(0, -1.0)]]),
                RowsByCell::from_cells([vec![], vec![(1, 2.0)]]),
            ],
            lower: vec![-1.0, 0.0],
            upper: vec![1.0, 9.0],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        })
        .unwrap()
    }

    #[test]
    fn parallel_columns_become_one() {
        let problem = problem(vec![7.0, 3.0, 7.0, 3.0, 4.0]);
        let found = generators(&[&problem], 10).unwrap().unwrap();
        let samples: Vec<usize> = found.iter().map(|generator| generator.samples).collect();
        assert_eq!(samples, [2, 2, 1]);
        assert_eq!(found[0].columns, [vec![(0, 1.0)]]);
        assert_eq!(found[1].columns, [vec![(0, -2.0), (1, 12.0)]]);
        assert!(found.iter().all(|generator| (generator.lo, generator.hi) == (0.0, 1.0) && generator.is_mean));
        assert_eq!(generators(&[&problem], 2).unwrap(), None);
    }

    #[test]
    fn columns_are_those_of_the_matrix() {
        // Two cells of several samples, one of one, one that no row reads, and a row that meets a cell in two places.
        let problem = Problem::new(ProblemParts {
            cell: vec![2, 0, 1, 0, 3, 1],
            cells: 4,
            dictionary: vec![RowsByCell::from_cells([
                vec![(0, 0.5), (2, 1.0), (2, 0.25)],
                vec![(1, -1.0), (0, 2.0)],
                vec![(2, 3.0)],
                vec![],
            ])],
            lower: vec![-1.0; 3],
            upper: vec![1.0; 3],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        })
        .unwrap();
        let found = generators(&[&problem], 3).unwrap().unwrap();
        assert_eq!(found.iter().map(|one| (one.first, one.samples)).collect::<Vec<_>>(), [(1, 2), (2, 2), (0, 1)]);
        let csc = problem.to_csc();
        for one in &found {
            let range = csc.indptr[one.first]..csc.indptr[one.first + 1];
            let entries = csc.indices[range.clone()].iter().zip(&csc.values[range]);
            let column: Vec<(u32, f64)> = entries.map(|(&row, value)| (row, value * one.samples as f64)).collect();
            assert_eq!(one.columns, [column]);
        }
        assert_eq!(generators(&[&problem], 2).unwrap(), None);
    }

    #[test]
    fn lengths_weigh() {
        // Only the second row: the column of a sample is its factor.
        let problem = Problem::new(ProblemParts {
            cell: vec![0, 0, 0],
            cells: 1,
            factors: vec![vec![1.0, -2.0, 0.0]],
            dictionary: vec![RowsByCell::empty(1), RowsByCell::from_cells([vec![(0, 1.0)]])],
            lower: vec![0.0],
            upper: vec![1.0],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        })
        .unwrap();
        let found = generators(&[&problem], 10).unwrap().unwrap();
        assert_eq!(found.len(), 1);
        // 1·[0, 1] − 2·[0, 1] = [−2, 1], over a length of 3.
        assert_eq!((found[0].lo, found[0].hi, found[0].samples), (-2.0 / 3.0, 1.0 / 3.0, 2));
        assert_eq!(found[0].columns, [vec![(0, 3.0)]]);
        assert!(!found[0].is_mean);
    }
}
