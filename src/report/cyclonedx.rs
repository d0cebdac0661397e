//! The facts as a CycloneDX 1.5 document (ECMA-424): the model as a component with its model card, a fairness assessment for each
//! promise and a metric for each group.

use serde_json::{Value, json};

use super::facts::{Facts, GroupFacts, Interval, PartitionFacts, Promise};
use super::summary::{Quantity, capital, headline};

/// The document.
pub fn cyclonedx(facts: &Facts) -> Value {
    let about = &facts.about;
    let mut component = json!({
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": about.model.as_deref().unwrap_or(&facts.prediction),
        "description": format!("{}. Audited by fairc {}.", headline(facts), facts.version),
        "modelCard": {
            "quantitativeAnalysis": { "performanceMetrics": metrics(facts) },
            "considerations": {
                "technicalLimitations": facts.unchecked.iter().map(|line| format!("Not checked: {line}")).collect::<Vec<_>>(),
                "fairnessAssessments": facts.promises.iter().map(|promise| assessment(facts, promise)).collect::<Vec<_>>(),
            },
        },
        "properties": properties(facts),
    });
    if let Some(version) = &about.model_version {
        component["version"] = version.as_str().into();
    }
    let tool = json!({ "type": "application", "name": "fairc", "version": facts.version });
    let mut metadata = json!({ "tools": { "components": [tool] } });
    if let Some(auditor) = &about.auditor {
        metadata["authors"] = json!([{ "name": auditor }]);
    }
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": metadata,
        "components": [component],
    })
}

/// Who is at risk, and what the audit found. What it does not know, benefits and mitigation, is left out.
fn assessment(facts: &Facts, promise: &Promise) -> Value {
    let worst = promise.worst.and_then(|index| facts.rows.get(index)).and_then(|row| row.shown.as_ref());
    let open = if promise.settled == Some(false) { ", inconclusive" } else { "" };
    let finding = promise.finding.as_ref().map(|finding| format!(" {}.", capital(finding))).unwrap_or_default();
    json!({
        "groupAtRisk": worst.map_or_else(|| promise.constraint.clone(), |shown| shown.who.clone()),
        "harms": format!("{}. {}{open}.{finding}", capital(&promise.sentence), promise.verdict_words()),
    })
}

fn metrics(facts: &Facts) -> Vec<Value> {
    let Quantity { mean, ratio, .. } = Quantity::of(facts);
    let metric = |kind: &str, value: f64, slice: String, interval: Option<Interval>| {
        let mut metric = json!({ "type": kind, "value": value.to_string(), "slice": slice });
        if let Some(interval) = interval {
            metric["confidenceInterval"] =
                json!({ "lowerBound": interval.lower.to_string(), "upperBound": interval.upper.to_string() });
        }
        metric
    };
    let of = |partition: &PartitionFacts, group: &GroupFacts| {
        let slice = || format!("{}: {}", partition.name, group.group);
        let means = group.mean.map(|value| metric(mean, value, slice(), group.mean_interval));
        let ratios = group.ratio.map(|value| metric(ratio, value, slice(), group.ratio_interval));
        [means, ratios]
    };
    let groups =
        facts.partitions.iter().flat_map(|partition| partition.groups.iter().map(move |group| (partition, group)));
    groups.flat_map(|(partition, group)| of(partition, group)).flatten().collect()
}

fn properties(facts: &Facts) -> Vec<Value> {
    let named = super::summary::source_of(facts);
    named.into_iter().map(|(name, value)| json!({ "name": format!("fairc:{name}"), "value": value })).collect()
}
