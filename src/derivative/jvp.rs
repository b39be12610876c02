//! The forward rule: dA ↦ (dU, ds, dV), Theorem 3.1.

use super::pairs::{Forward, Portion, each_portion};
use super::rule::{Class, Pair, Rule};
use super::spectrum::{Need, Spectrum};
use crate::error::Error;
use crate::factors::Factors;
use crate::instances::Instances;
use crate::kernel::entry::{read, write};
use crate::kernel::transpose::adjoint;
use crate::kernel::{Level, Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar, Zero};
use crate::scale::largest_part;
use crate::workspace::Arena;

/// Where the tangents of the factors go. What is `None` is not computed.
///
/// All parts have the same number r ≤ k of columns (entries): r < k gives the tangents of the leading r triplets alone.
#[derive(Debug)]
pub struct TangentMut<'a, S: Scalar> {
    /// dU, m×r.
    pub u: Option<MatMut<'a, S>>,
    /// ds, r values.
    pub s: Option<&'a mut [S::Real]>,
    /// dV, n×r.
    pub v: Option<MatMut<'a, S>>,
    /// dS, r×r: ds on the diagonal and, inside blocks of equal singular values, the whole Hermitian block of `UᴴdA` V. The
    /// counterpart of [`Cotangent::s_matrix`](crate::Cotangent::s_matrix).
    pub s_matrix: Option<MatMut<'a, S>>,
}

impl<S: Scalar> Default for TangentMut<'_, S> {
    fn default() -> Self {
        TangentMut { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<S: Scalar> TangentMut<'_, S> {
    pub(super) fn check(&self, factors: &Factors<'_, S>) -> Result<usize, Error> {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        let cols = |m: &Option<MatMut<'_, S>>| m.as_ref().map(MatMut::cols);
        let r = cols(&self.u)
            .or(cols(&self.v))
            .or(self.s.as_ref().map(|s| s.len()))
            .or(cols(&self.s_matrix))
            .unwrap_or(k)
            .min(k);
        for (name, part, rows) in [
            ("the tangent of U", &self.u, m),
            ("the tangent of V", &self.v, n),
            ("the tangent of S", &self.s_matrix, r),
        ] {
            if let Some(part) = part {
                part.check_shape(name, (rows, r))?;
            }
        }
        if let Some(s) = &self.s {
            check_shape("the tangent of s", (s.len(), 1), (r, 1))?;
        }
        Ok(r)
    }
}

/// Length of the workspace of [`jvp_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn jvp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    triplets.saturating_mul(rows.saturating_add(cols).saturating_add(triplets.saturating_mul(2)))
}

/// The tangents of U, s and V along dA. With P = `UᴴdA` V, H = herm(P), K = skew(P):
///
///   dS = diag(H),
///   dU = U (Gap∘H + Sum∘K) + (I − `UUᴴ`) dA V S⁺,
///   dV = V (Gap∘H − Sum∘K) + (I − `VVᴴ`) dAᴴ U S⁺,
///
/// Gapᵢⱼ = 1/(sⱼ − sᵢ), Sumᵢⱼ = 1/(sⱼ + sᵢ), each replaced by what the rule says where singular values are equal or zero; the
/// diagonal Sumᵢᵢ = 1/(2sᵢ) carries the phase of complex triplets.
///
/// **Shapes.** `factors` k triplets, `a_dot` m×n, the tangents r ≤ k columns. `factors` with fewer than min(m, n) triplets
/// means that the remaining singular values are zero.
///
/// **Accuracy and cost.** As [`vjp_into`](crate::vjp_into), of which this is the exact adjoint by the same rule.
///
/// # Errors
/// As [`vjp_into`](crate::vjp_into). The tangents are untouched then.
///
/// Zhang & Hu, arXiv:2411.14141, Theorem 3.1, in the form of `docs/derivatives.md`, section 1.
///
/// ```
/// use diffsvd::{Factors, MatRef, Rule, TangentMut, jvp_into, jvp_workspace_len};
///
/// // A = diag(2, 1): along the exchange of the axes the singular values stand still and the vectors turn.
/// let identity = [1.0, 0.0, 0.0, 1.0];
/// let basis = MatRef::col_major(&identity, 2, 2)?;
/// let factors = Factors { u: basis, s: &[2.0, 1.0], v: basis };
/// let (mut s_dot, mut work) = ([7.0; 2], [0.0; jvp_workspace_len::<f64>(2, 2, 2)]);
/// let tangent = TangentMut { s: Some(&mut s_dot), ..TangentMut::default() };
/// jvp_into(&factors, MatRef::row_major(&[0.0, 1.0, 1.0, 0.0], 2, 2)?, &Rule::default(), tangent, &mut work)?;
/// assert_eq!(s_dot, [0.0, 0.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn jvp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    a_dot: MatRef<'_, S>,
    rule: &Rule<S::Real>,
    mut tangent: TangentMut<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    factors.check()?;
    let r = tangent.check(factors)?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    a_dot.check_shape("the tangent of A", (m, n))?;
    largest_part(a_dot, "the tangent of A")?; // (finite?)
    let vectors = tangent.u.is_some() || tangent.v.is_some();
    let need = Need::vectors(factors, r).of_parts(tangent.u.is_some(), tangent.v.is_some());
    let mut spectrum = Spectrum::new(factors, rule, need)?;
    if tangent.s_matrix.is_some() {
        spectrum = spectrum.beside_block_cotangent();
    }
    let mut arena = Arena::new(work, jvp_workspace_len::<S>(m, n, k))?;

    let (p, q) = (arena.take(k * r), arena.take(k * r));
    let (z, w) = (arena.take(m * r), arena.take(n * r));
    let (mut z, mut w) = (MatMut::col_major(z, m, r)?, MatMut::col_major(w, n, r)?);
    project(factors, a_dot, (&mut *p, &mut *q), (&mut z, &mut w))?;

    let mut middle = Middle { k, r, p, q, left: m > k, right: n > k };
    middle.write_values(&spectrum, &mut tangent);
    if !vectors {
        return Ok(());
    }
    middle.combine(&spectrum);
    let one = S::Real::one();
    let parts = [
        (tangent.u, factors.u, z.as_ref(), &*middle.p, middle.left),
        (tangent.v, factors.v, w.as_ref(), &*middle.q, middle.right),
    ];
    for (target, basis, outside, inside, complement) in parts {
        let Some(mut target) = target else { continue };
        if complement {
            target.fill_scaled(outside, |j| spectrum.reciprocal(j));
        }
        let inside = MatRef::col_major(inside, k, r)?;
        gemm(target, complement, one, Operand::plain(basis), Operand::plain(inside));
    }
    Ok(())
}

/// Z = dA `V_r`, W = dAᴴ `U_r`, P = Uᴴ Z and Q = Vᴴ W, so that Qᵢⱼ = conj(Pⱼᵢ) also beyond the r leading rows.
fn project<S: Scalar>(
    factors: &Factors<'_, S>,
    a_dot: MatRef<'_, S>,
    (p, q): (&mut [S], &mut [S]),
    (z, w): (&mut MatMut<'_, S>, &mut MatMut<'_, S>),
) -> Result<(), Error> {
    let (k, r, one) = (factors.triplets(), z.cols(), S::Real::one());
    let (u, v) = (factors.u, factors.v);
    gemm(z.reborrow(), false, one, Operand::plain(a_dot), Operand::plain(v.leading_cols(r)));
    let inside = MatMut::col_major(&mut *p, k, r)?;
    gemm(inside, false, one, Operand::adjoint(u), Operand::plain(z.as_ref()));
    if r < k || v.rows() > k {
        gemm(w.reborrow(), false, one, Operand::adjoint(a_dot), Operand::plain(u.leading_cols(r)));
    }
    if r < k {
        gemm(MatMut::col_major(q, k, r)?, false, one, Operand::adjoint(v), Operand::plain(w.as_ref()));
    } else {
        adjoint(p, q, k, Level::detect());
    }
    Ok(())
}

/// The k×r matrices between the bases.
struct Middle<'w, S> {
    k: usize,
    r: usize,
    /// P, then what U is multiplied by.
    p: &'w mut [S],
    /// The adjoint of P, then what V is multiplied by.
    q: &'w mut [S],
    /// Whether U leaves a complement, and V.
    left: bool,
    right: bool,
}

impl<S: Scalar> Middle<'_, S> {
    /// ds and dS.
    fn write_values(&self, spectrum: &Spectrum<'_, S::Real>, tangent: &mut TangentMut<'_, S>) {
        if let Some(s) = &mut tangent.s {
            for (j, s) in s.iter_mut().enumerate() {
                *s = read(self.p, j * self.k + j).re();
            }
        }
        let Some(s) = &mut tangent.s_matrix else { return };
        let half = |x: S| x.scale(S::Real::one() / (S::Real::one() + S::Real::one()));
        let (p, q) = (|at| read(self.p, at), |at| read(self.q, at));
        for j in 0..self.r {
            let diagonal = read(self.p, j * self.k + j);
            s.put(j, j, if spectrum.is_zero(j) { diagonal } else { S::from_real(diagonal.re()) });
        }
        spectrum.each_pair((self.r, self.r), |j, i, linked| {
            let (low, high) = (j * self.k + i, i * self.k + j);
            let (below, above) = match spectrum.pair(j, i, linked).class {
                Class::Distinct => (S::zero(), S::zero()),
                Class::Equal => (half(p(low) + q(low)), half(p(high) + q(high))),
                Class::Zero => (p(low), p(high)),
            };
            s.put(i, j, below);
            s.put(j, i, above);
        });
    }

    /// Replaces P and its adjoint, pair by pair, by the factors of U and V.
    fn combine(&mut self, spectrum: &Spectrum<'_, S::Real>) {
        let (k, r, level) = (self.k, self.r, Level::detect());
        for j in 0..r {
            self.combine_diagonal(j, spectrum);
        }
        each_portion::<S>(spectrum, r, level, (self.left, self.right), |portion| match portion {
            Portion::Pair(j, i, linked) => {
                let pair = spectrum.pair(j, i, linked);
                // `pair` is that of (j, i); entry (i, j) has the gap with the other sign.
                self.combine_entry(j * k + i, &Pair { gap: -pair.gap, ..pair }, spectrum.reciprocal(j));
                if i < r {
                    self.combine_entry(i * k + j, &pair, spectrum.reciprocal(i));
                }
            }
            Portion::Pairs(pairs) => S::Real::pairs_forward(Forward { pairs, p: self.p, q: self.q }, level),
        });
    }

    fn combine_entry(&mut self, at: usize, pair: &Pair<S::Real>, reciprocal: S::Real) {
        let (p, q) = (read(self.p, at), read(self.q, at));
        let half = S::Real::one() / (S::Real::one() + S::Real::one());
        let (h, k) = ((p + q).scale(half), (p - q).scale(half));
        let (even, odd) = (h.scale(pair.gap + pair.block), k.scale(pair.sum));
        self.replace(at, (p, q), (even + odd + p.scale(pair.left), even - odd), reciprocal);
    }

    /// Entry (j, j): the phase of a complex triplet.
    fn combine_diagonal(&mut self, j: usize, spectrum: &Spectrum<'_, S::Real>) {
        let at = j * self.k + j;
        let (p, q) = (read(self.p, at), read(self.q, at));
        // K = i Im P on the diagonal, and Sum = 1/(2s) = `phase`.
        let mut turn = S::zero();
        if S::PARTS == 2 {
            turn = S::from_parts(S::Real::zero(), p.im() * spectrum.phase(j));
        }
        let reciprocal = if self.left || self.right { spectrum.reciprocal(j) } else { S::Real::zero() };
        self.replace(at, (p, q), (turn, -turn), reciprocal);
    }

    /// Writes one entry of both, less the part −U Uᴴ dA V S⁺ of the projection, and the same for V, where there is a complement
    /// to project on.
    fn replace(&mut self, at: usize, (p, q): (S, S), (for_u, for_v): (S, S), reciprocal: S::Real) {
        let less = |x: S, inside: S, complement: bool| if complement { x - inside.scale(reciprocal) } else { x };
        write(self.p, at, less(for_u, p, self.left));
        write(self.q, at, less(for_v, q, self.right));
    }
}
