//! Comparisons: `convex <= concave`, equality of affine sides, chains, and what their ranges already decide.
//!
//! A quotient by a convex or concave expression is multiplied out before its comparison is judged (`quotient`).

use crate::diagnostic::{Edit, Fix};
use crate::hir::{ColumnId, Curvature, Expr, ExprKind, Fold, Relation, RelationKind};
use crate::program::{Function, RAW};
use crate::span::Span;
use crate::syntax::ast;

use super::arithmetic::{add, negate};
use super::nonlinear::Compared;
use super::place::Place;
use super::quotient::cleared;
use super::{Checker, Env, Finding, Kind};

/// What a side of a comparison must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Affine,
    Convex,
    Concave,
}

impl Need {
    fn flip(self) -> Self {
        match self {
            Need::Affine => Need::Affine,
            Need::Convex => Need::Concave,
            Need::Concave => Need::Convex,
        }
    }
}

impl<'a> Checker<'a> {
    /// The body of a constraint: `a <= e`, `a <= e <= b`, `e == c +/- d`.
    pub(super) fn relations(&mut self, body: &'a ast::Expr, env: &Env<'a>, place: Place) -> Option<Vec<Relation>> {
        let body = body.bare();
        let ast::ExprKind::Compare(first, rest) = &body.kind else {
            return self.not_a_comparison(body, env, place);
        };
        let sides = std::iter::once(&**first).chain(rest.iter().map(|(_, side)| side));
        if sides.map(|side| self.has_levels(side, env)).fold(false, |any, one| any | one) {
            let hint = format!("constrain its share, `P[{}] <= ..`, or the prediction given it", self.text(body.span));
            self.wrong_kind(body.span, "an event", "a comparison of numbers", Some(hint));
            return None;
        }
        if let Some((op, instead)) = rest.iter().find_map(|(op, _)| strict(*op)) {
            let kind = Kind::StrictComparison { operator: op, instead };
            let fix = self.not_strict(first, rest).filter(|_| self.call.is_none());
            self.report(Finding::new(kind, body.span).mended(fix));
            return None;
        }
        let outer = self.compared.replace(Compared::new(first, rest));
        let relations = match rest.as_slice() {
            [(ast::Comparison::Equal, right)] => self.equality(body.span, first, right, env, place),
            _ => self.chain(first, rest, env, place),
        };
        self.compared = outer;
        let relations = relations?;
        let cleared: Vec<Relation> =
            relations.iter().map(|relation| cleared(relation).unwrap_or_else(|| relation.clone())).collect();
        for relation in &cleared {
            self.curvature(relation)?;
        }
        self.decided(&relations, body.span)?;
        Some(cleared)
    }

    /// `<=` for each `<`, and `>=` for each `>`; nothing for `!=`.
    fn not_strict(&self, first: &ast::Expr, rest: &[(ast::Comparison, ast::Expr)]) -> Option<Fix> {
        let (mut edits, mut left) = (Vec::new(), first);
        for (op, right) in rest {
            let gap = Span { start: left.span.end, end: right.span.start, ..left.span };
            left = right;
            let Some((operator, instead)) = strict(*op) else { continue };
            let at = self.sources.text(gap).find(operator).filter(|_| operator != "!=")?;
            let start = gap.start + u32::try_from(at).ok()?;
            let span = Span { start, end: start + 1, ..gap };
            edits.push(Edit { span, text: instead.to_owned() });
        }
        Some(Fix { edits, sure: true })
    }

    fn not_a_comparison<T>(&mut self, body: &'a ast::Expr, env: &Env<'a>, place: Place) -> Option<T> {
        let hint = match &body.kind {
            ast::ExprKind::And(_) => "write one constraint for each comparison",
            ast::ExprKind::Or(_) | ast::ExprKind::Not(_) => {
                "a constraint cannot choose between comparisons: the set would not be convex"
            }
            _ => {
                self.number(body, env, place)?;
                "compare it with a limit: `.. <= eps`"
            }
        };
        self.wrong_kind(body.span, "no comparison", "a comparison with `<=`, `>=` or `==`", Some(hint.into()));
        None
    }

    /// `e == c` and `e == c +/- d` (either way round).
    fn equality(
        &mut self,
        span: Span,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        env: &Env<'a>,
        place: Place,
    ) -> Option<Vec<Relation>> {
        let (value, centre, tolerance) = match (&left.bare().kind, &right.bare().kind) {
            (_, ast::ExprKind::PlusMinus(centre, tolerance)) => (left, &**centre, Some(&**tolerance)),
            (ast::ExprKind::PlusMinus(centre, tolerance), _) => (right, &**centre, Some(&**tolerance)),
            _ => (left, right, None),
        };
        let first = self.number(value, env, place);
        let second = self.number(centre, env, place);
        let tolerance = tolerance.map(|tolerance| self.number(tolerance, env, place));
        let (first, second) = (first?, second?);
        let Some(tolerance) = tolerance else {
            return Some(vec![Relation { kind: RelationKind::Equal, left: first, right: second, span }]);
        };
        let tolerance = tolerance?;
        if tolerance.range.upper < 0.0 {
            let what = format!("`{}`", self.text(right.bare().span));
            return self.refuse(Kind::EmptyInterval { what }, span);
        }
        let around = second.span.to(tolerance.span);
        let below = add(vec![second.clone(), negate(tolerance.clone(), tolerance.span)], around);
        let above = add(vec![second, tolerance], around);
        let kind = RelationKind::LessEqual;
        Some(vec![
            Relation { kind, left: below, right: first.clone(), span },
            Relation { kind, left: first, right: above, span },
        ])
    }

    fn chain(
        &mut self,
        first: &'a ast::Expr,
        rest: &'a [(ast::Comparison, ast::Expr)],
        env: &Env<'a>,
        place: Place,
    ) -> Option<Vec<Relation>> {
        let mut sides = vec![self.number(first, env, place)];
        sides.extend(rest.iter().map(|(_, side)| self.number(side, env, place)).collect::<Vec<_>>());
        let sides: Vec<Expr> = sides.into_iter().collect::<Option<_>>()?;
        let pairs = sides.iter().zip(sides.iter().skip(1)).zip(rest);
        let relation = |((left, right), (op, _)): ((&Expr, &Expr), &(ast::Comparison, ast::Expr))| {
            let span = left.span.to(right.span);
            let (left, right) = (left.clone(), right.clone());
            match op {
                ast::Comparison::Equal => Relation { kind: RelationKind::Equal, left, right, span },
                ast::Comparison::GreaterEqual => {
                    Relation { kind: RelationKind::LessEqual, left: right, right: left, span }
                }
                ast::Comparison::LessEqual
                | ast::Comparison::Less
                | ast::Comparison::Greater
                | ast::Comparison::NotEqual => Relation { kind: RelationKind::LessEqual, left, right, span },
            }
        };
        Some(pairs.map(relation).collect())
    }

    fn curvature(&mut self, relation: &Relation) -> Option<()> {
        match relation.kind {
            RelationKind::Equal => {
                self.require(&relation.left, Need::Affine)?;
                self.require(&relation.right, Need::Affine)
            }
            RelationKind::LessEqual => {
                self.require(&relation.left, Need::Convex)?;
                self.require(&relation.right, Need::Concave)
            }
        }
    }

    /// Walks down to the `abs`, `max` or `min` at fault, turning the need around at every minus.
    fn require(&mut self, expr: &Expr, need: Need) -> Option<()> {
        if expr.curvature != Curvature::Piecewise {
            return Some(());
        }
        match &expr.kind {
            ExprKind::Negate(inner) => self.require(inner, need.flip()),
            // Weights are not negative.
            ExprKind::Mean { value, .. } | ExprKind::Sum { value, .. } => self.require(value, need),
            ExprKind::Add(terms) => terms.iter().try_for_each(|term| self.require(term, need).ok_or(())).ok(),
            ExprKind::Multiply(left, right) => {
                let (factor, inner) = if left.is_constant() { (left, right) } else { (right, left) };
                self.require_scaled(factor, false, inner, need)
            }
            ExprKind::Divide(_, divisor) if divisor.curvature == Curvature::Piecewise => {
                let text = self.text(divisor.span);
                let what = "a quotient by an absolute value, maximum or minimum".to_string();
                let hint = format!(
                    "compare the quotient alone with data, which is multiplied out, or multiply by hand: `a >= c * {text}`"
                );
                self.refuse(Kind::Nonlinear { what, hint }, divisor.span)
            }
            ExprKind::Divide(inner, divisor) => self.require_scaled(divisor, true, inner, need),
            ExprKind::Call(function, arguments) => self.require_call(expr, *function, arguments, need),
            ExprKind::Number(_)
            | ExprKind::Param(_)
            | ExprKind::ParamOf { .. }
            | ExprKind::Binder(_)
            | ExprKind::Column(_)
            | ExprKind::Prediction
            | ExprKind::SecondPrediction
            | ExprKind::Count { .. }
            | ExprKind::Probability { .. }
            | ExprKind::Covariance { .. }
            | ExprKind::Variance { .. }
            | ExprKind::Indicator(_) => Some(()),
            ExprKind::Fold { fold, value, .. } => match fold {
                Fold::Max => self.require_call(expr, Function::Max, std::slice::from_ref(&**value), need),
                Fold::Min => self.require_call(expr, Function::Min, std::slice::from_ref(&**value), need),
                Fold::Sum | Fold::Mean => self.require(value, need),
            },
        }
    }

    /// `inner` times a factor of a known sign, or over one.
    fn require_scaled(&mut self, factor: &Expr, divides: bool, inner: &Expr, need: Need) -> Option<()> {
        if inner.curvature != Curvature::Piecewise {
            return Some(());
        }
        if factor.range.is_non_negative() {
            self.require(inner, need)
        } else if factor.range.is_non_positive() {
            self.require(inner, need.flip())
        } else {
            let hint = self.sign_hint(factor, divides);
            let kind = Kind::FactorSign { factor: self.text(factor.span), text: self.text(inner.span), hint };
            self.refuse(kind, factor.span)
        }
    }

    /// How a factor can come by a proven sign: only what is declared can be given a range.
    fn sign_hint(&self, factor: &Expr, divides: bool) -> String {
        let text = self.text(factor.span);
        let is_raw = |id: ColumnId| self.hir.columns.get(id.0).is_none_or(|column| column.header == RAW);
        match &factor.kind {
            ExprKind::Param(_) | ExprKind::ParamOf { .. } => {
                format!("give `{text}` a range that proves its sign, for example `in [0, 1]`")
            }
            ExprKind::Column(id) if !is_raw(*id) => {
                format!("give `{text}` a range that proves its sign, for example `column {text}: real in [0, 100]`")
            }
            _ if divides => format!(
                "if it is positive in the data, multiply instead of dividing, `|e| <= c * {text}`, or divide by `max({text}, 1%)`"
            ),
            _ => format!("if it is never negative in the data, say so: `max({text}, 0)`"),
        }
    }

    fn require_call(&mut self, expr: &Expr, function: Function, arguments: &[Expr], need: Need) -> Option<()> {
        let (is, inner) = match function {
            Function::Abs => (Need::Convex, Need::Affine),
            Function::Max => (Need::Convex, Need::Convex),
            Function::Min => (Need::Concave, Need::Concave),
            Function::Exp | Function::Log | Function::Sqrt | Function::Power => return Some(()),
        };
        if need == is {
            return arguments.iter().try_for_each(|argument| self.require(argument, inner).ok_or(())).ok();
        }
        let word = |need| match need {
            Need::Affine => "affine",
            Need::Convex => "convex",
            Need::Concave => "concave",
        };
        let kind = Kind::WrongCurvature {
            text: self.text(expr.span),
            found: word(is),
            needed: word(need),
            hint: curvature_hint(function, need).into(),
        };
        self.refuse(kind, expr.span)
    }

    /// What the ranges of the two sides decide before any data are seen.
    fn decided(&mut self, relations: &[Relation], span: Span) -> Option<()> {
        let text = self.text(span);
        for relation in relations {
            if !never(relation) {
                continue;
            }
            let kind = match constant(relation) {
                true => Kind::AlwaysFalse { text },
                false => Kind::EmptyInterval { what: format!("`{text}` within the declared bounds") },
            };
            return self.refuse(kind, span);
        }
        for pair in relations.windows(2) {
            if let [first, second] = pair
                && first.left.range.lower > second.right.range.upper
                && first.kind == RelationKind::LessEqual
                && second.kind == RelationKind::LessEqual
                && first.right == second.left
            {
                let what = format!("`{text}`");
                return self.refuse(Kind::EmptyInterval { what }, span);
            }
        }
        if relations.iter().all(always) {
            let kind = match relations.iter().all(constant) {
                true => Kind::AlwaysTrue { text },
                false => Kind::Implied { text },
            };
            self.report(Finding::new(kind, span));
        }
        Some(())
    }
}

fn constant(relation: &Relation) -> bool {
    relation.left.is_constant() && relation.right.is_constant()
}

fn always(relation: &Relation) -> bool {
    let (left, right) = (relation.left.range, relation.right.range);
    match relation.kind {
        RelationKind::LessEqual => left.upper <= right.lower && left.upper < f64::INFINITY,
        RelationKind::Equal => left.lower == left.upper && left == right,
    }
}

fn never(relation: &Relation) -> bool {
    let (left, right) = (relation.left.range, relation.right.range);
    match relation.kind {
        RelationKind::LessEqual => left.lower > right.upper,
        RelationKind::Equal => left.lower > right.upper || right.lower > left.upper,
    }
}

fn strict(op: ast::Comparison) -> Option<(&'static str, &'static str)> {
    match op {
        ast::Comparison::Less => Some(("<", "<=")),
        ast::Comparison::Greater => Some((">", ">=")),
        ast::Comparison::NotEqual => Some(("!=", "<=")),
        ast::Comparison::Equal | ast::Comparison::LessEqual | ast::Comparison::GreaterEqual => None,
    }
}

fn curvature_hint(function: Function, need: Need) -> &'static str {
    match (function, need) {
        (Function::Abs, Need::Affine) => {
            "for an equality choose a side, `e == c` or `e == -c`, or bound it, `|e| <= c`; under an absolute value use \
             an affine expression"
        }
        (Function::Abs, Need::Concave | Need::Convex) => {
            "bound it from above, `|e| <= c`, or choose a side: `e >= c` or `e <= -c`"
        }
        (Function::Max, Need::Affine | Need::Concave | Need::Convex) => {
            "`max(..) <= c` is affine for each argument; for a lower limit bound one argument, or use `min(..) >= c`"
        }
        (
            Function::Min | Function::Exp | Function::Log | Function::Sqrt | Function::Power,
            Need::Affine | Need::Concave | Need::Convex,
        ) => "`min(..) >= c` is affine for each argument; for an upper limit bound one argument, or use `max(..) <= c`",
    }
}
