//! Products of strided matrices.

use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

/// A factor of a matrix product: a view, read with or without conjugation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a, S> {
    view: MatRef<'a, S>,
    conjugate: bool,
}

impl<'a, S: Scalar> Operand<'a, S> {
    /// The matrix as it is.
    pub(crate) fn plain(view: MatRef<'a, S>) -> Self {
        Operand { view, conjugate: false }
    }

    /// Its conjugate transpose.
    pub(crate) fn adjoint(view: MatRef<'a, S>) -> Self {
        Operand { view: view.transpose(), conjugate: true }
    }

    #[inline]
    fn at(&self, i: usize, j: usize) -> S {
        let x = self.view.at(i, j);
        if self.conjugate { x.conj() } else { x }
    }
}

/// C ← β C + α A B with β one of 0 and 1: `keep` says whether the old C stays.
pub(crate) fn gemm<S: Scalar>(mut c: MatMut<'_, S>, keep: bool, alpha: S::Real, a: Operand<'_, S>, b: Operand<'_, S>) {
    debug_assert_eq!((c.rows(), c.cols()), (a.view.rows(), b.view.cols()));
    debug_assert_eq!(a.view.cols(), b.view.rows());
    for j in 0..c.cols() {
        for i in 0..c.rows() {
            let sum = (0..a.view.cols()).fold(S::zero(), |sum, l| sum + a.at(i, l) * b.at(l, j));
            let old = if keep { c.at(i, j) } else { S::zero() };
            c.put(i, j, old + sum.scale(alpha));
        }
    }
}
