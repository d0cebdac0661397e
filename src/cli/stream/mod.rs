//! `fairc stream`: answers batch by batch, so that all answers together satisfy a spec.

mod saved;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::{Painter, Shown, one_stream, prediction_column};
use super::fault::refuse;
use super::input::Spec;
use super::setting::{self, Setting, words};
use super::stop::{Failure, Outcome, Stop, Verdict};
use crate::bind::{EncodeOptions, Method, Online, Params, Purpose, StreamError, StreamSpec};
use crate::data::{DataError, Format, Piece, STANDARD_STREAM, TableStream};
use crate::language::program::Program;
use crate::report::{Movement, StreamReport};
use crate::runtime::online::{Memory, PrimalDual, Smooth};
use saved::{Answers, Saved, StateFile};

/// Answer a stream batch by batch, so that all answers together satisfy a spec
///
/// Reads a batch, moves its predictions so that the rows hold for all that was answered so far, writes it with the new
/// column, saves the state, and goes on. Killed at any instant and started again with the same arguments, it goes on
/// where it was: no sample is lost, none counted twice, and the output has the same bytes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// The data: .csv, .tsv or .jsonl; `-` is standard input. A list of objects on a line of .jsonl is one batch
    #[arg(long, value_name = "FILE", default_value = STANDARD_STREAM)]
    data: PathBuf,
    /// The format, where the extension does not tell it: csv, tsv or jsonl
    #[arg(long, value_name = "FORMAT")]
    data_format: Option<Format>,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    settings: Vec<Setting>,
    /// The column with the predictions; by default that which the spec names
    #[arg(long, value_name = "COL")]
    pred: Option<String>,
    /// What holds: the rows over all answers, or the mean of the batches' gaps
    #[arg(long, value_enum, default_value_t = Mode::Pooled, hide_possible_values = true, value_name = "pooled|primal-dual")]
    mode: Mode,
    /// Of `pooled`: steer by one multiplier a row, the same shift for every member of a group at a time
    #[arg(long)]
    smooth: bool,
    /// Of `--smooth`: how strongly it steers
    #[arg(long, value_name = "GAIN", default_value_t = Smooth::GAIN, requires = "smooth")]
    gain: f64,
    /// Of `primal-dual`: the step of the price
    #[arg(long, value_name = "STEP", default_value_t = PrimalDual::STEP)]
    step: f64,
    /// Answer N samples together
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Only the newest N samples count
    #[arg(long, value_name = "N", conflicts_with = "decay")]
    window: Option<usize>,
    /// With each sample all earlier ones count D times what they did; D lies between 0 and 1
    #[arg(long, value_name = "D")]
    decay: Option<f64>,
    /// Where to keep the state; it is read if it exists
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Save the state after every N batches, not after each; a restart answers up to N batches again
    #[arg(long, value_name = "N", default_value_t = 1, requires = "state", value_parser = clap::value_parser!(u32).range(1..))]
    state_every: u32,
    /// The data are new: skip nothing, and append to the output
    #[arg(long, requires = "state")]
    append: bool,
    /// Where to write the answers; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The name of the new column [default: COL_fair]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// The rows hold for all answers pooled
    Pooled,
    /// The published algorithm: a price on the largest gap of each batch
    PrimalDual,
}

impl Args {
    fn method(&self) -> Result<Method, Failure> {
        match self.mode {
            Mode::Pooled if self.smooth => Ok(Method::Smooth { gain: self.gain }),
            Mode::Pooled => Ok(Method::Hard),
            Mode::PrimalDual if self.smooth => {
                Err(Failure::new("`--smooth` is a way of `--mode pooled`", "leave one of the two out"))
            }
            Mode::PrimalDual => Ok(Method::PrimalDual { step: self.step }),
        }
    }

    fn memory(&self) -> Memory {
        match (self.window, self.decay) {
            (Some(window), _) => Memory::Window(window),
            (None, Some(decay)) => Memory::Decay(decay),
            (None, None) => Memory::All,
        }
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    one_stream(&args.spec, &args.data)?;
    let (method, memory) = (args.method()?, args.memory());
    let spec = Spec::read(&args.spec)?;
    let program = spec.valid(console)?;
    let params = setting::params(&args.settings, program).map_err(|errors| refuse(&errors, &spec, program, console))?;
    let told = |error: StreamError| match error {
        StreamError::Bind(errors) => refuse(&errors, &spec, program, console),
        StreamError::Differs { .. } => {
            Stop::failed(error.to_string(), "use the settings of the state, or start anew with another file")
        }
        StreamError::Online(error) => Stop::failed(error.to_string(), ""),
    };
    let table = open(args)?;
    let file = args.state.as_ref().map(|path| StateFile::new(path, program.fingerprint().to_string()));
    let mut stream = Stream::new(args, program, &params, table, file)?;
    let mut online = stream.online(method, memory, &told)?;
    for (left, text) in left_words(&online, program) {
        console.note(&format!("`{left}` takes no part: {text}"));
    }
    stream.catch_up()?;
    stream.answer_all(&mut online, console, &told)?;
    stream.finish(&mut online)?;
    report(&stream, &mut online, &spec, console, &told)
}

/// One run over the input.
struct Stream<'a> {
    args: &'a Args,
    program: &'a Program,
    params: &'a Params,
    table: TableStream,
    /// What messages call the data.
    data: String,
    prediction: String,
    name: String,
    file: Option<StateFile>,
    saved: Option<Saved>,
    answers: Answers,
    /// As in [`Saved`].
    batches: u64,
    hash: String,
    bytes: u64,
    movement: Movement,
    unsaved: u32,
}

impl<'a> Stream<'a> {
    fn new(
        args: &'a Args,
        program: &'a Program,
        params: &'a Params,
        table: TableStream,
        file: Option<StateFile>,
    ) -> Result<Stream<'a>, Stop> {
        let data = super::input::name_of(&args.data);
        let prediction = prediction_column(args.pred.as_deref(), program, &data, table.columns())?;
        let name = args.name.clone().unwrap_or_else(|| format!("{prediction}_fair"));
        if table.columns().contains(&name) {
            let message = format!("`{data}` already has a column `{name}`");
            return Err(Stop::failed(message, "choose another with `--name`"));
        }
        let saved = file.as_ref().map(StateFile::read).transpose()?.flatten();
        if let Some(saved) = &saved {
            let differs = |what: &str, saved: &dyn std::fmt::Display, given: &dyn std::fmt::Display| {
                let message = format!("the state was made with {what} {saved}, and this is {given}");
                Stop::failed(message, "use the settings of the state, or start anew with another file")
            };
            if saved.prediction != prediction {
                return Err(differs("the predictions", &saved.prediction, &prediction));
            }
            if saved.batch != args.batch as usize {
                return Err(differs("`--batch`", &saved.batch, &args.batch));
            }
        }
        let known = saved.as_ref();
        let replay = known.filter(|_| !args.append);
        let bytes = known.map_or(0, |saved| saved.output_bytes);
        Ok(Stream {
            answers: Answers::None,
            batches: replay.map_or(0, |saved| saved.input_batches),
            hash: replay.map_or_else(String::new, |saved| saved.input_hash.clone()),
            bytes,
            movement: known.map(|saved| saved.movement).unwrap_or_default(),
            unsaved: 0,
            args,
            program,
            params,
            table,
            data,
            prediction,
            name,
            file,
            saved,
        })
    }

    fn online(&mut self, method: Method, memory: Memory, told: &dyn Fn(StreamError) -> Stop) -> Result<Online, Stop> {
        let options = EncodeOptions {
            purpose: Purpose::Inference,
            prediction: Some(self.prediction.clone()),
            ..EncodeOptions::default()
        };
        let headers = self.table.columns();
        let spec =
            StreamSpec { program: self.program, params: self.params, file: &self.data, headers, options: &options };
        Online::new(spec, method, memory, self.saved.take().map(|saved| saved.online)).map_err(told)
    }

    fn next(&mut self) -> Result<Option<Piece>, DataError> {
        self.table.next(self.args.batch as usize)
    }

    /// Reads past what is answered already, and opens the output behind it.
    fn catch_up(&mut self) -> Result<(), Stop> {
        let mut hash = String::new();
        for _ in 0..self.batches {
            match self.next()? {
                Some(piece) => hash = piece.chain(&hash),
                None => break,
            }
        }
        if hash != self.hash {
            let message =
                format!("the first {} batches of `{}` are not those that are answered", self.batches, self.data);
            let help = "give the same data again; for data that follow them use `--append`";
            return Err(Stop::failed(message, help));
        }
        self.answers = Answers::open(self.args.output.as_deref(), self.bytes)?;
        Ok(())
    }

    fn answer_all(
        &mut self,
        online: &mut Online,
        console: &Console,
        told: &dyn Fn(StreamError) -> Stop,
    ) -> Result<(), Stop> {
        let bar = console.bar("answering", std::fs::metadata(&self.args.data).map_or(0, |meta| meta.len()));
        if self.bytes == 0 && self.batches == 0 {
            let header = self.table.header(&self.name);
            self.answers.write(&header)?;
            self.bytes += header.len() as u64;
        }
        let mut out = Vec::new();
        while let Some(piece) = self.next()? {
            let batch = self.table.batch(&piece, online.headers())?;
            let (z, answer) = online.answer(&batch).map_err(told)?;
            out.clear();
            self.table.write(&piece, &self.name, &answer.y, &mut out)?;
            self.movement.enter(&z, &answer.y, None);
            self.answers.write(&out)?;
            self.bytes += out.len() as u64;
            self.batches += 1;
            self.unsaved += 1;
            bar.set_position(self.bytes);
            if self.file.is_some() {
                self.hash = piece.chain(&self.hash);
                if self.unsaved >= self.args.state_every {
                    self.save(online, false)?;
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn save(&mut self, online: &mut Online, last: bool) -> Result<(), Stop> {
        let Some(file) = &self.file else { return Ok(()) };
        let saved = Saved {
            online: online.state(),
            input_batches: self.batches,
            input_hash: self.hash.clone(),
            output_bytes: self.bytes,
            prediction: self.prediction.clone(),
            batch: self.args.batch as usize,
            movement: self.movement,
        };
        self.unsaved = 0;
        file.write(&saved, last)
    }

    /// Everything is on the disk when the command ends.
    fn finish(&mut self, online: &mut Online) -> Result<(), Stop> {
        self.answers.sync()?;
        self.save(online, true)
    }
}

fn open(args: &Args) -> Result<TableStream, Stop> {
    if args.data == Path::new(STANDARD_STREAM) {
        let input: Box<dyn Read> = Box::new(io::stdin());
        return Ok(TableStream::open("standard input", input, args.data_format.unwrap_or(Format::Csv))?);
    }
    let name = args.data.display().to_string();
    let format = args.data_format.map_or_else(|| Format::of_path(&args.data), Ok)?;
    let file = File::open(&args.data).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => DataError::NotFound { file: name.clone() },
        _ => DataError::Read { file: name.clone(), source },
    })?;
    Ok(TableStream::open(&name, Box::new(file), format)?)
}

/// Rows that take no part, and why.
fn left_words(online: &Online, program: &Program) -> Vec<(String, String)> {
    let (rows, sample_rows) = (online.left_out(), online.left_out_samples());
    let name = |origins: Option<&Vec<crate::language::program::Origin>>| {
        origins.and_then(|origins| origins.first()).map_or_else(String::new, |origin| origin.name.clone())
    };
    let rows = rows.iter().map(|(row, left)| (name(program.rows.get(*row).map(|row| &row.origins)), left));
    let samples =
        sample_rows.iter().map(|(row, left)| (name(program.sample_rows.get(*row).map(|row| &row.origins)), left));
    rows.chain(samples).map(|(name, left)| (name, crate::report::left_out(left))).collect()
}

fn report(
    stream: &Stream<'_>,
    online: &mut Online,
    spec: &Spec,
    console: &Console,
    told: &dyn Fn(StreamError) -> Stop,
) -> Outcome {
    let args = stream.args;
    let rows = online.readings().map_err(told)?;
    let price = online.primal_dual().map(|state| (state.price, state.mean_excess(), state.certificate()));
    let state = online.state();
    let mut settings = words(&args.settings);
    settings.extend(args.window.map(|window| format!("window {window}")));
    settings.extend(args.decay.map(|decay| format!("decay {decay}")));
    let report = StreamReport {
        spec: &spec.name,
        data: &stream.data,
        prediction: &stream.prediction,
        program: stream.program,
        method: match (args.mode, args.smooth) {
            (Mode::PrimalDual, _) => "primal-dual",
            (Mode::Pooled, true) => "pooled, smooth",
            (Mode::Pooled, false) => "pooled",
        },
        settings,
        samples: state.samples,
        batches: state.batches,
        behind: state.behind,
        held_since: state.held_since,
        keeps: args.mode == Mode::Pooled && !args.smooth,
        movement: stream.movement,
        rows,
        price,
        most: args.shown.most(),
    };
    let to_stream = args.output.as_deref() == Some(Path::new(STANDARD_STREAM));
    match (console.is_json(), to_stream) {
        (true, false) => console.json(&report.json())?,
        (true, true) => console.say(&format!("{}\n", serde_json::to_string(&report.json()).unwrap_or_default())),
        (false, true) => console.say(&report.text(&Painter(console))),
        (false, false) => {
            let mut text = report.text(&Painter(console));
            if let Some(output) = &args.output {
                text.push_str(&format!("wrote {} with the new column `{}`\n", output.display(), stream.name));
            }
            console.print(&text)?;
            if args.output.is_none() {
                console.note(&format!("nothing written; `-o OUT` writes the data with the column `{}`", stream.name));
            }
        }
    }
    Ok(Verdict::Yes)
}
