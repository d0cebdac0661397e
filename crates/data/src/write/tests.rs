//! Copies with added columns.

use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, Float32Array, Int32Array, StringArray};
use arrow_schema::DataType;
use proptest::prelude::*;

use super::*;
use crate::dialect::{Decimal, Dialect, Header};
use crate::tests::{Room, rows};

/// Copies a source to a file of this name and returns its text.
fn copy(room: &Room, source: &Source, target: &str, values: &[f64], existing: OnExisting) -> Result<String, DataError> {
    let target = room.path(target);
    write_with_columns(
        source,
        &[Added { name: "score_fair", values: values.into() }],
        &Output { existing, ..Output::new(&target) },
    )?;
    Ok(String::from_utf8_lossy(&fs::read(target).unwrap()).into_owned())
}

fn append(room: &Room, name: &str, text: &str, target: &str, values: &[f64]) -> String {
    copy(room, &room.source(name, text), target, values, OnExisting::Refuse).unwrap()
}

#[test]
fn csv_keeps_its_bytes() {
    let room = Room::new();
    let text = "\u{feff}id,\"na me\"\r\n007,\"x\r\ny\"\r\n\r\n0.10,\"\"\"\"\r\n,";
    let expected = "\u{feff}id,\"na me\",score_fair\r\n007,\"x\r\ny\",0.1\r\n\r\n0.10,\"\"\"\",1e-7\r\n,,";
    assert_eq!(append(&room, "a.csv", text, "b.csv", &[0.1, 1e-7, f64::NAN]), expected);
    assert_eq!(append(&room, "a.tsv", "a\tb,c\n1\t\"\"\n", "b.tsv", &[2.0]), "a\tb,c\tscore_fair\n1\t\"\"\t2\n");
    // What is not UTF-8 is none of our business here.
    let source = room.source("c.csv", b"a\n\xff\n");
    let target = room.path("d.csv");
    write_with_columns(&source, &[Added { name: "b", values: [1.0].as_slice().into() }], &Output::new(&target))
        .unwrap();
    assert_eq!(fs::read(target).unwrap(), b"a,b\n\xff,1\n");
}

#[test]
fn a_column_that_exists_is_refused_or_replaced() {
    let room = Room::new();
    let source = room.source("a.csv", "a,score_fair,b\n\"1,\",\"x\"\"\ny\",2\n,,\n");
    let refused = copy(&room, &source, "b.csv", &[1.0, 2.0], OnExisting::Refuse).unwrap_err();
    assert!(matches!(refused, DataError::ColumnExists { ref column, .. } if column == "score_fair"));
    assert!(!room.path("b.csv").exists());
    let replaced = copy(&room, &source, "b.csv", &[1.0, 2.5], OnExisting::Replace).unwrap();
    assert_eq!(replaced, "a,score_fair,b\n\"1,\",1,2\n,2.5,\n");
    let converted = copy(&room, &source, "b.tsv", &[1.0, 2.5], OnExisting::Replace).unwrap();
    assert_eq!(converted, "a\tscore_fair\tb\n1,\t1\t2\n\t2.5\t\n");
    let twice = [Added { name: "x", values: [].as_slice().into() }, Added { name: "x", values: [].as_slice().into() }];
    let refused = write_with_columns(&source, &twice, &Output::new(&room.path("c.csv")));
    assert!(matches!(refused, Err(DataError::ColumnExists { .. })));
}

#[test]
fn a_file_may_be_replaced_by_its_copy() {
    let room = Room::new();
    assert_eq!(append(&room, "a.csv", "a\n1\n", "a.csv", &[2.0]), "a,score_fair\n1,2\n");
}

#[test]
fn progress_is_reported() {
    let room = Room::new();
    let source = room.source("a.csv", format!("a\n{}", "1\n".repeat(200_000)));
    let values = vec![0.5; 200_000];
    for target in ["b.csv", "b.parquet"] {
        let seen = std::cell::RefCell::new(Vec::new());
        let progress = |bytes| seen.borrow_mut().push(bytes);
        let path = room.path(target);
        let output = Output { progress: Some(&progress), ..Output::new(&path) };
        write_with_columns(&source, &[Added { name: "b", values: values.as_slice().into() }], &output).unwrap();
        let seen = seen.into_inner();
        assert!(seen.len() > 3 && seen.is_sorted() && seen.iter().all(|&bytes| bytes <= source.size()), "{seen:?}");
    }
}

#[test]
fn errors_leave_nothing_behind() {
    let room = Room::new();
    for name in ["a.csv", "a.jsonl"] {
        let text = if name == "a.csv" { "a\n1\n2\n" } else { "{\"a\":1}\n{\"a\":2}\n" };
        let source = room.source(name, text);
        for target in ["out.csv", "out.tsv", "out.jsonl", "out.parquet"] {
            for values in [&[1.0][..], &[1.0, 2.0, 3.0]] {
                let error = copy(&room, &source, target, values, OnExisting::Refuse).unwrap_err();
                assert!(matches!(error, DataError::RowCount { rows: 2, .. }), "{error}");
                assert!(!room.path(target).exists());
            }
        }
    }
    let source = room.source("b.csv", "a,b\n1,2\n1\n");
    let error = copy(&room, &source, "out.csv", &[1.0, 2.0], OnExisting::Refuse).unwrap_err();
    assert!(matches!(error, DataError::FieldCount { line: 3, .. }));
    let error = copy(&room, &source, "out.xls", &[1.0, 2.0], OnExisting::Refuse).unwrap_err();
    assert!(matches!(error, DataError::UnknownOutput { .. }), "{error}");
    assert!(error.help().contains("--output-format"), "{}", error.help());
    let names: Vec<_> = fs::read_dir(room.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn json_lines_keep_their_bytes() {
    let room = Room::new();
    let text = "{\"a\": 0.10, \"b\": [1, {\"score_fair\": 2}]}\r\n\n{ }\n { \"a\" : \"}\" } ";
    let expected = "{\"a\": 0.10, \"b\": [1, {\"score_fair\": 2}],\"score_fair\":0.1}\r\n{\"score_fair\":null} }\n { \"a\" : \"}\",\"score_fair\":2.0 } ";
    let expected = expected.replace(":null} }", ":null }");
    assert_eq!(append(&room, "a.jsonl", text, "b.jsonl", &[0.1, f64::NAN, 2.0]), expected);
    let source = room.source("c.jsonl", "{\"score_fair\" : \"old\" ,\"a\":1}\n{\"a\":2}\n");
    assert!(copy(&room, &source, "d.jsonl", &[1.0, 2.0], OnExisting::Refuse).is_err());
    let replaced = copy(&room, &source, "d.jsonl", &[1.5, 2.0], OnExisting::Replace).unwrap();
    assert_eq!(replaced, "{\"score_fair\" : 1.5 ,\"a\":1}\n{\"a\":2,\"score_fair\":2.0}\n");
}

#[test]
fn a_key_that_stands_twice_is_not_replaced() {
    let room = Room::new();
    let source = room.source("a.jsonl", "{\"b\":2}\n{\"score_fair\":1,\"b\":2,\"score_fair\":3}\n");
    let refused = copy(&room, &source, "b.jsonl", &[0.5, 0.5], OnExisting::Replace).unwrap_err();
    assert!(refused.to_string().ends_with("a.jsonl` line 2: the object has the key `score_fair` twice"), "{refused}");
    // Others are nobody's business, and are kept.
    let source = room.source("c.jsonl", "{\"a\":1,\"a\":2}\n");
    let copied = copy(&room, &source, "d.jsonl", &[0.5], OnExisting::Refuse).unwrap();
    assert_eq!(copied, "{\"a\":1,\"a\":2,\"score_fair\":0.5}\n");
}

#[test]
fn a_key_is_the_same_key_with_escapes() {
    let room = Room::new();
    let source = room.source("a.jsonl", "{\"score\\u005ffair\":1,\"b\":2}\n");
    assert!(copy(&room, &source, "b.jsonl", &[0.5], OnExisting::Refuse).is_err());
    let replaced = copy(&room, &source, "b.jsonl", &[0.5], OnExisting::Replace).unwrap();
    assert_eq!(replaced, "{\"score\\u005ffair\":0.5,\"b\":2}\n");
}

#[test]
fn a_null_in_the_only_column_is_a_row() {
    let room = Room::new();
    let replaced = |source: &Source| copy(&room, source, "b.csv", &[f64::NAN, 0.5], OnExisting::Replace);
    assert_eq!(replaced(&room.source("a.csv", "score_fair\n1\n2\n")).unwrap(), "score_fair\n\"\"\n0.5\n");
    let dialect = Dialect { quotes: false, ..Dialect::default() };
    let source = Source::open_as(&room.path("a.csv"), None, &dialect).unwrap();
    assert!(matches!(replaced(&source), Err(DataError::NoField { .. })));
    let named = |name: &str| {
        let added = [Added { name, values: [1.0, 2.0].as_slice().into() }];
        write_with_columns(&source, &added, &Output::new(&room.path("c.csv")))
    };
    assert!(matches!(named("a,b"), Err(DataError::NoField { .. })));
    named("a \"b\"").unwrap();
    assert_eq!(fs::read_to_string(room.path("c.csv")).unwrap(), "score_fair,a \"b\"\n1,1\n2,2\n");
}

#[test]
fn a_column_is_replaced_by_the_habits_of_its_file() {
    let room = Room::new();
    let replaced = |text: &str, dialect: Dialect| {
        room.file("a.csv", text);
        let source = Source::open_as(&room.path("a.csv"), None, &dialect).unwrap();
        copy(&room, &source, "b.csv", &[0.5, -2.0], OnExisting::Replace).unwrap()
    };
    let spaced = Dialect { trim: true, ..Dialect::default() };
    let text = "id, \"score_fair\" ,x\n \"a,b\" , \"1\",2\n\"c\"\t, ,\t\"d,\"\"\"\n";
    assert_eq!(replaced(text, spaced), "id,score_fair,x\n \"a,b\" ,0.5,2\n\"c\"\t,-2,\t\"d,\"\"\"\n");
    let no_quotes = Dialect { quotes: false, ..Dialect::default() };
    assert_eq!(replaced("score_fair,x\n\"1,\"\n\"2,3\n", no_quotes), "score_fair,x\n0.5,\"\n-2,3\n");
    let decimal_comma = Dialect { decimal: Decimal::Comma, comment: Some(b'-'), ..Dialect::default() };
    assert_eq!(replaced("score_fair,x\n1,2\n3,\"4,5\"\n", decimal_comma), "score_fair,x\n\"0,5\",2\n\"-2\",\"4,5\"\n");
}

#[test]
fn csv_to_the_other_formats() {
    let room = Room::new();
    let text = "id,x\n007,\"a\tb\"\n,\"q\"\"\"\n";
    assert_eq!(
        append(&room, "a.csv", text, "b.tsv", &[0.5, 1.0]),
        "id\tx\tscore_fair\n007\t\"a\tb\"\t0.5\n\t\"q\"\"\"\t1\n"
    );
    let expected =
        "{\"id\":\"007\",\"x\":\"a\\tb\",\"score_fair\":0.5}\n{\"id\":null,\"x\":\"q\\\"\",\"score_fair\":null}\n";
    assert_eq!(append(&room, "a.csv", text, "b.jsonl", &[0.5, f64::NAN]), expected);
    append(&room, "a.csv", text, "b.parquet", &[0.5, f64::NAN]);
    let copy = Source::open(&room.path("b.parquet"), None).unwrap();
    assert_eq!(copy.columns(), ["id", "x", "score_fair"]);
    assert_eq!(rows(&copy, &["id", "score_fair"], 9).concat_rows(), ["007", "0.5", "∅", "∅"]);
}

#[test]
fn json_lines_to_the_other_formats() {
    let room = Room::new();
    let mut text = "{\"b\":true,\"i\":1,\"f\":1,\"t\":\"x\"}\n".repeat(1001);
    text.push_str("{\"i\":-2,\"f\":0.10,\"t\":5,\"late\":null}\n");
    let values = vec![0.25; 1002];
    let csv = append(&room, "a.jsonl", &text, "b.csv", &values);
    assert!(csv.starts_with("b,i,f,t,late,score_fair\ntrue,1,1,x,,0.25\n"));
    assert!(csv.ends_with("\n,-2,0.10,5,,0.25\n"));
    append(&room, "a.jsonl", &text, "b.parquet", &values);
    let copy = Source::open(&room.path("b.parquet"), None).unwrap();
    let batch = copy.read(copy.columns()).unwrap().next().unwrap().unwrap();
    let types: Vec<_> = batch.columns.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    use DataType::{Boolean, Float64, Int64, Utf8};
    assert_eq!(types, [Boolean, Int64, Float64, Utf8, Utf8, Float64]);
    let source = room.source("c.jsonl", "{\"a\":[1]}\n");
    let error = copy_error(&room, &source, "c.csv");
    assert!(matches!(error, DataError::Nested { line: 1, .. }), "{error}");
}

fn copy_error(room: &Room, source: &Source, target: &str) -> DataError {
    copy(room, source, target, &[1.0], OnExisting::Refuse).unwrap_err()
}

#[test]
fn parquet_columns_keep_their_types() {
    let room = Room::new();
    let decimals = Decimal128Array::from(vec![150, -1]).with_precision_and_scale(5, 2).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), None]))),
        ("f", Arc::new(Float32Array::from(vec![0.1, 1e10]))),
        ("b", Arc::new(BooleanArray::from(vec![true, false]))),
        ("t", Arc::new(StringArray::from(vec![Some("a,b"), None]))),
        ("d", Arc::new(decimals)),
    ];
    let source = Source::open(&room.parquet("a.parquet", columns), None).unwrap();
    let csv = copy(&room, &source, "b.csv", &[0.5, f64::NAN], OnExisting::Refuse).unwrap();
    assert_eq!(csv, "i,f,b,t,d,score_fair\n1,0.1,true,\"a,b\",1.50,0.5\n,10000000000,false,,-0.01,\n");
    let json = copy(&room, &source, "b.jsonl", &[0.5, f64::NAN], OnExisting::Refuse).unwrap();
    assert!(json.starts_with("{\"i\":1,\"f\":0.1,\"b\":true,\"t\":\"a,b\",\"d\":"), "{json}");
    copy(&room, &source, "b.parquet", &[0.5, f64::NAN], OnExisting::Refuse).unwrap();
    let again = Source::open(&room.path("b.parquet"), None).unwrap();
    let read = |source: &Source| source.read(source.columns()).unwrap().next().unwrap().unwrap().columns;
    let (before, after) = (read(&source), read(&again));
    assert_eq!(&after.columns()[..5], before.columns());
    assert_eq!(after.schema().fields()[..5], before.schema().fields()[..5]);
    assert_eq!(rows(&again, &["score_fair"], 9).concat_rows(), ["0.5", "∅"]);
}

#[test]
fn json_lists_stay_lists() {
    let room = Room::new();
    let text = " [\n {\"a\": \"x]\",\n  \"b\": [1]},\r\n {}]\n";
    let (list, lines) = ("[\n{\"a\": \"x]\",   \"b\": [1],\"score_fair\":1.0},\n{\"score_fair\":2.0}\n]\n", 2);
    assert_eq!(append(&room, "a.json", text, "b.json", &[1.0, 2.0]), list);
    assert_eq!(append(&room, "a.json", text, "b.jsonl", &[1.0, 2.0]).lines().count(), lines);
    assert_eq!(append(&room, "a.json", "[{\"a\":1}]", "b.csv", &[1.0]), "a,score_fair\n1,1\n");
}

#[test]
fn dialects_are_kept() {
    let room = Room::new();
    let dialect =
        Dialect { delimiter: Some(b';'), decimal: Decimal::Comma, header: Header::Numbers, ..Dialect::default() };
    let source = Source::open_as(&room.file("a.csv", "x;0,5\ny;\"1;\"\n"), None, &dialect).unwrap();
    assert_eq!(source.columns(), ["1", "2"]);
    let values = &[0.25, f64::NAN];
    assert_eq!(copy(&room, &source, "b.csv", values, OnExisting::Refuse).unwrap(), "x;0,5;0,25\ny;\"1;\";\n");
    let read = copy(&room, &source, "b.jsonl", values, OnExisting::Refuse).unwrap();
    assert!(read.starts_with("{\"1\":\"x\",\"2\":\"0.5\",\"score_fair\":0.25}\n"), "{read}");
}

#[test]
fn names_that_stand_twice_are_kept_where_the_format_allows() {
    let room = Room::new();
    let source = room.source("a.csv", "a,,a,\n1,2,3,4\n");
    assert_eq!(copy(&room, &source, "b.csv", &[0.5], OnExisting::Refuse).unwrap(), "a,,a,,score_fair\n1,2,3,4,0.5\n");
    let tabs = copy(&room, &source, "b.tsv", &[0.5], OnExisting::Refuse).unwrap();
    assert_eq!(tabs.lines().nth(1), Some("1\t2\t3\t4\t0.5"));
    for target in ["b.jsonl", "b.parquet"] {
        assert!(matches!(copy_error(&room, &source, target), DataError::DuplicateColumn { .. }), "{target}");
    }
    assert!(matches!(copy_error(&room, &source, "b.csv.gz"), DataError::PackedOutput { .. }));
}

#[test]
fn long_integers_of_json_keep_their_digits() {
    let room = Room::new();
    let text = "{\"i\":123456789012345678901234567890,\"f\":0.5}\n{\"i\":2,\"f\":9007199254740993}\n";
    copy(&room, &room.source("a.jsonl", text), "b.parquet", &[1.0, 2.0], OnExisting::Refuse).unwrap();
    let copy = Source::open(&room.path("b.parquet"), None).unwrap();
    let read = rows(&copy, &["i", "f"], 9);
    assert_eq!(read[0].1, ["123456789012345678901234567890", "0.5"]);
    assert_eq!(read[1].1, ["2", "9007199254740993"]);
}

#[test]
fn tables_without_rows() {
    let room = Room::new();
    let columns: Vec<(&str, ArrayRef)> = vec![("i", Arc::new(Int32Array::from(Vec::<i32>::new())))];
    let empty = Source::open(&room.parquet("a.parquet", columns), None).unwrap();
    assert_eq!(copy(&room, &empty, "b.csv", &[], OnExisting::Refuse).unwrap(), "i,score_fair\n");
    assert_eq!(copy(&room, &empty, "b.jsonl", &[], OnExisting::Refuse).unwrap(), "");
    copy(&room, &empty, "b.parquet", &[], OnExisting::Refuse).unwrap();
    assert_eq!(Source::open(&room.path("b.parquet"), None).unwrap().columns(), ["i", "score_fair"]);
    assert_eq!(append(&room, "c.csv", "a,b\n", "d.csv", &[]), "a,b,score_fair\n");
    append(&room, "c.csv", "a,b", "d.parquet", &[]);
}

trait ConcatRows {
    fn concat_rows(self) -> Vec<String>;
}

impl ConcatRows for Vec<(Option<u64>, Vec<String>)> {
    fn concat_rows(self) -> Vec<String> {
        self.into_iter().flat_map(|(_, row)| row).collect()
    }
}

/// Fields that try the grammar.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 .]{0,6}",
        "[\",;\t\r\n'é漢a]{0,8}",
        Just(String::new()),
        Just("\u{feff}".to_owned()),
        any::<String>().prop_map(|text| text.chars().take(20).collect()),
    ]
}

/// A file: the text of each record without its line end, the fields, and the line end.
fn file() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>, &'static str)> {
    (1..5usize).prop_flat_map(|width| {
        let record = prop::collection::vec(field(), width);
        let always = any::<bool>();
        (prop::collection::vec(record, 1..12), always, prop_oneof![Just("\n"), Just("\r\n")]).prop_map(
            |(records, always, end)| {
                let style = if always { ::csv::QuoteStyle::Always } else { ::csv::QuoteStyle::Necessary };
                let write = |record: &Vec<String>| {
                    let mut writer = ::csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
                    writer.write_record(record).unwrap();
                    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                    text.strip_suffix('\n').unwrap().to_owned()
                };
                (records.iter().map(write).collect(), records, end)
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn csv_round_trips((bodies, records, end) in file(), closed: bool) {
        let room = Room::new();
        let header: Vec<String> = (0..records[0].len()).map(|index| format!("c{index}")).collect();
        let mut text = header.join(",") + end;
        let mut expected = header.join(",") + ",score_fair" + end;
        let mut lines = Vec::new();
        for (row, body) in bodies.iter().enumerate() {
            lines.push(1 + text.replace("\r\n", "\n").matches(['\n', '\r']).count() as u64);
            let end = if closed || row + 1 < bodies.len() { end } else { "" };
            text += &format!("{body}{end}");
            expected += &format!("{body},{row}{end}");
        }
        let source = room.source("a.csv", &text);
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let read = rows(&source, &names, 3);
        let shown = |field: &String| if field.is_empty() { "∅".to_owned() } else { field.clone() };
        let wanted: Vec<_> = records.iter().zip(lines)
            .map(|(record, line)| (Some(line), record.iter().map(shown).collect::<Vec<_>>())).collect();
        prop_assert_eq!(read, wanted);
        let values: Vec<f64> = (0..bodies.len()).map(|row| row as f64).collect();
        prop_assert_eq!(copy(&room, &source, "b.csv", &values, OnExisting::Refuse).unwrap(), expected.clone());
        // Replacing what was added gives the same bytes once more.
        let again = Source::open(&room.path("b.csv"), None).unwrap();
        prop_assert_eq!(copy(&room, &again, "c.csv", &values, OnExisting::Replace).unwrap(), expected);
    }

    #[test]
    fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(
        prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'{'), Just(b'}'), any::<u8>()], 0..60),
        format in prop::sample::select(Format::ALL.to_vec()))
    {
        let room = Room::new();
        if let Ok(source) = Source::open(&room.file("a", bytes), Some(format)) {
            for batch in source.read(source.columns()).into_iter().flatten() {
                if let Err(error) = batch {
                    prop_assert!(!error.help().is_empty());
                }
            }
        }
    }
}

#[test]
fn a_copy_that_would_be_taken_for_something_else_is_not_written() {
    let room = Room::new();
    let name = "\u{14}\0\u{10}\0\u{e}\0\u{f}\0";
    let dialect = Dialect { trim: true, ..Dialect::default() };
    let path = room.file("a.csv", format!("{name}\t\t\t\t\t\t\t\t\t\n"));
    let source = Source::open_as(&path, None, &dialect).unwrap();
    assert_eq!(source.columns(), [name]);
    let added = [Added { name, values: [].as_slice().into() }];
    let copy = room.path("b.csv");
    let output = Output { existing: OnExisting::Replace, ..Output::new(&copy) };
    let error = write_with_columns(&source, &added, &output).unwrap_err();
    assert!(error.to_string().ends_with("would begin as UTF-16"), "{error}");
    assert!(!copy.exists());
}
