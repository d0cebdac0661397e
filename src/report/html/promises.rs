//! The first screen: the verdict in words, a line and a bar for each promise, and what was not checked.

use super::bar::bar;
use super::build::{Html, each, el};
use super::parts::{self, answer, capital, certainty, interval, marked, promise_line, prose, section};
use crate::report::facts::{Facts, Promise};
use crate::report::number::whole;
use crate::report::summary::{self, beside, headline};
use crate::report::verdict::Verdict;

/// Of more comparisons beside the worst none is named on the first screen.
const FEW: usize = 6;

/// What was promised, whether it holds, for whom, by how much.
pub(super) fn summary(facts: &Facts) -> Html {
    let lines = beside(facts);
    section(
        "summary",
        "Summary",
        vec![
            answer(&summary::answer(facts), &headline(facts)),
            el!("ul", "class" = "promises"; each(&facts.promises, |promise| promised(facts, promise))),
            Html::from(
                (!lines.is_empty()).then(|| el!("ul"; each(lines, |line| el!("li"; prose(&capital(&line)), ".")))),
            ),
            el!("div", "class" = "unchecked";
                el!("h3", "id" = "unchecked"; "Not checked"),
                el!("ul"; each(&facts.unchecked, |line| el!("li"; prose(&capital(line)), "."))),
            ),
        ],
    )
}

fn promised(facts: &Facts, promise: &Promise) -> Html {
    let worst = promise.worst.and_then(|index| facts.rows.get(index));
    let shown = worst.and_then(|row| row.shown.as_ref());
    let made =
        promise.rows.iter().filter(|&&index| facts.rows.get(index).is_some_and(|row| row.shown.is_some())).count();
    let missing = match promise.comparisons.not_made {
        0 => String::new(),
        count => format!(" ({} not made)", whole(count)),
    };
    let small = promise.rows.iter().filter_map(|&index| facts.rows.get(index));
    let small = small.filter(|row| row.verdict == Verdict::Violated && row.small).count();
    let aside = if small > 0 && worst.is_some_and(|row| !row.small) { ", small groups aside" } else { "" };
    let several = (made > 1).then(|| match promise.verdict {
        Verdict::Violated => format!("Worst of {} comparisons{missing}{aside}: ", whole(made)),
        _ => format!("Closest of {} comparisons{missing}: ", whole(made)),
    });
    let finding = |sentence: &str| {
        let text = if several.is_some() { sentence.to_owned() } else { capital(sentence) };
        el!("p", "class" = "finding";
            several.as_ref(), prose(&text), ". ",
            shown.and_then(|shown| shown.interval).map(|it| vec!["95% interval of the value: ".into(), interval(Some(it)), ". ".into()]).map(Html::from),
            certainty(worst.and_then(|row| row.settled)),
            worst.and_then(|row| row.few()).map(|few| vec![" ".into(), marked(&[few.as_str()])]).map(Html::from),
        )
    };
    let sentence = shown.map(|shown| shown.sentence.as_str()).or(promise.finding.as_deref());
    let found = vec![sentence.map(finding).into(), others(facts, promise)].into();
    let picture = shown.map(|shown| bar(shown, promise.verdict));
    promise_line(parts::promised(promise), &promise.constraint, &promise.sentence, found, picture)
}

/// The other comparisons of a promise in a line, where they are few.
fn others(facts: &Facts, promise: &Promise) -> Html {
    let rows =
        promise.rows.iter().filter(|index| promise.worst != Some(**index)).filter_map(|&index| facts.rows.get(index));
    let others: Vec<(&str, String)> = rows
        .filter_map(|row| Some((row, row.shown.as_ref()?)))
        .filter(|(_, shown)| !shown.mirrored)
        .map(|(row, shown)| {
            let few = row.few().map_or_else(String::new, |few| format!(", {few}"));
            (row.verdict.word(), format!("{} ({}{few})", shown.who, shown.number()))
        })
        .collect();
    if others.is_empty() || others.len() > FEW {
        return Html::default();
    }
    let of = |word: &str| {
        let told: Vec<&str> = others.iter().filter(|(own, _)| *own == word).map(|(_, text)| text.as_str()).collect();
        (!told.is_empty()).then(|| format!("{word}: {}", told.join("; ")))
    };
    let told: Vec<String> =
        [Verdict::Violated, Verdict::Held].into_iter().filter_map(|verdict| of(verdict.word())).collect();
    el!("p", "class" = "soft"; format!("Also {}.", told.join(". Also ")))
}
