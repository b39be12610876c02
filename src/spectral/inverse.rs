//! 1/s above a cut-off: the pseudoinverse as a spectral function.

use super::divided::{odd_difference, second_of_pieces};
use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::{Factors, Tolerance, require_non_negative};
use crate::scalar::{Real, Scalar};

/// 1/s where s is above an absolute cut-off, else 0: U f(S) Vᴴ is the adjoint of A⁺.
///
/// D1 = −1/(a b) and D2 = 1/(a b) where both are kept. For a matrix of lower rank this is the derivative at constant rank (Golub & Pereyra
/// 1973): A⁺ is not continuous there in any other direction. Not differentiable where a singular value is the cut-off: [`Error::Parameter`].
///
/// ```
/// use diffsvd::spectral::{Inverse, SpectralFunction};
/// let f = Inverse::above(0.1);
/// assert_eq!((f.value(2.0), f.value(0.1)), (0.5, 0.0));
/// assert_eq!(f.divided_difference(2.0, 4.0), -0.125);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inverse<R> {
    cut: R,
}

impl<R: Real> Inverse<R> {
    /// With an absolute cut-off.
    ///
    /// ```
    /// # use diffsvd::spectral::{Inverse, SpectralFunction};
    /// assert_eq!((Inverse::above(0.5).value(0.25), Inverse::above(0.1).value(0.25)), (0.0, 4.0));
    /// ```
    pub const fn above(cut: R) -> Self {
        Inverse { cut }
    }

    /// With a cut-off relative to s₁, for this matrix.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance, spectral::{Inverse, SpectralFunction}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[8.0, 0.0], [0.0, 1.0]]))?;
    /// let f = Inverse::relative(&svd.factors(), Tolerance::Relative(0.25)); // above 0.25 s₁ = 2
    /// assert_eq!((f.value(8.0), f.value(1.0)), (0.125, 0.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn relative<S: Scalar<Real = R>>(factors: &Factors<'_, S>, cutoff: Tolerance<R>) -> Self {
        Inverse { cut: cutoff.absolute(factors.shape(), factors.largest()) }
    }

    fn keeps(&self, s: R) -> bool {
        s > self.cut
    }
}

/// 1/(a b) without the product, which may overflow.
fn reciprocal_product<R: Real>(a: R, b: R) -> R {
    (R::one() / a) / b
}

/// Of a function with a cut-off.
///
/// # Errors
/// [`Error::Parameter`] where the cut-off is negative or not finite, and, for a derivative, where it is above the noise and a singular value.
pub(super) fn check_cut<R: Real>(cut: R, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
    const CUT: &str = "the cut-off";
    require_non_negative(CUT, cut)?;
    let below_noise = cut <= at.noise();
    if order == Order::Value || below_noise { Ok(()) } else { at.require_away_from(CUT, cut) }
}

impl<R: Real> SpectralFunction<R> for Inverse<R> {
    fn value(&self, s: R) -> R {
        if self.keeps(s) { R::one() / s } else { R::zero() }
    }
    fn derivative(&self, s: R) -> R {
        if self.keeps(s) { -reciprocal_product(s, s) } else { R::zero() }
    }
    fn quotient(&self, s: R) -> R {
        if self.keeps(s) { reciprocal_product(s, s) } else { R::zero() }
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        match (self.keeps(a), self.keeps(b)) {
            (true, true) => -reciprocal_product(a, b),
            (true, false) => reciprocal_product(a, a - b),
            _ => R::zero(),
        }
    }
    fn divided_sum(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        match (self.keeps(a), self.keeps(b)) {
            (true, true) => reciprocal_product(a, b),
            (true, false) => reciprocal_product(a, a + b),
            _ => R::zero(),
        }
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        check_cut(self.cut, at, order)
    }
}

impl<R: Real> TwiceDifferentiable<R> for Inverse<R> {
    fn second_derivative(&self, s: R) -> R {
        if self.keeps(s) { (R::one() + R::one()) * reciprocal_product(s, s) / s } else { R::zero() }
    }
    /// 1/(a b c) where all three are kept; otherwise over a pair of which one is, if there is one.
    fn second_difference(&self, x: [R; 3]) -> R {
        let kept = |x: R| self.keeps(x.abs());
        if x.into_iter().all(kept) {
            return reciprocal_product(x[0], x[1]) / x[2];
        }
        second_of_pieces(x, |x| x, kept, |a, b| odd_difference(self, a, b))
    }
    /// The cut is not a kink for a matrix whose discarded values are zero.
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        SpectralFunction::check(self, at, Order::Derivative)
    }
}
