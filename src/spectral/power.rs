//! Powers and logarithms of the singular values.

use super::elementary::Elementary;
use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values, require_positive};
use crate::error::Error;

/// s^p for any real p.
///
/// With r = b/a and x = log r, D1 = a^(p−1) (e^(px) − 1)/(r − 1) by `exp_m1` and `ln_1p`: nothing cancels at any gap. Parameter 0 is p. At a zero
/// singular value differentiable for p ≥ 1 only: [`Error::ZeroSingularValue`]; for 1 < p < 2 the derivative is not Lipschitz there,
/// and a zero that the decomposition returns as ε s₁ costs (ε s₁)^(p−1) of it. Twice differentiable there for p = 1 and p > 2.
///
/// ```
/// use diffsvd::spectral::{Power, SpectralFunction};
/// assert_eq!(Power(2.0).value(3.0), 9.0_f64);
/// assert!((Power(2.0).divided_difference(3.0, 3.0 + 1e-12) - 6.0_f64).abs() < 1e-11);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power<R>(pub R);

impl<R: Elementary> SpectralFunction<R> for Power<R> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: R) -> R {
        s.powf(self.0)
    }
    fn derivative(&self, s: R) -> R {
        if self.0 == R::zero() { self.0 } else { self.0 * s.powf(self.0 - R::one()) }
    }
    fn quotient(&self, s: R) -> R {
        s.powf(self.0 - R::one())
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        if a == b {
            return self.derivative(a);
        }
        if b == R::zero() {
            return self.quotient(a);
        }
        a.powf(self.0 - R::one()) * geometric_quotient(self.0, a, b)
    }
    fn divided_sum(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        if a == R::zero() {
            return self.quotient(a);
        }
        let ratio = b / a;
        self.quotient(a) * ((R::one() + ratio.powf(self.0)) / (R::one() + ratio))
    }
    /// s^p log s.
    fn parameter_derivative(&self, s: R, _parameter: usize) -> R {
        if s == R::zero() { s } else { s.powf(self.0) * s.ln() }
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        if !self.0.is_finite() {
            return Err(Error::Parameter { name: "the exponent", value: self.0.to_f64(), must: "be finite" });
        }
        if order == Order::Value || self.0 >= R::one() {
            return Ok(());
        }
        at.require_above("a power below the first", R::zero())
    }
}

/// (1 − (b/a)^p)/(1 − b/a) for a ≥ b ≥ 0, a > 0, and its limit p where they are equal.
pub(super) fn geometric_quotient<R: Elementary>(p: R, a: R, b: R) -> R {
    // (b − a)/a: b − a is exact for b ≥ a/2, and elsewhere log(b/a) is far from 0.
    let step = (b - a) / a;
    if step == R::zero() {
        return p;
    }
    if b == R::zero() {
        return R::one();
    }
    let log = if step * (R::one() + R::one()) < -R::one() { (b / a).ln() } else { step.ln_1p() };
    (p * log).exp_m1() / step
}

impl<R: Elementary> TwiceDifferentiable<R> for Power<R> {
    fn second_derivative(&self, s: R) -> R {
        let factor = self.0 * (self.0 - R::one());
        if factor == R::zero() { factor } else { factor * s.powf(self.0 - R::from_f64(2.0)) }
    }
}

/// log(1 + s/ε): a compressor of the spectrum, and what the log-det heuristic for rank sums up (Fazel, Hindi & Boyd 2003).
///
/// D1 = `ln_1p`((a − b)/(ε + b))/(a − b): nothing cancels at any gap. Parameter 0 is ε, which must be positive. Differentiable at every A; twice
/// where no singular value is zero.
///
/// ```
/// use diffsvd::spectral::{Log1p, SpectralFunction};
/// assert_eq!(Log1p(0.5).value(0.5), 2_f64.ln());
/// assert_eq!(Log1p(0.5).quotient(0.0), 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Log1p<R>(pub R);

impl<R: Elementary> SpectralFunction<R> for Log1p<R> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: R) -> R {
        (s / self.0).ln_1p()
    }
    fn derivative(&self, s: R) -> R {
        R::one() / (self.0 + s)
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        if a == b { self.derivative(a) } else { ((a - b) / (self.0 + b)).ln_1p() / (a - b) }
    }
    /// −s/(ε (ε + s)).
    fn parameter_derivative(&self, s: R, _parameter: usize) -> R {
        -(s / self.0) / (self.0 + s)
    }
    fn check(&self, _at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        require_positive("ε", self.0)
    }
}

impl<R: Elementary> TwiceDifferentiable<R> for Log1p<R> {
    fn second_derivative(&self, s: R) -> R {
        let inverse = R::one() / (self.0 + s);
        -inverse * inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometric_quotients_at_any_distance() {
        let check = |p: f64, ratio: f64, exact: f64| {
            let error = geometric_quotient(p, 1.0, ratio) / exact - 1.0;
            assert!(error.abs() < 8.0 * f64::EPSILON, "{p} {ratio:e}: {error:e}");
        };
        for p in [0.25, 0.5, 1.5, 3.0] {
            for ratio in [1e-20, 1e-10, 1e-3, 0.1_f64] {
                check(p, ratio, (1.0 - ratio.powf(p)) / (1.0 - ratio));
            }
            for power in [27, 30, 50] {
                let step = 0.5_f64.powi(power);
                check(p, 1.0 - step, p * (1.0 - (p - 1.0) * step / 2.0));
            }
            check(p, 0.0, 1.0);
            check(p, 1.0, p);
        }
    }
}
