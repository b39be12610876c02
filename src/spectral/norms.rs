//! Norms: Ky Fan (spectral and nuclear among them), Schatten, and weighted sums of the singular values.

use super::divided::quotient_of_sums;
use super::elementary::Elementary;
use super::loss::SpectralLoss;
use super::power::geometric_quotient;
use super::spectrum::{Direction, SpectralMap, Whole};
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::check_finite_values;
use crate::matrix::check_shape;
use crate::scalar::Real;

/// s₁ + … + sᵣ, the Ky Fan r-norm: the spectral norm for r = 1, the nuclear norm for r = min(m, n).
///
/// The gradient is Uᵣ Vᵣᴴ. Where sᵣ = sᵣ₊₁, or a value up to sᵣ is zero (within (max(m, n) + 10) ε s₁), the function has a kink and the gradient is the subgradient of
/// smallest Frobenius norm: the block of equal values shares its weight, zero values have none. The Hessian does not exist there:
/// [`Error::EqualSingularValues`], [`Error::ZeroSingularValue`].
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::KyFan};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]))?; // √20 twice
/// let norm = svd.loss(&KyFan::nuclear())?;
/// assert!((norm - 2.0 * 20_f64.sqrt()).abs() < 1e-14);
/// let gradient = svd.loss_gradient(&KyFan::spectral())?; // a tie: half of U Vᴴ
/// assert!((gradient[(0, 1)] - 0.5 * 4.0 / 20_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// Watson 1992.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KyFan(
    /// r; all singular values where there are fewer.
    pub usize,
);

impl KyFan {
    /// ‖A‖₂ = s₁.
    #[must_use]
    pub const fn spectral() -> Self {
        KyFan(1)
    }
    /// Σ sᵢ.
    #[must_use]
    pub const fn nuclear() -> Self {
        KyFan(usize::MAX)
    }
}

impl<R: Real> SpectralLoss<R> for KyFan {
    type Gradient = LeadingWeights<R>;

    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        Ok(at.s.iter().take(self.0).fold(R::zero(), |sum, &s| sum + s))
    }

    fn gradient(&self, at: &Values<'_, R>) -> Result<LeadingWeights<R>, Error> {
        let r = self.0.min(at.count());
        let noise = at.noise();
        let (mut first, mut end) = (r, r);
        let tied = |i: usize| i > 0 && i < at.count() && at.get(i - 1) - at.get(i) <= noise;
        while tied(first) {
            first -= 1;
        }
        while tied(end) {
            end += 1;
        }
        let positive = (0..r).find(|&i| at.get(i) <= noise).unwrap_or(r);
        let share =
            if end > first { R::from_f64((r - first) as f64) / R::from_f64((end - first) as f64) } else { R::one() };
        Ok(LeadingWeights {
            kept: r,
            whole: first.min(positive),
            end: if positive < r { positive } else { end },
            share,
        })
    }
}

/// ∂L/∂sᵢ of [`KyFan`]: 1, then a share inside of a tied block, then 0.
///
/// ```
/// # use diffsvd::spectral::{KyFan, LeadingWeights, SpectralLoss, SpectralMap, Values};
/// let at = Values { s: &[3.0, 2.0, 2.0, 1.0], shape: (4, 4) };
/// let weights: LeadingWeights<f64> = KyFan(2).gradient(&at)?;
/// assert_eq!([0, 1, 2, 3].map(|i| weights.value_at(&at, i)), [1.0, 0.5, 0.5, 0.0]); // a tie at the cut
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeadingWeights<R> {
    /// r.
    kept: usize,
    /// Values with weight 1.
    whole: usize,
    /// End of the block that shares the rest.
    end: usize,
    share: R,
}

impl<R: Real> LeadingWeights<R> {
    /// Weight 1 for the first r values, of which the last is neither zero nor equal to the next.
    pub(super) fn first(r: usize) -> Self {
        LeadingWeights { kept: r, whole: r, end: r, share: R::one() }
    }
}

impl<R: Real> SpectralMap<R, Whole> for LeadingWeights<R> {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        const OPERATION: &str = "the gradient of the Ky Fan norm";
        if order == Order::Value || self.kept == 0 {
            return Ok(());
        }
        if at.get(self.kept - 1) <= at.noise() {
            return at.require_above(OPERATION, at.noise());
        }
        if self.kept < at.count() { at.require_distinct(OPERATION, self.kept - 1, self.kept) } else { Ok(()) }
    }
    fn value_at(&self, _at: &Values<'_, R>, i: usize) -> R {
        if i < self.whole {
            R::one()
        } else if i < self.end {
            self.share
        } else {
            R::zero()
        }
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        constant_difference((at.get(i), self.value_at(at, i)), (at.get(j), self.value_at(at, j)))
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        constant_sum((at.get(i), self.value_at(at, i)), (at.get(j), self.value_at(at, j)))
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

/// Σ wᵢ sᵢ for given weights, one for each of the k triplets.
///
/// Differentiable where equal singular values have equal weights and zero ones none: otherwise [`Error::EqualSingularValues`] or
/// [`Error::ZeroSingularValue`], also for the gradient, within (max(m, n) + 10) ε s₁.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::WeightedSum};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 1.0]]))?;
/// let loss = WeightedSum(&[1.0, -2.0]);
/// assert_eq!((svd.loss(&loss)?, svd.loss_gradient(&loss)?[(1, 1)]), (1.0, -2.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedSum<'a, R>(
    /// The weights.
    pub &'a [R],
);

impl<R: Real> WeightedSum<'_, R> {
    /// The number of the weights, and whether they are finite.
    fn check_weights(&self, at: &Values<'_, R>) -> Result<(), Error> {
        check_shape("the weights", (self.0.len(), 1), (at.s.len(), 1))?;
        check_finite_values("the weights", self.0)
    }
}

impl<'a, R: Real> SpectralLoss<R> for WeightedSum<'a, R> {
    type Gradient = WeightedSum<'a, R>;

    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        self.check_weights(at)?;
        Ok(self.0.iter().zip(at.s).fold(R::zero(), |sum, (&w, &s)| sum + w * s))
    }
    fn gradient(&self, at: &Values<'_, R>) -> Result<Self, Error> {
        self.check_at(at, Order::Derivative)?;
        Ok(*self)
    }
}

impl<R: Real> SpectralMap<R, Whole> for WeightedSum<'_, R> {
    fn check_at(&self, at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        const OPERATION: &str = "the weighted sum of singular values";
        self.check_weights(at)?;
        for (i, &weight) in self.0.iter().enumerate() {
            if i > 0 && weight != self.0[i - 1] {
                at.require_distinct(OPERATION, i - 1, i)?;
            }
            let value = at.get(i);
            if weight != R::zero() && value <= at.noise() {
                return Err(Error::ZeroSingularValue { operation: OPERATION, index: i, value: value.to_f64() });
            }
        }
        Ok(())
    }
    fn value_at(&self, _at: &Values<'_, R>, i: usize) -> R {
        self.0[i]
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        constant_difference((at.get(i), self.0[i]), (at.get(j), self.0[j]))
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        constant_sum((at.get(i), self.0[i]), (at.get(j), self.0[j]))
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

/// (Σ sᵢᵖ)^(1/p), p ≥ 1: Frobenius norm for p = 2.
///
/// The gradient is (sᵢ/L)^(p−1), 0 at zero singular values (for p = 1 that is the subgradient of smallest norm). The Hessian does not exist at
/// zero singular values for p < 2, nor anything at A = 0: [`Error::ZeroSingularValue`].
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Schatten};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 4.0]]))?;
/// assert!((svd.loss(&Schatten(2.0))? - 5.0).abs() < 1e-14);
/// assert!((svd.loss_gradient(&Schatten(2.0))?[(0, 0)] - 0.6).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schatten<R>(
    /// p.
    pub R,
);

impl<R: Elementary> SpectralLoss<R> for Schatten<R> {
    type Gradient = SchattenGradient<R>;

    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        let valid = self.0 >= R::one() && self.0.is_finite();
        if !valid {
            let must = "be finite and at least 1";
            return Err(Error::Parameter { name: "the exponent of the Schatten norm", value: self.0.to_f64(), must });
        }
        let largest = at.largest();
        if largest == R::zero() {
            return Ok(largest);
        }
        let sum = at.s.iter().fold(R::zero(), |sum, &s| sum + (s / largest).powf(self.0));
        Ok(largest * sum.powf(R::one() / self.0))
    }

    fn gradient(&self, at: &Values<'_, R>) -> Result<SchattenGradient<R>, Error> {
        let norm = self.value(at)?;
        if norm == R::zero() && at.count() > 0 {
            return Err(Error::ZeroSingularValue { operation: "the Schatten norm", index: 0, value: 0.0 });
        }
        Ok(SchattenGradient { p: self.0, norm })
    }
}

/// ∂L/∂sᵢ of [`Schatten`].
///
/// ```
/// # use diffsvd::spectral::{Schatten, SchattenGradient, SpectralLoss, SpectralMap, Values};
/// let at = Values { s: &[4.0, 3.0], shape: (2, 2) };
/// let gradient: SchattenGradient<f64> = Schatten(2.0).gradient(&at)?; // s/‖s‖
/// assert!((gradient.value_at(&at, 1) - 0.6).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SchattenGradient<R> {
    p: R,
    norm: R,
}

impl<R: Elementary> SchattenGradient<R> {
    fn at(&self, s: R) -> R {
        if s == R::zero() { s } else { (s / self.norm).powf(self.p - R::one()) }
    }
    /// f/s = (s/L)^(p−2)/L.
    fn quotient(&self, s: R) -> R {
        (s / self.norm).powf(self.p - R::from_f64(2.0)) / self.norm
    }
}

impl<R: Elementary> SpectralMap<R, Whole> for SchattenGradient<R> {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        if order == Order::Value || self.p >= R::from_f64(2.0) {
            return Ok(());
        }
        at.require_above("the gradient of the Schatten norm", at.noise())
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        SchattenGradient::at(self, at.get(i))
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let (a, b) = (at.get(i.min(j)), at.get(i.max(j)));
        if a == R::zero() {
            self.quotient(a) * (self.p - R::one())
        } else {
            self.quotient(a) * geometric_quotient(self.p - R::one(), a, b)
        }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let values = [at.get(i), at.get(j)];
        if i == j || values == [R::zero(); 2] {
            self.quotient(at.get(i))
        } else {
            quotient_of_sums([self.value_at(at, i), self.value_at(at, j)], values)
        }
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        if self.p > R::from_f64(2.0) { R::zero() } else { R::one() / self.norm }
    }
    /// ∂fᵢ/∂sⱼ = −(p − 1) fᵢ fⱼ/L.
    fn couple(&self, at: &Values<'_, R>, w: &[R], _direction: Direction, out: &mut [R]) {
        let dot = w.iter().zip(at.s).fold(R::zero(), |sum, (&w, &s)| sum + w * SchattenGradient::at(self, s));
        let factor = (self.p - R::one()) * dot / self.norm;
        for (out, &s) in out.iter_mut().zip(at.s) {
            *out -= factor * SchattenGradient::at(self, s);
        }
    }
}

/// The divided difference of a function that is constant near each value.
pub(super) fn constant_difference<R: Real>((a, f): (R, R), (b, g): (R, R)) -> R {
    if f == g { R::zero() } else { (f - g) / (a - b) }
}

/// (f + g)/(a + b), and 0 where both are.
pub(super) fn constant_sum<R: Real>((a, f): (R, R), (b, g): (R, R)) -> R {
    if f + g == R::zero() { R::zero() } else { quotient_of_sums([f, g], [a, b]) }
}
