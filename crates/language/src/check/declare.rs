//! Declarations: every name gets its id before any expression is looked at, so order in the file does not matter.

use std::collections::HashMap;

use crate::hir::{Column, ColumnId, Param, ParamId, Prediction, Weight};
use crate::interval::Interval;
use crate::program::{ColumnType, Level, beyond_doubles};
use crate::span::Span;
use crate::syntax::ast;

use super::{
    Checker, EventDeclaration, Finding, GroupDeclaration, Kind, MetricDeclaration, Progress, Symbol, TableDeclaration,
    Unit, UnitOrigin,
};

impl<'a> Checker<'a> {
    pub(super) fn declare(&mut self, units: &[Unit<'a>]) {
        for unit in units {
            for item in &unit.file.items {
                self.declare_item(item, unit.origin);
            }
            for broken in &unit.file.broken {
                self.declare_broken(broken);
            }
        }
        self.unique_headers();
        self.label_as_prediction();
        self.settle_relations();
        self.settle_lets();
        for index in 0..self.events.len() {
            self.resolve_event(index, Span::default());
        }
        for index in 0..self.groups.len() {
            self.resolve_group(index, Span::default());
        }
        for index in 0..self.tables.len() {
            self.resolve_table(index, Span::default());
        }
        self.check_lets();
        // Events and groups mention labels too; those mentions belong to no constraint.
        self.mentions.clear();
    }

    /// The name is known to exist; nothing more is said of it.
    fn declare_broken(&mut self, broken: &'a ast::Broken) {
        self.broken_prediction |= broken.keyword == "predict";
        let Some(name) = &broken.name else { return };
        match broken.keyword {
            "metric" => {
                self.broken_metrics.insert(&name.text);
            }
            "constraint" => {}
            _ => {
                self.broken.insert(&name.text);
            }
        }
    }

    fn declare_item(&mut self, item: &'a ast::Item, origin: UnitOrigin) {
        match &item.kind {
            ast::ItemKind::Column(column) => self.declare_column(column, false),
            ast::ItemKind::Label(column) => self.declare_column(column, true),
            ast::ItemKind::Weight(weight) => self.declare_weight(weight),
            ast::ItemKind::Predict(column) => self.declare_prediction(column),
            ast::ItemKind::Param(param) => self.declare_param(param),
            ast::ItemKind::Let(named) => self.declare_let(named, item.span),
            ast::ItemKind::Event(event) => {
                if self.claim(&event.name, Symbol::Event(self.events.len()), "event") {
                    self.events.push(EventDeclaration { event, progress: Progress::Waiting });
                }
            }
            ast::ItemKind::Group(group) => {
                if self.claim(&group.name, Symbol::Group(self.groups.len()), "group") {
                    self.groups.push(GroupDeclaration { group, progress: Progress::Waiting });
                }
            }
            ast::ItemKind::Relation(relation) => self.declare_relation(relation),
            ast::ItemKind::Metric(metric) => self.declare_metric(metric, &item.doc, origin),
            ast::ItemKind::Constraint(_) | ast::ItemKind::Use(_) | ast::ItemKind::Import(_) => {}
        }
    }

    /// Takes a name of the value namespace; false (and reported) if it is taken.
    pub(super) fn claim(&mut self, name: &'a ast::Name, symbol: Symbol, what: &'static str) -> bool {
        if let Some((_, first)) = self.names.get(name.text.as_str()) {
            let finding = Finding::new(Kind::DuplicateName { what, name: name.text.clone() }, name.span)
                .with(*first, "first declared here");
            self.report(finding);
            return false;
        }
        self.names.insert(&name.text, (symbol, name.span));
        true
    }

    fn declare_column(&mut self, column: &'a ast::Column, label: bool) {
        if matches!(column.ty, ast::Type::Key { .. }) {
            return self.declare_key(column, label);
        }
        let what = if label { "label" } else { "column" };
        let id = ColumnId(self.hir.columns.len());
        if !self.claim(&column.name, Symbol::Column(id), what) {
            return;
        }
        let Some(ty) = self.column_type(&column.ty) else {
            self.names.remove(column.name.text.as_str());
            self.broken.insert(&column.name.text);
            return;
        };
        self.hir.columns.push(Column {
            name: column.name.text.clone(),
            header: column.from.as_ref().unwrap_or(&column.name).text.clone(),
            label,
            ty,
            nullable: column.nullable,
            span: column.name.span,
        });
    }

    pub(super) fn column_type(&mut self, ty: &'a ast::Type) -> Option<ColumnType> {
        match ty {
            ast::Type::Categorical { levels, span } => {
                if levels.is_empty() {
                    let reason = "name at least one level".into();
                    return self.refuse(Kind::EmptyDomain { reason }, *span);
                }
                self.unique_levels(levels)?;
                let level = |level: &ast::Level| Level { text: level.text.clone(), number: level.number };
                Some(ColumnType::Categorical(levels.iter().map(level).collect()))
            }
            ast::Type::Real { range, .. } => Some(ColumnType::Real(self.range(range.as_ref())?)),
            ast::Type::Int { range, .. } => Some(ColumnType::Int(self.range(range.as_ref())?)),
            // Keys are declared apart.
            ast::Type::Key { .. } => None,
        }
    }

    /// Refuses a list that holds a level twice, by text or by value.
    pub(super) fn unique_levels(&mut self, levels: &[ast::Level]) -> Option<()> {
        // Equal numbers have equal bits but for the two zeros.
        type Key<'t> = Result<(u64, Option<i128>), &'t str>;
        let mut seen: HashMap<Key<'_>, Span> = HashMap::new();
        for level in levels {
            let key: Key<'_> = match level.number {
                Some(number) => Ok(((number + 0.0).to_bits(), beyond_doubles(&level.text, number))),
                None => Err(&level.text),
            };
            if let Some(first) = seen.insert(key, level.span) {
                let kind = Kind::DuplicateName { what: "level", name: level.text.clone() };
                self.report(Finding::new(kind, level.span).with(first, "first written here"));
                return None;
            }
        }
        Some(())
    }

    pub(super) fn range(&mut self, range: Option<&ast::Range>) -> Option<Interval> {
        let Some(range) = range else { return Some(Interval::ALL) };
        let (lower, upper) = (range.lower.value, range.upper.value);
        if lower > upper || lower == f64::INFINITY || upper == f64::NEG_INFINITY {
            let what = format!("`{}`", self.text(range.span));
            return self.refuse(Kind::EmptyInterval { what }, range.span);
        }
        Some(Interval { lower, upper })
    }

    fn declare_weight(&mut self, weight: &'a ast::Weight) {
        if let Some(first) = self.weight_span {
            let kind = Kind::DuplicateName { what: "weight", name: weight.name.text.clone() };
            self.report(Finding::new(kind, weight.name.span).with(first, "a spec has at most one weight"));
        } else if self.claim(&weight.name, Symbol::Weight, "weight") {
            self.weight_span = Some(weight.name.span);
            let header = weight.from.as_ref().unwrap_or(&weight.name).text.clone();
            self.hir.weight = Some(Weight { name: weight.name.text.clone(), header });
        }
    }

    fn declare_prediction(&mut self, column: &'a ast::Column) {
        if let Some(first) = self.prediction_span {
            let finding = Finding::new(Kind::ManyPredictions, column.name.span).with(first, "the first is here");
            self.report(finding);
            return;
        }
        if !self.claim(&column.name, Symbol::Prediction, "prediction") {
            return;
        }
        self.prediction_span = Some(column.name.span);
        if column.nullable {
            let hint = "remove the `?`: a missing prediction cannot be made fair".to_string();
            self.wrong_kind(column.ty.span(), "nullable", "a prediction for every sample", Some(hint));
        }
        let decision = column.ty.is_decision();
        let range = match &column.ty {
            ast::Type::Real { range, .. } => self.range(range.as_ref()),
            ast::Type::Categorical { .. } if decision => Some(Interval { lower: 0.0, upper: 1.0 }),
            ast::Type::Categorical { span, .. } | ast::Type::Int { span, .. } | ast::Type::Key { span } => {
                self.prediction_refused = true;
                let hint = match &column.ty {
                    ast::Type::Categorical { .. } => {
                        "declare `real in [0, 1]` for scores, or `{0, 1}` for decisions, which are 0 and 1 in the data too"
                    }
                    _ => "declare `real in [0, 1]` for scores, or `{0, 1}` for decisions",
                };
                let hint = hint.to_string();
                self.wrong_kind(*span, "neither real nor a decision", "a score or a decision", Some(hint));
                None
            }
        };
        self.hir.prediction = Some(Prediction {
            name: column.name.text.clone(),
            header: column.from.as_ref().unwrap_or(&column.name).text.clone(),
            range: range.unwrap_or(Interval::ALL),
            decision,
        });
    }

    pub(super) fn wrong_kind(&mut self, span: Span, found: &str, expected: &str, hint: Option<String>) {
        let text = self.text(span);
        let kind = Kind::WrongKind { text, found: found.into(), expected: expected.into(), hint };
        self.report(Finding::new(kind, span));
    }

    fn declare_param(&mut self, param: &'a ast::Param) {
        let symbol = match &param.value {
            ast::ParamValue::One(_) => Symbol::Param(ParamId(self.hir.params.len())),
            ast::ParamValue::Table(_) => Symbol::Table(self.tables.len()),
        };
        if !self.claim(&param.name, symbol, "param") {
            return;
        }
        let declared = param.range.as_ref();
        match &param.value {
            ast::ParamValue::One(value) => {
                let range = self.range(declared).unwrap_or(Interval::ALL);
                self.push_param(param.name.text.clone(), value, range, declared);
            }
            ast::ParamValue::Table(table) => {
                let progress = Progress::Waiting;
                self.tables.push(TableDeclaration { name: &param.name, table, range: declared, progress });
            }
        }
    }

    pub(super) fn push_param(
        &mut self,
        name: String,
        value: &ast::Bound,
        range: Interval,
        declared: Option<&ast::Range>,
    ) {
        let (span, value) = (value.span, value.value);
        if !value.is_finite() {
            self.wrong_kind(span, "infinite", "a finite number", None);
        } else if !range.contains(value) {
            let Interval { lower, upper } = range;
            let mut finding = Finding::new(Kind::ParamOutOfRange { name: name.clone(), value, lower, upper }, span);
            if let Some(declared) = declared {
                finding = finding.with(declared.span, "the range");
            }
            self.report(finding);
        }
        self.hir.param_places.insert(name.clone(), ParamId(self.hir.params.len()));
        let percent = self.sources.text(span).ends_with('%');
        self.hir.params.push(Param { name, value, percent, range });
    }

    fn declare_metric(&mut self, metric: &'a ast::Metric, doc: &'a str, origin: UnitOrigin) {
        let mut seen: HashMap<&str, &ast::Parameter> = HashMap::new();
        for parameter in &metric.parameters {
            if let Some(first) = seen.insert(&parameter.name.text, parameter) {
                let kind = Kind::DuplicateName { what: "parameter", name: parameter.name.text.clone() };
                self.report(Finding::new(kind, parameter.name.span).with(first.name.span, "first declared here"));
            }
        }
        match self.metrics.get(metric.name.text.as_str()) {
            Some(known) if origin != UnitOrigin::Library && known.origin != UnitOrigin::Library => {
                let kind = Kind::DuplicateName { what: "metric", name: metric.name.text.clone() };
                let first = known.metric.name.span;
                self.report(Finding::new(kind, metric.name.span).with(first, "first declared here"));
            }
            Some(known) if known.origin != UnitOrigin::Library => {}
            Some(_) | None => {
                self.metrics.insert(&metric.name.text, MetricDeclaration { metric, doc, origin });
            }
        }
    }

    /// Told at the name that seems to be meant, else at the first constraint.
    pub(super) fn require_prediction(&mut self, units: &[Unit<'a>]) {
        let declared = self.hir.prediction.is_some() || self.broken_prediction || self.incomplete;
        if declared {
            return;
        }
        let items = units.iter().filter(|unit| unit.origin != UnitOrigin::Library).flat_map(|unit| &unit.file.items);
        let names = items.filter_map(|item| match &item.kind {
            ast::ItemKind::Constraint(constraint) => Some(constraint.name.span),
            ast::ItemKind::Use(used) => Some(used.call.span),
            ast::ItemKind::Column(_)
            | ast::ItemKind::Label(_)
            | ast::ItemKind::Weight(_)
            | ast::ItemKind::Predict(_)
            | ast::ItemKind::Param(_)
            | ast::ItemKind::Let(_)
            | ast::ItemKind::Event(_)
            | ast::ItemKind::Group(_)
            | ast::ItemKind::Relation(_)
            | ast::ItemKind::Metric(_)
            | ast::ItemKind::Import(_) => None,
        });
        let root = units.first().map(|unit| Span::new(unit.source, 0, 0)).unwrap_or_default();
        let missing = self.missing_prediction.clone();
        let needed = missing.as_ref().map(|name| name.span).or(names.into_iter().next());
        // Nothing needs one so far, and what could not be read may be meant as one.
        let unread = || units.iter().flat_map(|unit| &unit.file.broken).any(|broken| broken.keyword.is_empty());
        if needed.is_none() && unread() {
            return;
        }
        let span = needed.unwrap_or(root);
        let name = missing.map_or_else(|| "score".to_string(), |name| name.text);
        self.report(Finding::new(Kind::NoPrediction { name }, span));
    }

    /// One header, one column: otherwise two declarations could disagree on what its values mean.
    fn unique_headers(&mut self) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut findings = Vec::new();
        let columns = self.hir.columns.iter().map(|column| (column.header.as_str(), column.span));
        for (header, span) in columns.chain(self.keys.iter().map(|key| (key.header, key.name.span))) {
            if let Some(first) = seen.insert(header, span) {
                let kind = Kind::DuplicateHeader { header: header.to_string() };
                findings.push(Finding::new(kind, span).with(first, "first read here"));
            }
        }
        self.findings.extend(findings);
    }

    /// A column may also be the prediction, such as an old score that bins are made from; a label may not, since every
    /// comparison of the two would be of a column with itself.
    fn label_as_prediction(&mut self) {
        let (Some(prediction), Some(span)) = (&self.hir.prediction, self.prediction_span) else { return };
        let Some(label) = self.hir.columns.iter().find(|column| column.label && column.header == prediction.header)
        else {
            return;
        };
        let kind = Kind::LabelPredicted {
            prediction: prediction.name.clone(),
            header: prediction.header.clone(),
            label: label.name.clone(),
        };
        let finding = Finding::new(kind, span).with(label.span, "the label is read here");
        self.report(finding);
    }
}
