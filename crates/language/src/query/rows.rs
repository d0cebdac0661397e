//! How many rows a declaration comes to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::compile::Compilation;
use crate::span::Span;
use crate::syntax::ast::ItemKind;

/// The rows of one `constraint` or `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The whole declaration.
    pub declaration: Span,
    /// The name of a constraint; of a `use` the call.
    pub heading: Span,
    /// What rows are called, in order.
    pub names: Vec<String>,
}

/// The rows of each constraint and `use` of all files, in order; of a spec with errors none are known.
pub fn of(compilation: &Compilation) -> Vec<Rows> {
    let Some(program) = &compilation.program else { return Vec::new() };
    let each = program.sample_rows.iter().map(|row| &row.origins);
    let mut by_constraint: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for origin in program.rows.iter().map(|row| &row.origins).chain(each).flatten() {
        by_constraint.entry(&origin.constraint).or_default().push(origin.name.clone());
    }
    let mut instances: HashMap<Span, BTreeSet<&str>> = HashMap::new();
    for constraint in &compilation.hir.constraints {
        instances.entry(constraint.span).or_default().insert(&constraint.name);
    }
    let mut found = Vec::new();
    for item in compilation.files.iter().flat_map(|(_, parsed)| &parsed.file.items) {
        let heading = match &item.kind {
            ItemKind::Constraint(constraint) => constraint.name.span,
            ItemKind::Use(used) => used.call.span,
            ItemKind::Column(_)
            | ItemKind::Label(_)
            | ItemKind::Weight(_)
            | ItemKind::Predict(_)
            | ItemKind::Param(_)
            | ItemKind::Let(_)
            | ItemKind::Event(_)
            | ItemKind::Group(_)
            | ItemKind::Relation(_)
            | ItemKind::Metric(_)
            | ItemKind::Import(_) => continue,
        };
        let instances = instances.get(&item.span).into_iter().flatten();
        let names = instances.filter_map(|name| by_constraint.get(name)).flatten().cloned().collect();
        found.push(Rows { declaration: item.span, heading, names });
    }
    found
}
