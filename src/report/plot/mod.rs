//! Pictures as SVG: what all of them share, and those of a training run.
//!
//! | picture | shows |
//! | --- | --- |
//! | [`history`] | loss and gap over epochs, with the limit |
//! | [`scores`] | the distribution of scores in each group, before and after |
//! | [`sweep`] | loss against gap, over values of a param |

mod chart;

pub use chart::{Curve, PlotError};

pub(super) use chart::{Figure, Panel};

/// One epoch of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochPoint {
    pub epoch: f64,
    pub train_loss: f64,
    pub valid_loss: f64,
    /// Of the predictions that are given out, and of the network's own.
    pub gap: Option<f64>,
    pub raw_gap: Option<f64>,
}

/// Loss over epochs above, gap over epochs below, with the limit drawn. `part` and `loss` name what each epoch ends
/// with a look at, and its loss: the validation part, or another where there is none.
///
/// # Errors
/// The picture cannot be drawn.
pub fn history(epochs: &[EpochPoint], limit: Option<f64>, part: &str, loss: &str) -> Result<String, PlotError> {
    let over = |value: &dyn Fn(&EpochPoint) -> Option<f64>| -> Vec<(f64, f64)> {
        epochs.iter().filter_map(|point| Some((point.epoch, value(point)?))).collect()
    };
    let losses = Panel {
        title: "loss".into(),
        x: "epoch".into(),
        y: "mean loss".into(),
        curves: vec![
            Curve::new("training", over(&|p| Some(p.train_loss))),
            Curve::new(loss, over(&|p| Some(p.valid_loss))),
        ],
        ..Panel::default()
    };
    // A gap that falls far is seen on logarithms alone.
    let highest = epochs.iter().flat_map(|point| [point.gap, point.raw_gap]).flatten().fold(0.0, f64::max);
    let log_from = limit.filter(|limit| *limit > 0.0 && highest > 20.0 * limit).map(|limit| 0.1 * limit);
    let gap = Panel {
        title: format!("worst row on the {part} part"),
        x: "epoch".into(),
        y: "gap".into(),
        curves: vec![
            Curve::new("network's own output", over(&|p| p.raw_gap)),
            Curve::new("predictions given out", over(&|p| p.gap)),
        ],
        limit: limit.map(|limit| (limit, "limit".to_owned())),
        from_zero: true,
        log_from,
        ..Panel::default()
    };
    Figure { panels: vec![losses, gap], columns: 1, title: None }.draw()
}

/// The scores of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupScores {
    pub name: String,
    pub before: Vec<f64>,
    pub after: Vec<f64>,
}

/// The share of each group's scores in bins, before on the left and after on the right, on the same axes; means as
/// broken lines.
///
/// # Errors
/// The picture cannot be drawn.
pub fn scores(groups: &[GroupScores]) -> Result<String, PlotError> {
    const BINS: usize = 40;
    let all = || groups.iter().flat_map(|group| group.before.iter().chain(&group.after)).copied();
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let panel = |title: &str, of: &dyn Fn(&GroupScores) -> Vec<f64>| Panel {
        title: title.to_owned(),
        x: "score".into(),
        y: "share of the group".into(),
        curves: groups
            .iter()
            .map(|group| {
                let scores = of(group);
                let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
                Curve { mark: Some(mean), ..Curve::new(&group.name, histogram(&scores, low, high, BINS)) }
            })
            .collect(),
        from_zero: true,
        ..Panel::default()
    };
    let before = panel("network's own output", &|group| group.before.clone());
    let mut after = panel("predictions given out", &|group| group.after.clone());
    let mut before = before;
    let top = before.highest().max(after.highest());
    (before.top, after.top) = (Some(top), Some(top));
    Figure { panels: vec![before, after], columns: 2, title: None }.draw()
}

/// The outline of a histogram: shares of bins, as steps.
fn histogram(values: &[f64], low: f64, high: f64, bins: usize) -> Vec<(f64, f64)> {
    let width = (high - low) / bins as f64;
    if values.is_empty() || !width.is_finite() || width <= 0.0 {
        return Vec::new();
    }
    let mut counts = vec![0_usize; bins];
    for value in values {
        let bin = (((value - low) / width) as usize).min(bins - 1);
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    let share = |count: usize| count as f64 / values.len() as f64;
    let edge = |bin: usize| low + width * bin as f64;
    let steps =
        counts.iter().enumerate().flat_map(|(bin, &count)| [(edge(bin), share(count)), (edge(bin + 1), share(count))]);
    [(low, 0.0)].into_iter().chain(steps).chain([(high, 0.0)]).collect()
}

/// One value of the param that was swept.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    pub value: f64,
    pub gap: f64,
    pub loss: f64,
}

/// Loss against gap, one point for each value of the param, with the unconstrained network for comparison.
///
/// # Errors
/// The picture cannot be drawn.
pub fn sweep(param: &str, points: &[SweepPoint], unconstrained: Option<(f64, f64)>) -> Result<String, PlotError> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.gap.total_cmp(&b.gap));
    let curve = sorted.iter().map(|point| (point.gap, point.loss)).collect();
    let mut curves = vec![Curve {
        dots: true,
        labels: sorted.iter().map(|point| format!("{param} = {}", point.value)).collect(),
        ..Curve::new(&format!("one network for each {param}"), curve)
    }];
    if let Some(point) = unconstrained {
        curves.push(Curve { dots: true, ..Curve::new("same network, not projected", vec![point]) });
    }
    let panel = Panel {
        title: format!("what a smaller {param} costs"),
        x: "gap of the worst row".into(),
        y: "loss".into(),
        curves,
        ..Panel::default()
    };
    Figure { panels: vec![panel], columns: 1, title: None }.draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_holds_all_of_the_values() {
        let steps = histogram(&[0.0, 0.1, 0.5, 1.0], 0.0, 1.0, 4);
        let shares: Vec<f64> = steps.iter().skip(1).step_by(2).map(|step| step.1).collect();
        assert_eq!(shares, [0.5, 0.0, 0.25, 0.25, 0.0]);
        assert!(histogram(&[1.0], 1.0, 1.0, 4).is_empty());
    }

    #[test]
    fn pictures_show_what_they_are_given() {
        let point = |epoch: f64| EpochPoint {
            epoch,
            train_loss: 1.0 / (1.0 + epoch),
            valid_loss: 1.1 / (1.0 + epoch),
            gap: Some(0.02),
            raw_gap: Some(0.1),
        };
        let svg = history(&[point(0.0), point(1.0)], Some(0.02), "validation", "validation").unwrap();
        for text in ["epoch", "limit", "training", "validation"] {
            assert!(svg.contains(text), "{text}");
        }
        let one = history(&[point(0.0)], None, "training", "after the epoch").unwrap();
        assert!(one.contains("polygon"), "a single epoch is a dot");
        assert!(one.contains("after the epoch") && !one.contains("validation"), "there is no validation part");
        assert!(history(&[], None, "training", "after the epoch").is_ok());
        let groups = [GroupScores { name: "a < b & c".into(), before: vec![0.1, 0.4], after: vec![0.2, 0.3] }];
        let svg = scores(&groups).unwrap();
        assert!(svg.contains("a &lt; b &amp; c"), "names are escaped");
        let points = [SweepPoint { value: 0.01, gap: 0.01, loss: 0.4 }, SweepPoint { value: 0.1, gap: 0.1, loss: 0.3 }];
        assert!(sweep("eps", &points, Some((0.2, 0.29))).unwrap().contains("eps = 0.01"));
        let near = [0.01, 0.0101, 0.0102, 0.1].map(|gap| SweepPoint { value: gap, gap, loss: 0.4 - gap });
        assert_eq!(sweep("eps", &near, None).unwrap().matches("eps = ").count(), 3, "no label on top of another");
    }
}
