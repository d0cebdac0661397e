//! Rows that are ratios: `p·a − q·b >= 0` says that `a / b >= q / p`, which is how people wrote it and how they read it.
//!
//! ```text
//! means                E[s | a] / E[s | b] >= c
//! sums                 Sum[s | a, y == 1] / Sum[s | a] >= c
//! of the complement    Sum[1 - s | a, y == 1] / Sum[1 - s | a] <= c       a side of N[..] goes with each such sum
//! F1                   2 * Sum[s | a, y == 1] / (Sum[s | a] + N[a, y == 1]) >= c
//! ```

use super::reading::Reading;
use super::row_summary::{Group, RowSummary};
use crate::language::program::Aggregate;

/// What is equal but for rounding.
const SAME: f64 = 1e-9;

/// A term of a row of two: its coefficient, and the weight of the samples that are summed up, which is 1 of a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub coefficient: f64,
    pub weight: f64,
}

impl Part {
    pub fn of(aggregate: Aggregate, coefficient: f64, weight: f64) -> Part {
        Part { coefficient, weight: weight_of(aggregate, weight) }
    }
}

/// The ratio of one of two groups to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    aggregate: Aggregate,
    /// The place of the group above the line, and of that below.
    pub above: usize,
    pub below: usize,
    /// Whether each is about `1 - prediction`.
    complement: [bool; 2],
    /// By how much the sum above is multiplied where its weight stands below as well.
    doubled: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

impl Ratio {
    /// Of a row of two terms that are both means, or both sums, of the prediction itself; `counted` if its sides count samples.
    pub fn of(
        (lower, upper, counted): (Option<f64>, Option<f64>, bool),
        aggregate: Aggregate,
        parts: [Part; 2],
    ) -> Option<Ratio> {
        let (side, is_upper) = match (lower, upper) {
            (Some(side), None) => (side, false),
            (None, Some(side)) => (side, true),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        // The same the other way round, where the author's params make the first factor negative.
        let (parts, side, is_upper) = match parts {
            [p, q] if p.coefficient < 0.0 && q.coefficient > 0.0 && aggregate == Aggregate::Mean => {
                let turned = |part: Part| Part { coefficient: -part.coefficient, ..part };
                (parts.map(turned), -side + 0.0, !is_upper)
            }
            _ => (parts, side, is_upper),
        };
        let [p, q] = parts.map(|part| part.coefficient);
        if aggregate == Aggregate::Mean && side == 0.0 && p > 0.0 && q < 0.0 {
            let (above, below, least) = if is_upper { (1, 0, p / -q) } else { (0, 1, -q / p) };
            let (complement, doubled) = ([false; 2], None);
            return Some(Ratio {
                aggregate,
                above,
                below,
                complement,
                doubled,
                lower: Some(plain(least)),
                upper: None,
            });
        }
        // The other is multiplied by the limit.
        let above = usize::from(p.abs() != 1.0 && q.abs() == 1.0);
        let f1 = |above: usize| Ratio::f1(above, (side, is_upper), aggregate, parts).filter(|_| counted);
        Ratio::with(above, (side, is_upper, counted), aggregate, parts).or_else(|| f1(above)).or_else(|| f1(1 - above))
    }

    /// Where each term is about the prediction, or about what it leaves of 1.
    fn with(
        above: usize,
        (side, is_upper, counted): (f64, bool, bool),
        aggregate: Aggregate,
        parts: [Part; 2],
    ) -> Option<Ratio> {
        let [a, b] = parts;
        let size = parts.iter().fold(side.abs(), |size, part| size.max((part.coefficient * part.weight).abs()));
        // What the sides say, and not what they come to: 0.4 * N[g == a] may happen to be N[g == a, y == 1].
        let choices = match (aggregate, counted) {
            (Aggregate::Mean, _) => &[[true, true]][..],
            (Aggregate::Sum, false) => &[[false, false]],
            (Aggregate::Sum, true) => &[[true, true], [true, false], [false, true]],
        };
        let left = |part: Part, complement: bool| if complement { part.coefficient * part.weight } else { 0.0 };
        let fits = |[first, second]: &&[bool; 2]| {
            let expected = left(a, *first) + left(b, *second);
            (side - expected).abs() <= SAME * size
        };
        let complement = *choices.iter().find(fits)?;
        let signed = |part: Part, complement: bool| if complement { -part.coefficient } else { part.coefficient };
        let (first, second) = (signed(a, complement[0]), signed(b, complement[1]));
        let (numerator, denominator) = if above == 0 { (first, second) } else { (second, first) };
        if numerator * denominator >= 0.0 {
            return None;
        }
        let limit = Some(plain(-denominator / numerator));
        let at_most = is_upper == (numerator > 0.0);
        let (lower, upper) = if at_most { (None, limit) } else { (limit, None) };
        Some(Ratio { aggregate, above, below: 1 - above, complement, doubled: None, lower, upper })
    }

    /// `k · a − c · b >= c · N[a]`.
    fn f1(above: usize, (side, is_upper): (f64, bool), aggregate: Aggregate, parts: [Part; 2]) -> Option<Ratio> {
        let (a, b) = if above == 0 { (parts[0], parts[1]) } else { (parts[1], parts[0]) };
        let expected = -b.coefficient * a.weight;
        let fits = (side - expected).abs() <= SAME * side.abs() && side > 0.0 && !is_upper && a.coefficient > 0.0;
        let limit = Some(plain(-b.coefficient));
        (fits && aggregate == Aggregate::Sum).then_some(Ratio {
            aggregate,
            above,
            below: 1 - above,
            complement: [false; 2],
            doubled: Some(a.coefficient),
            lower: limit,
            upper: None,
        })
    }

    /// Whether it compares the means of two groups.
    pub fn is_of_means(&self) -> bool {
        self.aggregate == Aggregate::Mean && self.complement == [false; 2]
    }

    /// Of a summarised row about the prediction itself.
    pub fn of_row(row: &RowSummary, prediction: &str) -> Option<Ratio> {
        let reading = row.before?;
        let side = |value: f64| Some(value).filter(|value| value.is_finite());
        match &row.groups[..] {
            [a, b] if a.what == prediction && b.what == prediction && a.aggregate == b.aggregate => {
                let part = |group: &Group| Some(Part::of(group.aggregate, group.coefficient?, group.weight));
                let sides = (side(reading.lower), side(reading.upper), row.counted);
                Ratio::of(sides, a.aggregate, [part(a)?, part(b)?])
            }
            _ => None,
        }
    }

    /// The value of the ratio of these means or sums; none where nothing can be divided by.
    pub fn value(&self, values: [f64; 2], weights: [f64; 2]) -> Option<f64> {
        let part = |place: usize| {
            let (value, weight) = (values.get(place)?, weight_of(self.aggregate, *weights.get(place)?));
            Some(if *self.complement.get(place)? { weight - value } else { *value })
        };
        let (mut above, mut below) = (part(self.above)?, part(self.below)?);
        if let Some(times) = self.doubled {
            below += weights.get(self.above)?;
            above *= times;
        }
        Some(above / below).filter(|ratio| ratio.is_finite() && below > 0.0)
    }

    /// `Sum[s | g == "a" and y == "1"] / Sum[s | g == "a"]`.
    pub fn text(&self, prediction: &str, events: [&str; 2]) -> String {
        let of = |place: usize| {
            let what = match self.complement.get(place) {
                Some(true) => format!("1 - {prediction}"),
                Some(false) | None => prediction.to_owned(),
            };
            let name = if self.aggregate == Aggregate::Mean { "E" } else { "Sum" };
            format!("{name}[{what}{}]", given(events.get(place).copied().unwrap_or_default()))
        };
        let count = || events.get(self.above).map_or_else(String::new, |event| format!("N[{event}]"));
        match self.doubled {
            None => format!("{} / {}", of(self.above), of(self.below)),
            Some(times) => format!("{times} * {} / ({} + {})", of(self.above), of(self.below), count()),
        }
    }

    /// The limit, and whether it is the least.
    pub fn limit(&self) -> (f64, bool) {
        match (self.lower, self.upper) {
            (Some(least), _) => (least, true),
            (None, most) => (most.unwrap_or(f64::INFINITY), false),
        }
    }
}

fn weight_of(aggregate: Aggregate, weight: f64) -> f64 {
    match aggregate {
        Aggregate::Mean => 1.0,
        Aggregate::Sum => weight,
    }
}

fn given(event: &str) -> String {
    if event == "all" { String::new() } else { format!(" | {event}") }
}

/// `0.8` of `4 / 5`.
fn plain(limit: f64) -> f64 {
    (limit * 1e12).round() / 1e12
}

/// A row in the unit of its promise: its value and its limit, before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioReading {
    pub ratio: Ratio,
    pub before: f64,
    pub after: Option<f64>,
}

impl RatioReading {
    pub fn of(row: &RowSummary, prediction: &str) -> Option<RatioReading> {
        let ratio = Ratio::of_row(row, prediction)?;
        let [a, b] = &row.groups[..] else { return None };
        let weights = [a.weight, b.weight];
        let before = ratio.value([a.value, b.value], weights)?;
        let after = a.after.zip(b.after).and_then(|(a, b)| ratio.value([a, b], weights));
        let known = row.after.map(|_: Reading| ()).is_none() || after.is_some();
        known.then_some(RatioReading { ratio, before, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(first: (f64, f64), second: (f64, f64)) -> [Part; 2] {
        [first, second].map(|(coefficient, weight)| Part { coefficient, weight })
    }

    /// The value of a ratio of sums, and its limits.
    fn read(
        sides: (Option<f64>, Option<f64>, bool),
        parts: [Part; 2],
        sums: [f64; 2],
    ) -> (f64, Option<f64>, Option<f64>) {
        let ratio = Ratio::of(sides, Aggregate::Sum, parts).unwrap();
        (ratio.value(sums, parts.map(|part| part.weight)).unwrap(), ratio.lower, ratio.upper)
    }

    #[test]
    fn rates_of_error_are_ratios_as_they_were_written() {
        // Ten samples, of which four have the label 1; predictions sum up to 5, and to 3 among the four.
        let sums = [5.0, 3.0];
        let precision = parts((-0.45, 10.0), (1.0, 4.0));
        assert_eq!(read((Some(0.0), None, false), precision, sums), (0.6, Some(0.45), None));
        let omission = parts((0.4, 10.0), (-1.0, 4.0));
        assert_eq!(read((None, Some(0.4 * 10.0 - 4.0), true), omission, sums), (0.2, None, Some(0.4)));
        let f1 = parts((2.0, 4.0), (-0.45, 10.0));
        assert_eq!(read((Some(0.45 * 4.0), None, true), f1, [3.0, 5.0]), (6.0 / 9.0, Some(0.45), None));
        // False negatives to false positives, of four with the label 1 and six others.
        let treatment = parts((-0.5, 6.0), (-1.0, 4.0));
        assert_eq!(read((Some(-4.0), None, true), treatment, [2.0, 3.0]), (0.5, Some(0.5), None));
    }

    #[test]
    fn means_are_compared_whichever_comes_first() {
        let of = |sides: (Option<f64>, Option<f64>), first, second| {
            let sides = (sides.0, sides.1, false);
            let ratio = Ratio::of(sides, Aggregate::Mean, parts((first, 1.0), (second, 1.0))).unwrap();
            (ratio.value([0.4, 0.8], [1.0, 1.0]), ratio.lower)
        };
        assert_eq!(of((Some(0.0), None), 1.0, -0.8), (Some(0.5), Some(0.8)));
        assert_eq!(of((None, Some(0.0)), -1.0, 0.8), (Some(0.5), Some(0.8)));
        assert_eq!(of((Some(0.0), None), -0.8, 1.0), (Some(2.0), Some(0.8)));
    }

    #[test]
    fn other_rows_are_none() {
        let of = |sides: (Option<f64>, Option<f64>), counted, both| {
            Ratio::of((sides.0, sides.1, counted), Aggregate::Sum, both)
        };
        let none = |sides: (Option<f64>, Option<f64>), both| of(sides, false, both);
        assert_eq!(of((Some(0.7), None), true, parts((1.0, 4.0), (-0.5, 10.0))), None);
        // A number that happens to be the count of a group.
        assert_eq!(none((Some(4.0), None), parts((1.0, 4.0), (-0.5, 10.0))), None);
        assert_eq!(none((Some(1.0), None), parts((1.0, 4.0), (-0.5, 10.0))), None);
        assert_eq!(none((Some(0.0), None), parts((1.0, 4.0), (0.5, 10.0))), None);
        assert_eq!(none((Some(0.0), Some(0.0)), parts((1.0, 4.0), (-0.5, 10.0))), None);
        assert_eq!(Ratio::of((Some(0.1), None, false), Aggregate::Mean, parts((1.0, 4.0), (-0.8, 10.0))), None);
        // Nothing can be divided by.
        let ratio = none((Some(0.0), None), parts((1.0, 4.0), (-0.5, 10.0))).unwrap();
        assert_eq!(ratio.value([0.0, 0.0], [4.0, 10.0]), None);
    }
}
