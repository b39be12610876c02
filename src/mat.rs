//! A matrix that owns its entries (feature `alloc`).

use alloc::vec;
use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

use crate::error::Error;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar};

/// A matrix that owns its entries, column by column.
///
/// ```
/// use diffsvd::Mat;
/// let a = Mat::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!((a.rows(), a.cols(), a[(1, 0)]), (2, 3, 4.0));
/// assert_eq!(a.product(&a.adjoint())?[(0, 0)], 14.0);
/// assert_eq!(a.product(&a).unwrap_err().to_string(), "the right factor is 2×3 but must be 3×3");
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mat<S> {
    pub(crate) data: Vec<S>,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

impl<S: Scalar> Mat<S> {
    /// A matrix of zeros. Panics, as `vec!` does, where no memory is large enough.
    ///
    /// ```
    /// assert_eq!(diffsvd::Mat::<f32>::zeros(2, 3).as_slice(), [0.0; 6]);
    /// ```
    #[must_use]
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Mat { data: vec![S::zero(); rows.saturating_mul(cols)], rows, cols }
    }

    /// Every entry from its position.
    ///
    /// ```
    /// let hilbert = diffsvd::Mat::from_fn(3, 3, |i, j| 1.0 / (1.0 + i as f64 + j as f64));
    /// assert_eq!((hilbert[(0, 0)], hilbert[(1, 2)]), (1.0, 0.25));
    /// ```
    #[must_use]
    pub fn from_fn(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> S) -> Self {
        let mut matrix = Self::zeros(rows, cols);
        matrix.as_mut().fill_with(&mut entry);
        matrix
    }

    /// Entries that stand column by column, without a copy.
    ///
    /// # Errors
    /// [`Error::Layout`] unless there are `rows` times `cols` of them.
    ///
    /// ```
    /// # use diffsvd::Mat;
    /// let a = Mat::from_col_major(vec![1.0, 2.0, 3.0, 4.0], 2, 2)?;
    /// assert_eq!(a, Mat::from_rows(&[[1.0, 3.0], [2.0, 4.0]]));
    /// assert!(Mat::from_col_major(vec![1.0; 3], 2, 2).is_err());
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn from_col_major(data: Vec<S>, rows: usize, cols: usize) -> Result<Self, Error> {
        if rows.checked_mul(cols) == Some(data.len()) {
            Ok(Mat { data, rows, cols })
        } else {
            Err(Error::Layout { shape: (rows, cols), strides: (1, rows), len: data.len() })
        }
    }

    /// The entries, column by column.
    ///
    /// ```
    /// assert_eq!(diffsvd::Mat::from_rows(&[[1.0, 3.0], [2.0, 4.0]]).into_vec(), [1.0, 2.0, 3.0, 4.0]);
    /// ```
    #[must_use]
    pub fn into_vec(self) -> Vec<S> {
        self.data
    }

    /// The rows as they are read.
    #[must_use]
    pub fn from_rows<const N: usize>(rows: &[[S; N]]) -> Self {
        Self::from_fn(rows.len(), N, |i, j| rows[i][j])
    }

    /// The square matrix with ones on its diagonal.
    ///
    /// ```
    /// # use diffsvd::Mat;
    /// assert_eq!(Mat::identity(2), Mat::from_rows(&[[1.0, 0.0], [0.0, 1.0]]));
    /// ```
    #[must_use]
    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| if i == j { S::one() } else { S::zero() })
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The entries, column by column.
    #[must_use]
    pub fn as_slice(&self) -> &[S] {
        &self.data
    }

    /// A view to be read.
    ///
    /// ```
    /// # use diffsvd::Mat;
    /// let a = Mat::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(a.as_ref().transpose().get(0, 1), Some(3.0));
    /// ```
    #[must_use]
    pub fn as_ref(&self) -> MatRef<'_, S> {
        MatRef::packed(&self.data, self.rows, self.cols)
    }

    /// A view to be written.
    ///
    /// ```
    /// let mut a = diffsvd::Mat::zeros(2, 2);
    /// a.as_mut().set(0, 1, 5.0); // as a[(0, 1)] = 5.0
    /// assert_eq!(a.as_slice(), [0.0, 0.0, 5.0, 0.0]);
    /// ```
    #[must_use]
    pub fn as_mut(&mut self) -> MatMut<'_, S> {
        MatMut::packed(&mut self.data, self.rows, self.cols)
    }

    /// The conjugate transpose.
    ///
    /// ```
    /// # use diffsvd::{Complex, Mat};
    /// let a = Mat::from_rows(&[[Complex::new(1.0, 2.0), Complex::new(3.0, 0.0)]]);
    /// assert_eq!(a.adjoint().as_slice(), [Complex::new(1.0, -2.0), Complex::new(3.0, 0.0)]);
    /// ```
    #[must_use]
    pub fn adjoint(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self[(j, i)].conj())
    }

    /// The product of two matrices.
    ///
    /// # Errors
    /// [`Error::Shape`] unless `other` has as many rows as this one has columns.
    pub fn product(&self, other: &Self) -> Result<Self, Error> {
        check_shape("the right factor", (other.rows, other.cols), (self.cols, other.cols))?;
        let mut product = Self::zeros(self.rows, other.cols);
        let (a, b) = (Operand::plain(self.as_ref()), Operand::plain(other.as_ref()));
        gemm(product.as_mut(), false, S::Real::one(), a, b);
        Ok(product)
    }
}

/// Entry (row, column). Panics outside of the matrix, as indexing does everywhere in Rust.
impl<S> Index<(usize, usize)> for Mat<S> {
    type Output = S;
    fn index(&self, (i, j): (usize, usize)) -> &S {
        assert!(i < self.rows && j < self.cols, "entry ({i}, {j}) of a {}×{} matrix", self.rows, self.cols);
        &self.data[i + j * self.rows]
    }
}

impl<S> IndexMut<(usize, usize)> for Mat<S> {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut S {
        assert!(i < self.rows && j < self.cols, "entry ({i}, {j}) of a {}×{} matrix", self.rows, self.cols);
        &mut self.data[i + j * self.rows]
    }
}

#[cfg(test)]
mod tests {
    use super::Mat;
    use crate::batch::Batch;

    #[test]
    #[should_panic(expected = "capacity overflow")]
    fn more_entries_than_can_be_counted() {
        let _ = Mat::<f64>::zeros(usize::MAX / 2 + 1, 2);
    }

    #[test]
    #[should_panic(expected = "capacity overflow")]
    fn more_matrices_than_can_be_counted() {
        let _ = Batch::<f64>::zeros(2, usize::MAX / 2 + 1, 2);
    }

    #[test]
    fn no_matrices_of_any_shape() {
        let mut none = Batch::from_fn(0, usize::MAX, 2, |_, _, _| 1.0);
        assert!(none.as_slice().is_empty() && none.item(0).is_none() && none.item_mut(0).is_none());
    }
}
