//! Folds, indicators and names for expressions against the specs that say the same without them: equal fingerprints and
//! equal rows. The oracle is the text: each construct is generated together with what it stands for.

use fastrand::Rng;

use crate::support::{HEADER, compile, findings};

const RACES: [&str; 4] = ["white", "black", "asian", "other"];

/// An expression with the constructs, and the same without.
struct Both {
    short: String,
    long: String,
}

impl Both {
    fn same(text: impl Into<String>) -> Both {
        let short = text.into();
        Both { long: short.clone(), short }
    }

    fn map(self, wrap: impl Fn(&str) -> String) -> Both {
        Both { short: wrap(&self.short), long: wrap(&self.long) }
    }

    fn join(self, other: Both, wrap: impl Fn(&str, &str) -> String) -> Both {
        Both { short: wrap(&self.short, &other.short), long: wrap(&self.long, &other.long) }
    }
}

/// Writes pairs of specs.
struct Writer {
    rng: Rng,
    lets: Vec<String>,
    /// The binders in scope, and the levels of `race` that they run over.
    binders: Vec<(String, Vec<&'static str>)>,
    names: usize,
}

impl Writer {
    fn name(&mut self, letter: &str) -> String {
        self.names += 1;
        format!("{letter}{}_", self.names)
    }

    fn level(&mut self) -> String {
        match self.rng.choice(&self.binders) {
            Some((binder, _)) if self.rng.bool() => binder.clone(),
            _ => RACES[self.rng.usize(..4)].to_string(),
        }
    }

    fn event(&mut self) -> String {
        match self.rng.u8(..4) {
            0 => format!("race == {}", self.level()),
            1 => format!("race != {}, sex == male", self.level()),
            2 => format!("not (age >= {})", self.rng.u8(20..30)),
            _ => "sex == female".to_string(),
        }
    }

    /// A name for an expression that has no binder in it.
    fn named(&mut self, value: Both) -> Both {
        let bound = self.binders.iter().any(|(binder, _)| value.short.contains(binder));
        if bound || !self.rng.bool() {
            return value;
        }
        let name = self.name("n");
        self.lets.push(format!("let {name} = {}", value.short));
        Both { short: name, long: format!("({})", value.long) }
    }

    /// One value per sample.
    fn sample(&mut self, depth: usize) -> Both {
        let value = match self.rng.u8(..if depth == 0 { 3 } else { 8 }) {
            0 => Both::same("score"),
            1 => Both::same("age / 100"),
            2 => Both::same("income"),
            3 => self.sample(depth - 1).join(self.sample(depth - 1), |a, b| format!("{a} + 2 * ({b})")),
            4 => self.sample(depth - 1).map(|a| format!("({a}) / 3")),
            5 => self.numbered(depth),
            6 => self.constant().join(self.sample(depth - 1), |a, b| format!("{a} * ({b})")),
            _ => self.sample(depth - 1).map(|a| format!("-({a})")),
        };
        self.named(value)
    }

    /// A binder as a number, or compared.
    fn constant(&mut self) -> Both {
        match self.rng.choice(&self.binders).cloned() {
            Some((binder, levels)) => {
                let level = levels[self.rng.usize(..levels.len())];
                Both { short: format!("[{binder} == {level}]"), long: format!("<{binder}={level}>") }
            }
            None => Both::same(format!("0.{}", self.rng.u8(1..9))),
        }
    }

    /// `sum(k in 1..3: k * e)`.
    fn numbered(&mut self, depth: usize) -> Both {
        let (binder, last) = (self.name("k"), self.rng.u8(1..4));
        let value = self.sample(depth - 1);
        let terms: Vec<String> = (1..=last).map(|k| format!("{k} * ({})", value.long)).collect();
        Both { short: format!("sum({binder} in 1..{last}: {binder} * ({}))", value.short), long: parens(&terms, " + ") }
    }

    /// One value for the batch, affine in the prediction.
    fn batch(&mut self, depth: usize) -> Both {
        let value = match self.rng.u8(..if depth == 0 { 3 } else { 8 }) {
            0 => {
                let event = self.event();
                self.sample(depth.min(1)).map(|value| format!("E[{value} | {event}]"))
            }
            1 => Both::same(format!("E[score | {}]", self.event())),
            2 => {
                let (own, given) = (self.event(), self.event());
                Both { short: format!("E[[{own}] | {given}]"), long: format!("P[{own} | {given}]") }
            }
            3 => self.batch(depth - 1).join(self.batch(depth - 1), |a, b| format!("{a} - ({b})")),
            4 => self.constant().join(self.batch(depth - 1), |a, b| format!("{a} * ({b})")),
            5 => self.fold(depth, "sum"),
            6 => self.fold(depth, "mean"),
            _ => self.batch(depth - 1).map(|a| format!("({a}) / 4")),
        };
        self.named(value)
    }

    /// A fold over levels of `race`, with a value that may bend as `bends` says.
    fn fold(&mut self, depth: usize, kind: &str) -> Both {
        let binder = self.name("b");
        let (domain, mut levels) = match self.rng.u8(..3) {
            0 => ("{black, white}", vec!["black", "white"]),
            1 => ("race", RACES.to_vec()),
            _ => ("{asian, other, black}", vec!["asian", "other", "black"]),
        };
        let (all, mut filter) = (levels.clone(), String::new());
        if self.rng.bool() {
            let out = RACES[self.rng.usize(..4)];
            if levels.contains(&out) {
                filter = format!(" where {binder} != {out}");
                levels.retain(|level| *level != out);
            }
        }
        self.binders.push((binder.clone(), all));
        let value = match kind {
            "max" if self.rng.bool() => {
                self.batch(depth - 1).join(self.batch(depth - 1), |a, b| format!("|{a} - ({b})|"))
            }
            _ => self.batch(depth - 1),
        };
        self.binders.pop();
        let each: Vec<String> = levels.iter().map(|level| value.long.replace(&binder, level)).collect();
        let long = match kind {
            "sum" => parens(&each, " + "),
            "mean" => format!("({} / {})", parens(&each, " + "), each.len()),
            kind => format!("{kind}({})", each.join(", ")),
        };
        Both { short: format!("{kind}({binder} in {domain}{filter}: {})", value.short), long }
    }

    fn constraint(&mut self) -> Both {
        let limit = format!("{}", self.rng.u8(1..9));
        match self.rng.u8(..5) {
            0 => self.batch(3).map(|a| format!("{a} <= {limit}")),
            1 => self.fold(2, "max").map(|a| format!("{a} <= {limit}")),
            2 => self.fold(2, "min").map(|a| format!("{a} >= -{limit}")),
            3 => self.fold(1, "max").join(self.fold(1, "min"), |a, b| format!("{a} - {b} <= {limit}")),
            _ => self.batch(2).map(|a| format!("{a} == 1 +/- {limit}")),
        }
    }

    /// The two specs.
    fn spec(&mut self) -> (String, String) {
        let Both { short, long } = self.constraint();
        let lets = std::mem::take(&mut self.lets).join("\n");
        let options = "(enforce = train)";
        // Declarations have no order.
        let short = match self.rng.bool() {
            true => format!("{HEADER}{lets}\nconstraint c {options}: {short}\n"),
            false => format!("{HEADER}constraint c {options}: {short}\n{lets}\n"),
        };
        (short, format!("{HEADER}constraint c {options}: {}\n", decided(&long)))
    }
}

fn parens(terms: &[String], between: &str) -> String {
    let terms: Vec<String> = terms.iter().map(|term| format!("({term})")).collect();
    format!("({})", terms.join(between))
}

/// `<white=black>` as the number that it is.
fn decided(text: &str) -> String {
    let mut out = text.to_string();
    for a in RACES {
        for b in RACES {
            out = out.replace(&format!("<{a}={b}>"), if a == b { "1" } else { "0" });
        }
    }
    out
}

#[test]
fn constructs_mean_what_they_stand_for() {
    let mut compared = 0;
    for seed in 0..600 {
        let mut writer = Writer { rng: Rng::with_seed(seed), lets: Vec::new(), binders: Vec::new(), names: 0 };
        let (short, long) = writer.spec();
        let (first, second) = (compile(&short), compile(&long));
        let errors = |found: &fairc::Compilation| -> Vec<String> {
            findings(found).into_iter().filter(|finding| finding.starts_with('E')).collect()
        };
        match (&first.program, &second.program) {
            (Some(a), Some(b)) => {
                assert_eq!(a.rows_text(), b.rows_text(), "seed {seed}\n{short}\n{long}");
                assert_eq!(a.fingerprint(), b.fingerprint(), "seed {seed}\n{short}\n{long}");
                compared += 1;
            }
            // A comparison without prediction may be refused as always false; then so is the other.
            (None, None) => {
                let code = |found: &fairc::Compilation| errors(found).first().map(|error| error[..5].to_string());
                assert_eq!(code(&first), code(&second), "seed {seed}\n{short}\n{long}");
            }
            _ => panic!("seed {seed}\n{:?}\n{short}\n{:?}\n{long}", errors(&first), errors(&second)),
        }
    }
    assert!(compared > 400, "{compared} specs were compared");
}

/// Metrics, whose parameters folds may run over, and names that metrics read.
#[test]
fn metrics_may_fold_and_read_names() {
    let same = [
        (
            "metric range(attr: group, tol: number >= 0) =\n\
             max(a in attr: E[prediction | attr == a]) - min(a in attr: E[prediction | attr == a]) <= tol\n\
             use range(race, eps)",
            "constraint c: max(E[score | race == white], E[score | race == black], E[score | race == asian], \
             E[score | race == other]) - min(E[score | race == white], E[score | race == black], E[score | race == asian], \
             E[score | race == other]) <= eps",
        ),
        (
            "metric total(attr: group, least: number) = sum(a in attr: P[attr == a] * E[prediction | attr == a]) >= least\n\
             use total(sex, 0.3)",
            "constraint c: P[sex == female] * E[score | sex == female] + P[sex == male] * E[score | sex == male] >= 0.3",
        ),
        (
            "let old = score * [age >= 60]\nlet m = E[old]\n\
             metric few(attr: group, x: column) = forall a in attr: E[x * old | attr == a] - m <= 0.5\n\
             use few(sex, age / 100)",
            "constraint c: forall a in sex: E[age / 100 * score * [age >= 60] | sex == a] - E[score * [age >= 60]] <= 0.5",
        ),
        (
            "let half = age / 2\nevent old = half >= 30\ngroup band = bins(half, 10, 20)\n\
             constraint c: forall b in band: E[score | old, band == b] <= 0.9\n\
             constraint d: E[score * half | [old] + [sex == male] == 2] <= 60",
            "constraint c: E[score | age / 2 >= 30, age / 2 < 10] <= 0.9\n\
             constraint e: E[score | age / 2 >= 30, age / 2 >= 10, age / 2 < 20] <= 0.9\n\
             constraint f: E[score | age / 2 >= 30, age / 2 >= 20] <= 0.9\n\
             constraint d: E[score * age / 2 | age / 2 >= 30, sex == male] <= 60",
        ),
    ];
    for (short, long) in same {
        let fingerprints = [short, long].map(|body| crate::support::fingerprint(&format!("{HEADER}{body}\n")));
        assert_eq!(fingerprints[0], fingerprints[1], "{short}\n{long}");
    }
}

/// Conditions and factors that read several indicators have one form, whatever was declared before.
#[test]
fn the_order_of_constraints_does_not_show() {
    let two_of_three = "constraint a: E[score | [sex == male] + [race == white] + [age >= 40] >= 2] <= 0.9";
    let factors = "constraint b: E[score * age * |3 * [age >= 40] - 2 * [race == white] - 0.7 * [sex == male]|] <= 90";
    let others = "constraint c: E[score * ([age >= 40] + [sex == male] + 0.1)] <= 0.9";
    let all = [two_of_three, factors, others];
    let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]].map(|order| {
        let body = order.map(|place| all[place]).join("\n");
        crate::support::fingerprint(&format!("{HEADER}{body}\n"))
    });
    assert!(orders.iter().all(|fingerprint| *fingerprint == orders[0]), "{orders:?}");
}

/// The binders of a metric that was checked where it is written are none of the next constraint's.
#[test]
fn a_binder_is_a_number_whatever_metrics_there_are() {
    let metric = "metric m(attr: group) = forall r in {white, black}: E[prediction | race == r] <= 1\n";
    let body = "constraint c: forall k in 1..3: E[score | age >= 10 * k] <= 0.5 + 0.1 * k\n";
    let found = compile(&format!("{HEADER}{metric}{body}"));
    let errors: Vec<String> = findings(&found).into_iter().filter(|found| found.starts_with('E')).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
