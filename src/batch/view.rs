//! Views of many matrices in one slice.

use super::lanes::{Items, ItemsMut};
use super::layout::Layout;
use super::parts::Batched;
use crate::error::Error;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

/// Many matrices of one shape that are read. Copying it copies the view, not the entries.
///
/// ```
/// use diffsvd::batch::{BatchRef, Layout};
/// let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
/// let a = BatchRef::row_major(&data, 2, 2, 2)?;
/// assert_eq!((a.count(), a.shape(), a.item(1)?.get(0, 1)), (2, (2, 2), Some(6.0)));
/// let (t, first) = (a.transpose(), a.leading_cols(1)); // of each matrix, without moving an entry
/// assert_eq!((t.item(1)?.get(0, 1), first.shape(), first.data().len()), (Some(7.0), (2, 1), 8));
/// assert_eq!(t.layout(), Layout::col_major(2, 2, 2));
/// let same = BatchRef::new(&data, Layout::row_major(1, 2, 2).broadcast(1000))?; // a thousand times the first one
/// assert_eq!(same.item(999)?.get(0, 1), Some(2.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchRef<'a, S> {
    data: &'a [S],
    layout: Layout,
}

/// Many matrices of one shape that are written. No two entries share a place.
///
/// ```
/// use diffsvd::batch::{BatchMut, Layout};
/// let mut data = [0.0; 8];
/// let mut a = BatchMut::row_major(&mut data, 2, 2, 2)?;
/// a.item(1)?.set(0, 1, 6.0);
/// a.reborrow().transpose().item(0)?.set(0, 1, 3.0); // entry (1, 0) of the first
/// a.data_mut()[0] = 1.0;
/// assert_eq!((a.count(), a.shape(), a.layout()), (2, (2, 2), Layout::row_major(2, 2, 2)));
/// assert_eq!(a.as_ref().item(1)?.get(0, 1), Some(6.0));
/// assert_eq!(a.into_data(), [1.0, 0.0, 3.0, 0.0, 0.0, 6.0, 0.0, 0.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchMut<'a, S> {
    data: &'a mut [S],
    layout: Layout,
}

/// The parts of a layout question that both views answer alike.
macro_rules! layout_accessors {
    () => {
        /// Number of matrices.
        #[must_use]
        pub fn count(&self) -> usize {
            self.layout.count
        }
        /// (rows, columns) of each.
        #[must_use]
        pub fn shape(&self) -> (usize, usize) {
            (self.layout.rows, self.layout.cols)
        }
        /// Count, shape and strides.
        #[must_use]
        pub fn layout(&self) -> Layout {
            self.layout
        }
        /// Where matrix `index` begins.
        ///
        /// # Errors
        /// [`Error::Count`] where there are not so many.
        fn start(&self, index: usize) -> Result<usize, Error> {
            if index < self.layout.count {
                // Of empty matrices the strides may be anything.
                Ok(index.saturating_mul(self.layout.batch_stride))
            } else {
                Err(Error::Count { argument: "the batch", got: self.layout.count, expected: index.saturating_add(1) })
            }
        }
        /// Length of a vector of contiguous entries.
        ///
        /// # Errors
        /// [`Error::Layout`] unless each matrix is a column without gaps.
        pub(super) fn contiguous(&self) -> Result<usize, Error> {
            let Layout { rows, cols, row_stride, col_stride, .. } = self.layout;
            if cols == 1 && (rows < 2 || row_stride == 1) {
                Ok(rows)
            } else {
                Err(Error::Layout { shape: (rows, cols), strides: (row_stride, col_stride), len: self.data.len() })
            }
        }
    };
}

impl<'a, S: Scalar> BatchRef<'a, S> {
    /// Any layout whose entries lie in the slice.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    pub fn new(data: &'a [S], layout: Layout) -> Result<Self, Error> {
        layout.check_length(data.len())?;
        Ok(BatchRef { data, layout })
    }

    /// Matrices one after another, each row by row, as most engines hold them.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    pub fn row_major(data: &'a [S], count: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, Layout::row_major(count, rows, cols))
    }

    /// Matrices one after another, each column by column.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    ///
    /// ```
    /// # use diffsvd::batch::BatchRef;
    /// let a = BatchRef::col_major(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 2, 2, 2)?;
    /// assert_eq!(a.item(1)?.get(0, 1), Some(7.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn col_major(data: &'a [S], count: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, Layout::col_major(count, rows, cols))
    }

    /// Vectors one after another: the singular values of a batch.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    pub fn vectors(data: &'a [S], count: usize, len: usize) -> Result<Self, Error> {
        Self::new(data, Layout::vectors(count, len))
    }

    /// A slice that is known to hold the whole batch, column-major.
    #[cfg(feature = "alloc")]
    pub(super) fn packed(data: &'a [S], count: usize, rows: usize, cols: usize) -> Self {
        debug_assert!(data.len() >= count * rows * cols);
        BatchRef { data, layout: Layout::col_major(count, rows, cols) }
    }

    layout_accessors!();

    /// The slice.
    #[must_use]
    pub fn data(&self) -> &'a [S] {
        self.data
    }

    /// Matrix number `index`.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many.
    #[inline]
    pub fn item(&self, index: usize) -> Result<MatRef<'a, S>, Error> {
        let Layout { rows, cols, row_stride, col_stride, .. } = self.layout;
        let data = self.data.get(self.start(index)?..).unwrap_or_default();
        MatRef::new(data, rows, cols, row_stride, col_stride)
    }

    /// Vector number `index`, of a batch of columns without gaps.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where there are gaps.
    ///
    /// ```
    /// # use diffsvd::batch::BatchRef;
    /// let s = BatchRef::vectors(&[1.0, 2.0, 3.0, 4.0], 2, 2)?;
    /// assert_eq!((s.vector(1)?, s.vector(2).is_err()), (&[3.0, 4.0][..], true));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[inline]
    pub fn vector(&self, index: usize) -> Result<&'a [S], Error> {
        let (start, len) = (self.start(index)?, self.contiguous()?);
        Ok(self.data.get(start..start + len).unwrap_or_default())
    }

    /// `count` matrices from number `first` on.
    pub(super) fn range(self, first: usize, count: usize) -> Self {
        self.split(first).1.split(count).0
    }

    /// The whole batch, for the engine of small matrices.
    pub(super) fn for_lanes(&self) -> Items<'a, S> {
        let Layout { batch_stride, row_stride, col_stride, .. } = self.layout;
        Items { data: self.data, item: batch_stride, row: row_stride, col: col_stride }
    }

    /// Each matrix transposed, without moving an entry.
    #[must_use]
    pub fn transpose(self) -> Self {
        BatchRef { data: self.data, layout: transposed(self.layout) }
    }

    /// The first `cols` columns of each matrix; all of them where there are fewer.
    #[must_use]
    pub fn leading_cols(self, cols: usize) -> Self {
        let cols = cols.min(self.layout.cols);
        BatchRef { data: self.data, layout: Layout { cols, ..self.layout } }
    }
}

impl<'a, S: Scalar> BatchMut<'a, S> {
    /// Any layout whose entries lie in the slice, each in a place of its own.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short, [`Error::BatchOverlap`] where entries overlap: a batch stride of zero is for
    /// what is read.
    pub fn new(data: &'a mut [S], layout: Layout) -> Result<Self, Error> {
        layout.check_length(data.len())?;
        layout.check_injective()?;
        Ok(BatchMut { data, layout })
    }

    /// Matrices one after another, each row by row.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    pub fn row_major(data: &'a mut [S], count: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, Layout::row_major(count, rows, cols))
    }

    /// Matrices one after another, each column by column.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    ///
    /// ```
    /// # use diffsvd::batch::BatchMut;
    /// let mut data = [0.0; 8];
    /// BatchMut::col_major(&mut data, 2, 2, 2)?.item(1)?.set(0, 1, 7.0);
    /// assert_eq!(data, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 0.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn col_major(data: &'a mut [S], count: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, Layout::col_major(count, rows, cols))
    }

    /// Vectors one after another.
    ///
    /// # Errors
    /// [`Error::BatchLength`] where the slice is too short.
    pub fn vectors(data: &'a mut [S], count: usize, len: usize) -> Result<Self, Error> {
        Self::new(data, Layout::vectors(count, len))
    }

    /// A slice that is known to hold the whole batch, column-major.
    #[cfg(feature = "alloc")]
    pub(super) fn packed(data: &'a mut [S], count: usize, rows: usize, cols: usize) -> Self {
        debug_assert!(data.len() >= count * rows * cols);
        BatchMut { data, layout: Layout::col_major(count, rows, cols) }
    }

    /// `count` matrices of 0×0: stands for an output that is not wanted.
    ///
    /// ```
    /// assert_eq!(diffsvd::batch::BatchMut::<f64>::empty(3).count(), 3);
    /// ```
    #[must_use]
    pub fn empty(count: usize) -> Self {
        BatchMut { data: &mut [], layout: Layout::col_major(count, 0, 0) }
    }

    layout_accessors!();

    /// The slice.
    #[must_use]
    pub fn data_mut(&mut self) -> &mut [S] {
        self.data
    }

    /// The slice, for as long as it was lent.
    #[must_use]
    pub fn into_data(self) -> &'a mut [S] {
        self.data
    }

    /// Matrix number `index`, to be written.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many.
    #[inline]
    pub fn item(&mut self, index: usize) -> Result<MatMut<'_, S>, Error> {
        let Layout { rows, cols, row_stride, col_stride, .. } = self.layout;
        let start = self.start(index)?;
        let data = self.data.get_mut(start..).unwrap_or_default();
        MatMut::new(data, rows, cols, row_stride, col_stride)
    }

    /// Vector number `index`, of a batch of columns without gaps.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where there are gaps.
    ///
    /// ```
    /// # use diffsvd::batch::BatchMut;
    /// let mut data = [0.0; 4];
    /// BatchMut::vectors(&mut data, 2, 2)?.vector(1)?.fill(3.0);
    /// assert_eq!(data, [0.0, 0.0, 3.0, 3.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[inline]
    pub fn vector(&mut self, index: usize) -> Result<&mut [S], Error> {
        let (start, len) = (self.start(index)?, self.contiguous()?);
        Ok(self.data.get_mut(start..start + len).unwrap_or_default())
    }

    /// The same batch, to be read.
    #[must_use]
    pub fn as_ref(&self) -> BatchRef<'_, S> {
        BatchRef { data: self.data, layout: self.layout }
    }

    /// The same batch for a shorter time.
    #[must_use]
    pub fn reborrow(&mut self) -> BatchMut<'_, S> {
        BatchMut { data: self.data, layout: self.layout }
    }

    /// The whole batch, for the engine of small matrices.
    pub(super) fn for_lanes(&mut self) -> ItemsMut<'_, S> {
        let Layout { batch_stride, row_stride, col_stride, .. } = self.layout;
        ItemsMut { data: self.data, item: batch_stride, row: row_stride, col: col_stride }
    }

    /// Each matrix transposed, without moving an entry.
    #[must_use]
    pub fn transpose(self) -> Self {
        BatchMut { data: self.data, layout: transposed(self.layout) }
    }
}

fn transposed(layout: Layout) -> Layout {
    let Layout { rows, cols, row_stride, col_stride, .. } = layout;
    Layout { rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride, ..layout }
}

impl<S: Scalar> Batched for BatchRef<'_, S> {
    fn items(&self) -> Result<Option<usize>, Error> {
        Ok(Some(self.layout.count))
    }
    fn can_split(&self) -> bool {
        true
    }
    fn split(self, at: usize) -> (Self, Self) {
        let (first, second) = halves(self.layout, at);
        let data = self.data.get(first.count.saturating_mul(first.batch_stride)..).unwrap_or_default();
        (BatchRef { data: self.data, layout: first }, BatchRef { data, layout: second })
    }
}

impl<S: Scalar> Batched for BatchMut<'_, S> {
    fn items(&self) -> Result<Option<usize>, Error> {
        Ok(Some(self.layout.count))
    }
    fn can_split(&self) -> bool {
        self.layout.is_sequential()
    }
    fn split(self, at: usize) -> (Self, Self) {
        let (first, second) = halves(self.layout, at);
        if second.count == 0 || !self.layout.is_sequential() {
            let nothing = BatchMut { data: &mut [], layout: Layout { count: 0, ..second } };
            return (BatchMut { data: self.data, layout: first }, nothing);
        }
        let (left, right) = self.data.split_at_mut(first.count.saturating_mul(first.batch_stride).min(self.data.len()));
        (BatchMut { data: left, layout: first }, BatchMut { data: right, layout: second })
    }
}

/// The first `at` matrices and the others.
fn halves(layout: Layout, at: usize) -> (Layout, Layout) {
    let at = at.min(layout.count);
    (Layout { count: at, ..layout }, Layout { count: layout.count - at, ..layout })
}
