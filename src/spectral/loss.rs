//! Scalar functions of the singular values, with gradient and Hessian-vector product.
//!
//! The gradient of L(s) is U diag(∂L/∂sᵢ) Vᴴ, a spectral map, and so the Hessian-vector product is the derivative of that map.

use super::map::{MapTangent, map_into, map_jvp_into};
use super::spectrum::{SpectralMap, Whole};
use super::values::Values;
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Factors;
use crate::matrix::MatRef;
use crate::scalar::{Real, Scalar};

/// A real function L of the singular values that does not depend on their order.
///
/// Provided: [`KyFan`](crate::spectral::KyFan) (nuclear norm, spectral norm), [`Schatten`](crate::spectral::Schatten),
/// [`WeightedSum`](crate::spectral::WeightedSum), [`LogDet`](crate::spectral::LogDet), [`Condition`](crate::spectral::Condition),
/// [`Entropy`](crate::spectral::Entropy).
///
/// ```
/// use diffsvd::{Error, Mat, Svd, spectral::{Order, SpectralLoss, SpectralMap, Values, Whole}};
///
/// /// ‖A‖²/2 = Σ sᵢ²/2, whose gradient has the values ∂L/∂sᵢ = sᵢ.
/// #[derive(Clone, Copy)]
/// struct HalfSquare;
/// impl SpectralLoss<f64> for HalfSquare {
///     type Gradient = HalfSquare;
///     fn value(&self, at: &Values<'_, f64>) -> Result<f64, Error> { Ok(at.s.iter().map(|s| s * s / 2.0).sum()) }
///     fn gradient(&self, _at: &Values<'_, f64>) -> Result<HalfSquare, Error> { Ok(HalfSquare) }
/// }
/// impl SpectralMap<f64, Whole> for HalfSquare {
///     fn check_at(&self, _at: &Values<'_, f64>, _order: Order) -> Result<(), Error> { Ok(()) }
///     fn value_at(&self, at: &Values<'_, f64>, i: usize) -> f64 { at.get(i) }
///     fn difference(&self, _at: &Values<'_, f64>, _i: usize, _j: usize) -> f64 { 1.0 }
///     fn sum(&self, _at: &Values<'_, f64>, _i: usize, _j: usize) -> f64 { 1.0 }
///     fn at_zero(&self, _at: &Values<'_, f64>) -> f64 { 1.0 }
/// }
/// let (a, a_dot) = (Mat::<f64>::from_rows(&[[0.0, 2.0], [1.0, 0.0]]), Mat::from_rows(&[[1.0, 0.0], [3.0, 0.0]]));
/// let svd = Svd::thin(&a)?;
/// assert_eq!((svd.loss(&HalfSquare)?, svd.loss_gradient(&HalfSquare)?), (2.5, a));
/// assert!((svd.loss_hvp(&HalfSquare, &a_dot)?[(1, 0)] - 3.0).abs() < 1e-14); // the Hessian is the identity
/// # Ok::<(), Error>(())
/// ```
pub trait SpectralLoss<R: Real> {
    /// The map sᵢ ↦ ∂L/∂sᵢ, whose derivative is the Hessian.
    type Gradient: SpectralMap<R, Whole>;

    /// L.
    ///
    /// # Errors
    /// What the function reports where it has no value.
    fn value(&self, at: &Values<'_, R>) -> Result<R, Error>;

    /// ∂L/∂s at these values; a subgradient where the function says so.
    ///
    /// # Errors
    /// [`Error::EqualSingularValues`] or [`Error::ZeroSingularValue`] where there is none.
    fn gradient(&self, at: &Values<'_, R>) -> Result<Self::Gradient, Error>;
}

/// gA = U diag(∂L/∂sᵢ) Vᴴ, m×n. One product; workspace [`map_workspace_len`](crate::spectral::map_workspace_len).
///
/// # Errors
/// What the function reports; otherwise as [`map_into`].
///
/// ```
/// use diffsvd::{Factors, MatMut, MatRef, Target, spectral::{KyFan, loss_gradient_into, map_workspace_len}};
/// let basis = [1.0, 0.0, 0.0, 1.0];
/// let basis = MatRef::col_major(&basis, 2, 2)?;
/// let factors = Factors { u: basis, s: &[2.0, 1.0], v: basis };
/// let (mut ga, mut work) = ([0.0; 4], [0.0; map_workspace_len::<f64>(2, 2, 2)]);
/// loss_gradient_into(&factors, &KyFan::spectral(), Target::Overwrite(MatMut::col_major(&mut ga, 2, 2)?), &mut work)?;
/// assert_eq!(ga, [1.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn loss_gradient_into<S: Scalar, L: SpectralLoss<S::Real>>(
    factors: &Factors<'_, S>,
    loss: &L,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    map_into(factors, &loss.gradient(&Values::of(factors))?, target, work)
}

/// The Hessian-vector product: the tangent of gA along dA, m×n. Cost and workspace as [`map_jvp_into`]; the Hessian is symmetric.
///
/// # Errors
/// Where L is not twice differentiable, among others where its gradient is only a subgradient; otherwise as [`map_jvp_into`].
///
/// ```
/// use diffsvd::{Mat, Svd, Target, spectral::{KyFan, loss_hvp_into, map_derivative_workspace_len}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
/// let a_dot = Mat::from_rows(&[[0.0, 1.0], [1.0, 0.0]]); // along it s₁ = 2 + t²/(s₁ − s₂)
/// let (mut product, mut work) = (Mat::zeros(2, 2), [0.0; map_derivative_workspace_len::<f64>(2, 2, 2)]);
/// let target = Target::Overwrite(product.as_mut());
/// loss_hvp_into(&svd.factors(), &KyFan::spectral(), a_dot.as_ref(), target, &mut work)?;
/// assert!((product[(0, 1)] - 1.0).abs() < 1e-15 && (product[(1, 0)] - 1.0).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn loss_hvp_into<S: Scalar, L: SpectralLoss<S::Real>>(
    factors: &Factors<'_, S>,
    loss: &L,
    a_dot: MatRef<'_, S>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    let gradient = loss.gradient(&Values::of(factors))?;
    map_jvp_into(factors, &gradient, &MapTangent { a: a_dot, f: None }, target, work)
}
