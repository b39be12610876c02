#![doc = include_str!("../README.md")]

mod value;

mod decompose;
mod map;

use std::fmt;

use diffsvd::Error;

pub use decompose::{SingularValues, ThinSvd};
pub use map::{Loss, Map, Pinv};
pub use value::{Matrix, Triplets, TripletsCotangent};

/// Why a rule, or a pullback, gives no result.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RuleError {
    /// What diffsvd reports: bad input, or a point where the function is not differentiable.
    Svd(Error),
    /// The loss depends on the arbitrary choice of singular vectors, so it has no gradient.
    GaugeDependent {
        /// Relative norm of the part of the cotangents that depends on it.
        residual: f64,
        /// The most that the rule accepts.
        tolerance: f64,
    },
}

impl From<Error> for RuleError {
    fn from(error: Error) -> Self {
        RuleError::Svd(error)
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleError::Svd(error) => error.fmt(f),
            RuleError::GaugeDependent { residual, tolerance } => write!(
                f,
                "the loss depends on the choice of singular vectors (gauge residual {residual:e}, accepted up to {tolerance:e}): it has no gradient"
            ),
        }
    }
}

impl std::error::Error for RuleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RuleError::Svd(error) => Some(error),
            RuleError::GaugeDependent { .. } => None,
        }
    }
}

/// A pullback that owns the decomposition and borrows the rule.
pub type Back<'a, Out, In> = Box<dyn FnOnce(Out) -> Result<In, RuleError> + 'a>;
