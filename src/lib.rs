//! fairc
