//! The freedom in the factors: phases, bases inside blocks of equal values, null-space vectors.
//!
//! U and V may be turned together inside a block of equal singular values (a simple value: by a phase), and each by
//! itself, with what is orthogonal to all triplets, where singular values are zero. The tangents of these motions are
//! (U Ω, V Ω) with Ω skew-Hermitian; a loss that does not depend on the choice has a cotangent orthogonal to all of them.

use super::blocks::small_workspace_len;
use super::rule::{AtEqual, Class, Need, Rule, Spectrum};
use super::vjp::{Cotangent, Report};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::Arena;

/// Length of the workspace of [`remove_gauge`] and [`align`](crate::align) for k triplets.
#[must_use]
pub const fn gauge_workspace_len<S: Scalar>(triplets: usize) -> usize {
    let square = triplets.saturating_mul(triplets).saturating_mul(2);
    let small = small_workspace_len::<S>(triplets).saturating_add(triplets);
    square.saturating_add(small)
}

/// A pair of m×r and n×r matrices that belong to U and V.
#[derive(Debug)]
pub struct PairMut<'a, S> {
    /// m×r.
    pub u: MatMut<'a, S>,
    /// n×r.
    pub v: MatMut<'a, S>,
}

/// Projects the cotangents gU and gV, in place, onto those of losses that do not depend on the arbitrary choices in U and V.
///
/// The orthogonal projection in ⟨·, ·⟩ = Re tr(·ᴴ·): gU − U D, gV − V D with D = (skew(UᴴgU) + skew(VᴴgV))/2 inside each block of equal values (the
/// diagonal included: phases), gU − U skew(UᴴgU) and the same for V where both values are zero, and without the part
/// outside of all triplets in the columns of zeros. What [`vjp_into`](crate::vjp_into) makes of the cotangents is the same
/// before and after by [`AtEqual::MinimumNorm`], and the report is that of the cotangents before.
///
/// Of `rule` the two tolerances count. Shapes: k triplets, r ≤ k columns; workspace [`gauge_workspace_len`]. Cost: four
/// products of k by r columns over m and n.
///
/// # Errors
/// [`Error::Shape`], [`Error::NonFinite`], [`Error::Parameter`], [`Error::Workspace`]; nothing is changed then.
///
/// ```
/// use diffsvd::{Mat, PairMut, Rule, Svd, gauge_workspace_len, remove_gauge};
/// let svd = Svd::thin(&Mat::<f64>::identity(2))?; // any rotation of U and V together will do
/// let (mut gu, mut gv) = (Mat::from_rows(&[[0.0, 3.0], [1.0, 0.0]]), Mat::zeros(2, 2));
/// let mut work = [0.0; gauge_workspace_len::<f64>(2)];
/// let pair = PairMut { u: gu.as_mut(), v: gv.as_mut() };
/// let report = remove_gauge(&svd.factors(), pair, &Rule::default(), &mut work)?;
/// // skew(UᴴgU) = ±1 off the diagonal: half of it leaves gU, the other half gV.
/// assert!(report.gauge_residual > 0.4 && (gu[(0, 1)] - 2.5).abs() < 1e-15 && (gv[(0, 1)] + 0.5).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn remove_gauge<S: Scalar>(
    factors: &Factors<'_, S>,
    mut pair: PairMut<'_, S>,
    rule: &Rule<S::Real>,
    work: &mut [S],
) -> Result<Report<S::Real>, Error> {
    factors.check()?;
    let (r, size) = {
        let (u, v) = (pair.u.as_ref(), pair.v.as_ref());
        let cotangent = Cotangent { u: Some(u), v: Some(v), ..Cotangent::default() };
        (cotangent.check(factors)?, squares(u) + squares(v))
    };
    let k = factors.triplets();
    let spectrum = tolerances(factors, rule)?;
    let mut arena = Arena::new(work, gauge_workspace_len::<S>(k))?;
    let (g, q) = (arena.take(k * r), arena.take(k * r));
    let mut discarded = S::Real::zero();
    for (part, basis, inside) in [(&mut pair.u, factors.u, &mut *g), (&mut pair.v, factors.v, &mut *q)] {
        let mut inside = MatMut::col_major(inside, k, r)?;
        let (one, given) = (S::Real::one(), Operand::plain(part.as_ref()));
        gemm(inside.reborrow(), false, one, Operand::adjoint(basis), given);
        if basis.rows() > k {
            discarded += keep_inside(part, basis, &inside, &spectrum)?;
        }
    }
    let (equal_pairs, inner) = gauge_part(&spectrum, k, r, (g, q));
    discarded += inner;
    for (part, basis, inside) in [(pair.u, factors.u, &*g), (pair.v, factors.v, &*q)] {
        let inside = Operand::plain(MatRef::col_major(inside, k, r)?);
        gemm(part, true, -S::Real::one(), Operand::plain(basis), inside);
    }
    Ok(Report {
        gauge_residual: if size > S::Real::zero() { (discarded / size).sqrt() } else { size },
        equal_pairs,
        zeros: (0..k).filter(|&i| spectrum.is_zero(i)).count(),
    })
}

/// The spectrum with the tolerances of a rule, whatever it does where they are met.
pub(super) fn tolerances<'a, S: Scalar>(
    factors: &Factors<'a, S>,
    rule: &Rule<S::Real>,
) -> Result<Spectrum<'a, S::Real>, Error> {
    Spectrum::new(factors, &Rule { at_equal: AtEqual::MinimumNorm, ..*rule }, Need::NOTHING)
}

/// Leaves in the columns of zero singular values what lies in the span of the basis; returns the squares of what went.
fn keep_inside<S: Scalar>(
    part: &mut MatMut<'_, S>,
    basis: MatRef<'_, S>,
    inside: &MatMut<'_, S>,
    spectrum: &Spectrum<'_, S::Real>,
) -> Result<S::Real, Error> {
    let (k, r) = inside.shape();
    let first = (0..r).find(|&j| spectrum.is_zero(j)).unwrap_or(r);
    let rows = part.rows();
    let given = inside.as_ref().block(0, first, k, r - first)?;
    let mut zeros = part.reborrow().block(0, first, rows, r - first)?;
    let one = S::Real::one();
    gemm(zeros.reborrow(), true, -one, Operand::plain(basis), Operand::plain(given));
    let gone = squares(zeros.as_ref());
    gemm(zeros, false, one, Operand::plain(basis), Operand::plain(given));
    Ok(gone)
}

/// Replaces UᴴgU and VᴴgV by the coordinates of their gauge part; returns the number of equal pairs, and the squares that
/// the rules discard.
fn gauge_part<S: Scalar>(
    spectrum: &Spectrum<'_, S::Real>,
    k: usize,
    r: usize,
    (g, q): (&mut [S], &mut [S]),
) -> (usize, S::Real) {
    let (half, two) = (S::Real::from_f64(0.5), S::Real::from_f64(2.0));
    let (mut equal_pairs, mut discarded) = (0, S::Real::zero());
    for j in 0..r {
        let at = j * k + j;
        let (x, y) = (S::from_parts(S::Real::zero(), g[at].im()), S::from_parts(S::Real::zero(), q[at].im()));
        let zero = spectrum.is_zero(j);
        discarded += if zero { x.modulus_squared() + y.modulus_squared() } else { (x + y).modulus_squared() };
        (g[at], q[at]) = if zero { (x, y) } else { ((x + y).scale(half), (x + y).scale(half)) };
        let mut linked = true;
        for i in j + 1..k {
            linked &= spectrum.linked_to_next(i - 1);
            let (low, high, inside) = (j * k + i, i * k + j, i < r);
            // Beyond the r columns of the cotangents there is no mirror image.
            let skew = |z: &[S]| (z[low] - if inside { z[high].conj() } else { S::zero() }).scale(half);
            let (x, y) = (skew(g), skew(q));
            let both = (x + y).scale(half);
            let (left, right) = match spectrum.pair(j, i, linked).class {
                Class::Distinct => (S::zero(), S::zero()),
                Class::Equal => {
                    equal_pairs += 1;
                    discarded += two * (x + y).modulus_squared();
                    (both, both)
                }
                Class::Zero => {
                    discarded += two * (x.modulus_squared() + y.modulus_squared());
                    (x, y)
                }
            };
            let share = if inside { S::Real::one() } else { two };
            (g[low], q[low]) = (left.scale(share), right.scale(share));
            if inside {
                (g[high], q[high]) = (-left.conj(), -right.conj());
            }
        }
    }
    (equal_pairs, discarded)
}

/// Σ |zᵢⱼ|².
pub(super) fn squares<S: Scalar>(z: MatRef<'_, S>) -> S::Real {
    let column = |j| (0..z.rows()).fold(S::Real::zero(), |sum, i| sum + z.at(i, j).modulus_squared());
    (0..z.cols()).fold(S::Real::zero(), |sum, j| sum + column(j))
}
