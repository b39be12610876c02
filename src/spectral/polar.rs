//! The polar factor U Vᴴ as a spectral function.

use super::divided::{odd_difference, quotient_of_sums, second_of_pieces};
use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values};
use crate::error::Error;
use crate::scalar::Real;

/// f = 1: U Vᴴ, the unitary matrix (matrix of orthonormal columns) nearest to A; also the gradient of the nuclear norm.
///
/// D1 = 0 and D2 = 2/(sᵢ + sⱼ): exact at equal singular values. Not differentiable at zero ones, where U Vᴴ is not even
/// unique: [`Error::ZeroSingularValue`], within (max(m, n) + 10) ε s₁.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Polar};
/// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]))?; // √20 times a rotation
/// let rotation = svd.map(Polar)?;
/// assert!((rotation[(0, 1)] - 4.0 / 20_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polar;

impl<R: Real> SpectralFunction<R> for Polar {
    fn value(&self, _s: R) -> R {
        R::one()
    }
    fn derivative(&self, _s: R) -> R {
        R::zero()
    }
    fn quotient(&self, s: R) -> R {
        R::one() / s
    }
    fn divided_difference(&self, _a: R, _b: R) -> R {
        R::zero()
    }
    fn divided_sum(&self, a: R, b: R) -> R {
        quotient_of_sums([R::one(); 2], [a, b])
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        if order == Order::Value { Ok(()) } else { at.require_above("the polar factor", at.noise()) }
    }
}

impl<R: Real> TwiceDifferentiable<R> for Polar {
    fn second_derivative(&self, _s: R) -> R {
        R::zero()
    }
    /// Over a pair of different signs, of which zero is one: their distance is at least a singular value.
    fn second_difference(&self, x: [R; 3]) -> R {
        second_of_pieces(x, |x| x, |x| x.partial_cmp(&R::zero()), |a, b| odd_difference(self, a, b))
    }
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        SpectralFunction::check(self, at, Order::Derivative)
    }
}
