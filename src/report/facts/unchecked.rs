//! What an audit did not check, a sentence each.

use super::partition::{Partition, PartitionKind};
use super::promise::Promise;
use super::slice::SlicesFacts;
use crate::bind::Unplaced;
use crate::report::audit::Audit;
use crate::report::number::{many, whole};
use crate::report::verdict::Verdict;

/// Promises and comparisons that were not made, samples that are in no group, and what these data cannot say.
pub(super) fn unchecked(
    audit: &Audit<'_>,
    promises: &[Promise],
    partitions: &[Partition],
    slices: Option<&SlicesFacts>,
) -> Vec<String> {
    let mut lines: Vec<String> = promises.iter().filter_map(promise).collect();
    lines.extend(audit.weightless_line());
    for column in &audit.unplaced {
        lines.push(unplaced(column, audit.n));
    }
    lines.extend(slices.and_then(sliced));
    let read = |partition: &&Partition| {
        partition.levels.iter().any(|(_, event)| audit.summaries.program.events.contains(event))
    };
    let shown = partitions.iter().filter(|partition| partition.kind == PartitionKind::Intersection);
    lines.extend(shown.filter(|partition| !read(partition)).filter(|_| !promises.is_empty()).map(|partition| {
        format!(
            "groups by {} together: they are shown, and no promise compares them",
            partition.name.replace(" * ", " and ")
        )
    }));
    if promises.is_empty() {
        lines.push("any group: the spec has no constraint".to_owned());
    }
    lines.push(match audit.decisions {
        true => "the scores that the decisions were made from".to_owned(),
        false => "yes-or-no decisions made by a cut-off on these predictions".to_owned(),
    });
    lines.push("any other data".to_owned());
    lines
}

/// `sex` is unknown for 24 of 900 samples: 22 empty, 2 with another value.
fn unplaced(column: &Unplaced, n: usize) -> String {
    let Unplaced { column: name, null, undeclared, no_event, no_value, .. } = column;
    let of = format!("{} of {}", whole(column.samples()), many(n, "sample"));
    if *no_value > 0 {
        return format!("`{name}` is empty for {of}: no condition on it holds for them");
    }
    if *no_event > 0 {
        return format!("{of} are in no level of `{name}`");
    }
    match (null, undeclared) {
        (_, 0) => format!("`{name}` is empty for {of}"),
        (0, _) => format!("`{name}` is unknown for {of}: each has another value"),
        (null, undeclared) => {
            format!("`{name}` is unknown for {of}: {} empty, {} with another value", whole(*null), whole(*undeclared))
        }
    }
}

fn promise(promise: &Promise) -> Option<String> {
    let why = promise.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let name = &promise.constraint;
    let comparisons = promise.comparisons;
    match promise.verdict {
        Verdict::NotChecked => Some(format!("the promise `{name}`{why}")),
        Verdict::NotApplicable => Some(format!("the promise `{name}`, which is for training{why}")),
        Verdict::Held | Verdict::Violated if comparisons.not_made > 0 => {
            let all = comparisons.made + comparisons.not_made;
            Some(format!("{} of {} of `{name}`{why}", whole(comparisons.not_made), many(all, "comparison")))
        }
        Verdict::Held | Verdict::Violated => None,
    }
}

/// `1,288 to 1,378 of 1,566 comparisons for each of 12 values of week`.
fn sliced(slices: &SlicesFacts) -> Option<String> {
    let missing: Vec<_> = slices.values.iter().map(|slice| slice.comparisons).filter(|all| all.not_made > 0).collect();
    let (least, most) = (missing.iter().map(|all| all.not_made).min()?, missing.iter().map(|all| all.not_made).max()?);
    let of = missing.iter().map(|all| all.made + all.not_made).max()?;
    let range = if least == most { whole(least) } else { format!("{} to {}", whole(least), whole(most)) };
    let values = match (missing.len(), slices.values.len()) {
        (some, all) if some == all => format!("each of {}", many(all, "value")),
        (some, all) => format!("{some} of {}", many(all, "value")),
    };
    Some(format!("{range} of {} for {values} of `{}`", many(of, "comparison"), slices.column))
}
