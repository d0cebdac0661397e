//! The checker: names, shapes, kinds, signs and curvature. `Ast → Hir`.
//!
//! The question it answers is whether every constraint is a set of linear inequalities in the prediction. It is the
//! discipline of *disciplined convex programming* (Grant, Boyd, Ye 2006) cut down to what has an exact linear form:
//!
//! * an expression is **constant** (data and params alone), **affine** in the prediction, or **piecewise linear**
//!   through `abs`, `max` and `min`, which may stand only where `convex <= concave` needs them;
//! * signs come from interval arithmetic over the declared bounds (they decide whether a ratio may be cleared of its
//!   denominator, and which way a factor turns a convex expression);
//! * a product, power or nonlinear function of the prediction, or an event that the prediction decides, is refused.
//!
//! For example, in `2 * |E[score | sex == female] - E[score]| <= eps`, the means are affine with range [0, 1], their
//! difference has range [-1, 1], the absolute value is convex, the factor 2 is not negative, so the left side is
//! convex, and `eps` is constant, so concave: accepted.
//!
//! A mistake gives one finding: an expression that could not be checked is `None` and nothing more is said of what
//! contains it.

mod aggregate;
mod argument;
mod arithmetic;
mod bend;
mod call_range;
mod cases;
mod category;
mod constraint;
mod declare;
mod domain;
mod elsewhere;
mod error;
mod event;
mod fold;
mod foreign;
mod forgotten;
mod group;
mod indicator;
mod kind;
mod level;
mod limits;
mod membership;
mod metric;
mod name;
mod named;
mod nonlinear;
mod number;
mod pairs;
mod parameter;
mod place;
mod quotient;
mod raw;
mod relation;
mod spelling;
mod table;
mod table_order;
mod unused;
mod using;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::hir::{BinderId, ColumnId, GroupId, Hir, ParamId, TableId};
use super::span::{SourceId, Sources, Span, quote};
use super::syntax::ast;

pub use error::{Finding, Kind};
pub(crate) use spelling::one_unknown_name;

/// How many levels a message lists.
const MOST_LISTED: usize = 8;

/// One parsed file of a compilation.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    pub source: SourceId,
    pub file: &'a ast::File,
    pub origin: UnitOrigin,
}

/// What a file is to the compilation: unused names are reported for the root alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitOrigin {
    Root,
    Imported,
    /// A file of the standard library; its metrics give way to the user's of the same name.
    Library,
}

/// What the checker made of the units.
#[derive(Clone, Debug)]
pub struct Checked {
    pub hir: Hir,
    /// In no particular order; may repeat a place.
    pub findings: Vec<Finding>,
}

/// What was lost before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// An import is missing, or a declaration of which not even the name is known: unknown names are not reported, since
    /// they may have been declared there.
    pub incomplete: bool,
    /// There were syntax errors.
    pub refused: bool,
}

/// Checks all units as one namespace.
pub fn check<'a>(sources: &'a Sources, units: &[Unit<'a>], reading: Reading) -> Checked {
    let mut checker = Checker::new(sources, reading.incomplete);
    checker.declare(units);
    checker.definitions();
    checker.constraints(units);
    checker.require_prediction(units);
    checker.mark_used_groups();
    if !reading.incomplete {
        checker.nothing_lost(reading);
        checker.unused(reading.refused);
    }
    Checked { hir: checker.hir, findings: checker.findings }
}

/// What a name of the value namespace stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Symbol {
    Column(ColumnId),
    Prediction,
    Weight,
    Param(ParamId),
    /// An index into [`Checker::tables`].
    Table(usize),
    /// An index into [`Checker::lets`]; the expression is what stands for it.
    Let(usize),
    /// An index into [`Checker::events`].
    Event(usize),
    /// An index into [`Checker::groups`].
    Group(usize),
    /// An index into [`Checker::keys`].
    Key(usize),
    /// An index into [`Checker::relations`].
    Relation(usize),
}

/// How far a definition that may refer to others has been checked.
#[derive(Clone, Debug)]
enum Progress<T> {
    Waiting,
    Running,
    /// `None` where it has an error, which has been reported.
    Done(Option<T>),
}

struct EventDeclaration<'a> {
    event: &'a ast::Event,
    /// With the columns and labels that it reads.
    progress: Progress<(super::hir::Event, Vec<ColumnId>)>,
}

struct GroupDeclaration<'a> {
    group: &'a ast::Group,
    progress: Progress<GroupId>,
}

/// A table of params.
struct TableDeclaration<'a> {
    name: &'a ast::Name,
    table: &'a ast::Table,
    range: Option<&'a ast::Range>,
    progress: Progress<(TableId, Rc<[category::Category]>)>,
}

/// A metric with the unit that it comes from.
#[derive(Clone, Copy)]
struct MetricDeclaration<'a> {
    metric: &'a ast::Metric,
    doc: &'a str,
    origin: UnitOrigin,
}

/// The metric whose body is being checked, and the call that asked for it.
struct Call<'a> {
    metric: &'a ast::Metric,
    library: bool,
    /// One for each parameter.
    passed: Vec<Passed<'a>>,
    /// The call as its caller wrote it.
    span: Span,
    /// The call of the metric in whose body this one stands.
    caller: Option<Rc<Call<'a>>>,
    /// A number among the arguments is out of its limits, which has been reported.
    outside: bool,
}

/// What a parameter stands for.
#[derive(Clone)]
enum Passed<'a> {
    /// An argument, with the call in whose scope its names are; `None` for the declarations.
    Argument { expr: &'a ast::Expr, scope: Option<Rc<Call<'a>>> },
    /// Something of its kind, while the definition is checked.
    Standin(Standin<'a>),
}

#[derive(Clone, Copy)]
enum Standin<'a> {
    Symbol(Symbol),
    /// The kind does not say enough to check what reads it. As a number it is this column or param.
    Open {
        kind: Option<&'a ast::Accepts>,
        number: Option<Symbol>,
    },
}

/// What names mean at a place beyond the declarations: the binders in scope, and the parameters of a metric.
#[derive(Clone, Default)]
struct Env<'a> {
    binders: Vec<(&'a str, BinderId)>,
    call: Option<Rc<Call<'a>>>,
}

struct Checker<'a> {
    sources: &'a Sources,
    incomplete: bool,
    hir: Hir,
    findings: Vec<Finding>,
    names: HashMap<&'a str, (Symbol, Span)>,
    /// Names whose declaration has an error: references to them are not reported.
    broken: HashSet<&'a str>,
    /// Those of them that are binders of the statement at hand.
    poisoned: Vec<&'a str>,
    lets: Vec<named::LetDeclaration<'a>>,
    /// The uses of named expressions that are being checked, innermost last.
    let_uses: Vec<named::LetUse>,
    /// Each use of a named expression, with its declaration.
    let_places: HashMap<Span, Span>,
    events: Vec<EventDeclaration<'a>>,
    groups: Vec<GroupDeclaration<'a>>,
    tables: Vec<TableDeclaration<'a>>,
    keys: Vec<pairs::KeyDeclaration<'a>>,
    relations: Vec<pairs::RelationDeclaration<'a>>,
    /// Set while a statement about pairs is checked.
    pair: Option<pairs::PairScope<'a>>,
    metrics: HashMap<&'a str, MetricDeclaration<'a>>,
    /// The column that `raw(..)` reads, once something does.
    raw_id: Option<ColumnId>,
    constraints: HashMap<String, Span>,
    used: HashSet<Symbol>,
    used_metrics: HashSet<&'a str>,
    /// Whether a metric's definition has no error; `None` while it is being checked.
    metrics_checked: HashMap<&'a str, Option<bool>>,
    /// How many of them are.
    metrics_open: usize,
    /// Binders over the levels of a parameter that only its argument will tell.
    open_binders: HashSet<BinderId>,
    /// The names of the domains that binders run over, for what is said of their values.
    domains: HashMap<BinderId, String>,
    /// Unknown names already reported.
    unknown: HashSet<String>,
    /// In a spec without prediction, the name that seems to be meant.
    missing_prediction: Option<ast::Name>,
    /// Columns and labels mentioned since the last reset, in order.
    mentions: Vec<(ColumnId, Span)>,
    /// Whether the statement at hand has had its finding about a per-sample value.
    sample_value_reported: bool,
    /// A constraint that could not be read to its end; an error says why.
    lost: Option<Span>,
    /// The comparison at hand.
    compared: Option<nonlinear::Compared<'a>>,
    call: Option<Rc<Call<'a>>>,
    /// How many definitions are being checked, each for the sake of the one before.
    definitions: usize,
    effort: limits::Effort,
    /// The domain at hand, whose ends may depend on binders if it is a range.
    top_domain: Option<Span>,
    /// For each binder, whether all of its values are numbers.
    numeric_binders: Vec<bool>,
    /// The levels of columns and groups, once asked for.
    levels: HashMap<category::Category, Rc<category::Levels>>,
    /// Where the prediction and the weight are declared.
    /// Metrics whose declaration could not be read.
    broken_metrics: HashSet<&'a str>,
    /// A prediction is declared, and could not be read.
    broken_prediction: bool,
    prediction_span: Option<Span>,
    /// It is declared as what no prediction is, which has been said.
    prediction_refused: bool,
    weight_span: Option<Span>,
}

impl<'a> Checker<'a> {
    fn new(sources: &'a Sources, incomplete: bool) -> Self {
        Checker {
            sources,
            incomplete,
            hir: Hir::default(),
            findings: Vec::new(),
            names: HashMap::new(),
            broken: HashSet::new(),
            poisoned: Vec::new(),
            lets: Vec::new(),
            let_uses: Vec::new(),
            let_places: HashMap::new(),
            events: Vec::new(),
            groups: Vec::new(),
            tables: Vec::new(),
            keys: Vec::new(),
            relations: Vec::new(),
            pair: None,
            metrics: HashMap::new(),
            raw_id: None,
            constraints: HashMap::new(),
            used: HashSet::new(),
            used_metrics: HashSet::new(),
            metrics_checked: HashMap::new(),
            metrics_open: 0,
            open_binders: HashSet::new(),
            domains: HashMap::new(),
            unknown: HashSet::new(),
            missing_prediction: None,
            mentions: Vec::new(),
            sample_value_reported: false,
            lost: None,
            compared: None,
            call: None,
            definitions: 0,
            effort: limits::Effort::default(),
            top_domain: None,
            numeric_binders: Vec::new(),
            levels: HashMap::new(),
            broken_metrics: HashSet::new(),
            broken_prediction: false,
            prediction_span: None,
            prediction_refused: false,
            weight_span: None,
        }
    }

    /// Records a finding; inside a metric it is told from the side of the `use`.
    fn report(&mut self, finding: Finding) {
        let finding = self.told_at_use(finding);
        let finding = match &self.call {
            Some(call) => {
                let told = using::from_the_caller(finding, call, self.sources);
                // What is wrong with an argument is not mended in the metric.
                let fix = told.fix.clone().filter(|_| !call.library);
                told.mended(fix)
            }
            None => finding,
        };
        self.findings.push(finding);
    }

    fn refuse<T>(&mut self, kind: Kind, span: Span) -> Option<T> {
        self.report(Finding::new(kind, span));
        None
    }

    /// The source text under a span, on one line, shortened where long; in a metric's body with the arguments of its
    /// caller in place of the parameters.
    fn text(&self, span: Span) -> String {
        let mut call = self.call.as_deref();
        while let Some(inside) = call {
            if inside.metric.span().contains(span) {
                let prediction = self.hir.prediction.as_ref().map_or("prediction", |prediction| &prediction.name);
                return using::in_callers_words(span, inside, prediction, self.sources);
            }
            call = inside.caller.as_deref();
        }
        quote(self.sources, span)
    }
}
