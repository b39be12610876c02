//! The backward rule: (gU, gs, gV) ↦ gA, Theorem 3.2.

use super::cotangent::{Cotangent, Target};
use super::gauge::{Discarded, Report};
use super::pairs::{Backward, Portion, each_portion};
use super::rule::{Class, Pair, Rule};
use super::spectrum::{Need, Spectrum};
use crate::error::Error;
use crate::factors::Factors;
use crate::instances::Instances;
use crate::kernel::entry::{read, write};
use crate::kernel::{Level, Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::{Arena, larger};

/// Length of the workspace of [`vjp_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn vjp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    triplets.saturating_mul(larger(rows, cols).saturating_add(triplets.saturating_mul(2)))
}

/// The gradient of a loss of U, s and V with respect to A:
///
///   gA = U [ Gap∘(X + Y) + Sum∘(X − Y) + diag(gs) ] Vᴴ + (I − `UUᴴ`) gU S⁺ Vᴴ + U S⁺ gVᴴ (I − `VVᴴ`),
///
/// X = skew(UᴴgU), Y = skew(VᴴgV), Gapᵢⱼ = 1/(sⱼ − sᵢ), Sumᵢⱼ = 1/(sⱼ + sᵢ), each replaced by what the rule says where
/// singular values are equal or zero. Finite for every A; the exact adjoint of [`jvp_into`](crate::jvp_into) by the same rule.
///
/// For complex matrices gA is the cotangent with dL = Re tr(gAᴴ dA), as in `PyTorch`; JAX uses its conjugate.
///
/// **Shapes.** `factors` k triplets, the cotangents r ≤ k columns, `target` m×n. `factors` with fewer than min(m, n)
/// triplets means that the remaining singular values are zero.
///
/// **Accuracy.** Relative error ε‖g‖/gap where singular values are distinct. What is exact at equal ones is in the table of
/// `docs/derivatives.md`, section 2.
///
/// **Cost.** Four products of the size of A by r columns for a square matrix, up to seven otherwise.
///
/// # Errors
/// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`], [`Error::Parameter`]; for the plain rule
/// [`Error::EqualSingularValues`] and [`Error::ZeroSingularValue`]. The target is untouched then.
///
/// Zhang & Hu, arXiv:2411.14141, Theorem 3.2, in the form of `docs/derivatives.md`, section 1.
///
/// ```
/// use diffsvd::{Cotangent, Factors, MatMut, MatRef, Rule, Target, vjp_into, vjp_workspace_len};
///
/// // A = [2 4; −4 2] = U S Vᴴ with both singular values √20; L = s₁ + s₂.
/// let c = 1.0 / 5_f64.sqrt();
/// let (u, s, v) = ([c, -2.0 * c, 2.0 * c, c], [20_f64.sqrt(); 2], [1.0, 0.0, 0.0, 1.0]);
/// let factors = Factors { u: MatRef::col_major(&u, 2, 2)?, s: &s, v: MatRef::col_major(&v, 2, 2)? };
/// let cotangent = Cotangent { s: Some(&[1.0, 1.0]), ..Cotangent::default() };
/// let (mut ga, mut work) = ([0.0; 4], [0.0; vjp_workspace_len::<f64>(2, 2, 2)]);
/// vjp_into(&factors, &cotangent, &Rule::default(), Target::Overwrite(MatMut::col_major(&mut ga, 2, 2)?), &mut work)?;
/// assert!(ga.iter().zip(&u).all(|(g, u)| (g - u).abs() < 1e-15)); // gA = U Vᴴ
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn vjp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    cotangent: &Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<Report<S::Real>, Error> {
    factors.check()?;
    let (r, largest) = cotangent.check(factors)?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check_shape("the gradient of A", target.shape(), (m, n))?;
    let need = Need::vectors(factors, r).of_parts(cotangent.u.is_some(), cotangent.v.is_some());
    let mut spectrum = Spectrum::new(factors, rule, need)?;
    if cotangent.s_matrix.is_some() {
        spectrum = spectrum.beside_block_cotangent();
    }
    let mut arena = Arena::new(work, vjp_workspace_len::<S>(m, n, k))?;

    let (g, q, l) = (arena.take(k * r), arena.take(k * r), arena.take(m.max(n) * r));
    let mut middle = Middle { k, r, g, q, left: m > k, right: n > k };
    let mut discarded = Discarded::new(largest);
    middle.project(factors, cotangent, &spectrum, (l, &mut discarded))?;
    middle.combine(&spectrum, cotangent, &mut discarded);
    middle.expand(factors, cotangent, &spectrum, target.into_parts(), l)?;
    let zeros = (0..k).filter(|&i| spectrum.is_zero(i)).count();
    Ok(discarded.report(cotangent, zeros))
}

/// The k×r matrices between the bases.
struct Middle<'w, S> {
    k: usize,
    r: usize,
    /// G = `UᴴgU`, then what stands between U and `V_rᴴ`.
    g: &'w mut [S],
    /// Q = `VᴴgV`, then, in its rows from r on, what stands between V and `U_rᴴ`.
    q: &'w mut [S],
    /// Whether U leaves a complement, and V.
    left: bool,
    right: bool,
}

impl<S: Scalar> Middle<'_, S> {
    /// G = Uᴴ gU and Q = Vᴴ gV. Discards (I − `UUᴴ`) gU and (I − `VVᴴ`) gV in the columns whose singular value is zero, as S⁺ does.
    fn project(
        &mut self,
        factors: &Factors<'_, S>,
        cotangent: &Cotangent<'_, S>,
        spectrum: &Spectrum<'_, S::Real>,
        (scratch, discarded): (&mut [S], &mut Discarded<S::Real>),
    ) -> Result<(), Error> {
        let nonzero = (0..self.r).filter(|&j| !spectrum.is_zero(j)).count();
        let (mut g, mut q) =
            (MatMut::col_major(&mut *self.g, self.k, self.r)?, MatMut::col_major(&mut *self.q, self.k, self.r)?);
        project_part(&mut g, factors.u, cotangent.u, nonzero, (&mut *scratch, &mut *discarded))?;
        project_part(&mut q, factors.v, cotangent.v, nonzero, (scratch, discarded))
    }

    /// Replaces G and Q, pair by pair, by what stands between the bases.
    fn combine(
        &mut self,
        spectrum: &Spectrum<'_, S::Real>,
        cotangent: &Cotangent<'_, S>,
        discarded: &mut Discarded<S::Real>,
    ) {
        for j in 0..self.r {
            self.combine_diagonal(j, spectrum, cotangent, discarded);
        }
        let level = Level::detect();
        each_portion::<S>(spectrum, self.r, level, (self.left, self.right), |portion| match portion {
            Portion::Pair(a, b, linked) => {
                let pair = spectrum.pair(a, b, linked);
                discarded.equal_pairs += usize::from(pair.class == Class::Equal);
                self.combine_pair((a, b), &pair, spectrum, cotangent, discarded);
            }
            Portion::Pairs(pairs) => S::Real::pairs_backward(Backward { pairs, g: self.g, q: self.q }, level),
        });
    }

    /// Entry (j, j): the cotangent of the singular value, and of the phase of a complex triplet.
    #[cfg_attr(target_os = "none", inline(never))]
    fn combine_diagonal(
        &mut self,
        j: usize,
        spectrum: &Spectrum<'_, S::Real>,
        cotangent: &Cotangent<'_, S>,
        discarded: &mut Discarded<S::Real>,
    ) {
        let at = j * self.k + j;
        let (g, q) = (read(self.g, at), read(self.q, at));
        let mut value = S::zero();
        if S::PARTS == 2 {
            let (x, y) = (g.im(), q.im());
            if spectrum.is_zero(j) {
                discarded.add(x);
                discarded.add(y);
            } else {
                discarded.add(x + y);
            }
            value = S::from_parts(S::Real::zero(), spectrum.phase(j) * (x - y));
        }
        if let Some(gs) = cotangent.s {
            value += S::from_real(read(gs, j));
        }
        if let Some(gs) = cotangent.s_matrix {
            let gs = gs.at(j, j);
            value += if spectrum.is_zero(j) { gs } else { S::from_real(gs.re()) };
        }
        if self.left {
            value -= g.scale(spectrum.reciprocal(j));
        }
        if self.right {
            value -= q.conj().scale(spectrum.reciprocal(j));
        }
        write(self.g, at, value);
    }

    /// Entries (a, b) and (b, a), a < b, a < r.
    fn combine_pair(
        &mut self,
        (a, b): (usize, usize),
        pair: &Pair<S::Real>,
        spectrum: &Spectrum<'_, S::Real>,
        cotangent: &Cotangent<'_, S>,
        discarded: &mut Discarded<S::Real>,
    ) {
        let (k, inside) = (self.k, b < self.r);
        let (low, high) = (a * k + b, b * k + a);
        // Row b of column a, and its mirror image, which is zero beyond the r columns of the cotangents.
        let at = |m: &[S], inside: bool| (read(m, low), if inside { read(m, high) } else { S::zero() });
        let ((g, g_mirror), (q, q_mirror)) = (at(self.g, inside), at(self.q, inside));
        let half = S::Real::from_f64(0.5);
        let skew = |x: S, mirror: S| (x - mirror.conj()).scale(half);
        let herm = |x: S, mirror: S| (x + mirror.conj()).scale(half);
        let (x, y) = (skew(g, g_mirror), skew(q, q_mirror));
        let hermitian = herm(g, g_mirror) + herm(q, q_mirror);
        // Each entry stands for its mirror image too.
        match pair.class {
            Class::Distinct => {}
            Class::Equal => [x + y; 2].into_iter().for_each(|z| discarded.add(z)),
            Class::Zero => [x, x, y, y].into_iter().for_each(|z| discarded.add(z)),
        }
        // `pair` is that of (a, b); this is entry (b, a), where the gap has the other sign.
        let mut even = (x + y).scale(-pair.gap) + hermitian.scale(pair.block);
        let mut odd = (x - y).scale(pair.sum);
        let (mut extra, mut extra_mirror) = (g.scale(pair.left), g_mirror.scale(pair.left));
        if let (Some(gs), true, true) = (cotangent.s_matrix, inside, pair.class != Class::Distinct) {
            let (gs, mirror) = (gs.at(b, a), gs.at(a, b));
            match pair.class {
                Class::Zero => (extra, extra_mirror) = (extra + gs, extra_mirror + mirror),
                _ => even += herm(gs, mirror),
            }
        }
        let entry = even + odd + extra;
        (even, odd) = (even.conj(), -odd.conj());
        let mirror = even + odd + extra_mirror;

        let (reciprocal_a, reciprocal_b) = (spectrum.reciprocal(a), spectrum.reciprocal(b));
        let if_left = |x: S| if self.left { x } else { S::zero() };
        let if_right = |x: S| if self.right { x } else { S::zero() };
        write(self.g, low, entry - if_left(g.scale(reciprocal_a)) - if_right(q_mirror.conj().scale(reciprocal_b)));
        if inside {
            write(
                self.g,
                high,
                mirror - if_left(g_mirror.scale(reciprocal_b)) - if_right(q.conj().scale(reciprocal_a)),
            );
        } else {
            write(self.q, low, mirror.conj() - if_right(q.scale(reciprocal_a)));
        }
    }

    /// gA = (U G + gU S⁺) `V_rᴴ` + `U_r` (V Q + gV S⁺)ᴴ, with the parts that are not there left out.
    fn expand(
        &mut self,
        factors: &Factors<'_, S>,
        cotangent: &Cotangent<'_, S>,
        spectrum: &Spectrum<'_, S::Real>,
        (mut ga, keep): (MatMut<'_, S>, bool),
        scratch: &mut [S],
    ) -> Result<(), Error> {
        let ((m, n), (k, r), one) = (factors.shape(), (self.k, self.r), S::Real::one());
        let (u, v) = (factors.u, factors.v);
        let mut l = MatMut::col_major(&mut *scratch, m, r)?;
        let kept = scaled_by_reciprocals(&mut l, cotangent.u.filter(|_| self.left), spectrum);
        gemm(l.reborrow(), kept, one, Operand::plain(u), Operand::plain(MatRef::col_major(self.g, k, r)?));
        gemm(ga.reborrow(), keep, one, Operand::plain(l.as_ref()), Operand::adjoint(v.leading_cols(r)));

        let beyond = r < k && cotangent.has_vectors();
        if beyond || (self.right && cotangent.v.is_some()) {
            let mut l = MatMut::col_major(scratch, n, r)?;
            let kept = scaled_by_reciprocals(&mut l, cotangent.v.filter(|_| self.right), spectrum);
            if beyond {
                let rest = MatRef::col_major(self.q, k, r)?.block(r, 0, k - r, r)?;
                gemm(l.reborrow(), kept, one, Operand::plain(v.trailing_cols(r)), Operand::plain(rest));
            }
            gemm(ga, true, one, Operand::plain(u.leading_cols(r)), Operand::adjoint(l.as_ref()));
        }
        Ok(())
    }
}

/// Basisᴴ part; discards (I − basis basisᴴ) part in the columns from `nonzero` on.
#[cfg_attr(target_os = "none", inline(never))]
fn project_part<S: Scalar>(
    product: &mut MatMut<'_, S>,
    basis: MatRef<'_, S>,
    part: Option<MatRef<'_, S>>,
    nonzero: usize,
    (scratch, discarded): (&mut [S], &mut Discarded<S::Real>),
) -> Result<(), Error> {
    let ((k, r), one) = (product.shape(), S::Real::one());
    let Some(part) = part else {
        product.fill_with(|_, _| S::zero());
        return Ok(());
    };
    gemm(product.reborrow(), false, one, Operand::adjoint(basis), Operand::plain(part));
    if nonzero < r && basis.rows() > k {
        let (rows, count) = (basis.rows(), r - nonzero);
        let scratch = scratch.get_mut(..rows * count).unwrap_or_default();
        let mut rest = MatMut::col_major(scratch, rows, count)?;
        let part = part.trailing_cols(nonzero);
        rest.fill_with(|i, j| part.at(i, j));
        let inside = product.as_ref().trailing_cols(nonzero);
        gemm(rest, true, -one, Operand::plain(basis), Operand::plain(inside));
        for &x in &*scratch {
            discarded.add(x);
        }
    }
    Ok(())
}

/// L ← part S⁺; says whether there was a part.
fn scaled_by_reciprocals<S: Scalar>(
    l: &mut MatMut<'_, S>,
    part: Option<MatRef<'_, S>>,
    spectrum: &Spectrum<'_, S::Real>,
) -> bool {
    if let Some(part) = part {
        l.fill_scaled(part, |j| spectrum.reciprocal(j));
    }
    part.is_some()
}
