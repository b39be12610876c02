//! Pictures of which the same pixels are always missing, restored by a network of convolutions.

use candle_core::{DType, Result as Computed, Tensor};
use imaging::metrics::{psnr, ssim};
use imaging::picture::Picture;
use imaging::{Result, mask, random};
use rand::RngExt;

use super::learn::Objective;
use super::physics::{Inpainting, Physics};
use crate::layers::{Init, Stack};
use crate::patches::{Split, joined, pictures, tensor, tiles};
use crate::train::{Schedule, Trained, train};

/// Sizes, and the training.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rows and columns of a patch.
    pub patch: usize,
    /// Rows and columns of the part that is restored, a multiple of the patch's.
    pub part: usize,
    /// Share of the pixels that is missing.
    pub missing: f64,
    /// Channels inside of the network.
    pub channels: usize,
    /// Patches in a step.
    pub batch: usize,
    /// Of the training.
    pub schedule: Schedule,
    /// Of all random numbers.
    pub seed: u64,
}

/// What came of it.
pub struct Outcome {
    /// The part, restored.
    pub picture: Picture,
    /// Its peak signal-to-noise ratio in decibels.
    pub psnr: f64,
    /// Its structural similarity.
    pub ssim: f64,
    /// The training.
    pub trained: Option<Trained>,
}

impl Plan {
    fn physics(&self) -> Result<Inpainting> {
        Ok(Inpainting::new(&mask::scattered((self.patch, self.patch), self.missing, self.seed))?)
    }

    /// A⁺ y alone.
    pub fn inverted(&self, split: &Split) -> Result<Outcome> {
        self.test(split, &self.physics()?, |x| Ok(x.clone()), None)
    }

    /// A network trained on this loss, and tested. All start from the same weights and see measurements of the same patches.
    pub fn run(&self, split: &Split, objective: Objective, done: &dyn Fn()) -> Result<Outcome> {
        let physics = self.physics()?;
        let through = [3, self.channels, self.channels, self.channels, 3];
        let mut start = random::stream(self.seed, 0x6e65_7477);
        let stack = Stack::new(&through, Init::Normal(1.0), 0.1, DType::F32, &mut start)?;
        let network = |x: &Tensor| x + stack.apply(x)?;
        let mut choice = random::stream(self.seed, 0x7472_616e);
        let mut shift = |x: &Tensor| shifted(x, [2, 3].map(|_| choice.random_range(1..self.patch as i32)));
        let mut random = random::stream(self.seed, 0x7061_7463);
        let loss = || {
            let x = tensor(&split.draw(self.batch, self.patch, &mut random), DType::F32)?;
            Ok(objective.loss(&x, &physics, &network, &mut shift)?)
        };
        let parameters: Vec<_> = stack.parameters().collect();
        let trained = train(&parameters, self.schedule, loss, done)?;
        self.test(split, &physics, network, Some(trained))
    }

    fn test(
        &self,
        split: &Split,
        physics: &Inpainting,
        network: impl Fn(&Tensor) -> Computed<Tensor>,
        trained: Option<Trained>,
    ) -> Result<Outcome> {
        let truth = split.part();
        let x = tensor(&tiles(&truth, self.patch), DType::F32)?;
        let restored = network(&physics.invert(&physics.measure(&x)?)?)?;
        let picture = joined(&pictures(&restored)?, self.part / self.patch);
        Ok(Outcome { psnr: psnr(&picture, &truth), ssim: ssim(&picture, &truth), picture, trained })
    }
}

/// Cyclically, by so many rows and columns.
fn shifted(x: &Tensor, [down, right]: [i32; 2]) -> Computed<Tensor> {
    x.roll(down, 2)?.roll(right, 3)?.contiguous()
}
