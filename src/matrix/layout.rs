//! Where in a slice the entries of a matrix lie: what both views have in common.

use crate::error::Error;

/// Shape and strides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) row_stride: usize,
    pub(super) col_stride: usize,
}

impl Layout {
    /// A layout whose last entry lies inside a slice of `len` elements.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) fn new(
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
        len: usize,
    ) -> Result<Self, Error> {
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
    pub(super) fn without_overlap(self, len: usize) -> Result<Self, Error> {
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
    pub(super) fn index(self, i: usize, j: usize) -> usize {
        i * self.row_stride + j * self.col_stride
    }

    pub(super) fn transpose(self) -> Self {
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
pub(super) use shape_accessors;

/// Offset and layout of a block.
pub(super) fn block(of: Layout, i: usize, j: usize, rows: usize, cols: usize) -> Result<(usize, Layout), Error> {
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
