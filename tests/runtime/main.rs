//! Tests of the runtime through its public interface.

mod golden;
mod individual;
mod optimality;
mod support;
