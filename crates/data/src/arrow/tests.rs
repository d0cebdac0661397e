//! Arrow IPC in and out.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int32Array,
    ListArray, RecordBatch, StringArray, StringViewArray, TimestampSecondArray,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_ipc::CompressionType;
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{Field, Schema};

use crate::tests::{Room, rows};
use crate::{Added, Column, DataError, Dialect, Format, Output, Source, TableStream, write_with_columns};

pub(super) const PACKINGS: [Option<CompressionType>; 3] =
    [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)];

/// Columns of many types, of three rows; the second is null in most.
pub(super) fn batch() -> RecordBatch {
    let ordered: DictionaryArray<Int8Type> = [Some("y"), None, Some("x")].into_iter().collect();
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None, Some(vec![])]);
    let decimals = Decimal128Array::from(vec![Some(150), None, Some(-1)]).with_precision_and_scale(5, 2).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), None, Some(-3)]))),
        ("f", Arc::new(Float64Array::from(vec![0.1, 1.0, f64::NAN]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("t", Arc::new(StringArray::from(vec![Some("ü"), None, Some("")]))),
        ("v", Arc::new(StringViewArray::from(vec![Some("a"), None, Some("longer than twelve bytes")]))),
        ("d", Arc::new(ordered)),
        ("m", Arc::new(TimestampSecondArray::from(vec![Some(0), None, Some(86_400)]))),
        ("n", Arc::new(decimals)),
        ("l", Arc::new(lists)),
    ];
    let fields = columns.iter().map(|(name, column)| {
        let noted = HashMap::from([("unit".to_owned(), (*name).to_owned())]);
        Field::new(*name, column.data_type().clone(), true).with_metadata(noted)
    });
    let schema = Schema::new_with_metadata(
        fields.collect::<Vec<_>>(),
        HashMap::from([("owner".to_owned(), "somebody".to_owned())]),
    );
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, column)| column).collect()).unwrap()
}

pub(super) fn written(batches: &[RecordBatch], packing: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(packing).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options).unwrap();
    writer.write_metadata("kept", "too");
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn file(room: &Room, name: &str, packing: Option<CompressionType>) -> PathBuf {
    room.file(name, written(&[batch(), batch(), batch().slice(0, 0)], packing))
}

fn read_back(path: &PathBuf) -> (Arc<Schema>, Vec<RecordBatch>, HashMap<String, String>) {
    let reader = FileReader::try_new(fs::File::open(path).unwrap(), None).unwrap();
    let (schema, pairs) = (reader.schema(), reader.custom_metadata().clone());
    (schema, reader.map(Result::unwrap).collect(), pairs)
}

#[test]
fn columns_keep_their_types() {
    let room = Room::new();
    let texts = |values: [&str; 8]| values.map(str::to_owned).to_vec();
    let one = [
        (None, texts(["y", "0.1", "1", "true", "ü", "a", "1970-01-01T00:00:00", "1.50"])),
        (None, texts(["∅", "1", "∅", "∅", "∅", "∅", "∅", "∅"])),
        (None, texts(["x", "NaN", "-3", "false", "", "longer than twelve bytes", "1970-01-02T00:00:00", "-0.01"])),
    ];
    for packing in PACKINGS {
        let source = Source::open(&file(&room, "a.feather", packing), None).unwrap();
        assert_eq!((source.format(), source.columns().len()), (Format::Arrow, 9));
        for size in [1, 2, 10] {
            let read = rows(&source, &["d", "f", "i", "b", "t", "v", "m", "n"], size);
            assert_eq!(read, [one.clone(), one.clone()].concat());
        }
        let none: [&str; 0] = [];
        assert_eq!(source.read(&none).unwrap().map(|batch| batch.unwrap().rows()).sum::<usize>(), 6);
        // Lists are refused where they are read.
        let lists = source.read(&["l"]).unwrap().next().unwrap().unwrap();
        assert!(matches!(lists.column(0), Err(DataError::UnsupportedType { .. })));
        let mut batches = source.read_by(&["i"], 1).unwrap();
        assert!(batches.by_ref().count() == 6 && batches.bytes_read() <= batches.total_bytes());
    }
}

#[test]
fn copies_keep_all_that_was_there() {
    let room = Room::new();
    for packing in PACKINGS {
        let path = file(&room, "a.arrow", packing);
        let source = Source::open(&path, None).unwrap();
        let target = room.path("b.ipc");
        let values = [0.5, f64::NAN, 1.0, 2.0, 3.0, 4.0];
        write_with_columns(&source, &[Added { name: "new", values: values.as_slice().into() }], &Output::new(&target))
            .unwrap();
        let ((old, before, pairs), (new, after, kept)) = (read_back(&path), read_back(&target));
        assert_eq!((new.metadata(), kept), (old.metadata(), pairs));
        assert_eq!(new.fields()[..9], old.fields()[..]);
        assert_eq!(before.len(), after.len());
        for (one, other) in before.iter().zip(&after) {
            let columns: Vec<usize> = (0..9).collect();
            assert_eq!(format!("{:?}", other.project(&columns).unwrap().columns()), format!("{:?}", one.columns()));
        }
        let added: Vec<_> = after
            .iter()
            .flat_map(|batch| {
                let column = batch.column(9).as_any().downcast_ref::<Float64Array>().unwrap().clone();
                (0..column.len()).map(move |row| column.is_valid(row).then(|| column.value(row))).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(added, [Some(0.5), None, Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
        let packed = |path: &PathBuf| fs::metadata(path).unwrap().len();
        assert!(packed(&target) < packed(&path) + 2000);
        let short = write_with_columns(
            &source,
            &[Added { name: "new", values: [1.0].as_slice().into() }],
            &Output::new(&target),
        );
        assert!(matches!(short, Err(DataError::RowCount { rows: 6, .. })));
    }
}

#[test]
fn other_formats_are_written_as_arrow_and_back() {
    let room = Room::new();
    let through = |source: &Source, first: &str, last: &str, values: &[f64]| {
        let (first, last) = (room.path(first), room.path(last));
        write_with_columns(source, &[Added { name: "x", values: values.into() }], &Output::new(&first)).unwrap();
        let arrow = Source::open(&first, None).unwrap();
        write_with_columns(&arrow, &[Added { name: "y", values: values.into() }], &Output::new(&last)).unwrap();
        String::from_utf8(fs::read(last).unwrap()).unwrap()
    };
    let csv = room.source("a.csv", "a,b\n007,\n\"x,\",0.10\n");
    assert_eq!(through(&csv, "b.arrow", "c.csv", &[1.0, f64::NAN]), "a,b,x,y\n007,,1,1\n\"x,\",0.10,,\n");
    let json = room.source("a.jsonl", "{\"a\":1,\"b\":true}\n{\"a\":-2,\"c\":\"z\"}\n");
    let expected =
        "{\"a\":1,\"b\":true,\"c\":null,\"x\":1.0,\"y\":1.0}\n{\"a\":-2,\"b\":null,\"c\":\"z\",\"x\":2.0,\"y\":2.0}\n";
    assert_eq!(through(&json, "b.arrow", "c.jsonl", &[1.0, 2.0]), expected);
    assert_eq!(through(&room.source("d.csv", "a\n"), "e.arrow", "e.csv", &[]), "a,x,y\n");
    // Dictionaries that differ by batch become values.
    let rows = 150_000;
    let texts: DictionaryArray<Int32Type> = (0..rows).map(|row| if row < 70_000 { "p" } else { "q" }).collect();
    let parquet = Source::open(&room.parquet("f.parquet", vec![("t", Arc::new(texts))]), None).unwrap();
    let text = through(&parquet, "g.arrow", "g.csv", &vec![0.5; rows]);
    assert_eq!((text.lines().nth(1), text.lines().last()), (Some("p,0.5,0.5"), Some("q,0.5,0.5")));
    // And Arrow is written as Parquet.
    let added = [Added { name: "x", values: [0.0; 6].as_slice().into() }];
    let target = room.path("h.parquet");
    let without_seconds = batch().project(&[0, 1, 2, 3, 4, 5, 7, 8]).unwrap();
    let bytes = written(&[without_seconds.clone(), without_seconds], None);
    let source = Source::open(&room.file("h.arrow", bytes), None).unwrap();
    write_with_columns(&source, &added, &Output::new(&target)).unwrap();
    let again = Source::open(&target, None).unwrap();
    let names = ["i", "f", "b", "t", "v", "d", "n"];
    assert_eq!(rows_of(&again, &names), rows_of(&source, &names));
    // Seconds would be bare numbers there.
    let source = Source::open(&file(&room, "s.arrow", None), None).unwrap();
    let error = write_with_columns(&source, &added, &Output::new(&target)).unwrap_err().to_string();
    assert!(error.contains("Parquet: it has no type for `m`, which is Timestamp(s)"), "{error}");
    // Nor for values without a byte, on which its writer ends.
    let empty: ArrayRef =
        Arc::new(FixedSizeBinaryArray::new(0, Buffer::from_vec(Vec::<u8>::new()), Some(NullBuffer::new_valid(6))));
    let bytes = written(&[RecordBatch::try_from_iter([("e", empty)]).unwrap()], None);
    let source = Source::open(&room.file("e.arrow", bytes), None).unwrap();
    let error = write_with_columns(&source, &added, &Output::new(&target)).unwrap_err().to_string();
    assert!(error.contains("Parquet: it has no type for `e`, which is FixedSizeBinary(0)"), "{error}");
}

fn rows_of(source: &Source, names: &[&str]) -> Vec<Vec<String>> {
    rows(source, names, 100).into_iter().map(|(_, row)| row).collect()
}

#[test]
fn what_is_no_file_of_arrow_is_named() {
    let room = Room::new();
    let error = |name: &str, content: &[u8]| {
        let error = Source::open(&room.file(name, content), None).unwrap_err();
        (error.to_string().replace(&format!("{}/", room.path("").display()).replace("//", "/"), ""), error.help())
    };
    let (message, help) = error("a.feather", b"FEA1....FEA1");
    assert!(message.contains("the first version of Feather") && help.contains("to_feather"), "{message} {help}");
    let (message, help) = error("a.arrow", b"PAR1....PAR1");
    assert!(message.ends_with("it begins as Parquet") && help.contains("--data-format parquet"), "{message} {help}");
    let (message, help) = error("a.csv", &written(&[batch()], None));
    assert!(message.ends_with("it begins as Arrow IPC") && help.contains("--data-format arrow"), "{message} {help}");
    assert!(error("a.arrow", b"a,b\n1,2\n").0.contains("not a readable Arrow IPC file"));
    assert!(matches!(Source::open(&room.file("a.arrow", b""), None), Err(DataError::Empty { .. })));
    let none = RecordBatch::new_empty(Arc::new(Schema::empty()));
    assert!(matches!(Source::open(&room.file("a.arrow", written(&[none], None)), None), Err(DataError::Empty { .. })));
    for (format, why) in [(Format::Arrow, "where its rows are"), (Format::Parquet, "what its columns are")] {
        let bytes = std::io::Cursor::new(written(&[batch()], None));
        let error = TableStream::open("a", Box::new(bytes), format, &Dialect::default()).err().unwrap();
        assert!(matches!(error, DataError::NoStream { .. }));
        let start = format!("`a` is {format}, which cannot be read as a stream: {why}");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}

/// Reads every column of a table and copies it; what cannot be read is an error.
pub(super) fn try_all(room: &Room, extension: &str, bytes: &[u8]) {
    let Ok(source) = Source::open(&room.file(&format!("m.{extension}"), bytes), None) else { return };
    for batch in source.read(source.columns()).into_iter().flatten() {
        let Ok(batch) = batch else { break };
        for array in batch.columns.columns() {
            if let Ok(column) = Column::new(array) {
                column.visit_numbers(|_, _| ());
            }
        }
    }
    let target = room.path(&format!("n.{extension}"));
    if let Err(error) =
        write_with_columns(&source, &[Added { name: "new", values: [0.5; 6].as_slice().into() }], &Output::new(&target))
    {
        assert!(!error.help().is_empty());
    }
}

#[test]
fn damaged_files_are_tables_or_errors() {
    let room = Room::new();
    for packing in PACKINGS {
        let bytes = written(&[batch(), batch()], packing);
        for cut in (0..bytes.len()).step_by(64) {
            try_all(&room, "arrow", &bytes[..cut]);
            assert!(Source::open(&room.file("o.arrow", &bytes[..cut]), None).is_err());
        }
        let mut changed = bytes.clone();
        for at in (0..bytes.len()).step_by(23) {
            changed[at] ^= [0x01, 0x80, 0xff][at % 3];
            try_all(&room, "arrow", &changed);
            changed[at] = bytes[at];
        }
    }
}

#[test]
fn packed_buffers_that_would_fill_the_memory_are_refused() {
    let room = Room::new();
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.5; 1000]));
    let bytes = written(&[RecordBatch::try_from_iter([("a", numbers)]).unwrap()], Some(CompressionType::ZSTD));
    // The length of what a packed buffer unpacks to stands before it.
    let length = 8000_i64.to_le_bytes();
    let at = bytes.windows(8).position(|window| window == length).unwrap();
    for wrong in [1_i64 << 40, 1 << 31, -2] {
        let mut changed = bytes.clone();
        changed[at..at + 8].copy_from_slice(&wrong.to_le_bytes());
        let source = Source::open(&room.file("a.arrow", changed), None).unwrap();
        let error = source.read(&["a"]).unwrap().next().unwrap().unwrap_err();
        assert!(matches!(error, DataError::Damaged { format: "Arrow IPC", .. }), "{error}");
    }
}

#[test]
fn decimals_with_more_digits_than_their_type_are_refused() {
    let room = Room::new();
    let decimals = |value| Decimal128Array::from(vec![value]).with_precision_and_scale(9, 2).unwrap();
    let open = |value: i128| {
        let batch = RecordBatch::try_from_iter([("d", Arc::new(decimals(value)) as ArrayRef)]).unwrap();
        let source = Source::open(&room.file("d.arrow", written(&[batch], None)), None).unwrap();
        source.read(&["d"]).unwrap().next().unwrap().map(|batch| batch.rows())
    };
    assert_eq!(open(999_999_999).unwrap(), 1);
    // A copy in four bytes was 0.00.
    assert!(matches!(open(25_769_803_776), Err(DataError::Damaged { .. })));
}
