//! Texts that were made to hurt: long chains, domains that multiply, many names. Each ends soon, on a small stack.

use fairc::compile;
use fairc::language::span::Source;
use fairc::language::syntax::import::NoImports;

const HEAD: &str = "\
column sex: {female, male}
column race: {white, black, asian, other}?
column age: real in [0, 120]
param p = 1
predict s: real in [0, 1]
";

/// Compiles on a stack of 2 MiB, and gives the codes of the errors.
fn codes(text: String) -> Vec<String> {
    let run = move || {
        let compilation = compile(Source { name: "spec.fair".into(), text: text.into() }, &NoImports);
        let errors = compilation.diagnostics.iter().filter(|found| found.is_error());
        let codes = errors.map(|found| found.code.0.to_owned()).collect::<Vec<_>>();
        if let Some(program) = &compilation.program {
            let _text = program.canonical_text();
        }
        codes
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread can be started");
    thread.join().expect("the stack suffices")
}

fn chain(before: &str, piece: &str, between: &str, after: &str, count: usize) -> String {
    format!("{HEAD}{before}{}{after}\n", vec![piece; count].join(between))
}

#[test]
fn long_chains_end_on_a_small_stack() {
    const LONG: usize = 20_000;
    let chains = [
        ("constraint c: E[s] <= ", "2", "*", ""),
        ("constraint c: E[s] <= ", "2", "/", ""),
        ("constraint c: E[s * ", "age", " * ", "] <= 1"),
        ("constraint c: E[s] <= ", "p", "+", ""),
        ("constraint c: E[s] <= 1", "", "-1", ""),
        ("constraint c: E[s | ", "age > 1", " and ", "] <= 1"),
        ("constraint c: E[s | ", "age > 1", " or ", "] <= 1"),
        ("constraint c: E[s | ", "age > 1", ", ", "] <= 1"),
        ("constraint c: E[s | ", "not ", "", "age > 1] <= 1"),
        ("constraint c: E[s] <= ", "-", "", "1"),
        ("constraint c: E[s] <= ", "(", "", "1"),
        ("constraint c: ", "|", "", "E[s] <= 1"),
        ("constraint c: ", "0.1 <= E[s] <= ", "", "1"),
        ("constraint c: ", "forall k in 1..1: ", "", "E[s] <= 0.5"),
        ("constraint c: forall k in ", "race", " * ", ": E[s] <= 0.5"),
        ("constraint c: forall r in race where ", "r != white", ", ", ": E[s | race == r] <= 0.5"),
        ("constraint c: E[s | race ", "in {white}", " ", "] <= 1"),
        ("constraint c: E[s | race in {", "white", ", ", "}] <= 1"),
        ("constraint c: max(", "E[s | age > 1]", ", ", ") <= 1"),
        ("constraint c: 0 <= ", "E[s]", " + ", ""),
        ("constraint c: ", "|E[s] - 0.5|", " + ", " <= 1"),
        ("constraint c: E[s] <= 2", "^2", "", ""),
        ("group g = ", "sex", " * ", "\nconstraint c: forall x in g: E[s | g == x] <= 1"),
        ("", "## doc\n", "", "constraint c: E[s] <= 1"),
        ("", "use demographic_parity(sex, 0.1)\n", "", ""),
        ("use demographic_parity(", "sex", ", ", ")"),
        ("constraint c (", "min_count = 1", ", ", "): E[s] <= 1"),
        ("import ", "\"a\"", "\nimport ", ""),
        ("constraint c: ", "max(a in {white}: ", "", "E[s]"),
        ("constraint c: E[s * ", "[", "", "age"),
        ("constraint c: E[s] <= ", "sum(k in 1..2: k)", " + ", ""),
        ("constraint c: E[s * (", "[age >= 3]", " + ", ")] <= 1"),
        ("constraint c: max(a in ", "race", " * ", ": E[s]) <= 1"),
    ];
    for (before, piece, between, after) in chains {
        let _codes = codes(chain(before, piece, between, after, LONG));
    }
}

/// What 1,000 factors nest to stays within what parentheses can add.
#[test]
fn products_in_products_are_counted_together() {
    let product = vec!["p"; 400].join(" * ");
    let nested = (0..60).fold(product.clone(), |inner, _| format!("({inner}) * {product}"));
    assert_eq!(codes(format!("{HEAD}constraint c: E[s] <= {nested}\n")), ["E0505"]);
    assert!(codes(format!("{HEAD}constraint c: E[s] <= {product}\n")).is_empty());
}

#[test]
fn domains_are_multiplied_before_they_are_expanded() {
    let ranges: String = (0..9).map(|k| format!("forall k{k} in 1..9: ")).collect();
    assert_eq!(codes(format!("{HEAD}constraint c: {ranges}E[s | age >= k0] <= 0.5\n")), ["E0505"]);
    let levels: Vec<String> = (0..1500).map(|level| format!("l{level}")).collect();
    let pairs = format!("column g: {{{}}}\npredict s: real in [0, 1]\n", levels.join(", "));
    assert_eq!(codes(format!("{pairs}use demographic_parity(g, 0.05)\n")), ["E0505"]);
    let filtered = "constraint c: forall (a, b, c) in race * race * race where a != b: \
                    forall (d, e, f) in race * race * race where d != a: forall (g, h, i, j) in race * race * race * race \
                    where g != h: E[s | race == g] <= 0.5\n";
    assert_eq!(codes(format!("{HEAD}{filtered}")), Vec::<String>::new());
    assert_eq!(
        codes(format!("{HEAD}{}", filtered.replace("E[s", "forall (k, l) in (1..9) * (1..9) where k != l: E[s"))),
        ["E0505"]
    );
}

#[test]
fn folds_are_multiplied_before_they_are_expanded() {
    let nested = |count: usize| {
        let folds: String = (0..count).map(|k| format!("sum(k{k} in 1..9: ")).collect();
        format!("{HEAD}constraint c: {folds}E[s | age >= k0]{} <= 0.5\n", ")".repeat(count))
    };
    assert_eq!(codes(nested(3)), Vec::<String>::new());
    assert_eq!(codes(nested(9)), ["E0505"]);
    // On a small stack.
    assert_eq!(codes(nested(120)), ["E0505"]);
    let single: String = (0..120).map(|k| format!("max(a{k} in {{white}}: ")).collect();
    assert_eq!(codes(format!("{HEAD}constraint c: {single}E[s]{} <= 0.5\n", ")".repeat(120))), Vec::<String>::new());
    let many = "constraint c: forall a in 1..1000: sum(k in 1..9999: E[s | age >= k]) <= 5\n";
    assert_eq!(codes(format!("{HEAD}{many}")), ["E0505"]);
}

#[test]
fn names_for_expressions_are_counted_before_they_are_written_out() {
    let double = |count: usize| {
        let lines: String = (1..count).map(|k| format!("let a{k} = a{} + a{}\n", k - 1, k - 1)).collect();
        format!("{HEAD}let a0 = s\n{lines}constraint c: E[a{}] <= 0.5\n", count - 1)
    };
    assert_eq!(codes(double(8)), Vec::<String>::new());
    assert_eq!(codes(double(60)).first().map(String::as_str), Some("E0505"));
    let chain = |count: usize| {
        let lines: String = (1..count).map(|k| format!("let a{k} = 1 + a{}\n", k - 1)).collect();
        format!("{HEAD}let a0 = s\n{lines}constraint c: E[a{}] <= {count}\n", count - 1)
    };
    assert_eq!(codes(chain(50)), Vec::<String>::new());
    assert_eq!(codes(chain(20_000)).first().map(String::as_str), Some("E0505"));
    let reversed: String = chain(20_000).lines().rev().map(|line| format!("{line}\n")).collect();
    assert_eq!(codes(reversed).first().map(String::as_str), Some("E0505"));
    let circle = "let a = b\nlet b = c + 1\nlet c = a\nconstraint d: E[a * s] <= 1\n";
    assert_eq!(codes(format!("{HEAD}{circle}")), ["E0208"]);
    let crossed = "event e = [f] >= 1\nevent f = n >= 1\nlet n = [e]\nconstraint d: E[s | e] <= 1\n";
    assert_eq!(codes(format!("{HEAD}{crossed}")), ["E0208"]);
}

#[test]
fn one_row_may_come_from_many() {
    assert!(codes(format!("{HEAD}constraint c: forall k in 1..20000: E[s | sex == female] <= 0.5\n")).is_empty());
}

/// What a text costs grows as it does: counted in allocations, which no machine makes faster or slower.
#[test]
fn the_cost_is_linear() {
    let cost = |text: &str| {
        let source = || Source { name: "spec.fair".into(), text: text.into() };
        allocation_counter::measure(|| drop(compile(source(), &NoImports))).count_total
    };
    let names = |count: usize| {
        let lines: Vec<String> = (0..count)
            .map(|k| format!("param q{k} = 0.{}\nconstraint c{k}: E[s | age >= {k}] <= q{k}", k % 9 + 1))
            .collect();
        format!("{HEAD}{}\n", lines.join("\n"))
    };
    let unknown = |count: usize| {
        let lines: Vec<String> = (0..count).map(|k| format!("constraint c{k}: E[s] <= qqqqqqqqqq{k}")).collect();
        format!("{HEAD}{}\n", lines.join("\n"))
    };
    let levels = |count: usize| {
        let list = (0..count).map(|k| format!("l{k}")).collect::<Vec<_>>().join(", ");
        format!("{HEAD}column g: {{{list}}}\nconstraint c: forall x in g: E[s | g == x, g in {{{list}}}] <= 0.5\n")
    };
    let broken = |count: usize| format!("{HEAD}{}\n", "param a .5\n".repeat(count));
    let same = |count: usize| format!("{HEAD}constraint c: forall k in 1..{count}: E[s | sex == female] <= 0.5\n");
    let sets = |count: usize| {
        let list = (0..count).map(|k| format!("l{k}")).collect::<Vec<_>>().join(", ");
        format!("{HEAD}column g: {{{list}}}\nconstraint c: E[s | g in {{{list}}}] <= 0.5\n")
    };
    let folds = |count: usize| {
        let lines: Vec<String> = (0..count)
            .map(|k| {
                format!("let n{k} = s * [age >= {k}]\nconstraint c{k}: max(a in race: E[n{k} | race == a]) <= 0.{k}1")
            })
            .collect();
        format!("{HEAD}{}\n", lines.join("\n"))
    };
    let fold = |count: usize| format!("{HEAD}constraint c: sum(k in 1..{count}: E[s * [age >= k]]) <= 0.5\n");
    let texts: [(&str, &dyn Fn(usize) -> String); 7] = [
        ("names", &names),
        ("unknown", &unknown),
        ("broken", &broken),
        ("same", &same),
        ("sets", &sets),
        ("folds", &folds),
        ("fold", &fold),
    ];
    for (what, text) in texts {
        let (one, two, four) = (cost(&text(300)), cost(&text(600)), cost(&text(1200)));
        assert!(two as f64 <= 2.4 * one as f64, "{what}: {one}, {two}, {four} allocations");
        assert!(four as f64 <= 2.4 * two as f64, "{what}: {one}, {two}, {four} allocations");
    }
    // A level of a column is found at once; its rows are as many as there are levels, each with all of them.
    assert!(codes(levels(300)).is_empty());
}
