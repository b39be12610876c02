//! The second order of the owned [`Svd`]: a few lines a function over the core.
#![expect(clippy::needless_pass_by_value, reason = "a function is a small value, and a reference to it is one too")]

use super::function::TwiceDifferentiable;
use super::hermitian::Hermitian;
use super::hermitian_second::hermitian_second_workspace_len;
use super::least_squares::{LeastSquares, LeastSquaresGradient, LeastSquaresTangent};
use super::least_squares_second::LeastSquaresSecondOrder;
use super::owned::filled;
use super::second::{map_second_into, map_second_workspace_len, map_vjp_tangent_into};
use super::spectrum::SecondOrderMap;
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Tolerance;
use crate::mat::Mat;
use crate::owned::Svd;
use crate::scalar::Scalar;

impl<S: Scalar> Svd<S> {
    /// The second derivative of U f(S) Vᴴ along `y` and `z`: see [`map_second_into`].
    ///
    /// # Errors
    /// As [`map_second_into`].
    pub fn map_second<M, F: SecondOrderMap<S::Real, M>>(&self, f: F, y: &Mat<S>, z: &Mat<S>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_second_workspace_len::<S>(m, n, factors.triplets());
        let directions = [y.as_ref(), z.as_ref()];
        filled((m, n), len, |target, work| map_second_into(&factors, &f, directions, target, work))
    }

    /// What the backward map of `x_bar` changes by along `a_dot`: see [`map_vjp_tangent_into`].
    ///
    /// # Errors
    /// As [`map_vjp_tangent_into`].
    pub fn map_vjp_tangent<M, F: SecondOrderMap<S::Real, M>>(
        &self,
        f: F,
        a_dot: &Mat<S>,
        x_bar: &Mat<S>,
    ) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_second_workspace_len::<S>(m, n, factors.triplets());
        let directions = [a_dot.as_ref(), x_bar.as_ref()];
        filled((m, n), len, |target, work| map_vjp_tangent_into(&factors, &f, directions, target, work))
    }

    /// (dgA, dgb), what the backward map of x = A⁺ b changes by along (`a_dot`, `b_dot`) and (`x_bar`, its change): see
    /// [`LeastSquares::vjp_tangent_into`].
    ///
    /// # Errors
    /// As [`LeastSquares::vjp_tangent_into`].
    pub fn solve_vjp_tangent(
        &self,
        b: &Mat<S>,
        cutoff: Tolerance<S::Real>,
        (x_bar, x_bar_dot): (&Mat<S>, &Mat<S>),
        (a_dot, b_dot): (&Mat<S>, &Mat<S>),
    ) -> Result<(Mat<S>, Mat<S>), Error> {
        let problem = LeastSquares { b: b.as_ref(), cutoff };
        let tangent = LeastSquaresTangent { a: a_dot.as_ref(), b: b_dot.as_ref() };
        let point = LeastSquaresSecondOrder { x_bar: x_bar.as_ref(), tangent, x_bar_dot: x_bar_dot.as_ref() };
        let mut b_bar = Mat::zeros(b.rows(), b.cols());
        let len = LeastSquares::<S>::second_workspace_len(self.factors().shape(), self.s().len(), b.cols());
        let a_bar = filled(self.factors().shape(), len, |a, work| {
            let gradient = LeastSquaresGradient { a, b: Target::Overwrite(b_bar.as_mut()) };
            problem.vjp_tangent_into(&self.factors(), &point, gradient, work)
        })?;
        Ok((a_bar, b_bar))
    }

    /// The second derivative of a Hermitian function along `y` and `z`: see [`Hermitian::second_into`].
    ///
    /// # Errors
    /// As [`Hermitian::second_into`].
    pub fn hermitian_second<F: TwiceDifferentiable<S::Real>>(
        &self,
        g: &Hermitian<F>,
        y: &Mat<S>,
        z: &Mat<S>,
    ) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let (d, len) = (g.dimension((m, n)), hermitian_second_workspace_len::<S>(m, n, factors.triplets()));
        let directions = [y.as_ref(), z.as_ref()];
        filled((d, d), len, |target, work| g.second_into(&factors, directions, target, work))
    }

    /// What the backward map of `y_bar` changes by along `a_dot`: see [`Hermitian::vjp_tangent_into`].
    ///
    /// # Errors
    /// As [`Hermitian::vjp_tangent_into`].
    pub fn hermitian_vjp_tangent<F: TwiceDifferentiable<S::Real>>(
        &self,
        g: &Hermitian<F>,
        a_dot: &Mat<S>,
        y_bar: &Mat<S>,
    ) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = hermitian_second_workspace_len::<S>(m, n, factors.triplets());
        let pair = (a_dot.as_ref(), y_bar.as_ref());
        filled((m, n), len, |target, work| g.vjp_tangent_into(&factors, pair, target, work))
    }
}
