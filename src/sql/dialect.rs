//! What engines write differently.

use std::fmt;
use std::str::FromStr;

/// The SQL of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Duckdb,
    Postgres,
    Sqlite,
    Datafusion,
    Spark,
}

/// The largest power of two that an exact quotient is divided by at a time.
const STEP: i32 = 30;

impl Dialect {
    /// All of them.
    pub const ALL: [Dialect; 5] =
        [Dialect::Duckdb, Dialect::Postgres, Dialect::Sqlite, Dialect::Datafusion, Dialect::Spark];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Duckdb => "duckdb",
            Dialect::Postgres => "postgres",
            Dialect::Sqlite => "sqlite",
            Dialect::Datafusion => "datafusion",
            Dialect::Spark => "spark",
        }
    }

    /// A name: in double quotes, or in backticks where these hold texts.
    pub(super) fn name_of(self, name: &str) -> String {
        match self {
            Dialect::Spark => format!("`{}`", name.replace('`', "``")),
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite | Dialect::Datafusion => Dialect::identifier(name),
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
            // By its bytes: what escapes are, and whether `${..}` is replaced, are settings there.
            Dialect::Spark if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -_.,/".contains(&byte)) => {
                let bytes: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
                format!("CAST(X'{bytes}' AS STRING)")
            }
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite | Dialect::Datafusion | Dialect::Spark => {
                Dialect::standard_text(text)
            }
        }
    }

    /// The query that counts tables and views of this name where new ones are made; none where no query tells.
    pub fn count_of_tables(self, name: &str) -> Option<String> {
        let name = self.text(name);
        let counted = "SELECT COUNT(*) AS n FROM";
        Some(match self {
            Dialect::Sqlite => format!("{counted} sqlite_master WHERE lower(name) = lower({name})"),
            Dialect::Duckdb | Dialect::Postgres => format!(
                "{counted} information_schema.tables WHERE table_schema = current_schema() \
                 AND table_catalog = current_database() AND table_name = {name}"
            ),
            Dialect::Datafusion => {
                let setting = |name: &str| {
                    format!(
                        "(SELECT value FROM information_schema.df_settings WHERE name = 'datafusion.catalog.{name}')"
                    )
                };
                let (catalog, schema) = (setting("default_catalog"), setting("default_schema"));
                format!(
                    "{counted} information_schema.tables WHERE table_schema = {schema} AND table_catalog = {catalog} \
                     AND table_name = {name}"
                )
            }
            Dialect::Spark => return None,
        })
    }

    /// The statements that make a table of a query, or a view, in place of another where `replaces`; of one transaction
    /// where the engine has these.
    pub fn make_table(self, name: &str, query: &str, replaces: bool, view: bool) -> Vec<String> {
        let (own, kind) = (self.name_of(name), if view { "VIEW" } else { "TABLE" });
        let made = |name: &str| format!("CREATE {kind} {name} AS {query}");
        let dropped = |name: &str| format!("DROP {kind} IF EXISTS {name}");
        match self {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite if replaces => vec![dropped(&own), made(&own)],
            Dialect::Datafusion if replaces => vec![format!("CREATE OR REPLACE {kind} {own} AS {query}")],
            Dialect::Spark if replaces && view => vec![format!("CREATE OR REPLACE {kind} {own} AS {query}")],
            Dialect::Spark if !view => {
                // The old table goes once the new one is whole. Of the files of a table that is made and filled at once Spark knows nothing until
                // the end, so that those of a client that was killed would be in the way of the next one.
                let new = self.name_of(&format!("{name}_being_made"));
                let empty = format!("CREATE TABLE {new} AS SELECT * FROM ({query}) WHERE false");
                let filled = format!("INSERT INTO {new} {query}");
                let old = replaces.then(|| dropped(&own));
                let named = format!("ALTER TABLE {new} RENAME TO {own}");
                [dropped(&new), empty, filled].into_iter().chain(old).chain([named]).collect()
            }
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite | Dialect::Datafusion | Dialect::Spark => {
                vec![made(&own)]
            }
        }
    }

    /// Whether making a table can be undone.
    pub fn has_transactions(self) -> bool {
        match self {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite => true,
            Dialect::Datafusion | Dialect::Spark => false,
        }
    }

    /// A number that the engine reads as this double, to the bit.
    pub(super) fn double(self, value: f64) -> String {
        let infinite = if value < 0.0 { "-Infinity" } else { "Infinity" };
        match self {
            Dialect::Duckdb | Dialect::Datafusion | Dialect::Spark if !value.is_finite() => {
                format!("CAST('{infinite}' AS DOUBLE)")
            }
            // A zero has no sign that would tell it from another.
            Dialect::Datafusion if value == 0.0 => "0e0".to_owned(),
            Dialect::Duckdb | Dialect::Datafusion if value < 0.0 => format!("({value:e})"),
            Dialect::Duckdb | Dialect::Datafusion => format!("{value:e}"),
            Dialect::Spark if value < 0.0 => format!("({value:e}D)"),
            Dialect::Spark => format!("{value:e}D"),
            Dialect::Postgres if !value.is_finite() => format!("CAST('{infinite}' AS double precision)"),
            Dialect::Postgres => format!("CAST('{value:e}' AS double precision)"),
            Dialect::Sqlite if !value.is_finite() => if value < 0.0 { "(-9e999)" } else { "9e999" }.to_owned(),
            Dialect::Sqlite => exact(value),
        }
    }

    pub(super) fn double_type(self) -> &'static str {
        match self {
            Dialect::Duckdb | Dialect::Datafusion | Dialect::Spark => "DOUBLE",
            Dialect::Postgres => "double precision",
            Dialect::Sqlite => "REAL",
        }
    }

    pub(super) fn text_type(self) -> &'static str {
        match self {
            Dialect::Duckdb | Dialect::Datafusion => "VARCHAR",
            Dialect::Spark => "STRING",
            Dialect::Postgres => "text",
            Dialect::Sqlite => "TEXT",
        }
    }

    /// The sum that loses least.
    pub(super) fn sum(self) -> &'static str {
        match self {
            Dialect::Duckdb => "fsum",
            // That of SQLite is compensated, since its version 3.43.
            Dialect::Postgres | Dialect::Sqlite | Dialect::Datafusion | Dialect::Spark => "SUM",
        }
    }

    /// Whether sums of doubles are compensated, so that their error does not grow with the number of rows.
    pub fn compensates(self) -> bool {
        match self {
            Dialect::Duckdb => true,
            // Older versions of SQLite add up plainly.
            Dialect::Postgres | Dialect::Sqlite | Dialect::Datafusion | Dialect::Spark => false,
        }
    }

    /// Whether the two zeros are one number; in others one is below the other.
    pub(super) fn has_one_zero(self) -> bool {
        match self {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite | Dialect::Spark => true,
            Dialect::Datafusion => false,
        }
    }

    /// Whether whole numbers are written as such beyond 64 bits.
    pub fn has_wide_integers(self) -> bool {
        match self {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Spark => true,
            // As literals they would be doubles.
            Dialect::Sqlite | Dialect::Datafusion => false,
        }
    }

    /// Whether a stored number can be NaN; in the others it is null.
    pub fn has_nan(self) -> bool {
        match self {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Datafusion | Dialect::Spark => true,
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
            Dialect::Duckdb | Dialect::Datafusion | Dialect::Spark => 10_000,
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
        let names: Vec<&str> =
            Dialect::ALL.iter().map(|dialect| dialect.name()).filter(|name| *name != "spark").collect();
        known.ok_or_else(|| format!("`{text}` is no dialect: {} or spark", names.join(", ")))
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
        assert_eq!(Dialect::Spark.text("${x}'"), "CAST(X'247B787D27' AS STRING)");
        assert_eq!(Dialect::Spark.name_of("a`; drop table b; --"), "`a``; drop table b; --`");
    }

    #[test]
    fn statements_quote_what_they_name() {
        let made = Dialect::Duckdb.make_table("a\"; drop table b; --", "SELECT 1", true, false);
        let name = "\"a\"\"; drop table b; --\"";
        assert_eq!(made, [format!("DROP TABLE IF EXISTS {name}"), format!("CREATE TABLE {name} AS SELECT 1")]);
        assert_eq!(Dialect::Postgres.make_table("v", "SELECT 1", false, true), ["CREATE VIEW \"v\" AS SELECT 1"]);
        assert!(Dialect::Postgres.count_of_tables("O'Neil \\").unwrap().ends_with("= E'O''Neil \\\\'"));
        let replaced = Dialect::Spark.make_table("a", "SELECT 1", true, false);
        let expected = [
            "DROP TABLE IF EXISTS `a_being_made`",
            "CREATE TABLE `a_being_made` AS SELECT * FROM (SELECT 1) WHERE false",
            "INSERT INTO `a_being_made` SELECT 1",
            "DROP TABLE IF EXISTS `a`",
            "ALTER TABLE `a_being_made` RENAME TO `a`",
        ];
        assert_eq!(replaced, expected);
        let new = Dialect::Spark.make_table("a", "SELECT 1", false, false);
        assert_eq!(new, [0, 1, 2, 4].map(|place| expected[place]));
        assert_eq!(Dialect::Spark.make_table("a", "SELECT 1", false, true), ["CREATE VIEW `a` AS SELECT 1"]);
    }

    #[test]
    fn long_numbers_are_written_exactly_for_sqlite() {
        assert_eq!(Dialect::Sqlite.double(-0.1), "(-1e-1)");
        assert_eq!(Dialect::Sqlite.double(0.1 + 0.2), "(5404319552844596 * 1.0 / 1073741824.0 / 16777216.0)");
        assert_eq!(Dialect::Duckdb.double(0.1 + 0.2), "3.0000000000000004e-1");
    }
}
