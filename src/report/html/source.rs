//! Where the numbers of a page come from.

use super::build::{Html, each, el};
use super::parts::{capital, code, section};

/// Names, and what stands behind them.
pub(super) fn source_section(lines: Vec<(&'static str, String)>) -> Html {
    let line = |(name, value): (&'static str, String)| vec![el!("dt"; capital(name)), el!("dd"; code(&value))].into();
    section("source", "Where this comes from", vec![el!("dl"; each(lines, line))])
}
