//! What takes part: labels that are not there, params, counts.

use super::*;

const SPEC: &str = "
    column sex: {female, male}
    label income: {0, 1}
    predict score: real in [0, 1]
    param eps = 0.1 in [0, 1]
    constraint parity: |E[score | sex == female] - E[score | sex == male]| <= eps
    constraint odds: |E[score | sex == female, income == 1] - E[score | sex == male, income == 1]| <= eps
    constraint training (enforce = train): E[score | sex == male] <= 0.5
    constraint strict (min_count = 2): E[score | sex == female] <= 0.9
";

fn status<'a>(program: &Program, bound: &'a Bound, name: &str) -> &'a RowStatus {
    let index = program.rows.iter().position(|row| row.origins.iter().any(|origin| origin.name == name)).unwrap();
    &bound.rows[index].status
}

#[test]
fn rows_whose_label_is_absent_are_left_out_and_said_so() {
    let program = program(SPEC);
    let bound = bound(&program, "sex\nfemale\nmale\nmale\n");
    let absent = RowStatus::Left(Left::LabelAbsent { label: "income".to_owned() });
    assert_eq!(*status(&program, &bound, "odds"), absent);
    assert!(matches!(status(&program, &bound, "parity"), RowStatus::Kept(_)));
    assert!(matches!(status(&program, &bound, "training"), RowStatus::Kept(_)));
    let skip = Skip { pairs_of: None, event: "sex == \"female\"".to_owned(), samples: 1, least: 2 };
    assert_eq!(*status(&program, &bound, "strict"), RowStatus::Skipped(skip));
}

#[test]
fn training_rows_take_no_part_in_inference() {
    let program = program(SPEC);
    let options = EncodeOptions { purpose: Purpose::Inference, ..EncodeOptions::default() };
    let encoded = encoded_as(&program, "sex,income\nfemale,1\nmale,1\n", &options).unwrap();
    let bound = encoded.bind(&Params::defaults(&program), &Samples::All).unwrap();
    assert_eq!(*status(&program, &bound, "training"), RowStatus::Left(Left::TrainingOnly));
    assert!(matches!(status(&program, &bound, "odds"), RowStatus::Kept(_)));
}

#[test]
fn params_are_checked_and_used() {
    let program = program(SPEC);
    let set = |name: &str, value: f64| Params::resolve(&program, &[(name.to_owned(), value)]);
    let codes = |result: Result<Params, Vec<BindError>>| {
        result.unwrap_err().iter().map(|error| (error.code(), error.help())).collect::<Vec<_>>()
    };
    assert_eq!(codes(set("esp", 0.2)), [(Some("E0201"), "did you mean `eps`?".to_owned())]);
    assert_eq!(codes(set("eps", 2.0))[0].0, Some("E0504"));
    assert_eq!(codes(set("eps", f64::NAN))[0].0, Some("E0504"));
    let encoded = encoded(&program, "sex,income\nfemale,1\nmale,1\n");
    let bound = encoded.bind(&set("eps", 0.25).unwrap(), &Samples::All).unwrap();
    let RowStatus::Kept(parity) = *status(&program, &bound, "parity") else { panic!() };
    assert_eq!((bound.problem.lower()[parity], bound.problem.upper()[parity]), (-0.25, 0.25));
}

#[test]
fn a_param_in_an_event_is_fixed_by_the_encoding() {
    let program = program(
        "column age: real
         predict score: real in [0, 1]
         param old = 60 in [0, 100]
         constraint c: E[score | age >= old] <= 0.5",
    );
    let encoded = encoded(&program, "age\n50\n70\n");
    let other = Params::resolve(&program, &[("old".to_owned(), 40.0)]).unwrap();
    let errors = encoded.bind(&other, &Samples::All).unwrap_err();
    assert!(matches!(&errors[..], [BindError::ParamFixed { .. }]), "{errors:?}");
    let again = encode(&program, &other, &table("age\n50\n70\n"), &EncodeOptions::default(), &mut |_, _| {}).unwrap();
    assert_eq!(dense(&again.bind(&other, &Samples::All).unwrap().problem), [[0.5, 0.5]]);
}

#[test]
fn a_spec_without_columns_counts_rows_all_the_same() {
    let program = program("predict score: real in [0, 1]\nconstraint budget: E[score] <= 0.5");
    let bound = bound(&program, "anything\n1\n2\n3\n4\n");
    assert_eq!(dense(&bound.problem), [[0.25; 4]]);
}

#[test]
fn an_empty_table_skips_everything() {
    let program = program(SPEC);
    let bound = bound(&program, "sex,income\n");
    assert!(bound.rows.iter().all(|row| matches!(row.status, RowStatus::Skipped(_))), "{:?}", bound.rows);
    assert_eq!((bound.problem.n(), bound.problem.rows()), (0, 0));
}

#[test]
fn terms_are_reported_for_audits() {
    let program = program(SPEC);
    let encoded = encoded(&program, "sex,income\nfemale,1\nmale,1\nmale,0\n");
    let values = encoded.term_values(&Samples::All, &[0.9, 0.2, 0.4]);
    let parity = program.rows.iter().position(|row| row.origins[0].name == "parity").unwrap();
    assert_eq!(values[parity].len(), 2);
    assert!((values[parity][0] - 0.9).abs() < 1e-15 && (values[parity][1] - 0.3).abs() < 1e-15, "{values:?}");
}

#[test]
fn samples_that_do_not_exist_are_refused() {
    let program = program(SPEC);
    let encoded = encoded(&program, "sex,income\nfemale,1\n");
    let params = Params::defaults(&program);
    for samples in [Samples::Rows(&[0, 1]), Samples::Range(0..2)] {
        let errors = encoded.bind(&params, &samples).unwrap_err();
        assert!(matches!(&errors[..], [BindError::NoSuchSample { .. }]), "{errors:?}");
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let program = program("predict score: real\ncolumn name: {a, b}?\nconstraint c: E[score | name == a] <= 1");
    let encoded = encoded(&program, "name\na\n\"x\ny\"\nb\n");
    assert_eq!([0, 1, 2].map(|row| encoded.line(row)), [Some(2), Some(3), Some(5)]);
}
