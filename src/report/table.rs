//! Text in columns.

/// Paints a piece of text in the tone that it deserves; what that is depends on where it is shown.
pub trait Paint {
    fn good(&self, text: &str) -> String;
    fn bad(&self, text: &str) -> String;
    /// Neither good nor bad: what could not be told.
    fn careful(&self, text: &str) -> String;
    fn strong(&self, text: &str) -> String;
    fn faint(&self, text: &str) -> String;
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

#[derive(Debug)]
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

    /// The table with two blanks between columns; `paint` is given the index of the column and the padded cell.
    pub fn render(&self, indent: &str, align: &[Align], paint: impl Fn(usize, String) -> String) -> String {
        let mut widths: Vec<usize> = Vec::new();
        for line in &self.lines {
            let Line::Cells(cells) = line else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = (*width).max(cell.chars().count()));
        }
        let mut out = String::new();
        for line in &self.lines {
            match line {
                Line::Text(text) => out.push_str(text),
                Line::Cells(cells) => {
                    out.push_str(indent);
                    for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                        let gap = " ".repeat(width - cell.chars().count());
                        let last = index + 1 == cells.len();
                        let padded = match align.get(index).unwrap_or(&Align::Left) {
                            Align::Right => format!("{gap}{cell}"),
                            Align::Left if last => cell.clone(),
                            Align::Left => format!("{cell}{gap}"),
                        };
                        out.push_str(&paint(index, padded));
                        out.push_str(if last { "" } else { "  " });
                    }
                }
            }
            while out.ends_with(' ') {
                out.pop();
            }
            out.push('\n');
        }
        out
    }
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
        let text = table.render("  ", &[Align::Left, Align::Right, Align::Left], |_, cell| cell);
        assert_eq!(text, "  row  before  limit\n  a        -1  <= 1\n  note\n");
    }
}
