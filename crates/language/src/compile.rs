//! All stages, from a text to a [`Program`].

use std::collections::BTreeSet;

use crate::check::{Reading, Unit, UnitOrigin, check, one_unknown_name};
use crate::diagnostic::Diagnostic;
use crate::hir::Hir;
use crate::lower::lower;
use crate::program::Program;
use crate::span::{Source, SourceId, Sources, Span};
use crate::syntax::Parsed;
use crate::syntax::ast;
use crate::syntax::import::{Loader, read};

/// What each stage made of a spec.
#[derive(Clone, Debug, Default)]
pub struct Compilation {
    /// The root, its imports, and the files of the standard library that it uses.
    pub sources: Sources,
    pub files: Vec<(SourceId, Parsed)>,
    /// The imports that lead to a file, each with the place of its path.
    pub imports: Vec<(Span, SourceId)>,
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

    /// The import of the root that leads to this source, directly or through others.
    pub fn import_of(&self, source: SourceId) -> Option<Span> {
        let (mut source, mut steps) = (source, 0);
        loop {
            let (span, _) = self.imports.iter().find(|(_, to)| *to == source)?;
            (source, steps) = (span.source, steps + 1);
            if source == SourceId::default() || steps > self.files.len() {
                return Some(*span);
            }
        }
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
    let mut checked = check(&tree.sources, &units, Reading { incomplete, refused });
    one_unknown_name(&mut tree.files, &mut checked.findings, &tree.sources);
    let lowered = lower(&checked.hir, &tree.sources);

    let mut diagnostics: Vec<Diagnostic> = tree.files.iter().flat_map(|(_, parsed)| parsed.diagnostics()).collect();
    diagnostics.extend(tree.errors.iter().map(|error| error.diagnostic()));
    diagnostics.extend(checked.findings.iter().map(|finding| finding.diagnostic()));
    // What a text with mistakes was read as may not be what its conditions are meant to say.
    let told = lowered.findings.iter().filter(|finding| !(refused && finding.kind.judges_conditions()));
    diagnostics.extend(told.map(|finding| finding.diagnostic()));
    crate::diagnostic::sort(&mut diagnostics);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let program = lowered.program.filter(|_| !failed);
    Compilation {
        sources: tree.sources,
        files: tree.files,
        imports: tree.imports,
        hir: checked.hir,
        program,
        diagnostics,
    }
}

/// Adds the standard metrics that are used and not defined by the user.
fn add_library(sources: &mut Sources, files: &mut Vec<(SourceId, Parsed)>) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut from = 0;
    // A metric of the library may use others.
    while from < files.len() {
        let items = files.iter().skip(from).flat_map(|(_, parsed)| &parsed.file.items);
        let used = items.filter_map(|item| match &item.kind {
            ast::ItemKind::Use(used) => Some(&used.call),
            ast::ItemKind::Metric(ast::Metric { body: ast::MetricBody::Use(call), .. }) => Some(call),
            _ => None,
        });
        let names: BTreeSet<String> = used.map(|call| call.metric.text.clone()).collect();
        from = files.len();
        for name in names {
            if let Some(text) = crate::library::find(&name).filter(|_| known.insert(name.clone())) {
                let id = sources.add(crate::library::source_name(&name), text);
                files.push((id, crate::syntax::parse(id, text)));
            }
        }
    }
}
