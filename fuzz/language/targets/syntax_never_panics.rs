//! Any text is a tree or errors, and every error has a place inside the text and can be shown.

#![no_main]

use fairc_language::diagnostic::human::{Look, render};
use fairc_language::query::Index;
use fairc_language::span::Source;
use fairc_language::syntax::import::NoImports;
use libfuzzer_sys::fuzz_target;

const LOOK: Look = Look { color: true, unicode: true, width: 80 };

fuzz_target!(|text: &str| {
    let compilation = fairc_language::compile(Source { name: "spec.fair".into(), text: text.into() }, &NoImports);
    for diagnostic in &compilation.diagnostics {
        for label in &diagnostic.labels {
            let source = compilation.sources.get(label.span.source).expect("a place is in a source");
            assert!(source.text.get(label.span.range()).is_some(), "{diagnostic:?}");
        }
        let _shown = render(diagnostic, &compilation.sources, LOOK);
    }
    let _names = Index::of(&compilation);
});
