//! Covariance to mean form.
//!
//! From: `Cov[a, b | event]` with `b` free of the prediction. To: `E[a·b | event] - E[a | event]·E[b | event]`. Why
//! equivalent: that is its definition (with the divisor n, not n - 1); `E[b | event]` is data, so the result is affine
//! in whatever `a` is affine in. `Var[b]` is `Cov[b, b]`.

use crate::program::{Data, Event};

use super::affine::Affine;

pub(super) fn of_data(left: Data, right: Data, event: Event) -> Data {
    let product = Data::mean(left.clone().mul(right.clone()), event.clone());
    product.sub(Data::mean(left, event.clone()).mul(Data::mean(right, event)))
}

/// `Cov[left, right | event]` where `left` is affine in the prediction, per sample.
pub(super) fn of_prediction(left: Affine, right: Data, event: &Event) -> Affine {
    let mean = Data::mean(right.clone(), event.clone());
    let product = left.clone().scale(right).mean(event);
    product.add(left.mean(event).scale(mean.neg()))
}
