//! The tables of relations: those that were handed over, else the files that the spec names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, Front, Spec, beside};
use crate::bind::{BindError, EncodeOptions, PairTable, Relations};
use crate::data::{Dialect, Source};
use crate::language::program::{Program, Relation};
use crate::language::words::{listed, nearest};

/// The pairs of a relation, as somebody hands them over.
#[derive(Debug)]
pub enum GivenPairs {
    Table(PairTable),
    File(PathBuf),
}

/// Why the tables of relations cannot be had.
#[derive(Debug)]
pub enum NoPairs {
    Faults(Vec<BindError>),
    Failed(Failure),
}

impl From<Failure> for NoPairs {
    fn from(failure: Failure) -> Self {
        NoPairs::Failed(failure)
    }
}

/// Reads the tables of the relations of a program, where these are wanted; `given` has some by name. Files of CSV have the dialect of the
/// data, but a header line of their own.
///
/// # Errors
/// A name that is no relation, and a table that cannot be read.
pub fn give_pairs(
    options: &mut EncodeOptions,
    mut given: BTreeMap<String, GivenPairs>,
    dialect: &Dialect,
    spec: &Spec,
    program: &Program,
    front: &Front,
) -> Result<(), NoPairs> {
    known(given.keys(), program, front)?;
    if !matches!(options.relations, Relations::Given(_)) {
        return Ok(());
    }
    let mut tables = BTreeMap::new();
    for relation in &program.relations {
        let path = match (given.remove(&relation.name), &relation.file) {
            (Some(GivenPairs::Table(table)), _) => {
                tables.insert(relation.name.clone(), table);
                continue;
            }
            (Some(GivenPairs::File(path)), _) => path,
            (None, Some(file)) => beside(Path::new(&spec.name), file)?,
            (None, None) => continue,
        };
        let source = Source::open_beside(&path, dialect).map_err(Failure::from)?;
        alike(program, relation, &source)?;
        let table = PairTable::read(program, relation, &source).map_err(NoPairs::Faults)?;
        tables.insert(relation.name.clone(), table);
    }
    options.relations = Relations::Given(Arc::new(tables));
    Ok(())
}

/// Fails where pairs have another delimiter than the data: to name it would be wrong for the data, which were read before.
fn alike(program: &Program, relation: &Relation, source: &Source) -> Result<(), Failure> {
    let ([only], [_, _, ..]) = (source.columns(), PairTable::headers_of(program, relation).as_slice()) else {
        return Ok(());
    };
    let Some(delimiter) = source.delimiter() else { return Ok(()) };
    let mark = if delimiter == b'\t' { "a tab".to_owned() } else { format!("`{}`", char::from(delimiter)) };
    Err(Failure::new(
        format!("the whole header of `{}` is one name, `{only}`", source.name()),
        format!("write the pairs with {mark} between their columns, as the data are read, or as Parquet or JSON Lines"),
    ))
}

/// Fails where a relation is named that the spec does not have.
fn known<'a>(mut given: impl Iterator<Item = &'a String>, program: &Program, front: &Front) -> Result<(), Failure> {
    let names: Vec<&str> = program.relations.iter().map(|relation| relation.name.as_str()).collect();
    let Some(unknown) = given.find(|name| !names.contains(&name.as_str())) else { return Ok(()) };
    let message = format!("no constraint of the spec is about a relation `{unknown}`");
    let help = match nearest(unknown, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("leave out {}", front.relations),
        None => format!("the relations are {}", listed(&names, usize::MAX)),
    };
    Err(Failure::new(message, help))
}
