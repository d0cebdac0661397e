//! One step down the tree of an expression.

use super::ast::{Condition, Domain, DomainKind, Expr, ExprKind, Quantifier};

impl Expr {
    /// The expressions right below this one, from left to right; those of conditions and domains included.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number { .. } | ExprKind::Name(_) | ExprKind::Error => Vec::new(),
            ExprKind::Paren(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) | ExprKind::Abs(inner) => {
                vec![inner]
            }
            ExprKind::Sum(first, rest) => chain(first, rest),
            ExprKind::Product(first, rest) => chain(first, rest),
            ExprKind::Compare(first, rest) => chain(first, rest),
            ExprKind::Power(a, b) | ExprKind::PlusMinus(a, b) => vec![a, b],
            ExprKind::In { value, .. } => vec![value],
            ExprKind::And(terms) | ExprKind::Or(terms) => terms.iter().collect(),
            ExprKind::Index { levels, .. } => levels.iter().collect(),
            ExprKind::Call { arguments, .. } => arguments.iter().collect(),
            ExprKind::Aggregate(it) => it.arguments.iter().chain(terms(it.condition.as_ref())).collect(),
            ExprKind::Indicator(condition) => condition.terms.iter().collect(),
            ExprKind::Fold(fold) => fold.over.expressions().into_iter().chain([&fold.body]).collect(),
        }
    }
}

impl Quantifier {
    /// The expressions in its domain and its condition.
    pub fn expressions(&self) -> Vec<&Expr> {
        ends(&self.domain).into_iter().chain(terms(self.condition.as_ref())).collect()
    }
}

fn chain<'e, Op>(first: &'e Expr, rest: &'e [(Op, Expr)]) -> Vec<&'e Expr> {
    std::iter::once(first).chain(rest.iter().map(|(_, operand)| operand)).collect()
}

fn terms(condition: Option<&Condition>) -> impl Iterator<Item = &Expr> {
    condition.into_iter().flat_map(|condition| &condition.terms)
}

/// The ends of the ranges in a domain.
fn ends(domain: &Domain) -> Vec<&Expr> {
    match &domain.kind {
        DomainKind::Name(_) | DomainKind::Set(_) => Vec::new(),
        DomainKind::Range(first, last) => vec![first, last],
        DomainKind::Pairs(inner) | DomainKind::Adjacent(inner) => ends(inner),
        DomainKind::Product(factors) => factors.iter().flat_map(ends).collect(),
    }
}
