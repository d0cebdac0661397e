//! What a spec costs, in predictions that move or in what decisions gain, over the values of a param: tables for people, JSON and a picture.

mod decided;
mod picture;
mod text;

use serde::Serialize;

use super::number::finite;
use crate::analyze::{Ended, Point, RowPoint};
use crate::bind::Reach;
use crate::language::program::{EventId, Names, Program, PromisedRow};

/// One param and what came of each of its values, ascending.
pub struct Sweep<'a> {
    pub param: &'a str,
    /// Its value without the sweep.
    pub present: f64,
    pub reach: Reach,
    pub points: Vec<Point>,
    /// At the present value, where that is not among them.
    pub now: Option<Point>,
}

impl Sweep<'_> {
    /// The values that were asked for, with the present one in its place.
    pub(in crate::report) fn shown(&self) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.points.iter().chain(&self.now).collect();
        points.sort_by(|a, b| a.value.total_cmp(&b.value));
        points
    }

    pub(in crate::report) fn is_now(&self, point: &Point) -> bool {
        point.value == self.present
    }
}

/// What decisions by the cutoff alone come to.
#[derive(Clone, Debug)]
pub struct ByCutoff {
    pub cutoff: f64,
    /// The column of gains, where there is one.
    pub column: Option<String>,
    /// Rows read labels, so that decisions are made by thresholds that look at none.
    pub blind: bool,
    /// `Σ w g d`.
    pub gain: f64,
    pub selected: f64,
    /// The selection rate in each event of the program.
    pub rates: Vec<Option<f64>>,
}

/// The prices of a spec on data.
pub struct PriceReport<'a> {
    pub spec: &'a str,
    pub data: &'a str,
    /// The header of the predictions.
    pub prediction: &'a str,
    /// Params that were set, as `name = value`.
    pub settings: Vec<String>,
    pub program: &'a Program,
    /// The rows by which promises are judged: places of rows are among these.
    pub promised: Vec<PromisedRow>,
    pub n: usize,
    pub sweeps: Vec<Sweep<'a>>,
    /// Where decisions are priced.
    pub by_cutoff: Option<ByCutoff>,
    /// Samples of each event of the program.
    pub sizes: Vec<Option<usize>>,
    /// Rows that take no part, by place, and why.
    pub left_over: Vec<(usize, String)>,
    /// Show all rows and groups.
    pub all: bool,
}

/// As `--format json` prints it.
#[derive(Serialize)]
pub struct Priced {
    spec: String,
    fingerprint: String,
    n: usize,
    prediction: String,
    /// Where decisions are priced: what they come to by the cutoff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_cutoff: Option<ByCutoffJson>,
    sweeps: Vec<SweepJson>,
    /// Rows that take no part.
    skipped: Vec<SkippedJson>,
}

#[derive(Serialize)]
struct ByCutoffJson {
    cutoff: f64,
    gain_column: Option<String>,
    gain: f64,
    selected: f64,
    rates: Vec<RateJson>,
}

#[derive(Serialize)]
struct RateJson {
    event: String,
    rate: Option<f64>,
}

#[derive(Serialize)]
struct DecidedJson {
    /// `Σ w g d` at best, shares of a decision included.
    gain: f64,
    share_kept: Option<f64>,
    /// Of decisions of 0 and 1.
    gain_whole: Option<f64>,
    selected_whole: Option<usize>,
    became_1_whole: Option<usize>,
    became_0_whole: Option<usize>,
    selected: f64,
    became_1: f64,
    became_0: f64,
    rates: Vec<RateJson>,
}

#[derive(Serialize)]
struct SkippedJson {
    name: String,
    reason: String,
}

#[derive(Serialize)]
struct SweepJson {
    param: String,
    present: f64,
    /// `sides`, `matrix` or `encoding`: how far into the problem the param reaches.
    reach: &'static str,
    values: Vec<ValueJson>,
}

#[derive(Serialize)]
struct ValueJson {
    value: f64,
    status: &'static str,
    /// `√(Σ w (ŷ − z)²)`.
    distance: Option<f64>,
    moved: Option<usize>,
    share_moved: Option<f64>,
    mean_move: Option<f64>,
    largest_move: Option<f64>,
    /// `−d(½ distance²)/d value`; of decisions `d gain/d value`.
    price: Option<f64>,
    /// Where decisions are priced; predictions are then decisions, before by the cutoff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<DecidedJson>,
    groups: Vec<GroupJson>,
    rows: Vec<RowJson>,
    /// If infeasible, the rows in conflict.
    conflict: Vec<String>,
}

#[derive(Serialize)]
struct GroupJson {
    event: String,
    mean_change: Option<f64>,
}

#[derive(Serialize)]
struct RowJson {
    name: String,
    lower: Option<f64>,
    upper: Option<f64>,
    before: f64,
    after: Option<f64>,
    multiplier: Option<f64>,
    active: bool,
}

impl PriceReport<'_> {
    pub fn json(&self) -> Priced {
        Priced {
            spec: self.spec.to_owned(),
            fingerprint: self.program.fingerprint().to_string(),
            n: self.n,
            prediction: self.prediction.to_owned(),
            by_cutoff: self.by_cutoff.as_ref().map(|alone| ByCutoffJson {
                cutoff: alone.cutoff,
                gain_column: alone.column.clone(),
                gain: alone.gain,
                selected: alone.selected,
                rates: self.rates_json(&alone.rates),
            }),
            sweeps: self.sweeps.iter().map(|sweep| self.sweep_json(sweep)).collect(),
            skipped: self
                .left_over
                .iter()
                .map(|(row, reason)| SkippedJson { name: self.row_name(*row), reason: reason.clone() })
                .collect(),
        }
    }

    fn sweep_json(&self, sweep: &Sweep<'_>) -> SweepJson {
        SweepJson {
            param: sweep.param.to_owned(),
            present: sweep.present,
            reach: match sweep.reach {
                Reach::Nothing => "nothing",
                Reach::Sides => "sides",
                Reach::Matrix => "matrix",
                Reach::Encoding => "encoding",
            },
            values: sweep.points.iter().map(|point| self.value_json(point)).collect(),
        }
    }

    fn value_json(&self, point: &Point) -> ValueJson {
        let movement = point.movement;
        let rows = point.rows.iter().enumerate().filter_map(|(index, row)| Some((index, (*row)?)));
        ValueJson {
            value: point.value,
            status: match point.ended {
                Ended::Optimal => "optimal",
                Ended::Infeasible(..) => "infeasible",
                Ended::IterationLimit => "iteration_limit",
            },
            distance: movement.map(|movement| movement.distance()),
            moved: movement.map(|movement| movement.moved),
            share_moved: movement.map(|movement| movement.share()),
            mean_move: movement.map(|movement| movement.mean()),
            largest_move: movement.map(|movement| movement.largest),
            price: point.price,
            decided: point.decided.as_ref().map(|decided| DecidedJson {
                gain: decided.gain,
                share_kept: self.by_cutoff.as_ref().and_then(|alone| alone.kept(decided.gain)),
                gain_whole: decided.whole.as_ref().map(|whole| whole.gain),
                selected_whole: decided.whole.as_ref().map(|whole| whole.selected),
                became_1_whole: decided.whole.as_ref().map(|whole| whole.became_1),
                became_0_whole: decided.whole.as_ref().map(|whole| whole.became_0),
                selected: decided.selected,
                became_1: decided.became_1,
                became_0: decided.became_0,
                rates: self.rates_json(&decided.rates),
            }),
            groups: self
                .groups()
                .into_iter()
                .map(|event| GroupJson { event: self.event_name(event), mean_change: change(point, event) })
                .collect(),
            rows: rows.map(|(index, row)| self.row_json(index, row)).collect(),
            conflict: self.conflict(point),
        }
    }

    fn rates_json(&self, rates: &[Option<f64>]) -> Vec<RateJson> {
        let rate = |event: usize| RateJson { event: self.event_name(event), rate: rates.get(event).copied().flatten() };
        self.groups().into_iter().map(rate).collect()
    }

    fn row_json(&self, index: usize, row: RowPoint) -> RowJson {
        RowJson {
            name: self.row_name(index),
            lower: finite(row.lower),
            upper: finite(row.upper),
            before: row.before,
            after: row.after,
            multiplier: row.multiplier,
            active: row.active,
        }
    }

    /// The groups: events whose means rows compare, in the order of the program.
    fn groups(&self) -> Vec<usize> {
        let points = || self.sweeps.iter().flat_map(|sweep| &sweep.points);
        let part = |row: usize| points().any(|point| point.rows.get(row).is_some_and(Option::is_some));
        let promised = self.promised.iter().enumerate().filter(|(index, _)| part(*index));
        let rows = promised.filter_map(|(_, promised)| self.program.rows.get(promised.row));
        let mut events: Vec<usize> = rows.flat_map(|row| &row.terms).map(|term| term.event.0 as usize).collect();
        events.sort_unstable();
        events.dedup();
        events
    }

    pub(in crate::report) fn event_name(&self, event: usize) -> String {
        let id = EventId(u32::try_from(event).unwrap_or(u32::MAX));
        self.program.event_text(id, &Names::of(self.program))
    }

    /// The name of a promised row.
    fn row_name(&self, row: usize) -> String {
        let origin = self.promised.get(row).and_then(|promised| self.program.origin(*promised));
        origin.map_or_else(String::new, |origin| origin.name.clone())
    }

    fn conflict(&self, point: &Point) -> Vec<String> {
        match &point.ended {
            Ended::Infeasible(rows, each) => {
                let bounds = each.iter().filter_map(|promised| self.program.sample_origin(*promised));
                let bounds = bounds.map(|origin| origin.name.clone());
                rows.iter().map(|&row| self.row_name(row)).chain(bounds).collect()
            }
            Ended::Optimal | Ended::IterationLimit => Vec::new(),
        }
    }
}

/// The mean of `ŷ − z` over an event.
pub(in crate::report) fn change(point: &Point, event: usize) -> Option<f64> {
    point.changes.get(event).copied().flatten()
}

/// The places of the rows that are active at some value, the one with the largest multiplier first.
fn costly(sweep: &Sweep<'_>) -> Vec<usize> {
    let rows = sweep.shown().iter().map(|point| point.rows.len()).max().unwrap_or(0);
    let largest = |row: usize| {
        let points = sweep.shown().into_iter();
        let multipliers = points.filter_map(|point| point.rows.get(row).copied().flatten()?.multiplier);
        multipliers.fold(0.0_f64, |largest, multiplier| largest.max(multiplier.abs()))
    };
    let mut ranked: Vec<(usize, f64)> = (0..rows).map(|row| (row, largest(row))).filter(|(_, mu)| *mu > 0.0).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.into_iter().map(|(row, _)| row).collect()
}
