//! Canonical text, fingerprints and files.

use super::*;

fn categorical(header: &str, levels: &[&str], label: bool) -> Column {
    let levels = levels.iter().map(|text| Level { text: (*text).to_owned(), number: text.parse().ok() }).collect();
    let ty = ColumnType::Categorical(levels);
    Column { header: header.to_owned(), name: header.to_owned(), label, ty, nullable: false }
}

fn origin(name: &str) -> Origin {
    Origin {
        name: name.to_owned(),
        constraint: name.to_owned(),
        file: "spec.fair".to_owned(),
        start: 3,
        end: 9,
        line: 1,
        text: "|…| <= eps".to_owned(),
        doc: String::new(),
        lower: None,
        upper: None,
        reversed: false,
    }
}

fn program() -> Program {
    let age = ColumnType::Real(Interval { lower: 0.0, upper: f64::INFINITY });
    let columns = vec![
        Column { ty: age, nullable: true, ..categorical("age", &[], false) },
        categorical("income", &["0", "1"], true),
        Column { name: "sex".to_owned(), ..categorical("the sex", &["male", "female"], false) },
    ];
    let universe = Universe::new(&columns);
    let (female, male) =
        (Event::levels("the sex", ["female"], &universe), Event::levels("the sex", ["male"], &universe));
    let old = Event::compare(Data::column("age"), Comparison::GreaterEqual, Data::number(60.0), &universe);
    let mut events = vec![Event::All, female.clone(), male.clone(), Event::and([male, old.clone()], &universe), old];
    events.sort();
    let id = |event: &Event| EventId(events.iter().position(|e| e == event).unwrap() as u32);
    let term = |coefficient, event: &Event, factor| Term {
        coefficient,
        aggregate: Aggregate::Mean,
        factor,
        event: id(event),
        at: None,
    };
    let eps = Data::param("eps");
    let parity = Row {
        terms: vec![
            term(Data::one(), &events[1], Data::one()),
            term(Data::number(-0.8), &events[2], Data::column("age")),
        ],
        lower: Some(eps.clone().neg()),
        upper: Some(eps.clone()),
        options: RowOptions::default(),
        reads: vec![id(&events[1]), id(&events[2])],
        labels: vec![],
        origins: vec![origin("parity")],
    };
    let rate = Data::mean(Data::column("income"), female.clone());
    let budget = Row {
        terms: vec![term(rate.clone().sub(eps), &Event::All, Data::one())],
        lower: None,
        upper: Some(Data::call(Function::Max, vec![rate, Data::number(0.5)])),
        options: RowOptions { min_count: 30, when_empty: WhenEmpty::Error, soft: Some(10.0), enforce: Enforce::Train },
        reads: vec![id(&Event::All), id(&female)],
        labels: vec!["income".to_owned()],
        origins: vec![origin("budget")],
    };
    let cap = SampleRow {
        pairs: None,
        event: EventId(4),
        coefficient: Data::one(),
        lower: None,
        upper: Some(Data::number(0.5)),
        options: RowOptions::default(),
        reads: vec![],
        labels: vec![],
        origins: vec![origin("cap")],
    };
    Program {
        prediction: Prediction {
            name: "score".to_owned(),
            header: "score".to_owned(),
            lower: 0.0,
            upper: f64::INFINITY,
            decision: false,
        },
        weight: Some(Weight { name: "w".to_owned(), header: "w".to_owned() }),
        columns,
        params: vec![Param { name: "eps".to_owned(), value: 0.02, range: Interval { lower: 0.0, upper: 1.0 } }],
        events,
        rows: vec![parity, budget],
        sample_rows: vec![cap],
        partitions: Vec::new(),
        relations: Vec::new(),
    }
}

#[test]
fn rows_read_as_in_the_language() {
    insta::assert_snapshot!(program().rows_text());
}

#[test]
fn canonical_text_names_headers_and_says_everything() {
    insta::assert_snapshot!(program().canonical_text());
}

#[test]
fn the_file_is_as_documented() {
    insta::assert_snapshot!(program().to_artefact());
}

#[test]
fn a_file_reads_back_as_the_same_program() {
    let program = program();
    let read = Program::from_artefact(&program.to_artefact()).unwrap();
    assert_eq!(read, program);
    assert_eq!(read.to_artefact(), program.to_artefact());
}

#[test]
fn names_and_docs_do_not_change_the_fingerprint_and_meaning_does() {
    let original = program();
    let mut renamed = original.clone();
    renamed.prediction.name = "p".to_owned();
    renamed.columns[2].name = "gender".to_owned();
    renamed.rows[0].origins = vec![origin("other"), origin("names")];
    assert_eq!(renamed.fingerprint(), original.fingerprint());
    let changes: [fn(&mut Program); 8] = [
        |p| p.params[0].value = 0.03,
        |p| p.params[0].range.upper = 0.5,
        |p| p.prediction.upper = 1.0,
        |p| p.rows[0].options.min_count = 2,
        |p| p.rows[0].options.soft = Some(1.0),
        |p| p.columns[2].nullable = true,
        |p| p.weight = None,
        |p| p.sample_rows[0].upper = Some(Data::number(0.6)),
    ];
    for change in changes {
        let mut changed = original.clone();
        change(&mut changed);
        assert_ne!(changed.fingerprint(), original.fingerprint());
    }
}

#[test]
fn a_newer_file_is_called_newer() {
    let text = program().to_artefact().replacen("\"fairc\": 2", "\"fairc\": 7", 1);
    assert_eq!(Program::from_artefact(&text), Err(ArtefactError::Newer { found: 7 }));
    assert!(matches!(Program::from_artefact("{}"), Err(ArtefactError::NotAnArtefact { .. })));
    assert!(matches!(Program::from_artefact("constraint"), Err(ArtefactError::NotAnArtefact { .. })));
}

#[test]
fn every_damaged_byte_is_noticed() {
    let (program, text) = (program(), program().to_artefact());
    for at in 0..text.trim_end().len() {
        let mut bytes = text.clone().into_bytes();
        for replacement in [b'0', b'x', b'"', b'}', b' '] {
            bytes[at] = replacement;
            let Ok(damaged) = std::str::from_utf8(&bytes) else { continue };
            if let Ok(read) = Program::from_artefact(damaged) {
                assert_eq!(read, program, "byte {at} as {replacement}");
            }
        }
        assert!(text.trim_end().get(..at).is_none_or(|cut| Program::from_artefact(cut).is_err()));
    }
}

#[test]
fn deep_files_are_refused_without_overflow() {
    let deep = "{\"not\":".repeat(200_000);
    assert!(Program::from_artefact(&deep).is_err());
    let nested = format!("{{\"fairc\": 1, \"program\": {}", "[".repeat(200_000));
    assert!(Program::from_artefact(&nested).is_err());
}

#[test]
fn the_deepest_valid_program_reads_back() {
    let mut program = program();
    let mut data = Data::param("eps");
    for _ in 0..(validate::MAX_DEPTH - 2) / 2 {
        data = Data::call(Function::Exp, vec![data.scale(2.0).add(Data::one())]);
    }
    for data in [data.clone(), Data::call(Function::Exp, vec![data])] {
        program.rows[0].upper = Some(data);
        program.validate().unwrap();
        assert_eq!(Program::from_artefact(&program.to_artefact()), Ok(program.clone()));
    }
}
