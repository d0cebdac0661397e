//! No circle of files inside a room: two files that need each other are one file in two places, or share something that
//! has no file yet. The few that are mutual recursion at heart are listed. A `mod.rs` is the door of its folder: what it asks
//! of the files in there is no arrow, what they take from it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::sources::{CRATES, code, expand, files};

/// Circles that are honest: their files follow a type that holds itself through another.
const HONEST: &[(&[&str], &str)] = &[
    (
        &["crates/language/src/lower/data.rs", "crates/language/src/lower/event.rs"],
        "counts and shares of events are data, and data are compared in events",
    ),
    (
        &["crates/language/src/program/data.rs", "crates/language/src/program/event.rs"],
        "counts and shares of events are data, and data are compared in events",
    ),
];

/// Where modules are, besides the crates of the house.
const MORE: [&str; 5] =
    ["crates/linalg/src", "crates/autograd/src", "crates/server/src", "crates/verify/src", "python/src"];

#[test]
fn no_circles_but_the_honest_ones() {
    let mut found = Vec::new();
    for folder in CRATES.iter().map(|(folder, _)| *folder).chain(MORE) {
        found.extend(Crate::read(folder).circles());
    }
    let honest: BTreeSet<Vec<&str>> = HONEST.iter().map(|(files, _)| files.to_vec()).collect();
    let wrong: Vec<String> = found
        .iter()
        .filter(|(files, _)| !honest.contains(&files.iter().map(String::as_str).collect::<Vec<_>>()))
        .map(|(files, arrows)| format!("{}\n    {}", files.join(" "), arrows.join("\n    ")))
        .collect();
    assert!(wrong.is_empty(), "{} circles:\n{}", wrong.len(), wrong.join("\n"));
    for (files, _) in HONEST {
        let there = found.iter().any(|(found, _)| found.iter().map(String::as_str).eq(files.iter().copied()));
        assert!(there, "no circle any more, take it from the list: {files:?}");
    }
}

/// A module's place in its crate: `check::name` is `["check", "name"]`.
type Module = Vec<String>;

/// The modules of a crate, and what each file takes from the others.
struct Crate {
    folder: &'static str,
    texts: BTreeMap<Module, (PathBuf, String)>,
}

impl Crate {
    fn read(folder: &'static str) -> Crate {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut texts = BTreeMap::new();
        for path in files(&root, "rs") {
            let inner = path.strip_prefix(&root).expect("it lies in there").to_owned();
            let text = code(&fs::read_to_string(&path).expect("it can be read"));
            let mut module: Module =
                inner.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
                module.pop();
            }
            // The binary beside a library only starts it.
            if inner.as_os_str() != "main.rs" || !root.join("lib.rs").exists() {
                texts.insert(module, (inner, text));
            }
        }
        Crate { folder, texts }
    }

    /// Files that lead back to themselves, with the arrows among them.
    fn circles(&self) -> Vec<(Vec<String>, Vec<String>)> {
        let arrows: BTreeMap<&Module, BTreeMap<Module, String>> =
            self.texts.keys().map(|module| (module, self.taken_by(module))).collect();
        let reached: BTreeMap<&Module, BTreeSet<&Module>> =
            arrows.keys().map(|from| (*from, reach(from, &arrows))).collect();
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        let mut circles = Vec::new();
        for (module, far) in &reached {
            if !far.contains(module) || seen.contains(module) {
                continue;
            }
            let circle: BTreeSet<&Module> = far
                .iter()
                .copied()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(module)))
                .collect();
            let mut told = Vec::new();
            for from in &circle {
                let inside = arrows[from].iter().filter(|(to, _)| circle.contains(to));
                told.extend(inside.map(|(to, name)| format!("{} -> {}: {name}", self.name(from), self.name(to))));
            }
            circles.push((circle.iter().map(|module| self.name(module)).collect(), told));
            seen.extend(circle);
        }
        circles
    }

    fn name(&self, module: &Module) -> String {
        format!("{}/{}", self.folder, self.texts[module].0.display())
    }

    fn is_door(&self, module: &Module) -> bool {
        self.texts[module].0.file_stem().is_some_and(|stem| stem == "mod" || stem == "lib")
    }

    /// The modules whose items a file names, with one of the names. What a file only passes on is no use of it.
    fn taken_by(&self, module: &Module) -> BTreeMap<Module, String> {
        let mut taken = BTreeMap::new();
        let text = without_passed_on(&self.texts[module].1);
        for path in paths(&text) {
            if let Some(target) = self.target(module, &path, 0)
                && target != *module
                && !(self.is_door(module) && target.starts_with(module))
            {
                taken.insert(target, path.join("::"));
            }
        }
        taken
    }

    /// The module in which the item of a path is; none for items of other crates.
    fn target(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut at = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Module::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while let Some(("super", more)) = rest.split_first().map(|(first, more)| (first.as_str(), more)) {
                    at.pop()?;
                    rest = more;
                }
            }
            first => {
                at.push(first.to_owned());
                self.texts.get(&at)?;
                rest = &path[1..];
            }
        }
        while let Some((first, more)) = rest.split_first() {
            at.push(first.clone());
            if !self.texts.contains_key(&at) {
                at.pop();
                break;
            }
            rest = more;
        }
        // Through what a module passes on, to where the item is.
        let Some(name) = rest.first().filter(|_| depth < 6) else { return Some(at) };
        let passed_on = passed_on(&self.texts[&at].1).into_iter().find(|path| path.last() == Some(name));
        match passed_on.and_then(|path| self.target(&at, &path, depth + 1)) {
            Some(target) => Some(target),
            None => Some(at),
        }
    }
}

/// All that can be reached from a module by one arrow or more.
fn reach<'m>(from: &Module, arrows: &'m BTreeMap<&Module, BTreeMap<Module, String>>) -> BTreeSet<&'m Module> {
    let mut found: BTreeSet<&Module> = BTreeSet::new();
    let mut waiting: Vec<&Module> = arrows[from].keys().collect();
    while let Some(module) = waiting.pop() {
        if found.insert(module) {
            waiting.extend(arrows[module].keys());
        }
    }
    found
}

/// `pub use a::{b, c};` and its kin.
fn is_passed_on(statement: &str) -> bool {
    let statement = statement.trim_start();
    statement.starts_with("pub") && statement.contains("use ") && !statement.contains('(')
        || ["pub(crate) use ", "pub(super) use "].iter().any(|start| statement.starts_with(start))
}

fn passed_on(text: &str) -> Vec<Vec<String>> {
    let statements = text.split(';').filter_map(|statement| {
        let at = statement.rfind("\npub").map_or(0, |at| at + 1);
        Some(&statement[at..]).filter(|statement| is_passed_on(statement))
    });
    statements
        .flat_map(|statement| expand(statement.split_once("use ").map_or("", |(_, paths)| paths.trim())))
        .map(|path| path.split("::").map(str::to_owned).collect())
        .collect()
}

fn without_passed_on(text: &str) -> String {
    let kept = text.split_inclusive(';').map(|statement| {
        let at = statement.rfind("\npub").map_or(0, |at| at + 1);
        if is_passed_on(&statement[at..]) { &statement[..at] } else { statement }
    });
    kept.collect()
}

/// Every path of two names or more, groups in braces taken apart.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if (c.is_alphabetic() || c == '_') && !word(before) && before != ':' {
            let end = text[at..].find(|c: char| !word(c)).map_or(text.len(), |end| at + end);
            if text[end..].starts_with("::") {
                found.extend(expand(&text[at..]).iter().map(|path| path.split("::").map(str::to_owned).collect()));
            }
        }
        before = c;
    }
    found
}
