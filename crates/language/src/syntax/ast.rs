//! The abstract syntax tree: what the user wrote, with spans, before any name is looked up.
//!
//! One expression type serves numbers, levels and events alike, so that `(a + b) > c` and `(a > b)` need no
//! backtracking in the parser; the checker tells them apart. Chains of operators of one precedence level are kept flat
//! (`a + b - c` is one [`ExprKind::Sum`]), so the depth of a tree is the nesting that the user wrote, which the parser
//! limits.

mod metric;

use crate::span::Span;

pub use self::metric::{Accepts, Limits, Metric, MetricBody, Needs, Parameter, ParameterKind};
pub use super::operator::{AggregateKind, Comparison, FoldKind, ProductOp, SumOp};

/// One parsed file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub items: Vec<Item>,
    /// Declarations that could not be read.
    pub broken: Vec<Broken>,
}

/// What is known of a declaration that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// `column`, `metric`; empty if that is not known.
    pub keyword: &'static str,
    /// The name that it introduces.
    pub name: Option<Name>,
}

impl Broken {
    /// Nothing is known of what it introduces, so that any name may be.
    pub fn may_declare_anything(&self) -> bool {
        match self.keyword {
            "constraint" | "use" => false,
            "import" => true,
            _ => self.name.is_none(),
        }
    }
}

/// One declaration with its doc comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The text of the `##` lines just above, without the marks, lines joined by `\n`; empty if there is none.
    pub doc: String,
    /// From the keyword to the end of the declaration (doc comment excluded).
    pub span: Span,
    pub kind: ItemKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    Column(Column),
    /// Same shape as a column; known only in training and audits.
    Label(Column),
    Weight(Weight),
    Predict(Column),
    Param(Param),
    Let(Let),
    Event(Event),
    Group(Group),
    Relation(Relation),
    Constraint(Constraint),
    Metric(Metric),
    Use(Use),
    Import(Import),
}

impl ItemKind {
    /// The name that the declaration introduces.
    pub fn name(&self) -> Option<&Name> {
        match self {
            ItemKind::Column(column) | ItemKind::Label(column) | ItemKind::Predict(column) => Some(&column.name),
            ItemKind::Weight(weight) => Some(&weight.name),
            ItemKind::Param(param) => Some(&param.name),
            ItemKind::Let(named) => Some(&named.name),
            ItemKind::Event(event) => Some(&event.name),
            ItemKind::Group(group) => Some(&group.name),
            ItemKind::Relation(relation) => Some(&relation.name),
            ItemKind::Constraint(constraint) => Some(&constraint.name),
            ItemKind::Metric(metric) => Some(&metric.name),
            ItemKind::Use(_) | ItemKind::Import(_) => None,
        }
    }
}

/// A name as written; for a backticked name, `text` is without the backticks and `span` with them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// `column sex: {female, male}? from `Sex`` and the same for `label` and `predict`.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: Name,
    pub ty: Type,
    /// `?`: nulls and undeclared values are allowed.
    pub nullable: bool,
    /// The header in the data, where it differs from the name.
    pub from: Option<Name>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `{female, male}`, `{0, 1}`.
    Categorical { levels: Vec<Level>, span: Span },
    /// `real`, `real in [0, 120]`.
    Real { range: Option<Range>, span: Span },
    /// `int`, `int in [0, 10]`.
    Int { range: Option<Range>, span: Span },
    /// `key`: names a sample.
    Key { span: Span },
}

impl Type {
    pub fn span(&self) -> Span {
        match self {
            Type::Categorical { span, .. } | Type::Real { span, .. } | Type::Int { span, .. } | Type::Key { span } => {
                *span
            }
        }
    }

    /// `{0, 1}`, in either order, by value.
    pub fn is_decision(&self) -> bool {
        let Type::Categorical { levels, .. } = self else { return false };
        let mut numbers: Vec<Option<f64>> = levels.iter().map(|level| level.number).collect();
        numbers.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        numbers == [Some(0.0), Some(1.0)]
    }
}

/// A level as declared in a type: a name or a number (a leading minus included).
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// As written: `female`, `0`, `-1`, or the inside of backticks.
    pub text: String,
    /// The value where it is written as a number; backticked text is never a number.
    pub number: Option<f64>,
    pub span: Span,
}

/// `[lo, hi]`; an infinite end is `±inf`. Each end is a literal with an optional sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    pub lower: Bound,
    pub upper: Bound,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub value: f64,
    pub span: Span,
}

/// `weight w from header`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    pub name: Name,
    pub from: Option<Name>,
}

/// `param eps = 0.02 in [0, 1]`, `param tol[race] = {white: 2%, otherwise: 5%} in [0, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Name,
    pub value: ParamValue,
    pub range: Option<Range>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    One(Bound),
    Table(Table),
}

/// A param for each level of a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Categorical columns, labels or groups; of several the table has a param for each combination. Never empty.
    pub domains: Vec<Name>,
    /// As written; never empty.
    pub entries: Vec<Entry>,
    /// With the braces.
    pub span: Span,
}

/// `white: 2%`, `otherwise: 5%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The parts of the level, several for one of a product of groups; `None` is `otherwise`.
    pub level: Option<Vec<Level>>,
    pub value: Bound,
    /// What stands before the colon.
    pub key_span: Span,
    pub span: Span,
}

/// `let gain = y - cost * (1 - y)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    pub name: Name,
    pub value: Expr,
}

/// `event senior = age >= 60 or hours < 20`; a comma on the right means `and`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: Name,
    pub condition: Condition,
}

/// `group sex_race = sex * race`, `group age_band = bins(age, 25, 45, 65)`, `group minority = {yes: .., no: otherwise}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: Name,
    pub value: GroupValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupValue {
    /// A [`ExprKind::Call`] of `bins`, a name, or a [`ExprKind::Product`] of these.
    Expr(Expr),
    Cases(Cases),
}

/// Levels with their events.
#[derive(Clone, Debug, PartialEq)]
pub struct Cases {
    /// As written; never empty.
    pub cases: Vec<Case>,
    /// With the braces.
    pub span: Span,
}

/// `yes: race != white`, `no: otherwise`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub level: Level,
    /// `None` is `otherwise`.
    pub event: Option<Expr>,
    pub span: Span,
}

/// A comma list of events, all of which must hold; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub terms: Vec<Expr>,
    pub span: Span,
}

/// `relation near from "pairs.csv": (i, j) by id, distance: real in [0, inf]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub name: Name,
    /// The path, and the string literal with its quotes.
    pub file: Option<(String, Span)>,
    /// The columns whose keys name the two samples of a pair.
    pub binders: Vec<Name>,
    pub binders_span: Span,
    /// The column of the data that these keys are of.
    pub key: Name,
    /// The other columns of the file.
    pub columns: Vec<Column>,
}

/// `constraint parity (min_count = 30): forall .. : ..`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub name: Name,
    pub options: Vec<OptionSetting>,
    pub body: Statement,
}

/// `min_count = 30`, `when_empty = skip`: the checker knows which names and values there are.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionSetting {
    pub name: Name,
    pub value: Expr,
}

/// A metric and what is passed to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub metric: Name,
    pub arguments: Vec<Argument>,
    /// From the metric's name to the closing parenthesis of the arguments.
    pub span: Span,
}

/// `sex`, `tol = 2%`, `{sex, race}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter that it is for, where that is written.
    pub name: Option<Name>,
    pub value: ArgumentValue,
    /// With the name.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentValue {
    One(Expr),
    /// The metric is applied to each of these in turn; never empty.
    Each {
        groups: Vec<Expr>,
        span: Span,
    },
}

/// `use demographic_parity(sex, eps) as parity (min_count = 30)`; `as` and the options may be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub call: Call,
    pub alias: Option<Name>,
    pub options: Vec<OptionSetting>,
}

/// `import "common.fair"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub path: String,
    /// The string literal, quotes included.
    pub path_span: Span,
}

/// The body of a constraint or metric: quantifiers, then per sample or not, then a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub quantifiers: Vec<Quantifier>,
    /// `each`, with its `where` condition.
    pub each: Option<Each>,
    /// An [`ExprKind::Compare`] in every valid constraint; the checker says what is wrong with anything else.
    pub body: Expr,
}

/// `forall r in race:`, `forall (r, s) in race * race where r != s:`, and what a fold runs over.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantifier {
    pub binders: Vec<Name>,
    pub domain: Domain,
    pub condition: Option<Condition>,
    /// From `forall`, in a fold from the binders, to the end of the domain or its `where` (the colon excluded).
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    pub kind: DomainKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DomainKind {
    /// A categorical column, a label, a group, or a parameter of a metric.
    Name(Name),
    /// `{white, black}`, `{1, 2, 3}`; may be empty, which the checker refuses.
    Set(Vec<Level>),
    /// `a..b`, both ends included.
    Range(Box<Expr>, Box<Expr>),
    /// `pairs(D)`.
    Pairs(Box<Domain>),
    /// `adjacent(D)`.
    Adjacent(Box<Domain>),
    /// `D * E * ..`: two or more.
    Product(Vec<Domain>),
}

/// `each where age < 18:`, `each (i, j) in near:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// The pairs of a relation; single samples where there are none.
    pub pairs: Option<EachPair>,
    pub condition: Option<Condition>,
    /// From `each` to the end of its condition.
    pub span: Span,
}

/// `(i, j) in near`.
#[derive(Clone, Debug, PartialEq)]
pub struct EachPair {
    pub binders: Vec<Name>,
    pub binders_span: Span,
    pub relation: Name,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    /// Without surrounding parentheses for everything but [`ExprKind::Paren`].
    pub span: Span,
}

impl Expr {
    /// Without surrounding parentheses.
    pub fn bare(&self) -> &Expr {
        match &self.kind {
            ExprKind::Paren(inner) => inner.bare(),
            _ => self,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `5%` is 0.05; `text` as written (for the formatter and for levels). `inf` is a number.
    Number { value: f64, text: String },
    /// A column, label, prediction, param, event, group, level, binder or parameter of a metric; `i.level` is one name,
    /// with the point in it.
    Name(Name),
    /// `(e)`: kept, so that the formatter gives back what was written.
    Paren(Box<Expr>),
    /// `-e`.
    Negate(Box<Expr>),
    /// `not e`.
    Not(Box<Expr>),
    /// `a + b - c`: two or more terms, left-associative.
    Sum(Box<Expr>, Vec<(SumOp, Expr)>),
    /// `a * b / c`: two or more factors, left-associative.
    Product(Box<Expr>, Vec<(ProductOp, Expr)>),
    /// `a ^ b` or `a ** b`, right-associative.
    Power(Box<Expr>, Box<Expr>),
    /// `c +/- d`.
    PlusMinus(Box<Expr>, Box<Expr>),
    /// `a <= b <= c`: one or more operators, kept in one chain.
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    /// `race in {white, black}` or `not in`.
    In { value: Box<Expr>, levels: Vec<Level>, negated: bool },
    /// Two or more terms.
    And(Vec<Expr>),
    /// Two or more terms.
    Or(Vec<Expr>),
    /// `|e|`.
    Abs(Box<Expr>),
    /// `max(a, b)`, `bins(age, 25)`, any other name too: the checker knows which there are.
    Call { function: Name, arguments: Vec<Expr> },
    /// `tol[a]`: the param of a table for a level: a name, a number or a product of these. `score[i]` is written so too.
    Index { table: Name, levels: Vec<Expr> },
    /// `E[score | sex == female, income == 1]` and its kin.
    Aggregate(Box<Aggregate>),
    /// `[race == black]`: 1 in the event, 0 outside of it.
    Indicator(Condition),
    /// `max(a in race: E[score | race == a])`.
    Fold(Box<Fold>),
    /// Stands where a syntax error was; never reaches the checker.
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub kind: AggregateKind,
    /// The `E` alone.
    pub kind_span: Span,
    /// One expression, two for [`AggregateKind::Covariance`]; the checker counts them.
    pub arguments: Vec<Expr>,
    /// Behind the bar. `N[event]` has its event in `arguments`.
    pub condition: Option<Condition>,
}

/// A value put together from one for each element of a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    pub kind: FoldKind,
    /// The `max` alone.
    pub kind_span: Span,
    pub over: Quantifier,
    pub body: Expr,
}

/// The aggregate that is called so elsewhere: `mean` is `E`.
pub fn aggregate_called(word: &str) -> Option<&'static str> {
    super::habit::aggregate(word)
}
