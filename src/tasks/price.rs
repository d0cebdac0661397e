//! What a spec costs: how far predictions have to move at each value of a param, or what decisions gain.

use super::deciding::{DecideOptions, by_cutoff, compared};
use super::refused::undecided;
use super::{Case, Refused};
use crate::analyze::{Deciding, EncodeAgain, Ended, ParamSweep, Point, SweepError, sensible, total_gain};
use crate::bind::{BindError, Params, Reach, Samples};
use crate::report::{ByCutoff, PriceReport, RowSummaries, Sweep};
use crate::source::Failure;

/// Steps where no values are named.
pub const STEPS: usize = 20;
/// More values than these are a slip of the pen.
pub const MOST_VALUES: usize = 10_000;

/// A param, and the values wanted; none for values worth a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweeping {
    pub name: String,
    pub values: Vec<f64>,
}

impl Sweeping {
    /// The values in their order, each once.
    ///
    /// # Errors
    /// Values that are not finite, and too many of them.
    pub fn new(name: String, mut values: Vec<f64>) -> Result<Sweeping, String> {
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(format!("`{value}` is no value of a param"));
        }
        if values.len() > MOST_VALUES {
            return Err(format!("{} values, and at most {MOST_VALUES} are computed", values.len()));
        }
        values.sort_by(f64::total_cmp);
        values.dedup();
        Ok(Sweeping { name, values })
    }
}

/// What is to be priced.
#[derive(Default)]
pub struct PriceOptions<'o> {
    /// Each param is varied by itself; none for every param that rows read.
    pub sweeps: Vec<Sweeping>,
    /// Show all rows and all groups.
    pub all: bool,
    /// Price decisions, made so, in place of predictions that move.
    pub decide: Option<DecideOptions<'o>>,
}

/// The prices of a spec.
pub struct Priced<'a> {
    pub report: PriceReport<'a>,
    /// Some value of a param can be met.
    pub feasible: bool,
}

/// Prices params; `again` encodes the same data with other values of params.
///
/// # Errors
/// Data that do not fit the spec, and specs without params.
pub fn price<'a>(case: &Case<'a>, options: PriceOptions<'_>, again: &EncodeAgain<'_>) -> Result<Priced<'a>, Refused> {
    match &options.decide {
        None => case.context.moves_predictions()?,
        Some(decide) => super::decide::fits(case, decide)?,
    }
    case.ready()?;
    let program = case.context.program;
    let wanted = wanted(case, options.sweeps).map_err(|error| vec![error])?;
    if wanted.is_empty() {
        let help = "a price is paid for the value of a param: declare one, for example `param eps = 0.02 in [0, 1]`";
        return Err(Failure::new(format!("no row of `{}` reads a param", case.context.spec.name), help).into());
    }
    let deciding =
        options.decide.as_ref().map(|decide| (by_cutoff(case, decide), decide.gains(case.predictions), decide));
    let mut sweeps = Vec::new();
    for (place, values) in wanted {
        let mut sweep = ParamSweep::new(program, case.encoded, case.params, place, case.predictions, again);
        if let Some((before, gain, decide)) = &deciding {
            sweep = sweep.deciding(before, Deciding { gain, compared: compared(case, decide, gain) });
        }
        let points = points(&mut sweep, values)?;
        let present = sweep.present();
        // Sides that cross there say nothing about the values that were asked for.
        let now = if points.iter().any(|point| point.value == present) { None } else { sweep.at(present).ok() };
        let param = program.params.get(place).map_or("", |param| param.name.as_str());
        sweeps.push(Sweep { param, present, reach: sweep.reach(), points, now });
    }
    let feasible = sweeps.iter().flat_map(|sweep| &sweep.points).any(|point| point.ended == Ended::Optimal);
    let shown = deciding.as_ref().map_or(case.predictions, |(before, ..)| before);
    let mut report = report(case, shown, sweeps, options.all)?;
    report.by_cutoff = deciding.as_ref().map(|(before, gain, decide)| ByCutoff {
        cutoff: decide.cutoff,
        column: decide.gain.map(|(column, _)| column.to_owned()),
        blind: case.encoded.reads_labels(program),
        gain: total_gain(gain, case.encoded.weight(), before),
        selected: before.iter().sum(),
        rates: case.encoded.event_means(&Samples::All, before),
    });
    Ok(Priced { report, feasible })
}

/// The params to vary, by place in the program.
fn wanted(case: &Case<'_>, sweeps: Vec<Sweeping>) -> Result<Vec<(usize, Vec<f64>)>, BindError> {
    let program = case.context.program;
    if sweeps.is_empty() {
        let read = (0..program.params.len()).filter(|&place| case.encoded.reach(place) != Reach::Nothing);
        return Ok(read.map(|place| (place, Vec::new())).collect());
    }
    let place = |Sweeping { name, values }| match program.param_place(&name) {
        Some(place) => Ok((place, values)),
        // The error that setting it gives.
        None => Err(Params::defaults(program).set(program, &name, 0.0).err().unwrap_or(BindError::UnknownParam {
            name,
            suggestion: None,
            known: Vec::new(),
        })),
    };
    sweeps.into_iter().map(place).collect()
}

fn points(sweep: &mut ParamSweep<'_>, values: Vec<f64>) -> Result<Vec<Point>, Refused> {
    let values = if values.is_empty() { sensible(sweep, STEPS)? } else { values };
    Ok(values.into_iter().map(|value| sweep.at(value)).collect::<Result<_, _>>()?)
}

impl From<SweepError> for Refused {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Bind(errors) => errors.into(),
            SweepError::Problem(error) => error.into(),
            SweepError::Project(error) => error.into(),
            SweepError::Decide(error) => undecided(error),
        }
    }
}

/// Adds what does not change with the params: the sizes of the groups, and the rows that take no part.
fn report<'a>(case: &Case<'a>, shown: &[f64], sweeps: Vec<Sweep<'a>>, all: bool) -> Result<PriceReport<'a>, Refused> {
    let Case { context, encoded, params, .. } = *case;
    let mut report = PriceReport {
        spec: &context.spec.name,
        data: case.table,
        prediction: case.column,
        settings: case.settings_in_words(),
        program: context.program,
        promised: context.program.promised_rows(),
        n: encoded.n(),
        sweeps,
        sizes: Vec::new(),
        by_cutoff: None,
        left_over: Vec::new(),
        all,
    };
    match encoded.bind_convex(params, &Samples::All) {
        Ok(bound) => {
            report.sizes = bound.events.iter().map(|count| count.map(|count| count.samples)).collect();
            let mut summaries = RowSummaries::new(context.program);
            summaries.enter(&bound, encoded, params, &Samples::All, shown)?;
            let rows = summaries.rows.iter().enumerate();
            report.left_over = rows.filter_map(|(index, row)| Some((index, row.reason.clone()?))).collect();
        }
        // The sides of the present value cross: what the sweep found is shown all the same.
        Err(errors)
            if errors
                .iter()
                .all(|error| matches!(error, BindError::CrossedSides { .. } | BindError::CrossedRows { .. })) => {}
        Err(errors) => return Err(errors.into()),
    }
    Ok(report)
}
