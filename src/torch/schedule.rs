//! Learning rates over epochs, and when to stop.

use serde::{Deserialize, Serialize};

/// Lowers the rate where the loss has stopped falling, and stops where that has not helped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The present learning rate.
    pub rate: f64,
    /// What the rate is multiplied by; 1 keeps it.
    pub factor: f64,
    /// Epochs without a better loss before the rate is lowered.
    pub patience: u64,
    /// Epochs without a better loss before training ends; none to go on.
    pub stop_after: Option<u64>,
    /// The best loss so far, and its epoch.
    pub best: Option<(f64, u64)>,
    waited: u64,
}

/// What an epoch's loss means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The best so far.
    pub best: bool,
    /// Time to end.
    pub stop: bool,
}

impl Plateau {
    /// A schedule that starts at `rate`.
    pub fn new(rate: f64, factor: f64, patience: u64, stop_after: Option<u64>) -> Plateau {
        Plateau { rate, factor, patience, stop_after, best: None, waited: 0 }
    }

    /// Takes note of the loss of an epoch. A loss that is NaN is never better.
    pub fn note(&mut self, loss: f64, epoch: u64) -> Verdict {
        let best = self.best.map_or(!loss.is_nan(), |(best, _)| loss < best);
        if best {
            self.best = Some((loss, epoch));
            self.waited = 0;
        } else {
            self.waited += 1;
            if self.waited >= self.patience {
                self.rate *= self.factor;
                self.waited = 0;
            }
        }
        let since = self.best.map_or(epoch + 1, |(_, at)| epoch - at);
        Verdict { best, stop: self.stop_after.is_some_and(|most| since >= most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_where_the_loss_does_not_and_training_ends() {
        let mut plateau = Plateau::new(1.0, 0.5, 2, Some(4));
        let verdicts: Vec<Verdict> = [3.0, 2.0, 2.5, 2.0, f64::NAN, 2.1]
            .iter()
            .zip(0..)
            .map(|(&loss, epoch)| plateau.note(loss, epoch))
            .collect();
        assert_eq!(verdicts.iter().map(|v| v.best).collect::<Vec<_>>(), [true, true, false, false, false, false]);
        assert_eq!(verdicts.iter().position(|v| v.stop), Some(5));
        assert_eq!((plateau.rate, plateau.best), (0.25, Some((2.0, 1))));
    }
}
