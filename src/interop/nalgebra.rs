//! Feature `nalgebra`: matrices of any storage, static or dynamic, and their views.
#![expect(unsafe_code, reason = "the entries of a storage are reached by a pointer and strides")]

use nalgebra::{DMatrixView, DMatrixViewMut, Dim, Dyn, Matrix, RawStorage, RawStorageMut};

use super::span::{Axes, plain_strides};
use crate::error::Error;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

fn axes<S: Scalar, R: Dim, C: Dim, St: RawStorage<S, R, C>>(matrix: &Matrix<S, R, C, St>) -> Axes<2> {
    let (rows, cols) = matrix.shape();
    let (down, across) = matrix.strides();
    Axes { lens: [rows, cols], strides: [down.cast_signed(), across.cast_signed()] }
}

/// The matrix without a copy: every owned one, and every view that leaves no gaps.
///
/// ```
/// use diffsvd::{MatRef, Svd, Vectors};
/// let a = nalgebra::Matrix2::new(0.0, 2.0, 3.0, 0.0);
/// assert_eq!(Svd::new(MatRef::try_from(&a)?, Vectors::None)?.s(), [3.0, 2.0]);
/// assert!(MatRef::try_from(&a.row(0)).is_err()); // between its entries are others
/// # Ok::<(), diffsvd::Error>(())
/// ```
impl<'a, S: Scalar, R: Dim, C: Dim, St: RawStorage<S, R, C>> TryFrom<&'a Matrix<S, R, C, St>> for MatRef<'a, S> {
    type Error = Error;
    fn try_from(matrix: &'a Matrix<S, R, C, St>) -> Result<Self, Error> {
        // SAFETY: a storage gives a pointer whose entries can be read as long as it is borrowed.
        unsafe { axes(matrix).mat_ref(matrix.as_ptr()) }
    }
}

/// The matrix without a copy: every owned one, and every view that leaves no gaps.
impl<'a, S: Scalar, R: Dim, C: Dim, St: RawStorageMut<S, R, C>> TryFrom<&'a mut Matrix<S, R, C, St>> for MatMut<'a, S> {
    type Error = Error;
    fn try_from(matrix: &'a mut Matrix<S, R, C, St>) -> Result<Self, Error> {
        let axes = axes(matrix);
        // SAFETY: a mutable storage gives a pointer whose entries are the borrower's alone.
        unsafe { axes.mat_mut(matrix.data.ptr_mut()) }
    }
}

/// A view without a copy, of any strides.
impl<'a, S: Scalar> From<MatRef<'a, S>> for DMatrixView<'a, S, Dyn, Dyn> {
    fn from(matrix: MatRef<'a, S>) -> Self {
        let (rows, cols) = matrix.shape();
        let [down, across] = plain_strides([rows, cols], [matrix.row_stride(), matrix.col_stride()]);
        DMatrixView::from_slice_with_strides(matrix.data(), rows, cols, down, across)
    }
}

/// A view without a copy, of any strides.
impl<'a, S: Scalar> From<MatMut<'a, S>> for DMatrixViewMut<'a, S, Dyn, Dyn> {
    fn from(matrix: MatMut<'a, S>) -> Self {
        let (rows, cols) = matrix.shape();
        let [down, across] = plain_strides([rows, cols], [matrix.row_stride(), matrix.col_stride()]);
        DMatrixViewMut::from_slice_with_strides_mut(matrix.into_data(), rows, cols, down, across)
    }
}

#[cfg(feature = "alloc")]
mod owned {
    use super::{Dim, Matrix, RawStorage, Scalar};
    use crate::mat::Mat;
    use alloc::vec::Vec;
    use nalgebra::DMatrix;

    /// A copy, of any matrix or view.
    impl<S: Scalar, R: Dim, C: Dim, St: RawStorage<S, R, C>> From<&Matrix<S, R, C, St>> for Mat<S> {
        fn from(matrix: &Matrix<S, R, C, St>) -> Self {
            Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[(i, j)])
        }
    }

    /// The entries themselves.
    impl<S: Scalar> From<DMatrix<S>> for Mat<S> {
        fn from(matrix: DMatrix<S>) -> Self {
            let (rows, cols) = matrix.shape();
            Mat::from_col_major(Vec::from(matrix.data), rows, cols).unwrap_or_else(|_| Mat::zeros(rows, cols))
        }
    }

    /// The entries themselves.
    ///
    /// ```
    /// use diffsvd::Mat;
    /// let a = nalgebra::DMatrix::from(Mat::from_rows(&[[1.0, 2.0], [3.0, 4.0]]));
    /// assert_eq!((a[(0, 1)], Mat::from(a)[(1, 0)]), (2.0, 3.0)); // no entry is copied on either way
    /// ```
    impl<S: Scalar> From<Mat<S>> for DMatrix<S> {
        fn from(matrix: Mat<S>) -> Self {
            DMatrix::from_vec(matrix.rows(), matrix.cols(), matrix.into_vec())
        }
    }
}
