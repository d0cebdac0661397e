//! A sum that keeps what rounding loses.

use serde::{Deserialize, Serialize};

/// Neumaier's compensated sum: the mean of millions of numbers is right to the last digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    /// Adds a number.
    #[inline]
    pub fn add(&mut self, value: f64) {
        let next = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() { (self.sum - next) + value } else { (value - next) + self.sum };
        self.sum = next;
    }

    /// Adds a product together with what its rounding loses.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        let rest = a.mul_add(b, -product);
        // Beyond the largest number nothing is left to say.
        if rest.is_finite() {
            self.lost += rest;
        }
    }

    /// Adds all that another sum holds.
    pub fn merge(&mut self, other: Sum) {
        self.add(other.sum);
        self.lost += other.lost;
    }

    /// The sum so far.
    #[inline]
    pub fn value(self) -> f64 {
        self.sum + self.lost
    }

    /// Multiplies all that was added.
    pub fn scale(&mut self, factor: f64) {
        self.sum *= factor;
        self.lost *= factor;
    }
}

impl From<f64> for Sum {
    fn from(sum: f64) -> Sum {
        Sum { sum, lost: 0.0 }
    }
}

impl From<[f64; 2]> for Sum {
    fn from([sum, lost]: [f64; 2]) -> Sum {
        Sum { sum, lost }
    }
}

impl From<Sum> for [f64; 2] {
    fn from(sum: Sum) -> [f64; 2] {
        [sum.sum, sum.lost]
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Sum {
        let mut sum = Sum::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }
}
