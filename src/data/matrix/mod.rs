//! Exports of a problem's numbers.
