//! A first spec for a table: its columns with the levels and ranges seen there, guesses at what they are for, and a
//! constraint to start from.
//!
//! ```text
//! table ─survey→ Seen ─shape→ type, or why there is none ─┐
//!                  └──roles→ prediction, labels, weight ──┴─draft→ text, which compiles
//! ```
//!
//! The types are chosen so that the table itself is read without a fault. What is a guess is marked as one, and a guessed
//! weight is not declared: it would change every number without a word.

mod draft;
mod roles;
mod shape;
mod survey;

use std::path::Path;

use self::roles::{Role, Why};
use self::shape::Shape;
use self::survey::Survey;
use super::columns_of;
use crate::data::{Source, undivided};
use crate::language::diagnostic::Severity;
use crate::source::{Failure, Spec};

/// A categorical column has fewer levels than this.
pub const MOST_LEVELS: usize = 50;

/// What the user knows of the columns, by their headers.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// The predictions.
    pub prediction: Option<String>,
    /// What groups are made of; a number is cut into bins.
    pub groups: Vec<String>,
    /// What is known in training and audits alone.
    pub labels: Vec<String>,
    /// How many samples a row stands for.
    pub weight: Option<String>,
}

impl InitOptions {
    /// All columns that were named, each with what it was named for.
    fn named(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let groups = self.groups.iter().map(|header| (header.as_str(), "group"));
        let labels = self.labels.iter().map(|header| (header.as_str(), "label"));
        let prediction = self.prediction.iter().map(|header| (header.as_str(), "prediction"));
        let weight = self.weight.iter().map(|header| (header.as_str(), "weight"));
        prediction.chain(weight).chain(labels).chain(groups)
    }
}

/// A first spec.
pub struct Drafted {
    /// The spec: it compiles without an error, and the table binds to it.
    pub text: String,
    /// Samples in the table.
    pub n: usize,
    pub columns: Vec<DraftedColumn>,
}

/// What became of a column.
pub struct DraftedColumn {
    pub header: String,
    /// `column`, `label`, `weight` or `prediction`; none of a column that is not declared.
    pub role: Option<&'static str>,
    /// Whether nobody said so; what nobody said anything of is a column, and no guess.
    pub guess: bool,
    /// Why the column is not declared, or what its declaration leaves out.
    pub note: Option<String>,
}

/// Drafts a spec; `progress` is told the bytes read and the bytes in all.
///
/// # Errors
/// The table cannot be read or has no rows; a header that seems to hold several columns as one; a column that was named is not there, has two roles, or cannot have its role.
pub fn init(source: &Source, options: &InitOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Drafted, Failure> {
    for (header, _) in options.named() {
        if !source.columns().iter().any(|column| column == header) {
            let message = format!("`{}` has no column `{header}`", source.name());
            let help = source.hint().unwrap_or_else(|| columns_of(source.columns(), Some(header)));
            return Err(Failure::new(message, help));
        }
    }
    if undivided(source.columns()).is_some() {
        return Err(Failure::new(format!("`{}` has one column", source.name()), source.hint().unwrap_or_default()));
    }
    one_role_each(options)?;
    let survey = Survey::of(source, options, progress)?;
    if survey.n == 0 {
        return Err(Failure::new(format!("`{}` has no rows", source.name()), "a header alone is no data"));
    }
    let columns = roles::assign(&survey, options)?;
    let text = draft::draft(source, &survey, &columns, options);
    let spec = Spec::of_text(Path::new("draft.fair"), "draft.fair", &text);
    if let Some(error) = spec.diagnostics().iter().find(|found| found.severity() == Severity::Error) {
        let message = format!("the spec that was drafted does not compile: {}", error.message);
        return Err(Failure::new(
            message,
            "this is a fault of `fairc`: please report it, with the names of the columns",
        ));
    }
    let columns = columns.into_iter().map(|column| DraftedColumn {
        role: column.shape.is_ok().then(|| column.role.name()),
        guess: column.why == Why::Guess && column.role != Role::Column,
        note: column.shape.err().or(column.note),
        header: column.header,
    });
    Ok(Drafted { text, n: survey.n, columns: columns.collect() })
}

/// A group may be a label; no other column has two roles.
fn one_role_each(options: &InitOptions) -> Result<(), Failure> {
    let named: Vec<(&str, &str)> = options.named().collect();
    for (place, (header, role)) in named.iter().enumerate() {
        let before = named.iter().take(place).find(|(other, _)| other == header);
        if let Some((_, other)) = before.filter(|(_, other)| other != role && (*other, *role) != ("label", "group")) {
            let message = format!("`{header}` is named as {other} and as {role}");
            return Err(Failure::new(message, "name another column for one of them"));
        }
    }
    Ok(())
}

/// A column of the draft.
struct Planned {
    header: String,
    role: Role,
    why: Why,
    /// Its type, or why it has none.
    shape: Result<Shape, String>,
    nullable: bool,
    /// What the type leaves out.
    note: Option<String>,
    /// Points that cut a number into bins, for a group.
    cuts: Vec<f64>,
}

impl Planned {
    /// Its levels, as the language writes them.
    fn levels(&self) -> Option<&[String]> {
        match &self.shape {
            Ok(Shape::Levels(levels)) => Some(levels),
            Ok(Shape::Int { .. } | Shape::Real { .. } | Shape::Unseen) | Err(_) => None,
        }
    }
}

/// Why a column cannot have the role that it was named for.
fn unfit(header: &str, role: &str, why: &str) -> Failure {
    Failure::new(format!("`{header}` can be no {role}: {why}"), "name another column")
}
