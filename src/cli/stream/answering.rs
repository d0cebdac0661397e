//! One run over a stream: read a batch, answer it, write the answers, save the state, go on.

use std::path::Path;

use super::answers::{Answers, Certain};
use super::saved::{Saved, StateFile};
use super::steering::Steering;
use crate::bind::{Method, OnlineState, Params};
use crate::cli::console::Console;
use crate::cli::dataset::{Painter, Shown};
use crate::cli::fault;
use crate::cli::front::{COMMAND_LINE, context};
use crate::cli::input::{Spec, name_of};
use crate::cli::page;
use crate::cli::stop::{Outcome, Stop, Verdict};
use crate::data::{Added, DataError, Format, Piece, STANDARD_STREAM, TableStream, header_hint};
use crate::language::program::Program;
use crate::report::{OverTime, fit, stream_page};
use crate::tasks::{self, Context, Named, Refused, StreamOptions, differs, prediction_column};

/// What a command asks for.
pub struct Job<'a> {
    pub spec: &'a Spec,
    pub program: &'a Program,
    pub params: &'a Params,
    pub data: &'a Path,
    pub method: Method,
    pub steering: &'a Steering,
    /// Samples answered together, where the data do not say.
    pub batch: u32,
    pub output: Option<&'a Path>,
    /// Of the new column, if not the usual one.
    pub name: Option<&'a str>,
    /// How the data are written, and so the answers.
    pub dialect: String,
    /// Params as reports name them.
    pub settings: Vec<String>,
    /// End with 1 if a promise could not be enforced.
    pub require_all: bool,
    /// Where to write a page.
    pub html: Option<&'a Path>,
    pub shown: &'a Shown,
}

impl Job<'_> {
    fn context(&self) -> Context<'_> {
        context(self.spec, self.program)
    }
}

/// The predictions of a piece of a table.
pub type Score<'a> = dyn FnMut(&TableStream, &Piece) -> Result<Vec<f64>, Stop> + 'a;

/// Where predictions come from.
pub enum Scores<'a> {
    /// A column of the data; by default the one that the spec names.
    Column(Option<&'a str>),
    /// A model: the column that its predictions make, and what tells it from others.
    #[cfg_attr(not(feature = "torch"), expect(dead_code, reason = "models come with training"))]
    Model { header: &'a str, identity: String, score: Box<Score<'a>> },
}

impl Scores<'_> {
    /// What a state must have in common with those who go on from it.
    fn identity(&self) -> Option<&str> {
        match self {
            Scores::Column(_) => None,
            Scores::Model { identity, .. } => Some(identity),
        }
    }
}

/// Answers all of the data and reports.
pub fn answer(job: &Job<'_>, scores: Scores<'_>, table: TableStream, console: &Console) -> Outcome {
    let told = |refused: Refused| fault::stop(refused, &job.context(), console);
    if job.output == Some(Path::new(STANDARD_STREAM)) {
        console.answer_beside();
    }
    let mut stream = Stream::new(job, scores, table)?;
    let mut online = stream.online(job.html.is_some() || console.is_json(), &told)?;
    for (left, text) in online.left_out(&job.context()) {
        console.note(&format!("`{left}` takes no part: {text}"));
    }
    stream.catch_up(&mut online)?;
    let answered = stream.answer_all(&mut online, console, &told).and_then(|()| stream.finish(&mut online));
    if let Err(stop) = answered {
        stream.leave(&mut online);
        return Err(stop);
    }
    report(&stream, &mut online, console, &told)
}

/// One run over the input.
struct Stream<'a> {
    job: &'a Job<'a>,
    scores: Scores<'a>,
    table: TableStream,
    /// What messages call the data.
    data: String,
    prediction: String,
    name: String,
    /// The first line of the output, where it has one.
    header: Vec<u8>,
    file: Option<StateFile>,
    saved: Option<Saved>,
    /// The columns of the input, where it has a header.
    columns: Option<Vec<String>>,
    answers: Answers,
    /// As in [`Saved`].
    batches: u64,
    hash: String,
    bytes: u64,
    unsaved: u32,
}

impl<'a> Stream<'a> {
    fn new(job: &'a Job<'a>, scores: Scores<'a>, table: TableStream) -> Result<Stream<'a>, Stop> {
        let data = name_of(job.data);
        same_format(job.output, table.format())?;
        let prediction = match &scores {
            Scores::Column(named) => {
                let (columns, hint) = (table.columns(), header_hint(table.columns()));
                prediction_column(*named, job.program, &COMMAND_LINE, &data, columns, hint)?
            }
            Scores::Model { header, .. } => (*header).to_owned(),
        };
        let name = job.name.map_or_else(|| format!("{prediction}_fair"), str::to_owned);
        refuse_existing(&scores, &prediction, &name, &data, table.columns())?;
        let header = match &scores {
            Scores::Column(_) => table.header(&[&name])?,
            Scores::Model { .. } => table.header(&[&prediction, &name])?,
        };
        let columns = table.has_header().then(|| table.columns().to_vec());
        let state = job.steering.state.as_deref();
        let opened = state.map(|path| StateFile::open(path, job.program.fingerprint().to_string())).transpose()?;
        let (file, saved) = opened.map_or((None, None), |(file, saved)| (Some(file), saved));
        let certain = |saved: &Saved| (saved.output_bytes, saved.output_hash.clone());
        let certain = saved.as_ref().map(certain);
        let certain = certain.as_ref().map(|(bytes, hash)| Certain { bytes: *bytes, hash: hash.as_deref() });
        Answers::check(job.output, certain.as_ref(), state)?;
        // What answered nothing yet binds nobody.
        let saved = saved.filter(|saved| saved.online.batches > 0);
        if let Some(saved) = &saved {
            same_settings(saved, job, &prediction, &scores)?;
            same_output(saved, job, &name)?;
            same_columns(saved, columns.as_deref(), &data)?;
        }
        let known = saved.as_ref();
        let replay = known.filter(|_| !job.steering.append);
        Ok(Stream {
            answers: Answers::None,
            batches: replay.map_or(0, |saved| saved.input_batches),
            hash: replay.map_or_else(String::new, |saved| saved.input_hash.clone()),
            bytes: known.map_or(0, |saved| saved.output_bytes),
            unsaved: 0,
            job,
            scores,
            table,
            data,
            prediction,
            name,
            header,
            file,
            saved,
            columns,
        })
    }

    /// Starts to answer, or goes on; `over_time` if it is to be known how the rows stood in between.
    fn online(&mut self, over_time: bool, told: &dyn Fn(Refused) -> Stop) -> Result<tasks::Stream, Stop> {
        let Job { params, method, steering, .. } = self.job;
        let in_table = matches!(self.scores, Scores::Column(_));
        let saved = self.saved.take();
        let known = saved.as_ref().and_then(|saved| saved.over_time.clone());
        let options = StreamOptions {
            method: *method,
            memory: steering.memory(),
            prediction: in_table.then(|| self.prediction.clone()),
            movement: saved.as_ref().map(|saved| saved.movement).unwrap_or_default(),
            unplaced: saved.as_ref().map(|saved| saved.unplaced.clone()).unwrap_or_default(),
            over_time: known.or_else(|| over_time.then(OverTime::default)),
            state: saved.map(|saved| saved.online),
        };
        tasks::Stream::start(&self.job.context(), params, &self.data, self.table.columns(), options).map_err(told)
    }

    fn next(&mut self) -> Result<Option<Piece>, DataError> {
        self.table.next(self.job.batch as usize)
    }

    /// Reads past what is answered already, and opens the output behind it. A state is there before the output is, so that
    /// whoever is killed in between can go on.
    fn catch_up(&mut self, online: &mut tasks::Stream) -> Result<(), Stop> {
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
        if self.bytes == 0 && online.online.state().batches == 0 {
            let first = self.saved(online);
            if let Some(file) = &mut self.file {
                file.create(&first)?;
            }
        }
        self.answers = Answers::open(self.job.output, self.bytes, self.file.is_some())?;
        Ok(())
    }

    fn answer_all(
        &mut self,
        online: &mut tasks::Stream,
        console: &Console,
        told: &dyn Fn(Refused) -> Stop,
    ) -> Result<(), Stop> {
        let bar = console.bar("answering", std::fs::metadata(self.job.data).map_or(0, |meta| meta.len()));
        if self.bytes == 0 && self.batches == 0 {
            self.answers.write(&self.header)?;
            self.bytes += self.header.len() as u64;
            self.save(online, false)?;
        }
        let mut out = Vec::new();
        while let Some(piece) = self.next()? {
            out.clear();
            self.answer(&piece, online, &mut out, told)?;
            self.answers.write(&out)?;
            self.bytes += out.len() as u64;
            self.batches += 1;
            self.unsaved += 1;
            bar.set_position(self.bytes);
            if self.file.is_some() {
                self.hash = piece.chain(&self.hash);
                if self.unsaved >= self.job.steering.state_every {
                    self.save(online, false)?;
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Answers a piece, onto `out`.
    fn answer(
        &mut self,
        piece: &Piece,
        online: &mut tasks::Stream,
        out: &mut Vec<u8>,
        told: &dyn Fn(Refused) -> Stop,
    ) -> Result<(), Stop> {
        let batch = self.table.batch(piece, online.online.headers())?;
        match &mut self.scores {
            Scores::Column(_) => {
                let (_, y) = online.answer(&self.job.context(), &batch).map_err(told)?;
                self.table.write(piece, &[Added { name: &self.name, values: y.into() }], out)?;
            }
            Scores::Model { score, .. } => {
                let z = score(&self.table, piece)?;
                let y = online.answer_scores(&self.job.context(), &batch, &z).map_err(told)?;
                let own = Added { name: &self.prediction, values: z.as_slice().into() };
                self.table.write(piece, &[own, Added { name: &self.name, values: y.into() }], out)?;
            }
        }
        Ok(())
    }

    fn save(&mut self, online: &mut tasks::Stream, last: bool) -> Result<(), Stop> {
        let saved = self.saved(online);
        self.unsaved = 0;
        self.file.as_mut().map_or(Ok(()), |file| file.write(&saved, last))
    }

    fn saved<'b>(&self, online: &'b mut tasks::Stream) -> Saved<&'b OnlineState> {
        Saved {
            movement: online.movement,
            unplaced: online.unplaced(),
            over_time: online.over_time.clone(),
            online: online.online.state(),
            input_batches: self.batches,
            input_hash: self.hash.clone(),
            columns: self.columns.clone(),
            output_bytes: self.bytes,
            output_hash: self.answers.hash(),
            prediction: self.prediction.clone(),
            model: self.scores.identity().map(str::to_owned),
            batch: self.job.batch as usize,
            name: Some(self.name.clone()),
            dialect: Some(self.job.dialect.clone()),
        }
    }

    /// Everything is on the disk when the command ends.
    fn finish(&mut self, online: &mut tasks::Stream) -> Result<(), Stop> {
        self.answers.finish()?;
        self.save(online, true)
    }

    /// A stream that stopped before its first answer leaves nothing.
    fn leave(&mut self, online: &mut tasks::Stream) {
        if online.online.state().batches == 0 {
            std::mem::replace(&mut self.answers, Answers::None).remove();
            if let Some(file) = &mut self.file {
                file.remove();
            }
        }
    }
}

/// New columns must be new.
fn refuse_existing(
    scores: &Scores<'_>,
    prediction: &str,
    name: &str,
    data: &str,
    columns: &[String],
) -> Result<(), Stop> {
    let exists = |column: &str| columns.iter().any(|known| known == column);
    let message = |column: &str| format!("`{data}` already has a column `{column}`");
    match scores {
        Scores::Column(_) if exists(name) => Err(Stop::failed(message(name), "choose another with `--name`")),
        Scores::Model { .. } => match [prediction, name].into_iter().find(|column| exists(column)) {
            Some(column) => Err(Stop::failed(message(column), "leave it out of the data: the model writes it again")),
            None => Ok(()),
        },
        Scores::Column(_) => Ok(()),
    }
}

/// A state goes on under the settings that it was made with.
fn same_settings(saved: &Saved, job: &Job<'_>, prediction: &str, scores: &Scores<'_>) -> Result<(), Stop> {
    if saved.prediction != prediction {
        return Err(differs("the predictions", &saved.prediction, prediction).into());
    }
    if saved.batch != job.batch as usize {
        return Err(differs("`--batch`", saved.batch, job.batch).into());
    }
    // Data that follow may be answered by another model; the same data again would give other answers.
    if saved.model.as_deref() != scores.identity() && !job.steering.append {
        let words = |model: Option<&str>| model.map_or("no model".to_owned(), |hash| format!("the model {hash}"));
        let (saved, given) = (words(saved.model.as_deref()), words(scores.identity()));
        let message = format!("the state was made with {saved}, and this is {given}");
        return Err(Stop::failed(message, "use that model; another can go on with data that follow, with `--append`"));
    }
    Ok(())
}

/// Answers in one file are written alike; states of older versions do not say how.
fn same_output(saved: &Saved, job: &Job<'_>, name: &str) -> Result<(), Stop> {
    if saved.output_hash.is_none() {
        return Ok(());
    }
    if let Some(saved) = saved.name.as_deref().filter(|saved| *saved != name) {
        return Err(differs("the new column", saved, name).into());
    }
    let words = |dialect: &str| if dialect.is_empty() { "as usual".to_owned() } else { format!("`{dialect}`") };
    match saved.dialect.as_deref().filter(|saved| *saved != job.dialect) {
        Some(saved) => Err(differs("the dialect", words(saved), words(&job.dialect)).into()),
        None => Ok(()),
    }
}

/// The data that go on, or are given again, have the columns that the answers before had.
fn same_columns(saved: &Saved, columns: Option<&[String]>, data: &str) -> Result<(), Stop> {
    let message = match (saved.columns.as_deref(), columns) {
        (saved, given) if saved == given => return Ok(()),
        (Some(saved), Some(given)) => {
            let differs = saved.iter().zip(given).find(|(saved, given)| saved != given);
            let words = match differs {
                Some((saved, given)) => format!("`{given}` where `{saved}` was"),
                None => format!("{} where {} were", given.len(), saved.len()),
            };
            format!("the columns of `{data}` are not those that the state was made with: {words}")
        }
        (None, _) => format!("the state was made with JSON Lines, and `{data}` has a header"),
        (_, None) => format!("the state was made with a table that has a header, and `{data}` is JSON Lines"),
    };
    Err(Stop::failed(message, "give data with the same columns in the same order, or start again with another state"))
}

/// Answers are written as the data are.
fn same_format(output: Option<&Path>, format: Format) -> Result<(), Stop> {
    let Some(output) = output.filter(|path| *path != Path::new(STANDARD_STREAM)) else { return Ok(()) };
    let packed = output.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    let named = Format::of_path(output).ok();
    if !packed && named.is_none_or(|named| named == format) {
        return Ok(());
    }
    let named = named.map_or_else(|| "gzip".to_owned(), |named| named.to_string());
    let message =
        format!("`{}` would be {named}, and a stream is written as its data are, in {format}", output.display());
    Err(Stop::failed(message, format!("let its name end in `.{}`", format.name())))
}

fn report(
    stream: &Stream<'_>,
    online: &mut tasks::Stream,
    console: &Console,
    told: &dyn Fn(Refused) -> Stop,
) -> Outcome {
    let job = stream.job;
    let named = Named {
        table: &stream.data,
        column: &stream.prediction,
        settings: job.settings.iter().cloned().chain(job.steering.words()).collect(),
        most: job.shown.most(),
    };
    let report = online.report(&job.context(), named).map_err(told)?;
    page::write(job.html, || stream_page(&report, env!("CARGO_PKG_VERSION")), console)?;
    let to_stream = job.output == Some(Path::new(STANDARD_STREAM));
    let new = match stream.scores {
        Scores::Column(_) => format!("the new column `{}`", stream.name),
        Scores::Model { .. } => format!("the new columns `{}` and `{}`", stream.prediction, stream.name),
    };
    match (console.is_json(), to_stream) {
        (true, _) => console.json(&report.json())?,
        (false, true) => console.report_beside(&report.text(&Painter(console))),
        (false, false) => {
            let mut text = report.text(&Painter(console));
            if let Some(output) = job.output {
                text.push_str(&format!("\nwrote {} with {new}\n", output.display()));
            }
            console.report(&fit(&text, console.out_look().width))?;
            if job.output.is_none() {
                let plain = new.replace("the new", "the");
                console.note(&format!("nothing written; `-o OUT` writes the data with {plain}"));
            }
        }
    }
    if let Some(failure) = tasks::not_held(&report, &job.context()).filter(|_| job.require_all) {
        console.say(&format!("error: {failure}\n"));
        return Ok(Verdict::No);
    }
    Ok(Verdict::Yes)
}
