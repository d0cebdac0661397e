//! What helps say of expressions that are not affine, of aggregates out of place and of unknown names: true of what was written, and
//! what is offered as an edit says the same as the spec that was meant.

use fairc::language::diagnostic::mend;
use fairc::language::span::SourceId;

use crate::mistakes::errors;
use crate::support::{HEADER, compile, findings, fingerprint};

/// A body, its only finding, a part of the help, and what the offered edit makes of the body.
#[rustfmt::skip]
const HELPS: &[(&str, &str, &str, Option<&str>)] = &[
    // A name that nothing declares, beside another name and beside a number.
    ("constraint c: E[score | ethnicity == Asian] <= 0.5", "E0201 ethnicity", "`column ethnicity: {Asian, ..}`", None),
    ("constraint c: E[score | tenure >= 5] <= 0.5", "E0201 tenure", "`column tenure: real`", None),
    ("use demographic_parity(sex, 5%)\neach where sex == female: score <= 0.5", "E0101 each", "`constraint sex_female_score:`",
     None),
    // The inverse of a function, where it says the same.
    ("constraint c: |log(E[score | sex == female] / E[score | sex == male])| <= 0.05", "E0402 log(E[score | sex == female] / E[score | sex == male])",
     "which says the same", Some("constraint c: exp(-0.05) <= E[score | sex == female] / E[score | sex == male] <= exp(0.05)")),
    ("constraint c: |log(E[score | sex == female]) - log(E[score | sex == male])| <= eps", "E0402 log(E[score | sex == female])",
     "which says the same", Some("constraint c: exp(-eps) <= E[score | sex == female] / E[score | sex == male] <= exp(eps)")),
    ("constraint c: log(E[score | sex == female]) - log(E[score | sex == male]) <= eps", "E0402 log(E[score | sex == female])",
     "which says the same", Some("constraint c: E[score | sex == female] / E[score | sex == male] <= exp(eps)")),
    ("constraint c: 0.3 >= log(E[1 + score])", "E0402 log(E[1 + score])", "`E[1 + score] <= exp(0.3)`", Some("constraint c: E[1 + score] <= exp(0.3)")),
    ("constraint c: exp(E[score]) <= 2", "E0402 exp(E[score])", "`E[score] <= log(2)`", Some("constraint c: E[score] <= log(2)")),
    ("constraint c: sqrt(E[score]) >= eps + 0.1", "E0402 sqrt(E[score])", "`E[score] >= (eps + 0.1) ^ 2`", Some("constraint c: E[score] >= (eps + 0.1) ^ 2")),
    ("constraint c: E[score] ^ 0.5 <= 0.5", "E0402 E[score] ^ 0.5", "`E[score] <= 0.5 ^ 2`", Some("constraint c: E[score] <= 0.5 ^ 2")),
    ("constraint c: E[score] ^ 3 <= 0.5", "E0402 E[score] ^ 3", "`E[score] <= 0.5 ^ (1 / 3)`", Some("constraint c: E[score] <= 0.5 ^ (1 / 3)")),
    ("constraint c: E[score] ^ 2 >= 0.3", "E0402 E[score] ^ 2", "`E[score] >= sqrt(0.3)`", Some("constraint c: E[score] >= sqrt(0.3)")),
    ("constraint c: (E[score] - 0.5) ^ 2 <= 0.01", "E0402 (E[score] - 0.5) ^ 2", "`|E[score] - 0.5| <= sqrt(0.01)`", Some("constraint c: |E[score] - 0.5| <= sqrt(0.01)")),
    ("constraint c: (E[score] - 0.5) ^ 2 >= 0.01", "E0402 (E[score] - 0.5) ^ 2", "no linear rows", None),
    ("constraint c: each: score ^ 2 <= 0.25", "E0402 score ^ 2", "`score <= sqrt(0.25)`", Some("constraint c: each: score <= sqrt(0.25)")),
    ("constraint c: exp(E[score]) <= -1", "E0402 exp(E[score])", "data and params alone", None),
    ("constraint c: log(E[score]) <= E[score | sex == male]", "E0402 log(E[score])", "data and params alone", None),
    // In a mean or a sum, where none does.
    ("constraint c: E[(income - score) ^ 2 | sex == male] <= 0.2", "E0402 (income - score) ^ 2", "weaker", None),
    ("constraint c: E[log(score)] >= -1", "E0402 log(score)", "another constraint", None),
    ("constraint c: E[sqrt(score)] <= 0.5", "E0402 sqrt(score)", "another constraint", None),
    ("constraint c: sum(a in race: P[race == a] * (E[score | race == a] - E[score]) ^ 2) <= 0.01", "E0402 (E[score | race == a] - E[score]) ^ 2",
     "no linear rows", None),
    ("constraint c: 2 * E[score] ^ 2 <= 0.2", "E0402 E[score] ^ 2", "no linear rows", None),
    ("constraint c: E[|score - raw(score)|] >= 0.1", "E0406 |score - raw(score)|", "bound it from above", None),
    ("constraint c: E[max(score, 0.5, age * score)] <= 0.6", "E0402 max(score, 0.5, age * score)", "two arguments", None),
    ("constraint c: E[|age * score - 0.5|] <= 0.6", "E0402 |age * score - 0.5|", "take the factor out", None),
    ("constraint c: E[age / (1 + score)] <= 50", "E0402 age / (1 + score)", "another quantity", None),
    // Quotients and signs.
    ("constraint c: E[score] / max(E[score | sex == female], 0.1) >= E[score | sex == male]", "E0402 max(E[score | sex == female], 0.1)", "multiply by hand", None),
    ("constraint c: E[score] / max(E[score | sex == female], 0.1) <= 0.5", "E0406 max(E[score | sex == female], 0.1)", "", None),
    ("param k = 1\nconstraint c: |E[score] - 0.3| / k <= 0.1", "E0408 k", "give `k` a range", None),
    ("constraint c: |E[score] - 0.3| / E[raw(score)] <= 5%", "E0408 E[raw(score)]", "`|e| <= c * E[raw(score)]`", None),
    ("constraint c: E[raw(score)] * |E[score] - 0.3| <= 5%", "E0408 E[raw(score)]", "`max(E[raw(score)], 0)`", None),
    // Aggregates where each sample has its own number.
    ("constraint c: each: score <= E[score | sex == male] + 0.1", "E0302 E[score | sex == male]", "a constraint of its own", None),
    ("constraint c: |E[(score - E[score]) * age]| <= 0.1", "E0302 E[score]", "`Cov[a, b]`", None),
    ("constraint c: E[|age - E[age]| * score] <= 10", "E0302 E[|age - E[age]| * score] <= 10", "let a param stand for it", None),
    ("constraint c: each: score <= age / (age + E[age])", "E0302 score <= age / (age + E[age])", "let a param stand for it", None),
    ("constraint c: E[score | age > E[age]] <= 0.5", "E0302 E[age]", "a number or a param", None),
    // Names.
    ("constraint c: Sum[score] / N <= 0.5", "E0201 N", "`Sum[1]`", Some("constraint c: Sum[score] / Sum[1] <= 0.5")),
    ("constraint c: Sum[score] <= 0.5 * N[all]", "E0201 all", "`Sum[1]`", Some("constraint c: Sum[score] <= 0.5 * Sum[1]")),
    ("constraint c: E[score | all] <= 0.5", "E0201 all", "leave the condition out", Some("constraint c: E[score] <= 0.5")),
    ("constraint c: E[score] >= 0.9 * raw", "E0201 raw", "`E[raw(score)]`", Some("constraint c: E[score] >= 0.9 * E[raw(score)]")),
    ("constraint c: each: score >= 0.9 * raw", "E0201 raw", "`raw(score)`", Some("constraint c: each: score >= 0.9 * raw(score)")),
    ("constraint c: |Corr[score, age]| <= 0.1", "E0201 Corr", "`|Cov[score, age]| <= c * sqrt(Var[raw(score)] * Var[age])`", None),
    ("constraint c: |corr(score, age)| <= 0.1", "E0201 corr", "`|Cov[score, age]| <= c * sqrt(Var[raw(score)] * Var[age])`", None),
    ("constraint c: Std[score] <= 0.1", "E0201 Std", "`sqrt(Var[raw(score)])`", None),
    ("constraint c: E[score] <= std(age) / 100", "E0201 std", "`sqrt(Var[age])`", Some("constraint c: E[score] <= sqrt(Var[age]) / 100")),
    ("constraint c: median(score) >= 0.5", "E0201 median", "bound a mean", None),
    ("use equalized_odds(sex, hired, 5%)", "E0201 hired", "`label hired: {0, 1}`", None),
    ("constraint c: E[score | race == null] <= 0.5", "E0203 null", "`race not in {white, black, asian, other}`",
     Some("constraint c: E[score | race not in {white, black, asian, other}] <= 0.5")),
    ("constraint c: E[score | race != null] <= 0.5", "E0203 null", "`race in {white, black, asian, other}`",
     Some("constraint c: E[score | race in {white, black, asian, other}] <= 0.5")),
    ("constraint c: E[score] <= P[income | sex == male]", "E0303 income", "`income == 1`", None),
    ("constraint c: E[score] <= E[income == 1 | sex == female]", "E0303 income == 1", "`P[income == 1 | sex == female]`",
     Some("constraint c: E[score] <= P[income == 1 | sex == female]")),
    ("constraint c: Sum[score] <= Sum[income == 1 | sex == female]", "E0303 income == 1", "`N[income == 1, sex == female]`",
     Some("constraint c: Sum[score] <= N[income == 1, sex == female]")),
];

#[test]
fn helps_are_true_and_their_edits_say_what_was_meant() {
    let mut wrong = Vec::new();
    for (body, finding, help, mended) in HELPS {
        let text = format!("{HEADER}{body}\n");
        let compilation = compile(&text);
        let found = findings(&compilation);
        let own: Vec<_> = compilation.diagnostics.iter().filter(|it| it.is_error()).collect();
        let ([one], true) = (own.as_slice(), found.contains(&(*finding).to_string())) else {
            wrong.push(format!("{body}\n    {found:?}"));
            continue;
        };
        if !one.help.as_deref().unwrap_or_default().contains(help) {
            wrong.push(format!("{body}\n    {:?}", one.help));
        }
        let made = one.fix.as_ref().map(|fix| mend(SourceId(0), &text, [fix]).0);
        match (made, mended) {
            (None, None) => {}
            (Some(made), Some(mended)) if errors(&compile(&made)) == 0 => {
                assert_eq!(fingerprint(&made), fingerprint(&format!("{HEADER}{mended}\n")), "{made}");
            }
            (made, _) => wrong.push(format!("{body}\n    becomes {made:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two bodies that mean the same.
#[rustfmt::skip]
const SAME: &[(&str, &str)] = &[
    ("constraint c: E[score | sex == female] / max(E[score | sex == male], E[score]) >= 97%",
     "constraint c: E[score | sex == female] >= 97% * max(E[score | sex == male], E[score])"),
    ("constraint c: min(a in race: E[score | race == a]) / max(a in race: E[score | race == a]) >= 80%",
     "constraint c: min(a in race: E[score | race == a]) >= 80% * max(a in race: E[score | race == a])"),
    ("constraint c: 1 - min(E[score | sex == female], E[score | sex == male]) / max(E[score | sex == female], E[score | sex == male]) <= 20%",
     "constraint c: min(E[score | sex == female], E[score | sex == male]) >= 80% * max(E[score | sex == female], E[score | sex == male])"),
    ("constraint c: |E[score | sex == female] - E[score | sex == male]| / E[score] <= eps",
     "constraint c: |E[score | sex == female] - E[score | sex == male]| <= eps * E[score]"),
    ("let r = min(E[score | sex == female], 0.4) / E[score]\nconstraint c: r >= 90%", "constraint c: min(E[score | sex == female], 0.4) >= 90% * E[score]"),
    ("metric m(attr: group) = forall a in attr: E[prediction | attr == a] / max(b in attr: E[prediction | attr == b]) >= 80%\nuse m(race)",
     "constraint c: forall a in race: E[score | race == a] >= 80% * max(b in race: E[score | race == b])"),
    ("constraint c: E[(age - E[age]) * score] <= 1", "constraint c: Cov[score, age] <= 1"),
    ("constraint c: E[score * P[sex == female]] <= 0.2", "constraint c: P[sex == female] * E[score] <= 0.2"),
    ("constraint c: E[score - E[income]] <= 0", "constraint c: E[score] <= E[income]"),
    ("let centre = E[age]\nconstraint c: E[(age - centre) * score] <= 1", "constraint c: Cov[score, age] <= 1"),
    ("let most = P[sex == female] + 0.2\nconstraint c: each: score <= most", "constraint c: each: score <= 0.2 + P[sex == female]"),
];

#[test]
fn what_is_multiplied_out_or_in_means_the_same() {
    for (body, same) in SAME {
        let [one, other] = [body, same].map(|body| fingerprint(&format!("{HEADER}{body}\n")));
        assert_eq!(one, other, "{body}");
    }
}

/// What must stay refused.
#[test]
fn quotients_that_are_no_convex_set_are_refused() {
    let sexes = "E[score | sex == female], E[score | sex == male]";
    for (body, code) in [
        (format!("constraint c: E[score] / max({sexes}) <= 80%"), "E0406"),
        (format!("constraint c: max({sexes}) / E[score] >= 80%"), "E0406"),
        (format!("constraint c: min({sexes}) / min({sexes}) >= 80%"), "E0406"),
        (format!("constraint c: E[score] / max({sexes}) == 80%"), "E0406"),
        ("constraint c: |E[score] - 0.2| / (E[score] - 2) <= -1%".to_string(), "E0406"),
        ("param k = 0.5\nconstraint c: E[score] / max(E[score | sex == male], 0.1) >= k".to_string(), "E0408"),
        (format!("constraint c: E[score] / (max({sexes}) - 0.5) >= 80%"), "E0404"),
        (format!("constraint c: max({sexes}, E[score] / max({sexes})) <= 80%"), "E0402"),
        (format!("constraint c: |E[score] / max({sexes}) - 1| <= 80%"), "E0402"),
        (format!("constraint c: E[score] / max({sexes}) - E[score] / min({sexes}) <= 80%"), "E0402"),
    ] {
        let found = findings(&compile(&format!("{HEADER}{body}\n")));
        assert!(found.iter().any(|finding| finding.starts_with(code)), "{body}: {found:?}");
    }
}
