//! An image with missing pixels as a matrix, and what became of it.

use imaging::mask::{self, Mask};
use imaging::metrics;
use imaging::picture::Picture;
use ndarray::{Array2, Axis, concatenate};

/// A picture of which some pixels are known. As a matrix its channels stand side by side, rows × (channels · columns), and the mean of
/// the known entries is subtracted.
#[derive(Clone, Debug)]
pub struct Problem {
    /// In words.
    pub name: String,
    /// The whole picture, to measure by alone.
    pub truth: Picture,
    /// True where a pixel is known.
    pub known: Mask,
    /// Known pixels that are kept back to choose parameters by.
    pub held: Mask,
    mean: f64,
}

/// What a method made of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which method.
    pub method: String,
    /// r, where there is one.
    pub rank: Option<usize>,
    /// The picture; known pixels as they are.
    pub picture: Picture,
    /// Over the known pixels, of what the method makes of them.
    pub rmse_known: f64,
    /// Over the missing ones.
    pub rmse_missing: f64,
    /// For the whole picture.
    pub psnr: f64,
    /// For the whole picture.
    pub ssim: f64,
    /// How long it took.
    pub seconds: f64,
}

impl Problem {
    /// A tenth of the known pixels is kept back where a parameter is chosen.
    pub fn new(name: String, truth: Picture, known: Mask, seed: u64) -> Self {
        let held = mask::held_out(&known, 0.1, seed);
        let mut problem = Problem { name, truth, known, held, mean: 0.0 };
        let known = problem.columns(&problem.known);
        let all = problem.matrix();
        let count = mask::count(&known).max(1) as f64;
        problem.mean = all.iter().zip(&known).filter(|(_, known)| **known).map(|(x, _)| x).sum::<f64>() / count;
        problem
    }

    /// The mask for every channel.
    pub fn columns(&self, pixels: &Mask) -> Mask {
        let channels = vec![pixels.view(); self.truth.dim().0];
        concatenate(Axis(1), &channels).unwrap_or_else(|_| pixels.clone())
    }

    /// The whole matrix, less the mean.
    fn matrix(&self) -> Array2<f64> {
        let (channels, rows, cols) = self.truth.dim();
        Array2::from_shape_fn((rows, channels * cols), |(i, j)| self.truth[(j / cols, i, j % cols)] - self.mean)
    }

    /// The known entries, zero elsewhere.
    pub fn data(&self, known: &Mask) -> Array2<f64> {
        let mut data = self.matrix();
        data.zip_mut_with(&self.columns(known), |x, &known| *x = if known { *x } else { 0.0 });
        data
    }

    /// The known pixels that are not kept back.
    pub fn training(&self) -> Mask {
        let mut training = self.known.clone();
        training.zip_mut_with(&self.held, |known, &held| *known &= !held);
        training
    }

    /// A matrix as a picture.
    pub fn picture(&self, matrix: &Array2<f64>) -> Picture {
        let cols = self.truth.dim().2;
        Picture::from_shape_fn(self.truth.dim(), |(c, i, j)| matrix[(i, c * cols + j)] + self.mean)
    }

    /// What the user has: missing pixels are black.
    pub fn shown(&self) -> Picture {
        let mut picture = self.truth.clone();
        picture
            .outer_iter_mut()
            .for_each(|mut plane| plane.zip_mut_with(&self.known, |x, &known| *x *= f64::from(u8::from(known))));
        picture
    }

    /// Missing pixels are the mean of the known ones: what every method has to be better than.
    pub fn filled_with_mean(&self) -> Outcome {
        self.outcome("mean of the known pixels", None, &Array2::zeros(self.matrix().dim()), 0.0)
    }

    /// Root mean squared errors over the known and over the missing pixels.
    pub fn errors(&self, matrix: &Array2<f64>) -> (f64, f64) {
        let picture = self.picture(matrix);
        let over = |wanted| metrics::rmse_where(&picture, &self.truth, |i, j| self.known[(i, j)] == wanted);
        (over(true), over(false))
    }

    /// Puts the known pixels back and measures.
    pub fn outcome(&self, method: &str, rank: Option<usize>, matrix: &Array2<f64>, seconds: f64) -> Outcome {
        let (rmse_known, rmse_missing) = self.errors(matrix);
        let mut picture = self.picture(matrix);
        for (mut plane, truth) in picture.outer_iter_mut().zip(self.truth.outer_iter()) {
            ndarray::Zip::from(&mut plane).and(&truth).and(&self.known).for_each(|x, &truth, &known| {
                *x = if known { truth } else { x.clamp(0.0, 1.0) };
            });
        }
        let (psnr, ssim) = (metrics::psnr(&picture, &self.truth), metrics::ssim(&picture, &self.truth));
        Outcome { method: method.to_owned(), rank, picture, rmse_known, rmse_missing, psnr, ssim, seconds }
    }
}
