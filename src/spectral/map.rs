//! X = U f(S) Vᴴ and its derivative, which is exact at equal and at zero singular values.

use super::frame::{Direct, Frame};
use super::spectrum::{Direction, SpectralMap, value_of};
use super::values::{Order, Values};
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::{Factors, check_finite_values};
use crate::kernel::{Operand, cast, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar, Zero};
use crate::workspace::{Arena, smaller};

/// Length of the workspace of [`map_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn map_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    smaller(rows, cols).saturating_mul(triplets)
}

/// X = U f(S) Vᴴ.
///
/// **Shapes.** `factors` k triplets of an m×n matrix, `target` m×n. Singular values that are not among the k count as zero and contribute
/// nothing.
///
/// **Cost.** One product. Workspace [`map_workspace_len`].
///
/// # Errors
/// What the function reports; [`Error::NonFinite`] where an argument or a value of the function is not finite; [`Error::Shape`],
/// [`Error::Workspace`], [`Error::Parameter`]. The target is untouched then.
///
/// ```
/// use diffsvd::{Factors, MatMut, MatRef, Target, spectral::{SoftThreshold, map_into}};
/// let identity = [1.0, 0.0, 0.0, 1.0];
/// let basis = MatRef::col_major(&identity, 2, 2)?;
/// let factors = Factors { u: basis, s: &[2.0, 0.25], v: basis };
/// let (mut x, mut work) = ([7.0; 4], [0.0; 4]);
/// map_into(&factors, &SoftThreshold(0.5), Target::Overwrite(MatMut::col_major(&mut x, 2, 2)?), &mut work)?;
/// assert_eq!(x, [1.5, 0.0, 0.0, 0.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn map_into<S: Scalar, M, F: SpectralMap<S::Real, M>>(
    factors: &Factors<'_, S>,
    f: &F,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    factors.check()?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check_shape("the value of the function", target.shape(), (m, n))?;
    let at = Values::of(factors);
    f.check_at(&at, Order::Value)?;
    let mut arena = Arena::new(work, map_workspace_len::<S>(m, n, k))?;
    let (shorter, rows) = if m < n { (factors.u, m) } else { (factors.v, n) };
    let mut scaled = MatMut::col_major(arena.take(rows * k), rows, k)?;
    for j in 0..k {
        let value = value_of(f, &at, j)?;
        for i in 0..rows {
            scaled.put(i, j, shorter.at(i, j).scale(value));
        }
    }
    let scaled = scaled.as_ref();
    let (left, right) = if m < n { (scaled, factors.v) } else { (factors.u, scaled) };
    let (x, keep) = target.into_parts();
    gemm(x, keep, S::Real::one(), Operand::plain(left), Operand::adjoint(right));
    Ok(())
}

/// A direction in which U f(S) Vᴴ is differentiated.
#[derive(Clone, Copy, Debug)]
pub struct MapTangent<'a, S: Scalar> {
    /// dA, m×n.
    pub a: MatRef<'a, S>,
    /// What a change of the parameters of f does to its k values, Σ ∂fᵢ/∂p dp; `None` for none.
    pub f: Option<&'a [S::Real]>,
}

/// Where the gradients of a loss of U f(S) Vᴴ go.
#[derive(Debug)]
pub struct MapGradient<'a, S: Scalar> {
    /// gA, m×n.
    pub a: Target<'a, S>,
    /// The cotangents of the k values, gfᵢ = Re(uᵢᴴ gX vᵢ): those of parameters follow by
    /// [`parameter_cotangents`](crate::spectral::parameter_cotangents). Not written where `None`.
    pub f: Option<&'a mut [S::Real]>,
}

/// Length of the workspace of [`map_jvp_into`] and [`map_vjp_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn map_derivative_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let reals = triplets.saturating_mul(2).div_ceil(S::PARTS);
    Frame::<S>::len(rows, cols, triplets).saturating_add(reals)
}

/// The tangent of X = U f(S) Vᴴ along dA. With P = `UᴴdA` V, H = herm(P), K = skew(P):
///
///   dX = U (D1∘H + D2∘K) Vᴴ + (I − `UUᴴ`) dA V diag(q) Vᴴ + U diag(q) Uᴴ dA (I − `VVᴴ`),
///
/// D1ᵢⱼ = (fᵢ − fⱼ)/(sᵢ − sⱼ), D2ᵢⱼ = (fᵢ + fⱼ)/(sᵢ + sⱼ), q = fᵢ/sᵢ, each with its limit: f′ where values are equal, f′(0) where they are zero.
/// No derivative of U or V occurs, so nothing is singular unless f is. With fewer than min(m, n) triplets there is a fourth
/// term, f′(0) (I − `UUᴴ`) dA (I − `VVᴴ`). Where parameters move, diag of their effect on fᵢ adds to the middle.
///
/// **Shapes.** `factors` k triplets, `tangent.a` and `target` m×n.
///
/// **Accuracy.** Relative error at most 10 max(m, n) ε ‖dA‖ max|f′| for the provided functions, at every gap.
///
/// **Cost.** Four products of at most the size of A by k columns where k = min(m, n), six otherwise. Workspace
/// [`map_derivative_workspace_len`].
///
/// # Errors
/// What the function reports where it is not differentiable; [`Error::NonFinite`] where an argument or a divided difference of the function is not
/// finite; [`Error::Shape`], [`Error::Workspace`], [`Error::Parameter`]. The target is untouched then.
///
/// Daleckii & Krein 1965; `docs/spectral.md`, section 1.
///
/// ```
/// use diffsvd::{Factors, MatMut, MatRef, Target, spectral::{MapTangent, SoftThreshold, map_jvp_into}};
/// let identity = [1.0, 0.0, 0.0, 1.0];
/// let basis = MatRef::col_major(&identity, 2, 2)?;
/// let factors = Factors { u: basis, s: &[2.0, 2.0], v: basis };
/// let tangent = MapTangent { a: MatRef::row_major(&[0.0, 1.0, 1.0, 0.0], 2, 2)?, f: None };
/// let (mut dx, mut work) = ([0.0; 4], [0.0; 16]);
/// map_jvp_into(&factors, &SoftThreshold(0.5), &tangent, Target::Overwrite(MatMut::col_major(&mut dx, 2, 2)?), &mut work)?;
/// assert_eq!(dx, [0.0, 1.0, 1.0, 0.0]); // f′ = 1 above the threshold
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn map_jvp_into<S: Scalar, M, F: SpectralMap<S::Real, M>>(
    factors: &Factors<'_, S>,
    f: &F,
    tangent: &MapTangent<'_, S>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    check_shape("the tangent of the function", target.shape(), factors.shape())?;
    let direct = check_direct(factors, tangent.a, "the tangent of A")?;
    if let Some(f_dot) = tangent.f {
        check_shape("the tangents of the values", (f_dot.len(), 1), (factors.triplets(), 1))?;
        check_finite_values("the tangents of the values", f_dot)?;
    }
    let (mut frame, [w, out]) = prepare(factors, f, &direct, work)?;
    let at = Values::of(factors);
    frame.values(w);
    if let Some(f_dot) = tangent.f {
        out.copy_from_slice(f_dot);
    }
    f.couple(&at, w, Direction::Forward, out);
    frame.combine(&at, f, Some(out))?;
    frame.expand(&at, f, &direct, target)
}

/// The gradient with respect to A of a loss of X = U f(S) Vᴴ: the map of [`map_jvp_into`], which is self-adjoint, applied to gX.
///
/// (A map whose fᵢ depends on several singular values has a second part, which is transposed; see [`SpectralMap::couple`].)
/// For complex matrices gA is the cotangent with dL = Re tr(gAᴴ dA), as in `PyTorch`; JAX uses its conjugate.
///
/// **Shapes.** `factors` k triplets, `x_bar` and `gradient.a` m×n, `gradient.f` k values.
///
/// **Accuracy, cost, errors.** As [`map_jvp_into`].
///
/// # Errors
/// As [`map_jvp_into`]. The targets are untouched then.
///
/// ```
/// use diffsvd::{Factors, MatMut, MatRef, Target, spectral::{MapGradient, SoftThreshold, map_vjp_into, parameter_cotangents}};
/// let identity = [1.0, 0.0, 0.0, 1.0];
/// let basis = MatRef::col_major(&identity, 2, 2)?;
/// let (factors, f) = (Factors { u: basis, s: &[2.0, 0.0], v: basis }, SoftThreshold(0.5));
/// let (mut ga, mut gf, mut work) = ([0.0; 4], [0.0; 2], [0.0; 16]);
/// let gradient = MapGradient { a: Target::Overwrite(MatMut::col_major(&mut ga, 2, 2)?), f: Some(&mut gf) };
/// map_vjp_into(&factors, &f, MatRef::row_major(&[1.0, 4.0, 0.0, 1.0], 2, 2)?, gradient, &mut work)?;
/// assert_eq!(ga, [1.0, 0.0, 3.0, 0.0]); // between s = 2 and s = 0: 4 (f/s) = 3
/// let mut tau = [0.0];
/// parameter_cotangents(&f, factors.s, &gf, &mut tau);
/// assert_eq!(tau, [-1.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn map_vjp_into<S: Scalar, M, F: SpectralMap<S::Real, M>>(
    factors: &Factors<'_, S>,
    f: &F,
    x_bar: MatRef<'_, S>,
    gradient: MapGradient<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    check_shape("the gradient of A", gradient.a.shape(), factors.shape())?;
    let direct = check_direct(factors, x_bar, "the cotangent of the function")?;
    vjp_direct(factors, f, &direct, gradient, work)
}

/// The shape of a direction and its entries.
fn check_direct<'a, S: Scalar>(
    factors: &Factors<'_, S>,
    z: MatRef<'a, S>,
    name: &'static str,
) -> Result<Direct<'a, S>, Error> {
    z.check_shape(name, factors.shape())?;
    z.check_finite(name)?;
    Ok(Direct::new(z))
}

/// [`map_vjp_into`] for a cotangent that may be given as an adjoint, its shape and that of the target known to be right.
pub(super) fn vjp_direct<S: Scalar, M, F: SpectralMap<S::Real, M>>(
    factors: &Factors<'_, S>,
    f: &F,
    direct: &Direct<'_, S>,
    gradient: MapGradient<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    if let Some(f_bar) = &gradient.f {
        check_shape("the cotangents of the values", (f_bar.len(), 1), (factors.triplets(), 1))?;
    }
    let (mut frame, [w, out]) = prepare(factors, f, direct, work)?;
    let at = Values::of(factors);
    frame.values(w);
    f.couple(&at, w, Direction::Backward, out);
    frame.combine(&at, f, Some(out))?;
    if let Some(f_bar) = gradient.f {
        f_bar.copy_from_slice(w);
    }
    frame.expand(&at, f, direct, gradient.a)
}

/// Two arrays of k reals.
type Pair<'w, S> = [&'w mut [<S as Scalar>::Real]; 2];

/// Everything that can fail, and the projections of the direction; the second array is zero.
fn prepare<'f, 'w, S: Scalar, M, F: SpectralMap<S::Real, M>>(
    factors: &Factors<'f, S>,
    f: &F,
    direct: &Direct<'_, S>,
    work: &'w mut [S],
) -> Result<(Frame<'f, 'w, S>, Pair<'w, S>), Error> {
    factors.check()?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    f.check_at(&Values::of(factors), Order::Derivative)?;
    let mut arena = Arena::new(work, map_derivative_workspace_len::<S>(m, n, k))?;
    let reals = cast::as_reals(arena.take((2 * k).div_ceil(S::PARTS)));
    let got = reals.len();
    let Some([w, out]) = reals.get_mut(..2 * k).map(|reals| reals.split_at_mut(k)).map(<[_; 2]>::from) else {
        return Err(Error::Workspace { needed: 2 * k, got });
    };
    let mut frame = Frame::new(factors, &mut arena);
    frame.project(direct)?;
    out.fill(S::Real::zero());
    Ok((frame, [w, out]))
}
