//! Many matrices of one shape in one call.
//!
//! The views are those of an engine: a slice, a batch stride, a row and a column stride ([`BatchRef`], [`BatchMut`], [`Layout`]). The functions bear the
//! names of those of one matrix and do the same for each item, on the caller's memory: the result of an item depends neither on its neighbours nor on
//! the number of threads, and an item that fails leaves the others as they would be without it. [`Run`] carries the workspace, the status of each
//! item, and what a failure does.

#[macro_use]
mod parts;
mod layout;
mod view;

mod run;
#[cfg(feature = "rayon")]
mod threads;

mod lanes;
mod small;

mod decompose;
mod derivative;

mod choose;
mod chosen;
mod functions;
mod least_squares;
mod map;

pub mod fused;

#[cfg(feature = "alloc")]
mod mat;
#[cfg(feature = "alloc")]
mod owned;

pub use choose::{ByFactors, Choose, PerItem, Rotations, Same};
pub use decompose::{
    fix_phases, singular_values_into, singular_values_workspace_len, svd_into, svd_workspace_len, svd_workspace_len_for,
};
pub use derivative::{
    BranchesMut, PartialFactors, SecondOrder, align, branches_into, full_jvp_into, full_vjp_into, jvp_into,
    jvp_workspace_len, partial_jvp_into, partial_vjp_into, remove_gauge, vjp_into, vjp_tangent_into, vjp_workspace_len,
};
pub use functions::{
    hermitian_into, hermitian_jvp_into, hermitian_second_into, hermitian_vjp_into, hermitian_vjp_tangent_into,
    loss_gradient_into, loss_hvp_into, loss_values,
};
pub use layout::Layout;
pub use least_squares::{LeastSquares, LeastSquaresSecondOrder};
pub use map::{
    MapGradient, MapTangent, map_into, map_jvp_into, map_second_into, map_vjp_into, map_vjp_tangent_into,
    parameter_cotangents, pinv_into, pinv_jvp_into, pinv_vjp_into,
};
#[cfg(feature = "alloc")]
pub use mat::Batch;
#[cfg(feature = "alloc")]
pub use owned::{BatchGradient, BatchSvd, BatchTangent};
pub use parts::{Batched, Cotangent, Factors, FactorsMut, TangentMut, Target};
pub use run::{Failure, Run, Summary, for_each};
pub use view::{BatchMut, BatchRef};
