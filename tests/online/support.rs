//! Random tables, and streams run in memory and through the binary.

#[path = "../common/random.rs"]
mod random;

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fairc::bind::{EncodeOptions, Method, Online, Params, Purpose, StreamSpec};
use fairc::data::{Dialect, Format, TableStream};
use fairc::language::program::Program;
use fairc::language::span::Source;
use fairc::language::syntax::import::NoImports;
use fairc::runtime::online::Memory;

pub use random::Random;

pub fn program(text: &str) -> Program {
    let source = Source { name: "spec.fair".into(), text: text.into() };
    let compiled = fairc::compile(source, &NoImports);
    let messages: Vec<&str> = compiled.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    compiled.program.unwrap_or_else(|| panic!("{messages:?}"))
}

/// People in three towns of very different sizes, whose scores differ.
pub fn people(samples: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = String::from("town,sex,age,w,income,score\n");
    for _ in 0..samples {
        let town = ["north", "north", "north", "south", "south", "O'Neil"][random.below(6)];
        let sex = ["f", "m"][random.below(2)];
        let age = 18 + random.below(60);
        let base = match town {
            "north" => 0.6,
            "south" => 0.45,
            _ => 0.25,
        };
        let score = (base + if sex == "m" { 0.1 } else { 0.0 } + random.between(-0.4, 0.4)).clamp(0.0, 1.0);
        let income = usize::from(random.between(0.0, 1.0) < score);
        let weight = [0.5, 1.0, 2.0, 0.0][random.below(4)];
        text.push_str(&format!("{town},{sex},{age},{weight},{income},{score}\n"));
    }
    text
}

pub const COLUMNS: &str = "column town: {north, south, `O'Neil`}\ncolumn sex: {f, m}\ncolumn age: real in [0, 120]\n\
                           label income: {0, 1}\npredict score: real in [0, 1]\nparam eps = 0.02 in [0, 1]\n";

/// What a stream in memory came to.
pub struct Done {
    pub online: Online,
    pub z: Vec<f64>,
    pub y: Vec<f64>,
    /// The answered samples after each batch, and how many rows were left outside.
    pub batches: Vec<(usize, usize)>,
}

pub fn options() -> EncodeOptions {
    EncodeOptions { purpose: Purpose::Inference, prediction: Some("score".into()), ..EncodeOptions::default() }
}

pub fn stream(spec: &str, csv: &str, method: Method, memory: Memory, size: usize) -> Done {
    let program = program(spec);
    let params = Params::resolve(&program, &[]).expect("declared values");
    let mut table =
        TableStream::open("people", Box::new(Cursor::new(csv.to_owned())), Format::Csv, &Dialect::default()).unwrap();
    let options = options();
    let spec =
        StreamSpec { program: &program, params: &params, file: "people", headers: table.columns(), options: &options };
    let online = Online::new(spec, method, memory, None).unwrap_or_else(|error| panic!("{error:?}"));
    let mut done = Done { online, z: Vec::new(), y: Vec::new(), batches: Vec::new() };
    while let Some(piece) = table.next(size).unwrap() {
        let batch = table.batch(&piece, done.online.headers()).unwrap();
        let (z, answer) = done.online.answer(&batch).unwrap_or_else(|error| panic!("{error:?}"));
        done.z.extend(z);
        done.y.extend(&answer.y);
        done.batches.push((done.y.len(), answer.outside.len()));
    }
    done
}

/// One column of a table without quotes.
pub fn column<'a>(csv: &'a str, name: &str) -> Vec<&'a str> {
    let mut lines = csv.lines();
    let place = lines.next().unwrap().split(',').position(|header| header == name).unwrap();
    lines.map(|line| line.split(',').nth(place).unwrap()).collect()
}

pub fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairc"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_remove("RUST_BACKTRACE");
    command
}

/// Runs the binary; standard output and error as text.
pub fn run(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    told(command(arguments, folder).output().unwrap())
}

pub fn told(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// A number from the environment, for longer runs.
pub fn from_env(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
