//! Feature `faer`: matrices and their views.
//!
//! The columns of an owned matrix of faer begin at cache lines, and what lies between them is memory that nobody wrote. A slice must not
//! hold that, so the conversion of `&mut faer::Mat` writes zeros there; that of `&faer::Mat` cannot, and refuses where there are such places.
#![expect(unsafe_code, reason = "the entries of a view are reached by a pointer and strides")]

use super::span::{Axes, plain_strides};
use crate::error::Error;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

/// The matrix without a copy; of any strides that are not negative and leave no gaps.
impl<'a, S: Scalar> TryFrom<faer::MatRef<'a, S>> for MatRef<'a, S> {
    type Error = Error;
    fn try_from(matrix: faer::MatRef<'a, S>) -> Result<Self, Error> {
        let axes = Axes { lens: [matrix.nrows(), matrix.ncols()], strides: [matrix.row_stride(), matrix.col_stride()] };
        // SAFETY: a view's entries are readable for its lifetime.
        unsafe { axes.mat_ref(matrix.as_ptr()) }
    }
}

/// The matrix without a copy; of any strides that are not negative and leave no gaps.
impl<'a, S: Scalar> TryFrom<faer::MatMut<'a, S>> for MatMut<'a, S> {
    type Error = Error;
    fn try_from(matrix: faer::MatMut<'a, S>) -> Result<Self, Error> {
        let axes = Axes { lens: [matrix.nrows(), matrix.ncols()], strides: [matrix.row_stride(), matrix.col_stride()] };
        // SAFETY: a mutable view's entries are its own for its lifetime.
        unsafe { axes.mat_mut(matrix.as_ptr_mut()) }
    }
}

/// The matrix without a copy, where its number of rows fills whole cache lines; `&mut` takes every one.
impl<'a, S: Scalar> TryFrom<&'a faer::Mat<S>> for MatRef<'a, S> {
    type Error = Error;
    fn try_from(matrix: &'a faer::Mat<S>) -> Result<Self, Error> {
        matrix.as_ref().try_into()
    }
}

/// The matrix without a copy. What lies unwritten between its columns becomes zero.
///
/// ```
/// use diffsvd::{MatMut, MatRef};
/// let mut a = faer::Mat::from_fn(3, 2, |i, j| (10 * i + j) as f64); // its columns begin at cache lines
/// MatMut::try_from(&mut a)?.set(2, 1, 7.0);
/// assert_eq!((a[(2, 1)], a[(1, 1)]), (7.0, 11.0));
/// assert!(MatRef::try_from(&a).is_err()); // nobody may read what lies between the columns
/// # Ok::<(), diffsvd::Error>(())
/// ```
impl<'a, S: Scalar> TryFrom<&'a mut faer::Mat<S>> for MatMut<'a, S> {
    type Error = Error;
    fn try_from(matrix: &'a mut faer::Mat<S>) -> Result<Self, Error> {
        let (rows, cols) = (matrix.nrows(), matrix.ncols());
        // The stride of an owned matrix is the number of rows that it has memory for.
        let stride = matrix.col_stride().unsigned_abs();
        let first = matrix.as_ptr_mut();
        for j in 1..cols {
            for i in if rows == 0 { 0..0 } else { rows..stride } {
                // SAFETY: the place lies in the memory of the column before j, which belongs to the matrix and is borrowed with it; it holds no
                // entry, and writing needs none to be there.
                unsafe { first.add((j - 1) * stride + i).write(S::zero()) };
            }
        }
        let len = if rows == 0 || cols == 0 { 0 } else { (cols - 1) * stride + rows };
        let places = Axes { lens: [len, 1], strides: [1, 1] };
        // SAFETY: all these places belong to the matrix and are written, as entries or by the loop above.
        let (data, _) = unsafe { places.slice_mut(first) }?;
        MatMut::new(data, rows, cols, 1, stride)
    }
}

/// A view without a copy, of any strides.
impl<'a, S: Scalar> From<MatRef<'a, S>> for faer::MatRef<'a, S> {
    fn from(matrix: MatRef<'a, S>) -> Self {
        let (rows, cols) = matrix.shape();
        let strides = plain_strides([rows, cols], [matrix.row_stride(), matrix.col_stride()]);
        let [down, across] = strides.map(usize::cast_signed);
        // SAFETY: a `MatRef` holds every entry that its strides reach, and borrows them for its lifetime.
        unsafe { faer::MatRef::from_raw_parts(matrix.data().as_ptr(), rows, cols, down, across) }
    }
}

/// A view without a copy, of any strides.
impl<'a, S: Scalar> From<MatMut<'a, S>> for faer::MatMut<'a, S> {
    fn from(matrix: MatMut<'a, S>) -> Self {
        let (rows, cols) = matrix.shape();
        let strides = plain_strides([rows, cols], [matrix.row_stride(), matrix.col_stride()]);
        let [down, across] = strides.map(usize::cast_signed);
        // SAFETY: a `MatMut` holds every entry that its strides reach, each in a place of its own, and borrows them for its lifetime.
        unsafe { faer::MatMut::from_raw_parts_mut(matrix.into_data().as_mut_ptr(), rows, cols, down, across) }
    }
}

#[cfg(feature = "alloc")]
mod owned {
    use super::Scalar;
    use crate::mat::Mat;

    /// A copy; of any strides, negative ones included.
    ///
    /// ```
    /// let a = faer::Mat::from_fn(3, 2, |i, j| (10 * i + j) as f64);
    /// assert_eq!(diffsvd::Mat::from(a.as_ref())[(2, 1)], 21.0);
    /// ```
    impl<S: Scalar> From<faer::MatRef<'_, S>> for Mat<S> {
        fn from(matrix: faer::MatRef<'_, S>) -> Self {
            Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[(i, j)])
        }
    }

    /// A copy.
    impl<S: Scalar> From<&faer::Mat<S>> for Mat<S> {
        fn from(matrix: &faer::Mat<S>) -> Self {
            Mat::from(matrix.as_ref())
        }
    }

    /// A copy: the columns of a matrix of faer begin at cache lines.
    impl<S: Scalar> From<&Mat<S>> for faer::Mat<S> {
        fn from(matrix: &Mat<S>) -> Self {
            faer::Mat::from_fn(matrix.rows(), matrix.cols(), |i, j| matrix[(i, j)])
        }
    }
}
