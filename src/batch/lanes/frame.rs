//! The matrices of a derivative of U f(S) Vᴴ in a tile, as in `spectral/frame.rs` for all k triplets.
//!
//! With L = Z V and P = Uᴴ L of a direction Z the derivative is
//!
//!   (U M + L diag(q)) Vᴴ,   M = D1∘H + D2∘K − P diag(q)
//!
//! for m > n, the same without q for m = n, and U (V Mᴴ + Zᴴ U diag(q))ᴴ with diag(q) P for m < n.

use super::product::{Adjoint, product};
use super::tile::scale_columns;
use crate::kernel::Arith;
use crate::kernel::vector::{Lane, Number, mul, splat, zip};
use crate::scalar::{Real, Scalar};

/// The matrices of a tile.
pub(super) struct Frame<'t, R, const W: usize> {
    /// (m, n), and the smaller of them.
    pub(super) shape: (usize, usize),
    pub(super) k: usize,
    pub(super) u: &'t mut [Lane<R, W>],
    pub(super) s: &'t mut [Lane<R, W>],
    pub(super) v: &'t mut [Lane<R, W>],
    /// Z, then the result.
    pub(super) z: &'t mut [Lane<R, W>],
    /// Z V, or Zᴴ U for m < n.
    pub(super) l: &'t mut [Lane<R, W>],
    /// P, then M.
    pub(super) p: &'t mut [Lane<R, W>],
    /// D1 and D2 of the pairs i ≥ j.
    pub(super) table: &'t mut [Lane<R, W>],
    /// fᵢ or qᵢ, Re Pᵢᵢ, and what the coupling adds to the diagonal.
    pub(super) values: &'t mut [Lane<R, W>],
    pub(super) w: &'t mut [Lane<R, W>],
    pub(super) extra: &'t mut [Lane<R, W>],
}

impl<R: Real, const W: usize> Frame<'_, R, W> {
    /// X = U diag(f) Vᴴ in the place of Z.
    #[inline(always)]
    pub(super) fn compose<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        scale_columns(self.u, m * S::PARTS, self.values);
        product::<A, S, W>(self.z, ((m, n), k, false), (&*self.u, &*self.v), Adjoint::Right);
    }

    /// L, P and the real part of its diagonal.
    #[inline(always)]
    pub(super) fn project<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        let (u, v, z) = (&*self.u, &*self.v, &*self.z);
        if n > k {
            product::<A, S, W>(self.l, ((n, k), m, false), (z, u), Adjoint::Left);
            product::<A, S, W>(self.p, ((k, k), n, false), (&*self.l, v), Adjoint::Left);
        } else {
            product::<A, S, W>(self.l, ((m, k), n, false), (z, v), Adjoint::Neither);
            product::<A, S, W>(self.p, ((k, k), m, false), (u, &*self.l), Adjoint::Left);
        }
        for (j, w) in self.w.iter_mut().enumerate() {
            *w = self.p[(j * k + j) * S::PARTS];
        }
    }

    /// P becomes M + diag(extra).
    #[inline(always)]
    pub(super) fn combine<S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        let half = splat(R::from_f64(0.5));
        let mut at = 0;
        for j in 0..k {
            self.values[j] = self.table[start_of(j, k) + 1];
        }
        for j in 0..k {
            let (d1, q) = (self.table[at], self.table[at + 1]);
            at += 2;
            let entry = Number::load::<S>(self.p, j * k + j);
            let re = zip(mul(entry.re, d1), self.extra[j], |x, extra| x + extra);
            // A real type has no phase.
            let im = if S::PARTS == 2 { mul(entry.im, q) } else { splat(R::zero()) };
            let mut turned = Number { re, im };
            if m != n {
                turned = turned.minus::<S>(entry.scale::<S>(q));
            }
            turned.store::<S>(self.p, j * k + j);
            for i in j + 1..k {
                let (d1, d2) = (self.table[at], self.table[at + 1]);
                at += 2;
                let (low, high) = (j * k + i, i * k + j);
                let (p, mirror) = (Number::load::<S>(self.p, low), Number::load::<S>(self.p, high));
                let even = p.plus::<S>(mirror.conj::<S>()).scale::<S>(mul(d1, half));
                let odd = p.minus::<S>(mirror.conj::<S>()).scale::<S>(mul(d2, half));
                let (mut below, mut above) = (even.plus::<S>(odd), even.minus::<S>(odd).conj::<S>());
                if m != n {
                    let (of_below, of_above) = if m > n { (j, i) } else { (i, j) };
                    below = below.minus::<S>(p.scale::<S>(self.values[of_below]));
                    above = above.minus::<S>(mirror.scale::<S>(self.values[of_above]));
                }
                below.store::<S>(self.p, low);
                above.store::<S>(self.p, high);
            }
        }
    }

    /// (U M + L diag(q)) Vᴴ, or U (V Mᴴ + L diag(q))ᴴ, in the place of Z.
    #[inline(always)]
    pub(super) fn expand<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        let (u, v, p) = (&*self.u, &*self.v, &*self.p);
        if m != n {
            scale_columns(self.l, m.max(n) * S::PARTS, self.values);
        }
        if n > k {
            product::<A, S, W>(self.l, ((n, k), k, true), (v, p), Adjoint::Right);
            product::<A, S, W>(self.z, ((m, n), k, false), (u, &*self.l), Adjoint::Right);
        } else {
            product::<A, S, W>(self.l, ((m, k), k, m > k), (u, p), Adjoint::Neither);
            product::<A, S, W>(self.z, ((m, n), k, false), (&*self.l, v), Adjoint::Right);
        }
    }
}

/// Where column j of the table of pairs starts.
const fn start_of(j: usize, k: usize) -> usize {
    2 * (j * k - j * j.saturating_sub(1) / 2)
}
