//! Where the entries of many matrices lie.

use crate::error::Error;

/// The layout of `count` matrices of one shape in one slice: entry (i, j) of matrix b is
/// `data[b * batch_stride + i * row_stride + j * col_stride]`.
///
/// Any order of the three strides is a layout: matrices one after another, or interleaved, as structure of arrays. An offset is a matter of the
/// slice: `&data[offset..]`.
///
/// ```
/// use diffsvd::batch::Layout;
/// let packed = Layout::row_major(10, 2, 3);
/// assert_eq!((packed.batch_stride, packed.row_stride, packed.col_stride), (6, 3, 1));
/// assert_eq!(packed.needed(), Some(60));
/// let interleaved = Layout { batch_stride: 1, row_stride: 30, col_stride: 10, ..packed };
/// assert!(interleaved.is_injective() && interleaved.needed() == Some(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Number of matrices; may be zero.
    pub count: usize,
    /// Rows of each.
    pub rows: usize,
    /// Columns of each.
    pub cols: usize,
    /// Distance from one matrix to the next; zero repeats one matrix (*broadcasting*), for what is read only.
    pub batch_stride: usize,
    /// Distance from one row to the next.
    pub row_stride: usize,
    /// Distance from one column to the next.
    pub col_stride: usize,
}

impl Layout {
    /// Matrices one after another, each row by row.
    #[must_use]
    pub const fn row_major(count: usize, rows: usize, cols: usize) -> Self {
        let batch_stride = rows.saturating_mul(cols);
        Layout { count, rows, cols, batch_stride, row_stride: cols, col_stride: 1 }
    }

    /// Matrices one after another, each column by column.
    #[must_use]
    pub const fn col_major(count: usize, rows: usize, cols: usize) -> Self {
        let batch_stride = rows.saturating_mul(cols);
        Layout { count, rows, cols, batch_stride, row_stride: 1, col_stride: rows }
    }

    /// Vectors of `len` entries one after another, as columns.
    #[must_use]
    pub const fn vectors(count: usize, len: usize) -> Self {
        Self::col_major(count, len, 1)
    }

    /// The same matrix `count` times.
    ///
    /// ```
    /// # use diffsvd::batch::{BatchMut, Layout};
    /// let layout = Layout::row_major(1, 2, 2).broadcast(1000);
    /// assert_eq!((layout.count, layout.needed(), layout.is_injective()), (1000, Some(4), false));
    /// assert!(BatchMut::new(&mut [0.0; 4], layout).is_err()); // for what is read only
    /// ```
    #[must_use]
    pub const fn broadcast(self, count: usize) -> Self {
        Layout { count, batch_stride: 0, ..self }
    }

    /// Length that a slice needs; `None` where no slice could be so long.
    #[must_use]
    pub fn needed(&self) -> Option<usize> {
        if self.is_empty() { Some(0) } else { self.last()?.checked_add(1) }
    }

    /// Whether each stride steps over all that the smaller ones reach, so that no two entries share a place. Of what is nested otherwise this says no,
    /// even where all places are different.
    #[must_use]
    pub fn is_injective(&self) -> bool {
        let mut steps = self.steps();
        steps.sort_unstable();
        let mut reached = 0_usize;
        self.is_empty()
            || steps.into_iter().filter(|&(_, count)| count > 1).all(|(stride, count)| {
                let nested = stride > reached;
                reached = reached.saturating_add(stride.saturating_mul(count - 1));
                nested
            })
    }

    /// Whether there is no entry at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0 || self.rows == 0 || self.cols == 0
    }

    /// Whether each matrix ends before the next begins, so that the slice can be cut between any two.
    pub(super) fn is_sequential(&self) -> bool {
        self.count < 2 || self.is_empty() || self.one().last().is_some_and(|last| self.batch_stride > last)
    }

    /// One matrix of the batch.
    fn one(&self) -> Self {
        Layout { count: 1, ..*self }
    }

    fn steps(&self) -> [(usize, usize); 3] {
        [(self.batch_stride, self.count), (self.row_stride, self.rows), (self.col_stride, self.cols)]
    }

    /// Index of the last entry of a batch that is not empty.
    fn last(&self) -> Option<usize> {
        self.steps()
            .into_iter()
            .try_fold(0_usize, |last, (stride, count)| last.checked_add(stride.checked_mul(count.saturating_sub(1))?))
    }

    /// # Errors
    /// [`Error::BatchLength`] unless a slice of `got` entries holds all matrices.
    pub(super) fn check_length(&self, got: usize) -> Result<(), Error> {
        let needed = self.needed().unwrap_or(usize::MAX);
        if needed <= got {
            Ok(())
        } else {
            Err(Error::BatchLength { count: self.count, shape: (self.rows, self.cols), needed, got })
        }
    }

    /// # Errors
    /// [`Error::BatchOverlap`] where two entries share a place.
    pub(super) fn check_injective(&self) -> Result<(), Error> {
        if self.is_injective() {
            return Ok(());
        }
        let strides = (self.batch_stride, self.row_stride, self.col_stride);
        Err(Error::BatchOverlap { count: self.count, shape: (self.rows, self.cols), strides })
    }
}
