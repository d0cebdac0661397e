//! The standard library: metrics written in the language itself, shipped inside the binary.
//!
//! Each file holds one metric with its doc comment: formula, source in the literature, and what it does not promise.

macro_rules! metrics {
    ($($name:literal),* $(,)?) => {
        /// Name and text of every metric, in alphabetical order.
        pub const METRICS: &[(&str, &str)] = &[$(($name, include_str!(concat!($name, ".fair")))),*];
    };
}

metrics!(
    "accuracy_parity",
    "bin_calibration",
    "bounded_error",
    "conditional_parity",
    "covariance_bound",
    "demographic_parity",
    "differential_fairness",
    "equal_opportunity",
    "equalized_odds",
    "f1_floor",
    "false_omission_ceiling",
    "group_cost",
    "mean_residual",
    "multiaccuracy",
    "parity_to_level",
    "parity_to_overall",
    "precision_floor",
    "predictive_equality",
    "ratio_parity",
    "residual_parity",
    "treatment_equality",
);

/// The text of a metric's file.
pub fn find(name: &str) -> Option<&'static str> {
    METRICS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all metrics.
pub fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|(name, _)| *name)
}
