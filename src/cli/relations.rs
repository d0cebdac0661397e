//! `--relation near=pairs.csv`: the tables of relations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::Trouble;
use super::input::Spec;
use super::stop::{Failure, Stop};
use crate::bind::{EncodeOptions, PairTable, Relations};
use crate::data::Source;
use crate::language::program::Program;
use crate::language::words::{listed, nearest};
use crate::source::beside;
use crate::tasks::Use;

/// One `NAME=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairFile {
    pub relation: String,
    pub path: PathBuf,
}

/// Reads `near=pairs.csv`.
pub fn parse(text: &str) -> Result<PairFile, String> {
    match text.split_once('=') {
        Some((name, file)) if !name.trim().is_empty() && !file.is_empty() => {
            Ok(PairFile { relation: super::setting::name_of(name), path: file.into() })
        }
        _ => Err("write it as `NAME=FILE`, for example `near=pairs.csv`".to_owned()),
    }
}

/// Reads the tables of the relations of a program, where these are wanted.
pub fn give(
    options: &mut EncodeOptions,
    given: &[PairFile],
    usage: Use<'_>,
    spec: &Spec,
    program: &Program,
) -> Result<(), Trouble> {
    known(given, program)?;
    if usage.takes_pairs().is_err() {
        return Ok(());
    }
    let mut tables = BTreeMap::new();
    for relation in &program.relations {
        let named = given.iter().rev().find(|file| file.relation == relation.name);
        let path = match (named, &relation.file) {
            (Some(named), _) => named.path.clone(),
            (None, Some(file)) => beside(Path::new(&spec.name), file)?,
            (None, None) => continue,
        };
        let source = Source::open(&path, None).map_err(Stop::from)?;
        let table = PairTable::read(program, relation, &source).map_err(Trouble::Faults)?;
        tables.insert(relation.name.clone(), table);
    }
    options.relations = Relations::Given(Arc::new(tables));
    Ok(())
}

/// Fails where a relation is named that the spec does not have.
fn known(given: &[PairFile], program: &Program) -> Result<(), Failure> {
    let names: Vec<&str> = program.relations.iter().map(|relation| relation.name.as_str()).collect();
    let Some(unknown) = given.iter().find(|file| !names.contains(&file.relation.as_str())) else { return Ok(()) };
    let message = format!("no constraint of the spec is about a relation `{}`", unknown.relation);
    let help = match nearest(&unknown.relation, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "leave out `--relation`".to_owned(),
        None => format!("the relations are {}", listed(&names, usize::MAX)),
    };
    Err(Failure::new(message, help))
}

/// Fails where rows are about pairs, which a command `does not know`.
#[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "commands that need libtorch ask"))]
pub fn none(program: &Program, words: &str) -> Result<(), Failure> {
    match program.relations.first() {
        None => Ok(()),
        Some(relation) => Err(Failure::new(
            format!("rows are about the pairs of `{}`, which {words}", relation.name),
            "leave the constraint out of this spec, and project with it afterwards",
        )),
    }
}
