//! Equal expressions have equal forms, and forms keep their value.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Expressions as a user may write them, before normalisation.
#[derive(Clone, Debug)]
enum Raw {
    Number(f64),
    Param(&'static str),
    Column(&'static str),
    Count(&'static str),
    Add(Box<Raw>, Box<Raw>),
    Sub(Box<Raw>, Box<Raw>),
    Mul(Box<Raw>, Box<Raw>),
    Div(Box<Raw>, Box<Raw>),
    Neg(Box<Raw>),
    Square(Box<Raw>),
    Abs(Box<Raw>),
    Max(Box<Raw>, Box<Raw>),
}

impl Raw {
    fn build(&self) -> Data {
        match self {
            Raw::Number(value) => Data::number(*value),
            Raw::Param(name) => Data::param(*name),
            Raw::Column(name) => Data::column(*name),
            Raw::Count(level) => Data::count(Event::levels("sex", [level], &universe())),
            Raw::Add(a, b) => a.build().add(b.build()),
            Raw::Sub(a, b) => a.build().sub(b.build()),
            Raw::Mul(a, b) => a.build().mul(b.build()),
            Raw::Div(a, b) => a.build().div(b.build()),
            Raw::Neg(a) => a.build().neg(),
            Raw::Square(a) => a.build().pow(Data::number(2.0)),
            Raw::Abs(a) => Data::call(Function::Abs, vec![a.build()]),
            Raw::Max(a, b) => Data::call(Function::Max, vec![a.build(), b.build()]),
        }
    }

    fn value(&self, values: &Sample) -> f64 {
        match self {
            Raw::Number(value) => *value,
            Raw::Param(name) => values.param(name),
            Raw::Column(name) => values.column(name),
            Raw::Count(_) => 7.0,
            Raw::Add(a, b) => a.value(values) + b.value(values),
            Raw::Sub(a, b) => a.value(values) - b.value(values),
            Raw::Mul(a, b) => a.value(values) * b.value(values),
            Raw::Div(a, b) => a.value(values) / b.value(values),
            Raw::Neg(a) => -a.value(values),
            Raw::Square(a) => a.value(values) * a.value(values),
            Raw::Abs(a) => a.value(values).abs(),
            Raw::Max(a, b) => {
                let (a, b) = (a.value(values), b.value(values));
                if a.is_nan() || a > b { a } else { b }
            }
        }
    }

    /// A sum of the sizes of all that is added up on the way: the scale of rounding errors.
    fn size(&self, values: &Sample) -> f64 {
        match self {
            Raw::Number(_) | Raw::Param(_) | Raw::Column(_) | Raw::Count(_) => self.value(values).abs(),
            Raw::Add(a, b) | Raw::Sub(a, b) | Raw::Max(a, b) => a.size(values) + b.size(values),
            Raw::Mul(a, b) => a.size(values) * b.size(values),
            Raw::Div(a, b) => {
                let divisor = b.value(values).abs();
                a.size(values) / divisor * (b.size(values) / divisor).max(1.0)
            }
            Raw::Neg(a) | Raw::Abs(a) => a.size(values),
            Raw::Square(a) => a.size(values) * a.size(values),
        }
    }
}

#[derive(Debug)]
struct Sample {
    numbers: BTreeMap<&'static str, f64>,
    levels: BTreeMap<&'static str, &'static str>,
}

impl Values for Sample {
    fn param(&self, name: &str) -> f64 {
        self.numbers.get(name).copied().unwrap_or(f64::NAN)
    }
    fn column(&self, header: &str) -> f64 {
        self.numbers.get(header).copied().unwrap_or(f64::NAN)
    }
    fn level(&self, header: &str) -> Option<&str> {
        self.levels.get(header).copied()
    }
    fn total(&self, _: &Data, _: &Event) -> f64 {
        7.0
    }
}

fn column(header: &str, levels: &[&str], nullable: bool) -> Column {
    let levels = levels.iter().map(|text| Level { text: (*text).to_owned(), number: text.parse().ok() }).collect();
    let ty = ColumnType::Categorical(levels);
    Column { header: header.to_owned(), name: header.to_owned(), label: false, ty, nullable }
}

fn universe() -> Universe {
    let age = ColumnType::Real(Interval { lower: 0.0, upper: 120.0 });
    let numeric = |header: &str, nullable| Column { ty: age.clone(), ..column(header, &[], nullable) };
    Universe::new(&[
        column("sex", &["male", "female"], false),
        column("race", &["white", "black", "other"], true),
        column("income", &["0", "1"], false),
        numeric("age", false),
        numeric("hours", true),
    ])
}

fn raw() -> impl Strategy<Value = Raw> {
    let leaf = prop_oneof![
        prop::sample::select(vec![0.0, 1.0, -1.0, 2.0, 0.5, 0.25, -4.0]).prop_map(Raw::Number),
        prop::sample::select(vec!["eps", "tol"]).prop_map(Raw::Param),
        prop::sample::select(vec!["age", "hours", "income"]).prop_map(Raw::Column),
        prop::sample::select(vec!["male", "female"]).prop_map(Raw::Count),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        let one = inner.prop_map(Box::new);
        prop_oneof![
            two.clone().prop_map(|(a, b)| Raw::Add(a, b)),
            two.clone().prop_map(|(a, b)| Raw::Sub(a, b)),
            two.clone().prop_map(|(a, b)| Raw::Mul(a, b)),
            two.clone().prop_map(|(a, b)| Raw::Div(a, b)),
            two.prop_map(|(a, b)| Raw::Max(a, b)),
            one.clone().prop_map(Raw::Neg),
            one.clone().prop_map(Raw::Square),
            one.prop_map(Raw::Abs),
        ]
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    (prop::collection::vec(0.25..3.0f64, 5), 0usize..2, 0usize..4, any::<bool>()).prop_map(|(v, sex, race, null)| {
        let names = ["eps", "tol", "age", "hours", "income"];
        let mut numbers: BTreeMap<_, _> = names.into_iter().zip(v).collect();
        if null {
            numbers.insert("hours", f64::NAN);
        }
        let mut levels = BTreeMap::from([("sex", ["male", "female"][sex]), ("income", "1")]);
        if let Some(race) = ["white", "black", "other"].get(race) {
            levels.insert("race", race);
        }
        Sample { numbers, levels }
    })
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-11 * (1.0 + scale)
}

/// Whether products and sums of a few of its numbers are exact: eight binary places before and behind the point.
fn has_short_numbers(data: &Data) -> bool {
    let text = format!("{data:?}");
    let mut numbers =
        text.split(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | '-')).filter_map(|word| word.parse::<f64>().ok());
    numbers.all(|number| number.abs() < 256.0 && (number * 256.0).fract() == 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    #[test]
    fn the_normal_form_keeps_the_value(raw in raw(), sample in sample()) {
        let (expected, scale) = (raw.value(&sample), raw.size(&sample));
        // Division by nearly zero magnifies rounding; a zero divisor may cancel symbolically.
        prop_assume!(expected.is_finite() && scale < 1e4);
        let form = raw.build();
        let value = form.evaluate(&sample);
        prop_assert!(close(value, expected, scale), "{value} for {expected}: {form:?}");
    }

    #[test]
    fn order_and_grouping_do_not_show(a in raw(), b in raw(), c in raw()) {
        let (a, b, c) = (a.build(), b.build(), c.build());
        // `0 · (1 / 0)` has no value, so no form of its own.
        prop_assume!(![&a, &b, &c].iter().any(|data| format!("{data:?}").contains("(Number(0.0), -")));
        // Numbers such as 1/7 are rounded, and their products by the order in which they are made.
        prop_assume!([&a, &b, &c].iter().all(|data| has_short_numbers(data)));
        prop_assert_eq!(a.clone().add(b.clone()), b.clone().add(a.clone()));
        prop_assert_eq!(a.clone().mul(b.clone()), b.clone().mul(a.clone()));
        prop_assert_eq!(a.clone().neg().neg(), a.clone());
        prop_assert_eq!(Data::sum([a.clone(), b.clone(), c.clone()]), Data::sum([c.clone(), a.clone(), b.clone()]));
        prop_assert_eq!(Data::product([a.clone(), b.clone(), c.clone()]), Data::product([c.clone(), a, b]));
    }

    #[test]
    fn constructors_are_idempotent(raw in raw()) {
        let form = raw.build();
        prop_assert_eq!(&rebuild(&form), &form);
        prop_assert_eq!(Data::sum([form.clone()]), form.clone());
        prop_assert_eq!(Data::product([form.clone()]), form.clone());
    }

    #[test]
    fn splitting_by_columns_keeps_the_value(raw in raw(), sample in sample()) {
        let form = raw.build();
        let expected = form.evaluate(&sample);
        prop_assume!(expected.is_finite() && raw.size(&sample) < 1e4);
        let parts = form.split_columns();
        for (coefficient, factor) in &parts {
            prop_assert!(!coefficient.reads_columns());
            prop_assert!(factor.is_one() || factor.reads_columns());
        }
        let value: f64 = parts.iter().map(|(c, f)| c.evaluate(&sample) * f.evaluate(&sample)).sum();
        prop_assert!(close(value, expected, raw.size(&sample)), "{value} for {expected}: {parts:?}");
    }
}

/// Builds a form again from its parts.
fn rebuild(form: &Data) -> Data {
    match form {
        Data::Number(value) => Data::number(*value),
        Data::Param(name) => Data::param(name),
        Data::Column(header) => Data::column(header),
        Data::Total { value, event } => Data::total(rebuild(value), (**event).clone()),
        Data::Sum { constant, terms } => Data::sum(
            terms.iter().rev().map(|(c, m)| rebuild(m).scale(*c)).chain([Data::number(*constant)]).collect::<Vec<_>>(),
        ),
        Data::Product(factors) => {
            Data::product(factors.iter().rev().map(|(f, p)| rebuild(f).pow(Data::number(*p))).collect::<Vec<_>>())
        }
        Data::Call(function, arguments) => Data::call(*function, arguments.iter().rev().map(rebuild).collect()),
    }
}

/// Events as a user may write them.
#[derive(Clone, Debug)]
enum RawEvent {
    Level(&'static str, &'static str),
    NotLevel(&'static str, &'static str),
    Compare(Raw, Comparison, Raw),
    Not(Box<RawEvent>),
    And(Box<RawEvent>, Box<RawEvent>),
    Or(Box<RawEvent>, Box<RawEvent>),
}

impl RawEvent {
    fn build(&self) -> Event {
        let universe = &universe();
        match self {
            RawEvent::Level(column, level) => Event::levels(column, [level], universe),
            RawEvent::NotLevel(column, level) => Event::other_levels(column, [level], universe),
            RawEvent::Compare(a, op, b) => Event::compare(a.build(), *op, b.build(), universe),
            RawEvent::Not(a) => a.build().not(universe),
            RawEvent::And(a, b) => Event::and([a.build(), b.build()], universe),
            RawEvent::Or(a, b) => Event::or([a.build(), b.build()], universe),
        }
    }

    fn holds(&self, sample: &Sample) -> bool {
        match self {
            RawEvent::Level(column, level) => sample.level(column) == Some(level),
            RawEvent::NotLevel(column, level) => sample.level(column).is_some_and(|own| own != *level),
            RawEvent::Compare(a, op, b) => {
                let (a, b) = (a.value(sample), b.value(sample));
                !a.is_nan() && !b.is_nan() && op.holds(a, b)
            }
            RawEvent::Not(a) => !a.holds(sample),
            RawEvent::And(a, b) => a.holds(sample) && b.holds(sample),
            RawEvent::Or(a, b) => a.holds(sample) || b.holds(sample),
        }
    }
}

fn raw_event() -> impl Strategy<Value = RawEvent> {
    let ops = vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessEqual,
        Comparison::Greater,
        Comparison::GreaterEqual,
    ];
    let levels = vec![("sex", "male"), ("sex", "female"), ("race", "white"), ("race", "black"), ("race", "other")];
    let side = prop_oneof![
        prop::sample::select(vec![1.0, 2.0, 0.5, 3.0, 0.0]).prop_map(Raw::Number),
        prop::sample::select(vec!["eps", "tol"]).prop_map(Raw::Param),
        prop::sample::select(vec!["age", "hours"]).prop_map(Raw::Column),
    ];
    let leaf = prop_oneof![
        prop::sample::select(levels.clone()).prop_map(|(c, l)| RawEvent::Level(c, l)),
        prop::sample::select(levels).prop_map(|(c, l)| RawEvent::NotLevel(c, l)),
        (side.clone(), prop::sample::select(ops), side).prop_map(|(a, op, b)| RawEvent::Compare(a, op, b)),
    ];
    leaf.prop_recursive(5, 32, 2, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            two.clone().prop_map(|(a, b)| RawEvent::And(a, b)),
            two.prop_map(|(a, b)| RawEvent::Or(a, b)),
            inner.prop_map(|a| RawEvent::Not(Box::new(a))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    #[test]
    fn events_keep_their_meaning(raw in raw_event(), sample in sample()) {
        prop_assert_eq!(raw.build().holds(&sample), raw.holds(&sample), "{:?}", raw.build());
    }

    #[test]
    fn events_follow_the_laws_of_logic(a in raw_event(), b in raw_event(), c in raw_event()) {
        let universe = &universe();
        let (a, b, c) = (a.build(), b.build(), c.build());
        let and = |x: &Event, y: &Event| Event::and([x.clone(), y.clone()], universe);
        let or = |x: &Event, y: &Event| Event::or([x.clone(), y.clone()], universe);
        let not = |x: &Event| x.clone().not(universe);
        prop_assert_eq!(and(&a, &b), and(&b, &a));
        prop_assert_eq!(or(&a, &b), or(&b, &a));
        prop_assert_eq!(and(&and(&a, &b), &c), and(&a, &and(&b, &c)));
        prop_assert_eq!(or(&or(&a, &b), &c), or(&a, &or(&b, &c)));
        prop_assert_eq!(not(&not(&a)), a.clone());
        prop_assert_eq!(not(&and(&a, &b)), or(&not(&a), &not(&b)));
        prop_assert_eq!(not(&or(&a, &b)), and(&not(&a), &not(&b)));
        prop_assert_eq!(and(&a, &a), a.clone());
    }
}

#[test]
fn a_comparison_and_its_negation_exclude_each_other() {
    let universe = &universe();
    for (column, covers) in [("age", true), ("hours", false)] {
        let under = Event::compare(Data::column(column), Comparison::Less, Data::param("eps"), universe);
        let over = Event::compare(Data::param("eps"), Comparison::LessEqual, Data::column(column), universe);
        assert_eq!(Event::and([under.clone(), over.clone()], universe), Event::Never);
        assert_eq!(Event::or([under.clone(), over], universe) == Event::All, covers);
        assert_eq!(Event::or([under.clone(), under.clone().not(universe)], universe), Event::All);
        assert_eq!(Event::and([under.clone(), under.not(universe)], universe), Event::Never);
    }
}

#[test]
fn complements_of_closed_columns_are_level_sets() {
    let universe = &universe();
    let female = Event::levels("sex", ["female"], universe);
    assert_eq!(Event::levels("sex", ["male"], universe).not(universe), female);
    assert_eq!(Event::other_levels("sex", ["male"], universe), female);
    assert_eq!(Event::levels("sex", ["male", "female"], universe), Event::All);
    assert_eq!(Event::compare(Data::column("income"), Comparison::Greater, Data::number(0.5), universe), {
        Event::levels("income", ["1"], universe)
    });
}

#[test]
fn a_null_is_in_no_level_and_in_the_complement_of_each() {
    let universe = &universe();
    let others = vec!["black".to_owned(), "other".to_owned()];
    let levels = |other| Event::Levels { column: "race".to_owned(), levels: others.clone(), other };
    assert_eq!(Event::levels("race", ["white"], universe).not(universe), levels(true));
    assert_eq!(Event::other_levels("race", ["white"], universe), levels(false));
    let all_levels = Event::levels("race", ["white", "black", "other"], universe);
    assert_ne!(all_levels, Event::All);
    assert_eq!(Event::or([all_levels.clone(), all_levels.not(universe)], universe), Event::All);
}

#[test]
fn decimal_constants_fold_as_decimals() {
    let n = Data::number;
    assert_eq!(n(1.0).sub(n(0.2)), n(0.8));
    assert_eq!(n(0.1).add(n(0.2)).add(n(0.3)), n(0.3).add(n(0.2).add(n(0.1))));
    assert_eq!(n(3.0).mul(n(0.1)), n(0.3));
    assert_eq!(n(1.0).div(n(3.0)), n(1.0 / 3.0));
}

#[test]
fn what_is_not_finite_stays_an_expression() {
    let n = Data::number;
    for data in [
        n(1.0).div(n(0.0)),
        n(0.0).div(n(0.0)),
        n(f64::MAX).add(n(f64::MAX)),
        n(f64::MAX).mul(n(10.0)),
        Data::param("eps").scale(f64::MAX).scale(f64::MAX),
        Data::call(Function::Log, vec![n(-1.0)]),
        Data::call(Function::Exp, vec![n(1e4)]),
    ] {
        assert_eq!(data.as_number(), None, "{data:?}");
        let sample = Sample { numbers: BTreeMap::from([("eps", 1.0)]), levels: BTreeMap::new() };
        assert!(!data.evaluate(&sample).is_finite(), "{data:?}");
    }
}

#[test]
fn totals_hold_columns_only() {
    let (eps, age) = (Data::param("eps"), Data::column("age"));
    let value = eps.clone().mul(age.clone().sub(Data::number(40.0))).add(Data::number(2.0));
    let all = |value: &Data| Data::Total { value: Box::new(value.clone()), event: Box::new(Event::All) };
    let expected =
        Data::sum([eps.clone().mul(all(&age)), eps.mul(all(&Data::one())).scale(-40.0), all(&Data::one()).scale(2.0)]);
    assert_eq!(Data::total(value.clone(), Event::All), expected);
    assert_eq!(Data::total(value, Event::Never), Data::zero());
    assert_eq!(Data::mean(Data::number(3.0), Event::All), Data::number(3.0));
}

/// A sum of one term whose coefficient has no finite power is a factor of its own: multiplied out, it keeps its power.
#[test]
fn powers_of_one_term_are_kept() {
    let far = || Data::column("age").scale(1e200).pow(Data::number(2.0));
    let nested = Data::column("hours")
        .add(Data::total(Data::column("hours"), Event::levels("sex", ["female"], &universe())).neg());
    let parts = far().mul(nested).split_columns();
    assert_eq!(parts.len(), 2, "{parts:?}");
    let whole = [far().mul(Data::column("hours")), far()];
    assert!(parts.iter().all(|(_, factor)| whole.contains(factor)), "{parts:?}");
}
