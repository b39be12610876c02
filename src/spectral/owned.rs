//! Methods of the owned [`Svd`]: a few lines a function over the core.
#![expect(clippy::needless_pass_by_value, reason = "a function is a small value, and a reference to it is one too")]

use alloc::vec;
use alloc::vec::Vec;

use super::function::SpectralFunction;
use super::hermitian::{Hermitian, hermitian_workspace_len};
use super::least_squares::{LeastSquares, LeastSquaresGradient, LeastSquaresTangent};
use super::loss::{SpectralLoss, loss_gradient_into, loss_hvp_into};
use super::map::{
    MapGradient, MapTangent, map_derivative_workspace_len, map_into, map_jvp_into, map_vjp_into, map_workspace_len,
};
use super::pinv::{pinv_into, pinv_jvp_into, pinv_vjp_into};
use super::procrustes::Rotation;
use super::spectrum::SpectralMap;
use super::values::Values;
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Tolerance;
use crate::mat::Mat;
use crate::owned::Svd;
use crate::scalar::{Real, Scalar, Zero};

/// A matrix that `write` fills with a workspace of `len` entries.
pub(super) fn filled<S: Scalar>(
    (rows, cols): (usize, usize),
    len: usize,
    write: impl FnOnce(Target<'_, S>, &mut [S]) -> Result<(), Error>,
) -> Result<Mat<S>, Error> {
    let mut x = Mat::zeros(rows, cols);
    write(Target::Overwrite(x.as_mut()), &mut vec![S::zero(); len])?;
    Ok(x)
}

impl<S: Scalar> Svd<S> {
    /// X = U f(S) Vᴴ: see [`map_into`].
    ///
    /// # Errors
    /// As [`map_into`].
    ///
    /// ```
    /// use diffsvd::{Mat, Svd, spectral::SoftThreshold};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]))?;
    /// let x = svd.map(SoftThreshold(0.5))?;
    /// assert!((x[(0, 0)] - 2.0 * (1.0 - 0.5 / 20_f64.sqrt())).abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn map<M, F: SpectralMap<S::Real, M>>(&self, f: F) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_workspace_len::<S>(m, n, factors.triplets());
        filled((m, n), len, |target, work| map_into(&factors, &f, target, work))
    }

    /// The tangent of U f(S) Vᴴ along `a_dot`: see [`map_jvp_into`].
    ///
    /// # Errors
    /// As [`map_jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::Polar};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
    /// let turn = svd.map_jvp(Polar, &Mat::from_rows(&[[1.0, 2.0], [0.0, 1.0]]))?; // skew(dA)/s
    /// assert!((turn[(0, 1)] - 0.5).abs() < 1e-15 && (turn[(1, 0)] + 0.5).abs() < 1e-15 && turn[(0, 0)].abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn map_jvp<M, F: SpectralMap<S::Real, M>>(&self, f: F, a_dot: &Mat<S>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        let tangent = MapTangent { a: a_dot.as_ref(), f: None };
        filled((m, n), len, |target, work| map_jvp_into(&factors, &f, &tangent, target, work))
    }

    /// The gradient with respect to A of a loss of U f(S) Vᴴ whose gradient is `x_bar`: see [`map_vjp_into`].
    ///
    /// # Errors
    /// As [`map_vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::SoftThreshold};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?; // equal values
    /// let gradient = svd.map_vjp(SoftThreshold(0.5), &Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]))?;
    /// assert_eq!((gradient[(0, 1)], gradient[(1, 0)]), (0.875, 0.125)); // f′ herm(gX) + (f/s) skew(gX)
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn map_vjp<M, F: SpectralMap<S::Real, M>>(&self, f: F, x_bar: &Mat<S>) -> Result<Mat<S>, Error> {
        Ok(self.map_vjp_with_values(f, x_bar)?.0)
    }

    /// The same, and the cotangents of the k values, from which those of the parameters of f follow
    /// ([`parameter_cotangents`](crate::spectral::parameter_cotangents)).
    ///
    /// # Errors
    /// As [`map_vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::{SoftThreshold, parameter_cotangents}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 0.25]]))?;
    /// let (f, mut tau) = (SoftThreshold(0.5), [0.0]);
    /// let (_, f_bar) = svd.map_vjp_with_values(f, &Mat::identity(2))?; // L = tr X
    /// parameter_cotangents(&f, svd.s(), &f_bar, &mut tau);
    /// assert_eq!(tau, [-1.0]); // one value is above the threshold
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn map_vjp_with_values<M, F: SpectralMap<S::Real, M>>(
        &self,
        f: F,
        x_bar: &Mat<S>,
    ) -> Result<(Mat<S>, Vec<S::Real>), Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let mut f_bar = vec![S::Real::zero(); factors.triplets()];
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        let gradient = filled((m, n), len, |a, work| {
            map_vjp_into(&factors, &f, x_bar.as_ref(), MapGradient { a, f: Some(&mut f_bar) }, work)
        })?;
        Ok((gradient, f_bar))
    }

    /// A⁺, n×m: see [`pinv_into`].
    ///
    /// # Errors
    /// As [`pinv_into`].
    ///
    /// ```
    /// use diffsvd::{Mat, Svd, Tolerance};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 0.0]]))?;
    /// let pinv = svd.pinv(Tolerance::Default)?;
    /// assert_eq!((pinv[(0, 0)], pinv[(1, 1)]), (0.5, 0.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn pinv(&self, cutoff: Tolerance<S::Real>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_workspace_len::<S>(m, n, factors.triplets());
        filled((n, m), len, |target, work| pinv_into(&factors, cutoff, target, work))
    }

    /// dA⁺ along `a_dot`: see [`pinv_jvp_into`].
    ///
    /// # Errors
    /// As [`pinv_jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 0.5]]))?;
    /// let tangent = svd.pinv_jvp(Tolerance::Default, &Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]))?;
    /// assert_eq!(tangent[(0, 1)], -1.0); // −A⁻¹ dA A⁻¹
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn pinv_jvp(&self, cutoff: Tolerance<S::Real>, a_dot: &Mat<S>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        filled((n, m), len, |target, work| pinv_jvp_into(&factors, cutoff, a_dot.as_ref(), target, work))
    }

    /// The gradient with respect to A from that with respect to A⁺: see [`pinv_vjp_into`].
    ///
    /// # Errors
    /// As [`pinv_vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0], [0.0]]))?;
    /// let gradient = svd.pinv_vjp(Tolerance::Default, &Mat::from_rows(&[[1.0, 1.0]]))?; // A⁺ = aᵀ/‖a‖²
    /// assert_eq!((gradient[(0, 0)], gradient[(1, 0)]), (-0.25, 0.25));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn pinv_vjp(&self, cutoff: Tolerance<S::Real>, pinv_bar: &Mat<S>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        filled((m, n), len, |target, work| pinv_vjp_into(&factors, cutoff, pinv_bar.as_ref(), target, work))
    }

    /// Workspace of [`LeastSquares`] for p right-hand sides.
    fn solve_len(&self, p: usize) -> usize {
        let (m, n) = self.factors().shape();
        LeastSquares::<S>::workspace_len(m, n, self.s().len(), p)
    }

    /// x = A⁺ b: see [`LeastSquares`].
    ///
    /// # Errors
    /// As [`LeastSquares::solve_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// let a = Mat::<f64>::from_rows(&[[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]); // the line through (0, 1), (1, 3), (2, 5)
    /// let x = Svd::thin(&a)?.solve(&Mat::from_rows(&[[1.0], [3.0], [5.0]]), Tolerance::Default)?;
    /// assert!((x[(0, 0)] - 1.0).abs() < 1e-14 && (x[(1, 0)] - 2.0).abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn solve(&self, b: &Mat<S>, cutoff: Tolerance<S::Real>) -> Result<Mat<S>, Error> {
        let (problem, n) = (LeastSquares { b: b.as_ref(), cutoff }, self.factors().shape().1);
        let len = self.solve_len(b.cols());
        filled((n, b.cols()), len, |x, work| problem.solve_into(&self.factors(), x, work))
    }

    /// dx along (`a_dot`, `b_dot`): see [`LeastSquares::jvp_into`].
    ///
    /// # Errors
    /// As [`LeastSquares::jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// let (svd, b) = (Svd::thin(&Mat::from_rows(&[[2.0]]))?, Mat::from_rows(&[[3.0]])); // x = b/a
    /// let x_dot = svd.solve_jvp(&b, Tolerance::Default, &Mat::from_rows(&[[1.0]]), &Mat::from_rows(&[[4.0]]))?;
    /// assert_eq!(x_dot[(0, 0)], 4.0 / 2.0 - 3.0 / 4.0);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn solve_jvp(
        &self,
        b: &Mat<S>,
        cutoff: Tolerance<S::Real>,
        a_dot: &Mat<S>,
        b_dot: &Mat<S>,
    ) -> Result<Mat<S>, Error> {
        let (problem, n) = (LeastSquares { b: b.as_ref(), cutoff }, self.factors().shape().1);
        let tangent = LeastSquaresTangent { a: a_dot.as_ref(), b: b_dot.as_ref() };
        let len = self.solve_len(b.cols());
        filled((n, b.cols()), len, |x, work| problem.jvp_into(&self.factors(), &tangent, x, work))
    }

    /// (gA, gb) from the gradient with respect to x = A⁺ b: see [`LeastSquares::vjp_into`].
    ///
    /// # Errors
    /// As [`LeastSquares::vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// let (svd, b) = (Svd::thin(&Mat::from_rows(&[[2.0]]))?, Mat::from_rows(&[[3.0]])); // x = b/a
    /// let (ga, gb) = svd.solve_vjp(&b, Tolerance::Default, &Mat::from_rows(&[[1.0]]))?;
    /// assert_eq!((ga[(0, 0)], gb[(0, 0)]), (-3.0 / 4.0, 1.0 / 2.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn solve_vjp(&self, b: &Mat<S>, cutoff: Tolerance<S::Real>, x_bar: &Mat<S>) -> Result<(Mat<S>, Mat<S>), Error> {
        let problem = LeastSquares { b: b.as_ref(), cutoff };
        let mut b_bar = Mat::zeros(b.rows(), b.cols());
        let len = self.solve_len(b.cols());
        let a_bar = filled(self.factors().shape(), len, |a, work| {
            let gradient = LeastSquaresGradient { a, b: Target::Overwrite(b_bar.as_mut()) };
            problem.vjp_into(&self.factors(), x_bar.as_ref(), gradient, work)
        })?;
        Ok((a_bar, b_bar))
    }

    /// Workspace of a Hermitian function.
    fn hermitian_len(&self) -> usize {
        let (m, n) = self.factors().shape();
        hermitian_workspace_len::<S>(m, n, self.s().len())
    }

    /// V g(S) Vᴴ or U g(S) Uᴴ: see [`Hermitian::value_into`].
    ///
    /// # Errors
    /// As [`Hermitian::value_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance, spectral::{Hermitian, Side}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[0.0, 2.0], [0.0, 0.0]]))?; // of rank 1
    /// let onto = svd.hermitian(&Hermitian::range(&svd.factors(), Side::Left, Tolerance::Default))?;
    /// assert_eq!(onto, Mat::from_rows(&[[1.0, 0.0], [0.0, 0.0]])); // A A⁺
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn hermitian<F: SpectralFunction<S::Real>>(&self, g: &Hermitian<F>) -> Result<Mat<S>, Error> {
        let d = g.dimension(self.factors().shape());
        filled((d, d), self.hermitian_len(), |y, work| g.value_into(&self.factors(), y, work))
    }

    /// Its tangent along `a_dot`: see [`Hermitian::jvp_into`].
    ///
    /// # Errors
    /// As [`Hermitian::jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::{Hermitian, Side}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
    /// let tangent = svd.hermitian_jvp(&Hermitian::factor(Side::Right), &Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]))?;
    /// assert!((tangent[(0, 1)] - 0.5).abs() < 1e-15 && (tangent[(1, 0)] - 0.5).abs() < 1e-15); // herm(dA) at A = s I
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn hermitian_jvp<F: SpectralFunction<S::Real>>(
        &self,
        g: &Hermitian<F>,
        a_dot: &Mat<S>,
    ) -> Result<Mat<S>, Error> {
        let d = g.dimension(self.factors().shape());
        filled((d, d), self.hermitian_len(), |y, work| g.jvp_into(&self.factors(), a_dot.as_ref(), y, work))
    }

    /// The gradient with respect to A: see [`Hermitian::vjp_into`].
    ///
    /// # Errors
    /// As [`Hermitian::vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::{Hermitian, Side}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[0.0, 3.0], [2.0, 0.0]]))?;
    /// let gradient = svd.hermitian_vjp(&Hermitian::factor(Side::Left), &Mat::identity(2))?; // tr H = s₁ + s₂
    /// assert!((gradient[(0, 1)] - 1.0).abs() < 1e-15 && (gradient[(1, 0)] - 1.0).abs() < 1e-15); // U Vᴴ
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn hermitian_vjp<F: SpectralFunction<S::Real>>(
        &self,
        g: &Hermitian<F>,
        y_bar: &Mat<S>,
    ) -> Result<Mat<S>, Error> {
        let shape = self.factors().shape();
        filled(shape, self.hermitian_len(), |a, work| g.vjp_into(&self.factors(), y_bar.as_ref(), a, work))
    }

    /// L(s), for example a norm: see [`SpectralLoss`].
    ///
    /// # Errors
    /// What the function reports where it has no value.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::Schatten};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 4.0]]))?;
    /// assert!((svd.loss(&Schatten(2.0))? - 5.0).abs() < 1e-14); // the Frobenius norm
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn loss<L: SpectralLoss<S::Real>>(&self, loss: &L) -> Result<S::Real, Error> {
        loss.value(&Values::of(&self.factors()))
    }

    /// The gradient of L with respect to A: see [`loss_gradient_into`].
    ///
    /// # Errors
    /// As [`loss_gradient_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::KyFan};
    /// let svd = Svd::thin(&Mat::from_rows(&[[0.0, -3.0], [2.0, 0.0]]))?;
    /// let gradient = svd.loss_gradient(&KyFan::nuclear())?; // U Vᴴ
    /// assert_eq!(gradient, Mat::from_rows(&[[0.0, -1.0], [1.0, 0.0]]));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn loss_gradient<L: SpectralLoss<S::Real>>(&self, loss: &L) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_workspace_len::<S>(m, n, factors.triplets());
        filled((m, n), len, |target, work| loss_gradient_into(&factors, loss, target, work))
    }

    /// The Hessian of L times `a_dot`: see [`loss_hvp_into`].
    ///
    /// # Errors
    /// As [`loss_hvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::LogDet};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0]]))?; // log a²: −2/a² is its second derivative
    /// assert_eq!(svd.loss_hvp(&LogDet, &Mat::from_rows(&[[1.0]]))?[(0, 0)], -0.5);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn loss_hvp<L: SpectralLoss<S::Real>>(&self, loss: &L, a_dot: &Mat<S>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        filled((m, n), len, |target, work| loss_hvp_into(&factors, loss, a_dot.as_ref(), target, work))
    }
}

impl<R: Real> Svd<R> {
    /// The orientation of this square matrix, for [`Svd::map`] to the nearest rotation: see [`Rotation`].
    ///
    /// # Errors
    /// As [`Rotation::of`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, -1.0]]))?; // a reflection
    /// let rotation = svd.rotation()?;
    /// assert!(rotation.is_reflected() && svd.map(rotation)? == Mat::identity(2));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn rotation(&self) -> Result<Rotation, Error> {
        Rotation::of(&self.factors(), &mut vec![R::zero(); Rotation::workspace_len(self.s().len())])
    }
}
