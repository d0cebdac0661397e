//! Where the constraints of a program stand in the texts that were read.

use crate::cli::input::Spec;
use crate::language::program::{Origin, Program};
use crate::language::span::Span;
use crate::report::Place;

/// The place of the first constraint that gave each row, in the order of the rows.
pub(super) fn places(spec: &Spec, program: &Program) -> Vec<Place> {
    program
        .rows
        .iter()
        .map(|row| row.origins.first().map_or_else(Place::default, |origin| place(spec, origin)))
        .collect()
}

fn place(spec: &Spec, origin: &Origin) -> Place {
    let known = Place {
        file: origin.file.clone(),
        start: origin.start,
        end: origin.end,
        line: origin.line,
        ..Place::default()
    };
    let Some(sources) = spec.sources() else { return known };
    let Some((id, _)) = sources.iter().find(|(_, source)| source.name == origin.file) else { return known };
    let (from, to) = (sources.line_column(id, origin.start), sources.line_column(id, origin.end));
    let text = sources.text(Span { source: id, start: origin.start, end: origin.end });
    Place {
        column: Some(from.column),
        end_line: Some(to.line),
        end_column: Some(to.column),
        source: Some(text.to_owned()).filter(|text| !text.is_empty()),
        ..known
    }
}
