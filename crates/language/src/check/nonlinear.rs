//! Powers, exponentials, logarithms and roots of the prediction: refused, with the comparison that says the same where one does.

use crate::diagnostic::Fix;
use crate::hir::Expr;
use crate::program::text::name as written;
use crate::program::{Comparison, Function};
use crate::span::{Span, one_line};
use crate::syntax::ast;

use super::event::comparison;
use super::place::Place;
use super::{Checker, Env, Finding, Kind};

/// What no prediction can stand in.
const DATA_FUNCTIONS: &str = "`exp`, `log`, `sqrt` and `^`";
/// A longer comparison is offered as an edit alone.
const LONGEST: usize = 100;

/// The comparison that is being checked.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    pub first: &'a ast::Expr,
    pub rest: &'a [(ast::Comparison, ast::Expr)],
    /// What it should say instead has been told.
    told: bool,
}

impl<'a> Compared<'a> {
    pub fn new(first: &'a ast::Expr, rest: &'a [(ast::Comparison, ast::Expr)]) -> Self {
        Compared { first, rest, told: false }
    }
}

/// `e <= c`, `e >= c` or `e == c`, either way round as written.
struct Bounded<'a> {
    side: &'a ast::Expr,
    limit: &'a ast::Expr,
    op: Comparison,
}

impl<'a> Checker<'a> {
    pub(super) fn nonlinear_call(
        &mut self,
        span: Span,
        function: Function,
        arguments: &[Expr],
        place: Place,
    ) -> Option<Expr> {
        let what = match function {
            Function::Power => "a power",
            Function::Exp => "an exponential",
            Function::Log => "a logarithm",
            Function::Sqrt => "a square root",
            Function::Abs | Function::Max | Function::Min => return None,
        };
        let what = what.to_string();
        let base = arguments.iter().find(|argument| !argument.is_constant())?;
        if matches!(place, Place::Batch | Place::Each)
            && let Some(compared) = self.compared
        {
            if compared.told {
                return None;
            }
            if let Some(instead) = self.inverse(compared, span, base) {
                self.compared = Some(Compared { told: true, ..compared });
                let whole = compared.rest.last().map_or(span, |(_, last)| compared.first.span.to(last.span));
                let hint = match instead.len() <= LONGEST {
                    true => format!("write `{}`, which says the same", one_line(&instead)),
                    false => "apply the inverse function to both sides, which says the same".to_string(),
                };
                let fix = self.call.is_none().then(|| Fix::one(whole, instead, false));
                self.report(Finding::new(Kind::Nonlinear { what, hint }, span).mended(fix));
                return None;
            }
        }
        let text = self.text(base.span);
        let square =
            arguments.get(1).is_some_and(|exponent| exponent.range.lower == 2.0 && exponent.range.upper == 2.0);
        let hint = match (place, square) {
            (Place::Inside, true) => format!(
                "a bound on each sample is stronger than one on the mean of squares: `each: |e| <= sqrt(c)` for `e` = `{text}`; \
                 one on the mean, `|E[e]| <= sqrt(c)`, is weaker"
            ),
            (Place::Inside, false) => format!(
                "bound `{text}` itself, in the mean or with `each`: either is another constraint, as the mean of a function is not \
                 the function of the mean"
            ),
            (_, true) => format!(
                "bound `{text}` by itself, `|e| <= c`: of a sum or product with squares there are no linear rows that say the same"
            ),
            (_, false) => format!("use `{text}` itself: {DATA_FUNCTIONS} take data and params alone"),
        };
        let hint = match function {
            Function::Log => format!("{hint}; {}", self.divergence_hint()),
            _ => hint,
        };
        self.refuse(Kind::Nonlinear { what, hint }, span)
    }

    /// What can be said in place of entropies and divergences, which are made of logarithms of predictions.
    fn divergence_hint(&self) -> String {
        let score = written(self.hir.prediction.as_ref().map_or("score", |prediction| prediction.name.as_str()));
        format!(
            "entropies, divergences and mutual information of predictions have no linear rows: bound the means that they \
             compare, `|E[{score} | a] - E[{score} | b]| <= eps`, or their ratio"
        )
    }

    /// `log(score / E[score])` inside an aggregate: that is no logarithm of data, whatever else is wrong in it.
    pub(super) fn logarithm_inside(
        &mut self,
        span: Span,
        function: &ast::Name,
        arguments: &'a [ast::Expr],
        env: &Env<'a>,
        place: Place,
    ) -> bool {
        let deep = |expr: &ast::Expr| {
            let mut stack = vec![expr];
            while let Some(expr) = stack.pop() {
                if matches!(expr.kind, ast::ExprKind::Aggregate(_)) {
                    return true;
                }
                stack.extend(expr.children());
            }
            false
        };
        if function.text != "log" || place != Place::Inside || !arguments.iter().any(deep) {
            return false;
        }
        let mut reads = |expr: &'a ast::Expr| self.prediction_in(expr, env).is_some();
        if !arguments.iter().any(&mut reads) {
            return false;
        }
        let hint = self.divergence_hint();
        self.report(Finding::new(Kind::Nonlinear { what: "a logarithm".to_string(), hint }, span));
        true
    }

    /// The comparison that holds exactly where this one does, of which the function at `span` is a side.
    fn inverse(&self, compared: Compared<'a>, span: Span, base: &Expr) -> Option<String> {
        let [(op, second)] = compared.rest else { return None };
        let first = compared.first;
        let bounded = match first.span.contains(span) {
            true => Bounded { side: first, limit: second, op: comparison(*op) },
            false => Bounded { side: second, limit: first, op: comparison(*op).mirrored() },
        };
        if self.may_read_prediction(bounded.limit) || is_negative(bounded.limit) {
            return None;
        }
        let side = bounded.side.bare();
        let (inner, is_size) = match &side.kind {
            ast::ExprKind::Abs(inner) => (inner.bare(), true),
            ast::ExprKind::Call { function, arguments } if function.text == "abs" => (arguments.first()?.bare(), true),
            _ => (side, false),
        };
        let c = || self.operand_text(bounded.limit);
        match (&inner.kind, bounded.op) {
            (ast::ExprKind::Power(_, exponent), _) if inner.span == span && !is_size => {
                self.inverse_power(base, exponent, &bounded)
            }
            _ => {
                let logarithm = self.logarithm(inner, span)?;
                let limit = self.sources.text(bounded.limit.span);
                match (logarithm, is_size, bounded.op) {
                    (Side::Log(of), true, Comparison::LessEqual) => {
                        Some(format!("exp(-{}) <= {of} <= exp({limit})", c()))
                    }
                    (_, true, _) => None,
                    (Side::Log(of), false, op) => Some(format!("{of} {} exp({limit})", op.symbol())),
                    (Side::Exp(of), false, op) => Some(format!("{of} {} log({limit})", op.symbol())),
                    (Side::Root(of), false, op) => Some(format!("{of} {} {} ^ 2", op.symbol(), c())),
                }
            }
        }
    }

    fn inverse_power(&self, base: &Expr, exponent: &ast::Expr, bounded: &Bounded<'a>) -> Option<String> {
        let ast::ExprKind::Number { value, text } = &exponent.bare().kind else { return None };
        let of = self.sources.text(base.span);
        let root = match *value {
            2.0 => format!("sqrt({})", self.sources.text(bounded.limit.span)),
            0.5 => format!("{} ^ 2", self.operand_text(bounded.limit)),
            value if value > 0.0 => format!("{} ^ (1 / {text})", self.operand_text(bounded.limit)),
            _ => return None,
        };
        let even = value.rem_euclid(2.0) == 0.0;
        match bounded.op {
            _ if base.range.is_non_negative() || *value == 0.5 => Some(format!("{of} {} {root}", bounded.op.symbol())),
            Comparison::LessEqual if even => Some(format!("|{of}| <= {root}")),
            _ => None,
        }
    }

    /// What an expression is the logarithm, exponential or root of, if it contains the place of the function.
    fn logarithm(&self, expr: &ast::Expr, span: Span) -> Option<Side> {
        match &expr.kind {
            ast::ExprKind::Call { function, arguments } if expr.span == span => {
                let of = self.sources.text(arguments.first()?.span).to_string();
                match function.text.as_str() {
                    "log" => Some(Side::Log(of)),
                    "exp" => Some(Side::Exp(of)),
                    "sqrt" => Some(Side::Root(of)),
                    _ => None,
                }
            }
            ast::ExprKind::Sum(first, rest) => {
                let [(ast::SumOp::Minus, second)] = rest.as_slice() else { return None };
                let of = |expr: &ast::Expr| match &expr.bare().kind {
                    ast::ExprKind::Call { function, arguments } if function.text == "log" => {
                        Some(self.operand_text(arguments.first()?))
                    }
                    _ => None,
                };
                Some(Side::Log(format!("{} / {}", of(first)?, of(second)?)))
            }
            _ => None,
        }
    }

    /// The text of an operand, in parentheses where it needs them.
    fn operand_text(&self, expr: &ast::Expr) -> String {
        let text = self.sources.text(expr.span);
        match &expr.kind {
            ast::ExprKind::Number { .. }
            | ast::ExprKind::Name(_)
            | ast::ExprKind::Paren(_)
            | ast::ExprKind::Abs(_)
            | ast::ExprKind::Call { .. }
            | ast::ExprKind::Index { .. }
            | ast::ExprKind::Aggregate(_) => text.to_string(),
            _ => format!("({text})"),
        }
    }

    /// Whether the prediction may stand in an expression; its names are taken for what they say.
    fn may_read_prediction(&self, expr: &ast::Expr) -> bool {
        let prediction = self.hir.prediction.as_ref().map_or("", |prediction| prediction.name.as_str());
        let mut stack = vec![expr];
        while let Some(expr) = stack.pop() {
            match &expr.kind {
                ast::ExprKind::Name(name) if name.text == prediction || name.text == "prediction" => return true,
                ast::ExprKind::Name(name) => {
                    if matches!(self.names.get(name.text.as_str()), Some((super::Symbol::Let(_), _))) {
                        return true;
                    }
                }
                ast::ExprKind::Call { function, .. } if function.text == super::name::RAW_CALL => {}
                _ => stack.extend(expr.children()),
            }
        }
        false
    }
}

/// What a side of a comparison is a function of, as text.
enum Side {
    Log(String),
    Exp(String),
    Root(String),
}

fn is_negative(expr: &ast::Expr) -> bool {
    matches!(&expr.bare().kind, ast::ExprKind::Negate(_))
}
