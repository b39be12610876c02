//! Complete bases: U m×m and V n×n.
//!
//! The columns beyond the k-th span the null spaces and are determined up to a rotation among themselves. What is
//! determined follows from UᴴU = I alone, U = \[U₁ U₂\]: U₁ᴴ dU₂ = −(U₂ᴴ dU₁)ᴴ. Hence
//!
//!   dU₂ = −U₁ dU₁ᴴ U₂ (and U₂ times any skew-Hermitian matrix: the gauge),
//!   gU₁ ← gU₁ − U₂ gU₂ᴴ U₁ (and skew(U₂ᴴ gU₂), which no gradient can serve: the residual).

use super::blocks::frobenius;
use super::cotangent::{Cotangent, Target};
use super::gauge::Report;
use super::jvp::{TangentMut, jvp_into, jvp_workspace_len};
use super::rule::Rule;
use super::vjp::{vjp_into, vjp_workspace_len};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::{Arena, larger, smaller};

/// Length of the workspace of [`full_vjp_into`] and [`full_jvp_into`] for an m×n matrix.
#[must_use]
pub const fn full_workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    let k = smaller(rows, cols);
    let (vjp, jvp) = (vjp_workspace_len::<S>(rows, cols, k), jvp_workspace_len::<S>(rows, cols, k));
    let folded = rows.saturating_add(cols).saturating_mul(k);
    folded.saturating_add(corner_len(rows, cols)).saturating_add(larger(vjp, jvp))
}

/// The gradient of a loss of the complete U (m×m), s and V (n×n): the part of the cotangents that is well defined, and in
/// `gauge_residual` the size of the rest.
///
/// gU₁ − U₂ gU₂ᴴ U₁ in place of gU₁ goes into [`vjp_into`]; the residual is that of the thin rule together with skew(U₂ᴴ gU₂), and the same for V,
/// relative to ‖(gU, gV)‖. It is at rounding level exactly when the loss depends on the span of the null-space vectors alone.
///
/// **Shapes.** `factors.u` m×m, `factors.s` k = min(m, n) values, `factors.v` n×n; `cotangent.u` m×m, `cotangent.v` n×n, `target` m×n.
///
/// **Accuracy and errors** as [`vjp_into`]. **Cost** of that, and two products with the null-space vectors.
///
/// # Errors
/// As [`vjp_into`].
///
/// ```
/// use diffsvd::{Cotangent, Factors, Mat, Rule, Svd, Target, full_vjp_into, full_workspace_len};
///
/// let svd = Svd::full(&Mat::<f64>::from_rows(&[[1.0], [2.0], [2.0]]))?; // U is 3×3
/// // L = ‖second row of U₂‖²/2, U₂ the null space of Aᴴ: a function of its span.
/// let gu = Mat::from_fn(3, 3, |i, j| if i == 1 && j > 0 { svd.u()[(i, j)] } else { 0.0 });
/// let factors = Factors { u: svd.u().as_ref(), s: svd.s(), v: svd.v().as_ref() };
/// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
/// let (mut ga, mut work) = (Mat::zeros(3, 1), [0.0; full_workspace_len::<f64>(3, 1)]);
/// let report = full_vjp_into(&factors, &cotangent, &Rule::default(), Target::Overwrite(ga.as_mut()), &mut work)?;
/// assert!(report.gauge_residual < 1e-15);
/// assert!((ga[(1, 0)] + 2.0 * 5.0 / 81.0).abs() < 1e-15); // L = (1 − a₂²/‖a‖²)/2
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn full_vjp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    cotangent: &Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<Report<S::Real>, Error> {
    let (m, n) = check(factors)?;
    let k = factors.triplets();
    let mut arena = Arena::new(work, full_workspace_len::<S>(m, n))?;
    let (left, right) = (arena.take(m * k), arena.take(n * k));
    let corner = arena.take(corner_len(m, n));
    let left = Folded::new("the cotangent of U", factors.u, cotangent.u, left, corner)?;
    let right = Folded::new("the cotangent of V", factors.v, cotangent.v, right, corner)?;
    let thin = Cotangent { u: left.part, v: right.part, ..*cotangent };
    let mut report = vjp_into(&factors.leading(k), &thin, rule, target, arena.take(vjp_workspace_len::<S>(m, n, k)))?;

    let thin = report.gauge_residual * left.kept.hypot(right.kept);
    let discarded = thin.hypot(left.discarded).hypot(right.discarded);
    let size = left.size.hypot(right.size);
    report.gauge_residual = if size > S::Real::zero() { discarded / size } else { size };
    Ok(report)
}

/// The tangents of the complete U (m×m), of s, and of the complete V (n×n) along dA: [`jvp_into`] for the first k columns and
/// dU₂ = −U₁ dU₁ᴴ U₂ for the null space, the choice of smallest norm: the adjoint of [`full_vjp_into`].
///
/// **Shapes.** `factors` as there; `tangent.u` m×m, `tangent.s` k, `tangent.v` n×n.
///
/// # Errors
/// As [`jvp_into`]. The tangents are untouched then.
///
/// ```
/// use diffsvd::{Factors, Mat, Rule, Svd, TangentMut, full_jvp_into, full_workspace_len};
///
/// let svd = Svd::full(&Mat::<f64>::from_rows(&[[1.0], [2.0], [2.0]]))?; // U is 3×3
/// let factors = Factors { u: svd.u().as_ref(), s: svd.s(), v: svd.v().as_ref() };
/// let (a_dot, mut u_dot) = (Mat::from_rows(&[[1.0], [0.0], [3.0]]), Mat::zeros(3, 3));
/// let tangent = TangentMut { u: Some(u_dot.as_mut()), ..TangentMut::default() };
/// full_jvp_into(&factors, a_dot.as_ref(), &Rule::default(), tangent, &mut [0.0; full_workspace_len::<f64>(3, 1)])?;
/// let c = svd.u().adjoint().product(&u_dot)?; // UᴴdU is skew-Hermitian: U stays unitary
/// assert!((0..9).all(|e| (c[(e / 3, e % 3)] + c[(e % 3, e / 3)]).abs() < 1e-15) && c[(1, 0)] != 0.0);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn full_jvp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    a_dot: MatRef<'_, S>,
    rule: &Rule<S::Real>,
    mut tangent: TangentMut<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    let (m, n) = check(factors)?;
    let k = factors.triplets();
    for (name, part, basis) in
        [("the tangent of U", &tangent.u, factors.u), ("the tangent of V", &tangent.v, factors.v)]
    {
        part.as_ref().map_or(Ok(()), |part| part.check_shape(name, basis.shape()))?;
    }
    let mut arena = Arena::new(work, full_workspace_len::<S>(m, n))?;
    let corner = arena.take(corner_len(m, n));
    let thin = TangentMut {
        u: leading(&mut tangent.u, k)?,
        s: tangent.s.as_deref_mut(),
        v: leading(&mut tangent.v, k)?,
        s_matrix: tangent.s_matrix.as_mut().map(MatMut::reborrow),
    };
    jvp_into(&factors.leading(k), a_dot, rule, thin, arena.take(jvp_workspace_len::<S>(m, n, k)))?;
    for (basis, part) in [(factors.u, tangent.u), (factors.v, tangent.v)] {
        if let Some(part) = part {
            unfold(basis, k, part, corner)?;
        }
    }
    Ok(())
}

/// U m×m and V n×n, whatever the thin check says of the rest; (m, n).
fn check<S: Scalar>(factors: &Factors<'_, S>) -> Result<(usize, usize), Error> {
    let (m, n) = factors.shape();
    check_shape("U", factors.u.shape(), (m, m))?;
    check_shape("V", factors.v.shape(), (n, n))?;
    check_shape("s", (factors.triplets(), 1), (m.min(n), 1))?;
    Ok((m, n))
}

/// The first k columns of a part, to be written.
fn leading<'a, S: Scalar>(part: &'a mut Option<MatMut<'_, S>>, k: usize) -> Result<Option<MatMut<'a, S>>, Error> {
    part.as_mut()
        .map(|part| {
            let rows = part.rows();
            part.reborrow().block(0, 0, rows, k)
        })
        .transpose()
}

/// Entries of the largest product with the null-space vectors.
const fn corner_len(rows: usize, cols: usize) -> usize {
    let (longer, k) = (larger(rows, cols), smaller(rows, cols));
    let beyond = longer - k;
    beyond.saturating_mul(larger(beyond, k))
}

/// The cotangent of a complete basis, expressed by its first k columns.
struct Folded<'w, S: Scalar> {
    /// gU₁ − U₂ gU₂ᴴ U₁.
    part: Option<MatRef<'w, S>>,
    /// ‖gU‖, ‖gU₁ − U₂ gU₂ᴴ U₁‖ and ‖skew(U₂ᴴ gU₂)‖.
    size: S::Real,
    kept: S::Real,
    discarded: S::Real,
}

impl<'w, S: Scalar> Folded<'w, S> {
    fn new(
        name: &'static str,
        basis: MatRef<'_, S>,
        part: Option<MatRef<'_, S>>,
        storage: &'w mut [S],
        corner: &mut [S],
    ) -> Result<Self, Error> {
        let (zero, one) = (S::Real::zero(), S::Real::one());
        let Some(part) = part else {
            return Ok(Folded { part: None, size: zero, kept: zero, discarded: zero });
        };
        part.check_shape(name, basis.shape())?;
        part.check_finite(name)?;
        let rows = basis.rows();
        let k = storage.len() / rows.max(1);
        let (u1, u2, g2) = (basis.leading_cols(k), basis.trailing_cols(k), part.trailing_cols(k));
        let mut folded = MatMut::col_major(&mut *storage, rows, k)?;
        folded.fill_with(|i, j| part.at(i, j));
        let size = frobenius(part.shape(), |i, j| part.at(i, j));
        let mut discarded = zero;
        if rows > k {
            let beyond = rows - k;
            let mut inside = MatMut::col_major(&mut *corner, beyond, beyond)?;
            gemm(inside.reborrow(), false, one, Operand::adjoint(u2), Operand::plain(g2));
            discarded = skew_norm(&inside);
            let mut across = MatMut::col_major(corner, beyond, k)?;
            gemm(across.reborrow(), false, one, Operand::adjoint(g2), Operand::plain(u1));
            gemm(folded, true, -one, Operand::plain(u2), Operand::plain(across.as_ref()));
        }
        let part = MatRef::col_major(storage, rows, k)?;
        let kept = frobenius(part.shape(), |i, j| part.at(i, j));
        Ok(Folded { part: Some(part), size, kept, discarded })
    }
}

/// dU₂ = −U₁ dU₁ᴴ U₂, in the columns of `part` from k on.
fn unfold<S: Scalar>(basis: MatRef<'_, S>, k: usize, mut part: MatMut<'_, S>, corner: &mut [S]) -> Result<(), Error> {
    let (rows, one) = (basis.rows(), S::Real::one());
    if rows == k {
        return Ok(());
    }
    let mut across = MatMut::col_major(corner, k, rows - k)?;
    let first = part.reborrow().block(0, 0, rows, k)?;
    let u2 = basis.trailing_cols(k);
    gemm(across.reborrow(), false, one, Operand::adjoint(first.as_ref()), Operand::plain(u2));
    let second = part.block(0, k, rows, rows - k)?;
    gemm(second, false, -one, Operand::plain(basis.leading_cols(k)), Operand::plain(across.as_ref()));
    Ok(())
}

/// ‖skew(Z)‖.
fn skew_norm<S: Scalar>(z: &MatMut<'_, S>) -> S::Real {
    let half = S::Real::from_f64(0.5);
    frobenius(z.shape(), |i, j| (z.at(i, j) - z.at(j, i).conj()).scale(half))
}
