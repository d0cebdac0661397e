//! The checked tree as text: each node on a line of its own, with its curvature and range, so that one sees what the
//! checker proved.

use std::fmt::Write as _;

use crate::language::hir::{
    Component, Constraint, Curvature, Event, Expr, ExprKind, Hir, LevelRef, Quantifier, RelationKind,
};
use crate::language::interval::Interval;
use crate::language::program::ColumnType;
use crate::language::program::RAW;
use crate::language::span::{Sources, Span};

/// The tree; with `spans` each node also says where it stands.
pub fn hir(hir: &Hir, sources: &Sources, spans: bool) -> String {
    let mut printer = Printer { hir, sources: spans.then_some(sources), out: String::new(), depth: 0 };
    printer.declarations();
    for constraint in &hir.constraints {
        printer.constraint(constraint);
    }
    printer.out
}

struct Printer<'a> {
    hir: &'a Hir,
    sources: Option<&'a Sources>,
    out: String,
    depth: usize,
}

impl Printer<'_> {
    fn line(&mut self, text: &str, span: Option<Span>) {
        let place = match (self.sources, span) {
            (Some(sources), Some(span)) => {
                let at = sources.line_column(span.source, span.start);
                format!("  @ {}:{}:{}", sources.name(span.source), at.line, at.column)
            }
            (_, _) => String::new(),
        };
        let _infallible = writeln!(self.out, "{}{text}{place}", "  ".repeat(self.depth));
    }

    fn under(&mut self, work: impl FnOnce(&mut Self)) {
        self.depth += 1;
        work(self);
        self.depth -= 1;
    }

    fn declarations(&mut self) {
        let hir = self.hir;
        if let Some(prediction) = &hir.prediction {
            self.line(
                &format!(
                    "predict {}{} in {}",
                    prediction.name,
                    from(&prediction.name, &prediction.header),
                    if prediction.decision { "{0, 1}".to_owned() } else { range(prediction.range) }
                ),
                None,
            );
        }
        if let Some(weight) = &hir.weight {
            self.line(&format!("weight {}{}", weight.name, from(&weight.name, &weight.header)), None);
        }
        for column in hir.columns.iter().filter(|column| column.header != RAW) {
            let kind = if column.label { "label" } else { "column" };
            let ty = match &column.ty {
                ColumnType::Categorical(levels) => {
                    let texts: Vec<&str> = levels.iter().map(|level| level.text.as_str()).collect();
                    format!("{{{}}}", texts.join(", "))
                }
                ColumnType::Real(interval) => format!("real in {}", range(*interval)),
                ColumnType::Int(interval) => format!("int in {}", range(*interval)),
            };
            let nullable = if column.nullable { "?" } else { "" };
            let text = format!("{kind} {}{}: {ty}{nullable}", column.name, from(&column.name, &column.header));
            self.line(&text, Some(column.span));
        }
        for param in &hir.params {
            self.line(&format!("param {} = {} in {}", param.name, param.value, range(param.range)), None);
        }
        for group in &hir.groups {
            let levels: Vec<&str> = group.levels.iter().map(|level| level.text.as_str()).collect();
            self.line(&format!("group {}: {{{}}}", group.name, levels.join(", ")), None);
        }
    }

    fn constraint(&mut self, constraint: &Constraint) {
        let labels: Vec<&str> = constraint.labels.iter().map(|(column, _)| self.column(column.0)).collect();
        let needs = if labels.is_empty() { String::new() } else { format!(" (needs {})", labels.join(", ")) };
        self.line(&format!("constraint {}{needs}", constraint.name), Some(constraint.span));
        self.under(|printer| {
            for quantifier in &constraint.quantifiers {
                let text = printer.quantifier(quantifier);
                printer.line(&text, Some(quantifier.span));
            }
            if let Some(each) = &constraint.each {
                let text = format!("each where {}", printer.event(each));
                printer.line(&text, None);
            }
            for relation in &constraint.comparisons {
                let operator = match relation.kind {
                    RelationKind::LessEqual => "<=",
                    RelationKind::Equal => "==",
                };
                printer.line(operator, Some(relation.span));
                printer.under(|printer| {
                    printer.expr(&relation.left);
                    printer.expr(&relation.right);
                });
            }
        });
    }

    fn quantifier(&self, quantifier: &Quantifier) -> String {
        format!("forall {}", self.domain(quantifier))
    }

    fn domain(&self, quantifier: &Quantifier) -> String {
        let binder = |id: usize| self.hir.binders.get(id);
        let name = |id: usize| binder(id).map_or("?", |binder| binder.name.as_str());
        let values = |id: usize| {
            let values = binder(id).map_or(&[][..], |binder| &binder.values[..]);
            values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(", ")
        };
        let component = |component: &Component| match component {
            Component::Single(id) => format!("{} in {{{}}}", name(id.0), values(id.0)),
            Component::Pairs(a, b) => format!("({}, {}) in pairs {{{}}}", name(a.0), name(b.0), values(a.0)),
            Component::Adjacent(a, b) => format!("({}, {}) in adjacent {{{}}}", name(a.0), name(b.0), values(a.0)),
        };
        let components: Vec<String> = quantifier.components.iter().map(component).collect();
        let condition = quantifier.condition.as_ref().map(|event| format!(" where {}", self.event(event)));
        format!("{}{}", components.join(", "), condition.unwrap_or_default())
    }

    fn column(&self, id: usize) -> &str {
        self.hir.columns.get(id).map_or("?", |column| &column.name)
    }

    fn expr(&mut self, expr: &Expr) {
        let curvature = match expr.curvature {
            Curvature::Constant => "constant",
            Curvature::Affine => "affine",
            Curvature::Piecewise => "piecewise linear",
        };
        let (head, inside) = self.node(expr);
        self.line(&format!("{head} : {curvature} in {}", range(expr.range)), Some(expr.span));
        self.under(|printer| inside.into_iter().for_each(|inside| printer.expr(inside)));
    }

    /// What stands on the line of a node, and the nodes below it.
    fn node<'e>(&self, expr: &'e Expr) -> (String, Vec<&'e Expr>) {
        let plain = |head: &str, inside: Vec<&'e Expr>| (head.to_owned(), inside);
        let over = |head: &str, event: &Event| match event {
            Event::All => head.to_owned(),
            event => format!("{head} | {}", self.event(event)),
        };
        match &expr.kind {
            ExprKind::Number(value) => plain(&value.to_string(), Vec::new()),
            ExprKind::Param(id) => plain(self.hir.params.get(id.0).map_or("?", |param| &param.name), Vec::new()),
            ExprKind::ParamOf { table, at } => {
                let table = self.hir.tables.get(table.0).map_or("?", |table| &table.name);
                let level = |level: &LevelRef| match level {
                    LevelRef::Binder(binder) => self.binder(binder.0).to_owned(),
                    LevelRef::Level(value) => value.text.clone(),
                };
                let levels: Vec<String> = at.iter().map(level).collect();
                plain(&format!("{table}[{}]", levels.join(", ")), Vec::new())
            }
            ExprKind::Binder(id) => plain(self.binder(id.0), Vec::new()),
            ExprKind::Column(id) => plain(self.column(id.0), Vec::new()),
            ExprKind::SecondPrediction => plain("prediction of the second", Vec::new()),
            ExprKind::Prediction => {
                plain(self.hir.prediction.as_ref().map_or("prediction", |prediction| &prediction.name), Vec::new())
            }
            ExprKind::Negate(inner) => plain("-", vec![inner]),
            ExprKind::Add(terms) => plain("+", terms.iter().collect()),
            ExprKind::Multiply(left, right) => plain("*", vec![left, right]),
            ExprKind::Divide(left, right) => plain("/", vec![left, right]),
            ExprKind::Call(function, arguments) => plain(function.name(), arguments.iter().collect()),
            ExprKind::Mean { value, event } => (over("E", event), vec![value]),
            ExprKind::Sum { value, event } => (over("Sum", event), vec![value]),
            ExprKind::Count { event } => (over("N", event), Vec::new()),
            ExprKind::Probability { event, given } => (over(&format!("P {}", self.event(event)), given), Vec::new()),
            ExprKind::Covariance { left, right, event } => (over("Cov", event), vec![left, right]),
            ExprKind::Variance { value, event } => (over("Var", event), vec![value]),
            ExprKind::Indicator(event) => plain(&format!("[{}]", self.event(event)), Vec::new()),
            ExprKind::Fold { fold, over, value, .. } => {
                (format!("{} over {}", fold.name(), self.domain(over)), vec![value])
            }
        }
    }

    fn binder(&self, id: usize) -> &str {
        self.hir.binders.get(id).map_or("?", |binder| &binder.name)
    }

    fn event(&self, event: &Event) -> String {
        let level = |column: usize, index: &usize| match self.hir.columns.get(column).map(|column| &column.ty) {
            Some(ColumnType::Categorical(levels)) => levels.get(*index).map_or("?", |level| level.text.as_str()),
            Some(ColumnType::Real(_) | ColumnType::Int(_)) | None => "?",
        };
        let group = |id: usize| self.hir.groups.get(id);
        let joined = |events: &[Event], word: &str| {
            let texts: Vec<String> = events.iter().map(|event| self.event(event)).collect();
            format!("({})", texts.join(word))
        };
        let reference = |reference: &LevelRef| match reference {
            LevelRef::Binder(id) => self.binder(id.0).to_owned(),
            LevelRef::Level(value) => value.text.clone(),
        };
        match event {
            Event::All => "all".to_owned(),
            Event::Levels { column, levels } => match &levels[..] {
                [only] => format!("{} == {}", self.column(column.0), level(column.0, only)),
                several => {
                    let texts: Vec<&str> = several.iter().map(|index| level(column.0, index)).collect();
                    format!("{} in {{{}}}", self.column(column.0), texts.join(", "))
                }
            },
            Event::LevelOf { column, binder } => format!("{} == {}", self.column(column.0), self.binder(binder.0)),
            Event::Group { group: id, level } => {
                let name = group(id.0).map_or("?", |group| &group.name);
                let text = group(id.0).and_then(|group| group.levels.get(*level)).map_or("?", |level| &level.text);
                format!("{name} == {text}")
            }
            Event::GroupOf { group: id, binder } => {
                format!("{} == {}", group(id.0).map_or("?", |group| &group.name), self.binder(binder.0))
            }
            Event::Case { cases, place } => {
                let before: Vec<String> =
                    cases.iter().take(*place).map(|case| format!("not ({})", self.event(&case.event))).collect();
                let this = cases.get(*place).map(|case| self.event(&case.event));
                before.into_iter().chain(this).collect::<Vec<_>>().join(" and ")
            }
            Event::SameLevel { left, right } => format!("{} == {}", reference(left), reference(right)),
            Event::Compare { left, op, right } => {
                format!("{} {} {}", self.inline(left), op.symbol(), self.inline(right))
            }
            Event::And(events) => joined(events, " and "),
            Event::Or(events) => joined(events, " or "),
            Event::Not(event) => format!("not ({})", self.event(event)),
        }
    }

    /// An expression within an event, on one line.
    fn inline(&self, expr: &Expr) -> String {
        let (head, inside) = self.node(expr);
        if inside.is_empty() {
            return head;
        }
        let inside: Vec<String> = inside.into_iter().map(|inside| self.inline(inside)).collect();
        format!("({head} {})", inside.join(" "))
    }
}

fn from(name: &str, header: &str) -> String {
    if name == header { String::new() } else { format!(" from `{header}`") }
}

fn range(interval: Interval) -> String {
    // Adding zero turns -0 into 0.
    format!("[{}, {}]", interval.lower + 0.0, interval.upper + 0.0)
}
