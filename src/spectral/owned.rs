//! Methods of the owned [`Svd`]: a few lines a function over the core.

use alloc::vec;
use alloc::vec::Vec;

use super::map::{
    MapGradient, MapTangent, map_derivative_workspace_len, map_into, map_jvp_into, map_vjp_into, map_workspace_len,
};
use super::spectrum::SpectralMap;
use crate::derivative::Target;
use crate::error::Error;
use crate::owned::{Mat, Svd};
use crate::scalar::{Scalar, Zero};

impl<S: Scalar> Svd<S> {
    /// A matrix of the shape of A that `write` fills with a workspace of `len` entries.
    pub(super) fn filled(
        &self,
        shape: (usize, usize),
        len: usize,
        write: impl FnOnce(Target<'_, S>, &mut [S]) -> Result<(), Error>,
    ) -> Result<Mat<S>, Error> {
        let mut x = Mat::zeros(shape.0, shape.1);
        write(Target::Overwrite(x.as_mut()), &mut vec![S::zero(); len])?;
        Ok(x)
    }

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
        self.filled((m, n), len, |target, work| map_into(&factors, &f, target, work))
    }

    /// The tangent of U f(S) Vᴴ along `a_dot`: see [`map_jvp_into`].
    ///
    /// # Errors
    /// As [`map_jvp_into`].
    pub fn map_jvp<M, F: SpectralMap<S::Real, M>>(&self, f: F, a_dot: &Mat<S>) -> Result<Mat<S>, Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        let tangent = MapTangent { a: a_dot.as_ref(), f: None };
        self.filled((m, n), len, |target, work| map_jvp_into(&factors, &f, &tangent, target, work))
    }

    /// The gradient with respect to A of a loss of U f(S) Vᴴ whose gradient is `x_bar`: see [`map_vjp_into`].
    ///
    /// # Errors
    /// As [`map_vjp_into`].
    pub fn map_vjp<M, F: SpectralMap<S::Real, M>>(&self, f: F, x_bar: &Mat<S>) -> Result<Mat<S>, Error> {
        Ok(self.map_vjp_with_values(f, x_bar)?.0)
    }

    /// The same, and the cotangents of the k values, from which those of the parameters of f follow
    /// ([`parameter_cotangents`](crate::spectral::parameter_cotangents)).
    ///
    /// # Errors
    /// As [`map_vjp_into`].
    pub fn map_vjp_with_values<M, F: SpectralMap<S::Real, M>>(
        &self,
        f: F,
        x_bar: &Mat<S>,
    ) -> Result<(Mat<S>, Vec<S::Real>), Error> {
        let (factors, (m, n)) = (self.factors(), self.factors().shape());
        let mut f_bar = vec![S::Real::zero(); factors.triplets()];
        let len = map_derivative_workspace_len::<S>(m, n, factors.triplets());
        let gradient = self.filled((m, n), len, |a, work| {
            map_vjp_into(&factors, &f, x_bar.as_ref(), MapGradient { a, f: Some(&mut f_bar) }, work)
        })?;
        Ok((gradient, f_bar))
    }
}
