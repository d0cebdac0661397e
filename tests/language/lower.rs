//! Every rewrite of the lowering, on a small spec: the rows that come of it, beside the spec.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{compile, findings};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the files of a folder with this ending.
fn stems(folder: &Path, ending: &str) -> BTreeSet<String> {
    let paths = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let named = paths.filter(|path: &PathBuf| path.extension().is_some_and(|extension| extension == ending));
    named.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn every_rewrite_gives_the_rows_beside_its_spec() {
    let source = root().join("crates/language/src/lower");
    // A rewrite says what it takes and gives; the other files help them.
    let is_rewrite = |name: &String| {
        fs::read_to_string(source.join(format!("{name}.rs"))).is_ok_and(|text| text.contains("//! From: "))
    };
    let rewrites: BTreeSet<String> = stems(&source, "rs").into_iter().filter(is_rewrite).collect();
    let fixtures = root().join("tests/fixtures/lower");
    assert_eq!(stems(&fixtures, "fair"), rewrites, "a spec for every rewrite");
    for name in rewrites {
        let text = fs::read_to_string(fixtures.join(format!("{name}.fair"))).expect("it is there");
        let compilation = compile(&text);
        let program = compilation.program.as_ref();
        let program = program.unwrap_or_else(|| panic!("{name} does not compile: {:?}", findings(&compilation)));
        insta::with_settings!({ snapshot_path => &fixtures, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, program.rows_text());
        });
    }
}
