//! `fairc man`: the manual, in the form that `man` reads.

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::console::Console;
use super::stop::{Outcome, Stop, Verdict};

/// Print the manual for `man`
///
/// For a page: `fairc man audit | man -l -`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command whose page to print [default: the page of fairc]
    command: Option<String>,
}

pub fn run(args: &Args, command: clap::Command, console: &Console) -> Outcome {
    let (name, command) = match &args.command {
        None => ("fairc".to_owned(), command),
        Some(named) => match command.find_subcommand(named) {
            Some(found) => (format!("fairc-{named}"), found.clone()),
            None => {
                return Err(Stop::failed(format!("unknown command `{named}`"), "`fairc --help` lists the commands"));
            }
        },
    };
    let page = page_of(&name, command).map_err(Stop::printing)?;
    if console.is_json() {
        console.json(&serde_json::json!({ "name": name, "page": page }))?;
    } else {
        console.print_raw(&page)?;
    }
    Ok(Verdict::Yes)
}

fn page_of(name: &str, command: clap::Command) -> std::io::Result<String> {
    let title = name.to_uppercase();
    let bin = name.replacen('-', " ", 1);
    // `fairc help` has no page that could be referred to.
    let command =
        command.disable_help_subcommand(true).display_name(name).bin_name(bin).version(env!("CARGO_PKG_VERSION"));
    let mut page = Vec::new();
    Man::new(command)
        .title(title)
        .source(concat!("fairc ", env!("CARGO_PKG_VERSION")))
        .manual("fairc")
        .render(&mut page)?;
    let mut codes = Roff::new();
    codes.control("SH", ["EXIT STATUS"]);
    codes.text([roman("0 yes, 1 no (invalid spec, violated audit, infeasible), 2 usage or files.")]);
    codes.to_writer(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
