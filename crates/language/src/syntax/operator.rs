//! The operators of expressions, and what folds and aggregates are called.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FoldKind {
    Max,
    Min,
    Sum,
    Mean,
}

impl FoldKind {
    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            FoldKind::Max => "max",
            FoldKind::Min => "min",
            FoldKind::Sum => "sum",
            FoldKind::Mean => "mean",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateKind {
    Mean,
    Sum,
    Count,
    Probability,
    Covariance,
    Variance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SumOp {
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProductOp {
    Times,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}
