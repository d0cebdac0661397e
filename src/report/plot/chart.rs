//! Panels with curves, drawn as SVG.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

/// A picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw: {0}")]
pub struct PlotError(String);

/// Told apart by most people, also those who do not see all colours (Okabe & Ito 2008); dark and light by turns, so that
/// they differ in grey too.
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
/// Room for the title of a figure.
const TITLE: u32 = 40;

/// A line through points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    /// Draw the points too, each curve in another shape.
    pub dots: bool,
    /// Texts beside the points.
    pub labels: Vec<String>,
    /// A broken line down at this `x`.
    pub mark: Option<f64>,
    /// A broken line, in the colour of limits.
    pub limit: bool,
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
pub(in crate::report) struct Panel {
    pub title: String,
    pub x: String,
    pub y: String,
    pub curves: Vec<Curve>,
    /// A line across at this `y`, with its name.
    pub limit: Option<(f64, String)>,
    /// A thin line down at this `x`, with its name.
    pub present: Option<(f64, String)>,
    /// A grey stretch of `x`, with its name.
    pub shaded: Option<(f64, f64, String)>,
    pub from_zero: bool,
    /// Where the axis ends, for panels that are to be compared.
    pub top: Option<f64>,
    /// Logarithmic, from here on; smaller values are drawn here.
    pub log_from: Option<f64>,
}

/// Panels beside and below each other.
pub(in crate::report) struct Figure {
    pub panels: Vec<Panel>,
    pub columns: usize,
    /// Above all panels.
    pub title: Option<String>,
}

/// The colours of paper and ink turned around where the reader's screen is dark; curves keep theirs.
const DARK: &str = "<style>@media (prefers-color-scheme: dark) { \
    rect[fill=\"#FFFFFF\"] { fill: #16181d } text { fill: #e6e6e6 } \
    rect[fill=\"#000000\"], polygon[fill=\"#000000\"] { fill: #ffffff } \
    line[stroke=\"#000000\"], polyline[stroke=\"#000000\"], rect[stroke=\"#000000\"] { stroke: #ffffff } \
    line[stroke=\"#AA0000\"], polyline[stroke=\"#AA0000\"] { stroke: #ff7a7a } }</style>";

/// With a title for those who do not see it, and the colours of dark screens.
fn finished(svg: &str, title: Option<&str>) -> String {
    let Some(end) = svg.find('>').filter(|_| svg.starts_with("<svg")) else { return svg.to_owned() };
    let (head, rest) = (svg.get(..end).unwrap_or_default(), svg.get(end + 1..).unwrap_or_default());
    let escaped = title.unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let named = if escaped.is_empty() { String::new() } else { format!("<title>{escaped}</title>") };
    format!("{head} role=\"img\">{named}{DARK}{rest}")
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Failed = Box<dyn std::error::Error>;

impl Figure {
    pub fn draw(&self) -> Result<String, PlotError> {
        let rows = self.panels.len().div_ceil(self.columns.max(1)).max(1);
        let above = if self.title.is_some() { TITLE } else { 0 };
        let size = (PANEL.0 * self.columns.max(1) as u32, PANEL.1 * rows as u32 + above);
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let failed = |error: &dyn std::fmt::Display| PlotError(error.to_string());
            root.fill(&WHITE).map_err(|error| failed(&error))?;
            let (top, below) = root.split_vertically(above);
            if let Some(title) = &self.title {
                top.titled(title, (FONT, 20)).map_err(|error| failed(&error))?;
            }
            for (area, panel) in below.split_evenly((rows, self.columns.max(1))).iter().zip(&self.panels) {
                panel.draw(area).map_err(|error| failed(&error))?;
            }
            root.present().map_err(|error| failed(&error))?;
        }
        Ok(finished(&svg, self.title.as_deref()))
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

    fn draw(&self, area: &Area<'_>) -> Result<(), Failed> {
        let (x, y) = self.ranges();
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, (FONT, 17))
            .margin(12)
            .margin_right(24)
            .x_label_area_size(40)
            .y_label_area_size(66)
            .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.1))
            .x_desc(&self.x)
            .y_desc(&self.y)
            .x_labels(9)
            .y_labels(7)
            .label_style((FONT, 13))
            .axis_desc_style((FONT, 14))
            .x_label_formatter(&tick)
            .y_label_formatter(&|height| self.label(*height))
            .draw()?;
        self.lines(&mut chart, x, y)?;
        for (index, curve) in self.curves.iter().enumerate() {
            curve.draw(index, &mut chart, (x, y), &|value| self.height(value))?;
        }
        // Last, since predictions that reach the limit lie on it.
        if let Some((limit, name)) = &self.limit {
            let line = DashedLineSeries::new(
                [(x.0, self.height(*limit)), (x.1, self.height(*limit))],
                6,
                4,
                LIMIT.stroke_width(2),
            );
            chart.draw_series(line)?.label(name).legend(dashes(LIMIT));
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

    /// What lies behind the curves.
    fn lines(&self, chart: &mut Chart<'_>, x: (f64, f64), y: (f64, f64)) -> Result<(), Failed> {
        if let Some((from, to, name)) = &self.shaded {
            let grey = BLACK.mix(0.12);
            let (from, to) = (from.clamp(x.0, x.1), to.clamp(x.0, x.1));
            chart
                .draw_series([Rectangle::new([(from, y.0), (to, y.1)], grey.filled())])?
                .label(name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 18, y + 5)], grey.filled()));
        }
        if let Some((at, name)) = self.present.as_ref().filter(|(at, _)| (x.0..=x.1).contains(at)) {
            let line = DashedLineSeries::new([(*at, y.0), (*at, y.1)], 2, 4, BLACK.stroke_width(1));
            chart.draw_series(line)?.label(name).legend(dashes(BLACK));
        }
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
        if let Some((from, to, _)) = self.shaded {
            x = (x.0.min(from), x.1.max(to));
        }
        y.1 = self.top.map_or(y.1, |top| y.1.max(top));
        // Above the curves, one line of the legend for each.
        let named = self.curves.iter().filter(|curve| !curve.name.is_empty()).count();
        let lines = [self.limit.is_some(), self.present.is_some(), self.shaded.is_some()];
        let entries = named + lines.into_iter().filter(|there| *there).count();
        let above = 0.1 + 0.095 * entries.min(7) as f64;
        if self.from_zero && y.0 >= 0.0 && self.log_from.is_none() {
            (wide(x.0, x.1, 0.02, 0.02), wide(0.0, y.1, 0.0, above))
        } else {
            (wide(x.0, x.1, 0.06, 0.12), wide(y.0, y.1, 0.08, above))
        }
    }
}

impl Curve {
    fn draw(
        &self,
        index: usize,
        chart: &mut Chart<'_>,
        (x, y): ((f64, f64), (f64, f64)),
        height: &dyn Fn(f64) -> f64,
    ) -> Result<(), Failed> {
        let color = COLORS.iter().cycle().nth(index).copied().unwrap_or(BLACK);
        let points = || self.points.iter().map(|&(x, y)| (x, height(y)));
        if self.limit {
            let line = DashedLineSeries::new(points(), 6, 4, LIMIT.stroke_width(2));
            let drawn = chart.draw_series(line)?;
            // Both sides of a limit share a name; one of them carries it.
            if !self.name.is_empty() {
                drawn.label(&self.name).legend(dashes(LIMIT));
            }
            return Ok(());
        }
        let dots = self.dots;
        chart.draw_series(LineSeries::new(points(), color.stroke_width(2)))?.label(&self.name).legend(move |(x, y)| {
            let line = EmptyElement::at((x, y)) + PathElement::new(vec![(0, 0), (18, 0)], color.stroke_width(2));
            line + dot(if dots { index } else { usize::MAX }, color, (9, 0))
        });
        if self.dots {
            chart.draw_series(points().map(|point| EmptyElement::at(point) + dot(index, color, (0, 0))))?;
        }
        for (point, label, offset) in self.placed(points(), (x.1 - x.0, y.1 - y.0), x.1) {
            let text = EmptyElement::at(point) + Text::new(label, offset, (FONT, 12));
            chart.draw_series([text])?;
        }
        if let Some(mark) = self.mark.filter(|mark| (x.0..=x.1).contains(mark)) {
            let line = DashedLineSeries::new([(mark, y.0), (mark, y.1)], 3, 3, color.stroke_width(1));
            chart.draw_series(line)?;
        }
        Ok(())
    }
}

/// In the numbers of the axes, and in pixels from there.
type Point = (f64, f64);
type Offset = (i32, i32);

impl Curve {
    /// The labels of the points and where they stand: above, or below where the one before is too near; a point that is near
    /// to both has none. At the right edge they stand on the left, below the legend.
    fn placed(
        &self,
        points: impl Iterator<Item = Point>,
        (width, height): (f64, f64),
        right: f64,
    ) -> Vec<(Point, String, Offset)> {
        const NEAR: (f64, f64) = (0.15, 0.06);
        let (mut above, mut below): (Option<Point>, Option<Point>) = (None, None);
        let mut placed = Vec::new();
        for (point, label) in points.zip(&self.labels) {
            let far = |other: Point| {
                (point.0 - other.0).abs() > NEAR.0 * width || (point.1 - other.1).abs() > NEAR.1 * height
            };
            let at_edge = right - point.0 < NEAR.0 * width;
            let (last, down) = match (above.is_none_or(far) && !at_edge, below.is_none_or(far)) {
                (true, _) => (&mut above, -14),
                (false, true) => (&mut below, 6),
                (false, false) => continue,
            };
            *last = Some(point);
            let aside = if at_edge { -8 - 6 * label.chars().count() as i32 } else { 8 };
            placed.push((point, label.clone(), (aside, down)));
        }
        placed
    }
}

/// A point in the shape of a curve: so that curves are told apart without colours. No shape beyond all numbers.
fn dot(index: usize, color: RGBColor, (x, y): (i32, i32)) -> Polygon<(i32, i32)> {
    let shape: &[(i32, i32)] = match index {
        usize::MAX => &[],
        index => match index % 4 {
            0 => &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
            1 => &[(0, -5), (5, 4), (-5, 4)],
            2 => &[(0, -6), (6, 0), (0, 6), (-6, 0)],
            _ => &[(0, 5), (5, -4), (-5, -4)],
        },
    };
    let corners: Vec<(i32, i32)> = shape.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    Polygon::new(corners, color.filled())
}

/// The sign of a limit in a legend: shorter than that of a curve.
fn dashes(color: RGBColor) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> {
    move |(x, y)| PathElement::new(vec![(x + 3, y), (x + 11, y)], color.stroke_width(2))
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
