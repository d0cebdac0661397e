//! No output is an input, and standard input is read once: asked before anything is opened.
//!
//! Files are compared as the system knows them, so that links and other spellings of a path do not hide one.

use std::fs;
use std::path::{Path, PathBuf};

use super::input::Spec;
use super::relations::PairFile;
use super::stop::Failure;
use crate::data::{STANDARD_STREAM, is_standard_input};
use crate::source::beside;

/// The files that a command names.
#[derive(Default)]
pub struct Files<'a> {
    /// Specs; what they import is read too.
    pub specs: Vec<&'a Path>,
    /// Other files that are read, and the option that names each.
    pub inputs: Vec<(&'static str, PathBuf)>,
    /// Files that are written, and the option that names each.
    pub outputs: Vec<(&'static str, PathBuf)>,
    /// The one input that may be written: its copy takes its place when it is whole.
    pub in_place: Option<&'a Path>,
}

impl<'a> Files<'a> {
    /// Files of a command that reads a spec and data.
    pub fn of(spec: &'a Path, data: &Path) -> Files<'a> {
        Files { specs: vec![spec], inputs: vec![("--data", data.to_path_buf())], ..Files::default() }
    }

    pub fn reads(mut self, option: &'static str, path: Option<&Path>) -> Files<'a> {
        self.inputs.extend(path.map(|path| (option, path.to_path_buf())));
        self
    }

    /// Files of a command that reads specs alone.
    pub fn of_specs(specs: impl IntoIterator<Item = &'a PathBuf>) -> Files<'a> {
        Files { specs: specs.into_iter().map(PathBuf::as_path).collect(), ..Files::default() }
    }

    /// The tables of relations that arguments name.
    pub fn pairs(mut self, tables: &[PairFile]) -> Files<'a> {
        self.inputs.extend(tables.iter().map(|table| ("--relation", table.path.clone())));
        self
    }

    pub fn writes(mut self, option: &'static str, path: Option<&Path>) -> Files<'a> {
        self.outputs.extend(path.map(|path| (option, path.to_path_buf())));
        self
    }

    /// Fails if a file is to be written that is read, or written twice, or if standard input is to be read twice.
    pub fn check(&self) -> Result<(), Failure> {
        self.standard_input()?;
        self.standard_output()?;
        if self.outputs.iter().any(|(_, path)| path == Path::new(STANDARD_STREAM)) && is_closed() {
            return Err(Failure::new("standard output is closed", "open it, or name a file"));
        }
        let written = self.outputs.iter().filter(|(_, path)| path != Path::new(STANDARD_STREAM));
        let written: Vec<_> = written.map(|(option, path)| (*option, path, Identity::of(path))).collect();
        for (place, (option, path, identity)) in written.iter().enumerate() {
            let shown = path.display();
            let refuse = |what: &str| {
                Err(Failure::new(format!("`{shown}` is {what} and the output of `{option}`"), "name another file"))
            };
            if let Some((other, ..)) = written.iter().take(place).find(|(_, _, other)| other == identity) {
                return refuse(&format!("the output of `{other}`"));
            }
            if self.in_place.is_some_and(|own| Identity::of(own) == *identity) {
                continue;
            }
            let mut inputs = self.inputs.iter();
            if let Some((input, _)) = inputs.find(|(_, input)| Identity::of(input) == *identity) {
                return refuse(&format!("the input of `{input}`"));
            }
            let within = |input: &Path| input.is_dir() && whole(path).starts_with(whole(input));
            if let Some((input, _)) = self.inputs.iter().find(|(_, input)| within(input)) {
                return refuse(&format!("in the folder that is the input of `{input}`"));
            }
            if self.specs.iter().any(|spec| Identity::of(spec) == *identity) {
                return refuse("the spec");
            }
            // Imports are known once the spec is read, which is only worth it if there is something to lose.
            if path.exists() && self.imports().iter().any(|import| Identity::of(import) == *identity) {
                return refuse("read by the spec");
            }
        }
        Ok(())
    }

    /// Standard input can be read once.
    fn standard_input(&self) -> Result<(), Failure> {
        let inputs = self.specs.iter().copied().chain(self.inputs.iter().map(|(_, path)| path.as_path()));
        match inputs.filter(|path| is_standard_input(path)).count() {
            0 | 1 => Ok(()),
            _ => Err(Failure::new(
                "standard input is named twice, and can be read once",
                "name a file in place of one of the two",
            )),
        }
    }

    /// A shell may append standard output to a file that is read, which then has no end.
    fn standard_output(&self) -> Result<(), Failure> {
        let Some(identity) = Identity::of_standard_output() else { return Ok(()) };
        match self.inputs.iter().find(|(_, input)| Identity::of(input) == identity) {
            Some((_, input)) => Err(Failure::new(
                format!("standard output is `{}`, which is read", input.display()),
                "name another file",
            )),
            None => Ok(()),
        }
    }

    fn imports(&self) -> Vec<PathBuf> {
        let specs = self.specs.iter().filter(|spec| spec.is_file());
        let read = specs.filter_map(|spec| Spec::read(spec).ok());
        let names = read.flat_map(|spec| {
            let sources = spec.sources().into_iter().flat_map(|sources| sources.iter());
            let imported = sources.map(|(_, source)| PathBuf::from(&source.name));
            let relations = spec.program().into_iter().flat_map(|program| &program.relations);
            let tables = relations.filter_map(|it| beside(Path::new(&spec.name), it.file.as_ref()?).ok());
            imported.chain(tables).collect::<Vec<_>>()
        });
        names.collect()
    }
}

/// Whether nobody opened standard output (`>&-`), so that what is written there is lost. The runtime of Rust then puts
/// `/dev/null` in its place, open for reading too, as shells do not open it; of those who do the same nobody wants data either.
#[cfg(target_os = "linux")]
fn is_closed() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    const NULL: u64 = 0x103;
    let file = std::io::stdout().as_fd().try_clone_to_owned().map(fs::File::from);
    let is_null = file.and_then(|file| file.metadata()).is_ok_and(|meta| meta.rdev() == NULL);
    let flags = fs::read_to_string("/proc/self/fdinfo/1").unwrap_or_default();
    let flags = flags.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
    // The two lowest bits are 2 for reading and writing.
    is_null && flags.is_some_and(|flags| flags & 3 == 2)
}

#[cfg(not(target_os = "linux"))]
fn is_closed() -> bool {
    false
}

/// What makes two paths one file.
#[derive(Debug)]
enum Identity {
    #[cfg(unix)]
    Inode(u64, u64),
    /// A file that is not there yet, or a system without numbers for files.
    Path(PathBuf),
    /// Pipes, terminals and `/dev/null` may be read and written at once.
    Stream,
}

impl PartialEq for Identity {
    fn eq(&self, other: &Identity) -> bool {
        match (self, other) {
            #[cfg(unix)]
            (Identity::Inode(device, number), Identity::Inode(d, n)) => (device, number) == (d, n),
            (Identity::Path(path), Identity::Path(other)) => path == other,
            _ => false,
        }
    }
}

impl Identity {
    /// Of standard output, if it goes to a file.
    #[cfg(unix)]
    fn of_standard_output() -> Option<Identity> {
        Identity::of_descriptor(&std::io::stdout())
    }

    /// Of standard input, which a shell may have opened from a file.
    #[cfg(unix)]
    fn of_standard_input() -> Option<Identity> {
        Identity::of_descriptor(&std::io::stdin())
    }

    #[cfg(not(unix))]
    fn of_standard_input() -> Option<Identity> {
        None
    }

    #[cfg(unix)]
    fn of_descriptor(stream: &impl std::os::fd::AsFd) -> Option<Identity> {
        use std::os::unix::fs::MetadataExt;
        let file = fs::File::from(stream.as_fd().try_clone_to_owned().ok()?);
        let meta = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Identity::Inode(meta.dev(), meta.ino()))
    }

    #[cfg(not(unix))]
    fn of_standard_output() -> Option<Identity> {
        None
    }

    fn of(path: &Path) -> Identity {
        if path == Path::new(STANDARD_STREAM) {
            return Identity::of_standard_input().unwrap_or(Identity::Stream);
        }
        match fs::metadata(path) {
            #[cfg(unix)]
            Ok(meta) if meta.is_file() => {
                use std::os::unix::fs::MetadataExt;
                Identity::Inode(meta.dev(), meta.ino())
            }
            Ok(meta) if !meta.is_file() && !meta.is_dir() => Identity::Stream,
            _ => Identity::Path(whole(path)),
        }
    }
}

/// The path from the root, without links as far as it exists.
fn whole(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (path.canonicalize(), parent.canonicalize(), path.file_name()) {
        (Ok(path), ..) => path,
        (Err(_), Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_no_input() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (spec, lib, data) = (path("a.fair"), path("lib.fair"), path("data.csv"));
        fs::write(&spec, "import \"lib.fair\"\n").unwrap();
        fs::write(&lib, "param k = 1\n").unwrap();
        fs::write(&data, "a\n").unwrap();
        fs::hard_link(&data, path("hard.csv")).unwrap();
        let refused = |option: &'static str, output: &Path| {
            let files = Files::of(&spec, &data).writes(option, Some(output));
            files.check().err().map(|failure| failure.message)
        };
        for (output, what) in [("data.csv", "input of `--data`"), ("hard.csv", "input"), ("a.fair", "the spec")] {
            assert!(refused("-o", &path(output)).is_some_and(|text| text.contains(what)), "{output}");
        }
        assert!(refused("-o", &folder.path().join("./data.csv")).is_some());
        assert!(refused("-o", &lib).is_some_and(|text| text.contains("read by the spec")));
        assert_eq!((refused("-o", &path("new.csv")), refused("-o", Path::new("-"))), (None, None));
        let twice = Files::default().writes("-o", Some(&path("new"))).writes("--state", Some(&path("./new")));
        assert!(twice.check().is_err());
        let in_place = Files { in_place: Some(&data), ..Files::of(&spec, &data) };
        assert!(in_place.writes("-o", Some(&data)).check().is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_and_devices_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let (data, link) = (folder.path().join("data.csv"), folder.path().join("link.csv"));
        fs::write(&data, "a\n").unwrap();
        std::os::unix::fs::symlink(&data, &link).unwrap();
        assert!(Files::default().reads("--data", Some(&data)).writes("-o", Some(&link)).check().is_err());
        let null = Path::new("/dev/null");
        assert!(Files::default().writes("-o", Some(null)).writes("--html", Some(null)).check().is_ok());
    }
}
