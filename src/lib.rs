//! **fairc**: a small language and a compiler for group-fairness constraints on model predictions, with a runtime that
//! makes any network's predictions satisfy them exactly and lets gradients flow through.
//!
//! ```text
//! source.fair ─syntax→ Ast ─check→ Hir ─lower→ Program ─bind(data)→ Problem ─project→ Projection
//!             grammar/      names, shapes,      canonical rows       A, l, u, box       ŷ, multipliers,
//!             fair.pest     signs, affinity     over events          of this batch      certificate, vjp
//! ```
//!
//! Two wings that do not know each other, and the bridge between them. [`language`] turns text into a
//! [`Program`]; `runtime` turns numbers into numbers; `bind` joins a Program to data and
//! hands the runtime a Problem. [`compile`] walks the first wing from end to end.

#![forbid(unsafe_code)]

#[cfg(feature = "analyze")]
pub mod analyze;
#[cfg(feature = "data")]
pub mod bind;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "data")]
pub mod data;
pub mod language;
#[cfg(feature = "analyze")]
pub mod report;
pub mod runtime;
#[cfg(feature = "spec")]
pub mod spec;
#[cfg(feature = "torch")]
pub mod torch;

use language::check::{Reading, Unit, UnitOrigin, check};
use language::diagnostic::Diagnostic;
use language::hir::Hir;
use language::lower::lower;
use language::program::Program;
use language::span::{Source, SourceId, Sources};
use language::syntax::Parsed;
use language::syntax::ast;
use language::syntax::import::{Loader, read};

/// What each stage made of a spec.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The root, its imports, and the files of the standard library that it uses.
    pub sources: Sources,
    pub files: Vec<(SourceId, Parsed)>,
    pub hir: Hir,
    /// There if and only if no diagnostic is an error.
    pub program: Option<Program>,
    /// Errors and warnings of all stages, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compilation {
    /// Whether there is no error.
    pub fn is_ok(&self) -> bool {
        self.program.is_some()
    }
}

/// Compiles a spec: all errors of all files are reported in one run.
pub fn compile(root: Source, loader: &dyn Loader) -> Compilation {
    let mut tree = read(root, loader);
    let library_from = tree.files.len();
    add_library(&mut tree.sources, &mut tree.files);
    let origin = |index: usize| match index {
        0 => UnitOrigin::Root,
        _ if index < library_from => UnitOrigin::Imported,
        _ => UnitOrigin::Library,
    };
    let nameless = |parsed: &Parsed| parsed.file.broken.iter().any(ast::Broken::may_declare_anything);
    let incomplete = !tree.errors.is_empty() || tree.files.iter().any(|(_, parsed)| nameless(parsed));
    let refused = tree.files.iter().any(|(_, parsed)| !parsed.errors.is_empty());
    let units: Vec<Unit<'_>> = tree
        .files
        .iter()
        .enumerate()
        .map(|(index, (source, parsed))| Unit { source: *source, file: &parsed.file, origin: origin(index) })
        .collect();
    let checked = check(&tree.sources, &units, Reading { incomplete, refused });
    let lowered = lower(&checked.hir, &tree.sources);

    let mut diagnostics: Vec<Diagnostic> = tree.files.iter().flat_map(|(_, parsed)| parsed.diagnostics()).collect();
    diagnostics.extend(tree.errors.iter().map(|error| error.diagnostic()));
    diagnostics.extend(checked.findings.iter().map(|finding| finding.diagnostic()));
    diagnostics.extend(lowered.findings.iter().map(|finding| finding.diagnostic()));
    language::diagnostic::sort(&mut diagnostics);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let program = lowered.program.filter(|_| !failed);
    Compilation { sources: tree.sources, files: tree.files, hir: checked.hir, program, diagnostics }
}

/// Adds the standard metrics that are used and not defined by the user.
fn add_library(sources: &mut Sources, files: &mut Vec<(SourceId, Parsed)>) {
    let items = || files.iter().flat_map(|(_, parsed)| &parsed.file.items);
    let used = items().filter_map(|item| match &item.kind {
        ast::ItemKind::Use(used) => Some(used.metric.text.clone()),
        _ => None,
    });
    let mut names: Vec<String> = used.collect();
    names.sort();
    names.dedup();
    for name in names {
        if let Some(text) = language::library::find(&name) {
            let id = sources.add(format!("std/{name}.fair"), text);
            files.push((id, language::syntax::parse(id, text)));
        }
    }
}
