//! Arrows between the rooms of the house run one way: reads the `crate::` and `super::` edges of `src/` and of the crates
//! that stand below it, and fails on any that the table does not allow.
//!
//! Test modules are left out: they may look at whatever shows that the code is right.

mod circles;
mod python;
mod releases;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use sources::{CRATES, File, code, expand, files};

/// Each room, what it may use, and why. A room is a folder or file of `src/`, named by its path; those of a crate bear
/// its name, under which the root package passes it on.
const ALLOWED: &[(&str, &[&str], &str)] = &[
    // The language wing: text to a Program. No I/O, no solver.
    ("language::span", &[], "byte ranges know nothing"),
    ("language::interval", &[], "arithmetic knows nothing"),
    ("language::diagnostic", &["language::span"], "what every stage's errors become; a diagnostic points at spans"),
    ("language::words", &[], "pieces of sentences"),
    ("language::library", &[], "texts that ship inside the binary"),
    ("language::explain", &[], "pages that ship inside the binary"),
    (
        "language::syntax",
        &["language::span", "language::diagnostic", "language::words"],
        "text to tree, and its errors",
    ),
    (
        "language::program",
        &["language::interval", "language::diagnostic"],
        "the canonical form stands by itself, so that a compiled spec can be loaded without the compiler; ranges of params are intervals, and a damaged file has a code",
    ),
    (
        "language::hir",
        &["language::span", "language::interval", "language::program"],
        "the checked tree, with the levels, options and functions that the program keeps",
    ),
    (
        "language::check",
        &[
            "language::span",
            "language::interval",
            "language::diagnostic",
            "language::syntax",
            "language::hir",
            "language::program",
            "language::library",
            "language::words",
        ],
        "tree to checked tree; the library's names are suggested for unknown metrics",
    ),
    (
        "language::lower",
        &[
            "language::span",
            "language::interval",
            "language::diagnostic",
            "language::hir",
            "language::program",
            "language::words",
        ],
        "checked tree to rows",
    ),
    (
        "language::compile",
        &[
            "language::span",
            "language::diagnostic",
            "language::syntax",
            "language::hir",
            "language::program",
            "language::library",
            "language::check",
            "language::lower",
        ],
        "walks the stages from end to end",
    ),
    (
        "language::query",
        &[
            "language::span",
            "language::interval",
            "language::syntax",
            "language::hir",
            "language::program",
            "language::library",
            "language::compile",
            "language::words",
        ],
        "what editors ask of all that the stages made",
    ),
    // The runtime wing: numbers to numbers.
    ("runtime::problem", &[], "the numbers of a batch"),
    ("runtime::project", &["runtime::problem"], "a problem and a point to a projection"),
    (
        "runtime::online",
        &["runtime::problem", "runtime::project"],
        "streams: problems and points to answers, and what is kept between them",
    ),
    (
        "runtime::decide",
        &["runtime::problem", "runtime::project"],
        "a problem and gains to decisions; it starts from a projection, which also says what is infeasible",
    ),
    (
        "runtime::convex",
        &["runtime::problem", "runtime::project"],
        "rows with absolute values of predictions, solved in pieces",
    ),
    ("runtime::remote", &["runtime::problem", "runtime::project"], "sums of samples elsewhere to their projection"),
    (
        "runtime::solve_record",
        &["runtime::convex", "runtime::problem", "runtime::project"],
        "one line of JSON in, one out",
    ),
    // Tables know neither wing.
    ("data", &[], "files and columns"),
    ("sql", &[], "queries as trees, in the dialects of engines"),
    // The bridge, and what stands on it.
    (
        "bind",
        &[
            "data",
            "sql",
            "language::interval",
            "language::program",
            "language::words",
            "runtime::problem",
            "runtime::convex",
            "runtime::online",
            "runtime::project",
            "runtime::decide",
            "runtime::remote",
        ],
        "a program and a table to a problem; running sums of a stream enter its counts; a gradient goes back through rows that \
         read what is projected; the cuts of a rule become thresholds of groups; what samples in a database are asked is SQL, their cuts and sums are those of samples elsewhere",
    ),
    (
        "analyze",
        &["bind", "language::program", "runtime::problem", "runtime::project", "runtime::decide"],
        "what can be said of programs and bound batches before anything is trained; what decisions gain over the values of a param",
    ),
    (
        "torch",
        &[
            "bind",
            "data",
            "language::program",
            "language::words",
            "runtime::problem",
            "runtime::project",
            "runtime::remote",
        ],
        "training: bound batches and the projection as tensors",
    ),
    (
        "report",
        &[
            "analyze",
            "bind",
            "language::library",
            "language::program",
            "language::words",
            "runtime::problem",
            "runtime::project",
        ],
        "what rows say about predictions, in the words of the metrics that they come from",
    ),
    (
        "source",
        &[
            "analyze",
            "bind",
            "data",
            "language::diagnostic",
            "language::lower",
            "language::program",
            "language::span",
            "language::syntax",
            "language::words",
            "report",
            "runtime::online",
            "runtime::problem",
            "runtime::project",
        ],
        "specs from files, and what is wrong with them and with data, in the words of every front end",
    ),
    (
        "tasks",
        &[
            "analyze",
            "bind",
            "data",
            "language::diagnostic",
            "language::program",
            "language::span",
            "language::syntax",
            "language::words",
            "report",
            "runtime::decide",
            "runtime::online",
            "runtime::problem",
            "runtime::project",
            "runtime::remote",
            "source",
        ],
        "the use cases, each written once; whatever a front end asks for, it knows none",
    ),
    ("cli", &["*"], "the outermost room"),
    ("lib", &["language::compile"], "the map: passes the crates on"),
    ("main", &["cli"], "starts the command line"),
];

/// Rooms with rooms inside.
const WINGS: [&str; 2] = ["language", "runtime"];

#[test]
fn arrows_run_one_way() {
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        let Some((_, allowed, reason)) = ALLOWED.iter().find(|(name, _, _)| *name == room) else {
            wrong.push(format!("`{room}` is not in the table"));
            continue;
        };
        for file in files {
            for used in edges(&file, &room) {
                let fine = used == room || allowed.iter().any(|pattern| matches(pattern, &used));
                if !fine {
                    wrong.push(format!("{}: `{room}` uses `{used}`, but: {reason}", file.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the table does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_cycle_and_nothing_that_is_not_there() {
    let there: BTreeSet<String> = rooms().into_keys().collect();
    let mut order: Vec<&str> = Vec::new();
    for (room, allowed, _) in ALLOWED {
        assert!(there.contains(*room), "`{room}` is in the table and not in src/");
        for pattern in allowed.iter().filter(|pattern| !pattern.contains('*')) {
            assert!(there.contains(*pattern), "`{pattern}` is in the table and not in src/");
            // Whatever a room uses stands above it, so no arrow leads back.
            assert!(order.contains(pattern), "`{room}` uses `{pattern}`, which stands below it");
        }
        order.push(room);
    }
}

#[test]
fn edges_are_found() {
    let text = "use crate::language::{span::Span, hir::{self, Hir}};\nuse crate::data::Source;\n\
                // crate::cli in a comment\nlet a = crate::runtime::problem::Problem::new();\nuse crate::{bind, report};\n";
    let found: BTreeSet<String> = used_in(text).into_iter().collect();
    let expected = ["bind", "data", "language::hir", "language::span", "report", "runtime::problem"];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);

    let text = "use crate::hir::Hir;\nuse fairc_runtime::problem::Problem;\n";
    let found: BTreeSet<String> = used_in(&seen_from_the_root(text, "language")).into_iter().collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["language::hir", "runtime::problem"]);
}

fn matches(pattern: &str, room: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => room.starts_with(prefix),
        None => pattern == room,
    }
}

/// The files of each room.
fn rooms() -> BTreeMap<String, Vec<File>> {
    let mut rooms: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for (folder, name) in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for path in files(&root, "rs") {
            let inner = path.strip_prefix(&root).unwrap().to_owned();
            if let Some(room) = room_of(name, &inner) {
                rooms.entry(room).or_default().push(File { path, name, inner });
            }
        }
    }
    rooms
}

/// `check/name.rs` of the language → `language::check`; none for the `lib.rs` of a crate below the root, which only lists its rooms.
fn room_of(name: &str, inner: &Path) -> Option<String> {
    let first = inner.components().next()?.as_os_str().to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    match name {
        "" => Some(room.to_owned()),
        _ if room == "lib" => None,
        _ if WINGS.contains(&name) => Some(format!("{name}::{room}")),
        _ => Some(name.to_owned()),
    }
}

/// The rooms that a file uses. Items of the file's own wing are also reached by `super::`, from as deep as it stands.
fn edges(file: &File, room: &str) -> BTreeSet<String> {
    let text = seen_from_the_root(&code(&fs::read_to_string(&file.path).unwrap()), file.name);
    let mut used: BTreeSet<String> = used_in(&text).into_iter().collect();
    if let Some((wing, inner)) = room.split_once("::") {
        let depth = file.inner.components().count();
        // `check.rs` and `check/mod.rs` are the module itself, `check/name.rs` a module in it.
        let module = file.inner.file_stem().is_some_and(|stem| stem == "mod");
        let supers = if module { depth - 1 } else { depth };
        let prefix = format!("crate::{wing}::");
        let path = "super::".repeat(supers);
        let direct = text.replace(&path, &prefix);
        used.extend(
            used_in(&direct)
                .into_iter()
                .filter(|used| used.starts_with(wing) && !used.ends_with(&format!("::{inner}"))),
        );
    }
    used.retain(|used| !WINGS.contains(&used.as_str()) && used != room);
    used
}

/// Paths of a crate as they are in the root package: `crate::hir` in the language is `crate::language::hir`, and so is
/// `fairc_language::hir` anywhere.
fn seen_from_the_root(text: &str, name: &str) -> String {
    let mut text = match name {
        "" => text.to_owned(),
        _ => text.replace("crate::", &format!("crate::{name}::")),
    };
    for (_, name) in CRATES.iter().filter(|(_, name)| !name.is_empty()) {
        text = text.replace(&format!("fairc_{name}::"), &format!("crate::{name}::"));
    }
    text
}

/// Every path behind `crate::`, groups in braces taken apart, as rooms.
fn used_in(text: &str) -> Vec<String> {
    let text = code(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        for path in expand(rest) {
            let parts: Vec<&str> = path.split("::").collect();
            let lower = |part: &&str| part.starts_with(|c: char| c.is_ascii_lowercase());
            match &parts[..] {
                [wing, room, ..] if WINGS.contains(wing) && lower(room) => found.push(format!("{wing}::{room}")),
                // Items that a wing passes on, and functions of the crate itself.
                [wing, ..] if WINGS.contains(wing) => {}
                [room, ..] if is_room(room) => found.push((*room).to_owned()),
                _ => {}
            }
        }
    }
    found
}

fn is_room(name: &str) -> bool {
    ALLOWED.iter().any(|(room, _, _)| *room == name)
}
