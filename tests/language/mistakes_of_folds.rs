//! Mistakes with folds, indicators and names for expressions: each is told once and in its place, and the fix that is offered
//! makes the spec compile.

use fairc::language::diagnostic::{Fix, mend};
use fairc::language::span::SourceId;

use crate::mistakes::{errors, every_fix};
use crate::support::{HEADER, compile, findings};

/// A body behind the usual header, what is found in it, and whether a fix is offered.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, bool)] = &[
    ("constraint c: max(race: E[score | race == r]) <= 0.5", "E0101 race", true),
    ("constraint c: max(race: E[score]) <= 0.5", "E0101 race", true),
    ("constraint c: max({white, black}: E[score | sex == male]) <= 0.5", "E0101 {", true),
    ("constraint c: max(pairs(race): |E[score | race == a] - E[score | race == b]|) <= 0.5", "E0101 pairs", true),
    ("constraint c: max(a in race E[score | race == a]) <= 0.5", "E0101 E", true),
    ("constraint c: max(a in race |E[score | race == a] - 0.5|) <= 0.5", "E0101 |", true),
    ("constraint c: max(a in race, E[score | race == a]) <= 0.5", "E0101 ,", true),
    ("constraint c: max(a: race where a != white: E[score | race == a]) <= 0.5", "E0101 :", true),
    ("constraint c: max(a in race) <= 0.5", "E0101 )", false),
    ("constraint c: sum(a in race where a != white) <= 0.5", "E0101 )", false),
    ("constraint c: max(for a in race: E[score | race == a]) <= 0.5", "E0101 for", true),
    ("constraint c: min(forall a in race: E[score | race == a]) >= 0.5", "E0101 forall", true),
    ("constraint c: max(a, b in pairs(race): |E[score | race == a] - E[score | race == b]|) <= 0.5", "E0101 a, b", true),
    ("constraint c: sum(a, b in race * sex: E[score | race == a, sex == b]) <= 0.5", "E0101 a, b", true),
    ("constraint c: max[a in race: E[score | race == a]] <= 0.5", "E0101 [", true),
    ("constraint c: mean[a in race: E[score | race == a]] <= 0.5", "E0101 [", true),
    ("constraint c: avg(a in race: E[score | race == a]) <= 0.5", "E0101 avg", true),
    ("constraint c: Sum(a in race: E[score | race == a]) <= 0.5", "E0101 Sum", true),
    ("constraint c: maximum(a in race: E[score | race == a]) <= 0.5", "E0101 maximum", true),
    ("constraint c: max(E[score | race == a] for a in race) <= 0.5", "E0101 E[score | race == a] for a in race", true),
    ("constraint c: sum(E[score | race == a] for a in race if a != white) <= 0.5", "E0101 E[score | race == a] for a in race if a != white", true),
    ("constraint c: max(a in rac: E[score | race == a]) <= 0.5", "E0201 rac", true),
    ("constraint c: max(a in race: E[score | race == b]) <= 0.5", "E0203 b", true),
    ("constraint c: max(a in sex: E[score | race == a]) <= 0.5", "E0203 a", false),
    ("constraint c: max(a in race * sex: E[score | race == a]) <= 0.5", "E0204 a", false),
    ("constraint c: max(a in race: E[score | race == a]) >= 0.5", "E0406 max(a in race: E[score | race == a])", false),
    ("constraint c: min(a in race: E[score | race == a]) <= 0.5", "E0406 min(a in race: E[score | race == a])", false),
    ("constraint c: E[max(a in race: score * [race == a])] <= 0.5", "E0402 max(a in race: score * [race == a])", false),
    ("constraint c: max(a in race where a == white and a != white: E[score | race == a]) <= 0.5", "E0501 a in race where a == white and a != white", false),
    ("constraint c: sum(a in race where a == white and a != white: E[score | race == a]) <= 0.5", "E0501 a in race where a == white and a != white", false),
    ("constraint c: mean(i in 3..1: i * E[score]) <= 0.5", "E0501 3..1", false),
    ("constraint c: max(race in sex: E[score | sex == race]) <= 0.5", "E0202 race", false),
    ("constraint c: sum(a in 1..99999: sum(b in 1..99999: a * b * E[score])) <= 0.5", "E0505 sum(a in 1..99999: sum(b in 1..99999: a * b * E[score]))", false),
    ("constraint c: E[score * [race = black]] <= 0.5", "E0101 =", true),
    ("constraint c: E[score * [race == blak]] <= 0.5", "E0203 blak", true),
    ("constraint c: E[score * [race]] <= 0.5", "E0303 race", false),
    ("constraint c: E[score * [race == black] <= 0.5", "E0101 ", false),
    ("constraint c: E[score * []] <= 0.5", "E0101 ]", false),
    ("constraint c: E[score * I(race == black)] <= 0.5", "E0201 I", true),
    ("constraint c: E[score * indicator(race == black and age >= 60)] <= 0.5", "E0201 indicator", true),
    ("constraint c: E[score | [race == black]] <= 0.5", "E0303 [race == black]", true),
    ("constraint c: [race == black] <= 0.5", "E0301 [race == black]", false),
    ("constraint c: E[[score >= 0.5]] <= 0.5", "E0403 [score >= 0.5]", false),
    ("constraint c: each: score <= 0.5 * [score >= 0.2]", "E0403 [score >= 0.2]", false),
    ("constraint c: E[score * [E[score] >= 0.5]] <= 0.5", "E0302 E[score]", false),
    ("let old = age >= 60\nconstraint c: E[score | old] <= 0.5", "E0303 age >= 60", true),
    ("let g: age * score\nconstraint c: E[g] <= 0.5", "E0101 :", true),
    ("let g == age * score\nconstraint c: E[g] <= 0.5", "E0101 ==", true),
    ("let g age * score\nconstraint c: E[g] <= 0.5", "E0101 age", true),
    ("let = age * score\nconstraint c: E[g] <= 0.5", "E0101 =", false),
    ("let g = age * scoer\nconstraint c: E[g] <= 0.5", "E0201 scoer", true),
    ("let g = age * score\nconstraint c: g <= 0.5", "E0301 g", false),
    ("let g = E[score]\nconstraint c: E[g] <= 0.5", "E0302 g", false),
    ("let g = E[score]\nconstraint c: each: score <= g", "E0302 g", false),
    ("let g = 2 * h\nlet h = g + 1\nconstraint c: E[h * score] <= 0.5", "E0208 g", false),
    ("let g = score / (2 - score)\nconstraint c: E[g] <= 0.5", "E0402 g", false),
    ("let g = |E[score] - 0.5|\nconstraint c: g >= 0.1", "E0406 g", false),
    ("let g = race\nconstraint c: E[score * g] <= 0.1", "E0303 race", false),
    ("let g = age * score\nconstraint c: E[score | g] <= 0.1", "E0303 g", false),
    ("let g = age * score\nconstraint c: E[score | g > 3] <= 0.1", "E0403 g > 3", false),
    ("let g = age * 2\nconstraint c: forall x in g: E[score | g == x] <= 0.1", "E0303 g", false),
    ("let age = 3\nconstraint c: E[score] <= 0.1", "E0202 age", false),
];

/// Errors alone; warnings may follow from names that a mistake leaves unused.
fn told(text: &str) -> Vec<String> {
    findings(&compile(text)).into_iter().filter(|finding| finding.starts_with('E')).collect()
}

#[test]
fn each_is_told_once_and_in_its_place() {
    for (body, expected, _) in MISTAKES {
        assert_eq!(told(&format!("{HEADER}{body}\n")), [*expected], "{body}");
    }
}

#[test]
fn every_fix_makes_the_spec_compile() {
    for (body, _, fixed) in MISTAKES {
        let text = format!("{HEADER}{body}\n");
        assert_eq!(every_fix(&text) > 0, *fixed, "{body}");
        if !fixed {
            continue;
        }
        let before = compile(&text);
        let fixes: Vec<&Fix> = before.diagnostics.iter().filter_map(|found| found.fix.as_ref()).collect();
        let (mended, _) = mend(SourceId(0), &text, fixes);
        assert_eq!(errors(&compile(&mended)), 0, "{body}\n{mended}\n{:?}", told(&mended));
    }
}
