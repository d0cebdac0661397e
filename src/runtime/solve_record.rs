//! One problem in, one answer out, as JSON lines.
