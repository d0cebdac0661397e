//! The facts as Markdown (GitHub's tables).

use super::facts::{Facts, GroupFacts, Interval, PartitionFacts, SlicesFacts};
use super::number::{short, sides};
use super::row_summary::EachJson;
use super::slices::note;
use super::summary::{Quantity, capital, headline, outside, read_me, source_of};

/// The report.
pub fn markdown(facts: &Facts) -> String {
    let mut out = format!("# Fairness audit: {}\n\n", text(&facts.spec));
    out.push_str(&format!("**{}**\n\n", text(&headline(facts))));
    for promise in &facts.promises {
        let finding = promise.finding.as_ref().map(|finding| format!(" Worst: {}.", text(finding))).unwrap_or_default();
        let words = [text(&promise.constraint), text(&promise.words), text(&promise.verdict_words())];
        out.push_str(&format!("- **{}**: {}. **{}.**{finding}\n", words[0], words[1], words[2]));
    }
    outside(facts).iter().for_each(|line| out.push_str(&format!("- {}\n", text(line))));
    out.push_str("\n## Groups\n");
    facts.partitions.iter().for_each(|partition| out.push_str(&groups(facts, partition)));
    if !facts.compared.is_empty() {
        out.push_str(&format!("\n### What the constraints compare\n\n{}", group_table(facts, &facts.compared, false)));
    }
    out.push_str("\n## Constraints\n");
    for promise in &facts.promises {
        out.push_str(&format!("\n### {}\n\n", text(&promise.constraint)));
        out.push_str(&fenced(promise.place.source.as_deref().unwrap_or(&promise.text)));
        if !promise.rows.is_empty() {
            out.push_str(&rows(facts, &promise.rows));
        }
        if !promise.each.is_empty() {
            out.push_str(&each(
                promise.each.iter().filter_map(|&index| facts.each.get(index)),
                "bound of each prediction",
            ));
        }
    }
    if let Some(slices) = &facts.group_by {
        out.push_str(&sliced(slices));
    }
    out.push_str("\n## How to read this\n\n");
    read_me(facts).iter().for_each(|line| out.push_str(&format!("- {}\n", text(line))));
    out.push_str("\n## Where this comes from\n\n| | |\n| --- | --- |\n");
    source_of(facts).iter().for_each(|(name, value)| out.push_str(&row([text(name), text(value)])));
    out
}

fn groups(facts: &Facts, partition: &PartitionFacts) -> String {
    let reference = match &partition.reference {
        Some(reference) => {
            let Quantity { ratio, mean, .. } = Quantity::of(facts);
            format!("{}s are to the group with the highest {mean}, {}.\n\n", capital(ratio), text(reference))
        }
        None => String::new(),
    };
    let table = group_table(facts, &partition.groups, partition.reference.is_some());
    format!("\n### {}\n\n{reference}{table}", text(&partition.name))
}

fn group_table(facts: &Facts, groups: &[GroupFacts], ratios: bool) -> String {
    let mut head = vec!["group", "samples"];
    head.extend(facts.weighted.then_some("weight"));
    let Quantity { mean, ratio, .. } = Quantity::of(facts);
    head.push("share");
    head.extend(facts.decisions.then_some("selected"));
    head.extend([mean, "95% interval"]);
    head.extend(ratios.then_some(ratio));
    head.push("note");
    let mut out = row(head.iter().map(|cell| (*cell).to_owned()));
    out.push_str(&row(head
        .iter()
        .map(|cell| if ["group", "note"].contains(cell) { "---" } else { "---:" }.to_owned())));
    for group in groups {
        let mut cells = vec![text(&group.group), group.samples.to_string()];
        cells.extend(facts.weighted.then(|| short(group.weight)));
        cells.push(percent(group.share));
        cells.extend(group.selected.map(|selected| selected.to_string()));
        cells.extend([number(group.mean), interval(group.mean_interval)]);
        cells.extend(ratios.then(|| number(group.ratio)));
        cells.push(super::summary::marks(group).join(", "));
        out.push_str(&row(cells));
    }
    out
}

fn rows(facts: &Facts, indices: &[usize]) -> String {
    let mut out = "\n| comparison | value | 95% interval | limit | room | verdict |\n".to_owned();
    out.push_str("| --- | ---: | ---: | --- | ---: | --- |\n");
    for facts in indices.iter().filter_map(|&index| facts.rows.get(index)) {
        out.push_str(&row([
            text(&facts.row.name),
            number(facts.row.before),
            interval(facts.interval),
            text(&sides(facts.row.before, facts.row.lower, facts.row.upper)),
            number(facts.room),
            text(&super::summary::verdict_note(facts)),
        ]));
    }
    out
}

/// Bounds of single predictions.
fn each<'a>(bounds: impl Iterator<Item = &'a EachJson>, head: &str) -> String {
    let mut out = format!("\n{}", each_head(head));
    for one in bounds {
        out.push_str(&each_row(&format!("{}: {}", text(&one.name), text(&one.text)), one));
    }
    out
}

fn each_head(first: &str) -> String {
    let head = [text(first), "predictions".into(), "outside".into(), "by at most".into(), "verdict".into()];
    row(head) + "| --- | ---: | ---: | ---: | --- |\n"
}

fn each_row(first: &str, one: &EachJson) -> String {
    let [all, outside, excess] = one.numbers();
    row([first.to_owned(), all, outside, excess, text(&one.note())])
}

fn sliced(slices: &SlicesFacts) -> String {
    let mut out = format!("\n## By {}\n", text(&slices.column));
    let names = slices.values.first().map_or(&[][..], |slice| &slice.rows);
    for (index, name) in names.iter().enumerate() {
        out.push_str(&format!("\n### {} by {}\n\n", text(&name.name), text(&slices.column)));
        out.push_str(&row([
            text(&slices.column),
            "samples".into(),
            "value".into(),
            "95% interval".into(),
            "room".into(),
            "verdict".into(),
        ]));
        out.push_str("| --- | ---: | ---: | --- | ---: | --- |\n");
        for slice in &slices.values {
            let Some(found) = slice.rows.get(index) else { continue };
            let between = interval(found.interval);
            let cells = [text(slice.label()), slice.n.to_string(), number(found.value), between, number(found.room)];
            out.push_str(&row(cells.into_iter().chain([text(&note(found))])));
        }
    }
    let bounds = slices.values.first().map_or(&[][..], |slice| &slice.each);
    for (index, bound) in bounds.iter().enumerate() {
        let head = each_head(&slices.column);
        out.push_str(&format!("\n### {} by {}\n\n{head}", text(&bound.name), text(&slices.column)));
        for slice in &slices.values {
            slice.each.get(index).iter().for_each(|one| out.push_str(&each_row(&text(slice.label()), one)));
        }
    }
    let outside: Vec<String> = super::slices::outside(slices).map(|line| format!("- {}\n", text(&line))).collect();
    if !outside.is_empty() {
        out.push_str(&format!("\n{}", outside.concat()));
    }
    out
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, short)
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, super::slices::interval)
}

pub(super) fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Text that may hold anything: what Markdown or HTML would read is escaped, and it stays on one line.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A fence longer than any run of backticks inside.
fn fenced(source: &str) -> String {
    let longest = source.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}fair\n{}\n{fence}\n", source.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_read_is_escaped() {
        assert_eq!(text("a|b <script>\n*c*"), "a\\|b &lt;script&gt; \\*c\\*");
        assert_eq!(fenced("a ```` b"), "`````fair\na ```` b\n`````\n");
    }
}
