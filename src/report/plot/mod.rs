//! Pictures, as SVG: what all of them share.

mod chart;

pub use chart::PlotError;

pub(super) use chart::{Curve, Figure, Panel};
