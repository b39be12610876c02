//! One network trained and tested.

use candle_core::{DType, Tensor};
use imaging::metrics::{psnr, ssim};
use imaging::picture::Picture;
use imaging::{Result, mask, random};

use super::low_rank::Method;
use super::network::{Network, Shape};
use crate::layers::mean_square;
use crate::patches::{Split, joined, pictures, tensor, tiles};
use crate::train::{Schedule, Trained, train};

/// What all methods share.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Of the network.
    pub shape: Shape,
    /// Of the training.
    pub schedule: Schedule,
    /// Rows and columns of a patch.
    pub patch: usize,
    /// Patches in a step.
    pub batch: usize,
    /// Rows and columns of the part that is restored, a multiple of the patch's.
    pub part: usize,
    /// Of all random numbers.
    pub seed: u64,
}

/// Pictures that are sampled at this share of their pixels.
pub struct Trial<'a> {
    /// Where the patches come from.
    pub split: &'a Split,
    /// The plan.
    pub plan: Plan,
    /// Share of the pixels that is known.
    pub share: f64,
}

/// What came of it.
pub struct Outcome {
    /// The training.
    pub trained: Trained,
    /// The part, restored.
    pub picture: Picture,
    /// Its peak signal-to-noise ratio in decibels.
    pub psnr: f64,
    /// Its structural similarity.
    pub ssim: f64,
}

/// What is known of the patches (zero elsewhere), and where.
pub(crate) fn sample(patches: &[Picture], known: impl FnMut(usize) -> mask::Mask) -> (Vec<Picture>, Vec<Picture>) {
    let of = |known: mask::Mask| {
        Picture::from_shape_fn((3, known.nrows(), known.ncols()), |(_, i, j)| f64::from(u8::from(known[(i, j)])))
    };
    let masks: Vec<Picture> = (0..patches.len()).map(known).map(of).collect();
    (patches.iter().zip(&masks).map(|(patch, mask)| patch * mask).collect(), masks)
}

impl Trial<'_> {
    fn masks(&self, first: u64) -> impl FnMut(usize) -> mask::Mask {
        let Plan { patch, seed, .. } = self.plan;
        let missing = 1.0 - self.share;
        move |index| {
            mask::scattered((patch, patch), missing, seed.wrapping_mul(1 << 20).wrapping_add(first + index as u64))
        }
    }

    /// The part as patches, what is known of them, and where.
    fn tested(&self) -> [Vec<Picture>; 2] {
        let patches = tiles(&self.split.part(), self.plan.patch);
        // Numbers that no training reaches.
        let (known, masks) = sample(&patches, self.masks(1 << 19));
        [known, masks]
    }

    /// The part with zeros where nothing is known.
    pub fn shown(&self) -> Picture {
        joined(&self.tested()[0], self.plan.part / self.plan.patch)
    }

    /// Trains and tests a network. All methods start from the same weights and see the same patches and masks.
    pub fn run(&self, method: Method, done: &dyn Fn()) -> Result<Outcome> {
        let Plan { shape, schedule, patch, batch, seed, .. } = self.plan;
        let network = Network::new(shape, DType::F32, seed)?;
        let (mut random, mut step) = (random::stream(seed, 0x7061_7463), 0);
        let loss = || {
            let patches = self.split.draw(batch, patch, &mut random);
            let (known, masks) = sample(&patches, self.masks(step * batch as u64));
            step += 1;
            loss(&network, &patches, (&known, &masks), method)
        };
        let trained = train(&network.parameters(), schedule, loss, done)?;
        let [known, masks] = self.tested();
        let restored = network.restore(&tensor(&known, DType::F32)?, &tensor(&masks, DType::F32)?, method)?;
        let picture = joined(&pictures(&restored)?, self.plan.part / patch);
        let truth = self.split.part();
        Ok(Outcome { trained, psnr: psnr(&picture, &truth), ssim: ssim(&picture, &truth), picture })
    }
}

/// Mean squared error of what the network restores.
pub(crate) fn loss(
    network: &Network,
    patches: &[Picture],
    (known, masks): (&[Picture], &[Picture]),
    method: Method,
) -> Result<Tensor> {
    let restored = network.restore(&tensor(known, DType::F32)?, &tensor(masks, DType::F32)?, method)?;
    Ok(mean_square(&(restored - tensor(patches, DType::F32)?)?)?)
}
