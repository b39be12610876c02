//! What can go wrong.

use std::fmt;

use diffsvd::batch::Failure;

/// Why a function or its backward pass failed. Nothing has been computed then, for any matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A tensor has too few dimensions to be a batch of matrices.
    Dimensions {
        /// How many it has.
        got: usize,
    },
    /// Shape and strides do not fit together, or not into the slice.
    View {
        /// Needed length of the slice.
        needed: usize,
        /// Its length.
        got: usize,
    },
    /// The number of thresholds is neither one nor that of the matrices.
    Thresholds {
        /// How many there are.
        got: usize,
        /// How many matrices.
        matrices: usize,
    },
    /// A cotangent has another shape than what it is the cotangent of.
    Cotangent {
        /// Its number of entries.
        got: usize,
        /// That of the value.
        expected: usize,
    },
    /// A matrix, or its derivative: which one of the batch, counted from 0 in row-major order, and why.
    Matrix(Failure),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::Dimensions { got } => {
                write!(f, "a tensor of {got} dimensions holds no matrices: it needs two, rows and columns last")
            }
            Error::View { needed, got } => {
                write!(f, "a view that reaches over {needed} entries does not fit a slice of {got}")
            }
            Error::Thresholds { got, matrices } => {
                write!(f, "{got} thresholds for {matrices} matrices: give one for all, or one for each")
            }
            Error::Cotangent { got, expected } => {
                write!(f, "the cotangent has {got} entries but must have {expected}, as the value has")
            }
            Error::Matrix(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Matrix(failure) => Some(failure),
            _ => None,
        }
    }
}

impl From<diffsvd::Error> for Error {
    fn from(error: diffsvd::Error) -> Self {
        Error::Matrix(error.into())
    }
}
