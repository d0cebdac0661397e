//! The command line: arguments in, results on standard output, words and progress on standard error.
//!
//! ```text
//! arguments ─clap→ Arguments ─┬ Global ─→ Console      how to print
//!                             └ Command ─→ run(args, console) ─→ Outcome ─→ exit code
//! ```
//!
//! One file for each subcommand, with its arguments as one typed structure. What they share: `console` prints,
//! `input` reads specs, `stop` says why a command ended early.
//!
//! | exit code | meaning |
//! | --- | --- |
//! | 0 | yes: the spec is valid, the audit passed, the problem is solved |
//! | 1 | no: invalid spec or data, violated audit, infeasible |
//! | 2 | the question could not be asked: usage, files |
//! | 128 and a signal | ended by it; where the data on standard output lost their reader, by SIGPIPE |

mod args;
mod audit;
mod check;
mod compare;
mod compile;
mod completions;
mod console;
mod dataset;
mod decide;
mod demo;
mod emit;
mod explain;
mod export;
mod fault;
mod form;
mod format;
mod freeze;
mod front;
mod global;
mod impact;
mod imply;
mod init;
mod input;
mod language_server;
mod low_memory;
mod man;
mod mend;
mod metrics;
mod new_column;
mod number;
mod outputs;
mod page;
mod predict;
mod price;
mod project;
mod relations;
mod setting;
mod shifts;
mod signals;
mod solve;
mod sql;
mod stop;
mod stream;
mod train;
mod unified;
mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Arguments, Command};
use console::Console;
use stop::{Outcome, Stop, Verdict};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    ExitCode::from(process(std::env::args_os().collect()))
}

/// Runs the command line `arguments`, the first of which is the name of the program, as the whole of a process: signals and closed
/// pipes end it as they end other programs. Returns the exit code. Call it once, for the interpreter of another language too.
pub fn process(arguments: Vec<OsString>) -> u8 {
    signals::watch();
    // What must not happen is no answer: neither yes nor no.
    let code = std::panic::catch_unwind(|| run(arguments)).unwrap_or_else(|_| {
        eprintln!("error: internal error\n  help: this is a fault of `fairc`: please report it, with the spec");
        2
    });
    // Rust's own end of a process would do so, but an interpreter may host this one.
    let _closed = std::io::stdout().flush();
    if code == signals::CLOSED_PIPE {
        signals::die_of_closed_pipe();
    }
    code
}

/// The names of the subcommands.
pub fn commands() -> Vec<String> {
    Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Runs the command line `arguments`, the first of which is the name of the program, and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = args::command().color(args::color_of(&arguments));
    let wants_json = args::wants_json(&arguments);
    let has_data = arguments.iter().any(|word| word.to_string_lossy().starts_with("--data"));
    let named = |matches: clap::ArgMatches| {
        let name = matches.subcommand_name().unwrap_or_default().to_owned();
        Arguments::from_arg_matches(&matches).map(|arguments| (name, arguments))
    };
    let (name, arguments) = match command.try_get_matches_from(arguments).and_then(named) {
        Ok(arguments) => arguments,
        Err(mut error) => {
            args::advise(&mut error, has_data);
            // Help and versions are results, the rest is usage; a closed pipe is nobody's mistake.
            let printed = error.print().and_then(|()| std::io::stdout().flush());
            if let Err(failure) = printed.map_err(Stop::printing)
                && !error.use_stderr()
                && !matches!(failure, Stop::Closed)
            {
                return 2;
            }
            if error.use_stderr() && wants_json {
                console::print_refusal(&args::failure_of(&error));
            }
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let console = Console::new(&arguments.global);
    let outcome = answer(&name, arguments, &console);
    let code = match outcome {
        Ok(Verdict::Yes) => 0,
        Ok(Verdict::No) | Err(Stop::Refused) => 1,
        Err(Stop::Closed) => signals::CLOSED_PIPE,
        Err(Stop::Told) => 2,
        Err(Stop::Failed(failure)) => {
            console.failed(&failure);
            2
        }
    };
    // Only now is it certain how the command ended, which the answer says.
    match console.finish(code == 0) {
        Ok(()) => code,
        Err(failure) => {
            console.failed_in_words(&failure);
            2
        }
    }
}

/// Runs a command whose arguments are words; whether they can be meant is asked first.
fn answer(name: &str, arguments: Arguments, console: &Console) -> Outcome {
    let Arguments { global, command } = arguments;
    if !command.formats().contains(&console.format) {
        return Err(args::without_format(name, command.formats(), console.format).into());
    }
    global.import_root.map_or(Ok(()), crate::source::import_root)?;
    command.files().check()?;
    dispatch(command, console)
}

fn dispatch(command: Command, console: &Console) -> Outcome {
    match command {
        Command::Init(args) => init::run(&args, console),
        Command::Check(args) => check::run(&args, console),
        Command::Compile(args) => compile::run(&args, console),
        Command::Fmt(args) => format::run(&args, console),
        Command::Project(args) => project::run(&args, console),
        Command::Decide(args) => decide::run(&args, console),
        Command::Stream(args) => stream::run(&args, console),
        Command::Freeze(args) => freeze::run(&args, console),
        Command::Sql(args) => sql::run(&args, console),
        Command::Audit(args) => audit::run(&args, console),
        Command::Impact(args) => impact::run(&args, console),
        Command::Train(args) => train::run(&args, console),
        Command::Predict(args) => predict::run(&args, console),
        Command::Price(args) => price::run(&args, console),
        Command::Export(args) => export::run(&args, console),
        Command::Solve(args) => solve::run(&args, console),
        Command::Verify(args) => verify::run(&args, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Std(args) => metrics::run(&args, console),
        Command::Imply(args) => imply::run(&args, console),
        Command::Diff(args) => compare::run(&args, console),
        Command::Demo(args) => demo::run(&args, console),
        Command::Lsp(args) => language_server::run(&args, console),
        Command::Completions(args) => completions::run(&args, args::command(), console),
        Command::Man(args) => man::run(&args, args::command(), console),
    }
}
