//! The smart constructors of [`Data`] for sums and products: each takes expressions in normal form and returns one.
//!
//! All are total: what cannot be folded to a finite number (`1 / 0`, `log(-1)`, an overflow) stays an expression, whose
//! value is then not finite when a batch is bound. A zero factor makes a product zero, and equal factors cancel.

use super::data::{Data, Function};
use super::number::{fold_product, fold_sum, is_whole, power, snap};

/// Leaves, sums and multiples.
impl Data {
    pub fn number(value: f64) -> Data {
        Data::Number(value + 0.0) // no negative zero
    }

    pub fn zero() -> Data {
        Data::Number(0.0)
    }

    pub fn one() -> Data {
        Data::Number(1.0)
    }

    pub fn param(name: impl Into<String>) -> Data {
        Data::Param(name.into())
    }

    pub fn column(header: impl Into<String>) -> Data {
        Data::Column(header.into())
    }

    /// The sum of many; linear in their number up to sorting, so prefer it to repeated [`Data::add`].
    pub fn sum(parts: impl IntoIterator<Item = Data>) -> Data {
        let mut linear = Linear::default();
        for part in parts {
            linear.add(part);
        }
        linear.finish()
    }

    #[allow(clippy::should_implement_trait, reason = "a constructor that keeps a normal form, not an operator")]
    pub fn add(self, other: Data) -> Data {
        Data::sum([self, other])
    }

    #[allow(clippy::should_implement_trait, reason = "a constructor that keeps a normal form, not an operator")]
    pub fn sub(self, other: Data) -> Data {
        Data::sum([self, other.neg()])
    }

    #[allow(clippy::should_implement_trait, reason = "a constructor that keeps a normal form, not an operator")]
    pub fn neg(self) -> Data {
        self.scale(-1.0)
    }

    /// `coefficient · self`; distributes over a sum.
    pub fn scale(self, coefficient: f64) -> Data {
        if coefficient == 0.0 && self.is_unfolded() {
            return raw_product(0.0, 1.0, self);
        }
        self.map_coefficients(|c| if coefficient == -1.0 { -c } else { product_of_two(coefficient, c) })
            .unwrap_or_else(|unscaled| raw_product(coefficient, 1.0, unscaled))
    }

    /// `self / divisor` for a number other than 0.
    fn unscale(self, divisor: f64) -> Data {
        self.map_coefficients(|c| snap(c / divisor)).unwrap_or_else(|unscaled| raw_product(divisor, -1.0, unscaled))
    }

    /// Whether a number among the factors could not be folded, so that the value is not finite.
    fn is_unfolded(&self) -> bool {
        matches!(self, Data::Product(factors) if factors.iter().any(|(factor, _)| factor.as_number().is_some()))
    }

    /// Applies a linear map to the constant and the coefficients; gives `self` back if a result is not finite.
    fn map_coefficients(self, map: impl Fn(f64) -> f64) -> Result<Data, Data> {
        match self {
            Data::Number(value) => {
                let mapped = map(value);
                if mapped.is_finite() { Ok(Data::number(mapped)) } else { Err(Data::Number(value)) }
            }
            Data::Sum { constant, terms } => {
                let finite = map(constant).is_finite() && terms.iter().all(|(c, _)| map(*c).is_finite());
                if !finite {
                    return Err(Data::Sum { constant, terms });
                }
                let mut linear = Linear::default();
                linear.constants.push(map(constant));
                linear.terms.extend(terms.into_iter().map(|(c, monomial)| (map(c), monomial)));
                Ok(linear.finish())
            }
            monomial @ (Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..)) => {
                let mapped = map(1.0);
                if !mapped.is_finite() {
                    return Err(monomial);
                }
                let linear = Linear { constants: Vec::new(), terms: vec![(mapped, monomial)] };
                Ok(linear.finish())
            }
        }
    }
}

fn product_of_two(a: f64, b: f64) -> f64 {
    if a == 1.0 {
        b
    } else if b == 1.0 {
        a
    } else {
        snap(a * b)
    }
}

/// `number ^ power · rest` where folding would not give a finite number.
fn raw_product(number: f64, power: f64, rest: Data) -> Data {
    let mut factors = vec![(Data::number(number), power)];
    match rest {
        Data::Product(more) => factors.extend(more),
        other => factors.push((other, 1.0)),
    }
    sort_factors(&mut factors);
    Data::Product(factors)
}

fn sort_factors(factors: &mut [(Data, f64)]) {
    factors.sort_by(|(a, p), (b, q)| a.cmp(b).then_with(|| p.total_cmp(q)));
}

/// A sum under construction.
#[derive(Default)]
struct Linear {
    constants: Vec<f64>,
    terms: Vec<(f64, Data)>,
}

impl Linear {
    fn add(&mut self, part: Data) {
        match part {
            Data::Number(value) => self.constants.push(value),
            Data::Sum { constant, terms } => {
                self.constants.push(constant);
                self.terms.extend(terms);
            }
            monomial @ (Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..)) => {
                self.terms.push((1.0, monomial))
            }
        }
    }

    fn finish(mut self) -> Data {
        self.constants.retain(|&value| value != 0.0);
        let constant = fold_sum(self.constants.clone()).unwrap_or_else(|| {
            self.terms.extend(self.constants.iter().map(|&value| (value, Data::one())));
            0.0
        });
        self.terms.sort_by(|(k, a), (l, b)| a.cmp(b).then_with(|| k.total_cmp(l)));
        let mut terms: Vec<(f64, Data)> = Vec::with_capacity(self.terms.len());
        let mut rest = self.terms.into_iter().peekable();
        while let Some((coefficient, monomial)) = rest.next() {
            let mut coefficients = vec![coefficient];
            while let Some((like, _)) = rest.next_if(|(_, other)| *other == monomial) {
                coefficients.push(like);
            }
            match fold_sum(coefficients.clone()) {
                Some(0.0) => {}
                Some(sum) => terms.push((sum, monomial)),
                None => terms.extend(coefficients.into_iter().map(|c| (c, monomial.clone()))),
            }
        }
        match terms.pop() {
            None => Data::number(constant),
            Some((1.0, only)) if terms.is_empty() && constant == 0.0 && only.as_number().is_none() => only,
            Some(last) => {
                terms.push(last);
                Data::Sum { constant, terms }
            }
        }
    }
}

/// Products, quotients and powers.
impl Data {
    #[allow(clippy::should_implement_trait, reason = "a constructor that keeps a normal form, not an operator")]
    pub fn mul(self, other: Data) -> Data {
        Data::product([self, other])
    }

    /// The product of many; linear in their number up to sorting, so prefer it to repeated [`Data::mul`].
    pub fn product(parts: impl IntoIterator<Item = Data>) -> Data {
        Data::product_of_powers(parts.into_iter().map(|part| (part, 1.0)))
    }

    #[allow(clippy::should_implement_trait, reason = "a constructor that keeps a normal form, not an operator")]
    pub fn div(self, other: Data) -> Data {
        match other {
            Data::Number(divisor) if divisor != 0.0 => self.unscale(divisor),
            divisor => Data::product_of_powers([(self, 1.0), (divisor, -1.0)]),
        }
    }

    /// `self ^ exponent`; a numeric exponent becomes the power of a factor.
    pub fn pow(self, exponent: Data) -> Data {
        match exponent.as_number() {
            Some(0.5) => Data::call(Function::Sqrt, vec![self]),
            Some(number) => Data::product_of_powers([(self, number)]),
            None if self.is_one() => self,
            None => Data::Call(Function::Power, vec![self, exponent]),
        }
    }

    pub(super) fn product_of_powers(parts: impl IntoIterator<Item = (Data, f64)>) -> Data {
        let mut numbers = Vec::new();
        let mut others = Vec::new();
        for (part, exponent) in parts {
            match part {
                Data::Number(value) if power(value, exponent).is_finite() => numbers.push(power(value, exponent)),
                Data::Number(_) => others.push((part, exponent)),
                part if exponent != 0.0 => others.push((part, exponent)),
                _one => {}
            }
        }
        // A number times one sum distributes; taking the sum apart and putting it together again would round.
        if let [(_, 1.0)] = others[..] {
            let only = others.pop().map_or_else(Data::one, |(part, _)| part);
            return numbers.into_iter().fold(only, Data::scale);
        }
        let mut monomial = Monomial { numbers, ..Monomial::default() };
        others.into_iter().for_each(|(part, exponent)| monomial.absorb(part, exponent));
        monomial.finish()
    }
}

/// A product under construction.
#[derive(Default)]
struct Monomial {
    numbers: Vec<f64>,
    /// Numbers to powers that are not finite.
    unfolded: Vec<(Data, f64)>,
    factors: Vec<(Data, f64)>,
}

impl Monomial {
    fn absorb(&mut self, part: Data, exponent: f64) {
        match part {
            Data::Number(value) => self.absorb_number(value, exponent),
            Data::Sum { constant, terms } => self.absorb_sum(constant, terms, exponent),
            Data::Product(factors) if is_whole(exponent) => {
                for (factor, own) in factors {
                    match factor {
                        Data::Number(value) => self.absorb_number(value, own * exponent),
                        factor => self.factors.push((factor, own * exponent)),
                    }
                }
            }
            part @ (Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..)) => {
                self.factors.push((part, exponent));
            }
        }
    }

    fn absorb_number(&mut self, value: f64, exponent: f64) {
        let folded = power(value, exponent);
        if folded.is_finite() {
            self.numbers.push(folded);
        } else {
            self.unfolded.push((Data::number(value), exponent));
        }
    }

    /// Pulls out the first coefficient (its size alone, where the power of a negative number is not defined).
    fn absorb_sum(&mut self, constant: f64, terms: Vec<(f64, Data)>, exponent: f64) {
        let lead = terms.first().map_or(1.0, |(c, _)| if is_whole(exponent) { *c } else { c.abs() });
        let scaled = terms.iter().map(|(c, _)| *c).chain([constant]).all(|c| (c / lead).is_finite());
        if !scaled || !power(lead, exponent).is_finite() || power(lead, exponent) == 0.0 {
            self.factors.push((Data::Sum { constant, terms }, exponent));
            return;
        }
        self.numbers.push(power(lead, exponent));
        let terms = terms.into_iter().map(|(c, monomial)| (quotient(c, lead), monomial)).collect();
        match (Linear { constants: vec![quotient(constant, lead)], terms }).finish() {
            product @ Data::Product(_) => self.absorb(product, exponent),
            primitive => self.factors.push((primitive, exponent)),
        }
    }

    fn finish(mut self) -> Data {
        while self.collect() {}
        let coefficient = match fold_product(self.numbers.clone()) {
            // A zero makes all zero, but for an infinite factor.
            Some(zero) if zero == 0.0 && !self.unfolded.is_empty() => {
                self.unfolded.push((Data::zero(), 1.0));
                1.0
            }
            Some(coefficient) => coefficient,
            None => {
                self.unfolded.extend(self.numbers.into_iter().map(|value| (Data::number(value), 1.0)));
                1.0
            }
        };
        self.factors.extend(self.unfolded);
        sort_factors(&mut self.factors);
        match self.factors.pop() {
            _ if coefficient == 0.0 => Data::zero(),
            None => Data::number(coefficient),
            Some((only, 1.0)) if self.factors.is_empty() => only.scale(coefficient),
            Some(last) => {
                self.factors.push(last);
                Data::Product(self.factors).scale(coefficient)
            }
        }
    }

    /// Sorts the factors and adds up the powers of equal ones; true if a product came free that has to be spread.
    fn collect(&mut self) -> bool {
        sort_factors(&mut self.factors);
        let mut rest = std::mem::take(&mut self.factors).into_iter().peekable();
        let mut spread = Vec::new();
        while let Some((factor, exponent)) = rest.next() {
            let mut exponents = vec![exponent];
            while let Some((_, like)) = rest.next_if(|(other, _)| *other == factor) {
                exponents.push(like);
            }
            match (fold_sum(exponents).unwrap_or(exponent), factor) {
                (0.0, _) => {}
                (total, product @ Data::Product(_)) if is_whole(total) => spread.push((product, total)),
                (total, factor) => self.factors.push((factor, total)),
            }
        }
        let again = !spread.is_empty();
        spread.into_iter().for_each(|(product, exponent)| self.absorb(product, exponent));
        again
    }
}

/// `a / b`, or the short decimal whose product with `b` is `a`.
fn quotient(a: f64, b: f64) -> f64 {
    if b == 1.0 {
        return a;
    }
    if b == -1.0 {
        return -a + 0.0;
    }
    snap(a / b)
}
