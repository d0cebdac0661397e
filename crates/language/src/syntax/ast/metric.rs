//! Metrics and their parameters.

use super::{Call, Expr, Level, Name, Statement};
use crate::span::Span;

/// `metric balance(attr: group, y: label {0, 1}, tol: number >= 0 = 5%) where prediction in [0, 1] = ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    pub name: Name,
    pub parameters: Vec<Parameter>,
    /// What the metric needs of the spec.
    pub needs: Option<Needs>,
    pub body: MetricBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricBody {
    Statement(Statement),
    /// `use demographic_parity(attr, tol)`.
    Use(Call),
}

/// One parameter of a metric; without a kind it stands for whatever the body can use.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub kind: Option<ParameterKind>,
    pub default: Option<Expr>,
}

/// What may be passed for a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterKind {
    pub kind: Accepts,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Accepts {
    /// A categorical column, a label or a group; with levels, one that has exactly these.
    Group(Option<Vec<Level>>),
    /// A label; with levels, one that has exactly these.
    Label(Option<Vec<Level>>),
    /// A column, or an expression of columns.
    Column,
    /// A number, a param, or an aggregate.
    Number(Option<Limits>),
    Event,
    /// A level of what is passed for another parameter.
    LevelOf(Name),
}

/// `in [0, 1]`, `>= 0`: an interval, each end of which may be open.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub lower: f64,
    pub upper: f64,
    /// `>` or `<`: the finite end itself is left out.
    pub open: bool,
    pub span: Span,
}

/// `where prediction in [0, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    /// `prediction`; the checker refuses anything else.
    pub name: Name,
    pub limits: Limits,
}
