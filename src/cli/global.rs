//! The options that every command has.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// Where `-h` lists the options that every command has.
const GLOBAL: &str = "Options of all commands";

#[derive(Debug, Args)]
pub struct Global {
    /// Results for people or for programs
    #[arg(long, global = true, help_heading = GLOBAL, value_enum, default_value_t = Format::Human, hide_possible_values = true, value_name = "human|json")]
    pub format: Format,
    /// Colours: on terminals, always or never
    #[arg(long, global = true, help_heading = GLOBAL, value_enum, default_value_t = When::Auto, hide_possible_values = true, value_name = "auto|always|never")]
    pub color: When,
    /// Lines and arrows: Unicode on terminals, else ASCII
    #[arg(long, global = true, help_heading = GLOBAL, value_enum, default_value_t = Symbols::Auto, hide_possible_values = true, value_name = "auto|unicode|ascii")]
    pub symbols: Symbols,
    /// No progress and no notes; `-qq`: only the first line of a report; `-qqq`: only the exit code and output files
    #[arg(short, long, global = true, help_heading = GLOBAL, action = ArgAction::Count)]
    pub quiet: u8,
    /// The folder that imports must be in [default: that of the spec]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    pub import_root: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
    /// Of `audit` alone.
    Markdown,
    /// Of `audit` alone.
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Symbols {
    Auto,
    Unicode,
    Ascii,
}
