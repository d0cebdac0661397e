//! Where results and words go, and how they look.

use std::io::{self, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;

use super::args::{Format, Global, Symbols, When};
use super::stop::{Failure, Stop};
use crate::language::diagnostic::hidden::{harmless, harmless_but_colors};
use crate::language::diagnostic::human::Look;

/// Standard output and standard error of one command.
#[derive(Debug)]
pub struct Console {
    pub format: Format,
    out: Look,
    err: Look,
    progress: bool,
    quiet: bool,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Careful,
    Strong,
    Faint,
}

/// Columns for output that goes to no terminal.
const PLAIN_WIDTH: usize = 100;

impl Console {
    pub fn new(global: &Global) -> Console {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let width = match terminal_size::terminal_size() {
            Some((terminal_size::Width(columns), _)) if out || err => usize::from(columns).clamp(60, 140),
            Some(_) | None => PLAIN_WIDTH,
        };
        let look = |terminal: bool| Look {
            color: match global.color {
                When::Always => true,
                When::Never => false,
                When::Auto => terminal && colors_welcome(),
            },
            unicode: match global.symbols {
                Symbols::Unicode => true,
                Symbols::Ascii => false,
                Symbols::Auto => terminal && unicode_locale(),
            },
            width: if terminal { width } else { PLAIN_WIDTH },
        };
        Console {
            format: global.format,
            out: look(out),
            err: look(err),
            progress: err && !global.quiet,
            quiet: global.quiet,
        }
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// How standard output looks.
    pub fn out_look(&self) -> Look {
        self.out
    }

    /// How standard error looks.
    pub fn err_look(&self) -> Look {
        self.err
    }

    /// Prints a result for people: of what names and values hold only what can be seen.
    pub fn print(&self, text: &str) -> Result<(), Stop> {
        self.print_raw(&harmless_but_colors(text, self.out.color))
    }

    /// Prints a result for programs, byte by byte.
    pub fn print_raw(&self, text: &str) -> Result<(), Stop> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Stop::printing)
    }

    /// Prints a result as one line of JSON.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Stop> {
        let mut text = serde_json::to_string(value).map_err(|error| Stop::printing(error.into()))?;
        text.push('\n');
        self.print_raw(&text)
    }

    /// Says something on standard error, which may be closed.
    pub fn say(&self, text: &str) {
        let text = harmless_but_colors(text, self.err.color);
        let _closed = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Says on standard error what a program will read.
    pub fn say_json(&self, value: &impl Serialize) {
        let text = serde_json::to_string(value).unwrap_or_default() + "\n";
        let _closed = io::stderr().lock().write_all(text.as_bytes());
    }

    /// `note: ..` on standard error.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("{} {}\n", paint("note:", Tone::Faint, self.err), harmless(text)));
        }
    }

    /// A colour on standard output.
    pub fn paint(&self, text: &str, tone: Tone) -> String {
        paint(text, tone, self.out)
    }

    /// Says why the command could not be run; for scripts also as JSON.
    pub fn failed(&self, failure: &Failure) {
        self.failed_in_words(failure);
        if self.is_json() {
            let error = serde_json::json!({ "message": failure.message, "help": failure.help });
            let _closed = self.json(&serde_json::json!({ "ok": false, "diagnostics": [], "error": error }));
        }
    }

    /// Says on standard error what went wrong.
    pub fn failed_in_words(&self, failure: &Failure) {
        let mut text = format!("{} {}\n", paint("error:", Tone::Bad, self.err), harmless(&failure.message));
        if let Some(help) = &failure.help {
            text.push_str(&format!("  {} {}\n", paint("help:", Tone::Strong, self.err), harmless(help)));
        }
        self.say(&text);
    }

    /// A bar for counted steps, with a message; hidden likewise.
    #[cfg(feature = "torch")]
    pub fn steps(&self, what: &'static str) -> indicatif::ProgressBar {
        if !self.progress {
            return indicatif::ProgressBar::hidden();
        }
        let style = indicatif::ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}");
        let style = style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
        indicatif::ProgressBar::new(0).with_prefix(what).with_style(style)
    }

    /// A bar for work on `total` bytes; hidden where standard error is no terminal.
    pub fn bar(&self, what: &'static str, total: u64) -> indicatif::ProgressBar {
        if !self.progress {
            return indicatif::ProgressBar::hidden();
        }
        let bar = indicatif::ProgressBar::new(total).with_message(what);
        let style = indicatif::ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}");
        bar.with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
    }
}

fn paint(text: &str, tone: Tone, look: Look) -> String {
    if !look.color {
        return text.to_owned();
    }
    let style = match tone {
        Tone::Good => AnsiColor::Green.on_default().bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Careful => AnsiColor::Yellow.on_default().bold(),
        Tone::Strong => Style::new().bold(),
        Tone::Faint => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}

/// Whether the environment says nothing against colours.
fn colors_welcome() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

fn unicode_locale() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    // Consoles of other systems set no locale and show Unicode.
    locale.map_or(cfg!(windows), |locale| locale.to_uppercase().replace('-', "").contains("UTF8"))
}
