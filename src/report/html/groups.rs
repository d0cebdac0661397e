//! Who is in the data, how the groups fare, and how their scores are spread.

use maud::{Markup, html};

use super::chart::{Scale, cut, tenth, tick};
use super::parts::{interval, mark, number, percent};
use crate::report::facts::{FOUR_FIFTHS, Facts, GroupFacts, PartitionFacts, PartitionKind};
use crate::report::number::{counted, short};
use crate::report::summary::marks;

pub(super) fn section(facts: &Facts) -> Markup {
    if facts.partitions.is_empty() && facts.compared.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="groups" {
            h2 id="groups" { "Groups" }
            @for partition in &facts.partitions { (partition_part(facts, partition)) }
            @if !facts.compared.is_empty() {
                h3 { "What the constraints compare" }
                p class="soft" { "Sets of samples that constraints read and that stand in no table above. They may overlap." }
                (table(facts, &facts.compared, None, "Sets of samples that constraints compare"))
            }
        }
    }
}

fn partition_part(facts: &Facts, partition: &PartitionFacts) -> Markup {
    let caption = match partition.kind {
        PartitionKind::Attribute => format!("Groups by {}", partition.name),
        PartitionKind::Intersection => format!("Intersections: {}", partition.name),
    };
    html! {
        h3 { @if partition.kind == PartitionKind::Intersection { "Intersections: " } code { (partition.name) } }
        @if let Some(reference) = &partition.reference {
            p class="soft" { "Ratios are to the group with the highest mean, " code { (reference) } "." }
        }
        (means(facts, partition))
        (table(facts, &partition.groups, partition.reference.as_deref(), &caption))
    }
}

fn table(facts: &Facts, groups: &[GroupFacts], reference: Option<&str>, caption: &str) -> Markup {
    html! {
        div class="scroll" {
            table {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { "Group" }
                        th scope="col" class="number" { "Samples" }
                        @if facts.weighted { th scope="col" class="number" { "Weight" } }
                        th scope="col" class="number" { "Share" }
                        th scope="col" class="number" { "Mean " code { (facts.prediction) } }
                        @if facts.bootstrap.is_some() { th scope="col" class="number" { "95% interval" } }
                        @if reference.is_some() {
                            th scope="col" class="number" { "Ratio" }
                            @if facts.bootstrap.is_some() { th scope="col" class="number" { "95% interval of the ratio" } }
                        }
                        th scope="col" { "Note" }
                    }
                }
                tbody { @for group in groups { (line(facts, group, reference)) } }
            }
        }
    }
}

fn line(facts: &Facts, group: &GroupFacts, reference: Option<&str>) -> Markup {
    html! {
        tr {
            th scope="row" class="wrap" { (group.group) }
            td class="number" { data value=(group.samples) { (group.samples) } }
            @if facts.weighted { td class="number" { (number(Some(group.weight))) } }
            td class="number" { (percent(group.share)) }
            td class="number" { (number(group.mean)) }
            @if facts.bootstrap.is_some() { td class="number" { (interval(group.mean_interval)) } }
            @if reference.is_some() {
                td class="number" { (number(group.ratio)) }
                @if facts.bootstrap.is_some() { td class="number" { (interval(group.ratio_interval)) } }
            }
            td {
                @for words in marks(group) { (mark(words)) }
                @if reference == Some(group.group.as_str()) && !group.unknown { span class="soft" { "highest mean" } }
            }
        }
    }
}

/// The range of the histograms, which all charts of scores share.
fn range(facts: &Facts) -> (f64, f64) {
    let edge = |edge: Option<&f64>, other: f64| edge.copied().unwrap_or(other);
    (edge(facts.histogram_edges.first(), 0.0), edge(facts.histogram_edges.last(), 1.0))
}

/// Means with their intervals, a line for each group.
fn means(facts: &Facts, partition: &PartitionFacts) -> Markup {
    const LINE: f64 = 24.0;
    const LEFT: f64 = 210.0;
    const WIDTH: f64 = 760.0;
    let shown: Vec<&GroupFacts> = partition.groups.iter().filter(|group| group.mean.is_some()).collect();
    let bottom = LINE * shown.len() as f64 + 6.0;
    let scale = Scale::new(range(facts), (LEFT, WIDTH - 70.0));
    let best = partition.groups.iter().find(|group| partition.reference.as_ref() == Some(&group.group));
    let fifths = best.and_then(|group| group.mean).map(|mean| FOUR_FIFTHS * mean);
    let told: Vec<String> =
        shown.iter().map(|group| format!("{} {}", group.group, group.mean.map_or_else(String::new, short))).collect();
    let words = format!("Mean {} by {}: {}", facts.prediction, partition.name, told.join(", "));
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 24.0)) role="img" aria-label=(words) {
                title { (words) }
                @for value in scale.ticks(6) {
                    line class="grid" x1=(scale.at(value)) x2=(scale.at(value)) y1="0" y2=(bottom) {}
                    text x=(scale.at(value)) y=(bottom + 16.0) text-anchor="middle" { (tick(value)) }
                }
                @if let Some(fifths) = fifths {
                    line class="fifths" x1=(scale.at(fifths)) x2=(scale.at(fifths)) y1="0" y2=(bottom) {}
                }
                @for (index, group) in shown.iter().enumerate() {
                    @let y = tenth(LINE * (index as f64 + 0.5) + 3.0);
                    @let mean = group.mean.unwrap_or(f64::NAN);
                    text class="label" x=(LEFT - 12.0) y=(y + 4.0) text-anchor="end" { (cut(&group.group, 30)) }
                    @if let Some(interval) = group.mean_interval {
                        line class="whisker" x1=(scale.at(interval.lower)) x2=(scale.at(interval.upper)) y1=(y) y2=(y) {}
                    }
                    circle class=(if group.below_four_fifths { "wrong" } else { "dot" }) cx=(scale.at(mean)) cy=(y) r="4.5" {}
                    text class="label" x=(WIDTH - 4.0) y=(y + 4.0) text-anchor="end" { (short(mean)) }
                }
            }
            figcaption {
                "Mean " code { (facts.prediction) } " of each group"
                @if facts.bootstrap.is_some() { ", with 95% intervals" }
                @if fifths.is_some() { "; the dashed line is four fifths of the highest" }
                "."
            }
        }
    }
}

pub(super) fn has_distributions(facts: &Facts) -> bool {
    facts.partitions.iter().any(has_histograms)
}

fn has_histograms(partition: &PartitionFacts) -> bool {
    partition.groups.iter().any(|group| !group.histogram.is_empty())
}

pub(super) fn distributions(facts: &Facts) -> Markup {
    if !has_distributions(facts) {
        return html! {};
    }
    html! {
        section aria-labelledby="scores" {
            h2 id="scores" { "Score distributions" }
            p class="soft" {
                "Equal means can hide different spreads. Each bar is the share of a group's "
                (if facts.weighted { "weight" } else { "samples" }) " in one range of " code { (facts.prediction) }
                "; the line is the mean. All charts have the same scales."
            }
            @for partition in facts.partitions.iter().filter(|partition| has_histograms(partition)) {
                h3 { code { (partition.name) } }
                @let groups = partition.groups.iter().filter(|group| !group.histogram.is_empty());
                @let tallest = groups.clone().flat_map(|group| &group.histogram).copied().fold(0.0, f64::max);
                div class="many" { @for group in groups { (histogram(facts, group, tallest)) } }
            }
        }
    }
}

fn histogram(facts: &Facts, group: &GroupFacts, tallest: f64) -> Markup {
    const WIDTH: f64 = 300.0;
    const HEIGHT: f64 = 96.0;
    let across = Scale::new(range(facts), (8.0, WIDTH - 8.0));
    let up = Scale::new((0.0, tallest), (HEIGHT, 4.0));
    let edges = facts.histogram_edges.iter().zip(facts.histogram_edges.iter().skip(1));
    let mean = group.mean.unwrap_or(f64::NAN);
    let words = words(facts, group);
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 20.0)) role="img" aria-label=(words) {
                title { (words) }
                @for ((low, high), share) in edges.zip(&group.histogram) {
                    @let (left, top) = (across.at(*low), up.at(*share));
                    rect class="bar" x=(left + 0.5) y=(top) width=(tenth((across.at(*high) - left - 1.0).max(0.5))) height=(tenth(HEIGHT - top)) {}
                }
                line class="axis" x1="8" x2=(WIDTH - 8.0) y1=(HEIGHT) y2=(HEIGHT) {}
                line class="mean" x1=(across.at(mean)) x2=(across.at(mean)) y1="2" y2=(HEIGHT) {}
                @for value in across.ticks(4) {
                    text x=(across.at(value)) y=(HEIGHT + 15.0) text-anchor="middle" { (tick(value)) }
                }
            }
            figcaption {
                strong { (group.group) } ": " (counted(group.samples, "sample")) ", mean " (short(mean)) " "
                @for words in marks(group) { (mark(words)) }
            }
        }
    }
}

/// A histogram for those who do not see it: mean, and the bars that hold most.
fn words(facts: &Facts, group: &GroupFacts) -> String {
    let edges = facts.histogram_edges.iter().zip(facts.histogram_edges.iter().skip(1));
    let mut bars: Vec<(&f64, (&f64, &f64))> = group.histogram.iter().zip(edges).collect();
    bars.sort_by(|a, b| b.0.total_cmp(a.0));
    let most = bars.iter().take(3).filter(|(share, _)| **share > 0.0);
    let most: Vec<String> =
        most.map(|(share, (low, high))| format!("{:.0}% from {} to {}", 100.0 * **share, tick(**low), tick(**high))).collect();
    let mean = group.mean.map_or_else(String::new, short);
    format!("Distribution of {} for {}: mean {mean}; most in {}", facts.prediction, group.group, most.join(", "))
}
