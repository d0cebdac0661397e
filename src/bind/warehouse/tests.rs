//! Reading what a database answered.

use super::*;
use crate::bind::Offenders;
use crate::language::span;
use crate::language::syntax::import::NoImports;

/// The errors of an answer with these columns about a table with the columns of the spec.
fn errors(spec: &str, stored: &[(&str, Stored)], names: &[&str], lines: &[&[Option<f64>]]) -> Vec<BindError> {
    let compilation = crate::compile(span::Source { name: "spec.fair".into(), text: spec.into() }, &NoImports);
    let program = compilation.program.unwrap();
    let params = Params::defaults(&program);
    let columns = stored.iter().map(|(name, stored)| ((*name).to_owned(), stored.clone())).collect();
    let relation = Relation::Table(vec!["people".to_owned()]);
    let table = Table { name: "people".to_owned(), relation, dialect: Dialect::Sqlite, columns };
    let warehouse = Warehouse::new(&program, &params, &table, &EncodeOptions::default()).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let value = |value: &Option<f64>| value.map_or(Value::Null, Value::Number);
    let lines: Vec<Vec<Value>> = lines.iter().map(|line| line.iter().map(value).collect()).collect();
    warehouse.read(&names, &lines, false).err().unwrap_or_default()
}

fn count(at: &Offenders) -> u64 {
    at.count
}

#[test]
fn numbers_that_doubles_do_not_tell_are_one_error() {
    let spec = "column k: int\npredict score: real in [0, 1]\nconstraint c: E[score | k == 9007199254740993] <= 0.5\n";
    let stored = [("k", Stored::Integer), ("score", Stored::Double)];
    let names = ["p0", "n", "z", "a", "lo", "hi", "s"];
    let line = |code: f64, n: f64, z: Option<f64>| [Some(code), Some(n), z, z, Some(0.5), Some(0.5), Some(0.0)];
    let found = errors(spec, &stored, &names, &[&line(1.0, 2.0, Some(1.0)), &line(1.0, 3.0, Some(1.5))]);
    assert!(matches!(found.as_slice(), [BindError::Alike { at, .. }] if count(at) == 5), "{found:?}");
    // A sum over rows that is null has no value, and is not 0.
    assert!(errors(spec, &stored, &names, &[&line(0.0, 2.0, Some(1.0))]).is_empty());
    let found = errors(spec, &stored, &names, &[&line(0.0, 2.0, None)]);
    assert!(matches!(found.as_slice(), [BindError::Answer { what }] if what.contains("`z`")), "{found:?}");
}

#[test]
fn a_value_that_rows_need_is_one_error() {
    let spec = "column g: {f, m}\ncolumn a: real?\npredict score: real in [0, 1]\n\
                constraint c: E[a * score | g == f] <= 0.5\n";
    let stored = [("g", Stored::Text), ("a", Stored::Double), ("score", Stored::Double)];
    let names = ["p0", "n", "z", "a", "lo", "hi", "s", "f0", "g0", "h0", "i0", "u0"];
    let line = |code: f64, n: f64, sum: Option<f64>, none: f64| {
        let half = Some(0.5);
        [Some(code), Some(n), half, half, half, half, Some(0.0), sum, sum, sum, sum, Some(none)]
    };
    let found = errors(spec, &stored, &names, &[&line(0.0, 2.0, Some(1.0), 1.0), &line(0.0, 3.0, None, 3.0)]);
    assert!(matches!(found.as_slice(), [BindError::NullNeeded { at, .. }] if count(at) == 4), "{found:?}");
    // Where no row needs it, it may be missing.
    let found = errors(spec, &stored, &names, &[&line(0.0, 2.0, Some(1.0), 0.0), &line(1.0, 3.0, None, 3.0)]);
    assert!(found.is_empty(), "{found:?}");
}
