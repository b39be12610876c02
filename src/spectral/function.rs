//! A function f of one singular value, and what the map U f(S) Vᴴ needs of it.

use super::divided;
use super::values::{Order, Values};
use crate::error::Error;
use crate::scalar::Real;

/// A real function f on s ≥ 0, continued to negative s as an odd function. Value and derivative suffice; the rest has
/// defaults that are sound, and that a function with a closed form may replace.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::SpectralFunction};
///
/// /// s³/(1 + s²): small singular values are pressed down, large ones are kept.
/// struct Knee;
/// impl SpectralFunction<f64> for Knee {
///     fn value(&self, s: f64) -> f64 {
///         s * s * s / (1.0 + s * s)
///     }
///     fn derivative(&self, s: f64) -> f64 {
///         s * s * (3.0 + s * s) / ((1.0 + s * s) * (1.0 + s * s))
///     }
/// }
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[1.0, 1.0], [-1.0, 1.0]]))?; // √2 twice
/// let x = svd.map(Knee)?;
/// let gradient = svd.map_vjp(Knee, &x)?; // of ‖X‖²/2, exact although both values are equal
/// assert!((gradient[(0, 0)] - 2.0 / 3.0 * 10.0 / 9.0).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub trait SpectralFunction<R: Real> {
    /// Number of parameters that [`parameter_derivative`](Self::parameter_derivative) knows.
    const PARAMETERS: usize = 0;

    /// f(s) for s ≥ 0.
    fn value(&self, s: R) -> R;

    /// f′(s) for s ≥ 0; from the right at 0.
    fn derivative(&self, s: R) -> R;

    /// f(s)/s, and f′(0) at 0.
    fn quotient(&self, s: R) -> R {
        if s == R::zero() { self.derivative(s) } else { self.value(s) / s }
    }

    /// (f(a) − f(b))/(a − b), and f′(a) where a = b.
    ///
    /// The default takes the quotient, whose error is bound = 2ε(|f(a)| + |f(b)| + a|f′|)/|a − b|, and where |a − b| < a/4 also
    /// the mean of f′ over the interval by Gauss's formula with five nodes, which does not cancel: the mean is returned
    /// where the two agree within that bound, the quotient otherwise. So a function that is smooth between a and b gets the accuracy
    /// of f′ at every gap, and one that is not never gets worse than the quotient. Measured for functions analytic within
    /// distance a of a: relative error at most 50 ε (|f| + a|f′|)/(a|f′|).
    fn divided_difference(&self, a: R, b: R) -> R {
        divided::difference(self, a, b)
    }

    /// (f(a) + f(b))/(a + b), and f′(0) where both are zero: the divided difference across zero of the odd continuation.
    fn divided_sum(&self, a: R, b: R) -> R {
        let sum = a + b;
        if sum == R::zero() {
            self.derivative(sum)
        } else {
            divided::quotient_of_sums([self.value(a), self.value(b)], [a, b])
        }
    }

    /// ∂f(s)/∂p for parameter number `parameter`.
    fn parameter_derivative(&self, s: R, parameter: usize) -> R {
        let _ = (s, parameter);
        R::zero()
    }

    /// Whether the derivative asked for exists at these singular values. The default demands finite f′ everywhere, and
    /// f(0) = 0 where a singular value is zero: 0 itself, not only to working precision, for which
    /// [`require_above`](Values::require_above) with [`noise`](Values::noise) asks.
    ///
    /// # Errors
    /// [`Error::ZeroSingularValue`], [`Error::NonFinite`] for f′ at any other, and whatever the function adds: [`Error::Parameter`] for a kink or a
    /// parameter out of range.
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        divided::check(self, at, order)
    }
}

/// A [`SpectralFunction`] with a second derivative, for Hessian-vector products.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::{SpectralFunction, TwiceDifferentiable}};
///
/// struct Cube;
/// impl SpectralFunction<f64> for Cube {
///     fn value(&self, s: f64) -> f64 { s * s * s }
///     fn derivative(&self, s: f64) -> f64 { 3.0 * s * s }
/// }
/// impl TwiceDifferentiable<f64> for Cube {
///     fn second_derivative(&self, s: f64) -> f64 { 6.0 * s }
/// }
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?; // both values are equal
/// let z = Mat::identity(2);
/// assert!((svd.map_second(Cube, &z, &z)?[(0, 0)] - 12.0).abs() < 1e-13); // (A Aᴴ A)″ = 6 A along I
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub trait TwiceDifferentiable<R: Real>: SpectralFunction<R> {
    /// f″(s) for s ≥ 0; from the right at 0.
    fn second_derivative(&self, s: R) -> R;

    /// The second divided difference f\[x₀, x₁, x₂\] of the odd continuation: symmetric, f″(x)/2 where all three are equal. The
    /// arguments may be negative.
    ///
    /// The default is the quotient of two first divided differences over the longest side, or, where both agree within the rounding
    /// error of the former, the mean of f″ over the triangle by Radon's formula with seven nodes.
    fn second_difference(&self, x: [R; 3]) -> R {
        divided::second_difference(self, x)
    }

    /// The second divided difference g\[x₀, x₁, x₂\] of the *even* continuation g of the same function, for
    /// [`Hermitian`](crate::spectral::Hermitian). The arguments may be negative.
    ///
    /// The default follows from the odd one: with a and c ≥ 0 > −b, g\[a, −b, c\] = f\[a, −b, c\] + 2 f(b)/((a + b)(b + c)).
    fn even_second_difference(&self, x: [R; 3]) -> R {
        divided::even_second_difference(self, x)
    }

    /// Whether the second derivative exists at these singular values. The default demands what
    /// [`check`](SpectralFunction::check) does, and f″(0) = 0 where a singular value is zero.
    ///
    /// # Errors
    /// As [`check`](SpectralFunction::check).
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        divided::check_second(self, at)
    }
}

impl<R: Real, F: SpectralFunction<R> + ?Sized> SpectralFunction<R> for &F {
    const PARAMETERS: usize = F::PARAMETERS;
    fn value(&self, s: R) -> R {
        (**self).value(s)
    }
    fn derivative(&self, s: R) -> R {
        (**self).derivative(s)
    }
    fn quotient(&self, s: R) -> R {
        (**self).quotient(s)
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        (**self).divided_difference(a, b)
    }
    fn divided_sum(&self, a: R, b: R) -> R {
        (**self).divided_sum(a, b)
    }
    fn parameter_derivative(&self, s: R, parameter: usize) -> R {
        (**self).parameter_derivative(s, parameter)
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        (**self).check(at, order)
    }
}

impl<R: Real, F: TwiceDifferentiable<R> + ?Sized> TwiceDifferentiable<R> for &F {
    fn second_derivative(&self, s: R) -> R {
        (**self).second_derivative(s)
    }
    fn second_difference(&self, x: [R; 3]) -> R {
        (**self).second_difference(x)
    }
    fn even_second_difference(&self, x: [R; 3]) -> R {
        (**self).even_second_difference(x)
    }
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        (**self).check_second(at)
    }
}

/// The cotangents of the parameters of f from those of its values: gp = Σ gfᵢ ∂f(sᵢ)/∂p.
///
/// `s` and `f_bar`, which [`map_vjp_into`](crate::spectral::map_vjp_into) wrote to [`MapGradient::f`](crate::spectral::MapGradient::f), have k values; what
/// one has beyond the other is not looked at. One entry of `cotangent` a parameter.
///
/// ```
/// use diffsvd::spectral::{SoftThreshold, parameter_cotangents};
/// let mut tau = [0.0];
/// parameter_cotangents(&SoftThreshold(0.5), &[2.0, 1.0, 0.1], &[10.0, 20.0, 30.0], &mut tau);
/// assert_eq!(tau, [-30.0]); // −1 for each value above the threshold
/// ```
pub fn parameter_cotangents<R: Real, F: SpectralFunction<R>>(f: &F, s: &[R], f_bar: &[R], cotangent: &mut [R]) {
    for (parameter, cotangent) in cotangent.iter_mut().enumerate() {
        let terms = s.iter().zip(f_bar).map(|(&s, &bar)| bar * f.parameter_derivative(s, parameter));
        *cotangent = terms.fold(R::zero(), |sum, term| sum + term);
    }
}
