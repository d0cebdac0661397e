//! Where an expression stands, which decides what may stand there.

/// Where a number stands: decides between per-sample values and aggregates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a constraint: aggregates.
    Batch,
    /// Under `each`: per-sample values.
    Each,
    /// In an aggregate: per-sample values.
    Inside,
    /// In an event: per-sample data.
    Event,
    /// In a `where` or another place that is decided when compiling.
    Where,
}

/// Whether an event may read data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Data,
    /// The `where` of a quantifier: binders, levels and numbers.
    Binders,
}

impl Reads {
    pub(super) fn place(self) -> Place {
        match self {
            Reads::Data => Place::Event,
            Reads::Binders => Place::Where,
        }
    }
}
