//! What is listed by level: groups from events, tables of params, and the neighbours of a domain.

use fairc::language::program::Data;

use crate::mistakes::{all_fixes, told_as_expected};
use crate::support::{HEADER, compile, findings};

/// A body behind the usual header, and all that is found in it.
#[rustfmt::skip]
const MISTAKES: &[(&str, &[&str])] = &[
    ("param tol[race] = {white: 2%, black: 5%}", &["E0213 {white: 2%, black: 5%}"]),
    ("param tol[sex, race] = {female * white: 2%, male * black: 5%}", &["E0213 {female * white: 2%, male * black: 5%}"]),
    ("param tol[sex, race] = {female * whit: 2%, otherwise: 5%}", &["E0203 female * whit"]),
    ("param tol[sex, race] = {female: 2%, otherwise: 5%}", &["E0203 female"]),
    ("param tol[sex, race] = {female * white: 2%, female * white: 3%, otherwise: 5%}", &["E0202 female * white"]),
    ("param tol[sex, age] = {otherwise: 5%}", &["E0303 age"]),
    ("param tol[sex, rac] = {otherwise: 5%}", &["E0201 rac"]),
    ("param tol[sex, race] = {otherwise: 5%}\nconstraint c: forall a in sex: E[score | sex == a] <= tol[a]", &["E0204 tol[a]"]),
    ("param tol[sex, race] = {otherwise: 5%}\nconstraint c: forall (a, b) in sex * race: E[score | sex == a, race == b] <= tol[b, a]", &["E0204 b"]),
    ("param tol[sex, race] = {otherwise: 5%}\nconstraint c: E[score] <= tol[female, whit]", &["E0203 whit"]),
    ("param tol[sex, race] = {otherwise: 5%}\nconstraint c: E[score] <= tol[female * whit]", &["E0203 female * whit"]),
    ("param tol[sex, race] = {otherwise: 5%}\nconstraint c: E[score] <= tol", &["E0303 tol"]),
    ("param tol[sex] = {otherwise: 5%}\nconstraint c: forall (a, b) in sex * race: E[score | sex == a, race == b] <= tol[a, b]", &["E0204 tol[a, b]"]),
    ("param tol[sex] = {female: 2%}\nconstraint c: forall a in sex: E[score | sex == a] <= tol[a]", &["E0213 {female: 2%}"]),
    ("param tol[sex] = {female: 2%, mal: 3%}", &["E0203 mal"]),
    ("param tol[sex] = {female: 2%, female: 3%, male: 1%}", &["E0202 female"]),
    ("param tol[sex] = {otherwise: 2%, male: 1%}", &["E0213 otherwise: 2%"]),
    ("param tol[sex] = {otherwise: 2%, male: 1%, otherwise: 3%}", &["E0213 otherwise: 2%"]),
    ("param tol[sex] = {female: 2, male: 1%} in [0, 1]", &["E0504 2"]),
    ("param tol[sex] = {female: inf, male: 1%}", &["E0303 inf"]),
    ("param tol[age] = {female: 2%, male: 1%}", &["E0303 age"]),
    ("param tol[gender] = {female: 2%, male: 1%}", &["E0201 gender"]),
    ("param tol[sex] = 2%", &["E0101 2%"]),
    ("param tol = {female: 2%, male: 1%}", &["E0101 {"]),
    ("param tol[sex] = {female = 2%, otherwise = 3%}", &["E0101 ="]),
    ("param tol[sex] = {female, male}", &["E0101 female"]),
    ("param tol[sex] = {female: 2%, male: 5%", &["E0101 "]),
    ("param tol[sex] = {female: 2%,", &["E0101 "]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: E[score] <= tol", &["E0303 tol"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: forall a in sex: E[score | sex == a] <= tol", &["E0303 tol"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: E[score] <= tol[femal]", &["E0203 femal"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: E[score] <= tol[white]", &["E0203 white"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: forall a in race: E[score | race == a] <= tol[a]", &["E0203 a"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: E[score] <= tol[sex]", &["E0303 sex"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: forall a in sex: E[score | sex == a] <= tol(a)", &["E0303 tol"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: forall a in sex: E[score | sex == a] <= tl[a]", &["E0201 tl"]),
    ("param tol[sex] = {otherwise: 1%}\nuse demographic_parity(sex, tol)", &["E0204 tol"]),
    ("param tol[sex] = {otherwise: 1%}\nconstraint c: forall a in sex where tol[a] > 0: E[score | sex == a] <= 0.5", &["E0304 tol[a]"]),
    ("param tol[sex] = {otherwise: 1%}\nparam `tol[male]` = 2%", &["E0202 tol"]),
    ("constraint c: forall a in sex: E[score | sex == a] <= eps[a]", &["E0303 eps"]),
    ("constraint c: E[score] <= score[female]", &["E0303 score"]),
    ("constraint c: E[score] <= sex[female]", &["E0303 sex"]),
    ("constraint c: mean[score] <= 0.5", &["E0101 mean"]),
    ("constraint c: mean[score | sex == female] <= 0.5", &["E0101 mean"]),
    ("param t[g] = {yes: 1, no: 2}\ngroup g = {yes: age > t[yes], no: otherwise}", &["E0208 g"]),
    ("group g = {no: otherwise, yes: sex == female}", &["E0213 no: otherwise"]),
    ("group g = {no: otherwise, yes: sex == female}\nconstraint c: |E[score | g == yes] - E[score | g == no]| <= eps", &["E0213 no: otherwise"]),
    ("group g = {yes: sex == female, otherwise: no}", &["E0213 otherwise"]),
    ("group g = {yes: sex == female, yes: otherwise}", &["E0202 yes"]),
    ("group g = {yes: score > 0.5, no: otherwise}", &["E0403 score > 0.5"]),
    ("group g = {yes: sex, no: otherwise}", &["E0303 sex"]),
    ("group g = {female, male}", &["E0101 female"]),
    ("group g = {yes: sex == female, male}", &["E0101 male"]),
    ("group g = {yes: sex == female, age < 30, no: otherwise}", &["E0101 ,"]),
    ("group g = {yes = sex == female, no = otherwise}", &["E0101 ="]),
    ("group g = {yes: sex == female\nconstraint c: E[score | g == yes] <= eps", &["E0101 "]),
    ("group g = {yes: sex == female, no: otherwise}\nconstraint c: E[score | g == maybe] <= eps", &["E0203 maybe"]),
    ("constraint c: forall (a, b) in adjacent(sex, race): E[score | sex == a] <= E[score | sex == b]", &["E0101 , race"]),
    ("constraint c: forall (a, b) in pairs(sex, race): E[score | sex == a] <= E[score | sex == b]", &["E0101 , race"]),
    ("constraint c: forall (a, b) in adjacent(sex * race): E[score | sex == a] <= E[score | race == b]", &["E0303 sex * race"]),
    ("group g = sex * race\nconstraint c: forall (a, b) in adjacent(g): E[score | g == a] <= E[score | g == b]", &["E0303 g"]),
    ("constraint c: forall (a, b) in adjacent({male}): E[score | sex == a] <= E[score | sex == b]", &["E0501 adjacent({male})"]),
    ("constraint c: forall (a, b) in adjacent(age): E[score | sex == a] <= E[score | sex == b]", &["E0303 age"]),
    ("constraint c: forall a in adjacent(race): E[score | race == a] <= eps", &["E0204 a"]),
    ("constraint c: forall (a, b) in adjacent[race]: E[score | race == a] <= E[score | race == b]", &["E0101 ["]),
    ("group g = {a: race in {white, black}, b: race in {black, asian}}\nconstraint c: forall x in g: E[score | g == x] <= 0.5", &["W0114 b: race in {black, asian}"]),
    ("group g = {a: age < 60, b: age < 60}\nconstraint c: E[score | g == a] <= 0.5", &["W0114 b: age < 60"]),
    ("group g = {a: sex == female and sex == male, b: otherwise}\nconstraint c: E[score | g == b] <= 0.5", &["W0114 a: sex == female and sex == male"]),
];

#[test]
fn each_mistake_is_told_once_and_in_its_place() {
    told_as_expected(MISTAKES);
}

#[test]
fn every_fix_of_a_mistake_mends_it() {
    let fixes = all_fixes(MISTAKES);
    assert!(fixes > 20, "{fixes} fixes");
}

/// What compiles without a finding about what it says.
#[test]
fn what_is_listed_by_level_stands_wherever_its_kind_does() {
    for body in [
        "group g = {yes: race != white, no: otherwise}\nuse demographic_parity({g, sex}, 5%)",
        "group g = {yes: race != white, no: otherwise}\nmetric m(a: group {yes, no}, t: number) = |E[prediction | a == yes] - E[prediction | a == no]| <= t\nuse m(g, eps)",
        "group g = {1: age < 30, 2: otherwise}\nconstraint c: forall k in g: E[score | g == k] <= 0.5\nconstraint d: E[score | g == 1] >= 0.1",
        "group g = {`a b`: age < 30, rest: otherwise,}\nparam t[g] = {`a b`: 1%, rest: 2%,}\nconstraint c: forall k in g: E[score | g == k] <= 0.5 + t[k]\nconstraint d: E[score] <= 0.5 + t[`a b`]",
        "group g = bins(age, 30)\nparam t[g] = {`(-inf,30)`: -1%, `[30,inf)`: +2%}\nconstraint c: forall k in g: E[score | g == k] <= 0.5 + t[k]",
        "param t[income] = {0: 1%, 1: 2%}\nconstraint c (enforce = train): forall k in income: E[score | income == k] <= 0.5 + t[k] + t[1]",
        "group g = sex * race\nparam t[g] = {female * black: 1%, otherwise: 2%}\nconstraint c: forall k in g: E[score | g == k] <= 0.5 + t[k] + t[female * black]",
        "param t[sex, race] = {female * black: 1%, otherwise: 2%}\nconstraint c: forall (a, b) in sex * race: E[score | sex == a, race == b] <= 0.5 + t[a, b] + t[female, b] + t[female, black] + t[female * black]",
        "group g = sex * race\nparam t[g, income] = {female * black * 1: 1%, otherwise: 2%}\nconstraint c (enforce = train): forall k in g: forall y in income: E[score | g == k, income == y] <= 0.5 + t[k, y] + t[k, 1]",
        "group g = bins(age, 30)\nparam t[g, sex] = {`(-inf,30)` * male: -1%, otherwise: 0}\nconstraint c: forall k in g: E[score | g == k] <= 0.5 + t[k, male]",
        "param t[sex, race] = {otherwise: 2%}\nmetric m(a: group, b: group) = forall (x, y) in a * b: E[prediction | a == x, b == y] <= 0.5 + t[x, y]\nuse m(sex, race)",
        "param t[sex] = {female: 30, male: 40}\nconstraint c: forall k in sex: E[score | sex == k, age >= t[k]] <= 0.5",
        "param t[sex] = {female: 1%, male: 2%}\nmetric m(attr: group, ref: level of attr) = forall k in attr where k != ref: E[prediction | attr == k] <= 0.5 + t[k] - t[ref]\nuse m(sex, male)",
        "param t[sex] = {female: 1%, male: 2%}\nmetric m(attr, tol) = forall k in attr: E[prediction | attr == k] <= 0.5 + tol[k]\nuse m(sex, t)",
        "param t[sex] = {female: 1%, male: 2%} in [0, 1]\nuse demographic_parity(race, t[male])",
        "param mean[sex] = {female: 1%, male: 2%}\nconstraint c: E[score] <= 0.5 + mean[male]",
        "column adjacent: {a, b}\ncolumn otherwise: {yes, no}\nconstraint c: forall k in adjacent: E[score | adjacent == k, otherwise == yes] <= 0.5",
        "constraint c: forall (a, b) in adjacent(race): forall k in sex: E[score | race == a, sex == k] <= E[score | race == b, sex == k]",
        "metric m(attr: group) = forall (a, b) in adjacent(attr): E[prediction | attr == a] <= E[prediction | attr == b] + 5%\nuse m(race)",
        "param t[sex] = {female: 1%, male: 2%}\nconstraint c: forall k in {male}: each where sex == k: score <= 0.5 + t[k]",
    ] {
        assert_eq!(findings(&compile(&format!("{HEADER}{body}\n"))), [""; 0], "{body}");
    }
}

/// Every entry is a param by the name that `--set` takes, and the spec has them in its canonical form.
#[test]
fn entries_are_params_with_the_names_that_settings_take() {
    let spec = "group g = {old: age >= 60, rest: otherwise}\nparam tol[g] = {old: 2%, otherwise: 5%} in [0, 1]\n\
                constraint c: forall k in g: E[score | g == k] <= tol[k]\n";
    let program = compile(&format!("{HEADER}{spec}")).program.expect("it compiles");
    let params: Vec<(&str, f64, f64)> =
        program.params.iter().map(|it| (it.name.as_str(), it.value, it.range.upper)).collect();
    assert_eq!(params, [("eps", 0.02, 1.0), ("tol[old]", 0.02, 1.0), ("tol[rest]", 0.05, 1.0)]);
    let sides: Vec<Option<Data>> = program.rows.iter().map(|row| row.upper.clone()).collect();
    assert!(sides.contains(&Some(Data::param("tol[old]"))), "{sides:?}");
    assert!(program.rows_text().contains("E[score | age >= 60] <= tol[old]"), "{}", program.rows_text());
}

/// A table of two domains is that of their product, without a name for it.
#[test]
fn a_table_of_two_domains_is_that_of_their_product() {
    let of = |body: &str| crate::support::fingerprint(&format!("{HEADER}{body}\n"));
    let two = of("param t[sex, race] = {female * black: 1%, male * white: 3%, otherwise: 2%}\n\
                  constraint c: forall (a, b) in sex * race: E[score | sex == a, race == b] <= 0.5 + t[a, b]");
    let product = of("group g = sex * race\nparam t[g] = {female * black: 1%, male * white: 3%, otherwise: 2%}\n\
                      constraint c: forall k in g: E[score | g == k] <= 0.5 + t[k]");
    let turned = of("param t[sex, race] = {otherwise: 2%, }\n\
                     constraint c: forall (a, b) in sex * race: E[score | sex == a, race == b] <= 0.5 + t[a, b]");
    assert_eq!(two, product);
    assert_ne!(two, turned);
    let program = compile(&format!(
        "{HEADER}param t[sex, race] = {{otherwise: 2%}}\nconstraint c: E[score] <= t[female, black]\n"
    ));
    let names: Vec<String> = program.program.expect("it compiles").params.into_iter().map(|it| it.name).collect();
    assert!(names.contains(&"t[female*black]".to_owned()) && names.len() == 9, "{names:?}");
}
