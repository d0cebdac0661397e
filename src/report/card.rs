//! The facts as a model card in the sections of Hugging Face's template. What an audit does not know stands as a marked gap.

use super::facts::{Facts, GroupFacts, Promise};
use super::markdown::{prose, row, text};
use super::number::{fixed, whole};
use super::summary::{Quantity, capital, headline, read_me, source_of};

/// What the author of the card has to write.
const GAP: &str = "[More Information Needed]";

/// The card.
pub fn card(facts: &Facts) -> String {
    let about = &facts.about;
    let given = |text_of: &Option<String>| text_of.as_deref().map_or_else(|| GAP.to_owned(), text);
    let name = about.model.as_deref().map_or_else(|| text(&facts.prediction), text);
    let mut out = format!("---\ntags:\n- fairness\n---\n\n# Model Card for {name}\n\n{GAP}\n");
    section(&mut out, "Model Details", "");
    section(&mut out, "Model Description", &list(&[("Developed by", GAP), ("Model type", GAP), ("License", GAP)]));
    out.push_str(&format!("- **Version:** {}\n", given(&about.model_version)));
    section(&mut out, "Uses", "");
    ["Direct Use", "Out-of-Scope Use"].iter().for_each(|name| section(&mut out, name, &format!("{GAP}\n")));
    section(&mut out, "Bias, Risks, and Limitations", &format!("{}.\n\n{}", text(&headline(facts)), promises(facts)));
    let lines: String = facts.unchecked.iter().map(|line| format!("- {}\n", prose(line))).collect();
    out.push_str(&format!("\nNot checked:\n\n{lines}"));
    section(&mut out, "Recommendations", &format!("{GAP}\n"));
    section(&mut out, "Training Details", "");
    section(&mut out, "Training Data", &format!("{GAP}\n"));
    section(&mut out, "Evaluation", "");
    let (file, n) = (text(&facts.data.file), whole(facts.n));
    let population = given(&about.population);
    let data = format!("{file}: {n} samples. Population: {population}. Period: {}.\n", given(&about.period));
    section(&mut out, "Testing Data", &data);
    let named: Vec<String> = facts.partitions.iter().map(|partition| text(&partition.name)).collect();
    let named = if named.is_empty() { "none.\n".to_owned() } else { format!("{}.\n", named.join(", ")) };
    section(&mut out, "Factors", &named);
    let notes: String = read_me(facts).iter().map(|line| format!("- {}\n", prose(line))).collect();
    section(&mut out, "Metrics", &notes);
    section(&mut out, "Results", &groups(facts));
    section(&mut out, "Technical Specifications", "");
    let sources: String = source_of(facts).iter().map(|(name, value)| row([text(name), text(value)])).collect();
    section(&mut out, "Audit", &format!("| | |\n| --- | --- |\n{sources}"));
    section(&mut out, "Model Card Contact", &format!("{}\n", given(&about.auditor)));
    out
}

/// The headings of the template that hold others.
const TOP: [&str; 6] = [
    "Model Details",
    "Uses",
    "Bias, Risks, and Limitations",
    "Training Details",
    "Evaluation",
    "Technical Specifications",
];

fn section(out: &mut String, name: &str, inside: &str) {
    let marks = if TOP.contains(&name) || name == "Model Card Contact" { "##" } else { "###" };
    let gap = if inside.is_empty() { "" } else { "\n" };
    out.push_str(&format!("\n{marks} {name}\n{gap}{inside}"));
}

fn list(lines: &[(&str, &str)]) -> String {
    lines.iter().map(|(name, value)| format!("- **{name}:** {value}\n")).collect()
}

fn promises(facts: &Facts) -> String {
    let line = |promise: &Promise| {
        let open = if promise.settled == Some(false) { ", inconclusive" } else { "" };
        let finding =
            promise.finding.as_ref().map(|finding| format!(" {}.", prose(&capital(finding)))).unwrap_or_default();
        format!("- {}: **{}{open}**.{finding}\n", prose(&capital(&promise.sentence)), text(&promise.answer))
    };
    facts.promises.iter().map(line).collect()
}

fn groups(facts: &Facts) -> String {
    let Quantity { mean, ratio, .. } = Quantity::of(facts);
    let mut out =
        row(["", "group", "samples", mean, ratio].map(str::to_owned)) + "| --- | --- | ---: | ---: | ---: |\n";
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| fixed(value, 3));
    for partition in &facts.partitions {
        for group in &partition.groups {
            let GroupFacts { label: group, samples, mean, ratio, .. } = group;
            out.push_str(&row([text(&partition.name), text(group), whole(*samples), number(*mean), number(*ratio)]));
        }
    }
    out
}
