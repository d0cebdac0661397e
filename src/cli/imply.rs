//! `fairc imply`: does one spec imply another?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::{DataArgs, Dataset, Painter, Predictions, open};
use super::fault::refuse;
use super::form::{Form, formats};
use super::input::Spec;
use super::setting::{self, Setting};
use super::stop::{Failure, Outcome, Stop, Verdict};
use crate::analyze::feasibility::RowSide;
use crate::analyze::implication::{self, Claim};
use crate::analyze::on_data::{Joint, tighter};
use crate::analyze::refute::{Example, KindMean, Refuter, Specimen};
use crate::analyze::structure::ByCases;
use crate::analyze::unbound::{self, OfBounds, Question};
use crate::bind::{BindError, Bound, BoundSampleRow, Purpose, RowStatus, Samples, blamed};
use crate::data::STANDARD_STREAM;
use crate::language::program::{Direction, Names, Origin, Program, PromisedRow};
use crate::report::{Implication, Implied, ImpliedRow, Mean, Multiplier};
use crate::runtime::problem::Problem;

/// Ask whether every prediction that satisfies one spec satisfies another
///
/// With data, on those samples; without, on any data without empty groups. Prints for each row of the second spec
/// the rows of the first that prove it, or means that satisfy the first and break it. Exits with 1 unless it is implied.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec that is given
    #[arg(value_name = "A")]
    premise: PathBuf,
    /// The spec that may follow
    #[arg(value_name = "B")]
    claim: PathBuf,
    #[arg(long, value_name = "FILE", help = format!("The data: {}", formats(".")))]
    data: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// Set a param of either spec, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    settings: Vec<Setting>,
    /// Show all rows
    #[arg(long)]
    all: bool,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let streams = [Some(&args.premise), Some(&args.claim), args.data.as_ref()];
    if streams.into_iter().flatten().any(|path| path == Path::new(STANDARD_STREAM)) {
        let message = "`imply` reads its files more than once, which standard input cannot be";
        return Err(Failure::new(message, "name files instead of `-`").into());
    }
    let (a, b) = (Spec::read(&args.premise)?, Spec::read(&args.claim)?);
    let (premise, claim) = (a.valid(console)?, b.valid(console)?);
    let mut answer = Implication {
        premise: a.name.clone(),
        claim: b.name.clone(),
        data: None,
        n: None,
        implied: None,
        same: premise.fingerprint() == claim.fingerprint() && args.settings.is_empty(),
        vacuous: false,
        rows: Vec::new(),
        reason: None,
    };
    let settings = [settings_of(premise, &args.settings, claim)?, settings_of(claim, &args.settings, premise)?];
    refuse_incomparable(premise, claim)?;
    // Each promise by its own sides.
    let (premise, claim) = (&premise.by_promise(), &claim.by_promise());
    match &args.data {
        Some(data) => {
            let asked = settings.map(|settings| DataArgs {
                data: data.clone(),
                form: args.form.clone(),
                settings,
                relations: Vec::new(),
            });
            on_data((&a, premise, &asked[0]), (&b, claim, &asked[1]), &mut answer, console)?;
        }
        None => without_data((&a, premise, &settings[0]), (&b, claim, &settings[1]), &mut answer, console)?,
    }
    answer.conclude();
    if console.is_json() {
        console.json(&answer)?;
    } else {
        console.report(&answer.text(&Painter(console), args.all))?;
    }
    Ok(Verdict::from(answer.implied == Some(true)))
}

/// Specs of which no proof can be given.
fn refuse_incomparable(premise: &Program, claim: &Program) -> Result<(), Failure> {
    if premise.prediction.header != claim.prediction.header {
        let (ours, theirs) = (&premise.prediction.header, &claim.prediction.header);
        return Err(Failure::new(
            format!("the specs constrain different predictions, `{ours}` and `{theirs}`"),
            "give both the same: `predict NAME from HEADER`",
        ));
    }
    for program in [premise, claim] {
        if let Some(relation) = program.relations.first() {
            return Err(Failure::new(
                format!("rows are about the pairs of `{}`, of which nothing is proved", relation.name),
                "compare specs without these constraints",
            ));
        }
    }
    if let Some(row) = [premise, claim].into_iter().find_map(|program| program.convex_row()) {
        let row = row.origins.first().map_or_else(String::new, |origin| origin.name.clone());
        let error = BindError::ConvexRow { row };
        return Err(Failure::new(error.to_string(), error.help()));
    }
    Ok(())
}

/// The settings that a program knows; a name that neither knows stays, to be refused.
fn settings_of(program: &Program, settings: &[Setting], other: &Program) -> Result<Vec<Setting>, Failure> {
    let mine = |setting: &&Setting| program.param(&setting.name).is_some() || other.param(&setting.name).is_none();
    Ok(settings.iter().filter(mine).cloned().collect())
}

type Asked<'a, S> = (&'a Spec, &'a Program, &'a S);

fn without_data(
    a: Asked<'_, Vec<Setting>>,
    b: Asked<'_, Vec<Setting>>,
    answer: &mut Implication,
    console: &Console,
) -> Result<(), Stop> {
    let values = |(spec, program, settings): &Asked<'_, Vec<Setting>>| -> Result<BTreeMap<String, f64>, Stop> {
        let params = setting::params(settings, program).map_err(|errors| refuse(&errors, spec, program, console))?;
        Ok(params.iter(program).map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let (ours, theirs) = (values(&a)?, values(&b)?);
    let question =
        Question::new(unbound::Spec { program: a.1, params: &ours }, unbound::Spec { program: b.1, params: &theirs });
    let question = match question {
        Ok(question) => question,
        Err(reason) => {
            answer.reason = (!answer.same).then(|| format!("{reason}; `--data FILE` asks about given data"));
            return Ok(());
        }
    };
    let made = question.refuter();
    let made = made.as_ref();
    let unknown = || Some(format!("{}; `--data FILE` asks about given data", question.reason()));
    for index in 0..b.1.rows.len() {
        let found = question.answer(index, made);
        let answers = found.sides.into_iter();
        let mut row = row(b.1, index, answers, &|side| Multiplier {
            row: row_name(a.1, side.row),
            side: side_word(a.1, side),
            multiplier: 0.0,
        });
        row.0.counterexample = found.example.map_or_else(Vec::new, |example| made_up(&example, b.1));
        row.0.reason = (row.0.verdict == Implied::Unknown).then(unknown).flatten();
        answer.vacuous |= row.2;
        answer.rows.push(row.0);
    }
    answer.rows.extend(bounds_without_data(&question, made, b.1, &unknown));
    Ok(())
}

/// What the claim asks of single predictions, as far as it does not follow.
fn bounds_without_data(
    question: &Question<'_>,
    made: Option<&(Refuter<'_>, Vec<Specimen>)>,
    program: &Program,
    unknown: &dyn Fn() -> Option<String>,
) -> Vec<ImpliedRow> {
    let (lower, upper) = (program.prediction.lower, program.prediction.upper);
    let declared = ("bounds of predictions".to_owned(), format!("{lower} <= {} <= {upper}", program.prediction.name));
    let each =
        program.sample_rows.iter().enumerate().filter(|(_, row)| row.options.soft.is_none()).map(|(index, row)| {
            let name = row.origins.first().map_or_else(String::new, |origin| origin.name.clone());
            ((name, each_text(program, index)), question.bounds_follow(index, made))
        });
    let mut rows = Vec::new();
    for ((name, text), found) in std::iter::once((declared, question.declared_bounds_follow(made))).chain(each) {
        let (verdict, counterexample) = match &found {
            OfBounds::Implied => continue,
            OfBounds::Broken(example) => (Implied::Broken, made_up(example, program)),
            OfBounds::Undecided => (Implied::Unknown, Vec::new()),
        };
        let mut row = ImpliedRow {
            name,
            text,
            counterexample,
            reason: (verdict == Implied::Unknown).then(unknown).flatten(),
            ..blank(program, usize::MAX, verdict)
        };
        if let OfBounds::Broken(example) = &found {
            row.reach(example.upper, Direction::default(), example.value, example.limit);
        }
        rows.push(row);
    }
    rows
}

/// Data that were made up: how many samples of each kind, and the means of their predictions.
fn made_up(example: &Example, program: &Program) -> Vec<Mean> {
    let names = Names::of(program);
    let mean = |it: &KindMean| Mean { event: it.kind.text(&names), samples: Some(it.samples), mean: it.mean };
    example.kinds.iter().map(mean).collect()
}

fn on_data(
    a: Asked<'_, DataArgs>,
    b: Asked<'_, DataArgs>,
    answer: &mut Implication,
    console: &Console,
) -> Result<(), Stop> {
    let bound = |(spec, program, args): &Asked<'_, DataArgs>| -> Result<(Dataset, Bound), Stop> {
        let dataset = open(spec, args, &Predictions::None, Purpose::Training, program, console)
            .map_err(|trouble| trouble.told(spec, program, console))?;
        let bound = dataset.encoded.bind(&dataset.params, &Samples::All);
        let bound = bound.map_err(|errors| refuse(&errors, spec, program, console))?;
        Ok((dataset, bound))
    };
    let ((ours, premise), (theirs, claim)) = (bound(&a)?, bound(&b)?);
    (answer.data, answer.n) = (Some(ours.source.name().to_owned()), Some(ours.encoded.n()));
    let joint = Joint::new(&premise.problem, &claim.problem);
    let joint = joint.map_err(|error| Stop::failed(error.to_string(), ""))?;
    let Some(joint) = joint else {
        answer.reason = Some(format!(
            "the samples differ in more than {} ways that rows can tell apart",
            crate::analyze::MOST_VARIABLES
        ));
        return Ok(());
    };
    for (index, bound_row) in claim.rows.iter().enumerate() {
        let RowStatus::Kept(place) = bound_row.status else {
            answer.rows.push(blank(b.1, index, Implied::Skipped));
            continue;
        };
        let sides = joint.rows.get(place).map_or(&[][..], Vec::as_slice);
        let answers = sides.iter().map(|half| (half.clone(), ByCases { verdict: joint.answer(&half.1), cases: 1 }));
        let mut row = row(b.1, index, answers, &|side| Multiplier {
            row: premise.problem.row_name(side.row),
            side: blamed(&premise.rows, side.row, side.upper)
                .map_or("", |(promised, _)| side_word(a.1, RowSide { row: promised.row, ..side })),
            multiplier: 0.0,
        });
        if let Some(x) = row.1.take() {
            let influences = sides.first().map_or_else(|| vec![0.0; x.len()], |(_, claim)| claim.influences(x.len()));
            row.0.counterexample = cells(&joint, (&x, &influences), (a.1, &ours), (b.1, &theirs));
        }
        answer.vacuous |= row.2;
        answer.rows.push(row.0);
    }
    for (index, row) in claim.sample_rows.iter().enumerate() {
        if !matches!(row, BoundSampleRow::Applied { .. }) {
            let name = b.1.sample_origin(PromisedRow { row: index, origin: 0 }).map(|origin| origin.name.clone());
            let (name, text) = (name.unwrap_or_default(), each_text(b.1, index));
            answer.rows.push(ImpliedRow { name, text, ..blank(b.1, usize::MAX, Implied::Skipped) });
        }
    }
    bounds(&joint, (&premise.problem, &claim.problem), (&b, &theirs), answer, console)
}

/// What the claim asks of single predictions: each promise by its own bounds, and those that the prediction is declared with.
fn bounds(
    joint: &Joint,
    (premise, whole): (&Problem, &Problem),
    (&(spec, program, _), theirs): (&Asked<'_, DataArgs>, &Dataset),
    answer: &mut Implication,
    console: &Console,
) -> Result<(), Stop> {
    let Some((first, open)) = unmet(joint, premise, whole) else { return Ok(()) };
    let known = answer.rows.len();
    let promises = theirs.encoded.promised_sample_rows();
    for promise in promises.iter().map(Some).chain([None]) {
        let others: Vec<PromisedRow> = promises.iter().filter(|other| Some(*other) != promise).copied().collect();
        let alone = theirs.encoded.clone().without_each(&others).bind(&theirs.params, &Samples::All);
        let alone = alone.map_err(|errors| refuse(&errors, spec, program, console))?;
        let Some((sample, verdict)) = unmet(joint, premise, &alone.problem) else { continue };
        let (lower, upper) = alone.problem.bounds().at(sample);
        let bounds = format!("{lower} <= {} <= {upper}", program.prediction.name);
        let (name, text) = match promise.and_then(|promise| Some((program.sample_origin(*promise)?, promise.row))) {
            Some((origin, row)) => (origin.name.clone(), each_text(program, row)),
            None => ("bounds of predictions".to_owned(), bounds.clone()),
        };
        answer.rows.push(ImpliedRow {
            name,
            text,
            reason: Some(format!("sample {} is not kept within {bounds}", sample + 1)),
            ..blank(program, usize::MAX, verdict)
        });
    }
    if answer.rows.len() == known {
        let name = format!("bounds of sample {}", first + 1);
        answer.rows.push(ImpliedRow { name, ..blank(program, usize::MAX, open) });
    }
    Ok(())
}

/// A sample whose bounds in the claim do not follow.
fn unmet(joint: &Joint, premise: &Problem, claim: &Problem) -> Option<(usize, Implied)> {
    tighter(premise, claim).into_iter().find_map(|sample| {
        match joint.bounds_follow(premise, sample, claim.bounds().at(sample)) {
            implication::Verdict::Implied(_) => None,
            implication::Verdict::Broken { .. } => Some((sample, Implied::Broken)),
            implication::Verdict::Undecided => Some((sample, Implied::Unknown)),
        }
    })
}

/// The cells of a counterexample: the events that their samples are in, and their means; first those that count most in the
/// row.
fn cells(
    joint: &Joint,
    (x, influences): (&[f64], &[f64]),
    a: (&Program, &Dataset),
    b: (&Program, &Dataset),
) -> Vec<Mean> {
    let mut means: Vec<(f64, Mean)> = Vec::new();
    for ((generator, mean), influence) in joint.generators.iter().zip(x).zip(influences) {
        if !generator.is_mean {
            continue;
        }
        let mut texts: Vec<String> = Vec::new();
        for (program, dataset) in [a, b] {
            let names = Names::of(program);
            let events = dataset.encoded.events_of(generator.first);
            texts.extend(events.into_iter().map(|id| program.event_text(id, &names)).filter(|text| text != "all"));
        }
        texts.sort_by_key(|text| (text.len(), text.clone()));
        texts.dedup();
        // `sex == "female"` says nothing beside `hired == "0" and sex == "female"`.
        let whole = texts.clone();
        texts.retain(|text| !whole.iter().any(|other| other.len() > text.len() && other.contains(text.as_str())));
        let event = if texts.is_empty() { "all others".to_owned() } else { texts.join(", ") };
        means.push((*influence, Mean { event, samples: Some(generator.samples), mean: *mean }));
    }
    means.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    means.into_iter().map(|(_, mean)| mean).collect()
}

/// A row with the answers to its sides, the counterexample, and whether nothing satisfies the premises.
fn row(
    program: &Program,
    index: usize,
    answers: impl Iterator<Item = ((bool, Claim), ByCases)>,
    multiplier: &dyn Fn(RowSide) -> Multiplier,
) -> (ImpliedRow, Option<Vec<f64>>, bool) {
    let mut row = blank(program, index, Implied::Implied);
    let direction = program.origin(PromisedRow { row: index, origin: 0 }).map(Origin::direction).unwrap_or_default();
    // How far the side that was told is from its limit.
    let mut told = f64::NEG_INFINITY;
    let (mut counterexample, mut vacuous) = (None, false);
    for ((upper, claim), found) in answers {
        row.cases = row.cases.max(found.cases);
        match found.verdict {
            implication::Verdict::Undecided => {
                if row.verdict == Implied::Implied {
                    row.verdict = Implied::Unknown;
                }
            }
            implication::Verdict::Broken { x, value } => {
                if row.verdict != Implied::Broken {
                    row.verdict = Implied::Broken;
                    row.reach(upper, direction, value, claim.limit);
                    counterexample = Some(x);
                }
            }
            implication::Verdict::Implied(proof) => {
                vacuous |= proof.vacuous;
                let nearer = proof.bound - claim.limit > told;
                if row.verdict == Implied::Implied && nearer && !proof.vacuous {
                    (told, row.uses_bounds) = (proof.bound - claim.limit, proof.uses_bounds);
                    row.reach(upper, direction, proof.bound, claim.limit);
                    let named = |(side, value): &(RowSide, f64)| Multiplier { multiplier: *value, ..multiplier(*side) };
                    row.proof = proof.multipliers.iter().map(named).collect();
                }
            }
        }
    }
    (row, counterexample, vacuous)
}

fn blank(program: &Program, index: usize, verdict: Implied) -> ImpliedRow {
    let names = Names::of(program);
    ImpliedRow {
        name: row_name(program, index),
        text: program
            .promised(PromisedRow { row: index, origin: 0 })
            .map_or_else(String::new, |row| program.row_text(&row, &names)),
        verdict,
        side: None,
        reaches: None,
        limit: None,
        proof: Vec::new(),
        uses_bounds: false,
        cases: 0,
        counterexample: Vec::new(),
        reason: None,
    }
}

/// A bound of single predictions as its author wrote it.
fn each_text(program: &Program, index: usize) -> String {
    let row = program.promised_sample(PromisedRow { row: index, origin: 0 });
    row.map_or_else(String::new, |row| program.sample_row_text(&row, &Names::of(program)))
}

fn row_name(program: &Program, index: usize) -> String {
    let origin = program.rows.get(index).and_then(|row| row.origins.first());
    origin.map_or_else(String::new, |origin| origin.name.clone())
}

/// As its author wrote it.
fn side_word(program: &Program, side: RowSide) -> &'static str {
    let direction = program.origin(PromisedRow { row: side.row, origin: 0 }).map(Origin::direction).unwrap_or_default();
    if direction.is_upper(side.upper) { "upper" } else { "lower" }
}
