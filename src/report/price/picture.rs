//! The price as a picture: how far predictions move, what becomes of the gap, who moves, what a little slack is worth.

use super::{PriceReport, Sweep, change, costly};
use crate::analyze::{Ended, Point, RowPoint};
use crate::bind::Reach;
use crate::report::number::plain;
use crate::report::plot::{Curve, Figure, Panel, PlotError};

/// More curves than these in a panel cannot be told apart.
pub(super) const MOST: usize = 5;
/// Longer names do not fit into a legend.
const LONGEST: usize = 34;

impl PriceReport<'_> {
    /// Four panels for each param, as SVG.
    ///
    /// # Errors
    /// The picture cannot be drawn.
    pub fn picture(&self) -> Result<String, PlotError> {
        let panels = self.sweeps.iter().flat_map(|sweep| {
            let present = format!("now: {} = {}", sweep.param, plain(sweep.present));
            let base = Panel {
                x: sweep.param.to_owned(),
                present: Some((sweep.present, present)),
                shaded: infeasible(sweep),
                ..Panel::default()
            };
            let [first, third] = match &self.by_cutoff {
                Some(alone) => self.panels_of_gains(alone, sweep, &base),
                None => [self.moves(sweep, base.clone()), self.groups_of(sweep, base.clone())],
            };
            [first, self.gaps(sweep, base.clone()), third, self.prices(sweep, base)]
        });
        let what = if self.by_cutoff.is_some() { "decisions" } else { "predictions" };
        let names: Vec<&str> = self.sweeps.iter().map(|sweep| sweep.param).collect();
        let title = format!("What {} costs: {what} of {} under {}", names.join(", "), self.data, self.spec);
        Figure { panels: panels.collect(), columns: 2, title: Some(title) }.draw()
    }

    fn moves(&self, sweep: &Sweep<'_>, base: Panel) -> Panel {
        let mean = over(sweep, |point| Some(point.movement?.mean()));
        let root = over(sweep, |point| {
            let movement = point.movement?;
            Some(movement.distance() / (movement.n.max(1) as f64).sqrt())
        });
        Panel {
            title: format!("how far {} predictions move", self.n),
            y: format!("move, in units of {}", self.prediction),
            curves: vec![dotted("mean", mean), dotted("distance / √n", root)],
            from_zero: true,
            ..base
        }
    }

    fn gaps(&self, sweep: &Sweep<'_>, base: Panel) -> Panel {
        let rows = costly(sweep);
        let mut curves: Vec<Curve> = rows
            .iter()
            .take(MOST)
            .map(|&row| dotted(&self.row_name(row), over(sweep, |point| at(point, row)?.after)))
            .collect();
        if let Some(&first) = rows.first() {
            let side = |side: fn(&RowPoint) -> f64| over(sweep, |point| at(point, first).map(|row| side(&row)));
            let name = if rows.len() > 1 { format!("limit of {}", self.row_name(first)) } else { "limit".to_owned() };
            let sides = [side(|row| row.upper), side(|row| row.lower)];
            let there = sides.into_iter().filter(|points| points.iter().any(|(_, y)| y.is_finite()));
            for (index, points) in there.enumerate() {
                let name = if index == 0 { short_name(&name) } else { String::new() };
                curves.push(Curve { limit: true, ..Curve::new(&name, points) });
            }
            curves.push(Curve::new("before", over(sweep, |point| Some(at(point, first)?.before))));
        }
        Panel { title: "the costliest rows, after".into(), y: "value of the row".into(), curves, ..base }
    }

    fn groups_of(&self, sweep: &Sweep<'_>, base: Panel) -> Panel {
        let largest = |event: usize| {
            let changes = sweep.shown().into_iter().filter_map(|point| change(point, event));
            changes.fold(0.0_f64, |largest, change| largest.max(change.abs()))
        };
        let mut groups = self.groups();
        groups.sort_by(|a, b| largest(*b).total_cmp(&largest(*a)));
        groups.truncate(MOST);
        groups.sort_unstable();
        let curve = |&event: &usize| dotted(&self.event_name(event), over(sweep, |point| change(point, event)));
        Panel {
            title: "who moves".into(),
            y: format!("mean change of {}", self.prediction),
            curves: groups.iter().map(curve).collect(),
            ..base
        }
    }

    fn prices(&self, sweep: &Sweep<'_>, base: Panel) -> Panel {
        let (word, unit) = match &self.by_cutoff {
            Some(_) => ("gains", "gain per unit"),
            None => ("saves", "cost saved per unit"),
        };
        let (title, curves) = match sweep.reach {
            Reach::Sides => {
                let price = over(sweep, |point| point.price);
                (format!("what a little more {} {word}", sweep.param), vec![dotted("price", price)])
            }
            Reach::Nothing | Reach::Matrix | Reach::Encoding => {
                let rows = costly(sweep);
                let curve = |&row: &usize| {
                    let size = |point: &Point| Some(at(point, row)?.multiplier?.abs());
                    dotted(&self.row_name(row), over(sweep, size))
                };
                (format!("what a little more slack in a row {word}"), rows.iter().take(MOST).map(curve).collect())
            }
        };
        Panel { title, y: unit.into(), curves, from_zero: true, ..base }
    }
}

/// A number of each point against the param; not finite where there is none.
pub(super) fn over(sweep: &Sweep<'_>, number: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
    sweep.shown().into_iter().map(|point| (point.value, number(point).unwrap_or(f64::NAN))).collect()
}

fn at(point: &Point, row: usize) -> Option<RowPoint> {
    point.rows.get(row).copied().flatten()
}

pub(super) fn dotted(name: &str, points: Vec<(f64, f64)>) -> Curve {
    Curve { dots: true, ..Curve::new(&short_name(name), points) }
}

fn short_name(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// The values that no predictions satisfy.
fn infeasible(sweep: &Sweep<'_>) -> Option<(f64, f64, String)> {
    let values = sweep.shown().into_iter().filter(|point| matches!(point.ended, Ended::Infeasible(..)));
    let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
    values.for_each(|point| (from, to) = (from.min(point.value), to.max(point.value)));
    (from <= to).then(|| (from, to, "infeasible".to_owned()))
}
