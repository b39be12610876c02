//! The view that is read.

use super::check_shape;
use super::layout::{Layout, block, shape_accessors};
use crate::error::Error;
use crate::scalar::Scalar;

/// A matrix that is read. Copying a `MatRef` copies the view, not the entries.
///
/// ```
/// use diffsvd::MatRef;
///
/// let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let a = MatRef::row_major(&data, 2, 3)?;
/// assert_eq!((a.get(1, 0), a.get(2, 0)), (Some(4.0), None));
/// assert_eq!((a.rows(), a.cols(), a.row_stride(), a.col_stride()), (2, 3, 3, 1));
/// let t = a.transpose(); // the strides change places
/// assert_eq!((t.shape(), t.row_stride(), t.get(0, 1)), ((3, 2), 1, Some(4.0)));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, S> {
    pub(super) data: &'a [S],
    pub(super) layout: Layout,
}

impl<'a, S: Scalar> MatRef<'a, S> {
    /// A view with any strides; strides of zero repeat a row or a column.
    ///
    /// # Errors
    /// [`Error::Layout`] where an entry would lie outside of the slice.
    ///
    /// ```
    /// # use diffsvd::MatRef;
    /// let weekdays = [1.0, 2.0];
    /// let a = MatRef::new(&weekdays, 3, 2, 0, 1)?; // the same row three times
    /// assert_eq!((a.get(0, 1), a.get(2, 1)), (Some(2.0), Some(2.0)));
    /// let error = MatRef::new(&weekdays, 3, 2, 1, 1).unwrap_err();
    /// assert!(error.to_string().starts_with("a 3×2 view with strides (1, 1) does not fit a slice of 2 elements"));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn new(data: &'a [S], rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> Result<Self, Error> {
        Ok(MatRef { data, layout: Layout::new(rows, cols, row_stride, col_stride, data.len())? })
    }

    /// Rows one after another, as C, `NumPy` and most engines store them.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
    ///
    /// ```
    /// # use diffsvd::MatRef;
    /// assert_eq!(MatRef::row_major(&[1, 2, 3, 4, 5, 6].map(f64::from), 2, 3)?.get(0, 1), Some(2.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn row_major(data: &'a [S], rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, rows, cols, cols, 1)
    }

    /// Columns one after another, as Fortran, LAPACK, Julia and nalgebra store them.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
    ///
    /// ```
    /// # use diffsvd::MatRef;
    /// assert_eq!(MatRef::col_major(&[1, 2, 3, 4, 5, 6].map(f64::from), 2, 3)?.get(0, 1), Some(3.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn col_major(data: &'a [S], rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, rows, cols, 1, rows)
    }

    /// A column-major slice that is known to hold the whole matrix.
    #[cfg(feature = "alloc")]
    pub(crate) fn packed(data: &'a [S], rows: usize, cols: usize) -> Self {
        debug_assert!(data.len() >= rows * cols);
        MatRef { data, layout: Layout { rows, cols, row_stride: 1, col_stride: rows } }
    }

    /// A 0×0 matrix: stands for an argument that is not wanted.
    ///
    /// ```
    /// assert_eq!(diffsvd::MatRef::<f64>::empty().shape(), (0, 0));
    /// ```
    #[must_use]
    pub fn empty() -> Self {
        MatRef { data: &[], layout: Layout { rows: 0, cols: 0, row_stride: 1, col_stride: 0 } }
    }

    shape_accessors!();

    /// The slice.
    ///
    /// ```
    /// # use diffsvd::MatRef;
    /// let data = [1.0, 2.0, 3.0, 4.0];
    /// let second_row = MatRef::row_major(&data, 2, 2)?.block(1, 0, 1, 2)?;
    /// assert_eq!(second_row.data(), [3.0, 4.0]); // from the first entry of the view on
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn data(&self) -> &'a [S] {
        self.data
    }

    /// Entry (i, j), or `None` outside of the matrix.
    #[must_use]
    #[inline]
    pub fn get(&self, i: usize, j: usize) -> Option<S> {
        if i < self.layout.rows && j < self.layout.cols {
            self.data.get(self.layout.index(i, j)).copied()
        } else {
            None
        }
    }

    /// Entry (i, j) of a matrix that is known to have it.
    #[inline]
    pub(crate) fn at(&self, i: usize, j: usize) -> S {
        debug_assert!(i < self.layout.rows && j < self.layout.cols);
        // The index is in range; `get` rather than an index keeps the panic out of programs for bare metal.
        self.data.get(self.layout.index(i, j)).copied().unwrap_or_else(S::zero)
    }

    /// The transpose, without moving an entry.
    #[must_use]
    pub fn transpose(self) -> Self {
        MatRef { data: self.data, layout: self.layout.transpose() }
    }

    /// The block of `rows` × `cols` whose first entry is (i, j).
    ///
    /// # Errors
    /// [`Error::Shape`] where it reaches beyond the matrix.
    ///
    /// ```
    /// # use diffsvd::{Error, MatRef};
    /// let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// let a = MatRef::from(&rows);
    /// assert_eq!(a.block(0, 1, 2, 2)?.get(1, 0), Some(5.0));
    /// assert_eq!(a.block(1, 1, 2, 1).unwrap_err().to_string(), "block (its end) is 3×2 but must be 2×3");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn block(self, i: usize, j: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        let (start, layout) = block(self.layout, i, j, rows, cols)?;
        Ok(MatRef { data: self.data.get(start..).unwrap_or(&[]), layout })
    }

    /// The first `cols` columns; all of them where there are fewer.
    ///
    /// ```
    /// # use diffsvd::MatRef;
    /// let a = MatRef::from(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!((a.leading_cols(2).shape(), a.leading_cols(9).shape()), ((2, 2), (2, 3)));
    /// ```
    #[must_use]
    pub fn leading_cols(self, cols: usize) -> Self {
        let cols = cols.min(self.layout.cols);
        MatRef { data: self.data, layout: Layout { cols, ..self.layout } }
    }

    /// The columns from `first` on; none where there are fewer.
    pub(crate) fn trailing_cols(self, first: usize) -> Self {
        let first = first.min(self.layout.cols);
        let cols = self.layout.cols - first;
        let data = self.data.get(first.saturating_mul(self.layout.col_stride)..).unwrap_or(&[]);
        MatRef { data, layout: Layout { cols, ..self.layout } }
    }

    /// Column j as a slice, if its entries lie one after another.
    #[inline]
    pub(crate) fn contiguous_col(&self, j: usize) -> Option<&'a [S]> {
        let start = self.layout.index(0, j);
        if self.layout.row_stride == 1 { self.data.get(start..start + self.layout.rows) } else { None }
    }

    /// The columns one below the other, if they are contiguous and nothing lies between them.
    pub(crate) fn as_one_column(&self) -> Option<Self> {
        let Layout { rows, cols, row_stride, col_stride } = self.layout;
        let layout = Layout { rows: rows * cols, cols: 1, ..self.layout };
        (row_stride == 1 && col_stride == rows).then_some(MatRef { data: self.data, layout })
    }

    /// Whether all entries are finite, along whichever side lies in one piece.
    fn is_finite(&self) -> bool {
        let pieces = if self.row_stride() == 1 { *self } else { self.transpose() };
        (0..pieces.cols()).all(|j| match pieces.contiguous_col(j) {
            Some(piece) => piece.iter().fold(true, |finite, x| finite & x.is_finite()),
            None => (0..pieces.rows()).all(|i| pieces.at(i, j).is_finite()),
        })
    }

    /// Position of the first entry that is not finite, in the order of the rows, as an error.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(crate) fn check_finite(&self, argument: &'static str) -> Result<(), Error> {
        // All of them first, if that is worth its code; then where it was.
        if !cfg!(target_os = "none") && self.is_finite() {
            return Ok(());
        }
        self.check_each(argument)
    }

    #[cold]
    #[inline(never)]
    fn check_each(&self, argument: &'static str) -> Result<(), Error> {
        for row in 0..self.rows() {
            for column in 0..self.cols() {
                let x = self.at(row, column);
                if !x.is_finite() {
                    let nan = x.re().partial_cmp(&x.re()).is_none() || x.im().partial_cmp(&x.im()).is_none();
                    return Err(Error::NonFinite { argument, row, column, nan });
                }
            }
        }
        Ok(())
    }

    /// [`Error::Shape`] unless the shape is the expected one.
    pub(crate) fn check_shape(&self, argument: &'static str, expected: (usize, usize)) -> Result<(), Error> {
        check_shape(argument, self.shape(), expected)
    }
}

/// The rows of an array as they are read.
impl<'a, S: Scalar, const M: usize, const N: usize> From<&'a [[S; N]; M]> for MatRef<'a, S> {
    fn from(rows: &'a [[S; N]; M]) -> Self {
        MatRef { data: rows.as_flattened(), layout: Layout { rows: M, cols: N, row_stride: N, col_stride: 1 } }
    }
}
