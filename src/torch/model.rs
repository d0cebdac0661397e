//! The network that `fairc train` trains: a multilayer perceptron with one output.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::error::TrainError;
use super::random::Random;

/// Sizes of the hidden layers: `mlp:64,32`, with layer normalisation `mlp:64,32+norm`, or `linear` for none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Architecture {
    pub hidden: Vec<u32>,
    pub norm: bool,
}

impl FromStr for Architecture {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no model: write `mlp:64,32`, `mlp:64,32+norm` or `linear`");
        if text == "linear" {
            return Ok(Architecture { hidden: Vec::new(), norm: false });
        }
        let sizes = text.strip_prefix("mlp:").ok_or_else(wrong)?;
        let (sizes, norm) = sizes.strip_suffix("+norm").map_or((sizes, false), |sizes| (sizes, true));
        let size = |size: &str| size.trim().parse().ok().filter(|size| (1..=65_536).contains(size)).ok_or_else(wrong);
        Ok(Architecture { hidden: sizes.split(',').map(size).collect::<Result<_, _>>()?, norm })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hidden.is_empty() {
            return f.write_str("linear");
        }
        let sizes: Vec<String> = self.hidden.iter().map(u32::to_string).collect();
        write!(f, "mlp:{}{}", sizes.join(","), if self.norm { "+norm" } else { "" })
    }
}

impl TryFrom<String> for Architecture {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> String {
        architecture.to_string()
    }
}

/// What the network's last number becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Itself.
    Identity,
    /// A probability.
    Sigmoid,
}

/// A multilayer perceptron: linear, (layer normalisation,) ReLU, .., linear, link. Output of shape `[n]`.
#[derive(Debug)]
pub struct Mlp {
    layers: Vec<Layer>,
    link: Link,
}

#[derive(Debug)]
struct Layer {
    weight: Tensor,
    bias: Tensor,
    norm: Option<(Tensor, Tensor)>,
}

impl Mlp {
    const NORM_EPSILON: f64 = 1e-5;

    /// Adds the variables to a store: uniform in `±1/√inputs`, libtorch's default, drawn from `seed`.
    ///
    /// # Errors
    /// libtorch refuses.
    pub fn new<'a>(
        path: impl Borrow<nn::Path<'a>>,
        inputs: usize,
        architecture: &Architecture,
        link: Link,
        seed: u64,
    ) -> Result<Mlp, TrainError> {
        let path = path.borrow();
        let mut random = Random::new(seed, "weights", 0);
        let mut before = inputs as i64;
        let mut layers = Vec::new();
        let sizes = architecture.hidden.iter().map(|&size| i64::from(size)).chain([1]);
        for (index, size) in sizes.enumerate() {
            let bound = 1.0 / (before.max(1) as f64).sqrt();
            let mut draw = |shape: &[i64]| -> Result<Tensor, TrainError> {
                let count = shape.iter().product::<i64>();
                let values: Vec<f32> = (0..count).map(|_| (bound * (2.0 * random.uniform() - 1.0)) as f32).collect();
                Ok(Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(path.device())?)
            };
            let name = |what: &str| format!("layer{index}_{what}");
            let weight = path.f_var_copy(&name("weight"), &draw(&[size, before])?)?;
            let bias = path.f_var_copy(&name("bias"), &draw(&[size])?)?;
            let hidden = index < architecture.hidden.len();
            let norm = match architecture.norm && hidden {
                true => Some((path.f_ones(&name("scale"), &[size])?, path.f_zeros(&name("shift"), &[size])?)),
                false => None,
            };
            layers.push(Layer { weight, bias, norm });
            before = size;
        }
        Ok(Mlp { layers, link })
    }
}

impl nn::Module for Mlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut x = x.shallow_clone();
        for (index, layer) in self.layers.iter().enumerate() {
            x = x.linear(&layer.weight, Some(&layer.bias));
            if let Some((scale, shift)) = &layer.norm {
                x = x.layer_norm(scale.size(), Some(scale), Some(shift), Mlp::NORM_EPSILON, false);
            }
            if index + 1 < self.layers.len() {
                x = x.relu();
            }
        }
        match self.link {
            Link::Identity => x.squeeze_dim(-1),
            Link::Sigmoid => x.squeeze_dim(-1).sigmoid(),
        }
    }
}

/// What training makes small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Mean cross entropy of probabilities with labels in `[0, 1]`. A projection can end at 0 or 1 exactly, where the
    /// logarithm has no bottom: probabilities count as at least [`Loss::LEAST`] away from both.
    Bce,
    /// Mean squared error.
    Mse,
}

impl Loss {
    /// How near to 0 and 1 the cross entropy sees probabilities: one wrong certainty costs at most 13.8.
    pub const LEAST: f64 = 1e-6;

    /// The mean over the batch.
    pub fn of(self, y: &Tensor, target: &Tensor) -> Tensor {
        match self {
            Loss::Bce => y.clamp(Loss::LEAST, 1.0 - Loss::LEAST).binary_cross_entropy(
                target,
                None::<&Tensor>,
                tch::Reduction::Mean,
            ),
            Loss::Mse => y.mse_loss(target, tch::Reduction::Mean),
        }
    }

    /// What the network should give for it.
    pub fn link(self) -> Link {
        match self {
            Loss::Bce => Link::Sigmoid,
            Loss::Mse => Link::Identity,
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Loss::Bce => "bce",
            Loss::Mse => "mse",
        }
    }
}

/// A tensor of `f32` from numbers, in a shape.
///
/// # Errors
/// libtorch refuses.
pub fn single(values: &[f32], shape: &[i64], device: tch::Device) -> Result<Tensor, TrainError> {
    Ok(Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_kind(Kind::Float)?.f_to_device(device)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_read_as_they_are_written() {
        for text in ["linear", "mlp:64,32", "mlp:5+norm"] {
            assert_eq!(text.parse::<Architecture>().unwrap().to_string(), text);
        }
        for text in ["", "mlp", "mlp:", "mlp:0", "mlp:64,", "mlp:a", "cnn:3", "mlp:99999999"] {
            assert!(text.parse::<Architecture>().unwrap_err().contains("no model"), "{text}");
        }
    }
}
