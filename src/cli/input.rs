//! Specs: read from files or standard input, and compiled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::console::Console;
use super::stop::{Failure, Stop};
use crate::Compilation;
use crate::data::STANDARD_STREAM;
use crate::language::diagnostic::human::render;
use crate::language::diagnostic::json::Entry;
use crate::language::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::language::program::Program;
use crate::language::span::{Source, Sources, Span};
use crate::language::syntax::error::NotUtf8;
use crate::language::syntax::import::Loader;
use crate::report::counted;

/// A longer file is no spec.
const LONGEST: u64 = 64 << 20;

/// A spec that was read.
pub struct Spec {
    /// What messages call it.
    pub name: String,
    pub content: Content,
}

pub enum Content {
    /// From a `.fair`.
    Source(Box<Compilation>),
    /// From a `.fairc`.
    Compiled(Box<Program>),
    /// A file that is no text, or no compiled spec.
    Broken(Box<Broken>),
}

/// What is wrong with a file as a whole.
pub struct Broken {
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

impl Spec {
    /// Reads and compiles a spec. The content says whether it is a `.fairc`.
    pub fn read(path: &Path) -> Result<Spec, Failure> {
        let name = name_of(path);
        let text = match read_text(path)? {
            Ok(text) => text,
            Err(broken) => return Ok(Spec::broken(path, broken)),
        };
        if Spec::is_compiled(path, &text) {
            let content = match Program::from_artefact(text.trim_start_matches('\u{feff}')) {
                Ok(program) => Content::Compiled(Box::new(program)),
                Err(error) => {
                    let message = format!("`{name}`: {error}");
                    let (code, help) = (error.code(), Some(error.help().to_owned()));
                    let diagnostics = vec![Diagnostic { code, message, help, labels: Vec::new() }];
                    Content::Broken(Box::new(Broken { diagnostics, sources: Sources::default() }))
                }
            };
            return Ok(Spec { name, content });
        }
        let loader = Files::new(path, &name);
        let compilation = crate::compile(Source { name: name.clone(), text: text.into() }, &loader);
        Ok(Spec { name, content: Content::Source(Box::new(compilation)) })
    }

    /// Whether a text is a `.fairc`: no declaration begins with a brace.
    pub fn is_compiled(path: &Path, text: &str) -> bool {
        let named = path.extension().is_some_and(|extension| extension == "fairc");
        named || text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
    }

    pub fn program(&self) -> Option<&Program> {
        match &self.content {
            Content::Source(compilation) => compilation.program.as_ref(),
            Content::Compiled(program) => Some(program),
            Content::Broken(_) => None,
        }
    }

    /// A spec that is known to be broken.
    pub fn broken(path: &Path, broken: Broken) -> Spec {
        Spec { name: name_of(path), content: Content::Broken(Box::new(broken)) }
    }

    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.content {
            Content::Source(compilation) => &compilation.diagnostics,
            Content::Compiled(_) => &[],
            Content::Broken(broken) => &broken.diagnostics,
        }
    }

    pub fn sources(&self) -> Option<&Sources> {
        match &self.content {
            Content::Source(compilation) => Some(&compilation.sources),
            Content::Compiled(_) => None,
            Content::Broken(broken) => Some(&broken.sources),
        }
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics().iter().filter(|diagnostic| diagnostic.severity() == severity).count()
    }

    pub fn entries(&self) -> Vec<Entry> {
        let Some(sources) = self.sources() else { return Vec::new() };
        self.diagnostics().iter().map(|diagnostic| Entry::new(diagnostic, sources)).collect()
    }

    /// The diagnostics for people, with a blank line after each.
    pub fn rendered(&self, look: crate::language::diagnostic::human::Look) -> String {
        /// People stop reading earlier.
        const MOST: usize = 100;
        let Some(sources) = self.sources() else { return String::new() };
        let mut text = String::new();
        for diagnostic in self.diagnostics().iter().take(MOST) {
            text.push_str(&render(diagnostic, sources, look));
            text.push('\n');
        }
        let more = self.diagnostics().len().saturating_sub(MOST);
        if more > 0 {
            text.push_str(&format!("and {more} more, which `--format json` lists\n\n"));
        }
        text
    }

    /// The program, for a command that needs a valid spec: errors are told, warnings counted.
    pub fn valid(&self, console: &Console) -> Result<&Program, Stop> {
        let Some(program) = self.program() else {
            if console.is_json() {
                console.json(&serde_json::json!({ "ok": false, "diagnostics": self.entries() }))?;
            }
            console.say(&format!("{}{}\n", self.rendered(console.err_look()), self.summary(0)));
            return Err(Stop::Refused);
        };
        match self.count(Severity::Warning) {
            0 => {}
            warnings => {
                console.note(&format!("{}; see `fairc check {}`", counted(warnings, "warning"), self.name));
            }
        }
        Ok(program)
    }

    /// `2 errors, 1 warning in spec.fair`, or `ok: ..`; with `more` warnings than those of the compiler.
    pub fn summary(&self, more: usize) -> String {
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning) + more);
        let noticed = |errors: usize, warnings: usize| match (errors, warnings) {
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        match self.program() {
            Some(program) => {
                let warned = if warnings > 0 { format!(", {}", noticed(0, warnings)) } else { String::new() };
                format!(
                    "ok: {}, {}, fingerprint {}{warned}",
                    counted(self.constraints(), "constraint"),
                    counted(rows(program), "row"),
                    program.fingerprint().short()
                )
            }
            None => format!("{} in {}", noticed(errors, warnings), self.name),
        }
    }

    /// How many constraints the spec has, `use`s included.
    pub fn constraints(&self) -> usize {
        match &self.content {
            Content::Broken(_) => 0,
            Content::Source(compilation) => compilation.hir.constraints.len(),
            Content::Compiled(program) => {
                let rows = program.rows.iter().map(|row| &row.origins);
                let origins = rows.chain(program.sample_rows.iter().map(|row| &row.origins)).flatten();
                let names: std::collections::BTreeSet<&str> =
                    origins.map(|origin| origin.constraint.as_str()).collect();
                names.len()
            }
        }
    }
}

/// Rows of both kinds.
pub fn rows(program: &Program) -> usize {
    program.rows.len() + program.sample_rows.len()
}

/// What messages call a path.
pub fn name_of(path: &Path) -> String {
    if path == Path::new(STANDARD_STREAM) { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn help_for(path: &Path) -> &'static str {
    if path.is_dir() {
        "name a file in the folder"
    } else if path.exists() || path == Path::new(STANDARD_STREAM) {
        ""
    } else {
        "check the spelling and the working directory"
    }
}

/// The text of a file, a byte order mark included, so that offsets into it are those into the file; E0105 if it is none.
pub fn read_text(path: &Path) -> Result<Result<String, Broken>, Failure> {
    let name = name_of(path);
    let bytes =
        read_bytes(path).map_err(|reason| Failure::new(format!("cannot read `{name}`: {reason}"), help_for(path)))?;
    Ok(String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = std::str::from_utf8(error.as_bytes().get(..at).unwrap_or_default()).unwrap_or_default();
        let mut sources = Sources::default();
        let source = sources.add(name, text);
        let found = NotUtf8 { offset: at };
        let labels = vec![Label { span: Span::new(source, at, at), text: "here".to_owned() }];
        let (code, message, help) = (Code(found.code()), found.to_string(), Some(found.help()));
        Broken { diagnostics: vec![Diagnostic { code, message, help, labels }], sources }
    }))
}

/// All bytes of a file, or of standard input for `-`.
fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut take = |from: &mut dyn Read| from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| plain(&error));
    if path == Path::new(STANDARD_STREAM) {
        take(&mut io::stdin().lock())?;
    } else if path.is_dir() {
        return Err("it is a folder".to_owned());
    } else {
        take(&mut File::open(path).map_err(|error| plain(&error))?)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(format!("it is longer than {} MiB", LONGEST >> 20));
    }
    Ok(bytes)
}

/// What the system said, in the usual words for the usual cases.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Imports from the file system: paths are taken from the folder of the importing file.
struct Files {
    /// The name under which each file was read first.
    known: RefCell<HashMap<PathBuf, String>>,
}

impl Files {
    fn new(root: &Path, name: &str) -> Files {
        let known = root.canonicalize().map(|path| (path, name.to_owned()));
        Files { known: RefCell::new(known.into_iter().collect()) }
    }
}

impl Loader for Files {
    fn load(&self, importer: &str, path: &str) -> Result<Source, String> {
        let folder = Path::new(importer).parent().unwrap_or(Path::new(""));
        let path = tidy(&folder.join(path));
        let bytes = read_bytes(&path).map_err(|reason| format!("`{}`: {reason}", path.display()))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("`{}` is not UTF-8 text", path.display()))?;
        let name = path.display().to_string();
        let name = match path.canonicalize() {
            Ok(canonical) => self.known.borrow_mut().entry(canonical).or_insert(name).clone(),
            Err(_) => name,
        };
        Ok(Source { name, text: text.into() })
    }
}

/// The path without `.` and, where that is certain, without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) && !is_link(&out) =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_symlink())
}
