//! The singular value decomposition that can be differentiated.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(not(any(feature = "std", feature = "libm")))]
compile_error!("diffsvd needs a square root: enable the feature `std`, or `libm` where there is no standard library");

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

#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod owned_factored;

pub mod guide;

pub use derivative::{
    AtEqual, Cotangent, Report, Rule, TangentMut, Target, jvp_into, jvp_workspace_len, vjp_into, vjp_workspace_len,
};
pub use derivative::{BranchesMut, LineReport, branches_into, branches_workspace_len};
pub use derivative::{
    Convergence, Iteration, Partial, PartialReport, partial_jvp_into, partial_vjp_into, partial_workspace_len,
};
pub use derivative::{PairMut, align, gauge_workspace_len, remove_gauge};
pub use derivative::{SecondOrder, vjp_tangent_into, vjp_tangent_workspace_len};
pub use derivative::{full_jvp_into, full_vjp_into, full_workspace_len};
pub use error::Error;
pub use factors::{Factors, Tolerance, fix_phases};
pub use matrix::{MatMut, MatRef};
#[cfg(feature = "alloc")]
pub use owned::{Gradient, Mat, Svd, Tangent};
#[cfg(feature = "alloc")]
pub use owned_factored::Branches;
pub use scalar::{Real, Scalar};
pub use svd::{FactorsMut, singular_values_into, svd_into};
pub use workspace::{Vectors, svd_workspace_len};
