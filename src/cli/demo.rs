//! `fairc demo`: an audit, a projection and an audit again, on data that are built in.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::console::{Console, Tone};
use super::input::name_of;
use super::stop::{Outcome, Stop, Verdict};
use crate::data::STANDARD_STREAM;

/// Audit, make fair and audit again, on built-in data
///
/// Writes a spec and 1000 credit scores (UCI German Credit) to a new folder, and runs four commands on them, which it shows. Nothing is
/// fetched; the files stay, to be played with.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make
    #[arg(value_name = "FOLDER", default_value = "fairc-demo")]
    folder: PathBuf,
}

/// The files that are written, by their names in the folder.
const FILES: [(&str, &str); 3] = [
    ("parity.fair", include_str!("../../examples/german_credit/parity.fair")),
    ("german_credit.csv", include_str!("../../examples/german_credit/german_credit.csv")),
    ("ATTRIBUTION.md", include_str!("../../examples/german_credit/ATTRIBUTION.md")),
];

/// A command of the demonstration: what it shows, its words, of which `/NAME` is a file of the folder, and its exit code.
struct Step {
    shows: &'static str,
    words: &'static str,
    code: u8,
}

const STEPS: [Step; 4] = [
    Step {
        shows: "Does the spec compile, and can the data meet it?",
        words: "check /parity.fair --data /german_credit.csv",
        code: 0,
    },
    Step { shows: "Do the model's scores meet it?", words: "audit /parity.fair --data /german_credit.csv", code: 1 },
    Step {
        shows: "The closest scores that do",
        words: "project /parity.fair --data /german_credit.csv -o /fair.csv",
        code: 0,
    },
    Step {
        shows: "The same question about those, with a report to keep",
        words: "audit /parity.fair --data /fair.csv --pred score_fair --html /report.html",
        code: 0,
    },
];

impl Step {
    /// The words of the command, with the files of this folder.
    fn command(&self, folder: &Path) -> Vec<OsString> {
        let word = |word: &str| match word.strip_prefix('/') {
            Some(name) => folder.join(name).into_os_string(),
            None => OsString::from(word),
        };
        std::iter::once(OsString::from("fairc")).chain(self.words.split(' ').map(word)).collect()
    }
}

/// The folder as arguments of other commands take it: a name that begins with `-` would be an option.
fn typed(folder: &Path) -> Result<PathBuf, Stop> {
    if folder == Path::new(STANDARD_STREAM) {
        return Err(Stop::failed("`-` is not a folder", "name one: `fairc demo FOLDER`"));
    }
    let is_option = folder.as_os_str().as_encoded_bytes().starts_with(b"-");
    Ok(if is_option { Path::new(".").join(folder) } else { folder.to_path_buf() })
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let folder = &typed(&args.folder)?;
    write(folder)?;
    let line = |step: &Step| {
        let words = step.command(folder);
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    };
    if console.is_json() {
        let files = FILES.map(|(name, _)| folder.join(name).display().to_string());
        let commands = STEPS.each_ref().map(line);
        console.json(&json!({ "folder": folder.display().to_string(), "files": files, "commands": commands }))?;
        return Ok(Verdict::Yes);
    }
    for step in &STEPS {
        let heading = format!("# {}", step.shows);
        console.print(&format!("{}\n$ {}\n", console.paint(&heading, Tone::Faint), line(step)))?;
        let code = super::run(step.command(folder));
        if code != step.code {
            return if code == super::signals::CLOSED_PIPE { Err(Stop::Closed) } else { Err(Stop::Told) };
        }
        console.print("\n")?;
    }
    console.print(&format!("the files are in `{}`\n", name_of(folder)))?;
    Ok(Verdict::Yes)
}

/// Makes the folder with all files, or nothing.
fn write(folder: &Path) -> Result<(), Stop> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Stop::failed(
            format!("`{}` is there already", name_of(folder)),
            "name another folder, `fairc demo FOLDER`, or remove this one",
        ),
        _ => Stop::failed(
            format!("cannot make the folder `{}`: {error}", name_of(folder)),
            "name another: `fairc demo FOLDER`",
        ),
    };
    fs::create_dir(folder).map_err(failed)?;
    for (name, text) in FILES {
        if let Err(error) = fs::write(folder.join(name), text) {
            // The folder is ours: what is in it was written just now.
            let _ = fs::remove_dir_all(folder);
            return Err(failed(error));
        }
    }
    Ok(())
}
