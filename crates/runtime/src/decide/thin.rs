//! Directions in which the rows leave few whole numbers: what equal rates need (Lenstra 1983).
//!
//! The rates of 17 and of 9 samples are equal where `17 t` and `9 t` of them are decided 1, and nowhere else. Branching on how
//! many of either are decided goes from one number to the next until it meets such a pair; branching on `t` meets it at once.
//! In general, `x` are the counts of classes of equal coefficients, and `B` has a column for each: its coefficients in the narrow
//! rows by how narrow these are, and below them its own count by the largest that it can have. Where the columns of `B U` are
//! short and nearly orthogonal, for a `U` of whole numbers whose inverse is whole too, `y = U⁻¹ x` is whole where `x` is, and takes
//! few values each (column basis reduction: Krishnamoorthy & Pataki 2009). `U` is found by Lenstra, Lenstra & Lovász (1982).

use std::collections::{HashMap, HashSet};

use super::lp::Lp;
use super::steps;

/// Most classes.
const MOST_CLASSES: usize = 32;
/// A row is narrow if no more than so many samples move it from one side to the other.
const NARROW: f64 = 4.0;
/// Share of a row's largest coefficient that an equality counts as being wide.
const EQUAL: f64 = 1e-9;
/// By how much a vector may be longer than the one behind it (Lovász).
const LOVASZ: f64 = 0.99;
/// Whole numbers above this are no longer exact enough.
const LARGEST: f64 = 1e12;
/// The same for what is branched on, of which rounding must not hide a whole number.
const LARGEST_BRANCHED: f64 = 1e4;
/// By how much a sum that is fixed must be off a whole number to be none, and up to which size it is known that exactly.
const FIXED: f64 = 1e-3;
const LARGEST_FIXED: f64 = 1e8;
/// Share of its length below which nothing is left of a vector.
const NOTHING: f64 = 1e-7;

/// A sum of multiples of the columns of cells, which is whole where these are; a row keeps it, less its offset.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub row: usize,
    /// A power of two that the row is the sum times.
    pub scale: f64,
    pub offset: f64,
    /// Cells, and how often each of their columns counts.
    pub cells: Vec<(usize, f64)>,
}

/// Samples that a sum counts alike.
struct Class {
    /// What one of them adds to each narrow row.
    adds: Vec<f64>,
    /// Cells of the program, and for how many of them each of their columns counts.
    cells: Vec<(usize, f64)>,
    /// The least number of them, and by how many more there may be.
    least: f64,
    size: f64,
}

/// The sums of classes to branch on, those that take the fewest values first, as rows without sides behind those of the program; none
/// where a sum that whole numbers make whole is fixed between two. Each cell of the program has equal columns.
pub(super) fn forms(lp: &Lp, samples: &[bool]) -> Option<Vec<Form>> {
    let Some((classes, rows)) = narrow_classes(lp, samples) else { return Some(Vec::new()) };
    let vector = |place: usize| {
        let coefficients = classes[place].adds.iter().zip(&rows).map(|(value, (_, width))| value / width);
        let own = (0..classes.len()).map(|other| if other == place { 1.0 / classes[place].size } else { 0.0 });
        coefficients.chain(own).collect::<Vec<f64>>()
    };
    let Some(inverse) = reduced((0..classes.len()).map(vector).collect()) else { return Some(Vec::new()) };
    let equal = Equalities::new(lp, &classes, &rows);
    let mut found: Vec<Form> = Vec::new();
    for whole in inverse.iter().rev() {
        let (values, offset) = equal.less(whole, &classes);
        // Both numbers of a class: those that are free, and those that are fixed already.
        let range = |class: &Class, value: f64| (value * class.least, value * (class.least + class.size));
        let ends = || classes.iter().zip(&values).map(|(class, value)| range(class, *value));
        let least = offset + ends().map(|(a, b)| a.min(b)).sum::<f64>();
        let most = offset + ends().map(|(a, b)| a.max(b)).sum::<f64>();
        let exact = least.abs().max(most.abs()) < LARGEST_FIXED;
        if exact && (least - FIXED).ceil() > (most + FIXED).floor() {
            return None;
        }
        let parts = values.iter().zip(&classes).filter(|(value, _)| **value != 0.0);
        let cells: Vec<(usize, f64)> = parts
            .flat_map(|(value, class)| class.cells.iter().map(move |(cell, times)| (*cell, times * value)))
            .collect();
        let largest = cells.iter().fold(0.0, |m, (_, value)| f64::max(m, value.abs()));
        // Equal samples alone are branched on anyway.
        let alone = cells.len() < 2 && cells.iter().all(|(_, times)| times.abs() == 1.0);
        if most - least > 0.5 && largest <= LARGEST_BRANCHED && !alone {
            let row = lp.rows() + found.len();
            found.push(Form { row, scale: 2.0_f64.powi(-(largest.log2().round() as i32)), offset, cells });
        }
    }
    Some(found)
}

/// Rows with their widths.
type Widths = Vec<(usize, f64)>;

/// What a sample adds to each row, and the cells of such samples with how often each of their samples counts.
type Alike = (Vec<f64>, Vec<(usize, f64)>);

/// The narrow rows with their width, the narrowest first, and the classes that they tell apart; none without such rows.
fn narrow_classes(lp: &Lp, samples: &[bool]) -> Option<(Vec<Class>, Widths)> {
    let peaks = lp.peaks(lp.len());
    let width = |row: usize| (lp.upper[row] - lp.lower[row]).max(EQUAL * peaks[row]);
    // What gives way at a price leaves no numbers out.
    let soft: HashSet<u32> = (0..lp.cells())
        .filter(|&cell| !samples[cell])
        .flat_map(|cell| lp.entries(cell).iter().map(|entry| entry.row))
        .collect();
    let narrow =
        |row: &usize| peaks[*row] > 0.0 && width(*row) <= NARROW * peaks[*row] && !soft.contains(&(*row as u32));
    let mut rows: Vec<usize> = (0..lp.rows()).filter(narrow).collect();
    rows.sort_by(|&a, &b| (width(a) / peaks[a]).total_cmp(&(width(b) / peaks[b])));
    let mut found: Option<(Vec<Class>, Widths)> = None;
    let mut taken: Widths = Vec::new();
    for row in rows {
        taken.push((row, width(row)));
        match classes_of(lp, samples, &taken) {
            Some(classes) if classes.len() > 1 => found = Some((classes, taken.clone())),
            Some(_) => {}
            None => {
                taken.pop();
            }
        }
    }
    found
}

/// The classes that rows tell apart: of equal coefficients, or where these are too many, as weights make them, of coefficients that are
/// multiples of the same.
fn classes_of(lp: &Lp, samples: &[bool], rows: &[(usize, f64)]) -> Option<Vec<Class>> {
    let mut column = vec![0.0; lp.rows()];
    let mut cells: Vec<(usize, Vec<f64>)> = Vec::new();
    for cell in (0..lp.cells()).filter(|&cell| samples[cell] && !lp.columns(cell).is_empty()) {
        lp.column(lp.columns(cell).start, &mut column);
        let values: Vec<f64> = rows.iter().map(|(row, _)| column[*row] + 0.0).collect();
        if values.iter().any(|value| *value != 0.0) {
            cells.push((cell, values));
        }
    }
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
    let equal = together(&cells, |values| bits(values));
    let one = |alike: Vec<&(usize, Vec<f64>)>| {
        let adds = alike.first()?.1.clone();
        Some((adds, alike.iter().map(|(cell, _)| (*cell, 1.0)).collect()))
    };
    let found: Vec<Alike> = if equal.len() <= MOST_CLASSES {
        equal.into_iter().map(one).collect::<Option<_>>()?
    } else {
        let first = |values: &[f64]| values.iter().copied().find(|value| *value != 0.0).unwrap_or(1.0);
        let direction = |values: &[f64]| {
            let first = first(values);
            let shares = values.iter().map(|value| (value / first.abs() * 2.0_f64.powi(40)).round() + 0.0);
            shares.map(f64::to_bits).collect::<Vec<u64>>()
        };
        let along = together(&cells, direction);
        if along.len() > MOST_CLASSES {
            return None;
        }
        along.into_iter().map(|alike| multiples(&alike, first)).collect::<Option<_>>()?
    };
    let class = |(adds, cells): Alike| {
        let sum = |of: &[f64]| -> f64 {
            cells.iter().map(|&(cell, times)| times * of[lp.columns(cell)].iter().sum::<f64>()).sum()
        };
        let least = sum(&lp.lo);
        let size = (sum(&lp.hi) - least).max(1.0);
        Class { adds, cells, least, size }
    };
    Some(found.into_iter().map(class).collect())
}

/// Cells of equal keys together, in the order of the first of each.
fn together(cells: &[(usize, Vec<f64>)], key: impl Fn(&[f64]) -> Vec<u64>) -> Vec<Vec<&(usize, Vec<f64>)>> {
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut out: Vec<Vec<&(usize, Vec<f64>)>> = Vec::new();
    for cell in cells {
        let place = *places.entry(key(&cell.1)).or_insert(out.len());
        if place == out.len() {
            out.push(Vec::new());
        }
        out[place].push(cell);
    }
    out
}

/// What a common part of parallel coefficients adds to rows, and how often each cell counts it; none if there is no such part.
fn multiples(alike: &[&(usize, Vec<f64>)], first: impl Fn(&[f64]) -> f64) -> Option<Alike> {
    let largest = alike.iter().fold(0.0, |m, (_, values)| f64::max(m, first(values).abs()));
    let sizes = || alike.iter().map(|(_, values)| first(values).abs());
    let step = sizes().try_fold(0.0, |step, size| steps::common(step, size, largest))?;
    let cells = alike.iter().zip(sizes()).map(|((cell, _), size)| (*cell, (size / step).round())).collect();
    let (_, values) = alike.first()?;
    let times = step / first(values).abs();
    Some((values.iter().map(|value| value * times).collect(), cells))
}

/// Equalities among the rows, orthogonal in counts by the size of their classes. A sum may be written with or without multiples of
/// them: without, its coefficients are small, and rounding hides no whole number.
struct Equalities {
    rows: Vec<(Vec<f64>, f64)>,
}

impl Equalities {
    fn new(lp: &Lp, classes: &[Class], rows: &[(usize, f64)]) -> Equalities {
        let mut out = Equalities { rows: Vec::new() };
        for (place, (row, _)) in rows.iter().enumerate().filter(|(_, (row, _))| lp.lower[*row] == lp.upper[*row]) {
            let mut vector: Vec<f64> = classes.iter().map(|class| class.adds[place] * class.size).collect();
            let length = dot(&vector, &vector).sqrt();
            let mut value = lp.lower[*row] - out.drop(&mut vector);
            let rest = dot(&vector, &vector).sqrt();
            if rest > NOTHING * length {
                vector.iter_mut().for_each(|entry| *entry /= rest);
                value /= rest;
                out.rows.push((vector, value));
            }
        }
        out
    }

    /// Takes the equalities out of a vector; what it loses by that.
    fn drop(&self, vector: &mut [f64]) -> f64 {
        let mut lost = 0.0;
        for (row, value) in &self.rows {
            let along = dot(vector, row);
            vector.iter_mut().zip(row).for_each(|(entry, own)| *entry -= along * own);
            lost += along * value;
        }
        lost
    }

    /// A sum without the equalities, and what it has to be added.
    fn less(&self, whole: &[f64], classes: &[Class]) -> (Vec<f64>, f64) {
        let mut vector: Vec<f64> = whole.iter().zip(classes).map(|(value, class)| value * class.size).collect();
        let offset = self.drop(&mut vector);
        if self.rows.is_empty() {
            return (whole.to_vec(), 0.0);
        }
        (vector.iter().zip(classes).map(|(value, class)| value / class.size).collect(), offset)
    }
}

/// The inverse of the `U` that makes vectors short and nearly orthogonal, by rows.
fn reduced(mut vectors: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let n = vectors.len();
    let mut inverse: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let mut basis = Orthogonal { star: vec![Vec::new(); n], norm: vec![0.0; n], share: vec![vec![0.0; n]; n] };
    let (mut k, mut steps) = (0, 0);
    while k < n {
        steps += 1;
        if steps > 200 * n * n {
            return None;
        }
        basis.enter(&vectors, k);
        for j in (0..k).rev() {
            let times = basis.share[k][j].round();
            if times != 0.0 {
                let (before, from) = vectors.split_at_mut(k);
                from[0].iter_mut().zip(&before[j]).for_each(|(value, other)| *value -= times * other);
                let (before, from) = inverse.split_at_mut(k);
                before[j].iter_mut().zip(&from[0]).for_each(|(value, other)| *value += times * other);
                for i in 0..=j {
                    basis.share[k][i] -= times * if i == j { 1.0 } else { basis.share[j][i] };
                }
            }
        }
        basis.enter(&vectors, k);
        if k > 0 && basis.norm[k] < (LOVASZ - basis.share[k][k - 1].powi(2)) * basis.norm[k - 1] {
            vectors.swap(k, k - 1);
            inverse.swap(k, k - 1);
            k -= 1;
        } else {
            k += 1;
        }
    }
    let exact = inverse.iter().flatten().all(|value| value.abs() <= LARGEST);
    exact.then_some(inverse)
}

/// The orthogonalisation of vectors (Gram & Schmidt), as far as it has come.
struct Orthogonal {
    star: Vec<Vec<f64>>,
    norm: Vec<f64>,
    share: Vec<Vec<f64>>,
}

impl Orthogonal {
    fn enter(&mut self, vectors: &[Vec<f64>], k: usize) {
        let mut star = vectors[k].clone();
        for j in 0..k {
            let along = dot(&star, &self.star[j]);
            let share = if self.norm[j] > 0.0 { along / self.norm[j] } else { 0.0 };
            self.share[k][j] = share;
            star.iter_mut().zip(&self.star[j]).for_each(|(value, other)| *value -= share * other);
        }
        self.norm[k] = dot(&star, &star);
        self.star[k] = star;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_equal_rates_are_multiples_of_one_number() {
        // 9 a - 17 c = 0, of 17 and 9 samples: the last sum is t for a = 17 t, c = 9 t.
        let vectors = vec![vec![9.0 / 1e-5, 1.0 / 17.0, 0.0], vec![-17.0 / 1e-5, 0.0, 1.0 / 9.0]];
        let inverse = reduced(vectors).expect("small numbers");
        let of = |form: &[f64], a: f64, c: f64| form[0] * a + form[1] * c;
        assert_eq!(inverse.iter().map(|form| of(form, 17.0, 9.0).abs()).collect::<Vec<_>>(), [1.0, 0.0]);
        assert_eq!((inverse[0][0] * inverse[1][1] - inverse[0][1] * inverse[1][0]).abs(), 1.0);
    }
}
