//! The standard library: every metric says what it must, compiles, and gives the rows that its formula gives.

use fairc::language::library::METRICS;
use fairc::language::syntax::ast::ItemKind;
use fairc::language::syntax::parse;

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
        // A number such as 2018 in the source, and the parameters in the text.
        let source = item.doc.split("Source: ").nth(1).unwrap_or_default();
        assert!(source.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() == 4), "{name}: no year");
    }
}
