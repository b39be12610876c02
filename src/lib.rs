//! A complex singular value decomposition A = U diag(s) Vᴴ that can be differentiated, also at equal and at zero
//! singular values. `no_std`, on the caller's memory; Golub-Kahan with high relative accuracy for bidiagonal matrices.
//!
//! ```
//! use diffsvd::{Cotangent, Mat, Rule, Svd};
//!
//! let a = Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]); // both singular values are √20
//! let svd = Svd::thin(&a)?;
//! let nuclear_norm = Cotangent { s: Some(&[1.0, 1.0]), ..Cotangent::default() }; // of L = s₁ + s₂
//! let gradient = svd.vjp(&nuclear_norm, &Rule::default())?;
//! assert!((gradient.a[(0, 1)] - 4.0 / 20_f64.sqrt()).abs() < 1e-14); // U Vᴴ
//! # Ok::<(), diffsvd::Error>(())
//! ```
//!
//! # The flow
//!
//! ```text
//! MatRef ─► scale ─► bidiagonal ─► diagonalize ─► Factors ─┬─► derivative   of U, s and V: (gU, gs, gV) ↦ gA, dA ↦ (dU, ds, dV),
//! (any      (2⁻ᵖ,    (Q, P kept    (real d, e →   (U, s, V) │                second order, along a line; by a Rule, which says what
//!  strides)  finite?) as vectors)   s; QR or                │                1/(sⱼ − sᵢ) becomes where singular values are equal
//!                                   divide)                 └─► spectral     U f(S) Vᴴ: exact at equal and zero singular values
//! ```
//!
//! U, s and V are all that is saved for the derivatives. The modules stand in the order of this flow; the loops over many
//! entries stand in `kernel`, instantiated per instruction set. `docs/architecture.md` has the map with its reasons; [`guide`]
//! has the conventions and the derivations.
//!
//! # Where to start
//!
//! | you have | call |
//! |---|---|
//! | a matrix, and memory to allocate | [`Svd::thin`], then `s()`, `u()`, `v()`, `rank`, `reconstruct`, … |
//! | buffers of your own, any strides, no allocation | [`svd_into`], [`singular_values_into`]; [`svd_workspace_len`] is `const` |
//! | many matrices of one shape | [`batch`]: the same functions over strided batches, a status for each item; [`batch::Batch`] with `alloc` |
//! | a small matrix of a size known to the compiler | [`fixed::Svd`]: everything on the stack |
//! | cotangents of U, s and V (reverse mode) | [`Svd::vjp`], or [`vjp_into`], which can accumulate |
//! | a direction dA (forward mode) | [`Svd::jvp`], or [`jvp_into`] |
//! | a loss of the singular values alone | the same with only `s` given: no singular vector is differentiated |
//! | a function of the singular values | [`Svd::map`], [`Svd::map_vjp`], or [`spectral::map_into`]: exact everywhere |
//! | a direction through equal singular values | [`Svd::branches`], or [`branches_into`] |
//! | r triplets and A alone | [`Svd::partial_vjp`], or [`partial_vjp_into`] |
//!
//! [`Rule`] holds the choice at equal singular values ([`AtEqual`]) and the tolerances; [`Report`] says what was met:
//! equal pairs, zeros, and the gauge residual, which is at rounding level exactly where a gradient exists.
//! A loss of U f(S) Vᴴ has its exact gradient at equal values through the block cotangent, [`Cotangent::s_matrix`].
//!
//! # Conventions
//!
//! Scalars are `f32`, `f64`, `num_complex::Complex` of them, and any type of your own that implements [`Real`].
//! The inner product is ⟨X, Y⟩ = Re tr(XᴴY) and dL = ⟨gA, dA⟩: PyTorch's convention for complex gradients, the conjugate
//! of JAX's. The output is V, not Vᴴ. Whatever can go wrong is an [`Error`] that carries the numbers; nothing panics but
//! an index outside of a matrix, `a[(i, j)]`, or of a function that was not checked for its factors.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `std` | yes | the standard library's square root, detection of the instruction set at run time (less of it by the environment variable `DIFFSVD_LEVEL`: `portable`, `avx2`), `alloc` |
//! | `alloc` | by `std` | [`Mat`] and [`Svd`]: owned matrices, a few lines a function over the core |
//! | `rayon` | no | the functions of [`batch`] over several threads, and [`svd_into`] of a large matrix over those of the pool that it is called in; the same results on any number of threads |
//! | `ndarray`, `nalgebra`, `faer` | no | `TryFrom` and `From` between [`MatRef`], [`MatMut`] and the matrices of those crates, without a copy where the entries leave no gaps; [`Mat`] to and from their owned matrices; [`batch::BatchRef`] from `ndarray::ArrayView3` |
//! | `libm` | no | the square root of the `libm` crate: needed where there is no standard library |
#![no_std]

/// The examples of the README, compiled and run.
#[cfg(all(doctest, feature = "alloc"))]
#[doc = include_str!("../README.md")]
struct Readme;

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

#[cfg(test)]
mod noise;

mod kernel;
mod workspace;

mod scale;

mod reflector;
mod rotation;

mod abreast;
mod banded;
mod bidiagonal;
mod block;
mod diagonalize;
mod tall;

mod closed;
mod direct;
mod jacobi;
mod plan;
mod stages;
mod svd;

#[cfg(diffsvd_paths)]
pub mod paths;

mod factors;

mod derivative;

pub mod spectral;

pub mod fixed;

pub mod batch;

mod instances;

#[cfg(feature = "alloc")]
mod mat;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod owned_factored;

#[cfg(any(feature = "ndarray", feature = "nalgebra", feature = "faer"))]
mod interop;

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
#[doc(hidden)]
pub use instances::Instances;
#[cfg(feature = "alloc")]
pub use mat::Mat;
pub use matrix::{MatMut, MatRef};
pub use num_complex::Complex;
#[cfg(feature = "alloc")]
pub use owned::{Gradient, Svd, Tangent};
#[cfg(feature = "alloc")]
pub use owned_factored::Branches;
pub use plan::{Vectors, svd_workspace_len};
pub use scalar::{Real, Scalar};
pub use svd::{FactorsMut, singular_values_into, svd_into};
