//! Layers of convolutions on tensors of patches × channels × rows × columns.

use candle_core::{DType, Device, Result, Tensor, Var};
use imaging::random;
use rand_chacha::ChaCha8Rng;

/// How the weights start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Normal, so that ReLU keeps the variance (He et al. 2015), times a factor.
    Normal(f64),
    /// Zero but in the middle of the filter, where the matrix has orthonormal columns or rows.
    Orthogonal,
}

/// A tensor of normal numbers.
pub fn normal(shape: &[usize], deviation: f64, dtype: DType, random: &mut ChaCha8Rng) -> Result<Tensor> {
    let numbers: Vec<f64> = (0..shape.iter().product()).map(|_| deviation * random::normal(random)).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu)?.to_dtype(dtype)
}

/// A convolution with filters of 3×3, zeros beyond the edge.
#[derive(Clone, Debug)]
pub struct Conv {
    weight: Var,
    bias: Var,
}

impl Conv {
    /// From `into` channels to `out`.
    pub fn new(into: usize, out: usize, init: Init, dtype: DType, random: &mut ChaCha8Rng) -> Result<Self> {
        let weight = match init {
            Init::Normal(factor) => {
                normal(&[out, into, 3, 3], factor * (2.0 / (9 * into) as f64).sqrt(), dtype, random)?
            }
            Init::Orthogonal => {
                let middle = diffsvd_candle::polar(&normal(&[out, into], 1.0, dtype, random)?)?;
                middle.reshape((out, into, 1, 1))?.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?
            }
        };
        Ok(Conv { weight: Var::from_tensor(&weight)?, bias: Var::zeros((1, out, 1, 1), dtype, &Device::Cpu)? })
    }

    /// The convolution.
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.conv2d(&self.weight, 1, 1, 1, 1)?.broadcast_add(&self.bias)
    }
}

/// Convolutions with ReLU between them.
#[derive(Clone, Debug)]
pub struct Stack(Vec<Conv>);

impl Stack {
    /// Through these numbers of channels; the last layer starts `last` times as large as the others.
    pub fn new(channels: &[usize], init: Init, last: f64, dtype: DType, random: &mut ChaCha8Rng) -> Result<Self> {
        let layers = channels.len() - 1;
        let conv = |(at, pair): (usize, &[usize])| {
            let init = match init {
                Init::Normal(factor) if at + 1 == layers => Init::Normal(factor * last),
                other => other,
            };
            Conv::new(pair[0], pair[1], init, dtype, random)
        };
        Ok(Stack(channels.windows(2).enumerate().map(conv).collect::<Result<_>>()?))
    }

    /// All layers.
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let (first, rest) = self.0.split_first().ok_or_else(|| candle_core::Error::msg("a stack without layers"))?;
        rest.iter().try_fold(first.apply(x)?, |x, conv| conv.apply(&x.relu()?))
    }

    /// What is trained.
    pub fn parameters(&self) -> impl Iterator<Item = Var> {
        self.0.iter().flat_map(|conv| [conv.weight.clone(), conv.bias.clone()])
    }
}

/// The mean of the squares.
pub fn mean_square(x: &Tensor) -> Result<Tensor> {
    x.sqr()?.mean_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_layers_keep_the_norm() -> Result<()> {
        let mut random = random::stream(1, 2);
        let conv = Conv::new(3, 8, Init::Orthogonal, DType::F64, &mut random)?;
        let x = normal(&[2, 3, 5, 7], 1.0, DType::F64, &mut random)?;
        let norm = |x: &Tensor| x.sqr()?.sum_all()?.to_scalar::<f64>();
        assert!((norm(&conv.apply(&x)?)? / norm(&x)? - 1.0).abs() < 1e-12);
        Ok(())
    }
}
