//! The Python half of the package: what each module of `python/fairc` may use of the others, and that no circle leads back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::sources::files;

/// Each module, and what it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    // The compiled half, as its stub describes it.
    ("_fairc", &[]),
    ("_errors", &[]),
    // The command.
    ("__main__", &["_fairc"]),
    ("_tables", &[]),
    // What a program answers remembers the program; a circle of names alone, for type checkers.
    ("_dataset", &["_fairc", "_tables", "_program", "_thresholds"]),
    ("_thresholds", &["_dataset", "_program"]),
    ("_declared", &[]),
    ("_program", &["_fairc", "_dataset", "_declared", "_tables", "_thresholds"]),
    ("_draws", &["_fairc", "_tables"]),
    ("_first_spec", &["_fairc"]),
    ("_impact", &["_fairc", "_tables"]),
    ("_stream", &["_fairc", "_program", "_tables"]),
    (
        "__init__",
        &[
            "_dataset",
            "_declared",
            "_draws",
            "_errors",
            "_fairc",
            "_first_spec",
            "_impact",
            "_program",
            "_stream",
            "_thresholds",
        ],
    ),
    // What stands on the package: nothing inside uses it, so that scikit-learn, Matplotlib and PyTorch stay optional.
    ("plots", &[]),
    ("_engines", &["_fairc"]),
    ("warehouse", &["_dataset", "_engines", "_fairc", "_program", "_thresholds"]),
    ("sklearn", &["_dataset", "_program", "_thresholds"]),
    ("torch/_distributed", &[]),
    ("torch/_specs", &["_program"]),
    ("torch/_loaders", &["torch/_specs"]),
    ("torch/_eager", &["_fairc"]),
    ("torch/_by_cell", &[]),
    ("torch/_sums", &["_fairc", "torch/_by_cell", "torch/_eager"]),
    ("torch/_ops", &["_fairc", "_program", "torch/_eager", "torch/_sums"]),
    ("torch/_layer", &["_dataset", "_program", "torch/_distributed", "torch/_eager", "torch/_ops", "torch/_sums"]),
    ("torch/_model", &["_program", "_stream", "torch/_eager", "torch/_layer", "torch/_specs"]),
    ("torch/_trainer", &["torch/_model"]),
    ("torch/__init__", &["torch/_layer", "torch/_loaders", "torch/_model", "torch/_trainer"]),
    // The names of another package: nothing here is done twice.
    ("compat/__init__", &[]),
    ("compat/fairness_training/fairness_metrics", &["_program", "torch/_specs"]),
    (
        "compat/fairness_training/utils",
        &["_errors", "_program", "compat/fairness_training/fairness_metrics", "torch/_loaders", "torch/_specs"],
    ),
    (
        "compat/fairness_training/fair_model",
        &["_stream", "compat/fairness_training/fairness_metrics", "compat/fairness_training/utils", "torch/_model"],
    ),
    ("compat/fairness_training/fair_trainer", &["compat/fairness_training/fair_model", "torch/_trainer"]),
    ("compat/fairness_training/viz", &["plots"]),
    (
        "compat/fairness_training/__init__",
        &[
            "compat/fairness_training/fair_model",
            "compat/fairness_training/fair_trainer",
            "compat/fairness_training/fairness_metrics",
            "compat/fairness_training/utils",
        ],
    ),
];

/// Names for annotations alone, imported under `TYPE_CHECKING`.
const ANNOTATIONS: &[(&str, &str)] =
    &[("_dataset", "_program"), ("_dataset", "_thresholds"), ("_thresholds", "_dataset"), ("_thresholds", "_program")];

#[test]
fn modules_of_the_python_package_use_what_they_may() {
    let found = uses();
    let known: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, uses) in &found {
        match known.get(module.as_str()) {
            None => wrong.push(format!("`{module}` is not in the table")),
            Some(allowed) => {
                let others = uses.iter().filter(|(used, _)| !allowed.contains(&used.as_str()));
                wrong.extend(others.map(|(used, _)| format!("`{module}` uses `{used}`")));
                let idle = allowed.iter().filter(|allowed| !uses.contains_key(**allowed));
                wrong.extend(idle.map(|idle| format!("`{module}` does not use `{idle}`, take it from the table")));
            }
        }
    }
    let gone = known.keys().filter(|module| !found.contains_key(**module));
    wrong.extend(gone.map(|module| format!("there is no `{module}`, take it from the table")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_circle_of_python_modules() {
    let mut arrows = uses();
    for (from, to) in ANNOTATIONS {
        let only = arrows.get_mut(*from).and_then(|uses| uses.remove(*to));
        assert_eq!(only, Some(true), "`{from}` takes `{to}` for annotations alone");
    }
    for start in arrows.keys() {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&String> = arrows[start].keys().collect();
        while let Some(module) = waiting.pop() {
            assert_ne!(module, start, "a circle leads back to `{start}`");
            if reached.insert(module) {
                waiting.extend(arrows.get(module).into_iter().flat_map(BTreeMap::keys));
            }
        }
    }
}

/// What each module takes from its neighbours, and whether for annotations alone.
fn uses() -> BTreeMap<String, BTreeMap<String, bool>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/fairc");
    let mut found = BTreeMap::from([("_fairc".to_owned(), BTreeMap::new())]);
    for path in files(&root, "py") {
        let inner = path.strip_prefix(&root).expect("it lies in there").with_extension("");
        let module = inner.to_str().expect("names are plain").replace('\\', "/");
        let mut uses: BTreeMap<String, bool> = BTreeMap::new();
        let mut annotating = false;
        for line in fs::read_to_string(&path).expect("it can be read").lines() {
            if !line.starts_with([' ', '\t', '#']) && !line.is_empty() {
                annotating = line.trim_end() == "if TYPE_CHECKING:";
            }
            for used in imported(&module, line.trim_start()) {
                *uses.entry(used).or_insert(true) &= annotating;
            }
        }
        found.insert(module, uses);
    }
    found
}

/// `from . import a, b` and `from .a import x`, seen from a module.
fn imported(module: &str, line: &str) -> Vec<String> {
    let Some((from, names)) = line.strip_prefix("from ").and_then(|rest| rest.split_once(" import ")) else {
        assert!(!line.starts_with("import fairc") || module == "__init__", "`{module}`: {line}");
        return Vec::new();
    };
    let below = from.trim_start_matches('.');
    let mut folder: Vec<&str> = module.split('/').collect();
    folder.truncate(folder.len().saturating_sub(from.len() - below.len()));
    let place = |name: &str| folder.iter().copied().chain([name]).collect::<Vec<_>>().join("/");
    match (below.len() == from.len(), below) {
        (true, _) => Vec::new(),
        (false, "") => names.split(',').map(|name| place(name.trim())).collect(),
        (false, below) => vec![place(&below.replace('.', "/"))],
    }
}
