//! The difference of two texts by lines, as a unified diff.

/// Lines of context around a change.
const CONTEXT: usize = 3;
/// A pair of middles with more cells than this is shown as one replacement.
const MOST_CELLS: usize = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Keep,
    Remove,
    Add,
}

/// `before` → `after` as a unified diff, where `made` says what was done; empty if they are the same.
pub fn diff<'t>(name: &str, made: &str, before: &'t str, after: &'t str) -> String {
    // With its end each line, so that a last one without end differs from one that has it.
    let lines = |text: &'t str| -> Vec<&'t str> { text.split_inclusive('\n').collect() };
    let (old, new) = (lines(before), lines(after));
    let steps = steps(&old, &new);
    let changed: Vec<usize> = (0..steps.len()).filter(|&at| steps.get(at) != Some(&Step::Keep)).collect();
    let (Some(&first), Some(_)) = (changed.first(), changed.last()) else { return String::new() };
    let mut out = format!("--- {name}\n+++ {name} ({made})\n");
    let mut start = first;
    let mut end = first;
    for &at in changed.iter().skip(1) {
        if at > end + 2 * CONTEXT + 1 {
            hunk(&steps, &old, &new, start, end, &mut out);
            start = at;
        }
        end = at;
    }
    hunk(&steps, &old, &new, start, end, &mut out);
    out
}

/// The steps `start..=end` with context.
fn hunk(steps: &[Step], old: &[&str], new: &[&str], start: usize, end: usize, out: &mut String) {
    let start = start.saturating_sub(CONTEXT);
    let end = (end + CONTEXT + 1).min(steps.len());
    let count =
        |range: &[Step], step: Step| range.iter().filter(|&&other| other == Step::Keep || other == step).count();
    let (head, body) = (steps.get(..start).unwrap_or(&[]), steps.get(start..end).unwrap_or(&[]));
    let (mut at_old, mut at_new) = (count(head, Step::Remove), count(head, Step::Add));
    let (lines_old, lines_new) = (count(body, Step::Remove), count(body, Step::Add));
    // Of no lines that is said which is before them.
    let first = |before: usize, lines: usize| if lines == 0 { before } else { before + 1 };
    let (from_old, from_new) = (first(at_old, lines_old), first(at_new, lines_new));
    out.push_str(&format!("@@ -{from_old},{lines_old} +{from_new},{lines_new} @@\n"));
    for step in body {
        let (mark, line) = match step {
            Step::Keep => (' ', old.get(at_old)),
            Step::Remove => ('-', old.get(at_old)),
            Step::Add => ('+', new.get(at_new)),
        };
        at_old += usize::from(*step != Step::Add);
        at_new += usize::from(*step != Step::Remove);
        out.push(mark);
        out.push_str(line.unwrap_or(&""));
        if line.is_some_and(|line| !line.ends_with('\n')) {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// A shortest list of steps: equal ends are kept, and the middle is aligned by a longest common subsequence.
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = old.get(..old.len() - tail).unwrap_or(&[]);
    let new = new.get(..new.len() - tail).unwrap_or(&[]);
    let mut steps = vec![Step::Keep; head];
    if old.len().saturating_mul(new.len()) > MOST_CELLS {
        steps.extend(std::iter::repeat_n(Step::Remove, old.len()));
        steps.extend(std::iter::repeat_n(Step::Add, new.len()));
    } else {
        align(old, new, &mut steps);
    }
    steps.extend(std::iter::repeat_n(Step::Keep, tail));
    steps
}

fn align(old: &[&str], new: &[&str], steps: &mut Vec<Step>) {
    let width = new.len() + 1;
    // common[i * width + j]: lines that old[i..] and new[j..] have in common.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let value = if old.get(i) == new.get(j) {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = value;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let step = if i < old.len() && j < new.len() && old.get(i) == new.get(j) {
            Step::Keep
        } else if j == new.len() || (i < old.len() && at(&common, i + 1, j) >= at(&common, i, j + 1)) {
            Step::Remove
        } else {
            Step::Add
        };
        i += usize::from(step != Step::Add);
        j += usize::from(step != Step::Remove);
        steps.push(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(diff("a", "formatted", "x\ny\n", "x\ny\n"), "");
    }

    #[test]
    fn changes_stand_in_their_context() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n12\nmore\n13\n";
        let want = "--- a\n+++ a (formatted)\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n@@ -10,4 +10,5 @@\n 10\n \
                    11\n 12\n+more\n 13\n";
        assert_eq!(diff("a", "formatted", before, after), want);
    }

    #[test]
    fn a_last_line_without_end_is_told() {
        let head = "--- a\n+++ a (formatted)\n";
        let want = format!("{head}@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n");
        assert_eq!(diff("a", "formatted", "1\n2", "1\n2\n"), want);
        assert_eq!(diff("a", "formatted", "", "1\n"), format!("{head}@@ -0,0 +1,1 @@\n+1\n"));
    }
}
