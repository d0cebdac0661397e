//! The standard library: every metric says what it must, compiles, and gives the rows that its formula gives.

use fairc::compile;
use fairc::language::library::METRICS;
use fairc::language::program::Program;
use fairc::language::span::Source;
use fairc::language::syntax::ast::ItemKind;
use fairc::language::syntax::{format, parse};

use super::example::{root, same_after_mark};
use super::examples::{Folder, specs};

#[test]
fn every_file_holds_one_metric_of_its_name_with_its_source_and_limits() {
    assert!(METRICS.is_sorted_by_key(|(name, _)| *name));
    for (name, text) in METRICS {
        let parsed = parse(Default::default(), text);
        assert!(parsed.errors.is_empty(), "{name}: {:?}", parsed.errors);
        let [item] = parsed.file.items.as_slice() else { panic!("{name}: more than one declaration") };
        let ItemKind::Metric(metric) = &item.kind else { panic!("{name}: no metric") };
        assert_eq!(metric.name.text, *name);
        for part in ["Source: ", "Does not promise: "] {
            assert_eq!(item.doc.lines().filter(|line| line.starts_with(part)).count(), 1, "{name}: {part}");
        }
        let (first, second) = item.doc.split_once('\n').unwrap_or_default();
        assert!(first.ends_with('.') && first.len() <= 95 && second.starts_with('\n'), "{name}: {first}");
        // A number such as 2018 in the source, and the parameters in the text.
        let source = item.doc.split("Source: ").nth(1).unwrap_or_default();
        assert!(source.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() == 4), "{name}: no year");
    }
}

#[test]
fn the_library_and_the_examples_are_formatted() {
    let library = METRICS.iter().map(|(name, text)| (format!("{name}.fair"), text.to_string()));
    let library = library.map(|(name, text)| (format!("crates/language/src/library/{name}"), text));
    for (name, text) in library.chain(specs()) {
        let formatted = format(Default::default(), &text).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        if text != formatted && std::env::var_os("FAIRC_UPDATE_DOCS").is_some() {
            std::fs::write(root().join(&name), formatted).unwrap();
        } else {
            assert_eq!(text, formatted, "{name} is not formatted");
        }
    }
}

const DECLARATIONS: &str = "\
column sex: {female, male}
column job: {unskilled, skilled, management}
column housing: {own, rent, free}
column age: int in [18, 120]
column amount: real in [0, 100000]
column model_score: real in [0, 1] from score
label credit_good: {0, 1}
predict score: real in [0, 1]
group sex_job = sex * job
group band = bins(model_score, 0.5, 0.7)
";

/// A use of every metric, and the number of rows that it must give.
pub const USES: [(&str, usize); 25] = [
    ("accuracy_parity(housing, credit_good, 0.02)", 3),
    ("bin_calibration(sex, band, credit_good, 0.02)", 6),
    ("bounded_error(job, credit_good, 0.4)", 3),
    ("conditional_parity(sex, job, 0.02)", 3),
    ("conditional_parity(job, sex, 0.02)", 6),
    ("covariance_bound(age, 0.1)", 1),
    ("demographic_parity(sex, 0.02)", 1),
    ("demographic_parity(sex_job, 0.02)", 15),
    ("differential_fairness(sex, 0.05)", 2),
    ("equal_opportunity(job, credit_good, 0.02)", 3),
    ("equalized_odds(job, credit_good, 0.02)", 6),
    ("f1_floor(sex, credit_good, 0.7)", 2),
    ("false_omission_ceiling(sex, credit_good, 0.5)", 2),
    ("group_cost(housing, amount, 2500)", 3),
    ("group_cost(housing, amount * (1 - credit_good), 900)", 3),
    ("mean_residual(job, credit_good, 0.01)", 3),
    ("multiaccuracy(age, credit_good, 0.1)", 1),
    ("parity_to_level(job, skilled, 0.02)", 2),
    ("parity_to_overall(job, 0.02)", 3),
    ("precision_floor(sex, credit_good, 0.75)", 2),
    ("predictive_equality(job, credit_good, 0.02)", 3),
    ("ratio_parity(job, 80%)", 6),
    ("residual_parity(job, credit_good, 0.02)", 3),
    ("subgroup_parity(job, 0.01)", 3),
    ("treatment_equality(sex, credit_good, 0.5, 2)", 4),
];

#[test]
fn every_metric_gives_the_expected_number_of_rows() {
    for (name, _) in METRICS {
        assert!(USES.iter().any(|(used, _)| used.starts_with(&format!("{name}("))), "{name} is not used here");
    }
    for (used, rows) in USES {
        let program = program(used);
        assert_eq!(program.rows.len(), rows, "{used}\n{}", program.rows_text());
    }
}

pub fn program(used: &str) -> Program {
    program_of(&format!("use {used} as it\n"))
}

/// The program of constraints behind the declarations.
pub fn program_of(constraints: &str) -> Program {
    compiled(&format!("{DECLARATIONS}{constraints}"))
}

/// The program of a use where a declaration is another.
pub fn program_where(used: &str, declared: &str, instead: &str) -> Program {
    assert!(DECLARATIONS.contains(declared));
    compiled(&format!("{}use {used} as it\n", DECLARATIONS.replace(declared, instead)))
}

fn compiled(text: &str) -> Program {
    let compilation = compile(Source { name: "spec.fair".into(), text: text.into() }, &Folder);
    let errors: Vec<_> = compilation.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    compilation.program.unwrap()
}

/// `docs/library.md` says what the doc comments say.
#[test]
fn the_library_page_is_made_from_the_doc_comments() {
    let mut page = String::new();
    for (name, text) in METRICS {
        let parsed = parse(Default::default(), text);
        let item = parsed.file.items.first().unwrap();
        let ItemKind::Metric(metric) = &item.kind else { panic!("{name}: no metric") };
        let parameters: Vec<&str> = metric.parameters.iter().map(|parameter| parameter.name.text.as_str()).collect();
        page += &format!("\n## `{name}({})`\n\n", parameters.join(", "));
        for line in item.doc.lines() {
            match line.split_once(": ") {
                Some(("Source", rest)) => page += &format!("**Source:** {rest}\n"),
                Some(("Does not promise", rest)) => page += &format!("\n**Does not promise:** {rest}\n"),
                _ => page += &format!("{line}\n"),
            }
        }
        let body = text.get(item.span.range()).unwrap_or_default();
        page += &format!("\n```fair parses\n{body}\n```\n");
    }
    same_after_mark("docs/library.md", "<!-- metrics -->\n", &page);
}
