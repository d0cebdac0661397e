//! Samples in no level, or without a number that conditions read, for people.

use super::number::{many, whole};
use super::table::Paint;
use crate::bind::Unplaced;
use crate::language::words::counted;

/// Undeclared values that are named.
const MOST_NAMED: usize = 3;
/// Near misses that are listed.
const MOST: usize = 5;

/// A line for each column with samples in no level or with no number, and what may have been meant.
pub fn unplaced_text(columns: &[Unplaced], paint: &dyn Paint) -> String {
    columns.iter().map(|column| paint.careful(&lines(column).join("\n")) + "\n").collect()
}

/// For a headline: `152 samples in no level of `repaid``, of several columns their names or their number.
pub(super) fn briefly(columns: &[Unplaced]) -> Option<String> {
    let what = |column: &Unplaced| if column.no_value > 0 { "without a value of" } else { "in no level of" };
    let (first, others) = columns.split_first()?;
    let what = if others.iter().all(|other| what(other) == what(first)) { what(first) } else { "in no level of" };
    Some(match others {
        [] => format!("{} {what} `{}`", many(first.samples(), "sample"), first.column),
        [second] => format!("samples {what} `{}` or `{}`", first.column, second.column),
        more => format!("samples {what} {} columns", more.len() + 1),
    })
}

/// Without colours, the column first.
pub(super) fn lines(unplaced: &Unplaced) -> Vec<String> {
    let Unplaced { column, null, undeclared, no_event, no_value, near, values } = unplaced;
    if *no_value > 0 {
        let samples = counted(*no_value, "sample");
        return vec![format!("`{column}`: {samples} with no value; no comparison with a null holds")];
    }
    let kinds = [(*null, "null"), (*undeclared, "undeclared")].into_iter().filter(|(count, _)| *count > 0);
    let mut kinds: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}")).collect();
    if let Some(kind) = kinds.last_mut().filter(|_| !values.is_empty()) {
        let named = values.iter().take(MOST_NAMED);
        let named = named.map(|one| format!("`{}` ({})", one.value, whole(one.samples))).collect::<Vec<_>>();
        kind.push_str(&format!(": {}{}", named.join(" "), if values.len() > MOST_NAMED { " .." } else { "" }));
    }
    kinds.extend((*no_event > 0).then(|| "no event or bin of it holds".to_owned()));
    let all = counted(unplaced.samples(), "sample");
    let mut lines = vec![format!("`{column}`: {all} in no level ({})", kinds.join(", "))];
    for miss in near.iter().take(MOST) {
        let (value, level) = (&miss.value, &miss.level);
        lines.push(format!("  `{value}` is no level, did you mean `{level}`? ({})", counted(miss.samples, "sample")));
    }
    if near.len() > MOST {
        lines.push(format!("  and {} more like these", near.len() - MOST));
    }
    lines
}
