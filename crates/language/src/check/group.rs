//! Groups: partitions into levels, by a column, by bins, by products of groups, or by events.

use crate::hir::{ColumnId, Event, Group, GroupId, GroupLevel, Value};
use crate::interval::Interval;
use crate::program::Comparison;
use crate::span::Span;
use crate::syntax::ast;
use crate::words::counted;

use super::category::Category;
use super::domain::LARGEST;
use super::name::Found;
use super::place::Place;
use super::{Checker, Env, Finding, Kind, Progress, Symbol};

impl<'a> Checker<'a> {
    /// The checked group of a declaration; checked on first use.
    pub(super) fn resolve_group(&mut self, index: usize, mention: Span) -> Option<GroupId> {
        let declaration = self.groups.get_mut(index)?;
        let group = declaration.group;
        match std::mem::replace(&mut declaration.progress, Progress::Running) {
            Progress::Done(result) => {
                declaration.progress = Progress::Done(result);
                result
            }
            Progress::Running => self.definition_cycle(&group.name, mention),
            Progress::Waiting => {
                let made = self.declared(&group.name, |checker| {
                    let levels = match &group.value {
                        ast::GroupValue::Expr(value) => checker.group_levels(value)?,
                        ast::GroupValue::Cases(cases) => checker.case_levels(cases)?,
                    };
                    checker.limited(&group.name, levels.iter().map(|level| &level.event), 4 * LARGEST)?;
                    Some(levels)
                });
                let result = made.map(|(levels, reads)| {
                    let partial = match &group.value {
                        // A null is in no bin.
                        ast::GroupValue::Expr(value) => {
                            let nullable =
                                |id: &ColumnId| self.hir.columns.get(id.0).is_some_and(|column| column.nullable);
                            is_bins(value) && reads.iter().any(nullable)
                        }
                        ast::GroupValue::Cases(cases) => cases.cases.iter().all(|case| case.event.is_some()),
                    };
                    let name = group.name.text.clone();
                    self.hir.groups.push(Group { name, levels, reads, partial, used: false });
                    GroupId(self.hir.groups.len() - 1)
                });
                if let Some(declaration) = self.groups.get_mut(index) {
                    declaration.progress = Progress::Done(result);
                }
                result
            }
        }
    }

    /// Marks the groups that something reads.
    pub(super) fn mark_used_groups(&mut self) {
        for (index, declaration) in self.groups.iter().enumerate() {
            let Progress::Done(Some(id)) = declaration.progress else { continue };
            if let Some(group) = self.hir.groups.get_mut(id.0) {
                group.used = self.used.contains(&Symbol::Group(index));
            }
        }
    }

    fn group_levels(&mut self, value: &'a ast::Expr) -> Option<Vec<GroupLevel>> {
        match &value.kind {
            ast::ExprKind::Paren(inner) => self.group_levels(inner),
            ast::ExprKind::Product(first, rest) => self.product_levels(value.span, first, rest),
            ast::ExprKind::Call { function, arguments } if function.text == "bins" => self.bins(value.span, arguments),
            ast::ExprKind::Name(name) => self.named_levels(name),
            ast::ExprKind::Compare(..)
            | ast::ExprKind::In { .. }
            | ast::ExprKind::And(_)
            | ast::ExprKind::Or(_)
            | ast::ExprKind::Not(_) => {
                let hint = "declare it with `event NAME = ..`, or name the levels: `{yes: .., no: otherwise}`";
                let hint = Some(hint.to_string());
                self.wrong_kind(value.span, "an event", "a group", hint);
                None
            }
            _ => {
                let hint = "write a column, a group, `bins(age, 25, 45)`, a product of these, or levels with their events: \
                            `{yes: race != white, no: otherwise}`";
                let hint = Some(hint.to_string());
                self.wrong_kind(value.span, "an expression", "a group", hint);
                None
            }
        }
    }

    fn product_levels(
        &mut self,
        span: Span,
        first: &'a ast::Expr,
        rest: &'a [(ast::ProductOp, ast::Expr)],
    ) -> Option<Vec<GroupLevel>> {
        let mut levels = self.group_levels(first);
        for (op, factor) in rest {
            if *op == ast::ProductOp::Divide {
                self.wrong_kind(span, "a quotient", "a product of groups", None);
                return None;
            }
            let right = self.group_levels(factor);
            let (left, right) = (levels?, right?);
            if left.len().saturating_mul(right.len()) > LARGEST {
                let what = format!("`{}`", self.text(span));
                return self.refuse(Kind::TooLarge { what, limit: LARGEST, unit: "levels" }, span);
            }
            let nodes = |levels: &[GroupLevel]| levels.iter().map(|level| level.event.nodes()).sum::<usize>();
            let parts =
                nodes(&left).saturating_mul(right.len()).saturating_add(nodes(&right).saturating_mul(left.len()));
            self.spend(parts, span)?;
            let combine = |a: &GroupLevel, b: &GroupLevel| GroupLevel {
                text: super::category::combined(a.product, &a.text, b.product, &b.text),
                product: true,
                event: Event::And(vec![a.event.clone(), b.event.clone()]),
            };
            levels = Some(left.iter().flat_map(|a| right.iter().map(move |b| combine(a, b))).collect());
        }
        levels
    }

    fn named_levels(&mut self, name: &'a ast::Name) -> Option<Vec<GroupLevel>> {
        match self.look_up(name, &Env::default()) {
            Found::Symbol(Symbol::Column(column)) if self.is_categorical(column) => {
                self.mentions.push((column, name.span));
                let values = self.category_levels(Category::Column(column)).values.clone();
                self.spend(values.len(), name.span)?;
                let level = |(index, value): (usize, &Value)| GroupLevel {
                    text: value.text.clone(),
                    product: false,
                    event: Event::Levels { column, levels: vec![index] },
                };
                Some(values.iter().enumerate().map(level).collect())
            }
            Found::Symbol(Symbol::Group(index)) => {
                let group = self.resolve_group(index, name.span)?;
                self.mention_group(group, name.span);
                let levels = self.hir.groups.get(group.0).map(|group| group.levels.clone())?;
                self.spend(levels.iter().map(|level| level.event.nodes()).sum(), name.span)?;
                Some(levels)
            }
            Found::Symbol(Symbol::Prediction) => self.prediction_in_event(name.span, name.text.clone(), false),
            Found::Symbol(symbol) => {
                let (found, _) = self.describe(symbol, &name.text);
                let hint = Some(format!("cut numbers into bins: `bins({}, ..)`", name.text));
                self.wrong_kind(name.span, &found, "a categorical column or a group", hint);
                None
            }
            // In a definition only a name for an expression is one.
            Found::Argument(..) => {
                self.wrong_kind(name.span, "a name for a number", "a categorical column or a group", None);
                None
            }
            Found::Binder(_) | Found::Level(..) | Found::Open { .. } | Found::Broken => None,
            Found::Nothing => self.unknown_name(name, "column", &Env::default()),
        }
    }

    /// `bins(age, 25, 45)`: `(-inf,25) [25,45) [45,inf)`.
    fn bins(&mut self, span: Span, arguments: &'a [ast::Expr]) -> Option<Vec<GroupLevel>> {
        let env = Env::default();
        let Some((value, cuts)) = arguments.split_first().filter(|(_, cuts)| !cuts.is_empty()) else {
            let kind = Kind::ArgumentCount {
                callee: "bins".into(),
                expected: "a column and at least one cut point".into(),
                found: counted(arguments.len(), "argument"),
                signature: "bins(age, 25, 45)".into(),
            };
            return self.refuse(kind, span);
        };
        if let Some(prediction) = self.prediction_in(value, &env) {
            return self.prediction_in_event(span, prediction, false);
        }
        let value = self.number(value, &env, Place::Event)?;
        let mut points: Vec<(f64, String)> = Vec::new();
        for cut in cuts {
            if let ast::ExprKind::Indicator(_) = &cut.kind {
                let hint = Some("cut points stand side by side: `bins(age, 25, 45)`".to_string());
                self.wrong_kind(cut.span, "a list", "a number", hint);
                return None;
            }
            let number = self.number(cut, &env, Place::Where)?;
            let crate::hir::ExprKind::Number(point) = number.kind else {
                self.wrong_kind(cut.span, "no number", "a number", None);
                return None;
            };
            if let Some((_, text)) = points.last().filter(|(last, _)| *last >= point) {
                let kind = Kind::CutPoints { first: text.clone(), second: self.text(cut.span) };
                return self.refuse(kind, cut.span);
            }
            points.push((point, point.to_string()));
        }
        self.empty_bin(&value, &points, cuts);
        self.spend(value.nodes().saturating_mul(2 * points.len()), span)?;
        let compare = |op, point: f64| Event::Compare {
            left: Box::new(value.clone()),
            op,
            right: Box::new(crate::hir::Expr::number(point, span)),
        };
        let mut levels = Vec::new();
        let mut previous: Option<(f64, String)> = None;
        for (point, text) in points {
            let below = compare(Comparison::Less, point);
            let (name, event) = match &previous {
                None => (format!("(-inf,{text})"), below),
                Some((low, low_text)) => {
                    let above = compare(Comparison::GreaterEqual, *low);
                    (format!("[{low_text},{text})"), Event::And(vec![above, below]))
                }
            };
            levels.push(GroupLevel { text: name, product: false, event });
            previous = Some((point, text));
        }
        let (low, text) = previous?;
        levels.push(GroupLevel {
            text: format!("[{text},inf)"),
            product: false,
            event: compare(Comparison::GreaterEqual, low),
        });
        Some(levels)
    }

    /// W0114 for the first cut point with no value on one of its sides.
    fn empty_bin(&mut self, value: &crate::hir::Expr, points: &[(f64, String)], cuts: &[ast::Expr]) {
        let Interval { lower, upper } = value.range;
        let outside = points.iter().zip(cuts).find(|((point, _), _)| *point <= lower || *point > upper);
        let Some(((point, _), cut)) = outside else { return };
        let value = self.text(value.span);
        let side = if *point <= lower { "below" } else { "at or above" };
        let kind = Kind::EmptyBin { value, side, point: *point, lower, upper };
        self.report(Finding::new(kind, cut.span));
    }
}

/// `bins(age, 25, 45)`.
fn is_bins(value: &ast::Expr) -> bool {
    matches!(&value.bare().kind, ast::ExprKind::Call { function, .. } if function.text == "bins")
}
