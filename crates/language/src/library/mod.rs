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
    "subgroup_parity",
    "treatment_equality",
);

/// The text of a metric's file.
pub fn find(name: &str) -> Option<&'static str> {
    METRICS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The name under which the file of a metric is a source of a compilation.
pub fn source_name(metric: &str) -> String {
    format!("std/{metric}.fair")
}

/// The metric of a source with such a name.
pub fn metric_of(source: &str) -> Option<&str> {
    source.strip_prefix("std/")?.strip_suffix(".fair").filter(|metric| find(metric).is_some())
}

/// The names of all metrics.
pub fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|(name, _)| *name)
}

/// Other names of metrics in the literature and in other programs.
const ALSO_CALLED: [(&str, &str); 18] = [
    ("statistical_parity", "demographic_parity"),
    ("group_fairness", "demographic_parity"),
    ("independence", "demographic_parity"),
    ("acceptance_parity", "demographic_parity"),
    ("disparate_impact", "ratio_parity"),
    ("four_fifths", "ratio_parity"),
    ("four_fifths_rule", "ratio_parity"),
    ("eighty_percent_rule", "ratio_parity"),
    ("impact_ratio", "ratio_parity"),
    ("separation", "equalized_odds"),
    ("equal_odds", "equalized_odds"),
    ("equality_of_opportunity", "equal_opportunity"),
    ("true_positive_rate_parity", "equal_opportunity"),
    ("false_positive_rate_parity", "predictive_equality"),
    ("calibration", "bin_calibration"),
    ("equal_accuracy", "accuracy_parity"),
    ("conditional_statistical_parity", "conditional_parity"),
    ("subgroup_fairness", "subgroup_parity"),
];

/// The metric that is called so elsewhere.
pub(crate) fn also_called(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    ALSO_CALLED.iter().find(|(other, _)| *other == lower).map(|(_, metric)| *metric)
}
