//! The view that is written.

use super::layout::{Layout, block, shape_accessors};
use super::{MatRef, check_shape};
use crate::error::Error;
use crate::scalar::Scalar;

/// A matrix that is written. No two entries share a place.
///
/// ```
/// use diffsvd::MatMut;
///
/// let mut data = [0.0; 6];
/// let mut a = MatMut::row_major(&mut data, 2, 3)?;
/// a.set(1, 0, 4.0);
/// a.reborrow().transpose().set(2, 1, 6.0); // entry (1, 2) of `a`
/// assert_eq!(((a.rows(), a.cols()), a.shape()), ((2, 3), (2, 3)));
/// assert_eq!((a.row_stride(), a.col_stride(), a.as_ref().get(1, 2)), (3, 1, Some(6.0)));
/// assert_eq!(data, [0.0, 0.0, 0.0, 4.0, 0.0, 6.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Debug)]
pub struct MatMut<'a, S> {
    data: &'a mut [S],
    layout: Layout,
}

impl<'a, S: Scalar> MatMut<'a, S> {
    /// A view with any strides for which no two entries share a place.
    ///
    /// # Errors
    /// [`Error::Layout`] where an entry would lie outside of the slice or two entries would share a place.
    ///
    /// ```
    /// # use diffsvd::MatMut;
    /// let mut data = [0.0; 4];
    /// let error = MatMut::new(&mut data, 2, 2, 0, 1).unwrap_err(); // what may be read may not be written:
    /// assert!(error.to_string().ends_with("or its entries overlap"));
    /// MatMut::new(&mut data, 2, 1, 3, 1)?.set(1, 0, 5.0);
    /// assert_eq!(data, [0.0, 0.0, 0.0, 5.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn new(
        data: &'a mut [S],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Result<Self, Error> {
        let layout = Layout::new(rows, cols, row_stride, col_stride, data.len())?.without_overlap(data.len())?;
        Ok(MatMut { data, layout })
    }

    /// Rows one after another.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
    ///
    /// ```
    /// # use diffsvd::MatMut;
    /// let mut data = [0.0; 6];
    /// MatMut::row_major(&mut data, 2, 3)?.set(0, 1, 1.0);
    /// assert_eq!(data, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn row_major(data: &'a mut [S], rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, rows, cols, cols, 1)
    }

    /// Columns one after another.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
    ///
    /// ```
    /// # use diffsvd::MatMut;
    /// let mut data = [0.0; 6];
    /// MatMut::col_major(&mut data, 2, 3)?.set(0, 1, 1.0);
    /// assert_eq!(data, [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn col_major(data: &'a mut [S], rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, rows, cols, 1, rows)
    }

    /// A column-major slice that is known to hold the whole matrix.
    #[cfg(feature = "alloc")]
    pub(crate) fn packed(data: &'a mut [S], rows: usize, cols: usize) -> Self {
        debug_assert!(data.len() >= rows * cols);
        MatMut { data, layout: Layout { rows, cols, row_stride: 1, col_stride: rows } }
    }

    /// A 0×0 matrix: stands for an output that is not wanted.
    ///
    /// ```
    /// assert_eq!(diffsvd::MatMut::<f64>::empty().shape(), (0, 0));
    /// ```
    #[must_use]
    pub fn empty() -> Self {
        MatMut { data: &mut [], layout: Layout { rows: 0, cols: 0, row_stride: 1, col_stride: 0 } }
    }

    shape_accessors!();

    /// The slice, for as long as it was lent.
    ///
    /// ```
    /// # use diffsvd::MatMut;
    /// let mut memory = [1.0, 2.0, 3.0, 4.0];
    /// let a = MatMut::row_major(&mut memory, 2, 2)?;
    /// let slice = a.into_data(); // outlives the view
    /// assert_eq!(slice[3], 4.0);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn into_data(self) -> &'a mut [S] {
        self.data
    }

    /// The same matrix, to be read.
    #[must_use]
    pub fn as_ref(&self) -> MatRef<'_, S> {
        MatRef { data: self.data, layout: self.layout }
    }

    /// The same matrix for a shorter time: lets a view be passed on and used again.
    #[must_use]
    pub fn reborrow(&mut self) -> MatMut<'_, S> {
        MatMut { data: self.data, layout: self.layout }
    }

    /// The transpose, without moving an entry.
    #[must_use]
    pub fn transpose(self) -> Self {
        MatMut { data: self.data, layout: self.layout.transpose() }
    }

    /// The block of `rows` × `cols` whose first entry is (i, j).
    ///
    /// # Errors
    /// [`Error::Shape`] where it reaches beyond the matrix.
    ///
    /// ```
    /// # use diffsvd::MatMut;
    /// let mut rows = [[0.0; 3]; 2];
    /// MatMut::from(&mut rows).block(1, 1, 1, 2)?.set(0, 0, 7.0);
    /// assert_eq!(rows, [[0.0, 0.0, 0.0], [0.0, 7.0, 0.0]]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn block(self, i: usize, j: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        let (start, layout) = block(self.layout, i, j, rows, cols)?;
        Ok(MatMut { data: self.data.get_mut(start..).unwrap_or(&mut []), layout })
    }

    /// The first `at` columns and the others; the matrix itself where their entries do not lie apart, as those of row-major matrices.
    pub(crate) fn split_cols(self, at: usize) -> Result<(Self, Self), Self> {
        let Layout { rows, cols, row_stride, col_stride } = self.layout;
        if at > cols || col_stride < rows.saturating_sub(1).saturating_mul(row_stride).saturating_add(1) {
            return Err(self);
        }
        let (left, right) = self.data.split_at_mut((at * col_stride).min(self.data.len()));
        let of = |cols: usize| Layout { cols, ..self.layout };
        Ok((MatMut { data: left, layout: of(at) }, MatMut { data: right, layout: of(cols - at) }))
    }

    /// Writes entry (i, j); does nothing outside of the matrix.
    #[inline]
    pub fn set(&mut self, i: usize, j: usize, value: S) {
        if i < self.layout.rows
            && j < self.layout.cols
            && let Some(entry) = self.data.get_mut(self.layout.index(i, j))
        {
            *entry = value;
        }
    }

    /// Writes entry (i, j) of a matrix that is known to have it.
    #[inline]
    pub(crate) fn put(&mut self, i: usize, j: usize, value: S) {
        debug_assert!(i < self.layout.rows && j < self.layout.cols);
        if let Some(entry) = self.data.get_mut(self.layout.index(i, j)) {
            *entry = value;
        }
    }

    /// Entry (i, j) of a matrix that is known to have it.
    #[inline]
    pub(crate) fn at(&self, i: usize, j: usize) -> S {
        debug_assert!(i < self.layout.rows && j < self.layout.cols);
        self.data.get(self.layout.index(i, j)).copied().unwrap_or_else(S::zero)
    }

    /// Column j as a slice, if its entries lie one after another.
    #[inline]
    pub(crate) fn contiguous_col(&mut self, j: usize) -> Option<&mut [S]> {
        let start = self.layout.index(0, j);
        if self.layout.row_stride == 1 { self.data.get_mut(start..start + self.layout.rows) } else { None }
    }

    /// The entries from the first to the last of a block that is not empty, and how far its columns are apart, if those are contiguous
    /// and the block lies within the matrix.
    #[inline]
    pub(crate) fn block_mut(
        &mut self,
        (top, left): (usize, usize),
        (rows, cols): (usize, usize),
    ) -> Option<(&mut [S], usize)> {
        let Layout { rows: all_rows, cols: all_cols, row_stride, col_stride } = self.layout;
        if row_stride != 1 || top + rows > all_rows || left + cols > all_cols {
            return None;
        }
        let (start, len) = (self.layout.index(top, left), (cols - 1) * col_stride + rows);
        Some((self.data.get_mut(start..start + len)?, col_stride))
    }

    /// Every entry from its position.
    pub(crate) fn fill_with(&mut self, mut entry: impl FnMut(usize, usize) -> S) {
        for j in 0..self.cols() {
            for i in 0..self.rows() {
                self.put(i, j, entry(i, j));
            }
        }
    }

    /// The entries of column j in their order.
    pub(crate) fn fill_column(&mut self, j: usize, entries: impl Iterator<Item = S>) {
        if let Some(column) = self.contiguous_col(j) {
            column.iter_mut().zip(entries).for_each(|(to, x)| *to = x);
        } else {
            entries.enumerate().for_each(|(i, x)| self.put(i, j, x));
        }
    }

    /// Column j is that of a matrix of the same shape, times `factor(j)`.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn fill_scaled(&mut self, from: MatRef<'_, S>, factor: impl Fn(usize) -> S::Real) {
        for j in 0..self.cols() {
            let factor = factor(j);
            // Column by column, if that is worth its code.
            let columns =
                if cfg!(target_os = "none") { None } else { self.contiguous_col(j).zip(from.contiguous_col(j)) };
            match columns {
                Some((to, from)) => to.iter_mut().zip(from).for_each(|(to, x)| *to = x.scale(factor)),
                None => (0..self.rows()).for_each(|i| self.put(i, j, from.at(i, j).scale(factor))),
            }
        }
    }

    /// [`Error::Shape`] unless the shape is the expected one.
    pub(crate) fn check_shape(&self, argument: &'static str, expected: (usize, usize)) -> Result<(), Error> {
        check_shape(argument, self.shape(), expected)
    }
}

/// The rows of an array, to be written.
impl<'a, S: Scalar, const M: usize, const N: usize> From<&'a mut [[S; N]; M]> for MatMut<'a, S> {
    fn from(rows: &'a mut [[S; N]; M]) -> Self {
        MatMut { data: rows.as_flattened_mut(), layout: Layout { rows: M, cols: N, row_stride: N, col_stride: 1 } }
    }
}
