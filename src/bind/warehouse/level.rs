//! What is known of scores near thresholds, and what is decided of them.

/// Samples of positive weight whose scores lie next to each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    pub cell: usize,
    /// The ends of the scores.
    pub low: f64,
    pub high: f64,
    pub samples: usize,
    pub weight: f64,
    /// Of one sample: what was read of it where all have the same, else the mean.
    pub unit: f64,
    /// `Σ w·z`.
    pub sum: f64,
    /// All of them have the same score and the same weight.
    pub exact: bool,
}

impl Level {
    pub fn mean(&self) -> f64 {
        if self.exact { self.low } else { self.sum / self.weight }
    }
}

/// The scores of a cell from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub cell: usize,
    pub low: f64,
    pub high: f64,
}

/// Which samples of a cell are decided 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub cell: usize,
    /// All from this score on,
    pub from: f64,
    /// and some below.
    pub exceptions: Vec<Exception>,
}

/// Of the samples with a score and a weight so many are decided 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exception {
    pub score: f64,
    pub weight: f64,
    pub samples: usize,
    pub taken: usize,
}

impl Rule {
    /// The exceptions of which some are decided 1, and some 0.
    pub fn divided(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter().filter(|exception| exception.taken < exception.samples)
    }
}
