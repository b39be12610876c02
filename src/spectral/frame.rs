//! The direction Z in the bases of the singular vectors, and back: the products that every spectral derivative shares.
//!
//! With the taller side on the left (Z and A replaced by their adjoints for m < n), c = f′(0) and L = Z V, W = Zᴴ U, P = Uᴴ L, the map is
//!
//!   c Z + \[U M + L diag(q − c)\] Vᴴ + U \[W diag(q − c)\]ᴴ,   M = D1∘H + D2∘K − P diag(q) − diag(q) P + c P,
//!
//! where the terms with L, with W and with c stand only if U, V and both leave a complement.

use super::spectrum::{DIFFERENCES, SpectralMap, differences_of};
use super::values::{Values, require_finite};
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::{Arena, larger, smaller};

/// A matrix, or the adjoint of what is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direct<'a, S> {
    view: MatRef<'a, S>,
    adjoint: bool,
}

impl<'a, S: Scalar> Direct<'a, S> {
    pub(super) fn new(view: MatRef<'a, S>) -> Self {
        Direct { view, adjoint: false }
    }
    /// Stands for `viewᴴ`.
    pub(super) fn adjoint_of(view: MatRef<'a, S>) -> Self {
        Direct { view, adjoint: true }
    }
    pub(super) fn adjoint(self) -> Self {
        Direct { adjoint: !self.adjoint, ..self }
    }
    pub(super) fn operand(self) -> Operand<'a, S> {
        if self.adjoint { Operand::adjoint(self.view) } else { Operand::plain(self.view) }
    }
    fn at(self, i: usize, j: usize) -> S {
        if self.adjoint { self.view.at(j, i).conj() } else { self.view.at(i, j) }
    }
}

/// Pairs (A, B) that stand for A Bᴴ.
type Terms<'a, S> = [Option<(MatRef<'a, S>, MatRef<'a, S>)>; 2];

/// The bases with the taller one on the left, and the matrices between them.
pub(super) struct Frame<'f, 'w, S> {
    pub(super) left: MatRef<'f, S>,
    pub(super) right: MatRef<'f, S>,
    /// Whether left and right are V and U.
    pub(super) flipped: bool,
    pub(super) k: usize,
    /// Z V, then what stands before Vᴴ; of the rows of `left`.
    pub(super) l: &'w mut [S],
    /// Zᴴ U, then what stands behind U; of the rows of `right`, empty where V leaves no complement.
    pub(super) w: &'w mut [S],
    /// P, then M.
    pub(super) p: &'w mut [S],
}

impl<'f, 'w, S: Scalar> Frame<'f, 'w, S> {
    pub(super) const fn len(rows: usize, cols: usize, k: usize) -> usize {
        let (tall, short) = (larger(rows, cols), smaller(rows, cols));
        let beside = if k < short { short } else { 0 };
        k.saturating_mul(tall.saturating_add(beside).saturating_add(k))
    }

    pub(super) fn new(factors: &Factors<'f, S>, arena: &mut Arena<'w, S>) -> Self {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        let flipped = m < n;
        let (left, right) = if flipped { (factors.v, factors.u) } else { (factors.u, factors.v) };
        let beside = if k < right.rows() { right.rows() } else { 0 };
        let (l, w, p) = (arena.take(left.rows() * k), arena.take(beside * k), arena.take(k * k));
        Frame { left, right, flipped, k, l, w, p }
    }

    /// Whether U leaves a complement.
    fn above(&self) -> bool {
        self.left.rows() > self.k
    }

    /// Whether V does, and then U too.
    fn beside(&self) -> bool {
        self.right.rows() > self.k
    }

    pub(super) fn orient<'a>(&self, z: Direct<'a, S>) -> Direct<'a, S> {
        if self.flipped { z.adjoint() } else { z }
    }

    /// L, W and P of Z.
    pub(super) fn project(&mut self, z: &Direct<'_, S>) -> Result<(), Error> {
        let (z, k, one) = (self.orient(*z), self.k, S::Real::one());
        let mut l = MatMut::col_major(&mut *self.l, self.left.rows(), k)?;
        gemm(l.reborrow(), false, one, z.operand(), Operand::plain(self.right));
        let p = MatMut::col_major(&mut *self.p, k, k)?;
        gemm(p, false, one, Operand::adjoint(self.left), Operand::plain(l.as_ref()));
        if self.beside() {
            let w = MatMut::col_major(&mut *self.w, self.right.rows(), k)?;
            gemm(w, false, one, z.adjoint().operand(), Operand::plain(self.left));
        }
        Ok(())
    }

    /// L, W and P of Z = B Gᴴ with p columns each; `scratch` has k p entries.
    pub(super) fn project_product(
        &mut self,
        (b, g): (MatRef<'_, S>, MatRef<'_, S>),
        scratch: &mut [S],
    ) -> Result<(), Error> {
        let (b, g) = if self.flipped { (g, b) } else { (b, g) };
        let (k, one) = (self.k, S::Real::one());
        let mut t = MatMut::col_major(scratch, k, b.cols())?;
        gemm(t.reborrow(), false, one, Operand::adjoint(self.right), Operand::plain(g));
        let mut l = MatMut::col_major(&mut *self.l, self.left.rows(), k)?;
        gemm(l.reborrow(), false, one, Operand::plain(b), Operand::adjoint(t.as_ref()));
        let p = MatMut::col_major(&mut *self.p, k, k)?;
        gemm(p, false, one, Operand::adjoint(self.left), Operand::plain(l.as_ref()));
        if self.beside() {
            gemm(t.reborrow(), false, one, Operand::adjoint(self.left), Operand::plain(b));
            let w = MatMut::col_major(&mut *self.w, self.right.rows(), k)?;
            gemm(w, false, one, Operand::plain(g), Operand::adjoint(t.as_ref()));
        }
        Ok(())
    }

    /// wᵢ = Re Pᵢᵢ = Re(uᵢᴴ Z vᵢ).
    pub(super) fn values(&self, w: &mut [S::Real]) {
        for (i, w) in w.iter_mut().enumerate() {
            *w = self.p[i * self.k + i].re();
        }
    }

    /// P becomes M + diag(extra).
    ///
    /// # Errors
    /// [`Error::NonFinite`] where a divided difference is no finite number.
    pub(super) fn combine<M, F: SpectralMap<S::Real, M>>(
        &mut self,
        at: &Values<'_, S::Real>,
        f: &F,
        extra: Option<&[S::Real]>,
    ) -> Result<(), Error> {
        let (k, above, beside) = (self.k, self.above(), self.beside());
        let zero = S::Real::zero();
        let c = if beside { require_finite(DIFFERENCES, (k, k), f.at_zero(at))? } else { zero };
        // What the projections on the complements take from entry (i, j) of P.
        let taken = |i: usize, j: usize| {
            let left = if above { f.sum(at, j, j) } else { zero };
            if beside { left + (f.sum(at, i, i) - c) } else { left }
        };
        for j in 0..k {
            let entry = self.p[j * k + j];
            // A real type has no phase.
            let [slope, quotient] = differences_of(f, at, (j, j), above || S::PARTS == 2)?;
            let (re, im) = (entry.re() * slope + extra.map_or(zero, |extra| extra[j]), entry.im() * quotient);
            self.p[j * k + j] = S::from_parts(re, im) - entry.scale(taken(j, j));
            for i in j + 1..k {
                let (low, high) = (j * k + i, i * k + j);
                let (p, mirror) = (self.p[low], self.p[high]);
                let (even, odd) = split(p, mirror, differences_of(f, at, (i, j), true)?);
                let (mut here, mut there) = (even + odd, (even - odd).conj());
                if above || beside {
                    here -= p.scale(taken(i, j));
                    there -= mirror.scale(taken(j, i));
                }
                (self.p[low], self.p[high]) = (here, there);
            }
        }
        Ok(())
    }

    /// L and W become what stands beside Vᴴ and U.
    pub(super) fn complete<M, F: SpectralMap<S::Real, M>>(
        &mut self,
        at: &Values<'_, S::Real>,
        f: &F,
    ) -> Result<(), Error> {
        let c = if self.beside() { f.at_zero(at) } else { S::Real::zero() };
        let (above, beside) = (self.above(), self.beside());
        for j in 0..self.k {
            let factor = if above { f.sum(at, j, j) - c } else { S::Real::zero() };
            for (matrix, rows, wanted) in
                [(&mut *self.l, self.left.rows(), above), (&mut *self.w, self.right.rows(), beside)]
            {
                if wanted {
                    matrix[j * rows..(j + 1) * rows].iter_mut().for_each(|x| *x = x.scale(factor));
                }
            }
        }
        let l = MatMut::col_major(&mut *self.l, self.left.rows(), self.k)?;
        let m = MatRef::col_major(&*self.p, self.k, self.k)?;
        gemm(l, above, S::Real::one(), Operand::plain(self.left), Operand::plain(m));
        Ok(())
    }

    /// Writes the map of Z.
    pub(super) fn expand<M, F: SpectralMap<S::Real, M>>(
        mut self,
        at: &Values<'_, S::Real>,
        f: &F,
        z: &Direct<'_, S>,
        target: Target<'_, S>,
    ) -> Result<(), Error> {
        self.complete(at, f)?;
        let (x, keep) = if self.beside() && f.at_zero(at) != S::Real::zero() {
            let c = f.at_zero(at);
            (target.begin(|i, j| z.at(i, j).scale(c)), true)
        } else {
            target.into_parts()
        };
        self.write(x, keep)
    }

    /// The pairs (A, B) of which the map is the sum of A Bᴴ: (L, V), and (U, W) where V leaves a complement; in the orientation of A.
    pub(super) fn terms(&self) -> Result<Terms<'_, S>, Error> {
        let turned = |a, b| if self.flipped { (b, a) } else { (a, b) };
        let l = MatRef::col_major(&*self.l, self.left.rows(), self.k)?;
        let first = Some(turned(l, self.right));
        if !self.beside() {
            return Ok([first, None]);
        }
        let w = MatRef::col_major(&*self.w, self.right.rows(), self.k)?;
        Ok([first, Some(turned(self.left, w))])
    }

    /// X ← the sum of the terms.
    pub(super) fn write(self, mut x: MatMut<'_, S>, keep: bool) -> Result<(), Error> {
        for (i, (a, b)) in self.terms()?.into_iter().flatten().enumerate() {
            gemm(x.reborrow(), keep || i > 0, S::Real::one(), Operand::plain(a), Operand::adjoint(b));
        }
        Ok(())
    }
}

/// (d1 H, d2 K) at entry p, whose mirror image is `mirror`.
pub(super) fn split<S: Scalar>(p: S, mirror: S, [d1, d2]: [S::Real; 2]) -> (S, S) {
    let half = S::Real::from_f64(0.5);
    let mirror = mirror.conj();
    ((p + mirror).scale(d1 * half), (p - mirror).scale(d2 * half))
}
