//! The facts as Markdown (GitHub's tables).

use super::facts::{Facts, GroupFacts, Interval, PartitionFacts, SlicesFacts};
use super::number::{apart, fixed, short, whole};
use super::row_summary::EachJson;
use super::slices::note;
use super::summary::{Quantity, beside, capital, headline, read_me, source_of, title};

/// The report.
pub fn markdown(facts: &Facts) -> String {
    let mut out = format!("# {}\n\n", text(&title(facts)));
    let told: Vec<String> = facts.about.lines().map(|(name, words)| format!("{name}: {}", text(words))).collect();
    if !told.is_empty() {
        out.push_str(&format!("{}\n\n", told.join("; ")));
    }
    out.push_str(&format!("**{}**\n\n", text(&headline(facts))));
    for promise in &facts.promises {
        let open = if promise.settled == Some(false) { ", inconclusive" } else { "" };
        let finding =
            promise.finding.as_ref().map(|finding| format!(" {}.", prose(&capital(finding)))).unwrap_or_default();
        let (name, sentence) = (text(&promise.constraint), prose(&promise.sentence));
        out.push_str(&format!("- **{name}**: {sentence}. **{}{open}.**{finding}\n", text(&promise.verdict_words())));
    }
    beside(facts).iter().for_each(|line| out.push_str(&format!("- {}\n", prose(line))));
    out.push_str("\n## Not checked\n\n");
    facts.unchecked.iter().for_each(|line| out.push_str(&format!("- {}\n", prose(line))));
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
    read_me(facts).iter().for_each(|line| out.push_str(&format!("- {}\n", prose(line))));
    out.push_str("\n## Where this comes from\n\n| | |\n| --- | --- |\n");
    source_of(facts).iter().for_each(|(name, value)| out.push_str(&row([text(name), text(value)])));
    out
}

fn groups(facts: &Facts, partition: &PartitionFacts) -> String {
    let found = partition.groups.iter().find(|group| partition.reference.as_ref() == Some(&group.group));
    let reference = found.map_or_else(String::new, |reference| {
        format!("{}s are to {}.\n\n", capital(Quantity::of(facts).ratio), text(&reference.label))
    });
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
    head.extend(ratios.then_some([ratio, "95% interval of the ratio"]).into_iter().flatten());
    head.push("note");
    let mut out = row(head.iter().map(|cell| (*cell).to_owned()));
    out.push_str(&row(head
        .iter()
        .map(|cell| if ["group", "note"].contains(cell) { "---" } else { "---:" }.to_owned())));
    for group in groups {
        let mut cells = vec![text(&group.label), whole(group.samples)];
        cells.extend(facts.weighted.then(|| short(group.weight)));
        cells.push(percent(group.share));
        cells.extend(group.selected.map(whole));
        cells.extend([number(group.mean), interval(group.mean_interval)]);
        cells.extend(ratios.then(|| [number(group.ratio), interval(group.ratio_interval)]).into_iter().flatten());
        cells.push(super::summary::notes(facts, group).join(", "));
        out.push_str(&row(cells));
    }
    out
}

fn rows(facts: &Facts, indices: &[usize]) -> String {
    let mut out = "\n| comparison | value | 95% interval | allowed | slack | verdict |\n".to_owned();
    out.push_str("| --- | ---: | ---: | --- | ---: | --- |\n");
    let mut missing = Vec::new();
    for row_facts in indices.iter().filter_map(|&index| facts.rows.get(index)) {
        let Some(shown) = &row_facts.shown else {
            missing.push(format!(
                "- {}: {}\n",
                text(&row_facts.row.name),
                prose(row_facts.row.skipped.as_deref().unwrap_or(""))
            ));
            continue;
        };
        if shown.mirrored {
            continue;
        }
        let digits = apart(shown.value, [shown.lower, shown.upper].into_iter().flatten());
        let number = |value: f64| fixed(value, digits);
        let few = row_facts.few().map_or_else(String::new, |few| format!(", {few}"));
        let open = if row_facts.settled == Some(false) { ", inconclusive" } else { "" };
        out.push_str(&row([
            text(&shown.who),
            number(shown.value),
            shown.interval.map_or_else(String::new, |it| format!("{} to {}", number(it.lower), number(it.upper))),
            text(&shown.allowed(digits)),
            shown.slack.map_or_else(String::new, number),
            format!("{}{open}{few}", row_facts.verdict.word()),
        ]));
    }
    if !missing.is_empty() {
        out.push_str(&format!("\nNot made:\n\n{}", missing.concat()));
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
            "slack".into(),
            "verdict".into(),
        ]));
        out.push_str("| --- | ---: | ---: | --- | ---: | --- |\n");
        for slice in &slices.values {
            let Some(found) = slice.rows.get(index) else { continue };
            let shown = found.shown.as_ref();
            let between = interval(shown.and_then(|shown| shown.interval));
            let value = number(shown.map(|shown| shown.value));
            let slack = number(shown.and_then(|shown| shown.slack));
            let cells = [text(slice.label()), slice.n.to_string(), value, between, slack];
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
    value.map_or_else(String::new, |value| fixed(value, apart(value, [])))
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

fn interval(interval: Option<Interval>) -> String {
    let number = |value: f64| fixed(value, apart(value, []));
    interval.map_or_else(String::new, |it| format!("{} to {}", number(it.lower), number(it.upper)))
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

/// Text with code in backticks, in which nothing is escaped.
pub(super) fn prose(raw: &str) -> String {
    let pieces = raw.split('`').enumerate();
    pieces.map(|(index, piece)| if index % 2 == 1 { code(piece) } else { text(piece) }).collect()
}

/// Code in a line, between more backticks than it has in a row; what ends a cell of a table is escaped there too.
fn code(raw: &str) -> String {
    let line: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("`{}`", line.replace('|', "\\|"))
}

/// A fence longer than any run of backticks inside.
pub(super) fn fenced(source: &str) -> String {
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
