//! Redundant rows and implications against data that are made up: what is proved must hold on all of them.

use super::*;
use crate::analyze::refute::Refuter;
use crate::analyze::unbound::{Answer, Question};
use crate::language::span::Source;
use crate::language::syntax::import::Loader;

struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, _: &str, path: &str) -> Result<Source, String> {
        Err(path.to_owned())
    }
}

const HEADER: &str = "column sex: {f, m}\ncolumn race: {a, b, c}\ncolumn age: real in [0, 100]\nlabel y: {0, 1}\n\
                      predict score: real in [0, 1]\nparam eps = 0.05 in [0, 0.2]\nparam low = 0.3 in [0.2, 0.4]\n";

pub(in crate::analyze) fn program(constraints: &str) -> Program {
    let text = format!("{HEADER}{constraints}");
    let compiled = crate::compile(Source { name: "spec.fair".into(), text: text.as_str().into() }, &NoFiles);
    let said: Vec<&str> = compiled.diagnostics.iter().map(|one| one.message.as_str()).collect();
    compiled.program.unwrap_or_else(|| panic!("{text}\n{said:?}"))
}

/// Names of the redundant rows, and of those that imply them.
fn names(constraints: &str) -> Vec<(String, Vec<String>)> {
    let program = program(constraints).by_promise();
    let name = |row: usize| program.rows[row].origins[0].name.clone();
    let found = without_data(&program).into_iter();
    found.map(|one| (name(one.row), one.by.into_iter().map(name).collect())).collect()
}

#[test]
fn rows_that_others_imply_are_named() {
    let found = names("use demographic_parity(race, eps)\nconstraint c: E[score | race == a] - E[score] <= eps");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "c");
    assert!(found[0].1.iter().all(|name| name.starts_with("demographic_parity(")), "{found:?}");
    // For whatever value of the params.
    let found = names(
        "constraint a: E[score | sex == f] <= eps\nconstraint b: E[score | sex == m] <= low\nconstraint c: E[score] <= 0.4",
    );
    assert_eq!(found, [("c".to_owned(), vec!["a".to_owned(), "b".to_owned()])]);
    let residuals = "constraint a: forall s in sex: |E[y - score | sex == s]| <= eps\n\
                     constraint b: |E[y - score | sex == f] - E[y - score | sex == m]| <= 2 * eps";
    assert_eq!(names(residuals).len(), 1);
}

#[test]
fn promises_on_one_quantity_are_told_by_their_own_sides() {
    let by = |name: &str, by: &[&str]| (name.to_owned(), by.iter().map(|by| (*by).to_owned()).collect::<Vec<_>>());
    // One row for the solver; only the second of the promises is implied.
    let first = "constraint a: E[score | sex == f] <= eps\nconstraint b: E[score | sex == m] <= eps\n";
    let both = format!("{first}constraint c: E[score] >= 0.01\nconstraint d: E[score] <= 0.5");
    assert_eq!(names(&both), [by("d", &["a", "b"])]);
    let both = format!("{first}constraint c: E[score] <= 0.1\nconstraint d: E[score] <= low");
    assert_eq!(names(&both), [by("d", &["c"])]);
    // Whose side it is that implies, not who stands first.
    let loose = "constraint loose: E[score | sex == f] <= 0.7\nconstraint women: E[score | sex == f] <= 0.2\n";
    let found = names(&format!("{loose}constraint men: E[score | sex == m] <= 0.2\nconstraint c: E[score] <= 0.4"));
    assert_eq!(found, [by("c", &["women", "men"])]);
    // What the compiler has told is not told again.
    assert_eq!(
        names("constraint a: E[score] <= 0.3\nconstraint b: E[score] <= 0.3\nconstraint c: E[score] <= 0.5"),
        []
    );
}

#[test]
fn rows_that_others_do_not_imply_are_not() {
    for constraints in [
        "use parity_to_overall(race, eps)\nconstraint c: |E[score | race == a] - E[score | race == b]| <= eps",
        // Implied at the present values of the params, and not at all.
        "constraint a: E[score | sex == f] <= eps\nconstraint b: E[score | sex == m] <= eps\nconstraint c: E[score] <= 0.1",
        // Only nearly implied.
        "constraint a: E[score | sex == f] <= 0.1\nconstraint b: E[score | sex == m] <= 0.1\nconstraint c: E[score] <= 0.0999999999",
        // What gives way, is enforced in training alone, needs a label or many samples implies nothing else.
        "constraint a (soft = 3): E[score | sex == f] <= 0.1\nconstraint b: E[score | sex == m] <= 0.1\nconstraint c: E[score] <= 0.2",
        "constraint a (enforce = train): E[score | sex == f] <= 0.1\nconstraint b: E[score | sex == m] <= 0.1\nconstraint c: E[score] <= 0.2",
        "constraint a: forall v in y: E[score | y == v] <= 0.1\nconstraint c: E[score] <= 0.2",
        "constraint a (min_count = 30): forall s in sex: E[score | sex == s] <= 0.1\nconstraint c: E[score] <= 0.2",
        // Of one constraint.
        "constraint a: forall k in {1, 2, 3}: E[score | sex == f] <= 0.1 * k\nconstraint b: E[score | sex == m] <= 0.9",
        // Overlapping events.
        "constraint a: E[score | age < 60] == 0.5\nconstraint b: E[score | age >= 30] == 0.5\nconstraint c: |E[score] - 0.5| <= 0.1",
        // Rows that contradict each other imply anything.
        "constraint a: E[score] <= 0.1\nconstraint b: E[score | sex == f] >= 0.3\nconstraint d: E[score | sex == m] >= 0.3\nconstraint c: E[score | race == a] <= 0.9",
    ] {
        assert_eq!(names(constraints), [], "{constraints}");
    }
    let both = "constraint a: E[score | age < 60] == 0.5\nconstraint b: E[score | age >= 30] == 0.5\nconstraint c: |E[score] - 0.5| <= 0.2";
    assert_eq!(names(both), [("c".to_owned(), vec!["a".to_owned(), "b".to_owned()])]);
}

/// A constraint at random.
fn constraint(random: &mut fastrand::Rng, name: usize) -> String {
    let events = [
        "sex == f",
        "sex == m",
        "race == a",
        "race == b",
        "race == c",
        "age < 60",
        "age >= 30",
        "sex == f, y == 1",
        "y == 0",
    ];
    let mut event = || events[random.usize(0..events.len())];
    let (one, other) = (event(), event());
    let limit = ["0.02", "0.05", "0.3", "0.9", "eps", "2 * eps", "low", "low + eps"][random.usize(0..8)];
    let (a, b) = (format!("E[score | {one}]"), format!("E[score | {other}]"));
    let body = match random.usize(0..8) {
        0 => format!("{a} <= {limit}"),
        1 => format!("{a} >= {limit}"),
        2 => format!("E[score] <= {limit}"),
        3 => format!("|{a} - E[score]| <= {limit}"),
        4 => format!("{a} / {b} >= 0.8"),
        5 => format!("|E[y - score | {one}]| <= {limit}"),
        _ if one == other => "E[score] >= low".to_owned(),
        _ => format!("|{a} - {b}| <= {limit}"),
    };
    format!("constraint c{name}: {body}\n")
}

fn spec(random: &mut fastrand::Rng, most: usize) -> String {
    (0..random.usize(2..=most)).map(|name| constraint(random, name)).collect()
}

/// What is called redundant is implied on many data, for many values of the params.
#[test]
fn redundant_rows_follow_on_any_data() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut count = 0;
    for _ in 0..60 {
        let text = spec(&mut random, 6);
        let whole = program(&text).by_promise();
        let found = without_data(&whole);
        let mut rest = whole.clone();
        let gone: Vec<usize> = found.iter().map(|one| one.row).collect();
        rest.rows =
            whole.rows.iter().enumerate().filter(|(row, _)| !gone.contains(row)).map(|(_, row)| row.clone()).collect();
        for (eps, low) in [(0.05, 0.3), (0.0, 0.2), (0.2, 0.4), (0.13, 0.21)] {
            let params: Settings = [("eps".to_owned(), eps), ("low".to_owned(), low)].into();
            let specs = [Spec { program: &rest, params: &params }, Spec { program: &whole, params: &params }];
            let relaxation = Relaxation::new(&specs, 1 << 20).unwrap();
            let kinds = relaxation.kinds.as_ref().unwrap();
            let refuter = Refuter::new(specs, kinds, &relaxation.chosen).unwrap();
            for specimen in refuter.various() {
                for one in &found {
                    count += 1;
                    let broken = refuter.breaks(&specimen, &whole.rows[one.row]);
                    assert_eq!(broken, None, "{text}{} at eps {eps}, low {low}", whole.rows[one.row].origins[0].name);
                }
            }
        }
    }
    assert!(count > 150, "only {count} looks");
}

/// What is proved without data holds on made up data, and few questions stay open.
#[test]
fn implications_follow_on_any_data() {
    let mut random = fastrand::Rng::with_seed(11);
    let params: Settings = [("eps".to_owned(), 0.05), ("low".to_owned(), 0.3)].into();
    let (mut implied, mut broken, mut open) = (0, 0, 0);
    for _ in 0..60 {
        let texts = [spec(&mut random, 5), spec(&mut random, 3)];
        let programs = texts.each_ref().map(|text| program(text).by_promise());
        let [premise, claim] = programs.each_ref().map(|program| Spec { program, params: &params });
        let question = Question::new(premise, claim).unwrap();
        let made = question.refuter().unwrap();
        for (index, row) in claim.program.rows.iter().enumerate() {
            let Answer { sides, example } = question.answer(index, Some(&made));
            if sides.iter().all(|(_, found)| matches!(found.verdict, Verdict::Implied(_))) {
                implied += 1;
                let against = made.1.iter().find_map(|specimen| made.0.breaks(specimen, row));
                assert_eq!(against, None, "{texts:#?} {}", row.origins[0].name);
            } else if example.is_some() {
                broken += 1;
            } else {
                open += 1;
            }
        }
    }
    println!("{implied} implied, {broken} broken, {open} open");
    assert!(
        implied > 5 && broken > 40 && open * 5 < implied + broken,
        "{implied} implied, {broken} broken, {open} open"
    );
}

/// A mean of 0 over everyone leaves nobody above 0: means at which a proof fails need not be those of any data.
#[test]
fn only_data_refute() {
    let params: Settings = [("eps".to_owned(), 0.05), ("low".to_owned(), 0.3)].into();
    for (premise, claim) in [
        ("E[score] <= 0", "E[score | sex == f] <= 0.5"),
        ("E[score] >= 1", "E[score | sex == f] >= 0.5"),
        ("E[score] - E[score | sex == f] == 0", "E[score | sex == m] == E[score | sex == f]"),
        ("|E[score] - E[score | sex == f]| <= 0", "E[score | sex == m] - E[score] <= 0.1"),
    ] {
        let programs = [premise, claim].map(|body| program(&format!("constraint q: {body}\n")));
        let [premise, claim] = programs.each_ref().map(|program| Spec { program, params: &params });
        let question = Question::new(premise, claim).unwrap();
        let Answer { sides, example } = question.answer(0, question.refuter().as_ref());
        assert_eq!(example, None);
        assert!(sides.iter().all(|(_, found)| !matches!(found.verdict, Verdict::Broken { .. })), "{sides:?}");
    }
}
