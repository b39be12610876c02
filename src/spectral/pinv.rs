//! The Moore-Penrose pseudoinverse A⁺ = V f(S) Uᴴ, f = 1/s above a relative cut-off.

use super::frame::Direct;
use super::inverse::Inverse;
use super::map::{MapGradient, map_into, vjp_direct};
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::matrix::{MatRef, check_shape};
use crate::scalar::Scalar;

/// A⁺, n×m: singular values up to the cut-off (relative to s₁; (max(m, n) + 10) ε by default) count as zero.
///
/// **Cost.** One product. Workspace [`map_workspace_len`](crate::spectral::map_workspace_len).
///
/// # Errors
/// As [`map_into`](crate::spectral::map_into).
///
/// ```
/// use diffsvd::{Factors, MatMut, MatRef, Target, Tolerance, spectral::pinv_into};
/// // A = [3; 4] = [0.6; 0.8] · 5 · 1
/// let factors = Factors { u: MatRef::col_major(&[0.6, 0.8], 2, 1)?, s: &[5.0], v: MatRef::col_major(&[1.0], 1, 1)? };
/// let (mut pinv, mut work) = ([0.0; 2], [0.0; 2]);
/// pinv_into(&factors, Tolerance::Default, Target::Overwrite(MatMut::col_major(&mut pinv, 1, 2)?), &mut work)?;
/// assert!((pinv[0] - 0.12_f64).abs() < 1e-15 && (pinv[1] - 0.16).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn pinv_into<S: Scalar>(
    factors: &Factors<'_, S>,
    cutoff: Tolerance<S::Real>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    map_into(&mirrored(factors), &Inverse::relative(factors, cutoff), target, work)
}

/// The tangent of A⁺ along dA:
///
///   dA⁺ = −A⁺ dA A⁺ + A⁺ A⁺ᴴ dAᴴ (I − A A⁺) + (I − A⁺ A) dAᴴ A⁺ᴴ A⁺,
///
/// the derivative at constant rank, which is the derivative wherever A⁺ is continuous. Computed through the divided differences of 1/s;
/// discarded singular values that are not zero are differentiated as what they are.
///
/// **Accuracy.** Relative to ‖dA‖ ‖A⁺‖²: 10 max(m, n) ε times the condition number of the kept part.
///
/// **Cost.** As [`map_jvp_into`](crate::spectral::map_jvp_into), with its workspace.
///
/// # Errors
/// [`Error::Parameter`] where a singular value is the cut-off; otherwise as [`map_jvp_into`](crate::spectral::map_jvp_into).
///
/// Golub & Pereyra 1973.
///
/// ```
/// use diffsvd::{Mat, Svd, Target, Tolerance, spectral::{map_derivative_workspace_len, pinv_jvp_into}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 0.5]]))?;
/// let a_dot = Mat::from_rows(&[[1.0, 1.0], [0.0, 0.0]]);
/// let (mut tangent, mut work) = (Mat::zeros(2, 2), [0.0; map_derivative_workspace_len::<f64>(2, 2, 2)]);
/// let target = Target::Overwrite(tangent.as_mut());
/// pinv_jvp_into(&svd.factors(), Tolerance::Default, a_dot.as_ref(), target, &mut work)?; // −A⁻¹ dA A⁻¹
/// assert_eq!((tangent[(0, 0)], tangent[(0, 1)]), (-0.25, -1.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn pinv_jvp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    cutoff: Tolerance<S::Real>,
    a_dot: MatRef<'_, S>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    let (m, n) = factors.shape();
    a_dot.check_shape("the tangent of A", (m, n))?;
    a_dot.check_finite("the tangent of A")?;
    check_shape("the tangent of the pseudoinverse", target.shape(), (n, m))?;
    let f = Inverse::relative(factors, cutoff);
    vjp_direct(&mirrored(factors), &f, &Direct::adjoint_of(a_dot), MapGradient { a: target, f: None }, work)
}

/// The gradient with respect to A of a loss of A⁺ whose gradient is the n×m matrix `pinv_bar`: the exact adjoint of
/// [`pinv_jvp_into`].
///
/// **Accuracy and cost.** As there.
///
/// # Errors
/// As [`pinv_jvp_into`].
///
/// ```
/// use diffsvd::{Mat, Svd, Target, Tolerance, spectral::{map_derivative_workspace_len, pinv_vjp_into}};
/// // Of rank 1: A = 5 u vᴴ with u = v = (0.6, 0.8), A⁺ = u vᴴ/5.
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[1.8, 2.4], [2.4, 3.2]]))?;
/// let pinv = svd.pinv(Tolerance::Default)?;
/// let (mut gradient, mut work) = (Mat::zeros(2, 2), [0.0; map_derivative_workspace_len::<f64>(2, 2, 2)]);
/// let target = Target::Overwrite(gradient.as_mut()); // of ‖A⁺‖²/2 = s⁻²/2
/// pinv_vjp_into(&svd.factors(), Tolerance::Default, pinv.as_ref(), target, &mut work)?;
/// assert!((gradient[(0, 0)] + 0.36 / 125.0).abs() < 1e-16); // −s⁻³ u vᴴ
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn pinv_vjp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    cutoff: Tolerance<S::Real>,
    pinv_bar: MatRef<'_, S>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    let (m, n) = factors.shape();
    pinv_bar.check_shape("the cotangent of the pseudoinverse", (n, m))?;
    pinv_bar.check_finite("the cotangent of the pseudoinverse")?;
    check_shape("the gradient of A", target.shape(), (m, n))?;
    let f = Inverse::relative(factors, cutoff);
    vjp_direct(factors, &f, &Direct::adjoint_of(pinv_bar), MapGradient { a: target, f: None }, work)
}

/// The factors of Aᴴ.
pub(super) fn mirrored<'a, S: Scalar>(factors: &Factors<'a, S>) -> Factors<'a, S> {
    Factors { u: factors.v, s: factors.s, v: factors.u }
}
