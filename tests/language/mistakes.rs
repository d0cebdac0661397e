//! Mistakes that people make: each is told once, in its place, and what is offered as its fix mends it.

use fairc::Compilation;
use fairc::language::diagnostic::{Diagnostic, Fix, mend};
use fairc::language::span::SourceId;

use crate::support::{HEADER, compile, findings};

/// A body behind the usual header, and all that is found in it.
#[rustfmt::skip]
const MISTAKES: &[(&str, &[&str])] = &[
    ("constraint c: E[score | sex = female] <= 0.5", &["E0101 ="]),
    ("constraint c: E[score | sex == 'female'] <= 0.5", &["E0101 'female'"]),
    ("constraint c: E[score | sex == \"female\"] <= 0.5", &["E0101 \"female\""]),
    ("constraint c: E[score | sex == “female”] <= 0.5", &["E0101 “female”"]),
    ("constraint c: E[score | sex == female && race == white] <= 0.5", &["E0101 &&"]),
    ("constraint c: E[score | sex == female & race == white] <= 0.5", &["E0101 &"]),
    ("constraint c: E[score | sex == female || race == white] <= 0.5", &["E0101 ||"]),
    ("constraint c: E[score | !(sex == female)] <= 0.5", &["E0101 !"]),
    ("constraint c: E[score | ~(sex == female)] <= 0.5", &["E0101 ~"]),
    ("constraint c: E[score | sex == female AND race == white] <= 0.5", &["E0101 AND"]),
    ("constraint c: E[score | sex is female] <= 0.5", &["E0101 is"]),
    ("constraint c: E[score | sex <> female] <= 0.5", &["E0101 <>"]),
    ("constraint c: E[score | sex ≠ female] <= 0.5", &["E0101 ≠"]),
    ("constraint c: E[score | sex == female] ≤ 0.5", &["E0101 ≤"]),
    ("constraint c: E[score | sex == female] =< 0.5", &["E0101 =<"]),
    ("constraint c: E[score | sex == female] => 0.5", &["E0101 =>"]),
    ("constraint c: E[score | sex == female] < = 0.5", &["E0101 < ="]),
    ("constraint c: E[score | sex == female] <= .5", &["E0101 .5"]),
    ("constraint c: E[score | sex == female] <= 0,5", &["E0101 0,5"]),
    ("constraint c: Sum[score | sex == female] <= 1,000", &["E0101 1,000"]),
    ("constraint c: Sum[score | sex == female] <= 1,000,000", &["E0101 1,000,000"]),
    ("constraint c: E[score | sex == female] <= 50 %", &["E0101 %"]),
    ("constraint c: E[score | sex == female] <= 0.5;", &["E0101 ;"]),
    ("constraint c: E(score | sex == female) <= 0.5", &["E0101 E"]),
    ("constraint c: E{score | sex == female} <= 0.5", &["E0101 E"]),
    ("constraint c: E(score) <= 0.5", &["E0201 E"]),
    ("constraint c: Sum(score) <= 10", &["E0201 Sum"]),
    ("constraint c: mean(score) <= 0.5", &["E0201 mean"]),
    ("constraint c: avg(score | sex == female) <= 0.5", &["E0101 avg"]),
    ("constraint c: mean[score | sex == female] <= 0.5", &["E0101 mean"]),
    ("constraint c: count[sex == female] * E[score] <= 5", &["E0101 count"]),
    ("constraint c: sum[score] <= 5", &["E0101 sum"]),
    ("constraint c: prob[sex == female] * E[score] <= 0.5", &["E0101 prob"]),
    ("constraint c: E[score if sex == female] <= 0.5", &["E0101 if"]),
    ("constraint c: E[score given sex == female] <= 0.5", &["E0101 given"]),
    ("constraint c: E[score where sex == female] <= 0.5", &["E0101 where"]),
    ("constraint c: E[score ; sex == female] <= 0.5", &["E0101 ;"]),
    ("constraint c: E[score : sex == female] <= 0.5", &["E0101 :"]),
    ("constraint c: E[score, sex == female] <= 0.5", &["E0303 score, sex == female"]),
    ("constraint c: E[sex == female | score] <= 0.5", &["E0303 sex == female | score"]),
    ("constraint c: 2|E[score | sex == female] - 0.3| <= 0.1", &["E0101 2"]),
    ("constraint c: 2 E[score | sex == female] <= 0.9", &["E0101 2"]),
    ("constraint c: 2(E[score] + 0.1) <= 0.9", &["E0101 2"]),
    ("constraint c: |E[score | sex == female] - E[score | sex == male] <= 0.02", &["E0101 "]),
    ("constraint c: |E[score | sex == female] - E[score | sex == male]| <= 0.02)", &["E0101 )"]),
    ("constraint c: E[score | sex == female]] <= 0.5", &["E0101 ]"]),
    ("constraint c: E[score | sex == female <= 0.5", &["E0101 "]),
    ("constraint c E[score | sex == female] <= 0.5", &["E0101 E"]),
    ("constraint c = E[score | sex == female] <= 0.5", &["E0101 ="]),
    ("constraint c := E[score | sex == female] <= 0.5", &["E0101 :="]),
    ("constraint c: E[score | race in [white, black]] <= 0.5", &["E0101 ["]),
    ("constraint c: E[score | race in (white, black)] <= 0.5", &["E0101 ("]),
    ("constraint c: E[score | race in {\"white\", \"black\"}] <= 0.5", &["E0101 \"white\""]),
    ("constraint c: forall a, b in pairs(race): |E[score | race == a] - E[score | race == b]| <= eps", &["E0101 a, b"]),
    ("constraint c: forall (a, b) pairs(race): |E[score | race == a] - E[score | race == b]| <= eps", &["E0101 pairs"]),
    ("constraint c: forall (a, b) of pairs(race): |E[score | race == a] - E[score | race == b]| <= eps", &["E0101 of"]),
    ("constraint c: forall (a, b) in pairs[race]: |E[score | race == a] - E[score | race == b]| <= eps", &["E0101 ["]),
    ("constraint c: forall a in race E[score | race == a] <= eps", &["E0101 E"]),
    ("constraint c: forall a in race, E[score | race == a] <= eps", &["E0101 ,"]),
    ("constraint c: forall a in race; E[score | race == a] <= eps", &["E0101 ;"]),
    ("constraint c: for a in race: E[score | race == a] <= eps", &["E0101 for"]),
    ("constraint c: for all a in race: E[score | race == a] <= eps", &["E0101 for all"]),
    ("constraint c: ∀ a in race: E[score | race == a] <= eps", &["E0101 ∀"]),
    ("constraint c: forall a in [white, black]: E[score | race == a] <= eps", &["E0101 ["]),
    ("constraint c: forall a race: E[score | race == a] <= eps", &["E0101 race"]),
    ("constraint c: |E[score | race == a] - E[score | race == b]| <= eps", &["E0203 a"]),
    ("constraint c: E[score | race == r] <= eps", &["E0203 r"]),
    ("constraint c: each if age < 18: score <= 0.5", &["E0101 if"]),
    ("constraint c: each age < 18: score <= 0.5", &["E0101 age"]),
    ("constraint c: each score <= 0.5", &["E0101 score"]),
    ("constraint c (min_count: 30): E[score] <= 0.5", &["E0101 :"]),
    ("constraint c [min_count = 30]: E[score] <= 0.5", &["E0101 ["]),
    ("constraint c (min_count 30): E[score] <= 0.5", &["E0101 30"]),
    ("constraint c (mincount = 30): E[score] <= 0.5", &["E0209 mincount"]),
    ("constraint c: E[score | sex == femal] <= 0.5", &["E0203 femal"]),
    ("constraint c: E[scor | sex == female] <= 0.5", &["E0201 scor"]),
    ("constraint c: E[score | gender == female] <= 0.5", &["E0201 gender"]),
    ("constraint c: E[score | female] <= 0.5", &["E0303 female"]),
    ("constraint c: E[score | sex] <= 0.5", &["E0303 sex"]),
    ("constraint c: E[score] <= 0.1 and E[score | sex == female] <= 0.2", &["E0303 E[score] <= 0.1 and E[score | sex == female] <= 0.2"]),
    ("constraint c: E[score | sex == female] > 0.5", &["E0409 E[score | sex == female] > 0.5"]),
    ("constraint c: E[score | sex == female] != 0.5", &["E0409 E[score | sex == female] != 0.5"]),
    ("constraint c: E[score * score] <= 0.5", &["E0401 score * score"]),
    ("constraint c: E[score ** 2] <= 0.5", &["E0402 score ** 2"]),
    ("constraint c: |E[score] - 0.3| >= 0.1", &["E0406 |E[score] - 0.3|"]),
    ("constraint c: score <= 0.5", &["E0301 score"]),
    ("constraint c: E[score | score > 0.5] <= 0.5", &["E0403 score > 0.5"]),
    ("constraint c: E[score | age > 30 or 40] <= 0.5", &["E0303 40"]),
    ("constraint c: E[score | sex == male, age == 30 or 40 or 50] <= 0.5", &["E0303 40", "E0303 50"]),
    ("constraint c: E[score | 30 < age or 20] <= 0.5", &["E0303 20"]),
    ("constraint c: E[score | not 40] <= 0.5", &["E0303 40"]),
    ("constraint c: E[log(score) | sex == male] <= 0.5", &["E0402 log(score)"]),
    ("constraint c: E[score * log(score / E[score]) | sex == male] <= 0.5", &["E0402 log(score / E[score])"]),
    ("constraint c: mutual_information(score, race) <= 0.5", &["E0201 mutual_information"]),
    ("constraint c: KL(score, race) <= 0.5", &["E0201 KL"]),
    ("constraint c: E[score] / E[score - 0.5] <= 1", &["E0404 E[score - 0.5]"]),
    ("constraint c: P[score >= 0.5 | sex == female] <= 0.5", &["E0403 score >= 0.5"]),
    ("constraint c: demographic_parity(sex, 5%)", &["E0201 demographic_parity"]),
    ("constraint c: foo(E[score]) <= 0.5", &["E0201 foo"]),
    ("constraint c: E[score] <= tol", &["E0201 tol"]),
    ("constraint c: E[score | hours-per-week > 40] <= 0.5", &["E0201 hours-per-week"]),
    ("constraint c: E[score | âge > 40] <= 0.5", &["E0201 âge"]),
    ("constraint where: E[score] <= 0.5", &["E0101 where"]),
    ("column group: {a, b}", &["E0101 group"]),
    ("column b [x, y]", &["E0101 ["]),
    ("column b: [x, y]", &["E0101 ["]),
    ("column b: (x, y)", &["E0101 ("]),
    ("column b: {\"x\", \"y\"}", &["E0101 \"x\""]),
    ("column b {x, y}", &["E0101 {"]),
    ("column b = {x, y}", &["E0101 ="]),
    ("column b: float", &["E0101 float"]),
    ("column b: integer in [0, 5]", &["E0101 integer"]),
    ("column b: bool", &["E0101 bool"]),
    ("column b: string", &["E0101 string"]),
    ("column b: real [0, 5]", &["E0101 ["]),
    ("column b: real in (0, 5)", &["E0101 ("]),
    ("column b: real in [5, 0]", &["E0502 [5, 0]"]),
    ("colum b: {x, y}", &["E0101 colum"]),
    ("predict p in [0, 1]", &["E0207 p", "E0101 in"]),
    ("param tol 0.02", &["E0101 0.02"]),
    ("param tol: 0.02", &["E0101 :"]),
    ("param tol == 0.02", &["E0101 =="]),
    ("param tol = 0.02 [0, 1]", &["E0101 ["]),
    ("param tol = .02", &["E0101 .02"]),
    ("event senior age >= 60", &["E0101 age"]),
    ("event senior: age >= 60", &["E0101 :"]),
    ("event senior = age ≥ 60", &["E0101 ≥"]),
    ("group band bins(age, 30, 50)", &["E0101 bins"]),
    ("group band = quantiles(age, 4)", &["E0303 quantiles(age, 4)"]),
    ("group band = age", &["E0303 age"]),
    ("metric m(a, b) forall x in a: E[prediction | a == x] <= b", &["E0101 forall"]),
    ("metric m[a, b] = forall x in a: E[prediction | a == x] <= b", &["E0101 ["]),
    ("use demographic_parity[sex, 5%]", &["E0101 ["]),
    ("use demographic_parity(sex 5%)", &["E0101 5%"]),
    ("use demographic_parity(sex; 5%)", &["E0101 ;"]),
    ("use demographic_parity(sex, 5%) parity", &["E0101 parity"]),
    ("use demographic_party(sex, 5%)", &["E0201 demographic_party"]),
    ("use demographic_parity(sex)", &["E0204 demographic_parity(sex)"]),
    ("use demographic_parity(sex, race)", &["E0204 race"]),
    ("import common.fair", &["E0101 common.fair", "E0206 common.fair"]),
    ("import 'common.fair'", &["E0101 'common.fair'", "E0206 'common.fair'"]),
    ("constraint c: E[score | sex == female] == E[score | sex == \"male\"] <= .5", &["E0101 \"male\"", "E0101 .5"]),
    ("constraint c: E[score | sex = female & race = white] ≤ .5", &["E0101 =", "E0101 &", "E0101 =", "E0101 ≤", "E0101 .5"]),
    ("constraint c: forall r in race: E[score | race = r] ≤ 0,5", &["E0101 =", "E0101 ≤", "E0101 0,5"]),
    ("use demographic_parity(sex, 5%)\neach where sex == female: score <= 0.5", &["E0101 each"]),
    ("use demographic_parity(sex, 5%) as parity\nforall r in sex: E[score | sex == r] <= 0.5", &["E0101 forall"]),
];

#[test]
fn each_mistake_is_told_once_and_in_its_place() {
    assert!(MISTAKES.len() >= 100);
    told_as_expected(MISTAKES);
}

/// Bodies behind the usual header give these findings and no other.
pub fn told_as_expected(mistakes: &[(&str, &[&str])]) {
    for (body, expected) in mistakes {
        let compilation = compile(&format!("{HEADER}{body}\n"));
        assert_eq!(findings(&compilation), *expected, "{body}");
    }
}

/// The fixes of all that is found in bodies behind the usual header, each of which mends it.
pub fn all_fixes(mistakes: &[(&str, &[&str])]) -> usize {
    mistakes.iter().map(|(body, _)| every_fix(&format!("{HEADER}{body}\n"))).sum()
}

#[test]
fn every_fix_of_a_mistake_mends_it() {
    let fixes = all_fixes(MISTAKES);
    assert!(fixes > 80, "{fixes} fixes");
}

/// The same for all fixtures.
#[test]
fn every_fix_of_a_fixture_mends_it() {
    let mut fixes = 0;
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the fixtures are there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "fair") {
                // Some are no text.
                fixes += std::fs::read_to_string(path).map_or(0, |text| every_fix(&text));
            }
        }
    }
    assert!(fixes > 20, "{fixes} fixes");
}

/// Mistakes of people who know other languages, in blocks of lines: one mistake in each, or as many as its first line says.
#[test]
fn habits_of_other_languages_have_their_own_words() {
    let mut wrong = Vec::new();
    let mut blocks = 0;
    insta::glob!("../fixtures/mistakes", "*.txt", |path| {
        let text = std::fs::read_to_string(path).expect("fixtures are text");
        let mut told = String::new();
        for block in text.trim_end().split("\n\n") {
            let (first, body) = block.split_once('\n').unwrap_or((block, ""));
            let counted = first.strip_prefix("# ").and_then(|line| line.split(' ').next()?.parse::<usize>().ok());
            let (expected, body) = counted.map_or((1, block), |count| (count, body));
            let spec = format!("{HEADER}{body}\n");
            let compilation = compile(&spec);
            let own: Vec<&Diagnostic> = compilation
                .diagnostics
                .iter()
                .filter(|found| found.code.0 != "W0101" || at(found) >= HEADER.len())
                .collect();
            if own.len() != expected {
                wrong.push(format!("{} for {expected}: {body}", own.len()));
            }
            told.push_str(&format!("{body}\n"));
            for found in own {
                let fix = found.fix.as_ref().map_or("", |fix| if fix.sure { ", sure" } else { ", offered" });
                let label = found.labels.first().map(|label| compilation.sources.text(label.span)).unwrap_or_default();
                told.push_str(&format!("    {} {label}\n      {}\n", found.code.0, found.message));
                told.push_str(&format!("      {}{fix}\n", found.help.as_deref().unwrap_or_default()));
            }
            told.push('\n');
            if std::panic::catch_unwind(|| every_fix(&spec)).is_err() {
                wrong.push(format!("a fix that mends nothing: {body}"));
            }
            blocks += 1;
        }
        insta::assert_snapshot!(told);
    });
    assert!(wrong.is_empty() && blocks > 250, "{blocks} blocks\n{}", wrong.join("\n"));
}

/// Marks that steer a terminal or have no width mean nothing: they are taken out.
#[test]
fn marks_without_a_shape_are_taken_out() {
    for mark in ["\u{200b}", "\u{202e}", "\u{feff}", "\u{7}"] {
        let text = |mark: &str| format!("{HEADER}constraint c: E[score{mark} | sex == female] <= {mark}0.5\n");
        let found = compile(&text(mark)).diagnostics;
        let sure: Vec<&Fix> = found.iter().filter_map(|found| found.fix.as_ref()).filter(|fix| fix.sure).collect();
        assert_eq!(mend(SourceId(0), &text(mark), sure).0, text(""), "{mark:?}");
    }
}

/// A list of levels is told whatever stands before it.
#[test]
fn lists_behind_long_texts_are_found() {
    for blank in ["", " "] {
        let remark = format!("# {blank}{}\n", "é".repeat(150));
        let compilation = compile(&format!("{HEADER}{remark}constraint c: E[score | race == white, black] <= 0.5\n"));
        let found =
            compilation.diagnostics.iter().find(|found| found.is_error()).and_then(|found| found.help.as_deref());
        assert_eq!(found, Some("several levels are a list: `race in {white, black}`"));
    }
}

/// What a help cites of the spec stands on one line.
#[test]
fn helps_have_no_breaks_of_the_spec() {
    for body in [
        "constraint c: E[income ==\n    1 | sex == female] <= 0.5",
        "constraint c: exp(E[score |\n    sex == female]) <= 2",
        "group both = sex * race\nconstraint c: E[score | (sex *\n    race) == null] <= 0.5",
        "constraint c: E[score | (\n    sex) == null] <= 0.5",
    ] {
        let compilation = compile(&format!("{HEADER}{body}\n"));
        assert!(compilation.diagnostics.iter().any(|found| found.is_error()), "{body}");
        let helps = compilation.diagnostics.iter().filter_map(|found| found.help.as_deref());
        helps.for_each(|help| assert!(!help.contains('\n'), "{help}"));
    }
}

fn at(found: &Diagnostic) -> usize {
    found.labels.first().map_or(0, |label| label.span.start as usize)
}

/// Makes each fix alone: its diagnostic must be gone, and no error new of its kind. Then all that are sure: fewer errors.
pub fn every_fix(text: &str) -> usize {
    let before = compile(text);
    let fixes: Vec<(&Diagnostic, &Fix)> =
        before.diagnostics.iter().filter_map(|found| Some((found, found.fix.as_ref()?))).collect();
    for (found, fix) in &fixes {
        let (mended, made) = mend(SourceId(0), text, [*fix]);
        assert_eq!(made, 1, "{}\n{text}", found.message);
        let after = compile(&mended);
        assert!(
            same(&after, found) < same(&before, found),
            "{} {} is still there in\n{mended}\n{:?}",
            found.code.0,
            found.message,
            findings(&after)
        );
    }
    let sure: Vec<&Fix> = fixes.iter().map(|(_, fix)| *fix).filter(|fix| fix.sure).collect();
    if !sure.is_empty() {
        let (mended, made) = mend(SourceId(0), text, sure.iter().copied());
        assert!(made > 0);
        assert!(errors(&compile(&mended)) < errors(&before) + usize::from(errors(&before) == 0), "{text}\n{mended}");
    }
    fixes.len()
}

/// How many diagnostics say the same of the same text.
fn same(compilation: &Compilation, of: &Diagnostic) -> usize {
    compilation.diagnostics.iter().filter(|other| other.code == of.code && other.message == of.message).count()
}

pub fn errors(compilation: &Compilation) -> usize {
    compilation.diagnostics.iter().filter(|found| found.is_error()).count()
}
