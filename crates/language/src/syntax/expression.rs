//! From pest's flat expressions to trees, by a table of precedences.
//!
//! Operators of one level are gathered in one node (`a + b - c` is one [`ExprKind::Sum`]), so the tree is as deep as
//! the user's brackets and no deeper. A parenthesised expression is an [`ExprKind::Paren`] and is never gathered.

use std::sync::LazyLock;

use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::Rule;
use super::ast::{
    Aggregate, AggregateKind, Comparison, Condition, Expr, ExprKind, Fold, FoldKind, Level, Name, ProductOp, SumOp,
};
use super::build::{Builder, Children, optional};
use super::error::{Mistake, SyntaxError};
use crate::span::Span;

/// From the loosest to the tightest; the table of docs/grammar.md.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    use Assoc::{Left, Right};
    PrattParser::new()
        .op(Op::infix(Rule::logical_or, Left))
        .op(Op::infix(Rule::logical_and, Left))
        .op(Op::prefix(Rule::logical_not))
        .op(Op::infix(Rule::equal, Left)
            | Op::infix(Rule::not_equal, Left)
            | Op::infix(Rule::less, Left)
            | Op::infix(Rule::less_equal, Left)
            | Op::infix(Rule::greater, Left)
            | Op::infix(Rule::greater_equal, Left)
            | Op::postfix(Rule::membership))
        .op(Op::infix(Rule::plus_minus, Left))
        .op(Op::infix(Rule::plus, Left) | Op::infix(Rule::minus, Left))
        .op(Op::infix(Rule::times, Left) | Op::infix(Rule::divide, Left))
        .op(Op::prefix(Rule::negate))
        .op(Op::infix(Rule::power, Right))
});

impl Builder<'_> {
    pub fn condition(&self, pair: Pair<Rule>) -> Option<Condition> {
        let mut children = Children::of(pair);
        let terms = self.exprs(&mut children)?;
        let span = terms.first()?.span.to(terms.last()?.span);
        Some(Condition { terms, span })
    }

    /// The tree of an `expr`.
    pub fn expr(&self, pair: Pair<Rule>) -> Option<Expr> {
        PRECEDENCE
            .map_primary(|pair| self.primary(pair))
            .map_prefix(|operator, operand| self.prefix(&operator, operand?))
            .map_postfix(|operand, operator| self.membership(operand?, operator))
            .map_infix(|left, operator, right| infix(left?, operator.as_rule(), right?))
            .parse(pair.into_inner())
    }

    /// One end of a range: a `domain_side` read as an expression.
    pub fn range_end(&self, side: Pair<Rule>) -> Option<Expr> {
        PRECEDENCE
            .map_primary(|pair| match pair.as_rule() {
                Rule::domain_group => {
                    let span = self.span(&pair);
                    let mut sides = Children::of(Children::of(pair).next()?);
                    let inner = self.range_end(sides.next()?)?;
                    if sides.next().is_some() {
                        return self.fail(SyntaxError::new(Mistake::NotARangeEnd { found: "..".to_owned() }, span));
                    }
                    Some(Expr { kind: ExprKind::Paren(Box::new(inner)), span })
                }
                Rule::pairs | Rule::adjacent | Rule::set => {
                    let found = match pair.as_rule() {
                        Rule::set => "{..}",
                        Rule::adjacent => "adjacent(..)",
                        _ => "pairs(..)",
                    };
                    self.fail(SyntaxError::new(Mistake::NotARangeEnd { found: found.to_owned() }, self.span(&pair)))
                }
                _ => self.primary(pair),
            })
            .map_prefix(|operator, operand| self.prefix(&operator, operand?))
            .map_infix(|left, operator, right| infix(left?, operator.as_rule(), right?))
            .parse(side.into_inner())
    }

    /// The expressions among the next children, up to one of another rule.
    fn exprs(&self, children: &mut Children) -> Option<Vec<Expr>> {
        let mut list = Vec::new();
        while let Some(pair) = children.next_if(Rule::expr) {
            list.push(self.expr(pair)?);
        }
        Some(list)
    }

    /// The arguments of a call, and their span with the parentheses.
    pub fn arguments(&self, pair: Pair<Rule>) -> Option<(Vec<Expr>, Span)> {
        let span = self.span(&pair);
        Some((self.exprs(&mut Children::of(pair))?, span))
    }

    fn primary(&self, pair: Pair<Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number | Rule::infinity => {
                ExprKind::Number { value: self.number(&pair)?, text: pair.as_str().to_owned() }
            }
            Rule::operand => return self.operand(pair),
            Rule::index => return self.index(pair),
            Rule::field => {
                let mut children = Children::of(pair);
                let (of, column) = (self.name(children.next()?), self.name(children.next()?));
                let span = of.span.to(column.span);
                let name = Name { text: format!("{}.{}", of.text, column.text), span };
                return Some(Expr { kind: ExprKind::Name(name), span });
            }
            Rule::paren => ExprKind::Paren(Box::new(self.expr(Children::of(pair).next()?)?)),
            Rule::abs => ExprKind::Abs(Box::new(self.expr(Children::of(pair).next()?)?)),
            Rule::aggregate => ExprKind::Aggregate(Box::new(self.aggregate(pair)?)),
            Rule::indicator => ExprKind::Indicator(self.condition(Children::of(pair).next()?)?),
            Rule::fold => ExprKind::Fold(Box::new(self.fold(pair)?)),
            _ => ExprKind::Error,
        };
        Some(Expr { kind, span })
    }

    /// A name or a call.
    fn operand(&self, pair: Pair<Rule>) -> Option<Expr> {
        let mut children = Children::of(pair);
        let function = self.name(children.next()?);
        Some(match children.next() {
            None => Expr { span: function.span, kind: ExprKind::Name(function) },
            Some(pair) => {
                let (arguments, end) = self.arguments(pair)?;
                Expr { span: function.span.to(end), kind: ExprKind::Call { function, arguments } }
            }
        })
    }

    fn aggregate(&self, pair: Pair<Rule>) -> Option<Aggregate> {
        let mut children = Children::of(pair);
        let head = children.next()?;
        let kind = match head.as_str() {
            "Sum" => AggregateKind::Sum,
            "N" => AggregateKind::Count,
            "P" => AggregateKind::Probability,
            "Cov" => AggregateKind::Covariance,
            "Var" => AggregateKind::Variance,
            _ => AggregateKind::Mean,
        };
        let arguments = self.exprs(&mut children)?;
        let condition = optional(children.next(), |pair| self.condition(pair))?;
        Some(Aggregate { kind, kind_span: self.span(&head), arguments, condition })
    }

    fn fold(&self, pair: Pair<Rule>) -> Option<Fold> {
        let mut children = Children::of(pair);
        let head = children.next()?;
        let kind = match head.as_str() {
            "min" => FoldKind::Min,
            "sum" => FoldKind::Sum,
            "mean" => FoldKind::Mean,
            _ => FoldKind::Max,
        };
        let over = self.quantifier(children.next()?)?;
        Some(Fold { kind, kind_span: self.span(&head), over, body: self.expr(children.next()?)? })
    }

    fn prefix(&self, operator: &Pair<Rule>, operand: Expr) -> Option<Expr> {
        let span = self.span(operator).to(operand.span);
        let operand = Box::new(operand);
        let kind = if operator.as_rule() == Rule::negate { ExprKind::Negate(operand) } else { ExprKind::Not(operand) };
        Some(Expr { kind, span })
    }

    /// `value in {..}` or `value not in {..}`.
    fn membership(&self, value: Expr, pair: Pair<Rule>) -> Option<Expr> {
        let span = value.span.to(self.span(&pair));
        let mut children = Children::of(pair);
        let negated = children.next_if(Rule::kw_not).is_some();
        let levels: Vec<Level> = self.levels(Children::of(children.next()?))?;
        Some(Expr { kind: ExprKind::In { value: Box::new(value), levels, negated }, span })
    }
}

/// Joins two operands, gathering chains of one level.
fn infix(left: Expr, operator: Rule, right: Expr) -> Option<Expr> {
    let span = left.span.to(right.span);
    let kind = match operator {
        Rule::plus => sum(left, SumOp::Plus, right),
        Rule::minus => sum(left, SumOp::Minus, right),
        Rule::times => product(left, ProductOp::Times, right),
        Rule::divide => product(left, ProductOp::Divide, right),
        Rule::power => ExprKind::Power(Box::new(left), Box::new(right)),
        Rule::plus_minus => ExprKind::PlusMinus(Box::new(left), Box::new(right)),
        Rule::equal => compare(left, Comparison::Equal, right),
        Rule::not_equal => compare(left, Comparison::NotEqual, right),
        Rule::less => compare(left, Comparison::Less, right),
        Rule::less_equal => compare(left, Comparison::LessEqual, right),
        Rule::greater => compare(left, Comparison::Greater, right),
        Rule::greater_equal => compare(left, Comparison::GreaterEqual, right),
        Rule::logical_and => match left.kind {
            ExprKind::And(mut terms) => {
                terms.push(right);
                ExprKind::And(terms)
            }
            _ => ExprKind::And(vec![left, right]),
        },
        Rule::logical_or => match left.kind {
            ExprKind::Or(mut terms) => {
                terms.push(right);
                ExprKind::Or(terms)
            }
            _ => ExprKind::Or(vec![left, right]),
        },
        _ => ExprKind::Error,
    };
    Some(Expr { kind, span })
}

fn sum(left: Expr, operator: SumOp, right: Expr) -> ExprKind {
    match left.kind {
        ExprKind::Sum(first, mut rest) => {
            rest.push((operator, right));
            ExprKind::Sum(first, rest)
        }
        _ => ExprKind::Sum(Box::new(left), vec![(operator, right)]),
    }
}

fn product(left: Expr, operator: ProductOp, right: Expr) -> ExprKind {
    match left.kind {
        ExprKind::Product(first, mut rest) => {
            rest.push((operator, right));
            ExprKind::Product(first, rest)
        }
        _ => ExprKind::Product(Box::new(left), vec![(operator, right)]),
    }
}

fn compare(left: Expr, operator: Comparison, right: Expr) -> ExprKind {
    match left.kind {
        ExprKind::Compare(first, mut rest) => {
            rest.push((operator, right));
            ExprKind::Compare(first, rest)
        }
        _ => ExprKind::Compare(Box::new(left), vec![(operator, right)]),
    }
}
