//! Constraints and their options; each `use` is a constraint whose body is the metric's.

use std::collections::HashMap;

use crate::diagnostic::Fix;
use crate::hir::{self, Constraint, Event};
use crate::program::{Enforce, RowOptions, WhenEmpty};
use crate::span::Span;
use crate::syntax::ast;
use crate::words::nearest;

use super::place::Place;
use super::{Checker, Env, Finding, Kind, Reading, Unit, UnitOrigin};

/// What a constraint is called and where it stands, whatever its body.
pub(super) struct Heading<'a> {
    pub name: String,
    pub doc: &'a str,
    pub name_span: Span,
    pub span: Span,
    pub body_span: Span,
    pub options: &'a [ast::OptionSetting],
}

impl<'a> Checker<'a> {
    pub(super) fn constraints(&mut self, units: &[Unit<'a>]) {
        for unit in units.iter().filter(|unit| unit.origin != UnitOrigin::Library) {
            for item in &unit.file.items {
                match &item.kind {
                    ast::ItemKind::Constraint(constraint) => {
                        let heading = Heading {
                            name: constraint.name.text.clone(),
                            doc: &item.doc,
                            name_span: constraint.name.span,
                            span: item.span,
                            body_span: constraint.body.body.span,
                            options: &constraint.options,
                        };
                        self.constraint(heading, &constraint.body, Env::default());
                    }
                    ast::ItemKind::Use(used) => self.use_metric(item, used),
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
                    | ast::ItemKind::Import(_) => {}
                }
            }
        }
    }

    pub(super) fn constraint(&mut self, heading: Heading<'a>, body: &'a ast::Statement, env: Env<'a>) {
        self.unique_constraint(&heading);
        self.mentions.clear();
        self.sample_value_reported = false;
        let call = self.call.take();
        let (options, enforce) = self.options(heading.options);
        self.call = call;
        let statement = self.statement(body, env);
        let labels = self.labels_mentioned();
        let Some((quantifiers, (each, pairs), comparisons)) = statement else {
            self.lost.get_or_insert(heading.name_span);
            return;
        };
        if each.is_some() && options.soft.is_some() {
            let span = heading.options.iter().find(|option| option.name.text == "soft").map(|option| option.name.span);
            let what = "`soft` on an `each` constraint".to_string();
            let hint = "bound each sample hard, or soften a mean over them".to_string();
            self.report(Finding::new(Kind::Conflict { what, hint }, span.unwrap_or(heading.name_span)));
            return;
        }
        // Who wrote an `enforce` that was refused knows that one is needed.
        if enforce.is_some() || heading.options.iter().all(|option| option.name.text != "enforce") {
            self.label_needs(&heading, enforce, &labels);
        }
        self.hir.constraints.push(Constraint {
            name: heading.name,
            doc: heading.doc.to_string(),
            name_span: heading.name_span,
            span: heading.span,
            body_span: heading.body_span,
            options,
            enforce,
            quantifiers,
            each,
            pairs,
            comparisons,
            labels,
        });
    }

    /// A constraint is never left out without a word.
    pub(super) fn nothing_lost(&self, reading: Reading) {
        let told = reading.refused || reading.incomplete || self.findings.iter().any(Finding::is_error);
        if let Some(span) = self.lost.filter(|_| !told && self.missing_prediction.is_none()) {
            unreachable!("the constraint `{}` was left out, and no error says why", self.sources.text(span));
        }
    }

    fn unique_constraint(&mut self, heading: &Heading<'a>) {
        if let Some(first) = self.constraints.get(&heading.name) {
            let kind = Kind::DuplicateName { what: "constraint", name: heading.name.clone() };
            let finding = Finding::new(kind, heading.name_span).with(*first, "first declared here");
            let call = self.call.take();
            self.report(finding);
            self.call = call;
        } else {
            self.constraints.insert(heading.name.clone(), heading.name_span);
        }
    }

    #[allow(clippy::type_complexity)]
    pub(super) fn statement(
        &mut self,
        body: &'a ast::Statement,
        mut env: Env<'a>,
    ) -> Option<(Vec<hir::Quantifier>, (Option<Event>, Option<hir::RelationId>), Vec<hir::Relation>)> {
        self.few_binders(&body.quantifiers)?;
        let mut quantifiers = Vec::new();
        for quantifier in &body.quantifiers {
            quantifiers.push(self.quantifier(quantifier, &mut env));
        }
        let pairs = body.each.as_ref().and_then(|each| each.pairs.as_ref());
        if let Some(pairs) = pairs
            && self.enter_pairs(pairs, &env).is_none()
        {
            self.restore_poisoned();
            return None;
        }
        self.forgotten_forall(body, &env);
        let each = body.each.as_ref().map(|each| self.given(each.condition.as_ref(), &env));
        let place = if each.is_some() { Place::Each } else { Place::Batch };
        let relations = self.relations(&body.body, &env, place);
        self.restore_poisoned();
        let pairs = self.pair.take().map(|pair| pair.id);
        let quantifiers = quantifiers.into_iter().collect::<Option<_>>()?;
        let each = match each {
            Some(event) => Some(event?),
            None => None,
        };
        Some((quantifiers, (each, pairs), relations?))
    }

    fn restore_poisoned(&mut self) {
        for binder in std::mem::take(&mut self.poisoned) {
            self.broken.remove(binder);
        }
    }

    fn labels_mentioned(&mut self) -> Vec<(hir::ColumnId, Span)> {
        let mut labels: Vec<(hir::ColumnId, Span)> = Vec::new();
        for (column, span) in std::mem::take(&mut self.mentions) {
            let is_label = self.hir.columns.get(column.0).is_some_and(|column| column.label);
            if is_label && labels.iter().all(|(known, _)| *known != column) {
                labels.push((column, span));
            }
        }
        labels
    }

    /// A constraint that reads a label cannot hold at inference: said once, unless the user said so.
    fn label_needs(&mut self, heading: &Heading<'a>, enforce: Option<Enforce>, labels: &[(hir::ColumnId, Span)]) {
        let Some((column, span)) = labels.first() else { return };
        let label = self.hir.columns.get(column.0).map(|column| column.name.clone()).unwrap_or_default();
        match enforce {
            Some(Enforce::Train) => {}
            None => {
                let kind = Kind::NeedsLabel { constraint: heading.name.clone(), label };
                self.report(Finding::new(kind, *span).with(heading.name_span, "in this constraint"));
                let fix = enforced_in_training(heading);
                self.findings.last_mut().into_iter().for_each(|finding| finding.fix = Some(fix.clone()));
            }
            Some(Enforce::Always) => {
                let option = heading.options.iter().find(|option| option.name.text == "enforce");
                let place = option.map_or(heading.name_span, |option| option.value.span);
                let what = format!("`enforce = always` on a constraint that needs the label `{label}`");
                let hint = "labels are unknown at inference: write `enforce = train`".to_string();
                let finding = Finding::new(Kind::Conflict { what, hint }, place).with(*span, "the label");
                let call = self.call.take();
                self.report(finding);
                self.call = call;
            }
        }
    }

    fn options(&mut self, settings: &'a [ast::OptionSetting]) -> (RowOptions, Option<Enforce>) {
        let mut options = RowOptions::default();
        let mut enforce = None;
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for setting in settings {
            let first = *seen.entry(&setting.name.text).or_insert(setting.name.span);
            if first != setting.name.span {
                let kind = Kind::DuplicateName { what: "option", name: setting.name.text.clone() };
                self.report(Finding::new(kind, setting.name.span).with(first, "first set here"));
                continue;
            }
            self.option(setting, &mut options, &mut enforce);
        }
        options.enforce = enforce.unwrap_or(Enforce::Always);
        (options, enforce)
    }

    fn option(&mut self, setting: &'a ast::OptionSetting, options: &mut RowOptions, enforce: &mut Option<Enforce>) {
        let value = setting.value.bare();
        let number = match &value.kind {
            ast::ExprKind::Number { value, .. } => Some(*value),
            _ => None,
        };
        let word = match &value.kind {
            ast::ExprKind::Name(name) => name.text.as_str(),
            _ => "",
        };
        let expected = match setting.name.text.as_str() {
            "min_count" => match number.filter(|number| number.fract() == 0.0 && (0.0..=1e15).contains(number)) {
                Some(number) => {
                    options.min_count = (number as u64).max(1);
                    return;
                }
                None => "a whole number",
            },
            "soft" => match number.filter(|number| number.is_finite() && *number > 0.0) {
                Some(number) => {
                    options.soft = Some(number);
                    return;
                }
                None => "a positive number",
            },
            "when_empty" => match word {
                "skip" => return options.when_empty = WhenEmpty::Skip,
                "error" => return options.when_empty = WhenEmpty::Error,
                _ => "`skip` or `error`",
            },
            "enforce" => match word {
                "train" => return *enforce = Some(Enforce::Train),
                "always" => return *enforce = Some(Enforce::Always),
                _ => "`train` or `always`",
            },
            _ => {
                let name = setting.name.text.clone();
                let similar = nearest(&name, ["min_count", "when_empty", "soft", "enforce"]).map(str::to_owned);
                let fix = similar.as_ref().map(|similar| Fix::one(setting.name.span, similar.clone(), false));
                self.report(Finding::new(Kind::UnknownOption { name, similar }, setting.name.span).mended(fix));
                return;
            }
        };
        let (name, text) = (setting.name.text.clone(), self.text(value.span));
        self.report(Finding::new(Kind::OptionValue { name, value: text, expected }, value.span));
    }
}

/// The option that says that a constraint is for training, behind the options that there are.
fn enforced_in_training(heading: &Heading<'_>) -> Fix {
    let (last, text) = match heading.options.last() {
        Some(option) => (option.value.span, ", enforce = train"),
        None => (heading.name_span, " (enforce = train)"),
    };
    Fix::one(Span { start: last.end, ..last }, text, false)
}
