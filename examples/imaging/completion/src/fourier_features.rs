//! The reference: regression on random Fourier features of the place of a pixel (Rahimi & Recht 2007), with a ridge. The bandwidth is chosen
//! by the pixels that were kept back.

use std::f64::consts::TAU;
use std::time::Instant;

use diffsvd::{Mat, Svd, Tolerance};
use imaging::mask::Mask;
use imaging::{Result, random};
use ndarray::{Array2, Axis, s};

use crate::problem::{Outcome, Problem};

/// Standard deviations of the frequencies that are tried, in periods over the picture.
const BANDWIDTHS: [f64; 4] = [4.0, 8.0, 16.0, 32.0];
/// Added to the diagonal, relative to its mean.
const RIDGE: f64 = 1e-4;
/// The bandwidth is chosen on this many pixels at most.
const CHOICE: usize = 20_000;

/// Cosines and sines of random frequencies.
struct Features {
    frequencies: Array2<f32>,
    size: (usize, usize),
}

impl Features {
    fn new(count: usize, bandwidth: f64, size: (usize, usize), seed: u64) -> Self {
        let mut random = random::stream(seed, 0x7266_6600);
        let frequencies = random::normals((2, count.div_ceil(2)), TAU * bandwidth, &mut random).mapv(|x| x as f32);
        Features { frequencies, size }
    }

    /// One row for each pixel.
    fn of(&self, pixels: &[(usize, usize)]) -> Array2<f32> {
        let (rows, cols) = (self.size.0 as f32, self.size.1 as f32);
        let place = |(i, j): (usize, usize)| [i as f32 / rows, j as f32 / cols];
        let places = Array2::from_shape_fn((pixels.len(), 2), |(p, axis)| place(pixels[p])[axis]);
        let phases = places.dot(&self.frequencies);
        let half = phases.ncols();
        Array2::from_shape_fn((pixels.len(), 2 * half), |(p, f)| {
            if f < half { phases[(p, f)].cos() } else { phases[(p, f - half)].sin() }
        })
    }

    /// The weights of the features, one column for each channel: (ZᵀZ + ridge) w = Zᵀ x.
    fn fit(&self, pixels: &[(usize, usize)], values: &Array2<f32>) -> Result<Array2<f32>> {
        let count = 2 * self.frequencies.ncols();
        let (mut gram, mut right) =
            (Array2::<f64>::zeros((count, count)), Array2::<f64>::zeros((count, values.ncols())));
        for (index, pixels) in pixels.chunks(4096).enumerate() {
            let z = self.of(pixels);
            let x = values.slice(s![index * 4096..index * 4096 + pixels.len(), ..]);
            gram += &z.t().dot(&z).mapv(f64::from);
            right += &z.t().dot(&x).mapv(f64::from);
        }
        let ridge = RIDGE * gram.diag().sum() / count as f64;
        let matrix = Mat::from_fn(count, count, |i, j| gram[(i, j)] + if i == j { ridge } else { 0.0 });
        let right = Mat::from_fn(count, right.ncols(), |i, j| right[(i, j)]);
        let weights = Svd::thin(&matrix)?.solve(&right, Tolerance::Default)?;
        Ok(Array2::from_shape_fn((count, right.cols()), |at| weights[at] as f32))
    }

    fn predict(&self, pixels: &[(usize, usize)], weights: &Array2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros((pixels.len(), weights.ncols()));
        for (index, pixels) in pixels.chunks(4096).enumerate() {
            out.slice_mut(s![index * 4096..index * 4096 + pixels.len(), ..]).assign(&self.of(pixels).dot(weights));
        }
        out
    }
}

/// Where the mask is true, at most `most` of them, evenly.
fn pixels_of(mask: &Mask, most: usize) -> Vec<(usize, usize)> {
    let all: Vec<_> = mask.indexed_iter().filter(|(_, known)| **known).map(|(at, _)| at).collect();
    let stride = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().step_by(stride).collect()
}

/// One row for each pixel, one column for each channel.
fn values(problem: &Problem, matrix: &Array2<f64>, pixels: &[(usize, usize)]) -> Array2<f32> {
    let (channels, _, cols) = problem.truth.dim();
    Array2::from_shape_fn((pixels.len(), channels), |(p, c)| matrix[(pixels[p].0, c * cols + pixels[p].1)] as f32)
}

/// The regression with `count` features; the bandwidth that was chosen stands in the name of the method.
pub fn regress(problem: &Problem, count: usize, seed: u64, tick: &dyn Fn()) -> Result<Outcome> {
    let begin = Instant::now();
    let (_, rows, cols) = problem.truth.dim();
    let data = problem.data(&problem.known);
    let (training, held) = (pixels_of(&problem.training(), CHOICE), pixels_of(&problem.held, CHOICE));
    let mut best = (f32::INFINITY, BANDWIDTHS[0]);
    for bandwidth in BANDWIDTHS {
        let features = Features::new(count, bandwidth, (rows, cols), seed);
        let weights = features.fit(&training, &values(problem, &data, &training))?;
        let error = (features.predict(&held, &weights) - values(problem, &data, &held)).mapv(|x| x * x).sum();
        if error < best.0 {
            best = (error, bandwidth);
        }
        tick();
    }
    let (features, known) = (Features::new(count, best.1, (rows, cols), seed), pixels_of(&problem.known, usize::MAX));
    let weights = features.fit(&known, &values(problem, &data, &known))?;
    let all: Vec<_> = (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j))).collect();
    let predicted = features.predict(&all, &weights);
    let matrix = Array2::from_shape_fn(data.dim(), |(i, j)| f64::from(predicted[(i * cols + j % cols, j / cols)]));
    tick();
    debug_assert_eq!(predicted.len_of(Axis(0)), rows * cols);
    let name = format!("Fourier features, {} periods", best.1);
    Ok(problem.outcome(&name, None, &matrix, begin.elapsed().as_secs_f64()))
}
