//! Blocks of equal singular values, and the small dense problems that arise inside and beside them.

use super::spectrum::Spectrum;
use crate::error::Error;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::plan::{Vectors, svd_workspace_len};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::svd::{FactorsMut, svd_into};
use crate::workspace::{Arena, larger};

/// Consecutive singular values that count as equal, or as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) len: usize,
    /// Whether they count as zero: then the bases of the left and of the right side are free of each other.
    pub(super) zero: bool,
}

impl Block {
    /// Its columns of a basis.
    pub(super) fn columns<S: Scalar>(self, basis: MatRef<'_, S>) -> Result<MatRef<'_, S>, Error> {
        basis.block(0, self.first, basis.rows(), self.len)
    }

    /// Its columns of a basis, to be written.
    pub(super) fn columns_mut<S: Scalar>(self, basis: MatMut<'_, S>) -> Result<MatMut<'_, S>, Error> {
        let rows = basis.rows();
        basis.block(0, self.first, rows, self.len)
    }
}

/// The blocks of the first `k` singular values, in order; a simple value is a block of one.
pub(super) fn blocks<'s, R: Real>(spectrum: &'s Spectrum<'_, R>, k: usize) -> impl Iterator<Item = Block> + 's {
    let mut first = 0;
    core::iter::from_fn(move || {
        if first >= k {
            return None;
        }
        let zero = spectrum.is_zero(first);
        let joins = |i: usize| spectrum.is_zero(i) == zero && (zero || spectrum.linked_to_next(i - 1));
        let len = (first + 1..k).take_while(|&i| joins(i)).count() + 1;
        let block = Block { first, len, zero };
        first += len;
        Some(block)
    })
}

/// Z ← (I − B Bᴴ) Z, with the product Bᴴ Z kept in `inside` (columns of B × columns of Z).
pub(super) fn project_out<S: Scalar>(
    basis: MatRef<'_, S>,
    mut z: MatMut<'_, S>,
    inside: &mut [S],
) -> Result<(), Error> {
    let one = S::Real::one();
    let len = basis.cols() * z.cols();
    let mut inside = MatMut::col_major(inside.get_mut(..len).unwrap_or_default(), basis.cols(), z.cols())?;
    gemm(inside.reborrow(), false, one, Operand::adjoint(basis), Operand::plain(z.as_ref()));
    gemm(z.reborrow(), true, -one, Operand::plain(basis), Operand::plain(inside.as_ref()));
    Ok(())
}

/// Replaces the columns of `matrix` by their combinations `matrix · q`, q square; `row` holds one row.
pub(super) fn mix_columns<S: Scalar>(matrix: &mut MatMut<'_, S>, q: MatRef<'_, S>, row: &mut [S]) {
    for i in 0..matrix.rows() {
        for (j, mixed) in row.iter_mut().enumerate().take(q.cols()) {
            *mixed = (0..q.rows()).fold(S::zero(), |sum, l| sum + matrix.at(i, l) * q.at(l, j));
        }
        for (j, &mixed) in row.iter().enumerate().take(q.cols()) {
            matrix.put(i, j, mixed);
        }
    }
}

/// The workspace of the decomposition does not always grow with the matrix: what any number of columns up to `cols` needs.
pub(super) const fn largest_svd_workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    let (mut largest, mut count) = (0, 1);
    while count <= cols {
        largest = larger(largest, svd_workspace_len::<S>(rows, count, Vectors::Thin));
        count += 1;
    }
    largest
}

/// Workspace of [`diagonalize`] and [`nearest_unitary`] for a block of up to b values.
pub(super) const fn small_workspace_len<S: Scalar>(b: usize) -> usize {
    let (mut svd, mut len) = (0, 1);
    while len <= b {
        svd = larger(svd, svd_workspace_len::<S>(len, len, Vectors::Thin));
        len += 1;
    }
    svd.saturating_add(b.saturating_mul(b).saturating_mul(2)).saturating_add(b.div_ceil(S::PARTS))
}

/// ‖Z‖ = √(Σ |zᵢⱼ|²) without spurious overflow or underflow.
pub(super) fn frobenius<S: Scalar>((rows, cols): (usize, usize), z: impl Fn(usize, usize) -> S) -> S::Real {
    let column = |size, j| (0..rows).fold(size, |size: S::Real, i| size.hypot(z(i, j).modulus()));
    (0..cols).fold(S::Real::zero(), column)
}

/// H = Q Λ Qᴴ for a Hermitian matrix, Λ descending; h is overwritten by Q.
///
/// Through the SVD of H + c I with c = 2‖H‖, which is positive definite: its singular values are λ + c and its singular
/// vectors, left and right, Q. The error of λ is a few ε‖H‖, as in the Hermitian problem itself.
pub(super) fn diagonalize<S: Scalar>(
    h: &mut MatMut<'_, S>,
    lambda: &mut [S::Real],
    work: &mut [S],
) -> Result<(), Error> {
    let size = frobenius(h.shape(), |i, j| h.at(i, j));
    let shift = size + size;
    (0..h.rows()).for_each(|i| h.put(i, i, h.at(i, i) + S::from_real(shift)));
    let small = SmallSvd::new(h.as_ref(), work)?;
    for (lambda, &value) in lambda.iter_mut().zip(small.s.iter()) {
        *lambda = value - shift;
    }
    h.fill_with(|i, j| small.v.at(i, j));
    Ok(())
}

/// The unitary polar factor of a square matrix W, which maximizes Re tr(QᴴW): w is overwritten by Q. Returns the smallest
/// singular value of W, zero where Q is not unique.
pub(super) fn nearest_unitary<S: Scalar>(w: &mut MatMut<'_, S>, work: &mut [S]) -> Result<S::Real, Error> {
    let small = SmallSvd::new(w.as_ref(), work)?;
    let (u, v) = (Operand::plain(small.u.as_ref()), Operand::adjoint(small.v.as_ref()));
    gemm(w.reborrow(), false, S::Real::one(), u, v);
    Ok(small.s.last().copied().unwrap_or_else(S::Real::zero))
}

/// The SVD of a small square matrix, on a workspace.
struct SmallSvd<'w, S: Scalar> {
    u: MatMut<'w, S>,
    s: &'w mut [S::Real],
    v: MatMut<'w, S>,
}

impl<'w, S: Scalar> SmallSvd<'w, S> {
    fn new(a: MatRef<'_, S>, work: &'w mut [S]) -> Result<Self, Error> {
        let b = a.rows();
        let mut arena = Arena::new(work, small_workspace_len::<S>(b))?;
        let (mut u, mut v) = (MatMut::col_major(arena.take(b * b), b, b)?, MatMut::col_major(arena.take(b * b), b, b)?);
        let [s] = arena.take_reals(b);
        let out = FactorsMut { u: u.reborrow(), s: &mut *s, v: v.reborrow() };
        svd_into(a, Vectors::Thin, out, arena.take(svd_workspace_len::<S>(b, b, Vectors::Thin)))?;
        Ok(SmallSvd { u, s, v })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of fewer columns the decomposition may need more memory than of more, where it goes another way; there is enough for all.
    #[test]
    fn the_workspace_of_a_block_is_enough_for_smaller_ones() {
        let lengths: [fn(usize) -> usize; 2] =
            [small_workspace_len::<f64>, |b| largest_svd_workspace_len::<f64>(70, b)];
        assert!(lengths.iter().all(|len| (0..70).all(|b| len(b) <= len(b + 1))));
        let svd = |rows, cols| svd_workspace_len::<f64>(rows, cols, Vectors::Thin);
        assert!((1..=70).all(
            |b| small_workspace_len::<f64>(b) >= svd(b, b) && largest_svd_workspace_len::<f64>(70, b) >= svd(70, b)
        ));
        assert!((1..70).any(|b| svd(70, b) > svd(70, b + 1)), "then the largest is the last");
    }
}
