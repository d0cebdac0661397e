//! Who is in the data, and how the groups fare: one table.

use super::build::{Html, el};
use super::chart::{Scale, range};
use super::parts::{self, Body, between, capital, count, line, marked, number, percent, rounded};
use crate::report::facts::{FOUR_FIFTHS, Facts, GroupFacts, PartitionFacts};
use crate::report::summary::{Quantity, notes, share};

/// Decimals of means and ratios.
const DIGITS: usize = 3;

pub(super) fn section(facts: &Facts) -> Html {
    let mut bodies: Vec<Body> = facts.partitions.iter().map(|partition| part(facts, partition)).collect();
    if !facts.compared.is_empty() {
        let lines = facts.compared.iter().map(|group| group_line(facts, group, None));
        bodies.push(Body { title: Some("Other groups that promises read".into()), lines: lines.collect() });
    }
    if bodies.is_empty() {
        return Html::default();
    }
    let Quantity { mean, ratio, .. } = Quantity::of(facts);
    let heading = if facts.decisions { "Selection rate".to_owned() } else { format!("Mean {}", facts.prediction) };
    let ratio_head = capital(ratio);
    let mut head = vec![("Group", false), ("Note", false), ("Samples", true)];
    head.extend(facts.weighted.then_some(("Weight", true)));
    head.push(("Share", true));
    head.extend(facts.decisions.then_some(("Selected", true)));
    head.push((heading.as_str(), true));
    head.extend(resampled(facts).then_some(("95% interval", true)));
    head.push(("Picture", false));
    head.extend(has_ratios(facts).then_some((ratio_head.as_str(), true)));
    head.extend((has_ratios(facts) && resampled(facts)).then_some(("95% interval of the ratio", true)));
    let words = has_ratios(facts).then(|| {
        let words = format!(
            "The {ratio} compares the {mean} of a group with that of the reference: the group with the highest {mean}, unless another \
             was chosen. Groups under {} of the samples are never the reference, and are not flagged as below four fifths. \
             Each promise names the groups that it compares. In the pictures the dashed line is four fifths of the reference.",
            share(facts.min_share)
        );
        el!("p", "class" = "soft"; words)
    });
    let table = parts::table("Groups and how they fare", &head, bodies);
    parts::section("groups", "Groups", vec![words.into(), table])
}

fn resampled(facts: &Facts) -> bool {
    facts.bootstrap.is_some()
}

fn has_ratios(facts: &Facts) -> bool {
    facts.partitions.iter().any(|partition| partition.reference.is_some())
}

fn part(facts: &Facts, partition: &PartitionFacts) -> Body {
    let reference = partition.reference.as_deref();
    let best = partition.groups.iter().find(|group| reference == Some(group.group.as_str()));
    let best = best.map(|best| el!("span", "class" = "soft"; " compared with ", &best.label));
    let lines = partition.groups.iter().map(|group| group_line(facts, group, Some(partition))).collect();
    Body { title: Some(vec![Html::from(&partition.name), best.into()].into()), lines }
}

fn group_line(facts: &Facts, group: &GroupFacts, partition: Option<&PartitionFacts>) -> Vec<Html> {
    let reference = partition.and_then(|partition| partition.reference.as_deref());
    let best = reference == Some(group.group.as_str()) && !group.unknown;
    let fifths = partition.and_then(|partition| {
        let found = partition.groups.iter().find(|group| partition.reference.as_ref() == Some(&group.group));
        found.and_then(|group| group.mean).map(|mean| FOUR_FIFTHS * mean)
    });
    let mut cells = vec![Html::from(&group.label), count(group.samples)];
    cells.extend(facts.weighted.then(|| number(Some(group.weight))));
    cells.push(percent(group.share));
    cells.extend(group.selected.map(count));
    cells.push(rounded(group.mean, DIGITS));
    cells.extend(resampled(facts).then(|| between(group.mean_interval, DIGITS)));
    cells.push(group.mean.map(|mean| dot(facts, group, mean, fifths)).into());
    if has_ratios(facts) {
        cells.push(rounded(group.ratio, DIGITS));
        cells.extend(resampled(facts).then(|| between(group.ratio_interval, DIGITS)));
    }
    let reference = best.then(|| el!("span", "class" = "soft"; "reference"));
    let notes = notes(facts, group);
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    cells.insert(1, vec![marked(&notes), reference.into()].into());
    cells
}

/// The mean with its interval; the numbers stand beside it.
fn dot(facts: &Facts, group: &GroupFacts, mean: f64, fifths: Option<f64>) -> Html {
    let scale = Scale::new(range(facts), (4.0, 116.0));
    let whisker = group.mean_interval.map(|it| line("whisker", (scale.at(it.lower), 9.0), (scale.at(it.upper), 9.0)));
    let mark = match group.below_four_fifths {
        true => el!("rect", "class" = "wrong", "x" = scale.at(mean) - 4.0, "y" = 5, "width" = 8, "height" = 8),
        false => el!("circle", "class" = "dot", "cx" = scale.at(mean), "cy" = 9, "r" = 4),
    };
    el!("svg", "class" = "small", "viewBox" = "0 0 120 18", "width" = 120, "height" = 18, "aria-hidden" = "true";
        line("axis", (4.0, 9.0), (116.0, 9.0)),
        fifths.map(|at| line("fifths", (scale.at(at), 1.0), (scale.at(at), 17.0))),
        whisker,
        mark,
    )
}
