//! What reports show of a spec: where constraints stand in the texts that were read, and the groups that it declares.

use super::{Content, Spec};
use crate::language::program::{Origin, Program};
use crate::language::span::Span;
use crate::report::{Place, Places, Watch, partitions};
use crate::runtime::problem::Problem;
use crate::runtime::project::Status;

/// The groups that the report shows.
pub fn watch(spec: &Spec, program: &Program) -> Watch {
    let declared = match &spec.content {
        Content::Source(compilation) => {
            let groups = crate::language::lower::groups(&compilation.hir, &compilation.sources);
            groups.into_iter().map(|group| (group.name, group.levels)).collect()
        }
        Content::Compiled(_) | Content::Broken(_) => Vec::new(),
    };
    Watch::new(program, partitions(program, declared))
}

/// The places of the constraints of promised rows, in their order.
pub fn places(spec: &Spec, program: &Program) -> Places {
    let of = |origin: Option<&Origin>| origin.map_or_else(Place::default, |origin| place(spec, origin));
    let each = program.promised_sample_rows().into_iter().map(|promised| of(program.sample_origin(promised)));
    let rows = program.promised_rows().into_iter().map(|promised| of(program.origin(promised)));
    Places { rows: rows.collect(), each: each.collect() }
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

/// The name of a status in JSON.
pub fn status_word(status: &Status) -> &'static str {
    match status {
        Status::Optimal => "optimal",
        Status::Infeasible(_) => "infeasible",
        Status::IterationLimit => "iteration_limit",
        Status::Relaxed(_) => "relaxed",
    }
}

/// How many numbers lie outside the box, and by how much at most.
pub fn outside(problem: &Problem, values: &[f64]) -> (usize, f64) {
    let bounds = problem.bounds();
    let excess = values.iter().enumerate().map(|(index, value)| {
        let (lo, hi) = bounds.at(index);
        (lo - value).max(value - hi)
    });
    excess.filter(|excess| *excess > 0.0).fold((0, 0.0), |(count, most), excess| (count + 1, f64::max(most, excess)))
}
