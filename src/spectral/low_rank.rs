//! The best approximation of rank r.

use super::divided::{quotient_of_sums, second_of_pieces};
use super::spectrum::{Eigenvalue, SecondOrderMap, SpectralMap, Whole, between};
use super::values::{Order, Values};
use crate::error::Error;
use crate::scalar::Real;

/// The leading r singular values, the others replaced by zero: the best approximation of rank r in every unitarily
/// invariant norm (Eckart & Young 1936).
///
/// D1 = sᵢ/(sᵢ − sⱼ) across the cut. Where sᵣ = sᵣ₊₁ (within (max(m, n) + 10) ε s₁; also where both are zero) neither the approximation is
/// unique nor a derivative exists: [`Error::EqualSingularValues`]. Near such a point the derivative grows as s/gap, and so does its error.
///
/// ```
/// use diffsvd::{Error, Mat, Svd, spectral::BestRank};
/// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0, 0.0], [0.0, 1.25, 0.0], [0.0, 0.0, 1.25]]))?;
/// assert_eq!(svd.map(BestRank(1))?[(1, 1)], 0.0);
/// assert!(svd.map_vjp(BestRank(1), &Mat::identity(3)).is_ok());
/// let error = svd.map_vjp(BestRank(2), &Mat::identity(3));
/// assert!(matches!(error, Err(Error::EqualSingularValues { first: 1, second: 2, value: 1.25, .. })));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestRank(pub usize);

impl BestRank {
    /// sᵢ if it is kept.
    fn kept<R: Real>(self, at: &Values<'_, R>, i: usize) -> R {
        if i < self.0 { at.get(i) } else { R::zero() }
    }
}

impl<R: Real> SpectralMap<R, Whole> for BestRank {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        if order == Order::Value || self.0 == 0 || self.0 >= at.count() {
            return Ok(());
        }
        at.require_distinct("the best approximation of this rank", self.0 - 1, self.0)
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        self.kept(at, i)
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let (i, j) = (i.min(j), i.max(j));
        if j < self.0 {
            R::one()
        } else if i < self.0 {
            at.get(i) / (at.get(i) - at.get(j))
        } else {
            R::zero()
        }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if i.max(j) < self.0 {
            R::one()
        } else if i.min(j) < self.0 {
            quotient_of_sums([self.kept(at, i), self.kept(at, j)], [at.get(i), at.get(j)])
        } else {
            R::zero()
        }
    }
    fn at_zero(&self, at: &Values<'_, R>) -> R {
        if self.0 >= at.count() && self.0 > 0 { R::one() } else { R::zero() }
    }
}

impl<R: Real> SecondOrderMap<R, Whole> for BestRank {
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        self.check_at(at, Order::Derivative)
    }
    /// The identity and zero, divided by the cut.
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        let whole = self.0 >= at.count();
        let kept = |point| match point {
            Eigenvalue::Plus(i) | Eigenvalue::Minus(i) => i < self.0,
            Eigenvalue::Zero => whole,
        };
        second_of_pieces(points, |point: Eigenvalue| point.of(at), kept, |a, b| between(self, at, a, b))
    }
}
