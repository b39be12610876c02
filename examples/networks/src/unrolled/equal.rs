//! Equal singular values on purpose: flat patches, sampled along every p-th diagonal, through orthogonal weights.
//!
//! What is known of a flat patch is its colour times a matrix of zeros and ones that, sorted by i + j mod p, is p blocks of ones: its singular values are the sizes of the
//! blocks, two kinds of them, and zero. Weights that are orthogonal and do not mix neighbours only scale it.

use candle_core::{DType, Device, Tensor, Var};
use imaging::picture::Picture;
use imaging::{Result, mask, metrics, random};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::low_rank::Method;
use super::network::{Network, Shape};
use super::trial::{Plan, loss, sample};
use crate::layers::{Init, normal};
use crate::patches::{pictures, tensor};
use crate::train::{Trained, flat_gradient, train};

/// A method after training on such patches.
pub struct Survivor {
    /// The training.
    pub trained: Trained,
    /// Of flat patches that it restores, decibels; NaN where it does not.
    pub psnr: f64,
}

/// Every `period`-th diagonal.
fn diagonals(size: usize, period: usize) -> mask::Mask {
    mask::Mask::from_shape_fn((size, size), |(i, j)| (i + j) % period == 0)
}

fn flat(count: usize, size: usize, random: &mut ChaCha8Rng) -> Vec<Picture> {
    let mut one = || {
        let colour: [f64; 3] = std::array::from_fn(|_| 0.2 + 0.8 * random.random::<f64>());
        Picture::from_shape_fn((3, size, size), |(c, _, _)| colour[c])
    };
    (0..count).map(|_| one()).collect()
}

/// Trains the method on flat patches of which one diagonal in `period` is known.
pub fn survive(plan: Plan, period: usize, method: Method, done: &dyn Fn()) -> Result<Survivor> {
    let Plan { schedule, patch, batch, seed, .. } = plan;
    let network = Network::new(Shape { init: Init::Orthogonal, ..plan.shape }, DType::F32, seed)?;
    let mut random = random::stream(seed, 0x666c_6174);
    let step = || {
        let patches = flat(batch, patch, &mut random);
        let (known, masks) = sample(&patches, |_| diagonals(patch, period));
        loss(&network, &patches, (&known, &masks), method)
    };
    let trained = train(&network.parameters(), schedule, step, done)?;
    let patches = flat(8, patch, &mut random::stream(seed, 0x7465_7374));
    let (known, masks) = sample(&patches, |_| diagonals(patch, period));
    let restored = network.restore(&tensor(&known, DType::F32)?, &tensor(&masks, DType::F32)?, method);
    let psnr = restored
        .map_or(Ok(f64::NAN), |restored| Ok::<_, imaging::Error>(mean_psnr(&pictures(&restored)?, &patches)))?;
    Ok(Survivor { trained, psnr })
}

fn mean_psnr(pictures: &[Picture], truth: &[Picture]) -> f64 {
    let square = |(a, b): (&Picture, &Picture)| metrics::rmse(a, b).powi(2);
    let mean = pictures.iter().zip(truth).map(square).sum::<f64>() / truth.len() as f64;
    metrics::decibels(mean.sqrt())
}

/// Relative error of the gradient of the low-rank step alone at such a matrix, in single precision, against the exact route in double precision: of ⟨W, shrink(A)⟩ with
/// random W, with respect to A. Infinite where the method fails.
pub fn error_of(method: Method, size: usize, period: usize, seed: u64) -> Result<f64> {
    let known: Vec<f64> = diagonals(size, period).iter().map(|&known| 0.6 * f64::from(u8::from(known))).collect();
    let cotangent = normal(&[size, size], 1.0, DType::F64, &mut random::stream(seed, 0x636f_7461))?;
    let gradient = |method: Method, dtype: DType| -> Result<Vec<f64>> {
        let a = Var::from_tensor(&Tensor::from_slice(&known, (size, size), &Device::Cpu)?.to_dtype(dtype)?)?;
        // s₁ has a kink here, so the threshold is a number: the same for all.
        let threshold = 0.1 * 0.6 * (size / period) as f64;
        let loss = (method.shrink_at(&a, threshold)? * cotangent.to_dtype(dtype)?)?.sum_all()?;
        flat_gradient(&[a], &loss)
    };
    let exact = gradient(Method::Exact, DType::F64)?;
    let Ok(rival) = gradient(method, DType::F32) else { return Ok(f64::INFINITY) };
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let error = norm(&mut exact.iter().zip(&rival).map(|(a, b)| a - b)) / norm(&mut exact.iter().copied());
    Ok(if error.is_finite() { error } else { f64::INFINITY })
}
