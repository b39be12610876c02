//! What the pseudoinverse discards: the gauge part, from which a caller learns whether the result is a true derivative.

use super::cotangent::Cotangent;
use crate::scalar::{Real, Scalar};
use crate::scale::exponent;

/// What the backward rule met and what it left out.
///
/// ```
/// use diffsvd::{Cotangent, Mat, Report, Rule, Svd};
/// let svd = Svd::thin(&Mat::<f64>::identity(2))?; // any basis is one of singular vectors
/// let report = |gu: &Mat<f64>| -> Result<Report<f64>, diffsvd::Error> {
///     Ok(svd.vjp(&Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() }, &Rule::default())?.report)
/// };
/// // L = u₁₁ depends on the basis. L = ⟨U, C⟩ with a symmetric UᴴC does not, to first order.
/// assert!(report(&Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]))?.gauge_residual > 0.5);
/// assert_eq!(report(svd.u())?, Report { gauge_residual: 0.0, equal_pairs: 1, zeros: 0 });
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report<R> {
    /// Norm of the part of the cotangents that the pseudoinverse discarded, relative to ‖(gU, gV)‖: at rounding level exactly
    /// when the loss does not depend on the arbitrary choice of phases, of bases inside blocks of equal values, and of
    /// null-space vectors. Where it is not small, no gradient exists. (Of phases and of equal values X + Y is summed, whose square is twice that
    /// of the orthogonal part: √2 is the most.)
    pub gauge_residual: R,
    /// Pairs of singular values that the rule treated as equal and not zero. Rules that do not cut the gap
    /// (clipping, Taylor, Lorentzian) report none.
    pub equal_pairs: usize,
    /// Singular values that count as zero.
    pub zeros: usize,
}

/// What was met on the way, and the norm of what was left out.
pub(super) struct Discarded<R> {
    /// A power of two that brings the cotangents to unit size, so that their squares stay within the range.
    unit: R,
    squares: R,
    pub(super) equal_pairs: usize,
}

impl<R: Real> Discarded<R> {
    /// Nothing yet, of cotangents of which this is the largest part of an entry.
    pub(super) fn new(largest: R) -> Self {
        let unit = R::one().mul_pow2((-exponent(largest)).clamp(R::MIN_EXPONENT, R::MAX_EXPONENT));
        Discarded { unit, squares: R::zero(), equal_pairs: 0 }
    }

    pub(super) fn add<S: Scalar<Real = R>>(&mut self, x: S) {
        self.squares += x.scale(self.unit).modulus_squared();
    }

    /// For the caller: ‖discarded‖/‖(gU, gV)‖ and the counts.
    pub(super) fn report<S: Scalar<Real = R>>(&self, cotangent: &Cotangent<'_, S>, zeros: usize) -> Report<R> {
        // (Where nothing was discarded it is not asked of how much.)
        let size = if self.squares == R::zero() { R::one() } else { self.size(cotangent) };
        self.report_of(size, zeros)
    }

    /// ‖(gU, gV)‖² in the unit of the sum.
    pub(super) fn size<S: Scalar<Real = R>>(&self, cotangent: &Cotangent<'_, S>) -> R {
        cotangent.squares(self.unit)
    }

    /// The same, for cotangents of this size.
    pub(super) fn report_of(&self, size: R, zeros: usize) -> Report<R> {
        let gauge_residual = if size > R::zero() { (self.squares / size).sqrt() } else { R::zero() };
        Report { gauge_residual, equal_pairs: self.equal_pairs, zeros }
    }
}
