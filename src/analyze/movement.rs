//! How far a projection moved predictions.

/// How far predictions moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Movement {
    pub n: usize,
    pub moved: usize,
    /// The weight of all, and of those that moved; states of earlier versions have none.
    #[serde(default)]
    weight: f64,
    #[serde(default)]
    moved_weight: f64,
    /// Weighted, as the square is.
    total: f64,
    pub largest: f64,
    square: f64,
}

impl Movement {
    /// Enters a batch: predictions before and after, and the weights if there are any.
    pub fn enter(&mut self, before: &[f64], after: &[f64], weights: Option<&[f64]>) {
        if self.weight == 0.0 && weights.is_none() {
            (self.weight, self.moved_weight) = (self.n as f64, self.moved as f64);
        }
        // What is rounding beside the largest of the predictions is no move.
        let size = before.iter().chain(after).fold(0.0_f64, |size, value| size.max(value.abs()));
        for (index, (z, y)) in before.iter().zip(after).enumerate() {
            let distance = (y - z).abs();
            let weight = weights.and_then(|weights| weights.get(index)).copied().unwrap_or(1.0);
            let moved = distance > 64.0 * f64::EPSILON * size;
            self.n += 1;
            self.moved += usize::from(moved);
            self.weight += weight;
            self.moved_weight += if moved { weight } else { 0.0 };
            self.total += weight * distance;
            self.largest = self.largest.max(distance);
            self.square += weight * distance * distance;
        }
    }

    /// The share of the predictions that moved, by weight.
    pub fn share(&self) -> f64 {
        if self.weight > 0.0 { self.moved_weight / self.weight } else { 0.0 }
    }

    /// The weighted mean distance of all predictions, moved or not.
    pub fn mean(&self) -> f64 {
        if self.weight > 0.0 { self.total / self.weight } else { 0.0 }
    }

    /// `√(Σ w (ŷ − z)²)`: what the projection makes as small as it can be.
    pub fn distance(&self) -> f64 {
        self.square.sqrt()
    }
}
