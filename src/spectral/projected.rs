//! A direction in the bases of the singular vectors, as the second derivatives use it.
//!
//! Everything is read off the Hermitian matrix B = \[0 A; Aᴴ 0\], whose eigenvectors are |±i⟩ = (uᵢ, ±vᵢ)/√2 and, with the eigenvalue 0,
//! the complements |u⟂⟩ of U and |v⟂⟩ of V. A direction D has the entries
//!
//!   ⟨+i|D|+j⟩ = aᵢⱼ,  ⟨−i|D|+j⟩ = bᵢⱼ,  ⟨u⟂|D|+j⟩ = R/√2,  ⟨v⟂|D|+j⟩ = T/√2.
//!
//! The rest follows from its parity ζ = ±1: ⟨−i|D|−j⟩ = ζ aᵢⱼ, ⟨+i|D|−j⟩ = ζ bᵢⱼ, ⟨u⟂|D|−j⟩ = ζ R/√2, ⟨v⟂|D|−j⟩ = −ζ T/√2. A matrix
//! \[0 Z; Zᴴ 0\] has ζ = −1, a matrix \[0 0; 0 G\] has ζ = 1.

use super::frame::{Direct, split};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar};
use crate::workspace::Arena;

/// A direction as the caller gives it.
#[derive(Clone, Copy)]
pub(super) enum Given<'a, S> {
    /// \[0 Z; Zᴴ 0\].
    Across(Direct<'a, S>),
    /// The same with Z = X Yᴴ, which is never formed.
    Product(MatRef<'a, S>, MatRef<'a, S>),
    /// \[0 0; 0 herm(G)\].
    Corner(MatRef<'a, S>),
}

/// A direction, or the result, in the bases.
pub(super) struct Blocks<'f, 'w, S> {
    pub(super) u: MatRef<'f, S>,
    pub(super) v: MatRef<'f, S>,
    /// Uᴴ Z V, or Vᴴ herm(G) V: k×k.
    pub(super) p: MatMut<'w, S>,
    /// R; means nothing where U leaves no complement.
    pub(super) r: MatMut<'w, S>,
    /// T; means nothing where V leaves no complement.
    pub(super) t: MatMut<'w, S>,
}

impl<'f, 'w, S: Scalar> Blocks<'f, 'w, S> {
    /// The memory alone.
    pub(super) fn carve(factors: &Factors<'f, S>, arena: &mut Arena<'w, S>) -> Result<Self, Error> {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        Ok(Blocks {
            u: factors.u,
            v: factors.v,
            p: square(arena, k)?,
            r: MatMut::col_major(arena.take(m * k), m, k)?,
            t: MatMut::col_major(arena.take(n * k), n, k)?,
        })
    }

    /// Whether U leaves a complement.
    pub(super) fn above(&self) -> bool {
        self.u.rows() > self.u.cols()
    }

    /// Whether V does.
    pub(super) fn beside(&self) -> bool {
        self.v.rows() > self.v.cols()
    }
}

/// A direction in the bases.
pub(super) struct Projected<'f, 'w, S> {
    pub(super) blocks: Blocks<'f, 'w, S>,
    pub(super) given: Given<'f, S>,
}

impl<'f, 'w, S: Scalar> Projected<'f, 'w, S> {
    /// `scratch` has k p entries where the direction is a product with p columns.
    pub(super) fn new(
        factors: &Factors<'f, S>,
        given: Given<'f, S>,
        arena: &mut Arena<'w, S>,
        scratch: &mut [S],
    ) -> Result<Self, Error> {
        let blocks = Blocks::carve(factors, arena)?;
        let mut it = Projected { blocks, given };
        let (u, v, one) = (it.blocks.u, it.blocks.v, S::Real::one());
        let (above, beside) = (it.blocks.above(), it.blocks.beside());
        let Blocks { p, r, t, .. } = &mut it.blocks;
        if let Given::Corner(_) = given {
            r.fill_with(|_, _| num_traits::Zero::zero());
            given.times(v, (t, false), scratch)?;
            gemm(p.reborrow(), false, one, Operand::adjoint(v), Operand::plain(t.as_ref()));
        } else {
            given.times(v, (r, false), scratch)?;
            gemm(p.reborrow(), false, one, Operand::adjoint(u), Operand::plain(r.as_ref()));
            if beside {
                given.adjoint().times(u, (t, false), scratch)?;
            }
        }
        if above && given.across() {
            gemm(r.reborrow(), true, -one, Operand::plain(u), Operand::plain(p.as_ref()));
        }
        if beside {
            // Q is Hermitian.
            gemm(t.reborrow(), true, -one, Operand::plain(v), Operand::adjoint(p.as_ref()));
        }
        Ok(it)
    }

    /// ζ.
    pub(super) fn parity(&self) -> S::Real {
        if self.given.across() { -S::Real::one() } else { S::Real::one() }
    }

    /// (aᵢⱼ, bᵢⱼ): the Hermitian and the skew part of P, or half of Q and its opposite.
    pub(super) fn parts(&self, i: usize, j: usize) -> (S, S) {
        let (entry, one) = (self.blocks.p.at(i, j), S::Real::one());
        if self.given.across() {
            return split(entry, self.blocks.p.at(j, i), [one; 2]);
        }
        let half = entry.scale(S::Real::from_f64(0.5));
        (half, -half)
    }
}

impl<S: Scalar> Given<'_, S> {
    pub(super) fn across(self) -> bool {
        !matches!(self, Given::Corner(_))
    }

    /// Zᴴ; the corner is Hermitian.
    pub(super) fn adjoint(self) -> Self {
        match self {
            Given::Across(z) => Given::Across(z.adjoint()),
            Given::Product(x, y) => Given::Product(y, x),
            Given::Corner(_) => self,
        }
    }

    /// Y ← Z X, or added to it.
    pub(super) fn times(
        self,
        x: MatRef<'_, S>,
        (y, keep): (&mut MatMut<'_, S>, bool),
        scratch: &mut [S],
    ) -> Result<(), Error> {
        let (one, half) = (S::Real::one(), S::Real::from_f64(0.5));
        let plain = Operand::plain(x);
        match self {
            Given::Across(z) => gemm(y.reborrow(), keep, one, z.operand(), plain),
            Given::Product(b, g) => {
                let mut inner = MatMut::col_major(scratch, g.cols(), x.cols())?;
                gemm(inner.reborrow(), false, one, Operand::adjoint(g), plain);
                gemm(y.reborrow(), keep, one, Operand::plain(b), Operand::plain(inner.as_ref()));
            }
            Given::Corner(g) => {
                gemm(y.reborrow(), keep, half, Operand::plain(g), plain);
                gemm(y.reborrow(), true, half, Operand::adjoint(g), plain);
            }
        }
        Ok(())
    }
}

/// A k×k matrix.
pub(super) fn square<'w, S: Scalar>(arena: &mut Arena<'w, S>, k: usize) -> Result<MatMut<'w, S>, Error> {
    MatMut::col_major(arena.take(k * k), k, k)
}
