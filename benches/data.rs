//! How fast tables are read: parsing, level codes and numbers, and writing a copy.
//!
//!     cargo bench --bench data

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use divan::counter::ItemsCount;
use fairc::data::{Added, Format, Level, LevelCoder, Output, Source, write_with_columns};

const ROWS: usize = 200_000;

fn main() {
    divan::main();
}

/// The same table in each format.
fn table(format: Format) -> Source {
    static ROOM: OnceLock<tempfile::TempDir> = OnceLock::new();
    let room = ROOM.get_or_init(|| {
        let room = tempfile::tempdir().expect("a temporary directory");
        let mut text = String::from("id,sex,race,age,score\n");
        for row in 0..ROWS {
            let sex = ["female", "male"][row % 2];
            let race = ["White", "Black", "Asian-Pac-Islander", "Other"][row * 7 % 11 % 4];
            text += &format!("{row},{sex},{race},{},{:.6}\n", 17 + row % 70, (row as f64 * 0.618).fract());
        }
        std::fs::write(path(room.path(), Format::Csv), text).expect("a written table");
        for format in [Format::Parquet, Format::JsonLines] {
            let source = Source::open(&path(room.path(), Format::Csv), None).expect("a table");
            write_with_columns(&source, &[], &Output::new(&path(room.path(), format))).expect("a written table");
        }
        room
    });
    Source::open(&path(room.path(), format), None).expect("a table")
}

fn path(directory: &Path, format: Format) -> PathBuf {
    directory.join(format!("table.{}", format.name()))
}

#[divan::bench(args = [Format::Csv, Format::Parquet, Format::JsonLines])]
fn read_and_encode(bencher: divan::Bencher<'_, '_>, format: Format) {
    let source = table(format);
    let sexes = ["female", "male"].map(Level::name);
    let races = ["White", "Black", "Asian-Pac-Islander", "Other"].map(Level::name);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let (mut sex, mut race) = (LevelCoder::new(&sexes), LevelCoder::new(&races));
        let (mut codes, mut sum) = (Vec::new(), 0.0);
        for batch in source.read(&["sex", "race", "score"]).expect("these columns") {
            let batch = batch.expect("a batch");
            codes.clear();
            sex.encode(&batch.column(0).expect("text"), &mut codes);
            race.encode(&batch.column(1).expect("text"), &mut codes);
            batch.column(2).expect("numbers").visit_numbers(|_, number| {
                sum += number.ok().flatten().unwrap_or(f64::NAN);
            });
            black_box(&codes);
        }
        sum
    });
}

#[divan::bench(args = [Format::Csv, Format::Parquet, Format::JsonLines])]
fn copy_with_column(bencher: divan::Bencher<'_, '_>, format: Format) {
    let source = table(format);
    let values: Vec<f64> = (0..ROWS).map(|row| (row as f64 * 0.618).fract()).collect();
    let room = tempfile::tempdir().expect("a temporary directory");
    let target = path(room.path(), format);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let added = Added { name: "score_fair", values: values.as_slice().into() };
        write_with_columns(&source, &[added], &Output::new(&target)).expect("a written table");
    });
}
