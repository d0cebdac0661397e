//! `--relation near=pairs.csv`: the tables of relations.

use std::path::PathBuf;

use super::fault::Trouble;
use super::form::Form;
use super::front::COMMAND_LINE;
use super::input::Spec;
#[cfg_attr(not(feature = "torch"), allow(unused_imports, reason = "commands that need libtorch ask"))]
use super::stop::Failure;
use crate::bind::EncodeOptions;
use crate::language::program::Program;
use crate::source::{GivenPairs, NoPairs, give_pairs};

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
    form: &Form,
    spec: &Spec,
    program: &Program,
) -> Result<(), Trouble> {
    // Of two with one name the last counts, as of other options.
    let given = given.iter().map(|file| (file.relation.clone(), GivenPairs::File(file.path.clone())));
    give_pairs(options, given.collect(), &form.dialect(), spec, program, &COMMAND_LINE).map_err(|error| match error {
        NoPairs::Faults(errors) => Trouble::Faults(errors),
        NoPairs::Failed(failure) => failure.into(),
    })
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
