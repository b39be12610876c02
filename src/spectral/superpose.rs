//! Kabsch's problem for two clouds of points (feature `alloc`): the rigid motion that carries one to the other.

use alloc::vec;
use alloc::vec::Vec;

use super::procrustes::Rotation;
use crate::error::Error;
use crate::factors::check_finite_values;
use crate::kernel::{Operand, gemm};
use crate::mat::Mat;
use crate::matrix::check_shape;
use crate::owned::Svd;
use crate::scalar::Real;

/// The rotation R (det = +1) and the translation t that minimize Σ ‖R pᵢ + t − qᵢ‖² over the rows pᵢ, qᵢ of two N×d matrices.
///
/// With centred rows P and Q: M = Qᵀ P = U S Vᵀ, R = U diag(1, …, 1, det(U Vᵀ)) Vᵀ, t = q̄ − R p̄. Clouds that are mirror images of each other are
/// handled; what is not differentiable is what [`Rotation`] says.
///
/// ```
/// use diffsvd::{Mat, spectral::Superposition};
/// let from = Mat::<f64>::from_rows(&[[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]);
/// let to = Mat::from_rows(&[[5.0, 1.0], [5.0, 2.0], [3.0, 1.0]]); // a quarter turn, and (5, 1)
/// let motion = Superposition::new(&from, &to)?;
/// assert!((motion.rotation()[(1, 0)] - 1.0).abs() < 1e-14 && (motion.translation()[0] - 5.0).abs() < 1e-14);
/// let (from_bar, to_bar) = motion.vjp(&Mat::zeros(2, 2), &[1.0, 0.0])?; // L = t₁
/// assert_eq!((from_bar.rows(), to_bar.cols()), (3, 2));
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// Kabsch 1976; Umeyama 1991.
#[derive(Clone, Debug)]
pub struct Superposition<R: Real> {
    svd: Svd<R>,
    orientation: Rotation,
    /// Centred clouds and their centres.
    from: Cloud<R>,
    to: Cloud<R>,
    rotation: Mat<R>,
    translation: Vec<R>,
}

#[derive(Clone, Debug)]
struct Cloud<R> {
    points: Mat<R>,
    centre: Vec<R>,
}

impl<R: Real> Cloud<R> {
    fn new(points: &Mat<R>) -> Self {
        let (n, d) = (points.rows(), points.cols());
        let count = R::from_usize(n.max(1));
        let mean = |j: usize| (0..n).fold(R::zero(), |sum, i| sum + points[(i, j)]) / count;
        let centre: Vec<R> = (0..d).map(mean).collect();
        Cloud { points: Mat::from_fn(n, d, |i, j| points[(i, j)] - centre[j]), centre }
    }
}

impl<R: Real> Superposition<R> {
    /// Carries `from` to `to`, both N×d.
    ///
    /// Cost: two passes over the clouds, and an SVD of a d×d matrix.
    ///
    /// # Errors
    /// [`Error::Shape`] unless the clouds have the same, [`Error::NonFinite`].
    pub fn new(from: &Mat<R>, to: &Mat<R>) -> Result<Self, Error> {
        check_shape("the second cloud", (to.rows(), to.cols()), (from.rows(), from.cols()))?;
        from.as_ref().check_finite("the first cloud")?;
        to.as_ref().check_finite("the second cloud")?;
        let (from, to) = (Cloud::new(from), Cloud::new(to));
        let svd = Svd::thin(&to.points.adjoint().product(&from.points)?)?;
        let orientation = svd.rotation()?;
        let rotation = svd.map(orientation)?;
        let mut translation = to.centre.clone();
        subtract_product(&mut translation, &rotation, &from.centre);
        Ok(Superposition { svd, orientation, from, to, rotation, translation })
    }

    /// R, d×d.
    #[must_use]
    pub fn rotation(&self) -> &Mat<R> {
        &self.rotation
    }

    /// t, d values.
    #[must_use]
    pub fn translation(&self) -> &[R] {
        &self.translation
    }

    /// The gradients with respect to both clouds from those with respect to R and t.
    ///
    /// # Errors
    /// What [`Rotation`] reports where R is not unique; [`Error::Shape`], [`Error::NonFinite`].
    pub fn vjp(&self, rotation_bar: &Mat<R>, translation_bar: &[R]) -> Result<(Mat<R>, Mat<R>), Error> {
        let (n, d) = (self.from.points.rows(), self.from.centre.len());
        check_shape("the cotangent of the rotation", (rotation_bar.rows(), rotation_bar.cols()), (d, d))?;
        check_shape("the cotangent of the translation", (translation_bar.len(), 1), (d, 1))?;
        rotation_bar.as_ref().check_finite("the cotangent of the rotation")?;
        check_finite_values("the cotangent of the translation", translation_bar)?;
        // t = q̄ − R p̄.
        let rotation_bar = Mat::from_fn(d, d, |i, j| rotation_bar[(i, j)] - translation_bar[i] * self.from.centre[j]);
        let m_bar = self.svd.map_vjp(self.orientation, &rotation_bar)?;
        // M = Qᵀ P; the means of both products vanish because the clouds are centred.
        let each = R::one() / R::from_usize(n.max(1));
        let mut turned = vec![R::zero(); d];
        subtract_product(&mut turned, &self.rotation.adjoint(), translation_bar);
        let mut from_bar = Mat::from_fn(n, d, |_, j| turned[j] * each);
        let mut to_bar = Mat::from_fn(n, d, |_, j| translation_bar[j] * each);
        let (p, q) = (self.from.points.as_ref(), self.to.points.as_ref());
        gemm(from_bar.as_mut(), true, R::one(), Operand::plain(q), Operand::plain(m_bar.as_ref()));
        gemm(to_bar.as_mut(), true, R::one(), Operand::plain(p), Operand::adjoint(m_bar.as_ref()));
        Ok((from_bar, to_bar))
    }
}

/// y ← y − A x.
fn subtract_product<R: Real>(y: &mut [R], a: &Mat<R>, x: &[R]) {
    for (i, y) in y.iter_mut().enumerate() {
        for (j, &x) in x.iter().enumerate() {
            *y -= a[(i, j)] * x;
        }
    }
}
