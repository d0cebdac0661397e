//! Folders of Parquet files: as one table, and their copies.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int32Array, NullArray, StringArray};
use proptest::prelude::*;

use crate::tests::{Room, rows};
use crate::write::{Added, OnExisting, Output, write_with_columns};
use crate::{DataError, Dialect, Format, NoTable, Source};

/// Files of a folder, each with these numbers.
fn folder(room: &Room, files: &[(&str, &[i32])]) -> std::path::PathBuf {
    fs::create_dir_all(room.path("people")).unwrap();
    for (name, numbers) in files {
        let text = numbers.iter().map(|number| (number % 3 > 0).then(|| format!("t{number}")));
        let text: ArrayRef = Arc::new(text.collect::<StringArray>());
        let numbers: ArrayRef = Arc::new(Int32Array::from(numbers.to_vec()));
        room.parquet(&format!("people/{name}"), vec![("a", numbers), ("b", text)]);
    }
    room.path("people")
}

fn open(path: &Path) -> Source {
    Source::open(path, None).unwrap()
}

fn texts(source: &Source, columns: &[&str]) -> Vec<Vec<String>> {
    rows(source, columns, 3).into_iter().map(|(_, values)| values).collect()
}

fn why(path: &Path) -> String {
    let error = Source::open(path, None).unwrap_err();
    assert!(!error.help().is_empty());
    error.to_string().split_once(": ").unwrap().1.to_owned()
}

fn added<'a>(values: &'a [f64]) -> [Added<'a>; 1] {
    [Added { name: "c", values: values.into() }]
}

#[test]
fn files_are_one_table_in_the_order_of_their_names() {
    let room = Room::new();
    let path = folder(&room, &[("b.parquet", &[3, 4]), ("a.pq", &[1]), ("c.PARQUET", &[]), ("d.parquet", &[5, 6, 7])]);
    room.file("people/_SUCCESS", "");
    room.file("people/.a.pq.crc", "crc");
    let source = open(&path);
    assert_eq!((source.columns(), source.format()), (&["a".to_owned(), "b".to_owned()][..], Format::Parquet));
    let expected = [["1", "t1"], ["3", "∅"], ["4", "t4"], ["5", "t5"], ["6", "∅"], ["7", "t7"]];
    assert_eq!(texts(&source, &["a", "b"]), expected);
    assert_eq!(texts(&source, &["b", "a", "b"])[2], ["t4", "4", "t4"]);
    let bytes: Vec<u8> = ["a.pq", "b.parquet", "c.PARQUET", "d.parquet"]
        .iter()
        .flat_map(|name| fs::read(path.join(name)).unwrap())
        .collect();
    assert_eq!((source.hash().unwrap(), source.size()), (blake3::hash(&bytes), bytes.len() as u64));
    let batches: Vec<_> = source.read_by(&["a"], 2).unwrap().map(Result::unwrap).collect();
    let places: Vec<_> = batches.iter().map(|batch| (batch.part(0).unwrap(), batch.place(0).to_string())).collect();
    let name = |file: &str| Arc::from(format!("{}/{file}", path.display()));
    let expected = [(name("a.pq"), 0, "row 1"), (name("b.parquet"), 0, "row 2"), (name("d.parquet"), 0, "row 4")];
    let expected = expected.into_iter().chain([(name("d.parquet"), 2, "row 6")]);
    let expected: Vec<_> = expected.map(|(file, row, place)| ((file, row), place.to_owned())).collect();
    assert_eq!(places, expected);
    let none: [&str; 0] = [];
    assert_eq!(source.read(&none).unwrap().map(|batch| batch.unwrap().rows()).sum::<usize>(), 6);
}

#[test]
fn folders_that_do_not_say_what_their_table_is_are_refused() {
    let room = Room::new();
    let path = folder(&room, &[]);
    assert_eq!(why(&path), "it has no Parquet files");
    room.file("people/_SUCCESS", "");
    assert_eq!(why(&path), "it has no Parquet files");
    folder(&room, &[("a.parquet", &[1]), ("b.parquet", &[2])]);
    assert_eq!(texts(&open(&path), &["a"]).len(), 2);
    room.file("people/notes.txt", "x");
    assert_eq!(why(&path), "`notes.txt` in it is not a Parquet file");
    room.file("people/more.csv", "a\n1\n");
    assert_eq!(why(&path), "`more.csv` and 1 more in it are not Parquet files");
    ["notes.txt", "more.csv"].into_iter().for_each(|name| fs::remove_file(path.join(name)).unwrap());
    for (name, says) in [
        ("year=2026", "it has a folder `year=2026`, and only files are read"),
        ("_delta_log", "it has `_delta_log`, which says which of its files are part of the table"),
        ("_temporary", "it has `_temporary`, so it may not be written to its end"),
    ] {
        fs::create_dir(path.join(name)).unwrap();
        assert_eq!(why(&path), says);
        if name != "year=2026" {
            fs::remove_dir(path.join(name)).unwrap();
        }
    }
    fs::remove_dir(path.join("year=2026")).unwrap();
    let as_csv = Source::open(&path, Some(Format::Csv)).unwrap_err();
    assert!(matches!(as_csv, DataError::Directory { .. }), "{as_csv}");
    let dialect = Dialect { trim: true, ..Dialect::default() };
    assert!(matches!(Source::open_as(&path, None, &dialect), Err(DataError::NoDialects { .. })));
    let empty = room.file("people/c.parquet", "");
    assert!(matches!(Source::open(&path, None), Err(DataError::Empty { file }) if file == empty.display().to_string()));
    fs::write(&empty, "no Parquet").unwrap();
    let damaged = Source::open(&path, None).unwrap_err().to_string();
    assert!(damaged.contains("c.parquet` is not a readable Parquet file"), "{damaged}");
}

#[test]
fn columns_that_differ_are_named() {
    let room = Room::new();
    let path = folder(&room, &[("a.parquet", &[1]), ("b.parquet", &[2])]);
    let differs = |columns: Vec<(&str, ArrayRef)>| {
        room.parquet("people/c.parquet", columns);
        why(&path).replace(&format!("{}/", path.display()), "")
    };
    let text = || -> ArrayRef { Arc::new(StringArray::from(vec!["x"])) };
    let int = || -> ArrayRef { Arc::new(Int32Array::from(vec![1])) };
    let double: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    assert_eq!(
        differs(vec![("a", double), ("b", text())]),
        "`c.parquet` has a column `a` of type Float64 in place 1, where `a.parquet` has a column `a` of type Int32 in place 1"
    );
    let second = "where `a.parquet` has a column `b` of type Utf8 in place 2";
    assert_eq!(differs(vec![("a", int())]), format!("`c.parquet` has no column in place 2, {second}"));
    assert_eq!(
        differs(vec![("a", int()), ("B", text())]),
        format!("`c.parquet` has a column `B` of type Utf8 in place 2, {second}")
    );
    assert_eq!(
        differs(vec![("a", int()), ("b", text()), ("c", text())]),
        "`c.parquet` has a column `c` of type Utf8 in place 3, where `a.parquet` has no column in place 3"
    );
    // As well as where a file changes after the folder was opened.
    fs::remove_file(path.join("c.parquet")).unwrap();
    let source = open(&path);
    room.parquet("people/b.parquet", vec![("a", int()), ("B", text())]);
    let error = source.read(&["a"]).unwrap().find_map(Result::err).unwrap();
    assert!(matches!(&error, DataError::Folder { why, .. } if matches!(**why, NoTable::Differs { .. })), "{error}");
}

#[test]
fn a_folder_is_copied_as_a_folder_or_as_one_file() {
    let room = Room::new();
    let path = folder(&room, &[("a.parquet", &[1, 2]), ("b.parquet", &[]), ("c.parquet", &[3])]);
    room.file("people/_SUCCESS", "");
    let source = open(&path);
    let values = added(&[0.5, 1.5, 2.5]);
    let all = [["1", "t1", "0.5"], ["2", "t2", "1.5"], ["3", "∅", "2.5"]];
    for name in ["out", "out.v2/", "one.parquet", "one.csv", "one.arrow"] {
        let out = room.path(name);
        let output = Output::new(&out);
        assert_eq!(output.is_folder(&source), name.starts_with("out"), "{name}");
        write_with_columns(&source, &values, &output).unwrap();
        assert_eq!(
            (texts(&open(&out), &["a", "b", "c"]), out.is_dir()),
            (all.map(|row| row.map(str::to_owned).to_vec()).to_vec(), name.starts_with("out"))
        );
    }
    let files = |folder: &Path| {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    assert_eq!(files(&room.path("out")), ["a.parquet", "b.parquet", "c.parquet"]);
    assert_eq!(texts(&open(&room.path("out/c.parquet")), &["c"]), [["2.5"]]);
    // The copy of a copy, with its column replaced.
    let copy = open(&room.path("out"));
    let (again, fresh) = (room.path("again"), added(&[7.0, 8.0, 9.0]));
    assert!(matches!(write_with_columns(&copy, &fresh, &Output::new(&again)), Err(DataError::ColumnExists { .. })));
    assert!(!again.exists());
    fs::create_dir(&again).unwrap();
    let replacing = Output { existing: OnExisting::Replace, ..Output::new(&again) };
    write_with_columns(&copy, &fresh, &replacing).unwrap();
    assert_eq!(texts(&open(&again), &["c", "a"])[2], ["9", "3"]);
    let exists = write_with_columns(&copy, &fresh, &replacing).unwrap_err();
    assert!(matches!(exists, DataError::FolderExists { is_folder: true, .. }), "{exists}");
    let file = Output { existing: OnExisting::Replace, path: &room.file("file", ""), ..replacing };
    assert!(matches!(write_with_columns(&copy, &fresh, &file), Err(DataError::FolderExists { is_folder: false, .. })));
    let asked = Output { format: Some(Format::Csv), existing: OnExisting::Replace, ..Output::new(file.path) };
    write_with_columns(&copy, &fresh, &asked).unwrap();
    assert_eq!(fs::read_to_string(file.path).unwrap(), "a,b,c\n1,t1,7\n2,t2,8\n3,,9\n");
    // One value too few or too many: nothing is left, under no name.
    let before = files(&room.path("."));
    for values in [&[1.0, 2.0][..], &[1.0; 4]] {
        let error = write_with_columns(&source, &added(values), &Output::new(&room.path("none"))).unwrap_err();
        assert!(matches!(error, DataError::RowCount { rows: 3, .. }), "{error}");
    }
    assert_eq!(files(&room.path(".")), before);
    // A file alone is never written as a folder.
    let single = open(&room.path("one.parquet"));
    let path = room.path("two/");
    let error =
        write_with_columns(&single, &added(&[1.0; 3]), &Output { existing: OnExisting::Replace, ..Output::new(&path) });
    assert!(matches!(error, Err(DataError::UnknownOutput { .. })));
}

#[cfg(unix)]
#[test]
fn a_new_folder_has_the_permissions_of_others() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let path = folder(&room, &[("a.parquet", &[1])]);
    write_with_columns(&open(&path), &added(&[1.0]), &Output::new(&room.path("out"))).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&room.path("out")), mode(&path));
    assert_eq!(mode(&room.path("out/a.parquet")), mode(&path.join("a.parquet")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_split_is_the_same_table(
        files in prop::collection::vec(prop::collection::vec(0i32..1000, 0..12), 1..8),
        batch in 1usize..9,
    ) {
        let room = Room::new();
        let named: Vec<(String, &[i32])> =
            files.iter().enumerate().map(|(place, numbers)| (format!("{place}.parquet"), numbers.as_slice())).collect();
        let named: Vec<(&str, &[i32])> = named.iter().map(|(name, numbers)| (name.as_str(), *numbers)).collect();
        let split = open(&folder(&room, &named));
        let all: Vec<i32> = files.concat();
        let whole = Room::new();
        let one = open(&folder(&whole, &[("a.parquet", &all)]).join("a.parquet"));
        prop_assert_eq!(rows(&split, &["b", "a"], batch), rows(&one, &["b", "a"], batch));
        let values: Vec<f64> = all.iter().map(|&number| f64::from(number) / 7.0).collect();
        for (name, source) in [("x", &split), ("x.parquet", &split), ("y.parquet", &one)] {
            write_with_columns(source, &added(&values), &Output::new(&room.path(name))).unwrap();
        }
        let [folder, file, alone] = ["x", "x.parquet", "y.parquet"].map(|name| texts(&open(&room.path(name)), &["a", "b", "c"]));
        prop_assert_eq!(&folder, &alone);
        prop_assert_eq!(&file, &alone);
    }
}

#[test]
fn decimals_with_more_digits_than_their_type_are_refused() {
    let room = Room::new();
    let open = |value: i128| {
        let decimals = Decimal128Array::from(vec![value]).with_precision_and_scale(9, 2).unwrap();
        let source = open(&room.parquet("d.parquet", vec![("d", Arc::new(decimals))]));
        source.read(&["d"]).unwrap().next().unwrap().map(|batch| batch.rows())
    };
    assert_eq!(open(999_999_999).unwrap(), 1);
    assert!(matches!(open(1_140_850_688), Err(DataError::Damaged { .. })));
}

/// As pandas writes a category without a value.
#[test]
fn a_dictionary_of_nulls_is_a_column_of_nulls() {
    let room = Room::new();
    let keys = Int32Array::from(vec![None::<i32>, None]);
    let nulls: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(NullArray::new(0))));
    let source = open(&room.parquet("n.parquet", vec![("c", nulls)]));
    assert_eq!(texts(&source, &["c"]), [["∅"], ["∅"]]);
}
