//! What decisions gain over the values of a param: the tables for people, and the panels of the picture.

use super::picture::{MOST, dotted, over};
use super::text::{Lines, NOTHING};
use super::{ByCutoff, PriceReport, Sweep};
use crate::analyze::{DecidedPoint, Ended, Point};
use crate::bind::Reach;
use crate::report::number::{plain, short, whole};
use crate::report::plot::Panel;
use crate::report::table::{Align, Paint, Table};

impl ByCutoff {
    /// The share of the gain by the cutoff alone that is left; none where that is no gain.
    pub(in crate::report) fn kept(&self, gain: f64) -> Option<f64> {
        (self.gain > 0.0).then(|| gain / self.gain)
    }

    /// What is decided by, in words; `of` says of which data.
    pub(in crate::report) fn words(&self, prediction: &str, of: &str) -> String {
        match &self.column {
            Some(column) => format!("decisions by the gains `{column}`{of}"),
            None => format!("decisions by `{prediction}`{of}, cutoff {}", plain(self.cutoff)),
        }
    }

    /// What there is none of where a value is infeasible.
    pub(super) fn alternatives(&self) -> &'static str {
        if self.blind { "no thresholds that look at no label" } else { "no decisions" }
    }
}

impl PriceReport<'_> {
    /// What decisions gain at each value, and the row that costs most.
    pub(super) fn gains(&self, alone: &ByCutoff, sweep: &Sweep<'_>) -> Lines {
        let several = super::costly(sweep).len() > 1;
        let priced = sweep.reach == Reach::Sides;
        let mut heads = vec![sweep.param.to_owned()];
        heads.extend(["gain", "kept", "whole", "selected", "to 1", "to 0"].map(str::to_owned));
        heads.extend(priced.then(|| "price".to_owned()));
        heads.extend(several.then(|| "costliest row".to_owned()));
        let name = if several { heads.len() - 1 } else { usize::MAX };
        let mut lines = Lines::new(heads, name);
        for point in sweep.shown() {
            let mut cells = vec![plain(point.value)];
            let Some(decided) = &point.decided else {
                let unsolved = point.ended == Ended::IterationLimit;
                cells.push(if unsolved { "unsolved" } else { "infeasible" }.to_owned());
                cells.extend(vec![NOTHING.to_owned(); lines.heads.len() - 2]);
                lines.enter(cells, sweep.is_now(point));
                continue;
            };
            let number = |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), short);
            cells.push(short(decided.gain));
            cells.push(
                alone.kept(decided.gain).map_or_else(|| NOTHING.to_owned(), |kept| format!("{:.1}%", 100.0 * kept)),
            );
            cells.push(number(decided.whole.as_ref().map(|whole| whole.gain)));
            cells.extend(match &decided.whole {
                Some(found) => [found.selected, found.became_1, found.became_0].map(whole),
                None => [decided.selected, decided.became_1, decided.became_0].map(count),
            });
            cells.extend(priced.then(|| number(point.price)));
            cells.extend(several.then(|| self.costliest_cells(sweep, point, several)).into_iter().flatten());
            lines.enter(cells, sweep.is_now(point));
        }
        lines
    }

    /// The selection rate of each group; of the few whose rates change most, unless all are wanted.
    pub(super) fn rates(&self, alone: &ByCutoff, sweep: &Sweep<'_>, paint: &dyn Paint) -> String {
        let (groups, hidden) = self.shown_groups(sweep);
        if groups.is_empty() {
            return String::new();
        }
        let mut table = Table::default();
        table.cells(std::iter::once(sweep.param.to_owned()).chain(groups.iter().map(|&event| self.sized_name(event))));
        let line = |name: String, rates: &[Option<f64>]| {
            let rate = |&event: &usize| rates.get(event).copied().flatten().map_or_else(|| NOTHING.to_owned(), short);
            std::iter::once(name).chain(groups.iter().map(rate)).collect::<Vec<String>>()
        };
        for point in sweep.shown() {
            if let Some(decided) = &point.decided {
                table.cells(line(plain(point.value), &decided.rates));
            }
        }
        table.cells(line("cutoff".to_owned(), &alone.rates));
        let align = vec![Align::Right; groups.len() + 1];
        let lines = table.render("    ", paint.width(), &align, |_, cell| cell);
        format!("\n  selection rate of each group; the last line is by the cutoff alone\n\n{lines}{hidden}")
    }

    /// What the columns mean, in words.
    pub(in crate::report) fn words_of_gains(&self, alone: &ByCutoff, sweep: &Sweep<'_>) -> String {
        let what = if alone.blind { "thresholds that look at no label gain" } else { "decisions within the rows gain" };
        let drawn = if alone.blind { "draws between them" } else { "shares of a decision" };
        let kept =
            format!("by the cutoff alone {} are selected, and gain {}", count(alone.selected), short(alone.gain));
        let grows = format!("what the gain grows by for each unit that {} grows", sweep.param);
        let price = match sweep.reach {
            Reach::Sides => format!("  price: {grows}\n"),
            Reach::Nothing => format!("  no row that takes part reads {}\n", sweep.param),
            Reach::Matrix | Reach::Encoding => String::new(),
        };
        format!(
            "\n  gain: the most that {what}, {drawn} included; kept: the share of what the cutoff alone gains\n  \
             whole: what decisions of 0 and 1 gain, where such were found; selected, to 1, to 0: their numbers, else \
             those expected\n  {kept}\n{price}"
        )
    }

    /// What is gained, and by how much of each group.
    pub(super) fn panels_of_gains(&self, alone: &ByCutoff, sweep: &Sweep<'_>, base: &Panel) -> [Panel; 2] {
        let number = |number: &dyn Fn(&DecidedPoint) -> Option<f64>| {
            over(sweep, |point: &Point| point.decided.as_ref().and_then(number))
        };
        let (groups, _) = self.shown_groups(sweep);
        let rate =
            |&event: &usize| dotted(&self.event_name(event), number(&|it| it.rates.get(event).copied().flatten()));
        [
            Panel {
                title: format!("what decisions on {} samples gain", self.n),
                y: "gain".into(),
                curves: vec![
                    dotted("at best", number(&|it| Some(it.gain))),
                    dotted("of 0 and 1", number(&|it| Some(it.whole.as_ref()?.gain))),
                ],
                limit: Some((alone.gain, "by the cutoff alone".to_owned())),
                ..base.clone()
            },
            Panel {
                title: "who is selected".into(),
                y: "selection rate".into(),
                curves: groups.iter().take(MOST).map(rate).collect(),
                ..base.clone()
            },
        ]
    }
}

/// A number of samples, of which some count for a share.
fn count(value: f64) -> String {
    let whole = value.round();
    if (value - whole).abs() <= 1e-9 * value.abs().max(1.0) {
        format!("{}", whole + 0.0)
    } else {
        format!("{value:.1}")
    }
}
