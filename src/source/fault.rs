//! What is wrong when a spec meets data, as diagnostics.

use super::{Content, Failure, Front, Spec};
use crate::analyze::each_in_conflict;
use crate::analyze::feasibility::RowSide;
use crate::bind::{BindError, BoundRow, Encoded, Params, Remedy, Samples, blamed};
use crate::data::header_hint;
use crate::language::diagnostic::human::{Look, render_with};
use crate::language::diagnostic::json::{ColumnPlace, Entry, Place};
use crate::language::diagnostic::{Code, Diagnostic, Label};
use crate::language::program::{Column, ColumnType, Level, Names, Origin, Program, PromisedRow};
use crate::language::span::{Sources, Span};
use crate::language::syntax::ast;
use crate::language::words::listed;
use crate::runtime::project::Infeasibility;

/// A diagnostic whose place may be in a table.
#[derive(Clone, Debug)]
pub struct Fault {
    pub diagnostic: Diagnostic,
    /// Places that no label can point to.
    pub places: Vec<Place>,
}

impl Fault {
    pub fn entry(&self, spec: &Spec) -> Entry {
        let nothing = Sources::default();
        let mut entry = Entry::new(&self.diagnostic, spec.sources().unwrap_or(&nothing));
        entry.labels.extend(self.places.iter().cloned());
        entry
    }

    pub fn rendered(&self, spec: &Spec, look: Look) -> String {
        let nothing = Sources::default();
        // Places in tables are part of the message.
        let noted = self.places.iter().filter(|place| place.column.is_none());
        let note = |place: &Place| match place.line {
            Some(line) => format!("{}:{line}: {}", place.file, place.label),
            None => format!("{}: {}", place.file, place.label),
        };
        let notes: Vec<String> = noted.map(note).collect();
        render_with(&self.diagnostic, &notes, spec.sources().unwrap_or(&nothing), look)
    }
}

/// The faults of spec and data.
///
/// # Errors
/// What is no fault of them.
pub fn faults(errors: &[BindError], spec: &Spec, program: &Program, front: &Front) -> Result<Vec<Fault>, Failure> {
    errors.iter().map(|error| fault(error, spec, program, front)).collect()
}

fn fault(error: &BindError, spec: &Spec, program: &Program, front: &Front) -> Result<Fault, Failure> {
    let code = match error {
        // Arguments, not data.
        BindError::UnknownParam { .. } | BindError::SetTwice { .. } => None,
        BindError::Data(_) => None,
        other => other.code(),
    };
    let Some(code) = code else {
        return Err(Failure::new(error.to_string(), help(error, program, front)));
    };
    let mut fault = Fault {
        diagnostic: Diagnostic {
            code: Code(code),
            message: error.to_string(),
            help: Some(help(error, program, front)),
            labels: Vec::new(),
            fix: None,
        },
        places: Vec::new(),
    };
    match error {
        BindError::ParamOutOfRange { name, .. } => fault.diagnostic.labels.extend(declaration(name, spec)),
        BindError::ColumnMissing { file, header, .. } => {
            fault.places.push(Place { line: None, ..table_place(file, header, "", "no such column") })
        }
        BindError::EmptyEvent { row, .. }
        | BindError::CrossedSides { row, .. }
        | BindError::CrossedBounds { row, .. }
        | BindError::NoPrediction { row, .. }
        | BindError::Undefined { row, .. } => at_row(&mut fault, row, "this row", spec, program),
        BindError::CrossedRows { row, other, lower, upper } => {
            at_row(&mut fault, row, &format!("`{row}` asks for at least {lower}"), spec, program);
            at_row(&mut fault, other, &format!("`{other}` asks for at most {upper}"), spec, program);
        }
        other => {
            if let Some(at) = other.offenders() {
                fault.places.extend(at.first.iter().map(|place| Place {
                    line: place.line,
                    ..table_place(place.file_of(&at.file), &at.column, &place.value, "")
                }));
            }
        }
    }
    Ok(fault)
}

/// What the user can do about it. Weights and predictions have no `?` to write.
fn help(error: &BindError, program: &Program, front: &Front) -> String {
    let everywhere = |header: &str| {
        let weight = program.weight.as_ref().is_some_and(|weight| weight.header == header);
        weight || program.prediction.header == header
    };
    match error {
        BindError::Null { at } if everywhere(&at.column) => {
            format!("fill in the value, or leave these samples out: every sample needs its `{}`", at.column)
        }
        BindError::NullNeeded { at, .. } => {
            let known = program.column(&at.column).and_then(known).map(|known| {
                format!(
                    "leave these samples out: add `{known}` after the bar, as in `E[.. | .., {known}]`; of a metric, write the formula \
                     out for that"
                )
            });
            known.unwrap_or_else(|| with_remedy(error, front))
        }
        BindError::NotANumber { at } if at.column == program.prediction.header && is_word(at.value()) => {
            let selected = (front.text_option)("selected", at.value());
            format!(
                "decisions are 0 and 1, and scores numbers: write them so, or compare selection rates of words with {} and {selected}",
                front.impact
            )
        }
        other => with_remedy(other, front),
    }
}

/// A condition that samples with a value of the column satisfy, and no others.
fn known(column: &Column) -> Option<String> {
    const MOST: usize = 6;
    let Column { name, ty, .. } = column;
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain(name) {
        return None;
    }
    match ty {
        ColumnType::Categorical(levels) => {
            let told = levels.len() <= MOST && levels.iter().all(|level| plain(&level.text));
            let levels: Vec<&str> = levels.iter().map(|level: &Level| level.text.as_str()).collect();
            told.then(|| format!("{name} in {{{}}}", levels.join(", ")))
        }
        ColumnType::Real(range) | ColumnType::Int(range) => Some(match (range.lower, range.upper) {
            (lower, _) if lower.is_finite() => format!("{name} >= {lower}"),
            (_, upper) if upper.is_finite() => format!("{name} <= {upper}"),
            _ => format!("({name} < 0 or {name} >= 0)"),
        }),
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_alphabetic() || c == ' ') && !text.trim().is_empty() && !says_null(text)
}

/// Whether people write this where there is no value.
fn says_null(text: &str) -> bool {
    const WORDS: [&str; 10] = ["unknown", "n/a", "na", "none", "null", "nan", "missing", "not available", "?", "-"];
    WORDS.contains(&text.trim().to_lowercase().as_str())
}

/// The help of an error, with what the front end has for it.
fn with_remedy(error: &BindError, front: &Front) -> String {
    let help = error.help();
    match (error, error.remedy()) {
        (BindError::NotANumber { at }, None) if front.reads_text && says_null(at.value()) => {
            format!(
                "read it as a null with {}, and write `?` after the type of `{}`",
                (front.text_option)("null", at.value()),
                at.column
            )
        }
        (_, Some(Remedy::Trim)) if front.reads_text => format!("{help}, or read the file with {}", front.trim),
        (_, Some(Remedy::DecimalComma)) if front.reads_text => {
            format!("{help}, or read the file with {}", front.decimal_comma)
        }
        (BindError::ColumnMissing { known, .. }, Some(Remedy::Header)) if front.reads_text => {
            header_hint(known).unwrap_or(help)
        }
        (BindError::RelationMissing { relation }, _) => format!("{help}: {}", (front.relation)(relation)),
        (_, Some(Remedy::Stream)) => format!("{help}, or use {}", front.stream),
        _ => help,
    }
}

fn table_place(file: &str, column: &str, text: &str, label: &str) -> Place {
    Place {
        file: file.to_owned(),
        start: None,
        end: None,
        line: None,
        column: Some(ColumnPlace::Name(column.to_owned())),
        text: text.to_owned(),
        label: label.to_owned(),
    }
}

/// Points at the constraint that gave a row: in its source where that was read, else by what the artefact says.
pub fn at_row(fault: &mut Fault, row: &str, words: &str, spec: &Spec, program: &Program) {
    let origins = program.rows.iter().map(|row| &row.origins);
    let origins = origins.chain(program.sample_rows.iter().map(|row| &row.origins)).flatten();
    let Some(origin) = origins.into_iter().find(|origin| origin.name == row) else { return };
    match constraint_span(origin, spec) {
        Some(span) => {
            let label = Label { span, text: words.to_owned() };
            // Rows of one constraint share its place: the first is told whole, the others by name.
            match fault.diagnostic.labels.iter_mut().find(|other| other.span == span) {
                Some(known) => known.text.push_str(&format!(", likewise `{row}`")),
                None => fault.diagnostic.labels.push(label),
            }
        }
        None => fault.places.push(Place {
            file: origin.file.clone(),
            start: Some(origin.start),
            end: Some(origin.end),
            line: Some(u64::from(origin.line)),
            column: None,
            text: origin.text.clone(),
            label: words.to_owned(),
        }),
    }
}

/// The comparison as written.
fn constraint_span(origin: &Origin, spec: &Spec) -> Option<Span> {
    let Content::Source(compilation) = &spec.content else { return None };
    let same = compilation.hir.constraints.iter().find(|constraint| constraint.name == origin.constraint)?;
    Some(same.body_span)
}

/// Where a param is declared: its range, if it has one.
fn declaration(name: &str, spec: &Spec) -> Option<Label> {
    let Content::Source(compilation) = &spec.content else { return None };
    let items = compilation.files.iter().flat_map(|(_, parsed)| &parsed.file.items);
    let mut params = items.filter_map(|item| match &item.kind {
        ast::ItemKind::Param(param) if declares(param, name) => Some(param),
        _ => None,
    });
    let param = params.next()?;
    let span = param.range.as_ref().map_or(param.name.span, |range| range.span);
    Some(Label { span, text: "the declared range".to_owned() })
}

/// Whether the param, or an entry of its table, has this name.
fn declares(param: &ast::Param, name: &str) -> bool {
    let entry = || name.strip_prefix(param.name.text.as_str()).is_some_and(|rest| rest.starts_with('['));
    match param.value {
        ast::ParamValue::One(_) => param.name.text == name,
        ast::ParamValue::Table(_) => entry(),
    }
}

/// The sides that a proof of infeasibility uses.
pub fn sides_of(proof: &Infeasibility) -> Vec<RowSide> {
    let upper = |row: &usize| proof.combination.get(*row).is_none_or(|weight| *weight >= 0.0);
    proof.rows.iter().map(|row| RowSide { row: *row, upper: upper(row) }).collect()
}

/// What no predictions satisfy together.
#[derive(Clone, Debug, Default)]
pub struct Conflict {
    /// Sides of rows of the problem.
    pub sides: Vec<RowSide>,
    /// Bounds of single predictions.
    pub each: Vec<PromisedRow>,
    /// Rows about pairs, each with the names of those that are in it: `close(a, b)`.
    pub pairs: Vec<(PromisedRow, Vec<String>)>,
}

impl Conflict {
    /// Of a proof, with the bounds of single predictions that it needs.
    pub fn of(proof: &Infeasibility, encoded: &Encoded, params: &Params, samples: &Samples<'_>) -> Conflict {
        let sides = sides_of(proof);
        let each = each_in_conflict(encoded, params, samples, &sides, &proof.combination);
        let bound = encoded.has_pairs().then(|| encoded.bind_convex(params, samples).ok()).flatten();
        let pairs = bound.map_or_else(Vec::new, |bound| bound.pairs_among(sides.iter().map(|side| side.row)));
        Conflict { sides, each, pairs }
    }
}

/// E0801: the sides of rows that no predictions satisfy together, in the words of the spec.
pub fn infeasible(
    conflict: &Conflict,
    rows: &[BoundRow],
    place: &str,
    spec: &Spec,
    program: &Program,
    front: &Front,
) -> Fault {
    const MOST: usize = 8;
    /// Pairs of one constraint that are named.
    const PAIRS: usize = 4;
    let asked: Vec<Asked<'_>> = conflict.sides.iter().filter_map(|side| Asked::of(*side, rows, program)).collect();
    let single = conflict.each.iter().map(|promised| (*promised, &[][..]));
    let each = single.chain(conflict.pairs.iter().map(|(promised, names)| (*promised, &names[..])));
    let each = each.filter_map(|(promised, pairs)| Some((promised, program.sample_origin(promised)?, pairs)));
    let each: Vec<(PromisedRow, &Origin, &[String])> = each.collect();
    let mut names: Vec<&str> = asked.iter().map(|asked| asked.origin.name.as_str()).collect();
    names.extend(each.iter().map(|(_, origin, _)| origin.name.as_str()));
    names.dedup();
    let all_of = if names.len() == 1 { "" } else { "all of " };
    let message = format!("no predictions within their bounds satisfy {all_of}{}{place}", listed(&names, MOST));
    let help = format!(
        "loosen one of them, for example by a larger tolerance, make one `soft`, or take the point of least violation \
         with {}",
        front.relax
    );
    let mut fault = Fault {
        diagnostic: Diagnostic { code: Code("E0801"), message, help: Some(help), labels: Vec::new(), fix: None },
        places: Vec::new(),
    };
    for (promised, origin, pairs) in each.iter().take(MOST) {
        let row = program.promised_sample(*promised);
        let text = row.map_or_else(String::new, |row| program.sample_row_text(&row, &Names::of(program)));
        let here = if pairs.is_empty() { String::new() } else { format!(", here {}", listed(*pairs, PAIRS)) };
        at_row(&mut fault, &origin.name, &format!("`{}` asks for {text}{here}", origin.name), spec, program);
    }
    for asked in asked.iter().take(MOST) {
        let name = &asked.origin.name;
        at_row(&mut fault, name, &format!("`{name}` asks for {}", asked.text(program)), spec, program);
    }
    fault
}

/// A side of a row as the constraint that it comes from asks for it.
pub struct Asked<'a> {
    pub origin: &'a Origin,
    promised: PromisedRow,
    /// For the author of the constraint.
    pub upper: bool,
    pub limit: f64,
}

impl<'a> Asked<'a> {
    /// Of the side of a row of the problem that `rows` were bound to.
    pub fn of(RowSide { row, upper }: RowSide, rows: &[BoundRow], program: &'a Program) -> Option<Asked<'a>> {
        let (promised, (lowest, highest)) = blamed(rows, row, upper)?;
        let origin = program.origin(promised)?;
        let direction = origin.direction();
        let limit = direction.number(if upper { highest } else { lowest });
        Some(Asked { origin, promised, upper: direction.is_upper(upper), limit })
    }

    fn text(&self, program: &Program) -> String {
        let row = program.promised(self.promised);
        let compared = row.map_or_else(String::new, |row| program.terms_text(&row.terms, &Names::of(program)));
        format!("{compared} {} {}", if self.upper { "<=" } else { ">=" }, self.limit)
    }
}
