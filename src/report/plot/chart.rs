//! Panels with curves, drawn as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

/// A picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw: {0}")]
pub struct PlotError(String);

/// Told apart by most people, also those who do not see all colours (Okabe & Ito 2008).
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(90, 90, 90),
];
const LIMIT: RGBColor = RGBColor(170, 0, 0);
const FONT: &str = "sans-serif";
const PANEL: (u32, u32) = (560, 330);

/// A line through points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    /// Draw the points too.
    pub dots: bool,
    /// Texts beside the points.
    pub labels: Vec<String>,
    /// A broken line down at this `x`.
    pub mark: Option<f64>,
}

impl Curve {
    /// Points that are not finite are left out.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Curve {
        let points: Vec<_> = points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        // One point makes no line.
        Curve { name: name.to_owned(), dots: points.len() == 1, points, ..Curve::default() }
    }
}

/// One pair of axes.
#[derive(Clone, Debug, Default)]
pub(super) struct Panel {
    pub title: String,
    pub x: String,
    pub y: String,
    pub curves: Vec<Curve>,
    /// A line across at this `y`, with its name.
    pub limit: Option<(f64, String)>,
    pub from_zero: bool,
    /// Where the axis ends, for panels that are to be compared.
    pub top: Option<f64>,
    /// Logarithmic, from here on; smaller values are drawn here.
    pub log_from: Option<f64>,
}

/// Panels beside and below each other.
pub(super) struct Figure {
    pub panels: Vec<Panel>,
    pub columns: usize,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Figure {
    pub fn draw(&self) -> Result<String, PlotError> {
        let rows = self.panels.len().div_ceil(self.columns.max(1)).max(1);
        let size = (PANEL.0 * self.columns.max(1) as u32, PANEL.1 * rows as u32);
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let failed = |error: &dyn std::fmt::Display| PlotError(error.to_string());
            root.fill(&WHITE).map_err(|error| failed(&error))?;
            for (area, panel) in root.split_evenly((rows, self.columns.max(1))).iter().zip(&self.panels) {
                panel.draw(area).map_err(|error| failed(&error))?;
            }
            root.present().map_err(|error| failed(&error))?;
        }
        Ok(svg)
    }
}

impl Panel {
    pub fn highest(&self) -> f64 {
        self.points().map(|(_, y)| y).fold(0.0, f64::max)
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.curves.iter().flat_map(|curve| curve.points.iter().map(|&(x, y)| (x, self.height(y))))
    }

    /// Where a value stands on the axis.
    fn height(&self, y: f64) -> f64 {
        self.log_from.map_or(y, |least| y.max(least).log10())
    }

    fn label(&self, height: f64) -> String {
        match self.log_from {
            Some(_) if (height - height.round()).abs() < 1e-9 => tick(&10_f64.powf(height)),
            Some(_) => String::new(),
            None => tick(&height),
        }
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let (x, y) = self.ranges();
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, (FONT, 17))
            .margin(12)
            .margin_right(24)
            .x_label_area_size(40)
            .y_label_area_size(62)
            .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.1))
            .x_desc(&self.x)
            .y_desc(&self.y)
            .label_style((FONT, 13))
            .axis_desc_style((FONT, 14))
            .x_label_formatter(&tick)
            .y_label_formatter(&|height| self.label(*height))
            .draw()?;
        for (curve, color) in self.curves.iter().zip(COLORS.iter().cycle()) {
            let color = *color;
            let points: Vec<(f64, f64)> = curve.points.iter().map(|&(x, y)| (x, self.height(y))).collect();
            chart
                .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
                .label(&curve.name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], color.stroke_width(2)));
            if curve.dots {
                chart.draw_series(points.iter().map(|&point| Circle::new(point, 4, color.filled())))?;
            }
            for (point, label) in points.iter().zip(&curve.labels) {
                let text = EmptyElement::at(*point) + Text::new(label.clone(), (8, -14), (FONT, 12));
                chart.draw_series([text])?;
            }
            if let Some(mark) = curve.mark.filter(|mark| (x.0..=x.1).contains(mark)) {
                let line = DashedLineSeries::new([(mark, y.0), (mark, y.1)], 3, 3, color.stroke_width(1));
                chart.draw_series(line)?;
            }
        }
        // Last, since predictions that reach the limit lie on it.
        if let Some((limit, name)) = &self.limit {
            let limit = self.height(*limit);
            let line = DashedLineSeries::new([(x.0, limit), (x.1, limit)], 6, 4, LIMIT.stroke_width(2));
            chart
                .draw_series(line)?
                .label(name)
                .legend(|(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], LIMIT.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.15))
            .label_font((FONT, 13))
            .draw()?;
        Ok(())
    }

    /// The axes: all points with a little room, and room above for the legend.
    fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        let wide = |low: f64, high: f64, below: f64, above: f64| {
            let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
            let room = if high > low { high - low } else { low.abs().max(1.0) * 0.1 };
            (low - below * room, high + above * room)
        };
        let (mut x, mut y) = ((f64::INFINITY, f64::NEG_INFINITY), (f64::INFINITY, f64::NEG_INFINITY));
        for (px, py) in self.points() {
            x = (x.0.min(px), x.1.max(px));
            y = (y.0.min(py), y.1.max(py));
        }
        if let Some((limit, _)) = self.limit {
            let limit = self.height(limit);
            y = (y.0.min(limit), y.1.max(limit));
        }
        y.1 = self.top.map_or(y.1, |top| y.1.max(top));
        // Above the curves, one line of the legend for each.
        let entries = self.curves.len() + usize::from(self.limit.is_some());
        let above = 0.1 + 0.095 * entries as f64;
        if self.from_zero && y.0 >= 0.0 && self.log_from.is_none() {
            (wide(x.0, x.1, 0.02, 0.02), wide(0.0, y.1, 0.0, above))
        } else {
            (wide(x.0, x.1, 0.06, 0.12), wide(y.0, y.1, 0.08, above))
        }
    }
}

/// A number on an axis, without digits that say nothing.
fn tick(value: &f64) -> String {
    let text = format!("{value:.6}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    match text {
        "-0" | "" => "0".to_owned(),
        _ if *value != 0.0 && value.abs() < 1e-4 => format!("{value:.1e}"),
        _ => text.to_owned(),
    }
}
