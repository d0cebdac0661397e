//! The stages of the compiler as text: `--emit ast|hir|rows`.

mod hir;

pub use hir::hir;

use crate::Compilation;
use crate::language::syntax::tree;

/// What was parsed: S-expressions, a file after the other.
pub fn ast(compilation: &Compilation) -> String {
    let several = compilation.files.len() > 1;
    let mut text = String::new();
    for (source, parsed) in &compilation.files {
        if several {
            text.push_str(&format!("; {}\n", compilation.sources.name(*source)));
        }
        text.push_str(&tree(&parsed.file));
    }
    text
}
