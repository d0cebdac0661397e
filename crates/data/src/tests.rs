//! Reading tables, format by format.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray, types::Int32Type,
};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A directory for one test, with files in it.
pub(super) struct Room(TempDir);

impl Room {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::File::create(&path).unwrap().write_all(content.as_ref()).unwrap();
        path
    }

    pub fn source(&self, name: &str, content: impl AsRef<[u8]>) -> Source {
        Source::open(&self.file(name, content), None).unwrap()
    }

    pub fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.path(name);
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
        let mut writer = ArrowWriter::try_new(fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }
}

/// All rows as text, `∅` for null, with their lines.
pub(super) fn rows(source: &Source, columns: &[&str], batch: usize) -> Vec<(Option<u64>, Vec<String>)> {
    let mut out = Vec::new();
    for batch in source.read_by(columns, batch).unwrap() {
        let batch = batch.unwrap();
        assert_eq!(batch.first_row, out.len());
        let columns: Vec<Column> = (0..columns.len()).map(|index| batch.column(index).unwrap()).collect();
        for row in 0..batch.rows() {
            let show = |value: Value<'_>| if value.is_null() { "∅".into() } else { value.to_string() };
            out.push((batch.line(row), columns.iter().map(|column| show(column.value(row))).collect()));
        }
    }
    out
}

fn first_error(source: &Source, columns: &[&str]) -> DataError {
    match source.read(columns) {
        Ok(mut batches) => batches.find_map(Result::err).expect("an error"),
        Err(error) => error,
    }
}

fn open_error(room: &Room, name: &str, content: impl AsRef<[u8]>) -> DataError {
    Source::open(&room.file(name, content), None).unwrap_err()
}

/// The message with the directory of the test cut out.
fn message(room: &Room, error: &DataError) -> String {
    assert!(!error.help().is_empty());
    error.to_string().replace(&format!("{}/", room.0.path().display()), "")
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn csv_is_text_as_written() {
    let room = Room::new();
    let source = room.source("a.csv", "\u{feff}id,name, age\r\n007,\"a, \"\"b\"\"\",\r\n0.10,, x \r\n");
    assert_eq!(source.columns(), ["id", "name", " age"]);
    let expected = [(Some(2), strings(&["007", "a, \"b\"", "∅"])), (Some(3), strings(&["0.10", "∅", " x "]))];
    assert_eq!(rows(&source, &["id", "name", " age"], 10), expected);
    assert_eq!(rows(&source, &[" age", "id", "id"], 1)[1].1, [" x ", "0.10", "0.10"]);
}

#[test]
fn csv_lines_are_those_of_the_file() {
    let room = Room::new();
    for end in ["\n", "\r\n", "\r"] {
        let text = "\na,b\n1,\"x\ny\n\nz\"\n\n\n2,\"\"\n3,q".replace('\n', end);
        let source = room.source("a.csv", text);
        for batch in [1, 2, 10] {
            let lines: Vec<_> = rows(&source, &["a"], batch).into_iter().map(|(line, _)| line.unwrap()).collect();
            assert_eq!(lines, [3, 9, 10], "{end:?}");
        }
    }
}

#[test]
fn places_are_lines_or_rows() {
    let room = Room::new();
    let second = |source: &Source| {
        let batch = source.read_by(&["a"], 1).unwrap().nth(1).unwrap().unwrap();
        batch.place(0).to_string()
    };
    assert_eq!(second(&room.source("a.csv", "a\n1\n\n2\n")), "line 4");
    let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    assert_eq!(second(&Source::open(&room.parquet("a.parquet", vec![("a", column)]), None).unwrap()), "row 2");
}

#[test]
fn csv_without_rows_or_columns() {
    let room = Room::new();
    assert_eq!(rows(&room.source("a.csv", "a,b"), &["b"], 10), []);
    assert!(matches!(open_error(&room, "b.csv", ""), DataError::Empty { .. }));
    assert!(matches!(open_error(&room, "c.csv", "\u{feff}\n\n"), DataError::Empty { .. }));
    let none: [&str; 0] = [];
    let source = room.source("d.csv", "a,b\n1,2\n3,4\n");
    assert_eq!(source.read(&none).unwrap().map(|batch| batch.unwrap().rows()).sum::<usize>(), 2);
}

#[test]
fn csv_errors_name_the_place() {
    let room = Room::new();
    let error = |text: &[u8]| message(&room, &first_error(&room.source("a.csv", text), &["b"]));
    assert_eq!(error(b"a,b\n1,2\n1,2,3\n"), "`a.csv` line 3: expected 2 fields as in the header, found 3");
    assert_eq!(error(b"a,b\n\"\n\",2\n1\n"), "`a.csv` line 4: expected 2 fields as in the header, found 1");
    assert_eq!(error(b"a,b\n1,2\n1,\xff\n"), "`a.csv` line 3: the value of `b` is not UTF-8");
    assert_eq!(error(b"a,b\n1,2\n\n1,\"x\n\n"), "`a.csv` line 4: a quote is opened in this record and never closed");
    // One character split over two fields is no text, though the bytes together are.
    assert_eq!(error(b"a,b\n1,\xc3\n2,\xa9\n"), "`a.csv` line 2: the value of `b` is not UTF-8");
    let open = |text: &[u8]| message(&room, &open_error(&room, "a.csv", text));
    let twice = room.source("a.csv", "x,b,x\n1,2,3\n");
    let error = twice.read(&["x"]).err().unwrap();
    assert_eq!(message(&room, &error), "`a.csv` has two columns named `x`: column 1 and column 3");
    assert_eq!(rows(&twice, &["b"], 10)[0].1, ["2"]);
    assert_eq!(open(b"a,\xff\n"), "`a.csv` line 1: the text is not UTF-8");
    // What is not read need not be text.
    assert_eq!(rows(&room.source("a.csv", b"a,b\n\xff,2\n"), &["b"], 10)[0].1, ["2"]);
}

#[test]
fn csv_columns_that_are_not_there() {
    let room = Room::new();
    let error = room.source("a.csv", "a,b\n").read(&["c"]).err().unwrap();
    assert_eq!(message(&room, &error), "`a.csv` has no column `c`");
    assert_eq!(error.help(), "its columns are `a`, `b`");
    let error = room.source("a.csv", "a;b\n1;2\n").read(&["a"]).err().unwrap();
    assert!(error.help().contains("--delimiter ';'"), "{}", error.help());
}

#[test]
fn csv_fields_larger_than_the_buffer() {
    let room = Room::new();
    let huge = "x\"\"\n".repeat(700_000);
    let source = room.source("a.csv", format!("a,b\n1,\"{huge}\"\n2,y\n"));
    let rows = rows(&source, &["b"], 10);
    assert_eq!(rows[0].1[0].len(), 3 * 700_000);
    assert_eq!(rows[1], (Some(700_003), strings(&["y"])));
    let endless = room.source("b.csv", format!("a,b\n1,\"{}", "x".repeat(1 << 27)));
    assert!(matches!(first_error(&endless, &["b"]), DataError::RecordTooLong { line: 2, .. }));
}

#[test]
fn text_after_a_closing_quote_is_an_error() {
    let room = Room::new();
    let error = |text: &str| message(&room, &first_error(&room.source("a.csv", text), &["b"]));
    let stray = "text follows a closing quote";
    assert_eq!(error("a,b\n1,\"x\" y\n"), format!("`a.csv` line 2: {stray}"));
    assert_eq!(error("a,b\r1,2\r1,\"x\"y"), format!("`a.csv` line 3: {stray}"));
    let swallowed = "a,b\n1,\"tall\n2,ok\n3,\"short\"\n4,ok\n";
    assert_eq!(error(swallowed), format!("`a.csv` line 4: {stray}, in a record that starts on line 2"));
    let texts = |text: &str| {
        rows(&room.source("a.csv", text), &["b"], 9).into_iter().map(|(_, row)| row[0].clone()).collect::<Vec<_>>()
    };
    assert_eq!(texts("a,b\n1,x\"y\n\"\",\"a\"\"\"\n\"\"\"\",\n"), ["x\"y", "a\"", "∅"]);
}

#[test]
fn comments_and_quotes_are_as_the_dialect_says() {
    let room = Room::new();
    let dialect = Dialect {
        comment: Some(b'|'),
        quotes: false,
        trim: true,
        nulls: vec!["?".into()],
        header: Header::Names(strings(&["a", "b"])),
        ..Dialect::default()
    };
    let path = room.file("a.data", "|x,y,z\n1, \"q\n\n|\n2, ?\n|end");
    let source = Source::open_as(&path, None, &dialect).unwrap();
    assert_eq!(rows(&source, &["a", "b"], 9), [(Some(2), strings(&["1", "\"q"])), (Some(5), strings(&["2", "∅"]))]);
    let none = Dialect { header: Header::Names(strings(&["a"])), ..dialect };
    assert!(matches!(Source::open_as(&path, None, &none), Err(DataError::NamesGiven { found: 2, .. })));
    assert!(matches!(Source::open_as(&room.file("a.jsonl", "{}"), None, &none), Err(DataError::NoDialects { .. })));
}

#[test]
fn packed_files_are_read() {
    use std::io::Write;
    let room = Room::new();
    let packed = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    // Two members in one file, as `cat` makes them.
    let source = room.source("a.csv.gz", [packed("a,b\n1,2\n"), packed("3,4\n")].concat());
    assert_eq!(rows(&source, &["b"], 9), [(Some(2), strings(&["2"])), (Some(3), strings(&["4"]))]);
    assert_eq!(rows(&room.source("a.jsonl.gz", packed("[{\"a\":1}]")), &["a"], 9).len(), 1);
    assert!(matches!(open_error(&room, "b.csv", packed("a\n1\n")), DataError::OtherFormat { found: "gzip", .. }));
    let cut = room.source("c.csv.gz", &packed(&"a,b\n1,2\n".repeat(999))[..40]);
    assert!(matches!(first_error(&cut, &["a"]), DataError::Read { .. }));
}

#[test]
fn json_lists_are_tables() {
    let room = Room::new();
    let source = room.source("a.json", "\u{feff}[\n{\"a\": \"x\",\n\"b\": [1, {}]},\n\n {\"a\": \"],\\\"\"}\n]\n");
    assert_eq!(rows(&source, &["a"], 1), [(Some(2), strings(&["x"])), (Some(5), strings(&["],\""]))]);
    let error = |text: &str| message(&room, &open_error(&room, "b.json", text));
    assert!(error("[{\"a\":1},\n{\"a\":2}").ends_with("the list is not closed"));
    assert!(error("[{\"a\":1},]").ends_with("a value is missing in the list"));
    assert!(error("[{\"a\":1}]\n[]").ends_with("line 2, column 1: invalid JSON: text follows the list"));
    assert!(error("[{\"a\":1},\n2]").ends_with("line 2: expected an object, found a number"));
    assert!(matches!(open_error(&room, "c.json", "[]"), DataError::Empty { .. }));
}

#[test]
fn tsv_has_tabs() {
    let room = Room::new();
    let source = room.source("a.tsv", "a\tb\n1,5\t2\n");
    assert_eq!(rows(&source, &["b", "a"], 10)[0].1, ["2", "1,5"]);
}

#[test]
fn progress_reaches_the_end() {
    let room = Room::new();
    let source = room.source("a.csv", "a\n1\n2\n3\n");
    let mut batches = source.read_by(&["a"], 1).unwrap();
    assert_eq!((batches.bytes_read(), batches.total_bytes()), (2, 8));
    batches.next();
    assert_eq!(batches.bytes_read(), 4);
    assert_eq!(batches.by_ref().count(), 2);
    assert_eq!(batches.bytes_read(), 8);
}

#[test]
fn formats_by_extension() {
    let room = Room::new();
    assert_eq!(Format::of_path("x/y.CSV".as_ref()).unwrap(), Format::Csv);
    assert_eq!(Format::of_path("y.ndjson".as_ref()).unwrap(), Format::JsonLines);
    let error = open_error(&room, "a.csv.gz", "x");
    assert_eq!(message(&room, &error), "`a.csv.gz` is not gzip: it begins as plain text");
    let error = open_error(&room, "a.parquet.gz", "x");
    assert_eq!(message(&room, &error), "cannot tell the format of `a.parquet.gz`: unknown extension `.gz`");
    let error = open_error(&room, "a.csv.zip", "x");
    assert!(error.help().starts_with("unpack it first; the known extensions are .csv"), "{}", error.help());
    let error = open_error(&room, "data", "x");
    assert_eq!(message(&room, &error), "cannot tell the format of `data`: it has no extension");
    assert!(matches!(Source::open(&room.path("no.csv"), None), Err(DataError::NotFound { .. })));
    assert!(matches!(Source::open(room.0.path(), None), Err(DataError::Folder { .. })));
    let source = Source::open(&room.file("data", "a\n1\n"), Some(Format::Csv)).unwrap();
    assert_eq!(source.columns(), ["a"]);
    assert!("xls".parse::<Format>().unwrap_err().contains("csv, tsv, parquet, jsonl"));
}

#[test]
fn texts_in_memory_are_as_files() {
    let text: Arc<[u8]> = Arc::from(b"a,b\n1,x\n2,y\n".as_slice());
    let source = Source::in_memory("here.csv", text.clone(), Format::Csv, &Dialect::default()).unwrap();
    assert_eq!((source.name(), source.size(), source.columns()), ("here.csv", 12, strings(&["a", "b"]).as_slice()));
    for _ in 0..2 {
        let places: Vec<String> = source
            .read(&["b"])
            .unwrap()
            .flat_map(|batch| {
                let batch = batch.unwrap();
                (0..batch.rows()).map(|row| batch.place(row).to_string()).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(places, ["line 2", "line 3"]);
    }
    assert_eq!(source.hash().unwrap(), blake3::hash(&text));
    let empty = Source::in_memory("here.csv", Arc::from([]), Format::Csv, &Dialect::default()).unwrap_err();
    assert!(matches!(empty, DataError::Empty { .. }), "{empty}");
    // Formats that look here and there read files.
    let whole = Source::in_memory("here.parquet", text, Format::Parquet, &Dialect::default()).unwrap_err();
    assert!(matches!(whole, DataError::Read { .. }), "{whole}");
}

#[test]
fn streams_are_read_more_than_once() {
    let source = Source::from_stream("standard input", &b"a\n1\n2\n"[..], Format::Csv).unwrap();
    let copy = source.clone();
    drop(source);
    assert_eq!(rows(&copy, &["a"], 10), rows(&copy, &["a"], 1));
    assert_eq!(copy.hash().unwrap(), blake3::hash(b"a\n1\n2\n"));
}

#[test]
fn json_values_are_text_or_booleans() {
    let room = Room::new();
    let text = "\n{\"a\": \"007\", \"b\": true, \"c\": 0.10}\r\n\n{\"c\": 1e3, \"b\": null, \"d\": [1]}\n{\"a\":\"x\\ny\",\"b\":false}";
    let source = room.source("a.jsonl", text);
    assert_eq!(source.columns(), ["a", "b", "c", "d"]);
    let expected = [
        (Some(2), strings(&["007", "true", "0.10"])),
        (Some(4), strings(&["∅", "∅", "1e3"])),
        (Some(5), strings(&["x\ny", "false", "∅"])),
    ];
    for batch in [1, 2, 10] {
        assert_eq!(rows(&source, &["a", "b", "c"], batch), expected);
    }
    let batch = source.read(&["b"]).unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(0).unwrap().value(0), Value::Bool(true));
    let none: [&str; 0] = [];
    assert_eq!(source.read(&none).unwrap().next().unwrap().unwrap().rows(), 3);
}

#[test]
fn json_booleans_that_turn_out_to_be_something_else() {
    let room = Room::new();
    let mut text = "{\"a\":true}\n".repeat(JSON_SAMPLE);
    text.push_str("{\"a\":2}\n");
    let rows = rows(&room.source("a.jsonl", text), &["a"], 400);
    assert_eq!((rows[0].1[0].as_str(), rows[JSON_SAMPLE].1[0].as_str()), ("true", "2"));
}

#[test]
fn json_errors_name_the_line() {
    let room = Room::new();
    let good = "{\"a\":1}\n".repeat(JSON_SAMPLE);
    for sampled in [true, false] {
        let error = |line: &str| {
            let before = if sampled { "{\"a\":1}\n" } else { &good };
            let path = room.file("a.jsonl", format!("{before}\n{line}\n"));
            let error = Source::open(&path, None).map(|source| first_error(&source, &["a"])).unwrap_or_else(|e| e);
            let line = before.lines().count() + 2;
            message(&room, &error).replace(&format!("line {line}"), "line N")
        };
        assert_eq!(error("{\"a\":1"), "`a.jsonl` line N, column 6: invalid JSON: EOF while parsing an object");
        assert_eq!(error("{\"a\":NaN}"), "`a.jsonl` line N, column 6: invalid JSON: NaN or Infinity is not JSON");
        assert_eq!(error("[1]"), "`a.jsonl` line N: expected an object, found a list");
        assert_eq!(error("{\"a\":[1]}"), "`a.jsonl` line N: `a` holds a list, not a plain value");
        assert!(error("{\"a\":1} {\"a\":2}").contains("trailing characters"));
        assert!(error("{\"a\":\n1}").contains("line N, column"));
    }
    let mut bytes = good.into_bytes();
    bytes.extend(b"{\"a\":\"\xff\"}\n");
    let error = first_error(&room.source("a.jsonl", bytes), &["a"]);
    assert!(matches!(error, DataError::NotUtf8 { line: 1001, .. }), "{error}");
    assert!(matches!(open_error(&room, "b.jsonl", "\n\n"), DataError::Empty { .. }));
}

#[test]
fn parquet_keeps_its_types() {
    let room = Room::new();
    let dictionary: DictionaryArray<Int32Type> = [Some("x"), None, Some("x")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), None, Some(-3)]))),
        ("f", Arc::new(Float64Array::from(vec![0.1, 1.0, f64::NAN]))),
        ("b", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("d", Arc::new(dictionary)),
    ];
    let path = room.parquet("a.parquet", columns);
    let source = Source::open(&path, None).unwrap();
    assert_eq!(source.columns(), ["i", "f", "b", "d"]);
    let expected = [
        (None, strings(&["x", "0.1", "1", "true"])),
        (None, strings(&["∅", "1", "∅", "false"])),
        (None, strings(&["x", "NaN", "-3", "true"])),
    ];
    assert_eq!(rows(&source, &["d", "f", "i", "b"], 2), expected);
    let none: [&str; 0] = [];
    assert_eq!(source.read(&none).unwrap().next().unwrap().unwrap().rows(), 3);
}

#[test]
fn parquet_that_is_damaged() {
    let room = Room::new();
    let path = room.parquet("a.parquet", vec![("i", Arc::new(Int32Array::from(vec![1; 1000])))]);
    let bytes = fs::read(&path).unwrap();
    for cut in [1, 10, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(open_error(&room, "b.parquet", &bytes[..cut]), DataError::Damaged { .. }));
    }
    let mut broken = bytes.clone();
    broken[4..40].fill(0xee);
    let source = room.source("c.parquet", &broken);
    assert!(matches!(first_error(&source, &["i"]), DataError::Damaged { .. }));
    let error = open_error(&room, "d.parquet", "a,b\n1,2\n and some more text\n");
    assert!(message(&room, &error).starts_with("`d.parquet` is not a readable Parquet file: "));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parquet_with_bytes_changed_is_a_table_or_an_error(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
        let room = Room::new();
        let text: Vec<String> = (0..200).map(|row| format!("v{}", row % 7)).collect();
        let path = room.parquet("a.parquet", vec![
            ("i", Arc::new(Int32Array::from_iter((0..200).map(|row| (row % 3 > 0).then_some(row))))),
            ("t", Arc::new(StringArray::from(text))),
        ]);
        let mut bytes = fs::read(&path).unwrap();
        let length = bytes.len();
        for (place, byte) in changes {
            bytes[place as usize % length] = byte;
        }
        if let Ok(source) = Source::open(&room.file("b.parquet", bytes), None) {
            for batch in source.read(source.columns()).into_iter().flatten() {
                let Ok(batch) = batch else { break };
                for array in batch.columns.columns() {
                    Column::new(array).unwrap().visit_numbers(|_, _| ());
                }
            }
        }
    }
}
