//! Numbers: shapes, ranges and curvature of expressions, from the leaves up.

use std::rc::Rc;

use crate::diagnostic::Fix;
use crate::hir::{Curvature, Expr, ExprKind, Shape};
use crate::interval::Interval;
use crate::program::{ColumnType, Function};
use crate::span::Span;
use crate::syntax::ast;
use crate::words::{FUNCTIONS, counted, nearest};

use super::arithmetic::{add, joined, negate, product, quotient};
use super::call_range::call_range;
use super::name::{Found, NUMBER, PARAM, RAW_CALL};
use super::place::Place;
use super::{Checker, Env, Finding, Kind, Symbol};

impl<'a> Checker<'a> {
    pub(super) fn number(&mut self, expr: &'a ast::Expr, env: &Env<'a>, place: Place) -> Option<Expr> {
        self.spend(1, expr.span)?;
        match &expr.kind {
            ast::ExprKind::Number { value, .. } => self.literal(*value, expr.span),
            ast::ExprKind::Name(name) => self.number_name(name, env, place),
            ast::ExprKind::Paren(inner) => self.number(inner, env, place),
            ast::ExprKind::Negate(inner) => Some(negate(self.number(inner, env, place)?, expr.span)),
            ast::ExprKind::Sum(first, rest) => self.sum(expr.span, first, rest, env, place),
            ast::ExprKind::Product(first, rest) => {
                self.factors(rest.len(), expr.span, |checker| checker.product(first, rest, env, place))
            }
            ast::ExprKind::Power(base, exponent) => {
                let base = self.number(base, env, place);
                let exponent = self.number(exponent, env, place);
                self.call(expr.span, Function::Power, vec![base?, exponent?], place)
            }
            ast::ExprKind::Abs(inner) => {
                let inner = self.number(inner, env, place)?;
                self.call(expr.span, Function::Abs, vec![inner], place)
            }
            ast::ExprKind::Call { function, arguments } => self.named_call(expr.span, function, arguments, env, place),
            ast::ExprKind::Index { table, levels } => self.table_at(expr.span, table, levels, env, place),
            ast::ExprKind::Aggregate(aggregate) => self.aggregate_at(expr.span, aggregate, env, place),
            ast::ExprKind::Indicator(condition) => self.indicator(expr.span, condition, env, place),
            ast::ExprKind::Fold(fold) => self.fold(expr.span, fold, env, place),
            ast::ExprKind::PlusMinus(..) => {
                let hint = Some("write `e == c +/- d`".to_string());
                self.wrong_kind(expr.span, "a tolerance", "a number", hint);
                None
            }
            ast::ExprKind::Compare(..)
            | ast::ExprKind::In { .. }
            | ast::ExprKind::And(_)
            | ast::ExprKind::Or(_)
            | ast::ExprKind::Not(_) => {
                if let Some(prediction) = self.prediction_in(expr, env) {
                    return self.prediction_in_event(expr.span, prediction, true);
                }
                self.event_as_number(expr.span, place);
                None
            }
            ast::ExprKind::Error => None,
        }
    }

    fn literal(&mut self, value: f64, span: Span) -> Option<Expr> {
        if value.is_finite() {
            return Some(Expr::number(value, span));
        }
        let hint = Some("leave this side of the comparison out".to_string());
        self.wrong_kind(span, "infinite", "a finite number", hint);
        None
    }

    fn number_name(&mut self, name: &'a ast::Name, env: &Env<'a>, place: Place) -> Option<Expr> {
        if let Some(index) = self.named(name, env) {
            return self.named_number(index, name, place);
        }
        match self.look_up(name, env) {
            Found::Argument(argument, env) => self.number(argument, &env, place),
            Found::Level(..) => {
                self.wrong_kind(name.span, "a level", "a number", None);
                None
            }
            // A number may be a literal, which can decide a `where`, or not.
            Found::Open { number: Some(Symbol::Param(_)), .. } if place == Place::Where => None,
            Found::Open { number: Some(Symbol::Param(id)), .. } => {
                let range = self.hir.params.get(id.0).map_or(Interval::ALL, |param| param.range);
                Some(leaf(ExprKind::Param(id), name.span, None, Curvature::Constant, range))
            }
            Found::Open { number: Some(Symbol::Column(id)), .. } => {
                self.per_sample(name, place)?;
                let kind = ExprKind::Column(id);
                Some(leaf(kind, name.span, Some(Shape::Sample), Curvature::Constant, Interval::ALL))
            }
            Found::Open { kind, .. } => {
                if let Some(kind) = kind {
                    self.wrong_kind(name.span, super::kind::open_kind(kind), "a number", None);
                }
                None
            }
            Found::Broken => None,
            Found::Nothing if place == Place::Batch => self.unknown_name(name, PARAM, env),
            Found::Nothing => self.unknown_name(name, NUMBER, env),
            Found::Binder(binder) if self.open_binders.contains(&binder) => None,
            Found::Binder(binder) => {
                if !self.is_number(binder) {
                    let hint = Some(format!("compare a column with it: `column == {}`", name.text));
                    self.wrong_kind(name.span, "a level", "a number", hint);
                    return None;
                }
                let values = self.hir.binders.get(binder.0).map(|b| b.values.clone()).unwrap_or_default();
                self.spend(values.len(), name.span)?;
                let range = Interval::hull(values.iter().filter_map(|value| value.number));
                Some(leaf(ExprKind::Binder(binder), name.span, None, Curvature::Constant, range))
            }
            Found::Symbol(Symbol::Param(id)) if place != Place::Where => {
                let range = self.hir.params.get(id.0).map_or(Interval::ALL, |param| param.range);
                Some(leaf(ExprKind::Param(id), name.span, None, Curvature::Constant, range))
            }
            Found::Symbol(Symbol::Table(index)) => self.table_without_level(name, index, env),
            Found::Symbol(_) if place == Place::Where => {
                self.refuse(Kind::WhereReadsData { text: name.text.clone() }, name.span)
            }
            Found::Symbol(Symbol::Column(id)) => {
                let range = match self.hir.columns.get(id.0).map(|column| &column.ty)? {
                    ColumnType::Real(range) | ColumnType::Int(range) => *range,
                    ColumnType::Categorical(levels) if levels.iter().all(|level| level.number.is_some()) => {
                        Interval::hull(levels.iter().filter_map(|level| level.number))
                    }
                    ColumnType::Categorical(_) => {
                        let (found, _) = self.describe(Symbol::Column(id), &name.text);
                        let hint = Some(format!("the share of a level is `P[{} == ..]`", name.text));
                        self.wrong_kind(name.span, &found, "a number", hint);
                        return None;
                    }
                };
                self.per_sample(name, place)?;
                self.of_one_sample(Symbol::Column(id), name)?;
                self.mentions.push((id, name.span));
                Some(leaf(ExprKind::Column(id), name.span, Some(Shape::Sample), Curvature::Constant, range))
            }
            Found::Symbol(Symbol::Prediction) => {
                self.per_sample(name, place)?;
                self.of_one_sample(Symbol::Prediction, name)?;
                let range = self.hir.prediction.as_ref().map_or(Interval::ALL, |prediction| prediction.range);
                Some(leaf(ExprKind::Prediction, name.span, Some(Shape::Sample), Curvature::Affine, range))
            }
            Found::Symbol(Symbol::Event(_)) => {
                self.event_as_number(name.span, place);
                None
            }
            Found::Symbol(
                symbol @ (Symbol::Weight
                | Symbol::Param(_)
                | Symbol::Let(_)
                | Symbol::Group(_)
                | Symbol::Key(_)
                | Symbol::Relation(_)),
            ) => {
                let (found, hint) = self.describe(symbol, &name.text);
                self.wrong_kind(name.span, &found, "a number", hint);
                None
            }
        }
    }

    /// Refuses a per-sample name where the batch has one value; once in a statement.
    pub(super) fn per_sample(&mut self, name: &ast::Name, place: Place) -> Option<()> {
        match place {
            Place::Each | Place::Inside | Place::Event => Some(()),
            Place::Batch => {
                if !std::mem::replace(&mut self.sample_value_reported, true) {
                    let kind = Kind::SampleValue { text: name.text.clone(), numeric: true };
                    self.report(Finding::new(kind, name.span));
                }
                None
            }
            Place::Where => self.refuse(Kind::WhereReadsData { text: name.text.clone() }, name.span),
        }
    }

    fn sum(
        &mut self,
        span: Span,
        first: &'a ast::Expr,
        rest: &'a [(ast::SumOp, ast::Expr)],
        env: &Env<'a>,
        place: Place,
    ) -> Option<Expr> {
        self.joined_name(span, first, rest, env)?;
        let mut terms = vec![self.number(first, env, place)];
        for (op, term) in rest {
            let number = self.number(term, env, place);
            terms.push(match op {
                ast::SumOp::Plus => number,
                ast::SumOp::Minus => number.map(|number| {
                    let span = number.span;
                    negate(number, span)
                }),
            });
        }
        let terms: Vec<Expr> = terms.into_iter().collect::<Option<_>>()?;
        Some(add(terms, span))
    }

    /// `hours-per-week` without backticks, none of whose words is declared: one unknown name.
    fn joined_name(
        &mut self,
        span: Span,
        first: &'a ast::Expr,
        rest: &'a [(ast::SumOp, ast::Expr)],
        env: &Env<'a>,
    ) -> Option<()> {
        let text = self.sources.text(span);
        let terms = std::iter::once(first).chain(rest.iter().map(|(_, term)| term));
        if rest.len() > 8 || !text.contains('-') || text.contains(|c: char| !(c.is_alphanumeric() || "-_".contains(c)))
        {
            return Some(());
        }
        for term in terms {
            let ast::ExprKind::Name(name) = &term.kind else { return Some(()) };
            if !matches!(self.look_up(name, env), Found::Nothing) {
                return Some(());
            }
        }
        let name = text.to_string();
        if self.incomplete || !self.unknown.insert(name.clone()) {
            return None;
        }
        let similar = self.names.contains_key(name.as_str()).then(|| format!("`{name}`"));
        let fix = similar.clone().map(|similar| Fix::one(span, similar, true));
        self.report(Finding::new(Kind::UnknownName { expected: NUMBER, name, similar, hint: None }, span).mended(fix));
        None
    }

    fn product(
        &mut self,
        first: &'a ast::Expr,
        rest: &'a [(ast::ProductOp, ast::Expr)],
        env: &Env<'a>,
        place: Place,
    ) -> Option<Expr> {
        let mut left = self.number(first, env, place);
        for (op, factor) in rest {
            let right = self.number(factor, env, place);
            let span = first.span.to(factor.span);
            left = match (left, right) {
                (Some(left), Some(right)) => match op {
                    ast::ProductOp::Times => self.times(left, right, span),
                    ast::ProductOp::Divide => self.quotient(left, right, span, place),
                },
                _ => None,
            };
        }
        left
    }

    fn times(&mut self, left: Expr, right: Expr, span: Span) -> Option<Expr> {
        if !left.is_constant() && !right.is_constant() {
            let kind = Kind::Product { left: self.text(left.span), right: self.text(right.span) };
            return self.refuse(kind, span);
        }
        Some(product(left, right, span))
    }

    fn quotient(&mut self, left: Expr, right: Expr, span: Span, place: Place) -> Option<Expr> {
        if right.is_constant() && right.range.is_zero() {
            return self.refuse(Kind::DivisionByZero, right.span);
        }
        if !right.is_constant() {
            self.ratio_denominator(&right, span, place)?;
        }
        Some(quotient(left, right, span))
    }

    /// The denominator of a ratio of predictions must have a sign that its range proves.
    fn ratio_denominator(&mut self, denominator: &Expr, span: Span, place: Place) -> Option<()> {
        if !matches!(place, Place::Batch | Place::Each) {
            let hint = "a ratio of means, `E[a] / E[b]`, has rows, and is another quantity than the mean of ratios"
                .to_string();
            return self.refuse(Kind::Nonlinear { what: "a quotient".into(), hint }, span);
        }
        if denominator.range.is_zero() {
            return self.refuse(Kind::DivisionByZero, denominator.span);
        }
        if !denominator.range.is_non_negative() && !denominator.range.is_non_positive() {
            let Interval { lower, upper } = denominator.range;
            let text = self.text(denominator.span);
            let prediction = self.hir.prediction.as_ref().map_or_else(String::new, |it| it.name.clone());
            let kind = Kind::DenominatorSign { text, range: format!("[{lower}, {upper}]"), prediction };
            self.report(Finding::new(kind, denominator.span).with(span, "in this ratio"));
            return None;
        }
        Some(())
    }

    fn named_call(
        &mut self,
        span: Span,
        function: &'a ast::Name,
        arguments: &'a [ast::Expr],
        env: &Env<'a>,
        place: Place,
    ) -> Option<Expr> {
        let (found, least, most) = match function.text.as_str() {
            "abs" => (Function::Abs, 1, 1),
            "exp" => (Function::Exp, 1, 1),
            "log" => (Function::Log, 1, 1),
            "sqrt" => (Function::Sqrt, 1, 1),
            "max" => (Function::Max, 1, usize::MAX),
            "min" => (Function::Min, 1, usize::MAX),
            RAW_CALL => return self.raw(span, arguments, env, place),
            "bins" => {
                let hint = Some("name it first: `group g = bins(..)`".to_string());
                self.wrong_kind(span, "a group", "a number", hint);
                return None;
            }
            _ => return self.unknown_function(span, function, arguments),
        };
        if arguments.len() < least || arguments.len() > most {
            let kind = Kind::ArgumentCount {
                callee: function.text.clone(),
                expected: if most == 1 { "1 argument".into() } else { "at least 1 argument".into() },
                found: counted(arguments.len(), "argument"),
                signature: if most == 1 { format!("{}(e)", function.text) } else { format!("{}(a, b)", function.text) },
            };
            return self.refuse(kind, span);
        }
        if self.logarithm_inside(span, function, arguments, env, place) {
            return None;
        }
        let numbers: Vec<_> = arguments.iter().map(|argument| self.number(argument, env, place)).collect();
        self.call(span, found, numbers.into_iter().collect::<Option<_>>()?, place)
    }

    fn unknown_function(&mut self, span: Span, function: &'a ast::Name, arguments: &'a [ast::Expr]) -> Option<Expr> {
        let name = function.text.clone();
        if self.broken.contains(name.as_str()) {
            return None;
        }
        let known = |aggregate: &str| ["E", "Sum", "N", "P", "Cov", "Var"].contains(&aggregate);
        let aggregate = Some(name.as_str()).filter(|name| known(name)).or_else(|| ast::aggregate_called(&name));
        if let Some(aggregate) = aggregate {
            let inside = self.sources.text(Span { start: function.span.end, ..span });
            let inside = inside.trim_start().strip_prefix('(').and_then(|text| text.strip_suffix(')'));
            let instead = inside.map(|inside| format!("{aggregate}[{}]", inside.trim()));
            let fix = instead.clone().map(|instead| Fix::one(span, instead, true));
            let instead = instead.filter(|text| text.len() < 80).unwrap_or_else(|| format!("{aggregate}[..]"));
            let kind = Kind::RoundAggregate { name, instead };
            self.report(Finding::new(kind, function.span).mended(fix));
            return None;
        }
        if self.round_indicator(span, function, arguments) {
            return None;
        }
        if self.metrics.contains_key(name.as_str()) || crate::library::find(&name).is_some() {
            let arguments: Vec<String> = arguments.iter().map(|argument| self.text(argument.span)).collect();
            let instead = format!("use {name}({})", arguments.join(", "));
            return self.refuse(Kind::MetricAsNumber { name, instead }, function.span);
        }
        if let Some((Symbol::Table(_), _)) = self.names.get(name.as_str()) {
            let text = self.sources.text(span).to_string();
            let inside = text.strip_prefix(self.sources.text(function.span)).unwrap_or_default().trim();
            let inside = inside.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).unwrap_or("..");
            let instead = format!("{}[{}]", self.sources.text(function.span), inside.trim());
            let fix = Fix::one(span, instead.clone(), true);
            let (found, expected) = ("a table of params".to_string(), "a function".to_string());
            let hint = Some(format!("write `{instead}`"));
            self.report(
                Finding::new(Kind::WrongKind { text: name, found, expected, hint }, function.span).mended(Some(fix)),
            );
            return None;
        }
        if self.foreign_moment(span, function, arguments)
            || self.of_elsewhere(function)
            || self.called_column(span, function, arguments)
        {
            return None;
        }
        let similar = nearest(&name, FUNCTIONS).map(str::to_owned);
        let fix =
            similar.clone().filter(|_| self.call.is_none()).map(|similar| Fix::one(function.span, similar, false));
        let kind = Kind::UnknownName { expected: "function", name, similar, hint: None };
        self.report(Finding::new(kind, function.span).mended(fix));
        None
    }

    fn call(&mut self, span: Span, function: Function, arguments: Vec<Expr>, place: Place) -> Option<Expr> {
        // `||x||` is `|x|`.
        if let (Function::Abs, [Expr { kind: ExprKind::Call(Function::Abs, _), .. }]) = (function, &arguments[..]) {
            return arguments.into_iter().next();
        }
        let constant = arguments.iter().all(Expr::is_constant);
        let piecewise = matches!(function, Function::Abs | Function::Max | Function::Min);
        if !constant && !piecewise {
            return self.nonlinear_call(span, function, &arguments, place);
        }
        let shape = arguments.iter().fold(None, |shape, argument| joined(shape, argument.shape));
        let range = call_range(function, &arguments);
        let curvature = if constant { Curvature::Constant } else { Curvature::Piecewise };
        if place == Place::Inside && function == Function::Abs && !constant {
            // Inside an aggregate only affine expressions help, so a proven sign is used.
            let argument = arguments.into_iter().next()?;
            return match (argument.range.is_non_negative(), argument.range.is_non_positive()) {
                (true, _) => Some(argument),
                (false, true) => Some(negate(argument, span)),
                (false, false) => {
                    let kind = ExprKind::Call(function, vec![argument]);
                    Some(Expr { kind, span, shape, curvature, range })
                }
            };
        }
        Some(Expr { kind: ExprKind::Call(function, arguments), span, shape, curvature, range })
    }

    /// The first mention of the prediction below an expression, as written there.
    pub(super) fn prediction_in(&mut self, expr: &'a ast::Expr, env: &Env<'a>) -> Option<String> {
        let mut found = None;
        // Names in an argument are the caller's.
        let mut stack = vec![(expr, Rc::new(env.clone()))];
        while let Some((expr, env)) = stack.pop() {
            match &expr.kind {
                ast::ExprKind::Name(name) => match self.look_up(name, &env) {
                    Found::Symbol(Symbol::Prediction) => found = Some(name.text.clone()),
                    Found::Argument(argument, env) => stack.push((argument, Rc::new(env))),
                    Found::Symbol(_)
                    | Found::Binder(_)
                    | Found::Level(..)
                    | Found::Open { .. }
                    | Found::Broken
                    | Found::Nothing => {}
                },
                ast::ExprKind::Index { table, .. } => {
                    let used = self.look_up(table, &env);
                    if self.pair.is_some() && matches!(used, Found::Symbol(Symbol::Prediction)) {
                        found = Some(table.text.clone());
                    }
                }
                // An aggregate is refused in an event for what it is.
                ast::ExprKind::Aggregate(_) => {}
                // The prediction as it was handed in is data.
                ast::ExprKind::Call { function, .. } if function.text == RAW_CALL => {}
                _ => stack.extend(expr.children().into_iter().map(|child| (child, env.clone()))),
            }
        }
        found
    }
}

pub(super) fn leaf(kind: ExprKind, span: Span, shape: Option<Shape>, curvature: Curvature, range: Interval) -> Expr {
    Expr { kind, span, shape, curvature, range }
}
