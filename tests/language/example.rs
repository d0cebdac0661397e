//! Examples in Markdown: fenced blocks with words that say what they should do.
//!
//! ````text
//! ```fair passes                   compiles without any finding; so does a block that says nothing
//! ```fair fails=E0401              compiles to exactly this finding
//! ```fair parses                   declarations without a whole spec around them: no syntax error
//! ```fair file=common.fair         a file that the next example imports
//! ```csv file=people.csv           a table for the next example, named by its `data=people.csv`
//! ```json fails=E0601              a compiled spec that is refused
//! ````
//!
//! A comment of carets marks the text that the first label of the finding underlines, in the line above it; carets in
//! several lines mark all from the first to the last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairc::language::program::Program;
use fairc::language::span::{Source, Span};
use fairc::language::syntax::import::Loader;
use fairc::language::syntax::parse;
use fairc::{Compilation, compile};

/// What an example should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Passes,
    Parses,
    Fails(String),
}

/// A block under test, with the files that stand before it.
#[derive(Clone, Debug)]
pub struct Example {
    /// `docs/errors/E0401.md:12`.
    pub place: String,
    pub language: String,
    pub expected: Expected,
    pub name: String,
    pub text: String,
    pub files: BTreeMap<String, String>,
    pub data: Option<String>,
}

/// A fenced block.
struct Block {
    line: usize,
    words: Vec<String>,
    text: String,
}

impl Block {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    fn value(&self, key: &str) -> Option<String> {
        self.words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('=').map(str::to_string))
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Checks that a document ends in this text behind a mark, or with `FAIRC_UPDATE_DOCS` set makes it so.
pub fn same_after_mark(path: &str, mark: &str, expected: &str) {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let (head, tail) = text.split_once(mark).unwrap_or_else(|| panic!("{path} has no line {mark}"));
    if tail != expected && std::env::var_os("FAIRC_UPDATE_DOCS").is_some() {
        std::fs::write(root().join(path), format!("{head}{mark}{expected}")).unwrap();
    } else {
        assert_eq!(tail, expected, "{path} is out of date: run the tests with FAIRC_UPDATE_DOCS=1");
    }
}

/// All Markdown files of the documentation, by their paths in the repository.
pub fn documents() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("docs"), root().join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "book") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.extend(["README.md"].map(|name| root().join(name)).into_iter().filter(|path| path.exists()));
    files.sort();
    files.iter().map(|path| (relative(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

/// The examples of a page.
pub fn examples(path: &str, page: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut files = BTreeMap::new();
    for block in blocks(page) {
        let place = format!("{path}:{}", block.line);
        let language = block.words.first().cloned().unwrap_or_default();
        let expected = match block.value("fails") {
            Some(code) => Some(Expected::Fails(code)),
            None if block.has("passes") => Some(Expected::Passes),
            None if block.has("parses") => Some(Expected::Parses),
            None if language == "fair" && block.value("file").is_none() => Some(Expected::Passes),
            None => None,
        };
        let name = block.value("file");
        match (expected, name) {
            (Some(expected), name) => examples.push(Example {
                place,
                language,
                expected,
                name: name.unwrap_or_else(|| "spec.fair".into()),
                data: block.value("data"),
                text: block.text,
                files: std::mem::take(&mut files),
            }),
            (None, Some(name)) => {
                files.insert(name, block.text);
            }
            (None, None) => {}
        }
    }
    assert!(files.is_empty(), "{path}: a file that belongs to no example");
    examples
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in page.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            if !open {
                let words = info.split_whitespace().map(str::to_string).collect();
                blocks.push(Block { line: index + 1, words, text: String::new() });
            }
            open = !open;
        } else if let Some(block) = blocks.last_mut().filter(|_| open) {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!open, "a fence is not closed");
    blocks
}

impl Example {
    /// Does what it should, or the reason why not.
    pub fn run(&self) -> Result<(), String> {
        match (self.language.as_str(), &self.expected) {
            ("json", Expected::Fails(code)) => self.artefact(code),
            ("fair", Expected::Parses) => {
                let errors = parse(Default::default(), &self.text).errors;
                if errors.is_empty() { Ok(()) } else { Err(format!("{errors:?}")) }
            }
            ("fair", expected) if self.data.is_some() => {
                self.findings(None)?;
                self.with_data(expected)
            }
            ("fair", Expected::Passes) => self.findings(None),
            ("fair", Expected::Fails(code)) => self.findings(Some(code)),
            (language, expected) => Err(format!("a block of `{language}` cannot be {expected:?}")),
        }
    }

    fn artefact(&self, code: &str) -> Result<(), String> {
        match Program::from_artefact(&self.text) {
            Ok(_) => Err("is accepted".into()),
            Err(error) if error.code().0 == code => Ok(()),
            Err(error) => Err(format!("{}: {error}", error.code().0)),
        }
    }

    /// Compiles without a finding; then the data pass, or are refused with exactly the expected code.
    #[cfg(feature = "data")]
    fn with_data(&self, expected: &Expected) -> Result<(), String> {
        let code = match expected {
            Expected::Fails(code) => Some(code.as_str()),
            Expected::Passes | Expected::Parses => None,
        };
        let found = match self.project() {
            Ok(Projected::Optimal { .. }) => vec![],
            Ok(Projected::Infeasible) => vec!["E0801 infeasible".to_string()],
            Err(errors) => errors,
        };
        let matches = match (code, found.as_slice()) {
            (None, []) => true,
            (Some(code), [only]) => only.starts_with(code),
            _ => false,
        };
        if matches { Ok(()) } else { Err(format!("should give {code:?}, and gives {found:?}")) }
    }

    #[cfg(not(feature = "data"))]
    fn with_data(&self, _: &Expected) -> Result<(), String> {
        Ok(())
    }

    /// Binds and projects the data of the example.
    #[cfg(feature = "data")]
    fn project(&self) -> Result<Projected, Vec<String>> {
        let name = self.data.as_deref().unwrap_or_default();
        let text = self.files.get(name).ok_or_else(|| vec![format!("has no data `{name}`")])?;
        let source = fairc::data::Source::from_stream(name, text.as_bytes(), fairc::data::Format::Csv);
        let program = self.compile().program.ok_or_else(|| vec!["does not compile".to_string()])?;
        project(&program, &source.map_err(|error| vec![error.to_string()])?, &self.files)
    }

    pub fn compile(&self) -> Compilation {
        compile(Source { name: self.name.clone(), text: self.text.as_str().into() }, self)
    }

    fn findings(&self, code: Option<&str>) -> Result<(), String> {
        let compilation = self.compile();
        let describe = || {
            let line = |d: &fairc::language::diagnostic::Diagnostic| {
                let at = d.labels.first().map_or("", |label| compilation.sources.text(label.span));
                format!("  {}: {} at {at:?}", d.code.0, d.message)
            };
            compilation.diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        match (code, compilation.diagnostics.as_slice()) {
            (Some("W0106"), []) => self.redundancy(&compilation),
            (None, []) => match redundant(&compilation).first() {
                None => Ok(()),
                Some((name, _)) => Err(format!("`{name}` is implied by other constraints")),
            },
            (Some(code), [only]) if only.code.0 == code => {
                let found = only.labels.first().map(|label| label.span).unwrap_or_default();
                let found = (compilation.sources.name(found.source).to_string(), found);
                let marks = self.marks();
                // The error pages show every place; another page may leave it to the output that it shows.
                if marks.is_empty() && !self.place.starts_with("docs/errors/") {
                    return Ok(());
                }
                let [(name, start, end)] = marks.as_slice() else {
                    return Err(format!("marks {} places, and should mark one", marks.len()));
                };
                let marked = Span::new(found.1.source, *start, *end);
                if found == (name.clone(), marked) { Ok(()) } else { Err(format!("is underlined at\n{}", describe())) }
            }
            _ => Err(format!("should give {code:?}, and gives\n{}", describe())),
        }
    }

    /// A constraint is marked that others imply.
    fn redundancy(&self, compilation: &Compilation) -> Result<(), String> {
        let found = redundant(compilation);
        let marks = self.marks();
        match (found.first(), &marks[..]) {
            (None, _) if cfg!(feature = "analyze") => Err("should give W0106".into()),
            (Some((_, place)), [(_, start, end)]) if *place == (*start, *end) => Ok(()),
            (Some((name, place)), marks) => Err(format!("`{name}` at {place:?} is found, and {marks:?} is marked")),
            (None, _) => Ok(()),
        }
    }

    /// The places marked by carets: file, start and end.
    fn marks(&self) -> Vec<(String, usize, usize)> {
        let own = (&self.name, &self.text);
        self.files
            .iter()
            .chain([own])
            .filter_map(|(name, text)| marked(text).map(|(a, b)| (name.clone(), a, b)))
            .collect()
    }
}

/// What became of the predictions in a table.
#[cfg(feature = "data")]
pub enum Projected {
    Optimal {
        /// The largest change of a prediction.
        moved: f64,
    },
    Infeasible,
}

/// Projects the predictions of a table; or what is wrong with it, code first.
#[cfg(feature = "data")]
pub fn project(
    program: &Program,
    data: &fairc::data::Source,
    files: &BTreeMap<String, String>,
) -> Result<Projected, Vec<String>> {
    use fairc::bind::{BindError, EncodeOptions, PairTable, Params, Relations, Samples, encode};
    use fairc::runtime::project::{Settings, Status};

    let params = Params::defaults(program);
    let mut tables = BTreeMap::new();
    for relation in &program.relations {
        let Some((name, text)) = relation.file.as_ref().and_then(|file| files.get_key_value(file)) else { continue };
        let source = fairc::data::Source::from_stream(name, text.as_bytes(), fairc::data::Format::Csv);
        let source = source.map_err(|error| vec![error.to_string()])?;
        let table = PairTable::read(program, relation, &source).map_err(|errors| vec![format!("{errors:?}")])?;
        tables.insert(relation.name.clone(), table);
    }
    let options = EncodeOptions {
        prediction: Some(program.prediction.header.clone()),
        relations: Relations::Given(tables.into()),
        ..EncodeOptions::default()
    };
    let describe = |errors: Vec<BindError>| {
        errors.iter().map(|error| format!("{} {error}", error.code().unwrap_or_default())).collect::<Vec<_>>()
    };
    let encoded = encode(program, &params, data, &options, &mut |_, _| {}).map_err(describe)?;
    let bound = encoded.bind_convex(&params, &Samples::All).map_err(describe)?;
    let raw = encoded.prediction().unwrap_or_default();
    let settings = Settings::default();
    let projection = bound
        .project(&mut fairc::runtime::project::Projector::new(), raw, &settings)
        .map_err(|e| vec![e.to_string()])?;
    match projection.status {
        Status::Optimal => {
            let changes = projection.y.iter().zip(raw).map(|(new, old)| (new - old).abs());
            Ok(Projected::Optimal { moved: changes.fold(0.0, f64::max) })
        }
        Status::Infeasible(_) => Ok(Projected::Infeasible),
        status => Err(vec![format!("{status:?}")]),
    }
}

/// From the first caret to the last, in terms of the lines above them.
fn marked(text: &str) -> Option<(usize, usize)> {
    let mut place: Option<(usize, usize)> = None;
    let mut above = (0, "");
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let is_mark = line.contains('^')
            && line.trim_end().strip_prefix('#').is_some_and(|rest| rest.chars().all(|c| c == ' ' || c == '^'));
        if is_mark {
            let byte = |column: usize| above.1.char_indices().nth(column).map_or(above.1.len(), |(at, _)| at);
            let first = above.0 + byte(line.find('^')?);
            let last = above.0 + byte(line.rfind('^')? + 1);
            place = Some((place.map_or(first, |(start, _)| start), last));
        } else {
            above = (offset, line.trim_end_matches('\n'));
        }
        offset += line.len();
    }
    place
}

impl Loader for Example {
    fn load(&self, _: &str, path: &str) -> Result<Source, String> {
        if path == self.name {
            return Ok(Source { name: self.name.clone(), text: self.text.as_str().into() });
        }
        match self.files.get(path) {
            Some(text) => Ok(Source { name: path.into(), text: text.as_str().into() }),
            None => Err("no such file".into()),
        }
    }
}

/// The constraints with rows that others imply, and where they stand.
#[cfg(feature = "analyze")]
fn redundant(compilation: &Compilation) -> Vec<(String, (usize, usize))> {
    let Some(program) = &compilation.program else { return Vec::new() };
    let found = fairc::analyze::redundant::without_data(program);
    let rows = found.iter().filter_map(|one| program.rows[one.row].origins.first());
    let place = |name: &String| {
        let constraint = compilation.hir.constraints.iter().find(|constraint| constraint.name == *name).unwrap();
        (constraint.body_span.start as usize, constraint.body_span.end as usize)
    };
    rows.map(|origin| (origin.constraint.clone(), place(&origin.constraint))).collect()
}

#[cfg(not(feature = "analyze"))]
fn redundant(_: &Compilation) -> Vec<(String, (usize, usize))> {
    Vec::new()
}
