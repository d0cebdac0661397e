//! The fairness layer, the trainer and what they promise. Needs libtorch: `bash tests/run.sh torch`.

mod backward;
mod convex;
mod cuda;
mod gradients;
mod layer;
mod node;
mod place;
mod predicting;
mod support;
mod trainer;
mod training;
#[path = "../common/transcripts.rs"]
mod transcripts;
mod tutorial;
