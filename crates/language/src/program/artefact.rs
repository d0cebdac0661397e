//! `*.fairc`: a [`Program`] as versioned JSON, deterministic to the byte.
//!
//! The schema is documented in `docs/canonical-form.md`. Two hashes guard a file: the fingerprint says what the rows mean
//! and does not depend on names; the checksum covers everything, names, places and docs included.

use serde::{Deserialize, Serialize};

use super::validate::Invalid;
use super::{Fingerprint, Program};
use crate::diagnostic::Code;

/// The newest version of the schema that this compiler reads. It writes the oldest that says all.
///
/// - 1: no sides of origins.
/// - 2: each origin has its own sides, and says which way round the row was written.
/// - 3: the prediction may be a decision; groups may leave samples over; rows under `each` may read the events of aggregates.
///   Without any of these version 2 is written.
/// - 4: there may be relations and rows about their pairs, and rows may have distances `|ŷ − c|` of predictions. Without any, version 2 or
///   3 is written.
pub const VERSION: u64 = 4;

#[derive(Serialize, Deserialize)]
struct Artefact {
    fairc: u64,
    fingerprint: Fingerprint,
    checksum: Fingerprint,
    program: Program,
}

/// Read before the rest, so that a newer file is not called damaged.
#[derive(Deserialize)]
struct Header {
    fairc: u64,
}

/// Why a text is no compiled spec that this compiler can use.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ArtefactError {
    /// No JSON, or JSON without a version.
    #[error("not a compiled spec: {reason}")]
    NotAnArtefact { reason: String },
    #[error("written in version {found} of the format, and this `fairc` reads up to version {VERSION}")]
    Newer { found: u64 },
    /// Version 1 does not say what each of several constraints asks for.
    #[error(
        "written in version 1 of the format, which does not say which side of the row of `{first}` and `{second}` is whose"
    )]
    Merged { first: String, second: String },
    /// A version that never was.
    #[error("version {found} of the format does not exist")]
    UnknownVersion { found: u64 },
    /// The version is right and the rest does not follow the schema.
    #[error("damaged: {reason}")]
    Malformed { reason: String },
    /// Follows the schema and makes no sense.
    #[error("damaged: {0}")]
    Invalid(#[from] Invalid),
    #[error("damaged: the content has {what} `{found}`, and the file says `{stated}`")]
    Mismatch { what: &'static str, stated: String, found: String },
}

impl ArtefactError {
    pub fn code(&self) -> Code {
        Code(match self {
            ArtefactError::Newer { .. } | ArtefactError::Merged { .. } => "E0601",
            ArtefactError::UnknownVersion { .. }
            | ArtefactError::Malformed { .. }
            | ArtefactError::Invalid(_)
            | ArtefactError::Mismatch { .. } => "E0602",
            ArtefactError::NotAnArtefact { .. } => "E0603",
        })
    }

    pub fn help(&self) -> &'static str {
        match self {
            ArtefactError::NotAnArtefact { .. } => "a compiled spec is written by `fairc compile SPEC -o OUT.fairc`",
            ArtefactError::Merged { .. } => "compile the spec again with this `fairc`",
            ArtefactError::Newer { .. } => "use a newer `fairc`, or compile the spec again with this one",
            ArtefactError::UnknownVersion { .. }
            | ArtefactError::Malformed { .. }
            | ArtefactError::Invalid(_)
            | ArtefactError::Mismatch { .. } => {
                "compile the spec again with `fairc compile`; the file is not meant to be edited"
            }
        }
    }
}

impl Program {
    /// The oldest version whose readers miss nothing.
    fn version(&self) -> u64 {
        let aggregates = self.sample_rows.iter().any(|row| !row.reads.is_empty());
        let newest = !self.relations.is_empty() || self.convex_row().is_some();
        match (newest, self.prediction.decision || !self.partitions.is_empty() || aggregates) {
            (true, _) => VERSION,
            (false, true) => 3,
            (false, false) => 2,
        }
    }

    /// The text of a `.fairc` file.
    pub fn to_artefact(&self) -> String {
        let artefact = Artefact {
            fairc: self.version(),
            fingerprint: self.fingerprint(),
            checksum: self.checksum(),
            program: self.clone(),
        };
        // Serialising plain data to a string cannot fail.
        let mut text = serde_json::to_string_pretty(&artefact).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a `.fairc` file. Any text is accepted or refused; a program that is returned is valid.
    pub fn from_artefact(text: &str) -> Result<Program, ArtefactError> {
        let header: Header =
            serde_json::from_str(text).map_err(|error| ArtefactError::NotAnArtefact { reason: error.to_string() })?;
        match header.fairc {
            1..=VERSION => {}
            0 => return Err(ArtefactError::UnknownVersion { found: 0 }),
            found => return Err(ArtefactError::Newer { found }),
        }
        let artefact: Artefact =
            serde_json::from_str(text).map_err(|error| ArtefactError::Malformed { reason: error.to_string() })?;
        let mut program = artefact.program;
        program.validate()?;
        let matches = |what, stated: Fingerprint, found: Fingerprint| {
            let (s, f) = (stated.short(), found.short());
            if stated == found { Ok(()) } else { Err(ArtefactError::Mismatch { what, stated: s, found: f }) }
        };
        matches("fingerprint", artefact.fingerprint, program.fingerprint())?;
        matches("checksum", artefact.checksum, program.checksum())?;
        if header.fairc == 1 {
            program.give_sides()?;
        }
        Ok(program)
    }

    /// The sides of rows to their only origins, as version 1 left them out.
    fn give_sides(&mut self) -> Result<(), ArtefactError> {
        let rows = self.rows.iter_mut().map(|row| (&mut row.origins, &row.lower, &row.upper));
        let samples = self.sample_rows.iter_mut().map(|row| (&mut row.origins, &row.lower, &row.upper));
        for (origins, lower, upper) in rows.chain(samples) {
            match &mut origins[..] {
                [only] => (only.lower, only.upper) = (lower.clone(), upper.clone()),
                [first, second, ..] => {
                    let (first, second) = (first.name.clone(), second.name.clone());
                    return Err(ArtefactError::Merged { first, second });
                }
                [] => {}
            }
        }
        Ok(())
    }

    /// BLAKE3 over the compact JSON of everything.
    fn checksum(&self) -> Fingerprint {
        Fingerprint::of(&serde_json::to_string(self).unwrap_or_default())
    }
}
