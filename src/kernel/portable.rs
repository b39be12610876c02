//! The definition of every kernel, in plain Rust over any scalar.

use crate::matrix::{MatMut, MatRef};
use crate::scalar::{Real, Scalar, Zero};

/// Independent partial sums: enough for the compiler to keep its widest registers busy, and the rounding error of a
/// sum grows with an eighth of its length only.
const LANES: usize = 8;

/// Σ conj(xᵢ) yᵢ over the shorter of the two.
pub(crate) fn dotc<S: Scalar>(x: &[S], y: &[S]) -> S {
    let mut sums = [S::zero(); LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let tail = xs.remainder().iter().zip(y.iter().skip(x.len() - xs.remainder().len()));
    let tail = tail.fold(S::zero(), |sum, (&a, &b)| sum + a.conj() * b);
    for (a, b) in xs.zip(ys) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a.conj() * b;
        }
    }
    sums.into_iter().fold(tail, |sum, part| sum + part)
}

/// y ← y + a x over the shorter of the two.
pub(crate) fn axpy<S: Scalar>(a: S, x: &[S], y: &mut [S]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// x ← a x.
pub(crate) fn scale<S: Scalar>(a: S, x: &mut [S]) {
    for x in x {
        *x *= a;
    }
}

/// Σ |xᵢ|², which may overflow or underflow; `reflector::norm` does not.
pub(crate) fn sum_squares<S: Scalar>(x: &[S]) -> S::Real {
    let mut sums = [S::Real::zero(); LANES];
    let chunks = x.chunks_exact(LANES);
    let tail = chunks.remainder().iter().fold(S::Real::zero(), |sum, x| sum + x.modulus_squared());
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x.modulus_squared();
        }
    }
    sums.into_iter().fold(tail, |sum, part| sum + part)
}

/// One column of the pass that reads the trailing matrix once per step of the bidiagonalization:
///
///   a ← a + p w,   a ← a + (q vᴴa) v,   z ← z + conj(a₀) a,   returning conj(a₀).
///
/// p w finishes the update by the previous right reflector, q v vᴴ is the current left reflector, and z collects the
/// product of the updated matrix with its own first row, from which the next right reflector is built.
pub(crate) fn bidiagonal_pass<S: Scalar>(a: &mut [S], p: S, w: &[S], q: S, v: &[S], z: &mut [S]) -> S {
    axpy(p, w, a);
    let dot = dotc(v, a);
    axpy(q * dot, v, a);
    let Some(first) = a.first() else { return S::zero() };
    let first = first.conj();
    axpy(first, a, z);
    first
}

/// The order in which a wave of rotations passes over the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Columns (0, 1) first.
    Ascending,
    /// Columns (0, 1) last.
    Descending,
}

/// Rows that a wave carries through all columns at once.
const WAVE_ROWS: usize = 16;

/// Applies the rotation `(c[i], s[i])` to the columns `i` and `i + 1` of a column-major matrix of `rows` rows, for all i in the given order:
///
///   xᵢ ← c xᵢ + s xᵢ₊₁,   xᵢ₊₁ ← c xᵢ₊₁ − s xᵢ.
///
/// Each entry is read and written once per wave, not once per rotation.
pub(crate) fn rotate_columns<R: Real>(columns: &mut [R], rows: usize, c: &[R], s: &[R], order: Order) {
    let mut start = 0;
    while start + WAVE_ROWS <= rows {
        wave::<R, WAVE_ROWS>(columns, rows, start, c, s, order);
        start += WAVE_ROWS;
    }
    while start < rows {
        wave::<R, 1>(columns, rows, start, c, s, order);
        start += 1;
    }
}

/// The wave over `ROWS` rows from `start` on.
#[inline]
fn wave<R: Real, const ROWS: usize>(columns: &mut [R], rows: usize, start: usize, c: &[R], s: &[R], order: Order) {
    let count = c.len().min(s.len());
    let place = |column: usize| column * rows + start;
    let load = |columns: &[R], column: usize| -> [R; ROWS] {
        let mut block = [R::zero(); ROWS];
        if let Some(source) = columns.get(place(column)..place(column) + ROWS) {
            block.copy_from_slice(source);
        }
        block
    };
    let store = |columns: &mut [R], column: usize, block: &[R; ROWS]| {
        if let Some(target) = columns.get_mut(place(column)..place(column) + ROWS) {
            target.copy_from_slice(block);
        }
    };
    match order {
        Order::Ascending => {
            let mut carried = load(columns, 0);
            for (i, (&c, &s)) in c.iter().zip(s).enumerate() {
                let mut next = load(columns, i + 1);
                for (x, y) in carried.iter_mut().zip(&mut next) {
                    (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
                }
                store(columns, i, &carried);
                carried = next;
            }
            store(columns, count, &carried);
        }
        Order::Descending => {
            let mut carried = load(columns, count);
            for (i, (&c, &s)) in c.iter().zip(s).enumerate().rev() {
                let mut next = load(columns, i);
                for (x, y) in next.iter_mut().zip(&mut carried) {
                    (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
                }
                store(columns, i + 1, &carried);
                carried = next;
            }
            store(columns, 0, &carried);
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_its_rotations_one_after_another() {
        for (rows, order) in [(37, Order::Ascending), (37, Order::Descending), (1, Order::Ascending)] {
            let mut a: [f64; 37 * 4] = core::array::from_fn(|i| (i as f64).sin());
            let mut b = a;
            let (c, s) = ([0.6, 0.8, -0.28], [0.8, -0.6, 0.96]);
            rotate_columns(&mut a[..rows * 4], rows, &c, &s, order);
            let sequence: [usize; 3] = if order == Order::Ascending { [0, 1, 2] } else { [2, 1, 0] };
            for i in sequence {
                for row in 0..rows {
                    let (x, y) = (b[i * rows + row], b[(i + 1) * rows + row]);
                    b[i * rows + row] = c[i] * x + s[i] * y;
                    b[(i + 1) * rows + row] = c[i] * y - s[i] * x;
                }
            }
            assert_eq!(a, b);
        }
    }

    #[test]
    fn products_of_odd_lengths() {
        let x: [f64; 19] = core::array::from_fn(|i| i as f64 + 1.0);
        assert_eq!(dotc(&x, &x), 2470.0);
        assert_eq!(dotc(&x[..7], &x), 140.0);
        assert_eq!(sum_squares(&x), 2470.0);
    }
}
