//! Tests of the runtime through its public interface.

mod answers;
mod blind;
mod decide;
mod edges;
mod exact_sums;
mod golden;
mod in_order;
mod individual;
mod levels;
mod neighbours;
mod optimality;
mod properties;
mod scaled;
mod support;
mod threads;
