//! How far a projection moved predictions.

/// How far predictions moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Movement {
    pub n: usize,
    pub moved: usize,
    total: f64,
    pub largest: f64,
    square: f64,
}

impl Movement {
    /// Enters a batch: predictions before and after, and the weights if there are any.
    pub fn enter(&mut self, before: &[f64], after: &[f64], weights: Option<&[f64]>) {
        for (index, (z, y)) in before.iter().zip(after).enumerate() {
            let distance = (y - z).abs();
            let weight = weights.and_then(|weights| weights.get(index)).copied().unwrap_or(1.0);
            self.n += 1;
            self.moved += usize::from(distance > 1e-12 * z.abs().max(1.0));
            self.total += distance;
            self.largest = self.largest.max(distance);
            self.square += weight * distance * distance;
        }
    }

    /// The share of the predictions that moved.
    pub fn share(&self) -> f64 {
        if self.n == 0 { 0.0 } else { self.moved as f64 / self.n as f64 }
    }

    /// The mean distance of all predictions, moved or not.
    pub fn mean(&self) -> f64 {
        if self.n == 0 { 0.0 } else { self.total / self.n as f64 }
    }

    /// `√(Σ w (ŷ − z)²)`: what the projection makes as small as it can be.
    pub fn distance(&self) -> f64 {
        self.square.sqrt()
    }
}
