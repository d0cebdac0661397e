//! Metrics with typed parameters: what they take, what they refuse and in which words, and what they come to.

use fairc::language::library::METRICS;
use fairc::language::syntax::ast::{Accepts, ItemKind};
use fairc::language::syntax::parse;

use crate::support::{HEADER, compile, findings, fingerprint};

const MORE: &str = "label flag: {-1, 1}\nlabel grade: {1, 2}\nlabel soft: real in [0, 1]\n";

/// What is said of a body behind the usual header, labels aside: code and underlined text, then message and help.
fn said(body: &str) -> Vec<(String, String)> {
    let compilation = compile(&format!("{HEADER}{MORE}{body}\n"));
    let found = findings(&compilation).into_iter();
    let all = compilation.diagnostics.iter().filter(|diagnostic| {
        let start = diagnostic.labels.first().map_or(0, |label| label.span.start as usize);
        start >= HEADER.len() || diagnostic.code.0 != "W0101"
    });
    let text =
        all.map(|diagnostic| format!("{} | {}", diagnostic.message, diagnostic.help.as_deref().unwrap_or_default()));
    found.zip(text).filter(|(finding, _)| !finding.starts_with("W0104")).collect()
}

/// Mistakes: the use (and what it needs), code and underlined text, and words of the message or help.
const REFUSED: &[(&str, &str, &str)] = &[
    // rates need labels that are 0 and 1
    ("use accuracy_parity(sex, flag, 2%)", "E0204 flag", "pass `(flag + 1) / 2`"),
    ("use bounded_error(sex, grade, 20%)", "E0204 grade", "pass `grade - 1`"),
    ("use equal_opportunity(sex, grade, 2%)", "E0204 grade", "with the levels `0`, `1`"),
    ("use predictive_equality(sex, race, 2%)", "E0204 race", "with the levels `0`, `1`"),
    ("use f1_floor(sex, age, 50%)", "E0204 age", "a label with the levels `0`, `1`"),
    ("use precision_floor(sex, flag, 50%)", "E0204 flag", "which is 0 for -1 and 1 for 1"),
    ("use false_omission_ceiling(sex, grade, 50%)", "E0204 grade", "pass `grade - 1`"),
    ("use treatment_equality(sex, flag, 0.5, 2)", "E0204 flag", "pass `(flag + 1) / 2`"),
    ("use accuracy_parity(sex, 2 * income, 2%)", "E0204 2 * income", "values in [0, 2]"),
    ("use equal_opportunity(sex, score, 2%)", "E0204 score", "the prediction"),
    // numbers have their limits
    ("use ratio_parity(sex, 80)", "E0204 80", "write `80%`"),
    ("param r = 80\nuse ratio_parity(sex, r)", "E0204 r", "`param r = 80%`"),
    ("use ratio_parity(sex, -0.1)", "E0204 -0.1", "in [0, 1]"),
    ("use demographic_parity(sex, -2%)", "E0204 -2%", "at least 0"),
    ("use demographic_parity(sex, eps - 1)", "E0204 eps - 1", "(= -0.98)"),
    ("use bounded_error(sex, income, 30)", "E0204 30", "write `30%`"),
    ("use differential_fairness(sex, -1)", "E0204 -1", "at least 0"),
    ("use treatment_equality(sex, income, -1, 2)", "E0204 -1", "at least 0"),
    // groups, levels, columns
    ("use demographic_parity(sex * race, 2%)", "E0204 sex * race", "group g = sex * race"),
    ("use demographic_parity(age, 2%)", "E0204 age", "group g = bins(age, ..)"),
    ("use demographic_parity(eps, 2%)", "E0204 eps", "is a param"),
    ("use demographic_parity(sx, 2%)", "E0201 sx", "did you mean `sex`"),
    ("use demographic_parity(sex, epps)", "E0201 epps", "did you mean `eps`"),
    ("use parity_to_level(sex, white)", "E0203 white", "no level of `sex`"),
    ("use parity_to_level(race, whte, 2%)", "E0203 whte", "did you mean `white`"),
    ("use parity_to_level(race, 1 + 1, 2%)", "E0204 1 + 1", "a level of `race`"),
    ("use covariance_bound(sex == male, 2%)", "E0204 sex == male", "an event"),
    ("use covariance_bound(score, 2%)", "E0204 score", "the prediction"),
    ("use covariance_bound(sex, 2%)", "E0204 sex", "categorical column"),
    ("use group_cost(sex, age * score, 2)", "E0204 age * score", "of the prediction"),
    // swapped
    ("use equal_opportunity(income, sex, 2%)", "E0204 income", "write `equal_opportunity(sex, income, 2%)`"),
    ("use equalized_odds(income, race, 2%)", "E0204 income", "did you swap `income` and `race`?"),
    ("use demographic_parity(2%, sex)", "E0204 2%", "write `demographic_parity(sex, 2%)`"),
    ("use parity_to_level(white, race)", "E0204 white", "write `parity_to_level(race, white)`"),
    ("use equal_opportunity(y = sex, attr = income, tol = 2%)", "E0204 sex", "did you swap `sex` and `income`?"),
    // names and counts
    ("use demographic_parity(attr = sex, tolerance = 2%)", "E0201 tolerance", "has no parameter `tolerance`"),
    ("use demographic_parity(sex, attr = race)", "E0204 attr = race", "given twice"),
    ("use demographic_parity(attr = sex, 2%)", "E0204 2%", "without a name first"),
    ("use demographic_parity(sex, 2%, 3%)", "E0204 demographic_parity(sex, 2%, 3%)", "takes 2 arguments"),
    ("use parity_to_level(sex)", "E0204 parity_to_level(sex)", "`parity_to_level(attr, ref, tol = 5%)`"),
    ("use demographic_parity(sex, {race})", "E0204 {race}", "a set of groups"),
    (
        "metric m(g, t) = forall a in g: E[prediction | g == a] <= t\nuse m({sex, race}, 0.5)",
        "E0204 {sex, race}",
        "`g: group`",
    ),
    ("use demographic_parity({sex, age}, 2%)", "E0204 age", "bins(age, ..)"),
    // definitions, used or not
    ("metric m(g: group) = forall a in g: E[prediction | g == a, sx == male] <= 0.5", "E0201 sx", "did you mean `sex`"),
    (
        "metric m(g: group, t) = E[prediction | g == t] * E[prediction] <= t",
        "E0401 E[prediction | g == t] * E[prediction]",
        "not affine",
    ),
    ("metric m(t: number) = E[prediction | t] <= 0.5", "E0303 t", "a number"),
    ("metric m(e: event) = E[e * prediction] <= 0.5", "E0303 e", "an event"),
    ("metric m(g: group) = E[g * prediction] <= 0.5", "E0303 g", "a group"),
    ("metric m(y: label {0, 1}) = E[prediction | y == 2] <= 0.5", "E0203 2", "no level of `y`"),
    ("metric m(a: number) = forall k in a: E[prediction] <= 0.5", "E0303 a", "a number"),
    ("metric m(y: column) = y + E[prediction] <= 0.5", "E0301 y", "one value per sample"),
    ("metric m(t: number in [1, 0]) = E[prediction] <= t", "E0502 in [1, 0]", "no value"),
    ("metric m(t: number >= 0 = -1) = E[prediction] <= t", "E0204 -1", "at least 0"),
    ("metric m(r: level of g, t) = E[prediction | sex == r] <= t", "E0201 g", "unknown parameter `g`"),
    ("metric m(t: number) where score in [0, 1] = E[prediction] <= t", "E0303 score", "not the prediction"),
    ("metric m(g: group) = use n(g)", "E0201 n", "unknown metric"),
    ("metric m(g: group) = use demographic_parity(g, g)", "E0204 g", "a number, a param or an aggregate"),
    ("metric m(g: group) = demographic_parity(g, 2%)", "E0201 demographic_parity", "`use demographic_parity(g, 2%)`"),
    ("metric m(g: group) = use m(g)", "E0208 m(g)", "uses itself"),
    ("metric m(g: group) = use n(g)\nmetric n(g: group) = use m(g)", "E0208 m(g)", "uses itself"),
    // told at the caller's argument, through metrics that use others
    ("metric m(g, t) = use demographic_parity(g, t)\nuse m(age, 2%)", "E0204 age", "numeric column"),
    (
        "metric m(g, r) = forall a in g where a != r: E[prediction | g == a] <= 0.5\nuse m(sex, white)",
        "E0203 white",
        "of `sex`",
    ),
];

#[test]
fn every_mistake_is_told_once_where_it_is_with_a_way_out() {
    let mut wrong = Vec::new();
    for (body, place, words) in REFUSED {
        let said = said(body);
        let errors: Vec<_> = said.iter().filter(|(finding, _)| finding.starts_with('E')).collect();
        let good = matches!(errors.as_slice(), [(found, text)] if found == place && text.contains(words));
        // A metric that is only defined is not used either, which is no news beside its error.
        let noise = said.iter().any(|(finding, _)| finding.starts_with("W0101"));
        if !good || noise {
            wrong.push(format!("{body}\n  expected {place}: {words}\n  found    {said:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
}

/// Two ways to write one thing.
const EQUAL: &[(&str, &str)] = &[
    ("use demographic_parity(sex, tol = 2%)", "use demographic_parity(sex, 2%)"),
    ("use demographic_parity(tol = 2%, attr = sex)", "use demographic_parity(sex, 2%)"),
    ("use parity_to_level(race, white)", "use parity_to_level(race, white, 5%)"),
    ("use demographic_parity({sex, race}, 5%)", "use demographic_parity(sex, 5%)\nuse demographic_parity(race, 5%)"),
    ("use accuracy_parity(sex, flag / 2 + 0.5, 5%)", "use accuracy_parity(sex, (flag + 1) / 2, 5%)"),
    (
        "metric gap(g: group, t: number = 5%) = use demographic_parity(g, t)\nuse gap({sex, race})",
        "use demographic_parity(sex, 5%)\nuse demographic_parity(race, 5%)",
    ),
    (
        "metric half(g: group, t: number) = use demographic_parity(attr = g, tol = t / 2)\nuse half(sex, eps)",
        "use demographic_parity(sex, eps / 2)",
    ),
    (
        "metric far(g: group, r: level of g) =\n    use parity_to_level(g, r, 3%)\nuse far(race, black)",
        "use parity_to_level(race, black, 3%)",
    ),
    (
        "metric within(e: event, x: column, t) = E[x * prediction | e] <= t\nuse within(age > 30 and sex == male, age, 9)",
        "constraint c: E[age * score | age > 30, sex == male] <= 9",
    ),
    (
        "metric m(n: number, least: number) = forall k in 1..n where k >= least: E[prediction | age >= 10 * k] <= 0.2 * k\nuse m(4, 2)",
        "constraint c: forall k in 2..4: E[score | age >= 10 * k] <= 0.2 * k",
    ),
    // a level is a level, whatever else its name stands for
    ("event white = age > 3\nuse parity_to_level(race, white)", "use parity_to_level(race, white)"),
];

#[test]
fn a_metric_means_what_is_written_out() {
    for (one, other) in EQUAL {
        assert_eq!(
            fingerprint(&format!("{HEADER}{MORE}{one}")),
            fingerprint(&format!("{HEADER}{MORE}{other}")),
            "{one}"
        );
    }
}

#[test]
fn a_set_of_groups_gives_a_constraint_for_each() {
    let names = |body: &str| {
        let compilation = compile(&format!("{HEADER}{body}\n"));
        compilation.hir.constraints.iter().map(|constraint| constraint.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("use demographic_parity({sex, race}, 5%) as parity"), ["parity[sex]", "parity[race]"]);
    let text = ["demographic_parity(sex, 5%)", "demographic_parity(race, 5%)"];
    assert_eq!(names("use demographic_parity({ sex,race, }, 5%)"), text);
    let crossed = "use conditional_parity({sex, race}, {income, sex}, 5%) as c (enforce = train)";
    assert_eq!(names(crossed).len(), 4);
}

#[test]
fn sets_within_sets_are_counted_before_they_are_made() {
    let mut spec = format!("{HEADER}metric m0(g: group) = forall a in g: E[prediction | g == a] <= 0.5\n");
    for level in 1..40 {
        spec += &format!("metric m{level}(g: group) = use m{}({{g, g}})\n", level - 1);
    }
    let found = findings(&compile(&format!("{spec}use m39(sex)\n")));
    assert!(found.iter().any(|finding| finding.starts_with("E0505")), "{found:?}");
    let mut chain = format!("{HEADER}metric m0(g: group) = forall a in g: E[prediction | g == a] <= 0.5\n");
    for level in 1..5_000 {
        chain += &format!("metric m{level}(g: group) = use m{}(g)\n", level - 1);
    }
    let found = findings(&compile(&format!("{chain}use m4999(sex)\n")));
    assert!(found.iter().any(|finding| finding.starts_with("E0505")), "{:?}", found.first());
}

/// Warnings about what a constraint promises, and specs that deserve none.
const WARNED: &[(&str, &[&str])] = &[
    ("param k = 5 in [0, 100]\nuse demographic_parity(sex, k)", &["W0111 demographic_parity(sex, k)"]),
    ("param k = 1 in [0, 2]\nuse demographic_parity(sex, k)", &["W0111 demographic_parity(sex, k)"]),
    ("param k = 0.9 in [0, 2]\nuse demographic_parity(sex, k)", &[]),
    ("param k = 2\nconstraint c: E[score | sex == male] <= k", &["W0111 E[score | sex == male] <= k"]),
    ("param k = 120 in [0, 1000]\nconstraint c: |Cov[score, age]| <= k", &[]),
    ("param k = 2\nconstraint c: each: score <= k", &["W0111 score <= k"]),
    ("constraint c: E[score] <= 2", &["W0102 E[score] <= 2"]),
    (
        "param k = 0 in [0, 1]\nconstraint c: E[score] / E[score | sex == male] >= k",
        &["W0111 E[score] / E[score | sex == male] >= k"],
    ),
    ("constraint c: N[sex == male] >= 30", &["W0112 N[sex == male] >= 30"]),
    ("constraint c: P[age > 30 | sex == male] >= P[age > 30]", &["W0112 P[age > 30 | sex == male] >= P[age > 30]"]),
    (
        "constraint c: forall (a, b) in sex * sex where a != b: E[score | sex == a] / E[score | sex == b] >= 1.2",
        &["W0113 E[score | sex == a] / E[score | sex == b] >= 1.2"],
    ),
    (
        "param k = 1.1 in [0, 2]\nconstraint c: forall (a, b) in race * race where a != b: E[score | race == a] >= k * E[score | race == b]",
        &["W0113 E[score | race == a] >= k * E[score | race == b]"],
    ),
    (
        "constraint c: E[score | sex == male] - E[score | sex == female] >= 1",
        &["W0113 E[score | sex == male] - E[score | sex == female] >= 1"],
    ),
    ("constraint c: E[score | sex == male] - E[score | sex == female] >= 0.9", &[]),
    ("constraint c: E[score | sex == male] >= 1.2 * E[score | sex == female]", &[]),
    ("constraint c: E[score | sex == male] <= 0", &[]),
    ("constraint c: E[score | sex == male] == E[score | sex == female]", &[]),
    ("use ratio_parity(sex, 100%)", &[]),
    ("use ratio_parity(race, 80%)", &[]),
    ("metric m(g: group, t) = forall a in g: E[prediction | g == a] <= 0.5\nuse m(sex, 2)", &["W0101 t"]),
];

#[test]
fn promises_that_say_nothing_or_too_much_warn_and_no_others() {
    let mut wrong = Vec::new();
    for (body, expected) in WARNED {
        let found: Vec<String> = said(body).into_iter().map(|(finding, _)| finding).collect();
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        let same = found.len() == expected.len() && found.iter().zip(*expected).all(|(a, b)| a.starts_with(b));
        if !same {
            wrong.push(format!("{body}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), WARNED.len(), wrong.join("\n"));
}

/// An argument out of its limits is an error at its place; that nothing could satisfy it is a warning at the use.
#[test]
fn a_ratio_above_one_is_refused_and_what_it_comes_to_is_said() {
    let found: Vec<String> = said("use ratio_parity(sex, 1.2)").into_iter().map(|(finding, _)| finding).collect();
    assert_eq!(found, ["W0113 ratio_parity(sex, 1.2)", "E0204 1.2"]);
}

#[test]
fn metrics_for_bounded_predictions_refuse_others() {
    let with = |range: &str, used: &str| {
        let text = format!("column sex: {{female, male}}\nlabel y: {{0, 1}}\npredict s: real{range}\nuse {used}\n");
        let compilation = compile(&text);
        let codes = compilation.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        codes.map(|diagnostic| diagnostic.code.0).collect::<Vec<_>>()
    };
    for used in ["accuracy_parity(sex, y, 2%)", "bounded_error(sex, y, 20%)", "f1_floor(sex, y, 20%)"] {
        assert_eq!(with(" in [0, 1]", used), Vec::<&str>::new());
        assert_eq!(with(" in [0.1, 0.9]", used), Vec::<&str>::new());
        for range in ["", " in [0, 10]", " in [-1, 1]", " in [0, inf]"] {
            assert_eq!(with(range, used), ["E0212"], "{range} {used}");
        }
    }
    assert_eq!(with(" in [0, inf]", "ratio_parity(sex, 80%)"), Vec::<&str>::new());
    assert_eq!(with("", "ratio_parity(sex, 80%)"), ["E0212"]);
    assert_eq!(with("", "demographic_parity(sex, 2%)"), Vec::<&str>::new());
}

/// Labels that lie between 0 and 1, whatever their type, may be used where rates are formed.
#[test]
fn labels_that_are_0_or_1_are_taken_in_every_type() {
    for ty in ["{0, 1}", "{1, 0}", "{0, 1}?", "int in [0, 1]", "real in [0, 1]"] {
        for used in ["accuracy_parity(sex, y, 2%)", "equal_opportunity(sex, y, 2%)", "precision_floor(sex, y, 50%)"] {
            for keyword in ["label", "column"] {
                let declared = format!("column sex: {{a, b}}\n{keyword} y: {ty}\npredict s: real in [0, 1]\n");
                let compilation = compile(&format!("{declared}use {used} as m\n"));
                assert!(compilation.is_ok(), "{keyword} {ty} {used}: {:?}", findings(&compilation));
            }
        }
    }
}

#[test]
fn every_parameter_of_the_library_has_a_kind() {
    for (name, text) in METRICS {
        let parsed = parse(Default::default(), text);
        let Some(ItemKind::Metric(metric)) = parsed.file.items.first().map(|item| &item.kind) else { panic!("{name}") };
        for parameter in &metric.parameters {
            let kind = parameter.kind.as_ref().map(|kind| &kind.kind);
            assert!(kind.is_some(), "{name}: {}", parameter.name.text);
            let tolerance = matches!(parameter.name.text.as_str(), "tol" | "least" | "bound" | "epsilon");
            assert!(!tolerance || matches!(kind, Some(Accepts::Number(Some(_)))), "{name}: {}", parameter.name.text);
        }
    }
}

/// The library is known to be sound, so its definitions are not checked at every use; here they are.
#[test]
fn the_definitions_of_the_library_are_sound() {
    for (name, text) in METRICS {
        let found = findings(&compile(&format!("{HEADER}constraint c: E[score] <= 0.5\n{text}")));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found.iter().all(|finding| *finding == format!("W0101 {name}")), "{name}: {found:?}");
    }
}
