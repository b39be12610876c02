//! Matrices and losses for the tests of the factored rules.

use diffsvd::{Mat, Real, Scalar, Svd};
pub(crate) use num_complex::Complex;

pub(crate) use crate::double_double::Dd;

pub(crate) type C64 = Complex<f64>;

/// Uniform entries in (−1, 1), the same on every run.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64) / ((1_u64 << 52) as f64) - 1.0
    }
    pub(crate) fn scalar<S: Scalar>(&mut self) -> S {
        let (re, im) = (self.unit(), self.unit());
        S::from_parts(S::Real::from_f64(re), S::Real::from_f64(im))
    }
    pub(crate) fn matrix<S: Scalar>(&mut self, rows: usize, cols: usize) -> Mat<S> {
        Mat::from_fn(rows, cols, |_, _| self.scalar())
    }
    /// Orthonormal columns.
    pub(crate) fn basis<S: Scalar>(&mut self, rows: usize, cols: usize) -> Mat<S> {
        leading(Svd::thin(&self.matrix::<S>(rows, rows)).unwrap().u(), cols)
    }
    /// U diag(s) Vᴴ with random U and V.
    pub(crate) fn with_values<S: Scalar>(&mut self, rows: usize, cols: usize, s: &[f64]) -> Mat<S> {
        let (u, v) = (self.basis::<S>(rows, s.len()), self.basis::<S>(cols, s.len()));
        let scaled = Mat::from_fn(rows, s.len(), |i, j| u[(i, j)].scale(S::Real::from_f64(s[j])));
        scaled.product(&v.adjoint()).unwrap()
    }
}

pub(crate) fn leading<S: Scalar>(a: &Mat<S>, cols: usize) -> Mat<S> {
    Mat::from_fn(a.rows(), cols, |i, j| a[(i, j)])
}

/// a + t b.
pub(crate) fn moved<S: Scalar>(a: &Mat<S>, t: f64, b: &Mat<S>) -> Mat<S> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)] + b[(i, j)].scale(S::Real::from_f64(t)))
}

/// Re tr(aᴴ b).
pub(crate) fn inner<S: Scalar>(a: &Mat<S>, b: &Mat<S>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(&a, &b)| (a.conj() * b).re().to_f64()).sum()
}

pub(crate) fn norm<S: Scalar>(a: &Mat<S>) -> f64 {
    inner(a, a).sqrt()
}

/// ‖a − b‖/‖b‖.
pub(crate) fn error<S: Scalar>(a: &Mat<S>, b: &Mat<S>) -> f64 {
    norm(&moved(a, -1.0, b)) / norm(b)
}

/// a bᴴ.
pub(crate) fn outer<S: Scalar>(a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
    a.product(&b.adjoint()).unwrap()
}

/// The same matrix with 31 digits.
pub(crate) fn lift<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>(a: &Mat<S>) -> Mat<T> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| T::from_parts(a[(i, j)].re().into(), a[(i, j)].im().into()))
}

/// The derivative of `value` along B by central differences in 31 digits; with the step 2⁻³⁰ their error is 2⁻⁶⁰ and 2⁻¹⁰⁰/2⁻³⁰.
pub(crate) fn slope<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>(
    a: &Mat<S>,
    b: &Mat<S>,
    value: impl Fn(&Mat<T>) -> Mat<T>,
) -> Mat<T> {
    let (a, b, h) = (lift(a), lift(b), 2_f64.powi(-30));
    let difference = moved(&value(&moved(&a, h, &b)), -1.0, &value(&moved(&a, -h, &b)));
    Mat::from_fn(difference.rows(), difference.cols(), |i, j| difference[(i, j)].scale(Dd::from(0.5 / h)))
}
