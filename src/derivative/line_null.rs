//! The zero singular values on a line A + t B: the null spaces of A see B to first order and −B A⁺ B to second.
//!
//! In bases U₀ and V₀ of the whole null spaces, A + t B acts like t (G + t G′) with G = U₀ᴴ B V₀ and
//! G′ = −U₀ᴴ B A⁺ B V₀. The zeros leave with the singular values of G, along its singular vectors, and these turn as
//! those of G along G′. One of the two null spaces is spanned by the given vectors (that of the shorter side); the other
//! may be larger, and is never formed: (I − U_r U_rᴴ) B V₀ has the same singular values and its left vectors lie in place.

use super::blocks::{largest_svd_workspace_len, mix_columns, project_out};
use super::jvp::{TangentMut, jvp_into, jvp_workspace_len};
use super::line::{BranchesMut, Line};
use super::rule::{AtEqual, Rule};
use super::vector::norm;
use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::plan::{Vectors, svd_workspace_len};
use crate::scalar::{One, Scalar, Zero};
use crate::svd::{FactorsMut, svd_into};
use crate::workspace::{Arena, larger};

/// Workspace of both steps for a matrix with `longer` rows or columns and k = min(m, n).
pub(super) const fn null_workspace_len<S: Scalar>(longer: usize, k: usize) -> usize {
    let (svd, jvp) = (largest_svd_workspace_len::<S>(longer, k), jvp_workspace_len::<S>(longer, k, k));
    let tall = longer.saturating_mul(k).saturating_mul(2);
    let square = k.saturating_mul(k).saturating_mul(3).saturating_add(k);
    tall.saturating_add(longer).saturating_add(square).saturating_add(larger(svd, jvp))
}

/// The zeros, from `first` on.
pub(super) struct NullSpace {
    first: usize,
    count: usize,
    /// Whether U is the longer side.
    tall: bool,
}

/// What belongs to one side, that of U or of V.
struct Side<'a, S> {
    basis: MatMut<'a, S>,
    /// B or Bᴴ applied to the basis of the other side.
    image: MatMut<'a, S>,
}

impl NullSpace {
    /// The bases and ds of the zeros.
    pub(super) fn resolve<S: Scalar>(
        line: &mut Line<'_, '_, S>,
        out: &mut BranchesMut<'_, S>,
        work: &mut [S],
    ) -> Result<Self, Error> {
        let ((m, n), k) = (line.factors.shape(), line.factors.triplets());
        let first = (0..k).find(|&j| line.spectrum.is_zero(j)).unwrap_or(k);
        let null = NullSpace { first, count: k - first, tall: m >= n };
        let (count, longer) = (null.count, m.max(n));
        if count == 0 {
            return Ok(null);
        }
        let mut arena = Arena::new(work, null_workspace_len::<S>(longer, k))?;
        let (target, turn) = (arena.take(longer * count), arena.take(count * count));
        let (inside, row, vector) = (arena.take(k * count), arena.take(count), arena.take(longer));
        let s_dot = &mut out.s_dot[first..];
        let [bv, bu] = &mut line.images;
        let u = Side { basis: out.u.reborrow(), image: bv.reborrow() };
        let v = Side { basis: out.v.reborrow(), image: bu.reborrow() };
        let (mut long, mut short) = if null.tall { (u, v) } else { (v, u) };

        let mut seen = MatMut::col_major(target, longer, count)?;
        seen.fill_with(|i, j| long.image.at(i, first + j));
        // Twice: what B carries into the null space may be small beside the rest.
        for _ in 0..2 {
            project_out(long.basis.as_ref().leading_cols(first), seen.reborrow(), inside)?;
        }
        let rest = arena.take(svd_workspace_len::<S>(longer, count, Vectors::Thin));
        let q = MatMut::col_major(&mut *turn, count, count)?;
        svd_into(
            seen.as_ref(),
            Vectors::Thin,
            FactorsMut { u: zeros(&mut long.basis, first)?, s: &mut *s_dot, v: q },
            rest,
        )?;
        let given = if null.tall { line.factors.u } else { line.factors.v };
        project_out(given.leading_cols(first), zeros(&mut long.basis, first)?, inside)?;
        let turn = MatRef::col_major(turn, count, count)?;
        for part in [&mut short.basis, &mut long.image] {
            mix_columns(&mut zeros(part, first)?, turn, row);
        }

        line.report.zeros = count;
        line.report.ties += s_dot.windows(2).filter(|pair| pair[0] - pair[1] <= line.tie).count();
        for j in (0..count).filter(|&j| s_dot[j] <= line.tie) {
            complete(&mut long.basis, first + j, given.trailing_cols(first), (&mut *vector, &mut *inside))?;
        }
        let silent = s_dot.iter().filter(|&&s| s <= line.tie).count();
        s_dot[count - silent..].fill(S::Real::zero());
        line.report.ties += usize::from(silent == 1);

        let b = if null.tall { Operand::adjoint(line.b) } else { Operand::plain(line.b) };
        let source = Operand::plain(long.basis.as_ref().trailing_cols(first));
        gemm(zeros(&mut short.image, first)?, false, S::Real::one(), b, source);
        Ok(null)
    }

    /// Adds to dU and dV of the zeros what turns them among themselves and, on the longer side, out of the given triplets.
    pub(super) fn add_rotation<S: Scalar>(
        &self,
        line: &Line<'_, '_, S>,
        p: &MatMut<'_, S>,
        out: &mut BranchesMut<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        let (first, count, (m, n)) = (self.first, self.count, line.factors.shape());
        let (k, longer, one) = (first + count, m.max(n), S::Real::one());
        let s = &out.s_dot[first..];
        let Some(&largest) = s.first().filter(|&&largest| largest > S::Real::zero()) else { return Ok(()) };
        let mut arena = Arena::new(work, null_workspace_len::<S>(longer, k))?;
        let inside = arena.take(first * count);
        let mut take = |rows: usize, cols: usize| MatMut::col_major(arena.take(rows * cols), rows, cols);
        let (mut across, mut direction, mut turned) = (take(first, count)?, take(longer, count)?, take(longer, count)?);
        let (mut identity, mut turn) = (take(count, count)?, take(count, count)?);

        let (long, short) = if self.tall { (&out.u, &out.v) } else { (&out.v, &out.u) };
        let image = line.images[usize::from(!self.tall)].as_ref().leading_cols(first);
        // S_r⁻¹ U_rᴴ B V₀, or S_r⁻¹ V_rᴴ Bᴴ U₀.
        across.fill_with(|i, j| {
            let entry = if self.tall { p.at(i, first + j) } else { p.at(first + j, i).conj() };
            entry.scale(line.spectrum.reciprocal(i))
        });
        gemm(direction.reborrow(), false, -one, Operand::plain(image), Operand::plain(across.as_ref()));
        project_out(long.as_ref().leading_cols(first), direction.reborrow(), inside)?;
        identity.fill_with(|i, j| if i == j { S::one() } else { S::zero() });

        let tolerance = Tolerance::Relative(line.tie / largest);
        let rule = Rule { at_equal: AtEqual::MinimumNorm, gap: tolerance, rank: tolerance };
        let factors = Factors { u: long.as_ref().trailing_cols(first), s, v: identity.as_ref() };
        let tangent = TangentMut { u: Some(turned.reborrow()), v: Some(turn.reborrow()), ..TangentMut::default() };
        jvp_into(
            &factors,
            direction.as_ref(),
            &rule,
            tangent,
            arena.take(jvp_workspace_len::<S>(longer, count, count)),
        )?;

        let short = Operand::plain(short.as_ref().trailing_cols(first));
        let (long_dot, short_dot) =
            if self.tall { (&mut out.u_dot, &mut out.v_dot) } else { (&mut out.v_dot, &mut out.u_dot) };
        for j in 0..count {
            (0..longer).for_each(|i| long_dot.put(i, first + j, long_dot.at(i, first + j) + turned.at(i, j)));
        }
        gemm(zeros(short_dot, first)?, true, one, short, Operand::plain(turn.as_ref()));
        Ok(())
    }
}

/// The columns from `first` on, to be written.
fn zeros<'a, S: Scalar>(basis: &'a mut MatMut<'_, S>, first: usize) -> Result<MatMut<'a, S>, Error> {
    let (rows, cols) = basis.shape();
    basis.reborrow().block(0, first, rows, cols - first)
}

/// Column j of the basis: a unit vector in the span of the null vectors, orthogonal to the columns before it.
///
/// Of the given vectors the one that keeps most when these are projected out: at least 1/√(their number).
fn complete<S: Scalar>(
    basis: &mut MatMut<'_, S>,
    j: usize,
    null: MatRef<'_, S>,
    (vector, inside): (&mut [S], &mut [S]),
) -> Result<(), Error> {
    let rows = basis.rows();
    let mut largest = S::Real::zero();
    for candidate in 0..null.cols() {
        for (i, x) in vector.iter_mut().enumerate() {
            *x = null.at(i, candidate);
        }
        // Twice: then what is left is orthogonal to working precision.
        for _ in 0..2 {
            project_out(basis.as_ref().leading_cols(j), MatMut::col_major(&mut *vector, rows, 1)?, inside)?;
        }
        let size = norm(vector);
        if size > largest {
            largest = size;
            let unit = size.recip();
            (0..rows).for_each(|i| basis.put(i, j, vector[i].scale(unit)));
        }
    }
    Ok(())
}
