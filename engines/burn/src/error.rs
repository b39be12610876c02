//! What can go wrong.

use std::fmt;

use burn_tensor::DType;

/// Why a function has no value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The tensor is on a device that this package does not read.
    Device(String),
    /// The numbers are neither f32 nor f64.
    DType(DType),
    /// The thresholds are of another type than the tensor.
    ThresholdType {
        /// Theirs.
        got: DType,
        /// That of the tensor.
        expected: DType,
    },
    /// What the function itself says.
    Function(diffsvd_strided::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Device(device) => write!(
                f,
                "the tensor is on {device}: move it to Device::flex() (or enable the feature of this package for its backend)"
            ),
            Error::DType(got) => write!(f, "the tensor is of {got:?}: cast it to f32 or f64"),
            Error::ThresholdType { got, expected } => {
                write!(f, "the thresholds are of {got:?} but the tensor is of {expected:?}: cast one of them")
            }
            Error::Function(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Function(error) => Some(error),
            _ => None,
        }
    }
}

impl From<diffsvd_strided::Error> for Error {
    fn from(error: diffsvd_strided::Error) -> Self {
        Error::Function(error)
    }
}
