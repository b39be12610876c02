//! Log-determinant, condition number, entropy and effective rank.

use super::divided::quotient_of_sums;
use super::elementary::Elementary;
use super::loss::SpectralLoss;
use super::norms::{constant_difference, constant_sum};
use super::spectrum::{Direction, SpectralMap, Whole};
use super::values::{Order, Values};
use crate::error::Error;
use crate::scalar::Real;

/// log det(`AᴴA`) (of `AAᴴ` where A is wide) = 2 Σ log sᵢ.
///
/// The gradient is 2 (A⁺)ᴴ, with D1 = −2/(a b). No value where a singular value is zero: [`Error::ZeroSingularValue`].
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::LogDet};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 0.5]]))?;
/// assert!(svd.loss(&LogDet)?.abs() < 1e-14);
/// assert_eq!(svd.loss_gradient(&LogDet)?[(1, 1)], 4.0);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogDet;

impl<R: Elementary> SpectralLoss<R> for LogDet {
    type Gradient = LogDet;

    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        at.require_above("the log-determinant", R::zero())?;
        Ok(at.s.iter().fold(R::zero(), |sum, s| sum + s.ln()).mul_pow2(1))
    }
    fn gradient(&self, at: &Values<'_, R>) -> Result<LogDet, Error> {
        at.require_above("the log-determinant", R::zero())?;
        Ok(LogDet)
    }
}

impl<R: Real> SpectralMap<R, Whole> for LogDet {
    fn check_at(&self, at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        at.require_above("the log-determinant", R::zero())
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        R::from_f64(2.0) / at.get(i)
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        -self.sum(at, i, j)
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        R::from_f64(2.0) / at.get(i) / at.get(j)
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

/// The quotient of the largest and the smallest singular value; infinite where the smallest is zero, also where both are.
pub(crate) fn condition<R: Real>(largest: R, smallest: R) -> R {
    if smallest == R::zero() { R::one() / smallest } else { largest / smallest }
}

/// s₁/sₖ, k = min(m, n): the condition number in the 2-norm; infinite for a singular matrix, 1 for an empty one.
///
/// Not differentiable where s₁ = s₂ or sₖ₋₁ = sₖ ([`Error::EqualSingularValues`]) or sₖ = 0 ([`Error::ZeroSingularValue`]), within (max(m, n) + 10) ε s₁.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Condition};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[4.0, 0.0], [0.0, 2.0]]))?;
/// let gradient = svd.loss_gradient(&Condition)?;
/// assert_eq!((svd.loss(&Condition)?, gradient[(0, 0)], gradient[(1, 1)]), (2.0, 0.5, -1.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition;

impl<R: Real> SpectralLoss<R> for Condition {
    type Gradient = Condition;

    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        match at.count() {
            0 => Ok(R::one()),
            k => Ok(condition(at.largest(), at.get(k - 1))),
        }
    }
    fn gradient(&self, at: &Values<'_, R>) -> Result<Condition, Error> {
        SpectralMap::check_at(self, at, Order::Derivative)?;
        Ok(Condition)
    }
}

impl<R: Real> SpectralMap<R, Whole> for Condition {
    fn check_at(&self, at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        const OPERATION: &str = "the condition number";
        at.require_above(OPERATION, at.noise())?;
        let k = at.count();
        if k < 2 {
            return Ok(());
        }
        at.require_distinct(OPERATION, 0, 1)?;
        at.require_distinct(OPERATION, k - 2, k - 1)
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        let k = at.count();
        if k < 2 {
            return R::zero();
        }
        let (first, last) = (at.largest(), at.get(k - 1));
        if i == 0 {
            R::one() / last
        } else if i + 1 == k {
            -(first / last) / last
        } else {
            R::zero()
        }
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if i != j {
            return constant_difference(
                (at.get(i), SpectralMap::value_at(self, at, i)),
                (at.get(j), SpectralMap::value_at(self, at, j)),
            );
        }
        let last = at.get(i);
        if i > 0 && i + 1 == at.count() { (at.largest() / last) / last / last.mul_pow2(-1) } else { R::zero() }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        constant_sum((at.get(i), SpectralMap::value_at(self, at, i)), (at.get(j), SpectralMap::value_at(self, at, j)))
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
    /// ∂f₁/∂sₖ = ∂fₖ/∂s₁ = −1/sₖ².
    fn couple(&self, at: &Values<'_, R>, w: &[R], _direction: Direction, out: &mut [R]) {
        if let ([first, .., last], [out_first, .., out_last]) = (w, out) {
            let s = at.get(at.count() - 1);
            *out_first -= *last / s / s;
            *out_last -= *first / s / s;
        }
    }
}

/// H = −Σ pᵢ log pᵢ with pᵢ = sᵢ/Σs, or the effective rank e^H (Roy & Vetterli 2007).
///
/// The gradient of H is −(log pᵢ + H)/Σs, with D1 = −log(a/b)/((a − b) Σs) by `ln_1p`. Its slope is infinite at a zero singular value:
/// [`Error::ZeroSingularValue`]; the value exists there, but for A = 0.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Entropy};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]))?; // √20 twice
/// assert!((svd.loss(&Entropy::effective_rank())? - 2.0).abs() < 1e-14);
/// assert!(svd.loss_gradient(&Entropy::effective_rank())?[(0, 0)].abs() < 1e-14); // a maximum
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entropy {
    exponential: bool,
}

impl Entropy {
    /// H.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::Entropy};
    /// let svd = Svd::thin(&Mat::<f64>::identity(3))?;
    /// assert!((svd.loss(&Entropy::new())? - 3_f64.ln()).abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Entropy { exponential: false }
    }
    /// e^H, between 1 and the rank.
    #[must_use]
    pub const fn effective_rank() -> Self {
        Entropy { exponential: true }
    }

    /// H and Σs.
    fn parts<R: Elementary>(at: &Values<'_, R>) -> Result<(R, R), Error> {
        let largest = at.largest();
        if largest == R::zero() {
            return Err(Error::ZeroSingularValue {
                operation: "the entropy of the singular values",
                index: 0,
                value: 0.0,
            });
        }
        // In units of s₁: H = log Σt − Σ t log t/Σt.
        let (mut total, mut weighted) = (R::zero(), R::zero());
        for t in at.s.iter().map(|&s| s / largest).filter(|&t| t > R::zero()) {
            total += t;
            weighted += t * t.ln();
        }
        Ok((total.ln() - weighted / total, total * largest))
    }
}

impl Default for Entropy {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Elementary> SpectralLoss<R> for Entropy {
    type Gradient = EntropyGradient<R>;

    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        let (entropy, _) = Self::parts(at)?;
        Ok(if self.exponential { entropy.exp() } else { entropy })
    }
    fn gradient(&self, at: &Values<'_, R>) -> Result<EntropyGradient<R>, Error> {
        at.require_above("the entropy of the singular values", R::zero())?;
        let (entropy, total) = Self::parts(at)?;
        let factor = if self.exponential { entropy.exp() } else { R::one() };
        Ok(EntropyGradient { entropy, total, factor, exponential: self.exponential })
    }
}

/// ∂L/∂sᵢ of [`Entropy`].
///
/// ```
/// # use diffsvd::spectral::{Entropy, EntropyGradient, SpectralLoss, SpectralMap, Values};
/// let at = Values { s: &[1.0, 1.0], shape: (2, 2) };
/// let gradient: EntropyGradient<f64> = Entropy::new().gradient(&at)?;
/// assert!(gradient.value_at(&at, 0).abs() < 1e-15); // a maximum
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntropyGradient<R> {
    entropy: R,
    total: R,
    /// 1, or e^H.
    factor: R,
    exponential: bool,
}

impl<R: Elementary> EntropyGradient<R> {
    /// ∂H/∂s Σs.
    fn slope(&self, s: R) -> R {
        -((s / self.total).ln() + self.entropy)
    }
}

impl<R: Elementary> SpectralMap<R, Whole> for EntropyGradient<R> {
    fn check_at(&self, at: &Values<'_, R>, _order: Order) -> Result<(), Error> {
        at.require_above("the entropy of the singular values", R::zero())
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        self.factor * self.slope(at.get(i)) / self.total
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let (a, b) = (at.get(i.min(j)), at.get(i.max(j)));
        let gap = a - b;
        let logarithm = if gap == R::zero() { R::one() / a } else { (gap / b).ln_1p() / gap };
        -self.factor * logarithm / self.total
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        quotient_of_sums([self.value_at(at, i), self.value_at(at, j)], [at.get(i), at.get(j)])
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
    /// ∂²H/∂sᵢ∂sⱼ = (1 − hᵢ − hⱼ)/(Σs)² beside the diagonal −1/(sᵢ Σs), with h = ∂H/∂s Σs; and hᵢ hⱼ/(Σs)² more for e^H.
    fn couple(&self, at: &Values<'_, R>, w: &[R], _direction: Direction, out: &mut [R]) {
        let (mut sum, mut dot) = (R::zero(), R::zero());
        for (&w, &s) in w.iter().zip(at.s) {
            sum += w;
            dot += w * self.slope(s);
        }
        let unit = self.factor / self.total / self.total;
        for (out, &s) in out.iter_mut().zip(at.s) {
            let h = self.slope(s);
            let extra = if self.exponential { h * dot } else { R::zero() };
            *out += unit * (sum - h * sum - dot + extra);
        }
    }
}
