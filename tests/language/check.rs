//! The checker says what is wrong, where, and only once: code and underlined text of every kind of mistake.

use crate::support::{HEADER, compile, compile_with, findings};
use fairc::language::span::Source;
use fairc::language::syntax::import::Loader;

/// A body behind the usual header, and all that is found in it.
const CASES: &[(&str, &[&str])] = &[
    // names
    ("constraint c: |E[scor | sex == female] - E[score | sex == male]| <= eps", &["E0201 scor"]),
    ("constraint c: E[score | sx == female] <= eps", &["E0201 sx"]),
    ("constraint c: E[score | age >= limit] + E[score | age < limit] <= eps", &["E0201 limit"]),
    ("use demographic_party(sex, eps)", &["E0201 demographic_party"]),
    ("use demographic_parity(sx, eps)", &["E0201 sx"]),
    ("constraint c: lg(E[age]) <= eps", &["E0201 lg"]),
    ("column sex: {a, b}\nconstraint c: E[score | sex == female] <= eps", &["E0202 sex"]),
    ("constraint c: E[score] <= eps\nconstraint c: E[score] >= 0.01", &["E0202 c"]),
    ("column b: {x, y, x}\nconstraint c: E[score | b == x] <= eps", &["E0202 x"]),
    ("column b: {0, 0.0}\nconstraint c: E[score | b == 0] <= eps", &["E0202 0.0"]),
    ("column b: real from age\nconstraint c: E[score | b > 3] <= eps", &["E0202 b"]),
    ("constraint c: forall sex in race: E[score | race == sex] <= eps", &["E0202 sex"]),
    ("metric m(a, a) = E[prediction | sex == a] <= 0.5\nuse m(male, male)", &["E0202 a"]),
    ("constraint c: |E[score | sex == femal] - E[score | sex == male]| <= eps", &["E0203 femal"]),
    ("constraint c: E[score | race in {white, blak}] <= eps", &["E0203 blak"]),
    ("constraint c: forall r in {white, blak}: E[score | race == r] <= eps", &["E0203 blak"]),
    (
        "constraint c: forall (r, s) in race * race where r != whte: E[score | race == r, race != s] <= eps",
        &["E0203 whte"],
    ),
    ("constraint c: forall r in race: E[score | sex == r] <= eps", &["E0203 r"]),
    ("constraint c: E[score | income == 2] <= eps", &["E0203 2"]),
    ("use parity_to_level(sex, femal, eps)", &["E0203 femal"]),
    ("use demographic_parity(sex)", &["E0204 demographic_parity(sex)"]),
    ("use demographic_parity(age, eps)", &["E0204 age"]),
    ("use demographic_parity(sex, age)", &["E0204 age"]),
    ("use demographic_parity(sex, race)", &["E0204 race"]),
    ("use demographic_parity(0.5, eps)", &["E0204 0.5"]),
    ("constraint c: forall (a, b) in sex: E[score | sex == a] <= eps", &["E0204 a, b"]),
    ("constraint c: forall a in pairs(sex): E[score | sex == a] <= eps", &["E0204 a"]),
    ("group g = bins(age, 40, 30)\nconstraint c: forall a in g: E[score | g == a] <= eps", &["E0204 30"]),
    ("constraint c: abs(E[score], E[age]) <= eps", &["E0204 abs(E[score], E[age])"]),
    ("predict p: real in [0, 1]\nconstraint c: E[score] <= eps", &["E0207 p"]),
    ("event a = b and age > 5\nevent b = not a\nconstraint c: E[score | a] <= eps", &["E0208 a"]),
    ("group g = h * sex\ngroup h = g\nconstraint c: forall a in g: E[score | g == a] <= eps", &["E0208 g"]),
    ("constraint c (mincount = 3): E[score] <= eps", &["E0209 mincount"]),
    ("constraint c (when_empty = stop): E[score] <= eps", &["E0210 stop"]),
    ("constraint c (soft = 0): E[score] <= eps", &["E0210 0"]),
    ("constraint c (min_count = 1.5): E[score] <= eps", &["E0210 1.5"]),
    // shapes and kinds
    ("constraint c: score <= 0.5", &["E0301 score"]),
    ("constraint c: E[score] - score <= 0.5", &["E0301 score"]),
    ("constraint c: |score - income| <= 0.5", &["E0301 score"]),
    ("constraint c: E[score] <= age", &["E0301 age"]),
    ("constraint c: each: E[score] <= 0.5", &["E0302 E[score]"]),
    ("constraint c: E[E[score] | sex == male] <= 0.5", &["E0302 E[score]"]),
    ("constraint c: E[score | age > E[age]] <= 0.5", &["E0302 E[age]"]),
    ("constraint c: E[sex] <= 0.5", &["E0303 sex"]),
    ("constraint c: E[score | age] <= 0.5", &["E0303 age"]),
    ("constraint c: E[score | sex] <= 0.5", &["E0303 sex"]),
    ("constraint c: E[score | sex >= female] <= 0.5", &["E0303 sex >= female"]),
    ("constraint c: E[score | age == female] <= 0.5", &["E0303 female"]),
    ("constraint c: E[sex == female] <= 0.5", &["E0303 sex == female"]),
    ("constraint c: sex == female", &["E0303 sex == female"]),
    ("constraint c: E[score]", &["E0303 E[score]"]),
    ("constraint c: forall a in age: E[score | age == a] <= 0.5", &["E0303 age"]),
    ("constraint c: E[score] <= inf", &["E0303 inf"]),
    ("constraint c: forall r in race where age < 3: E[score | race == r] <= eps", &["E0304 age"]),
    ("constraint c (enforce = always): E[score | income == 1] <= eps", &["E0305 always"]),
    ("constraint c (soft = 3): each: score <= 0.9", &["E0305 soft"]),
    // curvature
    ("constraint c: E[score * score] <= 0.5", &["E0401 score * score"]),
    ("constraint c: E[score | sex == male] * E[score] <= 0.5", &["E0401 E[score | sex == male] * E[score]"]),
    ("constraint c: E[2 * score * (1 - score)] <= 0.5", &["E0401 2 * score * (1 - score)"]),
    ("constraint c: E[score ^ 2] <= 0.5", &["E0402 score ^ 2"]),
    ("constraint c: E[log(score) | sex == male] <= 0.5", &["E0402 log(score)"]),
    ("constraint c: exp(E[score]) <= 1.5", &["E0402 exp(E[score])"]),
    ("constraint c: E[|score - income|] >= 0.5", &["E0406 |score - income|"]),
    ("constraint c: E[|score - income|] == 0.5", &["E0406 |score - income|"]),
    ("constraint c: E[max(score, 0.5)] >= 0.5", &["E0406 max(score, 0.5)"]),
    ("constraint c: E[min(score, 0.5)] <= 0.5", &["E0406 min(score, 0.5)"]),
    ("constraint c: 0.3 <= -E[-|score - income|] <= 0.5", &["E0406 |score - income|"]),
    ("constraint c: E[max(score, 0.5, income * score)] <= 0.5", &["E0402 max(score, 0.5, income * score)"]),
    ("constraint c: E[||score - 0.5| - 0.2|] <= 0.5", &["E0402 |score - 0.5|"]),
    ("constraint c: E[|income * score - 0.5|] <= 0.5", &["E0402 |income * score - 0.5|"]),
    ("constraint c: Cov[|score - 0.5|, income] <= 0.5", &["E0402 |score - 0.5|"]),
    ("constraint c: E[(income - 0.5) * |score - 0.5|] <= 0.5", &["E0408 income - 0.5"]),
    ("constraint c: E[1 / score] <= 0.5", &["E0402 1 / score"]),
    ("constraint c: each: score / (score - 0.5) <= 0.5", &["E0404 score - 0.5"]),
    ("constraint c: E[score | score >= 0.5] <= 0.5", &["E0403 score >= 0.5"]),
    ("constraint c: E[score >= 0.5 | sex == male] <= 0.5", &["E0403 score >= 0.5"]),
    ("constraint c: P[score >= 0.5 | sex == male] <= 0.5", &["E0403 score >= 0.5"]),
    ("constraint c: N[age > 3, score > 0.5] <= 5", &["E0403 score > 0.5"]),
    ("event high = score > 0.5\nconstraint c: E[income | high] <= 0.5", &["E0403 score > 0.5"]),
    ("group g = bins(score, 0.5)\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["E0403 bins(score, 0.5)"]),
    (
        "constraint c: E[score | sex == male] / E[score - 0.5 | sex == female] >= 0.8",
        &["E0404 E[score - 0.5 | sex == female]"],
    ),
    (
        "constraint c: |E[score | sex == male] / E[score] - E[score | sex == female] / E[score | race == white]| <= eps",
        &["E0405 E[score | sex == male] / E[score] - E[score | sex == female] / E[score | race == white]"],
    ),
    (
        "constraint c: E[score | sex == male] / E[score] >= E[score | sex == female]",
        &["E0405 E[score | sex == male] / E[score] >= E[score | sex == female]"],
    ),
    ("constraint c: |E[score | sex == female] - 0.3| >= 0.1", &["E0406 |E[score | sex == female] - 0.3|"]),
    ("constraint c: |E[score | sex == female] - 0.3| == 0.1", &["E0406 |E[score | sex == female] - 0.3|"]),
    ("constraint c: 0.1 <= |E[score] - 0.3| <= 0.2", &["E0406 |E[score] - 0.3|"]),
    ("constraint c: max(E[score | sex == female], 0.1) >= 0.2", &["E0406 max(E[score | sex == female], 0.1)"]),
    ("constraint c: min(E[score | sex == female], 0.1) <= 0.05", &["E0406 min(E[score | sex == female], 0.1)"]),
    ("constraint c: E[score] - |E[score | sex == male] - 0.2| <= 0.1", &["E0406 |E[score | sex == male] - 0.2|"]),
    ("constraint c: Var[score] <= 0.1", &["E0407 Var[score]"]),
    ("constraint c: |Cov[score, 2 * score - age]| <= 0.1", &["E0407 Cov[score, 2 * score - age]"]),
    ("param k = 1\nconstraint c: k * |E[score] - 0.3| <= 0.1", &["E0408 k"]),
    ("constraint c: E[score] < 0.1", &["E0409 E[score] < 0.1"]),
    // domains, intervals, constants
    ("constraint c: forall r in {}: E[score] <= 0.1", &["E0501 {}"]),
    ("constraint c: forall r in 5..1: E[score | age >= r] <= 0.1", &["E0501 5..1"]),
    (
        "constraint c: forall (a, b) in sex * sex where a == b, a != b: E[score | sex == a] <= 0.1",
        &["E0501 sex * sex where a == b, a != b"],
    ),
    ("column one: {a}\nconstraint c: forall (a, b) in pairs(one): E[score | one == a] <= 0.1", &["E0501 pairs(one)"]),
    ("constraint c: 0.5 <= E[score] <= 0.2", &["E0502 0.5 <= E[score] <= 0.2"]),
    ("constraint c: E[score] >= 2", &["E0502 E[score] >= 2"]),
    ("constraint a: E[score] >= 0.5\nconstraint b: E[score] <= 0.2", &["E0502 E[score] <= 0.2"]),
    ("constraint a: E[score] == 0.5 +/- -0.1", &["E0502 E[score] == 0.5 +/- -0.1"]),
    ("param k = 0.1 in [1, 0]\nconstraint c: E[score] <= k", &["E0502 [1, 0]"]),
    ("constraint c: 1 <= 0", &["E0503 1 <= 0"]),
    ("constraint c: E[score] - E[score] >= 1", &["E0503 E[score] - E[score] >= 1"]),
    ("constraint c: forall k in 1..3: E[score] - E[score] <= 2 - k", &["E0503 E[score] - E[score] <= 2 - k"]),
    ("param k = 2 in [0, 1]\nconstraint c: E[score] <= k", &["E0504 2"]),
    ("constraint c: forall k in 0..1000000000: E[score | age >= k] <= 0.1", &["E0505 0..1000000000"]),
    ("constraint c: E[score] / 0 <= 1", &["E0506 0"]),
    // warnings
    ("param k = 2\nconstraint c: E[score] <= eps", &["W0101 k"]),
    ("event k = age > 3\nconstraint c: E[score] <= eps", &["W0101 k"]),
    ("group k = sex * race\nconstraint c: E[score] <= eps", &["W0101 k"]),
    ("metric k(a) = E[prediction] <= a\nconstraint c: E[score] <= eps", &["W0101 k"]),
    ("constraint c: E[score] <= 1", &["W0102 E[score] <= 1"]),
    ("constraint c: 0 <= E[score] <= 0.5", &[]),
    (
        "constraint c: |E[score | sex == female] - E[score]| <= eps\nconstraint d: |E[score] - E[score | sex == female]| <= eps",
        &["W0103 |E[score] - E[score | sex == female]| <= eps"],
    ),
    ("constraint c: E[score | income == 1] <= eps", &["W0104 income"]),
    ("constraint c (enforce = train): E[score | income == 1] <= eps", &[]),
    ("use equalized_odds(sex, income, eps)", &["W0104 income"]),
    ("event e = income == 1\nconstraint c: E[score | e] <= eps", &["W0104 e"]),
    ("label y: {0, 1} from score\nconstraint c (enforce = train): E[score | y == 1] <= 0.5", &["W0115 score"]),
    ("column old: real from score\nconstraint c: E[score | old > 0.5] <= 0.5", &[]),
    ("constraint c: 0 <= 1", &["W0105 0 <= 1"]),
    ("constraint c: E[score] - E[score] <= eps", &["W0105 E[score] - E[score] <= eps"]),
    ("constraint c: E[score | sex in {female, male}] <= 0.5", &["W0105 E[score | sex in {female, male}]"]),
    ("constraint c: E[score | age >= 0] <= 0.5", &["W0105 E[score | age >= 0]"]),
    ("constraint c: E[score | age < 40 or age > 30] <= 0.5", &["W0105 E[score | age < 40 or age > 30]"]),
    ("constraint c: forall k in {0, 20}: E[score | age >= k] <= 0.5", &[]),
    ("constraint c: E[score | race in {white, black, asian, other}] <= 0.5", &[]),
    ("constraint c: E[score | age < 30 and age > 40] <= 0.5", &["W0114 E[score | age < 30 and age > 40] <= 0.5"]),
    ("constraint c: E[score | age > 120] <= 0.5", &["W0114 E[score | age > 120] <= 0.5"]),
    ("constraint c: E[score | age >= 120] <= 0.5", &[]),
    ("constraint c: each where age > 200: score <= 0.5", &["W0114 score <= 0.5"]),
    ("group g = bins(age, 0, 40)\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["W0114 0"]),
    ("group g = bins(age, 40, 130)\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["W0114 130"]),
    (
        "group g = {young: age < 30, old: age >= 30, rest: otherwise}\nconstraint c: forall a in g: E[score | g == a] <= 0.5",
        &["W0114 old: age >= 30"],
    ),
    (
        "group g = {white: race == white, others: race != white, rest: otherwise}\nconstraint c: forall a in g: E[score | g == a] <= 0.5",
        &[],
    ),
    // sums that count samples without a label
    (
        "label y: {0, 1}?\nconstraint c (enforce = train): Sum[score | sex == male, y == 1] >= 40% * Sum[score | sex == male]",
        &["W0116 Sum[score | sex == male, y == 1] >= 40% * Sum[score | sex == male]"],
    ),
    (
        "label y: {0, 1}?\nconstraint c (enforce = train): Sum[score | y == 1] / Sum[score] >= 40%",
        &["W0116 Sum[score | y == 1] / Sum[score] >= 40%"],
    ),
    ("label y: {0, 1}?\nconstraint c (enforce = train): Sum[score | y == 1] >= 40% * Sum[score | y in {0, 1}]", &[]),
    ("label y: {0, 1}?\nconstraint c (enforce = train): Sum[score | y == 1] >= 40% * Sum[score | y == 0]", &[]),
    ("label y: {0, 1}?\nconstraint c (enforce = train): E[score | y == 1] <= E[score] + 5%", &[]),
    ("label y: {0, 1}?\nconstraint c (enforce = train): Sum[score | sex == male, y == 1] <= 40% * Sum[score]", &[]),
    ("label y: {0, 1}?\nuse f1_floor(sex, y, 40%) as c (enforce = train)", &[]),
    ("constraint c (enforce = train): Sum[score | income == 1] >= 40% * Sum[score]", &[]),
    ("constraint c: Sum[score | race == white] <= 40% * Sum[score]", &[]),
    // more of each kind
    ("constraint c: forall r in race where r in {white, blak}: E[score | race == r] <= 0.5", &["E0203 blak"]),
    ("constraint c: forall r in race where r in {white, black}: E[score | race == r] <= 0.5", &[]),
    ("constraint c: E[score | age in {20, 30}] <= 0.5", &[]),
    ("constraint c: E[score | age in {young}] <= 0.5", &["E0303 young"]),
    ("constraint c: E[score | agee in {20}] <= 0.5", &["E0201 agee"]),
    ("group g = sex * race\nconstraint c: E[score | g in {`female*white`, `male*black`}] <= 0.5", &[]),
    ("group g = sex * race\nconstraint c: E[score | g != `female*white`] <= 0.5", &[]),
    ("constraint c: E[score | sex == race] <= 0.5", &["E0303 sex == race"]),
    ("constraint c: E[score | sex == age] <= 0.5", &["E0303 age"]),
    ("constraint c: E[score | 3 > 2] <= 0.5", &["E0303 3 > 2"]),
    ("constraint c: E[score | eps] <= 0.5", &["E0303 eps"]),
    ("event e = age > 3\nconstraint c: E[e] <= 0.5", &["E0303 e"]),
    ("weight w\nconstraint c: E[w * score] <= 0.5", &["E0303 w"]),
    ("weight w\nweight v\nconstraint c: E[score] <= 0.5", &["E0202 v"]),
    ("group g = age\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["E0303 age"]),
    ("group g = sex / race\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["E0303 sex / race"]),
    ("group g = age > 3\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["E0303 age > 3"]),
    ("group g = bins(age)\nconstraint c: forall a in g: E[score | g == a] <= 0.5", &["E0204 bins(age)"]),
    ("constraint c: forall r in eps: E[score] <= 0.5", &["E0303 eps"]),
    ("constraint c: forall k in 1.5..3: E[score | age > k] <= 0.5", &["E0303 1.5"]),
    ("constraint c: forall (a, b) in pairs(sex * race): E[score | sex == a, race == b] <= 0.5", &["E0303 sex * race"]),
    ("constraint c: E[score, age] <= 0.5", &["E0204 E[score, age]"]),
    ("constraint c: E[score] <= 0.5 and E[score] >= 0.1", &["E0303 E[score] <= 0.5 and E[score] >= 0.1"]),
    ("constraint c (soft = 1, soft = 2): E[score] <= 0.5", &["E0202 soft"]),
    ("constraint c (enforce = train): E[score] <= Cov[age, income] + Var[age] + P[sex == male | race == white]", &[]),
    ("constraint a: E[score] <= 0.2\nconstraint b: E[score] <= 0.1", &["W0103 E[score] <= 0.2"]),
    ("constraint c: forall i in income: E[score | income >= i] <= 0.5", &["W0104 income"]),
    // right
    ("constraint c: min(E[score | sex == male] / E[score], E[score] / E[score | sex == male]) >= 80%", &[]),
    ("constraint c: |E[score | sex == male] / E[score | sex == female] - 1| <= 20%", &[]),
    ("constraint c: E[age] / E[score] <= 500", &[]),
    ("constraint c: forall k in 1..3: E[score | age >= 10 * k] <= k * 0.3", &[]),
    ("group g = sex * bins(age, 40)\nconstraint c: E[score | g == `female*(-inf,40)`] <= 0.3", &[]),
    ("group g = sex * race\nconstraint c: E[score | g == female * white] <= 0.3", &[]),
    ("constraint c: each where age < 18: |score - 0.3| <= 0.2", &[]),
    ("constraint c: E[score | not (sex == male or age < 18)] <= 0.5", &[]),
    ("constraint c: |E[score | sex == male] - 0.3| + |E[score | race == white] - 0.3| <= 0.1", &[]),
    ("constraint c: max(E[score | sex == male], 2 * E[score]) <= min(0.5, E[age] / 50)", &[]),
    ("constraint c: 2 * |E[score] - 0.5| <= 1 - |E[score | sex == male] - 0.5|", &[]),
];

#[test]
fn every_mistake_is_underlined_once() {
    let mut wrong = Vec::new();
    for (body, expected) in CASES {
        let compilation = compile(&format!("{HEADER}{body}\n"));
        let found = findings(&compilation);
        if found != *expected {
            wrong.push(format!("{body}\n  expected {expected:?}\n  found    {found:?}"));
        }
        let errors = expected.iter().any(|finding| finding.starts_with('E'));
        assert_eq!(compilation.is_ok(), !errors, "{body}");
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[test]
fn all_mistakes_are_told_in_source_order() {
    let text = "column sex: {female, male}\nlabel y: {0, 1}\npredict p: real in [0, 1]\n\
                constraint a: E[p * p] <= 1\nconstraint b: E[p | sx == male] <= 1\n\
                constraint c: |E[p] - 0.5| >= 0.1\nuse demographic_parity(sex)\n";
    let found = findings(&compile(text));
    assert_eq!(found, ["E0401 p * p", "E0201 sx", "E0406 |E[p] - 0.5|", "E0204 demographic_parity(sex)"]);
}

/// A declaration that does not parse must not make every use of its name an error.
#[test]
fn a_syntax_error_does_not_cascade() {
    let text = "column sex: {female, male\npredict p: real in [0, 1]\nconstraint c: E[p | sex == male] <= 0.5\n";
    assert_eq!(codes(text), ["E0101"]);
}

fn codes(text: &str) -> Vec<&'static str> {
    compile(text).diagnostics.iter().map(|diagnostic| diagnostic.code.0).collect()
}

#[test]
fn a_spec_without_prediction_says_so() {
    // What could not be read may be meant as one, until something needs it.
    assert_eq!(codes("foo x"), ["E0101"]);
    assert_eq!(codes("# nothing\n"), ["E0207"]);
    assert_eq!(codes("foo x\nconstraint c: E[p] <= 0.5\n"), ["E0101", "E0207"]);
    let found = findings(&compile("column sex: {female, male}\nconstraint c: P[sex == male] <= 0.5\n"));
    assert_eq!(found, ["E0207 c"]);
    let found = findings(&compile("column sex: {female, male}\nconstraint c: E[p | sex == male] <= E[p]\n"));
    assert_eq!(found, ["E0207 p"]);
}

struct Files(&'static [(&'static str, &'static str)]);

impl Loader for Files {
    fn load(&self, _: &str, path: &str) -> Result<Source, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        let (name, text) = found.ok_or("no such file")?;
        Ok(Source { name: (*name).into(), text: (*text).into() })
    }
}

const USER: &str = "import \"a.fair\"\npredict p: real in [0, 1]\nconstraint c: E[p | young] <= 0.5\n";

#[test]
fn imports_share_one_namespace() {
    let files = Files(&[("a.fair", "import \"b.fair\"\nevent young = age < 30\n"), ("b.fair", "column age: real\n")]);
    assert_eq!(findings(&compile_with(USER, &files)), Vec::<String>::new());
}

#[test]
fn a_diamond_of_imports_is_read_once() {
    let files = Files(&[
        ("a.fair", "import \"c.fair\"\nimport \"b.fair\"\nevent young = age < 30\n"),
        ("b.fair", "import \"c.fair\"\n"),
        ("c.fair", "column age: real\n"),
    ]);
    assert_eq!(findings(&compile_with(USER, &files)), Vec::<String>::new());
}

#[test]
fn import_cycles_show_the_way_round() {
    let files = Files(&[
        ("a.fair", "import \"b.fair\"\nevent young = age < 30\ncolumn age: real\n"),
        ("b.fair", "import \"a.fair\"\n"),
    ]);
    let compilation = compile_with(USER, &files);
    let diagnostic = compilation.diagnostics.first().expect("a cycle is an error");
    assert_eq!(diagnostic.code.0, "E0205");
    assert_eq!(diagnostic.message, "import cycle: a.fair -> b.fair -> a.fair");
    assert_eq!(compilation.sources.text(diagnostic.labels[0].span), "\"a.fair\"");
    assert_eq!(compilation.diagnostics.len(), 1);
}

/// What a file that is not there would have declared is not known: `median` may be a table of it.
#[test]
fn names_of_a_missing_import_are_no_mistakes_of_other_languages() {
    for value in ["median[score]", "corr[score, age]", "std[age]", "auc[score]", "raw[score]", "avg[score]"] {
        let text = format!(
            "import \"gone.fair\"\ncolumn age: real\npredict score: real in [0, 1]\nconstraint c: E[score] <= {value}\n"
        );
        let found = compile(&text).diagnostics;
        let codes: Vec<&str> = found.iter().filter(|found| found.is_error()).map(|found| found.code.0).collect();
        assert_eq!(codes, ["E0206"], "{value}");
    }
}

#[test]
fn a_missing_import_is_the_only_error() {
    assert_eq!(findings(&compile_with(USER, &Files(&[]))), ["E0206 \"a.fair\""]);
}

#[test]
fn a_name_clash_between_files_shows_both_places() {
    let files = Files(&[("a.fair", "column age: real\nevent young = age < 30\nparam p = 1\n")]);
    let compilation = compile_with(USER, &files);
    let diagnostic = compilation.diagnostics.iter().find(|d| d.code.0 == "E0202").expect("a clash is an error");
    let places: Vec<_> =
        diagnostic.labels.iter().map(|label| compilation.sources.name(label.span.source).to_string()).collect();
    assert_eq!(places, ["a.fair", "spec.fair"]);
}

/// The caller's names and the metric's never capture each other.
#[test]
fn metrics_are_hygienic() {
    let text = "column a: {x, y}\ncolumn b: {u, v}\npredict p: real in [0, 1]\nparam tol = 0.1 in [0, 1]\n\
                use demographic_parity(a, tol)\nuse demographic_parity(b, tol)\n";
    let compilation = compile(text);
    assert_eq!(findings(&compilation), Vec::<String>::new());
    assert_eq!(compilation.program.map(|program| program.rows.len()), Some(2));
}
