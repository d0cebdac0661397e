//! Streams of Arrow IPC in and out.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use arrow_schema::Schema;

use super::tests::{PACKINGS, batch, try_all, written};
use crate::tests::{Room, rows};
use crate::{Added, DataError, Dialect, Format, Output, Source, TableStream, write_with_columns};

/// What stands at the end of a stream.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

fn streamed(batches: &[RecordBatch], options: IpcWriteOptions) -> Vec<u8> {
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn packed(packing: Option<CompressionType>) -> IpcWriteOptions {
    IpcWriteOptions::default().try_with_compression(packing).unwrap()
}

fn read_back(path: &Path) -> (Arc<Schema>, Vec<RecordBatch>) {
    let reader = StreamReader::try_new(fs::File::open(path).unwrap(), None).unwrap();
    (reader.schema(), reader.map(Result::unwrap).collect())
}

fn texts(source: &Source, names: &[&str]) -> Vec<Vec<String>> {
    rows(source, names, 2).into_iter().map(|(_, row)| row).collect()
}

/// A column of texts in batches, each with a dictionary of its own.
fn by_dictionary(batches: &[&[&str]]) -> Vec<RecordBatch> {
    let one = |texts: &&[&str]| {
        let column: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        RecordBatch::try_from_iter([("t", Arc::new(column) as _)]).unwrap()
    };
    batches.iter().map(one).collect()
}

#[test]
fn a_stream_has_the_rows_of_the_file_with_its_batches() {
    let room = Room::new();
    let names = ["d", "f", "i", "b", "t", "v", "m", "n"];
    let batches = [batch(), batch().slice(0, 0), batch()];
    let file = Source::open(&room.file("a.arrow", written(&batches, None)), None).unwrap();
    for packing in PACKINGS {
        let source = Source::open(&room.file("a.arrows", streamed(&batches, packed(packing))), None).unwrap();
        assert_eq!((source.format(), source.columns()), (Format::ArrowStream, file.columns()));
        assert_eq!(texts(&source, &names), texts(&file, &names));
        let mut read = source.read_by(&["i"], 1).unwrap();
        assert!(read.by_ref().count() == 6 && read.bytes_read() <= read.total_bytes());
    }
}

#[test]
fn copies_keep_schema_batches_and_dictionaries() {
    let room = Room::new();
    let (old, new) = (room.path("a.arrows"), room.path("b.arrows"));
    let copy = |values: &[f64]| {
        let added = [Added { name: "new", values: values.into() }];
        write_with_columns(&Source::open(&old, None).unwrap(), &added, &Output::new(&new))
    };
    for packing in PACKINGS {
        room.file("a.arrows", streamed(&[batch(), batch()], packed(packing)));
        copy(&[0.5, f64::NAN, 1.0, 2.0, 3.0, 4.0]).unwrap();
        let ((schema, before), (wider, after)) = (read_back(&old), read_back(&new));
        assert_eq!((wider.metadata(), &wider.fields()[..9]), (schema.metadata(), &schema.fields()[..]));
        let kept: Vec<RecordBatch> =
            after.iter().map(|batch| batch.project(&(0..9).collect::<Vec<_>>()).unwrap()).collect();
        // As text, where a NaN is like another.
        assert_eq!(format!("{kept:?}"), format!("{before:?}"));
        assert!(matches!(copy(&[1.0]), Err(DataError::RowCount { rows: 6, .. })));
    }
}

#[test]
fn a_dictionary_holds_until_another_takes_its_place() {
    let room = Room::new();
    let batches = by_dictionary(&[&["p", "q"], &["q", "r"], &["q", "r", "s"]]);
    let expected = ["p", "q", "q", "r", "q", "r", "s"].map(|text| vec![text.to_owned()]);
    for handling in [DictionaryHandling::Resend, DictionaryHandling::Delta] {
        let options = IpcWriteOptions::default().with_dictionary_handling(handling);
        let source = Source::open(&room.file("a.arrows", streamed(&batches, options)), None).unwrap();
        assert_eq!(texts(&source, &["t"]), expected);
        let target = room.path("b.arrows");
        write_with_columns(&source, &[Added { name: "x", values: [0.5; 7].as_slice().into() }], &Output::new(&target))
            .unwrap();
        assert_eq!(texts(&Source::open(&target, None).unwrap(), &["t"]), expected);
    }
}

#[test]
fn other_formats_become_streams_and_streams_become_them() {
    let room = Room::new();
    let through = |source: &Source, between: &str, last: &str| {
        let (between, last) = (room.path(between), room.path(last));
        let added = |name| [Added { name, values: [1.0, f64::NAN].as_slice().into() }];
        write_with_columns(source, &added("x"), &Output::new(&between)).unwrap();
        write_with_columns(&Source::open(&between, None).unwrap(), &added("y"), &Output::new(&last)).unwrap();
        last
    };
    let csv = room.source("a.csv", "a,b\n007,\n\"x,\",0.10\n");
    let text = fs::read_to_string(through(&csv, "b.arrows", "c.csv")).unwrap();
    assert_eq!(text, "a,b,x,y\n007,,1,1\n\"x,\",0.10,,\n");
    for between in ["d.arrow", "d.parquet", "d.jsonl"] {
        let last = through(&csv, between, "e.arrows");
        let (schema, _) = read_back(&last);
        assert_eq!(schema.fields().len(), 4, "{between}");
        let last = texts(&Source::open(&last, None).unwrap(), &["a", "y"]);
        assert_eq!(last, [["007", "1"], ["x,", "∅"]], "{between}");
    }
}

#[test]
fn what_is_no_whole_stream_is_named() {
    let room = Room::new();
    let error = |name: &str, content: &[u8]| {
        let error = Source::open(&room.file(name, content), None).unwrap_err();
        (error.to_string(), error.help())
    };
    let stream = streamed(&[batch()], IpcWriteOptions::default());
    assert!(stream.ends_with(&END));
    for (name, content, message, option) in [
        ("a.arrow", stream.clone(), "is not Arrow IPC: it begins as streamed Arrow IPC", "--data-format arrows"),
        ("a.csv", stream.clone(), "it begins as streamed Arrow IPC", "--data-format arrows"),
        ("a.arrows", written(&[batch()], None), "it begins as Arrow IPC", "--data-format arrow`"),
    ] {
        let (found, help) = error(name, &content);
        assert!(found.ends_with(message) && help.contains(option), "{found} {help}");
    }
    assert!(error("a.arrows", b"a,b\n1,2\n").0.contains("it does not begin as one"));
    // Rows would be missed.
    assert!(error("a.arrows", &stream[..stream.len() - 8]).0.contains("it is cut off"));
    assert!(error("a.arrows", &[stream.as_slice(), &stream].concat()).0.contains("something follows its end"));
    assert!(error("a.arrows", &END).0.contains("it has no schema"));
    let none = RecordBatch::new_empty(Arc::new(Schema::empty()));
    let none = room.file("n.arrows", streamed(&[none], IpcWriteOptions::default()));
    assert!(matches!(Source::open(&none, None), Err(DataError::Empty { .. })));
    let bytes = std::io::Cursor::new(stream);
    let error = TableStream::open("a", Box::new(bytes), Format::ArrowStream, &Dialect::default()).err().unwrap();
    assert!(error.to_string().contains("its rows come in batches"), "{error}");
}

#[test]
fn damaged_streams_are_tables_or_errors() {
    let room = Room::new();
    for packing in PACKINGS {
        let bytes = streamed(&[batch(), batch()], packed(packing));
        for cut in (0..bytes.len()).step_by(8) {
            try_all(&room, "arrows", &bytes[..cut]);
            assert!(Source::open(&room.file("o.arrows", &bytes[..cut]), None).is_err());
        }
        let mut changed = bytes.clone();
        for at in (0..bytes.len()).step_by(7) {
            changed[at] ^= [0x01, 0x80, 0xff][at % 3];
            try_all(&room, "arrows", &changed);
            changed[at] = bytes[at];
        }
    }
}
