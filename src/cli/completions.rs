//! `fairc completions`: completions for a shell.

use super::console::Console;
use super::stop::{Outcome, Verdict};

/// Print completions for a shell
///
/// For bash: `fairc completions bash > ~/.local/share/bash-completion/completions/fairc`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub fn run(args: &Args, mut command: clap::Command, console: &Console) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "fairc", &mut script);
    let script = String::from_utf8_lossy(&script);
    if console.is_json() {
        console.json(&serde_json::json!({ "shell": args.shell.to_string(), "script": script }))?;
    } else {
        console.print_raw(&script)?;
    }
    Ok(Verdict::Yes)
}
