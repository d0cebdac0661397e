//! Text in columns, which fits the terminal.
//!
//! A table that is too wide has its widest columns broken between words. Where that is not enough, long names stand on lines of their own, or the
//! table is shown in parts, each with the first column.

use super::layout::{HANG, PLAIN_WIDTH, broken, columns, least};

/// Paints a piece of text in the tone that it deserves; what that is depends on where it is shown.
pub trait Paint {
    fn good(&self, text: &str) -> String;
    fn bad(&self, text: &str) -> String;
    /// Neither good nor bad: what could not be told.
    fn careful(&self, text: &str) -> String;
    fn strong(&self, text: &str) -> String;
    fn faint(&self, text: &str) -> String;
    /// The columns that a line may take.
    fn width(&self) -> usize;
}

/// Text without colours.
pub struct PlainText;

impl Paint for PlainText {
    fn good(&self, text: &str) -> String {
        text.to_owned()
    }
    fn bad(&self, text: &str) -> String {
        text.to_owned()
    }
    fn careful(&self, text: &str) -> String {
        text.to_owned()
    }
    fn strong(&self, text: &str) -> String {
        text.to_owned()
    }
    fn faint(&self, text: &str) -> String {
        text.to_owned()
    }
    fn width(&self) -> usize {
        PLAIN_WIDTH
    }
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Lines of cells; each column is as wide as its widest cell.
#[derive(Debug, Default)]
pub struct Table {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Cells(Vec<String>),
    /// Stands by itself, whatever the columns.
    Text(String),
}

impl Table {
    pub fn cells(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(Line::Cells(cells.into_iter().collect()));
    }

    pub fn text(&mut self, text: String) {
        self.lines.push(Line::Text(text));
    }

    /// The table with two blanks between columns, in lines of at most `width` columns; `paint` is given the index of the column
    /// and the padded cell.
    pub fn render(
        &self,
        indent: &str,
        width: usize,
        align: &[Align],
        paint: impl Fn(usize, String) -> String,
    ) -> String {
        let room = width.saturating_sub(indent.len());
        let mut out = String::new();
        for Part { lines, align } in parts(&self.lines, room, align) {
            if !out.is_empty() {
                out.push('\n');
            }
            let setting = Setting { widths: fitted(&lines, room, &align), room, indent, align: &align };
            for (place, line) in lines.iter().enumerate() {
                match line {
                    Line::Text(text) => out.push_str(&format!("{}\n", text.trim_end())),
                    Line::Cells(cells) => out.push_str(&setting.set(cells, place == 0, &paint)),
                }
            }
        }
        out
    }
}

/// Some columns of a table.
struct Part {
    lines: Vec<Line>,
    align: Vec<Align>,
}

/// The table itself, or several of fewer columns where they do not all fit.
fn parts(lines: &[Line], room: usize, align: &[Align]) -> Vec<Part> {
    let least = widths(lines, |cell| least(cell, false));
    let plain = lines.iter().any(|line| matches!(line, Line::Text(_)));
    if plain || least.len() < 3 || total(&least) <= room || names_fit(lines, &least, room, align) {
        return vec![Part { lines: lines.to_vec(), align: align.to_vec() }];
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for column in 1..least.len() {
        let size = |columns: &[usize]| {
            total(&columns.iter().filter_map(|&column| least.get(column).copied()).collect::<Vec<usize>>())
        };
        match parts.last_mut() {
            Some(part) if size(&[&part[..], &[column]].concat()) <= room => part.push(column),
            Some(_) | None => parts.push(vec![0, column]),
        }
    }
    let of = |part: &Vec<usize>| {
        let line = |line: &Line| match line {
            Line::Cells(cells) => Line::Cells(part.iter().filter_map(|&column| cells.get(column).cloned()).collect()),
            Line::Text(text) => Line::Text(text.clone()),
        };
        let align = part.iter().map(|&column| align.get(column).copied().unwrap_or(Align::Left)).collect();
        Part { lines: lines.iter().map(line).collect(), align }
    };
    parts.iter().map(of).collect()
}

/// The width of each column by the measure of its cells.
fn widths(lines: &[Line], measure: impl Fn(&str) -> usize) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        let Line::Cells(cells) = line else { continue };
        widths.resize(widths.len().max(cells.len()), 0);
        widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = (*width).max(measure(cell)));
    }
    widths
}

/// With two blanks between.
fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)
}

/// Whether the table fits once the names in its first column, which are long, stand above their lines.
fn names_fit(lines: &[Line], widths_of_all: &[usize], room: usize, align: &[Align]) -> bool {
    const LONG: usize = 13;
    let rest = widths_of_all.get(1..).map_or(0, total);
    let long = widths(lines, columns).first().is_some_and(|name| *name >= LONG);
    align.first() == Some(&Align::Left) && long && rest + 2 + HANG <= room
}

/// Widths with which the lines fit: the widest columns give way, if they can without parting what belongs together; else long
/// names do; else what belongs together is parted.
fn fitted(lines: &[Line], room: usize, align: &[Align]) -> Vec<usize> {
    let mut all = widths(lines, columns);
    for together in [true, false] {
        let mut least = widths(lines, |cell| least(cell, together));
        if total(&least) > room
            && names_fit(lines, &least, room, align)
            && let Some(name) = least.first_mut()
        {
            *name = HANG;
        }
        while total(&all) > room {
            let wide = all.iter_mut().zip(&least).filter(|(width, least)| **width > **least);
            let Some((width, _)) = wide.max_by_key(|(width, _)| **width) else { break };
            *width -= 1;
        }
    }
    all
}

/// How the lines of a table are set.
struct Setting<'a> {
    widths: Vec<usize>,
    room: usize,
    indent: &'a str,
    align: &'a [Align],
}

impl Setting<'_> {
    /// A line of cells, in as many lines as the one that is broken most. A head stands on the line below it; a name that would
    /// take many lines stands above, a note below.
    fn set(&self, cells: &[String], head: bool, paint: impl Fn(usize, String) -> String) -> String {
        const MOST: usize = 3;
        let mut pieces: Vec<Vec<String>> =
            cells.iter().zip(&self.widths).map(|(cell, &width)| pieces(cell, width)).collect();
        let (mut above, mut below) = (String::new(), String::new());
        let own = |cell: &str, indent: usize| {
            let lines = broken(&format!("{}{cell}", " ".repeat(indent)), self.room);
            lines.iter().map(|line| format!("{}{line}\n", self.indent)).collect::<String>()
        };
        let last = cells.len().saturating_sub(1);
        for (index, (cell, pieces)) in cells.iter().zip(&mut pieces).enumerate() {
            let width = self.widths.get(index).copied().unwrap_or(0);
            let much = pieces.len() >= MOST || pieces.iter().any(|piece| columns(piece) > width);
            if !much || head || self.align.get(index) == Some(&Align::Right) {
                continue;
            }
            if index == 0 {
                above = own(cell, 0);
                pieces.clear();
            } else if index == last && pieces.len() > MOST {
                below = own(cell, 2 * HANG);
                pieces.clear();
            }
        }
        format!("{above}{}{below}", self.lines(&pieces, head, paint))
    }

    fn lines(&self, cells: &[Vec<String>], head: bool, paint: impl Fn(usize, String) -> String) -> String {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let mut out = String::new();
        for place in 0..height {
            out.push_str(self.indent);
            for (index, (pieces, &width)) in cells.iter().zip(&self.widths).enumerate() {
                let right = self.align.get(index) == Some(&Align::Right);
                let place = if head { (place + pieces.len()).checked_sub(height) } else { Some(place) };
                let piece = place.and_then(|place| pieces.get(place)).map_or("", String::as_str);
                let piece = if right { piece.trim_start() } else { piece };
                let gap = " ".repeat(width.saturating_sub(columns(piece)));
                let last = index + 1 == cells.len();
                let padded = match right {
                    true => format!("{gap}{piece}"),
                    false if last => piece.to_owned(),
                    false => format!("{piece}{gap}"),
                };
                out.push_str(&paint(index, padded));
                out.push_str(if last { "" } else { "  " });
            }
            while out.ends_with(' ') {
                out.pop();
            }
            out.push('\n');
        }
        out
    }
}

fn pieces(cell: &str, width: usize) -> Vec<String> {
    if columns(cell) > width { broken(cell, width) } else { vec![cell.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_under_each_other() {
        let mut table = Table::default();
        table.cells(["row".to_owned(), "before".to_owned(), "limit".to_owned()]);
        table.cells(["a".to_owned(), "-1".to_owned(), "<= 1".to_owned()]);
        table.text("  note".to_owned());
        let text = table.render("  ", 80, &[Align::Left, Align::Right, Align::Left], |_, cell| cell);
        assert_eq!(text, "  row  before  limit\n  a        -1  <= 1\n  note\n");
    }

    fn table(lines: &[&[&str]]) -> Table {
        let mut table = Table::default();
        lines.iter().for_each(|line| table.cells(line.iter().map(|cell| (*cell).to_owned())));
        table
    }

    #[test]
    fn the_widest_column_gives_way() {
        let table = table(&[&["", "mean"], &["sex == \"female\" and age >= 25", "0.5"]]);
        let text = table.render("", 25, &[Align::Left, Align::Right], |_, cell| cell);
        assert_eq!(text, "                     mean\nsex == \"female\" and   0.5\n  age >= 25\n");
    }

    #[test]
    fn long_names_stand_above() {
        let table = table(&[&["", "mean", "limit"], &["a_very_long_name_of_a_row", "0.5", "0 .. 0.1"]]);
        let text = table.render("  ", 26, &[Align::Left, Align::Right, Align::Left], |_, cell| cell);
        assert_eq!(text, "            mean  limit\n  a_very_long_name_of_a_row\n             0.5  0 .. 0.1\n");
    }

    #[test]
    fn columns_that_do_not_fit_stand_below() {
        let table = table(&[&["eps", "first", "second", "third"], &["0.1", "1", "2", "3"]]);
        let text = table.render(" ", 14, &[Align::Right; 4], |_, cell| cell);
        assert_eq!(text, " eps  first\n 0.1      1\n\n eps  second\n 0.1       2\n\n eps  third\n 0.1      3\n");
    }
}
