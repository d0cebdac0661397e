//! How the predictions of each group are spread, before and after.

use fairc::bind::Encoded;
use fairc::report::Watch;
use serde::Serialize;

/// Bars of a histogram.
pub const BARS: usize = 40;

/// A column, or a group, with its levels.
#[derive(Serialize)]
pub struct Division {
    pub name: String,
    pub groups: Vec<Group>,
}

#[derive(Serialize)]
pub struct Group {
    pub name: String,
    pub samples: usize,
    pub before: Spread,
    pub after: Spread,
}

/// Mean, and the share of the group's weight in each bar.
#[derive(Serialize)]
pub struct Spread {
    pub mean: f64,
    pub bars: Vec<f64>,
}

/// The divisions of the samples that a report shows; all of them together where there are none.
pub fn divisions(
    encoded: &Encoded,
    watch: &Watch,
    before: &[f64],
    after: &[f64],
    (low, high): (f64, f64),
) -> Vec<Division> {
    let mut watched = encoded.watched().into_iter();
    let group = |name: &str, cells: &[u32]| {
        let inside = within(encoded, cells);
        Group {
            name: name.to_owned(),
            samples: inside.len(),
            before: spread(encoded, &inside, before, low, high),
            after: spread(encoded, &inside, after, low, high),
        }
    };
    let mut all = Vec::new();
    for partition in watch.partitions() {
        let levels = partition.levels.iter().zip(watched.by_ref());
        let groups: Vec<Group> = levels.map(|((name, _), cells)| group(name, &cells)).collect();
        let groups: Vec<Group> = groups.into_iter().filter(|group| group.samples > 0).collect();
        if !groups.is_empty() {
            all.push(Division { name: partition.name.clone(), groups });
        }
    }
    if all.is_empty() {
        let cells: Vec<u32> = (0..u32::try_from(encoded.cells()).unwrap_or(u32::MAX)).collect();
        all.push(Division { name: String::new(), groups: vec![group("all samples", &cells)] });
    }
    all
}

/// The samples in some cells.
fn within(encoded: &Encoded, cells: &[u32]) -> Vec<usize> {
    let mut wanted = vec![false; encoded.cells()];
    for &cell in cells {
        if let Some(slot) = wanted.get_mut(cell as usize) {
            *slot = true;
        }
    }
    let inside = |cell: u32| wanted.get(cell as usize).copied().unwrap_or(false);
    encoded.cell().iter().enumerate().filter(|(_, cell)| inside(**cell)).map(|(sample, _)| sample).collect()
}

fn spread(encoded: &Encoded, samples: &[usize], values: &[f64], low: f64, high: f64) -> Spread {
    let (mut bars, mut sum, mut total) = (vec![0.0; BARS], 0.0, 0.0);
    for &sample in samples {
        let weight = encoded.weight().and_then(|weight| weight.get(sample)).copied().unwrap_or(1.0);
        let Some(&value) = values.get(sample) else { continue };
        let share = (value - low) / (high - low);
        // As a cast goes, what is below the first bar is in it.
        let bar = ((share * BARS as f64) as usize).min(BARS - 1);
        if let Some(bar) = bars.get_mut(bar) {
            *bar += weight;
        }
        sum += weight * value;
        total += weight;
    }
    if total > 0.0 {
        bars.iter_mut().for_each(|bar| *bar /= total);
    }
    Spread { mean: if total > 0.0 { sum / total } else { 0.0 }, bars }
}
