//! Streams and per-group offsets, from the outside.

mod frozen;
mod kills;
mod odd;
mod penalty;
mod pooled;
mod stream;
mod support;
