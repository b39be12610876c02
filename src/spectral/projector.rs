//! The orthogonal projectors on range and null space, as Hermitian functions.

use super::divided::{odd_difference, second_of_pieces};
use super::function::{SpectralFunction, TwiceDifferentiable};
use super::hermitian::{Hermitian, Side};
use super::inverse::check_cut;
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::scalar::{Real, Scalar};

impl<R: Real> Hermitian<Indicator<R>> {
    /// The orthogonal projector A A⁺ on the range of A (left) or A⁺ A on the range of Aᴴ (right), for singular values above the
    /// cut-off relative to s₁. Its derivative is the one at constant rank.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance, spectral::{Hermitian, Indicator, Side}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[0.0, 2.0], [0.0, 0.0]]))?; // of rank 1
    /// let onto: Hermitian<Indicator<f64>> = Hermitian::range(&svd.factors(), Side::Right, Tolerance::Default);
    /// assert_eq!(svd.hermitian(&onto)?, Mat::from_rows(&[[0.0, 0.0], [0.0, 1.0]])); // A⁺ A
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn range<S: Scalar<Real = R>>(factors: &Factors<'_, S>, side: Side, cutoff: Tolerance<R>) -> Self {
        let cut = cutoff.absolute(factors.shape(), factors.largest());
        Hermitian { side, f: Indicator { cut }, complement: false }
    }

    /// The orthogonal projector I − A⁺ A on the null space of A (right), or I − A A⁺ on that of Aᴴ (left).
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance, spectral::{Hermitian, Side}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[0.0, 2.0], [0.0, 0.0]]))?;
    /// let beside = svd.hermitian(&Hermitian::null_space(&svd.factors(), Side::Right, Tolerance::Default))?;
    /// assert_eq!(beside, Mat::from_rows(&[[1.0, 0.0], [0.0, 0.0]])); // I − A⁺ A
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn null_space<S: Scalar<Real = R>>(factors: &Factors<'_, S>, side: Side, cutoff: Tolerance<R>) -> Self {
        Hermitian { complement: true, ..Self::range(factors, side, cutoff) }
    }
}

/// 1 where s is above an absolute cut-off, else 0. G1 = 1/(a − b) across the cut.
///
/// ```
/// # use diffsvd::spectral::{Indicator, SpectralFunction};
/// let f = Indicator { cut: 0.5 };
/// assert_eq!((f.value(2.0), f.value(0.5), f.divided_difference(2.0, 0.25)), (1.0, 0.0, 1.0 / 1.75));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indicator<R> {
    /// The cut-off.
    pub cut: R,
}

impl<R: Real> SpectralFunction<R> for Indicator<R> {
    fn value(&self, s: R) -> R {
        if s > self.cut { R::one() } else { R::zero() }
    }
    fn derivative(&self, _s: R) -> R {
        R::zero()
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let (a, b) = (a.larger(b), a.smaller(b));
        if self.value(a) == self.value(b) { R::zero() } else { R::one() / (a - b) }
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        check_cut(self.cut, at, order)
    }
}

impl<R: Real> TwiceDifferentiable<R> for Indicator<R> {
    fn second_derivative(&self, _s: R) -> R {
        R::zero()
    }
    /// 1, 0 and −1.
    fn second_difference(&self, x: [R; 3]) -> R {
        let piece = |x: R| if x < R::zero() { -self.value(-x) } else { self.value(x) };
        second_of_pieces(x, |x| x, piece, |a, b| odd_difference(self, a, b))
    }
    /// 1 and 0.
    fn even_second_difference(&self, x: [R; 3]) -> R {
        let piece = |x: R| self.value(x.abs());
        let first = |a, b| if piece(a) == piece(b) { R::zero() } else { (piece(a) - piece(b)) / (a - b) };
        second_of_pieces(x, |x| x, piece, first)
    }
}
