//! `fairc lsp`: the language server on standard input and output.

use std::cell::OnceCell;
use std::fs;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use fairc_server::{Checked, Ended, Host, Open};

use super::console::Console;
use super::input::{Content, Spec, name_of, read_text};
use super::stop::{Outcome, Stop, Verdict};
use crate::Compilation;
use crate::analyze::redundant;
use crate::data::Passing;
use crate::language::diagnostic::Diagnostic;
use crate::language::span::Sources;
use crate::tasks::redundancy_warnings;

/// Serve an editor, by the Language Server Protocol
///
/// Editors start this command and talk to it on standard input and output: see the page on editors in the documentation.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the server does anyway; many editors pass it
    #[arg(long, hide = true)]
    stdio: bool,
}

pub fn run(_: &Args, console: &Console) -> Outcome {
    if console.is_json() {
        return Err(Stop::failed("a language server has no answer to print", "leave out `--format`"));
    }
    match fairc_server::serve(BufReader::new(io::stdin()), io::stdout(), &Disk::default()) {
        Ended::InOrder => Ok(Verdict::Yes),
        Ended::Abruptly => Ok(Verdict::No),
    }
}

/// Specs in the file system, checked as `fairc check` does.
#[derive(Default)]
struct Disk {
    /// Where the files of the library are shown from, once one was asked for.
    library: OnceCell<Option<Passing>>,
}

/// A folder of specs to look for uses of a name in is not larger.
const MOST_SPECS: usize = 1_000;
const MOST_FOLDERS: usize = 10_000;

impl Host for Disk {
    fn check(&self, path: &Path, text: &str, open: &Open) -> Checked {
        let spec = Spec::beside(path, &name_of(path), text, open);
        let mut diagnostics = spec.diagnostics().to_vec();
        if let Some(program) = spec.program() {
            let promises = program.by_promise();
            let warnings = redundancy_warnings(&redundant::without_data(&promises), false, &spec, &promises);
            diagnostics.extend(warnings.into_iter().map(|warning| warning.diagnostic));
        }
        let compilation = match spec.content {
            Content::Source(compilation) => *compilation,
            Content::Compiled(_) | Content::Broken(_) => alone(path, text, &diagnostics),
        };
        Checked { compilation, diagnostics }
    }

    fn specs(&self, folder: &Path) -> Vec<PathBuf> {
        let (mut found, mut folders, mut seen) = (Vec::new(), vec![folder.to_owned()], 0);
        while let Some(folder) = folders.pop() {
            seen += 1;
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let (path, hidden) = (entry.path(), entry.file_name().to_string_lossy().starts_with('.'));
                let kind = entry.file_type();
                if kind.as_ref().is_ok_and(fs::FileType::is_dir) && !hidden && seen < MOST_FOLDERS {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "fair") && found.len() < MOST_SPECS {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    fn read(&self, path: &Path) -> Option<String> {
        read_text(path).ok()?.ok()
    }

    fn library(&self, metric: &str, text: &str) -> Option<PathBuf> {
        let folder = self.library.get_or_init(folder_of_library).as_ref()?;
        let path = folder.path().join("std").join(format!("{metric}.fair"));
        if !path.exists() {
            fs::write(&path, text).ok()?;
            let mut permissions = fs::metadata(&path).ok()?.permissions();
            permissions.set_readonly(true);
            fs::set_permissions(&path, permissions).ok()?;
        }
        Some(path)
    }
}

/// A new folder that only its owner can look into. It goes with the server, also where a signal ends that.
fn folder_of_library() -> Option<Passing> {
    let folder = (0..100).find_map(|attempt| {
        let name = format!("fairc-lsp-{}-{attempt}", std::process::id());
        let path = std::env::temp_dir().join(name);
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).ok().map(|()| Passing::new(path))
    })?;
    fs::create_dir(folder.path().join("std")).ok().map(|()| folder)
}

/// A text that is no spec, with what is wrong with it.
fn alone(path: &Path, text: &str, diagnostics: &[Diagnostic]) -> Compilation {
    let mut sources = Sources::default();
    sources.add(name_of(path), text);
    Compilation { sources, diagnostics: diagnostics.to_vec(), ..Compilation::default() }
}
