//! Batches that own their entries (feature `alloc`).

use alloc::vec;
use alloc::vec::Vec;

use super::parts::Target;
use super::view::{BatchMut, BatchRef};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

/// Matrices of one shape that own their entries, one after another, column by column.
///
/// ```
/// use diffsvd::batch::Batch;
/// let a = Batch::from_fn(5, 2, 3, |item, row, col| (100 * item + 10 * row + col) as f64);
/// assert_eq!((a.count(), a.shape()), (5, (2, 3)));
/// assert_eq!((a.get(4, 1, 2), a.get(5, 0, 0)), (Some(412.0), None));
/// assert_eq!((a.as_slice()[6], a.as_ref().layout().batch_stride), (100.0, 6)); // the second matrix begins there
/// let mut b = Batch::zeros(5, 2, 3);
/// b.item_mut(4).into_iter().for_each(|mut matrix| matrix.set(1, 2, 7.0));
/// b.as_mut().data_mut()[0] = 5.0;
/// assert_eq!((b.get(0, 0, 0), b.item(4).and_then(|matrix| matrix.get(1, 2))), (Some(5.0), Some(7.0)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<S> {
    pub(super) data: Vec<S>,
    pub(super) count: usize,
    pub(super) rows: usize,
    pub(super) cols: usize,
}

impl<S: Scalar> Batch<S> {
    /// Zeros. Panics, as `vec!` does, where no memory is large enough.
    #[must_use]
    pub fn zeros(count: usize, rows: usize, cols: usize) -> Self {
        Batch { data: vec![S::zero(); count.saturating_mul(rows).saturating_mul(cols)], count, rows, cols }
    }

    /// Every entry from its item, row and column.
    #[must_use]
    pub fn from_fn(count: usize, rows: usize, cols: usize, mut entry: impl FnMut(usize, usize, usize) -> S) -> Self {
        let mut batch = Self::zeros(count, rows, cols);
        let matrices = batch.data.chunks_exact_mut(rows.saturating_mul(cols).max(1));
        for (item, matrix) in matrices.enumerate() {
            for (place, x) in matrix.iter_mut().enumerate() {
                *x = entry(item, place % rows, place / rows);
            }
        }
        batch
    }

    /// Number of matrices.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// (rows, columns) of each.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Entry (row, column) of matrix `item`, or `None` outside.
    #[must_use]
    pub fn get(&self, item: usize, row: usize, col: usize) -> Option<S> {
        self.item(item)?.get(row, col)
    }

    /// Matrix number `item`.
    #[must_use]
    pub fn item(&self, item: usize) -> Option<MatRef<'_, S>> {
        self.as_ref().item(item).ok()
    }

    /// Matrix number `item`, to be written.
    #[must_use]
    pub fn item_mut(&mut self, item: usize) -> Option<MatMut<'_, S>> {
        // Where there is an item, its size fits.
        let size = (item < self.count).then(|| self.rows * self.cols)?;
        let data = self.data.get_mut(item * size..(item + 1) * size)?;
        MatMut::col_major(data, self.rows, self.cols).ok()
    }

    /// The entries.
    #[must_use]
    pub fn as_slice(&self) -> &[S] {
        &self.data
    }

    /// A view to be read.
    #[must_use]
    pub fn as_ref(&self) -> BatchRef<'_, S> {
        BatchRef::packed(&self.data, self.count, self.rows, self.cols)
    }

    /// A view to be written.
    #[must_use]
    pub fn as_mut(&mut self) -> BatchMut<'_, S> {
        BatchMut::packed(&mut self.data, self.count, self.rows, self.cols)
    }

    pub(super) fn target(&mut self) -> Target<'_, S> {
        Target::Overwrite(self.as_mut())
    }
}
