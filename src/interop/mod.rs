//! Views and matrices of other crates as ours and back (features `ndarray`, `nalgebra`, `faer`).
//!
//! A [`MatRef`](crate::MatRef) stands on a slice, and a slice owns every place between its first and its last entry. So a view of part of a matrix,
//! whose rows or columns leave gaps, has no slice: what lies between may be written by somebody else meanwhile. Such a view is refused,
//! and its owner converted and cut by [`block`](crate::MatRef::block) in its stead. The other way there is no such limit.

mod span;

#[cfg(feature = "faer")]
mod faer;
#[cfg(feature = "nalgebra")]
mod nalgebra;
#[cfg(feature = "ndarray")]
mod ndarray;
