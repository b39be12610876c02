//! Where a matrix stands, and where its factors go: with the caller, or in the work storage.

use num_complex::Complex;

use super::{decompose, serves};
use crate::kernel::{Level, Planes};
use crate::matrix::MatRef;
use crate::scalar::{Real, Scalar};
use crate::svd::FactorsMut;

/// A square matrix, and room for its factors.
pub(crate) trait Place<S: Scalar> {
    /// Entry (i, j) of the matrix.
    fn entry(&self, i: usize, j: usize) -> S;

    /// Whether the vectors are wanted.
    fn vectors(&self) -> bool;

    /// Triplet k: its singular value, and the entries of its vectors; without vectors there are none of V. The matrix is not read any more.
    fn write(&mut self, k: usize, s: S::Real, vectors: (impl Iterator<Item = S>, impl Iterator<Item = S>));
}

/// The matrix and the factors of the caller.
pub(crate) struct Given<'m, 'a, 'b, S: Scalar> {
    pub(crate) a: MatRef<'a, S>,
    /// Whether it is the adjoint that is decomposed, so that U and V change places.
    pub(crate) adjoint: bool,
    /// Whether more than the singular values is wanted.
    pub(crate) vectors: bool,
    pub(crate) out: &'m mut FactorsMut<'b, S>,
}

impl<S: Scalar> Place<S> for Given<'_, '_, '_, S> {
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> S {
        if self.adjoint { self.a.at(j, i).conj() } else { self.a.at(i, j) }
    }

    fn vectors(&self) -> bool {
        self.vectors
    }

    #[inline(always)]
    fn write(&mut self, k: usize, s: S::Real, (u, v): (impl Iterator<Item = S>, impl Iterator<Item = S>)) {
        // For leading triplets alone there is no more room.
        let Some(place) = self.out.s.get_mut(k) else { return };
        *place = s;
        if self.vectors {
            let (of_u, of_v) = (&mut self.out.u, &mut self.out.v);
            let (of_u, of_v) = if self.adjoint { (of_v, of_u) } else { (of_u, of_v) };
            of_u.fill_column(k, u);
            of_v.fill_column(k, v);
        }
    }
}

/// A = U diag(d) Vᴴ in the work storage: U takes the place of A.
pub(crate) struct Turned<'a, R> {
    pub(crate) a: Planes<'a, R>,
    pub(crate) d: &'a mut [R],
    pub(crate) v: Planes<'a, R>,
}

impl<R: Real> Turned<'_, R> {
    /// [`decompose`] where that serves. `storage` has [`room`](super::room).
    pub(crate) fn decompose(self, storage: &mut [R], level: Level) -> bool {
        if self.a.parts == 1 { self.numbers::<R>(storage, level) } else { self.numbers::<Complex<R>>(storage, level) }
    }

    /// The same, the entries as numbers of their own type.
    fn numbers<S: Scalar<Real = R>>(mut self, storage: &mut [R], level: Level) -> bool {
        let n = self.d.len();
        let largest = || self.a.data.as_flattened().iter().fold(R::zero(), |largest, x| largest.larger(x.abs()));
        serves::<S>(n, level) && decompose::<S>(((n, n), largest()), &mut self, (storage, level))
    }
}

impl<S: Scalar> Place<S> for Turned<'_, S::Real> {
    #[inline(always)]
    fn entry(&self, i: usize, j: usize) -> S {
        let x = self.a.get(i, j);
        S::from_parts(x.re, x.im)
    }

    fn vectors(&self) -> bool {
        true
    }

    #[inline(always)]
    fn write(&mut self, k: usize, s: S::Real, (u, v): (impl Iterator<Item = S>, impl Iterator<Item = S>)) {
        self.d[k] = s;
        let complex = |x: S| Complex { re: x.re(), im: x.im() };
        for (i, (u, v)) in u.zip(v).enumerate() {
            self.a.set(i, k, complex(u));
            self.v.set(i, k, complex(v));
        }
    }
}
