//! The rules of functions of the singular values: exact where these are equal or zero.

use std::marker::PhantomData;

use chainrules_core::{Differentiable, JvpRule, VjpRule};
use diffsvd::spectral::{SpectralLoss, SpectralMap};
use diffsvd::{Mat, Scalar, Svd, Tolerance};

use crate::value::Matrix;
use crate::{Back, RuleError};

/// A ↦ U f(S) Vᴴ, for a function of `diffsvd::spectral` or one of your own. (`M` is never written: it keeps two kinds of functions apart.)
#[derive(Clone, Copy, Debug)]
pub struct Map<F, M> {
    f: F,
    kind: PhantomData<fn() -> M>,
}

impl<F, M> Map<F, M> {
    /// The rule for f.
    #[must_use]
    pub fn new(f: F) -> Self {
        Map { f, kind: PhantomData }
    }
}

impl<S: Scalar, M, F: SpectralMap<S::Real, M> + Copy> JvpRule<Matrix<S>> for Map<F, M> {
    type Output = Matrix<S>;
    type Error = RuleError;

    fn jvp(&self, a: &Matrix<S>, a_dot: &Matrix<S>) -> Result<(Matrix<S>, Matrix<S>), RuleError> {
        let svd = Svd::thin(a)?;
        Ok((Matrix(svd.map(self.f)?), Matrix(svd.map_jvp(self.f, a_dot)?)))
    }
}

impl<S: Scalar, M, F: SpectralMap<S::Real, M> + Copy> VjpRule<Matrix<S>> for Map<F, M> {
    type Output = Matrix<S>;
    type Error = RuleError;
    type Pullback<'a>
        = Back<'a, Matrix<S>, Matrix<S>>
    where
        F: 'a,
        M: 'a;

    fn vjp<'a>(&'a self, a: &'a Matrix<S>) -> Result<(Matrix<S>, Self::Pullback<'a>), RuleError> {
        let svd = Svd::thin(a)?;
        let value = Matrix(svd.map(self.f)?);
        Ok((value, Box::new(move |x_bar: Matrix<S>| Ok(Matrix(svd.map_vjp(self.f, &x_bar)?)))))
    }
}

/// A ↦ A⁺; singular values up to the cut-off, relative to s₁, count as zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pinv<R>(pub Tolerance<R>);

impl<R> Default for Pinv<R> {
    /// Those up to max(m, n) ε.
    fn default() -> Self {
        Pinv(Tolerance::Default)
    }
}

impl<S: Scalar> JvpRule<Matrix<S>> for Pinv<S::Real> {
    type Output = Matrix<S>;
    type Error = RuleError;

    fn jvp(&self, a: &Matrix<S>, a_dot: &Matrix<S>) -> Result<(Matrix<S>, Matrix<S>), RuleError> {
        let svd = Svd::thin(a)?;
        Ok((Matrix(svd.pinv(self.0)?), Matrix(svd.pinv_jvp(self.0, a_dot)?)))
    }
}

impl<S: Scalar> VjpRule<Matrix<S>> for Pinv<S::Real> {
    type Output = Matrix<S>;
    type Error = RuleError;
    type Pullback<'a> = Back<'a, Matrix<S>, Matrix<S>>;

    fn vjp<'a>(&'a self, a: &'a Matrix<S>) -> Result<(Matrix<S>, Self::Pullback<'a>), RuleError> {
        let svd = Svd::thin(a)?;
        let value = Matrix(svd.pinv(self.0)?);
        Ok((value, Box::new(move |pinv_bar: Matrix<S>| Ok(Matrix(svd.pinv_vjp(self.0, &pinv_bar)?)))))
    }
}

/// A ↦ L(s), a number: a norm, log-determinant, entropy of `diffsvd::spectral`, or a loss of your own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss<L>(pub L);

/// Re tr(XᴴY).
fn inner<S: Scalar>(x: &Mat<S>, y: &Mat<S>) -> S::Real {
    let terms = x.as_slice().iter().zip(y.as_slice()).map(|(&x, &y)| x.conj() * y);
    terms.fold(S::zero(), |sum, term| sum + term).re()
}

impl<S, L: SpectralLoss<S::Real>> JvpRule<Matrix<S>> for Loss<L>
where
    S: Scalar<Real: Differentiable<Tangent = S::Real, Cotangent = S::Real>>,
{
    type Output = S::Real;
    type Error = RuleError;

    fn jvp(&self, a: &Matrix<S>, a_dot: &Matrix<S>) -> Result<(S::Real, S::Real), RuleError> {
        let svd = Svd::thin(a)?;
        same_shape(a_dot, a)?;
        Ok((svd.loss(&self.0)?, inner(&svd.loss_gradient(&self.0)?, a_dot)))
    }
}

/// # Errors
/// [`diffsvd::Error::Shape`] unless the tangent has the shape of A.
fn same_shape<S: Scalar>(a_dot: &Mat<S>, a: &Mat<S>) -> Result<(), RuleError> {
    let (got, expected) = ((a_dot.rows(), a_dot.cols()), (a.rows(), a.cols()));
    if got == expected {
        Ok(())
    } else {
        Err(diffsvd::Error::Shape { argument: "the tangent of A", got, expected }.into())
    }
}

impl<S, L: SpectralLoss<S::Real>> VjpRule<Matrix<S>> for Loss<L>
where
    S: Scalar<Real: Differentiable<Tangent = S::Real, Cotangent = S::Real>>,
{
    type Output = S::Real;
    type Error = RuleError;
    type Pullback<'a>
        = Back<'a, S::Real, Matrix<S>>
    where
        L: 'a;

    fn vjp<'a>(&'a self, a: &'a Matrix<S>) -> Result<(S::Real, Self::Pullback<'a>), RuleError> {
        let svd = Svd::thin(a)?;
        let value = svd.loss(&self.0)?;
        let back = move |bar: S::Real| {
            let gradient = svd.loss_gradient(&self.0)?;
            Ok(Matrix(Mat::from_fn(gradient.rows(), gradient.cols(), |i, j| gradient[(i, j)].scale(bar))))
        };
        Ok((value, Box::new(back)))
    }
}
