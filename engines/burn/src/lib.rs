//! A differentiable SVD for tensors of burn, and functions of singular values whose gradients are exact, also where singular values are equal or zero.
//!
//! | you want | call |
//! |---|---|
//! | U, s and V | [`svd`]; by a rule of your choice and with a report [`svd_with`] |
//! | the singular values | [`svdvals`] |
//! | a layer: U max(S − τ, 0) Vᵀ, with a τ that may be trained | [`svt`] |
//! | a norm to add to a loss | [`nuclear_norm`] |
//! | A⁺, U Vᵀ, the best approximation of rank r | [`pinv`], [`polar`], [`low_rank`] |
//!
//! All take tensors of shape […, m, n], of f32 or f64, with or without a graph, and return a `Result`. A function of the singular values is differentiated as that, by its divided
//! differences, which do not know whether two values are equal; U, s and V by a [`Rule`], which says what becomes of 1/(sⱼ − sᵢ) there.
//!
//! # One node
//!
//! U, s and V are one node of the graph, packed into one tensor and sliced by burn's own slice, so the backward pass calls the rule once, with all three cotangents; the packed tensor is
//! all that is saved. A node knows its backend at run time only: the tensor is read with the strides that it has.
//!
//! ```
//! use burn_tensor::{Device, Tensor};
//! use diffsvd_burn::polar;
//!
//! let x = Tensor::<2>::from_floats([[1.0, -1.0], [1.0, 1.0]], &Device::flex().autodiff()).require_grad(); // √2 twice
//! let gradients = polar(x.clone())?.sum().backward();
//! let gradient = x.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
//! assert!(gradient.iter().zip([1.0, 1.0, -1.0, 1.0]).all(|(a, b): (&f32, f32)| (a - b / 8_f32.sqrt()).abs() < 1e-6), "{gradient:?}");
//! # Ok::<(), diffsvd_burn::Error>(())
//! ```

// The backend `ndarray` is deprecated as a whole; whoever enables the feature knows.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

mod dispatch;
mod error;
mod host;
mod matrices;
mod node;
mod spectral;
mod svd;

pub use diffsvd::{AtEqual, Rule, Tolerance};
pub use diffsvd_strided::{Gauge, Options, Report};
pub use error::Error;
pub use matrices::Matrices;
pub use spectral::{Threshold, low_rank, nuclear_norm, pinv, polar, svdvals, svt};
pub use svd::{Factors, svd, svd_with};

#[cfg(not(any(feature = "flex", feature = "ndarray")))]
compile_error!("diffsvd-burn needs a backend whose tensors it can read: enable the feature `flex`, or `ndarray`");

/// The example of the README, compiled and run.
#[cfg(all(doctest, feature = "flex"))]
#[doc = include_str!("../README.md")]
struct Readme;
