//! The stages of the compiler as text: `--emit ast|hir|rows`.

mod hir;

pub use hir::hir;

use serde::Serialize;

use crate::Compilation;
use crate::language::program::{Names, Origin, Program};
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

/// One row, as rows and JSON show it.
#[derive(Serialize)]
pub struct Row {
    name: String,
    /// In the names of the spec.
    text: String,
    /// All constraints that gave this row.
    origins: Vec<Place>,
    needs: Vec<String>,
    soft: Option<f64>,
    min_count: u64,
}

#[derive(Serialize)]
struct Place {
    name: String,
    file: String,
    line: u32,
    /// The comparison as written.
    text: String,
}

pub fn rows_json(program: &Program) -> Vec<Row> {
    let names = Names::of(program);
    let rows = program.rows.iter().map(|row| {
        let text = program.row_text(row, &names);
        (text, &row.origins, &row.labels, row.options)
    });
    let samples = program.sample_rows.iter().map(|row| {
        let text = program.sample_row_text(row, &names);
        (text, &row.origins, &row.labels, row.options)
    });
    let place = |origin: &Origin| Place {
        name: origin.name.clone(),
        file: origin.file.clone(),
        line: origin.line,
        text: origin.text.clone(),
    };
    let row = |(text, origins, labels, options): (
        String,
        &Vec<Origin>,
        &Vec<String>,
        crate::language::program::RowOptions,
    )| Row {
        name: origins.first().map_or_else(String::new, |origin| origin.name.clone()),
        text,
        origins: origins.iter().map(place).collect(),
        needs: labels.clone(),
        soft: options.soft,
        min_count: options.min_count,
    };
    rows.chain(samples).map(row).collect()
}

/// Each row under its names and the comparisons that it comes from.
pub fn rows(program: &Program) -> String {
    let mut text = String::new();
    for row in rows_json(program) {
        for Place { name, file, line, text: written } in &row.origins {
            text.push_str(&format!("# {name}, {file}:{line}: {written}\n"));
        }
        let mut notes = Vec::new();
        if !row.needs.is_empty() {
            notes.push(format!("needs {}", row.needs.join(", ")));
        }
        if row.min_count > 1 {
            notes.push(format!("min_count = {}", row.min_count));
        }
        if let Some(soft) = row.soft {
            notes.push(format!("soft = {soft}"));
        }
        let notes = if notes.is_empty() { String::new() } else { format!("   # {}", notes.join(", ")) };
        text.push_str(&format!("{}{notes}\n\n", row.text));
    }
    if text.ends_with("\n\n") {
        text.pop();
    }
    text
}
