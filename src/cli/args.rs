//! The arguments of `fairc` as clap reads them. Each subcommand's own stand in its file.

use std::ffi::OsString;

use clap::{Arg, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum};

use super::form::{format_help, formats_of};
use super::global::{Format, Global};
use super::outputs::Files;
use super::stop::Failure;
use super::{
    audit, check, compare, compile, completions, decide, demo, explain, export, format, freeze, impact, imply, init,
    language_server, man, metrics, predict, price, project, solve, sql, stream, train, verify,
};

/// The subcommands in groups, which clap does not draw; a test holds the list against [`Command`].
pub const HELP: &str = "\
{about}

{usage-heading} {usage}

Write a spec:
  init         Write a first spec for a table
  check        Check specs, alone or against data
  compile      Compile a spec, or look at a stage of the compiler
  fmt          Format specs
  explain      Explain an error or warning code
  std          List or print the standard metrics
  imply        Ask whether one spec follows from another
  diff         Show what changed between two specs

Use it on predictions:
  audit        Check whether predictions satisfy a spec
  project      Move predictions as little as it takes to satisfy a spec
  decide       Decide 0 or 1 so that a spec holds, gaining the most
  price        Show what a spec costs, at each value of a param
  impact       Show how often each category is selected, and its impact ratio
  stream       Answer a stream so that all answers together satisfy a spec
  freeze       Fit an offset for each group on reference data
  sql          Print the queries that audit a table in a database

Train a network:
  train        Train a network whose predictions satisfy a spec
  predict      Predictions of a trained network that satisfy its spec

Numbers alone:
  export       Write the numbers that a spec makes of data
  solve        Project problems given as JSON lines
  verify       Prove answers of solve in exact arithmetic

Setup:
  demo         Audit, make fair and audit again, on built-in data
  lsp          Serve an editor, by the Language Server Protocol
  completions  Print completions for a shell
  man          Print the manual for `man`
  help         Print help for a command

{options}

Examples:
  fairc check spec.fair
  fairc project spec.fair --data people.csv --pred score -o fair.csv

Exit codes: 0 yes; 1 no (invalid spec, violated audit, infeasible);
2 the question could not be asked (usage, files).
";

/// Checks, compiles and enforces group-fairness constraints on model predictions.
#[derive(Debug, Parser)]
#[command(name = "fairc", version, help_template = HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// The command line, in which the value of an option may be a negative number. An option that has no use for one says so itself.
pub fn command() -> clap::Command {
    let with_values = |arg: Arg| match arg.get_action().takes_values() && !arg.is_positional() {
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    let streamed = |arg: Arg| arg.help(format_help(&formats_of(&crate::data::Format::streamed(), "")));
    Arguments::command()
        .term_width(super::console::width())
        .mut_subcommands(|command| command.mut_args(with_values))
        .mut_subcommand("stream", |command| command.mut_arg("data_format", streamed))
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Args),
    Check(check::Args),
    Compile(compile::Args),
    Fmt(format::Args),
    Explain(explain::Args),
    Std(metrics::Args),
    Imply(imply::Args),
    Diff(compare::Args),
    Project(project::Args),
    Decide(decide::Args),
    Audit(audit::Args),
    Impact(impact::Args),
    Stream(stream::Args),
    Freeze(freeze::Args),
    Sql(sql::Args),
    Train(train::Args),
    Predict(predict::Args),
    Price(price::Args),
    Export(export::Args),
    Solve(solve::Args),
    Verify(verify::Args),
    Demo(demo::Args),
    Lsp(language_server::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// The files that the command reads and writes.
    pub fn files(&self) -> Files<'_> {
        match self {
            Command::Init(args) => args.files(),
            Command::Check(args) => args.files(),
            Command::Compile(args) => args.files(),
            Command::Fmt(args) => args.files(),
            Command::Diff(args) => args.files(),
            Command::Project(args) => args.files(),
            Command::Decide(args) => args.files(),
            Command::Audit(args) => args.files(),
            Command::Impact(args) => args.files(),
            Command::Stream(args) => args.files(),
            Command::Freeze(args) => args.files(),
            Command::Sql(args) => args.files(),
            Command::Train(args) => args.files(),
            Command::Predict(args) => args.files(),
            Command::Price(args) => args.files(),
            Command::Export(args) => args.files(),
            Command::Solve(args) => args.files(),
            Command::Verify(args) => args.files(),
            // `imply` reads its files more than once and refuses standard input; `demo` makes a folder of its own.
            Command::Explain(_)
            | Command::Std(_)
            | Command::Imply(_)
            | Command::Demo(_)
            | Command::Lsp(_)
            | Command::Completions(_)
            | Command::Man(_) => Files::default(),
        }
    }

    /// The formats that the command can print, the usual one first.
    pub fn formats(&self) -> &'static [Format] {
        match self {
            Command::Audit(_) => &[Format::Human, Format::Json, Format::Markdown, Format::Sarif],
            Command::Impact(_) => &[Format::Human, Format::Json, Format::Markdown],
            _ => &[Format::Human, Format::Json],
        }
    }
}

/// Says which formats a command has, and which command has the one that was asked for.
pub fn without_format(command: &str, known: &[Format], asked: Format) -> Failure {
    let called = |format: &Format| format.to_possible_value().map_or_else(String::new, |it| it.get_name().to_owned());
    let elsewhere = match asked {
        Format::Human | Format::Json => "",
        Format::Markdown => "; `audit` and `impact` print markdown",
        Format::Sarif => "; `audit` prints sarif",
    };
    let names: Vec<String> = known.iter().map(called).collect();
    let names = names.split_last().map_or_else(String::new, |(last, rest)| format!("{} or {last}", rest.join(", ")));
    Failure::new(
        format!("`{command}` does not print {}", called(&asked)),
        format!("its `--format` is {names}{elsewhere}"),
    )
}

/// The colours that clap's own messages should have, read before clap reads the arguments.
pub fn color_of(arguments: &[OsString]) -> ColorChoice {
    match value_of(arguments, "--color") {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        Some(_) | None => ColorChoice::Auto,
    }
}

/// Whether answers are to be JSON, read before clap reads the arguments: so are its own.
pub fn wants_json(arguments: &[OsString]) -> bool {
    value_of(arguments, "--format") == Some("json")
}

/// The value of an option, `--name value` or `--name=value`.
fn value_of<'a>(arguments: &'a [OsString], name: &str) -> Option<&'a str> {
    let mut texts = arguments.iter().map(|argument| argument.to_str().unwrap_or_default());
    while let Some(text) = texts.next() {
        match text.strip_prefix(name) {
            Some("") => return texts.next(),
            Some(rest) if rest.starts_with('=') => return rest.strip_prefix('='),
            Some(_) | None => {}
        }
    }
    None
}

/// Adds a tip where it is known what was meant; `has_data` says whether the arguments have `--data`.
pub fn advise(error: &mut clap::Error, has_data: bool) {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let text = |kind: ContextKind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand if text(ContextKind::InvalidSubcommand) == "report" => {
            error.remove(ContextKind::SuggestedSubcommand);
            "a report is written by `fairc audit` with `--html FILE`".to_owned()
        }
        ErrorKind::UnknownArgument if !has_data && text(ContextKind::Usage).contains("--data") => {
            match text(ContextKind::InvalidArg) {
                option if option.starts_with('-') => return,
                file => format!("data are given as `--data {file}`"),
            }
        }
        _ => return,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
}

/// What clap says, as this program says things: the error, and the rest as help.
pub fn failure_of(error: &clap::Error) -> Failure {
    use clap::error::ErrorKind;
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::new("no command is given", "`fairc --help` lists the commands");
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (message, help) = text.split_once("\n\n").unwrap_or((text, ""));
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Failure::new(squeezed(message), squeezed(help))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_format_is_known_before_the_arguments_are() {
        let wants = |words: &str| wants_json(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(wants("fairc audit --bogus --format json") && wants("fairc --format=json"));
        assert!(!wants("fairc --format") && !wants("fairc --formatted json") && !wants("fairc --format human"));
    }

    /// Of `-1` and `x` each option says what it expects, if it does not take them; none hands on how reading failed.
    #[test]
    fn every_option_says_what_it_expects() {
        let whole = command();
        for one in whole.get_subcommands() {
            let options = one.get_arguments().filter(|arg| arg.get_action().takes_values() && !arg.is_positional());
            for option in options.filter_map(Arg::get_long) {
                for value in ["-1", "x", "1e99"] {
                    let words = ["fairc", one.get_name(), &format!("--{option}={value}")];
                    let told =
                        command().try_get_matches_from(words).err().map_or_else(String::new, |it| it.to_string());
                    for bare in ["invalid digit", "invalid float", "is not in ", "too large to fit"] {
                        assert!(!told.contains(bare), "{}: {told}", words.join(" "));
                    }
                }
            }
        }
    }

    #[test]
    fn the_help_page_lists_every_command() {
        for command in Arguments::command().get_subcommands() {
            let line = format!("\n  {:<11}", command.get_name());
            assert!(HELP.contains(&line), "`{}` is missing in the help page", command.get_name());
        }
        assert!(HELP.lines().all(|line| line.len() <= 80), "the page fits 80 columns");
    }
}
