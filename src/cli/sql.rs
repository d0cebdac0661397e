//! `fairc sql`: what a spec asks of a table in a database.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use super::console::{Console, known_width};
use super::decide;
use super::fault::stop;
use super::front::context;
use super::input::{Spec, read_text};
use super::outputs::Files;
use super::setting::{self, Setting};
use super::shifts;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{Stored, Table};
use crate::language::program::{ColumnType, Program};
use crate::report::fit_code;
use crate::sql::{Dialect, Relation};
use crate::tasks::{Asked, Question, Refused, sql};

/// Print the queries that audit a table in a database, or give it moved predictions or decisions
///
/// `audit` gives a line for each comparison, with its verdict; `cells` one for each group that the spec tells apart, with counts,
/// weights and sums; `checks` counts values that the spec does not allow. Only sums leave the database. `project` gives the table with one
/// column more, predictions by the offsets of `fairc freeze`; `decide` decisions by the thresholds of `fairc decide --freeze`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// What to ask
    #[arg(long, value_enum, default_value_t = Wanted::Audit, hide_possible_values = true,
        value_name = "audit|cells|checks|project|decide")]
    query: Wanted,
    /// Of which engine
    #[arg(long, default_value = "duckdb", value_name = "duckdb|postgres|sqlite|datafusion|spark")]
    dialect: Dialect,
    /// The table; a schema stands before it, as in `hr.people`
    #[arg(long, value_name = "NAME")]
    table: String,
    /// The column with the predictions; by default the one that the spec names
    #[arg(long, value_name = "COL")]
    pred: Option<String>,
    /// With `project`: the offsets that `fairc freeze` wrote
    #[arg(long, value_name = "FILE", required_if_eq("query", "project"))]
    shifts: Option<PathBuf>,
    /// With `decide`: the thresholds that `fairc decide --freeze` wrote
    #[arg(long, value_name = "FILE", required_if_eq("query", "decide"))]
    thresholds: Option<PathBuf>,
    /// The name of the new column [default: the prediction's name and `_fair` or `_decided`]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// A file with the types of the columns, as JSON: `{"age": "BIGINT", ..}`; without it each is taken to be stored as declared
    #[arg(long, value_name = "FILE")]
    types: Option<PathBuf>,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    settings: Vec<Setting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Audit,
    Cells,
    Checks,
    Project,
    Decide,
}

impl Args {
    /// What was fitted before and is not for what is asked.
    fn idle(&self) -> Result<(), Stop> {
        let given = [
            ("--shifts", self.shifts.is_some(), self.query == Wanted::Project),
            ("--thresholds", self.thresholds.is_some(), self.query == Wanted::Decide),
            ("--name", self.name.is_some(), matches!(self.query, Wanted::Project | Wanted::Decide)),
        ];
        let idle = given.into_iter().find(|(_, given, used)| *given && !used);
        idle.map_or(Ok(()), |(option, ..)| {
            let message = format!("`{option}` is of no use to this query");
            Err(Stop::failed(message, "ask with `--query project` or `--query decide`, or leave it out"))
        })
    }
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let Args { spec, shifts, thresholds, types, .. } = self;
        let files = Files::of_specs([spec]).reads("--shifts", shifts.as_deref());
        files.reads("--thresholds", thresholds.as_deref()).reads("--types", types.as_deref())
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let spec = Spec::read(&args.spec)?;
    let program = spec.valid(console)?;
    let context = context(&spec, program);
    let refused = |errors| stop(Refused::Unbound(errors), &context, console);
    let params = setting::params(&args.settings, program).map_err(refused)?;
    args.idle()?;
    let frozen = args.shifts.as_deref().map(|path| shifts::read(path, &context)).transpose()?;
    let thresholds = args.thresholds.as_deref().map(|path| decide::read(path, &context)).transpose()?;
    let fitted = frozen.as_ref().map(|frozen| &frozen.prediction);
    let fitted = fitted.or(thresholds.as_ref().map(|thresholds| &thresholds.column));
    let column = args.pred.as_ref().or(fitted).unwrap_or(&program.prediction.header).clone();
    let named = |suffix: &str| args.name.clone().unwrap_or_else(|| format!("{column}{suffix}"));
    let new = named(if args.query == Wanted::Project { "_fair" } else { "_decided" });
    let columns = match &args.types {
        Some(path) => types(path)?,
        None => declared(program, &column),
    };
    let names = parts(&args.table).ok_or_else(|| {
        let message = format!("`{}` is no name of a table", args.table);
        Stop::failed(
            message,
            "write `people`, `hr.people`, or in quotes `\"hr\".\"people.2025\"`, with `\"\"` for a quote inside",
        )
    })?;
    let table = Table { name: args.table.clone(), relation: Relation::Table(names), dialect: args.dialect, columns };
    let settings = setting::pairs(&args.settings);
    let asked = Asked { context, params: &params, table: &args.table, column: &column, settings: &settings };
    let question = match args.query {
        Wanted::Audit => Question::Audit,
        Wanted::Cells => Question::Cells,
        Wanted::Checks => Question::Checks,
        Wanted::Project | Wanted::Decide => {
            if table.columns.iter().any(|(name, _)| *name == new) {
                let message = format!("the table has a column `{new}` already");
                return Err(Stop::failed(message, "name another with `--name`"));
            }
            match (&frozen, &thresholds) {
                (Some(frozen), _) => Question::Project(frozen, &new),
                (None, Some(thresholds)) => Question::Decide(thresholds, &new),
                (None, None) => {
                    return Err(Stop::failed("nothing was fitted".to_owned(), "give `--shifts` or `--thresholds`"));
                }
            }
        }
    };
    let text = sql(&asked, &table, question).map_err(|refused| stop(refused, &asked.context, console))?;
    match console.is_json() {
        true => console.json(&serde_json::json!({ "ok": true, "dialect": args.dialect.name(), "sql": text }))?,
        false => console.print(&known_width().map_or_else(|| format!("{text}\n"), |width| fit_code(&text, width)))?,
    }
    Ok(Verdict::Yes)
}

/// The parts of a name: `hr.people`, or `"hr"."people.2025"`; none where a part is empty or a quote stands elsewhere than around one.
fn parts(name: &str) -> Option<Vec<String>> {
    let (mut parts, mut letters) = (Vec::new(), name.chars().peekable());
    loop {
        let mut part = String::new();
        if letters.next_if_eq(&'"').is_some() {
            loop {
                match letters.next()? {
                    '"' if letters.next_if_eq(&'"').is_none() => break,
                    letter => part.push(letter),
                }
            }
        } else {
            while let Some(letter) = letters.next_if(|letter| !matches!(letter, '.' | '"')) {
                part.push(letter);
            }
        }
        parts.push(part);
        match letters.next() {
            None => break,
            Some('.') => {}
            Some(_) => return None,
        }
    }
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

/// The types that a file tells.
fn types(path: &std::path::Path) -> Result<Vec<(String, Stored)>, Stop> {
    let Ok(text) = read_text(path)? else {
        return Err(Stop::failed(format!("`{}` is no text in UTF-8", path.display()), "write the types as JSON"));
    };
    let known: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|error| {
        let message = format!("`{}` is no list of types: {error}", path.display());
        Stop::failed(message, "write a type for each column: `{\"age\": \"BIGINT\", \"sex\": \"VARCHAR\"}`")
    })?;
    Ok(known.into_iter().map(|(name, stored)| (name, Stored::named(&stored))).collect())
}

/// All columns that the spec reads, stored as it declares them: levels as text, or as numbers if all of them are.
fn declared(program: &Program, prediction: &str) -> Vec<(String, Stored)> {
    let column = |column: &crate::language::program::Column| {
        let stored = match &column.ty {
            ColumnType::Categorical(levels) if levels.iter().all(|level| level.number.is_some()) => Stored::Double,
            ColumnType::Categorical(_) => Stored::Text,
            ColumnType::Real(_) => Stored::Double,
            ColumnType::Int(_) => Stored::Integer,
        };
        (column.header.clone(), stored)
    };
    let numbers = program.weight.iter().map(|weight| weight.header.as_str()).chain([prediction]);
    let numbers = numbers.map(|header| (header.to_owned(), Stored::Double));
    program.data_columns().map(column).chain(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn names_have_parts_or_are_refused() {
        let named = |name: &str| parts(name).map(|parts| parts.join("|"));
        assert_eq!(named("hr.people").as_deref(), Some("hr|people"));
        assert_eq!(named(r#""hr"."people.2025""#).as_deref(), Some("hr|people.2025"));
        assert_eq!(named(r#""a""b""#).as_deref(), Some(r#"a"b"#));
        for wrong in ["", "hr..people", "hr.", ".people", r#""people"#, r#"pe"ople"#, r#""a"b"#, r#""""#] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
