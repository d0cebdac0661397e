//! Optimisers whose state can be stored: libtorch's own, as tch wraps them, do not show theirs.
//!
//! All variables are one long vector here, in the order of their names, so a step is a handful of tensor operations
//! whatever the number of layers.

use std::collections::BTreeMap;

use tch::{Kind, Tensor, nn};

use super::error::TrainError;

/// Changes variables along their gradients.
pub trait Optimiser: std::fmt::Debug {
    /// Sets all gradients to zero.
    fn zero_grad(&mut self);
    /// One step at this learning rate. A variable without gradient counts as one of gradient zero.
    ///
    /// # Errors
    /// libtorch refuses.
    fn step(&mut self, rate: f64) -> Result<(), TrainError>;
    /// What the next step depends on, besides the variables.
    fn state(&self) -> BTreeMap<String, Tensor>;
    /// Takes up a state that [`Optimiser::state`] gave.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<(), TrainError>;
}

/// The trainable variables of a store, by name.
#[derive(Debug)]
struct Variables {
    tensors: Vec<Tensor>,
    sizes: Vec<i64>,
}

impl Variables {
    fn new(store: &nn::VarStore) -> Variables {
        let named: BTreeMap<String, Tensor> = store.variables().into_iter().collect();
        let tensors: Vec<Tensor> = named.into_values().filter(Tensor::requires_grad).collect();
        let sizes = tensors.iter().map(|tensor| tensor.numel() as i64).collect();
        Variables { tensors, sizes }
    }

    fn total(&self) -> i64 {
        self.sizes.iter().sum()
    }

    fn zeros(&self) -> Tensor {
        let first = self.tensors.first().map_or((Kind::Float, tch::Device::Cpu), |t| (t.kind(), t.device()));
        Tensor::zeros([self.total()], first)
    }

    fn zero_grad(&mut self) {
        self.tensors.iter_mut().for_each(Tensor::zero_grad);
    }

    fn gradient(&self) -> Result<Tensor, TrainError> {
        let flat = |tensor: &Tensor| -> Result<Tensor, TrainError> {
            let gradient = tensor.f_grad()?;
            Ok(if gradient.defined() { gradient.f_reshape([-1])? } else { tensor.f_zeros_like()?.f_reshape([-1])? })
        };
        let parts = self.tensors.iter().map(flat).collect::<Result<Vec<_>, _>>()?;
        Ok(Tensor::f_cat(&parts, 0)?)
    }

    /// `variables −= change`.
    fn subtract(&mut self, change: &Tensor) -> Result<(), TrainError> {
        for (tensor, part) in self.tensors.iter_mut().zip(change.f_split_with_sizes(&self.sizes, 0)?) {
            let part = part.f_view_as(tensor)?;
            let _ = tensor.f_sub_(&part)?;
        }
        Ok(())
    }
}

/// Adam (Kingma & Ba 2015, algorithm 1).
#[derive(Debug)]
pub struct Adam {
    variables: Variables,
    first: Tensor,
    second: Tensor,
    steps: i64,
}

impl Adam {
    const BETAS: (f64, f64) = (0.9, 0.999);
    const EPSILON: f64 = 1e-8;

    /// For all trainable variables of a store.
    pub fn new(store: &nn::VarStore) -> Adam {
        let variables = Variables::new(store);
        let (first, second) = (variables.zeros(), variables.zeros());
        Adam { variables, first, second, steps: 0 }
    }
}

impl Optimiser for Adam {
    fn zero_grad(&mut self) {
        self.variables.zero_grad();
    }

    fn step(&mut self, rate: f64) -> Result<(), TrainError> {
        tch::no_grad(|| {
            self.steps += 1;
            let gradient = self.variables.gradient()?;
            let (one, two) = Adam::BETAS;
            let power = i32::try_from(self.steps).unwrap_or(i32::MAX);
            let (left, right) = (1.0 - one.powi(power), (1.0 - two.powi(power)).sqrt());
            let _ = self.first.f_lerp_(&gradient, 1.0 - one)?;
            let _ = self.second.f_lerp_(&gradient.f_square()?, 1.0 - two)?;
            // m̂ / (√v̂ + ε) with both corrections taken out of the vectors.
            let below = self.second.f_sqrt()?.f_add_scalar(Adam::EPSILON * right)?;
            let change = self.first.f_div(&below)?.f_mul_scalar(rate * right / left)?;
            self.variables.subtract(&change)
        })
    }

    fn state(&self) -> BTreeMap<String, Tensor> {
        let copy = |tensor: &Tensor| tensor.detach().copy();
        let steps = Tensor::from_slice(&[self.steps]);
        [("first", copy(&self.first)), ("second", copy(&self.second)), ("steps", steps)]
            .map(|(name, tensor)| (name.to_owned(), tensor))
            .into()
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        self.steps = find(state, "steps", &[1])?.f_int64_value(&[0])?;
        self.first.f_copy_(find(state, "first", &self.first.size())?)?;
        self.second.f_copy_(find(state, "second", &self.second.size())?)?;
        Ok(())
    }
}

/// Stochastic gradient descent with momentum (Polyak 1964, in the form that libtorch has).
#[derive(Debug)]
pub struct Sgd {
    variables: Variables,
    velocity: Tensor,
    momentum: f64,
}

impl Sgd {
    /// For all trainable variables of a store.
    pub fn new(store: &nn::VarStore, momentum: f64) -> Sgd {
        let variables = Variables::new(store);
        let velocity = variables.zeros();
        Sgd { variables, velocity, momentum }
    }
}

impl Optimiser for Sgd {
    fn zero_grad(&mut self) {
        self.variables.zero_grad();
    }

    fn step(&mut self, rate: f64) -> Result<(), TrainError> {
        tch::no_grad(|| {
            let gradient = self.variables.gradient()?;
            self.velocity = self.velocity.f_mul_scalar(self.momentum)?.f_add(&gradient)?;
            self.variables.subtract(&self.velocity.f_mul_scalar(rate)?)
        })
    }

    fn state(&self) -> BTreeMap<String, Tensor> {
        [("velocity".to_owned(), self.velocity.detach().copy())].into()
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        self.velocity.f_copy_(find(state, "velocity", &self.velocity.size())?)?;
        Ok(())
    }
}

fn find<'a>(state: &'a BTreeMap<String, Tensor>, name: &str, shape: &[i64]) -> Result<&'a Tensor, TrainError> {
    let fits = |tensor: &&Tensor| tensor.size() == shape;
    state.get(name).filter(fits).ok_or_else(|| TrainError::Damaged {
        what: format!("the optimiser's `{name}` is missing or has another shape"),
    })
}
