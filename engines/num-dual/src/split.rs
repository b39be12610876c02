//! A matrix of dual numbers as a matrix of values and one of tangents for each direction, and back.

use diffsvd::{Error, Mat, Scalar, Svd};
use nalgebra::{DMatrix, DVector};

use crate::entry::Entry;

/// The decomposition of the values, and the directions in which A moves.
pub(crate) struct Point<S: Scalar> {
    pub(crate) svd: Svd<S>,
    pub(crate) directions: Vec<Mat<S>>,
}

impl<S: Scalar> Point<S> {
    pub(crate) fn new<E: Entry<Value = S>>(a: &DMatrix<E>) -> Result<Self, Error> {
        let svd = Svd::thin(&Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)].value()))?;
        let count = directions(a.iter())?;
        let direction = |d| Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)].tangent(d));
        Ok(Point { svd, directions: (0..count).map(direction).collect() })
    }

    /// The matrix of `value`, with the tangent that `tangent` finds along each direction.
    pub(crate) fn join<E: Entry<Value = S>>(
        &self,
        value: &Mat<S>,
        tangent: impl Fn(&Mat<S>) -> Result<Mat<S>, Error>,
    ) -> Result<DMatrix<E>, Error> {
        let tangents = self.directions.iter().map(tangent).collect::<Result<Vec<_>, _>>()?;
        Ok(matrix(value, &tangents))
    }
}

/// How many directions the entries carry. Constants among them carry none.
///
/// # Errors
/// [`Error::Count`] where two of them carry different numbers: they belong to different functions.
pub(crate) fn directions<'e, E: Entry>(entries: impl Iterator<Item = &'e E>) -> Result<usize, Error> {
    entries.map(Entry::directions).filter(|&count| count > 0).try_fold(0, |expected, got| {
        if expected == 0 || got == expected {
            Ok(got)
        } else {
            Err(Error::Count { argument: "the derivative part of a dual number", got, expected })
        }
    })
}

pub(crate) fn matrix<E: Entry>(value: &Mat<E::Value>, tangents: &[Mat<E::Value>]) -> DMatrix<E> {
    DMatrix::from_fn(value.rows(), value.cols(), |i, j| {
        E::with_tangents(value[(i, j)], tangents.len(), |d| tangents[d][(i, j)])
    })
}

pub(crate) fn vector<E: Entry>(value: &[E::Value], tangents: &[Vec<E::Value>]) -> DVector<E> {
    DVector::from_fn(value.len(), |i, _| E::with_tangents(value[i], tangents.len(), |d| tangents[d][i]))
}
