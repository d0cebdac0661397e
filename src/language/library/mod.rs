//! The standard library: metrics written in the language itself, shipped inside the binary.
//!
//! Each file holds one metric with its doc comment: formula, source in the literature, and what it does not promise.

macro_rules! metrics {
    ($($name:literal),* $(,)?) => {
        /// Name and text of every metric, in alphabetical order.
        pub const METRICS: &[(&str, &str)] = &[$(($name, include_str!(concat!($name, ".fair")))),*];
    };
}

metrics!("demographic_parity");

/// The text of a metric's file.
pub fn find(name: &str) -> Option<&'static str> {
    METRICS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all metrics.
pub fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|(name, _)| *name)
}
