//! Two-dimensional Fourier transforms of real planes.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// The transforms of planes of one size.
#[derive(Clone)]
pub struct Fourier {
    rows: (Arc<dyn Fft<f64>>, Arc<dyn Fft<f64>>),
    cols: (Arc<dyn Fft<f64>>, Arc<dyn Fft<f64>>),
    size: (usize, usize),
}

impl Fourier {
    /// For planes of `rows`×`cols`.
    pub fn new((rows, cols): (usize, usize)) -> Self {
        let mut planner = FftPlanner::new();
        let mut both = |len| (planner.plan_fft_forward(len), planner.plan_fft_inverse(len));
        Fourier { rows: both(cols), cols: both(rows), size: (rows, cols) }
    }

    /// (rows, columns).
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// X(i, j) = Σ x(p, q) exp(−2πi (ip/rows + jq/cols)).
    pub fn forward(&self, plane: &ArrayView2<'_, f64>) -> Array2<Complex<f64>> {
        let mut out = plane.map(|&x| Complex::from(x));
        transform(&mut out, &*self.rows.0, &*self.cols.0);
        out
    }

    /// The same with +2πi, without a factor: rows·cols times the inverse.
    pub fn unscaled_inverse(&self, mut plane: Array2<Complex<f64>>) -> Array2<f64> {
        transform(&mut plane, &*self.rows.1, &*self.cols.1);
        plane.map(|x| x.re)
    }
}

fn transform(plane: &mut Array2<Complex<f64>>, along_rows: &dyn Fft<f64>, along_cols: &dyn Fft<f64>) {
    let (rows, cols) = plane.dim();
    let mut data: Vec<Complex<f64>> = plane.iter().copied().collect();
    along_rows.process(&mut data);
    let mut turned: Vec<Complex<f64>> = (0..rows * cols).map(|at| data[at % rows * cols + at / rows]).collect();
    along_cols.process(&mut turned);
    *plane = Array2::from_shape_fn((rows, cols), |(i, j)| turned[i + j * rows]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_a_phase_and_the_inverse_undoes_it() {
        let fourier = Fourier::new((6, 10));
        let plane = Array2::from_shape_fn((6, 10), |(i, j)| if (i, j) == (1, 3) { 1.0 } else { 0.0 });
        let spectrum = fourier.forward(&plane.view());
        let phase = -2.0 * std::f64::consts::PI * (2.0 / 6.0 + 5.0 * 3.0 / 10.0);
        assert!((spectrum[(2, 5)] - Complex::from_polar(1.0, phase)).norm() < 1e-12);
        let back = fourier.unscaled_inverse(spectrum) / 60.0;
        assert!((back - plane).iter().all(|x| x.abs() < 1e-12));
    }
}
