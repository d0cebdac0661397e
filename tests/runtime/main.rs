//! Tests of the runtime through its public interface.

mod edges;
mod exact_sums;
mod golden;
mod individual;
mod optimality;
mod properties;
mod support;
