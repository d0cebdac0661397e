//! The fairness layer, the trainer and what they promise. Needs libtorch: `bash tests/run.sh torch`.

mod cut;
mod gradients;
mod layer;
mod place;
mod predicting;
mod support;
mod trainer;
mod training;
#[path = "../common/transcripts.rs"]
mod transcripts;
mod tutorial;
