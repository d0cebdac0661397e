//! Everything that can be wrong with data, as messages.

use super::*;

const SPEC: &str = "
    column sex: {female, male}
    column race: {white, black}?
    column age: real in [0, 120]
    column hours: int?
    label income: {0, 1}
    weight w
    predict score: real in [0, 1]
    param eps = 0.1 in [0, 1]
    constraint a: |E[score | sex == female] - E[score | sex == male]| <= eps
    constraint b: E[score * age | race == white] <= 50
    constraint c: E[score | income == 1] <= 0.9
    constraint d: E[score | hours < 10] <= 0.9
";

/// Codes, messages and helps of all errors, one block each.
fn report(spec: &str, csv: &str, prediction: Option<&str>) -> String {
    let program = program(spec);
    let options = EncodeOptions { prediction: prediction.map(str::to_owned), ..EncodeOptions::default() };
    let result = encoded_as(&program, csv, &options)
        .and_then(|encoded| encoded.bind(&Params::defaults(&program), &Samples::All));
    let errors = result.err().unwrap_or_default();
    let show = |error: &BindError| format!("{}: {error}\n  help: {}", error.code().unwrap_or("-"), error.help());
    errors.iter().map(show).collect::<Vec<_>>().join("\n")
}

#[test]
fn missing_columns() {
    insta::assert_snapshot!(report(SPEC, "Sex,race,ages,income,w,hours\nfemale,white,3,1,1,1\n", Some("prediction")));
}

#[test]
fn all_faults_of_all_columns_in_one_run() {
    let csv = "sex,race,age,hours,income,w,p\n\
               female,white,3,1,1,1,0.5\n\
               femal,green,-3,1.5,1,1,0.5\n\
               ,,,,,,\n\
               male,white,ten,x,2,-1,NaN\n\
               male,white,121,2,0,inf,oops\n\
               Male,white,NaN,2,0,1,inf\n";
    insta::assert_snapshot!(report(SPEC, csv, Some("p")));
}

#[test]
fn many_faults_are_counted_and_a_few_shown() {
    let csv = format!("sex,race,age,hours,income,w\n{}", "alien,white,3,1,1,1\n".repeat(1000));
    insta::assert_snapshot!(report(SPEC, &csv, None));
}

#[test]
fn a_null_that_a_row_needs() {
    let spec = "
        column sex: {female, male}
        column hours: real?
        column rank: {1, 2, 3}?
        predict score: real in [0, 1]
        constraint a: E[score * hours | sex == female] <= 50
        constraint b: E[score * rank | sex == male] <= 50
        constraint c: E[score * hours | hours > 0] <= 50
    ";
    let csv = "sex,hours,rank\nfemale,1,\nmale,,1\nfemale,2,2\n";
    assert_eq!(report(spec, csv, None), "");
    let csv = "sex,hours,rank\nfemale,,1\nmale,1,\nmale,1,\n";
    insta::assert_snapshot!(report(spec, csv, None));
}

#[test]
fn events_that_may_not_be_empty() {
    let spec = "
        column sex: {female, male}
        predict score: real in [0, 1]
        constraint a (when_empty = error, min_count = 3): E[score | sex == female] <= 0.5
    ";
    insta::assert_snapshot!(report(spec, "sex\nfemale\nfemale\nmale\n", None));
}

#[test]
fn sides_that_cross_on_these_data() {
    let spec = "
        column sex: {female, male}
        column age: real
        predict score: real in [0, 1]
        constraint a: E[age | sex == male] <= E[score] <= E[age | sex == female]
        constraint b: each where sex == male: score >= age
        constraint c: E[score] <= 1 / (E[age] - 1)
    ";
    insta::assert_snapshot!(report(spec, "sex,age\nfemale,0.5\nmale,1.5\n", None));
}

/// Doubles tell whole numbers apart up to 2^53 only; no comparison may take one for another in silence.
#[test]
fn large_whole_numbers_are_not_taken_for_each_other() {
    let spec = |event: &str| {
        program(&format!(
            "column x: real\nparam cut = 9007199254740993\npredict score: real\nconstraint a: E[score | {event}] <= 1\n"
        ))
    };
    let refused = |event: &str, csv: &str| -> bool {
        match encoded_as(&spec(event), csv, &EncodeOptions::default()) {
            Ok(_) => false,
            Err(errors) => {
                let words = errors.iter().map(|error| (error.code(), error.to_string())).collect::<Vec<_>>();
                let [(Some("E0704"), message)] = &words[..] else { panic!("{words:?}") };
                assert!(message.contains("cannot be told from the 9007199254740992"), "{message}");
                true
            }
        }
    };
    for event in ["x == 9007199254740993", "x != 9007199254740993", "x < 9007199254740993", "x >= cut", "cut < x"] {
        for value in ["9007199254740992", "9007199254740993", "9007199254740992.5", "9.007199254740993e15"] {
            assert!(refused(event, &format!("x\n5\n{value}\n")), "{event} on {value}");
        }
        // Another double is another number.
        for value in ["9007199254740990", "9007199254740994", "1e300", "-9007199254740992"] {
            assert!(!refused(event, &format!("x\n5\n{value}\n")), "{event} on {value}");
        }
    }
    // Smaller ones are what they are, and those that no event compares are numbers as others.
    assert!(!refused("x == 9007199254740991", "x\n9007199254740991\n"));
    let program = program("column x: real\npredict score: real\nconstraint a: E[score * x] <= 1\n");
    assert!(encoded_as(&program, "x\n9007199254740993\n", &EncodeOptions::default()).is_ok());
}
