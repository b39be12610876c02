//! The freedom in the factors: phases, bases inside blocks of equal values, null-space vectors.
//!
//! U and V may be turned together inside a block of equal singular values (a simple value: by a phase), and each by
//! itself, with what is orthogonal to all triplets, where singular values are zero. The tangents of these motions are
//! (U Ω, V Ω) with Ω skew-Hermitian; a loss that does not depend on the choice has a cotangent orthogonal to all of them.

use super::blocks::small_workspace_len;
use super::cotangent::Cotangent;
use super::gauge::{Discarded, Report};
use super::rule::{AtEqual, Class, Rule};
use super::spectrum::{Need, Spectrum};

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
    let given = Cotangent { u: Some(pair.u.as_ref()), v: Some(pair.v.as_ref()), ..Cotangent::default() };
    let (r, largest) = given.check(factors)?;
    let mut discarded = Discarded::new(largest);
    let size = discarded.size(&given);
    let k = factors.triplets();
    let spectrum = tolerances(factors, rule)?;
    let mut arena = Arena::new(work, gauge_workspace_len::<S>(k))?;
    let (g, q) = (arena.take(k * r), arena.take(k * r));
    for (part, basis, inside) in [(&mut pair.u, factors.u, &mut *g), (&mut pair.v, factors.v, &mut *q)] {
        let mut inside = MatMut::col_major(inside, k, r)?;
        let (one, given) = (S::Real::one(), Operand::plain(part.as_ref()));
        gemm(inside.reborrow(), false, one, Operand::adjoint(basis), given);
        if basis.rows() > k {
            keep_inside(part, basis, &inside, &spectrum, &mut discarded)?;
        }
    }
    gauge_part(&spectrum, (k, r), (g, q), &mut discarded);
    for (part, basis, inside) in [(pair.u, factors.u, &*g), (pair.v, factors.v, &*q)] {
        let inside = Operand::plain(MatRef::col_major(inside, k, r)?);
        gemm(part, true, -S::Real::one(), Operand::plain(basis), inside);
    }
    Ok(discarded.report_of(size, (0..k).filter(|&i| spectrum.is_zero(i)).count()))
}

/// The spectrum with the tolerances of a rule, whatever it does where they are met.
pub(super) fn tolerances<'a, S: Scalar>(
    factors: &Factors<'a, S>,
    rule: &Rule<S::Real>,
) -> Result<Spectrum<'a, S::Real>, Error> {
    Spectrum::new(factors, &Rule { at_equal: AtEqual::MinimumNorm, ..*rule }, Need::vectors(factors, 0))
}

/// Leaves in the columns of zero singular values what lies in the span of the basis.
fn keep_inside<S: Scalar>(
    part: &mut MatMut<'_, S>,
    basis: MatRef<'_, S>,
    inside: &MatMut<'_, S>,
    spectrum: &Spectrum<'_, S::Real>,
    discarded: &mut Discarded<S::Real>,
) -> Result<(), Error> {
    let ((k, r), rows) = (inside.shape(), part.rows());
    let first = (0..r).find(|&j| spectrum.is_zero(j)).unwrap_or(r);
    let given = Operand::plain(inside.as_ref().block(0, first, k, r - first)?);
    let mut zeros = part.reborrow().block(0, first, rows, r - first)?;
    let one = S::Real::one();
    gemm(zeros.reborrow(), true, -one, Operand::plain(basis), given);
    for j in 0..r - first {
        (0..rows).for_each(|i| discarded.add(zeros.at(i, j)));
    }
    gemm(zeros, false, one, Operand::plain(basis), given);
    Ok(())
}

/// Replaces UᴴgU and VᴴgV, k×r, by the coordinates of their gauge part.
fn gauge_part<S: Scalar>(
    spectrum: &Spectrum<'_, S::Real>,
    (k, r): (usize, usize),
    (g, q): (&mut [S], &mut [S]),
    discarded: &mut Discarded<S::Real>,
) {
    let half = S::Real::from_f64(0.5);
    for j in 0..r {
        let at = j * k + j;
        let imaginary = |z: S| S::from_parts(S::Real::zero(), z.im());
        let class = if spectrum.is_zero(j) { Class::Zero } else { Class::Equal };
        (g[at], q[at]) = discard(class, 1, (imaginary(g[at]), imaginary(q[at])), discarded);
    }
    spectrum.each_pair((k, r), |j, i, linked| {
        let (low, high, inside) = (j * k + i, i * k + j, i < r);
        let class = spectrum.pair(j, i, linked).class;
        discarded.equal_pairs += usize::from(class == Class::Equal);
        // Beyond the r columns of the cotangents there is no mirror image.
        let skew = |z: &[S]| (z[low] - if inside { z[high].conj() } else { S::zero() }).scale(half);
        let (left, right) = discard(class, 2, (skew(g), skew(q)), discarded);
        (g[low], q[low]) = if inside { (left, right) } else { (left + left, right + right) };
        if inside {
            (g[high], q[high]) = (-left.conj(), -right.conj());
        }
    });
}

/// The gauge part of an entry x of skew(UᴴgU) and y of skew(VᴴgV), which stands in `count` places.
fn discard<S: Scalar>(class: Class, count: usize, (x, y): (S, S), discarded: &mut Discarded<S::Real>) -> (S, S) {
    let both = x + y;
    match class {
        Class::Distinct => (S::zero(), S::zero()),
        Class::Equal => {
            (0..count).for_each(|_| discarded.add(both));
            let half = both.scale(S::Real::from_f64(0.5));
            (half, half)
        }
        Class::Zero => {
            (0..count).for_each(|_| {
                discarded.add(x);
                discarded.add(y);
            });
            (x, y)
        }
    }
}
