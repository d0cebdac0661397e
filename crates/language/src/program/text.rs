//! Rows, events and data expressions as text.
//!
//! Two uses: for people, with the names of the spec (`--emit rows`), and as the canonical text that the fingerprint
//! hashes, in which columns stand by header (quoted, so that a header cannot be taken for a param) and the prediction
//! by a fixed word. Each form of an expression has one text and each text one form.

mod names;
mod sample_rows;

use std::fmt::{self, Display, Write as _};

use super::data::{Data, Function};
use super::event::Event;
use super::{
    Aggregate, Column, ColumnType, Enforce, EventId, Interval, PairColumn, Program, RAW, Row, RowOptions, Term,
    WhenEmpty,
};

pub use names::Names;
pub use sample_rows::pair_column_name;

/// A name as the language writes it: in backticks if it is no plain identifier.
pub fn name(text: &str) -> String {
    let mut chars = text.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { text.to_owned() } else { quoted_name(text) }
}

/// A level: a number, a name, or a product of these.
fn level_of(text: &str) -> String {
    let number = |part: &str| part.parse::<f64>().is_ok();
    let plain = |part: &str| number(part) || name(part) == part;
    if text.split('*').all(plain) { text.replace('*', " * ") } else { quoted_name(text) }
}

fn quoted_name(text: &str) -> String {
    format!("`{}`", text.replace('\\', "\\\\").replace('`', "\\`").replace('\n', "\\n"))
}

/// A number in the fewest digits that read back as the same number.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-5..1e16).contains(&size) { format!("{value}") } else { format!("{value:e}") }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// How tightly an expression binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Tightness {
    Sum,
    Product,
    Atom,
}

impl Data {
    /// The expression as text.
    pub fn text(&self, names: &Names) -> String {
        let mut out = String::new();
        self.write(names, &mut out);
        out
    }

    fn tightness(&self) -> Tightness {
        match self {
            Data::Number(value) if *value < 0.0 => Tightness::Sum,
            Data::Sum { constant, terms } => match &terms[..] {
                [(coefficient, _)] if *coefficient > 0.0 && *constant == 0.0 => Tightness::Product,
                _several => Tightness::Sum,
            },
            Data::Product(_) => Tightness::Product,
            Data::Number(_) | Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Call(..) => Tightness::Atom,
        }
    }

    fn write_at(&self, least: Tightness, names: &Names, out: &mut String) {
        if self.tightness() < least {
            out.push('(');
            self.write(names, out);
            out.push(')');
        } else {
            self.write(names, out);
        }
    }

    fn write(&self, names: &Names, out: &mut String) {
        match self {
            Data::Number(value) => out.push_str(&names.number(*value)),
            Data::Param(param) => out.push_str(&names.param(param)),
            Data::Column(header) => out.push_str(&names.column(header)),
            Data::Total { value, event } if value.is_one() => {
                out.push_str("N[");
                event.write(names, out);
                out.push(']');
            }
            Data::Total { value, event } => {
                out.push_str("Sum[");
                value.write(names, out);
                write_condition(event, names, out);
            }
            Data::Sum { constant, terms } => {
                for (i, (coefficient, monomial)) in terms.iter().enumerate() {
                    write_addend(i == 0, *coefficient, names, out);
                    monomial.write_at(Tightness::Product, names, out);
                }
                if *constant != 0.0 {
                    out.push_str(if *constant < 0.0 { " - " } else { " + " });
                    out.push_str(&names.number(constant.abs()));
                }
            }
            Data::Product(factors) => write_product(factors, names, out),
            Data::Call(function, arguments) => write_call(*function, arguments, names, out),
        }
    }
}

/// The sign and the coefficient of one addend, up to the monomial.
fn write_addend(first: bool, coefficient: f64, names: &Names, out: &mut String) {
    match (first, coefficient < 0.0) {
        (true, true) => out.push('-'),
        (true, false) => {}
        (false, true) => out.push_str(" - "),
        (false, false) => out.push_str(" + "),
    }
    if coefficient.abs() != 1.0 {
        out.push_str(&names.number(coefficient.abs()));
        out.push_str(" * ");
    }
}

/// `a * b / c`; the total of a value over the count of the same event is written as the mean that it is.
fn write_product(factors: &[(Data, f64)], names: &Names, out: &mut String) {
    let (above, mut below): (Vec<_>, Vec<_>) = factors.iter().partition(|(_, power)| *power > 0.0);
    if above.is_empty() {
        out.push('1');
    }
    for (i, (factor, power)) in above.iter().enumerate() {
        out.push_str(if i > 0 { " * " } else { "" });
        let count = below
            .iter()
            .position(|(divisor, exponent)| *power == 1.0 && *exponent == -1.0 && is_count_of_total(divisor, factor));
        match (count, factor) {
            (Some(count), Data::Total { value, event }) => {
                below.remove(count);
                out.push_str("E[");
                value.write(names, out);
                write_condition(event, names, out);
            }
            (Some(_) | None, _) => write_power(factor, *power, names, out),
        }
    }
    for (factor, power) in below {
        out.push_str(" / ");
        write_power(factor, -power, names, out);
    }
}

/// Whether `count` is `N[event]` and `total` another total over the same event.
fn is_count_of_total(count: &Data, total: &Data) -> bool {
    match (count, total) {
        (Data::Total { value: one, event: of }, Data::Total { value, event }) => {
            one.is_one() && !value.is_one() && of == event
        }
        (_, _) => false,
    }
}

fn write_power(factor: &Data, power: f64, names: &Names, out: &mut String) {
    factor.write_at(Tightness::Atom, names, out);
    if power != 1.0 {
        out.push('^');
        out.push_str(&number(power));
    }
}

fn write_call(function: Function, arguments: &[Data], names: &Names, out: &mut String) {
    out.push_str(function.name());
    out.push('(');
    for (i, argument) in arguments.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        argument.write(names, out);
    }
    out.push(')');
}

/// ` | event]`, or `]` where every sample is meant.
fn write_condition(event: &Event, names: &Names, out: &mut String) {
    if *event != Event::All {
        out.push_str(" | ");
        event.write(names, out);
    }
    out.push(']');
}

impl Event {
    /// The event as text.
    pub fn text(&self, names: &Names) -> String {
        let mut out = String::new();
        self.write(names, &mut out);
        out
    }

    fn write(&self, names: &Names, out: &mut String) {
        match self {
            Event::All => out.push_str("all"),
            Event::Never => out.push_str("never"),
            Event::Levels { column, levels, other } => {
                out.push_str(&names.column(column));
                let mut listed: Vec<String> = levels.iter().map(|level| quoted(level)).collect();
                listed.extend(other.then(|| "null".to_owned()));
                match &listed[..] {
                    [only] => out.push_str(&format!(" == {only}")),
                    several => out.push_str(&format!(" in {{{}}}", several.join(", "))),
                }
            }
            Event::Compare { left, op, right } => {
                let names = names.exactly();
                left.write(&names, out);
                let _infallible = write!(out, " {} ", op.symbol());
                right.write(&names, out);
            }
            Event::Not(event) => {
                out.push_str("not (");
                event.write(names, out);
                out.push(')');
            }
            Event::And(events) => write_connective(events, " and ", names, out),
            Event::Or(events) => write_connective(events, " or ", names, out),
        }
    }
}

fn write_connective(events: &[Event], word: &str, names: &Names, out: &mut String) {
    for (i, event) in events.iter().enumerate() {
        out.push_str(if i > 0 { word } else { "" });
        let nested = matches!(event, Event::And(_) | Event::Or(_));
        out.push_str(if nested { "(" } else { "" });
        event.write(names, out);
        out.push_str(if nested { ")" } else { "" });
    }
}

/// The rows of a program.
impl Program {
    pub fn event_text(&self, id: EventId, names: &Names) -> String {
        self.events.get(id.0 as usize).map_or_else(|| format!("<event {}>", id.0), |event| event.text(names))
    }

    /// One row in the words of the spec: `-eps <= E[score | sex == "female"] - E[score | sex == "male"] <= eps`.
    pub fn row_text(&self, row: &Row, names: &Names) -> String {
        let middle = self.terms_text(&row.terms, names);
        two_sided(row.lower.as_ref(), &middle, row.upper.as_ref(), names)
    }

    /// The sum of the terms; `0` where there are none.
    pub fn terms_text(&self, terms: &[Term], names: &Names) -> String {
        if terms.is_empty() {
            return "0".to_owned();
        }
        let mut out = String::new();
        for (i, term) in terms.iter().enumerate() {
            let mut aggregate = match term.aggregate {
                Aggregate::Mean => "E[".to_owned(),
                Aggregate::Sum => "Sum[".to_owned(),
            };
            if !term.factor.is_one() {
                let mut factor = String::new();
                term.factor.write_at(Tightness::Product, names, &mut factor);
                aggregate.push_str(&factor);
                aggregate.push_str(" * ");
            }
            match &term.at {
                None => aggregate.push_str(names.prediction),
                Some(at) => aggregate.push_str(&distance_text(names.prediction, at, names)),
            }
            match self.events.get(term.event.0 as usize) {
                Some(event) => write_condition(event, names, &mut aggregate),
                None => aggregate.push_str(" | ?]"),
            }
            write_multiple(i == 0, &term.coefficient, &aggregate, names, &mut out);
        }
        out
    }

    /// Everything that the rows mean, one line each: what the fingerprint hashes.
    pub fn canonical_text(&self) -> String {
        self.canonical().to_string()
    }

    /// The canonical text, line by line: where many rows read many events it is long.
    pub(super) fn canonical(&self) -> impl Display {
        Canonical(self)
    }

    /// The rows for people to read, each under the names of the constraints that gave it.
    pub fn rows_text(&self) -> String {
        let names = Names::of(self);
        let mut out = String::new();
        let mut line = |origins: &[super::Origin], text: String, options: &RowOptions| {
            let from: Vec<&str> = origins.iter().map(|origin| origin.name.as_str()).collect();
            let _infallible = writeln!(out, "# {}\n{text}{}", from.join(", "), options_text(options, false));
        };
        for row in &self.rows {
            line(&row.origins, self.row_text(row, &names), &row.options);
        }
        for row in &self.sample_rows {
            line(&row.origins, self.sample_row_text(row, &names), &row.options);
        }
        out
    }
}

impl RowOptions {
    /// ` (min_count = 30, soft = 10)`; empty where all are the defaults.
    pub fn text(&self) -> String {
        options_text(self, false)
    }
}

/// `abs(prediction - at)`.
pub fn distance_text(prediction: &str, at: &Data, names: &Names) -> String {
    let mut minus = String::new();
    at.clone().neg().write_at(Tightness::Sum, names, &mut minus);
    let (sign, size) = match minus.strip_prefix('-') {
        Some(size) => ("-", size),
        None => ("+", minus.as_str()),
    };
    if at.is_zero() { format!("abs({prediction})") } else { format!("abs({prediction} {sign} {size})") }
}

/// `coefficient * what`, as one more addend of `out`.
fn write_multiple(first: bool, coefficient: &Data, what: &str, names: &Names, out: &mut String) {
    match coefficient {
        Data::Number(value) => {
            write_addend(first, *value, names, out);
            out.push_str(what);
        }
        Data::Sum { constant: 0.0, terms } if terms.len() == 1 => {
            for (value, monomial) in terms {
                write_addend(first, *value, names, out);
                monomial.write_at(Tightness::Product, names, out);
            }
            let _infallible = write!(out, " * {what}");
        }
        other => {
            write_addend(first, 1.0, names, out);
            let mut text = String::new();
            other.write_at(Tightness::Product, names, &mut text);
            let _infallible = write!(out, "{text} * {what}");
        }
    }
}

fn two_sided(lower: Option<&Data>, middle: &str, upper: Option<&Data>, names: &Names) -> String {
    match (lower, upper) {
        (None, None) => middle.to_owned(),
        (Some(lower), None) => format!("{} <= {middle}", lower.text(names)),
        (None, Some(upper)) => format!("{middle} <= {}", upper.text(names)),
        (Some(lower), Some(upper)) if lower == upper => format!("{middle} == {}", upper.text(names)),
        (Some(lower), Some(upper)) => format!("{} <= {middle} <= {}", lower.text(names), upper.text(names)),
    }
}

/// ` (min_count = 30, soft = 10)`; the defaults too if `all`.
fn options_text(options: &RowOptions, all: bool) -> String {
    let default = RowOptions::default();
    let mut parts = Vec::new();
    if all || options.min_count != default.min_count {
        parts.push(format!("min_count = {}", options.min_count));
    }
    if all || options.when_empty != default.when_empty {
        parts.push(match options.when_empty {
            WhenEmpty::Skip => "when_empty = skip".to_owned(),
            WhenEmpty::Error => "when_empty = error".to_owned(),
        });
    }
    if let Some(soft) = options.soft {
        parts.push(format!("soft = {}", number(soft)));
    }
    if all || options.enforce != default.enforce {
        parts.push(match options.enforce {
            Enforce::Train => "enforce = train".to_owned(),
            Enforce::Always => "enforce = always".to_owned(),
        });
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn interval_text(lower: f64, upper: f64) -> String {
    let end = |value: f64| if value.is_finite() { number(value) } else { format!("{value}") };
    format!("[{}, {}]", end(lower), end(upper))
}

/// The canonical text of a program.
struct Canonical<'a>(&'a Program);

impl Display for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Canonical(program) = self;
        let names = Names::canonical();
        writeln!(f, "fairc canonical form 1")?;
        match program.prediction.decision {
            true => writeln!(f, "predict prediction: {{0, 1}}")?,
            false => {
                let bounds = interval_text(program.prediction.lower, program.prediction.upper);
                writeln!(f, "predict prediction: real in {bounds}")?;
            }
        }
        if let Some(weight) = &program.weight {
            writeln!(f, "weight {}", quoted_name(&weight.header))?;
        }
        for relation in &program.relations {
            let [name, first, second, key] =
                [&relation.name, &relation.first, &relation.second, &relation.key].map(|text| quoted_name(text));
            writeln!(f, "relation {name}: ({first}, {second}) by {key}")?;
        }
        for column in &program.columns {
            writeln!(f, "{}", column_text(column))?;
        }
        for param in &program.params {
            let range = interval_text(param.range.lower, param.range.upper);
            writeln!(f, "param {} = {} in {range}", name(&param.name), number(param.value))?;
        }
        // All rows of a comparison read the same events, which may be as many as there are rows.
        let (mut known, mut reads) = (&[][..], String::new());
        for row in &program.rows {
            if known != row.reads {
                let texts: Vec<String> = row.reads.iter().map(|&event| program.event_text(event, &names)).collect();
                (known, reads) = (&row.reads, texts.join("; "));
            }
            let options = options_text(&row.options, true);
            writeln!(f, "row {}{options} reads {reads}", program.row_text(row, &names))?;
        }
        for row in &program.sample_rows {
            write!(f, "{}{}", program.sample_row_text(row, &names), options_text(&row.options, true))?;
            let texts: Vec<String> = row.reads.iter().map(|&event| program.event_text(event, &names)).collect();
            match texts.is_empty() {
                true => writeln!(f)?,
                false => writeln!(f, " reads {}", texts.join("; "))?,
            }
        }
        Ok(())
    }
}

fn column_text(column: &Column) -> String {
    if column.header == RAW {
        return "raw prediction".to_owned();
    }
    let kind = if column.label { "label" } else { "column" };
    let ty = match &column.ty {
        ColumnType::Categorical(levels) => {
            let mut texts: Vec<String> = levels
                .iter()
                .map(|level| match level.number {
                    Some(value) => format!("{} = {}", quoted(&level.text), number(value)),
                    None => quoted(&level.text),
                })
                .collect();
            texts.sort();
            format!("{{{}}}", texts.join(", "))
        }
        ColumnType::Real(Interval { lower, upper }) => format!("real in {}", interval_text(*lower, *upper)),
        ColumnType::Int(Interval { lower, upper }) => format!("int in {}", interval_text(*lower, *upper)),
    };
    let header = match PairColumn::of(&column.header) {
        Some(_) => column.header.clone(),
        None => quoted_name(&column.header),
    };
    format!("{kind} {header}: {ty}{}", if column.nullable { "?" } else { "" })
}
