//! What engines write differently.

use std::fmt;
use std::str::FromStr;

/// The SQL of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Duckdb,
    Postgres,
    Sqlite,
}

/// The largest power of two that an exact quotient is divided by at a time.
const STEP: i32 = 30;

impl Dialect {
    /// All of them.
    pub const ALL: [Dialect; 3] = [Dialect::Duckdb, Dialect::Postgres, Dialect::Sqlite];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Duckdb => "duckdb",
            Dialect::Postgres => "postgres",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// A name in double quotes, as all dialects of standard SQL write it.
    pub fn identifier(name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// A text in single quotes, as standard SQL writes it.
    pub fn standard_text(text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    /// A text. PostgreSQL can be set to read backslashes as escapes, so they are written as such.
    pub(super) fn text(self, text: &str) -> String {
        match self {
            Dialect::Postgres if text.contains('\\') => {
                format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
            }
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite => Dialect::standard_text(text),
        }
    }

    /// The query that counts tables and views of this name where new ones are made.
    pub fn count_of_tables(self, name: &str) -> String {
        let name = self.text(name);
        match self {
            Dialect::Sqlite => format!("SELECT COUNT(*) AS n FROM sqlite_master WHERE lower(name) = lower({name})"),
            Dialect::Duckdb | Dialect::Postgres => format!(
                "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = current_schema() \
                 AND table_catalog = current_database() AND table_name = {name}"
            ),
        }
    }

    /// The statements of one transaction that make a table of a query, or a view, in place of another where `replaces`.
    pub fn make_table(name: &str, query: &str, replaces: bool, view: bool) -> Vec<String> {
        let (name, kind) = (Dialect::identifier(name), if view { "VIEW" } else { "TABLE" });
        let dropped = replaces.then(|| format!("DROP {kind} IF EXISTS {name}"));
        dropped.into_iter().chain([format!("CREATE {kind} {name} AS {query}")]).collect()
    }

    /// A number that the engine reads as this double, to the bit.
    pub(super) fn double(self, value: f64) -> String {
        let infinite = if value < 0.0 { "-Infinity" } else { "Infinity" };
        match self {
            Dialect::Duckdb if !value.is_finite() => format!("CAST('{infinite}' AS DOUBLE)"),
            Dialect::Duckdb if value < 0.0 => format!("({value:e})"),
            Dialect::Duckdb => format!("{value:e}"),
            Dialect::Postgres if !value.is_finite() => format!("CAST('{infinite}' AS double precision)"),
            Dialect::Postgres => format!("CAST('{value:e}' AS double precision)"),
            Dialect::Sqlite if !value.is_finite() => if value < 0.0 { "(-9e999)" } else { "9e999" }.to_owned(),
            Dialect::Sqlite => exact(value),
        }
    }

    pub(super) fn double_type(self) -> &'static str {
        match self {
            Dialect::Duckdb => "DOUBLE",
            Dialect::Postgres => "double precision",
            Dialect::Sqlite => "REAL",
        }
    }

    pub(super) fn text_type(self) -> &'static str {
        match self {
            Dialect::Duckdb => "VARCHAR",
            Dialect::Postgres => "text",
            Dialect::Sqlite => "TEXT",
        }
    }

    /// The sum that loses least.
    pub(super) fn sum(self) -> &'static str {
        match self {
            Dialect::Duckdb => "fsum",
            // That of SQLite is compensated, since its version 3.43.
            Dialect::Postgres | Dialect::Sqlite => "SUM",
        }
    }

    /// Whether sums of doubles are compensated, so that their error does not grow with the number of rows.
    pub fn compensates(self) -> bool {
        match self {
            Dialect::Duckdb => true,
            // Older versions of SQLite add up plainly.
            Dialect::Postgres | Dialect::Sqlite => false,
        }
    }

    /// Whether a stored number can be NaN; in the others it is null.
    pub fn has_nan(self) -> bool {
        match self {
            Dialect::Duckdb | Dialect::Postgres => true,
            Dialect::Sqlite => false,
        }
    }

    /// Whether each value has a type of its own, whatever is declared of its column.
    pub fn types_values(self) -> bool {
        self == Dialect::Sqlite
    }

    /// How many columns a result may have.
    pub fn most_columns(self) -> usize {
        match self {
            Dialect::Duckdb => 10_000,
            Dialect::Postgres => 1600,
            Dialect::Sqlite => 2000,
        }
    }
}

/// Numbers of up to 15 digits are read right by every version of SQLite; of others a whole number is divided by powers of two,
/// each of which is exact.
fn exact(value: f64) -> String {
    let short = format!("{value:e}");
    let digits = short.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let exponent: i32 = short.split('e').nth(1).and_then(|power| power.parse().ok()).unwrap_or(0);
    if digits <= 15 && exponent.abs() <= 22 {
        return if value < 0.0 { format!("({short})") } else { short };
    }
    let bits = value.to_bits();
    let (raw, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (mantissa, mut power) = if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) };
    let mut text = format!("({}{mantissa} * 1.0", if value < 0.0 { "-" } else { "" });
    while power != 0 {
        let step = power.abs().min(STEP);
        text.push_str(&format!(" {} {}.0", if power > 0 { '*' } else { '/' }, 1_u64 << step));
        power -= step * power.signum();
    }
    text + ")"
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Dialect, String> {
        let known = Dialect::ALL.into_iter().find(|dialect| dialect.name() == text.to_lowercase());
        known.ok_or_else(|| format!("`{text}` is no dialect: duckdb, postgres or sqlite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_end_where_they_should() {
        assert_eq!(Dialect::identifier("a\"; drop table b; --"), "\"a\"\"; drop table b; --\"");
        assert_eq!(Dialect::Duckdb.text("O'Neil \\"), "'O''Neil \\'");
        assert_eq!(Dialect::Postgres.text("O'Neil \\"), "E'O''Neil \\\\'");
    }

    #[test]
    fn statements_quote_what_they_name() {
        let made = Dialect::make_table("a\"; drop table b; --", "SELECT 1", true, false);
        let name = "\"a\"\"; drop table b; --\"";
        assert_eq!(made, [format!("DROP TABLE IF EXISTS {name}"), format!("CREATE TABLE {name} AS SELECT 1")]);
        assert_eq!(Dialect::make_table("v", "SELECT 1", false, true), ["CREATE VIEW \"v\" AS SELECT 1"]);
        assert!(Dialect::Postgres.count_of_tables("O'Neil \\").ends_with("= E'O''Neil \\\\'"));
    }

    #[test]
    fn long_numbers_are_written_exactly_for_sqlite() {
        assert_eq!(Dialect::Sqlite.double(-0.1), "(-1e-1)");
        assert_eq!(Dialect::Sqlite.double(0.1 + 0.2), "(5404319552844596 * 1.0 / 1073741824.0 / 16777216.0)");
        assert_eq!(Dialect::Duckdb.double(0.1 + 0.2), "3.0000000000000004e-1");
    }
}
