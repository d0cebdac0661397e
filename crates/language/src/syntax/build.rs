//! From pest's pairs to the tree: declarations, types and quantifiers. Expressions are in [`super::expression`].
//!
//! A function returns `None` where it found a mistake (a number out of range, say) and has recorded it; the
//! declaration is then left out.

use std::cell::RefCell;

use pest::iterators::{Pair, Pairs};

use super::Rule;
use super::ast::{
    Bound, Column, Condition, Constraint, Domain, DomainKind, Each, EachPair, Event, Import, ItemKind, Let, Level,
    Name, OptionSetting, Quantifier, Range, Relation, Statement, Type, Weight,
};
use super::error::{Mistake, SyntaxError, shortened};
use super::patch::Patch;
use crate::span::{SourceId, Span};
use crate::words::product_text;

/// Builds the tree of one declaration.
pub(super) struct Builder<'p> {
    pub source: SourceId,
    /// Where the declaration's text begins in the source.
    pub offset: usize,
    /// Set where the text was mended: places lead back to that of the author.
    pub patch: Option<&'p Patch<'p>>,
    pub errors: RefCell<Vec<SyntaxError>>,
}

/// The children of a pair, taken from left to right; brackets, commas and the like are skipped.
pub(super) struct Children<'i> {
    pairs: Pairs<'i, Rule>,
    /// The end of the last child seen, punctuation included.
    end: usize,
}

impl<'i> Children<'i> {
    pub fn of(pair: Pair<'i, Rule>) -> Self {
        Children { end: pair.as_span().start(), pairs: pair.into_inner() }
    }

    pub fn next(&mut self) -> Option<Pair<'i, Rule>> {
        loop {
            let pair = self.pairs.next()?;
            self.end = pair.as_span().end();
            if !is_punctuation(pair.as_rule()) {
                return Some(pair);
            }
        }
    }

    /// The end of the last child taken, punctuation included.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The next child if it is a `rule`.
    pub fn next_if(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        while self.pairs.peek().is_some_and(|pair| is_punctuation(pair.as_rule())) {
            self.end = self.pairs.next()?.as_span().end();
        }
        if self.pairs.peek()?.as_rule() == rule { self.next() } else { None }
    }
}

/// Rules that carry no meaning once the tree has its shape.
fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::comma
            | Rule::colon
            | Rule::define
            | Rule::bar
            | Rule::dots
            | Rule::open_paren
            | Rule::close_paren
            | Rule::open_bracket
            | Rule::close_bracket
            | Rule::open_brace
            | Rule::close_brace
            | Rule::kw_column
            | Rule::kw_label
            | Rule::kw_weight
            | Rule::kw_predict
            | Rule::kw_param
            | Rule::kw_let
            | Rule::kw_event
            | Rule::kw_group
            | Rule::kw_constraint
            | Rule::kw_metric
            | Rule::kw_use
            | Rule::kw_import
            | Rule::kw_forall
            | Rule::kw_each
            | Rule::kw_where
            | Rule::kw_in
            | Rule::kw_as
            | Rule::kw_from
            | Rule::kw_real
            | Rule::kw_int
            | Rule::kw_pairs
            | Rule::word_number
            | Rule::word_level
            | Rule::word_of
            | Rule::word_adjacent
            | Rule::word_key
            | Rule::pairs_ahead
            | Rule::kw_relation
            | Rule::kw_by
            | Rule::point
            | Rule::EOI
    )
}

impl Builder<'_> {
    /// The item of a `declaration` pair.
    pub fn item(&self, declaration: Pair<Rule>) -> Option<ItemKind> {
        let pair = declaration.into_inner().next()?;
        let rule = pair.as_rule();
        let mut children = Children::of(pair);
        Some(match rule {
            Rule::column => ItemKind::Column(self.column(children)?),
            Rule::label => ItemKind::Label(self.column(children)?),
            Rule::predict => ItemKind::Predict(self.column(children)?),
            Rule::weight => ItemKind::Weight(Weight {
                name: self.name(children.next()?),
                from: self.optional_name(children.next()),
            }),
            Rule::param => ItemKind::Param(self.param(children)?),
            Rule::named => {
                ItemKind::Let(Let { name: self.name(children.next()?), value: self.expr(children.next()?)? })
            }
            Rule::event => ItemKind::Event(Event {
                name: self.name(children.next()?),
                condition: self.condition(children.next()?)?,
            }),
            Rule::group => ItemKind::Group(self.group(children)?),
            Rule::relation => ItemKind::Relation(self.relation(children)?),
            Rule::constraint => ItemKind::Constraint(Constraint {
                name: self.name(children.next()?),
                options: self.options(children.next_if(Rule::options))?,
                body: self.statement(children.next()?)?,
            }),
            Rule::metric => ItemKind::Metric(self.metric(children)?),
            Rule::use_metric => ItemKind::Use(self.use_metric(children)?),
            Rule::import => ItemKind::Import(self.import(children.next()?)),
            _ => return None,
        })
    }

    fn column(&self, mut children: Children) -> Option<Column> {
        let name = self.name(children.next()?);
        let ty = self.ty(children.next()?)?;
        let nullable = children.next_if(Rule::nullable).is_some();
        Some(Column { name, ty, nullable, from: self.optional_name(children.next()) })
    }

    fn ty(&self, pair: Pair<Rule>) -> Option<Type> {
        let (rule, whole) = (pair.as_rule(), self.span(&pair));
        let start = pair.as_span().start();
        let mut children = Children::of(pair);
        if rule == Rule::categorical {
            return Some(Type::Categorical { levels: self.levels(children)?, span: whole });
        }
        if rule == Rule::key {
            return Some(Type::Key { span: whole });
        }
        let range = optional(children.next(), |pair| self.range(pair))?;
        let span = self.between(start, children.end);
        Some(if rule == Rule::int { Type::Int { range, span } } else { Type::Real { range, span } })
    }

    pub fn range(&self, pair: Pair<Rule>) -> Option<Range> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        Some(Range { lower: self.bound(children.next()?)?, upper: self.bound(children.next()?)?, span })
    }

    pub fn bound(&self, pair: Pair<Rule>) -> Option<Bound> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        let negative = children.next_if(Rule::sign).is_some_and(|sign| sign.as_str() == "-");
        let value = self.number(&children.next()?)?;
        Some(Bound { value: if negative { -value } else { value }, span })
    }

    pub fn levels(&self, mut children: Children) -> Option<Vec<Level>> {
        let mut levels = Vec::new();
        while let Some(pair) = children.next() {
            let first = self.level(pair)?;
            if children.next_if(Rule::times).is_none() {
                levels.push(first);
                continue;
            }
            // `female * black`
            let mut parts = vec![first, self.level(children.next()?)?];
            while children.next_if(Rule::times).is_some() {
                parts.push(self.level(children.next()?)?);
            }
            let span = parts.first()?.span.to(parts.last()?.span);
            let text = product_text(parts.iter().map(|part| (false, part.text.as_str())));
            levels.push(Level { text, number: None, span });
        }
        Some(levels)
    }

    pub fn level(&self, pair: Pair<Rule>) -> Option<Level> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        let negative = children.next_if(Rule::minus).is_some();
        let literal = children.next()?;
        if literal.as_rule() == Rule::name {
            return Some(Level { text: self.name(literal).text, number: None, span });
        }
        let value = self.number(&literal)?;
        let text = format!("{}{}", if negative { "-" } else { "" }, literal.as_str());
        Some(Level { text, number: Some(if negative { -value } else { value }), span })
    }

    pub fn options(&self, pair: Option<Pair<Rule>>) -> Option<Vec<OptionSetting>> {
        let Some(pair) = pair else { return Some(Vec::new()) };
        let mut children = Children::of(pair);
        let mut options = Vec::new();
        while let Some(option) = children.next() {
            let mut parts = Children::of(option);
            options.push(OptionSetting { name: self.name(parts.next()?), value: self.expr(parts.next()?)? });
        }
        Some(options)
    }

    fn import(&self, pair: Pair<Rule>) -> Import {
        let (path, path_span) = self.path(&pair);
        Import { path, path_span }
    }

    fn path(&self, pair: &Pair<Rule>) -> (String, Span) {
        let path = pair.as_str().trim_start_matches('"').trim_end_matches('"').to_owned();
        (path, self.span(pair))
    }

    fn relation(&self, mut children: Children) -> Option<Relation> {
        let name = self.name(children.next()?);
        let file = children.next_if(Rule::string).map(|pair| self.path(&pair));
        let (binders, binders_span) = self.binders(children.next()?);
        let key = self.name(children.next()?);
        let mut columns = Vec::new();
        while let Some(pair) = children.next_if(Rule::pair_column) {
            columns.push(self.column(Children::of(pair))?);
        }
        Some(Relation { name, file, binders, binders_span, key, columns })
    }

    /// The names, and what they and their parentheses span.
    fn binders(&self, pair: Pair<Rule>) -> (Vec<Name>, Span) {
        let start = pair.as_span().start();
        let closed = pair.as_str().trim_end().len();
        let span = self.between(start, start + closed);
        (self.names(Children::of(pair)), span)
    }

    pub fn statement(&self, pair: Pair<Rule>) -> Option<Statement> {
        let mut children = Children::of(pair);
        let mut quantifiers = Vec::new();
        while let Some(pair) = children.next_if(Rule::quantifier) {
            quantifiers.push(self.quantifier(pair)?);
        }
        let each = optional(children.next_if(Rule::each), |pair| {
            let keyword = self.between(pair.as_span().start(), pair.as_span().start() + "each".len());
            let mut children = Children::of(pair);
            let pairs = optional(children.next_if(Rule::of_pairs), |pair| {
                let mut parts = Children::of(pair);
                let (binders, binders_span) = self.binders(parts.next()?);
                Some(EachPair { binders, binders_span, relation: self.name(parts.next()?) })
            })?;
            let condition = self.filter(children.next_if(Rule::r#where))?;
            let end = condition.as_ref().map(|condition| condition.span);
            let end = end.or(pairs.as_ref().map(|pairs| pairs.relation.span));
            let span = end.map_or(keyword, |end| keyword.to(end));
            Some(Each { pairs, condition, span })
        })?;
        Some(Statement { quantifiers, each, body: self.expr(children.next()?)? })
    }

    /// A `quantifier`, or the `fold_over` of a fold.
    pub fn quantifier(&self, pair: Pair<Rule>) -> Option<Quantifier> {
        let keyword = self.span(&pair);
        let mut children = Children::of(pair);
        let binders = self.names(Children::of(children.next()?));
        let domain = self.domain(children.next()?)?;
        let condition = self.filter(children.next_if(Rule::r#where))?;
        let end = condition.as_ref().map_or(domain.span, |condition| condition.span);
        let span = Span { end: end.end, ..keyword };
        Some(Quantifier { binders, domain, condition, span })
    }

    /// The condition of a `where`, if there is one.
    fn filter(&self, pair: Option<Pair<Rule>>) -> Option<Option<Condition>> {
        optional(pair, |pair| self.condition(Children::of(pair).next()?))
    }

    fn domain(&self, pair: Pair<Rule>) -> Option<Domain> {
        let mut children = Children::of(pair);
        let first = children.next()?;
        let Some(second) = children.next() else { return self.domain_product(first) };
        let (from, to) = (self.range_end(first)?, self.range_end(second)?);
        let span = from.span.to(to.span);
        Some(Domain { kind: DomainKind::Range(Box::new(from), Box::new(to)), span })
    }

    /// `D * E * ..` from a `domain_side`, which may hold other operators too.
    fn domain_product(&self, side: Pair<Rule>) -> Option<Domain> {
        let mut factors: Vec<Domain> = Vec::new();
        for pair in side.into_inner() {
            match pair.as_rule() {
                Rule::times => {}
                Rule::negate | Rule::plus | Rule::minus | Rule::power | Rule::divide => {
                    return self.fail(SyntaxError::new(
                        Mistake::NotADomain { found: pair.as_str().trim().to_owned() },
                        self.span(&pair),
                    ));
                }
                _ => factors.push(self.domain_factor(pair)?),
            }
        }
        let (first, last) = (factors.first()?.span, factors.last()?.span);
        if factors.len() == 1 {
            return factors.pop();
        }
        Some(Domain { kind: DomainKind::Product(factors), span: first.to(last) })
    }

    fn domain_factor(&self, pair: Pair<Rule>) -> Option<Domain> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::pairs => DomainKind::Pairs(Box::new(self.domain(Children::of(pair).next()?)?)),
            Rule::adjacent => DomainKind::Adjacent(Box::new(self.domain(Children::of(pair).next()?)?)),
            Rule::set => DomainKind::Set(self.levels(Children::of(pair))?),
            // The parentheses belong to the span, as there is no node for them.
            Rule::domain_group => self.domain(Children::of(pair).next()?)?.kind,
            Rule::operand => {
                let mut children = Children::of(pair);
                let name = self.name(children.next()?);
                if children.next().is_some() {
                    return self.fail(SyntaxError::new(
                        Mistake::NotADomain { found: format!("{}(..)", shortened(&name.text)) },
                        span,
                    ));
                }
                return Some(Domain { span: name.span, kind: DomainKind::Name(name) });
            }
            _ => return self.fail(SyntaxError::new(Mistake::NotADomain { found: shortened(pair.as_str()) }, span)),
        };
        Some(Domain { kind, span })
    }

    // ---- words and numbers ----

    pub fn name(&self, pair: Pair<Rule>) -> Name {
        Name { text: pair.as_str().trim_matches('`').to_owned(), span: self.span(&pair) }
    }

    pub fn optional_name(&self, pair: Option<Pair<Rule>>) -> Option<Name> {
        pair.map(|pair| self.name(pair))
    }

    fn names(&self, mut children: Children) -> Vec<Name> {
        std::iter::from_fn(|| children.next()).map(|pair| self.name(pair)).collect()
    }

    /// The value of a `number` or `infinity`.
    pub fn number(&self, pair: &Pair<Rule>) -> Option<f64> {
        let text = pair.as_str();
        if pair.as_rule() == Rule::infinity {
            return Some(f64::INFINITY);
        }
        match number_value(text) {
            Some(value) => Some(value),
            None => self.fail(SyntaxError::new(Mistake::NumberOutOfRange { text: shortened(text) }, self.span(pair))),
        }
    }

    // ---- spans and errors ----

    /// The span of a pair that ends with a terminal; others may include the white space behind them.
    pub fn span(&self, pair: &Pair<Rule>) -> Span {
        self.between(pair.as_span().start(), pair.as_span().end())
    }

    pub fn between(&self, start: usize, end: usize) -> Span {
        let range = match self.patch {
            Some(patch) => patch.original(start..end),
            None => self.offset + start..self.offset + end,
        };
        Span::new(self.source, range.start, range.end)
    }

    pub fn fail<T>(&self, error: SyntaxError) -> Option<T> {
        self.errors.borrow_mut().push(error);
        None
    }
}

/// Applies a fallible function to something that may be absent.
pub(super) fn optional<T, U>(value: Option<T>, build: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    match value {
        Some(value) => build(value).map(Some),
        None => Some(None),
    }
}

/// The value of a literal, to the last bit: `5%` is the number nearest to 0.05. `None` if it overflows, or is lost to
/// zero.
fn number_value(text: &str) -> Option<f64> {
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    let value = match digits.strip_suffix('%') {
        None => digits.parse::<f64>().ok()?,
        Some(number) => {
            let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
            let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') { -99_999 } else { 99_999 });
            format!("{mantissa}e{}", exponent.saturating_sub(2)).parse::<f64>().ok()?
        }
    };
    let is_zero = !digits.split(['e', 'E', '%']).next()?.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    (value.is_finite() && (value != 0.0 || is_zero)).then_some(value)
}
