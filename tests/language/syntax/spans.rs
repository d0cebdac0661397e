//! Every span covers the text that its node means, and no more.

use fairc::language::span::{SourceId, Span};
use fairc::language::syntax::ast::{
    ArgumentValue, Call, Cases, Condition, Domain, DomainKind, Event, Expr, ExprKind, File, GroupValue, Item, ItemKind,
    Level, Metric, MetricBody, Name, ParamValue, Statement, Table,
};
use fairc::language::syntax::{parse, tree};
use proptest::prelude::*;

use super::samples::Choices;

/// Walks a tree and compares it with its text.
struct Walk<'t> {
    text: &'t str,
}

impl Walk<'_> {
    fn under(&self, span: Span) -> &str {
        let text = self.text.get(span.range()).expect("the span lies in the text");
        assert_eq!(text, text.trim(), "a span begins and ends with a token");
        assert!(!text.starts_with('#') && !text.is_empty());
        text
    }

    fn name(&self, name: &Name) {
        let written = self.under(name.span);
        assert!(written == name.text || written == format!("`{}`", name.text));
    }

    fn level(&self, level: &Level) {
        assert_eq!(self.under(level.span).replace(['`', ' ', '\n', '\t'], ""), level.text);
    }

    fn condition(&self, condition: &Condition) {
        condition.terms.iter().for_each(|term| self.expr(term));
        assert_eq!(condition.span.start, condition.terms[0].span.start);
        assert_eq!(condition.span.end, condition.terms[condition.terms.len() - 1].span.end);
    }

    fn statement(&self, statement: &Statement) {
        for quantifier in &statement.quantifiers {
            quantifier.binders.iter().for_each(|name| self.name(name));
            self.domain(&quantifier.domain);
            assert!(self.under(quantifier.span).starts_with("forall"));
            let last = quantifier.condition.as_ref().map_or(quantifier.domain.span, |it| it.span);
            assert_eq!(quantifier.span.end, last.end);
            quantifier.condition.iter().for_each(|it| self.condition(it));
        }
        if let Some(each) = &statement.each {
            assert!(self.under(each.span).starts_with("each"));
            each.condition.iter().for_each(|it| self.condition(it));
        }
        self.expr(&statement.body);
    }

    fn metric(&self, metric: &Metric) {
        for parameter in &metric.parameters {
            self.name(&parameter.name);
            parameter.kind.iter().for_each(|kind| assert!(!self.under(kind.span).is_empty()));
            parameter.default.iter().for_each(|default| self.expr(default));
        }
        metric.needs.iter().for_each(|needs| self.name(&needs.name));
        match &metric.body {
            MetricBody::Statement(statement) => self.statement(statement),
            MetricBody::Use(call) => self.call(call),
        }
    }

    fn call(&self, call: &Call) {
        self.name(&call.metric);
        for argument in &call.arguments {
            self.under(argument.span);
            argument.name.iter().for_each(|name| self.name(name));
            match &argument.value {
                ArgumentValue::One(expr) => self.expr(expr),
                ArgumentValue::Each { groups, span } => {
                    assert!(self.under(*span).starts_with('{') && self.under(*span).ends_with('}'));
                    groups.iter().for_each(|group| self.expr(group));
                }
            }
        }
        assert!(self.under(call.span).ends_with(')'));
    }

    fn domain(&self, domain: &Domain) {
        self.under(domain.span);
        match &domain.kind {
            DomainKind::Name(name) => self.name(name),
            DomainKind::Set(levels) => levels.iter().for_each(|level| self.level(level)),
            DomainKind::Range(first, last) => {
                self.expr(first);
                self.expr(last);
            }
            DomainKind::Pairs(inner) | DomainKind::Adjacent(inner) => self.domain(inner),
            DomainKind::Product(factors) => factors.iter().for_each(|factor| self.domain(factor)),
        }
    }

    fn cases(&self, cases: &Cases) {
        assert!(self.under(cases.span).starts_with('{') && self.under(cases.span).ends_with('}'));
        for case in &cases.cases {
            self.level(&case.level);
            assert!(self.under(case.span).contains(':'));
            match &case.event {
                Some(event) => self.expr(event),
                None => assert!(self.under(case.span).ends_with("otherwise")),
            }
        }
    }

    fn table(&self, table: &Table) {
        table.domains.iter().for_each(|domain| self.name(domain));
        assert!(self.under(table.span).starts_with('{') && self.under(table.span).ends_with('}'));
        for entry in &table.entries {
            assert!(self.under(entry.span).starts_with(self.under(entry.key_span)));
            assert!(self.under(entry.span).ends_with(self.under(entry.value.span)));
            match &entry.level {
                Some(parts) => parts.iter().for_each(|level| self.level(level)),
                None => assert_eq!(self.under(entry.key_span), "otherwise"),
            }
        }
    }

    /// The text under an expression's span, parsed by itself, gives the same expression.
    fn expr(&self, expr: &Expr) {
        let written = self.under(expr.span);
        let alone = parse(SourceId(0), &format!("event e = {written}"));
        assert_eq!(tree(&alone.file), tree(&event(expr)), "{written}");
        match &expr.kind {
            ExprKind::Number { .. } | ExprKind::Error => {}
            ExprKind::Name(name) => self.name(name),
            ExprKind::Paren(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) | ExprKind::Abs(inner) => {
                self.expr(inner);
            }
            ExprKind::Sum(first, rest) => self.chain(first, rest),
            ExprKind::Product(first, rest) => self.chain(first, rest),
            ExprKind::Compare(first, rest) => self.chain(first, rest),
            ExprKind::Power(first, second) | ExprKind::PlusMinus(first, second) => {
                self.expr(first);
                self.expr(second);
            }
            ExprKind::In { value, levels, negated: _ } => {
                self.expr(value);
                levels.iter().for_each(|level| self.level(level));
            }
            ExprKind::And(terms) | ExprKind::Or(terms) => terms.iter().for_each(|term| self.expr(term)),
            ExprKind::Call { function, arguments } => {
                self.name(function);
                arguments.iter().for_each(|argument| self.expr(argument));
            }
            ExprKind::Index { table, levels } => {
                self.name(table);
                levels.iter().for_each(|level| self.expr(level));
            }
            ExprKind::Aggregate(aggregate) => {
                assert!(["E", "Sum", "N", "P", "Cov", "Var"].contains(&self.under(aggregate.kind_span)));
                aggregate.arguments.iter().for_each(|argument| self.expr(argument));
                aggregate.condition.iter().for_each(|it| self.condition(it));
            }
            ExprKind::Indicator(condition) => {
                assert!(written.starts_with('[') && written.ends_with(']'), "{written}");
                self.condition(condition);
            }
            ExprKind::Fold(fold) => {
                assert_eq!(self.under(fold.kind_span), fold.kind.name());
                fold.over.binders.iter().for_each(|binder| self.name(binder));
                self.domain(&fold.over.domain);
                fold.over.condition.iter().for_each(|it| self.condition(it));
                self.expr(&fold.body);
            }
        }
    }

    fn chain<Op>(&self, first: &Expr, rest: &[(Op, Expr)]) {
        self.expr(first);
        rest.iter().for_each(|(_, operand)| self.expr(operand));
    }
}

fn event(expr: &Expr) -> File {
    let name = Name { text: "e".to_owned(), span: Span::default() };
    let condition = Condition { terms: vec![expr.clone()], span: Span::default() };
    let kind = ItemKind::Event(Event { name, condition });
    File { broken: Vec::new(), items: vec![Item { doc: String::new(), span: Span::default(), kind }] }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn spans_cover_what_they_mean(bytes in prop::collection::vec(any::<u8>(), 0..200), layout in any::<[u8; 32]>()) {
        let made = Choices::new(&bytes).declaration();
        let text = Choices::new(&layout).spread(&made.text);
        let walk = Walk { text: &text };
        for item in parse(SourceId(0), &text).file.items {
            walk.under(item.span);
            match &item.kind {
                ItemKind::Column(column) | ItemKind::Label(column) | ItemKind::Predict(column) => walk.name(&column.name),
                ItemKind::Weight(weight) => walk.name(&weight.name),
                ItemKind::Param(param) => {
                    walk.name(&param.name);
                    if let ParamValue::Table(table) = &param.value {
                        walk.table(table);
                    }
                }
                ItemKind::Let(named) => walk.expr(&named.value),
                ItemKind::Event(event) => walk.condition(&event.condition),
                ItemKind::Group(group) => match &group.value {
                    GroupValue::Expr(value) => walk.expr(value),
                    GroupValue::Cases(cases) => walk.cases(cases),
                },
                ItemKind::Relation(relation) => {
                    walk.name(&relation.name);
                    walk.name(&relation.key);
                    relation.columns.iter().for_each(|column| walk.name(&column.name));
                }
                ItemKind::Constraint(constraint) => walk.statement(&constraint.body),
                ItemKind::Metric(metric) => walk.metric(metric),
                ItemKind::Use(it) => {
                    walk.call(&it.call);
                }
                ItemKind::Import(import) => assert!(walk.under(import.path_span).contains(&import.path)),
            }
        }
    }
}
