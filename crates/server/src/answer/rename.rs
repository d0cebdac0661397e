//! A new name in all places of an old one.
//!
//! What is changed is checked before it is handed out: a name that would hide another, or be hidden, is refused with what
//! the compiler says of it.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairc_language::Compilation;
use fairc_language::diagnostic::Diagnostic;
use fairc_language::query::{Definition, DefinitionKind, Header, Index};
use fairc_language::syntax::written;
use gen_lsp_types as lsp;

use super::uses::{Named, Uses, named, uses};
use crate::analysis::ROOT;
use crate::position::Lines;
use crate::refusal::{Answer, Refusal};
use crate::session::Session;

/// The edits of each file.
type Edits = Vec<(PathBuf, Arc<str>, Vec<(Range<usize>, String)>)>;

pub fn prepare(
    session: &mut Session<'_>,
    params: lsp::PrepareRenameParams,
) -> Answer<Option<lsp::PrepareRenameResult>> {
    let of = params.text_document_position_params;
    let Some(found) = named(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let definition = renamed(&found)?;
    let range = found.analysis.range(found.span());
    let placeholder = definition.name.clone();
    Ok(Some(lsp::PrepareRenameResult::PrepareRenamePlaceholder(lsp::PrepareRenamePlaceholder { range, placeholder })))
}

pub fn rename(session: &mut Session<'_>, params: lsp::RenameParams) -> Answer<Option<lsp::WorkspaceEdit>> {
    let of = params.text_document_position_params;
    let Some(found) = named(session, &of.text_document.uri, of.position) else { return Ok(None) };
    let definition = renamed(&found)?.clone();
    let Some(name) = written(params.new_name.trim().trim_matches('`')) else {
        return Err(Refusal(format!("`{}` cannot be a name", params.new_name)));
    };
    let Some(uses) = uses(session, &found) else { return Ok(None) };
    let edits = edits(&found, &definition, &uses, &name);
    check(session, &uses, &edits, definition.kind == DefinitionKind::Param)?;
    let mut changes = HashMap::new();
    for (path, text, edits) in edits {
        let lines = Lines::of(&text);
        let edit = |(bytes, new_text)| lsp::TextEdit { range: lines.range(&text, bytes, session.encoding), new_text };
        changes.insert(session.uri(&path), edits.into_iter().map(edit).collect());
    }
    Ok(Some(lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() }))
}

/// The definition, if its name is the user's to change.
fn renamed(found: &Named) -> Result<&Definition, Refusal> {
    let Some(definition) = found.definition() else { return Err(Refusal("nothing here has a name".into())) };
    if found.analysis.library(definition.span.source).is_some() {
        return Err(Refusal(format!("`{}` belongs to the standard library", definition.name)));
    }
    if definition.kind == DefinitionKind::Level {
        return Err(Refusal(format!("`{}` is a value in the data, which keeps its name", definition.name)));
    }
    Ok(definition)
}

/// In metrics the prediction is called `prediction`, whatever its name; a column keeps the header that it reads.
fn edits(found: &Named, definition: &Definition, uses: &Uses, name: &str) -> Edits {
    let home = PathBuf::from(found.analysis.compilation.sources.name(definition.span.source));
    let mut all = Vec::new();
    for (path, places) in uses.places.iter().filter(|(_, places)| !places.library) {
        let same = |bytes: &&Range<usize>| {
            places.text.get((*bytes).clone()).is_some_and(|text| text.trim_matches('`') == definition.name)
        };
        let mut edits: Vec<(Range<usize>, String)> =
            places.bytes.iter().filter(same).map(|bytes| (bytes.clone(), name.to_owned())).collect();
        if *path == home && definition.header == Header::Name && definition.name != name.trim_matches('`') {
            let end = definition.declaration.range().end;
            let header = written(&definition.name).unwrap_or_default();
            edits.push((end..end, format!(" from {header}")));
        }
        all.push((path.clone(), places.text.clone(), edits));
    }
    all
}

/// Refuses a change after which a spec says something else than before.
fn check(session: &Session<'_>, uses: &Uses, edits: &Edits, param: bool) -> Result<(), Refusal> {
    let after: Vec<(PathBuf, Arc<str>)> =
        edits.iter().map(|(path, text, edits)| (path.clone(), changed(text, edits).into())).collect();
    let others = session.open().into_iter().filter(|(path, _)| after.iter().all(|(changed, _)| changed != path));
    let open: Vec<(PathBuf, Arc<str>)> = others.chain(after.clone()).collect();
    for root in &uses.roots {
        let path = PathBuf::from(root.compilation.sources.name(ROOT));
        let text = after.iter().find(|(changed, _)| *changed == path).map_or_else(|| root.text(ROOT), |(_, text)| text);
        let checked = session.host.check(Path::new(&path), text, &open);
        let (errors, before) = (errors(&checked.diagnostics), errors(&root.diagnostics));
        if errors.len() > before.len() {
            let new = errors.iter().find(|error| before.iter().all(|known| known.message != error.message));
            return Err(Refusal(new.map_or_else(|| "errors would follow".to_owned(), |error| error.message.clone())));
        }
        let meant = root.index.means_the_same(&Index::of(&checked.compilation));
        if !meant || !same(&root.compilation, &checked.compilation, param) {
            return Err(Refusal("another name has this text here, and would take its place".into()));
        }
    }
    Ok(())
}

fn errors(of: &[Diagnostic]) -> Vec<&Diagnostic> {
    of.iter().filter(|diagnostic| diagnostic.is_error()).collect()
}

/// Names of params are part of what a fingerprint is about, those of all else are not.
fn same(before: &Compilation, after: &Compilation, param: bool) -> bool {
    match (&before.program, &after.program) {
        (Some(before), Some(after)) if param => before.rows.len() == after.rows.len(),
        (Some(before), Some(after)) => before.fingerprint() == after.fingerprint(),
        (None, _) => true,
        (Some(_), None) => false,
    }
}

fn changed(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut edits: Vec<&(Range<usize>, String)> = edits.iter().collect();
    edits.sort_by_key(|(bytes, _)| (bytes.start, bytes.end));
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (bytes, new) in edits {
        out.push_str(text.get(from..bytes.start).unwrap_or_default());
        out.push_str(new);
        from = bytes.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
