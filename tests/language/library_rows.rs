//! Every standard metric, bound to the German Credit data, gives the rows that its formula gives.
//!
//! The formulas are written once more here, densely and by hand, over the columns of the CSV file. Rows are compared up
//! to their order and the sign and size of their common factor.

use fairc::bind::{EncodeOptions, Params, Samples, encode};
use fairc::data::{Dialect, Format, Source};
use fairc::language::program::Program;

use super::example::root;
use super::library::{USES, program, program_of, program_where};

const DATA: &str = "examples/german_credit/german_credit.csv";

/// `coefficients · ŷ + constant`.
#[derive(Clone)]
struct Affine {
    coefficients: Vec<f64>,
    constant: f64,
}

impl Affine {
    fn scale(mut self, factor: f64) -> Affine {
        self.coefficients.iter_mut().for_each(|c| *c *= factor);
        self.constant *= factor;
        self
    }

    fn minus(mut self, other: &Affine) -> Affine {
        self.coefficients.iter_mut().zip(&other.coefficients).for_each(|(a, b)| *a -= b);
        self.constant -= other.constant;
        self
    }
}

/// `lower <= coefficients · ŷ <= upper`, divided by the coefficient of largest size.
#[derive(Debug, Clone)]
struct Row {
    coefficients: Vec<f64>,
    lower: f64,
    upper: f64,
}

impl Row {
    fn new(coefficients: Vec<f64>, lower: f64, upper: f64) -> Row {
        let largest =
            coefficients.iter().fold(0.0_f64, |max, c| if c.abs() > max.abs() * (1.0 + 1e-9) { *c } else { max });
        let coefficients = coefficients.iter().map(|c| c / largest).collect();
        let (a, b) = (lower / largest, upper / largest);
        Row { coefficients, lower: a.min(b), upper: a.max(b) }
    }

    /// `lower <= e <= upper`.
    fn between(lower: f64, e: Affine, upper: f64) -> Row {
        Row::new(e.coefficients, lower - e.constant, upper - e.constant)
    }

    fn same_left_side(&self, other: &Row) -> bool {
        self.coefficients.iter().zip(&other.coefficients).all(|(a, b)| close(*a, *b))
    }
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

/// Rows with equal left sides become one, with the tightest sides.
fn merge(rows: Vec<Row>) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        match merged.iter_mut().find(|known| known.same_left_side(&row)) {
            Some(known) => {
                known.lower = known.lower.max(row.lower);
                known.upper = known.upper.min(row.upper);
            }
            None => merged.push(row),
        }
    }
    merged
}

struct Table {
    header: Vec<String>,
    records: Vec<Vec<String>>,
}

impl Table {
    fn read() -> Table {
        let text = std::fs::read_to_string(root().join(DATA)).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_string).collect());
        Table { header: lines.next().unwrap(), records: lines.collect() }
    }

    /// The same people, of whom every third has no label.
    fn with_unknown_labels(mut self) -> Table {
        let label = self.header.iter().position(|header| header == "credit_good").unwrap();
        self.records.iter_mut().step_by(3).for_each(|record| record[label] = String::new());
        self
    }

    fn csv(&self) -> String {
        let lines = std::iter::once(&self.header).chain(&self.records);
        lines.map(|fields| fields.join(",") + "\n").collect()
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        let at = self.header.iter().position(|header| header == name).unwrap_or_else(|| panic!("no column {name}"));
        self.records.iter().map(|record| record[at].as_str()).collect()
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        self.texts(name).iter().map(|text| if text.is_empty() { f64::NAN } else { text.parse().unwrap() }).collect()
    }

    fn is(&self, name: &str, level: &str) -> Vec<bool> {
        self.texts(name).iter().map(|text| *text == level).collect()
    }

    /// The members of each level of a column or group, in order.
    fn levels(&self, name: &str) -> Vec<Vec<bool>> {
        let of = |levels: &[&str]| levels.iter().map(|level| self.is(name, level)).collect();
        match name {
            "sex" => of(&["female", "male"]),
            "job" => of(&["unskilled", "skilled", "management"]),
            "housing" => of(&["own", "rent", "free"]),
            "credit_good" => of(&["0", "1"]),
            "sex_job" => {
                let jobs = self.levels("job");
                self.levels("sex").iter().flat_map(|sex| jobs.iter().map(|job| both(sex, job))).collect()
            }
            "band" => {
                let score = self.numbers("score");
                let bin = |low: f64, high: f64| score.iter().map(|s| low <= *s && *s < high).collect();
                vec![bin(f64::NEG_INFINITY, 0.5), bin(0.5, 0.7), bin(0.7, f64::INFINITY)]
            }
            _ => panic!("no levels of {name}"),
        }
    }

    /// A numeric argument: a column, or the expression that the uses have.
    fn values(&self, text: &str) -> Vec<f64> {
        match text {
            "amount * (1 - credit_good)" => {
                self.numbers("amount").iter().zip(self.numbers("credit_good")).map(|(a, y)| a * (1.0 - y)).collect()
            }
            _ => self.numbers(text),
        }
    }

    fn everyone(&self) -> Vec<bool> {
        vec![true; self.records.len()]
    }
}

fn both(a: &[bool], b: &[bool]) -> Vec<bool> {
    a.iter().zip(b).map(|(a, b)| *a && *b).collect()
}

fn count(event: &[bool]) -> f64 {
    event.iter().filter(|member| **member).count() as f64
}

/// `Sum[slope * ŷ + offset | event]`.
fn sum(event: &[bool], slope: impl Fn(usize) -> f64, offset: impl Fn(usize) -> f64) -> Affine {
    let members = || event.iter().enumerate().filter(|(_, member)| **member);
    let mut coefficients = vec![0.0; event.len()];
    members().for_each(|(i, _)| coefficients[i] = slope(i));
    Affine { coefficients, constant: members().map(|(i, _)| offset(i)).sum() }
}

/// `E[slope * ŷ + offset | event]`.
fn mean(event: &[bool], slope: impl Fn(usize) -> f64, offset: impl Fn(usize) -> f64) -> Affine {
    sum(event, slope, offset).scale(1.0 / count(event))
}

fn score(event: &[bool]) -> Affine {
    mean(event, |_| 1.0, |_| 0.0)
}

fn pairs<T>(items: &[T]) -> impl Iterator<Item = (&T, &T)> {
    items.iter().enumerate().flat_map(|(i, a)| items.iter().skip(i + 1).map(move |b| (a, b)))
}

fn ordered_pairs<T>(items: &[T]) -> impl Iterator<Item = (&T, &T)> {
    let others = move |i: usize| items.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, b)| b);
    items.iter().enumerate().flat_map(move |(i, a)| others(i).map(move |b| (a, b)))
}

/// The rows of a use such as `equal_opportunity(job, credit_good, 0.02)`, from the formula of its metric.
fn rows(table: &Table, used: &str) -> Vec<Row> {
    const INF: f64 = f64::INFINITY;
    let (metric, arguments) = used.strip_suffix(')').unwrap().split_once('(').unwrap();
    let arguments: Vec<&str> = arguments.split(", ").collect();
    let limit = |at: usize| match arguments[at].strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().unwrap() / 100.0,
        None => arguments[at].parse().unwrap(),
    };
    let groups = || table.levels(arguments[0]);
    let tol = limit(arguments.len() - 1);
    let y = table.numbers("credit_good");
    let (good, bad) = (table.is("credit_good", "1"), table.is("credit_good", "0"));
    // Rates of error are those of the samples whose label is known.
    let known: Vec<bool> = good.iter().zip(&bad).map(|(good, bad)| *good || *bad).collect();
    let within = |e: Affine| Row::between(-tol, e, tol);
    let gaps = |groups: &[Vec<bool>], value: &dyn Fn(&[bool]) -> Affine| -> Vec<Row> {
        pairs(groups).map(|(a, b)| within(value(a).minus(&value(b)))).collect()
    };
    let crossed = |groups: Vec<Vec<bool>>, with: &[bool]| groups.iter().map(|a| both(a, with)).collect::<Vec<_>>();
    let residual = |event: &[bool]| mean(event, |_| -1.0, |i| y[i]);
    let error = |event: &[bool]| mean(event, |i| 1.0 - 2.0 * y[i], |i| y[i]);
    match metric {
        "accuracy_parity" => gaps(&groups(), &error),
        "bin_calibration" => {
            let bins = table.levels(arguments[1]);
            groups().iter().flat_map(|a| bins.iter().map(|b| within(residual(&both(a, b))))).collect()
        }
        "bounded_error" => groups().iter().map(|a| Row::between(-INF, error(a), tol)).collect(),
        "conditional_parity" => {
            table.levels(arguments[1]).iter().flat_map(|c| gaps(&crossed(groups(), c), &score)).collect()
        }
        "covariance_bound" => {
            let x = table.values(arguments[0]);
            let all = table.everyone();
            let centre = x.iter().sum::<f64>() / count(&all);
            vec![within(mean(&all, |i| x[i] - centre, |_| 0.0))]
        }
        "demographic_parity" => gaps(&groups(), &score),
        "differential_fairness" => {
            let bound = tol.exp();
            let negative = |event: &[bool]| mean(event, |_| -1.0, |_| 1.0);
            let row = |a: Affine, b: Affine| Row::between(-INF, a.minus(&b.scale(bound)), 0.0);
            let both_outcomes =
                |(a, b): (&Vec<bool>, &Vec<bool>)| [row(score(a), score(b)), row(negative(a), negative(b))];
            ordered_pairs(&groups()).flat_map(both_outcomes).collect()
        }
        "equal_opportunity" => gaps(&crossed(groups(), &good), &score),
        "predictive_equality" => gaps(&crossed(groups(), &bad), &score),
        "equalized_odds" => [&bad, &good].into_iter().flat_map(|c| gaps(&crossed(groups(), c), &score)).collect(),
        "f1_floor" => {
            let row = |a: &Vec<bool>| {
                let top = sum(&both(a, &good), |_| 2.0, |_| 0.0);
                let mut below = sum(&both(a, &known), |_| 1.0, |_| 0.0);
                below.constant += count(&both(a, &good));
                Row::between(0.0, top.minus(&below.scale(tol)), INF)
            };
            groups().iter().map(row).collect()
        }
        "false_omission_ceiling" => {
            let negatives = |event: &[bool]| sum(event, |_| -1.0, |_| 1.0);
            let row = |a: &Vec<bool>| {
                let wrong = negatives(&both(a, &good));
                Row::between(-INF, wrong.minus(&negatives(&both(a, &known)).scale(tol)), 0.0)
            };
            groups().iter().map(row).collect()
        }
        "group_cost" => {
            let cost = table.values(arguments[1]);
            groups().iter().map(|a| Row::between(-INF, mean(a, |i| cost[i], |_| 0.0), tol)).collect()
        }
        "mean_residual" => groups().iter().map(|a| within(residual(a))).collect(),
        "multiaccuracy" => {
            let x = table.values(arguments[0]);
            vec![within(mean(&table.everyone(), |i| -x[i], |i| x[i] * y[i]))]
        }
        "parity_to_level" => {
            let reference = table.is(arguments[0], arguments[1]);
            let others = groups().into_iter().filter(|group| *group != reference);
            others.map(|a| within(score(&a).minus(&score(&reference)))).collect()
        }
        "parity_to_overall" => groups().iter().map(|a| within(score(a).minus(&score(&table.everyone())))).collect(),
        "precision_floor" => {
            let positives = |event: &[bool]| sum(event, |_| 1.0, |_| 0.0);
            let row = |a: &Vec<bool>| {
                let right = positives(&both(a, &good));
                Row::between(0.0, right.minus(&positives(&both(a, &known)).scale(tol)), INF)
            };
            groups().iter().map(row).collect()
        }
        "ratio_parity" => {
            let row = |(a, b): (&Vec<bool>, &Vec<bool>)| Row::between(0.0, score(a).minus(&score(b).scale(tol)), INF);
            ordered_pairs(&groups()).map(row).collect()
        }
        "residual_parity" => gaps(&groups(), &residual),
        "subgroup_parity" => {
            let share = |a: &[bool]| count(a) / count(&table.everyone());
            groups().iter().map(|a| within(score(a).minus(&score(&table.everyone())).scale(share(a)))).collect()
        }
        "treatment_equality" => {
            let (least, most) = (limit(2), tol);
            let both_sides = |a: &Vec<bool>| {
                let missed = sum(&both(a, &good), |_| -1.0, |_| 1.0);
                let alarms = sum(&both(a, &bad), |_| 1.0, |_| 0.0);
                let lower = Row::between(0.0, missed.clone().minus(&alarms.clone().scale(least)), INF);
                let upper = Row::between(-INF, missed.minus(&alarms.scale(most)), 0.0);
                [lower, upper]
            };
            groups().iter().flat_map(both_sides).collect()
        }
        _ => panic!("no formula for {metric}"),
    }
}

/// The rows of a use, bound to the table, are those of its formula.
fn agree(table: &Table, used: &str, program: &Program) {
    let csv = table.csv().into_bytes();
    let source = Source::in_memory("german_credit.csv", csv.into(), Format::Csv, &Dialect::default()).unwrap();
    let params = Params::defaults(program);
    let encoded = encode(program, &params, &source, &EncodeOptions::default(), &mut |_, _| {}).unwrap();
    let bound = encoded.bind(&params, &Samples::All).unwrap();
    let problem = &bound.problem;
    let matrix = problem.to_csr();
    let found: Vec<Row> = (0..problem.rows())
        .map(|row| {
            let mut coefficients = vec![0.0; problem.n()];
            for at in matrix.indptr[row]..matrix.indptr[row + 1] {
                coefficients[matrix.indices[at] as usize] = matrix.values[at];
            }
            Row::new(coefficients, problem.lower()[row], problem.upper()[row])
        })
        .collect();
    let expected = merge(rows(table, used));
    assert_eq!(found.len(), expected.len(), "{used}: number of rows");
    for row in &expected {
        let twin = found.iter().find(|found| found.same_left_side(row));
        let twin = twin.unwrap_or_else(|| panic!("{used}: no row has the coefficients of a formula"));
        let sides = (twin.lower, twin.upper);
        assert!(
            close(twin.lower, row.lower) && close(twin.upper, row.upper),
            "{used}: {sides:?} and {:?}",
            (row.lower, row.upper)
        );
    }
}

#[test]
fn every_metric_gives_the_rows_of_its_formula() {
    let table = Table::read();
    for (used, _) in USES {
        agree(&table, used, &program(used));
    }
}

/// Nobody without a label is taken for one whose label is 0.
#[test]
fn metrics_of_labels_are_about_the_samples_whose_label_is_known() {
    let table = Table::read().with_unknown_labels();
    let of_counts = |used: &str| {
        let names = ["f1_floor", "false_omission", "precision", "treatment", "equal_opp", "predictive_eq", "equalized"];
        names.iter().any(|name| used.starts_with(name))
    };
    let uses: Vec<&str> = USES.iter().map(|(used, _)| *used).filter(|used| of_counts(used)).collect();
    assert_eq!(uses.len(), 7);
    for used in uses {
        agree(&table, used, &program_where(used, "label credit_good: {0, 1}", "label credit_good: {0, 1}?"));
    }
}

/// The condition that says so is nothing where every label is known.
#[test]
fn known_labels_need_no_condition() {
    let written = [
        (
            "precision_floor(sex, credit_good, 0.75)",
            "Sum[score | sex == s, credit_good == 1] >= 0.75 * Sum[score | sex == s]",
        ),
        (
            "f1_floor(sex, credit_good, 0.7)",
            "2 * Sum[score | sex == s, credit_good == 1] \
             >= 0.7 * (Sum[score | sex == s] + N[sex == s, credit_good == 1])",
        ),
        (
            "false_omission_ceiling(sex, credit_good, 0.5)",
            "Sum[1 - score | sex == s, credit_good == 1] <= 0.5 * Sum[1 - score | sex == s]",
        ),
    ];
    for (used, by_hand) in written {
        let by_hand = program_of(&format!("constraint it: forall s in sex: {by_hand}\n"));
        assert_eq!(program(used).fingerprint(), by_hand.fingerprint(), "{used}");
    }
}
