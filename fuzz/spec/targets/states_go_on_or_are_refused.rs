//! The text of a stream's state, changed anywhere, is refused, or the stream goes on from it as from the text before. With a checksum
//! that fits it is refused too, or it can be gone on from, and what is then saved goes on in the same way.
//!
//! The first byte chooses the stream, the others are changes: two bytes for the place, one for how much is taken out there, one for how
//! much is put in, and that.

#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use fairc::bind::{EncodeOptions, Method, Online, OnlineState, Params, Purpose, StreamError, StreamSpec};
use fairc::data::{Dialect, Format, TableStream};
use fairc::language::program::Program;
use fairc::runtime::online::Memory;
use fairc::runtime::online::state::{self, Kind};
use fairc_fuzz_spec::program;
use libfuzzer_sys::fuzz_target;

const SPEC: &str = "weight w\n\
    constraint parity: |E[score | sex == f] - E[score | sex == m]| <= eps\n\
    constraint odds: forall k in y: |E[score | sex == f, y == k] - E[score | sex == m, y == k]| <= 2 * eps\n\
    constraint tilt: |Cov[score, age]| <= 0.1\n\
    constraint cap: each where age >= 60: score <= 0.9\n";

const PAST: &str = "sex,race,age,y,w,score\nf,a,20,1,1,0.25\nm,b,40,0,2,0.75\nm,,60,1,0.5,0.95\nf,c,33,0,1,0.5\nm,a,70,1,0,0.1\n\
                    f,b,80,1,1,0.875\n";
const NEXT: &str = "sex,race,age,y,w,score\nm,c,25,1,1,1\nf,,61,0,2,0.125\nf,a,50,1,1,0.25\nm,b,30,0,1,0.625\n";

/// A way to answer a stream, and the state that it leaves behind.
struct Stream {
    method: Method,
    memory: Memory,
    text: String,
    /// What it answers next.
    next: Vec<u64>,
}

static PROGRAM: LazyLock<Program> = LazyLock::new(|| program(SPEC).expect("a spec"));
static STREAMS: LazyLock<Vec<Stream>> = LazyLock::new(|| {
    let settings = [
        (Method::Hard, Memory::All),
        (Method::Hard, Memory::Window(4)),
        (Method::Smooth { gain: 0.5 }, Memory::Decay(0.9)),
        (Method::PrimalDual { step: 0.1 }, Memory::All),
    ];
    let stream = |(method, memory)| {
        let mut online = start(method, memory, None).expect("a stream");
        answer(&mut online, PAST).expect("answers");
        let text = saved(&mut online);
        let next = bits(&answer(&mut online, NEXT).expect("answers"));
        Stream { method, memory, text, next }
    };
    settings.into_iter().map(stream).collect()
});

fn start(method: Method, memory: Memory, state: Option<OnlineState>) -> Result<Online, StreamError> {
    let options =
        EncodeOptions { purpose: Purpose::Inference, prediction: Some("score".into()), ..EncodeOptions::default() };
    let headers: Vec<String> =
        PAST.lines().next().into_iter().flat_map(|line| line.split(',')).map(str::to_owned).collect();
    let params = Params::defaults(&PROGRAM);
    let spec = StreamSpec { program: &PROGRAM, params: &params, file: "fuzz", headers: &headers, options: &options };
    Online::new(spec, method, memory, state)
}

/// Answers a table, two samples at a time.
fn answer(online: &mut Online, csv: &'static str) -> Result<Vec<f64>, StreamError> {
    let input = Box::new(Cursor::new(csv));
    let mut table = TableStream::open("fuzz", input, Format::Csv, &Dialect::default()).expect("a table");
    let mut answers = Vec::new();
    while let Some(piece) = table.next(2).expect("a table") {
        let batch = table.batch(&piece, online.headers()).expect("a table");
        answers.extend(&online.answer(&batch)?.1.y);
    }
    Ok(answers)
}

fn saved(online: &mut Online) -> String {
    state::write(Kind::State, &fingerprint(), online.state()).expect("a state can be written")
}

fn fingerprint() -> String {
    PROGRAM.fingerprint().to_string()
}

fn read(text: &str) -> Option<OnlineState> {
    state::read(Kind::State, text, &fingerprint()).ok()
}

fn bits(answers: &[f64]) -> Vec<u64> {
    answers.iter().map(|answer| answer.to_bits()).collect()
}

/// A text with changes.
fn changed(text: &str, mut changes: &[u8]) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    while let [first, second, out, count, rest @ ..] = changes {
        let place = usize::from(u16::from_be_bytes([*first, *second])) % (bytes.len() + 1);
        let (new, rest) = rest.split_at(usize::from(*count % 32).min(rest.len()));
        let end = (place + usize::from(*out % 64)).min(bytes.len());
        bytes.splice(place..end, new.iter().copied());
        changes = rest;
    }
    String::from_utf8(bytes).ok()
}

/// The text with a checksum of its own, if it is a state apart from that.
fn with_checksum(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let state: OnlineState = serde_json::from_value(value.get("state")?.clone()).ok()?;
    state::write(Kind::State, &fingerprint(), &state).ok()
}

fuzz_target!(|data: &[u8]| {
    let [choice, changes @ ..] = data else { return };
    let Some(stream) = STREAMS.get(usize::from(*choice) % STREAMS.len()) else { return };
    let Some(text) = changed(&stream.text, changes) else { return };
    if let Some(state) = read(&text) {
        let mut online = start(stream.method, stream.memory, Some(state)).expect("the settings are the same");
        assert_eq!(bits(&answer(&mut online, NEXT).expect("answers")), stream.next);
    }
    let Some(text) = with_checksum(&text) else { return };
    let state = read(&text).expect("what was written can be read");
    let Ok(mut online) = start(stream.method, stream.memory, Some(state)) else { return };
    let again = saved(&mut online);
    let Ok(answers) = answer(&mut online, NEXT) else { return };
    assert!(answers.iter().all(|answer| (0.0..=1.0).contains(answer)), "{answers:?}");
    let state = read(&again).expect("what was saved can be read");
    let mut online = start(stream.method, stream.memory, Some(state)).expect("what was saved can be gone on from");
    assert_eq!(bits(&answer(&mut online, NEXT).expect("answers")), bits(&answers));
});
