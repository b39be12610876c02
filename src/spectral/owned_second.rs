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
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::Power};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
    /// let z = Mat::identity(2);
    /// assert!((svd.map_second(Power(3.0), &z, &z)?[(0, 0)] - 12.0).abs() < 1e-13); // (A Aᴴ A)″ = 6 A along I
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::Power};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0]]))?; // L = a³: L′ = 3 a², L″ = 6 a
    /// let one = Mat::identity(1);
    /// assert!((svd.map_vjp_tangent(Power(3.0), &one, &one)?[(0, 0)] - 12.0).abs() < 1e-13);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// // x = b/a for numbers: L = x has ∂L/∂a = −b/a², ∂L/∂b = 1/a. Along a:
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0]]))?;
    /// let [b, one, none] = [3.0, 1.0, 0.0].map(|x| Mat::from_rows(&[[x]]));
    /// let (ga, gb) = svd.solve_vjp_tangent(&b, Tolerance::Default, (&one, &none), (&one, &none))?;
    /// assert!((ga[(0, 0)] - 2.0 * 3.0 / 8.0).abs() < 1e-15 && (gb[(0, 0)] + 0.25).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
        let shape @ (m, n) = self.factors().shape();
        let len = LeastSquares::<S>::second_workspace_len(m, n, self.s().len(), b.cols());
        let a_bar = filled(shape, len, |a, work| {
            let gradient = LeastSquaresGradient { a, b: Target::Overwrite(b_bar.as_mut()) };
            problem.vjp_tangent_into(&self.factors(), &point, gradient, work)
        })?;
        Ok((a_bar, b_bar))
    }

    /// The second derivative of a Hermitian function along `y` and `z`: see [`Hermitian::second_into`].
    ///
    /// # Errors
    /// As [`Hermitian::second_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::{Hermitian, Power, Side}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
    /// let gram = Hermitian { side: Side::Right, f: Power(2.0), complement: false }; // AᴴA
    /// let z = Mat::from_rows(&[[1.0, 2.0], [0.0, 1.0]]);
    /// assert!((svd.hermitian_second(&gram, &z, &z)?[(1, 1)] - 10.0).abs() < 1e-13); // 2 ZᴴZ
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::{Hermitian, Power, Side}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
    /// let gram = Hermitian { side: Side::Left, f: Power(2.0), complement: false }; // AAᴴ: gA = 2 A for tr AAᴴ
    /// let a_dot = Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]);
    /// assert!((svd.hermitian_vjp_tangent(&gram, &a_dot, &Mat::identity(2))?[(0, 1)] - 2.0).abs() < 1e-13);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
