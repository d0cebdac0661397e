//! Definitions and references: what is named, and where.

use crate::span::{SourceId, Span};
use crate::syntax::ast::{ItemKind, Name};

/// An index into [`Index::definitions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefinitionId(pub usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefinitionKind {
    Column,
    Label,
    Weight,
    Prediction,
    Param,
    Let,
    Event,
    Group,
    Relation,
    Constraint,
    /// The name of a `use`.
    Alias,
    Metric,
    Parameter,
    Binder,
    /// Of a column, a label, or a group of events.
    Level,
}

impl DefinitionKind {
    /// What a declaration names.
    pub(super) fn named(item: &ItemKind) -> Option<(DefinitionKind, &Name)> {
        let kind = match item {
            ItemKind::Column(_) => DefinitionKind::Column,
            ItemKind::Label(_) => DefinitionKind::Label,
            ItemKind::Weight(_) => DefinitionKind::Weight,
            ItemKind::Predict(_) => DefinitionKind::Prediction,
            ItemKind::Param(_) => DefinitionKind::Param,
            ItemKind::Let(_) => DefinitionKind::Let,
            ItemKind::Event(_) => DefinitionKind::Event,
            ItemKind::Group(_) => DefinitionKind::Group,
            ItemKind::Relation(_) => DefinitionKind::Relation,
            ItemKind::Constraint(_) => DefinitionKind::Constraint,
            ItemKind::Metric(_) => DefinitionKind::Metric,
            ItemKind::Use(used) => return used.alias.as_ref().map(|alias| (DefinitionKind::Alias, alias)),
            ItemKind::Import(_) => return None,
        };
        Some((kind, item.name()?))
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            DefinitionKind::Column => "column",
            DefinitionKind::Label => "label",
            DefinitionKind::Weight => "weight",
            DefinitionKind::Prediction => "prediction",
            DefinitionKind::Param => "param",
            DefinitionKind::Let => "expression",
            DefinitionKind::Event => "event",
            DefinitionKind::Group => "group",
            DefinitionKind::Relation => "relation",
            DefinitionKind::Constraint | DefinitionKind::Alias => "constraint",
            DefinitionKind::Metric => "metric",
            DefinitionKind::Parameter => "parameter",
            DefinitionKind::Binder => "binder",
            DefinitionKind::Level => "level",
        }
    }
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    pub kind: DefinitionKind,
    pub name: String,
    /// The name, backticks included.
    pub span: Span,
    /// The whole declaration; of a binder its quantifier.
    pub declaration: Span,
    /// The doc comment.
    pub doc: String,
    /// What it belongs to: a level to its column, a parameter to its metric.
    pub owner: Option<DefinitionId>,
    /// Where the header in the data comes from.
    pub header: Header,
}

/// The header that a column reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// It reads none.
    None,
    /// It is the name.
    Name,
    /// Written behind `from`.
    From,
}

/// A place where a name stands, its declaration among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub span: Span,
    pub definition: DefinitionId,
}

/// All names of a compilation.
#[derive(Clone, Debug, Default)]
pub struct Index {
    pub definitions: Vec<Definition>,
    /// By place, ascending, each once.
    pub(super) references: Vec<Reference>,
}

impl Index {
    pub fn get(&self, id: DefinitionId) -> Option<&Definition> {
        self.definitions.get(id.0)
    }

    /// The name at a place; behind its last letter counts.
    pub fn at(&self, source: SourceId, offset: usize) -> Option<Reference> {
        let around = |reference: &&Reference| reference.span.touches(source, offset);
        // A name that begins here rather than one that ends here.
        self.references.iter().filter(around).max_by_key(|reference| reference.span.start).copied()
    }

    /// All places of a name, its declaration among them, in source order.
    pub fn places(&self, id: DefinitionId) -> impl Iterator<Item = Span> + '_ {
        self.references.iter().filter(move |reference| reference.definition == id).map(|reference| reference.span)
    }

    /// Whether the same names stand for the same definitions in the same order, wherever they stand.
    pub fn means_the_same(&self, other: &Index) -> bool {
        let meanings =
            |index: &Index| index.references.iter().map(|reference| reference.definition).collect::<Vec<_>>();
        meanings(self) == meanings(other)
    }

    /// The references in a file, by place.
    pub fn in_source(&self, source: SourceId) -> &[Reference] {
        let start = self.references.partition_point(|reference| reference.span.source < source);
        let end = self.references.partition_point(|reference| reference.span.source <= source);
        self.references.get(start..end).unwrap_or_default()
    }

    /// The definition whose name stands at exactly this place.
    pub fn defined_at(&self, span: Span) -> Option<DefinitionId> {
        self.definitions.iter().position(|definition| definition.span == span).map(DefinitionId)
    }

    /// The levels of a column, a label, or a group of events.
    pub fn levels(&self, owner: DefinitionId) -> impl Iterator<Item = DefinitionId> + '_ {
        // They stand right behind it.
        let behind = self.definitions.iter().enumerate().skip(owner.0 + 1);
        let of =
            move |definition: &Definition| definition.kind == DefinitionKind::Level && definition.owner == Some(owner);
        behind.take_while(move |(_, definition)| of(definition)).map(|(at, _)| DefinitionId(at))
    }
}
