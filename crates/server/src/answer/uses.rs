//! Where a name is used, in all specs that read the file that declares it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use fairc_language::query::{Definition, Reference};
use gen_lsp_types::{Position, Uri};

use crate::analysis::{Analysis, ROOT};
use crate::session::Session;

/// A name that was looked up, by one of the specs that read its file.
pub struct Named {
    pub analysis: Rc<Analysis>,
    pub reference: Reference,
}

impl Named {
    pub fn definition(&self) -> Option<&Definition> {
        self.analysis.index.get(self.reference.definition)
    }

    /// What is said to the client of the place itself.
    pub fn span(&self) -> fairc_language::span::Span {
        self.reference.span
    }
}

/// The name at a position; of a name that the document does not declare, what it is for another one that imports it.
pub fn named(session: &mut Session<'_>, uri: &Uri, position: Position) -> Option<Named> {
    let own = session.analysis(uri)?;
    let offset = own.offset(position);
    if let Some(reference) = own.index.at(ROOT, offset) {
        return Some(Named { analysis: own, reference });
    }
    let path = session.document(uri)?.path.clone();
    roots(session).into_iter().find_map(|analysis| {
        let reference = analysis.index.at(analysis.source(&path)?, offset)?;
        Some(Named { analysis, reference })
    })
}

/// What came of each document.
fn roots(session: &mut Session<'_>) -> Vec<Rc<Analysis>> {
    let uris: Vec<Uri> = session.documents().map(|document| document.uri.clone()).collect();
    uris.iter().filter_map(|uri| session.analysis(uri)).collect()
}

/// The specs of the client's folders that are not open and import others.
fn closed(session: &Session<'_>) -> Vec<(PathBuf, String)> {
    let paths = session.folders.iter().flat_map(|folder| session.host.specs(folder));
    let closed = paths.filter(|path| session.open_at(path).is_none());
    let read = closed.filter_map(|path| session.host.read(&path).map(|text| (path, text)));
    read.filter(|(_, text)| text.contains("import")).collect()
}

/// The places of a name in one file, and the text of the file.
pub struct Places {
    pub text: Arc<str>,
    /// In order, each once.
    pub bytes: Vec<Range<usize>>,
    /// The file is one of the library.
    pub library: bool,
}

/// All places of a name, by file, and the specs that have some.
pub struct Uses {
    pub places: BTreeMap<PathBuf, Places>,
    pub roots: Vec<Rc<Analysis>>,
}

/// The uses of a name in all documents and in the specs of the client's folders.
pub fn uses(session: &mut Session<'_>, named: &Named) -> Option<Uses> {
    let span = named.definition()?.span;
    let path = PathBuf::from(named.analysis.compilation.sources.name(span.source));
    let mut all = vec![named.analysis.clone()];
    all.extend(roots(session).into_iter().filter(|root| !Rc::ptr_eq(root, &named.analysis)));
    let open = session.open();
    for (spec, text) in closed(session) {
        let checked = session.host.check(&spec, &text, &open);
        all.push(Rc::new(Analysis::new(checked, session.encoding)));
    }
    let mut found = Uses { places: BTreeMap::new(), roots: Vec::new() };
    for root in all {
        if found.add(&root, &path, span.range()) {
            found.roots.push(root);
        }
    }
    for places in found.places.values_mut() {
        places.bytes.sort_by_key(|bytes| (bytes.start, bytes.end));
        places.bytes.dedup();
    }
    Some(found)
}

impl Uses {
    /// Adds what a spec has of the name that is declared at a place; whether it has any.
    fn add(&mut self, root: &Analysis, path: &Path, bytes: Range<usize>) -> bool {
        let Some(source) = root.source(path) else { return false };
        let declared = fairc_language::span::Span::new(source, bytes.start, bytes.end);
        let Some(id) = root.index.defined_at(declared) else { return false };
        for place in root.index.places(id) {
            let file = PathBuf::from(root.compilation.sources.name(place.source));
            let places = self.places.entry(file).or_insert_with(|| Places {
                text: root
                    .compilation
                    .sources
                    .get(place.source)
                    .map_or_else(|| "".into(), |source| source.text.clone()),
                bytes: Vec::new(),
                library: root.library(place.source).is_some(),
            });
            places.bytes.push(place.range());
        }
        true
    }
}
