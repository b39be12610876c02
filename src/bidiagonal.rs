//! A = Q B Pᴴ with B real and upper bidiagonal, for column-major A with at least as many rows as columns.
//!
//! Step j builds the reflector `H_j` that annihilates column j below the diagonal and the reflector `G_j` that annihilates
//! row j right of the first superdiagonal (Golub & Kahan 1965). The trailing matrix is read and written **once** per
//! step: the pass that applies the previous G and the current H also accumulates z = A x̄ for the row x that is about
//! to become G, and A u follows from z because u = (x − β e₁)/(α − β)
//! (Howell, Demmel, Fulton, Hammarling & Marmol 2008).

use crate::kernel;
use crate::reflector::{Reflector, apply_left, reflect};
use crate::rotation::tiny;
use crate::scalar::{Real, Scalar, Zero};

/// Where the bidiagonal matrix and the scalars of the reflectors go: each has one entry per column of A.
pub(crate) struct Bidiagonal<'a, S: Scalar> {
    /// Diagonal of B.
    pub(crate) d: &'a mut [S::Real],
    /// Superdiagonal of B; its last entry is set to zero.
    pub(crate) e: &'a mut [S::Real],
    /// τ of the reflectors of Q.
    pub(crate) tau_q: &'a mut [S],
    /// τ of the reflectors of P.
    pub(crate) tau_p: &'a mut [S],
}

/// Vectors that the reduction needs for itself: `x` of `cols` entries, `w` and `z` of `rows`.
pub(crate) struct Scratch<'a, S> {
    pub(crate) x: &'a mut [S],
    pub(crate) w: &'a mut [S],
    pub(crate) z: &'a mut [S],
}

/// Reduces the column-major `a` of `rows` rows. On return the reflector of step j stands in column j from the diagonal down
/// (with its leading 1) and in row j from the superdiagonal on (likewise).
pub(crate) fn reduce<S: Scalar>(a: &mut [S], rows: usize, b: &mut Bidiagonal<'_, S>, scratch: Scratch<'_, S>) {
    let cols = b.d.len();
    let Scratch { x, w, z } = scratch;
    let (mut w, mut z) = (w, z);
    let mut tau_row = S::zero();
    for j in 0..cols {
        let (done, trailing) = a.split_at_mut((j + 1) * rows);
        let column = &mut done[j * rows + j..];
        if j > 0 {
            kernel::axpy(-tau_row * x[j].conj(), &w[j..rows], column);
        }
        let h = reflect(column);
        (b.d[j], b.tau_q[j]) = (h.beta, h.tau);

        z[j..rows].fill(S::zero());
        for (a, x) in trailing.chunks_exact_mut(rows).zip(&mut x[j + 1..]) {
            let (p, q) = (-tau_row * x.conj(), -h.tau.conj());
            *x = kernel::bidiagonal_pass(&mut a[j..], p, &w[j..rows], q, column, &mut z[j..rows]);
        }

        let Some(&alpha) = x.get(j + 1) else {
            b.e[j] = S::Real::zero();
            b.tau_p[j] = S::zero();
            break;
        };
        let g = reflect(&mut x[j + 1..cols]);
        (b.e[j], b.tau_p[j], tau_row) = (g.beta, g.tau, g.tau);
        for (a, &x) in trailing.chunks_exact_mut(rows).zip(&x[j + 1..]) {
            a[j] = x;
        }
        row_product(trailing, rows, j + 1, &x[j + 1..cols], alpha, g, z);
        core::mem::swap(&mut w, &mut z);
    }
}

/// A u from z = A x: u = (x − β e₁)/(α − β), so A u = (z − β a₁)/(α − β); entries from `top` on.
fn row_product<S: Scalar>(trailing: &[S], rows: usize, top: usize, u: &[S], alpha: S, g: Reflector<S>, z: &mut [S]) {
    let z = &mut z[top..rows];
    if g.tau == S::zero() {
        z.fill(S::zero());
    } else if g.beta.abs() < tiny() {
        // 1/(α − β) could overflow: the product itself.
        z.fill(S::zero());
        for (a, &u) in trailing.chunks_exact(rows).zip(u) {
            kernel::axpy(u, &a[top..], z);
        }
    } else {
        kernel::axpy(-S::from_real(g.beta), &trailing[top..rows], z);
        kernel::scale((alpha - S::from_real(g.beta)).recip(), z);
    }
}

/// A = Q R by Householder reflectors, for column-major A of `rows` rows: the first step when A is tall.
///
/// R is left on and above the diagonal, the reflectors below it with their leading 1 implied.
pub(crate) fn triangularize<S: Scalar>(a: &mut [S], rows: usize, tau: &mut [S]) {
    for (j, tau) in tau.iter_mut().enumerate() {
        let (done, trailing) = a.split_at_mut((j + 1) * rows);
        let column = &mut done[j * rows + j..];
        let h = reflect(column);
        *tau = h.tau;
        apply_left(h.tau.conj(), column, trailing, rows);
        column[0] = S::from_real(h.beta);
    }
}

/// What C holds when the reflectors are applied to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The identity: column j is untouched by the reflectors after j.
    Identity,
    /// Anything.
    Dense,
}

/// C ← H₁ H₂ … C for the reflectors below the diagonal of `a`, their leading 1 implied; both column-major with `rows` rows.
pub(crate) fn apply_q<S: Scalar>(a: &mut [S], rows: usize, tau: &[S], c: &mut [S], start: Start) {
    for (j, &tau) in tau.iter().enumerate().rev() {
        let v = &mut a[j * rows + j..(j + 1) * rows];
        v[0] = S::one();
        let first = if start == Start::Identity { j } else { 0 };
        apply_left(tau, v, c.get_mut(first * rows..).unwrap_or(&mut []), rows);
    }
}

/// C ← G₁ G₂ … C for the reflectors right of the superdiagonal of the `rows` × n matrix `a`; C column-major with n rows.
/// `u` is a scratch vector of n entries.
pub(crate) fn apply_p<S: Scalar>(a: &[S], rows: usize, tau: &[S], c: &mut [S], u: &mut [S], start: Start) {
    let cols = tau.len();
    for j in (0..cols.saturating_sub(1)).rev() {
        let u = &mut u[..cols - j - 1];
        for (k, u) in u.iter_mut().enumerate() {
            *u = a[(j + 1 + k) * rows + j];
        }
        let first = if start == Start::Identity { j + 1 } else { 0 };
        apply_left(tau[j], u, c.get_mut(first * cols..).unwrap_or(&mut []), cols);
    }
}
