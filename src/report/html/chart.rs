//! What the charts share: scales, ticks, labels. Colours come from the style sheet, so charts follow dark mode.

use crate::report::facts::Facts;

/// The range that all charts of scores share.
pub(super) fn range(facts: &Facts) -> (f64, f64) {
    let edge = |edge: Option<&f64>, other: f64| edge.copied().unwrap_or(other);
    (edge(facts.histogram_edges.first(), 0.0), edge(facts.histogram_edges.last(), 1.0))
}

/// A linear scale from data to the places of a chart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// From `low..high` to `start..end`.
    pub(super) fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Scale {
        let high = if high > low { high } else { low + 1.0 };
        Scale { low, high, start, end }
    }

    /// The place of a value; what lies beyond the scale is put at its end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        tenth(self.start + share * (self.end - self.start))
    }

    /// About `few` round numbers on the scale, and at most half as many again.
    pub(super) fn ticks(&self, few: usize) -> Vec<f64> {
        let least = (self.high - self.low) / (1.5 * few.max(1) as f64);
        let power = 10.0_f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least);
        let step = step.unwrap_or(least);
        let first = (self.low / step).ceil();
        let ticks = (0..=2 * few).map(|index| (first + index as f64) * step);
        ticks.take_while(|tick| *tick <= self.high + 1e-9 * step).map(|tick| (tick / step).round() * step).collect()
    }
}

/// Places are told to a tenth of a pixel.
pub(super) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A tick for people.
pub(super) fn tick(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded != 0.0 && !(1e-4..1e7).contains(&rounded.abs()) {
        format!("{value:.1e}")
    } else {
        format!("{}", rounded + 0.0)
    }
}

/// Text for a place that has no room for more than `most` characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let ticks = |low, high| Scale::new((low, high), (0.0, 1.0)).ticks(5).into_iter().map(tick).collect::<Vec<_>>();
        assert_eq!(ticks(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(ticks(-0.083, 0.021), ["-0.08", "-0.06", "-0.04", "-0.02", "0", "0.02"]);
        for k in 1..400 {
            let width = 0.013 * f64::from(k);
            let count = ticks(0.3 - width, 0.3 + 0.7 * width).len();
            assert!((3..=8).contains(&count), "{count} for {width}");
        }
        assert_eq!(ticks(3.0, 3.0), ["3", "3.2", "3.4", "3.6", "3.8", "4"]);
    }
}
