//! Who is in the data, and how the groups fare.

use super::build::{Html, each, el};
use super::chart::{Scale, cut, range, tenth, tick};
use super::parts::{self, code, drawing, interval, label, line, marked, number, number_cell, percent, row_head};
use crate::report::facts::{FOUR_FIFTHS, Facts, GroupFacts, PartitionFacts, PartitionKind};
use crate::report::number::short;
use crate::report::summary::{Quantity, marks};

pub(super) fn section(facts: &Facts) -> Html {
    let mut inside: Vec<Html> = facts.partitions.iter().map(|partition| part(facts, partition)).collect();
    if !facts.compared.is_empty() {
        inside.push(el!("h3"; "What the constraints compare"));
        let words = "Sets of samples that constraints read and that stand in no table above. They may overlap.";
        inside.push(el!("p", "class" = "soft"; words));
        inside.push(table(facts, &facts.compared, None, "Sets of samples that constraints compare"));
    }
    if inside.is_empty() { Html::default() } else { parts::section("groups", "Groups", inside) }
}

fn part(facts: &Facts, partition: &PartitionFacts) -> Html {
    let (heading, caption) = match partition.kind {
        PartitionKind::Attribute => ("", format!("Groups by {}", partition.name)),
        PartitionKind::Intersection => ("Intersections: ", format!("Intersections: {}", partition.name)),
    };
    let Quantity { mean, ratio, .. } = Quantity::of(facts);
    let best = |best: &String| {
        let words = format!("{}s are to the group with the highest {mean}, ", parts::capital(ratio));
        el!("p", "class" = "soft"; words, code(best), ".")
    };
    vec![
        el!("h3"; heading, code(&partition.name)),
        Html::from(partition.reference.as_ref().map(best)),
        means(facts, partition),
        table(facts, &partition.groups, partition.reference.as_deref(), &caption),
    ]
    .into()
}

fn table(facts: &Facts, groups: &[GroupFacts], reference: Option<&str>, caption: &str) -> Html {
    let resampled = facts.bootstrap.is_some();
    let mut head: Vec<(Html, bool)> = vec![("Group".into(), false), ("Samples".into(), true)];
    head.extend(facts.weighted.then(|| ("Weight".into(), true)));
    head.push(("Share".into(), true));
    match facts.decisions {
        true => head.extend([("Selected".into(), true), ("Selection rate".into(), true)]),
        false => head.push((vec!["Mean ".into(), code(&facts.prediction)].into(), true)),
    }
    let ratio = parts::capital(Quantity::of(facts).ratio);
    head.extend(resampled.then(|| ("95% interval".into(), true)));
    head.extend(reference.map(|_| (ratio.into(), true)));
    head.extend(reference.filter(|_| resampled).map(|_| ("95% interval of the ratio".into(), true)));
    head.push(("Note".into(), false));
    let (head, numbers): (Vec<Html>, Vec<bool>) = head.into_iter().unzip();
    let body = el!("tbody"; each(groups, |group| group_row(facts, group, reference)));
    parts::table(caption.into(), head, &numbers, vec![body])
}

fn group_row(facts: &Facts, group: &GroupFacts, reference: Option<&str>) -> Html {
    let resampled = facts.bootstrap.is_some();
    let best = reference == Some(group.group.as_str()) && !group.unknown;
    el!("tr";
        row_head(&group.group),
        number_cell(group.samples),
        facts.weighted.then(|| number_cell(number(Some(group.weight)))),
        number_cell(percent(group.share)),
        group.selected.map(number_cell),
        number_cell(number(group.mean)),
        resampled.then(|| number_cell(interval(group.mean_interval))),
        reference.map(|_| number_cell(number(group.ratio))),
        reference.filter(|_| resampled).map(|_| number_cell(interval(group.ratio_interval))),
        el!("td"; marked(&marks(group)), best.then(|| el!("span", "class" = "soft"; format!("highest {}", Quantity::of(facts).short)))),
    )
}

/// Means with their intervals, a line for each group.
fn means(facts: &Facts, partition: &PartitionFacts) -> Html {
    const LINE: f64 = 24.0;
    const LEFT: f64 = 210.0;
    const WIDTH: f64 = 760.0;
    let shown: Vec<(&GroupFacts, f64)> =
        partition.groups.iter().filter_map(|group| Some((group, group.mean?))).collect();
    let bottom = LINE * shown.len() as f64 + 6.0;
    let scale = Scale::new(range(facts), (LEFT, WIDTH - 70.0));
    let best = partition.groups.iter().find(|group| partition.reference.as_ref() == Some(&group.group));
    let fifths = best.and_then(|group| group.mean).map(|mean| scale.at(FOUR_FIFTHS * mean));
    let told: Vec<String> = shown.iter().map(|(group, mean)| format!("{} {}", group.group, short(*mean))).collect();
    let what = match facts.decisions {
        true => "Selection rate".to_owned(),
        false => format!("Mean {}", facts.prediction),
    };
    let words = format!("{what} by {}: {}", partition.name, told.join(", "));
    let grid = |value: f64| {
        let x = scale.at(value);
        vec![line("grid", (x, 0.0), (x, bottom)), label("", (x, bottom + 16.0), "middle", tick(value))].into()
    };
    let row = |(index, (group, mean)): (usize, &(&GroupFacts, f64))| {
        let y = tenth(LINE * (index as f64 + 0.5) + 3.0);
        let whisker =
            |it: crate::report::facts::Interval| line("whisker", (scale.at(it.lower), y), (scale.at(it.upper), y));
        let class = if group.below_four_fifths { "wrong" } else { "dot" };
        vec![
            label("label", (LEFT - 12.0, y + 4.0), "end", cut(&group.group, 30)),
            Html::from(group.mean_interval.map(whisker)),
            el!("circle", "class" = class, "cx" = scale.at(*mean), "cy" = y, "r" = 4.5),
            label("label", (WIDTH - 4.0, y + 4.0), "end", short(*mean)),
        ]
        .into()
    };
    let drawn = vec![
        each(scale.ticks(6), grid),
        Html::from(fifths.map(|x| line("fifths", (x, 0.0), (x, bottom)))),
        each(shown.iter().enumerate(), row),
    ];
    el!("figure";
        drawing(WIDTH, bottom + 24.0, &words, drawn),
        el!("figcaption";
            if facts.decisions { "Selection rate: mean " } else { "Mean " }, code(&facts.prediction), " of each group",
            facts.bootstrap.map(|_| ", with 95% intervals"),
            fifths.map(|_| "; the dashed line is four fifths of the highest"),
            ".",
        ),
    )
}
