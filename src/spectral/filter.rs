//! Regularized inverses and filters: Tikhonov's s/(s² + λ²) and Wiener's s²/(s² + λ²).
//!
//! With h = √(s² + λ²), t = s/h and c = λ/h every formula is a product of numbers of moderate size, over the whole exponent range.

use super::divided::quotient_of_sums;
use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values, require_positive};
use crate::error::Error;
use crate::scalar::Real;

/// s/(s² + λ²): the regularized inverse, X = A (`AᴴA` + λ²)⁻¹, so that Xᴴ b minimizes ‖A x − b‖² + λ²‖x‖².
///
/// D1 = (λ² − a b)/((a² + λ²)(b² + λ²)) and D2 = (λ² + a b)/(…): nothing cancels at any gap. Parameter 0 is λ, which must be positive.
/// Differentiable at every A.
///
/// ```
/// use diffsvd::spectral::{SpectralFunction, Tikhonov};
/// let f = Tikhonov(1.0);
/// assert!((f.value(2.0) - 0.4_f64).abs() < 1e-14 && (f.quotient(0.0) - 1.0).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tikhonov<R>(pub R);

/// s²/(s² + λ²), the filter factor of Tikhonov's (and Wiener's) method as a function of its own.
///
/// D1 = λ²(a + b)/((a² + λ²)(b² + λ²)). Parameter 0 is λ, which must be positive. Differentiable at every A; twice
/// where no singular value is zero.
///
/// ```
/// use diffsvd::spectral::{SpectralFunction, Wiener};
/// assert!((Wiener(1.0).value(2.0) - 0.8_f64).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wiener<R>(pub R);

/// (t, c, 1/h).
fn parts<R: Real>(s: R, lambda: R) -> (R, R, R) {
    let h = s.hypot(lambda);
    (s / h, lambda / h, R::one() / h)
}

impl<R: Real> SpectralFunction<R> for Tikhonov<R> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: R) -> R {
        let (t, _, inverse) = parts(s, self.0);
        t * inverse
    }
    fn derivative(&self, s: R) -> R {
        self.divided_difference(s, s)
    }
    fn quotient(&self, s: R) -> R {
        let (_, _, inverse) = parts(s, self.0);
        inverse * inverse
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let ((ta, ca, ia), (tb, cb, ib)) = (parts(a, self.0), parts(b, self.0));
        (ca * cb - ta * tb) * ia * ib
    }
    fn divided_sum(&self, a: R, b: R) -> R {
        let ((ta, ca, ia), (tb, cb, ib)) = (parts(a, self.0), parts(b, self.0));
        (ca * cb + ta * tb) * ia * ib
    }
    /// −2 λ s/(s² + λ²)².
    fn parameter_derivative(&self, s: R, _parameter: usize) -> R {
        let (t, c, inverse) = parts(s, self.0);
        -(t + t) * c * inverse * inverse
    }
    fn check(&self, _at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        require_positive("λ", self.0)
    }
}

impl<R: Real> TwiceDifferentiable<R> for Tikhonov<R> {
    /// 2 s (s² − 3λ²)/(s² + λ²)³.
    fn second_derivative(&self, s: R) -> R {
        let (t, c, inverse) = parts(s, self.0);
        (t + t) * (t * t - R::from_f64(3.0) * c * c) * inverse * inverse * inverse
    }
    /// (a b c − λ²(a + b + c))/((a² + λ²)(b² + λ²)(c² + λ²)): with x = (λ + i s)/h the imaginary part of −x₀x₁x₂ over h₀h₁h₂.
    fn second_difference(&self, x: [R; 3]) -> R {
        let [(t0, c0, i0), (t1, c1, i1), (t2, c2, i2)] = x.map(|x| parts(x, self.0));
        (t0 * t1 * t2 - c0 * (c1 * t2 + t1 * c2) - t0 * c1 * c2) * i0 * i1 * i2
    }
}

impl<R: Real> SpectralFunction<R> for Wiener<R> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: R) -> R {
        let (t, _, _) = parts(s, self.0);
        t * t
    }
    fn derivative(&self, s: R) -> R {
        self.divided_difference(s, s)
    }
    fn quotient(&self, s: R) -> R {
        let (t, _, inverse) = parts(s, self.0);
        t * inverse
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let ((ta, ca, ia), (tb, cb, ib)) = (parts(a, self.0), parts(b, self.0));
        ca * cb * (ta * ib + tb * ia)
    }
    fn divided_sum(&self, a: R, b: R) -> R {
        let ((ta, _, _), (tb, _, _)) = (parts(a, self.0), parts(b, self.0));
        let sum = a + b;
        if sum == R::zero() { sum } else { quotient_of_sums([ta * ta, tb * tb], [a, b]) }
    }
    /// −2 λ s²/(s² + λ²)².
    fn parameter_derivative(&self, s: R, _parameter: usize) -> R {
        let (t, c, inverse) = parts(s, self.0);
        -(t + t) * t * c * inverse
    }
    fn check(&self, _at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        require_positive("λ", self.0)
    }
}

impl<R: Real> TwiceDifferentiable<R> for Wiener<R> {
    /// 2 λ²(λ² − 3s²)/(s² + λ²)³.
    fn second_derivative(&self, s: R) -> R {
        let (t, c, inverse) = parts(s, self.0);
        (c + c) * c * (c * c - R::from_f64(3.0) * t * t) * inverse * inverse
    }
}
