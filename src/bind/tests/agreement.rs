//! The problem against rows computed directly from the meaning of the program, sample by sample.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::language::program::{Aggregate, Data, Event, Values};
use crate::runtime::problem::Bounds;

const HEADER: &str = "sex,race,age,hours,income,w,p\n";

/// A row of the table; `None` is a null.
#[derive(Clone, Debug)]
pub(super) struct Person {
    sex: &'static str,
    race: Option<&'static str>,
    age: f64,
    hours: Option<i32>,
    income: u8,
    w: f64,
    p: f64,
}

pub(super) fn person() -> impl Strategy<Value = Person> {
    let race = prop::sample::select(vec![Some("white"), Some("black"), Some("unheard of"), None]);
    (
        prop::sample::select(vec!["female", "male"]),
        race,
        0.0..100.0f64,
        prop::option::of(0..60i32),
        0..2u8,
        prop::sample::select(vec![0.0, 0.5, 1.0, 2.0]),
        0.0..1.0f64,
    )
        .prop_map(|(sex, race, age, hours, income, w, p)| {
            let age = (age * 4.0).round() / 4.0;
            Person { sex, race, age, hours, income, w, p }
        })
}

pub(super) fn csv(people: &[Person]) -> String {
    let mut out = HEADER.to_owned();
    for Person { sex, race, age, hours, income, w, p } in people {
        let hours = hours.map_or_else(String::new, |hours| hours.to_string());
        writeln!(out, "{sex},{},{age},{hours},{income},{w},{p}", race.unwrap_or("")).unwrap();
    }
    out
}

/// One person before all others: the direct meaning of expressions and events.
struct Meaning<'a> {
    program: &'a Program,
    people: &'a [Person],
    person: &'a Person,
}

impl Meaning<'_> {
    fn weight(&self) -> f64 {
        if self.program.weight.is_some() { self.person.w } else { 1.0 }
    }

    fn of<'a>(&'a self, person: &'a Person) -> Meaning<'a> {
        Meaning { person, ..*self }
    }

    fn members<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = Meaning<'a>> {
        self.people.iter().map(|person| self.of(person)).filter(|own| own.weight() > 0.0 && event.holds(own))
    }
}

impl Values for Meaning<'_> {
    fn param(&self, name: &str) -> f64 {
        self.program.param(name).unwrap().value
    }

    fn column(&self, header: &str) -> f64 {
        match header {
            "age" => self.person.age,
            "hours" => self.person.hours.map_or(f64::NAN, f64::from),
            "income" => f64::from(self.person.income),
            other => panic!("{other}"),
        }
    }

    fn level(&self, header: &str) -> Option<&str> {
        match header {
            "sex" => Some(self.person.sex),
            "race" => self.person.race.filter(|race| *race != "unheard of"),
            "income" => Some(["0", "1"][usize::from(self.person.income)]),
            other => panic!("{other}"),
        }
    }

    fn total(&self, value: &Data, event: &Event) -> f64 {
        self.members(event).map(|own| own.weight() * value.evaluate(&own)).sum()
    }
}

const DECLARATIONS: &str = "
    column sex: {female, male}
    column race: {white, black}?
    column age: real in [0, 100]
    column hours: int?
    label income: {0, 1}
    predict score: real in [0, 1]
    param eps = 0.1 in [0, 1]
    event senior = age >= 60 or hours < 20
    group age_band = bins(age, 25, 45, 65)
";

/// Constraints that hold for any data, as far as binding is concerned.
const CONSTRAINTS: [&str; 16] = [
    "|E[score | sex == female] - E[score | sex == male]| <= eps",
    "forall c in income: |E[score | sex == female, income == c] - E[score | sex == male, income == c]| <= eps",
    "forall (r, s) in race * race where r != s: E[score | race == r] / E[score | race == s] >= 80%",
    "|E[income - score | race == white]| <= eps",
    "E[score] == 30% +/- 1%",
    "|Cov[score, age]| <= 0.01 + eps",
    "|Cov[score, age | senior]| <= 1",
    "E[score | not (race == white)] <= 0.9",
    "E[score | race != white] <= 0.9",
    "forall b in age_band: |E[score | age_band == b] - E[score]| <= eps",
    "Sum[score * (age - 40) | sex == male and hours >= 10] <= 100 * N[sex == male]",
    "E[score * hours | hours > 5] <= 50 + E[age | senior]",
    "P[income == 1 | sex == male] * E[score | sex == female] <= 1",
    "E[score * (1 - 2 * income) | sex == female] + E[income | sex == female] <= 0.9",
    "|E[score | sex == female and (race in {white, black} or age < 30)] - E[score | senior]| <= eps",
    "E[score * age * income] <= max(E[age | sex == male], 3 * eps)",
];

fn assert_close(a: f64, b: f64, what: &str) {
    assert!(a == b || (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs())), "{what}: {a} and {b}");
}

/// Compares each row of the problem with its meaning.
fn agree(program: &Program, people: &[Person], bound: &Bound) {
    let Some(person) = people.first() else { return };
    let meaning = Meaning { program, people, person };
    let matrix = dense(&bound.problem);
    let mut kept = 0;
    for (row, outcome) in program.rows.iter().zip(&bound.rows) {
        let size = |id: &_| meaning.members(program.event(*id).unwrap()).count() as u64;
        let too_few = row.reads.iter().any(|id| size(id) < row.options.min_count.max(1));
        let empty = too_few || row.terms.iter().any(|term| size(&term.event) == 0);
        assert_eq!(matches!(outcome.status, RowStatus::Skipped(_)), empty, "{:?}", row.origins[0].name);
        let RowStatus::Kept(index) = outcome.status else { continue };
        kept += 1;
        for (i, person) in people.iter().enumerate() {
            let own = meaning.of(person);
            let mut expected = 0.0;
            for term in &row.terms {
                let event = program.event(term.event).unwrap();
                if own.weight() == 0.0 || !event.holds(&own) {
                    continue;
                }
                let scale = match term.aggregate {
                    Aggregate::Mean => meaning.members(event).map(|member| member.weight()).sum(),
                    Aggregate::Sum => 1.0,
                };
                expected += term.coefficient.evaluate(&meaning) * own.weight() * term.factor.evaluate(&own) / scale;
            }
            assert_close(matrix[index][i], expected, &program.rows_text());
        }
        let side = |side: &Option<Data>, none| side.as_ref().map_or(none, |side| side.evaluate(&meaning));
        assert_close(outcome.lower, side(&row.lower, f64::NEG_INFINITY), "lower");
        assert_close(outcome.upper, side(&row.upper, f64::INFINITY), "upper");
        assert_eq!(bound.problem.lower()[index], outcome.lower);
        assert_eq!(bound.problem.row_name(index), row.origins[0].name);
    }
    assert_eq!(bound.problem.rows(), kept);
    let weights = program.weight.is_some().then(|| people.iter().map(|person| person.w).collect::<Vec<_>>());
    assert_eq!(bound.problem.weights(), weights);
}

fn spec(weighted: bool, options: &str, chosen: &[usize]) -> String {
    let mut text = DECLARATIONS.to_owned();
    if weighted {
        text.push_str("weight w\n");
    }
    for &index in chosen {
        writeln!(text, "constraint c{index}{options}: {}", CONSTRAINTS[index]).unwrap();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn problems_agree_with_the_meaning_of_the_spec(
        people in prop::collection::vec(person(), 1..40),
        weighted in any::<bool>(),
        many in any::<bool>(),
        chosen in prop::sample::subsequence((0..CONSTRAINTS.len()).collect::<Vec<_>>(), 1..8),
    ) {
        let program = program(&spec(weighted, if many { " (min_count = 3)" } else { "" }, &chosen));
        agree(&program, &people, &bound(&program, &csv(&people)));
    }

    #[test]
    fn the_order_of_the_data_permutes_columns_only(
        people in prop::collection::vec(person(), 2..30),
        turn in 1..29usize,
        weighted in any::<bool>(),
    ) {
        let program = program(&spec(weighted, "", &[0, 1, 5, 10, 14]));
        let mut turned = people.clone();
        turned.rotate_left(turn % people.len());
        let (a, b) = (encoded(&program, &csv(&people)), encoded(&program, &csv(&turned)));
        let mut cells = a.cell().to_vec();
        cells.rotate_left(turn % people.len());
        prop_assert_eq!(&cells, b.cell());
        let (a, b) = (bound(&program, &csv(&people)), bound(&program, &csv(&turned)));
        prop_assert_eq!(a.rows.len(), b.rows.len());
        for (mut row, other) in dense(&a.problem).into_iter().zip(dense(&b.problem)) {
            row.rotate_left(turn % people.len());
            row.iter().zip(&other).for_each(|(x, y)| assert_close(*x, *y, "entry"));
        }
    }

    #[test]
    fn a_batch_binds_as_a_data_set_of_its_own(
        people in prop::collection::vec(person(), 1..40),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        weighted in any::<bool>(),
    ) {
        let all: Vec<usize> = (0..CONSTRAINTS.len()).collect();
        let program = program(&format!("{}constraint cap: each where senior: score <= 0.5 + age / 200\n", spec(weighted, "", &all)));
        let rows: Vec<u32> = picks.iter().map(|pick| pick.index(people.len()) as u32).collect();
        let subset: Vec<Person> = rows.iter().map(|&row| people[row as usize].clone()).collect();
        let params = Params::defaults(&program);
        let batch = encoded(&program, &csv(&people)).bind(&params, &Samples::Rows(&rows)).unwrap();
        let alone = bound(&program, &csv(&subset));
        prop_assert_eq!(&batch.rows, &alone.rows);
        prop_assert_eq!(&batch.sample_rows, &alone.sample_rows);
        prop_assert_eq!(&batch.events, &alone.events);
        prop_assert_eq!(dense(&batch.problem), dense(&alone.problem));
        prop_assert_eq!(batch.problem.bounds(), alone.problem.bounds());
    }
}

#[test]
fn mean_differences_and_covariances_by_hand() {
    let people: Vec<Person> = [("female", 20.0, 0.5), ("female", 40.0, 1.0), ("male", 30.0, 2.0), ("male", 70.0, 0.5)]
        .into_iter()
        .map(|(sex, age, w)| Person { sex, race: None, age, hours: None, income: 1, w, p: 0.5 })
        .collect();
    let program = program(&spec(true, "", &[0, 5]));
    let bound = bound(&program, &csv(&people));
    let rows = dense(&bound.problem);
    let mean_age = (20.0 * 0.5 + 40.0 + 30.0 * 2.0 + 70.0 * 0.5) / 4.0;
    for (name, expected) in [
        ("c0", [0.5 / 1.5, 1.0 / 1.5, -2.0 / 2.5, -0.5 / 2.5]),
        ("c5", [20.0, 40.0, 30.0, 70.0].map(|age| age - mean_age)),
    ] {
        let row = (0..rows.len()).find(|&row| bound.problem.row_name(row) == name).unwrap();
        for ((entry, expected), person) in rows[row].iter().zip(expected).zip(&people) {
            // The first event of a row is oriented to have a positive coefficient: the mean of ages, here.
            let expected = if name == "c5" { -person.w * expected / 4.0 } else { expected };
            assert_close(*entry, expected, name);
        }
    }
}

#[test]
fn each_constraints_become_bounds() {
    let people: Vec<Person> = [(10.0, 1), (50.0, 0), (70.0, 1)]
        .into_iter()
        .map(|(age, income)| Person { sex: "male", race: None, age, hours: Some(40), income, w: 1.0, p: 0.5 })
        .collect();
    let program = program(&format!(
        "{DECLARATIONS}
        constraint young: each where age < 18: score <= 0.5
        constraint near: each where income == 1: |score - age / 100| <= 0.2
        constraint double: each where age > 60: 2 * score >= income
        "
    ));
    let bound = bound(&program, &csv(&people));
    let Bounds::PerSample { lo, hi } = bound.problem.bounds() else { panic!() };
    for ((a, b), (c, d)) in lo.into_iter().zip(hi).zip([(0.0, 0.3), (0.0, 1.0), (0.5, 0.9)]) {
        assert_close(a, c, "lower");
        assert_close(b, d, "upper");
    }
}
