//! Views of the caller's memory: a slice, a shape, a row stride and a column stride.
//!
//! Entry (i, j) is `data[i * row_stride + j * column_stride]`. Row-major, column-major, sub-matrix and transpose are
//! choices of the strides; nothing is ever copied to make a view.

use crate::error::Error;
use crate::scalar::Scalar;

/// A matrix that is read. Copying a `MatRef` copies the view, not the entries.
///
/// ```
/// use diffsvd::MatRef;
///
/// let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let a = MatRef::row_major(&data, 2, 3)?;
/// assert_eq!(a.get(1, 0), Some(4.0));
/// assert_eq!(a.transpose().get(0, 1), Some(4.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, S> {
    data: &'a [S],
    layout: Layout,
}

/// A matrix that is written. No two entries share a place.
#[derive(Debug)]
pub struct MatMut<'a, S> {
    data: &'a mut [S],
    layout: Layout,
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl Layout {
    /// A layout whose last entry lies inside a slice of `len` elements.
    fn new(rows: usize, cols: usize, row_stride: usize, col_stride: usize, len: usize) -> Result<Self, Error> {
        let layout = Layout { rows, cols, row_stride, col_stride };
        if rows == 0 || cols == 0 {
            return Ok(layout);
        }
        let last = (rows - 1)
            .checked_mul(row_stride)
            .zip((cols - 1).checked_mul(col_stride))
            .and_then(|(down, across)| down.checked_add(across));
        match last {
            Some(last) if last < len => Ok(layout),
            _ => Err(layout.error(len)),
        }
    }

    /// The same, and no two entries share a place.
    fn without_overlap(self, len: usize) -> Result<Self, Error> {
        let Layout { rows, cols, row_stride, col_stride } = self;
        // One direction steps over the whole extent of the other, which itself does not stand still.
        let nested = |inner: usize, count: usize, outer: usize, outer_count: usize| {
            (count < 2 || inner > 0) && (outer_count < 2 || outer > inner * (count - 1))
        };
        if rows == 0
            || cols == 0
            || nested(row_stride, rows, col_stride, cols)
            || nested(col_stride, cols, row_stride, rows)
        {
            Ok(self)
        } else {
            Err(self.error(len))
        }
    }

    fn error(self, len: usize) -> Error {
        Error::Layout { shape: (self.rows, self.cols), strides: (self.row_stride, self.col_stride), len }
    }

    /// Index of an entry that is inside the matrix.
    #[inline]
    fn index(self, i: usize, j: usize) -> usize {
        i * self.row_stride + j * self.col_stride
    }

    fn transpose(self) -> Self {
        Layout { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride }
    }
}

/// The parts of a layout question that both views answer alike.
macro_rules! shape_accessors {
    () => {
        /// Number of rows.
        #[must_use]
        #[inline]
        pub fn rows(&self) -> usize {
            self.layout.rows
        }
        /// Number of columns.
        #[must_use]
        #[inline]
        pub fn cols(&self) -> usize {
            self.layout.cols
        }
        /// (rows, columns).
        #[must_use]
        #[inline]
        pub fn shape(&self) -> (usize, usize) {
            (self.layout.rows, self.layout.cols)
        }
        /// Distance in the slice from one row to the next.
        #[must_use]
        #[inline]
        pub fn row_stride(&self) -> usize {
            self.layout.row_stride
        }
        /// Distance in the slice from one column to the next.
        #[must_use]
        #[inline]
        pub fn col_stride(&self) -> usize {
            self.layout.col_stride
        }
    };
}

impl<'a, S: Scalar> MatRef<'a, S> {
    /// A view with any strides; strides of zero repeat a row or a column.
    ///
    /// # Errors
    /// [`Error::Layout`] where an entry would lie outside of the slice.
    pub fn new(data: &'a [S], rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> Result<Self, Error> {
        Ok(MatRef { data, layout: Layout::new(rows, cols, row_stride, col_stride, data.len())? })
    }

    /// Rows one after another, as C, `NumPy` and most engines store them.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
    pub fn row_major(data: &'a [S], rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, rows, cols, cols, 1)
    }

    /// Columns one after another, as Fortran, LAPACK, Julia and nalgebra store them.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
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
    #[must_use]
    pub fn empty() -> Self {
        MatRef { data: &[], layout: Layout { rows: 0, cols: 0, row_stride: 1, col_stride: 0 } }
    }

    shape_accessors!();

    /// The slice.
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
    pub fn block(self, i: usize, j: usize, rows: usize, cols: usize) -> Result<Self, Error> {
        let (start, layout) = block(self.layout, i, j, rows, cols)?;
        Ok(MatRef { data: self.data.get(start..).unwrap_or(&[]), layout })
    }

    /// The first `cols` columns; all of them where there are fewer.
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

    /// Position of the first entry that is not finite, in the order of the rows, as an error.
    #[inline(never)]
    pub(crate) fn check_finite(&self, argument: &'static str) -> Result<(), Error> {
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

/// The rows of an array as they are read.
impl<'a, S: Scalar, const M: usize, const N: usize> From<&'a mut [[S; N]; M]> for MatMut<'a, S> {
    fn from(rows: &'a mut [[S; N]; M]) -> Self {
        MatMut { data: rows.as_flattened_mut(), layout: Layout { rows: M, cols: N, row_stride: N, col_stride: 1 } }
    }
}

impl<'a, S: Scalar> MatMut<'a, S> {
    /// A view with any strides for which no two entries share a place.
    ///
    /// # Errors
    /// [`Error::Layout`] where an entry would lie outside of the slice or two entries would share a place.
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
    pub fn row_major(data: &'a mut [S], rows: usize, cols: usize) -> Result<Self, Error> {
        Self::new(data, rows, cols, cols, 1)
    }

    /// Columns one after another.
    ///
    /// # Errors
    /// [`Error::Layout`] where the slice is too short.
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
    #[must_use]
    pub fn empty() -> Self {
        MatMut { data: &mut [], layout: Layout { rows: 0, cols: 0, row_stride: 1, col_stride: 0 } }
    }

    shape_accessors!();

    /// The slice, for as long as it was lent.
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

    /// Every entry from its position.
    pub(crate) fn fill_with(&mut self, mut entry: impl FnMut(usize, usize) -> S) {
        for j in 0..self.cols() {
            for i in 0..self.rows() {
                self.put(i, j, entry(i, j));
            }
        }
    }

    /// [`Error::Shape`] unless the shape is the expected one.
    pub(crate) fn check_shape(&self, argument: &'static str, expected: (usize, usize)) -> Result<(), Error> {
        check_shape(argument, self.shape(), expected)
    }
}

/// Offset and layout of a block.
fn block(of: Layout, i: usize, j: usize, rows: usize, cols: usize) -> Result<(usize, Layout), Error> {
    let fits = |first: usize, count: usize, all: usize| first.checked_add(count).is_some_and(|end| end <= all);
    if fits(i, rows, of.rows) && fits(j, cols, of.cols) {
        // Of an empty matrix the strides may be anything, and the place that they lead to is nobody's.
        let start = if rows == 0 || cols == 0 { 0 } else { of.index(i, j) };
        Ok((start, Layout { rows, cols, ..of }))
    } else {
        Err(Error::Shape {
            argument: "block (its end)",
            got: (i.saturating_add(rows), j.saturating_add(cols)),
            expected: (of.rows, of.cols),
        })
    }
}

/// [`Error::Shape`] unless the two shapes are equal.
pub(crate) fn check_shape(argument: &'static str, got: (usize, usize), expected: (usize, usize)) -> Result<(), Error> {
    if got == expected { Ok(()) } else { Err(Error::Shape { argument, got, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_or_long_views_are_refused() {
        let mut data = [0.0_f64; 6];
        assert!(MatMut::new(&mut data, 2, 3, 1, 1).is_err(), "two entries share a place");
        assert!(MatMut::new(&mut data, 3, 2, 0, 1).is_err(), "the rows stand still");
        assert!(MatMut::new(&mut data, 3, 2, 1, 3).is_ok());
        assert!(MatRef::new(&data, 3, 2, 0, 1).is_ok(), "reading may repeat a row");
        assert!(MatRef::new(&data, 4, 2, 1, 3).is_err(), "one element too long");
        assert!(MatRef::new(&data, usize::MAX, 2, usize::MAX, 3).is_err(), "the index overflows");
        assert!(MatRef::<f64>::new(&[], 0, 5, 1, 1).is_ok(), "an empty matrix needs no memory");
    }

    #[test]
    fn blocks_and_transposes_share_the_entries() {
        let data: [f64; 12] = core::array::from_fn(|i| i as f64);
        let a = MatRef::row_major(&data, 3, 4).unwrap();
        let b = a.block(1, 2, 2, 2).unwrap().transpose();
        assert_eq!(b.get(0, 1), Some(10.0));
        assert_eq!(b.get(2, 0), None);
        assert!(a.block(2, 0, 2, 1).is_err());
        assert_eq!(a.block(3, 4, 0, 0).unwrap().shape(), (0, 0));
    }

    #[test]
    fn empty_views_of_any_strides_have_blocks() {
        let a = MatRef::<f64>::new(&[], usize::MAX, 0, 2, usize::MAX).unwrap();
        assert_eq!(a.block(usize::MAX, 0, 0, 0).unwrap().shape(), (0, 0));
        let a = MatMut::<f64>::new(&mut [], 0, usize::MAX, 1, 2).unwrap();
        assert_eq!(a.block(0, usize::MAX - 1, 0, 1).unwrap().shape(), (0, 1));
        let a = MatRef::<f64>::new(&[], 0, usize::MAX, 1, 2).unwrap();
        assert_eq!(a.trailing_cols(usize::MAX - 1).shape(), (0, 1));
    }
}
