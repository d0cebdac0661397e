//! Answers batch by batch, so that all answers together satisfy a spec.

use super::project::not_all;
use super::{Context, Refused, Use};
use crate::bind::{Difference, Left, Method, Online, OnlineState, Params, StreamError, StreamSpec, Unplaced};
use crate::data::Batch;
use crate::language::program::{Origin, PromisedRow};
use crate::report::{Moment, Movement, OverTime, ParamFacts, StreamReport, left_out, param_facts};
use crate::runtime::online::{Memory, OnlineError};
use crate::source::Failure;

/// How batches are answered, and from where on.
pub struct StreamOptions {
    pub method: Method,
    pub memory: Memory,
    /// The header of the predictions, if they are in the table.
    pub prediction: Option<String>,
    /// What was answered before, how far that moved predictions, and the samples in no level.
    pub state: Option<OnlineState>,
    pub movement: Movement,
    pub unplaced: Vec<Unplaced>,
    /// Where the rows stood so far; none if nobody asks for that.
    pub over_time: Option<OverTime>,
}

/// A stream and what came of it so far.
pub struct Stream {
    pub online: Online,
    pub movement: Movement,
    method: Method,
    /// Of earlier runs.
    unplaced: Vec<Unplaced>,
    pub over_time: Option<OverTime>,
    params: Vec<ParamFacts>,
}

/// What reports say about a stream besides its numbers.
pub struct Named<'a> {
    pub table: &'a str,
    pub column: &'a str,
    pub settings: Vec<String>,
    pub most: usize,
}

impl Stream {
    /// Starts a stream of batches with these columns, or goes on from a state.
    ///
    /// # Errors
    /// Columns that are missing, settings that make no sense, and a state that was made with others.
    pub fn start(
        context: &Context<'_>,
        params: &Params,
        table: &str,
        headers: &[String],
        options: StreamOptions,
    ) -> Result<Stream, Refused> {
        context.moves_predictions()?;
        let StreamOptions { method, memory, prediction, state, movement, unplaced, over_time } = options;
        let told = param_facts(context.program, params);
        let reading = Use::Stream.options(prediction);
        let spec = StreamSpec { program: context.program, params, file: table, headers, options: &reading };
        let online = Online::new(spec, method, memory, state).map_err(|error| refused(context, error))?;
        Ok(Stream { online, movement, method, unplaced, over_time, params: told })
    }

    /// Promised rows that take no part, and why.
    pub fn left_out(&self, context: &Context<'_>) -> Vec<(String, String)> {
        let program = context.program;
        let told = |of: &[(usize, Left)], promised: PromisedRow, origin: Option<&Origin>| {
            let (_, left) = of.iter().find(|(row, _)| *row == promised.row)?;
            Some((origin?.name.clone(), left_out(left)))
        };
        let (rows, samples) = (self.online.left_out(), self.online.left_out_samples());
        let promised = program.promised_rows().into_iter();
        let each = program.promised_sample_rows().into_iter();
        promised
            .filter_map(|promised| told(rows, promised, program.origin(promised)))
            .chain(each.filter_map(|promised| told(samples, promised, program.sample_origin(promised))))
            .collect()
    }

    /// The samples of all runs that are in no level, by column.
    pub fn unplaced(&self) -> Vec<Unplaced> {
        Unplaced::together(&self.unplaced, &self.online.unplaced())
    }

    /// Answers a batch that holds its predictions: these, and the answers.
    ///
    /// # Errors
    /// What is wrong with the batch; the state is then that of an unknown part of it, and must not be saved.
    pub fn answer(&mut self, context: &Context<'_>, batch: &Batch) -> Result<(Vec<f64>, &[f64]), Refused> {
        let (z, _) = self.online.answer(batch).map_err(|error| refused(context, error))?;
        self.enter(context, &z)?;
        Ok((z, self.online.answered().0))
    }

    /// Answers a batch with predictions that it does not hold.
    ///
    /// # Errors
    /// As [`Stream::answer`].
    pub fn answer_scores(&mut self, context: &Context<'_>, batch: &Batch, z: &[f64]) -> Result<&[f64], Refused> {
        self.online.answer_scores(batch, z).map_err(|error| refused(context, error))?;
        self.enter(context, z)?;
        Ok(self.online.answered().0)
    }

    fn enter(&mut self, context: &Context<'_>, z: &[f64]) -> Result<(), Refused> {
        let (answers, weights) = self.online.answered();
        self.movement.enter(z, answers, weights);
        let (batches, samples) = (self.online.state().batches, self.online.state().samples);
        if let Some(over_time) = self.over_time.as_mut().filter(|over_time| over_time.keeps(batches)) {
            let rows = self.online.readings().map_err(|error| refused(context, error))?;
            over_time.enter(Moment::new(context.program, &rows, batches, samples));
        }
        Ok(())
    }

    /// What came of all answers so far.
    ///
    /// # Errors
    /// Counts that the spec does not allow.
    pub fn report<'a>(&mut self, context: &Context<'a>, named: Named<'a>) -> Result<StreamReport<'a>, Refused> {
        let rows = self.online.readings().map_err(|error| refused(context, error))?;
        let sample_rows = self.online.sample_readings().map_err(|error| refused(context, error))?;
        let price = self.online.primal_dual().map(|state| (state.price, state.mean_excess(), state.certificate()));
        let unplaced = self.unplaced();
        let state = self.online.state();
        let now = || Moment::new(context.program, &rows, state.batches, state.samples);
        let over_time = self.over_time.as_ref().map_or_else(Vec::new, |over_time| over_time.until(now()));
        Ok(StreamReport {
            spec: &context.spec.name,
            data: named.table,
            prediction: named.column,
            program: context.program,
            method: match self.method {
                Method::PrimalDual { .. } => "primal-dual",
                Method::Smooth { .. } => "pooled, smooth",
                Method::Hard => "pooled",
            },
            settings: named.settings,
            params: self.params.clone(),
            samples: state.samples,
            batches: state.batches,
            behind: state.behind,
            held_since: state.held_since,
            keeps: self.method == Method::Hard,
            movement: self.movement,
            over_time,
            rows,
            sample_rows,
            price,
            unplaced,
            most: named.most,
        })
    }
}

/// Why answers are none to rely on, if all promises were asked for.
pub fn not_held(report: &StreamReport<'_>, context: &Context<'_>) -> Option<String> {
    report.shortfall().map(|verdict| not_all(context, verdict))
}

fn refused(context: &Context<'_>, error: StreamError) -> Refused {
    match error {
        StreamError::Bind(errors) => errors.into(),
        StreamError::Differs(difference) => different(context, &difference).into(),
        StreamError::Online(OnlineError::Setting { .. }) => Failure::new(error.to_string(), "").into(),
        StreamError::Online(_) => Refused::Unsolved(Failure::new(error.to_string(), "")),
    }
}

fn different(context: &Context<'_>, difference: &Difference) -> Failure {
    let front = context.front;
    let rows = |count: usize| format!("{count} rows left out");
    let sums = |count: usize| format!("sums of {count} quantities");
    match difference {
        Difference::Method(saved, given) => differs("the method", front.method(*saved), front.method(*given)),
        Difference::Memory(saved, given) => differs("the memory", front.memory(*saved), front.memory(*given)),
        Difference::Param(name, saved, given) => differs("the param", format!("`{name}` = {saved}"), given),
        Difference::LeftOut(saved, given) => differs("a table with other labels:", rows(*saved), rows(*given)),
        Difference::Sums(saved, given) => differs("another version, which keeps", sums(*saved), sums(*given)),
    }
}

/// A state goes on under the settings that it was made with.
pub fn differs(what: &str, saved: impl std::fmt::Display, given: impl std::fmt::Display) -> Failure {
    let message = format!("the state was made with {what} {saved}, and this is {given}");
    Failure::new(message, "use the settings of the state, or start again without it")
}
