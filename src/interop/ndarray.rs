//! Feature `ndarray`: two-dimensional arrays as matrices, three-dimensional ones as batches.
#![expect(unsafe_code, reason = "the entries of an array are reached by a pointer and strides")]

use ndarray::{ArrayBase, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Data, DataMut, Ix2, Ix3, ShapeBuilder};

use super::span::{Axes, plain_strides};
use crate::batch::{BatchMut, BatchRef, Layout};
use crate::error::Error;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

macro_rules! axes {
    ($array:ident, $n:literal) => {
        Axes::<$n> {
            lens: core::array::from_fn(|axis| $array.shape()[axis]),
            strides: core::array::from_fn(|axis| $array.strides()[axis]),
        }
    };
}

/// The array without a copy; of any strides that are not negative and leave no gaps.
///
/// ```
/// use diffsvd::{Error, MatRef, Svd, Vectors};
/// let a = ndarray::array![[0.0, 2.0, 9.0], [3.0, 0.0, 9.0]];
/// let svd = Svd::new(MatRef::try_from(a.view())?.leading_cols(2), Vectors::Thin)?;
/// assert_eq!(svd.s(), [3.0, 2.0]);
/// assert!(matches!(MatRef::try_from(a.slice(ndarray::s![.., ..2])), Err(Error::Strides { .. }))); // its rows leave gaps
/// # Ok::<(), Error>(())
/// ```
impl<'a, S: Scalar> TryFrom<ArrayView2<'a, S>> for MatRef<'a, S> {
    type Error = Error;
    fn try_from(array: ArrayView2<'a, S>) -> Result<Self, Error> {
        // SAFETY: a view's entries are readable for its lifetime.
        unsafe { axes!(array, 2).mat_ref(array.as_ptr()) }
    }
}

/// The array without a copy; of any strides that are not negative and leave no gaps.
impl<'a, S: Scalar> TryFrom<ArrayViewMut2<'a, S>> for MatMut<'a, S> {
    type Error = Error;
    fn try_from(mut array: ArrayViewMut2<'a, S>) -> Result<Self, Error> {
        let axes = axes!(array, 2);
        // SAFETY: a mutable view's entries are its own for its lifetime.
        unsafe { axes.mat_mut(array.as_mut_ptr()) }
    }
}

/// The array without a copy: the first axis counts the matrices.
///
/// ```
/// use diffsvd::batch::BatchRef;
/// let a = ndarray::Array3::from_shape_fn((5, 2, 3), |(item, row, col)| (100 * item + 10 * row + col) as f64);
/// assert_eq!(BatchRef::try_from(&a)?.item(4)?.get(1, 2), Some(412.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
impl<'a, S: Scalar> TryFrom<ArrayView3<'a, S>> for BatchRef<'a, S> {
    type Error = Error;
    fn try_from(array: ArrayView3<'a, S>) -> Result<Self, Error> {
        let axes = axes!(array, 3);
        // SAFETY: a view's entries are readable for its lifetime.
        let (data, strides) = unsafe { axes.slice(array.as_ptr()) }?;
        BatchRef::new(data, layout(axes.lens, strides))
    }
}

/// The array without a copy: the first axis counts the matrices.
impl<'a, S: Scalar> TryFrom<ArrayViewMut3<'a, S>> for BatchMut<'a, S> {
    type Error = Error;
    fn try_from(mut array: ArrayViewMut3<'a, S>) -> Result<Self, Error> {
        let axes = axes!(array, 3);
        // SAFETY: a mutable view's entries are its own for its lifetime.
        let (data, strides) = unsafe { axes.slice_mut(array.as_mut_ptr()) }?;
        BatchMut::new(data, layout(axes.lens, strides))
    }
}

macro_rules! borrowed {
    ($view:ident, $dim:ident) => {
        /// The array without a copy; of any strides that are not negative and leave no gaps.
        impl<'a, S: Scalar, D: Data<Elem = S>> TryFrom<&'a ArrayBase<D, $dim>> for $view<'a, S> {
            type Error = Error;
            fn try_from(array: &'a ArrayBase<D, $dim>) -> Result<Self, Error> {
                array.view().try_into()
            }
        }
    };
    (mut $view:ident, $dim:ident) => {
        /// The array without a copy; of any strides that are not negative and leave no gaps.
        impl<'a, S: Scalar, D: DataMut<Elem = S>> TryFrom<&'a mut ArrayBase<D, $dim>> for $view<'a, S> {
            type Error = Error;
            fn try_from(array: &'a mut ArrayBase<D, $dim>) -> Result<Self, Error> {
                array.view_mut().try_into()
            }
        }
    };
}

borrowed!(MatRef, Ix2);
borrowed!(mut MatMut, Ix2);
borrowed!(BatchRef, Ix3);
borrowed!(mut BatchMut, Ix3);

fn layout([count, rows, cols]: [usize; 3], [batch_stride, row_stride, col_stride]: [usize; 3]) -> Layout {
    Layout { count, rows, cols, batch_stride, row_stride, col_stride }
}

/// Lengths and strides of a matrix, for an array.
fn of_matrix(shape: (usize, usize), strides: (usize, usize)) -> ([usize; 2], [usize; 2]) {
    let lens = shape.into();
    (lens, plain_strides(lens, strides.into()))
}

/// Lengths and strides of a batch, for an array.
fn of_batch(layout: Layout) -> ([usize; 3], [usize; 3]) {
    let lens = [layout.count, layout.rows, layout.cols];
    (lens, plain_strides(lens, [layout.batch_stride, layout.row_stride, layout.col_stride]))
}

/// An array takes every layout of ours, but not a shape whose number of entries exceeds the memory.
fn too_large(shape: (usize, usize)) -> Error {
    Error::Strides {
        shape,
        strides: (0, 0),
        must: "span a part of the memory: the shape has too many entries for ndarray",
    }
}

/// A view without a copy, of any strides.
///
/// ```
/// use diffsvd::Mat;
/// let a = Mat::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(ndarray::ArrayView2::try_from(a.as_ref())?, ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
impl<'a, S: Scalar> TryFrom<MatRef<'a, S>> for ArrayView2<'a, S> {
    type Error = Error;
    fn try_from(matrix: MatRef<'a, S>) -> Result<Self, Error> {
        let (lens, strides) = of_matrix(matrix.shape(), (matrix.row_stride(), matrix.col_stride()));
        ArrayView2::from_shape(lens.strides(strides), matrix.data()).map_err(|_| too_large(matrix.shape()))
    }
}

/// A view without a copy, of any strides.
impl<'a, S: Scalar> TryFrom<MatMut<'a, S>> for ArrayViewMut2<'a, S> {
    type Error = Error;
    fn try_from(matrix: MatMut<'a, S>) -> Result<Self, Error> {
        let shape = matrix.shape();
        let (lens, strides) = of_matrix(shape, (matrix.row_stride(), matrix.col_stride()));
        ArrayViewMut2::from_shape(lens.strides(strides), matrix.into_data()).map_err(|_| too_large(shape))
    }
}

/// A view without a copy: the first axis counts the matrices.
impl<'a, S: Scalar> TryFrom<BatchRef<'a, S>> for ArrayView3<'a, S> {
    type Error = Error;
    fn try_from(batch: BatchRef<'a, S>) -> Result<Self, Error> {
        let (lens, strides) = of_batch(batch.layout());
        ArrayView3::from_shape(lens.strides(strides), batch.data()).map_err(|_| too_large(batch.shape()))
    }
}

/// A view without a copy: the first axis counts the matrices.
impl<'a, S: Scalar> TryFrom<BatchMut<'a, S>> for ArrayViewMut3<'a, S> {
    type Error = Error;
    fn try_from(batch: BatchMut<'a, S>) -> Result<Self, Error> {
        let shape = batch.shape();
        let (lens, strides) = of_batch(batch.layout());
        ArrayViewMut3::from_shape(lens.strides(strides), batch.into_data()).map_err(|_| too_large(shape))
    }
}

#[cfg(feature = "alloc")]
mod owned {
    use super::{ArrayBase, ArrayView2, Data, Error, Ix2, Scalar, ShapeBuilder, too_large};
    use crate::mat::Mat;
    use ndarray::Array2;

    /// A copy; of any strides, negative ones included.
    impl<S: Scalar, D: Data<Elem = S>> From<&ArrayBase<D, Ix2>> for Mat<S> {
        fn from(array: &ArrayBase<D, Ix2>) -> Self {
            Mat::from_fn(array.nrows(), array.ncols(), |i, j| array[(i, j)])
        }
    }

    /// A copy; of any strides, negative ones included.
    impl<S: Scalar> From<ArrayView2<'_, S>> for Mat<S> {
        fn from(array: ArrayView2<'_, S>) -> Self {
            Mat::from(&array)
        }
    }

    /// The entries themselves where they stand column by column, a copy otherwise.
    impl<S: Scalar> From<Array2<S>> for Mat<S> {
        fn from(array: Array2<S>) -> Self {
            let (rows, cols) = array.dim();
            if !array.t().is_standard_layout() {
                return Mat::from(&array);
            }
            let (mut entries, offset) = array.into_raw_vec_and_offset();
            entries.drain(..offset.unwrap_or(0));
            entries.truncate(rows * cols);
            Mat::from_col_major(entries, rows, cols).unwrap_or_else(|_| Mat::zeros(rows, cols))
        }
    }

    /// The entries themselves, column by column.
    impl<S: Scalar> TryFrom<Mat<S>> for Array2<S> {
        type Error = Error;
        fn try_from(matrix: Mat<S>) -> Result<Self, Error> {
            let shape = (matrix.rows(), matrix.cols());
            Array2::from_shape_vec(shape.f(), matrix.into_vec()).map_err(|_| too_large(shape))
        }
    }
}
