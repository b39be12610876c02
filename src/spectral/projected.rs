//! A direction in the bases of the singular vectors, as the second derivatives use it.

use super::frame::split;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Scalar};
use crate::workspace::Arena;

/// A direction, or the result, in the bases.
pub(super) struct Projected<'f, 'w, S> {
    pub(super) u: MatRef<'f, S>,
    pub(super) v: MatRef<'f, S>,
    pub(super) z: MatRef<'f, S>,
    /// Uᴴ Z V.
    pub(super) p: MatMut<'w, S>,
    /// (I − `UUᴴ`) Z V; means nothing where U leaves no complement.
    pub(super) r: MatMut<'w, S>,
    /// (I − `VVᴴ`) Zᴴ U; means nothing where V leaves no complement.
    pub(super) t: MatMut<'w, S>,
}

impl<'f, 'w, S: Scalar> Projected<'f, 'w, S> {
    /// The memory alone.
    pub(super) fn carve(factors: &Factors<'f, S>, z: MatRef<'f, S>, arena: &mut Arena<'w, S>) -> Result<Self, Error> {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        Ok(Projected {
            u: factors.u,
            v: factors.v,
            z,
            p: square(arena, k)?,
            r: MatMut::col_major(arena.take(m * k), m, k)?,
            t: MatMut::col_major(arena.take(n * k), n, k)?,
        })
    }

    pub(super) fn new(factors: &Factors<'f, S>, z: MatRef<'f, S>, arena: &mut Arena<'w, S>) -> Result<Self, Error> {
        let mut it = Self::carve(factors, z, arena)?;
        let (u, v, one) = (it.u, it.v, S::Real::one());
        gemm(it.r.reborrow(), false, one, Operand::plain(z), Operand::plain(v));
        gemm(it.p.reborrow(), false, one, Operand::adjoint(u), Operand::plain(it.r.as_ref()));
        if it.above() {
            gemm(it.r.reborrow(), true, -one, Operand::plain(u), Operand::plain(it.p.as_ref()));
        }
        if it.beside() {
            gemm(it.t.reborrow(), false, one, Operand::adjoint(z), Operand::plain(u));
            gemm(it.t.reborrow(), true, -one, Operand::plain(v), Operand::adjoint(it.p.as_ref()));
        }
        Ok(it)
    }

    /// Whether U leaves a complement.
    pub(super) fn above(&self) -> bool {
        self.u.rows() > self.u.cols()
    }

    /// Whether V does.
    pub(super) fn beside(&self) -> bool {
        self.v.rows() > self.v.cols()
    }

    /// (Hᵢⱼ, Kᵢⱼ).
    pub(super) fn parts(&self, i: usize, j: usize) -> (S, S) {
        split(self.p.at(i, j), self.p.at(j, i), S::Real::one(), S::Real::one())
    }
}

/// A k×k matrix.
pub(super) fn square<'w, S: Scalar>(arena: &mut Arena<'w, S>, k: usize) -> Result<MatMut<'w, S>, Error> {
    MatMut::col_major(arena.take(k * k), k, k)
}
