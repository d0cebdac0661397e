//! Ratio clearing.
//!
//! From: `n / d + c <= 0` with `n`, `d` affine, `c` data and `d` of a proven sign. To: `n + c·d <= 0`, turned around
//! where `d` is not positive. Why equivalent: both sides are multiplied by `d`, whose sign the bounds prove; where `d`
//! is zero, which the bounds may allow at an end, the ratio is undefined and the cleared row reads `n <= 0`. A sum of
//! two ratios with different denominators, once cleared, holds products of predictions, so it is refused.

use crate::program::Data;
use crate::span::Span;

use super::affine::Affine;
use super::error::{Finding, Kind};

/// `numerator / denominator`; without a denominator it is affine.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fraction {
    pub numerator: Affine,
    pub denominator: Option<Denominator>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Denominator {
    pub affine: Affine,
    /// Proven by the bounds: never positive instead of never negative.
    pub negative: bool,
}

impl Fraction {
    pub fn affine(numerator: Affine) -> Self {
        Fraction { numerator, denominator: None }
    }

    /// How many terms it has, its constant counted as one.
    pub fn terms(&self) -> usize {
        1 + self.numerator.terms.len() + self.denominator.as_ref().map_or(0, |below| below.affine.terms.len())
    }

    pub fn scale(self, factor: Data) -> Self {
        Fraction { numerator: self.numerator.scale(factor), ..self }
    }

    /// The sum, if it is a ratio with one denominator.
    pub fn add(self, other: Fraction, span: Span) -> Result<Fraction, Finding> {
        match (self.denominator, other.denominator) {
            (None, None) => Ok(Fraction::affine(self.numerator.add(other.numerator))),
            (Some(denominator), None) => over(self.numerator, denominator, other.numerator, span),
            (None, Some(denominator)) => over(other.numerator, denominator, self.numerator, span),
            (Some(a), Some(b)) if a == b => {
                Ok(Fraction { numerator: self.numerator.add(other.numerator), denominator: Some(a) })
            }
            (Some(_), Some(_)) => {
                Err(Finding::new(Kind::RatioSum { what: "a sum or difference of ratios of predictions" }, span))
            }
        }
    }

    /// This over an affine denominator.
    pub fn divide(self, affine: Affine, negative: bool, span: Span) -> Result<Fraction, Finding> {
        match self.denominator {
            None => Ok(Fraction { numerator: self.numerator, denominator: Some(Denominator { affine, negative }) }),
            Some(_) => Err(Finding::new(Kind::RatioSum { what: "a ratio of ratios of predictions" }, span)),
        }
    }

    /// An affine form that is at most zero exactly where the fraction is.
    pub fn clear(self) -> Affine {
        match self.denominator {
            Some(Denominator { negative: true, .. }) => self.numerator.negate(),
            Some(Denominator { negative: false, .. }) | None => self.numerator,
        }
    }
}

/// `numerator / denominator + data`.
fn over(numerator: Affine, denominator: Denominator, other: Affine, span: Span) -> Result<Fraction, Finding> {
    if !other.terms.is_empty() {
        return Err(Finding::new(Kind::RatioSum { what: "a sum of a ratio and a prediction" }, span));
    }
    let numerator = numerator.add(denominator.affine.clone().scale(other.constant));
    Ok(Fraction { numerator, denominator: Some(denominator) })
}
