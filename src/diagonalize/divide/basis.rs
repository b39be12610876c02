//! A square factor of the divide and conquer: the planes of a real matrix, addressed by global row and column.

use core::ops::Range;

use crate::error::Error;
use crate::kernel::{LANES, Planes};
use crate::matrix::MatMut;
use crate::scalar::Real;

/// X or Y.
pub(super) struct Basis<'a, R> {
    entries: &'a mut [R],
    /// Rows of a column, padding included.
    stride: usize,
}

impl<'a, R: Real> Basis<'a, R> {
    /// The zero matrix in the place of `planes`.
    pub(super) fn zeros(planes: Planes<'a, R>) -> Self {
        let stride = planes.stride() * LANES;
        let Planes { data, .. } = planes;
        let entries = data.as_flattened_mut();
        entries.fill(R::zero());
        Basis { entries, stride }
    }

    /// The corners on the diagonal: what is left of column and above row `at`, and what is right of it and below.
    pub(super) fn corners(&mut self, at: usize) -> [Basis<'_, R>; 2] {
        let (left, right) = self.entries.split_at_mut(at * self.stride);
        let right = right.get_mut(at..).unwrap_or_default();
        [left, right].map(|entries| Basis { entries, stride: self.stride })
    }

    /// The given rows of column `j`.
    pub(super) fn column(&self, j: usize, rows: Range<usize>) -> &[R] {
        &self.entries[j * self.stride..][rows]
    }

    /// The given rows of column `j`, to be written.
    pub(super) fn column_mut(&mut self, j: usize, rows: Range<usize>) -> &mut [R] {
        &mut self.entries[j * self.stride..][rows]
    }

    /// Entry (i, j).
    pub(super) fn at(&self, i: usize, j: usize) -> R {
        self.entries[j * self.stride + i]
    }

    /// xᵢ ← c xᵢ + s xⱼ, xⱼ ← c xⱼ − s xᵢ in the given rows.
    pub(super) fn rotate(&mut self, (i, j): (usize, usize), (c, s): (R, R), rows: Range<usize>) {
        let (first, second) = (i.min(j), i.max(j));
        // From the other side, the rotation is that of the opposite sine.
        let s = if i < j { s } else { -s };
        let (left, right) = self.entries.split_at_mut(second * self.stride);
        let pairs = left[first * self.stride..][rows.clone()].iter_mut().zip(&mut right[rows]);
        for (x, y) in pairs {
            (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
        }
    }

    /// Exchanges columns `i < j`.
    pub(super) fn swap(&mut self, i: usize, j: usize) {
        let (left, right) = self.entries.split_at_mut(j * self.stride);
        left[i * self.stride..][..self.stride].swap_with_slice(&mut right[..self.stride]);
    }

    /// The block of these rows and columns.
    pub(super) fn block(&mut self, rows: Range<usize>, columns: Range<usize>) -> Result<MatMut<'_, R>, Error> {
        let start = columns.start * self.stride + rows.start;
        let entries = self.entries.get_mut(start..).unwrap_or_default();
        MatMut::new(entries, rows.len(), columns.len(), 1, self.stride)
    }
}
