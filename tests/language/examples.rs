//! The specs in `examples/`: they compile without a finding, and their data can be made to satisfy them.

use fairc::compile;
use fairc::language::span::Source;
use fairc::language::syntax::import::Loader;

use super::example::root;

/// The specs, by their paths in the repository. `common.fair` holds declarations for others.
pub fn specs() -> Vec<(String, String)> {
    let mut specs = Vec::new();
    for folder in ["examples/german_credit", "examples/specs"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "fair") {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
                specs.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    specs.sort();
    assert!(specs.len() >= 12);
    specs
}

/// Finds imports beside the specs.
pub struct Folder;

impl Loader for Folder {
    fn load(&self, importer: &str, path: &str) -> Result<Source, String> {
        let folder = importer.rsplit_once('/').map_or("", |(folder, _)| folder);
        let name = format!("{folder}/{path}");
        let text = std::fs::read_to_string(root().join(&name)).map_err(|error| error.to_string())?;
        Ok(Source { name, text: text.into() })
    }
}

#[test]
fn the_examples_compile_without_a_finding() {
    for (name, text) in specs() {
        let compilation = compile(Source { name: name.clone(), text: text.into() }, &Folder);
        assert_eq!(compilation.diagnostics, [], "{name}");
    }
}

/// No example asks for the impossible, and none for what holds already.
#[cfg(feature = "data")]
#[test]
fn the_examples_change_the_scores_that_they_are_about() {
    use super::example::{Projected, project};

    let data = fairc::data::Source::open(&root().join("examples/german_credit/german_credit.csv"), None).unwrap();
    for (name, text) in specs().into_iter().filter(|(name, _)| !name.ends_with("common.fair")) {
        let program = compile(Source { name: name.clone(), text: text.into() }, &Folder).program.unwrap();
        match project(&program, &data, &Default::default()) {
            Ok(Projected::Optimal { moved }) => assert!(moved > 1e-3, "{name} moves the scores by {moved} only"),
            Ok(Projected::Infeasible) => panic!("{name} is infeasible"),
            Err(errors) => panic!("{name}: {errors:?}"),
        }
    }
}
