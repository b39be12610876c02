//! The network: iterations of ADMM for ½ ‖M∘x − y‖² + a low-rank penalty, unrolled, with what is not known of the penalty learned.

use candle_core::{DType, Device, Result, Tensor, Var};
use imaging::random;

use super::low_rank::Method;
use crate::layers::{Init, Stack};

/// Its size, and how it starts.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Iterations.
    pub iterations: usize,
    /// Channels inside of the stacks of convolutions.
    pub channels: usize,
    /// How the weights start.
    pub init: Init,
}

/// One iteration: x-step, low-rank step, multiplier step.
struct Iteration {
    /// log of the weight of the x-step.
    weight: Var,
    /// The threshold is σ(c) s₁.
    c: Var,
    /// Of the multiplier step.
    rate: Var,
    before: Stack,
    after: Stack,
}

/// The iterations, each with parameters of its own.
pub struct Network(Vec<Iteration>);

impl Network {
    /// With the weights that this seed gives.
    pub fn new(shape: Shape, dtype: DType, seed: u64) -> Result<Self> {
        let mut random = random::stream(seed, 0x6e65_7477);
        let scalar = |x: f64| Var::from_tensor(&Tensor::new(&[x], &Device::Cpu)?.to_dtype(dtype)?);
        let mut iteration = |_| {
            let through = [3, shape.channels, shape.channels, 3];
            Ok(Iteration {
                weight: scalar(-1.0)?,
                c: scalar(-3.0)?,
                rate: scalar(0.5)?,
                before: Stack::new(&through, shape.init, 1.0, dtype, &mut random)?,
                after: Stack::new(&through, shape.init, 0.3, dtype, &mut random)?,
            })
        };
        Ok(Network((0..shape.iterations).map(&mut iteration).collect::<Result<_>>()?))
    }

    /// What is trained.
    pub fn parameters(&self) -> Vec<Var> {
        let of = |it: &Iteration| {
            let scalars = [it.weight.clone(), it.c.clone(), it.rate.clone()];
            scalars.into_iter().chain(it.before.parameters()).chain(it.after.parameters()).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The pictures, from what is known of them (zero elsewhere) and where (one there, zero elsewhere).
    pub fn restore(&self, known: &Tensor, mask: &Tensor, method: Method) -> Result<Tensor> {
        let (mut z, mut multiplier) = (known.clone(), known.zeros_like()?);
        for iteration in &self.0 {
            let x = iteration.fit(known, mask, &(&z - &multiplier)?)?;
            z = iteration.low_rank(&(&x + &multiplier)?, method)?;
            multiplier = (multiplier + (x - &z)?.broadcast_mul(&iteration.rate)?)?;
        }
        // The x-step of weight zero: what is known is kept.
        known + (z * (1.0 - mask)?)?
    }
}

impl Iteration {
    /// argmin ½ ‖M∘x − y‖² + ½ w ‖x − near‖².
    fn fit(&self, known: &Tensor, mask: &Tensor, near: &Tensor) -> Result<Tensor> {
        let weight = self.weight.exp()?;
        (known + near.broadcast_mul(&weight)?)?.div(&mask.broadcast_add(&weight)?)
    }

    fn low_rank(&self, x: &Tensor, method: Method) -> Result<Tensor> {
        x + self.after.apply(&method.shrink(&self.before.apply(x)?, &self.c)?)?
    }
}
