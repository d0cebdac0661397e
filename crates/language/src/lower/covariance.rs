//! Covariance to mean form.
//!
//! From: `Cov[a, b | event]` with `b` free of the prediction. To: `E[a·b | event] - E[a | event]·E[b | event]`. Why
//! equivalent: that is its definition (with the divisor n, not n - 1); `E[b | event]` is data, so the result is affine
//! in whatever `a` is affine in. `Var[b]` is `Cov[b, b]`.

use crate::program::{Data, Event};

use super::affine::Affine;
use super::indicator;
use super::scope::Scope;

pub(super) fn of_data(left: Data, right: Data, event: Event, scope: Scope<'_>) -> Data {
    let product = indicator::mean(left.clone().mul(right.clone()), event.clone(), scope);
    product.sub(indicator::mean(left, event.clone(), scope).mul(indicator::mean(right, event, scope)))
}

/// `Cov[left, right | event]` where `left` is affine in the prediction, per sample.
pub(super) fn of_prediction(left: Affine, right: Data, event: &Event, scope: Scope<'_>) -> Affine {
    let mean = indicator::mean(right.clone(), event.clone(), scope);
    let product = left.clone().scale(right).mean(event, scope);
    product.add(left.mean(event, scope).scale(mean.neg()))
}
