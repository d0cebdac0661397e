//! Tests of the runtime through its public interface.

mod golden;
mod optimality;
mod support;
