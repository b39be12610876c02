//! Soft thresholding with a weight for each singular value.

use super::divided::{quotient_of_sums, second_of_pieces};
use super::shrink::{above, soft, soft_difference, step};
use super::spectrum::{Eigenvalue, SecondOrderMap, SpectralMap, Whole, between};
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::require_non_negative;
use crate::matrix::check_shape;
use crate::scalar::Real;

/// max(sᵢ − wᵢ, 0) with a weight for each singular value: weighted nuclear norm minimization.
///
/// D1 is 1 − (wᵢ − wⱼ)/(sᵢ − sⱼ) where both are kept. Not differentiable where two equal singular values have different
/// results ([`Error::EqualSingularValues`]) or where sᵢ = wᵢ ([`Error::Parameter`]). The cotangents of the weights are
/// [`weight_cotangents`](Self::weight_cotangents).
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::WeightedSoftThreshold};
/// let svd = Svd::thin(&Mat::from_rows(&[[4.0, 0.0], [0.0, 3.0]]))?;
/// let x = svd.map(WeightedSoftThreshold(&[1.0, 2.5]))?;
/// assert_eq!((x[(0, 0)], x[(1, 1)]), (3.0, 0.5));
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// Gu, Zhang, Zuo & Feng 2014.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedSoftThreshold<'a, R>(
    /// One non-negative weight for each of the k singular values.
    pub &'a [R],
);

impl<R: Real> WeightedSoftThreshold<'_, R> {
    /// gwᵢ = −gfᵢ where sᵢ > wᵢ, else 0.
    ///
    /// ```
    /// # use diffsvd::spectral::WeightedSoftThreshold;
    /// let mut cotangent = [0.0; 2];
    /// WeightedSoftThreshold(&[1.0, 2.5]).weight_cotangents(&[4.0, 2.0], &[10.0, 20.0], &mut cotangent);
    /// assert_eq!(cotangent, [-10.0, 0.0]); // the second value is cut
    /// ```
    pub fn weight_cotangents(&self, s: &[R], f_bar: &[R], cotangent: &mut [R]) {
        for (((out, &w), &s), &bar) in cotangent.iter_mut().zip(self.0).zip(s).zip(f_bar) {
            *out = -bar * step(s, w);
        }
    }
}

impl<R: Real> SpectralMap<R, Whole> for WeightedSoftThreshold<'_, R> {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        check_shape("the weights", (self.0.len(), 1), (at.s.len(), 1))?;
        for (i, &weight) in self.0.iter().enumerate() {
            require_non_negative("a weight", weight)?;
            if order == Order::Value {
                continue;
            }
            let (s, noise) = (at.get(i), at.noise());
            if (s - weight).abs() <= noise && weight > R::zero() {
                let must = "differ from its singular value";
                return Err(Error::Parameter { name: "a weight", value: weight.to_f64(), must });
            }
            let kept = |i: usize| above(at.get(i), self.0[i]);
            if i > 0 && weight != self.0[i - 1] && (kept(i) || kept(i - 1)) {
                at.require_distinct("weighted soft thresholding", i - 1, i)?;
            }
        }
        Ok(())
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        soft(at.get(i), self.0[i])
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if i == j {
            step(at.get(i), self.0[i])
        } else {
            soft_difference((at.get(i), self.0[i]), (at.get(j), self.0[j]))
        }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let values = [at.get(i), at.get(j)];
        if values == [R::zero(); 2] {
            step(R::zero(), self.0[i])
        } else {
            quotient_of_sums([self.value_at(at, i), self.value_at(at, j)], values)
        }
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

impl<R: Real> SecondOrderMap<R, Whole> for WeightedSoftThreshold<'_, R> {
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        self.check_at(at, Order::Derivative)
    }
    /// λ ∓ wᵢ and zero.
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        let kept = |i: usize, offset: R| above(at.get(i), self.0[i]).then_some(offset);
        let piece = |point| match point {
            Eigenvalue::Plus(i) => kept(i, -self.0[i]),
            Eigenvalue::Minus(i) => kept(i, self.0[i]),
            Eigenvalue::Zero => None,
        };
        second_of_pieces(points, |point: Eigenvalue| point.of(at), piece, |a, b| between(self, at, a, b))
    }
}
