//! How the scores of each group are spread.

use super::build::{Html, each, el};
use super::chart::{Scale, range, tenth, tick};
use super::parts::{self, code, drawing, label, line, marked};
use crate::report::facts::{Facts, GroupFacts, PartitionFacts};
use crate::report::number::{fixed, many};
use crate::report::summary::marks;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 96.0;
/// Left of it stand the shares.
const LEFT: f64 = 40.0;
/// Of more groups the first are drawn.
const MOST: usize = 24;

/// Whether there is a distribution to show.
pub(super) fn any(facts: &Facts) -> bool {
    facts.partitions.iter().any(|partition| shown(partition).next().is_some())
}

fn shown(partition: &PartitionFacts) -> impl Iterator<Item = &GroupFacts> {
    partition.groups.iter().filter(|group| !group.histogram.is_empty())
}

pub(super) fn section(facts: &Facts) -> Html {
    if !any(facts) {
        return Html::default();
    }
    let what = if facts.weighted { "weight" } else { "samples" };
    let words =
        format!("Equal means can hide different spreads. Each bar is the share of a group's {what} in one range of ");
    let end = "; the line is the mean. Charts under one heading have the same scales.";
    let part = |partition: &PartitionFacts| -> Html {
        let tallest = shown(partition).flat_map(|group| &group.histogram).copied().fold(0.0, f64::max);
        let charts = each(shown(partition).take(MOST), |group| chart(facts, group, tallest));
        let more = shown(partition).count().saturating_sub(MOST);
        let more = (more > 0).then(|| el!("p", "class" = "soft"; format!("{} not drawn.", if more == 1 { "1 more group is".to_owned() } else { many(more, "more group") + " are" })));
        vec![el!("h3"; code(&partition.name)), el!("div", "class" = "many"; charts), more.into()].into()
    };
    let with = facts.partitions.iter().filter(|partition| shown(partition).next().is_some());
    let inside = vec![el!("p", "class" = "soft"; words, code(&facts.prediction), end), each(with, part)];
    parts::section("scores", "Score distributions", inside)
}

fn bars<'a>(facts: &'a Facts, group: &'a GroupFacts) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
    let edges = facts.histogram_edges.iter().zip(facts.histogram_edges.iter().skip(1));
    edges.zip(&group.histogram).map(|((low, high), share)| (*low, *high, *share))
}

fn chart(facts: &Facts, group: &GroupFacts, tallest: f64) -> Html {
    let across = Scale::new(range(facts), (LEFT, WIDTH - 8.0));
    let up = Scale::new((0.0, tallest), (HEIGHT, 6.0));
    let bar = |(low, high, share): (f64, f64, f64)| {
        let (left, top) = (across.at(low), up.at(share));
        let width = tenth((across.at(high) - left - 1.0).max(0.5));
        el!(
            "rect",
            "class" = "bar",
            "x" = tenth(left + 0.5),
            "y" = top,
            "width" = width,
            "height" = tenth(HEIGHT - top)
        )
    };
    let mean = group.mean.map(|mean| across.at(mean));
    let height = |share: f64| -> Html {
        let at = up.at(share);
        let text = format!("{}%", tick((1000.0 * share).round() / 10.0));
        vec![line("grid", (LEFT, at), (WIDTH - 8.0, at)), label("", (LEFT - 5.0, at + 4.0), "end", text)].into()
    };
    let drawn = vec![
        each(up.ticks(2), height),
        each(bars(facts, group), bar),
        line("axis", (LEFT, HEIGHT), (WIDTH - 8.0, HEIGHT)),
        Html::from(mean.map(|x| line("mean", (x, 2.0), (x, HEIGHT)))),
        each(across.ticks(4), |value| label("", (across.at(value), HEIGHT + 15.0), "middle", tick(value))),
    ];
    let mean = group.mean.map_or_else(String::new, |mean| fixed(mean, 3));
    el!("figure";
        drawing(WIDTH, HEIGHT + 20.0, &words(facts, group), drawn),
        el!("figcaption";
            el!("strong"; &group.label),
            format!(": {}, mean {mean} ", many(group.samples, "sample")),
            marked(&marks(group)),
        ),
    )
}

/// A histogram for those who do not see it: the mean, and the bars that hold most.
fn words(facts: &Facts, group: &GroupFacts) -> String {
    let mut bars: Vec<(f64, f64, f64)> = bars(facts, group).filter(|(_, _, share)| *share > 0.0).collect();
    bars.sort_by(|a, b| b.2.total_cmp(&a.2));
    let part =
        |(low, high, share): &(f64, f64, f64)| format!("{:.0}% from {} to {}", 100.0 * share, tick(*low), tick(*high));
    let most: Vec<String> = bars.iter().take(3).map(part).collect();
    let mean = group.mean.map_or_else(String::new, |mean| fixed(mean, 3));
    format!("Distribution of {} for {}: mean {mean}; largest bars: {}", facts.prediction, group.label, most.join(", "))
}
