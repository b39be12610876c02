//! The singular value decomposition that can be differentiated.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(not(any(feature = "std", feature = "libm", feature = "platform-sqrt")))]
compile_error!(
    "diffsvd needs a square root: enable the feature `std`, or `libm` or `platform-sqrt` where there is no standard library"
);

mod complex;
mod error;
mod matrix;
mod scalar;

mod workspace;

mod kernel;
mod scale;

mod reflector;
mod rotation;

mod banded;
mod bidiagonal;
mod diagonalize;

mod svd;

mod factors;

mod derivative;

pub mod spectral;

pub mod fixed;

#[cfg(feature = "alloc")]
mod owned;

pub mod guide;

pub use derivative::{
    AtEqual, Cotangent, Report, Rule, TangentMut, Target, jvp_into, jvp_workspace_len, vjp_into, vjp_workspace_len,
};
pub use error::Error;
pub use factors::{Factors, Tolerance, fix_phases};
pub use matrix::{MatMut, MatRef};
#[cfg(feature = "alloc")]
pub use owned::{Gradient, Mat, Svd, Tangent};
pub use scalar::{Real, Scalar};
pub use svd::{FactorsMut, singular_values_into, svd_into};
pub use workspace::{Vectors, svd_workspace_len};
