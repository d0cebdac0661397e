//! What a release stands on: one version of all parts, licences that allow it, and no crate twice without reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// Licences that ask for no more than their own text beside a copy.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates of which the command or the Python package holds several versions, and who asks for which.
const TWICE: &[(&str, &str)] = &[
    ("equator", "nano-gemm and faer"),
    ("equator-macro", "equator"),
    ("getrandom", "ahash, const-random (both below arrow-array) and tempfile"),
    ("hashbrown", "safetensors and arrow-array"),
    ("syn", "macros: equator, pest and others"),
    ("unicode-width", "miette and textwrap"),
];

/// The platform whose crates are looked at: that of the wheels.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// The packages of the workspace and all that they can stand on, as cargo resolves them.
fn metadata() -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM];
    let done = Command::new(cargo).args(arguments).output().expect("cargo starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("cargo writes JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Whether one of the ways to take a licence, in the form of SPDX, is allowed whole.
fn allowed(expression: &str) -> bool {
    // `MIT/Apache-2.0` is the old way to write `MIT OR Apache-2.0`. Parentheses are around choices alone.
    let expression = expression.replace('/', " OR ");
    if let Some((choice, rest)) = expression.strip_prefix('(').and_then(|text| text.split_once(") AND ")) {
        return allowed(choice) && allowed(rest);
    }
    let one = |name: &str| LICENCES.contains(&name.trim());
    expression.split(" OR ").any(|way| way.split(" AND ").all(one))
}

#[test]
fn licences_are_understood() {
    for fine in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "Apache-2.0 AND MIT", "(MIT OR GPL-3.0) AND Unicode-3.0"] {
        assert!(allowed(fine), "{fine}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "(GPL-3.0 OR LGPL-2.1) AND MIT"] {
        assert!(!allowed(bad), "{bad}");
    }
}

#[test]
fn every_licence_is_allowed() {
    let metadata = metadata();
    let bad: Vec<String> = list(&metadata, "packages")
        .iter()
        .filter(|package| !allowed(text(package, "license")))
        .map(|package| format!("{} {}: {}", text(package, "name"), text(package, "version"), package["license"]))
        .collect();
    assert!(list(&metadata, "packages").len() > 100);
    assert_eq!(bad, Vec::<String>::new(), "licences that no list allows");
}

/// The ids of the packages that `root` is built from, without tests and build scripts.
fn parts<'a>(metadata: &'a Value, root: &str) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|node| (text(node, "id"), node)).collect();
    let package = list(metadata, "packages").iter().find(|package| text(package, "name") == root);
    let mut open = vec![text(package.expect("it is in the workspace"), "id")];
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let normal = |dependency: &&Value| list(dependency, "dep_kinds").iter().any(|kind| kind["kind"].is_null());
            open.extend(list(nodes[id], "deps").iter().filter(normal).map(|dependency| text(dependency, "pkg")));
        }
    }
    found
}

#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let metadata = metadata();
    let mut twice = BTreeSet::new();
    for root in ["fairc", "fairc-python"] {
        let parts = parts(&metadata, root);
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in list(&metadata, "packages").iter().filter(|package| parts.contains(text(package, "id"))) {
            versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
        }
        versions.retain(|_, found| found.len() > 1);
        assert!(parts.len() > 50, "{root}");
        twice.extend(versions.into_keys());
    }
    let known: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "crates of which there are several versions, against the list with reasons");
}

#[test]
fn what_is_published_brings_its_licences() {
    let metadata = metadata();
    let ours = list(&metadata, "packages").iter().filter(|package| package["source"].is_null());
    // The Python package is published, but not as a crate.
    let published = ours.filter(|package| package["publish"].is_null() || text(package, "name") == "fairc-python");
    let mut seen = 0;
    for package in published {
        let folder = Path::new(text(package, "manifest_path")).parent().expect("a manifest lies in a folder");
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = fs::read_to_string(folder.join(licence))
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            assert!(text.len() > 1000, "{}", folder.display());
        }
        seen += 1;
    }
    assert!(seen > 5, "{seen} packages");
}

#[test]
fn all_parts_have_one_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let json = |path: &str| serde_json::from_str::<Value>(&read(path)).expect("it is JSON");
    let version = env!("CARGO_PKG_VERSION");
    for package in list(&metadata(), "packages").iter().filter(|package| package["source"].is_null()) {
        assert_eq!(text(package, "version"), version, "{}", text(package, "name"));
    }
    for path in ["editors/vscode/package.json", "crates/playground/npm/package.json"] {
        assert_eq!(text(&json(path), "version"), version, "{path}");
    }
    assert_eq!(text(&json("editors/tree-sitter-fair/tree-sitter.json")["metadata"], "version"), version);
    let changes = read("CHANGELOG.md");
    assert!(changes.contains("\n## [Unreleased]\n") || changes.contains(&format!("\n## [{version}]")));
    for line in read("Cargo.toml").lines().filter(|line| line.starts_with("fairc") && line.contains("path = ")) {
        assert!(line.contains(&format!("version = \"{version}\"")), "{line}");
    }
}
