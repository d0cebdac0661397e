//! The text of a first spec.

use std::fmt::Write;

use super::roles::{Role, Why, is_protected};
use super::shape::Shape;
use super::survey::Survey;
use super::{InitOptions, Planned};
use crate::data::{Format, JSON_SAMPLE, Shortest, Source};
use crate::language::diagnostic::hidden::harmless;
use crate::language::span::SourceId;
use crate::language::syntax::{format, written};
use crate::language::words::counted;

/// More levels than this are not compared pair by pair, unless the user named the column as a group.
const MOST_COMPARED: usize = 12;
/// The tolerance to start from, as a share of the range of the predictions.
const TOLERANCE: f64 = 0.05;

pub(super) fn draft(source: &Source, survey: &Survey, columns: &[Planned], options: &InitOptions) -> String {
    let mut text = head(source, survey.n);
    let names = Names { taken: columns.iter().map(|column| column.header.as_str()).collect() };
    for role in [Role::Column, Role::Label, Role::Weight] {
        for column in columns.iter().filter(|column| column.role == role) {
            text.push_str(&declaration(column));
        }
        text.push('\n');
    }
    let predicted = prediction(columns, survey, &names, &mut text);
    let bands = bands(columns, &names, &mut text);
    left_out(columns, &mut text);
    start(columns, &bands, &predicted, options, &names, &mut text);
    // Its layout is that of all specs.
    format(SourceId::default(), &text).unwrap_or(text)
}

/// Text of the table in a comment, which ends with its line.
fn comment(text: &str) -> String {
    harmless(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn head(source: &Source, n: usize) -> String {
    let (table, samples) = (comment(source.name()), counted(n, "sample"));
    let mut text = format!(
        "# A first spec for {table}, of {samples}.\n\
         # Levels and ranges are those in the data: widen them if other values may come. Check what is marked\n\
         # as a guess. You may remove columns that no constraint reads.\n"
    );
    if source.format() == Format::JsonLines && n > JSON_SAMPLE {
        let _fits = writeln!(text, "# Its columns are the keys of the first {JSON_SAMPLE} objects.");
    }
    text + "\n"
}

/// The header as a name; only headers that can be one are declared.
fn name(column: &Planned) -> String {
    written(&column.header).unwrap_or_default()
}

/// The declaration of a column, with what there is to say of it above.
fn declaration(column: &Planned) -> String {
    let Ok(shape) = &column.shape else { return String::new() };
    let (name, mut text) = (name(column), String::new());
    let guess = column.why == Why::Guess;
    if let Some(note) = &column.note {
        let _fits = writeln!(text, "# Below: {}.", comment(note));
    }
    match column.role {
        Role::Label if guess => text.push_str("# A guess: the outcome, which is known only in training and audits.\n"),
        Role::Weight if guess => {
            text.push_str("# A guess: the weights of samples. If so, write this in place of the line below.\n");
            let _fits = writeln!(text, "# weight {name}");
        }
        Role::Weight => return format!("{text}weight {name}\n"),
        Role::Column | Role::Label | Role::Prediction => {}
    }
    let keyword = if column.role == Role::Label { "label" } else { "column" };
    let nullable = if column.nullable || matches!(shape, Shape::Unseen) { "?" } else { "" };
    let _fits = writeln!(text, "{keyword} {name}: {}{nullable}", kind(shape));
    text
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Levels(levels) => format!("{{{}}}", levels.join(", ")),
        Shape::Int { lo, hi } => format!("int in [{}, {}]", Shortest(*lo), Shortest(*hi)),
        Shape::Real { lo, hi } => format!("real in [{}, {}]", Shortest(*lo), Shortest(*hi)),
        Shape::Unseen => "real".to_owned(),
    }
}

/// Names that nothing else has.
struct Names<'a> {
    taken: Vec<&'a str>,
}

impl Names<'_> {
    /// The name, with a number behind it where another has it.
    fn fresh(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.taken.contains(&name.as_str()))
            .unwrap_or_default()
    }
}

/// The prediction: its name, and a tolerance that means something for it.
struct Predicted {
    name: String,
    tolerance: String,
    /// A number between its bounds.
    middle: String,
}

fn prediction(columns: &[Planned], survey: &Survey, names: &Names<'_>, text: &mut String) -> Predicted {
    let Some(column) = columns.iter().find(|column| column.role == Role::Prediction) else {
        let name = names.fresh("score");
        let _fits = writeln!(
            text,
            "# No column looks like the predictions: this is a placeholder. Write the name of theirs, and their bounds.\n\
             predict {name}: real in [0, 1]\n"
        );
        return Predicted { name, tolerance: "5%".to_owned(), middle: "50%".to_owned() };
    };
    let seen = survey.columns.iter().find(|seen| seen.header == column.header);
    let range = seen.and_then(|seen| seen.range).filter(|(lo, hi)| lo < hi || (*lo >= 0.0 && *hi <= 1.0));
    if column.why == Why::Guess {
        text.push_str("# A guess: the number to be made fair.\n");
    }
    let name = name(column);
    let (bounds, tolerance, middle) = match range {
        None => (String::new(), "1".to_owned(), "1".to_owned()),
        Some((lo, hi)) if lo >= 0.0 && hi <= 1.0 => (" in [0, 1]".to_owned(), "5%".to_owned(), "50%".to_owned()),
        Some((lo, hi)) => {
            text.push_str(
                "# Its bounds are those seen, and every answer is kept inside: write those that it may have.\n",
            );
            let bounds = format!(" in [{}, {}]", Shortest(lo), Shortest(hi));
            (bounds, one_digit(TOLERANCE * hi - TOLERANCE * lo), Shortest(lo / 2.0 + hi / 2.0).to_string())
        }
    };
    let _fits = writeln!(text, "predict {name}: real{bounds}\n");
    Predicted { name, tolerance, middle }
}

/// A positive number to one digit.
fn one_digit(number: f64) -> String {
    format!("{number:.0e}").parse().map_or_else(|_| "1".to_owned(), |number: f64| Shortest(number).to_string())
}

/// Groups for numbers that the user wants groups of, with the column that each is of.
fn bands<'a>(columns: &'a [Planned], names: &Names<'_>, text: &mut String) -> Vec<(&'a str, String)> {
    let mut bands = Vec::new();
    for column in columns.iter().filter(|column| column.levels().is_none() && !column.cuts.is_empty()) {
        let Some(band) = written(&names.fresh(&format!("{}_band", column.header))) else { continue };
        let cuts: Vec<String> = column.cuts.iter().map(|&cut| Shortest(cut).to_string()).collect();
        let _fits = writeln!(text, "# Cut at quartiles: put other points where they mean something.");
        let _fits = writeln!(text, "group {band} = bins({}, {})\n", name(column), cuts.join(", "));
        bands.push((column.header.as_str(), band));
    }
    bands
}

fn left_out(columns: &[Planned], text: &mut String) {
    let mut lines = String::new();
    for column in columns {
        if let Err(why) = &column.shape {
            let _fits = writeln!(lines, "#   {}: {}", comment(&column.header), comment(why));
        }
    }
    if !lines.is_empty() {
        let _fits = writeln!(text, "# Not declared:\n{lines}");
    }
}

/// Constraints to start from, commented out.
fn start(
    columns: &[Planned],
    bands: &[(&str, String)],
    predicted: &Predicted,
    options: &InitOptions,
    names: &Names<'_>,
    text: &mut String,
) {
    let Predicted { name: score, tolerance, middle } = predicted;
    let groups = compared(columns, bands, options);
    let Some(first) = groups.first() else {
        let total = names.fresh("mean");
        text.push_str("# To start with: a bound on the mean prediction. Remove the `#` before `constraint`.\n");
        let _fits = writeln!(text, "# constraint {total}: E[{score}] <= {middle}");
        return;
    };
    text.push_str("# To start with: any two groups have nearly the same mean. Remove the `#` signs to use it.\n");
    let (a, b) = (names.fresh("a"), names.fresh("b"));
    for group in &groups {
        let own = if groups.len() == 1 { "parity".to_owned() } else { format!("parity_{}", group.trim_matches('`')) };
        let own = written(&names.fresh(&own)).unwrap_or_default();
        let _fits = writeln!(
            text,
            "# constraint {own}:\n\
             #     forall ({a}, {b}) in pairs({group}): |E[{score} | {group} == {a}] - E[{score} | {group} == {b}]| <= {tolerance}"
        );
    }
    let binary =
        |column: &&Planned| column.role == Role::Label && column.levels().is_some_and(|levels| levels == ["0", "1"]);
    if let Some(label) = columns.iter().find(binary).map(name).filter(|label| label != first) {
        let odds = names.fresh("odds");
        text.push_str("# Or among samples of the same label, where labels are known.\n");
        let _fits = writeln!(text, "# use equalized_odds({first}, {label}, {tolerance}) as {odds} (enforce = train)");
    }
}

/// What the first constraints compare: the groups that were named, else one that looks like a group of people.
fn compared(columns: &[Planned], bands: &[(&str, String)], options: &InitOptions) -> Vec<String> {
    let band = |header: &str| bands.iter().find(|(of, _)| *of == header).map(|(_, band)| band.clone());
    let levels = |column: &Planned| column.levels().map_or(0, <[String]>::len);
    let named = options.groups.iter().filter_map(|group| {
        let column = columns.iter().find(|column| column.header == *group)?;
        band(group).or_else(|| (levels(column) >= 2).then(|| name(column)))
    });
    let mut named: Vec<String> = named.collect();
    named.dedup();
    if !named.is_empty() {
        return named;
    }
    let few = |column: &&Planned| column.role == Role::Column && (2..=MOST_COMPARED).contains(&levels(column));
    let of_words = |column: &&Planned| {
        column.levels().is_some_and(|levels| levels.iter().any(|level| level.parse::<f64>().is_err()))
    };
    let mut protected = columns.iter().filter(few).filter(|column| is_protected(&column.header));
    // Zeros and ones are often one level of several.
    let found = protected.clone().find(of_words).or_else(|| protected.next());
    found.or_else(|| columns.iter().find(few)).map(name).into_iter().collect()
}
