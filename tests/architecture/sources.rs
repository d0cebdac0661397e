//! The files of the house, as text without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates of the house: where their files are, and the name under which the root package passes them on.
pub const CRATES: [(&str, &str); 4] =
    [("src", ""), ("crates/language/src", "language"), ("crates/runtime/src", "runtime"), ("crates/data/src", "data")];

/// A file, and the name of its crate with the file's path in there.
pub struct File {
    pub path: PathBuf,
    pub name: &'static str,
    pub inner: PathBuf,
}

/// The files of a folder and its folders with this ending, tests aside.
pub fn files(root: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let tests = path.file_stem().is_some_and(|stem| stem.to_str().is_some_and(|stem| stem.ends_with("tests")));
            if path.is_dir() && !tests {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) && !tests {
                found.push(path);
            }
        }
    }
    found
}

/// Without comments and without the test module at the end.
pub fn code(text: &str) -> String {
    let kept = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    kept.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// `a::{b, c::{d, e}}` → `a::b`, `a::c::d`, `a::c::e`.
pub fn expand(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let head = &text[..end];
    let Some(inside) = text[end..].strip_prefix('{') else { return vec![head.to_owned()] };
    let mut paths = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let piece = inside[start..at].trim();
                if !piece.is_empty() {
                    paths.extend(expand(piece).into_iter().map(|path| format!("{head}{path}")));
                }
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    paths
}
