//! Soft and hard thresholding of the singular values.

use super::function::{SpectralFunction, TwiceDifferentiable};
use super::spectrum::{Direction, Eigenvalue, SecondOrderMap, SpectralMap, Whole};
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::require_non_negative;
use crate::scalar::Real;

const THRESHOLD: &str = "the threshold";

/// max(s − τ, 0): singular value thresholding, the proximal map of τ ‖A‖₊ (nuclear norm).
///
/// D1 is 1, 0, or (a − τ)/(a − b) across the threshold. Parameter 0 is τ. Not differentiable where a singular value is τ:
/// [`Error::Parameter`], within (max(m, n) + 10) ε s₁.
///
/// ```
/// use diffsvd::spectral::{SoftThreshold, SpectralFunction};
/// let f = SoftThreshold(0.5);
/// assert_eq!((f.value(2.0), f.value(0.25)), (1.5, 0.0));
/// assert_eq!(f.divided_difference(2.0, 2.0 - 1e-15), 1.0); // exactly, at any gap
/// ```
///
/// Cai, Candès & Shen 2010.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftThreshold<R>(pub R);

impl<R: Real> SpectralFunction<R> for SoftThreshold<R> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: R) -> R {
        soft(s, self.0)
    }
    fn derivative(&self, s: R) -> R {
        step(s, self.0)
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        soft_difference((a, self.0), (b, self.0))
    }
    fn parameter_derivative(&self, s: R, _parameter: usize) -> R {
        -step(s, self.0)
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        check_kink(at, self.0, order)
    }
}

/// f″ = 0 away from the threshold.
impl<R: Real> TwiceDifferentiable<R> for SoftThreshold<R> {
    fn second_derivative(&self, _s: R) -> R {
        R::zero()
    }
}

/// s where s > τ, else 0: the proximal map of τ²/2 · rank.
///
/// D1 is 1, 0, or a/(a − b) across the threshold. The value jumps at τ: [`Error::Parameter`] where a singular value is τ within (max(m, n) + 10) ε s₁. The
/// derivative with respect to τ is zero.
///
/// ```
/// use diffsvd::spectral::{HardThreshold, SpectralFunction};
/// assert_eq!((HardThreshold(0.5).value(2.0), HardThreshold(0.5).value(0.25)), (2.0, 0.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardThreshold<R>(pub R);

impl<R: Real> SpectralFunction<R> for HardThreshold<R> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: R) -> R {
        if s > self.0 { s } else { R::zero() }
    }
    fn derivative(&self, s: R) -> R {
        step(s, self.0)
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        if above(b, self.0) || !above(a, self.0) { step(b, self.0) } else { a / (a - b) }
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        check_kink(at, self.0, order)
    }
}

/// f″ = 0 away from the threshold.
impl<R: Real> TwiceDifferentiable<R> for HardThreshold<R> {
    fn second_derivative(&self, _s: R) -> R {
        R::zero()
    }
}

/// max(s − c s₁, 0): soft thresholding at a fraction of the largest singular value, as in unrolled networks.
///
/// τ = c s₁ moves with A, so that the backward map is not the forward map but its adjoint. Needs s₁ > s₂ beside what
/// [`SoftThreshold`] needs, and s₁ > 0: [`Error::EqualSingularValues`], [`Error::ZeroSingularValue`], since s₁ itself has no
/// derivative there. The cotangent of c is
/// [`fraction_cotangent`](Self::fraction_cotangent).
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::RelativeSoftThreshold};
/// let svd = Svd::thin(&Mat::from_rows(&[[4.0, 0.0], [0.0, 3.0]]))?;
/// let x = svd.map(RelativeSoftThreshold(0.5))?; // τ = 2
/// let gradient = svd.map_vjp(RelativeSoftThreshold(0.5), &Mat::identity(2))?; // L = x₁₁ + x₂₂
/// assert_eq!((x[(0, 0)], x[(1, 1)]), (2.0, 1.0));
/// assert_eq!((gradient[(0, 0)], gradient[(1, 1)]), (0.0, 1.0)); // L = s₁ + s₂ − 2 · s₁/2
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeSoftThreshold<R>(pub R);

impl<R: Real> RelativeSoftThreshold<R> {
    fn fixed(self, at: &Values<'_, R>) -> SoftThreshold<R> {
        SoftThreshold(self.0 * at.largest())
    }

    /// gc from the singular values and the cotangents of the k values.
    ///
    /// ```
    /// # use diffsvd::spectral::RelativeSoftThreshold;
    /// let f = RelativeSoftThreshold(0.5); // at s = (4, 3, 1) the values are s − 4 c, s − 4 c and 0
    /// assert_eq!(f.fraction_cotangent(&[4.0, 3.0, 1.0], &[1.0, 1.0, 1.0]), -8.0);
    /// ```
    #[must_use]
    pub fn fraction_cotangent(&self, s: &[R], f_bar: &[R]) -> R {
        let largest = s.first().copied().unwrap_or_else(R::zero);
        let tau = self.0 * largest;
        let sum = s.iter().zip(f_bar).fold(R::zero(), |sum, (&s, &bar)| sum + bar * step(s, tau));
        -largest * sum
    }
}

impl<R: Real> SpectralMap<R, Whole> for RelativeSoftThreshold<R> {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        require_non_negative("the fraction of the largest singular value", self.0)?;
        if order == Order::Value {
            return Ok(());
        }
        if self.0 > R::zero() && at.count() > 1 {
            at.require_distinct("a threshold relative to the largest singular value", 0, 1)?;
        }
        if self.0 > R::zero() && at.largest() == R::zero() {
            at.require_above("a threshold relative to the largest singular value", R::zero())?;
        }
        SpectralFunction::check(&self.fixed(at), at, order)
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        soft(at.get(i), self.fixed(at).0)
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        SpectralMap::difference(&self.fixed(at), at, i, j)
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        SpectralMap::sum(&self.fixed(at), at, i, j)
    }
    fn at_zero(&self, at: &Values<'_, R>) -> R {
        self.fixed(at).derivative(R::zero())
    }
    /// ∂fᵢ/∂s₁ = −c where sᵢ > τ.
    fn couple(&self, at: &Values<'_, R>, w: &[R], direction: Direction, out: &mut [R]) {
        let tau = self.fixed(at).0;
        let Some(&first) = w.first() else { return };
        match direction {
            Direction::Forward => {
                for (out, &s) in out.iter_mut().zip(at.s) {
                    *out -= self.0 * first * step(s, tau);
                }
            }
            Direction::Backward => {
                let sum = w.iter().zip(at.s).fold(R::zero(), |sum, (&w, &s)| sum + w * step(s, tau));
                out[0] -= self.0 * sum;
            }
        }
    }
}

impl<R: Real> SecondOrderMap<R, Whole> for RelativeSoftThreshold<R> {
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        self.check_at(at, Order::Derivative)
    }
    /// With τ fixed.
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        SecondOrderMap::second(&self.fixed(at), at, points)
    }
    fn lowering(&self, at: &Values<'_, R>) -> Option<(usize, R)> {
        let tau = self.fixed(at).0;
        let kept = at.s.iter().take_while(|&&s| above(s, tau)).count();
        (self.0 > R::zero() && kept > 0).then_some((kept, self.0))
    }
}

pub(super) fn soft<R: Real>(s: R, tau: R) -> R {
    if s > tau { s - tau } else { R::zero() }
}

/// Whether s is above the threshold; a threshold of 0 is none, also at s = 0.
pub(super) fn above<R: Real>(s: R, tau: R) -> bool {
    s > tau || tau == R::zero()
}

/// 1 above the threshold, else 0.
pub(super) fn step<R: Real>(s: R, tau: R) -> R {
    if above(s, tau) { R::one() } else { R::zero() }
}

/// The divided difference of soft thresholding at (a, its threshold) and (b, its own).
pub(super) fn soft_difference<R: Real>((a, tau_a): (R, R), (b, tau_b): (R, R)) -> R {
    match (above(a, tau_a), above(b, tau_b)) {
        (true, true) if tau_a == tau_b => R::one(),
        (true, true) => R::one() - (tau_a - tau_b) / (a - b),
        (true, false) => (a - tau_a) / (a - b),
        (false, true) => (b - tau_b) / (b - a),
        (false, false) => R::zero(),
    }
}

fn check_kink<R: Real>(at: &Values<'_, R>, tau: R, order: Order) -> Result<(), Error> {
    require_non_negative(THRESHOLD, tau)?;
    if order == Order::Value || tau == R::zero() {
        // Without a threshold both functions are the identity, at s = 0 too.
        return Ok(());
    }
    at.require_away_from(THRESHOLD, tau)
}
