//! Tiles of real 2×2 matrices: the closed form ([`closed`](crate::closed)), lane by lane, where it is reliable.

use super::jacobi::Columns;
use crate::closed::Parts;
use crate::kernel::vector::{Lane, any, map, splat};
use crate::scalar::Real;
use crate::scale::reliable;

/// s, U and V of W matrices.
pub(super) struct Closed<R, const W: usize> {
    /// One where they are not reliable.
    doubtful: Lane<R, W>,
    values: [Lane<R, W>; 2],
    /// The columns of U and of V below each other, as in a tile.
    bases: [[Lane<R, W>; 4]; 2],
}

impl<R: Real, const W: usize> Closed<R, W> {
    /// Of the matrices that stand in the upper part of two columns.
    #[inline(always)]
    pub(super) fn of(columns: &Columns<'_, R, W>) -> Self {
        let zero = splat(R::zero());
        let mut closed = Closed { doubtful: zero, values: [zero; 2], bases: [[zero; 4]; 2] };
        let (first, second) = columns.data.split_at(columns.len);
        let [a, c, b, d] = [first[0], first[1], second[0], second[1]];
        if columns.len == columns.left {
            for l in 0..W {
                closed.set_values(l, &Parts::of([a[l], b[l], c[l], d[l]]));
            }
        } else {
            for l in 0..W {
                let parts = Parts::of([a[l], b[l], c[l], d[l]]);
                closed.set_values(l, &parts);
                let [[[p, q], [r, s]], [[t, u], [v, w]]] = parts.bases();
                let [first, second] = &mut closed.bases;
                [first[0][l], first[1][l], first[2][l], first[3][l]] = [p, q, t, u];
                [second[0][l], second[1][l], second[2][l], second[3][l]] = [r, s, v, w];
            }
        }
        closed
    }

    #[inline(always)]
    fn set_values(&mut self, l: usize, parts: &Parts<R>) {
        self.doubtful[l] = if parts.product > reliable() { R::zero() } else { R::one() };
        [self.values[0][l], self.values[1][l]] = parts.values;
    }

    /// Whether all lanes are reliable.
    #[inline(always)]
    pub(super) fn everywhere(&self) -> bool {
        !any(&self.doubtful)
    }

    /// Goes where the results of a tile stand. No zero is negative.
    #[inline(always)]
    pub(super) fn write(&self, columns: &mut Columns<'_, R, W>) {
        for (norm, value) in columns.norms.iter_mut().zip(&self.values) {
            *norm = map(*value, |x| x + R::zero());
        }
        // (Without vectors there is no place for V, and nobody asks for U.)
        for (column, basis) in columns.data.chunks_exact_mut(columns.len).zip(&self.bases) {
            for (to, from) in column.iter_mut().zip(basis) {
                *to = map(*from, |x| x + R::zero());
            }
        }
    }

    /// The same in the lanes that are reliable: what does not depend on its neighbours.
    #[cold]
    #[inline(never)]
    pub(super) fn write_some(&self, columns: &mut Columns<'_, R, W>) {
        for l in (0..W).filter(|&l| self.doubtful[l] == R::zero()) {
            for (norm, value) in columns.norms.iter_mut().zip(&self.values) {
                norm[l] = value[l] + R::zero();
            }
            for (column, basis) in columns.data.chunks_exact_mut(columns.len).zip(&self.bases) {
                for (to, from) in column.iter_mut().zip(basis) {
                    to[l] = from[l] + R::zero();
                }
            }
        }
    }
}
