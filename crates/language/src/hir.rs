//! The checked tree: names resolved to ids, metrics substituted, every expression with its shape, curvature and range.
//!
//! Types only. [`check`](super::check) makes it, [`lower`](super::lower) reads it. What stands here is valid: lowering
//! meets no product of predictions, no unknown level and no comparison in the wrong direction.

mod level_index;
mod questions;
mod size;

pub use level_index::LevelIndex;

use std::collections::HashMap;
use std::sync::Arc;

use super::interval::Interval;
use super::program::{ColumnType, Comparison, Enforce, Function, RowOptions};
use super::span::Span;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub usize);
    };
}
id!(
    /// An index into [`Hir::columns`].
    ColumnId
);
id!(
    /// An index into [`Hir::params`].
    ParamId
);
id!(
    /// An index into [`Hir::tables`].
    TableId
);
id!(
    /// An index into [`Hir::groups`].
    GroupId
);
id!(
    /// An index into [`Hir::binders`].
    BinderId
);
id!(
    /// An index into [`Hir::relations`].
    RelationId
);

/// A checked spec.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hir {
    /// `None` only where that is an error already reported.
    pub prediction: Option<Prediction>,
    pub weight: Option<Weight>,
    pub columns: Vec<Column>,
    pub params: Vec<Param>,
    /// Where each of them stands, by its name.
    pub param_places: HashMap<String, ParamId>,
    pub tables: Vec<Table>,
    pub groups: Vec<Group>,
    pub binders: Vec<Binder>,
    pub relations: Vec<PairTable>,
    pub constraints: Vec<Constraint>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub name: String,
    pub header: String,
    pub range: Interval,
    /// `{0, 1}`: decided, and nothing in between.
    pub decision: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    pub name: String,
    pub header: String,
}

impl Hir {
    pub fn param_named(&self, name: &str) -> Option<&Param> {
        self.param_places.get(name).and_then(|id| self.params.get(id.0))
    }
}

/// Ids are made by the checker, for what it puts in its lists.
macro_rules! index {
    ($id:ty, $list:ident, $thing:ty) => {
        impl std::ops::Index<$id> for Hir {
            type Output = $thing;

            fn index(&self, id: $id) -> &$thing {
                &self.$list[id.0]
            }
        }
    };
}

index!(ColumnId, columns, Column);
index!(ParamId, params, Param);
index!(TableId, tables, Table);
index!(GroupId, groups, Group);
index!(BinderId, binders, Binder);
index!(RelationId, relations, PairTable);

/// A column or a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub header: String,
    pub label: bool,
    pub ty: ColumnType,
    pub nullable: bool,
    pub span: Span,
}

/// Pairs of samples, from a table of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct PairTable {
    pub name: String,
    /// As written in the file that declares it.
    pub file: Option<String>,
    /// The header of the keys in the data.
    pub key: String,
    /// The headers of the keys of the first and of the second sample in its table.
    pub first: String,
    pub second: String,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: String,
    pub value: f64,
    /// The value was written with a `%`.
    pub percent: bool,
    pub range: Interval,
}

/// A param for each level of a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub name: String,
    /// The levels, in order; of several domains all combinations, the last domain fastest.
    pub levels: Arc<[Value]>,
    /// For each domain, whether its levels are those of a product of groups.
    pub products: Vec<bool>,
    /// The param of the first level; those of the others follow it.
    pub first: ParamId,
}

impl Table {
    /// The param of the level at this place.
    pub fn param(&self, level: usize) -> ParamId {
        ParamId(self.first.0 + level)
    }
}

/// A named partition: each level is an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    pub levels: Vec<GroupLevel>,
    /// The columns that its events read.
    pub reads: Vec<ColumnId>,
    /// Made of events, or bins of a column with nulls, that may leave samples over.
    pub partial: bool,
    /// Something reads it.
    pub used: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GroupLevel {
    /// Of a product its parts, joined so that no other parts give the same text.
    pub text: String,
    /// A level of a product of groups.
    pub product: bool,
    pub event: Event,
}

/// An event of a group that is made of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub level: String,
    pub event: Event,
    /// The level with its event.
    pub span: Span,
}

/// A bound variable of a `forall`.
#[derive(Clone, Debug, PartialEq)]
pub struct Binder {
    pub name: String,
    /// The values that it can take at its position of the domain, in order.
    pub values: Arc<[Value]>,
}

/// One value of a binder: a level, a number, or a level that is also a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub text: String,
    pub number: Option<f64>,
    /// Where it was written or declared.
    pub span: Span,
}

impl Value {
    /// Whether both are the same level.
    pub fn is(&self, other: &Value) -> bool {
        super::program::same_level((&self.text, self.number), (&other.text, other.number))
    }
}

/// A constraint, or one `use` of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub name: String,
    pub doc: String,
    /// The name in the source, for diagnostics that speak of the whole constraint.
    pub name_span: Span,
    /// The whole declaration.
    pub span: Span,
    /// The comparison, or the call in a `use`: what reports quote.
    pub body_span: Span,
    pub options: RowOptions,
    /// `enforce` as written, if it was.
    pub enforce: Option<Enforce>,
    pub quantifiers: Vec<Quantifier>,
    pub each: Option<Event>,
    /// Under `each`: the relation whose pairs it is for, if it is not for single samples.
    pub pairs: Option<RelationId>,
    /// `a <= e <= b` as its pairs.
    pub comparisons: Vec<Relation>,
    /// Each label that the constraint reads, with its first mention.
    pub labels: Vec<(ColumnId, Span)>,
}

/// `forall (r, s) in pairs(race) where ..`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantifier {
    /// Combined in full, the last one fastest.
    pub components: Vec<Component>,
    /// Over the binders in scope.
    pub condition: Option<Event>,
    pub span: Span,
    pub domain_span: Span,
}

/// One part of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Each value of the binder.
    Single(BinderId),
    /// Two binders over one list of values, the first before the second.
    Pairs(BinderId, BinderId),
    /// Two binders over one list of values, the first just before the second.
    Adjacent(BinderId, BinderId),
}

/// `left op right` with `op` one of `<=`, `==`; `>=` is turned around.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub kind: RelationKind,
    pub left: Expr,
    pub right: Expr,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    LessEqual,
    Equal,
}

/// One value for the whole batch, or one per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Aggregate,
    Sample,
}

/// How an expression depends on the prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curvature {
    /// Data: free of the prediction.
    Constant,
    /// Affine, or a ratio of affine expressions whose denominator has a proven sign.
    Affine,
    /// Made from affine ones by `abs`, `max` and `min`; convex or concave as its comparison needs it.
    Piecewise,
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
    /// `None` for what is the same for samples and batch: numbers, params, binders.
    pub shape: Option<Shape>,
    pub curvature: Curvature,
    /// The values that it can take, from the declared bounds.
    pub range: Interval,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Number(f64),
    Param(ParamId),
    /// The table's param for the levels that binders stand for, one for each domain; every value of a binder is a level of its
    /// domain.
    ParamOf {
        table: TableId,
        at: Vec<LevelRef>,
    },
    /// The number that a binder stands for.
    Binder(BinderId),
    Column(ColumnId),
    Prediction,
    /// That of the second sample of a pair; `Prediction` is that of the first.
    SecondPrediction,
    Negate(Box<Expr>),
    Add(Vec<Expr>),
    /// At most one factor reads the prediction.
    Multiply(Box<Expr>, Box<Expr>),
    /// The divisor is data, or of a sign that its range proves: affine, or alone with its quotient on a side of a comparison.
    Divide(Box<Expr>, Box<Expr>),
    /// Data only, but for `Abs`, `Max` and `Min`.
    Call(Function, Vec<Expr>),
    Mean {
        value: Box<Expr>,
        event: Event,
    },
    Sum {
        value: Box<Expr>,
        event: Event,
    },
    Count {
        event: Event,
    },
    Probability {
        event: Event,
        given: Event,
    },
    /// At most one of the two reads the prediction.
    Covariance {
        left: Box<Expr>,
        right: Box<Expr>,
        event: Event,
    },
    /// Data only.
    Variance {
        value: Box<Expr>,
        event: Event,
    },
    /// 1 for a sample in the event, 0 for others.
    Indicator(Event),
    /// A value put together from one for each element of a domain, as lowering expands it.
    Fold {
        fold: Fold,
        over: Box<Quantifier>,
        /// How many there are at most.
        elements: usize,
        /// The values of binders around it decide which they are.
        depends: bool,
        value: Box<Expr>,
    },
}

/// How the values of a fold are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Max,
    Min,
    Sum,
    Mean,
}

impl Fold {
    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Fold::Max => "max",
            Fold::Min => "min",
            Fold::Sum => "sum",
            Fold::Mean => "mean",
        }
    }
}

/// A predicate over one sample, or over binders alone (in `where`).
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    All,
    /// The column's value is one of these levels (indices into its declared levels).
    Levels {
        column: ColumnId,
        levels: Vec<usize>,
    },
    /// The column's value is the binder's level; every value of the binder is a level of the column.
    LevelOf {
        column: ColumnId,
        binder: BinderId,
    },
    /// The sample is in this level of the group.
    Group {
        group: GroupId,
        level: usize,
    },
    /// The sample is in the group's level that the binder stands for.
    GroupOf {
        group: GroupId,
        binder: BinderId,
    },
    /// The event at this place holds, and none before it; behind the last, none at all.
    Case {
        cases: Arc<[Case]>,
        place: usize,
    },
    /// Two binders, or a binder and a level, have the same text (numbers: the same value).
    SameLevel {
        left: LevelRef,
        right: LevelRef,
    },
    /// Per-sample data, or binders and numbers alone.
    Compare {
        left: Box<Expr>,
        op: Comparison,
        right: Box<Expr>,
    },
    And(Vec<Event>),
    Or(Vec<Event>),
    Not(Box<Event>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum LevelRef {
    Binder(BinderId),
    Level(Value),
}

impl Expr {
    /// A literal.
    pub fn number(value: f64, span: Span) -> Self {
        Expr {
            kind: ExprKind::Number(value),
            span,
            shape: None,
            curvature: Curvature::Constant,
            range: Interval::point(value),
        }
    }

    pub fn is_constant(&self) -> bool {
        self.curvature == Curvature::Constant
    }

    /// The binder of an expression of one binder and numbers alone, and its value for each value of the binder.
    pub fn of_one_binder(&self) -> Option<(BinderId, impl Fn(f64) -> f64 + '_)> {
        let mut binder = None;
        self.at(0.0, &mut binder)?;
        let of = move |value| {
            let mut binder = binder;
            self.at(value, &mut binder).unwrap_or(f64::NAN)
        };
        Some((binder?, of))
    }

    /// The value where the one binder, which is found on the way, has this value; none if anything else is read.
    fn at(&self, value: f64, binder: &mut Option<BinderId>) -> Option<f64> {
        match &self.kind {
            ExprKind::Number(number) => Some(*number),
            ExprKind::Binder(id) => (*binder.get_or_insert(*id) == *id).then_some(value),
            ExprKind::Negate(inner) => Some(-inner.at(value, binder)?),
            ExprKind::Add(terms) => terms.iter().map(|term| term.at(value, binder)).sum(),
            ExprKind::Multiply(left, right) => Some(left.at(value, binder)? * right.at(value, binder)?),
            ExprKind::Param(_)
            | ExprKind::ParamOf { .. }
            | ExprKind::Column(_)
            | ExprKind::Prediction
            | ExprKind::SecondPrediction
            | ExprKind::Divide(..)
            | ExprKind::Call(..)
            | ExprKind::Mean { .. }
            | ExprKind::Sum { .. }
            | ExprKind::Count { .. }
            | ExprKind::Probability { .. }
            | ExprKind::Covariance { .. }
            | ExprKind::Variance { .. }
            | ExprKind::Indicator(_)
            | ExprKind::Fold { .. } => None,
        }
    }
}
