//! A compiled spec is bound to a table of its columns and predictions are projected onto it: then every row holds, as the meaning of the
//! spec has it, or something says why not.
//!
//! A text that begins with `{` is a compiled spec, whose hashes are not asked for; any other is the rest of a spec.

#![no_main]

use fairc::bind::{BoundSampleRow, EncodeOptions, Params, RowStatus, Samples, encode};
use fairc::data::{Format, Source};
use fairc::runtime::project::{Projector, Settings, Status};
use fairc_fuzz_spec::meaning::{Meaning, reading, sample_reading};
use fairc_fuzz_spec::{program, table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(program) = program(text) else { return };
    let seed = text.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = table::Random(seed);
    let count = 1 + random.below(24);
    let rows = table::rows(&program, &mut random, count);
    let csv = table::csv(&program, &rows);
    let source = Source::in_memory("fuzz.csv", csv.into_bytes().into(), Format::Csv, &Default::default());
    let source = source.expect("a table that can be opened");
    let params = Params::defaults(&program);
    let options = EncodeOptions { prediction: Some(table::PREDICTION.to_owned()), ..EncodeOptions::default() };
    let encoded = match encode(&program, &params, &source, &options, &mut |_, _| {}) {
        Ok(encoded) => encoded,
        Err(errors) => return explained(&errors),
    };
    let bound = match encoded.bind_convex(&params, &Samples::All) {
        Ok(bound) => bound,
        Err(errors) => return explained(&errors),
    };
    let z = encoded.prediction().expect("the predictions are in the table");
    assert_eq!(z.len(), rows.len());
    let projection = match bound.project(&mut Projector::new(), z, &Settings::default()) {
        Ok(projection) => projection,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    if !matches!(projection.status, Status::Optimal) {
        return;
    }
    let y = &projection.y;
    let meaning = Meaning { program: &program, rows: &rows, own: &rows[0] };
    for (row, bound) in program.rows.iter().zip(&bound.rows) {
        if matches!(bound.status, RowStatus::Kept(_)) && row.options.soft.is_none() {
            let read = reading(&meaning, row, y);
            assert!(read.holds(), "{:?}: {read:?}, bound {bound:?}", row.origins.first());
        }
    }
    for (row, bound) in program.sample_rows.iter().zip(&bound.sample_rows) {
        if !matches!(bound, BoundSampleRow::Applied { .. }) || row.pairs.is_some() || row.options.soft.is_some() {
            continue;
        }
        for (own, y) in rows.iter().zip(y) {
            if let Some(read) = sample_reading(&Meaning { own, ..meaning }, row, *y) {
                assert!(read.holds(), "{:?}: {read:?}", row.origins.first());
            }
        }
    }
    let (lower, upper) = (program.prediction.lower, program.prediction.upper);
    assert!(y.iter().all(|y| (lower..=upper).contains(y)), "{y:?}");
});

fn explained(errors: &[fairc::bind::BindError]) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(!error.to_string().is_empty() && !error.help().is_empty(), "{error:?}");
    }
}
