//! What each name stands for: binders first, then the parameters of a metric, then the declarations, as the checker has it.
//! A level is one beside what has levels.

use std::collections::HashMap;

use super::symbols::{Definition, DefinitionId, DefinitionKind, Header, Index, Reference};
use crate::compile::Compilation;
use crate::hir::LevelIndex;
use crate::span::Span;
use crate::syntax::ast::{
    Accepts, ArgumentValue, Call, Condition, Domain, DomainKind, Expr, ExprKind, GroupValue, Item, ItemKind, Level,
    Metric, MetricBody, Name, Param, ParamValue, ProductOp, Quantifier, Statement, Type,
};

/// How far groups are followed to what they are made of.
const DEEPEST: usize = 64;

impl Index {
    /// The names of all files of a compilation.
    pub fn of(compilation: &Compilation) -> Index {
        let mut walk = Walk::default();
        let items = || compilation.files.iter().flat_map(|(_, parsed)| &parsed.file.items);
        items().for_each(|item| walk.declare(item));
        items().for_each(|item| walk.item(item));
        let mut index = walk.index;
        index.references.sort_unstable();
        index.references.dedup_by_key(|reference| reference.span);
        index
    }
}

#[derive(Default)]
struct Walk<'a> {
    index: Index,
    names: HashMap<&'a str, DefinitionId>,
    metrics: HashMap<&'a str, (DefinitionId, &'a Metric)>,
    prediction: Option<DefinitionId>,
    groups: HashMap<DefinitionId, &'a GroupValue>,
    /// The levels of a definition, and the first of their definitions, behind which the others stand.
    levels: HashMap<DefinitionId, (LevelIndex, DefinitionId)>,
    /// Of a binder, what its values are levels of.
    domains: HashMap<DefinitionId, Vec<DefinitionId>>,
    tables: HashMap<DefinitionId, &'a [Name]>,
    /// The columns of each relation.
    relations: HashMap<DefinitionId, Vec<(&'a str, DefinitionId)>>,
    /// Of each declared metric its parameters.
    parameters: HashMap<DefinitionId, Vec<DefinitionId>>,
}

/// What names mean at a place beyond the declarations.
#[derive(Clone, Default)]
struct Scope<'a> {
    binders: Vec<(&'a str, DefinitionId)>,
    parameters: Vec<(&'a str, DefinitionId)>,
    in_metric: bool,
}

impl<'a> Walk<'a> {
    fn define(
        &mut self,
        kind: DefinitionKind,
        name: &Name,
        item: (Span, &str),
        owner: Option<DefinitionId>,
    ) -> DefinitionId {
        let id = DefinitionId(self.index.definitions.len());
        self.index.definitions.push(Definition {
            kind,
            name: name.text.clone(),
            span: name.span,
            declaration: item.0,
            doc: item.1.to_owned(),
            owner,
            header: Header::None,
        });
        self.refer(name.span, id);
        id
    }

    fn refer(&mut self, span: Span, definition: DefinitionId) {
        self.index.references.push(Reference { span, definition });
    }

    fn declare(&mut self, item: &'a Item) {
        let Some((kind, name)) = DefinitionKind::named(&item.kind) else { return };
        let id = self.define(kind, name, (item.span, &item.doc), None);
        match &item.kind {
            ItemKind::Column(column) | ItemKind::Label(column) | ItemKind::Predict(column) => {
                self.header(id, column.from.is_some());
                if let Type::Categorical { levels, .. } = &column.ty {
                    self.declare_levels(id, levels);
                }
            }
            ItemKind::Weight(weight) => self.header(id, weight.from.is_some()),
            ItemKind::Param(Param { value: ParamValue::Table(table), .. }) => {
                self.tables.insert(id, &table.domains);
            }
            ItemKind::Group(group) => {
                self.groups.insert(id, &group.value);
                if let GroupValue::Cases(cases) = &group.value {
                    self.declare_levels(id, cases.cases.iter().map(|case| &case.level));
                }
            }
            ItemKind::Metric(metric) => {
                // The user's come first, and those of the library give way to them.
                self.metrics.entry(&name.text).or_insert((id, metric));
                let parameters = metric.parameters.iter();
                let defined: Vec<DefinitionId> = parameters
                    .map(|it| {
                        let span = it.kind.as_ref().map_or(it.name.span, |kind| it.name.span.to(kind.span));
                        let span = it.default.as_ref().map_or(span, |default| span.to(default.span));
                        self.define(DefinitionKind::Parameter, &it.name, (span, ""), Some(id))
                    })
                    .collect();
                self.parameters.insert(id, defined);
                return;
            }
            ItemKind::Relation(relation) => {
                let columns = relation.columns.iter();
                let own = columns
                    .map(|it| {
                        let column = self.define(DefinitionKind::Column, &it.name, (it.name.span, ""), Some(id));
                        self.header(column, it.from.is_some());
                        (it.name.text.as_str(), column)
                    })
                    .collect();
                for binder in &relation.binders {
                    self.define(DefinitionKind::Binder, binder, (item.span, ""), Some(id));
                }
                self.relations.insert(id, own);
            }
            ItemKind::Constraint(_) | ItemKind::Use(_) => return,
            ItemKind::Param(_) | ItemKind::Let(_) | ItemKind::Event(_) | ItemKind::Import(_) => {}
        }
        self.names.entry(&name.text).or_insert(id);
        if kind == DefinitionKind::Prediction {
            self.prediction.get_or_insert(id);
        }
    }

    fn header(&mut self, id: DefinitionId, written: bool) {
        if let Some(definition) = self.index.definitions.get_mut(id.0) {
            definition.header = if written { Header::From } else { Header::Name };
        }
    }

    fn declare_levels(&mut self, owner: DefinitionId, levels: impl IntoIterator<Item = &'a Level>) {
        let first = DefinitionId(self.index.definitions.len());
        let levels: Vec<&Level> = levels.into_iter().collect();
        for level in &levels {
            let name = Name { text: level.text.clone(), span: level.span };
            self.define(DefinitionKind::Level, &name, (level.span, ""), Some(owner));
        }
        let index = LevelIndex::new(levels.iter().map(|level| (level.text.as_str(), level.number)));
        self.levels.insert(owner, (index, first));
    }

    fn item(&mut self, item: &'a Item) {
        let scope = Scope::default();
        match &item.kind {
            ItemKind::Column(_)
            | ItemKind::Label(_)
            | ItemKind::Weight(_)
            | ItemKind::Predict(_)
            | ItemKind::Import(_) => {}
            ItemKind::Relation(relation) => self.name(&relation.key, &scope),
            ItemKind::Param(param) => self.param(param, &scope),
            ItemKind::Let(named) => self.expr(&named.value, &scope),
            ItemKind::Event(event) => self.condition(&event.condition, &scope),
            ItemKind::Group(group) => match &group.value {
                GroupValue::Expr(value) => self.expr(value, &scope),
                GroupValue::Cases(cases) => {
                    cases
                        .cases
                        .iter()
                        .filter_map(|case| case.event.as_ref())
                        .for_each(|event| self.expr(event, &scope));
                }
            },
            ItemKind::Constraint(constraint) => self.statement(&constraint.body, scope),
            ItemKind::Metric(metric) => self.metric(metric),
            ItemKind::Use(used) => self.call(&used.call, &scope),
        }
    }

    fn param(&mut self, param: &'a Param, scope: &Scope<'a>) {
        let ParamValue::Table(table) = &param.value else { return };
        table.domains.iter().for_each(|domain| self.name(domain, scope));
        let owners: Vec<DefinitionId> =
            table.domains.iter().flat_map(|domain| self.owners_named(domain, scope)).collect();
        for level in table.entries.iter().filter_map(|entry| entry.level.as_ref()) {
            for (level, owner) in level.iter().zip(&owners) {
                self.level(*owner, (&level.text, level.number), level.span);
            }
        }
    }

    fn metric(&mut self, metric: &'a Metric) {
        let Some(id) = self.index.defined_at(metric.name.span) else { return };
        let parameters = self.parameters.get(&id).cloned().unwrap_or_default();
        let names = metric.parameters.iter().map(|parameter| parameter.name.text.as_str());
        let scope = Scope { parameters: names.zip(parameters).collect(), in_metric: true, binders: Vec::new() };
        for parameter in &metric.parameters {
            if let Some(Accepts::LevelOf(other)) = parameter.kind.as_ref().map(|kind| &kind.kind) {
                self.name(other, &scope);
            }
            parameter.default.iter().for_each(|default| self.expr(default, &scope));
        }
        match &metric.body {
            MetricBody::Statement(statement) => self.statement(statement, scope),
            MetricBody::Use(call) => self.call(call, &scope),
        }
    }

    fn call(&mut self, call: &'a Call, scope: &Scope<'a>) {
        let known = self.metrics.get(call.metric.text.as_str()).copied();
        let mut parameters: Vec<DefinitionId> = Vec::new();
        if let Some((id, _)) = known {
            self.refer(call.metric.span, id);
            parameters = self.parameters.get(&id).cloned().unwrap_or_default();
        }
        let declared = known.map_or(&[][..], |(_, metric)| &metric.parameters);
        let place = |at: usize| match call.arguments.get(at).and_then(|argument| argument.name.as_ref()) {
            Some(name) => declared.iter().position(|parameter| parameter.name.text == name.text),
            None => Some(at),
        };
        let passed = |name: &str| {
            let at = (0..call.arguments.len())
                .find(|at| place(*at).and_then(|at| declared.get(at)).is_some_and(|it| it.name.text == name))?;
            match &call.arguments.get(at)?.value {
                ArgumentValue::One(value) => Some(value),
                ArgumentValue::Each { .. } => None,
            }
        };
        for (at, argument) in call.arguments.iter().enumerate() {
            let parameter = place(at).and_then(|at| declared.get(at));
            if let (Some(name), Some(id)) = (&argument.name, place(at).and_then(|at| parameters.get(at))) {
                self.refer(name.span, *id);
            }
            let level_of = match parameter.and_then(|parameter| parameter.kind.as_ref()).map(|kind| &kind.kind) {
                Some(Accepts::LevelOf(other)) => passed(&other.text),
                _ => None,
            };
            match (&argument.value, level_of) {
                (ArgumentValue::One(value), Some(of)) if self.as_level(value, &self.owners(of, scope), scope, true) => {
                }
                (ArgumentValue::One(value), _) => self.expr(value, scope),
                (ArgumentValue::Each { groups, .. }, _) => groups.iter().for_each(|group| self.expr(group, scope)),
            }
        }
    }

    fn statement(&mut self, statement: &'a Statement, mut scope: Scope<'a>) {
        for quantifier in &statement.quantifiers {
            self.quantifier(quantifier, &mut scope);
        }
        if let Some(each) = &statement.each
            && let Some(pairs) = &each.pairs
        {
            self.name(&pairs.relation, &scope);
            let own = self.look_up(&pairs.relation.text, &scope).and_then(|id| self.relations.get(&id));
            scope.binders.extend(own.into_iter().flatten().copied());
            for binder in &pairs.binders {
                let id = self.define(DefinitionKind::Binder, binder, (each.span, ""), None);
                scope.binders.push((&binder.text, id));
            }
        }
        if let Some(condition) = statement.each.as_ref().and_then(|each| each.condition.as_ref()) {
            self.condition(condition, &scope);
        }
        self.expr(&statement.body, &scope);
    }

    fn quantifier(&mut self, quantifier: &'a Quantifier, scope: &mut Scope<'a>) {
        self.domain(&quantifier.domain, scope);
        let mut owners = Vec::new();
        self.domain_owners(&quantifier.domain, scope, &mut owners);
        for (at, binder) in quantifier.binders.iter().enumerate() {
            let id = self.define(DefinitionKind::Binder, binder, (quantifier.span, ""), None);
            self.domains.insert(id, owners.get(at).cloned().unwrap_or_default());
            scope.binders.push((&binder.text, id));
        }
        quantifier.condition.iter().for_each(|condition| self.condition(condition, scope));
    }

    fn domain(&mut self, domain: &'a Domain, scope: &Scope<'a>) {
        match &domain.kind {
            DomainKind::Name(name) => self.name(name, scope),
            DomainKind::Set(_) => {}
            DomainKind::Range(first, last) => {
                self.expr(first, scope);
                self.expr(last, scope);
            }
            DomainKind::Pairs(inner) | DomainKind::Adjacent(inner) => self.domain(inner, scope),
            DomainKind::Product(factors) => factors.iter().for_each(|factor| self.domain(factor, scope)),
        }
    }

    /// What the values of each binder are levels of.
    fn domain_owners(&self, domain: &'a Domain, scope: &Scope<'a>, out: &mut Vec<Vec<DefinitionId>>) {
        match &domain.kind {
            DomainKind::Name(name) => out.push(self.owners_named(name, scope)),
            DomainKind::Set(_) | DomainKind::Range(..) => out.push(Vec::new()),
            DomainKind::Pairs(inner) | DomainKind::Adjacent(inner) => {
                self.domain_owners(inner, scope, out);
                self.domain_owners(inner, scope, out);
            }
            DomainKind::Product(factors) => factors.iter().for_each(|factor| self.domain_owners(factor, scope, out)),
        }
    }

    fn condition(&mut self, condition: &'a Condition, scope: &Scope<'a>) {
        condition.terms.iter().for_each(|term| self.expr(term, scope));
    }

    fn look_up(&self, name: &str, scope: &Scope<'a>) -> Option<DefinitionId> {
        let local =
            |list: &[(&str, DefinitionId)]| list.iter().rev().find(|(text, _)| *text == name).map(|(_, id)| *id);
        let prediction = || self.prediction.filter(|_| scope.in_metric && name == "prediction");
        let found = local(&scope.binders).or_else(|| local(&scope.parameters)).or_else(prediction);
        found.or_else(|| self.names.get(name).copied())
    }

    fn name(&mut self, name: &'a Name, scope: &Scope<'a>) {
        if let Some(id) = self.look_up(&name.text, scope) {
            self.refer(name.span, id);
        } else if let Some((sample, column)) = name.text.split_once('.') {
            // `i.level`, without spaces and backticks.
            let (length, written) = (name.text.len() as u32, name.span.end - name.span.start);
            let end = Span { start: name.span.end - column.len() as u32, ..name.span };
            let start = Span { end: name.span.start + sample.len() as u32, ..name.span };
            for (text, span) in [(sample, start), (column, end)] {
                if let Some(id) = self.look_up(text, scope).filter(|_| length == written) {
                    self.refer(span, id);
                }
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr, scope: &Scope<'a>) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, scope),
            ExprKind::Compare(first, rest) => {
                let operands: Vec<&Expr> =
                    std::iter::once(&**first).chain(rest.iter().map(|(_, operand)| operand)).collect();
                for (at, operand) in operands.iter().enumerate() {
                    let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
                    let beside: Vec<&Expr> = beside.filter_map(|at| operands.get(at).copied()).collect();
                    let is_level = beside.iter().any(|other| {
                        let declared = !self.is_binder(other, scope);
                        self.as_level(operand, &self.owners(other, scope), scope, declared)
                    });
                    if !is_level {
                        self.expr(operand, scope);
                    }
                }
            }
            ExprKind::In { value, levels, .. } => {
                self.expr(value, scope);
                if let [owner] = self.owners(value, scope)[..] {
                    levels.iter().for_each(|level| self.level(owner, (&level.text, level.number), level.span));
                }
            }
            ExprKind::Index { table, levels } => {
                self.name(table, scope);
                let domains = self.look_up(&table.text, scope).and_then(|id| self.tables.get(&id).copied());
                let domains = domains.unwrap_or_default();
                for (at, level) in levels.iter().enumerate() {
                    let owners = domains.get(at).map(|domain| self.owners_named(domain, &Scope::default()));
                    if !self.as_level(level, &owners.unwrap_or_default(), scope, true) {
                        self.expr(level, scope);
                    }
                }
            }
            ExprKind::Fold(fold) => {
                let mut inner = scope.clone();
                self.quantifier(&fold.over, &mut inner);
                self.expr(&fold.body, &inner);
            }
            ExprKind::Number { .. }
            | ExprKind::Paren(_)
            | ExprKind::Negate(_)
            | ExprKind::Not(_)
            | ExprKind::Sum(..)
            | ExprKind::Product(..)
            | ExprKind::Power(..)
            | ExprKind::PlusMinus(..)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Abs(_)
            | ExprKind::Call { .. }
            | ExprKind::Aggregate(_)
            | ExprKind::Indicator(_)
            | ExprKind::Error => expr.children().into_iter().for_each(|child| self.expr(child, scope)),
        }
    }

    fn is_binder(&self, expr: &Expr, scope: &Scope<'a>) -> bool {
        matches!(&expr.bare().kind, ExprKind::Name(name) if scope.binders.iter().any(|(text, _)| *text == name.text))
    }

    /// What the values of an expression are levels of, one for each part of a product.
    fn owners(&self, expr: &Expr, scope: &Scope<'a>) -> Vec<DefinitionId> {
        match &expr.bare().kind {
            ExprKind::Name(name) => self.owners_named(name, scope),
            _ => Vec::new(),
        }
    }

    fn owners_named(&self, name: &Name, scope: &Scope<'a>) -> Vec<DefinitionId> {
        self.look_up(&name.text, scope).map_or_else(Vec::new, |id| self.owners_of(id, 0))
    }

    fn owners_of(&self, id: DefinitionId, depth: usize) -> Vec<DefinitionId> {
        if let Some(known) = self.domains.get(&id) {
            return known.clone();
        }
        if self.levels.contains_key(&id) {
            return vec![id];
        }
        let part = |expr: &Expr| match &expr.bare().kind {
            ExprKind::Name(name) if depth < DEEPEST => {
                self.names.get(name.text.as_str()).map_or_else(Vec::new, |id| self.owners_of(*id, depth + 1))
            }
            _ => Vec::new(),
        };
        match self.groups.get(&id) {
            Some(GroupValue::Expr(Expr { kind: ExprKind::Product(first, rest), .. })) => std::iter::once(&**first)
                .chain(rest.iter().map(|(_, factor)| factor))
                .take(DEEPEST)
                .flat_map(part)
                .collect(),
            Some(GroupValue::Expr(expr)) => part(expr),
            Some(GroupValue::Cases(_)) | None => Vec::new(),
        }
    }

    /// Takes an expression for a level of these, if it can be one; what is declared under its name gives way only to a
    /// level of something `declared`.
    fn as_level(&mut self, expr: &'a Expr, owners: &[DefinitionId], scope: &Scope<'a>, declared: bool) -> bool {
        let mut parts: Vec<(String, Option<f64>, Span)> = Vec::new();
        let mut factors = vec![expr.bare()];
        if let ExprKind::Product(first, rest) = &expr.bare().kind {
            if rest.iter().any(|(op, _)| *op != ProductOp::Times) {
                return false;
            }
            factors = std::iter::once(&**first).chain(rest.iter().map(|(_, factor)| factor)).collect();
        }
        for factor in factors {
            let part = match &factor.kind {
                ExprKind::Name(_) if self.is_binder(factor, scope) => return false,
                ExprKind::Name(name) if !declared && self.look_up(&name.text, scope).is_some() => return false,
                ExprKind::Name(name) => (name.text.clone(), None, factor.span),
                ExprKind::Number { value, text } => (text.clone(), Some(*value), factor.span),
                ExprKind::Negate(inner) => match &inner.kind {
                    ExprKind::Number { value, text } => (format!("-{text}"), Some(-value), factor.span),
                    _ => return false,
                },
                _ => return false,
            };
            parts.push(part);
        }
        let found: Option<Vec<(Span, DefinitionId)>> = match parts.len() == owners.len() {
            true => parts
                .iter()
                .zip(owners)
                .map(|((text, number, span), owner)| Some((*span, self.find_level(*owner, (text, *number))?)))
                .collect(),
            false => None,
        };
        let Some(found) = found.filter(|found| !found.is_empty()) else { return false };
        found.into_iter().for_each(|(span, id)| self.refer(span, id));
        true
    }

    fn find_level(&self, owner: DefinitionId, level: (&str, Option<f64>)) -> Option<DefinitionId> {
        let (levels, first) = self.levels.get(&owner)?;
        levels.find(level.0, level.1).map(|place| DefinitionId(first.0 + place))
    }

    fn level(&mut self, owner: DefinitionId, level: (&str, Option<f64>), span: Span) {
        if let Some(id) = self.find_level(owner, level) {
            self.refer(span, id);
        }
    }
}
