//! The exact derivative along a line A + t B, t ≥ 0, through equal singular values.
//!
//! On the line the decomposition can be chosen analytic, block of equal values or not. The block of `UᴴBV` decides the
//! basis: its Hermitian part is diagonal in the limit t → 0, with the derivatives of the singular values on the diagonal. The derivative
//! of U and V inside the block is of second order in B (`docs/derivatives.md`, section 5).

use super::blocks::{Block, blocks, diagonalize, frobenius, mix_columns, small_workspace_len};
use super::invariant::tolerances;
use super::line_null::{NullSpace, null_workspace_len};
use super::rule::Rule;
use super::spectrum::Spectrum;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::{Arena, larger, smaller};

/// Where the branches of the decomposition along a line go, and their derivatives.
#[derive(Debug)]
pub struct BranchesMut<'a, S: Scalar> {
    /// U, m×k, with the basis inside each block that the direction asks for.
    pub u: MatMut<'a, S>,
    /// V, n×k, likewise.
    pub v: MatMut<'a, S>,
    /// dU, m×k.
    pub u_dot: MatMut<'a, S>,
    /// ds, k values; for zeros the one-sided derivative, which is not negative.
    pub s_dot: &'a mut [S::Real],
    /// dV, n×k.
    pub v_dot: MatMut<'a, S>,
}

/// What was met on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineReport {
    /// Blocks of two or more equal non-zero singular values.
    pub blocks: usize,
    /// Singular values that are zero.
    pub zeros: usize,
    /// Pairs inside these that stay together to first order: ds is exact all the same, but the basis of such a pair is
    /// determined by higher orders of t, and its mutual rotation is set to zero in dU and dV. A zero that stays zero counts once.
    pub ties: usize,
}

/// Length of the workspace of [`branches_into`] for an m×n matrix.
#[must_use]
pub const fn branches_workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    let k = smaller(rows, cols);
    let tall = rows.saturating_add(cols).saturating_mul(k).saturating_mul(2);
    let square = k.saturating_mul(k).saturating_mul(4);
    tall.saturating_add(square).saturating_add(inner_workspace_len::<S>(rows, cols))
}

/// The analytic branches of U, s and V on A + t B at t = 0⁺, and their derivatives, however many singular values are equal.
///
/// Inside a block of values equal to σ, with H + K = `UᴴBV` split into its Hermitian and its skew part, `H_II` = Q Λ Qᴴ: U ← U Q, V ← V Q, ds = Λ
/// (descending, so that s stays in order for t > 0), and in this basis for a ≠ b
///
///   `UᴴdU` = (M + N)/2, `VᴴdV` = (M − N)/2, N = K/σ,
///   `M_ab` (λ_b − λ_a) = herm[−K K/σ + Σ_{c∉I} (−`C_ac` `P_cb` + `P_ac` `D_cb`) + E]_ab.
///
/// Between blocks the rule of [`jvp_into`](crate::jvp_into) holds. Zero singular values leave zero one-sidedly: ds are the singular values of B between
/// the null spaces, U and V the vectors of these (also from outside of the given triplets).
///
/// **Shapes.** `factors` k = min(m, n) triplets, `b` m×n, the branches m×k and n×k.
/// Of `rule` the two tolerances count; the gap tolerance relative to ‖B‖ decides whether two ds are equal.
///
/// **Accuracy.** ds: ε‖B‖ times s₁ over the gap to the next block. dU and dV: that over the gaps of the ds besides.
///
/// **Cost.** O(mnk) flops, six products of the size of A by k columns.
///
/// # Errors
/// [`Error::Shape`], [`Error::NonFinite`], [`Error::Parameter`], [`Error::Workspace`]: the branches are untouched then.
/// [`Error::NoConvergence`] (never seen) in the decomposition of a block.
///
/// ```
/// use diffsvd::{BranchesMut, LineReport, Mat, Rule, Svd, branches_into, branches_workspace_len};
///
/// // A = I: any basis is one of singular vectors; along B = [0 1; 1 0] it must be (1, ±1)/√2, with ds = ±1.
/// let svd = Svd::thin(&Mat::<f64>::identity(2))?;
/// let b = Mat::from_rows(&[[0.0, 1.0], [1.0, 0.0]]);
/// let ([mut u, mut v, mut u_dot, mut v_dot], mut s_dot) = ([(); 4].map(|()| Mat::zeros(2, 2)), [0.0; 2]);
/// let (u, v) = (u.as_mut(), v.as_mut());
/// let out = BranchesMut { u, v, u_dot: u_dot.as_mut(), s_dot: &mut s_dot, v_dot: v_dot.as_mut() };
/// let mut work = [0.0; branches_workspace_len::<f64>(2, 2)];
/// let report = branches_into(&svd.factors(), b.as_ref(), &Rule::default(), out, &mut work)?;
/// assert_eq!(report, LineReport { blocks: 1, zeros: 0, ties: 0 });
/// assert!((s_dot[0] - 1.0).abs() < 1e-15 && (s_dot[1] + 1.0).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn branches_into<S: Scalar>(
    factors: &Factors<'_, S>,
    b: MatRef<'_, S>,
    rule: &Rule<S::Real>,
    mut out: BranchesMut<'_, S>,
    work: &mut [S],
) -> Result<LineReport, Error> {
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check(factors, b, &out)?;
    let spectrum = tolerances(factors, rule)?;
    let mut arena = Arena::new(work, branches_workspace_len::<S>(m, n))?;
    let mut take = |rows: usize| MatMut::col_major(arena.take(rows * k), rows, k);
    let mut line = Line {
        factors,
        spectrum: &spectrum,
        b,
        images: [take(m)?, take(n)?],
        tie: rule.gap.absolute((m, n), frobenius((m, n), |i, j| b.at(i, j))),
        report: LineReport::default(),
    };
    let mut outside = [take(m)?, take(n)?];
    let (mut p, mut rotations, mut corner) = (take(k)?, [take(k)?, take(k)?], take(k)?);
    let small = arena.take(inner_workspace_len::<S>(m, n));

    line.resolve(&mut out, &mut corner, small)?;
    let null = NullSpace::resolve(&mut line, &mut out, small)?;
    let one = S::Real::one();
    gemm(p.reborrow(), false, one, Operand::adjoint(out.u.as_ref()), Operand::plain(line.images[0].as_ref()));
    line.outside([out.u.as_ref(), out.v.as_ref()], &mut outside, &mut corner);
    line.rotate(&p, &mut rotations, &outside, out.s_dot);
    let [ru, rv] = &outside;
    let [c, d] = &rotations;
    for (dot, basis, outside, inside) in [(&mut out.u_dot, &out.u, ru, c), (&mut out.v_dot, &out.v, rv, d)] {
        dot.fill_with(|i, j| outside.at(i, j));
        gemm(dot.reborrow(), true, one, Operand::plain(basis.as_ref()), Operand::plain(inside.as_ref()));
    }
    null.add_rotation(&line, &p, &mut out, small)?;
    Ok(line.report)
}

/// Workspace of the small problems, one after another.
const fn inner_workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    let (longer, k) = (larger(rows, cols), smaller(rows, cols));
    let small = small_workspace_len::<S>(k).saturating_add(k);
    let null = null_workspace_len::<S>(longer, k);
    larger(small, null)
}

fn check<S: Scalar>(factors: &Factors<'_, S>, b: MatRef<'_, S>, out: &BranchesMut<'_, S>) -> Result<(), Error> {
    factors.check()?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check_shape("s", (k, 1), (m.min(n), 1))?;
    factors.u.check_finite("U")?;
    factors.v.check_finite("V")?;
    b.check_shape("the direction", (m, n))?;
    b.check_finite("the direction")?;
    for (name, part, rows) in [
        ("the branch of U", &out.u, m),
        ("the branch of V", &out.v, n),
        ("the tangent of U", &out.u_dot, m),
        ("the tangent of V", &out.v_dot, n),
    ] {
        part.check_shape(name, (rows, k))?;
    }
    check_shape("the tangent of s", (out.s_dot.len(), 1), (k, 1))
}

/// The line A + t B at t = 0, with the basis that is being resolved.
pub(super) struct Line<'a, 'w, S: Scalar> {
    pub(super) factors: &'a Factors<'a, S>,
    pub(super) spectrum: &'a Spectrum<'a, S::Real>,
    pub(super) b: MatRef<'a, S>,
    /// B V and Bᴴ U.
    pub(super) images: [MatMut<'w, S>; 2],
    /// Two ds closer than this are equal.
    pub(super) tie: S::Real,
    pub(super) report: LineReport,
}

impl<S: Scalar> Line<'_, '_, S> {
    /// The basis and ds of each block of non-zero values.
    fn resolve(&mut self, out: &mut BranchesMut<'_, S>, h: &mut MatMut<'_, S>, work: &mut [S]) -> Result<(), Error> {
        let one = S::Real::one();
        let Factors { u, s, v } = *self.factors;
        out.u.fill_with(|i, j| u.at(i, j));
        out.v.fill_with(|i, j| v.at(i, j));
        gemm(self.images[0].reborrow(), false, one, Operand::plain(self.b), Operand::plain(v));
        gemm(self.images[1].reborrow(), false, one, Operand::adjoint(self.b), Operand::plain(u));
        let (row, work) = work.split_at_mut(s.len().min(work.len()));
        for block in blocks(self.spectrum, s.len()).filter(|block| !block.zero) {
            let Block { first, len, .. } = block;
            let values = &mut out.s_dot[first..first + len];
            let mut p = h.reborrow().block(0, 0, len, len)?;
            let image = block.columns(self.images[0].as_ref())?;
            gemm(p.reborrow(), false, one, Operand::adjoint(block.columns(u)?), Operand::plain(image));
            if len == 1 {
                values[0] = p.at(0, 0).re();
                continue;
            }
            make_hermitian(&mut p);
            diagonalize(&mut p, values, work)?;
            self.report.blocks += 1;
            self.report.ties += values.windows(2).filter(|pair| pair[0] - pair[1] <= self.tie).count();
            let [bv, bu] = &mut self.images;
            for basis in [out.u.reborrow(), out.v.reborrow(), bv.reborrow(), bu.reborrow()] {
                mix_columns(&mut block.columns_mut(basis)?, p.as_ref(), row);
            }
        }
        Ok(())
    }

    /// R = (I − `UUᴴ`) B V S⁺ and its counterpart; zero where there is no complement.
    fn outside(&self, bases: [MatRef<'_, S>; 2], outside: &mut [MatMut<'_, S>; 2], inside: &mut MatMut<'_, S>) {
        let one = S::Real::one();
        for ((basis, image), r) in bases.into_iter().zip(&self.images).zip(outside) {
            r.fill_with(|i, j| image.at(i, j));
            gemm(inside.reborrow(), false, one, Operand::adjoint(basis), Operand::plain(image.as_ref()));
            gemm(r.reborrow(), true, -one, Operand::plain(basis), Operand::plain(inside.as_ref()));
            for j in 0..r.cols() {
                let complement = basis.rows() > basis.cols();
                let reciprocal = if complement { self.spectrum.reciprocal(j) } else { S::Real::zero() };
                (0..r.rows()).for_each(|i| r.put(i, j, r.at(i, j).scale(reciprocal)));
            }
        }
    }

    /// C = `UᴴdU` and D = `VᴴdV`.
    fn rotate(
        &self,
        p: &MatMut<'_, S>,
        rotations: &mut [MatMut<'_, S>; 2],
        outside: &[MatMut<'_, S>; 2],
        s_dot: &[S::Real],
    ) {
        let k = self.factors.triplets();
        let half = S::Real::from_f64(0.5);
        for block in blocks(self.spectrum, k) {
            for (j, i) in (block.first..block.first + block.len).flat_map(|j| (block.first..k).map(move |i| (j, i))) {
                let between = i >= block.first + block.len;
                let pair = self.spectrum.pair(j, i.max(j), false);
                let (h, k) = split(p, i, j, half);
                // `pair` is that of (j, i): entry (i, j) has the gap with the other sign.
                let (even, odd) = (h.scale(-pair.gap), k.scale(pair.sum));
                for (rotation, entry) in rotations.iter_mut().zip([even + odd, even - odd]) {
                    rotation.put(i, j, if between { entry } else { S::zero() });
                    rotation.put(j, i, if between { -entry.conj() } else { S::zero() });
                }
            }
        }
        for block in blocks(self.spectrum, k).filter(|block| !block.zero) {
            self.rotate_inside(block, p, rotations, outside, s_dot);
        }
    }

    /// Inside a block: C = (M + N)/2 and D = (M − N)/2.
    fn rotate_inside(
        &self,
        block: Block,
        p: &MatMut<'_, S>,
        rotations: &mut [MatMut<'_, S>; 2],
        outside: &[MatMut<'_, S>; 2],
        s_dot: &[S::Real],
    ) {
        let half = S::Real::from_f64(0.5);
        for j in block.first..block.first + block.len {
            for i in j..block.first + block.len {
                let gap = s_dot[j] - s_dot[i];
                let mut even = S::zero();
                if gap > self.tie {
                    let second = self.second_order(block, (i, j), p, rotations, outside)
                        + self.second_order(block, (j, i), p, rotations, outside).conj();
                    even = second.scale(half * half / gap);
                }
                let odd = split(p, i, j, half).1.scale(half / self.factors.s[j]);
                for (rotation, entry) in rotations.iter_mut().zip([even + odd, even - odd]) {
                    rotation.put(i, j, entry);
                    rotation.put(j, i, -entry.conj());
                }
            }
        }
    }

    /// [−K K/σ + Σ_{c∉I} (−`C_ac` `P_cb` + `P_ac` `D_cb`) + R_Uᴴ B V + (Bᴴ U)ᴴ R_V]_ab.
    fn second_order(
        &self,
        block: Block,
        (a, b): (usize, usize),
        p: &MatMut<'_, S>,
        [c, d]: &[MatMut<'_, S>; 2],
        outside: &[MatMut<'_, S>; 2],
    ) -> S {
        let half = S::Real::from_f64(0.5);
        let members = block.first..block.first + block.len;
        let mut sum = S::zero();
        for l in 0..self.factors.triplets() {
            sum += if members.contains(&l) {
                -(split(p, a, l, half).1 * split(p, l, b, half).1).scale(self.factors.s[a].recip())
            } else {
                p.at(a, l) * d.at(l, b) - c.at(a, l) * p.at(l, b)
            };
        }
        let ([bv, bu], [ru, rv]) = (&self.images, outside);
        for (x, y) in [(ru, bv), (bu, rv)] {
            sum = (0..x.rows()).fold(sum, |sum, i| sum + x.at(i, a).conj() * y.at(i, b));
        }
        sum
    }
}

/// Entry (i, j) of the Hermitian and of the skew part of P.
fn split<S: Scalar>(p: &MatMut<'_, S>, i: usize, j: usize, half: S::Real) -> (S, S) {
    let (entry, mirror) = (p.at(i, j), p.at(j, i).conj());
    ((entry + mirror).scale(half), (entry - mirror).scale(half))
}

/// P ← herm(P).
fn make_hermitian<S: Scalar>(p: &mut MatMut<'_, S>) {
    let half = S::Real::from_f64(0.5);
    for j in 0..p.cols() {
        for i in j..p.rows() {
            let entry = split(p, i, j, half).0;
            p.put(i, j, entry);
            p.put(j, i, entry.conj());
        }
    }
}
