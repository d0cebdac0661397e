//! Names of real specs: each is found, and a new one in all of its places gives the same rows.

use std::path::{Path, PathBuf};

use fairc::language::query::{Definition, DefinitionId, DefinitionKind, Index, vocabulary};
use fairc::language::span::{Source, SourceId, Span};
use fairc::language::syntax::import::NoImports;
use fairc::language::syntax::{PieceKind, is_reserved, pieces};
use fairc::language::{Compilation, compile};

const ROOT: SourceId = SourceId(0);

fn compiled(text: &str) -> Compilation {
    compile(Source { name: "spec.fair".into(), text: text.into() }, &NoImports)
}

/// The valid specs of the repository that import nothing.
fn specs() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut found) = (vec![root.join("examples"), root.join("tests/fixtures")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "fair")
                && let Ok(text) = std::fs::read_to_string(&path)
                && compiled(&text).is_ok()
            {
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50);
    found
}

fn bare(text: &str) -> &str {
    text.trim_matches('`')
}

#[test]
fn every_name_of_a_valid_spec_stands_for_something() {
    for (path, text) in specs() {
        let compilation = compiled(&text);
        let index = Index::of(&compilation);
        let all: Vec<_> = pieces(&text).into_iter().filter(|piece| !piece.is_comment()).collect();
        for (at, piece) in all.iter().enumerate() {
            let word = piece.text(&text);
            let name = piece.kind == PieceKind::Quoted || piece.kind == PieceKind::Word && !is_reserved(word);
            let near = |steps: isize| {
                at.checked_add_signed(steps).and_then(|at| all.get(at)).map_or("", |piece| piece.text(&text))
            };
            let known = vocabulary::about(word).is_some() || vocabulary::KINDS.iter().any(|kind| kind.word == word);
            let value = vocabulary::values(near(-2)).contains(&word);
            let soft = matches!(word, "let" | "of" | "otherwise");
            // Levels that a domain lists belong to nothing, and headers are no names of the spec.
            let listed = matches!(near(-1), "{" | ",") && matches!(near(1), "}" | ",");
            if name && !known && !value && !soft && !listed && near(-1) != "from" {
                let found = index.at(ROOT, piece.range.start).map(|reference| reference.span.range());
                // A level of a group of bins is no text of the spec.
                let bins = word.starts_with(['`']) && word.contains([',', '(']);
                assert!(
                    bins || found == Some(piece.range.clone()),
                    "{}: `{word}` behind `{}`",
                    path.display(),
                    near(-1)
                );
            }
        }
    }
}

#[test]
fn a_new_name_in_all_places_gives_the_same_rows() {
    let mut tried = 0;
    for (path, text) in specs() {
        let before = compiled(&text);
        let index = Index::of(&before);
        for (at, definition) in index.definitions.iter().enumerate() {
            if definition.span.source != ROOT || definition.kind == DefinitionKind::Level {
                continue;
            }
            let renamed = renamed(&text, &index, DefinitionId(at), definition);
            let after = compiled(&renamed);
            let rows =
                |of: &Compilation| of.program.as_ref().map(|program| (program.rows.len(), program.sample_rows.len()));
            let said = after.diagnostics.iter().find(|found| found.is_error()).map(|found| found.message.clone());
            assert_eq!(rows(&after), rows(&before), "{}: `{}`: {said:?}\n{renamed}", path.display(), definition.name);
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

fn renamed(text: &str, index: &Index, id: DefinitionId, definition: &Definition) -> String {
    let mut places: Vec<Span> = index.places(id).filter(|span| span.source == ROOT).collect();
    // In metrics the prediction has another name.
    places.retain(|span| text.get(span.range()).is_some_and(|text| bare(text) == definition.name));
    assert!(places.contains(&definition.span));
    let mut out = text.to_owned();
    for span in places.into_iter().rev() {
        out.replace_range(span.range(), "zz_another");
    }
    out
}
