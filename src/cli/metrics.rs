//! `fairc std`: the standard metrics, written in the language itself.

use super::console::{Console, Tone};
use super::stop::{Outcome, Stop, Verdict};
use crate::language::library::{METRICS, find};
use crate::language::span::SourceId;
use crate::language::syntax::ast::ItemKind;
use crate::language::syntax::parse;
use crate::language::words::nearest;
use crate::report::{first_sentence, wrapped};

/// List or print the standard metrics
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The metric to print; without it all are listed
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    match &args.name {
        Some(name) => print(name, console)?,
        None => list(console)?,
    }
    Ok(Verdict::Yes)
}

/// A metric as it is used, and the first line of its doc comment.
struct Listed {
    signature: String,
    summary: String,
}

fn listed(name: &str, text: &str) -> Listed {
    let parsed = parse(SourceId::default(), text);
    let item = parsed.file.items.iter().find(|item| matches!(&item.kind, ItemKind::Metric(it) if it.name.text == name));
    let summary = item.map(|item| first_sentence(&item.doc)).unwrap_or_default();
    let parameters = match item.map(|item| &item.kind) {
        Some(ItemKind::Metric(metric)) => {
            metric.parameters.iter().map(|parameter| parameter.name.text.as_str()).collect()
        }
        _ => Vec::new(),
    };
    Listed { signature: format!("{name}({})", parameters.join(", ")), summary }
}

fn list(console: &Console) -> Result<(), Stop> {
    let all: Vec<(&str, Listed)> = METRICS.iter().map(|(name, text)| (*name, listed(name, text))).collect();
    if console.is_json() {
        let entry = |(name, metric): &(&str, Listed)| serde_json::json!({ "name": name, "signature": metric.signature, "summary": metric.summary });
        return console.json(&serde_json::json!({ "metrics": all.iter().map(entry).collect::<Vec<_>>() }));
    }
    let mut text = String::new();
    for (_, Listed { signature, summary }) in &all {
        let summary = wrapped(summary, "    ", console.out_look().width);
        text.push_str(&format!("{}\n{summary}", console.paint(signature, Tone::Strong)));
    }
    let how = "write `use NAME(..)` in a spec; `fairc std NAME` prints a metric with its formula and source";
    text.push_str(&format!("\n{}", wrapped(how, "", console.out_look().width)));
    console.print(&text)
}

fn print(name: &str, console: &Console) -> Result<(), Stop> {
    let Some(text) = find(name) else {
        let known = || METRICS.iter().map(|(known, _)| *known);
        let similar = nearest(name, known()).or_else(|| known().find(|known| known.contains(name)));
        let help = match similar {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => "`fairc std` lists the metrics".to_owned(),
        };
        return Err(Stop::failed(format!("there is no standard metric `{name}`"), help));
    };
    if console.is_json() {
        let metric = listed(name, text);
        let fields = serde_json::json!({
            "name": name, "signature": metric.signature, "summary": metric.summary, "text": text,
        });
        return console.json(&fields);
    }
    console.print(text)
}
