//! Before and after as SVG: for each group the spread of its predictions, and their means. Colours come from the style sheet of the
//! page, so pictures follow dark mode.

use fairc::report::short;

use super::groups::{Division, Group, Spread};

const WIDTH: f64 = 340.0;
const LEFT: f64 = 8.0;
const HEIGHT: f64 = 64.0;
const LABEL: f64 = 18.0;
const AXIS: f64 = 20.0;
/// More groups are told in the table alone.
const MOST: usize = 12;

pub fn svg(division: &Division, prediction: &str, (low, high): (f64, f64)) -> String {
    let shown = division.groups.get(..MOST.min(division.groups.len())).unwrap_or_default();
    let tallest = shown.iter().flat_map(|group| group.before.bars.iter().chain(&group.after.bars)).copied();
    let tallest = tallest.fold(f64::MIN_POSITIVE, f64::max);
    let height = shown.len() as f64 * (HEIGHT + LABEL) + AXIS;
    let mut out = format!(
        "<svg class=\"picture\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" aria-label=\"{}\">",
        escaped(&words(shown, prediction))
    );
    for (place, group) in shown.iter().enumerate() {
        let top = place as f64 * (HEIGHT + LABEL);
        out.push_str(&format!("<text x=\"{LEFT}\" y=\"{}\">{}</text>", top + LABEL - 5.0, escaped(&group.name)));
        let base = top + LABEL + HEIGHT;
        let of = Frame { base, tallest, low, high };
        out.push_str(&format!("<path class=\"after\" d=\"{}Z\"/>", of.outline(&group.after)));
        out.push_str(&format!("<path class=\"before\" d=\"{}\"/>", of.outline(&group.before)));
        out.push_str(&of.mean("before", group.before.mean));
        out.push_str(&of.mean("after", group.after.mean));
        out.push_str(&format!("<path class=\"axis\" d=\"M{LEFT} {base}H{}\"/>", WIDTH - LEFT));
    }
    for (value, place, anchor) in [(low, LEFT, "start"), (high, WIDTH - LEFT, "end")] {
        let y = height - 6.0;
        out.push_str(&format!("<text x=\"{place}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>", edge(value)));
    }
    out.push_str("</svg>");
    out
}

/// Where the chart of a group stands.
struct Frame {
    base: f64,
    tallest: f64,
    low: f64,
    high: f64,
}

impl Frame {
    fn across(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        tenth(LEFT + share * (WIDTH - 2.0 * LEFT))
    }

    fn up(&self, share: f64) -> f64 {
        tenth(self.base - share / self.tallest * (HEIGHT - 4.0))
    }

    /// The bars as steps, from the axis to the axis.
    fn outline(&self, spread: &Spread) -> String {
        let mut path = format!("M{LEFT} {}", self.base);
        let width = (WIDTH - 2.0 * LEFT) / spread.bars.len().max(1) as f64;
        for (bar, share) in spread.bars.iter().enumerate() {
            path.push_str(&format!("V{}H{}", self.up(*share), tenth(LEFT + width * (bar + 1) as f64)));
        }
        path.push_str(&format!("V{}", self.base));
        path
    }

    fn mean(&self, class: &str, mean: f64) -> String {
        format!(
            "<path class=\"mean {class}\" d=\"M{} {}V{}\"/>",
            self.across(mean),
            self.base,
            self.base - HEIGHT + 2.0
        )
    }
}

/// An end of the axis, for people.
fn edge(value: f64) -> String {
    format!("{}", (value * 1e4).round() / 1e4)
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The picture for those who do not see it.
fn words(groups: &[Group], prediction: &str) -> String {
    let each = groups.iter().map(|group| {
        format!("{}: mean {} before, {} after", group.name, short(group.before.mean), short(group.after.mean))
    });
    format!("Distribution of {prediction} before and after. {}", each.collect::<Vec<_>>().join("; "))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
