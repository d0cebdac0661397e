//! The rows of a program, in the names of the spec.

use serde::Serialize;

use crate::language::program::{Names, Origin, Program, PromisedRow, RowOptions};

/// One row, as texts and JSON show it.
#[derive(Serialize)]
pub struct ProgramRow {
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
    /// What this constraint alone asks of the row, in the direction in which it was written.
    asks: String,
}

/// The rows of a program, those of single samples last.
pub fn program_rows(program: &Program) -> Vec<ProgramRow> {
    let names = Names::of(program);
    let place = |origin: &Origin, asks: String| Place {
        name: origin.name.clone(),
        file: origin.file.clone(),
        line: origin.line,
        text: origin.text.clone(),
        asks,
    };
    let row = |text: String, origins: Vec<Place>, labels: &[String], options: RowOptions| ProgramRow {
        name: origins.first().map_or_else(String::new, |origin| origin.name.clone()),
        text,
        origins,
        needs: labels.to_vec(),
        soft: options.soft,
        min_count: options.min_count,
    };
    let rows = program.rows.iter().enumerate().map(|(index, one)| {
        let origins = one.origins.iter().enumerate().map(|(origin, from)| {
            let promised = program.promised(PromisedRow { row: index, origin });
            place(from, promised.map_or_else(String::new, |row| program.row_text(&row, &names)))
        });
        row(program.row_text(one, &names), origins.collect(), &one.labels, one.options)
    });
    let samples = program.sample_rows.iter().enumerate().map(|(index, one)| {
        let origins = one.origins.iter().enumerate().map(|(origin, from)| {
            let promised = program.promised_sample(PromisedRow { row: index, origin });
            place(from, promised.map_or_else(String::new, |row| program.sample_row_text(&row, &names)))
        });
        row(program.sample_row_text(one, &names), origins.collect(), &one.labels, one.options)
    });
    rows.chain(samples).collect()
}

/// Each row under its names and the comparisons that it comes from.
pub fn program_rows_text(program: &Program) -> String {
    let mut text = String::new();
    for row in program_rows(program) {
        for Place { name, file, line, text: written, asks } in &row.origins {
            text.push_str(&format!("# {name}, {file}:{line}: {written}\n"));
            if row.origins.len() > 1 {
                text.push_str(&format!("#   asks for {asks}\n"));
            }
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
