//! The tables as one CSV file: a line a category, of which a column that the table does not have is empty.

use super::{Category, CategoryTable, Impact, Mark};

const NUMBERS: [&str; 6] = ["applicants", "selected", "selection_rate", "impact_ratio", "note", "small"];

/// The header, and a line for each category of each table.
///
/// # Errors
/// The text cannot be made, which memory alone could cause.
pub fn csv(impact: &Impact) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let single = impact.tables.iter().filter(|table| table.columns.len() == 1);
    let columns: Vec<&String> = single.flat_map(|table| &table.columns).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = columns.iter().map(|column| column.as_str());
    writer.write_record(["table"].into_iter().chain(head).chain(NUMBERS))?;
    for table in &impact.tables {
        for category in &table.categories {
            writer.write_record(start(table, &columns, &category.values).chain(numbers(category)))?;
        }
        if table.unknown > 0 {
            let counts = [table.unknown.to_string(), table.unknown_selected.to_string()];
            let rest = [String::new(), String::new(), "unknown".to_owned(), String::new()];
            writer.write_record(start(table, &columns, &[]).chain(counts).chain(rest))?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// The name of the table, and the values of the category.
fn start<'a>(
    table: &'a CategoryTable,
    columns: &'a [&'a String],
    values: &'a [String],
) -> impl Iterator<Item = String> + 'a {
    let value = move |column: &&String| {
        let place = table.columns.iter().position(|own| own == *column);
        place.and_then(|place| values.get(place)).cloned().unwrap_or_default()
    };
    std::iter::once(table.name()).chain(columns.iter().map(value))
}

fn numbers(category: &Category) -> [String; 6] {
    let note = match category.mark {
        Mark::None => "",
        Mark::Highest => "highest",
        Mark::BelowFourFifths => "below_four_fifths",
        Mark::UnderMinShare => "under_min_share",
    };
    let ratio = category.impact_ratio.map_or_else(String::new, |ratio| ratio.to_string());
    let counts = [category.applicants, category.selected].map(|count| count.to_string());
    let [applicants, selected] = counts;
    [applicants, selected, category.rate.to_string(), ratio, note.to_owned(), category.small.to_string()]
}
