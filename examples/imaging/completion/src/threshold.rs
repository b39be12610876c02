//! Completion of small nuclear norm by singular value thresholding, X ← SVT(known entries of the data, X elsewhere), with the thresholds chosen
//! by gradient descent through the iterations.

use std::time::Instant;

use diffsvd::spectral::{SoftThreshold, parameter_cotangents};
use diffsvd::{Mat, Svd};
use imaging::Result;
use imaging::adam::Adam;
use imaging::mask::Mask;
use ndarray::{Array1, Array2};

use crate::problem::{Outcome, Problem};

/// How the thresholds were found.
#[derive(Clone, Debug)]
pub struct Descent {
    /// Root mean squared error over the pixels that were kept back, before each step and at the end.
    pub losses: Vec<f64>,
    /// The thresholds of the iterations, before and after.
    pub thresholds: (Vec<f64>, Vec<f64>),
}

/// The iteration on one matrix.
pub struct Unrolled {
    data: Mat<f64>,
    known: Mask,
}

/// The decompositions that the way back needs, and the result.
pub struct Forward {
    svds: Vec<Svd<f64>>,
    /// X after the last iteration.
    pub x: Mat<f64>,
}

impl Unrolled {
    /// With the known entries of the data.
    pub fn new(data: &Array2<f64>, known: Mask) -> Self {
        Unrolled { data: Mat::from_fn(data.nrows(), data.ncols(), |i, j| data[(i, j)]), known }
    }

    fn merged(&self, inside: &Mat<f64>, outside: &Mat<f64>) -> Mat<f64> {
        Mat::from_fn(
            inside.rows(),
            inside.cols(),
            |i, j| if self.known[(i, j)] { inside[(i, j)] } else { outside[(i, j)] },
        )
    }

    /// One iteration for each threshold, from X = 0.
    pub fn forward(&self, thresholds: &[f64]) -> Result<Forward> {
        let mut forward = Forward { svds: Vec::new(), x: Mat::zeros(self.data.rows(), self.data.cols()) };
        for &threshold in thresholds {
            let svd = Svd::thin(&self.merged(&self.data, &forward.x))?;
            forward.x = svd.map(SoftThreshold(threshold))?;
            forward.svds.push(svd);
        }
        Ok(forward)
    }

    /// The gradient with respect to the thresholds of a loss whose gradient with respect to the result is `x_bar`.
    pub fn backward(&self, forward: &Forward, thresholds: &[f64], mut x_bar: Mat<f64>) -> Result<Vec<f64>> {
        let zeros = Mat::zeros(x_bar.rows(), x_bar.cols());
        let mut gradient = vec![0.0; thresholds.len()];
        for ((svd, &threshold), slot) in forward.svds.iter().zip(thresholds).zip(&mut gradient).rev() {
            let f = SoftThreshold(threshold);
            let (y_bar, f_bar) = svd.map_vjp_with_values(f, &x_bar)?;
            parameter_cotangents(&f, svd.s(), &f_bar, std::slice::from_mut(slot));
            x_bar = self.merged(&zeros, &y_bar);
        }
        Ok(gradient)
    }
}

/// Mean squared error over the pixels that were kept back, and its gradient with respect to X.
fn held_loss(x: &Mat<f64>, truth: &Array2<f64>, held: &Mask) -> (f64, Mat<f64>) {
    let count = imaging::mask::count(held).max(1) as f64;
    let difference =
        Mat::from_fn(x.rows(), x.cols(), |i, j| if held[(i, j)] { x[(i, j)] - truth[(i, j)] } else { 0.0 });
    let loss = difference.as_slice().iter().map(|d| d * d).sum::<f64>() / count;
    (loss, Mat::from_fn(x.rows(), x.cols(), |i, j| 2.0 / count * difference[(i, j)]))
}

/// Chooses the logarithms of the thresholds by Adam on the pixels that were kept back, starting from one threshold for all iterations.
pub fn learn(problem: &Problem, (iterations, steps): (usize, usize), first: f64, tick: &dyn Fn()) -> Result<Descent> {
    let training = problem.training();
    let unrolled = Unrolled::new(&problem.data(&training), problem.columns(&training));
    let (truth, held) = (problem.data(&problem.held), problem.columns(&problem.held));
    let mut logarithms = Array1::from_elem(iterations, first.ln() as f32);
    let mut adam = Adam::new(&logarithms, 0.15);
    let taken = |logarithms: &Array1<f32>| logarithms.iter().map(|&x| f64::from(x).exp()).collect::<Vec<f64>>();
    let (before, mut losses) = (taken(&logarithms), Vec::new());
    for step in 0..=steps {
        let thresholds = taken(&logarithms);
        let forward = unrolled.forward(&thresholds)?;
        let (loss, x_bar) = held_loss(&forward.x, &truth, &held);
        losses.push(loss.sqrt());
        if step < steps {
            let gradient = unrolled.backward(&forward, &thresholds, x_bar)?;
            // d/d log τ = τ d/dτ.
            let gradient = gradient.iter().zip(&thresholds).map(|(g, t)| (g * t) as f32).collect();
            adam.step(&mut logarithms, &gradient);
        }
        tick();
    }
    Ok(Descent { losses, thresholds: (before, taken(&logarithms)) })
}

/// The iteration with these thresholds on all known pixels.
pub fn complete(problem: &Problem, method: &str, thresholds: &[f64], begin: Instant) -> Result<Outcome> {
    let unrolled = Unrolled::new(&problem.data(&problem.known), problem.columns(&problem.known));
    let x = unrolled.forward(thresholds)?.x;
    let matrix = Array2::from_shape_fn((x.rows(), x.cols()), |at| x[at]);
    Ok(problem.outcome(method, None, &matrix, begin.elapsed().as_secs_f64()))
}
