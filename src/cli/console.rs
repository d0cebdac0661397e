//! Where results and words go, and how they look.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::global::{Format, Global, Symbols, When};
use super::stop::{Failure, Stop};
use crate::language::diagnostic::hidden::{harmless, harmless_but_colors};
use crate::language::diagnostic::human::Look;
use crate::report::{PLAIN_WIDTH, fit};

/// Standard output and standard error of one command.
#[derive(Debug)]
pub struct Console {
    pub format: Format,
    out: Look,
    err: Look,
    progress: bool,
    quiet: Quiet,
    answer: RefCell<Answer>,
}

/// What a command answers as JSON: kept until it is known how the command ends, and said once.
#[derive(Debug, Default)]
struct Answer {
    fields: Option<Map<String, Value>>,
    /// On standard error, since the data go to standard output.
    beside: bool,
}

/// Of the answers' form; docs/json.md says when it changes.
const SCHEMA: u32 = 1;

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Careful,
    Strong,
    Faint,
}

/// How little is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quiet {
    No,
    /// No notes, no progress.
    Notes,
    /// Of a report what holds, alone.
    Verdict,
    /// Nothing. What a command makes is written all the same.
    All,
}

/// The columns of the terminal, else those that the environment names, else those of a plain text.
pub fn width() -> usize {
    known_width().unwrap_or(PLAIN_WIDTH)
}

/// The same where somebody looks; none for output that a program reads.
pub fn known_width() -> Option<usize> {
    let terminal = io::stdout().is_terminal() || io::stderr().is_terminal();
    let terminal = terminal.then(terminal_size::terminal_size).flatten();
    let named = || std::env::var("COLUMNS").ok()?.parse::<usize>().ok().filter(|columns| *columns > 0);
    let columns = terminal.map(|(terminal_size::Width(columns), _)| usize::from(columns)).or_else(named);
    columns.map(|columns| columns.clamp(40, 140))
}

/// A message fits the columns where somebody looks at it; what reads it by line has it on one.
fn fit_message(text: &str) -> String {
    known_width().map_or_else(|| text.to_owned(), |width| fit(text, width))
}

impl Console {
    pub fn new(global: &Global) -> Console {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let width = width();
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
            width,
        };
        Console {
            format: global.format,
            out: look(out),
            err: look(err),
            progress: err && global.quiet == 0,
            quiet: match global.quiet {
                0 => Quiet::No,
                1 => Quiet::Notes,
                2 => Quiet::Verdict,
                _ => Quiet::All,
            },
            answer: RefCell::default(),
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
        match self.quiet {
            Quiet::All => Ok(()),
            Quiet::No | Quiet::Notes | Quiet::Verdict => Ok(print(&harmless_but_colors(text, self.out.color))?),
        }
    }

    /// Prints a report: what holds on its first line, and the rest.
    pub fn report(&self, text: &str) -> Result<(), Stop> {
        self.print(self.wanted(text))
    }

    /// The same on standard error, where the data go to standard output.
    pub fn report_beside(&self, text: &str) {
        self.say(self.wanted(text));
    }

    fn wanted<'t>(&self, text: &'t str) -> &'t str {
        match self.quiet {
            Quiet::No | Quiet::Notes => text,
            // What holds may itself be too long for one line.
            Quiet::Verdict | Quiet::All => {
                let rest = text.match_indices('\n').map(|(end, _)| end + 1);
                let end = rest.into_iter().find(|&end| !text.get(end..).is_some_and(|rest| rest.starts_with(' ')));
                text.get(..end.unwrap_or(text.len())).unwrap_or(text)
            }
        }
    }

    /// Prints a result for programs, byte by byte.
    pub fn print_raw(&self, text: &str) -> Result<(), Stop> {
        Ok(print(text)?)
    }

    /// Answers with an object. It is printed when the command has ended, with `ok` and the version of the form.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Stop> {
        let value = serde_json::to_value(value).map_err(|error| Stop::printing(error.into()))?;
        let fields = match value {
            Value::Object(fields) => fields,
            other => Map::from_iter([("answer".to_owned(), other)]),
        };
        self.answer.borrow_mut().fields = Some(fields);
        Ok(())
    }

    /// Answers one of many lines, at once.
    pub fn json_line(&self, fields: Map<String, Value>, ok: bool) -> Result<(), Stop> {
        if self.quiet == Quiet::All {
            return Ok(());
        }
        Ok(print(&line_of(fields, ok))?)
    }

    /// What is answered as JSON goes to standard error, since the data go to standard output.
    pub fn answer_beside(&self) {
        self.answer.borrow_mut().beside = true;
    }

    /// Prints the answer of a command that ended well or not.
    pub fn finish(&self, ok: bool) -> Result<(), Failure> {
        let Answer { fields, beside } = self.answer.take();
        let Some(fields) = fields.filter(|_| self.quiet != Quiet::All) else { return Ok(()) };
        let text = line_of(fields, ok);
        if beside {
            self.say(&text);
            return Ok(());
        }
        print(&text)
    }

    /// Prints a document of a form that others define, on one line.
    pub fn document(&self, value: &impl Serialize) -> Result<(), Stop> {
        let text = serde_json::to_string(value).map_err(|error| Stop::printing(error.into()))?;
        if self.quiet == Quiet::All {
            return Ok(());
        }
        Ok(print(&format!("{text}\n"))?)
    }

    /// Says something on standard error, which may be closed.
    pub fn say(&self, text: &str) {
        if self.quiet == Quiet::All {
            return;
        }
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
        if self.quiet == Quiet::No {
            let text = format!("{} {}\n", paint("note:", Tone::Faint, self.err), harmless(text));
            self.say(&fit_message(&text));
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
            let mut answer = self.answer.borrow_mut();
            let fields = answer.fields.get_or_insert_with(refusal);
            fields.insert("error".to_owned(), error_of(failure));
        }
    }

    /// Says on standard error what went wrong.
    pub fn failed_in_words(&self, failure: &Failure) {
        let mut text = format!("{} {}\n", paint("error:", Tone::Bad, self.err), harmless(&failure.message));
        if let Some(help) = &failure.help {
            text.push_str(&format!("  {} {}\n", paint("help:", Tone::Strong, self.err), harmless(help)));
        }
        self.say(&fit_message(&text));
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

/// Prints a result. A reader that has seen enough and left is nobody's mistake, and the command ends as it would have.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}"), ""))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says as JSON that the arguments make no question; in words it has been said.
pub fn print_refusal(failure: &Failure) {
    let mut fields = refusal();
    fields.insert("error".to_owned(), error_of(failure));
    let _told_in_words = print(&line_of(fields, false));
}

fn refusal() -> Map<String, Value> {
    Map::from_iter([("diagnostics".to_owned(), json!([]))])
}

fn error_of(failure: &Failure) -> Value {
    json!({ "message": failure.message, "help": failure.help })
}

/// An answer as a line.
fn line_of(mut fields: Map<String, Value>, ok: bool) -> String {
    fields.shift_remove("ok");
    let head = [("ok".to_owned(), ok.into()), ("schema".to_owned(), SCHEMA.into())];
    let whole: Map<String, Value> = head.into_iter().chain(fields).collect();
    format!("{}\n", Value::Object(whole))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_begins_with_how_it_ended() {
        let fields = Map::from_iter([("n".to_owned(), json!(3)), ("ok".to_owned(), json!(true))]);
        assert_eq!(line_of(fields, false), "{\"ok\":false,\"schema\":1,\"n\":3}\n");
    }
}
