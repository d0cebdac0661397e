//! Two spellings of one spec have one fingerprint; two specs have two.

use crate::support::{HEADER, fingerprint};

fn of(body: &str) -> String {
    fingerprint(&format!("{HEADER}{body}\n"))
}

/// Each line of a group means the same.
const SAME: &[&[&str]] = &[
    &[
        "constraint c: |E[score | sex == female] - E[score | sex == male]| <= eps",
        "constraint other_name: |E[score | sex == female] - E[score | sex == male]| <= eps",
        "## doc\n# comment\nconstraint c:\n  (|(E[score | (sex == female)]) - E[score | sex == male]|) <= ((eps))",
        "constraint c: |E[score | sex == male] - E[score | sex == female]| <= eps",
        "constraint c: |-E[score | sex == male] + E[score | sex == female]| <= eps",
        "constraint c: eps >= |E[score | sex == female] - E[score | sex == male]|",
        "constraint c: -eps <= E[score | sex == female] - E[score | sex == male] <= eps",
        "constraint c: E[score | sex == female] - E[score | sex == male] == 0 +/- eps",
        "constraint c: max(E[score | sex == female] - E[score | sex == male], \
         E[score | sex == male] - E[score | sex == female]) <= eps",
        "constraint c: abs(E[score | sex == female] - E[score | sex == male]) <= eps",
        "constraint c: |E[score | sex != male] - E[score | not (sex == female)]| <= eps",
        "constraint c: forall (a, b) in pairs(sex): |E[score | sex == a] - E[score | sex == b]| <= eps",
        "constraint c: forall (r, s) in sex * sex where r != s: E[score | sex == s] - E[score | sex == r] <= eps",
        "use demographic_parity(sex, eps)",
        "use demographic_parity(sex, eps) as parity",
        "event f = sex == female\nconstraint c: |E[score | f] - E[score | not f]| <= eps",
        "constraint a: E[score | sex == female] - E[score | sex == male] <= eps\n\
         constraint b: E[score | sex == male] - E[score | sex == female] <= eps",
    ],
    &[
        "constraint c: E[score | age >= 60 or age < 20, sex == male] <= 0.5",
        "constraint c: E[score | sex == male and (20 > age or 60 <= age)] <= 50%",
        "constraint c: E[score | not (sex == female or (age < 60 and age >= 20))] <= 0.5",
        "event e = age < 20 or age >= 60\nconstraint c: E[score | e, sex == male] <= 0.5",
    ],
    &[
        "constraint c: E[score | sex == male] / E[score | sex == female] >= 80%",
        "constraint c: E[score | sex == male] >= 0.8 * E[score | sex == female]",
        "constraint c: E[score | sex == male] - 0.8 * E[score | sex == female] >= 0",
    ],
    &[
        "constraint c: |Cov[score, age]| <= 0.01",
        "constraint c: |Cov[age, score]| <= 0.01",
        "constraint c: |E[age * score] - E[age] * E[score]| <= 0.01",
    ],
    &[
        "constraint c: E[income + (1 - 2 * income) * score] <= 0.3",
        "constraint c: E[score * (1 - income * 2) + income] <= 0.3",
        "constraint c: E[income] + E[score - 2 * score * income] <= 0.3",
    ],
    &[
        "constraint a: E[score] <= 0.5\nconstraint b: E[score | sex == male] <= 0.4",
        "constraint b: E[score | sex == male] <= 0.4\nconstraint a: E[score] <= 0.5",
    ],
    // A list may hold binders, and levels of a product of groups.
    &[
        "constraint c: forall a in race: E[score | race in {a}] <= 0.5",
        "constraint c: forall a in race: E[score | race == a] <= 0.5",
        "metric m(attr: group) = forall a in attr: E[prediction | attr in {a}] <= 0.5\nuse m(race)",
    ],
    &[
        "constraint c: forall a in race: E[score | race in {a, white}] <= 0.5",
        "constraint c: forall a in race: E[score | race == a or race == white] <= 0.5",
        "metric m(attr: group, ref: level of attr) = forall a in attr: E[prediction | attr in {ref, a}] <= 0.5\nuse m(race, white)",
    ],
    &[
        "constraint c: forall (a, b) in sex * sex where a not in {b}: E[score | sex == a] <= 2 * E[score | sex == b]",
        "constraint c: forall (a, b) in sex * sex where a != b: E[score | sex == a] <= 2 * E[score | sex == b]",
    ],
    &[
        "group g = sex * race\nconstraint c: forall a in {female * white, male * black}: E[score | g == a] <= 0.5",
        "group g = sex * race\n\
         constraint c: forall a in g where a in {female * white, male * black}: E[score | g == a] <= 0.5",
    ],
    &[
        "group g = sex * race\nconstraint c: E[score | g in {female * white, male * black}] <= 0.5",
        "constraint c: E[score | sex == female and race == white or sex == male and race == black] <= 0.5",
    ],
    // Numbers that binders stand for are compared where the spec is compiled; levels of a group are no numbers.
    &[
        "constraint c: forall k in 1..2: E[score | age >= 10 * k] <= 0.5 + 0.1 * [k == 2]",
        "constraint c: forall k in 1..2: E[score | age >= 10 * k] <= 0.5 + 0.1 * (k - 1)",
    ],
    &[
        "group g = income\nconstraint c (enforce = train): forall a in g where a != 0: E[score | g == a] <= 0.5",
        "constraint c (enforce = train): E[score | income == 1] <= 0.5",
    ],
    // Beside its column a name is a level.
    &[
        "event white = race == white\nconstraint c: E[score | race == white, age >= 20] <= 0.5",
        "constraint c: E[score | race == white, age >= 20] <= 0.5",
    ],
    // Levels from events are the events written out, each without those before it.
    &[
        "group g = {yes: race != white, no: otherwise}\n\
         constraint c: |E[score | g == yes] - E[score | g == no]| <= eps",
        "group g = {yes: race != white, no: not (race != white)}\nuse demographic_parity(g, eps)",
        "event e = race != white\nconstraint c: |E[score | e] - E[score | not e]| <= eps",
        "group g = {yes: race in {black, asian, other}, no: otherwise}\ngroup h = g\n\
         constraint c: forall (a, b) in adjacent(h): |E[score | h == a] - E[score | h == b]| <= eps",
    ],
    &[
        "group g = {young: age < 30, middle: age < 60, old: age >= 60}\n\
         constraint c: forall a in g: E[score | g == a] <= 0.5",
        "group g = {young: age < 30, middle: 30 <= age < 60, old: age >= 60}\n\
         constraint c: forall a in g: E[score | g == a] <= 0.5",
        "group g = bins(age, 30, 60)\nconstraint c: forall a in g: E[score | g == a] <= 0.5",
    ],
    &[
        "group g = {young: age < 30, women: sex == female, rest: otherwise}\n\
         constraint c: E[score | g == rest] <= 0.5\nconstraint d: E[score | g == women] <= 0.5",
        "constraint c: E[score | not (age < 30), not (sex == female)] <= 0.5\n\
         constraint d: E[score | sex == female and age >= 30] <= 0.5",
    ],
    &[
        "group g = {young_woman: age < 30 and sex == female, woman: sex == female, rest: otherwise}\n\
         constraint c: forall a in g: E[score | g == a] <= 0.5",
        "group g = {woman: sex == female and age >= 30, young_woman: sex == female, rest: otherwise}\n\
         constraint c: forall a in g: E[score | g == a] <= 0.5",
        "constraint c: E[score | age < 30, sex == female] <= 0.5\n\
         constraint d: E[score | age >= 30, sex == female] <= 0.5\nconstraint e: E[score | sex == male] <= 0.5",
    ],
    &[
        "group g = {young: age < 30, middle: age < 60, old: otherwise}\nconstraint c: E[score | g == old] <= 0.5",
        "constraint c: E[score | age >= 60] <= 0.5",
    ],
    &[
        "group g = {young: age < 30, rest: otherwise}\ngroup h = g * sex\n\
         constraint c: E[score | h == rest * female] <= 0.5",
        "constraint c: E[score | age >= 30, sex == female] <= 0.5",
    ],
    // The entries of a table are params of their own.
    &[
        "param tol[sex] = {female: 2%, male: 5%} in [0, 1]\nconstraint c: forall a in sex: E[score | sex == a] <= tol[a]",
        "param tol[sex] = {male: 5%, otherwise: 2%} in [0, 1]\nconstraint c: forall a in sex: E[score | sex == a] <= tol[a]",
        "param tol[sex] = {female: 2%, male: 5%} in [0, 1]\n\
         constraint c: E[score | sex == female] <= tol[female]\nconstraint d: E[score | sex == male] <= tol[male]",
        "param `tol[female]` = 2% in [0, 1]\nparam `tol[male]` = 5% in [0, 1]\n\
         constraint c: E[score | sex == female] <= `tol[female]`\nconstraint d: E[score | sex == male] <= `tol[male]`",
    ],
    &[
        "group g = bins(age, 30, 60)\n\
         constraint c: forall (a, b) in adjacent(g): |E[score | g == a] - E[score | g == b]| <= eps",
        "constraint c: |E[score | age < 30] - E[score | 30 <= age < 60]| <= eps\n\
         constraint d: |E[score | 30 <= age < 60] - E[score | age >= 60]| <= eps",
    ],
    &[
        "constraint c: forall (a, b) in adjacent(1..4): E[score | age < 10 * a] - E[score | age >= 10 * b] <= eps",
        "constraint c: forall a in 1..3: E[score | age < 10 * a] - E[score | age >= 10 * (a + 1)] <= eps",
    ],
    &[
        "constraint c: forall (a, b) in adjacent({white, black, other}): E[score | race == a] <= E[score | race == b]",
        "constraint c: E[score | race == white] <= E[score | race == black]\n\
         constraint d: E[score | race == black] <= E[score | race == other]",
    ],
    &["constraint c: each where age < 18: score <= 0.5", "constraint c: each where 18 > age: 0.5 >= score"],
];

/// Every line means something else.
const DIFFERENT: &[&str] = &[
    "constraint c: |E[score | sex == female] - E[score | sex == male]| <= eps",
    "constraint c: |E[score | sex == female] - E[score | sex == male]| <= 0.02",
    "constraint c: |E[score | sex == female] - E[score | sex == male]| <= 2 * eps",
    "constraint c: E[score | sex == female] - E[score | sex == male] <= eps",
    "constraint c: E[score | sex == male] - E[score | sex == female] <= eps",
    "constraint c: |Sum[score | sex == female] - Sum[score | sex == male]| <= eps",
    "constraint c: |E[score | sex == female] - E[score]| <= eps",
    "constraint c (min_count = 2): |E[score | sex == female] - E[score | sex == male]| <= eps",
    "constraint c (soft = 2): |E[score | sex == female] - E[score | sex == male]| <= eps",
    "constraint c (when_empty = error): |E[score | sex == female] - E[score | sex == male]| <= eps",
    "constraint c (enforce = train): |E[score | sex == female] - E[score | sex == male]| <= eps",
    "weight w\nconstraint c: |E[score | sex == female] - E[score | sex == male]| <= eps",
    "constraint c: E[score | age < 18] <= 0.5",
    "constraint c: E[score | age <= 18] <= 0.5",
    "constraint c: each where age < 18: score <= 0.5",
    "constraint c: each: score <= 0.5",
    "constraint c: E[score | race == white] <= 0.5",
    "constraint c: E[score | race != white] <= 0.5",
    "constraint c: E[score | not (race == white)] <= 0.5",
];

#[test]
fn spelling_does_not_matter() {
    for group in SAME {
        let first = of(group[0]);
        for other in *group {
            assert_eq!(of(other), first, "`{other}` and `{}` mean the same", group[0]);
        }
    }
}

#[test]
fn meaning_does() {
    let mut seen = std::collections::HashMap::new();
    for body in DIFFERENT {
        if let Some(other) = seen.insert(of(body), body) {
            panic!("`{body}` and `{other}` mean different things");
        }
    }
}

/// What is declared around the constraints matters as far as rows read it.
#[test]
fn declarations_count_where_rows_read_them() {
    let body = "constraint c: E[score | sex == female] <= eps\n";
    let first = fingerprint(&format!("{HEADER}{body}"));
    let with = |from: &str, to: &str| {
        assert!(HEADER.contains(from), "{from}");
        fingerprint(&format!("{}{body}", HEADER.replace(from, to)))
    };
    assert_eq!(with("column age: real in [0, 120]\n", ""), first, "a column that no row reads");
    assert_eq!(with("{female, male}", "{male, female}"), first, "the order of levels");
    assert_eq!(
        fingerprint(&format!("{}{}", HEADER.replace("score", "p"), body.replace("score", "p"))),
        first,
        "the name of the prediction"
    );
    assert_ne!(with("eps = 0.02", "eps = 0.03"), first, "the value of a param");
    assert_ne!(with("0.02 in [0, 1]", "0.02 in [0, 0.5]"), first, "the range of a param");
    assert_ne!(with("predict score: real in [0, 1]", "predict score: real in [0, 2]"), first, "the bounds");
    assert_ne!(with("{female, male}", "{female, male, other}"), first, "the levels of a column that is read");
    assert_ne!(with("{female, male}", "{female, male}?"), first, "whether a column that is read may be null");
    assert_ne!(with("column sex: {female, male}", "column sex: {female, male} from Sex"), first, "the header");
}
